//! Status codes, faults, and how the library's errors become them.

use std::borrow::Cow;
use std::string::ToString;

use cosigil::ecdsa::store::Refusal;
use cosigil::key::StoreError;
use cosigil::{Abort, Consequence, Error, Fault, Usage};

/// Done.
pub const COSIGIL_OK: i32 = 0;

// 100 to 199: the call cannot be right. Nothing has changed, unless the function says so.

/// A pointer or handle is NULL.
pub const COSIGIL_NULL: i32 = 100;
/// A length is 0 where there must be something, or not the one that is needed.
pub const COSIGIL_LENGTH: i32 = 101;
/// The handle is not one of this library's, or was freed.
pub const COSIGIL_NO_HANDLE: i32 = 102;
/// The handle is of another kind.
pub const COSIGIL_OTHER_HANDLE: i32 = 103;
/// What the handle held was used up.
pub const COSIGIL_USED_UP: i32 = 104;
/// No such suite, or the call is not for keys of this suite.
pub const COSIGIL_SUITE: i32 = 105;
/// A pointer is not aligned for its type.
pub const COSIGIL_MISALIGNED: i32 = 106;
/// A number stands for nothing here.
pub const COSIGIL_VALUE: i32 = 107;
/// The library was called from one of its callbacks.
pub const COSIGIL_IN_CALLBACK: i32 = 108;
/// There is more than the room given; the count says how much.
pub const COSIGIL_TOO_SMALL: i32 = 109;
/// What is asked for is not there: not yet, not any more, or of another kind.
pub const COSIGIL_NOT_THERE: i32 = 110;
/// Something must be stored, or deleted, first: see cosigil_session_stored.
pub const COSIGIL_STORE_FIRST: i32 = 111;
/// No buffer of this library's, or one that was freed.
pub const COSIGIL_NO_BUFFER: i32 = 112;
/// A text is not UTF-8.
pub const COSIGIL_TEXT: i32 = 113;
/// A party id is 0.
pub const COSIGIL_PARTY_ID: i32 = 120;
/// A party id is given twice.
pub const COSIGIL_DUPLICATE_PARTY: i32 = 121;
/// One identity key is given for two parties.
pub const COSIGIL_DUPLICATE_IDENTITY: i32 = 122;
/// An identity key is not canonical, or of small order.
pub const COSIGIL_INVALID_IDENTITY: i32 = 123;
/// A party has no identity key here.
pub const COSIGIL_MISSING_IDENTITY: i32 = 124;
/// The identity is not the one of this party.
pub const COSIGIL_OTHER_IDENTITY: i32 = 125;
/// A party is not in the set.
pub const COSIGIL_UNKNOWN_PARTY: i32 = 126;
/// The threshold is not between 2 and the number of parties.
pub const COSIGIL_THRESHOLD: i32 = 127;
/// Fewer signers than the threshold, or more than there are parties.
pub const COSIGIL_SIGNERS: i32 = 128;
/// A peer's contribution is missing, or there is one too many.
pub const COSIGIL_WRONG_INBOX: i32 = 129;
/// These nonces are not those of this key, or not in the list.
pub const COSIGIL_UNKNOWN_NONCE: i32 = 130;
/// A tweak is out of range.
pub const COSIGIL_TWEAK: i32 = 131;
/// The result would be the identity.
pub const COSIGIL_IDENTITY: i32 = 132;
/// More is asked for than is allowed.
pub const COSIGIL_TOO_MANY: i32 = 133;
/// The digest is 0 modulo the group order.
pub const COSIGIL_ZERO_DIGEST: i32 = 134;
/// No derivation is defined for this curve.
pub const COSIGIL_NO_DERIVATION: i32 = 135;
/// Fewer helpers than the threshold.
pub const COSIGIL_TOO_FEW_HELPERS: i32 = 136;
/// The chain code is not the key's.
pub const COSIGIL_OTHER_CHAIN_CODE: i32 = 137;
/// A hardened child needs the whole secret key, which nobody has.
pub const COSIGIL_HARDENED: i32 = 138;
/// The key has no child with this index: take the next.
pub const COSIGIL_INVALID_CHILD: i32 = 139;
/// A path has more than 255 steps.
pub const COSIGIL_PATH_TOO_LONG: i32 = 140;
/// One machine has dealt this sharing: refresh it first.
pub const COSIGIL_REFRESH_FIRST: i32 = 141;
/// This party deals its share of the key in this session: it needs the share.
pub const COSIGIL_SHARE_NEEDED: i32 = 142;
/// The signature is not one of the message under the key.
pub const COSIGIL_BAD_SIGNATURE: i32 = 150;
/// Another mistake of the caller; cosigil_last_error says which.
pub const COSIGIL_USAGE: i32 = 199;

