//! Commitment by hash: binding by collision resistance, hiding by 32 random bytes.

use subtle::ConstantTimeEq;

use crate::transcript::Transcript;

/// H(…; 32 random bytes) over a transcript that holds the session, the party and the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCommitment(pub [u8; 32]);

impl HashCommitment {
    /// Commits to what is in the transcript: session, party and value.
    pub fn to(value: Transcript, blinding: &[u8; 32]) -> Self {
        Self(value.field(blinding).digest())
    }

    /// Whether it opens to this value with this blinding.
    #[must_use]
    pub fn opens_to(&self, value: Transcript, blinding: &[u8; 32]) -> bool {
        Self::to(value, blinding).0.ct_eq(&self.0).into()
    }
}
