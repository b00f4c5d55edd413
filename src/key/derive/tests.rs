//! What no search finds: children that are not there. And what a tree of keys must refuse.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::*;
use crate::curve::{Scalar, Secp256k1};
use crate::key::dealer::{reconstruct, split};
use crate::key::{KeyShare, Scheme, Tweak};
use crate::party::{Parties, PartyId, Threshold};
use crate::transcript::{Transcript, TranscriptRng};
use crate::wire::Reader;

/// A scheme whose HMAC gives what a test wants: the index tells which left half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stubbed;

impl Scheme for Stubbed {
    type Curve = Secp256k1;
    const NAME: &'static str = "a stubbed HMAC";
}

/// n, the group order.
const ORDER: [u8; 32] = {
    let mut order = [0xff; 32];
    let low = 0xbaae_dce6_af48_a03b_bfd2_5e8c_d036_4141_u128.to_be_bytes();
    let mut k = 0;
    while k < 16 {
        order[16 + k] = low[k];
        k += 1;
    }
    order[15] = 0xfe;
    order
};

/// The key in these tests is K·G.
const K: u64 = 0x1234_5678_9abc;

fn left(index: u32) -> [u8; 32] {
    let mut left = ORDER;
    match index {
        0 => {}
        1 => left[31] += 5,
        2 => left = encode(-Scalar::<Secp256k1>::from(K)),
        3 => left = [0; 32],
        4 => left[31] -= 1,
        5 => left = [0xff; 32],
        _ => left = encode(Scalar::<Secp256k1>::from(u64::from(index))),
    }
    left
}

fn encode(scalar: Scalar<Secp256k1>) -> [u8; 32] {
    crate::curve::encode_scalar::<Secp256k1>(&scalar)
}

impl Derivable for Stubbed {
    const DERIVATION: &'static str = "stub";

    fn step(_: &Element<Secp256k1>, _: &Secret<[u8; 32]>, index: ChildIndex) -> Option<Step<Secp256k1>> {
        let mut mac = [7; 64];
        mac[..32].copy_from_slice(&left(index.get()));
        bip32::split(&mac)
    }
}

fn rng(seed: u64) -> TranscriptRng {
    Transcript::new("derive-test").number(seed).rng()
}

fn path(text: &str) -> DerivationPath {
    text.parse().unwrap()
}

fn shares<S: Scheme>(secret: Scalar<S::Curve>) -> Vec<KeyShare<S>> {
    let parties = Parties::without_identities([1, 2, 3].map(|n| PartyId::new(n).unwrap())).unwrap();
    split(&Secret::new(secret), Threshold::new(2).unwrap(), &parties, &mut rng(1)).unwrap()
}

/// T-06: I_L ≥ n and the identity are no children, whatever is left of the path; nothing is reduced.
#[test]
fn t_06_children_that_are_not_there() {
    let shares = shares::<Stubbed>(Scalar::<Secp256k1>::from(K));
    for none in [0, 1, 2, 5] {
        for text in [alloc::format!("m/{none}"), alloc::format!("m/{none}/7"), alloc::format!("m/3/{none}")] {
            assert_eq!(shares[0].derive(&path(&text)).unwrap_err(), Usage::InvalidChild(none), "{text}");
        }
    }
    // After a step of 7 the key is another, so −k is no trap any more; 0 and n − 1 are steps like any other.
    for (text, delta) in [("m/7/2", 7 - i128::from(K)), ("m/3", 0), ("m/4", -1), ("m/4/4/9", 7)] {
        let child = shares[1].derive(&path(text)).unwrap();
        let size = Scalar::<Secp256k1>::from(u64::try_from(delta.unsigned_abs()).unwrap());
        let delta = if delta < 0 { -size } else { size };
        assert_eq!(*child.tweak().delta().value(), delta, "{text}");
        let secret = *reconstruct(&shares[1..]).unwrap().expose() + delta;
        assert_eq!(*child.extended_key().point(), Secp256k1::mul_base(&secret));
        assert_eq!(child.extended_key().chain_code().expose(), &[7; 32]);
    }
}

