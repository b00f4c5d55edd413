//! Sessions of any protocol behind one type.

use std::collections::VecDeque;
use std::sync::Arc;

use cosigil::ecdsa::PresignatureStore;
use cosigil::ecdsa::pairs::Pair;
use cosigil::round::Protocol;
use cosigil::{Abort, Error, Identity, Parcel, PartyId, Progress, Session, SessionParams, Usage};
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
    fn is_finished(&self) -> bool;
    fn round(&self) -> u8;
}

/// A session, and what its output becomes.
struct Of<P: Protocol, F>(Session<P>, F);

impl<P: Protocol + Send, F: FnMut(P::Output) -> Output + Send> Run for Of<P, F> {
    fn receive(&mut self, bytes: &[u8]) -> core::result::Result<Progress<Output>, Error> {
        let Progress { send, output, must_persist, finished, abort } = self.0.receive(bytes)?;
        Ok(Progress { send, output: output.map(&mut self.1), must_persist, finished, abort })
    }
    fn checkpoint(&self) -> core::result::Result<Zeroizing<Vec<u8>>, Usage> {
        self.0.checkpoint()
    }
    fn is_resumable(&self) -> bool {
        P::RESUMABLE
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

/// A session with all that waits for its caller.
pub(crate) struct Running {
    run: Box<dyn Run>,
    outbox: VecDeque<Parcel>,
    output: Option<Output>,
    /// Whether something must be stored before the outbox opens, and whether the checkpoint for that was given out.
    must_store: bool,
    checkpointed: bool,
    pub(crate) abort: Option<Abort>,
}

impl Running {
    /// Starts a session of any protocol.
    pub(crate) fn start<P: Protocol + Send + 'static>(
        params: SessionParams,
        identity: &Identity,
        inputs: P::Inputs,
        output: impl FnMut(P::Output) -> Output + Send + 'static,
    ) -> Result<Self> {
        let (session, first) = Session::<P>::start(params, identity, inputs, &mut random()?)?;
        Ok(Self::new(session, first, output))
    }

    /// A session that has just begun, or was taken up again, with what must leave first.
    pub(crate) fn new<P: Protocol + Send + 'static>(
        session: Session<P>,
        first: Vec<Parcel>,
        output: impl FnMut(P::Output) -> Output + Send + 'static,
    ) -> Self {
        Self::of(Of(session, output), first)
    }

    /// Whatever can be run, with what must leave first.
    pub(crate) fn of(run: impl Run + 'static, first: Vec<Parcel>) -> Self {
        let (outbox, must_store) = (first.into(), run.is_resumable());
        Self { run: Box::new(run), outbox, output: None, must_store, checkpointed: false, abort: None }
    }

    /// The same session with an output that it had before it was suspended, if it had.
    pub(crate) fn with_output(mut self, output: Option<Output>) -> Self {
        self.output = output;
        self
    }

    pub(crate) fn run(&self) -> &dyn Run {
        &*self.run
    }

    /// Takes a message. What an abort has to send is in the outbox, whether it comes as an error or later.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Result {
        match self.run.receive(bytes) {
            Ok(Progress { send, output, must_persist, finished: _, abort }) => {
                self.outbox.extend(send);
                let storable = output.as_ref().is_some_and(Output::must_be_stored);
                if must_persist || storable {
                    (self.must_store, self.checkpointed) = (true, false);
                }
                self.output = output.or(self.output.take());
                self.abort(abort)
            }
            Err(Error::Abort(abort)) => {
                self.outbox.extend(abort.to_send().iter().cloned());
                self.abort(Some(abort))
            }
            Err(other) => Err(other.into()),
        }
    }

    fn abort(&mut self, abort: Option<Abort>) -> Result {
        let Some(abort) = abort else { return Ok(()) };
        self.abort = Some(abort.clone());
        Err(abort.into())
    }

    /// The next message to send.
    pub(crate) fn take_message(&mut self) -> Result<Option<Parcel>> {
        if self.must_store { Err(Failure::STORE_FIRST) } else { Ok(self.outbox.pop_front()) }
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

    /// What had to be stored is stored.
    pub(crate) fn stored(&mut self) -> Result {
        let output_waits = self.output.as_ref().is_some_and(Output::must_be_stored);
        let checkpoint_waits = self.run.is_resumable() && !self.run.is_finished() && !self.checkpointed;
        if self.must_store && (output_waits || checkpoint_waits) {
            return Err(Failure::STORE_FIRST);
        }
        self.must_store = false;
        Ok(())
    }

    /// What waits: how many messages, whether something must be stored.
    pub(crate) fn waits(&self) -> (usize, bool) {
        (self.outbox.len(), self.must_store)
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
