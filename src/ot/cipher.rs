//! The two uses of a block cipher: leaves grow into columns, rows shrink into pads.
//!
//! All that is specific to AES-128 is here. A set of parameters for machines without AES would add a
//! second [`LeafCipher`] and [`RowHash`] of the same shape (BLAKE3, many inputs at once), and another
//! name in [`CIPHER`].

use aes::Aes128Enc;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit, consts::U16};

use super::Block;
use crate::party::View;
use crate::transcript::Transcript;

/// Part of every context, so that two sets of parameters never share a hash.
pub(super) const CIPHER: &[u8] = b"k4/aes128";

/// How many blocks go through the cipher in one call.
const LANES: usize = 32;

type AesBlock = Array<u8, U16>;

fn to_aes(block: Block) -> AesBlock {
    Array(block.to_le_bytes())
}

fn from_aes(block: &AesBlock) -> Block {
    Block::from_le_bytes(block.0)
}

/// A leaf as a generator: block c of its output is AES_leaf(iv ⊕ c).
pub(super) struct LeafCipher(Aes128Enc);

impl LeafCipher {
    /// Sets the key up.
    #[inline]
    pub(super) fn new(leaf: Block) -> Self {
        Self(Aes128Enc::new(&to_aes(leaf)))
    }

    /// Writes the blocks with the numbers `first`, `first` + 1, … The low 16 bits of `iv` are 0.
    #[inline]
    pub(super) fn fill(&self, iv: Block, first: usize, out: &mut [Block]) {
        let mut number = iv ^ first as Block;
        for chunk in out.chunks_mut(LANES) {
            let mut blocks = [AesBlock::default(); LANES];
            let (used, _) = blocks.split_at_mut(chunk.len());
            for block in used.iter_mut() {
                *block = to_aes(number);
                number += 1; // the low bits of iv are 0: the same as ⊕, and no carry leaves them
            }
            self.0.encrypt_blocks(used);
            chunk.iter_mut().zip(used).for_each(|(to, from)| *to = from_aes(from));
        }
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

impl RowHash {
    pub(crate) fn new(purpose: Purpose<'_>) -> Self {
        let (name, session) = match purpose {
            Purpose::Multiplication(sid) => (&b"mul"[..], sid),
            Purpose::Setup(view) => (&b"setup"[..], view.as_bytes()),
        };
        let mut key = AesBlock::default();
        Transcript::new("ot-row").field(CIPHER).field(name).field(session).fill(&mut key);
        Self(Aes128Enc::new(&key))
    }

    /// Hashes up to 16 rows to `B` ≤ 16 blocks each; `first` is the number of the first one.
    ///
    /// Rows are ⊕ed with `offset` (0, or Δ) before.
    #[inline]
    pub(crate) fn hash<const B: usize>(&self, first: usize, rows: &[Block], offset: Block, out: &mut [[Block; B]; 16]) {
        debug_assert!(B <= 16 && rows.len() <= 16);
        let mut inner = [AesBlock::default(); 16];
        inner.iter_mut().zip(rows).for_each(|(y, row)| *y = to_aes(row ^ offset));
        self.0.encrypt_blocks(&mut inner);
        let mut outer = [[AesBlock::default(); B]; 16];
        for ((blocks, y), j) in outer.iter_mut().zip(&inner).zip(first..) {
            let tweaked = from_aes(y) ^ (j as Block) << 4;
            blocks.iter_mut().zip(0..).for_each(|(block, c)| *block = to_aes(tweaked ^ c));
        }
        self.0.encrypt_blocks(outer.as_flattened_mut());
        for ((to, blocks), y) in out.iter_mut().zip(&outer).zip(&inner) {
            to.iter_mut().zip(blocks).for_each(|(to, block)| *to = from_aes(block) ^ from_aes(y));
        }
    }
}
