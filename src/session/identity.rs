//! A party's own identity: the Ed25519 key that signs its messages.

use alloc::sync::Arc;
use core::fmt;

use ed25519_dalek::{Signer, SigningKey};
use rand_core::CryptoRng;

use crate::error::Usage;
use crate::party::PublicIdentity;
use crate::secret::Secret;

// 1.1
/// The secret identity of a party. It signs messages; no key share can be computed from it.
///
/// Make one for each party and give its [`Identity::public`] to the operators of the others, over a
/// channel they trust: everything a session promises rests on it.
pub struct Identity(Arc<SigningKey>);

impl Identity {
    /// A new identity.
    ///
    /// # Errors
    /// [`Usage::BrokenRng`].
    pub fn generate(rng: &mut impl CryptoRng) -> Result<Self, Usage> {
        Ok(Self::from_seed(&crate::secret::fresh(rng)?))
    }

    /// The identity with this seed, as of RFC 8032.
    pub fn from_seed(seed: &Secret<[u8; 32]>) -> Self {
        Self(Arc::new(SigningKey::from_bytes(seed.expose())))
    }

    /// The seed, to be stored where only this party can read it. No backup of a share or record has it.
    pub fn to_seed(&self) -> Secret<[u8; 32]> {
        let mut seed = Secret::new([0; 32]);
        seed.expose_mut().copy_from_slice(self.0.as_bytes());
        seed
    }

    /// What the other parties must know.
    pub fn public(&self) -> PublicIdentity {
        PublicIdentity::of(&self.0)
    }

    /// Signs 32 bytes: the digest of an envelope, or of something else with a label of its own.
    pub(crate) fn sign(&self, digest: &[u8; 32]) -> [u8; 64] {
        self.0.sign(digest).to_bytes()
    }

    /// Another handle to the same key; the key itself is not copied.
    pub(crate) fn handle(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity(of {:?})", self.public())
    }
}
