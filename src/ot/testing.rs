//! What the tests of several modules share.

use alloc::vec::Vec;

use rand_core::Rng;

use super::base::{ReceiverSeeds, SenderSeeds};
use super::pprf::{Direction, Leaves, PuncturedLeaves};
use crate::party::{PartyId, View};
use crate::secret::Secret;
use crate::transcript::{Transcript, TranscriptRng};

/// A generator for a test.
pub(crate) fn rng(seed: &[u8]) -> TranscriptRng {
    Transcript::new("ot-test").field(seed).rng()
}

/// The party with this number.
pub(crate) fn party(id: u16) -> PartyId {
    PartyId::new(id).unwrap()
}

/// The outcome of 128 base OTs, by a trusted hand.
pub(crate) fn seeds(rng: &mut TranscriptRng) -> (ReceiverSeeds, SenderSeeds) {
    let mut block = || {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        u128::from_le_bytes(bytes)
    };
    let choices = block();
    let pairs: Vec<[u128; 2]> = (0..128).map(|_| [block(), block()]).collect();
    let chosen = pairs.iter().enumerate().map(|(l, pair)| pair[(choices >> l & 1) as usize]).collect();
    let received = ReceiverSeeds { choices: Secret::new(choices), seeds: Secret::new(chosen) };
    (received, SenderSeeds(Secret::new(pairs)))
}

/// A setup of one direction, from party 2 (who receives) to party 1 (who holds Δ).
pub(crate) fn leaves(seed: &[u8]) -> (Leaves, PuncturedLeaves) {
    let (receiver, sender) = seeds(&mut rng(seed));
    let direction = Direction { view: View::from_bytes([5; 32]), sender: party(1), receiver: party(2) };
    let (leaves, corrections) = Leaves::grow(&direction, sender);
    (leaves, PuncturedLeaves::grow(&direction, receiver, &corrections).unwrap())
}
