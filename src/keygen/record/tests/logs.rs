//! What a log must not do: an export's retires nothing, and what a signer varies in its confirm splits nobody.

use core::cell::RefCell;

use super::*;
use crate::curve::Ed25519;
use crate::keygen::certificate::{CONFIRMS, Pending};
use crate::keygen::messages::{Ack, Confirm};
use crate::keygen::record::bytes::Parts;
use crate::keygen::record::step::{Held, session_label};
use crate::keygen::reshare::{AttemptLog, Moved as Ended, Reshare, ReshareInputs};
use crate::party::View;
use crate::record::{self, Kind};
use crate::round::{KeyRef, Protocol};
use crate::session::{Letter, Place, Session};
use crate::wire::{Shape, Wire};

const SHAPE: Shape = Shape { threshold: 0, parties: 0, batch: 1 };

type Sessions = BTreeMap<PartyId, Session<Reshare<S>>>;

/// Sessions of holders who all have a share, with each message changed on its way to each party.
fn run(
    plan: &Plan<S>,
    shares: &[Arc<KeyShare<S>>],
    label: Label,
    change: impl Fn(&Sessions, PartyId, &[u8]) -> Vec<u8>,
) -> (Sessions, Vec<(PartyId, Ended<S>)>) {
    let (mut sessions, mut queue, mut ends) = (Sessions::new(), VecDeque::new(), Vec::new());
    for share in shares {
        let (me, inputs) = (share.me(), ReshareInputs::holder(plan.clone(), Arc::clone(share)).unwrap());
        let params = plan.params(label, me).unwrap();
        let (session, first) = Session::start(params, &identity(me.get()), inputs, &mut rng(3, me.get())).unwrap();
        sessions.insert(me, session);
        queue.extend(first.into_iter().map(|parcel| (me, parcel)));
    }
    while let Some((from, parcel)) = queue.pop_front() {
        for to in shares.iter().map(|share| share.me()) {
            if to == from || parcel.to.is_some_and(|only| only != to) {
                continue;
            }
            let bytes = change(&sessions, to, &parcel.bytes);
            let progress = sessions.get_mut(&to).unwrap().receive(&bytes).unwrap();
            queue.extend(progress.send.into_iter().map(|parcel| (to, parcel)));
            ends.extend(progress.output.map(|end| (to, end)));
        }
    }
    (sessions, ends)
}

fn place<'a>(plan: &Plan<S>, round: u8, view: &'a View) -> Place<'a> {
    let key = KeyRef { key_id: Some(plan.old().key_id()), sharing: Some(plan.old().sharing()) };
    Place { protocol: Reshare::<S>::NAME, key, round, context: view.as_bytes() }
}

/// the recipient of an export, a holder or not, is all who hold afterwards. What it signs makes nobody let go.
#[test]
fn r_14_an_export_retires_no_share() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let shares = [1, 2, 3].map(|n| world.key(n));
    let public = world.public(1);
    let plan = hazmat::export(&public, [id(1), id(2), id(3)], (id(3), identity(3).public())).unwrap();
    let label = Label::from_bytes([5; 32]);
    let (sessions, ends) = run(&plan, &shares, session_label(&label, 0), |_, _, bytes| bytes.to_vec());
    for (n, end) in &ends {
        assert_eq!(matches!(end, Ended::Exported(_)), *n != id(3));
        assert_eq!(matches!(end, Ended::Holder(_)), *n == id(3));
    }
    assert!(sessions.values().all(|session| AttemptLog::of_session(session, &plan).is_none()));
    // What 3 would make of it with code of its own: certificate and acknowledgement of all holders.
    let log = AttemptLog::of_any(&sessions[&id(3)], &plan).unwrap();
    assert!(log.certificate().is_some());
    assert_eq!(log.sign_ack(&identity(3), id(3), &[*log.view()]), Err(Usage::InvalidThreshold));
    let body = Ack { transcript: *log.transcript(), attempts: alloc::vec![*log.view().as_bytes()] }.encode();
    let letter = Letter { sender: id(3), before: *log.transcript(), body };
    let ack = letter.sign(&identity(3), &place(&plan, 4, log.view()));
    assert_eq!(AttemptLog::from_bytes(&log.to_bytes(), &public).map(drop), Err(Usage::InvalidThreshold));
    let mut held = Held::new(label, 0, log).unwrap();
    held.add_ack(&ack).unwrap();
    assert!(held.is_done());
    let mut parts = Parts::default();
    parts.bytes(public.key_id().as_bytes());
    parts.bytes(public.sharing().as_bytes());
    parts.count8(1);
    parts.bytes(public.sharing().as_bytes());
    parts.count8(1);
    held.write(&mut parts);
    let bundle = record::write(Kind { tag: 9, version: 1 }, S::NAME, parts.size(), |out| parts.append_to(out));
    for n in [1, 2, 3] {
        assert_eq!(world.record(n).learn(&bundle).map(drop), Err(Usage::InvalidThreshold));
        assert_eq!(world.begin_at(n, &plan, 6), Err(Usage::InvalidThreshold));
        world.party(n).restart();
    }
    assert_eq!(world.all_sign(&[1, 2, 3]), public.sharing());
}

