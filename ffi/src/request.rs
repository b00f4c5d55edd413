//! What is to be signed.

use std::sync::{Arc, Mutex};

use cosigil::ecdsa::{Child, Message, Prehash, Request};
use cosigil::frost::SigningRequest;
use cosigil::key::DerivationPath;
use cosigil::{KeyShare, PublicKeyPackage};
use sha2::{Digest, Sha256};
use sha3::Keccak256;

use crate::call::{call, entered};
use crate::each::{ChainCode, Output, ServedEcdsa, ServedFrost};
use crate::handle::{self, Handle, locked};
use crate::input::{array, given, outs};
use crate::status::*;

/// What this party's own application has approved for signing. All signers must bring the same. Any number of threads
/// may use it at once; a session takes what is in it when it starts.
pub struct cosigil_request(());

impl Handle for cosigil_request {
    type Object = Mutex<Wish>;
}

/// SHA-256.
pub const COSIGIL_HASH_SHA256: u32 = 1;
/// SHA-256 of SHA-256: Bitcoin.
pub const COSIGIL_HASH_SHA256D: u32 = 2;
/// Keccak-256: Ethereum.
pub const COSIGIL_HASH_KECCAK256: u32 = 3;

/// What is in a request.
#[derive(Clone)]
pub(crate) struct Wish {
    content: Content,
    pub(crate) output: Output,
    /// The child that is to sign; and the chain code, where there is no share that has it.
    pub(crate) path: Option<DerivationPath>,
    pub(crate) chain_code: Option<Arc<ChainCode>>,
}

#[derive(Clone)]
enum Content {
    Message(Vec<u8>),
    Digest(Prehash),
}

impl Wish {
    fn new(content: Content) -> Mutex<Self> {
        Mutex::new(Self { content, output: Output::Ordinary, path: None, chain_code: None })
    }

    /// The request as FROST takes it, of a holder of a share.
    pub(crate) fn frost<S: ServedFrost>(&self, share: &KeyShare<S>) -> Result<SigningRequest<S>> {
        self.frost_with(share.public(), Some(share.chain_code()))
    }

    /// The request as FROST takes it, of a coordinator.
    pub(crate) fn frost_with<S: ServedFrost>(
        &self,
        package: &PublicKeyPackage<S>,
        chain_code: Option<&ChainCode>,
    ) -> Result<SigningRequest<S>> {
        let Content::Message(message) = &self.content else { return Err(Failure::SUITE) };
        let request = S::request(message, self.output)?;
        let Some(path) = &self.path else { return Ok(request) };
        let chain_code = chain_code.or(self.chain_code.as_deref()).ok_or(Failure::NOT_THERE)?;
        S::under(request, package, chain_code, path)
    }

    /// The request as ECDSA takes it.
    pub(crate) fn ecdsa<S: ServedEcdsa>(&self, share: &KeyShare<S>) -> Result<Request<S>> {
        let (Content::Digest(digest), Output::Ordinary) = (&self.content, self.output) else {
            return Err(Failure::SUITE);
        };
        let child = self.path.as_ref().map_or(Ok(Child::ITSELF), |path| S::child(share, path))?;
        Ok(Request::new(*digest, child)?)
    }
}

/// What is in it now.
pub(crate) fn wish(request: *const cosigil_request) -> Result<Wish> {
    locked(&*handle::get(request)?, |wish| Ok(wish.clone()))
}

/// A request to sign a message with a FROST suite. The message is what the scheme's verifier takes; of BIP-340 in
/// Bitcoin the 32 bytes of the BIP-341 signature hash.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_request_message(
    request: *mut *mut cosigil_request,
    message: *const u8,
    message_len: usize,
) -> i32 {
    call(|| {
        outs!(request);
        entered()?;
        // SAFETY: by contract null or `message_len` bytes.
        let message = unsafe { given(message, message_len) }?;
        request.open(Wish::new(Content::Message(message.to_vec())))
    })
}

/// A request to sign a message with ECDSA, hashed here with `hash`, one of COSIGIL_HASH_….
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_VALUE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_request_hashed(
    request: *mut *mut cosigil_request,
    hash: u32,
    message: *const u8,
    message_len: usize,
) -> i32 {
    call(|| {
        outs!(request);
        entered()?;
        // SAFETY: by contract null or `message_len` bytes.
        let message = unsafe { given(message, message_len) }?;
        let digest = match hash {
            COSIGIL_HASH_SHA256 => Message::<Sha256>::new(message).into(),
            COSIGIL_HASH_SHA256D => Message::<Sha256>::new(&Sha256::digest(message)).into(),
            COSIGIL_HASH_KECCAK256 => Message::<Keccak256>::new(message).into(),
            _ => return Err(Failure::VALUE),
        };
        request.open(Wish::new(Content::Digest(digest)))
    })
}

/// A request to sign a digest of 32 bytes with ECDSA. Whoever chooses the digest of a message that nobody has seen
/// makes the signature mean what it likes: with the message at hand use cosigil_request_hashed.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_request_digest(
    request: *mut *mut cosigil_request,
    digest: *const u8,
    digest_len: usize,
) -> i32 {
    call(|| {
        outs!(request);
        entered()?;
        // SAFETY: by contract null or `digest_len` bytes.
        let digest = unsafe { given(digest, digest_len) }?;
        request.open(Wish::new(Content::Digest(Prehash::new(array(digest)?))))
    })
}

/// Asks for the Taproot output key that the scripts under this Merkle root of 32 bytes can spend as well.
/// COSIGIL_FROST_BIP340 only; without it the output key commits to no script.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_request_script_root(
    request: *mut cosigil_request,
    root: *const u8,
    root_len: usize,
) -> i32 {
    call(|| {
        let request = handle::get(request)?;
        // SAFETY: by contract null or `root_len` bytes.
        let root = array(unsafe { given(root, root_len) }?)?;
        locked(&request, |wish| {
            wish.output = Output::ScriptRoot(root);
            Ok(())
        })
    })
}

/// Frees a request. NULL is left alone.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_request_free(request: *mut cosigil_request) -> i32 {
    handle::close(request)
}
