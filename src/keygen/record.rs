//! The record of a key at one party.

mod ledger;
#[cfg(test)]
mod tests;

pub use self::ledger::State;
