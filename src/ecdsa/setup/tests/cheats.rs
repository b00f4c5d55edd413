//! Setups with a cheat: every field of every flight, every check, and what is on record afterwards.

use super::*;
use crate::ecdsa::setup::messages::SHAPE;
use crate::ot::testing::seeds;
use crate::wire::{Field, Wire};

/// Both parties after flight 1, by a trusted hand: cheap enough for a thousand cheats.
struct Seats {
    lower: LowerRound2,
    higher: HigherRound2,
    flight: FromHigher,
    zero: ZeroPart,
    logs: [Arc<Fickle>; 2],
    peers: [Peer; 2],
}

fn seats(seed: u64) -> Seats {
    let key_id = crate::party::KeyId::from_bytes([1; 32]);
    let sharing = crate::party::Sharing::from_bytes([2; 32]);
    let (base, view) = (Base::from_bytes([3; 32]), View::from_bytes([seed as u8; 32]));
    let logs: [Arc<Fickle>; 2] = [Arc::default(), Arc::default()];
    let peers = [5, 2].map(|n| Peer { key_id, id: id(n), identity: [n as u8; 32] });
    let terms = |k: usize| Terms { me: id([2, 5][k]), peer: peers[k], sharing, base, log: logs[k].clone() };
    let (received, sent) = seeds(&mut rng(seed));
    let (higher, flight, zero) = HigherRound2::grow(terms(1), view, sent, &mut rng(seed + 1)).unwrap();
    let lower = LowerRound2 { terms: terms(0), view, seeds: received };
    Seats { lower, higher, flight, zero, logs, peers }
}

fn flipped<M: Wire>(message: &M, place: usize) -> M {
    let mut bytes = message.encode(&SHAPE);
    bytes[place] ^= 0x10;
    M::decode(&bytes, &SHAPE).unwrap()
}

/// Whether it is the end that a failed check must have: struck, named, on record.
fn assert_strike(abort: &Abort, k: usize, logs: &[Arc<Fickle>; 2], peers: &[Peer; 2]) {
    assert_eq!(abort.fault(), Fault::SetupFailed);
    assert_eq!(abort.culprits(), [peers[k].id]);
    assert_eq!(abort.consequences(), [Consequence::Strike(peers[k].id)]);
    assert_eq!(logs[k].log.strikes(&peers[k]).unwrap().total, 1);
}

/// What is found of changes to a flight, field by field.
///
/// Of the two corrections of a level the receiver uses the one it chose: a change of the other it cannot
/// see. Every other change must be found.
fn assert_all_found(fields: &[Field], found: &[bool]) {
    assert_eq!(fields.len(), found.len());
    let mut levels = 0;
    let mut seen = 0;
    for (field, found) in fields.iter().zip(found) {
        if field.name == "levels" {
            levels += 1;
            seen += usize::from(*found);
        } else {
            assert!(found, "{field:?}");
        }
    }
    assert_eq!((levels, seen), (32 * 6, 32 * 3), "of each pair one, by the choice");
    let pairs: Vec<bool> = fields.iter().zip(found).filter(|(f, _)| f.name == "levels").map(|(_, b)| *b).collect();
    assert!(pairs.chunks(2).all(|pair| pair[0] != pair[1]));
}

/// O-01, O-09, O-27: any field of flight 2 wrong: a strike before flight 3 can leave, and no pair.
#[test]
fn o_09_every_field_of_flight_2() {
    let fields = FromHigher::fields(&SHAPE);
    assert_eq!(fields.len(), 32 * 8 + 33);
    assert_eq!(fields.iter().map(|field| field.length).sum::<usize>(), FromHigher::size(&SHAPE));
    let mut found = Vec::new();
    for field in &fields {
        let Seats { lower, flight, zero, logs, peers, .. } = seats(7);
        match lower.receive(flipped(&flight, field.offset + field.length / 2), Some(zero), &mut rng(3)) {
            Ok(_) => found.push(false),
            Err(abort) => {
                assert_strike(&abort, 0, &logs, &peers);
                found.push(true);
            }
        }
    }
    assert_all_found(&fields, &found);
}

