//! Import and export: keys from elsewhere keep their address, and what is dealt does nothing but a refresh.

use std::collections::BTreeMap;
use std::sync::Arc;

use cosigil::curve::{Curve, Ed25519, decode_scalar, encode_point, encode_scalar};
use cosigil::ecdsa::burn::MemoryBurnLog;
use cosigil::ecdsa::pairs::PairStates;
use cosigil::ecdsa::presign::Signer;
use cosigil::ecdsa::{Secp256k1Ecdsa, setup};
use cosigil::frost::{self, Bip340, Ed25519Keccak512, Ed25519Sha512, P256Sha256};
use cosigil::frost::{Secp256k1Sha256, Signing, SigningInputs, SigningRequest, Suite};
use cosigil::hazmat::{ImportSecret, accept_import, expanded_key, export, exported_secret, import};
use cosigil::key::Scheme;
use cosigil::keygen::reshare::{Certified, Moved};
use cosigil::{KeyShare, Label, Plan, PublicKeyPackage, Reshare, ReshareInputs, Secret, Session, Usage};
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign};
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde_json::Value;
use sha2::Sha512;

use crate::keygen::signs;
use crate::net::{Net, id, identity, parties, rng};
use crate::reshare::{Shares, inputs, threshold};

fn label(n: u8) -> Label {
    Label::from_bytes([n; 32])
}

/// Runs a reshare, in which these parties bring these inputs.
fn run<S: Scheme>(plan: &Plan<S>, mut inputs: BTreeMap<u16, ReshareInputs<S>>, seed: u64) -> BTreeMap<u16, Moved<S>> {
    let all: Vec<_> = inputs.keys().map(|n| plan.params(label(3), id(*n)).unwrap()).collect();
    let mut net = Net::<Reshare<S>>::start(all, |me| inputs.remove(&me.get()).unwrap(), seed).unwrap();
    net.run();
    net.ends.into_iter().map(|(me, end)| (me.get(), end.output.unwrap())).collect()
}

fn holders<S: Scheme>(ends: BTreeMap<u16, Moved<S>>) -> Shares<S> {
    let share = |(n, end)| match end {
        Moved::Holder(certified) => Some((n, Arc::new(Certified::into_key_share(*certified)))),
        Moved::Left(_) | Moved::Exported(_) => None,
    };
    ends.into_iter().filter_map(share).collect()
}

/// What the operators of parties 1, 2 and 3 expect beside the key.
fn accept<S: Scheme>(plan: &[u8], expected: &[u8]) -> Result<ReshareInputs<S>, Usage> {
    accept_import(plan, expected, &parties(&[1, 2, 3]), threshold(2))
}

/// Imports a key by party 1 for parties 1, 2 and 3 (or by party 9, who then has no share).
fn imported<S: Scheme>(secret: ImportSecret<S>, expected: &[u8], dealer: u16) -> Shares<S> {
    let brought = import(
        secret,
        (id(dealer), identity(dealer).public()),
        parties(&[1, 2, 3]),
        threshold(2),
        &mut rng(u64::from(dealer)),
    )
    .unwrap();
    let plan = brought.plan().clone();
    let bytes = plan.to_bytes();
    assert_eq!(Plan::<S>::from_bytes(&bytes), Err(Usage::InvalidThreshold), "only by the door that asks for the key");
    let mut all = BTreeMap::from([(dealer, brought)]);
    for n in [1, 2, 3] {
        all.entry(n).or_insert_with(|| accept(&bytes, expected).unwrap());
    }
    let mut other = expected.to_vec();
    other[5] ^= 1;
    assert_eq!(accept::<S>(&bytes, &other).map(drop), Err(Usage::OtherKey));
    holders(run(&plan, all, 1))
}

fn refreshed<S: Scheme>(dealt: &Shares<S>) -> Shares<S> {
    let plan = Plan::refresh(dealt[&1].public()).unwrap();
    let all = [1, 2, 3].map(|n| (n, inputs(&plan, dealt, id(n), &[]))).into_iter().collect();
    holders(run(&plan, all, 2))
}

