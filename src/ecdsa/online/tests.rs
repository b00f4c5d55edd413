//! Online signing, on presignatures by a trusted hand.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::protocol::{Inputs, Online};
use super::{Child, OnlineShare, Pending, Request, repeat, reply_bytes, respond, sign};
use crate::curve::{Curve, P256, PublicScalar, Scalar, Secp256k1, encode_point, random_scalar};
use crate::ecdsa::presign::tests::{Cheats, Net, Team, id, prehash, request};
use crate::ecdsa::presignature::{Presignature, PresignatureId, Terms};
use crate::ecdsa::signature::{EcdsaCurve, Message, Prehash, SRule, Signed, verify};
use crate::ecdsa::store::{MemoryStore, PresignatureStore};
use crate::ecdsa::{EcdsaScheme, P256Ecdsa, Secp256k1Ecdsa};
use crate::error::{Error, Fault, Usage};
use crate::key::KeyShare;
use crate::party::{PartyId, Sharing};
use crate::round::Inbox;
use crate::secret::Secret;
use crate::transcript::{Transcript, TranscriptRng};
use crate::wire::Element;

type S = Secp256k1Ecdsa;

/// A presignature of these signers, each one's part in their order.
fn dealt<S: EcdsaScheme>(team: &Team<S>, signers: &[u16], seed: u64) -> Vec<Presignature<S>> {
    let mut rng = Transcript::new("dealt-presignature-test").field(S::NAME.as_bytes()).number(seed).rng();
    let nonce = *random_scalar::<S::Curve>(&mut rng).expose();
    let phi = *random_scalar::<S::Curve>(&mut rng).expose();
    let [phis, us, vs] =
        [phi, nonce * phi, team.secret * phi].map(|sum| parts::<S::Curve>(sum, signers.len(), &mut rng));
    let public = team.first().public();
    let terms = |n: &u16| Terms {
        key_id: public.key_id(),
        sharing: public.sharing(),
        threshold: public.threshold(),
        me: id(*n),
        signers: signers.iter().map(|n| id(*n)).collect(),
        id: PresignatureId::from_bytes(Transcript::new("dealt-id-test").number(seed).digest()),
        key: Element::new(public.joint_point()),
        nonce: Element::new(S::Curve::mul_base(&nonce)),
    };
    let secrets = |k: usize| Secret::new([phis[k], us[k], vs[k]]);
    signers.iter().enumerate().map(|(k, n)| Presignature::new(terms(n), secrets(k))).collect()
}

fn parts<C: Curve>(sum: Scalar<C>, count: usize, rng: &mut TranscriptRng) -> Vec<Scalar<C>> {
    let mut parts: Vec<_> = (1..count).map(|_| *random_scalar::<C>(rng).expose()).collect();
    parts.push(parts.iter().fold(sum, |rest, part| rest - part));
    parts
}

/// Everybody answers and the first combines.
fn signed<S: EcdsaScheme>(made: Vec<Presignature<S>>, request: &Request<S>) -> Result<Signed<S>, Error> {
    let mut pending: Option<Pending<S>> = None;
    let mut shares = BTreeMap::new();
    for presignature in made {
        let me = presignature.me();
        let (share, mine) = respond(presignature, request)?;
        match pending {
            None => pending = Some(mine),
            Some(_) => {
                shares.insert(me, share);
            }
        }
    }
    let ids: Vec<PartyId> = shares.keys().copied().collect();
    pending.unwrap().combine(&Inbox::new(ids, shares).unwrap())
}

