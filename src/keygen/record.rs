//! The record of a key at one party: its sharings, the attempts to move it on, and what was signed in them.
//!
//! A share must outlive every crash, and an old one must go when, and not before, the new one is safe with all
//! who are to have it. Both are decided here, from signed statements of the parties, and stored in one piece before
//! anything that rests on it leaves. `docs/record.md` numbers the steps that the code cites.
//!
//! Source: the success certificates are those of ChillDKG (BIP draft). Ours are:
//! - acknowledgements, of one attempt from each sharing alone, and old shares that go with the last of them;
//! - several attempts from one sharing, and the rule by which one of them is taken;
//! - the exchange, by which whoever was away catches up.
//!
//! A refresh, at each of the parties:
//!
//! ```
//! use std::collections::VecDeque;
//! use std::sync::Arc;
//!
//! use cosigil::frost::Ed25519Sha512;
//! use cosigil::key::store::MemoryKeyStore;
//! use cosigil::keygen::record::KeyRecord;
//! use cosigil::{Identity, KeyShare, Label, Parties, PartyId, Plan, Threshold};
//! # use cosigil::{Keygen, Session, SessionParams, Transcript};
//! # let mut rng = Transcript::new("an example, so not random").rng();
//! # let identities = [Identity::generate(&mut rng)?, Identity::generate(&mut rng)?];
//! # let ids = [PartyId::new(1)?, PartyId::new(2)?];
//! # let parties = Parties::new(ids.into_iter().zip(identities.iter().map(Identity::public)))?;
//! # let (mut sessions, mut queue) = (Vec::new(), VecDeque::new());
//! # for (me, identity) in ids.into_iter().zip(&identities) {
//! #     let params = SessionParams::new(Label::from_bytes([1; 32]), me, Threshold::new(2)?, parties.clone())?;
//! #     let (session, first) = Session::<Keygen<Ed25519Sha512>>::start(params, identity, (), &mut rng)?;
//! #     queue.extend(first.into_iter().map(|parcel| (me, parcel)));
//! #     sessions.push((me, session));
//! # }
//! # let mut shares = Vec::new();
//! # while let Some((from, parcel)) = queue.pop_front() {
//! #     for (me, session) in sessions.iter_mut().filter(|(me, _)| *me != from) {
//! #         if parcel.to.is_none_or(|to| to == *me) {
//! #             let progress = session.receive(&parcel.bytes)?;
//! #             queue.extend(progress.send.into_iter().map(|parcel| (*me, parcel)));
//! #             shares.extend(progress.output);
//! #         }
//! #     }
//! # }
//! # shares.sort_by_key(KeyShare::me);
//! // The shares come out of key generation; on a server the store is a `FileKeyStore`.
//! let mut records = Vec::new();
//! for (share, identity) in shares.into_iter().zip(&identities) {
//!     records.push(KeyRecord::<Ed25519Sha512>::create(Arc::new(MemoryKeyStore::new()), identity, share)?);
//! }
//! let before = records[0].key()?.public().clone();
//!
//! let plan = Plan::refresh(&before)?;
//! let (mut attempts, mut queue) = (Vec::new(), VecDeque::new());
//! for (me, record) in records.iter_mut().enumerate() {
//!     let (attempt, first) = record.attempt(&plan, Label::from_bytes([2; 32]), &mut rng)?;
//!     attempts.push(attempt);
//!     queue.extend(first.into_iter().map(|parcel| (me, parcel)));
//! }
//! while let Some((from, parcel)) = queue.pop_front() {
//!     for me in (0..2).filter(|me| *me != from) {
//!         if parcel.to.is_none_or(|to| to == ids[me]) {
//!             let moved = attempts[me].receive(&mut records[me], &parcel.bytes)?;
//!             queue.extend(moved.send.into_iter().map(|parcel| (me, parcel)));
//!         }
//!     }
//! }
//! let after = records[0].key()?;
//! assert_eq!((before.key_id(), before.number() + 1), (after.public().key_id(), after.public().number()));
//! assert_eq!(records[0].key()?.public(), records[1].key()?.public());
//! # Ok::<(), cosigil::Error>(())
//! ```

mod attempt;
mod backup;
mod bytes;
mod learn;
mod ledger;
mod lie;
mod operate;
mod settle;
mod step;
#[cfg(test)]
mod tests;

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

pub use self::attempt::Attempt;
pub use self::backup::RecordCopy;
pub use self::ledger::{MAX_ATTEMPTS, State};
pub use self::lie::{Contradiction, Said};

use self::step::Step;
use crate::error::{Abort, Usage};
use crate::key::{KeyShare, KeyStore, PublicKeyPackage, Retire, Scheme};
use crate::party::{KeyId, Parcel, PartyId, PublicIdentity, Sharing, View};
use crate::session::Identity;

/// How many sharings a record spans at most: the one in use, the one before, and those on the way in between.
const MAX_STEPS: usize = 8;

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// The share of this sharing is active: it is the one in use. The share before it is kept.
    Active(Sharing),
    /// All holders of this sharing have acknowledged it: what came before it is wiped.
    Done(Sharing),
    /// The share of this sharing is wiped: a later one, in which this party has no part, is done.
    Retired(Sharing),
    /// This party's signed words contradict each other: see [`KeyRecord::contradictions`].
    Contradiction(PartyId),
}

