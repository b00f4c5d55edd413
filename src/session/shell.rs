//! What surrounds a protocol in a session, the same for all protocols: made once, and not for each of them.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::envelope::{self, Header, Kind, Longest, Message};
use super::evidence::Evidence;
use super::identity::Identity;
use super::seal::{self, Hello, SealKey};
use super::store::{Kept, Store};
use crate::error::{Abort, Fault, Usage};
use crate::party::{Base, Parcel, PartyId, SessionParams, Sharing, View};
use crate::round::{self, Channels, Context, KeyRef, Parts, Protocol};
use crate::secret::Secret;
use crate::transcript::{Transcript, TranscriptRng};

/// What a protocol says of itself once and for all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traits {
    pub(super) name: &'static str,
    pub(super) channels: Channels,
    pub(super) ahead: u8,
    pub(super) judged_by_all: bool,
}

impl Traits {
    pub(super) fn of<P: Protocol>() -> Self {
        Self { name: P::NAME, channels: P::CHANNELS, ahead: P::AHEAD, judged_by_all: P::JUDGED_BY_ALL }
    }
}

/// A protocol's state, as far as the shell asks it.
pub(super) trait State {
    /// [`Protocol::awaits`].
    fn awaits(&self, context: &Context, from: PartyId) -> Parts;
    /// [`Protocol::sealed_part_is_right`].
    fn sealed_part_is_right(&self, from: PartyId, to: PartyId, opened: Option<&[u8]>) -> bool;
}

impl<P: Protocol> State for P {
    fn awaits(&self, context: &Context, from: PartyId) -> Parts {
        Protocol::awaits(self, context, from)
    }

    fn sealed_part_is_right(&self, from: PartyId, to: PartyId, opened: Option<&[u8]>) -> bool {
        Protocol::sealed_part_is_right(self, from, to, opened)
    }
}

/// A session without its protocol's state.
pub(super) struct Shell {
    pub(super) traits: Traits,
    identity: Identity,
    pub(super) context: Context,
    pub(super) key: KeyRef,
    /// The round now awaited, from 1.
    pub(super) round: u8,
    pub(super) store: Store,
    /// The randomness of a resumable session, until its output is there.
    pub(super) seed: Option<Secret<[u8; 32]>>,
    pub(super) seal_key: Option<SealKey>,
    pub(super) hellos: BTreeMap<PartyId, Hello>,
    /// The digest of everybody's round-1 broadcast, once round 1 is over.
    pub(super) round1_digests: BTreeMap<PartyId, [u8; 32]>,
    /// This party's own broadcasts, by round.
    pub(super) own: BTreeMap<u8, Vec<u8>>,
    pub(super) sent: Vec<Parcel>,
    pub(super) conflicts: BTreeSet<PartyId>,
    pub(super) evidence: Vec<Evidence>,
    /// Whose complaints have been judged.
    pub(super) judged: BTreeSet<PartyId>,
    pub(super) longest: Longest,
}

/// What became of bytes off the wire.
pub(super) enum Taken {
    /// Nothing is new.
    Nothing,
    /// A round may be complete now.
    Message,
    /// The session ends.
    Abort(Abort),
}

impl Shell {
    /// The shell of a session that starts: its hello is drawn, first of all, from the generator.
    pub(super) fn new(
        (traits, key, longest): (Traits, KeyRef, Longest),
        (params, identity): (SessionParams, &Identity),
        base: Base,
        seed: Secret<[u8; 32]>,
        rng: &mut TranscriptRng,
    ) -> Result<Self, Usage> {
        check_identities(&params, identity)?;
        let (hello, seal_key) = seal::say_hello(traits.channels, &base, params.me(), rng);
        Ok(Self {
            traits,
            identity: identity.handle(),
            context: Context { params, base, hello, round: 0, view: View::from_bytes([0; 32]), broadcasts: [0; 32] },
            key,
            round: 1,
            store: Store::default(),
            seed: Some(seed),
            seal_key,
            hellos: BTreeMap::new(),
            round1_digests: BTreeMap::new(),
            own: BTreeMap::new(),
            sent: Vec::new(),
            conflicts: BTreeSet::new(),
            evidence: Vec::new(),
            judged: BTreeSet::new(),
            longest,
        })
    }

