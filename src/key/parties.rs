//! The stored form of a set of parties.

use alloc::vec::Vec;

use crate::error::Usage;
use crate::party::{Parties, PartyId, PublicIdentity};
use crate::wire::Reader;

/// Identity key of a party that has none.
const NO_IDENTITY: [u8; 32] = [0; 32];

/// Writes a set of parties: n 2 ‖ n × (id 2, identity 32).
pub(crate) fn write_parties(parties: &Parties, out: &mut Vec<u8>) {
    out.extend_from_slice(&u16::try_from(parties.len()).unwrap_or(u16::MAX).to_be_bytes());
    for (id, identity) in parties.iter() {
        out.extend_from_slice(&id.to_bytes());
        out.extend_from_slice(identity.as_ref().map_or(&NO_IDENTITY, PublicIdentity::as_bytes).as_slice());
    }
}

/// Reads a set of parties, in strictly ascending order.
pub(crate) fn read_parties(input: &mut Reader<'_>) -> Result<Parties, Usage> {
    let count = input.u16().ok_or(Usage::Malformed)?;
    let bytes = input.take(usize::from(count) * 34).ok_or(Usage::Malformed)?;
    let mut parties = Vec::with_capacity(count.into());
    let mut last = 0;
    let mut entries = Reader::new(bytes);
    for _ in 0..count {
        let id = entries.u16().filter(|id| *id > last).ok_or(Usage::Malformed)?;
        last = id;
        let identity = match entries.array().ok_or(Usage::Malformed)? {
            NO_IDENTITY => None,
            key => Some(PublicIdentity::from_bytes(&key)?),
        };
        parties.push((PartyId::new(id)?, identity));
    }
    Parties::collect(parties)
}
