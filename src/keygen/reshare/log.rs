//! What a party holds of one attempt, as it was signed: to be kept, shown to others, and checked by them.
//!
//! A log binds everything to the view: whoever reads it recomputes base and view from the plan and everybody's
//! round 1, verifies who signed, and compares every dealer's constant with the package that it has itself. With
//! the confirms of all holders it holds the certificate; acknowledgements are signed about it.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::key_of;
use super::plan::Plan;
use super::protocol::{Reshare, ReshareInputs};
use crate::curve::Curve;
use crate::error::Usage;
use crate::key::{PublicKeyPackage, Scheme};
use crate::keygen::certificate::{CONFIRMS, Certificate, proof_holds};
use crate::keygen::deal::{Terms, joint_commitment, transcript_digest};
use crate::keygen::messages::{Ack, Confirm, Opening};
use crate::party::{Base, Label, PartyId, Threshold, View};
use crate::record::{self, Kind};
use crate::round::{Protocol, view_of_digests};
use crate::session::{self, Identity, Letter, Place, Session};
use crate::wire::{Reader, Shape, Wire};

const LOG: Kind = Kind { tag: 14, version: 1 };
/// The round of the openings, and that of the acknowledgements, which are no part of the session.
const DEALS: u8 = 2;
const ACKS: u8 = 4;
const LONGEST_ACK: usize = 33 + 32 * 255;
const NO_SHAPE: Shape = Shape { threshold: 0, parties: 0, batch: 1 };

/// One attempt at a refresh or reshare, as signed; all of it has been checked.
pub struct AttemptLog<S: Scheme> {
    plan: Plan<S>,
    label: Label,
    base: Base,
    view: View,
    /// H(R1) of every party.
    round1: BTreeMap<PartyId, [u8; 32]>,
    /// The dealers' openings, as signed.
    deals: BTreeMap<PartyId, Vec<u8>>,
    transcript: [u8; 32],
    public: PublicKeyPackage<S>,
    confirms: BTreeMap<PartyId, Signed<S::Curve>>,
}

struct Signed<C: Curve> {
    confirm: Confirm<C>,
    bytes: Vec<u8>,
}

impl<S: Scheme> AttemptLog<S> {
    /// The log of a session with this plan, from the moment the openings are checked and the own confirm is
    /// made; later it holds more confirms. One that does not verify is left out. There is none of an export: nothing
    /// of it may make anybody let go of a share.
    pub fn of_session(session: &Session<Reshare<S>>, plan: &Plan<S>) -> Option<Self> {
        check_kind(plan).ok()?;
        Self::of_any(session, plan)
    }

    /// The log of any session, of an export too.
    pub(in crate::keygen) fn of_any(session: &Session<Reshare<S>>, plan: &Plan<S>) -> Option<Self> {
        let (_, round1) = session.view().filter(|_| session.round() >= CONFIRMS)?;
        let signed = |(id, _, signed)| (id, signed);
        let deals = session.signed_broadcasts(DEALS).into_iter().map(signed);
        let deals = deals.filter(|(id, _)| plan.dealers().contains(id)).collect();
        let mut log = Self::checked(plan.clone(), *session.params().label(), round1.clone(), deals).ok()?;
        if log.base != *session.base() {
            return None;
        }
        for (_, _, signed) in session.signed_broadcasts(CONFIRMS) {
            let _ = log.add_confirm(&signed);
        }
        let me = session.params().me();
        let promised = !plan.holders().contains(me) || log.confirms.contains_key(&me);
        promised.then_some(log)
    }

