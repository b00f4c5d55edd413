//! signed words that contradict each other name the liar, and nobody else.

use super::lie::{Contradiction, Said};
use super::*;
use crate::party::View;

/// Two attempts that all have confirmed, with all confirms under way, and who they are.
fn two_attempts() -> (World, Vec<Mail>, [View; 2]) {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let plan = world.refresh();
    let mut confirms = Vec::new();
    for label in [1, 2] {
        world.begin(&plan, label);
        confirms.extend(world.withhold(|mail| mail.round() >= 3));
    }
    let views = [0, 1].map(|k| *world.parties[&1].record.steps[0].held[k].log.view());
    (world, confirms, views)
}

fn of<'a>(confirms: &'a [Mail], view: &View, from: u16) -> &'a Mail {
    confirms.iter().find(|mail| mail.from == from && mail.bytes[79..111] == *view.as_bytes()).unwrap()
}

/// What 3 would sign about an attempt, with this list.
fn ack(world: &mut World, view: &View, confirms: &[Mail], list: &[View]) -> Vec<u8> {
    let record = world.record(3);
    let held = record.steps[0].held.iter_mut().find(|held| held.log.view() == view).unwrap();
    for n in [1, 2] {
        held.log.add_confirm(&of(confirms, view, n).bytes).unwrap();
    }
    held.log.sign_ack(&identity(3), id(3), list).unwrap()
}

/// a list that lacks what was confirmed makes another party take the first attempt; the confirm shows who lied.
#[test]
fn r_14_a_false_list_names_the_liar() {
    let (mut world, confirms, [a, b]) = two_attempts();
    let false_ack = ack(&mut world, &a, &confirms, &[a]);
    let old = world.public(1);
    let record = world.record(1);
    // 1 has the certificate of the first, but has confirmed the second since.
    for n in [2, 3] {
        assert!(record.learn(&of(&confirms, &a, n).bytes).unwrap().news.is_empty());
    }
    assert!(record.key().unwrap().public().sharing() == old.sharing());
    // 3 promises that it never confirms the second.
    assert!(matches!(record.learn(&false_ack).unwrap().news[..], [News::Active(_)]));
    assert!(record.contradictions().is_empty());
    // Its confirm of the second, which it gave to 2.
    let moved = record.learn(&of(&confirms, &b, 3).bytes).unwrap();
    assert_eq!(moved.news, [News::Contradiction(id(3))]);
    let found = record.contradictions();
    let [lie] = &found[..] else { panic!("{found:?}") };
    assert_eq!((lie.culprit(), lie.said()), (id(3), Said::FalseList));
    assert_eq!(lie.judge(&[&old]), Ok((id(3), Said::FalseList)));
    for wrong in lie.tampered() {
        assert!(wrong.judge(&[&old]).is_err(), "{wrong:?}");
    }
    let now = world.public(1);
    assert!(lie.judge(&[&now]).is_err(), "of another sharing");
    // It survives a restart.
    world.party(1).restart();
    assert_eq!(world.record(1).contradictions().as_slice(), core::slice::from_ref(lie));
}

/// whoever knows of the confirm before is not taken in.
#[test]
fn r_14_a_false_list_that_is_known_moves_nobody() {
    let (mut world, confirms, [a, b]) = two_attempts();
    let false_ack = ack(&mut world, &a, &confirms, &[a]);
    let old = world.sharing(1);
    let record = world.record(1);
    for mail in [of(&confirms, &b, 3), of(&confirms, &a, 2), of(&confirms, &a, 3)] {
        assert!(record.learn(&mail.bytes).unwrap().news.is_empty());
    }
    assert_eq!(record.learn(&false_ack).unwrap().news, [News::Contradiction(id(3))]);
    assert_eq!(record.current, old);
}

/// two acknowledgements of one era name who signed both.
#[test]
fn r_14_two_acknowledgements_name_the_liar() {
    let (mut world, confirms, views) = two_attempts();
    let old = world.public(1);
    let acks = views.map(|view| ack(&mut world, &view, &confirms, &views));
    let record = world.record(1);
    for mail in confirms.iter().filter(|mail| mail.to == 1) {
        let _ = record.learn(&mail.bytes).unwrap();
    }
    for ack in &acks {
        let _ = record.learn(ack).unwrap();
    }
    let found = record.contradictions();
    let [lie] = &found[..] else { panic!("{found:?}") };
    assert_eq!(lie.judge(&[&old]), Ok((id(3), Said::TwoAcks)));
    for wrong in lie.tampered() {
        assert!(wrong.judge(&[&old]).is_err(), "{wrong:?}");
    }
}

/// one holder acknowledges another attempt than all the others. They sign on.
#[test]
fn r_14_one_other_acknowledgement_stops_nobody() {
    let (mut world, confirms, [a, b]) = two_attempts();
    let other = ack(&mut world, &a, &confirms, &[a, b]);
    for n in [1, 2] {
        for mail in confirms.iter().filter(|mail| mail.to == n) {
            world.deliver(mail);
        }
        world.deliver(&Mail { from: 3, to: n, bytes: other.clone() });
    }
    let (ours, theirs) = (world.sharing(1), world.parties[&1].record.status()[0].to);
    assert_ne!(ours, theirs);
    // Not enough are known to use the one that this party uses.
    assert_eq!(world.parties[&1].record.key().err(), Some(Usage::SharingsConflict { ours, theirs }));
    world.queue.retain(|mail| mail.from != 3 && mail.to != 3);
    world.run_all();
    assert_eq!(world.all_sign(&[1, 2]), ours);
    world.party(1).restart();
    assert_eq!(world.all_sign(&[1, 2]), ours);
    let status = &world.parties[&1].record.status()[1];
    assert_eq!((status.state, &status.missing[..]), (State::Active, &[id(3)][..]));
}

/// an era that is not the attempt's does not pass, so that nobody honest is accused after `reopen`.
#[test]
fn r_14_a_reopened_sharing_accuses_nobody() {
    let mut world = World::new(2, &[1, 2, 3], &[]);
    let (old, plan) = (world.public(1), world.refresh());
    world.begin(&plan, 1);
    // 1 acknowledges the first attempt; its words reach nobody.
    world.run(|mail| mail.round() < 3 || mail.to == 1 && mail.round() == 3);
    assert!(matches!(world.parties[&1].news[..], [News::Active(_)]));
    for n in [1, 2, 3] {
        world.record(n).reopen(&old.sharing(), 1).unwrap();
        world.party(n).attempts.clear();
    }
    world.begin(&plan, 2);
    world.run(|mail| mail.round() < 4);
    let first = world.record(1).exchange().unwrap();
    for n in [2, 3] {
        let _ = world.record(n).learn(&first);
    }
    for n in [1, 2, 3] {
        assert!(world.record(n).contradictions().is_empty());
    }
    // What an accuser would make of it: the acknowledgement of the first lacks the second, which 1 confirmed since.
    let steps = &world.parties[&1].record.steps;
    let (a, b) = (&steps[0].held[0], &steps[0].held[1]);
    assert_eq!((a.era, b.era), (0, 1));
    for era in [0, 1] {
        assert!(Contradiction::forged(id(1), (a, a.era), (b, era)).judge(&[&old]).is_err());
        assert!(Contradiction::forged(id(1), (a, era + 1), (b, 1)).judge(&[&old]).is_err());
    }
}
