//! Pair states: burns, the rule of pending and active, the stored form.

#![allow(clippy::cast_possible_truncation)] // small numbers

extern crate std;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;

use super::record::PAIR_LEN;
use super::testing::{all_pairs, pair};
use super::*;
use crate::ecdsa::burn::{MemoryBurnLog, StoreError, Strikes};
use crate::ecdsa::scheme::Secp256k1Ecdsa;
use crate::error::Consequence;
use crate::key::Scheme;
use crate::key::dealer::split;
use crate::party::{Parties, Threshold};
use crate::record::{self, Kind};
use crate::secret::Secret;
use crate::session::Identity;
use crate::transcript::Transcript;

type Keys = KeyShare<Secp256k1Ecdsa>;
type States = PairStates<Secp256k1Ecdsa>;

fn id(n: u16) -> PartyId {
    PartyId::new(n).unwrap()
}

fn keys(seed: u64) -> Vec<Keys> {
    let identity = |n: u16| Identity::from_seed(&Secret::new([n as u8; 32])).public();
    let parties = Parties::new([2, 5, 9].map(|n| (id(n), identity(n)))).unwrap();
    let secret = Transcript::new("pairs-test").number(seed).secret_scalar::<<Secp256k1Ecdsa as Scheme>::Curve>();
    let mut rng = Transcript::new("pairs-test-rng").number(seed).rng();
    split(&secret, Threshold::new(2).unwrap(), &parties, &mut rng).unwrap()
}

/// A log that answers with this.
struct Broken(fn() -> StoreError);

impl BurnLog for Broken {
    fn burn(&self, _: &PairId, _: &Peer) -> Result<(), StoreError> {
        Err(self.0())
    }
    fn is_burned(&self, _: &PairId) -> Result<bool, StoreError> {
        Err(self.0())
    }
    fn strike(&self, _: &Peer) -> Result<(), StoreError> {
        Err(self.0())
    }
    fn strikes(&self, _: &Peer) -> Result<Strikes, StoreError> {
        Err(self.0())
    }
    fn forgive(&self, _: &Peer) -> Result<(), StoreError> {
        Err(self.0())
    }
}

fn ids(pairs: &[SessionPair]) -> Vec<PairId> {
    pairs.iter().map(|pair| *pair.pair_id()).collect()
}

/// O-01(2): after a burn every handle refuses, a session that is open and one that is to be.
#[test]
fn o_01_a_burn_is_seen_by_every_session() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let states = all_pairs(&keys, 1);
    let open = || states[0].session_pairs(&keys[0], &[id(2), id(5), id(9)], &log);
    let (one, other) = (open().unwrap(), open().unwrap());
    assert!(one.iter().chain(&other).all(|pair| pair.check().is_ok()));
    let abort = one[0].burn(Fault::BadExtension, &log);
    assert_eq!((abort.fault(), abort.culprits()), (Fault::BadExtension, &[id(5)][..]));
    assert_eq!(abort.consequences(), [Consequence::Burned(id(5), *one[0].pair_id())]);
    for pairs in [&one, &other] {
        let end = pairs[0].check().unwrap_err();
        assert_eq!((end.fault(), end.culprits(), end.consequences()), (Fault::PairBurned, &[][..], &[][..]));
        assert!(pairs[1].check().is_ok(), "another pair");
        assert_eq!(pairs[0].compare(pairs[0].pair_id()).unwrap_err().fault(), Fault::PairBurned);
    }
    assert_eq!(open().unwrap_err(), Usage::SetupNeeded(id(5)));
    assert_eq!(states[0].missing(&keys[0]), [id(5)]);
    // Once is enough: one burn, one strike.
    let _ = other[0].burn(Fault::BadMultiplication, &log);
    let peer = Peer::of(&keys[0], id(5)).unwrap();
    assert_eq!(log.strikes(&peer).unwrap(), Strikes { total: 1, forgiven: 0 });
    assert!(log.is_burned(one[0].pair_id()).unwrap() && !log.is_burned(one[1].pair_id()).unwrap());
}