    /// Takes a message off the wire into the store.
    pub(super) fn take_in(&mut self, bytes: &[u8], state: &dyn State) -> Result<Taken, Usage> {
        // 4.1
        let message = envelope::open(bytes, self.context.params.parties(), &self.longest)?;
        self.check_belongs(&message)?;
        // 4.5: late is fine, and whether it contradicts what was taken is seen below; early too, by a round or two.
        if message.header.round > self.round.saturating_add(self.traits.ahead) {
            return Err(Usage::ForeignMessage);
        }
        let (sender, kind) = (message.header.sender, message.header.kind);
        match self.store.keep(message.clone()) {
            Kept::Repeated => return Ok(Taken::Nothing),
            // 4.4
            Kept::Contradicts(first) if self.is_ours(&message) => {
                self.add_evidence(Evidence::of_equivocation(sender, first, message.bytes));
                return Ok(Taken::Abort(Abort::of(Fault::Equivocation, [sender])));
            }
            Kept::Contradicts(_) => return Ok(Taken::Nothing),
            Kept::New => {}
        }
        let judged = if kind == Kind::Complaint { self.judge_complaints(state) } else { None };
        Ok(judged.map_or(Taken::Message, Taken::Abort))
    }

    /// Compares protocol, key, recipient and context, before anything else is done with a message.
    fn check_belongs(&mut self, message: &Message) -> Result<(), Usage> {
        let header = &message.header;
        let me = self.context.params.me();
        if header.sender == me || header.recipient.is_some_and(|to| to != me) {
            return Err(Usage::ForeignMessage);
        }
        let (key_id, sharing) = Header::key_fields(&self.key);
        if header.protocol != self.traits.name.as_bytes() {
            return Err(Usage::ForeignMessage);
        }
        if header.key_id != key_id {
            return Err(Usage::OtherKey);
        }
        if header.sharing != sharing {
            let name = Sharing::from_bytes;
            return Err(Usage::OtherSharing { ours: name(sharing), theirs: name(header.sharing) });
        }
        // 3.1, 5.1: nothing is sealed in round 1, and a complaint is about a sealed part of the round before.
        let channels = self.traits.channels;
        let complaints = channels == Channels::Accountable && header.round > 2 && header.round >= self.round;
        let expected = match header.kind {
            Kind::Broadcast | Kind::Addressed => true,
            Kind::Sealed => channels != Channels::Open && header.round > 1,
            Kind::Complaint => complaints,
        };
        if !expected {
            return Err(Usage::ForeignMessage);
        }
        // 4.2
        let other_base = header.round == 1 && header.context != *self.context.base.as_bytes();
        let other_view = header.round > 1 && self.round > 1 && header.context != *self.context.view.as_bytes();
        if other_base || other_view {
            self.conflicts.insert(header.sender);
            return Err(Usage::ForeignMessage);
        }
        Ok(())
    }

    /// The context of messages of a round: the base in round 1, the view afterwards.
    pub(super) fn context_of(&self, round: u8) -> &[u8; 32] {
        if round == 1 { self.context.base.as_bytes() } else { self.context.view.as_bytes() }
    }

    /// Whether a message is of this session's view; before there is one nothing is.
    fn is_ours(&self, message: &Message) -> bool {
        self.round > 1 && message.header.context == *self.context.view.as_bytes()
    }

    /// A message of the round now awaited that is of our context and fits its sender's broadcast.
    pub(super) fn awaited(&self, id: PartyId, kind: Kind) -> Option<&Message> {
        self.taken(self.round, id, kind)
    }

    /// The message of a round that is of our context and fits its sender's broadcast.
    pub(super) fn taken(&self, round: u8, id: PartyId, kind: Kind) -> Option<&Message> {
        let context = self.context_of(round);
        if round > 1 || kind == Kind::Broadcast {
            return self.store.find(round, id, kind, context, |_| true);
        }
        // 3.3, S-15: an addressed part of round 1 belongs to one broadcast of its sender.
        let broadcast = self.store.find(round, id, Kind::Broadcast, context, |_| true)?;
        let digest = round::round1_digest(&broadcast.body);
        self.store.find(round, id, kind, context, |message| message.header.before == digest)
    }

