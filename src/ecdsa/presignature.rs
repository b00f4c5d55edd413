//! A presignature: all of a signature but the message, made ahead of time.

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::EcdsaScheme;
use super::store::{PresignatureStore, Refusal};
use crate::curve::{Curve, Scalar, decode_scalar, encode_scalar};
use crate::error::Usage;
use crate::key::PublicKeyPackage;
use crate::party::{KeyId, PartyId, Sharing, Threshold};
use crate::record::{self, Kind};
use crate::secret::Secret;
use crate::transcript::Transcript;
use crate::wire::{Element, Reader, Shape, Wire};

const PRESIGNATURE: Kind = Kind { tag: 7, version: 1 };
const NO_SHAPE: Shape = Shape { threshold: 0, parties: 0, batch: 0 };

/// Names one presignature, at all its signers alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PresignatureId([u8; 32]);

impl PresignatureId {
    /// 6.13: H(T2, ν), with T2 the digest of all broadcasts of round 2 under one view.
    pub(super) fn new(broadcasts: &[u8; 32], index: u32) -> Self {
        Self(Transcript::new("ecdsa-presignature-id").field(broadcasts).number(index.into()).digest())
    }

    /// The name made of these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PresignatureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PresignatureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresignatureId({self})")
    }
}

/// What a presignature is bound to; none of it is secret.
pub(super) struct Terms<S: EcdsaScheme> {
    pub(super) key_id: KeyId,
    pub(super) sharing: Sharing,
    pub(super) threshold: Threshold,
    pub(super) me: PartyId,
    /// All of them must sign, in ascending order.
    pub(super) signers: Vec<PartyId>,
    pub(super) id: PresignatureId,
    /// X, the key itself.
    pub(super) key: Element<S::Curve>,
    /// R, before it is re-randomised.
    pub(super) nonce: Element<S::Curve>,
}

/// One party's part of a presignature: good for one signature, by the set of signers it was made for.
///
/// It serves the key itself or any child of it. It is worthless after a refresh: wipe it then, for all
/// signers' parts together are the key.
///
/// # Security
/// **Two signatures from one presignature are the key** (with the parts of t − 1 corrupt signers). So it has no
/// `Clone`, is moved into [`online::sign`](super::online::sign), and a [`PresignatureStore`] remembers that it
/// is spent. It must never be in a backup, a snapshot or a replica: a restored copy is a second one.
///
/// ```compile_fail,E0382
/// # use cosigil::{ecdsa::{online, EcdsaScheme, Presignature, PresignatureStore, Request}, key::PublicKeyPackage};
/// fn twice<S: EcdsaScheme>(
///     presignature: Presignature<S>, key: &PublicKeyPackage<S>, requests: [Request<S>; 2], store: &dyn PresignatureStore,
/// ) {
///     let [first, second] = &requests;
///     let _ = online::sign(presignature, key, first, store);
///     let _ = online::sign(presignature, key, second, store);
/// }
/// ```
pub struct Presignature<S: EcdsaScheme> {
    pub(super) terms: Terms<S>,
    /// (φ_i, u_i, v_i): Σ u_i = r·φ, Σ v_i = x·φ.
    pub(super) secrets: Secret<[Scalar<S::Curve>; 3]>,
}

impl<S: EcdsaScheme> Presignature<S> {
    pub(super) fn new(terms: Terms<S>, secrets: Secret<[Scalar<S::Curve>; 3]>) -> Self {
        Self { terms, secrets }
    }

    /// Its name.
    pub fn id(&self) -> PresignatureId {
        self.terms.id
    }

    /// Whose part it is.
    pub fn me(&self) -> PartyId {
        self.terms.me
    }

    /// The key it is good for.
    pub fn key_id(&self) -> KeyId {
        self.terms.key_id
    }

    /// The sharing it is good for.
    pub fn sharing(&self) -> Sharing {
        self.terms.sharing
    }

    /// Who must sign, in ascending order: all of them, nobody else.
    pub fn signers(&self) -> &[PartyId] {
        &self.terms.signers
    }

    /// Whether it was made for this sharing of this key.
    ///
    /// # Errors
    /// [`Usage::OtherKey`], [`Usage::OtherSharing`], [`Usage::InvalidThreshold`].
    pub fn check_fits(&self, key: &PublicKeyPackage<S>) -> Result<(), Usage> {
        let terms = &self.terms;
        if terms.key_id != key.key_id() || *terms.key.point() != key.joint_point() {
            return Err(Usage::OtherKey);
        }
        if terms.sharing != key.sharing() {
            return Err(Usage::OtherSharing { ours: key.sharing(), theirs: terms.sharing });
        }
        if terms.threshold != key.threshold() {
            return Err(Usage::InvalidThreshold);
        }
        Ok(())
    }

    /// Puts it into a store, durably, to be taken out with [`Presignature::load`].
    ///
    /// # Errors
    /// Those of [`PresignatureStore::insert`].
    pub fn store(self, store: &dyn PresignatureStore) -> Result<PresignatureId, Refusal> {
        let id = self.id();
        store.insert(&id, &self.into_bytes())?;
        Ok(id)
    }

