//! Ed25519 by RFC 8032 and Wycheproof; with Keccak-512, as NEM has it.

use cosigil::curve::{Curve, Ed25519, Scalar};
use cosigil::frost::{Ed25519Keccak512, Ed25519Sha512, SigningRequest, Suite};
use ed25519_dalek::Signature;
use sha3::{Digest, Keccak512};

use super::{array32, bytes, json, ran};
use crate::frost::{key_shares_of, sign_with};

fn verifies<S: Suite>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let parts = S::decode_key(key).zip(S::decode_signature(signature));
    parts.is_some_and(|(key, signature)| S::verify(&key, message, &signature))
}

#[test]
fn rfc_8032() {
    let mut count = 0;
    for file in ["rfc8032-7.1-ed25519.json", "ed25519-sign-input-first128.json"] {
        for case in json(&format!("rfc8032/{file}"))["cases"].as_array().unwrap() {
            let [key, mut message, signature] = ["public_key", "message", "signature"].map(|name| bytes(&case[name]));
            assert!(verifies::<Ed25519Sha512>(&key, &message, &signature));
            assert!(!verifies::<Ed25519Keccak512>(&key, &message, &signature));
            message.push(0);
            assert!(!verifies::<Ed25519Sha512>(&key, &message, &signature));
            count += 1;
        }
    }
    ran("RFC 8032: signatures", count, 5 + 128);
}

/// F-15, G-05: exactly the verdicts of Wycheproof.
#[test]
fn f_15_wycheproof_ed25519() {
    let vectors = json("wycheproof/ed25519_test.json");
    let (mut count, mut valid) = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        let key = bytes(&group["publicKey"]["pk"]);
        for case in group["tests"].as_array().unwrap() {
            let expected = case["result"] == "valid";
            let verdict = verifies::<Ed25519Sha512>(&key, &bytes(&case["msg"]), &bytes(&case["sig"]));
            assert_eq!(verdict, expected, "{case}");
            valid += usize::from(expected);
            count += 1;
        }
    }
    ran("Wycheproof Ed25519: signatures", count, 151);
    assert_eq!((count as u64, valid), (vectors["numberOfTests"].as_u64().unwrap(), 88));
}

/// The secret scalar of a NEM private key, reduced.
fn nem_secret(private_key: &[u8; 32]) -> Scalar<Ed25519> {
    let mut reversed = *private_key;
    reversed.reverse();
    let digest = Keccak512::digest(reversed);
    let mut low: [u8; 32] = digest[..32].try_into().unwrap();
    low[0] &= 0xf8;
    low[31] = low[31] & 0x7f | 0x40;
    curve25519_dalek::Scalar::from_bytes_mod_order(low)
}

#[test]
fn nem_keys_and_signatures() {
    let mut count = 0;
    for case in json("nem/cases.json")["cases"].as_array().unwrap() {
        let [key, message, signature] = ["public_key", "message", "signature"].map(|name| bytes(&case[name]));
        assert!(verifies::<Ed25519Keccak512>(&key, &message, &signature));
        assert!(!verifies::<Ed25519Sha512>(&key, &message, &signature));
        // The same key in three parts signs the same message.
        let secret = nem_secret(&array32(&case["private_key"]));
        assert_eq!(Ed25519::mul_base(&secret).compress().as_bytes()[..], key);
        let shares = key_shares_of::<Ed25519Keccak512>(secret, 2, &[1, 2, 3], count);
        let ours: Signature = sign_with(&[&shares[1], &shares[2]], &SigningRequest::new(&message[..]), count).unwrap();
        assert!(verifies::<Ed25519Keccak512>(&key, &message, &ours.to_bytes()));
        for byte in [0, 31, 32, 63] {
            let mut bad = signature.clone();
            bad[byte] ^= 1;
            assert!(!verifies::<Ed25519Keccak512>(&key, &message, &bad));
        }
        count += 1;
    }
    ran("NEM: keys and signatures", count as usize, 64);
}

/// F-15: small order and unreduced, refused by both verifiers alike.
#[test]
fn f_15_both_ed25519_suites_are_strict() {
    let identity = [&[1u8][..], &[0; 31]].concat();
    let torsion = hex::decode("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a").unwrap();
    for small in [identity, torsion] {
        let signature = [&small[..], &[0; 32]].concat();
        for message in 0..64u8 {
            assert!(!verifies::<Ed25519Sha512>(&small, &[message], &signature));
            assert!(!verifies::<Ed25519Keccak512>(&small, &[message], &signature));
            let key = ed25519_dalek::VerifyingKey::from_bytes(small[..].try_into().unwrap()).unwrap();
            let signature = Signature::from_slice(&signature).unwrap();
            assert!(!Ed25519Keccak512::verify(&key, &[message], &signature));
            assert!(!Ed25519Sha512::verify(&key, &[message], &signature));
        }
    }
}
