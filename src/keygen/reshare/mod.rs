//! Refresh and reshare: a key moves from one sharing to another, and nobody ever has it.
//!
//! At least t holders of the old sharing deal their parts λ_i·s_i of the key to the holders of the new one,
//! each part checked against the public shares that everybody knows. A refresh is the case of the same
//! parties and threshold. It is keygen's dealing with keygen's checks; `docs/reshare.md` numbers what is
//! added, and the code cites it.
//!
//! Source: Herzberg, Jarecki, Krawczyk, Yung, "Proactive secret sharing" (1995), and Desmedt, Jajodia,
//! "Redistributing secret shares to new access structures" (1997). Where we differ:
//! - all that `crate::keygen` says of commitments, proofs, views and complaints;
//! - no zero-constant polynomials: every dealer deals its part of the key, and its constant is compared;
//! - the new shares are there when all new holders have confirmed one transcript.
//!
//! # Example
//!
//! A key of parties 1, 2 and 3 moves to 1, 3 and 4: server 2 is replaced. On four machines each runs one session.
//!
//! ```
//! use std::collections::VecDeque;
//!
//! use cosigil::keygen::reshare::{Moved, Plan, Reshare, ReshareInputs};
//! use cosigil::{Identity, KeyShare, Label, Parties, PartyId, Session, Threshold};
//! # use cosigil::frost::Ed25519Sha512;
//! # use cosigil::Transcript;
//! # let mut rng = Transcript::new("an example, so not random").rng();
//! # let identities: Vec<Identity> = (0..4).map(|_| Identity::generate(&mut rng)).collect::<Result<_, _>>()?;
//! # let ids = [PartyId::new(1)?, PartyId::new(2)?, PartyId::new(3)?, PartyId::new(4)?];
//! # let parties = |of: &[usize]| Parties::new(of.iter().map(|k| (ids[*k], identities[*k].public())));
//! # let secret = cosigil::curve::random_scalar::<cosigil::curve::Ed25519>(&mut rng);
//! # let old = cosigil::hazmat::split::<Ed25519Sha512>(&secret, Threshold::new(2)?, &parties(&[0, 1, 2])?, &mut rng)?;
//! # let (package, mut shares) = (old[0].public().clone(), old.into_iter());
//! # let verifying_key = package.verifying_key()?;
//!
//! // Every operator makes the same plan; the newcomer's has the package's digest from the other operators.
//! let expected = package.digest();
//! let plan = Plan::reshare(&package, [ids[0], ids[2]], parties(&[0, 2, 3])?, Threshold::new(2)?)?;
//! let label = Label::from_bytes([2; 32]);
//! let (mut sessions, mut queue) = (Vec::new(), VecDeque::new());
//! # let (one, _, three) = (shares.next(), shares.next(), shares.next());
//! for (k, share) in [(0, one), (2, three), (3, None)] {
//!     let inputs = match share {
//!         Some(share) => ReshareInputs::holder(plan.clone(), share)?,
//!         None => ReshareInputs::newcomer(plan.clone(), &expected)?,
//!     };
//!     let params = plan.params(label, ids[k])?;
//!     let (session, first) = Session::<Reshare<_>>::start(params, &identities[k], inputs, &mut rng)?;
//!     queue.extend(first.into_iter().map(|parcel| (ids[k], parcel)));
//!     sessions.push((ids[k], session));
//! }
//! let mut new: Vec<KeyShare<_>> = Vec::new();
//! while let Some((from, parcel)) = queue.pop_front() {
//!     for (me, session) in sessions.iter_mut().filter(|(me, _)| *me != from) {
//!         if parcel.to.is_none_or(|to| to == *me) {
//!             let progress = session.receive(&parcel.bytes)?;
//!             // Here `session.checkpoint()` is stored, if `progress.must_persist`.
//!             queue.extend(progress.send.into_iter().map(|parcel| (*me, parcel)));
//!             if let Some(Moved::Holder(certified)) = progress.output {
//!                 new.push(certified.into_key_share());
//!             }
//!         }
//!     }
//! }
//! assert_eq!(new.len(), 3);
//! assert_eq!(new[2].public().verifying_key()?, verifying_key);
//! # Ok::<(), cosigil::Error>(())
//! ```

mod log;
mod plan;
mod protocol;
mod rounds;

pub use self::log::AttemptLog;
pub(crate) use self::log::old_of;
pub use self::plan::Plan;
pub use self::protocol::{Certified, Moved, Reshare, ReshareInputs};

use crate::key::Scheme;
use crate::round::KeyRef;

/// The key and the sharing that the session starts from.
fn key_of<S: Scheme>(plan: &Plan<S>) -> KeyRef {
    KeyRef { key_id: Some(plan.old().key_id()), sharing: Some(plan.old().sharing()) }
}
