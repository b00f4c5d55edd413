//! Base fields of secp256k1 and P-256, four 64-bit limbs, for public points only.
//!
//! The curve crates' own field elements serve their constant-time formulas well, and ours badly: decoding
//! is all squarings and a multi-scalar product all multiplications, which plain limbs do up to three times
//! faster. No point reaches anybody unchecked: every result goes back through the crate's decoder, which
//! verifies the curve equation with its own arithmetic.
//!
//! Sums and products take the same time for all values; `sqrt` and `invert_vartime` do not.

use core::fmt::Debug;

use k256::U256;
use k256::elliptic_curve::bigint::Odd;

use super::limbs::{Limbs, add_carry, multiply_add, subtract, subtract_borrow, sum, wide_product, wide_square};

/// A prime field of 256 bits, p ≡ 3 mod 4.
pub(super) trait BaseField: Copy + Debug + Send + Sync + 'static {
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;

    /// The number of 32 big-endian bytes, if below p.
    fn from_be_bytes(bytes: &[u8; 32]) -> Option<Self>;
    /// Its 32 big-endian bytes.
    fn to_be_bytes(self) -> [u8; 32];
    /// a + b
    fn add(&self, other: &Self) -> Self;
    /// a - b
    fn sub(&self, other: &Self) -> Self;
    /// a·b
    fn mul(&self, other: &Self) -> Self;
    /// a²
    fn square(&self) -> Self;
    /// Whether it is 0 modulo p.
    fn is_zero(&self) -> bool;
    /// 1/a, and 0 for 0.
    fn invert_vartime(&self) -> Self;
    /// a^((p + 1)/4): a root, if there is one.
    fn candidate_root(&self) -> Self;

    /// 2·a
    #[inline(always)]
    fn double(&self) -> Self {
        self.add(self)
    }

    /// -a
    #[inline(always)]
    fn negate(&self) -> Self {
        Self::ZERO.sub(self)
    }

    /// Whether two elements are equal modulo p.
    #[inline(always)]
    fn equals(&self, other: &Self) -> bool {
        self.sub(other).is_zero()
    }

    /// A square root.
    fn sqrt(&self) -> Option<Self> {
        let root = self.candidate_root();
        root.square().equals(self).then_some(root)
    }

    /// a^(2^times)
    #[inline(always)]
    fn square_times(&self, times: u32) -> Self {
        (0..times).fold(*self, |power, _| power.square())
    }
}

/// Limbs of big-endian bytes.
fn limbs_of(bytes: &[u8; 32]) -> Limbs {
    let (chunks, _) = bytes.as_chunks::<8>();
    let mut limbs = [0; 4];
    limbs.iter_mut().rev().zip(chunks).for_each(|(limb, bytes)| *limb = u64::from_be_bytes(*bytes));
    limbs
}

/// Big-endian bytes of limbs.
fn bytes_of(limbs: &Limbs) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (chunks, _) = bytes.as_chunks_mut::<8>();
    chunks.iter_mut().zip(limbs.iter().rev()).for_each(|(to, limb)| *to = limb.to_be_bytes());
    bytes
}

/// The inverse modulo an odd number, in variable time; 0 for 0.
fn invert_limbs(limbs: &Limbs, modulus: &Odd<U256>) -> Limbs {
    let inverse = U256::from_be_slice(&bytes_of(limbs)).invert_odd_mod_vartime(modulus);
    inverse.into_option().map_or([0; 4], super::sec1::limbs)
}

/// Limb-wise `if mask is all ones { a } else { b }`.
#[inline(always)]
fn select(mask: u64, &[a0, a1, a2, a3]: &Limbs, &[b0, b1, b2, b3]: &Limbs) -> Limbs {
    let pick = |a: u64, b: u64| b ^ (mask & (a ^ b));
    [pick(a0, b0), pick(a1, b1), pick(a2, b2), pick(a3, b3)]
}

/// An element modulo 2^256 - 2^32 - 977, as any number below 2^256 that is congruent to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldK256(Limbs);

impl FieldK256 {
    const MODULUS_HEX: &'static str = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f";
    const MODULUS: Limbs = [u64::MAX - Self::FOLD + 1, u64::MAX, u64::MAX, u64::MAX];
    /// 2^256 mod p.
    const FOLD: u64 = (1 << 32) + 977;

    /// An element out of limbs.
    pub(super) const fn from_limbs(limbs: Limbs) -> Self {
        Self(limbs)
    }

