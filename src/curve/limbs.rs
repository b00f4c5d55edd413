//! 256-bit integers as four 64-bit limbs, lowest first: carries, sums, products. Constant time.

/// A 256-bit integer, lowest limb first.
pub(super) type Limbs = [u64; 4];

/// The low and the high half.
#[inline(always)]
#[allow(clippy::cast_possible_truncation)] // the low half, on purpose
pub(super) const fn halves(value: u128) -> (u64, u64) {
    (value as u64, (value >> 64) as u64)
}

/// a·b + c + d, low and high limb; it cannot overflow.
#[inline(always)]
pub(super) const fn multiply_add(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    halves((a as u128) * (b as u128) + (c as u128) + (d as u128))
}

/// a + b + carry, and the next carry.
#[inline(always)]
pub(super) const fn add_carry(a: u64, b: u64, carry: u64) -> (u64, u64) {
    halves((a as u128) + (b as u128) + (carry as u128))
}

/// a - b - borrow, and the next borrow, 0 or 1.
#[inline(always)]
pub(super) const fn subtract_borrow(a: u64, b: u64, borrow: u64) -> (u64, u64) {
    let (low, high) = halves((a as u128).wrapping_sub((b as u128) + (borrow as u128)));
    (low, high & 1)
}

/// Adds `term` to the longer `sum`, carrying to its end. What overflows the last limb is lost.
#[inline(always)]
#[allow(clippy::indexing_slicing)] // i < M <= N
pub(super) fn add_into<const N: usize, const M: usize>(sum: &mut [u64; N], term: &[u64; M]) {
    const { assert!(M <= N) };
    let mut carry = false;
    for i in 0..M {
        (sum[i], carry) = carrying_add(sum[i], term[i], carry);
    }
    for limb in &mut sum[M..] {
        (*limb, carry) = carrying_add(*limb, 0, carry);
    }
}

/// a + b + carry, and the next carry, in the shape that compiles to an add-with-carry instruction.
#[inline(always)]
pub(super) const fn carrying_add(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(carry as u64);
    (sum, first | second)
}

/// a·b, eight limbs.
#[inline(always)]
#[allow(clippy::indexing_slicing)] // constant indices, i + j + 1 < 8
pub(super) fn wide_product(a: &Limbs, b: &Limbs) -> [u64; 8] {
    let mut product = [0; 8];
    for i in 0..4 {
        let mut carry = 0;
        for j in 0..4 {
            (product[i + j], carry) = multiply_add(a[i], b[j], product[i + j], carry);
        }
        product[i + 4] = carry;
    }
    product
}
