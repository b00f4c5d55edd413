//! A party cheats: what the others say, and of whom.

use super::*;
use crate::curve::{PublicScalar, SCALAR_LEN, random_scalar};
use crate::error::Usage;
use crate::sharing::{Polynomial, lagrange_at_zero};
use curve25519_dalek::constants::EIGHT_TORSION;
use ff::Field;
use rand_core::{TryCryptoRng, TryRng};

const IDS: [u16; 3] = [1, 2, 3];

fn scalars<C: Curve>(count: u64) -> Vec<Scalar<C>> {
    (0..count).map(|k| Scalar::<C>::from(1000 + 77 * k)).collect()
}

fn cheat<C: Curve>(scalars: Vec<Scalar<C>>) -> (Table<C>, Forger<C>) {
    let table = Table::new(11, 2, &IDS);
    let forger = Forger::new(&table, 3, scalars);
    (table, forger)
}

/// A dealing to cheat in: a key generation, a refresh, or a reshare.
struct Scene<'a, C: Curve, P: Dealing<C>> {
    table: &'a dyn Fn() -> Table<C, P>,
    /// What party 3 must deal, and with which chain code, where a key is dealt anew.
    part: Option<(Scalar<C>, [u8; 32])>,
}

impl<C: Curve, P: Dealing<C>> Scene<'_, C, P> {
    /// Party 3's messages are made by the forger, who deals what it must.
    fn cheat(&self, scalars: Vec<Scalar<C>>) -> (Table<C, P>, Forger<C>) {
        let table = (self.table)();
        let forger = self.forger(&table, scalars);
        (table, forger)
    }

    fn forger(&self, table: &Table<C, P>, mut scalars: Vec<Scalar<C>>) -> Forger<C> {
        if let Some((constant, first)) = self.part.as_ref().map(|part| part.0).zip(scalars.first_mut()) {
            *first = constant;
        }
        let mut forger = Forger::new(table, 3, scalars);
        forger.chain_code = self.part.map_or(forger.chain_code, |part| part.1);
        forger
    }
}

type OnScene<C, P> = for<'a, 'b> fn(&'a Scene<'b, C, P>);

fn on_keygen<C: Curve>(test: OnScene<C, Keygen<Plain<C>>>) {
    test(&Scene { table: &|| Table::new(11, 2, &IDS), part: None });
}

/// the same on a refresh, and on a reshare in which party 1 does not deal, party 2 leaves and party 4 comes in.
fn on_reshares<C: Curve>(test: OnScene<C, Reshare<Plain<C>>>) {
    let shares = Table::<C>::new(11, 2, &IDS).run(honest).shares();
    let (mine, public) = (&shares[&3], shares[&1].public());
    let two = Threshold::new(2).unwrap();
    let moved = Plan::reshare(public, [id(2), id(3)], parties(&[1, 3, 4]), two).unwrap();
    for plan in [Plan::refresh(public).unwrap(), moved] {
        let lambdas = lagrange_at_zero::<C>(plan.dealers()).unwrap();
        let constant = *lambdas.last().unwrap().value() * mine.secret().expose();
        let part = Some((constant, *mine.chain_code().expose()));
        test(&Scene { table: &|| Table::anew(12, &plan, &shares), part });
    }
}

