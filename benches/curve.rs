//! The floor of all protocols: products of points, decoding and encoding, sums.
//!
//! `cargo bench --bench curve` measures each with criterion. `cargo bench --bench curve -- --ratios` takes
//! turns between what is to be compared, keeps the fastest time of each, and prints a table in units of one
//! constant-time variable-base multiplication of k256: on a shared machine only such ratios mean anything.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cosigil::curve::{
    Curve, Ed25519, P256, PublicScalar, Ristretto255, Scalar, Secp256k1, SumOfProducts, SumOfScalars, encode_point,
    encode_points, evaluate_at_small_vartime, msm_vartime, multiply_by_small_vartime,
};
use criterion::Criterion;
use ff::{Field, FromUniformBytes, PrimeField};
use group::Group;
use k256::elliptic_curve::ops::{LinearCombination, MulVartime};

/// The sizes of interest: a check of one party's data, small sets, and all coefficients of 67-of-100.
const SIZES: [usize; 5] = [3, 10, 70, 1000, 6700];
/// Terms of one inner product of the ECDSA multiplication.
const GADGET: usize = 416;
/// Coefficients of a 67-of-100 key generation.
const COEFFICIENTS: usize = 67;

/// A thing to be timed: what it is, and its name.
type Case = (String, Box<dyn FnMut()>);

fn case<T>(name: impl Into<String>, mut work: impl FnMut() -> T + 'static) -> Case {
    (name.into(), Box::new(move || drop(black_box(work()))))
}

/// A scalar that looks random, of 256 or 128 bits.
fn scalar<C: Curve>(seed: u64, short: bool) -> Scalar<C> {
    let mut bytes = [0; 64];
    bytes.iter_mut().zip(seed.to_le_bytes().iter().cycle()).for_each(|(to, from)| *to = *from);
    let any = Scalar::<C>::from_uniform_bytes(&bytes).square() + Scalar::<C>::from(seed);
    let [low, high, ..] = C::scalar_limbs(&any.square());
    if short { Scalar::<C>::from_u128(u128::from(low) << 64 | u128::from(high)) } else { any.square() }
}

fn points<C: Curve>(count: usize) -> Vec<C::Point> {
    let start = C::mul_base(&scalar::<C>(1, false));
    std::iter::successors(Some(start), |point| Some(*point + C::Point::generator() + point)).take(count).collect()
}

/// Distinct scalars with distinct points.
fn terms<C: Curve>(count: usize, short: bool) -> Vec<(PublicScalar<C>, C::Point)> {
    let scalars =
        (2..).map(|seed| PublicScalar::decode(&cosigil::curve::encode_scalar::<C>(&scalar::<C>(seed, short))));
    scalars.flatten().zip(points::<C>(count)).collect()
}

/// Multiplications, decoding, encoding, Horner's rule and products of many, for any curve.
fn of_curve<C: Curve>() -> Vec<Case> {
    let (name, secret) = (C::NAME, scalar::<C>(7, false));
    let some = points::<C>(COEFFICIENTS);
    let point = C::mul_base(&secret);
    let encoded = encode_point::<C>(&point);
    let again = encoded.clone();
    let (a, b, c, d, e) = (some.clone(), some.clone(), some.clone(), some.clone(), some);
    let mut cases = vec![
        case(format!("{name} mul_base"), move || C::mul_base(black_box(&secret))),
        case(format!("{name} variable base"), move || *black_box(&point) * black_box(&secret)),
        case(format!("{name} decode"), move || C::decode(black_box(&encoded))),
        case(format!("{name} decode_uncleared"), move || C::decode_uncleared(black_box(&again))),
        case(format!("{name} encode 67 one by one"), move || {
            black_box(&a).iter().map(|point| encode_point::<C>(point)).collect::<Vec<_>>()
        }),
        case(format!("{name} encode 67"), move || encode_points::<C>(black_box(&b))),
        case(format!("{name} times 99"), move || multiply_by_small_vartime(black_box(&point), 99)),
        case(format!("{name} horner 67 at 99, generic"), move || evaluate_at_small_vartime(black_box(&c), 99)),
        case(format!("{name} horner 67 at 99"), move || C::evaluate_at_small_vartime(black_box(&d), 99)),
        case(format!("{name} horner 67 at 99, constant time"), move || {
            let x = Scalar::<C>::from(99);
            black_box(&e).iter().rev().fold(C::Point::identity(), |sum, point| sum * x + point)
        }),
    ];
    for (size, short) in SIZES.into_iter().flat_map(|size| [(size, false), (size, true)]) {
        let terms = terms::<C>(size, short);
        let bits = if short { 128 } else { 256 };
        cases.push(case(format!("{name} msm {size} x {bits} bits"), move || msm_vartime::<C>(black_box(&terms))));
    }
    cases
}

