//! Pending shares, certificates, and how one makes the other a key share.
//!
//! A confirm's proof is a Schnorr signature under the holder's public share S_i, over the view, T and i:
//! nobody with fewer than t shares can make one for an honest holder. So a certificate convinces
//! whoever holds a pending share of the same transcript, from wherever it comes.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::deal::{confirm_transcript, sharing};
use super::messages::Confirm;
use crate::curve::{Curve, PublicScalar, Uncleared, msm_vartime, x_coordinate};
use crate::error::{Abort, Fault, Usage};
use crate::key::{KeyShare, PublicKeyPackage, Scheme};
use crate::party::{Parties, PartyId, View};
use crate::proof::{Proof, Weights};
use crate::record::{self, Kind};
use crate::round::Protocol;
use crate::session::Session;
use crate::sharing::Commitment;
use crate::transcript::Transcript;
use crate::wire::{Reader, Shape, Wire};

const PENDING: Kind = Kind { tag: 3, version: 1 };
const CERTIFICATE: Kind = Kind { tag: 4, version: 1 };
/// The round of the confirms.
pub(super) const CONFIRMS: u8 = 3;
const NO_SHAPE: Shape = Shape { threshold: 0, parties: 0, batch: 1 };

/// A share that waits for the certificate. Once its confirm has left, only its owner may discard it.
pub struct Pending<S: Scheme> {
    key: KeyShare<S>,
    view: View,
    transcript: [u8; 32],
    proof: Proof<S::Curve>,
}

impl<S: Scheme> Pending<S> {
    pub(super) fn new(key: KeyShare<S>, view: View, transcript: [u8; 32], rng: &mut impl CryptoRng) -> Self {
        let share = core::slice::from_ref(key.secret().expose());
        let proof = Proof::prove(share, confirm_transcript(&view, &transcript, key.me()), rng);
        Self { key, view, transcript, proof }
    }

    /// This party.
    pub fn me(&self) -> PartyId {
        self.key.me()
    }

    /// What the key's public package will be. Not a key yet: no address of it may be shown.
    pub fn public(&self) -> &PublicKeyPackage<S> {
        self.key.public()
    }

    /// T, the digest of all openings.
    pub fn transcript(&self) -> &[u8; 32] {
        &self.transcript
    }

    /// Our confirm, the same bytes each time.
    pub fn confirm(&self) -> Confirm<S::Curve> {
        Confirm { transcript: self.transcript, proof: copy(&self.proof) }
    }

    /// The key share, if the certificate is one of all holders over our transcript. The pending share
    /// stays as it is; erase its record when the key share is stored.
    ///
    /// # Errors
    /// [`Usage::OtherKey`] for a certificate over another transcript, [`Usage::WrongInbox`] if a holder's
    /// confirm is missing, [`Usage::Malformed`] if a proof does not verify. Nobody is named: who made the
    /// certificate up is not known.
    pub fn activate(&self, certificate: &Certificate<S>) -> Result<KeyShare<S>, Usage> {
        let entries = &certificate.entries;
        if entries.values().any(|entry| entry.confirm.transcript != self.transcript) {
            return Err(Usage::OtherKey);
        }
        let missing = self.public().parties().ids().find(|id| !entries.contains_key(id));
        missing.map_or(Ok(()), |id| Err(Usage::WrongInbox(id)))?;
        let extra = entries.keys().find(|id| !self.public().parties().contains(**id));
        extra.map_or(Ok(()), |id| Err(Usage::UnknownParty(*id)))?;
        let confirms = entries.iter().map(|(id, entry)| (*id, &entry.confirm));
        // Weights that whoever made the certificate cannot know.
        let mut rng = Transcript::new("certificate-weights").scalar::<S::Curve>(self.key.secret().expose()).rng();
        check(self, confirms, &mut rng).map_err(|_| Usage::Malformed)?;
        Ok(self.key.duplicate())
    }

    /// The view of the attempt.
    pub fn view(&self) -> &View {
        &self.view
    }

    pub(super) fn into_key(self) -> KeyShare<S> {
        self.key
    }

    pub(super) fn duplicate(&self) -> Self {
        let Self { key, view, transcript, proof } = self;
        Self { key: key.duplicate(), view: *view, transcript: *transcript, proof: copy(proof) }
    }

