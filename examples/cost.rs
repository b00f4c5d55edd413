//! What each protocol costs one party: one JSON object a line on standard output, a table on standard error.
//!
//! `cargo run --release --example cost -- --only ecdsa-sign --t 2 --n 3`
//!
//! CPU time of the thread, the median over parties and repetitions, protocol work only: rounds with encoding and
//! decoding. Signing and sealing of envelopes is reported on a line of its own. A unit is one constant-time
//! multiplication of a k256 point, timed in the same run; of everything else ratios are what counts.
#![allow(clippy::indexing_slicing, reason = "measurements over lists that this file makes")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use cosigil::curve::{Curve, Scalar, Secp256k1, random_scalar};
use cosigil::ecdsa::burn::{BurnLog, MemoryBurnLog};
use cosigil::ecdsa::pairs::PairStates;
use cosigil::ecdsa::presign::{self, Presign, Signer};
use cosigil::ecdsa::setup::{self, Setup};
use cosigil::ecdsa::sign::{self, Sign};
use cosigil::ecdsa::store::MemoryStore;
use cosigil::ecdsa::{Child, Prehash, Presignature, Request, Secp256k1Ecdsa, online};
use cosigil::frost::{self, Bip340, CommitmentList, Ed25519Sha512, NonceCommitments, SigningRequest, Suite};
use cosigil::key::Scheme;
use cosigil::key::backup::{BackupSecretKey, VerifiableBackup};
use cosigil::keygen::repair::{self, Lost, Repair};
use cosigil::round::{self, Channels, Context, Inbox, Outgoing, Protocol, Received};
use cosigil::{
    Base, Identity, KeyShare, Keygen, Label, Parties, PartyId, Plan, Reshare, ReshareInputs, Session, SessionParams,
    Threshold, Transcript, View, hazmat,
};
use cpu_time::ThreadTime;
use rand_core::Rng;

type Error = Box<dyn std::error::Error>;
type Result<T> = std::result::Result<T, Error>;

/// What is asked for, and the unit.
struct Report {
    only: Option<String>,
    sizes: Option<(u16, u16)>,
    unit: Duration,
}

/// One party's share of a run.
#[derive(Default, Clone, Copy)]
struct Cost {
    cpu: Duration,
    bytes: usize,
    rounds: u8,
}

