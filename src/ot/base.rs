//! Base OT: 128 random 1-of-2 OTs of 16-byte strings from Diffie-Hellman on ristretto255.
//!
//! *Endemic* OT: a corrupt party may fix the strings it gets, which is all that the extension needs.
//! Two messages that may cross, no proofs; the receiver sends two points an instance, of which it
//! knows the discrete logarithm of one, after a random function of the other is added.
//!
//! Source: Masny and Rindal, eprint 2019/706, Figure 8. Where we differ:
//! - the group is ristretto255 whatever the signing curve: prime order by construction (on a curve
//!   with a cofactor the random point of the other slot shows the choice), bytes to points in
//!   constant time;
//! - every instance and both branches have fresh sender scalars: one sender message for a whole batch
//!   is not what the figure proves;
//! - the point function knows (base, parties, receiver's nonce, instance, slot), the keys know the view,
//!   hence both nonces; the two messages can therefore leave at the same time.

use alloc::vec::Vec;
use core::fmt;

use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::{RistrettoPoint, Scalar};
use group::Group;
use rand_core::CryptoRng;
use subtle::{Choice, ConditionallySelectable};
use zeroize::Zeroize;

use super::bits::bit;
use super::{Block, COLUMNS};
use crate::curve::{Curve, Ristretto255};
use crate::party::{Base, PartyId, View};
use crate::secret::Secret;
use crate::transcript::Transcript;
use crate::wire::{Reader, Shape, Wire};

/// The length of each of the two messages in bytes: 128 pairs of points.
pub const MESSAGE_LEN: usize = COLUMNS * 2 * POINT_LEN;

const POINT_LEN: usize = 32;

/// What both parties know before the first message: it names this run of 128 base OTs.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// The digest of the session's inputs.
    pub base: Base,
    /// Who chooses: the *sender* of the extension to come.
    pub receiver: PartyId,
    /// Who gets both strings of each instance: the receiver of the extension to come.
    pub sender: PartyId,
    /// The receiver's nonce of this session.
    pub receiver_nonce: [u8; 32],
}

/// 128 pairs of points, either party's message. Broadcast, or addressed and readable.
///
/// 8192 bytes: instance by instance the two compressed points.
pub struct Message {
    points: Vec<[RistrettoPoint; 2]>,
    bytes: Vec<[[u8; POINT_LEN]; 2]>,
}

impl Wire for Message {
    fn size(_: &Shape) -> usize {
        MESSAGE_LEN
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.bytes.as_flattened().as_flattened());
    }

    /// Refuses points that are not canonical, and the identity.
    fn read(input: &mut Reader<'_>, _: &Shape) -> Option<Self> {
        let mut message = Self { points: Vec::with_capacity(COLUMNS), bytes: Vec::with_capacity(COLUMNS) };
        for _ in 0..COLUMNS {
            let pair: [[u8; POINT_LEN]; 2] = [input.array()?, input.array()?];
            let [zero, one] = &pair;
            message.points.push([Ristretto255::decode(zero)?, Ristretto255::decode(one)?]);
            message.bytes.push(pair);
        }
        Some(message)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Message(8192 bytes)")
    }
}

/// Both strings of each of 128 OTs: the base-OT sender's output.
pub struct SenderSeeds(pub(super) Secret<Vec<[Block; 2]>>);

/// One string of each of 128 OTs and which one it is: the base-OT receiver's output.
pub struct ReceiverSeeds {
    /// Bit l: the choice of instance l.
    pub(super) choices: Secret<Block>,
    pub(super) seeds: Secret<Vec<Block>>,
}

impl fmt::Debug for SenderSeeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SenderSeeds(..)")
    }
}

impl fmt::Debug for ReceiverSeeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiverSeeds(..)")
    }
}

/// The receiver after its message has left. Answers once: it is moved into [`Receiver::finish`].
pub struct Receiver {
    run: Run,
    choices: Secret<Block>,
    halves: Secret<Vec<Scalar>>, // α_l / 2
    sent: Vec<[[u8; POINT_LEN]; 2]>,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base::Receiver(..)")
    }
}

