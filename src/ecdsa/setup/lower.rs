//! The side of the lower id: sender of direction 1, receiver of direction 2.

use alloc::sync::Arc;

use rand_core::CryptoRng;

use super::messages::{Confirm, FromHigher, FromLower, Greeting, Points, SHAPE, ZeroPart};
use super::terms::{Flights, Terms, zero_part};
use crate::ecdsa::pairs::Pair;
use crate::error::{Abort, Fault};
use crate::ot::base::{Receiver, ReceiverSeeds};
use crate::ot::extension::{self, Rows};
use crate::ot::pprf::{Leaves, PuncturedLeaves};
use crate::party::View;
use crate::wire::Wire;

/// Flight 1 is out, the peer's is awaited.
#[derive(Debug)]
pub struct LowerRound1 {
    terms: Terms,
    receiver: Receiver,
}

/// Flight 2 is awaited.
///
/// It answers once:
/// ```compile_fail,E0382
/// use cosigil::ecdsa::setup::{FromHigher, LowerRound2};
/// fn twice(round: LowerRound2, one: FromHigher, other: FromHigher, rng: &mut impl rand_core::CryptoRng) {
///     let _ = round.receive(one, None, rng);
///     let _ = round.receive(other, None, rng);
/// }
/// ```
#[derive(Debug)]
pub struct LowerRound2 {
    pub(super) terms: Terms,
    pub(super) view: View,
    pub(super) seeds: ReceiverSeeds,
}

/// Flight 3 is out; flight 4 of the peer is awaited. The pair is pending.
#[derive(Debug)]
pub struct LowerRound3 {
    terms: Terms,
    pair: Arc<Pair>,
    confirm: Confirm,
}

impl LowerRound1 {
    /// Draws Δ as the choices of 128 base OTs. `nonce` is this party's, 32 fresh bytes.
    pub(super) fn start(terms: Terms, nonce: [u8; 32], rng: &mut impl CryptoRng) -> (Self, Points) {
        let (receiver, points) = Receiver::start(terms.run(nonce), rng);
        (Self { terms, receiver }, points)
    }

    /// Ends the base OTs. Nothing is sent; the peer goes on.
    pub fn receive(self, view: View, greeting: &Greeting) -> LowerRound2 {
        let seeds = self.receiver.finish(&view, &greeting.points);
        LowerRound2 { terms: self.terms, view, seeds }
    }
}

impl LowerRound2 {
    /// Checks direction 1, both its checks, then grows direction 2 from it. The pair is there, pending:
    /// store it before what is returned leaves. `zero` is `None` if the private part does not open.
    ///
    /// # Errors
    /// [`Fault::BadSealedPart`]; [`Fault::SetupFailed`] with a strike, on record before this returns;
    /// [`Fault::OutOfStrikes`], [`Fault::LogFailed`].
    pub fn receive(
        self,
        flight: FromHigher,
        zero: Option<ZeroPart>,
        rng: &mut impl CryptoRng,
    ) -> Result<(LowerRound3, FromLower, ZeroPart), Abort> {
        let Self { terms, view, seeds } = self;
        let zero = zero.ok_or_else(|| terms.blame(Fault::BadSealedPart))?;
        // Direction 1 gives nothing away before both checks have passed.
        let sender = PuncturedLeaves::grow(&terms.first(view), seeds, &flight.trees).ok_or_else(|| terms.strike())?;
        let rows = extension::send(&sender, &terms.context(&view), Rows::SETUP, &flight.extension.0);
        let seeds = rows.and_then(|rows| rows.into_base(&view)).ok_or_else(|| terms.strike())?;
        let (receiver, trees) = Leaves::grow(&terms.second(view), seeds);
        let (reply, [ours, to_peer]) = (FromLower { trees }, zero_part(rng));
        let [second, third] = [flight.encode(&SHAPE), reply.encode(&SHAPE)];
        let flights = Flights { view: &view, second: &second, third: &third, zeros: [&ours, &zero] };
        let (pair, confirm) = terms.finish(&flights, sender, receiver);
        terms.check_standing()?;
        Ok((LowerRound3 { terms, pair, confirm }, reply, to_peer))
    }
}

impl LowerRound3 {
    /// The pair, pending.
    pub fn pair(&self) -> &Arc<Pair> {
        &self.pair
    }

    /// The peer has the pair: it is active here. The answer makes it active there.
    ///
    /// # Errors
    /// [`Fault::TranscriptsDiffer`], naming nobody.
    pub fn receive(self, flight: &Confirm) -> Result<(Arc<Pair>, Confirm), Abort> {
        self.terms.complete(&self.pair, &self.confirm, flight)?;
        Ok((self.pair, self.confirm))
    }
}
