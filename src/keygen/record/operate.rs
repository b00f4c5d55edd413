//! What an operator sees and decides.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::step::{Held, Step};
use super::{AttemptStatus, KeyRecord};
use crate::error::Usage;
use crate::key::Scheme;
use crate::party::{PartyId, Sharing};

impl<S: Scheme> KeyRecord<S> {
    /// How each attempt stands, the oldest first.
    pub fn status(&self) -> Vec<AttemptStatus> {
        let of_step = |step: &Step<S>| {
            let attempt = |held: &Held<S>| {
                let entry = step.ledger.get(held.log.view())?;
                let missing = entry.holders.iter().filter(|id| !entry.acks.contains_key(id));
                Some(AttemptStatus {
                    from: step.sharing(),
                    to: held.sharing(),
                    state: step.ledger.state(held.log.view())?,
                    confirmed: entry.confirms.iter().copied().collect(),
                    acknowledged: entry.acks.keys().copied().collect(),
                    missing: missing.copied().collect(),
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
    /// equally often.
    ///
    /// # Errors
    /// [`Usage::Retired`] if the share is gone, for an attempt is done; [`Usage::NoShare`] for a sharing that is not in
    /// the record; [`Usage::StoreFailed`].
    pub fn reopen(&mut self, sharing: &Sharing) -> Result<(), Usage> {
        self.check_alive()?;
        self.step_mut(sharing).ok_or(Usage::NoShare)?.ledger.reopen()?;
        let before = core::mem::replace(&mut self.current, *sharing);
        if before != *sharing {
            self.retiring.insert(before);
        }
        self.retiring.remove(sharing);
        self.save()?;
        self.retire()
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
