//! Verifiable backup: anyone who knows a party's public share and the recipient's key checks that the ciphertext opens
//! to the share.
//!
//! Cut and choose over N rows, each an encryption of a random scalar. All but M rows are opened to everybody, as seeds
//! of a tree that gives just those; the M that stay closed carry the share, masked by their scalars. The choice is the
//! hash of all rows, so a ciphertext that does not open passes only if its maker guessed exactly the M rows.
//!
//! Source: Camenisch and Damgård, "Verifiable encryption, group encryption, and their applications" (ASIACRYPT 2000),
//! section 3; the seed tree as in eprint 2021/1704. Where we differ:
//! - the number of closed rows is fixed, M = 24 of N = 407: C(407, 24) is more than 2^128;
//! - one ciphertext a row, hashed ElGamal on ristretto255 whatever the curve of the key.

mod tree;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;

use curve25519_dalek::Scalar as Scalar25519;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoBasepointTable};
use ff::FromUniformBytes;
use group::Group;
use rand_core::{CryptoRng, Rng};
use zeroize::Zeroizing;

use self::tree::{Cut, Node, Tree, TreeName, cover_len, pick};
use super::draws;
use super::recipient::{BackupKey, BackupSecretKey};
use crate::curve::{Curve, PublicScalar, Ristretto255, Scalar, decode_scalar, encode_points, encode_scalar};
use crate::error::Usage;
use crate::key::{KeyShare, PublicKeyPackage, Scheme};
use crate::party::PartyId;
use crate::record::{self, Kind};
use crate::secret::Secret;
use crate::transcript::Transcript;
use crate::wire::{Element, Reader, Shape, Wire};

type Sealing = Ristretto255;

const RECORD: Kind = Kind { tag: 12, version: 1 };

/// N and M: the rows, and how many of them stay closed.
const CUT: Cut = Cut { rows: 407, closed: 24 };

const NO_SHAPE: Shape = Shape { threshold: 0, parties: 0, batch: 0 };

/// A closed row: 96 bytes.
struct Closed<C: Curve> {
    response: PublicScalar<C>,  // z_m = s_i − r_m
    one_time: Element<Sealing>, // V_m = ρ_m·B
    masked: [u8; 32],           // c_m = r_m ⊕ pad
}

impl<C: Curve> Closed<C> {
    const LEN: usize = 96;

    fn write(&self, out: &mut Vec<u8>) {
        self.response.write(out);
        self.one_time.write(out);
        out.extend_from_slice(&self.masked);
    }

    /// Refuses scalars and points that are not canonical, and the identity.
    fn read(input: &mut Reader<'_>) -> Option<Self> {
        let (response, one_time) = (PublicScalar::read(input, &NO_SHAPE)?, Element::read(input, &NO_SHAPE)?);
        Some(Self { response, one_time, masked: input.array()? })
    }
}

/// A party's share, sealed to a [`BackupKey`] so that anyone can check it: about 3.7 kB.
///
/// It holds the share alone; [`ShareBackup`](super::ShareBackup) has with it what else is needed.
///
/// # Security
/// What passes [`Self::verify`] opens to the share, but for a chance of 2^-128 for each try at making a false one
/// (discrete logarithm is not needed for it). It says nothing on whether the recipient still has its secret, nor that
/// the sharing is the present one. Hiding rests on the computational Diffie-Hellman assumption in ristretto255, with
/// the hash as a random oracle.
pub struct VerifiableBackup<S: Scheme> {
    salt: [u8; 32],
    commitment: [u8; 32],
    closed: Vec<Closed<S::Curve>>,
    cover: Vec<Node>,
}

