//! OT extension: as many random OTs as wanted from the leaves of one setup, in one message.
//!
//! The receiver expands all leaves into u and V, the sender all leaves but the missing ones into W, and
//! after the receiver's corrections W = V ⊕ Δ·u: row j of W is v_j ⊕ β_j·Δ. Hashed, row j gives the
//! receiver one pad and the sender that pad and another; the choice β_j (bit j of u) is random and
//! part of the output.
//!
//! Source: `SoftSpokenOT` (Roy, eprint 2022/192), subspace VOLE with a repetition code, k = 4; the check
//! is the one of Figure 10, per column. Where we differ:
//! - β is random, so that tree 0 needs no correction;
//! - the check is made non-interactive: its keys are a hash of the corrections, so **every bound below
//!   is computational**, none is 2^-40;
//! - the t^ of the 128 columns are sent as one hash.
//!
//! # Security
//! A receiver whose columns differ gets past the check only by guessing four bits of Δ for each tree
//! that does not fit, or by a collision of two trees under the universal hash: about 2^-116 for each
//! query to the hash, offline. **A failed check shows the receiver a wrong guess, a passed one a right
//! one**: after one failure these leaves are never to be used again (128 tries are Δ).

use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::base::{ReceiverSeeds, SenderSeeds};
use super::bits::{BitMatrix, Buffer, ChoiceBits, bit, mask};
use super::check::ColumnHash;
use super::cipher::{CIPHER, Expansion, LANES, Purpose, RowHash, RowPads};
use super::pprf::{DEPTH, LEAVES, Leaves, PuncturedLeaves, TREES};
use super::{Block, COLUMNS, long_field};
use crate::party::{Base, PairId, PartyId, View};
use crate::secret::Secret;
use crate::transcript::Transcript;
use crate::wire::{Field, Reader};

/// How many OTs an extension makes: a positive multiple of 8, at most 2^17.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows(usize);

impl Rows {
    /// What the second direction of a setup takes: 128.
    pub const SETUP: Self = Self(COLUMNS);
    const MAX: usize = 1 << 17;

    /// That many rows. `None` for 0, for more than 2^17, and for what is no multiple of 8.
    pub const fn new(rows: usize) -> Option<Self> {
        if rows == 0 || rows > Self::MAX || !rows.is_multiple_of(8) { None } else { Some(Self(rows)) }
    }

    /// The number.
    pub const fn get(self) -> usize {
        self.0
    }

    /// The length of a column in bytes: a bit a row, and 16 bytes that the check sacrifices.
    pub const fn column_len(self) -> usize {
        self.0 / 8 + 16
    }

    /// The blocks of a column.
    pub(super) const fn blocks(self) -> usize {
        self.column_len().div_ceil(16)
    }

    /// The blocks of a column that hold rows.
    pub(super) const fn data_blocks(self) -> usize {
        self.0.div_ceil(128)
    }
}

/// ctx: names one use of a direction. It hangs on the receiver's own nonce and on nobody else's.
#[derive(Clone, Copy, Debug)]
pub struct Context([u8; 32]);

impl Context {
    /// H(base, `pair_id`, receiver, sender, receiver's nonce), for an extension that serves signing.
    ///
    /// The nonce must be fresh, and the receiver's own: it is what keeps two extensions over one setup
    /// apart.
    pub fn signing(base: &Base, pair: &PairId, receiver: PartyId, sender: PartyId, nonce: &[u8; 32]) -> Self {
        let fields: [&[u8]; 3] = [base.as_bytes(), pair.as_bytes(), nonce];
        Self::hash(b"signing", receiver, sender, &fields)
    }

    /// H(view, receiver, sender), for the extension inside a setup.
    pub fn setup(view: &View, receiver: PartyId, sender: PartyId) -> Self {
        Self::hash(b"setup", receiver, sender, &[view.as_bytes()])
    }

    fn hash(purpose: &[u8], receiver: PartyId, sender: PartyId, fields: &[&[u8]]) -> Self {
        let hash = Transcript::new("ot-extension").field(CIPHER).field(purpose).party(receiver).party(sender);
        Self(hash.list(fields.iter()).digest())
    }