/// All whose checks failed in one round are burned and named; with none there is no abort.
#[test]
fn o_01_several_burn_at_once() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let states = all_pairs(&keys, 1);
    let pairs = states[0].session_pairs(&keys[0], &[id(9), id(5)], &log).unwrap();
    assert!(burn_all(Fault::BadNonceImage, &[], &log).is_ok());
    let abort = burn_all(Fault::BadNonceImage, &[&pairs[1], &pairs[0]], &log).unwrap_err();
    assert_eq!(abort.culprits(), [id(5), id(9)]);
    let burned = [0, 1].map(|k| Consequence::Burned(pairs[k].peer(), *pairs[k].pair_id()));
    assert_eq!(abort.consequences(), burned);
    assert!(pairs.iter().all(|pair| pair.is_burned()));
}

/// O-24: the log fails or panics: the pair is dead all the same, and the abort says what is not on record.
#[test]
fn o_24_a_log_that_fails_or_panics() {
    let keys = keys(1);
    let states = all_pairs(&keys, 1);
    let good = MemoryBurnLog::new();
    let pairs = states[0].session_pairs(&keys[0], &[id(5), id(9)], &good).unwrap();
    let abort = pairs[0].burn(Fault::BadExtension, &Broken(|| StoreError::Failed));
    assert_eq!((abort.culprits(), abort.consequences()), (&[id(5)][..], &[Consequence::NotRecorded(id(5))][..]));
    let panics = Broken(|| panic!("the disk is on fire"));
    assert!(catch_unwind(AssertUnwindSafe(|| pairs[1].burn(Fault::BadExtension, &panics))).is_err());
    assert!(pairs.iter().all(|pair| pair.check().is_err()));
    let open = |log: &dyn BurnLog| states[0].session_pairs(&keys[0], &[id(9)], log).unwrap_err();
    assert_eq!(open(&good), Usage::SetupNeeded(id(9)));
    assert_eq!(open(&Broken(|| StoreError::Failed)), Usage::StoreFailed);
}

