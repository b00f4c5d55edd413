//! The round of blame, in batches: whom it names when several cheat at several indices.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::super::messages::ZeroShares;
use super::super::round3::Round3;
use super::{Team, id};
use crate::curve::{Curve, PublicScalar};
use crate::ecdsa::EcdsaScheme;
use crate::ecdsa::{P256Ecdsa, Secp256k1Ecdsa};
use crate::error::{Abort, Consequence, Fault};
use crate::mul::zero_share::zero_share;
use crate::party::{PartyId, View};
use crate::round::Inbox;
use crate::wire::{Element, Wire};

const SIGNERS: [u16; 4] = [1, 2, 3, 4];
const BATCH: usize = 3;

/// What each signer broadcasts and then shows, to be changed: the images of its key at each index, its shares of zero.
struct Play<S: EcdsaScheme> {
    images: BTreeMap<PartyId, Vec<<S::Curve as Curve>::Point>>,
    shares: BTreeMap<PartyId, Vec<PublicScalar<S::Curve>>>,
}

impl<S: EcdsaScheme> Play<S> {
    /// A wrong image of a party at an index.
    fn spoil(&mut self, n: u16, index: usize) {
        self.images.get_mut(&id(n)).unwrap()[index] += S::Curve::mul_base(&5u64.into());
    }

    /// Another share of zero of `n` with its k-th peer at an index.
    fn lie(&mut self, n: u16, index: usize, k: usize) {
        self.shares.get_mut(&id(n)).unwrap()[3 * index + k] += PublicScalar::ONE;
    }
}

/// How it ends for each of them, when all indices failed.
fn blame<S: EcdsaScheme>(cheat: impl Fn(&mut Play<S>)) -> BTreeMap<u16, Abort> {
    let team = Team::<S>::new(3, 4, 70);
    let view = View::from_bytes([7; 32]);
    let failed: Vec<u32> = (0..).take(BATCH).collect();
    let signer = |n: &u16| team.signer(id(*n), &SIGNERS, BATCH).unwrap();
    let mut play = Play::<S> { images: BTreeMap::new(), shares: BTreeMap::new() };
    for n in &SIGNERS {
        let signer = signer(n);
        let image = |index: &u32| {
            let seeds = signer.pairs.iter().map(|pair| (pair.peer(), pair.zero_seed()));
            S::Curve::mul_base(&(*signer.part.expose() + zero_share::<S::Curve>(id(*n), seeds, &view, *index).expose()))
        };
        play.images.insert(id(*n), failed.iter().map(image).collect());
        let share = |index: &u32| {
            let shares = signer.pairs.iter().map(|pair| *pair.zero_seed().share::<S::Curve>(&view, *index).expose());
            shares.map(PublicScalar::reveal).collect::<Vec<_>>()
        };
        play.shares.insert(id(*n), failed.iter().flat_map(share).collect());
    }
    cheat(&mut play);
    let elements = |n: &PartyId| play.images[n].iter().map(|point| Element::new(*point)).collect::<Vec<_>>();
    let end = |n: &u16| {
        let others = || SIGNERS.iter().map(|n| id(*n)).filter(|other| *other != id(*n));
        let images = others().map(|other| elements(&other)).collect();
        let (round, own) = Round3::new(signer(n), &view, &failed, elements(&id(*n)), images);
        assert_eq!(own.encode(&round.shape()).len(), 32 * 3 * BATCH);
        let theirs = others().map(|other| (other, ZeroShares { shares: play.shares[&other].clone() }));
        (*n, round.receive(&Inbox::new(others(), theirs.collect()).unwrap()))
    };
    let ends = SIGNERS.iter().map(end).collect();
    assert!(team.nothing_is_burned());
    ends
}

fn names(abort: &Abort) -> (Fault, Vec<u16>) {
    (abort.fault(), abort.culprits().iter().map(|id| id.get()).collect())
}

/// E-10: the wrong images of all indices are named at once, each by its own index.
#[test]
fn e_10_culprits_of_all_indices() {
    fn on<S: EcdsaScheme>() {
        let ends = blame::<S>(|play| {
            play.spoil(2, 0);
            play.spoil(3, 2);
        });
        for n in [1, 4] {
            assert_eq!(names(&ends[&n]), (Fault::BadKeyImage, alloc::vec![2, 3]));
            assert_eq!(ends[&n].consequences(), [Consequence::Banned(id(2)), Consequence::Banned(id(3))]);
        }
    }
    on::<Secp256k1Ecdsa>();
    on::<P256Ecdsa>();
}

/// E-10, O-13: shares that differ, at another index or at the same one between others, hide no wrong image.
#[test]
fn e_10_a_lie_hides_no_wrong_image() {
    type S = Secp256k1Ecdsa;
    // Party 4 lies about its share with party 2 at index 0; party 3's image is wrong at index 1, then at index 0.
    for index in [1, 0] {
        let ends = blame::<S>(|play| {
            play.lie(4, 0, 1);
            play.spoil(3, index);
        });
        for n in [1, 2] {
            assert_eq!(names(&ends[&n]), (Fault::BadKeyImage, alloc::vec![3]));
        }
    }
    // Who is in a pair that differs is not judged there: the honest one of the two is never named.
    let ends = blame::<S>(|play| {
        play.lie(4, 0, 1);
        play.spoil(4, 0);
    });
    assert_eq!(names(&ends[&1]), (Fault::ZeroShareDiffers, alloc::vec![2, 4]));
    assert_eq!(names(&ends[&2]), (Fault::ZeroShareDiffers, alloc::vec![4]));
    assert!(ends.values().all(|abort| abort.consequences().is_empty()));
    // But with a wrong image at another index too it is.
    let ends = blame::<S>(|play| {
        play.lie(4, 0, 1);
        play.spoil(4, 0);
        play.spoil(4, 1);
    });
    assert_eq!(names(&ends[&2]), (Fault::BadKeyImage, alloc::vec![4]));
    // Of several pairs that differ, at whatever index, one with oneself comes first.
    let ends = blame::<S>(|play| {
        play.lie(4, 0, 1);
        play.lie(4, 2, 0);
    });
    assert_eq!(names(&ends[&1]), (Fault::ZeroShareDiffers, alloc::vec![4]));
    assert_eq!(names(&ends[&3]), (Fault::ZeroShareDiffers, alloc::vec![2, 4]));
}
