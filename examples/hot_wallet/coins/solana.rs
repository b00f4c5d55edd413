//! Solana: a transfer by the system program, in a legacy transaction.
//!
//! An address is the Ed25519 public key in base58. What is signed is the message itself (Solana docs,
//! "Transactions": header, account keys, recent blockhash, instructions).

use data_encoding::BASE64;
use ed25519_dalek::{Signature, VerifyingKey};

use super::Result;

/// The system program's address, `11111111111111111111111111111111`.
const SYSTEM_PROGRAM: [u8; 32] = [0; 32];
/// The system program's instruction number for a transfer.
const TRANSFER: u32 = 2;

/// The base58 address of an Ed25519 public key.
pub fn address(public_key: &[u8; 32]) -> String {
    bs58::encode(public_key).into_string()
}

/// Reads 32 bytes of base58: an address or a blockhash.
fn decode(text: &str) -> Result<[u8; 32]> {
    let bytes = bs58::decode(text).into_vec()?;
    Ok(bytes.try_into().map_err(|_| "not 32 bytes")?)
}

/// A transfer of SOL.
#[derive(Debug)]
pub struct Transfer {
    from: [u8; 32],
    to: [u8; 32],
    lamports: u64,
    recent_blockhash: [u8; 32],
}

impl Transfer {
    /// Pays `lamports` (10^-9 SOL) to `recipient`. The blockhash, in base58, is that of a recent block:
    /// the transaction dies about a minute later, signed or not.
    pub fn new(public_key: &[u8; 32], recipient: &str, lamports: u64, recent_blockhash: &str) -> Result<Self> {
        Ok(Self { from: *public_key, to: decode(recipient)?, lamports, recent_blockhash: decode(recent_blockhash)? })
    }

    /// The message, which is what Ed25519 signs. Counts are "compact-u16", which is one byte below 128.
    pub fn to_sign(&self) -> Vec<u8> {
        let mut message = vec![
            1, // signatures needed
            0, // of these, from accounts that are only read
            1, // other accounts that are only read: the program
            3, // accounts
        ];
        message.extend(self.from);
        message.extend(self.to);
        message.extend(SYSTEM_PROGRAM);
        message.extend(self.recent_blockhash);
        message.extend([
            1, // instructions
            2, // the program, as an index into the accounts
            2, 0, 1,  // the two accounts it works on
            12, // bytes of data
        ]);
        message.extend(TRANSFER.to_le_bytes());
        message.extend(self.lamports.to_le_bytes());
        message
    }

    /// The transaction in base64, as the RPC method `sendTransaction` takes it: the number of signatures,
    /// the signature, the message.
    pub fn signed(&self, signature: &[u8; 64]) -> String {
        BASE64.encode(&[&[1], &signature[..], &self.to_sign()].concat())
    }

    /// Checks that `raw` is this transfer, signed by its sender.
    pub fn verify(&self, raw: &str) -> Result<()> {
        let raw = BASE64.decode(raw.as_bytes())?;
        let (&1, rest) = raw.split_first().ok_or("empty")? else {
            return Err("not one signature".into());
        };
        let (signature, message) = rest.split_first_chunk::<64>().ok_or("too short")?;
        if message != self.to_sign() {
            return Err("another transaction".into());
        }
        let key = VerifyingKey::from_bytes(&self.from)?;
        key.verify_strict(message, &Signature::from_bytes(signature))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    /// Message and signed transaction as the crate `solders` (Python, MIT) makes them.
    #[test]
    fn withdrawal() {
        let key = SigningKey::from_bytes(&[0x11; 32]);
        let public_key = key.verifying_key().to_bytes();
        assert_eq!(address(&public_key), "F25s3DdjXdCxYBhh2z8FBusVEMT4b9bGNFVKJi3wFoF4");

        let transfer = Transfer::new(
            &public_key,
            "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T",
            1_500_000_000,
            "3JF3sEqM796hk5WFqA6EtmEwJQ9quALszsfJyvXNQKy3",
        )
        .unwrap();
        let signature = key.sign(&transfer.to_sign()).to_bytes();
        let raw = transfer.signed(&signature);
        assert_eq!(
            raw,
            "AZSsWSA7CiAYkYOO+kz3s4Iq3nvilNi32b+s6Hd32sK+Ue4mmDgKI7EsfzBSLMAIw1p55S59Ji4SxLfAqjqrWQUBAAED\
             0EqyMnQrtKs6E2i9RhXk5tAiSrcaAWuvhSCjMsl3hzcyHPpa3RheiJOl/YgBPsTX4SLe1GNUyt/1DZVjledbYAAAAAAA\
             AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIBAgIAAQwCAAAA\
             AC9oWQAAAAA="
        );
        transfer.verify(&raw).unwrap();

        let mut bad = signature;
        bad[40] ^= 1;
        assert!(transfer.verify(&transfer.signed(&bad)).is_err());
    }
}
