//! Round 4: our acknowledgement is out; the others' make the key done.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::messages::Ack;
use crate::error::{Abort, Fault};
use crate::key::{KeyShare, Scheme};
use crate::party::{KeyId, Parties, PartyId, Sharing};
use crate::round::Inbox;
use crate::secret::Secret;
use crate::wire::Reader;

/// Fourth round: the share is active, the acknowledgements of all are awaited.
#[derive(Debug)]
pub struct Round4<S: Scheme> {
    me: PartyId,
    holders: Parties,
    names: (KeyId, Sharing),
    transcript: [u8; 32],
    /// The key share's record, so that a crash before it is stored elsewhere loses nothing.
    stored: Secret<Vec<u8>>,
    scheme: core::marker::PhantomData<S>,
}

/// All holders have the key: an address of it may be funded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The key.
    pub key_id: KeyId,
    /// Its sharing.
    pub sharing: Sharing,
}

impl<S: Scheme> Round4<S> {
    pub(super) fn new(transcript: [u8; 32], key: &KeyShare<S>) -> Self {
        let public = key.public();
        Self {
            me: key.me(),
            holders: public.parties().clone(),
            names: (public.key_id(), public.sharing()),
            transcript,
            stored: Secret::new(key.to_bytes().to_vec()),
            scheme: core::marker::PhantomData,
        }
    }

    /// Checks that all acknowledged the same transcript.
    ///
    /// # Errors
    /// Naming nobody, [`Fault::TranscriptsDiffer`]; [`Fault::Malformed`], naming all whose
    /// acknowledgement is missing or lists other attempts. The key share stays active.
    pub fn receive(self, acks: Inbox<Ack>) -> Result<Done, Abort> {
        // 5.1
        let wrong = |id: &PartyId| acks.get(*id).is_none_or(|ack| !ack.attempts.is_empty());
        Abort::if_any(Fault::Malformed, self.holders.peers(self.me).filter(wrong))?;
        if acks.iter().any(|(_, ack)| ack.transcript != self.transcript) {
            return Err(Abort::nobody(Fault::TranscriptsDiffer));
        }
        let (key_id, sharing) = self.names;
        Ok(Done { key_id, sharing })
    }

    /// The key share once more, for a session that was taken up again.
    pub fn key_share(&self) -> Option<KeyShare<S>> {
        KeyShare::from_bytes(self.stored.expose()).ok()
    }

    pub(super) fn duplicate(&self) -> Self {
        Self { holders: self.holders.clone(), stored: Secret::new(self.stored.expose().clone()), ..*self }
    }

    pub(super) fn holds(&self, id: PartyId) -> bool {
        self.holders.contains(id)
    }

    /// T 32 ‖ the key share's record: no polynomial, no seed, nothing received.
    pub(super) fn record(&self) -> Zeroizing<Vec<u8>> {
        let stored = self.stored.expose();
        let mut out = Zeroizing::new(Vec::with_capacity(32 + stored.len()));
        out.extend_from_slice(&self.transcript);
        out.extend_from_slice(stored);
        out
    }

    pub(super) fn restore(record: &[u8]) -> Option<Self> {
        let mut input = Reader::new(record);
        let transcript = input.array()?;
        let key = KeyShare::from_bytes(input.rest()).ok()?;
        let public = key.public();
        let sharing = super::deal::sharing(public.key_id(), public.number(), &transcript);
        (sharing == public.sharing()).then(|| Self::new(transcript, &key))
    }
}
