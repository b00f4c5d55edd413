//! Signing with a presignature: one message from each signer.
//!
//! The key itself or any child of it signs: derivation and re-randomisation are additive and public, and
//! every party puts them in alone. Steps are those of `docs/ecdsa.md`.

mod child;
mod protocol;
#[cfg(test)]
mod tests;

pub use self::child::Child;
pub use self::protocol::{Inputs, Online};

use alloc::vec::Vec;
use core::fmt;

use ecdsa::RecoveryId;

use super::EcdsaScheme;
use super::presignature::{Presignature, PresignatureId, Terms};
use super::signature::{Prehash, Signed, finish, nonce_coordinate, signable};
use super::store::{Claim, PresignatureStore};
use crate::curve::{Curve, PublicScalar};
use crate::error::{Abort, Error, Fault, Usage};
use crate::key::PublicKeyPackage;
use crate::party::PartyId;
use crate::round::Inbox;
use crate::transcript::Transcript;
use crate::wire::{Bytes32, Element, Shape, Wire, message};

const NO_SHAPE: Shape = Shape { threshold: 0, parties: 0, batch: 1 };

/// The length of a signer's online message in bytes.
pub const SHARE_LEN: usize = 96;

/// The key that a sharing's signatures verify under: its own, or that of a child.
///
/// # Errors
/// [`Usage::OtherKey`] for a child of another key; [`Usage::InvalidTweak`] if the child would be the identity.
pub fn verifying_key<S: EcdsaScheme>(
    key: &PublicKeyPackage<S>,
    child: &Child<S>,
) -> Result<<S::Curve as Curve>::Point, Usage> {
    child.key(&key.joint_point())
}

/// What to sign, and with which key: made by each signer's own application.
#[derive(Clone, Copy, Debug)]
pub struct Request<S: EcdsaScheme> {
    prehash: Prehash,
    m: PublicScalar<S::Curve>,
    child: Child<S>,
}

impl<S: EcdsaScheme> Request<S> {
    /// A request to sign a digest, or a message under its hash.
    ///
    /// # Errors
    /// [`Usage::ZeroDigest`] for a digest that is 0 modulo q: anybody can make a signature on that.
    pub fn new(prehash: impl Into<Prehash>, child: Child<S>) -> Result<Self, Usage> {
        let prehash = prehash.into();
        Ok(Self { prehash, m: signable::<S::Curve>(&prehash)?, child })
    }

    /// The digest.
    pub fn prehash(&self) -> &Prehash {
        &self.prehash
    }

    /// The key that signs.
    pub fn child(&self) -> &Child<S> {
        &self.child
    }

    /// 7.3: h = H(presig_id, m, δ): what a presignature is spent on.
    pub fn digest(&self, id: &PresignatureId) -> [u8; 32] {
        Transcript::new("ecdsa-online")
            .field(S::NAME.as_bytes())
            .field(id.as_bytes())
            .field(&self.m.encode())
            .field(&self.child.delta().encode())
            .digest()
    }

    /// Adds it to a session's inputs: the digest, and the path, δ and X' of the key that signs.
    pub(super) fn absorb(&self, base: Transcript, key: &PublicKeyPackage<S>) -> Transcript {
        let child = self.child.key(&key.joint_point()).map(Element::<S::Curve>::new);
        base.field(self.prehash.as_bytes())
            .field(self.child.path_digest())
            .field(&self.child.delta().encode())
            .field(child.as_ref().map_or(&[], Element::as_bytes))
    }
}

message! {
    /// A signer's online message, a broadcast of 96 bytes. s = Σ w / Σ u.
    pub struct OnlineShare<C: Curve> |shape| {
        /// h, what this signer signs
        request: Bytes32,
        /// u'_i = u_i + ρ·φ_i
        denominator: PublicScalar<C>,
        /// w_i = m·φ_i + r'·(v_i + δ·φ_i)
        numerator: PublicScalar<C>,
    }
}

/// Our message is out, those of the other signers are awaited.
pub struct Pending<S: EcdsaScheme> {
    signers: Vec<PartyId>,
    me: PartyId,
    /// X'
    key: <S::Curve as Curve>::Point,
    prehash: Prehash,
    /// r' and the recovery id that R' gives
    nonce: (PublicScalar<S::Curve>, RecoveryId),
    own: OnlineShare<S::Curve>,
}

impl<S: EcdsaScheme> fmt::Debug for Pending<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pending({:?} of {:?})", self.me, self.signers)
    }
}

/// Signs: spends the presignature, durably, before the message is there to be sent.
///
/// `key` is the package of the sharing that this party now holds. The message is for all other signers.
///
/// # Errors
/// [`Usage::OtherKey`], [`Usage::OtherSharing`], [`Usage::InvalidTweak`]; [`Usage::Spent`] if the
/// presignature was ever used for another request, [`Usage::UnknownPresignature`] if the store never had it,
/// [`Usage::StoreFailed`]. An abort that names nobody for a nonce that cannot sign: 2^-256.
pub fn sign<S: EcdsaScheme>(
    presignature: Presignature<S>,
    key: &PublicKeyPackage<S>,
    request: &Request<S>,
    store: &dyn PresignatureStore,
) -> Result<(OnlineShare<S::Curve>, Pending<S>), Error> {
    presignature.check_fits(key)?;
    let id = presignature.id();
    let (share, pending) = respond(presignature, request)?;
    let reply = reply_bytes(&share);
    // 7.4: before anything leaves. A repeated request gets what it got before: the same bytes.
    match store.claim(&id, &share.request, &reply).map_err(Usage::from)? {
        Claim::Ours => Ok((share, pending)),
        Claim::Repeated(before) if before == reply => Ok((share, pending)),
        Claim::Repeated(_) => Err(Usage::Spent.into()),
    }
}