    /// Everything but the confirms, checked.
    fn checked(
        plan: Plan<S>,
        label: Label,
        round1: BTreeMap<PartyId, [u8; 32]>,
        deals: BTreeMap<PartyId, Vec<u8>>,
    ) -> Result<Self, Usage> {
        let parties = plan.parties()?;
        if !round1.keys().copied().eq(parties.ids()) || !deals.keys().eq(plan.dealers()) {
            return Err(Usage::Malformed);
        }
        // 5.2
        let me = parties.ids().next().ok_or(Usage::Malformed)?;
        let params = plan.params(label, me)?;
        let base = session::base::<Reshare<S>>(&params, &ReshareInputs::judge(plan.clone()));
        let view = view_of_digests(&base, round1.iter().map(|(id, digest)| (*id, *digest)));
        // 5.3, 5.4
        let terms = plan.terms(me, base)?;
        let place = place_of(&plan, &view, DEALS);
        let mut openings = BTreeMap::new();
        for (id, bytes) in &deals {
            let size = Opening::<S::Curve>::size(&terms.shape());
            let letter = Letter::open(bytes, &place, &parties, size)?;
            let opening = Opening::decode(&letter.body, &terms.shape()).filter(|_| letter.sender == *id);
            let opening = opening.filter(|opening| terms.constant_is_right(*id, opening));
            openings.insert(*id, opening.ok_or(Usage::Malformed)?);
        }
        let transcript = transcript_digest(&view, &openings, &terms.shape());
        let public = package(&terms, &openings, &transcript)?;
        Ok(Self { plan, label, base, view, round1, deals, transcript, public, confirms: BTreeMap::new() })
    }

    /// Takes a signed confirm of one of the holders; which one's. One that is there already changes nothing.
    ///
    /// # Errors
    /// Those of an envelope that is no confirm of this attempt; [`Usage::UnknownParty`] for one of somebody who
    /// does not hold, [`Usage::OtherKey`] for one over another transcript, [`Usage::Malformed`] for one whose
    /// proof does not verify.
    pub fn add_confirm(&mut self, signed: &[u8]) -> Result<PartyId, Usage> {
        let place = place_of(&self.plan, &self.view, CONFIRMS);
        let size = Confirm::<S::Curve>::size(&NO_SHAPE);
        let letter = Letter::open(signed, &place, self.plan.holders(), size)?;
        let (id, confirm) = (letter.sender, Confirm::<S::Curve>::decode(&letter.body, &NO_SHAPE));
        let confirm = confirm.ok_or(Usage::Malformed)?;
        if confirm.transcript != self.transcript {
            return Err(Usage::OtherKey);
        }
        if self.confirms.contains_key(&id) {
            return Ok(id);
        }
        // 5.5
        if !proof_holds(&self.view, self.public.commitment(), id, &confirm) {
            return Err(Usage::Malformed);
        }
        self.confirms.insert(id, Signed { confirm, bytes: signed.to_vec() });
        Ok(id)
    }

    /// The certificate, once the confirms of all holders are there.
    pub fn certificate(&self) -> Option<Certificate<S>> {
        let complete = self.confirms.len() == self.plan.holders().len();
        let entry = |(id, signed): (&PartyId, &Signed<S::Curve>)| (*id, signed.confirm.copy(), signed.bytes.clone());
        complete.then(|| Certificate::new(self.confirms.iter().map(entry)))
    }

    /// Signs this party's acknowledgement: that it holds its share of the new sharing, and the views of all
    /// attempts from the old one that it ever confirmed. It promises to confirm and acknowledge no other.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`] for one who does not hold, [`Usage::WrongInbox`] without the certificate,
    /// [`Usage::TooMany`] for more than 255 attempts, [`Usage::OtherIdentity`], [`Usage::InvalidThreshold`].
    pub fn sign_ack(&self, identity: &Identity, me: PartyId, attempts: &[View]) -> Result<Vec<u8>, Usage> {
        let known = self.plan.holders().identity(me).ok_or(Usage::UnknownParty(me))?;
        if *known != identity.public() {
            return Err(Usage::OtherIdentity);
        }
        if attempts.len() > 255 {
            return Err(Usage::TooMany);
        }
        check_kind(&self.plan)?;
        // 5.6
        let attempts = attempts.iter().map(|view| *view.as_bytes()).collect();
        let body = Ack { transcript: self.transcript, attempts }.encode();
        self.check_complete()?;
        let letter = Letter { sender: me, before: self.transcript, body };
        Ok(letter.sign(identity, &place_of(&self.plan, &self.view, ACKS)))
    }

