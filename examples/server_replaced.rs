//! A server is suspected of a breach, and replaced. The wallet's addresses stay.
//!
//! Three servers hold a Taproot key, 2-of-3. A thief has copied what server 2 had on its disk. The servers refresh:
//! the copy is worth nothing any more. Then servers 1 and 3 give the key to a larger set, 3-of-5, without server 2 and
//! with servers 4, 5 and 6. A customer's address from before receives and is spent as ever. At last a disk dies, and
//! the others restore what was on it.
#![allow(clippy::indexing_slicing, reason = "a handful of servers")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cosigil::frost::{self, Bip340, CommitmentList, SigningRequest};
use cosigil::key::DerivationPath;
use cosigil::key::store::MemoryKeyStore;
use cosigil::keygen::record::{KeyRecord, News};
use cosigil::keygen::repair::{self, Lost, Repair, Repaired};
use cosigil::round::Protocol;
use cosigil::{
    Error, Identity, KeyShare, Keygen, Label, Parcel, Parties, PartyId, Plan, Session, SessionParams, Threshold, Usage,
    hazmat,
};
use getrandom::SysRng;
use rand_core::UnwrapErr;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
type Sessions<P> = BTreeMap<PartyId, (Session<P>, Vec<Parcel>)>;

/// A machine: its identity, and the record of the key on its disk (a `FileKeyStore` on a real one).
struct Server {
    identity: Identity,
    record: KeyRecord<Bip340>,
}

type Servers = BTreeMap<PartyId, Server>;

fn main() -> Result<()> {
    println!("== Servers 1, 2 and 3 make a key ==");
    let mut servers = make_key(&ids([1, 2, 3])?)?;
    let path: DerivationPath = "m/0/7".parse()?;
    let address = address(&servers[&id(1)?], &path)?;
    println!("customer 7 pays in at the output key {}", hex::encode(address));

    println!("\n== Server 2 is suspected of a breach ==");
    let stolen = KeyShare::<Bip340>::from_bytes(&servers[&id(2)?].record.key()?.to_bytes())?;
    let plan = Plan::refresh(stolen.public())?;
    attempt(&mut servers, &plan, 2)?;
    println!("all have new shares and have wiped the old ones (backups of the old ones are to be destroyed, too)");
    worthless(&stolen, servers[&id(1)?].record.key()?, &path)?;

    println!("\n== Servers 1 and 3 give the key to 1, 3, 4, 5 and 6, of whom three sign ==");
    let package = servers[&id(1)?].record.public()?.clone();
    let expected = package.digest();
    for new in ids([4, 5, 6])? {
        let identity = Identity::generate(&mut rng())?;
        // The newcomer's operator knows the package's digest from the others' operators: not from a server.
        let record = KeyRecord::join(Arc::new(MemoryKeyStore::new()), &identity, new, &package, &expected)?;
        servers.insert(new, Server { identity, record });
    }
    let holders = ids([1, 3, 4, 5, 6])?;
    let holders = Parties::new(holders.iter().map(|id| (*id, servers[id].identity.public())))?;
    let plan = Plan::reshare(&package, ids([1, 3])?, holders, Threshold::new(3)?)?;
    attempt(&mut servers, &plan, 3)?;

    // Server 2 had no part in that. It is shown what the others have signed, and gives up its share.
    let shown = servers.get_mut(&id(1)?).ok_or("server 1")?.record.exchange()?;
    let mut retired = servers.remove(&id(2)?).ok_or("server 2")?;
    let learned = retired.record.learn(&shown)?;
    println!("server 2 learns {:?}; asked for its share it says: {}", learned.news, refused(retired.record.key())?);

    println!("\n== The address is the same ==");
    for signers in [[1, 4, 6], [3, 5, 6]] {
        pay(&servers, &ids(signers)?, &path, &address)?;
    }

    println!("\n== The disk of server 5 dies ==");
    let lost = servers.remove(&id(5)?).ok_or("server 5")?.identity;
    let share = repair(&servers, (id(5)?, &lost), &ids([1, 3, 4])?)?;
    let record = KeyRecord::create(Arc::new(MemoryKeyStore::new()), &lost, share)?;
    servers.insert(id(5)?, Server { identity: lost, record });
    pay(&servers, &ids([1, 5, 6])?, &path, &address)
}

