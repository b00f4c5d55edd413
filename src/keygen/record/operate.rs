//! What an operator sees and decides.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::ledger::HARD_BOUND;
use super::step::{Held, Step};
use super::{AttemptStatus, KeyRecord};
use crate::error::Usage;
use crate::key::{KeyShare, Scheme};
use crate::party::{PartyId, PublicIdentity, Sharing};

impl<S: Scheme> KeyRecord<S> {
    /// How each attempt stands, the oldest first.
    pub fn status(&self) -> Vec<AttemptStatus> {
        let of_step = |step: &Step<S>| {
            let attempt = |held: &Held<S>| {
                let entry = step.ledger.get(held.log.view())?;
                let missing = entry.holders.ids().filter(|id| !entry.acks.contains_key(id));
                Some(AttemptStatus {
                    from: step.sharing(),
                    era: held.era,
                    to: held.sharing(),
                    state: step.ledger.state(held.log.view())?,
                    confirmed: entry.confirms.iter().copied().collect(),
                    acknowledged: entry.acks.keys().copied().collect(),
                    missing: missing.collect(),
                })
            };
            step.held.iter().filter_map(attempt).collect::<Vec<_>>()
        };
        self.steps.iter().flat_map(of_step).collect()
    }

    /// 3.4: discards the pending share of the attempt that makes this sharing. If the others finish it, only a repair
    /// brings the share back.
    ///
    /// # Errors
    /// [`Usage::UnknownAttempt`]; [`Usage::Acknowledged`] for one that this party has acknowledged;
    /// [`Usage::StoreFailed`].
    pub fn discard(&mut self, to: &Sharing) -> Result<(), Usage> {
        self.check_alive()?;
        let held = |step: &mut Step<S>| {
            let view = step.held.iter().find(|held| held.sharing() == *to).map(|held| *held.log.view())?;
            Some(step.ledger.discard(&view).map(|()| step.prune()))
        };
        self.steps.iter_mut().find_map(held).ok_or(Usage::UnknownAttempt)??;
        self.save()
    }

    /// 2.6: goes back to this sharing, by an operator's decision, when two attempts from it have certificates and
    /// neither can become done ([`Usage::SharingsConflict`]). Nothing is wiped; the attempts so far are closed, and a
    /// new one may begin. **Do so at all its parties**, newcomers too: an attempt brings together only those that have reopened
    /// equally often. `era` says how often that is then, for all of them: one more than [`Self::era`] at those that
    /// have reopened it most often. Who has reached it already changes nothing.
    ///
    /// # Errors
    /// [`Usage::Retired`] if the share is gone, for an attempt is done; [`Usage::NoShare`] for a sharing that is not in
    /// the record; [`Usage::StoreFailed`].
    pub fn reopen(&mut self, sharing: &Sharing, era: u16) -> Result<(), Usage> {
        self.check_alive()?;
        if !self.step_mut(sharing).ok_or(Usage::NoShare)?.ledger.reopen(era)? {
            return Ok(());
        }
        let before = core::mem::replace(&mut self.current, *sharing);
        if before != *sharing {
            self.retiring.insert(before);
        }
        self.retiring.remove(sharing);
        self.save()?;
        self.retire()
    }

    /// How often this sharing was reopened.
    ///
    /// # Errors
    /// [`Usage::NoShare`] for a sharing that is not in the record.
    pub fn era(&self, sharing: &Sharing) -> Result<u16, Usage> {
        self.step(sharing).map(|step| step.ledger.era).ok_or(Usage::NoShare)
    }

