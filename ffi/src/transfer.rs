//! Sharp tools: whole keys that come in from elsewhere, and go out to one machine.

use std::sync::{Arc, Mutex};

use cosigil::curve::encode_scalar;
use cosigil::hazmat::{accept_import, export, exported_secret, import};
use cosigil::keygen::reshare::Moved;
use cosigil::{
    Identity, KeyShare, Label, Parties, PartyId, Plan, PublicIdentity, PublicKeyPackage, Reshare, ReshareInputs,
    Threshold,
};
use zeroize::Zeroizing;

use crate::bytes::cosigil_bytes;
use crate::call::call;
use crate::each::{ChainCode, Served, with_each, with_suite};
use crate::handle;
use crate::identity::{cosigil_identity, cosigil_parties, parties};
use crate::input::{array, crew, given, label, outs, secret};
use crate::key::{cosigil_key_share, cosigil_package};
use crate::keygen::held;
use crate::running::{Output, Running, taken};
use crate::session::cosigil_session;
use crate::status::*;

/// A scalar, in the curve's customary order: big-endian on secp256k1 and P-256, little-endian on Ed25519, ristretto255.
pub const COSIGIL_IMPORT_SCALAR: u32 = 1;
/// An Ed25519 private key as of RFC 8032: COSIGIL_FROST_ED25519.
pub const COSIGIL_IMPORT_RFC_8032: u32 = 2;
/// A private key of NEM, as its hexadecimal form shows it, first byte first: COSIGIL_FROST_ED25519_KECCAK.
pub const COSIGIL_IMPORT_NEM: u32 = 3;

/// What becomes of a transfer at one party.
fn moved<S: Served>(moved: Moved<S>) -> Output {
    match moved {
        Moved::Holder(certified) if certified.public().threshold().get() == 1 => {
            let whole = move || {
                let secret = exported_secret(*certified)?;
                Ok(Zeroizing::new(encode_scalar::<S::Curve>(secret.expose()).to_vec()))
            };
            Output::Secret(Box::new(whole))
        }
        Moved::Holder(certified) => held(certified.into_key_share()),
        Moved::Left(package) | Moved::Exported(package) => Output::Package(Box::new(S::package(*package))),
    }
}

fn start<S: Served>(inputs: ReshareInputs<S>, me: PartyId, identity: &Identity, label: Label) -> Result<Running> {
    let params = inputs.plan().params(label, me)?;
    Running::start_once::<Reshare<S>>(params, identity, inputs, moved)
}

/// Who is to hold an imported key, and how many of them must sign.
struct Terms {
    holders: Parties,
    threshold: Threshold,
    me: PartyId,
    label: Label,
}

impl Terms {
    fn deal<S: Served>(
        &self,
        (form, key): (u32, &[u8]),
        chain_code: Option<ChainCode>,
        identity: &Identity,
    ) -> Result<(Running, Vec<u8>)> {
        let secret = S::secret(form, key)?;
        let secret = match chain_code {
            Some(chain_code) => secret.with_chain_code(chain_code),
            None => secret,
        };
        let dealer = (self.me, identity.public());
        let inputs = import(secret, dealer, self.holders.clone(), self.threshold, &mut crate::random::random()?)?;
        let plan = inputs.plan().to_bytes();
        Ok((start(inputs, self.me, identity, self.label)?, plan))
    }

    fn accept<S: Served>(&self, plan: &[u8], public_key: &[u8], identity: &Identity) -> Result<Running> {
        let inputs = accept_import::<S>(plan, public_key, &self.holders, self.threshold)?;
        start(inputs, self.me, identity, self.label)
    }
}

fn give<S: Served>(
    share: &Arc<KeyShare<S>>,
    dealers: &[PartyId],
    recipient: (PartyId, PublicIdentity),
    identity: &Identity,
    label: Label,
) -> Result<Running> {
    let plan = export(share.public(), dealers.iter().copied(), recipient)?;
    start(ReshareInputs::holder(plan, Arc::clone(share))?, share.me(), identity, label)
}

