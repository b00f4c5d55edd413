//! Sessions of any protocol behind one type.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use cosigil::ecdsa::PresignatureStore;
use cosigil::ecdsa::pairs::Pair;
use cosigil::round::Protocol;
use cosigil::{Abort, Consequence, Error, Fault, Identity, Parcel, PartyId, Progress, Session, SessionParams, Usage};
use zeroize::Zeroizing;

use crate::each::{AnyPackage, AnyShare};
use crate::random::random;
use crate::status::*;

/// What a session was run for.
pub(crate) enum Output {
    /// A share of a key: new, or of a new sharing, or found again.
    KeyShare(AnyShare),
    /// The package of a key after a repair: it worked.
    Package(Box<AnyPackage>),
    /// A setup with a peer.
    Pair(Arc<Pair>),
    /// A signature, verified.
    Signature(Signature),
    /// Presignatures, to be put into a store.
    Presignatures(Box<dyn Presignatures>),
    /// A whole key, after an export.
    Secret(Box<dyn FnOnce() -> Result<Zeroizing<Vec<u8>>> + Send>),
}

/// A signature in its customary form.
pub(crate) struct Signature {
    pub(crate) bytes: Vec<u8>,
    pub(crate) recovery_id: u8,
}

/// Presignatures of some suite.
pub(crate) trait Presignatures: Send {
    /// Puts all of them into the store; their names.
    fn store(self: Box<Self>, store: &dyn PresignatureStore) -> Result<Vec<u8>>;
}

impl Output {
    /// Whether it must be durable before what came with it leaves.
    fn must_be_stored(&self) -> bool {
        matches!(self, Self::KeyShare(_) | Self::Pair(_))
    }
}

/// A session of some protocol.
pub(crate) trait Run: Send {
    fn receive(&mut self, bytes: &[u8]) -> core::result::Result<Progress<Output>, Error>;
    fn checkpoint(&self) -> core::result::Result<Zeroizing<Vec<u8>>, Usage>;
    fn is_resumable(&self) -> bool;
    fn sent(&self) -> Vec<Parcel>;
    fn awaiting(&self) -> Vec<PartyId>;
    fn conflicts(&self) -> Vec<PartyId>;
    /// It needs no more messages.
    fn is_finished(&self) -> bool;
    /// Its rounds are over, by whatever end.
    fn is_over(&self) -> bool {
        self.is_finished()
    }
    fn round(&self) -> u8;
}

/// A session, what its output becomes, and whether it may be taken up again.
struct Of<P: Protocol, F>(Session<P>, F, bool);

impl<P: Protocol + Send, F: FnMut(P::Output) -> Output + Send> Run for Of<P, F> {
    fn receive(&mut self, bytes: &[u8]) -> core::result::Result<Progress<Output>, Error> {
        let Progress { send, output, must_persist, finished, abort } = self.0.receive(bytes)?;
        Ok(Progress { send, output: output.map(&mut self.1), must_persist: must_persist && self.2, finished, abort })
    }
    fn checkpoint(&self) -> core::result::Result<Zeroizing<Vec<u8>>, Usage> {
        if self.2 { self.0.checkpoint() } else { Err(Usage::NotResumable) }
    }
    fn is_resumable(&self) -> bool {
        self.2
    }
    fn sent(&self) -> Vec<Parcel> {
        self.0.sent().to_vec()
    }
    fn awaiting(&self) -> Vec<PartyId> {
        self.0.awaiting()
    }
    fn conflicts(&self) -> Vec<PartyId> {
        self.0.conflicts()
    }
    fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
    fn round(&self) -> u8 {
        self.0.round()
    }
}

/// What the aborts of a session have told. A session that has promised something lives on after one.
pub(crate) struct Aborts {
    /// The last one's.
    pub(crate) fault: Fault,
    /// Of all of them.
    pub(crate) culprits: BTreeSet<PartyId>,
    /// Of all of them, each once.
    pub(crate) consequences: Vec<Consequence>,
}

