//! Round one: two secret nonces, and the commitments to them that everybody may know.
//!
//! Source: RFC 9591, sections 4.1 (`nonce_generate`) and 5.1 (`commit`). Where we differ: the 32 random
//! bytes are a hash of 32 fresh ones and a counter, or of 32 fresh ones and the session, so that a
//! generator that repeats itself does not repeat a nonce. Nobody else can see the difference.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};

use ff::Field;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::list::CommitmentList;
use super::suite::Suite;
use super::{NO_SHAPE, read_record, write_record};
use crate::curve::{Curve, Scalar, encode_scalar};
use crate::error::Usage;
use crate::key::KeyShare;
use crate::party::{Base, KeyId, PartyId, Sharing};
use crate::record::Kind;
use crate::secret::Secret;
use crate::transcript::Transcript;
use crate::wire::{Element, Reader, Shape, Wire};

const COMMITMENTS: Kind = Kind { tag: 16, version: 1 };

/// The most nonces that [`preprocess`] makes at a time.
pub const MAX_PREPROCESSED: usize = 1024;

/// The secret nonces of one signer for one signature. They live in memory only.
///
/// # Security
/// Whoever sees two signature shares made with the same nonces has the signer's share of the key. So
/// they are moved into [`sign`](super::sign()), which destroys them; they have no `Clone`, no bytes and
/// no serialization. After a restart, those whose commitments were published are gone: make new ones.
///
/// A second use does not compile:
///
/// ```compile_fail,E0382
/// use cosigil::frost::{self, CommitmentList, Ed25519Sha512, Nonces, SigningRequest};
/// use cosigil::key::KeyShare;
///
/// fn twice(
///     share: &KeyShare<Ed25519Sha512>,
///     nonces: Nonces<Ed25519Sha512>,
///     request: &SigningRequest<Ed25519Sha512>,
///     list: &CommitmentList<Ed25519Sha512>,
/// ) {
///     let _ = frost::sign(share, nonces, request, list);
///     let _ = frost::sign(share, nonces, request, list);
/// }
/// ```
///
/// Nor does a copy, nor nonces of another suite:
///
/// ```compile_fail,E0599
/// fn copy(nonces: cosigil::frost::Nonces<cosigil::frost::Ed25519Sha512>) {
///     let _ = nonces.clone();
/// }
/// ```
///
/// ```compile_fail,E0308
/// use cosigil::frost::{self, CommitmentList, Ed25519Keccak512, Ed25519Sha512, Nonces, SigningRequest};
///
/// fn mix(
///     share: &cosigil::key::KeyShare<Ed25519Sha512>,
///     nonces: Nonces<Ed25519Keccak512>,
///     request: &SigningRequest<Ed25519Sha512>,
///     list: &CommitmentList<Ed25519Sha512>,
/// ) {
///     let _ = frost::sign(share, nonces, request, list);
/// }
/// ```
pub struct Nonces<S: Suite> {
    hiding: Secret<Scalar<S::Curve>>,  // d
    binding: Secret<Scalar<S::Curve>>, // e
    commitments: NonceCommitments<S>,
    signer: PartyId,
    key_id: KeyId,
    sharing: Sharing,
}

impl<S: Suite> Nonces<S> {
    /// What is sent to the coordinator or the other signers.
    pub fn commitments(&self) -> &NonceCommitments<S> {
        &self.commitments
    }

    /// Whether these nonces were made with this share, of this sharing of this key.
    pub(super) fn belong_to(&self, key_share: &KeyShare<S>) -> Result<(), Usage> {
        let public = key_share.public();
        if self.key_id != public.key_id() {
            return Err(Usage::OtherKey);
        }
        if self.sharing != public.sharing() {
            return Err(Usage::OtherSharing { ours: public.sharing(), theirs: self.sharing });
        }
        if self.signer != key_share.me() {
            return Err(Usage::UnknownNonce);
        }
        Ok(())
    }

    pub(super) fn hiding(&self) -> &Secret<Scalar<S::Curve>> {
        &self.hiding
    }

    pub(super) fn binding(&self) -> &Secret<Scalar<S::Curve>> {
        &self.binding
    }
}

impl<S: Suite> fmt::Debug for Nonces<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonces(..)")
    }
}

/// The public images of a signer's nonces: D = d·G and E = e·G. Broadcast.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NonceCommitments<S: Suite> {
    hiding: Element<S::Curve>,  // D
    binding: Element<S::Curve>, // E
}

