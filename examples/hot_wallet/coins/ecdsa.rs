//! ECDSA over secp256k1, as every coin here wants it: low `s`, checked by libsecp256k1.

use secp256k1::ecdsa::Signature;
use secp256k1::{Message, PublicKey, Secp256k1};

use super::Result;

/// Reads `r || s`. A high `s` is refused: it is valid ECDSA, but Bitcoin's relay policy, Ethereum
/// (EIP-2) and the XRP Ledger ("fully canonical") all reject it.
pub fn signature(rs: &[u8; 64]) -> Result<Signature> {
    let signature = Signature::from_compact(rs)?;
    let mut low = signature;
    low.normalize_s();
    if low != signature {
        return Err("the signature has a high s".into());
    }
    Ok(signature)
}

/// Checks a DER signature of `digest`.
pub fn verify(public_key: &[u8], digest: [u8; 32], der: &[u8]) -> Result<()> {
    let public_key = PublicKey::from_slice(public_key)?;
    let signature = Signature::from_der(der)?;
    Secp256k1::verification_only().verify_ecdsa(&Message::from_digest(digest), &signature, &public_key)?;
    Ok(())
}

/// The key that the coins' tests sign with.
#[cfg(test)]
pub mod test_key {
    use k256::ecdsa::SigningKey;

    fn secret() -> SigningKey {
        SigningKey::from_slice(&[0x11; 32]).unwrap()
    }

    /// Its compressed public key.
    pub fn public() -> [u8; 33] {
        let point = secret().verifying_key().to_sec1_point(true);
        point.as_bytes().try_into().unwrap()
    }

    /// `r || s` and the recovery id.
    pub fn sign(digest: [u8; 32]) -> ([u8; 64], u8) {
        let (signature, id) = secret().sign_prehash_recoverable(&digest);
        (signature.to_bytes().into(), id.to_byte())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_high_s() {
        let (signature, _) = test_key::sign([7; 32]);
        let low = super::signature(&signature).unwrap();
        verify(&test_key::public(), [7; 32], &low.serialize_der()).unwrap();
        assert!(verify(&test_key::public(), [8; 32], &low.serialize_der()).is_err());

        let s = k256::ecdsa::Signature::from_slice(&signature).unwrap();
        let high = k256::ecdsa::Signature::from_scalars(s.r(), -*s.s()).unwrap();
        assert!(super::signature(&high.to_bytes().into()).is_err());
    }
}
