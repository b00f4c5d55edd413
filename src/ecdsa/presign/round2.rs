//! Round 2: our opening and answers are out, the others' are awaited.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use group::Group;
use rand_core::CryptoRng;

use super::AsReceiver;
use super::messages::{Commit, Dealt, ZeroShares, committed};
use super::round3::Round3;
use super::signer::Signer;
use crate::commitment::HashCommitment;
use crate::curve::{Curve, PublicScalar, Scalar, msm_vartime};
use crate::ecdsa::EcdsaScheme;
use crate::ecdsa::burn::BurnLog;
use crate::ecdsa::pairs::{Pair, burn_all};
use crate::ecdsa::presignature::{Presignature, PresignatureId, Terms};
use crate::ecdsa::signature::coordinate_of;
use crate::error::{Abort, Fault};
use crate::mul::rvole::{Pairs, SessionId};
use crate::party::{Base, View};
use crate::proof::Weights;
use crate::round::Inbox;
use crate::secret::Secret;
use crate::transcript::Transcript;
use crate::wire::Element;

/// What this party has put in, and holds of the products so far.
pub(super) struct Mine<S: EcdsaScheme> {
    /// (r_i, sk_i)
    pub(super) inputs: Pairs<S::Curve>,
    /// φ_i
    pub(super) masks: Secret<Vec<Scalar<S::Curve>>>,
    /// (Σ_j c^u_ij, Σ_j c^v_ij)
    pub(super) sums: Pairs<S::Curve>,
    /// R_i
    pub(super) nonces: Vec<Element<S::Curve>>,
    /// pk_i
    pub(super) images: Vec<Element<S::Curve>>,
}

/// What is known of a peer, and the multiplication in which it answers.
pub(super) struct Peer<S: EcdsaScheme> {
    pub(super) hello: Vec<u8>,
    pub(super) commit: Commit,
    pub(super) receiver: AsReceiver<S>,
    pub(super) session: SessionId,
}

/// Second round: our opening and answers are out, the others' are awaited.
pub struct Round2<S: EcdsaScheme> {
    pub(super) signer: Signer<S>,
    pub(super) base: Base,
    pub(super) view: View,
    pub(super) mine: Mine<S>,
    pub(super) peers: Vec<Peer<S>>,
}

/// How presigning ends.
#[derive(Debug)]
pub enum Finish<S: EcdsaScheme> {
    /// The presignatures of the batch, in its order.
    Done(Vec<Presignature<S>>),
    /// The key images do not add up. Everything of the batch is wiped; the shares of zero are for all.
    Blame(Box<Round3<S>>, ZeroShares<S::Curve>),
}

/// The products: for each peer χ_ij and (d^u_ij, d^v_ij) of each index.
type Products<S> = (Secret<Vec<Scalar<<S as crate::key::Scheme>::Curve>>>, Pairs<<S as crate::key::Scheme>::Curve>);

impl<S: EcdsaScheme> Round2<S> {
    /// Checks everything, and makes the presignatures.
    ///
    /// `broadcasts` is the digest of all broadcasts of this round ([`crate::round::broadcasts_digest`]). The
    /// messages must have been decoded for this session's shape.
    ///
    /// # Errors
    /// [`Fault::BroadcastsDiffer`] for another view, [`Fault::PairBurned`], [`Fault::LogFailed`],
    /// [`Fault::IdentityNonce`], naming nobody; [`Fault::BadSealedPart`], [`Fault::BadOpening`]; [`Fault::BadMultiplication`],
    /// [`Fault::BadNonceImage`], after the pairs of all who are named have been burned.
    pub fn receive(
        self,
        broadcasts: [u8; 32],
        dealt: Inbox<Dealt<S>>,
        log: &dyn BurnLog,
        rng: &mut impl CryptoRng,
    ) -> Result<Finish<S>, Abort> {
        let Self { signer, base, view, mine, peers } = self;
        let mut dealt = signer.in_order(dealt)?;
        check_openings(&signer, (&base, &view), &peers, &dealt)?;
        let products = multiply(&signer, peers, &mut dealt, log)?;
        check_ties(&signer, &view, &products, &dealt, log, rng)?;
        // 6.12
        signer.check_pairs(log)?;
        let failed = wrong_sums(&signer, &mine, &dealt);
        if !failed.is_empty() {
            // 8.1: first everything of the session goes, then the shares of zero may leave.
            let openings: Vec<_> = dealt.into_iter().map(|dealt| dealt.opening.images).collect();
            let images = mine.images;
            drop((products, mine.inputs, mine.masks, mine.sums));
            let (round, shares) = Round3::new(signer, &view, &failed, images, openings);
            return Ok(Finish::Blame(Box::new(round), shares));
        }
        presignatures(&signer, &mine, &products, &dealt, &broadcasts).map(Finish::Done)
    }
}

