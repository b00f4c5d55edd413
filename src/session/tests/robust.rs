//! What a session keeps when something goes wrong, what it refuses to keep, and how much it keeps at most.

use alloc::vec;
use alloc::vec::Vec;

use super::super::driver::Session;
use super::super::envelope::{self, Kind};
use super::super::store::{Kept, Store};
use super::coin::{Coin, Quiet};
use super::{Net, forge, id, identity, open, params, start};
use crate::error::{Abort, Error, Fault, Usage};
use crate::transcript::Transcript;

const FOREIGN: Error = Error::Usage(Usage::ForeignMessage);

/// A complaint of the sender of this broadcast, of some other round.
fn complaint(broadcast: &[u8], round: u8, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    forge(broadcast, |header, body| {
        (header.kind, header.round) = (Kind::Complaint, round);
        change(body);
    })
}

/// S-04: a complaint where there are none, in any round, is foreign: it ends nothing and names nobody.
#[test]
fn s_04_no_complaints_in_a_protocol_without_them() {
    let start = |me: u16| {
        let mut rng = Transcript::new("quiet-test").number(me.into()).rng();
        Session::<Quiet>::start(params(me, 2, 7), &identity(me), 0, &mut rng).unwrap()
    };
    let ((mut one, first), (mut two, mut queue)) = (start(1), start(2));
    let mut to_two = first;
    let mut output = None;
    while output.is_none() {
        for parcel in core::mem::take(&mut to_two) {
            queue.extend(two.receive(&parcel.bytes).unwrap().send);
        }
        assert!(!queue.is_empty());
        for parcel in core::mem::take(&mut queue) {
            let own = open(&parcel.bytes).header.round;
            for round in [own, own + 1].into_iter().filter(|_| open(&parcel.bytes).header.kind == Kind::Broadcast) {
                let refused = one.receive(&complaint(&parcel.bytes, round, |_| {}));
                assert_eq!(refused.map(drop), Err(FOREIGN), "{own}");
            }
            let progress = one.receive(&parcel.bytes).unwrap();
            to_two.extend(progress.send);
            output = output.or(progress.output);
        }
    }
    assert!(one.evidence().is_empty());
}

/// S-04, K-22: in a protocol with complaints one is about a sealed part of the round before. Another is foreign, and
/// is not in a checkpoint, where it would be judged at the wrong time.
#[test]
fn s_04_a_stray_complaint_is_in_no_checkpoint() {
    let mut net = Net::new(3, 7, 1);
    let (mut session, _) = start(1, 3, 7, 1);
    let to_1 = |net: &Net| net.log.iter().filter(|(to, _)| *to == id(1)).map(|(_, b)| b.clone()).collect::<Vec<_>>();
    let round1 = to_1(&net);
    for round in [1, 2] {
        let stray = complaint(&round1[0], round, |_| {});
        assert_eq!(session.receive(&stray).map(drop), Err(FOREIGN));
        let (resumed, _) =
            Session::<Coin>::resume(params(1, 3, 7), &identity(1), 0, &session.checkpoint().unwrap()).unwrap();
        assert_eq!(resumed.shell.store.all().count(), 0);
    }
    // One that is judged once a promise is made ends nothing, in the session and when it is taken up again.
    net.run();
    let confirm = |bytes: &Vec<u8>| open(bytes).header.round == 3;
    let messages = to_1(&net);
    for bytes in messages.iter().filter(|bytes| !confirm(bytes)) {
        let _ = session.receive(bytes).unwrap();
    }
    let bad = complaint(messages.iter().find(|bytes| confirm(bytes)).unwrap(), 3, |body| body.truncate(5));
    let Err(Error::Abort(abort)) = session.receive(&bad) else { panic!("no abort") };
    assert_eq!((abort.fault(), abort.culprits().len(), session.is_finished()), (Fault::Malformed, 1, false));
    let stored = session.checkpoint().unwrap();
    let (mut resumed, sent) = Session::<Coin>::resume(params(1, 3, 7), &identity(1), 0, &stored).unwrap();
    assert_eq!(sent, session.sent());
    for session in [&mut session, &mut resumed] {
        let outputs =
            messages.iter().filter(|bytes| confirm(bytes)).map(|bytes| session.receive(bytes).unwrap().output);
        assert_eq!(outputs.flatten().next(), net.outcomes[&id(1)].output);
    }
}

