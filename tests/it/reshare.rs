//! Refresh and reshare through sessions: every suite, any parties, and what must not go through.

use std::collections::BTreeMap;
use std::sync::Arc;

use cosigil::frost::{self, Bip340, CommitmentList, P256Sha256, Ristretto255Sha512, Secp256k1Sha256};
use cosigil::frost::{Ed25519Keccak512, Ed25519Sha512, Signing, SigningInputs, SigningRequest, Suite};
use cosigil::key::Scheme;
use cosigil::keygen::reshare::{AttemptLog, Moved};
use cosigil::keygen::{Certificate, Pending};
use cosigil::{
    Error, KeyShare, Keygen, Label, Parties, PartyId, Plan, PublicKeyPackage, Reshare, ReshareInputs, Session,
    Threshold, Usage,
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

pub fn public<S: Scheme>(shares: &Shares<S>) -> &PublicKeyPackage<S> {
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
        None => ReshareInputs::newcomer(plan.clone(), &plan.old().digest()).unwrap(),
    }
}

pub fn sessions<S: Scheme>(plan: &Plan<S>, shares: &Shares<S>, lost: &[u16], seed: u64) -> Net<Reshare<S>> {
    let mut ids: Vec<PartyId> = plan.dealers().iter().copied().chain(plan.holders().ids()).collect();
    ids.sort_unstable();
    ids.dedup();
    let all = ids.into_iter().map(|me| plan.params(label(7), me).unwrap());
    Net::start(all, |me| inputs(plan, shares, me, lost), seed).unwrap()
}

