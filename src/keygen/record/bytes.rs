//! The stored form of the record.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::KeyRecord;
use super::learn::read_held;
use super::ledger::HARD_BOUND;
use super::step::{MAX_FORMER, Step};
use crate::error::Usage;
use crate::key::{KeyShare, KeyStore, PublicKeyPackage, Scheme};
use crate::keygen::certificate::Pending;
use crate::party::{PartyId, PublicIdentity, Sharing, View};
use crate::record::{self, Kind};
use crate::session::Identity;
use crate::wire::Reader;

pub(super) const RECORD: Kind = Kind { tag: 8, version: 1 };

/// Pieces of a record, each wiped when dropped; their lengths are known before they are put together.
#[derive(Default)]
pub(super) struct Parts(Vec<Zeroizing<Vec<u8>>>);

impl Parts {
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.push(Zeroizing::new(bytes.to_vec()));
    }

    pub(super) fn count8(&mut self, count: usize) {
        self.bytes(&[u8::try_from(count).unwrap_or(u8::MAX)]);
    }

    pub(super) fn count16(&mut self, count: usize) {
        self.bytes(&u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
    }

    /// Length 4 ‖ bytes.
    pub(super) fn framed(&mut self, bytes: &[u8]) {
        self.bytes(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.bytes(bytes);
    }

    /// 0, or 1 ‖ length 4 ‖ bytes.
    fn option(&mut self, bytes: Option<&[u8]>) {
        self.count8(usize::from(bytes.is_some()));
        bytes.into_iter().for_each(|bytes| self.framed(bytes));
    }

    pub(super) fn size(&self) -> usize {
        self.0.iter().map(|part| part.len()).sum()
    }

    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        self.0.iter().for_each(|part| out.extend_from_slice(part));
    }
}

pub(super) fn read_framed<'a>(input: &mut Reader<'a>) -> Option<&'a [u8]> {
    let length = usize::try_from(input.u32()?).ok()?;
    input.take(length)
}

fn read_flag(input: &mut Reader<'_>) -> Option<bool> {
    input.u8().filter(|flag| *flag <= 1).map(|flag| flag == 1)
}

fn read_option<'a>(input: &mut Reader<'a>) -> Option<Option<&'a [u8]>> {
    if read_flag(input)? { read_framed(input).map(Some) } else { Some(None) }
}

impl<S: Scheme> KeyRecord<S> {
    /// 1.1: generation 8 ‖ me 2 ‖ exported 1 ‖ sharing in use 32 ‖ count 1 × sharing that is being retired 32 ‖ count 1 ×
    /// step.
    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut parts = Parts::default();
        parts.bytes(&self.generation.to_be_bytes());
        parts.bytes(&self.me.to_bytes());
        parts.count8(usize::from(self.exported));
        parts.bytes(self.current.as_bytes());
        parts.count8(self.retiring.len());
        self.retiring.iter().for_each(|sharing| parts.bytes(sharing.as_bytes()));
        parts.count8(self.steps.len());
        self.steps.iter().for_each(|step| step.write(&mut parts));
        record::write(RECORD, S::NAME, parts.size(), |out| parts.append_to(out))
    }

    /// Reads what [`Self::to_bytes`] gave. All that was signed is checked again.
    pub(super) fn from_bytes(bytes: &[u8], store: Arc<dyn KeyStore>, identity: &Identity) -> Result<Self, Usage> {
        let malformed = Usage::Malformed;
        let mut input = record::read(bytes, RECORD, S::NAME)?;
        let generation = u64::from_be_bytes(input.array().ok_or(malformed)?);
        let me = PartyId::new(input.u16().ok_or(malformed)?)?;
        let exported = read_flag(&mut input).ok_or(malformed)?;
        let current = Sharing::from_bytes(input.array().ok_or(malformed)?);
        let count = input.u8().ok_or(malformed)?;
        let retiring = (0..count).map(|_| input.array().map(Sharing::from_bytes)).collect::<Option<BTreeSet<_>>>();
        let count = input.u8().filter(|count| usize::from(*count) <= HARD_BOUND).ok_or(malformed)?;
        let steps =
            (0..count).map(|_| Step::read(&mut input, (me, identity.public()))).collect::<Result<Vec<_>, Usage>>()?;
        input.finish().ok_or(malformed)?;
        let one_key =
            steps.iter().all(|step| steps.first().is_some_and(|first| first.old.key_id() == step.old.key_id()));
        if !one_key || !steps.iter().any(|step| step.sharing() == current) {
            return Err(malformed);
        }
        Ok(Self {
            store,
            dependents: Vec::new(),
            identity: identity.handle(),
            me,
            generation,
            current,
            exported,
            steps,
            retiring: retiring.ok_or(malformed)?,
            poisoned: false,
        })
    }
}

