//! Prime-order groups: one accepted encoding per element, secrets apart from public scalars.
//!
//! A [`Curve`] is a marker; its points and scalars are those of the ecosystem's crates. What comes
//! from a peer is decoded here and nowhere else: `GroupEncoding::from_bytes` accepts small-order points
//! for Edwards curves and the identity for SEC1 ones.

mod ed25519;
mod field;
mod horner;
mod limbs;
mod msm;
mod p256;
mod ristretto255;
mod sec1;
mod secp256k1;
mod sum;
mod weierstrass;

use alloc::vec::Vec;
use core::fmt;
use core::ops::{Add, AddAssign, Mul, Neg, Sub};

use ff::{Field, FromUniformBytes, PrimeField};
use group::{Group, GroupEncoding};
use rand_core::CryptoRng;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroize;

use crate::party::PartyId;
use crate::secret::Secret;

pub use self::ed25519::Ed25519;
pub use self::horner::{evaluate_at_small_vartime, multiply_by_small_vartime};
pub use self::msm::msm_vartime;
pub use self::p256::P256;
pub use self::ristretto255::Ristretto255;
pub use self::secp256k1::Secp256k1;
pub use self::sum::{SumOfProducts, SumOfScalars};

/// A prime-order group with one accepted encoding per element.
pub trait Curve: Copy + fmt::Debug + Default + PartialEq + Eq + Send + Sync + 'static {
    /// The curve's name, part of hash labels.
    const NAME: &'static str;

    /// The length of an encoded point in bytes: 32 or 33.
    const POINT_LEN: usize;

    /// A point. On Ed25519 its type has room for a small-order part; no decoder lets one in.
    type Point: Group<Scalar: Zeroize + FromUniformBytes<64> + PrimeField<Repr: Default> + ConditionallySelectable>
        + GroupEncoding
        + ConditionallySelectable
        + ConstantTimeEq
        + Zeroize;

    /// Decodes a point of exactly [`Self::POINT_LEN`] bytes: canonical, in the prime-order group, not
    /// the identity.
    fn decode(bytes: &[u8]) -> Option<Self::Point>;

    /// Decodes a point that is about to be multiplied by the cofactor: canonical, on the curve, not the
    /// identity and not of small order. Costs no subgroup check.
    fn decode_uncleared(bytes: &[u8]) -> Option<Uncleared<Self>> {
        Self::decode(bytes).map(Uncleared)
    }

    /// Multiplies by the cofactor, in public time. Nothing to do where it is 1.
    fn multiply_by_cofactor(point: &Self::Point) -> Self::Point {
        *point
    }

    /// Divides by the cofactor, in public time: the inverse of [`Self::multiply_by_cofactor`] on the
    /// prime-order group.
    fn divide_by_cofactor(point: &Self::Point) -> Self::Point {
        *point
    }

    /// The inverse of the cofactor: what a secret is multiplied by before it travels as [`Uncleared`].
    fn cofactor_inverse() -> Scalar<Self> {
        Scalar::<Self>::ONE
    }

    /// Multiplies the generator, in constant time, by a table where there is one.
    fn mul_base(scalar: &Scalar<Self>) -> Self::Point;

    /// Σ scalars·points, in time that depends on both.
    fn msm_vartime(terms: &[(PublicScalar<Self>, Self::Point)]) -> Self::Point;

    /// Σ x^k·P_k at a small public x, in time that depends on all of it.
    fn evaluate_at_small_vartime(points: &[Self::Point], x: u16) -> Self::Point {
        evaluate_at_small_vartime(points, x)
    }

    /// Encodes many points, with one inversion where the curve's crate can; as [`encode_point`] does each.
    fn encode_points(points: &[Self::Point]) -> Vec<<Self::Point as GroupEncoding>::Repr> {
        points.iter().map(GroupEncoding::to_bytes).collect()
    }

    /// The scalar as four 64-bit limbs, lowest first.
    fn scalar_limbs(scalar: &Scalar<Self>) -> [u64; 4];

    /// Reduces a 512-bit number, eight 64-bit limbs, lowest first.
    fn reduce_wide(limbs: &[u64; 8]) -> Scalar<Self>;
}

