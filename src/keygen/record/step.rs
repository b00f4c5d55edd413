//! What a record holds of one sharing, and of the attempts to move the key on from it.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::ledger::{Ledger, State};
use crate::error::Usage;
use crate::key::{KeyShare, PublicKeyPackage, Scheme};
use crate::keygen::certificate::Pending;
use crate::keygen::reshare::AttemptLog;
use crate::party::{Label, Parties, PartyId, PublicIdentity, Sharing, View};
use crate::transcript::Transcript;

/// How many changes of identity a sharing lives through; the next refresh begins anew.
pub(super) const MAX_FORMER: usize = 64;

/// One sharing, and the attempts from it.
pub(super) struct Step<S: Scheme> {
    pub(super) old: PublicKeyPackage<S>,
    /// The same with the identities of before, the newest last: attempts of then are about these.
    pub(super) former: Vec<PublicKeyPackage<S>>,
    /// `None`: this party has none, not yet or not any more.
    pub(super) share: Option<Arc<KeyShare<S>>>,
    pub(super) ledger: Ledger,
    /// What was signed in each attempt of the ledger, in the same order.
    pub(super) held: Vec<Held<S>>,
    /// An attempt without this party that is done, with all its acknowledgements.
    pub(super) retirement: Option<Held<S>>,
}

/// What was signed in one attempt, all of it checked.
pub(super) struct Held<S: Scheme> {
    /// The label that the callers gave it.
    pub(super) label: Label,
    pub(super) era: u16,
    pub(super) log: AttemptLog<S>,
    pub(super) pending: Option<Pending<S>>,
    /// The acknowledgements, as signed.
    pub(super) acks: BTreeMap<PartyId, Vec<u8>>,
    /// Acknowledgements that came before the certificate. Not stored: they come again by an exchange.
    pub(super) early: BTreeMap<PartyId, Vec<u8>>,
}

/// 1.3: the label of the session: an attempt of one era is never taken for one of another.
pub(super) fn session_label(label: &Label, era: u16) -> Label {
    Label::from_bytes(Transcript::new("attempt").field(label.as_bytes()).number(era.into()).digest())
}

/// The log of an attempt about one of these packages.
///
/// # Errors
/// [`Usage::OtherKey`] if it is about none of them; those of [`AttemptLog::from_bytes`].
pub(super) fn read_log<'a, S: Scheme>(
    bytes: &[u8],
    packages: impl IntoIterator<Item = &'a PublicKeyPackage<S>>,
) -> Result<AttemptLog<S>, Usage> {
    let mut log = Err(Usage::OtherKey);
    for package in packages {
        log = AttemptLog::from_bytes(bytes, package);
        if !matches!(log, Err(Usage::OtherKey | Usage::OtherSharing { .. })) {
            break;
        }
    }
    log
}

impl<S: Scheme> Held<S> {
    /// A log, if its label is the one of that era.
    ///
    /// # Errors
    /// [`Usage::OtherKey`].
    pub(super) fn new(label: Label, era: u16, log: AttemptLog<S>) -> Result<Self, Usage> {
        if *log.label() != session_label(&label, era) {
            return Err(Usage::OtherKey);
        }
        Ok(Self { label, era, log, pending: None, acks: BTreeMap::new(), early: BTreeMap::new() })
    }

    /// Takes an acknowledgement: whose it is, and its list.
    ///
    /// # Errors
    /// Those of [`AttemptLog::open_ack`].
    pub(super) fn add_ack(&mut self, signed: &[u8]) -> Result<(PartyId, Vec<View>), Usage> {
        let (id, ack) = self.log.open_ack(signed)?;
        self.acks.entry(id).or_insert_with(|| signed.to_vec());
        Ok((id, ack.attempts.into_iter().map(View::from_bytes).collect()))
    }

    /// The sharing that the attempt makes.
    pub(super) fn sharing(&self) -> Sharing {
        self.log.public().sharing()
    }

    /// Whether certificate and acknowledgements of all holders are there.
    pub(super) fn is_done(&self) -> bool {
        self.log.plan().holders().ids().all(|id| self.acks.contains_key(&id))
    }

    /// The holders, as they go in it.
    pub(super) fn holders(&self) -> Parties {
        self.log.plan().holders().clone()
    }
}

impl<S: Scheme> Step<S> {
    /// Nothing but a sharing, and this party's share, at a party of this id and key.
    pub(super) fn new(
        (me, key): (PartyId, PublicIdentity),
        old: PublicKeyPackage<S>,
        share: Option<Arc<KeyShare<S>>>,
    ) -> Self {
        Self { old, former: Vec::new(), share, ledger: Ledger::new(me, Some(key)), held: Vec::new(), retirement: None }
    }

    /// Takes note of a package of before.
    pub(super) fn remember(&mut self, package: PublicKeyPackage<S>) -> Result<(), Usage> {
        if !self.packages().any(|known| *known == package) {
            self.check_former()?;
            self.former.push(package);
        }
        Ok(())
    }

    fn check_former(&self) -> Result<(), Usage> {
        if self.former.len() < MAX_FORMER { Ok(()) } else { Err(Usage::TooMany) }
    }

    /// Whether something is still to come of an attempt from this sharing, of its present era.
    pub(super) fn is_under_way(&self) -> bool {
        let is_open = |held: &Held<S>| self.ledger.state(held.log.view()).is_some_and(State::is_open);
        self.held.iter().any(|held| held.era == self.ledger.era && is_open(held))
    }

    /// The packages that attempts from this sharing may be about.
    pub(super) fn packages(&self) -> impl Iterator<Item = &PublicKeyPackage<S>> {
        core::iter::once(&self.old).chain(self.former.iter().rev())
    }

