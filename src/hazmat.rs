//! Sharp tools: a whole key in one place, nonces from given bytes, keys without their protection.
//!
//! Nothing here is needed to run a wallet. It is for importing and exporting keys, for comparing with
//! test vectors and other implementations, for research, and for what only an operator can decide.

mod transfer;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::curve::{Curve, PublicScalar, Scalar, msm_vartime, x_coordinate};
use crate::ecdsa::{Child, EcdsaScheme};
use crate::error::Usage;
use crate::frost::{self, Bip340, NonceCommitments, Nonces, SigningRequest, Suite, TaprootOutput};
use crate::key::{Derivable, KeyShare, PublicKeyPackage, Scheme, chain_code_digest};
use crate::party::{KeyId, Parties, PartyId, Sharing, Threshold};
use crate::secret::Secret;
use crate::sharing::Commitment;
use crate::transcript::Transcript;
use crate::wire::{Element, Shape, Wire};

pub use self::transfer::{ImportSecret, accept_import, expanded_key, export, exported_secret, import};
pub use crate::ecdsa::burn::hazmat::forgive;
pub use crate::key::dealer::{reconstruct, split};

/// Nonces from these random bytes, by the letter of RFC 9591: no counter is mixed in, nothing is checked.
///
/// # Security
/// For test vectors only. The same bytes give the same nonces, and two signatures made with the same
/// nonces give away the signer's share of the key. Use [`frost::commit`].
///
/// # Errors
/// [`Usage::BrokenRng`] if a nonce is 0.
pub fn commit_with_randomness<S: Suite>(
    key_share: &KeyShare<S>,
    hiding: &[u8; 32],
    binding: &[u8; 32],
) -> Result<(Nonces<S>, NonceCommitments<S>), Usage> {
    frost::commit_with_randomness(key_share, hiding, binding)
}

/// A request for a signature under the shared key itself as Taproot output key, without any tweak.
///
/// # Security
/// Whoever spoke last in key generation may have hidden a script path in the key, and can spend alone
/// by it (BIP-341, section "Constructing and spending Taproot outputs"). An output made with
/// [`SigningRequest::key_path`] cannot hide one.
pub fn raw_taproot_request(message: impl Into<Vec<u8>>) -> SigningRequest<Bip340> {
    SigningRequest::with_key_use(message, TaprootOutput::RAW)
}

/// The ECDSA key X + δ·G for a δ that is no path's: for schemes of derivation that this library does not know.
///
/// # Security
/// Who can choose δ freely, knowing X, has related keys to play with: re-randomisation keeps presignatures safe
/// for them, but the parties must agree on where δ comes from, and whoever knows it can link the keys.
pub fn child_at_offset<S: EcdsaScheme + Derivable>(delta: PublicScalar<S::Curve>) -> Child<S> {
    Child::at_offset(delta)
}

/// A share of a key that came about elsewhere: by another implementation, in a test vector.
#[derive(Debug)]
pub struct KeyShareParts<S: Scheme> {
    /// The party that holds the share.
    pub me: PartyId,
    /// Its share s_i, at the x-coordinate `me`.
    pub share: Secret<Scalar<S::Curve>>,
    /// How many parties are needed to sign.
    pub threshold: Threshold,
    /// All who hold a share.
    pub parties: Parties,
    /// The public shares Y_i of at least t parties, encoded: 32 or 33 bytes each.
    pub verifying_shares: BTreeMap<PartyId, Vec<u8>>,
    /// The joint key X, encoded, before any Taproot tweak: 32 or 33 bytes.
    pub verifying_key: Vec<u8>,
    /// The chain code for derivation, the same at all parties; zeros if there is none.
    pub chain_code: Secret<[u8; 32]>,
}

