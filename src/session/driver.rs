//! The driver: one type for every protocol, bytes in, bytes out.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::envelope::{Header, Longest};
use super::evidence::Evidence;
use super::identity::Identity;
use super::shell::{Shell, Taken, Traits};
use crate::error::{Abort, Error, Usage};
use crate::party::{Base, Label, Parcel, PartyId, SessionParams, View};
use crate::round::{Protocol, Stop};
use crate::secret::{Secret, fresh};
use crate::transcript::Transcript;

/// What a message brought about.
#[derive(Debug)]
#[must_use = "what is to be sent must be sent, what must be persisted be persisted"]
pub struct Progress<O> {
    /// What must leave now. Not before the output is stored, where there is one, and where `must_persist` is set
    /// not before the checkpoint is.
    pub send: Vec<Parcel>,
    /// What the session was run for, once.
    pub output: Option<O>,
    /// Whether [`Session::checkpoint`] must be stored before `send` leaves. Never of a session that is over: then the
    /// checkpoint that was stored is to be deleted before `send` leaves.
    pub must_persist: bool,
    /// Whether the session is over and needs no more messages.
    pub finished: bool,
    /// What ended the session after the rounds that brought about the rest. Most aborts come as an error; this
    /// one came when several rounds ended at once. What it has to send is in `send`.
    pub abort: Option<Abort>,
}

impl<O> Progress<O> {
    fn nothing(finished: bool) -> Self {
        Self { send: Vec::new(), output: None, must_persist: false, finished, abort: None }
    }
}

/// A protocol run by one party with the others, over any relay.
///
/// Messages may come in any order, late, doubled or replayed; what does not fit is dropped and is
/// nobody's fault. See [`crate::session`].
pub struct Session<P: Protocol> {
    pub(super) shell: Shell,
    pub(super) state: Option<P>,
}

impl<P: Protocol> Session<P> {
    /// Starts a session: what must leave first. The label is the same for all its parties.
    ///
    /// # Errors
    /// [`Usage`]: an identity that is not this party's or is missing, a broken generator, inputs that do
    /// not fit the parameters.
    pub fn start(
        params: SessionParams,
        identity: &Identity,
        inputs: P::Inputs,
        rng: &mut impl rand_core::CryptoRng,
    ) -> Result<(Self, Vec<Parcel>), Usage> {
        // 1.2, 1.4: the inputs; 1.3, 6.1: the seed of everything random.
        let base = base::<P>(&params, &inputs);
        let hedged = Transcript::new("seed").field(fresh(rng)?.expose()).field(base.as_bytes()).party(params.me());
        let seed = P::hedge(&inputs, hedged).secret();
        Self::start_from(params, identity, inputs, base, seed)
    }

    /// Starts with this base, made of the parameters and inputs, and this seed: the same seed and the same messages give the same bytes.
    pub(super) fn start_from(
        params: SessionParams,
        identity: &Identity,
        inputs: P::Inputs,
        base: Base,
        seed: Secret<[u8; 32]>,
    ) -> Result<(Self, Vec<Parcel>), Usage> {
        let mut rng = Transcript::new("draw").field(seed.expose()).rng();
        let longest = Longest::new(P::limits(&params, &inputs), params.parties().len());
        let of_protocol = (Traits::of::<P>(), P::key(&inputs), longest);
        let mut shell = Shell::new(of_protocol, (params, identity), base, seed, &mut rng)?;
        let (state, outgoing) = P::start(inputs, &shell.context, &mut rng)?;
        let first = shell.pack(outgoing);
        shell.sent.clone_from(&first);
        Ok((Self { shell, state: Some(state) }, first))
    }

