//! Presigning, online signing, full signatures: the work of one party, by the typed rounds with encoding and
//! decoding, in units of one constant-time multiplication of k256 timed in between.
//!
//! `cargo bench --bench ecdsa`. Sealing, signing and the relay are the session's and not in here.

#![allow(missing_docs, clippy::expect_used, clippy::indexing_slicing, clippy::cast_precision_loss)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cosigil::curve::{Curve, random_scalar};
use cosigil::ecdsa::burn::{BurnLog, MemoryBurnLog};
use cosigil::ecdsa::pairs::PairStates;
use cosigil::ecdsa::presign::{self, Commit, Dealt, Finish, Greeting, Invitation, Opening, Signer, Ties};
use cosigil::ecdsa::store::MemoryStore;
use cosigil::ecdsa::{Child, EcdsaScheme, P256Ecdsa, Prehash, Presignature, Request, Secp256k1Ecdsa, online, setup};
use cosigil::hazmat::split;
use cosigil::key::KeyShare;
use cosigil::mul::rvole::Response;
use cosigil::round::{Inbox, Protocol, broadcasts_digest, view};
use cosigil::session::{Identity, Session};
use cosigil::wire::{Shape, Wire};
use cosigil::{Base, Label, Parcel, Parties, PartyId, Secret, SessionParams, Threshold, Transcript, TranscriptRng};

fn rng(n: u64) -> TranscriptRng {
    Transcript::new("bench-ecdsa").number(n).rng()
}

struct Team<S: EcdsaScheme> {
    shares: Vec<KeyShare<S>>,
    states: Vec<PairStates<S>>,
    log: Arc<dyn BurnLog>,
}

fn identity(id: PartyId) -> Identity {
    Identity::from_seed(&Secret::new([id.to_bytes()[1]; 32]))
}

/// Runs one setup; the pair of either side.
fn run<P: Protocol>(mut sides: BTreeMap<PartyId, (Session<P>, Vec<Parcel>)>) -> BTreeMap<PartyId, P::Output> {
    let mut outputs = BTreeMap::new();
    loop {
        let mut moved = false;
        for from in sides.keys().copied().collect::<Vec<_>>() {
            let parcels = sides.get_mut(&from).map(|(_, parcels)| std::mem::take(parcels)).unwrap_or_default();
            for parcel in parcels {
                let (to, (session, out)) = sides.iter_mut().find(|(id, _)| **id != from).expect("two sides");
                let progress = session.receive(&parcel.bytes).expect("honest");
                out.extend(progress.send);
                outputs.extend(progress.output.map(|output| (*to, output)));
                moved = true;
            }
        }
        if !moved {
            return outputs;
        }
    }
}

fn team<S: EcdsaScheme>(t: u16, n: u16, signers: u16) -> Team<S> {
    let ids: Vec<PartyId> = (1..=n).map(|k| PartyId::new(k).expect("not 0")).collect();
    let parties = Parties::new(ids.iter().map(|id| (*id, identity(*id).public()))).expect("distinct");
    let secret = random_scalar::<S::Curve>(&mut rng(1));
    let shares = split::<S>(&secret, Threshold::new(t).expect("2 or more"), &parties, &mut rng(2)).expect("t ≤ n");
    let log: Arc<dyn BurnLog> = Arc::new(MemoryBurnLog::new());
    let mut states: Vec<_> = shares.iter().map(PairStates::new).collect();
    for a in 0..usize::from(signers) {
        for b in a + 1..usize::from(signers) {
            let side = |me: usize, peer: usize| {
                let (share, label) = (&shares[me], Label::from_bytes([1; 32]));
                let mut rng = rng(100 * me as u64 + peer as u64);
                let all = setup::all(share, &[shares[peer].me()], &identity(share.me()), &label, &log, &mut rng);
                let one = all.expect("starts").remove(0);
                (share.me(), (one.session, one.first))
            };
            let mut pairs = run(BTreeMap::from([side(a, b), side(b, a)]));
            for me in [a, b] {
                states[me].insert(pairs.remove(&shares[me].me()).expect("done")).expect("fits");
            }
        }
    }
    Team { shares, states, log }
}

/// What a party has sent so far.
#[derive(Default)]
struct Sent {
    hello: Vec<u8>,
    commit: Vec<u8>,
    invitations: BTreeMap<PartyId, Vec<u8>>,
    opening: Vec<u8>,
    ties: BTreeMap<PartyId, Vec<u8>>,
    responses: BTreeMap<PartyId, Vec<u8>>,
}

