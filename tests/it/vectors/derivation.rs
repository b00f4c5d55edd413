//! BIP-32, BIP32-Ed25519, and the tweaks of BIP-445.

use cosigil::curve::{Curve, Ed25519, PublicScalar, Scalar, Secp256k1, decode_scalar, encode_point, encode_scalar};
use cosigil::ecdsa::Secp256k1Ecdsa;
use cosigil::frost::{Bip340, Ed25519Sha512, SigningRequest, Suite};
use cosigil::key::{Derivable, DerivationPath, Tweak, Xpub};
use cosigil::{Secret, Usage};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{array32, bytes, json, ran};
use crate::derive::shares_with;
use crate::frost::sign_with;

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The children whose step from their parent, which is there too, is not hardened: (parent, step, child).
fn soft_steps(vectors: &Value) -> Vec<(&Value, &str, &Value)> {
    let mut found = Vec::new();
    for vector in vectors["valid"].as_array().unwrap() {
        let chains = vector["chains"].as_array().unwrap();
        for child in chains {
            let Some((above, step)) = text(&child["path"]).rsplit_once('/').filter(|(_, step)| !step.ends_with('\''))
            else {
                continue;
            };
            let parent = chains.iter().find(|parent| text(&parent["path"]) == above).unwrap();
            found.push((parent, step, child));
        }
    }
    found
}

/// Vectors 1 to 4: every extended public key is read and written; every step that is not hardened is derived, from
/// the xpub and by the parties of a shared key.
fn bip_32<S: Derivable<Curve = Secp256k1>>() {
    let vectors = json("bip32/bip32-vectors.json");
    let (mut read, mut derived) = (0, 0);
    for chain in vectors["valid"].as_array().unwrap().iter().flat_map(|vector| vector["chains"].as_array().unwrap()) {
        let xpub: Xpub<S> = text(&chain["xpub"]).parse().unwrap();
        assert_eq!(xpub.to_string(), text(&chain["xpub"]));
        assert_eq!(usize::from(xpub.key().depth()), text(&chain["path"]).matches('/').count());
        assert_eq!(text(&chain["xprv"]).parse::<Xpub<S>>().unwrap_err(), Usage::Malformed, "a secret key");
        read += 1;
    }
    for (parent, step, child) in soft_steps(&vectors) {
        let path: DerivationPath = format!("m/{step}").parse().unwrap();
        let root: Xpub<S> = text(&parent["xpub"]).parse().unwrap();
        let ours = Xpub::new(root.network(), root.key().derive(&path).unwrap());
        assert_eq!(ours.to_string(), text(&child["xpub"]));
        // The secret key of the vector, shared. Its depth is 0 then: key and chain code are compared.
        let secret: bip32::XPrv = text(&parent["xprv"]).parse().unwrap();
        let secret = decode_scalar::<Secp256k1>(&secret.to_bytes()).unwrap();
        let shares = shares_with::<S>(&secret, *root.key().chain_code().expose());
        assert_eq!(shares[0].extended_key().unwrap().as_bytes(), root.key().as_bytes());
        let by_parties = shares[2].derive(&path).unwrap();
        assert_eq!(by_parties.extended_key().as_bytes(), ours.key().as_bytes());
        assert_eq!(by_parties.extended_key().chain_code().expose(), ours.key().chain_code().expose());
        derived += 1;
    }
    ran("BIP-32: extended keys", read, 17);
    ran("BIP-32: steps that are not hardened", derived, 6);
}

#[test]
fn t_06_bip_32_vectors() {
    bip_32::<Secp256k1Ecdsa>();
    bip_32::<Bip340>();
}

