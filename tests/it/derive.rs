//! Child keys through the public surface: the same as in other libraries, and signed for by the parties.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use cosigil::curve::{Curve, PublicScalar, Scalar, Secp256k1, encode_point, random_scalar};
use cosigil::ecdsa::Secp256k1Ecdsa;
use cosigil::frost::{
    self, Bip340, CommitmentList, Ed25519Sha512, InTree, Signing, SigningInputs, SigningRequest, Suite, TaprootOutput,
};
use cosigil::hazmat::{KeyShareParts, key_share_from_parts, reconstruct};
use cosigil::key::{ChildIndex, Derivable, DerivationPath, ExtendedKey, Network, Scheme, Xpub};
use cosigil::{KeyShare, PartyId, Secret, Threshold, Usage};
use proptest::prelude::*;

use crate::frost::sign_with;
use crate::net::{self, Net, id, rng};

/// The shares, 2 of 3, of a key with this secret and this chain code.
pub fn shares_with<S: Scheme>(secret: &Scalar<S::Curve>, chain_code: [u8; 32]) -> Vec<KeyShare<S>> {
    let slope = *random_scalar::<S::Curve>(&mut rng(445)).expose();
    let share = |n: u16| *secret + slope * Scalar::<S::Curve>::from(u64::from(n));
    let image = |secret: &Scalar<S::Curve>| encode_point::<S::Curve>(&S::Curve::mul_base(secret));
    let ids = [1, 2, 300];
    let parts = |n: &u16| KeyShareParts::<S> {
        me: id(*n),
        share: Secret::new(share(*n)),
        threshold: Threshold::new(2).unwrap(),
        parties: net::parties(&ids),
        verifying_shares: ids.iter().map(|n| (id(*n), image(&share(*n)))).collect(),
        verifying_key: image(secret),
        chain_code: Secret::new(chain_code),
    };
    ids.iter().map(|n| key_share_from_parts(parts(n)).unwrap()).collect()
}

fn key<S: Scheme>(seed: u64) -> Vec<KeyShare<S>> {
    let mut rng = rng(seed);
    let secret = random_scalar::<S::Curve>(&mut rng);
    let mut chain_code = [0; 32];
    rand_core::Rng::fill_bytes(&mut rng, &mut chain_code);
    shares_with(secret.expose(), chain_code)
}

fn path(text: &str) -> DerivationPath {
    text.parse().unwrap()
}

fn paths() -> impl Strategy<Value = DerivationPath> {
    let index = prop_oneof![0..8u32, Just((1 << 31) - 1), 0..1u32 << 31];
    let steps = proptest::collection::vec(index.prop_map(|index| ChildIndex::new(index).unwrap()), 0..5);
    steps.prop_map(|steps| DerivationPath::new(steps).unwrap())
}

/// The x of the whole key moved by δ is the child's secret; the parties' public data and the xpub alone give the
/// same child, in one walk or in two.
fn agrees<S: Derivable>(seed: u64, first: &DerivationPath, then: &DerivationPath) {
    let shares = key::<S>(seed);
    let all = first.join(then).unwrap();
    let child = shares[0].derive(&all).unwrap();
    let secret = *reconstruct(&shares[1..]).unwrap().expose() + child.tweak().delta().value();
    assert_eq!(child.extended_key().as_bytes(), encode_point::<S::Curve>(&S::Curve::mul_base(&secret)));
    assert_eq!(child.tweak().key(), child.extended_key().as_bytes());
    assert_eq!(*child.path(), all);
    let stepwise = shares[2].derive(first).unwrap().derive(then).unwrap();
    assert_eq!(stepwise.tweak(), child.tweak());
    let root = shares[1].extended_key().unwrap();
    let watched = root.derive(first).unwrap().derive(then).unwrap();
    for other in [&watched, stepwise.extended_key()] {
        assert_eq!(other.as_bytes(), child.extended_key().as_bytes());
        assert_eq!(other.chain_code().expose(), child.extended_key().chain_code().expose());
        assert_eq!(usize::from(other.depth()), all.steps().len());
    }
    let by_package = shares[0].public().derive(root.chain_code(), &all).unwrap();
    assert_eq!(by_package.tweak(), child.tweak());
}

