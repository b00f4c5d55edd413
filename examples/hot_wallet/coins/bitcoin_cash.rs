//! Bitcoin Cash with P2PKH.
//!
//! Addresses are CashAddr; the digest is BIP-143's with the fork id in the hash type, so that the
//! signature is worth nothing on Bitcoin (spec "Replay Protected Sighash", 2017-07-20).

use bitcoin::consensus::encode::{deserialize_hex, serialize_hex};
use bitcoin::hashes::{Hash, sha256d};
use bitcoin::script::{Instruction, PushBytesBuf};
use bitcoin::sighash::{EcdsaSighashType, SighashCache};
use bitcoin::{Amount, CompressedPublicKey, PubkeyHash, ScriptBuf, Sequence, Transaction};

use super::utxo::{self, Utxo};
use super::{Result, ecdsa};

const PREFIX: &str = "bitcoincash";
/// The base32 alphabet of bech32, which CashAddr shares.
const CHARSET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// SIGHASH_ALL | SIGHASH_FORKID.
const HASH_TYPE: u8 = 0x41;

/// The CashAddr checksum over 5-bit values, which start with the prefix. It is 0 for a valid address.
fn polymod(values: impl IntoIterator<Item = u8>) -> u64 {
    const GENERATOR: [u64; 5] = [0x98_f2bc_8e61, 0x79_b76d_99e2, 0xf3_3e5f_b3c4, 0xae_2eab_e2a8, 0x1e_4f43_e470];
    let prefix = PREFIX.bytes().map(|c| c & 0x1f).chain([0]);
    let state = prefix.chain(values).fold(1, |state: u64, value| {
        let shifted = ((state & 0x07_ffff_ffff) << 5) ^ u64::from(value);
        (0..5).filter(|bit| state >> (35 + bit) & 1 == 1).fold(shifted, |state, bit| state ^ GENERATOR[bit])
    });
    state ^ 1
}

/// The `bitcoincash:q…` address of a compressed public key.
pub fn address(public_key: &[u8]) -> Result<String> {
    let hash = CompressedPublicKey::from_slice(public_key)?.pubkey_hash();
    Ok(encode(hash))
}

/// A version byte (0: P2PKH, 160-bit hash) and the hash in 34 values of 5 bits, then the checksum in 8.
fn encode(hash: PubkeyHash) -> String {
    let payload = [&[0], hash.as_byte_array().as_slice(), &[0]].concat();
    let mut values: Vec<u8> = (0..34)
        .map(|i| {
            let (byte, bit) = (i * 5 / 8, i * 5 % 8);
            let pair = u16::from_be_bytes([payload[byte], payload[byte + 1]]);
            (pair >> (11 - bit)) as u8 & 0x1f
        })
        .collect();
    let checksum = polymod(values.iter().copied().chain([0; 8]));
    values.extend((0..8).rev().map(|i| (checksum >> (5 * i)) as u8 & 0x1f));
    let text: String = values.iter().map(|v| char::from(CHARSET[usize::from(*v)])).collect();
    format!("{PREFIX}:{text}")
}

fn decode(address: &str) -> Result<PubkeyHash> {
    // The prefix may be left out: it is part of the checksum.
    let text = address.split_once(':').map_or(address, |(_, text)| text);
    let values = text
        .bytes()
        .map(|c| CHARSET.iter().position(|d| *d == c).map(|v| v as u8))
        .collect::<Option<Vec<u8>>>()
        .ok_or("not a CashAddr character")?;
    // 34 values hold 168 bits and 2 of padding.
    if values.len() != 42 || values[33] & 0x03 != 0 || polymod(values.iter().copied()) != 0 {
        return Err("not a CashAddr address".into());
    }
    let mut bytes = [0; 21];
    for (i, bit) in (0..168).map(|i| (i, values[i / 5] >> (4 - i % 5) & 1)) {
        bytes[i / 8] |= bit << (7 - i % 8);
    }
    let (version, hash) = bytes.split_first().ok_or("empty")?;
    if *version != 0 {
        return Err("not a P2PKH address".into());
    }
    Ok(PubkeyHash::from_slice(hash)?)
}

/// A payment out of one P2PKH coin.
#[derive(Debug)]
pub struct Withdrawal {
    public_key: CompressedPublicKey,
    value: Amount,
    tx: Transaction,
}

impl Withdrawal {
    /// Pays `amount` satoshi to `recipient` out of `utxo`, which must be at `address(public_key)`; the
    /// change goes back there.
    pub fn new(public_key: &[u8], utxo: &Utxo, recipient: &str, amount: u64, fee: u64) -> Result<Self> {
        let public_key = CompressedPublicKey::from_slice(public_key)?;
        let own = ScriptBuf::new_p2pkh(&public_key.pubkey_hash());
        let recipient = ScriptBuf::new_p2pkh(&decode(recipient)?);
        Ok(Self {
            public_key,
            value: utxo.value,
            tx: utxo::unsigned(utxo, Sequence::MAX, recipient, amount, own, fee)?,
        })
    }