// 200 to 299: bytes are not what they should be. Nothing has changed, unless the function says so.

/// The bytes are not an encoding of what was asked for.
pub const COSIGIL_MALFORMED: i32 = 200;
/// The bytes are of a version that this library does not know.
pub const COSIGIL_VERSION: i32 = 201;
/// The bytes belong to another suite.
pub const COSIGIL_OTHER_SUITE: i32 = 202;
/// The bytes belong to another key.
pub const COSIGIL_OTHER_KEY: i32 = 203;
/// The bytes belong to another sharing of the key.
pub const COSIGIL_OTHER_SHARING: i32 = 204;
/// Not a message of this session. It lives on: throw the message away.
pub const COSIGIL_FOREIGN_MESSAGE: i32 = 205;
/// A share does not fit the public key package.
pub const COSIGIL_INVALID_SHARE: i32 = 206;
/// The backup does not open: another passphrase or key, or an altered file.
pub const COSIGIL_NOT_OPENED: i32 = 207;
/// Opening the backup would take more memory or time than is allowed, or than there is.
pub const COSIGIL_TOO_COSTLY: i32 = 208;
/// The verifiable backup does not hold this party's share.
pub const COSIGIL_INVALID_BACKUP: i32 = 209;

// 300 to 399: the protocol cannot go on; nobody is named.

/// The session is over.
pub const COSIGIL_OVER: i32 = 300;
/// What this session holds must not be stored or resumed.
pub const COSIGIL_NOT_RESUMABLE: i32 = 301;
/// No usable pair with a peer: run a setup.
pub const COSIGIL_SETUP_NEEDED: i32 = 302;
/// An attempt to move the key on is acknowledged: no other one can be confirmed, and it cannot be discarded.
pub const COSIGIL_ACKNOWLEDGED: i32 = 303;
/// The share is gone: a later sharing is done.
pub const COSIGIL_RETIRED: i32 = 304;
/// There is no share of this sharing, or not yet.
pub const COSIGIL_NO_SHARE: i32 = 305;
/// This party has not confirmed such an attempt.
pub const COSIGIL_UNKNOWN_ATTEMPT: i32 = 306;
/// Two attempts have certificates, and neither can become done: an operator decides.
pub const COSIGIL_SHARINGS_CONFLICT: i32 = 307;
/// An attempt to move the key on is neither done nor discarded.
pub const COSIGIL_ATTEMPT_UNDER_WAY: i32 = 308;
/// The session has ended without a result and nobody can be named: try again.
pub const COSIGIL_ABORTED: i32 = 310;

// 400 to 499: peers have cheated, and are named.

/// The session has ended: the parties named by cosigil_session_culprits deviated.
pub const COSIGIL_CHEATED: i32 = 400;

// 500 to 599: a check of pair states failed; it is on record.

/// A pair is burned: never to be used again, in either direction. The peer is named and has a strike.
pub const COSIGIL_BURNED: i32 = 500;
/// A pair setup failed its check: thrown away; the peer is named and has a strike.
pub const COSIGIL_STRUCK: i32 = 501;
/// A peer has three strikes: an operator decides.
pub const COSIGIL_OPERATOR_NEEDED: i32 = 502;
/// The pair was burned by another session meanwhile.
pub const COSIGIL_PAIR_BURNED: i32 = 503;
/// A burn or strike could not be recorded. Repair the log, and do not load the pair states again.
pub const COSIGIL_NOT_RECORDED: i32 = 504;

// 600 to 699: storage.

/// A burn log or store failed; nothing may go on without it. A record of which a call gave this must be freed and opened
/// again.
pub const COSIGIL_STORE_FAILED: i32 = 600;
/// The record is older than one that this installation has had.
pub const COSIGIL_OLDER_GENERATION: i32 = 601;
/// The presignature was used before, for another request, or discarded.
pub const COSIGIL_SPENT: i32 = 602;
/// The store does not have this presignature.
pub const COSIGIL_UNKNOWN_PRESIGNATURE: i32 = 603;
/// What is stored is damaged.
pub const COSIGIL_DAMAGED: i32 = 604;
/// There is no such file, or there is one already.
pub const COSIGIL_ABSENT: i32 = 605;
/// The store has a record already.
pub const COSIGIL_RECORD_EXISTS: i32 = 606;
/// Another process uses the store.
pub const COSIGIL_STORE_LOCKED: i32 = 607;

