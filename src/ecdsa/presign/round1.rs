//! Round 1: our commitment and invitations are out, the others' are awaited.

use alloc::vec::Vec;
use core::fmt;

use ff::Field;
use rand_core::CryptoRng;

use super::messages::{Commit, Greeting, Invitation, Opening, Ties, ToPeer, committed};
use super::round2::{Mine, Peer, Round2};
use super::signer::Signer;
use super::{Answers, AsReceiver, AsSender, Invitations, Opened};
use crate::commitment::HashCommitment;
use crate::curve::{Curve, PublicScalar, Scalar, random_scalar};
use crate::ecdsa::EcdsaScheme;
use crate::ecdsa::burn::BurnLog;
use crate::ecdsa::pairs::{Pair, burn_all};
use crate::error::{Abort, Fault, Usage};
use crate::mul::rvole::{Receiver, Sender, SessionId};
use crate::mul::zero_share::zero_share;
use crate::ot::extension::Context;
use crate::party::{Base, PairId, View};
use crate::round::Inbox;
use crate::secret::Secret;
use crate::transcript::Transcript;
use crate::wire::{Element, Shape, Wire};

/// First round: our commitment and invitations are out, the others' are awaited.
pub struct Round1<S: EcdsaScheme> {
    pub(super) signer: Signer<S>,
    base: Base,
    /// r_{i,ν}
    pub(super) nonces: Secret<Vec<Scalar<S::Curve>>>,
    /// φ_{i,ν}
    masks: Secret<Vec<Scalar<S::Curve>>>,
    /// R_{i,ν}
    pub(super) points: Vec<Element<S::Curve>>,
    blinding: [u8; 32],
    /// As the receiver towards each peer, and the digest of what it was sent.
    receivers: Vec<(AsReceiver<S>, [u8; 32])>,
}

impl<S: EcdsaScheme> fmt::Debug for Round1<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Round1({:?})", self.signer)
    }
}

impl<S: EcdsaScheme> Round1<S> {
    /// Draws the nonces and masks, commits, extends towards every peer.
    pub(in crate::ecdsa) fn start(
        signer: Signer<S>,
        base: Base,
        hello: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Commit, Invitations<S>), Usage> {
        let nonce = hello.first_chunk::<32>().ok_or(Usage::Malformed)?;
        let batch = signer.batch;
        let uses = u32::try_from(batch.get()).map_err(|_| Usage::TooMany)?;
        signer.pairs.iter().try_for_each(|pair| pair.count_use(uses))?;
        // 6.2
        let nonces = random_scalars::<S::Curve>(batch.get(), rng);
        let masks = random_scalars::<S::Curve>(batch.get(), rng);
        let points: Vec<_> = nonces.expose().iter().map(|r| Element::new(S::Curve::mul_base(r))).collect();
        let mut blinding = [0; 32];
        rng.fill_bytes(&mut blinding);
        let value = committed(&base, signer.me, hello, &points);
        let HashCommitment(commitment) = HashCommitment::to(value, &blinding);
        // 6.3
        let shape = signer.shape();
        let (mut receivers, mut invitations) = (Vec::new(), Vec::new());
        for pair in &signer.pairs {
            let context = Context::signing(&base, pair.pair_id(), signer.me, pair.peer(), nonce);
            let (receiver, request) = Receiver::start(pair.receiver(), &context, batch, &signer.gadget);
            let invitation = Invitation { pair: *pair.pair_id().as_bytes(), request };
            receivers.push((receiver, digest(&invitation, &shape)));
            invitations.push((pair.peer(), invitation));
        }
        Ok((Self { signer, base, nonces, masks, points, blinding, receivers }, Commit { commitment }, invitations))
    }

    /// Checks every invitation, opens, and answers: the opening is for all, of the rest each for one.
    ///
    /// `view` is the digest of the base and of everybody's round 1 ([`crate::round::view`]). The greetings must
    /// have been decoded for this session's shape.
    ///
    /// # Errors
    /// [`Fault::OtherSetup`], [`Fault::PairBurned`] and [`Fault::LogFailed`], naming nobody; [`Fault::BadExtension`], after the pairs
    /// of all who are named have been burned.
    pub fn receive(
        self,
        view: View,
        greetings: Inbox<Greeting<S::Parameters>>,
        log: &dyn BurnLog,
        rng: &mut impl CryptoRng,
    ) -> Result<Opened<S>, Abort> {
        let greetings = self.signer.in_order(greetings)?;
        // 6.4: nothing that hangs on a pair runs before all setups are the same.
        let theirs = |greeting: &Greeting<_>| PairId::from_bytes(greeting.invitation.pair);
        let pairs = self.signer.pairs.iter().zip(&greetings);
        let compared: Vec<_> = pairs.map(|(pair, greeting)| pair.compare(&theirs(greeting))).collect();
        compared.into_iter().collect::<Result<(), Abort>>()?;
        let senders = self.check_requests(&greetings, log)?;
        let (mine, opening, answers) = self.answer(view, &greetings, senders, rng);
        let Self { signer, base, receivers, .. } = self;
        let peers = signer.pairs.iter().zip(greetings).zip(receivers).map(|((pair, greeting), (receiver, sent))| {
            let session =
                SessionId::new::<S::Curve, S::Parameters>(&view, pair.pair_id(), signer.me, pair.peer(), &sent);
            Peer { hello: greeting.hello, commit: greeting.commit, receiver, session }
        });
        let peers = peers.collect();
        // 6.8: whatever another session has found out by now, this one tells the peers nothing more.
        signer.check_pairs(log)?;
        Ok((Round2 { signer, base, view, mine, peers }, opening, answers))
    }

