//! All-but-one OT: 32 trees of 16 leaves; one side knows all leaves, the other all but one of each.
//!
//! Four base OTs make a tree (Goldreich, Goldwasser, Micali): each level doubles the nodes, and the
//! ⊕ of all left and of all right children is sent masked by a base-OT string, so that the side with
//! the choices can repair the one child it needs. The leaf it lacks is the *complement* of its
//! choices; the 32 missing positions of four bits are Δ.
//!
//! Source: `SoftSpokenOT` (Roy, eprint 2022/192), Figures 13 and 14, with k = 4. Where we differ:
//! - the nodes of the punctured side are stored permuted: place z holds node z ⊕ y\*, so that nothing is
//!   ever indexed by a secret, here or in the extension;
//! - view, parties, tree, level and node are in every hash.
//!
//! A sender that cheats can make acceptance depend on whether Δ lies in a set. That is before any use
//! of Δ; the round above throws the setup away and counts a strike.

use alloc::vec::Vec;
use core::fmt;

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

use super::base::{ReceiverSeeds, SenderSeeds};
use super::bits::{bit, mask};
use super::{Block, COLUMNS};
use crate::party::{PartyId, View};
use crate::secret::Secret;
use crate::transcript::Transcript;
use crate::wire::{Bytes32, message};

/// k: bits of Δ in a tree.
pub const DEPTH: usize = 4;
/// 2^k: the leaves of a tree.
pub const LEAVES: usize = 1 << DEPTH;
/// 128/k: the trees.
pub const TREES: usize = COLUMNS / DEPTH;

/// The length of [`Corrections`] in bytes: 160 a tree.
pub const CORRECTIONS_LEN: usize = TREES * (2 * 16 * (DEPTH - 1) + 64);
/// The length of stored [`Leaves`] in bytes.
pub const LEAVES_LEN: usize = TREES * LEAVES * 16;
/// The length of stored [`PuncturedLeaves`] in bytes: Δ, then 15 leaves a tree.
pub const PUNCTURED_LEN: usize = 16 + TREES * (LEAVES - 1) * 16;

/// Which direction of which setup: it is in every hash.
#[derive(Clone, Copy, Debug)]
pub struct Direction {
    /// The view of the setup.
    pub view: View,
    /// Who will hold Δ: the sender of the extension.
    pub sender: PartyId,
    /// Who will hold all leaves: the receiver of the extension.
    pub receiver: PartyId,
}

type Bytes16 = [u8; 16];

message! {
    /// What one tree needs of its sender: 160 bytes.
    pub struct TreeCorrections |shape| {
        /// t^m_0 and t^m_1 for the levels m = 1, 2, 3: ⊕ of the left and of the right children, masked.
        levels: [Bytes16; 2 * (DEPTH - 1)],
        /// t~, the ⊕ of the images of all leaves.
        sum: Bytes32,
        /// s~, the hash of the images of all leaves.
        digest: Bytes32,
    }
}

message! {
    /// The sender's message: 5120 bytes, addressed and readable.
    pub struct Corrections |shape| {
        /// One for each tree.
        trees: [TreeCorrections; TREES],
    }
}

/// All 16 leaves of all 32 trees: the state of the extension's *receiver*. Wiped when dropped.
pub struct Leaves(Secret<Vec<[Block; LEAVES]>>);

/// Δ and all leaves but the ones at Δ: the state of the extension's *sender*. Wiped when dropped.
pub struct PuncturedLeaves {
    delta: Secret<Block>,
    /// Place z − 1 of a tree holds leaf z ⊕ Δ_i, for z = 1..15.
    leaves: Secret<Vec<[Block; LEAVES - 1]>>,
}

impl fmt::Debug for Leaves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leaves(..)")
    }
}

impl fmt::Debug for PuncturedLeaves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PuncturedLeaves(..)")
    }
}

impl Leaves {
    /// Figure 13: grows all trees from both strings of 128 base OTs, and makes the corrections.
    pub fn grow(direction: &Direction, seeds: SenderSeeds) -> (Self, Corrections) {
        let mut leaves = Secret::new(alloc::vec![[0; LEAVES]; TREES]);
        let (seeds, _) = seeds.0.expose().as_chunks::<DEPTH>();
        let trees = leaves.expose_mut().iter_mut().zip(seeds).zip(0u8..);
        let trees = trees.map(|((leaves, seeds), tree)| grow_tree(&Names { direction, tree }, seeds, leaves)).collect();
        (Self(leaves), Corrections { trees })
    }

