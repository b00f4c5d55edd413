//! One attempt at a refresh or reshare: the session, and the record that keeps what it promises.

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;

use super::ledger::HARD_BOUND;
use super::step::{Held, Step, session_label};
use super::{KeyRecord, MAX_STEPS, Moved};
use crate::error::{Error, Usage};
use crate::key::Scheme;
use crate::keygen::certificate::{CONFIRMS, Pending};
use crate::keygen::reshare::{AttemptLog, Moved as Ended, Plan, Reshare, ReshareInputs};
use crate::party::{Label, Parcel, PartyId, Threshold};
use crate::session::{Evidence, Progress, Session};

/// A refresh or reshare under way. Dropped before the confirm has left, it leaves no trace; afterwards the record
/// has all that is needed.
pub struct Attempt<S: Scheme> {
    session: Session<Reshare<S>>,
    plan: Plan<S>,
    label: Label,
    era: u16,
    /// Whether the sharing was in the record when it began.
    known: bool,
    /// Whether the pending share is in the record, or this party will have none.
    recorded: bool,
    /// The record would not have it.
    refused: Option<Usage>,
}

impl<S: Scheme> KeyRecord<S> {
    /// Begins a refresh or reshare with the other parties of the plan: what must leave first. The label is the
    /// same for all, fresh for each attempt. Run [`Self::exchange`] with them before.
    ///
    /// # Errors
    /// [`Usage::OtherKey`], [`Usage::OtherSharing`] if the plan is for another sharing than the one in use (unless this
    /// party only receives); [`Usage::InvalidThreshold`] for an export, which is no attempt to move the key on;
    /// [`Usage::Acknowledged`] after an acknowledgement; [`Usage::Retired`];
    /// [`Usage::NoShare`] for a dealer that has none; [`Usage::TooMany`] attempts; those of [`Session::start`].
    pub fn attempt(
        &mut self,
        plan: &Plan<S>,
        label: Label,
        rng: &mut impl CryptoRng,
    ) -> Result<(Attempt<S>, Vec<Parcel>), Usage> {
        self.check_alive()?;
        let (old, me) = (plan.old(), self.me);
        if plan.threshold() == Threshold::ONE {
            return Err(Usage::InvalidThreshold);
        }
        if old.key_id() != self.key_id() {
            return Err(Usage::OtherKey);
        }
        let deals = plan.dealers().contains(&me);
        if deals && old.sharing() != self.current {
            return Err(Usage::OtherSharing { ours: self.current, theirs: old.sharing() });
        }
        let (mut era, mut share) = (0, None);
        match self.step(&old.sharing()) {
            Some(step) if step.old != *old => return Err(Usage::OtherKey),
            Some(step) => {
                step.ledger.check_open(plan.holders())?;
                (era, share) = (step.ledger.era, step.share.clone());
            }
            // 1.2: whoever has lost its share, or comes back from an old copy, receives a new one.
            None if old.number() < self.number() => {
                return Err(Usage::OtherSharing { ours: self.current, theirs: old.sharing() });
            }
            // The key at least is the one that this party knows, and nobody deals it who does not have it.
            None if !self.in_use().is_some_and(|step| step.is_of_key(old)) => return Err(Usage::OtherKey),
            None => {}
        }
        self.check_room(plan)?;
        let inputs = match share {
            Some(share) => ReshareInputs::holder(plan.clone(), share)?,
            None if deals => return Err(Usage::NoShare),
            None => ReshareInputs::without_share(plan.clone()),
        };
        let params = plan.params(session_label(&label, era), me)?;
        let (session, first) = Session::start(params, &self.identity, inputs, rng)?;
        let recorded = !plan.holders().contains(me);
        let known = self.step(&old.sharing()).is_some();
        Ok((Attempt { session, plan: plan.clone(), label, era, known, recorded, refused: None }, first))
    }

    /// Whether another sharing may be on its way: a few, or any that leaves out all who hold up the others.
    fn check_room(&self, plan: &Plan<S>) -> Result<(), Usage> {
        let waits = |step: &Step<S>| step.ledger.missing().iter().any(|id| plan.holders().contains(*id));
        let room = self.steps.len() < MAX_STEPS - 1 || !self.steps.iter().any(waits);
        if room && self.steps.len() < HARD_BOUND - 1 { Ok(()) } else { Err(Usage::TooMany) }
    }

    /// Whether it is this key's, and this party's: a mistake of the caller is to leave all unharmed.
    fn check_owns(&self, attempt: &Attempt<S>) -> Result<(), Usage> {
        if attempt.plan.old().key_id() != self.key_id() {
            return Err(Usage::OtherKey);
        }
        if attempt.session.params().me() == self.me { Ok(()) } else { Err(Usage::OtherIdentity) }
    }