/// A session with all that waits for its caller.
pub(crate) struct Running {
    run: Box<dyn Run>,
    outbox: VecDeque<Parcel>,
    output: Option<Output>,
    /// Whether something must be stored before the outbox opens; whether the checkpoint for that was given out, and
    /// whether the output is among it.
    must_store: bool,
    checkpointed: bool,
    unsaved_output: bool,
    /// Whether the checkpoint must be deleted before the outbox opens; what is over asks for it once.
    must_delete: bool,
    over: bool,
    /// Something else than success has ended it.
    ended: bool,
    pub(crate) aborts: Option<Aborts>,
}

impl Running {
    /// Starts a session of any protocol.
    pub(crate) fn start<P: Protocol + Send + 'static>(
        params: SessionParams,
        identity: &Identity,
        inputs: P::Inputs,
        output: impl FnMut(P::Output) -> Output + Send + 'static,
    ) -> Result<Self> {
        Self::begin::<P>(params, identity, inputs, output, P::RESUMABLE)
    }

    /// A session that has just begun, or was taken up again, with what must leave first.
    pub(crate) fn new<P: Protocol + Send + 'static>(
        session: Session<P>,
        first: Vec<Parcel>,
        output: impl FnMut(P::Output) -> Output + Send + 'static,
    ) -> Self {
        Self::of(Of(session, output, P::RESUMABLE), first)
    }

    /// Starts a session of any protocol that has no second chance here: it is started anew instead.
    pub(crate) fn start_once<P: Protocol + Send + 'static>(
        params: SessionParams,
        identity: &Identity,
        inputs: P::Inputs,
        output: impl FnMut(P::Output) -> Output + Send + 'static,
    ) -> Result<Self> {
        Self::begin::<P>(params, identity, inputs, output, false)
    }

    fn begin<P: Protocol + Send + 'static>(
        params: SessionParams,
        identity: &Identity,
        inputs: P::Inputs,
        output: impl FnMut(P::Output) -> Output + Send + 'static,
        is_resumable: bool,
    ) -> Result<Self> {
        let (session, first) = Session::<P>::start(params, identity, inputs, &mut random()?)?;
        Ok(Self::of(Of(session, output, is_resumable), first))
    }

    /// Whatever can be run, with what must leave first.
    pub(crate) fn of(run: impl Run + 'static, first: Vec<Parcel>) -> Self {
        let (outbox, must_store) = (first.into(), run.is_resumable());
        Self {
            run: Box::new(run),
            outbox,
            output: None,
            must_store,
            checkpointed: false,
            unsaved_output: false,
            must_delete: false,
            over: false,
            ended: false,
            aborts: None,
        }
    }

    /// The same session with an output that it had before it was suspended, if it had.
    pub(crate) fn with_output(mut self, output: Option<Output>) -> Self {
        self.unsaved_output = output.as_ref().is_some_and(Output::must_be_stored);
        self.output = output;
        self
    }

    pub(crate) fn run(&self) -> &dyn Run {
        &*self.run
    }

    /// Takes a message. What an abort has to send is in the outbox, whether it comes as an error or later.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Result {
        if self.ended {
            return Err(Usage::Over.into());
        }
        let taken = self.take(bytes);
        if self.run.is_over() && !self.over {
            // There is nothing to be stored any more but the output, and nothing to be taken up again.
            (self.over, self.must_store, self.must_delete) = (true, self.unsaved_output, self.run.is_resumable());
        }
        taken
    }

    fn take(&mut self, bytes: &[u8]) -> Result {
        match self.run.receive(bytes) {
            Ok(Progress { send, output, must_persist, finished: _, abort }) => {
                self.outbox.extend(send);
                let storable = output.as_ref().is_some_and(Output::must_be_stored);
                if must_persist || storable {
                    (self.must_store, self.checkpointed) = (true, false);
                }
                self.unsaved_output |= storable;
                self.output = output.or(self.output.take());
                self.abort(abort)
            }
            Err(Error::Abort(abort)) => {
                self.outbox.extend(abort.to_send().iter().cloned());
                self.abort(Some(abort))
            }
            Err(other) => {
                let failure = Failure::from(other);
                self.ended |= failure.ends_a_session();
                Err(failure)
            }
        }
    }

    fn abort(&mut self, abort: Option<Abort>) -> Result {
        let Some(abort) = abort else { return Ok(()) };
        let fault = abort.fault();
        let aborts = Aborts { fault, culprits: BTreeSet::new(), consequences: Vec::new() };
        let aborts = self.aborts.get_or_insert(aborts);
        aborts.fault = fault;
        aborts.culprits.extend(abort.culprits());
        for consequence in abort.consequences() {
            if !aborts.consequences.contains(consequence) {
                aborts.consequences.push(*consequence);
            }
        }
        self.ended = self.run.is_over();
        Err(abort.into())
    }

    /// It has come to its end, and not by an abort.
    pub(crate) fn is_finished(&self) -> bool {
        self.run.is_finished() && !self.ended
    }

    /// It has come to an end without success.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Who still owes a message.
    pub(crate) fn awaiting(&self) -> Vec<PartyId> {
        if self.ended { Vec::new() } else { self.run.awaiting() }
    }

    /// The next message to send.
    pub(crate) fn take_message(&mut self) -> Result<Option<Parcel>> {
        if self.must_store || self.must_delete { Err(Failure::STORE_FIRST) } else { Ok(self.outbox.pop_front()) }
    }

    /// Everything sent so far, once more.
    pub(crate) fn send_again(&mut self) {
        let mut all = self.run.sent();
        let waiting = self.outbox.drain(..).filter(|parcel| !all.contains(parcel)).collect::<Vec<_>>();
        all.extend(waiting);
        self.outbox = all.into();
    }

    pub(crate) fn checkpoint(&mut self) -> Result<Zeroizing<Vec<u8>>> {
        let bytes = self.run.checkpoint()?;
        self.checkpointed = true;
        Ok(bytes)
    }

    /// What had to be stored is stored, what had to be deleted is deleted.
    pub(crate) fn stored(&mut self) -> Result {
        let output_waits = self.output.as_ref().is_some_and(Output::must_be_stored);
        let checkpoint_waits = self.run.is_resumable() && !self.over && !self.checkpointed;
        if self.must_store && (output_waits || checkpoint_waits) {
            return Err(Failure::STORE_FIRST);
        }
        (self.must_store, self.unsaved_output, self.must_delete) = (false, false, false);
        Ok(())
    }

    /// What waits: whether there are messages, whether something must be stored, whether something must be deleted.
    pub(crate) fn waits(&self) -> (bool, bool, bool) {
        (!self.outbox.is_empty(), self.must_store, self.must_delete)
    }

    pub(crate) fn output(&self) -> Option<&Output> {
        self.output.as_ref()
    }

    /// Takes the output, if it is what is wanted.
    pub(crate) fn take_output<T>(
        &mut self,
        wanted: impl FnOnce(Output) -> core::result::Result<T, Output>,
    ) -> Result<T> {
        let output = self.output.take().ok_or(Failure::NOT_THERE)?;
        wanted(output).map_err(|other| {
            self.output = Some(other);
            Failure::NOT_THERE
        })
    }
}

/// Takes the output of a session, if it is of this kind.
macro_rules! taken {
    ($session:expr, $kind:ident) => {
        crate::handle::locked(&*crate::handle::get($session)?, |running| {
            running.take_output(|output| match output {
                crate::running::Output::$kind(taken) => Ok(taken),
                other => Err(other),
            })
        })
    };
}
pub(crate) use taken;