/// The message once more that was sent for this request; the presignature is long wiped.
///
/// # Errors
/// [`Usage::Spent`] if it was used for another request, [`Usage::UnknownPresignature`] if for none.
pub fn repeat<S: EcdsaScheme>(
    id: &PresignatureId,
    request: &Request<S>,
    store: &dyn PresignatureStore,
) -> Result<OnlineShare<S::Curve>, Usage> {
    let (claimed, reply) = store.claimed(id)?.ok_or(Usage::UnknownPresignature)?;
    if claimed != request.digest(id) {
        return Err(Usage::Spent);
    }
    OnlineShare::decode(&reply, &NO_SHAPE).ok_or(Usage::StoreFailed)
}

fn reply_bytes<C: Curve>(share: &OnlineShare<C>) -> [u8; SHARE_LEN] {
    let mut reply = [0; SHARE_LEN];
    reply.iter_mut().zip(share.encode(&NO_SHAPE)).for_each(|(to, from)| *to = from);
    reply
}

/// Puts the request into the presignature, which is wiped: for interactive signing, which keeps it in memory.
pub(super) fn respond<S: EcdsaScheme>(
    presignature: Presignature<S>,
    request: &Request<S>,
) -> Result<(OnlineShare<S::Curve>, Pending<S>), Error> {
    let Presignature { terms, secrets } = presignature;
    let (m, delta) = (&request.m, request.child.delta());
    // 7.1: X' = X + δ·G
    let key = request.child.key(terms.key.point())?;
    let encoded = if delta.is_zero() { terms.key } else { Element::new(key) };
    let rho = rerandomisation(&terms, request, &encoded);
    // 7.2: R' = R + ρ·G, r' = x(R') mod q.
    let nonce = nonce_coordinate::<S::Curve>(&(*terms.nonce.point() + S::Curve::mul_base(rho.value())));
    let nonce = nonce.ok_or_else(|| Abort::nobody(Fault::IdentityNonce))?;
    let (r, _) = &nonce;
    let [phi, u, v] = secrets.expose();
    let share = OnlineShare {
        request: request.digest(&terms.id),
        denominator: PublicScalar::reveal(*u + *rho.value() * phi),
        numerator: PublicScalar::reveal(*m.value() * phi + *r.value() * (*v + *delta.value() * phi)),
    };
    let own = OnlineShare { ..share };
    let pending = Pending { signers: terms.signers, me: terms.me, key, prehash: request.prehash, nonce, own };
    Ok((share, pending))
}

/// ρ, over exactly presig_id, X, δ, X', R, m, S, sharing.
fn rerandomisation<S: EcdsaScheme>(
    terms: &Terms<S>,
    request: &Request<S>,
    child: &Element<S::Curve>,
) -> PublicScalar<S::Curve> {
    let signers = terms.signers.iter().map(|id| id.to_bytes());
    Transcript::new("ecdsa-rerandomise")
        .field(S::NAME.as_bytes())
        .field(terms.id.as_bytes())
        .field(terms.key.as_bytes())
        .field(&request.child.delta().encode())
        .field(child.as_bytes())
        .field(terms.nonce.as_bytes())
        .field(&request.m.encode())
        .list(signers)
        .field(terms.sharing.as_bytes())
        .challenge()
}

impl<S: EcdsaScheme> Pending<S> {
    /// Who must sign, in ascending order.
    pub fn signers(&self) -> &[PartyId] {
        &self.signers
    }

    /// Adds up the signers' messages: a signature, verified.
    ///
    /// # Errors
    /// Aborts that name nobody: [`Fault::OnlineRequestsDiffer`] if somebody signs something else,
    /// [`Fault::BadSignature`] if what comes out is no signature. The presignature is spent in any case.
    pub fn combine(self, shares: &Inbox<OnlineShare<S::Curve>>) -> Result<Signed<S>, Error> {
        let mut peers = self.signers.iter().filter(|id| **id != self.me);
        if shares.len() + 1 != self.signers.len() || !peers.all(|id| shares.get(*id).is_some()) {
            return Err(Usage::WrongInbox(self.me).into());
        }
        // 7.5: one request; u = Σ u'_i is not 0; s = Σ w_i / u, lowered; verified before it is released.
        if shares.iter().any(|(_, share)| share.request != self.own.request) {
            return Err(Abort::nobody(Fault::OnlineRequestsDiffer).into());
        }
        let all = || shares.iter().map(|(_, share)| share).chain([&self.own]);
        let u: PublicScalar<S::Curve> = all().map(|share| share.denominator).sum();
        let w: PublicScalar<S::Curve> = all().map(|share| share.numerator).sum();
        let (r, recovery_id) = &self.nonce;
        let signed =
            u.invert().and_then(|inverse| finish::<S>((r, *recovery_id), &(w * inverse), &self.key, &self.prehash));
        signed.ok_or_else(|| Abort::nobody(Fault::BadSignature).into())
    }
}
