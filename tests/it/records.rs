//! Parameters and stored records: what must not be accepted, whoever wrote it.

use cosigil::curve::{Ed25519, random_scalar};
use cosigil::frost::{Bip340, Ed25519Sha512, Suite};
use cosigil::{KeyShare, Label, Parties, PartyId, PublicKeyPackage, SessionParams, Threshold, Usage, hazmat};

use crate::net::{id, parties, rng};

fn share<S: Suite>() -> KeyShare<S> {
    let secret = random_scalar::<S::Curve>(&mut rng(1));
    hazmat::split::<S>(&secret, Threshold::new(2).unwrap(), &parties(&[1, 300, 65535]), &mut rng(2)).unwrap().remove(0)
}

/// K-05, G-08: ids are 1 to 65535, through every door, and never cut short.
#[test]
fn k_05_ids() {
    assert_eq!(PartyId::new(0), Err(Usage::InvalidPartyId));
    for n in [1, 255, 256, 257, 65535] {
        assert_eq!(PartyId::try_from(n).unwrap().get(), n);
        assert_eq!(PartyId::new(n).unwrap().to_bytes(), n.to_be_bytes());
    }
    // An id of 0 in a record, with a right checksum, is refused where it is read.
    let bytes = share::<Ed25519Sha512>().public().to_bytes();
    let ids_at = record_body(&bytes) + 32 + 32 + 4 + 2 + 2;
    assert_eq!(&bytes[ids_at..ids_at + 2], [0, 1]);
    let zero = forge(&bytes, |body| body[ids_at..ids_at + 2].fill(0));
    assert_eq!(PublicKeyPackage::<Ed25519Sha512>::from_bytes(&zero), Err(Usage::Malformed));
}

/// K-06, G-07: no party twice, no unsorted list.
#[test]
fn k_06_no_party_twice() {
    assert_eq!(Parties::without_identities([id(1), id(2), id(1)]), Err(Usage::DuplicateParty(id(1))));
    let set = Parties::without_identities([id(3), id(1), id(2)]).unwrap();
    assert!(set.ids().eq([id(1), id(2), id(3)]));
    assert_eq!(set.subset([id(1), id(1)]), Err(Usage::DuplicateParty(id(1))));
    assert_eq!(set.subset([id(4)]), Err(Usage::UnknownParty(id(4))));
    let bytes = share::<Ed25519Sha512>().public().to_bytes();
    let at = record_body(&bytes) + 72;
    let unsorted = forge(&bytes, |body| {
        let (first, second) = body[at..at + 68].split_at_mut(34);
        first.swap_with_slice(second);
    });
    assert_eq!(PublicKeyPackage::<Ed25519Sha512>::from_bytes(&unsorted), Err(Usage::Malformed));
}

/// K-15: 2 ≤ t ≤ n, in the core, in every build.
#[test]
fn k_15_thresholds() {
    for t in [0, 1] {
        assert_eq!(Threshold::new(t), Err(Usage::InvalidThreshold));
    }
    let params = |t: u16, ids: &[u16]| {
        SessionParams::new(Label::from_bytes([0; 32]), id(1), Threshold::new(t).unwrap(), parties(ids)).map(drop)
    };
    assert_eq!(params(2, &[1]), Err(Usage::InvalidThreshold));
    assert_eq!(params(4, &[1, 2, 3]), Err(Usage::InvalidThreshold));
    assert_eq!(params(65535, &[1, 2, 3]), Err(Usage::InvalidThreshold));
    assert_eq!(params(3, &[1, 2, 3]), Ok(()));
    assert_eq!(params(2, &[2, 3]), Err(Usage::UnknownParty(id(1))));
    let secret = random_scalar::<Ed25519>(&mut rng(1));
    let split = hazmat::split::<Ed25519Sha512>(&secret, Threshold::new(4).unwrap(), &parties(&[1, 2, 3]), &mut rng(2));
    assert_eq!(split.map(drop), Err(Usage::InvalidThreshold));
}

