//! Repair of a lost share through sessions: every suite, every helper set, every lie.

use std::collections::BTreeMap;
use std::sync::Arc;

use cosigil::curve::{Curve, Scalar, decode_scalar, encode_scalar, random_scalar};
use cosigil::ecdsa::burn::{BurnLog, MemoryBurnLog};
use cosigil::ecdsa::pairs::PairStates;
use cosigil::ecdsa::presign::Signer;
use cosigil::ecdsa::setup::{self, Setup};
use cosigil::ecdsa::sign::{self, Sign};
use cosigil::ecdsa::{Child, EcdsaScheme, Message, P256Ecdsa, Request, Secp256k1Ecdsa, after_repair, verifying_key};
use cosigil::frost::{Bip340, Ed25519Keccak512, Ed25519Sha512, P256Sha256, Ristretto255Sha512, Secp256k1Sha256};
use cosigil::hazmat::split;
use cosigil::key::Scheme;
use cosigil::keygen::repair::{Confirm, Delta, Inputs, Lost, Plan, Repair, Repaired, Row, Sum};
use cosigil::round::{Case, Channels, Context, Inbox, KeyRef, Limits, Outgoing, Parts, Protocol, Received, Step, Stop};
use cosigil::wire::{Shape, Wire};
use cosigil::{
    Consequence, Error, Fault, Identity, KeyShare, Label, PartyId, PublicKeyPackage, Session, SessionParams, Threshold,
    Transcript, TranscriptRng, Usage,
};

use crate::keygen::{make, signs};
use crate::net::{Net, id, identity, parties, rng};
use crate::wrong::wrong;

/// The shares of a dealt key.
fn deal<S: Scheme>(t: u16, ids: &[u16], seed: u64) -> Vec<KeyShare<S>> {
    let secret = random_scalar::<S::Curve>(&mut rng(seed));
    split(&secret, Threshold::new(t).unwrap(), &parties(ids), &mut rng(seed + 1)).unwrap()
}

fn of<S: Scheme>(shares: &[KeyShare<S>], n: u16) -> &KeyShare<S> {
    shares.iter().find(|share| share.me() == id(n)).unwrap()
}

fn lost(n: u16) -> Lost {
    Lost { id: id(n), identity: identity(n).public() }
}

/// The inputs of the recipient, whose operator expects this very package.
fn recipient<S: Scheme>(package: &PublicKeyPackage<S>, lost: Lost, helpers: &[PartyId]) -> Result<Inputs<S>, Usage> {
    Inputs::recipient(package, &package.digest(), lost, helpers)
}

fn ids(ns: &[u16]) -> Vec<PartyId> {
    ns.iter().map(|n| id(*n)).collect()
}

/// What a corrupt party does to its messages of one round: round, and what goes out of it.
type Lie = Box<dyn FnMut(u8, &mut Outgoing)>;

/// A party of a repair that may lie in what it sends, or complain about others out of the blue. It signs, seals and
/// is heard like an honest one.
struct Liar<S: Scheme> {
    inner: Repair<S>,
    lie: Lie,
    complains: Option<(u8, Vec<PartyId>)>,
}

/// What a party of a test is started with.
struct Role<S: Scheme> {
    inputs: Inputs<S>,
    lie: Lie,
    complains: Option<(u8, Vec<PartyId>)>,
}

impl<S: Scheme> Role<S> {
    fn honest(inputs: Inputs<S>) -> Self {
        Self { inputs, lie: Box::new(|_, _| {}), complains: None }
    }
}

impl<S: Scheme> Protocol for Liar<S> {
    const NAME: &'static str = Repair::<S>::NAME;
    const CHANNELS: Channels = Repair::<S>::CHANNELS;
    const RESUMABLE: bool = Repair::<S>::RESUMABLE;
    const AHEAD: u8 = Repair::<S>::AHEAD;
    const JUDGED_BY_ALL: bool = Repair::<S>::JUDGED_BY_ALL;
    type Inputs = Role<S>;
    type Output = Repaired<S>;

