//! The XRP Ledger: a Payment of XRP, signed with secp256k1.
//!
//! Addresses are "classic": base58 with the ledger's own alphabet. A transaction is serialised field by
//! field, each behind its field ID and all sorted by type code, then field code (XRPL docs, "Binary
//! Format"); the digest is the first half of SHA-512 over the prefix `STX\0` and the unsigned fields.

use bs58::Alphabet;
use ripemd::Ripemd160;
use sha2::{Digest, Sha256, Sha512};

use super::{Result, ecdsa};

/// `STX\0`: a transaction for one signature.
const SIGNING_PREFIX: [u8; 4] = [0x53, 0x54, 0x58, 0x00];

/// Field IDs: the type code in the high half and the field code in the low one. A field code above 15
/// has its own byte.
mod id {
    pub const TRANSACTION_TYPE: &[u8] = &[0x12];
    pub const SEQUENCE: &[u8] = &[0x24];
    pub const DESTINATION_TAG: &[u8] = &[0x2e];
    pub const LAST_LEDGER_SEQUENCE: &[u8] = &[0x20, 0x1b];
    pub const AMOUNT: &[u8] = &[0x61];
    pub const FEE: &[u8] = &[0x68];
    pub const SIGNING_PUB_KEY: &[u8] = &[0x73];
    pub const TXN_SIGNATURE: &[u8] = &[0x74];
    pub const ACCOUNT: &[u8] = &[0x81];
    pub const DESTINATION: &[u8] = &[0x83];
}

/// The TransactionType of a Payment.
const PAYMENT: u16 = 0;

/// The classic address (`r…`) of a compressed secp256k1 public key.
pub fn address(public_key: &[u8]) -> String {
    let payload = [&[0], &account_id(public_key)[..]].concat();
    let full = [&payload, &checksum(&payload)[..]].concat();
    bs58::encode(full).with_alphabet(Alphabet::RIPPLE).into_string()
}

/// Reads a classic address back to its account ID.
fn decode(address: &str) -> Result<[u8; 20]> {
    let full = bs58::decode(address).with_alphabet(Alphabet::RIPPLE).into_vec()?;
    let (payload, check) = full.split_last_chunk::<4>().ok_or("too short")?;
    match payload {
        [0, account @ ..] if checksum(payload) == *check => Ok(account.try_into()?),
        _ => Err("not a classic XRP address".into()),
    }
}

fn account_id(public_key: &[u8]) -> [u8; 20] {
    Ripemd160::digest(Sha256::digest(public_key)).into()
}

fn checksum(payload: &[u8]) -> [u8; 4] {
    let hash = Sha256::digest(Sha256::digest(payload));
    [hash[0], hash[1], hash[2], hash[3]]
}

/// The digest of a transaction's fields without its signature.
fn digest(unsigned: &[u8]) -> [u8; 32] {
    let hash = Sha512::new().chain_update(SIGNING_PREFIX).chain_update(unsigned).finalize();
    std::array::from_fn(|i| hash[i])
}

/// A payment of XRP.
#[derive(Debug)]
pub struct Payment {
    /// The sender's compressed public key.
    pub public_key: [u8; 33],
    /// The recipient's classic address.
    pub destination: String,
    /// Tells an exchange which customer is paid.
    pub destination_tag: Option<u32>,
    /// In drops, 10^-6 XRP.
    pub amount: u64,
    /// In drops; the ledger destroys it.
    pub fee: u64,
    /// The number of the sender's transaction.
    pub sequence: u32,
    /// The ledger after which the payment can no longer succeed.
    pub last_ledger_sequence: u32,
}

impl Payment {
    /// The fields in canonical order, with or without the signature.
    fn fields(&self, signature: Option<&[u8]>) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut put = |id: &[u8], value: &[u8]| {
            out.extend_from_slice(id);
            out.extend_from_slice(value);
        };
        put(id::TRANSACTION_TYPE, &PAYMENT.to_be_bytes());
        put(id::SEQUENCE, &self.sequence.to_be_bytes());
        if let Some(tag) = self.destination_tag {
            put(id::DESTINATION_TAG, &tag.to_be_bytes());
        }
        put(id::LAST_LEDGER_SEQUENCE, &self.last_ledger_sequence.to_be_bytes());
        put(id::AMOUNT, &drops(self.amount)?);
        put(id::FEE, &drops(self.fee)?);
        put(id::SIGNING_PUB_KEY, &with_length(&self.public_key));
        if let Some(signature) = signature {
            put(id::TXN_SIGNATURE, &with_length(signature));
        }
        put(id::ACCOUNT, &with_length(&account_id(&self.public_key)));
        put(id::DESTINATION, &with_length(&decode(&self.destination)?));
        Ok(out)
    }

    /// The digest to sign with ECDSA.
    pub fn to_sign(&self) -> Result<[u8; 32]> {
        Ok(digest(&self.fields(None)?))
    }

    /// The signed blob in hex, as the `submit` method takes it.
    pub fn signed(&self, signature: &[u8; 64]) -> Result<String> {
        let der = ecdsa::signature(signature)?.serialize_der();
        Ok(hex::encode_upper(self.fields(Some(&der))?))
    }

    /// Checks that `raw` is this payment, signed by its sender.
    pub fn verify(&self, raw: &str) -> Result<()> {
        let raw = hex::decode(raw)?;
        let (unsigned, key, signature) = split(&raw)?;
        if raw != self.fields(Some(&signature))? {
            return Err("another transaction".into());
        }
        ecdsa::verify(&key, digest(&unsigned), &signature)
    }
}

