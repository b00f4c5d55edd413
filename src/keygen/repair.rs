//! Repair of a lost share: any t others give a party its share back, and learn nothing.
//!
//! s_r = Σ_{i∈H} μ_i·s_i for the helpers H, μ_i = λ_i^H(r). Each helper splits its term at random among all
//! helpers, each adds up what it got, and the sums add up to s_r at the party r that lost it. The key, the
//! sharing and every other share stay what they are. `docs/repair.md` numbers the steps that the code cites.
//!
//! A repair gives a share to whoever holds the identity key that the helpers' operators supplied for r: it is
//! a decision of people, not a service. It is for loss; after a theft, refresh.
//!
//! Source: Stinson, Wei, "Combinatorial repairability for threshold schemes" and the repairable scheme of
//! Laing and Stinson it starts from (eprint 2017/1155). Where we differ:
//! - every part δ_{i,j} is committed to by a point, so that whoever lies is named, by a complaint where only
//!   its victim can see it;
//! - r proves at the end that it has its share.
//!
//! [`Repair`] is for a [`Session`](crate::session::Session). The rounds are public for those who read the papers, or
//! have channels of their own: [`start`], then [`HelperRound1`] to [`HelperRound3`] and [`RecipientRound1`] to
//! [`RecipientRound3`].
//!
//! # Examples
//! Party 2 of a 2-of-3 key lost its share; parties 1 and 3 help, in one process.
//!
//! ```
//! use std::collections::{BTreeMap, VecDeque};
//!
//! use cosigil::frost::Ed25519Sha512;
//! use cosigil::keygen::repair::{Inputs, Lost, Repair, Repaired};
//! use cosigil::{Identity, Label, Parties, PartyId, Session, Threshold, hazmat};
//! # use cosigil::{Transcript, curve};
//! # let mut rng = Transcript::new("repair-example").rng();
//! # let secret = curve::random_scalar::<curve::Ed25519>(&mut rng);
//! let [one, two, three] = [PartyId::new(1)?, PartyId::new(2)?, PartyId::new(3)?];
//! let mut identities = BTreeMap::new();
//! for id in [one, two, three] {
//!     identities.insert(id, Identity::generate(&mut rng)?);
//! }
//! let parties = Parties::new(identities.iter().map(|(id, identity)| (*id, identity.public())))?;
//! // Key generation gives each party its share; here a dealer stands in for it.
//! let shares = hazmat::split::<Ed25519Sha512>(&secret, Threshold::new(2)?, &parties, &mut rng)?;
//!
//! // What the operators have agreed on: of which key who gets its share back, under which identity, with whose help.
//! let package = shares[0].public();
//! let expected = package.digest(); // read out by the operators of the helpers
//! let lost = Lost { id: two, identity: identities[&two].public() };
//! let inputs = [
//!     (one, Inputs::helper(&shares[0], lost, &[one, three])?),
//!     (two, Inputs::recipient(package, &expected, lost, &[one, three])?),
//!     (three, Inputs::helper(&shares[2], lost, &[one, three])?),
//! ];
//! let (mut sessions, mut queue) = (Vec::new(), VecDeque::new());
//! for (me, inputs) in inputs {
//!     let params = inputs.params(Label::from_bytes([7; 32]))?;
//!     let (session, first) = Session::<Repair<Ed25519Sha512>>::start(params, &identities[&me], inputs, &mut rng)?;
//!     queue.extend(first.into_iter().map(|parcel| (me, parcel)));
//!     sessions.push((me, session));
//! }
//! let mut repaired = None;
//! while let Some((from, parcel)) = queue.pop_front() {
//!     for (me, session) in sessions.iter_mut().filter(|(me, _)| *me != from) {
//!         if parcel.to.is_none_or(|to| to == *me) {
//!             let progress = session.receive(&parcel.bytes)?;
//!             if let Some(Repaired::Share(share)) = progress.output {
//!                 repaired = Some(share); // store it before `send` leaves
//!             }
//!             queue.extend(progress.send.into_iter().map(|parcel| (*me, parcel)));
//!         }
//!     }
//! }
//! assert_eq!(repaired.map(|share| share.to_bytes()), Some(shares[1].to_bytes()));
//! # Ok::<(), cosigil::Error>(())
//! ```