    /// Opens an acknowledgement of this attempt: whose it is.
    ///
    /// # Errors
    /// Those of an envelope that is no acknowledgement of this attempt, [`Usage::Malformed`] for one that does not
    /// decode, [`Usage::OtherKey`] for one over another transcript; [`Usage::WrongInbox`] without the certificate.
    pub fn open_ack(&self, signed: &[u8]) -> Result<(PartyId, Ack), Usage> {
        let read = self.read_ack(signed)?;
        self.check_complete()?;
        Ok(read)
    }

    /// Whose acknowledgement of this attempt it is, with the certificate or without.
    ///
    /// # Errors
    /// Those of [`Self::open_ack`], but for the certificate.
    pub(in crate::keygen) fn author_of_ack(&self, signed: &[u8]) -> Result<PartyId, Usage> {
        Ok(self.read_ack(signed)?.0)
    }

    fn read_ack(&self, signed: &[u8]) -> Result<(PartyId, Ack), Usage> {
        let place = place_of(&self.plan, &self.view, ACKS);
        let letter = Letter::open(signed, &place, self.plan.holders(), LONGEST_ACK)?;
        let ack = Ack::decode(&letter.body).ok_or(Usage::Malformed)?;
        if ack.transcript != self.transcript || letter.before != self.transcript {
            return Err(Usage::OtherKey);
        }
        Ok((letter.sender, ack))
    }

    /// Whether the certificate is there.
    fn check_complete(&self) -> Result<(), Usage> {
        let missing = self.plan.holders().ids().find(|id| !self.confirms.contains_key(id));
        missing.map_or(Ok(()), |id| Err(Usage::WrongInbox(id)))
    }

    /// The plan of the attempt.
    pub fn plan(&self) -> &Plan<S> {
        &self.plan
    }

    /// Its label.
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// Its view: the attempt's name.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// T, over all openings.
    pub fn transcript(&self) -> &[u8; 32] {
        &self.transcript
    }

    /// The public package of the sharing that it makes.
    pub fn public(&self) -> &PublicKeyPackage<S> {
        &self.public
    }

    /// The confirms so far, as signed, by ascending id.
    pub fn confirms(&self) -> impl ExactSizeIterator<Item = (PartyId, &[u8])> {
        self.confirms.iter().map(|(id, signed)| (*id, signed.bytes.as_slice()))
    }

    /// The stored form, public: |plan| 4 ‖ plan ‖ label 32 ‖ n 2 ‖ n × (id 2, H(R1) 32) ‖ each dealer's opening as
    /// signed: length 4, bytes ‖ count 2 ‖ each confirm as signed: length 4, bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let plan = self.plan.to_bytes();
        let signed = |bytes: &Vec<u8>| 4 + bytes.len();
        let deals: usize = self.deals.values().map(signed).sum();
        let confirms: usize = self.confirms.values().map(|entry| signed(&entry.bytes)).sum();
        let size = 4 + plan.len() + 32 + 2 + 34 * self.round1.len() + deals + 2 + confirms;
        let bytes = record::write(LOG, S::NAME, size, |out| {
            write_bytes(&plan, out);
            out.extend_from_slice(self.label.as_bytes());
            write_count(self.round1.len(), out);
            for (id, digest) in &self.round1 {
                out.extend_from_slice(&id.to_bytes());
                out.extend_from_slice(digest);
            }
            self.deals.values().for_each(|bytes| write_bytes(bytes, out));
            write_count(self.confirms.len(), out);
            self.confirms.values().for_each(|entry| write_bytes(&entry.bytes, out));
        });
        bytes.to_vec()
    }

    /// 5.1: reads a log of an attempt from the sharing with this package, which is this party's own, and checks all
    /// of it.
    ///
    /// # Errors
    /// [`Usage::OtherKey`], [`Usage::OtherSharing`] if it starts from another sharing, before anything of it is
    /// read or checked; [`Usage::InvalidThreshold`] for one of an export; [`Usage::Malformed`] and the like for whatever does not verify. Nobody is named: who made it up
    /// is not known.
    pub fn from_bytes(bytes: &[u8], known: &PublicKeyPackage<S>) -> Result<Self, Usage> {
        let mut input = record::read(bytes, LOG, S::NAME)?;
        let plan = Plan::of_known(read_bytes(&mut input).ok_or(Usage::Malformed)?, known)?;
        check_kind(&plan)?;
        let (label, round1, deals, confirms) = read(&mut input, plan.dealers()).ok_or(Usage::Malformed)?;
        input.finish().ok_or(Usage::Malformed)?;
        if confirms.len() > plan.holders().len() {
            return Err(Usage::TooMany);
        }
        let mut log = Self::checked(plan, label, round1, deals)?;
        let mut last = None;
        for signed in confirms {
            let id = Some(log.add_confirm(signed)?);
            if last >= id {
                return Err(Usage::Malformed);
            }
            last = id;
        }
        Ok(log)
    }
}

