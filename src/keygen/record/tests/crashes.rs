//! the crash matrix. A party dies before or after every write, before every message, and the last messages
//! are lost or changed, in every combination. Then an exchange heals all.

use core::sync::atomic::Ordering;

use super::*;

/// A way to move the key: who holds it before and after, and the plan.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// 2-of-3 to the same three.
    Refresh,
    /// 2-of-3 to another 2-of-3: 1 leaves, 4 comes, 3 did not deal.
    Reshare,
}

impl Way {
    fn world(self) -> World {
        match self {
            Way::Refresh => World::new(2, &[1, 2, 3], &[]),
            Way::Reshare => World::new(2, &[1, 2, 3], &[4]),
        }
    }

    fn begin(self, world: &mut World) {
        let plan = match self {
            Way::Refresh => world.refresh(),
            Way::Reshare => world.reshare(&[1, 2], &[2, 3, 4], 2),
        };
        world.begin(&plan, 1);
    }

    fn holders_before(self) -> &'static [u16] {
        &[1, 2, 3]
    }

    fn holders_after(self) -> &'static [u16] {
        match self {
            Way::Refresh => &[1, 2, 3],
            Way::Reshare => &[2, 3, 4],
        }
    }

    /// All exchange what they have; then all use the old sharing, or all the new one, and sign.
    fn heal(self, mut world: World, case: &dyn core::fmt::Debug) -> bool {
        let before = *world.parties[&3].record.steps[0].old.sharing().as_bytes();
        world.run_all();
        for n in world.parties.keys().copied().collect::<Vec<_>>() {
            let again = world.record(n).resend().unwrap();
            world.post(n, again);
        }
        world.run_all();
        world.exchange(&world.parties.keys().copied().collect::<Vec<_>>());
        let moved = *world.sharing(3).as_bytes() != before;
        world.all_sign(if moved { self.holders_after() } else { self.holders_before() });
        if moved {
            for n in self.holders_after() {
                let status = world.parties[n].record.status();
                assert!(status.iter().all(|attempt| attempt.state == State::Done), "{case:?} {n}: {status:?}");
                let old = world.parties[n].record.steps.iter().find(|step| *step.old.sharing().as_bytes() == before);
                assert!(old.is_none_or(|step| step.share.is_none()), "{case:?}: the old share is gone");
            }
            if let Way::Reshare = self {
                assert_eq!(world.parties[&1].record.key().err(), Some(Usage::Retired), "{case:?}");
            }
        }
        moved
    }
}

/// What a run without any trouble writes, by party, and how many messages it takes.
fn measure(way: Way) -> (BTreeMap<u16, usize>, usize) {
    let mut world = way.world();
    let before: BTreeMap<u16, usize> = writes(&world);
    way.begin(&mut world);
    world.run_all();
    let all = writes(&world).into_iter().map(|(n, writes)| (n, writes - before[&n])).collect();
    let delivered = world.delivered;
    assert!(way.heal(world, &"no trouble"));
    (all, delivered)
}

fn writes(world: &World) -> BTreeMap<u16, usize> {
    world.parties.iter().map(|(n, party)| (*n, party.store.writes.load(Ordering::SeqCst))).collect()
}

/// a store that fails at each of its writes, before or after it is durable.
fn at_every_write(way: Way) {
    let (all, _) = measure(way);
    let mut moved = [0, 0];
    for (n, count) in all {
        for write in 0..count {
            for cut in [Cut::Before, Cut::After] {
                let mut world = way.world();
                let start = writes(&world)[&n];
                *world.party(n).store.cut.lock().unwrap() = Some((start + write, cut));
                way.begin(&mut world);
                moved[usize::from(way.heal(world, &(way, n, write, cut)))] += 1;
            }
        }
    }
    assert!(moved[0] > 0 && moved[1] > 0, "both ends are met: {moved:?}");
}

/// the recipient dies before each message, or the sender right after sending its last one.
fn at_every_message(way: Way) {
    let (_, messages) = measure(way);
    let mut moved = [0, 0];
    for at in 0..messages {
        for recipient in [true, false] {
            let mut world = way.world();
            way.begin(&mut world);
            let mut count = 0;
            while let Some(mail) = world.queue.pop_front() {
                if count == at {
                    world.kill(if recipient { mail.to } else { mail.from });
                }
                if count != at || !recipient {
                    world.deliver(&mail);
                }
                count += 1;
            }
            moved[usize::from(way.heal(world, &(way, at, recipient)))] += 1;
        }
    }
    assert!(moved[0] > 0 && moved[1] > 0, "both ends are met: {moved:?}");
}

#[test]
fn r_01_a_store_that_fails_at_every_write() {
    at_every_write(Way::Refresh);
    at_every_write(Way::Reshare);
}

#[test]
fn r_01_a_party_that_dies_at_every_message() {
    at_every_message(Way::Refresh);
    at_every_message(Way::Reshare);
}

/// each subset of the last round's messages lost, or changed; the acknowledgements as well.
#[test]
fn r_01_last_messages_lost_or_changed() {
    for round in [3, 4] {
        for changes in [false, true] {
            let alone = |mask: &u32| mask.count_ones() == 1 || *mask == 63;
            for mask in (0u32..64).filter(|mask| !changes && round == 3 || alone(mask)) {
                let mut world = Way::Refresh.world();
                Way::Refresh.begin(&mut world);
                let mut count = 0;
                world.run(|mail| {
                    if mail.round() != round {
                        return true;
                    }
                    count += 1;
                    let hit = mask >> (count - 1) & 1 == 1;
                    if hit && changes {
                        let last = mail.bytes.len() - 70;
                        mail.bytes[last] ^= 1;
                    }
                    !hit || changes
                });
                assert!(Way::Refresh.heal(world, &(round, mask, changes)), "all have confirmed");
            }
        }
    }
}
