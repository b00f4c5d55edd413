//! Wrong bytes, mechanically. The library's own tests use it too.

extern crate std;

use core::ops::Range;
use std::vec::Vec;

/// All wrong values of one field, and with the last field all wrong lengths of the message.
pub fn wrong(bytes: &[u8], field: Range<usize>, is_last: bool) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for at in [field.start, field.start + field.len() / 2, field.end - 1] {
        for bit in [1, 0x80] {
            let mut copy = bytes.to_vec();
            copy[at] ^= bit;
            all.push(copy);
        }
    }
    for fill in [0, 0xff] {
        let mut copy = bytes.to_vec();
        copy[field.clone()].fill(fill);
        all.push(copy);
    }
    // The field left out, and twice.
    all.push([&bytes[..field.start], &bytes[field.end..]].concat());
    all.push([&bytes[..field.end], &bytes[field.start..]].concat());
    if is_last {
        all.push(bytes[..bytes.len() - 1].to_vec());
        all.push([bytes, &[0]].concat());
        all.push(Vec::new());
    }
    all.retain(|copy| copy != bytes);
    all
}
