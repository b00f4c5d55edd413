//! What can go wrong, and who did it.
//!
//! A caller's mistake is a [`Usage`] and leaves the session unharmed. A peer's deviation is an
//! [`Abort`] with a [`Fault`] and the parties seen deviating. Floors below the protocols never blame:
//! they return `Option` or `bool`, and the round that knows who sent the bytes makes the `Abort`.

mod display;

use alloc::vec::Vec;

use crate::party::{PairId, Parcel, PartyId, Sharing};

/// Everything a call of this library can answer but success.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The call cannot be right, whatever the peers do; the session, if any, is unharmed. Fix the caller.
    Usage(Usage),
    /// A peer deviated, or the parties' views differ. The session is over and its secrets are wiped,
    /// but for a pending share.
    Abort(Abort),
}

/// A call that cannot be right, whatever the peers do. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Usage {
    /// A party id is 0, or does not fit.
    InvalidPartyId,
    /// One party id is given twice.
    DuplicateParty(PartyId),
    /// One identity key is given for two parties.
    DuplicateIdentity(PartyId),
    /// An identity key is not canonical, or of small order.
    InvalidIdentity,
    /// The party has no identity key in this set, so it cannot take part in a session.
    MissingIdentity(PartyId),
    /// The identity given is not the one of this party.
    OtherIdentity,
    /// This party is not in the set.
    UnknownParty(PartyId),
    /// The threshold is not between 2 and the number of parties.
    InvalidThreshold,
    /// Fewer signers than the threshold, or more than there are parties.
    WrongNumberOfSigners,
    /// Fewer helpers than the threshold.
    TooFewHelpers,
    /// Messages of these peers are missing or there are too many: one of each is needed.
    WrongInbox(PartyId),
    /// The random number generator gave zeros, or the same 32 bytes twice.
    BrokenRng,
    /// The bytes are not an encoding of what was asked for.
    Malformed,
    /// The bytes are of a version this library does not know.
    UnknownVersion,
    /// The bytes belong to another suite.
    OtherSuite,
    /// The bytes belong to another key.
    OtherKey,
    /// The bytes belong to another sharing of the key.
    OtherSharing {
        /// The sharing this party holds.
        ours: Sharing,
        /// The sharing named by the bytes.
        theirs: Sharing,
    },
    /// Not a message of this session: unknown sender, bad signature, other session, other recipient.
    ForeignMessage,
    /// These nonces are not those of this key, or not those in the list of commitments.
    UnknownNonce,
    /// A tweak is out of range, or leads to the identity.
    InvalidTweak,
    /// The same secret, or group key, cannot be the identity.
    Identity,
    /// The session is over.
    Over,
    /// What this session holds must not be stored or resumed.
    NotResumable,
    /// A share does not fit the public commitments that came with it.
    InvalidShare,
    /// More is asked for than is allowed.
    TooMany,
    /// No usable pair state with this peer: never set up, burned, or used up. Run a setup with it.
    SetupNeeded(PartyId),
    /// This peer has failed three checks of pair states: an operator decides whether to go on with it.
    OperatorNeeded(PartyId),
    /// The record, of pair states or of a key, is older than one this installation has had: it may undo a burn, or
    /// bring back an old share.
    OlderGeneration {
        /// The generation of the record.
        found: u64,
        /// The newest known.
        newest: u64,
    },
    /// The burn log, or another store, does not answer. Nothing may go on without it.
    StoreFailed,
    /// The digest is 0 modulo the group order: anybody can make a signature on that.
    ZeroDigest,
    /// The key has no children: it came without a chain code.
    NoDerivation,
    /// The chain code is not the one that the key's parties agreed on.
    OtherChainCode,
    /// A hardened step of derivation: that needs the whole secret key, which nobody has.
    Hardened,
    /// The key has no child of this index: take the next one.
    InvalidChild(u32),
    /// A path of derivation of more than 255 steps, counted from the root.
    PathTooLong,
    /// The presignature was used before, for another request, or discarded.
    Spent,
    /// The store does not have this presignature, or had it in a former life.
    UnknownPresignature,
    /// This party has acknowledged an attempt to move the key on: nothing more is confirmed from the old sharing, and
    /// what was acknowledged is not discarded.
    Acknowledged,
    /// The share of this sharing is gone: a later sharing, which this party has no share of or has as well, is done.
    Retired,
    /// There is a record of a key in this store already.
    RecordExists,
    /// This party has no share of the sharing yet: an attempt or a repair brings it.
    NoShare,
    /// This party has not confirmed such an attempt.
    UnknownAttempt,
    /// An attempt to move the key on is neither done nor discarded: finish it by an exchange, or discard it.
    AttemptUnderWay,
    /// Two attempts to move the key on have certificates, and neither can become done: an operator decides.
    SharingsConflict {
        /// The sharing this party has acknowledged.
        ours: Sharing,
        /// The sharing another party has acknowledged instead.
        theirs: Sharing,
    },
    /// One machine has dealt this sharing, as an import does: refresh it first. Nothing else may be done with it.
    RefreshFirst,
    /// This party deals its share of the key in this session: it needs the share.
    ShareNeeded,
    /// The backup does not open: another passphrase or key, or the file was altered. It cannot be told which.
    NotOpened,
    /// Opening the backup would take more memory or time than is allowed, or than there is.
    TooCostly,
    /// The verifiable backup does not hold the share of this party, sharing and recipient.
    InvalidBackup,
}

