//! Every suite from key generation to a signature through the C functions; the signatures are verified by the crates
//! that the world uses.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block,
    reason = "every argument is a live local or a handle"
)]

mod calls;

use std::collections::VecDeque;
use std::ptr::null_mut;

use calls::{bytes, ok, take};
use cosigil_ffi::*;

const IDS: [u16; 3] = [1, 2, 3];

type Session = (u16, *mut cosigil_session);

/// Carries messages until nothing is under way; `output` takes what comes out.
fn run(sessions: &[Session], mut output: impl FnMut(u16, *mut cosigil_session)) {
    let mut queue: VecDeque<(u16, Vec<u8>)> = VecDeque::new();
    let mut settle = |(me, session): Session, queue: &mut VecDeque<(u16, Vec<u8>)>| {
        let mut progress = 0;
        ok(unsafe { cosigil_session_progress(session, &mut progress) });
        if progress & COSIGIL_OUTPUT != 0 {
            output(me, session);
        }
        if progress & (COSIGIL_STORE | COSIGIL_DELETE) != 0 {
            let mut checkpoint = cosigil_bytes::default();
            if unsafe { cosigil_session_checkpoint(session, &mut checkpoint) } == COSIGIL_OK {
                take(checkpoint);
            }
            ok(unsafe { cosigil_session_stored(session) });
        }
        loop {
            let (mut to, mut message) = (0, cosigil_bytes::default());
            ok(unsafe { cosigil_session_take_message(session, &mut to, &mut message) });
            if message.data.is_null() {
                return;
            }
            let bytes = take(message);
            let others = sessions.iter().filter(|(id, _)| *id != me && (to == 0 || to == *id));
            queue.extend(others.map(|(id, _)| (*id, bytes.clone())));
        }
    };
    sessions.iter().for_each(|session| settle(*session, &mut queue));
    while let Some((to, bytes)) = queue.pop_front() {
        let session = *sessions.iter().find(|(id, _)| *id == to).unwrap();
        let mut progress = 0;
        ok(unsafe { cosigil_session_receive(session.1, &mut progress, bytes.as_ptr(), bytes.len()) });
        settle(session, &mut queue);
    }
    for (_, session) in sessions {
        let mut progress = 0;
        ok(unsafe { cosigil_session_progress(*session, &mut progress) });
        assert_eq!(progress, COSIGIL_FINISHED);
        ok(unsafe { cosigil_session_free(*session) });
    }
}

struct Team {
    identities: Vec<*mut cosigil_identity>,
    shares: Vec<*mut cosigil_key_share>,
    pairs: Vec<*mut cosigil_pairs>,
    logs: Vec<*mut cosigil_burn_log>,
}

fn label(n: u8) -> [u8; 32] {
    [n; 32]
}

impl Team {
    /// Key generation, by sessions.
    fn new(suite: u32) -> Self {
        let mut directory = null_mut();
        ok(unsafe { cosigil_parties_new(&mut directory) });
        let identity = |id: &u16| {
            let mut identity = null_mut();
            ok(unsafe { cosigil_identity_generate(&mut identity) });
            let key = bytes!(cosigil_identity_public(identity));
            ok(unsafe { cosigil_parties_add(directory, *id, key.as_ptr(), key.len()) });
            identity
        };
        let identities: Vec<_> = IDS.iter().map(identity).collect();
        let start = |(me, identity): (&u16, &*mut cosigil_identity)| {
            let (mut session, label) = (null_mut(), label(1));
            let name = (label.as_ptr(), 32);
            ok(unsafe { cosigil_keygen_start(*identity, &mut session, directory, suite, *me, 2, name.0, name.1) });
            (*me, session)
        };
        let sessions: Vec<Session> = IDS.iter().zip(&identities).map(start).collect();
        let mut shares = vec![null_mut(); 3];
        run(&sessions, |me, session| {
            let place = IDS.iter().position(|id| *id == me).unwrap();
            ok(unsafe { cosigil_session_take_key_share(session, &mut shares[place]) });
        });
        ok(unsafe { cosigil_parties_free(directory) });
        Self { identities, shares, pairs: Vec::new(), logs: Vec::new() }
    }