impl<S: Scheme> VerifiableBackup<S> {
    /// Seals this party's share to a public key.
    ///
    /// # Errors
    /// [`Usage::BrokenRng`].
    ///
    /// # Examples
    /// ```
    /// use cosigil::ecdsa::Secp256k1Ecdsa;
    /// use cosigil::key::backup::{BackupSecretKey, VerifiableBackup};
    /// use cosigil::{Parties, PartyId, Threshold, hazmat};
    /// # let mut rng = cosigil::Transcript::new("an example, so not random").rng();
    /// # let parties = Parties::without_identities([PartyId::new(1)?, PartyId::new(2)?])?;
    /// # let secret = cosigil::curve::random_scalar::<cosigil::curve::Secp256k1>(&mut rng);
    /// # let share = hazmat::split::<Secp256k1Ecdsa>(&secret, Threshold::new(2)?, &parties, &mut rng)?.remove(0);
    ///
    /// let vault = BackupSecretKey::generate(&mut rng)?; // in the vault
    /// let bytes = VerifiableBackup::make(&share, &vault.public(), &mut rng)?.to_bytes(); // at the party
    ///
    /// let backup = VerifiableBackup::<Secp256k1Ecdsa>::from_bytes(&bytes)?; // at anybody's
    /// backup.verify(share.public(), share.me(), &vault.public())?;
    ///
    /// let scalar = backup.open(&vault, share.public(), share.me())?; // in the vault
    /// # drop(scalar);
    /// # Ok::<(), cosigil::Error>(())
    /// ```
    pub fn make(key_share: &KeyShare<S>, to: &BackupKey, rng: &mut impl CryptoRng) -> Result<Self, Usage> {
        let statement = Statement::new(key_share.public(), key_share.me(), to)?;
        // 1.2: for two recipients out of one state of the generator there is nothing in common.
        let content = Zeroizing::new([statement.label, encode_scalar::<S::Curve>(key_share.secret().expose())]);
        let mut draws = draws(content.as_flattened(), rng)?;
        let mut salt = [0; 32];
        draws.fill_bytes(&mut salt);
        let mut root = Secret::new([0; 16]);
        draws.fill_bytes(root.expose_mut());
        Ok(Prover::new(CUT, &statement, salt, &root).answer(CUT, &statement, key_share.secret()))
    }

    /// Checks, with public data alone, that the recipient's secret opens this to the party's share.
    ///
    /// # Errors
    /// [`Usage::InvalidBackup`] if it does not, or belongs to another party, sharing, key or recipient;
    /// [`Usage::UnknownParty`].
    pub fn verify(&self, public: &PublicKeyPackage<S>, id: PartyId, to: &BackupKey) -> Result<(), Usage> {
        let statement = Statement::new(public, id, to)?;
        if self.holds(CUT, &statement) { Ok(()) } else { Err(Usage::InvalidBackup) }
    }

    /// Opens the share of that party.
    ///
    /// It is verified first: whether a file that does not pass would have opened is told to nobody.
    ///
    /// # Errors
    /// [`Usage::NotOpened`] if it does not pass [`Self::verify`] for this recipient, or no row opens to the share;
    /// [`Usage::UnknownParty`].
    pub fn open(
        &self,
        secret: &BackupSecretKey,
        public: &PublicKeyPackage<S>,
        id: PartyId,
    ) -> Result<Secret<Scalar<S::Curve>>, Usage> {
        let statement = Statement::new(public, id, &secret.public())?;
        // 4.9
        if !self.holds(CUT, &statement) {
            return Err(Usage::NotOpened);
        }
        self.opened(CUT, secret, &statement).ok_or(Usage::NotOpened)
    }