/// What the crates of the SEC1 curves offer for the same, and their plain product added up.
fn of_crate<C: Curve<Point: LinearCombination<[(C::Point, Scalar<C>)]> + MulVartime<Scalar<C>>>>() -> Vec<Case> {
    let mut cases = Vec::new();
    for (size, short) in SIZES.into_iter().flat_map(|size| [(size, false), (size, true)]) {
        let terms: Vec<_> = terms::<C>(size, short).iter().map(|(scalar, point)| (*point, *scalar.value())).collect();
        let (name, bits) = (C::NAME, if short { 128 } else { 256 });
        let again = terms.clone();
        cases.push(case(format!("{name} msm {size} x {bits} bits, the crate's"), move || {
            C::Point::lincomb_vartime(black_box(terms.as_slice()))
        }));
        if size <= COEFFICIENTS + 3 {
            cases.push(case(format!("{name} msm {size} x {bits} bits, one by one"), move || {
                let one = |(point, scalar): &(C::Point, Scalar<C>)| point.mul_vartime(*scalar);
                black_box(&again).iter().map(one).sum::<C::Point>()
            }));
        }
    }
    cases
}

/// Inner products of 416 scalars.
fn of_sums<C: Curve>() -> Vec<Case> {
    let name = C::NAME;
    let a: Vec<_> = (0..GADGET as u64).map(|seed| scalar::<C>(seed + 2, false)).collect();
    let b: Vec<_> = (0..GADGET as u64).map(|seed| scalar::<C>(seed + 1002, false)).collect();
    let limbs: Vec<_> = b.iter().map(C::scalar_limbs).collect();
    let (a1, a2, b1, b2, limbs1) = (a.clone(), a.clone(), b.clone(), b, limbs.clone());
    vec![
        case(format!("{name} sum of 416 products, naive"), move || {
            black_box(&a).iter().zip(black_box(&b1)).fold(Scalar::<C>::ZERO, |sum, (a, b)| sum + *a * b)
        }),
        case(format!("{name} sum of 416 products"), move || {
            let mut sum = SumOfProducts::<C>::new();
            black_box(&a1).iter().zip(black_box(&b2)).for_each(|(a, b)| sum.add(a, b));
            sum.finish()
        }),
        case(format!("{name} sum of 416 products, one side a table"), move || {
            let mut sum = SumOfProducts::<C>::new();
            let pairs = black_box(&a2).iter().zip(black_box(&limbs));
            pairs.for_each(|(a, b)| sum.add_limbs(&C::scalar_limbs(a), b));
            sum.finish()
        }),
        case(format!("{name} sum of 416 chosen scalars"), move || {
            let mut sum = SumOfScalars::<C>::new();
            let limbs = black_box(&limbs1);
            limbs.iter().zip(limbs).for_each(|(limbs, [bits, ..])| sum.add_masked(limbs, (bits & 1).wrapping_neg()));
            sum.finish()
        }),
    ]
}

fn all() -> Vec<Case> {
    let mut cases = of_curve::<Secp256k1>();
    cases.extend(of_crate::<Secp256k1>());
    cases.extend(of_sums::<Secp256k1>());
    cases.extend(of_curve::<P256>());
    cases.extend(of_crate::<P256>());
    cases.extend(of_sums::<P256>());
    cases.extend(of_curve::<Ed25519>());
    cases.extend(of_sums::<Ed25519>());
    cases.extend(of_curve::<Ristretto255>());
    cases
}

/// How often to repeat something so that it lasts about half a millisecond.
fn repetitions(work: &mut dyn FnMut()) -> u32 {
    let start = Instant::now();
    work();
    u32::try_from(500_000 / start.elapsed().as_nanos().max(1)).unwrap_or(1).clamp(1, 2000)
}

/// How long this thread has waited for a processor so far, where Linux tells.
fn waited() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(statistics.split(' ').nth(1).and_then(|wait| wait.parse().ok()).unwrap_or(0))
}

/// The time of one repetition, without the waiting.
fn sample(work: &mut dyn FnMut(), repetitions: u32) -> Duration {
    let (before, start) = (waited(), Instant::now());
    (0..repetitions).for_each(|_| work());
    let elapsed = start.elapsed();
    elapsed.saturating_sub(waited().saturating_sub(before)) / repetitions
}

/// Sets each sample against the unit just before and after it, since machines slow down for seconds at a
/// time, and prints the medians.
fn ratios() {
    let (point, factor) = (Secp256k1::mul_base(&scalar::<Secp256k1>(3, false)), scalar::<Secp256k1>(4, false));
    let (_, mut unit) = case("unit", move || *black_box(&point) * black_box(&factor));
    println!("{:56} {:>12} {:>10}", "", "us", "units");
    for (name, mut work) in all() {
        let count = repetitions(&mut work);
        let mut samples = [(); 11].map(|()| {
            let before = sample(&mut unit, 20);
            let time = sample(&mut work, count);
            let after = sample(&mut unit, 20);
            (2.0 * time.div_duration_f64(before + after), time)
        });
        samples.sort_by(|a, b| a.0.total_cmp(&b.0));
        let [_, _, _, _, _, (units, time), ..] = samples;
        println!("{name:56} {:12.2} {units:10.4}", time.as_secs_f64() * 1e6);
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "--ratios") {
        return ratios();
    }
    let mut criterion = Criterion::default().configure_from_args();
    for (name, mut work) in all() {
        criterion.bench_function(&name, |bencher| bencher.iter(&mut work));
    }
    criterion.final_summary();
}
