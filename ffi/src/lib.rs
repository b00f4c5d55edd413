//! The C interface of [`cosigil`]: opaque handles over sessions, and plain buffers of bytes. No protocol is here.
//!
//! The header `include/cosigil.h` is made from this crate and has the manual of every function; `docs/c.md` is the way
//! in.
//!
//! # Safety
//! All functions share one contract, and nothing else can go wrong in them:
//! - A pointer is null, or points to as many elements as its length says (one, where there is no length), which nobody
//!   writes during the call; an output, to memory that nobody else touches during the call. Outputs overlap neither
//!   inputs nor each other.
//! - A handle may be anything at all: handles are numbers that are looked up, never addresses that are followed. One
//!   that was freed, or is of another kind, is refused.
//! - Callbacks return. They neither throw nor jump out, and call nothing of this library but the `…_free` and the
//!   `cosigil_last_…` functions.
#![allow(non_camel_case_types, reason = "the names of C")]

mod aborts;
mod backup;
mod burn;
mod bytes;
mod call;
mod callbacks;
mod copies;
mod derive;
mod each;
mod ecdsa;
mod faults;
mod frost;
mod handle;
mod hazmat;
mod identity;
mod input;
mod key;
mod keygen;
mod keystore;
mod moving;
mod operate;
mod pairs;
mod random;
mod record;
mod repair;
mod request;
mod running;
mod served;
mod session;
mod status;
mod store;
mod transfer;

pub use aborts::*;
pub use backup::*;
pub use burn::*;
pub use bytes::*;
pub use call::*;
pub use copies::*;
pub use derive::*;
pub use each::*;
pub use ecdsa::*;
pub use faults::*;
pub use frost::*;
pub use handle::*;
pub use hazmat::*;
pub use identity::*;
pub use key::*;
pub use keygen::*;
pub use keystore::*;
pub use operate::*;
pub use pairs::*;
pub use random::*;
pub use record::*;
pub use repair::*;
pub use request::*;
pub use session::*;
pub use status::*;
pub use store::*;
pub use transfer::*;
