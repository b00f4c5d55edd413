//! The vocabulary of rounds: no cryptography, no bytes of an envelope.
//!
//! A protocol is a chain of structs, one a round, each moved by value: that is what researchers read
//! and call. To be driven with bytes by a [`Session`](crate::session::Session) it implements
//! [`Protocol`], an enum over its rounds that decodes what came in and encodes what goes out.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::{Abort, Fault, Usage};
use crate::party::{Base, KeyId, PartyId, SessionParams, Sharing, View};
use crate::transcript::{Transcript, TranscriptRng};

/// Exactly one message of each party that was to send one.
#[derive(Debug)]
pub struct Inbox<M>(BTreeMap<PartyId, M>);

impl<M> Inbox<M> {
    /// The messages, if they come from exactly the `expected` parties.
    ///
    /// # Errors
    /// [`Usage::WrongInbox`] with a party whose message is missing, or who was to send none.
    pub fn new(expected: impl IntoIterator<Item = PartyId>, messages: BTreeMap<PartyId, M>) -> Result<Self, Usage> {
        let mut count = 0;
        for id in expected {
            if !messages.contains_key(&id) {
                return Err(Usage::WrongInbox(id));
            }
            count += 1;
        }
        if count == messages.len() {
            return Ok(Self(messages));
        }
        Err(messages.keys().next_back().map_or(Usage::Malformed, |id| Usage::WrongInbox(*id)))
    }

    /// The message of a party.
    pub fn get(&self, id: PartyId) -> Option<&M> {
        self.0.get(&id)
    }

    /// All messages, by ascending id of the sender.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (PartyId, &M)> + Clone {
        self.0.iter().map(|(id, message)| (*id, message))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The messages of some of the senders alone.
    pub(crate) fn only(mut self, of: impl Fn(PartyId) -> bool) -> Self {
        self.0.retain(|id, _| of(*id));
        self
    }

    /// Turns every message into another; the parties for which `f` gives `None` are all named.
    ///
    /// # Errors
    /// An abort with `fault`, naming everyone whose message could not be turned.
    pub fn try_map<N>(self, fault: Fault, mut f: impl FnMut(PartyId, M) -> Option<N>) -> Result<Inbox<N>, Abort> {
        let mut culprits = Vec::new();
        let mut mapped = BTreeMap::new();
        for (id, message) in self.0 {
            match f(id, message) {
                Some(new) => {
                    mapped.insert(id, new);
                }
                None => culprits.push(id),
            }
        }
        Abort::if_any(fault, culprits)?;
        Ok(Inbox(mapped))
    }
}

impl<M> IntoIterator for Inbox<M> {
    type Item = (PartyId, M);
    type IntoIter = alloc::collections::btree_map::IntoIter<PartyId, M>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Which parts a message of one round consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The same bytes to all.
    pub broadcast: bool,
    /// To one party, signed, readable.
    pub addressed: bool,
    /// To one party, signed, encrypted.
    pub sealed: bool,
}

impl Parts {
    /// No part.
    pub const NONE: Self = Self { broadcast: false, addressed: false, sealed: false };
    /// A broadcast alone.
    pub const BROADCAST: Self = Self { broadcast: true, ..Self::NONE };
    /// A sealed part alone.
    pub const SEALED: Self = Self { sealed: true, ..Self::NONE };
    /// A broadcast and a sealed part.
    pub const BROADCAST_AND_SEALED: Self = Self { broadcast: true, ..Self::SEALED };
    /// A broadcast and an addressed part.
    pub const BROADCAST_AND_ADDRESSED: Self = Self { addressed: true, ..Self::BROADCAST };
    /// All three.
    pub const ALL: Self = Self { broadcast: true, addressed: true, sealed: true };
}

/// The longest body of each kind of message in bytes, tags included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of a broadcast, without what the session puts before round 1.
    pub broadcast: usize,
    /// Of an addressed part.
    pub addressed: usize,
    /// Of a sealed part.
    pub sealed: usize,
}

/// What a party sends at the end of a round: encoded bodies.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// To all.
    pub broadcast: Option<Vec<u8>>,
    /// To one each, readable.
    pub addressed: Vec<(PartyId, Vec<u8>)>,
    /// To one each, to be sealed.
    pub sealed: Vec<(PartyId, Zeroizing<Vec<u8>>)>,
}

impl Outgoing {
    /// Nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// A broadcast alone.
    pub fn broadcast(body: Vec<u8>) -> Self {
        Self { broadcast: Some(body), ..Self::default() }
    }
}

