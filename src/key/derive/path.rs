//! Paths of derivation: lists of indices below 2^31.

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::error::Usage;

/// The first index of hardened derivation.
const HARDENED: u32 = 1 << 31;

/// The index of a child key: below 2^31, since hardened children need the whole secret key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChildIndex(u32);

impl ChildIndex {
    /// The index with this number.
    ///
    /// # Errors
    /// [`Usage::Hardened`] for 2^31 and more.
    pub const fn new(index: u32) -> Result<Self, Usage> {
        if index < HARDENED { Ok(Self(index)) } else { Err(Usage::Hardened) }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for ChildIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The way from a key to a child: at most 255 indices, none of them hardened. Written `m/0/7`.
///
/// The parties of a key have no hardened children: nobody has the secret key that those are hashed from. So a
/// wallet that names its accounts with hardened steps makes a key for each account, and derives from there.
///
/// # Examples
/// ```
/// use cosigil::Usage;
/// use cosigil::key::DerivationPath;
///
/// let path: DerivationPath = "m/0/7".parse()?;
/// assert_eq!(path.to_string(), "m/0/7");
/// assert_eq!("m/0'/7".parse::<DerivationPath>(), Err(Usage::Hardened));
/// # Ok::<(), Usage>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DerivationPath(Vec<ChildIndex>);

impl DerivationPath {
    /// The most steps there can be.
    pub const MAX_STEPS: u8 = u8::MAX;

    /// The path of no steps, `m`: the key itself.
    pub const ROOT: Self = Self(Vec::new());

    /// The path with these steps.
    ///
    /// # Errors
    /// [`Usage::PathTooLong`] for more than 255.
    pub fn new(steps: impl IntoIterator<Item = ChildIndex>) -> Result<Self, Usage> {
        let limit = usize::from(Self::MAX_STEPS);
        let steps: Vec<_> = steps.into_iter().take(limit + 1).collect();
        if steps.len() <= limit { Ok(Self(steps)) } else { Err(Usage::PathTooLong) }
    }

    /// This path, then another from where it ends.
    ///
    /// # Errors
    /// [`Usage::PathTooLong`].
    pub fn join(&self, next: &Self) -> Result<Self, Usage> {
        Self::new(self.0.iter().chain(&next.0).copied())
    }

    /// The steps, the first from the root.
    pub fn steps(&self) -> &[ChildIndex] {
        &self.0
    }

    /// Whether it leads to the key itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads `m`, `m/0`, `m/0/7`. What marks a hardened step elsewhere (`'`, `h`, `H`) is known, and refused.
impl FromStr for DerivationPath {
    type Err = Usage;

    fn from_str(text: &str) -> Result<Self, Usage> {
        let mut parts = text.split('/');
        if parts.next() != Some("m") {
            return Err(Usage::Malformed);
        }
        let limit = usize::from(Self::MAX_STEPS);
        let steps: Result<Vec<_>, Usage> = parts.take(limit + 1).map(read_step).collect();
        Self::new(steps?)
    }
}

/// One step, in decimal digits without zeros in front.
fn read_step(text: &str) -> Result<ChildIndex, Usage> {
    let digits = text.trim_end_matches(['\'', 'h', 'H']);
    let canonical = digits == "0" || !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !canonical || text.len() - digits.len() > 1 {
        return Err(Usage::Malformed);
    }
    let index = digits.parse().map_err(|_| Usage::Malformed)?;
    if digits.len() == text.len() { ChildIndex::new(index) } else { Err(Usage::Hardened) }
}

impl fmt::Display for DerivationPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m")?;
        self.0.iter().try_for_each(|step| write!(f, "/{step}"))
    }
}

impl fmt::Debug for DerivationPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn parse(text: &str) -> Result<DerivationPath, Usage> {
        text.parse()
    }

    /// T-08: no hardened step becomes another one, by whatever sign.
    #[test]
    fn t_08_hardened_steps_are_refused() {
        for text in ["m/0'", "m/0h", "m/0H", "m/44'/60'/0'/0/0", "m/0/1'", "m/2147483648", "m/4294967295"] {
            assert_eq!(parse(text), Err(Usage::Hardened), "{text}");
        }
        assert_eq!(ChildIndex::new(HARDENED), Err(Usage::Hardened));
        assert_eq!(ChildIndex::new(HARDENED - 1).map(ChildIndex::get), Ok(2_147_483_647));
    }

    /// T-06: one way to write each path; nothing is guessed.
    #[test]
    fn t_06_one_form_of_each_path() {
        for text in ["m", "m/0", "m/2147483647/0/1"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        let wrong = ["", "/", "0", "0/1", "M/0", "m/", "m//0", "m/0/", "m/+1", "m/-1", "m/01", "m/ 1", "m/1 ", "m/0x1"];
        for text in wrong.into_iter().chain(["m/4294967296", "m/0''", "m/'", "m/h", "m/1'2", "m/٣", "n/0"]) {
            assert_eq!(parse(text), Err(Usage::Malformed), "{text}");
        }
        let long = |steps: usize| ["m", &"/1".repeat(steps)].concat();
        assert_eq!(parse(&long(255)).unwrap().steps().len(), 255);
        assert_eq!(parse(&long(256)), Err(Usage::PathTooLong));
        assert_eq!(parse(&long(1_000_000)), Err(Usage::PathTooLong));
        let one = parse("m/1").unwrap();
        assert_eq!(parse(&long(254)).unwrap().join(&one), parse(&long(255)));
        assert_eq!(parse(&long(255)).unwrap().join(&one), Err(Usage::PathTooLong));
    }
}
