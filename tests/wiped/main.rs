//! I-02, I-03, R-07: after each call no freed block holds a secret, and no block that is left holds one that should
//! be gone.
//!
//! Every run is made twice from the same seeds. The first tells the secrets: a protocol around the protocol sees
//! what is sealed, the seed and the one-session key are hashed as the session hashes them (and compared with what it
//! sends), polynomials are interpolated, records are cut up. The second is made under the scanner, which knows
//! all of them beforehand.
//!
//! Looked for: key shares, old and new, chain codes, polynomials, shares that are dealt, session seeds, one-session keys,
//! nonces, parts of zero seeds, Δ and leaves of pairs, presignatures, parts of a repair, seeds and masks and keys of
//! backups, chain codes of children; as bytes in both orders, and scalars in
//! Montgomery form. Each half by itself. The stack is not looked at.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::type_complexity,
    dead_code
)] // tests

#[path = "../it/net.rs"]
mod net;
mod scanner;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use cosigil::curve::{Curve, Ristretto255, Scalar, Uncleared, decode_scalar, encode_scalar, random_scalar};
use cosigil::ecdsa::burn::{BurnLog, MemoryBurnLog};
use cosigil::ecdsa::pairs::PairStates;
use cosigil::ecdsa::presign::{self, Presign, Signer};
use cosigil::ecdsa::setup::{self, Setup};
use cosigil::ecdsa::sign::{self, Sign};
use cosigil::ecdsa::store::{MemoryStore, PresignatureStore};
use cosigil::ecdsa::{Child, EcdsaScheme, Message, P256Ecdsa, Presignature, Request, Secp256k1Ecdsa, online};
use cosigil::frost::{self, CommitmentList, Ed25519Sha512, P256Sha256, Secp256k1Sha256, Signing, SigningInputs};
use cosigil::frost::{SigningRequest, Suite};
use cosigil::hazmat::{commit_with_randomness, split};
use cosigil::key::backup::{BackupSecretKey, VerifiableBackup, recipient};
use cosigil::key::{Derivable, Scheme};
use cosigil::keygen::repair::{Inputs as RepairInputs, Lost, Repair, Repaired};
use cosigil::keygen::reshare::Moved;
use cosigil::round::{Case, Channels, Context, Inbox, KeyRef, Limits, Outgoing, Parts, Protocol, Received, Step, Stop};
use cosigil::{
    Fault, KeyShare, Keygen, Label, PartyId, Plan, Reshare, ReshareInputs, Secret, Session, SessionParams, Threshold,
    Transcript, TranscriptRng, Usage,
};
use ff::{Field, FromUniformBytes};
use group::GroupEncoding;
use rand_core::Rng;

use crate::net::{Net, id, identity, params, parties, rng};

#[global_allocator]
static ALLOCATOR: scanner::Scanner = scanner::Scanner;

/// One run at a time: there is one scanner.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What the first run tells.
#[derive(Default)]
struct Told {
    /// Whether this is the first run.
    telling: bool,
    secrets: Vec<(String, Vec<u8>)>,
    /// Seed and base of the session that was started last, by party.
    seeds: BTreeMap<u16, Vec<u8>>,
    bases: BTreeMap<u16, [u8; 32]>,
    /// Whose seed was hashed last, until the session says who it is.
    last_seed: Option<Vec<u8>>,
    /// Broadcasts and sealed parts, by round and sender.
    broadcasts: BTreeMap<(u8, u16), Vec<u8>>,
    sealed: BTreeMap<(u8, u16, u16), Vec<u8>>,
    /// Party, round, and what it does to what it sends.
    lie: Option<(u16, u8, fn(&mut Outgoing))>,
}

thread_local! {
    static TOLD: RefCell<Told> = RefCell::new(Told::default());
}

fn told<T>(with: impl FnOnce(&mut Told) -> T) -> T {
    scanner::quietly(|| TOLD.with_borrow_mut(with))
}

/// In the first run: these bytes are a secret.
fn tell(name: String, bytes: &[u8]) {
    told(|told| {
        if told.telling {
            told.secrets.push((name, bytes.to_vec()));
        }
    });
}

/// In the first run: this scalar is a secret, in all the forms it has in memory.
fn tell_scalar<C: Curve>(name: &str, scalar: &Scalar<C>) {
    let two = Scalar::<C>::from(2u64);
    let montgomery = *scalar * two.pow_vartime([256u64]);
    for form in [scalar, &montgomery] {
        let mut bytes = encode_scalar::<C>(form);
        tell(name.to_owned(), &bytes);
        bytes.reverse();
        tell(name.to_owned(), &bytes);
    }
}

/// A protocol that is watched.
struct Watch<P> {
    inner: P,
}

impl<P: Protocol> Watch<P> {
    fn sent(round: u8, me: PartyId, outgoing: &mut Outgoing) {
        told(|told| {
            match told.lie {
                Some((liar, of, lie)) if (liar, of) == (me.get(), round) => lie(outgoing),
                _ => {}
            }
            if !told.telling {
                return;
            }
            if let Some(body) = &outgoing.broadcast {
                told.broadcasts.insert((round, me.get()), body.clone());
            }
            for (to, bytes) in &outgoing.sealed {
                told.sealed.insert((round, me.get(), to.get()), bytes.to_vec());
            }
        });
    }
}