impl Receiver {
    /// M1: draws the choices and makes the points.
    ///
    /// r_{1−c} is uniform, r_c = α·B − H(.., c, r_{1−c}). The slot is data of the hash, never an index.
    pub fn start(run: Run, rng: &mut impl CryptoRng) -> (Self, Message) {
        let choices = Secret::new(random_block(rng));
        let halves = Secret::new((0..COLUMNS).map(|_| Scalar::random(rng)).collect::<Vec<_>>());
        let other_halves: Vec<_> = (0..COLUMNS).map(|_| random_point(rng)).collect();
        let others = RistrettoPoint::double_and_compress_batch(&other_halves);
        let mut message = Message { points: Vec::with_capacity(COLUMNS), bytes: Vec::with_capacity(COLUMNS) };
        let parts = halves.expose().iter().zip(other_halves.iter().zip(&others));
        for (l, (half, (other_half, other_bytes))) in (0u8..).zip(parts) {
            let choice = bit(*choices.expose(), usize::from(l));
            let chosen = RistrettoPoint::mul_base(&(half + half))
                - hash_to_point(&run, l, choice.unwrap_u8(), other_bytes.as_bytes());
            let chosen_bytes = chosen.compress();
            let other = other_half + other_half;
            message.points.push([
                RistrettoPoint::conditional_select(&chosen, &other, choice),
                RistrettoPoint::conditional_select(&other, &chosen, choice),
            ]);
            message.bytes.push([
                select_bytes(chosen_bytes.as_bytes(), other_bytes.as_bytes(), choice),
                select_bytes(other_bytes.as_bytes(), chosen_bytes.as_bytes(), choice),
            ]);
        }
        let sent = message.bytes.clone();
        (Self { run, choices, halves, sent }, message)
    }

    /// The strings chosen: F_l(c) = H(view, .., c, .., α·B_{l,c}).
    pub fn finish(self, view: &View, peer: &Message) -> ReceiverSeeds {
        let mut shared: Vec<_> = (0..)
            .zip(self.halves.expose().iter().zip(&peer.points))
            .map(|(l, (half, [zero, one]))| {
                RistrettoPoint::conditional_select(zero, one, bit(*self.choices.expose(), l)) * half
            })
            .collect();
        let mut keys = RistrettoPoint::double_and_compress_batch(&shared);
        shared.zeroize();
        let parts = self.sent.iter().zip(&peer.bytes).zip(&keys);
        let seeds = (0u8..).zip(parts).map(|(l, ((sent, received), key))| {
            let slot = bit(*self.choices.expose(), usize::from(l)).unwrap_u8();
            string(&self.run, view, l, slot, [sent, received], key)
        });
        let seeds = Secret::new(seeds.collect());
        keys.zeroize();
        ReceiverSeeds { choices: self.choices, seeds }
    }
}

/// The sender after its message has left. Answers once: it is moved into [`Sender::finish`].
pub struct Sender {
    halves: Secret<Vec<[Scalar; 2]>>, // β_{l,x} / 2
    sent: Vec<[[u8; POINT_LEN]; 2]>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base::Sender(..)")
    }
}

impl Sender {
    /// M2: B_{l,x} = β_{l,x}·B for fresh β, 256 of them. Needs nothing of the receiver's.
    pub fn start(rng: &mut impl CryptoRng) -> (Self, Message) {
        let halves = Secret::new((0..COLUMNS).map(|_| [Scalar::random(rng), Scalar::random(rng)]).collect::<Vec<_>>());
        let point_halves: Vec<_> = halves.expose().as_flattened().iter().map(RistrettoPoint::mul_base).collect();
        let encoded = RistrettoPoint::double_and_compress_batch(&point_halves);
        let message = Message {
            points: pairs(&point_halves).map(|[zero, one]| [zero + zero, one + one]).collect(),
            bytes: pairs(&encoded).map(|[zero, one]| [zero.to_bytes(), one.to_bytes()]).collect(),
        };
        let sent = message.bytes.clone();
        (Self { halves, sent }, message)
    }

    /// Both strings: F_l(x) = H(view, .., x, .., β_{l,x}·M_{l,x}), M_{l,x} = r_x + H(.., x, r_{1−x}).
    ///
    /// `None` if some M is the identity: the receiver's doing.
    #[must_use = "a failed check ends the setup"]
    pub fn finish(self, run: &Run, view: &View, peer: &Message) -> Option<SenderSeeds> {
        let mut shared = Vec::with_capacity(2 * COLUMNS);
        let parts = self.halves.expose().iter().zip(peer.points.iter().zip(&peer.bytes));
        for (l, (halves, (points, bytes))) in (0u8..).zip(parts) {
            let others = bytes.iter().rev();
            for (slot, ((half, point), other)) in (0u8..).zip(halves.iter().zip(points).zip(others)) {
                let masked = point + hash_to_point(run, l, slot, other);
                if bool::from(masked.is_identity()) {
                    shared.zeroize();
                    return None;
                }
                shared.push(masked * half);
            }
        }
        let mut keys = RistrettoPoint::double_and_compress_batch(&shared);
        shared.zeroize();
        let parts = peer.bytes.iter().zip(&self.sent).zip(pairs(&keys));
        let strings = (0u8..).zip(parts).map(|(l, ((received, sent), [zero, one]))| {
            [string(run, view, l, 0, [received, sent], &zero), string(run, view, l, 1, [received, sent], &one)]
        });
        let strings = Secret::new(strings.collect());
        keys.zeroize();
        Some(SenderSeeds(strings))
    }
}

