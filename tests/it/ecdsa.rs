//! Threshold ECDSA from outside: pair setups, signatures, presignatures in a folder; verification against
//! Wycheproof.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cosigil::curve::{Curve, P256, PublicScalar, Secp256k1, random_scalar};
use cosigil::ecdsa::burn::{BurnLog, MemoryBurnLog};
use cosigil::ecdsa::pairs::PairStates;
use cosigil::ecdsa::presign::{self, Presign, Signer};
use cosigil::ecdsa::sign::{self, Sign};
use cosigil::ecdsa::store::FileStore;
use cosigil::ecdsa::{
    Child, EcdsaCurve, EcdsaScheme, Message, P256Ecdsa, Prehash, Presignature, Request, SRule, Secp256k1Ecdsa, Signed,
    online, setup, verify, verifying_key,
};
use cosigil::hazmat::{child_at_offset, split};
use cosigil::key::KeyShare;
use cosigil::keygen::reshare::{Moved, Plan, Reshare, ReshareInputs};
use cosigil::round::Protocol;
use cosigil::session::{Identity, Session};
use cosigil::{Label, Parcel, Parties, PartyId, SessionParams, Threshold, Transcript, TranscriptRng, Usage};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub fn id(n: u16) -> PartyId {
    PartyId::new(n).unwrap()
}

fn identity(n: PartyId) -> Identity {
    crate::net::identity(n.get())
}

pub fn rng(n: u64) -> TranscriptRng {
    Transcript::new("it-ecdsa").number(n).rng()
}

pub type Sessions<P> = BTreeMap<PartyId, (Session<P>, Vec<Parcel>)>;

/// Carries messages until nothing is under way.
pub fn drive<P: Protocol>(sessions: Sessions<P>) -> BTreeMap<PartyId, P::Output> {
    let mut running = BTreeMap::new();
    let mut queue = Vec::new();
    let ids: Vec<PartyId> = sessions.keys().copied().collect();
    let post = |queue: &mut Vec<(PartyId, Vec<u8>)>, from: PartyId, parcels: Vec<Parcel>| {
        for parcel in parcels {
            let to = ids.iter().filter(|to| **to != from && parcel.to.is_none_or(|only| only == **to));
            queue.extend(to.map(|to| (*to, parcel.bytes.clone())));
        }
    };
    for (me, (session, first)) in sessions {
        post(&mut queue, me, first);
        running.insert(me, session);
    }
    let mut outputs = BTreeMap::new();
    while !queue.is_empty() {
        let (to, bytes) = queue.remove(0);
        let progress = running.get_mut(&to).unwrap().receive(&bytes).unwrap();
        post(&mut queue, to, progress.send);
        outputs.extend(progress.output.map(|output| (to, output)));
    }
    assert_eq!(outputs.len(), ids.len());
    outputs
}

/// The parties of a key, each with its log and its pairs, which real setups have made.
pub struct Team<S: EcdsaScheme> {
    pub shares: Vec<KeyShare<S>>,
    pub states: Vec<PairStates<S>>,
    pub logs: Vec<Arc<dyn BurnLog>>,
}

impl<S: EcdsaScheme> Team<S> {
    pub fn new(t: u16, n: u16) -> Self {
        let parties = Parties::new((1..=n).map(|k| (id(k), identity(id(k)).public()))).unwrap();
        let secret = random_scalar::<S::Curve>(&mut rng(1));
        Self::of(split::<S>(&secret, Threshold::new(t).unwrap(), &parties, &mut rng(2)).unwrap())
    }

    pub fn of(shares: Vec<KeyShare<S>>) -> Self {
        let logs: Vec<Arc<dyn BurnLog>> = shares.iter().map(|_| Arc::new(MemoryBurnLog::new()) as _).collect();
        let mut states: Vec<_> = shares.iter().map(PairStates::new).collect();
        for a in 0..shares.len() {
            for b in a + 1..shares.len() {
                let begin = |me: usize, peer: usize| {
                    let (share, label) = (&shares[me], Label::from_bytes([1; 32]));
                    let mine = identity(share.me());
                    let mut rng = rng(100 * me as u64 + peer as u64);
                    let peers = [shares[peer].me()];
                    let mut all = setup::all(share, &peers, &mine, &label, &logs[me], &mut rng).unwrap();
                    let setup = all.remove(0);
                    (share.me(), (setup.session, setup.first))
                };
                let mut pairs = drive(BTreeMap::from([begin(a, b), begin(b, a)]));
                states[a].insert(pairs.remove(&shares[a].me()).unwrap()).unwrap();
                states[b].insert(pairs.remove(&shares[b].me()).unwrap()).unwrap();
            }
        }
        Self { shares, states, logs }
    }