/// O-24: sixty-four sessions on one pair, one burns: nothing passes anywhere once that has returned.
#[test]
fn o_24_nothing_passes_after_the_flag() {
    let keys = keys(1);
    let states = all_pairs(&keys, 1);
    let log = MemoryBurnLog::new();
    let pairs: Vec<_> =
        (0..64).map(|_| states[0].session_pairs(&keys[0], &[id(5)], &log).unwrap().pop().unwrap()).collect();
    let (start, burned) = (Barrier::new(64), Barrier::new(64));
    let passed: usize = thread::scope(|scope| {
        let threads: Vec<_> = pairs
            .iter()
            .enumerate()
            .map(|(k, pair)| {
                let (start, burned, log) = (&start, &burned, &log);
                scope.spawn(move || {
                    start.wait();
                    if k == 7 {
                        let _ = pair.burn(Fault::BadExtension, log);
                    }
                    let _ = pair.check();
                    burned.wait();
                    usize::from(pair.check().is_ok() || pair.pair().check().is_ok())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(passed, 0);
}

/// O-24: the log knows of a burn that this process has not made.
#[test]
fn o_24_the_log_is_asked_at_every_start() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let states = all_pairs(&keys, 1);
    let pairs = states[0].session_pairs(&keys[0], &[id(5)], &log).unwrap();
    log.burn(pairs[0].pair_id(), &Peer::of(&keys[0], id(5)).unwrap()).unwrap();
    let refused = states[0].session_pairs(&keys[0], &[id(5)], &log).unwrap_err();
    assert_eq!(refused, Usage::SetupNeeded(id(5)));
    assert!(pairs[0].check().is_err(), "and sessions that are open learn of it");
}

/// O-01(3), O-24: burned, then killed before the states were stored: burned after the restart.
#[test]
fn o_01_a_burn_survives_a_crash_before_the_save() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let mut states = all_pairs(&keys, 1).remove(0);
    let stored = states.to_bytes();
    let pairs = states.session_pairs(&keys[0], &[id(5), id(9)], &log).unwrap();
    let _ = pairs[0].burn(Fault::BadExtension, &log);
    let restarted = States::from_bytes(&stored, &log, 0).unwrap();
    let needed = restarted.session_pairs(&keys[0], &[id(5)], &log).unwrap_err();
    assert_eq!(needed, Usage::SetupNeeded(id(5)));
    assert_eq!(ids(&restarted.session_pairs(&keys[0], &[id(9)], &log).unwrap()), [*pairs[1].pair_id()]);
    // And it is not stored any more.
    assert_eq!(states.to_bytes().len(), stored.len() - PAIR_LEN);
    assert_eq!(States::from_bytes(&stored, &Broken(|| StoreError::Failed), 0).unwrap_err(), Usage::StoreFailed);
}

/// The counter counts the members of batches and stops at 2^20.
#[test]
fn a_pair_is_used_up() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let mut states = all_pairs(&keys, 1).remove(0);
    let pair = states.session_pairs(&keys[0], &[id(5)], &log).unwrap().remove(0);
    for _ in 0..4095 {
        pair.count_use(256).unwrap();
    }
    assert_eq!(pair.uses(), MAX_USES - 256);
    assert_eq!(pair.count_use(257), Err(Usage::SetupNeeded(id(5))));
    assert_eq!(pair.count_use(u32::MAX), Err(Usage::SetupNeeded(id(5))));
    pair.count_use(255).unwrap();
    assert_eq!(States::from_bytes(&states.to_bytes(), &log, 0).unwrap().missing(&keys[0]), []);
    pair.count_use(1).unwrap();
    assert_eq!(states.missing(&keys[0]), [id(5)]);
    assert_eq!(pair.count_use(1), Err(Usage::SetupNeeded(id(5))));
    let restored = States::from_bytes(&states.to_bytes(), &log, 0).unwrap();
    assert_eq!(restored.missing(&keys[0]), [id(5)]);
    assert!(pair.check().is_ok(), "what has been started may end");
}

/// A pending pair, of which the peer is not known to have it.
fn pending(keys: &[Keys], seed: u64) -> Arc<Pair> {
    let [pair, _] = pair(&keys[0], &keys[1], seed);
    pair.status.store(PENDING, Ordering::SeqCst);
    pair
}

/// O-22: which of two setups is used, and what takes the place of what.
#[test]
fn o_22_pending_and_active() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let choose = |states: &States| states.session_pairs(&keys[0], &[id(5)], &log).map(|mut pairs| pairs.remove(0));
    let chosen = |states: &States| choose(states).map(|pair| *pair.pair_id());
    let mut states = States::new(&keys[0]);
    assert_eq!(chosen(&states), Err(Usage::SetupNeeded(id(5))));
    // The first one is used even while pending: there is nothing else.
    let first = pending(&keys, 1);
    states.insert(Arc::clone(&first)).unwrap();
    assert_eq!(chosen(&states), Ok(*first.pair_id()));
    choose(&states).unwrap().compare(first.pair_id()).unwrap();
    assert!(first.is_active());
    // A second stays behind until the peer uses it.
    let second = pending(&keys, 2);
    states.insert(Arc::clone(&second)).unwrap();
    states.insert(Arc::clone(&second)).unwrap();
    assert_eq!(chosen(&states), Ok(*first.pair_id()));
    let session = choose(&states).unwrap();
    assert_eq!(session.compare(&PairId::from_bytes([9; 32])).unwrap_err().fault(), Fault::OtherSetup);
    assert_eq!(chosen(&states), Ok(*first.pair_id()));
    let end = session.compare(second.pair_id()).unwrap_err();
    assert_eq!((end.fault(), end.culprits(), end.consequences()), (Fault::OtherSetup, &[][..], &[][..]));
    assert_eq!(chosen(&states), Ok(*second.pair_id()));
    // Of those that wait the oldest is used when the one in use burns; one that is completed drops those before it.
    let [third, fourth, fifth] = [3, 4, 5].map(|seed| pending(&keys, seed));
    for pair in [&third, &fourth, &fifth] {
        states.insert(Arc::clone(pair)).unwrap();
    }
    assert_eq!(chosen(&states), Ok(*second.pair_id()));
    let _ = second.burn(Fault::BadExtension, &log);
    assert_eq!(chosen(&states), Ok(*third.pair_id()));
    assert_eq!(choose(&states).unwrap().compare(fourth.pair_id()).unwrap_err().fault(), Fault::OtherSetup);
    assert_eq!(chosen(&states), Ok(*fourth.pair_id()));
    let _ = fourth.burn(Fault::BadExtension, &log);
    assert_eq!(chosen(&states), Ok(*fifth.pair_id()));
    // At most four wait.
    let more: Vec<_> = (6..10).map(|seed| pending(&keys, seed)).collect();
    more.iter().for_each(|pair| states.insert(Arc::clone(pair)).unwrap());
    assert_eq!(chosen(&states), Ok(*more[0].pair_id()));
    assert_eq!(choose(&states).unwrap().pending.len(), 3);
    states.forget(id(5));
    assert_eq!(chosen(&states), Err(Usage::SetupNeeded(id(5))));
}

/// O-22: two setups in a row lose a message, at either party, with and without a setup before: two sessions
/// later at most both use the same one, and meanwhile whoever does not know the other's says so.
#[test]
fn o_22_two_setups_in_a_row_that_were_cut_short() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    // Which of the two pairs either party has; both lack the confirmation of each.
    let has = [[true, true], [true, false], [false, true]];
    for (former, (one, other)) in
        [false, true].into_iter().flat_map(|former| has.into_iter().flat_map(move |a| has.map(|b| (former, (a, b)))))
    {
        if !former && !one.iter().zip(other).any(|(a, b)| *a && b) {
            continue; // nothing in common: `missing` tells, below
        }
        let mut states = [States::new(&keys[0]), States::new(&keys[1])];
        let setup = |states: &mut [States; 2], seed: u64, has: [bool; 2], status: u8| {
            for ((states, pair), has) in states.iter_mut().zip(pair(&keys[0], &keys[1], seed)).zip(has) {
                pair.status.store(status, Ordering::SeqCst);
                if has {
                    states.insert(pair).unwrap();
                }
            }
        };
        if former {
            setup(&mut states, 1, [true; 2], ACTIVE);
        }
        for k in 0..2 {
            setup(&mut states, 2 + k as u64, [one[k], other[k]], PENDING);
        }
        // Restarts change nothing.
        let mut states = states.map(|mut states| States::from_bytes(&states.to_bytes(), &log, 0).unwrap());
        let session = |states: &[States; 2]| {
            let ours = states[0].session_pairs(&keys[0], &[id(5)], &log).unwrap().remove(0);
            let theirs = states[1].session_pairs(&keys[1], &[id(2)], &log).unwrap().remove(0);
            ours.compare(theirs.pair_id()).is_ok() & theirs.compare(ours.pair_id()).is_ok()
        };
        let met = session(&states) || session(&states);
        assert!(met, "{former} {one:?} {other:?}");
        assert_eq!((states[0].missing(&keys[0]), states[1].missing(&keys[1])), (vec![id(9)], vec![id(9)]));
        // Then one that is completed: all before it go.
        setup(&mut states, 9, [true; 2], ACTIVE);
        assert!(session(&states));
        assert_eq!(states[0].to_bytes().len(), 120 + PAIR_LEN);
    }
}

/// O-22: the peer uses a setup that is not known here: a new one is due until both use the same again.
#[test]
fn o_22_an_unknown_setup_makes_a_new_one_due() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let mut states = all_pairs(&keys, 1).remove(0);
    let open = |states: &States| states.session_pairs(&keys[0], &[id(5)], &log).unwrap().remove(0);
    let session = open(&states);
    assert_eq!(session.compare(&PairId::from_bytes([9; 32])).unwrap_err().fault(), Fault::OtherSetup);
    assert_eq!(states.missing(&keys[0]), [id(5)]);
    session.compare(session.pair_id()).unwrap();
    assert_eq!(states.missing(&keys[0]), []);
    let _ = session.compare(&PairId::from_bytes([9; 32]));
    let new = pending(&keys, 2);
    states.insert(Arc::clone(&new)).unwrap();
    assert_eq!(states.missing(&keys[0]), [id(5)], "not completed");
    new.activate();
    assert_eq!(states.missing(&keys[0]), []);
    let _ = states.to_bytes();
    assert_eq!(states.missing(&keys[0]), []);
}