    /// 1.4: enters the pending share and what was signed so far, durably. Only then the confirm may leave.
    fn enter(&mut self, attempt: &Attempt<S>, pending: &Pending<S>) -> Result<(), Usage> {
        self.check_alive()?;
        let log = AttemptLog::of_session(&attempt.session, &attempt.plan).ok_or(Usage::UnknownAttempt)?;
        let mut held = Held::new(attempt.label, attempt.era, log)?;
        held.pending = Some(pending.duplicate());
        self.check_owns(attempt)?;
        let (me, old, number) = (self.me, attempt.plan.old(), self.number());
        if pending.public() != held.log.public() || pending.me() != me {
            return Err(Usage::OtherKey);
        }
        match self.step_mut(&old.sharing()) {
            Some(step) if step.old != *old => return Err(Usage::OtherKey),
            // An acknowledgement, or a reopening, may have come in between.
            Some(step) if step.ledger.era != attempt.era => return Err(Usage::Acknowledged),
            Some(step) => step.enter(held)?,
            // That sharing is over here, with what was said of it.
            None if attempt.known || old.number() < number => return Err(Usage::Acknowledged),
            None => {
                if !self.in_use().is_some_and(|step| step.is_of_key(old)) {
                    return Err(Usage::OtherKey);
                }
                // There must be room for the sharing that it makes, too.
                self.check_room(&attempt.plan)?;
                let mut step = Step::new(self.own(), old.clone(), None);
                step.enter(held)?;
                self.steps.push(step);
            }
        }
        self.save()
    }
}

/// The round in an envelope, which is behind version and kind.
fn round_of(parcel: &Parcel) -> Option<u8> {
    parcel.bytes.get(2).copied()
}

impl<S: Scheme> Attempt<S> {
    /// Takes a message off the wire: of the session, or an acknowledgement. What is to be sent rests on what is
    /// stored by then.
    ///
    /// # Errors
    /// As [`Session::receive`]; [`Usage::Acknowledged`] and [`Usage::Retired`] if the record has moved on in the
    /// meantime: no confirm leaves then; [`Usage::StoreFailed`]: nothing leaves, and the record is to be opened again.
    pub fn receive(&mut self, record: &mut KeyRecord<S>, bytes: &[u8]) -> Result<Moved, Error> {
        record.check_alive()?;
        record.check_owns(self)?;
        if let Some(usage) = self.refused {
            return Err(usage.into());
        }
        // 3.5: a party goes by another key by now; what this party has not confirmed is over.
        let (old, is_holder) = (self.plan.old(), self.plan.holders().contains(record.me));
        if !(self.recorded && is_holder) && record.step(&old.sharing()).is_some_and(|step| step.old != *old) {
            return Err(Usage::OtherKey.into());
        }
        let result = self.session.receive(bytes);
        let mut moved = match result {
            Ok(progress) => self.progress(record, progress)?,
            // What is not the session's may be the record's.
            Err(Error::Usage(_)) if self.recorded => return Ok(record.learn(bytes)?),
            // What ends the session may hold an honest party's confirm or acknowledgement all the same.
            Err(Error::Abort(abort)) if self.recorded => {
                return match record.learn(bytes) {
                    Ok(moved) => Ok(Moved { abort: Some(abort), ..moved }),
                    Err(Usage::StoreFailed) => Err(Usage::StoreFailed.into()),
                    Err(_) => Err(abort.into()),
                };
            }
            Err(error) => return Err(error),
        };
        if self.recorded {
            match record.learn(bytes) {
                Ok(learned) => {
                    moved.send.extend(learned.send);
                    moved.news.extend(learned.news);
                }
                Err(Usage::ForeignMessage) => {}
                Err(usage) => return Err(usage.into()),
            }
        }
        Ok(moved)
    }

    fn progress(&mut self, record: &mut KeyRecord<S>, progress: Progress<Ended<S>>) -> Result<Moved, Usage> {
        let Progress { send, output, abort, .. } = progress;
        let mut moved = Moved { send, abort, ..Moved::default() };
        if self.recorded {
            return Ok(moved);
        }
        let ended = match &output {
            Some(Ended::Holder(certified)) => Some(certified.pending()),
            _ => None,
        };
        let Some(pending) = ended.or_else(|| self.session.state()?.pending()) else { return Ok(moved) };
        let before = record.known();
        if let Err(usage) = record.enter(self, pending) {
            self.refused = Some(usage);
            return Err(usage);
        }
        self.recorded = true;
        let (acks, news) = record.settle(&before, false)?;
        moved.send.extend(acks);
        moved.news.extend(news);
        Ok(moved)
    }

    /// Who still owes a message of the session.
    pub fn awaiting(&self) -> Vec<PartyId> {
        self.session.awaiting()
    }

    /// What this party has sent in the session so far, to be sent again to whoever missed it. The confirm is among it
    /// only once it is stored; `KeyRecord::resend` has it after a restart.
    pub fn sent(&self) -> impl Iterator<Item = &Parcel> {
        // 1.4: the session makes it before the record has it.
        let may_leave = |parcel: &&Parcel| self.recorded || round_of(parcel).is_some_and(|round| round < CONFIRMS);
        self.session.sent().iter().filter(may_leave)
    }

    /// Peers of whom a signed message came with other inputs, or another round 1 of somebody.
    pub fn conflicts(&self) -> Vec<PartyId> {
        self.session.conflicts()
    }

    /// What others can check of an abort that named somebody.
    pub fn evidence(&self) -> &[Evidence] {
        self.session.evidence()
    }

    /// The round of the session that is now awaited, from 1.
    pub fn round(&self) -> u8 {
        self.session.round()
    }

    /// Whether the session is over. The attempt may not be: confirms and acknowledgements are the record's as well.
    pub fn is_finished(&self) -> bool {
        self.session.is_finished()
    }
}

impl<S: Scheme> fmt::Debug for Attempt<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attempt({:?}, recorded: {})", self.session, self.recorded)
    }
}
