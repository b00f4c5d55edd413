//! E-01, R-01: a machine dies before each message of a pair setup, of presigning and of online signing, or over a write
//! of its store. Nothing is lost, nobody gets a strike, and no presignature is used twice.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use cosigil::ecdsa::burn::{BurnLog, FileBurnLog, Peer};
use cosigil::ecdsa::online::{self, Online};
use cosigil::ecdsa::pairs::PairStates;
use cosigil::ecdsa::presign::{self, Presign, Signer};
use cosigil::ecdsa::store::{Claim, FileStore, MemoryStore, Refusal, Spent};
use cosigil::ecdsa::{
    Child, Presignature, PresignatureId, PresignatureStore, Request, SRule, Secp256k1Ecdsa, Signed, setup, verify,
    verifying_key,
};
use cosigil::hazmat::split;
use cosigil::key::KeyShare;
use cosigil::round::Protocol;
use cosigil::{Error, Fault, Label, Parcel, PartyId, Secret, Session, Threshold, Transcript, Usage};
use zeroize::Zeroizing;

use crate::net::{id, identity, parties, rng};

type S = Secp256k1Ecdsa;

/// A folder that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cosigil-crashes-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What one machine has on its disk, and in memory.
struct Machine {
    share: KeyShare<S>,
    log: PathBuf,
    /// The stored pair states, as an application stores them: whenever they change.
    stored: Vec<u8>,
    states: PairStates<S>,
    open_log: Arc<dyn BurnLog>,
}

impl Machine {
    fn me(&self) -> PartyId {
        self.share.me()
    }

    fn save(&mut self) {
        self.stored = self.states.to_bytes().to_vec();
    }

    fn restart(&mut self) {
        self.open_log = Arc::new(FileBurnLog::open(&self.log).unwrap());
        self.states = PairStates::from_bytes(&self.stored, &*self.open_log, 0).unwrap();
    }
}

fn machines(folder: &Folder) -> [Machine; 2] {
    let secret = Transcript::new("it-crashes-key").secret_scalar::<cosigil::curve::Secp256k1>();
    let shares = split::<S>(&secret, Threshold::new(2).unwrap(), &parties(&[1, 2]), &mut rng(1)).unwrap();
    let machine = |share: KeyShare<S>| {
        let log = folder.0.join(format!("burns-{}", share.me()));
        let open_log = Arc::new(FileBurnLog::create(&log).unwrap());
        let mut states = PairStates::new(&share);
        Machine { stored: states.to_bytes().to_vec(), states, log, open_log, share }
    };
    let mut shares = shares.into_iter().map(machine);
    [shares.next().unwrap(), shares.next().unwrap()]
}

type Started<P> = [(Session<P>, Vec<Parcel>); 2];

/// How it went with two sessions.
struct End {
    /// How many messages there were.
    count: usize,
    dead: Option<PartyId>,
    /// All that was sent, by sender.
    sent: Vec<(PartyId, Vec<u8>)>,
}

/// Two sessions, of which one dies before message number `dies`. What comes out goes to `output` before what came
/// with it leaves.
fn drive<P: Protocol>(start: Started<P>, dies: usize, mut output: impl FnMut(PartyId, P::Output)) -> End {
    let (mut queue, mut sessions) = (VecDeque::new(), BTreeMap::new());
    let mut end = End { count: 0, dead: None, sent: Vec::new() };
    let post = |end: &mut End, queue: &mut VecDeque<_>, from: PartyId, parcels: Vec<Parcel>| {
        for parcel in parcels {
            end.sent.push((from, parcel.bytes.clone()));
            queue.push_back((id(3 - from.get()), parcel.bytes));
        }
    };
    for (n, (session, first)) in (1..).zip(start) {
        post(&mut end, &mut queue, id(n), first);
        sessions.insert(id(n), session);
    }
    while let Some((to, bytes)) = queue.pop_front() {
        if end.count == dies {
            sessions.remove(&to);
            end.dead = Some(to);
        }
        end.count += 1;
        let Some(session) = sessions.get_mut(&to) else { continue };
        match session.receive(&bytes) {
            Ok(progress) => {
                progress.output.into_iter().for_each(|made| output(to, made));
                post(&mut end, &mut queue, to, progress.send);
            }
            // The two have different setups: nobody's fault, and a new one is due.
            Err(Error::Abort(abort)) => {
                assert_eq!((abort.fault(), abort.culprits()), (Fault::OtherSetup, &[][..]));
                sessions.remove(&to);
            }
            Err(Error::Usage(usage)) => panic!("{usage:?}"),
            Err(error) => panic!("{error:?}"),
        }
    }
    end
}