/// party 3 proves its share twice, once for each peer. Both have the certificate, and their acknowledgements are
/// the same bytes.
#[test]
fn r_14_two_confirms_split_nobody() {
    let world = World::new(2, &[1, 2, 3], &[]);
    let shares = [1, 2, 3].map(|n| world.key(n));
    let plan = world.refresh();
    let seen: RefCell<Option<Pending<S>>> = RefCell::new(None);
    let again = |sessions: &Sessions, to: PartyId, bytes: &[u8]| {
        // Its session may be over when its confirm arrives.
        if let Some(pending) = sessions[&id(3)].state().and_then(Reshare::pending) {
            *seen.borrow_mut() = Some(pending.duplicate());
        }
        let pending = seen.borrow();
        let Some(pending) = pending.as_ref().filter(|_| to == id(2) && bytes[2] == CONFIRMS) else {
            return bytes.to_vec();
        };
        let place = place(&plan, CONFIRMS, pending.view());
        let letter = Letter::open(bytes, &place, plan.holders(), Confirm::<Ed25519>::size(&SHAPE)).unwrap();
        if letter.sender != id(3) {
            return bytes.to_vec();
        }
        let key = pending.duplicate().into_key();
        let other = Pending::new(key, *pending.view(), *pending.transcript(), &mut rng(4, 3));
        Letter { body: other.confirm().encode(&SHAPE), ..letter }.sign(&identity(3), &place)
    };
    let (sessions, ends) = run(&plan, &shares, Label::from_bytes([7; 32]), again);
    assert_eq!(ends.len(), 3);
    let [one, two] = [1, 2].map(|n| AttemptLog::of_session(&sessions[&id(n)], &plan).unwrap());
    let of_3 = |log: &AttemptLog<S>| log.confirms().last().unwrap().1.to_vec();
    assert_ne!(of_3(&one), of_3(&two));
    let views = [*one.view()];
    for (n, mine, theirs) in [(1, &one, &two), (2, &two, &one)] {
        let ack = mine.sign_ack(&identity(n), id(n), &views).unwrap();
        assert_eq!(theirs.open_ack(&ack).map(|(from, _)| from), Ok(id(n)));
        assert_eq!(theirs.sign_ack(&identity(n), id(n), &views), Ok(ack));
    }
}

