//! The coordinator: adds the shares up, verifies, and names whoever spoiled it.
//!
//! Source: RFC 9591, sections 5.3 and 5.4. Where we differ: the signature is verified by the scheme's
//! ordinary verifier before anybody gets it, and only if it fails is any share looked at: one culprit is
//! found by two sums, more of them in halves, by one weighted equation each, then one by one.

use alloc::vec::Vec;

use group::Group;

use super::combined::{Combined, coefficient};
use super::list::CommitmentList;
use super::request::{SigningRequest, Target};
use super::sign::SignatureShare;
use super::suite::Suite;
use crate::curve::{Curve, PublicScalar, msm_vartime, multiply_by_small_vartime, x_coordinate};
use crate::error::{Abort, Error, Fault, Usage};
use crate::key::{PublicKeyPackage, Scheme};
use crate::party::PartyId;
use crate::proof::Weights;
use crate::sharing::lagrange_at_zero;
use crate::transcript::Transcript;

/// Puts the signature together out of the shares of all signers in the list, and verifies it.
///
/// # Security
/// What it says of culprits holds as the caller sees it: a signer that was served another list than this
/// one gives a share that is wrong here. So nobody is banned for it: the abort has no consequences. In a
/// [`Session`](crate::session::Session) all have seen the same list, and it has.
///
/// # Errors
/// - An abort [`Fault::BadSignatureShare`] that names *all* signers whose share is wrong.
/// - An abort [`Fault::IdentityNonce`] if the commitments cancel out.
/// - [`Usage::WrongInbox`] for a signer whose share is missing or who is not in the list,
///   [`Usage::DuplicateParty`], [`Usage::WrongNumberOfSigners`], [`Usage::UnknownParty`].
///
/// # Examples
/// See [`crate::frost`].
pub fn aggregate<S: Suite>(
    public: &PublicKeyPackage<S>,
    request: &SigningRequest<S>,
    list: &CommitmentList<S>,
    shares: impl IntoIterator<Item = (PartyId, SignatureShare<S>)>,
) -> Result<S::Signature, Error> {
    list.check_signers(public)?;
    let shares = in_order(list, shares)?; // 4.1
    let combined = Combined::new(Target::new(public, request)?, request.message(), list)?;
    Ok(finish(public, &combined, request.message(), list, &shares).map_err(Abort::without_consequences)?)
}

/// Checks one signer's share against its public share and its commitments.
///
/// That a share passes is no proof of who made it: see [`SignatureShare`].
///
/// # Errors
/// An abort [`Fault::BadSignatureShare`] that names the signer, or [`Fault::IdentityNonce`];
/// [`Usage::UnknownParty`], [`Usage::WrongNumberOfSigners`].
pub fn verify_share<S: Suite>(
    public: &PublicKeyPackage<S>,
    request: &SigningRequest<S>,
    list: &CommitmentList<S>,
    signer: PartyId,
    share: &SignatureShare<S>,
) -> Result<(), Error> {
    list.check_signers(public)?;
    let position = list.position(signer).ok_or(Usage::UnknownParty(signer))?;
    let combined = Combined::new(Target::new(public, request)?, request.message(), list)?;
    let lambda = coefficient(signer, list.signers());
    let entries = entries(&combined, list, &[(position, lambda, *share)]);
    if entries.first().is_some_and(|entry| entry.holds(public, &combined)) {
        return Ok(());
    }
    Err(Abort::of(Fault::BadSignatureShare, [signer]).without_consequences().into())
}

/// The shares in the list's order: exactly one of each signer.
fn in_order<S: Suite>(
    list: &CommitmentList<S>,
    shares: impl IntoIterator<Item = (PartyId, SignatureShare<S>)>,
) -> Result<Vec<SignatureShare<S>>, Usage> {
    let mut ordered: Vec<Option<SignatureShare<S>>> = alloc::vec![None; list.len()];
    for (id, share) in shares {
        let place = list.position(id).and_then(|position| ordered.get_mut(position)).ok_or(Usage::WrongInbox(id))?;
        if place.replace(share).is_some() {
            return Err(Usage::DuplicateParty(id));
        }
    }
    ordered.into_iter().zip(list.signers()).map(|(share, id)| share.ok_or(Usage::WrongInbox(id))).collect()
}

