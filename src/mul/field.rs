//! Scalars as plain limbs, for the thousands that a multiplication handles and never looks at twice.
//!
//! All of it in constant time, for any odd q between 2^255 and 2^256.

use core::marker::PhantomData;
use ff::Field as _;

use crate::curve::{Curve, Scalar};

/// A number below 2^256, four 64-bit limbs, lowest first.
pub(super) type Limbs = [u64; 4];

/// The integers modulo the order q of a curve.
///
/// What is said to be *loose* is any number below 2^256, which stands for its remainder; what is
/// *canonical* is below q. Sums fold the carry, 2^256, back in as ε = 2^256 − q, and are loose: when one
/// term is canonical, what is left beside a carry is below q, and adding ε cannot carry again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<C: Curve> {
    q: Limbs,
    /// ε = 2^256 − q.
    fold: Limbs,
    /// -1/q modulo 2^64.
    negated_inverse: u64,
    /// 2^512 mod q.
    square: Limbs,
    curve: PhantomData<C>,
}

impl<C: Curve> Field<C> {
    pub(super) fn new() -> Self {
        let (q, _) = add(&C::scalar_limbs(&-Scalar::<C>::ONE), &[1, 0, 0, 0]);
        let [lowest, ..] = q;
        // Newton: each step doubles the number of right bits, and an odd number is its own inverse to 3.
        let inverse = (0..5).fold(lowest, |x, _| x.wrapping_mul(2u64.wrapping_sub(lowest.wrapping_mul(x))));
        let radix = Self::radix();
        let square = C::scalar_limbs(&(radix * radix));
        let (fold, _) = subtract(&[0; 4], &q);
        Self { q, fold, negated_inverse: inverse.wrapping_neg(), square, curve: PhantomData }
    }

    /// 2^256 mod q.
    fn radix() -> Scalar<C> {
        C::reduce_wide(&[0, 0, 0, 0, 1, 0, 0, 0])
    }

    /// Whether a number is canonical. Public.
    pub(super) fn is_canonical(&self, a: &Limbs) -> bool {
        subtract(a, &self.q).1
    }

    /// The canonical form of a loose number.
    #[inline(always)]
    pub(super) fn reduce(&self, a: &Limbs) -> Limbs {
        let (less, borrow) = subtract(a, &self.q);
        select(a, &less, ones_if(borrow))
    }

    /// a + b, loose, for a loose and a canonical number.
    #[inline(always)]
    pub(super) fn add(&self, loose: &Limbs, canonical: &Limbs) -> Limbs {
        let (sum, carry) = add(loose, canonical);
        add(&sum, &and(&self.fold, ones_if(carry))).0
    }

    /// a - b, loose, for a loose and a canonical number.
    #[inline(always)]
    pub(super) fn sub(&self, loose: &Limbs, canonical: &Limbs) -> Limbs {
        let (difference, borrow) = subtract(loose, canonical);
        subtract(&difference, &and(&self.fold, ones_if(borrow))).0
    }

    /// -a, canonical, for a canonical number.
    pub(super) fn negate(&self, canonical: &Limbs) -> Limbs {
        self.reduce(&subtract(&self.q, canonical).0)
    }

    /// lo + 2^256·hi, loose, for a loose lo.
    #[inline(always)]
    pub(super) fn reduce_384(&self, low: &Limbs, [h0, h1]: [u64; 2]) -> Limbs {
        let mut product = [0; 9];
        multiply_add(&mut product, &[h0, h1, 0, 0], &self.square);
        // hi·2^512 < 2^128·q, which divided is at most q: as good as canonical for one addition.
        let [high @ .., _] = self.divide_by_radix(product);
        self.add(low, &high)
    }

    /// A factor for [`Field::dot`].
    pub(super) fn factor(scalar: &Scalar<C>) -> Limbs {
        C::scalar_limbs(&(Self::radix() * scalar))
    }