/// a bad confirm of 3 ends the session when the honest one of 2 comes last; that one is kept all the same.
#[test]
fn r_14_an_honest_confirm_outlives_the_session() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let plan = world.refresh();
    world.begin(&plan, 1);
    let mut confirms = world.withhold(|mail| mail.round() >= CONFIRMS);
    confirms.retain(|mail| mail.round() == CONFIRMS && mail.to == 1);
    confirms.sort_by_key(|mail| core::cmp::Reverse(mail.from));
    let view = *world.parties[&1].record.steps[0].held[0].log.view();
    let place = place(&plan, CONFIRMS, &view);
    let mut bad = Letter::open(&confirms[0].bytes, &place, plan.holders(), Confirm::<Ed25519>::size(&SHAPE)).unwrap();
    *bad.body.last_mut().unwrap() ^= 1;
    let party = world.party(1);
    let mut moved = Vec::new();
    for bytes in [bad.sign(&identity(3), &place), confirms[1].bytes.clone()] {
        moved.push(party.attempts[0].receive(&mut party.record, &bytes).unwrap());
    }
    assert_eq!(moved[1].abort.as_ref().map(|abort| abort.culprits().to_vec()), Some(alloc::vec![id(3)]));
    party.restart();
    assert_eq!(party.record.status()[0].confirmed, [id(1), id(2)]);
}

/// a foreign package is not even decoded, however large it says it is.
#[test]
fn r_12_a_foreign_package_is_not_decoded() {
    let world = World::new(2, &[1, 2, 3], &[]);
    let known = world.public(1);
    let mut package = Vec::new();
    known.write(&mut package);
    package.truncate(70);
    package.extend_from_slice(&u16::MAX.to_be_bytes());
    package.resize(72 + 34 * 65535, 0xee);
    let frame = |tag, body: &[u8]| {
        record::write(Kind { tag, version: 1 }, S::NAME, body.len(), |out| out.extend_from_slice(body)).to_vec()
    };
    let refused = |package: &[u8]| {
        let plan = frame(13, package);
        let log = [&u32::try_from(plan.len()).unwrap().to_be_bytes()[..], &plan].concat();
        AttemptLog::from_bytes(&frame(14, &log), &known).map(drop)
    };
    // Decoded first it would be malformed: those are no identity keys.
    assert_eq!(refused(&package), Err(Usage::OtherKey));
    package[40] ^= 1;
    let theirs = Sharing::from_bytes(package[32..64].try_into().unwrap());
    assert_eq!(refused(&package), Err(Usage::OtherSharing { ours: known.sharing(), theirs }));
    assert_eq!(refused(&[]), Err(Usage::Malformed));
}

/// a newcomer takes the package that its operator expects, and no other; nor a later one of another key under
/// the same name.
#[test]
fn r_12_a_newcomer_expects_a_package() {
    let mut world = World::new(2, &[1, 2, 3], &[4]);
    let known = world.public(1);
    let secret = Transcript::new("record-test-attacker").secret_scalar::<Ed25519>();
    let theirs = hazmat::split::<S>(&secret, Threshold::new(2).unwrap(), &parties(&[1, 2, 3]), &mut rng(5, 0)).unwrap();
    let theirs = theirs[0].public();
    let digest = *known.chain_code_digest();
    let named = (known.number() + 1, theirs.sharing());
    let made_up = PublicKeyPackage::<S>::new(
        known.key_id(),
        named,
        known.threshold(),
        parties(&[1, 2, 3]),
        theirs.commitment().clone(),
        digest,
    )
    .unwrap();
    let store = || Arc::new(MemoryKeyStore::new());
    let join = |package| KeyRecord::join(store(), &identity(4), id(4), package, &known.digest()).map(drop);
    assert_eq!(join(&known), Ok(()));
    assert_eq!(join(&made_up), Err(Usage::OtherKey));
    let plan = |old: &PublicKeyPackage<S>| {
        Plan::reshare(old, [id(1), id(2)], parties(&[1, 2, 4]), Threshold::new(2).unwrap()).unwrap()
    };
    assert_eq!(ReshareInputs::newcomer(plan(&made_up), &known.digest()).map(drop), Err(Usage::OtherKey));
    assert!(ReshareInputs::newcomer(plan(&known), &known.digest()).is_ok());
    assert_eq!(world.begin_at(4, &plan(&made_up), 1), Err(Usage::OtherKey));
    assert_eq!(world.begin_at(4, &plan(&known), 1), Ok(()));
}
