//! BIP-340 signatures under BIP-341 output keys, for Bitcoin Taproot.
//!
//! Not in RFC 9591; the hashes are those of the Zcash Foundation's `frost-secp256k1-tr`, so signers of
//! both can sit in one session. The share stores the key untweaked; the change to the output key is
//! made once and last, at use.
//!
//! Source: BIP-340, BIP-341.

use k256::schnorr::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use super::{InTree, KeyUse, Normal, Suite, Xmd, sealed::Sealed};
use crate::curve::{Curve, PublicScalar, Secp256k1};
use crate::error::Usage;
use crate::key::derive::{Step, bip32};
use crate::key::{ChildIndex, Derivable, Scheme, Tweak};
use crate::secret::Secret;
use crate::wire::{Element, Reader, Shape, Wire};

/// FROST for BIP-340 on secp256k1: Bitcoin Taproot.
///
/// Verify with [`Suite::verify`], or `verify_raw` of the key: the `Verifier` trait of `k256` hashes the
/// message once more before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bip340;

type Point = <Secp256k1 as Curve>::Point;

impl Sealed for Bip340 {}

impl Scheme for Bip340 {
    type Curve = Secp256k1;
    const NAME: &'static str = "frost-secp256k1-bip340";
}

impl Derivable for Bip340 {
    const DERIVATION: &'static str = bip32::NAME;

    fn step(parent: &Element<Secp256k1>, chain_code: &Secret<[u8; 32]>, index: ChildIndex) -> Option<Step<Secp256k1>> {
        bip32::step(parent.as_bytes(), chain_code, index)
    }
}

impl Suite for Bip340 {
    const CONTEXT: &'static str = "FROST-secp256k1-SHA256-TR-v1";
    type Hash = Xmd;
    type Place = InTree<Self>;
    type KeyUse = TaprootOutput;
    type Signature = Signature;
    type VerifyingKey = VerifyingKey;

    /// The tagged hash of BIP-340, reduced.
    fn h2(input: &[&[u8]]) -> PublicScalar<Secp256k1> {
        let mut wide = [0; 64];
        let hash = tagged_hash("BIP0340/challenge", input);
        wide.iter_mut().skip(32).zip(hash).for_each(|(to, from)| *to = from);
        PublicScalar::from_uniform_bytes(&wide)
    }

    fn normalize(point: &Point) -> Normal<Secp256k1> {
        let kept = Normal::kept(point);
        if is_even(&kept) { kept } else { Normal::negated(point) }
    }

    /// Over x(R), x(P) and the message.
    fn challenge(nonce: &Normal<Secp256k1>, key: &Normal<Secp256k1>, message: &[u8]) -> PublicScalar<Secp256k1> {
        Self::h2(&[x_only(nonce), x_only(key), message])
    }

    fn verifying_key(key: &Normal<Secp256k1>) -> Option<VerifyingKey> {
        VerifyingKey::from_slice(x_only(key)).ok()
    }

    fn signature(nonce: &Normal<Secp256k1>, response: &PublicScalar<Secp256k1>) -> Option<Signature> {
        Signature::from_slice(&[x_only(nonce), &response.encode()].concat()).ok()
    }

    fn verify(key: &VerifyingKey, message: &[u8], signature: &Signature) -> bool {
        key.verify_raw(message, signature).is_ok()
    }

    fn decode_signature(bytes: &[u8]) -> Option<Signature> {
        Signature::from_slice(bytes).ok()
    }

    fn decode_key(bytes: &[u8]) -> Option<VerifyingKey> {
        VerifyingKey::from_slice(bytes).ok()
    }
}

fn is_even(point: &Normal<Secp256k1>) -> bool {
    point.as_bytes().first() == Some(&2)
}

/// The x-coordinate of a point.
fn x_only(point: &Normal<Secp256k1>) -> &[u8] {
    point.as_bytes().split_first().map_or(&[], |(_, x)| x)
}

/// SHA-256 with the tag's hash twice before the input.
fn tagged_hash(tag: &str, input: &[&[u8]]) -> [u8; 32] {
    let tag = Sha256::digest(tag);
    input.iter().fold(Sha256::new().chain_update(tag).chain_update(tag), Sha256::chain_update).finalize().into()
}

/// Which output key of Taproot is signed for.
///
/// The default commits to no script tree at all, so that nobody can have hidden one in the key: the
/// key alone can spend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaprootOutput(Output);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Output {
    #[default]
    KeyPathOnly,
    ScriptRoot([u8; 32]),
    Raw,
}

impl TaprootOutput {
    /// No script path: the tweak commits to the key alone.
    pub const KEY_PATH_ONLY: Self = Self(Output::KeyPathOnly);

    /// The output that can also be spent by the scripts under this Merkle root.
    pub const fn script_root(root: [u8; 32]) -> Self {
        Self(Output::ScriptRoot(root))
    }

    /// The key itself as output key. Hazardous: a hidden script path is possible.
    pub(crate) const RAW: Self = Self(Output::Raw);
}

impl KeyUse<Secp256k1> for TaprootOutput {
    /// Steps 2 to 4 of `docs/frost.md` 1: Q = ±P + τ·G, with the sign that makes ±P even.
    fn tweak(&self, key: &Point) -> Result<Tweak<Secp256k1>, Usage> {
        let root: &[u8] = match &self.0 {
            Output::KeyPathOnly => &[],
            Output::ScriptRoot(root) => root,
            Output::Raw => return Ok(Tweak::NONE),
        };
        let internal = Bip340::normalize(key); // 1.2
        let hash = tagged_hash("TapTweak", &[x_only(&internal), root]);
        let tau = PublicScalar::decode(&hash).ok_or(Usage::InvalidTweak)?; // 1.3
        let sign = if internal.is_negated() { Tweak::negate() } else { Tweak::NONE };
        Ok(sign.then(Tweak::add(tau))) // 1.4
    }
}

/// One byte that tells which, then the root or zeros. The raw key is written, for the hash of a session, and never
/// read.
impl Wire for TaprootOutput {
    fn size(_: &Shape) -> usize {
        33
    }
    fn write(&self, out: &mut alloc::vec::Vec<u8>) {
        let (tag, root) = match &self.0 {
            Output::KeyPathOnly => (0, [0; 32]),
            Output::ScriptRoot(root) => (1, *root),
            Output::Raw => (2, [0; 32]),
        };
        out.push(tag);
        out.extend_from_slice(&root);
    }
    fn read(input: &mut Reader<'_>, _: &Shape) -> Option<Self> {
        match (input.u8()?, input.array()?) {
            (0, root) => (root == [0; 32]).then_some(Self::KEY_PATH_ONLY),
            (1, root) => Some(Self::script_root(root)),
            _ => None,
        }
    }
}