impl<P: Protocol> Protocol for Watch<P> {
    const NAME: &'static str = P::NAME;
    const CHANNELS: Channels = P::CHANNELS;
    const RESUMABLE: bool = P::RESUMABLE;
    const AHEAD: u8 = P::AHEAD;
    const JUDGED_BY_ALL: bool = P::JUDGED_BY_ALL;
    type Inputs = P::Inputs;
    type Output = P::Output;

    fn key(inputs: &P::Inputs) -> KeyRef {
        P::key(inputs)
    }
    fn absorb(inputs: &P::Inputs, base: Transcript) -> Transcript {
        P::absorb(inputs, base)
    }
    fn hedge(inputs: &P::Inputs, seed: Transcript) -> Transcript {
        let seed = P::hedge(inputs, seed);
        told(|told| told.last_seed = Some(seed.fork().secret().expose().to_vec()));
        seed
    }
    fn limits(params: &SessionParams, inputs: &P::Inputs) -> Limits {
        P::limits(params, inputs)
    }
    fn start(inputs: P::Inputs, context: &Context, rng: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage> {
        let me = context.params.me();
        scanner::quietly(|| {
            // A session that is taken up again has its seed from before.
            let Some(seed) = told(|told| told.last_seed.take()) else { return };
            tell(format!("seed of {me}"), &seed);
            // In the run that is watched nothing is drawn here: copies of this on the stack are not the library's.
            if P::CHANNELS != Channels::Open && told(|told| told.telling) {
                let mut draws = Transcript::new("draw").field(&seed).rng();
                draws.fill_bytes(&mut [0; 32]);
                let key = random_scalar::<Ristretto255>(&mut draws);
                let image = Ristretto255::mul_base(key.expose()).to_bytes();
                assert_eq!(image.as_slice(), &context.hello[32..64], "the session draws its key in another way");
                tell_scalar::<Ristretto255>(&format!("one-session key of {me}"), key.expose());
            }
            told(|told| {
                told.seeds.insert(me.get(), seed);
                told.bases.insert(me.get(), *context.base.as_bytes());
            });
        });
        let (inner, mut outgoing) = P::start(inputs, context, rng)?;
        Self::sent(1, me, &mut outgoing);
        Ok((Self { inner }, outgoing))
    }
    fn awaits(&self, context: &Context, from: PartyId) -> Parts {
        self.inner.awaits(context, from)
    }
    fn receive(self, context: &Context, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        let mut step = self.inner.receive(context, inbox, rng)?;
        Self::sent(context.round + 1, context.params.me(), &mut step.outgoing);
        Ok(Step { next: step.next.map(|inner| Self { inner }), outgoing: step.outgoing, output: step.output })
    }
    fn sealed_part_is_right(&self, from: PartyId, to: PartyId, opened: Option<&[u8]>) -> bool {
        self.inner.sealed_part_is_right(from, to, opened)
    }
    fn judge(case: &Case<'_>, inputs: &P::Inputs) -> Option<Fault> {
        P::judge(case, inputs)
    }
    fn has_promised(&self) -> bool {
        self.inner.has_promised()
    }
    fn promise(&self) -> Option<Self> {
        self.inner.promise().map(|inner| Self { inner })
    }
    fn record(&self) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        self.inner.record()
    }
    fn restore(record: &[u8]) -> Option<Self> {
        P::restore(record).map(|inner| Self { inner })
    }
}

/// Runs twice: first to tell the secrets, then under the scanner.
fn twice(run: impl Fn()) {
    let _alone = alone();
    scanner::forget();
    told(|told| *told = Told { telling: true, ..Told::default() });
    run();
    let secrets = told(|told| core::mem::take(told).secrets);
    assert!(secrets.len() > 4, "the first run tells secrets");
    secrets.iter().for_each(|(name, bytes)| scanner::look_for(name, bytes));
    scanner::watching(run);
    nothing_freed("at the end");
    assert_eq!(scanner::live(), BTreeMap::new(), "at the end");
    told(|told| *told = Told::default());
    scanner::forget();
}

/// No freed block held a secret.
fn nothing_freed(when: &str) {
    scanner::quietly(|| {
        let findings = scanner::findings();
        assert!(findings.is_empty(), "{when}: {} findings\n{}", findings.len(), findings.join("\n"));
    });
}

/// Of all secrets these alone are still there, in so many blocks each.
fn only(when: &str, wanted: &[(&str, usize)]) {
    nothing_freed(when);
    scanner::quietly(|| {
        if told(|told| told.telling) {
            return;
        }
        let wanted: BTreeMap<String, usize> = wanted.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        assert_eq!(scanner::live(), wanted, "{when}");
    });
}

/// None of the secrets whose names begin like this is still there.
fn gone(when: &str, beginnings: &[&str]) {
    nothing_freed(when);
    scanner::quietly(|| {
        let left = scanner::live();
        let bad: Vec<_> = left.keys().filter(|name| beginnings.iter().any(|start| name.starts_with(start))).collect();
        assert!(bad.is_empty(), "{when}: {bad:?}");
    });
}

