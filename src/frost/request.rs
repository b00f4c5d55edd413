//! What a signer's own application wants signed, and under which key.

use alloc::vec::Vec;
use core::fmt;

use group::Group;

use super::suite::{Bip340, InTree, KeyUse, Normal, Place, Suite, TaprootOutput};
use super::{NO_SHAPE, read_record, write_record};
use crate::curve::Curve;
use crate::error::Usage;
use crate::key::{ChildKey, ChildTweak, Derivable, ExtendedKey, KeyShare, PublicKeyPackage, Tweak};
use crate::record::Kind;
use crate::wire::{Reader, Wire};

const REQUEST: Kind = Kind { tag: 18, version: 1 };

/// What this signer's own application wants signed, and under which key.
///
/// Every signer makes its own, from what *it* has approved: a request that came with the coordinator's
/// list is to be compared with it, not to be used in its place. Requests that differ give signature
/// shares that do not add up.
///
/// # Examples
/// ```
/// use cosigil::frost::{Bip340, Ed25519Sha512, SigningRequest};
///
/// let solana = SigningRequest::<Ed25519Sha512>::new(b"a transaction's message");
/// let sighash = [7; 32];
/// let taproot = SigningRequest::key_path(sighash); // the same as SigningRequest::<Bip340>::new(sighash)
/// assert_eq!(taproot, SigningRequest::<Bip340>::new(sighash));
/// let with_scripts = SigningRequest::with_script_root(sighash, [9; 32]);
/// assert_ne!(taproot, with_scripts);
/// assert_eq!(SigningRequest::<Ed25519Sha512>::from_bytes(&solana.to_bytes())?, solana);
/// # Ok::<(), cosigil::Usage>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SigningRequest<S: Suite> {
    message: Vec<u8>,
    place: S::Place,
    key_use: S::KeyUse,
}

impl<S: Suite> SigningRequest<S> {
    /// A request for a signature of this message, under the key as it is ordinarily used: for
    /// [`Bip340`], the output key that only the key path can spend.
    ///
    /// The message is what the scheme's verifier takes: for [`Bip340`] in Bitcoin, the 32 bytes of the
    /// BIP-341 signature hash.
    pub fn new(message: impl Into<Vec<u8>>) -> Self {
        Self::with_key_use(message, S::KeyUse::default())
    }

    pub(crate) fn with_key_use(message: impl Into<Vec<u8>>, key_use: S::KeyUse) -> Self {
        Self { message: message.into(), place: S::Place::default(), key_use }
    }

    #[cfg(test)]
    pub(super) fn place_for_test(&mut self, place: S::Place) {
        self.place = place;
    }

    /// The message.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The key that the signature will verify under.
    ///
    /// # Errors
    /// [`Usage::OtherKey`] for a child of another key; [`Usage::InvalidTweak`], which nobody can bring about.
    pub fn verifying_key(&self, public: &PublicKeyPackage<S>) -> Result<S::VerifyingKey, Usage> {
        Target::new(public, self)?.verifying_key()
    }

    /// 1.1: that a child is where its path says, by this signer's own chain code.
    pub(super) fn check(&self, key_share: &KeyShare<S>) -> Result<(), Usage> {
        self.place.check(key_share)
    }

