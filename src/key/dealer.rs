//! A trusted dealer, who has the whole key in one place, and the way back. Both are `hazmat`: this
//! library exists so that no machine ever holds a whole key.

use alloc::vec::Vec;

use ff::Field;
use rand_core::CryptoRng;

use super::share::{KeyShare, PublicKeyPackage, Scheme, chain_code_digest};
use crate::curve::Scalar;
use crate::error::Usage;
use crate::party::{KeyId, Parties, PartyId, Sharing, Threshold};
use crate::secret::Secret;
use crate::sharing::{Commitment, Polynomial, lagrange_at_zero};
use crate::transcript::Transcript;

/// Splits a secret into shares, one for each party.
///
/// # Security
/// The machine that calls this holds the whole key, and so did whatever gave it to it. Key generation
/// ([`crate::keygen`]) has no such machine.
///
/// # Errors
/// [`Usage::InvalidThreshold`], [`Usage::Identity`] for the secret 0.
pub fn split<S: Scheme>(
    secret: &Secret<Scalar<S::Curve>>,
    threshold: Threshold,
    parties: &Parties,
    rng: &mut impl CryptoRng,
) -> Result<Vec<KeyShare<S>>, Usage> {
    if threshold == Threshold::ONE {
        return Err(Usage::InvalidThreshold);
    }
    if bool::from(secret.expose().is_zero()) {
        return Err(Usage::Identity);
    }
    let polynomial = Polynomial::<S::Curve>::with_constant(secret, threshold.get().into(), rng);
    let mut chain_code = Secret::new([0; 32]);
    rng.fill_bytes(chain_code.expose_mut());
    share_out(&polynomial, &chain_code, threshold, parties, rng)
}

/// The shares of a polynomial and a chain code.
fn share_out<S: Scheme>(
    polynomial: &Polynomial<S::Curve>,
    chain_code: &Secret<[u8; 32]>,
    threshold: Threshold,
    parties: &Parties,
    rng: &mut impl CryptoRng,
) -> Result<Vec<KeyShare<S>>, Usage> {
    let commitment = Commitment::to(polynomial);
    let mut fresh = [0; 32];
    rng.fill_bytes(&mut fresh);
    let digest = chain_code_digest(chain_code);
    let dealt = Transcript::new("dealt")
        .field(S::NAME.as_bytes())
        .field(&fresh)
        .point::<S::Curve>(&commitment.constant())
        .field(&digest);
    let key_id = KeyId::from_bytes(dealt.fork().field(b"key").digest());
    let sharing = Sharing::from_bytes(dealt.field(b"sharing").digest());
    let public = PublicKeyPackage::new(key_id, (0, sharing), threshold, parties.clone(), commitment, digest)?;
    let share = |id| KeyShare::new(public.clone(), id, polynomial.evaluate(id), Secret::new(*chain_code.expose()));
    parties.ids().map(share).collect()
}

/// Puts the whole key together from t shares of one sharing.
///
/// # Security
/// Afterwards this machine holds the whole key.
///
/// # Errors
/// [`Usage::WrongNumberOfSigners`] for fewer than t, [`Usage::DuplicateParty`], [`Usage::OtherKey`],
/// [`Usage::OtherSharing`].
pub fn reconstruct<S: Scheme>(shares: &[KeyShare<S>]) -> Result<Secret<Scalar<S::Curve>>, Usage> {
    let first = shares.first().ok_or(Usage::WrongNumberOfSigners)?.public();
    if shares.len() < usize::from(first.threshold().get()) {
        return Err(Usage::WrongNumberOfSigners);
    }
    for share in shares {
        let public = share.public();
        if public.key_id() != first.key_id() {
            return Err(Usage::OtherKey);
        }
        if public.sharing() != first.sharing() {
            return Err(Usage::OtherSharing { ours: first.sharing(), theirs: public.sharing() });
        }
    }
    let ids: Vec<PartyId> = shares.iter().map(KeyShare::me).collect();
    let lambdas = lagrange_at_zero::<S::Curve>(&ids).ok_or_else(|| doubled(&ids))?;
    let mut sum = Secret::new(Scalar::<S::Curve>::ZERO);
    for (share, lambda) in shares.iter().zip(&lambdas) {
        *sum.expose_mut() += *share.secret().expose() * lambda.value();
    }
    Ok(sum)
}

/// The error for a list with an id twice.
fn doubled(ids: &[PartyId]) -> Usage {
    Parties::without_identities(ids.iter().copied()).err().unwrap_or(Usage::Malformed)
}
