//! Honest parties: any set, any batch, sizes.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{Cheats, Net, Team, header, id, prehash, request};
use crate::curve::{Curve, PublicScalar};
use crate::ecdsa::online::{Child, Request};
use crate::ecdsa::signature::{EcdsaCurve, SRule, verify};
use crate::ecdsa::{EcdsaScheme, P256Ecdsa, Secp256k1Ecdsa};
use crate::error::Usage;

fn signs<S: EcdsaScheme>(t: u16, n: u16, signers: &[u16]) {
    let team = Team::<S>::new(t, n, 1);
    let net = team.sign(signers, request(7), 1, Cheats::new()).run();
    let key = team.first().public().joint_point();
    let signatures: Vec<_> = net.outcomes.values().map(|outcome| outcome.output.unwrap()).collect();
    assert!(signatures.iter().all(|signed| *signed == signatures[0]));
    assert!(verify::<S>(&key, &prehash(7), &signatures[0].signature, SRule::Low));
    assert!(team.nothing_is_burned());
}

#[test]
fn signs_2_of_2() {
    signs::<Secp256k1Ecdsa>(2, 2, &[1, 2]);
    signs::<P256Ecdsa>(2, 2, &[1, 2]);
}

#[test]
fn signs_every_set_of_2_of_3() {
    for signers in [&[1, 2][..], &[1, 3], &[2, 3], &[1, 2, 3]] {
        signs::<Secp256k1Ecdsa>(2, 3, signers);
        signs::<P256Ecdsa>(2, 3, signers);
    }
}

#[test]
fn signs_3_of_5() {
    signs::<Secp256k1Ecdsa>(3, 5, &[1, 3, 5]);
    signs::<Secp256k1Ecdsa>(3, 5, &[1, 2, 3, 4]);
    signs::<P256Ecdsa>(3, 5, &[2, 4, 5]);
}

#[test]
fn signs_5_of_9() {
    signs::<Secp256k1Ecdsa>(5, 9, &[1, 2, 5, 8, 9]);
    signs::<P256Ecdsa>(5, 9, &[2, 3, 4, 5, 6]);
}