/// All verifiers there are, and key recovery by all that know it.
fn is_good(key: &<Secp256k1 as Curve>::Point, prehash: &Prehash, signed: &Signed<Secp256k1Ecdsa>) {
    assert!(verify::<Secp256k1Ecdsa>(key, prehash, &signed.signature, SRule::Low));
    let k256 =
        k256::ecdsa::VerifyingKey::recover_from_prehash(prehash.as_bytes(), &signed.signature, signed.recovery_id);
    let encoded = encode_point::<Secp256k1>(key);
    assert_eq!(k256.unwrap(), k256::ecdsa::VerifyingKey::from_sec1_bytes(&encoded).unwrap());
    let secp = secp256k1::Secp256k1::new();
    let message = secp256k1::Message::from_digest(*prehash.as_bytes());
    let public = secp256k1::PublicKey::from_slice(&encoded).unwrap();
    let compact = signed.signature.to_bytes();
    let theirs = secp256k1::ecdsa::Signature::from_compact(&compact).unwrap();
    secp.verify_ecdsa(&message, &theirs, &public).unwrap();
    let number = secp256k1::ecdsa::RecoveryId::from_i32(signed.recovery_id.to_byte().into()).unwrap();
    let recoverable = secp256k1::ecdsa::RecoverableSignature::from_compact(&compact, number).unwrap();
    assert_eq!(secp.recover_ecdsa(&message, &recoverable).unwrap(), public);
}

fn is_good_p256(key: &<P256 as Curve>::Point, prehash: &Prehash, signed: &Signed<P256Ecdsa>) {
    assert!(verify::<P256Ecdsa>(key, prehash, &signed.signature, SRule::Low));
    let recovered =
        p256::ecdsa::VerifyingKey::recover_from_prehash(prehash.as_bytes(), &signed.signature, signed.recovery_id);
    assert_eq!(recovered.unwrap(), p256::ecdsa::VerifyingKey::from_sec1_bytes(&encode_point::<P256>(key)).unwrap());
}

/// Messages, sets and children at random, `count` of them on each curve.
fn many(count: u64) {
    let team = Team::<Secp256k1Ecdsa>::new(3, 5, 50);
    let p256 = Team::<P256Ecdsa>::new(2, 3, 50);
    for seed in 0..count {
        let mut rng = Transcript::new("many-signatures-test").number(seed).rng();
        let delta = *random_scalar::<Secp256k1>(&mut rng).expose();
        let child = if seed % 3 == 0 { Child::ITSELF } else { Child::at_offset(PublicScalar::reveal(delta)) };
        let sets = [&[1, 2, 3][..], &[1, 3, 5], &[2, 3, 4, 5], &[1, 2, 3, 4, 5], &[2, 4, 5]];
        let signers = sets[usize::try_from(seed).unwrap() % 5];
        let wanted = Request::new(prehash(seed), child).unwrap();
        let made = signed(dealt(&team, signers, seed), &wanted).unwrap();
        is_good(&child.key(&team.first().public().joint_point()).unwrap(), &prehash(seed), &made);
        let signers = [&[1, 2][..], &[1, 3], &[2, 3], &[1, 2, 3]][usize::try_from(seed).unwrap() % 4];
        let made = signed(dealt(&p256, signers, seed), &request(seed)).unwrap();
        is_good_p256(&p256.first().public().joint_point(), &prehash(seed), &made);
    }
}

/// E-06: signatures verify everywhere, and the key is recovered from each. `tests/it/ecdsa_many.rs` does it with
/// presignatures that sessions have made.
#[test]
fn e_06_signatures_verify_and_recover() {
    many(1_000);
}

/// E-06: a nonce point with x ≥ q, which no search finds: its recovery id says so, low or high s.
#[test]
fn e_06_recovery_with_a_large_x() {
    use crate::ecdsa::signature::{finish, nonce_coordinate};
    let order = PublicScalar::<Secp256k1>::ZERO - PublicScalar::ONE;
    let mut found = 0;
    for k in 1..40u8 {
        // x = q − 1 + k, one of two y
        let mut encoding = [0u8; 33];
        encoding[0] = 2 + (k & 1);
        encoding[1..].copy_from_slice(&order.encode());
        let (last, carry) = encoding[32].overflowing_add(k);
        encoding[32] = last;
        encoding[31] += u8::from(carry);
        let Some(point) = Secp256k1::decode(&encoding) else { continue };
        // x = q is r = 0, and refused.
        let Some((r, recovery_id)) = nonce_coordinate::<Secp256k1>(&point) else { continue };
        assert_eq!((r, recovery_id.is_x_reduced()), (PublicScalar::from(u64::from(k) - 1), true));
        for s in [PublicScalar::from(5), -PublicScalar::from(5)] {
            // The key for which (r, s) signs: X = (s·R − m·G)/r.
            let m = prehash(1).scalar::<Secp256k1>();
            let inverse = r.invert().unwrap();
            let key = point * (s * inverse).value() - Secp256k1::mul_base((m * inverse).value());
            let made = finish::<S>((&r, recovery_id), &s, &key, &prehash(1)).unwrap();
            is_good(&key, &prehash(1), &made);
            found += 1;
        }
    }
    assert!(found >= 4);
}