/// O-22: the mark that a setup is due is not stored. After a restart the next session that meets the unknown setup
/// sets it again; it is of one process, shared by the sessions that began before and after a setup came in.
#[test]
fn o_22_the_mark_is_set_again_after_a_restart() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let mut states = all_pairs(&keys, 1).remove(0);
    let open = |states: &States| states.session_pairs(&keys[0], &[id(5)], &log).unwrap().remove(0);
    let unknown = PairId::from_bytes([9; 32]);
    let _ = open(&states).compare(&unknown);
    assert_eq!(states.missing(&keys[0]), [id(5)]);
    let restarted = States::from_bytes(&states.to_bytes(), &log, 0).unwrap();
    assert_eq!(restarted.missing(&keys[0]), []);
    assert_eq!(open(&restarted).compare(&unknown).unwrap_err().fault(), Fault::OtherSetup);
    assert_eq!(restarted.missing(&keys[0]), [id(5)]);
    // The list of those that wait is stored whole, in its order.
    let waiting: Vec<_> = (2..6).map(|seed| pending(&keys, seed)).collect();
    waiting.iter().for_each(|pair| states.insert(Arc::clone(pair)).unwrap());
    let restarted = States::from_bytes(&states.to_bytes(), &log, 0).unwrap();
    let ids = |states: &States| open(states).pending.iter().map(|pair| *pair.pair_id()).collect::<Vec<_>>();
    assert_eq!(ids(&restarted), waiting.iter().map(|pair| *pair.pair_id()).collect::<Vec<_>>());
    // A fifth drops the oldest. A peer that has nothing but that one is met as one with an unknown setup.
    states.insert(pending(&keys, 6)).unwrap();
    assert_eq!((ids(&states).len(), ids(&states)[0]), (4, *waiting[1].pair_id()));
    assert_eq!(open(&states).compare(waiting[0].pair_id()).unwrap_err().fault(), Fault::OtherSetup);
    assert_eq!(states.missing(&keys[0]), [id(5)]);
}

