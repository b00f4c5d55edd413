//! FROST: what one signer and the coordinator compute, and as how many plain signatures of the scheme.
//!
//! `cargo bench --bench frost`. The last lines give the ratios: `commit + decode + sign` of one signer, and
//! `aggregate`, over one plain signature.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)] // a bench

use std::hint::black_box;
use std::time::{Duration, Instant};

use cosigil::curve::{Curve, random_scalar};
use cosigil::frost::{
    self, Bip340, CommitmentList, Ed25519Sha512, Nonces, Ristretto255Sha512, SignatureShare, SigningRequest, Suite,
};
use cosigil::key::KeyShare;
use cosigil::{Parties, PartyId, Threshold, Transcript, hazmat};
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};

const SIZES: [u16; 3] = [2, 7, 67];

/// A key with t signers, their commitments and shares.
struct Table<S: Suite> {
    key_shares: Vec<KeyShare<S>>,
    request: SigningRequest<S>,
    list: CommitmentList<S>,
    list_bytes: Vec<u8>,
    shares: Vec<(PartyId, SignatureShare<S>)>,
}

impl<S: Suite> Table<S> {
    fn new(t: u16) -> Self {
        let mut rng = Transcript::new("bench").number(t.into()).rng();
        let ids = (1..=t).map(|k| PartyId::new(k).unwrap());
        let parties = Parties::without_identities(ids).unwrap();
        let secret = random_scalar::<S::Curve>(&mut rng);
        let key_shares = hazmat::split::<S>(&secret, Threshold::new(t).unwrap(), &parties, &mut rng).unwrap();
        let (nonces, list): (Vec<_>, Vec<_>) = key_shares
            .iter()
            .map(|share| frost::commit(share, &mut rng).map(|(nonces, public)| (nonces, (share.me(), public))).unwrap())
            .unzip();
        let list = CommitmentList::new(list).unwrap();
        let request = SigningRequest::new([7; 32]);
        let shares = key_shares.iter().zip(nonces);
        let shares = shares.map(|(key, nonces)| (key.me(), frost::sign(key, nonces, &request, &list).unwrap()));
        let shares = shares.collect();
        let list_bytes = list.to_bytes();
        Self { key_shares, request, list, list_bytes, shares }
    }

    /// Nonces whose commitments are in the list: those of the table, again, for timing alone.
    fn nonces(&self) -> (Nonces<S>, Vec<u8>) {
        let me = &self.key_shares[0];
        let (nonces, public) = hazmat::commit_with_randomness(me, &[1; 32], &[2; 32]).unwrap();
        let others = self.list.iter().skip(1).map(|(id, commitments)| (id, *commitments));
        (nonces, CommitmentList::new(others.chain([(me.me(), public)])).unwrap().to_bytes())
    }

    fn commit(&self) {
        let mut rng = Transcript::new("bench-commit").rng();
        black_box(frost::commit(&self.key_shares[0], &mut rng).unwrap());
    }

    fn decode_and_sign(&self, (nonces, list): (Nonces<S>, Vec<u8>)) {
        let me = &self.key_shares[0];
        let list = CommitmentList::from_bytes_for_signer(&list, me, &nonces).unwrap();
        black_box(frost::sign(me, nonces, &self.request, &list).unwrap());
    }

    fn aggregate(&self) {
        let public = self.key_shares[0].public();
        let list = CommitmentList::from_bytes(&self.list_bytes, public).unwrap();
        black_box(frost::aggregate(public, &self.request, &list, self.shares.iter().copied()).unwrap());
    }

    fn aggregate_bad(&self) {
        let public = self.key_shares[0].public();
        let mut shares = self.shares.clone();
        let last = shares.len() - 1;
        shares[last].1 = shares[0].1;
        let list = CommitmentList::from_bytes(&self.list_bytes, public).unwrap();
        black_box(frost::aggregate(public, &self.request, &list, shares).unwrap_err());
    }
}

/// The time of one call: the sixth best of 61, for other work on the machine only ever adds to it.
fn time<I>(mut setup: impl FnMut() -> I, mut call: impl FnMut(I)) -> Duration {
    let mut times: Vec<Duration> = (0..61)
        .map(|_| {
            let input = setup();
            let start = Instant::now();
            call(input);
            start.elapsed()
        })
        .collect();
    times.sort();
    times[5]
}

fn suite<S: Suite>(criterion: &mut Criterion, plain: impl Fn()) {
    let unit = time(|| (), |()| plain());
    println!("{}: a plain signature takes {unit:?}", S::NAME);
    let mut group = criterion.benchmark_group(S::NAME);
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group.bench_function("plain", |bencher| bencher.iter(&plain));
    for t in SIZES {
        let table = Table::<S>::new(t);
        let at = |name| BenchmarkId::new(name, t);
        group.bench_function(at("commit"), |bencher| bencher.iter(|| table.commit()));
        group.bench_function(at("decode and sign"), |bencher| {
            bencher.iter_batched(|| table.nonces(), |input| table.decode_and_sign(input), BatchSize::SmallInput);
        });
        group.bench_function(at("aggregate"), |bencher| bencher.iter(|| table.aggregate()));
        group.bench_function(at("aggregate, one bad"), |bencher| bencher.iter(|| table.aggregate_bad()));
        let commit = time(|| (), |()| table.commit());
        let sign = time(|| table.nonces(), |input| table.decode_and_sign(input));
        let good = time(|| (), |()| table.aggregate());
        let bad = time(|| (), |()| table.aggregate_bad());
        let ratio = |time: Duration| time.as_secs_f64() / unit.as_secs_f64();
        println!(
            "{} t = {t}: signer {:.1}, aggregate {:.1}, aggregate with one bad share {:.1} plain signatures; {bad:?}",
            S::NAME,
            ratio(commit + sign),
            ratio(good),
            ratio(bad)
        );
    }
    group.finish();
}

fn ed25519(criterion: &mut Criterion) {
    use ed25519_dalek::Signer;
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    suite::<Ed25519Sha512>(criterion, || {
        black_box(key.sign(black_box(&[7; 32])));
    });
}

fn bip340(criterion: &mut Criterion) {
    let key = k256::schnorr::SigningKey::from_slice(&[7; 32]).unwrap();
    suite::<Bip340>(criterion, || {
        black_box(key.sign_raw(black_box(&[7; 32]), &[8; 32]).unwrap());
    });
}

fn ristretto255(criterion: &mut Criterion) {
    // There is no plain signer of this suite; it would do what Ed25519's does: one product of the base.
    let key = cosigil::curve::random_scalar::<cosigil::curve::Ristretto255>(&mut Transcript::new("bench-plain").rng());
    suite::<Ristretto255Sha512>(criterion, || {
        let nonce = cosigil::curve::Ristretto255::mul_base(black_box(key.expose()));
        black_box(cosigil::curve::encode_point::<cosigil::curve::Ristretto255>(&nonce));
    });
}

criterion_group!(benches, ed25519, bip340, ristretto255);
criterion_main!(benches);