/// E-02: ρ hangs on each of its eight inputs; so R', and with it everything that is sent, does.
#[test]
fn e_02_the_nonce_hangs_on_everything() {
    let team = Team::<S>::new(2, 3, 51);
    let send = |change: &dyn Fn(&mut Terms<S>), wanted: &Request<S>| {
        let mut one = dealt(&team, &[1, 2], 1).remove(0);
        change(&mut one.terms);
        let (share, pending) = respond(one, wanted).unwrap();
        (pending.nonce.0.encode(), share.denominator.encode())
    };
    let point = |k: u64| Element::new(Secp256k1::mul_base(&k.into()));
    let child = |delta| Request::new(prehash(1), Child::at_offset(PublicScalar::from(delta))).unwrap();
    let all = [
        send(&|_| {}, &request(1)),
        send(&|_| {}, &request(2)),
        send(&|_| {}, &child(1)),
        send(&|_| {}, &child(2)),
        send(&|terms| terms.id = PresignatureId::from_bytes([1; 32]), &request(1)),
        send(&|terms| terms.key = point(9), &request(1)),
        send(&|terms| terms.nonce = point(9), &request(1)),
        send(&|terms| terms.signers.push(id(3)), &request(1)),
        send(&|terms| terms.sharing = Sharing::from_bytes([1; 32]), &request(1)),
    ];
    assert_eq!(all.iter().map(|(r, _)| r).collect::<BTreeSet<_>>().len(), all.len());
    assert_eq!(all.iter().map(|(_, u)| u).collect::<BTreeSet<_>>().len(), all.len());
    // The same X' by another way, X + δ from another parent, is another nonce too.
    let shifted = |delta: u64, parent: u64| send(&|terms| terms.key = point(parent), &child(delta));
    assert_ne!(shifted(5, 10).0, shifted(6, 9).0);
}

/// E-02: one presignature serves either of two children, never both; P-256 knows none.
#[test]
fn e_02_one_presignature_one_child() {
    let team = Team::<S>::new(2, 2, 52);
    let public = team.first().public();
    let children: Vec<_> = [3, 4].map(|delta| Child::at_offset(PublicScalar::from(delta))).into();
    for child in &children {
        let made = signed(dealt(&team, &[1, 2], 1), &Request::new(prehash(1), *child).unwrap()).unwrap();
        is_good(&child.key(&public.joint_point()).unwrap(), &prehash(1), &made);
    }
    let store = MemoryStore::new();
    let name = dealt(&team, &[1, 2], 1).remove(0).store(&store).unwrap();
    let load = || dealt(&team, &[1, 2], 1).remove(0);
    let ask = |child: &Child<S>| sign(load(), public, &Request::new(prehash(1), *child).unwrap(), &store);
    assert!(ask(&children[0]).is_ok());
    assert_eq!(ask(&children[1]).unwrap_err(), Usage::Spent.into());
    assert_eq!(Presignature::<S>::load(&store, &name).unwrap_err(), Usage::Spent);
    // The child that would be the identity.
    let minus_x = Child::<S>::at_offset(PublicScalar::reveal(-team.secret));
    let wanted = Request::new(prehash(1), minus_x).unwrap();
    assert_eq!(respond(load(), &wanted).unwrap_err(), Usage::InvalidTweak.into());
}