/// Two other BIP-32: the `bip32` crate, and libsecp256k1 under `bitcoin`.
fn as_others_do<S: Derivable<Curve = Secp256k1>>(seed: u64, network: Network, path: &DerivationPath) {
    let share = key::<S>(seed).remove(0);
    let root = Xpub::new(network, share.extended_key().unwrap()).to_string();
    let ours = Xpub::new(network, share.derive(path).unwrap().into_extended_key()).to_string();

    let mut theirs = bip32::XPub::from_str(&root).unwrap();
    for step in path.steps() {
        theirs = theirs.derive_child(bip32::ChildNumber::new(step.get(), false).unwrap()).unwrap();
    }
    let prefix = if network == Network::Mainnet { bip32::Prefix::XPUB } else { bip32::Prefix::TPUB };
    assert_eq!(ours, theirs.to_extended_key(prefix).to_string());

    let steps = path.steps().iter().map(|step| bitcoin::bip32::ChildNumber::from_normal_idx(step.get()).unwrap());
    let theirs = bitcoin::bip32::Xpub::from_str(&root).unwrap();
    let theirs = theirs.derive_pub(&bitcoin::secp256k1::Secp256k1::new(), &steps.collect::<Vec<_>>()).unwrap();
    assert_eq!(ours, theirs.to_string());
    let back: Xpub<S> = ours.parse().unwrap();
    assert_eq!((back.to_string(), back.network()), (ours, network));
    assert_eq!(back.key().fingerprint(), theirs.fingerprint().to_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn t_06_derived_shares_are_shares_of_the_derived_key(seed: u64, first in paths(), then in paths()) {
        agrees::<Secp256k1Ecdsa>(seed, &first, &then);
        agrees::<Bip340>(seed, &first, &then);
        agrees::<Ed25519Sha512>(seed, &first, &then);
    }

    #[test]
    fn t_06_bip_32_as_in_two_other_libraries(seed: u64, path in paths(), main: bool) {
        let network = if main { Network::Mainnet } else { Network::Testnet };
        as_others_do::<Secp256k1Ecdsa>(seed, network, &path);
        as_others_do::<Bip340>(seed, network, &path);
    }

    /// T-09: it is BIP32-Ed25519, second version, of the `ed25519-bip32` crate; for keys of any scalar.
    #[test]
    fn t_09_bip32_ed25519_as_in_another_library(seed: u64, path in paths()) {
        let share = key::<Ed25519Sha512>(seed).remove(0);
        let root = share.extended_key().unwrap();
        let key = root.as_bytes().try_into().unwrap();
        let mut theirs = ed25519_bip32::XPub::from_pk_and_chaincode(&key, root.chain_code().expose());
        for step in path.steps() {
            theirs = theirs.derive(ed25519_bip32::DerivationScheme::V2, step.get()).unwrap();
        }
        let ours = share.derive(&path).unwrap();
        prop_assert_eq!(ours.extended_key().as_bytes(), theirs.public_key_slice());
        prop_assert_eq!(&ours.extended_key().chain_code().expose()[..], theirs.chain_code_slice());
    }
}

/// T-09: the scheme has a name, which is not SLIP-0010's; hardened steps, all that SLIP-0010 has for Ed25519, are
/// refused.
#[test]
fn t_09_derivation_is_named() {
    assert_eq!(Ed25519Sha512::DERIVATION, "BIP32-Ed25519 V2");
    assert_eq!([Secp256k1Ecdsa::DERIVATION, Bip340::DERIVATION], ["BIP-32"; 2]);
    assert_eq!("m/44'/501'/0'/0'".parse::<DerivationPath>(), Err(Usage::Hardened));
}

/// A Taproot signature for a child, verified by libsecp256k1 under the key that `bitcoin` makes of the xpub.
#[test]
fn t_04_taproot_on_derived_keys() {
    let secp = bitcoin::secp256k1::Secp256k1::new();
    let mut parities = std::collections::BTreeSet::new();
    for seed in 0..24u64 {
        let shares = key::<Bip340>(seed);
        let path = path(&format!("m/86/{seed}"));
        let xpub = Xpub::new(Network::Mainnet, shares[0].extended_key().unwrap()).to_string();
        let root = (seed % 3 == 0).then_some([u8::try_from(seed).unwrap(); 32]);
        // They: derive, then x-only, then TapTweak.
        let theirs = bitcoin::bip32::Xpub::from_str(&xpub).unwrap();
        let steps = path.steps().iter().map(|step| bitcoin::bip32::ChildNumber::from(step.get())).collect::<Vec<_>>();
        let (internal, parity) = theirs.derive_pub(&secp, &steps).unwrap().public_key.x_only_public_key();
        let merkle = root.map(bitcoin::hashes::Hash::from_byte_array);
        let (output, output_parity) = bitcoin::key::TapTweak::tap_tweak(internal, &secp, merkle);
        parities.insert((parity == secp256k1::Parity::Odd, output_parity == secp256k1::Parity::Odd));
        // We, from the xpub alone, and the signers.
        let watched: Xpub<Bip340> = xpub.parse().unwrap();
        let kind = root.map_or(TaprootOutput::KEY_PATH_ONLY, TaprootOutput::script_root);
        let key = watched.key().derive(&path).unwrap().output_key(&kind).unwrap();
        assert_eq!(key.to_bytes()[..], output.serialize());
        let sighash = [u8::try_from(seed).unwrap(); 32];
        let request =
            root.map_or(SigningRequest::key_path(sighash), |root| SigningRequest::with_script_root(sighash, root));
        let signers = [&shares[0], &shares[2]];
        let request = request.under(&signers[0].derive(&path).unwrap());
        assert_eq!(request.verifying_key(shares[0].public()).unwrap(), key);
        let signature = sign_with(&signers, &request, seed).unwrap();
        let signature = secp256k1::schnorr::Signature::from_slice(&signature.to_bytes()).unwrap();
        let message = secp256k1::Message::from_digest(sighash);
        secp.verify_schnorr(&signature, &message, &output.to_x_only_public_key()).unwrap();
        if root.is_none() {
            assert_eq!(key, watched.key().derive(&path).unwrap().verifying_key().unwrap());
        }
    }
    assert_eq!(parities.len(), 4);
}

/// Ed25519: the ordinary verifier, under the key that another library derives from public data.
#[test]
fn t_09_ed25519_children_sign() {
    for seed in 0..12u64 {
        let shares = key::<Ed25519Sha512>(seed);
        let root = shares[0].extended_key().unwrap();
        let key = root.as_bytes().try_into().unwrap();
        let theirs = ed25519_bip32::XPub::from_pk_and_chaincode(&key, root.chain_code().expose());
        let theirs = [0, u32::try_from(seed).unwrap()]
            .iter()
            .fold(theirs, |at, step| at.derive(ed25519_bip32::DerivationScheme::V2, *step).unwrap());
        let request = SigningRequest::new(b"to Alice".as_slice());
        let request = request.under(&shares[1].derive(&path(&format!("m/0/{seed}"))).unwrap());
        let signature = sign_with(&[&shares[1], &shares[2]], &request, seed).unwrap();
        let key = ed25519_dalek::VerifyingKey::from_bytes(theirs.public_key_bytes()).unwrap();
        key.verify_strict(b"to Alice", &signature).unwrap();
    }
}

/// The request goes over the wire with its path; the path of no steps is the key itself.
fn requests_travel<S: Suite<Place = InTree<S>> + Derivable>() {
    let shares = key::<S>(7);
    let plain = SigningRequest::<S>::new([1; 32]);
    let at = |text: &str| plain.clone().under(&shares[0].derive(&path(text)).unwrap());
    assert_eq!(at("m"), plain);
    let all = ["m/0", "m/1", "m/0/0", "m/2147483647/1/2/3/4/5/6/7"].map(at);
    for request in all.iter().chain([&plain]) {
        assert_eq!(&SigningRequest::<S>::from_bytes(&request.to_bytes()).unwrap(), request);
    }
    for (k, one) in all.iter().enumerate() {
        assert!(all[..k].iter().all(|other| other.to_bytes() != one.to_bytes()));
        assert_ne!(one.verifying_key(shares[0].public()), plain.verifying_key(shares[0].public()));
    }
    assert_eq!(all[2].child().unwrap().path(), &path("m/0/0"));
    assert!(plain.child().is_none());
    let extra = all[3].to_bytes().len() - plain.to_bytes().len();
    assert_eq!(extra, 4 * 8 + 32 + S::Curve::POINT_LEN);
    // Of another key: neither the signers nor the coordinator take it.
    let other = key::<S>(8);
    let foreign = plain.clone().under(&other[0].derive(&path("m/0")).unwrap());
    assert_eq!(foreign.verifying_key(shares[0].public()).unwrap_err(), Usage::OtherKey);
    let (nonces, one) = frost::commit(&shares[0], &mut rng(1)).unwrap();
    let (_, two) = frost::commit(&shares[1], &mut rng(2)).unwrap();
    let list = CommitmentList::new([(shares[0].me(), one), (shares[1].me(), two)]).unwrap();
    let error = frost::sign(&shares[0], nonces, &foreign, &list).unwrap_err();
    assert_eq!(*error.error(), Usage::OtherKey.into());
    assert!(error.into_nonces().is_none());
}

#[test]
fn t_05_requests_hold_the_path() {
    requests_travel::<Bip340>();
    requests_travel::<Ed25519Sha512>();
}

/// T-05: a request off the wire whose path is not the way to its child: no signer signs, though the sums are right.
#[test]
fn t_05_a_path_that_lies() {
    type S = Ed25519Sha512;
    let shares = key::<S>(9);
    let honest = SigningRequest::<S>::new(b"m".as_slice()).under(&shares[0].derive(&path("m/0/1")).unwrap());
    // The record with path m/0/0: a byte of the path changed, and the checksum made anew by what makes records.
    let other = SigningRequest::<S>::new(b"m".as_slice()).under(&shares[0].derive(&path("m/0/0")).unwrap());
    assert_ne!(honest, other);
    let mut bytes = honest.to_bytes();
    let at = bytes.windows(9).position(|window| window == [2, 0, 0, 0, 0, 0, 0, 0, 1]).unwrap();
    bytes[at + 8] = 0;
    assert_eq!(SigningRequest::<S>::from_bytes(&bytes), Err(Usage::Malformed)); // the checksum
    let end = bytes.len() - 16;
    let mut sum = [0; 16];
    cosigil::Transcript::new("record").field(&bytes[..end]).fill(&mut sum);
    bytes[end..].copy_from_slice(&sum);
    let lying = SigningRequest::<S>::from_bytes(&bytes).unwrap();
    assert_eq!(lying.child().unwrap().path(), &path("m/0/0"));
    let (nonces, one) = frost::commit(&shares[0], &mut rng(1)).unwrap();
    let (_, two) = frost::commit(&shares[1], &mut rng(2)).unwrap();
    let list = CommitmentList::new([(shares[0].me(), one), (shares[1].me(), two)]).unwrap();
    assert_eq!(*frost::sign(&shares[0], nonces, &lying, &list).unwrap_err().error(), Usage::OtherKey.into());
    let inputs = |_: PartyId| SigningInputs { key_share: Arc::new(key::<S>(9).remove(0)), request: lying.clone() };
    let started = Net::<Signing<S>>::start([net::params(1, &[1, 2], 2, 9)], inputs, 9);
    assert_eq!(started.map(|_| ()).unwrap_err(), Usage::OtherKey);
}

/// T-05: signers on different paths are foreign to each other and listed; nobody is blamed.
fn other_paths_are_foreign<S: Suite<Place = InTree<S>> + Derivable>() {
    let shares: BTreeMap<PartyId, Arc<KeyShare<S>>> =
        key::<S>(10).into_iter().map(|share| (share.me(), Arc::new(share))).collect();
    let run = |texts: [&str; 2]| {
        let all = [1, 300].map(|me| net::params(me, &[1, 300], 2, 10));
        let inputs = |me: PartyId| {
            let (key_share, text) = (Arc::clone(&shares[&me]), texts[usize::from(me.get() != 1)]);
            let request = SigningRequest::new([3; 32]).under(&key_share.derive(&path(text)).unwrap());
            SigningInputs { key_share, request }
        };
        let mut net = Net::<Signing<S>>::start(all, inputs, 10).unwrap();
        net.run();
        net
    };
    let agreed = run(["m/0/1", "m/0/1"]);
    let child = shares[&id(1)].derive(&path("m/0/1")).unwrap();
    for end in agreed.ends.values() {
        let key = child.extended_key().verifying_key().unwrap();
        assert!(S::verify(&key, &[3; 32], end.output.as_ref().unwrap()));
    }
    for texts in [["m/0", "m/1"], ["m", "m/0"], ["m/0", "m/0/0"]] {
        let net = run(texts);
        assert!(net.ends.values().all(|end| end.output.is_none() && end.abort.is_none()));
        assert_eq!(net.sessions[&id(1)].conflicts(), [id(300)]);
        assert_eq!(net.sessions[&id(300)].conflicts(), [id(1)]);
    }
}

#[test]
fn t_05_signers_on_other_paths_are_foreign() {
    other_paths_are_foreign::<Bip340>();
    other_paths_are_foreign::<Ed25519Sha512>();
}

/// T-07: what the docs warn of. Whoever gets the secret key of one child in one place, and the chain code, has the
/// root and every other child.
#[test]
fn t_07_one_child_secret_and_the_chain_code_are_the_root() {
    fn check<S: Derivable>() {
        let shares = key::<S>(11);
        let child = shares[0].derive(&path("m/0/3")).unwrap();
        // Somebody makes the child's secret key: it takes t parties who do what they should not.
        let leaked = *reconstruct(&shares[..2]).unwrap().expose() + child.tweak().delta().value();
        // The thief has that, the root's public key and its chain code: the xpub.
        let known = shares[2].extended_key().unwrap();
        let xpub: ExtendedKey<S> =
            ExtendedKey::root(known.as_bytes(), Secret::new(*known.chain_code().expose())).unwrap();
        let delta: PublicScalar<S::Curve> = *child.tweak().delta(); // computable from the xpub by anybody
        assert_eq!(xpub.derive(&path("m/0/3")).unwrap().as_bytes(), child.extended_key().as_bytes());
        let root = leaked - delta.value();
        assert_eq!(encode_point::<S::Curve>(&S::Curve::mul_base(&root)), known.as_bytes());
    }
    check::<Secp256k1Ecdsa>();
    check::<Bip340>();
    check::<Ed25519Sha512>();
}

/// A root is a point of the prime-order group, canonically encoded.
#[test]
fn g_01_roots_are_decoded_strictly() {
    let root = |key: &[u8]| ExtendedKey::<Ed25519Sha512>::root(key, Secret::new([1; 32])).map(|_| ());
    let good = key::<Ed25519Sha512>(12)[0].extended_key().unwrap().as_bytes().to_vec();
    assert_eq!(root(&good), Ok(()));
    let torsion = hex::decode("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a").unwrap();
    let identity = [&[1u8][..], &[0; 31]].concat();
    for wrong in [&torsion[..], &identity, &good[1..], &[&good[..], &[0]].concat(), &[]] {
        assert_eq!(root(wrong), Err(Usage::Malformed));
    }
    let root = |key: &[u8]| ExtendedKey::<Bip340>::root(key, Secret::new([1; 32])).map(|_| ());
    let good = key::<Bip340>(12)[0].extended_key().unwrap().as_bytes().to_vec();
    assert_eq!(root(&good), Ok(()));
    assert_eq!(root(&good[1..]), Err(Usage::Malformed), "x-only is not enough");
}

/// G-10: neither the key's chain code nor a child's is in the package, in a request for the child, or in anything that
/// the sessions which sign for it send.
#[test]
fn g_10_chain_codes_are_not_sent() {
    fn sent<S: Suite<Place = InTree<S>> + Derivable>() {
        let shares = key::<S>(9);
        let child = shares[0].derive(&path("m/0/7")).unwrap();
        let request = SigningRequest::<S>::new([7; 32]).under(&child);
        let mut seen = vec![request.to_bytes(), shares[0].public().to_bytes()];
        let inputs = |me: PartyId| {
            let share = key::<S>(9).into_iter().find(|share| share.me() == me).unwrap();
            SigningInputs { key_share: Arc::new(share), request: request.clone() }
        };
        let all = [1, 2].map(|me| net::params(me, &[1, 2], 2, 9));
        let mut net = Net::<Signing<S>>::start(all, inputs, 9).unwrap();
        net.run_with(|_, bytes| {
            seen.push(bytes.clone());
            vec![bytes]
        });
        assert!(net.ends.values().all(|end| end.output.is_some()) && seen.len() > 5);
        let has = |bytes: &[u8], code: &[u8]| code.windows(16).any(|part| bytes.windows(16).any(|at| at == part));
        for code in [shares[0].chain_code().expose(), child.extended_key().chain_code().expose()] {
            assert!(seen.iter().all(|bytes| !has(bytes, code)));
        }
        assert!(has(&shares[0].to_bytes(), shares[0].chain_code().expose()), "the search finds what is there");
    }
    sent::<Bip340>();
    sent::<Ed25519Sha512>();
}
