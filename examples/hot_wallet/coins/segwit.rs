//! Bitcoin, Litecoin and Monacoin with P2WPKH, the plain SegWit output that ECDSA spends.
//!
//! Addresses are BIP-173 (the three coins differ only in the prefix), the digest is BIP-143's.

use bitcoin::bech32::{self, Hrp};
use bitcoin::consensus::encode::{deserialize_hex, serialize_hex};
use bitcoin::ecdsa::Signature;
use bitcoin::hashes::Hash;
use bitcoin::sighash::{EcdsaSighashType, SighashCache};
use bitcoin::{
    Amount, CompressedPublicKey, Script, ScriptBuf, Sequence, Transaction, Witness, WitnessProgram, WitnessVersion,
};

use super::utxo::{self, Utxo};
use super::{Result, ecdsa};

/// The coin, which decides the prefix of its addresses.
#[derive(Clone, Copy, Debug)]
pub enum Coin {
    /// `bc1q…`
    Bitcoin,
    /// `ltc1q…`
    Litecoin,
    /// `mona1q…`
    Monacoin,
}

impl Coin {
    fn hrp(self) -> Hrp {
        Hrp::parse_unchecked(match self {
            Coin::Bitcoin => "bc",
            Coin::Litecoin => "ltc",
            Coin::Monacoin => "mona",
        })
    }
}

/// The `bc1q…`, `ltc1q…` or `mona1q…` address of a compressed public key.
pub fn address(coin: Coin, public_key: &[u8]) -> Result<String> {
    let hash = CompressedPublicKey::from_slice(public_key)?.wpubkey_hash();
    Ok(bech32::segwit::encode_v0(coin.hrp(), hash.as_ref())?)
}

/// The output script of a SegWit address of `coin`.
pub fn script(coin: Coin, address: &str) -> Result<ScriptBuf> {
    let (hrp, version, program) = bech32::segwit::decode(address)?;
    if hrp != coin.hrp() {
        return Err(format!("{address} is no {coin:?} address").into());
    }
    let program = WitnessProgram::new(WitnessVersion::try_from(version)?, &program)?;
    Ok(ScriptBuf::new_witness_program(&program))
}

/// The digest of BIP-143 for SIGHASH_ALL. `script` is the P2WPKH output script of the coin spent.
fn sighash(tx: &Transaction, index: usize, script: &Script, value: Amount) -> Result<[u8; 32]> {
    let digest = SighashCache::new(tx).p2wpkh_signature_hash(index, script, value, EcdsaSighashType::All)?;
    Ok(digest.to_byte_array())
}

/// A payment out of one P2WPKH coin.
#[derive(Debug)]
pub struct Withdrawal {
    public_key: CompressedPublicKey,
    value: Amount,
    tx: Transaction,
}

impl Withdrawal {
    /// Pays `amount` to `recipient` (a SegWit address of the same coin) out of `utxo`, which must be at
    /// `address(coin, public_key)`; the change goes back there.
    pub fn new(coin: Coin, public_key: &[u8], utxo: &Utxo, recipient: &str, amount: u64, fee: u64) -> Result<Self> {
        let public_key = CompressedPublicKey::from_slice(public_key)?;
        let own = ScriptBuf::new_p2wpkh(&public_key.wpubkey_hash());
        let recipient = script(coin, recipient)?;
        let rbf = Sequence::ENABLE_RBF_NO_LOCKTIME;
        Ok(Self { public_key, value: utxo.value, tx: utxo::unsigned(utxo, rbf, recipient, amount, own, fee)? })
    }

    /// The digest to sign with ECDSA.
    pub fn to_sign(&self) -> Result<[u8; 32]> {
        let own = ScriptBuf::new_p2wpkh(&self.public_key.wpubkey_hash());
        sighash(&self.tx, 0, &own, self.value)
    }

    /// The raw transaction in hex, with the witness `signature, public key`.
    pub fn signed(&self, signature: &[u8; 64]) -> Result<String> {
        let signature = Signature::sighash_all(ecdsa::signature(signature)?);
        let mut tx = self.tx.clone();
        tx.input[0].witness = Witness::p2wpkh(&signature, &self.public_key.0);
        Ok(serialize_hex(&tx))
    }

