//! Every field of every message, wrong, missing, too short, too long: made from the layouts.

use alloc::format;
use alloc::vec::Vec;

use super::super::messages::{Commit, Invitation, Opening, Ties, ZeroShares};
use super::{Cheats, Net, Team, cheat, header, id, request};
use crate::curve::{Curve, Secp256k1, encode_point};
use crate::ecdsa::online::{OnlineShare, respond};
use crate::ecdsa::presignature::Presignature;
use crate::ecdsa::sign::Sign;
use crate::ecdsa::{EcdsaScheme, P256Ecdsa, Secp256k1Ecdsa};
use crate::error::{Consequence, Fault};
use crate::key::Scheme;
use crate::mul::rvole::Response;
use crate::round::{Inbox, Outgoing, Protocol};
use crate::wire::{Field, Shape, Wire};

const fn shape(batch: usize) -> Shape {
    Shape { threshold: 2, parties: 2, batch }
}

/// A part of the protocol: its round, its kind, its fields.
type Message = (u8, u8, Vec<Field>);

/// Everything one signer sends another. Of the rows of a multiplication a few.
fn messages<S: EcdsaScheme>(batch: usize) -> Vec<Message> {
    type C<S> = <S as Scheme>::Curve;
    let shape = &shape(batch);
    let invitation = Invitation::<S::Parameters>::fields(shape);
    let response = Response::<C<S>, S::Parameters>::fields(shape);
    assert_eq!(length(&invitation), Invitation::<S::Parameters>::size(shape));
    assert_eq!(length(&response), Response::<C<S>, S::Parameters>::size(shape));
    let kept = |(k, field): (usize, Field)| (field.name != "rows" || k < 3 || k % 103 == 0).then_some(field);
    alloc::vec![
        (1, 1, Commit::layout(shape)),
        (1, 2, invitation),
        (2, 1, Opening::<C<S>>::layout(shape)),
        (2, 2, Ties::<C<S>>::layout(shape)),
        (2, 3, response.into_iter().enumerate().filter_map(kept).collect()),
        (3, 1, OnlineShare::<C<S>>::layout(shape)),
    ]
}

fn length(fields: &[Field]) -> usize {
    fields.iter().map(|field| field.length).sum()
}

/// What a wrong value of right length may lead to.
fn faults(name: &str) -> &'static [Fault] {
    match name {
        "commitment" | "blinding" => &[Fault::BadOpening],
        "pair" => &[Fault::OtherSetup],
        "corrections" | "check" | "digest" => &[Fault::BadExtension],
        "view" => &[Fault::Malformed],
        "nonces" => &[Fault::BadOpening, Fault::Malformed],
        "images" | "nonce_ties" | "key_ties" => &[Fault::BadNonceImage, Fault::Malformed],
        // No check sees these before the signature does.
        "offsets" | "denominator" | "numerator" => &[Fault::BadSignature, Fault::Malformed],
        "rows" | "eta" => &[Fault::BadMultiplication, Fault::BadSealedPart],
        "mu" => &[Fault::BadMultiplication],
        "request" => &[Fault::OnlineRequestsDiffer],
        other => panic!("no expectation for `{other}`"),
    }
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Flip,
    Zeros,
    Ones,
    Other,
    /// Of a point: one with an x that no point has.
    OffCurve,
    Truncate,
    Extend,
    Empty,
}

const WRONG: [Change; 5] = [Change::Flip, Change::Zeros, Change::Ones, Change::Other, Change::OffCurve];
const OF_LENGTH: [Change; 3] = [Change::Truncate, Change::Extend, Change::Empty];

fn change<C: Curve>(body: &mut Vec<u8>, field: &Field, change: Change) {
    let place = field.offset..field.offset + field.length;
    match change {
        Change::Flip => body[place.end - 1] ^= 1,
        Change::Zeros => body[place].fill(0),
        Change::Ones => body[place].fill(0xff),
        Change::Other if field.length == C::POINT_LEN => {
            body[place].copy_from_slice(&encode_point::<C>(&C::mul_base(&77u64.into())));
        }
        Change::Other => body[place.start] ^= 0x10,
        Change::OffCurve if field.length == C::POINT_LEN => body[place].copy_from_slice(&off_curve::<C>()),
        Change::OffCurve => body[place.start + field.length / 2] ^= 0x40,
        Change::Truncate => {
            body.drain(place);
        }
        Change::Extend => body.push(0),
        Change::Empty => body.clear(),
    }
}

