//! Parties that put other values in than they say.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::super::messages::{Commit, Dealt, Greeting, Invitation, Opening, Ties};
use super::super::round1::Round1;
use super::super::round2::{Finish, weight, weighted_and_single};
use super::{Team, cheat, id, request};
use crate::curve::{Curve, PublicScalar, random_scalar};
use crate::ecdsa::{EcdsaScheme, P256Ecdsa, Secp256k1Ecdsa};
use crate::error::{Abort, Consequence, Fault};
use crate::mul::rvole::Response;
use crate::party::{Base, PartyId};
use crate::round::{Inbox, broadcasts_digest, view};
use crate::transcript::Transcript;
use crate::wire::{Element, Wire};

type S = Secp256k1Ecdsa;
type C = crate::curve::Secp256k1;

/// What one party sends, as bytes.
#[derive(Clone, Default)]
struct Sent {
    hello: Vec<u8>,
    commit: Vec<u8>,
    invitations: BTreeMap<PartyId, Vec<u8>>,
    opening: Vec<u8>,
    ties: BTreeMap<PartyId, Vec<u8>>,
    responses: BTreeMap<PartyId, Vec<u8>>,
}

/// Which messages of the changed copy of the cheat take the place of the honest ones.
struct Swap<'a> {
    cheat: u16,
    /// Those who get the answers of the changed copy.
    answers: &'a [u16],
    /// Whether its opening goes out.
    opening: bool,
}

/// Runs the rounds by hand; of the cheat there are two copies with the same randomness, one of them changed
/// after its round 1 has left.
fn rounds(
    team: &Team<S>,
    signers: &[u16],
    swap: &Swap<'_>,
    change: impl Fn(&mut Round1<S>),
) -> BTreeMap<PartyId, Result<Finish<S>, Abort>> {
    let base = Base::from_bytes([9; 32]);
    let rng = |me: PartyId| Transcript::new("ecdsa-rounds-test").party(me).rng();
    let mut sent: BTreeMap<PartyId, Sent> = BTreeMap::new();
    let mut states = Vec::new();
    let copies = signers.iter().map(|n| (id(*n), false)).chain([(id(swap.cheat), true)]);
    for (me, changed) in copies {
        let signer = team.signer(me, signers, 1).unwrap();
        let shape = signer.shape();
        let hello = [me.to_bytes()[1]; 64].to_vec();
        let (mut round, commit, invitations) = Round1::start(signer, base, &hello, &mut rng(me)).unwrap();
        if changed {
            change(&mut round);
        }
        let invitations = invitations.iter().map(|(to, invitation)| (*to, invitation.encode(&shape))).collect();
        sent.insert(me, Sent { hello, commit: commit.encode(&shape), invitations, ..Sent::default() });
        states.push((me, changed, round));
    }
    let bodies: Vec<_> = sent.iter().map(|(id, sent)| (*id, [&sent.hello[..], &sent.commit].concat())).collect();
    let view = view(&base, bodies.iter().map(|(id, body)| (*id, body.as_slice())));
    let peers = |me: PartyId| signers.iter().map(|n| id(*n)).filter(move |other| *other != me);
    let mut seconds = Vec::new();
    for (me, changed, round) in states {
        let shape = round.shape();
        let greetings = peers(me).map(|from| {
            let from_sent = &sent[&from];
            let commit = Commit::decode(&from_sent.commit, &shape).unwrap();
            let invitation = Invitation::decode(&from_sent.invitations[&me], &shape).unwrap();
            (from, Greeting { hello: from_sent.hello.clone(), commit, invitation })
        });
        let greetings = Inbox::new(peers(me), greetings.collect()).unwrap();
        let (next, opening, answers) = round.receive(view, greetings, &*team.logs[&me], &mut rng(me)).unwrap();
        let out = sent.get_mut(&me).unwrap();
        if !changed || swap.opening {
            out.opening = opening.encode(&shape);
        }
        for (to, answer) in answers.iter().filter(|(to, _)| !changed || swap.answers.contains(&to.get())) {
            out.ties.insert(*to, answer.ties.encode(&shape));
            out.responses.insert(*to, answer.response.encode(&shape));
        }
        // The cheat goes on with the copy whose opening is out.
        if me != id(swap.cheat) || changed == swap.opening {
            seconds.push((me, shape, next));
        }
    }
    let openings: Vec<_> = sent.iter().map(|(id, sent)| (*id, sent.opening.as_slice())).collect();
    let broadcasts = broadcasts_digest(&view, 2, openings.into_iter());
    let mut finished = BTreeMap::new();
    for (me, shape, round) in seconds {
        let dealt = peers(me).map(|from| {
            let from_sent = &sent[&from];
            let opening = Opening::decode(&from_sent.opening, &shape).unwrap();
            let ties = Ties::decode(&from_sent.ties[&me], &shape).unwrap();
            (from, Dealt { opening, ties, response: Response::decode(&from_sent.responses[&me], &shape) })
        });
        let dealt = Inbox::new(peers(me), dealt.collect()).unwrap();
        finished.insert(me, round.receive(broadcasts, dealt, &*team.logs[&me], &mut rng(me)));
    }
    finished
}

