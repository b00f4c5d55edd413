//! What both parties of a setup know, and what ends it.

use alloc::sync::Arc;
use core::fmt;

use super::messages::{Confirm, ZeroPart};
use crate::ecdsa::burn::{BurnLog, Peer, STRIKES};
use crate::ecdsa::pairs::Pair;
use crate::error::{Abort, Fault};
use crate::mul::zero_share::ZeroSeed;
use crate::ot::base;
use crate::ot::extension::Context;
use crate::ot::pprf::{Direction, Leaves, PuncturedLeaves};
use crate::party::{Base, PairId, PartyId, Sharing, View};
use crate::secret::Secret;
use crate::transcript::Transcript;
use crate::wire::SecretBytes;

/// Who sets up what with whom, and where failures are recorded.
#[derive(Clone)]
pub struct Terms {
    /// This party.
    pub me: PartyId,
    /// The other one.
    pub peer: Peer,
    /// The sharing that the pair is for.
    pub sharing: Sharing,
    /// The digest of everything both must agree on beforehand.
    pub base: Base,
    /// The log of this installation.
    pub log: Arc<dyn BurnLog>,
}

impl fmt::Debug for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Terms({:?} with {:?})", self.me, self.peer.id)
    }
}

impl Terms {
    /// Whether this party has the lower id: it holds Δ in direction 1.
    pub fn is_lower(&self) -> bool {
        self.me < self.peer.id
    }

    pub(super) fn lower(&self) -> PartyId {
        self.me.min(self.peer.id)
    }

    pub(super) fn higher(&self) -> PartyId {
        self.me.max(self.peer.id)
    }

    /// The base OTs of direction 1; the nonce is the lower id's.
    pub(super) fn run(&self, receiver_nonce: [u8; 32]) -> base::Run {
        base::Run { base: self.base, receiver: self.lower(), sender: self.higher(), receiver_nonce }
    }

    /// Direction 1: the lower id holds Δ.
    pub(super) fn first(&self, view: View) -> Direction {
        Direction { view, sender: self.lower(), receiver: self.higher() }
    }

    /// Direction 2: the higher id holds Δ.
    pub(super) fn second(&self, view: View) -> Direction {
        Direction { view, sender: self.higher(), receiver: self.lower() }
    }

    /// The extension over direction 1, which serves nothing but direction 2.
    pub(super) fn context(&self, view: &View) -> Context {
        Context::setup(view, self.higher(), self.lower())
    }

    /// A check failed: the peer has learned a wrong guess, and gets a strike before it learns anything.
    pub(super) fn strike(&self) -> Abort {
        let recorded = self.log.strike(&self.peer).is_ok();
        Abort::strike(Fault::SetupFailed, self.peer.id, recorded)
    }

    /// Asked after a passed check and before the peer learns of it: setups that run at the same time
    /// give no more tries than one after the other.
    pub(super) fn check_standing(&self) -> Result<(), Abort> {
        match self.log.strikes(&self.peer) {
            Ok(strikes) if strikes.open() < STRIKES => Ok(()),
            Ok(_) => Err(Abort::nobody(Fault::OutOfStrikes)),
            Err(_) => Err(Abort::nobody(Fault::LogFailed)),
        }
    }

    pub(super) fn blame(&self, fault: Fault) -> Abort {
        Abort::of(fault, [self.peer.id])
    }

    /// The peer's flight 4: the pair becomes active, or is thrown away.
    pub(super) fn complete(&self, pair: &Pair, ours: &Confirm, theirs: &Confirm) -> Result<(), Abort> {
        if ours.digest != theirs.digest {
            pair.throw_away();
            return Err(Abort::nobody(Fault::TranscriptsDiffer));
        }
        pair.activate();
        pair.check()
    }

    /// The pair that is there after flights 2 and 3, pending, and what confirms it.
    pub(super) fn finish(
        &self,
        transcript: &Flights<'_>,
        sender: PuncturedLeaves,
        receiver: Leaves,
    ) -> (Arc<Pair>, Confirm) {
        let digest = transcript.digest(self);
        let pair_id = Transcript::new("pair-id")
            .field(self.peer.key_id.as_bytes())
            .field(self.sharing.as_bytes())
            .party(self.lower())
            .party(self.higher())
            .field(&digest)
            .digest();
        let [lower, higher] = transcript.zeros.map(|zero| &zero.part.0);
        let seed = ZeroSeed::agree(&PairId::from_bytes(pair_id), lower, higher);
        let pair = Pair::new((self.peer, self.sharing, self.me), seed, sender, receiver);
        (Arc::new(pair), Confirm { digest: Transcript::new("setup-confirm").field(&digest).digest() })
    }
}

/// The transcript of a setup: the view, flights 2 and 3 as encoded, and their private parts.
pub(super) struct Flights<'a> {
    pub(super) view: &'a View,
    pub(super) second: &'a [u8],
    pub(super) third: &'a [u8],
    /// What the lower and what the higher id sent.
    pub(super) zeros: [&'a ZeroPart; 2],
}

impl Flights<'_> {
    /// The private parts enter by a hash: they are 32 random bytes, and the digest is no secret.
    fn digest(&self, terms: &Terms) -> [u8; 32] {
        let [lower, higher] = self.zeros;
        let hidden = |of: PartyId, zero: &ZeroPart| {
            let hash = Transcript::new("setup-zero").field(self.view.as_bytes()).party(of);
            hash.field(zero.part.0.expose()).digest()
        };
        Transcript::new("setup-transcript")
            .field(self.view.as_bytes())
            .field(self.second)
            .field(&hidden(terms.higher(), higher))
            .field(self.third)
            .field(&hidden(terms.lower(), lower))
            .digest()
    }
}

/// 32 random bytes, this party's part of the zero seed, and the same again for the peer.
pub(super) fn zero_part(rng: &mut impl rand_core::CryptoRng) -> [ZeroPart; 2] {
    let mut ours = Secret::new([0; 32]);
    rng.fill_bytes(ours.expose_mut());
    let theirs = Secret::new(*ours.expose());
    [ours, theirs].map(|part| ZeroPart { part: SecretBytes(part) })
}
