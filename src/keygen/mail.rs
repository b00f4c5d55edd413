//! The messages of a dealing on their way: what both protocols over it decode and encode alike.

use alloc::collections::BTreeMap;

use super::deal::Terms;
use super::messages::{Commit, Confirm, Dealt, Greeting, Opening, Share};
use super::round1::ToEach;
use crate::curve::Curve;
use crate::error::Fault;
use crate::key::Scheme;
use crate::party::{PartyId, SessionParams};
use crate::round::{Inbox, Limits, Outgoing, Received, Stop};
use crate::wire::{Shape, Wire};

/// Decodes every broadcast, naming all whose does not.
pub(super) fn decode<M>(
    inbox: Inbox<Received>,
    mut decode: impl FnMut(&[u8], &mut Received) -> Option<M>,
) -> Result<Inbox<M>, Stop> {
    let turn = |_, mut received: Received| decode(&received.broadcast.take()?, &mut received);
    Ok(inbox.try_map(Fault::Malformed, turn)?)
}

/// The commitments of the dealers. Who does not deal greets, and says nothing more.
pub(super) fn greetings<S: Scheme>(
    terms: &Terms<S>,
    inbox: Inbox<Received>,
) -> Result<BTreeMap<PartyId, Greeting>, Stop> {
    let greeting = |id, mut received: Received| {
        let body = received.broadcast.take()?;
        if !terms.deals(id) {
            return body.is_empty().then_some(None);
        }
        let commit = Commit::decode(&body, &terms.shape())?;
        Some(Some(Greeting { commit, hello: received.hello }))
    };
    let greetings = inbox.try_map(Fault::Malformed, greeting)?;
    Ok(greetings.into_iter().filter_map(|(id, greeting)| Some((id, greeting?))).collect())
}

/// What the dealers sent.
pub(super) fn dealt<S: Scheme>(terms: &Terms<S>, inbox: Inbox<Received>) -> Result<Inbox<Dealt<S::Curve>>, Stop> {
    let shape = terms.shape();
    decode(inbox.only(|id| terms.deals(id)), |body, received| {
        let share = received.sealed.take().flatten();
        let share = share.and_then(|bytes| Share::decode(&bytes, &shape));
        Some(Dealt { opening: Opening::decode(body, &shape)?, share })
    })
}

/// The confirms of the holders.
pub(super) fn confirms<S: Scheme>(terms: &Terms<S>, inbox: Inbox<Received>) -> Result<Inbox<Confirm<S::Curve>>, Stop> {
    let shape = terms.shape();
    decode(inbox.only(|id| terms.holders.contains(id)), |body, _| Confirm::decode(body, &shape))
}

/// An opening to all, a share to each.
pub(super) fn deal_out<C: Curve>(opening: &Opening<C>, shares: &ToEach<C>, shape: &Shape) -> Outgoing {
    let sealed = shares.iter().map(|(id, share)| (*id, share.encode_secret(shape))).collect();
    Outgoing { broadcast: Some(opening.encode(shape)), sealed, ..Outgoing::default() }
}

/// The largest broadcast is an opening, of p·(t + 1) + 96 bytes; a sealed part has a share, cc_i and the tag.
pub(super) fn limits<C: Curve>(params: &SessionParams) -> Limits {
    let broadcast = C::POINT_LEN * (usize::from(params.threshold().get()) + 1) + 96;
    // Somewhat more is kept, so that who sends too much is named.
    Limits { broadcast: 2 * broadcast, addressed: 0, sealed: 2 * (64 + 16) }
}
