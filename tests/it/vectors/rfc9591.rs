//! RFC 9591, appendix E, and the same layout with other values from the Zcash Foundation.

use std::collections::BTreeMap;

use cosigil::curve::{Curve, Scalar, decode_scalar, encode_point, encode_scalar, x_coordinate};
use cosigil::frost::{
    self, Bip340, CommitmentList, Ed25519Sha512, NonceCommitments, P256Sha256, Ristretto255Sha512, Secp256k1Sha256,
    SignatureShare, SigningRequest, Suite,
};
use cosigil::hazmat::{self, KeyShareParts};
use cosigil::key::KeyShare;
use cosigil::{Parties, Secret, Threshold};
use serde_json::Value;

use super::{array32, bytes, json, ran};
use crate::net::id;

fn scalar<S: Suite>(bytes: &[u8]) -> Scalar<S::Curve> {
    decode_scalar::<S::Curve>(bytes).unwrap()
}

/// The key shares of the parties 1 to 3, of which 2 sign.
fn assemble<S: Suite>(shares: &[Scalar<S::Curve>], joint: Vec<u8>) -> Vec<KeyShare<S>> {
    let ids = || (1..).zip(shares).map(|(k, share)| (id(k), share));
    let images = ids().map(|(id, share)| (id, encode_point::<S::Curve>(&S::Curve::mul_base(share))));
    let images: BTreeMap<_, _> = images.collect();
    let parts = |(me, share): (_, &Scalar<S::Curve>)| KeyShareParts::<S> {
        me,
        share: Secret::new(*share),
        threshold: Threshold::new(2).unwrap(),
        parties: Parties::without_identities(ids().map(|(id, _)| id)).unwrap(),
        verifying_shares: images.clone(),
        verifying_key: joint.clone(),
        chain_code: Secret::new([0; 32]),
    };
    ids().map(|entry| hazmat::key_share_from_parts(parts(entry)).unwrap()).collect()
}

fn key_shares<S: Suite>(inputs: &Value) -> Vec<KeyShare<S>> {
    let secret = scalar::<S>(&bytes(&inputs["group_secret_key"]));
    let slope = scalar::<S>(&bytes(&inputs["share_polynomial_coefficients"][0]));
    let shares = inputs["participant_shares"].as_array().unwrap();
    let shares: Vec<_> = shares.iter().map(|share| scalar::<S>(&bytes(&share["participant_share"]))).collect();
    for (k, share) in (1..).zip(&shares) {
        assert_eq!(*share, secret + slope * x_coordinate::<S::Curve>(id(k)).value());
    }
    let joint = inputs.get("group_public_key").unwrap_or_else(|| &inputs["verifying_key_key"]);
    let key_shares = assemble::<S>(&shares, bytes(joint));
    assert_eq!(*hazmat::reconstruct(&key_shares[1..]).unwrap().expose(), secret);
    key_shares
}

/// Nonces, commitments, binding factors with their inputs, shares and signature: all as in the file.
fn signs_as_written<S: Suite>(file: &str, request: impl Fn(Vec<u8>) -> SigningRequest<S>) -> usize {
    let vector = json(file);
    let key_shares = key_shares::<S>(&vector["inputs"]);
    let public = key_shares[0].public();
    let request = request(bytes(&vector["inputs"]["message"]));
    let (mut nonces, mut commitments, mut checked) = (Vec::new(), Vec::new(), 0);
    let first = vector["round_one_outputs"]["outputs"].as_array().unwrap();
    for output in first {
        let k = output["identifier"].as_u64().unwrap() as usize;
        let random = |name: &str| array32(&output[name]);
        let (hiding, binding) = (random("hiding_nonce_randomness"), random("binding_nonce_randomness"));
        let (secret, public) = hazmat::commit_with_randomness(&key_shares[k - 1], &hiding, &binding).unwrap();
        let image = |name| encode_point::<S::Curve>(&S::Curve::mul_base(&scalar::<S>(&bytes(&output[name]))));
        assert_eq!(public.hiding(), image("hiding_nonce"));
        assert_eq!(public.binding(), image("binding_nonce"));
        assert_eq!(public.hiding(), bytes(&output["hiding_nonce_commitment"]));
        assert_eq!(public.binding(), bytes(&output["binding_nonce_commitment"]));
        nonces.push((k, secret));
        commitments.push((id(k as u16), public));
        checked += 4;
    }
    // F-17, G-09: the order in which they came does not matter.
    commitments.reverse();
    let list = CommitmentList::new(commitments).unwrap();
    for (factor, output) in frost::binding_factors(public, &request, &list).unwrap().iter().zip(first) {
        assert_eq!(u64::from(factor.signer.get()), output["identifier"].as_u64().unwrap());
        assert_eq!(factor.input, bytes(&output["binding_factor_input"]));
        assert_eq!(factor.factor.encode().as_slice(), bytes(&output["binding_factor"]));
        checked += 2;
    }
    let mut shares = Vec::new();
    for ((k, secret), output) in nonces.into_iter().zip(vector["round_two_outputs"]["outputs"].as_array().unwrap()) {
        let share = frost::sign(&key_shares[k - 1], secret, &request, &list).unwrap();
        assert_eq!(share.encoding().as_slice(), bytes(&output["sig_share"]));
        frost::verify_share(public, &request, &list, id(k as u16), &share).unwrap();
        assert_eq!(SignatureShare::from_encoding(&share.encoding()).unwrap(), share);
        shares.push((id(k as u16), share));
        checked += 1;
    }
    let expected = S::decode_signature(&bytes(&vector["final_output"]["sig"])).unwrap();
    assert_eq!(frost::aggregate(public, &request, &list, shares).unwrap(), expected);
    checked + 1
}