    fn params(&self, me: usize, signers: &[usize], label: u8) -> SessionParams {
        let public = self.shares[me].public();
        let parties = public.parties().subset(signers.iter().map(|k| self.shares[*k].me())).unwrap();
        let label = Label::from_bytes([label; 32]);
        SessionParams::new(label, self.shares[me].me(), public.threshold(), parties).unwrap()
    }

    pub fn start<P: Protocol>(&self, signers: &[usize], label: u8, inputs: impl Fn(usize) -> P::Inputs) -> Sessions<P> {
        let start = |me: usize| {
            let share = &self.shares[me];
            let mut rng = rng(1_000 * u64::from(label) + me as u64);
            let params = self.params(me, signers, label);
            (share.me(), Session::start(params, &identity(share.me()), inputs(me), &mut rng).unwrap())
        };
        signers.iter().map(|me| start(*me)).collect()
    }

    pub fn signer(&self, me: usize, signers: &[usize], batch: usize) -> Signer<S> {
        let params = self.params(me, signers, 0);
        Signer::new(&params, &self.shares[me], &self.states[me], &*self.logs[me], batch).unwrap()
    }

    pub fn sign(&self, signers: &[usize], label: u8, request: Request<S>) -> Signed<S> {
        let inputs = |me| sign::Inputs::new(self.signer(me, signers, 1), request, self.logs[me].clone()).unwrap();
        drive::<Sign<S>>(self.start(signers, label, inputs)).into_values().next().unwrap()
    }

    pub fn key(&self, child: &Child<S>) -> <S::Curve as Curve>::Point {
        verifying_key(self.shares[0].public(), child).unwrap()
    }
}