/// Assembles a key share from foreign parts, after checking that they fit together.
///
/// All parties who assemble theirs from the same public parts get the same key id and sharing.
///
/// # Security
/// Nothing says how the key was made, nor that nobody holds all of it: a machine that split a key has
/// it. Shares that the other implementation still holds are shares of this key; nonces that it has drawn
/// must not be mixed with those drawn here.
///
/// # Errors
/// [`Usage::Malformed`] for an encoding, [`Usage::UnknownParty`], [`Usage::WrongNumberOfSigners`] for
/// fewer than t public shares, [`Usage::InvalidShare`] if the parts do not lie on one polynomial of degree
/// t − 1 exactly, and what a key may not be.
pub fn key_share_from_parts<S: Scheme>(parts: KeyShareParts<S>) -> Result<KeyShare<S>, Usage> {
    let images = decode_images(&parts)?;
    let commitment = interpolate::<S::Curve>(&images, parts.threshold).ok_or(Usage::WrongNumberOfSigners)?;
    let shape = Shape { threshold: 0, parties: 0, batch: 0 };
    let joint = Element::<S::Curve>::decode(&parts.verifying_key, &shape).ok_or(Usage::Malformed)?;
    let fits = commitment.constant() == *joint.point()
        && images.iter().all(|(id, image)| commitment.evaluate(*id) == *image)
        && !commitment.points().iter().any(|point| bool::from(group::Group::is_identity(point)));
    if !fits {
        return Err(Usage::InvalidShare);
    }
    let digest = chain_code_digest(&parts.chain_code);
    let imported = Transcript::new("imported").field(S::NAME.as_bytes()).field(joint.as_bytes()).field(&digest);
    let key_id = KeyId::from_bytes(imported.fork().field(b"key").digest());
    let list = commitment.points().iter().map(|point| Element::<S::Curve>::new(*point).encode(&shape));
    let imported = imported.list(list.collect::<Vec<_>>().into_iter());
    let imported = imported.list(parts.parties.ids().map(PartyId::to_bytes));
    let sharing = Sharing::from_bytes(imported.field(b"sharing").digest());
    let public = PublicKeyPackage::new(key_id, (0, sharing), parts.threshold, parts.parties, commitment, digest)?;
    KeyShare::new(public, parts.me, parts.share, parts.chain_code)
}

/// A party's public share.
type Image<C> = (PartyId, <C as Curve>::Point);

fn decode_images<S: Scheme>(parts: &KeyShareParts<S>) -> Result<Vec<Image<S::Curve>>, Usage> {
    let decode = |(id, bytes): (&PartyId, &Vec<u8>)| {
        let point = S::Curve::decode(bytes).ok_or(Usage::Malformed)?;
        if parts.parties.contains(*id) { Ok((*id, point)) } else { Err(Usage::UnknownParty(*id)) }
    };
    parts.verifying_shares.iter().map(decode).collect()
}

/// The coefficients of the polynomial of degree t − 1 through the first t points; `None` if there are
/// fewer.
fn interpolate<C: Curve>(images: &[Image<C>], threshold: Threshold) -> Option<Commitment<C>> {
    let images = images.get(..usize::from(threshold.get()))?;
    let nodes: Vec<PublicScalar<C>> = images.iter().map(|(id, _)| x_coordinate(*id)).collect();
    // M(Z) = Π (Z − x_j), lowest coefficient first.
    let master = nodes.iter().fold(alloc::vec![PublicScalar::ONE], |poly, node| {
        let shifted = core::iter::once(PublicScalar::ZERO).chain(poly.iter().copied());
        let scaled = poly.iter().map(|c| -(*node * *c)).chain(core::iter::once(PublicScalar::ZERO));
        shifted.zip(scaled).map(|(a, b)| a + b).collect()
    });
    let mut terms: Vec<Vec<(PublicScalar<C>, C::Point)>> = alloc::vec![Vec::new(); nodes.len()];
    for (node, (_, image)) in nodes.iter().zip(images) {
        let others = nodes.iter().filter(|other| *other != node);
        let weight = others.fold(PublicScalar::ONE, |product, other| product * (*node - *other)).invert()?;
        // M(Z)/(Z − x_i) by synthetic division, from the top.
        let mut quotient = PublicScalar::ZERO;
        for (row, coefficient) in terms.iter_mut().rev().zip(master.iter().rev()) {
            quotient = *coefficient + quotient * *node;
            row.push((quotient * weight, *image));
        }
    }
    Commitment::new(terms.iter().map(|row| msm_vartime::<C>(row)).collect())
}
