//! FROST through its public surface: everybody signs, and everybody who spoils it is named.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use cosigil::curve::{Curve, Ed25519, PublicScalar, Scalar, encode_point, random_scalar};
use cosigil::frost::{
    self, Bip340, CommitmentList, Ed25519Keccak512, Ed25519Sha512, NonceCommitments, NoncePool, P256Sha256,
    Ristretto255Sha512, Secp256k1Sha256, SignatureShare, Signing, SigningInputs, SigningRequest, Suite, TaprootOutput,
};
use cosigil::key::KeyShare;
use cosigil::round::{Context, Inbox, Outgoing, Protocol, Received, Step, Stop};
use cosigil::wire::{Shape, Wire};
use cosigil::{
    Abort, Base, Error, Fault, Label, Parties, PartyId, Secret, Session, SessionParams, Threshold, Usage, View, hazmat,
};
use proptest::prelude::*;
use rand_core::{TryCryptoRng, TryRng};

use crate::net::{self, Net, id, rng};

/// Shares of this secret, for parties with these ids.
pub fn key_shares_of<S: Suite>(secret: Scalar<S::Curve>, t: u16, ids: &[u16], seed: u64) -> Vec<KeyShare<S>> {
    let parties = Parties::without_identities(ids.iter().map(|k| id(*k))).unwrap();
    hazmat::split(&Secret::new(secret), Threshold::new(t).unwrap(), &parties, &mut rng(seed)).unwrap()
}

/// Shares of a random key.
fn key_shares<S: Suite>(t: u16, ids: &[u16], seed: u64) -> Vec<KeyShare<S>> {
    key_shares_of(*random_scalar::<S::Curve>(&mut rng(!seed)).expose(), t, ids, seed)
}

/// The list and the shares of one signature.
#[derive(Clone)]
struct Signed<S: Suite> {
    list: CommitmentList<S>,
    shares: BTreeMap<PartyId, SignatureShare<S>>,
}

fn shares_of<S: Suite>(signers: &[&KeyShare<S>], request: &SigningRequest<S>, seed: u64) -> Signed<S> {
    let mut rng = rng(seed);
    let (mut nonces, mut commitments) = (Vec::new(), Vec::new());
    for signer in signers {
        let (secret, public) = frost::commit(signer, &mut rng).unwrap();
        nonces.push(secret);
        commitments.push((signer.me(), public));
    }
    let list = CommitmentList::new(commitments).unwrap();
    let share = |(signer, nonces): (&&KeyShare<S>, _)| {
        assert_eq!(CommitmentList::from_bytes_for_signer(&list.to_bytes(), signer, &nonces).unwrap(), list);
        (signer.me(), frost::sign(signer, nonces, request, &list).unwrap())
    };
    let shares = signers.iter().zip(nonces).map(share).collect();
    Signed { list, shares }
}

/// The signature of these signers.
pub fn sign_with<S: Suite>(
    signers: &[&KeyShare<S>],
    request: &SigningRequest<S>,
    seed: u64,
) -> Result<S::Signature, Error> {
    let signed = shares_of(signers, request, seed);
    frost::aggregate(signers[0].public(), request, &signed.list, signed.shares)
}

fn message<S: Suite>() -> SigningRequest<S> {
    SigningRequest::new([42; 32])
}

