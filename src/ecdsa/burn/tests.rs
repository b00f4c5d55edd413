//! What is counted, for whom, and for how long.

#![allow(clippy::cast_possible_truncation)] // small numbers

use super::*;
use crate::ecdsa::scheme::Secp256k1Ecdsa;
use crate::key::dealer::split;
use crate::party::{Parties, Threshold};
use crate::secret::Secret;
use crate::session::Identity;
use crate::transcript::Transcript;

fn id(n: u16) -> PartyId {
    PartyId::new(n).unwrap()
}

fn share() -> KeyShare<Secp256k1Ecdsa> {
    let identity = |n: u16| Identity::from_seed(&Secret::new([n as u8; 32])).public();
    let parties = Parties::new([1, 2, 3].map(|n| (id(n), identity(n)))).unwrap();
    let label = Transcript::new("burn-test");
    let secret = label.fork().secret_scalar::<<Secp256k1Ecdsa as Scheme>::Curve>();
    split(&secret, Threshold::new(2).unwrap(), &parties, &mut label.rng()).unwrap().remove(0)
}

pub(super) fn peer(key: u8, n: u16, identity: u8) -> Peer {
    Peer { key_id: KeyId::from_bytes([key; 32]), id: id(n), identity: [identity; 32] }
}

/// O-25: strikes are counted by key and identity, whatever the party's number; burns count, once each.
#[test]
fn o_25_strikes_follow_the_identity() {
    let log = MemoryBurnLog::new();
    log.strike(&peer(1, 2, 7)).unwrap();
    log.burn(&PairId::from_bytes([1; 32]), &peer(1, 4, 7)).unwrap();
    log.burn(&PairId::from_bytes([1; 32]), &peer(1, 4, 7)).unwrap();
    let total = |who| log.strikes(&who).unwrap().total;
    assert_eq!((total(peer(1, 9, 7)), total(peer(1, 2, 8)), total(peer(2, 2, 7))), (2, 0, 0));
    // Where there are no identities the number is what there is.
    log.strike(&peer(1, 2, 0)).unwrap();
    assert_eq!((total(peer(1, 2, 0)), total(peer(1, 3, 0))), (1, 0));
}

/// O-25: at three an operator decides; forgiven strikes do not count, and are not forgotten.
#[test]
fn o_25_forgiving() {
    let (log, mut share) = (MemoryBurnLog::new(), share());
    let who = Peer::of(&share, id(2)).unwrap();
    for _ in 0..3 {
        assert_eq!(check_standing(&share, id(2), &log), Ok(()));
        log.strike(&who).unwrap();
    }
    assert_eq!(check_standing(&share, id(2), &log), Err(Usage::OperatorNeeded(id(2))));
    assert_eq!(check_standing(&share, id(3), &log), Ok(()));
    assert_eq!(check_standing(&share, id(4), &log), Err(Usage::UnknownParty(id(4))));
    note_strikes(&mut share, &log).unwrap();
    hazmat::forgive(&log, &share, id(2)).unwrap();
    assert_eq!(check_standing(&share, id(2), &log), Ok(()), "though the share remembers three");
    assert_eq!(log.strikes(&who).unwrap(), Strikes { total: 3, forgiven: 3 });
    for _ in 0..3 {
        log.strike(&who).unwrap();
    }
    assert_eq!(check_standing(&share, id(2), &log), Err(Usage::OperatorNeeded(id(2))));
    assert_eq!(hazmat::forgive(&log, &share, id(4)), Err(Usage::UnknownParty(id(4))));
}

/// O-25: what a restored share remembers counts on a new log too, and further strikes on top of it.
#[test]
fn o_25_a_restored_share_brings_its_strikes() {
    let (old, new, mut share) = (MemoryBurnLog::new(), MemoryBurnLog::new(), share());
    let who = Peer::of(&share, id(2)).unwrap();
    old.strike(&who).unwrap();
    old.strike(&who).unwrap();
    note_strikes(&mut share, &old).unwrap();
    note_strikes(&mut share, &new).unwrap();
    let restored = KeyShare::<Secp256k1Ecdsa>::from_bytes(&share.to_bytes()).unwrap();
    assert_eq!(restored.strikes(id(2)), Ok(2));
    assert_eq!(check_standing(&restored, id(2), &new), Ok(()));
    assert_eq!(check_standing(&restored, id(2), &new), Ok(()));
    assert_eq!(new.strikes(&who).unwrap().total, 2);
    new.strike(&who).unwrap();
    assert_eq!(check_standing(&restored, id(2), &new), Err(Usage::OperatorNeeded(id(2))));
}