impl<S: Scheme> Step<S> {
    /// package, framed ‖ count 1 × package of before, framed ‖ share or none ‖ era 2 ‖ count 1 × (attempt ‖ its era 2 ‖ discarded 1 ‖ pending or none) ‖
    /// count 1 × view that was acknowledged 32 ‖ retired 1 ‖ the attempt that retired it, or none.
    fn write(&self, parts: &mut Parts) {
        parts.framed(&self.old.to_bytes());
        parts.count8(self.former.len());
        self.former.iter().for_each(|former| parts.framed(&former.to_bytes()));
        let share = self.share.as_ref().map(|share| share.to_bytes());
        parts.option(share.as_ref().map(|bytes| bytes.as_slice()));
        parts.bytes(&self.ledger.era.to_be_bytes());
        parts.count8(self.held.len());
        for held in &self.held {
            held.write(parts);
            parts.count8(usize::from(self.ledger.get(held.log.view()).is_some_and(|entry| entry.discarded)));
            let pending = held.pending.as_ref().map(Pending::to_bytes);
            parts.option(pending.as_ref().map(|bytes| bytes.as_slice()));
        }
        parts.count8(self.ledger.acked.len());
        self.ledger.acked.iter().for_each(|view| parts.bytes(view.as_bytes()));
        parts.count8(usize::from(self.ledger.retired));
        parts.count8(usize::from(self.retirement.is_some()));
        self.retirement.iter().for_each(|held| held.write(parts));
    }

    fn read(input: &mut Reader<'_>, own: (PartyId, PublicIdentity)) -> Result<Self, Usage> {
        let (malformed, (me, _)) = (Usage::Malformed, own);
        let old = PublicKeyPackage::from_bytes(read_framed(input).ok_or(malformed)?)?;
        let count = input.u8().filter(|count| usize::from(*count) <= MAX_FORMER).ok_or(malformed)?;
        let mut former = Vec::new();
        for _ in 0..count {
            let package = PublicKeyPackage::<S>::from_bytes(read_framed(input).ok_or(malformed)?)?;
            if !old.differs_in_identities_alone(&package) {
                return Err(malformed);
            }
            former.push(package);
        }
        let share = read_option(input).ok_or(malformed)?.map(KeyShare::from_bytes).transpose()?;
        if share.as_ref().is_some_and(|share| share.me() != me || *share.public() != old) {
            return Err(malformed);
        }
        let mut step = Self { former, ..Self::new(own, old, share.map(Arc::new)) };
        let era = input.u16().ok_or(malformed)?;
        let count = input.u8().filter(|count| usize::from(*count) <= HARD_BOUND).ok_or(malformed)?;
        for _ in 0..count {
            step.read_attempt(input)?;
        }
        step.ledger.era = era;
        let count = input.u8().ok_or(malformed)?;
        let acked = (0..count).map(|_| input.array().map(View::from_bytes)).collect::<Option<Vec<_>>>();
        step.ledger.acked = acked.ok_or(malformed)?;
        step.ledger.retired = read_flag(input).ok_or(malformed)?;
        if read_flag(input).ok_or(malformed)? {
            step.retirement = Some(read_held(input, &step)?);
        }
        if step.ledger.acked.iter().any(|view| step.of_view(view).is_none_or(|held| !held.acks.contains_key(&me))) {
            return Err(malformed);
        }
        Ok(step)
    }

    fn read_attempt(&mut self, input: &mut Reader<'_>) -> Result<(), Usage> {
        let mut held = read_held(input, self)?;
        let view = *held.log.view();
        let discarded = read_flag(input).ok_or(Usage::Malformed)?;
        if let Some(bytes) = read_option(input).ok_or(Usage::Malformed)? {
            let pending = Pending::from_bytes(bytes)?;
            if pending.public() != held.log.public() || pending.me() != self.ledger.me {
                return Err(Usage::Malformed);
            }
            held.pending = Some(pending);
        }
        let holders = held.holders();
        if self.ledger.get(&view).is_some() || !holders.contains(self.ledger.me) {
            return Err(Usage::Malformed);
        }
        self.ledger.put(view, held.era, holders, discarded);
        self.hold(held);
        Ok(())
    }
}