    /// The leaves, tree by tree.
    pub(super) fn trees(&self) -> &[[Block; LEAVES]] {
        self.0.expose()
    }

    /// The stored form, 8192 bytes. It belongs to one installation: never into a backup.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(LEAVES_LEN));
        self.trees().as_flattened().iter().for_each(|leaf| bytes.extend_from_slice(&leaf.to_le_bytes()));
        bytes
    }

    /// Reads the stored form. `None` unless it is 8192 bytes long.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        read_blocks(bytes, TREES).map(Self)
    }
}

impl PuncturedLeaves {
    /// Figure 14: grows all trees from the chosen strings and the peer's corrections, and checks them.
    ///
    /// `None` if a check fails: both directions of the setup are to be thrown away. All trees are
    /// evaluated and compared once, in constant time; which of them failed does not show.
    #[must_use = "a failed check ends the setup, both directions"]
    pub fn grow(direction: &Direction, seeds: ReceiverSeeds, corrections: &Corrections) -> Option<Self> {
        let mut delta = Secret::new(0);
        let mut leaves = Secret::new(alloc::vec![[0; LEAVES - 1]; TREES]);
        let mut good = Choice::from(u8::from(corrections.trees.len() == TREES));
        let (strings, _) = seeds.seeds.expose().as_chunks::<DEPTH>();
        let trees = leaves.expose_mut().iter_mut().zip(strings).zip(&corrections.trees).zip(0u8..);
        for (((leaves, strings), corrections), tree) in trees {
            let shift = u32::from(tree) * 4; // bits of Δ, and base OTs, come four a tree
            let choices = core::array::from_fn(|m| bit(*seeds.choices.expose() >> shift, m));
            let (digit, fits) = grow_punctured(&Names { direction, tree }, &choices, strings, corrections, leaves);
            *delta.expose_mut() |= digit << shift;
            good &= fits;
        }
        bool::from(good).then_some(Self { delta, leaves })
    }

    /// Δ: digit i, four bits, is the position of the missing leaf of tree i.
    pub(super) fn delta(&self) -> &Secret<Block> {
        &self.delta
    }

    /// The leaves but the missing ones, tree by tree, in permuted order.
    pub(super) fn trees(&self) -> &[[Block; LEAVES - 1]] {
        self.leaves.expose()
    }

    /// The stored form, 7696 bytes. It belongs to one installation: never into a backup.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(PUNCTURED_LEN));
        bytes.extend_from_slice(&self.delta.expose().to_le_bytes());
        self.trees().as_flattened().iter().for_each(|leaf| bytes.extend_from_slice(&leaf.to_le_bytes()));
        bytes
    }

    /// Reads the stored form. `None` unless it is 7696 bytes long.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (delta, leaves) = bytes.split_first_chunk()?;
        let delta = Secret::new(Block::from_le_bytes(*delta));
        Some(Self { delta, leaves: read_blocks(leaves, TREES)? })
    }
}

/// What the hashes of one tree know.
struct Names<'a> {
    direction: &'a Direction,
    tree: u8,
}

impl Names<'_> {
    fn fields(&self, hash: Transcript) -> Transcript {
        let Direction { view, sender, receiver } = self.direction;
        hash.field(view.as_bytes()).party(*sender).party(*receiver).field(&[self.tree])
    }

    /// Gexp: the two children of node `y` of a level.
    fn children(&self, level: u8, y: u8, node: Block) -> [Block; 2] {
        let hash = self.fields(Transcript::new("ot-tree-node")).field(&[level, y]);
        let both = hash.field(&node.to_le_bytes()).secret();
        let (blocks, _) = both.expose().as_chunks::<16>();
        let mut children = [0; 2];
        children.iter_mut().zip(blocks).for_each(|(child, bytes)| *child = Block::from_le_bytes(*bytes));
        children
    }

    /// w_y: the image of a leaf under which it is checked.
    fn image(&self, leaf: Block) -> [u8; 32] {
        self.fields(Transcript::new("ot-tree-image")).field(&leaf.to_le_bytes()).digest()
    }

    /// s~: the hash of all images.
    fn digest(&self, images: &[[u8; 32]; LEAVES]) -> [u8; 32] {
        self.fields(Transcript::new("ot-tree-check")).field(images.as_flattened()).digest()
    }
}