    /// The stored form: see `docs/formats.md`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let size = 64 + self.closed.len() * Closed::<S::Curve>::LEN + self.cover.len() * 16;
        record::write(RECORD, S::NAME, size, |out| {
            out.extend_from_slice(&self.salt);
            out.extend_from_slice(&self.commitment);
            self.closed.iter().for_each(|row| row.write(out));
            out.extend_from_slice(self.cover.as_flattened());
        })
        .to_vec()
    }

    /// Reads the stored form. No length in it is believed: the commitment fixes all of them.
    ///
    /// # Errors
    /// [`Usage::Malformed`], [`Usage::UnknownVersion`], [`Usage::OtherSuite`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        Self::read(record::read(bytes, RECORD, S::NAME)?, CUT).ok_or(Usage::Malformed)
    }

    fn read(mut input: Reader<'_>, cut: Cut) -> Option<Self> {
        let (salt, commitment) = (input.array()?, input.array()?);
        let chosen = pick(&commitment, cut);
        let closed = chosen.iter().map(|_| Closed::read(&mut input)).collect::<Option<Vec<_>>>()?;
        // 4.6: as many nodes as the choice dictates, and nothing after them.
        let nodes = input.take(cover_len(cut, &chosen) * 16)?;
        let (nodes, _) = nodes.as_chunks::<16>();
        input.finish()?;
        Some(Self { salt, commitment, closed, cover: nodes.to_vec() })
    }

    /// The check.
    fn holds(&self, cut: Cut, statement: &Statement<S::Curve>) -> bool {
        // 4.6
        let chosen = pick(&self.commitment, cut);
        let Some(tree) = Tree::from_cover(statement.tree(self.salt), cut, &chosen, &self.cover) else { return false };
        let (_, mut rows) = open_rows(statement, &tree);
        if self.closed.len() != chosen.len() {
            return false;
        }
        // 4.7: the closed rows, by what they must be.
        for (number, part) in chosen.iter().zip(&self.closed) {
            let image = statement.image - S::Curve::mul_base(part.response.value());
            if bool::from(image.is_identity()) {
                return false; // the response would be the share itself
            }
            rows.push(Row { number: *number, image, one_time: compressed(&part.one_time), masked: part.masked });
        }
        rows.sort_unstable_by_key(|row| row.number);
        // 4.8
        rows.len() == cut.rows && commitment(statement, &self.salt, &rows) == self.commitment
    }

    /// The first closed row that gives the share. Only for what [`Self::holds`]: whether altered rows give it would
    /// tell their bits, one a file.
    fn opened(
        &self,
        cut: Cut,
        secret: &BackupSecretKey,
        statement: &Statement<S::Curve>,
    ) -> Option<Secret<Scalar<S::Curve>>> {
        // 4.9
        pick(&self.commitment, cut).iter().zip(&self.closed).find_map(|(number, part)| {
            let shared = Zeroizing::new(secret.shared_with(part.one_time.point()).compress());
            let name = RowName { statement, salt: &self.salt, number: *number };
            let bytes = name.pad(&compressed(&part.one_time), &shared).apply(&part.masked);
            let mut share = decode_scalar::<S::Curve>(bytes.expose()).map(Secret::new)?;
            *share.expose_mut() += part.response.value();
            (S::Curve::mul_base(share.expose()) == statement.image).then_some(share)
        })
    }
}

impl<S: Scheme> fmt::Debug for VerifiableBackup<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiableBackup({} rows of {})", self.closed.len(), S::NAME)
    }
}

/// What a backup is about: whose share, for whom. Public.
struct Statement<C: Curve> {
    label: [u8; 32],
    image: C::Point,
    to: BackupKey,
}

impl<C: Curve> Statement<C> {
    fn new<S: Scheme<Curve = C>>(public: &PublicKeyPackage<S>, id: PartyId, to: &BackupKey) -> Result<Self, Usage> {
        let image = public.verifying_share(id)?;
        // 4.1
        let label = Transcript::new("ve")
            .field(S::NAME.as_bytes())
            .field(public.key_id().as_bytes())
            .field(public.sharing().as_bytes())
            .party(id)
            .point::<C>(&image)
            .field(to.as_bytes())
            .digest();
        Ok(Self { label, image, to: *to })
    }

    fn tree(&self, salt: [u8; 32]) -> TreeName {
        TreeName { label: self.label, salt }
    }
}

/// One row, as everybody may see it.
struct Row<C: Curve> {
    number: usize,
    image: C::Point,    // R_m
    one_time: [u8; 32], // V_m
    masked: [u8; 32],   // c_m
}

/// Which row of which backup: it is in every hash.
struct RowName<'a, C: Curve> {
    statement: &'a Statement<C>,
    salt: &'a [u8; 32],
    number: usize,
}

impl<C: Curve> RowName<'_, C> {
    fn fields(&self, hash: Transcript) -> Transcript {
        let number = u64::try_from(self.number).unwrap_or(u64::MAX);
        hash.field(&self.statement.label).field(self.salt).number(number)
    }

    /// (r_m, ρ_m) out of the row's seed, written where they stay.
    fn scalars(&self, seed: &Node, mask: &mut Scalar<C>, one_time: &mut Scalar25519) {
        // 4.3
        let mut wide = Secret::new([0; 128]);
        self.fields(Transcript::new("ve-row")).field(seed).fill(wide.expose_mut());
        if let ([first, second], _) = wide.expose().as_chunks::<64>() {
            *mask = Scalar::<C>::from_uniform_bytes(first);
            *one_time = Scalar25519::from_bytes_mod_order_wide(second);
        }
    }

    /// What r_m is masked with.
    fn pad(&self, one_time: &[u8; 32], shared: &CompressedRistretto) -> Pad {
        Pad(self.fields(Transcript::new("ve-pad")).field(one_time).field(shared.as_bytes()).secret())
    }
}

