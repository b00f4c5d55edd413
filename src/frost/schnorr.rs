//! Signatures and keys of the RFC 9591 suites that have no type of their own in the ecosystem.

use alloc::vec::Vec;
use core::fmt;

use group::Group;

use super::suite::{Normal, Suite};
use crate::curve::{Curve, PublicScalar, SCALAR_LEN, msm_vartime};
use crate::error::Usage;
use crate::wire::{Element, Shape, Wire};

pub(super) const NO_SHAPE: Shape = Shape { threshold: 0, parties: 0, batch: 0 };

/// A Schnorr signature (R, z) of RFC 9591: z·G = R + c·X.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature<S: Suite> {
    nonce: Normal<S::Curve>,          // R
    response: PublicScalar<S::Curve>, // z
}

impl<S: Suite> Signature<S> {
    pub(super) fn of(nonce: &Normal<S::Curve>, response: &PublicScalar<S::Curve>) -> Self {
        Self { nonce: *nonce, response: *response }
    }

    /// R ‖ z: 64 or 65 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.nonce.as_bytes(), &self.response.encode()].concat()
    }

    /// Decodes R ‖ z.
    ///
    /// # Errors
    /// [`Usage::Malformed`] unless R is canonical, of the prime-order group and not the identity, and z is
    /// below the group order.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        let split = bytes.len().checked_sub(SCALAR_LEN).ok_or(Usage::Malformed)?;
        let (nonce, response) = bytes.split_at_checked(split).ok_or(Usage::Malformed)?;
        let nonce = Element::decode(nonce, &NO_SHAPE).ok_or(Usage::Malformed)?;
        let response = PublicScalar::decode(response).ok_or(Usage::Malformed)?;
        Ok(Self { nonce: Normal::received(nonce), response })
    }
}

impl<S: Suite> fmt::Debug for Signature<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({}, {:?}, {:?})", S::NAME, self.nonce, self.response)
    }
}

/// The key X that [`Signature`]s verify under.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey<S: Suite>(Normal<S::Curve>);

impl<S: Suite> VerifyingKey<S> {
    pub(super) fn of(key: &Normal<S::Curve>) -> Self {
        Self(*key)
    }

    /// Whether the signature is one of this message under this key.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &Signature<S>) -> bool {
        let challenge = S::challenge(&signature.nonce, &self.0, message);
        let right = msm_vartime::<S::Curve>(&[(challenge, *self.0.point())]) + signature.nonce.point();
        bool::from((S::Curve::mul_base(signature.response.value()) - right).is_identity())
    }

    /// Its encoding: 32 or 33 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Decodes a key.
    ///
    /// # Errors
    /// [`Usage::Malformed`] unless it is canonical, of the prime-order group and not the identity.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        Element::decode(bytes, &NO_SHAPE).map(|element| Self(Normal::received(element))).ok_or(Usage::Malformed)
    }
}

impl<S: Suite> fmt::Debug for VerifyingKey<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({}, {:?})", S::NAME, self.0)
    }
}
