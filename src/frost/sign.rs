//! Round two: a signer's share of the signature.
//!
//! Source: RFC 9591, section 5.2. With BIP-340, key and R take the sign that makes them even, and shares
//! and nonces with them.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::combined::{Combined, coefficient};
use super::list::CommitmentList;
use super::nonces::Nonces;
use super::request::{SigningRequest, Target};
use super::suite::Suite;
use super::{NO_SHAPE, read_record, write_record};
use crate::curve::{PublicScalar, SumOfProducts};
use crate::error::{Error, Usage};
use crate::key::KeyShare;
use crate::record::Kind;
use crate::wire::{Reader, Shape, Wire};

const SHARE: Kind = Kind { tag: 19, version: 1 };

/// One signer's share z_i of a signature. Broadcast, or sent to the coordinator.
///
/// It is no signature of its own (F-14): that a share verifies is no proof of who made it, nor that its
/// signer approved anything. Who sent it must be known from the channel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignatureShare<S: Suite>(PublicScalar<S::Curve>);

impl<S: Suite> SignatureShare<S> {
    /// The share with this encoding, as RFC 9591 sends it.
    ///
    /// # Errors
    /// [`Usage::Malformed`] unless it is 32 bytes below the group order.
    pub fn from_encoding(bytes: &[u8]) -> Result<Self, Usage> {
        PublicScalar::decode(bytes).map(Self).ok_or(Usage::Malformed)
    }

    /// z_i, as RFC 9591 encodes it.
    pub fn encoding(&self) -> [u8; 32] {
        self.0.encode()
    }

    pub(super) fn scalar(&self) -> PublicScalar<S::Curve> {
        self.0
    }

    /// The form for sending, with a header that names the suite: see `docs/frost.md` 6.
    pub fn to_bytes(&self) -> Vec<u8> {
        write_record::<S>(SHARE, Self::size(&NO_SHAPE), |out| self.write(out))
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Usage::Malformed`], [`Usage::UnknownVersion`], [`Usage::OtherSuite`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        read_record::<S, Self>(bytes, SHARE, |input| Self::read(input, &NO_SHAPE).ok_or(Usage::Malformed))
    }
}

/// z_i, the body of a message in a session.
impl<S: Suite> Wire for SignatureShare<S> {
    fn size(shape: &Shape) -> usize {
        PublicScalar::<S::Curve>::size(shape)
    }
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
    fn read(input: &mut Reader<'_>, shape: &Shape) -> Option<Self> {
        PublicScalar::read(input, shape).map(Self)
    }
}

impl<S: Suite> fmt::Debug for SignatureShare<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureShare({}, {:?})", S::NAME, self.0)
    }
}

/// Why [`sign`] gave no share; and the nonces, if they belong to another key and are still good.
///
/// It turns into an [`Error`] by `?`, which wipes them.
pub struct SignError<S: Suite> {
    error: Error,
    nonces: Option<Box<Nonces<S>>>,
}

impl<S: Suite> SignError<S> {
    /// What went wrong.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// The nonces, unused: only if they were made with another share than the one given.
    pub fn into_nonces(self) -> Option<Nonces<S>> {
        self.nonces.map(|nonces| *nonces)
    }
}

impl<S: Suite> From<SignError<S>> for Error {
    fn from(error: SignError<S>) -> Self {
        error.error
    }
}

impl<S: Suite> fmt::Debug for SignError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignError").field("error", &self.error).field("nonces", &self.nonces).finish()
    }
}

impl<S: Suite> fmt::Display for SignError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<S: Suite> core::error::Error for SignError<S> {}

/// Makes this signer's share of the signature that *its own application* asks for.
///
/// The nonces are gone afterwards, whatever happens; only if they were made with another share than the
/// one given do they come back, in the error.
///
/// # Errors
/// - [`Usage::OtherKey`], [`Usage::OtherSharing`], [`Usage::UnknownNonce`] if the nonces belong to another
///   share: they come back.
/// - [`Usage::RefreshFirst`] for an imported key; [`Usage::WrongNumberOfSigners`], [`Usage::UnknownParty`] if the list's signers may not sign under
///   this key; [`Usage::UnknownNonce`] if the list does not hold this signer's commitments as they were
///   made; [`Usage::OtherKey`] if the request's child is not where its path leads from this key.
/// - An abort [`Fault::IdentityNonce`](crate::Fault::IdentityNonce) if the commitments cancel out.
///
/// # Examples
/// See [`crate::frost`].
pub fn sign<S: Suite>(
    key_share: &KeyShare<S>,
    nonces: Nonces<S>,
    request: &SigningRequest<S>,
    list: &CommitmentList<S>,
) -> Result<SignatureShare<S>, SignError<S>> {
    if let Err(usage) = nonces.belong_to(key_share) {
        return Err(SignError { error: usage.into(), nonces: Some(Box::new(nonces)) }); // 3.1
    }
    let share = checked(key_share, &nonces, request, list)
        .and_then(|target| Ok(Combined::new(target, request.message(), list)?))
        .map(|combined| respond(key_share, nonces, &combined, list));
    share.map_err(|error| SignError { error, nonces: None })
}

/// 3.2: the set first, before any curve operation.
fn checked<S: Suite>(
    key_share: &KeyShare<S>,
    nonces: &Nonces<S>,
    request: &SigningRequest<S>,
    list: &CommitmentList<S>,
) -> Result<Target<S>, Error> {
    list.check_signers(key_share.public())?;
    if list.get(key_share.me()) != Some(nonces.commitments()) {
        return Err(Usage::UnknownNonce.into());
    }
    request.check(key_share)?;
    Ok(Target::new(key_share.public(), request)?)
}

/// 3.6: z_i = ±(d_i + ρ_i·e_i) + λ_i·c·s_i. The nonces end here.
pub(super) fn respond<S: Suite>(
    key_share: &KeyShare<S>,
    nonces: Nonces<S>,
    combined: &Combined<S>,
    list: &CommitmentList<S>,
) -> SignatureShare<S> {
    let me = key_share.me();
    let factor = list.position(me).and_then(|position| combined.factors.get(position)).copied();
    let factor = factor.unwrap_or(PublicScalar::ZERO); // the caller has seen our entry in the list
    let lambda = coefficient::<S::Curve>(me, list.signers());
    let share = combined.target.tweak.secret(key_share.secret());
    let sign = combined.nonce.signed(PublicScalar::ONE);
    let mut sum = SumOfProducts::<S::Curve>::new(); // wiped when dropped
    sum.add(sign.value(), nonces.hiding().expose());
    sum.add((sign * factor).value(), nonces.binding().expose());
    sum.add((lambda * combined.challenge).value(), share.expose());
    SignatureShare(PublicScalar::reveal(sum.finish()))
}