fn add_one(round: &mut Round1<S>) {
    *round.signer.part.expose_mut() += crate::curve::Scalar::<C>::ONE;
}

fn burned(result: &Result<Finish<S>, Abort>) -> bool {
    let Err(abort) = result else { return false };
    let burned = matches!(abort.consequences(), [Consequence::Burned(of, _)] if *of == id(2));
    abort.fault() == Fault::BadNonceImage && abort.culprits() == [id(2)] && burned
}

/// O-12: r_2 + 1 towards party 1 only, then sk_2 + 1: party 1 burns the pair, party 3 sees nothing.
#[test]
fn o_12_other_inputs_towards_one_peer() {
    for change in [
        (|round: &mut Round1<S>| round.nonces.expose_mut()[0] += crate::curve::Scalar::<C>::ONE) as fn(&mut Round1<S>),
        add_one,
    ] {
        let team = Team::<S>::new(2, 3, 30);
        let swap = Swap { cheat: 2, answers: &[1], opening: false };
        let finished = rounds(&team, &[1, 2, 3], &swap, change);
        assert!(burned(&finished[&id(1)]));
        assert!(matches!(finished[&id(3)], Ok(Finish::Done(_))));
        assert!(team.signer(id(1), &[1, 2], 1).is_err() && team.signer(id(1), &[1, 3], 1).is_ok());
    }
}

/// O-12: a pk_2 that is not what went into the products.
#[test]
fn o_12_an_image_of_something_else() {
    let team = Team::<S>::new(2, 3, 31);
    let finished = rounds(&team, &[1, 2, 3], &Swap { cheat: 2, answers: &[], opening: true }, add_one);
    assert!(burned(&finished[&id(1)]) && burned(&finished[&id(3)]));
}

/// O-14: R_2 other than committed to.
#[test]
fn o_14_a_nonce_that_was_not_committed_to() {
    let team = Team::<S>::new(2, 3, 32);
    let finished = rounds(&team, &[1, 2, 3], &Swap { cheat: 2, answers: &[1, 3], opening: true }, |round| {
        round.nonces.expose_mut()[0] += crate::curve::Scalar::<C>::ONE;
        round.points[0] = Element::new(C::mul_base(&round.nonces.expose()[0]));
    });
    for n in [1, 3] {
        let Err(abort) = &finished[&id(n)] else { panic!("accepted") };
        assert_eq!((abort.fault(), abort.consequences()), (Fault::BadOpening, &[Consequence::Banned(id(2))][..]));
    }
    assert!(team.nothing_is_burned());
}

/// E-10, O-13: a wrong share of zero, put in consistently. `lie` is what party 2 then shows party 1, 3.
fn blame(lie: impl Fn(&mut super::super::messages::ZeroShares<C>)) -> BTreeMap<PartyId, Abort> {
    let team = Team::<S>::new(2, 3, 33);
    let finished = rounds(&team, &[1, 2, 3], &Swap { cheat: 2, answers: &[1, 3], opening: true }, add_one);
    let (mut rounds, mut shares) = (BTreeMap::new(), BTreeMap::new());
    for (me, result) in finished {
        let Ok(Finish::Blame(round, mut released)) = result else { panic!("{me} does not blame") };
        assert_eq!(released.encode(&round.shape()).len(), 64);
        if me == id(2) {
            lie(&mut released);
        }
        shares.insert(me, released.encode(&round.shape()));
        rounds.insert(me, round);
    }
    let aborts = rounds.into_iter().map(|(me, round)| {
        let shape = round.shape();
        let theirs = shares.iter().filter(|(from, _)| **from != me);
        let theirs: BTreeMap<_, _> = theirs.map(|(from, body)| (*from, Wire::decode(body, &shape).unwrap())).collect();
        (me, round.receive(&Inbox::new(shares.keys().copied().filter(|from| *from != me), theirs).unwrap()))
    });
    let aborts = aborts.collect();
    assert!(team.nothing_is_burned());
    aborts
}