struct Pad(Secret<[u8; 32]>);

impl Pad {
    /// bytes ⊕ pad.
    fn apply(self, bytes: &[u8; 32]) -> Secret<[u8; 32]> {
        let Self(mut pad) = self;
        pad.expose_mut().iter_mut().zip(bytes).for_each(|(pad, byte)| *pad ^= byte);
        pad
    }
}

/// Computes the rows whose seeds the tree has, with their r_m. Constant time.
fn open_rows<C: Curve>(statement: &Statement<C>, tree: &Tree) -> (Secret<Vec<Scalar<C>>>, Vec<Row<C>>) {
    let count = tree.leaves().count();
    let mut masks = Secret::new(alloc::vec![Scalar::<C>::default(); count]);
    let mut rows = Vec::with_capacity(count);
    let table = RistrettoBasepointTable::create(statement.to.point());
    for ((number, seed), mask) in tree.leaves().zip(masks.expose_mut()) {
        let name = RowName { statement, salt: tree.salt(), number };
        let mut secret = Secret::new(Scalar25519::ZERO);
        name.scalars(seed, mask, secret.expose_mut());
        let one_time = Sealing::mul_base(secret.expose()).compress().to_bytes();
        let shared = Zeroizing::new(Zeroizing::new(&table * secret.expose()).compress());
        let plain = Zeroizing::new(encode_scalar::<C>(mask));
        let masked = *name.pad(&one_time, &shared).apply(&plain).expose();
        rows.push(Row { number, image: C::mul_base(mask), one_time, masked });
    }
    (masks, rows)
}

/// h, the commitment to all rows.
fn commitment<C: Curve>(statement: &Statement<C>, salt: &[u8; 32], rows: &[Row<C>]) -> [u8; 32] {
    // 4.4
    let images: Vec<C::Point> = rows.iter().map(|row| row.image).collect();
    let hash = Transcript::new("ve-com").field(&statement.label).field(salt);
    let parts = encode_points::<C>(&images).into_iter().zip(rows);
    parts.fold(hash, |hash, (image, row)| hash.field(image.as_ref()).field(&row.one_time).field(&row.masked)).digest()
}

fn compressed(point: &Element<Sealing>) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(point.as_bytes()).for_each(|(to, from)| *to = *from);
    bytes
}

/// The maker, before the choice.
struct Prover<C: Curve> {
    tree: Tree,
    masks: Secret<Vec<Scalar<C>>>,
    rows: Vec<Row<C>>,
}

impl<C: Curve> Prover<C> {
    fn new(cut: Cut, statement: &Statement<C>, salt: [u8; 32], root: &Secret<Node>) -> Self {
        // 4.2
        let tree = Tree::from_root(statement.tree(salt), cut, root);
        let (masks, rows) = open_rows(statement, &tree);
        Self { tree, masks, rows }
    }

    /// Commits to the rows, and answers the choice that follows from that.
    fn answer<S: Scheme<Curve = C>>(
        &self,
        cut: Cut,
        statement: &Statement<C>,
        share: &Secret<Scalar<C>>,
    ) -> VerifiableBackup<S> {
        let commitment = commitment(statement, self.tree.salt(), &self.rows);
        let chosen = pick(&commitment, cut);
        // 4.5
        let rows = self.masks.expose().iter().zip(&self.rows).filter(|(_, row)| chosen.contains(&row.number));
        let closed = rows.filter_map(|(mask, row)| {
            let one_time = Element::read(&mut Reader::new(&row.one_time), &NO_SHAPE)?;
            Some(Closed { response: PublicScalar::reveal(*share.expose() - mask), one_time, masked: row.masked })
        });
        VerifiableBackup {
            salt: *self.tree.salt(),
            commitment,
            closed: closed.collect(),
            cover: self.tree.cover(cut, &chosen),
        }
    }
}
