//! The side of the higher id: receiver of direction 1, sender of direction 2.

use alloc::sync::Arc;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::messages::{Confirm, FromHigher, FromLower, Greeting, Points, SHAPE, SetupExtension, ZeroPart};
use super::terms::{Flights, Terms, zero_part};
use crate::ecdsa::pairs::Pair;
use crate::error::{Abort, Fault};
use crate::ot::base::{ReceiverSeeds, Sender, SenderSeeds};
use crate::ot::extension::{self, Rows};
use crate::ot::pprf::{Leaves, PuncturedLeaves};
use crate::party::View;
use crate::wire::Wire;

/// Flight 1 is out, the peer's is awaited.
#[derive(Debug)]
pub struct HigherRound1 {
    terms: Terms,
    sender: Sender,
}

/// Flight 2 is out, flight 3 is awaited.
///
/// It answers once:
/// ```compile_fail,E0382
/// use cosigil::ecdsa::setup::{FromLower, HigherRound2};
/// fn twice(round: HigherRound2, one: &FromLower, other: &FromLower) {
///     let _ = round.receive(one, None);
///     let _ = round.receive(other, None);
/// }
/// ```
#[derive(Debug)]
pub struct HigherRound2 {
    terms: Terms,
    view: View,
    receiver: Leaves,
    seeds: ReceiverSeeds,
    sent: Vec<u8>,
    zero: ZeroPart,
}

/// Flight 4 is out, the peer's is awaited. The pair is pending.
#[derive(Debug)]
pub struct HigherRound3 {
    terms: Terms,
    pair: Arc<Pair>,
    confirm: Confirm,
}

impl HigherRound1 {
    /// Draws the scalars of 128 base OTs.
    pub(super) fn start(terms: Terms, rng: &mut impl CryptoRng) -> (Self, Points) {
        let (sender, points) = Sender::start(rng);
        (Self { terms, sender }, points)
    }

    /// Ends the base OTs, grows direction 1, and draws Δ of direction 2 as the choices of an extension
    /// over it. The private part must be encrypted and authenticated.
    ///
    /// # Errors
    /// [`Fault::Malformed`] if the peer's points cancel what is added to them.
    pub fn receive(
        self,
        view: View,
        greeting: &Greeting,
        rng: &mut impl CryptoRng,
    ) -> Result<(HigherRound2, FromHigher, ZeroPart), Abort> {
        let Self { terms, sender } = self;
        let strings = sender.finish(&terms.run(greeting.nonce), &view, &greeting.points);
        let strings = strings.ok_or_else(|| terms.blame(Fault::Malformed))?;
        HigherRound2::grow(terms, view, strings, rng)
    }
}

impl HigherRound2 {
    /// Grows both directions from the strings of 128 base OTs.
    pub(super) fn grow(
        terms: Terms,
        view: View,
        strings: SenderSeeds,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, FromHigher, ZeroPart), Abort> {
        let (receiver, trees) = Leaves::grow(&terms.first(view), strings);
        let (rows, message) = extension::receive(&receiver, &terms.context(&view), Rows::SETUP);
        let seeds = rows.into_base(&view).ok_or_else(|| Abort::nobody(Fault::SetupFailed))?;
        let flight = FromHigher { trees, extension: SetupExtension(message) };
        let [zero, to_peer] = zero_part(rng);
        let sent = flight.encode(&SHAPE);
        Ok((Self { terms, view, receiver, seeds, sent, zero }, flight, to_peer))
    }

    /// Checks direction 2. The pair is there, pending: store it before what is returned leaves. `zero` is
    /// `None` if the private part does not open.
    ///
    /// # Errors
    /// [`Fault::BadSealedPart`]; [`Fault::SetupFailed`] with a strike, on record before this returns;
    /// [`Fault::OutOfStrikes`], [`Fault::LogFailed`].
    pub fn receive(self, flight: &FromLower, zero: Option<ZeroPart>) -> Result<(HigherRound3, Confirm), Abort> {
        let Self { terms, view, receiver, seeds, sent, zero: ours } = self;
        let zero = zero.ok_or_else(|| terms.blame(Fault::BadSealedPart))?;
        let sender = PuncturedLeaves::grow(&terms.second(view), seeds, &flight.trees).ok_or_else(|| terms.strike())?;
        let flights = Flights { view: &view, second: &sent, third: &flight.encode(&SHAPE), zeros: [&zero, &ours] };
        let (pair, confirm) = terms.finish(&flights, sender, receiver);
        terms.check_standing()?;
        let sent = Confirm { ..confirm };
        Ok((HigherRound3 { terms, pair, confirm }, sent))
    }
}

impl HigherRound3 {
    /// The pair, pending.
    pub fn pair(&self) -> &Arc<Pair> {
        &self.pair
    }

    /// The peer has the pair: it is active here too.
    ///
    /// # Errors
    /// [`Fault::TranscriptsDiffer`], naming nobody.
    pub fn receive(self, flight: &Confirm) -> Result<Arc<Pair>, Abort> {
        self.terms.complete(&self.pair, &self.confirm, flight)?;
        Ok(self.pair)
    }
}