/// The shares of the new sharing, after a run in which all are honest.
pub fn run<S: Scheme>(plan: &Plan<S>, shares: &Shares<S>, lost: &[u16], seed: u64) -> Shares<S> {
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
            Moved::Exported(_) => panic!("no export"),
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

pub fn subsets(ids: &[u16], t: u16) -> Vec<Vec<u16>> {
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

/// members 2 and 4 of 5 are away. They are left out, and come back by a further reshare.
#[test]
fn r_11_absent_members() {
    let first = make::<Ed25519Sha512>(3, &[1, 2, 3, 4, 5], 11);
    let plan = Plan::reshare(public(&first), [1, 3, 5].map(id), parties(&[1, 3, 5]), threshold(3)).unwrap();
    let second = run(&plan, &first, &[], 12);
    every_subset_signs(&first, &second, 3, 13);
    let plan = Plan::reshare(public(&second), [1, 3, 5].map(id), parties(&[1, 2, 3, 4, 5]), threshold(3)).unwrap();
    let third = run(&plan, &second, &[], 14);
    every_subset_signs(&first, &third, 3, 15);
}

/// A party that lost its share gets one of the new sharing, under its old identity key or a new one.
#[test]
fn r_17_a_lost_share_comes_back() {
    let first = make::<Bip340>(2, &[1, 2, 3], 21);
    let plan = Plan::reshare(public(&first), [id(1), id(3)], parties(&[1, 2, 3]), threshold(2)).unwrap();
    let second = run(&plan, &first, &[2], 22);
    every_subset_signs(&first, &second, 2, 23);

    let new = |n: u16| if n == 2 { identity(1002).public() } else { identity(n).public() };
    let holders = Parties::new([1, 2, 3].map(|n| (id(n), new(n)))).unwrap();
    let plan = Plan::reshare(public(&first), [id(1), id(3)], holders, threshold(2)).unwrap();
    let mut net = Net::<Reshare<Bip340>> { sessions: BTreeMap::new(), ends: BTreeMap::new(), queue: [].into() };
    let mut parcels = Vec::new();
    for n in [1, 2, 3] {
        let identity = if n == 2 { identity(1002) } else { identity(n) };
        let params = plan.params(label(7), id(n)).unwrap();
        let inputs = inputs(&plan, &first, id(n), &[2]);
        let (session, first) = Session::start(params, &identity, inputs, &mut rng(24 + u64::from(n))).unwrap();
        net.add(id(n), session);
        parcels.push((id(n), first));
    }
    parcels.into_iter().for_each(|(from, parcels)| net.post(from, parcels));
    let shares = net.outputs().into_iter().map(|moved| match moved {
        Moved::Holder(certified) => certified.into_key_share(),
        Moved::Left(_) | Moved::Exported(_) => panic!(),
    });
    let shares: Shares<Bip340> = shares.map(|share| (share.me().get(), Arc::new(share))).collect();
    every_subset_signs(&first, &shares, 2, 25);
}

/// what is no plan.
#[test]
fn r_17_plans_are_checked() {
    type S = Ed25519Sha512;
    let shares = make::<S>(2, &[1, 2, 3], 31);
    let old = public(&shares);
    let plan = |dealers: &[u16], holders: Parties, t| {
        Plan::reshare(old, dealers.iter().map(|n| id(*n)), holders, threshold(t)).map(drop)
    };
    let others = |list: &[(u16, u16)]| Parties::new(list.iter().map(|(n, key)| (id(*n), identity(*key).public())));
    assert_eq!(plan(&[1, 2], parties(&[1, 2, 3]), 2), Ok(()));
    // Too few dealers, or none; one who is none; one twice.
    assert_eq!(plan(&[], parties(&[4, 5]), 2), Err(Usage::WrongNumberOfSigners));
    assert_eq!(plan(&[1], parties(&[1, 4]), 2), Err(Usage::WrongNumberOfSigners));
    assert_eq!(plan(&[1, 4], parties(&[1, 4]), 2), Err(Usage::UnknownParty(id(4))));
    assert_eq!(plan(&[1, 1], parties(&[1, 4]), 2), Err(Usage::DuplicateParty(id(1))));
    // Thresholds: 1 cannot be said.
    assert_eq!(plan(&[1, 2], parties(&[1, 2]), 3), Err(Usage::InvalidThreshold));
    assert_eq!(plan(&[1, 2], parties(&[]), 2), Err(Usage::InvalidThreshold));
    // A dealer's identity key stays; another party's id, and its key, are not to be had.
    assert_eq!(plan(&[1, 2], others(&[(1, 9), (2, 2)]).unwrap(), 2), Err(Usage::OtherIdentity));
    assert_eq!(plan(&[1, 2], others(&[(1, 1), (3, 9)]).unwrap(), 2), Ok(()));
    assert_eq!(plan(&[1, 2], others(&[(1, 1), (4, 3)]).unwrap(), 2), Err(Usage::DuplicateIdentity(id(4))));
    assert_eq!(plan(&[1, 2], others(&[(1, 1), (3, 2)]).unwrap(), 2), Err(Usage::DuplicateIdentity(id(3))));
    let nameless = Parties::without_identities([id(1), id(4)]).unwrap();
    assert_eq!(plan(&[1, 2], nameless, 2), Err(Usage::MissingIdentity(id(1))));
    // A refresh is of everybody, with the threshold as it is.
    let refresh = Plan::refresh(old).unwrap();
    assert_eq!((refresh.holders(), refresh.threshold()), (old.parties(), old.threshold()));
    assert!(refresh.dealers().iter().copied().eq(old.parties().ids()));
    // Bytes: what comes back is the same plan; each altered byte is refused.
    let bytes = refresh.to_bytes();
    assert_eq!(Plan::from_bytes(&bytes).as_ref(), Ok(&refresh));
    assert!((0..bytes.len()).all(|at| Plan::<S>::from_bytes(&bytes[..at]).is_err()));
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        assert!(Plan::<S>::from_bytes(&flipped).is_err());
    }
}

/// a dealer without its share, another's share, another sharing's, other parameters: before anything leaves.
#[test]
fn r_17_inputs_are_checked() {
    type S = Ed25519Sha512;
    let shares = make::<S>(2, &[1, 2, 3], 32);
    let plan = Plan::refresh(public(&shares)).unwrap();
    let start = |params, inputs| Session::<Reshare<S>>::start(params, &identity(1), inputs, &mut rng(1)).map(drop);
    let params = || plan.params(label(7), id(1)).unwrap();
    assert_eq!(start(params(), ReshareInputs::judge(plan.clone())), Err(Usage::ShareNeeded));
    let anothers = ReshareInputs::holder(plan.clone(), Arc::clone(&shares[&2])).unwrap();
    assert_eq!(start(params(), anothers), Err(Usage::UnknownParty(id(2))));
    let inputs = || inputs(&plan, &shares, id(1), &[]);
    assert_eq!(start(crate::net::params(1, &[1, 2, 3], 3, 7), inputs()), Err(Usage::InvalidThreshold));
    assert_eq!(start(crate::net::params(1, &[1, 2, 3, 4], 2, 7), inputs()), Err(Usage::UnknownParty(id(4))));
    assert_eq!(start(crate::net::params(1, &[1, 2], 2, 7), inputs()), Err(Usage::OtherIdentity));
    assert_eq!(start(params(), inputs()), Ok(()));
    assert_eq!(plan.params(label(7), id(4)).map(drop), Err(Usage::UnknownParty(id(4))));
    let new = run(&plan, &shares, &[], 33);
    let (ours, theirs) = (public(&new).sharing(), public(&shares).sharing());
    let stale = ReshareInputs::holder(plan.clone(), Arc::clone(&new[&1])).map(drop);
    assert_eq!(stale, Err(Usage::OtherSharing { ours, theirs }));
    let other = make::<S>(2, &[1, 2, 3], 34);
    assert_eq!(ReshareInputs::holder(plan, Arc::clone(&other[&1])).map(drop), Err(Usage::OtherKey));
}

/// another threshold, set, package or label is foreign in round 1, and nobody is named; a newcomer
/// with a wrong package gets nowhere.
#[test]
fn r_12_other_plans_are_foreign() {
    type S = Ed25519Sha512;
    let (shares, other) = (make::<S>(2, &[1, 2, 3], 41), make::<S>(2, &[1, 2, 3], 42));
    let holders = || parties(&[1, 2, 3, 4]);
    let dealers = [id(1), id(2)];
    let plan = Plan::reshare(public(&shares), dealers, holders(), threshold(2)).unwrap();
    let greet = |plan: &Plan<S>, shares: &Shares<S>, me: u16, with| {
        let params = plan.params(label(with), id(me)).unwrap();
        let inputs = inputs(plan, shares, id(me), &[]);
        Session::<Reshare<S>>::start(params, &identity(me), inputs, &mut rng(43 + u64::from(me))).unwrap()
    };
    let wrong = [
        (Plan::reshare(public(&shares), dealers, holders(), threshold(3)).unwrap(), 7, Usage::ForeignMessage),
        (Plan::reshare(public(&shares), dealers, parties(&[1, 2, 4]), threshold(2)).unwrap(), 7, Usage::ForeignMessage),
        (Plan::reshare(public(&shares), [id(1), id(3)], holders(), threshold(2)).unwrap(), 7, Usage::ForeignMessage),
        (plan.clone(), 8, Usage::ForeignMessage),
    ];
    for (theirs, with, expected) in wrong {
        for (me, peer) in [(1, 4), (4, 1)] {
            let (mut session, _) = greet(&plan, &shares, me, 7);
            let (_, parcels) = greet(&theirs, &shares, peer, with);
            assert_eq!(session.receive(&parcels[0].bytes).map(drop), Err(Error::Usage(expected)));
            assert_eq!(session.conflicts(), [id(peer)]);
        }
    }
    // Another key's package: its header says so.
    let theirs = Plan::reshare(public(&other), dealers, holders(), threshold(2)).unwrap();
    let (mut dealer, _) = greet(&plan, &shares, 1, 7);
    let (mut joiner, parcels) = greet(&theirs, &other, 4, 7);
    assert_eq!(dealer.receive(&parcels[0].bytes).map(drop), Err(Error::Usage(Usage::OtherKey)));
    for me in [1, 2, 3] {
        let (_, parcels) = greet(&plan, &shares, me, 7);
        assert_eq!(joiner.receive(&parcels[0].bytes).map(drop), Err(Error::Usage(Usage::OtherKey)));
    }
    assert_eq!((joiner.round(), joiner.awaiting()), (1, [1, 2, 3].map(id).to_vec()));
    // The sharing after this one.
    let new = run(&Plan::refresh(public(&shares)).unwrap(), &shares, &[], 44);
    let newer = Plan::reshare(public(&new), dealers, holders(), threshold(2)).unwrap();
    let (_, parcels) = greet(&newer, &new, 2, 7);
    let (ours, theirs) = (public(&shares).sharing(), public(&new).sharing());
    assert_eq!(dealer.receive(&parcels[0].bytes).map(drop), Err(Error::Usage(Usage::OtherSharing { ours, theirs })));
}

/// shares of two sharings, also of one number, do not sign together; the error says why.
#[test]
fn r_06_sharings_do_not_mix() {
    type S = Ed25519Sha512;
    let old = make::<S>(2, &[1, 2, 3], 51);
    let plan = Plan::refresh(public(&old)).unwrap();
    let (one, other) = (run(&plan, &old, &[], 52), run(&plan, &old, &[], 53));
    assert_eq!(public(&one).number(), public(&other).number());
    for (ours, theirs) in [(&one, &old), (&one, &other)] {
        let mixed = [&ours[&1], &theirs[&2]].map(|share| KeyShare::<S>::from_bytes(&share.to_bytes()).unwrap());
        let refused = Usage::OtherSharing { ours: public(ours).sharing(), theirs: public(theirs).sharing() };
        assert_eq!(cosigil::hazmat::reconstruct(&mixed).map(drop), Err(refused));
        let request = || SigningRequest::<S>::new([7; 32]);
        let (nonces, commitments) = frost::commit(&theirs[&1], &mut rng(54)).unwrap();
        let (_, others) = frost::commit(&theirs[&2], &mut rng(55)).unwrap();
        let list = CommitmentList::new([(id(1), commitments), (id(2), others)]).unwrap();
        let error = frost::sign(&ours[&1], nonces, &request(), &list).unwrap_err();
        assert_eq!(*error.error(), Error::Usage(refused));
        let start = |share: &Arc<KeyShare<S>>| {
            let params = share.session_params(label(9), [id(1), id(2)]).unwrap();
            let inputs = SigningInputs { key_share: Arc::clone(share), request: request() };
            let me = share.me().get();
            Session::<Signing<S>>::start(params, &identity(me), inputs, &mut rng(u64::from(me))).unwrap()
        };
        let (mut session, _) = start(&ours[&1]);
        let (_, parcels) = start(&theirs[&2]);
        assert_eq!(session.receive(&parcels[0].bytes).map(drop), Err(Error::Usage(refused)));
    }
}

/// The session is taken up again after every message; the others notice nothing. What each sends, as the docs say.
#[test]
fn reshare_crashes_after_every_message() {
    type S = Ed25519Sha512;
    let shares = make::<S>(2, &[1, 2, 3], 61);
    let plan = Plan::reshare(public(&shares), [id(1), id(2)], parties(&[2, 3, 4]), threshold(2)).unwrap();
    for victim in [1, 2, 3, 4] {
        let mut net = sessions(&plan, &shares, &[], 62);
        let mut checkpoint = net.sessions[&id(victim)].checkpoint().unwrap();
        while let Some((to, bytes)) = net.queue.pop_front() {
            let here = to == id(victim) && !net.sessions[&to].is_finished();
            if here {
                let params = plan.params(label(7), to).unwrap();
                let inputs = inputs(&plan, &shares, to, &[]);
                let resumed = Session::<Reshare<S>>::resume(params, &identity(victim), inputs, &checkpoint);
                let (session, sent) = resumed.unwrap();
                assert_eq!(sent, net.sessions[&to].sent());
                net.sessions.insert(to, session);
            }
            net.deliver(to, &bytes).unwrap();
            if here && !net.sessions[&to].is_finished() {
                checkpoint = net.sessions[&to].checkpoint().unwrap();
            }
        }
        let header = 8 + "reshare".len() + 4 * 32 + 64;
        let opening = header + 32 * 3 + 96;
        let wanted = |n: u16| match n {
            1 => 3 * (header + 160) + 3 * opening + 3 * (header + 80),
            2 => 3 * (header + 160) + 3 * opening + 2 * (header + 80) + 3 * (header + 96),
            _ => 3 * (header + 128) + 3 * (header + 96),
        };
        for (me, end) in &net.ends {
            assert!(end.output.is_some());
            assert_eq!(end.sent.1, wanted(me.get()), "{me}");
        }
    }
}

/// The confirms of round 3 do not come; the pending share waits, and the certificate makes it active.
#[test]
fn reshare_certificates_make_pending_shares_active() {
    type S = Bip340;
    let shares = make::<S>(2, &[1, 2, 3], 71);
    let plan = Plan::reshare(public(&shares), [id(1), id(2)], parties(&[1, 3, 4]), threshold(2)).unwrap();
    for victim in [1, 3, 4] {
        let mut net = sessions(&plan, &shares, &[], 72);
        net.run_with(|to, bytes| if to == id(victim) && bytes[2] >= 3 { Vec::new() } else { vec![bytes] });
        let session = &net.sessions[&id(victim)];
        assert!(net.ends[&id(victim)].output.is_none() && session.certificate(&plan).is_none());
        let stored = session.state().unwrap().pending().unwrap().to_bytes();
        let other = if victim == 1 { 2 } else { 1 };
        let certificate = net.sessions[&id(other)].certificate(&plan).unwrap();
        let certificate = Certificate::<S>::from_bytes(&certificate.to_bytes()).unwrap();
        let share = Pending::<S>::from_bytes(&stored).unwrap().activate(&certificate).unwrap();
        let other = [1, 3, 4].into_iter().find(|n| *n != victim).unwrap();
        let Some(Moved::Holder(certified)) = net.ends.remove(&id(other)).unwrap().output else { panic!() };
        signs(&[&share, &certified.into_key_share()], 73);
    }
}

/// An attempt as signed: it grows, others check every byte of it, and acknowledgements are signed about it.
#[test]
fn reshare_logs_convince_others() {
    type S = Ed25519Sha512;
    let shares = make::<S>(2, &[1, 2, 3], 81);
    let known = public(&shares);
    let plan = Plan::reshare(known, [id(1), id(2)], parties(&[1, 3, 4]), threshold(2)).unwrap();
    let mut net = sessions(&plan, &shares, &[], 82);
    assert!(AttemptLog::of_session(&net.sessions[&id(1)], &plan).is_none());
    // Party 3 gets no confirm: its log has its own.
    net.run_with(|to, bytes| if to == id(3) && bytes[2] >= 3 { Vec::new() } else { vec![bytes] });
    let log = |n: u16| AttemptLog::of_session(&net.sessions[&id(n)], &plan).unwrap();
    let mut mine = log(3);
    assert_eq!(mine.confirms().map(|(id, _)| id).collect::<Vec<_>>(), [id(3)]);
    assert_eq!(mine.view(), net.sessions[&id(3)].state().unwrap().pending().unwrap().view());
    assert!(mine.certificate().is_none());
    assert_eq!(mine.open_ack(b"").map(drop), Err(Usage::ForeignMessage));
    assert_eq!(mine.sign_ack(&identity(3), id(3), &[]), Err(Usage::WrongInbox(id(1))));
    let whole = log(2);
    assert_eq!(whole.certificate().unwrap().signed().count(), 3);
    for (from, signed) in whole.confirms() {
        assert_eq!(mine.add_confirm(signed), Ok(from));
        assert_eq!(mine.add_confirm(signed), Ok(from));
    }
    assert_eq!(mine.to_bytes(), whole.to_bytes());
    let certificate = mine.certificate().unwrap();
    assert!(net.sessions[&id(3)].state().unwrap().pending().unwrap().activate(&certificate).is_ok());
    // From bytes, by who has the package of the old sharing, and nobody else.
    let bytes = whole.to_bytes();
    let read = AttemptLog::from_bytes(&bytes, known).unwrap();
    assert_eq!(
        (read.to_bytes(), read.public(), read.transcript()),
        (bytes.clone(), whole.public(), whole.transcript())
    );
    assert_eq!((read.plan(), read.label()), (&plan, &label(7)));
    let theirs = known.sharing();
    let ours = whole.public().sharing();
    let refused = AttemptLog::from_bytes(&bytes, whole.public()).map(drop);
    assert_eq!(refused, Err(Usage::OtherSharing { ours, theirs }));
    let other = make::<S>(2, &[1, 2, 3], 83);
    assert_eq!(AttemptLog::from_bytes(&bytes, public(&other)).map(drop), Err(Usage::OtherKey));
    for at in (0..bytes.len()).step_by(17) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        let content = flipped.len() - 16;
        let mut sum = [0; 16];
        cosigil::Transcript::new("record").field(&flipped[..content]).fill(&mut sum);
        flipped[content..].copy_from_slice(&sum);
        assert!(at >= content || AttemptLog::from_bytes(&flipped, known).is_err(), "byte {at}");
        assert!(AttemptLog::from_bytes(&bytes[..at], known).is_err());
    }
    // Acknowledgements.
    let views = [*mine.view(), *whole.view()];
    let ack = mine.sign_ack(&identity(3), id(3), &views).unwrap();
    let (from, opened) = whole.open_ack(&ack).unwrap();
    assert_eq!((from, opened.transcript, opened.attempts.len()), (id(3), *mine.transcript(), 2));
    assert_eq!(mine.sign_ack(&identity(2), id(2), &[]), Err(Usage::UnknownParty(id(2))));
    assert_eq!(mine.sign_ack(&identity(1), id(3), &[]), Err(Usage::OtherIdentity));
    assert_eq!(mine.sign_ack(&identity(3), id(3), &vec![*mine.view(); 256]), Err(Usage::TooMany));
    for at in 0..ack.len() {
        let mut flipped = ack.clone();
        flipped[at] ^= 1;
        assert!(whole.open_ack(&flipped).is_err());
    }
    // A confirm is no acknowledgement, and another attempt's acknowledgement is none of this one.
    assert!(whole.open_ack(whole.confirms().next().unwrap().1).is_err());
    let mut again = sessions(&plan, &shares, &[], 84);
    again.run();
    let other = AttemptLog::of_session(&again.sessions[&id(1)], &plan).unwrap();
    assert_ne!(other.view(), whole.view());
    assert!(other.open_ack(&ack).is_err());
    assert!(mine.add_confirm(other.confirms().next().unwrap().1).is_err());
}

/// S-03: any order of delivery, each message once: a newcomer may be two rounds behind those who deal.
#[test]
fn s_03_reshare_in_any_order() {
    use rand_core::Rng;
    let old = make::<Ristretto255Sha512>(2, &[1, 2, 3], 70);
    let plan = Plan::reshare(public(&old), [id(1), id(3)], parties(&[1, 2, 4, 5]), threshold(2)).unwrap();
    for seed in 0..60 {
        let mut net = sessions(&plan, &old, &[], 71);
        let mut order = rng(1000 + seed);
        while !net.queue.is_empty() {
            let place = usize::try_from(order.next_u32()).unwrap() % net.queue.len();
            let (to, bytes) = net.queue.remove(place).unwrap();
            assert_eq!(net.deliver(to, &bytes), Ok(()), "seed {seed}");
        }
        assert!(net.ends.values().all(|end| end.output.is_some()), "seed {seed}");
    }
}
