//! The messages of key generation. Sizes are of bodies, with p = 32 or 33 bytes a point.

use alloc::vec::Vec;

use crate::curve::Curve;
use crate::proof::Proof;
use crate::wire::{Bytes32, Field, Reader, SecretBytes, SecretScalar, Shape, UnclearedElement, message};

message! {
    /// Round 1, broadcast: the commitment to everything the dealer will open. 32 bytes.
    pub struct Commit |shape| {
        /// C_i = H("deal"; base, i, hello_i, t, A_{i,0}, …, A_{i,t−1}, k_i, eps_i)
        commitment: Bytes32,
    }
}

message! {
    /// Round 2, broadcast: the opening. p·(t + 1) + 96 bytes.
    pub struct Opening<C: Curve> |shape| {
        /// A_{i,0}, …, A_{i,t−1}, on Ed25519 divided by 8
        coefficients: [UnclearedElement<C>; shape.threshold],
        /// eps_i
        blinding: Bytes32,
        /// (W_i, z_i): all coefficients' logarithms are known
        proof: Proof<C>,
        /// k_i = H("cc"; base, i, cc_i)
        chain_code: Bytes32,
    }
}

impl<C: Curve> Opening<C> {
    pub(super) fn copy(&self) -> Self {
        let proof = Proof { nonce: self.proof.nonce, response: self.proof.response };
        Self { coefficients: self.coefficients.clone(), proof, ..*self }
    }
}

message! {
    /// Round 2, private: encrypted and authenticated, to one holder. 64 bytes.
    pub struct Share<C: Curve> |shape| {
        /// f_i(j)
        share: SecretScalar<C>,
        /// cc_i, the same for all holders
        chain_code: SecretBytes,
    }
}

message! {
    /// Round 3, broadcast: a promise to keep the share. p + 64 bytes.
    pub struct Confirm<C: Curve> |shape| {
        /// T, the digest of all openings
        transcript: Bytes32,
        /// (W, z): the share s_i behind S_i is known
        proof: Proof<C>,
    }
}

/// Round 4, broadcast: the share is active here. 33 bytes, and 32 for each view in the list.
///
/// The list holds the views of all attempts on one old sharing that the party ever confirmed; in key
/// generation there is no old sharing and it is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// T
    pub transcript: Bytes32,
    /// At most 255 views.
    pub attempts: Vec<Bytes32>,
}

impl Ack {
    /// The encoding: T 32 ‖ count 1 ‖ count × view 32.
    pub fn encode(&self) -> Vec<u8> {
        let count = u8::try_from(self.attempts.len()).unwrap_or(u8::MAX);
        let mut out = Vec::with_capacity(33 + 32 * usize::from(count));
        out.extend_from_slice(&self.transcript);
        out.push(count);
        self.attempts.iter().take(count.into()).for_each(|view| out.extend_from_slice(view));
        out
    }

    /// Decodes exactly these bytes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes);
        let transcript = input.array()?;
        let count = input.u8()?;
        let attempts = (0..count).map(|_| input.array()).collect::<Option<_>>()?;
        input.finish()?;
        Some(Self { transcript, attempts })
    }

    /// Where each field is in the encoding of an acknowledgement with an empty list.
    pub fn layout(_: &Shape) -> Vec<Field> {
        let transcript = Field { name: "transcript", offset: 0, length: 32 };
        alloc::vec![transcript, Field { name: "attempts", offset: 32, length: 1 }]
    }
}

/// What a dealer sends one holder in round 2: its broadcast, and its private part.
#[derive(Debug)]
pub struct Dealt<C: Curve> {
    /// The opening.
    pub opening: Opening<C>,
    /// The private part; `None` if it does not open or does not decode.
    pub share: Option<Share<C>>,
}

/// What a peer sends in round 1: what its session put first, and the commitment.
#[derive(Debug)]
pub struct Greeting {
    /// At least 32 fresh bytes.
    pub hello: Vec<u8>,
    /// The commitment.
    pub commit: Commit,
}