/// O-22: sessions complete and burn setups while the states are being stored: what is stored is of one moment. One
/// completed pair comes first and those that wait for the peer follow; it loads, and what is loaded uses that one.
#[test]
fn o_22_stored_while_sessions_complete_setups() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let mut states = all_pairs(&keys, 1).remove(0);
    let current = states.slots[&id(5)].pairs().next().cloned().unwrap();
    let waiting: Vec<_> = (2..6).map(|seed| pending(&keys, seed)).collect();
    let mut between = 0;
    for delay in 0..600u32 {
        waiting.iter().for_each(|pair| pair.status.store(PENDING, Ordering::SeqCst));
        let slot = states.slots.get_mut(&id(5)).unwrap();
        (slot.current, slot.pending) = (Some(Arc::clone(&current)), waiting.clone());
        let start = Barrier::new(2);
        let stored = thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                for pair in &waiting {
                    (0..delay * 4).for_each(|_| core::hint::spin_loop());
                    pair.activate();
                }
            });
            start.wait();
            states.to_bytes()
        });
        let pairs = stored[26 + 78..stored.len() - 16].chunks(PAIR_LEN);
        let of_5: Vec<(u8, &[u8])> =
            pairs.filter(|pair| pair[..2] == [0, 5]).map(|pair| (pair[34], &pair[39..71])).collect();
        assert_eq!(of_5[0].0, ACTIVE);
        assert!(of_5[1..].iter().all(|(status, _)| *status == PENDING), "{delay}");
        between += usize::from(of_5.len() > 1 && of_5.len() < 5);
        let loaded = States::from_bytes(&stored, &log, 0).unwrap();
        let chosen = loaded.session_pairs(&keys[0], &[id(5)], &log).unwrap();
        assert_eq!(chosen[0].pair_id().as_bytes()[..], *of_5[0].1);
    }
    std::println!("{between} of 600 in between");
}

/// A setup that was completed and then burned does not bring back the one before.
#[test]
fn o_01_a_burn_does_not_bring_back_the_setup_before() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let mut states = States::new(&keys[0]);
    let [first, _] = pair(&keys[0], &keys[1], 1);
    states.insert(first).unwrap();
    let second = pending(&keys, 2);
    states.insert(Arc::clone(&second)).unwrap();
    let stored = states.to_bytes();
    second.activate();
    let _ = second.burn(Fault::BadMultiplication, &log);
    let refused = states.session_pairs(&keys[0], &[id(5)], &log).unwrap_err();
    assert_eq!(refused, Usage::SetupNeeded(id(5)));
    assert_eq!(states.missing(&keys[0]), [id(5), id(9)]);
    // A file of before the completion has the first one; the peer has dropped it: `OtherSetup`, no harm.
    let restored = States::from_bytes(&stored, &log, 0).unwrap();
    assert!(restored.session_pairs(&keys[0], &[id(5)], &log).is_ok());
}

