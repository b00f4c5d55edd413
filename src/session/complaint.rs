//! Complaints that everybody can judge.
//!
//! Who got a sealed part that is wrong broadcasts, in place of what was due, the accused's signed message
//! and the DH value that opens it, with a proof that it is that value. Everybody then opens the message,
//! runs the receiver's check and names one of the two. One DH value is opened, never a key: and since
//! the accused has proved to know its own one-session key, it could have computed that value anyway.
//!
//! Body: for each accused: id 2 ‖ D 32 ‖ proof 96 ‖ length 4 ‖ the accused's message as signed.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::envelope::{self, Kind, Longest, Message};
use super::seal::{Hello, SharedPoint};
use super::shell::{Shell, State};
use crate::curve::{Curve, Ristretto255};
use crate::error::{Abort, Fault};
use crate::party::{Parcel, PartyId, SessionParams, View};
use crate::proof::EqualityProof;
use crate::transcript::{Transcript, TranscriptRng};
use crate::wire::{Element, Reader, Shape, Wire};

const NO_SHAPE: Shape = Shape { threshold: 0, parties: 0, batch: 0 };

/// One accusation in a complaint.
#[derive(Debug)]
pub(super) struct Accusation {
    pub(super) accused: PartyId,
    shared: Element<Ristretto255>,
    proof: EqualityProof<Ristretto255>,
    pub(super) message: Message,
}

/// The two one-session keys that an accusation is about: the complainer's and the accused's.
pub(super) type Keys<'a> = (&'a Hello, &'a Hello);

/// Reads the accusations of a complaint; `None` if it is not well formed.
pub(super) fn read(params: &SessionParams, longest: &Longest, complaint: &Message) -> Option<Vec<Accusation>> {
    let mut input = Reader::new(&complaint.body);
    let mut accusations: Vec<Accusation> = Vec::new();
    while let Some(id) = input.u16() {
        let accused = PartyId::new(id).ok()?;
        let shared = Element::read(&mut input, &NO_SHAPE)?;
        let proof = EqualityProof::read(&mut input, &NO_SHAPE)?;
        let length = usize::try_from(input.u32()?).ok()?;
        let message = envelope::open(input.take(length)?, params.parties(), longest).ok()?;
        let (theirs, ours) = (&message.header, &complaint.header);
        let is_the_one = theirs.kind == Kind::Sealed
            && theirs.sender == accused
            && theirs.recipient == Some(ours.sender)
            && theirs.protocol == ours.protocol
            && theirs.context == ours.context
            && Some(theirs.round) == ours.round.checked_sub(1);
        if !is_the_one || accusations.last().is_some_and(|last| last.accused >= accused) {
            return None;
        }
        accusations.push(Accusation { accused, shared, proof, message });
    }
    input.finish()?;
    (!accusations.is_empty()).then_some(accusations)
}

impl Accusation {
    /// Opens the accused's message by the value in the accusation. `None`: that value is not proved, and
    /// the complainer lies. `Some(None)`: the message does not open.
    pub(super) fn open(&self, view: &View, complainer: PartyId, keys: Keys<'_>) -> Option<Option<Zeroizing<Vec<u8>>>> {
        let (own, theirs) = (keys.0.key()?, keys.1.key()?);
        let transcript = transcript(view, complainer, self.accused, &self.message);
        if !self.proof.verify(own, theirs, self.shared.point(), transcript) {
            return None;
        }
        let header = &self.message.header;
        let shared = SharedPoint::opened(*self.shared.point());
        let way = (self.accused, complainer);
        Some(shared.unseal(view, way, header.round, &header.encode(), &self.message.body))
    }
}

/// The transcript of the proof that a DH value is what it is said to be.
fn transcript(view: &View, complainer: PartyId, accused: PartyId, message: &Message) -> Transcript {
    let header = Transcript::new("complaint-header").field(&message.header.encode()).digest();
    Transcript::new("complaint").field(view.as_bytes()).party(complainer).party(accused).field(&header)
}

