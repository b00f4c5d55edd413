//! Backups to a public key: hashed ElGamal on ristretto255, XChaCha20-Poly1305, committing, signed by their maker.
//!
//! The machine that makes the backups needs no secret to do it, and cannot open them again.
//!
//! Source: DHIES (Abdalla, Bellare and Rogaway, CT-RSA 2001), with everything public in the hash.

use alloc::vec::Vec;
use core::fmt;

use curve25519_dalek::RistrettoPoint;
use ed25519_dalek::Signature;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{COMMITMENT_LEN, Keys, NONCE_LEN, START_LEN, StoredKey, TAG_LEN, draws, read_start, start};
use crate::curve::{Curve, Ristretto255, Scalar, decode_scalar, encode_scalar, random_scalar};
use crate::error::Usage;
use crate::party::PublicIdentity;
use crate::record::{self, Kind};
use crate::secret::Secret;
use crate::session::Identity;
use crate::transcript::Transcript;
use crate::wire::Element;

type Sealing = Ristretto255;

const KEY: Kind = Kind { tag: 11, version: 1 };
/// The first byte of the body of a key: which half it is.
const PUBLIC: u8 = 1;
const SECRET: u8 = 2;

const FORM: u8 = 2;
const SIGNATURE_LEN: usize = 64;

/// The public key P = p·B that backups are sealed to.
///
/// Whoever makes backups must have the right one: compare it with the holder of the secret over a channel you trust.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BackupKey(Element<Sealing>);

impl BackupKey {
    /// The stored form: 32 bytes in a record, with a checksum against slips.
    pub fn to_bytes(&self) -> Vec<u8> {
        record::write(KEY, Sealing::NAME, 33, |out| {
            out.push(PUBLIC);
            out.extend_from_slice(self.as_bytes());
        })
        .to_vec()
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`Usage::Malformed`], [`Usage::UnknownVersion`], [`Usage::OtherSuite`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        let encoding = read_key(bytes, PUBLIC)?;
        // 3.1
        Sealing::decode(encoding).map(Element::new).map(Self).ok_or(Usage::Malformed)
    }

    /// The 32 bytes of the point.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(super) fn point(&self) -> &RistrettoPoint {
        self.0.point()
    }
}

impl fmt::Debug for BackupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupKey(")?;
        self.as_bytes().iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// The secret key p that opens backups. It belongs where no party of the key lives.
///
/// # Security
/// Who has it and the backups of t parties has the key.
pub struct BackupSecretKey {
    secret: Secret<Scalar<Sealing>>,
    public: BackupKey,
}

impl BackupSecretKey {
    /// A new key.
    ///
    /// # Errors
    /// [`Usage::BrokenRng`].
    pub fn generate(rng: &mut impl CryptoRng) -> Result<Self, Usage> {
        let seed = crate::secret::fresh(rng)?;
        let mut draws = Transcript::new("backup-key").field(seed.expose()).rng();
        Ok(Self::of(random_scalar::<Sealing>(&mut draws)))
    }

    fn of(secret: Secret<Scalar<Sealing>>) -> Self {
        let public = BackupKey(Element::new(Sealing::mul_base(secret.expose())));
        Self { secret, public }
    }

    /// What the makers of backups must know.
    pub fn public(&self) -> BackupKey {
        self.public
    }

    /// The stored form, secret. Wiped when dropped.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        record::write(KEY, Sealing::NAME, 33, |out| {
            out.push(SECRET);
            let secret = Zeroizing::new(encode_scalar::<Sealing>(self.secret.expose()));
            out.extend_from_slice(&*secret);
        })
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`Usage::Malformed`], [`Usage::UnknownVersion`], [`Usage::OtherSuite`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        let encoding = read_key(bytes, SECRET)?;
        let secret = decode_scalar::<Sealing>(encoding).map(Secret::new).ok_or(Usage::Malformed)?;
        // Whether it is 0 is no secret: nobody has that key.
        if *secret.expose() == Scalar::<Sealing>::ZERO { Err(Usage::Malformed) } else { Ok(Self::of(secret)) }
    }

    /// Opens a backup that this maker signed.
    ///
    /// # Errors
    /// [`Usage::OtherIdentity`] if it is another's, or nobody's; [`Usage::NotOpened`] if it was altered or is for another
    /// key; [`Usage::Malformed`] or [`Usage::UnknownVersion`] for what is no such backup; those of the record.
    pub fn open<K: StoredKey>(&self, file: &[u8], maker: &PublicIdentity) -> Result<K, Usage> {
        self.open_from(file, Some(maker))
    }

    /// Opens a backup that nobody signed. Anybody who knows the public key can have made it.
    ///
    /// # Errors
    /// As [`Self::open`]; [`Usage::OtherIdentity`] if it is signed.
    pub fn open_anonymous<K: StoredKey>(&self, file: &[u8]) -> Result<K, Usage> {
        self.open_from(file, None)
    }

    fn open_from<K: StoredKey>(&self, file: &[u8], maker: Option<&PublicIdentity>) -> Result<K, Usage> {
        let mut input = read_start(file, FORM)?;
        let named = match input.u8() {
            Some(0) => None,
            Some(1) => Some(input.array::<32>().ok_or(Usage::Malformed)?),
            _ => return Err(Usage::Malformed),
        };
        if named.as_ref() != maker.map(PublicIdentity::as_bytes) {
            return Err(Usage::OtherIdentity);
        }
        let one_time = input.take(Sealing::POINT_LEN).and_then(Sealing::decode).ok_or(Usage::NotOpened)?;
        let sealed = match maker {
            Some(maker) => self.signed_part(file, maker).ok_or(Usage::NotOpened)?,
            None => file,
        };
        // 3.4
        let header = sealed.get(..header_len(maker.is_some())).ok_or(Usage::Malformed)?;
        let content = keys(header, &self.public, &self.shared_with(&one_time)).open(sealed, header.len())?;
        K::from_record(&content)
    }

    /// What a maker signed, if it did.
    fn signed_part<'a>(&self, file: &'a [u8], maker: &PublicIdentity) -> Option<&'a [u8]> {
        let (sealed, signature) = file.split_at_checked(file.len().checked_sub(SIGNATURE_LEN)?)?;
        let signature = Signature::from_slice(signature).ok()?;
        maker.verifying_key().verify_strict(&digest(sealed, &self.public), &signature).ok()?;
        Some(sealed)
    }

    /// p·V, in constant time.
    pub(super) fn shared_with(&self, one_time: &RistrettoPoint) -> Zeroizing<RistrettoPoint> {
        Zeroizing::new(one_time * self.secret.expose())
    }
}