/// A run of three in which everything to party 1 is held but round 1; in what order it then comes.
fn held() -> (Session<Coin>, Vec<Vec<u8>>) {
    let (mut session, _) = start(1, 3, 7, 1);
    let mut net = Net::new(3, 7, 1);
    net.run();
    let to_1 = net.log.iter().filter(|(to, _)| *to == id(1)).map(|(_, bytes)| bytes.clone());
    let (round1, later): (Vec<_>, Vec<_>) = to_1.partition(|bytes| open(bytes).header.round == 1);
    for bytes in &round1 {
        let _ = session.receive(bytes).unwrap();
    }
    (session, later)
}

/// K-22: two rounds end with one message, and the second of them in an abort: what the first brought about is there
/// to be sent, and the abort comes with it. A promise outlives it, and what came for that round is forgotten, so that
/// the right messages may come.
#[test]
fn k_22_progress_is_not_lost_with_an_abort() {
    let (mut session, later) = held();
    let wrong = |bytes: &Vec<u8>| forge(bytes, |_, body| body[0] ^= 1);
    let (confirms, mut openings): (Vec<_>, Vec<_>) = later.into_iter().partition(|b| open(b).header.round == 3);
    let last = openings.pop().unwrap();
    for bytes in confirms.iter().map(wrong).chain(openings) {
        assert!(session.receive(&bytes).unwrap().send.is_empty());
    }
    let progress = session.receive(&last).unwrap();
    let sent: Vec<u8> = progress.send.iter().map(|parcel| open(&parcel.bytes).header.round).collect();
    assert_eq!(sent, [3]);
    assert_eq!(session.sent().last(), progress.send.last());
    let abort = progress.abort.unwrap();
    assert_eq!((abort.fault(), abort.culprits()), (Fault::TranscriptsDiffer, &[][..]));
    assert!(progress.must_persist && progress.output.is_none() && !progress.finished);
    assert_eq!(session.awaiting(), [id(2), id(3)]);
    let outputs: Vec<_> = confirms.iter().filter_map(|bytes| session.receive(bytes).unwrap().output).collect();
    assert_eq!(outputs.len(), 1);
}

/// K-22: of a round that failed the culprits' messages are forgotten; where nobody is named, all.
#[test]
fn k_22_which_messages_of_a_failed_round_are_forgotten() {
    let net = {
        let mut net = Net::new(4, 7, 1);
        net.run();
        net
    };
    let kept = |culprits: &[u16]| {
        let mut store = Store::default();
        for (_, bytes) in net.log.iter().filter(|(to, _)| *to == id(1)) {
            assert_eq!(store.keep(open(bytes)), Kept::New);
        }
        let culprits: Vec<_> = culprits.iter().map(|n| id(*n)).collect();
        store.forget_round(3, &culprits);
        let of_round = |round| store.all().filter(|message| message.header.round == round).count();
        (of_round(2), of_round(3))
    };
    assert_eq!((kept(&[2]), kept(&[2, 4]), kept(&[])), ((6, 2), (6, 1), (6, 0)));
}

/// O-03: a sealed part that is too long by however much: up to the limit its sender is named, through a complaint
/// that everybody can read; beyond it it is not even kept.
#[test]
fn o_03_sealed_parts_that_are_too_long() {
    let longest = 1024 + 64 * (2 + 4);
    let run = |length: usize, senders: &'static [u16]| {
        let mut net = Net::new(4, 7, 1);
        net.run_with(|to, bytes| {
            let header = open(bytes).header;
            let hit = to == id(1) && header.kind == Kind::Sealed && senders.contains(&header.sender.get());
            vec![if hit { forge(bytes, |_, body| body.resize(length, 7)) } else { bytes.to_vec() }]
        });
        net
    };
    for senders in [&[3][..], &[2, 3, 4]] {
        for length in [33 + 16, longest] {
            let net = run(length, senders);
            let culprits: Vec<_> = senders.iter().map(|n| id(*n)).collect();
            for n in 1..=4 {
                assert_eq!((net.abort_of(n).fault(), net.abort_of(n).culprits()), (Fault::BadShare, &culprits[..]));
            }
        }
    }
    let net = run(longest + 1, &[3]);
    assert_eq!(net.sessions[&id(1)].awaiting(), [id(3)]);
    assert!(net.outcomes.values().all(|outcome| outcome.abort.is_none()));
    let mut net = net;
    let part = |bytes: &[u8]| open(bytes).header.kind == Kind::Sealed && open(bytes).header.sender == id(3);
    let long = net.log.iter().find(|(to, bytes)| *to == id(1) && part(bytes)).unwrap().1.clone();
    let long = forge(&long, |_, body| body.resize(longest + 1, 7));
    assert_eq!(net.deliver(id(1), &long), Err(Usage::TooMany.into()));
}