    /// 3.5: takes a package with other identities. Whether it is another one.
    ///
    /// # Errors
    /// [`Usage::TooMany`], those of [`KeyShare::set_identity`].
    pub(super) fn set_identity(&mut self, id: PartyId, identity: PublicIdentity) -> Result<bool, Usage> {
        let new = self.old.with_identity(id, identity)?;
        if new == self.old {
            return Ok(false);
        }
        self.former.retain(|former| *former != new);
        self.check_former()?;
        if let Some(share) = &self.share {
            let mut share = share.duplicate();
            share.set_identity(id, identity)?;
            self.share = Some(Arc::new(share));
        }
        self.former.push(core::mem::replace(&mut self.old, new));
        Ok(true)
    }

    pub(super) fn number(&self) -> u32 {
        self.old.number()
    }

    pub(super) fn sharing(&self) -> Sharing {
        self.old.sharing()
    }

    /// Whether that package is one of the same key, with the same chain code.
    pub(super) fn is_of_key(&self, other: &PublicKeyPackage<S>) -> bool {
        let of = |package: &PublicKeyPackage<S>| (package.key_id(), *package.chain_code_digest());
        of(&self.old) == of(other) && self.old.joint_point() == other.joint_point()
    }

    pub(super) fn of_view(&self, view: &View) -> Option<&Held<S>> {
        self.held.iter().find(|held| held.log.view() == view)
    }

    /// 1.5: takes somebody's signed confirm or acknowledgement of one of the attempts. Whether it was one, and new.
    ///
    /// # Errors
    /// [`Usage::ForeignMessage`] if it is neither.
    pub(super) fn take(&mut self, signed: &[u8]) -> Result<bool, Usage> {
        for held in &mut self.held {
            let view = *held.log.view();
            match held.add_ack(signed) {
                Ok((id, list)) => return Ok(self.ledger.add_ack(&view, id, list)),
                Err(Usage::WrongInbox(_)) => {
                    // 1.6: it is kept for when the certificate is there, one for each holder at most.
                    let id = held.log.author_of_ack(signed)?;
                    held.early.entry(id).or_insert_with(|| signed.to_vec());
                    return Ok(false);
                }
                Err(_) => {}
            }
            if let Ok(id) = held.log.add_confirm(signed) {
                let new = self.ledger.add_confirm(&view, id);
                self.take_early(&view);
                return Ok(new);
            }
        }
        Err(Usage::ForeignMessage)
    }

    /// Acknowledgements that came before the certificate.
    fn take_early(&mut self, view: &View) {
        if !self.ledger.get(view).is_some_and(super::ledger::Entry::is_certified) {
            return;
        }
        let Some(held) = self.held.iter_mut().find(|held| held.log.view() == view) else { return };
        for signed in core::mem::take(&mut held.early).into_values() {
            if let Ok((id, list)) = held.add_ack(&signed) {
                self.ledger.add_ack(view, id, list);
            }
        }
    }

    /// Enters an attempt that this party has confirmed: what is in its log and what goes with it.
    ///
    /// # Errors
    /// Those of [`Ledger::confirm`].
    pub(super) fn enter(&mut self, held: Held<S>) -> Result<(), Usage> {
        if self.ledger.confirm(*held.log.view(), held.holders())? {
            self.hold(held);
        }
        Ok(())
    }

    /// 4.4: enters an attempt that carries this party's own confirm and is not in the record. Whether it did.
    pub(super) fn recall(&mut self, held: Held<S>) -> bool {
        let new = self.ledger.recall(*held.log.view(), held.era, held.holders());
        if new {
            self.hold(held);
        }
        new
    }

    /// Keeps what was signed in an attempt that was put into the ledger just now.
    pub(super) fn hold(&mut self, mut held: Held<S>) {
        let view = *held.log.view();
        for (id, _) in held.log.confirms() {
            self.ledger.add_confirm(&view, id);
        }
        let acks: Vec<_> = held.acks.values().cloned().collect();
        for (id, list) in acks.iter().filter_map(|signed| held.add_ack(signed).ok()) {
            self.ledger.add_ack(&view, id, list);
        }
        self.held.push(held);
    }

    /// Takes what somebody else holds of an attempt that this party has confirmed. Whether anything is new.
    pub(super) fn merge(&mut self, theirs: &Held<S>) -> bool {
        let view = *theirs.log.view();
        let Some(held) = self.held.iter_mut().find(|held| *held.log.view() == view) else { return false };
        let mut news = false;
        for (id, signed) in theirs.log.confirms() {
            news |= held.log.add_confirm(signed).is_ok() && self.ledger.add_confirm(&view, id);
        }
        for signed in theirs.acks.values() {
            if let Ok((id, list)) = held.add_ack(signed) {
                news |= self.ledger.add_ack(&view, id, list);
            }
        }
        self.take_early(&view);
        news
    }

    /// 3.2: wipes what need not be kept, now that something is done.
    pub(super) fn prune(&mut self) {
        for held in &mut self.held {
            let view = held.log.view();
            let discarded = self.ledger.get(view).is_none_or(|entry| entry.discarded);
            if discarded || !self.ledger.keeps(view) {
                held.pending = None;
            }
        }
        if !self.ledger.keeps_old() {
            self.share = None;
        }
        // Nothing hangs any more on what came to nothing.
        if let Some(done) = self.ledger.done() {
            let ledger = &self.ledger;
            let stays = |view: &View| *view == done || ledger.acked.contains(view) || ledger.keeps(view);
            self.held.retain(|held| stays(held.log.view()));
            let kept: Vec<View> = ledger.entries.iter().map(|entry| entry.view).filter(stays).collect();
            self.ledger.entries.retain(|entry| kept.contains(&entry.view));
        }
    }
}
