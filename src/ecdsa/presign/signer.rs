//! One party in one session of presigning: what it brings.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::tables::{SchemeGadget, gadget};
use crate::curve::{PublicScalar, Scalar};
use crate::ecdsa::EcdsaScheme;
use crate::ecdsa::burn::BurnLog;
use crate::ecdsa::pairs::{PairStates, SessionPair};
use crate::error::{Abort, Fault, Usage};
use crate::key::{KeyShare, PublicKeyPackage};
use crate::mul::rvole::Batch;
use crate::party::{PartyId, SessionParams};
use crate::round::Inbox;
use crate::secret::Secret;
use crate::sharing::lagrange_at_zero;
use crate::transcript::Transcript;
use crate::wire::Shape;

/// What one party brings to a session: its part of the key, its pairs with the other signers. Goes into one
/// session.
pub struct Signer<S: EcdsaScheme> {
    pub(super) key: PublicKeyPackage<S>,
    pub(super) me: PartyId,
    /// S, in ascending order.
    pub(super) signers: Vec<PartyId>,
    /// λ_i for each of them.
    pub(super) lambdas: Vec<PublicScalar<S::Curve>>,
    pub(super) batch: Batch,
    /// With each of the others, in ascending order.
    pub(super) pairs: Vec<SessionPair>,
    /// λ_i·s_i
    pub(super) part: Secret<Scalar<S::Curve>>,
    pub(super) gadget: Arc<SchemeGadget<S>>,
}

impl<S: EcdsaScheme> Signer<S> {
    /// A signer of `params`, whose parties are the set of signers: at least t, all of them parties of the key.
    ///
    /// `batch` is how many presignatures are made at once, 1 to 256.
    ///
    /// # Errors
    /// [`Usage::TooMany`] for another `batch`, before anything is allocated for it; [`Usage::UnknownParty`],
    /// [`Usage::OtherIdentity`], [`Usage::InvalidThreshold`] if the parameters are not those of the key;
    /// [`Usage::RefreshFirst`]; those of [`PairStates::session_pairs`].
    pub fn new(
        params: &SessionParams,
        share: &KeyShare<S>,
        pairs: &PairStates<S>,
        log: &dyn BurnLog,
        batch: usize,
    ) -> Result<Self, Usage> {
        // 6.1
        let batch = Batch::new(batch).ok_or(Usage::TooMany)?;
        let key = share.public();
        key.check_refreshed()?;
        if params.me() != share.me() {
            return Err(Usage::UnknownParty(params.me()));
        }
        if params.threshold() != key.threshold() {
            return Err(Usage::InvalidThreshold);
        }
        check_parties(params, key)?;
        let signers: Vec<PartyId> = params.parties().ids().collect();
        let pairs = pairs.session_pairs(share, &signers, log)?;
        let lambdas = lagrange_at_zero::<S::Curve>(&signers).ok_or(Usage::WrongNumberOfSigners)?;
        let mine = signers.iter().zip(&lambdas).find(|(id, _)| **id == share.me());
        let (_, lambda) = mine.ok_or(Usage::UnknownParty(share.me()))?;
        let part = Secret::new(*lambda.value() * share.secret().expose());
        let (key, me, gadget) = (key.clone(), share.me(), gadget::<S>());
        Ok(Self { key, me, signers, lambdas, batch, pairs, part, gadget })
    }

    /// What fixes the lengths of the messages.
    pub fn shape(&self) -> Shape {
        let threshold = self.key.threshold().get().into();
        Shape { threshold, parties: self.signers.len(), batch: self.batch.get() }
    }

    /// The public package of the key.
    pub fn key(&self) -> &PublicKeyPackage<S> {
        &self.key
    }

    /// Adds this party's part of the key to a seed: a hedge against a bad generator.
    pub(in crate::ecdsa) fn hedge(&self, seed: Transcript) -> Transcript {
        seed.scalar::<S::Curve>(self.part.expose())
    }

    /// The index of each presignature of the batch.
    pub(super) fn indices(&self) -> impl Iterator<Item = u32> + use<S> {
        (0..).take(self.batch.get())
    }

    /// The messages, in the order of the pairs.
    pub(super) fn in_order<M>(&self, inbox: Inbox<M>) -> Result<Vec<M>, Abort> {
        let peers = self.pairs.iter().map(|pair| pair.peer());
        if !peers.eq(inbox.iter().map(|(id, _)| id)) {
            return Err(Abort::nobody(Fault::BroadcastsDiffer));
        }
        Ok(inbox.into_iter().map(|(_, message)| message).collect())
    }

    /// No pair may have been burned meanwhile, by whatever session on whatever copy of the states.
    pub(super) fn check_pairs(&self, log: &dyn BurnLog) -> Result<(), Abort> {
        self.pairs.iter().try_for_each(|pair| pair.check_on_record(log))
    }
}

/// Whether the parties of a session are parties of the key, with the identity keys that it knows them by.
///
/// # Errors
/// [`Usage::UnknownParty`], [`Usage::OtherIdentity`].
pub(in crate::ecdsa) fn check_parties<S: EcdsaScheme>(
    params: &SessionParams,
    key: &PublicKeyPackage<S>,
) -> Result<(), Usage> {
    for (id, identity) in params.parties().iter() {
        if !key.parties().contains(id) {
            return Err(Usage::UnknownParty(id));
        }
        let known = key.parties().identity(id);
        if identity.as_ref().zip(known).is_some_and(|(given, known)| given != known) {
            return Err(Usage::OtherIdentity);
        }
    }
    Ok(())
}

impl<S: EcdsaScheme> fmt::Debug for Signer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({:?} of {:?}, {} at a time)", self.me, self.signers, self.batch.get())
    }
}