fn id(n: u16) -> Result<PartyId> {
    Ok(PartyId::new(n)?)
}

fn ids<const N: usize>(numbers: [u16; N]) -> Result<Vec<PartyId>> {
    numbers.into_iter().map(id).collect()
}

fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// What the call refuses.
fn refused<T>(result: std::result::Result<T, Usage>) -> Result<Usage> {
    result.err().ok_or_else(|| "it was allowed".into())
}

/// Carries the messages of sessions until nothing is under way; what each was run for.
fn run<P: Protocol>(sessions: Sessions<P>) -> Result<BTreeMap<PartyId, P::Output>> {
    let (mut running, mut queue, mut outputs) = (BTreeMap::new(), VecDeque::new(), BTreeMap::new());
    for (me, (session, first)) in sessions {
        queue.extend(first.into_iter().map(|parcel| (me, parcel)));
        running.insert(me, session);
    }
    while let Some((from, parcel)) = queue.pop_front() {
        for (me, session) in running.iter_mut().filter(|(me, _)| **me != from) {
            if parcel.to.is_none_or(|to| to == *me) {
                let progress = session.receive(&parcel.bytes)?;
                outputs.extend(progress.output.map(|output| (*me, output)));
                queue.extend(progress.send.into_iter().map(|parcel| (*me, parcel)));
            }
        }
    }
    Ok(outputs)
}

fn make_key(ids: &[PartyId]) -> Result<Servers> {
    let mut identities = BTreeMap::new();
    for id in ids {
        identities.insert(*id, Identity::generate(&mut rng())?);
    }
    let parties = Parties::new(identities.iter().map(|(id, identity)| (*id, identity.public())))?;
    let mut sessions = BTreeMap::new();
    for (me, identity) in &identities {
        let params = SessionParams::new(Label::from_bytes([1; 32]), *me, Threshold::new(2)?, parties.clone())?;
        sessions.insert(*me, Session::<Keygen<Bip340>>::start(params, identity, (), &mut rng())?);
    }
    let mut servers = BTreeMap::new();
    for (me, share) in run(sessions)? {
        let identity = identities.remove(&me).ok_or("no identity")?;
        let record = KeyRecord::create(Arc::new(MemoryKeyStore::new()), &identity, share)?;
        servers.insert(me, Server { identity, record });
    }
    Ok(servers)
}

/// A refresh or reshare, until all who hold the new sharing have acknowledged it.
fn attempt(servers: &mut Servers, plan: &Plan<Bip340>, label: u8) -> Result<()> {
    let (mut attempts, mut queue) = (BTreeMap::new(), VecDeque::new());
    let takes_part = |id: &PartyId| plan.dealers().contains(id) || plan.holders().contains(*id);
    for (me, server) in servers.iter_mut().filter(|(me, _)| takes_part(me)) {
        let (attempt, first) = server.record.attempt(plan, Label::from_bytes([label; 32]), &mut rng())?;
        attempts.insert(*me, attempt);
        queue.extend(first.into_iter().map(|parcel| (*me, parcel)));
    }
    let mut done = 0;
    while let Some((from, parcel)) = queue.pop_front() {
        for (me, attempt) in attempts.iter_mut().filter(|(me, _)| **me != from) {
            if parcel.to.is_some_and(|to| to != *me) {
                continue;
            }
            let server = servers.get_mut(me).ok_or("no such server")?;
            let moved = attempt.receive(&mut server.record, &parcel.bytes)?;
            done += moved.news.iter().filter(|news| matches!(news, News::Done(_))).count();
            queue.extend(moved.send.into_iter().map(|parcel| (*me, parcel)));
        }
    }
    if done == plan.holders().len() { Ok(()) } else { Err(format!("done at {done} servers only").into()) }
}

/// The x-only key that customer 7's output is made of, with its Taproot tweak.
fn address(server: &Server, path: &DerivationPath) -> Result<[u8; 32]> {
    let child = server.record.key()?.derive(path)?;
    let request = SigningRequest::<Bip340>::key_path([0; 32]).under(&child);
    Ok(request.verifying_key(server.record.public()?)?.to_bytes().into())
}