// 900 to 999: this library, or the machine.

/// A bug in this library. The handles used in the call are dead; please report it.
pub const COSIGIL_PANIC: i32 = 900;
/// A handle is dead since a call on it ended in COSIGIL_PANIC.
pub const COSIGIL_DEAD: i32 = 901;
/// The source of randomness gave zeros, or the same bytes twice in one answer.
pub const COSIGIL_BROKEN_RANDOM: i32 = 902;
/// The source of randomness failed.
pub const COSIGIL_RANDOM_FAILED: i32 = 903;
/// There are no more handles.
pub const COSIGIL_EXHAUSTED: i32 = 904;

/// Why a call failed: its status, in words, and the abort behind it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: i32,
    pub(crate) text: Cow<'static, str>,
    pub(crate) abort: Option<Abort>,
}

pub(crate) type Result<T = ()> = core::result::Result<T, Failure>;

impl Failure {
    pub(crate) const fn new(status: i32, text: &'static str) -> Self {
        Self { status, text: Cow::Borrowed(text), abort: None }
    }

    /// Whether a session that gives this can do nothing more: classes 1 and 2 are about the call alone.
    pub(crate) fn ends_a_session(&self) -> bool {
        self.status >= COSIGIL_OVER
    }

    pub(crate) const NULL: Self = Self::new(COSIGIL_NULL, "a pointer is NULL");
    pub(crate) const LENGTH: Self = Self::new(COSIGIL_LENGTH, "a length is not right");
    pub(crate) const NO_HANDLE: Self = Self::new(COSIGIL_NO_HANDLE, "no such handle, or it was freed");
    pub(crate) const OTHER_HANDLE: Self = Self::new(COSIGIL_OTHER_HANDLE, "the handle is of another kind");
    pub(crate) const USED_UP: Self = Self::new(COSIGIL_USED_UP, "what the handle held was used up");
    pub(crate) const SUITE: Self = Self::new(COSIGIL_SUITE, "not for this suite, or no such suite");
    pub(crate) const VALUE: Self = Self::new(COSIGIL_VALUE, "a number stands for nothing here");
    pub(crate) const NOT_THERE: Self = Self::new(COSIGIL_NOT_THERE, "what is asked for is not there");
    pub(crate) const STORE_FIRST: Self = Self::new(COSIGIL_STORE_FIRST, "something must be stored, or deleted, first");
    pub(crate) const DEAD: Self = Self::new(COSIGIL_DEAD, "a former call on the handle hit a bug");
}

