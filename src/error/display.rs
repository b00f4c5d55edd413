//! Errors in words, for people and logs. They hold no secret.

use core::fmt;

use super::{Abort, Error, Fault, Usage};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(usage) => usage.fmt(f),
            Error::Abort(abort) => abort.fmt(f),
        }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Usage::InvalidPartyId => "party ids are 1 to 65535",
            Usage::DuplicateParty(id) => return write!(f, "party {id} is given twice"),
            Usage::DuplicateIdentity(id) => {
                return write!(f, "the identity key of party {id} is another party's too");
            }
            Usage::InvalidIdentity => "not a valid identity key",
            Usage::MissingIdentity(id) => return write!(f, "party {id} has no identity key here"),
            Usage::OtherIdentity => "the identity given is not the one of this party",
            Usage::UnknownParty(id) => return write!(f, "party {id} is not in the set"),
            Usage::InvalidThreshold => "the threshold must be between 2 and the number of parties",
            Usage::WrongNumberOfSigners => "there must be at least t signers, and at most n",
            Usage::TooFewHelpers => "a repair takes at least t helpers",
            Usage::WrongInbox(id) => {
                return write!(f, "one message of each peer is needed, not so for party {id}");
            }
            Usage::BrokenRng => "the random number generator repeats itself",
            Usage::Malformed => "the bytes are not an encoding of what was asked for",
            Usage::UnknownVersion => "the bytes are of an unknown version",
            Usage::OtherSuite => "the bytes belong to another suite",
            Usage::OtherKey => "the bytes belong to another key",
            Usage::OtherSharing { ours, theirs } => {
                return write!(f, "ours is sharing {ours}, theirs is {theirs}");
            }
            Usage::ForeignMessage => "not a message of this session",
            Usage::UnknownNonce => "these nonces do not belong to this request",
            Usage::InvalidTweak => "the tweak is out of range",
            Usage::Identity => "the result would be the identity",
            Usage::Over => "the session is over",
            Usage::NotResumable => "what this session holds must not be stored",
            Usage::InvalidShare => "the share does not fit its commitments",
            Usage::TooMany => "more is asked for than is allowed",
            Usage::SetupNeeded(id) => return write!(f, "no usable pair state with party {id}: run a setup"),
            Usage::OperatorNeeded(id) => return write!(f, "party {id} has failed three checks: an operator decides"),
            Usage::OlderGeneration { found, newest } => {
                return write!(f, "a record of generation {found}, there was {newest}");
            }
            Usage::StoreFailed => "the burn log or another store does not answer",
            Usage::ZeroDigest => "the digest is 0 modulo the group order",
            Usage::NoDerivation => "the key came without a chain code, so it has no children",
            Usage::OtherChainCode => "the chain code is not the key's",
            Usage::Hardened => "a hardened child needs the whole secret key, which nobody has",
            Usage::InvalidChild(index) => return write!(f, "the key has no child {index}"),
            Usage::PathTooLong => "a path has at most 255 steps from the root",
            Usage::Spent => "the presignature is spent",
            Usage::UnknownPresignature => "the store does not have this presignature",
            Usage::Acknowledged => "an attempt is acknowledged: no other can be confirmed, and it cannot be discarded",
            Usage::Retired => "the share is gone: a later sharing is done",
            Usage::RecordExists => "there is a record of a key in this store already",
            Usage::NoShare => "this party has no share of the sharing yet",
            Usage::UnknownAttempt => "this party has not confirmed such an attempt",
            Usage::AttemptUnderWay => "an attempt is neither done nor discarded",
            Usage::SharingsConflict { ours, theirs } => {
                return write!(f, "sharing {ours} is acknowledged here, {theirs} elsewhere: an operator decides");
            }
            Usage::RefreshFirst => "one machine has dealt this sharing: refresh it first",
            Usage::ShareNeeded => "a dealer needs its share",
            Usage::NotOpened => "the backup does not open: another passphrase or key, or an altered file",
            Usage::TooCostly => "opening the backup would take too much memory or time",
            Usage::InvalidBackup => "the verifiable backup does not hold this party's share",
        };
        f.write_str(text)
    }
}

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "aborted: {}", self.fault)?;
        for (k, id) in self.culprits.iter().enumerate() {
            write!(f, "{} {id}", if k == 0 { ", by party" } else { " and" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Malformed => "a signed message does not decode",
            Fault::Equivocation => "two different messages were signed for one place",
            Fault::BroadcastsDiffer => "the parties saw different broadcasts",
            Fault::BadSealKey => "no proof of knowledge of the one-session key",
            Fault::SameSealKey => "two parties came with one one-session key",
            Fault::BadOpening => "an opening does not fit its commitment",
            Fault::BadCoefficientProof => "a proof of the coefficients does not verify",
            Fault::BadConstant => "a dealer deals something else than its part of the key",
            Fault::BadShare => "a share does not fit its commitments",
            Fault::FalseComplaint => "a complaint does not hold",
            Fault::IdentityKey => "the group key is the identity",
            Fault::TranscriptsDiffer => "the parties confirm different transcripts",
            Fault::BadConfirmProof => "the proof in a confirm does not verify",
            Fault::BadSignatureShare => "a signature share does not verify",
            Fault::IdentityNonce => "the nonces add up to the identity",
            Fault::BadSignature => "the signature does not verify",
            Fault::BadSealedPart => "a sealed part does not open or decode",
            Fault::SetupFailed => "a check of a pair setup failed",
            Fault::OtherSetup => "the peer speaks of another setup of the pair",
            Fault::BadExtension => "the check of an OT extension failed",
            Fault::BadMultiplication => "the check of a multiplication failed",
            Fault::BadNonceImage => "a multiplication does not fit the public nonce and key image",
            Fault::PairBurned => "the pair was burned by another session",
            Fault::OutOfStrikes => "the peer was struck for the third time",
            Fault::LogFailed => "the burn log failed",
            Fault::KeysDoNotAddUp => "the key images do not add up to the key",
            Fault::ZeroShareDiffers => "two parties' shares of zero differ",
            Fault::BadKeyImage => "a key image does not fit the signer's share",
            Fault::OnlineRequestsDiffer => "the parties ask for different signatures",
        })
    }
}
