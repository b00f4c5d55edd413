//! Presigning: everything of a signature but the message, in two rounds, many at a time.
//!
//! Each party draws a part of the nonce and of a mask, and multiplies both, pair by pair, with the nonce and
//! with the key. `docs/ecdsa.md` numbers the steps that the code cites.
//!
//! Source: DKLs23 (Doerner, Kondi, Lee, Shelat, eprint 2023/765), Protocol 3.6. Where we differ:
//! - in step 8 the second consistency check is against `pk_j` (misprinted), and both checks are one;
//! - commitment and opening are broadcast, and everything hangs on the view: all inputs, everybody's round 1;
//! - R is re-randomised when the message is known, so the rounds can run ahead of it;
//! - no failure bans: it burns the pair ([`super::burn`]), and a fresh setup is the way back;
//! - if the key images do not add up, an extra round finds who is to blame.
//!
//! [`Presign`] is for a [`Session`](crate::session::Session). The rounds are public for those who read the
//! papers, or have channels of their own: [`start`], then [`Round1`], [`Round2`], and if that ends in
//! [`Finish::Blame`], [`Round3`].

mod messages;
mod protocol;
mod round1;
mod round2;
mod round3;
mod signer;
mod tables;
#[cfg(test)]
pub(super) mod tests;

use alloc::vec::Vec;

use rand_core::CryptoRng;

pub use self::messages::{Commit, Dealt, Greeting, Invitation, Opening, Ties, ToPeer, ZeroShares};
pub use self::protocol::{Inputs, Presign};
pub(super) use self::protocol::{Log, first, judge, limits, second, third};
pub use self::round1::Round1;
pub use self::round2::{Finish, Round2};
pub use self::round3::Round3;
pub use self::signer::Signer;
pub(super) use self::signer::check_parties;

use super::EcdsaScheme;
use crate::error::Usage;
use crate::key::Scheme;
use crate::mul::rvole::{Receiver, Sender};
use crate::party::{Base, PartyId};
use crate::secret::fresh;
use crate::transcript::Transcript;

/// What of round 1 is for one peer each.
pub type Invitations<S> = Vec<(PartyId, Invitation<<S as EcdsaScheme>::Parameters>)>;

/// What of round 2 is for one peer each.
pub type Answers<S> = Vec<(PartyId, ToPeer<S>)>;

/// What comes of round 1: the next round, the opening for all, the rest for one peer each.
pub type Opened<S> = (Round2<S>, Opening<<S as Scheme>::Curve>, Answers<S>);

/// As the receiver of a multiplication.
type AsReceiver<S> = Receiver<<S as Scheme>::Curve, <S as EcdsaScheme>::Parameters>;

/// As its sender.
type AsSender<S> = Sender<<S as Scheme>::Curve, <S as EcdsaScheme>::Parameters>;

/// Starts presigning by hand: the commitment is for all, each invitation for one, signed and readable.
///
/// `base` is a digest of everything that the parties must agree on beforehand, and `hello` starts with
/// 32 fresh bytes. A [`Session`](crate::session::Session) sees to both, signs, seals and compares what
/// everybody got; without it that is on the caller.
///
/// # Errors
/// [`Usage::Malformed`] for a shorter `hello`, [`Usage::BrokenRng`], [`Usage::SetupNeeded`].
pub fn start<S: EcdsaScheme>(
    signer: Signer<S>,
    base: Base,
    hello: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(Round1<S>, Commit, Invitations<S>), Usage> {
    let draws = Transcript::new("ecdsa-presign-draws").field(fresh(rng)?.expose()).field(base.as_bytes());
    let mut draws = signer.hedge(draws).rng();
    Round1::start(signer, base, hello, &mut draws)
}
