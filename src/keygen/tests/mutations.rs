//! K-02, mechanically: every field of every message, wrong in every simple way.

use super::*;
use crate::round::Case;
use crate::wire::Field;

const IDS: [u16; 3] = [1, 2, 3];

/// All wrong values of one field, and with the last field all wrong lengths of the message.
fn wrong(bytes: &[u8], field: &Field, is_last: bool) -> Vec<Vec<u8>> {
    let range = field.offset..field.offset + field.length;
    let mut all = Vec::new();
    for at in [range.start, range.start + field.length / 2, range.end - 1] {
        for bit in [1, 0x80] {
            let mut copy = bytes.to_vec();
            copy[at] ^= bit;
            all.push(copy);
        }
    }
    for fill in [0, 0xff] {
        let mut copy = bytes.to_vec();
        copy[range.clone()].fill(fill);
        all.push(copy);
    }
    // The field left out, and twice.
    all.push([&bytes[..range.start], &bytes[range.end..]].concat());
    all.push([&bytes[..range.end], &bytes[range.start..]].concat());
    if is_last {
        all.push(bytes[..bytes.len() - 1].to_vec());
        all.push([bytes, &[0]].concat());
        all.push(Vec::new());
        all.push(alloc::vec![1; 65535]);
    }
    all.retain(|copy| copy != bytes);
    all
}

/// The case against a party, from what all but that party got.
fn case_of<'a, C: Curve>(table: &'a Table<C>, spoiled: &(u8, Vec<u8>), culprit: PartyId) -> Case<'a> {
    let context = &table.contexts[&id(1)];
    let body = |round: u8, from: PartyId, body: &[u8]| {
        if (round, from) == (spoiled.0, id(3)) { spoiled.1.clone() } else { body.to_vec() }
    };
    let mut case = Case {
        params: &context.params,
        base: context.base,
        view: context.view,
        culprit,
        round1: BTreeMap::new(),
        broadcasts: BTreeMap::new(),
    };
    for (round, sent) in (1..).zip(&table.sent) {
        for (from, bytes) in sent {
            let bytes = body(round, *from, bytes);
            if round == 1 {
                case.round1.insert(*from, (table.contexts[from].hello.clone(), bytes));
            } else {
                case.broadcasts.insert((round, *from), bytes);
            }
        }
    }
    case
}

/// Party 3 sends this instead of its broadcast of that round; what parties 1 and 2 say is what the judge says.
fn broadcast<C: Curve>(round: u8, body: Vec<u8>) -> (Fault, Vec<u16>) {
    let spoiled = (round, body);
    let table = Table::<C>::new(21, 2, &IDS).corrupt(&[3]).run(|mail| {
        if (mail.round, mail.from) == (spoiled.0, 3) {
            mail.broadcast.clone_from(&spoiled.1);
        } else if mail.from == 3 && mail.broadcast.is_empty() {
            panic!("party 3 is gone");
        }
    });
    let [one, two] = [1, 2].map(|n| table.ends[&id(n)].abort_or_key());
    assert_eq!(one, two);
    let (fault, culprits) = one.unwrap();
    for n in IDS {
        let judged = Keygen::<Plain<C>>::judge(&case_of(&table, &spoiled, id(n)), &());
        assert_eq!(judged, culprits.contains(&n).then_some(fault), "party {n}");
    }
    (fault, culprits)
}

impl<C: Curve> End<C> {
    fn abort_or_key(&self) -> Option<(Fault, Vec<u16>)> {
        matches!(self, End::Abort(_)).then(|| self.abort())
    }
}

fn k_02<C: Curve>() {
    let honest = Table::<C>::new(21, 2, &IDS).run(honest);
    let shape = honest.shape();
    let layouts =
        [Commit::layout(&shape), Opening::<C>::layout(&shape), Confirm::<C>::layout(&shape), Ack::layout(&shape)];
    let mut count = 0;
    for (round, layout) in (1u8..).zip(&layouts) {
        let body = &honest.sent[usize::from(round) - 1][&id(3)];
        assert_eq!(layout.iter().map(|field| field.length).sum::<usize>(), body.len());
        for (k, field) in layout.iter().enumerate() {
            for copy in wrong(body, field, k + 1 == layout.len()) {
                let same_length = copy.len() == body.len();
                let (fault, culprits) = broadcast::<C>(round, copy);
                let expected: &[Fault] = match (round, field.name) {
                    _ if !same_length => &[Fault::Malformed],
                    (1, _) => &[Fault::BadOpening],
                    (2, "coefficients") => &[Fault::Malformed, Fault::BadOpening],
                    (2, "proof") => &[Fault::Malformed, Fault::BadCoefficientProof],
                    (2, _) => &[Fault::BadOpening],
                    (3, "proof") => &[Fault::Malformed, Fault::BadConfirmProof],
                    (4, "attempts") => &[Fault::Malformed],
                    _ => &[Fault::TranscriptsDiffer],
                };
                assert!(expected.contains(&fault), "round {round}, {}: {fault:?}", field.name);
                assert_eq!(culprits, if fault == Fault::TranscriptsDiffer { [].to_vec() } else { [3].to_vec() });
                count += 1;
            }
        }
    }
    std::println!("{count} wrong broadcasts on {}", C::NAME);
}

fn k_02_sealed<C: Curve>() {
    let shape = Table::<C>::new(21, 2, &IDS).shape();
    let layout = Share::<C>::layout(&shape);
    let mut right = Vec::new();
    let _ = Table::<C>::new(21, 2, &IDS).run(|mail| {
        if mail.from == 3 && mail.to == 1 {
            right.extend(mail.sealed.clone().unwrap_or_default());
        }
    });
    for (k, field) in layout.iter().enumerate() {
        for copy in wrong(&right, field, k + 1 == layout.len()) {
            let table = Table::<C>::new(21, 2, &IDS).corrupt(&[3]).run(|mail| {
                if (mail.round, mail.from, mail.to) == (2, 3, 1) {
                    mail.sealed = Some(copy.clone());
                }
            });
            assert!(matches!(&table.ends[&id(1)], End::Complaint(accused) if *accused == [id(3)]));
            assert!(!table.states[&id(2)].sealed_part_is_right(id(3), id(1), Some(&copy)));
            let case = case_of(&table, &(0, Vec::new()), id(3));
            for (opened, is_right) in [(copy.as_slice(), false), (&right, true)] {
                let judged = Keygen::<Plain<C>>::judge_sealed_part(&case, &(), (id(3), id(1)), Some(opened));
                assert_eq!(judged, Some(is_right));
            }
        }
    }
}

/// Nobody is convicted of an honest run.
fn an_honest_run_convicts_nobody<C: Curve>() {
    let table = Table::<C>::new(21, 2, &IDS).run(honest);
    for n in IDS {
        assert_eq!(Keygen::<Plain<C>>::judge(&case_of(&table, &(0, Vec::new()), id(n)), &()), None);
    }
}

on_every_curve! {
    k_02_every_field_of_every_broadcast => k_02();
    k_02_every_field_of_every_private_part => k_02_sealed();
    k_23_honest_runs_convict_nobody => an_honest_run_convicts_nobody();
}
