//! The list of everybody's nonce commitments: who signs, with which nonces.

use alloc::vec::Vec;

use super::nonces::{NonceCommitments, Nonces};
use super::suite::Suite;
use super::{NO_SHAPE, read_record, write_record};
use crate::curve::{encode_scalar, x_coordinate};
use crate::error::Usage;
use crate::key::{KeyShare, PublicKeyPackage};
use crate::party::PartyId;
use crate::record::Kind;
use crate::wire::{Reader, Wire};

const LIST: Kind = Kind { tag: 17, version: 1 };

/// The signers of one signature with their commitments, by ascending id, nobody twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitmentList<S: Suite>(Vec<(PartyId, NonceCommitments<S>)>);

impl<S: Suite> CommitmentList<S> {
    /// The list of these signers' commitments, in any order.
    ///
    /// # Errors
    /// [`Usage::DuplicateParty`]; [`Usage::TooMany`] for more entries than there are party ids.
    pub fn new(entries: impl IntoIterator<Item = (PartyId, NonceCommitments<S>)>) -> Result<Self, Usage> {
        let mut list = Vec::new();
        for entry in entries {
            if list.len() == usize::from(u16::MAX) {
                return Err(Usage::TooMany);
            }
            list.push(entry);
        }
        list.sort_by_key(|(id, _)| *id);
        let doubled = list.iter().zip(list.iter().skip(1)).find(|(a, b)| a.0 == b.0);
        doubled.map_or(Ok(()), |(a, _)| Err(Usage::DuplicateParty(a.0)))?;
        Ok(Self(list))
    }

    pub(super) fn from_map(entries: alloc::collections::BTreeMap<PartyId, NonceCommitments<S>>) -> Self {
        Self(entries.into_iter().collect())
    }

    /// The signers, ascending.
    pub fn signers(&self) -> impl ExactSizeIterator<Item = PartyId> + '_ {
        self.0.iter().map(|(id, _)| *id)
    }

    /// The commitments of a signer.
    pub fn get(&self, signer: PartyId) -> Option<&NonceCommitments<S>> {
        self.position(signer).and_then(|position| self.0.get(position)).map(|(_, commitments)| commitments)
    }

    /// The entries, by ascending id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (PartyId, &NonceCommitments<S>)> + '_ {
        self.0.iter().map(|(id, commitments)| (*id, commitments))
    }

    /// How many signers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn position(&self, signer: PartyId) -> Option<usize> {
        self.0.binary_search_by_key(&signer, |(id, _)| *id).ok()
    }

    /// Whether these signers may sign under this key: t ≤ number ≤ n, all of them holders of shares.
    pub(super) fn check_signers(&self, public: &PublicKeyPackage<S>) -> Result<(), Usage> {
        check_signers(public, self.0.len(), self.signers())
    }

    /// The `encode_group_commitment_list` of RFC 9591: id as scalar ‖ D ‖ E for each signer.
    pub(super) fn rfc_encoding(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len() * (32 + NonceCommitments::<S>::size(&NO_SHAPE)));
        for (id, commitments) in &self.0 {
            out.extend_from_slice(&rfc_id::<S>(*id));
            commitments.write(&mut out);
        }
        out
    }

    /// The form for sending, with a header that names the suite: see `docs/frost.md` 6.
    pub fn to_bytes(&self) -> Vec<u8> {
        let entry = 2 + NonceCommitments::<S>::size(&NO_SHAPE);
        write_record::<S>(LIST, 2 + self.0.len() * entry, |out| {
            out.extend_from_slice(&u16::try_from(self.0.len()).unwrap_or(u16::MAX).to_be_bytes());
            for (id, commitments) in &self.0 {
                out.extend_from_slice(&id.to_bytes());
                commitments.write(out);
            }
        })
    }

    /// Reads what [`Self::to_bytes`] wrote, for this key: a set of signers that may not sign under it is
    /// refused before any point is decoded.
    ///
    /// # Errors
    /// [`Usage::Malformed`], [`Usage::UnknownVersion`], [`Usage::OtherSuite`],
    /// [`Usage::WrongNumberOfSigners`], [`Usage::UnknownParty`].
    pub fn from_bytes(bytes: &[u8], public: &PublicKeyPackage<S>) -> Result<Self, Usage> {
        read_record::<S, Self>(bytes, LIST, |input| Self::read(input, public, None))
    }

    /// [`Self::from_bytes`] for a signer whose nonces are in the list: its own points are compared, not
    /// decoded, which for two signers halves the work.
    ///
    /// # Errors
    /// As [`Self::from_bytes`]. A list without these nonces is for [`sign`](super::sign()) to refuse.
    pub fn from_bytes_for_signer(bytes: &[u8], key_share: &KeyShare<S>, nonces: &Nonces<S>) -> Result<Self, Usage> {
        let own = Some((key_share.me(), nonces.commitments()));
        read_record::<S, Self>(bytes, LIST, |input| Self::read(input, key_share.public(), own))
    }

    fn read(
        input: &mut Reader<'_>,
        public: &PublicKeyPackage<S>,
        own: Option<(PartyId, &NonceCommitments<S>)>,
    ) -> Result<Self, Usage> {
        let count = usize::from(input.u16().ok_or(Usage::Malformed)?);
        let size = NonceCommitments::<S>::size(&NO_SHAPE);
        let body = input.take(count * (2 + size)).ok_or(Usage::Malformed)?;
        let mut ids = Vec::with_capacity(count);
        for entry in body.chunks_exact(2 + size) {
            let id = PartyId::new(Reader::new(entry).u16().ok_or(Usage::Malformed)?)?;
            if ids.last().is_some_and(|last| *last >= id) {
                return Err(Usage::Malformed);
            }
            ids.push(id);
        }
        check_signers(public, count, ids.iter().copied())?;
        let entries = ids.into_iter().zip(body.chunks_exact(2 + size)).map(|(id, entry)| {
            let encoding = entry.split_at_checked(2).map_or(&[][..], |(_, encoding)| encoding);
            let ours = own.filter(|(me, commitments)| *me == id && commitments.encode(&NO_SHAPE) == encoding);
            let decoded = ours.map(|(_, commitments)| *commitments);
            let decoded = decoded.or_else(|| NonceCommitments::decode(encoding, &NO_SHAPE));
            Ok((id, decoded.ok_or(Usage::Malformed)?))
        });
        entries.collect::<Result<_, _>>().map(Self)
    }
}

/// t ≤ number ≤ n, all of them holders of shares that may sign: no curve operation.
pub(super) fn check_signers<S: Suite>(
    public: &PublicKeyPackage<S>,
    count: usize,
    mut signers: impl Iterator<Item = PartyId>,
) -> Result<(), Usage> {
    public.check_refreshed()?;
    if count < public.threshold().get().into() || count > public.parties().len() {
        return Err(Usage::WrongNumberOfSigners);
    }
    signers.find(|id| !public.parties().contains(*id)).map_or(Ok(()), |id| Err(Usage::UnknownParty(id)))
}

/// The identifier of RFC 9591: the id as a scalar.
pub(super) fn rfc_id<S: Suite>(id: PartyId) -> [u8; 32] {
    encode_scalar::<S::Curve>(x_coordinate::<S::Curve>(id).value())
}