/// 4.2 to 4.6: the verified signature, or everybody who spoiled it.
pub(super) fn finish<S: Suite>(
    public: &PublicKeyPackage<S>,
    combined: &Combined<S>,
    message: &[u8],
    list: &CommitmentList<S>,
    shares: &[SignatureShare<S>],
) -> Result<S::Signature, Abort> {
    let response = shares.iter().map(SignatureShare::scalar).sum(); // 4.2
    let signature = S::signature(&combined.nonce, &response);
    let key = S::verifying_key(&combined.target.key);
    match (signature, key) {
        (Some(signature), Some(key)) if S::verify(&key, message, &signature) => Ok(signature), // 4.3
        _ => Err(blame(public, combined, list, shares)),
    }
}

/// scalar·point, in a sum.
type Term<C> = (PublicScalar<C>, <C as Curve>::Point);

/// A signer's place in the list, its λ and its share.
type Given<S> = (usize, PublicScalar<<S as Scheme>::Curve>, SignatureShare<S>);

/// One signer's equation: z·G = ±(D + ρ·E) + c·λ·Y.
struct Entry<S: Suite> {
    signer: PartyId,
    response: PublicScalar<S::Curve>, // z
    nonce: [Term<S::Curve>; 2],       // ±(D + ρ·E)
    factor: PublicScalar<S::Curve>,   // c·λ
}

fn entries<S: Suite>(combined: &Combined<S>, list: &CommitmentList<S>, of: &[Given<S>]) -> Vec<Entry<S>> {
    let one = combined.nonce.signed(PublicScalar::ONE);
    let entry = |(position, lambda, share): &Given<S>| {
        let (signer, commitments) = list.iter().nth(*position)?;
        let rho = combined.factors.get(*position)?;
        let nonce = [(one, *commitments.hiding_point()), (one * *rho, *commitments.binding_point())];
        Some(Entry { signer, response: share.scalar(), nonce, factor: combined.challenge * *lambda })
    };
    of.iter().filter_map(entry).collect()
}

impl<S: Suite> Entry<S> {
    /// The equation by itself. Names come from here only.
    fn holds(&self, public: &PublicKeyPackage<S>, combined: &Combined<S>) -> bool {
        let Ok(image) = public.verifying_share(self.signer) else { return false };
        let [hiding, binding] = self.nonce;
        let right = msm_vartime::<S::Curve>(&[hiding, binding, (self.factor, combined.target.tweak.point(&image))]);
        bool::from((S::Curve::mul_base(self.response.value()) - right).is_identity())
    }
}

/// All whose equation does not hold.
fn blame<S: Suite>(
    public: &PublicKeyPackage<S>,
    combined: &Combined<S>,
    list: &CommitmentList<S>,
    shares: &[SignatureShare<S>],
) -> Abort {
    let ids: Vec<PartyId> = list.signers().collect();
    let lambdas = lagrange_at_zero::<S::Curve>(&ids).unwrap_or_default();
    let of: Vec<_> = shares.iter().zip(lambdas).enumerate().map(|(k, (share, lambda))| (k, lambda, *share)).collect();
    let entries = entries(combined, list, &of);
    let weights = weights::<S>(combined, shares).take(entries.len());
    let batch = Batch { public, combined, rows: entries.iter().zip(weights).collect() };
    let culprits = batch.only_culprit(shares).map(|id| alloc::vec![id]).unwrap_or_else(|| {
        let mut culprits = Vec::new();
        batch.search(&batch.rows, true, &mut culprits); // 4.5
        culprits
    });
    let fault = if culprits.is_empty() { Fault::BadSignature } else { Fault::BadSignatureShare };
    Abort::of(fault, culprits)
}

/// Weights for this batch, drawn from everything in it: no generator is at hand here.
fn weights<S: Suite>(combined: &Combined<S>, shares: &[SignatureShare<S>]) -> Weights {
    let transcript = Transcript::new("frost-weights")
        .field(S::NAME.as_bytes())
        .field(combined.target.key.as_bytes())
        .field(combined.nonce.as_bytes())
        .list(combined.factors.iter().map(PublicScalar::encode))
        .list(shares.iter().map(SignatureShare::encoding));
    Weights::new(&transcript.fork().digest(), &mut transcript.rng())
}

