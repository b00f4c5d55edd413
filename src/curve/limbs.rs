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
pub(super) fn add_into<const N: usize, const M: usize>(sum: &mut [u64; N], term: &[u64; M]) {
    let mut carry = 0;
    let padded = term.iter().copied().chain(core::iter::repeat_n(0, N.saturating_sub(M)));
    for (limb, term) in sum.iter_mut().zip(padded) {
        (*limb, carry) = add_carry(*limb, term, carry);
    }
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