fn receive<S: Served>(
    package: &PublicKeyPackage<S>,
    expected: &[u8; 32],
    dealers: &[PartyId],
    me: PartyId,
    identity: &Identity,
    label: Label,
) -> Result<Running> {
    let plan: Plan<S> = export(package, dealers.iter().copied(), (me, identity.public()))?;
    start(ReshareInputs::newcomer(plan, expected)?, me, identity, label)
}

/// Starts the import of a whole key, at the machine that has it: it deals the key to `holders`, any `threshold` of whom
/// can use it, after a refresh, which is all that the shares are good for at first (COSIGIL_REFRESH_FIRST). **The key is
/// as secret as the machine it came from, and its backups.**
///
/// `form` is one of COSIGIL_IMPORT_…; `secret` has 32 bytes, or 64: then the last 32 are its chain code, without which
/// one is drawn and children are others than before. `me` and `identity` are those of a holder, or of nobody else.
/// `plan` goes to all other parties, over any channel, for cosigil_hazmat_import_accept. `label`, 32 bytes, names this
/// session: the same at all, never used before.
///
/// The output is a key share, or, at a dealer that is no holder, a package. The session cannot be taken up again: after
/// a crash import the key anew.
///
/// Returns COSIGIL_OK, COSIGIL_SUITE also for a form that is not this suite's, COSIGIL_MALFORMED, COSIGIL_IDENTITY for 0,
/// COSIGIL_THRESHOLD, COSIGIL_PARTY_ID, COSIGIL_UNKNOWN_PARTY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_OTHER_IDENTITY,
/// COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED,
/// COSIGIL_BROKEN_RANDOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_hazmat_import_start(
    identity: *const cosigil_identity,
    session: *mut *mut cosigil_session,
    plan: *mut cosigil_bytes,
    holders: *const cosigil_parties,
    suite: u32,
    form: u32,
    me: u16,
    threshold: u16,
    secret: *const u8,
    secret_len: usize,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session, plan);
        let (identity, holders) = (handle::get(identity)?, parties(holders)?);
        // SAFETY: by contract null or `secret_len` bytes.
        let both = unsafe { given(secret, secret_len) }?;
        // SAFETY: by contract null or `label_len` bytes.
        let label = self::label(unsafe { given(label, label_len) }?)?;
        let terms = Terms { holders, threshold: Threshold::new(threshold)?, me: PartyId::new(me)?, label };
        let (key, rest) = both.split_at_checked(32).ok_or(Failure::LENGTH)?;
        let chain_code = if rest.is_empty() { None } else { Some(self::secret(rest)?) };
        let (running, bytes) = with_suite!(suite, S => terms.deal::<S>((form, key), chain_code, &identity))?;
        session.open(Mutex::new(running))?;
        plan.lend(bytes);
        Ok(())
    })
}

/// Takes part in the import of a key. `public_key` is the key **as this party's own operator knows it from elsewhere**,
/// as a point: 33 bytes on secp256k1 (BIP-340 as well, before any tweak) and P-256, 32 on the others; `holders` and
/// `threshold` are what the operator expects. The rest is as with cosigil_hazmat_import_start.
///
/// Returns what that does, and COSIGIL_OTHER_KEY for another key, COSIGIL_OTHER_IDENTITY for other holders,
/// COSIGIL_VERSION, COSIGIL_OTHER_SUITE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_hazmat_import_accept(
    identity: *const cosigil_identity,
    session: *mut *mut cosigil_session,
    holders: *const cosigil_parties,
    suite: u32,
    me: u16,
    threshold: u16,
    plan: *const u8,
    plan_len: usize,
    public_key: *const u8,
    public_key_len: usize,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let (identity, holders) = (handle::get(identity)?, parties(holders)?);
        // SAFETY: by contract null or `plan_len` bytes.
        let plan = unsafe { given(plan, plan_len) }?;
        // SAFETY: by contract null or `public_key_len` bytes.
        let public_key = unsafe { given(public_key, public_key_len) }?;
        // SAFETY: by contract null or `label_len` bytes.
        let label = self::label(unsafe { given(label, label_len) }?)?;
        let terms = Terms { holders, threshold: Threshold::new(threshold)?, me: PartyId::new(me)?, label };
        session.open(Mutex::new(with_suite!(suite, S => terms.accept::<S>(plan, public_key, &identity))?))
    })
}