/// The secrets of a key share: its record ends with share, chain code, strikes and checksum.
fn tell_share<S: Scheme>(share: &KeyShare<S>) {
    scanner::quietly(|| {
        let (record, n) = (share.to_bytes(), share.public().parties().len());
        let at = record.len() - 16 - n - 64;
        let scalar = decode_scalar::<S::Curve>(&record[at..at + 32]).unwrap();
        assert_eq!(S::Curve::mul_base(&scalar), share.public().verifying_share(share.me()).unwrap());
        tell_scalar::<S::Curve>(&format!("share of {}", share.me()), &scalar);
        assert_eq!(record[at + 32..at + 64], *share.chain_code().expose());
        tell("chain code".to_owned(), &record[at + 32..at + 64]);
    });
}

const IDS: [u16; 3] = [1, 2, 3];

/// In the first run: the polynomials and chain codes dealt, from the sealed parts, t = 2.
fn tell_dealings<C: Curve>() {
    if !told(|told| told.telling) {
        return;
    }
    scanner::quietly(|| {
        let (sealed, broadcasts) = told(|told| (told.sealed.clone(), told.broadcasts.clone()));
        for i in IDS {
            let parts: Vec<_> = sealed.iter().filter(|((round, from, _), _)| (*round, *from) == (2, i)).collect();
            let value = |k: usize| decode_scalar::<C>(&parts[k].1[..32]).unwrap();
            let x = |k: usize| Scalar::<C>::from(u64::from(parts[k].0.2));
            let slope = (value(1) - value(0)) * (x(1) - x(0)).invert().unwrap();
            let constant = value(0) - slope * x(0);
            let encoded = Uncleared::<C>::mul_base(&constant).to_repr();
            assert_eq!(encoded.as_ref(), &broadcasts[&(2, i)][..C::POINT_LEN], "another form of the opening");
            tell_scalar::<C>(&format!("coefficient of {i}"), &constant);
            tell_scalar::<C>(&format!("coefficient of {i}"), &slope);
            for j in IDS {
                let dealt = constant + slope * Scalar::<C>::from(u64::from(j));
                tell_scalar::<C>(&format!("dealt by {i}"), &dealt);
            }
            tell(format!("dealt by {i}"), &parts[0].1[32..64]);
        }
    });
}

/// Key generation: what is left after each round.
fn keygen<S: Scheme>() {
    twice(|| {
        let mut net = Net::<Watch<Keygen<S>>>::start(IDS.map(|me| params(me, &IDS, 2, 1)), |_| (), 1).unwrap();
        while let Some((to, bytes)) = net.queue.pop_front() {
            net.deliver(to, &bytes).unwrap();
            nothing_freed("a message");
            for (me, session) in &net.sessions {
                let checkpoint = session.checkpoint();
                assert!(checkpoint.is_ok() || session.is_finished());
                // 2.3: the polynomial is wiped when it is dealt. 6.4: with the output nothing else is left.
                let dealt = if session.round() > 1 { format!("coefficient of {me}") } else { "-".to_owned() };
                gone("after a message", &[&dealt]);
                if net.ends[me].output.is_some() {
                    gone("with the output", &[&format!("seed of {me}"), &format!("one-session key of {me}")]);
                }
            }
            if net.ends.values().all(|end| end.output.is_some()) {
                gone("with all outputs", &["dealt", "coefficient", "seed", "one-session key"]);
            }
        }
        tell_dealings::<S::Curve>();
        let shares: Vec<_> = net.ends.values_mut().map(|end| end.output.take().unwrap()).collect();
        shares.iter().for_each(tell_share);
        drop(net);
        only("keys alone", &[("chain code", 3), ("share of 1", 1), ("share of 2", 1), ("share of 3", 1)]);
        // To the store and back.
        for share in &shares {
            let record = share.to_bytes();
            drop(KeyShare::<S>::from_bytes(&record).unwrap());
            assert!(KeyShare::<S>::from_bytes(&record[1..]).is_err());
            let mut other = zeroize::Zeroizing::new(record.to_vec());
            *other.last_mut().unwrap() ^= 1;
            assert!(KeyShare::<S>::from_bytes(&other).is_err());
        }
        only("keys alone", &[("chain code", 3), ("share of 1", 1), ("share of 2", 1), ("share of 3", 1)]);
    });
}

/// Key generation that ends in a complaint, that is left alone at any message, that is resumed.
fn keygen_fails<S: Scheme>() {
    // What the run would have told.
    let whole = || {
        let net = Net::<Watch<Keygen<S>>>::start(IDS.map(|me| params(me, &IDS, 2, 1)), |_| (), 1).unwrap();
        let shares = net.outputs();
        tell_dealings::<S::Curve>();
        shares.iter().for_each(tell_share);
    };
    twice(|| {
        whole();
        for cut in 0..30 {
            let mut net = Net::<Watch<Keygen<S>>>::start(IDS.map(|me| params(me, &IDS, 2, 1)), |_| (), 1).unwrap();
            for _ in 0..cut {
                let Some((to, bytes)) = net.queue.pop_front() else { break };
                net.deliver(to, &bytes).unwrap();
            }
            if let Ok(checkpoint) = net.sessions[&id(1)].checkpoint() {
                let resumed =
                    Session::<Watch<Keygen<S>>>::resume(params(1, &IDS, 2, 1), &identity(1), (), &checkpoint).unwrap();
                drop(resumed);
                assert!(
                    Session::<Watch<Keygen<S>>>::resume(params(1, &IDS, 2, 2), &identity(1), (), &checkpoint).is_err()
                );
            }
            drop(net);
            only("left alone", &[]);
        }
        told(|told| told.lie = Some((3, 2, |outgoing| outgoing.sealed[0].1[0] ^= 1)));
        let mut net = Net::<Watch<Keygen<S>>>::start(IDS.map(|me| params(me, &IDS, 2, 1)), |_| (), 1).unwrap();
        net.run();
        told(|told| told.lie = None);
        let abort = net.ends[&id(1)].abort.as_ref().unwrap();
        assert_eq!((abort.fault(), abort.culprits()), (Fault::BadShare, &[id(3)][..]));
        // Party 1 has complained: nothing is left there. Party 2 had promised.
        gone("after the complaint", &["seed of 1", "one-session key of 1", "coefficient of 1", "coefficient of 2"]);
        drop(net);
        only("after the complaint", &[]);
    });
}

