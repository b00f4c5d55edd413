//! Two-party multiplication: the receiver gets random b, the sender puts in a; c + d = a·b.
//!
//! Random vector oblivious linear evaluation (RVOLE) with two inputs: b is a public combination of the
//! extension's choice bits, and for each bit the sender's pads carry its inputs across. A third column
//! with a random input and two challenges checks that all rows carry the same a.
//!
//! Source: DKLs23 (Doerner, Kondi, Lee, Shelat, eprint 2023/765), Protocol 5.2, with l = 2, ρ = 1. Steps are
//! numbered as in our specification. Where we differ:
//! - in step 2 the input of the check column is a^, in step 5 the challenge is θ_i (both misprinted);
//! - the challenges are a hash that covers *all* of a~, else the check is void;
//! - a batch of N shares one pair of challenges and one μ; one failure is a failure of all N;
//! - ξ = 416 ([`Xi416`]): b is within 2^-81 of uniform by the averaged bound, no attack is known; for a
//!   rigorous bound [`Xi512`] takes 23 % more.
//!
//! # Security
//! Both states answer once, for a second answer of the sender to one message gives a linear relation
//! of its inputs. They are moved.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;

use super::field::{Field, Limbs, and, from_bytes, to_bytes};
use super::message::COLUMNS;
use crate::curve::{Scalar, SumOfProducts};
use crate::ot::bits::{Buffer, halves, mask};
use crate::ot::cipher::{LANES, Purpose, RowHash, RowPads};
use crate::ot::extension::{self, Context, ReceiverRows, SenderRows};
use crate::ot::pprf::{Leaves, PuncturedLeaves};
use crate::ot::{Block, long_field};
use crate::party::{PairId, PartyId, View};
use crate::secret::Secret;
use crate::transcript::Transcript;

pub use super::message::{Request, Response};
pub use super::parameters::{Batch, Gadget, MulCurve, ParameterSet, Xi416, Xi512};

/// sid: names one multiplication, or one batch. It hangs on everybody's nonces and on what was sent.
#[derive(Clone, Copy, Debug)]
pub struct SessionId([u8; 32]);

impl SessionId {
    /// H(view, `pair_id`, receiver, sender, digest of what the receiver addressed to the sender in round 1).
    pub fn new<C: MulCurve, P: ParameterSet>(
        view: &View,
        pair: &PairId,
        receiver: PartyId,
        sender: PartyId,
        addressed: &[u8; 32],
    ) -> Self {
        let hash = Transcript::new("mul-session").field(C::NAME.as_bytes()).number(P::XI as u64);
        let hash = hash.field(view.as_bytes()).field(pair.as_bytes()).party(receiver).party(sender);
        Self(hash.field(addressed).digest())
    }

    fn row_hash(&self) -> RowHash {
        RowHash::new(Purpose::Multiplication(&self.0))
    }

    /// θ_1, θ_2: **over all of a~**.
    fn challenges<C: MulCurve>(&self, rows: &[u8]) -> [Scalar<C>; 2] {
        let hash = Transcript::new("mul-challenge").field(&self.0).field(&long_field(rows));
        [1, 2].map(|i| *hash.fork().number(i).challenge::<C>().value())
    }

    /// μ: the hash of μ_1, …
    fn digest(&self, checks: &[u8]) -> [u8; 32] {
        Transcript::new("mul-check").field(&self.0).field(&long_field(checks)).digest()
    }

    /// a^ of each multiplication. With this id in it, a generator that repeats itself harms nobody.
    fn check_inputs<C: MulCurve>(&self, batch: Batch, rng: &mut impl CryptoRng) -> Secret<Vec<Scalar<C>>> {
        let mut fresh = Secret::new([0; 32]);
        rng.fill_bytes(fresh.expose_mut());
        let hash = Transcript::new("mul-check-input").field(&self.0).field(fresh.expose());
        let inputs = (0..batch.get() as u64).map(|nu| *hash.fork().number(nu).secret_scalar::<C>().expose());
        Secret::new(inputs.collect())
    }
}

/// Pairs of scalars, one pair for each multiplication: inputs (a_1, a_2) or shares of both products.
pub type Pairs<C> = Secret<Vec<[Scalar<C>; 2]>>;

