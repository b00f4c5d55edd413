//! Honest runs: one key, any t of it.

use super::*;
use crate::curve::Scalar;
use crate::error::Usage;
use crate::hazmat::reconstruct;
use crate::sharing::lagrange_at_zero;

fn subsets(n: usize, size: usize) -> Vec<Vec<usize>> {
    let pick = |mask: &u32| (0..n).filter(|k| mask >> k & 1 == 1).collect::<Vec<_>>();
    (0..1u32 << n).filter(|mask| mask.count_ones() as usize == size).map(|mask| pick(&mask)).collect()
}

fn copies<C: Curve>(keys: &[&KeyShare<Plain<C>>], subset: &[usize]) -> Vec<KeyShare<Plain<C>>> {
    subset.iter().map(|k| KeyShare::from_bytes(&keys[*k].to_bytes()).unwrap()).collect()
}

fn interpolate<C: Curve>(shares: &[KeyShare<Plain<C>>]) -> Scalar<C> {
    let ids: Vec<PartyId> = shares.iter().map(KeyShare::me).collect();
    let lambdas = lagrange_at_zero::<C>(&ids).unwrap();
    shares
        .iter()
        .zip(&lambdas)
        .fold(Scalar::<C>::from(0u64), |sum, (share, l)| sum + *share.secret().expose() * l.value())
}

/// K-01: every t-subset has the key, no (t − 1)-subset determines it.
fn makes_one_key<C: Curve>(t: u16, ids: &[u16]) {
    let table = Table::<C>::new(u64::from(t), t, ids).run(honest);
    assert_eq!(table.finished, ids.len());
    let keys = table.keys();
    let public = keys[0].public();
    let image = *public.commitment().points().first().unwrap();
    for key in &keys {
        assert_eq!(key.public(), public);
        assert_eq!(key.chain_code().expose(), keys[0].chain_code().expose());
        assert_eq!(C::mul_base(key.secret().expose()), public.verifying_share(key.me()).unwrap());
    }
    assert_eq!(usize::from(public.threshold().get()), public.commitment().points().len());
    for subset in subsets(ids.len(), t.into()) {
        let secret = reconstruct(&copies(&keys, &subset)).unwrap();
        assert_eq!(C::mul_base(secret.expose()), image);
    }
    for subset in subsets(ids.len(), usize::from(t) - 1) {
        let few = copies(&keys, &subset);
        assert_eq!(reconstruct(&few).err(), Some(Usage::WrongNumberOfSigners));
        assert_ne!(C::mul_base(&interpolate(&few)), image);
    }
}

fn sizes<C: Curve>() {
    makes_one_key::<C>(2, &[1, 2]);
    makes_one_key::<C>(2, &[1, 2, 3]);
    makes_one_key::<C>(3, &[1, 2, 3]);
    makes_one_key::<C>(3, &[255, 256, 257, 40_000, 65535]);
    makes_one_key::<C>(5, &[1, 2, 3, 129, 256, 257, 65535]);
}

/// The sizes that the documents state.
fn bodies_have_their_sizes<C: Curve>() {
    let mut table = Table::<C>::new(3, 3, &[1, 2, 3, 4]);
    let p = C::POINT_LEN;
    for (broadcast, sealed) in [(32, None), (p * 4 + 96, Some(64)), (p + 64, None), (33, None)] {
        for out in table.outgoing.values() {
            assert_eq!(out.broadcast.as_ref().unwrap().len(), broadcast);
            assert_eq!(out.sealed.len(), if sealed.is_some() { 3 } else { 0 });
            assert!(out.sealed.iter().all(|(_, bytes)| Some(bytes.len()) == sealed));
        }
        table.round(&mut honest);
    }
    assert!(Keygen::<Plain<C>>::limits(&params(1, 3, &[1, 2, 3, 4]), &()).broadcast > p * 4 + 96);
}

/// K-21: the same messages, the same bytes; another message, unrelated proofs.
fn k_21<C: Curve>() {
    let ids = [1, 2, 3];
    let twice = [(); 2].map(|()| Table::<C>::new(7, 2, &ids).run(honest));
    assert_eq!(twice[0].sent, twice[1].sent);

    // Party 1's state, resumed with another round 1 of party 3.
    let mut tables = [(); 2].map(|()| Table::<C>::new(7, 2, &ids));
    tables[0].round(&mut honest);
    tables[1].round(&mut |mail| {
        if mail.from == 3 {
            mail.broadcast[0] ^= 1;
        }
    });
    let shape = tables[0].shape();
    let opening =
        |table: &Table<C>| Opening::<C>::decode(table.outgoing[&id(1)].broadcast.as_ref().unwrap(), &shape).unwrap();
    let [one, other] = [opening(&tables[0]), opening(&tables[1])];
    assert_eq!(one.coefficients, other.coefficients);
    assert_ne!(one.proof.nonce, other.proof.nonce);
    // With a repeated nonce, z − z' = Σ (e^{k+1} − e'^{k+1})·a_k would give the polynomial away.
    let challenge = |table: &Table<C>, opening: &Opening<C>| {
        let transcript = deal::proof_transcript(&table.view(), id(1), &opening.coefficients);
        opening.proof.challenge(transcript)
    };
    let (e, f) = (challenge(&tables[0], &one), challenge(&tables[1], &other));
    let difference = |k: usize| {
        let power = |x| (0..=k).fold(crate::curve::PublicScalar::<C>::ONE, |product, _| product * x);
        power(e) - power(f)
    };
    let left = C::mul_base((one.proof.response - other.proof.response).value());
    let points = deal::points(&one);
    let right: Vec<_> = points.iter().enumerate().map(|(k, a)| (difference(k), a.clear())).collect();
    assert_ne!(left, C::msm_vartime(&right));
}