/// E-11, E-03: digests that are 0 modulo q are refused before there is a request.
#[test]
fn e_11_digest_zero() {
    fn refused<S: EcdsaScheme>() {
        let top = (PublicScalar::<S::Curve>::ZERO - PublicScalar::ONE).encode();
        let mut order = top;
        let last = order.len() - 1;
        order[last] += 1;
        for digest in [[0; 32], order] {
            assert_eq!(Request::<S>::new(Prehash::new(digest), Child::ITSELF).unwrap_err(), Usage::ZeroDigest);
            // A verifier takes what the curve's rule takes: here a signature by anybody.
            let key = S::Curve::mul_base(&Scalar::<S::Curve>::from(5u64));
            let a = Scalar::<S::Curve>::from(3u64);
            let (r, _) = crate::ecdsa::signature::nonce_coordinate::<S::Curve>(&(key * a)).unwrap();
            let s = r * PublicScalar::reveal(a).invert().unwrap();
            let forged = S::Curve::signature(&r, &s).unwrap();
            assert!(verify::<S>(&key, &Prehash::new(digest), &forged, SRule::Any));
        }
        assert!(Request::<S>::new(Prehash::new(top), Child::ITSELF).is_ok());
    }
    refused::<Secp256k1Ecdsa>();
    refused::<P256Ecdsa>();
}

/// E-07: RFC 6979's messages, as bytes under their hash.
#[test]
fn e_07_the_messages_of_rfc_6979_sign() {
    let (k1, r1) = (Team::<Secp256k1Ecdsa>::new(2, 2, 53), Team::<P256Ecdsa>::new(2, 2, 53));
    for (text, seed) in [(&b"sample"[..], 1), (b"test", 2)] {
        let message = Message::<sha2::Sha256>::new(text);
        let made = signed(dealt(&k1, &[1, 2], seed), &Request::new(message, Child::ITSELF).unwrap()).unwrap();
        is_good(&k1.first().public().joint_point(), &message.into(), &made);
        let made = signed(dealt(&r1, &[1, 2], seed), &Request::new(message, Child::ITSELF).unwrap()).unwrap();
        is_good_p256(&r1.first().public().joint_point(), &message.into(), &made);
    }
}

/// E-04, O-26: signers that sign something else, or with another presignature: no signature, nobody named.
#[test]
fn e_04_split_views() {
    let team = Team::<S>::new(2, 3, 54);
    let run = |first: Presignature<S>, second: Presignature<S>, wanted: [u64; 2]| {
        let (from, (share, _)) = (second.me(), respond(second, &request(wanted[1])).unwrap());
        let (_, pending) = respond(first, &request(wanted[0])).unwrap();
        pending.combine(&Inbox::new([from], [(from, share)].into()).unwrap()).unwrap_err()
    };
    let pick = |k: usize, seed| dealt(&team, &[1, 2], seed).remove(k);
    let differ = |error: Error| matches!(error, Error::Abort(abort) if abort.fault() == Fault::OnlineRequestsDiffer && abort.culprits().is_empty());
    assert!(differ(run(pick(0, 1), pick(1, 1), [1, 2])));
    assert!(differ(run(pick(0, 1), pick(1, 2), [1, 1])), "two of a batch swapped");
    // Another set than the presignature's: too few, another one, too many.
    let (_, pending) = respond(dealt(&team, &[1, 2, 3], 3).remove(0), &request(1)).unwrap();
    let (share, _) = respond(dealt(&team, &[1, 2, 3], 3).remove(1), &request(1)).unwrap();
    let alone = pending.combine(&Inbox::new([id(2)], [(id(2), share)].into()).unwrap());
    assert!(matches!(alone, Err(Error::Usage(Usage::WrongInbox(_)))));
    let (_, pending) = respond(pick(0, 4), &request(1)).unwrap();
    let (share, _) = respond(pick(1, 4), &request(1)).unwrap();
    let other = pending.combine(&Inbox::new([id(3)], [(id(3), share)].into()).unwrap());
    assert!(matches!(other, Err(Error::Usage(Usage::WrongInbox(_)))));
}

/// Changes the peer's share, knowing ours.
type Spoil = dyn Fn(&mut OnlineShare<Secp256k1>, &OnlineShare<Secp256k1>);

