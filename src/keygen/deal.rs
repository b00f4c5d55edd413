//! What one dealing is about, its hashes, and the checks that rounds and judges share.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use group::Group;

use super::messages::{Commit, Opening, Share};
use crate::commitment::HashCommitment;
use crate::curve::{Curve, Uncleared};
use crate::error::Usage;
use crate::key::{PublicKeyPackage, Scheme, chain_code_digest};
use crate::party::{Base, KeyId, Parties, PartyId, SessionParams, Sharing, Threshold, View};
use crate::round::broadcasts_digest;
use crate::secret::Secret;
use crate::sharing::Commitment;
use crate::transcript::Transcript;
use crate::wire::{Shape, UnclearedElement, Wire};

/// Who deals to whom, with which threshold, of which key.
///
/// Key generation is the case in which every holder deals a random secret and there is no old key.
#[derive(Clone, Debug)]
pub(super) struct Terms<S: Scheme> {
    pub(super) me: PartyId,
    pub(super) base: Base,
    /// D, ascending.
    pub(super) dealers: Vec<PartyId>,
    /// N.
    pub(super) holders: Parties,
    /// t', of the sharing to come.
    pub(super) threshold: Threshold,
    /// How many sharings of the key came before.
    pub(super) number: u32,
    /// Whether one machine has the whole key, before or afterwards.
    pub(super) dealt: bool,
    /// What this party has against its peers, to be carried over.
    pub(super) strikes: Vec<(PartyId, u8)>,
    pub(super) old: Option<Old<S>>,
}

/// What everybody knows of the key that is dealt anew; its package is in the base.
#[derive(Clone, Debug)]
pub(super) struct Old<S: Scheme> {
    pub(super) key_id: KeyId,
    /// H(cc), which the private parts must fit.
    pub(super) chain_code_digest: [u8; 32],
    /// Y_i = λ_i·S_i for every dealer, which A_{i,0} must be.
    pub(super) constants: BTreeMap<PartyId, <S::Curve as Curve>::Point>,
}

impl<S: Scheme> Terms<S> {
    /// Key generation: every party deals, every party holds.
    pub(super) fn keygen(params: &SessionParams, base: Base) -> Self {
        Self {
            me: params.me(),
            base,
            dealers: params.parties().ids().collect(),
            holders: params.parties().clone(),
            threshold: params.threshold(),
            number: 0,
            dealt: false,
            strikes: Vec::new(),
            old: None,
        }
    }

    pub(super) fn deals(&self, id: PartyId) -> bool {
        self.dealers.binary_search(&id).is_ok()
    }

    pub(super) fn shape(&self) -> Shape {
        Shape { threshold: self.threshold.get().into(), parties: self.holders.len(), batch: 1 }
    }

    /// Whether A_{i,0} is the dealer's part of the key that is dealt anew, if one is.
    pub(super) fn constant_is_right(&self, dealer: PartyId, opening: &Opening<S::Curve>) -> bool {
        let Some(old) = &self.old else { return true };
        let constant = opening.coefficients.first().map(|element| element.point().clear());
        constant.is_some() && constant.as_ref() == old.constants.get(&dealer)
    }

    /// Whether a private part is right: it decoded, its chain code is the one committed to (and the
    /// old key's, if there is one), and its share lies on the dealer's polynomial.
    pub(super) fn share_is_right(
        &self,
        dealer: PartyId,
        opening: &Opening<S::Curve>,
        receiver: PartyId,
        share: Option<&Share<S::Curve>>,
    ) -> bool {
        share.is_some_and(|share| {
            self.chain_code_is_right(dealer, opening, share) && share_lies_on(opening, receiver, share)
        })
    }

    /// The part of [`Self::share_is_right`] about the chain code.
    pub(super) fn chain_code_is_right(
        &self,
        dealer: PartyId,
        opening: &Opening<S::Curve>,
        share: &Share<S::Curve>,
    ) -> bool {
        let of_old_key = |old: &Old<S>| chain_code_digest(&share.chain_code.0) == old.chain_code_digest;
        chain_code_fits(&self.base, dealer, opening, share) && self.old.as_ref().is_none_or(of_old_key)
    }

    /// The public package of the sharing that these openings make.
    ///
    /// # Errors
    /// What a package may not be.
    pub(super) fn package(
        &self,
        transcript: &[u8; 32],
        joint: Commitment<S::Curve>,
        cc: [u8; 32],
    ) -> Result<PublicKeyPackage<S>, Usage> {
        let (key_id, sharing) = self.names(transcript, &joint, &cc);
        let (number, holders) = ((self.number, sharing), self.holders.clone());
        let package = PublicKeyPackage::new(key_id, number, self.threshold, holders, joint, cc)?;
        Ok(package.marked(self.dealt))
    }

    /// The name of the key, and of this sharing of it.
    fn names(&self, transcript: &[u8; 32], joint: &Commitment<S::Curve>, cc: &[u8; 32]) -> (KeyId, Sharing) {
        let fresh = || Transcript::new("key").field(transcript).point::<S::Curve>(&joint.constant()).field(cc).digest();
        let key_id = self.old.as_ref().map_or_else(|| KeyId::from_bytes(fresh()), |old| old.key_id);
        (key_id, sharing(key_id, self.number, transcript))
    }
}

