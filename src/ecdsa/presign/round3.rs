//! Round 3, which only a cheat makes necessary: whose key image is wrong?
//!
//! The key images of all signers add up to the key if everybody adds its own part and its own shares of
//! zero. Each share of zero is known to two parties. So when the sum is wrong, all shares of the dead session
//! are shown: two parties that show different ones accuse each other; else the image that does not fit its own
//! shares names its owner. What is shown are hashes of the pair's seed for this view only, and pk_i − ζ_i·G =
//! λ_i·S_i is public anyway.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::messages::ZeroShares;
use super::signer::Signer;
use crate::curve::{Curve, PublicScalar};
use crate::ecdsa::EcdsaScheme;
use crate::error::{Abort, Fault};
use crate::key::PublicKeyPackage;
use crate::party::{PartyId, View};
use crate::round::Inbox;
use crate::wire::{Element, Shape};

/// Third round: our shares of zero are out, the others' are awaited. Nothing else of the session is left.
pub struct Round3<S: EcdsaScheme> {
    key: PublicKeyPackage<S>,
    me: PartyId,
    signers: Vec<PartyId>,
    lambdas: Vec<PublicScalar<S::Curve>>,
    /// How many indices failed.
    failed: usize,
    own: Vec<PublicScalar<S::Curve>>,
    /// pk of every signer at every failed index.
    images: Vec<Vec<Element<S::Curve>>>,
}

impl<S: EcdsaScheme> Round3<S> {
    /// Takes of the session what everybody may know, and the shares of zero of the failed indices.
    pub(super) fn new(
        signer: Signer<S>,
        view: &View,
        failed: &[u32],
        own_images: Vec<Element<S::Curve>>,
        images: Vec<Vec<Element<S::Curve>>>,
    ) -> (Self, ZeroShares<S::Curve>) {
        let Signer { key, me, signers, lambdas, pairs, .. } = signer;
        let share = |index: u32| pairs.iter().map(move |pair| pair.zero_seed().share::<S::Curve>(view, index));
        let own: Vec<_> =
            failed.iter().flat_map(|index| share(*index)).map(|z| PublicScalar::reveal(*z.expose())).collect();
        let at_failed = |list: &Vec<Element<S::Curve>>| {
            failed.iter().filter_map(|index| list.get(usize::try_from(*index).ok()?)).copied().collect()
        };
        let place = signers.iter().position(|id| *id == me).unwrap_or(0);
        let mut images: Vec<Vec<_>> = images.iter().map(at_failed).collect();
        images.insert(place.min(images.len()), at_failed(&own_images));
        let shares = ZeroShares { shares: own.clone() };
        (Self { key, me, signers, lambdas, failed: failed.len(), own, images }, shares)
    }

    /// What fixes the length of the messages.
    pub fn shape(&self) -> Shape {
        Shape { threshold: self.key.threshold().get().into(), parties: self.signers.len(), batch: self.failed }
    }

    /// Compares the shares of zero, at all failed indices: always an abort.
    ///
    /// [`Fault::BadKeyImage`] with all whose image does not fit shares of zero that both parties of each show alike;
    /// if there is none, [`Fault::ZeroShareDiffers`] with two parties whose shares differ, without this one if it is
    /// one of them.
    #[must_use = "the session must end with this"]
    pub fn receive(self, shares: &Inbox<ZeroShares<S::Curve>>) -> Abort {
        let (mut differing, mut wrong) = (Vec::new(), Vec::new());
        for at in 0..self.failed {
            let table: BTreeMap<(PartyId, PartyId), PublicScalar<S::Curve>> = self.table(shares, at);
            // 8.2
            let differs = |(i, j): &(PartyId, PartyId)| i < j && table.get(&(*i, *j)) != table.get(&(*j, *i));
            let pairs: Vec<(PartyId, PartyId)> = table.keys().copied().filter(differs).collect();
            // 8.3: of a party in such a pair it cannot be told which of its shares are right.
            let agreed = |id: &PartyId| !pairs.iter().any(|(i, j)| i == id || j == id);
            wrong.extend(self.wrong_images(&table, at).into_iter().filter(agreed));
            differing.extend(pairs);
        }
        if !wrong.is_empty() {
            return Abort::of(Fault::BadKeyImage, wrong);
        }
        // One with this party before others.
        differing.sort_by_key(|(i, j)| *i != self.me && *j != self.me);
        match differing.first() {
            Some((i, j)) => Abort::of(Fault::ZeroShareDiffers, [*i, *j].into_iter().filter(|id| *id != self.me)),
            None => Abort::nobody(Fault::KeysDoNotAddUp),
        }
    }

    /// z_ij as i says, at one failed index.
    fn table(
        &self,
        shares: &Inbox<ZeroShares<S::Curve>>,
        at: usize,
    ) -> BTreeMap<(PartyId, PartyId), PublicScalar<S::Curve>> {
        let width = self.signers.len().saturating_sub(1);
        let mut table = BTreeMap::new();
        for i in &self.signers {
            let list = if *i == self.me { Some(&self.own) } else { shares.get(*i).map(|message| &message.shares) };
            let row = list.into_iter().flatten().skip(at * width);
            let others = self.signers.iter().filter(|j| *j != i);
            table.extend(others.zip(row).map(|(j, z)| ((*i, *j), *z)));
        }
        table
    }

    /// Those for whom pk_i ≠ λ_i·S_i + ζ_i·G.
    fn wrong_images(&self, table: &BTreeMap<(PartyId, PartyId), PublicScalar<S::Curve>>, at: usize) -> Vec<PartyId> {
        let fits = |id: &PartyId, lambda: &PublicScalar<S::Curve>, image: &Element<S::Curve>| {
            let terms = table.iter().filter(|((i, _), _)| i == id);
            let zeta: PublicScalar<S::Curve> = terms.map(|((i, j), z)| if j > i { *z } else { -*z }).sum();
            let share = self.key.verifying_share(*id).ok();
            share.is_some_and(|share| share * lambda.value() + S::Curve::mul_base(zeta.value()) == *image.point())
        };
        let all = self.signers.iter().zip(&self.lambdas).zip(&self.images);
        let wrong = all.filter(|((id, lambda), images)| !images.get(at).is_some_and(|image| fits(id, lambda, image)));
        wrong.map(|((id, _), _)| *id).filter(|id| *id != self.me).collect()
    }
}

impl<S: EcdsaScheme> fmt::Debug for Round3<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Round3({:?} of {:?}, {} failed)", self.me, self.signers, self.failed)
    }
}