    /// Takes a message off the wire.
    ///
    /// # Errors
    /// [`Error::Usage`] for what does not belong here: the session is unharmed. [`Error::Abort`] when a
    /// peer deviated: the session is over, but for a pending share.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Progress<P::Output>, Error> {
        let Some(state) = &self.state else { return Ok(Progress::nothing(true)) };
        match self.shell.take_in(bytes, state)? {
            Taken::Nothing => Ok(Progress::nothing(false)),
            Taken::Message => self.advance(),
            Taken::Abort(abort) => Err(self.end(abort).into()),
        }
    }

    /// Who still owes a message in the round now awaited.
    pub fn awaiting(&self) -> Vec<PartyId> {
        self.state.as_ref().map_or_else(Vec::new, |state| self.shell.awaiting(state))
    }

    /// Peers of whom a signed message of this protocol came with another base or view: they run with
    /// other inputs, saw another round 1 of somebody, or somebody replays their old messages.
    pub fn conflicts(&self) -> Vec<PartyId> {
        self.shell.conflicts.iter().copied().collect()
    }

    /// Whether the session is over.
    pub fn is_finished(&self) -> bool {
        self.state.is_none()
    }

    /// The round now awaited, from 1.
    pub fn round(&self) -> u8 {
        self.shell.round
    }

    /// The parameters of the session.
    pub fn params(&self) -> &SessionParams {
        &self.shell.context.params
    }

    /// Everything this party has sent so far, to be sent again to whoever missed it.
    pub fn sent(&self) -> &[Parcel] {
        &self.shell.sent
    }

    /// What others can check of an abort that named somebody.
    pub fn evidence(&self) -> &[Evidence] {
        &self.shell.evidence
    }

    /// The broadcasts of a round that is over or under way, by sender, this party's included: body, and
    /// the envelope as it was signed.
    pub(crate) fn signed_broadcasts(&self, round: u8) -> Vec<(PartyId, Vec<u8>, Vec<u8>)> {
        self.shell.signed_broadcasts(round)
    }

    /// The digest of all inputs.
    pub(crate) fn base(&self) -> &Base {
        &self.shell.context.base
    }

    /// The view, and everybody's round 1 behind it, once that is over.
    pub(crate) fn view(&self) -> Option<(&View, &BTreeMap<PartyId, [u8; 32]>)> {
        (self.shell.round > 1).then_some((&self.shell.context.view, &self.shell.round1_digests))
    }

    /// The protocol's state, for what only it can tell.
    pub fn state(&self) -> Option<&P> {
        self.state.as_ref()
    }

    /// Ends every round whose messages are all there.
    fn advance(&mut self) -> Result<Progress<P::Output>, Error> {
        let mut progress = Progress::nothing(false);
        let already = self.shell.sent.len();
        while self.state.as_ref().is_some_and(|state| self.shell.is_complete(state)) {
            let nothing_yet = self.shell.sent.len() == already && progress.output.is_none();
            match self.end_round(&mut progress) {
                Ok(()) => {}
                Err(abort) if nothing_yet => return Err(abort.into()),
                // What the rounds before have brought about is not lost with this one.
                Err(abort) => {
                    progress.send.extend(abort.to_send().iter().cloned());
                    progress.abort = Some(abort);
                    break;
                }
            }
        }
        progress.finished = self.state.is_none();
        // 6.5: of a session that is over there is no checkpoint, and what is due leaves.
        progress.must_persist &= self.state.is_some();
        Ok(progress)
    }

    fn end_round(&mut self, progress: &mut Progress<P::Output>) -> Result<(), Abort> {
        let Some(state) = self.state.take() else { return Ok(()) };
        let shell = &mut self.shell;
        let before = (shell.context.round, shell.context.broadcasts);
        let inbox = match shell.gather(&state) {
            Ok(inbox) => inbox,
            Err(abort) => {
                self.state = Some(state);
                return Err(self.fail_round(abort));
            }
        };
        let mut rng = shell.later(&state);
        let promise = state.promise();
        let step = match state.receive(&shell.context, inbox, &mut rng) {
            Ok(step) => step,
            Err(Stop::Abort(abort)) => {
                // The round is not over: other messages for it are compared with the same digest as these.
                (shell.context.round, shell.context.broadcasts) = before;
                self.state = promise;
                return Err(self.fail_round(abort));
            }
            // 6.5: over, and there is no checkpoint of it any more.
            Err(Stop::Complain(accused)) => return Err(shell.complain(&accused, &mut rng)),
        };
        shell.round += 1;
        shell.conflicts.extend(shell.store.forget_other_views(shell.context.view.as_bytes()));
        // A complaint that came early: nothing of this round has left, so nothing is promised yet.
        if let Some(abort) = step.next.as_ref().and_then(|state| shell.judge_complaints(state)) {
            return Err(self.end(abort));
        }
        // 6.4: from here on a record takes the place of the seed: nothing that is over can be drawn again.
        if step.next.as_ref().is_none_or(|state| state.record().is_some()) {
            shell.forget_secrets();
        }
        progress.must_persist = P::RESUMABLE && step.next.is_some();
        if step.output.is_some() {
            progress.output = step.output;
        }
        let parcels = shell.pack(step.outgoing);
        if step.next.as_ref().is_some_and(P::draws_no_more) {
            shell.forget_secrets();
        }
        shell.sent.extend(parcels.iter().cloned());
        progress.send.extend(parcels);
        self.state = step.next;
        Ok(())
    }

    /// A round has failed. Where a promise outlives it, the culprits' messages of the round are forgotten (where
    /// nobody is named, all), so that others may come in their place.
    fn fail_round(&mut self, abort: Abort) -> Abort {
        let abort = self.end(abort);
        if self.state.is_some() {
            self.shell.store.forget_round(self.shell.round, abort.culprits());
        }
        abort
    }

    /// The session is over, unless its state has made a promise that no abort may break.
    fn end(&mut self, abort: Abort) -> Abort {
        // 5.4
        if !self.state.as_ref().is_some_and(P::has_promised) {
            self.state = None;
        }
        self.shell.end(abort, self.state.is_some())
    }
}

/// H("base"; …): every input of the session.
pub(crate) fn base<P: Protocol>(params: &SessionParams, inputs: &P::Inputs) -> Base {
    let (key_id, sharing) = Header::key_fields(&P::key(inputs));
    let parties = params.parties().iter().map(|(id, identity)| {
        let key = identity.map_or([0; 32], |identity| *identity.as_bytes());
        [&id.to_bytes()[..], &key].concat()
    });
    // 2.1
    let transcript = Transcript::new("base")
        .field(P::NAME.as_bytes())
        .field(&key_id)
        .field(&sharing)
        .number(params.threshold().get().into())
        .list(parties.collect::<Vec<_>>().into_iter())
        .field(Label::as_bytes(params.label()));
    Base::from_bytes(P::absorb(inputs, transcript).digest())
}

impl<P: Protocol> fmt::Debug for Session<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (me, round) = (self.shell.context.params.me(), self.shell.round);
        write!(f, "Session({} of {me:?}, round {round}, awaiting {:?})", P::NAME, self.awaiting())
    }
}
