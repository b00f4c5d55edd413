//! The universal hash of columns, on which the extension's consistency check rests.
//!
//! h(z) = mask ⊕ (⊕ over groups g of POLYVAL(κ_g; group g)), groups of at most 8 blocks with a key
//! each (so the length of a batch does not weaken it), mask = the last 128 bits of the column, which
//! are sacrificed: they hide everything else. h is linear over GF(2), all that the check needs.

use alloc::vec::Vec;

use polyval::{Block as PolyvalBlock, Polyval, universal_hash::UniversalHash};
use zeroize::Zeroize;

use super::bits::{Buffer, Tile};
use super::extension::Rows;
use super::{Block, COLUMNS};
use crate::transcript::Transcript;

/// Blocks that share a key: a group collides with probability 8/2^128.
const GROUP: usize = 8;

/// h for one message: its keys come from the hash of that message.
pub(super) struct ColumnHash {
    rows: Rows,
    keys: Vec<Polyval>,
}

impl ColumnHash {
    /// Draws one key for each group of 8 blocks.
    pub(super) fn new(rows: Rows, message: Transcript) -> Self {
        let mut bytes = alloc::vec![[0u8; 16]; rows.data_blocks().div_ceil(GROUP)];
        message.fill(bytes.as_flattened_mut());
        Self { rows, keys: bytes.into_iter().map(|key| Polyval::new(&key.into())).collect() }
    }

    /// How many keys there are.
    #[cfg(test)]
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }

    /// h of one column.
    pub(super) fn column(&self, column: &[Block]) -> Block {
        let (data, mask) = self.split(column);
        data.as_slice().chunks(GROUP).zip(&self.keys).fold(mask, |sum, (group, key)| sum ^ polyval(key, group))
    }

    /// h of all 128 columns of a matrix.
    pub(super) fn matrix(&self, tiles: &[Tile]) -> [Block; COLUMNS] {
        let blocks = tiles.len();
        let mut column = Buffer::zero(blocks);
        core::array::from_fn(|c| {
            let places = column.as_mut_slice().iter_mut();
            places.zip(tiles).for_each(|(to, tile)| *to = tile.get(c).copied().unwrap_or(0));
            self.column(column.as_slice())
        })
    }

    /// The data of a column, zero-padded to whole blocks, and its last 128 bits.
    fn split(&self, column: &[Block]) -> (Buffer<Block>, Block) {
        let rest = self.rows.get() % 128;
        let mut data = Buffer::zero(self.rows.data_blocks());
        data.as_mut_slice().iter_mut().zip(column).for_each(|(to, from)| *to = *from);
        let mut tail = column.iter().skip(self.rows.get() / 128).copied();
        let (low, high) = (tail.next().unwrap_or(0), tail.next().unwrap_or(0));
        if rest == 0 {
            return (data, low);
        }
        if let Some(last) = data.as_mut_slice().last_mut() {
            *last &= (1 << rest) - 1;
        }
        (data, low >> rest | high << (128 - rest))
    }
}

/// POLYVAL of at most 8 blocks: block k of s is multiplied by the key's power s − k + 1.
fn polyval(key: &Polyval, group: &[Block]) -> Block {
    let mut blocks = [PolyvalBlock::default(); GROUP];
    blocks.iter_mut().zip(group).for_each(|(to, block)| *to = block.to_le_bytes().into());
    let (used, _) = blocks.split_at(group.len().min(GROUP));
    let mut state = key.clone();
    state.update(used);
    blocks.iter_mut().for_each(|block| block.as_mut_slice().zeroize());
    Block::from_le_bytes(state.finalize().into())
}