impl fmt::Debug for BackupSecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BackupSecretKey(of {:?})", self.public)
    }
}

/// Seals a key to a public key, and signs the file: 218 bytes more than its record.
///
/// # Errors
/// [`Usage::BrokenRng`].
///
/// # Examples
/// ```
/// use cosigil::frost::Ed25519Sha512;
/// use cosigil::key::backup::{BackupSecretKey, recipient};
/// use cosigil::{Identity, KeyShare, Parties, PartyId, Threshold, hazmat};
/// # let mut rng = cosigil::Transcript::new("an example, so not random").rng();
/// # let parties = Parties::without_identities([PartyId::new(1)?, PartyId::new(2)?])?;
/// # let secret = cosigil::curve::random_scalar::<cosigil::curve::Ed25519>(&mut rng);
/// # let share = hazmat::split::<Ed25519Sha512>(&secret, Threshold::new(2)?, &parties, &mut rng)?.remove(0);
///
/// let vault = BackupSecretKey::generate(&mut rng)?; // in the vault
/// let identity = Identity::generate(&mut rng)?; // this party's
/// let file = recipient::seal(&share, &vault.public(), &identity, &mut rng)?;
///
/// let restored: KeyShare<Ed25519Sha512> = vault.open(&file, &identity.public())?;
/// assert_eq!(restored.public(), share.public());
/// # Ok::<(), cosigil::Error>(())
/// ```
pub fn seal<K: StoredKey>(
    key: &K,
    to: &BackupKey,
    maker: &Identity,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, Usage> {
    seal_as(key, to, Some(maker), rng)
}

/// Seals a key to a public key without saying who did it: 122 bytes more than its record.
///
/// # Errors
/// [`Usage::BrokenRng`].
pub fn seal_anonymously<K: StoredKey>(key: &K, to: &BackupKey, rng: &mut impl CryptoRng) -> Result<Vec<u8>, Usage> {
    seal_as(key, to, None, rng)
}

fn seal_as<K: StoredKey>(
    key: &K,
    to: &BackupKey,
    maker: Option<&Identity>,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, Usage> {
    let content = key.to_record();
    let mut draws = draws(&content, rng)?;
    let one_time = random_scalar::<Sealing>(&mut draws);
    // 3.2
    let rest = header_len(maker.is_some()) + NONCE_LEN + COMMITMENT_LEN + content.len() + TAG_LEN + SIGNATURE_LEN;
    let mut file = start(FORM, rest);
    file.push(u8::from(maker.is_some()));
    if let Some(maker) = maker {
        file.extend_from_slice(maker.public().as_bytes());
    }
    file.extend_from_slice(Sealing::mul_base(one_time.expose()).compress().as_bytes());
    let shared = Zeroizing::new(to.point() * one_time.expose());
    keys(&file, to, &shared).seal(&mut file, &content, &mut draws)?;
    if let Some(maker) = maker {
        let signature = maker.sign(&digest(&file, to));
        file.extend_from_slice(&signature);
    }
    Ok(file)
}

/// The beginning ‖ signed 1 ‖ identity 32, if signed ‖ V 32.
fn header_len(signed: bool) -> usize {
    START_LEN + 1 + if signed { 32 } else { 0 } + Sealing::POINT_LEN
}

/// The keys of a file: V is in its header.
fn keys(header: &[u8], to: &BackupKey, shared: &Zeroizing<RistrettoPoint>) -> Keys {
    // 3.3
    let mut keys = Secret::new([0; 64]);
    let hash = Transcript::new("backup-pk").field(header).field(to.as_bytes()).point::<Sealing>(shared);
    hash.fill(keys.expose_mut());
    Keys(keys)
}

/// What the maker signs.
fn digest(sealed: &[u8], to: &BackupKey) -> [u8; 32] {
    // 3.5
    Transcript::new("backup-maker").field(sealed).field(to.as_bytes()).digest()
}

/// The 32 bytes of a key of this half.
fn read_key(bytes: &[u8], half: u8) -> Result<&[u8], Usage> {
    let mut input = record::read(bytes, KEY, Sealing::NAME)?;
    let found = input.u8();
    let encoding = input.take(32).ok_or(Usage::Malformed)?;
    input.finish().ok_or(Usage::Malformed)?;
    if found == Some(half) { Ok(encoding) } else { Err(Usage::Malformed) }
}