/// 2-of-3 moves to 3-of-4. New pairs are set up, every three sign under the old key; pairs of the
/// old sharing are refused by name.
fn moves<S: EcdsaScheme>() {
    let old = Team::<S>::new(2, 3);
    let public = old.shares[0].public();
    let holders = Parties::new([1, 3, 4, 5].map(|n| (id(n), identity(id(n)).public()))).unwrap();
    let plan = Plan::reshare(public, [id(1), id(2)], holders, Threshold::new(3).unwrap()).unwrap();
    let start = |n: u16| {
        let share = old.shares.iter().find(|share| share.me() == id(n));
        let inputs = match share {
            Some(share) => {
                ReshareInputs::holder(plan.clone(), KeyShare::from_bytes(&share.to_bytes()).unwrap()).unwrap()
            }
            None => ReshareInputs::newcomer(plan.clone(), &plan.old().digest()).unwrap(),
        };
        let params = plan.params(Label::from_bytes([8; 32]), id(n)).unwrap();
        (id(n), Session::start(params, &identity(id(n)), inputs, &mut rng(50 + u64::from(n))).unwrap())
    };
    let ends = drive::<Reshare<S>>([1, 2, 3, 4, 5].map(start).into_iter().collect());
    let share = |end| match end {
        Moved::Holder(certified) => Some(certified.into_key_share()),
        Moved::Left(_) | Moved::Exported(_) => None,
    };
    let new = Team::of(ends.into_values().filter_map(share).collect());
    for (label, signers) in (1..).zip([[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]) {
        let message = Message::<Sha256>::new(b"a withdrawal");
        let signed = new.sign(&signers, label, Request::new(message, Child::ITSELF).unwrap());
        assert!(verify::<S>(&old.key(&Child::ITSELF), &message.into(), &signed.signature, SRule::Low));
    }
    let params = new.params(0, &[0, 1, 2], 9);
    let refused = Signer::new(&params, &new.shares[0], &old.states[0], &*new.logs[0], 1).map(drop);
    let sharing = |team: &Team<S>| team.shares[0].public().sharing();
    assert_eq!(refused, Err(Usage::OtherSharing { ours: sharing(&old), theirs: sharing(&new) }));
}

#[test]
fn r_05_r_07_ecdsa_keys_move() {
    moves::<Secp256k1Ecdsa>();
    moves::<P256Ecdsa>();
}

fn signs<S: EcdsaScheme>(t: u16, n: u16, sets: &[&[usize]]) {
    let team = Team::<S>::new(t, n);
    for (label, signers) in (1..).zip(sets) {
        let message = Message::<Sha256>::new(b"a withdrawal");
        let signed = team.sign(signers, label, Request::new(message, Child::ITSELF).unwrap());
        assert!(verify::<S>(&team.key(&Child::ITSELF), &message.into(), &signed.signature, SRule::Low));
    }
}

#[test]
fn setup_and_sign_2_of_3() {
    signs::<Secp256k1Ecdsa>(2, 3, &[&[0, 1], &[0, 2], &[1, 2], &[0, 1, 2]]);
    signs::<P256Ecdsa>(2, 3, &[&[0, 1], &[0, 1, 2]]);
}

/// A folder that is gone afterwards.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cosigil-it-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Presignatures by sessions, in folders, used for the key and for a child.
#[test]
fn presign_store_and_sign_online() {
    let team = Team::<Secp256k1Ecdsa>::new(2, 3);
    let (signers, folder) = ([0usize, 2], Folder::new("online"));
    let inputs = |me| presign::Inputs::new(team.signer(me, &signers, 3), team.logs[me].clone());
    let made = drive::<Presign<Secp256k1Ecdsa>>(team.start(&signers, 1, inputs));
    let stores: Vec<Arc<FileStore>> =
        (0..2).map(|k| Arc::new(FileStore::open(folder.0.join(k.to_string()), &mut rng(7 + k)).unwrap())).collect();
    let mut names = Vec::new();
    for (list, store) in made.into_values().zip(&stores) {
        names = list.into_iter().map(|one| one.store(&**store).unwrap()).collect();
    }
    for (label, name) in (10..).zip(&names) {
        let child = child_at_offset(PublicScalar::from(u64::from(label)));
        let request = Request::new(Message::<Sha256>::new(b"online"), child).unwrap();
        let inputs = |me: usize| {
            let store = &stores[usize::from(me == 2)];
            let presignature = Presignature::load(&**store, name).unwrap();
            online::Inputs { presignature, key: team.shares[me].public().clone(), request, store: store.clone() }
        };
        let signed = drive::<online::Online<Secp256k1Ecdsa>>(team.start(&signers, label, inputs));
        let signed = signed.into_values().next().unwrap();
        let key = team.key(&child);
        assert!(verify::<Secp256k1Ecdsa>(&key, request.prehash(), &signed.signature, SRule::Low));
        assert!(Presignature::<Secp256k1Ecdsa>::load(&*stores[0], name).is_err());
        assert!(online::repeat(name, &request, &*stores[0]).is_ok());
    }
}

fn unhex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

/// E-06: a Wycheproof file through our verification. `parse` reads a signature.
fn wycheproof<S: EcdsaScheme>(
    file: &str,
    parse: fn(&[u8]) -> Option<<S::Curve as EcdsaCurve>::Signature>,
    rule: SRule,
    (tests, valid): (usize, usize),
) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/wycheproof").join(file);
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut seen, mut good) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let key = unhex(&group["publicKey"]["uncompressed"]);
        let mut compressed = vec![2 + (key[64] & 1)];
        compressed.extend_from_slice(&key[1..33]);
        let key = S::Curve::decode(&compressed).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let prehash = Prehash::new(Sha256::digest(unhex(&test["msg"])).into());
            let accepted = parse(&unhex(&test["sig"])).is_some_and(|s| verify::<S>(&key, &prehash, &s, rule));
            assert_eq!(accepted, test["result"] == "valid", "{} {}", test["tcId"], test["comment"]);
            (seen, good) = (seen + 1, good + usize::from(accepted));
        }
    }
    assert_eq!((seen, good), (tests, valid));
}

#[test]
fn e_06_wycheproof() {
    let (k1, any) = (<Secp256k1 as EcdsaCurve>::from_der, SRule::Any);
    wycheproof::<Secp256k1Ecdsa>("ecdsa_secp256k1_sha256_test.json", k1, any, (476, 168));
    wycheproof::<Secp256k1Ecdsa>("ecdsa_secp256k1_sha256_bitcoin_test.json", k1, SRule::Low, (463, 162));
    let raw = <Secp256k1 as EcdsaCurve>::from_p1363;
    wycheproof::<Secp256k1Ecdsa>("ecdsa_secp256k1_sha256_p1363_test.json", raw, any, (252, 167));
    let r1 = <P256 as EcdsaCurve>::from_der;
    wycheproof::<P256Ecdsa>("ecdsa_secp256r1_sha256_test.json", r1, any, (484, 174));
}

/// E-07: signatures are parsed at their right length only.
#[test]
fn e_07_lengths_of_signatures() {
    for length in [0, 31, 63, 65, 128] {
        assert!(<Secp256k1 as EcdsaCurve>::from_p1363(&vec![1; length]).is_none());
        assert!(<P256 as EcdsaCurve>::from_p1363(&vec![1; length]).is_none());
    }
    assert!(<Secp256k1 as EcdsaCurve>::from_p1363(&[1; 64]).is_some());
}