fn usage_status(usage: Usage) -> i32 {
    match usage {
        Usage::InvalidPartyId => COSIGIL_PARTY_ID,
        Usage::DuplicateParty(_) => COSIGIL_DUPLICATE_PARTY,
        Usage::DuplicateIdentity(_) => COSIGIL_DUPLICATE_IDENTITY,
        Usage::InvalidIdentity => COSIGIL_INVALID_IDENTITY,
        Usage::MissingIdentity(_) => COSIGIL_MISSING_IDENTITY,
        Usage::OtherIdentity => COSIGIL_OTHER_IDENTITY,
        Usage::UnknownParty(_) => COSIGIL_UNKNOWN_PARTY,
        Usage::InvalidThreshold => COSIGIL_THRESHOLD,
        Usage::WrongNumberOfSigners => COSIGIL_SIGNERS,
        Usage::WrongInbox(_) => COSIGIL_WRONG_INBOX,
        Usage::BrokenRng => COSIGIL_BROKEN_RANDOM,
        Usage::Malformed => COSIGIL_MALFORMED,
        Usage::UnknownVersion => COSIGIL_VERSION,
        Usage::OtherSuite => COSIGIL_OTHER_SUITE,
        Usage::OtherKey => COSIGIL_OTHER_KEY,
        Usage::OtherSharing { .. } => COSIGIL_OTHER_SHARING,
        Usage::ForeignMessage => COSIGIL_FOREIGN_MESSAGE,
        Usage::UnknownNonce => COSIGIL_UNKNOWN_NONCE,
        Usage::InvalidTweak => COSIGIL_TWEAK,
        Usage::Identity => COSIGIL_IDENTITY,
        Usage::Over => COSIGIL_OVER,
        Usage::NotResumable => COSIGIL_NOT_RESUMABLE,
        Usage::InvalidShare => COSIGIL_INVALID_SHARE,
        Usage::TooMany => COSIGIL_TOO_MANY,
        Usage::SetupNeeded(_) => COSIGIL_SETUP_NEEDED,
        Usage::OperatorNeeded(_) => COSIGIL_OPERATOR_NEEDED,
        Usage::OlderGeneration { .. } => COSIGIL_OLDER_GENERATION,
        Usage::StoreFailed => COSIGIL_STORE_FAILED,
        Usage::ZeroDigest => COSIGIL_ZERO_DIGEST,
        Usage::NoDerivation => COSIGIL_NO_DERIVATION,
        Usage::Spent => COSIGIL_SPENT,
        Usage::UnknownPresignature => COSIGIL_UNKNOWN_PRESIGNATURE,
        Usage::TooFewHelpers => COSIGIL_TOO_FEW_HELPERS,
        Usage::OtherChainCode => COSIGIL_OTHER_CHAIN_CODE,
        Usage::Hardened => COSIGIL_HARDENED,
        Usage::InvalidChild(_) => COSIGIL_INVALID_CHILD,
        Usage::PathTooLong => COSIGIL_PATH_TOO_LONG,
        Usage::RefreshFirst => COSIGIL_REFRESH_FIRST,
        Usage::ShareNeeded => COSIGIL_SHARE_NEEDED,
        Usage::NotOpened => COSIGIL_NOT_OPENED,
        Usage::TooCostly => COSIGIL_TOO_COSTLY,
        Usage::InvalidBackup => COSIGIL_INVALID_BACKUP,
        Usage::Acknowledged => COSIGIL_ACKNOWLEDGED,
        Usage::Retired => COSIGIL_RETIRED,
        Usage::NoShare => COSIGIL_NO_SHARE,
        Usage::UnknownAttempt => COSIGIL_UNKNOWN_ATTEMPT,
        Usage::AttemptUnderWay => COSIGIL_ATTEMPT_UNDER_WAY,
        Usage::SharingsConflict { .. } => COSIGIL_SHARINGS_CONFLICT,
        Usage::RecordExists => COSIGIL_RECORD_EXISTS,
        _ => COSIGIL_USAGE,
    }
}

/// The gravest of what an abort brought about decides.
fn abort_status(abort: &Abort) -> i32 {
    let status = |consequence: &Consequence| match consequence {
        Consequence::NotRecorded(_) => COSIGIL_NOT_RECORDED,
        Consequence::Burned(..) => COSIGIL_BURNED,
        Consequence::Strike(_) => COSIGIL_STRUCK,
        Consequence::Banned(_) => COSIGIL_CHEATED,
    };
    let weight = |status: &i32| {
        [COSIGIL_CHEATED, COSIGIL_STRUCK, COSIGIL_BURNED, COSIGIL_NOT_RECORDED].iter().position(|known| known == status)
    };
    let recorded = abort.consequences().iter().map(status).max_by_key(weight);
    recorded.unwrap_or_else(|| match abort.fault() {
        Fault::PairBurned => COSIGIL_PAIR_BURNED,
        Fault::OutOfStrikes => COSIGIL_OPERATOR_NEEDED,
        Fault::LogFailed => COSIGIL_STORE_FAILED,
        _ if abort.culprits().is_empty() => COSIGIL_ABORTED,
        _ => COSIGIL_CHEATED,
    })
}

impl From<Usage> for Failure {
    fn from(usage: Usage) -> Self {
        Self { status: usage_status(usage), text: usage.to_string().into(), abort: None }
    }
}

