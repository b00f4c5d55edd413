//! Import and export: reshares that begin or end with one party alone.

use alloc::vec::Vec;
use core::fmt;

use curve25519_dalek::scalar::{Scalar as EdwardsScalar, clamp_integer};
use ff::Field;
use rand_core::CryptoRng;
use sha2::{Digest, Sha512};
use sha3::Keccak512;
use zeroize::Zeroizing;

use crate::curve::{Curve, Ed25519, Scalar, decode_scalar, encode_point};
use crate::error::Usage;
use crate::frost::{Ed25519Keccak512, Ed25519Sha512};
use crate::key::{KeyShare, PublicKeyPackage, Scheme, chain_code_digest};
use crate::keygen::reshare::{Certified, Plan, ReshareInputs};
use crate::party::{KeyId, Parties, PartyId, PublicIdentity, Sharing, Threshold};
use crate::secret::{Secret, fresh};
use crate::sharing::{Commitment, Polynomial};
use crate::transcript::Transcript;

/// A whole secret key from elsewhere, to be split by [`import`].
pub struct ImportSecret<S: Scheme> {
    secret: Secret<Scalar<S::Curve>>,
    chain_code: Option<Secret<[u8; 32]>>,
}

impl<S: Scheme> ImportSecret<S> {
    /// A raw scalar of 32 bytes, in the customary order of the curve: big-endian on secp256k1 and P-256,
    /// little-endian on Ed25519 and ristretto255.
    ///
    /// # Errors
    /// [`Usage::Malformed`] from the group order on, [`Usage::Identity`] for 0.
    pub fn scalar(bytes: &Secret<[u8; 32]>) -> Result<Self, Usage> {
        let secret = Secret::new(decode_scalar::<S::Curve>(bytes.expose()).ok_or(Usage::Malformed)?);
        Self::of(secret)
    }

    /// The same key with a chain code, so that the children derived from it before stay the same: that of an
    /// extended private key (`xprv`). Without one a chain code is drawn.
    #[must_use]
    pub fn with_chain_code(self, chain_code: Secret<[u8; 32]>) -> Self {
        Self { chain_code: Some(chain_code), ..self }
    }

    fn of(secret: Secret<Scalar<S::Curve>>) -> Result<Self, Usage> {
        // Whether a key is 0 is no secret: then it is none.
        if bool::from(secret.expose().is_zero()) { Err(Usage::Identity) } else { Ok(Self { secret, chain_code: None }) }
    }
}

impl<S: Scheme<Curve = Ed25519>> ImportSecret<S> {
    /// The scalar that a hash's first half makes: clamped, modulo the group order.
    fn clamped(mut half: Zeroizing<[u8; 32]>) -> Result<Self, Usage> {
        *half = clamp_integer(*half);
        Self::of(Secret::new(EdwardsScalar::from_bytes_mod_order(*half)))
    }
}

impl ImportSecret<Ed25519Sha512> {
    /// An Ed25519 private key of 32 bytes, as of RFC 8032: Solana's, SSH's, most others'.
    ///
    /// # Errors
    /// None that a real key can cause.
    pub fn rfc_8032(seed: &Secret<[u8; 32]>) -> Result<Self, Usage> {
        Self::clamped(first_half(&Zeroizing::new(Sha512::digest(seed.expose()).into())))
    }

    /// An extended private key of BIP32-Ed25519: k_L ‖ k_R, and the chain code. k_R, which such keys need to
    /// sign alone, is not needed.
    ///
    /// # Errors
    /// [`Usage::Identity`] for a k_L that is 0 modulo the group order.
    pub fn bip32_ed25519(key: &Secret<[u8; 64]>, chain_code: Secret<[u8; 32]>) -> Result<Self, Usage> {
        let secret = Secret::new(EdwardsScalar::from_bytes_mod_order(*first_half(key.expose())));
        Ok(Self::of(secret)?.with_chain_code(chain_code))
    }
}

impl ImportSecret<Ed25519Keccak512> {
    /// A private key of NEM (NIS1): its 32 bytes as its hexadecimal form shows them, first byte first.
    ///
    /// # Errors
    /// None that a real key can cause.
    pub fn nem(private_key: &Secret<[u8; 32]>) -> Result<Self, Usage> {
        let mut reversed = Zeroizing::new(*private_key.expose());
        reversed.reverse();
        Self::clamped(first_half(&Zeroizing::new(Keccak512::digest(*reversed).into())))
    }
}