/// One tree with both strings of its four base OTs.
#[allow(clippy::indexing_slicing)] // nodes of constant number, indices below 16
fn grow_tree(names: &Names<'_>, seeds: &[[Block; 2]; DEPTH], nodes: &mut [Block; LEAVES]) -> TreeCorrections {
    let [first, deeper @ ..] = seeds;
    nodes[..2].copy_from_slice(first);
    let mut levels = Vec::with_capacity(2 * (DEPTH - 1));
    for (level, strings) in (1u8..).zip(deeper) {
        let mut sums = *strings;
        // From the last node down, so that children never land on a node still needed.
        for y in (0..1u8 << level).rev() {
            let mut children = names.children(level, y, nodes[usize::from(y)]);
            nodes[2 * usize::from(y)..][..2].copy_from_slice(&children);
            sums.iter_mut().zip(&children).for_each(|(sum, child)| *sum ^= child);
            children.zeroize();
        }
        levels.extend(sums.map(Block::to_le_bytes));
    }
    let mut images = nodes.map(|leaf| names.image(leaf));
    let corrections = TreeCorrections { levels, sum: xor_all(&images), digest: names.digest(&images) };
    images.zeroize();
    corrections
}

/// One tree with the chosen string of its four base OTs: the missing position, and whether it fits.
///
/// Place z holds node z ⊕ y\*, where y\* is the path of what is missing; child x of it goes to place
/// 2z + (x ⊕ 1 ⊕ c). So place 0 is always the missing node and place 1 the one to be repaired.
#[allow(clippy::indexing_slicing)] // nodes of constant number, indices below 16
fn grow_punctured(
    names: &Names<'_>,
    choices: &[Choice; DEPTH],
    strings: &[Block; DEPTH],
    corrections: &TreeCorrections,
    leaves: &mut [Block; LEAVES - 1],
) -> (Block, Choice) {
    let mut nodes = [0; LEAVES];
    nodes[1] = strings[0];
    let mut path = (!choices[0]).unwrap_u8();
    for (level, m) in (1u8..).zip(1..DEPTH) {
        let choice = choices[m];
        let mut repaired = strings[m] ^ correction(corrections, m - 1, choice);
        for z in (1..1u8 << level).rev() {
            let mut children = names.children(level, z ^ path, nodes[usize::from(z)]);
            let [even, odd] = &mut children;
            Block::conditional_swap(even, odd, !choice);
            repaired ^= children[1];
            nodes[2 * usize::from(z)..][..2].copy_from_slice(&children);
            children.zeroize();
        }
        nodes[..2].copy_from_slice(&[0, repaired]);
        path = path << 1 | (!choice).unwrap_u8();
    }
    let mut images = nodes.map(|leaf| names.image(leaf));
    images[0] = corrections.sum;
    images[0] = xor_all(&images);
    unpermute(&mut images, path);
    let good = names.digest(&images).ct_eq(&corrections.digest);
    images.zeroize();
    leaves.copy_from_slice(&nodes[1..]);
    nodes.zeroize();
    (Block::from(path), good)
}

/// t^m_c, by mask.
fn correction(corrections: &TreeCorrections, level: usize, choice: Choice) -> Block {
    let pair = corrections.levels.iter().skip(2 * level).take(2).map(|bytes| Block::from_le_bytes(*bytes));
    pair.zip([!choice, choice]).fold(0, |sum, (t, wanted)| sum ^ (t & mask(wanted)))
}

/// Moves what is at place z to z ⊕ path, by swaps that depend on the path in constant time.
#[allow(clippy::indexing_slicing)] // both indices are below 16
fn unpermute(images: &mut [[u8; 32]; LEAVES], path: u8) {
    for b in 0..DEPTH {
        let swap = Choice::from(path >> b & 1);
        for z in (0..LEAVES).filter(|z| z >> b & 1 == 0) {
            let (low, high) = images.split_at_mut(z | 1 << b);
            <[u8; 32]>::conditional_swap(&mut low[z], &mut high[0], swap);
        }
    }
}

fn xor_all(images: &[[u8; 32]; LEAVES]) -> [u8; 32] {
    images.iter().fold([0; 32], |mut sum, image| {
        sum.iter_mut().zip(image).for_each(|(a, b)| *a ^= b);
        sum
    })
}

