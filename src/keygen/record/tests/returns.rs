//! Parties that come back without what they had signed, calls that fail half-way, and who is told to forget.

use super::*;
use crate::keygen::certificate::CONFIRMS;

/// A party's disk is lost; it comes back with these stored bytes, or by a repair.
fn come_back(world: &mut World, n: u16, copy: Option<&[u8]>) {
    let store = Arc::new(CrashStore::default());
    let share = shares(2, &[1, 2, 3]).remove(usize::from(n) - 1);
    match copy {
        Some(copy) => store.inner.save(1, copy).unwrap(),
        None => drop(KeyRecord::create(store.clone(), &identity(n), share).unwrap()),
    }
    world.queue.retain(|mail| mail.to != n);
    let party = world.party(n);
    party.store = store;
    party.restart();
}

/// a party confirms, loses its disk, and comes back by a copy or a repair. It has exchanged, so what it signs next
/// lists the attempt that it does not know, and it is accused of nothing.
#[test]
fn r_14_a_lost_confirm_accuses_nobody() {
    for from_copy in [true, false] {
        let mut world = World::new(2, &[1, 2, 3], &[]);
        let copy = world.parties[&1].store.load().unwrap().unwrap();
        let plan = world.refresh();
        world.begin(&plan, 1);
        let mut withheld = world.withhold(|mail| mail.round() == 3 && (mail.from == 3 || mail.to == 3));
        withheld.retain(|mail| mail.from == 3);
        come_back(&mut world, 1, from_copy.then_some(copy.as_slice()));
        world.exchange(&[1, 2]);
        world.party(1).restart();
        let status = world.parties[&1].record.status();
        assert_eq!(status.iter().map(|attempt| attempt.state).collect::<Vec<_>>(), [State::Discarded]);
        // The second attempt: all confirm and acknowledge. Only then the withheld confirm is shown.
        world.begin(&plan, 2);
        world.run(|mail| mail.round() < 4);
        for mail in &withheld {
            world.deliver(mail);
        }
        world.exchange(&[1, 2, 3]);
        for party in world.parties.values() {
            assert!(party.record.contradictions().is_empty(), "{from_copy} {}", party.n);
            assert!(!party.news.iter().any(|news| matches!(news, News::Contradiction(_))));
        }
        world.all_sign(&[1, 2, 3]);
    }
}

/// where it had acknowledged, it confirms nothing more in that era, and lets go of its old share once that
/// attempt is done.
#[test]
fn r_14_a_lost_acknowledgement_is_kept() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let copy = world.parties[&1].store.load().unwrap().unwrap();
    let (old, plan) = (world.sharing(1), world.refresh());
    world.begin(&plan, 1);
    // 3 acknowledges in the end; all that it says then is late.
    world.run(|mail| mail.from != 3 || mail.round() < 4);
    let now = world.sharing(2);
    come_back(&mut world, 1, Some(&copy));
    let shown = world.record(2).exchange().unwrap();
    let behind = Usage::OtherSharing { ours: old, theirs: now };
    assert_eq!(world.record(1).learn(&shown).err(), Some(behind));
    world.party(1).restart();
    assert_eq!(world.begin_at(1, &plan, 2), Err(Usage::Acknowledged));
    assert_eq!(world.key(1).public().sharing(), old, "not all are known to have their shares");
    let shown = world.record(3).exchange().unwrap();
    assert_eq!(world.record(1).learn(&shown).unwrap().news, [News::Retired(old)]);
    assert_eq!(world.parties[&1].record.key().err(), Some(behind));
    assert!(world.parties.values().all(|party| party.record.contradictions().is_empty()));
}

