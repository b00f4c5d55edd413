//! A key's long life: a hundred random steps, each a refresh, a reshare, a repair or a payment from a child's address.

use std::sync::Arc;

use cosigil::ecdsa::{Child, Message, Request, SRule, Secp256k1Ecdsa, verify};
use cosigil::frost::{Bip340, Ed25519Sha512, InTree, SigningRequest, Suite};
use cosigil::hazmat::reconstruct;
use cosigil::key::{ChildIndex, Derivable, DerivationPath};
use cosigil::keygen::repair::{Inputs, Lost, Repair, Repaired};
use cosigil::{KeyShare, Label, PartyId, Plan, Usage};
use rand_core::Rng;
use sha2::Sha256;

use crate::ecdsa::Team;
use crate::net::{Net, id, identity, parties, rng};
use crate::reshare::{Shares, make, public, run, subsets, threshold};

const STEPS: u32 = 100;
/// Ids that ever hold a share: each of one party, who may leave and come back.
const IDS: [u16; 8] = [1, 2, 3, 5, 8, 13, 254, 60_000];

/// A number below `n`.
fn below(rng: &mut impl Rng, n: usize) -> usize {
    rng.next_u32() as usize % n
}

/// `count` of these, ascending.
fn some(of: &[u16], count: usize, rng: &mut impl Rng) -> Vec<u16> {
    let mut left = of.to_vec();
    while left.len() > count {
        left.remove(below(rng, left.len()));
    }
    left
}

fn holders<S: Derivable>(shares: &Shares<S>) -> Vec<u16> {
    shares.keys().copied().collect()
}

fn t_of<S: Derivable>(shares: &Shares<S>) -> usize {
    public(shares).threshold().get().into()
}

/// A reshare by random dealers, at least t, to a random set with a random threshold; some of its members have lost
/// their shares.
fn reshare<S: Derivable>(shares: &Shares<S>, rng: &mut impl Rng, seed: u64) -> Shares<S> {
    let (old, t) = (holders(shares), t_of(shares));
    let dealers = some(&old, t + below(rng, old.len() - t + 1), rng);
    let new = some(&IDS, 2 + below(rng, 4), rng);
    let new_t = 2 + below(rng, new.len() - 1) as u16;
    let lost: Vec<u16> = old.iter().copied().filter(|id| !dealers.contains(id) && below(rng, 2) == 0).collect();
    let dealers: Vec<PartyId> = dealers.into_iter().map(id).collect();
    let plan = Plan::reshare(public(shares), dealers, parties(&new), threshold(new_t)).unwrap();
    run(&plan, shares, &lost, seed)
}

/// A share is gone; random others bring it back, as it was.
fn repair<S: Derivable>(shares: &mut Shares<S>, rng: &mut impl Rng, seed: u64) {
    let (all, t) = (holders(shares), t_of(shares));
    if all.len() == t {
        return; // too few are left to help
    }
    let gone = all[below(rng, all.len())];
    let share = shares.remove(&gone).unwrap();
    let others = holders(shares);
    let helpers = some(&others, t + below(rng, others.len() - t + 1), rng);
    let ids: Vec<PartyId> = helpers.iter().copied().map(id).collect();
    let lost = Lost { id: id(gone), identity: identity(gone).public() };
    let package = share.public();
    let inputs = |me: PartyId| match shares.get(&me.get()) {
        Some(share) => Inputs::helper(share, lost, &ids).unwrap(),
        None => Inputs::recipient(package, &package.digest(), lost, &ids).unwrap(),
    };
    let label = Label::from_bytes([9; 32]);
    let all = ids.iter().copied().chain([id(gone)]).map(|me| inputs(me).params(label).unwrap());
    let net = Net::<Repair<S>>::start(all.collect::<Vec<_>>(), inputs, seed).unwrap();
    for output in net.outputs() {
        if let Repaired::Share(repaired) = output {
            assert_eq!(repaired.to_bytes(), share.to_bytes());
            shares.insert(gone, Arc::new(*repaired));
        }
    }
    assert!(shares.contains_key(&gone));
}

fn path(rng: &mut impl Rng) -> DerivationPath {
    let step = |_| ChildIndex::new(rng.next_u32() >> 1).unwrap();
    let steps: Vec<ChildIndex> = (0..3).map(step).collect();
    DerivationPath::new(steps).unwrap()
}

/// Shares of two sharings are no key, and say so; nor are t − 1 of one.
fn do_not_mix<S: Derivable>(old: &Shares<S>, new: &Shares<S>) {
    let copy = |share: &Arc<KeyShare<S>>| KeyShare::<S>::from_bytes(&share.to_bytes()).unwrap();
    let (ours, theirs) = (public(new).sharing(), public(old).sharing());
    let most = t_of(new).max(t_of(old));
    for stale in old.values() {
        let mixed: Vec<_> = new.values().take(most - 1).chain([stale]).map(copy).collect();
        assert_eq!(reconstruct(&mixed).map(drop), Err(Usage::OtherSharing { ours, theirs }));
    }
    let few: Vec<_> = new.values().take(t_of(new) - 1).map(copy).collect();
    assert_eq!(reconstruct(&few).map(drop), Err(Usage::WrongNumberOfSigners));
}