/// Runs presigning; the presignatures of each, and the time of the first party.
fn presign<S: EcdsaScheme>(
    team: &Team<S>,
    count: u16,
    batch: usize,
    seed: u64,
) -> (Vec<Vec<Presignature<S>>>, Duration) {
    let ids: Vec<PartyId> = team.shares.iter().take(count.into()).map(KeyShare::me).collect();
    let base = Base::from_bytes(*b"a base for a bench: all it is to");
    let shape = |public: &cosigil::key::PublicKeyPackage<S>| Shape {
        threshold: public.threshold().get().into(),
        parties: ids.len(),
        batch,
    };
    let shape = shape(team.shares[0].public());
    let (mut sent, mut states, mut clock) = (BTreeMap::<PartyId, Sent>::new(), Vec::new(), Duration::ZERO);
    let me = ids[0];
    for (k, id) in ids.iter().enumerate() {
        let public = team.shares[k].public();
        let parties = public.parties().subset(ids.iter().copied()).expect("parties of the key");
        let params = SessionParams::new(Label::from_bytes([1; 32]), *id, public.threshold(), parties).expect("t ≤ n");
        let mut rng = rng(1_000 * seed + k as u64);
        let hello = Transcript::new("bench-ecdsa-hello").number(seed).party(*id).digest().to_vec();
        let begin = Instant::now();
        let signer = Signer::new(&params, &team.shares[k], &team.states[k], &*team.log, batch).expect("fits");
        let (round, commit, invitations) = presign::start(signer, base, &hello, &mut rng).expect("starts");
        let commit = commit.encode(&shape);
        let invitations = invitations.iter().map(|(to, invitation)| (*to, invitation.encode(&shape))).collect();
        clock += if *id == me { begin.elapsed() } else { Duration::ZERO };
        sent.insert(*id, Sent { hello, commit, invitations, ..Sent::default() });
        states.push((*id, round, rng));
    }
    let bodies: Vec<_> = sent.iter().map(|(id, sent)| (*id, [&sent.hello[..], &sent.commit].concat())).collect();
    let view = view(&base, bodies.iter().map(|(id, body)| (*id, body.as_slice())));
    let peers = |id: PartyId| ids.iter().copied().filter(move |other| *other != id);
    let mut next = Vec::new();
    for (id, round, mut rng) in states {
        let begin = Instant::now();
        let greeting = |from: PartyId| {
            let sent = &sent[&from];
            let commit = Commit::decode(&sent.commit, &shape).expect("honest");
            let invitation = Invitation::decode(&sent.invitations[&id], &shape).expect("honest");
            (from, Greeting { hello: sent.hello.clone(), commit, invitation })
        };
        let inbox = Inbox::new(peers(id), peers(id).map(greeting).collect()).expect("complete");
        let (round, opening, answers) = round.receive(view, inbox, &*team.log, &mut rng).expect("honest");
        let opening = opening.encode(&shape);
        let ties = answers.iter().map(|(to, answer)| (*to, answer.ties.encode(&shape))).collect();
        let responses = answers.iter().map(|(to, answer)| (*to, answer.response.encode(&shape))).collect();
        clock += if id == me { begin.elapsed() } else { Duration::ZERO };
        let sent = sent.get_mut(&id).expect("there");
        (sent.opening, sent.ties, sent.responses) = (opening, ties, responses);
        next.push((id, round, rng));
    }
    let openings = || sent.iter().map(|(id, sent)| (*id, sent.opening.as_slice()));
    let mut made = Vec::new();
    for (id, round, mut rng) in next {
        let begin = Instant::now();
        let dealt = |from: PartyId| {
            let sent = &sent[&from];
            let opening = Opening::decode(&sent.opening, &shape).expect("honest");
            let ties = Ties::decode(&sent.ties[&id], &shape).expect("honest");
            (from, Dealt { opening, ties, response: Response::decode(&sent.responses[&id], &shape) })
        };
        let inbox = Inbox::new(peers(id), peers(id).map(dealt).collect()).expect("complete");
        let broadcasts = broadcasts_digest(&view, 2, openings());
        let finish = round.receive(broadcasts, inbox, &*team.log, &mut rng).expect("honest");
        let Finish::Done(list) = finish else { unreachable!("honest") };
        clock += if id == me { begin.elapsed() } else { Duration::ZERO };
        made.push(list);
    }
    (made, clock)
}