/// What a peer was seen doing, or what ended the session: one variant for each check of a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// A signed message does not decode.
    Malformed,
    /// Two different messages under one view, round, kind and recipient.
    Equivocation,
    /// The parties' records of the last round differ, under one view. Nobody can be named.
    BroadcastsDiffer,
    /// No valid proof of knowledge of the one-session key.
    BadSealKey,
    /// Two parties came with the same one-session key. Nobody can be named.
    SameSealKey,
    /// An opening does not fit its commitment.
    BadOpening,
    /// A proof of knowledge of the polynomial's coefficients does not verify.
    BadCoefficientProof,
    /// A dealer's constant term is not its part of the key that is dealt anew.
    BadConstant,
    /// A sealed share does not open, or does not lie on the dealer's committed polynomial.
    BadShare,
    /// A complaint that does not hold.
    FalseComplaint,
    /// The group key is the identity. Nobody can be named.
    IdentityKey,
    /// A confirm speaks of another transcript, under one view. Nobody can be named.
    TranscriptsDiffer,
    /// The proof in a confirm does not verify.
    BadConfirmProof,
    /// A signature share does not fit the signer's public share.
    BadSignatureShare,
    /// The signers' nonces add up to the identity. Nobody can be named.
    IdentityNonce,
    /// The signature does not verify though every share does. Nobody can be named.
    BadSignature,
    /// A sealed part does not open or does not decode, in a protocol without complaints: only its
    /// recipient can tell.
    BadSealedPart,
    /// A check of a pair setup failed: the all-but-one OTs, or the extension of the second direction.
    SetupFailed,
    /// The peer speaks of another setup of the pair. Nobody can be named, nothing is burned.
    OtherSetup,
    /// The check of an OT extension over a pair in use failed.
    BadExtension,
    /// The check of a multiplication failed.
    BadMultiplication,
    /// What went into a multiplication is not what is behind the public nonce and key image.
    BadNonceImage,
    /// The pair was burned by another session meanwhile, which named the culprit.
    PairBurned,
    /// The peer was struck for the third time meanwhile. An operator decides.
    OutOfStrikes,
    /// The burn log failed, so nothing more may be shown. Nobody can be named.
    LogFailed,
    /// The signers' key images do not add up to the key. Nobody can be named before shares of zero are
    /// compared.
    KeysDoNotAddUp,
    /// Two parties published different shares of zero for their pair: it is one of them.
    ZeroShareDiffers,
    /// A signer's key image is not its part of the key and its shares of zero.
    BadKeyImage,
    /// The parties ask for different signatures from one presignature. Nobody can be named.
    OnlineRequestsDiffer,
}

/// What the library has recorded, durably, before it returned an [`Abort`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// A pair setup failed its check: thrown away, counted.
    Strike(PartyId),
    /// A check on OT state in use failed: dead for ever, both directions, and a strike.
    Burned(PartyId, PairId),
    /// Wrong by itself, provable: never to be chosen again for this key.
    Banned(PartyId),
    /// A strike or burn that the log failed to record. The pair is dead in this process, but only here:
    /// repair the log, and do not load the pair's state again.
    NotRecorded(PartyId),
}

/// What was to be recorded about a culprit's pair, and whether it was.
#[derive(Clone, Copy, Debug)]
struct Record {
    pair: Option<PairId>,
    recorded: bool,
}

/// The end of a session that a peer, or a difference of views, brought about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abort {
    fault: Fault,
    culprits: Vec<PartyId>,
    consequences: Vec<Consequence>,
    to_send: Vec<Parcel>,
}

impl Abort {
    /// An abort that names nobody.
    pub fn nobody(fault: Fault) -> Self {
        Self::of(fault, [])
    }

