//! Ethereum: an EIP-1559 (type 2) transaction, in the envelope of EIP-2718.
//!
//! Addresses carry the checksum of EIP-55. The digest is `keccak256(0x02 || rlp(fields))`; the signed
//! transaction appends `y_parity, r, s` to the fields.

use alloy_rlp::{Decodable, Encodable, Header};
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, PublicKey, Secp256k1};
use sha3::{Digest, Keccak256};

use super::{Result, ecdsa};

/// The transaction type of EIP-1559.
const TYPE: u8 = 0x02;

/// The address of a secp256k1 public key: the last 20 bytes of the hash of its two coordinates.
pub fn address(public_key: &[u8]) -> Result<String> {
    let point = PublicKey::from_slice(public_key)?.serialize_uncompressed();
    let hash = Keccak256::digest(&point[1..]);
    Ok(checksummed(&hash[12..]))
}

/// EIP-55: a letter is upper case where the hash of the lower-case address has a digit of 8 or more.
fn checksummed(address: &[u8]) -> String {
    let lower = hex::encode(address);
    let hash = hex::encode(Keccak256::digest(&lower));
    let text: String =
        lower.chars().zip(hash.chars()).map(|(c, h)| if h >= '8' { c.to_ascii_uppercase() } else { c }).collect();
    format!("0x{text}")
}

/// Reads an address with its EIP-55 checksum.
fn decode(address: &str) -> Result<[u8; 20]> {
    let digits = address.strip_prefix("0x").ok_or("no 0x")?;
    let mut bytes = [0; 20];
    hex::decode_to_slice(digits, &mut bytes)?;
    if checksummed(&bytes) != address {
        return Err("the EIP-55 checksum does not match".into());
    }
    Ok(bytes)
}

/// An EIP-1559 transaction without an access list; amounts in wei.
#[derive(Debug)]
pub struct Transfer {
    /// The sender's address. It is not in the transaction: nodes recover it from the signature.
    pub from: String,
    /// The recipient's address, or the token's contract.
    pub to: String,
    /// The ether paid.
    pub value: u128,
    /// 1 is Ethereum's mainnet.
    pub chain_id: u64,
    /// The number of the sender's transaction.
    pub nonce: u64,
    /// The tip to the proposer.
    pub max_priority_fee_per_gas: u128,
    /// The most that base fee and tip may come to.
    pub max_fee_per_gas: u128,
    /// 21,000 for plain ether.
    pub gas_limit: u64,
    /// Empty for plain ether; the ABI-encoded call for a token.
    pub data: Vec<u8>,
}

impl Transfer {
    /// The RLP fields of EIP-1559, without the list header.
    fn fields(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.chain_id.encode(&mut out);
        self.nonce.encode(&mut out);
        self.max_priority_fee_per_gas.encode(&mut out);
        self.max_fee_per_gas.encode(&mut out);
        self.gas_limit.encode(&mut out);
        decode(&self.to)?.encode(&mut out);
        self.value.encode(&mut out);
        self.data.as_slice().encode(&mut out);
        list(&[], &mut out); // the access list
        Ok(out)
    }

    /// The digest to sign with ECDSA.
    pub fn to_sign(&self) -> Result<[u8; 32]> {
        Ok(digest(&self.fields()?))
    }

    /// The raw transaction in hex, as `eth_sendRawTransaction` takes it. `recovery_id` is the parity of
    /// the `y` of the signature's nonce point.
    pub fn signed(&self, signature: &[u8; 64], recovery_id: u8) -> Result<String> {
        ecdsa::signature(signature)?;
        if recovery_id > 1 {
            return Err("Ethereum has no room for this recovery id".into());
        }
        let (r, s) = signature.split_at(32);
        let mut fields = self.fields()?;
        recovery_id.encode(&mut fields);
        integer(r).encode(&mut fields);
        integer(s).encode(&mut fields);
        Ok(format!("0x{}", hex::encode(envelope(&fields))))
    }

    /// Checks that `raw` is this transfer and that the signature recovers to its sender.
    pub fn verify(&self, raw: &str) -> Result<()> {
        let bytes = hex::decode(raw.strip_prefix("0x").ok_or("no 0x")?)?;
        let (&TYPE, mut rest) = bytes.split_first().ok_or("empty")? else {
            return Err("not an EIP-1559 transaction".into());
        };
        let payload = Header::decode_bytes(&mut rest, true)?;
        let mut end = payload.strip_prefix(&self.fields()?[..]).ok_or("another transaction")?;
        let parity = u8::decode(&mut end)?;
        let mut rs = [0; 64];
        for half in rs.chunks_mut(32) {
            let integer = Header::decode_bytes(&mut end, false)?;
            let start = 32_usize.checked_sub(integer.len()).ok_or("longer than 32 bytes")?;
            half[start..].copy_from_slice(integer);
        }
        if raw != self.signed(&rs, parity)? {
            return Err("not in canonical form".into());
        }
        if sender(self.to_sign()?, &rs, parity)? != self.from {
            return Err("signed by another key".into());
        }
        Ok(())
    }
}