/// The encoding of a point with the smallest x that no point has.
fn off_curve<C: Curve>() -> Vec<u8> {
    let encoding = |x| [&[2][..], &[0; 31], &[x]].concat();
    (1..).map(encoding).find(|encoding| C::decode(encoding).is_none()).unwrap()
}

/// The body of that kind that goes out.
fn edit(kind: u8, outgoing: &mut Outgoing, edit: impl Fn(&mut Vec<u8>)) {
    match kind {
        1 => outgoing.broadcast.iter_mut().for_each(edit),
        2 => outgoing.addressed.iter_mut().for_each(|(_, body)| edit(body)),
        _ => outgoing.sealed.iter_mut().for_each(|(_, body)| edit(body)),
    }
}

fn cheated<S: EcdsaScheme>((round, kind): (u8, u8), field: &Field, how: Change) -> (Team<S>, Net<Sign<S>>) {
    let team = Team::<S>::new(2, 2, 20);
    let field = *field;
    let cheats = cheat(2, move |at, outgoing| {
        if at == round {
            edit(kind, outgoing, |body| change::<S::Curve>(body, &field, how));
        }
    });
    let net = team.sign(&[1, 2], request(5), 1, cheats).run();
    (team, net)
}

/// The honest party ends with one of these faults; who is named, and what is recorded, follows from it.
fn check<P: Protocol>(net: &Net<P>, allowed: &[Fault], what: &str) {
    assert!(net.outcomes[&id(1)].output.is_none(), "{what}: nothing comes out");
    let (fault, culprits, consequences) = net.abort_of(1).unwrap_or_else(|| panic!("{what}: no abort"));
    assert!(allowed.contains(&fault), "{what}: {fault:?}");
    let cheater = [id(2)];
    match fault {
        Fault::OtherSetup | Fault::BadSignature | Fault::OnlineRequestsDiffer => {
            assert!(culprits.is_empty() && consequences.is_empty(), "{what}");
        }
        Fault::BadSealedPart => assert!(culprits == cheater && consequences.is_empty(), "{what}"),
        Fault::Malformed | Fault::BadOpening => {
            assert_eq!((&culprits[..], &consequences[..]), (&cheater[..], &[Consequence::Banned(id(2))][..]), "{what}");
        }
        _ => {
            assert_eq!(culprits, cheater, "{what}");
            assert!(matches!(consequences[..], [Consequence::Burned(of, _)] if of == id(2)), "{what}");
        }
    }
}

fn every_field<S: EcdsaScheme>() {
    for (round, kind, fields) in messages::<S>(1) {
        for (k, field) in fields.iter().enumerate() {
            for how in WRONG {
                let what = format!("{} of round {round}, kind {kind}: {how:?}", field.name);
                let (team, net) = cheated::<S>((round, kind), field, how);
                // A value that happens to be right: a hash is never zeros, but a bit of a choice may be.
                let off_curve = matches!(how, Change::OffCurve) && field.length == S::Curve::POINT_LEN;
                check(&net, if off_curve { &[Fault::Malformed] } else { faults(field.name) }, &what);
                let burned = net.abort_of(1).is_some_and(|(_, _, c)| matches!(c[..], [Consequence::Burned(..)]));
                assert_eq!(burned, !team.nothing_is_burned(), "{what}");
                let again = team.signer(id(1), &[1, 2], 1);
                assert_eq!(burned, again.is_err(), "{what}: a burned pair is refused, another is not");
            }
            for how in OF_LENGTH.into_iter().filter(|how| k == 0 || matches!(how, Change::Truncate)) {
                let what = format!("{} of round {round}, kind {kind}: {how:?}", field.name);
                let (team, net) = cheated::<S>((round, kind), field, how);
                let expected = if kind == 3 { Fault::BadSealedPart } else { Fault::Malformed };
                check(&net, &[expected], &what);
                assert!(team.nothing_is_burned(), "{what}: wrong lengths burn nothing");
            }
        }
    }
}

/// O-02, O-03, O-11, O-14, K-02: each field of each message, on secp256k1.
#[test]
fn o_02_every_field_of_every_message() {
    every_field::<Secp256k1Ecdsa>();
}

/// The same on P-256.
#[test]
fn o_02_every_field_of_every_message_p256() {
    every_field::<P256Ecdsa>();
}

