//! Sums of products of public scalars with points, in variable time.
//!
//! For secp256k1 and P-256: Straus's interleaving with signed windows for few terms, Pippenger's buckets
//! with signed digits for many (section 4 of eprint 2012/549), both over coordinates. What costs an
//! inversion in a formula is done for many sums at once. Scalars are taken by their true length, and on
//! secp256k1 long ones are split by its endomorphism: weights of 128 bits cost half. The other curves
//! use the same two methods out of curve25519-dalek.

use alloc::vec;
use alloc::vec::Vec;

use super::field::BaseField;
use super::limbs::{Limbs, bit_length, bits_at};
use super::weierstrass::{Affine, BatchAdder, Jacobian, Weierstrass, coordinates};
use super::{Curve, PublicScalar};

/// From so many points on Straus's tables hold four multiples of each, before that two.
const STRAUS_WIDTH_4_FROM: usize = 3;

/// From so many points on they hold eight.
const STRAUS_WIDTH_5_FROM: usize = 16;

/// Fewer sums than this are not worth an inversion.
const MIN_BATCH: usize = 32;

/// What a bucket costs at the end, in sums of the batch: two Jacobian additions.
const BUCKET_COST: u32 = 3;

/// The tables of Straus's method leave the caches: its sums cost a fourth more than the model says.
/// (Measured; the two methods cross near 80 terms of full length on secp256k1, near 170 on P-256.)
const STRAUS_SURCHARGE: u32 = 4;

/// The number of sums for which one inversion is made, about: beyond it they leave the cache.
const BATCH: usize = 4096;

/// Σ scalars·points, in time that depends on both: public data only, by type.
///
/// A [`Secret`](crate::Secret) scalar has no way in:
///
/// ```compile_fail,E0308
/// # use cosigil::curve::{Curve, Scalar, Secp256k1, msm_vartime};
/// let share = cosigil::Secret::new(Scalar::<Secp256k1>::from(7u64));
/// let point = Secp256k1::mul_base(share.expose());
/// msm_vartime::<Secp256k1>(&[(share, point)]); // wants a `PublicScalar`
/// ```
///
/// ```compile_fail,E0277
/// # use cosigil::curve::{PublicScalar, Scalar, Secp256k1};
/// let share = cosigil::Secret::new(Scalar::<Secp256k1>::from(7u64));
/// let public: PublicScalar<Secp256k1> = share.into();
/// ```
///
/// ```compile_fail,E0277
/// # use cosigil::curve::{PublicScalar, Scalar, Secp256k1};
/// let share = cosigil::Secret::new(Scalar::<Secp256k1>::from(7u64));
/// let public: PublicScalar<Secp256k1> = (*share.expose()).into();
/// ```
///
/// ```compile_fail,E0624
/// # use cosigil::curve::{PublicScalar, Scalar, Secp256k1};
/// let share = cosigil::Secret::new(Scalar::<Secp256k1>::from(7u64));
/// let public = PublicScalar::<Secp256k1>::reveal(*share.expose()); // the crate's own
/// ```
///
/// What may:
///
/// ```
/// use cosigil::curve::{Curve, PublicScalar, Scalar, Secp256k1, msm_vartime};
/// let point = Secp256k1::mul_base(&Scalar::<Secp256k1>::from(7u64));
/// let sum = msm_vartime::<Secp256k1>(&[(PublicScalar::from(3), point), (PublicScalar::ONE, point)]);
/// assert_eq!(sum, Secp256k1::mul_base(&Scalar::<Secp256k1>::from(28u64)));
/// ```
pub fn msm_vartime<C: Curve>(terms: &[(PublicScalar<C>, C::Point)]) -> C::Point {
    C::msm_vartime(terms)
}

/// Appends the digits of a number, lowest first: each 0 or odd and below 2^(width-1) in absolute value,
/// with at least width-1 zeros after every other one.
pub(super) fn signed_windows(number: &Limbs, width: u32, digits: &mut Vec<i8>) {
    let (bits, mut position, mut carry) = (bit_length(number), 0, 0);
    while position < bits || carry != 0 {
        let low = bits_at(number, position, 1) + carry;
        if low & 1 == 0 {
            carry = low >> 1;
            digits.push(0);
            position += 1;
        } else {
            let window = bits_at(number, position, width) + carry;
            carry = window >> (width - 1);
            let digit = i64::from(window) - (i64::from(carry) << width);
            digits.push(i8::try_from(digit).unwrap_or(0)); // below 2^(width-1)
            digits.extend((1..width).map(|_| 0));
            position += width;
        }
    }
}