/// a confirm that the record refused, or could not store, is nowhere to be had.
#[test]
fn r_01_an_unstored_confirm_does_not_leave() {
    for expected in [None, Some(Usage::StoreFailed), Some(Usage::Acknowledged)] {
        let mut world = World::new(2, &[1, 2, 3], &[]);
        let (old, plan) = (world.sharing(1), world.refresh());
        world.begin(&plan, 1);
        match expected {
            Some(Usage::StoreFailed) => {
                let writes = world.parties[&1].store.writes.load(Ordering::SeqCst);
                *world.party(1).store.cut.lock().unwrap() = Some((writes, Cut::Before));
            }
            Some(_) => world.record(1).reopen(&old, 1).unwrap(),
            None => {}
        }
        let mut failed = None;
        while let Some(mail) = world.queue.pop_front() {
            if mail.to != 1 {
                world.deliver(&mail);
                continue;
            }
            let party = world.party(1);
            match party.attempts[0].receive(&mut party.record, &mail.bytes) {
                Ok(moved) => world.post(1, moved.send),
                Err(Error::Usage(usage)) => {
                    failed = failed.or(Some(usage));
                }
                Err(Error::Abort(abort)) => panic!("{abort:?}"),
            }
        }
        assert_eq!(failed, expected);
        let rounds = world.parties[&1].attempts[0].sent().map(|parcel| parcel.bytes[2]).collect::<Vec<_>>();
        assert_eq!(rounds.contains(&CONFIRMS), expected.is_none(), "{rounds:?}");
        assert!(rounds.contains(&1));
    }
}

/// An attempt that is given another key's record, or another party's, is unharmed, and so is that record.
#[test]
fn r_15_a_record_of_something_else() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let secret = Transcript::new("record-test-other-key").secret_scalar::<crate::curve::Ed25519>();
    let other = hazmat::split(&secret, Threshold::new(2).unwrap(), &parties(&[1, 2, 3]), &mut rng(5, 5)).unwrap();
    let store = Arc::new(CrashStore::default());
    let mut other = KeyRecord::<S>::create(store.clone(), &identity(1), other.into_iter().next().unwrap()).unwrap();
    let (before, plan) = (store.load().unwrap(), world.refresh());
    world.begin(&plan, 1);
    while let Some(mail) = world.queue.pop_front() {
        if mail.to == 1 {
            let mut party = world.parties.remove(&1).unwrap();
            let attempt = &mut party.attempts[0];
            let wrong = attempt.receive(&mut other, &mail.bytes).map(drop);
            assert!(matches!(wrong, Err(Error::Usage(Usage::OtherKey))));
            let wrong = attempt.receive(world.record(2), &mail.bytes).map(drop);
            assert!(matches!(wrong, Err(Error::Usage(Usage::OtherIdentity))));
            world.parties.insert(1, party);
        }
        world.deliver(&mail);
    }
    world.all_sign(&[1, 2, 3]);
    assert_eq!(store.load().unwrap(), before);
}

/// a record that grows while an attempt is under way can still be read.
#[test]
fn r_01_what_is_saved_can_be_read() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let (public, plan) = (world.public(1), world.refresh());
    world.begin(&plan, 1);
    for _ in 0..MAX_STEPS {
        world.record(1).steps.push(Step::new((id(1), identity(1).public()), public.clone(), None));
    }
    world.run(|mail| mail.round() < 4);
    world.party(1).restart();
    assert!(world.parties[&1].record.steps.len() > MAX_STEPS);
    world.exchange(&[1, 2, 3]);
    world.all_sign(&[1, 2, 3]);
    // What is of another key is not written, and does no harm.
    let mut other = shares(2, &[1, 2, 3]).remove(0).public().clone();
    let mut made = Transcript::new("record-test-other").rng();
    let secret = crate::curve::random_scalar::<crate::curve::Ed25519>(&mut made);
    let split = hazmat::split::<S>(&secret, Threshold::new(2).unwrap(), &parties(&[1, 2, 3]), &mut made).unwrap();
    other.clone_from(split[0].public());
    world.record(1).steps.push(Step::new((id(1), identity(1).public()), other, None));
    assert_eq!(world.record(1).save(), Err(Usage::TooMany));
    world.record(1).steps.pop();
    assert_eq!(world.record(1).save(), Ok(()));
}

/// the sharing that was in use is told to go, also where the one that takes its place was acknowledged long ago.
#[test]
fn r_07_the_sharing_that_was_in_use_goes() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let (old, plan) = (world.sharing(1), world.refresh());
    world.begin(&plan, 1);
    let acks = world.withhold(|mail| mail.round() >= 4);
    let now = world.sharing(1);
    world.record(1).reopen(&old, 1).unwrap();
    assert_eq!(*world.parties[&1].dependent.retired.lock().unwrap(), [old, now]);
    world.party(1).dependent.retired.lock().unwrap().clear();
    // Presignatures of the old sharing are made again; then the attempt of before becomes done.
    for mail in acks.iter().filter(|mail| mail.to == 1) {
        world.deliver(mail);
    }
    assert_eq!(world.sharing(1), now);
    assert_eq!(*world.parties[&1].dependent.retired.lock().unwrap(), [old]);
}

