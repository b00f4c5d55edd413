//! Refresh and reshare through sessions: every suite, any parties, and what must not go through.

use std::collections::BTreeMap;
use std::sync::Arc;

use cosigil::ecdsa::{P256Ecdsa, Secp256k1Ecdsa};
use cosigil::frost::{Bip340, P256Sha256, Ristretto255Sha512, Secp256k1Sha256};
use cosigil::frost::{Ed25519Keccak512, Ed25519Sha512, Suite};
use cosigil::key::Scheme;
use cosigil::keygen::reshare::{AttemptLog, Moved};
use cosigil::keygen::{Certificate, Pending};
use cosigil::{
    Error, Fault, Identity, KeyShare, Keygen, Label, Parties, PartyId, Plan, PublicKeyPackage, Reshare, ReshareInputs,
    Session, Threshold, Usage,
};

use crate::keygen::signs;
use crate::net::{Net, id, identity, params, parties, rng};

/// Who holds a share, by id.
pub type Shares<S> = BTreeMap<u16, Arc<KeyShare<S>>>;

/// A key made through sessions, of any scheme.
pub fn make<S: Scheme>(t: u16, ids: &[u16], seed: u64) -> Shares<S> {
    let net = Net::<Keygen<S>>::start(ids.iter().map(|me| params(*me, ids, t, 1)), |_| (), seed).unwrap();
    net.outputs().into_iter().map(|share| (share.me().get(), Arc::new(share))).collect()
}

fn public<S: Scheme>(shares: &Shares<S>) -> &PublicKeyPackage<S> {
    shares.values().next().unwrap().public()
}

fn label(n: u8) -> Label {
    Label::from_bytes([n; 32])
}

pub fn threshold(t: u16) -> Threshold {
    Threshold::new(t).unwrap()
}

/// What a party brings: its share, unless it is said to have lost it or never had one.
pub fn inputs<S: Scheme>(plan: &Plan<S>, shares: &Shares<S>, me: PartyId, lost: &[u16]) -> ReshareInputs<S> {
    match shares.get(&me.get()).filter(|_| !lost.contains(&me.get())) {
        Some(share) => ReshareInputs::holder(plan.clone(), Arc::clone(share)).unwrap(),
        None => ReshareInputs::newcomer(plan.clone()),
    }
}

fn sessions<S: Scheme>(plan: &Plan<S>, shares: &Shares<S>, lost: &[u16], seed: u64) -> Net<Reshare<S>> {
    let mut ids: Vec<PartyId> = plan.dealers().iter().copied().chain(plan.holders().ids()).collect();
    ids.sort_unstable();
    ids.dedup();
    let all = ids.into_iter().map(|me| plan.params(label(7), me).unwrap());
    Net::start(all, |me| inputs(plan, shares, me, lost), seed).unwrap()
}

/// The shares of the new sharing, after a run in which all are honest.
fn run<S: Scheme>(plan: &Plan<S>, shares: &Shares<S>, lost: &[u16], seed: u64) -> Shares<S> {
    let mut net = sessions(plan, shares, lost, seed);
    net.run();
    let mut new = Shares::new();
    for (me, end) in net.ends {
        let session = &net.sessions[&me];
        assert!(session.is_finished());
        let certificate = session.certificate(plan).unwrap();
        match end.output.unwrap_or_else(|| panic!("{me} has no output: {:?}", end.abort)) {
            Moved::Holder(certified) => {
                assert!(plan.holders().contains(me));
                let activated = certified.pending().activate(&certificate).unwrap();
                let share = certified.into_key_share();
                assert_eq!(activated.to_bytes(), share.to_bytes());
                new.insert(me.get(), Arc::new(share));
            }
            Moved::Left(left) => {
                assert!(!plan.holders().contains(me));
                assert_eq!(left.parties(), plan.holders());
            }
        }
    }
    let (before, after) = (plan.old(), public(&new));
    assert!(new.values().all(|share| share.public() == after));
    assert_eq!(after.key_id(), before.key_id());
    assert_eq!(after.number(), before.number() + 1);
    assert_ne!(after.sharing(), before.sharing());
    assert_eq!(after.chain_code_digest(), before.chain_code_digest());
    assert_eq!((after.parties(), after.threshold()), (plan.holders(), plan.threshold()));
    new
}

fn subsets(ids: &[u16], t: u16) -> Vec<Vec<u16>> {
    let of = |mask: u32| ids.iter().enumerate().filter(move |(k, _)| mask >> k & 1 == 1).map(|(_, id)| *id).collect();
    (0u32..1 << ids.len()).filter(|mask| mask.count_ones() == u32::from(t)).map(of).collect()
}

/// Every subset of t signs under the old key; fewer do not put it together, nor do two sharings.
fn every_subset_signs<S: Suite>(old: &Shares<S>, new: &Shares<S>, t: u16, seed: u64)
where
    S::VerifyingKey: PartialEq + std::fmt::Debug,
{
    assert_eq!(public(old).verifying_key().unwrap(), public(new).verifying_key().unwrap());
    for subset in subsets(&new.keys().copied().collect::<Vec<_>>(), t) {
        signs(&subset.iter().map(|id| &*new[id]).collect::<Vec<_>>(), seed);
    }
}

/// Refresh, then 2-of-3 to 3-of-5 with two newcomers and one leaver, then to a set that has nobody in common.
fn moves<S: Suite>(seed: u64)
where
    S::VerifyingKey: PartialEq + std::fmt::Debug,
{
    let first = make::<S>(2, &[1, 2, 3], seed);
    let second = run(&Plan::refresh(public(&first)).unwrap(), &first, &[], seed);
    every_subset_signs(&first, &second, 2, seed);
    let plan = Plan::reshare(public(&second), [id(1), id(3)], parties(&[1, 2, 4, 5, 600]), threshold(3)).unwrap();
    let third = run(&plan, &second, &[], seed + 1);
    every_subset_signs(&first, &third, 3, seed);
    let plan = Plan::reshare(public(&third), [2, 5, 600].map(id), parties(&[7, 8]), threshold(2)).unwrap();
    let fourth = run(&plan, &third, &[], seed + 2);
    every_subset_signs(&first, &fourth, 2, seed);
    assert_eq!(public(&fourth).number(), 3);
}

#[test]
fn r_05_refresh_reshare_and_complete_replacement() {
    moves::<Ed25519Sha512>(1);
    moves::<Ed25519Keccak512>(2);
    moves::<Bip340>(3);
    moves::<Secp256k1Sha256>(4);
    moves::<P256Sha256>(5);
    moves::<Ristretto255Sha512>(6);
}
