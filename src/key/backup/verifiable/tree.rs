//! The tree of seeds of Goldreich, Goldwasser and Micali, and the choice of the rows that stay closed.
//!
//! Nodes are numbered as in a heap: the root is 1, the children of k are 2k and 2k + 1, the leaves of a tree with N of
//! them are N to 2N − 1. Every N has such a tree; its leaves are at two depths.

use alloc::vec;
use alloc::vec::Vec;

use rand_core::Rng;

use crate::secret::Secret;
use crate::transcript::Transcript;

/// A node or seed: 16 bytes.
pub(super) type Node = [u8; 16];

/// How many rows there are, at most 65535, and how many of them stay closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) rows: usize,
    pub(super) closed: usize,
}

/// What a tree belongs to: in the hash of every node, so that no two backups have a node in common. Public.
#[derive(Clone, Copy, Debug)]
pub(super) struct TreeName {
    /// The statement's.
    pub(super) label: [u8; 32],
    pub(super) salt: [u8; 32],
}

/// A tree, or what is known of it. Which nodes are known is public.
pub(super) struct Tree {
    name: TreeName,
    /// By number; 0 is no node.
    nodes: Secret<Vec<Option<Node>>>,
    leaves: usize,
}

impl Tree {
    /// The whole tree.
    pub(super) fn from_root(name: TreeName, cut: Cut, root: &Secret<Node>) -> Self {
        let mut tree = Self { name, nodes: Secret::new(vec![None; 2 * cut.rows]), leaves: cut.rows };
        if let Some(node) = tree.nodes.expose_mut().get_mut(1) {
            *node = Some(*root.expose());
        }
        tree.grow();
        tree
    }

    /// What the cover of all but the closed leaves gives: all but the closed leaves. `None` unless it has exactly the
    /// nodes that it must have.
    pub(super) fn from_cover(name: TreeName, cut: Cut, closed: &[usize], cover: &[Node]) -> Option<Self> {
        let numbers = cover_numbers(cut, closed);
        if numbers.len() != cover.len() {
            return None;
        }
        let mut tree = Self { name, nodes: Secret::new(vec![None; 2 * cut.rows]), leaves: cut.rows };
        for (number, node) in numbers.into_iter().zip(cover) {
            *tree.nodes.expose_mut().get_mut(number)? = Some(*node);
        }
        tree.grow();
        Some(tree)
    }

    /// The nodes that give all leaves but the closed ones, in ascending order.
    pub(super) fn cover(&self, cut: Cut, closed: &[usize]) -> Vec<Node> {
        let node = |number: usize| self.nodes.expose().get(number).copied().flatten();
        cover_numbers(cut, closed).into_iter().filter_map(node).collect()
    }

    /// The known leaves, with their rows.
    pub(super) fn leaves(&self) -> impl Iterator<Item = (usize, &Node)> {
        let leaves = self.nodes.expose().iter().skip(self.leaves).enumerate();
        leaves.filter_map(|(row, node)| node.as_ref().map(|node| (row, node)))
    }

    pub(super) fn salt(&self) -> &[u8; 32] {
        &self.name.salt
    }

    /// Fills in the children of all that is known.
    fn grow(&mut self) {
        for number in 1..self.leaves {
            let Some((above, below)) = self.nodes.expose_mut().split_at_mut_checked(2 * number) else { return };
            let (Some(Some(parent)), [left, right, ..]) = (above.get(number), below) else { continue };
            // 4.2
            let hash = Transcript::new("ve-node").field(&self.name.label).field(&self.name.salt);
            let both = hash.number(u64::try_from(number).unwrap_or(u64::MAX)).field(parent).secret();
            if let ([first, second], _) = both.expose().as_chunks::<16>() {
                (*left, *right) = (Some(*first), Some(*second));
            }
        }
    }
}

/// The numbers of the nodes above no closed leaf, whose parents are above one: ascending.
fn cover_numbers(cut: Cut, closed: &[usize]) -> Vec<usize> {
    let mut above = vec![false; 2 * cut.rows];
    for row in closed {
        let mut number = cut.rows + row;
        while number > 0 {
            if let Some(node) = above.get_mut(number) {
                *node = true;
            }
            number /= 2;
        }
    }
    let is_above = |number: usize| above.get(number).copied().unwrap_or(false);
    (2..2 * cut.rows).filter(|number| !is_above(*number) && is_above(number / 2)).collect()
}

/// How many nodes the cover has.
pub(super) fn cover_len(cut: Cut, closed: &[usize]) -> usize {
    cover_numbers(cut, closed).len()
}

/// U, the rows that stay closed, ascending: the first of a shuffle whose draws come from the commitment.
pub(super) fn pick(commitment: &[u8; 32], cut: Cut) -> Vec<usize> {
    // 4.5
    let mut draws = Transcript::new("ve-pick").field(commitment).rng();
    let mut rows: Vec<usize> = (0..cut.rows).collect();
    for place in 0..cut.closed.min(cut.rows) {
        rows.swap(place, place + below(cut.rows - place, &mut draws));
    }
    rows.truncate(cut.closed);
    rows.sort_unstable();
    rows
}

/// A uniform number below `bound`, at most 65536: draws that would make some numbers likelier are drawn again.
fn below(bound: usize, draws: &mut impl Rng) -> usize {
    let fair = (1 << 16) - (1 << 16) % bound;
    loop {
        let mut bytes = [0; 2];
        draws.fill_bytes(&mut bytes);
        let number = usize::from(u16::from_be_bytes(bytes));
        if number < fair {
            return number % bound;
        }
    }
}
