//! The records of a key: [`KeyShare`], which one party stores, and [`PublicKeyPackage`], which everybody
//! may know.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use zeroize::Zeroizing;

use super::parties::{read_parties, write_parties};
use crate::curve::{Curve, Scalar, decode_scalar, encode_scalar};
use crate::error::Usage;
use crate::party::{KeyId, Label, Parties, PartyId, PublicIdentity, SessionParams, Sharing, Threshold};
use crate::record::{self, Kind};
use crate::secret::Secret;
use crate::sharing::Commitment;
use crate::transcript::Transcript;
use crate::wire::{Element, Reader, SecretBytes, Shape, Wire};

/// What a key is made for: a signature scheme on a curve. A key of one scheme is of no other type's use.
pub trait Scheme: Copy + fmt::Debug + Default + PartialEq + Eq + Send + Sync + 'static {
    /// The curve.
    type Curve: Curve;
    /// The scheme's name in records and hashes: at most 64 bytes, never changed.
    const NAME: &'static str;
}

const PUBLIC: Kind = Kind { tag: 1, version: 1 };
const SHARE: Kind = Kind { tag: 2, version: 1 };

/// What everybody may know of one sharing of a key.
///
/// It holds the t coefficients of the joint commitment, from which the public share of any party is
/// computed when asked for; so the key and the public shares cannot contradict each other.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKeyPackage<S: Scheme> {
    key_id: KeyId,
    sharing: Sharing,
    number: u32,
    threshold: Threshold,
    parties: Parties,
    commitment: Commitment<S::Curve>,
    chain_code_digest: [u8; 32],
    dealt: bool,
    scheme: PhantomData<S>,
}

impl<S: Scheme> PublicKeyPackage<S> {
    /// Bundles the public parts of a sharing.
    ///
    /// # Errors
    /// [`Usage::InvalidThreshold`] unless there is one coefficient for each of the t parties needed, and
    /// t ≤ n; [`Usage::Identity`] if the joint key is the identity.
    pub(crate) fn new(
        key_id: KeyId,
        (number, sharing): (u32, Sharing),
        threshold: Threshold,
        parties: Parties,
        commitment: Commitment<S::Curve>,
        chain_code_digest: [u8; 32],
    ) -> Result<Self, Usage> {
        use group::Group;
        let t = usize::from(threshold.get());
        if commitment.points().len() != t || t > parties.len() {
            return Err(Usage::InvalidThreshold);
        }
        if bool::from(commitment.constant().is_identity()) {
            return Err(Usage::Identity);
        }
        let (dealt, scheme) = (false, PhantomData);
        Ok(Self { key_id, sharing, number, threshold, parties, commitment, chain_code_digest, dealt, scheme })
    }

    /// The same package, of a sharing that one machine alone has dealt, or not.
    pub(crate) fn marked(self, dealt: bool) -> Self {
        Self { dealt, ..self }
    }

    /// The key's name.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The name of this sharing of it.
    pub fn sharing(&self) -> Sharing {
        self.sharing
    }

    /// How many refreshes and reshares came before: for people; only [`Self::sharing`] decides.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// How many parties are needed to sign.
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// All who hold a share.
    pub fn parties(&self) -> &Parties {
        &self.parties
    }

    /// The public image Y_i of a party's share: t small multiplications.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`].
    pub fn verifying_share(&self, id: PartyId) -> Result<<S::Curve as Curve>::Point, Usage> {
        if self.parties.contains(id) { Ok(self.commitment.evaluate(id)) } else { Err(Usage::UnknownParty(id)) }
    }

    /// Whether one machine alone has dealt this sharing, as an import does: it is good for a refresh, and for
    /// nothing else before.
    pub fn is_dealt(&self) -> bool {
        self.dealt
    }

    /// The door of everything that signs, or prepares to.
    ///
    /// # Errors
    /// [`Usage::RefreshFirst`] for a sharing that one machine has dealt.
    pub(crate) fn check_refreshed(&self) -> Result<(), Usage> {
        if self.dealt { Err(Usage::RefreshFirst) } else { Ok(()) }
    }

