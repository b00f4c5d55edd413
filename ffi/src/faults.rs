//! The faults of aborts, with a number each that never changes.

use cosigil::Fault;

/// A signed message does not decode.
pub const COSIGIL_FAULT_MALFORMED: i32 = 1;
/// Two different messages under one view, round, kind and recipient.
pub const COSIGIL_FAULT_EQUIVOCATION: i32 = 2;
/// The parties' records of the last round differ, under one view. Nobody can be named.
pub const COSIGIL_FAULT_BROADCASTS_DIFFER: i32 = 3;
/// No valid proof of knowledge of the one-session key.
pub const COSIGIL_FAULT_BAD_SEAL_KEY: i32 = 4;
/// Two parties came with the same one-session key. Nobody can be named.
pub const COSIGIL_FAULT_SAME_SEAL_KEY: i32 = 5;
/// An opening does not fit its commitment.
pub const COSIGIL_FAULT_BAD_OPENING: i32 = 6;
/// A proof of knowledge of the polynomial's coefficients does not verify.
pub const COSIGIL_FAULT_BAD_COEFFICIENT_PROOF: i32 = 7;
/// A dealer's constant term is not its part of the key that is dealt anew.
pub const COSIGIL_FAULT_BAD_CONSTANT: i32 = 8;
/// A sealed share does not open, or does not lie on the dealer's committed polynomial.
pub const COSIGIL_FAULT_BAD_SHARE: i32 = 9;
/// A complaint that does not hold.
pub const COSIGIL_FAULT_FALSE_COMPLAINT: i32 = 10;
/// The group key is the identity. Nobody can be named.
pub const COSIGIL_FAULT_IDENTITY_KEY: i32 = 11;
/// A confirm speaks of another transcript, under one view. Nobody can be named.
pub const COSIGIL_FAULT_TRANSCRIPTS_DIFFER: i32 = 12;
/// The proof in a confirm does not verify.
pub const COSIGIL_FAULT_BAD_CONFIRM_PROOF: i32 = 13;
/// A signature share does not fit the signer's public share.
pub const COSIGIL_FAULT_BAD_SIGNATURE_SHARE: i32 = 14;
/// The signers' nonces add up to the identity. Nobody can be named.
pub const COSIGIL_FAULT_IDENTITY_NONCE: i32 = 15;
/// The signature does not verify though every share does. Nobody can be named.
pub const COSIGIL_FAULT_BAD_SIGNATURE: i32 = 16;
/// A sealed part does not open or does not decode, in a protocol without complaints: only its recipient can tell.
pub const COSIGIL_FAULT_BAD_SEALED_PART: i32 = 17;
/// A check of a pair setup failed: the all-but-one OTs, or the extension of the second direction.
pub const COSIGIL_FAULT_SETUP_FAILED: i32 = 18;
/// The peer speaks of another setup of the pair. Nobody can be named, nothing is burned.
pub const COSIGIL_FAULT_OTHER_SETUP: i32 = 19;
/// The check of an OT extension over a pair in use failed.
pub const COSIGIL_FAULT_BAD_EXTENSION: i32 = 20;
/// The check of a multiplication failed.
pub const COSIGIL_FAULT_BAD_MULTIPLICATION: i32 = 21;
/// What went into a multiplication is not what is behind the public nonce and key image.
pub const COSIGIL_FAULT_BAD_NONCE_IMAGE: i32 = 22;
/// The pair was burned by another session meanwhile, which named the culprit.
pub const COSIGIL_FAULT_PAIR_BURNED: i32 = 23;
/// The peer was struck for the third time meanwhile. An operator decides.
pub const COSIGIL_FAULT_OUT_OF_STRIKES: i32 = 24;
/// The burn log failed, so nothing more may be shown. Nobody can be named.
pub const COSIGIL_FAULT_LOG_FAILED: i32 = 25;
/// The signers' key images do not add up to the key. Nobody can be named before shares of zero are compared.
pub const COSIGIL_FAULT_KEYS_DO_NOT_ADD_UP: i32 = 26;
/// Two parties published different shares of zero for their pair: it is one of them.
pub const COSIGIL_FAULT_ZERO_SHARE_DIFFERS: i32 = 27;
/// A signer's key image is not its part of the key and its shares of zero.
pub const COSIGIL_FAULT_BAD_KEY_IMAGE: i32 = 28;
/// The parties ask for different signatures from one presignature. Nobody can be named.
pub const COSIGIL_FAULT_ONLINE_REQUESTS_DIFFER: i32 = 29;
/// A fault that this version of the interface has no number for.
pub const COSIGIL_FAULT_OTHER: i32 = 255;

/// The number of a fault.
pub(crate) fn fault_number(fault: Fault) -> i32 {
    match fault {
        Fault::Malformed => COSIGIL_FAULT_MALFORMED,
        Fault::Equivocation => COSIGIL_FAULT_EQUIVOCATION,
        Fault::BroadcastsDiffer => COSIGIL_FAULT_BROADCASTS_DIFFER,
        Fault::BadSealKey => COSIGIL_FAULT_BAD_SEAL_KEY,
        Fault::SameSealKey => COSIGIL_FAULT_SAME_SEAL_KEY,
        Fault::BadOpening => COSIGIL_FAULT_BAD_OPENING,
        Fault::BadCoefficientProof => COSIGIL_FAULT_BAD_COEFFICIENT_PROOF,
        Fault::BadConstant => COSIGIL_FAULT_BAD_CONSTANT,
        Fault::BadShare => COSIGIL_FAULT_BAD_SHARE,
        Fault::FalseComplaint => COSIGIL_FAULT_FALSE_COMPLAINT,
        Fault::IdentityKey => COSIGIL_FAULT_IDENTITY_KEY,
        Fault::TranscriptsDiffer => COSIGIL_FAULT_TRANSCRIPTS_DIFFER,
        Fault::BadConfirmProof => COSIGIL_FAULT_BAD_CONFIRM_PROOF,
        Fault::BadSignatureShare => COSIGIL_FAULT_BAD_SIGNATURE_SHARE,
        Fault::IdentityNonce => COSIGIL_FAULT_IDENTITY_NONCE,
        Fault::BadSignature => COSIGIL_FAULT_BAD_SIGNATURE,
        Fault::BadSealedPart => COSIGIL_FAULT_BAD_SEALED_PART,
        Fault::SetupFailed => COSIGIL_FAULT_SETUP_FAILED,
        Fault::OtherSetup => COSIGIL_FAULT_OTHER_SETUP,
        Fault::BadExtension => COSIGIL_FAULT_BAD_EXTENSION,
        Fault::BadMultiplication => COSIGIL_FAULT_BAD_MULTIPLICATION,
        Fault::BadNonceImage => COSIGIL_FAULT_BAD_NONCE_IMAGE,
        Fault::PairBurned => COSIGIL_FAULT_PAIR_BURNED,
        Fault::OutOfStrikes => COSIGIL_FAULT_OUT_OF_STRIKES,
        Fault::LogFailed => COSIGIL_FAULT_LOG_FAILED,
        Fault::KeysDoNotAddUp => COSIGIL_FAULT_KEYS_DO_NOT_ADD_UP,
        Fault::ZeroShareDiffers => COSIGIL_FAULT_ZERO_SHARE_DIFFERS,
        Fault::BadKeyImage => COSIGIL_FAULT_BAD_KEY_IMAGE,
        Fault::OnlineRequestsDiffer => COSIGIL_FAULT_ONLINE_REQUESTS_DIFFER,
        _ => COSIGIL_FAULT_OTHER,
    }
}