fn dealt<S: Scheme>(t: u16) -> Vec<KeyShare<S>> {
    let secret = scanner::quietly(|| random_scalar::<S::Curve>(&mut rng(1)));
    tell_scalar::<S::Curve>("whole key", secret.expose());
    let shares = split(&secret, Threshold::new(t).unwrap(), &parties(&IDS), &mut rng(2)).unwrap();
    scanner::quietly(move || drop(secret));
    shares.iter().for_each(tell_share);
    shares
}

/// Signing in three calls, and every way out of them.
fn frost_calls<S: Suite<KeyUse: Default>>() {
    twice(|| {
        let shares = dealt::<S>(2);
        let keys = [("chain code", 3), ("share of 1", 1), ("share of 2", 1), ("share of 3", 1)];
        only("a dealer", &keys);
        let commit = |k: usize| {
            let share = &shares[k];
            let random = [[k as u8 + 1; 32], [k as u8 + 11; 32]];
            scanner::quietly(|| {
                let record = share.to_bytes();
                let at = record.len() - 16 - IDS.len() - 64;
                for random in &random {
                    tell_scalar::<S::Curve>(
                        &format!("nonce of {}", share.me()),
                        S::h3(&[random, &record[at..at + 32]]).expose(),
                    );
                }
            });
            commit_with_randomness(share, &random[0], &random[1]).unwrap()
        };
        let request = SigningRequest::<S>::new([7; 32]);
        let (nonces, commitments): (Vec<_>, Vec<_>) = [0, 1]
            .map(|k| {
                let (n, c) = commit(k);
                (n, (shares[k].me(), c))
            })
            .into_iter()
            .unzip();
        let list = CommitmentList::new(commitments).unwrap();
        let with_nonces = [&keys[..], &[("nonce of 1", 1), ("nonce of 2", 1)]].concat();
        scanner::quietly(|| {
            // Both nonces of a signer are under one name, in a box each.
            let live = scanner::live();
            assert!(told(|told| told.telling) || with_nonces.iter().all(|(name, _)| live.contains_key(*name)));
        });
        let parts: Vec<_> = shares
            .iter()
            .zip(nonces)
            .map(|(share, nonces)| (share.me(), frost::sign(share, nonces, &request, &list).unwrap()))
            .collect();
        only("signed", &keys);
        frost::aggregate(shares[0].public(), &request, &list, parts).unwrap();
        only("aggregated", &keys);
        // Errors: the nonces of another signer come back and go; those of a list that they are not in.
        let (nonces, _) = commit(2);
        assert!(frost::sign(&shares[0], nonces, &request, &list).is_err());
        let (nonces, _) = commit(2);
        assert!(frost::sign(&shares[2], nonces, &request, &list).is_err());
        only("refused", &keys);
        let (nonces, _) = frost::commit(&shares[0], &mut rng(3)).unwrap();
        drop(nonces);
        only("dropped", &keys);
    });
}

/// Signing in a session.
fn frost_session<S: Suite<KeyUse: Default>>() {
    twice(|| {
        let shares = dealt::<S>(2);
        let start = || {
            let signers = [id(1), id(2)];
            let all = signers.map(|me| {
                shares[usize::from(me.get()) - 1].session_params(Label::from_bytes([1; 32]), signers).unwrap()
            });
            let inputs = |me: PartyId| {
                let record = shares[usize::from(me.get()) - 1].to_bytes();
                let key_share = Arc::new(KeyShare::<S>::from_bytes(&record).unwrap());
                SigningInputs { key_share, request: SigningRequest::<S>::new([7; 32]) }
            };
            Net::<Watch<Signing<S>>>::start(all, inputs, 4).unwrap()
        };
        let mut net = start();
        scanner::quietly(|| {
            if !told(|told| told.telling) {
                return;
            }
            for me in [1, 2u16] {
                let (seed, base) = told(|told| (told.seeds[&me].clone(), told.bases[&me]));
                let mut draws = Transcript::new("draw").field(&seed).rng();
                draws.fill_bytes(&mut [0; 32]);
                let record = shares[usize::from(me) - 1].to_bytes();
                let at = record.len() - 16 - IDS.len() - 64;
                let mut sent = Vec::new();
                for _ in 0..2 {
                    let mut fresh = [0; 32];
                    draws.fill_bytes(&mut fresh);
                    let mixed = Transcript::new("frost-session-nonce").field(&fresh).field(&base).secret();
                    let nonce = S::h3(&[mixed.expose(), &record[at..at + 32]]);
                    sent.extend_from_slice(S::Curve::mul_base(nonce.expose()).to_bytes().as_ref());
                    tell_scalar::<S::Curve>(&format!("nonce of {me}"), nonce.expose());
                }
                assert!(told(|told| told.broadcasts[&(1, me)] == sent), "other nonces");
            }
        });
        net.run();
        assert!(net.ends.values().all(|end| end.output.is_some()));
        gone("signed", &["nonce", "seed"]);
        drop(net);
        // Left alone in the middle.
        drop(start());
        only("keys alone", &[("chain code", 3), ("share of 1", 1), ("share of 2", 1), ("share of 3", 1)]);
    });
}

