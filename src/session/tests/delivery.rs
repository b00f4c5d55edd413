//! Any order, early, late, doubled, replayed, foreign: nobody's fault, and it ends well.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::super::driver::Session;
use super::super::envelope::Kind;
use super::coin::Coin;
use super::{Net, forge, id, identity, open, params, start};
use crate::error::{Error, Usage};
use crate::party::{Label, Parties, SessionParams, Threshold};
use crate::secret::Secret;
use crate::transcript::Transcript;

fn foreign(result: Result<(), Error>) -> bool {
    matches!(result, Err(Error::Usage(_)))
}

#[test]
fn all_get_one_coin() {
    for n in 2..=5 {
        let mut net = Net::new(n, 7, 1);
        net.run();
        net.coin();
        assert!(net.sessions.values().all(|session| session.is_finished() && session.awaiting().is_empty()));
    }
}

/// S-03: every order of delivery of the first messages for n = 3, every message twice: one result.
#[test]
fn s_03_any_order_and_doubled() {
    let mut net = Net::new(3, 7, 1);
    net.run();
    let expected = net.coin();
    // Any order of what is under way, steered by a counter: 250 of them.
    for schedule in 0..250u64 {
        let mut net = Net::new(3, 7, 1);
        let mut choice = schedule;
        while !net.queue.is_empty() {
            let pick = usize::try_from(choice % net.queue.len() as u64).unwrap();
            choice = choice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 1;
            let (to, bytes) = net.queue.remove(pick).unwrap();
            net.deliver(to, &bytes).unwrap();
            net.deliver(to, &bytes).unwrap();
        }
        assert_eq!(net.coin(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// S-04, S-09: lost messages are awaited, by name; sent again they finish the session. Garbage
    /// changes nothing.
    #[test]
    fn s_04_s_09_loss_and_garbage(drops: Vec<bool>, garbage: Vec<u8>) {
        let mut net = Net::new(3, 7, 1);
        let mut drops = drops.into_iter();
        net.run_with(|_, bytes| if drops.next().unwrap_or(false) { vec![] } else { vec![garbage.clone(), bytes.to_vec()] });
        for _ in 0..6 {
            let all: Vec<_> = net.sessions.iter().map(|(id, s)| (*id, s.sent().to_vec())).collect();
            for (from, parcels) in all {
                net.post(from, parcels);
            }
            net.run();
        }
        net.coin();
    }
}

/// S-09: a dropped message is owed by exactly its sender.
#[test]
fn s_09_awaiting_names_the_missing_one() {
    for kind in [Kind::Broadcast, Kind::Addressed, Kind::Sealed] {
        for round in 1..=3 {
            let mut net = Net::new(3, 7, 1);
            let mut dropped = false;
            net.run_with(|to, bytes| {
                let header = open(bytes).header;
                let hit = to == id(1) && header.sender == id(3) && header.kind == kind && header.round == round;
                dropped |= hit;
                if hit { vec![] } else { vec![bytes.to_vec()] }
            });
            if dropped {
                assert_eq!(net.sessions[&id(1)].awaiting(), [id(3)]);
                assert!(net.outcomes[&id(1)].output.is_none());
            }
        }
    }
}

/// S-01, S-16: every message of a former run with the same label, before the run and in it: foreign.
/// Nobody is named, and the run ends well.
#[test]
fn s_01_s_16_replays_are_foreign() {
    let mut old = Net::new(3, 7, 1);
    old.run();
    let mut net = Net::new(3, 7, 2);
    let old_later: Vec<_> = old.log.iter().filter(|(_, bytes)| open(bytes).header.round > 1).cloned().collect();
    for (to, bytes) in &old_later {
        let _ = net.deliver(*to, bytes);
    }
    net.run_with(|to, bytes| {
        let replays = old_later.iter().filter(|(of, _)| *of == to).map(|(_, bytes)| bytes.clone());
        replays.chain([bytes.to_vec()]).collect()
    });
    assert_ne!(net.coin(), old.coin());
    assert!(net.sessions.values().all(|session| session.conflicts().len() == 2));
    // With another label even round 1 is foreign.
    let mut net = Net::new(3, 8, 2);
    for (to, bytes) in &old.log {
        let _ = net.deliver(*to, bytes);
    }
    net.run();
    net.coin();
}

/// S-14: a retry makes two honest round-1 messages. In either order, to one or to two: nobody is named,
/// no evidence is there, and a further attempt works.
#[test]
fn s_14_replayed_round_1_frames_nobody() {
    for both_to_one in [false, true] {
        let mut old = Net::new(3, 7, 1);
        old.run();
        let mut net = Net::new(3, 7, 2);
        let is_old_2 = |bytes: &[u8]| open(bytes).header.sender == id(2) && open(bytes).header.round == 1;
        let stale: Vec<_> = old.log.iter().filter(|(to, bytes)| *to == id(1) && is_old_2(bytes)).cloned().collect();
        for (to, bytes) in &stale {
            net.deliver(*to, bytes).unwrap();
        }
        net.run_with(|to, bytes| {
            let hold = to == id(1) && is_old_2(bytes) && !both_to_one;
            if hold { vec![] } else { vec![bytes.to_vec()] }
        });
        assert!(net.outcomes.values().all(|outcome| outcome.output.is_none() && outcome.abort.is_none()));
        assert!(net.sessions.values().all(|session| session.evidence().is_empty()));
        assert!(net.sessions[&id(1)].conflicts().contains(&id(2)));
        let mut again = Net::new(3, 7, 3);
        again.run();
        again.coin();
    }
}

/// S-15: a new broadcast with an old addressed part: the part is not taken, and the right one still is.
#[test]
fn s_15_addressed_part_of_another_broadcast() {
    let old = Net::new(3, 7, 1);
    let mut net = Net::new(3, 7, 2);
    for (to, bytes) in old.log.iter().filter(|(_, bytes)| open(bytes).header.kind == Kind::Addressed) {
        net.deliver(*to, bytes).unwrap();
    }
    net.run();
    net.coin();
}

/// S-16: a flood of replays takes bounded room and does not end the session.
#[test]
fn s_16_a_flood_of_early_messages_is_bounded() {
    let mut net = Net::new(3, 7, 1);
    net.run();
    let round2 = net.log.iter().find(|(to, bytes)| *to == id(1) && open(bytes).header.round == 2).unwrap().1.clone();
    let (mut session, _) = start(1, 3, 7, 9);
    for k in 0..10_000u32 {
        let flood = forge(&round2, |header, _| header.context[..4].copy_from_slice(&k.to_be_bytes()));
        let _ = session.receive(&flood).unwrap();
    }
    assert!(session.shell.store.all().count() <= 8);
    let long = forge(&round2, |_, body| body.resize(1 << 20, 0));
    assert!(matches!(session.receive(&long), Err(Error::Usage(Usage::TooMany))));
}

/// S-08, K-12, K-17: other version, protocol, key, recipient, own message, unknown or other signer.
#[test]
fn s_08_k_12_k_17_foreign_messages() {
    let net = Net::new(3, 7, 1);
    let message = net.log.iter().find(|(to, _)| *to == id(1)).unwrap().1.clone();
    let (mut session, own) = start(1, 3, 7, 1);
    let mut try_one = |bytes: &[u8]| session.receive(bytes).map(drop);
    let mut version = message.clone();
    version[0] += 1;
    assert_eq!(try_one(&version), Err(Usage::UnknownVersion.into()));
    assert_eq!(try_one(&own[0].bytes), Err(Usage::ForeignMessage.into()));
    for cut in [0, 1, 10, 64, message.len() - 1] {
        assert!(foreign(try_one(&message[..cut])));
    }
    let changed = [
        forge(&message, |header, _| header.protocol = b"other".to_vec()),
        forge(&message, |header, _| header.key_id = [1; 32]),
        forge(&message, |header, _| header.sharing = [1; 32]),
        forge(&message, |header, _| header.context = [1; 32]),
        forge(&message, |header, _| header.round = 3),
        forge(&message, |header, _| (header.kind, header.recipient) = (Kind::Sealed, Some(id(3)))),
        forge(&message, |header, _| header.sender = id(1)),
        forge(&message, |header, _| header.sender = id(9)),
        // Signed by 2, said to be of 3.
        forge(&message, |header, _| header.sender = id(if header.sender == id(2) { 3 } else { 2 })),
    ];
    for bytes in &changed {
        assert!(foreign(try_one(bytes)), "{:?}", open_header(bytes));
    }
    let mut bit = message.clone();
    for k in (0..message.len()).step_by(7) {
        bit[k] ^= 1;
        assert!(foreign(try_one(&bit)));
        bit[k] ^= 1;
    }
}

fn open_header(bytes: &[u8]) -> Vec<u8> {
    bytes[..20.min(bytes.len())].to_vec()
}

/// K-17: parties whose directories differ have another base; an identity must be one's own, and there.
#[test]
fn k_17_directories() {
    let mut net = Net::new(3, 7, 1);
    let parties =
        Parties::new([(id(1), identity(1).public()), (id(2), identity(2).public()), (id(3), identity(8).public())]);
    let other =
        SessionParams::new(Label::from_bytes([7; 32]), id(1), Threshold::new(2).unwrap(), parties.unwrap()).unwrap();
    let mut rng = Transcript::new("session-test-2").rng();
    let (mut session, _) = Session::<Coin>::start(other, &identity(1), 0, &mut rng).unwrap();
    for (_, bytes) in net.log.iter().filter(|(to, _)| *to == id(1)) {
        assert!(matches!(session.receive(bytes), Err(Error::Usage(_))));
    }
    assert_eq!(session.conflicts(), [id(2)]);
    net.run();
    net.coin();
    let start = |params, identity| {
        Session::<Coin>::start(params, &identity, 0, &mut Transcript::new("session-test-3").rng()).map(drop)
    };
    assert_eq!(start(params(1, 3, 7), identity(2)), Err(Usage::OtherIdentity));
    let anonymous = Parties::without_identities([id(1), id(2)]).unwrap();
    let without = SessionParams::new(Label::from_bytes([7; 32]), id(1), Threshold::new(2).unwrap(), anonymous).unwrap();
    assert_eq!(start(without, identity(1)), Err(Usage::MissingIdentity(id(1))));
    let twice = Parties::new([(id(1), identity(1).public()), (id(2), identity(1).public())]);
    assert_eq!(twice, Err(Usage::DuplicateIdentity(id(2))));
}

/// F-05: a generator that gives zeros or repeats is refused, before anything is drawn from it.
#[test]
fn f_05_broken_generators_are_refused() {
    struct Stuck(u8);
    impl rand_core::TryRng for Stuck {
        type Error = core::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(self.0.into())
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(self.0.into())
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
            bytes.fill(self.0);
            Ok(())
        }
    }
    impl rand_core::TryCryptoRng for Stuck {}
    for byte in [0, 1, 255] {
        let result = Session::<Coin>::start(params(1, 3, 7), &identity(1), 0, &mut Stuck(byte)).map(drop);
        assert_eq!(result, Err(Usage::BrokenRng));
        assert!(super::Identity::generate(&mut Stuck(byte)).is_err());
    }
}

/// K-21: a copy of a checkpoint fed the same messages sends the same bytes; fed others, others.
#[test]
fn k_21_a_resumed_session_is_the_same_session() {
    let mut net = Net::new(3, 7, 1);
    let (first, _) = start(1, 3, 7, 1);
    let mut checkpoint = first.checkpoint().unwrap();
    let to_1: Vec<Vec<u8>> = net.log.iter().filter(|(to, _)| *to == id(1)).map(|(_, b)| b.clone()).collect();
    for bytes in &to_1 {
        let (mut resumed, sent) = Session::<Coin>::resume(params(1, 3, 7), &identity(1), 0, &checkpoint).unwrap();
        assert_eq!(sent, resumed.sent());
        let _ = resumed.receive(bytes).unwrap();
        checkpoint = resumed.checkpoint().unwrap();
    }
    let (resumed, _) = Session::<Coin>::resume(params(1, 3, 7), &identity(1), 0, &checkpoint).unwrap();
    net.run();
    net.coin();
    let ours = net.sessions[&id(1)].sent();
    assert_eq!(resumed.sent(), &ours[..resumed.sent().len()]);
    // Another round 1 of party 2: nothing sent in round 2 is the same.
    let others = Net::new(3, 7, 5);
    let (mut other, _) =
        Session::<Coin>::resume(params(1, 3, 7), &identity(1), 0, &first.checkpoint().unwrap()).unwrap();
    for (_, bytes) in others.log.iter().filter(|(to, _)| *to == id(1)) {
        let _ = other.receive(bytes).unwrap();
    }
    assert!(other.round() == 2 && other.sent().iter().skip(3).all(|parcel| !ours.contains(parcel)));
    // Not with other inputs, another label, or a flipped bit.
    let resume = |params, input, bytes: &[u8]| Session::<Coin>::resume(params, &identity(1), input, bytes).map(drop);
    assert_eq!(resume(params(1, 3, 8), 0, &checkpoint), Err(Usage::OtherKey));
    assert_eq!(resume(params(1, 3, 7), 1, &checkpoint), Err(Usage::OtherKey));
    let mut flipped = Secret::new(checkpoint.to_vec());
    for k in 0..checkpoint.len() {
        flipped.expose_mut()[k] ^= 0x10;
        assert!(resume(params(1, 3, 7), 0, flipped.expose()).is_err());
        flipped.expose_mut()[k] ^= 0x10;
    }
}