/// E-10: with its true shares of zero shown, everybody sees whose image is wrong.
#[test]
fn e_10_a_wrong_image_is_named() {
    let aborts = blame(|_| {});
    for n in [1, 3] {
        let abort = &aborts[&id(n)];
        assert_eq!((abort.fault(), abort.consequences()), (Fault::BadKeyImage, &[Consequence::Banned(id(2))][..]));
    }
}

/// O-13, E-10: with another z_23 shown the two accuse each other; nobody is banned, nothing is burned.
#[test]
fn o_13_different_shares_of_zero_are_an_edge() {
    let aborts = blame(|released| released.shares[1] += PublicScalar::ONE);
    let seen = |n: u16| (aborts[&id(n)].fault(), aborts[&id(n)].culprits().to_vec());
    assert_eq!(seen(1), (Fault::ZeroShareDiffers, alloc::vec![id(2), id(3)]));
    assert_eq!(seen(3), (Fault::ZeroShareDiffers, alloc::vec![id(2)]));
    assert!(aborts.values().all(|abort| abort.consequences().is_empty()));
}

/// E-10 through sessions: the extra round is driven, the right one is named, and the next session signs.
#[test]
fn e_10_sessions_find_the_wrong_image() {
    let team = Team::<S>::new(2, 3, 34);
    let signers = [1, 2, 3];
    let inputs = signers.map(|n| {
        let mut signer = team.signer(id(n), &signers, 1).unwrap();
        if n == 2 {
            *signer.part.expose_mut() += crate::curve::Scalar::<C>::ONE;
        }
        let log = team.logs[&id(n)].clone();
        (id(n), crate::ecdsa::sign::Inputs::new(signer, request(1), log).unwrap())
    });
    let net: super::Net<crate::ecdsa::sign::Sign<S>> =
        super::Net::start(|me| team.params(me, &signers, 1), inputs.into(), super::Cheats::new());
    let net = net.run();
    for n in [1, 3] {
        let expected = (Fault::BadKeyImage, alloc::vec![id(2)], alloc::vec![Consequence::Banned(id(2))]);
        assert_eq!(net.abort_of(n), Some(expected));
    }
    assert!(team.nothing_is_burned());
    let net = team.sign(&[1, 3], request(1), 2, super::Cheats::new()).run();
    assert!(net.outcomes.values().all(|outcome| outcome.output.is_some()));
}

/// A cheat in the blame round itself: what does not decode names its sender.
#[test]
fn e_10_malformed_shares_of_zero() {
    let team = Team::<S>::new(2, 3, 35);
    let signers = [1, 2, 3];
    let inputs = signers.map(|n| {
        let mut signer = team.signer(id(n), &signers, 2).unwrap();
        if n == 2 {
            *signer.part.expose_mut() += crate::curve::Scalar::<C>::ONE;
        }
        (id(n), super::Inputs::new(signer, team.logs[&id(n)].clone()))
    });
    let cheats = cheat(2, |round, outgoing| {
        if round == 3 {
            outgoing.broadcast.iter_mut().for_each(|body| {
                assert_eq!(body.len(), 2 * 64);
                body.pop();
            });
        }
    });
    let net: super::Net<super::super::Presign<S>> =
        super::Net::start(|me| team.params(me, &signers, 1), inputs.into(), cheats);
    let net = net.run();
    let expected = (Fault::Malformed, alloc::vec![id(2)], alloc::vec![Consequence::Banned(id(2))]);
    assert_eq!((net.abort_of(1), net.abort_of(3)), (Some(expected.clone()), Some(expected)));
}

