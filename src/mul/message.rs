//! The two messages of a multiplication.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use super::field::{Field, from_bytes};
use super::parameters::{Batch, MulCurve, ParameterSet};
use crate::ot::bits::Buffer;
use crate::ot::extension;
use crate::wire::{self, Reader, Shape, Wire};

/// l + ρ: inputs, and the check column.
pub(super) const COLUMNS: usize = 3;

/// The receiver's message: that of the extension. Addressed and readable.
///
/// 2156 bytes for one multiplication; 31·(52·N + 16) + 48 for N of [`Xi416`](super::rvole::Xi416).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<P: ParameterSet>(pub(super) extension::Message, pub(super) PhantomData<P>);

impl<P: ParameterSet> Wire for Request<P> {
    fn size(shape: &Shape) -> usize {
        Batch::new(shape.batch).map_or(0, |batch| extension::Message::size(batch.rows::<P>()))
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut Reader<'_>, shape: &Shape) -> Option<Self> {
        let rows = Batch::new(shape.batch)?.rows::<P>();
        extension::Message::read(input, rows).map(|message| Self(message, PhantomData))
    }
}

/// The sender's message: a~, η, μ. **Private: encrypted and authenticated.** Wiped when dropped.
///
/// 40 000 bytes for one multiplication; 39 968·N + 32 for N of [`Xi416`](super::rvole::Xi416).
pub struct Response<C: MulCurve, P: ParameterSet> {
    /// a~ row by row, then η of each multiplication: canonical scalars of 32 bytes.
    pub(super) scalars: Buffer<u8>,
    pub(super) digest: [u8; 32],
    pub(super) batch: Batch,
    pub(super) curve: PhantomData<(C, P)>,
}

impl<C: MulCurve, P: ParameterSet> Response<C, P> {
    pub(super) const fn tilde_len(batch: Batch) -> usize {
        batch.get() * P::XI * COLUMNS * 32
    }

    /// Where each field is in the encoding. None if the shape's batch is none.
    pub fn fields(shape: &Shape) -> Vec<wire::Field> {
        let Some(batch) = Batch::new(shape.batch) else { return Vec::new() };
        let rows = core::iter::repeat_n("rows", COLUMNS * batch.get() * P::XI);
        let names = rows.chain(core::iter::repeat_n("eta", batch.get())).chain(["mu"]);
        names.zip((0..).step_by(32)).map(|(name, offset)| wire::Field { name, offset, length: 32 }).collect()
    }

    pub(super) const fn scalars_len(batch: Batch) -> usize {
        Self::tilde_len(batch) + batch.get() * 32
    }
}

impl<C: MulCurve, P: ParameterSet> Wire for Response<C, P> {
    fn size(shape: &Shape) -> usize {
        Batch::new(shape.batch).map_or(0, |batch| Self::scalars_len(batch) + 32)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.scalars.as_slice());
        out.extend_from_slice(&self.digest);
    }

    /// Refuses scalars that are not canonical.
    fn read(input: &mut Reader<'_>, shape: &Shape) -> Option<Self> {
        let batch = Batch::new(shape.batch)?;
        let scalars = input.take(Self::scalars_len(batch))?;
        let field = Field::<C>::new();
        let (items, _) = scalars.as_chunks::<32>();
        if !items.iter().all(|item| field.is_canonical(&from_bytes(item))) {
            return None;
        }
        Some(Self { scalars: Buffer::copy(scalars), digest: input.array()?, batch, curve: PhantomData })
    }
}

impl<C: MulCurve, P: ParameterSet> fmt::Debug for Response<C, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} bytes)", self.scalars.as_slice().len() + self.digest.len())
    }
}