    /// The start of the generators' counters: 65536 blocks of each leaf belong to this context.
    fn iv(&self) -> Block {
        let mut bytes = [0; 16];
        Transcript::new("ot-extension-iv").field(&self.0).fill(&mut bytes);
        Block::from_le_bytes(bytes) & !0xffff
    }

    /// The check's hash, keyed by all corrections.
    fn column_hash(&self, rows: Rows, corrections: &[u8]) -> ColumnHash {
        let hash = Transcript::new("ot-extension-keys").field(&self.0).number(rows.get() as u64);
        ColumnHash::new(rows, hash.field(&long_field(corrections)))
    }

    /// θ: the hash of x^ and the t^ of all columns.
    fn digest(&self, check: Block, columns: &[Block; COLUMNS]) -> [u8; 32] {
        let mut bytes = columns.map(Block::to_le_bytes);
        let hash = Transcript::new("ot-extension-check").field(&self.0).field(&check.to_le_bytes());
        let digest = hash.field(&long_field(bytes.as_flattened())).digest();
        bytes.as_flattened_mut().zeroize();
        digest
    }
}

/// The receiver's message: 31 corrections, x^, θ. Addressed and readable; 31·(rows/8 + 16) + 48 bytes.
///
/// 2156 bytes for one signature's 416 rows, 1040 for a setup's 128. Readable is safe: corrections and
/// x^ are masked, θ is a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    rows: Rows,
    corrections: Vec<u8>,
    check: [u8; 16],
    digest: [u8; 32],
}

impl Message {
    /// Its length in bytes.
    pub const fn size(rows: Rows) -> usize {
        (TREES - 1) * rows.column_len() + 48
    }

    /// Where each field is in the encoding.
    pub fn fields(rows: Rows) -> Vec<Field> {
        let mut offset = 0;
        let corrections = core::iter::repeat_n(("corrections", rows.column_len()), TREES - 1);
        let fields = corrections.chain([("check", 16), ("digest", 32)]).map(|(name, length)| {
            let field = Field { name, offset, length };
            offset += length;
            field
        });
        fields.collect()
    }

    /// Appends the encoding.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.corrections);
        out.extend_from_slice(&self.check);
        out.extend_from_slice(&self.digest);
    }

    /// Reads one for that many rows from the front. `None` if the input is too short.
    pub fn read(input: &mut Reader<'_>, rows: Rows) -> Option<Self> {
        let corrections = input.take((TREES - 1) * rows.column_len())?.to_vec();
        Some(Self { rows, corrections, check: input.array()?, digest: input.array()? })
    }
}

/// The receiver's half: the choice of each row and the row v_j. Wiped when dropped.
pub struct ReceiverRows {
    rows: Rows,
    choices: ChoiceBits,
    matrix: BitMatrix,
}

/// The sender's half, after the check: the rows w_j = v_j ⊕ β_j·Δ. Wiped when dropped.
pub struct SenderRows {
    rows: Rows,
    delta: Secret<Block>,
    matrix: BitMatrix,
}

impl fmt::Debug for ReceiverRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceiverRows({})", self.rows.get())
    }
}

impl fmt::Debug for SenderRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SenderRows({})", self.rows.get())
    }
}

/// Runs the receiver: steps 4.1 to 4.4. Its outcome is the same whenever it is run with one context.
pub fn receive(leaves: &Leaves, context: &Context, rows: Rows) -> (ReceiverRows, Message) {
    let Columns { mut matrix, u, corrections } = Columns::new(leaves, context, rows);
    let hash = context.column_hash(rows, &corrections); // 4.3
    let check = hash.column(u.as_slice()); // 4.4: x^ = h(u), t^ = h of the columns of V
    let mut columns = hash.matrix(matrix.tiles());
    let digest = context.digest(check, &columns);
    columns.zeroize();
    matrix.transpose();
    let choices = ChoiceBits::first(u, rows.get());
    let message = Message { rows, corrections, check: check.to_le_bytes(), digest };
    (ReceiverRows { rows, choices, matrix }, message)
}

/// What the receiver expands: V by columns, u, and c_m for the trees but the first.
struct Columns {
    matrix: BitMatrix,
    u: Buffer<Block>,
    corrections: Vec<u8>,
}

