//! Repair in sessions whose messages a cheat signs anew: different rows for different eyes, and rows signed
//! afterwards to make a right message look wrong.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use super::{forge, id, identity, open};
use crate::curve::{Curve, Scalar, Secp256k1, Uncleared, random_scalar};
use crate::error::{Abort, Error, Fault};
use crate::frost::Secp256k1Sha256;
use crate::hazmat::split;
use crate::key::KeyShare;
use crate::keygen::repair::{Inputs, Lost, Repair, Row};
use crate::party::{Label, Parcel, Parties, PartyId, Threshold};
use crate::session::driver::Session;
use crate::session::envelope::Kind;
use crate::session::evidence::Evidence;
use crate::transcript::Transcript;
use crate::wire::{Shape, UnclearedElement, Wire};

type S = Secp256k1Sha256;

const HELPERS: [u16; 3] = [1, 2, 4];
const SHAPE: Shape = Shape { threshold: 2, parties: 3, batch: 1 };

struct Table {
    shares: Vec<KeyShare<S>>,
    sessions: BTreeMap<PartyId, Session<Repair<S>>>,
    queue: VecDeque<(PartyId, Vec<u8>)>,
    aborts: BTreeMap<PartyId, Abort>,
    repaired: usize,
}

impl Table {
    /// Party 3 lost its share; 1, 2 and 4 help.
    fn new() -> Self {
        let parties = Parties::new((1..=4).map(|k| (id(k), identity(k).public()))).unwrap();
        let mut rng = Transcript::new("repair-test").rng();
        let secret = random_scalar::<Secp256k1>(&mut rng);
        let shares = split::<S>(&secret, Threshold::new(2).unwrap(), &parties, &mut rng).unwrap();
        let (sessions, queue, aborts) = (BTreeMap::new(), VecDeque::new(), BTreeMap::new());
        let mut table = Self { shares, sessions, queue, aborts, repaired: 0 };
        let mut first = Vec::new();
        for n in 1..=4 {
            let inputs = table.inputs(n);
            let params = inputs.params(Label::from_bytes([1; 32])).unwrap();
            let (session, parcels) = Session::start(params, &identity(n), inputs, &mut rng).unwrap();
            table.sessions.insert(id(n), session);
            first.push((id(n), parcels));
        }
        first.into_iter().for_each(|(from, parcels)| table.post(from, &parcels));
        table
    }

    fn inputs(&self, n: u16) -> Inputs<S> {
        let lost = Lost { id: id(3), identity: identity(3).public() };
        let (helpers, share) = (HELPERS.map(id), &self.shares[usize::from(n) - 1]);
        let inputs = if n == 3 {
            Inputs::recipient(share.public(), &share.public().digest(), lost, &helpers)
        } else {
            Inputs::helper(share, lost, &helpers)
        };
        inputs.unwrap()
    }

    fn post(&mut self, from: PartyId, parcels: &[Parcel]) {
        for parcel in parcels {
            let to = self.sessions.keys().filter(|to| **to != from && parcel.to.is_none_or(|only| only == **to));
            self.queue.extend(to.map(|to| (*to, parcel.bytes.clone())));
        }
    }

    /// Delivers everything after `change` had its way with it.
    fn run(&mut self, change: impl Fn(PartyId, &[u8]) -> Vec<u8>) {
        while let Some((to, bytes)) = self.queue.pop_front() {
            match self.sessions.get_mut(&to).unwrap().receive(&change(to, &bytes)) {
                Ok(progress) => {
                    self.repaired += usize::from(progress.output.is_some());
                    self.aborts.extend(progress.abort.map(|abort| (to, abort)));
                    self.post(to, &progress.send);
                }
                Err(Error::Abort(abort)) => {
                    self.post(to, abort.to_send());
                    self.aborts.insert(to, abort);
                }
                Err(Error::Usage(_)) => {}
            }
        }
    }

    fn abort(&self, n: u16) -> (Fault, &[PartyId]) {
        (self.aborts[&id(n)].fault(), self.aborts[&id(n)].culprits())
    }

    fn judge(&self, evidence: &Evidence) -> Option<(Fault, PartyId)> {
        let params = self.sessions[&id(1)].params();
        evidence.judge::<Repair<S>>(params, &self.inputs(3)).ok().map(|judged| (judged.fault, judged.culprit))
    }
}

/// Helper 4's row, signed anew with one image shifted up and another one down: it adds up all the same.
fn other_row(bytes: &[u8], up: usize, down: usize) -> Vec<u8> {
    let header = open(bytes).header;
    if (header.kind, header.round, header.sender) != (Kind::Broadcast, 2, id(4)) {
        return bytes.to_vec();
    }
    forge(bytes, |_, body| {
        let mut row = Row::<Secp256k1>::decode(body, &SHAPE).unwrap();
        let mut shift = |place: usize, by| {
            let point = row.images[place].point().clear() + Secp256k1::mul_base(&by);
            row.images[place] = UnclearedElement::new(Uncleared::from_cleared(point));
        };
        shift(up, Scalar::<Secp256k1>::from(5u64));
        shift(down, -Scalar::<Secp256k1>::from(5u64));
        *body = row.encode(&SHAPE);
    })
}

