//! A hot wallet that cannot be robbed by robbing a server.
//!
//! Three servers, each with an identity and a disk of its own. Between them one relay that nobody has to trust: it sees
//! every byte, loses messages, delivers others twice and keeps no order. The servers make keys of which any two can sign
//! and no one can; the wallet shows its real addresses and makes real withdrawals, each checked by a verifier that had no
//! part in signing. Then one server is robbed of everything it has, and one lies.
#![allow(clippy::indexing_slicing, reason = "three servers")]

mod coins;
mod relay;
mod stolen;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use coins::utxo::Utxo;
use coins::{Result, nem, solana, taproot};
use cosigil::frost::{
    self, Bip340, CommitmentList, Ed25519Keccak512, Ed25519Sha512, Signing, SigningInputs, SigningRequest, Suite,
};
use cosigil::key::Scheme;
use cosigil::{
    Error, Identity, KeyShare, Keygen, Label, Parties, PartyId, Session, SessionParams, Threshold, Transcript,
};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use relay::Relay;

/// One of the three machines.
struct Server {
    id: PartyId,
    identity: Identity,
    /// Everything that a thief of the machine gets.
    disk: BTreeMap<String, Vec<u8>>,
}

type Net = Relay<UnwrapErr<SysRng>>;

fn main() -> Result<()> {
    let started = Instant::now();
    let mut relay: Net = Relay::new(UnwrapErr(SysRng));
    let mut servers = [1, 2, 3].into_iter().map(set_up).collect::<Result<Vec<Server>>>()?;
    // The operators tell each other the public identities, over a channel that they trust. Nothing else is.
    let parties = Parties::new(servers.iter().map(|server| (server.id, server.identity.public())))?;

    println!("== Three servers make four keys, of which any two can sign ==");
    make_key::<Ed25519Keccak512>("NEM", &mut servers, &parties, &mut relay)?;
    make_key::<Ed25519Sha512>("Solana", &mut servers, &parties, &mut relay)?;
    make_key::<Bip340>("Bitcoin", &mut servers, &parties, &mut relay)?;

    let vault = stolen::make(&mut servers, &parties, &mut relay)?;
    let servers = vault.servers;

    for coin in ["NEM", "Solana", "Bitcoin"] {
        println!("{coin} address: {}", address(coin, &servers[0])?);
    }

    println!("\n== Withdrawals ==");
    withdraw_nem(servers, &mut relay)?;
    withdraw_solana(servers, &mut relay)?;
    withdraw_bitcoin(servers, &mut relay)?;
    vault.withdraw(&mut relay)?;

    rob(&servers[1])?;
    lie(servers)?;

    let (messages, lost, bytes) = (relay.messages, relay.lost, relay.seen.len());
    println!("\nThe relay carried {messages} messages ({bytes} bytes), lost {lost} of them, and learned no secret.");
    println!("All of it took {} ms.", started.elapsed().as_millis());
    Ok(())
}

fn set_up(id: u16) -> Result<Server> {
    let identity = Identity::generate(&mut UnwrapErr(SysRng))?;
    let disk = BTreeMap::from([("identity".into(), identity.to_seed().expose().to_vec())]);
    Ok(Server { id: PartyId::new(id)?, identity, disk })
}

/// A name for a session, the same at all servers and never used before: here from a name and the time of day.
fn label(name: &str) -> Label {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    Label::from_bytes(Transcript::new("hot wallet").field(name.as_bytes()).field(&now.to_be_bytes()).digest())
}

/// Two-of-three key generation. Each server stores a checkpoint before its messages leave, and its share at the end.
fn make_key<S: Scheme>(coin: &str, servers: &mut [Server], parties: &Parties, relay: &mut Net) -> Result<()> {
    let label = label(coin);
    let start = |server: &Server| {
        let params = SessionParams::new(label, server.id, Threshold::new(2)?, parties.clone())?;
        Ok(Session::<Keygen<S>>::start(params, &server.identity, (), &mut UnwrapErr(SysRng))?)
    };
    let sessions = servers.iter().map(start).collect::<Result<Vec<_>>>()?;
    let mut checkpoints = BTreeMap::new();
    let outcomes = relay.run(sessions, |session| {
        let me = session.params().me();
        println!("{coin}: server {me} stores its state and goes on to round {}", session.round());
        checkpoints.insert(me, session.checkpoint()?);
        Ok(())
    })?;
    for (server, (_, share)) in servers.iter_mut().zip(outcomes) {
        server.disk.insert(coin.into(), share?.to_bytes().to_vec());
    }
    println!("{coin}: done at all three, now its addresses may be funded");
    Ok(())
}