    /// The stored form, secret: view 32 ‖ T 32 ‖ proof ‖ the key share's record. Wiped when dropped.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let key = self.key.to_bytes();
        let size = 64 + Proof::<S::Curve>::size(&NO_SHAPE) + key.len();
        record::write(PENDING, S::NAME, size, |out| {
            out.extend_from_slice(self.view.as_bytes());
            out.extend_from_slice(&self.transcript);
            self.proof.write(out);
            out.extend_from_slice(&key);
        })
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`Usage::Malformed`], [`Usage::UnknownVersion`], [`Usage::OtherSuite`], and what a key share may
    /// not be.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        let mut input = record::read(bytes, PENDING, S::NAME)?;
        let view = View::from_bytes(input.array().ok_or(Usage::Malformed)?);
        let transcript = input.array().ok_or(Usage::Malformed)?;
        let proof = Proof::read(&mut input, &NO_SHAPE).ok_or(Usage::Malformed)?;
        let key = KeyShare::from_bytes(input.rest())?;
        let public: &PublicKeyPackage<S> = key.public();
        if sharing(public.key_id(), public.number(), &transcript) != public.sharing() {
            return Err(Usage::Malformed);
        }
        Ok(Self { key, view, transcript, proof })
    }
}

impl<S: Scheme> core::fmt::Debug for Pending<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Pending({:?})", self.key)
    }
}

/// The confirms of all holders over one transcript, each as it was signed.
///
/// With a pending share of that transcript it makes a key share ([`Pending::activate`]). Give it to any
/// holder that asks. What was signed is kept for those who judge: a holder that also complained under
/// the same view has said two things.
#[derive(Debug)]
pub struct Certificate<S: Scheme> {
    entries: BTreeMap<PartyId, Entry<S::Curve>>,
}

#[derive(Debug)]
struct Entry<C: Curve> {
    confirm: Confirm<C>,
    signed: Vec<u8>,
}

impl<S: Scheme> Certificate<S> {
    /// The certificate in a session's messages, once the confirms of all holders are there.
    pub(super) fn of_session<P: Protocol>(session: &Session<P>, holders: &Parties) -> Option<Self> {
        let of_holders = |(id, ..): &(PartyId, _, _)| holders.contains(*id);
        let confirms: Vec<_> = session.signed_broadcasts(CONFIRMS).into_iter().filter(of_holders).collect();
        let complete = confirms.len() == holders.len() && session.round() > CONFIRMS;
        let entry = |(id, body, signed): (_, Vec<u8>, _)| Some((id, Confirm::decode(&body, &NO_SHAPE)?, signed));
        let entries: Option<Vec<_>> = confirms.into_iter().map(entry).collect();
        entries.filter(|_| complete).map(Self::new)
    }

    /// Each holder's confirm, by ascending id.
    pub fn confirms(&self) -> impl ExactSizeIterator<Item = (PartyId, &Confirm<S::Curve>)> {
        self.entries.iter().map(|(id, entry)| (*id, &entry.confirm))
    }

    /// The certificate of these confirms, each with the message that it came in.
    pub fn new(confirms: impl IntoIterator<Item = (PartyId, Confirm<S::Curve>, Vec<u8>)>) -> Self {
        let entry = |(id, confirm, signed)| (id, Entry { confirm, signed });
        Self { entries: confirms.into_iter().map(entry).collect() }
    }

    /// Each holder's message as it was signed, by ascending id.
    pub fn signed(&self) -> impl Iterator<Item = (PartyId, &[u8])> {
        self.entries.iter().map(|(id, entry)| (*id, entry.signed.as_slice()))
    }

    /// The stored form, public: n 2 ‖ n × (id 2 ‖ confirm ‖ length 4 ‖ message as signed).
    pub fn to_bytes(&self) -> Vec<u8> {
        let signed: usize = self.entries.values().map(|entry| entry.signed.len()).sum();
        let size = 2 + self.entries.len() * (6 + Confirm::<S::Curve>::size(&NO_SHAPE)) + signed;
        let bytes = record::write(CERTIFICATE, S::NAME, size, |out| {
            out.extend_from_slice(&u16::try_from(self.entries.len()).unwrap_or(u16::MAX).to_be_bytes());
            for (id, entry) in &self.entries {
                out.extend_from_slice(&id.to_bytes());
                entry.confirm.write(out);
                out.extend_from_slice(&u32::try_from(entry.signed.len()).unwrap_or(u32::MAX).to_be_bytes());
                out.extend_from_slice(&entry.signed);
            }
        });
        bytes.to_vec()
    }

