//! NEM (NIS1): a version-1 transfer with a plain message, on mainnet.
//!
//! NEM signs with Ed25519, but with the original Keccak-512 in place of SHA-512. Addresses and the
//! serialisation are described in NEM's technical reference and in the NIS API documentation ("gathering
//! data for the signature"): integers are little-endian, and byte strings carry a 4-byte length.

use data_encoding::BASE32;
use ed25519_dalek::hazmat::raw_verify;
use ed25519_dalek::{Signature, VerifyingKey};
use ripemd::Ripemd160;
use sha3::{Digest, Keccak256, Keccak512};

use super::Result;

const MAINNET: u8 = 0x68;
const TRANSFER: u32 = 0x0101;
/// Version 1 in the low byte, the network in the high one.
const VERSION: u32 = 0x6800_0001;
const PLAIN_MESSAGE: u32 = 1;

/// The mainnet address: base32 of the network, RIPEMD-160(Keccak-256(key)) and 4 bytes of checksum.
pub fn address(public_key: &[u8; 32]) -> String {
    let mut bytes = vec![MAINNET];
    bytes.extend(Ripemd160::digest(Keccak256::digest(public_key)));
    let checksum = Keccak256::digest(&bytes);
    bytes.extend(&checksum[..4]);
    BASE32.encode(&bytes)
}

/// Normalises an address (dashes are for reading only) and checks its network and checksum.
fn checked(address: &str) -> Result<String> {
    let address = address.replace('-', "");
    let bytes = BASE32.decode(address.as_bytes())?;
    let (body, checksum) = bytes.split_last_chunk::<4>().ok_or("too short")?;
    if body.len() != 21 || body[0] != MAINNET || Keccak256::digest(body)[..4] != checksum[..] {
        return Err("not a NEM mainnet address".into());
    }
    Ok(address)
}

/// The minimum fee in micro-XEM: 0.05 XEM for each full 10,000 XEM, from 1 to 25 times, and 0.05 XEM for
/// the message and each full 32 bytes of it.
fn minimum_fee(amount: u64, message: &[u8]) -> u64 {
    const UNIT: u64 = 50_000;
    let transfer = (amount / 10_000_000_000).clamp(1, 25);
    let message = match message.len() as u64 {
        0 => 0,
        length => length / 32 + 1,
    };
    (transfer + message) * UNIT
}

/// A transfer of XEM.
#[derive(Debug)]
pub struct Transfer {
    public_key: [u8; 32],
    recipient: String,
    amount: u64,
    message: Vec<u8>,
    timestamp: u32,
}

impl Transfer {
    /// Pays `amount` micro-XEM to `recipient`. `timestamp` is in seconds since NEM's first block,
    /// 2015-03-29 00:06:25 UTC; the transaction is good for an hour after it.
    pub fn new(public_key: &[u8; 32], recipient: &str, amount: u64, message: &str, timestamp: u32) -> Result<Self> {
        Ok(Self { public_key: *public_key, recipient: checked(recipient)?, amount, message: message.into(), timestamp })
    }

    /// The bytes to sign with Keccak-512 Ed25519.
    pub fn to_sign(&self) -> Vec<u8> {
        let fee = minimum_fee(self.amount, &self.message);
        let deadline = self.timestamp.saturating_add(3600);
        let mut out = Vec::new();
        out.extend(TRANSFER.to_le_bytes());
        out.extend(VERSION.to_le_bytes());
        out.extend(self.timestamp.to_le_bytes());
        out.extend(with_length(&self.public_key));
        out.extend(fee.to_le_bytes());
        out.extend(deadline.to_le_bytes());
        out.extend(with_length(self.recipient.as_bytes()));
        out.extend(self.amount.to_le_bytes());
        if self.message.is_empty() {
            out.extend(with_length(&[]));
        } else {
            let message = with_length(&self.message);
            out.extend(with_length(&[&PLAIN_MESSAGE.to_le_bytes(), &message[..]].concat()));
        }
        out
    }