/// O-16: states of another key, sharing or party are no use to a share.
#[test]
fn o_16_states_belong_to_one_share() {
    let (ours, others, log) = (keys(1), keys(2), MemoryBurnLog::new());
    let mut states = all_pairs(&ours, 1);
    let open = |share: &Keys| states[0].session_pairs(share, &[id(5)], &log).map(|_| ()).unwrap_err();
    assert_eq!(open(&others[0]), Usage::OtherKey);
    assert_eq!(open(&ours[1]), Usage::OtherIdentity);
    assert_eq!(states[0].session_pairs(&ours[0], &[id(3)], &log).unwrap_err(), Usage::UnknownParty(id(3)));
    let [strange, _] = pair(&others[0], &others[1], 1);
    assert_eq!(states[0].insert(strange), Err(Usage::OtherKey));
    let [_, theirs] = pair(&ours[0], &ours[1], 7);
    assert_eq!(states[0].insert(theirs), Err(Usage::OtherIdentity));
    let sharing = Sharing::from_bytes([1; 32]);
    let [mut old, _] = pair(&ours[0], &ours[1], 8);
    Arc::get_mut(&mut old).unwrap().sharing = sharing;
    let refused = Usage::OtherSharing { ours: ours[0].public().sharing(), theirs: sharing };
    assert_eq!(states[0].insert(old), Err(refused));
    states[0].sharing = sharing;
    let refused = states[0].session_pairs(&ours[0], &[id(5)], &log).unwrap_err();
    assert_eq!(refused, Usage::OtherSharing { ours: sharing, theirs: ours[0].public().sharing() });
}

#[test]
fn the_record_comes_back_as_it_was() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let mut states = all_pairs(&keys, 1).remove(0);
    let waiting = pending(&keys, 2);
    states.insert(Arc::clone(&waiting)).unwrap();
    let before = states.session_pairs(&keys[0], &[id(5), id(9)], &log).unwrap();
    before[1].count_use(77).unwrap();
    let stored = states.to_bytes();
    assert_eq!(PAIR_LEN, 15_991);
    assert_eq!(stored.len(), 7 + 1 + 2 + 1 + 15 + 78 + 3 * PAIR_LEN + 16);
    let restored = States::from_bytes(&stored, &log, states.generation()).unwrap();
    assert_eq!(restored.generation(), 1);
    let after = restored.session_pairs(&keys[0], &[id(5), id(9)], &log).unwrap();
    for (a, b) in before.iter().zip(&after) {
        assert_eq!((a.pair_id(), a.peer(), a.uses(), a.me), (b.pair_id(), b.peer(), b.uses(), b.me));
        assert_eq!((a.key_id(), a.sharing(), a.peer.identity), (b.key_id(), b.sharing(), b.peer.identity));
        assert_eq!(a.sender().to_bytes(), b.sender().to_bytes());
        assert_eq!(a.receiver().to_bytes(), b.receiver().to_bytes());
        assert_eq!(a.zero_seed().to_bytes(), b.zero_seed().to_bytes());
    }
    // The pending one is still recognised.
    assert_eq!(after[0].compare(waiting.pair_id()).unwrap_err().fault(), Fault::OtherSetup);
    let next = restored.session_pairs(&keys[0], &[id(5)], &log).unwrap();
    assert_eq!(next[0].pair_id(), waiting.pair_id());
}

/// O-01(4), O-17, O-23: an older generation is refused where a newer one is known.
#[test]
fn o_23_older_generations_are_refused() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let mut states = all_pairs(&keys, 1).remove(0);
    let (old, new) = (states.to_bytes(), states.to_bytes());
    assert_eq!(states.generation(), 2);
    let refused = States::from_bytes(&old, &log, 2).unwrap_err();
    assert_eq!(refused, Usage::OlderGeneration { found: 1, newest: 2 });
    let mut restored = States::from_bytes(&new, &log, 2).unwrap();
    let _ = restored.to_bytes();
    assert_eq!(restored.generation(), 3);
    assert!(States::from_bytes(&old, &log, 0).is_ok(), "where nothing newer is known");
}