/// A server's share of a coin's key, off its disk.
fn share<S: Scheme>(server: &Server, coin: &str) -> Result<KeyShare<S>> {
    Ok(KeyShare::from_bytes(server.disk.get(coin).ok_or("no such key")?)?)
}

fn address(coin: &str, server: &Server) -> Result<String> {
    Ok(match coin {
        "NEM" => nem::address(share::<Ed25519Keccak512>(server, coin)?.public().verifying_key()?.as_bytes()),
        "Solana" => solana::address(share::<Ed25519Sha512>(server, coin)?.public().verifying_key()?.as_bytes()),
        _ => taproot::address(&share::<Bip340>(server, coin)?.public().verifying_key()?.to_bytes())?,
    })
}

/// Two servers sign what each one's own application has approved. Both get the signature, verified.
fn sign<S: Suite>(
    coin: &str,
    signers: [&Server; 2],
    request: &SigningRequest<S>,
    relay: &mut Net,
) -> Result<S::Signature> {
    let label = label(coin);
    let start = |server: &&Server| {
        let key_share = Arc::new(share::<S>(server, coin)?);
        let params = key_share.session_params(label, signers.iter().map(|signer| signer.id))?;
        let inputs = SigningInputs { key_share, request: request.clone() };
        Ok(Session::<Signing<S>>::start(params, &server.identity, inputs, &mut UnwrapErr(SysRng))?)
    };
    let sessions = signers.iter().map(start).collect::<Result<Vec<_>>>()?;
    let outcomes = relay.run(sessions, |_| Ok(()))?; // a session that signs is never stored
    let [a, b] = signers.map(|signer| signer.id);
    println!("{coin}: servers {a} and {b} have signed");
    Ok(outcomes.into_values().next().ok_or("nobody signed")??)
}

fn withdraw_nem(servers: &[Server], relay: &mut Net) -> Result<()> {
    let key = share::<Ed25519Keccak512>(&servers[0], "NEM")?.public().verifying_key()?.to_bytes();
    let to = "NCC3JD-46SY43-TUNF7U-SLLRB4-VUDZZH-G6QFW7-AMSN";
    let transfer = nem::Transfer::new(&key, to, 25_000_000, "withdrawal 7", 300_000_000)?;
    let request = SigningRequest::<Ed25519Keccak512>::new(transfer.to_sign());
    let signature = sign("NEM", [&servers[0], &servers[1]], &request, relay)?;
    let raw = transfer.signed(&signature.to_bytes());
    transfer.verify(&raw)?;
    println!("  25 XEM to {to}, checked with Keccak-512 Ed25519:\n  {raw}");
    Ok(())
}

fn withdraw_solana(servers: &[Server], relay: &mut Net) -> Result<()> {
    let key = share::<Ed25519Sha512>(&servers[0], "Solana")?.public().verifying_key()?.to_bytes();
    let (to, blockhash) =
        ("4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T", "3JF3sEqM796hk5WFqA6EtmEwJQ9quALszsfJyvXNQKy3");
    let transfer = solana::Transfer::new(&key, to, 1_500_000_000, blockhash)?;
    let request = SigningRequest::<Ed25519Sha512>::new(transfer.to_sign());
    let signature = sign("Solana", [&servers[1], &servers[2]], &request, relay)?;
    let raw = transfer.signed(&signature.to_bytes());
    transfer.verify(&raw)?;
    println!("  1.5 SOL to {to}, checked with ed25519-dalek:\n  {raw}");
    Ok(())
}