/// The package of the sharing that the attempt in these bytes of a log starts from, as they say.
pub(crate) fn old_of<S: Scheme>(bytes: &[u8]) -> Result<PublicKeyPackage<S>, Usage> {
    let mut input = record::read(bytes, LOG, S::NAME)?;
    Plan::old_of(read_bytes(&mut input).ok_or(Usage::Malformed)?)
}

/// 5.1: an export is no attempt to move the key on: its recipient alone would be all holders, and prove to the others
/// that they are to let go.
fn check_kind<S: Scheme>(plan: &Plan<S>) -> Result<(), Usage> {
    if plan.threshold() == Threshold::ONE { Err(Usage::InvalidThreshold) } else { Ok(()) }
}

/// Where the broadcasts of a round of this attempt belong.
fn place_of<'a, S: Scheme>(plan: &Plan<S>, view: &'a View, round: u8) -> Place<'a> {
    Place { protocol: Reshare::<S>::NAME, key: key_of(plan), round, context: view.as_bytes() }
}

/// The package that these openings make.
fn package<S: Scheme>(
    terms: &Terms<S>,
    openings: &BTreeMap<PartyId, Opening<S::Curve>>,
    transcript: &[u8; 32],
) -> Result<PublicKeyPackage<S>, Usage> {
    let joint = joint_commitment(openings.values()).ok_or(Usage::Identity)?;
    let digest = terms.old.as_ref().map(|old| old.chain_code_digest).unwrap_or_default();
    terms.package(transcript, joint, digest)
}

/// Label, digests of round 1, openings and confirms as signed.
type Content<'a> = (Label, BTreeMap<PartyId, [u8; 32]>, BTreeMap<PartyId, Vec<u8>>, Vec<&'a [u8]>);

fn read<'a>(input: &mut Reader<'a>, dealers: &[PartyId]) -> Option<Content<'a>> {
    let label = Label::from_bytes(input.array()?);
    let mut round1 = BTreeMap::new();
    for _ in 0..input.u16()? {
        let id = PartyId::new(input.u16()?).ok()?;
        if round1.keys().next_back().is_some_and(|last| *last >= id) {
            return None;
        }
        round1.insert(id, input.array()?);
    }
    let mut deals = BTreeMap::new();
    for id in dealers {
        deals.insert(*id, read_bytes(input)?.to_vec());
    }
    let mut confirms = Vec::new();
    for _ in 0..input.u16()? {
        confirms.push(read_bytes(input)?);
    }
    Some((label, round1, deals, confirms))
}

fn write_count(count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn read_bytes<'a>(input: &mut Reader<'a>) -> Option<&'a [u8]> {
    let length = usize::try_from(input.u32()?).ok()?;
    input.take(length)
}

impl<S: Scheme> fmt::Debug for AttemptLog<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttemptLog({:?}, {} of {} confirms)", self.view, self.confirms.len(), self.plan.holders().len())
    }
}
