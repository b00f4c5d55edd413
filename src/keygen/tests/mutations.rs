//! K-02, R-09, mechanically: every field of every message, wrong in every simple way.

use super::*;
use crate::round::Case;

#[path = "../../../tests/it/wrong.rs"]
mod wrong;

/// A length that no session would keep.
fn wrong(bytes: &[u8], field: &Field, is_last: bool) -> Vec<Vec<u8>> {
    let mut all = wrong::wrong(bytes, field.range(), is_last);
    all.extend(is_last.then(|| alloc::vec![1; 65535]));
    all
}

const IDS: [u16; 3] = [1, 2, 3];

/// The case against a party, from what all but party 3 got.
fn case_of<'a, C: Curve, P: Dealing<C>>(table: &'a Table<C, P>, spoiled: &(u8, Vec<u8>), culprit: PartyId) -> Case<'a> {
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

/// Party 3 sends this instead of its broadcast of that round; what all others say is what the judge says.
fn broadcast<C: Curve, P: Dealing<C>>(table: Table<C, P>, round: u8, body: Vec<u8>) -> (Fault, Vec<u16>) {
    let spoiled = (round, body);
    let table = table.corrupt(&[3]).run(|mail| {
        if (mail.round, mail.from) == (spoiled.0, 3) {
            mail.broadcast.clone_from(&spoiled.1);
        }
    });
    let others: Vec<PartyId> = table.contexts.keys().copied().filter(|other| *other != id(3)).collect();
    let ends: Vec<_> = others.iter().map(|other| table.ends[other].abort()).collect();
    assert!(ends.iter().all(|end| *end == ends[0]));
    let (fault, culprits) = ends[0].clone();
    for n in table.contexts.keys() {
        let judged = P::judge(&case_of(&table, &spoiled, *n), &table.judge);
        assert_eq!(judged, culprits.contains(&n.get()).then_some(fault), "party {n}");
    }
    (fault, culprits)
}