impl Shell {
    /// Ends the session with a complaint about these peers' sealed parts of the round that is over.
    pub(super) fn complain(&mut self, accused: &[PartyId], rng: &mut TranscriptRng) -> Abort {
        // 5.1
        let mut body = Vec::new();
        for id in accused {
            if self.write_accusation(*id, &mut body, rng).is_none() {
                return self.end(Abort::of(Fault::BadShare, accused.iter().copied()), false);
            }
        }
        self.round += 1;
        let parcel: Parcel = self.parcel(Kind::Complaint, None, self.context.broadcasts, &body);
        self.forget_secrets();
        let abort = Abort::of(Fault::BadShare, accused.iter().copied());
        for id in accused {
            let evidence = self.evidence_of_complaint(&parcel.bytes, *id);
            self.add_evidence(evidence);
        }
        self.sent.push(parcel.clone());
        abort.sending(alloc::vec![parcel])
    }

    fn write_accusation(&self, accused: PartyId, out: &mut Vec<u8>, rng: &mut TranscriptRng) -> Option<()> {
        let message = self.awaited(accused, Kind::Sealed)?;
        let theirs = self.hellos.get(&accused)?.key()?;
        let seal_key = self.seal_key.as_ref()?;
        let transcript = transcript(&self.context.view, self.context.params.me(), accused, message);
        out.extend_from_slice(&accused.to_bytes());
        Element::<Ristretto255>::new(seal_key.shared_with(theirs).open()).write(out);
        seal_key.prove_shared(theirs, transcript, rng).write(out);
        out.extend_from_slice(&u32::try_from(message.bytes.len()).ok()?.to_be_bytes());
        out.extend_from_slice(&message.bytes);
        Some(())
    }

    /// Judges the complaints of the round now awaited that were not judged yet: names one of the two,
    /// for each.
    pub(super) fn judge_complaints(&mut self, state: &dyn State) -> Option<Abort> {
        let round = self.round;
        let ids: Vec<PartyId> = self.context.params.peers().filter(|id| !self.judged.contains(id)).collect();
        for id in ids {
            let Some(complaint) = self.taken(round, id, Kind::Complaint).cloned() else { continue };
            self.judged.insert(id);
            if complaint.header.before != self.context.broadcasts {
                return Some(Abort::nobody(Fault::BroadcastsDiffer));
            }
            let Some(accusations) = read(&self.context.params, &self.longest, &complaint) else {
                return Some(Abort::of(Fault::Malformed, [id]));
            };
            return Some(self.judge(state, id, &accusations));
        }
        None
    }

    /// A complainer that lies once is named alone; else all whom it accuses are.
    fn judge(&self, state: &dyn State, complainer: PartyId, accusations: &[Accusation]) -> Abort {
        // 5.2, 5.3
        let lies = |accusation: &Accusation| {
            let keys = self.hello_of(complainer).zip(self.hello_of(accusation.accused));
            let opened =
                keys.and_then(|(own, theirs)| accusation.open(&self.context.view, complainer, (&own, &theirs)));
            opened.is_none_or(|opened| {
                state.sealed_part_is_right(
                    accusation.accused,
                    complainer,
                    opened.as_ref().map(|plain| plain.as_slice()),
                )
            })
        };
        if accusations.iter().any(lies) {
            return Abort::of(Fault::FalseComplaint, [complainer]);
        }
        Abort::of(Fault::BadShare, accusations.iter().map(|accusation| accusation.accused))
    }

    /// What a party put before its round 1, this one included.
    fn hello_of(&self, id: PartyId) -> Option<Hello> {
        let own = id == self.context.params.me();
        let bytes = if own { Some(self.context.hello.as_slice()) } else { self.hello_bytes(id) };
        Hello::decode(self.traits.channels, bytes?)
    }

    fn hello_bytes(&self, id: PartyId) -> Option<&[u8]> {
        let body = &self.taken(1, id, Kind::Broadcast)?.body;
        body.get(..super::seal::hello_len(self.traits.channels))
    }
}

const _: () = assert!(Ristretto255::POINT_LEN == 32);
