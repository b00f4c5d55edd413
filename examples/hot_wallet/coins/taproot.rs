//! Bitcoin with Taproot: a key-path spend, signed with BIP-340 Schnorr.
//!
//! Addresses are BIP-350 (bech32m), the digest is BIP-341's with SIGHASH_DEFAULT. The public key is the
//! *output* key, 32 bytes: a wallet whose key is the internal key tweaks it first (BIP-341, BIP-86).

use bitcoin::consensus::encode::{deserialize_hex, serialize_hex};
use bitcoin::hashes::Hash;
use bitcoin::key::TweakedPublicKey;
use bitcoin::sighash::{Prevouts, SighashCache, TapSighashType};
use bitcoin::{Address, Network, ScriptBuf, Sequence, Transaction, TxOut, Witness};
use secp256k1::schnorr::Signature;
use secp256k1::{Message, Secp256k1, XOnlyPublicKey};

use super::Result;
use super::segwit::{self, Coin};
use super::utxo::{self, Utxo};

/// The `bc1p…` address of an x-only output key.
pub fn address(output_key: &[u8]) -> Result<String> {
    let key = XOnlyPublicKey::from_slice(output_key)?;
    let key = TweakedPublicKey::dangerous_assume_tweaked(key);
    Ok(Address::p2tr_tweaked(key, Network::Bitcoin).to_string())
}

/// The key-path digest of BIP-341 for SIGHASH_DEFAULT. `spent` are the outputs that the inputs spend.
fn sighash(tx: &Transaction, index: usize, spent: &[TxOut]) -> Result<[u8; 32]> {
    let digest = SighashCache::new(tx).taproot_key_spend_signature_hash(
        index,
        &Prevouts::All(spent),
        TapSighashType::Default,
    )?;
    Ok(digest.to_byte_array())
}

/// Checks a BIP-340 signature of `digest`.
pub fn verify(output_key: &[u8], digest: [u8; 32], signature: &[u8]) -> Result<()> {
    let key = XOnlyPublicKey::from_slice(output_key)?;
    let signature = Signature::from_slice(signature)?;
    Secp256k1::verification_only().verify_schnorr(&signature, &Message::from_digest(digest), &key)?;
    Ok(())
}

/// A payment out of one Taproot coin.
#[derive(Debug)]
pub struct Withdrawal {
    output_key: [u8; 32],
    spent: TxOut,
    tx: Transaction,
}

impl Withdrawal {
    /// Pays `amount` satoshi to `recipient` (a SegWit address) out of `utxo`, which must be at
    /// `address(output_key)`; the change goes back there.
    pub fn new(output_key: &[u8; 32], utxo: &Utxo, recipient: &str, amount: u64, fee: u64) -> Result<Self> {
        let own: ScriptBuf = segwit::script(Coin::Bitcoin, &address(output_key)?)?;
        let recipient = segwit::script(Coin::Bitcoin, recipient)?;
        let rbf = Sequence::ENABLE_RBF_NO_LOCKTIME;
        Ok(Self {
            output_key: *output_key,
            spent: TxOut { script_pubkey: own.clone(), value: utxo.value },
            tx: utxo::unsigned(utxo, rbf, recipient, amount, own, fee)?,
        })
    }

    /// The digest to sign with BIP-340.
    pub fn to_sign(&self) -> Result<[u8; 32]> {
        sighash(&self.tx, 0, std::slice::from_ref(&self.spent))
    }

    /// The raw transaction in hex. The witness is the 64-byte signature alone: SIGHASH_DEFAULT has no
    /// hash type byte.
    pub fn signed(&self, signature: &[u8; 64]) -> String {
        let mut tx = self.tx.clone();
        tx.input[0].witness = Witness::from_slice(&[signature]);
        serialize_hex(&tx)
    }

