//! Reshares through sessions in which a dealer cheats with its own keys: who is named, and what convinces others.

use alloc::collections::VecDeque;

use super::*;
use crate::error::{Error, Usage};
use crate::party::Parcel;
use crate::round::{Channels, KeyRef, Limits, Parts, Step};
use crate::session::{Judged, Letter, Place, Session};

type C = Ed25519;
type R = Reshare<Plain<C>>;
type Tamper = fn(u8, &mut Outgoing);

/// A reshare whose messages are changed before they are signed and sealed; or whose dealer deals 1 more.
#[derive(Debug)]
struct Cheat(R, Tamper);

impl Protocol for Cheat {
    const NAME: &'static str = R::NAME;
    const CHANNELS: Channels = R::CHANNELS;
    const RESUMABLE: bool = true;
    type Inputs = (Plan<Plain<C>>, Arc<KeyShare<Plain<C>>>, i64, Tamper);
    type Output = ();

    fn key(inputs: &Self::Inputs) -> KeyRef {
        R::key(&ReshareInputs::judge(inputs.0.clone()))
    }
    fn absorb(inputs: &Self::Inputs, base: Transcript) -> Transcript {
        R::absorb(&ReshareInputs::judge(inputs.0.clone()), base)
    }
    fn hedge(_: &Self::Inputs, seed: Transcript) -> Transcript {
        seed
    }
    fn start(
        (plan, share, shift, tamper): Self::Inputs,
        context: &Context,
        rng: &mut TranscriptRng,
    ) -> Result<(Self, Outgoing), Usage> {
        let (terms, mut dealing) = R::prepare(&plan, &share, context)?;
        let mut constant = encode_scalar::<C>(dealing.constant.expose());
        add_at::<C>(&mut constant, 0, shift);
        *dealing.constant.expose_mut() = decode_scalar::<C>(&constant).unwrap();
        let (state, outgoing) = R::deal(terms, dealing, context, rng);
        Ok((Self(state, tamper), outgoing))
    }
    fn limits(params: &SessionParams, inputs: &Self::Inputs) -> Limits {
        R::limits(params, &ReshareInputs::judge(inputs.0.clone()))
    }
    fn awaits(&self, context: &Context, from: PartyId) -> Parts {
        self.0.awaits(context, from)
    }
    fn receive(self, context: &Context, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        let mut step = self.0.receive(context, inbox, rng)?;
        (self.1)(context.round + 1, &mut step.outgoing);
        Ok(Step { next: step.next.map(|next| Self(next, self.1)), outgoing: step.outgoing, output: None })
    }
}

enum Seat {
    Honest(Box<Session<R>>),
    Cheat(Box<Session<Cheat>>),
}

fn identity(n: PartyId) -> Identity {
    Identity::from_seed(&Transcript::new("keygen-test-identities").number(n.get().into()).secret())
}

/// A key of parties 1, 2 and 3.
fn shares() -> Shares<C> {
    let parties = Parties::new([1, 2, 3].map(|n| (id(n), identity(id(n)).public()))).unwrap();
    let secret = crate::curve::random_scalar::<C>(&mut Transcript::new("keygen-sessions").rng());
    let two = Threshold::new(2).unwrap();
    let shares = crate::hazmat::split(&secret, two, &parties, &mut Transcript::new("keygen-sessions-split").rng());
    shares.unwrap().into_iter().map(|share| (share.me().get(), Arc::new(share))).collect()
}

/// To 2 of {1, 4, 5}, by 2 and 3, who leave: every role is there.
fn plan(shares: &Shares<C>) -> Plan<Plain<C>> {
    let holders = Parties::new([1, 4, 5].map(|n| (id(n), identity(id(n)).public()))).unwrap();
    Plan::reshare(shares[&1].public(), [id(2), id(3)], holders, Threshold::new(2).unwrap()).unwrap()
}

