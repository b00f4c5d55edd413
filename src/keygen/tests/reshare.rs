//! Refresh and reshare by hand: dealers who deal something else than their part of the key.

use super::*;
use crate::key::Scheme;

fn shares<C: Curve>() -> Shares<C> {
    Table::<C>::new(41, 2, &[1, 2, 3]).run(honest).shares()
}

/// A table at which these dealers deal their part of the key plus a number, and party `other_chain_code` another
/// chain code; all that they commit to, prove and send fits.
fn with_cheats<C: Curve>(
    plan: &Plan<Plain<C>>,
    shares: &Shares<C>,
    shift: &[(u16, i64)],
    other_chain_code: u16,
) -> Table<C, Reshare<Plain<C>>> {
    let mut table = Table::anew(42, plan, shares);
    for (n, context) in &table.contexts {
        let shift = shift.iter().find(|(of, _)| *of == n.get()).map_or(0, |(_, shift)| *shift);
        if !plan.dealers().contains(n) || (shift == 0 && n.get() != other_chain_code) {
            continue;
        }
        let (terms, mut dealing) = Reshare::prepare(plan, &shares[&n.get()], context).unwrap();
        let mut constant = encode_scalar::<C>(dealing.constant.expose());
        add_at::<C>(&mut constant, 0, shift);
        *dealing.constant.expose_mut() = decode_scalar::<C>(&constant).unwrap();
        dealing.chain_code.expose_mut()[0] ^= u8::from(n.get() == other_chain_code);
        let (state, out) = Reshare::deal(terms, dealing, context, &mut rng(42, *n, context));
        table.states.insert(*n, state);
        table.outgoing.insert(*n, out);
    }
    table
}

fn refresh<C: Curve>(shares: &Shares<C>) -> Plan<Plain<C>> {
    Plan::refresh(shares[&1].public()).unwrap()
}

/// To 2 of {1, 4, 5}, by 2 and 3, who leave; party 1 does not deal.
fn moved<C: Curve>(shares: &Shares<C>) -> Plan<Plain<C>> {
    let two = Threshold::new(2).unwrap();
    Plan::reshare(shares[&1].public(), [id(2), id(3)], parties(&[1, 4, 5]), two).unwrap()
}

/// the key stays, the sharing is another.
fn r_03<C: Curve>() {
    let shares = shares::<C>();
    let table = with_cheats(&refresh(&shares), &shares, &[], 0).run(honest);
    for (old, new) in shares.values().zip(table.keys()) {
        assert_eq!(new.public().key_id(), old.public().key_id());
        assert_eq!(new.public().commitment().constant(), old.public().commitment().constant());
        assert_eq!(new.public().number(), 1);
        assert_ne!(new.public().sharing(), old.public().sharing());
        assert_ne!(new.secret().expose(), old.secret().expose());
        assert_eq!(new.chain_code().expose(), old.chain_code().expose());
        assert!(!new.public().is_dealt());
    }
}

/// whoever deals more or less than its part is named, by all, and the evidence convicts it; also two
/// whose shifts cancel, so that the key would stay.
fn r_03_shifted<C: Curve>() {
    let shares = shares::<C>();
    for plan in [refresh(&shares), moved(&shares)] {
        for (shift, culprits) in [(&[(3, 1)][..], &[3][..]), (&[(2, 5), (3, -5)], &[2, 3])] {
            let table = with_cheats(&plan, &shares, shift, 0).run(honest);
            table.expect(Fault::BadConstant, culprits);
            let one = &table.contexts[&id(1)];
            for n in [2, 3] {
                let mut case = crate::round::Case {
                    params: &one.params,
                    base: one.base,
                    view: one.view,
                    culprit: id(n),
                    round1: BTreeMap::new(),
                    broadcasts: BTreeMap::new(),
                };
                case.round1.insert(id(n), (table.hello(n), table.sent[0][&id(n)].clone()));
                case.broadcasts.insert((2, id(n)), table.sent[1][&id(n)].clone());
                let judged = Reshare::<Plain<C>>::judge(&case, &table.judge);
                assert_eq!(judged, culprits.contains(&n).then_some(Fault::BadConstant));
            }
        }
    }
}