/// XRP, as opposed to a token: bit 63 is clear, bit 62 is the sign (always positive), then the drops.
fn drops(amount: u64) -> Result<[u8; 8]> {
    if amount > 100_000_000_000_000_000 {
        return Err("more XRP than there is".into());
    }
    Ok((1 << 62 | amount).to_be_bytes())
}

/// Blobs and accounts carry their length, here always in one byte (up to 192).
fn with_length(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8], bytes].concat()
}

/// Walks a signed blob field by field, as a server does: everything but TxnSignature, then SigningPubKey
/// and TxnSignature.
fn split(blob: &[u8]) -> Result<(Vec<u8>, Vec<u8>, Vec<u8>)> {
    let (mut unsigned, mut key, mut signature) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = blob;
    while let [first, ..] = *rest {
        let id_length = if first & 0x0f == 0 { 2 } else { 1 };
        let (prefix, length) = match first >> 4 {
            1 => (0, 2),
            2 => (0, 4),
            6 => (0, 8),
            7 | 8 => (1, usize::from(*rest.get(id_length).ok_or("cut short")?)),
            _ => return Err("a type no XRP payment has".into()),
        };
        let start = id_length + prefix;
        let (field, after) = rest.split_at_checked(start + length).ok_or("cut short")?;
        let name = &field[..id_length];
        if name == id::TXN_SIGNATURE {
            signature = field[start..].to_vec();
        } else {
            unsigned.extend_from_slice(field);
        }
        if name == id::SIGNING_PUB_KEY {
            key = field[start..].to_vec();
        }
        rest = after;
    }
    Ok((unsigned, key, signature))
}

#[cfg(test)]
mod tests {
    use super::super::ecdsa::test_key::{public, sign};
    use super::*;

    /// The signed blob as xrpl-py (ISC) makes it.
    #[test]
    fn withdrawal() {
        assert_eq!(address(&public()), "rQrFNnvPGNNMqRcVRMbtBK3hpYaPzoa8K9");
        let payment = Payment {
            public_key: public(),
            destination: "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh".into(),
            destination_tag: Some(123_456_789),
            amount: 25_000_000,
            fee: 12,
            sequence: 7_654_321,
            last_ledger_sequence: 90_000_020,
        };
        let (signature, _) = sign(payment.to_sign().unwrap());
        let raw = payment.signed(&signature).unwrap();
        assert_eq!(
            raw,
            "120000240074CBB12E075BCD15201B055D4A946140000000017D784068400000000000000C7321034F355BDCB7CC0AF728\
             EF3CCEB9615D90684BB5B2CA5F859AB0F0B704075871AA74463044022010099E800305044ABD4F76A340A15EFA9A064020\
             34D4715F02A50B3850F423850220545DC71278EED8A3FC011C0C7358EEDBF495E17444ABF1B7E4CC2BC1F20F949E8114FC\
             7250A211DEDDC70EE5A2738DE5F07817351CEF8314B5F762798A53D543A014CAF8B297CFF8F2F937E8"
        );
        payment.verify(&raw).unwrap();

        let other = Payment { fee: 13, ..payment };
        assert!(other.verify(&raw).is_err());
        assert!(other.verify(&other.signed(&signature).unwrap()).is_err());
        assert!(decode("rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTg").is_err());
    }

    /// Vector of xrpl.js, packages/ripple-keypairs/test/fixtures/api.json (ISC).
    #[test]
    fn keypair() {
        let key = hex::decode("030D58EB48B4420B1F7B9DF55087E0E29FEF0E8468F9A6825B01CA2C361042D435").unwrap();
        assert_eq!(address(&key), "rU6K7V3Po4snVhBBaU29sesqs2qTQJWDw1");
    }

    /// A real transaction of another kind, walked and checked: xrpl.js, packages/xrpl/test/fixtures (ISC).
    #[test]
    fn server_side() {
        let blob = hex::decode(
            "12000322800000002400000017201B0086955368400000000000000C732102A8A44DB3D4C73EEEE11DFE54D2029103B776\
             AA8A8D293A91D645977C9DF5F54474463044022025464FA5466B6E28EEAD2E2D289A7A36A11EB9B269D211F9C76AB8E832\
             0694E002205D5F99CB56E5A996E5636A0E86D029977BEFA232B7FB64ABA8F6E29DC87A9E89770B6578616D706C652E636F\
             6D81145E7B112523F68D2F5E879DB4EAC51C6698A69304",
        )
        .unwrap();
        let (unsigned, key, signature) = split(&blob).unwrap();
        ecdsa::verify(&key, digest(&unsigned), &signature).unwrap();
        assert_eq!(decode("r9cZA1mLK5R5Am25ArfXFmqgNwjZgnfk59").unwrap()[..], blob[blob.len() - 20..]);
    }
}