#[test]
fn rfc_9591_appendix_e() {
    let count = signs_as_written::<Ed25519Sha512>("rfc9591/frost-ed25519-sha512.json", SigningRequest::new)
        + signs_as_written::<P256Sha256>("rfc9591/frost-p256-sha256.json", SigningRequest::new)
        + signs_as_written::<Ristretto255Sha512>("rfc9591/frost-ristretto255-sha512.json", SigningRequest::new)
        + signs_as_written::<Secp256k1Sha256>("rfc9591/frost-secp256k1-sha256.json", SigningRequest::new);
    ran("RFC 9591: values", count, 4 * 15);
}

#[test]
fn zcash_foundation_signing() {
    let count = signs_as_written::<Ed25519Sha512>("zf-frost/ed25519/vectors.json", SigningRequest::new)
        + signs_as_written::<P256Sha256>("zf-frost/p256/vectors.json", SigningRequest::new)
        + signs_as_written::<Ristretto255Sha512>("zf-frost/ristretto255/vectors.json", SigningRequest::new)
        + signs_as_written::<Secp256k1Sha256>("zf-frost/secp256k1/vectors.json", SigningRequest::new)
        + signs_as_written::<Bip340>("zf-frost/secp256k1-tr/vectors.json", hazmat::raw_taproot_request);
    ran("Zcash Foundation: signing values", count, 5 * 15);
}

/// T-03: the key of a key generation, as the wallet shows it. For BIP-340 it is the output key that commits
/// to an empty script tree; the joint key of this vector is odd (T-01).
fn shows_the_key<S: Suite>(suite: &str, shown: impl Fn(&S::VerifyingKey) -> Vec<u8>) -> usize {
    let vector = json(&format!("zf-frost/{suite}/vectors_dkg.json"));
    let inputs = &vector["inputs"];
    let record = |k: usize| &inputs[k.to_string()];
    let part = |k: usize, name| scalar::<S>(&bytes(&record(k)[name]));
    let value = |dealer, at: usize| {
        let x = x_coordinate::<S::Curve>(id(at as u16));
        part(dealer, "signing_key") + part(dealer, "coefficient") * x.value()
    };
    let joint = (1..=3).fold(scalar::<S>(&[0; 32]), |sum, k| sum + part(k, "signing_key"));
    let mut shares = Vec::new();
    for at in 1..=3 {
        for (dealer, received) in record(at)["signing_shares"].as_object().unwrap() {
            assert_eq!(encode_scalar::<S::Curve>(&value(dealer.parse().unwrap(), at)).as_slice(), bytes(received));
        }
        shares.push((1..=3).fold(scalar::<S>(&[0; 32]), |sum, dealer| sum + value(dealer, at)));
    }
    let key_shares = assemble::<S>(&shares, encode_point::<S::Curve>(&S::Curve::mul_base(&joint)));
    let key = shown(&key_shares[0].public().verifying_key().unwrap());
    assert!(bytes(&inputs["verifying_key"]).ends_with(&key));
    1
}

#[test]
fn t_03_zcash_foundation_keys() {
    let count = shows_the_key::<Ed25519Sha512>("ed25519", |key| key.as_bytes().to_vec())
        + shows_the_key::<P256Sha256>("p256", |key| key.as_bytes().to_vec())
        + shows_the_key::<Ristretto255Sha512>("ristretto255", |key| key.as_bytes().to_vec())
        + shows_the_key::<Secp256k1Sha256>("secp256k1", |key| key.as_bytes().to_vec())
        + shows_the_key::<Bip340>("secp256k1-tr", |key| key.to_bytes().to_vec());
    ran("Zcash Foundation: keys", count, 5);
}

/// G-02: on Ed25519 it decodes as a point of the curve, of mixed order.
fn refuses<S: Suite>(suite: &str) -> usize {
    let element = bytes(&json(&format!("zf-frost/{suite}/elements.json"))["elements"]["invalid_element"]);
    assert!(S::Curve::decode(&element).is_none());
    let good = encode_point::<S::Curve>(&S::Curve::mul_base(&7u64.into()));
    assert!(NonceCommitments::<S>::from_encodings(&good, &good).is_ok());
    assert!(NonceCommitments::<S>::from_encodings(&element, &good).is_err());
    assert!(NonceCommitments::<S>::from_encodings(&good, &element).is_err());
    1
}

#[test]
fn g_02_zcash_foundation_elements() {
    let count = refuses::<Ed25519Sha512>("ed25519")
        + refuses::<P256Sha256>("p256")
        + refuses::<Ristretto255Sha512>("ristretto255")
        + refuses::<Secp256k1Sha256>("secp256k1")
        + refuses::<Bip340>("secp256k1-tr");
    ran("Zcash Foundation: invalid elements", count, 5);
}