/// Vector 5: keys that are none.
#[test]
fn t_06_bip_32_invalid_keys() {
    let vectors = json("bip32/bip32-vectors.json");
    let mut refused = 0;
    for case in vectors["invalid_extended_keys"].as_array().unwrap() {
        let parsed = text(&case["key"]).parse::<Xpub<Secp256k1Ecdsa>>();
        assert_eq!(parsed.map(|_| ()), Err(Usage::Malformed), "{}", case["reason"]);
        refused += 1;
    }
    ran("BIP-32: invalid keys", refused, 16);
    // Of a good one, whatever is changed, left out or added.
    let good = text(&vectors["valid"][0]["chains"][0]["xpub"]).to_owned();
    for k in 0..good.len() {
        for with in ['1', 'z', '0', 'é'] {
            let mut other: Vec<char> = good.chars().collect();
            if other[k] != with {
                other[k] = with;
                let other: String = other.into_iter().collect();
                assert_eq!(other.parse::<Xpub<Bip340>>().map(|_| ()), Err(Usage::Malformed), "{other}");
            }
        }
        assert_eq!(good[..k].parse::<Xpub<Bip340>>().map(|_| ()), Err(Usage::Malformed));
    }
    for wrong in [format!("1{good}"), format!("{good}1"), format!(" {good}"), "1".repeat(1 << 16), String::new()] {
        assert_eq!(wrong.parse::<Xpub<Bip340>>().map(|_| ()), Err(Usage::Malformed));
    }
}

/// T-09: account keys of Cardano wallets and the address keys below them; the parties sign for each.
#[test]
fn t_09_bip32_ed25519_vectors() {
    let vectors = json("bip32-ed25519/cardano-addresses.json");
    let mut count = 0;
    for case in vectors["cases"].as_array().unwrap() {
        let mut wide = [0; 64];
        wide[..32].copy_from_slice(&bytes(&case["account"]["k_l"]));
        let secret = *PublicScalar::<Ed25519>::from_uniform_bytes(&wide).value();
        let shares = shares_with::<Ed25519Sha512>(&secret, array32(&case["account"]["chain_code"]));
        for child in case["children"].as_array().unwrap() {
            let ours = shares[0].derive(&text(&child["path"]).parse().unwrap()).unwrap();
            assert_eq!(ours.extended_key().as_bytes(), bytes(&child["key"]));
            assert_eq!(ours.extended_key().chain_code().expose()[..], bytes(&child["chain_code"]));
            let request = SigningRequest::new(b"a transaction".as_slice()).under(&ours);
            let signature = sign_with(&[&shares[1], &shares[2]], &request, count).unwrap();
            let key = Ed25519Sha512::decode_key(&bytes(&child["key"])).unwrap();
            key.verify_strict(b"a transaction", &signature).unwrap();
            count += 1;
        }
    }
    ran("BIP32-Ed25519: children", count as usize, 6);
}

type C = Secp256k1;

/// A sequence of tweaks of BIP-445 on a key, as our one change; and what must not be.
fn tweaked(key: &<C as Curve>::Point, group: &Value, case: &Value) -> Result<Tweak<C>, &'static str> {
    let mut tweak = Tweak::<C>::NONE;
    let tweaks = case["tweak_indices"].as_array().unwrap();
    let modes = case["is_xonly"].as_array().unwrap();
    for (index, is_xonly) in tweaks.iter().zip(modes) {
        let value = bytes(&group["tweaks"][index.as_u64().unwrap() as usize]);
        let value = PublicScalar::<C>::decode(&value).ok_or("out of range")?;
        if is_xonly.as_bool().unwrap() && Bip340::normalize(&tweak.point(key)).is_negated() {
            tweak = tweak.then(Tweak::negate());
        }
        tweak = tweak.then(Tweak::add(value));
        if bool::from(group::Group::is_identity(&tweak.point(key))) {
            return Err("infinity");
        }
    }
    let sign = Bip340::normalize(&tweak.point(key)).is_negated();
    Ok(if sign { tweak.then(Tweak::negate()) } else { tweak })
}