/// What one peer sent to this party in one round: the parts that were awaited, no others.
#[derive(Debug, Default)]
pub struct Received {
    /// The body of its broadcast.
    pub broadcast: Option<Vec<u8>>,
    /// The body of its addressed part.
    pub addressed: Option<Vec<u8>>,
    /// What was in its sealed part; `Some(None)` if it does not open.
    pub sealed: Option<Option<Zeroizing<Vec<u8>>>>,
    /// In round 1, what its session put before the body of the broadcast: nonce, key, proof.
    pub hello: Vec<u8>,
}

/// What a key is to a session: zeros and nothing before there is one.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyRef {
    /// The key.
    pub key_id: Option<KeyId>,
    /// Its sharing.
    pub sharing: Option<Sharing>,
}

/// All that a round knows of the session around it.
#[derive(Debug)]
pub struct Context {
    /// The checked parameters.
    pub params: SessionParams,
    /// The digest of all inputs.
    pub base: Base,
    /// What this party's session puts before the body of its round-1 broadcast: 32 fresh bytes first,
    /// then, with [`Channels`], its one-session key and the proof that it is known.
    pub hello: Vec<u8>,
    /// The round that is over, counted from 1; 0 at the start.
    pub round: u8,
    /// The digest of the base and of everybody's round 1, once that is over.
    pub view: View,
    /// The digest of the broadcasts of the round that is over ([`broadcasts_digest`]).
    pub broadcasts: [u8; 32],
}

/// What a protocol judges public evidence from: authentic messages, and the view that binds them.
#[derive(Debug)]
pub struct Case<'a> {
    /// The session's parameters; whose they are does not matter.
    pub params: &'a SessionParams,
    /// The digest of its inputs.
    pub base: Base,
    /// The view, recomputed.
    pub view: View,
    /// The accused.
    pub culprit: PartyId,
    /// Of some parties, what stood before the body of round 1, and that body.
    pub round1: BTreeMap<PartyId, (Vec<u8>, Vec<u8>)>,
    /// Bodies of later broadcasts, by round and sender.
    pub broadcasts: BTreeMap<(u8, PartyId), Vec<u8>>,
}

/// What a protocol does at the end of a round.
#[derive(Debug)]
pub struct Step<P: Protocol> {
    /// The next round; `None` when the protocol is over.
    pub next: Option<P>,
    /// What to send.
    pub outgoing: Outgoing,
    /// What the protocol was run for, in the round in which it is there.
    pub output: Option<P::Output>,
}

/// Why a protocol ends before its time.
#[derive(Debug)]
pub enum Stop {
    /// The culprits are named, or nobody can be.
    Abort(Abort),
    /// The sealed parts of these peers are wrong: complain, so that everybody can judge.
    Complain(Vec<PartyId>),
}

impl From<Abort> for Stop {
    fn from(abort: Abort) -> Self {
        Stop::Abort(abort)
    }
}

/// What the session adds to round 1 for the protocol's channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// No sealed parts: a nonce of 32 bytes.
    Open,
    /// Sealed parts: the nonce and a one-session key, 64 bytes.
    Sealed,
    /// Sealed parts and complaints: the nonce, the key and a proof that it is known, 128 bytes.
    Accountable,
}

/// A protocol that a session can drive: an enum over its rounds.
pub trait Protocol: Sized {
    /// Its name, part of every header.
    const NAME: &'static str;
    /// What its messages need.
    const CHANNELS: Channels;
    /// Whether a state may be stored and taken up again: never one that holds signing nonces.
    const RESUMABLE: bool;
    /// How many rounds early a message may come: one, and one more where a party says nothing in a round, so that
    /// others go on without waiting for it.
    const AHEAD: u8 = 1;
    /// Whether it takes everybody's broadcasts to judge a sealed part, and not the accused's alone. Evidence of a
    /// complaint holds them then, and they must be those that accuser and accused have signed for.
    const JUDGED_BY_ALL: bool = false;
    /// What it is started with, beside the parameters.
    type Inputs;
    /// What it is run for.
    type Output;

    /// The key that the session is about, if there is one yet.
    fn key(inputs: &Self::Inputs) -> KeyRef;

    /// Adds every input to the base: the suite, the public key package, a message, …
    fn absorb(inputs: &Self::Inputs, base: Transcript) -> Transcript;

    /// Adds a secret, if this party holds one, to the seed of all its randomness: a hedge against a
    /// bad generator.
    fn hedge(inputs: &Self::Inputs, seed: Transcript) -> Transcript;

