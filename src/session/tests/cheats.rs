//! Peers that cheat with their own signing key: each is named, nobody else is.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::super::envelope::Kind;
use super::super::evidence::{Evidence, Judged};
use super::super::seal;
use super::coin::Coin;
use super::{Net, forge, id, open, params};
use crate::curve::{Ristretto255, encode_point};
use crate::error::{Consequence, Fault, Usage};
use crate::party::PartyId;
use crate::round::{Channels, round1_digest};
use crate::transcript::Transcript;

/// Runs with party 3's messages of that round and kind changed on their way to these parties. Its
/// addressed parts go with its changed round 1.
fn with_cheat(round: u8, kind: Kind, victims: &[u16], change: impl Fn(PartyId, &[u8]) -> Vec<Vec<u8>>) -> Net {
    let mut net = Net::new(4, 7, 1);
    let mut round1 = None;
    net.run_with(|to, bytes| {
        let header = open(bytes).header;
        if header.sender != id(3) || header.round != round || !victims.contains(&to.get()) {
            return vec![bytes.to_vec()];
        }
        if header.kind == kind {
            let changed = change(to, bytes);
            round1 = Some(round1_digest(&open(&changed[0]).body)).filter(|_| round == 1);
            return changed;
        }
        match (header.kind, round1) {
            (Kind::Addressed, Some(digest)) => vec![forge(bytes, |header, _| header.before = digest)],
            _ => vec![bytes.to_vec()],
        }
    });
    net
}

fn judge(evidence: &Evidence) -> Result<Judged, Usage> {
    evidence.judge::<Coin>(&params(2, 4, 7), &0)
}

/// All honest parties abort with this fault and name party 3, and their evidence convinces a judge.
fn all_name_3(net: &Net, fault: Fault) {
    for n in [1, 2, 4] {
        let abort = net.abort_of(n);
        assert_eq!((abort.fault(), abort.culprits()), (fault, &[id(3)][..]), "party {n}");
        assert_eq!(abort.consequences(), [Consequence::Banned(id(3))]);
        let evidence = net.sessions[&id(n)].evidence();
        assert!(!evidence.is_empty(), "party {n} has evidence");
        for piece in evidence {
            assert_eq!(judge(piece), Ok(Judged { culprit: id(3), fault }), "evidence of party {n}");
        }
    }
}

/// K-20: somebody else's one-session key, shifted or not, with its proof or a made-up one.
#[test]
fn k_20_shifted_one_session_key() {
    for variant in 0..4 {
        let victim = Net::new(4, 7, 1);
        let theirs = victim.log.iter().find(|(_, bytes)| open(bytes).header.sender == id(2)).unwrap().1.clone();
        let net = with_cheat(1, Kind::Broadcast, &[1, 2, 4], |_, bytes| {
            let key = open(&theirs).body[32..64].to_vec();
            let proof = open(&theirs).body[64..128].to_vec();
            vec![forge(bytes, |_, body| {
                let point = <Ristretto255 as crate::curve::Curve>::decode(&key).unwrap();
                let generator = <Ristretto255 as crate::curve::Curve>::mul_base(&1u64.into());
                let shifted = [point, point + generator, point + point, point][variant];
                body[32..64].copy_from_slice(&encode_point::<Ristretto255>(&shifted));
                if variant < 3 {
                    body[64..128].copy_from_slice(&proof);
                }
            })]
        });
        all_name_3(&net, Fault::BadSealKey);
    }
}

/// K-13, G-01, G-03: the identity and what is no encoding are malformed keys.
#[test]
fn k_13_malformed_one_session_keys() {
    let not_canonical = [0xff; 32];
    for key in [[0; 32], not_canonical] {
        let net = with_cheat(1, Kind::Broadcast, &[1, 2, 4], |_, bytes| {
            vec![forge(bytes, |_, body| body[32..64].copy_from_slice(&key))]
        });
        all_name_3(&net, Fault::Malformed);
    }
    // Too short for a hello.
    for length in [0, 127] {
        let net =
            with_cheat(1, Kind::Broadcast, &[1, 2, 4], |_, bytes| vec![forge(bytes, |_, body| body.truncate(length))]);
        all_name_3(&net, Fault::Malformed);
        let honest = Evidence::retold(&net.sessions[&id(1)].evidence()[0], id(3), Fault::Malformed, |_| {
            net.sessions[&id(3)].sent()[0].bytes.clone()
        });
        assert!(judge(&honest).is_err(), "a hello as it should be");
    }
}

