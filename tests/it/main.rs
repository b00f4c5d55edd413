//! Tests of the library through its public surface.

mod frost;
mod vectors;

use cosigil::{PartyId, Transcript, TranscriptRng};

/// The party with this id.
fn id(id: u16) -> PartyId {
    PartyId::new(id).unwrap()
}

/// A generator that gives the same in every run.
fn rng(seed: u64) -> TranscriptRng {
    Transcript::new("it-rng").number(seed).rng()
}
