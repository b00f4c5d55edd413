//! What only the inside can see: parities, batches, hashes.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use group::Group;
use proptest::prelude::*;

use super::combined::{Combined, coefficient, group_nonce};
use super::request::Target;
use super::*;
use crate::curve::{Curve, Ed25519, PublicScalar, Secp256k1, random_scalar};
use crate::error::{Error, Fault};
use crate::key::dealer::split;
use crate::key::{ChildTweak, KeyShare};
use crate::party::{Parties, PartyId, Threshold};
use crate::sharing::lagrange_at_zero;
use crate::transcript::{Transcript, TranscriptRng};

fn rng(seed: u64) -> TranscriptRng {
    Transcript::new("frost-test").number(seed).rng()
}

fn id(id: u16) -> PartyId {
    PartyId::new(id).unwrap()
}

fn key_shares<S: Suite>(t: u16, ids: &[u16], seed: u64) -> Vec<KeyShare<S>> {
    let mut rng = rng(seed);
    let parties = Parties::without_identities(ids.iter().map(|k| id(*k))).unwrap();
    split(&random_scalar::<S::Curve>(&mut rng), Threshold::new(t).unwrap(), &parties, &mut rng).unwrap()
}

type Shares<S> = BTreeMap<PartyId, SignatureShare<S>>;

fn round<S: Suite>(signers: &[KeyShare<S>], request: &SigningRequest<S>, seed: u64) -> (CommitmentList<S>, Shares<S>) {
    let mut rng = rng(!seed);
    let (nonces, commitments): (Vec<_>, Vec<_>) = signers
        .iter()
        .map(|signer| commit(signer, &mut rng).map(|(nonces, public)| (nonces, (signer.me(), public))).unwrap())
        .unzip();
    let list = CommitmentList::new(commitments).unwrap();
    let shares =
        signers.iter().zip(nonces).map(|(signer, nonces)| (signer.me(), sign(signer, nonces, request, &list).unwrap()));
    let shares = shares.collect();
    (list, shares)
}

fn spoil<S: Suite>(share: &SignatureShare<S>, by: u64) -> SignatureShare<S> {
    let spoiled = share.scalar() + PublicScalar::from(by);
    SignatureShare::from_encoding(&spoiled.encode()).unwrap()
}

fn named<T: core::fmt::Debug>(result: Result<T, Error>) -> Vec<PartyId> {
    match result.unwrap_err() {
        Error::Abort(abort) if abort.fault() == Fault::BadSignatureShare => abort.culprits().to_vec(),
        other => panic!("{other:?}"),
    }
}

/// F-09, T-01: key, output key and R may each be even or odd. Under all eight combinations every honest
/// share verifies, each single wrong one is named, and two wrong ones are both named.
#[test]
fn f_09_t_01_culprits_under_every_parity() {
    type S = Bip340;
    let parity = |point: &<Secp256k1 as Curve>::Point| S::normalize(point).is_negated();
    let mut seen = BTreeSet::new();
    for seed in 0..400 {
        let signers = key_shares::<S>(2, &[1, 2, 300], seed);
        let public = signers[0].public();
        let request = match seed % 2 {
            0 => SigningRequest::key_path([7; 32]),
            _ => SigningRequest::with_script_root([7; 32], [9; 32]),
        };
        let (list, shares) = round(&signers, &request, seed);
        let target = Target::new(public, &request).unwrap();
        let combined = Combined::new(target, request.message(), &list).unwrap();
        let joint = public.joint_point();
        // The output key before its own sign: what the change to the joint key gives, undone by the sign.
        let output = {
            let key_use =
                if seed % 2 == 0 { TaprootOutput::KEY_PATH_ONLY } else { TaprootOutput::script_root([9; 32]) };
            parity(&key_use.tweak(&joint).unwrap().point(&joint))
        };
        if !seen.insert((parity(&joint), output, combined.nonce.is_negated())) {
            continue;
        }
        let signature = aggregate(public, &request, &list, shares.clone()).unwrap();
        assert!(S::verify(&request.verifying_key(public).unwrap(), &[7; 32], &signature));
        for (me, share) in &shares {
            verify_share(public, &request, &list, *me, share).unwrap();
            let bad = spoil(share, 1);
            assert_eq!(named(verify_share(public, &request, &list, *me, &bad)), [*me]);
            let mut one = shares.clone();
            one.insert(*me, bad);
            assert_eq!(named(aggregate(public, &request, &list, one.clone())), [*me]);
            for (other, share) in shares.iter().filter(|(other, _)| *other > me) {
                let mut two = one.clone();
                two.insert(*other, spoil(share, 5));
                assert_eq!(named(aggregate(public, &request, &list, two)), [*me, *other]);
            }
        }
        if seen.len() == 8 {
            return;
        }
    }
    panic!("only {seen:?}");
}

