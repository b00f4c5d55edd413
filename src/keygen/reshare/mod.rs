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

mod log;
mod plan;
mod protocol;
mod rounds;

pub use self::log::AttemptLog;
pub use self::plan::Plan;
pub use self::protocol::{Certified, Moved, Reshare, ReshareInputs};

use crate::key::Scheme;
use crate::round::KeyRef;

/// The key and the sharing that the session starts from.
fn key_of<S: Scheme>(plan: &Plan<S>) -> KeyRef {
    KeyRef { key_id: Some(plan.old().key_id()), sharing: Some(plan.old().sharing()) }
}