/// 6.9: view, sealed parts, openings, in this order.
fn check_openings<S: EcdsaScheme>(
    signer: &Signer<S>,
    (base, view): (&Base, &View),
    peers: &[Peer<S>],
    dealt: &[Dealt<S>],
) -> Result<(), Abort> {
    if dealt.iter().any(|dealt| dealt.opening.view != *view.as_bytes()) {
        return Err(Abort::nobody(Fault::BroadcastsDiffer));
    }
    let ids = || signer.pairs.iter().map(|pair| pair.peer());
    let count = signer.batch.get();
    let complete = |dealt: &Dealt<S>| {
        let (opening, ties) = (&dealt.opening, &dealt.ties);
        let lists = [opening.nonces.len(), opening.images.len(), ties.nonce_ties.len(), ties.key_ties.len()];
        ties.offsets.len() == count && lists.iter().all(|length| *length == count)
    };
    let incomplete = ids().zip(dealt).filter(|(_, dealt)| !complete(dealt));
    Abort::if_any(Fault::Malformed, incomplete.map(|(id, _)| id))?;
    let unsealed = ids().zip(dealt).filter(|(_, dealt)| dealt.response.is_none());
    Abort::if_any(Fault::BadSealedPart, unsealed.map(|(id, _)| id))?;
    let wrong = ids().zip(peers).zip(dealt).filter(|((id, peer), dealt)| {
        let value = committed(base, *id, &peer.hello, &dealt.opening.nonces);
        !HashCommitment(peer.commit.commitment).opens_to(value, &dealt.opening.blinding)
    });
    Abort::if_any(Fault::BadOpening, wrong.map(|((id, _), _)| id))
}

/// 6.10: the check of every multiplication; all who fail it are burned.
fn multiply<S: EcdsaScheme>(
    signer: &Signer<S>,
    peers: Vec<Peer<S>>,
    dealt: &mut [Dealt<S>],
    log: &dyn BurnLog,
) -> Result<Vec<Products<S>>, Abort> {
    let (mut products, mut failed): (Vec<_>, Vec<&Pair>) = (Vec::with_capacity(peers.len()), Vec::new());
    for ((pair, peer), dealt) in signer.pairs.iter().zip(peers).zip(dealt) {
        let factors = Secret::new(peer.receiver.factors().expose().clone());
        let response = dealt.response.take();
        let shares = response.and_then(|response| peer.receiver.finish(&peer.session, &signer.gadget, &response));
        match shares {
            Some(shares) => products.push((factors, shares)),
            None => failed.push(pair),
        }
    }
    burn_all(Fault::BadMultiplication, &failed, log)?;
    Ok(products)
}

/// 6.11: what went into the products is what is behind R_j and pk_j; all who fail it are burned.
fn check_ties<S: EcdsaScheme>(
    signer: &Signer<S>,
    view: &View,
    products: &[Products<S>],
    dealt: &[Dealt<S>],
    log: &dyn BurnLog,
    rng: &mut impl CryptoRng,
) -> Result<(), Abort> {
    let mut failed: Vec<&Pair> = Vec::new();
    for ((pair, products), dealt) in signer.pairs.iter().zip(products).zip(dealt) {
        let mut weights = Weights::new(&digest(view, products, dealt), rng);
        if !ties_hold(products, dealt, &mut weights) {
            failed.push(pair);
        }
    }
    burn_all(Fault::BadNonceImage, &failed, log)
}