/// The sender of a signed digest, recovered by libsecp256k1.
pub fn sender(digest: [u8; 32], signature: &[u8; 64], recovery_id: u8) -> Result<String> {
    let id = RecoveryId::from_i32(i32::from(recovery_id))?;
    let signature = RecoverableSignature::from_compact(signature, id)?;
    let key = Secp256k1::verification_only().recover_ecdsa(&Message::from_digest(digest), &signature)?;
    address(&key.serialize())
}

/// An RLP list of items that are already encoded.
fn list(items: &[u8], out: &mut Vec<u8>) {
    let header = Header { list: true, payload_length: items.len() };
    header.encode(out);
    out.extend_from_slice(items);
}

fn envelope(fields: &[u8]) -> Vec<u8> {
    let mut out = vec![TYPE];
    list(fields, &mut out);
    out
}

fn digest(fields: &[u8]) -> [u8; 32] {
    Keccak256::digest(envelope(fields)).into()
}

/// RLP integers have no leading zeros.
fn integer(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

#[cfg(test)]
mod tests {
    use super::super::ecdsa::test_key::{public, sign};
    use super::*;

    /// The signed transaction as eth-account (Python, MIT) makes it.
    #[test]
    fn withdrawal() {
        let transfer = Transfer {
            from: address(&public()).unwrap(),
            to: "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045".into(),
            value: 1_250_000_000_000_000_000,
            chain_id: 1,
            nonce: 42,
            max_priority_fee_per_gas: 1_500_000_000,
            max_fee_per_gas: 30_000_000_000,
            gas_limit: 21_000,
            data: vec![],
        };
        assert_eq!(transfer.from, "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A");
        let (signature, id) = sign(transfer.to_sign().unwrap());
        let raw = transfer.signed(&signature, id).unwrap();
        assert_eq!(
            raw,
            "0x02f873012a8459682f008506fc23ac0082520894d8da6bf26964af9d7eed9e03e53415d37aa96045881158e460913d0000\
             80c001a01b9b8f87732cb2d78466b75669d2e5564ae72ff9b684bb1b188fe485daf49a3ba067e56539b8d5da1b17e1f2f1a7\
             315a262f1674effe653abff6b57cddc922a68d"
        );
        transfer.verify(&raw).unwrap();

        assert!(transfer.verify(&transfer.signed(&signature, id ^ 1).unwrap()).is_err());
        let (bad, id) = sign([7; 32]);
        assert!(transfer.verify(&transfer.signed(&bad, id).unwrap()).is_err());
        assert!(decode("0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96046").is_err());
    }

    /// "eip1559-random-448" of @ethersproject/testcases 5.8.0 (MIT).
    #[test]
    fn eip1559() {
        let transfer = Transfer {
            from: checksummed(&hex::decode("59e8cc0493b2e5bf0ac5c4c490e87799d47defcd").unwrap()),
            to: checksummed(&hex::decode("95792b4246832cd6b594095ed327f70362890856").unwrap()),
            value: 0xfc_4110,
            chain_id: 359,
            nonce: 7,
            max_priority_fee_per_gas: 0x36,
            max_fee_per_gas: 0x53_f3b0_779f,
            gas_limit: 0x0e,
            data: hex::decode("850cda69db122bc42b08a4b7").unwrap(),
        };
        assert_eq!(
            hex::encode(envelope(&transfer.fields().unwrap())),
            "02f382016707368553f3b0779f0e9495792b4246832cd6b594095ed327f7036289085683fc41108c850cda69db122bc42b08\
             a4b7c0"
        );
        let raw = "0x02f87682016707368553f3b0779f0e9495792b4246832cd6b594095ed327f7036289085683fc41108c850cda69db122b\
                   c42b08a4b7c001a0e912a2ed360d49bf9e521853647b3c54621adf1b1a4721d056819442e9d699e6a0624c56bbf7d284\
                   e80bfbf623d187e7735f9676caa9d0714818fc7fe14d9a1f8d";
        transfer.verify(raw).unwrap();
    }

    /// The examples of EIP-55 (CC0).
    #[test]
    fn eip55() {
        for text in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            decode(text).unwrap();
        }
    }
}