/// K-24: nothing of the chain code, or of anybody's part of it, is in what all can read.
fn k_24<C: Curve>() {
    let mut table = Table::<C>::new(5, 2, &[1, 2, 3]);
    let mut parts = Vec::new();
    while table.outgoing.len() == 3 {
        table.round(&mut |mail| parts.extend(mail.sealed.as_ref().map(|sealed| sealed[32..].to_vec())));
    }
    let secret = |bytes: &[u8]| parts.iter().any(|cc| cc == bytes) || bytes == table.keys()[0].chain_code().expose();
    assert_eq!(parts.len(), 6);
    for body in table.sent.iter().flat_map(BTreeMap::values) {
        assert!(!body.windows(32).any(secret));
    }
}

/// Typed rounds are all there is to the protocol: the same run without bytes.
#[test]
fn the_typed_rounds_make_a_key() {
    let ids = [1, 2];
    let base = base::<Secp256k1>(2, &ids, 0);
    let draws = |n: u16| Transcript::new("keygen-typed").number(n.into()).rng();
    let begun = ids.map(|n| {
        start::<Plain<Secp256k1>>(&params(n, 2, &ids), base, alloc::vec![n.to_be_bytes()[1]; 32], &mut draws(n))
    });
    let [(one, commit_one), (two, commit_two)] = begun.map(Result::unwrap);
    let bodies = [(1u8, &commit_one), (2, &commit_two)].map(|(n, c)| [&[n; 32][..], &c.commitment].concat());
    let view = view(&base, ids.iter().zip(&bodies).map(|(n, body)| (id(*n), body.as_slice())));
    fn only<M>(from: u16, message: M) -> Inbox<M> {
        Inbox::new([id(from)], [(id(from), message)].into()).unwrap()
    }
    let greeting = |n: u8, commit| Greeting { hello: alloc::vec![n; 32], commit };
    let (one, open_one, mut to_two) = one.receive(view, only(2, greeting(2, commit_two)), &mut draws(3));
    let (two, open_two, mut to_one) = two.receive(view, only(1, greeting(1, commit_one)), &mut draws(4));
    let dealt =
        |opening, shares: &mut Vec<(PartyId, Share<Secp256k1>)>| Dealt { opening, share: shares.pop().map(|s| s.1) };
    let (one, confirm_one) = one.receive(only(2, dealt(open_two, &mut to_one)), &mut draws(5)).unwrap();
    let (two, confirm_two) = two.receive(only(1, dealt(open_one, &mut to_two)), &mut draws(6)).unwrap();
    let (one, key_one, ack_one) = one.receive(only(2, confirm_two), &mut draws(7)).unwrap();
    let (two, key_two, ack_two) = two.receive(only(1, confirm_one), &mut draws(8)).unwrap();
    assert_eq!(one.receive(only(2, ack_two)).unwrap(), two.receive(only(1, ack_one)).unwrap());
    assert_eq!(key_one.public(), key_two.public());
}

/// An inbox with a peer missing never makes a key of fewer.
#[test]
fn a_missing_message_counts_as_malformed() {
    let ids = [1, 2, 3];
    let base = base::<Ed25519>(2, &ids, 0);
    let mut rng = Transcript::new("keygen-missing").rng();
    let (round, _) = start::<Plain<Ed25519>>(&params(1, 2, &ids), base, alloc::vec![1; 32], &mut rng).unwrap();
    let empty = Inbox::new([], BTreeMap::new()).unwrap();
    let (round, ..) = round.receive(View::from_bytes([1; 32]), empty, &mut rng);
    let stop = round.receive(Inbox::new([], BTreeMap::new()).unwrap(), &mut rng).unwrap_err();
    assert!(matches!(stop, Stop::Abort(abort) if abort == Abort::of(Fault::Malformed, [id(2), id(3)])));
}

on_every_curve! {
    k_01_every_t_subset_has_the_key => sizes();
    sizes_are_as_documented => bodies_have_their_sizes();
    k_21_other_messages_other_proofs => k_21();
    k_24_the_chain_code_is_never_readable => k_24();
}