mod helper;
mod judge;
mod messages;
mod protocol;
mod recipient;
mod rows;

use alloc::vec::Vec;
use core::fmt;

pub use self::helper::{HelperRound1, HelperRound2, HelperRound3};
pub use self::messages::{Confirm, Dealt, Delta, Row, Sum};
pub use self::protocol::{Repair, Repaired};
pub use self::recipient::{RecipientRound1, RecipientRound2, RecipientRound3};
pub use self::rows::Rows;

use crate::curve::{Curve, PublicScalar, Scalar, x_coordinate};
use crate::error::Usage;
use crate::key::{KeyShare, PublicKeyPackage, Scheme};
use crate::party::{Label, Parties, PartyId, PublicIdentity, SessionParams};
use crate::secret::Secret;
use crate::sharing::lagrange_at;
use crate::wire::Shape;

/// Who lost its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The party.
    pub id: PartyId,
    /// Its identity key, as this party's operator supplied it: the one it had, or a new one.
    pub identity: PublicIdentity,
}

/// Whose share is repaired, for which identity, by whom. Public, the same at all parties.
#[derive(Clone)]
pub struct Plan<S: Scheme> {
    /// With the identity key of r as supplied.
    package: PublicKeyPackage<S>,
    lost: PartyId,
    /// H, with μ_i and μ_i·S_i, ascending.
    helpers: Vec<Helper<S::Curve>>,
}

/// One helper, and what its share counts for.
#[derive(Clone, Debug)]
struct Helper<C: Curve> {
    id: PartyId,
    weight: PublicScalar<C>,
    image: C::Point,
}

impl<S: Scheme> Plan<S> {
    /// Checks who is to help whom.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`] for an id, lost or helping, that holds no share of this key: a repair makes no new
    /// share. [`Usage::DuplicateParty`] if a party is to help itself, or twice. [`Usage::TooFewHelpers`] for fewer
    /// than t. [`Usage::DuplicateIdentity`] if the identity supplied is another party's. [`Usage::RefreshFirst`] for a
    /// sharing that one machine has dealt.
    pub fn new(package: &PublicKeyPackage<S>, lost: Lost, helpers: &[PartyId]) -> Result<Self, Usage> {
        package.check_refreshed()?;
        let package = package.with_identity(lost.id, lost.identity)?;
        // 1.1
        let ids: Vec<PartyId> = package.parties().subset(helpers.iter().copied())?.ids().collect();
        if ids.contains(&lost.id) {
            return Err(Usage::DuplicateParty(lost.id));
        }
        if ids.len() < usize::from(package.threshold().get()) {
            return Err(Usage::TooFewHelpers);
        }
        // 1.2
        let weights = lagrange_at::<S::Curve>(x_coordinate(lost.id), &ids).ok_or(Usage::TooFewHelpers)?;
        let helper = |(id, weight): (PartyId, PublicScalar<S::Curve>)| {
            let image = S::Curve::msm_vartime(&[(weight, package.verifying_share(id)?)]);
            Ok(Helper { id, weight, image })
        };
        let helpers = ids.into_iter().zip(weights).map(helper).collect::<Result<_, Usage>>()?;
        Ok(Self { package, lost: lost.id, helpers })
    }

    /// The public package with the identity key of the party that lost its share as it was supplied.
    pub fn package(&self) -> &PublicKeyPackage<S> {
        &self.package
    }

    /// The party that lost its share.
    pub fn lost(&self) -> PartyId {
        self.lost
    }

