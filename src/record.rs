//! What every stored record begins and ends with: magic, kind, version, suite; a checksum.

use alloc::vec::Vec;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::error::Usage;
use crate::transcript::Transcript;
use crate::wire::Reader;

const MAGIC: &[u8] = b"cosigil";
const CHECKSUM_LEN: usize = 16;

/// The kinds of records, and the version of each one's layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) tag: u8,
    pub(crate) version: u16,
}

/// Writes a record: magic (7) ‖ kind (1) ‖ version (2) ‖ |suite| (1) ‖ suite ‖ body ‖ checksum (16).
///
/// `size` is the length of the body, so that a secret body is never moved by a growing buffer.
pub(crate) fn write(kind: Kind, suite: &str, size: usize, body: impl FnOnce(&mut Vec<u8>)) -> Zeroizing<Vec<u8>> {
    let length = MAGIC.len() + 4 + suite.len() + size + CHECKSUM_LEN;
    let mut out = Zeroizing::new(Vec::with_capacity(length));
    out.extend_from_slice(MAGIC);
    out.push(kind.tag);
    out.extend_from_slice(&kind.version.to_be_bytes());
    out.push(u8::try_from(suite.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(suite.as_bytes());
    body(&mut out);
    let checksum = checksum(&out);
    out.extend_from_slice(&checksum);
    debug_assert_eq!(out.len(), length);
    out
}

/// Opens a record of this kind and suite: a reader of its body.
pub(crate) fn read<'a>(bytes: &'a [u8], kind: Kind, suite: &str) -> Result<Reader<'a>, Usage> {
    let (found, input) = read_any(bytes, kind)?;
    if found == suite.as_bytes() { Ok(input) } else { Err(Usage::OtherSuite) }
}

/// Opens a record of this kind, of whatever suite: the suite and a reader of its body.
pub(crate) fn read_any(bytes: &[u8], kind: Kind) -> Result<(&[u8], Reader<'_>), Usage> {
    let split = bytes.len().checked_sub(CHECKSUM_LEN).ok_or(Usage::Malformed)?;
    let (content, sum) = bytes.split_at_checked(split).ok_or(Usage::Malformed)?;
    let mut input = Reader::new(content);
    let header = input.take(MAGIC.len()) == Some(MAGIC) && input.u8() == Some(kind.tag);
    if !header || !bool::from(checksum(content).ct_eq(sum)) {
        return Err(Usage::Malformed);
    }
    if input.u16() != Some(kind.version) {
        return Err(Usage::UnknownVersion);
    }
    let length = input.u8().ok_or(Usage::Malformed)?;
    let suite = input.take(length.into()).ok_or(Usage::OtherSuite)?;
    Ok((suite, input))
}

fn checksum(content: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut sum = [0; CHECKSUM_LEN];
    Transcript::new("record").field(content).fill(&mut sum);
    sum
}
