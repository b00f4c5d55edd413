//! Pairs across sessions: replays, other setups, burns, logs that fail.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Cheats, Net, Team, cheat, header, id, request};
use crate::ecdsa::Secp256k1Ecdsa;
use crate::ecdsa::burn::{BurnLog, Peer, StoreError, Strikes};
use crate::ecdsa::sign::{Inputs, Sign};
use crate::error::{Consequence, Fault, Usage};
use crate::party::{PairId, PartyId};

type S = Secp256k1Ecdsa;

/// Party 2 spoils its extension towards everybody.
fn spoiled() -> Cheats {
    cheat(2, |round, outgoing| {
        if round == 1 {
            outgoing.addressed.iter_mut().for_each(|(_, body)| body[100] ^= 1);
        }
    })
}

/// O-21, O-22: two setups of one pair: no name, no burn, and with the same setup it signs.
#[test]
fn o_21_other_setups_meet() {
    let (old, new) = (Team::<S>::new(2, 2, 40), Team::<S>::new(2, 2, 40));
    let mut mixed = Team::<S>::new(2, 2, 40);
    let fresh = crate::ecdsa::pairs::testing::all_pairs(&new.shares.into_values().collect::<Vec<_>>(), 41);
    mixed.states.insert(id(1), fresh.into_iter().next().unwrap());
    let net = mixed.sign(&[1, 2], request(1), 1, Cheats::new()).run();
    for n in [1, 2] {
        assert_eq!(net.abort_of(n), Some((Fault::OtherSetup, Vec::new(), Vec::new())));
    }
    assert!(mixed.nothing_is_burned());
    let net = old.sign(&[1, 2], request(1), 1, Cheats::new()).run();
    assert!(net.outcomes.values().all(|outcome| outcome.output.is_some()));
}

/// S-15, O-21: round 1 of a former try under the same label, all of it or its addressed part alone.
#[test]
fn o_21_round_1_of_a_former_try() {
    let team = Team::<S>::new(2, 2, 42);
    let old = team.sign(&[1, 2], request(1), 1, Cheats::new());
    let old: Vec<_> = old.log.into_iter().filter(|(from, _, _)| *from == id(2)).map(|(_, _, bytes)| bytes).collect();
    // The addressed part alone: it does not fit the new broadcast, and is not used.
    let mut net = team.sign(&[1, 2], request(1), 1, Cheats::new());
    old.iter().filter(|bytes| header(bytes).1 == 2).for_each(|bytes| net.deliver(id(1), bytes));
    let net = net.run();
    assert!(net.outcomes.values().all(|outcome| outcome.output.is_some()));
    // All of it, first: party 1 has another view. Both wait; nobody is named, nothing burns.
    let mut net = team.sign(&[1, 2], request(1), 1, Cheats::new());
    old.iter().for_each(|bytes| net.deliver(id(1), bytes));
    let net = net.run();
    assert!(net.outcomes.values().all(|outcome| outcome.abort.is_none() && outcome.output.is_none()));
    assert_eq!(net.sessions[&id(2)].conflicts(), [id(1)]);
    assert!(team.nothing_is_burned());
    let net = team.sign(&[1, 2], request(1), 2, Cheats::new()).run();
    assert!(net.outcomes.values().all(|outcome| outcome.output.is_some()));
}

/// O-06: one label twice: the extension and everything after it differ.
#[test]
fn o_06_a_repeated_label_repeats_nothing() {
    let team = Team::<S>::new(2, 2, 43);
    let requests: Vec<Vec<u8>> = (0..2)
        .map(|_| {
            let net = team.sign(&[1, 2], request(1), 1, Cheats::new());
            net.log.into_iter().find(|(_, _, bytes)| header(bytes) == (1, 2, id(1))).unwrap().2
        })
        .collect();
    let body = |bytes: &[u8]| bytes[8 + 10 + 4 * 32 + 32..bytes.len() - 64].to_vec();
    let same = body(&requests[0]).chunks(16).zip(body(&requests[1]).chunks(16)).filter(|(a, b)| a == b).count();
    assert_eq!(same, 0);
}