    /// Folds 512 bits to 256.
    #[inline(always)]
    fn reduce([w0, w1, w2, w3, w4, w5, w6, w7]: [u64; 8]) -> Self {
        let (r0, carry) = multiply_add(w4, Self::FOLD, w0, 0);
        let (r1, carry) = multiply_add(w5, Self::FOLD, w1, carry);
        let (r2, carry) = multiply_add(w6, Self::FOLD, w2, carry);
        let (r3, carry) = multiply_add(w7, Self::FOLD, w3, carry);
        // The carry is below 2^34, so what is folded in is below 2^67.
        let (r0, high) = multiply_add(carry, Self::FOLD, r0, 0);
        let (r1, carry) = add_carry(r1, high, 0);
        let (r2, carry) = add_carry(r2, 0, carry);
        let (r3, carry) = add_carry(r3, 0, carry);
        // If that carries out, what is left is below 2^67: one more limb of carry is enough.
        let (r0, carry) = add_carry(r0, Self::FOLD * carry, 0);
        Self([r0, r1 + carry, r2, r3])
    }

    /// The representative below p.
    #[inline]
    fn canonical(&self) -> Limbs {
        let (reduced, borrow) = subtract(&self.0, &Self::MODULUS);
        select(borrow.wrapping_neg(), &self.0, &reduced)
    }
}

impl BaseField for FieldK256 {
    const ZERO: Self = Self([0; 4]);
    const ONE: Self = Self([1, 0, 0, 0]);

    fn from_be_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let limbs = limbs_of(bytes);
        (subtract(&limbs, &Self::MODULUS).1 == 1).then_some(Self(limbs))
    }

    fn to_be_bytes(self) -> [u8; 32] {
        bytes_of(&self.canonical())
    }

    #[inline(always)]
    fn add(&self, other: &Self) -> Self {
        let (limbs, carry) = sum(&self.0, &other.0);
        let ([r0, r1, r2, r3], carry) = sum(&limbs, &[Self::FOLD * carry, 0, 0, 0]);
        // A second carry leaves less than 2^34.
        Self([r0.wrapping_add(Self::FOLD * carry), r1, r2, r3])
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Self {
        let (limbs, borrow) = subtract(&self.0, &other.0);
        let ([r0, r1, r2, r3], borrow) = subtract(&limbs, &[Self::FOLD * borrow, 0, 0, 0]);
        // A second borrow leaves at least 2^256 - 2^34.
        Self([r0.wrapping_sub(Self::FOLD * borrow), r1, r2, r3])
    }

    #[inline(always)]
    fn mul(&self, other: &Self) -> Self {
        Self::reduce(wide_product(&self.0, &other.0))
    }

    #[inline(always)]
    fn square(&self) -> Self {
        Self::reduce(wide_square(&self.0))
    }

    #[inline(always)]
    fn is_zero(&self) -> bool {
        self.0 == [0; 4] || self.0 == Self::MODULUS
    }

    fn invert_vartime(&self) -> Self {
        const MODULUS: Odd<U256> = Odd::<U256>::from_be_hex(FieldK256::MODULUS_HEX);
        Self(invert_limbs(&self.canonical(), &MODULUS))
    }

    /// (p + 1)/4 in binary: 223 ones, a zero, 22 ones, 4 zeros, 2 ones, 2 zeros.
    fn candidate_root(&self) -> Self {
        let join = |high: &Self, low: &Self, bits| high.square_times(bits).mul(low);
        let ones2 = join(self, self, 1);
        let ones3 = join(&ones2, self, 1);
        let ones5 = join(&ones3, &ones2, 2);
        let ones11 = join(&join(&ones5, &ones5, 5), self, 1);
        let ones22 = join(&ones11, &ones11, 11);
        let ones44 = join(&ones22, &ones22, 22);
        let ones88 = join(&ones44, &ones44, 44);
        let ones176 = join(&ones88, &ones88, 88);
        let ones220 = join(&ones176, &ones44, 44);
        let ones223 = join(&ones220, &ones3, 3);
        join(&join(&ones223, &ones22, 23), &ones2, 6).square_times(2)
    }
}

/// An element a modulo 2^256 - 2^224 + 2^192 + 2^96 - 1, as a·2^256 mod p (Montgomery's form).
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldP256(Limbs);

impl FieldP256 {
    const MODULUS_HEX: &'static str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
    const MODULUS: Limbs = [0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_ffff, 0, 0xffff_ffff_0000_0001];
    /// 2^512 mod p.
    const R2: Self = Self([3, 0xffff_fffb_ffff_ffff, 0xffff_ffff_ffff_fffe, 0x0000_0004_ffff_fffd]);

