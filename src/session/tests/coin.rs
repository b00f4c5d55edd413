//! A small protocol with every kind of part, for tests of the session alone: a coin is tossed.
//!
//! 1 commit (broadcast), greet (addressed) · 2 open (broadcast), a hash of the value for each (sealed) · 3 confirm.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use rand_core::Rng;
use zeroize::Zeroizing;

use crate::error::{Abort, Fault, Usage};
use crate::party::PartyId;
use crate::round::{Case, Channels, Context, Inbox, KeyRef, Outgoing, Parts, Protocol, Received, Step, Stop};
use crate::transcript::{Transcript, TranscriptRng};

#[derive(Debug)]
pub(in crate::session) enum Coin {
    Committed { value: [u8; 32] },
    Opened { commitments: BTreeMap<PartyId, Vec<u8>>, value: [u8; 32] },
    Confirming { values: BTreeMap<PartyId, Vec<u8>>, coin: [u8; 32] },
}

fn commitment(id: PartyId, value: &[u8]) -> Vec<u8> {
    Transcript::new("coin-commitment").party(id).field(value).digest().to_vec()
}

pub(super) fn for_one(value: &[u8], to: PartyId) -> Vec<u8> {
    Transcript::new("coin-for-one").field(value).party(to).digest().to_vec()
}

impl Protocol for Coin {
    const NAME: &'static str = "coin";
    const CHANNELS: Channels = Channels::Accountable;
    const RESUMABLE: bool = true;
    type Inputs = u8;
    type Output = [u8; 32];

    fn key(_: &u8) -> KeyRef {
        KeyRef::default()
    }

    fn absorb(inputs: &u8, base: Transcript) -> Transcript {
        base.field(&[*inputs])
    }

    fn hedge(_: &u8, seed: Transcript) -> Transcript {
        seed
    }

    fn start(_: u8, context: &Context, rng: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage> {
        let mut value = [0; 32];
        rng.fill_bytes(&mut value);
        let mut outgoing = Outgoing::broadcast(commitment(context.params.me(), &value));
        outgoing.addressed = context.params.peers().map(|id| (id, b"hello".to_vec())).collect();
        Ok((Coin::Committed { value }, outgoing))
    }

    fn awaits(&self, _: &Context, _: PartyId) -> Parts {
        match self {
            Coin::Committed { .. } => Parts::BROADCAST_AND_ADDRESSED,
            Coin::Opened { .. } => Parts::BROADCAST_AND_SEALED,
            Coin::Confirming { .. } => Parts::BROADCAST,
        }
    }

    fn receive(self, context: &Context, inbox: Inbox<Received>, _: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        match self {
            Coin::Committed { value } => {
                let commitments = inbox.try_map(Fault::Malformed, |_, m| m.broadcast.filter(|c| c.len() == 32))?;
                let mut outgoing = Outgoing::broadcast(value.to_vec());
                let seal = |id| (id, Zeroizing::new(for_one(&value, id)));
                outgoing.sealed = context.params.peers().map(seal).collect();
                let commitments = commitments.into_iter().collect();
                Ok(Step { next: Some(Coin::Opened { commitments, value }), outgoing, output: None })
            }
            Coin::Opened { commitments, value } => {
                let opens = |id: PartyId, value: &Vec<u8>| commitments.get(&id) == Some(&commitment(id, value));
                let mut sealed = BTreeMap::new();
                let values = inbox.try_map(Fault::BadOpening, |id, m| {
                    sealed.insert(id, m.sealed.flatten());
                    m.broadcast.filter(|value| opens(id, value))
                })?;
                let mut values: BTreeMap<_, _> = values.into_iter().collect();
                let me = context.params.me();
                let right = |id: &PartyId| sealed[id].as_ref().is_some_and(|s| **s == for_one(&values[id], me));
                let wrong: Vec<PartyId> = values.keys().copied().filter(|id| !right(id)).collect();
                if !wrong.is_empty() {
                    return Err(Stop::Complain(wrong));
                }
                values.insert(me, value.to_vec());
                let coin = values.values().fold(Transcript::new("coin"), |t, v| t.field(v)).digest();
                let outgoing = Outgoing::broadcast(coin.to_vec());
                Ok(Step { next: Some(Coin::Confirming { values, coin }), outgoing, output: None })
            }
            Coin::Confirming { coin, .. } => {
                let differ = inbox.iter().any(|(_, m)| m.broadcast.as_deref() != Some(&coin));
                if differ {
                    return Err(Abort::nobody(Fault::TranscriptsDiffer).into());
                }
                Ok(Step { next: None, outgoing: Outgoing::nothing(), output: Some(coin) })
            }
        }
    }

    fn sealed_part_is_right(&self, from: PartyId, to: PartyId, opened: Option<&[u8]>) -> bool {
        match self {
            Coin::Confirming { values, .. } => opened == Some(&for_one(&values[&from], to)),
            _ => false,
        }
    }

    fn judge(case: &Case<'_>, _: &u8) -> Option<Fault> {
        let (_, commitment_sent) = case.round1.get(&case.culprit)?;
        let value = case.broadcasts.get(&(2, case.culprit))?;
        (commitment(case.culprit, value) != *commitment_sent).then_some(Fault::BadOpening)
    }

    fn judge_sealed_part(
        case: &Case<'_>,
        _: &u8,
        (from, to): (PartyId, PartyId),
        opened: Option<&[u8]>,
    ) -> Option<bool> {
        let value = case.broadcasts.get(&(2, from))?;
        Some(opened == Some(&for_one(value, to)))
    }

    fn has_promised(&self) -> bool {
        matches!(self, Coin::Confirming { .. })
    }

    fn promise(&self) -> Option<Self> {
        match self {
            Coin::Confirming { values, coin } => Some(Coin::Confirming { values: values.clone(), coin: *coin }),
            _ => None,
        }
    }
}

/// The coin in a protocol without complaints: nobody is accused there.
#[derive(Debug)]
pub(super) struct Quiet(Coin);

impl Protocol for Quiet {
    const NAME: &'static str = "quiet";
    const CHANNELS: Channels = Channels::Sealed;
    const RESUMABLE: bool = true;
    type Inputs = u8;
    type Output = [u8; 32];

    fn key(_: &u8) -> KeyRef {
        KeyRef::default()
    }

    fn absorb(inputs: &u8, base: Transcript) -> Transcript {
        Coin::absorb(inputs, base)
    }

    fn hedge(_: &u8, seed: Transcript) -> Transcript {
        seed
    }

    fn start(inputs: u8, context: &Context, rng: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage> {
        Coin::start(inputs, context, rng).map(|(coin, outgoing)| (Self(coin), outgoing))
    }

    fn awaits(&self, context: &Context, from: PartyId) -> Parts {
        self.0.awaits(context, from)
    }

    fn receive(self, context: &Context, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        let step = self.0.receive(context, inbox, rng)?;
        Ok(Step { next: step.next.map(Self), outgoing: step.outgoing, output: step.output })
    }
}
