//! Evidence: what others, who were not in the session, can check of an abort.
//!
//! It is self-contained: the digests of everybody's round 1, the signed round-1 messages it uses, the
//! signed later messages it uses. The judge recomputes the view from them, so that nobody can put a
//! second round 1 under a finished session.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::complaint;
use super::envelope::{self, Header, Kind, Longest, Message};
use super::seal::{self, Hello};
use super::shell::Shell;
use crate::error::{Fault, Usage};
use crate::party::{PartyId, SessionParams};
use crate::round::{self, Case, Protocol};

/// Evidence of what a party did, to be checked by anybody who knows the parties' identities.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence {
    culprit: PartyId,
    fault: Fault,
    /// H(R1) of every party, where there is a view.
    digests: Vec<(PartyId, [u8; 32])>,
    /// The messages used, as signed.
    messages: Vec<Vec<u8>>,
}

/// What evidence shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Who did it.
    pub culprit: PartyId,
    /// What was done.
    pub fault: Fault,
}

impl Evidence {
    /// Whom it accuses.
    pub fn culprit(&self) -> PartyId {
        self.culprit
    }

    /// Of what.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// Two messages signed for one place.
    pub(super) fn of_equivocation(culprit: PartyId, first: Vec<u8>, second: Vec<u8>) -> Self {
        Self { culprit, fault: Fault::Equivocation, digests: Vec::new(), messages: alloc::vec![first, second] }
    }

    /// Checks the evidence, as somebody who knows the parties, the parameters and the public inputs of
    /// the session but nothing that went on in it. `params` may be of any of its parties.
    ///
    /// # Errors
    /// [`Usage::Malformed`] if it is not what it says, [`Usage::ForeignMessage`] if it is of another
    /// session.
    pub fn judge<P: Protocol>(&self, params: &SessionParams, inputs: &P::Inputs) -> Result<Judged, Usage> {
        // 7.2
        let longest = Longest::new(P::limits(params, inputs), params.parties().len());
        let messages = self.messages.iter().map(|bytes| envelope::open(bytes, params.parties(), &longest));
        let messages = messages.collect::<Result<Vec<Message>, Usage>>()?;
        if messages.iter().any(|message| message.header.protocol != P::NAME.as_bytes()) {
            return Err(Usage::ForeignMessage);
        }
        let proved = match self.fault {
            Fault::Equivocation => self.is_equivocation(&messages),
            fault => {
                let case = self.case::<P>(params, inputs, &messages)?;
                match fault {
                    Fault::BadShare | Fault::FalseComplaint => {
                        self.complaint_shows::<P>(&case, inputs, &messages, &longest)
                    }
                    Fault::BadSealKey => self.has_no_proof::<P>(&case),
                    Fault::Malformed if self.has_no_hello::<P>(&case) => true,
                    _ => P::judge(&case, inputs) == Some(fault),
                }
            }
        };
        if proved { Ok(Judged { culprit: self.culprit, fault: self.fault }) } else { Err(Usage::Malformed) }
    }

    /// Same sender, same place from round 2 on, other content.
    fn is_equivocation(&self, messages: &[Message]) -> bool {
        let [first, second] = messages else { return false };
        let header = &first.header;
        header.sender == self.culprit
            && header.round > 1
            && first.is_in_the_place_of(second)
            && (first.body != second.body || first.header != second.header)
    }