    /// Takes one out of a store. The store keeps it until it is claimed.
    ///
    /// # Errors
    /// [`Usage::Spent`], [`Usage::UnknownPresignature`], [`Usage::StoreFailed`]; those of [`Self::from_bytes`].
    pub fn load(store: &dyn PresignatureStore, id: &PresignatureId) -> Result<Self, Usage> {
        let presignature = Self::from_bytes(&store.get(id)?)?;
        if presignature.id() == *id { Ok(presignature) } else { Err(Usage::UnknownPresignature) }
    }

    /// The stored form, as secret as a key share. Wiped when dropped.
    pub fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        let size = 32 + 32 + 2 + 2 + 2 + 2 * self.terms.signers.len() + 32 + 2 * S::Curve::POINT_LEN + 96;
        record::write(PRESIGNATURE, S::NAME, size, |out| self.write(out))
    }

    /// key id 32 ‖ sharing 32 ‖ t 2 ‖ me 2 ‖ |S| 2 ‖ |S| × id 2 ‖ presig id 32 ‖ X 33 ‖ R 33 ‖ φ 32 ‖ u 32 ‖ v 32.
    fn write(&self, out: &mut Vec<u8>) {
        let terms = &self.terms;
        out.extend_from_slice(terms.key_id.as_bytes());
        out.extend_from_slice(terms.sharing.as_bytes());
        out.extend_from_slice(&terms.threshold.get().to_be_bytes());
        out.extend_from_slice(&terms.me.to_bytes());
        out.extend_from_slice(&u16::try_from(terms.signers.len()).unwrap_or(u16::MAX).to_be_bytes());
        terms.signers.iter().for_each(|id| out.extend_from_slice(&id.to_bytes()));
        out.extend_from_slice(terms.id.as_bytes());
        terms.key.write(out);
        terms.nonce.write(out);
        for secret in self.secrets.expose() {
            out.extend_from_slice(&*Zeroizing::new(encode_scalar::<S::Curve>(secret)));
        }
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`Usage::Malformed`], [`Usage::UnknownVersion`], [`Usage::OtherSuite`], and what a set of signers may not
    /// be.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        let mut input = record::read(bytes, PRESIGNATURE, S::NAME)?;
        let malformed = Usage::Malformed;
        let key_id = KeyId::from_bytes(input.array().ok_or(malformed)?);
        let sharing = Sharing::from_bytes(input.array().ok_or(malformed)?);
        let threshold = Threshold::new(input.u16().ok_or(malformed)?)?;
        let me = PartyId::new(input.u16().ok_or(malformed)?)?;
        let signers = read_signers(&mut input)?;
        if signers.len() < usize::from(threshold.get()) {
            return Err(Usage::WrongNumberOfSigners);
        }
        if !signers.contains(&me) {
            return Err(Usage::UnknownParty(me));
        }
        let id = PresignatureId(input.array().ok_or(malformed)?);
        let key = Element::read(&mut input, &NO_SHAPE).ok_or(malformed)?;
        let nonce = Element::read(&mut input, &NO_SHAPE).ok_or(malformed)?;
        let secrets = read_secrets::<S::Curve>(&mut input).ok_or(malformed)?;
        input.finish().ok_or(malformed)?;
        Ok(Self { terms: Terms { key_id, sharing, threshold, me, signers, id, key, nonce }, secrets })
    }
}

/// Whether a stored presignature is of this sharing, whatever its suite.
#[cfg(any(test, feature = "std"))]
pub(super) fn is_of(record: &[u8], key_id: &KeyId, sharing: &Sharing) -> bool {
    let names = record::read_any(record, PRESIGNATURE)
        .map(|(_, mut input)| -> [Option<[u8; 32]>; 2] { [input.array(), input.array()] });
    names == Ok([Some(*key_id.as_bytes()), Some(*sharing.as_bytes())])
}

/// Reads a set of ids, in strictly ascending order.
fn read_signers(input: &mut Reader<'_>) -> Result<Vec<PartyId>, Usage> {
    let count = usize::from(input.u16().ok_or(Usage::Malformed)?);
    let mut ids = Reader::new(input.take(2 * count).ok_or(Usage::Malformed)?);
    let mut signers: Vec<PartyId> = Vec::with_capacity(count);
    for _ in 0..count {
        let id = PartyId::new(ids.u16().ok_or(Usage::Malformed)?)?;
        if signers.last().is_some_and(|last| *last >= id) {
            return Err(Usage::Malformed);
        }
        signers.push(id);
    }
    Ok(signers)
}

/// Reads three secret scalars.
fn read_secrets<C: Curve>(input: &mut Reader<'_>) -> Option<Secret<[Scalar<C>; 3]>> {
    let mut secrets = Secret::new([Scalar::<C>::default(); 3]);
    for secret in secrets.expose_mut() {
        *secret = decode_scalar::<C>(input.take(32)?)?;
    }
    Some(secrets)
}

impl<S: EcdsaScheme> fmt::Debug for Presignature<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Presignature(..)")
    }
}
