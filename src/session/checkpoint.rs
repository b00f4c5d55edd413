//! Checkpoints: a resumable session as bytes, and back.
//!
//! Until the output is there a checkpoint is the seed and what has come in: all randomness comes from
//! the seed and the transcript, so the resumed session is the same one and sends the same bytes. It
//! also holds the bytes sent, and a resumed session that would send others is refused. Once the output is
//! there, a record of the protocol takes the place of the seed: what is over cannot be drawn again.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::driver::Session;
use super::envelope::{self, Longest};
use super::identity::Identity;
use super::shell::Shell;
use crate::error::Usage;
use crate::party::{Parcel, PartyId, SessionParams, View};
use crate::record::{self, Kind};
use crate::round::Protocol;
use crate::secret::Secret;
use crate::wire::Reader;

const CHECKPOINT: Kind = Kind { tag: 5, version: 1 };
const REPLAY: u8 = 0;
const RECORD: u8 = 1;

impl<P: Protocol> Session<P> {
    /// The session as bytes: secret, to be stored where only this party can read it, before anything that
    /// [`super::Progress::must_persist`] covers leaves.
    ///
    /// # Errors
    /// [`Usage::NotResumable`] for whatever signs, repairs or answers oblivious transfers: a restored copy
    /// of those would sign twice. [`Usage::Over`] when the session is over.
    pub fn checkpoint(&self) -> Result<Zeroizing<Vec<u8>>, Usage> {
        if !P::RESUMABLE {
            return Err(Usage::NotResumable);
        }
        // 6.3
        let (shell, state) = (&self.shell, self.state.as_ref().ok_or(Usage::Over)?);
        // First with zeros in the place of secrets, for the length: a growing buffer would leave copies behind.
        let mut blank = Vec::new();
        match (state.record(), &shell.seed) {
            (Some(record), _) => {
                shell.write_record(&alloc::vec![0; record.len()], &mut blank);
                Ok(record::write(CHECKPOINT, P::NAME, blank.len(), |out| shell.write_record(&record, out)))
            }
            (None, Some(seed)) => {
                shell.write_replay(&[0; 32], &mut blank);
                Ok(record::write(CHECKPOINT, P::NAME, blank.len(), |out| shell.write_replay(seed.expose(), out)))
            }
            (None, None) => Err(Usage::Over),
        }
    }

    /// Takes a session up again: what it has sent so far is to be sent again, and then messages come in
    /// as before. Peers drop what they have; what they sent in the meantime they must send again
    /// ([`Session::sent`]).
    ///
    /// # Errors
    /// [`Usage::Malformed`] and the like for bytes that are no checkpoint, [`Usage::OtherKey`] if
    /// parameters or inputs are not those of the session.
    pub fn resume(
        params: SessionParams,
        identity: &Identity,
        inputs: P::Inputs,
        checkpoint: &[u8],
    ) -> Result<(Self, Vec<Parcel>), Usage> {
        if !P::RESUMABLE {
            return Err(Usage::NotResumable);
        }
        let mut input = record::read(checkpoint, CHECKPOINT, P::NAME)?;
        let base = super::driver::base::<P>(&params, &inputs);
        let stored: [u8; 32] = input.array().ok_or(Usage::Malformed)?;
        if stored != *base.as_bytes() {
            return Err(Usage::OtherKey);
        }
        let phase = input.u8().ok_or(Usage::Malformed)?;
        let mut seed = Secret::new([0; 32]);
        seed.expose_mut().copy_from_slice(input.take(32).ok_or(Usage::Malformed)?);
        let sent = read_parcels(&mut input).ok_or(Usage::Malformed)?;
        let messages = read_list(&mut input).ok_or(Usage::Malformed)?;
        let (mut session, _) = Self::start_from(params, identity, inputs, base, seed)?;
        match phase {
            REPLAY => session.replay(&messages, &sent)?,
            RECORD => session.restore(&mut input, sent, &messages)?,
            _ => return Err(Usage::Malformed),
        }
        input.finish().ok_or(Usage::Malformed)?;
        let sent = session.shell.sent.clone();
        Ok((session, sent))
    }