    /// The curve's b, 5ac635d8…27d2604b.
    pub(super) const B: Self =
        Self([0xd89c_df62_29c4_bddf, 0xacf0_05cd_7884_3090, 0xe5a2_20ab_f721_2ed6, 0xdc30_061d_0487_4834]);

    /// Subtracts p if the number, with `top` as its fifth limb, is not below it.
    #[inline(always)]
    fn reduce_once(limbs: &Limbs, top: u64) -> Self {
        let (reduced, borrow) = subtract(limbs, &Self::MODULUS);
        let (_, borrow) = subtract_borrow(top, 0, borrow);
        Self(select(borrow.wrapping_neg(), limbs, &reduced))
    }

    /// w/2^256 mod p, for w < 2^256·p. As p ≡ -1 mod 2^64, the lowest limb is itself the multiple of p
    /// to add.
    #[inline(always)]
    #[allow(clippy::indexing_slicing)] // constant indices, i + 4 < 8
    fn reduce(mut w: [u64; 8]) -> Self {
        let mut top = 0;
        for i in 0..4 {
            // w[i] + m·p[0] = m·2^64 with m = w[i].
            let m = w[i];
            let carry;
            (w[i + 1], carry) = multiply_add(m, Self::MODULUS[1], w[i + 1], m);
            let (limb, carry) = add_carry(w[i + 2], 0, carry); // p[2] = 0
            w[i + 2] = limb;
            let (limb, carry) = multiply_add(m, Self::MODULUS[3], w[i + 3], carry);
            w[i + 3] = limb;
            (w[i + 4], top) = add_carry(w[i + 4], carry, top);
        }
        let [_, _, _, _, r0, r1, r2, r3] = w;
        Self::reduce_once(&[r0, r1, r2, r3], top)
    }

    /// The number itself, out of Montgomery's form.
    fn canonical(&self) -> Limbs {
        let [w0, w1, w2, w3] = self.0;
        Self::reduce([w0, w1, w2, w3, 0, 0, 0, 0]).0
    }
}

impl BaseField for FieldP256 {
    const ZERO: Self = Self([0; 4]);
    /// 2^256 mod p.
    const ONE: Self = Self([1, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_fffe]);