impl<S: Suite> NonceCommitments<S> {
    /// The commitments with these encodings, as RFC 9591 sends them.
    ///
    /// # Errors
    /// [`Usage::Malformed`] unless both are canonical, of the prime-order group and not the identity.
    pub fn from_encodings(hiding: &[u8], binding: &[u8]) -> Result<Self, Usage> {
        let decode = |bytes| Element::decode(bytes, &NO_SHAPE).ok_or(Usage::Malformed);
        Ok(Self { hiding: decode(hiding)?, binding: decode(binding)? })
    }

    /// D, as RFC 9591 encodes it: 32 or 33 bytes.
    pub fn hiding(&self) -> &[u8] {
        self.hiding.as_bytes()
    }

    /// E, as RFC 9591 encodes it: 32 or 33 bytes.
    pub fn binding(&self) -> &[u8] {
        self.binding.as_bytes()
    }

    pub(super) fn hiding_point(&self) -> &<S::Curve as Curve>::Point {
        self.hiding.point()
    }

    pub(super) fn binding_point(&self) -> &<S::Curve as Curve>::Point {
        self.binding.point()
    }

    /// The form for sending and storing, with a header that names the suite: see `docs/frost.md` 6.
    pub fn to_bytes(&self) -> Vec<u8> {
        write_record::<S>(COMMITMENTS, Self::size(&NO_SHAPE), |out| self.write(out))
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Usage::Malformed`], [`Usage::UnknownVersion`], [`Usage::OtherSuite`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        read_record::<S, Self>(bytes, COMMITMENTS, |input| Self::read(input, &NO_SHAPE).ok_or(Usage::Malformed))
    }
}

/// D ‖ E, the body of a message in a session.
impl<S: Suite> Wire for NonceCommitments<S> {
    fn size(_: &Shape) -> usize {
        2 * S::Curve::POINT_LEN
    }
    fn write(&self, out: &mut Vec<u8>) {
        self.hiding.write(out);
        self.binding.write(out);
    }
    fn read(input: &mut Reader<'_>, shape: &Shape) -> Option<Self> {
        Some(Self { hiding: Element::read(input, shape)?, binding: Element::read(input, shape)? })
    }
}

impl<S: Suite> fmt::Debug for NonceCommitments<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NonceCommitments({}, {:?}, {:?})", S::NAME, self.hiding, self.binding)
    }
}

/// The secret and the public side of nonces.
type Pair<S> = (Nonces<S>, NonceCommitments<S>);

/// Makes nonces for one signature, and the commitments to them. Needs neither message nor signers.
///
/// # Errors
/// [`Usage::RefreshFirst`]; [`Usage::BrokenRng`] if the generator gives zeros, or the same 32 bytes twice in a row.
///
/// # Examples
/// See [`crate::frost`].
pub fn commit<S: Suite>(key_share: &KeyShare<S>, rng: &mut impl CryptoRng) -> Result<Pair<S>, Usage> {
    let nonces = draw(key_share, &mut Draws::ahead_of_time(rng))?;
    let commitments = nonces.commitments;
    Ok((nonces, commitments))
}

/// Makes nonces for `count` signatures ahead of time, at most [`MAX_PREPROCESSED`].
///
/// Their commitments may be published long before, in any number and order. A refresh of the key makes
/// them useless; so does a restart, for they have no bytes.
///
/// # Errors
/// [`Usage::TooMany`], [`Usage::RefreshFirst`], [`Usage::BrokenRng`].
pub fn preprocess<S: Suite>(
    key_share: &KeyShare<S>,
    count: usize,
    rng: &mut impl CryptoRng,
) -> Result<Vec<Pair<S>>, Usage> {
    if count > MAX_PREPROCESSED {
        return Err(Usage::TooMany);
    }
    let mut draws = Draws::ahead_of_time(rng);
    let pair = |nonces: Nonces<S>| {
        let commitments = nonces.commitments;
        (nonces, commitments)
    };
    (0..count).map(|_| draw(key_share, &mut draws).map(pair)).collect()
}

/// Makes the nonces of a signer in a session, bound to its base, which holds key and message.
pub(super) fn commit_in_session<S: Suite>(
    key_share: &KeyShare<S>,
    base: &Base,
    rng: &mut impl CryptoRng,
) -> Result<Nonces<S>, Usage> {
    draw(key_share, &mut Draws { rng, last: None, place: Place::Session(*base) })
}

/// Makes nonces out of the random bytes given, by the letter of RFC 9591: see [`crate::hazmat`].
pub(crate) fn commit_with_randomness<S: Suite>(
    key_share: &KeyShare<S>,
    hiding: &[u8; 32],
    binding: &[u8; 32],
) -> Result<Pair<S>, Usage> {
    key_share.public().check_refreshed()?;
    let nonces = assemble(key_share, generate(key_share, hiding)?, generate(key_share, binding)?);
    let commitments = nonces.commitments;
    Ok((nonces, commitments))
}

/// What is hashed with the fresh bytes.
enum Place {
    /// The next number of the process: the message is not known yet.
    Process,
    /// Everything the session is about.
    Session(Base),
}

/// A generator that is looked at, block by block.
struct Draws<'a, R> {
    rng: &'a mut R,
    last: Option<Secret<[u8; 32]>>,
    place: Place,
}

impl<'a, R: CryptoRng> Draws<'a, R> {
    fn ahead_of_time(rng: &'a mut R) -> Self {
        Self { rng, last: None, place: Place::Process }
    }

    /// The random bytes of one nonce.
    fn next(&mut self) -> Result<Secret<[u8; 32]>, Usage> {
        let mut fresh = Secret::new([0; 32]);
        self.rng.fill_bytes(fresh.expose_mut());
        // Whether the generator is broken is no secret.
        let repeated = self.last.as_ref().is_some_and(|last| last.expose() == fresh.expose());
        if repeated || *fresh.expose() == [0; 32] {
            return Err(Usage::BrokenRng);
        }
        let mixed = match &self.place {
            Place::Process => Transcript::new("frost-nonce").field(fresh.expose()).number(next_number()).secret(),
            Place::Session(base) => {
                Transcript::new("frost-session-nonce").field(fresh.expose()).field(base.as_bytes()).secret()
            }
        };
        self.last = Some(fresh);
        Ok(mixed)
    }
}

/// A number that no other nonce of this process has.
fn next_number() -> u64 {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    COUNTER.fetch_add(1, Ordering::Relaxed).into()
}

fn draw<S: Suite>(key_share: &KeyShare<S>, draws: &mut Draws<'_, impl CryptoRng>) -> Result<Nonces<S>, Usage> {
    key_share.public().check_refreshed()?;
    let hiding = generate(key_share, draws.next()?.expose())?; // 2.1
    let binding = generate(key_share, draws.next()?.expose())?;
    Ok(assemble(key_share, hiding, binding))
}

/// H3(random ‖ share).
fn generate<S: Suite>(key_share: &KeyShare<S>, random: &[u8; 32]) -> Result<Secret<Scalar<S::Curve>>, Usage> {
    let share = Zeroizing::new(encode_scalar::<S::Curve>(key_share.secret().expose()));
    let nonce = S::h3(&[random, &*share]);
    if bool::from(nonce.expose().is_zero()) { Err(Usage::BrokenRng) } else { Ok(nonce) }
}

fn assemble<S: Suite>(
    key_share: &KeyShare<S>,
    hiding: Secret<Scalar<S::Curve>>,
    binding: Secret<Scalar<S::Curve>>,
) -> Nonces<S> {
    let image = |nonce: &Secret<Scalar<S::Curve>>| Element::new(S::Curve::mul_base(nonce.expose())); // 2.2
    let commitments = NonceCommitments { hiding: image(&hiding), binding: image(&binding) };
    let public = key_share.public();
    Nonces { hiding, binding, commitments, signer: key_share.me(), key_id: public.key_id(), sharing: public.sharing() }
}

/// The unused nonces of one signer, found by their commitments. In memory only.
///
/// A commitment that the coordinator serves twice is found once.
pub struct NoncePool<S: Suite>(BTreeMap<Vec<u8>, Nonces<S>>);

impl<S: Suite> NoncePool<S> {
    /// The empty pool.
    pub fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds nonces.
    pub fn insert(&mut self, nonces: Nonces<S>) {
        self.0.insert(nonces.commitments.encode(&NO_SHAPE), nonces);
    }

    /// Takes out the nonces that the list names for this signer.
    ///
    /// # Errors
    /// [`Usage::UnknownNonce`] if they are not here: used, lost in a restart, or never made. Answer with
    /// fresh commitments.
    pub fn take(&mut self, signer: PartyId, list: &CommitmentList<S>) -> Result<Nonces<S>, Usage> {
        let commitments = list.get(signer).ok_or(Usage::UnknownNonce)?;
        self.0.remove(&commitments.encode(&NO_SHAPE)).ok_or(Usage::UnknownNonce)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<S: Suite> Default for NoncePool<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Suite> Extend<Nonces<S>> for NoncePool<S> {
    fn extend<I: IntoIterator<Item = Nonces<S>>>(&mut self, nonces: I) {
        nonces.into_iter().for_each(|nonces| self.insert(nonces));
    }
}

impl<S: Suite> fmt::Debug for NoncePool<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoncePool({} unused)", self.0.len())
    }
}