    /// The same package with another identity key for one of the parties, supplied by this party's operator.
    ///
    /// Key, sharing and shares stay what they are. The digest is another one, so parties that know different
    /// identities are foreign to each other until they agree; see `docs/repair.md`.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`], [`Usage::DuplicateIdentity`] if it is the key of another party.
    pub fn with_identity(&self, id: PartyId, identity: PublicIdentity) -> Result<Self, Usage> {
        Ok(Self { parties: self.parties.with_identity(id, identity)?, ..self.clone() })
    }

    /// Whether another package is of the same sharing, and differs at most in the parties' identity keys.
    pub(crate) fn differs_in_identities_alone(&self, other: &Self) -> bool {
        let same = Self { parties: self.parties.clone(), ..other.clone() };
        same == *self && self.parties.ids().eq(other.parties.ids())
    }

    /// H of the chain code, by which a newcomer knows the right one.
    pub fn chain_code_digest(&self) -> &[u8; 32] {
        &self.chain_code_digest
    }

    /// The joint key X as a point: what is shared, before any derivation or Taproot tweak.
    pub(crate) fn joint_point(&self) -> <S::Curve as Curve>::Point {
        self.commitment.constant()
    }

    /// The joint commitment: t points.
    pub(crate) fn commitment(&self) -> &Commitment<S::Curve> {
        &self.commitment
    }

    /// The digest of the whole package; it is in the base of every session about the key.
    pub fn digest(&self) -> [u8; 32] {
        let mut content = Vec::with_capacity(self.size());
        self.write(&mut content);
        Transcript::new("package").field(S::NAME.as_bytes()).field(&content).digest()
    }

    /// The stored form: see `docs/formats.md`.
    pub fn to_bytes(&self) -> Vec<u8> {
        record::write(PUBLIC, S::NAME, self.size(), |out| self.write(out)).to_vec()
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`Usage::Malformed`], [`Usage::UnknownVersion`], [`Usage::OtherSuite`], and what a package may not
    /// be.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        let mut input = record::read(bytes, PUBLIC, S::NAME)?;
        let package = Self::read(&mut input)?;
        input.finish().ok_or(Usage::Malformed)?;
        Ok(package)
    }

    pub(crate) fn size(&self) -> usize {
        32 + 32 + 4 + 2 + 2 + self.parties.len() * 34 + self.commitment.points().len() * S::Curve::POINT_LEN + 32 + 1
    }

    /// key id 32 ‖ sharing 32 ‖ number 4 ‖ t 2 ‖ n 2 ‖ n × (id 2, identity 32) ‖ t points ‖ H(cc) 32 ‖ dealt 1.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.key_id.as_bytes());
        out.extend_from_slice(self.sharing.as_bytes());
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.threshold.get().to_be_bytes());
        write_parties(&self.parties, out);
        for encoding in S::Curve::encode_points(self.commitment.points()) {
            out.extend_from_slice(encoding.as_ref());
        }
        out.extend_from_slice(&self.chain_code_digest);
        out.push(self.dealt.into());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Usage> {
        let package = Self::read_any(input)?;
        if package.threshold == Threshold::ONE { Err(Usage::InvalidThreshold) } else { Ok(package) }
    }

    /// Reads any package, of one party alone too: what an import starts from.
    pub(crate) fn read_any(input: &mut Reader<'_>) -> Result<Self, Usage> {
        let malformed = Usage::Malformed;
        let key_id = KeyId::from_bytes(input.array().ok_or(malformed)?);
        let sharing = Sharing::from_bytes(input.array().ok_or(malformed)?);
        let number = input.u32().ok_or(malformed)?;
        let threshold = match input.u16().ok_or(malformed)? {
            1 => Threshold::ONE,
            t => Threshold::new(t)?,
        };
        let parties = read_parties(input)?;
        let t = usize::from(threshold.get());
        if t > parties.len() {
            return Err(Usage::InvalidThreshold);
        }
        let shape = Shape { threshold: t, parties: parties.len(), batch: 1 };
        let points: Option<Vec<_>> =
            (0..t).map(|_| Element::<S::Curve>::read(input, &shape).map(|element| *element.point())).collect();
        let commitment = Commitment::new(points.ok_or(malformed)?).ok_or(malformed)?;
        let chain_code_digest = input.array().ok_or(malformed)?;
        let dealt = match input.u8() {
            Some(0) => false,
            Some(1) => true,
            _ => return Err(malformed),
        };
        let package = Self::new(key_id, (number, sharing), threshold, parties, commitment, chain_code_digest)?;
        Ok(package.marked(dealt))
    }
}