    /// The setups of all pairs.
    fn set_up(&mut self) {
        for share in &self.shares {
            let (mut log, mut pairs) = (null_mut(), null_mut());
            ok(unsafe { cosigil_burn_log_memory(&mut log) });
            ok(unsafe { cosigil_pairs_new(*share, &mut pairs) });
            self.logs.push(log);
            self.pairs.push(pairs);
        }
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            let start = |me: usize, peer: usize| {
                let (mut session, label) = (null_mut(), label(2));
                let (identity, share, log) = (self.identities[me], self.shares[me], self.logs[me]);
                ok(unsafe { cosigil_setup_start(identity, &mut session, share, log, IDS[peer], label.as_ptr(), 32) });
                (IDS[me], session)
            };
            let sessions = [start(a, b), start(b, a)];
            run(&sessions, |me, session| ok(unsafe { cosigil_pairs_take(self.pairs[usize::from(me) - 1], session) }));
        }
    }

    fn package(&self) -> *mut cosigil_package {
        let mut package = null_mut();
        ok(unsafe { cosigil_key_share_package(self.shares[0], &mut package) });
        package
    }

    /// Parties 1 and 3 sign: the signature and the recovery id.
    fn sign(&self, request: *mut cosigil_request) -> (Vec<u8>, u8) {
        let signers = [1u16, 3];
        let start = |me: usize| {
            let (mut session, label) = (null_mut(), label(3));
            let (identity, share, name) = (self.identities[me], self.shares[me], label.as_ptr());
            let (set, n) = (signers.as_ptr(), signers.len());
            let status = match self.pairs.get(me) {
                Some(pairs) => unsafe {
                    let log = self.logs[me];
                    cosigil_ecdsa_sign_start(identity, &mut session, share, *pairs, log, request, set, n, name, 32)
                },
                None => unsafe { cosigil_frost_sign_start(identity, &mut session, share, request, set, n, name, 32) },
            };
            ok(status);
            (IDS[me], session)
        };
        let mut signatures = Vec::new();
        run(&[start(0), start(2)], |_, session| {
            let (mut out, mut recovery_id) = (cosigil_bytes::default(), 0);
            ok(unsafe { cosigil_session_take_signature(session, &mut out, &mut recovery_id) });
            signatures.push((take(out), recovery_id));
        });
        assert_eq!(signatures[0], signatures[1]);
        signatures.remove(0)
    }

    fn free(self) {
        self.identities.into_iter().for_each(|one| ok(unsafe { cosigil_identity_free(one) }));
        self.shares.into_iter().for_each(|one| ok(unsafe { cosigil_key_share_free(one) }));
        self.pairs.into_iter().for_each(|one| ok(unsafe { cosigil_pairs_free(one) }));
        self.logs.into_iter().for_each(|one| ok(unsafe { cosigil_burn_log_free(one) }));
    }
}

const MESSAGE: [u8; 32] = *b"thirty-two bytes to be signed...";