/// The one-way map of 64 bytes to the group, two maps added (RFC 9496, 4.3.4): constant time.
fn hash_to_point(run: &Run, instance: u8, slot: u8, other: &[u8; POINT_LEN]) -> RistrettoPoint {
    let mut wide = [0; 64];
    let hash = Transcript::new("ot-base-point").field(run.base.as_bytes()).party(run.receiver).party(run.sender);
    hash.field(&run.receiver_nonce).field(&[instance, slot]).field(other).fill(&mut wide);
    RistrettoPoint::from_uniform_bytes(&wide)
}

/// F_l(x), 16 bytes of a hash of everything both saw and the shared point.
fn string(
    run: &Run,
    view: &View,
    instance: u8,
    slot: u8,
    [r, b]: [&[[u8; POINT_LEN]; 2]; 2],
    key: &CompressedRistretto,
) -> Block {
    let mut bytes = [0; 16];
    let hash = Transcript::new("ot-base-key").field(view.as_bytes()).party(run.receiver).party(run.sender);
    let hash = hash.field(&[instance, slot]).field(r.as_flattened()).field(b.as_flattened());
    hash.field(key.as_bytes()).fill(&mut bytes);
    let string = Block::from_le_bytes(bytes);
    bytes.zeroize();
    string
}

fn random_block(rng: &mut impl CryptoRng) -> Block {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    let block = Block::from_le_bytes(bytes);
    bytes.zeroize();
    block
}

fn random_point(rng: &mut impl CryptoRng) -> RistrettoPoint {
    let mut wide = [0; 64];
    rng.fill_bytes(&mut wide);
    RistrettoPoint::from_uniform_bytes(&wide)
}

fn select_bytes(zero: &[u8; POINT_LEN], one: &[u8; POINT_LEN], choice: Choice) -> [u8; POINT_LEN] {
    <[u8; POINT_LEN]>::conditional_select(zero, one, choice)
}