    /// f·a + g·b, canonical, for two factors and loose a and b.
    #[inline(always)]
    pub(super) fn dot(&self, [f, g]: &[Limbs; 2], a: &Limbs, b: &Limbs) -> Limbs {
        let mut sum = [0; 9];
        multiply_add(&mut sum, f, a);
        multiply_add(&mut sum, g, b);
        // Below 2·2^256·q, which divided is below 3·q: the fifth word is 0, 1 or 2.
        let [r0, r1, r2, r3, top] = self.divide_by_radix(sum);
        let (less, borrow) = subtract(&[r0, r1, r2, r3], &self.q);
        let keep = ones_if(borrow & (top == 0));
        let limbs = select(&[r0, r1, r2, r3], &less, keep);
        let top = top - (u64::from(borrow) & !keep);
        // Now below 2·q, so that with a carry what is left is below q less ε.
        let (sum, _) = add(&limbs, &and(&self.fold, ones_if(top != 0)));
        self.reduce(&sum)
    }

    /// w / 2^256 modulo q, five limbs, at most w / 2^256 + q (Montgomery's reduction).
    #[inline(always)]
    #[allow(clippy::indexing_slicing)] // constant bounds: i + j below 9
    fn divide_by_radix(&self, mut w: [u64; 9]) -> [u64; 5] {
        let mut overflow = false;
        for i in 0..4 {
            let m = w[i].wrapping_mul(self.negated_inverse);
            let mut carry = 0;
            for j in 0..4 {
                (w[i + j], carry) = multiply_word(m, self.q[j], w[i + j], carry);
            }
            (w[i + 4], overflow) = add_word(w[i + 4], carry, overflow);
        }
        let [_, _, _, _, r0, r1, r2, r3, top] = w;
        [r0, r1, r2, r3, top + u64::from(overflow)]
    }
}

/// 32 big-endian bytes, as scalars of both curves travel.
#[inline(always)]
pub(super) fn to_bytes(limbs: &Limbs) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (words, _) = bytes.as_chunks_mut::<8>();
    words.iter_mut().zip(limbs.iter().rev()).for_each(|(to, limb)| *to = limb.to_be_bytes());
    bytes
}

/// The number of 32 big-endian bytes.
#[inline(always)]
pub(super) fn from_bytes(bytes: &[u8; 32]) -> Limbs {
    let (words, _) = bytes.as_chunks::<8>();
    let mut limbs = [0; 4];
    limbs.iter_mut().rev().zip(words).for_each(|(limb, word)| *limb = u64::from_be_bytes(*word));
    limbs
}

/// The limbs where the mask has ones.
#[inline(always)]
pub(super) fn and(a: &Limbs, mask: u64) -> Limbs {
    let [a0, a1, a2, a3] = a;
    [a0 & mask, a1 & mask, a2 & mask, a3 & mask]
}

#[inline(always)]
fn ones_if(condition: bool) -> u64 {
    core::hint::black_box(u64::from(condition)).wrapping_neg()
}

/// `a` where the mask has ones, else `b`.
#[inline(always)]
#[allow(clippy::indexing_slicing)] // constant bounds
fn select(a: &Limbs, b: &Limbs, mask: u64) -> Limbs {
    core::array::from_fn(|i| b[i] ^ (mask & (a[i] ^ b[i])))
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation)] // the two halves
const fn words(value: u128) -> (u64, u64) {
    (value as u64, (value >> 64) as u64)
}

/// a·b + c + d
#[inline(always)]
fn multiply_word(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    words(u128::from(a) * u128::from(b) + u128::from(c) + u128::from(d))
}

#[inline(always)]
const fn add_word(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(carry as u64);
    (sum, first | second)
}

/// a - b - borrow, and the next borrow.
#[inline(always)]
const fn subtract_word(a: u64, b: u64, borrow: bool) -> (u64, bool) {
    let (difference, first) = a.overflowing_sub(b);
    let (difference, second) = difference.overflowing_sub(borrow as u64);
    (difference, first | second)
}

// Written out, and not as loops: so it becomes four instructions and a carry.
#[inline(always)]
fn add([a0, a1, a2, a3]: &Limbs, [b0, b1, b2, b3]: &Limbs) -> (Limbs, bool) {
    let (r0, carry) = add_word(*a0, *b0, false);
    let (r1, carry) = add_word(*a1, *b1, carry);
    let (r2, carry) = add_word(*a2, *b2, carry);
    let (r3, carry) = add_word(*a3, *b3, carry);
    ([r0, r1, r2, r3], carry)
}

