//! Oblivious transfer: base OTs, all-but-one OTs, and the extension that makes many out of few.
//!
//! A pair of parties runs a setup once: 128 base OTs ([`base`]) grow into 32 all-but-one OTs of 16
//! leaves ([`pprf`]). From then on each signature costs one message and symmetric work
//! ([`extension`]). Two roles run through all of it, and the names stay with the *extension*:
//!
//! | | sender (Alice) | receiver (Bob) |
//! |---|---|---|
//! | extension | holds Δ, gets two pads a row | gets a choice bit a row, and the pad it picks |
//! | all-but-one OT | holds all leaves but one a tree: [`pprf::PuncturedLeaves`] | holds all leaves: [`pprf::Leaves`] |
//! | base OT | is *its* receiver: [`base::Receiver`] | is *its* sender: [`base::Sender`] |
//!
//! Nothing here names a culprit: a `None` or `false` is for the round above, which knows who sent
//! the bytes. **A failed check tells the peer a bit of Δ**, so the round above must see to it that
//! the state it failed on is never used again.

pub mod base;
pub mod bits;
mod check;
pub(crate) mod cipher;
pub mod extension;
pub mod pprf;
#[cfg(test)]
pub(crate) mod testing;

/// 16 bytes as a number, lowest byte first: a block of a cipher, 128 bits of a column, a row.
pub type Block = u128;

/// The number of base OTs, of columns, and of bits of Δ: λ_c.
pub const COLUMNS: usize = 128;

/// The hash of a long field, which stands for it in a [`Transcript`](crate::Transcript).
///
/// On its own it starts at the start of a chunk, and BLAKE3 takes many chunks at once.
pub(crate) fn long_field(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}