    /// Takes a share out of a repair into the record, which keeps all that this party has signed: a new record would not
    /// know of it. It is stored when this returns, and in use if no later sharing is.
    ///
    /// # Errors
    /// [`Usage::RecordExists`] if there is a share of that sharing; [`Usage::Retired`] for one that is over, or before
    /// the one in use; [`Usage::OtherKey`], [`Usage::OtherIdentity`]; [`Usage::TooMany`], [`Usage::StoreFailed`].
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use cosigil::frost::Ed25519Sha512;
    /// use cosigil::key::store::MemoryKeyStore;
    /// use cosigil::keygen::record::KeyRecord;
    /// # use cosigil::{Identity, Parties, PartyId, Threshold, Transcript, Usage, curve, hazmat};
    /// # let mut rng = Transcript::new("an example, so not random").rng();
    /// # let identities = [Identity::generate(&mut rng)?, Identity::generate(&mut rng)?];
    /// # let ids = [PartyId::new(1)?, PartyId::new(2)?];
    /// # let parties = Parties::new(ids.into_iter().zip(identities.iter().map(Identity::public)))?;
    /// # let secret = curve::random_scalar::<curve::Ed25519>(&mut rng);
    /// # let share = hazmat::split::<Ed25519Sha512>(&secret, Threshold::new(2)?, &parties, &mut rng)?.remove(0);
    /// # let (me, identity, key) = (ids[0], &identities[0], share.public().clone());
    /// // The share is lost; the others repair it.
    /// let mut record = KeyRecord::join(Arc::new(MemoryKeyStore::new()), identity, me, &key, &key.digest())?;
    /// assert_eq!(record.key().err(), Some(Usage::NoShare));
    /// record.adopt(share)?;
    /// assert_eq!(record.key()?.public(), &key);
    /// # Ok::<(), cosigil::Error>(())
    /// ```
    pub fn adopt(&mut self, share: KeyShare<S>) -> Result<(), Usage> {
        self.check_alive()?;
        let (me, public) = (self.me, share.public().clone());
        if share.me() != me || public.parties().identity(me) != Some(&self.identity.public()) {
            return Err(Usage::OtherIdentity);
        }
        if !self.in_use().is_some_and(|step| step.is_of_key(&public)) {
            return Err(Usage::OtherKey);
        }
        let (in_use, sharing, full) = (self.number(), public.sharing(), self.steps.len() >= HARD_BOUND);
        match self.step_mut(&sharing) {
            Some(step) if step.old != public => return Err(Usage::OtherKey),
            Some(step) if !step.ledger.keeps_old() => return Err(Usage::Retired),
            Some(step) if step.share.is_some() => return Err(Usage::RecordExists),
            Some(step) => step.share = Some(Arc::new(share)),
            None if public.number() <= in_use => return Err(Usage::Retired),
            None if full => return Err(Usage::TooMany),
            None => self.steps.push(Step::new(self.own(), public.clone(), Some(Arc::new(share)))),
        }
        if public.number() > in_use {
            let before = core::mem::replace(&mut self.current, sharing);
            self.retiring.insert(before);
        }
        self.save()?;
        self.retire()
    }

    /// 3.5: takes another identity key for a party, as all parties do when it has come back by a repair under a new one
    /// (`docs/repair.md`): on what this party's own operator says, never on a message. It is stored when this returns. For
    /// this party itself it is the one that the record was opened with, before [`Self::adopt`].
    ///
    /// # Errors
    /// [`Usage::AttemptUnderWay`] if an attempt from the sharing in use is neither done nor discarded: what was signed in
    /// it is about the identity of before. [`Usage::UnknownParty`], [`Usage::DuplicateIdentity`],
    /// [`Usage::OtherIdentity`], [`Usage::NoShare`], [`Usage::TooMany`] above 64 changes in one sharing;
    /// [`Usage::StoreFailed`].
    pub fn set_identity(&mut self, id: PartyId, identity: PublicIdentity) -> Result<(), Usage> {
        self.check_alive()?;
        if id == self.me && identity != self.identity.public() {
            return Err(Usage::OtherIdentity);
        }
        let current = self.current;
        let step = self.step_mut(&current).ok_or(Usage::NoShare)?;
        if step.is_under_way() && step.old.parties().identity(id) != Some(&identity) {
            return Err(Usage::AttemptUnderWay);
        }
        if step.set_identity(id, identity)? { self.save() } else { Ok(()) }
    }

    /// Notes that the whole key was exported to one recipient: from then on it is as secret as that machine.
    ///
    /// # Errors
    /// [`Usage::StoreFailed`].
    pub fn mark_exported(&mut self) -> Result<(), Usage> {
        self.exported = true;
        self.save()
    }

    /// Whether the whole key was ever exported.
    pub fn is_exported(&self) -> bool {
        self.exported
    }

    /// Raises the strikes of peers to these numbers, as a burn log has counted them; they never go down.
    ///
    /// # Errors
    /// [`Usage::StoreFailed`]; those of [`Self::key`].
    pub fn note_strikes(&mut self, strikes: impl IntoIterator<Item = (PartyId, u32)>) -> Result<(), Usage> {
        let mut share = self.key()?.duplicate();
        strikes.into_iter().for_each(|(id, total)| share.raise_strikes(id, total));
        let current = self.current;
        self.step_mut(&current).ok_or(Usage::NoShare)?.share = Some(Arc::new(share));
        self.save()
    }
}
