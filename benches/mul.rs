//! The floor of multiplication: both sides, both curves, one signature and a batch.
//!
//! `unit` is one constant-time variable-base multiplication of k256. `pair` is all that two parties do
//! for one signature in one direction on this and the floor below, both roles added.

#![allow(missing_docs, clippy::unwrap_used, clippy::cast_possible_truncation)] // a bench may stop

use std::hint::black_box;
use std::time::Duration;

use cosigil::curve::{P256, Scalar, Secp256k1};
use cosigil::mul::rvole::{Batch, Gadget, MulCurve, ParameterSet, Receiver, Sender, SessionId, Xi416, Xi512};
use cosigil::ot::{base, extension::Context, pprf};
use cosigil::{Base, PairId, PartyId, Secret, Transcript, TranscriptRng, View};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ff::Field;
use k256::ProjectivePoint;

fn rng() -> TranscriptRng {
    Transcript::new("bench").rng()
}

fn party(id: u16) -> PartyId {
    PartyId::new(id).unwrap()
}

fn view() -> View {
    View::from_bytes([2; 32])
}

fn leaves() -> (pprf::Leaves, pprf::PuncturedLeaves) {
    let run =
        base::Run { base: Base::from_bytes([1; 32]), receiver: party(1), sender: party(2), receiver_nonce: [3; 32] };
    let direction = pprf::Direction { view: view(), sender: party(1), receiver: party(2) };
    let (receiver, m1) = base::Receiver::start(run, &mut rng());
    let (sender, m2) = base::Sender::start(&mut rng());
    let (full, corrections) = pprf::Leaves::grow(&direction, sender.finish(&run, &view(), &m1).unwrap());
    (full, pprf::PuncturedLeaves::grow(&direction, receiver.finish(&view(), &m2), &corrections).unwrap())
}

fn unit(c: &mut Criterion) {
    let (point, scalar) = (ProjectivePoint::GENERATOR.double(), k256::Scalar::random(&mut rng()));
    c.bench_function("unit", |b| b.iter(|| black_box(point) * black_box(scalar)));
}

fn multiply<C: MulCurve, P: ParameterSet>(c: &mut Criterion, n: usize) {
    let mut group = c.benchmark_group(format!("rvole-{}-{}-{n}", C::NAME, P::XI));
    group.throughput(Throughput::Elements(n as u64));
    let (full, punctured) = leaves();
    let (batch, gadget) = (Batch::new(n).unwrap(), Gadget::<C, P>::new());
    let context = Context::setup(&view(), party(2), party(1));
    let session = SessionId::new::<C, P>(&view(), &PairId::from_bytes([1; 32]), party(2), party(1), &[1; 32]);
    let inputs = Secret::new((0..n).map(|_| [Scalar::<C>::random(&mut rng()); 2]).collect());
    let (_, request) = Receiver::start(&full, &context, batch, &gadget);
    let sender = || Sender::<C, P>::receive(&punctured, &context, batch, &request).unwrap();
    let (_, response) = sender().multiply(&session, &gadget, &inputs, &mut rng()).unwrap();
    group.bench_function("receiver start", |b| b.iter(|| Receiver::start(&full, &context, batch, &gadget)));
    group.bench_function("sender check", |b| b.iter(sender));
    group.bench_function("sender multiply", |b| {
        b.iter_batched(
            sender,
            |sender| sender.multiply(&session, &gadget, &inputs, &mut rng()).unwrap(),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("receiver finish", |b| {
        b.iter_batched(
            || Receiver::start(&full, &context, batch, &gadget).0,
            |receiver| receiver.finish(&session, &gadget, &response).unwrap(),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("pair", |b| {
        b.iter(|| {
            let (receiver, request) = Receiver::start(&full, &context, batch, &gadget);
            let sender = Sender::<C, P>::receive(&punctured, &context, batch, &request).unwrap();
            let (_, response) = sender.multiply(&session, &gadget, &inputs, &mut rng()).unwrap();
            receiver.finish(&session, &gadget, &response).unwrap()
        });
    });
}

fn all(c: &mut Criterion) {
    multiply::<Secp256k1, Xi416>(c, 1);
    multiply::<Secp256k1, Xi416>(c, 64);
    multiply::<P256, Xi416>(c, 1);
    multiply::<Secp256k1, Xi512>(c, 1);
    c.bench_function("gadget", |b| b.iter(Gadget::<Secp256k1, Xi416>::new));
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_millis(1000)).sample_size(20);
    targets = unit, all
}
criterion_main!(benches);