/// Repair, and a repair that ends in a complaint.
fn repair<S: Scheme>() {
    twice(|| {
        let shares = dealt::<S>(2);
        let lost = Lost { id: id(3), identity: identity(3).public() };
        let helpers = [id(1), id(2)];
        let start = || {
            let inputs = |me: PartyId| match me.get() {
                3 => RepairInputs::recipient(shares[0].public(), &shares[0].public().digest(), lost, &helpers).unwrap(),
                n => RepairInputs::helper(&shares[usize::from(n) - 1], lost, &helpers).unwrap(),
            };
            let label = Label::from_bytes([1; 32]);
            let all: Vec<_> = IDS.map(|me| inputs(id(me)).params(label).unwrap()).into();
            Net::<Watch<Repair<S>>>::start(all, inputs, 5).unwrap()
        };
        let keys = [("chain code", 3), ("share of 1", 1), ("share of 2", 1), ("share of 3", 1)];
        let mut net = start();
        net.run();
        scanner::quietly(|| {
            for ((round, from, to), bytes) in told(|told| told.sealed.clone()) {
                let scalar = decode_scalar::<S::Curve>(&bytes[..32]).unwrap();
                tell_scalar::<S::Curve>(&format!("sealed in round {round} from {from} to {to}"), &scalar);
            }
        });
        gone("repaired", &["sealed", "seed", "one-session key"]);
        assert!(matches!(net.ends[&id(3)].output, Some(Repaired::Share(_))));
        drop(net);
        only("repaired", &keys);
        for (liar, round) in [(2, 2), (2, 3)] {
            told(|told| told.lie = Some((liar, round, |outgoing| outgoing.sealed[0].1[0] ^= 1)));
            let mut net = start();
            net.run();
            told(|told| told.lie = None);
            assert!(net.ends.values().filter_map(|end| end.abort.as_ref()).all(|a| a.culprits() == [id(2)]));
            gone("after a complaint", &["seed of 1", "one-session key of 1"]);
            drop(net);
            only("after a complaint", &keys);
        }
        drop(start());
        only("left alone", &keys);
    });
}

/// The length of a stored pair, `docs/formats.md`.
const PAIR_LEN: usize = 15_991;

/// a refresh or a reshare, to the end and left alone. The old shares are the caller's, and go with them.
fn reshare<S: Scheme>(plan: impl Fn(&KeyShare<S>) -> Plan<S>) {
    twice(|| {
        let shares: Vec<Arc<KeyShare<S>>> = dealt::<S>(2).into_iter().map(Arc::new).collect();
        let plan = plan(&shares[0]);
        let start = || {
            let mut ids: Vec<PartyId> = plan.dealers().iter().copied().chain(plan.holders().ids()).collect();
            ids.sort_unstable();
            ids.dedup();
            let all: Vec<_> = ids.iter().map(|me| plan.params(Label::from_bytes([1; 32]), *me).unwrap()).collect();
            let inputs = |me: PartyId| match shares.iter().find(|share| share.me() == me) {
                Some(share) => ReshareInputs::holder(plan.clone(), Arc::clone(share)).unwrap(),
                None => ReshareInputs::newcomer(plan.clone(), &plan.old().digest()).unwrap(),
            };
            Net::<Watch<Reshare<S>>>::start(all, inputs, 12).unwrap()
        };
        for cut in [1, 4, 9, 13, 17] {
            let mut net = start();
            for _ in 0..cut {
                let Some((to, bytes)) = net.queue.pop_front() else { break };
                net.deliver(to, &bytes).unwrap();
            }
            drop(net);
            gone("left alone", &["dealt", "new share", "seed", "one-session key"]);
        }
        let mut net = start();
        net.run();
        scanner::quietly(|| {
            for ((_, from, to), bytes) in told(|told| told.sealed.clone()) {
                let scalar = decode_scalar::<S::Curve>(&bytes[..32]).unwrap();
                tell_scalar::<S::Curve>(&format!("dealt by {from} to {to}"), &scalar);
            }
        });
        gone("done", &["dealt", "seed", "one-session key"]);
        let moved = net.ends.values_mut().map(|end| end.output.take().unwrap());
        let new: Vec<KeyShare<S>> = moved
            .filter_map(|moved| match moved {
                Moved::Holder(certified) => Some(certified.into_key_share()),
                Moved::Left(_) | Moved::Exported(_) => None,
            })
            .collect();
        drop(net);
        for share in &new {
            scanner::quietly(|| {
                let record = share.to_bytes();
                let at = record.len() - 16 - share.public().parties().len() - 64;
                let scalar = decode_scalar::<S::Curve>(&record[at..at + 32]).unwrap();
                tell_scalar::<S::Curve>(&format!("new share of {}", share.me()), &scalar);
            });
        }
        drop(shares);
        gone("old shares dropped", &["share of"]);
        let names: Vec<String> = new.iter().map(|share| format!("new share of {}", share.me())).collect();
        let mut left: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        left.push(("chain code", new.len()));
        only("new shares alone", &left);
    });
}