impl<S: Scheme> fmt::Debug for ImportSecret<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImportSecret({}, ..)", S::NAME)
    }
}

fn first_half(bytes: &[u8; 64]) -> Zeroizing<[u8; 32]> {
    let mut half = Zeroizing::new([0; 32]);
    half.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    half
}

/// Splits a whole key from elsewhere: what its dealer brings to the [`Reshare`](crate::Reshare) session.
///
/// The plan in it ([`ReshareInputs::plan`]) is for all other parties, as bytes, over any channel; each takes it
/// with [`accept_import`]. The dealer's id and identity may be those of a holder, or of nobody else.
///
/// # Security
/// **The key is as secret as the machine it came from**, and its backups: nothing here changes that. What comes
/// out is *dealt*: it can do nothing but a refresh ([`Usage::RefreshFirst`]), which makes useless whatever the dealer
/// kept of shares and coefficients, but does nothing about the key itself. To be rid of the key's past, make
/// a new key and move what the old one holds.
///
/// # Errors
/// [`Usage::BrokenRng`], [`Usage::InvalidThreshold`] for a threshold of 1, and those of [`Plan::reshare`].
///
/// # Examples
/// ```
/// use cosigil::frost::Ed25519Sha512;
/// use cosigil::hazmat::{ImportSecret, accept_import, import};
/// use cosigil::{Identity, Parties, PartyId, Secret, Threshold};
/// # use cosigil::Transcript;
/// # let mut rng = Transcript::new("an example, so not random").rng();
///
/// let identities = [Identity::generate(&mut rng)?, Identity::generate(&mut rng)?, Identity::generate(&mut rng)?];
/// let ids = [PartyId::new(1)?, PartyId::new(2)?, PartyId::new(3)?];
/// let holders = Parties::new(ids.into_iter().zip(identities.iter().map(Identity::public)))?;
///
/// // At party 1, which has the key:
/// let seed = [7; 32];
/// let secret = ImportSecret::<Ed25519Sha512>::rfc_8032(&Secret::new(seed))?;
/// let two = Threshold::new(2)?;
/// let dealer = import(secret, (ids[0], identities[0].public()), holders.clone(), two, &mut rng)?;
/// let plan = dealer.plan().to_bytes();
///
/// // At the others, whose operators know the public key, and who is to hold a share:
/// let public_key = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
/// let holder = accept_import::<Ed25519Sha512>(&plan, public_key.as_bytes(), &holders, two)?;
/// assert_eq!(holder.plan(), dealer.plan());
/// # Ok::<(), cosigil::Usage>(())
/// ```
pub fn import<S: Scheme>(
    secret: ImportSecret<S>,
    (dealer, identity): (PartyId, PublicIdentity),
    holders: Parties,
    threshold: Threshold,
    rng: &mut impl CryptoRng,
) -> Result<ReshareInputs<S>, Usage> {
    if threshold == Threshold::ONE {
        return Err(Usage::InvalidThreshold);
    }
    let ImportSecret { secret, chain_code } = secret;
    let chain_code = match chain_code {
        Some(chain_code) => chain_code,
        None => Transcript::new("import-cc").field(fresh(rng)?.expose()).secret(),
    };
    let digest = chain_code_digest(&chain_code);
    // One coefficient: the key itself, the share of whoever is alone.
    let commitment = Commitment::to(&Polynomial::with_constant(&secret, 1, rng));
    let sharing = Sharing::from_bytes(*fresh(rng)?.expose());
    let key_id = key_id::<S>(&commitment.constant(), &digest, &sharing);
    let alone = Parties::new([(dealer, identity)])?;
    let public = PublicKeyPackage::new(key_id, (0, sharing), Threshold::ONE, alone, commitment, digest)?;
    let plan = Plan::any(&public, [dealer], holders, threshold)?;
    ReshareInputs::holder(plan, KeyShare::new(public, dealer, secret, chain_code)?)
}