#[inline(always)]
fn subtract([a0, a1, a2, a3]: &Limbs, [b0, b1, b2, b3]: &Limbs) -> (Limbs, bool) {
    let (r0, borrow) = subtract_word(*a0, *b0, false);
    let (r1, borrow) = subtract_word(*a1, *b1, borrow);
    let (r2, borrow) = subtract_word(*a2, *b2, borrow);
    let (r3, borrow) = subtract_word(*a3, *b3, borrow);
    ([r0, r1, r2, r3], borrow)
}

/// Adds a·b to a sum of nine limbs.
#[inline(always)]
#[allow(clippy::indexing_slicing)] // constant bounds: i + j below 8
fn multiply_add(sum: &mut [u64; 9], a: &Limbs, b: &Limbs) {
    let mut overflow = false;
    for i in 0..4 {
        let mut carry = 0;
        for j in 0..4 {
            (sum[i + j], carry) = multiply_word(a[i], b[j], sum[i + j], carry);
        }
        (sum[i + 4], overflow) = add_word(sum[i + 4], carry, overflow);
    }
    sum[8] += u64::from(overflow);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{P256, Secp256k1};
    use proptest::prelude::*;

    fn scalar<C: Curve>([a, b, c, d]: Limbs) -> Scalar<C> {
        C::reduce_wide(&[a, b, c, d, 0, 0, 0, 0])
    }

    fn agrees<C: Curve>(a: Limbs, b: Limbs, wide: [u64; 2], f: Limbs, g: Limbs) {
        let field = Field::<C>::new();
        let limbs = |s: Scalar<C>| C::scalar_limbs(&s);
        let (x, y) = (scalar::<C>(a), scalar::<C>(b));
        assert_eq!(field.reduce(&a), limbs(x));
        assert_eq!(field.is_canonical(&a), field.reduce(&a) == a);
        assert_eq!(field.reduce(&field.add(&a, &limbs(y))), limbs(x + y));
        assert_eq!(field.reduce(&field.sub(&a, &limbs(y))), limbs(x - y));
        assert_eq!(field.negate(&limbs(x)), limbs(-x));
        let [a0, a1, a2, a3] = a;
        let whole = C::reduce_wide(&[a0, a1, a2, a3, wide[0], wide[1], 0, 0]);
        assert_eq!(field.reduce(&field.reduce_384(&a, wide)), limbs(whole));
        let (f, g) = (scalar::<C>(f), scalar::<C>(g));
        let factors = [Field::<C>::factor(&f), Field::<C>::factor(&g)];
        assert_eq!(field.dot(&factors, &a, &b), limbs(f * x + g * y));
        assert_eq!(from_bytes(&to_bytes(&a)), a);
        assert_eq!(to_bytes(&limbs(x)), crate::curve::encode_scalar::<C>(&x));
    }

    fn limb() -> impl Strategy<Value = u64> {
        prop_oneof![Just(0), Just(1), Just(u64::MAX), Just(u64::MAX - 1), any::<u64>()]
    }

    fn number() -> impl Strategy<Value = Limbs> {
        [limb(), limb(), limb(), limb()]
    }

    proptest! {
        #[test]
        fn agrees_with_the_curves(a in number(), b in number(), wide in [limb(), limb()], f in number(), g in number()) {
            agrees::<Secp256k1>(a, b, wide, f, g);
            agrees::<P256>(a, b, wide, f, g);
        }
    }

    /// All extremes together: the largest dot product there is.
    #[test]
    fn extremes() {
        let ones = [u64::MAX; 4];
        agrees::<Secp256k1>(ones, ones, [u64::MAX; 2], ones, ones);
        agrees::<P256>(ones, ones, [u64::MAX; 2], ones, ones);
        let q = Field::<P256>::new().q;
        agrees::<P256>(q, subtract(&q, &[1, 0, 0, 0]).0, [0, 0], q, [0; 4]);
        let most = subtract(&q, &[1, 0, 0, 0]).0;
        let field = Field::<P256>::new();
        assert!(field.is_canonical(&field.dot(&[most, most], &ones, &ones)));
    }
}
