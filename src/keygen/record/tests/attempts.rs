//! Several attempts, withheld confirms, absent holders, old copies, and who must forget.

use super::*;

/// the last confirm of the first attempt is withheld; a second attempt leaves the withholder out; then the
/// certificate of the first is shown to one party alone.
#[test]
fn r_14_a_withheld_confirm() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let first = world.refresh();
    world.begin(&first, 1);
    // 3 withholds its confirm from all, and does not want theirs.
    let mut withheld = world.withhold(|mail| mail.round() == 3 && (mail.from == 3 || mail.to == 3));
    withheld.retain(|mail| mail.from == 3);
    let old = world.sharing(1);
    assert_eq!(world.all_sign(&[1, 2]), old, "pending: the old sharing is in use");
    assert!(world.parties[&1].record.status().iter().all(|attempt| attempt.state == State::Pending));
    // The second attempt, without 3.
    let second = world.reshare(&[1, 2], &[1, 2], 2);
    world.exchange(&[1, 2]);
    world.begin(&second, 2);
    // 1 gets the certificate of the second, 2 does not yet; then the first one's is shown to 2.
    world.run(|mail| !(mail.to == 2 && mail.round() >= 3));
    assert_ne!(world.sharing(1), old);
    let to_2 = withheld.iter().find(|mail| mail.to == 2).cloned().unwrap();
    world.deliver(&to_2);
    assert_eq!(world.sharing(2), old, "2 has confirmed the second after the first: it takes neither on a word of 3");
    world.exchange(&[1, 2]);
    let now = world.all_sign(&[1, 2]);
    assert_ne!(now, old);
    assert_eq!(world.parties[&2].record.steps.last().unwrap().old.parties().len(), 2);
    assert!(world.parties[&2].record.status().iter().all(|attempt| attempt.state == State::Done));
    // Shown again, it changes nothing.
    world.deliver(&to_2);
    assert_eq!(world.sharing(2), now);
    // 3 learns by an exchange that it is out, and its old share is gone.
    world.exchange(&[1, 2, 3]);
    assert_eq!(world.parties[&3].record.key().err(), Some(Usage::Retired));
    assert!(world.parties[&3].record.steps.iter().all(|step| step.share.is_none()));
    assert!(world.parties[&3].record.steps[0].held.iter().all(|held| held.pending.is_none()));
}

/// two parties confirm two attempts in opposite order, and each gets the certificate of its second. Nothing is
/// wiped, signing is refused by name, and a third attempt after `reopen` ends it.
#[test]
fn r_14_two_certificates_and_a_third_attempt() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let plan = world.refresh();
    let old = world.sharing(1);
    world.begin(&plan, 1);
    // Up to the confirms, which stay under way.
    let mut confirms = world.withhold(|mail| mail.round() >= 3);
    world.begin(&plan, 2);
    confirms.extend(world.withhold(|mail| mail.round() >= 3));
    // 1 and 3 have confirmed the first before the second; 2 the other way round, as if its messages had come so.
    let ledger = &mut world.record(2).steps[0].ledger;
    ledger.entries.swap(0, 1);
    world.record(2).steps[0].held.swap(0, 1);
    let view = |k: usize, world: &World| *world.parties[&1].record.steps[0].held[k].log.view();
    let (a, b) = (view(0, &world), view(1, &world));
    for mail in confirms {
        let context = &mail.bytes[79..111];
        let (of_a, of_b) = (context == a.as_bytes(), context == b.as_bytes());
        assert!(of_a ^ of_b);
        // 1 gets all of the second, 2 all of the first, 3 nothing.
        if mail.to == 1 && of_b || mail.to == 2 && of_a {
            world.deliver(&mail);
        }
    }
    world.queue.clear();
    assert!(world.sharing(1) != old && world.sharing(2) != old && world.sharing(1) != world.sharing(2));
    world.exchange(&[1, 2]);
    for n in [1, 2] {
        let (ours, theirs) = (world.sharing(n), world.sharing(3 - n));
        assert_eq!(world.parties[&n].record.key().err(), Some(Usage::SharingsConflict { ours, theirs }));
        assert!(world.parties[&n].record.steps[0].share.is_some(), "nothing is wiped");
        assert!(world.parties[&n].record.contradictions().is_empty(), "nobody has lied");
        assert_eq!(world.begin_at(n, &plan, 3), Err(Usage::OtherSharing { ours, theirs: old }));
    }
    for n in [1, 2, 3] {
        world.record(n).reopen(&old, 1).unwrap();
        world.party(n).restart();
    }
    assert_eq!(world.all_sign(&[1, 2, 3]), old);
    world.begin(&plan, 3);
    world.run_all();
    let now = world.all_sign(&[1, 2, 3]);
    world.exchange(&[1, 2, 3]);
    assert_eq!(world.all_sign(&[1, 2, 3]), now);
    for party in world.parties.values() {
        assert!(party.record.contradictions().is_empty());
        assert!(party.record.steps.iter().all(|step| step.share.is_some() == (step.old.sharing() == now)));
        assert_eq!(party.record.status().iter().filter(|attempt| attempt.state == State::Done).count(), 1);
    }
    assert_eq!(world.record(1).reopen(&old, 2), Err(Usage::Retired), "that is over");
}

