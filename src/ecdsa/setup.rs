//! Pair setup: what two parties of a key need before they can multiply, in four flights.
//!
//! | flight | from | body | bytes |
//! |---|---|---|---|
//! | 1 | both at once | nonce, one-session key, 128 pairs of points | 8256 each |
//! | 2 | the higher id | trees of direction 1; an extension over it; private: a part of the zero seed | 6160 + 48 |
//! | 3 | the lower id | trees of direction 2; private: a part of the zero seed | 5120 + 48 |
//! | 4 | the higher id, then the lower | a hash of the transcript | 32 each |
//!
//! In direction 1 the lower id is the sender: it holds Δ. Only direction 1 has base OTs; the 128 rows of an
//! extension over it are those of direction 2, and the higher id's choices in it are the other Δ. The
//! lower id gives nothing of direction 1 away before both checks of it have passed; a failure anywhere
//! throws both directions away.
//!
//! A failed check is a strike: a peer could guess bits of Δ in setups as well as in use. It burns nothing,
//! and the pair of the setup before stays as it is.
//!
//! The pair is there, *pending*, with the last flight but one of each party, so that a lost message costs
//! nothing: put it into the [`PairStates`](super::pairs::PairStates) and store them *before* what came with
//! it leaves. It becomes active with the peer's flight 4, or with the peer's first use of it.
//!
//! [`Setup`] is for a [`Session`]; the rounds are public for those who read the papers or have channels of
//! their own: [`start`], then [`Rounds`]. Sources: see [`crate::ot`]; direction 2 from direction 1 is ours.

mod higher;
mod lower;
mod messages;
mod protocol;
mod terms;
#[cfg(test)]
mod tests;

use alloc::sync::Arc;
use alloc::vec::Vec;

use rand_core::CryptoRng;

pub use self::higher::{HigherRound1, HigherRound2, HigherRound3};
pub use self::lower::{LowerRound1, LowerRound2, LowerRound3};
pub use self::messages::{Confirm, Corrections, FromHigher, FromLower, Greeting, Points, SetupExtension, ZeroPart};
pub use self::protocol::{Inputs, Setup};
pub use self::terms::Terms;

use super::burn::BurnLog;
use super::scheme::EcdsaScheme;
use crate::error::Usage;
use crate::key::KeyShare;
use crate::party::{Label, Parcel, PartyId};
use crate::secret::fresh;
use crate::session::{Identity, Session};
use crate::transcript::Transcript;

/// The first round of either side.
#[derive(Debug)]
pub enum Rounds {
    /// This party has the lower id.
    Lower(LowerRound1),
    /// This party has the higher id.
    Higher(HigherRound1),
}

/// Starts a setup by hand: the points are for the peer, with `nonce`, 32 fresh bytes, before them.
///
/// A [`Session`] sees to the nonce, to the agreement on `terms.base`, to signatures and sealing; without it
/// that is on the caller, and so is [`check_standing`](super::burn::check_standing).
///
/// # Errors
/// [`Usage::BrokenRng`], [`Usage::DuplicateParty`] for a setup with oneself.
pub fn start(terms: Terms, nonce: [u8; 32], rng: &mut impl CryptoRng) -> Result<(Rounds, Points), Usage> {
    if terms.me == terms.peer.id {
        return Err(Usage::DuplicateParty(terms.me));
    }
    let mut draws = Transcript::new("setup-draws").field(fresh(rng)?.expose()).field(terms.base.as_bytes()).rng();
    Ok(if terms.is_lower() {
        let (round, points) = LowerRound1::start(terms, nonce, &mut draws);
        (Rounds::Lower(round), points)
    } else {
        let (round, points) = HigherRound1::start(terms, &mut draws);
        (Rounds::Higher(round), points)
    })
}

/// The setup with one peer, under way.
#[derive(Debug)]
pub struct PeerSetup<S: EcdsaScheme> {
    /// The peer: everything this session sends is for it alone.
    pub peer: PartyId,
    /// The session.
    pub session: Session<Setup<S>>,
    /// What must leave first.
    pub first: Vec<Parcel>,
}

/// Starts the setups with all `peers`, one session each; they run side by side.
///
/// The label is the same for all parties of the key; each pair's is made from it. After key generation
/// the peers are all the others, later those of
/// [`PairStates::missing`](super::pairs::PairStates::missing).
///
/// # Errors
/// [`Usage::OperatorNeeded`] if three strikes count against a peer: leave it out. [`Usage::StoreFailed`],
/// [`Usage::UnknownParty`], and what [`Session::start`] refuses.
pub fn all<S: EcdsaScheme>(
    share: &KeyShare<S>,
    peers: &[PartyId],
    identity: &Identity,
    label: &Label,
    log: &Arc<dyn BurnLog>,
    rng: &mut impl CryptoRng,
) -> Result<Vec<PeerSetup<S>>, Usage> {
    let mut setups = Vec::with_capacity(peers.len());
    for peer in peers.iter().copied() {
        let inputs = Inputs::new(share, peer, Arc::clone(log))?;
        let params = inputs.params(label)?;
        let (session, first) = Session::start(params, identity, inputs, rng)?;
        setups.push(PeerSetup { peer, session, first });
    }
    Ok(setups)
}