/// K-18, F-16: a share that does not fit, or a package whose key was replaced, is no key share.
#[test]
fn k_18_f_16_shares_must_fit_their_package() {
    let share = share::<Ed25519Sha512>();
    let bytes = share.to_bytes();
    let other = random_scalar::<Ed25519>(&mut rng(9));
    let others =
        hazmat::split::<Ed25519Sha512>(&other, Threshold::new(2).unwrap(), &parties(&[1, 300, 65535]), &mut rng(8));
    let other = others.unwrap().remove(0).to_bytes();
    let points = record_body(&bytes) + 72 + 3 * 34;
    for at in [points, points + 32] {
        let replaced = forge(&bytes, |body| body[at..at + 32].copy_from_slice(&other[at..at + 32]));
        assert_eq!(KeyShare::<Ed25519Sha512>::from_bytes(&replaced).map(drop), Err(Usage::InvalidShare));
    }
    let share_at = points + 64 + 32 + 1 + 2;
    for (at, length) in [(share_at, 32), (share_at + 32, 32)] {
        let replaced = forge(&bytes, |body| body[at..at + length].copy_from_slice(&other[at..at + length]));
        assert_eq!(KeyShare::<Ed25519Sha512>::from_bytes(&replaced).map(drop), Err(Usage::InvalidShare));
    }
    let stranger = forge(&bytes, |body| body[share_at - 2..share_at].copy_from_slice(&[0, 7]));
    assert_eq!(KeyShare::<Ed25519Sha512>::from_bytes(&stranger).map(drop), Err(Usage::UnknownParty(id(7))));
}

/// G-06, G-07, S-08: every flipped bit, cut and added byte is refused; another suite, version or kind too;
/// a count that nothing stands behind makes no room.
#[test]
fn g_06_g_07_s_08_records() {
    let share = share::<Ed25519Sha512>();
    let mut bytes = share.to_bytes().to_vec();
    assert_eq!(KeyShare::<Ed25519Sha512>::from_bytes(&bytes).unwrap().to_bytes().as_slice(), bytes);
    for k in 0..bytes.len() {
        bytes[k] ^= 4;
        assert!(KeyShare::<Ed25519Sha512>::from_bytes(&bytes).is_err(), "byte {k}");
        bytes[k] ^= 4;
        assert!(KeyShare::<Ed25519Sha512>::from_bytes(&bytes[..k]).is_err());
    }
    assert!(KeyShare::<Ed25519Sha512>::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
    assert_eq!(KeyShare::<Bip340>::from_bytes(&bytes).map(drop), Err(Usage::OtherSuite));
    assert_eq!(PublicKeyPackage::<Ed25519Sha512>::from_bytes(&bytes).map(drop), Err(Usage::Malformed));
    let version = forge(&bytes, |body| body[9] += 1);
    assert_eq!(KeyShare::<Ed25519Sha512>::from_bytes(&version).map(drop), Err(Usage::UnknownVersion));
    let count_at = record_body(&bytes) + 70;
    let bomb = forge(&bytes, |body| body[count_at..count_at + 2].fill(0xff));
    assert_eq!(KeyShare::<Ed25519Sha512>::from_bytes(&bomb).map(drop), Err(Usage::Malformed));
    let trailing = forge(&bytes, |body| body.push(0));
    assert_eq!(KeyShare::<Ed25519Sha512>::from_bytes(&trailing).map(drop), Err(Usage::Malformed));
}

/// G-09: the order in which parties are given does not matter, at ids where bytewise orders differ.
#[test]
fn g_09_any_order_of_parties() {
    let ids = [129, 256, 257, 65535, 1];
    let mut shuffled = ids;
    shuffled.reverse();
    let secret = random_scalar::<Ed25519>(&mut rng(1));
    let split = |ids: &[u16]| {
        let shares = hazmat::split::<Ed25519Sha512>(&secret, Threshold::new(3).unwrap(), &parties(ids), &mut rng(2));
        shares.unwrap().iter().map(|share| share.to_bytes().to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(split(&ids), split(&shuffled));
}

/// Where the body of a record begins.
pub fn record_body(bytes: &[u8]) -> usize {
    11 + usize::from(bytes[10])
}

/// The record with something changed, under a right checksum: what somebody who can write the file makes.
pub fn forge(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut content = bytes[..bytes.len() - 16].to_vec();
    change(&mut content);
    let mut checksum = [0; 16];
    cosigil::Transcript::new("record").field(&content).fill(&mut checksum);
    content.extend_from_slice(&checksum);
    content
}