macro_rules! on_every_scene {
    ($($(#[$doc:meta])* $name:ident => $test:ident;)*) => { $(
        $(#[$doc])*
        #[test]
        fn $name() {
            on_keygen::<Ed25519>($test);
            on_keygen::<Ristretto255>($test);
            on_keygen::<Secp256k1>($test);
            on_keygen::<P256>($test);
            // The code is the same, so two curves will do: one with a cofactor and one without.
            on_reshares::<Ed25519>($test);
            on_reshares::<Secp256k1>($test);
        }
    )* };
}

/// What dealer `n` deals in the table of this seed, from two of its shares.
fn constant_of<C: Curve>(n: u16, degree_one: bool) -> Scalar<C> {
    let mut values = Vec::new();
    let _ = Table::<C>::new(11, 2, &IDS).run(|mail| {
        if let Some(sealed) = mail.sealed.as_ref().filter(|_| mail.from == n) {
            values.push((id(mail.to), decode_scalar::<C>(&sealed[..32]).unwrap()));
        }
    });
    let [(one, f_one), (other, f_other)] = values[..] else { panic!() };
    if degree_one {
        let difference = Scalar::<C>::from(u64::from(other.get())) - Scalar::<C>::from(u64::from(one.get()));
        return (f_other - f_one) * difference.invert().unwrap();
    }
    let lambdas = lagrange_at_zero::<C>(&[one, other]).unwrap();
    f_one * lambdas[0].value() + f_other * lambdas[1].value()
}

/// The forger's own messages are right, so what the tests below refuse is what they change.
fn the_forger_is_honest<C: Curve, P: Dealing<C>>(scene: &Scene<'_, C, P>) {
    let (table, forger) = scene.cheat(scalars::<C>(2));
    let table = run_with(table, &forger, |view| forger.prove(view));
    // It stops at the confirm, which the forger does not send.
    table.expect(Fault::Malformed, &[3]);
    assert_eq!(table.contexts[&id(1)].round, 3);
}

/// K-01: other degrees, with shares to match.
fn k_01<C: Curve, P: Dealing<C>>(scene: &Scene<'_, C, P>) {
    for count in [0, 1, 3, 40] {
        let (table, forger) = scene.cheat(scalars::<C>(count));
        let table = run_with(table, &forger, |view| forger.prove(view));
        table.expect(Fault::Malformed, &[3]);
        assert_eq!(table.contexts[&id(1)].round, 2);
    }
}

/// K-03: the key X* − Σ others, with a random proof, party 1's, and one valid for another id.
fn k_03<C: Curve>() {
    let shape = Table::<C>::new(11, 2, &IDS).shape();
    let honest = Table::<C>::new(11, 2, &IDS).run(honest);
    let opening = |n| Opening::<C>::decode(&honest.sent[1][&id(n)], &shape).unwrap();
    let wanted = C::mul_base(&Scalar::<C>::from(5u64));
    let others = [1, 2].map(|n| opening(n).coefficients[0].point().clear());
    let rogue = UnclearedElement::new(Uncleared::<C>::from_cleared(wanted - others[0] - others[1]));
    for which in 0..3 {
        let (table, mut forger) = cheat::<C>(scalars::<C>(2));
        let right = forger.coefficients.clone();
        forger.coefficients[0] = rogue;
        let table = run_with(table, &forger, |view| match which {
            0 => forger.prove(view),
            1 => opening(1).proof,
            _ => {
                // All is known but for the rogue term, and the proof is valid for what party 2 would deal.
                let transcript = deal::proof_transcript(view, id(2), &right);
                Proof::prove(&forger.scalars, transcript, &mut Transcript::new("keygen-rogue").rng())
            }
        });
        table.expect(Fault::BadCoefficientProof, &[3]);
    }
}

/// K-04: a proof is good under its view, for its dealer and its polynomial only.
fn k_04<C: Curve, P: Dealing<C>>(scene: &Scene<'_, C, P>) {
    let (table, forger) = scene.cheat(scalars::<C>(2));
    let [one, other] = [1, 2].map(|n| View::from_bytes([n; 32]));
    let shape = table.shape();
    let opening = || Opening::<C>::decode(&forger.opening(forger.prove(&one)), &shape).unwrap();
    assert!(deal::proof_holds(&one, id(3), &opening()));
    assert!(!deal::proof_holds(&other, id(3), &opening()));
    assert!(!deal::proof_holds(&one, id(2), &opening()));
    let shorter = Opening { coefficients: opening().coefficients[..1].to_vec(), ..opening() };
    assert!(!deal::proof_holds(&one, id(3), &shorter));
    run_with(table, &forger, |_| forger.prove(&other)).expect(Fault::BadCoefficientProof, &[3]);
}

/// K-07, K-19: a bad share to one: a complaint that the others uphold; a false one they do not.
fn k_07<C: Curve, P: Dealing<C>>(scene: &Scene<'_, C, P>) {
    let table = (scene.table)().corrupt(&[3]);
    let mut sealed = (Vec::new(), Vec::new());
    let table = table.run(|mail| {
        if let Some(bytes) = mail.sealed.as_mut().filter(|_| (mail.from, mail.to) == (3, 1)) {
            sealed.0 = bytes.clone();
            add_at::<C>(bytes, 0, 1);
            sealed.1 = bytes.clone();
        }
    });
    assert!(matches!(&table.ends[&id(1)], End::Complaint(accused) if *accused == [id(3)]));
    let state = &table.states[&id(2)];
    assert!(!table.ends.contains_key(&id(2)));
    let (right, wrong) = (sealed.0.as_slice(), sealed.1.as_slice());
    for (opened, is_right) in [(Some(right), true), (Some(wrong), false), (None, false), (Some(&right[1..]), false)] {
        assert_eq!(state.sealed_part_is_right(id(3), id(1), opened), is_right);
        let opening = table.sent[1][&id(3)].as_slice();
        let judged = judge::sealed_part::<C>(&table.base(), (id(3), opening), id(1), opened, &table.shape());
        assert_eq!(judged, is_right);
    }
    assert!(!state.sealed_part_is_right(id(3), id(2), Some(right)));
    assert!(!state.sealed_part_is_right(id(1), id(3), Some(right)));
    assert!(!state.sealed_part_is_right(id(9), id(1), Some(right)));
}

/// All dealers of bad shares are complained about: cancelling errors too if a third does not decode.
#[test]
fn k_07_all_bad_dealers_are_accused() {
    type C = Secp256k1;
    let run = |spoil: &dyn Fn(&mut Mail, &mut Vec<u8>)| {
        let table = Table::<C>::new(12, 2, &[1, 2, 3, 4]);
        let table = table.run(|mail| {
            if let Some(mut bytes) = mail.sealed.take() {
                if mail.to == 1 {
                    spoil(mail, &mut bytes);
                }
                mail.sealed = (!bytes.is_empty()).then_some(bytes);
            }
        });
        match table.ends.get(&id(1)) {
            Some(End::Complaint(accused)) => accused.iter().map(|id| id.get()).collect(),
            Some(End::Abort(abort)) => panic!("{abort:?}"),
            _ => Vec::new(),
        }
    };
    let cancel = |mail: &mut Mail, bytes: &mut Vec<u8>| match mail.from {
        2 => add_at::<C>(bytes, 0, 1),
        3 => add_at::<C>(bytes, 0, -1),
        _ => {}
    };
    assert_eq!(run(&|_, _| {}), [0; 0]);
    assert_eq!(run(&cancel), [0; 0], "the share is right, and nobody needs the parts");
    assert_eq!(
        run(&|mail, bytes| if mail.from > 2 {
            add_at::<C>(bytes, 0, 1)
        }),
        [3, 4]
    );
    assert_eq!(
        run(&|mail, bytes| if mail.from == 2 {
            bytes.clear()
        }),
        [2]
    );
    assert_eq!(run(&|mail, bytes| if mail.from == 4 { bytes.clear() } else { cancel(mail, bytes) }), [2, 3, 4]);
}

/// K-08: a valid opening for one, another valid one for the other. Only the proof can differ: the rest
/// is committed to.
fn k_08<C: Curve, P: Dealing<C>>(scene: &Scene<'_, C, P>) {
    let (table, forger) = scene.cheat(scalars::<C>(2));
    let mut table = table.corrupt(&[3]);
    table.round(&mut |mail| forger.send(mail, &[]));
    let view = table.view();
    let one = forger.opening(forger.prove(&view));
    let transcript = deal::proof_transcript(&view, id(3), &forger.coefficients);
    let other = Proof::prove(&forger.scalars, transcript, &mut Transcript::new("keygen-split").rng());
    let other = forger.opening(other);
    assert_ne!(one, other);
    let table = table.run(|mail| {
        forger.send(mail, if mail.to == 1 { &one } else { &other });
        if mail.from == 3 && mail.round == 3 {
            // What party 3 confirms does not matter, but it must decode.
            mail.broadcast = [&[1; 32][..], &one[one.len() - 64 - C::POINT_LEN..][..C::POINT_LEN + 32]].concat();
        }
    });
    table.expect(Fault::TranscriptsDiffer, &[]);
    for end in table.ends.values() {
        assert!(!matches!(end, End::Key(_)));
    }

    let (table, forger) = scene.cheat(scalars::<C>(2));
    let mut table = table.corrupt(&[3]);
    table.round(&mut |mail| forger.send(mail, &[]));
    let opening = forger.opening(forger.prove(&table.view()));
    let mut split = opening.clone();
    *split.last_mut().unwrap() ^= 1; // only k_3
    let table = table.run(|mail| forger.send(mail, if mail.to == 1 { &split } else { &opening }));
    assert_eq!(table.ends[&id(1)].abort(), (Fault::BadOpening, alloc::vec![3]));
    assert!(!table.ends.contains_key(&id(2)));
}

/// K-09: another polynomial than the one committed to, with a valid proof.
fn k_09<C: Curve, P: Dealing<C>>(scene: &Scene<'_, C, P>) {
    let (table, mut forger) = scene.cheat(scalars::<C>(2));
    let mut table = table.corrupt(&[3]);
    table.round(&mut |mail| forger.send(mail, &[]));
    forger = scene.forger(&table, scalars::<C>(3)[1..].to_vec());
    let opening = forger.opening(forger.prove(&table.view()));
    table.run(|mail| forger.send(mail, &opening)).expect(Fault::BadOpening, &[3]);
}

/// K-10: a share of zero is a share like any other.
fn k_10<C: Curve, P: Dealing<C>>(scene: &Scene<'_, C, P>) {
    let constant = scene.part.map_or(-Scalar::<C>::from(7u64), |part| part.0);
    let (table, forger) = scene.cheat(alloc::vec![constant, -constant]);
    assert_eq!(forger.share(1)[..32], [0; 32]);
    let table = run_with(table, &forger, |view| forger.prove(view));
    // It stops at the confirm, which the forger does not send.
    table.expect(Fault::Malformed, &[3]);
    assert_eq!(table.contexts[&id(1)].round, 3);
}

/// K-11: a constant term that cancels all others'; a highest one, which would lower the threshold.
fn k_11<C: Curve>() {
    let negated = |degree_one| -(constant_of::<C>(1, degree_one) + constant_of::<C>(2, degree_one));
    for scalars in [[negated(false), Scalar::<C>::from(9u64)], [Scalar::<C>::from(9u64), negated(true)]] {
        let (table, forger) = cheat::<C>(scalars.to_vec());
        let table = run_with(table, &forger, |view| forger.prove(view));
        table.expect(Fault::IdentityKey, &[]);
    }
}

/// K-14, K-24: a chain code that is not the one committed to: a complaint.
fn k_14<C: Curve, P: Dealing<C>>(scene: &Scene<'_, C, P>) {
    let table = (scene.table)().corrupt(&[3]);
    let mut sent = Vec::new();
    let table = table.run(|mail| {
        if let Some(bytes) = mail.sealed.as_mut().filter(|_| mail.from == 3 && mail.to == 1) {
            bytes[SCALAR_LEN] ^= 1;
            sent.clone_from(bytes);
        }
    });
    assert!(matches!(&table.ends[&id(1)], End::Complaint(accused) if *accused == [id(3)]));
    assert!(!table.states[&id(2)].sealed_part_is_right(id(3), id(1), Some(&sent)));
}

/// A generator that gives the same block over and over, after so many bytes of a good one.
struct Stub {
    good: usize,
    byte: u8,
    inner: TranscriptRng,
}

impl Stub {
    fn new(good: usize, byte: u8) -> Self {
        Self { good, byte, inner: Transcript::new("keygen-stub").rng() }
    }
}

impl TryRng for Stub {
    type Error = core::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.inner.try_fill_bytes(bytes)?;
        let bad = bytes.len().saturating_sub(self.good);
        let from = bytes.len() - bad;
        self.good -= from;
        bytes[from..].fill(self.byte);
        Ok(())
    }
}

impl TryCryptoRng for Stub {}

/// Gives so many zeros, then good bytes.
struct ZerosFirst(usize, TranscriptRng);

impl TryRng for ZerosFirst {
    type Error = core::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.1.try_fill_bytes(bytes)?;
        let zeros = self.0.min(bytes.len());
        bytes[..zeros].fill(0);
        self.0 -= zeros;
        Ok(())
    }
}