/// What a message has brought about.
#[derive(Debug, Default)]
#[must_use = "what is to be sent must be sent"]
pub struct Moved {
    /// What must leave now. All that it rests on is stored.
    pub send: Vec<Parcel>,
    /// What has changed.
    pub news: Vec<News>,
    /// What ended the session of the attempt after the rounds that brought about the rest. A pending share stays.
    pub abort: Option<Abort>,
}

/// How one attempt stands at this party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptStatus {
    /// The sharing it starts from.
    pub from: Sharing,
    /// How often that sharing had been reopened when the attempt began.
    pub era: u16,
    /// The sharing it makes.
    pub to: Sharing,
    /// How far it has come.
    pub state: State,
    /// Whose confirms are here.
    pub confirmed: Vec<PartyId>,
    /// Who has acknowledged. Of the others it is not known whether they still hold, or use, the old share.
    pub acknowledged: Vec<PartyId>,
    /// The holders who have not.
    pub missing: Vec<PartyId>,
}

/// One party's record of one key, in a [`KeyStore`]: stored whole, before anything leaves that rests on it.
///
/// - [`Self::attempt`] begins a refresh or reshare, which [`Attempt::receive`] drives;
/// - [`Self::exchange`] and [`Self::learn`] bring parties together that missed something. Do so at every start,
///   after a break, and before each new attempt: any party's bytes may be shown to any other, any number of times;
/// - [`Self::key`] is the share to sign with.
///
/// One attempt at a time: when two are under way at once, and the parties confirm them in different orders,
/// both may get certificates and neither may become done; nothing is lost then, but an operator has to
/// [`Self::reopen`] the old sharing. Whoever takes part in an attempt does so by its record: the session's label
/// is not the bare one.
///
/// # Security
/// A refresh has worked only when at most t − 1 shares of the old sharing still exist, thieves' and absent
/// holders' included: [`Self::status`] says who acknowledged. No record can prove that it is the newest: one that
/// comes from a backup has to learn from others before it signs.
pub struct KeyRecord<S: Scheme> {
    store: Arc<dyn KeyStore>,
    dependents: Vec<Arc<dyn Retire>>,
    identity: Identity,
    me: PartyId,
    generation: u64,
    /// The sharing in use.
    current: Sharing,
    exported: bool,
    steps: Vec<Step<S>>,
    /// Sharings whose dependents may still have something of them.
    retiring: BTreeSet<Sharing>,
    /// A write failed: the store may know less.
    poisoned: bool,
}

impl<S: Scheme> KeyRecord<S> {
    /// A new record, of a share out of key generation or repair. It is stored when this returns.
    ///
    /// # Errors
    /// [`Usage::RecordExists`] if the store has one; [`Usage::OtherIdentity`] if the identity is not this party's;
    /// [`Usage::StoreFailed`].
    pub fn create(store: Arc<dyn KeyStore>, identity: &Identity, share: KeyShare<S>) -> Result<Self, Usage> {
        let (me, public) = (share.me(), share.public().clone());
        if public.parties().identity(me) != Some(&identity.public()) {
            return Err(Usage::OtherIdentity);
        }
        Self::begin(store, identity, Step::new((me, identity.public()), public, Some(Arc::new(share))))
    }

    /// A new record of a party that has no share of the key: a newcomer, or one that lost it and holds nothing. An
    /// attempt brings the share. `expected` is the [digest](PublicKeyPackage::digest) of the package of the present
    /// sharing, **as this party's own operator knows it** from the operators of the others.
    ///
    /// # Security
    /// The package may come from anybody then; the digest never from a peer, who could make up another key, with
    /// holders that are all its own.
    ///
    /// # Errors
    /// [`Usage::OtherKey`] if the package is another one; [`Usage::RecordExists`], [`Usage::StoreFailed`].
    pub fn join(
        store: Arc<dyn KeyStore>,
        identity: &Identity,
        me: PartyId,
        key: &PublicKeyPackage<S>,
        expected: &[u8; 32],
    ) -> Result<Self, Usage> {
        if key.digest() != *expected {
            return Err(Usage::OtherKey);
        }
        Self::begin(store, identity, Step::new((me, identity.public()), key.clone(), None))
    }

    fn begin(store: Arc<dyn KeyStore>, identity: &Identity, step: Step<S>) -> Result<Self, Usage> {
        if store.load()?.is_some() {
            return Err(Usage::RecordExists);
        }
        let mut record = Self {
            dependents: Vec::new(),
            identity: identity.handle(),
            me: step.ledger.me,
            generation: store.newest()?,
            current: step.sharing(),
            exported: false,
            steps: alloc::vec![step],
            retiring: BTreeSet::new(),
            poisoned: false,
            store,
        };
        record.save()?;
        Ok(record)
    }