impl Columns {
    fn new(leaves: &Leaves, context: &Context, rows: Rows) -> Self {
        let mut matrix = BitMatrix::zero(rows.blocks());
        let mut u = Buffer::zero(rows.blocks());
        let mut corrections = alloc::vec![0; (TREES - 1) * rows.column_len()];
        let mut column = Buffer::zero(rows.blocks());
        let mut expansion = Expansion::new(context.iv(), rows.blocks());
        let (first, others) = leaves.trees().split_at(1);
        for leaves in first {
            expand(&mut expansion, leaves, 0, 0, &mut matrix, u.as_mut_slice());
        }
        let places = corrections.chunks_exact_mut(rows.column_len());
        for ((leaves, place), tree) in others.iter().zip(places).zip(1..) {
            expand(&mut expansion, leaves, 0, tree, &mut matrix, column.as_mut_slice());
            // 4.2: c_m = u_m ⊕ u, cut to the length of a column.
            for (to, (a, b)) in place.chunks_mut(16).zip(column.as_slice().iter().zip(u.as_slice())) {
                to.iter_mut().zip((a ^ b).to_le_bytes()).for_each(|(to, from)| *to = from);
            }
        }
        Self { matrix, u, corrections }
    }
}

/// Runs the sender: the same expansion without the missing leaves, the corrections, the check.
///
/// `None` if the check fails, or if the message is for another number of rows (compare that first: it
/// is no reason to burn). The check is evaluated whole and compared once, in constant time.
#[must_use = "a failed check means that these leaves must never be used again"]
pub fn send(leaves: &PuncturedLeaves, context: &Context, rows: Rows, message: &Message) -> Option<SenderRows> {
    if message.rows != rows {
        return None;
    }
    let delta = Secret::new(*leaves.delta().expose());
    let mut matrix = BitMatrix::zero(rows.blocks());
    let mut column = Buffer::zero(rows.blocks());
    let mut all = Secret::new([0; LEAVES]);
    let mut expansion = Expansion::new(context.iv(), rows.blocks());
    for (tree, most) in leaves.trees().iter().enumerate() {
        all.expose_mut().iter_mut().skip(1).zip(most).for_each(|(to, leaf)| *to = *leaf);
        expand(&mut expansion, all.expose(), 1, tree, &mut matrix, column.as_mut_slice());
    }
    let mut places = message.corrections.chunks_exact(rows.column_len());
    for tree in 1..TREES {
        correct(&mut matrix, tree, *delta.expose(), places.next()?);
    }
    let hash = context.column_hash(rows, &message.corrections);
    let check = Block::from_le_bytes(message.check);
    let mut columns = hash.matrix(matrix.tiles());
    for (column, c) in columns.iter_mut().zip(0..) {
        *column ^= mask(bit(*delta.expose(), c)) & check;
    }
    let good = context.digest(check, &columns).ct_eq(&message.digest);
    columns.zeroize();
    matrix.transpose();
    bool::from(good).then(|| SenderRows { rows, delta, matrix })
}

impl ReceiverRows {
    /// The choice of each row: β.
    pub fn choices(&self) -> &ChoiceBits {
        &self.choices
    }

    /// The rows v_j.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[Block]> {
        batches(&self.matrix, self.rows)
    }

    /// The receiver's outcome of 128 base OTs, for the second direction of a setup.
    ///
    /// `None` unless there are 128 rows. They are good for nothing else then.
    pub fn into_base(self, view: &View) -> Option<ReceiverSeeds> {
        if self.rows != Rows::SETUP {
            return None;
        }
        let seeds = strings(&self.matrix, self.rows, 0, view);
        Some(ReceiverSeeds { choices: Secret::new(self.choices.first_block()), seeds })
    }
}

impl SenderRows {
    /// Δ.
    pub(crate) fn delta(&self) -> &Block {
        self.delta.expose()
    }

    /// The rows w_j.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[Block]> {
        batches(&self.matrix, self.rows)
    }

    /// The sender's outcome of 128 base OTs, for the second direction of a setup.
    ///
    /// `None` unless there are 128 rows. They are good for nothing else then. That this needs
    /// [`SenderRows`] is the condition that the checks of the first direction have passed.
    pub fn into_base(self, view: &View) -> Option<SenderSeeds> {
        if self.rows != Rows::SETUP {
            return None;
        }
        let zeros = strings(&self.matrix, self.rows, 0, view);
        let ones = strings(&self.matrix, self.rows, *self.delta(), view);
        let pairs = zeros.expose().iter().zip(ones.expose()).map(|(zero, one)| [*zero, *one]);
        Some(SenderSeeds(Secret::new(pairs.collect())))
    }
}

