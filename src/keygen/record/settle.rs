//! What follows from what is known: the acknowledgement, the sharing in use, what is wiped, what is stored.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::ledger::{Contradiction, HARD_BOUND};
use super::step::{Held, Step};
use super::{KeyRecord, News};
use crate::error::Usage;
use crate::key::{KeyShare, Scheme};
use crate::party::{Parcel, Sharing, View};

/// What a record knows before it learns something.
pub(super) struct Known {
    current: Sharing,
    done: Vec<Sharing>,
    lies: Vec<Contradiction>,
}

impl<S: Scheme> KeyRecord<S> {
    /// Does what follows, stores it, has the old sharing's dependents retired; then the acknowledgement may leave.
    ///
    /// # Errors
    /// [`Usage::StoreFailed`] and those of signing; [`Usage::OtherIdentity`] if the identity is not the one that the
    /// plan has for this party.
    pub(super) fn settle(&mut self, before: &Known, mut changed: bool) -> Result<(Vec<Parcel>, Vec<News>), Usage> {
        let (mut send, mut news) = (Vec::new(), Vec::new());
        while let Some((k, view, list)) = self.due() {
            let ack = match self.acknowledge(k, view, &list) {
                Ok(ack) => ack,
                // What was learned is kept all the same.
                Err(usage) if changed => return self.save().and(Err(usage)),
                Err(usage) => return Err(usage),
            };
            news.extend(
                self.steps.get(k).and_then(|step| step.of_view(&view)).map(|held| News::Active(held.sharing())),
            );
            send.push(Parcel { to: None, bytes: ack });
            changed = true;
        }
        while let Some((k, view)) = self.inherited() {
            match self.inherit(k, view) {
                Ok(()) => changed = true,
                Err(usage) if changed => return self.save().and(Err(usage)),
                Err(usage) => return Err(usage),
            }
        }
        if changed {
            let Known { done, lies, .. } = self.known();
            news.extend(done.into_iter().filter(|sharing| !before.done.contains(sharing)).map(News::Done));
            let lies = lies.into_iter().filter(|lie| !before.lies.contains(lie));
            news.extend(lies.map(|lie| News::Contradiction(lie.culprit())));
            self.prune();
            if before.current != self.current {
                self.retiring.insert(before.current);
            }
            self.save()?;
        }
        self.retire()?;
        Ok((send, news))
    }

    /// What is known to be done, and of whose lies: to tell later what is new.
    pub(super) fn known(&self) -> Known {
        let done = |step: &Step<S>| step.of_view(&step.ledger.done()?).map(Held::sharing);
        Known {
            current: self.current,
            done: self.steps.iter().filter_map(done).collect(),
            lies: self.steps.iter().flat_map(|step| step.ledger.contradictions()).collect(),
        }
    }

    fn due(&self) -> Option<(usize, View, Vec<View>)> {
        let due = |(k, step): (usize, &Step<S>)| step.ledger.due().map(|(view, list)| (k, view, list));
        self.steps.iter().enumerate().find_map(due)
    }

    fn inherited(&self) -> Option<(usize, View)> {
        let has_share = |step: &Step<S>, view: &View| step.of_view(view).is_some_and(|held| held.pending.is_some());
        let of_step = |(k, step): (usize, &Step<S>)| {
            let view = step.ledger.inherited().filter(|view| has_share(step, view))?;
            Some((k, view))
        };
        self.steps.iter().enumerate().find_map(of_step)
    }

    /// 2.1: the share becomes active, and the acknowledgement is made.
    fn acknowledge(&mut self, k: usize, view: View, list: &[View]) -> Result<Vec<u8>, Usage> {
        let share = self.activated(k, &view)?;
        let (me, step) = (self.me, self.steps.get_mut(k).ok_or(Usage::UnknownAttempt)?);
        let held = step.held.iter_mut().find(|held| *held.log.view() == view).ok_or(Usage::UnknownAttempt)?;
        let ack = held.log.sign_ack(&self.identity, me, list)?;
        // Nothing fails from here on.
        held.acks.insert(me, ack.clone());
        step.ledger.acknowledge(view, list.to_vec());
        self.put_in_use(k, &view, share);
        Ok(ack)
    }

    /// 3.5: the share becomes active on the words of this party's former key. All have it, and have wiped the old one.
    fn inherit(&mut self, k: usize, view: View) -> Result<(), Usage> {
        let share = self.activated(k, &view)?;
        let sharing = share.public().sharing();
        let (me, identity) = self.own();
        self.steps.get_mut(k).ok_or(Usage::UnknownAttempt)?.ledger.inherit(view);
        self.put_in_use(k, &view, share);
        if let Some(step) = self.step_mut(&sharing) {
            // Its package has the former key; where that cannot be, it stays so.
            let _ = step.set_identity(me, identity);
        }
        Ok(())
    }

    /// The share that an attempt with a certificate makes, as the parties of its sharing go here.
    fn activated(&self, k: usize, view: &View) -> Result<KeyShare<S>, Usage> {
        let held = self.steps.get(k).and_then(|step| step.of_view(view)).ok_or(Usage::UnknownAttempt)?;
        let certificate = held.log.certificate().ok_or(Usage::UnknownAttempt)?;
        let share = held.pending.as_ref().ok_or(Usage::UnknownAttempt)?.activate(&certificate)?;
        match self.step(&share.public().sharing()) {
            Some(step) => share.known_as(&step.old).ok_or(Usage::OtherKey),
            None => Ok(share),
        }
    }

