//! Setups of honest parties.

use super::*;
use crate::ecdsa::scheme::P256Ecdsa;
use crate::mul::zero_share::zero_share;

#[test]
fn every_pair_of_three_is_set_up_through_sessions() {
    let mut net = Net::new(&[2, 5, 9]);
    net.start_all(1);
    net.run();
    assert!(net.aborts.is_empty());
    assert!(net.sessions.values().all(Session::is_finished));
    let mut ids = alloc::collections::BTreeSet::new();
    for (a, b) in [(2, 5), (2, 9), (5, 9)] {
        let (one, other) = (net.chosen(a, b).unwrap(), net.chosen(b, a).unwrap());
        assert!(one.is_active() && other.is_active());
        assert_fits(&one, &other);
        ids.insert(*one.pair_id());
        assert_eq!(net.meet(a, b), [Ok(()), Ok(())]);
    }
    assert_eq!(ids.len(), 3);
    // The shares of zero of a session of all three.
    let (view, zero) = (View::from_bytes([8; 32]), <Secp256k1Ecdsa as Scheme>::Curve::mul_base(&0u64.into()));
    let share = |me: u16| {
        let pairs = net.states[&id(me)].session_pairs(net.key(id(me)), &[id(9), id(5), id(2)], &*net.log_of(id(me)));
        let pairs = pairs.unwrap();
        let peers: Vec<u16> = pairs.iter().map(|pair| pair.peer().get()).collect();
        assert_eq!(peers, [2, 5, 9].into_iter().filter(|n| *n != me).collect::<Vec<_>>());
        let seeds = pairs.iter().map(|pair| (pair.peer(), pair.zero_seed()));
        *zero_share::<<Secp256k1Ecdsa as Scheme>::Curve>(id(me), seeds, &view, 0).expose()
    };
    assert!(<Secp256k1Ecdsa as Scheme>::Curve::mul_base(&(share(2) + share(5) + share(9))) == zero);
}

/// O-20: the sizes that the page gives, with what the session adds.
#[test]
fn o_20_sizes() {
    let mut net = Net::new(&[2, 5]);
    net.start_all(1);
    net.run();
    let sent = |from: u16| -> Vec<((u8, u8), usize)> {
        let of = net.log.iter().filter(|(_, sender, _)| *sender == id(from));
        of.map(|(_, _, bytes)| envelope(bytes)).map(|(place, _, body)| (place, body.len())).collect()
    };
    let (broadcast, sealed) = (1, 3);
    assert_eq!(sent(2), [((1, broadcast), 8256), ((3, broadcast), 5120), ((3, sealed), 48), ((5, broadcast), 32)]);
    assert_eq!(sent(5), [((1, broadcast), 8256), ((2, broadcast), 6160), ((2, sealed), 48), ((4, broadcast), 32)]);
    let total = |from| sent(from).iter().map(|(_, length)| length).sum::<usize>();
    assert_eq!((total(2), total(5)), (13_456, 14_496));
}

#[test]
fn p256_pairs_and_others_share_nothing() {
    let keys = keys::<P256Ecdsa>(2, &[1, 2]);
    let log: Arc<dyn BurnLog> = Arc::new(MemoryBurnLog::new());
    let label = Label::from_bytes([1; 32]);
    let start = |share: &KeyShare<P256Ecdsa>, peer| {
        let mut setups = all(share, &[id(peer)], &identity(share.me().get()), &label, &log, &mut rng(peer.into()));
        setups.as_mut().unwrap().pop().unwrap()
    };
    let (mut a, mut b) = (start(&keys[0], 2), start(&keys[1], 1));
    let mut states = PairStates::new(&keys[0]);
    let mut queue: VecDeque<_> = [(1, &a.first), (0, &b.first)].map(|(to, first)| (to, first[0].clone())).into();
    let mut outputs = Vec::new();
    while let Some((to, parcel)) = queue.pop_front() {
        let progress = [&mut a.session, &mut b.session][to].receive(&parcel.bytes).unwrap();
        queue.extend(progress.send.into_iter().map(|parcel| (1 - to, parcel)));
        outputs.extend(progress.output);
    }
    assert_fits(&outputs[0], &outputs[1]);
    states.insert(Arc::clone(outputs.iter().find(|pair| pair.peer() == id(2)).unwrap())).unwrap();
    // A record of one scheme is none of the other.
    let bytes = states.to_bytes();
    assert_eq!(States::from_bytes(&bytes, &*log, 0).unwrap_err(), Usage::OtherSuite);
}