/// E-08, O-15: a wrong share ends in an abort that names nobody; so does Σ u' = 0.
#[test]
fn e_08_what_is_no_signature_is_not_released() {
    let team = Team::<S>::new(2, 2, 55);
    let with = |change: &Spoil| {
        let mut made = dealt(&team, &[1, 2], 1);
        let (mut share, _) = respond(made.remove(1), &request(1)).unwrap();
        let (_, pending) = respond(made.remove(0), &request(1)).unwrap();
        change(&mut share, &pending.own);
        pending.combine(&Inbox::new([id(2)], [(id(2), share)].into()).unwrap())
    };
    assert!(with(&|_, _| {}).is_ok());
    let wrong: [&Spoil; 4] = [
        &|share, _| share.numerator += PublicScalar::ONE,
        &|share, _| share.denominator += PublicScalar::ONE,
        &|share, own| share.denominator = -own.denominator,
        &|share, own| share.numerator = -own.numerator,
    ];
    for change in wrong {
        let Err(Error::Abort(abort)) = with(change) else { panic!("released") };
        assert_eq!((abort.fault(), abort.culprits().len(), abort.consequences().len()), (Fault::BadSignature, 0, 0));
    }
}

/// E-05: a presignature of another key, another sharing, another threshold.
#[test]
fn e_05_a_presignature_fits_one_sharing() {
    let (team, other) = (Team::<S>::new(2, 3, 56), Team::<S>::new(2, 3, 57));
    let store = MemoryStore::new();
    let public = team.first().public();
    let one = |change: &dyn Fn(&mut Terms<S>)| {
        let mut one = dealt(&team, &[1, 2], 1).remove(0);
        change(&mut one.terms);
        sign(one, public, &request(1), &store).unwrap_err()
    };
    let foreign = sign(dealt(&other, &[1, 2], 1).remove(0), public, &request(1), &store);
    assert_eq!(foreign.unwrap_err(), Usage::OtherKey.into());
    assert!(matches!(one(&|t| t.sharing = Sharing::from_bytes([3; 32])), Error::Usage(Usage::OtherSharing { .. })));
    assert_eq!(one(&|t| t.threshold = crate::party::Threshold::new(3).unwrap()), Usage::InvalidThreshold.into());
    // And with the right one nothing of that has spent anything: the store has never heard of it.
    assert_eq!(one(&|_| {}), Usage::UnknownPresignature.into());
}

/// The record: as it was, and nothing but it; prints nothing.
#[test]
fn records_of_presignatures() {
    let team = Team::<S>::new(2, 3, 58);
    let one = || dealt(&team, &[1, 3], 1).remove(1);
    let bytes = one().into_bytes();
    assert_eq!(bytes.len(), 7 + 1 + 2 + 1 + "ECDSA-secp256k1".len() + 32 + 32 + 6 + 4 + 32 + 66 + 96 + 16);
    let back = Presignature::<S>::from_bytes(&bytes).unwrap();
    assert_eq!((back.id(), back.me(), back.signers()), (one().id(), id(3), &[id(1), id(3)][..]));
    assert_eq!(back.secrets.expose(), one().secrets.expose());
    assert_eq!(alloc::format!("{back:?}"), "Presignature(..)");
    for k in 0..bytes.len() {
        let mut wrong = bytes.to_vec();
        wrong[k] ^= 1;
        assert!(Presignature::<S>::from_bytes(&wrong).is_err(), "byte {k}");
        assert!(Presignature::<S>::from_bytes(&bytes[..k]).is_err());
    }
    assert_eq!(Presignature::<P256Ecdsa>::from_bytes(&bytes).unwrap_err(), Usage::OtherSuite);
    assert!(KeyShare::<S>::from_bytes(&bytes).is_err());
    let with = |change: &dyn Fn(&mut Terms<S>)| {
        let mut one = one();
        change(&mut one.terms);
        Presignature::<S>::from_bytes(&one.into_bytes()).map(|_| ()).unwrap_err()
    };
    assert_eq!(with(&|t| t.signers = [1, 2].map(id).into()), Usage::UnknownParty(id(3)));
    assert_eq!(with(&|t| t.signers = [3].map(id).into()), Usage::WrongNumberOfSigners);
    assert_eq!(with(&|t| t.signers = [3, 1].map(id).into()), Usage::Malformed);
    assert_eq!(with(&|t| t.signers = [3, 3].map(id).into()), Usage::Malformed);
}