/// who acknowledged something in an earlier era lets go of its old share when it is left out of a later one; what
/// is added afterwards is told as well.
#[test]
fn r_07_a_share_of_an_earlier_era_goes() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let (old, plan) = (world.sharing(3), world.refresh());
    world.begin(&plan, 1);
    world.run(|mail| mail.round() < 4);
    for n in [1, 2, 3] {
        world.party(n).attempts.clear();
        world.record(n).reopen(&old, 1).unwrap();
    }
    let plan = world.reshare(&[1, 2], &[1, 2], 2);
    world.begin(&plan, 2);
    world.run(|mail| mail.to < 3);
    world.all_sign(&[1, 2]);
    assert_eq!(world.key(3).public().sharing(), old);
    world.party(3).dependent.retired.lock().unwrap().clear();
    world.show(1, 3);
    assert!(world.parties[&3].news.contains(&News::Retired(old)));
    assert_eq!(world.parties[&3].record.key().err(), Some(Usage::Retired));
    assert!(world.parties[&3].record.step(&old).is_some_and(|step| step.share.is_none()));
    assert_eq!(*world.parties[&3].dependent.retired.lock().unwrap(), [old]);
    let late = Arc::new(Dependent::default());
    world.record(3).add_dependent(late.clone()).unwrap();
    assert!(late.retired.lock().unwrap().contains(&old));
    world.party(3).dependent.retired.lock().unwrap().clear();
    world.party(3).restart();
    assert!(world.parties[&3].dependent.retired.lock().unwrap().contains(&old));
}

/// of two records on one store, the one that knows less writes nothing.
#[test]
fn r_01_two_records_on_one_store() {
    let store = Arc::new(MemoryKeyStore::new());
    let mut one = KeyRecord::<S>::create(store.clone(), &identity(1), shares(2, &[1, 2, 3]).remove(0)).unwrap();
    let mut two = KeyRecord::<S>::open(store.clone(), &identity(1), Vec::new()).unwrap().unwrap();
    let (to, plan) = (one.current, Plan::refresh(one.public().unwrap()).unwrap());
    one.reopen(&to, 1).unwrap();
    assert_eq!(two.mark_exported(), Err(Usage::StoreFailed));
    assert_eq!(two.attempt(&plan, Label::from_bytes([1; 32]), &mut rng(1, 1)).err(), Some(Usage::StoreFailed));
    one.mark_exported().unwrap();
    let stored = KeyRecord::<S>::open(store, &identity(1), Vec::new()).unwrap().unwrap();
    assert_eq!(stored.steps[0].ledger.era, 1);
}

/// a repaired share comes into the record that is there: what was signed in it stays.
#[test]
fn r_14_a_repaired_share_is_adopted() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let plan = world.refresh();
    world.begin(&plan, 1);
    world.run(|mail| mail.round() < 3);
    let (repaired, signed) = (shares(2, &[1, 2, 3]), world.parties[&1].record.status());
    let mut others = repaired.into_iter();
    let own = others.next().unwrap();
    assert_eq!(world.record(1).adopt(own.duplicate()), Err(Usage::RecordExists));
    assert_eq!(world.record(1).adopt(others.next().unwrap()), Err(Usage::OtherIdentity));
    world.record(1).steps[0].share = None;
    world.record(1).adopt(own.duplicate()).unwrap();
    world.party(1).restart();
    assert_eq!(world.parties[&1].record.status(), signed);
    world.all_sign(&[1, 2, 3]);
    // One of a sharing that came later, of which the record has heard only.
    for n in [1, 2, 3] {
        let again = world.record(n).resend().unwrap();
        world.post(n, again);
    }
    let copy = world.parties[&1].store.load().unwrap().unwrap();
    world.run_all();
    let (old, later) = (own.public().sharing(), world.key(1));
    come_back(&mut world, 1, Some(&copy));
    world.record(1).adopt(later.duplicate()).unwrap();
    assert_eq!(world.parties[&1].dependent.retired.lock().unwrap().last(), Some(&old));
    world.party(1).restart();
    world.all_sign(&[1, 2, 3]);
    world.exchange(&[1, 2, 3]);
    world.all_sign(&[1, 2, 3]);
    assert!(world.parties[&1].record.step(&old).is_none_or(|step| step.share.is_none()));
    assert_eq!(world.record(1).adopt(own), Err(Usage::Retired));
}

