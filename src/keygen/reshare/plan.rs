//! What all parties of an attempt agree on beforehand, checked.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use group::Group;

use crate::curve::{Curve, msm_vartime};
use crate::error::Usage;
use crate::key::{PublicKeyPackage, Scheme, read_parties, write_parties};
use crate::keygen::deal::{Old, Terms};
use crate::party::{Base, KeyId, Label, Parties, PartyId, SessionParams, Sharing, Threshold};
use crate::record::{self, Kind};
use crate::sharing::lagrange_at_zero;
use crate::transcript::Transcript;
use crate::wire::Reader;

const PLAN: Kind = Kind { tag: 13, version: 1 };

/// Who deals which sharing of a key to whom: the checked inputs of a refresh or reshare.
///
/// All parties must make the same plan, each from what its own operator tells it: whoever has another one
/// is foreign to the others, and no message changes it.
///
/// # Security
/// Who deals, and under which identity keys, stands in the package of the old sharing. Whoever has none of its own
/// (a newcomer) must know the right package, or its [digest](PublicKeyPackage::digest), from its own operator, who
/// has it from the others' operators over a channel they trust. **Never from a peer**: one could make up another
/// key, with dealers that are all its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Plan<S: Scheme> {
    old: PublicKeyPackage<S>,
    /// D, ascending.
    dealers: Vec<PartyId>,
    /// N.
    holders: Parties,
    /// t'.
    threshold: Threshold,
}

impl<S: Scheme> Plan<S> {
    /// New shares for the same parties with the same threshold. All of them take part.
    ///
    /// # Errors
    /// [`Usage::MissingIdentity`]; [`Usage::InvalidThreshold`] for an exported key; [`Usage::Identity`] if a
    /// dealer's share is 0, and [`Usage::TooMany`] after 2^32 sharings, which both do not happen.
    pub fn refresh(old: &PublicKeyPackage<S>) -> Result<Self, Usage> {
        let dealers = old.parties().ids().collect();
        Self { old: old.clone(), dealers, holders: old.parties().clone(), threshold: old.threshold() }
            .checked()?
            .shared()
    }

    /// New shares for these holders, t' of whom are needed afterwards, dealt by at least t of the old ones.
    ///
    /// Who keeps its place keeps its id and its identity key. A party that is not among the dealers may come
    /// back under a new identity key (it lost its share, or its machine). The id of a former party must never
    /// go to another one, in any later sharing: the plan sees to that for the old sharing, the operators for
    /// those before.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`] for a dealer who has no share, [`Usage::DuplicateParty`],
    /// [`Usage::WrongNumberOfSigners`] for fewer than t dealers; [`Usage::InvalidThreshold`] unless
    /// 2 ≤ t' ≤ number of holders; [`Usage::MissingIdentity`], [`Usage::DuplicateIdentity`],
    /// [`Usage::OtherIdentity`] for a dealer who would get another identity key; [`Usage::RefreshFirst`] for an
    /// imported key; and those of [`Self::refresh`].
    pub fn reshare(
        old: &PublicKeyPackage<S>,
        dealers: impl IntoIterator<Item = PartyId>,
        holders: Parties,
        threshold: Threshold,
    ) -> Result<Self, Usage> {
        Self::any(old, dealers, holders, threshold)?.shared()
    }

    /// A plan with any thresholds: those of import and export too.
    pub(crate) fn any(
        old: &PublicKeyPackage<S>,
        dealers: impl IntoIterator<Item = PartyId>,
        holders: Parties,
        threshold: Threshold,
    ) -> Result<Self, Usage> {
        let dealers = old.parties().subset(dealers)?.ids().collect();
        Self { old: old.clone(), dealers, holders, threshold }.checked()
    }

    /// No party alone has the key, before or afterwards.
    fn shared(self) -> Result<Self, Usage> {
        if self.is_hazardous() { Err(Usage::InvalidThreshold) } else { Ok(self) }
    }

    /// Whether one party alone has the key before or afterwards.
    pub(crate) fn is_hazardous(&self) -> bool {
        self.threshold == Threshold::ONE || self.old.threshold() == Threshold::ONE
    }