/// The scalars of a curve.
pub type Scalar<C> = <<C as Curve>::Point as Group>::Scalar;

/// The length of an encoded scalar, on every curve here.
pub const SCALAR_LEN: usize = 32;

/// Encodes a point: the one form that [`Curve::decode`] accepts. The identity must not be encoded.
pub fn encode_point<C: Curve>(point: &C::Point) -> Vec<u8> {
    point.to_bytes().as_ref().to_vec()
}

/// Encodes many points, with one inversion for all except on ristretto255: each as [`encode_point`] does.
pub fn encode_points<C: Curve>(points: &[C::Point]) -> Vec<<C::Point as GroupEncoding>::Repr> {
    C::encode_points(points)
}

/// Encodes a scalar in its curve's customary order of bytes: big-endian for secp256k1 and P-256,
/// little-endian for Ed25519 and ristretto255.
pub fn encode_scalar<C: Curve>(scalar: &Scalar<C>) -> [u8; SCALAR_LEN] {
    let repr = scalar.to_repr();
    let mut bytes = [0; SCALAR_LEN];
    bytes.iter_mut().zip(repr.as_ref()).for_each(|(to, from)| *to = *from);
    bytes
}

/// Decodes a canonical scalar of 32 bytes, below the group order.
///
/// Whether it is canonical shows in the time taken, its value does not.
pub fn decode_scalar<C: Curve>(bytes: &[u8]) -> Option<Scalar<C>> {
    let mut repr = <Scalar<C> as PrimeField>::Repr::default();
    if bytes.len() != SCALAR_LEN || repr.as_ref().len() != SCALAR_LEN {
        return None;
    }
    repr.as_mut().copy_from_slice(bytes);
    let scalar = Scalar::<C>::from_repr(repr).into();
    repr.as_mut().zeroize();
    scalar
}

/// A random scalar that is not zero.
pub fn random_scalar<C: Curve>(rng: &mut impl CryptoRng) -> Secret<Scalar<C>> {
    let mut scalar = Secret::new(Scalar::<C>::random(rng));
    // A generator that gives zero over and over is refused long before, see `Draws`; once is 2^-252.
    while bool::from(scalar.expose().is_zero()) {
        *scalar.expose_mut() = Scalar::<C>::random(rng);
    }
    scalar
}

/// Replaces every scalar by its inverse, with one inversion for all. If any is 0 it says `false` and
/// changes none.
#[must_use]
pub fn batch_invert_vartime<C: Curve>(scalars: &mut [PublicScalar<C>]) -> bool {
    let mut product = PublicScalar::ONE;
    let mut before = Vec::with_capacity(scalars.len());
    for scalar in scalars.iter() {
        before.push(product);
        product = product * *scalar;
    }
    let Some(mut inverse) = product.invert() else { return false };
    for (scalar, before) in scalars.iter_mut().zip(before).rev() {
        (*scalar, inverse) = (inverse * before, inverse * *scalar);
    }
    true
}

/// The x-coordinate of a party's share.
pub fn x_coordinate<C: Curve>(id: PartyId) -> PublicScalar<C> {
    PublicScalar(Scalar::<C>::from(u64::from(id.get())))
}

/// A scalar that everybody may know: from a message, a challenge, a weight, a party's id.
///
/// Variable-time products take these only, and nothing turns a [`Secret`] into one: what a message
/// shows of a secret (a proof's response) leaves through `PublicScalar::reveal`, where it is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicScalar<C: Curve>(Scalar<C>);

impl<C: Curve> PublicScalar<C> {
    /// 0.
    pub const ZERO: Self = Self(Scalar::<C>::ZERO);
    /// 1.
    pub const ONE: Self = Self(Scalar::<C>::ONE);

