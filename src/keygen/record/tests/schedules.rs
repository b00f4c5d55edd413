//! random schedules through whole records, with real shares and signatures.

use rand_core::Rng;

use super::*;

/// The sharings of which enough honest parties have a share, pending or not.
fn living(world: &World, corrupt: u16) -> usize {
    let mut held: BTreeMap<Sharing, (usize, usize)> = BTreeMap::new();
    for party in world.parties.values().filter(|party| party.n != corrupt) {
        for step in &party.record.steps {
            let t = usize::from(step.old.threshold().get());
            held.entry(step.old.sharing()).or_insert((0, t)).0 += usize::from(step.share.is_some());
            for attempt in &step.held {
                let t = usize::from(attempt.log.public().threshold().get());
                let there = held.entry(attempt.sharing()).or_insert((0, t));
                there.0 += usize::from(attempt.pending.is_some());
            }
        }
    }
    held.values().filter(|(count, t)| count >= t).count()
}

/// 3 is corrupt: it signs acknowledgements with any list, and says only what helps.
fn lie(world: &mut World, random: &mut impl FnMut(usize) -> usize) {
    let record = &world.parties[&3].record;
    let step = &record.steps[0];
    if step.held.is_empty() {
        return;
    }
    let held = &step.held[random(step.held.len())];
    let views: Vec<_> = step.held.iter().map(|held| *held.log.view()).filter(|_| random(2) == 0).collect();
    if let Ok(ack) = held.log.sign_ack(&identity(3), id(3), &views) {
        let to = 1 + random(2) as u16;
        world.queue.push_back(Mail { from: 3, to, bytes: ack });
    }
}

fn schedule(seed: u64) -> bool {
    let mut rng = Transcript::new("record-schedule").number(seed).rng();
    let mut random = |n: usize| rng.next_u32() as usize % n;
    let mut world = World::new(2, &[1, 2, 3], &[]);
    world.seed = seed << 8;
    let old = world.sharing(1);
    let plans = [world.refresh(), world.reshare(&[1, 2], &[1, 2], 2), world.reshare(&[1, 2, 3], &[1, 2, 3], 2)];
    let mut label = 0;
    for _ in 0..120 {
        match random(24) {
            0 if label < 3 => {
                label += 1;
                let plan = &plans[random(3)];
                for n in 1..4 {
                    let _ = world.begin_at(n, plan, label);
                }
            }
            1 => world.kill(1 + random(3) as u16),
            2..=3 => lie(&mut world, &mut random),
            4..=5 => {
                let (from, to) = (1 + random(3) as u16, 1 + random(3) as u16);
                if from != to {
                    world.show(from, to);
                }
            }
            _ if !world.queue.is_empty() => {
                // Mostly in order, and sometimes lost.
                let at = if random(3) == 0 { random(world.queue.len()) } else { 0 };
                let mail = world.queue.remove(at).unwrap();
                if random(16) > 0 {
                    world.deliver(&mail);
                }
            }
            _ => {}
        }
        assert!(living(&world, 3) > 0, "schedule {seed} loses the key");
    }
    for n in [1, 2] {
        assert!(world.record(n).contradictions().iter().all(|lie| lie.culprit() == id(3)), "schedule {seed}");
    }
    world.run_all();
    world.exchange(&[1, 2]);
    assert!(living(&world, 3) > 0, "schedule {seed} loses the key");
    if let (Ok(one), Ok(two)) = (world.record(1).key().cloned(), world.record(2).key().cloned())
        && one.public() == two.public()
    {
        signs(&[one, two]);
    }
    world.sharing(1) != old
}

/// whatever is lost, late, repeated, or a lie: the key lives.
#[test]
fn r_14_no_schedule_of_whole_records_loses_the_key() {
    let moved = (0..60).filter(|seed| schedule(*seed)).count();
    assert!(moved > 10, "{moved}");
}