/// an operator may reopen twice; what counts is the era that it names.
#[test]
fn r_14_reopening_twice_is_once() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let (old, plan) = (world.sharing(1), world.refresh());
    for (n, times) in [(1, 1), (2, 3), (3, 2)] {
        for _ in 0..times {
            world.record(n).reopen(&old, 1).unwrap();
        }
    }
    world.begin(&plan, 1);
    world.run_all();
    assert_ne!(world.all_sign(&[1, 2, 3]), old);
    assert!(world.parties.values().all(|party| party.record.status().iter().all(|attempt| attempt.era == 1)));
}

/// a party comes back by a repair under another identity key, at all parties, while an attempt of before is
/// discarded and still shown. What its lost key has signed, or a thief signs with it now, is not held against it.
#[test]
fn r_14_a_new_identity_after_a_repair() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let (plan, old) = (world.refresh(), world.key(3));
    world.begin(&plan, 1);
    let mut withheld = world.withhold(|mail| mail.round() >= 3);
    withheld.retain(|mail| mail.round() == 3 && mail.from == 3);
    // Party 3 has confirmed; its disk and identity are lost. Nothing changes while the attempt is pending.
    let (newer, pending) = (identity(30).public(), world.parties[&1].record.status()[0].to);
    assert_eq!(world.record(1).set_identity(id(3), newer), Err(Usage::AttemptUnderWay));
    for n in [1, 2] {
        world.record(n).discard(&pending).unwrap();
        assert_eq!(world.record(n).set_identity(id(4), newer), Err(Usage::UnknownParty(id(4))));
        assert_eq!(world.record(n).set_identity(id(3), identity(1).public()), Err(Usage::DuplicateIdentity(id(3))));
        assert_eq!(world.record(n).set_identity(id(n), identity(31).public()), Err(Usage::OtherIdentity));
        world.record(n).set_identity(id(3), newer).unwrap();
        let writes = world.parties[&n].store.writes.load(Ordering::SeqCst);
        world.record(n).set_identity(id(3), newer).unwrap();
        assert_eq!(world.parties[&n].store.writes.load(Ordering::SeqCst), writes, "nothing has changed");
        world.party(n).restart();
        assert_eq!(world.key(n).public().parties().identity(id(3)), Some(&newer));
    }
    // The repaired share, as the helpers' package has it; in a record of its own.
    let mut repaired = old.duplicate();
    repaired.set_identity(id(3), newer).unwrap();
    let store = Arc::new(CrashStore::default());
    drop(KeyRecord::create(store.clone(), &identity(30), repaired).unwrap());
    world.queue.clear();
    let party = world.party(3);
    (party.store, party.identity) = (store, 30);
    party.restart();
    for (from, to) in [(1, 3), (3, 1), (2, 3), (3, 2)] {
        let shown = world.record(from).exchange().unwrap();
        assert!(world.record(to).learn(&shown).is_ok(), "{from} {to}");
    }
    world.all_sign(&[1, 2, 3]);
    // The next refresh is about the new identity; the confirm of the old one comes late.
    let plan = world.refresh();
    assert_eq!(plan.holders().identity(id(3)), Some(&newer));
    world.begin(&plan, 2);
    world.run(|mail| mail.round() < 4 || mail.from == 3);
    // All have its acknowledgement, which does not list what its former key has confirmed.
    for mail in &withheld {
        world.deliver(mail);
        let record = world.record(mail.to);
        assert!(record.status().iter().any(|attempt| attempt.to == pending && attempt.confirmed.contains(&id(3))));
        assert!(record.contradictions().is_empty());
    }
    let accused = |party: &Party| party.news.iter().any(|news| matches!(news, News::Contradiction(_)));
    assert!(!world.parties.values().any(accused));
    world.exchange(&[1, 2, 3]);
    for party in world.parties.values() {
        assert_eq!(party.record.status()[0].state, State::Done);
        assert!(party.record.contradictions().is_empty(), "{}", party.n);
    }
    world.all_sign(&[1, 2, 3]);
}