/// All sessions, party 3's a cheat's, run to their end; how it ended for the honest.
fn run(shift: i64, tamper: Tamper) -> (BTreeMap<PartyId, Session<R>>, BTreeMap<PartyId, Abort>) {
    let shares = shares();
    let plan = plan(&shares);
    let mut queue: VecDeque<(PartyId, Parcel)> = VecDeque::new();
    let mut seats = BTreeMap::new();
    for n in plan.parties().unwrap().ids() {
        let params = plan.params(Label::from_bytes([3; 32]), n).unwrap();
        let mut rng = Transcript::new("keygen-sessions-draws").party(n).rng();
        let (seat, first) = if n == id(3) {
            let inputs = (plan.clone(), Arc::clone(&shares[&3]), shift, tamper);
            let (session, first) = Session::start(params, &identity(n), inputs, &mut rng).unwrap();
            (Seat::Cheat(Box::new(session)), first)
        } else {
            let inputs = match shares.get(&n.get()) {
                Some(share) => ReshareInputs::holder(plan.clone(), Arc::clone(share)).unwrap(),
                None => ReshareInputs::newcomer(plan.clone(), &plan.old().digest()).unwrap(),
            };
            let (session, first) = Session::start(params, &identity(n), inputs, &mut rng).unwrap();
            (Seat::Honest(Box::new(session)), first)
        };
        seats.insert(n, seat);
        queue.extend(first.into_iter().map(|parcel| (n, parcel)));
    }
    let mut aborts = BTreeMap::new();
    while let Some((from, parcel)) = queue.pop_front() {
        for (me, seat) in seats.iter_mut().filter(|(me, _)| **me != from && parcel.to.is_none_or(|to| to == **me)) {
            let result = match seat {
                Seat::Honest(session) => session.receive(&parcel.bytes).map(|progress| progress.send),
                Seat::Cheat(session) => session.receive(&parcel.bytes).map(|progress| progress.send),
            };
            match result {
                Ok(send) => queue.extend(send.into_iter().map(|parcel| (*me, parcel))),
                Err(Error::Abort(abort)) => {
                    queue.extend(abort.to_send().iter().map(|parcel| (*me, parcel.clone())));
                    aborts.entry(*me).or_insert(abort);
                }
                Err(Error::Usage(usage)) => panic!("{usage:?}"),
            }
        }
    }
    aborts.remove(&id(3));
    let honest = |(n, seat)| match seat {
        Seat::Honest(session) => Some((n, *session)),
        Seat::Cheat(_) => None,
    };
    (seats.into_iter().filter_map(honest).collect(), aborts)
}

/// Every honest party names party 3, and its evidence convinces a judge who knows the plan, and nobody who has
/// another one.
fn all_name_3(shift: i64, tamper: Tamper, fault: Fault) {
    let (sessions, aborts) = run(shift, tamper);
    let shares = shares();
    let plan = plan(&shares);
    let params = plan.params(Label::from_bytes([3; 32]), id(4)).unwrap();
    let inputs = ReshareInputs::judge(plan);
    let other = ReshareInputs::judge(Plan::refresh(shares[&1].public()).unwrap());
    assert_eq!(aborts.len(), 4);
    for (n, session) in &sessions {
        assert_eq!((aborts[n].fault(), aborts[n].culprits()), (fault, &[id(3)][..]), "{n}");
        assert!(!session.evidence().is_empty(), "{n} has evidence");
        for piece in session.evidence() {
            assert_eq!(piece.judge::<R>(&params, &inputs), Ok(Judged { culprit: id(3), fault }), "{n}");
            assert!(piece.judge::<R>(&params, &other).is_err());
        }
    }
}

/// one more than its part, all else right.
#[test]
fn r_04_another_constant_is_named_by_all() {
    all_name_3(1, |_, _| {}, Fault::BadConstant);
}