/// two sharings with one number do not mix, and are told apart by name.
#[test]
fn r_15_two_sharings_under_one_number() {
    let mut one = World::new(2, &[1, 2, 3], &[]);
    let mut two = World::new(2, &[1, 2, 3], &[]);
    two.seed = 100;
    for world in [&mut one, &mut two] {
        let plan = world.refresh();
        world.begin(&plan, 1);
        world.run_all();
    }
    let (ours, theirs) = (one.sharing(1), two.sharing(2));
    let [a, b] = [one.key(1), two.key(2)];
    assert_eq!(a.public().number(), b.public().number());
    assert_ne!(ours, theirs);
    let shares = [a.duplicate(), b.duplicate()];
    assert_eq!(hazmat::reconstruct(&shares).err(), Some(Usage::OtherSharing { ours, theirs }));
    // A plan of the other one, and an exchange with it.
    let plan = Plan::refresh(&two.public(1)).unwrap();
    assert_eq!(one.begin_at(1, &plan, 2), Err(Usage::OtherSharing { ours, theirs }));
}

/// a record from a copy learns that its sharing is gone, by name, and its old share goes.
#[test]
fn r_13_an_old_copy_learns_that_it_is_old() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let copy = world.parties[&3].store.load().unwrap().unwrap();
    let (old, plan) = (world.sharing(3), world.refresh());
    world.begin(&plan, 1);
    world.run_all();
    let now = world.sharing(3);
    // The copy in a store that knows better.
    let store = CrashStore::default();
    store.inner.save(7, &copy).unwrap();
    let older = KeyRecord::<S>::open(Arc::new(store), &identity(3), Vec::new());
    assert!(matches!(older, Err(Usage::OlderGeneration { found: 1, newest: 7 })));
    // The copy on another machine.
    let store = Arc::new(CrashStore::default());
    store.inner.save(1, &copy).unwrap();
    let mut restored = KeyRecord::<S>::open(store.clone(), &identity(3), Vec::new()).unwrap().unwrap();
    assert_eq!(restored.key().unwrap().public().sharing(), old);
    let shown = world.record(1).exchange().unwrap();
    let moved = restored.learn(&shown).unwrap();
    assert_eq!(moved.news, [News::Retired(old)]);
    let gone = Usage::OtherSharing { ours: old, theirs: now };
    assert_eq!(restored.key().err(), Some(gone));
    assert!(restored.learn(&shown).unwrap().news.is_empty(), "once is enough");
    let restored = KeyRecord::<S>::open(store.clone(), &identity(3), Vec::new()).unwrap().unwrap();
    assert_eq!(restored.key().err(), Some(gone));
    // Two sharings later there is nothing in common any more.
    let another = Arc::new(CrashStore::default());
    another.inner.save(1, &copy).unwrap();
    let mut older = KeyRecord::<S>::open(another, &identity(3), Vec::new()).unwrap().unwrap();
    let plan = world.refresh();
    world.begin(&plan, 2);
    world.run_all();
    let theirs = world.sharing(1);
    let shown = world.record(1).exchange().unwrap();
    assert_eq!(older.learn(&shown).err(), Some(Usage::OtherSharing { ours: old, theirs }));
    assert_eq!(older.key().unwrap().public().sharing(), old, "nothing was shown that would let it go");
    // A reshare brings the restored party back, as one that only receives.
    let plan = world.reshare(&[1, 2], &[1, 2, 3], 2);
    let party = world.party(3);
    (party.record, party.store) = (restored, store);
    party.attempts.clear();
    world.begin(&plan, 3);
    world.run_all();
    world.all_sign(&[1, 2, 3]);
}