/// The rows of a matrix, 16 at a time.
fn batches(matrix: &BitMatrix, rows: Rows) -> impl Iterator<Item = &[Block]> {
    let (used, _) = matrix.rows().split_at(rows.get().min(matrix.rows().len()));
    used.chunks(LANES)
}

/// The row hash of all rows, 16 bytes each.
fn strings(matrix: &BitMatrix, rows: Rows, offset: Block, view: &View) -> Secret<Vec<Block>> {
    let hash = RowHash::new(Purpose::Setup(view));
    let mut strings = Secret::new(Vec::with_capacity(rows.get()));
    let mut pads = RowPads::<1>::new();
    for (batch, first) in batches(matrix, rows).zip((0..).step_by(LANES)) {
        hash.hash(first, batch, offset, &mut pads);
        let blocks = pads.rows().as_flattened().iter().take(batch.len());
        strings.expose_mut().extend(blocks.map(|block| Block::from_le_bytes(*block)));
    }
    strings
}

/// 4.1: expands the leaves of a tree but the first `skip`; writes its four columns and u_m.
///
/// With leaves in permuted order and the first one missing, the same sums are W instead of V.
fn expand(
    expansion: &mut Expansion,
    leaves: &[Block; LEAVES],
    skip: usize,
    tree: usize,
    matrix: &mut BitMatrix,
    u: &mut [Block],
) {
    let width = expansion.width();
    let strides = matrix.tiles_mut().chunks_mut(width).zip(u.chunks_mut(width));
    for ((tiles, u), first) in strides.zip((0..).step_by(width)) {
        expansion.fill(leaves, skip, first);
        for ((tile, u), place) in tiles.iter_mut().zip(u).zip(0..) {
            let (columns, _) = tile.as_chunks_mut::<DEPTH>();
            if let Some(columns) = columns.get_mut(tree) {
                *columns = butterfly(expansion.blocks(place), u);
            }
        }
    }
}

/// ⊕ of all values, and for each bit b of the index the ⊕ of the values where it is set.
#[inline]
#[allow(clippy::indexing_slicing)] // constant bounds
fn butterfly(mut values: [Block; LEAVES], all: &mut Block) -> [Block; DEPTH] {
    let mut sums = [0; DEPTH];
    for (b, sum) in sums.iter_mut().enumerate() {
        for i in 0..LEAVES >> (b + 1) {
            *sum ^= values[2 * i + 1];
            values[i] = values[2 * i] ^ values[2 * i + 1];
        }
    }
    *all = values[0];
    sums
}