/// R-09, K-07: a bad share to a newcomer alone: its complaint is upheld by those who leave and by those who do not
/// deal.
#[test]
fn r_09_a_bad_share_to_a_newcomer() {
    let to_4 = |round, outgoing: &mut Outgoing| {
        for (_, body) in outgoing.sealed.iter_mut().filter(|(to, _)| round == 2 && *to == id(4)) {
            add_at::<C>(body, 0, 1);
        }
    };
    all_name_3(0, to_4, Fault::BadShare);
    let cut = |round, outgoing: &mut Outgoing| {
        for (_, body) in outgoing.sealed.iter_mut().filter(|(to, _)| round == 2 && *to == id(4)) {
            body.pop();
        }
    };
    all_name_3(0, cut, Fault::BadShare);
}

/// public lies, with the evidence that convicts.
#[test]
fn r_09_wrong_openings_through_sessions() {
    all_name_3(
        0,
        |round, outgoing| {
            if let Some(body) = outgoing.broadcast.as_mut().filter(|_| round == 2) {
                let last = body.len() - 1;
                body[last] ^= 1; // k_3
            }
        },
        Fault::BadOpening,
    );
    all_name_3(
        0,
        |round, outgoing| {
            if let Some(body) = outgoing.broadcast.as_mut().filter(|_| round == 2) {
                let at = body.len() - 64;
                add_at::<C>(body, at, 1); // z_3
            }
        },
        Fault::BadCoefficientProof,
    );
}

/// Nobody is named where all are honest, the cheat's own code included.
#[test]
fn r_09_the_cheat_can_be_honest() {
    let (sessions, aborts) = run(0, |_, _| {});
    assert!(aborts.is_empty());
    assert!(sessions.values().all(|session| session.is_finished() && session.evidence().is_empty()));
}

/// a newcomer whose hello is short, or has no key in it: its round 1 convicts it.
#[test]
fn r_09_a_newcomer_without_a_hello_is_convicted() {
    let shares = shares();
    let plan = plan(&shares);
    let label = Label::from_bytes([3; 32]);
    let short = |body: &mut Vec<u8>| body.truncate(127);
    let keyless = |body: &mut Vec<u8>| body[32..64].fill(0);
    let start = |n: PartyId| {
        let inputs = match shares.get(&n.get()) {
            Some(share) => ReshareInputs::holder(plan.clone(), Arc::clone(share)).unwrap(),
            None => ReshareInputs::newcomer(plan.clone(), &plan.old().digest()).unwrap(),
        };
        let mut rng = Transcript::new("keygen-sessions-draws").party(n).rng();
        Session::<R>::start(plan.params(label, n).unwrap(), &identity(n), inputs, &mut rng).unwrap()
    };
    for change in [short as fn(&mut Vec<u8>), keyless] {
        let (mut session, _) = start(id(1));
        let key = KeyRef { key_id: Some(plan.old().key_id()), sharing: Some(plan.old().sharing()) };
        let base = *session.base();
        let place = Place { protocol: R::NAME, key, round: 1, context: base.as_bytes() };
        let mut abort = None;
        for n in plan.parties().unwrap().ids().filter(|n| *n != id(1)) {
            let mut bytes = start(n).1[0].bytes.clone();
            if n == id(4) {
                let mut letter = Letter::open(&bytes, &place, &plan.parties().unwrap(), 1000).unwrap();
                change(&mut letter.body);
                bytes = letter.sign(&identity(n), &place);
            }
            abort = session.receive(&bytes).err();
        }
        let Some(Error::Abort(abort)) = abort else { panic!("{abort:?}") };
        assert_eq!((abort.fault(), abort.culprits()), (Fault::Malformed, &[id(4)][..]));
        let (params, inputs) = (plan.params(label, id(5)).unwrap(), ReshareInputs::judge(plan.clone()));
        let judged = session.evidence()[0].judge::<R>(&params, &inputs);
        assert_eq!(judged, Ok(Judged { culprit: id(4), fault: Fault::Malformed }));
    }
}
