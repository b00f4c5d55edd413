//! K-22: pending shares, certificates, and what a crash or an abort leaves.

use super::*;
use crate::error::Usage;

const IDS: [u16; 3] = [1, 2, 3];

/// A table at which everybody has confirmed, and the confirms.
fn confirmed<C: Curve>() -> (Table<C>, BTreeMap<PartyId, Vec<u8>>) {
    let mut table = Table::<C>::new(31, 2, &IDS);
    table.round(&mut honest);
    table.round(&mut honest);
    let confirms = table.outgoing.iter().map(|(id, out)| (*id, out.broadcast.clone().unwrap())).collect();
    (table, confirms)
}

fn certificate<C: Curve>(shape: &Shape, confirms: &BTreeMap<PartyId, Vec<u8>>) -> Certificate<Plain<C>> {
    Certificate::new(
        confirms
            .iter()
            .map(|(id, body)| (*id, Confirm::decode(body, shape).unwrap(), [b"signed", body.as_slice()].concat())),
    )
}

/// Each confirm lost or replaced, for each party; with the certificate shown later all have the key.
fn k_22_last_messages<C: Curve>() {
    let keys = Table::<C>::new(31, 2, &IDS).run(honest);
    let right = keys.keys()[0].public().clone();
    for victim in IDS {
        for sender in IDS.into_iter().filter(|n| *n != victim) {
            let (mut table, confirms) = confirmed::<C>();
            let stored = table.states[&id(victim)].pending().unwrap().to_bytes();
            let kept = table.states[&id(victim)].promise().unwrap();
            table.round(&mut |mail| {
                if (mail.from, mail.to) == (sender, victim) {
                    add_at::<C>(&mut mail.broadcast, 32 + C::POINT_LEN, 1);
                }
            });
            let abort = table.ends[&id(victim)].abort();
            assert_eq!(abort, (Fault::BadConfirmProof, alloc::vec![sender]));
            let certificate = certificate::<C>(&table.shape(), &confirms);
            let certificate = Certificate::from_bytes(&certificate.to_bytes()).unwrap();
            for pending in [&Pending::from_bytes(&stored).unwrap(), kept.pending().unwrap()] {
                let key = pending.activate(&certificate).unwrap();
                assert_eq!((key.public(), key.me()), (&right, id(victim)));
                // It may be shown twice.
                assert!(pending.activate(&certificate).is_ok());
            }
        }
    }
}

/// A round-4 message lost or replaced leaves the key share active.
fn k_22_acknowledgements<C: Curve>() {
    let (mut table, _) = confirmed::<C>();
    table.round(&mut honest);
    let kept = table.states[&id(1)].promise().unwrap();
    table.round(&mut |mail| mail.broadcast[0] ^= u8::from(mail.from == 3));
    assert_eq!(table.ends[&id(1)].abort(), (Fault::TranscriptsDiffer, alloc::vec![]));
    assert!(kept.key_share().is_some());
}

/// A certificate that lacks one, is of another run, or holds a wrong proof makes no key and blames nobody.
fn k_22_certificates<C: Curve>() {
    let (table, confirms) = confirmed::<C>();
    let shape = table.shape();
    let pending = table.states[&id(2)].pending().unwrap();
    let refuses = |confirms: &BTreeMap<PartyId, Vec<u8>>| pending.activate(&certificate::<C>(&shape, confirms)).err();
    assert_eq!(refuses(&confirms), None);
    for n in IDS {
        let mut fewer = confirms.clone();
        let body = fewer.remove(&id(n)).unwrap();
        assert_eq!(refuses(&fewer), Some(Usage::WrongInbox(id(n))));
        let mut wrong = confirms.clone();
        add_at::<C>(wrong.get_mut(&id(n)).unwrap(), 32 + C::POINT_LEN, 1);
        assert_eq!(refuses(&wrong), Some(Usage::Malformed));
        let mut other = confirms.clone();
        other.get_mut(&id(n)).unwrap()[0] ^= 1;
        assert_eq!(refuses(&other), Some(Usage::OtherKey));
        let mut moved = confirms.clone();
        moved.insert(id(n % 3 + 1), body.clone());
        assert_eq!(refuses(&moved), Some(Usage::Malformed));
        let mut more = confirms.clone();
        more.insert(id(9), body);
        assert_eq!(refuses(&more), Some(Usage::UnknownParty(id(9))));
    }
    let certificate = certificate::<C>(&shape, &confirms);
    let signed: Vec<_> = certificate.signed().map(|(id, bytes)| (id, bytes[6..].to_vec())).collect();
    assert!(signed.into_iter().eq(confirms));
}

