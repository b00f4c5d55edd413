//! Public points of secp256k1 and P-256 by their coordinates: sums in variable time.
//!
//! Unlike the curve crates' complete formulas these have exceptions (equal points, opposite ones, the
//! identity), which are branched upon: public data only. Formulas: "Guide to Elliptic Curve
//! Cryptography" (Hankerson, Menezes, Vanstone), section 3.2, and the Explicit-Formulas Database,
//! shortw/jacobian. Every result leaves through the crate's own check that it is on the curve.

use alloc::vec::Vec;

use k256::elliptic_curve::BatchNormalize;
use k256::elliptic_curve::point::AffineCoordinates;

use super::field::BaseField;
use super::limbs::Limbs;
use super::{Curve, PublicScalar};

/// A part of a split scalar, (-1)^negative·magnitude.
pub(super) type Part = (bool, Limbs);

/// A short Weierstrass curve of prime order, y² = x³ + a·x + b with a = 0 or -3.
pub(super) trait Weierstrass:
    Curve<Point: From<Self::Affine> + BatchNormalize<[<Self as Curve>::Point], Output = Vec<Self::Affine>>>
{
    /// The crate's affine points.
    type Affine: AffineCoordinates<FieldRepr: Into<[u8; 32]> + From<[u8; 32]>>;
    /// Coordinates.
    type Field: BaseField;
    /// Whether a = 0; else it is -3.
    const A_IS_ZERO: bool;
    /// b.
    const B: Self::Field;
    /// A cube root of unity β: (x, y) → (β·x, y) multiplies a point by a constant λ.
    const ENDOMORPHISM: Option<Self::Field>;

    /// Splits a scalar, s = s_1 + s_2·λ, into parts that are short where it can be done. Without an
    /// endomorphism s_2 is 0.
    fn split(scalar: &PublicScalar<Self>) -> [Part; 2];
}

/// A point by its coordinates. The identity is (0, 0), which is on neither curve.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine<F> {
    pub(super) x: F,
    pub(super) y: F,
}

impl<F: BaseField> Affine<F> {
    pub(super) const IDENTITY: Self = Self { x: F::ZERO, y: F::ZERO };

    /// No point has y = 0 but our identity: such a point would be of order 2.
    #[inline(always)]
    pub(super) fn is_identity(&self) -> bool {
        self.y.is_zero()
    }

    /// -P if asked to.
    #[inline(always)]
    pub(super) fn negate_if(self, negate: bool) -> Self {
        if negate { Self { x: self.x, y: self.y.negate() } } else { self }
    }
}

/// The coordinates of many points, with one inversion.
pub(super) fn coordinates<W: Weierstrass>(points: &[W::Point]) -> Vec<Affine<W::Field>> {
    let read = |repr: <W::Affine as AffineCoordinates>::FieldRepr| W::Field::from_be_bytes(&repr.into());
    W::Point::batch_normalize_vartime(points)
        .iter()
        .map(|point| match (read(point.x()), read(point.y())) {
            (Some(x), Some(y)) => Affine { x, y },
            _ => Affine::IDENTITY, // the crates give (0, 0) for it too
        })
        .collect()
}

/// The crate's point at these coordinates, which its own arithmetic checks to be on the curve.
pub(super) fn to_point<W: Weierstrass>(affine: &Affine<W::Field>) -> Option<W::Point> {
    let point: Option<W::Affine> =
        W::Affine::from_coordinates(&affine.x.to_be_bytes().into(), &affine.y.to_be_bytes().into()).into();
    point.map(Into::into)
}

/// The point with this x and parity of y, if there is one.
pub(super) fn decompress<W: Weierstrass>(x: &[u8; 32], odd: bool) -> Option<W::Point> {
    let x = W::Field::from_be_bytes(x)?;
    let cube = x.square().mul(&x);
    let cube_and_ax = if W::A_IS_ZERO { cube } else { cube.sub(&x.double().add(&x)) };
    let y = cube_and_ax.add(&W::B).sqrt()?;
    let [.., last] = y.to_be_bytes();
    to_point::<W>(&Affine { x, y }.negate_if((last & 1 == 1) != odd))
}