/// T-06: depth 255 is the last, however one gets there.
#[test]
fn t_06_depth_has_an_end() {
    let share = shares::<Stubbed>(Scalar::<Secp256k1>::from(K)).remove(0);
    let to = |steps: usize| DerivationPath::new((0..steps).map(|_| ChildIndex::new(9).unwrap())).unwrap();
    let deep = share.derive(&to(255)).unwrap();
    assert_eq!((deep.extended_key().depth(), deep.path().steps().len()), (255, 255));
    assert_eq!(deep.derive(&to(1)).unwrap_err(), Usage::PathTooLong);
    assert_eq!(deep.extended_key().derive(&to(1)).unwrap_err(), Usage::PathTooLong);
    assert_eq!(deep.derive(&to(0)).unwrap().tweak(), deep.tweak());
    // The depth of a key counts from its own root: from an xpub of depth 200 there are 55 steps.
    let below = Xpub::new(Network::Mainnet, share.extended_key().unwrap().derive(&to(200)).unwrap()).to_string();
    let below: Xpub<Stubbed> = below.parse().unwrap();
    assert_eq!(below.key().derive(&to(55)).unwrap().as_bytes(), deep.extended_key().as_bytes());
    assert_eq!(below.key().derive(&to(56)).unwrap_err(), Usage::PathTooLong);
}

/// G-10, F-03: what holds a chain code prints nothing of it.
#[test]
fn g_10_chain_codes_are_not_printed() {
    let share = shares::<Stubbed>(Scalar::<Secp256k1>::from(K)).remove(0);
    let child = share.derive(&path("m/9")).unwrap();
    let texts = alloc::format!("{child:?} {:?} {:?}", child.extended_key(), child.tweak());
    let root = share.extended_key().unwrap();
    let texts = alloc::format!("{texts} {root:?} {:?}", Xpub::new(Network::Testnet, share.extended_key().unwrap()));
    for code in [root.chain_code(), child.extended_key().chain_code()] {
        assert!(!texts.contains(&hex::encode(code.expose())));
        assert!(!texts.contains(&alloc::format!("{:?}", code.expose())));
    }
    // Nor is it in what is handed out: a request for a child, the package.
    type S = crate::frost::Bip340;
    let share = shares::<S>(Scalar::<Secp256k1>::from(K)).remove(0);
    let child = share.derive(&path("m/9")).unwrap();
    let request = crate::frost::SigningRequest::<S>::key_path([7; 32]).under(&child).to_bytes();
    let has = |bytes: &[u8], code: &Secret<[u8; 32]>| {
        bytes.windows(16).any(|part| code.expose().windows(16).any(|half| half == part))
    };
    for code in [share.chain_code(), child.extended_key().chain_code()] {
        assert!(!has(&request, code) && !has(&share.public().to_bytes(), code));
    }
    assert!(has(&share.to_bytes(), share.chain_code()), "the search finds what is there");
    assert!(texts.contains("m/9") && texts.contains(&hex::encode(root.as_bytes())));
}

/// T-06: zeros are no chain code, through whichever door they come.
#[test]
fn t_06_no_chain_code_no_root() {
    use core::str::FromStr;
    let share = shares::<Stubbed>(Scalar::<Secp256k1>::from(K)).remove(0);
    let key = share.extended_key().unwrap();
    let root = |code: [u8; 32]| ExtendedKey::<Stubbed>::root(key.as_bytes(), Secret::new(code)).map(drop);
    assert_eq!(root([0; 32]), Err(Usage::NoDerivation));
    let mut last = [0; 32];
    last[31] = 1;
    assert_eq!(root(last), Ok(()));
    // Under a right checksum.
    let text = |code: [u8; 32]| {
        let key = ExtendedKey::<Stubbed>::at(Origin::ROOT, Element::new(*key.point()), Secret::new(code));
        Xpub::new(Network::Mainnet, key).to_string()
    };
    assert_eq!(Xpub::<Stubbed>::from_str(&text([0; 32])).map(drop), Err(Usage::Malformed));
    assert_eq!(Xpub::<Stubbed>::from_str(&text(last)).map(drop), Ok(()));
}