/// O-09: any field of flight 3 wrong: a strike before flight 4 can leave, and no pair.
#[test]
fn o_09_every_field_of_flight_3() {
    let fields = FromLower::fields(&SHAPE);
    assert_eq!(fields.iter().map(|field| field.length).sum::<usize>(), FromLower::size(&SHAPE));
    let mut found = Vec::new();
    for field in &fields {
        let Seats { lower, higher, flight, zero, logs, peers } = seats(8);
        let (_, reply, zero) = lower.receive(flight, Some(zero), &mut rng(3)).unwrap();
        match higher.receive(&flipped(&reply, field.offset + field.length / 2), Some(zero)) {
            Ok(_) => found.push(false),
            Err(abort) => {
                assert_strike(&abort, 1, &logs, &peers);
                found.push(true);
            }
        }
    }
    assert_all_found(&fields, &found);
}

/// Every field of flight 1: no point that is not of the group, in none of the 256 places.
#[test]
fn o_08_every_point_of_flight_1() {
    let mut sent = [Vec::new(), Vec::new()];
    let _ = Table::new(4).run(|mail| {
        if mail.round == 1 {
            sent[mail.from] = mail.broadcast.clone();
        }
    });
    for body in &sent {
        assert!(Points::decode(body, &SHAPE).is_some());
        for bad in [[0; 32], [0xff; 32], [1; 32]] {
            for place in (0..8192).step_by(32) {
                let mut body = body.clone();
                body[place..place + 32].copy_from_slice(&bad);
                assert!(Points::decode(&body, &SHAPE).is_none());
            }
        }
    }
    for (from, place) in [(0, 0), (0, 8160), (1, 32), (1, 77 * 64)] {
        let table = Table::new(4).run(|mail| {
            if (mail.round, mail.from) == (1, from) {
                mail.broadcast[place..place + 32].fill(0);
            }
        });
        expect(&table, 1 - from, Fault::Malformed, &[[2, 5][from]]);
        assert!(table.aborts[from].is_none() && table.strikes(1 - from) == 0);
    }
}

/// One party's end: the fault and whom it names. No pair of it is of use.
fn expect(table: &Table, k: usize, fault: Fault, culprits: &[u16]) {
    let abort = table.aborts[k].as_ref().unwrap();
    let named: Vec<u16> = abort.culprits().iter().map(|id| id.get()).collect();
    assert_eq!((abort.fault(), named.as_slice()), (fault, culprits));
    assert!(!table.finished[k]);
    assert!(table.pairs[k].as_ref().is_none_or(|pair| pair.is_burned()));
}

/// O-03: messages of another length, in every round from either side: malformed, their sender is named.
#[test]
fn o_03_other_lengths_name_their_sender_and_strike_nobody() {
    for (round, from) in [(1, 0), (1, 1), (2, 1), (3, 0), (4, 1), (5, 0)] {
        let changes: [fn(&mut Vec<u8>); 4] = [
            |body| body.truncate(body.len() - 1),
            |body| body.push(0),
            |body| body.clear(),
            |body| body.truncate(body.len() / 2),
        ];
        for change in changes {
            let table = Table::new(5).run(|mail| {
                if (mail.round, mail.from) == (round, from) {
                    change(&mut mail.broadcast);
                }
            });
            let to = 1 - from;
            let abort = table.aborts[to].as_ref().unwrap();
            assert_eq!((abort.fault(), abort.culprits()), (Fault::Malformed, &[id([2, 5][from])][..]));
            assert_eq!(abort.consequences(), [Consequence::Banned(id([2, 5][from]))]);
            assert_eq!((table.strikes(0), table.strikes(1)), (0, 0));
        }
    }
}