/// Everything that a pair stores is secret from Δ on: zero seed, Δ, leaves.
fn tell_pairs<S: EcdsaScheme>(states: &mut PairStates<S>, me: PartyId, pairs: usize) {
    scanner::quietly(|| {
        let record = states.to_bytes();
        let body = &record[record.len() - 16 - pairs * PAIR_LEN..record.len() - 16];
        for pair in body.chunks_exact(PAIR_LEN) {
            // Peer 2 ‖ identity 32 ‖ status 1 ‖ uses 4 ‖ pair id 32 ‖ zero seed 32 ‖ Δ 16 ‖ leaves.
            pair[71..].chunks_exact(16).for_each(|chunk| tell(format!("pair of {me}"), chunk));
        }
    });
}

/// ECDSA: setups, a signature in a session, presignatures and one spent; what is left alone.
fn ecdsa<S: EcdsaScheme>() {
    twice(|| {
        let shares = dealt::<S>(2);
        let keys = [("chain code", 3), ("share of 1", 1), ("share of 2", 1), ("share of 3", 1)];
        let signers = [id(1), id(2)];
        let logs: Vec<Arc<dyn BurnLog>> = signers.iter().map(|_| Arc::new(MemoryBurnLog::new()) as _).collect();
        let setups = || {
            let inputs = |me: PartyId| {
                let k = usize::from(me.get()) - 1;
                setup::Inputs::new(&shares[k], signers[1 - k], Arc::clone(&logs[k])).unwrap()
            };
            let all = signers.map(|me| inputs(me).params(&Label::from_bytes([1; 32])).unwrap());
            Net::<Watch<Setup<S>>>::start(all, inputs, 6).unwrap()
        };
        let mut net = setups();
        net.run();
        scanner::quietly(|| {
            for ((_, from, _), bytes) in told(|told| told.sealed.clone()) {
                tell(format!("part of a zero seed of {from}"), &bytes);
            }
        });
        let mut states: Vec<PairStates<S>> = shares[..2].iter().map(PairStates::new).collect();
        for (states, end) in states.iter_mut().zip(net.ends.values_mut()) {
            states.insert(end.output.take().unwrap()).unwrap();
        }
        drop(net);
        gone("set up", &["seed", "one-session key", "part of a zero seed"]);
        for (states, me) in states.iter_mut().zip(signers) {
            tell_pairs(states, me, 1);
        }
        let start_with = |k: usize| {
            let params = shares[k].session_params(Label::from_bytes([2; 32]), signers).unwrap();
            (Signer::new(&params, &shares[k], &states[k], &*logs[k], 1).unwrap(), params)
        };
        let of = |me: PartyId| usize::from(me.get()) - 1;
        // A signature.
        let request = || Request::<S>::new(Message::<sha2::Sha256>::new(b"m"), Child::ITSELF).unwrap();
        let signing = || {
            let all = signers.map(|me| start_with(of(me)).1);
            let inputs = |me| sign::Inputs::new(start_with(of(me)).0, request(), Arc::clone(&logs[of(me)])).unwrap();
            Net::<Watch<Sign<S>>>::start(all, inputs, 7).unwrap()
        };
        let mut net = signing();
        net.run();
        assert!(net.ends.values().all(|end| end.output.is_some()));
        gone("signed", &["seed", "one-session key"]);
        drop(net);
        drop(signing());
        // A presignature, and a signature with it.
        let presigning = || {
            let all = signers.map(|me| start_with(of(me)).1);
            let inputs = |me| presign::Inputs::new(start_with(of(me)).0, Arc::clone(&logs[of(me)]));
            Net::<Watch<Presign<S>>>::start(all, inputs, 8).unwrap()
        };
        let mut net = presigning();
        net.run();
        let made: Vec<_> = net.ends.values_mut().map(|end| end.output.take().unwrap().remove(0)).collect();
        drop(net);
        gone("presigned", &["seed", "one-session key"]);
        let stores: Vec<Arc<dyn PresignatureStore>> = made.iter().map(|_| Arc::new(MemoryStore::new()) as _).collect();
        let mut kept = Vec::new();
        for ((presignature, store), me) in made.into_iter().zip(&stores).zip(signers) {
            let record = presignature.into_bytes();
            scanner::quietly(|| {
                let at = record.len() - 16 - 96;
                for (k, name) in ["phi", "u", "v"].iter().enumerate() {
                    let scalar = decode_scalar::<S::Curve>(&record[at + 32 * k..][..32]).unwrap();
                    tell_scalar::<S::Curve>(&format!("presignature of {me}, {name}"), &scalar);
                }
            });
            kept.push(Presignature::<S>::from_bytes(&record).unwrap().store(&**store).unwrap());
        }
        let inputs = |me: PartyId| {
            let (store, name) = (Arc::clone(&stores[of(me)]), &kept[of(me)]);
            let presignature = Presignature::<S>::load(&*store, name).unwrap();
            online::Inputs { presignature, key: shares[of(me)].public().clone(), request: request(), store }
        };
        let all = signers.map(|me| start_with(of(me)).1);
        let mut net = Net::<Watch<online::Online<S>>>::start(all, inputs, 9).unwrap();
        net.run();
        assert!(net.ends.values().all(|end| end.output.is_some()));
        drop(net);
        gone("spent", &["presignature", "seed"]);
        drop(stores);
        // Half a setup, half a presignature.
        for cut in [2, 3, 5] {
            let mut net = setups();
            for _ in 0..cut {
                let Some((to, bytes)) = net.queue.pop_front() else { break };
                net.deliver(to, &bytes).unwrap();
            }
            drop(net);
            let mut net = presigning();
            for _ in 0..cut {
                let Some((to, bytes)) = net.queue.pop_front() else { break };
                net.deliver(to, &bytes).unwrap();
            }
            drop(net);
        }
        gone("left alone", &["presignature", "seed", "one-session key", "part of a zero seed"]);
        drop(states);
        only("keys alone", &keys);
    });
}