    /// Checks that `raw` is this withdrawal and that its witness may spend the coin.
    pub fn verify(&self, raw: &str) -> Result<()> {
        let tx: Transaction = deserialize_hex(raw)?;
        if tx.compute_txid() != self.tx.compute_txid() {
            return Err("another transaction".into());
        }
        let [signature] = &tx.input[0].witness.to_vec()[..] else {
            return Err("a key-path witness has one item".into());
        };
        verify(&self.output_key, self.to_sign()?, signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::Amount;
    use k256::schnorr::SigningKey;

    /// Address and digest as embit (Python, MIT) makes them.
    #[test]
    fn withdrawal() {
        let key = SigningKey::from_slice(&[0x11; 32]).unwrap();
        let output_key: [u8; 32] = key.verifying_key().to_bytes().into();
        assert_eq!(address(&output_key).unwrap(), "bc1pfu64hh9hes90w2808n8tjc2ajp5yhddjef0ctx4s7zmsgp6cwx4qtyfjq8");
        let utxo = Utxo::new(&format!("{}:1", "9b".repeat(32)), 150_000_000).unwrap();
        let recipient = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
        let withdrawal = Withdrawal::new(&output_key, &utxo, recipient, 100_000_000, 500).unwrap();
        let digest = withdrawal.to_sign().unwrap();
        assert_eq!(hex::encode(digest), "ade52baaf30cf34a6c8f84fda9af0562bd4dd84d1112cec7614ce9bff5d586c9");
        let signature = key.sign_raw(&digest, &[0; 32]).unwrap().to_bytes();
        let raw = withdrawal.signed(&signature);
        assert!(raw.ends_with(&format!("0140{}00000000", hex::encode(signature))));
        withdrawal.verify(&raw).unwrap();

        let mut bad = signature;
        bad[40] ^= 1;
        assert!(withdrawal.verify(&withdrawal.signed(&bad)).is_err());
    }

    /// BIP-341, wallet-test-vectors.json (BSD-3-Clause): the input with SIGHASH_DEFAULT.
    #[test]
    fn bip341() {
        let tx: Transaction = deserialize_hex(
            "02000000097de20cbff686da83a54981d2b9bab3586f4ca7e48f57f5b55963115f3b334e9c010000000000000000d7b7cab5\
             7b1393ace2d064f4d4a2cb8af6def61273e127517d44759b6dafdd990000000000fffffffff8e1f583384333689228c5d28e\
             ac13366be082dc57441760d957275419a418420000000000fffffffff0689180aa63b30cb162a73c6d2a38b7eeda2a83ece7\
             4310fda0843ad604853b0100000000feffffffaa5202bdf6d8ccd2ee0f0202afbbb7461d9264a25e5bfd3c5a52ee1239e0ba\
             6c0000000000feffffff956149bdc66faa968eb2be2d2faa29718acbfe3941215893a2a3446d32acd0500000000000000000\
             00e664b9773b88c09c32cb70a2a3e4da0ced63b7ba3b22f848531bbb1d5d5f4c94010000000000000000e9aa6b8e6c9de676\
             19e6a3924ae25696bb7b694bb677a632a74ef7eadfd4eabf0000000000ffffffffa778eb6a263dc090464cd125c466b5a996\
             67720b1c110468831d058aa1b82af10100000000ffffffff0200ca9a3b000000001976a91406afd46bcdfd22ef94ac122aa1\
             1f241244a37ecc88ac807840cb0000000020ac9a87f5594be208f8532db38cff670c450ed2fea8fcdefcc9a663f78bab962b\
             0065cd1d",
        )
        .unwrap();
        let spent = [
            ("512053a1f6e454df1aa2776a2814a721372d6258050de330b3c6d10ee8f4e0dda343", 420000000),
            ("5120147c9c57132f6e7ecddba9800bb0c4449251c92a1e60371ee77557b6620f3ea3", 462000000),
            ("76a914751e76e8199196d454941c45d1b3a323f1433bd688ac", 294000000),
            ("5120e4d810fd50586274face62b8a807eb9719cef49c04177cc6b76a9a4251d5450e", 504000000),
            ("512091b64d5324723a985170e4dc5a0f84c041804f2cd12660fa5dec09fc21783605", 630000000),
            ("00147dd65592d0ab2fe0d0257d571abf032cd9db93dc", 378000000),
            ("512075169f4001aa68f15bbed28b218df1d0a62cbbcf1188c6665110c293c907b831", 672000000),
            ("5120712447206d7a5238acc7ff53fbe94a3b64539ad291c7cdbc490b7577e4b17df5", 546000000),
            ("512077e30a5522dd9f894c3f8b8bd4c4b2cf82ca7da8a3ea6a239655c39c050ab220", 588000000),
        ]
        .map(|(script, value)| TxOut {
            script_pubkey: ScriptBuf::from_hex(script).unwrap(),
            value: Amount::from_sat(value),
        });
        let digest = sighash(&tx, 4, &spent).unwrap();
        assert_eq!(hex::encode(digest), "4f900a0bae3f1446fd48490c2958b5a023228f01661cda3496a11da502a7f7ef");
        let signature = hex::decode(
            "b4010dd48a617db09926f729e79c33ae0b4e94b79f04a1ae93ede6315eb3669de185a17d2b0ac9ee09fd4c64b678a0b61a0a\
             86fa888a273c8511be83bfd6810f",
        )
        .unwrap();
        verify(&spent[4].script_pubkey.as_bytes()[2..], digest, &signature).unwrap();
    }

    /// BIP-341, wallet-test-vectors.json (BSD-3-Clause).
    #[test]
    fn addresses() {
        let key = "53a1f6e454df1aa2776a2814a721372d6258050de330b3c6d10ee8f4e0dda343";
        assert_eq!(
            address(&hex::decode(key).unwrap()).unwrap(),
            "bc1p2wsldez5mud2yam29q22wgfh9439spgduvct83k3pm50fcxa5dps59h4z5"
        );
    }
}
