//! What has come in: a few messages for each place, and what is taken of them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::envelope::{Kind, Message};
use crate::party::PartyId;

/// How many messages with different contexts are kept for one place. More push out the oldest, so a
/// flood of replays costs this much memory and no more.
const KEPT: usize = 4;

/// Messages by round, sender and kind.
#[derive(Debug, Default)]
pub(super) struct Store(BTreeMap<(u8, PartyId, Kind), Vec<Message>>);

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is new.
    New,
    /// It is there already, byte for byte, or the first of its place was another (round 1).
    Repeated,
    /// There is another message of the same sender for the same place.
    Contradicts(Vec<u8>),
}

impl Store {
    /// Keeps a message, unless its place is taken.
    pub(super) fn keep(&mut self, message: Message) -> Kept {
        let header = &message.header;
        let kept = self.0.entry((header.round, header.sender, header.kind)).or_default();
        for other in kept.iter() {
            if other.header == message.header && other.body == message.body {
                return Kept::Repeated;
            }
            // In round 1 an addressed part belongs to one broadcast, so others of its context may come.
            let same_place = other.is_in_the_place_of(&message);
            if same_place && header.round > 1 {
                return Kept::Contradicts(other.bytes.clone());
            }
            // 4.3
            if same_place && header.kind == Kind::Broadcast {
                return Kept::Repeated;
            }
        }
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(message);
        Kept::New
    }

    /// The first message of that place in that context that fits.
    pub(super) fn find(
        &self,
        round: u8,
        sender: PartyId,
        kind: Kind,
        context: &[u8; 32],
        fits: impl Fn(&Message) -> bool,
    ) -> Option<&Message> {
        let kept = self.0.get(&(round, sender, kind))?;
        kept.iter().find(|message| message.header.context == *context && fits(message))
    }

    /// Forgets all messages under other views, now that there is one: who sent them.
    pub(super) fn forget_other_views(&mut self, view: &[u8; 32]) -> Vec<PartyId> {
        let mut others = Vec::new();
        for ((_, sender, _), kept) in self.0.iter_mut().filter(|((round, ..), _)| *round > 1) {
            let before = kept.len();
            kept.retain(|message| message.header.context == *view);
            if kept.len() < before {
                others.push(*sender);
            }
        }
        others
    }

    /// Forgets the messages of a round that ended in an abort a promise survives: others may come for it.
    pub(super) fn forget_round(&mut self, round: u8, senders: &[PartyId]) {
        self.0.retain(|(of, sender, _), _| *of != round || !(senders.is_empty() || senders.contains(sender)));
    }

    /// All messages, by round, sender and kind.
    pub(super) fn all(&self) -> impl Iterator<Item = &Message> {
        self.0.values().flatten()
    }
}
