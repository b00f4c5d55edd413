//! What the peers of a party do after its share was repaired.

use super::burn::{BurnLog, note_strikes};
use super::pairs::PairStates;
use super::scheme::EcdsaScheme;
use crate::error::Usage;
use crate::key::KeyShare;
use crate::keygen::repair::Lost;

/// Takes note that a peer lost its share and has it back: its identity key is the one given, the strikes against
/// it stay, and the pairs with it are gone. It has lost its side of them.
///
/// Store the share, then the pair states; then run a setup with the peer, as
/// [`PairStates::missing`] says. Discard every presignature whose signers the peer is among: it can complete none.
///
/// # Security
/// Strikes are counted for an identity key. Those of the former key go into the share here, and from there into the
/// log's account of the new one at the next session or setup with it, so that nobody gets rid of strikes by losing a
/// share. If an operator had forgiven some of them, they count again, until an operator forgives them anew.
///
/// # Errors
/// [`Usage::OtherKey`], [`Usage::OtherSharing`], [`Usage::OtherIdentity`] if the states are not of this share,
/// [`Usage::UnknownParty`], [`Usage::DuplicateIdentity`], [`Usage::StoreFailed`]: no pair is gone then, and the
/// identity is the former one.
///
/// # Examples
/// ```
/// use cosigil::ecdsa::burn::BurnLog;
/// use cosigil::ecdsa::pairs::PairStates;
/// use cosigil::ecdsa::{Secp256k1Ecdsa, after_repair};
/// use cosigil::keygen::repair::Lost;
/// use cosigil::{KeyShare, PartyId, Usage};
///
/// /// A setup with the repaired party is due, and nobody else's pair is touched.
/// fn repaired(
///     share: &mut KeyShare<Secp256k1Ecdsa>,
///     pairs: &mut PairStates<Secp256k1Ecdsa>,
///     log: &dyn BurnLog,
///     lost: Lost,
/// ) -> Result<Vec<PartyId>, Usage> {
///     after_repair(share, pairs, log, lost)?;
///     Ok(pairs.missing(share))
/// }
/// ```
pub fn after_repair<S: EcdsaScheme>(
    share: &mut KeyShare<S>,
    states: &mut PairStates<S>,
    log: &dyn BurnLog,
    lost: Lost,
) -> Result<(), Usage> {
    states.belong_to(share)?;
    note_strikes(share, log)?;
    share.set_identity(lost.id, lost.identity)?;
    states.forget(lost.id);
    Ok(())
}
