//! Every field of every message, wrong, missing, too short, too long: made from the layouts.

use alloc::format;
use alloc::vec::Vec;

use super::super::messages::{Commit, Invitation, Opening, Ties};
use super::{Cheats, Net, Team, cheat, header, id, request};
use crate::curve::{Curve, encode_point};
use crate::ecdsa::online::OnlineShare;
use crate::ecdsa::sign::Sign;
use crate::ecdsa::{EcdsaScheme, P256Ecdsa, Secp256k1Ecdsa};
use crate::error::{Consequence, Fault};
use crate::key::Scheme;
use crate::mul::rvole::{ParameterSet, Xi416};
use crate::round::Outgoing;
use crate::wire::{Field, Shape};

const SHAPE: Shape = Shape { threshold: 2, parties: 2, batch: 1 };

/// A part of the protocol: its round, its kind, its fields.
type Message = (u8, u8, Vec<Field>);

fn field(name: &'static str, offset: usize, length: usize) -> Field {
    Field { name, offset, length }
}

/// Everything one signer sends another.
fn messages<S: EcdsaScheme>() -> Vec<Message> {
    type C<S> = <S as Scheme>::Curve;
    // What is inside the two parts that have no layout of their own.
    let column = 68;
    let mut invitation = Invitation::<Xi416>::layout(&SHAPE);
    invitation.retain(|field| field.name != "request");
    invitation.push(field("correction", 32, column));
    invitation.push(field("correction", 32 + 30 * column, column));
    invitation.push(field("check", 32 + 31 * column, 16));
    invitation.push(field("check digest", 32 + 31 * column + 16, 32));
    let row = |j: usize| j * 32;
    let mut response: Vec<Field> = [0, 1, 2, 1247].iter().map(|j| field("row", row(*j), 32)).collect();
    response.push(field("eta", row(3 * Xi416::XI), 32));
    response.push(field("mu", row(3 * Xi416::XI) + 32, 32));
    alloc::vec![
        (1, 1, Commit::layout(&SHAPE)),
        (1, 2, invitation),
        (2, 1, Opening::<C<S>>::layout(&SHAPE)),
        (2, 2, Ties::<C<S>>::layout(&SHAPE)),
        (2, 3, response),
        (3, 1, OnlineShare::<C<S>>::layout(&SHAPE)),
    ]
}

/// What a wrong value of right length may lead to.
fn faults(name: &str) -> &'static [Fault] {
    match name {
        "commitment" | "blinding" => &[Fault::BadOpening],
        "pair" => &[Fault::OtherSetup],
        "correction" | "check" | "check digest" => &[Fault::BadExtension],
        "view" => &[Fault::Malformed],
        "nonces" => &[Fault::BadOpening, Fault::Malformed],
        "images" | "nonce_ties" | "key_ties" => &[Fault::BadNonceImage, Fault::Malformed],
        // No check sees these before the signature does.
        "offsets" | "denominator" | "numerator" => &[Fault::BadSignature, Fault::Malformed],
        "row" | "eta" => &[Fault::BadMultiplication, Fault::BadSealedPart],
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
    Truncate,
    Extend,
    Empty,
}

const WRONG: [Change; 4] = [Change::Flip, Change::Zeros, Change::Ones, Change::Other];
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
        Change::Truncate => {
            body.drain(place);
        }
        Change::Extend => body.push(0),
        Change::Empty => body.clear(),
    }
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
fn check<S: EcdsaScheme>(net: &Net<Sign<S>>, allowed: &[Fault], what: &str) {
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
    for (round, kind, fields) in messages::<S>() {
        for (k, field) in fields.iter().enumerate() {
            for how in WRONG {
                let what = format!("{} of round {round}, kind {kind}: {how:?}", field.name);
                let (team, net) = cheated::<S>((round, kind), field, how);
                // A value that happens to be right: a hash is never zeros, but a bit of a choice may be.
                check(&net, faults(field.name), &what);
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

/// A part that does not come is nobody's fault: the session waits, and says for whom.
#[test]
fn o_03_missing_parts_are_awaited() {
    for (round, kind, _) in messages::<Secp256k1Ecdsa>() {
        let team = Team::<Secp256k1Ecdsa>::new(2, 2, 21);
        let net = team.sign(&[1, 2], request(5), 1, Cheats::new());
        let lost = (round, kind, id(2));
        let net = net.run_with(|_, bytes| if header(bytes) == lost { Vec::new() } else { alloc::vec![bytes.to_vec()] });
        assert!(net.outcomes[&id(1)].abort.is_none() && net.outcomes[&id(1)].output.is_none());
        assert_eq!(net.sessions[&id(1)].awaiting(), [id(2)]);
        assert!(team.nothing_is_burned());
    }
}