/// The receiver (Bob), its request sent. Answers once: it is moved.
pub struct Receiver<C: MulCurve, P: ParameterSet> {
    rows: ReceiverRows,
    batch: Batch,
    factors: Secret<Vec<Scalar<C>>>,
    parameters: PhantomData<P>,
}

/// The sender (Alice), the request received and checked. Answers once: it is moved.
pub struct Sender<C: MulCurve, P: ParameterSet> {
    rows: SenderRows,
    batch: Batch,
    parameters: PhantomData<(C, P)>,
}

impl<C: MulCurve, P: ParameterSet> fmt::Debug for Receiver<C, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rvole::Receiver(..)")
    }
}

impl<C: MulCurve, P: ParameterSet> fmt::Debug for Sender<C, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rvole::Sender(..)")
    }
}

impl<C: MulCurve, P: ParameterSet> Receiver<C, P> {
    /// Extends, and fixes the random factors b = Σ β_j·g_j.
    pub fn start(leaves: &Leaves, context: &Context, batch: Batch, gadget: &Gadget<C, P>) -> (Self, Request<P>) {
        let (rows, message) = extension::receive(leaves, context, batch.rows::<P>());
        let factors = gadget.combine(&rows, batch);
        (Self { rows, batch, factors, parameters: PhantomData }, Request(message, PhantomData))
    }

    /// b, one for each multiplication.
    pub fn factors(&self) -> &Secret<Vec<Scalar<C>>> {
        &self.factors
    }

    /// Steps 7 to 9: checks the response; d, both shares of each multiplication.
    ///
    /// `None` if the check fails, or if the response is for another batch.
    #[must_use = "a failed check burns the pair"]
    pub fn finish(self, session: &SessionId, gadget: &Gadget<C, P>, response: &Response<C, P>) -> Option<Pairs<C>> {
        if response.batch != self.batch {
            return None;
        }
        let field = &gadget.field;
        let (tilde, etas) = response.scalars.as_slice().split_at_checked(Response::<C, P>::tilde_len(self.batch))?;
        let factors = session.challenges::<C>(tilde).map(|theta| Field::<C>::factor(&theta));
        let (tilde, (etas, _)) = (tilde.as_chunks::<32>().0.as_chunks::<COLUMNS>().0, etas.as_chunks::<32>());
        let hash = session.row_hash();
        let mut outcome = Secret::new(Vec::with_capacity(self.batch.get()));
        let mut checks = Buffer::<u8>::zero(self.batch.get() * P::XI * 32);
        let (mut pads, mut gammas) = (Pads::new::<C>(), Buffer::<u64>::zero(LANES * COLUMNS * 4));
        let (mut batches, mut choices, mut tilde) = (self.rows.rows(), self.rows.choices().iter(), tilde.iter());
        let mut places = checks.as_mut_slice().as_chunks_mut::<32>().0.iter_mut();
        for (nu, eta) in etas.iter().enumerate() {
            let (minus_eta, mut sums) =
                (field.negate(&from_bytes(eta)), [SumOfProducts::<C>::new(), SumOfProducts::new()]);
            for (chunk, (g, rows)) in gadget.limbs.chunks(LANES).zip(&mut batches).enumerate() {
                let gammas = triples_mut(&mut gammas);
                pads.fill(field, (&hash, nu * P::XI + chunk * LANES), (rows, 0), gammas);
                let parts = g.iter().zip(gammas).zip((&mut choices).zip(&mut tilde));
                for (((g, gamma), (choice, tilde)), place) in parts.zip(&mut places) {
                    let beta = halves(mask(choice))[0];
                    // 7: D = γ + β·a~
                    let [d1, d2, d3] = add_chosen(field, gamma, tilde, beta);
                    // 8: μ' = D_3 + θ_1·D_1 + θ_2·D_2 − β·η
                    let rest = field.add(&d3, &and(&minus_eta, beta));
                    *place = to_bytes(&field.reduce(&field.add(&rest, &field.dot(&factors, &d1, &d2))));
                    // 9: d_i = Σ g_j·D_{j,i}
                    let [first, second] = &mut sums;
                    first.add_limbs(g, &d1);
                    second.add_limbs(g, &d2);
                }
            }
            outcome.expose_mut().push(sums.map(SumOfProducts::finish));
        }
        let good = session.digest(checks.as_slice()).ct_eq(&response.digest);
        bool::from(good).then_some(outcome)
    }
}