/// Runs a setup up to a crash; how many messages there were.
fn set_up(machines: &mut [Machine; 2], label: u8, dies: usize) -> usize {
    let begin = |machine: &Machine| {
        let peer = [id(3 - machine.me().get())];
        let (identity, name) = (identity(machine.me().get()), Label::from_bytes([label; 32]));
        let mut rng = rng(u64::from(machine.me().get()) << 16 | u64::from(label));
        let mut all = setup::all(&machine.share, &peer, &identity, &name, &machine.open_log, &mut rng).unwrap();
        let setup = all.remove(0);
        (setup.session, setup.first)
    };
    let start = [begin(&machines[0]), begin(&machines[1])];
    let end = drive(start, dies, |me, pair| {
        let machine = &mut machines[usize::from(me.get()) - 1];
        machine.states.insert(pair).unwrap();
        machine.save();
    });
    bury(machines, &end);
    end.count
}

/// The one that died comes back with what is on its disk.
fn bury(machines: &mut [Machine; 2], end: &End) {
    machines.iter_mut().filter(|machine| Some(machine.me()) == end.dead).for_each(Machine::restart);
}

fn start<P: Protocol>(machines: &[Machine; 2], label: u8, inputs: impl Fn(&Machine) -> P::Inputs) -> Started<P> {
    let begin = |machine: &Machine| {
        let params = machine.share.session_params(Label::from_bytes([label; 32]), [id(1), id(2)]).unwrap();
        let mut rng = rng(u64::from(label) << 8 | u64::from(machine.me().get()));
        Session::start(params, &identity(machine.me().get()), inputs(machine), &mut rng).unwrap()
    };
    [begin(&machines[0]), begin(&machines[1])]
}

type Stores = [Arc<dyn PresignatureStore>; 2];
type Made = BTreeMap<PartyId, PresignatureId>;

/// Presigns up to a crash: how many messages there were, and what is in the stores afterwards.
fn presign(machines: &mut [Machine; 2], label: u8, stores: &Stores, dies: usize) -> Result<(usize, Made), Usage> {
    let mut signers = Vec::new();
    for machine in machines.iter() {
        let params = machine.share.session_params(Label::from_bytes([label; 32]), [id(1), id(2)])?;
        signers.push(Mutex::new(Some(Signer::new(&params, &machine.share, &machine.states, &*machine.open_log, 1)?)));
    }
    let inputs = |machine: &Machine| {
        let signer = signers[usize::from(machine.me().get()) - 1].lock().unwrap().take().unwrap();
        presign::Inputs::new(signer, machine.open_log.clone())
    };
    let started = start::<Presign<S>>(machines, label, inputs);
    let mut made = BTreeMap::new();
    let end = drive(started, dies, |me, list| {
        for one in list {
            made.insert(me, one.store(&*stores[usize::from(me.get()) - 1]).unwrap());
        }
    });
    // The count of uses is stored as an application does, once a session is over.
    machines.iter_mut().filter(|machine| Some(machine.me()) != end.dead).for_each(Machine::save);
    bury(machines, &end);
    Ok((end.count, made))
}

fn request(text: u8) -> Request<S> {
    Request::new(cosigil::ecdsa::Prehash::new([text; 32]), Child::ITSELF).unwrap()
}

fn check(machine: &Machine, request: &Request<S>, signed: &Signed<S>) {
    let key = verifying_key(machine.share.public(), &Child::ITSELF).unwrap();
    assert!(verify::<S>(&key, request.prehash(), &signed.signature, SRule::Low));
}

fn fresh_stores() -> Stores {
    [Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new())]
}