/// A record that is left, an older copy, takes the repaired share once it knows the new identity.
#[test]
fn r_14_a_new_identity_in_an_old_record() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let (newer, public) = (identity(30).public(), world.public(1));
    let mut repaired = world.key(3).duplicate();
    repaired.set_identity(id(3), newer).unwrap();
    let store = Arc::new(CrashStore::default());
    let mut record = KeyRecord::join(store, &identity(30), id(3), &public, &public.digest()).unwrap();
    assert_eq!(record.adopt(repaired.duplicate()), Err(Usage::OtherKey));
    record.set_identity(id(3), newer).unwrap();
    record.adopt(repaired).unwrap();
    for n in [1, 2] {
        world.record(n).set_identity(id(3), newer).unwrap();
    }
    signs(&[world.key(1), Arc::clone(record.key().unwrap())]);
}

/// A party comes back under another identity key: the others follow, and a peer that missed an attempt meanwhile ends
/// with the share that a repair has brought, under the new names, in a record that can be read.
#[test]
fn r_14_a_new_identity_beside_a_pending_attempt() {
    let mut world = World::new(2, &[1, 2, 3, 4], &[]);
    let plan = world.refresh();
    world.begin(&plan, 1);
    // Party 1 confirms and hears no more.
    world.run(|mail| mail.to != 1 || mail.round() < 3);
    assert_eq!(world.parties[&1].record.status()[0].state, State::Pending);
    assert_ne!(world.sharing(1), world.sharing(2));
    let newer = identity(40).public();
    for n in [2, 3] {
        world.record(n).set_identity(id(4), newer).unwrap();
    }
    // A repair brings it the share of the later sharing, with the new identity of party 4.
    let pending = world.parties[&1].record.steps[0].held[0].pending.as_ref().unwrap().duplicate();
    let certificate = world.parties[&2].record.steps[0].held[0].log.certificate().unwrap();
    let mut repaired = pending.activate(&certificate).unwrap();
    repaired.set_identity(id(4), newer).unwrap();
    world.record(1).adopt(repaired).unwrap();
    world.exchange(&[1, 2, 3]);
    for n in [1, 2, 3] {
        world.party(n).restart();
        assert_eq!(*world.key(n).public(), world.public(2));
        assert_eq!(world.key(n).public().parties().identity(id(4)), Some(&newer));
    }
    signs(&[world.key(1), world.key(3)]);
}

/// What a thief signs with a lost identity key binds the party that came after it to nothing, in its own record either.
#[test]
fn r_14_a_lost_identity_key_binds_nobody() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let (plan, newer) = (world.refresh(), identity(30).public());
    world.begin(&plan, 1);
    world.run(|mail| mail.round() < 3);
    // All have confirmed, and no confirm has arrived. The disk of party 3 goes to a thief, who goes on with it.
    let stolen = world.parties[&3].store.load().unwrap().unwrap();
    let thief = Arc::new(MemoryKeyStore::new());
    thief.save(1, &stolen).unwrap();
    let mut thief = KeyRecord::<S>::open(thief, &identity(3), Vec::new()).unwrap().unwrap();
    for n in [1, 2] {
        drop(thief.learn(&world.record(n).exchange().unwrap()).unwrap());
    }
    assert_eq!(thief.status()[0].acknowledged, [id(3)]);
    let forged = thief.exchange().unwrap();
    let old = world.parties[&1].record.steps[0].old.clone();
    let mut repaired = shares(2, &[1, 2, 3]).remove(2);
    repaired.set_identity(id(3), newer).unwrap();
    let store = Arc::new(MemoryKeyStore::new());
    // The old record comes back from a backup, under the new key; or a repair begins a new one.
    let copy: RecordCopy<S> = crate::key::backup::StoredKey::from_record(&stolen).unwrap();
    let mut back = copy.restore_under(store, &identity(30)).unwrap();
    let mut fresh = KeyRecord::create(Arc::new(MemoryKeyStore::new()), &identity(30), repaired).unwrap();
    assert_ne!(fresh.public().unwrap(), &old);
    for record in [&mut back, &mut fresh] {
        // The others may have moved on by it, so it is told; nothing else follows.
        let (current, theirs) = (record.current, thief.current);
        assert_eq!(record.learn(&forged).err(), Some(Usage::OtherSharing { ours: current, theirs }));
        assert_eq!(record.current, current);
        let ledger = &record.step(&current).unwrap().ledger;
        assert_eq!(ledger.check_open(plan.holders()), Ok(()));
        assert_eq!(ledger.due(), None);
        assert_eq!(record.public().unwrap().parties().identity(id(3)), Some(&newer));
    }
}

