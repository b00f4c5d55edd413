//! serde for public and stored types, around their canonical bytes: hex where people read, bytes elsewhere.
//!
//! The hex of a [`KeyShare`] is written and read without branches or tables that depend on it. Nonces and
//! signing sessions have no serde, since they have no bytes. A list of commitments is read for a key
//! ([`CommitmentList::from_bytes`](crate::frost::CommitmentList::from_bytes)), which serde cannot do.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::error::Usage;
use crate::frost::{NonceCommitments, SignatureShare, SigningRequest, Suite, schnorr};
use crate::key::backup::{BackupKey, VerifiableBackup};
use crate::key::{KeyShare, PublicKeyPackage, Scheme};
use crate::party::{Base, KeyId, Label, PairId, PartyId, PublicIdentity, Sharing, Threshold, View};

/// Writes bytes in lower-case hex, in constant time.
fn to_hex(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut hex = Zeroizing::new(Vec::with_capacity(2 * bytes.len()));
    // 39 lies between '9' and 'a'; it is added where 9 − nibble is negative.
    let digit =
        |nibble: u8| b'0' + nibble + (39 & 9u8.wrapping_sub(nibble).cast_signed().wrapping_shr(7).cast_unsigned());
    hex.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
    hex
}

/// Reads lower-case hex, in constant time but for its length and whether it is hex at all.
fn from_hex(hex: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (pairs, rest) = hex.as_chunks::<2>();
    let mut bytes = Zeroizing::new(Vec::with_capacity(pairs.len()));
    let mut invalid = 0i16;
    for [high, low] in pairs {
        let value = nibble(*high) << 4 | nibble(*low);
        invalid |= value >> 15;
        let [_, byte] = value.to_be_bytes();
        bytes.push(byte);
    }
    (invalid == 0 && rest.is_empty()).then_some(bytes)
}

/// The value of a digit, −1 if it is none.
fn nibble(digit: u8) -> i16 {
    let c = i16::from(digit);
    // All ones where c is in '0'..='9', or in 'a'..='f'.
    let is_number = ((0x2f - c) & (c - 0x3a)) >> 15;
    let is_letter = ((0x60 - c) & (c - 0x67)) >> 15;
    (is_number & (c - 0x2f)) + (is_letter & (c - 0x56)) - 1
}

fn serialize<Se: Serializer>(bytes: &[u8], serializer: Se) -> Result<Se::Ok, Se::Error> {
    if !serializer.is_human_readable() {
        return serializer.serialize_bytes(bytes);
    }
    let hex = to_hex(bytes);
    serializer.serialize_str(core::str::from_utf8(&hex).map_err(serde::ser::Error::custom)?)
}

fn deserialize<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl FnOnce(&[u8]) -> Result<T, Usage>,
) -> Result<T, D::Error> {
    let bytes = match deserializer.is_human_readable() {
        true => deserializer.deserialize_str(Bytes { human: true, lifetime: PhantomData })?,
        false => deserializer.deserialize_bytes(Bytes { human: false, lifetime: PhantomData })?,
    };
    read(&bytes).map_err(de::Error::custom)
}

struct Bytes<'de> {
    human: bool,
    lifetime: PhantomData<&'de ()>,
}

impl<'de> Visitor<'de> for Bytes<'de> {
    type Value = Zeroizing<Vec<u8>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.human { "lower-case hex" } else { "bytes" })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        from_hex(text.as_bytes()).ok_or_else(|| E::custom("not lower-case hex"))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Zeroizing::new(bytes.to_vec()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        // What the sequence says of its length is not believed.
        let mut bytes = Zeroizing::new(Vec::with_capacity(sequence.size_hint().unwrap_or(0).min(4096)));
        while let Some(byte) = sequence.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}

/// serde by two functions: to bytes, from bytes.
macro_rules! by_bytes {
    ($([$($generic:ident: $bound:ident)?] $type:ty, $write:expr, $read:expr;)*) => { $(
        impl<$($generic: $bound)?> Serialize for $type {
            #[allow(clippy::redundant_closure_call)]
            fn serialize<Se: Serializer>(&self, serializer: Se) -> Result<Se::Ok, Se::Error> {
                let write: fn(&Self) -> _ = $write;
                serialize(AsRef::<[u8]>::as_ref(&write(self)), serializer)
            }
        }

        impl<'de, $($generic: $bound)?> Deserialize<'de> for $type {
            fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
                deserialize(deserializer, $read)
            }
        }
    )* };
}

fn array(bytes: &[u8]) -> Result<[u8; 32], Usage> {
    bytes.try_into().map_err(|_| Usage::Malformed)
}