/// K-23: many contradictions of one sender after a promise: one piece of evidence, one promise.
#[test]
fn k_23_evidence_does_not_grow() {
    let (mut session, later) = held();
    let (confirms, openings): (Vec<_>, Vec<_>) = later.into_iter().partition(|b| open(b).header.round == 3);
    for bytes in &openings {
        let _ = session.receive(bytes).unwrap();
    }
    let _ = session.receive(&confirms[0]).unwrap();
    for k in 0..200u8 {
        let other = forge(&confirms[0], |_, body| body[5] = body[5].wrapping_add(1 + k));
        let Err(Error::Abort(abort)) = session.receive(&other) else { panic!("no abort") };
        assert_eq!(abort.fault(), Fault::Equivocation);
        assert_eq!(session.evidence().len(), 1);
    }
    assert_eq!(session.shell.store.all().filter(|message| message.header.round == 3).count(), 1);
    assert!(session.receive(&confirms[1]).unwrap().output.is_some());
}

/// S-16, G-06: whatever one peer signs, a session keeps four messages of it for each place, none longer than the
/// protocol has. What is pushed out is sent again, and the session ends well.
#[test]
fn s_16_a_flood_is_bounded_in_bytes() {
    let mut net = Net::new(3, 7, 1);
    let of_2 = |kind| {
        let is_it = |bytes: &[u8]| open(bytes).header.sender == id(2) && open(bytes).header.kind == kind;
        net.log.iter().find(|(to, bytes)| *to == id(1) && is_it(bytes)).unwrap().1.clone()
    };
    let (broadcast, addressed) = (of_2(Kind::Broadcast), of_2(Kind::Addressed));
    let (mut session, _) = start(1, 3, 7, 1);
    let longest = 1024 + 64 * (2 + 3);
    for k in 0..500u32 {
        // Addressed parts of round 1 for any broadcast; broadcasts, sealed and addressed parts of round 2 of any view.
        let flood = |header: &mut envelope::Header, body: &mut Vec<u8>| {
            header.before[..4].copy_from_slice(&k.to_be_bytes());
            body.resize(longest, 0);
        };
        let _ = session.receive(&forge(&addressed, flood)).unwrap();
        for kind in [Kind::Broadcast, Kind::Addressed, Kind::Sealed] {
            let early = forge(if kind == Kind::Broadcast { &broadcast } else { &addressed }, |header, body| {
                (header.kind, header.round) = (kind, 2);
                header.context[..4].copy_from_slice(&k.to_be_bytes());
                body.resize(longest, 0);
            });
            let _ = session.receive(&early).unwrap();
        }
    }
    let bytes: usize = session.shell.store.all().map(|message| message.bytes.len()).sum();
    assert_eq!(session.shell.store.all().count(), 4 * 4);
    assert!(bytes <= 16 * (longest + 400));
    net.sessions.insert(id(1), session);
    net.run();
    net.coin();
}

/// A round 1 that comes last ends two rounds, and the second in a complaint: the session is over, so there is no
/// checkpoint to wait for, and the complaint leaves.
#[test]
fn s_05_a_complaint_does_not_wait_for_a_checkpoint() {
    let mut net = Net::new(3, 7, 1);
    let mut late = Vec::new();
    net.run_with(|to, bytes| {
        let header = open(bytes).header;
        if to == id(1) && (header.sender, header.round, header.kind) == (id(3), 1, Kind::Broadcast) {
            late.push(bytes.to_vec());
            return Vec::new();
        }
        let is_sealed = to == id(1) && (header.sender, header.kind) == (id(3), Kind::Sealed);
        let changed = if is_sealed { forge(bytes, |_, body| body[0] ^= 1) } else { bytes.to_vec() };
        alloc::vec![changed]
    });
    let [late] = &late[..] else { panic!() };
    let session = net.sessions.get_mut(&id(1)).unwrap();
    let progress = session.receive(late).unwrap();
    assert_eq!(progress.abort.as_ref().map(Abort::fault), Some(Fault::BadShare));
    assert!(progress.finished && !progress.must_persist && progress.output.is_none());
    assert_eq!(session.checkpoint().map(drop), Err(Usage::Over));
    let kinds: Vec<Kind> = progress.send.iter().map(|parcel| open(&parcel.bytes).header.kind).collect();
    assert_eq!(kinds.last(), Some(&Kind::Complaint));
    assert!(kinds.contains(&Kind::Broadcast), "what the round before has brought about");
}
