//! Who takes part, in what: party ids, thresholds, names of keys and sessions, and the checked
//! parameters of a session.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU16;

use ed25519_dalek::VerifyingKey;

use crate::error::Usage;

/// The id of a party, 1 to 65535: the x-coordinate of its share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartyId(NonZeroU16);

impl PartyId {
    /// The party with this number.
    ///
    /// # Errors
    /// [`Usage::InvalidPartyId`] for 0, the place of the secret itself.
    pub const fn new(id: u16) -> Result<Self, Usage> {
        match NonZeroU16::new(id) {
            Some(id) => Ok(Self(id)),
            None => Err(Usage::InvalidPartyId),
        }
    }

    /// The number, never 0.
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    /// Two bytes, big-endian: the form in every message and hash.
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.get().to_be_bytes()
    }
}

impl TryFrom<u16> for PartyId {
    type Error = Usage;
    fn try_from(id: u16) -> Result<Self, Usage> {
        Self::new(id)
    }
}

impl fmt::Display for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{}", self.0)
    }
}

/// How many parties are needed to sign, t: at least 2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Threshold(NonZeroU16);

impl Threshold {
    /// One party alone: no sharing at all. Import and export begin or end with it, nothing else may.
    pub(crate) const ONE: Self = Self(NonZeroU16::MIN);

    /// A threshold of `t` parties.
    ///
    /// # Errors
    /// [`Usage::InvalidThreshold`] below 2: with 1 every party would hold the whole key.
    pub const fn new(t: u16) -> Result<Self, Usage> {
        match NonZeroU16::new(t) {
            Some(t) if t.get() >= 2 => Ok(Self(t)),
            _ => Err(Usage::InvalidThreshold),
        }
    }

    /// The number of parties needed.
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

/// 32 bytes with a meaning: names and digests.
macro_rules! name32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The name made of these bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

name32! {
    /// The caller's name for a session: 32 bytes that all its parties use, fresh for each session.
    ///
    /// Safety does not rest on its freshness (every party adds a nonce of its own); that a session is
    /// told apart from its retries does.
    Label
}
name32! {
    /// The digest of all inputs of a session. It heads the messages of round 1.
    Base
}
name32! {
    /// The digest of the base and of everybody's round 1. It heads all messages from round 2 on.
    View
}
name32! {
    /// Names a key, for its whole life.
    KeyId
}
name32! {
    /// Names one sharing of a key; a refresh or reshare makes another.
    Sharing
}
name32! {
    /// Names one setup of one pair of parties.
    PairId
}

/// A party's public identity: an Ed25519 key, of prime order and canonical.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicIdentity(VerifyingKey);

impl PublicIdentity {
    /// Decodes an identity key.
    ///
    /// # Errors
    /// [`Usage::InvalidIdentity`] if it is not canonical, or not in the prime-order group.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Usage> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| Usage::InvalidIdentity)?;
        let point = key.to_edwards();
        let canonical = point.compress().as_bytes() == bytes;
        if canonical && point.is_torsion_free() && !key.is_weak() { Ok(Self(key)) } else { Err(Usage::InvalidIdentity) }
    }

    /// The public side of an identity.
    pub(crate) fn of(identity: &ed25519_dalek::SigningKey) -> Self {
        Self(identity.verifying_key())
    }

    /// The 32 bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The key itself.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.0
    }
}

