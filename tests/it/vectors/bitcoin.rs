//! BIP-340 and BIP-341.

use cosigil::curve::{Curve, Secp256k1, decode_scalar, encode_point};
use cosigil::frost::{Bip340, KeyUse, SigningRequest, Suite, TaprootOutput};
use cosigil::hazmat;
use k256::schnorr::SigningKey;
use serde_json::Value;

use super::{array32, bytes, json, ran, text};
use crate::frost::{key_shares_of, sign_with};

#[test]
fn bip_340() {
    let (mut count, mut signed) = (0, 0);
    for row in text("bip340/test-vectors.csv").lines().skip(1) {
        let fields: Vec<_> = row.splitn(8, ',').collect();
        let [_, secret, key, _, message, signature, result, comment] = fields[..] else { panic!("{row}") };
        let [key, message, signature] = [key, message, signature].map(|field| hex::decode(field).unwrap());
        let verified = Bip340::decode_key(&key)
            .zip(Bip340::decode_signature(&signature))
            .is_some_and(|(key, signature)| Bip340::verify(&key, &message, &signature));
        assert_eq!(verified, result == "TRUE", "{comment}");
        count += 1;
        if !secret.is_empty() {
            let secret = decode_scalar::<Secp256k1>(&hex::decode(secret).unwrap()).unwrap();
            let shares = key_shares_of::<Bip340>(secret, 2, &[1, 2, 3], count);
            let request = hazmat::raw_taproot_request(message.clone());
            let signature = sign_with(&[&shares[0], &shares[2]], &request, count).unwrap();
            assert_eq!(request.verifying_key(shares[0].public()).unwrap().to_bytes()[..], key);
            assert!(Bip340::verify(&Bip340::decode_key(&key).unwrap(), &message, &signature));
            signed += 1;
        }
    }
    ran("BIP-340: rows verified", count as usize, 19);
    ran("BIP-340: keys signed with by 2 of 3", signed, 8);
}

fn output_of(merkle_root: &Value) -> TaprootOutput {
    if merkle_root.is_null() { TaprootOutput::KEY_PATH_ONLY } else { TaprootOutput::script_root(array32(merkle_root)) }
}

/// T-02: null is tweaked too.
#[test]
fn t_02_bip_341_output_keys() {
    let vectors = json("bip341/wallet-test-vectors.json");
    let mut count = 0;
    for case in vectors["scriptPubKey"].as_array().unwrap() {
        let output = output_of(&case["intermediary"]["merkleRoot"]);
        // T-01: whichever of the two points with this x is the key.
        for parity in [2, 3] {
            let internal = [&[parity], &bytes(&case["given"]["internalPubkey"])[..]].concat();
            let internal = Secp256k1::decode(&internal).unwrap();
            let tweaked = output.tweak(&internal).unwrap().point(&internal);
            let tweaked = encode_point::<Secp256k1>(&tweaked);
            assert_eq!(tweaked[1..], bytes(&case["intermediary"]["tweakedPubkey"]));
            assert_eq!(bytes(&case["expected"]["scriptPubKey"])[2..], tweaked[1..]);
        }
        count += 1;
    }
    ran("BIP-341: output keys", count, 7);
}

#[test]
fn bip_341_key_path_spending() {
    let vectors = json("bip341/wallet-test-vectors.json");
    let mut count = 0;
    for case in vectors["keyPathSpending"][0]["inputSpending"].as_array().unwrap() {
        let secret = decode_scalar::<Secp256k1>(&bytes(&case["given"]["internalPrivkey"])).unwrap();
        let sighash = array32(&case["intermediary"]["sigHash"]);
        let root = &case["given"]["merkleRoot"];
        let request = match root.is_null() {
            true => SigningRequest::key_path(sighash),
            false => SigningRequest::with_script_root(sighash, array32(root)),
        };
        let shares = key_shares_of::<Bip340>(secret, 2, &[5, 900, 65535], count);
        let public = shares[0].public();
        // The key that BIP-341 tweaks, in one piece.
        let whole = SigningKey::from_slice(&bytes(&case["intermediary"]["tweakedPrivkey"])).unwrap();
        let key = request.verifying_key(public).unwrap();
        assert_eq!(key, *whole.verifying_key());
        assert_eq!(root.is_null(), key == public.verifying_key().unwrap());
        let signature = sign_with(&[&shares[1], &shares[2]], &request, count).unwrap();
        assert!(whole.verifying_key().verify_raw(&sighash, &signature).is_ok());
        let witness = bytes(&case["expected"]["witness"][0]);
        assert!(Bip340::verify(&key, &sighash, &Bip340::decode_signature(&witness[..64]).unwrap()));
        count += 1;
    }
    ran("BIP-341: key path spends signed by 2 of 3", count as usize, 7);
}