    fn replay(&mut self, messages: &[&[u8]], sent: &[Parcel]) -> Result<(), Usage> {
        for message in messages {
            // What was an error then is an error now, and no worse.
            let _ = self.receive(message);
        }
        if self.shell.sent == sent && self.state.is_some() { Ok(()) } else { Err(Usage::Malformed) }
    }

    fn restore(&mut self, input: &mut Reader<'_>, sent: Vec<Parcel>, messages: &[&[u8]]) -> Result<(), Usage> {
        let record = self.shell.restore(input, sent, messages).ok_or(Usage::Malformed)?;
        self.state = Some(P::restore(record).ok_or(Usage::Malformed)?);
        Ok(())
    }
}

impl Shell {
    fn write_replay(&self, seed: &[u8; 32], out: &mut Vec<u8>) {
        out.extend_from_slice(self.context.base.as_bytes());
        out.push(REPLAY);
        out.extend_from_slice(seed);
        write_parcels(&self.sent, out);
        let messages: Vec<&[u8]> = self.store.all().map(|message| message.bytes.as_slice()).collect();
        write_list(&messages, out);
    }

    fn write_record(&self, record: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(self.context.base.as_bytes());
        out.push(RECORD);
        out.extend_from_slice(&[0; 32]);
        write_parcels(&self.sent, out);
        // What the others signed in the round that brought the output: keygen's certificate.
        let brought = self.store.all().filter(|message| message.header.round + 1 == self.round);
        write_list(&brought.map(|message| message.bytes.as_slice()).collect::<Vec<_>>(), out);
        out.push(self.round);
        out.extend_from_slice(self.context.view.as_bytes());
        out.extend_from_slice(&self.context.broadcasts);
        write_list(&[record], out);
        let own: Vec<&[u8]> = self.own.get(&self.round).map(Vec::as_slice).into_iter().collect();
        write_list(&own, out);
    }

    /// Takes everything up again but the protocol's state, whose record this gives.
    fn restore<'a>(&mut self, input: &mut Reader<'a>, sent: Vec<Parcel>, messages: &[&[u8]]) -> Option<&'a [u8]> {
        self.round = input.u8()?;
        self.context.round = self.round.checked_sub(1)?;
        self.context.view = View::from_bytes(input.array()?);
        self.context.broadcasts = input.array()?;
        let record = read_list(input)?.into_iter().next()?;
        let own = read_list(input)?;
        self.own = own.first().map(|body| (self.round, body.to_vec())).into_iter().collect();
        (self.seed, self.seal_key, self.sent) = (None, None, sent);
        for message in messages {
            let message = envelope::open(message, self.context.params.parties(), &Longest::any()).ok()?;
            let _ = self.store.keep(message);
        }
        Some(record)
    }
}

fn write_list(items: &[&[u8]], out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(items.len()).unwrap_or(u32::MAX).to_be_bytes());
    for item in items {
        out.extend_from_slice(&u32::try_from(item.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(item);
    }
}

fn read_list<'a>(input: &mut Reader<'a>) -> Option<Vec<&'a [u8]>> {
    let count = input.u32()?;
    // No room is made for a count that nothing stands behind.
    let mut items = Vec::new();
    for _ in 0..count {
        let length = usize::try_from(input.u32()?).ok()?;
        items.push(input.take(length)?);
    }
    Some(items)
}

fn write_parcels(parcels: &[Parcel], out: &mut Vec<u8>) {
    let items: Vec<Vec<u8>> = parcels
        .iter()
        .map(|parcel| [&parcel.to.map_or([0; 2], PartyId::to_bytes)[..], &parcel.bytes].concat())
        .collect();
    write_list(&items.iter().map(Vec::as_slice).collect::<Vec<_>>(), out);
}

fn read_parcels(input: &mut Reader<'_>) -> Option<Vec<Parcel>> {
    let parcel = |item: &[u8]| {
        let mut item = Reader::new(item);
        let to = match item.u16()? {
            0 => None,
            id => Some(PartyId::new(id).ok()?),
        };
        Some(Parcel { to, bytes: item.rest().to_vec() })
    };
    read_list(input)?.into_iter().map(parcel).collect()
}