impl TryCryptoRng for ZerosFirst {}

/// K-16: zero is drawn again; a generator of zeros is refused, at once.
fn k_16<C: Curve>() {
    for zeros in [0, 32, 64, 96, 128, 192, 256] {
        let mut rng = ZerosFirst(zeros, Transcript::new("keygen-zeros").rng());
        assert!(!bool::from(random_scalar::<C>(&mut rng).expose().is_zero()));
        let mut rng = ZerosFirst(zeros, Transcript::new("keygen-zeros").rng());
        let polynomial = Polynomial::<C>::random(3, &mut rng);
        assert!(polynomial.coefficients().iter().all(|a| !bool::from(a.is_zero())));
    }
    let start = |mut rng: Stub| {
        let base = base::<C>(2, &IDS, 0);
        super::start::<Plain<C>>(&params(1, 2, &IDS), base, alloc::vec![1; 32], &mut rng).err()
    };
    assert_eq!(start(Stub::new(0, 0)), Some(Usage::BrokenRng));
    assert_eq!(start(Stub::new(0, 9)), Some(Usage::BrokenRng));
    assert_eq!(start(Stub::new(64, 0)), None);
    let short =
        super::start::<Plain<C>>(&params(1, 2, &IDS), base::<C>(2, &IDS, 0), alloc::vec![1; 31], &mut Stub::new(64, 0));
    assert_eq!(short.err(), Some(Usage::Malformed));
}

