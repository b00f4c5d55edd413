//! The network: one relay between the servers, that nobody has to trust. It sees every byte, loses some messages,
//! delivers others twice, and keeps no order.

use std::collections::BTreeMap;

use cosigil::round::Protocol;
use cosigil::{Abort, Error, Parcel, PartyId, Session, SessionParams};
use rand_core::Rng;

use crate::coins::Result;

/// What is under way, and what was seen.
pub struct Relay<R: Rng> {
    rng: R,
    under_way: Vec<(PartyId, Vec<u8>)>,
    /// Every byte that was ever posted.
    pub seen: Vec<u8>,
    pub messages: usize,
    pub lost: usize,
}

/// How a run of a protocol ended at one server.
pub type Outcome<O> = std::result::Result<O, Abort>;

impl<R: Rng> Relay<R> {
    pub fn new(rng: R) -> Self {
        Self { rng, under_way: Vec::new(), seen: Vec::new(), messages: 0, lost: 0 }
    }

    fn post(&mut self, params: &SessionParams, parcels: &[Parcel]) {
        for parcel in parcels {
            self.seen.extend_from_slice(&parcel.bytes);
            for to in params.peers().filter(|peer| parcel.to.is_none_or(|to| to == *peer)) {
                self.messages += 1;
                match self.rng.next_u32() % 10 {
                    0 | 1 => self.lost += 1,
                    2 => self.under_way.extend([(to, parcel.bytes.clone()), (to, parcel.bytes.clone())]),
                    _ => self.under_way.push((to, parcel.bytes.clone())),
                }
            }
        }
    }

    fn next(&mut self) -> Option<(PartyId, Vec<u8>)> {
        if self.under_way.is_empty() {
            return None;
        }
        let any = self.rng.next_u32() as usize % self.under_way.len();
        Some(self.under_way.swap_remove(any))
    }

    /// Runs one session at each server until all have finished. `persist` is called before anything leaves that the
    /// protocol wants stored first.
    pub fn run<P: Protocol>(
        &mut self,
        started: Vec<(Session<P>, Vec<Parcel>)>,
        mut persist: impl FnMut(&Session<P>) -> Result<()>,
    ) -> Result<BTreeMap<PartyId, Outcome<P::Output>>> {
        let mut sessions = BTreeMap::new();
        let mut outcomes = BTreeMap::new();
        for (session, first) in started {
            persist(&session)?;
            self.post(session.params(), &first);
            sessions.insert(session.params().me(), session);
        }
        while sessions.values().any(|session| !session.is_finished()) {
            let Some((to, bytes)) = self.next() else {
                self.send_again(&sessions);
                continue;
            };
            let Some(session) = sessions.get_mut(&to) else { continue };
            match session.receive(&bytes) {
                Ok(progress) => {
                    if progress.must_persist {
                        persist(session)?;
                    }
                    self.post(session.params(), &progress.send);
                    if let Some(output) = progress.output {
                        outcomes.insert(to, Ok(output));
                    } else if let Some(abort) = progress.abort {
                        outcomes.insert(to, Err(abort));
                    }
                }
                Err(Error::Abort(abort)) => {
                    self.post(session.params(), abort.to_send());
                    outcomes.insert(to, Err(abort));
                    if outcomes.len() == sessions.len() {
                        break; // who waits for an acknowledgement after an abort waits in vain
                    }
                }
                Err(_) => {} // not for this session: it lives on
            }
        }
        self.under_way.clear();
        Ok(outcomes)
    }

    /// Nothing is under way: whoever is awaited by somebody sends again what it has sent.
    fn send_again<P: Protocol>(&mut self, sessions: &BTreeMap<PartyId, Session<P>>) {
        let awaited: Vec<PartyId> = sessions.values().flat_map(|session| session.awaiting()).collect();
        for (id, session) in sessions {
            if awaited.contains(id) {
                self.post(session.params(), session.sent());
            }
        }
    }
}