    /// Sorts the messages into a case, checking that each belongs to the one session.
    fn case<'a, P: Protocol>(
        &self,
        params: &'a SessionParams,
        inputs: &P::Inputs,
        messages: &[Message],
    ) -> Result<Case<'a>, Usage> {
        // 7.1
        let base = super::driver::base::<P>(params, inputs);
        let view = round::view_of_digests(&base, self.digests.iter().copied());
        let complete = self.digests.iter().map(|(id, _)| *id).eq(params.parties().ids());
        let mut case =
            Case { params, base, view, culprit: self.culprit, round1: BTreeMap::new(), broadcasts: BTreeMap::new() };
        for message in messages {
            let header = &message.header;
            if header.round == 1 {
                let digest = round::round1_digest(&message.body);
                let in_view = self.digests.is_empty() || self.digests.contains(&(header.sender, digest));
                if header.context != *base.as_bytes() || header.kind != Kind::Broadcast || !in_view {
                    return Err(Usage::ForeignMessage);
                }
                let (hello, body) = message.body.split_at(seal::hello_len(P::CHANNELS).min(message.body.len()));
                case.round1.insert(header.sender, (hello.to_vec(), body.to_vec()));
            } else {
                if header.context != *view.as_bytes() || !complete {
                    return Err(Usage::ForeignMessage);
                }
                if header.kind == Kind::Broadcast {
                    case.broadcasts.insert((header.round, header.sender), message.body.clone());
                }
            }
        }
        Ok(case)
    }

    /// The complaint convicts the accused, or the complainer.
    fn complaint_shows<P: Protocol>(
        &self,
        case: &Case<'_>,
        inputs: &P::Inputs,
        messages: &[Message],
        longest: &Longest,
    ) -> bool {
        let Some(complaint) = messages.iter().find(|message| message.header.kind == Kind::Complaint) else {
            return false;
        };
        let complainer = complaint.header.sender;
        let Some(accusations) = complaint::read(case.params, longest, complaint) else { return false };
        let hello = |id| Hello::decode(P::CHANNELS, &case.round1.get(&id)?.0);
        let is_false = |accusation: &complaint::Accusation| {
            if P::JUDGED_BY_ALL && !is_of_these_broadcasts::<P>(case, inputs, complaint, &accusation.message) {
                return None;
            }
            let keys = hello(complainer).zip(hello(accusation.accused))?;
            let Some(opened) = accusation.open(&case.view, complainer, (&keys.0, &keys.1)) else { return Some(true) };
            let opened = opened.as_ref().map(|plain| plain.as_slice());
            P::judge_sealed_part(case, inputs, (accusation.accused, complainer), opened)
        };
        match self.fault {
            Fault::FalseComplaint => {
                complainer == self.culprit && accusations.iter().any(|accusation| is_false(accusation) == Some(true))
            }
            _ => accusations
                .iter()
                .any(|accusation| accusation.accused == self.culprit && is_false(accusation) == Some(false)),
        }
    }

    /// The culprit's round 1 does not even begin with a hello.
    fn has_no_hello<P: Protocol>(&self, case: &Case<'_>) -> bool {
        case.round1.get(&self.culprit).is_some_and(|(hello, _)| Hello::decode(P::CHANNELS, hello).is_none())
    }

    fn has_no_proof<P: Protocol>(&self, case: &Case<'_>) -> bool {
        let hello = case.round1.get(&self.culprit).and_then(|(hello, _)| Hello::decode(P::CHANNELS, hello));
        hello.is_some_and(|hello| !hello.verify(&case.base, self.culprit))
    }
}

/// Whether the case's broadcasts are those whose digests stand in the complaint and in the message complained of.
/// Their senders could have signed others afterwards, and make a right one look wrong.
fn is_of_these_broadcasts<P: Protocol>(
    case: &Case<'_>,
    inputs: &P::Inputs,
    complaint: &Message,
    message: &Message,
) -> bool {
    let before = |message: &Message| {
        let Some(round) = message.header.round.checked_sub(1) else { return false };
        // The view stands for round 1.
        if round < 2 {
            return true;
        }
        let of_round = |((of, id), _): &(&(u8, PartyId), _)| *of == round && P::broadcasts(inputs, round, *id);
        let bodies: Vec<_> =
            case.broadcasts.iter().filter(of_round).map(|((_, id), body)| (*id, body.as_slice())).collect();
        round::broadcasts_digest(&case.view, round, bodies.into_iter()) == message.header.before
    };
    before(complaint) && before(message)
}

/// Whose messages a piece of evidence holds.
struct Wanted<'a> {
    /// Round 1 of these.
    round1: &'a [PartyId],
    /// Later broadcasts of these, below this round.
    later: &'a [PartyId],
    below: u8,
    complaint: Option<&'a [u8]>,
}

impl Shell {
    /// What this party can show of a fault of that party; `None` where the fault is its word alone.
    pub(super) fn evidence_of(&self, fault: Fault, culprit: PartyId) -> Option<Evidence> {
        match fault {
            Fault::Equivocation => None, // made where it is found
            Fault::FalseComplaint | Fault::BadShare => {
                let mut ids = self.context.params.peers();
                let (complaint, accused) = ids.find_map(|id| {
                    let complaint = self.taken(self.round, id, Kind::Complaint)?;
                    let accused = self.accused_in(complaint)?;
                    let is_it = if fault == Fault::BadShare { accused.contains(&culprit) } else { id == culprit };
                    is_it.then_some((complaint, accused))
                })?;
                let involved = if fault == Fault::BadShare { alloc::vec![culprit] } else { accused };
                let round1 = [involved.as_slice(), &[complaint.header.sender]].concat();
                let later = self.needed_for(&involved);
                let (below, complaint) = (self.round, Some(complaint.bytes.as_slice()));
                Some(self.bundle(fault, culprit, &Wanted { round1: &round1, later: &later, below, complaint }))
            }
            // The statement of this proof is made of everybody's dealing.
            Fault::BadConfirmProof => {
                let all: Vec<PartyId> = self.context.params.parties().ids().collect();
                Some(self.bundle(fault, culprit, &self.everything_of(&all)))
            }
            _ => Some(self.bundle(fault, culprit, &self.everything_of(&[culprit]))),
        }
    }