    fn key(role: &Role<S>) -> KeyRef {
        Repair::key(&role.inputs)
    }
    fn absorb(role: &Role<S>, base: Transcript) -> Transcript {
        Repair::absorb(&role.inputs, base)
    }
    fn hedge(role: &Role<S>, seed: Transcript) -> Transcript {
        Repair::hedge(&role.inputs, seed)
    }
    fn limits(params: &SessionParams, role: &Role<S>) -> Limits {
        Repair::limits(params, &role.inputs)
    }
    fn start(mut role: Role<S>, context: &Context, rng: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage> {
        let (inner, mut outgoing) = Repair::start(role.inputs, context, rng)?;
        (role.lie)(1, &mut outgoing);
        Ok((Self { inner, lie: role.lie, complains: role.complains }, outgoing))
    }
    fn awaits(&self, context: &Context, from: PartyId) -> Parts {
        self.inner.awaits(context, from)
    }
    fn receive(
        mut self,
        context: &Context,
        inbox: Inbox<Received>,
        rng: &mut TranscriptRng,
    ) -> Result<Step<Self>, Stop> {
        match self.complains {
            Some((round, accused)) if round == context.round => return Err(Stop::Complain(accused)),
            _ => {}
        }
        let mut step = self.inner.receive(context, inbox, rng)?;
        (self.lie)(context.round + 1, &mut step.outgoing);
        let next = step.next.map(|inner| Self { inner, lie: self.lie, complains: self.complains });
        Ok(Step { next, outgoing: step.outgoing, output: step.output })
    }
    fn sealed_part_is_right(&self, from: PartyId, to: PartyId, opened: Option<&[u8]>) -> bool {
        self.inner.sealed_part_is_right(from, to, opened)
    }
    fn broadcasts(role: &Role<S>, round: u8, id: PartyId) -> bool {
        Repair::broadcasts(&role.inputs, round, id)
    }
    fn judge(case: &Case<'_>, role: &Role<S>) -> Option<Fault> {
        Repair::judge(case, &role.inputs)
    }
    fn judge_sealed_part(
        case: &Case<'_>,
        role: &Role<S>,
        way: (PartyId, PartyId),
        opened: Option<&[u8]>,
    ) -> Option<bool> {
        Repair::judge_sealed_part(case, &role.inputs, way, opened)
    }
}

const LABEL: Label = Label::from_bytes([3; 32]);

/// Sessions of helpers and recipient, with a role for each.
fn table<S: Scheme>(
    shares: &[KeyShare<S>],
    lost: Lost,
    helpers: &[u16],
    mut role: impl FnMut(u16, Inputs<S>) -> Role<S>,
    seed: u64,
) -> Net<Liar<S>> {
    let package = of(shares, helpers[0]).public();
    let mut inputs = BTreeMap::new();
    inputs.insert(lost.id, recipient(package, lost, &ids(helpers)).unwrap());
    for n in helpers {
        inputs.insert(id(*n), Inputs::helper(of(shares, *n), lost, &ids(helpers)).unwrap());
    }
    let all: Vec<_> = inputs.values().map(|inputs| inputs.params(LABEL).unwrap()).collect();
    Net::start(all, |me| role(me.get(), inputs.remove(&me).unwrap()), seed).unwrap()
}

fn honest<S: Scheme>(_: u16, inputs: Inputs<S>) -> Role<S> {
    Role::honest(inputs)
}

/// Party `n` does this to what it sends; all others are honest.
fn with_lie<S: Scheme>(
    shares: &[KeyShare<S>],
    helpers: &[u16],
    n: u16,
    lie: impl FnMut(u8, &mut Outgoing) + Clone + 'static,
) -> Net<Liar<S>> {
    let role = |me, inputs| {
        let mut role = Role::honest(inputs);
        if me == n {
            role.lie = Box::new(lie.clone());
        }
        role
    };
    let mut net = table(shares, lost(3), helpers, role, 5);
    net.run();
    net
}

fn share<S: Scheme>(repaired: &Repaired<S>) -> &KeyShare<S> {
    match repaired {
        Repaired::Share(share) => share,
        Repaired::Helped(_) => panic!("a helper's"),
    }
}

fn package<S: Scheme>(repaired: &Repaired<S>) -> &PublicKeyPackage<S> {
    match repaired {
        Repaired::Share(_) => panic!("the recipient's"),
        Repaired::Helped(package) => package,
    }
}

/// All of these ended with this fault by these culprits, have evidence of it, and nobody has an output.
fn expect<S: Scheme>(net: &Net<Liar<S>>, shares: &[KeyShare<S>], who: &[u16], fault: Fault, culprits: &[u16]) {
    let helpers: Vec<PartyId> = net.sessions.keys().copied().filter(|id| id.get() != 3).collect();
    let inputs = || Role::honest(recipient(of(shares, 1).public(), lost(3), &helpers).unwrap());
    for n in who {
        let end = &net.ends[&id(*n)];
        let abort = end.abort.as_ref().unwrap_or_else(|| panic!("party {n} goes on: {fault:?} of {culprits:?}"));
        assert_eq!((abort.fault(), abort.culprits()), (fault, &ids(culprits)[..]), "party {n}");
        let banned: Vec<_> = culprits.iter().map(|n| Consequence::Banned(id(*n))).collect();
        assert_eq!(abort.consequences(), banned);
        assert!(end.output.is_none());
        let session = &net.sessions[&id(*n)];
        let judged: Vec<PartyId> = session
            .evidence()
            .iter()
            .map(|piece| {
                piece.judge::<Liar<S>>(session.params(), &inputs()).unwrap_or_else(|e| panic!("{piece:?}: {e}"))
            })
            .inspect(|judged| assert_eq!(judged.fault, fault))
            .map(|judged| judged.culprit)
            .collect();
        assert_eq!(judged, ids(culprits), "evidence of party {n}");
    }
}

/// the share is the one that was lost, whoever helps; helpers learn that it worked.
fn repairs<S: Scheme>(t: u16, all: &[u16], n: u16, helpers: &[u16]) {
    let shares = deal::<S>(t, all, 10);
    let mut net = table(&shares, lost(n), helpers, honest, 1);
    net.run();
    assert!(net.sessions.values().all(Session::is_finished));
    for (me, end) in &net.ends {
        let output = end.output.as_ref().unwrap();
        if *me == id(n) {
            assert_eq!(*share(output).to_bytes(), *of(&shares, n).to_bytes());
        } else {
            assert_eq!(package(output), shares[0].public());
        }
    }
}

fn repairs_all<S: Scheme>() {
    for n in [1, 2, 3] {
        let helpers: Vec<u16> = [1, 2, 3].into_iter().filter(|k| *k != n).collect();
        repairs::<S>(2, &[1, 2, 3], n, &helpers);
    }
    repairs::<S>(2, &[1, 2, 3, 4], 3, &[1, 2, 4]);
    repairs::<S>(3, &[1, 256, 257, 40_000, 65535], 257, &[1, 256, 65535]);
}

/// One test for each suite.
macro_rules! on_every_suite {
    ($($(#[$doc:meta])* $name:ident => $test:ident;)*) => { $(
        $(#[$doc])*
        #[test]
        fn $name() {
            $test::<Ed25519Sha512>();
            $test::<Ed25519Keccak512>();
            $test::<Ristretto255Sha512>();
            $test::<Bip340>();
            $test::<Secp256k1Sha256>();
            $test::<P256Sha256>();
            $test::<Secp256k1Ecdsa>();
            $test::<P256Ecdsa>();
        }
    )* };
}

/// One test for each curve.
macro_rules! on_every_curve {
    ($($(#[$doc:meta])* $name:ident => $test:ident;)*) => { $(
        $(#[$doc])*
        #[test]
        fn $name() {
            $test::<Ed25519Sha512>();
            $test::<Ristretto255Sha512>();
            $test::<Secp256k1Sha256>();
            $test::<P256Ecdsa>();
        }
    )* };
}

on_every_suite! {
    r_10_the_repaired_share_is_the_lost_one => repairs_all;
}

/// from key generation to a signature with the share that was lost.
#[test]
fn r_10_a_repaired_share_signs() {
    let shares = make::<Ed25519Sha512>(2, &[1, 2, 3], 20);
    let mut net = table(&shares, lost(3), &[1, 2], honest, 21);
    net.run();
    let repaired = share(net.ends[&id(3)].output.as_ref().unwrap());
    signs(&[&shares[1], repaired], 22);
    signs(&[&shares[0], repaired], 23);
}

/// what is refused before anything is sent.
#[test]
fn r_10_who_may_be_helped_and_by_whom() {
    let shares = deal::<Ed25519Sha512>(2, &[1, 2, 3, 4], 30);
    let public = shares[0].public();
    let plan = |lost, helpers: &[u16]| Plan::new(public, lost, &ids(helpers)).map(drop);
    assert_eq!(plan(lost(3), &[1, 2]), Ok(()));
    assert_eq!(plan(lost(5), &[1, 2]), Err(Usage::UnknownParty(id(5))), "an id that never was a member");
    assert_eq!(plan(lost(3), &[1, 5]), Err(Usage::UnknownParty(id(5))));
    assert_eq!(plan(lost(3), &[1]), Err(Usage::TooFewHelpers));
    assert_eq!(plan(lost(3), &[]), Err(Usage::TooFewHelpers));
    assert_eq!(plan(lost(3), &[1, 1]), Err(Usage::DuplicateParty(id(1))));
    assert_eq!(plan(lost(3), &[1, 2, 3]), Err(Usage::DuplicateParty(id(3))));
    let other = Lost { identity: identity(2).public(), ..lost(3) };
    assert_eq!(plan(other, &[1, 2]), Err(Usage::DuplicateIdentity(id(3))));
    let helper = |n, lost, helpers: &[u16]| Inputs::helper(of(&shares, n), lost, &ids(helpers)).map(drop);
    assert_eq!(helper(4, lost(3), &[1, 2]), Err(Usage::UnknownParty(id(4))), "not a helper");
    assert_eq!(helper(3, lost(3), &[1, 3]), Err(Usage::DuplicateParty(id(3))));
    let session = |params: SessionParams, identity: &Identity| {
        let inputs = Inputs::helper(&shares[0], lost(3), &ids(&[1, 2])).unwrap();
        Session::<Repair<Ed25519Sha512>>::start(params, identity, inputs, &mut rng(1)).map(drop)
    };
    let params =
        |t, all: &[u16], me| SessionParams::new(LABEL, id(me), Threshold::new(t).unwrap(), parties(all)).unwrap();
    assert_eq!(session(params(2, &[1, 2, 3], 1), &identity(1)), Ok(()));
    assert_eq!(session(params(3, &[1, 2, 3], 1), &identity(1)), Err(Usage::InvalidThreshold));
    assert_eq!(session(params(2, &[1, 2, 3], 2), &identity(2)), Err(Usage::UnknownParty(id(2))));
    assert_eq!(session(params(2, &[1, 2, 3, 4], 1), &identity(1)), Err(Usage::UnknownParty(id(4))));
    assert_eq!(session(params(2, &[1, 2], 1), &identity(1)), Err(Usage::UnknownParty(id(3))));
    let others = parties(&[1, 2, 3]).with_identity(id(2), identity(9).public()).unwrap();
    let others = SessionParams::new(LABEL, id(1), Threshold::new(2).unwrap(), others).unwrap();
    assert_eq!(session(others, &identity(1)), Err(Usage::OtherIdentity));
    // Nothing of a repair may be stored.
    let inputs = Inputs::helper(&shares[0], lost(3), &ids(&[1, 2])).unwrap();
    let params = inputs.params(LABEL).unwrap();
    let (session, _) = Session::<Repair<Ed25519Sha512>>::start(params, &identity(1), inputs, &mut rng(1)).unwrap();
    assert_eq!(session.checkpoint().map(drop), Err(Usage::NotResumable));
}

/// a recipient with another package, another set of helpers, another identity is foreign.
#[test]
fn r_10_other_inputs_are_foreign() {
    type P = Repair<Ed25519Sha512>;
    let shares = deal::<Ed25519Sha512>(2, &[1, 2, 3, 4], 31);
    let wrong = deal::<Ed25519Sha512>(2, &[1, 2, 3, 4], 99);
    let start = |inputs: Inputs<Ed25519Sha512>, me: u16| {
        let params = inputs.params(LABEL).unwrap();
        Session::<P>::start(params, &identity(me), inputs, &mut rng(me.into())).unwrap()
    };
    let helper = || start(Inputs::helper(&shares[0], lost(3), &ids(&[1, 2])).unwrap(), 1);
    let (mut session, _) = helper();
    let (_, parcels) = start(recipient(wrong[0].public(), lost(3), &ids(&[1, 2])).unwrap(), 3);
    assert_eq!(session.receive(&parcels[0].bytes).map(drop), Err(Error::Usage(Usage::OtherKey)));
    let (_, parcels) = start(recipient(shares[0].public(), lost(3), &ids(&[1, 2, 4])).unwrap(), 3);
    assert_eq!(session.receive(&parcels[0].bytes).map(drop), Err(Error::Usage(Usage::ForeignMessage)));
    assert_eq!(session.conflicts(), [id(3)]);
    // The other helper's operator was told of another identity.
    let (mut session, _) = helper();
    let other = Lost { identity: identity(7).public(), ..lost(3) };
    let (_, parcels) = start(Inputs::helper(&shares[1], other, &ids(&[1, 2])).unwrap(), 2);
    assert_eq!(session.receive(&parcels[0].bytes).map(drop), Err(Error::Usage(Usage::ForeignMessage)));
    assert_eq!(session.conflicts(), [id(2)]);
    // Who lacks the identity key is nobody: its messages have no sender.
    let (mut session, _) = helper();
    let mut other = recipient(shares[0].public(), lost(3), &ids(&[1, 2])).unwrap();
    let params = other.params(LABEL).unwrap();
    let stranger = Session::<P>::start(params, &identity(7), other, &mut rng(3)).map(drop);
    assert_eq!(stranger, Err(Usage::OtherIdentity));
    other = recipient(shares[0].public(), Lost { identity: identity(7).public(), ..lost(3) }, &ids(&[1, 2])).unwrap();
    let (_, parcels) = start(other, 7);
    assert_eq!(session.receive(&parcels[0].bytes).map(drop), Err(Error::Usage(Usage::ForeignMessage)));
    assert_eq!(session.conflicts(), []);
}

/// A party comes back under a new identity: the sharing stays, the package names the new one, and whoever has not
/// taken note of it is foreign.
#[test]
fn r_10_a_new_identity() {
    let mut shares = deal::<Ed25519Sha512>(2, &[1, 2, 3, 4], 40);
    let newer = Lost { identity: identity(30).public(), ..lost(3) };
    let mut inputs: BTreeMap<u16, Inputs<_>> = BTreeMap::new();
    inputs.insert(3, recipient(shares[0].public(), newer, &ids(&[1, 2])).unwrap());
    inputs.insert(1, Inputs::helper(&shares[0], newer, &ids(&[1, 2])).unwrap());
    inputs.insert(2, Inputs::helper(&shares[1], newer, &ids(&[1, 2])).unwrap());
    let mut net = Net::<Repair<Ed25519Sha512>>::start([], |_| unreachable!(), 0).unwrap();
    let mut first = Vec::new();
    for (n, inputs) in inputs {
        let params = inputs.params(LABEL).unwrap();
        let own = identity(if n == 3 { 30 } else { n });
        let (session, parcels) = Session::start(params, &own, inputs, &mut rng(n.into())).unwrap();
        net.add(id(n), session);
        first.push((id(n), parcels));
    }
    first.into_iter().for_each(|(from, parcels)| net.post(from, parcels));
    net.run();
    let repaired = share(net.ends[&id(3)].output.as_ref().unwrap());
    assert_eq!(repaired.public().parties().identity(id(3)), Some(&identity(30).public()));
    assert_eq!(repaired.public().sharing(), shares[0].public().sharing());
    assert_ne!(repaired.public().digest(), shares[0].public().digest());
    for n in [1, 2] {
        let package = package(net.ends[&id(n)].output.as_ref().unwrap());
        assert_eq!(package, repaired.public());
        let held = &mut shares[usize::from(n) - 1];
        held.set_identity(newer.id, newer.identity).unwrap();
        assert_eq!(held.public(), package);
        let stored = KeyShare::<Ed25519Sha512>::from_bytes(&held.to_bytes()).unwrap();
        assert_eq!(stored.public(), package);
    }
    assert_eq!(*repaired.to_bytes(), *{
        let mut same = KeyShare::<Ed25519Sha512>::from_bytes(&of(&shares, 3).to_bytes()).unwrap();
        same.set_identity(newer.id, newer.identity).unwrap();
        same.to_bytes()
    });
    signs(&[&shares[0], repaired], 41);
    // Party 4 has not heard of it: to the others it runs with other inputs, whether party 3 takes part or not.
    let sign = |share: &KeyShare<Ed25519Sha512>, own: &Identity| {
        let params = share.session_params(LABEL, ids(&[1, 4])).unwrap();
        let request = cosigil::frost::SigningRequest::<Ed25519Sha512>::new(b"m");
        let copy = KeyShare::<Ed25519Sha512>::from_bytes(&share.to_bytes()).unwrap();
        let inputs = cosigil::frost::SigningInputs { key_share: copy.into(), request };
        Session::<cosigil::frost::Signing<_>>::start(params, own, inputs, &mut rng(4)).unwrap()
    };
    let (mut one, _) = sign(&shares[0], &identity(1));
    let (_, parcels) = sign(&shares[3], &identity(4));
    assert_eq!(one.receive(&parcels[0].bytes).map(drop), Err(Error::Usage(Usage::ForeignMessage)));
    assert_eq!(one.conflicts(), [id(4)]);
    shares[3].set_identity(newer.id, newer.identity).unwrap();
    let (_, parcels) = sign(&shares[3], &identity(4));
    assert!(one.receive(&parcels[0].bytes).is_ok());
    // A helper that lags behind in nothing but this identity can help in another repair of the same party.
    assert_eq!(shares[3].set_identity(id(9), newer.identity), Err(Usage::UnknownParty(id(9))));
    assert_eq!(shares[3].set_identity(id(2), newer.identity), Err(Usage::DuplicateIdentity(id(2))));
}

/// Adds a small number to the scalar in front.
fn add<C: Curve>(bytes: &mut [u8], number: u64) {
    let sum = decode_scalar::<C>(&bytes[..32]).unwrap() + Scalar::<C>::from(number);
    bytes[..32].copy_from_slice(&encode_scalar::<C>(&sum));
}

/// δ + 1 names the helper, by a complaint; the complainer has sent nothing to the recipient.
fn wrong_part<S: Scheme>() {
    let shares = deal::<S>(2, &[1, 2, 3, 4], 50);
    for helpers in [&[1, 2][..], &[1, 2, 4]] {
        let net = with_lie(&shares, helpers, 2, |round, outgoing| {
            if round == 2 {
                add::<S::Curve>(&mut outgoing.sealed[0].1, 1);
            }
        });
        let honest: Vec<u16> = helpers.iter().copied().filter(|n| *n != 2).chain([3]).collect();
        expect(&net, &shares, &honest, Fault::BadShare, &[2]);
        // Rounds 1 and 2, then the complaint: no sum.
        let sealed = net.sessions[&id(1)].sent().iter().filter(|parcel| parcel.to == Some(id(3))).count();
        assert_eq!(sealed, 0);
    }
}

/// σ + 1, or another chain code, names the helper; the recipient has nothing.
fn wrong_sum<S: Scheme>() {
    let shares = deal::<S>(2, &[1, 2, 3, 4], 51);
    for helpers in [&[1, 2][..], &[1, 2, 4]] {
        for place in [0, 32] {
            let net = with_lie(&shares, helpers, 2, move |round, outgoing| {
                if round == 3 && place == 0 {
                    add::<S::Curve>(&mut outgoing.sealed[0].1, 1);
                } else if round == 3 {
                    outgoing.sealed[0].1[place] ^= 1;
                }
            });
            let honest: Vec<u16> = helpers.iter().copied().filter(|n| *n != 2).chain([3]).collect();
            expect(&net, &shares, &honest, Fault::BadShare, &[2]);
        }
    }
}

/// K-19: complaints about right parts name who complains.
fn false_complaints<S: Scheme>() {
    let shares = deal::<S>(2, &[1, 2, 3, 4], 52);
    for (liar, round, accused) in [(1, 2, &[2][..]), (1, 2, &[2, 4]), (3, 3, &[1]), (3, 3, &[1, 2, 4])] {
        let role = |me, inputs| {
            let mut role = Role::honest(inputs);
            role.complains = (me == liar).then(|| (round, ids(accused)));
            role
        };
        let mut net = table(&shares, lost(3), &[1, 2, 4], role, 53);
        net.run();
        let honest: Vec<u16> = [1, 2, 3, 4].into_iter().filter(|n| *n != liar).collect();
        expect(&net, &shares, &honest, Fault::FalseComplaint, &[liar]);
    }
}

/// K-19: who seals what it does not owe is judged by what it sealed; who complains of what it did not get is not heard.
#[test]
fn k_19_complaints_about_what_is_not_owed() {
    let shares = deal::<Ed25519Sha512>(2, &[1, 2, 3, 4], 54);
    // Helper 4 seals something for the recipient in round 2, which complains about it.
    let role = |me: u16, inputs| {
        let mut role = Role::honest(inputs);
        role.complains = (me == 3).then(|| (2, ids(&[4])));
        if me == 4 {
            role.lie = Box::new(|round, outgoing: &mut Outgoing| {
                if round == 2 {
                    outgoing.sealed.push((id(3), vec![7; 32].into()));
                }
            });
        }
        role
    };
    let mut net = table(&shares, lost(3), &[1, 2, 4], role, 55);
    net.run();
    expect(&net, &shares, &[1, 2], Fault::BadShare, &[4]);
    let role = |me: u16, inputs| {
        let mut role = Role::honest(inputs);
        role.complains = (me == 3).then(|| (2, ids(&[4])));
        role
    };
    let mut net = table(&shares, lost(3), &[1, 2, 4], role, 55);
    net.run();
    for n in [1, 2, 4] {
        assert!(net.ends[&id(n)].abort.is_none());
        assert_eq!(net.sessions[&id(n)].awaiting(), [id(3)]);
    }
}

/// Rows that add up to something else, all of them at once; errors that cancel over two helpers.
fn wrong_rows<S: Scheme>() {
    let shares = deal::<S>(2, &[1, 2, 3, 4], 56);
    let lie = |round: u8, outgoing: &mut Outgoing, number: u64, negate: bool| {
        let Some(body) = outgoing.broadcast.as_mut().filter(|_| round == 2) else { return };
        let shape = Shape { threshold: 2, parties: 3, batch: 1 };
        let mut row = Row::<S::Curve>::decode(body, &shape).unwrap();
        let shift = Scalar::<S::Curve>::from(number);
        let point = row.images[0].point().clear() + S::Curve::mul_base(&if negate { -shift } else { shift });
        row.images[0] = cosigil::wire::UnclearedElement::new(cosigil::curve::Uncleared::from_cleared(point));
        *body = row.encode(&shape);
    };
    let role = |me: u16, inputs| {
        let mut role = Role::honest(inputs);
        match me {
            2 => role.lie = Box::new(move |round, outgoing: &mut Outgoing| lie(round, outgoing, 5, false)),
            4 => role.lie = Box::new(move |round, outgoing: &mut Outgoing| lie(round, outgoing, 5, true)),
            _ => {}
        }
        role
    };
    let mut net = table(&shares, lost(3), &[1, 2, 4], role, 57);
    net.run();
    for n in [1, 3] {
        let abort = net.ends[&id(n)].abort.as_ref().unwrap();
        assert_eq!((abort.fault(), abort.culprits()), (Fault::BadConstant, &[id(2), id(4)][..]));
    }
}

/// K-02: every field of every message, wrong in every simple way: who sent it is named, with evidence.
fn k_02<S: Scheme>() {
    let shares = deal::<S>(2, &[1, 2, 3], 60);
    let helpers = [1, 2];
    let shape = Shape { threshold: 2, parties: 2, batch: 1 };
    let run = |n, round, sealed: bool, body: Vec<u8>| {
        let net = with_lie(&shares, &helpers, n, move |now, outgoing| match outgoing.sealed.first_mut() {
            _ if now != round => {}
            Some((_, bytes)) if sealed => *bytes = body.clone().into(),
            _ => outgoing.broadcast = Some(body.clone()),
        });
        let honest: Vec<u16> = [1, 2, 3].into_iter().filter(|k| *k != n).collect();
        (net, honest)
    };
    let sent = std::rc::Rc::new(std::cell::RefCell::new(BTreeMap::new()));
    for n in [2, 3] {
        let sent = sent.clone();
        let _ = with_lie(&shares, &helpers, n, move |round, outgoing| {
            let sealed = outgoing.sealed.first().map(|(_, bytes)| bytes.to_vec());
            sent.borrow_mut().insert((n, round), (outgoing.broadcast.clone(), sealed));
        });
    }
    let sent = sent.borrow();
    let mut count = 0;
    // Party, round, whether sealed; what is wrong in the field's name or else.
    let layouts = [
        (2, 2, false, Row::<S::Curve>::layout(&shape)),
        (2, 2, true, Delta::<S::Curve>::layout(&shape)),
        (2, 3, true, Sum::<S::Curve>::layout(&shape)),
        (3, 4, false, Confirm::<S::Curve>::layout(&shape)),
    ];
    for (n, round, sealed, layout) in layouts {
        let (broadcast, private) = &sent[&(n, round)];
        let body = if sealed { private } else { broadcast }.as_ref().unwrap();
        assert_eq!(layout.iter().map(|field| field.length).sum::<usize>(), body.len());
        for (k, field) in layout.iter().enumerate() {
            for copy in wrong(body, field.range(), k + 1 == layout.len()) {
                let same_length = copy.len() == body.len();
                let (net, honest) = run(n, round, sealed, copy);
                // The recipient has its share before it says so.
                let honest = if n == 3 { vec![1, 2] } else { honest };
                let fault = net.ends[&id(1)].abort.as_ref().unwrap().fault();
                let expected: &[Fault] = match (round, field.name) {
                    _ if sealed => &[Fault::BadShare],
                    _ if !same_length => &[Fault::Malformed],
                    (2, _) => &[Fault::Malformed, Fault::BadConstant],
                    (_, "transcript") => &[Fault::TranscriptsDiffer],
                    _ => &[Fault::Malformed, Fault::BadConfirmProof],
                };
                assert!(expected.contains(&fault), "round {round}, {}: {fault:?}", field.name);
                let culprits = if fault == Fault::TranscriptsDiffer { vec![] } else { vec![n] };
                expect(&net, &shares, &honest, fault, &culprits);
                count += 1;
            }
        }
    }
    // Where nothing is to be said nothing may be said.
    for (n, round) in [(2, 1), (3, 1), (3, 2), (2, 3)] {
        assert_eq!(sent[&(n, round)].0.as_ref().map(Vec::len), Some(0));
        let (net, honest) = run(n, round, false, vec![0]);
        expect(&net, &shares, &honest, Fault::Malformed, &[n]);
        count += 1;
    }
    println!("{count} wrong messages of {}", S::NAME);
}

/// G-06: what is longer than any message is not even kept.
#[test]
fn k_02_over_long_messages_are_dropped() {
    let shares = deal::<Ed25519Sha512>(2, &[1, 2, 3], 61);
    for (n, round, sealed) in [(2, 2, false), (2, 2, true), (2, 3, true), (3, 4, false)] {
        let net = with_lie(&shares, &[1, 2], n, move |now, outgoing| {
            let long = vec![1; 65_535];
            match outgoing.sealed.first_mut() {
                _ if now != round => {}
                Some((_, bytes)) if sealed => *bytes = long.into(),
                _ => outgoing.broadcast = Some(long),
            }
        });
        let end = &net.ends[&id(if round == 3 { 3 } else { 1 })];
        assert!(end.abort.is_none() && end.output.is_none());
        assert!(net.sessions.iter().any(|(me, session)| *me != id(n) && session.awaiting() == [id(n)]));
    }
}

on_every_curve! {
    r_10_a_wrong_part_names_its_helper => wrong_part;
    r_10_a_wrong_sum_names_its_helper => wrong_sum;
    r_10_wrong_rows_name_their_helpers => wrong_rows;
    k_19_false_complaints_in_a_repair => false_complaints;
    k_02_every_field_of_every_message_of_a_repair => k_02;
}

/// δ are fresh in each run, even under one label with one generator and another round 1 of somebody.
#[test]
fn r_10_parts_are_never_dealt_twice() {
    let shares = deal::<Ed25519Sha512>(2, &[1, 2, 3], 80);
    let rows = |seed: u64| {
        let rows = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let seen = rows.clone();
        let role = |me, inputs| {
            let (mut role, seen) = (Role::honest(inputs), seen.clone());
            role.lie = Box::new(move |round, outgoing: &mut Outgoing| {
                if round == 2 && me == 1 {
                    seen.borrow_mut().push(outgoing.broadcast.clone().unwrap());
                }
            });
            role
        };
        // Helper 1 draws the same seed in both runs; the recipient another one.
        let mut net = Net::<Liar<Ed25519Sha512>>::start([], |_| unreachable!(), 0).unwrap();
        let mut first = Vec::new();
        let inputs = [
            (1, Inputs::helper(&shares[0], lost(3), &ids(&[1, 2])).unwrap()),
            (2, Inputs::helper(&shares[1], lost(3), &ids(&[1, 2])).unwrap()),
            (3, recipient(shares[0].public(), lost(3), &ids(&[1, 2])).unwrap()),
        ];
        for (n, inputs) in inputs {
            let params = inputs.params(LABEL).unwrap();
            let mut rng = rng(if n == 3 { seed } else { n.into() });
            let (session, parcels) = Session::start(params, &identity(n), role(n, inputs), &mut rng).unwrap();
            net.add(id(n), session);
            first.push((id(n), parcels));
        }
        first.into_iter().for_each(|(from, parcels)| net.post(from, parcels));
        net.run();
        assert!(net.ends.values().all(|end| end.output.is_some()));
        rows.borrow()[0].clone()
    };
    let (one, same, other) = (rows(100), rows(100), rows(101));
    assert_eq!(one, same);
    assert!(one.chunks(32).all(|point| other.chunks(32).all(|others| others != point)));
}

/// Any order of delivery: each party is at most one round ahead of any other.
#[test]
fn r_10_in_any_order() {
    use rand_core::Rng;
    let shares = deal::<Ristretto255Sha512>(2, &[1, 2, 3, 4], 90);
    for seed in 0..40 {
        let mut net = table(&shares, lost(3), &[1, 2, 4], honest, seed);
        let mut order = rng(1000 + seed);
        while !net.queue.is_empty() {
            let place = usize::try_from(order.next_u32()).unwrap() % net.queue.len();
            let (to, bytes) = net.queue.remove(place).unwrap();
            assert_eq!(net.deliver(to, &bytes), Ok(()));
        }
        assert!(net.ends.values().all(|end| end.output.is_some()), "seed {seed}");
    }
}

/// What one party sends, so that the docs can state it.
#[test]
fn messages_and_bytes_of_a_repair() {
    let shares = deal::<Ed25519Sha512>(2, &[1, 2, 3], 91);
    let mut net = table(&shares, lost(3), &[1, 2], honest, 1);
    net.run();
    let header = 8 + "repair".len() + 4 * 32 + 64;
    for (me, end) in &net.ends {
        // To both others: round 1, round 2 and round 3 or 4; to one: the parts.
        let (to_all, sealed) = if *me == id(3) { ([128, 0, 96], &[][..]) } else { ([128, 64, 0], &[48, 80][..]) };
        let bytes = 2 * to_all.iter().map(|body| header + body).sum::<usize>();
        let private = sealed.iter().map(|body| header + body).sum::<usize>();
        assert_eq!(end.sent, (6 + sealed.len(), bytes + private));
    }
}

/// K-24: no byte of the share or the chain code in what the relay carries.
#[test]
fn k_24_the_relay_of_a_repair_sees_no_secret() {
    let shares = deal::<Secp256k1Sha256>(2, &[1, 2, 3], 92);
    let mut net = table(&shares, lost(3), &[1, 2], honest, 1);
    let mut seen = Vec::new();
    net.run_with(|_, bytes| {
        seen.extend_from_slice(&bytes);
        vec![bytes]
    });
    let record = of(&shares, 3).to_bytes();
    let chain_code = of(&shares, 3).chain_code().expose();
    let at = record.windows(32).position(|window| window == chain_code).unwrap();
    for secret in [&record[at - 32..at], chain_code] {
        assert!(!seen.windows(8).any(|window| window == &secret[..8] || window == &secret[24..]));
    }
}

/// Everything one party of an ECDSA key has.
struct Member<S: EcdsaScheme> {
    share: KeyShare<S>,
    pairs: PairStates<S>,
    log: Arc<dyn BurnLog>,
    identity: Identity,
}

impl<S: EcdsaScheme> Member<S> {
    fn new(share: KeyShare<S>, identity: Identity) -> Self {
        Self { pairs: PairStates::new(&share), share, log: Arc::new(MemoryBurnLog::new()), identity }
    }
}

fn set_up<S: EcdsaScheme>(members: &mut [Member<S>], a: usize, b: usize, label: u8) {
    let mut net = Net::<Setup<S>>::start([], |_| unreachable!(), 0).unwrap();
    let mut first = Vec::new();
    for (me, peer) in [(a, b), (b, a)] {
        let (own, peer) = (&members[me], members[peer].share.me());
        let mut rng = rng(1000 * u64::from(label) + 10 * me as u64 + u64::from(peer.get()));
        let label = Label::from_bytes([label; 32]);
        let setup = setup::all(&own.share, &[peer], &own.identity, &label, &own.log, &mut rng).unwrap().remove(0);
        net.add(own.share.me(), setup.session);
        first.push((own.share.me(), setup.first));
    }
    first.into_iter().for_each(|(from, parcels)| net.post(from, parcels));
    net.run();
    for me in [a, b] {
        let pair = net.ends.get_mut(&members[me].share.me()).unwrap().output.take().unwrap();
        members[me].pairs.insert(pair).unwrap();
    }
}

/// Signs, and verifies; or says why not.
fn sign_with<S: EcdsaScheme>(members: &[Member<S>], signers: [usize; 2], label: u8) -> Result<(), Usage> {
    let ids: Vec<PartyId> = signers.iter().map(|k| members[*k].share.me()).collect();
    let request = || Request::new(Message::<sha2::Sha256>::new(b"a withdrawal"), Child::ITSELF).unwrap();
    let mut net = Net::<Sign<S>>::start([], |_| unreachable!(), 0).unwrap();
    let mut first = Vec::new();
    for k in signers {
        let own = &members[k];
        let params = own.share.session_params(Label::from_bytes([label; 32]), ids.iter().copied())?;
        let signer = Signer::new(&params, &own.share, &own.pairs, &*own.log, 1)?;
        let inputs = sign::Inputs::new(signer, request(), Arc::clone(&own.log))?;
        let (session, parcels) = Session::start(params, &own.identity, inputs, &mut rng(k as u64))?;
        net.add(own.share.me(), session);
        first.push((own.share.me(), parcels));
    }
    first.into_iter().for_each(|(from, parcels)| net.post(from, parcels));
    // A signature is verified before it leaves.
    net.run();
    assert!(net.ends.values().all(|end| end.output.is_some()));
    verifying_key(members[signers[0]].share.public(), &Child::ITSELF).map(drop)
}

/// after a repair every pair with the repaired party is set up anew, the others stay, and so do strikes.
#[test]
fn r_10_ecdsa_pairs_after_a_repair() {
    type S = Secp256k1Ecdsa;
    let shares = deal::<S>(2, &[1, 2, 3], 95);
    let mut members: Vec<Member<S>> = shares
        .into_iter()
        .map(|share| {
            let own = identity(share.me().get());
            Member::new(share, own)
        })
        .collect();
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        set_up(&mut members, a, b, 1);
    }
    assert_eq!(sign_with(&members, [0, 2], 1), Ok(()));
    let peer = cosigil::ecdsa::burn::Peer::of(&members[0].share, id(3)).unwrap();
    members[0].log.strike(&peer).unwrap();

    // Party 3 loses everything, and comes back under a new identity.
    let gone = members.pop().unwrap();
    let newer = Lost { id: id(3), identity: identity(30).public() };
    let helpers = ids(&[1, 2]);
    let mut net = Net::<Repair<S>>::start([], |_| unreachable!(), 0).unwrap();
    let mut first = Vec::new();
    let start = |inputs: Inputs<S>, own: &Identity, n: u64| {
        Session::start(inputs.params(LABEL).unwrap(), own, inputs, &mut rng(n)).unwrap()
    };
    for member in &members {
        let inputs = Inputs::helper(&member.share, newer, &helpers).unwrap();
        let (session, parcels) = start(inputs, &member.identity, member.share.me().get().into());
        net.add(member.share.me(), session);
        first.push((member.share.me(), parcels));
    }
    let inputs = recipient(members[0].share.public(), newer, &helpers).unwrap();
    let (session, parcels) = start(inputs, &identity(30), 30);
    net.add(id(3), session);
    first.push((id(3), parcels));
    first.into_iter().for_each(|(from, parcels)| net.post(from, parcels));
    net.run();
    let Some(Repaired::Share(share)) = net.ends.get_mut(&id(3)).unwrap().output.take() else { panic!() };
    for member in &mut members {
        assert!(net.ends[&member.share.me()].output.is_some());
        after_repair(&mut member.share, &mut member.pairs, &*member.log, newer).unwrap();
        assert_eq!(member.pairs.missing(&member.share), [id(3)]);
    }
    members.push(Member::new(*share, identity(30)));
    assert_eq!(members[2].pairs.missing(&members[2].share), ids(&[1, 2]));

    // The pair of the others still serves; those with party 3 are due, on both sides.
    assert_eq!(sign_with(&members, [0, 1], 2), Ok(()));
    assert_eq!(sign_with(&members, [0, 2], 3), Err(Usage::SetupNeeded(id(3))));
    set_up(&mut members, 0, 2, 4);
    set_up(&mut members, 1, 2, 4);
    assert_eq!(sign_with(&members, [0, 2], 5), Ok(()));
    assert_eq!(sign_with(&members, [1, 2], 6), Ok(()));
    // The old machine, should it turn up with its old pair and identity, is nobody's peer.
    members[2] = gone;
    assert_eq!(members[0].share.public().parties().identity(id(3)), Some(&identity(30).public()));

    // The strike against the former identity counts against the new one.
    let peer = cosigil::ecdsa::burn::Peer::of(&members[0].share, id(3)).unwrap();
    assert_eq!(peer.identity, *identity(30).public().as_bytes());
    assert_eq!(members[0].log.strikes(&peer).unwrap().total, 1);
    assert_eq!(members[0].share.strikes(id(3)), Ok(1));
    // States of another share change nothing.
    let stranger = deal::<S>(2, &[1, 2, 3], 96).remove(0);
    let before = members[0].share.public().clone();
    let mut others = PairStates::new(&stranger);
    let log = Arc::clone(&members[0].log);
    assert_eq!(after_repair(&mut members[0].share, &mut others, &*log, lost(3)), Err(Usage::OtherKey));
    assert_eq!(*members[0].share.public(), before);
}

/// a package that the recipient's operator does not expect is refused before anything leaves.
#[test]
fn r_12_the_recipient_expects_a_package() {
    let shares = deal::<Ed25519Sha512>(2, &[1, 2, 3], 51);
    let theirs = deal::<Ed25519Sha512>(2, &[1, 2, 3], 52);
    let expected = shares[0].public().digest();
    let inputs = |package| Inputs::recipient(package, &expected, lost(3), &ids(&[1, 2])).map(drop);
    assert_eq!(inputs(shares[0].public()), Ok(()));
    assert_eq!(inputs(theirs[0].public()), Err(Usage::OtherKey));
    // The same key, with a helper that is somebody else.
    let other = shares[0].public().with_identity(id(1), identity(9).public()).unwrap();
    assert_eq!(inputs(&other), Err(Usage::OtherKey));
}