/// Signs with these presignatures, up to a crash.
fn sign_online(
    machines: &[Machine; 2],
    label: u8,
    (stores, made): (&Stores, &Made),
    request: Request<S>,
    dies: usize,
) -> (End, Vec<Signed<S>>) {
    let inputs = |machine: &Machine| {
        let store = stores[usize::from(machine.me().get()) - 1].clone();
        let presignature = Presignature::load(&*store, &made[&machine.me()]).unwrap();
        online::Inputs { presignature, key: machine.share.public().clone(), request, store }
    };
    let started = start::<Online<S>>(machines, label, inputs);
    let mut signed = Vec::new();
    let end = drive(started, dies, |_, one| signed.push(one));
    (end, signed)
}

/// Signs with new presignatures, after as many new setups as are due. Nobody has a strike, nothing is burned.
fn signs_again(machines: &mut [Machine; 2], label: u8) {
    let stores = fresh_stores();
    let mut made = Made::new();
    for k in 0..4 {
        if machines.iter().any(|machine| !machine.states.missing(&machine.share).is_empty()) {
            set_up(machines, label + k, usize::MAX);
        }
        if let Ok((_, both)) = presign(machines, label + k, &stores, usize::MAX)
            && both.len() == 2
        {
            made = both;
            break;
        }
    }
    let request = request(label);
    let (_, signed) = sign_online(machines, label, (&stores, &made), request, usize::MAX);
    assert_eq!(signed.len(), 2);
    signed.iter().for_each(|signed| check(&machines[0], &request, signed));
    for machine in machines.iter() {
        let peer = Peer::of(&machine.share, id(3 - machine.me().get())).unwrap();
        assert_eq!(machine.open_log.strikes(&peer).unwrap().total, 0);
    }
}

/// R-01, O-03: a setup that is cut anywhere costs another setup, and nothing else.
#[test]
fn r_01_setup_cut_at_every_message() {
    let folder = Folder::new("setup");
    let count = set_up(&mut machines(&folder), 1, usize::MAX);
    assert!(count >= 6);
    for dies in 0..count {
        let folder = Folder::new("setup-cut");
        let mut machines = machines(&folder);
        set_up(&mut machines, 1, dies);
        signs_again(&mut machines, 10);
    }
}

/// E-01: presigning that is cut anywhere leaves no presignature, one that nobody can use alone, or a whole one.
#[test]
fn e_01_presigning_cut_at_every_message() {
    let folder = Folder::new("presign");
    let mut machines = machines(&folder);
    set_up(&mut machines, 1, usize::MAX);
    let (count, _) = presign(&mut machines, 2, &fresh_stores(), usize::MAX).unwrap();
    assert!(count >= 4);
    let mut sides = BTreeSet::new();
    for (label, dies) in (20..).zip(0..count) {
        let stores = fresh_stores();
        let (_, made) = presign(&mut machines, label, &stores, dies).unwrap();
        sides.insert(made.len());
        signs_again(&mut machines, 100 + label);
    }
    assert!(sides.contains(&0) && sides.len() > 1, "{sides:?}");
}

/// A store whose process dies over a claim: before it is written, or right after.
struct DiesAtClaim {
    store: Arc<dyn PresignatureStore>,
    writes: bool,
}

impl PresignatureStore for DiesAtClaim {
    fn insert(&self, id: &PresignatureId, record: &[u8]) -> Result<(), Refusal> {
        self.store.insert(id, record)
    }
    fn get(&self, id: &PresignatureId) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        self.store.get(id)
    }
    fn claim(&self, id: &PresignatureId, request: &[u8; 32], reply: &[u8; 96]) -> Result<Claim, Refusal> {
        if self.writes {
            self.store.claim(id, request, reply)?;
        }
        Err(Refusal::Failed)
    }
    fn claimed(&self, id: &PresignatureId) -> Result<Option<Spent>, Refusal> {
        self.store.claimed(id)
    }
    fn discard(&self, id: &PresignatureId) -> Result<(), Refusal> {
        self.store.discard(id)
    }
}