/// A dealt FROST key signs nothing and moves nowhere but by a refresh.
fn is_inert<S: Suite>(dealt: &Shares<S>) {
    let (share, public) = (&dealt[&1], dealt[&1].public());
    assert!(dealt.values().all(|share| share.public().is_dealt()));
    let first = Some(Usage::RefreshFirst);
    assert_eq!(frost::commit(share, &mut rng(3)).err(), first);
    assert_eq!(frost::preprocess(share, 2, &mut rng(3)).err(), first);
    assert_eq!(cosigil::hazmat::commit_with_randomness(share, &[1; 32], &[2; 32]).err(), first);
    let inputs = SigningInputs { key_share: Arc::clone(share), request: SigningRequest::new([7; 32]) };
    let params = share.session_params(label(4), [id(1), id(2)]).unwrap();
    assert_eq!(Session::<Signing<S>>::start(params, &identity(1), inputs, &mut rng(4)).err(), first);
    assert_eq!(Plan::reshare(public, [id(1), id(2)], parties(&[1, 2, 4]), threshold(2)).err(), first);
    assert_eq!(export(public, [id(1), id(2)], (id(1), identity(1).public())).err(), first);
    // The mark is stored, and part of the digest.
    let again = PublicKeyPackage::<S>::from_bytes(&public.to_bytes()).unwrap();
    assert!(again.is_dealt() && again == *public);
    assert!(KeyShare::<S>::from_bytes(&share.to_bytes()).unwrap().public().is_dealt());
}

fn imports<S: Suite>(secret: impl Fn() -> ImportSecret<S>, expected: &[u8]) -> Shares<S>
where
    S::VerifyingKey: PartialEq + std::fmt::Debug,
{
    for dealer in [1, 9] {
        let dealt = imported(secret(), expected, dealer);
        is_inert(&dealt);
        let shares = refreshed(&dealt);
        assert_eq!(shares[&1].public().verifying_key(), dealt[&1].public().verifying_key());
        assert!(!shares[&1].public().is_dealt());
        assert_eq!((shares[&1].public().number(), shares.len()), (2, 3));
        for pair in [[1, 2], [1, 3], [2, 3]] {
            signs(&pair.map(|n| &*shares[&n]), 5);
        }
        if dealer == 9 {
            return shares;
        }
    }
    unreachable!()
}

/// The keys of RFC 8032 keep their public keys; a signature verifies under them.
#[test]
fn r_18_import_of_rfc_8032_keys() {
    for n in 0..3u8 {
        let seed = [n; 32];
        let public = SigningKey::from_bytes(&seed).verifying_key();
        let secret = || ImportSecret::<Ed25519Sha512>::rfc_8032(&Secret::new(seed)).unwrap();
        let shares = imports(secret, public.as_bytes());
        assert_eq!(shares[&1].public().verifying_key().unwrap().as_bytes(), public.as_bytes());
    }
}

/// NEM's private keys, against an implementation that shares no code with this one.
#[test]
fn import_of_nem_keys() {
    let cases: Value = serde_json::from_str(include_str!("../vectors/nem/cases.json")).unwrap();
    for case in cases["cases"].as_array().unwrap().iter().take(3) {
        let bytes = |name: &str| <[u8; 32]>::try_from(hex::decode(case[name].as_str().unwrap()).unwrap()).unwrap();
        let secret = || ImportSecret::<Ed25519Keccak512>::nem(&Secret::new(bytes("private_key"))).unwrap();
        imports(secret, &bytes("public_key"));
    }
}

/// Raw scalars of every curve; 0 and the order are refused; a chain code stays what it was.
#[test]
fn import_of_scalars() {
    fn one<S: Suite>()
    where
        S::VerifyingKey: PartialEq + std::fmt::Debug,
    {
        let scalar = cosigil::curve::Scalar::<S::Curve>::from(0x1234_5678_9abc_def0u64);
        let bytes = encode_scalar::<S::Curve>(&scalar);
        let secret = || {
            let secret = ImportSecret::<S>::scalar(&Secret::new(bytes)).unwrap();
            secret.with_chain_code(Secret::new([8; 32]))
        };
        let shares = imports(secret, &encode_point::<S::Curve>(&S::Curve::mul_base(&scalar)));
        assert!(shares.values().all(|share| *share.chain_code().expose() == [8; 32]));
        assert_eq!(ImportSecret::<S>::scalar(&Secret::new([0; 32])).map(drop), Err(Usage::Identity));
        assert_eq!(ImportSecret::<S>::scalar(&Secret::new([0xff; 32])).map(drop), Err(Usage::Malformed));
    }
    one::<Ed25519Sha512>();
    one::<Bip340>();
    one::<Secp256k1Sha256>();
    one::<P256Sha256>();
}

/// An extended key of BIP32-Ed25519: k_L, which is not reduced, makes the key; the chain code is its own.
#[test]
fn import_of_extended_keys() {
    let mut key = [0xa5; 64];
    key[0] &= 0xf8;
    key[31] = key[31] & 0x1f | 0x40;
    let wide = curve25519_dalek_scalar(&key);
    let public = encode_point::<Ed25519>(&Ed25519::mul_base(&wide));
    let secret = || ImportSecret::<Ed25519Sha512>::bip32_ed25519(&Secret::new(key), Secret::new([9; 32])).unwrap();
    let shares = imports(secret, &public);
    assert!(shares.values().all(|share| *share.chain_code().expose() == [9; 32]));
}