impl<C: MulCurve, P: ParameterSet> Sender<C, P> {
    /// Extends and checks the request. `None` if the check fails: **these leaves are never to be used again**.
    #[must_use = "a failed check burns the pair"]
    pub fn receive(leaves: &PuncturedLeaves, context: &Context, batch: Batch, request: &Request<P>) -> Option<Self> {
        let rows = extension::send(leaves, context, batch.rows::<P>(), &request.0)?;
        Some(Self { rows, batch, parameters: PhantomData })
    }

    /// Steps 1 to 6: c, both shares of each multiplication, and the response.
    ///
    /// `None` if there is not one pair of inputs for each multiplication of the batch.
    #[must_use = "the response is made once"]
    pub fn multiply(
        self,
        session: &SessionId,
        gadget: &Gadget<C, P>,
        inputs: &Pairs<C>,
        rng: &mut impl CryptoRng,
    ) -> Option<(Pairs<C>, Response<C, P>)> {
        if inputs.expose().len() != self.batch.get() {
            return None;
        }
        let check_inputs = session.check_inputs::<C>(self.batch, rng); // 1
        let mut scalars = Buffer::zero(Response::<C, P>::scalars_len(self.batch));
        let (tilde, etas) = scalars.as_mut_slice().split_at_mut_checked(Response::<C, P>::tilde_len(self.batch))?;
        let (shares, alphas) = self.transfer(session, gadget, inputs, &check_inputs, tilde); // 1, 2
        let thetas = session.challenges::<C>(tilde); // 3
        let (etas, _) = etas.as_chunks_mut::<32>();
        for (([first, second], check), eta) in inputs.expose().iter().zip(check_inputs.expose()).zip(etas) {
            let [theta1, theta2] = &thetas;
            *eta = to_bytes(&C::scalar_limbs(&(*check + *theta1 * first + *theta2 * second))); // 4
        }
        let factors = thetas.map(|theta| Field::<C>::factor(&theta));
        let mut checks = Buffer::<u8>::zero(self.batch.get() * P::XI * 32);
        let (places, _) = checks.as_mut_slice().as_chunks_mut::<32>();
        for ([a1, a2, a3], place) in triples(&alphas).iter().zip(places) {
            let field = &gadget.field;
            *place = to_bytes(&field.reduce(&field.add(a3, &field.dot(&factors, a1, a2)))); // 5: μ_j
        }
        let digest = session.digest(checks.as_slice()); // 6
        Some((shares, Response { scalars, digest, batch: self.batch, curve: PhantomData }))
    }

    /// Steps 1 and 2: c_i = −Σ g_j·α0_{j,i}, and the rows a~ = α0 − α1 + (a_1, a_2, a^). Returns c and α0.
    fn transfer(
        &self,
        session: &SessionId,
        gadget: &Gadget<C, P>,
        inputs: &Pairs<C>,
        check_inputs: &Secret<Vec<Scalar<C>>>,
        tilde: &mut [u8],
    ) -> (Pairs<C>, Buffer<u64>) {
        let (field, hash) = (&gadget.field, session.row_hash());
        let mut shares = Secret::new(Vec::with_capacity(self.batch.get()));
        let mut zeros = Buffer::<u64>::zero(self.batch.get() * P::XI * COLUMNS * 4);
        let (mut pads, mut ones) = (Pads::new::<C>(), Buffer::<u64>::zero(LANES * COLUMNS * 4));
        let tilde = tilde.as_chunks_mut::<32>().0.as_chunks_mut::<COLUMNS>().0;
        let mut batches = self.rows.rows().zip(triples_mut(&mut zeros).chunks_mut(LANES).zip(tilde.chunks_mut(LANES)));
        for (nu, ([a1, a2], check)) in inputs.expose().iter().zip(check_inputs.expose()).enumerate() {
            let a = Secret::new([a1, a2, check].map(C::scalar_limbs));
            let mut sums = [SumOfProducts::<C>::new(), SumOfProducts::new()];
            for (chunk, (g, (rows, (zeros, tilde)))) in gadget.limbs.chunks(LANES).zip(&mut batches).enumerate() {
                let (first, ones) = (nu * P::XI + chunk * LANES, triples_mut(&mut ones));
                pads.fill(field, (&hash, first), (rows, 0), zeros);
                pads.fill(field, (&hash, first), (rows, *self.rows.delta()), ones);
                for (((g, zero), one), tilde) in g.iter().zip(zeros).zip(ones).zip(tilde) {
                    let ([first, second], [zero1, zero2, _]) = (&mut sums, &*zero);
                    first.add_limbs(g, zero1);
                    second.add_limbs(g, zero2);
                    for (((zero, one), a), tilde) in zero.iter().zip(one).zip(a.expose()).zip(tilde) {
                        let one = field.reduce(one);
                        *tilde = to_bytes(&field.reduce(&field.sub(&field.add(zero, a), &one)));
                    }
                }
            }
            shares.expose_mut().push(sums.map(|sum| -sum.finish()));
        }
        (shares, zeros)
    }
}

