//! What anybody can judge afterwards, from authentic bodies and the view that binds them: the checks of the
//! rounds, on bytes.

use alloc::vec::Vec;

use super::certificate::proof_holds as confirm_holds;
use super::deal::{Terms, chain_code_fits, joint_commitment, opens, proof_holds, share_lies_on};
use super::messages::{Ack, Commit, Confirm, Opening, Share};
use crate::curve::Curve;
use crate::error::Fault;
use crate::key::Scheme;
use crate::party::{Base, PartyId, View};
use crate::round::{Case, broadcasts_digest};
use crate::wire::{Shape, Wire};

/// The two broadcasts of a dealer, as bytes: what its session put first, and the bodies of both rounds.
#[derive(Clone, Copy, Debug)]
pub struct Dealer<'a> {
    /// Who dealt.
    pub id: PartyId,
    /// What came before the body of round 1.
    pub hello: &'a [u8],
    /// The body of round 1.
    pub commit: &'a [u8],
    /// The body of round 2.
    pub opening: &'a [u8],
}

/// What is wrong with a dealer's broadcasts by themselves, if anything is.
#[must_use]
pub fn dealer_broadcast<C: Curve>(base: &Base, view: &View, dealer: Dealer<'_>, shape: &Shape) -> Option<Fault> {
    let Some(commit) = Commit::decode(dealer.commit, shape) else { return Some(Fault::Malformed) };
    let Some(opening) = Opening::<C>::decode(dealer.opening, shape) else { return Some(Fault::Malformed) };
    if !opens(base, dealer.id, dealer.hello, &commit, &opening) {
        return Some(Fault::BadOpening);
    }
    (!proof_holds(view, dealer.id, &opening)).then_some(Fault::BadCoefficientProof)
}

/// Whether a private part is right; `None`: it did not open.
#[must_use]
pub fn sealed_part<C: Curve>(
    base: &Base,
    (dealer, opening): (PartyId, &[u8]),
    receiver: PartyId,
    opened: Option<&[u8]>,
    shape: &Shape,
) -> bool {
    let opening = Opening::<C>::decode(opening, shape);
    let share = opened.and_then(|bytes| Share::decode(bytes, shape));
    opening.zip(share).is_some_and(|(opening, share)| {
        chain_code_fits(base, dealer, &opening, &share) && share_lies_on(&opening, receiver, &share)
    })
}

/// What is wrong with a confirm by itself, given all openings: nothing where one of those does not
/// decode, or where the confirm is of another transcript, for then it cannot be told who is at fault.
#[must_use]
pub fn confirm<'a, C: Curve>(
    view: &View,
    openings: impl ExactSizeIterator<Item = (PartyId, &'a [u8])> + Clone,
    (id, confirm): (PartyId, &[u8]),
    shape: &Shape,
) -> Option<Fault> {
    let Some(confirm) = Confirm::<C>::decode(confirm, shape) else { return Some(Fault::Malformed) };
    let decoded: Option<Vec<_>> = openings.clone().map(|(_, body)| Opening::<C>::decode(body, shape)).collect();
    let joint = joint_commitment(&decoded?)?;
    let same = broadcasts_digest(view, 2, openings) == confirm.transcript;
    (same && !confirm_holds(view, &joint, id, &confirm)).then_some(Fault::BadConfirmProof)
}

/// The fault that the case's culprit is convicted of, if any.
pub(super) fn judge<S: Scheme>(case: &Case<'_>, terms: &Terms<S>) -> Option<Fault> {
    let id = case.culprit;
    let shape = terms.shape();
    let body = |round: u8| case.broadcasts.get(&(round, id)).map(Vec::as_slice);
    let (hello, commit) = case.round1.get(&id)?;
    let greets = if terms.deals(id) { Commit::decode(commit, &shape).is_some() } else { commit.is_empty() };
    if !greets {
        return Some(Fault::Malformed);
    }
    let dealt = || {
        let opening = body(2).filter(|_| terms.deals(id))?;
        let dealer = Dealer { id, hello, commit, opening };
        dealer_broadcast::<S::Curve>(&case.base, &case.view, dealer, &shape).or_else(|| {
            (!Opening::decode(opening, &shape).is_some_and(|o| terms.constant_is_right(id, &o)))
                .then_some(Fault::BadConstant)
        })
    };
    let confirmed = || {
        let body = body(3).filter(|_| terms.holders.contains(id))?;
        let openings = case.broadcasts.iter().filter(|((round, from), _)| *round == 2 && terms.deals(*from));
        let openings: Vec<_> = openings.map(|((_, id), body)| (*id, body.as_slice())).collect();
        confirm::<S::Curve>(&case.view, openings.into_iter(), (id, body), &shape)
    };
    let acknowledged = || {
        let body = body(4).filter(|_| terms.old.is_none())?;
        let listed = Ack::decode(body).is_some_and(|ack| ack.attempts.is_empty());
        (!listed).then_some(Fault::Malformed)
    };
    dealt().or_else(confirmed).or_else(acknowledged)
}

/// [`sealed_part`] on a case; `None` if the case lacks the dealer's opening, or has one that its commitment
/// does not open to: with another one a dealer could make a right complaint look false.
pub(super) fn judge_sealed_part<S: Scheme>(
    case: &Case<'_>,
    terms: &Terms<S>,
    (from, to): (PartyId, PartyId),
    opened: Option<&[u8]>,
) -> Option<bool> {
    let shape = terms.shape();
    let (hello, commit) = case.round1.get(&from)?;
    let opening = case.broadcasts.get(&(2, from)).filter(|_| terms.deals(from) && terms.holders.contains(to))?;
    let dealer = Dealer { id: from, hello, commit, opening };
    if dealer_broadcast::<S::Curve>(&case.base, &case.view, dealer, &shape).is_some() {
        return None;
    }
    let share = opened.and_then(|bytes| Share::decode(bytes, &shape));
    Some(terms.share_is_right(from, &Opening::decode(opening, &shape)?, to, share.as_ref()))
}