/// After whatever happened: no party has sent two different words for one presignature, and whoever has spent its own
/// repeats the same bytes for the same request, and refuses another one.
fn is_used_once(made: &Made, stores: &Stores, sent: &[(PartyId, Vec<u8>)], request: &Request<S>, other: &Request<S>) {
    for (me, name) in made {
        let store = &*stores[usize::from(me.get()) - 1];
        let mut words: BTreeSet<Vec<u8>> = sent
            .iter()
            .filter(|(from, _)| from == me)
            .map(|(_, bytes)| bytes[bytes.len() - 64 - 96..bytes.len() - 64].to_vec())
            .collect();
        let claimed = store.claimed(name).unwrap();
        if let Some((_, reply)) = &claimed {
            words.insert(reply.to_vec());
            assert!(online::repeat(name, request, store).is_ok());
            assert_eq!(online::repeat(name, other, store).err(), Some(Usage::Spent));
            assert_eq!(Presignature::<S>::load(store, name).err(), Some(Usage::Spent));
        }
        assert!(words.len() <= 1, "{me} has said two things");
        assert!(words.is_empty() || claimed.is_some(), "{me} has sent what it has not spent");
    }
}

/// E-01: online signing that is cut at every message and over every claim, with stores in memory and in folders.
#[test]
fn e_01_online_signing_cut_anywhere() {
    let folder = Folder::new("online");
    let mut machines = machines(&folder);
    set_up(&mut machines, 1, usize::MAX);
    let (request, other) = (request(7), request(8));
    let mut label = 10;
    for in_files in [false, true] {
        for case in 0..7 {
            label += 1;
            let path = |n: usize| folder.0.join(format!("{label}-{n}"));
            let open = |n: usize| -> Arc<dyn PresignatureStore> {
                Arc::new(FileStore::open_with_secret(path(n), Secret::new([n as u8; 32])).unwrap())
            };
            let stores = if in_files { [open(1), open(2)] } else { fresh_stores() };
            let (_, made) = presign(&mut machines, label, &stores, usize::MAX).unwrap();
            // 0 to 2: dies before that message; 3 to 6: one of them over its claim, before or after it is written.
            let mut used = stores.clone();
            if case > 2 {
                let (who, writes) = ((case - 3) / 2, case % 2 == 0);
                used[who] = Arc::new(DiesAtClaim { store: stores[who].clone(), writes });
            }
            let mut sent = Vec::new();
            if case > 2 {
                let params =
                    machines.iter().map(|m| m.share.session_params(Label::from_bytes([label; 32]), [id(1), id(2)]));
                for ((machine, params), store) in machines.iter().zip(params).zip(&used) {
                    let presignature = Presignature::load(&**store, &made[&machine.me()]).unwrap();
                    let key = machine.share.public().clone();
                    let inputs = online::Inputs { presignature, key, request, store: store.clone() };
                    let identity = identity(machine.me().get());
                    let started =
                        Session::<Online<S>>::start(params.unwrap(), &identity, inputs, &mut rng(label.into()));
                    let died = std::ptr::addr_eq(Arc::as_ptr(store), Arc::as_ptr(&used[(case - 3) / 2]));
                    assert_eq!(started.is_err(), died, "who cannot write sends nothing");
                    sent.extend(started.into_iter().flat_map(|(_, first)| first).map(|p| (machine.me(), p.bytes)));
                }
            } else {
                let (end, signed) = sign_online(&machines, label, (&used, &made), request, case);
                signed.iter().for_each(|signed| check(&machines[0], &request, signed));
                sent = end.sent;
            }
            // The machines come back, and are asked for another signature from the same presignature.
            let stores = if in_files { [open(1), open(2)] } else { stores };
            is_used_once(&made, &stores, &sent, &request, &other);
            for (machine, store) in machines.iter().zip(&stores) {
                let name = &made[&machine.me()];
                let Ok(presignature) = Presignature::<S>::load(&**store, name) else { continue };
                // It was never claimed: it may be used, and then once.
                let _ = online::sign(presignature, machine.share.public(), &request, &**store).unwrap();
            }
            is_used_once(&made, &stores, &sent, &request, &other);
        }
    }
    signs_again(&mut machines, 200);
}