/// A point (X/Z², Y/Z³); the identity has Z = 0.
#[derive(Debug)]
pub(super) struct Jacobian<W: Weierstrass> {
    x: W::Field,
    y: W::Field,
    z: W::Field,
}

impl<W: Weierstrass> Clone for Jacobian<W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W: Weierstrass> Copy for Jacobian<W> {}

impl<W: Weierstrass> From<Affine<W::Field>> for Jacobian<W> {
    fn from(point: Affine<W::Field>) -> Self {
        let z = if point.is_identity() { W::Field::ZERO } else { W::Field::ONE };
        Self { x: point.x, y: point.y, z }
    }
}

impl<W: Weierstrass> Jacobian<W> {
    pub(super) const IDENTITY: Self = Self { x: W::Field::ONE, y: W::Field::ONE, z: W::Field::ZERO };

    pub(super) fn is_identity(&self) -> bool {
        self.z.is_zero()
    }

    /// 2·P; the identity stays what it is, since Z' = 2·Y·Z.
    pub(super) fn double(&self) -> Self {
        let slope = if W::A_IS_ZERO {
            self.x.square()
        } else {
            let zz = self.z.square();
            self.x.sub(&zz).mul(&self.x.add(&zz))
        };
        let slope = slope.double().add(&slope); // 3·X² + a·Z⁴
        let yy = self.y.square();
        let xyy4 = self.x.mul(&yy).double().double();
        let x = slope.square().sub(&xyy4.double());
        let y = slope.mul(&xyy4.sub(&x)).sub(&yy.square().double().double().double());
        Self { x, y, z: self.y.mul(&self.z).double() }
    }

    /// -P
    pub(super) fn negate(&self) -> Self {
        Self { x: self.x, y: self.y.negate(), z: self.z }
    }

    /// 2^times·P
    pub(super) fn double_times(&self, times: u32) -> Self {
        (0..times).fold(*self, |point, _| point.double())
    }

    /// P + Q for Q by its coordinates.
    pub(super) fn add_affine(&self, other: &Affine<W::Field>) -> Self {
        if other.is_identity() {
            return *self;
        }
        if self.is_identity() {
            return (*other).into();
        }
        let zz = self.z.square();
        let (u, s) = (other.x.mul(&zz), other.y.mul(&zz).mul(&self.z));
        self.chord(&self.x, &self.y, &u, &s, &self.z)
    }

    /// The sum with many points.
    pub(super) fn add_all(&self, others: &[Affine<W::Field>]) -> Self {
        others.iter().fold(*self, |sum, other| sum.add_affine(other))
    }

    /// P + Q
    pub(super) fn add(&self, other: &Self) -> Self {
        if other.is_identity() {
            return *self;
        }
        if self.is_identity() {
            return *other;
        }
        let (zz1, zz2) = (self.z.square(), other.z.square());
        let (u1, s1) = (self.x.mul(&zz2), self.y.mul(&zz2).mul(&other.z));
        let (u2, s2) = (other.x.mul(&zz1), other.y.mul(&zz1).mul(&self.z));
        self.chord(&u1, &s1, &u2, &s2, &self.z.mul(&other.z))
    }

    /// The sum of (u1, s1) and (u2, s2), both over the same z; the first is `self`.
    #[inline(always)]
    fn chord(&self, u1: &W::Field, s1: &W::Field, u2: &W::Field, s2: &W::Field, z: &W::Field) -> Self {
        let (run, rise) = (u2.sub(u1), s2.sub(s1));
        if run.is_zero() {
            return if rise.is_zero() { self.double() } else { Self::IDENTITY };
        }
        let run2 = run.square();
        let run3 = run2.mul(&run);
        let v = u1.mul(&run2);
        let x = rise.square().sub(&run3).sub(&v.double());
        let y = rise.mul(&v.sub(&x)).sub(&s1.mul(&run3));
        Self { x, y, z: z.mul(&run) }
    }

    /// The crate's point.
    pub(super) fn to_point(self) -> Option<W::Point> {
        if self.is_identity() {
            return Some(<W::Point as group::Group>::identity());
        }
        let inverse = self.z.invert_vartime();
        let square = inverse.square();
        to_point::<W>(&Affine { x: self.x.mul(&square), y: self.y.mul(&square).mul(&inverse) })
    }
}