fn withdraw_bitcoin(servers: &[Server], relay: &mut Net) -> Result<()> {
    // The address that customer 7 was given: a child key, which every server derives alone.
    let child = share::<Bip340>(&servers[0], "Bitcoin")?.derive(&"m/0/7".parse()?)?;
    let key: [u8; 32] = child.extended_key().verifying_key()?.to_bytes().into();
    println!("Bitcoin: customer 7 has paid in at {}", taproot::address(&key)?);
    let utxo = Utxo::new("9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b:1", 150_000_000)?;
    let to = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
    let withdrawal = taproot::Withdrawal::new(&key, &utxo, to, 100_000_000, 500)?;
    let request = SigningRequest::key_path(withdrawal.to_sign()?).under(&child);
    let signature = sign("Bitcoin", [&servers[2], &servers[0]], &request, relay)?;
    let raw = withdrawal.signed(&signature.to_bytes());
    withdrawal.verify(&raw)?;
    println!("  1 BTC to {to}, checked with libsecp256k1:\n  {raw}");
    Ok(())
}

/// A thief has all files of one server, and tries what can be tried with them.
fn rob(server: &Server) -> Result<()> {
    println!("\n== Server {} is robbed of everything on its disk ==", server.id);
    let stolen: KeyShare<Ed25519Sha512> = share(server, "Solana")?;
    let key = stolen.public().verifying_key()?;
    let request = SigningRequest::new(b"everything to the thief");

    // Alone, the thief is one signer.
    let (nonces, commitments) = frost::commit(&stolen, &mut UnwrapErr(SysRng))?;
    let list = CommitmentList::new([(stolen.me(), commitments)])?;
    let refused = frost::sign(&stolen, nonces, &request, &list).map(drop);
    println!("Signing alone: {}", refused.err().ok_or("one share was enough")?);

    // Two signers, the other one made up: the same share twice, and so a thief that answers for both.
    let (nonces, mine) = frost::commit(&stolen, &mut UnwrapErr(SysRng))?;
    let (_, made_up) = frost::commit(&stolen, &mut UnwrapErr(SysRng))?;
    let other = stolen.public().parties().peers(stolen.me()).next().ok_or("no peer")?;
    let list = CommitmentList::new([(stolen.me(), mine), (other, made_up)])?;
    let part = frost::sign(&stolen, nonces, &request, &list)?;
    let forged = frost::aggregate(stolen.public(), &request, &list, [(stolen.me(), part), (other, part)]);
    println!("Answering for server {other} too: {}", forged.err().ok_or("a forgery")?);

    // The share as if it were the key: it is the key of another address.
    let as_key = stolen.public().verifying_share(stolen.me())?.compress().to_bytes();
    println!(
        "The share's own address: {}\n   the wallet's address: {}",
        solana::address(&as_key),
        solana::address(key.as_bytes())
    );
    if as_key == key.to_bytes() {
        return Err("the share is the key".into());
    }
    println!("Nothing was lost. (Now refresh the shares, so that the stolen one is worth nothing.)");
    Ok(())
}

/// Server 3 signs something else than it was asked to.
fn lie(servers: &[Server]) -> Result<()> {
    println!("\n== Server 3 lies ==");
    let honest: KeyShare<Ed25519Sha512> = share(&servers[0], "Solana")?;
    let liar: KeyShare<Ed25519Sha512> = share(&servers[2], "Solana")?;
    let (nonces_1, commitments_1) = frost::commit(&honest, &mut UnwrapErr(SysRng))?;
    let (nonces_3, commitments_3) = frost::commit(&liar, &mut UnwrapErr(SysRng))?;
    let list = CommitmentList::new([(honest.me(), commitments_1), (liar.me(), commitments_3)])?;
    let request = SigningRequest::new(b"1.5 SOL to the customer");
    let share_1 = frost::sign(&honest, nonces_1, &request, &list)?;
    let share_3 = frost::sign(&liar, nonces_3, &SigningRequest::new(b"1.5 SOL to server 3"), &list)?;
    match frost::aggregate(honest.public(), &request, &list, [(honest.me(), share_1), (liar.me(), share_3)]) {
        Err(Error::Abort(abort)) if abort.culprits() == [liar.me()] => {
            println!("{abort}. No signature left the wallet.")
        }
        other => return Err(format!("the liar was not named: {other:?}").into()),
    }
    Ok(())
}