/// a record out of a backup, in the middle of an attempt and long after. It learns, and says so when it is old;
/// only an empty store takes it, and only with the party's own identity.
#[test]
fn r_13_a_record_out_of_a_backup() {
    use crate::key::backup::{BackupSecretKey, StoredKey, recipient};
    let vault = BackupSecretKey::generate(&mut rng(7, 0)).unwrap();
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let (old, plan) = (world.sharing(3), world.refresh());
    world.begin(&plan, 1);
    world.run(|mail| mail.round() < 3);
    // 3 has confirmed: its pending share is in the copy.
    let file = recipient::seal(&world.record(3).copy(), &vault.public(), &identity(3), &mut rng(7, 1)).unwrap();
    let open = || vault.open::<RecordCopy<S>>(&file, &identity(3).public()).unwrap();
    assert_eq!(open().to_record(), world.record(3).to_bytes());
    assert_eq!(vault.open::<KeyShare<S>>(&file, &identity(3).public()).err(), Some(Usage::Malformed));
    assert_eq!(open().restore(Arc::new(CrashStore::default()), &identity(2)).err(), Some(Usage::OtherIdentity));
    assert_eq!(open().restore(world.parties[&1].store.clone(), &identity(3)).err(), Some(Usage::RecordExists));
    // The machine is lost; the restored party says again what it had said, and the attempt becomes done.
    let store = Arc::new(CrashStore::default());
    let before = world.record(3).generation;
    let restored = open().restore(store.clone(), &identity(3)).unwrap();
    assert!(restored.generation > before, "a later record than any of before");
    world.queue.clear();
    let party = world.party(3);
    (party.record, party.store) = (restored, store);
    party.restart();
    for n in [1, 2, 3] {
        let again = world.record(n).resend().unwrap();
        world.post(n, again);
    }
    world.exchange(&[1, 2, 3]);
    let now = world.all_sign(&[1, 2, 3]);
    assert_ne!(now, old);
    // The same file a sharing later: the copy learns that it is old, and nobody is accused.
    let plan = world.refresh();
    world.begin(&plan, 2);
    world.run_all();
    let mut late = open().restore(Arc::new(CrashStore::default()), &identity(3)).unwrap();
    let theirs = world.sharing(1);
    let shown = world.record(1).exchange().unwrap();
    assert_eq!(late.learn(&shown).err(), Some(Usage::OtherSharing { ours: old, theirs }));
    assert!(late.contradictions().is_empty());
    assert!([1, 2].iter().all(|n| world.parties[n].record.contradictions().is_empty()));
}

/// what hangs on the old sharing goes before the acknowledgement leaves; the old share when all have said so.
#[test]
fn r_07_old_material_goes() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let (old, plan) = (world.sharing(1), world.refresh());
    *world.party(2).dependent.fails.lock().unwrap() = true;
    world.begin(&plan, 1);
    let mut acks = Vec::new();
    world.run(|mail| {
        if mail.round() == 4 {
            acks.push(mail.clone());
        }
        // 2 dies over its dependents again and again.
        mail.to != 2 || mail.round() < 3
    });
    assert!(acks.iter().all(|mail| mail.from != 2));
    assert_eq!(*world.parties[&1].dependent.retired.lock().unwrap(), [old]);
    let old_share = |world: &World, n: u16| {
        world.parties[&n].record.steps.iter().any(|s| s.old.sharing() == old && s.share.is_some())
    };
    assert!(old_share(&world, 1), "2 has not acknowledged");
    let shown = world.record(1).exchange().unwrap();
    let record = world.record(2);
    assert_eq!(record.learn(&shown).err(), Some(Usage::StoreFailed));
    assert_eq!(record.exchange().err(), Some(Usage::StoreFailed), "the acknowledgement does not leave");
    assert_eq!(record.resend().err(), Some(Usage::StoreFailed));
    assert_eq!(record.key().err(), Some(Usage::StoreFailed));
    let dependents: Vec<Arc<dyn Retire>> = alloc::vec![world.parties[&2].dependent.clone()];
    let store = world.parties[&2].store.clone();
    assert_eq!(KeyRecord::<S>::open(store, &identity(2), dependents).err(), Some(Usage::StoreFailed));
    *world.party(2).dependent.fails.lock().unwrap() = false;
    world.party(2).restart();
    assert_eq!(*world.parties[&2].dependent.retired.lock().unwrap(), [old]);
    world.exchange(&[1, 2, 3]);
    assert!((1..4).all(|n| !old_share(&world, n)));
    // Once more when it is over: somebody may have been at work on one of the old sharing.
    assert_eq!(*world.parties[&1].dependent.retired.lock().unwrap(), [old, old]);
    let now = world.all_sign(&[1, 2, 3]);
    let bytes = world.parties[&1].store.load().unwrap().unwrap();
    let share = shares(2, &[1, 2, 3])[0].to_bytes();
    let secret = &share[share.len() - 16 - 3 - 64..][..32];
    assert!(!bytes.windows(32).any(|window| window == secret), "the old share is not in the record");
    assert_ne!(now, old);
}

