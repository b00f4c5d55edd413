//! 256-bit integers as four 64-bit limbs, lowest first: carries, sums, products. Constant time.

/// A 256-bit integer, lowest limb first.
pub(super) type Limbs = [u64; 4];

/// The number of 32 little-endian bytes.
#[inline]
pub(super) fn little_endian_limbs(bytes: &[u8; 32]) -> Limbs {
    let mut limbs = [0; 4];
    let (chunks, _) = bytes.as_chunks::<8>();
    limbs.iter_mut().zip(chunks).for_each(|(limb, bytes)| *limb = u64::from_le_bytes(*bytes));
    limbs
}

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

/// a - b and whether it borrowed.
#[inline(always)]
pub(super) const fn subtract(a: &Limbs, b: &Limbs) -> (Limbs, u64) {
    let (r0, borrow) = subtract_borrow(a[0], b[0], 0);
    let (r1, borrow) = subtract_borrow(a[1], b[1], borrow);
    let (r2, borrow) = subtract_borrow(a[2], b[2], borrow);
    let (r3, borrow) = subtract_borrow(a[3], b[3], borrow);
    ([r0, r1, r2, r3], borrow)
}

/// a + b and whether it carried.
#[inline(always)]
pub(super) const fn sum(a: &Limbs, b: &Limbs) -> (Limbs, u64) {
    let (r0, carry) = add_carry(a[0], b[0], 0);
    let (r1, carry) = add_carry(a[1], b[1], carry);
    let (r2, carry) = add_carry(a[2], b[2], carry);
    let (r3, carry) = add_carry(a[3], b[3], carry);
    ([r0, r1, r2, r3], carry)
}

/// a + b mod 2^256.
pub(super) const fn add_limbs(a: &Limbs, b: &Limbs) -> Limbs {
    sum(a, b).0
}

/// a - b mod 2^256.
pub(super) const fn subtract_limbs(a: &Limbs, b: &Limbs) -> Limbs {
    subtract(a, b).0
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

/// a², eight limbs: each mixed product once, doubled.
#[inline(always)]
pub(super) const fn wide_square(&[a0, a1, a2, a3]: &Limbs) -> [u64; 8] {
    let (r1, carry) = multiply_add(a0, a1, 0, 0);
    let (r2, carry) = multiply_add(a0, a2, carry, 0);
    let (r3, r4) = multiply_add(a0, a3, carry, 0);
    let (r3, carry) = multiply_add(a1, a2, r3, 0);
    let (r4, r5) = multiply_add(a1, a3, r4, carry);
    let (r5, r6) = multiply_add(a2, a3, r5, 0);
    let r7 = r6 >> 63;
    let r6 = r6 << 1 | r5 >> 63;
    let r5 = r5 << 1 | r4 >> 63;
    let r4 = r4 << 1 | r3 >> 63;
    let r3 = r3 << 1 | r2 >> 63;
    let r2 = r2 << 1 | r1 >> 63;
    let (r0, carry) = multiply_add(a0, a0, 0, 0);
    let (r1, carry) = add_carry(r1 << 1, 0, carry);
    let (r2, carry) = multiply_add(a1, a1, r2, carry);
    let (r3, carry) = add_carry(r3, 0, carry);
    let (r4, carry) = multiply_add(a2, a2, r4, carry);
    let (r5, carry) = add_carry(r5, 0, carry);
    let (r6, carry) = multiply_add(a3, a3, r6, carry);
    [r0, r1, r2, r3, r4, r5, r6, r7 + carry]
}

/// How many bits a number has; 0 for 0.
pub(super) fn bit_length(limbs: &Limbs) -> u32 {
    let mut bits = 256;
    for limb in limbs.iter().rev() {
        if *limb != 0 {
            return bits - limb.leading_zeros();
        }
        bits -= 64;
    }
    0
}

/// `width` bits (at most 32) from bit `from` up; what is above bit 255 is 0.
#[inline]
pub(super) fn bits_at(limbs: &Limbs, from: u32, width: u32) -> u32 {
    let limb = |index: u32| usize::try_from(index).ok().and_then(|index| limbs.get(index)).copied().unwrap_or(0);
    let both = u128::from(limb(from / 64)) | u128::from(limb(from / 64 + 1)) << 64;
    let (low, _) = halves(both >> (from % 64) & ((1 << width) - 1));
    u32::try_from(low).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_square_is_a_product(a: [u64; 4], ones: [bool; 4]) {
            let mut full = a;
            full.iter_mut().zip(ones).for_each(|(limb, one)| if one { *limb = u64::MAX });
            for a in [a, full] {
                prop_assert_eq!(wide_square(&a), wide_product(&a, &a));
            }
        }

        #[test]
        fn bits_make_the_number(a: [u64; 4], width in 1u32..=32) {
            let mut rebuilt = [0u64; 4];
            for bit in 0..256 {
                rebuilt[bit as usize / 64] |= u64::from(bits_at(&a, bit, width) & 1) << (bit % 64);
            }
            prop_assert_eq!(rebuilt, a);
            prop_assert_eq!(u64::from(bits_at(&a, 0, width)), a[0] & ((1 << width) - 1));
            prop_assert_eq!(bits_at(&a, 256, width), 0);
            prop_assert_eq!(bits_at(&a, 250, width), bits_at(&[0, 0, 0, a[3]], 250, width));
        }
    }

    #[test]
    fn lengths() {
        assert_eq!(bit_length(&[0; 4]), 0);
        assert_eq!(bit_length(&[1, 0, 0, 0]), 1);
        assert_eq!(bit_length(&[0, 0, 1, 0]), 129);
        assert_eq!(bit_length(&[u64::MAX; 4]), 256);
        let mut sum = [u64::MAX, 0, 0];
        add_into(&mut sum, &[1u64, u64::MAX]);
        assert_eq!(sum, [0, 0, 1]);
    }
}