/// Every cut of a stored form is an error, and so is every flipped bit.
fn stored_forms<C: Curve>() {
    let (mut table, confirms) = confirmed::<C>();
    let pending = table.states[&id(1)].pending().unwrap().to_bytes();
    let again = Pending::<Plain<C>>::from_bytes(&pending).unwrap();
    assert_eq!(again.to_bytes(), pending);
    assert_eq!(again.confirm().encode(&table.shape()), confirms[&id(1)]);
    assert_eq!(again.me(), id(1));
    let certificate = certificate::<C>(&table.shape(), &confirms).to_bytes();
    assert_eq!(Certificate::<Plain<C>>::from_bytes(&certificate).unwrap().to_bytes(), certificate);
    for at in 0..pending.len() {
        let mut flipped = pending.to_vec();
        flipped[at] ^= 1;
        assert!(
            Pending::<Plain<C>>::from_bytes(&flipped).is_err()
                && Pending::<Plain<C>>::from_bytes(&pending[..at]).is_err()
        );
    }
    for at in 0..certificate.len() {
        let mut flipped = certificate.clone();
        flipped[at] ^= 1;
        assert!(Certificate::<Plain<C>>::from_bytes(&flipped).is_err());
        assert!(Certificate::<Plain<C>>::from_bytes(&certificate[..at]).is_err());
    }
    table.round(&mut honest);
    let state = &table.states[&id(1)];
    let record = state.record().unwrap();
    let restored = Keygen::<Plain<C>>::restore(&record).unwrap();
    assert_eq!(restored.record(), Some(record.clone()));
    assert!((0..record.len()).all(|at| Keygen::<Plain<C>>::restore(&record[..at]).is_none()));
    let mut other = record.to_vec();
    other[0] ^= 1;
    assert!(Keygen::<Plain<C>>::restore(&other).is_none());
    let key = restored.key_share().unwrap();
    assert_eq!(key.to_bytes(), table.ends[&id(1)].key().to_bytes());
}

/// When a promise is made, and what is in memory then.
fn the_states<C: Curve>() {
    let mut table = Table::<C>::new(31, 2, &IDS);
    for (promised, pending, key) in
        [(false, false, false), (false, false, false), (true, true, false), (true, false, true)]
    {
        for state in table.states.values() {
            assert_eq!(state.has_promised(), promised);
            assert_eq!(state.promise().is_some(), promised);
            assert_eq!(state.pending().is_some(), pending);
            assert_eq!(state.key_share().is_some(), key);
            assert_eq!(state.record().is_some(), key);
        }
        table.round(&mut honest);
    }
    assert_eq!(table.finished, 3);
}

/// Key generation by a party that spoils its confirm, for a session to sign.
#[derive(Debug)]
struct Spoiler(P);
type P = Keygen<Plain<Secp256k1>>;

impl Protocol for Spoiler {
    const NAME: &'static str = P::NAME;
    const CHANNELS: crate::round::Channels = P::CHANNELS;
    const RESUMABLE: bool = true;
    type Inputs = ();
    type Output = ();