/// E-01: a second request is refused, after a failure as well; the same one gets the same 96 bytes.
#[test]
fn e_01_one_presignature_one_request() {
    let team = Team::<S>::new(2, 2, 59);
    let store = MemoryStore::new();
    let public = team.first().public();
    let name = dealt(&team, &[1, 2], 1).remove(0).store(&store).unwrap();
    let load = || Presignature::<S>::load(&store, &name);
    let (copy, first) = (load().unwrap(), load().unwrap());
    let (share, _) = sign(first, public, &request(1), &store).unwrap();
    assert_eq!(load().unwrap_err(), Usage::Spent);
    assert_eq!(reply_bytes(&repeat(&name, &request::<S>(1), &store).unwrap()), reply_bytes(&share));
    assert_eq!(repeat(&name, &request::<S>(2), &store).unwrap_err(), Usage::Spent);
    // A copy in memory is worth nothing for another request, and gives the same bytes for the same.
    let bytes = copy.into_bytes();
    let again = || Presignature::<S>::from_bytes(&bytes).unwrap();
    assert_eq!(reply_bytes(&sign(again(), public, &request(1), &store).unwrap().0), reply_bytes(&share));
    assert_eq!(sign(again(), public, &request(2), &store).unwrap_err(), Usage::Spent.into());
    assert_eq!(again().store(&store).unwrap_err(), crate::ecdsa::store::Refusal::Exists);
}

/// E-09: why: two copies of one presignature, and t − 1 other parts, are the key.
#[test]
fn e_09_two_messages_from_one_presignature_are_the_key() {
    let team = Team::<S>::new(2, 2, 60);
    let answer = |message| {
        let (share, pending) = respond(dealt(&team, &[1, 2], 1).remove(0), &request(message)).unwrap();
        (share, pending.nonce.0, rho(&dealt(&team, &[1, 2], 1).remove(0), &request(message)))
    };
    let ((a, r_a, rho_a), (b, r_b, rho_b)) = (answer(1), answer(2));
    // u'_a − u'_b = (ρ_a − ρ_b)·φ, then v from w.
    let phi = (a.denominator - b.denominator) * (rho_a - rho_b).invert().unwrap();
    let v = |w: PublicScalar<_>, r: PublicScalar<_>, m| (w - prehash(m).scalar() * phi) * r.invert().unwrap();
    let v_1 = v(a.numerator, r_a, 1);
    assert_eq!(v_1, v(b.numerator, r_b, 2));
    let mine = dealt(&team, &[1, 2], 1).remove(1);
    let [phi_2, _, v_2] = *mine.secrets.expose();
    let x = (v_1 + PublicScalar::reveal(v_2)) * (phi + PublicScalar::reveal(phi_2)).invert().unwrap();
    assert_eq!(*x.value(), team.secret);
}

/// ρ, from what everybody knows.
fn rho(one: &Presignature<S>, wanted: &Request<S>) -> PublicScalar<Secp256k1> {
    super::rerandomisation(&one.terms, wanted, &one.terms.key)
}