    /// The sharing of an attempt from the k-th takes its place.
    fn put_in_use(&mut self, k: usize, view: &View, share: KeyShare<S>) {
        let (own, public) = (self.own(), share.public().clone());
        // Of two of which one is done, the later one.
        let is_later = self.steps.get(k).is_some_and(|step| {
            let is_done = |held: &Held<S>| held.is_done() || step.ledger.done() == Some(*view);
            let in_use = step.held.iter().find(|held| held.sharing() == self.current && is_done(held));
            in_use.is_some_and(|held| step.ledger.is_after(view, held.log.view()))
        });
        if public.number() > self.number() || is_later {
            self.current = public.sharing();
        }
        if let Some(step) = self.steps.get_mut(k) {
            step.held.iter_mut().filter(|held| held.log.view() == view).for_each(|held| held.pending = None);
            self.retiring.insert(step.sharing());
        }
        match self.step_mut(&public.sharing()) {
            // It may have come by a repair already.
            Some(step) => step.share = step.share.take().or_else(|| Some(Arc::new(share))),
            None => self.steps.push(Step::new(own, public, Some(Arc::new(share)))),
        }
    }

    /// 3.1 to 3.3: wipes the shares that a later sharing, which is done, has made worthless.
    fn prune(&mut self) {
        let with_share = |steps: &[Step<S>]| {
            let there = steps.iter().filter(|step| step.share.is_some()).map(Step::sharing);
            there.collect::<Vec<_>>()
        };
        let before = with_share(&self.steps);
        self.wipe();
        // What hangs on them may have grown since they were left.
        let after = with_share(&self.steps);
        self.retiring.extend(before.into_iter().filter(|sharing| !after.contains(sharing)));
    }

    fn wipe(&mut self) {
        self.steps.iter_mut().for_each(Step::prune);
        // Of two attempts from one sharing, both acknowledged, the later one is done.
        let gone = |step: &Step<S>| {
            let gone = step.held.iter().filter(|held| !step.ledger.keeps(held.log.view()));
            gone.map(Held::sharing).collect::<Vec<_>>()
        };
        let gone: Vec<_> = self.steps.iter().flat_map(gone).collect();
        let is_over = |step: &&Step<S>| !step.ledger.keeps_old();
        let over = self.steps.iter().filter(is_over).map(Step::number).max();
        for step in &mut self.steps {
            if gone.contains(&step.old.sharing()) || over.is_some_and(|over| step.number() <= over) {
                step.share = None;
            }
            if over.is_some_and(|over| step.number() < over) {
                step.held.iter_mut().for_each(|held| held.pending = None);
            }
        }
        // What is in use goes for what is done in its place.
        let instead = self.steps.iter().filter(|_| gone.contains(&self.current)).find_map(|step| {
            step.held.iter().find(|held| held.sharing() == self.current)?;
            let done = step.of_view(&step.ledger.done()?)?.sharing();
            self.step(&done).is_some().then_some(done)
        });
        self.current = instead.unwrap_or(self.current);
        self.follow();
        let current = self.current;
        self.steps.retain(|step| {
            let is_over = gone.contains(&step.sharing()) || over.is_some_and(|over| step.number() < over);
            step.sharing() == current || !is_over
        });
    }

    /// The sharing in use goes on to what was acknowledged of it.
    fn follow(&mut self) {
        for _ in 0..self.steps.len() {
            let next = self.in_use().and_then(|step| {
                let held = step.of_view(&step.ledger.chosen()?)?;
                let next = self.steps.iter().find(|next| next.sharing() == held.sharing())?;
                next.share.as_ref().map(|_| next.sharing())
            });
            match next {
                Some(next) => self.current = next,
                None => return,
            }
        }
    }

    /// Stores the record, whole. After a failure this object is of no more use: it may know more than the store.
    pub(super) fn save(&mut self) -> Result<(), Usage> {
        self.check_alive()?;
        let generation = self.generation.checked_add(1).ok_or(Usage::TooMany)?;
        // What could not be read again is not written.
        let fits = |step: &Step<S>| {
            let is_its_own = step.share.as_ref().is_none_or(|share| *share.public() == step.old);
            step.held.len() <= HARD_BOUND && step.old.key_id() == self.key_id() && is_its_own
        };
        if self.steps.len() > HARD_BOUND || self.retiring.len() > HARD_BOUND || !self.steps.iter().all(fits) {
            return Err(Usage::TooMany);
        }
        self.poisoned = true;
        self.generation = generation;
        self.store.save(generation, &self.to_bytes())?;
        self.poisoned = false;
        Ok(())
    }

    /// 2.1: has everything wiped that hangs on sharings no longer in use. It is asked again after a restart.
    pub(super) fn retire(&mut self) -> Result<(), Usage> {
        self.check_alive()?;
        let key_id = self.key_id();
        while let Some(sharing) = self.retiring.first().copied() {
            for dependent in &self.dependents {
                dependent.retire(&key_id, &sharing)?;
            }
            self.retiring.remove(&sharing);
        }
        Ok(())
    }

    pub(super) fn check_alive(&self) -> Result<(), Usage> {
        if self.poisoned { Err(Usage::StoreFailed) } else { Ok(()) }
    }
}
