//! The inner protocol with an old sharing: what refresh and reshare will be entries to.

use super::deal::Old;
use super::round1::Dealing;
use super::*;
use crate::sharing::lagrange_at_zero;

/// Deals the key of these parties anew, to the same; party n's constant is off by `shift(n)`.
fn deal_anew<C: Curve>(
    keys: &[&KeyShare<Plain<C>>],
    shift: impl Fn(u16) -> i64,
    other_chain_code: u16,
) -> BTreeMap<PartyId, Result<KeyShare<Plain<C>>, Stop>> {
    let public = keys[0].public();
    let ids: Vec<PartyId> = public.parties().ids().collect();
    let lambdas = lagrange_at_zero::<C>(&ids).unwrap();
    let base = Base::from_bytes(public.digest());
    let draws = |n: PartyId, round: u64| Transcript::new("keygen-reshare").party(n).number(round).rng();
    let (mut states, mut commits) = (BTreeMap::new(), BTreeMap::new());
    for (key, lambda) in keys.iter().zip(&lambdas) {
        let images = ids.iter().zip(&lambdas);
        let constants = images.map(|(id, l)| (*id, public.verifying_share(*id).unwrap() * l.value())).collect();
        let old = Old { key_id: public.key_id(), chain_code_digest: *public.chain_code_digest(), constants };
        let terms = Terms::<Plain<C>> {
            me: key.me(),
            base,
            dealers: ids.clone(),
            holders: public.parties().clone(),
            threshold: public.threshold(),
            number: public.number() + 1,
            dealt: false,
            strikes: Vec::new(),
            old: Some(old),
        };
        let mut constant = encode_scalar::<C>(&(*key.secret().expose() * lambda.value()));
        add_at::<C>(&mut constant, 0, shift(key.me().get()));
        let constant = Secret::new(decode_scalar::<C>(&constant).unwrap());
        let mut chain_code = *key.chain_code().expose();
        chain_code[0] ^= u8::from(key.me().get() == other_chain_code);
        let dealing = Dealing { constant, chain_code: Secret::new(chain_code) };
        let hello = alloc::vec![key.me().to_bytes()[1]; 32];
        let (state, commit) = Round1::deal(terms, Some(dealing), &hello, &mut draws(key.me(), 0));
        states.insert(key.me(), state);
        commits.insert(key.me(), (hello, commit.commitment));
    }
    let bodies: Vec<_> = commits.iter().map(|(id, (hello, c))| (*id, [&hello[..], c].concat())).collect();
    let view = view(&base, bodies.iter().map(|(id, body)| (*id, body.as_slice())));
    let inbox = |me: PartyId| ids.iter().copied().filter(move |id| *id != me);
    let mut second = BTreeMap::new();
    for (me, state) in states {
        let greeting =
            |id| (id, Greeting { hello: commits[&id].0.clone(), commit: Commit { commitment: commits[&id].1 } });
        let greetings = Inbox::new(inbox(me), inbox(me).map(greeting).collect()).unwrap();
        second.insert(me, state.receive(view, greetings, &mut draws(me, 1)));
    }
    let mut dealt: BTreeMap<PartyId, BTreeMap<PartyId, Dealt<C>>> = BTreeMap::new();
    let mut third = BTreeMap::new();
    for (from, (state, opening, shares)) in second {
        for (to, share) in shares {
            let part = Dealt { opening: opening.copy(), share: Some(share) };
            dealt.entry(to).or_default().insert(from, part);
        }
        third.insert(from, state);
    }
    let step = |(me, state): (PartyId, Round2<Plain<C>>)| {
        let result = state.receive(Inbox::new(inbox(me), dealt.remove(&me).unwrap()).unwrap(), &mut draws(me, 2));
        (me, result)
    };
    let mut fourth: BTreeMap<_, _> = third.into_iter().map(step).collect();
    let shape = Shape { threshold: public.threshold().get().into(), parties: ids.len(), batch: 1 };
    let confirms: BTreeMap<_, _> =
        fourth.iter().filter_map(|(id, result)| Some((*id, result.as_ref().ok()?.1.encode(&shape)))).collect();
    let mut ends = BTreeMap::new();
    while let Some((me, result)) = fourth.pop_first() {
        let end = result.and_then(|(state, _)| {
            let confirm = |id| Some((id, Confirm::decode(confirms.get(&id)?, &shape)?));
            let confirms = inbox(me).filter_map(confirm).collect();
            let (_, key, ack) = state.receive(Inbox::new(inbox(me), confirms).unwrap(), &mut draws(me, 3))?;
            assert!(ack.attempts.is_empty());
            Ok(key)
        });
        ends.insert(me, end);
    }
    ends
}

/// the key stays, the sharing is another.
fn r_03<C: Curve>() {
    let table = Table::<C>::new(41, 2, &[1, 2, 3]).run(honest);
    let ends = deal_anew(&table.keys(), |_| 0, 0);
    for (old, new) in table.keys().iter().zip(ends.values()) {
        let new = new.as_ref().unwrap();
        assert_eq!(new.public().key_id(), old.public().key_id());
        assert_eq!(new.public().commitment().constant(), old.public().commitment().constant());
        assert_eq!(new.public().number(), 1);
        assert_ne!(new.public().sharing(), old.public().sharing());
        assert_ne!(new.secret().expose(), old.secret().expose());
        assert_eq!(new.chain_code().expose(), old.chain_code().expose());
    }
}

/// dealers that add 5 and −5 to their constants are both named, though the key would stay.
fn r_03_shifted<C: Curve>() {
    let table = Table::<C>::new(41, 2, &[1, 2, 3]).run(honest);
    let shift = |n| match n {
        2 => 5,
        3 => -5,
        _ => 0,
    };
    for end in deal_anew(&table.keys(), shift, 0).values() {
        let wanted = Abort::of(Fault::BadConstant, [id(2), id(3)]);
        assert!(matches!(end, Err(Stop::Abort(abort)) if *abort == wanted));
    }
}

/// A chain code that is not the key's is complained about, though it is the one committed to.
fn other_chain_code<C: Curve>() {
    let table = Table::<C>::new(41, 2, &[1, 2, 3]).run(honest);
    for end in deal_anew(&table.keys(), |_| 0, 2).values() {
        assert!(matches!(end, Err(Stop::Complain(accused)) if *accused == [id(2)]));
    }
}

on_every_curve! {
    r_03_the_key_stays => r_03();
    r_03_shifted_constants_name_the_dealers => r_03_shifted();
    r_03_other_chain_code => other_chain_code();
}
