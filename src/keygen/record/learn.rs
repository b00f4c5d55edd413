//! What a party shows to others of the attempts it knows, and what it takes from them.

use alloc::vec::Vec;

use super::bytes::{Parts, read_framed};
use super::ledger::HARD_BOUND;
use super::step::{Held, Step, read_log};
use super::{KeyRecord, Moved, News};
use crate::error::Usage;
use crate::key::{PublicKeyPackage, Scheme};
use crate::keygen::reshare::old_of;
use crate::party::{KeyId, Label, Parcel, PartyId, PublicIdentity, Sharing};
use crate::record::{self, Kind};
use crate::wire::Reader;

const BUNDLE: Kind = Kind { tag: 9, version: 1 };

/// The attempts from one sharing, as somebody shows them.
type Shown<'a> = (Sharing, Vec<Piece<'a>>);

/// One attempt in a bundle.
struct Piece<'a> {
    label: Label,
    era: u16,
    log: &'a [u8],
    acks: Vec<&'a [u8]>,
}

impl<S: Scheme> KeyRecord<S> {
    // 4.1
    /// All that this party holds of the attempts from its present sharing and the one before: for any other party of
    /// them, over any channel. It holds no secret.
    ///
    /// # Errors
    /// [`Usage::StoreFailed`].
    pub fn exchange(&mut self) -> Result<Vec<u8>, Usage> {
        self.retire()?;
        let mut parts = Parts::default();
        parts.bytes(self.key_id().as_bytes());
        parts.bytes(self.current.as_bytes());
        parts.count8(self.steps.len());
        for step in &self.steps {
            parts.bytes(step.sharing().as_bytes());
            parts.count8(step.held.len() + usize::from(step.retirement.is_some()));
            for held in step.held.iter().chain(&step.retirement) {
                held.write(&mut parts);
            }
        }
        Ok(record::write(BUNDLE, S::NAME, parts.size(), |out| parts.append_to(out)).to_vec())
    }

    /// What this party has said and may have to say again: its confirms and acknowledgements of attempts that are not
    /// done. A peer that has forgotten an attempt answers [`Usage::ForeignMessage`]: leave it at that.
    ///
    /// # Errors
    /// [`Usage::StoreFailed`].
    pub fn resend(&mut self) -> Result<Vec<Parcel>, Usage> {
        self.retire()?;
        let mut parcels = Vec::new();
        for held in self.steps.iter().flat_map(|step| &step.held).filter(|held| !held.is_done()) {
            let own = held.log.confirms().filter(|(id, _)| *id == self.me).map(|(_, signed)| signed.to_vec());
            let ack = held.acks.get(&self.me).cloned();
            parcels.extend(own.chain(ack).map(|bytes| Parcel { to: None, bytes }));
        }
        Ok(parcels)
    }

    /// Takes what another party shows: the bytes of its [`Self::exchange`], or one signed confirm or acknowledgement.
    /// From whom they come does not matter; each piece is checked before it is kept, and it may come twice.
    ///
    /// # Errors
    /// [`Usage::OtherSharing`] if the two have nothing in common any more, or this party's copy of the record is older
    /// than what it has signed: it is left out until a repair or an attempt brings it a share. [`Usage::OtherKey`];
    /// [`Usage::Malformed`] and the like for bytes that are not what they say, before anything changes;
    /// [`Usage::ForeignMessage`] for a message of no attempt that is known here; [`Usage::StoreFailed`].
    pub fn learn(&mut self, bytes: &[u8]) -> Result<Moved, Usage> {
        self.check_alive()?;
        let before = self.known();
        let (changed, mut news, behind) = match record::read(bytes, BUNDLE, S::NAME) {
            Ok(input) => self.take_bundle(input)?,
            Err(Usage::Malformed) => (self.take_letter(bytes)?, Vec::new(), None),
            Err(usage) => return Err(usage),
        };
        let (send, more) = self.settle(&before, changed)?;
        news.extend(more);
        match behind {
            Some(theirs) if send.is_empty() && news.is_empty() && theirs != self.current => {
                Err(Usage::OtherSharing { ours: self.current, theirs })
            }
            _ => Ok(Moved { send, news, abort: None }),
        }
    }

    /// Whether it was new.
    fn take_letter(&mut self, signed: &[u8]) -> Result<bool, Usage> {
        let took = self.steps.iter_mut().find_map(|step| step.take(signed).ok());
        took.ok_or(Usage::ForeignMessage)
    }