/// S-17: errors that cancel in a sum without weights, in the proofs of round 2 and of round 3.
fn s_17<C: Curve>() {
    for round in [2, 3] {
        let table = Table::<C>::new(13, 2, &[1, 2, 3, 4]).corrupt(&[2, 3]);
        let table = table.run(|mail| {
            let error = match mail.from {
                2 => 1,
                3 => -1,
                _ => return,
            };
            if mail.round == round {
                let at = mail.broadcast.len() - if round == 2 { 64 } else { 32 };
                add_at::<C>(&mut mail.broadcast, at, error);
            }
        });
        let fault = if round == 2 { Fault::BadCoefficientProof } else { Fault::BadConfirmProof };
        table.expect(fault, &[2, 3]);
    }
}

#[test]
fn s_17_weights_hang_on_what_is_checked() {
    let draw = |digest: u8| {
        let mut weights = crate::proof::Weights::new(&[digest; 32], &mut Stub::new(0, 0));
        [(); 2].map(|()| weights.draw::<Ed25519>())
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1)[0], draw(2)[0]);
    assert_ne!(draw(1)[0], draw(1)[1]);
    assert_ne!(draw(1)[0], PublicScalar::ZERO);
}

/// S-17 with typed rounds and a generator that is constant: still refused, both named.
#[test]
fn s_17_with_a_constant_generator() {
    type C = Ed25519;
    let mut table = Table::<C>::new(13, 2, &[1, 2, 3]);
    table.round(&mut honest);
    let inbox: BTreeMap<_, _> = [2u16, 3]
        .map(|from| {
            let out = &table.outgoing[&id(from)];
            let mut body = out.broadcast.clone().unwrap();
            let at = body.len() - 64;
            add_at::<C>(&mut body, at, if from == 2 { 1 } else { -1 });
            let sealed = out.sealed.iter().find(|(to, _)| *to == id(1)).unwrap().1.clone();
            let opening = Opening::<C>::decode(&body, &table.shape()).unwrap();
            (id(from), Dealt { opening, share: Share::decode(&sealed, &table.shape()) })
        })
        .into();
    let state = table.states.remove(&id(1)).unwrap().into_round2();
    let stop = state.receive(Inbox::new([id(2), id(3)], inbox).unwrap(), &mut Stub::new(0, 0)).unwrap_err();
    assert!(matches!(stop, Stop::Abort(abort) if abort == Abort::of(Fault::BadCoefficientProof, [id(2), id(3)])));
}