    /// Checks that `raw` is this withdrawal and that its witness may spend the coin.
    pub fn verify(&self, raw: &str) -> Result<()> {
        let tx: Transaction = deserialize_hex(raw)?;
        if tx.compute_txid() != self.tx.compute_txid() {
            return Err("another transaction".into());
        }
        let [signature, public_key] = &tx.input[0].witness.to_vec()[..] else {
            return Err("a P2WPKH witness has two items".into());
        };
        if public_key[..] != self.public_key.to_bytes() {
            return Err("another public key".into());
        }
        let Some((0x01, der)) = signature.split_last() else {
            return Err("not SIGHASH_ALL".into());
        };
        ecdsa::verify(public_key, self.to_sign()?, der)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ecdsa::test_key::{public, sign};
    use super::*;

    /// The signed transaction as embit (Python, MIT) makes it.
    #[test]
    fn withdrawal() {
        let utxo = Utxo::new(&format!("{}:1", "9b".repeat(32)), 150_000_000).unwrap();
        // Bitcoin, Litecoin and Monacoin pay the key of BIP-173's examples; their transactions agree.
        for (coin, recipient) in [
            (Coin::Bitcoin, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
            (Coin::Litecoin, "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9"),
            (Coin::Monacoin, "mona1qw508d6qejxtdg4y5r3zarvary0c5xw7kg5lnx5"),
        ] {
            let withdrawal = Withdrawal::new(coin, &public(), &utxo, recipient, 100_000_000, 500).unwrap();
            let (signature, _) = sign(withdrawal.to_sign().unwrap());
            let raw = withdrawal.signed(&signature).unwrap();
            assert_eq!(
                raw,
                "020000000001019b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b0100000000fdffffff02\
                 00e1f50500000000160014751e76e8199196d454941c45d1b3a323f1433bd68ceefa0200000000160014fc7250a211dedd\
                 c70ee5a2738de5f07817351cef02473044022050b6b3fb2f82aebaca2d74e9c496db83407fd7caf703ef0238c274285168\
                 119102201d77731c3f6c9abb25f0a155705f9df14a7ee7b9f9bec08053487806f25fc33f0121034f355bdcb7cc0af728ef\
                 3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa00000000"
            );
            withdrawal.verify(&raw).unwrap();

            let (bad, _) = sign([7; 32]);
            assert!(withdrawal.verify(&withdrawal.signed(&bad).unwrap()).is_err());
        }
        assert!(script(Coin::Litecoin, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4").is_err());
    }

    /// Computed with the BIP-173 reference implementation (Python, MIT).
    #[test]
    fn addresses() {
        for (coin, expected) in [
            (Coin::Bitcoin, "bc1ql3e9pgs3mmwuwrh95fecme0s0qtn2880lsvsd5"),
            (Coin::Litecoin, "ltc1ql3e9pgs3mmwuwrh95fecme0s0qtn2880mvk54y"),
            (Coin::Monacoin, "mona1ql3e9pgs3mmwuwrh95fecme0s0qtn2880mr6jq4"),
        ] {
            assert_eq!(address(coin, &public()).unwrap(), expected);
        }
    }

    /// BIP-143, "Native P2WPKH" (public domain).
    #[test]
    fn bip143() {
        let tx: Transaction = deserialize_hex(
            "0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeffffffef51e1b804\
             cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280\
             b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa81\
             5988ac11000000",
        )
        .unwrap();
        let key = hex::decode("025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee6357").unwrap();
        let own = ScriptBuf::new_p2wpkh(&CompressedPublicKey::from_slice(&key).unwrap().wpubkey_hash());
        let digest = sighash(&tx, 1, &own, Amount::from_sat(600_000_000)).unwrap();
        assert_eq!(hex::encode(digest), "c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670");
        let der = hex::decode(
            "304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f9030\
             0e8f3358f51928d43c212a8caed02de67eebee",
        )
        .unwrap();
        ecdsa::verify(&key, digest, &der).unwrap();
    }
}