/// A private part that does not open or is of another length: known to its recipient alone.
#[test]
fn o_03_private_parts_that_do_not_open() {
    for (round, from) in [(2, 1), (3, 0)] {
        let changes: [fn(&mut Option<Vec<u8>>); 3] = [
            |sealed| *sealed = None,
            |sealed| sealed.as_mut().unwrap().push(0),
            |sealed| sealed.as_mut().unwrap().truncate(31),
        ];
        for change in changes {
            let table = Table::new(6).run(|mail| {
                if (mail.round, mail.from) == (round, from) {
                    change(&mut mail.sealed);
                }
            });
            expect(&table, 1 - from, Fault::BadSealedPart, &[[2, 5][from]]);
            assert!(table.aborts[1 - from].as_ref().unwrap().consequences().is_empty());
            assert_eq!((table.strikes(0), table.strikes(1)), (0, 0));
        }
    }
}

/// A sender that seals one part of the zero seed and uses another: the confirms differ, the pair is gone.
#[test]
fn o_13_another_part_of_the_zero_seed() {
    for (round, from) in [(2, 1), (3, 0)] {
        let table = Table::new(6).run(|mail| {
            if (mail.round, mail.from) == (round, from) {
                mail.sealed.as_mut().unwrap()[7] ^= 1;
            }
        });
        expect(&table, 0, Fault::TranscriptsDiffer, &[]);
        assert!(!table.finished[1]);
        assert!(!table.pair(1).is_active());
    }
}

/// Any byte of either confirm wrong: nobody is named, the pair is thrown away where it is seen.
#[test]
fn a_wrong_confirm_throws_the_pair_away() {
    for (round, from) in [(4, 1), (5, 0)] {
        for place in [0, 13, 31] {
            let table = Table::new(6).run(|mail| {
                if (mail.round, mail.from) == (round, from) {
                    mail.broadcast[place] ^= 0x80;
                }
            });
            expect(&table, 1 - from, Fault::TranscriptsDiffer, &[]);
            assert!(table.aborts[1 - from].as_ref().unwrap().consequences().is_empty());
            let mut states = States::new(&table.shares[1 - from]);
            states.insert(Arc::clone(table.pair(1 - from))).unwrap();
            assert_eq!(states.to_bytes().len(), States::new(&table.shares[1 - from]).to_bytes().len());
        }
    }
}

/// O-27: each check of direction 1 fails: flight 3 never leaves, nothing is kept by either.
#[test]
fn o_27_nothing_leaves_before_both_checks_of_direction_1() {
    let (tree_check, extension_check) = (96, 5120 + 31 * 32 + 20);
    for place in [tree_check, extension_check] {
        let mut flights = Vec::new();
        let table = Table::new(9).run(|mail| {
            flights.push((mail.round, mail.from));
            if mail.round == 2 {
                mail.broadcast[place] ^= 1;
            }
        });
        assert_eq!(flights, [(1, 0), (1, 1), (2, 1)]);
        expect(&table, 0, Fault::SetupFailed, &[5]);
        assert!(table.pairs.iter().all(Option::is_none) && table.strikes(0) == 1 && table.strikes(1) == 0);
    }
}

/// O-09: a point that is valid but another: both sides' points are in every key, so a check must fail.
#[test]
fn o_09_another_point_of_flight_1_costs_a_strike() {
    for slot in 0..2 {
        let table = Table::new(10).run(|mail| {
            if (mail.round, mail.from) == (1, 1) {
                let (from, to) = (64 * 9 + 32 * slot, 64 * 40);
                mail.broadcast.copy_within(to..to + 32, from);
            }
        });
        expect(&table, 0, Fault::SetupFailed, &[5]);
        assert_eq!((table.strikes(0), table.strikes(1)), (1, 0));
    }
}

fn failed_setup(log: &Arc<Fickle>) -> Abort {
    let table = Table::with_logs(11, [Arc::clone(log), Arc::default()]).run(|mail| {
        if mail.round == 2 {
            mail.broadcast[100] ^= 1;
        }
    });
    table.aborts[0].clone().unwrap()
}