    /// The helpers, ascending.
    pub fn helpers(&self) -> impl ExactSizeIterator<Item = PartyId> + '_ {
        self.helpers.iter().map(|helper| helper.id)
    }

    /// All who take part, with their identities.
    fn parties(&self) -> Result<Parties, Usage> {
        self.package.parties().subset(self.helpers().chain([self.lost]))
    }

    fn helps(&self, id: PartyId) -> bool {
        self.helper(id).is_some()
    }

    fn helper(&self, id: PartyId) -> Option<&Helper<S::Curve>> {
        self.helpers.iter().find(|helper| helper.id == id)
    }

    /// The place of a helper's part in every row.
    fn place(&self, id: PartyId) -> Option<usize> {
        self.helpers().position(|helper| helper == id)
    }

    fn shape(&self) -> Shape {
        Shape { threshold: self.package.threshold().get().into(), parties: self.helpers.len(), batch: 1 }
    }
}

impl<S: Scheme> fmt::Debug for Plan<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plan(share of {:?} by {:?}, {:?})", self.lost, self.helpers().collect::<Vec<_>>(), self.package)
    }
}

/// What a party brings to a repair: the plan, and as a helper its part of the lost share.
pub struct Inputs<S: Scheme> {
    plan: Plan<S>,
    me: PartyId,
    part: Option<Part<S::Curve>>,
}

/// What a helper has: μ_i·s_i and cc.
struct Part<C: Curve> {
    weighted: Secret<Scalar<C>>,
    chain_code: Secret<[u8; 32]>,
}

impl<S: Scheme> Inputs<S> {
    /// For a helper. `lost` and `helpers` are what its operator has decided.
    ///
    /// # Errors
    /// Those of [`Plan::new`], and [`Usage::UnknownParty`] if this party is not among the helpers.
    pub fn helper(share: &KeyShare<S>, lost: Lost, helpers: &[PartyId]) -> Result<Self, Usage> {
        let (plan, me) = (Plan::new(share.public(), lost, helpers)?, share.me());
        let weight = plan.helper(me).ok_or(Usage::UnknownParty(me))?.weight;
        let weighted = Secret::new(*share.secret().expose() * weight.value());
        let chain_code = Secret::new(*share.chain_code().expose());
        Ok(Self { plan, me, part: Some(Part { weighted, chain_code }) })
    }

    /// For the party that lost its share. `expected` is the [digest](PublicKeyPackage::digest) of the public package, **as
    /// its own operator knows it**: from its records or a backup, or from the helpers' operators.
    ///
    /// # Security
    /// The package may come from anybody then, a helper too; the digest never from one. The package says who the
    /// helpers are: whoever chooses it can play them all, with a key of its own.
    ///
    /// # Errors
    /// [`Usage::OtherKey`] if the package is another one, and those of [`Plan::new`].
    pub fn recipient(
        package: &PublicKeyPackage<S>,
        expected: &[u8; 32],
        lost: Lost,
        helpers: &[PartyId],
    ) -> Result<Self, Usage> {
        if package.digest() != *expected {
            return Err(Usage::OtherKey);
        }
        Ok(Self { plan: Plan::new(package, lost, helpers)?, me: lost.id, part: None })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan<S> {
        &self.plan
    }

    /// The parameters of the session: helpers and recipient with their identities, t of the key.
    ///
    /// # Errors
    /// None that a valid plan can cause.
    pub fn params(&self, label: Label) -> Result<SessionParams, Usage> {
        SessionParams::new(label, self.me, self.plan.package.threshold(), self.plan.parties()?)
    }
}

impl<S: Scheme> fmt::Debug for Inputs<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inputs({:?} in {:?})", self.me, self.plan)
    }
}

/// The first round of either side. Nothing is sent for it but what a session sends: fresh bytes, and what sealed
/// parts need.
#[derive(Debug)]
pub enum Rounds<S: Scheme> {
    /// This party helps.
    Helper(HelperRound1<S>),
    /// This party lost its share.
    Recipient(RecipientRound1<S>),
}

/// Starts a repair by hand. A [`Session`](crate::session::Session) sees to signatures, sealing and the
/// comparison of what everybody got; without it that is on the caller.
pub fn start<S: Scheme>(inputs: Inputs<S>) -> Rounds<S> {
    match inputs.part {
        Some(part) => Rounds::Helper(HelperRound1::new(inputs.plan, inputs.me, part)),
        None => Rounds::Recipient(RecipientRound1::new(inputs.plan)),
    }
}