/// In the first run: the tree of seeds of a verifiable backup that is made of these draws, but for the nodes that are
/// in the backup, and the masks of all rows; hashed as `docs/backup.md` 4.2 and 4.3 say.
fn tell_tree<S: Scheme>(share: &KeyShare<S>, vault: &BackupSecretKey, backup: &[u8], fresh: &[u8; 32]) {
    const ROWS: usize = 407;
    scanner::quietly(|| {
        let (record, public) = (share.to_bytes(), share.public());
        let at = record.len() - 16 - IDS.len() - 64;
        let to = vault.public().to_bytes();
        let label = Transcript::new("ve")
            .field(S::NAME.as_bytes())
            .field(public.key_id().as_bytes())
            .field(public.sharing().as_bytes())
            .party(share.me())
            .point::<S::Curve>(&public.verifying_share(share.me()).unwrap())
            .field(&to[to.len() - 48..to.len() - 16])
            .digest();
        let content = [&label[..], &record[at..at + 32]].concat();
        let mut draws = Transcript::new("backup-draws").field(fresh).field(&content).rng();
        let mut salt = [0; 32];
        draws.fill_bytes(&mut salt);
        let body = 11 + usize::from(backup[10]);
        assert_eq!(salt, backup[body..body + 32], "other draws");
        let mut nodes = vec![[0; 16]; 2 * ROWS];
        draws.fill_bytes(&mut nodes[1]);
        for k in 1..ROWS {
            let hash = Transcript::new("ve-node").field(&label).field(&salt).number(k as u64);
            let both = hash.field(&nodes[k]).secret();
            nodes[2 * k].copy_from_slice(&both.expose()[..16]);
            nodes[2 * k + 1].copy_from_slice(&both.expose()[16..]);
        }
        let shown: Vec<&[u8]> = backup[body + 64 + 24 * 96..backup.len() - 16].chunks(16).collect();
        assert!(nodes.iter().filter(|node| shown.contains(&&node[..])).count() == shown.len(), "another tree");
        for node in nodes[1..].iter().filter(|node| !shown.contains(&&node[..])) {
            tell("node".to_owned(), node);
        }
        for row in (0..ROWS).step_by(7) {
            let mut wide = [0; 128];
            let hash = Transcript::new("ve-row").field(&label).field(&salt).number(row as u64);
            hash.field(&nodes[ROWS + row]).fill(&mut wide);
            let mask = Scalar::<S::Curve>::from_uniform_bytes(wide[..64].try_into().unwrap());
            tell_scalar::<S::Curve>("mask", &mask);
        }
    });
}

/// Backups of all forms, made and opened, or refused: neither nodes nor masks nor keys are left.
fn backups<S: Scheme>() {
    twice(|| {
        let shares = dealt::<S>(2);
        let keys = [("chain code", 3), ("share of 1", 1), ("share of 2", 1), ("share of 3", 1)];
        let (share, vault) = (&shares[0], BackupSecretKey::generate(&mut rng(3)).unwrap());
        scanner::quietly(|| {
            let record = vault.to_bytes();
            let secret = decode_scalar::<Ristretto255>(&record[record.len() - 48..record.len() - 16]).unwrap();
            tell_scalar::<Ristretto255>("vault", &secret);
        });
        let keys = [&keys[..], &[("vault", 1)]].concat();
        only("a vault", &keys);
        let backup = VerifiableBackup::make(share, &vault.public(), &mut rng(4)).unwrap();
        let mut fresh = [0; 32];
        rng(4).fill_bytes(&mut fresh);
        tell_tree(share, &vault, &scanner::quietly(|| backup.to_bytes()), &fresh);
        only("made", &keys);
        backup.verify(share.public(), share.me(), &vault.public()).unwrap();
        drop(backup.open(&vault, share.public(), share.me()).unwrap());
        only("opened", &keys);
        let other = BackupSecretKey::generate(&mut rng(5)).unwrap();
        assert!(backup.open(&other, share.public(), share.me()).is_err());
        drop((backup, other));
        let file = recipient::seal(share, &vault.public(), &identity(1), &mut rng(6)).unwrap();
        drop(vault.open::<KeyShare<S>>(&file, &identity(1).public()).unwrap());
        let mut altered = file.clone();
        altered[120] ^= 1;
        assert!(vault.open::<KeyShare<S>>(&altered, &identity(1).public()).is_err());
        only("sealed to a key", &keys);
        under_a_passphrase(share);
        drop(vault);
        only("keys alone", &keys[..4]);
    });
}