/// Part of a term: (-1)^negative·magnitude times a point, or times its image under the endomorphism.
#[derive(Debug)]
struct PartTerm {
    point: usize,
    image: bool,
    negative: bool,
    magnitude: Limbs,
}

/// Σ scalars·points over coordinates. `None` would be an error of our own arithmetic, found by the
/// crate's.
pub(super) fn msm_by_coordinates<W: Weierstrass>(terms: &[(PublicScalar<W>, W::Point)]) -> Option<W::Point> {
    let points: Vec<_> = terms.iter().map(|(_, point)| *point).collect();
    let points = coordinates::<W>(&points);
    let mut parts = Vec::with_capacity(2 * terms.len());
    for (point, (scalar, _)) in terms.iter().enumerate() {
        for ((negative, magnitude), image) in W::split(scalar).into_iter().zip([false, true]) {
            if magnitude != [0; 4] {
                parts.push(PartTerm { point, image, negative, magnitude });
            }
        }
    }
    let lengths = || parts.iter().map(|part| bit_length(&part.magnitude));
    let (bits, longest) = (lengths().fold(0, u32::saturating_add), lengths().max().unwrap_or(0));
    let width = bucket_width(bits, longest);
    let (straus_cost, bucket_cost) = (straus_cost(points.len(), bits, longest), bucket_cost(width, bits, longest));
    let sum = if bucket_cost < straus_cost.saturating_add(straus_cost / STRAUS_SURCHARGE) {
        pippenger::<W>(&points, &parts, width, longest)
    } else {
        straus::<W>(&points, &parts)
    };
    sum.to_point()
}

/// The point's image under the endomorphism.
#[inline(always)]
fn image<W: Weierstrass>(point: &Affine<W::Field>) -> Affine<W::Field> {
    W::ENDOMORPHISM.map_or(*point, |beta| Affine { x: point.x.mul(&beta), y: point.y })
}

/// Straus: a table of odd multiples of each point, and one run of doublings for all. What is added at
/// the same bit is summed beforehand, for all bits at once.
fn straus<W: Weierstrass>(points: &[Affine<W::Field>], parts: &[PartTerm]) -> Jacobian<W> {
    let width = match points.len() {
        ..STRAUS_WIDTH_4_FROM => 3,
        STRAUS_WIDTH_4_FROM..STRAUS_WIDTH_5_FROM => 4,
        STRAUS_WIDTH_5_FROM.. => 5,
    };
    let mut tables = odd_multiples::<W>(points, 1 << (width - 2));
    let rows = tables.len();
    if parts.iter().any(|part| part.image) {
        let images: Vec<Vec<_>> = tables.iter().map(|row| row.iter().map(image::<W>).collect()).collect();
        tables.extend(images);
    }
    let mut entries = Entries::default();
    let mut digits = Vec::with_capacity(258);
    for part in parts {
        digits.clear();
        signed_windows(&part.magnitude, width, &mut digits);
        for (position, digit) in digits.iter().enumerate().filter(|(_, digit)| **digit != 0) {
            let row = usize::from(digit.unsigned_abs() / 2) + if part.image { rows } else { 0 };
            entries.push(position, row * points.len() + part.point, (*digit < 0) != part.negative);
        }
    }
    let mut summer = Summer::<W>::default();
    summer.sum_by_key(&entries, &tables.concat());
    summer.runs_from_top().fold(Jacobian::IDENTITY, |sum, at_bit| sum.double().add_all(at_bit))
}

/// Rows of P, 3·P, 5·P, …: each row holds one multiple of all points.
fn odd_multiples<W: Weierstrass>(points: &[Affine<W::Field>], rows: usize) -> Vec<Vec<Affine<W::Field>>> {
    let mut adder = BatchAdder::<W>::new();
    let mut doubles = points.to_vec();
    adder.add(&mut doubles, points);
    let mut table = vec![points.to_vec()];
    let mut row = points.to_vec();
    while table.len() < rows {
        adder.add(&mut row, &doubles);
        table.push(row.clone());
    }
    table
}