/// Three scalars a row.
fn triples(limbs: &Buffer<u64>) -> &[[Limbs; COLUMNS]] {
    limbs.as_slice().as_chunks::<4>().0.as_chunks().0
}

/// Three scalars a row.
fn triples_mut(limbs: &mut Buffer<u64>) -> &mut [[Limbs; COLUMNS]] {
    limbs.as_mut_slice().as_chunks_mut::<4>().0.as_chunks_mut().0
}

/// γ + β·a~ for one row, loose; β is 0 or all ones.
#[inline(always)]
fn add_chosen<C: MulCurve>(
    field: &Field<C>,
    [g1, g2, g3]: &[Limbs; COLUMNS],
    [t1, t2, t3]: &[[u8; 32]; COLUMNS],
    beta: u64,
) -> [Limbs; COLUMNS] {
    let one = |gamma, tilde| field.add(gamma, &and(&from_bytes(tilde), beta));
    [one(g1, t1), one(g2, t2), one(g3, t3)]
}

/// The pads of 16 rows before they are scalars. Wiped when dropped.
#[allow(clippy::large_enum_variant)] // one at a time, on the stack, never moved
enum Pads {
    Short(RowPads<6>),
    Long(RowPads<9>),
}

impl Pads {
    const fn new<C: MulCurve>() -> Self {
        if C::PAD_LEN == 32 { Self::Short(RowPads::new()) } else { Self::Long(RowPads::new()) }
    }

    /// 4.6: hashes the rows, the first of which has the number `first`, after ⊕ with `offset`; writes
    /// three scalars each, loose.
    #[inline]
    fn fill<C: MulCurve>(
        &mut self,
        field: &Field<C>,
        (hash, first): (&RowHash, usize),
        (rows, offset): (&[Block], Block),
        scalars: &mut [[Limbs; COLUMNS]],
    ) {
        match self {
            Self::Short(pads) => {
                hash.hash(first, rows, offset, pads);
                for (scalars, row) in scalars.iter_mut().zip(pads.rows()) {
                    let (pairs, _) = row.as_chunks::<2>();
                    scalars.iter_mut().zip(pairs).for_each(|(to, pair)| *to = limbs(pair));
                }
            }
            Self::Long(pads) => {
                hash.hash(first, rows, offset, pads);
                for (scalars, row) in scalars.iter_mut().zip(pads.rows()) {
                    let (triples, _) = row.as_chunks::<3>();
                    for (to, [low, middle, high]) in scalars.iter_mut().zip(triples) {
                        let high = halves(Block::from_le_bytes(*high));
                        *to = field.reduce_384(&limbs(&[*low, *middle]), high);
                    }
                }
            }
        }
    }
}