/// O-02, O-26: of a batch each field at each index: one wrong index ends all of the batch. Offsets alone no check of
/// presigning sees: they spoil the signature of their index, and of no other.
#[test]
fn o_02_every_field_of_a_batch() {
    type S = Secp256k1Ecdsa;
    for (round, kind, fields) in messages::<S>(2).into_iter().filter(|(round, ..)| *round < 3) {
        let mut offsets = 0;
        for field in fields.iter().filter(|field| field.name != "corrections") {
            for how in [Change::Flip, Change::Other] {
                let what = format!("{} of round {round}, kind {kind}: {how:?}", field.name);
                let team = Team::<S>::new(2, 2, 22);
                let field = *field;
                let cheats = cheat(2, move |at, outgoing| {
                    if at == round {
                        edit(kind, outgoing, |body| change::<Secp256k1>(body, &field, how));
                    }
                });
                let net = team.presign(&[1, 2], 2, 1, cheats).run();
                if field.name == "offsets" {
                    let made = net.outcomes.into_values().map(|outcome| outcome.output.unwrap());
                    spoils_one(made.collect(), offsets / 2, &what);
                    offsets += 1;
                    continue;
                }
                check(&net, faults(field.name), &what);
            }
        }
        assert_eq!(offsets, if (round, kind) == (2, 2) { 4 } else { 0 });
    }
}

/// Of two presignatures that one makes no signature, and the other does.
fn spoils_one(made: Vec<Vec<Presignature<Secp256k1Ecdsa>>>, spoilt: usize, what: &str) {
    let [ours, theirs] = <[_; 2]>::try_from(made).unwrap_or_else(|_| panic!("{what}"));
    for (nu, (ours, theirs)) in ours.into_iter().zip(theirs).enumerate() {
        let (_, pending) = respond(ours, &request(5)).unwrap();
        let (share, _) = respond(theirs, &request(5)).unwrap();
        let signed = pending.combine(&Inbox::new([id(2)], [(id(2), share)].into()).unwrap());
        assert_eq!(signed.is_err(), nu == spoilt, "{what}");
    }
}

/// O-02, E-10: each field of the round of blame.
#[test]
fn o_02_every_field_of_the_shares_of_zero() {
    type S = Secp256k1Ecdsa;
    let shape = Shape { threshold: 2, parties: 3, batch: 1 };
    let fields = ZeroShares::<Secp256k1>::layout(&shape);
    assert_eq!(fields.len(), 2);
    for (k, field) in fields.into_iter().enumerate() {
        for how in [Change::Flip, Change::Zeros, Change::Ones, Change::Truncate, Change::Extend, Change::Empty] {
            let team = Team::<S>::new(2, 3, 23);
            let inputs = [1, 2, 3].map(|n| {
                let mut signer = team.signer(id(n), &[1, 2, 3], 1).unwrap();
                if n == 2 {
                    *signer.part.expose_mut() += crate::curve::Scalar::<Secp256k1>::from(1u64);
                }
                (id(n), super::Inputs::new(signer, team.logs[&id(n)].clone()))
            });
            let cheats = cheat(2, move |at, outgoing| {
                if at == 3 {
                    edit(1, outgoing, |body| change::<Secp256k1>(body, &field, how));
                }
            });
            let net: Net<super::super::Presign<S>> =
                Net::start(|me| team.params(me, &[1, 2, 3], 1), inputs.into(), cheats);
            let net = net.run();
            let other = [id(1), id(3)][k];
            for n in [1, 3] {
                let (fault, mut culprits, consequences) = net.abort_of(n).unwrap();
                if matches!(how, Change::Flip | Change::Zeros) {
                    culprits.retain(|named| *named != other);
                    assert_eq!((fault, consequences.len()), (Fault::ZeroShareDiffers, 0), "{how:?}");
                } else {
                    assert_eq!((fault, consequences), (Fault::Malformed, alloc::vec![Consequence::Banned(id(2))]));
                }
                assert_eq!(culprits, [id(2)], "{how:?}");
            }
            assert!(team.nothing_is_burned());
        }
    }
}

/// A part that does not come is nobody's fault: the session waits, and says for whom.
#[test]
fn o_03_missing_parts_are_awaited() {
    for (round, kind, _) in messages::<Secp256k1Ecdsa>(1) {
        let team = Team::<Secp256k1Ecdsa>::new(2, 2, 21);
        let net = team.sign(&[1, 2], request(5), 1, Cheats::new());
        let lost = (round, kind, id(2));
        let net = net.run_with(|_, bytes| if header(bytes) == lost { Vec::new() } else { alloc::vec![bytes.to_vec()] });
        assert!(net.outcomes[&id(1)].abort.is_none() && net.outcomes[&id(1)].output.is_none());
        assert_eq!(net.sessions[&id(1)].awaiting(), [id(2)]);
        assert!(team.nothing_is_burned());
    }
}
