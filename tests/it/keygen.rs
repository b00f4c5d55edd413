//! Key generation through sessions: every suite, any delivery, crashes, and what is promised.

use std::collections::BTreeMap;

use cosigil::frost::{self, CommitmentList, Ed25519Keccak512, Ed25519Sha512, SigningRequest, Suite};
use cosigil::frost::{Bip340, P256Sha256, Ristretto255Sha512, Secp256k1Sha256};
use cosigil::keygen::{Certificate, Pending};
use cosigil::{Error, KeyShare, Keygen, PartyId, Session, Usage};
use proptest::prelude::*;

use crate::net::{Net, id, identity, params, rng};

/// The shares of a key made through sessions.
pub fn make<S: Suite>(t: u16, ids: &[u16], seed: u64) -> Vec<KeyShare<S>> {
    let net = Net::<Keygen<S>>::start(ids.iter().map(|me| params(*me, ids, t, 1)), |_| (), seed).unwrap();
    net.outputs()
}

/// Signs with these shares by the three calls, each for its own request; the signature is verified.
pub fn signed<S: Suite>(
    shares: &[&KeyShare<S>],
    request: impl Fn(&KeyShare<S>) -> SigningRequest<S>,
    seed: u64,
) -> S::Signature {
    let (mut nonces, mut list) = (Vec::new(), Vec::new());
    for share in shares {
        let (secret, public) = frost::commit(share, &mut rng(seed ^ u64::from(share.me().get()) << 32)).unwrap();
        nonces.push(secret);
        list.push((share.me(), public));
    }
    let list = CommitmentList::new(list).unwrap();
    let parts: Vec<_> = shares
        .iter()
        .zip(nonces)
        .map(|(share, nonces)| (share.me(), frost::sign(share, nonces, &request(share), &list).unwrap()))
        .collect();
    frost::aggregate(shares[0].public(), &request(shares[0]), &list, parts).unwrap()
}

/// Signs with these shares by the three calls, and verifies.
pub fn signs<S: Suite>(shares: &[&KeyShare<S>], seed: u64) {
    signed(shares, |_| SigningRequest::new([7; 32]), seed);
}

fn subsets(n: usize, t: usize) -> impl Iterator<Item = Vec<usize>> {
    (0u32..1 << n)
        .filter(move |mask| mask.count_ones() as usize == t)
        .map(move |mask| (0..n).filter(|k| mask >> k & 1 == 1).collect())
}

/// Every t-subset signs; t − 1 shares do not put the key together.
fn every_subset<S: Suite>(t: u16, ids: &[u16], seed: u64) {
    let shares = make::<S>(t, ids, seed);
    assert!(shares.iter().all(|share| share.public() == shares[0].public()));
    for subset in subsets(ids.len(), t.into()) {
        signs(&subset.iter().map(|k| &shares[*k]).collect::<Vec<_>>(), seed);
    }
    let mut shares = shares;
    shares.truncate(usize::from(t) - 1);
    assert_eq!(cosigil::hazmat::reconstruct(&shares).map(drop), Err(Usage::WrongNumberOfSigners));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    /// K-01, F-17, G-08: any (t, n) up to (5, 7), any ids, every suite.
    #[test]
    fn k_01_every_t_subset_signs_in_every_suite(
        ids in prop::collection::btree_set(prop_oneof![1u16..9, 250u16..260, Just(65535)], 2..=7),
        t in 2u16..=5,
        seed in 0u64..1 << 40,
    ) {
        let ids: Vec<u16> = ids.into_iter().collect();
        let t = t.min(ids.len() as u16);
        every_subset::<Ed25519Sha512>(t, &ids, seed);
        every_subset::<Ed25519Keccak512>(t, &ids, seed);
        every_subset::<Bip340>(t, &ids, seed);
        every_subset::<Secp256k1Sha256>(t, &ids, seed);
        every_subset::<P256Sha256>(t, &ids, seed);
        every_subset::<Ristretto255Sha512>(t, &ids, seed);
    }
}

/// What one party sends, so that the docs can state it: messages to n − 1 peers, four rounds.
#[test]
fn messages_and_bytes() {
    let ids = [1, 2, 3];
    let mut net = Net::<Keygen<Ed25519Sha512>>::start(ids.map(|me| params(me, &ids, 2, 1)), |_| (), 1).unwrap();
    net.run();
    let header = 8 + "keygen".len() + 4 * 32 + 64;
    let bodies = [128 + 32, 32 * 2 + 128, 64 + 16, 96, 33];
    for end in net.ends.values() {
        assert_eq!(end.sent, (2 * 5, 2 * bodies.iter().map(|body| header + body).sum::<usize>()));
    }
}

