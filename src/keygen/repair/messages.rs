//! The messages of a repair. Sizes are of bodies, with p = 32 or 33 bytes a point and h helpers.
//!
//! What a party broadcasts only to be heard (round 1 of all, round 2 of the recipient, round 3 of the helpers)
//! has an empty body.

use crate::curve::Curve;
use crate::proof::Proof;
use crate::wire::{Bytes32, SecretBytes, SecretScalar, UnclearedElement, message};

message! {
    /// Round 2, broadcast of a helper: the images of its parts, one for each helper by ascending id. p·h bytes.
    pub struct Row<C: Curve> |shape| {
        /// D_{i,j} = δ_{i,j}·G, on Ed25519 divided by 8
        images: [UnclearedElement<C>; shape.parties],
    }
}

message! {
    /// Round 2, private: encrypted and authenticated, from helper to helper. 32 bytes.
    pub struct Delta<C: Curve> |shape| {
        /// δ_{i,j}
        part: SecretScalar<C>,
    }
}

message! {
    /// Round 3, private: encrypted and authenticated, from a helper to the recipient. 64 bytes.
    pub struct Sum<C: Curve> |shape| {
        /// σ_j = Σ_i δ_{i,j}
        sum: SecretScalar<C>,
        /// cc
        chain_code: SecretBytes,
    }
}

message! {
    /// Round 4, broadcast of the recipient: the share is there. p + 64 bytes.
    pub struct Confirm<C: Curve> |shape| {
        /// T, the digest of all rows
        transcript: Bytes32,
        /// (W, z): the share s_r behind S_r is known
        proof: Proof<C>,
    }
}

/// What a helper sends another one in round 2: its broadcast, and its private part.
#[derive(Debug)]
pub struct Dealt<C: Curve> {
    /// The row.
    pub row: Row<C>,
    /// The private part; `None` if it does not open or does not decode.
    pub part: Option<Delta<C>>,
}