impl fmt::Debug for PublicIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicIdentity(")?;
        self.as_bytes().iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// A set of parties with their identity keys, in ascending order of ids.
///
/// No id and no identity key is there twice. No message ever changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties(BTreeMap<PartyId, Option<PublicIdentity>>);

impl Parties {
    /// The set of these parties.
    ///
    /// # Errors
    /// [`Usage::DuplicateParty`], [`Usage::DuplicateIdentity`].
    pub fn new(parties: impl IntoIterator<Item = (PartyId, PublicIdentity)>) -> Result<Self, Usage> {
        Self::collect(parties.into_iter().map(|(id, identity)| (id, Some(identity))))
    }

    /// A set of ids alone, for those who bring channels of their own. It cannot open a [`Session`].
    ///
    /// # Errors
    /// [`Usage::DuplicateParty`].
    ///
    /// [`Session`]: crate::session::Session
    pub fn without_identities(ids: impl IntoIterator<Item = PartyId>) -> Result<Self, Usage> {
        Self::collect(ids.into_iter().map(|id| (id, None)))
    }

    pub(crate) fn collect(parties: impl IntoIterator<Item = (PartyId, Option<PublicIdentity>)>) -> Result<Self, Usage> {
        let mut map = BTreeMap::new();
        let mut keys = alloc::collections::BTreeSet::new();
        for (id, identity) in parties {
            if identity.is_some_and(|identity| !keys.insert(*identity.as_bytes())) {
                return Err(Usage::DuplicateIdentity(id));
            }
            if map.insert(id, identity).is_some() {
                return Err(Usage::DuplicateParty(id));
            }
        }
        Ok(Self(map))
    }

    /// The ids, ascending.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = PartyId> + '_ {
        self.0.keys().copied()
    }

    /// The ids but this one, ascending.
    pub fn peers(&self, me: PartyId) -> impl Iterator<Item = PartyId> + '_ {
        self.ids().filter(move |id| *id != me)
    }

    /// The ids with their identity keys, ascending.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (PartyId, Option<PublicIdentity>)> + '_ {
        self.0.iter().map(|(id, identity)| (*id, *identity))
    }

    /// The identity key of a party, if it is in the set and has one.
    pub fn identity(&self, id: PartyId) -> Option<&PublicIdentity> {
        self.0.get(&id)?.as_ref()
    }

    /// Whether the party is in the set.
    pub fn contains(&self, id: PartyId) -> bool {
        self.0.contains_key(&id)
    }

    /// How many parties there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same set with another identity key for one of the parties.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`], [`Usage::DuplicateIdentity`] if it is the key of another one.
    pub fn with_identity(&self, id: PartyId, identity: PublicIdentity) -> Result<Self, Usage> {
        if !self.contains(id) {
            return Err(Usage::UnknownParty(id));
        }
        let others = self.iter().filter(|(of, _)| *of != id);
        Self::collect(others.chain([(id, Some(identity))]))
    }

    /// The subset with these ids.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`], [`Usage::DuplicateParty`].
    pub fn subset(&self, ids: impl IntoIterator<Item = PartyId>) -> Result<Self, Usage> {
        let mut subset = BTreeMap::new();
        for id in ids {
            let identity = self.0.get(&id).ok_or(Usage::UnknownParty(id))?;
            if subset.insert(id, *identity).is_some() {
                return Err(Usage::DuplicateParty(id));
            }
        }
        Ok(Self(subset))
    }
}

/// The parameters of a session: this party, all parties, the threshold, the caller's label. Checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionParams {
    label: Label,
    me: PartyId,
    parties: Parties,
    threshold: Threshold,
}

impl SessionParams {
    /// Checks and bundles the parameters.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`] if `me` is not among the parties, [`Usage::InvalidThreshold`] if the
    /// threshold is larger than their number.
    pub fn new(label: Label, me: PartyId, threshold: Threshold, parties: Parties) -> Result<Self, Usage> {
        if !parties.contains(me) {
            return Err(Usage::UnknownParty(me));
        }
        if usize::from(threshold.get()) > parties.len() {
            return Err(Usage::InvalidThreshold);
        }
        Ok(Self { label, me, parties, threshold })
    }

    /// The caller's name for the session.
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// This party.
    pub fn me(&self) -> PartyId {
        self.me
    }

    /// All parties, this one included.
    pub fn parties(&self) -> &Parties {
        &self.parties
    }

    /// All parties but this one, ascending.
    pub fn peers(&self) -> impl Iterator<Item = PartyId> + '_ {
        self.parties.peers(self.me)
    }

    /// The threshold t.
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }
}

/// Signed bytes on their way, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The one party they are for; `None`: the same bytes to all others.
    pub to: Option<PartyId>,
    /// What to deliver, over any channel; nobody but the recipients can read sealed parts.
    pub bytes: Vec<u8>,
}