impl<S: Scheme> fmt::Debug for PublicKeyPackage<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (t, n) = (self.threshold.get(), self.parties.len());
        write!(f, "PublicKeyPackage({} {}, {t} of {n}, sharing {})", S::NAME, self.key_id, self.sharing)
    }
}

/// What one party holds of a key: its share, the chain code, and the public package.
///
/// Store it where only this party can read it ([`KeyShare::to_bytes`]). Any t of them are the key.
pub struct KeyShare<S: Scheme> {
    public: PublicKeyPackage<S>,
    me: PartyId,
    share: Secret<Scalar<S::Curve>>,
    chain_code: Secret<[u8; 32]>,
    strikes: Vec<u8>,
}

impl<S: Scheme> KeyShare<S> {
    /// Bundles a share with its public package, after checking that they fit.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`] if `me` holds no share, [`Usage::InvalidShare`] if the share or the chain
    /// code is not the one that the package speaks of.
    pub(crate) fn new(
        public: PublicKeyPackage<S>,
        me: PartyId,
        share: Secret<Scalar<S::Curve>>,
        chain_code: Secret<[u8; 32]>,
    ) -> Result<Self, Usage> {
        let image = public.verifying_share(me)?;
        let fits = S::Curve::mul_base(share.expose()) == image;
        if !fits || chain_code_digest(&chain_code) != public.chain_code_digest {
            return Err(Usage::InvalidShare);
        }
        let strikes = alloc::vec![0; public.parties.len()];
        Ok(Self { public, me, share, chain_code, strikes })
    }

    /// The same share once more, for a state that must outlive the first.
    pub(crate) fn duplicate(&self) -> Self {
        Self {
            public: self.public.clone(),
            me: self.me,
            share: Secret::new(*self.share.expose()),
            chain_code: Secret::new(*self.chain_code.expose()),
            strikes: self.strikes.clone(),
        }
    }

    /// What everybody may know.
    pub fn public(&self) -> &PublicKeyPackage<S> {
        &self.public
    }

    /// The party that holds this share.
    pub fn me(&self) -> PartyId {
        self.me
    }

    /// The parameters of a session about this key between some of its holders: their identities and the
    /// threshold come from the key. The label is the caller's, the same for all, fresh for each session.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`] for an id that holds no share, or if this party is not among them;
    /// [`Usage::DuplicateParty`]; [`Usage::WrongNumberOfSigners`] for fewer than t.
    pub fn session_params(
        &self,
        label: Label,
        with: impl IntoIterator<Item = PartyId>,
    ) -> Result<SessionParams, Usage> {
        let parties = self.public.parties.subset(with)?;
        let threshold = self.public.threshold;
        if parties.len() < usize::from(threshold.get()) {
            return Err(Usage::WrongNumberOfSigners);
        }
        SessionParams::new(label, self.me, threshold, parties)
    }

    /// Takes another identity key for one of the parties, as [`PublicKeyPackage::with_identity`] does; store the
    /// share afterwards. Its strikes stay. Not while a refresh or reshare is pending: what was signed in it is about the
    /// package of before (`docs/repair.md`).
    ///
    /// # Errors
    /// [`Usage::UnknownParty`], [`Usage::DuplicateIdentity`]: nothing has changed.
    pub fn set_identity(&mut self, id: PartyId, identity: PublicIdentity) -> Result<(), Usage> {
        self.public = self.public.with_identity(id, identity)?;
        Ok(())
    }

