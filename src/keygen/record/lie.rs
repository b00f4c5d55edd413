//! Signed words that contradict each other, for anybody to judge.

use alloc::vec::Vec;
use core::fmt;

use super::KeyRecord;
use super::ledger::Contradiction as Found;
use super::step::{Held, Step, read_log};
use crate::error::Usage;
use crate::key::{PublicKeyPackage, Scheme};
use crate::party::{Label, PartyId, View};

/// How a party's words contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The list in its acknowledgement of one attempt lacks another that it confirmed.
    FalseList,
    /// It acknowledged two attempts, where one promises that there is no other.
    TwoAcks,
}

/// What somebody signed about two attempts from one sharing, and what shows that it cannot both be.
///
/// An honest party is never shown to have done so: what it says after an operator has reopened a sharing is of
/// another era, which is in the label of the attempt, so in its view.
#[derive(Clone, PartialEq, Eq)]
pub struct Contradiction {
    culprit: PartyId,
    said: Said,
    /// The attempt that was acknowledged, and the acknowledgement.
    first: Exhibit,
    ack: Vec<u8>,
    /// The other one: its log has the confirm.
    second: Exhibit,
    /// The acknowledgement of the second, if that is what contradicts.
    other: Option<Vec<u8>>,
}

/// An attempt as it is shown to a judge.
#[derive(Clone, PartialEq, Eq)]
struct Exhibit {
    label: Label,
    era: u16,
    log: Vec<u8>,
}

impl Exhibit {
    fn of<S: Scheme>(held: &Held<S>) -> Self {
        Self { label: held.label, era: held.era, log: held.log.to_bytes() }
    }

    fn open<S: Scheme>(&self, old: &[&PublicKeyPackage<S>]) -> Result<Held<S>, Usage> {
        Held::new(self.label, self.era, read_log(&self.log, old.iter().copied())?)
    }
}

impl Contradiction {
    /// Who said it.
    pub fn culprit(&self) -> PartyId {
        self.culprit
    }

    /// What.
    pub fn said(&self) -> Said {
        self.said
    }

    /// Judges it, as anybody can who has the public package of the sharing that both attempts start from; the packages, if
    /// identities in it have changed in between ([`KeyRecord::set_identity`]).
    ///
    /// # Errors
    /// [`Usage::Malformed`] if it does not show what it says; those of reading the attempts.
    pub fn judge<S: Scheme>(&self, old: &[&PublicKeyPackage<S>]) -> Result<(PartyId, Said), Usage> {
        // 2.4
        let (mut first, mut second) = (self.first.open(old)?, self.second.open(old)?);
        let (id, list) = first.add_ack(&self.ack)?;
        // 3.5: what a lost key has signed is not held against the one that came after it.
        let [a, b] = [&first, &second].map(|held| held.log.plan());
        let of_one = a.old().differs_in_identities_alone(b.old())
            && a.holders().identity(id) == b.holders().identity(id)
            && id == self.culprit;
        let differ = first.log.view() != second.log.view() && of_one;
        let shown = match (&self.other, self.said) {
            (None, Said::FalseList) => {
                second.era <= first.era
                    && second.log.confirms().any(|(id, _)| id == self.culprit)
                    && !list.contains(second.log.view())
            }
            (Some(other), Said::TwoAcks) => second.era == first.era && second.add_ack(other)?.0 == self.culprit,
            _ => false,
        };
        if differ && shown { Ok((self.culprit, self.said)) } else { Err(Usage::Malformed) }
    }

    fn of_step<S: Scheme>(step: &Step<S>, found: Found) -> Option<Self> {
        let (culprit, a, b, said) = match found {
            Found::FalseList(culprit, a, b) => (culprit, a, b, Said::FalseList),
            Found::TwoAcks(culprit, a, b) => (culprit, a, b, Said::TwoAcks),
        };
        let [a, b]: [Option<&Held<S>>; 2] = [a, b].map(|view: View| step.of_view(&view));
        let (a, b) = (a?, b?);
        let other = (said == Said::TwoAcks).then(|| b.acks.get(&culprit).cloned());
        let other = match other {
            Some(ack) => Some(ack?),
            None => None,
        };
        let ack = a.acks.get(&culprit)?.clone();
        Some(Self { culprit, said, first: Exhibit::of(a), ack, second: Exhibit::of(b), other })
    }
}

impl<S: Scheme> KeyRecord<S> {
    /// What parties have signed about the attempts at hand that cannot both be.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let of_step = |step: &Step<S>| {
            let found = step.ledger.contradictions().into_iter();
            found.filter_map(|found| Contradiction::of_step(step, found)).collect::<Vec<_>>()
        };
        self.steps.iter().flat_map(of_step).collect()
    }
}

impl fmt::Debug for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Contradiction({:?} of {:?})", self.said, self.culprit)
    }
}

#[cfg(test)]
impl Contradiction {
    /// The same with one thing changed, each in turn.
    pub(super) fn tampered(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for n in [1, 2] {
            let culprit = PartyId::new(n).unwrap();
            all.push(Self { culprit, ..self.clone() });
        }
        let said = if self.said == Said::FalseList { Said::TwoAcks } else { Said::FalseList };
        all.push(Self { said, ..self.clone() });
        all.push(Self { second: self.first.clone(), ..self.clone() });
        all.push(Self { first: self.second.clone(), ..self.clone() });
        for exhibit in [&self.first, &self.second] {
            let era = Exhibit { era: exhibit.era + 1, ..exhibit.clone() };
            all.push(Self { first: era.clone(), ..self.clone() });
            all.push(Self { second: era, ..self.clone() });
        }
        let mut ack = self.ack.clone();
        ack[120] ^= 1;
        all.push(Self { ack, ..self.clone() });
        all
    }

    /// An accusation of somebody's acknowledgement of `a` and its confirm of `b`, with eras that are claimed.
    pub(super) fn forged<S: Scheme>(culprit: PartyId, a: (&Held<S>, u16), b: (&Held<S>, u16)) -> Self {
        let claim = |(held, era): (&Held<S>, u16)| Exhibit { era, ..Exhibit::of(held) };
        let ack = a.0.acks[&culprit].clone();
        Self { culprit, said: Said::FalseList, first: claim(a), ack, second: claim(b), other: None }
    }
}