/// Everything that the weights of the merged check must not be known before: all that it is made of, and of the
/// peer's answer what came out, d^u and d^v. Nobody sees the digest.
fn digest<S: EcdsaScheme>(view: &View, (factors, shares): &Products<S>, dealt: &Dealt<S>) -> [u8; 32] {
    let (opening, ties) = (&dealt.opening, &dealt.ties);
    let lists = [&opening.nonces, &opening.images, &ties.nonce_ties, &ties.key_ties];
    let transcript = Transcript::new("ecdsa-ties").field(view.as_bytes());
    let transcript = lists.iter().fold(transcript, |t, list| t.list(list.iter().map(Element::as_bytes)));
    let secrets = factors.expose().iter().chain(shares.expose().as_flattened());
    secrets.fold(transcript, Transcript::scalar::<S::Curve>).digest()
}

/// χ·P − Q = (d^u + w·d^v)·G with P = R_j + w·pk_j and Q = Γ^u + w·Γ^v, for each index.
///
/// That is check 1, χ·R_j − Γ^u = d^u·G, plus w times check 2, χ·pk_j − Γ^v = d^v·G. P and Q are public; χ
/// and d only enter products of constant time.
fn ties_hold<S: EcdsaScheme>((factors, shares): &Products<S>, dealt: &Dealt<S>, weights: &mut Weights) -> bool {
    let (opening, ties) = (&dealt.opening, &dealt.ties);
    let points = opening.nonces.iter().zip(&opening.images).zip(ties.nonce_ties.iter().zip(&ties.key_ties));
    let secrets = factors.expose().iter().zip(shares.expose());
    let mut good = true;
    for (((nonce, image), (tie_u, tie_v)), (chi, [d_u, d_v])) in points.zip(secrets) {
        let w: PublicScalar<S::Curve> = weights.draw();
        let p = *nonce.point() + msm_vartime::<S::Curve>(&[(w, *image.point())]);
        let q = *tie_u.point() + msm_vartime::<S::Curve>(&[(w, *tie_v.point())]);
        let sum = Secret::new(*w.value() * d_v + d_u);
        good &= p * chi - q == S::Curve::mul_base(sum.expose());
    }
    good
}

/// The indices at which Σ pk_j ≠ X.
fn wrong_sums<S: EcdsaScheme>(signer: &Signer<S>, mine: &Mine<S>, dealt: &[Dealt<S>]) -> Vec<u32> {
    let joint = signer.key.joint_point();
    let all = || dealt.iter().map(|dealt| &dealt.opening.images).chain([&mine.images]);
    let wrong = |index: &u32| sum_at::<S::Curve>(all(), *index) != joint;
    signer.indices().filter(wrong).collect()
}

/// The sum of everybody's points at one index.
fn sum_at<'a, C: Curve>(lists: impl Iterator<Item = &'a Vec<Element<C>>>, index: u32) -> C::Point {
    let at = usize::try_from(index).unwrap_or(usize::MAX);
    lists.filter_map(|list| list.get(at)).fold(C::Point::identity(), |sum, element| sum + element.point())
}

