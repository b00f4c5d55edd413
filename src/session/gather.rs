//! What came in for a round: opened, compared, given to the protocol.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::envelope::Kind;
use super::seal::{self, Hello};
use super::shell::{Shell, State};
use crate::error::{Abort, Fault};
use crate::party::PartyId;
use crate::round::{self, Channels, Inbox, Received};

impl Shell {
    /// The messages of the round that is over, opened; view and digest of the round.
    pub(super) fn gather(&mut self, state: &dyn State) -> Result<Inbox<Received>, Abort> {
        if self.round == 1 {
            self.meet(state)?;
        }
        // 4.6
        let differ = |id: &PartyId| {
            let kinds = [Kind::Broadcast, Kind::Addressed, Kind::Sealed];
            let mut messages = kinds.into_iter().filter_map(|kind| self.awaited(*id, kind));
            messages.any(|message| message.header.before != self.context.broadcasts)
        };
        if self.round > 1 && self.context.params.peers().any(|id| differ(&id)) {
            return Err(Abort::nobody(Fault::BroadcastsDiffer));
        }
        let mut messages = BTreeMap::new();
        for id in self.context.params.peers() {
            messages.insert(id, self.received(id, state));
        }
        // 2.4
        let digest = round::broadcasts_digest(&self.context.view, self.round, self.broadcasts(state).into_iter());
        self.context.broadcasts = digest;
        self.context.round = self.round;
        Inbox::new(self.context.params.peers(), messages).map_err(|_| Abort::nobody(Fault::BroadcastsDiffer))
    }

    /// All broadcasts of the round now awaited, this party's included, by id.
    pub(super) fn broadcasts(&self, state: &dyn State) -> Vec<(PartyId, &[u8])> {
        // What somebody says unasked is not part of the round.
        let owes = |id| state.awaits(&self.context, id).broadcast;
        let body = |id| match self.own.get(&self.round) {
            Some(own) if id == self.context.params.me() => Some(own.as_slice()),
            _ if !owes(id) => None,
            _ => self.awaited(id, Kind::Broadcast).map(|message| message.body.as_slice()),
        };
        self.context.params.parties().ids().filter_map(|id| body(id).map(|body| (id, body))).collect()
    }

    /// Round 1 is complete: decodes the hellos, checks their proofs, fixes the view.
    fn meet(&mut self, state: &dyn State) -> Result<(), Abort> {
        let length = seal::hello_len(self.traits.channels);
        let mut malformed = Vec::new();
        for id in self.context.params.peers() {
            let body = self.awaited(id, Kind::Broadcast).map(|message| message.body.as_slice()).unwrap_or_default();
            let hello = body.split_at_checked(length).and_then(|(hello, _)| Hello::decode(self.traits.channels, hello));
            match hello {
                Some(hello) => {
                    self.hellos.insert(id, hello);
                }
                None => malformed.push(id),
            }
        }
        Abort::if_any(Fault::Malformed, malformed)?;
        if self.traits.channels == Channels::Accountable {
            let mut rng = self.later(state);
            let hellos = self.hellos.iter().map(|(id, hello)| (*id, hello));
            Abort::if_any(Fault::BadSealKey, seal::without_proof(&self.context.base, hellos, &mut rng))?;
        }
        let own = Hello::decode(self.traits.channels, &self.context.hello);
        let all = self.hellos.values().chain(&own);
        let keys: Vec<&[u8]> = all.filter_map(Hello::key_bytes).collect();
        if keys.iter().collect::<BTreeSet<_>>().len() != keys.len() {
            return Err(Abort::nobody(Fault::SameSealKey));
        }
        self.round1_digests =
            self.broadcasts(state).into_iter().map(|(id, body)| (id, round::round1_digest(body))).collect();
        // 2.3
        let digests = self.round1_digests.iter().map(|(id, digest)| (*id, *digest));
        self.context.view = round::view_of_digests(&self.context.base, digests);
        Ok(())
    }

    /// The parts of one peer's message of this round, opened.
    fn received(&self, id: PartyId, state: &dyn State) -> Received {
        let parts = state.awaits(&self.context, id);
        let body = |wanted: bool, kind| self.awaited(id, kind).filter(|_| wanted).map(|message| message.body.clone());
        let mut broadcast = body(parts.broadcast, Kind::Broadcast);
        let mut hello = Vec::new();
        if let Some(body) = broadcast.as_mut().filter(|_| self.round == 1) {
            hello = body.drain(..seal::hello_len(self.traits.channels).min(body.len())).collect();
        }
        let sealed = self.awaited(id, Kind::Sealed).filter(|_| parts.sealed).map(|message| {
            let shared = self.seal_key.as_ref()?.shared_with(self.hellos.get(&id)?.key()?);
            let way = (id, self.context.params.me());
            shared.unseal(&self.context.view, way, self.round, &message.header.encode(), &message.body)
        });
        Received { broadcast, addressed: body(parts.addressed, Kind::Addressed), sealed, hello }
    }
}