/// O-12: the merged check accepts exactly what the two single ones do.
#[test]
fn o_12_the_merged_check_is_both_checks() {
    fn on<S: EcdsaScheme>() {
        let mut rng = Transcript::new("merged-check-test").rng();
        let mut random = || *random_scalar::<S::Curve>(&mut rng).expose();
        for wrong in 0..16u8 {
            let one = |bit: u8| crate::curve::Scalar::<S::Curve>::from(u64::from(wrong >> bit & 1));
            let (chi, r, sk, d_u, d_v) = (random(), random(), random(), random(), random());
            let tie = |a, d, e| S::Curve::mul_base(&(chi * a - d + e));
            let points = [
                S::Curve::mul_base(&(r + one(0))),
                S::Curve::mul_base(&(sk + one(1))),
                tie(r, d_u, one(2)),
                tie(sk, d_v, one(3)),
            ];
            let (merged, single) = weighted_and_single::<S>(chi, [d_u, d_v], points);
            assert_eq!(merged, single);
            assert_eq!(single, wrong == 0, "{wrong}");
        }
    }
    on::<Secp256k1Ecdsa>();
    on::<P256Ecdsa>();
}

/// S-17: the weight of the merged check hangs on everything that is checked, on the answer of the multiplication
/// too, under a generator that repeats itself as well.
#[test]
fn s_17_the_weight_hangs_on_the_answer() {
    let point = |k: u64| C::mul_base(&k.into());
    let view = |byte| crate::party::View::from_bytes([byte; 32]);
    let points = || [1, 2, 3, 4].map(point);
    let number = |k: u64| crate::curve::Scalar::<C>::from(k);
    let base = (view(1), number(5), [number(6), number(7)], points());
    let mut all = alloc::vec![weight::<S>(&base.0, base.1, base.2, base.3)];
    assert_eq!(weight::<S>(&base.0, base.1, base.2, base.3), all[0]);
    all.push(weight::<S>(&view(2), base.1, base.2, base.3));
    all.push(weight::<S>(&base.0, number(9), base.2, base.3));
    all.push(weight::<S>(&base.0, base.1, [number(9), number(7)], base.3));
    all.push(weight::<S>(&base.0, base.1, [number(6), number(9)], base.3));
    for k in 0..4 {
        let mut other = points();
        other[k] = point(9);
        all.push(weight::<S>(&base.0, base.1, base.2, other));
    }
    assert!((0..all.len()).all(|k| !all[..k].contains(&all[k])));
}

/// O-14, E-08: what a broadcast convicts of convinces those who were not there; a private failure does not.
#[test]
fn o_14_evidence_of_broadcasts() {
    use crate::ecdsa::sign::{Inputs, Sign};
    let team = Team::<S>::new(2, 3, 36);
    let signers = [1, 2, 3];
    let judged = |label: u8, round: u8, at: usize| {
        let cheats = cheat(2, move |now, outgoing| {
            if now == round {
                outgoing.broadcast.iter_mut().for_each(|body| body[at] ^= 1);
            }
        });
        let net = team.sign(&signers, request(1), label, cheats).run();
        let evidence = net.sessions[&id(3)].evidence().first().unwrap().clone();
        let inputs = Inputs::public(team.first().public().clone(), request(1));
        evidence
            .judge::<Sign<S>>(&team.params(id(1), &signers, label), &inputs)
            .map(|judged| (judged.culprit, judged.fault))
    };
    // The commitment, the blinding, the view in the opening, the tag of a point.
    assert_eq!(judged(1, 1, 0), Ok((id(2), Fault::BadOpening)));
    assert_eq!(judged(2, 2, 40), Ok((id(2), Fault::BadOpening)));
    assert_eq!(judged(3, 2, 0), Ok((id(2), Fault::Malformed)));
    let flip_tag = cheat(2, |round, outgoing| {
        if round == 2 {
            outgoing.broadcast.iter_mut().for_each(|body| body[64] = 9);
        }
    });
    let net = team.sign(&signers, request(1), 4, flip_tag).run();
    assert_eq!(net.abort_of(1).unwrap().0, Fault::Malformed);
}

/// E-12: what a later blame would publish is signed and readable: 98 bytes of round 2.
#[test]
fn e_12_ties_are_readable() {
    let team = Team::<S>::new(2, 2, 37);
    let net = team.sign(&[1, 2], request(1), 1, super::Cheats::new()).run();
    let (_, _, bytes) = net.log.iter().find(|(_, _, bytes)| super::header(bytes) == (2, 2, id(1))).unwrap();
    let body = &bytes[8 + "ecdsa-sign".len() + 4 * 32..bytes.len() - 64];
    let shape = crate::wire::Shape { threshold: 2, parties: 2, batch: 1 };
    assert_eq!(body.len(), 98);
    assert!(Ties::<C>::decode(body, &shape).is_some());
}