/// The scalar of the first 32 bytes, modulo the order, by doubling and adding.
fn curve25519_dalek_scalar(bytes: &[u8; 64]) -> cosigil::curve::Scalar<Ed25519> {
    let zero = cosigil::curve::Scalar::<Ed25519>::from(0u64);
    bytes[..32].iter().rev().fold(zero, |sum, byte| {
        sum * cosigil::curve::Scalar::<Ed25519>::from(256u64)
            + cosigil::curve::Scalar::<Ed25519>::from(u64::from(*byte))
    })
}

/// A dealt ECDSA key sets up no pair and signs nothing.
#[test]
fn r_18_import_of_ecdsa_keys_needs_a_refresh() {
    let mut bytes = [0x11; 32];
    bytes[0] = 0;
    let scalar = decode_scalar::<cosigil::curve::Secp256k1>(&bytes).unwrap();
    let expected = encode_point::<cosigil::curve::Secp256k1>(&cosigil::curve::Secp256k1::mul_base(&scalar));
    let dealt = imported(ImportSecret::<Secp256k1Ecdsa>::scalar(&Secret::new(bytes)).unwrap(), &expected, 1);
    let log = Arc::new(MemoryBurnLog::new());
    let setup = |share: &KeyShare<Secp256k1Ecdsa>| setup::Inputs::new(share, id(2), log.clone()).map(drop);
    assert_eq!(setup(&dealt[&1]), Err(Usage::RefreshFirst));
    let params = dealt[&1].session_params(label(5), [id(1), id(2)]).unwrap();
    let signer = Signer::new(&params, &dealt[&1], &PairStates::new(&dealt[&1]), &*log, 1);
    assert_eq!(signer.map(drop), Err(Usage::RefreshFirst));
    assert_eq!(setup(&refreshed(&dealt)[&1]), Ok(()));
}

/// An export gives the recipient the key, and nobody else; the holders go on.
#[test]
fn export_to_one_party() {
    let seed = [42; 32];
    let public = SigningKey::from_bytes(&seed).verifying_key();
    let secret = ImportSecret::<Ed25519Sha512>::rfc_8032(&Secret::new(seed)).unwrap();
    let shares = refreshed(&imported(secret, public.as_bytes(), 9));
    for recipient in [3, 8] {
        let plan = export(shares[&1].public(), [id(1), id(3)], (id(recipient), identity(recipient).public())).unwrap();
        assert_eq!(Plan::<Ed25519Sha512>::from_bytes(&plan.to_bytes()), Err(Usage::InvalidThreshold));
        let mut ids = vec![1, 3, recipient];
        ids.dedup();
        let all = ids.iter().map(|n| (*n, inputs(&plan, &shares, id(*n), &[]))).collect();
        let mut ends = run(&plan, all, 6);
        let Some(Moved::Holder(certified)) = ends.remove(&recipient) else { panic!() };
        assert!(ends.values().all(|end| matches!(end, Moved::Exported(_))));
        assert!(certified.public().is_dealt());
        let scalar = exported_secret(*certified).unwrap();
        let expanded = expanded_key(&scalar, &mut rng(7)).unwrap();
        assert_ne!(expanded, expanded_key(&scalar, &mut rng(8)).unwrap());
        let prefix = expanded[32..].try_into().unwrap();
        let scalar = decode_scalar::<Ed25519>(&expanded[..32]).unwrap();
        let expanded = ExpandedSecretKey { scalar, hash_prefix: prefix };
        assert_eq!(VerifyingKey::from(&expanded), public);
        let signature = raw_sign::<Sha512>(&expanded, b"a withdrawal", &public);
        public.verify_strict(b"a withdrawal", &signature).unwrap();
    }
    signs(&[&shares[&1], &shares[&2]], 9);
    // Nothing else is an export, nor a share of one a share to use.
    let plan = Plan::refresh(shares[&1].public()).unwrap();
    let all = [1, 2, 3].map(|n| (n, inputs(&plan, &shares, id(n), &[]))).into_iter().collect();
    let Some(Moved::Holder(certified)) = run(&plan, all, 10).remove(&1) else { panic!() };
    assert_eq!(exported_secret(*certified).map(drop), Err(Usage::InvalidThreshold));
    let plan = export(shares[&1].public(), [id(1), id(2)], (id(8), identity(8).public())).unwrap();
    let all = [1, 2, 8].map(|n| (n, inputs(&plan, &shares, id(n), &[]))).into_iter().collect();
    let Some(Moved::Holder(certified)) = run(&plan, all, 11).remove(&8) else { panic!() };
    let alone = certified.into_key_share();
    assert_eq!(KeyShare::<Ed25519Sha512>::from_bytes(&alone.to_bytes()).map(drop), Err(Usage::InvalidThreshold));
    assert_eq!(Plan::refresh(alone.public()).map(drop), Err(Usage::InvalidThreshold));
    assert_eq!(frost::commit(&alone, &mut rng(12)).err(), Some(Usage::RefreshFirst));
}