/// K-13: directions have keys of their own; a ciphertext opens nowhere else.
#[test]
fn k_13_sealed_parts_open_in_one_place_only() {
    let base = crate::party::Base::from_bytes([1; 32]);
    let mut rng = Transcript::new("seal-test").rng();
    let mut party = |n| {
        let (hello, key) = seal::say_hello(Channels::Sealed, &base, id(n), &mut rng);
        (seal::Hello::decode(Channels::Sealed, &hello).unwrap(), key.unwrap())
    };
    let ((hello_1, key_1), (hello_2, key_2)) = (party(1), party(2));
    let (view, other_view) = (crate::party::View::from_bytes([2; 32]), crate::party::View::from_bytes([3; 32]));
    let (shared_1, shared_2) = (key_1.shared_with(hello_2.key().unwrap()), key_2.shared_with(hello_1.key().unwrap()));
    let way = (id(1), id(2));
    let sealed = shared_1.seal(&view, way, 2, b"header", b"share").unwrap();
    assert_eq!(shared_2.unseal(&view, way, 2, b"header", &sealed).unwrap().as_slice(), b"share");
    assert!(shared_2.unseal(&view, (id(2), id(1)), 2, b"header", &sealed).is_none());
    assert!(shared_2.unseal(&other_view, way, 2, b"header", &sealed).is_none());
    assert!(shared_2.unseal(&view, way, 3, b"header", &sealed).is_none());
    assert!(shared_2.unseal(&view, way, 2, b"another", &sealed).is_none());
    assert_ne!(sealed, shared_1.seal(&view, (id(2), id(1)), 2, b"header", b"share").unwrap());
}

/// A bad opening names its sender at once.
#[test]
fn a_bad_opening_is_named() {
    let net = with_cheat(2, Kind::Broadcast, &[1, 2, 4], |_, bytes| vec![forge(bytes, |_, body| body[0] ^= 1)]);
    all_name_3(&net, Fault::BadOpening);
}

/// K-07: a bad sealed part to one victim: a complaint, and everybody names the dealer.
#[test]
fn k_07_bad_sealed_part_to_one_victim() {
    let net = with_cheat(2, Kind::Sealed, &[1], |_, bytes| vec![forge(bytes, |_, body| body[0] ^= 1)]);
    all_name_3(&net, Fault::BadShare);
    assert_eq!(net.abort_of(1).to_send().len(), 1);
}

/// K-19: a complaint about an honest dealer names the complainer.
#[test]
fn k_19_a_false_complaint_names_the_liar() {
    // Party 3 complains about a right part of party 2: it gets one, and says it does not fit.
    let mut net = Net::new(4, 7, 1);
    let mut spoiled = false;
    net.run_with(|to, bytes| {
        let message = open(bytes);
        // Only party 3's own view of its own part is spoiled: what it complains with is the signed one.
        if to == id(3) && message.header.sender == id(2) && message.header.kind == Kind::Sealed && !spoiled {
            spoiled = true;
            return vec![forge(bytes, |_, body| body[3] ^= 1)];
        }
        vec![bytes.to_vec()]
    });
    // What party 3 shows was signed by party 2's key in this test, so party 2 is rightly named...
    for n in [1, 4] {
        assert_eq!(net.abort_of(n).culprits(), [id(2)]);
    }
    // ... and with the message that party 2 really sent in its place, party 3 is.
    let mut net = Net::new(4, 7, 1);
    let mut real = Vec::new();
    net.run_with(|to, bytes| {
        let message = open(bytes);
        if to == id(3) && message.header.sender == id(2) && message.header.kind == Kind::Sealed {
            real = bytes.to_vec();
            return vec![forge(bytes, |_, body| body[3] ^= 1)];
        }
        if message.header.kind == Kind::Complaint {
            let other = forge(&real, |_, body| body[3] ^= 1);
            return vec![forge(bytes, |_, body| {
                let at = body.windows(other.len()).position(|window| window == other).unwrap();
                body[at..at + other.len()].copy_from_slice(&real);
            })];
        }
        vec![bytes.to_vec()]
    });
    for n in [1, 2, 4] {
        let abort = net.abort_of(n);
        assert_eq!((abort.fault(), abort.culprits()), (Fault::FalseComplaint, &[id(3)][..]), "party {n}");
        for piece in net.sessions[&id(n)].evidence() {
            assert_eq!(judge(piece), Ok(Judged { culprit: id(3), fault: Fault::FalseComplaint }));
        }
    }
}

/// K-08, S-03: two versions of one broadcast of round 2 under one view: an abort without culprit at the
/// split, and the name of the sender for whoever sees both.
#[test]
fn k_08_s_03_equivocation() {
    let other = |bytes: &[u8]| forge(bytes, |_, body| body[0] ^= 1);
    let net = with_cheat(3, Kind::Broadcast, &[1, 2, 4], |_, bytes| vec![bytes.to_vec(), other(bytes)]);
    let seen: Vec<_> = [1, 2, 4].into_iter().filter(|n| net.outcomes[&id(*n)].abort.is_some()).collect();
    assert!(!seen.is_empty());
    for n in seen {
        assert_eq!((net.abort_of(n).fault(), net.abort_of(n).culprits()), (Fault::Equivocation, &[id(3)][..]));
        for piece in net.sessions[&id(n)].evidence() {
            assert_eq!(judge(piece), Ok(Judged { culprit: id(3), fault: Fault::Equivocation }));
        }
    }
    // A split digest: nobody can be named.
    let net = with_cheat(3, Kind::Broadcast, &[1], |_, bytes| vec![forge(bytes, |header, _| header.before = [9; 32])]);
    assert_eq!((net.abort_of(1).fault(), net.abort_of(1).culprits()), (Fault::BroadcastsDiffer, &[][..]));
}