    /// The body of a NIS `/transaction/announce` request.
    pub fn signed(&self, signature: &[u8; 64]) -> String {
        let data = hex::encode(self.to_sign());
        let signature = hex::encode(signature);
        format!(r#"{{"data":"{data}","signature":"{signature}"}}"#)
    }

    /// Checks that `raw` is this transfer, signed by its sender.
    pub fn verify(&self, raw: &str) -> Result<()> {
        let parts: Vec<&str> = raw.split('"').collect();
        let ["{", "data", ":", data, ",", "signature", ":", signature, "}"] = parts[..] else {
            return Err("not an announce request".into());
        };
        let (data, signature) = (hex::decode(data)?, hex::decode(signature)?);
        if data != self.to_sign() {
            return Err("another transaction".into());
        }
        verify(&self.public_key, &data, &signature)
    }
}

/// Checks a NEM signature: Ed25519's equation, with Keccak-512.
pub fn verify(public_key: &[u8; 32], message: &[u8], signature: &[u8]) -> Result<()> {
    let key = VerifyingKey::from_bytes(public_key)?;
    raw_verify::<Keccak512>(&key, message, &Signature::from_slice(signature)?)?;
    Ok(())
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_le_bytes(), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign};

    /// NIS reverses the 32 bytes of a private key before it hashes them.
    fn keys(mut private_key: [u8; 32]) -> (ExpandedSecretKey, VerifyingKey) {
        private_key.reverse();
        let secret = ExpandedSecretKey::from_bytes(&Keccak512::digest(private_key).into());
        let public = VerifyingKey::from(&secret);
        (secret, public)
    }

    /// Addresses, data and signature as nem-sdk (JavaScript, MIT) makes them.
    #[test]
    fn withdrawal() {
        let (secret, public) = keys([0x11; 32]);
        let public_key = public.to_bytes();
        assert_eq!(address(&public_key), "NBULEAUG2CZQISUR442HWA6UAKGWIXHDAABJA5FH");

        let recipient = "NCC3JD-46SY43-TUNF7U-SLLRB4-VUDZZH-G6QFW7-AMSN";
        let transfer = Transfer::new(&public_key, recipient, 25_000_000, "withdrawal 7", 300_000_000).unwrap();
        let signature = raw_sign::<Keccak512>(&secret, &transfer.to_sign(), &public).to_bytes();
        let raw = transfer.signed(&signature);
        assert_eq!(
            raw,
            "{\"data\":\"010100000100006800a3e11120000000e59ef184a612d4c3c4d89b5950eb57262c69862b2f96e59c5043bf\
             41765c482fa08601000000000010b1e111280000004e4343334a4434365359343354554e463755534c4c5242345655445a5a\
             48473651465737414d534e40787d010000000014000000010000000c0000007769746864726177616c2037\",\
             \"signature\":\"6baf7b1e2e9a5e8339cd58d0f9c6f9d09087ebe6a908137af5f075e85e028eeb6a97d334c4b07f8fbd\
             7da9d30f94a905e99cc7108d930a2942436d3a62e6cb02\"}"
        );
        transfer.verify(&raw).unwrap();

        let mut bad = signature;
        bad[0] ^= 1;
        assert!(transfer.verify(&transfer.signed(&bad)).is_err());
        let typo = "NCC3JD46SY43TUNF7USLLRB4VUDZZHG6QFW7AMSM";
        assert!(Transfer::new(&public_key, typo, 1, "", 0).is_err());
    }

    /// Computed with nem-sdk.
    #[test]
    fn fees() {
        assert_eq!(minimum_fee(1_000_000, b""), 50_000);
        assert_eq!(minimum_fee(25_000_000_000, &[b'x'; 31]), 150_000);
        assert_eq!(minimum_fee(25_000_000_000, &[b'x'; 32]), 200_000);
        assert_eq!(minimum_fee(900_000_000_000, b""), 1_250_000);
    }
}