    /// The record that is in the store; `None` if there is none. What hangs on sharings that are no longer in use is
    /// wiped from the dependents once more, in case a crash came before.
    ///
    /// # Errors
    /// [`Usage::OlderGeneration`] if the store knows that there was a later one; [`Usage::Malformed`] and the like for
    /// a record that is damaged; [`Usage::StoreFailed`].
    pub fn open(
        store: Arc<dyn KeyStore>,
        identity: &Identity,
        dependents: Vec<Arc<dyn Retire>>,
    ) -> Result<Option<Self>, Usage> {
        let Some(bytes) = store.load()? else { return Ok(None) };
        let newest = store.newest()?;
        let mut record = Self::from_bytes(&bytes, store, identity)?;
        if record.generation < newest {
            return Err(Usage::OlderGeneration { found: record.generation, newest });
        }
        record.dependents = dependents;
        let left: Vec<_> = record.left().collect();
        record.retiring.extend(left);
        record.retire()?;
        Ok(Some(record))
    }

    /// Adds something that is to forget a sharing when another takes its place: a store of presignatures, for
    /// example.
    ///
    /// # Errors
    /// [`Usage::StoreFailed`] if it cannot forget what is over already.
    pub fn add_dependent(&mut self, dependent: Arc<dyn Retire>) -> Result<(), Usage> {
        let key_id = self.key_id();
        for sharing in self.left() {
            dependent.retire(&key_id, &sharing)?;
        }
        self.dependents.push(dependent);
        Ok(())
    }

    /// The sharings with which nobody is to sign any more.
    fn left(&self) -> impl Iterator<Item = Sharing> {
        let is_left = |step: &&Step<S>| step.sharing() != self.current || step.ledger.retired;
        self.steps.iter().filter(is_left).map(Step::sharing)
    }

    /// The share to sign with now.
    ///
    /// # Errors
    /// [`Usage::NoShare`] while there is none yet; [`Usage::Retired`] when the key has moved on without this
    /// party; [`Usage::OtherSharing`] when it has moved on to a sharing of which this party once had a share;
    /// [`Usage::SharingsConflict`] when two attempts have certificates, neither can become done, and fewer than a threshold
    /// have acknowledged the one in use alone;
    /// [`Usage::StoreFailed`] after a failure of the store, until the record is opened again.
    pub fn key(&self) -> Result<&Arc<KeyShare<S>>, Usage> {
        self.check_alive()?;
        if !self.retiring.is_empty() {
            return Err(Usage::StoreFailed);
        }
        if let Some((ours, theirs)) = self.conflict() {
            return Err(Usage::SharingsConflict { ours, theirs });
        }
        let step = self.in_use().ok_or(Usage::NoShare)?;
        if let Some(share) = &step.share {
            return Ok(share);
        }
        match &step.retirement {
            Some(held) if held.log.plan().holders().contains(self.me) => {
                Err(Usage::OtherSharing { ours: step.sharing(), theirs: held.sharing() })
            }
            Some(_) => Err(Usage::Retired),
            None => Err(Usage::NoShare),
        }
    }

    /// 2.5: the sharing in use and another, of which neither can become done.
    fn conflict(&self) -> Option<(Sharing, Sharing)> {
        self.steps.iter().find_map(|step| {
            let threshold =
                |view: &View| step.of_view(view).map_or(usize::MAX, |held| held.log.plan().threshold().get().into());
            let (ours, theirs) = step.ledger.conflict(threshold)?;
            let [ours, theirs] = [step.of_view(&ours)?.sharing(), step.of_view(&theirs)?.sharing()];
            (ours == self.current).then_some((ours, theirs))
        })
    }

    /// The key.
    pub fn key_id(&self) -> KeyId {
        self.steps.first().map_or(KeyId::from_bytes([0; 32]), |step| step.old.key_id())
    }

    /// This party.
    pub fn me(&self) -> PartyId {
        self.me
    }

    /// This party, and the key that it goes by.
    fn own(&self) -> (PartyId, PublicIdentity) {
        (self.me, self.identity.public())
    }

    /// The public package of the sharing in use.
    ///
    /// # Errors
    /// [`Usage::NoShare`].
    pub fn public(&self) -> Result<&PublicKeyPackage<S>, Usage> {
        self.in_use().map(|step| &step.old).ok_or(Usage::NoShare)
    }

    fn in_use(&self) -> Option<&Step<S>> {
        self.step(&self.current)
    }

    fn step(&self, sharing: &Sharing) -> Option<&Step<S>> {
        self.steps.iter().find(|step| step.old.sharing() == *sharing)
    }

    fn step_mut(&mut self, sharing: &Sharing) -> Option<&mut Step<S>> {
        self.steps.iter_mut().find(|step| step.old.sharing() == *sharing)
    }

    fn number(&self) -> u32 {
        self.in_use().map_or(0, Step::number)
    }
}

impl<S: Scheme> fmt::Debug for KeyRecord<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (me, attempts) = (self.me, self.steps.iter().map(|step| step.held.len()).sum::<usize>());
        write!(f, "KeyRecord({} {} of {me:?}, {attempts} attempts)", S::NAME, self.key_id())
    }
}