    /// The digest to sign with ECDSA.
    pub fn to_sign(&self) -> Result<[u8; 32]> {
        let own = ScriptBuf::new_p2pkh(&self.public_key.pubkey_hash());
        let all = EcdsaSighashType::All;
        let mut preimage = Vec::new();
        SighashCache::new(&self.tx).segwit_v0_encode_signing_data_to(&mut preimage, 0, &own, self.value, all)?;
        // The preimage ends in the hash type, 4 bytes little-endian; only there does the fork id enter.
        let end = preimage.len() - 4;
        preimage[end..].copy_from_slice(&u32::from(HASH_TYPE).to_le_bytes());
        Ok(sha256d::Hash::hash(&preimage).to_byte_array())
    }

    /// The raw transaction in hex, with the input script `signature, public key`.
    pub fn signed(&self, signature: &[u8; 64]) -> Result<String> {
        let mut der = ecdsa::signature(signature)?.serialize_der().to_vec();
        der.push(HASH_TYPE);
        let mut tx = self.tx.clone();
        tx.input[0].script_sig = ScriptBuf::builder()
            .push_slice(PushBytesBuf::try_from(der)?)
            .push_slice(self.public_key.to_bytes())
            .into_script();
        Ok(serialize_hex(&tx))
    }

    /// Checks that `raw` is this withdrawal and that its input script may spend the coin.
    pub fn verify(&self, raw: &str) -> Result<()> {
        let mut tx: Transaction = deserialize_hex(raw)?;
        let input = tx.input.first_mut().ok_or("no input")?;
        let script = std::mem::take(&mut input.script_sig);
        if tx != self.tx {
            return Err("another transaction".into());
        }
        let items = script.instructions_minimal().collect::<std::result::Result<Vec<_>, _>>()?;
        let [Instruction::PushBytes(signature), Instruction::PushBytes(public_key)] = items[..] else {
            return Err("a P2PKH input script has two pushes".into());
        };
        if public_key.as_bytes() != self.public_key.to_bytes() {
            return Err("another public key".into());
        }
        let Some((&HASH_TYPE, der)) = signature.as_bytes().split_last() else {
            return Err("not SIGHASH_ALL | SIGHASH_FORKID".into());
        };
        ecdsa::verify(public_key.as_bytes(), self.to_sign()?, der)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ecdsa::test_key::{public, sign};
    use super::*;

    /// The signed transaction as bitcash (Python, MIT) makes it.
    #[test]
    fn withdrawal() {
        assert_eq!(address(&public()).unwrap(), "bitcoincash:qr78y59zz80dm3cwuk388r097pupwdguauvqmahfks");
        let utxo = Utxo::new(&format!("{}:1", "9b".repeat(32)), 150_000_000).unwrap();
        let recipient = "bitcoincash:qp63uahgrxged4z5jswyt5dn5v3lzsem6cy4spdc2h";
        let withdrawal = Withdrawal::new(&public(), &utxo, recipient, 100_000_000, 500).unwrap();
        let (signature, _) = sign(withdrawal.to_sign().unwrap());
        let raw = withdrawal.signed(&signature).unwrap();
        assert_eq!(
            raw,
            "02000000019b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b010000006a47304402201c4780\
             a70740335732edacb77e201010dfcf0bbbdc889277beb00f4421fea99702204c3cca58d514bda6c205e93af5f68eb3faa396\
             edffcfee8e0b3e832d204d839d4121034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aaffff\
             ffff0200e1f505000000001976a914751e76e8199196d454941c45d1b3a323f1433bd688ac8ceefa02000000001976a914fc\
             7250a211deddc70ee5a2738de5f07817351cef88ac00000000"
        );
        withdrawal.verify(&raw).unwrap();

        let (bad, _) = sign([7; 32]);
        assert!(withdrawal.verify(&withdrawal.signed(&bad).unwrap()).is_err());
        assert!(Withdrawal::new(&public(), &utxo, recipient, 150_000_000, 500).is_err());
    }

    /// Computed with bitcash.
    #[test]
    fn addresses() {
        for (hash, address) in [
            ("751e76e8199196d454941c45d1b3a323f1433bd6", "bitcoincash:qp63uahgrxged4z5jswyt5dn5v3lzsem6cy4spdc2h"),
            ("0000000000000000000000000000000000000000", "bitcoincash:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqfnhks603"),
            ("ffffffffffffffffffffffffffffffffffffffff", "bitcoincash:qrlllllllllllllllllllllllllllllllu5y7pl6pz"),
        ] {
            let hash = hash.parse().unwrap();
            assert_eq!(encode(hash), address);
            assert_eq!(decode(address).unwrap(), hash);
            assert_eq!(decode(&address[PREFIX.len() + 1..]).unwrap(), hash);
        }
        assert!(decode("bitcoincash:qp63uahgrxged4z5jswyt5dn5v3lzsem6cy4spdc2g").is_err());
    }
}
