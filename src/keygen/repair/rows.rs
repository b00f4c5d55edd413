//! What the helpers have shown in round 2, and the checks that rest on it, for rounds and judges alike.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::Plan;
use super::messages::{Confirm, Delta, Row, Sum};
use crate::curve::{Curve, Uncleared};
use crate::error::{Abort, Fault};
use crate::key::{Scheme, chain_code_digest};
use crate::party::{PartyId, View};
use crate::round::broadcasts_digest;
use crate::transcript::Transcript;
use crate::wire::Wire;

/// The row of every helper, each of them checked against what its share is worth.
pub struct Rows<S: Scheme> {
    plan: Plan<S>,
    view: View,
    rows: BTreeMap<PartyId, Row<S::Curve>>,
}

impl<S: Scheme> Rows<S> {
    /// Checks the rows, of which there must be one of each helper.
    ///
    /// # Errors
    /// Naming all culprits: [`Fault::Malformed`] for another number of points than helpers, or no row at all;
    /// [`Fault::BadConstant`] for a row that does not add up to μ_i·S_i.
    pub fn check(plan: Plan<S>, view: View, rows: BTreeMap<PartyId, Row<S::Curve>>) -> Result<Self, Abort> {
        let fault_of = |id| rows.get(&id).map_or(Some(Fault::Malformed), |row| fault_of(&plan, id, row));
        for fault in [Fault::Malformed, Fault::BadConstant] {
            Abort::if_any(fault, plan.helpers().filter(|id| fault_of(*id) == Some(fault)))?;
        }
        Ok(Self { plan, view, rows })
    }

    pub(super) fn plan(&self) -> &Plan<S> {
        &self.plan
    }

    pub(super) fn view(&self) -> &View {
        &self.view
    }

    /// D_{i,j}.
    fn image(&self, from: PartyId, to: PartyId) -> Option<Uncleared<S::Curve>> {
        let place = self.plan.place(to)?;
        self.rows.get(&from)?.images.get(place).map(|element| *element.point())
    }

    /// Σ_i D_{i,j}, cleared.
    pub(super) fn column(&self, to: PartyId) -> Option<<S::Curve as Curve>::Point> {
        let images: Option<Vec<_>> = self.plan.helpers().map(|from| self.image(from, to)).collect();
        images?.into_iter().reduce(|sum, image| sum + image).map(|sum| sum.clear())
    }

    /// Whether a private part of one helper for another is right: δ_{i,j}·G = D_{i,j}.
    #[must_use]
    pub fn part_is_right(&self, from: PartyId, to: PartyId, part: Option<&Delta<S::Curve>>) -> bool {
        // 3.4
        let image = self.image(from, to).map(|image| image.clear());
        image.zip(part).is_some_and(|(image, part)| S::Curve::mul_base(part.part.0.expose()) == image)
    }

    /// Whether what a helper sends the recipient is right: σ_j·G = Σ_i D_{i,j}, and cc is the key's.
    #[must_use]
    pub fn sum_is_right(&self, from: PartyId, sum: Option<&Sum<S::Curve>>) -> bool {
        // 4.3
        self.column(from).zip(sum).is_some_and(|(column, sum)| {
            self.chain_code_is_right(sum) && S::Curve::mul_base(sum.sum.0.expose()) == column
        })
    }

    pub(super) fn chain_code_is_right(&self, sum: &Sum<S::Curve>) -> bool {
        chain_code_digest(&sum.chain_code.0) == *self.plan.package.chain_code_digest()
    }

    /// Whether a sealed part is right, from its bytes; `None`: it did not open. What goes to the recipient is a sum,
    /// what goes to a helper a part of a split.
    ///
    /// A complaint about what no helper has sent is false.
    #[must_use]
    pub(super) fn sealed_is_right(&self, from: PartyId, to: PartyId, opened: Option<&[u8]>) -> bool {
        let shape = self.plan.shape();
        if !self.plan.helps(from) {
            return true;
        }
        if to == self.plan.lost {
            return self.sum_is_right(from, opened.and_then(|bytes| Sum::decode(bytes, &shape)).as_ref());
        }
        self.part_is_right(from, to, opened.and_then(|bytes| Delta::decode(bytes, &shape)).as_ref())
    }

    /// T: the digest of the broadcasts of round 2.
    pub fn transcript(&self) -> [u8; 32] {
        // 4.5
        let shape = self.plan.shape();
        let mut bodies: BTreeMap<_, _> = self.rows.iter().map(|(id, row)| (*id, row.encode(&shape))).collect();
        bodies.insert(self.plan.lost, Vec::new());
        broadcasts_digest(&self.view, 2, bodies.iter().map(|(id, body)| (*id, body.as_slice())))
    }

    /// Whether the recipient's proof of its share verifies.
    #[must_use]
    pub fn proof_holds(&self, confirm: &Confirm<S::Curve>) -> bool {
        let lost = self.plan.lost;
        let Ok(image) = self.plan.package.verifying_share(lost) else { return false };
        let transcript = proof_transcript(&self.view, &confirm.transcript, lost);
        confirm.proof.verify(&[Uncleared::from_cleared(image)], transcript)
    }
}

/// What is wrong with a helper's row by itself, if anything is.
pub(super) fn fault_of<S: Scheme>(plan: &Plan<S>, id: PartyId, row: &Row<S::Curve>) -> Option<Fault> {
    // 3.1
    if row.images.len() != plan.helpers.len() {
        return Some(Fault::Malformed);
    }
    // 3.2: Σ_j D_{i,j} = μ_i·S_i
    let sum = row.images.iter().map(|element| *element.point()).reduce(|sum, image| sum + image)?;
    (sum.clear() != plan.helper(id)?.image).then_some(Fault::BadConstant)
}

/// The transcript of the recipient's proof; T and r fix S_r.
pub(super) fn proof_transcript(view: &View, transcript: &[u8; 32], lost: PartyId) -> Transcript {
    Transcript::new("repaired").field(view.as_bytes()).field(transcript).party(lost)
}

impl<S: Scheme> fmt::Debug for Rows<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rows({:?})", self.plan)
    }
}