/// K-22: the session is resumed from its checkpoint after every message; the others notice nothing.
#[test]
fn k_22_a_crash_after_every_message() {
    type P = Keygen<Ed25519Sha512>;
    let ids = [1, 2, 3];
    let mut net = Net::<P>::start(ids.map(|me| params(me, &ids, 2, 1)), |_| (), 3).unwrap();
    let mut checkpoint = net.sessions[&id(1)].checkpoint().unwrap();
    while let Some((to, bytes)) = net.queue.pop_front() {
        if to == id(1) && !net.sessions[&to].is_finished() {
            let (session, sent) = Session::<P>::resume(params(1, &ids, 2, 1), &identity(1), (), &checkpoint).unwrap();
            assert_eq!(sent, net.sessions[&to].sent());
            net.sessions.insert(to, session);
        }
        net.deliver(to, &bytes).unwrap();
        if to == id(1) && !net.sessions[&to].is_finished() {
            checkpoint = net.sessions[&to].checkpoint().unwrap();
        }
    }
    let shares: Vec<_> = net.ends.into_values().map(|end| end.output.unwrap()).collect();
    signs(&shares.iter().collect::<Vec<_>>(), 1);
}

/// K-22: each message of rounds 3 and 4 to each party is lost. A pending share outlives it, and with the
/// certificate that somebody shows later it is a key share.
#[test]
fn k_22_certificates_make_pending_shares_active() {
    type P = Keygen<Bip340>;
    let ids = [1, 2, 3];
    for victim in ids {
        let mut net = Net::<P>::start(ids.map(|me| params(me, &ids, 2, 1)), |_| (), 4).unwrap();
        let mut pending: BTreeMap<PartyId, Vec<u8>> = BTreeMap::new();
        while let Some((to, bytes)) = net.queue.pop_front() {
            // Nothing that was sent in round 3 or later gets to the victim.
            if to == id(victim) && bytes[2] >= 3 {
                continue;
            }
            net.deliver(to, &bytes).unwrap();
            if let Some(share) = net.sessions[&to].state().and_then(Keygen::pending) {
                pending.insert(to, share.to_bytes().to_vec());
            }
        }
        assert!(net.ends[&id(victim)].output.is_none());
        let other = ids.into_iter().find(|other| *other != victim).unwrap();
        let certificate = net.sessions[&id(other)].certificate().unwrap();
        let certificate = Certificate::<Bip340>::from_bytes(&certificate.to_bytes()).unwrap();
        let mine = Pending::<Bip340>::from_bytes(&pending[&id(victim)]).unwrap();
        let key_share = mine.activate(&certificate).unwrap();
        signs(&[&key_share, net.ends[&id(other)].output.as_ref().unwrap()], 1);
        // The same through the session: the certificate is nothing but signed messages.
        let certificate = net.sessions[&id(other)].certificate().unwrap();
        for (_, signed) in certificate.signed().filter(|(from, _)| *from != id(victim)) {
            net.deliver(id(victim), signed).unwrap();
        }
        assert_eq!(net.ends[&id(victim)].output.as_ref().unwrap().public(), key_share.public());
    }
}

/// S-01, K-04: a session with another label, threshold, set or suite is foreign, nobody is named.
#[test]
fn s_01_other_inputs_are_foreign() {
    let ids = [1, 2, 3];
    let seed = |me: u16| rng(9 + u64::from(me));
    let others = [params(2, &ids, 2, 2), params(2, &ids, 3, 1), params(2, &[1, 2, 4], 2, 1), params(2, &[1, 2], 2, 1)];
    for other in others {
        let (mut session, _) =
            Session::<Keygen<Ed25519Sha512>>::start(params(1, &ids, 2, 1), &identity(1), (), &mut seed(1)).unwrap();
        let (_, parcels) = Session::<Keygen<Ed25519Sha512>>::start(other, &identity(2), (), &mut seed(2)).unwrap();
        assert_eq!(session.receive(&parcels[0].bytes).map(drop), Err(Error::Usage(Usage::ForeignMessage)));
        assert_eq!(session.conflicts(), [id(2)]);
    }
    let (mut session, _) =
        Session::<Keygen<Ed25519Sha512>>::start(params(1, &ids, 2, 1), &identity(1), (), &mut seed(1)).unwrap();
    let keccak = Session::<Keygen<Ed25519Keccak512>>::start(params(2, &ids, 2, 1), &identity(2), (), &mut seed(2));
    assert_eq!(session.receive(&keccak.unwrap().1[0].bytes).map(drop), Err(Error::Usage(Usage::ForeignMessage)));
}

/// K-24: no byte of the chain code, or of a share, in what the relay carries.
#[test]
fn k_24_the_relay_sees_no_secret() {
    let ids = [1, 2, 3];
    let mut net = Net::<Keygen<Secp256k1Sha256>>::start(ids.map(|me| params(me, &ids, 2, 1)), |_| (), 5).unwrap();
    let mut seen = Vec::new();
    net.run_with(|_, bytes| {
        seen.extend_from_slice(&bytes);
        vec![bytes]
    });
    for end in net.ends.values() {
        let record = end.output.as_ref().unwrap().to_bytes();
        let chain_code = end.output.as_ref().unwrap().chain_code().expose();
        let at = record.windows(32).position(|window| window == chain_code).unwrap();
        for secret in [&record[at - 32..at], chain_code] {
            assert!(!seen.windows(8).any(|window| window == &secret[..8] || window == &secret[24..]));
        }
    }
}