/// K-22: a complaint does not take a promise back: with the confirms of all the output is there.
#[test]
fn k_22_the_certificate_beats_a_complaint() {
    let mut net = Net::new(4, 7, 1);
    let mut complaint = None;
    // A run in which party 3 gets a bad part makes a complaint of party 3 ...
    net.run_with(|to, bytes| {
        let header = open(bytes).header;
        if header.kind == Kind::Complaint {
            complaint = Some(bytes.to_vec());
        }
        let bad = to == id(3) && header.sender == id(2) && header.kind == Kind::Sealed;
        vec![if bad { forge(bytes, |_, body| body[0] ^= 1) } else { bytes.to_vec() }]
    });
    let complaint = complaint.unwrap();
    // ... which comes to party 1 of the same run in which party 3 also confirms.
    let mut net = Net::new(4, 7, 1);
    net.run_with(|to, bytes| {
        let header = open(bytes).header;
        let confirm = to == id(1) && header.round == 3 && header.sender == id(3);
        if confirm { vec![complaint.clone(), bytes.to_vec()] } else { vec![bytes.to_vec()] }
    });
    let outcome = &net.outcomes[&id(1)];
    assert_eq!(outcome.abort.as_ref().unwrap().culprits(), [id(2)], "the forged part carries party 2's signature here");
    assert_eq!(outcome.output, net.outcomes[&id(2)].output);
    assert!(outcome.output.is_some());
}

/// K-23: evidence with one digest, one message or its culprit swapped convinces nobody.
#[test]
fn k_23_swapped_evidence_is_refused() {
    let net = with_cheat(2, Kind::Sealed, &[1], |_, bytes| vec![forge(bytes, |_, body| body[0] ^= 1)]);
    let honest = Net::new(4, 7, 2);
    let other_round1 = honest.log.iter().find(|(_, bytes)| open(bytes).header.sender == id(3)).unwrap().1.clone();
    let evidence = net.sessions[&id(2)].evidence()[0].clone();
    assert!(judge(&evidence).is_ok());
    for piece in evidence.tampered(&other_round1) {
        assert!(judge(&piece).is_err(), "{piece:?}");
    }
    assert!(evidence.judge::<Coin>(&params(2, 4, 8), &0).is_err());
    assert!(evidence.judge::<Coin>(&params(2, 4, 7), &1).is_err());
}

/// A malformed complaint names its sender.
#[test]
fn malformed_complaints_are_named() {
    for change in [0usize, 1, 2, 3] {
        let mut net = Net::new(4, 7, 1);
        net.run_with(|to, bytes| {
            let header = open(bytes).header;
            let bad = to == id(3) && header.sender == id(2) && header.kind == Kind::Sealed;
            let complaint = header.kind == Kind::Complaint;
            vec![match (bad, complaint) {
                (true, _) => forge(bytes, |_, body| body[0] ^= 1),
                (_, true) => forge(bytes, |_, body| match change {
                    0 => body.clear(),
                    1 => body.truncate(100),
                    2 => body.push(0),
                    _ => body[1] = 9,
                }),
                _ => bytes.to_vec(),
            }]
        });
        for n in [1, 2, 4] {
            let abort = net.abort_of(n);
            assert_eq!((abort.fault(), abort.culprits()), (Fault::Malformed, &[id(3)][..]), "change {change}");
        }
    }
}

/// K-13: two corrupt parties with one one-session key, which both know: nobody is named, nothing goes on.
#[test]
fn k_13_one_key_of_two_parties() {
    let mut net = Net::new(4, 7, 1);
    let mut digests = BTreeMap::new();
    net.run_with(|_, bytes| {
        let header = open(bytes).header;
        let n = header.sender.get();
        if header.round != 1 || n < 3 {
            return vec![bytes.to_vec()];
        }
        if header.kind == Kind::Addressed {
            return vec![forge(bytes, |header, _| header.before = digests[&n])];
        }
        let base = crate::party::Base::from_bytes(header.context);
        // The same draws, so the same key; the proofs are each party's own, and right.
        let mut rng = Transcript::new("same-key-test").rng();
        let (hello, _) = seal::say_hello(Channels::Accountable, &base, id(n), &mut rng);
        let changed = forge(bytes, |_, body| body[..128].copy_from_slice(&hello));
        digests.insert(n, round1_digest(&open(&changed).body));
        vec![changed]
    });
    for n in [1, 2] {
        assert_eq!((net.abort_of(n).fault(), net.abort_of(n).culprits()), (Fault::SameSealKey, &[][..]));
    }
}
