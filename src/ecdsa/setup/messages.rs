//! The messages of a pair setup. Sizes are of bodies; what the session puts before round 1 and the tag of
//! a sealed part are extra.

use alloc::vec::Vec;

use crate::ot::extension::{self, Rows};
use crate::ot::pprf::{self, TREES, TreeCorrections};
use crate::wire::{Bytes32, Field, Reader, SecretBytes, Shape, Wire, message};

pub use crate::ot::base::Message as Points;
pub use crate::ot::pprf::Corrections;

/// The shape of all messages of a setup: none depends on it.
pub(super) const SHAPE: Shape = Shape { threshold: 2, parties: 2, batch: 1 };

/// What a party sends in flight 1: 32 fresh bytes, and 128 pairs of points. 8224 bytes, broadcast.
///
/// The lower id is the receiver of the base OTs, the higher one their sender; the messages cross.
#[derive(Debug)]
pub struct Greeting {
    /// The nonce, first in what the party sends.
    pub nonce: Bytes32,
    /// The base OTs' points.
    pub points: Points,
}

/// The extension over direction 1 whose 128 rows are the base OTs of direction 2. 1040 bytes.
#[derive(Debug)]
pub struct SetupExtension(pub extension::Message);

impl Wire for SetupExtension {
    fn size(_: &Shape) -> usize {
        extension::Message::size(Rows::SETUP)
    }
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
    fn read(input: &mut Reader<'_>, _: &Shape) -> Option<Self> {
        extension::Message::read(input, Rows::SETUP).map(Self)
    }
}

message! {
    /// Flight 2, broadcast, from the higher id: 6160 bytes.
    pub struct FromHigher |shape| {
        /// The trees of direction 1, and their check: 5120 bytes.
        trees: Corrections,
        /// Base OTs for direction 2, and their check: 1040 bytes.
        extension: SetupExtension,
    }
}

message! {
    /// Flight 3, broadcast, from the lower id: 5120 bytes.
    pub struct FromLower |shape| {
        /// The trees of direction 2, and their check.
        trees: Corrections,
    }
}

message! {
    /// Flights 2 and 3, private: encrypted and authenticated. 32 bytes.
    pub struct ZeroPart |shape| {
        /// The sender's part of the seed of the pair's shares of zero.
        part: SecretBytes,
    }
}

message! {
    /// Flight 4, broadcast, from the higher id and then from the lower: 32 bytes.
    pub struct Confirm |shape| {
        /// H("setup-confirm"; the transcript of the setup)
        digest: Bytes32,
    }
}

/// Where each field of trees' corrections is: 32 times the fields of one tree.
fn trees_layout(shape: &Shape) -> Vec<Field> {
    let tree = TreeCorrections::layout(shape);
    let place = |k| pprf::CORRECTIONS_LEN / TREES * k;
    let fields = (0..TREES).flat_map(|k| tree.iter().map(move |field| (place(k), *field)));
    fields.map(|(place, field)| Field { offset: place + field.offset, ..field }).collect()
}

impl FromHigher {
    /// Where each field is, those of the parts included.
    pub fn fields(shape: &Shape) -> Vec<Field> {
        let mut fields = trees_layout(shape);
        let at = |field: Field| Field { offset: pprf::CORRECTIONS_LEN + field.offset, ..field };
        fields.extend(extension::Message::fields(Rows::SETUP).into_iter().map(at));
        fields
    }
}

impl FromLower {
    /// Where each field is, those of the parts included.
    pub fn fields(shape: &Shape) -> Vec<Field> {
        trees_layout(shape)
    }
}