fn every_broadcast<C: Curve, P: Dealing<C>>(fresh: &dyn Fn() -> Table<C, P>) {
    let honest = fresh().run(honest);
    let layouts = P::layouts(&honest.shape());
    let mut count = 0;
    for (round, layout) in (1u8..).zip(&layouts) {
        let body = &honest.sent[usize::from(round) - 1][&id(3)];
        assert_eq!(layout.iter().map(|field| field.length).sum::<usize>(), body.len());
        for (k, field) in layout.iter().enumerate() {
            for copy in wrong(body, field, k + 1 == layout.len()) {
                let same_length = copy.len() == body.len();
                let (fault, culprits) = broadcast(fresh(), round, copy);
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
    std::println!("{count} wrong broadcasts of {} on {}", P::NAME, C::NAME);
}

/// Party 3 sends party 1 every wrong private part: party 1 complains, party 2 and a judge uphold it.
fn every_private_part<C: Curve, P: Dealing<C>>(fresh: &dyn Fn() -> Table<C, P>) {
    let layout = Share::<C>::layout(&fresh().shape());
    let mut right = Vec::new();
    let _ = fresh().run(|mail| {
        if mail.from == 3 && mail.to == 1 {
            right.extend(mail.sealed.clone().unwrap_or_default());
        }
    });
    for (k, field) in layout.iter().enumerate() {
        for copy in wrong(&right, field, k + 1 == layout.len()) {
            let table = fresh().corrupt(&[3]).run(|mail| {
                if (mail.round, mail.from, mail.to) == (2, 3, 1) {
                    mail.sealed = Some(copy.clone());
                }
            });
            assert!(matches!(&table.ends[&id(1)], End::Complaint(accused) if *accused == [id(3)]));
            assert!(!table.states[&id(2)].sealed_part_is_right(id(3), id(1), Some(&copy)));
            let case = case_of(&table, &(0, Vec::new()), id(3));
            for (opened, is_right) in [(copy.as_slice(), false), (&right, true)] {
                let judged = P::judge_sealed_part(&case, &table.judge, (id(3), id(1)), Some(opened));
                assert_eq!(judged, Some(is_right));
            }
        }
    }
}

/// Nobody is convicted of an honest run.
fn convicts_nobody<C: Curve, P: Dealing<C>>(fresh: &dyn Fn() -> Table<C, P>) {
    let table = fresh().run(honest);
    for n in table.contexts.keys() {
        assert_eq!(P::judge(&case_of(&table, &(0, Vec::new()), *n), &table.judge), None);
    }
}

/// The shares of a key of parties 1, 2 and 3.
fn shares<C: Curve>() -> Shares<C> {
    Table::<C>::new(21, 2, &IDS).run(honest).shares()
}

type Tables<'a, C, P> = dyn Fn() -> Table<C, P> + 'a;

/// the same on a refresh, and on a reshare in which party 1 gives up dealing, party 2 leaves and party 4 comes
/// in.
fn on_reshares<C: Curve>(test: fn(&Tables<'_, C, Reshare<Plain<C>>>)) {
    let shares = shares::<C>();
    let public = shares[&1].public();
    let refresh = Plan::refresh(public).unwrap();
    test(&|| Table::anew(22, &refresh, &shares));
    let two = Threshold::new(2).unwrap();
    let moved = Plan::reshare(public, [id(2), id(3)], parties(&[1, 3, 4]), two).unwrap();
    test(&|| Table::anew(23, &moved, &shares));
}

fn k_02<C: Curve>() {
    every_broadcast::<C, Keygen<Plain<C>>>(&|| Table::new(21, 2, &IDS));
}

fn k_02_sealed<C: Curve>() {
    every_private_part::<C, Keygen<Plain<C>>>(&|| Table::new(21, 2, &IDS));
}

fn an_honest_run_convicts_nobody<C: Curve>() {
    convicts_nobody::<C, Keygen<Plain<C>>>(&|| Table::new(21, 2, &IDS));
}

// The code is key generation's, so two curves will do: one with a cofactor and one without.

#[test]
fn r_09_every_field_of_every_broadcast() {
    on_reshares::<Ed25519>(every_broadcast);
    on_reshares::<Secp256k1>(every_broadcast);
}

#[test]
fn r_09_every_field_of_every_private_part() {
    on_reshares::<Ed25519>(every_private_part);
    on_reshares::<Secp256k1>(every_private_part);
}

#[test]
fn r_09_honest_runs_convict_nobody() {
    on_reshares::<Ed25519>(convicts_nobody);
    on_reshares::<Secp256k1>(convicts_nobody);
}

/// who does not deal says nothing in round 1 but its greeting.
#[test]
fn r_09_greetings_hold_nothing_more() {
    let shares = shares::<Ed25519>();
    let public = shares[&1].public();
    let plan = Plan::reshare(public, [id(1), id(2)], parties(&[1, 2, 3]), Threshold::new(2).unwrap()).unwrap();
    for body in [alloc::vec![0], alloc::vec![7; 32]] {
        let (fault, culprits) = broadcast(Table::anew(24, &plan, &shares), 1, body);
        assert_eq!((fault, culprits), (Fault::Malformed, alloc::vec![3]));
    }
}

/// K-23: a dealer shows a judge another opening than its commitment has, right by itself, with shares to match: under
/// it a right complaint would look false and a false one right. The judge does not tell.
fn another_opening<C: Curve>() {
    let table = Table::<C>::new(21, 2, &IDS).run(honest);
    let scalars: Vec<Scalar<C>> = [5u64, 6].map(Scalar::<C>::from).into();
    let forger = Forger::new(&table, 3, scalars);
    let opening = forger.opening(forger.prove(&table.view()));
    let case = case_of(&table, &(2, opening), id(3));
    assert_eq!(Keygen::<Plain<C>>::judge(&case, &()), Some(Fault::BadOpening));
    let mut right = None;
    let _ = Table::<C>::new(21, 2, &IDS).run(|mail| {
        if (mail.round, mail.from, mail.to) == (2, 3, 1) {
            right = mail.sealed.clone();
        }
    });
    for sealed in [Some(forger.share(1)), right, None] {
        let judged = Keygen::<Plain<C>>::judge_sealed_part(&case, &(), (id(3), id(1)), sealed.as_deref());
        assert_eq!(judged, None);
    }
}

on_every_curve! {
    k_23_another_opening_shows_nothing => another_opening();
    k_02_every_field_of_every_broadcast => k_02();
    k_02_every_field_of_every_private_part => k_02_sealed();
    k_23_honest_runs_convict_nobody => an_honest_run_convicts_nobody();
}
