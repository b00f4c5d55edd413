//! What goes out of a round: signed, sealed, addressed.

use alloc::vec::Vec;

use super::envelope::{Header, Kind};
use super::shell::Shell;
use crate::party::{Parcel, PartyId};
use crate::round::{self, Outgoing};

impl Shell {
    /// Signs and seals what goes out for the round now awaited.
    pub(super) fn pack(&mut self, outgoing: Outgoing) -> Vec<Parcel> {
        let mut parcels = Vec::new();
        // 3.1
        let mut before = self.context.broadcasts;
        if let Some(body) = outgoing.broadcast {
            let body = if self.round == 1 { [self.context.hello.as_slice(), &body].concat() } else { body };
            parcels.push(self.parcel(Kind::Broadcast, None, before, &body));
            if self.round == 1 {
                before = round::round1_digest(&body);
            }
            self.own.insert(self.round, body);
        }
        for (to, body) in outgoing.addressed {
            parcels.push(self.parcel(Kind::Addressed, Some(to), before, &body));
        }
        for (to, body) in outgoing.sealed {
            let header = self.header(Kind::Sealed, Some(to), before);
            let shared = || Some(self.seal_key.as_ref()?.shared_with(self.hellos.get(&to)?.key()?));
            let way = (self.context.params.me(), to);
            let sealed = shared().and_then(|s| s.seal(&self.context.view, way, self.round, &header.encode(), &body));
            if let Some(body) = sealed {
                parcels.push(Parcel { to: Some(to), bytes: self.seal_up(&header, &body) });
            }
        }
        parcels
    }

    pub(super) fn parcel(&self, kind: Kind, to: Option<PartyId>, before: [u8; 32], body: &[u8]) -> Parcel {
        let bytes = self.seal_up(&self.header(kind, to, before), body);
        Parcel { to, bytes }
    }

    fn header(&self, kind: Kind, recipient: Option<PartyId>, before: [u8; 32]) -> Header {
        let (key_id, sharing) = Header::key_fields(&self.key);
        Header {
            kind,
            round: self.round,
            sender: self.context.params.me(),
            recipient,
            protocol: self.traits.name.as_bytes().to_vec(),
            key_id,
            sharing,
            context: *self.context_of(self.round),
            before,
        }
    }
}