    /// An abort that names these parties, each of them once, in ascending order.
    pub fn of(fault: Fault, culprits: impl IntoIterator<Item = PartyId>) -> Self {
        let mut culprits: Vec<PartyId> = culprits.into_iter().collect();
        culprits.sort_unstable();
        culprits.dedup();
        let consequences = culprits.iter().filter_map(|id| fault.consequence(*id, None)).collect();
        Self { fault, culprits, consequences, to_send: Vec::new() }
    }

    /// An abort over pair states: their peers are named; each with the pair that was burned, and whether
    /// that is on record.
    pub(crate) fn burned(fault: Fault, pairs: impl IntoIterator<Item = (PartyId, PairId, bool)>) -> Self {
        let records = pairs.into_iter().map(|(id, pair, recorded)| (id, Record { pair: Some(pair), recorded }));
        Self::recording(fault, records.collect())
    }

    /// An abort over a setup: its peer is named, and whether its strike is on record.
    pub(crate) fn strike(fault: Fault, culprit: PartyId, recorded: bool) -> Self {
        Self::recording(fault, alloc::vec![(culprit, Record { pair: None, recorded })])
    }

    fn recording(fault: Fault, mut records: Vec<(PartyId, Record)>) -> Self {
        records.sort_unstable_by_key(|(id, _)| *id);
        let consequences = records.iter().filter_map(|(id, record)| fault.consequence(*id, Some(*record))).collect();
        Self { consequences, ..Self::of(fault, records.iter().map(|(id, _)| *id)) }
    }

    /// Fails if there is any culprit, and names them all.
    ///
    /// # Errors
    /// An abort with this fault and all of `culprits`, unless there is none.
    pub fn if_any(fault: Fault, culprits: impl IntoIterator<Item = PartyId>) -> Result<(), Self> {
        let abort = Self::of(fault, culprits);
        if abort.culprits.is_empty() { Ok(()) } else { Err(abort) }
    }

    /// What was seen.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// The parties seen deviating; empty if it cannot be told. It is what this party saw;
    /// [`crate::session::Session::evidence`] is for others.
    pub fn culprits(&self) -> &[PartyId] {
        &self.culprits
    }

    /// What the library has recorded; empty: nothing, try again.
    pub fn consequences(&self) -> &[Consequence] {
        &self.consequences
    }

    /// Signed bytes that must still leave: a complaint, for example. If the session has a stored checkpoint, delete
    /// that first: taken up again it would not know that it has complained.
    pub fn to_send(&self) -> &[Parcel] {
        &self.to_send
    }

    /// The same where nothing has been recorded: what a caller without a session sees may be due to what
    /// others were served, so it bans nobody.
    pub(crate) fn without_consequences(mut self) -> Self {
        self.consequences.clear();
        self
    }

    pub(crate) fn sending(mut self, parcels: Vec<Parcel>) -> Self {
        self.to_send = parcels;
        self
    }
}

impl Fault {
    /// The one mapping from faults to what follows from them.
    fn consequence(self, culprit: PartyId, record: Option<Record>) -> Option<Consequence> {
        match self {
            Fault::Malformed
            | Fault::Equivocation
            | Fault::BadSealKey
            | Fault::BadOpening
            | Fault::BadCoefficientProof
            | Fault::BadConstant
            | Fault::BadShare
            | Fault::FalseComplaint
            | Fault::BadConfirmProof
            | Fault::BadSignatureShare
            | Fault::BadKeyImage => Some(Consequence::Banned(culprit)),
            Fault::SetupFailed => record.map(|record| match record {
                Record { recorded: true, .. } => Consequence::Strike(culprit),
                _ => Consequence::NotRecorded(culprit),
            }),
            Fault::BadExtension | Fault::BadMultiplication | Fault::BadNonceImage => {
                record.map(|record| match record {
                    Record { pair: Some(pair), recorded: true } => Consequence::Burned(culprit, pair),
                    _ => Consequence::NotRecorded(culprit),
                })
            }
            Fault::BroadcastsDiffer
            | Fault::SameSealKey
            | Fault::IdentityKey
            | Fault::TranscriptsDiffer
            | Fault::IdentityNonce
            | Fault::BadSignature
            | Fault::BadSealedPart
            | Fault::OtherSetup
            | Fault::PairBurned
            | Fault::OutOfStrikes
            | Fault::LogFailed
            | Fault::KeysDoNotAddUp
            | Fault::ZeroShareDiffers
            | Fault::OnlineRequestsDiffer => None,
        }
    }
}

impl From<Usage> for Error {
    fn from(usage: Usage) -> Self {
        Error::Usage(usage)
    }
}

impl From<Abort> for Error {
    fn from(abort: Abort) -> Self {
        Error::Abort(abort)
    }
}

impl core::error::Error for Error {}
impl core::error::Error for Usage {}
impl core::error::Error for Abort {}
