//! The driver: one type for every protocol, bytes in, bytes out.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;

use super::envelope::{self, Header, Kind, Longest, Message};
use super::evidence::Evidence;
use super::identity::Identity;
use super::seal::{self, Hello, SealKey};
use super::store::{Kept, Store};
use crate::error::{Abort, Error, Fault, Usage};
use crate::party::{Base, Label, Parcel, PartyId, SessionParams, View};
use crate::round::{self, Channels, Context, KeyRef, Protocol, Stop};
use crate::secret::{Secret, fresh};
use crate::transcript::{Transcript, TranscriptRng};

/// What a message brought about.
#[derive(Debug)]
#[must_use = "what is to be sent must be sent, what must be persisted be persisted"]
pub struct Progress<O> {
    /// What must leave now. Not before the output is stored, where there is one, and where `must_persist` is set
    /// not before the checkpoint is.
    pub send: Vec<Parcel>,
    /// What the session was run for, once.
    pub output: Option<O>,
    /// Whether [`Session::checkpoint`] must be stored before `send` leaves. Never of a session that is over: then the
    /// checkpoint that was stored is to be deleted before `send` leaves.
    pub must_persist: bool,
    /// Whether the session is over and needs no more messages.
    pub finished: bool,
    /// What ended the session after the rounds that brought about the rest. Most aborts come as an error; this
    /// one came when several rounds ended at once. What it has to send is in `send`.
    pub abort: Option<Abort>,
}

impl<O> Progress<O> {
    fn nothing(finished: bool) -> Self {
        Self { send: Vec::new(), output: None, must_persist: false, finished, abort: None }
    }
}

/// A protocol run by one party with the others, over any relay.
///
/// Messages may come in any order, late, doubled or replayed; what does not fit is dropped and is
/// nobody's fault. See [`crate::session`].
pub struct Session<P: Protocol> {
    pub(super) identity: Identity,
    pub(super) context: Context,
    pub(super) key: KeyRef,
    pub(super) state: Option<P>,
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
    conflicts: BTreeSet<PartyId>,
    pub(super) evidence: Vec<Evidence>,
    /// Whose complaints have been judged.
    pub(super) judged: BTreeSet<PartyId>,
    pub(super) longest: Longest,
}

impl<P: Protocol> Session<P> {
    /// Starts a session: what must leave first. The label is the same for all its parties.
    ///
    /// # Errors
    /// [`Usage`]: an identity that is not this party's or is missing, a broken generator, inputs that do
    /// not fit the parameters.
    pub fn start(
        params: SessionParams,
        identity: &Identity,
        inputs: P::Inputs,
        rng: &mut impl rand_core::CryptoRng,
    ) -> Result<(Self, Vec<Parcel>), Usage> {
        // 1.2, 1.4: the inputs; 1.3, 6.1: the seed of everything random.
        let base = base::<P>(&params, &inputs);
        let hedged = Transcript::new("seed").field(fresh(rng)?.expose()).field(base.as_bytes()).party(params.me());
        let seed = P::hedge(&inputs, hedged).secret();
        Self::start_from(params, identity, inputs, base, seed)
    }

    /// Starts with this base, made of the parameters and inputs, and this seed: the same seed and the same messages give the same bytes.
    pub(super) fn start_from(
        params: SessionParams,
        identity: &Identity,
        inputs: P::Inputs,
        base: Base,
        seed: Secret<[u8; 32]>,
    ) -> Result<(Self, Vec<Parcel>), Usage> {
        check_identities(&params, identity)?;
        let key = P::key(&inputs);
        let mut rng = Transcript::new("draw").field(seed.expose()).rng();
        let (hello, seal_key) = seal::say_hello(P::CHANNELS, &base, params.me(), &mut rng);
        let longest = Longest::new(P::limits(&params, &inputs), params.parties().len());
        let context = Context { params, base, hello, round: 0, view: View::from_bytes([0; 32]), broadcasts: [0; 32] };
        let (state, outgoing) = P::start(inputs, &context, &mut rng)?;
        let mut session = Self {
            identity: identity.handle(),
            context,
            key,
            state: Some(state),
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
        };
        let first = session.pack(outgoing);
        session.sent.clone_from(&first);
        Ok((session, first))
    }