/// A plan's bytes, changed, with the checksum that goes with them.
fn changed(plan: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = plan[..plan.len() - 16].to_vec();
    change(&mut bytes);
    let mut sum = [0; 16];
    cosigil::Transcript::new("record").field(&bytes).fill(&mut sum);
    bytes.extend_from_slice(&sum);
    bytes
}

/// What a plan of an import must be: of one party, its first sharing, named after the key, for these holders.
#[test]
fn imports_are_what_the_operator_expects() {
    type S = Ed25519Sha512;
    let secret = || ImportSecret::<S>::scalar(&Secret::new(encode_scalar::<Ed25519>(&7u64.into()))).unwrap();
    let key = encode_point::<Ed25519>(&Ed25519::mul_base(&7u64.into()));
    let dealer = (id(9), identity(9).public());
    let brought = import(secret(), dealer, parties(&[1, 2, 3]), threshold(2), &mut rng(1)).unwrap();
    let (old, plan) = (brought.plan().old(), brought.plan().to_bytes());
    let expect = |plan: &[u8], holders, t| accept_import::<S>(plan, &key, &parties(holders), threshold(t)).map(drop);
    assert_eq!(expect(&plan, &[1, 2, 3], 2), Ok(()));
    assert_eq!(expect(&plan, &[1, 2, 3], 3), Err(Usage::InvalidThreshold));
    assert_eq!(expect(&plan, &[1, 2], 2), Err(Usage::UnknownParty(id(3))));
    assert_eq!(expect(&plan, &[1, 2, 3, 4], 2), Err(Usage::OtherIdentity));
    let at = plan.windows(32).position(|bytes| bytes == old.key_id().as_bytes()).unwrap();
    // Another name: another key's, with the same X; another chain code or sharing under the same name.
    let chain_code = plan.windows(32).position(|bytes| bytes == old.chain_code_digest()).unwrap();
    for place in [at, at + 32, at + 67, chain_code] {
        assert_eq!(expect(&changed(&plan, |bytes| bytes[place] ^= 1), &[1, 2, 3], 2), Err(Usage::OtherKey));
    }
    // A second old party, that has no share of the dealing.
    let two = changed(&plan, |bytes| {
        bytes[at + 71] = 2;
        let second = [&10u16.to_be_bytes()[..], identity(10).public().as_bytes()].concat();
        let end = at + 72 + 34;
        bytes.splice(end..end, second);
    });
    assert_eq!(expect(&two, &[1, 2, 3], 2), Err(Usage::InvalidThreshold));
}

/// A threshold of 1 comes out of a plan of an export as a value; nothing makes a key with it.
#[test]
fn a_threshold_of_one_makes_no_key() {
    type S = Ed25519Sha512;
    let shares = crate::reshare::make::<S>(2, &[1, 2], 3);
    let plan = export(shares[&1].public(), [id(1), id(2)], (id(8), identity(8).public())).unwrap();
    let one = plan.threshold();
    let params = cosigil::SessionParams::new(label(1), id(1), one, parties(&[1, 2])).unwrap();
    let started = Session::<cosigil::Keygen<S>>::start(params, &identity(1), (), &mut rng(1)).map(drop);
    assert_eq!(started, Err(Usage::InvalidThreshold));
    let secret = ImportSecret::<S>::rfc_8032(&Secret::new([1; 32])).unwrap();
    let imported = import(secret, (id(1), identity(1).public()), parties(&[1, 2]), one, &mut rng(2)).map(drop);
    assert_eq!(imported, Err(Usage::InvalidThreshold));
    let scalar = cosigil::curve::Scalar::<Ed25519>::from(7u64);
    let split = cosigil::hazmat::split::<S>(&Secret::new(scalar), one, &parties(&[1, 2]), &mut rng(3)).map(drop);
    assert_eq!(split, Err(Usage::InvalidThreshold));
    assert_eq!(Plan::reshare(shares[&1].public(), [id(1), id(2)], parties(&[1, 2]), one), Err(Usage::InvalidThreshold));
}