/// Each party has one pair with the other, and another setup gives another.
#[test]
fn o_06_setups_share_nothing() {
    let (one, other) = (Table::new(1).run(honest), Table::new(2).run(honest));
    assert_eq!((one.finished, other.finished), ([true; 2], [true; 2]));
    assert_fits(one.pair(0), one.pair(1));
    assert_ne!(one.pair(0).pair_id(), other.pair(0).pair_id());
    let bytes = |pair: &Pair| [pair.sender().to_bytes().to_vec(), pair.receiver().to_bytes().to_vec()];
    let all: Vec<_> = [&one, &other].iter().flat_map(|t| [0, 1].map(|k| bytes(t.pair(k)))).flatten().collect();
    assert_eq!(all.iter().collect::<alloc::collections::BTreeSet<_>>().len(), 8);
    // Δ of both directions differ, and none is trivial.
    let deltas: alloc::collections::BTreeSet<_> =
        all.iter().filter(|b| b.len() == 7696).map(|b| b[..16].to_vec()).collect();
    assert!(deltas.len() == 4 && !deltas.contains(&alloc::vec![0; 16]));
}

/// The label is the caller's; that setups differ does not hang on it.
#[test]
fn o_17_one_label_twice_gives_two_pairs() {
    let mut net = Net::new(&[2, 5]);
    net.start_all(1);
    net.run();
    let first = net.chosen(2, 5).unwrap();
    net.start_all(1);
    net.run();
    let second = net.chosen(2, 5).unwrap();
    assert_ne!(first.pair_id(), second.pair_id());
    assert_fits(&second, &net.chosen(5, 2).unwrap());
}

#[test]
fn nothing_secret_is_printed() {
    let table = Table::new(3).run(honest);
    let pair = table.pair(0);
    let mut states = States::new(&table.shares[0]);
    states.insert(Arc::clone(pair)).unwrap();
    let log: Arc<dyn BurnLog> = table.logs[0].clone();
    let inputs = Inputs::new(&table.shares[0], id(5), log).unwrap();
    let texts = [
        alloc::format!("{pair:?}"),
        alloc::format!("{states:?}"),
        alloc::format!("{inputs:?}"),
        alloc::format!("{:?}", pair.sender()),
        alloc::format!("{:?}", pair.zero_seed()),
    ];
    // No text is long enough to hold 16 bytes of a secret beside the 8 bytes of a name or two.
    for text in &texts {
        let longest = text.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max().unwrap();
        assert!(longest <= 16, "{text}");
        assert!(!text.contains(", 1") || text.len() < 200, "{text}");
    }
    assert!(alloc::format!("{:?}", Table::new(3).states[0]).len() < 300);
}

/// A setup with oneself, a stranger, other parameters, a bad generator.
#[test]
fn misuse_is_refused() {
    struct Zeros;
    impl rand_core::TryRng for Zeros {
        type Error = core::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(0)
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(0)
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
            bytes.fill(0);
            Ok(())
        }
    }
    impl rand_core::TryCryptoRng for Zeros {}
    let keys = keys::<Secp256k1Ecdsa>(2, &[2, 5, 9]);
    let log: Arc<dyn BurnLog> = Arc::new(MemoryBurnLog::new());
    let label = Label::from_bytes([1; 32]);
    let inputs = |peer| Inputs::new(&keys[0], id(peer), Arc::clone(&log));
    assert_eq!(inputs(2).unwrap_err(), Usage::DuplicateParty(id(2)));
    assert_eq!(inputs(3).unwrap_err(), Usage::UnknownParty(id(3)));
    let params = inputs(9).unwrap().params(&label).unwrap();
    let start = |params, inputs, n| Session::<Setup<Secp256k1Ecdsa>>::start(params, &identity(n), inputs, &mut rng(1));
    assert_eq!(start(params.clone(), inputs(5).unwrap(), 2).unwrap_err(), Usage::OtherIdentity);
    let all_three = keys[0].public().parties().clone();
    let params = SessionParams::new(label, id(2), Threshold::new(2).unwrap(), all_three).unwrap();
    assert_eq!(start(params.clone(), inputs(5).unwrap(), 2).unwrap_err(), Usage::OtherIdentity);
    assert_eq!(start(params, inputs(5).unwrap(), 9).unwrap_err(), Usage::OtherIdentity);
    let broken = all(&keys[0], &[id(5)], &identity(2), &label, &log, &mut Zeros);
    assert_eq!(broken.unwrap_err(), Usage::BrokenRng);
}