/// O-01, O-24: one failed check ends the session, the pair, and every other session on it, before any of them
/// lets its second round out.
#[test]
fn o_24_a_burn_ends_every_session_on_the_pair() {
    let team = Team::<S>::new(2, 3, 44);
    let other = team.sign(&[1, 2], request(2), 2, Cheats::new());
    let third = team.sign(&[1, 3], request(3), 3, Cheats::new());
    let net = team.sign(&[1, 2], request(1), 1, spoiled()).run();
    let (fault, culprits, consequences) = net.abort_of(1).unwrap();
    assert_eq!((fault, culprits), (Fault::BadExtension, alloc::vec![id(2)]));
    assert!(matches!(consequences[..], [Consequence::Burned(of, _)] if of == id(2)));
    assert!(!net.log.iter().any(|(_, _, bytes)| header(bytes).0 > 1 && header(bytes).2 == id(1)), "no round 2 of 1");
    let other = other.run();
    assert_eq!(other.abort_of(1), Some((Fault::PairBurned, Vec::new(), Vec::new())));
    assert!(!other.log.iter().any(|(_, _, bytes)| header(bytes).0 > 1 && header(bytes).2 == id(1)));
    assert_eq!(team.signer(id(1), &[1, 2], 1).unwrap_err(), Usage::SetupNeeded(id(2)));
    // A pair with somebody else is none of its business.
    assert!(third.run().outcomes.values().all(|outcome| outcome.output.is_some()));
}

/// O-24: two sets of states from one file in one process, one log: a burn through one set ends a session on the other
/// before it lets its second round out, and one that has let it out before it ends.
#[test]
fn o_24_copies_of_the_states_see_each_others_burns() {
    for late in [false, true] {
        let mut team = Team::<S>::new(2, 2, 49);
        let log = team.logs[&id(1)].clone();
        let stored = team.states.get_mut(&id(1)).unwrap().to_bytes();
        let mut on_copy = team.sign(&[1, 2], request(2), 2, Cheats::new());
        let mut held = Vec::new();
        while late && let Some((to, bytes)) = on_copy.queue.pop_front() {
            if header(&bytes).0 == 2 { held.push((to, bytes)) } else { on_copy.deliver(to, &bytes) }
        }
        on_copy.queue.extend(held);
        let loaded = crate::ecdsa::pairs::PairStates::from_bytes(&stored, &*log, 0).unwrap();
        let former = team.states.insert(id(1), loaded).unwrap();
        let net = team.sign(&[1, 2], request(1), 1, spoiled()).run();
        assert_eq!(net.abort_of(1).unwrap().0, Fault::BadExtension);
        let on_copy = on_copy.run();
        assert_eq!(on_copy.abort_of(1), Some((Fault::PairBurned, Vec::new(), Vec::new())));
        let released = on_copy.log.iter().any(|(_, _, bytes)| header(bytes).0 > 1 && header(bytes).2 == id(1));
        assert_eq!(released, late);
        drop(former);
    }
}

/// O-24: the log fails right before round 2 would leave: it does not.
#[test]
fn o_24_a_log_that_fails_before_the_release() {
    #[derive(Debug)]
    struct Silent;
    impl BurnLog for Silent {
        fn burn(&self, _: &PairId, _: &Peer) -> Result<(), StoreError> {
            Err(StoreError::Failed)
        }
        fn is_burned(&self, _: &PairId) -> Result<bool, StoreError> {
            Err(StoreError::Failed)
        }
        fn strike(&self, _: &Peer) -> Result<(), StoreError> {
            Err(StoreError::Failed)
        }
        fn strikes(&self, _: &Peer) -> Result<Strikes, StoreError> {
            Err(StoreError::Failed)
        }
        fn forgive(&self, _: &Peer) -> Result<(), StoreError> {
            Err(StoreError::Failed)
        }
    }
    let team = Team::<S>::new(2, 2, 46);
    let inputs = [1, 2].map(|n: u16| {
        let signer = team.signer(id(n), &[1, 2], 1).unwrap();
        (id(n), Inputs::new(signer, request(1), Arc::new(Silent)).unwrap())
    });
    let net: Net<Sign<S>> = Net::start(|me| team.params(me, &[1, 2], 1), inputs.into(), Cheats::new());
    let net = net.run();
    assert_eq!(net.abort_of(1), Some((Fault::LogFailed, Vec::new(), Vec::new())));
    assert!(!net.log.iter().any(|(_, _, bytes)| header(bytes).0 > 1));
}