/// Online signing with everybody's presignature: the time of the first party.
fn sign_online<S: EcdsaScheme>(team: &Team<S>, made: Vec<Presignature<S>>, seed: u64) -> Duration {
    let prehash = Prehash::new(Transcript::new("bench-ecdsa-digest").number(seed).digest());
    let request = Request::new(prehash, Child::ITSELF).expect("not 0");
    let key = team.shares[0].public();
    let (mut first, mut shares, mut clock) = (None, BTreeMap::new(), Duration::ZERO);
    let shape = Shape { threshold: 0, parties: 0, batch: 1 };
    for (k, presignature) in made.into_iter().enumerate() {
        let (store, id) = (MemoryStore::new(), presignature.me());
        let name = presignature.store(&store).expect("new");
        let presignature = Presignature::load(&store, &name).expect("there");
        let begin = Instant::now();
        let (share, pending) = online::sign(presignature, key, &request, &store).expect("unspent");
        let bytes = share.encode(&shape);
        if k == 0 {
            clock += begin.elapsed();
            first = Some(pending);
        } else {
            shares.insert(id, bytes);
        }
    }
    let begin = Instant::now();
    let peers: Vec<PartyId> = shares.keys().copied().collect();
    let shares = shares.iter().map(|(id, bytes)| (*id, Wire::decode(bytes, &shape).expect("honest"))).collect();
    let inbox = Inbox::new(peers, shares).expect("complete");
    black_box(first.expect("there").combine(&inbox).expect("a signature"));
    clock + begin.elapsed()
}

/// The unit: one multiplication of a point of secp256k1 by a secret scalar.
fn unit() -> Duration {
    let point = cosigil::curve::Secp256k1::mul_base(&77u64.into());
    let scalar = *random_scalar::<cosigil::curve::Secp256k1>(&mut rng(5)).expose();
    let begin = Instant::now();
    for _ in 0..8 {
        black_box(black_box(point) * black_box(scalar));
    }
    begin.elapsed() / 8
}

/// The median and the least of many runs, each between two timings of the unit.
fn report(name: &str, suite: &str, (t, n): (u16, u16), batch: usize, runs: u64, mut one: impl FnMut(u64) -> Duration) {
    let (mut times, mut units) = (Vec::new(), Vec::new());
    for seed in 0..runs {
        units.push(unit());
        times.push(one(seed));
    }
    times.sort_unstable();
    units.sort_unstable();
    let (middle, unit) = (times[times.len() / 2], units[units.len() / 2]);
    let per = |time: Duration, unit: Duration| time.as_secs_f64() / unit.as_secs_f64() / batch as f64;
    println!(
        "{name:<14} {suite:<10} {t}-of-{n} batch {batch:<3} {:>9.1} µs {:>7.2} units (least {:.2})",
        middle.as_secs_f64() * 1e6 / batch as f64,
        per(middle, unit),
        per(times[0], units[0]),
    );
}

fn bench<S: EcdsaScheme>(suite: &str, sizes: &[(u16, u16)], runs: u64) {
    for (t, n) in sizes.iter().copied() {
        let team = team::<S>(t, n, t);
        report("presign", suite, (t, n), 1, runs, |seed| presign(&team, t, 1, seed).1);
        report("sign", suite, (t, n), 1, runs, |seed| {
            let (made, time) = presign(&team, t, 1, 10_000 + seed);
            time + sign_online(&team, made.into_iter().flatten().collect(), seed)
        });
        let (made, _) = presign(&team, t, 256, 99);
        let mut made: Vec<Vec<Presignature<S>>> = made;
        report("online", suite, (t, n), 1, runs.min(256), |seed| {
            sign_online(&team, made.iter_mut().map(|list| list.pop().expect("enough")).collect(), seed)
        });
        report("presign", suite, (t, n), 16, runs / 8 + 1, |seed| presign(&team, t, 16, 20_000 + seed).1);
    }
}

fn main() {
    // `cargo test --benches` asks only whether it runs.
    let runs = if std::env::args().any(|arg| arg == "--bench") { 200 } else { 1 };
    bench::<Secp256k1Ecdsa>("secp256k1", &[(2, 2), (2, 3), (3, 5)], runs);
    bench::<P256Ecdsa>("P-256", &[(2, 2)], runs);
}