/// The items two by two.
fn pairs<T: Copy>(items: &[T]) -> impl Iterator<Item = [T; 2]> + '_ {
    items.as_chunks().0.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ot::testing::{party, rng};

    const SHAPE: Shape = Shape { threshold: 2, parties: 2, batch: 1 };

    fn run() -> Run {
        Run { base: Base::from_bytes([1; 32]), receiver: party(1), sender: party(2), receiver_nonce: [3; 32] }
    }

    fn view() -> View {
        View::from_bytes([9; 32])
    }

    fn transfer(seed: &[u8]) -> (ReceiverSeeds, SenderSeeds, Message) {
        let mut rng = rng(seed);
        let (receiver, m1) = Receiver::start(run(), &mut rng);
        let (sender, m2) = Sender::start(&mut rng);
        (receiver.finish(&view(), &m2), sender.finish(&run(), &view(), &m1).unwrap(), m1)
    }

    #[test]
    fn the_receiver_gets_the_chosen_string_of_each_pair() {
        let (received, sent, m1) = transfer(b"works");
        assert_eq!((received.seeds.expose().len(), sent.0.expose().len()), (128, 128));
        assert_eq!(m1.encode(&SHAPE).len(), MESSAGE_LEN);
        for (l, (got, pair)) in received.seeds.expose().iter().zip(sent.0.expose()).enumerate() {
            let choice = usize::from(bit(*received.choices.expose(), l).unwrap_u8());
            assert_eq!(*got, pair[choice]);
            assert_ne!(*got, pair[1 - choice]);
        }
    }

    #[test]
    fn messages_survive_the_wire() {
        let (_, _, m1) = transfer(b"wire");
        let bytes = m1.encode(&SHAPE);
        let back = Message::decode(&bytes, &SHAPE).unwrap();
        assert_eq!(back.encode(&SHAPE), bytes);
        assert_eq!(back.points, m1.points);
        assert!(Message::decode(&bytes[1..], &SHAPE).is_none());
    }

    /// O-08: the identity, a non-canonical encoding, a point with a torsion part, in each slot.
    #[test]
    fn o_08_bad_points_are_refused() {
        let (_, _, m1) = transfer(b"points");
        let bytes = m1.encode(&SHAPE);
        for offset in [0, 32, 64 * 77 + 32, MESSAGE_LEN - 32] {
            for bad in [[0; 32], [0xff; 32], [1; 32]] {
                let mut message = bytes.clone();
                message[offset..offset + 32].copy_from_slice(&bad);
                assert!(Message::decode(&message, &SHAPE).is_none());
            }
        }
    }

    /// A receiver that makes M the identity is caught; it must choose r_x = −H(.., x, r_{1−x}).
    #[test]
    fn o_08_a_masked_identity_is_refused() {
        let mut rng = rng(b"identity");
        let (_, mut m1) = Receiver::start(run(), &mut rng);
        let (sender, _) = Sender::start(&mut rng);
        let bad = -hash_to_point(&run(), 5, 0, &m1.bytes[5][1]);
        m1.points[5][0] = bad;
        m1.bytes[5][0] = bad.compress().to_bytes();
        let m1 = Message::decode(&m1.encode(&SHAPE), &SHAPE).unwrap();
        assert!(sender.finish(&run(), &view(), &m1).is_none());
    }

    /// Any other byte, view, role or nonce gives unrelated strings, without a panic.
    #[test]
    fn o_07_strings_hang_on_everything_both_saw() {
        let other_runs = [
            Run { base: Base::from_bytes([2; 32]), ..run() },
            Run { receiver: party(2), sender: party(1), ..run() },
            Run { sender: party(3), ..run() },
            Run { receiver_nonce: [4; 32], ..run() },
        ];
        for other in other_runs {
            let mut rng = rng(b"bind");
            let (receiver, m1) = Receiver::start(run(), &mut rng);
            let (sender, m2) = Sender::start(&mut rng);
            let got = receiver.finish(&view(), &m2);
            let both = sender.finish(&other, &view(), &m1).unwrap();
            assert!(got.seeds.expose().iter().zip(both.0.expose()).all(|(s, pair)| !pair.contains(s)));
        }
        let mut rng = rng(b"bind");
        let (receiver, m1) = Receiver::start(run(), &mut rng);
        let (sender, m2) = Sender::start(&mut rng);
        let got = receiver.finish(&View::from_bytes([8; 32]), &m2);
        let both = sender.finish(&run(), &view(), &m1).unwrap();
        assert!(got.seeds.expose().iter().zip(both.0.expose()).all(|(s, pair)| !pair.contains(s)));
    }

    /// O-08: the receiver's points swapped: what it knows is now of the other slot, and hashes differ.
    #[test]
    fn o_08_swapped_points_give_the_receiver_nothing() {
        let mut rng = rng(b"swap");
        let (receiver, mut m1) = Receiver::start(run(), &mut rng);
        let (sender, m2) = Sender::start(&mut rng);
        m1.points[3].swap(0, 1);
        m1.bytes[3].swap(0, 1);
        let got = receiver.finish(&view(), &m2);
        let both = sender.finish(&run(), &view(), &m1).unwrap();
        let fits = got.seeds.expose().iter().zip(both.0.expose()).map(|(s, pair)| pair.contains(s));
        assert_eq!(fits.enumerate().filter(|(_, fits)| !fits).map(|(l, _)| l).collect::<Vec<_>>(), [3]);
    }

    /// O-08, Devious Transfer: no bit of either point, and not whether r_x ± H decodes, tells the choice.
    #[test]
    fn o_08_a_message_does_not_show_the_choice() {
        const BATCHES: usize = 32;
        let mut agree = [0i64; 512];
        let mut rng = rng(b"classifier");
        let mut total = 0;
        for _ in 0..BATCHES {
            let (receiver, m1) = Receiver::start(run(), &mut rng);
            for l in 0..COLUMNS {
                let choice = bit(*receiver.choices.expose(), l).unwrap_u8();
                let pair = m1.bytes[l].as_flattened();
                for (k, count) in agree.iter_mut().enumerate() {
                    *count += i64::from((pair[k / 8] >> (k % 8) & 1) == choice);
                }
                total += 1;
                assert!(m1.bytes[l].iter().all(|bytes| Ristretto255::decode(bytes).is_some()));
            }
        }
        // A fair bit is out by 5 standard deviations (√total / 2) in one of 512 places with 3·10^-4.
        let limit = (total as f64).sqrt() * 2.5;
        // Bits that are constant in every encoding (the lowest and the highest) agree as the choice does.
        assert!(agree.iter().all(|count| ((*count - total / 2) as f64).abs() < limit));
    }
}