/// Pippenger: for each window of bits, points with the same digit are added up into one bucket.
fn pippenger<W: Weierstrass>(points: &[Affine<W::Field>], parts: &[PartTerm], width: u32, longest: u32) -> Jacobian<W> {
    let windows = (longest + 1).div_ceil(width); // one bit more, for the last carry
    let bases: Vec<_> = parts
        .iter()
        .map(|part| {
            let point = points.get(part.point).copied().unwrap_or(Affine::IDENTITY);
            (if part.image { image::<W>(&point) } else { point }).negate_if(part.negative)
        })
        .collect();
    let at_once = u32::try_from(BATCH / bases.len().max(1)).unwrap_or(1).max(1);
    let mut summer = Summer::<W>::default();
    let mut entries = Entries::default();
    let mut sum = Jacobian::<W>::IDENTITY;
    let mut top = windows;
    while top > 0 {
        let first = top.saturating_sub(at_once);
        enter_digits(&mut entries, parts, width, first..top);
        summer.sum_by_key(&entries, &bases);
        let mut buckets = summer.runs_from_top();
        for _ in first..top {
            sum = sum.double_times(width).add(&weighted_sum(buckets.by_ref().take(1 << (width - 1))));
        }
        top = first;
    }
    sum
}

/// What Straus's method costs, in sums: tables of eight, a digit in six bits, the doublings.
fn straus_cost(points: usize, bits: u32, longest: u32) -> u32 {
    u32::try_from(points).unwrap_or(u32::MAX).saturating_mul(9).saturating_add(bits / 6 + longest)
}

/// What Pippenger's costs, in sums: bits/width of them, and 2^(width-1) buckets a window.
fn bucket_cost(width: u32, bits: u32, longest: u32) -> u32 {
    (bits / width).saturating_add(longest.div_ceil(width) * (BUCKET_COST << (width - 1)))
}

/// The width that costs least.
fn bucket_width(bits: u32, longest: u32) -> u32 {
    (4..=14).min_by_key(|width| bucket_cost(*width, bits, longest)).unwrap_or(4)
}

/// Enters the parts into the buckets of some windows, lowest window first: in each the digits 1 to
/// 2^(width-1).
fn enter_digits(entries: &mut Entries, parts: &[PartTerm], width: u32, windows: core::ops::Range<u32>) {
    let half = 1usize << (width - 1);
    entries.clear(half * windows.len());
    for (index, part) in parts.iter().enumerate() {
        for (nth, window) in windows.clone().enumerate() {
            let (negative, digit) = signed_digit(&part.magnitude, window, width);
            if digit != 0 {
                entries.push(nth * half + digit - 1, index, negative);
            }
        }
    }
}

/// The digit of a number in base 2^width, made to lie in -(2^(width-1) - 1) ..= 2^(width-1): its sign
/// and its size. The window below carries into it if its digit is negative.
fn signed_digit(number: &Limbs, window: u32, width: u32) -> (bool, usize) {
    // A digit is negative if its bits and the carry into it exceed half. The carry into window w is the
    // one of the number's low w·width bits being above half of what they can be: looked for downwards.
    let half = 1u32 << (width - 1);
    let mut carry = 0;
    let mut below = window;
    while below > 0 {
        below -= 1;
        let bits = bits_at(number, below * width, width);
        if bits != half {
            carry = u32::from(bits > half);
            break;
        }
    }
    let digit = bits_at(number, window * width, width) + carry;
    let size = if digit > half { (1 << width) - digit } else { digit };
    (digit > half, usize::try_from(size).unwrap_or(0))
}

/// Points to be added up: under which key, which point, and whether negated.
#[derive(Debug, Default)]
struct Entries {
    list: Vec<(usize, usize, bool)>,
    /// How many there are under each key.
    counts: Vec<usize>,
}

impl Entries {
    /// Forgets all, and makes room for keys.
    fn clear(&mut self, keys: usize) {
        self.list.clear();
        self.counts.clear();
        self.counts.resize(keys, 0);
    }