/// in a backup an attempt is pending that the former key has acknowledged since, and that is done: its share is in
/// use under the new key, for nobody else has the old sharing any more.
#[test]
fn r_14_a_share_is_inherited_from_a_lost_key() {
    let mut world = World::new(2, &[1, 2], &[]);
    let plan = world.refresh();
    world.begin(&plan, 1);
    world.run(|mail| mail.to != 1 || mail.round() < 3);
    let stored = world.parties[&1].store.load().unwrap().unwrap();
    assert_eq!(world.parties[&1].record.status()[0].state, State::Pending);
    world.exchange(&[1, 2]);
    assert_eq!(world.parties[&2].record.status()[0].state, State::Done);
    // Party 1 loses disk and identity.
    let (newer, after) = (identity(10).public(), world.sharing(2));
    let copy: RecordCopy<S> = crate::key::backup::StoredKey::from_record(&stored).unwrap();
    let store = Arc::new(CrashStore::default());
    let mut back = copy.restore_under(store.clone(), &identity(10)).unwrap();
    let shown = world.record(2).exchange().unwrap();
    let moved = back.learn(&shown).unwrap();
    assert!(moved.send.is_empty());
    assert_eq!(moved.news, [News::Done(after)]);
    world.record(2).set_identity(id(1), newer).unwrap();
    let back = KeyRecord::open(store, &identity(10), Vec::new()).unwrap().unwrap();
    assert_eq!(back.key().unwrap().public(), &world.public(2));
    signs(&[Arc::clone(back.key().unwrap()), world.key(2)]);
}

/// a party that lost its record, and not its key, lists what it confirmed about identities of before.
#[test]
fn r_14_a_lost_confirm_about_former_identities_accuses_nobody() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let (plan, newer) = (world.refresh(), identity(30).public());
    world.begin(&plan, 1);
    // All but party 3 hear the confirms of each other.
    world.run(|mail| mail.round() < 3 || (mail.to != 3 && mail.from != 3));
    let pending = world.parties[&1].record.status()[0].to;
    for n in [1, 2] {
        world.record(n).discard(&pending).unwrap();
        world.record(n).set_identity(id(3), newer).unwrap();
    }
    let mut three = world.key(3).duplicate();
    three.set_identity(id(3), newer).unwrap();
    // Party 1 loses its record and comes back by a repair; party 3 under its new key.
    let mut one = shares(2, &[1, 2, 3]).remove(0);
    one.set_identity(id(3), newer).unwrap();
    for (n, key, share) in [(1, 1, one), (3, 30, three)] {
        let store = Arc::new(CrashStore::default());
        drop(KeyRecord::create(store.clone(), &identity(key), share).unwrap());
        let party = world.party(n);
        (party.store, party.identity) = (store, key);
        party.restart();
    }
    world.queue.clear();
    world.exchange(&[1, 2, 3]);
    let status = world.parties[&1].record.status();
    assert_eq!(status.iter().map(|attempt| attempt.state).collect::<Vec<_>>(), [State::Discarded]);
    world.party(1).restart();
    assert!(world.parties[&3].record.status().is_empty(), "it was in none by the key it has");
    let plan = world.refresh();
    world.begin(&plan, 2);
    world.run(|mail| mail.round() < 4 || mail.from == 1);
    for party in world.parties.values() {
        assert!(party.record.contradictions().is_empty(), "{}", party.n);
        assert!(!party.news.iter().any(|news| matches!(news, News::Contradiction(_))));
    }
    world.exchange(&[1, 2, 3]);
    world.all_sign(&[1, 2, 3]);
}