/// What a pair of points asks for.
#[derive(Clone, Copy, Debug)]
enum Case {
    Chord,
    Tangent,
    Vanish,
    KeepLeft,
    TakeRight,
}

/// Many independent sums of two points by their coordinates, with one inversion for all: six
/// multiplications a sum, where Jacobian coordinates take eleven or sixteen.
#[derive(Debug)]
pub(super) struct BatchAdder<W: Weierstrass> {
    /// Of each sum: its case, the slope's denominator, the product of all denominators before.
    entries: Vec<(Case, W::Field, W::Field)>,
}

impl<W: Weierstrass> BatchAdder<W> {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// left[i] += right[i] for all i.
    pub(super) fn add(&mut self, left: &mut [Affine<W::Field>], right: &[Affine<W::Field>]) {
        let mut product = W::Field::ONE;
        for (left, right) in left.iter().zip(right) {
            product = self.announce(product, left, right);
        }
        let mut inverse = product.invert_vartime(); // no denominator is 0
        for ((left, right), entry) in left.iter_mut().zip(right).zip(&self.entries).rev() {
            *left = Self::sum(entry, &mut inverse, left, right);
        }
        self.entries.clear();
    }

    /// points[i] += points[i + 1] for all i of a list.
    pub(super) fn add_neighbours(&mut self, points: &mut [Affine<W::Field>], list: &[usize]) {
        let mut product = W::Field::ONE;
        for at in list {
            if let Some([left, right, ..]) = points.get(*at..) {
                product = self.announce(product, left, right);
            }
        }
        let mut inverse = product.invert_vartime();
        for (at, entry) in list.iter().zip(&self.entries).rev() {
            if let Some([left, right, ..]) = points.get_mut(*at..) {
                *left = Self::sum(entry, &mut inverse, left, right);
            }
        }
        self.entries.clear();
    }

    /// Takes note of a sum to come; the product of all denominators up to its own.
    #[inline(always)]
    fn announce(&mut self, product: W::Field, left: &Affine<W::Field>, right: &Affine<W::Field>) -> W::Field {
        let (case, denominator) = Self::case(left, right);
        self.entries.push((case, denominator, product));
        if let Case::Chord | Case::Tangent = case { product.mul(&denominator) } else { product }
    }

    /// The sum, given the inverse of the product of all denominators up to its own, which loses that one.
    #[inline(always)]
    fn sum(
        (case, denominator, before): &(Case, W::Field, W::Field),
        inverse: &mut W::Field,
        left: &Affine<W::Field>,
        right: &Affine<W::Field>,
    ) -> Affine<W::Field> {
        let rise = match case {
            Case::Chord => right.y.sub(&left.y),
            Case::Tangent => Self::tangent(left),
            Case::Vanish => return Affine::IDENTITY,
            Case::KeepLeft => return *left,
            Case::TakeRight => return *right,
        };
        let reciprocal = inverse.mul(before);
        *inverse = inverse.mul(denominator);
        Self::meet(left, right, &rise.mul(&reciprocal))
    }

    #[inline(always)]
    fn case(left: &Affine<W::Field>, right: &Affine<W::Field>) -> (Case, W::Field) {
        if right.is_identity() {
            return (Case::KeepLeft, W::Field::ONE);
        }
        if left.is_identity() {
            return (Case::TakeRight, W::Field::ONE);
        }
        let run = right.x.sub(&left.x);
        if !run.is_zero() {
            (Case::Chord, run)
        } else if left.y.equals(&right.y) {
            (Case::Tangent, left.y.double())
        } else {
            (Case::Vanish, W::Field::ONE)
        }
    }

    /// The tangent's rise, 3·x² + a.
    fn tangent(point: &Affine<W::Field>) -> W::Field {
        let square = point.x.square();
        let triple = square.double().add(&square);
        if W::A_IS_ZERO { triple } else { triple.sub(&W::Field::ONE.double().add(&W::Field::ONE)) }
    }

    /// The sum of two points on a line of this slope.
    #[inline(always)]
    fn meet(left: &Affine<W::Field>, right: &Affine<W::Field>, slope: &W::Field) -> Affine<W::Field> {
        let x = slope.square().sub(&left.x).sub(&right.x);
        Affine { x, y: slope.mul(&left.x.sub(&x)).sub(&left.y) }
    }
}