/// Online sessions: from presigning to a signature, one message each.
#[test]
fn online_sessions_sign() {
    let team = Team::<S>::new(2, 3, 61);
    let made = team.presignatures(&[1, 3], 2, 1);
    let stores: Vec<Arc<MemoryStore>> = (0..2).map(|_| Arc::new(MemoryStore::new())).collect();
    let names: Vec<Vec<PresignatureId>> = made
        .into_iter()
        .zip(&stores)
        .map(|(list, store)| list.into_iter().map(|one| one.store(&**store).unwrap()).collect())
        .collect();
    assert_eq!(names[0], names[1]);
    let inputs = |which: usize, wanted: [u64; 2]| -> BTreeMap<PartyId, Inputs<S>> {
        let each = [1u16, 3].into_iter().zip(&stores).zip(wanted);
        each.map(|((n, store), message)| {
            let presignature = Presignature::load(&**store, &names[0][which]).unwrap();
            let key = team.first().public().clone();
            (id(n), Inputs { presignature, key, request: request(message), store: store.clone() })
        })
        .collect()
    };
    let params = |label| move |team: &Team<S>, me| team.params(me, &[1, 3], label);
    let net: Net<Online<S>> = Net::start(|me| params(1)(&team, me), inputs(0, [7, 7]), Cheats::new());
    let net = net.run();
    for outcome in net.outcomes.values() {
        is_good(&team.first().public().joint_point(), &prehash(7), &outcome.output.unwrap());
    }
    assert!(net.log.iter().all(|(_, _, bytes)| bytes.len() == 8 + "ecdsa-online".len() + 4 * 32 + 64 + 32 + 96));
    // E-04: asked for different things they are foreign to each other; the presignature is spent.
    let net: Net<Online<S>> = Net::start(|me| params(2)(&team, me), inputs(1, [8, 9]), Cheats::new());
    let net = net.run();
    assert!(net.outcomes.values().all(|outcome| outcome.output.is_none() && outcome.abort.is_none()));
    assert_eq!(net.sessions[&id(1)].conflicts(), [id(3)]);
    assert!(stores.iter().all(|store| store.get(&names[0][1]).is_err() && store.unspent().is_empty()));
}

/// E-04: an online session of another set than the presignature's is refused, and spends nothing.
#[test]
fn e_04_online_session_of_another_set() {
    let team = Team::<S>::new(2, 3, 62);
    let store = Arc::new(MemoryStore::new());
    let name = dealt(&team, &[1, 2], 1).remove(0).store(&*store).unwrap();
    let mut rng = Transcript::new("other-set-test").rng();
    let mut start = |signers: &[u16], me: u16| {
        let presignature = Presignature::load(&*store, &name).unwrap();
        let key = team.first().public().clone();
        let inputs = Inputs { presignature, key, request: request::<S>(1), store: store.clone() };
        let identity = crate::ecdsa::presign::tests::identity(id(me));
        let params = team.params(id(me), signers, 1);
        crate::session::Session::<Online<S>>::start(params, &identity, inputs, &mut rng).map(|_| ())
    };
    assert_eq!(start(&[1, 3], 1), Err(Usage::WrongNumberOfSigners));
    assert_eq!(start(&[1, 2, 3], 1), Err(Usage::WrongNumberOfSigners));
    assert_eq!(start(&[1, 2], 2), Err(Usage::UnknownParty(id(2))));
    assert_eq!(store.unspent(), [name]);
    assert_eq!(start(&[1, 2], 1), Ok(()));
    assert!(store.unspent().is_empty());
}

/// O-15: the identity and r = 0 make no nonce; high s is made low, and refused where low is asked for.
#[test]
fn o_15_degenerate_values() {
    use crate::ecdsa::signature::{coordinate_of, nonce_coordinate};
    use group::Group;
    assert!(nonce_coordinate::<Secp256k1>(&<Secp256k1 as Curve>::Point::identity()).is_none());
    assert!(nonce_coordinate::<P256>(&<P256 as Curve>::Point::identity()).is_none());
    let order = (PublicScalar::<Secp256k1>::ZERO - PublicScalar::ONE).encode();
    let mut x_is_order = [2u8; 33];
    x_is_order[1..].copy_from_slice(&order);
    x_is_order[32] += 1;
    assert!(coordinate_of::<Secp256k1>(&x_is_order).is_none());
    let team = Team::<P256Ecdsa>::new(2, 2, 63);
    let made = signed(dealt(&team, &[1, 2], 1), &request(1)).unwrap();
    let (r, s) = made.signature.split_scalars();
    let high = p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
    let key = team.first().public().joint_point();
    assert!(verify::<P256Ecdsa>(&key, &prehash(1), &high, SRule::Any));
    assert!(!verify::<P256Ecdsa>(&key, &prehash(1), &high, SRule::Low));
    assert!(!verify::<P256Ecdsa>(&key, &prehash(2), &made.signature, SRule::Any));
}