/// O-25: three failed setups; the fourth does not start, after a restart or a restored backup neither.
#[test]
fn o_25_three_strikes_and_an_operator_decides() {
    let log: Arc<Fickle> = Arc::default();
    for _ in 0..3 {
        assert_eq!(failed_setup(&log).consequences(), [Consequence::Strike(id(5))]);
    }
    let mut shares = keys::<Secp256k1Ecdsa>(2, &[2, 5, 9]);
    let inputs = |share: &Keys, peer, log: &Arc<Fickle>| Inputs::new(share, id(peer), log.clone()).map(|_| ());
    assert_eq!(inputs(&shares[0], 5, &log), Err(Usage::OperatorNeeded(id(5))));
    assert_eq!(inputs(&shares[0], 9, &log), Ok(()));
    // Sessions that would use a pair of before do not start either.
    let mut states = States::new(&shares[0]);
    let [pair, _] = crate::ecdsa::pairs::testing::pair(&shares[0], &shares[1], 1);
    states.insert(pair).unwrap();
    let refused = states.session_pairs(&shares[0], &[id(5)], &*log).unwrap_err();
    assert_eq!(refused, Usage::OperatorNeeded(id(5)));
    // A backup remembers, on a machine with a log of its own.
    crate::ecdsa::burn::note_strikes(&mut shares[0], &*log).unwrap();
    let backup = shares[0].to_bytes();
    let restored = Keys::from_bytes(&backup).unwrap();
    let fresh: Arc<Fickle> = Arc::default();
    assert_eq!(restored.strikes(id(5)), Ok(3));
    assert_eq!(inputs(&restored, 5, &fresh), Err(Usage::OperatorNeeded(id(5))));
    // The operator types the peer's id.
    crate::ecdsa::burn::hazmat::forgive(&*log, &shares[0], id(5)).unwrap();
    assert_eq!(inputs(&shares[0], 5, &log), Ok(()));
    let _ = failed_setup(&log);
    assert_eq!(inputs(&shares[0], 5, &log), Ok(()), "one of three");
}

/// O-25: setups side by side give no more tries: after the third strike a passed check shows nothing.
#[test]
fn o_25_setups_side_by_side_stop_at_the_third_strike() {
    let mut seats: Vec<_> = (0..2).map(|_| seats(12)).collect();
    for (party, peer) in [(0, seats[0].peers[0]), (1, seats[1].peers[1])] {
        let log = &seats[party].logs[party];
        for _ in 0..2 {
            log.log.strike(&peer).unwrap();
        }
        assert_eq!(log.log.strikes(&peer).unwrap().total, 2);
    }
    let Seats { lower, higher, flight, zero, logs, peers } = seats.remove(0);
    let (lower, reply, zero) = lower.receive(flight, Some(zero), &mut rng(1)).unwrap();
    drop(lower);
    logs[1].log.strike(&peers[1]).unwrap();
    logs[1].log.strike(&peers[1]).unwrap();
    logs[1].log.strike(&peers[1]).unwrap();
    let abort = higher.receive(&reply, Some(zero)).unwrap_err();
    assert_eq!((abort.fault(), abort.culprits()), (Fault::OutOfStrikes, &[][..]));
    let Seats { lower, flight, zero, logs, peers, .. } = seats.remove(0);
    for _ in 0..3 {
        logs[0].log.strike(&peers[0]).unwrap();
    }
    let abort = lower.receive(flight, Some(zero), &mut rng(1)).unwrap_err();
    assert_eq!((abort.fault(), abort.culprits()), (Fault::OutOfStrikes, &[][..]));
}

/// O-24: a log that fails: nothing starts, nothing passes, and a strike that is not on record says so.
#[test]
fn o_24_a_log_that_fails() {
    let Seats { lower, flight, zero, logs, .. } = seats(13);
    logs[0].fail(true);
    let abort = lower.receive(flight, Some(zero), &mut rng(1)).unwrap_err();
    assert_eq!((abort.fault(), abort.culprits()), (Fault::LogFailed, &[][..]));
    let Seats { lower, flight, zero, logs, .. } = seats(13);
    logs[0].fail(true);
    let abort = lower.receive(flipped(&flight, 100), Some(zero), &mut rng(1)).unwrap_err();
    assert_eq!((abort.fault(), abort.culprits()), (Fault::SetupFailed, &[id(5)][..]));
    assert_eq!(abort.consequences(), [Consequence::NotRecorded(id(5))]);
    let Seats { lower, higher, flight, zero, logs, .. } = seats(13);
    let (_, reply, zero) = lower.receive(flight, Some(zero), &mut rng(1)).unwrap();
    logs[1].fail(true);
    assert_eq!(higher.receive(&reply, Some(zero)).unwrap_err().fault(), Fault::LogFailed);
    let shares = keys::<Secp256k1Ecdsa>(2, &[2, 5]);
    let log: Arc<Fickle> = Arc::default();
    log.fail(true);
    assert_eq!(Inputs::new(&shares[0], id(5), log.clone()).unwrap_err(), Usage::StoreFailed);
}