    /// The form for sending and storing, with a header that names the suite: see `docs/frost.md` 6.
    pub fn to_bytes(&self) -> Vec<u8> {
        let size = self.place.size() + S::KeyUse::size(&NO_SHAPE) + 4 + self.message.len();
        write_record::<S>(REQUEST, size, |out| {
            self.place.write(out);
            self.key_use.write(out);
            out.extend_from_slice(&u32::try_from(self.message.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(&self.message);
        })
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Usage::Malformed`], also for a hazardous request, which is never read from bytes;
    /// [`Usage::UnknownVersion`], [`Usage::OtherSuite`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        read_record::<S, Self>(bytes, REQUEST, |input| Self::read(input).ok_or(Usage::Malformed))
    }

    fn read(input: &mut Reader<'_>) -> Option<Self> {
        let place = S::Place::read(input)?;
        let key_use = S::KeyUse::read(input, &NO_SHAPE)?;
        let length = usize::try_from(input.u32()?).ok()?;
        Some(Self { place, ..Self::with_key_use(input.take(length)?, key_use) })
    }
}

impl<S: Suite<Place = InTree<S>> + Derivable> SigningRequest<S> {
    /// The same request, for a child of the key: for [`Bip340`], the output key that is made of the child.
    ///
    /// The signers need to agree on nothing but the path; each derives the child from its own share.
    ///
    /// # Examples
    /// An address for customer 7, and a Taproot signature for it.
    /// ```
    /// use cosigil::frost::{self, Bip340, CommitmentList, SigningRequest};
    /// use cosigil::key::DerivationPath;
    /// # use cosigil::{Parties, PartyId, Threshold, Transcript, curve, hazmat};
    /// # let mut rng = Transcript::new("an example").rng();
    /// # let parties = Parties::without_identities([PartyId::new(1)?, PartyId::new(2)?])?;
    /// # let secret = curve::random_scalar::<curve::Secp256k1>(&mut rng);
    /// # let shares = hazmat::split::<Bip340>(&secret, Threshold::new(2)?, &parties, &mut rng)?;
    /// # let sighash = [7; 32];
    ///
    /// let path: DerivationPath = "m/0/7".parse()?;
    /// let output_key = shares[0].derive(&path)?.extended_key().verifying_key()?; // the address
    ///
    /// let (nonces_1, commitments_1) = frost::commit(&shares[0], &mut rng)?;
    /// let (nonces_2, commitments_2) = frost::commit(&shares[1], &mut rng)?;
    /// let list = CommitmentList::new([(shares[0].me(), commitments_1), (shares[1].me(), commitments_2)])?;
    /// let request = |share: &cosigil::KeyShare<Bip340>| {
    ///     Ok::<_, cosigil::Usage>(SigningRequest::key_path(sighash).under(&share.derive(&path)?))
    /// };
    /// let share_1 = frost::sign(&shares[0], nonces_1, &request(&shares[0])?, &list)?;
    /// let share_2 = frost::sign(&shares[1], nonces_2, &request(&shares[1])?, &list)?;
    /// let both = [(shares[0].me(), share_1), (shares[1].me(), share_2)];
    /// let signature = frost::aggregate(shares[0].public(), &request(&shares[0])?, &list, both)?;
    /// assert!(output_key.verify_raw(&sighash, &signature).is_ok());
    /// # Ok::<(), cosigil::Error>(())
    /// ```
    #[must_use]
    pub fn under(self, child: &ChildKey<S>) -> Self {
        Self { place: InTree::at(child), ..self }
    }

    /// The child that is signed under; `None` for the shared key itself.
    ///
    /// # Security
    /// In a request that came from somebody else the path is a claim. A signer checks it against its own chain code before it
    /// signs; a coordinator that does not have the chain code cannot, and must not decide anything by it. It knows
    /// [`Self::verifying_key`].
    pub fn child(&self) -> Option<&ChildTweak<S>> {
        self.place.child()
    }
}

impl SigningRequest<Bip340> {
    /// A request for a Taproot spend by the key path, of an output that has no script path.
    pub fn key_path(sighash: [u8; 32]) -> Self {
        Self::new(sighash)
    }

    /// A request for a Taproot spend by the key path, of an output that the scripts under this Merkle
    /// root can spend as well.
    pub fn with_script_root(sighash: [u8; 32], root: [u8; 32]) -> Self {
        Self::with_key_use(sighash, TaprootOutput::script_root(root))
    }
}

impl<S: Suite> fmt::Debug for SigningRequest<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningRequest({}, {:?}, {:?}, message ", S::NAME, self.place, self.key_use)?;
        self.message.iter().take(32).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, "{} of {} bytes)", if self.message.len() > 32 { "…" } else { "" }, self.message.len())
    }
}

/// The key that is signed under, and the change that leads there: the same for the secret, for every
/// share and for every public share. Built once for a signature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<S: Suite> {
    pub(super) key: Normal<S::Curve>,
    pub(super) tweak: Tweak<S::Curve>,
}

impl<S: Suite> Target<S> {
    pub(super) fn new(public: &PublicKeyPackage<S>, request: &SigningRequest<S>) -> Result<Self, Usage> {
        let root = public.joint_point();
        Self::of(&root, request.place.tweak(&root)?, &request.key_use) // 1.1
    }

    fn of(root: &<S::Curve as Curve>::Point, child: Tweak<S::Curve>, key_use: &S::KeyUse) -> Result<Self, Usage> {
        let refuse_identity = |point: <S::Curve as Curve>::Point| {
            if bool::from(point.is_identity()) { Err(Usage::InvalidTweak) } else { Ok(point) }
        };
        let derived = refuse_identity(child.point(root))?;
        let used = key_use.tweak(&derived)?;
        let key = S::normalize(&refuse_identity(used.point(&derived))?); // 1.5
        let sign = if key.is_negated() { Tweak::negate() } else { Tweak::NONE };
        Ok(Self { key, tweak: child.then(used).then(sign) })
    }

    pub(super) fn verifying_key(&self) -> Result<S::VerifyingKey, Usage> {
        S::verifying_key(&self.key).ok_or(Usage::InvalidTweak)
    }
}

impl<S: Suite> PublicKeyPackage<S> {
    /// The key that the parties sign under, as the world knows it: what addresses are made of.
    ///
    /// For [`Bip340`] it is the Taproot output key that commits to no script; the key below it cannot be
    /// asked for, since somebody could have hidden a script path in it.
    ///
    /// # Errors
    /// [`Usage::InvalidTweak`], which nobody can bring about.
    pub fn verifying_key(&self) -> Result<S::VerifyingKey, Usage> {
        Target::<S>::of(&self.joint_point(), Tweak::NONE, &S::KeyUse::default())?.verifying_key()
    }
}

impl<S: Suite + Derivable> ExtendedKey<S> {
    /// The key as the world knows it, from public data alone: what addresses are made of, and what signatures under
    /// the child verify with. For [`Bip340`] it is the Taproot output key that commits to no script.
    ///
    /// # Errors
    /// [`Usage::InvalidTweak`], which nobody can bring about.
    pub fn verifying_key(&self) -> Result<S::VerifyingKey, Usage> {
        Target::<S>::of(self.point(), Tweak::NONE, &S::KeyUse::default())?.verifying_key()
    }
}

impl ExtendedKey<Bip340> {
    /// The output key with a script path: derived first, x-only then, tweaked last.
    ///
    /// # Errors
    /// [`Usage::InvalidTweak`], which nobody can bring about.
    pub fn output_key(&self, output: &TaprootOutput) -> Result<<Bip340 as Suite>::VerifyingKey, Usage> {
        Target::<Bip340>::of(self.point(), Tweak::NONE, output)?.verifying_key()
    }
}
