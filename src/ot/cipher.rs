//! The two uses of a block cipher: leaves grow into columns, rows shrink into pads.
//!
//! All that is specific to AES-128 is here. A set of parameters for machines without AES would add a
//! second [`LeafCipher`] and [`RowHash`] of the same shape (BLAKE3, many inputs at once), and another
//! name in [`CIPHER`].

use aes::Aes128Enc;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use zeroize::Zeroize;

use super::Block;
use super::bits::Buffer;
use super::pprf::LEAVES;
use crate::party::View;
use crate::transcript::Transcript;

/// Part of every context, so that two sets of parameters never share a hash.
pub(super) const CIPHER: &[u8] = b"k4/aes128";

/// Blocks of each leaf that are expanded at a time.
const STRIDE: usize = 128;

/// Rows that are hashed at a time.
pub(crate) const LANES: usize = 16;

type Bytes = [u8; 16];

fn encrypt(cipher: &Aes128Enc, blocks: &mut [Bytes]) {
    cipher.encrypt_blocks(Array::cast_slice_from_core_mut(blocks));
}

/// Where the leaves of a tree are expanded, one after the other. Wiped when dropped.
///
/// A leaf is a generator: block c of its output is AES_leaf(iv ⊕ c).
pub(super) struct Expansion {
    iv: Block,
    width: usize,
    lanes: Buffer<u8>,
}

impl Expansion {
    /// Room for the columns of this many blocks; the low 16 bits of `iv` are 0.
    pub(super) fn new(iv: Block, blocks: usize) -> Self {
        let width = blocks.min(STRIDE);
        Self { iv, width, lanes: Buffer::zero(LEAVES * width * 16) }
    }

    /// How many blocks of each leaf are expanded at a time.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// Expands all leaves but the first `skip` (which count as 0) from block number `first` on.
    pub(super) fn fill(&mut self, leaves: &[Block; LEAVES], skip: usize, first: usize) {
        let lanes = self.lanes.as_mut_slice().as_chunks_mut::<16>().0;
        for (lane, leaf) in lanes.chunks_exact_mut(self.width).zip(leaves).skip(skip) {
            for (block, number) in lane.iter_mut().zip(first as Block..) {
                *block = (self.iv ^ number).to_le_bytes();
            }
            encrypt(&Aes128Enc::new(&Array(leaf.to_le_bytes())), lane);
        }
    }

    /// Block number `place`, counted from the first, of all leaves.
    #[inline]
    #[allow(clippy::indexing_slicing)] // one bounds check a lane is cheap here
    pub(super) fn blocks(&self, place: usize) -> [Block; LEAVES] {
        let lanes = self.lanes.as_slice().as_chunks::<16>().0;
        core::array::from_fn(|x| Block::from_le_bytes(lanes[x * self.width + place]))
    }
}

/// What a row hash is for: it decides the key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose<'a> {
    /// The pads of a multiplication.
    Multiplication(&'a [u8; 32]),
    /// The base OTs of the second direction of a setup.
    Setup(&'a View),
}

/// The tweakable hash that breaks the correlation of the rows (`TMMO`, Guo et al.).
///
/// y = AES_K(row); block c of row j's output is AES_K(y ⊕ (16·j + c)) ⊕ y. One key K a session, so that
/// work on one session is worth nothing in another.
pub(crate) struct RowHash(Aes128Enc);

/// The hashes of up to 16 rows, `B` ≤ 16 blocks each. Wiped when dropped.
pub(crate) struct RowPads<const B: usize> {
    inner: [Bytes; LANES],
    outer: [[Bytes; B]; LANES],
}

impl RowHash {
    pub(crate) fn new(purpose: Purpose<'_>) -> Self {
        let (name, session) = match purpose {
            Purpose::Multiplication(sid) => (&b"mul"[..], sid),
            Purpose::Setup(view) => (&b"setup"[..], view.as_bytes()),
        };
        let mut key = [0; 16];
        Transcript::new("ot-row").field(CIPHER).field(name).field(session).fill(&mut key);
        let hash = Self(Aes128Enc::new(&Array(key)));
        key.zeroize();
        hash
    }

    /// Hashes up to 16 rows, ⊕ed with `offset` (0, or Δ) before; `first` is the number of the first.
    #[inline]
    pub(crate) fn hash<const B: usize>(&self, first: usize, rows: &[Block], offset: Block, pads: &mut RowPads<B>) {
        const { assert!(B <= 16) };
        let RowPads { inner, outer } = pads;
        inner.iter_mut().zip(rows).for_each(|(y, row)| *y = (row ^ offset).to_le_bytes());
        encrypt(&self.0, inner);
        for ((blocks, y), j) in outer.iter_mut().zip(&*inner).zip(first..) {
            let tweaked = Block::from_le_bytes(*y) ^ (j as Block) << 4;
            blocks.iter_mut().zip(0..).for_each(|(block, c)| *block = (tweaked ^ c).to_le_bytes());
        }
        encrypt(&self.0, outer.as_flattened_mut());
        for (blocks, y) in outer.iter_mut().zip(inner) {
            let y = Block::from_le_bytes(*y);
            blocks.iter_mut().for_each(|block| *block = (Block::from_le_bytes(*block) ^ y).to_le_bytes());
        }
    }
}

impl<const B: usize> RowPads<B> {
    pub(crate) const fn new() -> Self {
        Self { inner: [[0; 16]; LANES], outer: [[[0; 16]; B]; LANES] }
    }

    /// The blocks, row by row.
    pub(crate) fn rows(&self) -> &[[Bytes; B]; LANES] {
        &self.outer
    }
}

impl<const B: usize> Drop for RowPads<B> {
    fn drop(&mut self) {
        self.inner.as_flattened_mut().zeroize();
        self.outer.as_flattened_mut().as_flattened_mut().zeroize();
    }
}