    /// Reads the stored form. What it says is checked where it is used.
    ///
    /// # Errors
    /// [`Usage::Malformed`], [`Usage::UnknownVersion`], [`Usage::OtherSuite`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Usage> {
        let mut input = record::read(bytes, CERTIFICATE, S::NAME)?;
        let count = input.u16().ok_or(Usage::Malformed)?;
        let mut entries = BTreeMap::new();
        for _ in 0..count {
            let (id, entry) = read_entry(&mut input).ok_or(Usage::Malformed)?;
            let ascending = entries.keys().next_back().is_none_or(|last| *last < id);
            if !ascending {
                return Err(Usage::Malformed);
            }
            entries.insert(id, entry);
        }
        input.finish().ok_or(Usage::Malformed)?;
        Ok(Self { entries })
    }
}

fn read_entry<C: Curve>(input: &mut Reader<'_>) -> Option<(PartyId, Entry<C>)> {
    let id = PartyId::new(input.u16()?).ok()?;
    let confirm = Confirm::read(input, &NO_SHAPE)?;
    let length = usize::try_from(input.u32()?).ok()?;
    Some((id, Entry { confirm, signed: input.take(length)?.to_vec() }))
}

/// Checks authentic confirms, one of each of these parties, against the transcript that we confirmed.
///
/// # Errors
/// Naming nobody, [`Fault::TranscriptsDiffer`]; naming all culprits, [`Fault::BadConfirmProof`].
pub fn check<'a, S: Scheme>(
    pending: &Pending<S>,
    confirms: impl Iterator<Item = (PartyId, &'a Confirm<S::Curve>)> + Clone,
    rng: &mut impl CryptoRng,
) -> Result<(), Abort> {
    check_confirms((&pending.view, &pending.transcript), pending.public().commitment(), confirms, rng)
}

/// [`check`] for those who have no share: against the joint commitment.
pub(super) fn check_confirms<'a, C: Curve>(
    (view, transcript): (&View, &[u8; 32]),
    joint: &Commitment<C>,
    confirms: impl Iterator<Item = (PartyId, &'a Confirm<C>)> + Clone,
    rng: &mut impl CryptoRng,
) -> Result<(), Abort> {
    // 4.1
    if confirms.clone().any(|(_, confirm)| confirm.transcript != *transcript) {
        return Err(Abort::nobody(Fault::TranscriptsDiffer));
    }
    // 4.2: all at once; only if that fails, one by one.
    let mut digest = Transcript::new("confirms").field(view.as_bytes()).field(transcript);
    for (id, confirm) in confirms.clone() {
        digest = digest.party(id).field(confirm.proof.nonce.as_bytes()).field(&confirm.proof.response.encode());
    }
    let mut weights = Weights::new(&digest.digest(), rng);
    let weighted: Vec<_> = confirms.clone().map(|(id, confirm)| (weights.draw(), id, &confirm.proof)).collect();
    if proofs_hold(view, transcript, joint, &weighted) {
        return Ok(());
    }
    let bad = confirms.filter(|(id, confirm)| !proof_holds(view, joint, *id, confirm));
    Abort::if_any(Fault::BadConfirmProof, bad.map(|(id, _)| id))
}

/// Whether one confirm's proof verifies.
pub(super) fn proof_holds<C: Curve>(view: &View, joint: &Commitment<C>, id: PartyId, confirm: &Confirm<C>) -> bool {
    proofs_hold(view, &confirm.transcript, joint, &[(PublicScalar::ONE, id, &confirm.proof)])
}

/// Σ w_j·z_j·G = Σ w_j·W_j + Σ_k (Σ_j w_j·e_j·j^k)·A_k, with the W_j cleared after summing.
fn proofs_hold<C: Curve>(
    view: &View,
    transcript: &[u8; 32],
    joint: &Commitment<C>,
    proofs: &[(PublicScalar<C>, PartyId, &Proof<C>)],
) -> bool {
    let mut response = PublicScalar::ZERO;
    let mut nonces = Vec::with_capacity(proofs.len());
    let mut terms: Vec<_> = joint.points().iter().map(|point| (PublicScalar::ZERO, *point)).collect();
    for (weight, id, proof) in proofs {
        response += *weight * proof.response;
        nonces.push((*weight, *proof.nonce.point()));
        let x = x_coordinate::<C>(*id);
        let mut power = *weight * proof.challenge(confirm_transcript(view, transcript, *id));
        for (scalar, _) in &mut terms {
            *scalar += power;
            power = power * x;
        }
    }
    let right = Uncleared::msm_vartime(&nonces).clear() + msm_vartime::<C>(&terms);
    C::mul_base(response.value()) == right
}

impl<C: Curve> Confirm<C> {
    pub(super) fn copy(&self) -> Self {
        Self { transcript: self.transcript, proof: copy(&self.proof) }
    }
}

fn copy<C: Curve>(proof: &Proof<C>) -> Proof<C> {
    Proof { nonce: proof.nonce, response: proof.response }
}