/// An equation and its weight.
type Row<'a, S> = (&'a Entry<S>, PublicScalar<<S as Scheme>::Curve>);

struct Batch<'a, S: Suite> {
    public: &'a PublicKeyPackage<S>,
    combined: &'a Combined<S>,
    rows: Vec<Row<'a, S>>,
}

impl<S: Suite> Batch<'_, S> {
    /// Rows this few are checked one by one.
    const SINGLE: usize = 4;

    /// Collects the culprits among some rows, of which it is known, or not, that one is wrong.
    fn search(&self, rows: &[Row<'_, S>], known_wrong: bool, culprits: &mut Vec<PartyId>) {
        if rows.len() <= Self::SINGLE {
            let wrong = rows.iter().filter(|(entry, _)| !entry.holds(self.public, self.combined));
            culprits.extend(wrong.map(|(entry, _)| entry.signer));
            return;
        }
        if !known_wrong && self.hold(rows) {
            return;
        }
        let (left, right) = rows.split_at(rows.len() / 2);
        let left_wrong = !self.hold(left);
        if left_wrong {
            self.search(left, true, culprits);
        }
        // Something here is wrong: if it is not on the left, it is on the right.
        self.search(right, !left_wrong, culprits);
    }

    /// 4.4: if one share alone is wrong, by e, the sum of all equations is off by e·G, and the sum weighted
    /// with the ids by id·e·G: that tells the id. Then its own equation must fail and all others hold.
    fn only_culprit(&self, shares: &[SignatureShare<S>]) -> Option<PartyId> {
        let response: PublicScalar<S::Curve> = shares.iter().map(SignatureShare::scalar).sum();
        let key = msm_vartime::<S::Curve>(&[(self.combined.challenge, *self.combined.target.key.point())]);
        let off = S::Curve::mul_base(response.value()) - self.combined.nonce.point() - key;
        let weighted = self.off_by(self.rows.iter().map(|(entry, _)| (*entry, x_coordinate(entry.signer))));
        let at = |id: PartyId| multiply_by_small_vartime(&off, id.get()) == weighted;
        let (culprit, _) = self.rows.iter().find(|(entry, _)| at(entry.signer))?;
        let others = self.rows.iter().filter(|(entry, _)| entry.signer != culprit.signer).copied();
        let alone = !culprit.holds(self.public, self.combined) && bool::from(self.off_by(others).is_identity());
        alone.then_some(culprit.signer)
    }

    /// Whether the weighted sum of these equations holds.
    fn hold(&self, rows: &[Row<'_, S>]) -> bool {
        self.off_by(rows.iter().copied()).is_identity().into()
    }

    /// By how much the weighted sum of these equations is off. The public shares are taken together, through
    /// the coefficients of the joint commitment: Σ_i w_i·Y_i = Σ_k (Σ_i w_i·i^k)·A_k.
    fn off_by<'a>(&self, rows: impl Iterator<Item = Row<'a, S>>) -> <S::Curve as Curve>::Point {
        let points = self.public.commitment().points();
        let tweak = &self.combined.target.tweak;
        let mut response = PublicScalar::ZERO;
        let mut terms = Vec::with_capacity(2 * self.rows.len() + points.len());
        let mut coefficients = alloc::vec![PublicScalar::<S::Curve>::ZERO; points.len()];
        for (entry, weight) in rows {
            terms.extend(entry.nonce.map(|(scalar, point)| (scalar * weight, point)));
            let factor = entry.factor * weight;
            response += weight * entry.response - factor * tweak.offset();
            let (mut power, x) = (tweak.signed(factor), x_coordinate::<S::Curve>(entry.signer));
            for coefficient in &mut coefficients {
                *coefficient += power;
                power = power * x;
            }
        }
        terms.extend(coefficients.into_iter().zip(points.iter().copied()));
        S::Curve::mul_base(response.value()) - msm_vartime::<S::Curve>(&terms)
    }
}