    fn checked(self) -> Result<Self, Usage> {
        let Self { old, dealers, holders, threshold } = &self;
        // 1.1
        if let Some(id) = dealers.iter().find(|id| !old.parties().contains(**id)) {
            return Err(Usage::UnknownParty(*id));
        }
        if dealers.len() < usize::from(old.threshold().get()) {
            return Err(Usage::WrongNumberOfSigners);
        }
        // 1.2
        if usize::from(threshold.get()) > holders.len() {
            return Err(Usage::InvalidThreshold);
        }
        for (id, identity) in holders.iter() {
            let identity = identity.ok_or(Usage::MissingIdentity(id))?;
            // 1.3
            if dealers.binary_search(&id).is_ok() && old.parties().identity(id) != Some(&identity) {
                return Err(Usage::OtherIdentity);
            }
            let is_anothers = |(of, known): (PartyId, _)| of != id && known == Some(identity);
            if old.parties().iter().any(is_anothers) {
                return Err(Usage::DuplicateIdentity(id));
            }
        }
        let is_refresh = self.dealers.iter().copied().eq(old.parties().ids())
            && holders == old.parties()
            && *threshold == old.threshold();
        // 1.4
        if old.is_dealt() && !is_refresh {
            return Err(Usage::RefreshFirst);
        }
        old.number().checked_add(1).ok_or(Usage::TooMany)?;
        if self.constants()?.values().any(|constant| constant.is_identity().into()) {
            return Err(Usage::Identity);
        }
        self.parties()?;
        Ok(self)
    }

    /// The public package of the old sharing.
    pub fn old(&self) -> &PublicKeyPackage<S> {
        &self.old
    }

    /// Who deals, in ascending order.
    pub fn dealers(&self) -> &[PartyId] {
        &self.dealers
    }

    /// Who holds a share afterwards.
    pub fn holders(&self) -> &Parties {
        &self.holders
    }

    /// How many of them are needed afterwards.
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// The parameters of the session: dealers and holders take part. The label is the caller's, the same for
    /// all, fresh for each attempt.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`] for a party that neither deals nor holds.
    pub fn params(&self, label: Label, me: PartyId) -> Result<SessionParams, Usage> {
        SessionParams::new(label, me, self.threshold, self.parties()?)
    }

    /// D ∪ N.
    pub(crate) fn parties(&self) -> Result<Parties, Usage> {
        let leavers = self.dealers.iter().filter(|id| !self.holders.contains(**id));
        let leavers =
            leavers.map(|id| Ok((*id, *self.old.parties().identity(*id).ok_or(Usage::MissingIdentity(*id))?)));
        let mut all = leavers.collect::<Result<Vec<_>, Usage>>()?;
        all.extend(self.holders.iter().filter_map(|(id, identity)| Some((id, identity?))));
        Parties::new(all)
    }

    /// Y_i = λ_i·S_i for every dealer.
    fn constants(&self) -> Result<BTreeMap<PartyId, <S::Curve as Curve>::Point>, Usage> {
        let lambdas = lagrange_at_zero::<S::Curve>(&self.dealers).ok_or(Usage::WrongNumberOfSigners)?;
        let one = |(id, lambda): (&PartyId, _)| {
            Ok((*id, msm_vartime::<S::Curve>(&[(lambda, self.old.verifying_share(*id)?)])))
        };
        self.dealers.iter().zip(lambdas).map(one).collect()
    }

    /// The terms of the dealing.
    pub(in crate::keygen) fn terms(&self, me: PartyId, base: Base) -> Result<Terms<S>, Usage> {
        let old = Old {
            key_id: self.old.key_id(),
            chain_code_digest: *self.old.chain_code_digest(),
            constants: self.constants()?,
        };
        Ok(Terms {
            me,
            base,
            dealers: self.dealers.clone(),
            holders: self.holders.clone(),
            threshold: self.threshold,
            number: self.old.number().checked_add(1).ok_or(Usage::TooMany)?,
            dealt: self.is_hazardous(),
            strikes: Vec::new(),
            old: Some(old),
        })
    }

    /// Adds everything to the base.
    pub(super) fn absorb(&self, base: Transcript) -> Transcript {
        let holders = self.holders.iter().map(|(id, identity)| {
            let identity = identity.map_or([0; 32], |identity| *identity.as_bytes());
            [&id.to_bytes()[..], &identity].concat()
        });
        // 1.5
        base.field(&self.old.digest())
            .number(u64::from(self.old.number()) + 1)
            .number(self.threshold.get().into())
            .list(self.dealers.iter().map(|id| id.to_bytes()))
            .list(holders.collect::<Vec<_>>().into_iter())
    }