/// H("import"; suite, X, H(cc), sharing): what the id of an imported key says of it.
fn key_id<S: Scheme>(joint: &<S::Curve as Curve>::Point, chain_code: &[u8; 32], sharing: &Sharing) -> KeyId {
    let names = Transcript::new("import").field(S::NAME.as_bytes()).point::<S::Curve>(joint);
    KeyId::from_bytes(names.field(chain_code).field(sharing.as_bytes()).digest())
}

/// Takes the plan of an import, at a party that is to hold a share. In it are the key that its operator expects,
/// encoded as 32 or 33 bytes, and the holders and threshold that it expects.
///
/// # Security
/// Without a key that the operator knows from elsewhere (the address that is to be imported), whoever sent the
/// plan chooses the key.
///
/// # Errors
/// [`Usage::OtherKey`] if it is another key, or not named as an imported key is; [`Usage::InvalidThreshold`] for
/// another threshold, or the plan of something else; [`Usage::UnknownParty`], [`Usage::OtherIdentity`] for other
/// holders; [`Usage::Malformed`] and the like for bytes that are no plan; those of [`Plan::reshare`].
pub fn accept_import<S: Scheme>(
    plan: &[u8],
    expected: &[u8],
    holders: &Parties,
    threshold: Threshold,
) -> Result<ReshareInputs<S>, Usage> {
    let plan = Plan::<S>::any_from_bytes(plan)?;
    let old = plan.old();
    let alone = old.threshold() == Threshold::ONE && old.parties().len() == 1;
    if !alone || threshold == Threshold::ONE || plan.threshold() != threshold {
        return Err(Usage::InvalidThreshold);
    }
    let joint = old.joint_point();
    let is_named = key_id::<S>(&joint, old.chain_code_digest(), &old.sharing()) == old.key_id();
    if encode_point::<S::Curve>(&joint) != expected || !is_named || old.number() != 0 {
        return Err(Usage::OtherKey);
    }
    let unknown = plan.holders().ids().find(|id| !holders.contains(*id));
    unknown.map_or(Ok(()), |id| Err(Usage::UnknownParty(id)))?;
    if plan.holders() == holders { Ok(ReshareInputs::without_share(plan)) } else { Err(Usage::OtherIdentity) }
}

/// The plan that hands the whole key to one party, the recipient, by at least t holders. All of them make it,
/// as a decision of their operators, and run the [`Reshare`](crate::Reshare) session.
///
/// # Security
/// The recipient then has the whole key, and the shares of the dealers. Nothing is erased: the holders go on as
/// before, with a key that is only as secret as the recipient's machine. Mark it as exported.
///
/// # Errors
/// Those of [`Plan::reshare`].
pub fn export<S: Scheme>(
    public: &PublicKeyPackage<S>,
    dealers: impl IntoIterator<Item = PartyId>,
    recipient: (PartyId, PublicIdentity),
) -> Result<Plan<S>, Usage> {
    Plan::any(public, dealers, Parties::new([recipient])?, Threshold::ONE)
}

/// The whole key, out of an export's result at the recipient. No seed phrase and no RFC 8032 seed leads to it:
/// see [`expanded_key`] for Ed25519.
///
/// # Errors
/// [`Usage::InvalidThreshold`] for the result of anything but an export.
pub fn exported_secret<S: Scheme>(certified: Certified<S>) -> Result<Secret<Scalar<S::Curve>>, Usage> {
    if certified.public().threshold() != Threshold::ONE {
        return Err(Usage::InvalidThreshold);
    }
    super::reconstruct(&[certified.into_key_share()])
}

/// The 64 bytes of an expanded Ed25519 private key: the scalar, and a fresh prefix for its nonces. Wallets that
/// take such keys sign with it; the prefix differs each time, and so do the signatures.
///
/// The scalar is reduced modulo the group order, so it has not the bits that RFC 8032 sets: software that sets them
/// again when it reads the key gets another key. Compare the public key.
///
/// # Errors
/// [`Usage::BrokenRng`].
pub fn expanded_key(secret: &Secret<Scalar<Ed25519>>, rng: &mut impl CryptoRng) -> Result<Zeroizing<Vec<u8>>, Usage> {
    let prefix = fresh(rng)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(64));
    let scalar = Zeroizing::new(crate::curve::encode_scalar::<Ed25519>(secret.expose()));
    bytes.extend_from_slice(&*scalar);
    bytes.extend_from_slice(prefix.expose());
    Ok(bytes)
}