/// T-04, T-05: children at the end of paths sign; every verifier takes it under the key that the xpub alone gives.
#[test]
fn t_05_presignatures_sign_for_children() {
    let team = Team::<S>::new(2, 3, 64);
    let public = team.first().public();
    let xpub = team.first().extended_key().unwrap();
    for seed in 0..40u64 {
        let path = alloc::format!("m/{seed}/{}", u64::from(u32::MAX >> 1) - seed).parse().unwrap();
        let child = team.first().derive(&path).unwrap();
        let wanted = Request::new(prehash(seed), Child::from(&child)).unwrap();
        let made = signed(dealt(&team, &[2, 3], seed), &wanted).unwrap();
        let watched = xpub.derive(&path).unwrap();
        is_good(&Secp256k1::decode(watched.as_bytes()).unwrap(), &prehash(seed), &made);
        use k256::ecdsa::signature::hazmat::PrehashVerifier;
        let key = watched.verifying_key().unwrap();
        assert!(key.verify_prehash(prehash(seed).as_bytes(), &made.signature).is_ok());
        assert_eq!(crate::ecdsa::verifying_key(public, wanted.child()).unwrap(), *watched.point());
    }
    // The path of no steps is the key itself, in the base as well.
    let itself = Child::from(&team.first().derive(&"m".parse().unwrap()).unwrap());
    let base = |child| Request::new(prehash(1), child).unwrap().absorb(Transcript::new("base-test"), public).digest();
    assert_eq!(base(itself), base(Child::<S>::ITSELF));
    // Two ways to one δ would be two bases.
    let child = team.first().derive(&"m/1".parse().unwrap()).unwrap();
    assert_ne!(base(Child::from(&child)), base(Child::at_offset(*child.tweak().delta())));
    // A child of another key is refused before anything is spent.
    let other = Team::<S>::new(2, 2, 65);
    let foreign = Child::from(&other.first().derive(&"m/1".parse().unwrap()).unwrap());
    let store = MemoryStore::new();
    let name = dealt(&team, &[1, 2], 1).remove(0).store(&store).unwrap();
    let one = Presignature::<S>::load(&store, &name).unwrap();
    let refused = sign(one, public, &Request::new(prehash(1), foreign).unwrap(), &store);
    assert_eq!(refused.unwrap_err(), Usage::OtherKey.into());
    assert_eq!(store.unspent(), [name]);
}

/// T-05: online sessions of signers on different paths are foreign to each other.
#[test]
fn t_05_presignatures_on_other_paths() {
    let team = Team::<S>::new(2, 3, 66);
    let stores: Vec<Arc<MemoryStore>> = (0..2).map(|_| Arc::new(MemoryStore::new())).collect();
    let made = dealt(&team, &[1, 3], 1);
    let names: Vec<_> = made.into_iter().zip(&stores).map(|(one, store)| one.store(&**store).unwrap()).collect();
    let name = names[0];
    let inputs = [1u16, 3].into_iter().zip(&stores).zip(["m/0", "m/1"]).map(|((n, store), path)| {
        let presignature = Presignature::load(&**store, &name).unwrap();
        let child = Child::from(&team.first().derive(&path.parse().unwrap()).unwrap());
        let request = Request::new(prehash(1), child).unwrap();
        (id(n), Inputs { presignature, key: team.first().public().clone(), request, store: store.clone() })
    });
    let net: Net<Online<S>> = Net::start(|me| team.params(me, &[1, 3], 1), inputs.collect(), Cheats::new());
    let net = net.run();
    assert!(net.outcomes.values().all(|outcome| outcome.output.is_none() && outcome.abort.is_none()));
    assert_eq!(net.sessions[&id(1)].conflicts(), [id(3)]);
    assert_eq!(net.sessions[&id(3)].conflicts(), [id(1)]);
}
