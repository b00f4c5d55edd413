//! What all signers compute alike from the list of commitments: binding factors, R, the challenge.
//!
//! Source: RFC 9591, sections 4.3 to 4.6.

use alloc::vec::Vec;

use group::Group;

use super::list::{CommitmentList, rfc_id};
use super::request::{SigningRequest, Target};
use super::suite::{Normal, Suite};
use crate::curve::{Curve, PublicScalar, msm_vartime, x_coordinate};
use crate::error::{Abort, Error, Fault};
use crate::key::PublicKeyPackage;
use crate::party::PartyId;

/// A signer's binding factor and what it is the hash of, for those who compare two implementations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingFactor<S: Suite> {
    /// The signer.
    pub signer: PartyId,
    /// key ‖ H4(message) ‖ H5(list) ‖ id.
    pub input: Vec<u8>,
    /// ρ = H1(input).
    pub factor: PublicScalar<S::Curve>,
}

/// The binding factors of all signers, in the list's order. They are public; signing does not need them
/// from here.
///
/// # Errors
/// [`crate::Usage`] as for [`sign`](super::sign()).
pub fn binding_factors<S: Suite>(
    public: &PublicKeyPackage<S>,
    request: &SigningRequest<S>,
    list: &CommitmentList<S>,
) -> Result<Vec<BindingFactor<S>>, Error> {
    list.check_signers(public)?;
    let prefix = binding_prefix(&Target::new(public, request)?, request.message(), list);
    let factor = |signer| {
        let input = [&prefix[..], &rfc_id::<S>(signer)].concat();
        BindingFactor { signer, factor: S::h1(&[&input]), input }
    };
    Ok(list.signers().map(factor).collect())
}

/// key ‖ H4(message) ‖ H5(list): what all binding factors begin with, hashed once.
fn binding_prefix<S: Suite>(target: &Target<S>, message: &[u8], list: &CommitmentList<S>) -> Vec<u8> {
    let message = S::h4(message);
    let list = S::h5(&list.rfc_encoding());
    [target.key.as_bytes(), message.as_ref(), list.as_ref()].concat()
}

/// R and what goes with it, for one list, message and key.
#[derive(Clone, Debug)]
pub(super) struct Combined<S: Suite> {
    pub(super) target: Target<S>,
    pub(super) factors: Vec<PublicScalar<S::Curve>>, // ρ_i, in the list's order
    pub(super) nonce: Normal<S::Curve>,              // R
    pub(super) challenge: PublicScalar<S::Curve>,    // c
}

impl<S: Suite> Combined<S> {
    /// # Errors
    /// [`Fault::IdentityNonce`], naming nobody, if the commitments cancel out.
    pub(super) fn new(target: Target<S>, message: &[u8], list: &CommitmentList<S>) -> Result<Self, Abort> {
        let prefix = binding_prefix(&target, message, list);
        let factors: Vec<_> = list.signers().map(|id| S::h1(&[&prefix, &rfc_id::<S>(id)])).collect(); // 3.3
        let hiding = list.iter().fold(<S::Curve as Curve>::Point::identity(), |sum, (_, c)| sum + c.hiding_point());
        let terms: Vec<_> = factors.iter().zip(list.iter()).map(|(rho, (_, c))| (*rho, *c.binding_point())).collect();
        let sum = hiding + msm_vartime::<S::Curve>(&terms); // 3.4
        let nonce = group_nonce::<S>(&sum)?;
        let challenge = S::challenge(&nonce, &target.key, message); // 3.5
        Ok(Self { target, factors, nonce, challenge })
    }
}

/// R in its normal form; the identity is refused, and nobody can be named for it.
pub(super) fn group_nonce<S: Suite>(sum: &<S::Curve as Curve>::Point) -> Result<Normal<S::Curve>, Abort> {
    if bool::from(sum.is_identity()) { Err(Abort::nobody(Fault::IdentityNonce)) } else { Ok(S::normalize(sum)) }
}

/// λ of one signer among others: Π j/(j − i) over all other ids j. 0 if it is there twice.
pub(super) fn coefficient<C: Curve>(signer: PartyId, signers: impl Iterator<Item = PartyId>) -> PublicScalar<C> {
    let own = x_coordinate::<C>(signer);
    let start = (PublicScalar::ONE, PublicScalar::ONE);
    let (numerator, denominator) = signers.filter(|id| *id != signer).fold(start, |(numerator, denominator), id| {
        let x = x_coordinate::<C>(id);
        (numerator * x, denominator * (x - own))
    });
    denominator.invert().map_or(PublicScalar::ZERO, |inverse| numerator * inverse)
}
