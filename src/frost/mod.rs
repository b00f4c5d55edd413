//! FROST: threshold Schnorr signatures in two rounds, RFC 9591 to the byte.
//!
//! Source: RFC 9591; Komlo, Goldberg, "FROST" (eprint 2020/852). The numbered steps are in
//! `docs/frost.md`.
//!
//! Three calls for a coordinator and its signers, over channels of their own: [`commit`], [`sign`],
//! [`aggregate`]. Signers that talk to each other over a relay run [`Signing`] in a
//! [`Session`](crate::session::Session).
//!
//! # Examples
//! Parties 1 and 3 of a 2-of-3 key sign; the coordinator may be one of them, or anybody.
//!
//! ```
//! use cosigil::frost::{self, CommitmentList, Ed25519Sha512, SigningRequest};
//! use cosigil::{Parties, PartyId, Threshold, hazmat};
//! # use cosigil::{Secret, Transcript, curve};
//! # let mut rng = Transcript::new("frost-example").rng();
//! # let secret: Secret<curve::Scalar<curve::Ed25519>> = curve::random_scalar::<curve::Ed25519>(&mut rng);
//! # let ids = [1, 2, 3].map(|id| PartyId::new(id).unwrap());
//! # let parties = Parties::without_identities(ids)?;
//! // Key generation gives each party its share; here a dealer stands in for it.
//! let key_shares = hazmat::split::<Ed25519Sha512>(&secret, Threshold::new(2)?, &parties, &mut rng)?;
//! let signers = [&key_shares[0], &key_shares[2]];
//! let public = key_shares[0].public();
//!
//! // Round one, without knowing the message: each signer keeps its nonces, and sends the commitments.
//! let (nonces_1, commitments_1) = frost::commit(signers[0], &mut rng)?;
//! let (nonces_3, commitments_3) = frost::commit(signers[1], &mut rng)?;
//! let list = CommitmentList::new([(signers[1].me(), commitments_3), (signers[0].me(), commitments_1)])?;
//!
//! // Round two: each signer signs what its own application has approved.
//! let request = SigningRequest::new(b"pay 1 to Alice");
//! let share_1 = frost::sign(signers[0], nonces_1, &request, &list)?;
//! let share_3 = frost::sign(signers[1], nonces_3, &request, &list)?;
//!
//! // The coordinator gets a verified signature, or the names of all who spoiled it.
//! let shares = [(signers[0].me(), share_1), (signers[1].me(), share_3)];
//! let signature: ed25519_dalek::Signature = frost::aggregate(public, &request, &list, shares)?;
//! assert!(public.verifying_key()?.verify_strict(b"pay 1 to Alice", &signature).is_ok());
//! # Ok::<(), cosigil::Error>(())
//! ```

mod aggregate;
mod combined;
mod list;
mod nonces;
mod request;
pub mod schnorr;
mod session;
mod sign;
mod suite;

use alloc::vec::Vec;

pub use self::aggregate::{aggregate, verify_share};
pub use self::combined::{BindingFactor, binding_factors};
pub use self::list::CommitmentList;
pub(crate) use self::nonces::commit_with_randomness;
pub use self::nonces::{MAX_PREPROCESSED, NonceCommitments, NoncePool, Nonces, commit, preprocess};
pub use self::request::SigningRequest;
use self::schnorr::NO_SHAPE;
pub use self::session::{Round1, Round2, Signing, SigningInputs};
pub use self::sign::{SignError, SignatureShare, sign};
pub use self::suite::{
    AsIs, Bip340, Ed25519Keccak512, Ed25519Sha512, Hash, InTree, KeyUse, Normal, P256Sha256, Place, Ristretto255Sha512,
    RootOnly, Secp256k1Sha256, Suite, TaprootOutput, Wide, Xmd,
};
use crate::error::Usage;
use crate::record::{self, Kind};
use crate::wire::Reader;

/// Writes a public record of a suite.
fn write_record<S: Suite>(kind: Kind, size: usize, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    record::write(kind, S::NAME, size, body).to_vec()
}

/// Reads a record of a suite to its end.
fn read_record<S: Suite, T>(
    bytes: &[u8],
    kind: Kind,
    body: impl FnOnce(&mut Reader<'_>) -> Result<T, Usage>,
) -> Result<T, Usage> {
    let mut input = record::read(bytes, kind, S::NAME)?;
    let value = body(&mut input)?;
    input.finish().ok_or(Usage::Malformed)?;
    Ok(value)
}

#[cfg(test)]
mod tests;