/// O-23: a key share holds nothing of a pair, and comes back without any.
#[test]
fn o_23_no_pair_is_in_a_backup() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let states = all_pairs(&keys, 1);
    let backup = keys[0].to_bytes();
    for pair in states[0].session_pairs(&keys[0], &[id(5), id(9)], &log).unwrap() {
        let secrets = [pair.sender().to_bytes().to_vec(), pair.receiver().to_bytes().to_vec()].concat();
        let secrets = [secrets, pair.zero_seed().to_bytes()[32..].to_vec()].concat();
        let windows: alloc::collections::BTreeSet<&[u8]> = backup.windows(16).collect();
        assert!(secrets.chunks_exact(16).all(|chunk| !windows.contains(chunk)));
    }
    let share = Keys::from_bytes(&backup).unwrap();
    let fresh = States::new(&share);
    assert_eq!(fresh.missing(&share), [id(5), id(9)]);
    assert_eq!(fresh.session_pairs(&share, &[id(5)], &log).unwrap_err(), Usage::SetupNeeded(id(5)));
}

/// The body of a record, changed, under a right checksum.
fn with_body(stored: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut body = stored[26..stored.len() - 16].to_vec();
    change(&mut body);
    let kind = Kind { tag: 6, version: 1 };
    record::write(kind, Secp256k1Ecdsa::NAME, body.len(), |out| out.extend_from_slice(&body)).to_vec()
}

#[test]
fn damaged_records_are_refused() {
    let (keys, log) = (keys(1), MemoryBurnLog::new());
    let mut states = all_pairs(&keys, 1).remove(0);
    let stored = states.to_bytes();
    let read = |bytes: &[u8]| States::from_bytes(bytes, &log, 0).map(|_| ());
    assert_eq!(read(&with_body(&stored, |_| ())), Ok(()));
    for place in (0..stored.len()).step_by(97).chain(0..120).chain([stored.len() - 1]) {
        let mut bytes = stored.to_vec();
        bytes[place] ^= 1;
        assert!(read(&bytes).is_err(), "{place}");
        assert!(read(&stored[..place]).is_err());
    }
    let (me, count, first) = (64, 74, 78);
    let second = first + PAIR_LEN;
    let status = 34;
    type Change = fn(&mut Vec<u8>, usize);
    let malformed: [(Change, usize); 10] = [
        (|body, at| body[at..at + 2].fill(0), me),
        (|body, at| body[at..at + 2].copy_from_slice(&[0, 5]), me),
        (|body, at| body[at + 3] = 3, count),
        (|body, at| body[at..at + 4].fill(0xff), count),
        (|body, _| body.push(0), 0),
        (|body, at| body[at..at + 2].fill(0), first),
        (|body, at| body[at + 1] = 11, first),
        (|body, at| body[at + 34] = 2, first),
        (|body, at| body[at + 35] = 1, second),
        (|body, at| body[at + 1] = 1, second),
    ];
    for (k, (change, at)) in malformed.into_iter().enumerate() {
        assert_eq!(read(&with_body(&stored, |body| change(body, at))), Err(Usage::Malformed), "{k}");
    }
    // With a completed pair those before it are gone, in whatever order sessions have completed them.
    let both = |[a, b]: [u8; 2]| {
        with_body(&stored, |body| {
            body[second + 1] = 5;
            body[first + status] = a;
            body[second + status] = b;
        })
    };
    let kept = |statuses| States::from_bytes(&both(statuses), &log, 0).unwrap().to_bytes().len();
    assert_eq!([[1, 0], [0, 1], [1, 1], [0, 0]].map(|s| (kept(s) - 120) / PAIR_LEN), [2, 1, 1, 2]);
    let many = |waiting: usize| {
        with_body(&stored, |body| {
            let one = body[first..second].to_vec();
            body.truncate(second);
            for _ in 0..waiting {
                body.extend_from_slice(&one);
                let at = body.len() - PAIR_LEN + status;
                body[at] = PENDING;
            }
            body[count + 3] = 1 + waiting as u8;
        })
    };
    assert_eq!(read(&many(4)), Ok(()));
    assert_eq!(read(&many(5)), Err(Usage::Malformed));
}
