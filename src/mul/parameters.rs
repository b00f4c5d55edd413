//! What a multiplication is over: the curve, how many OTs it takes, the gadget, the size of a batch.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use super::field::{Field, Limbs};
use crate::curve::{Curve, P256, Scalar, Secp256k1, SumOfScalars};
use crate::ot::cipher::LANES;
use crate::ot::extension::{ReceiverRows, Rows};
use crate::secret::Secret;
use crate::transcript::Transcript;

/// A curve whose scalars can be multiplied: its order is between 2^255 and 2^256.
pub trait MulCurve: Curve {
    /// The bytes of an OT pad that make one scalar: 32, or 48 where 32 would be biased.
    ///
    /// 2^256 mod q is about 2^128 for secp256k1, but about 2^224 for P-256.
    const PAD_LEN: usize;
}

impl MulCurve for Secp256k1 {
    const PAD_LEN: usize = 32;
}

impl MulCurve for P256 {
    const PAD_LEN: usize = 48;
}

/// ξ: how many OTs a multiplication takes.
pub trait ParameterSet: Copy + fmt::Debug + Default + Send + Sync + 'static {
    /// The number, a multiple of 16, at least κ + 2·80.
    const XI: usize;
}

/// ξ = κ + 2·80 = 416: 80 bits by the averaged bound, no attack known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Xi416;

/// ξ = 512: 80 bits also for a sender that picks the rows it guesses after seeing the gadget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Xi512;

impl ParameterSet for Xi416 {
    const XI: usize = 416;
}

impl ParameterSet for Xi512 {
    const XI: usize = 512;
}

/// N, how many multiplications go in one: 1 to 256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch(usize);

impl Batch {
    /// One multiplication.
    pub const ONE: Self = Self(1);

    /// That many. `None` for 0 and above 256; nothing is allocated before.
    pub const fn new(multiplications: usize) -> Option<Self> {
        if multiplications == 0 || multiplications > 256 { None } else { Some(Self(multiplications)) }
    }

    /// The number.
    pub const fn get(self) -> usize {
        self.0
    }

    /// The rows of the extension: ξ each.
    pub fn rows<P: ParameterSet>(self) -> Rows {
        const { assert!(P::XI.is_multiple_of(LANES) && P::XI <= 512) };
        // A multiple of 16 between 16 and 2^17.
        Rows::new(self.0 * P::XI).unwrap_or(Rows::SETUP)
    }
}

/// The public vector g with b = Σ β_j·g_j. Constant: make it once and keep it.
#[derive(Clone, Debug)]
pub struct Gadget<C: MulCurve, P: ParameterSet> {
    pub(super) limbs: Vec<Limbs>,
    pub(super) field: Field<C>,
    parameters: PhantomData<P>,
}

impl<C: MulCurve, P: ParameterSet> Gadget<C, P> {
    /// 5.1: g_j is a hash of the curve, ξ and j.
    pub fn new() -> Self {
        let label = Transcript::new("mul-gadget").field(C::NAME.as_bytes()).number(P::XI as u64);
        let entry = |j| C::scalar_limbs(label.fork().number(j).challenge::<C>().value());
        Self { limbs: (0..P::XI as u64).map(entry).collect(), field: Field::new(), parameters: PhantomData }
    }

    /// b = Σ β_j·g_j for each ξ choices, by masked additions.
    pub(super) fn combine(&self, rows: &ReceiverRows, batch: Batch) -> Secret<Vec<Scalar<C>>> {
        let mut factors = Secret::new(Vec::with_capacity(batch.get()));
        let mut choices = rows.choices().iter();
        for _ in 0..batch.get() {
            let mut sum = SumOfScalars::<C>::new();
            self.limbs.iter().zip(&mut choices).for_each(|(g, choice)| sum.add_if(g, choice));
            factors.expose_mut().push(sum.finish());
        }
        factors
    }
}

impl<C: MulCurve, P: ParameterSet> Default for Gadget<C, P> {
    fn default() -> Self {
        Self::new()
    }
}