fn add_torsion(bytes: &mut [u8], torsion: usize) {
    let compressed = curve25519_dalek::edwards::CompressedEdwardsY::from_slice(bytes).unwrap();
    let sum = compressed.decompress().unwrap() + EIGHT_TORSION[torsion];
    bytes.copy_from_slice(sum.compress().as_bytes());
}

/// G-12: a small-order part in A' changes no verdict, batched or single: the batch fails where party 2's proof is wrong, and then only party 2 is named.
#[test]
fn g_12_small_order_parts_change_no_verdict() {
    type C = Ed25519;
    let table = || Table::<C>::new(11, 2, &IDS);
    let keys = |torsion: usize, spoil: u8| {
        let mut forger = Forger::new(&table(), 3, scalars::<C>(2));
        let mut bytes: [u8; 32] = forger.coefficients[0].as_bytes().try_into().unwrap();
        add_torsion(&mut bytes, torsion);
        forger.coefficients[0] = UnclearedElement::decode(&bytes, &table().shape()).unwrap();
        let mut table = table().corrupt(&[2, 3]);
        table.round(&mut |mail| forger.send(mail, &[]));
        let opening = forger.opening(forger.prove(&table.view()));
        let mut table = table.run(|mail| {
            forger.send(mail, &opening);
            match (mail.round, mail.from, spoil) {
                (2, 2, 1) => {
                    let at = mail.broadcast.len() - 64;
                    add_at::<C>(&mut mail.broadcast, at, 1);
                }
                (2, 2, 2) if mail.to == 1 => add_at::<C>(mail.sealed.as_mut().unwrap(), 0, 1),
                _ => {}
            }
        });
        let end = table.ends.remove(&id(1)).unwrap();
        (end, table)
    };
    for torsion in 0..8 {
        assert_eq!(keys(torsion, 0).0.abort(), (Fault::Malformed, alloc::vec![3]), "all but the confirm is accepted");
        assert_eq!(keys(torsion, 1).0.abort(), (Fault::BadCoefficientProof, alloc::vec![2]));
        assert!(matches!(keys(torsion, 2).0, End::Complaint(accused) if accused == [id(2)]));
    }
}