/// 4.2: W_{m,b} ⊕= Δ_{m,b}·c_m for the four columns of a tree.
fn correct(matrix: &mut BitMatrix, tree: usize, delta: Block, correction: &[u8]) {
    let masks: [Block; DEPTH] = core::array::from_fn(|b| mask(bit(delta, DEPTH * tree + b)));
    for (tile, bytes) in matrix.tiles_mut().iter_mut().zip(correction.chunks(16)) {
        let mut block = [0; 16];
        block.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        let block = Block::from_le_bytes(block);
        tile.iter_mut().skip(DEPTH * tree).zip(masks).for_each(|(column, mask)| *column ^= mask & block);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ot::pprf::Direction;
    use crate::ot::testing::{leaves, party, rng};
    use crate::wire::Reader;
    use alloc::collections::BTreeSet;
    use rand_core::Rng;

    const XI: usize = 416;

    fn context(nonce: u8) -> Context {
        let (base, pair) = (Base::from_bytes([1; 32]), PairId::from_bytes([2; 32]));
        Context::signing(&base, &pair, party(2), party(1), &[nonce; 32])
    }

    fn rows(n: usize) -> Rows {
        Rows::new(n).unwrap()
    }

    fn flat<'a>(rows: impl Iterator<Item = &'a [Block]>) -> Vec<Block> {
        rows.flatten().copied().collect()
    }

    fn round_trip(message: &Message) -> Message {
        let mut bytes = Vec::new();
        message.write(&mut bytes);
        assert_eq!(bytes.len(), Message::size(message.rows));
        let mut reader = Reader::new(&bytes);
        let back = Message::read(&mut reader, message.rows).unwrap();
        reader.finish().unwrap();
        assert_eq!(&back, message);
        assert!(Message::read(&mut Reader::new(&bytes[1..]), message.rows).is_none());
        back
    }

    /// The property all rests on: W = V ⊕ Δ·u.
    #[test]
    fn rows_differ_by_delta_where_the_choice_is_one() {
        let (full, punctured) = leaves(b"rows");
        for n in [8, 120, 128, 136, XI, 512, 2 * XI, 64 * XI + 8, 256 * XI] {
            let (received, message) = receive(&full, &context(7), rows(n));
            let sent = send(&punctured, &context(7), rows(n), &round_trip(&message)).unwrap();
            let (v, w) = (flat(received.rows()), flat(sent.rows()));
            assert_eq!((v.len(), w.len(), received.choices().len()), (n, n, n));
            let delta = *sent.delta();
            assert!(delta == *punctured.delta().expose() && delta != 0);
            let choices = received.choices().iter();
            assert!(v.iter().zip(&w).zip(choices).all(|((v, w), choice)| w ^ v == mask(choice) & delta));
            let ones = received.choices().iter().filter(|c| bool::from(*c)).count();
            assert!(n < 400 || (ones as i64 - n as i64 / 2).pow(2) < 9 * n as i64);
            let distinct: BTreeSet<_> = v.iter().collect();
            assert_eq!(distinct.len(), n);
        }
    }

    #[test]
    fn o_20_sizes() {
        assert_eq!(Message::size(rows(XI)), 2156);
        assert_eq!(Message::size(Rows::SETUP), 1040);
        assert_eq!(Message::size(rows(512)), 2528);
        assert_eq!(Message::size(rows(64 * XI)), 31 * (52 * 64 + 16) + 48);
        for n in [0, 4, 417, (1 << 17) + 8, usize::MAX] {
            assert!(Rows::new(n).is_none());
        }
        assert!(Rows::new(1 << 17).is_some());
        assert_eq!((rows(256 * XI).blocks(), rows(XI).blocks(), rows(XI).data_blocks()), (833, 5, 4));
        let keys = |n| context(1).column_hash(rows(n), &[]).keys();
        assert_eq!((keys(XI), keys(256 * XI)), (1, 104));
    }

    /// O-01(1), O-05: any bit of the message that is changed on the way fails the check.
    #[test]
    fn o_01_every_tampered_field_fails() {
        let (full, punctured) = leaves(b"tamper");
        let (_, message) = receive(&full, &context(1), rows(XI));
        let mut bytes = Vec::new();
        message.write(&mut bytes);
        let places = (0..31).map(|m| 68 * m + m).chain([67, 31 * 68, 31 * 68 + 15, 31 * 68 + 16, 2155]);
        for place in places {
            bytes[place] ^= 0x20;
            let tampered = Message::read(&mut Reader::new(&bytes), rows(XI)).unwrap();
            assert!(send(&punctured, &context(1), rows(XI), &tampered).is_none());
            bytes[place] ^= 0x20;
        }
        assert!(send(&punctured, &context(1), rows(XI), &message).is_some());
        assert!(send(&punctured, &context(2), rows(XI), &message).is_none());
        assert!(send(&punctured, &context(1), rows(512), &message).is_none());
        let (_, others) = leaves(b"other setup");
        assert!(send(&others, &context(1), rows(XI), &message).is_none());
    }

    /// A receiver that flips a bit of c_m for some trees, and guesses their digits of Δ.
    pub(crate) fn cheat(leaves: &Leaves, context: &Context, rows: Rows, guesses: &[(usize, u8)]) -> Message {
        let Columns { matrix, u, mut corrections } = Columns::new(leaves, context, rows);
        for (tree, _) in guesses {
            if *tree > 0 {
                corrections[(tree - 1) * rows.column_len()] ^= 1;
            } else {
                corrections.chunks_mut(rows.column_len()).for_each(|c| c[0] ^= 1);
            }
        }
        let hash = context.column_hash(rows, &corrections);
        let mut column = alloc::vec![0; rows.blocks()];
        column[0] = 1;
        let error = hash.column(&column);
        let check = hash.column(u.as_slice()) ^ if guesses.iter().any(|(tree, _)| *tree == 0) { error } else { 0 };
        let mut columns = hash.matrix(matrix.tiles());
        for (tree, guess) in guesses {
            for b in 0..DEPTH {
                columns[DEPTH * tree + b] ^= if guess >> b & 1 == 1 { error } else { 0 };
            }
        }
        let digest = context.digest(check, &columns);
        Message { rows, corrections, check: check.to_le_bytes(), digest }
    }

    fn digit(delta: Block, tree: usize) -> u8 {
        (delta >> (DEPTH * tree) & 15) as u8
    }

    /// O-01(1): flipped before hashing, for each tree: passes if and only if the guess is right.
    #[test]
    fn o_01_a_cheat_passes_if_and_only_if_its_guess_is_right() {
        let (full, punctured) = leaves(b"cheat");
        let delta = *punctured.delta().expose();
        for tree in 0..TREES {
            for guess in [0, digit(delta, tree), digit(delta, tree) ^ 1, digit(delta, tree) ^ 8] {
                let message = cheat(&full, &context(1), Rows::SETUP, &[(tree, guess)]);
                let passed = send(&punctured, &context(1), Rows::SETUP, &message).is_some();
                assert_eq!(passed, guess == digit(delta, tree));
            }
        }
    }

    /// O-01(5): a sender that goes on after a failed check gives Δ away, 15 tries a tree.
    #[test]
    fn o_01_ignoring_the_failed_check_gives_delta_away() {
        let (full, punctured) = leaves(b"probe");
        let mut recovered = 0;
        let mut probes = 0u16;
        for tree in 0..TREES {
            let right = (0..15).find(|guess| {
                probes += 1;
                let context = context(probes.to_be_bytes()[1]);
                let message = cheat(&full, &context, Rows::SETUP, &[(tree, *guess)]);
                send(&punctured, &context, Rows::SETUP, &message).is_some()
            });
            recovered |= Block::from(right.unwrap_or(15)) << (DEPTH * tree);
        }
        assert!(probes <= 480);
        assert_eq!(recovered, *punctured.delta().expose());
    }

    /// O-04: m trees that do not fit pass with frequency 2^-4m.
    #[test]
    fn o_04_guesses_pass_as_often_as_they_should() {
        let (full, punctured) = leaves(b"frequency");
        let mut rng = rng(b"guesses");
        let mut count = |trees: usize, runs: u32| {
            let mut passed = 0;
            for _ in 0..runs {
                let guesses: Vec<_> = (0..trees).map(|m| (3 + 7 * m, (rng.next_u32() & 15) as u8)).collect();
                let message = cheat(&full, &context(1), rows(8), &guesses);
                passed += u32::from(send(&punctured, &context(1), rows(8), &message).is_some());
            }
            f64::from(passed)
        };
        // Within five standard deviations of 100 and of 16.
        assert!((count(1, 1600) - 100.0).abs() < 50.0);
        assert!((count(2, 4096) - 16.0).abs() < 20.0);
        assert!(count(3, 512) <= 2.0);
    }

    /// O-06, O-07: contexts differ in everything, and two of them share no row and no generator block.
    #[test]
    fn o_06_contexts_share_nothing() {
        let (base, pair, nonce) = (Base::from_bytes([1; 32]), PairId::from_bytes([2; 32]), [3; 32]);
        let (a, b, c) = (party(1), party(2), party(3));
        let contexts = [
            Context::signing(&base, &pair, a, b, &nonce),
            Context::signing(&base, &pair, b, a, &nonce),
            Context::signing(&base, &pair, a, c, &nonce),
            Context::signing(&base, &pair, a, b, &[4; 32]),
            Context::signing(&Base::from_bytes([2; 32]), &pair, a, b, &nonce),
            Context::signing(&base, &PairId::from_bytes([1; 32]), a, b, &nonce),
            Context::setup(&View::from_bytes([1; 32]), a, b),
            Context::setup(&View::from_bytes([1; 32]), b, a),
            Context::setup(&View::from_bytes([2; 32]), a, b),
        ];
        let ivs: BTreeSet<_> = contexts.iter().map(Context::iv).collect();
        assert_eq!(ivs.len(), contexts.len());
        assert!(ivs.iter().all(|iv| iv.trailing_zeros() >= 16));
        let (full, _) = leaves(b"share");
        let mut all = BTreeSet::new();
        for context in &contexts {
            all.extend(flat(receive(&full, context, rows(XI)).0.rows()));
        }
        assert_eq!(all.len(), XI * contexts.len());
    }

    /// O-05: every byte of the corrections is in the keys of the check.
    #[test]
    fn o_05_the_keys_hang_on_all_corrections() {
        let (full, _) = leaves(b"keys");
        let (_, message) = receive(&full, &context(1), Rows::SETUP);
        let column = [5; 2];
        let mut corrections = message.corrections;
        let before = context(1).column_hash(Rows::SETUP, &corrections).column(&column);
        for place in 0..corrections.len() {
            corrections[place] ^= 1;
            assert_ne!(context(1).column_hash(Rows::SETUP, &corrections).column(&column), before);
            corrections[place] ^= 1;
        }
    }

    /// O-26: the blocks of a leaf, and the tweaks of the rows, are all different in a batch of 256.
    #[test]
    fn o_26_blocks_and_pads_of_a_batch_are_distinct() {
        let blocks = rows(256 * 512).blocks();
        let (mut out, mut expansion) = (BTreeSet::new(), Expansion::new(context(1).iv(), blocks));
        for first in (0..blocks).step_by(expansion.width()) {
            expansion.fill(&[5; 16], 1, first);
            for place in 0..expansion.width().min(blocks - first) {
                assert_eq!(expansion.blocks(place)[0], 0);
                assert_eq!(expansion.blocks(place)[1], expansion.blocks(place)[15]);
                out.insert(expansion.blocks(place)[1]);
            }
        }
        assert_eq!((out.len(), blocks), (1025, 1025));
        // O-10: one row at all places of a batch.
        let hash = RowHash::new(Purpose::Multiplication(&[9; 32]));
        let (mut seen, mut pads) = (BTreeSet::<[u8; 16]>::new(), RowPads::<9>::new());
        for first in (0..256 * XI).step_by(16) {
            hash.hash(first, &[77; 16], 0, &mut pads);
            seen.extend(pads.rows().as_flattened());
        }
        assert_eq!(seen.len(), 256 * XI * 9);
    }

    /// The row hash is a function of the row, not of how rows are batched; offset is ⊕ed to the row.
    #[test]
    fn row_hash_by_the_formula() {
        let hash = RowHash::new(Purpose::Setup(&View::from_bytes([1; 32])));
        let (mut pads, mut one) = (RowPads::<6>::new(), RowPads::<6>::new());
        let batch: Vec<Block> = (100..116).collect();
        hash.hash(32, &batch, 3, &mut pads);
        for (k, row) in batch.iter().enumerate() {
            hash.hash(32 + k, &[row ^ 3], 0, &mut one);
            assert_eq!(one.rows()[0], pads.rows()[k]);
        }
        let mut other = RowPads::<6>::new();
        RowHash::new(Purpose::Multiplication(&[1; 32])).hash(32, &batch, 3, &mut other);
        assert!(other.rows().iter().zip(pads.rows()).all(|(a, b)| a != b));
    }

    /// Direction 2: 128 rows become base OTs, and these a second setup the other way round.
    #[test]
    fn o_27_the_second_direction_comes_from_the_first() {
        let (full, punctured) = leaves(b"second");
        let view = View::from_bytes([4; 32]);
        let context = Context::setup(&view, party(2), party(1));
        let (received, message) = receive(&full, &context, Rows::SETUP);
        let sent = send(&punctured, &context, Rows::SETUP, &message).unwrap();
        let second = Direction { view, sender: party(2), receiver: party(1) };
        let (full, corrections) = Leaves::grow(&second, sent.into_base(&view).unwrap());
        let punctured = PuncturedLeaves::grow(&second, received.into_base(&view).unwrap(), &corrections).unwrap();
        let (_, message) = receive(&full, &context, rows(XI));
        assert!(send(&punctured, &context, rows(XI), &message).is_some());
        let (received, message) = receive(&full, &context, rows(136));
        assert!(received.into_base(&view).is_none());
        assert!(send(&punctured, &context, rows(136), &message).unwrap().into_base(&view).is_none());
    }
}