    /// Whether anything is new, what this party has no part in, and a sharing that is ahead of it.
    fn take_bundle(&mut self, mut input: Reader<'_>) -> Result<(bool, Vec<News>, Option<Sharing>), Usage> {
        let (key_id, theirs, shown) = read_bundle(&mut input).ok_or(Usage::Malformed)?;
        input.finish().ok_or(Usage::Malformed)?;
        if key_id != self.key_id() {
            return Err(Usage::OtherKey);
        }
        // 4.2: all is checked before anything is kept.
        let (mut checked, mut foreign) = (Vec::new(), false);
        let (me, own) = self.own();
        let mut related = self.step(&theirs).is_some();
        for (sharing, pieces) in &shown {
            let Some(k) = self.steps.iter().position(|step| step.sharing() == *sharing) else { continue };
            let step = self.steps.get(k).ok_or(Usage::Malformed)?;
            for piece in pieces {
                match piece.check(step.packages()) {
                    Ok(held) => checked.push((k, held, None)),
                    // 3.5: about identities that this party does not know, or not any more: it signed for them.
                    Err(Usage::OtherKey) => match piece.check_as_signed(step, me, &own) {
                        Some((held, package)) => checked.push((k, held, Some(package))),
                        None => foreign = true,
                    },
                    Err(usage) => return Err(usage),
                }
            }
            related = true;
        }
        // Who cannot read what the other has moved on by has to be told.
        let mut on_the_way = self.steps.iter().flat_map(|step| &step.held);
        let is_known = self.step(&theirs).is_some() || on_the_way.any(|held| held.sharing() == theirs);
        let is_behind = !related || (foreign && !is_known);
        let (mut changed, mut news, mut behind) = (false, Vec::new(), is_behind.then_some(theirs));
        for (k, held, former) in checked {
            let Some(step) = self.steps.get_mut(k) else { continue };
            let view = *held.log.view();
            changed |= step.merge(&held);
            if step.ledger.get(&view).is_some_and(|entry| !entry.discarded) {
                if step.ledger.is_left_behind(&view) && !held.is_done() {
                    behind = Some(held.sharing());
                }
                continue;
            }
            // What was chosen in this era stands for all that is to come of it.
            if step.ledger.chosen().is_some() || step.ledger.retired {
                continue;
            }
            // 4.4: an attempt without this party; or with it, if its copy of the record is an old one.
            let certified = held.log.certificate().is_some();
            if certified && held.era >= step.ledger.era && held.log.plan().holders().contains(me) {
                behind = Some(held.sharing());
            }
            // 4.3: dealers known from this party's own package, certificate, all acknowledgements.
            if certified && held.is_done() && step.share.is_some() {
                step.ledger.retired = true;
                step.retirement = Some(held);
                news.push(News::Retired(step.sharing()));
                self.retiring.insert(step.sharing());
                changed = true;
            } else if held.is_signed_by(me, &own) && former.is_none_or(|package| step.remember(package).is_ok()) {
                changed |= step.recall(held);
            }
        }
        Ok((changed, news, behind))
    }
}

impl Piece<'_> {
    /// 4.2: the attempt, checked against the packages that this party itself has of the sharing it starts from.
    fn check<'a, S: Scheme>(
        &self,
        packages: impl IntoIterator<Item = &'a PublicKeyPackage<S>>,
    ) -> Result<Held<S>, Usage> {
        let log = read_log(self.log, packages)?;
        let mut held = Held::new(self.label, self.era, log).map_err(|_| Usage::Malformed)?;
        for signed in &self.acks {
            held.add_ack(signed)?;
        }
        Ok(held)
    }

    /// 3.5: the attempt, about identities of which this record does not know, if this party has confirmed it.
    fn check_as_signed<S: Scheme>(
        &self,
        step: &Step<S>,
        me: PartyId,
        own: &PublicIdentity,
    ) -> Option<(Held<S>, PublicKeyPackage<S>)> {
        let package = old_of(self.log).ok().filter(|package| step.old.differs_in_identities_alone(package))?;
        let held = self.check([&package]).ok()?;
        held.is_signed_by(me, own).then_some((held, package))
    }
}

impl<S: Scheme> Held<S> {
    /// Whether this party's own confirm is there, by the key it has: the plan names whom it likes.
    fn is_signed_by(&self, me: PartyId, own: &PublicIdentity) -> bool {
        self.log.plan().holders().identity(me) == Some(own) && self.log.confirms().any(|(id, _)| id == me)
    }

    /// label 32 ‖ era 2 ‖ log, framed ‖ count 2 ‖ acknowledgements as signed, framed.
    pub(super) fn write(&self, parts: &mut Parts) {
        parts.bytes(self.label.as_bytes());
        parts.bytes(&self.era.to_be_bytes());
        parts.framed(&self.log.to_bytes());
        parts.count16(self.acks.len());
        self.acks.values().for_each(|signed| parts.framed(signed));
    }
}

fn read_bundle<'a>(input: &mut Reader<'a>) -> Option<(KeyId, Sharing, Vec<Shown<'a>>)> {
    let (key_id, theirs) = (KeyId::from_bytes(input.array()?), Sharing::from_bytes(input.array()?));
    let count = input.u8().filter(|count| usize::from(*count) <= HARD_BOUND)?;
    let mut shown = Vec::new();
    for _ in 0..count {
        let sharing = Sharing::from_bytes(input.array()?);
        let count = input.u8().filter(|count| usize::from(*count) <= HARD_BOUND + 1)?;
        let pieces: Option<Vec<_>> = (0..count).map(|_| read_piece(input)).collect();
        shown.push((sharing, pieces?));
    }
    Some((key_id, theirs, shown))
}

fn read_piece<'a>(input: &mut Reader<'a>) -> Option<Piece<'a>> {
    let (label, era, log) = (Label::from_bytes(input.array()?), input.u16()?, read_framed(input)?);
    let count = input.u16()?;
    let mut acks = Vec::new();
    for _ in 0..count {
        acks.push(read_framed(input)?);
    }
    Some(Piece { label, era, log, acks })
}

/// The attempts of one step, each checked.
pub(super) fn read_held<S: Scheme>(input: &mut Reader<'_>, step: &Step<S>) -> Result<Held<S>, Usage> {
    read_piece(input).ok_or(Usage::Malformed)?.check(step.packages())
}