/// 6.13
fn presignatures<S: EcdsaScheme>(
    signer: &Signer<S>,
    mine: &Mine<S>,
    products: &[Products<S>],
    dealt: &[Dealt<S>],
    broadcasts: &[u8; 32],
) -> Result<Vec<Presignature<S>>, Abort> {
    let mut made = Vec::with_capacity(signer.batch.get());
    let joint = Element::new(signer.key.joint_point());
    let own = mine.inputs.expose().iter().zip(mine.masks.expose()).zip(mine.sums.expose());
    for ((([nonce, key], phi), [c_u, c_v]), (at, index)) in own.zip((0..).zip(signer.indices())) {
        let all = dealt.iter().map(|dealt| &dealt.opening.nonces).chain([&mine.nonces]);
        let point = Element::new(sum_at::<S::Curve>(all, index));
        if coordinate_of::<S::Curve>(point.as_bytes()).is_none() {
            return Err(Abort::nobody(Fault::IdentityNonce));
        }
        let offsets = dealt.iter().filter_map(|dealt| dealt.ties.offsets.get(at).map(PublicScalar::value));
        let mask = Secret::new(offsets.fold(*phi, |sum, psi| sum + psi));
        let mut secrets = Secret::new([*phi, *nonce * mask.expose() + c_u, *key * mask.expose() + c_v]);
        let [_, u, v] = secrets.expose_mut();
        for [d_u, d_v] in products.iter().filter_map(|(_, shares)| shares.expose().get(at)) {
            *u += d_u;
            *v += d_v;
        }
        let terms = Terms {
            key_id: signer.key.key_id(),
            sharing: signer.key.sharing(),
            threshold: signer.key.threshold(),
            me: signer.me,
            signers: signer.signers.clone(),
            id: PresignatureId::new(broadcasts, index),
            key: joint,
            nonce: point,
        };
        made.push(Presignature::new(terms, secrets));
    }
    Ok(made)
}

impl<S: EcdsaScheme> fmt::Debug for Round2<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Round2({:?})", self.signer)
    }
}

/// The first weight of the merged check of one index under a generator that repeats itself.
#[cfg(test)]
pub(super) fn weight<S: EcdsaScheme>(
    view: &View,
    chi: Scalar<S::Curve>,
    shares: [Scalar<S::Curve>; 2],
    [nonce, image, tie_u, tie_v]: [<S::Curve as Curve>::Point; 4],
) -> PublicScalar<S::Curve> {
    use super::messages::{Opening, Ties};
    let list = |point| alloc::vec![Element::new(point)];
    let opening = Opening { view: [0; 32], blinding: [0; 32], nonces: list(nonce), images: list(image) };
    let ties = Ties { offsets: Vec::new(), nonce_ties: list(tie_u), key_ties: list(tie_v) };
    let products = (Secret::new(alloc::vec![chi]), Secret::new(alloc::vec![shares]));
    let digest = digest::<S>(view, &products, &Dealt { opening, ties, response: None });
    Weights::new(&digest, &mut Transcript::new("ecdsa-weight-test").rng()).draw()
}

/// The merged check of one index, and both checks apart.
#[cfg(test)]
pub(super) fn weighted_and_single<S: EcdsaScheme>(
    chi: Scalar<S::Curve>,
    [d_u, d_v]: [Scalar<S::Curve>; 2],
    [nonce, image, tie_u, tie_v]: [<S::Curve as Curve>::Point; 4],
) -> (bool, bool) {
    use super::messages::{Opening, Ties};
    let list = |point| alloc::vec![Element::new(point)];
    let opening = Opening { view: [0; 32], blinding: [0; 32], nonces: list(nonce), images: list(image) };
    let ties = Ties { offsets: Vec::new(), nonce_ties: list(tie_u), key_ties: list(tie_v) };
    let products = (Secret::new(alloc::vec![chi]), Secret::new(alloc::vec![[d_u, d_v]]));
    let dealt = Dealt { opening, ties, response: None };
    let digest = digest::<S>(&View::from_bytes([0; 32]), &products, &dealt);
    let mut weights = Weights::new(&digest, &mut Transcript::new("ecdsa-ties-test").rng());
    let merged = ties_hold::<S>(&products, &dealt, &mut weights);
    let first = nonce * chi - tie_u == S::Curve::mul_base(&d_u);
    (merged, first & (image * chi - tie_v == S::Curve::mul_base(&d_v)))
}