    /// The stored form: see `docs/formats.md`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let size = self.old.size() + 2 + 2 * self.dealers.len() + 2 + 2 + 34 * self.holders.len();
        let bytes = record::write(PLAN, S::NAME, size, |out| {
            self.old.write(out);
            out.extend_from_slice(&u16::try_from(self.dealers.len()).unwrap_or(u16::MAX).to_be_bytes());
            self.dealers.iter().for_each(|id| out.extend_from_slice(&id.to_bytes()));
            out.extend_from_slice(&self.threshold.get().to_be_bytes());
            write_parties(&self.holders, out);
        });
        bytes.to_vec()
    }

    /// Reads the stored form. It is checked as a new plan is; whether it is what the operator wants is not.
    ///
    /// # Errors
    /// [`Usage::Malformed`], [`Usage::UnknownVersion`], [`Usage::OtherSuite`], and those of [`Self::reshare`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        Self::any_from_bytes(bytes)?.shared()
    }

    /// Reads any plan, those of import and export too.
    pub(crate) fn any_from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        Self::read(bytes)?.checked()
    }

    /// Reads a plan for the sharing with this package, whose bytes are compared before any of them is decoded.
    ///
    /// # Errors
    /// [`Usage::OtherKey`], [`Usage::OtherSharing`], and those of [`Self::reshare`].
    pub(crate) fn of_known(bytes: &[u8], known: &PublicKeyPackage<S>) -> Result<Self, Usage> {
        let body = record::read(bytes, PLAN, S::NAME)?.rest();
        let mut encoded = Vec::with_capacity(known.size());
        known.write(&mut encoded);
        if !body.starts_with(&encoded) {
            let mut names = Reader::new(body);
            let (key_id, sharing) = names.array().zip(names.array()).ok_or(Usage::Malformed)?;
            let theirs = Sharing::from_bytes(sharing);
            let is_other = KeyId::from_bytes(key_id) == known.key_id() && theirs != known.sharing();
            return Err(if is_other { Usage::OtherSharing { ours: known.sharing(), theirs } } else { Usage::OtherKey });
        }
        Self::read(bytes)?.checked()
    }

    /// The package of the sharing that the plan in these bytes starts from, as they say.
    pub(super) fn old_of(bytes: &[u8]) -> Result<PublicKeyPackage<S>, Usage> {
        PublicKeyPackage::read_any(&mut record::read(bytes, PLAN, S::NAME)?)
    }

    /// Whether the plan starts from the sharing with this package.
    pub(super) fn check_old(&self, known: &PublicKeyPackage<S>) -> Result<(), Usage> {
        if known.key_id() == self.old.key_id() && known.sharing() != self.old.sharing() {
            return Err(Usage::OtherSharing { ours: known.sharing(), theirs: self.old.sharing() });
        }
        if *known == self.old { Ok(()) } else { Err(Usage::OtherKey) }
    }

    fn read(bytes: &[u8]) -> Result<Self, Usage> {
        let mut input = record::read(bytes, PLAN, S::NAME)?;
        let old = PublicKeyPackage::read_any(&mut input)?;
        let dealers = read_ids(&mut input).ok_or(Usage::Malformed)?;
        let threshold = match input.u16().ok_or(Usage::Malformed)? {
            1 => Threshold::ONE,
            t => Threshold::new(t)?,
        };
        let holders = read_parties(&mut input)?;
        input.finish().ok_or(Usage::Malformed)?;
        Ok(Self { old, dealers, holders, threshold })
    }
}

/// Reads ids, in strictly ascending order.
fn read_ids(input: &mut Reader<'_>) -> Option<Vec<PartyId>> {
    let count = usize::from(input.u16()?);
    let mut entries = Reader::new(input.take(2 * count)?);
    let ids: Option<Vec<PartyId>> = (0..count).map(|_| PartyId::new(entries.u16()?).ok()).collect();
    ids.filter(|ids| ids.is_sorted_by(|one, next| one < next))
}

impl<S: Scheme> fmt::Debug for Plan<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (t, n) = (self.threshold.get(), self.holders.len());
        write!(f, "Plan({:?} by {:?}, to {t} of {n})", self.old, self.dealers)
    }
}
