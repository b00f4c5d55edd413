//! Bits: choice bits, and the matrix that is made column by column and used row by row.
//!
//! Bit j of a column is bit j mod 8 of byte ⌊j/8⌋, lowest first. A [`Block`] is 16 of these bytes
//! read as a little-endian number, so bit j of a block is bit j of its 128 rows.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use subtle::Choice;
use zeroize::{DefaultIsZeroes, Zeroize};

use super::{Block, COLUMNS};

/// 128 rows of 128 columns. As columns: `tile[c]` holds 128 bits of column c; as rows: `tile[j]` is row j.
pub type Tile = [Block; COLUMNS];

/// A secret vector of fixed length; wiped at once when dropped, not item by item as a `Vec` is.
pub(crate) struct Buffer<T: DefaultIsZeroes>(Vec<T>);

impl<T: DefaultIsZeroes> Buffer<T> {
    /// That many zeros.
    pub(crate) fn zero(length: usize) -> Self {
        Self(vec![T::default(); length])
    }

    /// The same items.
    pub(crate) fn copy(items: &[T]) -> Self {
        Self(items.to_vec())
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        &self.0
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T: DefaultIsZeroes> Drop for Buffer<T> {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

/// Secret bits that pick OTs, one a row; wiped when dropped, never a `bool`.
pub struct ChoiceBits {
    blocks: Buffer<Block>,
    length: usize,
}

impl ChoiceBits {
    /// The first `length` bits of a column; wipes the others. No more than the column has.
    pub(super) fn first(mut column: Buffer<Block>, length: usize) -> Self {
        let blocks = column.as_mut_slice();
        blocks.iter_mut().skip(length.div_ceil(128)).for_each(|block| *block = 0);
        let length = length.min(128 * blocks.len());
        Self { blocks: column, length }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The bits in order.
    pub fn iter(&self) -> impl Iterator<Item = Choice> + '_ {
        let blocks = self.blocks.as_slice().iter();
        blocks.flat_map(|block| (0..128).map(|j| bit(*block, j))).take(self.length)
    }

    /// The first 128 bits as one block, those that are missing as 0.
    pub(super) fn first_block(&self) -> Block {
        self.blocks.as_slice().first().copied().unwrap_or(0)
    }
}

impl fmt::Debug for ChoiceBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChoiceBits(..)")
    }
}

/// Bit `j` of a block, as a [`Choice`]. `j` must be below 128 and is public.
#[inline]
#[allow(clippy::cast_possible_truncation)] // one bit is kept
pub fn bit(block: Block, j: usize) -> Choice {
    Choice::from((block >> (j & 127)) as u8 & 1)
}

/// All ones if the choice is 1, else 0.
#[inline]
pub fn mask(choice: Choice) -> Block {
    Block::from(choice.unwrap_u8()).wrapping_neg()
}

/// A secret bit matrix of 128 columns; wiped when dropped.
pub struct BitMatrix {
    tiles: Vec<Tile>,
}

impl BitMatrix {
    /// The zero matrix of 128·`blocks` rows.
    pub fn zero(blocks: usize) -> Self {
        Self { tiles: vec![[0; COLUMNS]; blocks] }
    }

    /// The tiles, 128 rows each.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// The tiles, to be filled.
    pub fn tiles_mut(&mut self) -> &mut [Tile] {
        &mut self.tiles
    }

    /// Transposes every tile, so that the matrix given by columns is given by rows.
    pub fn transpose(&mut self) {
        self.tiles.iter_mut().for_each(transpose);
    }

    /// The rows of a matrix that has been transposed: row j is block j.
    pub fn rows(&self) -> &[Block] {
        self.tiles.as_flattened()
    }
}

impl Drop for BitMatrix {
    fn drop(&mut self) {
        self.tiles.as_flattened_mut().zeroize();
    }
}

impl fmt::Debug for BitMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BitMatrix(..)")
    }
}

/// Transposes 128×128 bits in place: bit j of block i and bit i of block j change places.
///
/// Seven rounds of swapping ever smaller off-diagonal squares (Eklundh), in words of 64 bits, so that
/// the compiler can take as many words at once as the machine has.
pub fn transpose(tile: &mut Tile) {
    let mut words = [[0u64; 2]; COLUMNS];
    for (pair, block) in words.iter_mut().zip(tile.iter()) {
        *pair = halves(*block);
    }
    let (upper, lower) = words.split_at_mut(COLUMNS / 2);
    for ([_, high], [low, _]) in upper.iter_mut().zip(lower) {
        core::mem::swap(high, low);
    }
    let flat = words.as_flattened_mut();
    swap_squares::<32>(flat, 0x0000_0000_ffff_ffff);
    swap_squares::<16>(flat, 0x0000_ffff_0000_ffff);
    swap_squares::<8>(flat, 0x00ff_00ff_00ff_00ff);
    swap_squares::<4>(flat, 0x0f0f_0f0f_0f0f_0f0f);
    swap_squares::<2>(flat, 0x3333_3333_3333_3333);
    swap_squares::<1>(flat, 0x5555_5555_5555_5555);
    for (block, [low, high]) in tile.iter_mut().zip(words) {
        *block = Block::from(low) | Block::from(high) << 64;
    }
    words.as_flattened_mut().zeroize();
}

/// Swaps the upper right and lower left S×S squares of all 2S×2S squares; two words are a row.
#[inline]
fn swap_squares<const S: usize>(words: &mut [u64], low_half: u64) {
    for square in words.chunks_exact_mut(4 * S) {
        let (upper, lower) = square.split_at_mut(2 * S);
        for (a, b) in upper.iter_mut().zip(lower) {
            let differ = ((*a >> S) ^ *b) & low_half;
            *b ^= differ;
            *a ^= differ << S;
        }
    }
}

/// The low and the high 64 bits.
#[inline]
#[allow(clippy::cast_possible_truncation)] // the two halves of a number of 128 bits
pub(crate) fn halves(block: Block) -> [u64; 2] {
    [block as u64, (block >> 64) as u64]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slowly(tile: &Tile) -> Tile {
        core::array::from_fn(|i| (0..128).fold(0, |row, j| row | ((tile[j] >> i & 1) << j)))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]
        #[test]
        fn transposes(words in proptest::collection::vec(any::<u128>(), 128)) {
            let tile: Tile = words.try_into().unwrap();
            let mut fast = tile;
            transpose(&mut fast);
            prop_assert_eq!(fast, slowly(&tile));
            transpose(&mut fast);
            prop_assert_eq!(fast, tile);
        }
    }

    #[test]
    fn every_single_bit_moves_to_its_mirror_place() {
        for i in 0..128 {
            for j in 0..128 {
                let mut tile = [0; 128];
                tile[i] = 1 << j;
                transpose(&mut tile);
                assert!(tile.iter().enumerate().all(|(k, row)| *row == if k == j { 1 << i } else { 0 }));
            }
        }
    }

    #[test]
    fn choice_bits_are_those_of_the_column() {
        let bits = ChoiceBits::first(Buffer(vec![0b1011, 1, 7]), 130);
        let got: Vec<u8> = bits.iter().map(|c| c.unwrap_u8()).collect();
        assert_eq!((got.len(), &got[..5], &got[127..]), (130, &[1, 1, 0, 1, 0][..], &[0, 1, 0][..]));
        assert_eq!(ChoiceBits::first(Buffer(vec![0]), 129).len(), 128);
        assert_eq!((mask(Choice::from(1)), mask(Choice::from(0))), (u128::MAX, 0));
        assert_eq!(alloc::format!("{bits:?}"), "ChoiceBits(..)");
    }
}