    fn push(&mut self, key: usize, point: usize, negative: bool) {
        if self.counts.len() <= key {
            self.counts.resize(key + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(key) {
            *count += 1;
        }
        self.list.push((key, point, negative));
    }
}

/// Sums of many points under many keys, with few inversions; keeps its memory from one call to the next.
#[derive(Debug)]
struct Summer<W: Weierstrass> {
    adder: BatchAdder<W>,
    /// The points in the order of their keys, and how many of each key are left.
    points: Vec<Affine<W::Field>>,
    counts: Vec<usize>,
    pairs: Vec<usize>,
}

impl<W: Weierstrass> Default for Summer<W> {
    fn default() -> Self {
        Self { adder: BatchAdder::new(), points: Vec::new(), counts: Vec::new(), pairs: Vec::new() }
    }
}

impl<W: Weierstrass> Summer<W> {
    /// Adds up the entries with the same key until few are left under each. Halves every run of equal
    /// keys in turn, all runs at once.
    fn sum_by_key(&mut self, entries: &Entries, bases: &[Affine<W::Field>]) {
        self.sort(entries, bases);
        loop {
            self.pairs.clear();
            let mut start = 0;
            for count in &self.counts {
                self.pairs.extend((0..count / 2).map(|pair| start + 2 * pair));
                start += count;
            }
            if self.pairs.len() < MIN_BATCH {
                return;
            }
            self.adder.add_neighbours(&mut self.points, &self.pairs);
            self.compact();
        }
    }

    /// What is left under each key, the highest key first.
    fn runs_from_top(&self) -> impl Iterator<Item = &[Affine<W::Field>]> {
        let mut rest = self.points.as_slice();
        self.counts.iter().rev().map(move |count| {
            let (below, run) = rest.split_at_checked(rest.len().saturating_sub(*count)).unwrap_or((&[], rest));
            rest = below;
            run
        })
    }

    /// Lays out the points in the order of their keys.
    fn sort(&mut self, entries: &Entries, bases: &[Affine<W::Field>]) {
        self.counts.clone_from(&entries.counts);
        self.points.clear();
        self.points.resize(entries.list.len(), Affine::IDENTITY);
        let mut next = entries.counts.clone();
        next.iter_mut().fold(0, |start, count| core::mem::replace(count, start) + start);
        for (key, index, negative) in &entries.list {
            if let (Some(place), Some(point)) = (next.get_mut(*key), bases.get(*index)) {
                if let Some(slot) = self.points.get_mut(*place) {
                    *slot = point.negate_if(*negative);
                }
                *place += 1;
            }
        }
    }

    /// Moves the sums of pairs, and the points left over, together.
    fn compact(&mut self) {
        let (mut from, mut to) = (0, 0);
        for count in &mut self.counts {
            let left = count.div_ceil(2);
            for kept in 0..left {
                if let Some(point) = self.points.get(from + 2 * kept).copied()
                    && let Some(slot) = self.points.get_mut(to + kept)
                {
                    *slot = point;
                }
            }
            from += *count;
            to += left;
            *count = left;
        }
        self.points.truncate(to);
    }
}

/// Σ d·bucket of each digit d, from the highest down to 1, by running sums.
fn weighted_sum<'a, W: Weierstrass>(buckets: impl Iterator<Item = &'a [Affine<W::Field>]>) -> Jacobian<W> {
    let start = (Jacobian::<W>::IDENTITY, Jacobian::<W>::IDENTITY);
    let (_, total) = buckets.fold(start, |(running, total), bucket| {
        let running = running.add_all(bucket);
        (running, total.add(&running))
    });
    total
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::curve::tests::{for_each_curve, leaning_scalar};
    use crate::curve::{P256, Scalar, Secp256k1};
    use ff::{Field, PrimeField};
    use group::Group;
    use proptest::prelude::*;

    pub(in crate::curve) type Terms<C> = Vec<(PublicScalar<C>, <C as Curve>::Point)>;

    /// Terms whose points repeat, are opposite or the identity now and then: all exceptions of the
    /// formulas occur.
    pub(in crate::curve) fn terms<C: Curve>(
        sizes: impl Into<proptest::collection::SizeRange>,
    ) -> impl Strategy<Value = Terms<C>> {
        let point = prop_oneof![
            1 => Just(Scalar::<C>::ZERO),
            3 => (0u64..4).prop_map(Scalar::<C>::from),
            1 => (1u64..3).prop_map(|k| -Scalar::<C>::from(k)),
            5 => leaning_scalar::<C>(),
        ]
        .prop_map(|scalar| C::mul_base(&scalar));
        proptest::collection::vec((leaning_scalar::<C>().prop_map(PublicScalar::reveal), point), sizes)
    }

    fn naive<C: Curve>(terms: &Terms<C>) -> C::Point {
        terms.iter().fold(C::Point::identity(), |sum, (scalar, point)| sum + *point * scalar.value())
    }

    for_each_curve!(equals_the_naive_fold, |C| {
        for size in [0, 1, 2, 3, 17, 64] {
            proptest!(ProptestConfig::with_cases(12), |(terms in terms::<C>(size))| {
                prop_assert_eq!(msm_vartime::<C>(&terms), naive(&terms));
            });
        }
        proptest!(ProptestConfig::with_cases(3), |(terms in terms::<C>(300))| {
            prop_assert_eq!(msm_vartime::<C>(&terms), naive(&terms));
        });
    });

    for_each_curve!(all_terms_alike, |C| {
        for scalar in [Scalar::<C>::ONE, -Scalar::<C>::ONE, Scalar::<C>::from(2).invert().unwrap()] {
            let (point, scalar) = (C::mul_base(&Scalar::<C>::from(5)), PublicScalar::reveal(scalar));
            for size in [2, 40, 300] {
                let mut terms = vec![(scalar, point); size];
                let expected = point * (*scalar.value() * Scalar::<C>::from(size as u64));
                assert_eq!(msm_vartime::<C>(&terms), expected);
                terms.extend(vec![(scalar, -point); size]);
                assert!(bool::from(msm_vartime::<C>(&terms).is_identity()));
            }
        }
    });

    /// Both methods at all sizes, whichever the crossover would choose.
    fn both_methods<W: Weierstrass>() {
        proptest!(ProptestConfig::with_cases(40), |(terms in terms::<W>(0..40))| {
            let points = coordinates::<W>(&terms.iter().map(|(_, point)| *point).collect::<Vec<_>>());
            let whole = |index: usize, scalar: &PublicScalar<W>| {
                let halves = W::split(scalar).into_iter().zip([false, true]);
                halves.map(move |((negative, magnitude), image)| PartTerm { point: index, image, negative, magnitude })
            };
            let parts: Vec<_> = terms.iter().enumerate().flat_map(|(index, (scalar, _))| whole(index, scalar)).collect();
            let expected = naive(&terms);
            prop_assert_eq!(straus::<W>(&points, &parts).to_point(), Some(expected));
            let longest = parts.iter().map(|part| bit_length(&part.magnitude)).max().unwrap_or(0);
            for width in [4, 5, 9, 14] {
                prop_assert_eq!(pippenger::<W>(&points, &parts, width, longest).to_point(), Some(expected));
            }
        });
    }

    #[test]
    fn both_methods_of_secp256k1() {
        both_methods::<Secp256k1>();
    }

    #[test]
    fn both_methods_of_p256() {
        both_methods::<P256>();
    }

    proptest! {
        #[test]
        fn signed_windows_make_the_number(number: [u64; 4], width in 2u32..=7) {
            let mut digits = Vec::new();
            signed_windows(&number, width, &mut digits);
            let two = Scalar::<P256>::from(2u64);
            let total = digits.iter().rev().fold(Scalar::<P256>::ZERO, |sum, digit| {
                assert!(*digit == 0 || digit % 2 != 0 && u32::from(digit.unsigned_abs()) < 1 << (width - 1));
                let size = Scalar::<P256>::from(u64::from(digit.unsigned_abs()));
                sum * two + if *digit < 0 { -size } else { size }
            });
            let [l0, l1, l2, l3] = number;
            prop_assert_eq!(total, P256::reduce_wide(&[l0, l1, l2, l3, 0, 0, 0, 0]));
        }

        #[test]
        fn signed_digits_make_the_number(number: [u64; 4], halves: [bool; 4], width in 4u32..=14) {
            let mut number = number;
            number.iter_mut().zip(halves).for_each(|(limb, half)| if half { *limb = 0x8888_8888_8888_8888 });
            let base = Scalar::<P256>::from_u128(1 << width);
            let total = (0..257u32.div_ceil(width)).rev().fold(Scalar::<P256>::ZERO, |sum, window| {
                let (negative, size) = signed_digit(&number, window, width);
                assert!(size <= 1 << (width - 1));
                let size = Scalar::<P256>::from(size as u64);
                sum * base + if negative { -size } else { size }
            });
            let [l0, l1, l2, l3] = number;
            prop_assert_eq!(total, P256::reduce_wide(&[l0, l1, l2, l3, 0, 0, 0, 0]));
        }
    }
}