/// sharing = H("sharing"; key_id, number, T).
pub(super) fn sharing(key_id: KeyId, number: u32, transcript: &[u8; 32]) -> Sharing {
    let hash = Transcript::new("sharing").field(key_id.as_bytes()).number(number.into()).field(transcript);
    Sharing::from_bytes(hash.digest())
}

/// k_i = H("cc"; base, i, cc_i).
pub(super) fn chain_code_commitment(base: &Base, dealer: PartyId, chain_code: &Secret<[u8; 32]>) -> [u8; 32] {
    Transcript::new("cc").field(base.as_bytes()).party(dealer).field(chain_code.expose()).digest()
}

/// cc = H("chain"; view, cc_1, …, cc_n).
pub(super) fn chain_code<'a>(
    view: &View,
    parts: impl ExactSizeIterator<Item = &'a Secret<[u8; 32]>>,
) -> Secret<[u8; 32]> {
    Transcript::new("chain").field(view.as_bytes()).list(parts.map(Secret::expose)).secret()
}

/// What C_i commits to: everything that the opening holds but the proof.
pub(super) fn committed<C: Curve>(
    base: &Base,
    dealer: PartyId,
    hello: &[u8],
    coefficients: &[UnclearedElement<C>],
    chain_code: &[u8; 32],
) -> Transcript {
    let head = Transcript::new("deal").field(base.as_bytes()).party(dealer).field(hello);
    statement(head, coefficients).field(chain_code)
}

/// The transcript of the proof of all coefficients.
pub(super) fn proof_transcript<C: Curve>(
    view: &View,
    dealer: PartyId,
    coefficients: &[UnclearedElement<C>],
) -> Transcript {
    statement(Transcript::new("pok").field(view.as_bytes()).party(dealer), coefficients)
}

/// Adds t and the coefficients, as they travel: all of one length, so in one field.
fn statement<C: Curve>(transcript: Transcript, coefficients: &[UnclearedElement<C>]) -> Transcript {
    let count = u64::try_from(coefficients.len()).unwrap_or(u64::MAX);
    let mut bytes = Vec::with_capacity(coefficients.len() * C::POINT_LEN);
    coefficients.iter().for_each(|element| bytes.extend_from_slice(element.as_bytes()));
    transcript.number(count).field(&bytes)
}

/// The transcript of the proof in a confirm.
pub(super) fn confirm_transcript(view: &View, transcript: &[u8; 32], id: PartyId) -> Transcript {
    Transcript::new("confirm").field(view.as_bytes()).field(transcript).party(id)
}

/// T, over all openings as they travel.
pub(super) fn transcript_digest<C: Curve>(
    view: &View,
    openings: &BTreeMap<PartyId, Opening<C>>,
    shape: &Shape,
) -> [u8; 32] {
    let bodies: Vec<_> = openings.iter().map(|(id, opening)| (*id, opening.encode(shape))).collect();
    broadcasts_digest(view, 2, bodies.iter().map(|(id, body)| (*id, body.as_slice())))
}

/// The points of an opening, as they travel.
pub(super) fn points<C: Curve>(opening: &Opening<C>) -> Vec<Uncleared<C>> {
    opening.coefficients.iter().map(|element| *element.point()).collect()
}

/// Whether an opening fits its commitment.
pub(super) fn opens<C: Curve>(
    base: &Base,
    dealer: PartyId,
    hello: &[u8],
    commit: &Commit,
    opening: &Opening<C>,
) -> bool {
    let value = committed(base, dealer, hello, &opening.coefficients, &opening.chain_code);
    HashCommitment(commit.commitment).opens_to(value, &opening.blinding)
}

/// Whether the proof of all coefficients verifies.
pub(super) fn proof_holds<C: Curve>(view: &View, dealer: PartyId, opening: &Opening<C>) -> bool {
    opening.proof.verify(&points(opening), proof_transcript(view, dealer, &opening.coefficients))
}

/// Whether cc_i hashes to k_i.
pub(super) fn chain_code_fits<C: Curve>(base: &Base, dealer: PartyId, opening: &Opening<C>, share: &Share<C>) -> bool {
    chain_code_commitment(base, dealer, &share.chain_code.0) == opening.chain_code
}

/// Whether f_i(j)·G = Σ_k j^k·A_{i,k}.
pub(super) fn share_lies_on<C: Curve>(opening: &Opening<C>, receiver: PartyId, share: &Share<C>) -> bool {
    let cleared = opening.coefficients.iter().map(|element| element.point().clear()).collect();
    Commitment::<C>::new(cleared).is_some_and(|commitment| commitment.has_share(receiver, &share.share.0))
}

/// Σ_i A_{i,k} for every k, cleared; `None` if one of them is the identity.
///
/// A constant term of identity is no key. One of another degree would lower the threshold, or could not
/// be encoded; nobody can bring either about after committing, but with a chance of 2^-252.
pub(super) fn joint_commitment<'a, C: Curve>(
    openings: impl IntoIterator<Item = &'a Opening<C>>,
) -> Option<Commitment<C>> {
    let mut openings = openings.into_iter();
    let mut sums = points(openings.next()?);
    for opening in openings {
        sums.iter_mut().zip(&opening.coefficients).for_each(|(sum, element)| *sum = *sum + *element.point());
    }
    let cleared: Vec<C::Point> = sums.iter().map(Uncleared::clear).collect();
    let complete = !cleared.iter().any(|point| bool::from(point.is_identity()));
    Commitment::new(cleared).filter(|_| complete)
}
