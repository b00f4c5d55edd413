//! Broadcasts outside of their session: shown again to who was not there, or said about it afterwards.
//!
//! They are the envelopes of `docs/session.md` 3.2, with the view of the session that they are about.

use alloc::vec::Vec;

use super::envelope::{self, Header, Kind, Longest};
use super::identity::Identity;
use crate::error::Usage;
use crate::party::{Parties, PartyId, Sharing};
use crate::round::{KeyRef, Limits};

/// Which broadcast of which session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) protocol: &'static str,
    pub(crate) key: KeyRef,
    pub(crate) round: u8,
    /// The view, or in round 1 the base.
    pub(crate) context: &'a [u8; 32],
}

/// A broadcast whose signature has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) sender: PartyId,
    /// The digest of the broadcasts of the round before.
    pub(crate) before: [u8; 32],
    pub(crate) body: Vec<u8>,
}

impl Letter {
    /// Signs the letter: the envelope.
    pub(crate) fn sign(&self, identity: &Identity, place: &Place<'_>) -> Vec<u8> {
        let (key_id, sharing) = Header::key_fields(&place.key);
        let header = Header {
            kind: Kind::Broadcast,
            round: place.round,
            sender: self.sender,
            recipient: None,
            protocol: place.protocol.as_bytes().to_vec(),
            key_id,
            sharing,
            context: *place.context,
            before: self.before,
        };
        envelope::seal_up(identity, &header, &self.body)
    }

    /// Opens an envelope for that place, signed by one of the parties, with a body of at most so many bytes.
    ///
    /// # Errors
    /// [`Usage::ForeignMessage`], [`Usage::UnknownVersion`], [`Usage::TooMany`], [`Usage::OtherKey`],
    /// [`Usage::OtherSharing`].
    pub(crate) fn open(bytes: &[u8], place: &Place<'_>, parties: &Parties, longest: usize) -> Result<Self, Usage> {
        let limits = Limits { broadcast: longest, addressed: 0, sealed: 0 };
        let message = envelope::open(bytes, parties, &Longest::new(limits, parties.len()))?;
        let (key_id, sharing) = Header::key_fields(&place.key);
        let header = &message.header;
        if header.key_id != key_id {
            return Err(Usage::OtherKey);
        }
        if header.sharing != sharing {
            let name = Sharing::from_bytes;
            return Err(Usage::OtherSharing { ours: name(sharing), theirs: name(header.sharing) });
        }
        let is_it = header.kind == Kind::Broadcast
            && header.protocol == place.protocol.as_bytes()
            && (header.round, header.context) == (place.round, *place.context);
        if !is_it {
            return Err(Usage::ForeignMessage);
        }
        Ok(Self { sender: header.sender, before: header.before, body: message.body })
    }
}