/// Reads `trees` times N blocks, no more and no less.
fn read_blocks<const N: usize>(bytes: &[u8], trees: usize) -> Option<Secret<Vec<[Block; N]>>> {
    let (blocks, rest) = bytes.as_chunks::<16>();
    if !rest.is_empty() || blocks.len() != trees * N {
        return None;
    }
    let mut leaves = Secret::new(alloc::vec![[0; N]; trees]);
    let places = leaves.expose_mut().as_flattened_mut().iter_mut();
    places.zip(blocks).for_each(|(leaf, bytes)| *leaf = Block::from_le_bytes(*bytes));
    Some(leaves)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ot::testing::{party, rng, seeds};
    use crate::wire::{Shape, Wire};

    const SHAPE: Shape = Shape { threshold: 2, parties: 2, batch: 1 };

    fn direction() -> Direction {
        Direction { view: View::from_bytes([5; 32]), sender: party(1), receiver: party(2) }
    }

    fn setup(seed: &[u8]) -> (Leaves, Corrections, ReceiverSeeds) {
        let (receiver, sender) = seeds(&mut rng(seed));
        let (leaves, corrections) = Leaves::grow(&direction(), sender);
        (leaves, corrections, receiver)
    }

    #[test]
    fn the_punctured_side_has_every_leaf_but_the_one_at_delta() {
        let (leaves, corrections, receiver) = setup(b"grow");
        let choices = *receiver.choices.expose();
        assert_eq!(corrections.encode(&SHAPE).len(), CORRECTIONS_LEN);
        assert_eq!(CORRECTIONS_LEN, 5120);
        let punctured = PuncturedLeaves::grow(&direction(), receiver, &corrections).unwrap();
        for (i, (all, most)) in leaves.trees().iter().zip(punctured.trees()).enumerate() {
            let digit = (*punctured.delta().expose() >> (4 * i) & 15) as usize;
            let path = (0..4).fold(0, |path, m| path << 1 | (1 - (choices >> (4 * i + m) & 1) as usize));
            assert_eq!(digit, path);
            for z in 1..16 {
                assert_eq!(most[z - 1], all[z ^ digit]);
            }
            assert!(!most.contains(&all[digit]));
        }
    }

    #[test]
    fn states_are_stored_and_read() {
        let (leaves, corrections, receiver) = setup(b"store");
        let punctured = PuncturedLeaves::grow(&direction(), receiver, &corrections).unwrap();
        assert_eq!((leaves.to_bytes().len(), punctured.to_bytes().len()), (8192, 7696));
        assert_eq!((LEAVES_LEN, PUNCTURED_LEN), (8192, 7696));
        assert_eq!(Leaves::from_bytes(&leaves.to_bytes()).unwrap().trees(), leaves.trees());
        let back = PuncturedLeaves::from_bytes(&punctured.to_bytes()).unwrap();
        assert_eq!((back.delta().expose(), back.trees()), (punctured.delta().expose(), punctured.trees()));
        for length in [0, 15, 16, 7695, 7697, 8191, 8193] {
            assert!(Leaves::from_bytes(&alloc::vec![0; length]).is_none());
            assert!(PuncturedLeaves::from_bytes(&alloc::vec![0; length]).is_none());
        }
        assert_eq!(alloc::format!("{leaves:?}{punctured:?}"), "Leaves(..)PuncturedLeaves(..)");
    }

    /// O-09: sum and digest are always caught; a correction is, unless it masks what is not needed.
    #[test]
    fn o_09_every_tampered_field_is_caught_or_was_not_used() {
        for field in TreeCorrections::layout(&SHAPE) {
            let (_, corrections, receiver) = setup(b"tamper");
            let choices = *receiver.choices.expose();
            let tree = 7;
            let mut bytes = corrections.encode(&SHAPE);
            bytes[160 * tree + field.offset] ^= 0x10;
            let corrections = Corrections::decode(&bytes, &SHAPE).unwrap();
            let unused = field.name == "levels" && {
                let (level, x) = (field.offset / 32 + 1, field.offset / 16 % 2);
                choices >> (4 * tree + level) & 1 != x as u128
            };
            assert_eq!(PuncturedLeaves::grow(&direction(), receiver, &corrections).is_some(), unused);
        }
        let (_, mut corrections, receiver) = setup(b"tamper");
        corrections.trees.pop();
        assert!(PuncturedLeaves::grow(&direction(), receiver, &corrections).is_none());
    }

    /// O-07: another view, another role: nothing fits.
    #[test]
    fn o_07_the_direction_is_in_every_hash() {
        for other in [
            Direction { view: View::from_bytes([6; 32]), ..direction() },
            Direction { sender: party(2), receiver: party(1), ..direction() },
            Direction { receiver: party(3), ..direction() },
        ] {
            let (_, corrections, receiver) = setup(b"direction");
            assert!(PuncturedLeaves::grow(&other, receiver, &corrections).is_none());
        }
    }
}