/// A payment: the shares of the beginning and of now, who signs, for which child, a seed.
type Pay<S> = fn(&Shares<S>, &Shares<S>, &[u16], &DerivationPath, u64);

/// The hundred steps. `pay` signs with these holders, for the child at a path, and verifies under the key of the
/// beginning; at the end every subset of t does.
fn life<S: Derivable>(seed: u64, pay: Pay<S>, at_the_end: Pay<S>) {
    let mut dice = rng(seed);
    let first = make::<S>(2, &[1, 2, 3], seed);
    let mut shares = make::<S>(2, &[1, 2, 3], seed);
    let (mut moved, mut number) = (0, 0);
    for step in 0..u64::from(STEPS) {
        let seed = seed + 1 + step;
        let next = match below(&mut dice, 4) {
            0 => run(&Plan::refresh(public(&shares)).unwrap(), &shares, &[], seed),
            1 => reshare(&shares, &mut dice, seed),
            2 => {
                repair(&mut shares, &mut dice, seed);
                continue;
            }
            _ => {
                let signers = some(&holders(&shares), t_of(&shares), &mut dice);
                pay(&first, &shares, &signers, &path(&mut dice), seed);
                continue;
            }
        };
        do_not_mix(&shares, &next);
        shares = next;
        moved += 1;
        number += 1;
        assert_eq!(public(&shares).number(), number);
    }
    assert!(moved > 20, "the key has moved");
    assert_eq!(public(&shares).key_id(), public(&first).key_id());
    do_not_mix(&first, &shares);
    for subset in subsets(&holders(&shares), t_of(&shares) as u16) {
        at_the_end(&first, &shares, &subset, &path(&mut dice), seed);
    }
}

fn frost_pays<S: Suite<Place = InTree<S>> + Derivable>(
    first: &Shares<S>,
    shares: &Shares<S>,
    signers: &[u16],
    path: &DerivationPath,
    seed: u64,
) where
    S::VerifyingKey: PartialEq + std::fmt::Debug,
{
    let request = |share: &KeyShare<S>| SigningRequest::<S>::new([7; 32]).under(&share.derive(path).unwrap());
    let holders: Vec<_> = signers.iter().map(|signer| &*shares[signer]).collect();
    let signature = crate::keygen::signed(&holders, request, seed);
    let share = &first[&1];
    let key = request(share).verifying_key(public(first)).unwrap();
    assert!(S::verify(&key, &[7; 32], &signature));
}

#[test]
fn a_taproot_key_lives_long() {
    life::<Bip340>(1_000, frost_pays, frost_pays);
}

#[test]
fn an_ed25519_key_lives_long() {
    life::<Ed25519Sha512>(2_000, frost_pays, frost_pays);
}

/// The child's key is the same for the shares of now as for those of the beginning.
fn ecdsa_key(
    first: &Shares<Secp256k1Ecdsa>,
    shares: &Shares<Secp256k1Ecdsa>,
    signer: u16,
    path: &DerivationPath,
) -> Child<Secp256k1Ecdsa> {
    let child = Child::from(&shares[&signer].derive(path).unwrap());
    let key = |shares| cosigil::ecdsa::verifying_key(public(shares), &child).unwrap();
    assert_eq!(key(first), key(shares));
    child
}

fn ecdsa_pays(
    first: &Shares<Secp256k1Ecdsa>,
    shares: &Shares<Secp256k1Ecdsa>,
    signers: &[u16],
    path: &DerivationPath,
    _: u64,
) {
    let copy = |signer: &u16| KeyShare::from_bytes(&shares[signer].to_bytes()).unwrap();
    let team = Team::of(signers.iter().map(copy).collect());
    let message = Message::<Sha256>::new(b"a payment");
    let child = ecdsa_key(first, shares, signers[0], path);
    let all: Vec<usize> = (0..signers.len()).collect();
    let signed = team.sign(&all, 1, Request::new(message, child).unwrap());
    let key = cosigil::ecdsa::verifying_key(public(first), &child).unwrap();
    assert!(verify::<Secp256k1Ecdsa>(&key, &message.into(), &signed.signature, SRule::Low));
}

/// ECDSA keys move by the same protocol. Signing takes new pairs of every sharing, so it is done with the last: every
/// subset sets its pairs up and signs.
#[test]
fn an_ecdsa_key_lives_long() {
    life::<Secp256k1Ecdsa>(
        3_000,
        |first, shares, signers, path, _| {
            ecdsa_key(first, shares, signers[0], path);
        },
        ecdsa_pays,
    );
}
