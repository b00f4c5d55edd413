//! A refresh or reshare as a session, over the record that keeps what it promises.

use std::sync::{Arc, Mutex};

use cosigil::keygen::record::{Attempt, AttemptStatus, KeyRecord, Moved, State};
use cosigil::{Error, Parcel, PartyId, Progress, Sharing, Usage};
use zeroize::Zeroizing;

use crate::each::Served;
use crate::record::Place;
use crate::running::{Output, Run};

/// A refresh or reshare as a session: it is finished when all holders have acknowledged.
pub(crate) struct Moving<S: Served> {
    attempt: Attempt<S>,
    place: Arc<Mutex<Place>>,
    /// The sharing it starts from.
    from: Sharing,
    /// This party holds a share afterwards.
    stays: bool,
    done: bool,
}

impl<S: Served> Moving<S> {
    pub(crate) fn new(attempt: Attempt<S>, place: Arc<Mutex<Place>>, from: Sharing, stays: bool) -> Self {
        Self { attempt, place, from, stays, done: false }
    }

    fn with<R>(&self, work: impl FnOnce(&KeyRecord<S>) -> R) -> Option<R> {
        let mut place = self.place.lock().ok()?;
        S::record_mut(&mut place.record).map(|record| work(record))
    }
}

impl<S: Served> Run for Moving<S> {
    fn receive(&mut self, bytes: &[u8]) -> core::result::Result<Progress<Output>, Error> {
        let mut place = self.place.lock().map_err(|_| Usage::StoreFailed)?;
        let record = S::record_mut(&mut place.record).ok_or(Usage::OtherSuite)?;
        let Moved { send, news, abort } = self.attempt.receive(record, bytes)?;
        let from = self.from;
        let is_done = |attempt: &AttemptStatus| attempt.from == from && attempt.state == State::Done;
        self.done |= record.status().iter().any(is_done);
        place.news.extend(news);
        drop(place);
        Ok(Progress { send, output: None, must_persist: false, finished: self.is_finished(), abort })
    }
    fn checkpoint(&self) -> core::result::Result<Zeroizing<Vec<u8>>, Usage> {
        Err(Usage::NotResumable) // the record is what is kept
    }
    fn is_resumable(&self) -> bool {
        false
    }
    fn sent(&self) -> Vec<Parcel> {
        let mut sent = self.attempt.sent().cloned().collect::<Vec<_>>();
        if let Ok(mut place) = self.place.lock() {
            let more = S::record_mut(&mut place.record).and_then(|record| record.resend().ok());
            sent.extend(more.into_iter().flatten().filter(|parcel| !sent.contains(parcel)).collect::<Vec<_>>());
        }
        sent
    }
    fn awaiting(&self) -> Vec<PartyId> {
        if !self.attempt.is_finished() {
            return self.attempt.awaiting();
        }
        let last = self.with(|record| record.status().pop().map(|status| status.missing));
        last.flatten().filter(|_| self.stays && !self.done).unwrap_or_default()
    }
    fn conflicts(&self) -> Vec<PartyId> {
        self.attempt.conflicts()
    }
    fn is_finished(&self) -> bool {
        self.done || (!self.stays && self.attempt.is_finished())
    }
    fn is_over(&self) -> bool {
        self.attempt.is_finished()
    }
    fn round(&self) -> u8 {
        self.attempt.round()
    }
}