/// Starts the export of the whole key to one party, the recipient, at one of `dealers`, at least t holders: a decision of
/// all their operators. **The recipient then has the whole key**; the holders go on as before, with a key that is only as
/// secret as that machine. `recipient` and `key`, its public identity, may be this party's.
///
/// The output is a package, or, at a dealer that is the recipient, the key (cosigil_hazmat_take_secret). The session
/// cannot be taken up again.
///
/// Returns COSIGIL_OK, COSIGIL_SIGNERS for too few dealers, COSIGIL_REFRESH_FIRST, COSIGIL_UNKNOWN_PARTY,
/// COSIGIL_DUPLICATE_PARTY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_PARTY_ID, COSIGIL_INVALID_IDENTITY,
/// COSIGIL_OTHER_IDENTITY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
/// COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_hazmat_export_start(
    identity: *const cosigil_identity,
    session: *mut *mut cosigil_session,
    share: *const cosigil_key_share,
    recipient: u16,
    key: *const u8,
    key_len: usize,
    dealers: *const u16,
    dealers_len: usize,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let (identity, share) = (handle::get(identity)?, handle::get(share)?);
        // SAFETY: by contract null or `key_len` bytes.
        let key = PublicIdentity::from_bytes(&array(unsafe { given(key, key_len) }?)?)?;
        // SAFETY: by contract null or `dealers_len` ids; null or `label_len` bytes.
        let (dealers, label) = unsafe { crew((dealers, dealers_len), (label, label_len)) }?;
        let recipient = (PartyId::new(recipient)?, key);
        session.open(Mutex::new(with_each!(&*share, share => give(share, &dealers, recipient, &identity, label))?))
    })
}

/// Starts an export at its recipient, who has no share. `package` may come from anybody; `expected`, its digest
/// (cosigil_package_digest), only from this party's own operator. The output is the key: cosigil_hazmat_take_secret.
///
/// Returns what cosigil_hazmat_export_start does, and COSIGIL_OTHER_KEY for another package.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_hazmat_export_receive(
    identity: *const cosigil_identity,
    session: *mut *mut cosigil_session,
    package: *const cosigil_package,
    me: u16,
    expected: *const u8,
    expected_len: usize,
    dealers: *const u16,
    dealers_len: usize,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let (identity, package) = (handle::get(identity)?, handle::get(package)?);
        // SAFETY: by contract null or `expected_len` bytes.
        let expected = array(unsafe { given(expected, expected_len) }?)?;
        // SAFETY: by contract null or `dealers_len` ids; null or `label_len` bytes.
        let (dealers, label) = unsafe { crew((dealers, dealers_len), (label, label_len)) }?;
        let me = PartyId::new(me)?;
        session.open(Mutex::new(
            with_each!(&*package, package => receive(package, &expected, &dealers, me, &identity, label))?,
        ))
    })
}

/// Takes the whole key out of an export, at its recipient: 32 bytes in the curve's customary order. On Ed25519 no seed of
/// RFC 8032 leads to it, and software that sets bits in it gets another key: compare the public key.
///
/// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_hazmat_take_secret(session: *mut cosigil_session, secret: *mut cosigil_bytes) -> i32 {
    call(|| {
        outs!(secret);
        let whole = taken!(session, Secret)?;
        secret.lend(whole()?);
        Ok(())
    })
}
