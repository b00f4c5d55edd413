//! What one party has confirmed, seen and acknowledged of the attempts to move a key on from one sharing.
//!
//! No cryptography: whoever calls has checked that a confirm or an acknowledgement is authentic. The rules
//! are those of `docs/record.md`, and the model test drives exactly this code.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::error::Usage;
use crate::party::{Parties, PartyId, PublicIdentity, View};

/// How many attempts from one sharing a party confirms at most: memory and lists are bounded.
pub const MAX_ATTEMPTS: usize = 16;

/// How many attempts from one sharing, or sharings, a record holds in any case: counts are one byte, and so is that of
/// the list in an acknowledgement.
pub(super) const HARD_BOUND: usize = 254;

/// How far an attempt has come at this party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The confirm is out, the share is kept, the former sharing is in use.
    Pending,
    /// The certificate is in and acknowledged: the new sharing is in use.
    Active,
    /// All its holders have acknowledged it.
    Done,
    /// Its share was discarded, by this party's own decision or because another attempt is done.
    Discarded,
}

impl State {
    /// Whether something is still to come of the attempt.
    pub(super) fn is_open(self) -> bool {
        matches!(self, State::Pending | State::Active)
    }
}

/// Somebody's signed words contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contradiction {
    /// The list of the acknowledgement of the first attempt lacks the second, which the party confirmed.
    FalseList(PartyId, View, View),
    /// Both attempts were acknowledged.
    TwoAcks(PartyId, View, View),
}

impl Contradiction {
    pub(super) fn culprit(&self) -> PartyId {
        let (Self::FalseList(culprit, ..) | Self::TwoAcks(culprit, ..)) = self;
        *culprit
    }
}

/// One attempt that this party has confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) view: View,
    /// How often the sharing had been reopened when the attempt began: the same for all its parties.
    pub(super) era: u16,
    /// N, and by which keys they go in it.
    pub(super) holders: Parties,
    pub(super) confirms: BTreeSet<PartyId>,
    /// The lists of the acknowledgements.
    pub(super) acks: BTreeMap<PartyId, Vec<View>>,
    pub(super) discarded: bool,
}

impl Entry {
    /// Whether the confirms of all are there.
    pub(super) fn is_certified(&self) -> bool {
        self.holders.ids().all(|id| self.confirms.contains(&id))
    }

    /// Whether a party goes by one key here and there. One that has come back under another is another one.
    fn has_in_common(&self, other: &Self, id: PartyId) -> bool {
        self.holders.identity(id) == other.holders.identity(id)
    }

    fn has_all_acks(&self) -> bool {
        self.holders.ids().all(|id| self.acks.contains_key(&id))
    }
}

/// One party's ledger of the attempts from one sharing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) me: PartyId,
    /// The key that this party goes by; `None` in tests, where none does.
    pub(super) key: Option<PublicIdentity>,
    pub(super) era: u16,
    /// In the order in which they were confirmed.
    pub(super) entries: Vec<Entry>,
    /// What was acknowledged, in that order: one of each era at most.
    pub(super) acked: Vec<View>,
    /// An attempt that this party has no part in is done.
    pub(super) retired: bool,
}

impl Ledger {
    pub(super) fn new(me: PartyId, key: Option<PublicIdentity>) -> Self {
        Self { me, key, era: 0, entries: Vec::new(), acked: Vec::new(), retired: false }
    }

