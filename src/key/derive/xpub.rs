//! Extended public keys as wallets exchange them: BIP-32's `xpub…` and `tpub…`.
//!
//! Source: BIP-32, "Serialization format"; Base58Check.

use core::fmt;
use core::str::FromStr;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Derivable, ExtendedKey, Origin, is_none};
use crate::curve::Secp256k1;
use crate::error::Usage;
use crate::secret::Secret;
use crate::wire::{Element, Reader, Shape, Wire};

/// Which network's wallets an extended key is for. It changes nothing but the four bytes in front.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// `xpub…`.
    #[default]
    Mainnet,
    /// `tpub…`: test networks.
    Testnet,
}

impl Network {
    const ALL: [Self; 2] = [Self::Mainnet, Self::Testnet];

    /// The version bytes of a public key.
    pub const fn version(self) -> [u8; 4] {
        match self {
            Self::Mainnet => [0x04, 0x88, 0xb2, 0x1e],
            Self::Testnet => [0x04, 0x35, 0x87, 0xcf],
        }
    }
}

/// An extended public key in its text form, for watch-only wallets and other software: `Display` writes it,
/// `FromStr` reads it.
///
/// For secp256k1 keys only, and for the full point with its parity: a Taproot key is derived before its x is
/// taken and before any tweak.
///
/// # Security
/// The text holds the chain code: see [`ExtendedKey`]. `Debug` leaves it out.
///
/// # Examples
/// ```
/// use cosigil::ecdsa::Secp256k1Ecdsa;
/// use cosigil::key::{Network, Xpub};
///
/// // The root of BIP-32's first test vector.
/// let text = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";
/// let root: Xpub<Secp256k1Ecdsa> = text.parse()?;
/// let address_key = root.key().derive(&"m/0/7".parse()?)?.verifying_key()?;
/// assert_eq!(Xpub::new(Network::Mainnet, root.key().derive(&"m".parse()?)?).to_string(), text);
/// # let _ = address_key;
/// # Ok::<(), cosigil::Usage>(())
/// ```
pub struct Xpub<S: Derivable<Curve = Secp256k1>> {
    network: Network,
    key: ExtendedKey<S>,
}

/// version 4 ‖ depth 1 ‖ fingerprint 4 ‖ index 4 ‖ chain code 32 ‖ key 33.
const PAYLOAD: usize = 78;
/// With the checksum.
const LENGTH: usize = PAYLOAD + 4;
/// No text of that many bytes is longer.
const LONGEST: usize = 112;

impl<S: Derivable<Curve = Secp256k1>> Xpub<S> {
    /// The extended key for a network's wallets.
    pub fn new(network: Network, key: ExtendedKey<S>) -> Self {
        Self { network, key }
    }

    /// The network.
    pub fn network(&self) -> Network {
        self.network
    }

    /// The extended key.
    pub fn key(&self) -> &ExtendedKey<S> {
        &self.key
    }

    /// The extended key, by value.
    pub fn into_key(self) -> ExtendedKey<S> {
        self.key
    }

    /// 4.1: the 78 bytes and their checksum.
    fn bytes(&self) -> Zeroizing<[u8; LENGTH]> {
        let Origin { depth, fingerprint, index } = self.key.origin;
        let version = self.network.version();
        let index = index.to_be_bytes();
        let parts = [&version[..], &[depth], &fingerprint, &index, self.key.chain_code.expose(), self.key.as_bytes()];
        let mut bytes = Zeroizing::new([0; LENGTH]);
        bytes.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        let (payload, sum) = bytes.split_at_mut(PAYLOAD);
        sum.copy_from_slice(&checksum(payload));
        bytes
    }

    /// 4.3: what any field may not be.
    fn read(bytes: &[u8; LENGTH]) -> Option<Self> {
        let (payload, sum) = bytes.split_at(PAYLOAD);
        let mut input = Reader::new(payload);
        let version = input.array()?;
        let network = Network::ALL.into_iter().find(|network| network.version() == version)?;
        let origin = Origin { depth: input.u8()?, fingerprint: input.array()?, index: input.u32()? };
        let chain_code = Secret::new(input.array()?);
        let key = Element::read(&mut input, &Shape { threshold: 0, parties: 0, batch: 0 })?;
        let consistent = (origin.depth > 0 || origin == Origin::ROOT) && !is_none(&chain_code);
        (consistent && checksum(payload) == sum).then(|| Self::new(network, ExtendedKey::at(origin, key, chain_code)))
    }
}

/// The first 4 bytes of SHA-256 twice.
fn checksum(payload: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(Sha256::digest(payload)).into();
    [a, b, c, d]
}

impl<S: Derivable<Curve = Secp256k1>> fmt::Display for Xpub<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Zeroizing::new(bs58::encode(&*self.bytes()).into_string());
        f.write_str(&text)
    }
}

/// [`Usage::Malformed`] for whatever BIP-32 does not allow: another version, a secret key, a key that is no
/// point, a root with a parent, a wrong checksum; and for a chain code of zeros.
impl<S: Derivable<Curve = Secp256k1>> FromStr for Xpub<S> {
    type Err = Usage;

    fn from_str(text: &str) -> Result<Self, Usage> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        let length = if text.len() <= LONGEST { bs58::decode(text).onto(&mut bytes[..]).ok() } else { None }; // 4.2
        length.filter(|length| *length == LENGTH).and_then(|_| Self::read(&bytes)).ok_or(Usage::Malformed)
    }
}

impl<S: Derivable<Curve = Secp256k1>> fmt::Debug for Xpub<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Xpub({:?}, {:?})", self.network, self.key)
    }
}