fn main() -> Result<()> {
    let mut report = Report { only: None, sizes: None, unit: Duration::ZERO };
    let (mut t, mut n) = (None, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or("a value is missing");
        match argument.as_str() {
            "--only" => report.only = Some(value()?),
            "--t" => t = Some(value()?.parse()?),
            "--n" => n = Some(value()?.parse()?),
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    report.sizes = t.zip(n);
    calibrate(&mut report)?;
    eprintln!(
        "{:<20} {:<10} {:>3} {:>4} {:>12} {:>9} {:>10} {:>6}",
        "protocol", "suite", "t", "n", "cpu µs", "units", "bytes", "rounds"
    );
    for (t, n) in report.at(&[(2, 2), (2, 3), (7, 10), (67, 100)], "keygen") {
        keygen::<Ed25519Sha512>(&report, "ed25519", t, n)?;
        keygen::<Secp256k1Ecdsa>(&report, "secp256k1", t, n)?;
    }
    for (t, n) in report.at(&[(2, 3), (7, 10), (67, 100)], "refresh") {
        reshare::<Ed25519Sha512>(&report, "ed25519", (t, n), true)?;
        reshare::<Secp256k1Ecdsa>(&report, "secp256k1", (t, n), true)?;
    }
    for (t, n) in report.at(&[(2, 3), (7, 10), (67, 100)], "reshare") {
        reshare::<Ed25519Sha512>(&report, "ed25519", (t, n), false)?;
        reshare::<Secp256k1Ecdsa>(&report, "secp256k1", (t, n), false)?;
    }
    for (t, n) in report.at(&[(2, 3), (7, 10), (67, 100)], "repair") {
        repair::<Ed25519Sha512>(&report, "ed25519", t, n)?;
        repair::<Secp256k1Ecdsa>(&report, "secp256k1", t, n)?;
    }
    for (t, n) in report.at(&[(2, 3), (7, 10), (67, 100)], "frost") {
        frost_costs::<Ed25519Sha512>(&report, "ed25519", t, n)?;
        frost_costs::<Bip340>(&report, "bip340", t, n)?;
    }
    for (t, n) in report.at(&[(2, 2), (2, 3), (3, 5), (5, 9), (10, 10)], "ecdsa") {
        ecdsa_costs(&report, t, n)?;
    }
    for (t, n) in report.at(&[(2, 3)], "backup") {
        backup_costs::<Ed25519Sha512>(&report, "ed25519", t, n)?;
        backup_costs::<Secp256k1Ecdsa>(&report, "secp256k1", t, n)?;
    }
    Ok(())
}

impl Report {
    /// The sizes to run, if anything of that family is wanted.
    fn at(&self, default: &[(u16, u16)], family: &str) -> Vec<(u16, u16)> {
        if self.only.as_ref().is_some_and(|only| !only.starts_with(family)) {
            return Vec::new();
        }
        self.sizes.map_or(default.to_vec(), |sizes| vec![sizes])
    }

    fn line(&self, protocol: &str, suite: &str, (t, n): (u16, u16), batch: Option<usize>, costs: &[Cost]) {
        if self.only.as_ref().is_some_and(|only| only != protocol) || costs.is_empty() {
            return;
        }
        let mut cpu: Vec<Duration> = costs.iter().map(|cost| cost.cpu).collect();
        cpu.sort();
        let us = cpu[cpu.len() / 2].as_secs_f64() * 1e6;
        let units = us / (self.unit.as_secs_f64() * 1e6);
        let bytes = costs.iter().map(|cost| cost.bytes).max().unwrap_or(0);
        let rounds = costs[0].rounds;
        let batch_field = batch.map_or(String::new(), |batch| format!(r#","batch":{batch}"#));
        println!(
            r#"{{"protocol":"{protocol}","suite":"{suite}","t":{t},"n":{n}{batch_field},"cpu_us_per_party":{us:.1},"units":{units:.2},"bytes_sent_per_party":{bytes},"rounds":{rounds}}}"#
        );
        eprintln!("{protocol:<20} {suite:<10} {t:>3} {n:>4} {us:>12.1} {units:>9.2} {bytes:>10} {rounds:>6}");
    }
}

/// CPU time of one call, the median of some.
fn time<R>(repetitions: usize, mut call: impl FnMut() -> R) -> Duration {
    let mut times: Vec<Duration> = (0..repetitions)
        .map(|_| {
            let start = ThreadTime::now();
            std::hint::black_box(call());
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

fn calibrate(report: &mut Report) -> Result<()> {
    let mut rng = rng(0);
    let scalar: Scalar<Secp256k1> = *random_scalar::<Secp256k1>(&mut rng).expose();
    let point = Secp256k1::mul_base(&scalar);
    report.unit = time(200, || std::hint::black_box(point) * std::hint::black_box(scalar));
    let ed25519 = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    let sign = time(200, || ed25519_dalek::Signer::sign(&ed25519, b"a message"));
    let schnorr = k256::schnorr::SigningKey::from_slice(&[1; 32]).map_err(|_| "a key")?;
    let sign_schnorr = time(200, || schnorr.sign_raw(b"a message", &[0; 32]));
    let names = [("k256-variable-base", report.unit), ("ed25519-sign", sign), ("k256-schnorr-sign", sign_schnorr)];
    for (name, time) in names {
        println!(r#"{{"calibration":"{name}","us":{:.1}}}"#, time.as_secs_f64() * 1e6);
        eprintln!("{name}: {:.1} µs", time.as_secs_f64() * 1e6);
    }
    Ok(())
}

/// A generator for measurements: never one for keys.
fn rng(seed: u64) -> cosigil::TranscriptRng {
    Transcript::new("cost").number(seed).rng()
}

fn identity(id: u16) -> Result<Identity> {
    Ok(Identity::generate(&mut rng(1000 + u64::from(id)))?)
}

fn parties(n: u16) -> Result<Parties> {
    let party = |id| Ok((PartyId::new(id)?, identity(id)?.public()));
    Ok(Parties::new((1..=n).map(party).collect::<Result<Vec<_>>>()?)?)
}

fn params(me: PartyId, t: u16, parties: &Parties) -> Result<SessionParams> {
    Ok(SessionParams::new(Label::from_bytes([1; 32]), me, Threshold::new(t)?, parties.clone())?)
}

/// Runs a protocol among all its parties without envelopes, and times what each of them does.
fn drive<P: Protocol>(all: Vec<(SessionParams, P::Inputs)>) -> Result<(Vec<P::Output>, Vec<Cost>)> {
    let hello_len = match P::CHANNELS {
        Channels::Open => 32,
        Channels::Sealed => 64,
        Channels::Accountable => 128,
    };
    let (mut states, mut contexts, mut costs) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let (mut sent, mut outputs): (BTreeMap<PartyId, Outgoing>, _) = (BTreeMap::new(), BTreeMap::new());
    let base = Base::from_bytes([7; 32]);
    for (params, inputs) in all {
        let me = params.me();
        let mut hello = vec![0; hello_len];
        rng(me.get().into()).fill_bytes(&mut hello);
        let context = Context { params, base, hello, round: 0, view: View::from_bytes([0; 32]), broadcasts: [0; 32] };
        let start = ThreadTime::now();
        let (state, outgoing) = P::start(inputs, &context, &mut rng(u64::from(me.get()) << 8))?;
        let cpu = start.elapsed();
        costs.insert(me, Cost { cpu, bytes: 0, rounds: 0 });
        states.insert(me, state);
        contexts.insert(me, context);
        sent.insert(me, outgoing);
    }
    for round in 1u8.. {
        count(&sent, &mut costs, if round == 1 { hello_len } else { 0 });
        if states.is_empty() {
            break;
        }
        let bodies: Vec<(PartyId, Vec<u8>)> = sent
            .iter()
            .filter_map(|(id, out)| {
                Some((*id, [if round == 1 { &contexts[id].hello[..] } else { &[] }, out.broadcast.as_ref()?].concat()))
            })
            .collect();
        let mut next = BTreeMap::new();
        for (me, state) in std::mem::take(&mut states) {
            let context = contexts.get_mut(&me).ok_or("no context")?;
            if round == 1 {
                context.view = round::view(&base, bodies.iter().map(|(id, body)| (*id, body.as_slice())));
            }
            let peers: Vec<PartyId> = context.params.peers().collect();
            let messages = peers.iter().map(|from| (*from, received(&state, context, me, *from, round, &sent)));
            let inbox = Inbox::new(peers.iter().copied(), messages.collect())?;
            // The round is over from here on.
            context.broadcasts =
                round::broadcasts_digest(&context.view, round, bodies.iter().map(|(id, body)| (*id, body.as_slice())));
            context.round = round;
            let start = ThreadTime::now();
            let step = state.receive(context, inbox, &mut rng(u64::from(me.get()) << 8 | u64::from(round)));
            let cpu = start.elapsed();
            let step = step.map_err(|stop| format!("{stop:?}"))?;
            costs.get_mut(&me).ok_or("no cost")?.cpu += cpu;
            if let Some(output) = step.output {
                outputs.insert(me, output);
            }
            if let Some(state) = step.next {
                states.insert(me, state);
            }
            next.insert(me, step.outgoing);
        }
        sent = next;
    }
    Ok((outputs.into_values().collect(), costs.into_values().collect()))
}

/// The same in sessions, everything included.
fn in_sessions<P: Protocol>(all: Vec<(SessionParams, P::Inputs)>) -> Result<Vec<Cost>> {
    let (mut sessions, mut costs, mut queue) = (BTreeMap::new(), BTreeMap::new(), VecDeque::new());
    for (params, inputs) in all {
        let me = params.me();
        let start = ThreadTime::now();
        let (session, first) =
            Session::<P>::start(params, &identity(me.get())?, inputs, &mut rng(u64::from(me.get()) << 16))?;
        costs.insert(me, Cost { cpu: start.elapsed(), bytes: 0, rounds: 0 });
        sessions.insert(me, session);
        queue.extend(first.into_iter().map(|parcel| (me, parcel)));
    }
    while let Some((from, parcel)) = queue.pop_front() {
        for (me, session) in sessions.iter_mut().filter(|(me, _)| **me != from && parcel.to.is_none_or(|to| to == **me))
        {
            costs.get_mut(&from).ok_or("no cost")?.bytes += parcel.bytes.len();
            let start = ThreadTime::now();
            let progress = session.receive(&parcel.bytes)?;
            costs.get_mut(me).ok_or("no cost")?.cpu += start.elapsed();
            queue.extend(progress.send.into_iter().map(|parcel| (*me, parcel)));
        }
    }
    Ok(costs.into_values().collect())
}

/// What `from` sent to `me`, of the parts that are awaited.
fn received<P: Protocol>(
    state: &P,
    context: &Context,
    me: PartyId,
    from: PartyId,
    round: u8,
    sent: &BTreeMap<PartyId, Outgoing>,
) -> Received {
    let parts = state.awaits(context, from);
    let Some(out) = sent.get(&from) else { return Received::default() };
    let mut hello = vec![0; context.hello.len()];
    rng(from.get().into()).fill_bytes(&mut hello);
    let to_me = |list: &[(PartyId, Vec<u8>)]| list.iter().find(|(to, _)| *to == me).map(|(_, body)| body.clone());
    let sealed = out.sealed.iter().find(|(to, _)| *to == me).map(|(_, body)| body.clone());
    Received {
        broadcast: out.broadcast.clone().filter(|_| parts.broadcast),
        addressed: to_me(&out.addressed).filter(|_| parts.addressed),
        sealed: parts.sealed.then_some(sealed),
        hello: if round == 1 { hello } else { Vec::new() },
    }
}

/// Bodies, with the tags of sealed ones. A broadcast counts once for each peer.
fn count(sent: &BTreeMap<PartyId, Outgoing>, costs: &mut BTreeMap<PartyId, Cost>, hello: usize) {
    let peers = costs.len() - 1;
    for (id, out) in sent {
        let broadcast = out.broadcast.as_ref().map_or(0, |body| (body.len() + hello) * peers);
        let addressed: usize = out.addressed.iter().map(|(_, body)| body.len()).sum();
        let sealed: usize = out.sealed.iter().map(|(_, body)| body.len() + 16).sum();
        if let Some(cost) = costs.get_mut(id).filter(|_| broadcast + addressed + sealed > 0) {
            cost.bytes += broadcast + addressed + sealed;
            cost.rounds += 1;
        }
    }
}

fn keygen<S: Scheme>(report: &Report, suite: &str, t: u16, n: u16) -> Result<()> {
    let parties = parties(n)?;
    let mut costs = Vec::new();
    for _ in 0..if n > 20 { 1 } else { 9 } {
        let all = parties.ids().map(|me| Ok((params(me, t, &parties)?, ()))).collect::<Result<Vec<_>>>()?;
        costs.extend(drive::<Keygen<S>>(all)?.1);
    }
    report.line("keygen", suite, (t, n), None, &costs);
    Ok(())
}

/// A refresh; or a reshare by the first t to as many others, with the same threshold.
fn reshare<S: Scheme>(report: &Report, suite: &str, (t, n): (u16, u16), refresh: bool) -> Result<()> {
    let secret = random_scalar::<S::Curve>(&mut rng(1));
    let threshold = Threshold::new(t)?;
    let shares = hazmat::split::<S>(&secret, threshold, &parties(n)?, &mut rng(2))?;
    let shares: Vec<Arc<KeyShare<S>>> = shares.into_iter().map(Arc::new).collect();
    let old = shares[0].public();
    let plan = if refresh {
        Plan::refresh(old)?
    } else {
        let others =
            parties(n + n)?.subset((n + 1..=n + n).map(PartyId::new).collect::<std::result::Result<Vec<_>, _>>()?)?;
        Plan::reshare(old, old.parties().ids().take(t.into()), others, threshold)?
    };
    let mut costs = Vec::new();
    for _ in 0..if n > 20 { 1 } else { 9 } {
        let mut ids: Vec<PartyId> = plan.dealers().iter().copied().chain(plan.holders().ids()).collect();
        ids.sort_unstable();
        ids.dedup();
        let all = ids.into_iter().map(|me| {
            let inputs = match shares.iter().find(|share| share.me() == me) {
                Some(share) => ReshareInputs::holder(plan.clone(), Arc::clone(share))?,
                None => ReshareInputs::newcomer(plan.clone(), &plan.old().digest())?,
            };
            Ok((plan.params(Label::from_bytes([5; 32]), me)?, inputs))
        });
        costs.extend(drive::<Reshare<S>>(all.collect::<Result<Vec<_>>>()?)?.1);
    }
    report.line(if refresh { "refresh" } else { "reshare" }, suite, (t, n), None, &costs);
    Ok(())
}

/// Repair of the last party's share by the first t.
fn repair<S: Scheme>(report: &Report, suite: &str, t: u16, n: u16) -> Result<()> {
    let secret = random_scalar::<S::Curve>(&mut rng(1));
    let shares = hazmat::split::<S>(&secret, Threshold::new(t)?, &parties(n)?, &mut rng(2))?;
    let helpers: Vec<PartyId> = shares.iter().take(t.into()).map(KeyShare::me).collect();
    let lost = Lost { id: PartyId::new(n)?, identity: identity(n)?.public() };
    let mut costs = Vec::new();
    for _ in 0..if n > 20 { 1 } else { 9 } {
        let mut all =
            vec![repair::Inputs::recipient(shares[0].public(), &shares[0].public().digest(), lost, &helpers)?];
        for share in shares.iter().take(t.into()) {
            all.push(repair::Inputs::helper(share, lost, &helpers)?);
        }
        let all = all.into_iter().map(|inputs| Ok((inputs.params(Label::from_bytes([6; 32]))?, inputs)));
        costs.extend(drive::<Repair<S>>(all.collect::<Result<Vec<_>>>()?)?.1);
    }
    report.line("repair", suite, (t, n), None, &costs);
    Ok(())
}

fn frost_costs<S: Suite>(report: &Report, suite: &str, t: u16, n: u16) -> Result<()> {
    let secret = random_scalar::<S::Curve>(&mut rng(1));
    let shares = hazmat::split::<S>(&secret, Threshold::new(t)?, &parties(n)?, &mut rng(2))?;
    let signers: Vec<&KeyShare<S>> = shares.iter().take(t.into()).collect();
    let mut generator = rng(3);
    let committed = time(50, || frost::commit(signers[0], &mut generator));
    let request = SigningRequest::<S>::new([9; 32]);
    let (mut nonces, mut commitments) = (Vec::new(), Vec::new());
    for share in &signers {
        let (secret, public) = frost::commit(share, &mut generator)?;
        nonces.push(secret);
        commitments.push((share.me(), public.to_bytes()));
    }
    let decode = || {
        let entries = commitments.iter().map(|(id, bytes)| Ok((*id, NonceCommitments::<S>::from_bytes(bytes)?)));
        Ok::<_, Error>(CommitmentList::new(entries.collect::<Result<Vec<_>>>()?)?)
    };
    let list = decode()?;
    let (mut parts, mut signing) = (Vec::new(), Vec::new());
    for (share, nonces) in signers.iter().zip(nonces) {
        let start = ThreadTime::now();
        let list = decode()?;
        parts.push((share.me(), frost::sign(share, nonces, &request, &list)?));
        signing.push(Cost { cpu: start.elapsed(), bytes: 32, rounds: 1 });
    }
    let public = shares[0].public();
    let repetitions = if t > 20 { 5 } else { 30 };
    let good = time(repetitions, || frost::aggregate(public, &request, &list, parts.clone()));
    let mut bad = parts.clone();
    bad[0].1 = bad[1].1;
    let blamed = time(repetitions, || frost::aggregate(public, &request, &list, bad.clone()));
    let one = |cpu, bytes| [Cost { cpu, bytes, rounds: 1 }];
    report.line("frost-commit", suite, (t, n), None, &one(committed, 2 * S::Curve::POINT_LEN));
    report.line("frost-sign", suite, (t, n), None, &signing);
    report.line("frost-aggregate", suite, (t, n), None, &one(good, 0));
    report.line("frost-aggregate-bad", suite, (t, n), None, &one(blamed, 0));
    Ok(())
}

/// What it takes to make, check and open a verifiable backup. The bytes are those of the record.
fn backup_costs<S: Scheme>(report: &Report, suite: &str, t: u16, n: u16) -> Result<()> {
    let secret = random_scalar::<S::Curve>(&mut rng(1));
    let shares = hazmat::split::<S>(&secret, Threshold::new(t)?, &parties(n)?, &mut rng(2))?;
    let (share, vault, mut generator) = (&shares[0], BackupSecretKey::generate(&mut rng(3))?, rng(4));
    let (public, to) = (share.public(), vault.public());
    let made = time(15, || VerifiableBackup::make(share, &to, &mut generator));
    let mut records = Vec::new();
    for _ in 0..15 {
        records.push(VerifiableBackup::make(share, &to, &mut generator)?.to_bytes());
    }
    let backup = VerifiableBackup::<S>::from_bytes(&records[0])?;
    let verified = time(15, || backup.verify(public, share.me(), &to));
    let opened = time(15, || backup.open(&vault, public, share.me()));
    records.sort_by_key(Vec::len);
    let one = |cpu, bytes| [Cost { cpu, bytes, rounds: 0 }];
    report.line("backup-make", suite, (t, n), None, &one(made, records[7].len()));
    report.line("backup-verify", suite, (t, n), None, &one(verified, 0));
    report.line("backup-open", suite, (t, n), None, &one(opened, 0));
    Ok(())
}

type Ecdsa = Secp256k1Ecdsa;

/// A key by a dealer, and the pairs of its first t parties: what signing needs.
struct Vault {
    shares: Vec<KeyShare<Ecdsa>>,
    states: BTreeMap<PartyId, PairStates<Ecdsa>>,
    log: Arc<dyn BurnLog>,
}

fn ecdsa_costs(report: &Report, t: u16, n: u16) -> Result<()> {
    let (vault, setup) = vault(t, n)?;
    // Each party's setups with all others of the key: n − 1 times the work with one of them.
    let others = u32::from(n - 1);
    let scale =
        |cost: &Cost| Cost { cpu: cost.cpu * others, bytes: cost.bytes * usize::from(n - 1), rounds: cost.rounds };
    report.line("ecdsa-setup", "secp256k1", (t, n), None, &setup.iter().map(scale).collect::<Vec<_>>());
    let request = Request::<Ecdsa>::new(Prehash::new([9; 32]), Child::ITSELF)?;
    let (mut signing, mut whole, mut presigning, mut onlines) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..9 {
        let inputs = |params: &SessionParams, share: &KeyShare<Ecdsa>| {
            Ok(sign::Inputs::new(vault.signer(params, share, 1)?, request, Arc::clone(&vault.log))?)
        };
        signing.extend(drive::<Sign<Ecdsa>>(vault.all(inputs)?)?.1);
        whole.extend(in_sessions::<Sign<Ecdsa>>(vault.all(inputs)?)?);
        let (made, costs) = vault.presign(1)?;
        presigning.extend(costs);
        let mut all = Vec::new();
        for (share, presignatures) in vault.shares.iter().zip(made) {
            let key = share.public().clone();
            for presignature in presignatures {
                let params = share.session_params(Label::from_bytes([2; 32]), presignature.signers().to_vec())?;
                let store = Arc::new(MemoryStore::new());
                let id = presignature.store(&*store).map_err(|refusal| format!("{refusal:?}"))?;
                let presignature = Presignature::load(&*store, &id)?;
                all.push((params, online::Inputs { presignature, key: key.clone(), request, store }));
            }
        }
        onlines.extend(drive::<online::Online<Ecdsa>>(all)?.1);
    }
    report.line("ecdsa-sign", "secp256k1", (t, n), None, &signing);
    // What signing in sessions costs beyond that: signatures, sealing, framing.
    let envelopes = signing.iter().zip(&whole).map(|(bare, whole)| Cost {
        cpu: whole.cpu.saturating_sub(bare.cpu),
        bytes: whole.bytes.saturating_sub(bare.bytes),
        rounds: bare.rounds,
    });
    report.line("envelope", "ecdsa-sign", (t, n), None, &envelopes.collect::<Vec<_>>());
    report.line("ecdsa-presign", "secp256k1", (t, n), None, &presigning);
    report.line("ecdsa-online", "secp256k1", (t, n), None, &onlines);
    if t == 2 {
        let batch = 64;
        let (_, costs) = vault.presign(batch)?;
        let each = |cost: &Cost| Cost { cpu: cost.cpu / 64, bytes: cost.bytes / batch, rounds: cost.rounds };
        report.line(
            "ecdsa-presign-batch",
            "secp256k1",
            (t, n),
            Some(batch),
            &costs.iter().map(each).collect::<Vec<_>>(),
        );
    }
    Ok(())
}

fn vault(t: u16, n: u16) -> Result<(Vault, Vec<Cost>)> {
    let parties = parties(n)?;
    let secret = random_scalar::<Secp256k1>(&mut rng(1));
    let mut shares = hazmat::split::<Ecdsa>(&secret, Threshold::new(t)?, &parties, &mut rng(2))?;
    shares.truncate(t.into());
    let log: Arc<dyn BurnLog> = Arc::new(MemoryBurnLog::new());
    let mut states: BTreeMap<_, _> = shares.iter().map(|share| (share.me(), PairStates::new(share))).collect();
    let mut costs = Vec::new();
    for (k, a) in shares.iter().enumerate() {
        for b in shares.iter().skip(k + 1) {
            let mut all = Vec::new();
            for (share, peer) in [(a, b.me()), (b, a.me())] {
                let inputs = setup::Inputs::new(share, peer, Arc::clone(&log))?;
                all.push((inputs.params(&Label::from_bytes([3; 32]))?, inputs));
            }
            let (pairs, cost) = drive::<Setup<Ecdsa>>(all)?;
            costs.extend(cost);
            for (id, pair) in [a.me(), b.me()].into_iter().zip(pairs) {
                states.get_mut(&id).ok_or("no states")?.insert(pair)?;
            }
        }
    }
    Ok((Vault { shares, states, log }, costs))
}

impl Vault {
    fn signer(&self, params: &SessionParams, share: &KeyShare<Ecdsa>, batch: usize) -> Result<Signer<Ecdsa>> {
        Ok(Signer::new(params, share, &self.states[&share.me()], self.log.as_ref(), batch)?)
    }

    /// The parameters and inputs of all signers: the first t parties of the key.
    fn all<I>(
        &self,
        inputs: impl Fn(&SessionParams, &KeyShare<Ecdsa>) -> Result<I>,
    ) -> Result<Vec<(SessionParams, I)>> {
        let ids: Vec<PartyId> = self.shares.iter().map(KeyShare::me).collect();
        let one = |share: &KeyShare<Ecdsa>| {
            let params = share.session_params(Label::from_bytes([4; 32]), ids.iter().copied())?;
            let inputs = inputs(&params, share)?;
            Ok((params, inputs))
        };
        self.shares.iter().map(one).collect()
    }

    #[allow(clippy::type_complexity)]
    fn presign(&self, batch: usize) -> Result<(Vec<Vec<Presignature<Ecdsa>>>, Vec<Cost>)> {
        let inputs = |params: &SessionParams, share: &KeyShare<Ecdsa>| {
            Ok(presign::Inputs::new(self.signer(params, share, batch)?, Arc::clone(&self.log)))
        };
        drive::<Presign<Ecdsa>>(self.all(inputs)?)
    }
}
