//! Probes of Δ through presigning: what the burn is there for.

use alloc::vec::Vec;

use super::super::messages::{Greeting, Invitation};
use super::super::round1::Round1;
use super::{Cheats, Team, id, request};
use crate::ecdsa::Secp256k1Ecdsa;
use crate::ecdsa::burn::{BurnLog, MemoryBurnLog};
use crate::ecdsa::pairs::testing::pair_with_seeds;
use crate::ecdsa::pairs::{Pair, PairStates};
use crate::error::{Abort, Consequence, Fault, Usage};
use crate::mul::rvole::{Batch, Request, Xi416};
use crate::ot::extension::tests::cheat;
use crate::ot::extension::{Context, Message};
use crate::party::{Base, PartyId};
use crate::round::{Inbox, view};
use crate::transcript::Transcript;
use crate::wire::{Shape, Wire};

type S = Secp256k1Ecdsa;
const SHAPE: Shape = Shape { threshold: 2, parties: 2, batch: 1 };

/// Δ of the direction in which a party sends.
fn delta(pair: &Pair) -> u128 {
    u128::from_le_bytes(pair.sender().to_bytes()[..16].try_into().unwrap())
}

/// Party 2, with its own side of the pair, sends party 1 an extension in which these trees do not fit, with its guess
/// of their digits of Δ. What party 1 does at the end of round 1: whether its round 2 leaves.
fn probe(
    team: &Team<S>,
    states: &PairStates<S>,
    log: &dyn BurnLog,
    (number, guesses): (u64, &[(usize, u8)]),
) -> Result<Result<(), Abort>, Usage> {
    let base = Base::from_bytes(Transcript::new("probe-test").number(number).digest());
    let params = |n: u16| team.params(id(n), &[1, 2], 0);
    let signer = super::Signer::new(&params(1), &team.shares[&id(1)], states, log, 1)?;
    let cheater = team.signer(id(2), &[1, 2], 1)?;
    let pair = cheater.pairs[0].pair().clone();
    let mut rng = Transcript::new("probe-rng-test").number(number).rng();
    let hellos = [[1; 64], [2; 64]];
    let (round, ours, _) = Round1::start(signer, base, &hellos[0], &mut rng).unwrap();
    let (_, commit, _) = Round1::start(cheater, base, &hellos[1], &mut rng).unwrap();
    let context = Context::signing(&base, pair.pair_id(), id(2), id(1), &[2; 32]);
    let message: Message = cheat(pair.receiver(), &context, Batch::ONE.rows::<Xi416>(), guesses);
    let mut bytes = Vec::new();
    message.write(&mut bytes);
    let request = Request::<Xi416>::decode(&bytes, &SHAPE).unwrap();
    let bodies = [(id(1), ours.encode(&SHAPE)), (id(2), commit.encode(&SHAPE))];
    let bodies = bodies.map(|(id, body)| (id, [&hellos[usize::from(id.get()) - 1][..], &body].concat()));
    let view = view(&base, bodies.iter().map(|(id, body)| (*id, body.as_slice())));
    let invitation = Invitation { pair: *pair.pair_id().as_bytes(), request };
    let greeting = Greeting { hello: hellos[1].to_vec(), commit, invitation };
    let inbox = Inbox::new([id(2)], [(id(2), greeting)].into()).unwrap();
    Ok(round.receive(view, inbox, log, &mut rng).map(drop))
}

fn digit(delta: u128, tree: usize) -> u8 {
    u8::try_from(delta >> (4 * tree) & 15).unwrap()
}