/// Through sessions: a cheat that signs its wrong flights. The pair of before stays, and others' setups.
#[test]
fn o_03_a_failed_setup_leaves_the_former_one_and_the_others() {
    let mut net = Net::new(&[2, 5, 9]);
    net.start_all(1);
    net.run();
    let former = net.chosen(2, 5).unwrap();
    let others = net.chosen(2, 9).unwrap();
    // (round, kind), place, the fault, by whom: the checks of flights 2 and 3, ciphertexts, confirms.
    let cheats: [((u8, u8), usize, Fault, u16); 6] = [
        ((2, 1), 97, Fault::SetupFailed, 5),
        ((2, 1), 5200, Fault::SetupFailed, 5),
        ((2, 3), 3, Fault::BadSealedPart, 5),
        ((3, 1), 97, Fault::SetupFailed, 2),
        ((3, 3), 40, Fault::BadSealedPart, 2),
        ((4, 1), 4, Fault::TranscriptsDiffer, 5),
    ];
    for (round, (place, at, fault, cheat)) in (2..).zip(cheats) {
        net.start_all(round);
        net.aborts.clear();
        net.run_with(|to, from, bytes| {
            let hit = envelope(&bytes).0 == place && from == id(cheat) && to != id(9);
            alloc::vec![if hit { forge(&bytes, |body| body[at] ^= 1) } else { bytes }]
        });
        let victim = if cheat == 5 { 2 } else { 5 };
        let abort = &net.aborts[&(id(victim), id(cheat))];
        assert_eq!(abort.fault(), fault);
        let named: &[PartyId] = if fault == Fault::TranscriptsDiffer { &[] } else { &[id(cheat)] };
        assert_eq!(abort.culprits(), named);
        assert_eq!(net.aborts.keys().filter(|(_, from)| *from == id(9)).count(), 0);
        assert_eq!(net.chosen(2, 5).unwrap().pair_id(), former.pair_id(), "{fault:?}");
        assert_eq!(net.meet(2, 5), [Ok(()), Ok(())]);
        assert_ne!(net.chosen(2, 9).unwrap().pair_id(), others.pair_id());
    }
    assert_eq!((net.strikes(2, 5), net.strikes(5, 2), net.strikes(2, 9)), (2, 1, 0));
}

/// A broadcast that does not decode convicts its sender before others; a private failure does not.
#[test]
fn malformed_flights_are_evidence() {
    let mut net = Net::new(&[2, 5]);
    net.start_all(1);
    net.run_with(|_, _, bytes| {
        let flight = envelope(&bytes).0 == (2, 1);
        alloc::vec![if flight { forge(&bytes, |body| body.truncate(6000)) } else { bytes }]
    });
    let abort = &net.aborts[&(id(2), id(5))];
    assert_eq!((abort.fault(), abort.culprits()), (Fault::Malformed, &[id(5)][..]));
    let session = &net.sessions[&(id(2), id(5))];
    let evidence = session.evidence();
    assert_eq!((evidence.len(), evidence[0].culprit()), (1, id(5)));
    let inputs = Inputs::new(net.key(id(5)), id(2), net.log_of(id(5))).unwrap();
    let judged = evidence[0].judge::<Setup<Secp256k1Ecdsa>>(session.params(), &inputs).unwrap();
    assert_eq!((judged.culprit, judged.fault), (id(5), Fault::Malformed));
}
