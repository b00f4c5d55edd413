//! One party's whole work of a key generation: all four rounds, encoding and decoding included. The
//! envelope (signatures, one-session keys, sealing) is not in it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)] // a benchmark, not the library

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use cosigil::curve::{Curve, Ed25519, Secp256k1};
use cosigil::key::{KeyShare, Scheme};
use cosigil::keygen::Keygen;
use cosigil::round::{Context, Inbox, Outgoing, Protocol, Received, broadcasts_digest, view};
use cosigil::{Base, Label, Parties, PartyId, SessionParams, Threshold, Transcript, TranscriptRng, View};
use criterion::{Criterion, criterion_group, criterion_main};
use zeroize::Zeroizing;

/// A scheme that is a curve and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Plain<C>(std::marker::PhantomData<C>);

impl<C: Curve> Scheme for Plain<C> {
    type Curve = C;
    const NAME: &'static str = "plain";
}

/// What one peer sent the party that is measured, in one round.
struct Mail {
    from: PartyId,
    broadcast: Vec<u8>,
    sealed: Option<Vec<u8>>,
    hello: Vec<u8>,
}

/// The first party of a run: what it got in each round, and the contexts in which it got it.
struct First {
    params: SessionParams,
    rounds: Vec<Vec<Mail>>,
    digests: Vec<(View, [u8; 32])>,
}

fn hello(id: PartyId) -> Vec<u8> {
    let mut hello = vec![0; 128];
    Transcript::new("bench-hello").party(id).fill(&mut hello);
    hello
}

fn context(params: &SessionParams) -> Context {
    let (view, broadcasts) = (View::from_bytes([0; 32]), [0; 32]);
    let base = Base::from_bytes([1; 32]);
    Context { params: params.clone(), base, hello: hello(params.me()), round: 0, view, broadcasts }
}

fn draws(id: PartyId, round: u8) -> TranscriptRng {
    Transcript::new("bench-draws").party(id).number(round.into()).rng()
}

/// Runs all parties once and keeps what the first gets.
fn record<C: Curve>(t: u16, n: u16) -> First {
    let ids: Vec<PartyId> = (1..=n).map(|id| PartyId::new(id).unwrap()).collect();
    let parties = Parties::without_identities(ids.iter().copied()).unwrap();
    let params = |id| {
        let label = Label::from_bytes([7; 32]);
        SessionParams::new(label, id, Threshold::new(t).unwrap(), parties.clone()).unwrap()
    };
    let mut contexts: Vec<Context> = ids.iter().map(|id| context(&params(*id))).collect();
    let mut states = Vec::new();
    let mut outgoing: Vec<Outgoing> = Vec::new();
    for (id, context) in ids.iter().zip(&contexts) {
        let (state, out) = Keygen::<Plain<C>>::start((), context, &mut draws(*id, 0)).unwrap();
        states.push(state);
        outgoing.push(out);
    }
    let mut first = First { params: params(ids[0]), rounds: Vec::new(), digests: Vec::new() };
    for round in 1..=4 {
        let whole = |(id, out): (&PartyId, &Outgoing)| {
            let body = out.broadcast.clone().unwrap();
            (*id, if round == 1 { [hello(*id), body].concat() } else { body })
        };
        let bodies: Vec<(PartyId, Vec<u8>)> = ids.iter().zip(&outgoing).map(whole).collect();
        let all = || bodies.iter().map(|(id, body)| (*id, body.as_slice()));
        let view = if round == 1 { view(&contexts[0].base, all()) } else { contexts[0].view };
        let digest = broadcasts_digest(&view, round, all());
        let mail_to = |to: PartyId| {
            let peers = ids.iter().zip(&outgoing).filter(move |(from, _)| **from != to);
            peers.map(move |(from, out)| Mail {
                from: *from,
                broadcast: out.broadcast.clone().unwrap(),
                sealed: out.sealed.iter().find(|(id, _)| *id == to).map(|(_, bytes)| bytes.to_vec()),
                hello: hello(*from),
            })
        };
        first.rounds.push(mail_to(ids[0]).collect());
        first.digests.push((view, digest));
        let mut next = (Vec::new(), Vec::new());
        for ((id, context), state) in ids.iter().zip(&mut contexts).zip(states.drain(..)) {
            (context.round, context.view, context.broadcasts) = (round, view, digest);
            let inbox = inbox(&mail_to(*id).collect::<Vec<_>>());
            let step = state.receive(context, inbox, &mut draws(*id, round)).unwrap();
            next.0.extend(step.next);
            next.1.push(step.outgoing);
        }
        (states, outgoing) = next;
    }
    first
}

fn inbox(mail: &[Mail]) -> Inbox<Received> {
    let received = |mail: &Mail| {
        let sealed = mail.sealed.clone().map(|bytes| Some(Zeroizing::new(bytes)));
        (
            mail.from,
            Received { broadcast: Some(mail.broadcast.clone()), sealed, hello: mail.hello.clone(), addressed: None },
        )
    };
    let messages: BTreeMap<_, _> = mail.iter().map(received).collect();
    Inbox::new(messages.keys().copied().collect::<Vec<_>>(), messages).unwrap()
}

fn run<C: Curve>(first: &First) -> KeyShare<Plain<C>> {
    let mut context = context(&first.params);
    let me = first.params.me();
    let (state, out) = Keygen::<Plain<C>>::start((), &context, &mut draws(me, 0)).unwrap();
    black_box(out);
    let (mut state, mut key) = (Some(state), None);
    for (round, (mail, digests)) in (1..).zip(first.rounds.iter().zip(&first.digests)) {
        context.round = round;
        (context.view, context.broadcasts) = *digests;
        let step = state.take().unwrap().receive(&context, inbox(mail), &mut draws(me, round)).unwrap();
        black_box(step.outgoing);
        state = step.next;
        key = step.output.or(key);
    }
    key.unwrap()
}

fn measure<C: Curve>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("keygen/{}", C::NAME));
    group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    for (t, n) in [(2, 3), (7, 10), (67, 100)] {
        let first = record::<C>(t, n);
        group.bench_function(format!("{t}-of-{n}"), |bencher| bencher.iter(|| run::<C>(&first)));
    }
    group.finish();
}

fn keygen(criterion: &mut Criterion) {
    measure::<Ed25519>(criterion);
    measure::<Secp256k1>(criterion);
}

criterion_group!(benches, keygen);
criterion_main!(benches);
