//! What anybody can judge afterwards, from authentic bodies, the view that binds them and the plan.

use alloc::collections::BTreeMap;

use super::Plan;
use super::messages::{Confirm, Row};
use super::rows::Rows;
use crate::error::Fault;
use crate::key::Scheme;
use crate::party::PartyId;
use crate::round::Case;
use crate::wire::Wire;

/// The fault that the case's culprit is convicted of, if any.
pub(super) fn judge<S: Scheme>(case: &Case<'_>, plan: &Plan<S>) -> Option<Fault> {
    let id = case.culprit;
    let helps = plan.helps(id);
    let body = |round: u8| case.broadcasts.get(&(round, id));
    let not_empty = |body: &alloc::vec::Vec<u8>| (!body.is_empty()).then_some(Fault::Malformed);
    let hello = || case.round1.get(&id).and_then(|(_, body)| not_empty(body));
    let row = || {
        let body = body(2)?;
        if !helps {
            return not_empty(body);
        }
        let Some(row) = Row::decode(body, &plan.shape()) else { return Some(Fault::Malformed) };
        // Its row alone: the others' are not in the case.
        super::rows::fault_of(plan, id, &row)
    };
    let checked = || body(3).filter(|_| helps).and_then(not_empty);
    let confirm = || {
        let confirm = Confirm::decode(body(4).filter(|_| !helps)?, &plan.shape());
        let Some(confirm) = confirm else { return Some(Fault::Malformed) };
        let rows = rows(case, plan)?;
        let same = rows.transcript() == confirm.transcript;
        (same && !rows.proof_holds(&confirm)).then_some(Fault::BadConfirmProof)
    };
    hello().or_else(row).or_else(checked).or_else(confirm)
}

/// Whether a sealed part is right; `None` if the case does not hold the rows of all.
pub(super) fn sealed_part<S: Scheme>(
    case: &Case<'_>,
    plan: &Plan<S>,
    (from, to): (PartyId, PartyId),
    opened: Option<&[u8]>,
) -> Option<bool> {
    rows(case, plan).map(|rows| rows.sealed_is_right(from, to, opened))
}

/// The rows of all, if they are there and right.
fn rows<S: Scheme>(case: &Case<'_>, plan: &Plan<S>) -> Option<Rows<S>> {
    let row = |id: PartyId| Some((id, Row::decode(case.broadcasts.get(&(2, id))?, &plan.shape())?));
    let rows = plan.helpers().map(row).collect::<Option<BTreeMap<_, _>>>()?;
    Rows::check(plan.clone(), case.view, rows).ok()
}