    /// Decodes a canonical scalar out of a message.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        decode_scalar::<C>(bytes).map(Self)
    }

    /// Its 32 bytes.
    pub fn encode(&self) -> [u8; SCALAR_LEN] {
        encode_scalar::<C>(&self.0)
    }

    /// The scalar itself, for arithmetic with secrets.
    pub fn value(&self) -> &Scalar<C> {
        &self.0
    }

    /// Reduces 64 uniform public bytes.
    pub fn from_uniform_bytes(bytes: &[u8; 64]) -> Self {
        Self(Scalar::<C>::from_uniform_bytes(bytes))
    }

    /// The inverse; `None` for 0.
    pub fn invert(&self) -> Option<Self> {
        self.0.invert().into_option().map(Self)
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero().into()
    }

    /// Makes a scalar public: it is about to be sent to somebody.
    pub(crate) fn reveal(scalar: Scalar<C>) -> Self {
        Self(scalar)
    }
}

impl<C: Curve> From<u64> for PublicScalar<C> {
    fn from(value: u64) -> Self {
        Self(Scalar::<C>::from(value))
    }
}

impl<C: Curve> fmt::Debug for PublicScalar<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicScalar(")?;
        self.encode().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

impl<C: Curve> Add for PublicScalar<C> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl<C: Curve> Sub for PublicScalar<C> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl<C: Curve> Mul for PublicScalar<C> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

impl<C: Curve> Neg for PublicScalar<C> {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl<C: Curve> AddAssign for PublicScalar<C> {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl<C: Curve> core::iter::Sum for PublicScalar<C> {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// A point that may still have a small-order part, and is good for nothing until [`Uncleared::clear`].
///
/// On Ed25519 the coefficients of key generation travel divided by 8, and every equation they are in
/// is multiplied by 8, in the single and the batched form alike. So everything is in the prime-order
/// group by construction, and no point needs a subgroup check. On the other curves it is just a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncleared<C: Curve>(C::Point);

impl<C: Curve> Uncleared<C> {
    /// What travels for the secret scalar `a`, the point a·G divided by the cofactor. Constant time.
    pub fn mul_base(scalar: &Scalar<C>) -> Self {
        let divided = Secret::new(C::cofactor_inverse() * scalar);
        Self(C::mul_base(divided.expose()))
    }

    /// A point as it would have travelled: divided by the cofactor. Where that is 1, the point itself.
    pub fn from_cleared(point: C::Point) -> Self {
        Self(C::divide_by_cofactor(&point))
    }

    /// Its encoding, of [`Curve::POINT_LEN`] bytes.
    pub fn to_repr(&self) -> <C::Point as GroupEncoding>::Repr {
        self.0.to_bytes()
    }

    /// Multiplies by the cofactor: a point of the prime-order group.
    pub fn clear(&self) -> C::Point {
        C::multiply_by_cofactor(&self.0)
    }

    /// Σ scalars·points in public time. Scalars are taken modulo the prime order, which is harmless:
    /// the small-order part dies when the sum is cleared.
    pub fn msm_vartime(terms: &[(PublicScalar<C>, Self)]) -> Self {
        let terms: Vec<_> = terms.iter().map(|(scalar, point)| (*scalar, point.0)).collect();
        Self(C::msm_vartime(&terms))
    }
}

impl<C: Curve> Add for Uncleared<C> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One test for each curve: `for_each_curve!(name, |C| { … })`.
    macro_rules! for_each_curve {
        ($(#[$meta:meta])* $name:ident, |$C:ident| $body:block) => {
            $(#[$meta])*
            mod $name {
                #[allow(unused_imports)]
                use super::*;
                fn check<$C: $crate::curve::Curve>() $body
                #[test]
                fn secp256k1() { check::<$crate::curve::Secp256k1>(); }
                #[test]
                fn p256() { check::<$crate::curve::P256>(); }
                #[test]
                fn ed25519() { check::<$crate::curve::Ed25519>(); }
                #[test]
                fn ristretto255() { check::<$crate::curve::Ristretto255>(); }
            }
        };
    }
    pub(crate) use for_each_curve;

    /// Scalars that lean to 0, 1, -1, small, large, short and any.
    pub(crate) fn leaning_scalar<C: Curve>() -> impl Strategy<Value = Scalar<C>> {
        let any_scalar = proptest::array::uniform32(any::<u8>()).prop_map(|bytes| {
            let mut wide = [0; 64];
            wide[..32].copy_from_slice(&bytes);
            wide[32..].copy_from_slice(&bytes);
            Scalar::<C>::from_uniform_bytes(&wide)
        });
        prop_oneof![
            1 => Just(Scalar::<C>::ZERO),
            1 => Just(Scalar::<C>::ONE),
            1 => Just(-Scalar::<C>::ONE),
            2 => any::<u16>().prop_map(|small| Scalar::<C>::from(u64::from(small))),
            2 => any::<u16>().prop_map(|small| -Scalar::<C>::from(u64::from(small))),
            2 => any::<u128>().prop_map(Scalar::<C>::from_u128),
            2 => any::<u128>().prop_map(|short| -Scalar::<C>::from_u128(short)),
            1 => (0u64..256).prop_map(|bit| Scalar::<C>::from(2).pow_vartime([bit])),
            1 => (0u64..256).prop_map(|bit| Scalar::<C>::from(2).pow_vartime([bit]) - Scalar::<C>::ONE),
            4 => any_scalar,
        ]
    }

    for_each_curve!(inversion_of_many, |C| {
        proptest!(ProptestConfig::with_cases(64), |(scalars in proptest::collection::vec(leaning_scalar::<C>(), 0..20))| {
            let scalars: Vec<_> = scalars.into_iter().map(PublicScalar::<C>::reveal).collect();
            let expected: Option<Vec<_>> = scalars.iter().map(PublicScalar::invert).collect();
            let mut inverted = scalars.clone();
            prop_assert_eq!(batch_invert_vartime(&mut inverted), expected.is_some());
            prop_assert_eq!(inverted, expected.unwrap_or(scalars));
        });
    });

    for_each_curve!(encoding_of_many, |C| {
        proptest!(ProptestConfig::with_cases(32), |(scalars in proptest::collection::vec(leaning_scalar::<C>(), 0..12))| {
            let points: Vec<_> = scalars.iter().map(|scalar| C::mul_base(scalar) + C::Point::generator()).collect();
            let many = encode_points::<C>(&points);
            prop_assert_eq!(many.len(), points.len());
            for (encoded, point) in many.iter().zip(&points) {
                prop_assert_eq!(encoded.as_ref(), encode_point::<C>(point));
            }
        });
    });

    /// An independent decoder: the crate's own, and every rule of ours by re-encoding.
    fn reference_decode<C: Curve>(bytes: &[u8]) -> Option<C::Point> {
        let mut repr = <C::Point as GroupEncoding>::Repr::default();
        if bytes.len() != repr.as_ref().len() {
            return None;
        }
        repr.as_mut().copy_from_slice(bytes);
        let point: Option<C::Point> = C::Point::from_bytes(&repr).into();
        point.filter(|point| {
            let in_subgroup = *point * -Scalar::<C>::ONE == -*point;
            !bool::from(point.is_identity()) && in_subgroup && point.to_bytes().as_ref() == bytes
        })
    }

    for_each_curve!(decoding_is_strict_and_the_crates, |C| {
        let (len, big_endian) = (C::POINT_LEN, C::POINT_LEN == 33);
        proptest!(|(mut bytes in proptest::collection::vec(any::<u8>(), len), likely: bool)| {
            if big_endian && likely {
                bytes[0] = 2 | (bytes[0] & 1);
            }
            let point = C::decode(&bytes);
            prop_assert_eq!(point, reference_decode::<C>(&bytes));
            if let Some(point) = point {
                prop_assert_eq!(encode_point::<C>(&point), bytes);
            }
        });
        proptest!(|(scalar in leaning_scalar::<C>(), bit in 0usize..8 * len)| {
            let point = C::mul_base(&scalar);
            let mut bytes = encode_point::<C>(&point);
            prop_assert_eq!(C::decode(&bytes), (!bool::from(point.is_identity())).then_some(point));
            prop_assert_eq!(C::decode_uncleared(&bytes).map(|p| p.clear()), C::decode(&bytes).map(|p| C::multiply_by_cofactor(&p)));
            bytes.resize(len, 0);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(C::decode(&bytes), reference_decode::<C>(&bytes));
        });
    });

    // G-01: every encoding of the identity that there is, and of nothing.
    for_each_curve!(g_01_no_identity, |C| {
        let identity = encode_point::<C>(&C::Point::identity());
        for bytes in [&identity[..], &[0], &[0; 32], &[0; 33], &[0; 65], &[], &[1]] {
            assert!(C::decode(bytes).is_none());
            assert!(C::decode_uncleared(bytes).is_none());
        }
        for (first, last) in [(1, 0), (1, 0x80), (0xec, 0x7f), (0xec, 0xff), (0, 0x80), (0xee, 0x7f), (0xee, 0xff)] {
            let mut bytes = [if last & 0x7f == 0x7f { 0xff } else { 0 }; 32];
            (bytes[0], bytes[31]) = (first, last);
            assert!(C::decode(&bytes).is_none());
            assert!(C::decode_uncleared(&bytes).is_none());
        }
    });

    for_each_curve!(lengths_are_exact, |C| {
        let good = encode_point::<C>(&C::mul_base(&Scalar::<C>::from(9)));
        assert_eq!(good.len(), C::POINT_LEN);
        for length in (0..80).filter(|length| *length != C::POINT_LEN) {
            let mut bytes = good.clone();
            bytes.resize(length, 0);
            assert!(C::decode(&bytes).is_none());
        }
        let scalar = encode_scalar::<C>(&Scalar::<C>::from(9));
        for length in (0..80).filter(|length| *length != SCALAR_LEN) {
            let mut bytes = scalar.to_vec();
            bytes.resize(length, 0);
            assert!(decode_scalar::<C>(&bytes).is_none());
        }
    });

    // G-05: q, q + 1 and so on up to 2^256 - 1 are refused, q - 1 is not.
    for_each_curve!(g_05_scalars_below_the_order, |C| {
        let order_minus_one = encode_scalar::<C>(&-Scalar::<C>::ONE);
        let big_endian = encode_scalar::<C>(&Scalar::<C>::ONE)[SCALAR_LEN - 1] == 1;
        let plus = |mut bytes: [u8; 32], mut add: u16| {
            for nth in 0..32 {
                let at = if big_endian { 31 - nth } else { nth };
                let sum = u16::from(bytes[at]) + (add & 0xff);
                bytes[at] = (sum & 0xff) as u8;
                add = (add >> 8) + (sum >> 8);
            }
            bytes
        };
        assert_eq!(decode_scalar::<C>(&order_minus_one), Some(-Scalar::<C>::ONE));
        for above in 1..=1000 {
            assert!(decode_scalar::<C>(&plus(order_minus_one, above)).is_none());
            assert!(PublicScalar::<C>::decode(&plus(order_minus_one, above)).is_none());
        }
        assert!(decode_scalar::<C>(&[0xff; 32]).is_none());
        assert_eq!(decode_scalar::<C>(&[0; 32]), Some(Scalar::<C>::ZERO));
        for bit in 0..256 {
            let mut bytes = order_minus_one;
            bytes[bit / 8] ^= 1 << (bit % 8);
            let decoded = decode_scalar::<C>(&bytes);
            assert!(decoded.is_none_or(|scalar| encode_scalar::<C>(&scalar) == bytes));
        }
    });

    for_each_curve!(scalars_decode_to_what_they_encode, |C| {
        proptest!(|(bytes: [u8; 32], scalar in leaning_scalar::<C>())| {
            prop_assert_eq!(decode_scalar::<C>(&encode_scalar::<C>(&scalar)), Some(scalar));
            prop_assert!(decode_scalar::<C>(&bytes).is_none_or(|scalar| encode_scalar::<C>(&scalar) == bytes));
        });
    });

    for_each_curve!(uncleared_points_come_out_cleared, |C| {
        proptest!(ProptestConfig::with_cases(32), |(scalars in proptest::collection::vec(leaning_scalar::<C>(), 1..6))| {
            let terms: Vec<_> = scalars.iter().map(|a| (PublicScalar::<C>::from(3), Uncleared::<C>::mul_base(a))).collect();
            let sum: Scalar<C> = scalars.iter().sum();
            prop_assert_eq!(Uncleared::msm_vartime(&terms).clear(), C::mul_base(&(sum * Scalar::<C>::from(3))));
        });
    });
}