fn tagged(tag: &str, parts: &[&[u8]]) -> PublicScalar<C> {
    let tag = Sha256::digest(tag);
    let hash = parts.iter().fold(Sha256::new().chain_update(tag).chain_update(tag), Sha256::chain_update);
    let mut wide = [0; 64];
    wide[32..].copy_from_slice(&hash.finalize());
    PublicScalar::from_uniform_bytes(&wide)
}

fn scalar(bytes: &[u8]) -> Scalar<C> {
    decode_scalar::<C>(bytes).unwrap()
}

/// BIP-445's partial signature with our tweak of the share. BIP-445 adds the sum of the tweaks when the signatures are
/// put together, we add it to every share: so here it is taken off again.
fn partial_signature(group: &Value, case: &Value) -> [u8; 32] {
    let key = C::decode(&bytes(&group["thresh_pk"])).unwrap();
    let tweak = tweaked(&key, group, case).unwrap();
    let nonces = bytes(&group["secnonces"][case["secnonce_index"].as_u64().unwrap() as usize]);
    let share = bytes(&group["secshares"][case["secshare_index"].as_u64().unwrap() as usize]);
    let zero = Secret::new(scalar(&[0; 32]));
    let share = *tweak.secret(&Secret::new(scalar(&share))).expose() - tweak.secret(&zero).expose();
    let ids: Vec<u64> = case["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
    let me = case["my_id"].as_u64().unwrap();
    let serialized: Vec<u8> = ids.iter().flat_map(|id| u32::try_from(*id).unwrap().to_be_bytes()).collect();
    let (message, aggregate) = (bytes(&case["msg"]), bytes(&case["aggnonce"]));
    let output = encode_point::<C>(&tweak.point(&key));
    let b = tagged("BIP0445/noncecoef", &[&serialized, &aggregate, &output[1..], &message]);
    let [one, two] = [&aggregate[..33], &aggregate[33..]].map(|half| C::decode(half).unwrap());
    let nonce = one + two * b.value();
    let negated = Bip340::normalize(&nonce).is_negated();
    let nonce = encode_point::<C>(&nonce);
    let e = tagged("BIP0340/challenge", &[&nonce[1..], &output[1..], &message]);
    let x = |id: u64| PublicScalar::<C>::from(id + 1);
    let lambda = ids
        .iter()
        .filter(|id| **id != me)
        .fold(PublicScalar::ONE, |product, id| product * x(*id) * (x(*id) - x(me)).invert().unwrap());
    let drawn = scalar(&nonces[..32]) + *b.value() * scalar(&nonces[32..64]);
    let drawn = if negated { -drawn } else { drawn };
    encode_scalar::<C>(&(drawn + *(e * lambda).value() * share))
}

/// T-04: four tweaks in any order, x-only or plain; out of range; to the identity.
#[test]
fn t_04_bip_445_tweaks() {
    let vectors = json("bip445/tweak_vectors.json");
    let (mut valid, mut refused, mut unsaid) = (0, 0, 0);
    for group in vectors["test_groups"].as_array().unwrap() {
        let key = C::decode(&bytes(&group["thresh_pk"])).unwrap();
        for case in group["valid_tests"].as_array().unwrap() {
            assert_eq!(partial_signature(group, case)[..], bytes(&case["expected"]), "{}", case["comment"]);
            valid += 1;
        }
        for case in group["error_tests"].as_array().unwrap() {
            let expected = match text(&case["error"]["message"]) {
                "The tweak value is out of range." | "The tweak must be a 32-byte array." => "out of range",
                "The result of tweaking cannot be infinity." => "infinity",
                _ => {
                    unsaid += 1; // lists of different lengths: a tweak carries its own kind here
                    continue;
                }
            };
            assert_eq!(tweaked(&key, group, case).unwrap_err(), expected);
            refused += 1;
        }
    }
    ran("BIP-445: tweaks", valid, 28);
    ran("BIP-445: tweaks refused", refused, 12);
    ran("BIP-445: what cannot be written here", unsaid, 4);
}