    /// Starts: the first state and the parts of round 1, none of them sealed.
    ///
    /// # Errors
    /// [`Usage`] if inputs and parameters do not fit.
    fn start(inputs: Self::Inputs, context: &Context, rng: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage>;

    /// The longest bodies of its messages. Longer ones are not even kept.
    fn limits(params: &SessionParams, inputs: &Self::Inputs) -> Limits {
        let _ = inputs;
        let most = 1024 + 64 * (usize::from(params.threshold().get()) + params.parties().len());
        Limits { broadcast: most, addressed: most, sealed: most }
    }

    /// The parts that `from` owes in the round now awaited. Of broadcasts all parties must say the same.
    fn awaits(&self, context: &Context, from: PartyId) -> Parts;

    /// Ends a round: takes the messages of all peers.
    ///
    /// # Errors
    /// [`Stop`], naming all culprits.
    fn receive(self, context: &Context, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Step<Self>, Stop>;

    /// The receiver's check of a sealed part that `from` sent to `to` in the round before this state's
    /// round, for a complaint: whether it is right. `None`: it did not open.
    fn sealed_part_is_right(&self, from: PartyId, to: PartyId, opened: Option<&[u8]>) -> bool {
        let _ = (from, to, opened);
        true // nobody is accused in a protocol without complaints
    }

    /// Whether a party is to broadcast in this round, for a judge.
    fn broadcasts(inputs: &Self::Inputs, round: u8, id: PartyId) -> bool {
        let _ = (inputs, round, id);
        true
    }

    /// Judges public evidence: the fault that the case's culprit is convicted of, if any. Of the inputs only what
    /// everybody knows may be asked.
    fn judge(case: &Case<'_>, inputs: &Self::Inputs) -> Option<Fault> {
        let _ = (case, inputs);
        None
    }

    /// [`Self::sealed_part_is_right`] for a judge who has the case alone; `None` if it does not tell.
    fn judge_sealed_part(
        case: &Case<'_>,
        inputs: &Self::Inputs,
        (from, to): (PartyId, PartyId),
        opened: Option<&[u8]>,
    ) -> Option<bool> {
        let _ = (case, inputs, from, to, opened);
        None
    }

    /// Whether this state has made a promise to others, so that no abort may wipe it.
    fn has_promised(&self) -> bool {
        false
    }

    /// The same state once more, if it has made a promise: what is left when [`Self::receive`], which takes
    /// the first, ends in an abort.
    fn promise(&self) -> Option<Self> {
        None
    }

    /// Whether nothing random, sealed or complained of is to come from this party any more: then the session wipes its
    /// seed and one-session key before it is over. Not for a state of which a checkpoint may be made.
    fn draws_no_more(&self) -> bool {
        false
    }

    /// The record that takes the place of seed and messages in a checkpoint, once the output is there.
    fn record(&self) -> Option<Zeroizing<Vec<u8>>> {
        None
    }

    /// The state of a record.
    fn restore(record: &[u8]) -> Option<Self> {
        let _ = record;
        None
    }
}

/// H("view"; base, everybody's round 1): by ascending id, id and hash of the body.
pub fn view<'a>(base: &Base, round1: impl ExactSizeIterator<Item = (PartyId, &'a [u8])>) -> View {
    view_of_digests(base, round1.map(|(id, body)| (id, round1_digest(body))))
}

/// The hash of the body of one round-1 broadcast.
pub fn round1_digest(body: &[u8]) -> [u8; 32] {
    Transcript::new("round1").field(body).digest()
}

/// [`view`] of the hashes of the bodies.
pub fn view_of_digests(base: &Base, round1: impl ExactSizeIterator<Item = (PartyId, [u8; 32])>) -> View {
    let list = round1.map(|(id, digest)| [&id.to_bytes()[..], &digest[..]].concat());
    View::from_bytes(Transcript::new("view").field(base.as_bytes()).list(list).digest())
}

/// H("T"; view, round, all broadcasts of that round): by ascending id, id and body.
///
/// Each message carries it for the round before; that of the round in which shares are dealt is what
/// the parties confirm.
pub fn broadcasts_digest<'a>(
    view: &View,
    round: u8,
    broadcasts: impl ExactSizeIterator<Item = (PartyId, &'a [u8])>,
) -> [u8; 32] {
    let list = broadcasts.map(|(id, body)| [&id.to_bytes()[..], body].concat());
    Transcript::new("T").field(view.as_bytes()).number(round.into()).list(list).digest()
}
