//! The floor of oblivious transfer: base OTs, trees, extension, transposition.
//!
//! `unit` is one constant-time variable-base multiplication of k256, to which the others are compared.

#![allow(missing_docs, clippy::unwrap_used, clippy::cast_possible_truncation)] // a bench may stop

use std::hint::black_box;
use std::time::Duration;

use cosigil::ot::{base, bits, extension, pprf};
use cosigil::wire::{Reader, Shape, Wire};
use cosigil::{Base, PartyId, Transcript, TranscriptRng, View};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ff::Field;
use k256::{ProjectivePoint, Scalar};

const SHAPE: Shape = Shape { threshold: 2, parties: 2, batch: 1 };

fn rng() -> TranscriptRng {
    Transcript::new("bench").rng()
}

fn party(id: u16) -> PartyId {
    PartyId::new(id).unwrap()
}

fn run() -> base::Run {
    base::Run { base: Base::from_bytes([1; 32]), receiver: party(1), sender: party(2), receiver_nonce: [3; 32] }
}

fn view() -> View {
    View::from_bytes([2; 32])
}

fn direction() -> pprf::Direction {
    pprf::Direction { view: view(), sender: party(1), receiver: party(2) }
}

fn seeds() -> (base::ReceiverSeeds, base::SenderSeeds) {
    let (receiver, m1) = base::Receiver::start(run(), &mut rng());
    let (sender, m2) = base::Sender::start(&mut rng());
    (receiver.finish(&view(), &m2), sender.finish(&run(), &view(), &m1).unwrap())
}

fn leaves() -> (pprf::Leaves, pprf::PuncturedLeaves) {
    let (received, sent) = seeds();
    let (leaves, corrections) = pprf::Leaves::grow(&direction(), sent);
    (leaves, pprf::PuncturedLeaves::grow(&direction(), received, &corrections).unwrap())
}

fn unit(c: &mut Criterion) {
    let (point, scalar) = (ProjectivePoint::GENERATOR.double(), Scalar::random(&mut rng()));
    c.bench_function("unit", |b| b.iter(|| black_box(point) * black_box(scalar)));
}

fn base_ot(c: &mut Criterion) {
    let mut group = c.benchmark_group("base-ot-128");
    group.bench_function("receiver start", |b| b.iter(|| base::Receiver::start(run(), &mut rng())));
    group.bench_function("sender start", |b| b.iter(|| base::Sender::start(&mut rng())));
    let (_, m1) = base::Receiver::start(run(), &mut rng());
    let (_, m2) = base::Sender::start(&mut rng());
    let bytes = m1.encode(&SHAPE);
    group.bench_function("decode", |b| b.iter(|| base::Message::decode(black_box(&bytes), &SHAPE).unwrap()));
    group.bench_function("receiver finish", |b| {
        b.iter_batched(
            || base::Receiver::start(run(), &mut rng()).0,
            |receiver| receiver.finish(&view(), &m2),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("sender finish", |b| {
        b.iter_batched(
            || base::Sender::start(&mut rng()).0,
            |sender| sender.finish(&run(), &view(), &m1).unwrap(),
            BatchSize::SmallInput,
        );
    });
}

fn trees(c: &mut Criterion) {
    let mut group = c.benchmark_group("pprf");
    let (_, corrections) = pprf::Leaves::grow(&direction(), seeds().1);
    group.bench_function("all leaves", |b| {
        b.iter_batched(|| seeds().1, |seeds| pprf::Leaves::grow(&direction(), seeds), BatchSize::SmallInput);
    });
    group.bench_function("all but one", |b| {
        b.iter_batched(
            || seeds().0,
            |seeds| pprf::PuncturedLeaves::grow(&direction(), seeds, &corrections).unwrap(),
            BatchSize::SmallInput,
        );
    });
}

fn extend(c: &mut Criterion) {
    let (full, punctured) = leaves();
    let context = extension::Context::setup(&view(), party(2), party(1));
    for n in [1, 64] {
        let mut group = c.benchmark_group(format!("extension-{n}"));
        group.throughput(Throughput::Elements(n));
        let rows = extension::Rows::new(416 * n as usize).unwrap();
        let (_, message) = extension::receive(&full, &context, rows);
        let mut bytes = Vec::new();
        message.write(&mut bytes);
        let message = extension::Message::read(&mut Reader::new(&bytes), rows).unwrap();
        group.bench_function("receiver", |b| b.iter(|| extension::receive(&full, &context, rows)));
        group.bench_function("sender", |b| {
            b.iter(|| extension::send(&punctured, &context, rows, &message).unwrap());
        });
    }
}

fn transpose(c: &mut Criterion) {
    let mut group = c.benchmark_group("bits");
    let mut tile: bits::Tile = std::array::from_fn(|k| (k as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c));
    group.throughput(Throughput::Bytes(2048));
    group.bench_function("transpose 128x128", |b| b.iter(|| bits::transpose(black_box(&mut tile))));
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_millis(1000)).sample_size(20);
    targets = unit, transpose, extend, trees, base_ot
}
criterion_main!(benches);