    fn from_be_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let limbs = limbs_of(bytes);
        (subtract(&limbs, &Self::MODULUS).1 == 1).then(|| Self(limbs).mul(&Self::R2))
    }

    fn to_be_bytes(self) -> [u8; 32] {
        bytes_of(&self.canonical())
    }

    #[inline(always)]
    fn add(&self, other: &Self) -> Self {
        let (limbs, carry) = sum(&self.0, &other.0);
        Self::reduce_once(&limbs, carry)
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Self {
        let (limbs, borrow) = subtract(&self.0, &other.0);
        let mask = borrow.wrapping_neg();
        Self(sum(&limbs, &Self::MODULUS.map(|limb| limb & mask)).0)
    }

    #[inline(always)]
    fn mul(&self, other: &Self) -> Self {
        Self::reduce(wide_product(&self.0, &other.0))
    }

    #[inline(always)]
    fn square(&self) -> Self {
        Self::reduce(wide_square(&self.0))
    }

    #[inline(always)]
    fn is_zero(&self) -> bool {
        self.0 == [0; 4]
    }

    fn invert_vartime(&self) -> Self {
        const MODULUS: Odd<U256> = Odd::<U256>::from_be_hex(FieldP256::MODULUS_HEX);
        Self(invert_limbs(&self.canonical(), &MODULUS)).mul(&Self::R2)
    }

    /// (p + 1)/4 = ((2^64 - 2^32 + 1)·2^96 + 1)·2^94
    fn candidate_root(&self) -> Self {
        let ones32 = [1, 2, 4, 8, 16].iter().fold(*self, |ones, bits| ones.square_times(*bits).mul(&ones));
        ones32.square_times(32).mul(self).square_times(96).mul(self).square_times(94)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ff::PrimeField;
    use k256::elliptic_curve::hazmat::FieldArithmetic;
    use proptest::prelude::*;

    type CrateK256 = <k256::Secp256k1 as FieldArithmetic>::FieldElement;
    type CrateP256 = <p256::NistP256 as FieldArithmetic>::FieldElement;

    /// Bytes that lean to 0, small, p and its neighbourhood, single bits, and any.
    fn leaning_bytes(modulus: Limbs) -> impl Strategy<Value = [u8; 32]> {
        prop_oneof![
            (0u64..3).prop_map(|small| bytes_of(&[small, 0, 0, 0])),
            (1u64..4).prop_map(move |less| bytes_of(&subtract(&modulus, &[less, 0, 0, 0]).0)),
            (0u32..256).prop_map(|bit| bytes_of(&[0, 1, 2, 3].map(|i| if bit / 64 == i {
                1 << (bit % 64)
            } else {
                0
            }))),
            any::<[bool; 4]>().prop_map(|ones| bytes_of(&ones.map(|one| if one { u64::MAX } else { 0 }))),
            any::<[u8; 32]>(),
            any::<[u8; 32]>(),
        ]
    }

    fn check<F: BaseField, G: PrimeField<Repr: From<[u8; 32]> + Into<[u8; 32]>>>(
        a: [u8; 32],
        b: [u8; 32],
        tidy: fn(G) -> G,
    ) {
        let theirs = |bytes: [u8; 32]| G::from_repr(bytes.into()).into_option();
        assert_eq!(F::from_be_bytes(&a).is_some(), theirs(a).is_some());
        let (Some(x), Some(y), Some(u), Some(v)) = (F::from_be_bytes(&a), F::from_be_bytes(&b), theirs(a), theirs(b))
        else {
            return;
        };
        let equal = |ours: F, theirs: G| assert_eq!(ours.to_be_bytes(), tidy(theirs).to_repr().into());
        equal(x, u);
        equal(x.add(&y), u + v);
        equal(x.sub(&y), u - v);
        equal(x.mul(&y), u * v);
        equal(x.square(), u.square());
        equal(x.negate(), -u);
        equal(x.invert_vartime(), u.invert().unwrap_or(G::ZERO));
        // Chains, where a representative is not the least one.
        equal(x.add(&y).add(&y).sub(&x).sub(&y).sub(&y).mul(&y.sub(&x).add(&x)), G::ZERO);
        equal(x.sub(&y).sub(&y).square(), tidy(tidy(u - v) - v).square());
        assert!(x.sub(&y).add(&y).equals(&x));
        assert!(x.add(&y).sub(&y).sub(&x).is_zero());
        assert_eq!(x.sqrt().is_some(), bool::from(u.sqrt().is_some()));
        assert!(x.sqrt().is_none_or(|root| root.square().equals(&x)));
        assert!(x.square().sqrt().is_some_and(|root| root.equals(&x) || root.equals(&x.negate())));
    }

    proptest! {
        #[test]
        fn k256_is_the_crates_field(a in leaning_bytes(FieldK256::MODULUS), b in leaning_bytes(FieldK256::MODULUS)) {
            check::<FieldK256, CrateK256>(a, b, |x| x.normalize());
        }

        #[test]
        fn p256_is_the_crates_field(a in leaning_bytes(FieldP256::MODULUS), b in leaning_bytes(FieldP256::MODULUS)) {
            check::<FieldP256, CrateP256>(a, b, |x| x);
        }

        /// Any limbs at all, below p or not, stand for the right number.
        #[test]
        fn k256_takes_every_representative(a: [u64; 4], high in any::<bool>()) {
            let a = if high { [a[0] | 1 << 63, u64::MAX, u64::MAX, u64::MAX] } else { a };
            let (x, y) = (FieldK256(a), FieldK256(FieldK256(a).canonical()));
            prop_assert_eq!(x.add(&x).to_be_bytes(), y.add(&y).to_be_bytes());
            prop_assert_eq!(x.square().to_be_bytes(), y.mul(&y).to_be_bytes());
            prop_assert!(x.sub(&y).is_zero() && y.sub(&x).is_zero());
            prop_assert_eq!(FieldK256::ZERO.sub(&x).to_be_bytes(), y.negate().to_be_bytes());
        }
    }

    #[test]
    fn the_constants() {
        assert_eq!(FieldP256::ONE.0, FieldP256::from_be_bytes(&bytes_of(&[1, 0, 0, 0])).unwrap().0);
        assert!(FieldK256(FieldK256::MODULUS).is_zero());
        let largest = FieldK256([u64::MAX; 4]);
        assert_eq!(largest.add(&largest).to_be_bytes(), bytes_of(&[2 * (FieldK256::FOLD - 1), 0, 0, 0]));
        assert_eq!(
            largest.square().to_be_bytes(),
            bytes_of(&wide_square(&[FieldK256::FOLD - 1, 0, 0, 0])[..4].try_into().unwrap())
        );
    }
}