/// Who has not followed a change of identity is told that the others have moved on.
#[test]
fn r_14_who_does_not_follow_is_told() {
    let mut world = World::new(2, &[1, 2, 3, 4], &[]);
    let (newer, old) = (identity(40).public(), world.sharing(1));
    let mut three = world.key(4).duplicate();
    three.set_identity(id(4), newer).unwrap();
    let store = Arc::new(CrashStore::default());
    drop(KeyRecord::create(store.clone(), &identity(40), three).unwrap());
    let party = world.party(4);
    (party.store, party.identity) = (store, 40);
    party.restart();
    for n in [2, 3] {
        world.record(n).set_identity(id(4), newer).unwrap();
    }
    let public = world.public(2);
    let holders = public.parties().subset([2, 3, 4].map(id)).unwrap();
    let plan = Plan::reshare(&public, [2, 3].map(id), holders, Threshold::new(2).unwrap()).unwrap();
    world.begin(&plan, 1);
    world.run_all();
    let shown = world.record(2).exchange().unwrap();
    let behind = Usage::OtherSharing { ours: old, theirs: world.sharing(2) };
    assert_eq!(world.record(1).learn(&shown).err(), Some(behind));
}

/// an attempt that is still in memory when its sharing is over is confirmed no more.
#[test]
fn r_01_an_attempt_from_a_sharing_that_is_over() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let plan = world.refresh();
    world.begin(&plan, 1);
    let withheld = world.withhold(|mail| mail.round() == 2 && (mail.from, mail.to) == (3, 1));
    for label in [2, 3] {
        let plan = world.refresh();
        world.begin(&plan, label);
        world.run_all();
        assert!(world.parties[&1].record.status().iter().any(|attempt| attempt.state == State::Done));
    }
    assert!(world.parties[&1].record.step(&plan.old().sharing()).is_none());
    let before = world.parties[&1].record.status();
    withheld.iter().for_each(|mail| world.deliver(mail));
    assert_eq!(world.parties[&1].record.status(), before);
    let rounds = world.parties[&1].attempts[0].sent().map(|parcel| parcel.bytes[2]).collect::<Vec<_>>();
    assert!(rounds.contains(&2) && !rounds.contains(&CONFIRMS), "{rounds:?}");
    assert!(world.parties.values().all(|party| party.record.contradictions().is_empty()));
    world.all_sign(&[1, 2, 3]);
}

/// two attempts of two eras, both acknowledged by what is lost and both done: the later one is taken, in the
/// record of the same key and in that of another, and no share goes for an earlier one.
#[test]
fn r_14_the_later_of_two_is_restored() {
    for key in [1, 10] {
        let mut world = World::new(2, &[1, 2], &[]);
        let (plan, old) = (world.refresh(), world.sharing(1));
        world.begin(&plan, 1);
        world.run(|mail| mail.round() < 4);
        for n in [1, 2] {
            assert_eq!(world.parties[&n].record.status()[0].state, State::Active);
            world.record(n).reopen(&old, 1).unwrap();
        }
        world.begin(&plan, 2);
        let later = world.withhold(|mail| mail.to == 1 && mail.round() >= 3);
        let stored = world.parties[&1].store.load().unwrap().unwrap();
        later.iter().for_each(|mail| world.deliver(mail));
        world.run_all();
        world.exchange(&[1, 2]);
        let after = world.sharing(2);
        assert_eq!((world.sharing(1), world.parties[&2].record.status().len()), (after, 2));
        let copy: RecordCopy<S> = crate::key::backup::StoredKey::from_record(&stored).unwrap();
        let store = Arc::new(CrashStore::default());
        let mut back = copy.restore_under(store.clone(), &identity(key)).unwrap();
        assert_eq!(back.current, old);
        let shown = world.record(2).exchange().unwrap();
        let _ = back.learn(&shown).unwrap();
        let back = KeyRecord::open(store, &identity(key), Vec::new()).unwrap().unwrap();
        world.record(2).set_identity(id(1), identity(key).public()).unwrap();
        assert_eq!(back.key().unwrap().public(), &world.public(2), "{key}");
        signs(&[Arc::clone(back.key().unwrap()), world.key(2)]);
    }
}

