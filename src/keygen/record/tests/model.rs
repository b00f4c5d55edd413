//! random schedules of several attempts with corrupt signers, through the real ledger.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use rand_core::Rng;

use super::super::ledger::{Contradiction, Ledger};
use crate::party::{Parties, PartyId, View};
use crate::transcript::{Transcript, TranscriptRng};

/// When a party erases its other shares.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// As the ledger says.
    Ledger,
    /// As soon as it sees any certificate: wrong.
    AnyCertificate,
    /// The old share goes with the own acknowledgement: wrong.
    OwnAck,
}

/// What can be under way: who says it, of which attempt.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Word {
    Confirm(usize, u16),
    Ack(usize, u16, Vec<View>),
}

struct Attempt {
    view: View,
    holders: Vec<u16>,
    threshold: usize,
    era: u16,
}

/// An honest party.
struct Party {
    n: u16,
    ledger: Ledger,
    /// Whether it had a share of the old sharing.
    dealt: bool,
    /// Whether it still has its share of the old sharing, and of each attempt.
    old: bool,
    shares: BTreeSet<usize>,
    /// Under the wrong rule, what it has settled on.
    settled: bool,
}

struct World {
    rng: TranscriptRng,
    rule: Rule,
    threshold: usize,
    corrupt: BTreeSet<u16>,
    /// Ids from 1 on, those without the corrupt ones.
    honest: Vec<Party>,
    attempts: Vec<Attempt>,
    /// Everything that was ever said: it may come late, twice and to anybody.
    said: Vec<Word>,
}

fn id(n: u16) -> PartyId {
    PartyId::new(n).unwrap()
}

impl World {
    fn new(seed: u64, rule: Rule) -> Self {
        let mut rng = Transcript::new("record-model").number(seed).rng();
        let mut below = |n: u32| rng.next_u32() % n;
        let all = 3 + below(3);
        let old = 3.max(all - below(2));
        let threshold = 2 + below(old - 2);
        let corrupt = below(threshold.min(old - threshold + 1)) as u16;
        let corrupt: BTreeSet<u16> = (0..corrupt).map(|_| 1 + below(all) as u16).collect();
        let party = |n: u16| Party {
            n,
            ledger: Ledger::new(id(n), None),
            dealt: u32::from(n) <= old,
            old: u32::from(n) <= old,
            shares: BTreeSet::new(),
            settled: false,
        };
        let honest = (1..=all as u16).filter(|n| !corrupt.contains(n)).map(party).collect();
        let threshold = threshold as usize;
        Self { rng, rule, threshold, corrupt, honest, attempts: Vec::new(), said: Vec::new() }
    }