/// The thief has the old share of server 2, and has even taken over the new one of another server.
fn worthless(stolen: &KeyShare<Bip340>, new: &KeyShare<Bip340>, path: &DerivationPath) -> Result<()> {
    let copy = |share: &KeyShare<Bip340>| KeyShare::<Bip340>::from_bytes(&share.to_bytes());
    let both = [copy(stolen)?, copy(new)?];
    println!("putting an old and a new share together: {}", refused(hazmat::reconstruct(&both).map(drop))?);

    // Whoever leaves that check out gets a signature of nothing.
    let request = SigningRequest::<Bip340>::key_path([7; 32]).under(&new.derive(path)?);
    let (nonces, commitments) = frost::commit(new, &mut rng())?;
    let (old_nonces, old_commitments) = frost::commit(stolen, &mut rng())?;
    let list = CommitmentList::new([(new.me(), commitments), (stolen.me(), old_commitments)])?;
    let shares = [
        (new.me(), frost::sign(new, nonces, &request, &list)?),
        (stolen.me(), frost::sign(stolen, old_nonces, &request, &list)?),
    ];
    match frost::aggregate(new.public(), &request, &list, shares) {
        Err(Error::Abort(abort)) => println!("signing with both: {abort}"),
        other => return Err(format!("the thief has signed: {other:?}").into()),
    }
    Ok(())
}

/// These servers spend an output of the customer's address; libsecp256k1 is the judge.
fn pay(servers: &Servers, signers: &[PartyId], path: &DerivationPath, address: &[u8; 32]) -> Result<()> {
    let digest = [9; 32]; // the sighash of a transaction, as each server's own application computed it
    let (mut nonces, mut commitments) = (BTreeMap::new(), Vec::new());
    for signer in signers {
        let (secret, public) = frost::commit(servers[signer].record.key()?, &mut rng())?;
        nonces.insert(*signer, secret);
        commitments.push((*signer, public));
    }
    let list = CommitmentList::new(commitments)?;
    let public = servers[&signers[0]].record.public()?;
    let request = SigningRequest::<Bip340>::key_path(digest).under(&servers[&signers[0]].record.key()?.derive(path)?);
    let mut shares = Vec::new();
    for (signer, nonces) in nonces {
        shares.push((signer, frost::sign(servers[&signer].record.key()?, nonces, &request, &list)?));
    }
    let signature = frost::aggregate(public, &request, &list, shares)?;
    let key = secp256k1::XOnlyPublicKey::from_slice(address)?;
    let signature = secp256k1::schnorr::Signature::from_slice(&signature.to_bytes())?;
    secp256k1::Secp256k1::verification_only().verify_schnorr(
        &signature,
        &secp256k1::Message::from_digest(digest),
        &key,
    )?;
    println!("servers {signers:?} have paid from customer 7's address, checked with libsecp256k1");
    Ok(())
}

/// The helpers give a party its share back, and learn nothing of it.
fn repair(servers: &Servers, (id, identity): (PartyId, &Identity), helpers: &[PartyId]) -> Result<KeyShare<Bip340>> {
    let lost = Lost { id, identity: identity.public() };
    let package = servers[&helpers[0]].record.public()?;
    let mut sessions: Sessions<Repair<Bip340>> = BTreeMap::new();
    for helper in helpers {
        let server = &servers[helper];
        let inputs = repair::Inputs::helper(server.record.key()?, lost, helpers)?;
        let params = inputs.params(Label::from_bytes([5; 32]))?;
        sessions.insert(*helper, Session::start(params, &server.identity, inputs, &mut rng())?);
    }
    // The digest that the operators of the helpers have read out.
    let expected = package.digest();
    let inputs = repair::Inputs::recipient(package, &expected, lost, helpers)?;
    let params = inputs.params(Label::from_bytes([5; 32]))?;
    sessions.insert(id, Session::start(params, identity, inputs, &mut rng())?);
    match run(sessions)?.remove(&id) {
        Some(Repaired::Share(share)) => {
            println!("servers {helpers:?} have restored the share of server {id}");
            Ok(*share)
        }
        _ => Err("no share".into()),
    }
}
