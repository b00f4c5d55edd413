//! What each coin needs from a hot wallet: an address from a public key, a withdrawal to sign, the
//! signed transaction ready to broadcast, and a check of it by a verifier that had no part in signing.
//!
//! No module here holds a key or signs. Each has the same four steps:
//!
//! 1. `address(public_key)`: where the wallet's coins are received;
//! 2. `to_sign()`: the message (EdDSA) or the 32-byte digest (ECDSA, BIP-340) to sign;
//! 3. `signed(signature)`: the raw transaction, as it would be broadcast;
//! 4. `verify(raw)`: reads that transaction back and checks it as a node would. Ed25519 is checked with
//!    `ed25519-dalek`, secp256k1 with Bitcoin Core's libsecp256k1.
//!
//! Signatures are plain bytes: Ed25519 and BIP-340 are 64 bytes, ECDSA is `r || s` with low `s`.
#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "the formats have fixed sizes, which the code beside each index or cast shows"
)]

pub mod bitcoin_cash;
pub mod ecdsa;
pub mod ethereum;
pub mod nem;
pub mod segwit;
pub mod solana;
pub mod taproot;
pub mod utxo;
pub mod xrp;

/// The error is only ever shown to a person, so any will do.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