/// A chain code that is not the key's is complained about, though it is the one committed to; also by newcomers,
/// and those who leave uphold it.
fn other_chain_code<C: Curve>() {
    let shares = shares::<C>();
    for plan in [refresh(&shares), moved(&shares)] {
        let mut sent = Vec::new();
        let table = with_cheats(&plan, &shares, &[], 2).run(|mail| {
            if (mail.round, mail.from, mail.to) == (2, 2, 1) {
                sent.extend(mail.sealed.clone().unwrap());
            }
        });
        for n in plan.holders().ids().filter(|n| n.get() != 2) {
            assert!(matches!(&table.ends[&n], End::Complaint(accused) if *accused == [id(2)]), "{n}");
        }
        if !plan.holders().contains(id(3)) {
            assert!(!table.states[&id(3)].sealed_part_is_right(id(2), id(1), Some(&sent)));
        }
    }
}

/// The strikes against those who stay go along; nothing is held against who is new.
fn strikes<C: Curve>() {
    let mut shares = shares::<C>();
    let mut mine = KeyShare::from_bytes(&shares[&1].to_bytes()).unwrap();
    mine.raise_strikes(id(2), 2);
    mine.raise_strikes(id(3), 1);
    shares.insert(1, Arc::new(mine));
    let two = Threshold::new(2).unwrap();
    let plan = Plan::reshare(shares[&1].public(), [id(1), id(2)], parties(&[1, 2, 4]), two).unwrap();
    let table = Table::anew(43, &plan, &shares).run(honest);
    let key = table.ends[&id(1)].key();
    assert_eq!([1, 2, 4].map(|n| key.strikes(id(n)).unwrap()), [0, 2, 0]);
    assert_eq!(table.ends[&id(2)].key().strikes(id(1)), Ok(0));
}

/// What each party sends, as the docs say.
fn bodies_have_their_sizes<C: Curve>() {
    let shares = shares::<C>();
    let p = C::POINT_LEN;
    let mut table = Table::anew(44, &moved(&shares), &shares);
    let deals = |n: &PartyId| [2, 3].contains(&n.get());
    for round in 1..=3 {
        for (n, out) in &table.outgoing {
            let wanted = match (round, deals(n)) {
                (1, true) => Some(32),
                (1, false) => Some(0),
                (2, true) => Some(p * 3 + 96),
                (3, false) => Some(p + 64),
                _ => None,
            };
            assert_eq!(out.broadcast.as_ref().map(Vec::len), wanted, "{n} in round {round}");
            assert_eq!(out.sealed.len(), if round == 2 && deals(n) { 3 } else { 0 });
            assert!(out.sealed.iter().all(|(_, bytes)| bytes.len() == 64));
        }
        table.round(&mut honest);
    }
    assert_eq!(table.finished, 5);
    assert!(matches!(&table.ends[&id(2)], End::Left(public) if **public == *table.ends[&id(4)].key().public()));
}

/// Nothing is promised before the confirm, and by those who leave never.
fn promises<C: Curve>() {
    let shares = shares::<C>();
    let mut table = Table::anew(45, &moved(&shares), &shares);
    for promised in [false, false, true] {
        for (n, state) in &table.states {
            let promised = promised && table.contexts[n].params.me().get() != 2 && n.get() != 3;
            assert_eq!(state.has_promised(), promised);
            assert_eq!(state.promise().is_some(), promised);
            assert_eq!(state.pending().is_some(), promised);
            assert!(state.record().is_none());
        }
        table.round(&mut honest);
    }
    assert_eq!(Plain::<C>::NAME, "plain");
}

on_every_curve! {
    r_03_the_key_stays => r_03();
    r_03_shifted_constants_name_the_dealers => r_03_shifted();
    r_03_other_chain_code => other_chain_code();
    r_09_strikes_go_along => strikes();
    reshare_bodies_have_their_sizes => bodies_have_their_sizes();
    reshare_promises => promises();
}