    fn key((): &()) -> crate::round::KeyRef {
        P::key(&())
    }
    fn absorb((): &(), base: Transcript) -> Transcript {
        P::absorb(&(), base)
    }
    fn hedge((): &(), seed: Transcript) -> Transcript {
        seed
    }
    fn start((): (), context: &Context, rng: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage> {
        P::start((), context, rng).map(|(state, outgoing)| (Self(state), outgoing))
    }
    fn awaits(&self, context: &Context, from: PartyId) -> crate::round::Parts {
        self.0.awaits(context, from)
    }
    fn receive(
        self,
        context: &Context,
        inbox: Inbox<Received>,
        rng: &mut TranscriptRng,
    ) -> Result<crate::round::Step<Self>, Stop> {
        let mut step = self.0.receive(context, inbox, rng)?;
        if context.round == 2 {
            add_at::<Secp256k1>(step.outgoing.broadcast.as_mut().unwrap(), 65, 1);
        }
        Ok(crate::round::Step { next: step.next.map(Self), outgoing: step.outgoing, output: None })
    }
}

/// K-22 through a session: a wrong confirm ends it, and the pending share is still there, as it is when
/// the session is taken up again.
#[test]
fn k_22_a_session_keeps_what_is_promised() {
    use crate::session::{Identity, Session};
    let mut rng = Transcript::new("keygen-session").rng();
    let identities = IDS.map(|_| Identity::generate(&mut rng).unwrap());
    let parties = Parties::new(IDS.iter().zip(&identities).map(|(n, identity)| (id(*n), identity.public()))).unwrap();
    let params =
        |n| SessionParams::new(Label::from_bytes([5; 32]), id(n), Threshold::new(2).unwrap(), parties.clone()).unwrap();
    let (mut one, first) = Session::<P>::start(params(1), &identities[0], (), &mut rng).unwrap();
    let mut mail: Vec<_> = first.into_iter().map(|parcel| (1, parcel)).collect();
    let (mut two, first) = Session::<P>::start(params(2), &identities[1], (), &mut rng).unwrap();
    mail.extend(first.into_iter().map(|parcel| (2, parcel)));
    let (mut three, first) = Session::<Spoiler>::start(params(3), &identities[2], (), &mut rng).unwrap();
    mail.extend(first.into_iter().map(|parcel| (3, parcel)));
    let mut ends = Vec::new();
    while let Some((from, parcel)) = mail.pop() {
        for me in IDS.into_iter().filter(|me| *me != from && parcel.to.is_none_or(|to| to == id(*me))) {
            let sent = match me {
                1 => one.receive(&parcel.bytes).map(|progress| progress.send),
                2 => two.receive(&parcel.bytes).map(|progress| progress.send),
                _ => three.receive(&parcel.bytes).map(|progress| progress.send),
            };
            match sent {
                Ok(sent) => mail.extend(sent.into_iter().map(|parcel| (me, parcel))),
                Err(crate::Error::Abort(abort)) => ends.push((me, abort.fault(), abort.culprits().to_vec())),
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    ends.sort();
    let wanted = [1, 2].map(|n| (n, Fault::BadConfirmProof, alloc::vec![id(3)]));
    assert!(ends.starts_with(&wanted[..1]) && ends.iter().all(|end| wanted.contains(end)));
    for (n, session) in [(1, &one), (2, &two)] {
        assert!(session.state().unwrap().pending().is_some());
        let stored = session.checkpoint().unwrap();
        let (resumed, _) = Session::<P>::resume(params(n), &identities[usize::from(n) - 1], (), &stored).unwrap();
        let [ours, theirs] = [session, &resumed].map(|session| session.state().unwrap().pending().unwrap().to_bytes());
        assert_eq!(ours, theirs);
    }
}

on_every_curve! {
    k_22_confirms_lost_or_replaced => k_22_last_messages();
    k_22_acknowledgements_lost_or_replaced => k_22_acknowledgements();
    k_22_certificates_that_are_none => k_22_certificates();
    k_22_stored_forms => stored_forms();
    k_22_states_and_promises => the_states();
}
