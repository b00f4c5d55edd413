//! The one way to hash: a label, then fields, each framed by its length.
//!
//! H(label; f_1, …, f_m) is BLAKE3 over `u8 |tag| ‖ tag ‖ (u64 |f| ‖ f for each f) ‖ u64 m`, with
//! tag = `cosigil/1/` ‖ label, and integers big-endian. The framing is injective: each field starts
//! with its length and the count ends the input, so no two lists of fields give the same bytes. Each
//! label is used in one place only (`tests/it/floors.rs`), which makes it a domain of its own.

use alloc::boxed::Box;
use core::fmt;

use ff::FromUniformBytes;
use rand_core::{TryCryptoRng, TryRng};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::curve::{Curve, PublicScalar, Scalar, encode_scalar};
use crate::party::PartyId;
use crate::secret::Secret;

const VERSION: &[u8] = b"cosigil/1/";

/// A labelled, framed hash in the making. Boxed and wiped when dropped, for it may hold secrets: moving it leaves
/// no copy of its last block behind.
pub struct Transcript {
    hasher: Box<blake3::Hasher>,
    fields: u64,
}

impl Transcript {
    /// Starts a hash with this label, at most 200 bytes.
    pub fn new(label: &'static str) -> Self {
        let mut hasher = Box::new(blake3::Hasher::new());
        let length = VERSION.len() + label.len();
        hasher.update(&[u8::try_from(length).unwrap_or(u8::MAX)]);
        hasher.update(VERSION);
        hasher.update(label.as_bytes());
        Self { hasher, fields: 0 }
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, bytes: &[u8]) -> Self {
        self.append(bytes);
        self
    }

    /// Adds a number as a field of eight bytes.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.field(&number.to_be_bytes())
    }

    /// Adds a party id.
    #[must_use]
    pub fn party(self, id: PartyId) -> Self {
        self.field(&id.to_bytes())
    }

    /// Adds a point, in its encoding.
    #[must_use]
    pub fn point<C: Curve>(self, point: &C::Point) -> Self {
        use group::GroupEncoding;
        self.field(point.to_bytes().as_ref())
    }

    /// Adds a scalar, in its encoding.
    #[must_use]
    pub fn scalar<C: Curve>(self, scalar: &Scalar<C>) -> Self {
        let mut bytes = encode_scalar::<C>(scalar);
        let this = self.field(&bytes);
        bytes.zeroize();
        this
    }

    /// Adds a list: its length, then each item as a field.
    #[must_use]
    pub fn list<T: AsRef<[u8]>>(self, items: impl ExactSizeIterator<Item = T>) -> Self {
        let mut this = self.number(u64::try_from(items.len()).unwrap_or(u64::MAX));
        for item in items {
            this.append(item.as_ref());
        }
        this
    }

    /// The same hash so far, to be continued in two ways.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { hasher: self.hasher.clone(), fields: self.fields }
    }

    /// 32 bytes.
    pub fn digest(self) -> [u8; 32] {
        let mut digest = [0; 32];
        self.fill(&mut digest);
        digest
    }

    /// 32 secret bytes.
    pub fn secret(self) -> Secret<[u8; 32]> {
        let mut secret = Secret::new([0; 32]);
        self.fill(secret.expose_mut());
        secret
    }

    /// As many bytes as asked for.
    pub fn fill(self, bytes: &mut [u8]) {
        self.finish().0.fill(bytes);
    }

    /// A challenge that everybody may know: 64 bytes, reduced.
    pub fn challenge<C: Curve>(self) -> PublicScalar<C> {
        let mut wide = [0; 64];
        self.fill(&mut wide);
        PublicScalar::from_uniform_bytes(&wide)
    }

    /// A secret scalar: 64 bytes, reduced, in constant time.
    pub fn secret_scalar<C: Curve>(self) -> Secret<Scalar<C>> {
        let mut wide = Secret::new([0; 64]);
        self.fill(wide.expose_mut());
        Secret::new(Scalar::<C>::from_uniform_bytes(wide.expose()))
    }

    /// An endless stream of bytes, as a generator of randomness. As good as what went in is secret.
    pub fn rng(self) -> TranscriptRng {
        self.finish()
    }

    fn append(&mut self, bytes: &[u8]) {
        self.hasher.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.hasher.update(bytes);
        self.fields += 1;
    }

    fn finish(mut self) -> TranscriptRng {
        self.hasher.update(&self.fields.to_be_bytes());
        // It holds the last block of what was hashed.
        let mut reader = self.hasher.finalize_xof();
        let boxed = Box::new(reader.clone());
        reader.zeroize();
        TranscriptRng(boxed)
    }
}

impl Drop for Transcript {
    fn drop(&mut self) {
        self.hasher.zeroize();
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transcript(..)")
    }
}

/// The output of a [`Transcript`] as a generator of randomness.
pub struct TranscriptRng(Box<blake3::OutputReader>);

impl TryRng for TranscriptRng {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for TranscriptRng {}

impl Drop for TranscriptRng {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for TranscriptRng {}

impl fmt::Debug for TranscriptRng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TranscriptRng(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn digest(fields: &[&[u8]]) -> [u8; 32] {
        fields.iter().fold(Transcript::new("test"), |t, f| t.field(f)).digest()
    }

    /// S-10: another split of the same bytes is another hash; empty is not absent.
    #[test]
    fn s_10_framing_is_injective() {
        assert_ne!(digest(&[b"ab"]), digest(&[b"a", b"b"]));
        assert_ne!(digest(&[]), digest(&[b""]));
        assert_ne!(digest(&[b"", b"a"]), digest(&[b"a", b""]));
    }

    proptest! {
        #[test]
        fn s_10_every_other_split_differs(bytes: Vec<u8>, a in 0usize..64, b in 0usize..64) {
            let (a, b) = (a.min(bytes.len()), b.min(bytes.len()));
            let (one, other) = (bytes.split_at(a), bytes.split_at(b));
            prop_assert_eq!(a == b, digest(&[one.0, one.1]) == digest(&[other.0, other.1]));
        }
    }
}