/// One test for each suite: `for_each_suite!(name, |S| { … })`.
macro_rules! for_each_suite {
    ($(#[$meta:meta])* $name:ident, |$S:ident| $body:block) => {
        $(#[$meta])*
        mod $name {
            use super::*;
            fn check<$S: Suite>() $body
            #[test]
            fn ed25519_sha512() { check::<Ed25519Sha512>(); }
            #[test]
            fn ed25519_keccak512() { check::<Ed25519Keccak512>(); }
            #[test]
            fn bip340() { check::<Bip340>(); }
            #[test]
            fn secp256k1_sha256() { check::<Secp256k1Sha256>(); }
            #[test]
            fn p256_sha256() { check::<P256Sha256>(); }
            #[test]
            fn ristretto255_sha512() { check::<Ristretto255Sha512>(); }
        }
    };
}

/// Every subset of k items.
fn subsets<T: Clone>(items: &[T], k: usize) -> Vec<Vec<T>> {
    let Some((first, rest)) = items.split_first().filter(|_| k > 0) else {
        return if k == 0 { vec![Vec::new()] } else { Vec::new() };
    };
    let mut all: Vec<Vec<T>> = subsets(rest, k - 1);
    all.iter_mut().for_each(|subset| subset.insert(0, first.clone()));
    all.extend(subsets(rest, k));
    all
}

fn key_and_ids() -> impl Strategy<Value = (u16, Vec<u16>)> {
    let id = prop_oneof![1u16..10, 126u16..260, 65_530u16..=65_535, 1u16..];
    prop::collection::btree_set(id, 2..=7)
        .prop_map(Vec::from_iter)
        .prop_shuffle()
        .prop_flat_map(|ids| (2..=5u16.min(ids.len() as u16), Just(ids)))
}

for_each_suite! {
    /// F-17, G-08, G-09: every t-subset signs, so do larger ones, in any order and with any ids.
    f_17_every_subset_signs, |S| {
        proptest!(ProptestConfig::with_cases(6), |((t, ids) in key_and_ids(), seed: u64)| {
            let shares = key_shares::<S>(t, &ids, seed);
            let public = shares[0].public();
            let key = public.verifying_key().unwrap();
            for size in usize::from(t)..=ids.len() {
                for subset in subsets(&Vec::from_iter(&shares), size).into_iter().take(21) {
                    let signature = sign_with(&subset, &message(), seed).unwrap();
                    prop_assert!(S::verify(&key, &[42; 32], &signature));
                    prop_assert!(!S::verify(&key, &[43; 32], &signature));
                }
            }
            // No t − 1 of them are the key.
            let few = shares.iter().take(usize::from(t) - 1).map(|share| KeyShare::from_bytes(&share.to_bytes()).unwrap());
            prop_assert_eq!(hazmat::reconstruct(&few.collect::<Vec<KeyShare<S>>>()).unwrap_err(), Usage::WrongNumberOfSigners);
        });
    }
}

#[test]
fn f_17_all_subsets_of_seven_and_far_ids() {
    let shares = key_shares::<Ed25519Sha512>(3, &[1, 2, 3, 4, 5, 6, 7], 17);
    let mut count = 0;
    for size in 3..=5 {
        for subset in subsets(&Vec::from_iter(&shares), size) {
            sign_with(&subset, &message(), count).unwrap();
            count += 1;
        }
    }
    println!("subsets of 3, 4 and 5 of 7: {count} run");
    assert_eq!(count, 35 + 35 + 21);
    let far = key_shares::<Bip340>(3, &[65535, 2, 7], 17);
    sign_with(&Vec::from_iter(&far), &message(), 0).unwrap();
}

for_each_suite! {
    /// F-01: any change of key, message, commitment, id or set changes every binding factor; order does not.
    f_01_binding_factors_bind_everything, |S| {
        let shares = key_shares::<S>(2, &[1, 2, 256], 1);
        let other_key = key_shares::<S>(2, &[1, 2, 256], 2);
        let signed = shares_of(&Vec::from_iter(&shares), &message(), 1);
        let other = shares_of(&Vec::from_iter(&shares), &message(), 2);
        let public = shares[0].public();
        let factors = |public, request: &SigningRequest<S>, list: &CommitmentList<S>| -> BTreeSet<[u8; 32]> {
            frost::binding_factors(public, request, list).unwrap().iter().map(|f| f.factor.encode()).collect()
        };
        let entries: Vec<_> = signed.list.iter().map(|(id, c)| (id, *c)).collect();
        let base = factors(public, &message(), &signed.list);
        prop_all(&base, &factors(other_key[0].public(), &message(), &signed.list));
        prop_all(&base, &factors(public, &SigningRequest::new([43; 32]), &signed.list));
        for k in 0..3 {
            let (id, old) = entries[k];
            let new = other.list.get(id).unwrap();
            let others = [(new.hiding(), old.binding()), (old.hiding(), new.binding()), (old.binding(), old.hiding())];
            for (hiding, binding) in others {
                let mut changed = entries.clone();
                changed[k].1 = NonceCommitments::from_encodings(hiding, binding).unwrap();
                prop_all(&base, &factors(public, &message(), &CommitmentList::new(changed).unwrap()));
            }
            let mut fewer = entries.clone();
            fewer.remove(k);
            prop_all(&base, &factors(public, &message(), &CommitmentList::new(fewer).unwrap()));
        }
        let mut swapped = entries.clone();
        (swapped[0].0, swapped[1].0) = (swapped[1].0, swapped[0].0);
        prop_all(&base, &factors(public, &message(), &CommitmentList::new(swapped).unwrap()));
        let shuffled = CommitmentList::new(entries.iter().rev().copied()).unwrap();
        assert_eq!(base, factors(public, &message(), &shuffled));
    }
}

fn prop_all(a: &BTreeSet<[u8; 32]>, b: &BTreeSet<[u8; 32]>) {
    assert!(a.is_disjoint(b));
}

/// F-01: a coordinator with 64 sessions at once gives every signer another mixture of commitments; no sum
/// of what it gets is a signature of anything.
#[test]
fn f_01_remixed_commitments_give_no_signature() {
    type S = Ed25519Sha512;
    let shares = key_shares::<S>(2, &[1, 2], 3);
    let public = shares[0].public();
    let mut rng = rng(3);
    let mut pools: Vec<_> = shares.iter().map(|share| frost::preprocess(share, 64, &mut rng).unwrap()).collect();
    let commitments: Vec<Vec<_>> = pools.iter().map(|pool| pool.iter().map(|(_, public)| *public).collect()).collect();
    let lists = |one: usize, two: usize| {
        CommitmentList::new([(id(1), commitments[0][one]), (id(2), commitments[1][two])]).unwrap()
    };
    let (pool_2, pool_1) = (pools.pop().unwrap(), pools.pop().unwrap());
    for (k, ((one, _), (two, _))) in pool_1.into_iter().zip(pool_2).enumerate() {
        let request = SigningRequest::new([k as u8; 32]);
        // Signer 1 is told of another nonce of signer 2, and the other way round.
        let (list_1, list_2) = (lists(k, (k + 1) % 64), lists((k + 3) % 64, k));
        let one = frost::sign(&shares[0], one, &request, &list_1).unwrap();
        let two = frost::sign(&shares[1], two, &request, &list_2).unwrap();
        for list in [&list_1, &list_2, &lists(k, k)] {
            let result = frost::aggregate(public, &request, list, [(id(1), one), (id(2), two)]);
            assert!(matches!(result, Err(Error::Abort(_))));
        }
    }
}

/// F-02: three signature shares under one pair of nonces are three equations in the three unknowns nonce,
/// nonce, share. What the types forbid is done here with nonces from given bytes, to show that they must.
#[test]
fn f_02_nonces_used_again_give_the_share_away() {
    type S = Ed25519Sha512;
    type F = Scalar<Ed25519>;
    let shares = key_shares::<S>(2, &[1, 2], 4);
    let (victim, public) = (&shares[0], shares[0].public());
    let mut rows = Vec::new();
    for k in 0..3u8 {
        let request = SigningRequest::<S>::new([k; 32]);
        let (nonces, commitments) = hazmat::commit_with_randomness(victim, &[1; 32], &[2; 32]).unwrap();
        let (peer, peers) = frost::commit(&shares[1], &mut rng(k.into())).unwrap();
        let list = CommitmentList::new([(id(1), commitments), (id(2), peers)]).unwrap();
        let z = frost::sign(victim, nonces, &request, &list).unwrap();
        let other = frost::sign(&shares[1], peer, &request, &list).unwrap();
        let signature = frost::aggregate(public, &request, &list, [(id(1), z), (id(2), other)]).unwrap();
        let key = public.verifying_key().unwrap();
        let c = S::h2(&[signature.r_bytes(), key.as_bytes(), &[k; 32]]);
        let rho = frost::binding_factors(public, &request, &list).unwrap()[0].factor;
        let lambda = F::from(2u64); // of party 1 among 1 and 2
        let z = PublicScalar::<Ed25519>::decode(&z.encoding()).unwrap();
        rows.push([F::ONE, *rho.value(), lambda * c.value(), *z.value()]);
    }
    // z_k = d + ρ_k·e + λ·c_k·s, solved for s.
    let minus = |a: &[F; 4], b: &[F; 4]| core::array::from_fn::<F, 4, _>(|k| a[k] - b[k]);
    let (first, second) = (minus(&rows[0], &rows[1]), minus(&rows[0], &rows[2]));
    let share = (first[3] * second[1] - second[3] * first[1]) * (first[2] * second[1] - second[2] * first[1]).invert();
    let image = Ed25519::mul_base(&share);
    assert_eq!(image, public.verifying_share(id(1)).unwrap(), "the thief has the share");
}

/// A generator that gives 32-byte blocks of its choice.
struct Stub(Box<dyn FnMut(usize) -> u8>, usize);

impl Stub {
    fn blocks(mut block: impl FnMut(usize) -> u8 + 'static) -> Self {
        Self(Box::new(move |k| block(k / 32)), 0)
    }
}

impl TryRng for Stub {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unimplemented!()
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unimplemented!()
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = (self.0)(self.1);
            self.1 += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Stub {}

/// F-05: zeros and repeats are refused; what repeats later still gives other nonces, in one process and
/// for two parties.
#[test]
fn f_05_broken_generators() {
    let shares = key_shares::<Bip340>(2, &[1, 2], 5);
    let commit = |share, stub: &mut Stub| frost::commit::<Bip340>(share, stub).map(|(_, public)| public);
    for byte in [0, 7, 255] {
        assert_eq!(commit(&shares[0], &mut Stub::blocks(move |_| byte)).unwrap_err(), Usage::BrokenRng);
    }
    assert_eq!(commit(&shares[0], &mut Stub::blocks(|k| k as u8)).unwrap_err(), Usage::BrokenRng);
    assert_eq!(commit(&shares[0], &mut Stub::blocks(|k| u8::from(k == 0))).unwrap_err(), Usage::BrokenRng);
    // The last block of one pair and the first of the next.
    let pairs = |count| frost::preprocess(&shares[0], count, &mut Stub::blocks(|k| (k + 3) as u8 / 2)).map(|_| ());
    assert_eq!((pairs(1), pairs(2)), (Ok(()), Err(Usage::BrokenRng)));
    let mut seen = BTreeSet::new();
    for share in [&shares[0], &shares[0], &shares[1], &shares[1]] {
        let public = commit(share, &mut Stub::blocks(|k| k as u8 % 2 + 1)).unwrap();
        assert!(seen.insert(public.hiding().to_vec()) && seen.insert(public.binding().to_vec()));
    }
}

/// F-06: own commitments replaced, missing, or D and E exchanged: refused, and the nonces are gone.
#[test]
fn f_06_own_commitments_must_be_in_the_list() {
    type S = Ristretto255Sha512;
    let shares = key_shares::<S>(2, &[1, 2, 3], 6);
    let mut rng = rng(6);
    let mut fresh = |share| frost::commit::<S>(share, &mut rng).unwrap();
    let (_, other) = fresh(&shares[0]);
    let (_, two) = fresh(&shares[1]);
    let (_, three) = fresh(&shares[2]);
    let lists: [fn(NonceCommitments<S>, NonceCommitments<S>) -> Option<NonceCommitments<S>>; 3] = [
        |_, other| Some(other),
        |_, _| None,
        |own, _| Some(NonceCommitments::from_encodings(own.binding(), own.hiding()).unwrap()),
    ];
    for own_entry in lists {
        let (nonces, own) = fresh(&shares[0]);
        let entries = [(id(2), two), (id(3), three)].into_iter();
        let list = CommitmentList::new(entries.chain(own_entry(own, other).map(|c| (id(1), c)))).unwrap();
        let read = CommitmentList::from_bytes_for_signer(&list.to_bytes(), &shares[0], &nonces).unwrap();
        assert_eq!(read, list);
        let error = frost::sign(&shares[0], nonces, &message(), &list).unwrap_err();
        assert_eq!(error.error(), &Error::Usage(Usage::UnknownNonce));
        assert!(error.into_nonces().is_none());
    }
}

/// F-07: too few, too many, strangers, doubles; no curve operation and no allocation for what is not there.
#[test]
fn f_07_who_may_sign() {
    type S = Secp256k1Sha256;
    let shares = key_shares::<S>(3, &[1, 2, 3, 4], 7);
    let public = shares[0].public();
    let mut rng = rng(7);
    let (_, some) = frost::commit(&shares[1], &mut rng).unwrap();
    let mut attempt = |others: &[u16]| {
        let (nonces, own) = frost::commit(&shares[0], &mut rng).unwrap();
        let list = CommitmentList::new(others.iter().map(|k| (id(*k), some)).chain([(id(1), own)])).unwrap();
        let signed = frost::sign(&shares[0], nonces, &message(), &list);
        let decoded = CommitmentList::from_bytes(&list.to_bytes(), public).map_err(Error::Usage);
        assert!(decoded.as_ref().is_err() || decoded.as_ref() == Ok(&list));
        let decoded = decoded.map(|_| ());
        let aggregated = frost::aggregate(public, &message(), &list, []).unwrap_err();
        let signed = signed.map(|_| ()).map_err(Error::from);
        assert_eq!(signed, decoded);
        assert_eq!(
            Err(aggregated).or_else(|e| if e == Usage::WrongInbox(id(1)).into() { Ok(()) } else { Err(e) }),
            signed
        );
        signed
    };
    assert_eq!(attempt(&[2, 3]), Ok(()));
    assert_eq!(attempt(&[2]), Err(Usage::WrongNumberOfSigners.into()));
    assert_eq!(attempt(&[2, 3, 4, 5]), Err(Usage::WrongNumberOfSigners.into()));
    assert_eq!(attempt(&[2, 5]), Err(Usage::UnknownParty(id(5)).into()));
    assert_eq!(attempt(&[2, 65535]), Err(Usage::UnknownParty(id(65535)).into()));
    let endless = (0..1_000_000u32).map(|k| (id(k as u16 | 1), some));
    assert_eq!(CommitmentList::new(endless).unwrap_err(), Usage::TooMany);
    assert_eq!(CommitmentList::new([(id(2), some), (id(2), some)]).unwrap_err(), Usage::DuplicateParty(id(2)));
}

/// F-08, G-01, G-02: no commitment is the identity or has a small-order part.
#[test]
fn f_08_torsion_and_identity_commitments() {
    use curve25519_dalek::constants::EIGHT_TORSION;
    let good = Ed25519::mul_base(&7u64.into());
    for torsion in EIGHT_TORSION {
        for point in [torsion, good + torsion] {
            let encoding = point.compress().to_bytes();
            let result = NonceCommitments::<Ed25519Sha512>::from_encodings(&encode_point::<Ed25519>(&good), &encoding);
            assert_eq!(result.is_ok(), point == good);
        }
    }
    for identity in [&[0u8][..], &[0; 33], &[0; 65]] {
        assert!(NonceCommitments::<Bip340>::from_encodings(identity, identity).is_err());
        assert!(NonceCommitments::<P256Sha256>::from_encodings(identity, identity).is_err());
    }
    assert!(NonceCommitments::<Ristretto255Sha512>::from_encodings(&[0; 32], &[0; 32]).is_err());
}

/// Three calls name the culprits as the coordinator sees them, and ban nobody.
fn assert_blames<T: std::fmt::Debug>(result: Result<T, Error>, culprits: &[PartyId]) {
    let Err(Error::Abort(abort)) = result else { panic!("{result:?}") };
    assert_eq!((abort.fault(), abort.culprits()), (Fault::BadSignatureShare, culprits));
    assert!(abort.consequences().is_empty());
}

for_each_suite! {
    /// F-10, F-12: with any bit of any share changed, or another message, key or list, there is an error and
    /// no signature.
    f_10_no_signature_that_does_not_verify, |S| {
        let shares = key_shares::<S>(2, &[1, 2, 3], 10);
        let signers = [&shares[0], &shares[2]];
        let public = shares[0].public();
        let Signed { list, shares: good } = shares_of(&signers, &message(), 10);
        for bit in (0..256).step_by(3) {
            let mut bytes = good[&id(3)].encoding();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Ok(bad) = SignatureShare::from_encoding(&bytes) else { continue };
            let result = frost::aggregate(public, &message(), &list, [(id(1), good[&id(1)]), (id(3), bad)]);
            assert_blames(result, &[id(3)]);
        }
        let other = SigningRequest::new([43; 32]);
        assert!(matches!(frost::aggregate(public, &other, &list, good.clone()), Err(Error::Abort(_))));
        let foreign = key_shares::<S>(2, &[1, 2, 3], 11);
        assert!(matches!(frost::aggregate(foreign[0].public(), &message(), &list, good), Err(Error::Abort(_))));
    }
}

/// F-11: the coordinator that holds another list than a signer got sees the honest signer's share as wrong.
/// That is why the docs of `aggregate` say "as the caller sees it".
#[test]
fn f_11_three_calls_a_split_list_looks_like_a_bad_share() {
    type S = Ed25519Sha512;
    let shares = key_shares::<S>(2, &[1, 2], 11);
    let mut rng = rng(11);
    let (one, public_1) = frost::commit(&shares[0], &mut rng).unwrap();
    let (two, public_2) = frost::commit(&shares[1], &mut rng).unwrap();
    let (_, other_2) = frost::commit(&shares[1], &mut rng).unwrap();
    let list = CommitmentList::new([(id(1), public_1), (id(2), public_2)]).unwrap();
    let split = CommitmentList::new([(id(1), public_1), (id(2), other_2)]).unwrap();
    let served = frost::sign(&shares[0], one, &message(), &split).unwrap();
    let honest = frost::sign(&shares[1], two, &message(), &list).unwrap();
    let result = frost::aggregate(shares[0].public(), &message(), &list, [(id(1), served), (id(2), honest)]);
    assert_blames(result, &[id(1)]);
}

/// Lifecycle 8.1: nonces of another key, sharing or party are a mistake of the caller, and come back whole.
#[test]
fn f_13_nonces_of_another_key_come_back() {
    type S = Ed25519Sha512;
    let (shares, foreign) = (key_shares::<S>(2, &[1, 2], 13), key_shares::<S>(2, &[1, 2], 14));
    let mut rng = rng(13);
    let (nonces, own) = frost::commit(&shares[0], &mut rng).unwrap();
    let (_, other) = frost::commit(&shares[1], &mut rng).unwrap();
    let list = CommitmentList::new([(id(1), own), (id(2), other)]).unwrap();
    let error = frost::sign(&foreign[0], nonces, &message(), &list).unwrap_err();
    assert_eq!(error.error(), &Error::Usage(Usage::OtherKey));
    let error = frost::sign(&shares[1], error.into_nonces().unwrap(), &message(), &list).unwrap_err();
    assert_eq!(error.error(), &Error::Usage(Usage::UnknownNonce));
    assert!(frost::sign(&shares[0], error.into_nonces().unwrap(), &message(), &list).is_ok());
}

/// F-15: all of them pass the strictest verifier.
#[test]
fn f_15_signatures_pass_verify_strict() {
    let shares = key_shares::<Ed25519Sha512>(2, &[1, 2, 3], 15);
    let key = shares[0].public().verifying_key().unwrap();
    for k in 0..2_000u64 {
        let text = k.to_be_bytes();
        let request = SigningRequest::new(&text[..(k % 9) as usize]);
        let signature = sign_with(&[&shares[(k % 2) as usize], &shares[2]], &request, k).unwrap();
        key.verify_strict(request.message(), &signature).unwrap();
    }
    println!("signatures under verify_strict: 2000 run");
}

/// F-18: commitments served twice find their nonces once; a pool has an end.
#[test]
fn f_18_a_commitment_is_served_once() {
    type S = P256Sha256;
    let shares = key_shares::<S>(2, &[1, 2], 18);
    let mut rng = rng(18);
    let mut pool = NoncePool::new();
    let pairs = frost::preprocess(&shares[0], 3, &mut rng).unwrap();
    let commitments: Vec<_> = pairs.iter().map(|(_, public)| *public).collect();
    pool.extend(pairs.into_iter().map(|(nonces, _)| nonces));
    let (_, other) = frost::commit(&shares[1], &mut rng).unwrap();
    let list = CommitmentList::new([(id(1), commitments[1]), (id(2), other)]).unwrap();
    let nonces = pool.take(id(1), &list).unwrap();
    assert_eq!(nonces.commitments(), &commitments[1]);
    assert!(frost::sign(&shares[0], nonces, &message(), &list).is_ok());
    assert_eq!(pool.take(id(1), &list).unwrap_err(), Usage::UnknownNonce);
    assert_eq!(pool.take(id(3), &list).unwrap_err(), Usage::UnknownNonce);
    assert_eq!(pool.len(), 2);
    let many = frost::preprocess(&shares[0], 1025, &mut rng);
    assert_eq!(many.map(|_| ()).unwrap_err(), Usage::TooMany);
}

/// F-03, G-10: what holds nonces prints nothing of them.
#[test]
fn g_10_nonces_print_nothing() {
    let shares = key_shares::<Ed25519Sha512>(2, &[1, 2], 20);
    let (nonces, _) = frost::commit(&shares[0], &mut rng(20)).unwrap();
    assert_eq!(format!("{nonces:?}"), "Nonces(..)");
}

for_each_suite! {
    /// G-05, G-06, G-07, S-08: one encoding of each; another length, version, kind or suite is refused.
    g_07_bytes_are_canonical, |S| {
        let shares = key_shares::<S>(2, &[129, 256, 257, 65535], 21);
        let public = shares[0].public();
        let Signed { list, shares: good } = shares_of(&Vec::from_iter(&shares), &message(), 21);
        let (first, commitments) = list.iter().next().unwrap();
        let share = good[&first];
        assert_eq!(NonceCommitments::<S>::from_bytes(&commitments.to_bytes()).unwrap(), *commitments);
        assert_eq!(CommitmentList::from_bytes(&list.to_bytes(), public).unwrap(), list);
        assert_eq!(SignatureShare::from_bytes(&share.to_bytes()).unwrap(), share);
        assert_eq!(SigningRequest::<S>::from_bytes(&message::<S>().to_bytes()).unwrap(), message());
        let decoders: [(Vec<u8>, &dyn Fn(&[u8]) -> Result<Vec<u8>, Usage>); 4] = [
            (commitments.to_bytes(), &|b| NonceCommitments::<S>::from_bytes(b).map(|v| v.to_bytes())),
            (list.to_bytes(), &|b| CommitmentList::from_bytes(b, public).map(|v| v.to_bytes())),
            (share.to_bytes(), &|b| SignatureShare::<S>::from_bytes(b).map(|v| v.to_bytes())),
            (message::<S>().to_bytes(), &|b| SigningRequest::<S>::from_bytes(b).map(|v| v.to_bytes())),
        ];
        for (k, (bytes, decode)) in decoders.iter().enumerate() {
            assert_eq!(decode(bytes).unwrap(), *bytes);
            for length in (0..bytes.len()).chain([bytes.len() + 1]) {
                let mut other = bytes.clone();
                other.resize(length, 0);
                assert_eq!(decode(&other).unwrap_err(), Usage::Malformed);
            }
            for bit in 0..bytes.len() * 8 {
                let mut other = bytes.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(decode(&other).unwrap_err(), Usage::Malformed);
            }
            for (j, (other, _)) in decoders.iter().enumerate() {
                assert_eq!(decode(other).is_ok(), j == k);
            }
        }
    }
}

/// S-08, F-13: bytes of one suite are not another's.
#[test]
fn s_08_bytes_name_their_suite() {
    let request = SigningRequest::<Ed25519Sha512>::new(b"m".as_slice()).to_bytes();
    assert_eq!(SigningRequest::<Ed25519Keccak512>::from_bytes(&request).unwrap_err(), Usage::OtherSuite);
    let shares = key_shares::<Ed25519Sha512>(2, &[1, 2], 22);
    let (_, commitments) = frost::commit(&shares[0], &mut rng(22)).unwrap();
    assert_eq!(
        NonceCommitments::<Ed25519Keccak512>::from_bytes(&commitments.to_bytes()).unwrap_err(),
        Usage::OtherSuite
    );
}

/// G-05: scalars from the group order on.
#[test]
fn g_05_scalars_are_reduced() {
    let big = hex::decode("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").unwrap();
    let little = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    assert!(SignatureShare::<Bip340>::from_encoding(&big).is_err());
    assert!(SignatureShare::<Secp256k1Sha256>::from_encoding(&big).is_err());
    assert!(SignatureShare::<Ed25519Sha512>::from_encoding(&little).is_err());
    assert!(SignatureShare::<Ristretto255Sha512>::from_encoding(&little).is_err());
    assert!(SignatureShare::<P256Sha256>::from_encoding(&[0xff; 32]).is_err());
    for length in [0, 31, 33, 64] {
        assert!(SignatureShare::<Bip340>::from_encoding(&vec![1; length]).is_err());
    }
}

/// T-03: a request for the untweaked key is never read from bytes, so no coordinator can send one.
#[test]
fn t_03_the_untweaked_key_is_hazmat() {
    let raw = hazmat::raw_taproot_request([1; 32]);
    assert_eq!(SigningRequest::<Bip340>::from_bytes(&raw.to_bytes()).unwrap_err(), Usage::Malformed);
    let shape = Shape { threshold: 0, parties: 0, batch: 0 };
    let output = |tag: u8| TaprootOutput::decode(&[&[tag][..], &[0; 32]].concat(), &shape);
    assert_eq!(output(0), Some(TaprootOutput::KEY_PATH_ONLY));
    assert_eq!(output(1), Some(TaprootOutput::script_root([0; 32])));
    assert!((2..=255).all(|tag| output(tag).is_none()));
    let shares = key_shares::<Bip340>(2, &[1, 2], 23);
    let public = shares[0].public();
    let key_path = SigningRequest::key_path([1; 32]);
    assert_eq!(key_path.verifying_key(public), public.verifying_key());
    assert_ne!(raw.verifying_key(public), public.verifying_key());
    // F-16: the key comes from the package alone; a signature for one output is none for another.
    let Signed { list, shares: signed } = shares_of(&Vec::from_iter(&shares), &key_path, 23);
    for other in [raw, SigningRequest::with_script_root([1; 32], [0; 32])] {
        assert!(matches!(frost::aggregate(public, &other, &list, signed.clone()), Err(Error::Abort(_))));
    }
}

// ---- In a session -------------------------------------------------------------------------------------

const IDS: [u16; 4] = [1, 2, 3, 400];

/// Shares of a key whose parties have identities.
fn held<S: Suite>(t: u16, ids: &[u16], seed: u64) -> BTreeMap<PartyId, Arc<KeyShare<S>>> {
    let secret = random_scalar::<S::Curve>(&mut rng(!seed));
    let shares = hazmat::split(&secret, Threshold::new(t).unwrap(), &net::parties(ids), &mut rng(seed)).unwrap();
    shares.into_iter().map(|share| (share.me(), Arc::new(share))).collect()
}

fn inputs<S: Suite>(held: &BTreeMap<PartyId, Arc<KeyShare<S>>>, me: PartyId) -> SigningInputs<S> {
    SigningInputs { key_share: Arc::clone(&held[&me]), request: message() }
}

for_each_suite! {
    /// Any t or more sign over a relay; every signer gets the one signature.
    sessions_sign, |S| {
        let held = held::<S>(2, &IDS, 30);
        let key = held[&id(1)].public().verifying_key().unwrap();
        for ids in [&[1, 400][..], &[2, 3, 400], &IDS] {
            let all = ids.iter().map(|me| net::params(*me, ids, 2, 30));
            let net = Net::<Signing<S>>::start(all, |me| inputs(&held, me), 30).unwrap();
            let signatures = net.outputs();
            assert_eq!(signatures.len(), ids.len());
            assert!(signatures.windows(2).all(|pair| pair[0] == pair[1]));
            assert!(S::verify(&key, &[42; 32], &signatures[0]));
        }
    }
}

/// F-05: under one generator and one label, another message is another nonce.
#[test]
fn f_05_session_nonces_hang_on_the_message() {
    type S = Ed25519Sha512;
    let held = held::<S>(2, &[1, 2], 31);
    let bodies = [[1; 32], [2; 32]].map(|message| {
        let inputs = SigningInputs { key_share: Arc::clone(&held[&id(1)]), request: SigningRequest::new(message) };
        let params = net::params(1, &[1, 2], 2, 31);
        let base = Base::from_bytes(Signing::<S>::absorb(&inputs, cosigil::Transcript::new("it-base")).digest());
        let context = context(params, base);
        Signing::<S>::start(inputs, &context, &mut rng(31)).unwrap().1.broadcast.unwrap()
    });
    assert_ne!(bodies[0], bodies[1]);
    assert!(!bodies[0].chunks(32).any(|point| bodies[1].chunks(32).any(|other| point == other)));
}

/// T-05, F-12: signers who were asked for different messages do not blame each other.
#[test]
fn t_05_other_requests_are_foreign() {
    type S = Bip340;
    let held = held::<S>(2, &[1, 2, 3], 32);
    let ids = [1, 2, 3];
    let requests = [
        SigningRequest::key_path([42; 32]),
        SigningRequest::with_script_root([42; 32], [1; 32]),
        SigningRequest::key_path([43; 32]),
    ];
    let all = ids.map(|me| net::params(me, &ids, 2, 32));
    let inputs = |me: PartyId| SigningInputs {
        key_share: Arc::clone(&held[&me]),
        request: requests[usize::from(me.get()) - 1].clone(),
    };
    let mut net = Net::<Signing<S>>::start(all, inputs, 32).unwrap();
    net.run();
    for (me, session) in &net.sessions {
        assert!(net.ends[me].abort.is_none() && net.ends[me].output.is_none());
        let others: Vec<_> = ids.iter().map(|k| id(*k)).filter(|other| other != me).collect();
        assert_eq!(session.conflicts(), others);
        assert_eq!(session.awaiting(), others);
    }
}

/// F-11: party 4 sends other commitments to party 2 than to 1 and 3: nobody blames anybody, and party 2's
/// messages are of another view.
#[test]
fn f_11_session_a_split_list_blames_nobody() {
    type S = Ed25519Sha512;
    let ids = [1, 2, 3, 4];
    let held = held::<S>(4, &ids, 33);
    let start = |me: u16, seed| {
        let params = net::params(me, &ids, 4, 33);
        Session::<Signing<S>>::start(params, &net::identity(me), inputs(&held, id(me)), &mut rng(seed)).unwrap()
    };
    let mut net = Net { sessions: BTreeMap::new(), ends: BTreeMap::new(), queue: Default::default() };
    let mut first = Vec::new();
    for me in 1..=4 {
        let (session, parcels) = start(me, me.into());
        net.add(id(me), session);
        first.push((id(me), parcels));
    }
    let (_, other) = start(4, 99);
    for (from, parcels) in first {
        net.post(from, parcels);
    }
    let mut served = false;
    net.run_with(|to, bytes| {
        // The first message of party 4 to party 2 is replaced.
        let replace = to == id(2) && !served && from_4(&bytes, &start(4, 4).1[0].bytes);
        served |= replace;
        vec![if replace { other[0].bytes.clone() } else { bytes }]
    });
    assert!(served);
    assert!(net.ends.values().all(|end| end.output.is_none() && end.abort.is_none()));
    assert_eq!(net.sessions[&id(1)].conflicts(), [id(2)]);
    assert_eq!(net.sessions[&id(3)].conflicts(), [id(2)]);
    assert!(net.sessions[&id(2)].conflicts().contains(&id(1)));
}

fn from_4(bytes: &[u8], first: &[u8]) -> bool {
    bytes == first
}

/// A context without a session around it.
fn context(params: SessionParams, base: Base) -> Context {
    Context { params, base, hello: vec![7; 32], round: 0, view: View::from_bytes([0; 32]), broadcasts: [0; 32] }
}

/// Runs the protocol at a table, without envelopes; `change` may replace what a party says in a round.
fn at_a_table<S: Suite>(
    held: &BTreeMap<PartyId, Arc<KeyShare<S>>>,
    ids: &[u16],
    t: u16,
    change: impl Fn(u16, u8, Vec<u8>) -> Vec<u8>,
) -> BTreeMap<u16, Result<S::Signature, Abort>> {
    let mut states = BTreeMap::new();
    let mut said = BTreeMap::new();
    let context_of = |me| context(net::params(me, ids, t, 34), Base::from_bytes([34; 32]));
    for me in ids {
        let (state, Outgoing { broadcast, .. }) =
            Signing::<S>::start(inputs(held, id(*me)), &context_of(*me), &mut rng(u64::from(*me))).unwrap();
        states.insert(*me, state);
        said.insert(*me, change(*me, 1, broadcast.unwrap()));
    }
    let mut results = BTreeMap::new();
    for round in 2..=3 {
        let mut next = BTreeMap::new();
        for (me, state) in std::mem::take(&mut states) {
            let peers = || ids.iter().filter(|peer| **peer != me);
            let received = |peer: &u16| Received { broadcast: Some(said[peer].clone()), ..Received::default() };
            let messages = peers().map(|peer| (id(*peer), received(peer))).collect();
            let inbox = Inbox::new(peers().map(|peer| id(*peer)), messages).unwrap();
            match state.receive(&context_of(me), inbox, &mut rng(0)) {
                Ok(Step { next: state, outgoing, output }) => {
                    states.extend(state.map(|state| (me, state)));
                    next.extend(outgoing.broadcast.map(|body| (me, change(me, round, body))));
                    results.extend(output.map(|signature| (me, Ok(signature))));
                }
                Err(Stop::Abort(abort)) => {
                    results.insert(me, Err(abort));
                }
                Err(Stop::Complain(_)) => panic!("nothing to complain of"),
            }
        }
        said.extend(next);
    }
    results
}

/// All who lie in round two are named, by every honest signer alike.
#[test]
fn f_09_session_names_all_who_lie() {
    fn check<S: Suite>() {
        let held = held::<S>(3, &IDS, 34);
        let honest = at_a_table(&held, &IDS, 3, |_, _, body| body);
        assert!(honest.values().all(Result::is_ok));
        for liars in [&[2][..], &[400], &[2, 400], &[1, 2, 3]] {
            let results = at_a_table(&held, &IDS, 3, |me, round, mut body| {
                if round == 2 && liars.contains(&me) {
                    // Each at another place: errors that cancel would leave the signature right.
                    body[8 + usize::from(me % 16)] ^= 1;
                }
                body
            });
            let abort = Abort::of(Fault::BadSignatureShare, liars.iter().map(|k| id(*k)));
            for (me, result) in results.iter().filter(|(me, _)| !liars.contains(me)) {
                assert_eq!(result.clone().map(|_| ()).unwrap_err(), abort, "as party {me} sees it");
            }
        }
    }
    check::<Bip340>();
    check::<Ed25519Keccak512>();
}

/// G-01, G-02, G-05: what does not decode is its sender's fault, in either round.
#[test]
fn g_05_session_malformed_bodies() {
    type S = Ed25519Sha512;
    let held = held::<S>(2, &IDS, 35);
    let torsion = hex::decode("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a").unwrap();
    let identity = [&[1u8][..], &[0; 31]].concat();
    let replace = |at: usize, with: Vec<u8>| {
        move |mut body: Vec<u8>| {
            body.splice(at..at + with.len(), with.clone());
            body
        }
    };
    let changes: Vec<(u8, Box<dyn Fn(Vec<u8>) -> Vec<u8>>)> = vec![
        (1, Box::new(replace(0, torsion.clone()))),
        (1, Box::new(replace(32, torsion))),
        (1, Box::new(replace(0, identity.clone()))),
        (1, Box::new(replace(32, identity))),
        (1, Box::new(|body| body[1..].to_vec())),
        (1, Box::new(|body| [&body[..], &[0]].concat())),
        (2, Box::new(replace(0, vec![0xff; 32]))),
        (2, Box::new(|_| Vec::new())),
        (2, Box::new(|body| [&body[..], &[0]].concat())),
    ];
    for (at, changed) in changes {
        let results =
            at_a_table(&held, &IDS, 2, |me, round, body| if me == 3 && round == at { changed(body) } else { body });
        for (_, result) in results.iter().filter(|(me, _)| **me != 3) {
            assert_eq!(result.clone().map(|_| ()).unwrap_err(), Abort::of(Fault::Malformed, [id(3)]));
        }
    }
}

/// S-15, F-07: parameters that are not the key's do not start.
#[test]
fn sessions_are_of_the_keys_parties() {
    type S = Ed25519Sha512;
    let held = held::<S>(3, &IDS, 36);
    let start = |params: SessionParams| {
        Signing::<S>::start(inputs(&held, id(1)), &context(params, Base::from_bytes([0; 32])), &mut rng(36)).map(|_| ())
    };
    assert_eq!(start(net::params(1, &[1, 2, 3], 3, 36)), Ok(()));
    assert_eq!(start(net::params(1, &[1, 2, 3], 2, 36)), Err(Usage::InvalidThreshold));
    assert_eq!(start(net::params(2, &[1, 2, 3], 3, 36)), Err(Usage::UnknownParty(id(2))));
    assert_eq!(start(net::params(1, &[1, 2, 5], 3, 36)), Err(Usage::UnknownParty(id(5))));
    let threshold = Threshold::new(3).unwrap();
    let mixed = [(1, 1), (2, 3), (3, 2)].map(|(k, of)| (id(k), net::identity(of).public()));
    let params = |parties| SessionParams::new(Label::from_bytes([36; 32]), id(1), threshold, parties).unwrap();
    assert_eq!(start(params(Parties::new(mixed).unwrap())), Err(Usage::OtherIdentity));
    let without = Parties::without_identities([id(1), id(2), id(3)]).unwrap();
    assert_eq!(start(params(without)), Err(Usage::OtherIdentity));
}

/// F-03, I-11: a signing session has no bytes.
#[test]
fn f_03_no_checkpoint_of_a_signing_session() {
    type S = Ed25519Sha512;
    let held = held::<S>(2, &[1, 2], 37);
    let params = net::params(1, &[1, 2], 2, 37);
    let (session, _) =
        Session::<Signing<S>>::start(params, &net::identity(1), inputs(&held, id(1)), &mut rng(37)).unwrap();
    assert_eq!(session.checkpoint().map(|_| ()).unwrap_err(), Usage::NotResumable);
}