fn names_any_set<S: Suite>(n: u16, wrong: &[u16], seed: u64) {
    let ids: Vec<u16> = (1..=n).map(|k| k * 97).collect();
    let signers = key_shares::<S>(n.div_ceil(2).max(2), &ids, seed);
    let request = SigningRequest::new(b"a message".as_slice());
    let (list, mut shares) = round(&signers, &request, seed);
    let wrong: BTreeSet<PartyId> = wrong.iter().map(|k| id((k % n + 1) * 97)).collect();
    for (k, culprit) in (1..).zip(&wrong) {
        let share = spoil(&shares[culprit], k);
        shares.insert(*culprit, share);
    }
    let result = aggregate(signers[0].public(), &request, &list, shares);
    match wrong.is_empty() {
        true => assert!(result.is_ok()),
        false => assert_eq!(named(result), Vec::from_iter(wrong)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Halving finds exactly the culprits, wherever they are.
    #[test]
    fn any_set_of_culprits_is_named(n in 2u16..24, wrong in prop::collection::vec(0u16..24, 0..6), seed: u64) {
        names_any_set::<Ed25519Sha512>(n, &wrong, seed);
        names_any_set::<Bip340>(n, &wrong, seed);
        names_any_set::<P256Sha256>(n, &wrong, seed);
        names_any_set::<Ristretto255Sha512>(n, &wrong, seed);
    }

    /// The scalar hash of RFC 9591 by another implementation of RFC 9380.
    #[test]
    fn expand_message_is_that_of_rfc_9380(parts: Vec<Vec<u8>>, context in "[ -~]{1,60}", tag in "[a-z]{1,8}") {
        use hash2curve::{ExpandMsg, ExpandMsgXmd, Expander};
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let dst: [&[u8]; 2] = [context.as_bytes(), tag.as_bytes()];
        let length = core::num::NonZero::new(48).unwrap();
        let mut expected = [0; 48];
        let expander = <ExpandMsgXmd<sha2::Sha256> as ExpandMsg<sha2::digest::consts::U16>>::expand_message;
        expander(&parts, &dst, length).unwrap().fill_bytes(&mut expected).unwrap();
        let wide = Xmd::uniform(&context, &tag, &parts);
        prop_assert_eq!(&wide[..16], &[0; 16]);
        prop_assert_eq!(&wide[16..], &expected);
    }

    /// F-17: one coefficient alone is the one among all.
    #[test]
    fn f_17_a_coefficient_alone(ids in prop::collection::btree_set(1u16.., 1..9)) {
        let ids: Vec<PartyId> = ids.into_iter().map(id).collect();
        let all = lagrange_at_zero::<Ed25519>(&ids).unwrap();
        for (me, lambda) in ids.iter().zip(all) {
            prop_assert_eq!(coefficient::<Ed25519>(*me, ids.iter().copied()), lambda);
        }
    }
}

/// F-08: commitments that cancel end the signature, and nobody is named. They cannot be made to: each
/// binding factor is a hash of all of them. So the sum itself is handed in.
#[test]
fn f_08_an_identity_sum_is_refused() {
    fn check<S: Suite>() {
        let identity = <S::Curve as Curve>::Point::identity();
        let abort = group_nonce::<S>(&identity).unwrap_err();
        assert_eq!((abort.fault(), abort.culprits()), (Fault::IdentityNonce, &[][..]));
        assert!(group_nonce::<S>(&S::Curve::mul_base(&5u64.into())).is_ok());
    }
    check::<Ed25519Sha512>();
    check::<Ed25519Keccak512>();
    check::<Bip340>();
    check::<Secp256k1Sha256>();
    check::<P256Sha256>();
    check::<Ristretto255Sha512>();
}

/// T-04: a change of the key that would give the identity, or is out of range, is refused.
#[test]
fn t_04_tweaks_that_lead_nowhere() {
    type S = Bip340;
    let signers = key_shares::<S>(2, &[1, 2], 6);
    let secret = crate::key::dealer::reconstruct(&signers).unwrap();
    let minus = PublicScalar::<Secp256k1>::reveal(-*secret.expose());
    let mut request = SigningRequest::key_path([1; 32]);
    let public = signers[0].public();
    let path: crate::key::DerivationPath = "m/0".parse().unwrap();
    request.place_for_test(InTree::for_test(ChildTweak::for_test(path.clone(), minus, &public.joint_point())));
    assert_eq!(request.verifying_key(public).unwrap_err(), Usage::InvalidTweak);
    // A way that does not end where it says: for the coordinator too, which has no chain code.
    let off = ChildTweak::for_test(path, PublicScalar::from(5), &public.joint_point());
    request.place_for_test(InTree::for_test(off));
    assert_eq!(request.verifying_key(public).unwrap_err(), Usage::OtherKey);
    let order = [&[0xff; 15][..], &[0xfe], &hex::decode("baaedce6af48a03bbfd25e8cd0364141").unwrap()].concat();
    assert!(PublicScalar::<Secp256k1>::decode(&order).is_none());
}

/// T-04: child key first, then x-only, then TapTweak: shares and public shares go the same way.
#[test]
fn t_04_a_child_key_is_tweaked_last() {
    type S = Bip340;
    let mut seen = BTreeSet::new();
    for seed in 0..64u64 {
        let signers = key_shares::<S>(2, &[1, 2, 3], seed);
        let child = signers[0].derive(&alloc::format!("m/{seed}/{}", seed * 3).parse().unwrap()).unwrap();
        let request = SigningRequest::key_path([1; 32]).under(&child);
        let public = signers[0].public();
        let secret = crate::key::dealer::reconstruct(&signers).unwrap();
        let child_secret = *secret.expose() + child.tweak().delta().value();
        let child_signers = {
            let parties = Parties::without_identities([id(1), id(2)]).unwrap();
            let secret = crate::secret::Secret::new(child_secret);
            split::<S>(&secret, Threshold::new(2).unwrap(), &parties, &mut rng(seed)).unwrap()
        };
        assert_eq!(request.verifying_key(public), child_signers[0].public().verifying_key());
        let (list, shares) = round(&signers[1..], &request, seed);
        for (me, share) in &shares {
            verify_share(public, &request, &list, *me, share).unwrap();
        }
        let signature = aggregate(public, &request, &list, shares).unwrap();
        assert!(S::verify(&request.verifying_key(public).unwrap(), &[1; 32], &signature));
        seen.insert(S::normalize(child.extended_key().point()).is_negated());
    }
    assert_eq!(seen.len(), 2);
}