    fn below(&mut self, n: usize) -> usize {
        self.rng.next_u32() as usize % n
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// Another attempt, with a set of holders that at most the corrupt ones of it cannot keep from signing.
    fn begin(&mut self) {
        let all = self.honest.len() + self.corrupt.len();
        let holders: Vec<u16> = (1..=all as u16).filter(|_| self.below(4) > 0).collect();
        let corrupt = holders.iter().filter(|n| self.corrupt.contains(n)).count();
        let (least, most) = (2.max(corrupt + 1), holders.len() - corrupt);
        if least > most {
            return;
        }
        let threshold = least + self.below(most - least + 1);
        let era = self.honest.iter().map(|party| party.ledger.era).max().unwrap_or(0);
        let view = View::from_bytes([1 + self.attempts.len() as u8; 32]);
        self.attempts.push(Attempt { view, holders, threshold, era });
    }

    fn index(&self, view: &View) -> usize {
        self.attempts.iter().position(|attempt| attempt.view == *view).unwrap()
    }

    /// An honest party confirms an attempt, if its ledger lets it.
    fn confirm(&mut self, who: usize, k: usize) {
        let attempt = &self.attempts[k];
        let party = &mut self.honest[who];
        if !attempt.holders.contains(&party.n) || party.settled || attempt.era != party.ledger.era {
            return;
        }
        let holders = Parties::without_identities(attempt.holders.iter().map(|n| id(*n))).unwrap();
        if party.ledger.confirm(attempt.view, holders) == Ok(true) {
            party.shares.insert(k);
            let word = Word::Confirm(k, party.n);
            self.say(word);
        }
    }

    fn say(&mut self, word: Word) {
        if !self.said.contains(&word) {
            self.said.push(word);
        }
    }

    /// A corrupt party signs anything.
    fn lie(&mut self) {
        let corrupt: Vec<u16> = self.corrupt.iter().copied().collect();
        if corrupt.is_empty() || self.attempts.is_empty() {
            return;
        }
        let n = corrupt[self.below(corrupt.len())];
        let k = self.below(self.attempts.len());
        let word = if self.coin() {
            Word::Confirm(k, n)
        } else {
            let views: Vec<View> = self.attempts.iter().map(|attempt| attempt.view).collect();
            Word::Ack(k, n, views.into_iter().filter(|_| self.coin()).collect())
        };
        self.say(word);
    }

    /// Something that was said reaches an honest party, which does what its ledger says.
    fn deliver(&mut self, who: usize, word: &Word) {
        let party = &mut self.honest[who];
        match word {
            Word::Confirm(k, n) => party.ledger.add_confirm(&self.attempts[*k].view, id(*n)),
            Word::Ack(k, n, list) => party.ledger.add_ack(&self.attempts[*k].view, id(*n), list.clone()),
        };
        match self.rule {
            Rule::AnyCertificate => self.settle_wrongly(who),
            _ => self.settle(who),
        }
        self.retire(who);
    }

    fn settle(&mut self, who: usize) {
        let party = &mut self.honest[who];
        let mut said = Vec::new();
        while let Some((view, list)) = party.ledger.due() {
            party.ledger.acknowledge(view, list.clone());
            said.push((view, party.n, list));
        }
        party.old &= party.ledger.keeps_old();
        party.old &= self.rule != Rule::OwnAck || party.ledger.acked.is_empty();
        let views: Vec<View> = self.attempts.iter().map(|attempt| attempt.view).collect();
        party.shares.retain(|k| party.ledger.keeps(&views[*k]));
        for (view, n, list) in said {
            let k = self.index(&view);
            self.say(Word::Ack(k, n, list));
        }
    }

    fn settle_wrongly(&mut self, who: usize) {
        let party = &mut self.honest[who];
        let certified = party.ledger.entries.iter().find(|entry| entry.is_certified()).map(|entry| entry.view);
        if let Some(view) = certified.filter(|_| !party.settled) {
            let k = self.attempts.iter().position(|attempt| attempt.view == view).unwrap();
            party.settled = true;
            party.old = false;
            party.shares.retain(|other| *other == k);
        }
    }

    /// Who has no part in an attempt that is done, and is shown that, retires.
    fn retire(&mut self, who: usize) {
        let party = &self.honest[who];
        let is_done = |attempt: &Attempt, k: usize| {
            let acked =
                |n: &u16| self.said.iter().any(|word| matches!(word, Word::Ack(of, m, _) if *of == k && m == n));
            let confirmed = |n: &u16| self.said.contains(&Word::Confirm(k, *n));
            !attempt.holders.contains(&party.n) && attempt.holders.iter().all(|n| acked(n) && confirmed(n))
        };
        let done = self.attempts.iter().enumerate().any(|(k, attempt)| is_done(attempt, k));
        if done && self.rule != Rule::AnyCertificate && self.coin() {
            self.honest[who].ledger.retired = true;
            self.settle(who);
        }
    }

    /// Whether some sharing has enough honest shares.
    fn lives(&self) -> bool {
        let old = self.honest.iter().filter(|party| party.old).count();
        let of = |k: usize| self.honest.iter().filter(|party| party.shares.contains(&k)).count();
        old >= self.threshold
            || self.attempts.iter().enumerate().any(|(k, attempt)| {
                let honest = attempt.holders.iter().filter(|n| !self.corrupt.contains(n)).count();
                of(k) == honest && honest >= attempt.threshold
            })
    }

    /// Whoever let go of the old share did so for an attempt that all its honest holders have acknowledged, and hold.
    fn wiped_rightly(&self) -> bool {
        let has =
            |party: &Party, k: usize| party.shares.contains(&k) && party.ledger.acked.contains(&self.attempts[k].view);
        let stands = |k: usize| {
            let mut holders = self.honest.iter().filter(|party| self.attempts[k].holders.contains(&party.n));
            holders.all(|party| has(party, k))
        };
        self.honest.iter().all(|party| party.old || !party.dealt) || (0..self.attempts.len()).any(stands)
    }

    /// Nobody honest is accused, and two honest acknowledgements of different attempts, all confirmed in one
    /// order by one set, need a liar, who can be shown.
    fn check_blame(&self) {
        let mut acked = BTreeSet::new();
        let (mut liars, mut orders) = (BTreeSet::new(), BTreeSet::new());
        for party in &self.honest {
            for found in party.ledger.contradictions() {
                let (Contradiction::FalseList(id, ..) | Contradiction::TwoAcks(id, ..)) = found;
                assert!(self.corrupt.contains(&id.get()), "honest {id} is accused: {found:?}");
                liars.insert(id);
            }
            acked.extend(party.ledger.acked.first().copied());
            let order: Vec<usize> = party.ledger.entries.iter().map(|entry| self.index(&entry.view)).collect();
            orders.insert(order.is_sorted());
        }
        let one_set = self.attempts.iter().all(|attempt| attempt.holders == self.attempts[0].holders);
        let reopened = self.honest.iter().any(|party| party.ledger.era > 0);
        if acked.len() > 1 && one_set && !reopened && !orders.contains(&false) {
            // Each of the words that did it is known to somebody; put together they show who lied.
            let mut all = self.honest[0].ledger.clone();
            for party in &self.honest[1..] {
                for entry in &party.ledger.entries {
                    if all.get(&entry.view).is_none() {
                        all.entries.push(entry.clone());
                    }
                }
            }
            for word in &self.said {
                match word {
                    Word::Confirm(k, n) => all.add_confirm(&self.attempts[*k].view, id(*n)),
                    Word::Ack(k, n, list) => all.add_ack(&self.attempts[*k].view, id(*n), list.clone()),
                };
            }
            assert!(!all.contradictions().is_empty(), "two acknowledgements without a liar");
        }
    }

    fn step(&mut self) {
        let who = self.below(self.honest.len());
        match self.below(12) {
            0 if self.attempts.len() < 3 => self.begin(),
            1..=3 if !self.attempts.is_empty() => {
                let k = self.below(self.attempts.len());
                self.confirm(who, k);
            }
            4..=5 => self.lie(),
            // When something was acknowledged; by one party or by all, and another attempt follows.
            6 if self.rule != Rule::AnyCertificate && self.honest[who].ledger.chosen().is_some() => {
                let (all, era) = (self.below(4) > 0, self.honest[who].ledger.era + 1);
                for party in self.honest.iter_mut().enumerate().filter(|(k, _)| all || *k == who) {
                    let _ = party.1.ledger.reopen(era);
                }
                if self.attempts.len() < 5 {
                    self.begin();
                }
            }
            _ if !self.said.is_empty() => {
                let k = self.below(self.said.len());
                let word = self.said[k].clone();
                self.deliver(who, &word);
            }
            _ => {}
        }
    }
}

/// How many of these schedules lose the key, or wipe a share too early; how many come to an end, an attempt that is
/// done; in how many somebody acknowledges twice.
fn run(schedules: u64, rule: Rule) -> (usize, usize, usize) {
    let (mut lost, mut done, mut twice) = (0, 0, 0);
    for seed in 0..schedules {
        let mut world = World::new(seed, rule);
        world.begin();
        let steps = 30 + world.below(60);
        let lives = (0..steps).all(|_| {
            world.step();
            world.lives() && (rule == Rule::AnyCertificate || world.wiped_rightly())
        });
        lost += usize::from(!lives);
        done += usize::from(world.honest.iter().any(|party| party.ledger.done().is_some()));
        twice += usize::from(world.honest.iter().any(|party| party.ledger.acked.len() > 1));
        if rule == Rule::Ledger {
            assert!(lives, "schedule {seed} loses the key");
            world.check_blame();
        }
    }
    (lost, done, twice)
}

/// no schedule loses the key, and many come to an end.
#[test]
fn r_14_no_schedule_loses_the_key() {
    let (lost, done, twice) = run(100_000, Rule::Ledger);
    assert_eq!(lost, 0);
    assert!(done > 1_000 && twice > 100, "{done} {twice}");
}

/// the model bites: whoever erases on any certificate loses the key.
#[test]
fn r_14_erasing_on_any_certificate_loses_the_key() {
    let (lost, ..) = run(20_000, Rule::AnyCertificate);
    assert!(lost > 100, "{lost}");
}

/// and so does whoever erases the old share with its own acknowledgement.
#[test]
fn r_14_erasing_at_the_wrong_time_is_seen() {
    let (lost, ..) = run(20_000, Rule::OwnAck);
    assert!(lost > 100, "{lost}");
}

/// of two acknowledged attempts the earlier goes when the later is done, and never the other way round.
#[test]
fn r_14_the_later_of_two_attempts_stays() {
    let (mut ledger, holders) = (Ledger::new(id(1), None), Parties::without_identities([id(1), id(2)]).unwrap());
    let [a, b] = [1, 2].map(|n| View::from_bytes([n; 32]));
    for (era, view) in [(0, a), (1, b)] {
        ledger.reopen(era).unwrap();
        ledger.confirm(view, holders.clone()).unwrap();
        ledger.add_confirm(&view, id(2));
        let (due, list) = ledger.due().unwrap();
        assert_eq!(due, view);
        ledger.acknowledge(view, list);
        assert!(ledger.keeps_old());
    }
    ledger.add_ack(&a, id(2), [a].to_vec());
    assert!(ledger.keeps(&a) && ledger.keeps(&b) && !ledger.keeps_old());
    ledger.add_ack(&b, id(2), [a, b].to_vec());
    assert!(!ledger.keeps(&a) && ledger.keeps(&b));
}