/// an inherited attempt goes before what was acknowledged after it; and one that may still be inherited stays.
#[test]
fn r_14_inherited_attempts_keep_their_order() {
    use super::ledger::Ledger;
    use crate::party::View;
    let [x, y] = [1, 2].map(|n| View::from_bytes([n; 32]));
    let (former, now) = (parties(&[1, 2]), parties(&[1, 2]).with_identity(id(1), identity(10).public()).unwrap());
    let certify = |ledger: &mut Ledger, view: &View| {
        for n in [1, 2] {
            ledger.add_confirm(view, id(n));
        }
    };
    // x is of the former key; y, of a later era, of the present one.
    let mut one = Ledger::new(id(1), Some(identity(10).public()));
    one.put(x, 0, former.clone(), false);
    certify(&mut one, &x);
    one.reopen(1).unwrap();
    one.confirm(y, now).unwrap();
    certify(&mut one, &y);
    let (due, list) = one.due().unwrap();
    assert_eq!((due, list.as_slice()), (y, [y].as_slice()));
    one.acknowledge(due, list);
    one.reopen(2).unwrap();
    assert_eq!(one.inherited(), None);
    for n in [1, 2] {
        one.add_ack(&x, id(n), alloc::vec![x]);
    }
    assert_eq!(one.inherited(), Some(x));
    one.inherit(x);
    assert_eq!((one.acked.as_slice(), one.inherited()), ([x, y].as_slice(), None));
    assert!(one.keeps(&x) && one.keeps(&y));
    one.add_ack(&y, id(2), alloc::vec![y]);
    assert!(!one.keeps(&x) && one.keeps(&y));
    // Both are of the former key, the first acknowledged in this record: the second stays until it is known.
    let mut two = Ledger::new(id(1), Some(identity(10).public()));
    two.put(x, 0, former.clone(), false);
    certify(&mut two, &x);
    two.acknowledge(x, alloc::vec![x]);
    two.reopen(1).unwrap();
    two.put(y, 1, former, false);
    certify(&mut two, &y);
    two.add_ack(&x, id(2), alloc::vec![x]);
    assert!(two.done() == Some(x) && two.keeps(&y));
    for n in [1, 2] {
        two.add_ack(&y, id(n), alloc::vec![x, y]);
    }
    assert_eq!(two.inherited(), Some(y));
    two.inherit(y);
    assert!(two.done() == Some(y) && !two.keeps(&x));
}

/// an operator goes back to the first of two attempts. The second is acknowledged when its certificate comes, and in
/// use when it is done, not before.
#[test]
fn r_14_going_back_to_a_later_sharing() {
    let mut world = World::new(2, &[1, 2], &[]);
    let (plan, old) = (world.refresh(), world.sharing(1));
    world.begin(&plan, 1);
    world.run(|mail| mail.round() < 4);
    let first = world.sharing(1);
    for n in [1, 2] {
        world.record(n).reopen(&old, 1).unwrap();
    }
    world.begin(&plan, 2);
    let later = world.withhold(|mail| mail.to == 1 && mail.round() >= 3);
    let second = world.sharing(2);
    assert_ne!(first, second);
    world.record(1).reopen(&first, 1).unwrap();
    assert_eq!(world.sharing(1), first);
    // The confirm, without the acknowledgement behind it.
    world.deliver(&later[0].clone());
    assert_eq!(world.sharing(1), first);
    assert_eq!(world.parties[&1].record.status().iter().filter(|one| one.state == State::Active).count(), 2);
    later.iter().for_each(|mail| world.deliver(mail));
    world.run_all();
    assert_eq!((world.sharing(1), world.sharing(2)), (second, second));
    world.party(1).restart();
    signs(&[world.key(1), world.key(2)]);
}

/// a copy that has acknowledged one attempt does not keep another promise of its lost record in the same era.
#[test]
fn r_14_one_acknowledgement_of_each_era() {
    use super::ledger::Ledger;
    use crate::party::View;
    let [p, a] = [1, 2].map(|n| View::from_bytes([n; 32]));
    for order in [[p, a], [a, p]] {
        let mut ledger = Ledger::new(id(1), None);
        for view in order {
            ledger.confirm(view, parties(&[1, 2, 3])).unwrap();
        }
        for n in [2, 3] {
            ledger.add_confirm(&a, id(n));
        }
        ledger.acknowledge(a, alloc::vec![p, a]);
        for n in [2, 3] {
            ledger.add_confirm(&p, id(n));
        }
        ledger.add_ack(&p, id(1), alloc::vec![p]);
        assert_eq!(ledger.due(), None);
    }
}