    /// Who still owes a message in the round now awaited.
    pub(super) fn awaiting(&self, state: &dyn State) -> Vec<PartyId> {
        self.context.params.peers().filter(|id| !self.has_all_of(*id, state)).collect()
    }

    /// Whether the round now awaited is complete.
    pub(super) fn is_complete(&self, state: &dyn State) -> bool {
        self.context.params.peers().all(|id| self.has_all_of(id, state))
    }

    fn has_all_of(&self, id: PartyId, state: &dyn State) -> bool {
        let parts = state.awaits(&self.context, id);
        let has = |wanted: bool, kind| !wanted || self.awaited(id, kind).is_some();
        has(parts.broadcast, Kind::Broadcast)
            && has(parts.addressed, Kind::Addressed)
            && has(parts.sealed, Kind::Sealed)
    }

    /// The broadcasts of a round that is over or under way, by sender, this party's included: body, and
    /// the envelope as it was signed.
    pub(super) fn signed_broadcasts(&self, round: u8) -> Vec<(PartyId, Vec<u8>, Vec<u8>)> {
        let parties = self.context.params.parties();
        let own = self.sent.iter().filter_map(|parcel| envelope::open(&parcel.bytes, parties, &Longest::any()).ok());
        let own = own.filter(|message| message.header.round == round && message.header.kind == Kind::Broadcast);
        let theirs = parties.ids().filter_map(|id| self.taken(round, id, Kind::Broadcast).cloned());
        let entry = |message: Message| (message.header.sender, message.body, message.bytes);
        let mut all: Vec<_> = own.chain(theirs).map(entry).collect();
        all.sort_by_key(|(id, ..)| *id);
        all
    }

    /// Keeps one piece of evidence for each culprit and fault.
    pub(super) fn add_evidence(&mut self, new: Evidence) {
        if self.evidence.iter().all(|old| (old.culprit(), old.fault()) != (new.culprit(), new.fault())) {
            self.evidence.push(new);
        }
    }

    /// Wipes what could draw this session's nonces again.
    pub(super) fn forget_secrets(&mut self) {
        (self.seed, self.seal_key) = (None, None);
    }

    /// The randomness of the round now ending: from the seed and everything broadcast so far.
    pub(super) fn later(&self, state: &dyn State) -> TranscriptRng {
        // 6.1, 6.2
        let seed = self.seed.as_ref().map_or(&[0; 32], Secret::expose);
        let bodies = self.broadcasts(state).into_iter().map(|(id, body)| [&id.to_bytes()[..], body].concat());
        Transcript::new("later")
            .field(seed)
            .number(self.round.into())
            .field(self.context.view.as_bytes())
            .field(&self.context.broadcasts)
            .list(bodies.collect::<Vec<_>>().into_iter())
            .rng()
    }

    /// Keeps what can be shown of an abort; the session is over unless it `lives` on.
    pub(super) fn end(&mut self, abort: Abort, lives: bool) -> Abort {
        if !lives {
            self.forget_secrets();
        }
        for id in abort.culprits() {
            let evidence = self.evidence_of(abort.fault(), *id);
            evidence.into_iter().for_each(|evidence| self.add_evidence(evidence));
        }
        abort
    }

    /// Signs a body: the envelope.
    pub(super) fn seal_up(&self, header: &Header, body: &[u8]) -> Vec<u8> {
        envelope::seal_up(&self.identity, header, body)
    }
}

/// Every party has an identity key, and this party's is the one given.
fn check_identities(params: &SessionParams, identity: &Identity) -> Result<(), Usage> {
    for (id, key) in params.parties().iter() {
        let key = key.ok_or(Usage::MissingIdentity(id))?;
        if id == params.me() && key != identity.public() {
            return Err(Usage::OtherIdentity);
        }
    }
    Ok(())
}