/// an absent holder lets go of its share for nothing less than: dealers that it knows, certificate, all
/// acknowledgements.
#[test]
fn r_16_an_absent_holder_keeps_its_share() {
    let mut world = World::new(2, &[1, 2, 3], &[4]);
    let plan = world.reshare(&[1, 2], &[1, 2, 4], 2);
    world.begin(&plan, 1);
    let old = world.sharing(3);
    let mut states = Vec::new();
    while let Some(mail) = world.queue.pop_front() {
        if mail.to != 3 {
            world.deliver(&mail);
            for n in [1, 2, 4] {
                let incomplete = world.parties[&n].record.status().iter().any(|attempt| !attempt.missing.is_empty());
                if incomplete {
                    states.push(world.record(n).exchange().unwrap());
                }
            }
        }
    }
    assert!(states.len() > 5);
    for shown in &states {
        let moved = world.record(3).learn(shown);
        assert!(moved.is_ok_and(|moved| moved.news.is_empty()));
        assert_eq!(world.key(3).public().sharing(), old);
    }
    let whole = world.record(1).exchange().unwrap();
    // The same from a made-up set that has nothing to do with the key.
    let mut other = World::new(2, &[1, 2, 3], &[4]);
    let made_up = hazmat::split(
        &Transcript::new("record-test-other-key").secret_scalar::<crate::curve::Ed25519>(),
        Threshold::new(2).unwrap(),
        &parties(&[1, 2]),
        &mut rng(5, 5),
    );
    for share in made_up.unwrap() {
        let n = share.me().get();
        other.add(n, |store| KeyRecord::create(store, &identity(n), share));
    }
    let plan = other.reshare(&[1, 2], &[1, 2], 2);
    other.begin(&plan, 1);
    other.run(|mail| mail.to < 3);
    let shown = other.record(1).exchange().unwrap();
    assert_eq!(world.record(3).learn(&shown).err(), Some(Usage::OtherKey));
    // Cuts and flipped bits of the true one, with a checksum that is right.
    let head = 11 + S::NAME.len();
    let body = &whole[head..whole.len() - 16];
    let wrap = |body: &[u8]| {
        let kind = crate::record::Kind { tag: 9, version: 1 };
        crate::record::write(kind, S::NAME, body.len(), |out| out.extend_from_slice(body)).to_vec()
    };
    assert_eq!(wrap(body), whole);
    // The last 33 bytes are about a sharing that 3 does not know, and does not look at.
    for at in (64..body.len() - 33).step_by(13) {
        let mut flipped = body.to_vec();
        flipped[at] ^= 1;
        for shown in [wrap(&flipped), wrap(&body[..at]), whole[..at].to_vec()] {
            assert!(world.record(3).learn(&shown).map_or(true, |moved| moved.news.is_empty()), "{at}");
            assert_eq!(world.key(3).public().sharing(), old);
        }
    }
    assert_eq!(world.key(3).public().sharing(), old);
    assert_eq!(world.record(3).learn(&whole).unwrap().news, [News::Retired(old)]);
    assert_eq!(world.parties[&3].record.key().err(), Some(Usage::Retired));
    world.party(3).restart();
    assert_eq!(world.parties[&3].record.key().err(), Some(Usage::Retired));
    assert_eq!(world.parties[&3].dependent.retired.lock().unwrap().first(), Some(&old));
}

/// The share that was discarded does not come back; what was acknowledged is not discarded.
#[test]
fn r_01_discard() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let plan = world.refresh();
    world.begin(&plan, 1);
    world.run(|mail| mail.round() < 3);
    let to = world.parties[&1].record.status()[0].to;
    world.record(1).discard(&to).unwrap();
    assert_eq!(world.parties[&1].record.status()[0].state, State::Discarded);
    let other = world.sharing(2);
    assert_eq!(world.record(1).discard(&other), Err(Usage::UnknownAttempt));
    world.party(1).restart();
    assert_eq!(world.parties[&1].record.status()[0].state, State::Discarded);
    // The others finish: 1 keeps its old share, and cannot sign with them.
    for n in [1, 2, 3] {
        let again = world.record(n).resend().unwrap();
        world.post(n, again);
    }
    world.run_all();
    assert_eq!((world.sharing(2), world.sharing(3)), (to, to));
    assert_ne!(world.sharing(1), to);
    assert_eq!(world.record(2).discard(&to), Err(Usage::Acknowledged));
    assert!(world.parties[&2].record.steps[0].share.is_some(), "1 has not acknowledged");
}