#[test]
fn an_honest_table_repairs() {
    let mut table = Table::new();
    table.run(|_, bytes| bytes.to_vec());
    assert_eq!(table.repaired, 4);
    assert!(table.aborts.is_empty());
}

/// K-08: another row for the recipient, or for one helper: nobody is named, nobody gets a share.
#[test]
fn k_08_split_rows_of_a_repair() {
    for victim in [3, 1] {
        let mut table = Table::new();
        // The column of helper 1 stays as it was.
        table.run(|to, bytes| if to == id(victim) { other_row(bytes, 1, 2) } else { bytes.to_vec() });
        assert_eq!(table.repaired, 0);
        assert_eq!(table.abort(victim), (Fault::BroadcastsDiffer, &[][..]));
        assert!(table.aborts.values().all(|abort| abort.culprits().is_empty()));
    }
}

/// K-23: who sealed a wrong part is convicted by the row it showed, and whoever complained cannot be convicted by a
/// row that was not.
#[test]
fn k_23_rows_signed_afterwards_convict_no_complainer() {
    let mut table = Table::new();
    // Everybody gets a row that the parts for 1 and 2 do not fit.
    table.run(|_, bytes| other_row(bytes, 0, 1));
    for n in [1, 2, 3] {
        assert_eq!(table.abort(n), (Fault::BadShare, &[id(4)][..]));
    }
    let mut own = table.sessions[&id(4)].sent().iter().map(|parcel| open(&parcel.bytes));
    let shown = |message: &super::Message| message.header.kind == Kind::Broadcast && message.header.round == 2;
    let fitting = own.find(shown).unwrap().bytes;
    for piece in table.sessions[&id(3)].evidence() {
        assert_eq!(table.judge(piece), Some((Fault::BadShare, id(4))));
        let fits = |bytes: &[u8]| {
            let message = open(bytes);
            if shown(&message) && message.header.sender == id(4) { fitting.clone() } else { bytes.to_vec() }
        };
        for (culprit, fault) in [(1, Fault::FalseComplaint), (2, Fault::FalseComplaint), (4, Fault::BadShare)] {
            assert_eq!(table.judge(&piece.retold(id(culprit), fault, fits)), None, "{fault:?} of {culprit}");
        }
    }
}

/// K-23: a helper whose sum is right cannot be convicted by a row that another one signs afterwards.
#[test]
fn k_23_rows_signed_afterwards_convict_no_helper() {
    let mut table = Table::new();
    // The recipient hears all but the last sum, and complains about the one of helper 1.
    let is_last = |to, bytes: &[u8]| {
        let header = open(bytes).header;
        to == id(3) && header.round == 3 && header.sender == id(4)
    };
    table.run(|to, bytes| if is_last(to, bytes) { Vec::new() } else { bytes.to_vec() });
    let recipient = table.sessions.get_mut(&id(3)).unwrap();
    assert_eq!(recipient.awaiting(), [id(4)]);
    // What ends the round for it: the digest of the helpers' empty broadcasts.
    let bodies = HELPERS.map(|n| (id(n), &[][..]));
    recipient.shell.context.broadcasts =
        crate::round::broadcasts_digest(&recipient.shell.context.view, 3, bodies.into_iter());
    let abort = recipient.shell.complain(&[id(1)], &mut Transcript::new("repair-complaint").rng());
    table.post(id(3), abort.to_send());
    table.run(|_, bytes| bytes.to_vec());
    for n in HELPERS {
        assert_eq!(table.abort(n), (Fault::FalseComplaint, &[id(3)][..]));
        for piece in table.sessions[&id(n)].evidence() {
            assert_eq!(table.judge(piece), Some((Fault::FalseComplaint, id(3))));
            let retold = piece.retold(id(1), Fault::BadShare, |bytes| other_row(bytes, 0, 1));
            assert_eq!(table.judge(&retold), None);
            // Nor does it help to leave the other rows as they are and to accuse the one who signed.
            assert_eq!(table.judge(&piece.retold(id(1), Fault::BadShare, <[u8]>::to_vec)), None);
        }
    }
}

/// A helper that has sent its sum has wiped its seed and its one-session key, and hears the rest all the same.
#[test]
fn r_10_helpers_keep_no_secrets_to_the_end() {
    let mut table = Table::new();
    let mut seen = 0;
    while let Some((to, bytes)) = table.queue.pop_front() {
        let session = table.sessions.get_mut(&to).unwrap();
        let progress = session.receive(&bytes).unwrap();
        let draws = session.round() < 3 || to == id(3);
        if !session.is_finished() {
            assert_eq!((session.shell.seed.is_some(), session.shell.seal_key.is_some()), (draws, draws), "{to}");
            seen += usize::from(!draws);
        }
        table.repaired += usize::from(progress.output.is_some());
        table.post(to, &progress.send);
    }
    assert_eq!(table.repaired, 4);
    assert!(seen > 0);
}