/// The chain code is the one that all parties agreed on, or there are no children.
#[test]
fn the_chain_code_is_the_keys() {
    let shares = shares::<Stubbed>(Scalar::<Secp256k1>::from(K));
    let public = shares[0].public();
    let right = public.derive(shares[2].chain_code(), &path("m/9")).unwrap();
    assert_eq!(right.tweak(), shares[1].derive(&path("m/9")).unwrap().tweak());
    for wrong in [[0; 32], [1; 32]] {
        let wrong = public.derive(&Secret::new(wrong), &path("m/9"));
        assert_eq!(wrong.unwrap_err(), Usage::OtherChainCode);
    }
    let parts = |chain_code| crate::hazmat::KeyShareParts::<Stubbed> {
        me: shares[0].me(),
        share: Secret::new(*shares[0].secret().expose()),
        threshold: public.threshold(),
        parties: public.parties().clone(),
        verifying_shares: public
            .parties()
            .ids()
            .map(|id| (id, crate::curve::encode_point::<Secp256k1>(&public.verifying_share(id).unwrap())))
            .collect(),
        verifying_key: crate::curve::encode_point::<Secp256k1>(&public.joint_point()),
        chain_code: Secret::new(chain_code),
    };
    let without = crate::hazmat::key_share_from_parts(parts([0; 32])).unwrap();
    assert_eq!(without.derive(&path("m/9")).unwrap_err(), Usage::NoDerivation);
    assert_eq!(without.extended_key().map(|_| ()).unwrap_err(), Usage::NoDerivation);
    let with = crate::hazmat::key_share_from_parts(parts([5; 32])).unwrap();
    assert!(with.derive(&path("m/9")).is_ok());
}

/// T-05: a child of one key is no child of another, nor one of another path.
#[test]
fn t_05_a_child_is_of_one_key_and_path() {
    type S = crate::ecdsa::Secp256k1Ecdsa;
    let (ours, theirs) = (shares::<S>(Scalar::<Secp256k1>::from(5u64)), shares::<S>(Scalar::<Secp256k1>::from(6u64)));
    let child = ours[0].derive(&path("m/0/9")).unwrap();
    let root = ours[0].public().joint_point();
    assert_eq!(child.tweak().tweak(&root).unwrap(), Tweak::add(*child.tweak().delta()));
    assert_eq!(child.tweak().tweak(&theirs[0].public().joint_point()), Err(Usage::OtherKey));
    assert_eq!(child.tweak().check(&ours[1]), Ok(()));
    assert_eq!(child.tweak().check(&theirs[0]), Err(Usage::OtherKey));
    // Off the wire: the way is one, and leads where it says; a path that lies is found by whoever has the chain code.
    let mut bytes = Vec::new();
    child.tweak().write(&mut bytes);
    assert_eq!(bytes.len(), child.tweak().size());
    let read = |bytes: &[u8]| {
        let mut input = Reader::new(bytes);
        let steps = input.u8()?;
        ChildTweak::<S>::read(steps, &mut input).filter(|_| input.finish().is_some())
    };
    assert_eq!(read(&bytes).as_ref(), Some(child.tweak()));
    let mut other_path = bytes.clone();
    other_path[8] ^= 1;
    let other_path = read(&other_path).unwrap();
    assert!(other_path.tweak(&root).is_ok());
    assert_eq!(other_path.check(&ours[0]), Err(Usage::OtherKey));
    let mut other_delta = bytes.clone();
    other_delta[9 + 31] ^= 1;
    assert_eq!(read(&other_delta).unwrap().tweak(&root), Err(Usage::OtherKey));
    // T-08: no hardened step gets in by the wire.
    let mut hardened = bytes.clone();
    hardened[1] |= 0x80;
    assert_eq!(read(&hardened), None);
    for length in 0..bytes.len() {
        assert_eq!(read(&bytes[..length]), None);
    }
}
