//! The signed envelope of every message.
//!
//! ```text
//! version 1 ‖ kind 1 ‖ round 1 ‖ sender 2 ‖ recipient 2 (0: all) ‖ |protocol| 1 ‖ protocol ‖
//! key id 32 ‖ sharing 32 ‖ base (round 1) or view 32 ‖ digest of the broadcasts before 32 ‖ body ‖ signature 64
//! ```
//! The signature is Ed25519 over H("envelope"; header, body), verified strictly. The sender is who signed.

use alloc::vec::Vec;

use ed25519_dalek::Signature;

use super::identity::Identity;
use crate::error::Usage;
use crate::party::{Parties, PartyId};
use crate::round::{KeyRef, Limits};
use crate::transcript::Transcript;
use crate::wire::Reader;

const VERSION: u8 = 1;
const SIGNATURE_LEN: usize = 64;
/// Nonce, one-session key and proof, before the body of round 1.
const MAX_HELLO: usize = 128;
/// What a complaint has beside a sealed body: 134 bytes, a header of at most 391, a signature.
const MAX_FRAME: usize = 600;

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Broadcast = 1,
    Addressed = 2,
    Sealed = 3,
    Complaint = 4,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [Kind::Broadcast, Kind::Addressed, Kind::Sealed, Kind::Complaint].into_iter().find(|kind| *kind as u8 == byte)
    }

    /// Whether it goes to everybody.
    pub(super) fn is_to_all(self) -> bool {
        matches!(self, Kind::Broadcast | Kind::Complaint)
    }
}

/// What a message is about and where in the session it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) round: u8,
    pub(super) sender: PartyId,
    pub(super) recipient: Option<PartyId>,
    pub(super) protocol: Vec<u8>,
    pub(super) key_id: [u8; 32],
    pub(super) sharing: [u8; 32],
    /// The base in round 1, the view from round 2 on.
    pub(super) context: [u8; 32],
    /// The digest of all broadcasts of the round before; of an addressed part of round 1 the digest of
    /// its sender's own broadcast.
    pub(super) before: [u8; 32],
}

impl Header {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(136 + self.protocol.len());
        out.extend_from_slice(&[VERSION, self.kind as u8, self.round]);
        out.extend_from_slice(&self.sender.to_bytes());
        out.extend_from_slice(&self.recipient.map_or([0; 2], PartyId::to_bytes));
        out.push(u8::try_from(self.protocol.len()).unwrap_or(u8::MAX));
        out.extend_from_slice(&self.protocol);
        for field in [&self.key_id, &self.sharing, &self.context, &self.before] {
            out.extend_from_slice(field);
        }
        out
    }

    fn read(input: &mut Reader<'_>) -> Option<Self> {
        let kind = Kind::from_byte(input.u8()?)?;
        let round = input.u8()?;
        let sender = PartyId::new(input.u16()?).ok()?;
        let recipient = match input.u16()? {
            0 => None,
            id => Some(PartyId::new(id).ok()?),
        };
        let length = input.u8()?;
        let protocol = input.take(length.into())?.to_vec();
        let header = Self {
            kind,
            round,
            sender,
            recipient,
            protocol,
            key_id: input.array()?,
            sharing: input.array()?,
            context: input.array()?,
            before: input.array()?,
        };
        (kind.is_to_all() == recipient.is_none() && round > 0).then_some(header)
    }

    /// The fields of a key: zeros before there is one.
    pub(super) fn key_fields(key: &KeyRef) -> ([u8; 32], [u8; 32]) {
        (key.key_id.map_or([0; 32], |id| *id.as_bytes()), key.sharing.map_or([0; 32], |sharing| *sharing.as_bytes()))
    }
}

/// A message whose signature has been verified.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) header: Header,
    pub(super) body: Vec<u8>,
    /// The whole envelope, as it was signed.
    pub(super) bytes: Vec<u8>,
}

impl Message {
    /// Whether both claim the same place: context, round, kind, recipient and sender.
    pub(super) fn is_in_the_place_of(&self, other: &Self) -> bool {
        let place = |h: &Header| (h.context, h.round, h.kind, h.recipient, h.sender);
        place(&self.header) == place(&other.header)
    }
}

/// Signs a message.
pub(super) fn seal_up(identity: &Identity, header: &Header, body: &[u8]) -> Vec<u8> {
    // 3.2
    let header = header.encode();
    let signature = identity.sign(&digest(&header, body));
    let mut bytes = Vec::with_capacity(header.len() + body.len() + SIGNATURE_LEN);
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(&signature);
    bytes
}

/// How long the body of a message of each kind may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Longest {
    limits: Limits,
    parties: usize,
}

impl Longest {
    pub(super) fn new(limits: Limits, parties: usize) -> Self {
        Self { limits, parties }
    }

    /// Messages that were opened before.
    pub(super) fn any() -> Self {
        let any = usize::MAX;
        Self { limits: Limits { broadcast: any, addressed: any, sealed: any }, parties: 1 }
    }

    fn of(&self, kind: Kind) -> usize {
        match kind {
            Kind::Broadcast => self.limits.broadcast.saturating_add(MAX_HELLO),
            Kind::Addressed => self.limits.addressed,
            Kind::Sealed => self.limits.sealed,
            // For each accused: id, point, proof, length, and its message as signed.
            Kind::Complaint => self.limits.sealed.saturating_add(MAX_FRAME).saturating_mul(self.parties),
        }
    }
}

/// Opens an envelope signed by one of the parties, with a body that is not too long.
///
/// # Errors
/// [`Usage::UnknownVersion`]; [`Usage::ForeignMessage`] if it is none, or of somebody else.
pub(super) fn open(bytes: &[u8], parties: &Parties, longest: &Longest) -> Result<Message, Usage> {
    let split = bytes.len().checked_sub(SIGNATURE_LEN).ok_or(Usage::ForeignMessage)?;
    let (content, signature) = bytes.split_at_checked(split).ok_or(Usage::ForeignMessage)?;
    let mut input = Reader::new(content);
    match input.u8() {
        Some(VERSION) => {}
        Some(_) => return Err(Usage::UnknownVersion),
        None => return Err(Usage::ForeignMessage),
    }
    let header = Header::read(&mut input).ok_or(Usage::ForeignMessage)?;
    let identity = parties.identity(header.sender).ok_or(Usage::ForeignMessage)?;
    let body = input.rest();
    if body.len() > longest.of(header.kind) {
        return Err(Usage::TooMany);
    }
    let signature = Signature::from_slice(signature).map_err(|_| Usage::ForeignMessage)?;
    let (head, _) = content.split_at_checked(content.len() - body.len()).ok_or(Usage::ForeignMessage)?;
    let digest = digest(head, body);
    identity.verifying_key().verify_strict(&digest, &signature).map_err(|_| Usage::ForeignMessage)?;
    Ok(Message { header, body: body.to_vec(), bytes: bytes.to_vec() })
}

fn digest(header: &[u8], body: &[u8]) -> [u8; 32] {
    Transcript::new("envelope").field(header).field(body).digest()
}
