//! The messages of presigning. Sizes are of bodies, for a batch of N.

use alloc::vec::Vec;
use core::fmt;

use crate::curve::{Curve, PublicScalar};
use crate::ecdsa::EcdsaScheme;
use crate::mul::rvole::{Batch, ParameterSet, Request, Response};
use crate::ot::extension;
use crate::party::{Base, PartyId};
use crate::transcript::Transcript;
use crate::wire::{Bytes32, Element, Field, Shape, message};

message! {
    /// Round 1, broadcast: the commitment to this party's nonces. 32 bytes.
    pub struct Commit |shape| {
        /// C_i = H(base, i, n_i, R_i, eps_i), over all R_{i,ν} of a batch
        commitment: Bytes32,
    }
}

message! {
    /// Round 1, addressed: signed and readable, as the receiver of a multiplication. 2188 bytes for N = 1.
    ///
    /// 31·(52·N + 16) + 80. It must come with the digest of its sender's broadcast of round 1: a session puts
    /// that into the header.
    pub struct Invitation<P: ParameterSet> |shape| {
        /// pair_id: which setup the sender of this uses
        pair: Bytes32,
        /// the message of the OT extension
        request: Request<P>,
    }
}

impl<P: ParameterSet> Invitation<P> {
    /// Where each field is, those of the extension's message included. None if the shape's batch is none.
    pub fn fields(shape: &Shape) -> Vec<Field> {
        let mut fields = Self::layout(shape);
        let Some((request, batch)) = fields.pop().zip(Batch::new(shape.batch)) else { return Vec::new() };
        let at = |field: Field| Field { offset: request.offset + field.offset, ..field };
        fields.extend(extension::Message::fields(batch.rows::<P>()).into_iter().map(at));
        fields
    }
}

message! {
    /// Round 2, broadcast: the opening. 64 + 66·N bytes.
    pub struct Opening<C: Curve> |shape| {
        /// T1, for those who have no session around it
        view: Bytes32,
        /// eps_i
        blinding: Bytes32,
        /// R_{i,ν}
        nonces: [Element<C>; shape.batch],
        /// pk_{i,ν} = sk_{i,ν}·G
        images: [Element<C>; shape.batch],
    }
}

message! {
    /// Round 2, addressed: what ties the products to the public points. 98·N bytes.
    ///
    /// It is signed and readable, so that it can be shown after a failure.
    pub struct Ties<C: Curve> |shape| {
        /// ψ_ij = φ_i − χ_ij
        offsets: [PublicScalar<C>; shape.batch],
        /// Γ^u_ij = c^u_ij·G
        nonce_ties: [Element<C>; shape.batch],
        /// Γ^v_ij = c^v_ij·G
        key_ties: [Element<C>; shape.batch],
    }
}

message! {
    /// Round 3, broadcast, only if the key images do not add up: this party's shares of zero with each other
    /// signer, for each index that failed. 32·(|S| − 1) bytes for each.
    pub struct ZeroShares<C: Curve> |shape| {
        /// z_ij, j ascending, for each failed index ascending
        shares: [PublicScalar<C>; shape.batch * (shape.parties.saturating_sub(1))],
    }
}

/// What a peer sends in round 1: what its session put first, the commitment, the invitation.
pub struct Greeting<P: ParameterSet> {
    /// At least 32 fresh bytes.
    pub hello: Vec<u8>,
    /// The commitment.
    pub commit: Commit,
    /// The addressed part.
    pub invitation: Invitation<P>,
}

impl<P: ParameterSet> fmt::Debug for Greeting<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Greeting").field("commit", &self.commit).finish_non_exhaustive()
    }
}

/// What a party sends one peer in round 2 beside its opening.
#[derive(Debug)]
pub struct ToPeer<S: EcdsaScheme> {
    /// Addressed: signed, readable.
    pub ties: Ties<S::Curve>,
    /// **Private: encrypted and authenticated.** 40 000 bytes for N = 1.
    pub response: Response<S::Curve, S::Parameters>,
}

/// What a peer sends in round 2.
#[derive(Debug)]
pub struct Dealt<S: EcdsaScheme> {
    /// The broadcast.
    pub opening: Opening<S::Curve>,
    /// The addressed part.
    pub ties: Ties<S::Curve>,
    /// The private part; `None` if it does not open or does not decode.
    pub response: Option<Response<S::Curve, S::Parameters>>,
}

/// What C_i commits to, without its blinding.
pub(super) fn committed<C: Curve>(base: &Base, id: PartyId, hello: &[u8], nonces: &[Element<C>]) -> Transcript {
    // n_i is all of a hello that counts here: 32 bytes.
    let nonce = hello.first_chunk::<32>().map_or(&[][..], |nonce| nonce);
    let points = nonces.iter().map(Element::as_bytes);
    Transcript::new("ecdsa-nonce").field(base.as_bytes()).party(id).field(nonce).list(points)
}
