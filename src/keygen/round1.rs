//! Round 1: our commitment is out, the others' are awaited.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::deal::{Terms, chain_code_commitment, committed, proof_transcript};
use super::messages::{Commit, Greeting, Opening, Share};
use super::round2::{Mine, Round2};
use crate::commitment::HashCommitment;
use crate::curve::{Curve, Scalar, Uncleared};
use crate::key::Scheme;
use crate::party::{PartyId, View};
use crate::proof::Proof;
use crate::round::Inbox;
use crate::secret::Secret;
use crate::sharing::Polynomial;
use crate::wire::{SecretBytes, SecretScalar, UnclearedElement};

/// First round: our commitment is out, the others' are awaited.
///
/// ```compile_fail,E0382
/// # use cosigil::{View, keygen::{Greeting, Round1}, key::Scheme, round::Inbox, TranscriptRng};
/// fn twice<S: Scheme>(round: Round1<S>, a: Inbox<Greeting>, b: Inbox<Greeting>, view: View, rng: &mut TranscriptRng) {
///     round.receive(view, a, rng);
///     round.receive(view, b, rng);
/// }
/// ```
#[derive(Debug)]
pub struct Round1<S: Scheme> {
    terms: Terms<S>,
    polynomial: Polynomial<S::Curve>,
    coefficients: Vec<UnclearedElement<S::Curve>>,
    blinding: Secret<[u8; 32]>,
    chain_code: Secret<[u8; 32]>,
}

/// A private part for each of the other holders.
pub type ToEach<C> = Vec<(PartyId, Share<C>)>;

/// What a dealer of an old key deals: λ_i·s_i, and the chain code.
pub(super) struct Dealing<C: Curve> {
    pub(super) constant: Secret<Scalar<C>>,
    pub(super) chain_code: Secret<[u8; 32]>,
}

impl<S: Scheme> Round1<S> {
    /// Commits to a polynomial and a chain code: random ones, or those of the old key.
    pub(super) fn deal(
        terms: Terms<S>,
        dealing: Option<Dealing<S::Curve>>,
        hello: &[u8],
        rng: &mut impl CryptoRng,
    ) -> (Self, Commit) {
        // 1.1
        let count = terms.threshold.get().into();
        let (polynomial, chain_code) = match dealing {
            Some(Dealing { constant, chain_code }) => (Polynomial::with_constant(&constant, count, rng), chain_code),
            None => (Polynomial::random(count, rng), random_bytes(rng)),
        };
        let image = |coefficient| UnclearedElement::new(Uncleared::mul_base(coefficient));
        let coefficients: Vec<_> = polynomial.coefficients().iter().map(image).collect();
        // 1.2
        let blinding = random_bytes(rng);
        let k = chain_code_commitment(&terms.base, terms.me, &chain_code);
        let value = committed(&terms.base, terms.me, hello, &coefficients, &k);
        let HashCommitment(commitment) = HashCommitment::to(value, blinding.expose());
        (Self { terms, polynomial, coefficients, blinding, chain_code }, Commit { commitment })
    }

    /// Keeps every commitment, opens ours and deals.
    ///
    /// `view` is the digest of the base and of everybody's round 1 ([`crate::round::view`]). The opening is
    /// for all; each share is private: encrypted and authenticated.
    pub fn receive(
        self,
        view: View,
        greetings: Inbox<Greeting>,
        rng: &mut impl CryptoRng,
    ) -> (Round2<S>, Opening<S::Curve>, ToEach<S::Curve>) {
        // 2.1
        self.open(view, greetings.into_iter().collect(), rng)
    }

    /// [`Self::receive`] of those who deal.
    pub(super) fn open(
        self,
        view: View,
        greetings: BTreeMap<PartyId, Greeting>,
        rng: &mut impl CryptoRng,
    ) -> (Round2<S>, Opening<S::Curve>, ToEach<S::Curve>) {
        let Self { terms, polynomial, coefficients, blinding, chain_code } = self;
        // 2.2
        let transcript = proof_transcript(&view, terms.me, &coefficients);
        let opening = Opening {
            proof: Proof::prove(polynomial.coefficients(), transcript, rng),
            chain_code: chain_code_commitment(&terms.base, terms.me, &chain_code),
            blinding: *blinding.expose(),
            coefficients,
        };
        // 2.3
        let share = |id| Share {
            share: SecretScalar(polynomial.evaluate(id)),
            chain_code: SecretBytes(Secret::new(*chain_code.expose())),
        };
        let shares = terms.holders.peers(terms.me).map(|id| (id, share(id))).collect();
        let mine = Mine { opening: opening.copy(), share: share(terms.me) };
        (Round2 { terms, view, greetings, mine: Some(mine) }, opening, shares)
    }

    pub(super) fn terms(&self) -> &Terms<S> {
        &self.terms
    }
}

fn random_bytes(rng: &mut impl CryptoRng) -> Secret<[u8; 32]> {
    let mut bytes = Secret::new([0; 32]);
    rng.fill_bytes(bytes.expose_mut());
    bytes
}