/// 32 bytes, lowest first, as limbs.
#[inline(always)]
fn limbs([low, high]: &[[u8; 16]; 2]) -> Limbs {
    let ([a, b], [c, d]) = (halves(Block::from_le_bytes(*low)), halves(Block::from_le_bytes(*high)));
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{Curve, P256, Secp256k1};
    use crate::ot::testing::{leaves, party, rng};
    use crate::party::Base;
    use crate::wire::{Shape, Wire};
    use ff::Field as _;

    fn context(nonce: u8) -> Context {
        let (base, pair) = (Base::from_bytes([1; 32]), PairId::from_bytes([2; 32]));
        Context::signing(&base, &pair, party(2), party(1), &[nonce; 32])
    }

    fn session<C: MulCurve, P: ParameterSet>(tag: u8) -> SessionId {
        let (view, pair) = (View::from_bytes([tag; 32]), PairId::from_bytes([2; 32]));
        SessionId::new::<C, P>(&view, &pair, party(2), party(1), &[7; 32])
    }

    fn inputs<C: MulCurve>(batch: Batch, rng: &mut impl CryptoRng) -> Pairs<C> {
        Secret::new((0..batch.get()).map(|_| [Scalar::<C>::random(rng), Scalar::<C>::random(rng)]).collect())
    }

    fn shape(batch: Batch) -> Shape {
        Shape { threshold: 2, parties: 2, batch: batch.get() }
    }

    struct Run<C: MulCurve, P: ParameterSet> {
        gadget: Gadget<C, P>,
        receiver: Receiver<C, P>,
        a: Pairs<C>,
        c: Pairs<C>,
        response: Response<C, P>,
    }

    fn run<C: MulCurve, P: ParameterSet>(batch: Batch, seed: &[u8]) -> Run<C, P> {
        let (full, punctured) = leaves(seed);
        let gadget = Gadget::new();
        let (receiver, request) = Receiver::start(&full, &context(1), batch, &gadget);
        let request = Request::decode(&request.encode(&shape(batch)), &shape(batch)).unwrap();
        let sender = Sender::<C, P>::receive(&punctured, &context(1), batch, &request).unwrap();
        let mut rng = rng(seed);
        let a = inputs::<C>(batch, &mut rng);
        let (c, response) = sender.multiply(&session::<C, P>(3), &gadget, &a, &mut rng).unwrap();
        Run { gadget, receiver, a, c, response }
    }

    fn multiplies<C: MulCurve, P: ParameterSet>(n: usize) {
        let batch = Batch::new(n).unwrap();
        let Run { gadget, receiver, a, c, response } = run::<C, P>(batch, b"multiplies");
        let bytes = response.encode(&shape(batch));
        assert_eq!(bytes.len(), Response::<C, P>::size(&shape(batch)));
        let response = Response::decode(&bytes, &shape(batch)).unwrap();
        let b: Vec<_> = receiver.factors().expose().clone();
        let d = receiver.finish(&session::<C, P>(3), &gadget, &response).unwrap();
        assert_eq!((b.len(), c.expose().len(), d.expose().len()), (n, n, n));
        for nu in 0..n {
            for i in 0..2 {
                let (a, c, d) = (a.expose()[nu][i], c.expose()[nu][i], d.expose()[nu][i]);
                assert_eq!(c + d, a * b[nu]);
                assert!(c != Scalar::<C>::ZERO && d != Scalar::<C>::ZERO);
            }
            assert!(b[..nu].iter().all(|other| *other != b[nu]));
        }
    }

    /// c + d = a·b, the functionality.
    #[test]
    fn the_shares_add_up_to_the_products() {
        for n in [1, 2, 5] {
            multiplies::<Secp256k1, Xi416>(n);
            multiplies::<P256, Xi416>(n);
            multiplies::<Secp256k1, Xi512>(n);
            multiplies::<P256, Xi512>(n);
        }
        multiplies::<Secp256k1, Xi416>(256);
        multiplies::<P256, Xi416>(64);
    }

    #[test]
    fn o_20_sizes_and_batches() {
        let (one, sixteen) = (shape(Batch::ONE), Shape { batch: 16, ..shape(Batch::ONE) });
        assert_eq!((Request::<Xi416>::size(&one), Response::<Secp256k1, Xi416>::size(&one)), (2156, 40_000));
        assert_eq!((Request::<Xi512>::size(&one), Response::<P256, Xi512>::size(&one)), (2528, 49_216));
        assert_eq!(Response::<P256, Xi416>::size(&sixteen), 39_968 * 16 + 32);
        assert_eq!(Request::<Xi416>::size(&sixteen), 31 * (52 * 16 + 16) + 48);
        for n in [0, 257, 1 << 16, 1 << 32] {
            assert!(Batch::new(n).is_none());
            let shape = Shape { batch: n, ..one };
            assert!(Request::<Xi416>::decode(&[0; 2156], &shape).is_none());
            assert!(Response::<P256, Xi416>::decode(&[0; 40_000], &shape).is_none());
        }
        let largest = Batch::new(256).unwrap();
        assert_eq!((largest.rows::<Xi416>().get(), largest.rows::<Xi512>().get()), (256 * 416, 256 * 512));
    }

    /// O-11: each field of the response, tampered with, fails the check; non-canonical does not decode.
    fn tampered<C: MulCurve>() {
        let batch = Batch::new(2).unwrap();
        let tilde = 2 * 416 * 96;
        let places = [0, 31, 32, 64, 95, 96 * 415 + 31, 96 * 500 + 63, tilde - 1, tilde + 31, tilde + 63];
        for place in places.into_iter().chain([tilde + 64, tilde + 95]) {
            let Run { gadget, receiver, response, .. } = run::<C, Xi416>(batch, b"tampered");
            let mut bytes = response.encode(&shape(batch));
            bytes[place] ^= 1;
            let Some(response) = Response::decode(&bytes, &shape(batch)) else {
                assert_eq!(bytes[place & !31], 0xff); // became too large, can only be in a highest byte
                continue;
            };
            assert!(receiver.finish(&session::<C, Xi416>(3), &gadget, &response).is_none());
        }
        let Run { response, .. } = run::<C, Xi416>(batch, b"tampered");
        let mut bytes = response.encode(&shape(batch));
        bytes[32 * 1000..][..32].fill(0xff);
        assert!(Response::<C, Xi416>::decode(&bytes, &shape(batch)).is_none());
        assert!(Response::<C, Xi416>::decode(&bytes[1..], &shape(batch)).is_none());
    }

    #[test]
    fn o_11_every_tampered_field_fails() {
        tampered::<Secp256k1>();
        tampered::<P256>();
    }

    /// Other session, other setup, other batch: nothing fits, nothing panics.
    #[test]
    fn o_07_sessions_do_not_mix() {
        type C = Secp256k1;
        let Run { gadget, receiver, response, .. } = run::<C, Xi416>(Batch::ONE, b"mix");
        assert!(receiver.finish(&session::<C, Xi416>(4), &gadget, &response).is_none());
        let Run { gadget, receiver, .. } = run::<C, Xi416>(Batch::ONE, b"mix");
        let other = run::<C, Xi416>(Batch::new(2).unwrap(), b"mix");
        assert!(receiver.finish(&session::<C, Xi416>(3), &gadget, &other.response).is_none());
        let (full, punctured) = leaves(b"mix");
        let (_, request) = Receiver::<C, Xi416>::start(&full, &context(1), Batch::ONE, &gadget);
        assert!(Sender::<C, Xi416>::receive(&punctured, &context(2), Batch::ONE, &request).is_none());
        let sender = Sender::<C, Xi416>::receive(&punctured, &context(1), Batch::ONE, &request).unwrap();
        let none = Secret::new(Vec::new());
        assert!(sender.multiply(&session::<C, Xi416>(3), &gadget, &none, &mut rng(b"x")).is_none());
        let ids: alloc::collections::BTreeSet<_> = [
            session::<C, Xi416>(3).0,
            session::<C, Xi512>(3).0,
            session::<P256, Xi416>(3).0,
            session::<C, Xi416>(4).0,
            SessionId::new::<C, Xi416>(
                &View::from_bytes([3; 32]),
                &PairId::from_bytes([2; 32]),
                party(1),
                party(2),
                &[7; 32],
            )
            .0,
        ]
        .into();
        assert_eq!(ids.len(), 5);
    }

    /// A sender with another input in one row passes if and only if it guesses that choice bit.
    #[test]
    fn an_inconsistent_row_passes_only_by_a_guess() {
        type C = Secp256k1;
        let mut passed = 0;
        for trial in 0..64u8 {
            let seed = [b'r', trial];
            let (full, punctured) = leaves(&seed);
            let gadget = Gadget::<C, Xi416>::new();
            let (receiver, request) = Receiver::start(&full, &context(1), Batch::ONE, &gadget);
            let beta = receiver.rows.choices().iter().nth(5).unwrap().unwrap_u8();
            let sender = Sender::<C, Xi416>::receive(&punctured, &context(1), Batch::ONE, &request).unwrap();
            let id = session::<C, Xi416>(3);
            let a = inputs::<C>(Batch::ONE, &mut rng(&seed));
            let checks = id.check_inputs::<C>(Batch::ONE, &mut rng(&seed));
            let mut tilde = alloc::vec![0; 416 * 96];
            let (_, alphas) = sender.transfer(&id, &gadget, &a, &checks, &mut tilde);
            // Row 5 carries a_1 + 1; the cheat bets on β = 0 and computes everything else honestly.
            let row = from_bytes(tilde[96 * 5..][..32].try_into().unwrap());
            tilde[96 * 5..][..32]
                .copy_from_slice(&to_bytes(&gadget.field.reduce(&gadget.field.add(&row, &[1, 0, 0, 0]))));
            let [t1, t2] = id.challenges::<C>(&tilde);
            let [a1, a2] = a.expose()[0];
            tilde.extend(to_bytes(&C::scalar_limbs(&(checks.expose()[0] + t1 * a1 + t2 * a2))));
            let factors = [t1, t2].map(|t| Field::<C>::factor(&t));
            let mus = triples(&alphas).iter().map(|[x, y, z]| gadget.field.add(z, &gadget.field.dot(&factors, x, y)));
            let digest = id.digest(&mus.flat_map(|mu| to_bytes(&gadget.field.reduce(&mu))).collect::<Vec<_>>());
            let response = Response { scalars: Buffer::copy(&tilde), digest, batch: Batch::ONE, curve: PhantomData };
            let accepted = receiver.finish(&id, &gadget, &response).is_some();
            assert_eq!(accepted, beta == 0);
            passed += u32::from(accepted);
        }
        assert!((10..54).contains(&passed));
    }

    /// The challenges cover every byte of a~, and the pads of a batch are all different.
    #[test]
    fn o_11_challenges_cover_all_rows() {
        let id = session::<Secp256k1, Xi416>(3);
        let mut rows = alloc::vec![0; 416 * 96];
        let before = id.challenges::<Secp256k1>(&rows);
        for place in (0..rows.len()).step_by(95) {
            rows[place] ^= 1;
            let after = id.challenges::<Secp256k1>(&rows);
            assert!(after[0] != before[0] && after[1] != before[1] && after[0] != after[1]);
            rows[place] ^= 1;
        }
    }

    /// The pads of P-256 take 48 bytes: the highest limb is not all ones more often than it should.
    #[test]
    fn pads_are_not_biased() {
        let (field, hash) = (Field::<P256>::new(), session::<P256, Xi416>(1).row_hash());
        let (mut pads, mut one, mut other) = (Pads::new::<P256>(), [[[0; 4]; 3]; 16], [[[0; 4]; 3]; 16]);
        // 2^256 mod q: below it, pads of 32 bytes would be hit twice as often: with 2^-32 only, so count
        // instead that all are canonical and that another offset gives others.
        let rows: Vec<Block> = (0..16).collect();
        pads.fill(&field, (&hash, 0), (&rows, 0), &mut one);
        pads.fill(&field, (&hash, 0), (&rows, 1), &mut other);
        assert!(one.as_flattened().iter().zip(other.as_flattened()).all(|(a, b)| a != b));
        assert_eq!((Secp256k1::PAD_LEN, P256::PAD_LEN), (32, 48));
    }

    /// b is the sum of the gadget at the choices, by the definition.
    #[test]
    fn factors_by_definition() {
        let (full, _) = leaves(b"factors");
        let gadget = Gadget::<P256, Xi416>::new();
        let (receiver, _) = Receiver::start(&full, &context(1), Batch::ONE, &gadget);
        let mut sum = Scalar::<P256>::ZERO;
        for (g, choice) in gadget.limbs.iter().zip(receiver.rows.choices().iter()) {
            let [a, b, c, d] = *g;
            if bool::from(choice) {
                sum += P256::reduce_wide(&[a, b, c, d, 0, 0, 0, 0]);
            }
        }
        assert_eq!(sum, receiver.factors().expose()[0]);
        assert_eq!(gadget.limbs.len(), 416);
    }
}