    /// Takes a message off the wire.
    ///
    /// # Errors
    /// [`Error::Usage`] for what does not belong here: the session is unharmed. [`Error::Abort`] when a
    /// peer deviated: the session is over, but for a pending share.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Progress<P::Output>, Error> {
        if self.state.is_none() {
            return Ok(Progress::nothing(true));
        }
        // 4.1
        let message = envelope::open(bytes, self.context.params.parties(), &self.longest)?;
        self.check_belongs(&message)?;
        // 4.5: late is fine, and whether it contradicts what was taken is seen below; early too, by a round or two.
        if message.header.round > self.round.saturating_add(P::AHEAD) {
            return Err(Usage::ForeignMessage.into());
        }
        let (sender, kind) = (message.header.sender, message.header.kind);
        match self.store.keep(message.clone()) {
            Kept::Repeated => return Ok(Progress::nothing(false)),
            // 4.4
            Kept::Contradicts(first) if self.is_ours(&message) => {
                self.add_evidence(Evidence::of_equivocation(sender, first, message.bytes));
                return Err(self.end(Abort::of(Fault::Equivocation, [sender])).into());
            }
            Kept::Contradicts(_) => return Ok(Progress::nothing(false)),
            Kept::New => {}
        }
        if kind == Kind::Complaint {
            let state = self.state.take();
            let abort = state.as_ref().and_then(|state| self.judge_complaints(state));
            self.state = state;
            if let Some(abort) = abort {
                return Err(self.end(abort).into());
            }
        }
        self.advance()
    }

    /// Who still owes a message in the round now awaited.
    pub fn awaiting(&self) -> Vec<PartyId> {
        let missing = |id: &PartyId| !self.has_all_of(*id);
        if self.state.is_none() { Vec::new() } else { self.context.params.peers().filter(missing).collect() }
    }

    /// Peers of whom a signed message of this protocol came with another base or view: they run with
    /// other inputs, saw another round 1 of somebody, or somebody replays their old messages.
    pub fn conflicts(&self) -> Vec<PartyId> {
        self.conflicts.iter().copied().collect()
    }

    /// Whether the session is over.
    pub fn is_finished(&self) -> bool {
        self.state.is_none()
    }

    /// The round now awaited, from 1.
    pub fn round(&self) -> u8 {
        self.round
    }

    /// The parameters of the session.
    pub fn params(&self) -> &SessionParams {
        &self.context.params
    }

    /// Everything this party has sent so far, to be sent again to whoever missed it.
    pub fn sent(&self) -> &[Parcel] {
        &self.sent
    }

    /// What others can check of an abort that named somebody.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// The broadcasts of a round that is over or under way, by sender, this party's included: body, and
    /// the envelope as it was signed.
    pub(crate) fn signed_broadcasts(&self, round: u8) -> Vec<(PartyId, Vec<u8>, Vec<u8>)> {
        let parties = self.context.params.parties();
        let own = self.sent.iter().filter_map(|parcel| envelope::open(&parcel.bytes, parties, &Longest::any()).ok());
        let own = own.filter(|message| message.header.round == round && message.header.kind == Kind::Broadcast);
        let theirs = parties.ids().filter_map(|id| self.taken(round, id, Kind::Broadcast).cloned());
        let entry = |message: Message| (message.header.sender, message.body, message.bytes);
        let mut all: Vec<_> = own.chain(theirs).map(entry).collect();
        all.sort_by_key(|(id, ..)| *id);
        all
    }

    /// The digest of all inputs.
    pub(crate) fn base(&self) -> &Base {
        &self.context.base
    }

    /// The view, and everybody's round 1 behind it, once that is over.
    pub(crate) fn view(&self) -> Option<(&View, &BTreeMap<PartyId, [u8; 32]>)> {
        (self.round > 1).then_some((&self.context.view, &self.round1_digests))
    }

    /// The protocol's state, for what only it can tell.
    pub fn state(&self) -> Option<&P> {
        self.state.as_ref()
    }

    /// Compares protocol, key, recipient and context, before anything else is done with a message.
    fn check_belongs(&mut self, message: &Message) -> Result<(), Usage> {
        let header = &message.header;
        let me = self.context.params.me();
        if header.sender == me || header.recipient.is_some_and(|to| to != me) {
            return Err(Usage::ForeignMessage);
        }
        let (key_id, sharing) = Header::key_fields(&self.key);
        if header.protocol != P::NAME.as_bytes() {
            return Err(Usage::ForeignMessage);
        }
        if header.key_id != key_id {
            return Err(Usage::OtherKey);
        }
        if header.sharing != sharing {
            let name = crate::party::Sharing::from_bytes;
            return Err(Usage::OtherSharing { ours: name(sharing), theirs: name(header.sharing) });
        }
        // 3.1, 5.1: nothing is sealed in round 1, and a complaint is about a sealed part of the round before.
        let complaints = P::CHANNELS == Channels::Accountable && header.round > 2 && header.round >= self.round;
        let expected = match header.kind {
            Kind::Broadcast | Kind::Addressed => true,
            Kind::Sealed => P::CHANNELS != Channels::Open && header.round > 1,
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

    fn has_all_of(&self, id: PartyId) -> bool {
        let Some(state) = &self.state else { return false };
        let parts = state.awaits(&self.context, id);
        let has = |wanted: bool, kind| !wanted || self.awaited(id, kind).is_some();
        has(parts.broadcast, Kind::Broadcast)
            && has(parts.addressed, Kind::Addressed)
            && has(parts.sealed, Kind::Sealed)
    }

    /// Ends every round whose messages are all there.
    fn advance(&mut self) -> Result<Progress<P::Output>, Error> {
        let mut progress = Progress::nothing(false);
        let already = self.sent.len();
        while self.state.is_some() && self.context.params.peers().all(|id| self.has_all_of(id)) {
            let nothing_yet = self.sent.len() == already && progress.output.is_none();
            match self.end_round(&mut progress) {
                Ok(()) => {}
                Err(abort) if nothing_yet => return Err(abort.into()),
                // What the rounds before have brought about is not lost with this one.
                Err(abort) => {
                    progress.send.extend(abort.to_send().iter().cloned());
                    progress.abort = Some(abort);
                    break;
                }
            }
        }
        progress.finished = self.state.is_none();
        // 6.5: of a session that is over there is no checkpoint, and what is due leaves.
        progress.must_persist &= self.state.is_some();
        Ok(progress)
    }

    fn end_round(&mut self, progress: &mut Progress<P::Output>) -> Result<(), Abort> {
        let before = (self.context.round, self.context.broadcasts);
        let inbox = self.gather().map_err(|abort| self.fail_round(abort))?;
        let mut rng = self.later();
        let Some(state) = self.state.take() else { return Ok(()) };
        let promise = state.promise();
        let step = match state.receive(&self.context, inbox, &mut rng) {
            Ok(step) => step,
            Err(Stop::Abort(abort)) => {
                // The round is not over: other messages for it are compared with the same digest as these.
                (self.context.round, self.context.broadcasts) = before;
                self.state = promise;
                return Err(self.fail_round(abort));
            }
            Err(Stop::Complain(accused)) => return Err(self.complain(&accused, &mut rng)),
        };
        self.round += 1;
        self.conflicts.extend(self.store.forget_other_views(self.context.view.as_bytes()));
        // A complaint that came early: nothing of this round has left, so nothing is promised yet.
        if let Some(abort) = step.next.as_ref().and_then(|state| self.judge_complaints(state)) {
            return Err(self.end(abort));
        }
        self.state = step.next;
        // 6.4: from here on a record takes the place of the seed: nothing that is over can be drawn again.
        if self.state.as_ref().is_none_or(|state| state.record().is_some()) {
            self.forget_secrets();
        }
        progress.must_persist = P::RESUMABLE && self.state.is_some();
        if step.output.is_some() {
            progress.output = step.output;
        }
        let parcels = self.pack(step.outgoing);
        if self.state.as_ref().is_some_and(P::draws_no_more) {
            self.forget_secrets();
        }
        self.sent.extend(parcels.iter().cloned());
        progress.send.extend(parcels);
        Ok(())
    }

    /// A round has failed. Where a promise outlives it, the culprits' messages of the round are forgotten (where
    /// nobody is named, all), so that others may come in their place.
    fn fail_round(&mut self, abort: Abort) -> Abort {
        let abort = self.end(abort);
        if self.state.is_some() {
            self.store.forget_round(self.round, abort.culprits());
        }
        abort
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
    pub(super) fn later(&self) -> TranscriptRng {
        // 6.1, 6.2
        let seed = self.seed.as_ref().map_or(&[0; 32], Secret::expose);
        let bodies = self.broadcasts().into_iter().map(|(id, body)| [&id.to_bytes()[..], body].concat());
        Transcript::new("later")
            .field(seed)
            .number(self.round.into())
            .field(self.context.view.as_bytes())
            .field(&self.context.broadcasts)
            .list(bodies.collect::<Vec<_>>().into_iter())
            .rng()
    }

    /// The session is over, unless its state has made a promise that no abort may break.
    pub(super) fn end(&mut self, abort: Abort) -> Abort {
        // 5.4
        if !self.state.as_ref().is_some_and(P::has_promised) {
            self.state = None;
        }
        if self.state.is_none() {
            self.forget_secrets();
        }
        for id in abort.culprits() {
            let evidence = self.evidence_of(abort.fault(), *id);
            evidence.into_iter().for_each(|evidence| self.add_evidence(evidence));
        }
        abort
    }
}

/// H("base"; …): every input of the session.
pub(crate) fn base<P: Protocol>(params: &SessionParams, inputs: &P::Inputs) -> Base {
    let (key_id, sharing) = Header::key_fields(&P::key(inputs));
    let parties = params.parties().iter().map(|(id, identity)| {
        let key = identity.map_or([0; 32], |identity| *identity.as_bytes());
        [&id.to_bytes()[..], &key].concat()
    });
    // 2.1
    let transcript = Transcript::new("base")
        .field(P::NAME.as_bytes())
        .field(&key_id)
        .field(&sharing)
        .number(params.threshold().get().into())
        .list(parties.collect::<Vec<_>>().into_iter())
        .field(Label::as_bytes(params.label()));
    Base::from_bytes(P::absorb(inputs, transcript).digest())
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

impl<P: Protocol> fmt::Debug for Session<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (me, round) = (self.context.params.me(), self.round);
        write!(f, "Session({} of {me:?}, round {round}, awaiting {:?})", P::NAME, self.awaiting())
    }
}