by_bytes! {
    [S: Scheme] PublicKeyPackage<S>, |value| value.to_bytes(), Self::from_bytes;
    [S: Scheme] KeyShare<S>, |value| value.to_bytes(), Self::from_bytes;
    [S: Scheme] VerifiableBackup<S>, |value| value.to_bytes(), Self::from_bytes;
    [] BackupKey, |value| value.to_bytes(), Self::from_bytes;
    [S: Suite] NonceCommitments<S>, |value| value.to_bytes(), Self::from_bytes;
    [S: Suite] SignatureShare<S>, |value| value.to_bytes(), Self::from_bytes;
    [S: Suite] SigningRequest<S>, |value| value.to_bytes(), Self::from_bytes;
    [S: Suite] schnorr::Signature<S>, |value| value.to_bytes(), Self::from_bytes;
    [S: Suite] schnorr::VerifyingKey<S>, |value| value.as_bytes().to_vec(), Self::from_bytes;
    [] PublicIdentity, |value| value.as_bytes().to_vec(), |bytes| Self::from_bytes(&array(bytes)?);
    [] Label, |value| *value.as_bytes(), |bytes| array(bytes).map(Self::from_bytes);
    [] Base, |value| *value.as_bytes(), |bytes| array(bytes).map(Self::from_bytes);
    [] View, |value| *value.as_bytes(), |bytes| array(bytes).map(Self::from_bytes);
    [] KeyId, |value| *value.as_bytes(), |bytes| array(bytes).map(Self::from_bytes);
    [] Sharing, |value| *value.as_bytes(), |bytes| array(bytes).map(Self::from_bytes);
    [] PairId, |value| *value.as_bytes(), |bytes| array(bytes).map(Self::from_bytes);
}

/// serde as the number.
macro_rules! by_number {
    ($($type:ty),*) => { $(
        impl Serialize for $type {
            fn serialize<Se: Serializer>(&self, serializer: Se) -> Result<Se::Ok, Se::Error> {
                serializer.serialize_u16(self.get())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
                Self::new(u16::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    )* };
}

by_number!(PartyId, Threshold);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frost::{self, CommitmentList, Ed25519Sha512, Ristretto255Sha512};
    use crate::party::Parties;
    use crate::transcript::Transcript;
    use alloc::format;
    use alloc::string::String;

    fn round_trip<T: Serialize + for<'a> Deserialize<'a>>(value: &T) -> T {
        let text = serde_json::to_string(value).unwrap();
        assert_eq!(text, text.to_lowercase());
        assert!(serde_json::from_str::<T>(&text.to_uppercase()).is_err() || text.bytes().all(|c| c.is_ascii_digit()));
        let back: T = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
        assert!(serde_json::from_str::<T>("\"00\"").is_err());
        back
    }

    /// G-11: the codec by its definition, for every byte and every character.
    #[test]
    fn g_11_hex() {
        for byte in 0..=255u8 {
            let text = format!("{byte:02x}");
            assert_eq!(to_hex(&[byte]).as_slice(), text.as_bytes());
            assert_eq!(from_hex(text.as_bytes()).unwrap().as_slice(), [byte]);
            let is_digit = byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            assert_eq!(from_hex(&[byte, b'0']).is_some(), is_digit);
            assert_eq!(from_hex(&[b'0', byte]).is_some(), is_digit);
        }
        assert!(from_hex(b"0").is_none());
    }

    #[test]
    fn types_come_back() {
        type S = Ristretto255Sha512;
        let mut rng = Transcript::new("serde-test").rng();
        let secret = crate::curve::random_scalar::<crate::curve::Ristretto255>(&mut rng);
        let parties = Parties::without_identities([1, 65535].map(|id| PartyId::new(id).unwrap())).unwrap();
        let threshold = Threshold::new(2).unwrap();
        let shares = crate::key::dealer::split::<S>(&secret, threshold, &parties, &mut rng).unwrap();
        let back = round_trip(&shares[0]);
        assert_eq!(back.to_bytes(), shares[0].to_bytes());
        let public = shares[0].public();
        assert_eq!(round_trip(public), *public);
        let vault = crate::key::backup::BackupSecretKey::generate(&mut rng).unwrap();
        assert_eq!(round_trip(&vault.public()), vault.public());
        round_trip(&VerifiableBackup::make(&shares[0], &vault.public(), &mut rng).unwrap());
        assert_eq!(round_trip(&public.key_id()), public.key_id());
        assert_eq!(round_trip(&threshold), threshold);
        assert_eq!(round_trip(&shares[1].me()), shares[1].me());
        let request = SigningRequest::<S>::new(b"m".as_slice());
        assert_eq!(round_trip(&request), request);
        let (nonces, own) = frost::commit(&shares[0], &mut rng).unwrap();
        let (_, other) = frost::commit(&shares[1], &mut rng).unwrap();
        assert_eq!(round_trip(&own), own);
        let list = CommitmentList::new([(shares[0].me(), own), (shares[1].me(), other)]).unwrap();
        let share = frost::sign(&shares[0], nonces, &request, &list).unwrap();
        assert_eq!(round_trip(&share), share);
        let key = public.verifying_key().unwrap();
        assert_eq!(round_trip(&key), key);
        let text: String = serde_json::to_string(&share).unwrap();
        assert!(serde_json::from_str::<SignatureShare<Ed25519Sha512>>(&text).is_err());
    }
}