/// G-12: W' + T in a proof and in a confirm, where the prover hashes what it sends.
#[test]
fn g_12_small_order_parts_of_nonces() {
    type C = Ed25519;
    for torsion in 0..8 {
        let prove = |secrets: &[Scalar<C>], transcript: Transcript| {
            let r = Scalar::<C>::from(4242u64);
            let mut bytes: [u8; 32] = Uncleared::<C>::mul_base(&r).to_repr();
            add_torsion(&mut bytes, torsion);
            let nonce = UnclearedElement::decode(&bytes, &Shape { threshold: 0, parties: 0, batch: 1 }).unwrap();
            let mut proof = Proof { nonce, response: PublicScalar::ZERO };
            let e = proof.challenge(transcript);
            let sum = secrets.iter().rev().fold(Scalar::<C>::from(0u64), |sum, a| (sum + a) * e.value());
            proof.response = PublicScalar::reveal(r + sum);
            proof
        };
        for spoil in [false, true] {
            let table = Table::<C>::new(11, 2, &IDS);
            let forger = Forger::new(&table, 3, scalars::<C>(2));
            let mut table = table.corrupt(&[2, 3]);
            table.round(&mut |mail| forger.send(mail, &[]));
            let view = table.view();
            let transcript = deal::proof_transcript(&view, id(3), &forger.coefficients);
            let opening = forger.opening(prove(&forger.scalars, transcript));
            let mut share = forger.share(3)[..32].to_vec();
            table.round(&mut |mail| {
                forger.send(mail, &opening);
                if mail.to == 3 {
                    let part = decode_scalar::<C>(&mail.sealed.as_ref().unwrap()[..32]).unwrap();
                    let sum = decode_scalar::<C>(&share).unwrap() + part;
                    share = encode_scalar::<C>(&sum).to_vec();
                }
            });
            let t = *table.states[&id(1)].pending().unwrap().transcript();
            let secret = decode_scalar::<C>(&share).unwrap();
            let proof = prove(&[secret], deal::confirm_transcript(&view, &t, id(3)));
            let confirm = Confirm::<C> { transcript: t, proof }.encode(&table.shape());
            table.round(&mut |mail| match mail.from {
                2 if spoil => add_at::<C>(&mut mail.broadcast, 64, 1),
                3 => mail.broadcast.clone_from(&confirm),
                _ => {}
            });
            match (spoil, &table.ends[&id(1)]) {
                (false, end) => assert_eq!(end.key().public().number(), 0),
                (true, end) => assert_eq!(end.abort(), (Fault::BadConfirmProof, alloc::vec![2])),
            }
        }
    }
}

/// G-12, K-11: a coefficient of small order is an identity in disguise; identities have no encoding.
#[test]
fn g_12_coefficients_of_small_order_are_refused() {
    for point in EIGHT_TORSION {
        let table = Table::<Ed25519>::new(11, 2, &IDS).corrupt(&[3]);
        let table = table.run(|mail| {
            if (mail.round, mail.from) == (2, 3) {
                mail.broadcast[32..64].copy_from_slice(point.compress().as_bytes());
            }
        });
        table.expect(Fault::Malformed, &[3]);
    }
}

on_every_scene! {
    the_forger_can_be_honest => the_forger_is_honest;
    k_01_other_degrees => k_01;
    k_04_proofs_of_other_places => k_04;
    k_07_bad_share_to_one => k_07;
    k_08_split_openings => k_08;
    k_09_other_polynomial_than_committed => k_09;
    k_10_share_of_zero => k_10;
    k_14_other_chain_code => k_14;
}

on_every_curve! {
    k_03_rogue_keys => k_03();
    k_11_cancelled_coefficients => k_11();
    k_16_zero_coefficients => k_16();
    s_17_errors_that_cancel => s_17();
}