    /// The same share with the identities of another package of its sharing; `None` if the packages differ in more.
    pub(crate) fn known_as(mut self, package: &PublicKeyPackage<S>) -> Option<Self> {
        if !self.public.differs_in_identities_alone(package) {
            return None;
        }
        self.public = package.clone();
        Some(self)
    }

    /// The share s_i.
    pub(crate) fn secret(&self) -> &Secret<Scalar<S::Curve>> {
        &self.share
    }

    /// The chain code: who has it can link every address derived from the key.
    pub fn chain_code(&self) -> &Secret<[u8; 32]> {
        &self.chain_code
    }

    /// How often a peer's setup or use of pairwise state has failed its checks.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`].
    pub fn strikes(&self, id: PartyId) -> Result<u8, Usage> {
        let ids = self.public.parties.ids();
        ids.zip(&self.strikes).find(|(of, _)| *of == id).map(|(_, n)| *n).ok_or(Usage::UnknownParty(id))
    }

    /// Raises the number of a peer's strikes to what the burn log has counted; it never goes down.
    pub(crate) fn raise_strikes(&mut self, id: PartyId, total: u32) {
        let total = u8::try_from(total).unwrap_or(u8::MAX);
        let ids = self.public.parties.ids();
        ids.zip(&mut self.strikes).filter(|(of, _)| *of == id).for_each(|(_, n)| *n = total.max(*n));
    }

    /// Takes over what another share of the key had against its peers.
    pub(crate) fn carry_strikes(&mut self, strikes: impl IntoIterator<Item = (PartyId, u8)>) {
        strikes.into_iter().for_each(|(id, count)| self.raise_strikes(id, count.into()));
    }

    /// The strikes of all parties, by id.
    pub(crate) fn all_strikes(&self) -> impl Iterator<Item = (PartyId, u8)> {
        self.public.parties.ids().zip(self.strikes.iter().copied())
    }

    /// The stored form, secret: see `docs/formats.md`. Wiped when dropped.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let size = self.public.size() + 2 + 32 + 32 + self.strikes.len();
        record::write(SHARE, S::NAME, size, |out| {
            self.public.write(out);
            out.extend_from_slice(&self.me.to_bytes());
            let share = Zeroizing::new(encode_scalar::<S::Curve>(self.share.expose()));
            out.extend_from_slice(&*share);
            out.extend_from_slice(self.chain_code.expose());
            out.extend_from_slice(&self.strikes);
        })
    }

    /// Reads the stored form, and checks the share against the public package.
    ///
    /// # Errors
    /// [`Usage::Malformed`], [`Usage::UnknownVersion`], [`Usage::OtherSuite`], [`Usage::InvalidShare`],
    /// and what a package may not be.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        let mut input = record::read(bytes, SHARE, S::NAME)?;
        let public = PublicKeyPackage::read(&mut input)?;
        let me = PartyId::new(input.u16().ok_or(Usage::Malformed)?)?;
        let share = decode_scalar::<S::Curve>(input.take(32).ok_or(Usage::Malformed)?).ok_or(Usage::Malformed)?;
        let mut share = Self::new(public, me, Secret::new(share), read_chain_code(&mut input)?)?;
        let strikes = input.take(share.strikes.len()).ok_or(Usage::Malformed)?;
        input.finish().ok_or(Usage::Malformed)?;
        share.strikes.copy_from_slice(strikes);
        Ok(share)
    }
}

fn read_chain_code(input: &mut Reader<'_>) -> Result<Secret<[u8; 32]>, Usage> {
    let shape = Shape { threshold: 0, parties: 0, batch: 0 };
    SecretBytes::read(input, &shape).map(|bytes| bytes.0).ok_or(Usage::Malformed)
}

/// H(cc), in the public package.
pub(crate) fn chain_code_digest(chain_code: &Secret<[u8; 32]>) -> [u8; 32] {
    Transcript::new("chain-code").field(chain_code.expose()).digest()
}

impl<S: Scheme> fmt::Debug for KeyShare<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyShare({:?} of {:?})", self.me, self.public)
    }
}