    pub(super) fn get(&self, view: &View) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.view == *view)
    }

    fn get_mut(&mut self, view: &View) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.view == *view)
    }

    /// 3.5: whether it is an attempt that this party was in by the key it has: what is said by a former one is not its own.
    fn is_own(&self, entry: &Entry) -> bool {
        self.key.is_none() || entry.holders.identity(self.me) == self.key.as_ref()
    }

    /// Whether an attempt may be confirmed now.
    ///
    /// # Errors
    /// [`Usage::Acknowledged`] after an acknowledgement, [`Usage::Retired`] when another attempt is done
    /// without this party, [`Usage::TooMany`].
    pub(super) fn check_open(&self, holders: &Parties) -> Result<(), Usage> {
        if self.retired {
            return Err(Usage::Retired);
        }
        // 2.2: an acknowledgement promises that there is no confirm afterwards, also one that only others know of.
        if self.chosen().is_some() || self.promised().is_some() {
            return Err(Usage::Acknowledged);
        }
        // What was discarded counts no more, and a way on without all who hold things up is always open.
        let counted = self.entries.iter().filter(|entry| !entry.discarded).count();
        let missing = self.missing();
        let room = counted < MAX_ATTEMPTS || !holders.ids().any(|id| missing.contains(&id));
        if room && self.entries.len() < HARD_BOUND { Ok(()) } else { Err(Usage::TooMany) }
    }

    /// Who has not confirmed an attempt, or not acknowledged one that this party has.
    pub(super) fn missing(&self) -> BTreeSet<PartyId> {
        let of = |entry: &Entry| {
            let acked = self.acked.contains(&entry.view);
            let there_not =
                |id: &PartyId| !if acked { entry.acks.contains_key(id) } else { entry.confirms.contains(id) };
            entry.holders.ids().filter(there_not).collect::<Vec<_>>()
        };
        self.entries.iter().filter(|entry| !entry.discarded).flat_map(of).collect()
    }

    /// Enters this party's own confirm of an attempt. Whether it is new.
    ///
    /// # Errors
    /// Those of [`Self::check_open`], unless it was confirmed before; [`Usage::UnknownParty`] if this party
    /// is not among the holders.
    pub(super) fn confirm(&mut self, view: View, holders: Parties) -> Result<bool, Usage> {
        if self.get(&view).is_some() {
            return Ok(false);
        }
        self.check_open(&holders)?;
        if !holders.contains(self.me) {
            return Err(Usage::UnknownParty(self.me));
        }
        self.put(view, self.era, holders, false);
        Ok(true)
    }

    /// 4.4: enters an attempt that this party has confirmed, and of which its record did not know: there is no share
    /// of it. What is signed from now on lists it.
    pub(super) fn recall(&mut self, view: View, era: u16, holders: Parties) -> bool {
        let room = self.get(&view).is_none() && self.entries.len() < HARD_BOUND && holders.contains(self.me);
        if room {
            self.put(view, era, holders, true);
        }
        room
    }

    /// Puts an attempt last, with this party's confirm.
    pub(super) fn put(&mut self, view: View, era: u16, holders: Parties, discarded: bool) {
        let confirms = BTreeSet::from([self.me]);
        self.entries.push(Entry { view, era, holders, confirms, acks: BTreeMap::new(), discarded });
    }

    /// An attempt of this era that this party has acknowledged by a record that it lost: others have shown it.
    fn promised(&self) -> Option<&Entry> {
        let is_it = |entry: &&Entry| entry.era == self.era && self.is_own(entry) && entry.acks.contains_key(&self.me);
        self.entries.iter().find(is_it)
    }

    /// Enters somebody's authentic confirm. Whether it is new.
    pub(super) fn add_confirm(&mut self, view: &View, from: PartyId) -> bool {
        let entry = self.get_mut(view).filter(|entry| entry.holders.contains(from));
        entry.is_some_and(|entry| entry.confirms.insert(from))
    }

    /// Enters somebody's authentic acknowledgement. Whether it is new; the first one stays.
    pub(super) fn add_ack(&mut self, view: &View, from: PartyId, list: Vec<View>) -> bool {
        let entry = self.get_mut(view).filter(|entry| entry.holders.contains(from));
        let Some(entry) = entry.filter(|entry| !entry.acks.contains_key(&from)) else { return false };
        entry.acks.insert(from, list);
        true
    }

    /// The attempt that is to be acknowledged now, if any, and the list that goes with it: all attempts
    /// that were ever confirmed.
    pub(super) fn due(&self) -> Option<(View, Vec<View>)> {
        // 2.2: one of each era.
        let of_this_era = |view: &View| self.get(view).is_some_and(|entry| entry.era == self.era && self.is_own(entry));
        if self.retired || self.acked.iter().any(of_this_era) {
            return None;
        }
        // What was promised is kept, in the words in which it was, also if an attempt of before is done.
        if let Some(entry) = self.promised() {
            let list = entry.acks.get(&self.me).filter(|_| !entry.discarded && entry.is_certified())?;
            return Some((entry.view, list.clone()));
        }
        if self.chosen().is_some() {
            return None;
        }
        let takes = |entry: &&Entry| {
            entry.era == self.era
                && self.is_own(entry)
                && !entry.discarded
                && entry.is_certified()
                && self.is_settled(&entry.view)
        };
        let entry = self.entries.iter().rev().find(takes)?;
        let own = self.entries.iter().filter(|entry| self.is_own(entry));
        Some((entry.view, own.map(|entry| entry.view).collect()))
    }

    /// 3.5: an attempt that is done, and in which a former key of this party has said all that was to be said.
    pub(super) fn inherited(&self) -> Option<View> {
        if self.retired {
            return None;
        }
        let done = self.done();
        let is_it = |entry: &&Entry| {
            let is_new = !self.acked.contains(&entry.view) && done.is_none_or(|done| self.is_after(&entry.view, &done));
            is_new && !self.is_own(entry) && !entry.discarded && entry.is_certified() && entry.has_all_acks()
        };
        self.entries.iter().rev().find(is_it).map(|entry| entry.view)
    }

    /// Enters what [`Self::inherited`] gave, in the place in which the former key has acknowledged it.
    pub(super) fn inherit(&mut self, view: View) {
        let at = self.acked.iter().position(|acked| self.is_after(acked, &view)).unwrap_or(self.acked.len());
        self.acked.insert(at, view);
    }

    /// Whether an attempt was confirmed after another.
    pub(super) fn is_after(&self, view: &View, other: &View) -> bool {
        let place = |view: &View| self.entries.iter().position(|entry| entry.view == *view);
        place(view) > place(other)
    }

    /// Whether an attempt that is not in use here may be the one to come, after another that is done: it was
    /// acknowledged by a record that is lost, or may have been by a former key.
    fn may_follow(&self, view: &View, done: &View) -> bool {
        let entry = self.get(view).filter(|entry| !entry.discarded && self.is_after(view, done));
        entry.is_some_and(|entry| !self.is_own(entry) || entry.acks.contains_key(&self.me))
    }

    /// 3.5: whether a former key of this party has confirmed this attempt, and all others have.
    pub(super) fn is_left_behind(&self, view: &View) -> bool {
        let is_it = |entry: &Entry| entry.era >= self.era && !self.is_own(entry) && entry.is_certified();
        self.get(view).is_some_and(is_it) && self.chosen().is_none()
    }

    /// 2.3: of each attempt b confirmed after a, somebody among its holders is known to be out: it has
    /// acknowledged a, with a list that lacks b, and there is no confirm of b by it.
    fn is_settled(&self, view: &View) -> bool {
        let mut later = self.entries.iter().skip_while(|entry| entry.view != *view);
        let Some(a) = later.next() else { return false };
        let is_out = |b: &Entry, id: &PartyId| {
            let list = a.acks.get(id);
            let gave_word = list.is_some_and(|list| !list.contains(&b.view)) && a.has_in_common(b, *id);
            gave_word && !b.confirms.contains(id)
        };
        later.filter(|b| b.era == a.era && self.is_own(b)).all(|b| b.holders.ids().any(|id| is_out(b, &id)))
    }

    /// Enters this party's own acknowledgement: what [`Self::due`] gave.
    pub(super) fn acknowledge(&mut self, view: View, list: Vec<View>) {
        let me = self.me;
        if let Some(entry) = self.get_mut(&view) {
            entry.acks.entry(me).or_insert(list);
            self.acked.push(view);
        }
    }

    /// The attempt whose sharing is in use in the place of the old one.
    pub(super) fn chosen(&self) -> Option<View> {
        let of_this_era = |view: &View| self.get(view).is_some_and(|entry| entry.era == self.era);
        let last = self.acked.last().filter(|view| of_this_era(view)).copied();
        last.or_else(|| self.done())
    }

    /// The last acknowledged attempt that is done.
    pub(super) fn done(&self) -> Option<View> {
        let is_done = |view: &&View| self.get(view).is_some_and(Entry::has_all_acks);
        self.acked.iter().rev().find(is_done).copied()
    }

    pub(super) fn state(&self, view: &View) -> Option<State> {
        let entry = self.get(view)?;
        let acked = self.acked.contains(view);
        Some(match (entry.discarded || !self.keeps(view), acked) {
            (true, _) => State::Discarded,
            (false, true) if entry.has_all_acks() => State::Done,
            (false, true) => State::Active,
            (false, false) => State::Pending,
        })
    }

    /// 3.1: whether the share of the old sharing must be kept: nothing is done yet.
    pub(super) fn keeps_old(&self) -> bool {
        !self.retired && self.done().is_none()
    }

    /// 3.2: whether the share of an attempt must be kept: no other one is done, or only one that was
    /// acknowledged before it.
    pub(super) fn keeps(&self, view: &View) -> bool {
        let place = |view: &View| self.acked.iter().position(|acked| acked == view);
        match (place(view), self.done()) {
            (None, Some(done)) => self.may_follow(view, &done),
            (None, None) => !self.retired && self.get(view).is_some(),
            (Some(_), None) => true,
            (Some(own), Some(done)) => place(&done).is_none_or(|done| own >= done),
        }
    }

    /// 3.4: discards the share of an attempt, by this party's own decision.
    ///
    /// # Errors
    /// [`Usage::UnknownAttempt`]; [`Usage::Acknowledged`] for one that was.
    pub(super) fn discard(&mut self, view: &View) -> Result<(), Usage> {
        if self.acked.contains(view) {
            return Err(Usage::Acknowledged);
        }
        self.get_mut(view).ok_or(Usage::UnknownAttempt)?.discarded = true;
        Ok(())
    }

    /// 2.6: goes back to the old sharing, by an operator's decision. What was confirmed so far is closed, what
    /// was acknowledged is kept. Whether it is a later era.
    ///
    /// # Errors
    /// [`Usage::Retired`] if an attempt is done: the old share is gone.
    pub(super) fn reopen(&mut self, era: u16) -> Result<bool, Usage> {
        if !self.keeps_old() {
            return Err(Usage::Retired);
        }
        let later = era > self.era;
        self.era = self.era.max(era);
        Ok(later)
    }

    /// 2.5: the acknowledged attempt and another one, both with certificates, of which the first cannot
    /// become done: one of its holders has acknowledged the other instead. It is none if enough to sign, `threshold`
    /// of its holders, have acknowledged it and nothing else: one who breaks a promise stops nobody.
    pub(super) fn conflict(&self, threshold: impl Fn(&View) -> usize) -> Option<(View, View)> {
        let ours = self.chosen().filter(|_| self.done().is_none())?;
        let a = self.get(&ours)?;
        let of_era = |b: &&Entry| b.view != ours && b.era == a.era;
        let elsewhere = |id: &PartyId| self.entries.iter().filter(of_era).any(|b| b.acks.contains_key(id));
        if a.acks.keys().filter(|id| !elsewhere(id)).count() >= threshold(&ours) {
            return None;
        }
        let is_out = |b: &Entry, id| b.acks.contains_key(&id) && !a.acks.contains_key(&id) && a.has_in_common(b, id);
        let instead = |b: &Entry| a.holders.ids().any(|id| is_out(b, id));
        let mut others = self.entries.iter().filter(of_era);
        let b = others.find(|b| b.is_certified() && instead(b))?;
        Some((ours, b.view))
    }

    /// 2.4: whose signed words contradict each other. No honest party is ever among them.
    pub(super) fn contradictions(&self) -> Vec<Contradiction> {
        let mut found = Vec::new();
        for a in &self.entries {
            for b in self.entries.iter().filter(|b| b.view != a.view) {
                for (id, list) in a.acks.iter().filter(|(id, _)| a.has_in_common(b, **id)) {
                    if b.era <= a.era && b.confirms.contains(id) && !list.contains(&b.view) {
                        found.push(Contradiction::FalseList(*id, a.view, b.view));
                    }
                    if b.era == a.era && a.view < b.view && b.acks.contains_key(id) {
                        found.push(Contradiction::TwoAcks(*id, a.view, b.view));
                    }
                }
            }
        }
        found
    }
}
