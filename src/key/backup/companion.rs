//! What a verifiable backup of a share needs beside it to become a key share again.

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::recipient::{self, BackupKey, BackupSecretKey};
use super::{StoredKey, VerifiableBackup, sealed};
use crate::error::Usage;
use crate::key::{KeyShare, PublicKeyPackage, Scheme};
use crate::party::{PartyId, PublicIdentity};
use crate::record::{self, Kind};
use crate::secret::Secret;
use crate::session::Identity;
use crate::wire::{SecretBytes, Shape, Wire};

const RECORD: Kind = Kind { tag: 15, version: 1 };
const NO_SHAPE: Shape = Shape { threshold: 0, parties: 0, batch: 0 };

/// All of a key share but the share: the package, whose it is, the chain code, the strikes.
///
/// It is sealed like a share ([`recipient::seal`]): who has the chain code can link every address of the key. Only who
/// opens it sees whether it is right: the package against what is known of the key, the chain code against the
/// package.
pub struct Companion<S: Scheme> {
    public: PublicKeyPackage<S>,
    me: PartyId,
    pub(super) chain_code: Secret<[u8; 32]>,
    strikes: Vec<u8>,
}

impl<S: Scheme> Companion<S> {
    /// What goes with this share.
    pub fn of(key_share: &KeyShare<S>) -> Self {
        let public = key_share.public().clone();
        let strikes = public.parties().ids().map(|id| key_share.strikes(id).unwrap_or(0)).collect();
        let chain_code = Secret::new(*key_share.chain_code().expose());
        Self { public, me: key_share.me(), chain_code, strikes }
    }

    /// What everybody may know.
    pub fn public(&self) -> &PublicKeyPackage<S> {
        &self.public
    }

    /// The party whose share is missing.
    pub fn me(&self) -> PartyId {
        self.me
    }

    /// Opens the share and puts the key share together.
    ///
    /// # Errors
    /// [`Usage::NotOpened`] if the backup does not open to this party's share of this sharing; [`Usage::InvalidShare`]
    /// if the chain code is not that of the package.
    pub fn join(self, share: &VerifiableBackup<S>, secret: &BackupSecretKey) -> Result<KeyShare<S>, Usage> {
        let scalar = share.open(secret, &self.public, self.me)?;
        let ids: Vec<PartyId> = self.public.parties().ids().collect();
        let mut key_share = KeyShare::new(self.public, self.me, scalar, self.chain_code)?;
        ids.into_iter().zip(self.strikes).for_each(|(id, strikes)| key_share.raise_strikes(id, strikes.into()));
        Ok(key_share)
    }
}

impl<S: Scheme> fmt::Debug for Companion<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Companion({:?} of {:?})", self.me, self.public)
    }
}

impl<S: Scheme> sealed::Harmless for Companion<S> {}

impl<S: Scheme> StoredKey for Companion<S> {
    /// id 2 ‖ chain code 32 ‖ n 2 ‖ n strikes of 1 ‖ the record of the package.
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        let package = self.public.to_bytes();
        record::write(RECORD, S::NAME, 2 + 32 + 2 + self.strikes.len() + package.len(), |out| {
            out.extend_from_slice(&self.me.to_bytes());
            out.extend_from_slice(self.chain_code.expose());
            out.extend_from_slice(&u16::try_from(self.strikes.len()).unwrap_or(u16::MAX).to_be_bytes());
            out.extend_from_slice(&self.strikes);
            out.extend_from_slice(&package);
        })
    }

    fn from_record(bytes: &[u8]) -> Result<Self, Usage> {
        let mut input = record::read(bytes, RECORD, S::NAME)?;
        let me = PartyId::new(input.u16().ok_or(Usage::Malformed)?)?;
        let chain_code = SecretBytes::read(&mut input, &NO_SHAPE).ok_or(Usage::Malformed)?.0;
        let parties = usize::from(input.u16().ok_or(Usage::Malformed)?);
        let strikes = input.take(parties).ok_or(Usage::Malformed)?.to_vec();
        let public = PublicKeyPackage::from_bytes(input.rest())?;
        if public.parties().len() != strikes.len() {
            return Err(Usage::Malformed);
        }
        Ok(Self { public, me, chain_code, strikes })
    }
}

/// A share that anyone can check, and what it takes to use it, sealed beside.
///
/// # Security
/// Only the share is verifiable. If what is beside it is lost or false, the share is still there, and any other party
/// has the package and the chain code.
pub struct ShareBackup<S: Scheme> {
    /// The share.
    pub share: VerifiableBackup<S>,
    /// A [`Companion`], sealed to the same key and signed by the maker.
    pub beside: Vec<u8>,
}

impl<S: Scheme> ShareBackup<S> {
    /// Makes both parts.
    ///
    /// # Errors
    /// [`Usage::BrokenRng`].
    ///
    /// # Examples
    /// ```
    /// use cosigil::frost::Bip340;
    /// use cosigil::key::backup::{BackupSecretKey, ShareBackup};
    /// use cosigil::{Identity, Parties, PartyId, Threshold, hazmat};
    /// # let mut rng = cosigil::Transcript::new("an example, so not random").rng();
    /// # let parties = Parties::without_identities([PartyId::new(1)?, PartyId::new(2)?])?;
    /// # let secret = cosigil::curve::random_scalar::<cosigil::curve::Secp256k1>(&mut rng);
    /// # let share = hazmat::split::<Bip340>(&secret, Threshold::new(2)?, &parties, &mut rng)?.remove(0);
    ///
    /// let vault = BackupSecretKey::generate(&mut rng)?;
    /// let identity = Identity::generate(&mut rng)?;
    /// let backup = ShareBackup::make(&share, &vault.public(), &identity, &mut rng)?;
    /// backup.share.verify(share.public(), share.me(), &vault.public())?; // anybody
    ///
    /// let restored = backup.restore(&vault, &identity.public())?;
    /// assert_eq!(restored.to_bytes(), share.to_bytes());
    /// # Ok::<(), cosigil::Error>(())
    /// ```
    pub fn make(
        key_share: &KeyShare<S>,
        to: &BackupKey,
        maker: &Identity,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Usage> {
        let share = VerifiableBackup::make(key_share, to, rng)?;
        let beside = recipient::seal(&Companion::of(key_share), to, maker, rng)?;
        Ok(Self { share, beside })
    }

    /// Opens both parts.
    ///
    /// # Errors
    /// Those of [`BackupSecretKey::open`] and [`Companion::join`].
    pub fn restore(&self, secret: &BackupSecretKey, maker: &PublicIdentity) -> Result<KeyShare<S>, Usage> {
        secret.open::<Companion<S>>(&self.beside, maker)?.join(&self.share, secret)
    }
}

impl<S: Scheme> fmt::Debug for ShareBackup<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShareBackup({:?})", self.share)
    }
}