/// O-01: a correction is flipped before it is hashed, for each tree: with the right guess of that digit round 2 leaves
/// and nothing is on record; with a wrong one the pair is burned, and there is no second try. No third behaviour.
#[test]
fn o_01_a_wrong_guess_burns_a_right_one_passes() {
    for tree in 0..32 {
        let team = Team::<S>::new(2, 2, 80);
        let (states, log) = (&team.states[&id(1)], &*team.logs[&id(1)]);
        let pair = team.signer(id(1), &[1, 2], 1).unwrap().pairs[0].pair().clone();
        let right = digit(delta(&pair), tree);
        assert_eq!(probe(&team, states, log, (1, &[(tree, right)])), Ok(Ok(())));
        assert!(team.nothing_is_burned() && pair.check().is_ok());
        let abort = probe(&team, states, log, (2, &[(tree, right ^ 4)])).unwrap().unwrap_err();
        assert_eq!((abort.fault(), abort.culprits()), (Fault::BadExtension, &[id(2)][..]));
        assert_eq!(abort.consequences(), [Consequence::Burned(id(2), *pair.pair_id())]);
        assert_eq!(probe(&team, states, log, (3, &[(tree, right)])), Err(Usage::SetupNeeded(id(2))));
        assert_eq!(team.signer(id(1), &[1, 2], 1).unwrap_err(), Usage::SetupNeeded(id(2)));
    }
}

/// O-01, O-23: without the burn, here by putting back the file and the log of before each time, the passed and failed
/// checks give all of Δ away. With the log kept there is one failure and no more, whatever file is put back.
#[test]
fn o_01_without_the_burn_probes_recover_delta() {
    let mut team = Team::<S>::new(2, 2, 81);
    let wanted = delta(team.signer(id(1), &[1, 2], 1).unwrap().pairs[0].pair());
    let stored = team.states.get_mut(&id(1)).unwrap().to_bytes();
    let (mut recovered, mut probes) = (0u128, 0);
    for tree in 0..32 {
        let passes = |guess: &u8| {
            probes += 1;
            let forgetful = MemoryBurnLog::new();
            let states = PairStates::from_bytes(&stored, &forgetful, 0).unwrap();
            probe(&team, &states, &forgetful, (probes, &[(tree, *guess)])).unwrap().is_ok()
        };
        let digit = (0..15).find(passes).unwrap_or(15);
        recovered |= u128::from(digit) << (4 * tree);
    }
    assert!(probes <= 32 * 15);
    assert_eq!(recovered, wanted);
    // The same with the log that this installation has.
    let (mut failures, mut tries) = (0, 0);
    for (tree, guess) in (0..32).flat_map(|tree| (0..15).map(move |guess| (tree, guess))) {
        let log = &*team.logs[&id(1)];
        let states = PairStates::from_bytes(&stored, log, 0).unwrap();
        tries += 1;
        match probe(&team, &states, log, (1000 + tries, &[(tree, guess)])) {
            Ok(Ok(())) => {}
            Ok(Err(abort)) => failures += usize::from(abort.fault() == Fault::BadExtension),
            Err(usage) => assert_eq!(usage, Usage::SetupNeeded(id(2))),
        }
    }
    assert_eq!(failures, 1);
}

/// O-13: two parties whose seeds of shares of zero differ: an edge between them, no ban, no burn; the others sign.
#[test]
fn o_13_different_seeds_are_an_edge() {
    let mut team = Team::<S>::new(2, 3, 82);
    let [one, other] = pair_with_seeds(&team.shares[&id(1)], &team.shares[&id(2)], 82, [8, 9]);
    for (n, peer, pair) in [(1, 2, one), (2, 1, other)] {
        let states = team.states.get_mut(&id(n)).unwrap();
        states.forget(id(peer));
        states.insert(pair).unwrap();
    }
    let net = team.sign(&[1, 2, 3], request(1), 1, Cheats::new()).run();
    let named: [(u16, Vec<PartyId>); 3] =
        [(1, alloc::vec![id(2)]), (2, alloc::vec![id(1)]), (3, alloc::vec![id(1), id(2)])];
    for (n, culprits) in named {
        assert_eq!(net.abort_of(n), Some((Fault::ZeroShareDiffers, culprits, Vec::new())));
    }
    assert!(team.nothing_is_burned());
    for signers in [[1, 3], [2, 3]] {
        let net = team.sign(&signers, request(1), 2, Cheats::new()).run();
        assert!(net.outcomes.values().all(|outcome| outcome.output.is_some()));
    }
}