impl From<Abort> for Failure {
    fn from(abort: Abort) -> Self {
        Self { status: abort_status(&abort), text: abort.to_string().into(), abort: Some(abort) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Usage(usage) => usage.into(),
            Error::Abort(abort) => abort.into(),
            other => Self { status: COSIGIL_USAGE, text: other.to_string().into(), abort: None },
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::Damaged => COSIGIL_DAMAGED,
            StoreError::Absent => COSIGIL_ABSENT,
            StoreError::Locked => COSIGIL_STORE_LOCKED,
            _ => COSIGIL_STORE_FAILED,
        };
        Self { status, text: error.to_string().into(), abort: None }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Usage::from(refusal).into()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cosigil::curve::{Secp256k1, random_scalar};
    use cosigil::ecdsa::burn::{BurnLog, MemoryBurnLog, Peer, Strikes};
    use cosigil::ecdsa::pairs::Pair;
    use cosigil::ecdsa::{Secp256k1Ecdsa, setup};
    use cosigil::{Identity, Label, PairId, Parties, PartyId, Threshold, Transcript, hazmat};

    use super::*;

    fn id(n: u16) -> PartyId {
        PartyId::new(n).unwrap()
    }

    #[test]
    fn aborts_have_classes() {
        let status = |abort: Abort| Failure::from(abort).status;
        assert_eq!(status(Abort::nobody(Fault::BroadcastsDiffer)), COSIGIL_ABORTED);
        assert_eq!(status(Abort::of(Fault::BadShare, [id(2)])), COSIGIL_CHEATED);
        assert_eq!(status(Abort::of(Fault::BadSealedPart, [id(2)])), COSIGIL_CHEATED);
        assert_eq!(status(Abort::nobody(Fault::PairBurned)), COSIGIL_PAIR_BURNED);
        assert_eq!(status(Abort::nobody(Fault::OutOfStrikes)), COSIGIL_OPERATOR_NEEDED);
        assert_eq!(status(Abort::nobody(Fault::LogFailed)), COSIGIL_STORE_FAILED);
        let failure = Failure::from(Abort::of(Fault::BadShare, [id(2), id(3)]));
        assert_eq!(failure.abort.unwrap().culprits(), [id(2), id(3)]);
    }

    /// One side of a pair, by a real setup.
    fn pair() -> Arc<Pair> {
        let mut rng = Transcript::new("ffi-status-test").rng();
        let identities = [Identity::generate(&mut rng).unwrap(), Identity::generate(&mut rng).unwrap()];
        let parties = Parties::new([1, 2].map(id).into_iter().zip(identities.iter().map(Identity::public))).unwrap();
        let secret = random_scalar::<Secp256k1>(&mut rng);
        let shares = hazmat::split::<Secp256k1Ecdsa>(&secret, Threshold::new(2).unwrap(), &parties, &mut rng).unwrap();
        let log: Arc<dyn BurnLog> = Arc::new(MemoryBurnLog::new());
        let label = Label::from_bytes([1; 32]);
        let (mut sessions, mut queue) = (Vec::new(), std::collections::VecDeque::new());
        for (me, share) in shares.iter().enumerate() {
            let peer = [shares[1 - me].me()];
            let setup = setup::all(share, &peer, &identities[me], &label, &log, &mut rng).unwrap().remove(0);
            queue.extend(setup.first.into_iter().map(|parcel| (1 - me, parcel.bytes)));
            sessions.push(setup.session);
        }
        let mut pairs = Vec::new();
        while let Some((to, bytes)) = queue.pop_front() {
            let progress = sessions[to].receive(&bytes).unwrap();
            queue.extend(progress.send.into_iter().map(|parcel| (1 - to, parcel.bytes)));
            pairs.extend(progress.output);
        }
        pairs.remove(0)
    }

    /// A log that cannot write.
    struct Failing;

    impl BurnLog for Failing {
        fn burn(&self, _: &PairId, _: &Peer) -> core::result::Result<(), StoreError> {
            Err(StoreError::Failed)
        }
        fn is_burned(&self, _: &PairId) -> core::result::Result<bool, StoreError> {
            Ok(false)
        }
        fn strike(&self, _: &Peer) -> core::result::Result<(), StoreError> {
            Err(StoreError::Failed)
        }
        fn strikes(&self, _: &Peer) -> core::result::Result<Strikes, StoreError> {
            Ok(Strikes::default())
        }
        fn forgive(&self, _: &Peer) -> core::result::Result<(), StoreError> {
            Err(StoreError::Failed)
        }
    }

    #[test]
    fn a_burn_has_a_status_of_its_own() {
        let pair = pair();
        assert_eq!(Failure::from(pair.burn(Fault::BadExtension, &MemoryBurnLog::new())).status, COSIGIL_BURNED);
        assert_eq!(Failure::from(pair.burn(Fault::BadExtension, &Failing)).status, COSIGIL_NOT_RECORDED);
    }
}