#[cfg(feature = "backup")]
fn under_a_passphrase<S: Scheme>(share: &KeyShare<S>) {
    use cosigil::key::backup::passphrase::{Cost, open, seal};
    let file = seal(share, b"correct horse", Cost::new(64, 2, 2).unwrap(), &mut rng(7)).unwrap();
    scanner::quietly(|| {
        let mut keys = [0; 64];
        let params = argon2::Params::new(64, 2, 2, Some(64)).unwrap();
        argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
            .hash_password_into(b"correct horse", &file[29..45], &mut keys)
            .unwrap();
        tell("key of a passphrase".to_owned(), &keys);
        assert_eq!(
            file[69..101],
            Transcript::new("backup-commit").field(&keys[32..]).field(&file[..69]).digest(),
            "other keys"
        );
    });
    drop(open::<KeyShare<S>>(&file, b"correct horse").unwrap());
    assert!(open::<KeyShare<S>>(&file, b"correct horsf").is_err());
    gone("under a passphrase", &["key of a passphrase"]);
}

#[cfg(not(feature = "backup"))]
fn under_a_passphrase<S: Scheme>(_: &KeyShare<S>) {}

/// Children: their chain codes go with them.
fn derivation<S: Derivable>() {
    twice(|| {
        let shares = dealt::<S>(2);
        let keys = [("chain code", 3), ("share of 1", 1), ("share of 2", 1), ("share of 3", 1)];
        scanner::quietly(|| {
            for (name, path) in [("step", "m/0"), ("child", "m/0/7")] {
                let child = shares[0].derive(&path.parse().unwrap()).unwrap();
                tell(name.to_owned(), child.extended_key().chain_code().expose());
            }
        });
        let child = shares[0].derive(&"m/0/7".parse().unwrap()).unwrap();
        only("with a child", &[&keys[..], &[("child", 1)]].concat());
        drop(child.extended_key().derive(&"m/1".parse().unwrap()).unwrap());
        let tweak = child.tweak().clone();
        drop(child);
        only("with a tweak", &keys);
        drop(tweak);
        drop(shares[1].public().derive(shares[1].chain_code(), &"m/0/7".parse().unwrap()).unwrap());
        only("keys alone", &keys);
    });
}

/// The scanner finds what it is to find: freed, left behind by a growing buffer, live, and a half alone.
#[test]
fn i_03_the_scanner_scans() {
    let _alone = alone();
    scanner::forget();
    let secret: Vec<u8> = (1..=32).map(|k| k * 7).collect();
    scanner::look_for("the secret", &secret);
    scanner::watching(|| {
        let copy = scanner::quietly(|| secret.clone());
        let live = copy.clone();
        assert_eq!(scanner::live().get("the secret"), Some(&1));
        drop(live);
        assert_eq!(scanner::findings().len(), 1);
        let mut growing = Vec::with_capacity(40);
        growing.extend_from_slice(&[9; 3]);
        growing.extend_from_slice(&copy[16..]);
        assert_eq!(scanner::live().len(), 1, "a half at any place");
        growing.extend_from_slice(&[0; 100]);
        assert_eq!(scanner::findings().len(), 1, "left behind");
        growing.fill(0);
        drop(growing);
        drop(Secret::new(<[u8; 32]>::try_from(copy.as_slice()).unwrap()));
        assert_eq!(scanner::findings(), [""; 0], "wiped");
        scanner::quietly(move || drop(copy));
        assert!(scanner::live().is_empty());
    });
    scanner::forget();
}

#[test]
fn i_02_key_generation_wipes() {
    keygen::<Ed25519Sha512>();
    keygen::<Secp256k1Sha256>();
    keygen::<P256Sha256>();
}

#[test]
fn i_02_failed_key_generation_wipes() {
    keygen_fails::<Ed25519Sha512>();
    keygen_fails::<P256Ecdsa>();
}

#[test]
fn i_02_frost_wipes() {
    frost_calls::<Ed25519Sha512>();
    frost_calls::<Secp256k1Sha256>();
    frost_calls::<P256Sha256>();
    frost_session::<Ed25519Sha512>();
    frost_session::<P256Sha256>();
}

#[test]
fn i_02_repair_wipes() {
    repair::<Ed25519Sha512>();
    repair::<Secp256k1Ecdsa>();
    repair::<P256Ecdsa>();
}

#[test]
fn r_07_refresh_and_reshare_wipe() {
    reshare::<Ed25519Sha512>(|share| Plan::refresh(share.public()).unwrap());
    let moved = |share: &KeyShare<P256Ecdsa>| {
        Plan::reshare(share.public(), [id(1), id(3)], parties(&[1, 2, 4]), Threshold::new(2).unwrap()).unwrap()
    };
    reshare(moved);
}

#[test]
fn i_02_ecdsa_wipes() {
    ecdsa::<Secp256k1Ecdsa>();
    ecdsa::<P256Ecdsa>();
}

#[test]
fn i_02_backups_wipe() {
    backups::<Ed25519Sha512>();
    backups::<Secp256k1Ecdsa>();
    backups::<P256Ecdsa>();
}

#[test]
fn i_02_derivation_wipes() {
    derivation::<Ed25519Sha512>();
    derivation::<Secp256k1Ecdsa>();
}