/// From key generation to a signature: key, signature, recovery id.
fn signs(suite: u32, ecdsa: bool) -> (Vec<u8>, Vec<u8>, u8) {
    let mut team = Team::new(suite);
    let (mut request, package, mut found) = (null_mut(), team.package(), 0);
    ok(unsafe { cosigil_package_suite(package, &mut found) });
    assert_eq!(found, suite);
    if ecdsa {
        team.set_up();
        ok(unsafe { cosigil_request_digest(&mut request, MESSAGE.as_ptr(), 32) });
    } else {
        ok(unsafe { cosigil_request_message(&mut request, MESSAGE.as_ptr(), 32) });
    }
    let (signature, recovery_id) = team.sign(request);
    let key = bytes!(cosigil_package_verifying_key(package));
    let verify = |message: &[u8]| unsafe {
        let (k, s) = ((key.as_ptr(), key.len()), (signature.as_ptr(), signature.len()));
        cosigil_verify(suite, k.0, k.1, message.as_ptr(), message.len(), s.0, s.1)
    };
    ok(verify(&MESSAGE));
    assert_eq!(verify(&[7; 32]), COSIGIL_BAD_SIGNATURE);

    // Records go out and come back; a share of another suite's record is told apart by itself.
    let record = bytes!(cosigil_key_share_to_bytes(team.shares[0]));
    let mut again = null_mut();
    ok(unsafe { cosigil_key_share_from_bytes(&mut again, record.as_ptr(), record.len()) });
    assert_eq!(bytes!(cosigil_key_share_to_bytes(again)), record);
    ok(unsafe { cosigil_key_share_free(again) });
    let public = bytes!(cosigil_package_to_bytes(package));
    let mut read = null_mut();
    ok(unsafe { cosigil_package_from_bytes(&mut read, public.as_ptr(), public.len()) });
    assert_eq!(bytes!(cosigil_package_verifying_key(read)), key);
    ok(unsafe { cosigil_package_free(read) });

    ok(unsafe { cosigil_package_free(package) });
    ok(unsafe { cosigil_request_free(request) });
    team.free();
    (key, signature, recovery_id)
}

#[test]
fn ecdsa_secp256k1() {
    let (key, signature, recovery_id) = signs(COSIGIL_ECDSA_SECP256K1, true);
    let secp = secp256k1::Secp256k1::new();
    let message = secp256k1::Message::from_digest(MESSAGE);
    let key = secp256k1::PublicKey::from_slice(&key).unwrap();
    let plain = secp256k1::ecdsa::Signature::from_compact(&signature).unwrap();
    secp.verify_ecdsa(&message, &plain, &key).unwrap();
    let id = secp256k1::ecdsa::RecoveryId::from_i32(recovery_id.into()).unwrap();
    let recoverable = secp256k1::ecdsa::RecoverableSignature::from_compact(&signature, id).unwrap();
    assert_eq!(secp.recover_ecdsa(&message, &recoverable).unwrap(), key);
    let mut der = cosigil_bytes::default();
    ok(unsafe { cosigil_signature_der(&mut der, signature.as_ptr(), signature.len()) });
    assert_eq!(take(der), plain.serialize_der().to_vec());
}

#[test]
fn ecdsa_p256() {
    use p256::ecdsa::signature::hazmat::PrehashVerifier;
    let (key, signature, _) = signs(COSIGIL_ECDSA_P256, true);
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&key).unwrap();
    key.verify_prehash(&MESSAGE, &p256::ecdsa::Signature::from_slice(&signature).unwrap()).unwrap();
}

#[test]
fn frost_ed25519() {
    let (key, signature, _) = signs(COSIGIL_FROST_ED25519, false);
    let key = ed25519_dalek::VerifyingKey::from_bytes(&key.try_into().unwrap()).unwrap();
    key.verify_strict(&MESSAGE, &ed25519_dalek::Signature::from_slice(&signature).unwrap()).unwrap();
}

#[test]
fn frost_bip340() {
    let (key, signature, _) = signs(COSIGIL_FROST_BIP340, false);
    let key = secp256k1::XOnlyPublicKey::from_slice(&key).unwrap();
    let signature = secp256k1::schnorr::Signature::from_slice(&signature).unwrap();
    let message = secp256k1::Message::from_digest(MESSAGE);
    secp256k1::Secp256k1::new().verify_schnorr(&signature, &message, &key).unwrap();
}

#[test]
fn the_other_frost_suites() {
    for (suite, length) in [
        (COSIGIL_FROST_ED25519_KECCAK, 64),
        (COSIGIL_FROST_SECP256K1, 65),
        (COSIGIL_FROST_P256, 65),
        (COSIGIL_FROST_RISTRETTO255, 64),
    ] {
        let (_, signature, recovery_id) = signs(suite, false);
        assert_eq!((signature.len(), recovery_id), (length, 255));
    }
}