    /// The same for this party's own complaint.
    pub(super) fn evidence_of_complaint(&self, complaint: &[u8], accused: PartyId) -> Evidence {
        let round1 = [accused, self.context.params.me()];
        let later = self.needed_for(&[accused]);
        let (below, complaint) = (self.round, Some(complaint));
        self.bundle(Fault::BadShare, accused, &Wanted { round1: &round1, later: &later, below, complaint })
    }

    /// Whose later broadcasts it takes to judge what these have sealed.
    fn needed_for(&self, accused: &[PartyId]) -> Vec<PartyId> {
        if self.traits.judged_by_all { self.context.params.parties().ids().collect() } else { accused.to_vec() }
    }

    fn everything_of<'a>(&self, ids: &'a [PartyId]) -> Wanted<'a> {
        Wanted { round1: ids, later: ids, below: self.round.saturating_add(1), complaint: None }
    }

    fn accused_in(&self, complaint: &Message) -> Option<Vec<PartyId>> {
        let accusations = complaint::read(&self.context.params, &self.longest, complaint)?;
        Some(accusations.iter().map(|accusation| accusation.accused).collect())
    }

    /// The digests of round 1, and the wanted messages, this party's own included.
    fn bundle(&self, fault: Fault, culprit: PartyId, wanted: &Wanted<'_>) -> Evidence {
        let is_wanted = |header: &Header| {
            let of = if header.round == 1 { wanted.round1 } else { wanted.later };
            let ours = header.context == *self.context_of(header.round);
            header.kind == Kind::Broadcast && ours && header.round < wanted.below && of.contains(&header.sender)
        };
        let theirs = self.store.all().filter(|message| is_wanted(&message.header));
        let mut messages: Vec<Vec<u8>> = theirs.map(|message| message.bytes.clone()).collect();
        let own = self
            .sent
            .iter()
            .filter_map(|parcel| envelope::open(&parcel.bytes, self.context.params.parties(), &Longest::any()).ok());
        messages.extend(own.filter(|message| is_wanted(&message.header)).map(|message| message.bytes));
        messages.extend(wanted.complaint.map(<[u8]>::to_vec));
        // Before there is a view a fault of round 1 stands alone: others' round 1 has no part in it.
        let digests = self.round1_digests.iter().map(|(id, digest)| (*id, *digest)).collect();
        Evidence { culprit, fault, digests, messages }
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Evidence({:?} of {:?}, {} messages)", self.fault, self.culprit, self.messages.len())
    }
}

#[cfg(test)]
impl Evidence {
    /// The same story told of another culprit, with other messages.
    pub(super) fn retold(&self, culprit: PartyId, fault: Fault, tell: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let messages = self.messages.iter().map(|message| tell(message)).collect();
        Self { culprit, fault, digests: self.digests.clone(), messages }
    }

    /// The evidence with one thing swapped, each in turn.
    pub(super) fn tampered(&self, other_round1: &[u8]) -> Vec<Self> {
        let mut all = Vec::new();
        for k in 0..self.digests.len() {
            let mut piece = self.clone();
            piece.digests[k].1[0] ^= 1;
            all.push(piece);
        }
        for k in 0..self.messages.len() {
            let mut piece = self.clone();
            piece.messages[k] = other_round1.to_vec();
            all.push(piece);
            let mut piece = self.clone();
            piece.messages.remove(k);
            all.push(piece);
        }
        for n in [1, 2, 4] {
            all.push(Self { culprit: PartyId::new(n).unwrap(), ..self.clone() });
        }
        for fault in [Fault::FalseComplaint, Fault::Equivocation, Fault::BadOpening, Fault::BadSealKey] {
            all.push(Self { fault, ..self.clone() });
        }
        all
    }
}