/// A record is bounded: so many attempts, and no more.
#[test]
fn r_14_attempts_are_bounded() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let plan = world.refresh();
    for label in 0..MAX_ATTEMPTS as u8 {
        world.begin(&plan, label);
        world.run(|mail| mail.round() < 3);
    }
    assert_eq!(world.begin_at(1, &plan, 99), Err(Usage::TooMany));
    let bytes = world.parties[&1].store.load().unwrap().unwrap();
    assert!(bytes.len() < 80_000, "{}", bytes.len());
    world.party(1).restart();
    assert_eq!(world.parties[&1].record.status().len(), MAX_ATTEMPTS);
}

/// at the bounds, an attempt without whoever holds things up may go on; what was discarded counts no more.
#[test]
fn r_14_the_bounds_stop_no_way_out() {
    use crate::party::View;
    let [all, without] = [&[1, 2, 3][..], &[1, 2]].map(parties);
    let view = |n: u8| View::from_bytes([n; 32]);
    let mut ledger = super::ledger::Ledger::new(id(1), None);
    for n in 0..MAX_ATTEMPTS as u8 {
        assert_eq!(ledger.confirm(view(n), all.clone()), Ok(true));
        ledger.add_confirm(&view(n), id(2));
    }
    assert_eq!(ledger.confirm(view(100), all.clone()), Err(Usage::TooMany));
    assert_eq!(ledger.confirm(view(100), without.clone()), Ok(true));
    ledger.discard(&view(0)).unwrap();
    ledger.discard(&view(1)).unwrap();
    assert_eq!(ledger.confirm(view(101), all.clone()), Ok(true));
    assert_eq!(ledger.confirm(view(102), all), Err(Usage::TooMany));
    for n in 120..=255 {
        let _ = ledger.confirm(view(n), parties(&[1]));
    }
    assert_eq!(ledger.entries.len(), 18 + 136);
    // 3 never acknowledges, and the record is full of sharings on their way.
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let plan = world.refresh();
    world.begin(&plan, 1);
    world.run(|mail| mail.from != 3 || mail.round() < 4);
    let public = world.public(1);
    while world.record(1).steps.len() < MAX_STEPS - 1 {
        world.record(1).steps.push(Step::new((id(1), identity(1).public()), public.clone(), None));
    }
    let (refresh, reshare) = (world.refresh(), world.reshare(&[1, 2], &[1, 2], 2));
    assert_eq!(world.begin_at(1, &refresh, 2), Err(Usage::TooMany));
    world.begin(&reshare, 3);
    world.run(|mail| mail.to < 3);
    world.all_sign(&[1, 2]);
    assert!(world.parties[&1].record.steps.len() < MAX_STEPS);
}

/// The stored form: every cut and every flipped bit is refused.
#[test]
fn r_13_damaged_records_are_refused() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let plan = world.refresh();
    world.begin(&plan, 1);
    world.run(|mail| mail.round() < 4);
    let bytes = world.parties[&1].store.load().unwrap().unwrap();
    let open = |bytes: &[u8]| {
        let store = CrashStore::default();
        store.inner.save(0, bytes).unwrap();
        KeyRecord::<S>::open(Arc::new(store), &identity(1), Vec::new()).map(drop)
    };
    assert_eq!(open(&bytes), Ok(()));
    for at in (0..bytes.len()).step_by(11) {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1;
        assert!(open(&flipped).is_err() && open(&bytes[..at]).is_err());
    }
    let used = KeyRecord::create(world.parties[&1].store.clone(), &identity(1), shares(2, &[1, 2, 3]).remove(0));
    assert_eq!(used.err(), Some(Usage::RecordExists));
    let other = KeyRecord::create(Arc::new(CrashStore::default()), &identity(2), shares(2, &[1, 2, 3]).remove(0));
    assert_eq!(other.err(), Some(Usage::OtherIdentity));
    assert!(KeyRecord::<S>::open(Arc::new(CrashStore::default()), &identity(1), Vec::new()).unwrap().is_none());
}
