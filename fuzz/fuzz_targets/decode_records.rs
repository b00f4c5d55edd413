//! Every decoder of stored and sent bytes: no panic, no room beyond the input, and what is accepted encodes to the same
//! bytes.
#![no_main]

use cosigil::frost::{
    Bip340, Ed25519Keccak512, Ed25519Sha512, P256Sha256, Ristretto255Sha512, Secp256k1Sha256, Suite,
};
use cosigil::key::backup::{BackupKey, BackupSecretKey, VerifiableBackup};
use cosigil::keygen::{Certificate, Pending};
use cosigil::{KeyShare, Plan, PublicKeyPackage};
use libfuzzer_sys::fuzz_target;

fn decode<S: Suite>(bytes: &[u8]) {
    if let Ok(share) = KeyShare::<S>::from_bytes(bytes) {
        assert_eq!(share.to_bytes().as_slice(), bytes);
    }
    if let Ok(package) = PublicKeyPackage::<S>::from_bytes(bytes) {
        assert_eq!(package.to_bytes(), bytes);
    }
    if let Ok(pending) = Pending::<S>::from_bytes(bytes) {
        assert_eq!(pending.to_bytes().as_slice(), bytes);
    }
    if let Ok(plan) = Plan::<S>::from_bytes(bytes) {
        assert_eq!(plan.to_bytes(), bytes);
    }
    if let Ok(certificate) = Certificate::<S>::from_bytes(bytes) {
        assert_eq!(certificate.to_bytes(), bytes);
    }
    if let Ok(backup) = VerifiableBackup::<S>::from_bytes(bytes) {
        assert_eq!(backup.to_bytes(), bytes);
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((suite, bytes)) = data.split_first() else { return };
    if let Ok(key) = BackupKey::from_bytes(bytes) {
        assert_eq!(key.to_bytes(), bytes);
    }
    if let Ok(key) = BackupSecretKey::from_bytes(bytes) {
        assert_eq!(key.to_bytes().as_slice(), bytes);
    }
    match suite % 6 {
        0 => decode::<Ed25519Sha512>(bytes),
        1 => decode::<Ed25519Keccak512>(bytes),
        2 => decode::<Bip340>(bytes),
        3 => decode::<Secp256k1Sha256>(bytes),
        4 => decode::<P256Sha256>(bytes),
        _ => decode::<Ristretto255Sha512>(bytes),
    }
});