    /// What fixes the lengths of the messages.
    pub fn shape(&self) -> Shape {
        self.signer.shape()
    }

    /// 6.5: the extension check of every peer; all who fail it are burned.
    fn check_requests(
        &self,
        greetings: &[Greeting<S::Parameters>],
        log: &dyn BurnLog,
    ) -> Result<Vec<AsSender<S>>, Abort> {
        let shape = self.signer.shape();
        let fits = |greeting: &Greeting<S::Parameters>| {
            let length = greeting.invitation.encode(&shape).len();
            length == Invitation::<S::Parameters>::size(&shape) && greeting.hello.len() >= 32
        };
        let wrong = self.signer.pairs.iter().zip(greetings).filter(|(_, greeting)| !fits(greeting));
        Abort::if_any(Fault::Malformed, wrong.map(|(pair, _)| pair.peer()))?;
        let (mut senders, mut failed): (Vec<_>, Vec<&Pair>) = (Vec::new(), Vec::new());
        for (pair, greeting) in self.signer.pairs.iter().zip(greetings) {
            let nonce = greeting.hello.first_chunk::<32>().unwrap_or(&[0; 32]);
            let context = Context::signing(&self.base, pair.pair_id(), pair.peer(), self.signer.me, nonce);
            match Sender::receive(pair.sender(), &context, self.signer.batch, &greeting.invitation.request) {
                Some(sender) => senders.push(sender),
                None => failed.push(pair),
            }
        }
        burn_all(Fault::BadExtension, &failed, log)?;
        Ok(senders)
    }

    /// 6.6 and 6.7: the parts of the key, masked by shares of zero, and all products.
    fn answer(
        &self,
        view: View,
        greetings: &[Greeting<S::Parameters>],
        senders: Vec<AsSender<S>>,
        rng: &mut impl CryptoRng,
    ) -> (Mine<S>, Opening<S::Curve>, Answers<S>) {
        let signer = &self.signer;
        let shape = signer.shape();
        // 6.6: ζ_i per index; sk_i = λ_i·s_i + ζ_i; pk_i = sk_i·G.
        let seeds = || signer.pairs.iter().map(|pair| (pair.peer(), pair.zero_seed()));
        let mut inputs = Secret::new(Vec::with_capacity(signer.batch.get()));
        for (nonce, index) in self.nonces.expose().iter().zip(signer.indices()) {
            let zero = zero_share::<S::Curve>(signer.me, seeds(), &view, index);
            inputs.expose_mut().push([*nonce, *signer.part.expose() + zero.expose()]);
        }
        let images = inputs.expose().iter().map(|[_, key]| Element::new(S::Curve::mul_base(key))).collect();
        // 6.7
        let mut sums = Secret::new(alloc::vec![[Scalar::<S::Curve>::ZERO; 2]; signer.batch.get()]);
        let mut answers = Vec::with_capacity(senders.len());
        let parts = signer.pairs.iter().zip(greetings).zip(senders).zip(&self.receivers);
        for (((pair, greeting), sender), (receiver, _)) in parts {
            let sent = digest(&greeting.invitation, &shape);
            let session =
                SessionId::new::<S::Curve, S::Parameters>(&view, pair.pair_id(), pair.peer(), signer.me, &sent);
            // One pair of inputs for each multiplication: it cannot be `None`.
            let Some((shares, response)) = sender.multiply(&session, &signer.gadget, &inputs, rng) else { continue };
            let ties = self.ties(receiver, shares.expose());
            for ([u, v], [c_u, c_v]) in sums.expose_mut().iter_mut().zip(shares.expose()) {
                *u += c_u;
                *v += c_v;
            }
            answers.push((pair.peer(), ToPeer { ties, response }));
        }
        let opening = Opening { view: *view.as_bytes(), blinding: self.blinding, nonces: self.points.clone(), images };
        let masks = Secret::new(self.masks.expose().clone());
        let mine = Mine { inputs, masks, sums, nonces: opening.nonces.clone(), images: opening.images.clone() };
        (mine, opening, answers)
    }

    /// ψ_ij = φ_i − χ_ij, Γ_ij = c_ij·G.
    fn ties(&self, receiver: &AsReceiver<S>, shares: &[[Scalar<S::Curve>; 2]]) -> Ties<S::Curve> {
        let offsets = self.masks.expose().iter().zip(receiver.factors().expose());
        let tie = |c: &Scalar<S::Curve>| Element::new(S::Curve::mul_base(c));
        Ties {
            offsets: offsets.map(|(phi, chi)| PublicScalar::reveal(*phi - chi)).collect(),
            nonce_ties: shares.iter().map(|[c_u, _]| tie(c_u)).collect(),
            key_ties: shares.iter().map(|[_, c_v]| tie(c_v)).collect(),
        }
    }
}

/// The digest of an addressed part of round 1: it goes into the id of the multiplication it asks for.
fn digest<P: crate::mul::rvole::ParameterSet>(invitation: &Invitation<P>, shape: &Shape) -> [u8; 32] {
    Transcript::new("ecdsa-invitation").field(&invitation.encode(shape)).digest()
}

/// So many random scalars, none of them 0.
fn random_scalars<C: Curve>(count: usize, rng: &mut impl CryptoRng) -> Secret<Vec<Scalar<C>>> {
    let mut scalars = Secret::new(Vec::with_capacity(count));
    for _ in 0..count {
        scalars.expose_mut().push(*random_scalar::<C>(rng).expose());
    }
    scalars
}
