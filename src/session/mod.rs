//! Sessions: a protocol driven with bytes, over a relay that nobody has to trust.
//!
//! [`Session::start`] gives the first parcels; [`Session::receive`] eats whatever comes in, in any order,
//! and gives what must leave. Every message is signed by its sender's [`Identity`] and bound to the
//! session; secret parts are sealed; broadcasts are compared by echo. The library opens no socket and
//! knows no clock: who is late is told by [`Session::awaiting`], and what to do about it is the caller's.
//!
//! The steps cited in the code are those of `docs/session.md`.

mod checkpoint;
mod complaint;
mod driver;
mod envelope;
mod evidence;
mod gather;
mod identity;
mod letter;
mod pack;
mod seal;
mod shell;
mod store;
#[cfg(test)]
mod tests;

pub use driver::{Progress, Session};
pub use evidence::{Evidence, Judged};
pub use identity::Identity;

pub(crate) use driver::base;
pub(crate) use letter::{Letter, Place};