#[test]
fn signs_10_of_10() {
    signs::<Secp256k1Ecdsa>(10, 10, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    signs::<P256Ecdsa>(10, 10, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
}

/// F-17: ids need not be 1 to n.
#[test]
fn signs_with_any_ids() {
    let team = Team::<Secp256k1Ecdsa>::of(2, &[7, 300, 65_535], 3);
    let net = team.sign(&[300, 65_535], request(3), 1, Cheats::new()).run();
    assert!(net.outcomes.values().all(|outcome| outcome.output.is_some()));
}

#[test]
fn signs_for_children_interactively() {
    let team = Team::<Secp256k1Ecdsa>::new(2, 3, 4);
    for delta in [0, 1, 77] {
        let child = Child::at_offset(PublicScalar::from(delta));
        let wanted = Request::new(prehash(delta), child).unwrap();
        let net = team.sign(&[1, 3], wanted, 1, Cheats::new()).run();
        let signed = net.outcomes[&id(1)].output.unwrap();
        let key = child.key(&team.first().public().joint_point()).unwrap();
        assert!(verify::<Secp256k1Ecdsa>(&key, &prehash(delta), &signed.signature, SRule::Low));
    }
}

/// T-05: interactive signers on different paths are foreign to each other, and on one path sign for the child.
#[test]
fn t_05_ecdsa_signers_on_other_paths() {
    type S = Secp256k1Ecdsa;
    let team = Team::<S>::new(2, 3, 6);
    let signers = [1, 3];
    let run = |paths: [&str; 2], label| {
        let inputs = signers.iter().zip(paths).map(|(n, path)| {
            let child = team.shares[&id(*n)].derive(&path.parse().unwrap()).unwrap();
            let wanted = Request::new(prehash(1), Child::from(&child)).unwrap();
            (id(*n), team.sign_inputs(id(*n), &signers, wanted))
        });
        let net = Net::start(|me| team.params(me, &signers, label), inputs.collect(), Cheats::new());
        Net::<crate::ecdsa::sign::Sign<S>>::run(net)
    };
    let signed = run(["m/0/1", "m/0/1"], 1).outcomes[&id(3)].output.unwrap();
    let child = team.first().extended_key().unwrap().derive(&"m/0/1".parse().unwrap()).unwrap();
    assert!(verify::<S>(child.point(), &prehash(1), &signed.signature, SRule::Low));
    for (label, paths) in [(2, ["m/0", "m/1"]), (3, ["m", "m/0"])] {
        let net = run(paths, label);
        assert!(net.outcomes.values().all(|outcome| outcome.output.is_none() && outcome.abort.is_none()));
        assert_eq!(net.sessions[&id(1)].conflicts(), [id(3)]);
        assert_eq!(net.sessions[&id(3)].conflicts(), [id(1)]);
    }
    assert!(team.nothing_is_burned());
}

/// The sizes that `docs/ecdsa.md` states: bodies, with the nonce and key of the session in round 1.
#[test]
fn sizes_are_as_documented() {
    let team = Team::<Secp256k1Ecdsa>::new(2, 2, 5);
    for (batch, sizes) in [(1usize, [96, 2188, 130, 98, 40_016, 0]), (2, [96, 3800, 196, 196, 79_984, 0])] {
        let net = team.presign(&[1, 2], batch, 1, Cheats::new()).run();
        let overhead = 8 + "ecdsa-presign".len() + 4 * 32 + 64;
        let of = |round, kind| {
            let sent = net.log.iter().find(|(_, _, bytes)| header(bytes) == (round, kind, id(1)));
            sent.map_or(0, |(_, _, bytes)| bytes.len() - overhead)
        };
        assert_eq!([of(1, 1), of(1, 2), of(2, 1), of(2, 2), of(2, 3), of(3, 1)], sizes);
        assert_eq!(of(1, 2), 31 * (52 * batch + 16) + 80);
        assert_eq!(of(2, 3), 39_968 * batch + 48);
    }
    let net = team.sign(&[1, 2], request(1), 1, Cheats::new()).run();
    let last = net.log.iter().find(|(_, _, bytes)| header(bytes) == (3, 1, id(1))).unwrap();
    assert_eq!(last.2.len() - (8 + "ecdsa-sign".len() + 4 * 32 + 64), 96);
}

/// O-20: sizes that are none of ours are refused before anything is allocated; 1, 2, 16 work.
#[test]
fn o_20_batch_sizes() {
    let team = Team::<Secp256k1Ecdsa>::new(2, 2, 6);
    for batch in [0, 257, 1 << 16, usize::MAX] {
        assert_eq!(team.signer(id(1), &[1, 2], batch).unwrap_err(), Usage::TooMany);
    }
    for batch in [1, 2, 16] {
        let made = team.presignatures(&[1, 2], batch, 1);
        assert!(made.iter().all(|list| list.len() == batch));
        relations_hold(&team, &made);
    }
    let team = Team::<P256Ecdsa>::new(2, 3, 6);
    relations_hold(&team, &team.presignatures(&[1, 2, 3], 2, 1));
}

/// Σ v = x·Σ φ and Σ u·G = Σ φ·R at every index.
fn relations_hold<S: EcdsaScheme>(team: &Team<S>, made: &[Vec<crate::ecdsa::Presignature<S>>]) {
    for nu in 0..made[0].len() {
        let sum = |k: usize| made.iter().map(|list| list[nu].secrets.expose()[k]).reduce(|a, b| a + b).unwrap();
        let (phi, u, v) = (sum(0), sum(1), sum(2));
        assert_eq!(v, team.secret * phi);
        assert_eq!(S::Curve::mul_base(&u), *made[0][nu].terms.nonce.point() * phi);
    }
}

/// O-26: of a batch all key images, nonces, names and zero shares differ.
#[test]
fn o_26_everything_hangs_on_the_index() {
    let team = Team::<Secp256k1Ecdsa>::new(2, 2, 7);
    let net = team.presign(&[1, 2], 256, 1, Cheats::new()).run();
    let opening = net.log.iter().find(|(_, _, bytes)| header(bytes) == (2, 1, id(1))).unwrap().2.clone();
    let body = &opening[8 + "ecdsa-presign".len() + 4 * 32 + 64..opening.len() - 64];
    let points: BTreeSet<&[u8]> = body.chunks(33).collect();
    assert_eq!(points.len(), 512);
    let made: Vec<_> = net.outcomes.into_values().map(|outcome| outcome.output.unwrap()).collect();
    assert_eq!(made[0].iter().map(|one| one.id()).collect::<BTreeSet<_>>().len(), 256);
    relations_hold(&team, &made);
}

/// S-11, E-05: parameters that are not those of the key.
#[test]
fn e_05_a_signer_fits_its_key() {
    let team = Team::<Secp256k1Ecdsa>::new(2, 3, 8);
    let other = Team::<Secp256k1Ecdsa>::new(3, 3, 9);
    let new = |params: &crate::party::SessionParams, team: &Team<_>, states: &Team<_>| {
        super::Signer::<Secp256k1Ecdsa>::new(
            params,
            &team.shares[&id(1)],
            &states.states[&id(1)],
            &*team.logs[&id(1)],
            1,
        )
        .map(|_| ())
    };
    let params = team.params(id(1), &[1, 2], 1);
    assert_eq!(new(&params, &team, &team), Ok(()));
    assert_eq!(new(&other.params(id(1), &[1, 2, 3], 1), &team, &team), Err(Usage::InvalidThreshold));
    assert_eq!(new(&team.params(id(2), &[1, 2], 1), &team, &team), Err(Usage::UnknownParty(id(2))));
    let with_4 = Team::<Secp256k1Ecdsa>::new(2, 4, 8);
    assert_eq!(new(&with_4.params(id(1), &[1, 4], 1), &team, &team), Err(Usage::UnknownParty(id(4))));
}

/// A party's session takes the inputs of its own parameters only.
#[test]
fn inputs_and_parameters_must_agree() {
    let team = Team::<Secp256k1Ecdsa>::new(2, 3, 10);
    let mut rng = crate::transcript::Transcript::new("inputs-test").rng();
    let start = |params, inputs, rng: &mut _| {
        crate::session::Session::<super::super::Presign<_>>::start(params, &super::identity(id(1)), inputs, rng)
            .map(|_| ())
    };
    let params = team.params(id(1), &[1, 2], 1);
    assert!(start(params.clone(), team.presign_inputs(id(1), &[1, 3], 1), &mut rng).is_err());
    assert!(start(params.clone(), team.presign_inputs(id(2), &[1, 2], 1), &mut rng).is_err());
    let public = super::Inputs::public(team.first().public().clone(), 1);
    assert_eq!(start(params, public, &mut rng), Err(Usage::InvalidShare));
    let batch = team.signer(id(1), &[1, 2], 2).unwrap();
    let log = team.logs[&id(1)].clone();
    assert_eq!(crate::ecdsa::sign::Inputs::new(batch, request(1), log).unwrap_err(), Usage::TooMany);
}

/// K-17: a session whose parties have other identity keys than the key knows them by does not start: not presigning,
/// signing or online signing, and no use is counted and nothing spent.
#[test]
fn k_17_identities_are_those_of_the_key() {
    use crate::ecdsa::online;
    use crate::session::Session;
    type S = Secp256k1Ecdsa;
    let team = Team::<S>::new(2, 3, 12);
    let params = team.params(id(1), &[1, 2], 1);
    let stranger = super::identity(id(9)).public();
    let parties = crate::party::Parties::new([(id(1), super::identity(id(1)).public()), (id(2), stranger)]).unwrap();
    let other = crate::party::SessionParams::new(*params.label(), id(1), params.threshold(), parties).unwrap();
    let signer = super::Signer::<S>::new(&other, &team.shares[&id(1)], &team.states[&id(1)], &*team.logs[&id(1)], 1);
    assert_eq!(signer.map(|_| ()), Err(Usage::OtherIdentity));
    let mut rng = crate::transcript::Transcript::new("identities-test").rng();
    let mine = super::identity(id(1));
    let inputs = team.presign_inputs(id(1), &[1, 2], 1);
    let started = Session::<super::super::Presign<S>>::start(other.clone(), &mine, inputs, &mut rng);
    assert_eq!(started.map(|_| ()), Err(Usage::OtherIdentity));
    let inputs = team.sign_inputs(id(1), &[1, 2], request(1));
    let started = Session::<crate::ecdsa::sign::Sign<S>>::start(other.clone(), &mine, inputs, &mut rng);
    assert_eq!(started.map(|_| ()), Err(Usage::OtherIdentity));
    assert_eq!(team.signer(id(1), &[1, 2], 1).unwrap().pairs[0].uses(), 0);
    let store = alloc::sync::Arc::new(crate::ecdsa::store::MemoryStore::new());
    let made = team.presignatures(&[1, 2], 1, 2).remove(0).remove(0);
    let name = made.store(&*store).unwrap();
    let key = team.first().public().clone();
    let presignature = crate::ecdsa::Presignature::load(&*store, &name).unwrap();
    let inputs = online::Inputs { presignature, key, request: request::<S>(1), store: store.clone() };
    let started = Session::<online::Online<S>>::start(other, &mine, inputs, &mut rng);
    assert_eq!(started.map(|_| ()), Err(Usage::OtherIdentity));
    assert_eq!(store.unspent(), [name]);
    // Another threshold than the key's is refused alike.
    let three = crate::party::Threshold::new(3).unwrap();
    let all = team.params(id(1), &[1, 2, 3], 1);
    let other = crate::party::SessionParams::new(*all.label(), id(1), three, all.parties().clone()).unwrap();
    let inputs = team.presign_inputs(id(1), &[1, 2, 3], 1);
    let started = Session::<super::super::Presign<S>>::start(other, &mine, inputs, &mut rng);
    assert_eq!(started.map(|_| ()), Err(Usage::InvalidThreshold));
}

/// E-06, E-07: everything that may be signed is, on both curves: digests of ones, of q − 1, above q.
#[test]
fn e_07_digests_at_the_edges() {
    fn edge<S: EcdsaScheme>() {
        let team = Team::<S>::new(2, 2, 11);
        let below = (PublicScalar::<S::Curve>::ZERO - PublicScalar::ONE).encode();
        let mut above = below;
        above[31] = above[31].wrapping_add(2);
        for (digest, label) in [[0xff; 32], below, above].into_iter().zip(1..) {
            let wanted = Request::new(crate::ecdsa::Prehash::new(digest), Child::ITSELF).unwrap();
            let net = team.sign(&[1, 2], wanted, label, Cheats::new()).run();
            let signed = net.outcomes[&id(2)].output.unwrap();
            let key = team.first().public().joint_point();
            assert!(S::Curve::verify(&key, &digest, &signed.signature));
        }
    }
    edge::<Secp256k1Ecdsa>();
    edge::<P256Ecdsa>();
}