/// O-24: a burn after round 2 has been sent: what is unfinished dies, what is finished stays usable.
#[test]
fn o_24_finished_presignatures_stay() {
    let team = Team::<S>::new(2, 2, 45);
    let made = team.presignatures(&[1, 2], 1, 7);
    let mut late = team.sign(&[1, 2], request(2), 2, Cheats::new());
    let mut held = Vec::new();
    while let Some((to, bytes)) = late.queue.pop_front() {
        if header(&bytes).0 == 2 { held.push((to, bytes)) } else { late.deliver(to, &bytes) }
    }
    let _ = team.sign(&[1, 2], request(1), 1, spoiled()).run();
    late.queue.extend(held);
    let late = late.run();
    assert_eq!(late.abort_of(1), Some((Fault::PairBurned, Vec::new(), Vec::new())));
    let mut pending = Vec::new();
    for list in made {
        let one = list.into_iter().next().unwrap();
        let me = one.me();
        pending.push((me, crate::ecdsa::online::respond(one, &request(3)).unwrap()));
    }
    let [(_, (_, first)), (second, (share, _))] = <[_; 2]>::try_from(pending).unwrap();
    let inbox = crate::round::Inbox::new([second], [(second, share)].into()).unwrap();
    assert!(first.combine(&inbox).is_ok());
}

/// A log that cannot write.
#[derive(Debug)]
struct Broken;

impl BurnLog for Broken {
    fn burn(&self, _: &PairId, _: &Peer) -> Result<(), StoreError> {
        Err(StoreError::Failed)
    }
    fn is_burned(&self, _: &PairId) -> Result<bool, StoreError> {
        Ok(false)
    }
    fn strike(&self, _: &Peer) -> Result<(), StoreError> {
        Err(StoreError::Failed)
    }
    fn strikes(&self, _: &Peer) -> Result<Strikes, StoreError> {
        Ok(Strikes::default())
    }
    fn forgive(&self, _: &Peer) -> Result<(), StoreError> {
        Err(StoreError::Failed)
    }
}

/// O-24: if the log fails the pair is dead in this process all the same, and the abort says so.
#[test]
fn o_24_a_log_that_fails() {
    let team = Team::<S>::new(2, 2, 46);
    let inputs = [1, 2].map(|n: u16| {
        let signer = team.signer(id(n), &[1, 2], 1).unwrap();
        (id(n), Inputs::new(signer, request(1), Arc::new(Broken)).unwrap())
    });
    let net: Net<Sign<S>> = Net::start(|me| team.params(me, &[1, 2], 1), inputs.into(), spoiled());
    let net = net.run();
    let not_recorded = alloc::vec![Consequence::NotRecorded(id(2))];
    assert_eq!(net.abort_of(1), Some((Fault::BadExtension, alloc::vec![id(2)], not_recorded)));
    assert!(!net.log.iter().any(|(_, _, bytes)| header(bytes).0 > 1 && header(bytes).2 == id(1)));
    assert_eq!(team.signer(id(1), &[1, 2], 1).unwrap_err(), Usage::SetupNeeded(id(2)));
}

/// 3.4: the use counter counts members of a batch.
#[test]
fn o_26_uses_count_members_of_a_batch() {
    let team = Team::<S>::new(2, 2, 47);
    let uses = || team.signer(id(1), &[1, 2], 1).unwrap().pairs[0].uses();
    let _ = team.presign(&[1, 2], 16, 1, Cheats::new());
    assert_eq!(uses(), 16);
    let _ = team.sign(&[1, 2], request(1), 2, Cheats::new());
    assert_eq!(uses(), 17);
}

/// Everyone who fails a check is named, not just the first.
#[test]
fn o_01_all_who_fail_are_named() {
    let team = Team::<S>::new(2, 3, 48);
    let mut cheats = spoiled();
    let other = cheat(3, |round, outgoing| {
        if round == 1 {
            outgoing.addressed.iter_mut().for_each(|(_, body)| body[2000] ^= 0x80);
        }
    });
    cheats.extend(other);
    let net = team.sign(&[1, 2, 3], request(1), 1, cheats).run();
    let (fault, culprits, consequences) = net.abort_of(1).unwrap();
    let named: Vec<PartyId> = alloc::vec![id(2), id(3)];
    assert_eq!((fault, culprits, consequences.len()), (Fault::BadExtension, named, 2));
}
