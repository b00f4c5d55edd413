//! The coins of the thefts that ECDSA signs: BTC, BCH, MONA, LTC, ETH and XRP, all with one threshold key.
//!
//! After key generation every two servers set up a pair (oblivious transfer, once); then any two sign in three rounds.

use std::collections::BTreeMap;
use std::sync::Arc;

use cosigil::ecdsa::burn::{BurnLog, MemoryBurnLog};
use cosigil::ecdsa::pairs::PairStates;
use cosigil::ecdsa::presign::Signer;
use cosigil::ecdsa::setup::{self, Setup};
use cosigil::ecdsa::sign::{self, Sign};
use cosigil::ecdsa::{Child, Prehash, Request, Secp256k1Ecdsa, Signed};
use cosigil::{KeyShare, PartyId, Session};
use getrandom::SysRng;
use rand_core::UnwrapErr;

use crate::coins::segwit::Coin;
use crate::coins::utxo::Utxo;
use crate::coins::{Result, bitcoin_cash, ethereum, segwit, xrp};
use crate::{Net, Server, label, make_key, share};

type Ecdsa = Secp256k1Ecdsa;
const KEY: &str = "secp256k1";

/// What a server keeps for ECDSA beside its share, and never in a backup.
struct Pairwise {
    states: PairStates<Ecdsa>,
    /// Where a peer that fails a check is recorded before anybody learns of it. A real server's is a `FileBurnLog`.
    log: Arc<dyn BurnLog>,
}

/// A key of three servers, and the pairs between them.
pub struct Vault<'a> {
    pub servers: &'a [Server],
    pairwise: BTreeMap<PartyId, Pairwise>,
    /// The public key, compressed and as bytes: what the coins' addresses are made of.
    pub public_key: [u8; 33],
}

/// Makes the key, then sets up every pair.
pub fn make<'a>(servers: &'a mut [Server], parties: &cosigil::Parties, relay: &mut Net) -> Result<Vault<'a>> {
    make_key::<Ecdsa>(KEY, servers, parties, relay)?;
    let servers: &'a [Server] = servers;
    let mut pairwise = BTreeMap::new();
    for server in servers {
        let log: Arc<dyn BurnLog> = Arc::new(MemoryBurnLog::new());
        pairwise.insert(server.id, Pairwise { states: PairStates::new(&share(server, KEY)?), log });
    }
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        set_up(&servers[a], &servers[b], &mut pairwise, relay)?;
    }
    let public: [u8; 33] =
        share::<Ecdsa>(&servers[0], KEY)?.public().verifying_key()?.to_sec1_point(true).as_bytes().try_into()?;
    Ok(Vault { servers, pairwise, public_key: public })
}

/// One pair: four flights, then both have it.
fn set_up(a: &Server, b: &Server, pairwise: &mut BTreeMap<PartyId, Pairwise>, relay: &mut Net) -> Result<()> {
    let label = label("pair");
    let start = |me: &Server, peer: PartyId| -> Result<(Session<Setup<Ecdsa>>, _)> {
        let key_share: KeyShare<Ecdsa> = share(me, KEY)?;
        let inputs = setup::Inputs::new(&key_share, peer, Arc::clone(&pairwise[&me.id].log))?;
        Ok(Session::start(inputs.params(&label)?, &me.identity, inputs, &mut UnwrapErr(SysRng))?)
    };
    let outcomes = relay.run(vec![start(a, b.id)?, start(b, a.id)?], |_| Ok(()))?;
    for (id, pair) in outcomes {
        pairwise.get_mut(&id).ok_or("no such server")?.states.insert(pair?)?;
    }
    println!("{KEY}: servers {} and {} are set up", a.id, b.id);
    Ok(())
}

impl Vault<'_> {
    /// Two servers sign a digest that each one's own application has approved.
    fn sign(&self, coin: &str, signers: [usize; 2], digest: [u8; 32], relay: &mut Net) -> Result<Signed<Ecdsa>> {
        let label = label(coin);
        let ids = signers.map(|k| self.servers[k].id);
        let start = |k: usize| -> Result<(Session<Sign<Ecdsa>>, _)> {
            let (server, own) = (&self.servers[k], &self.pairwise[&self.servers[k].id]);
            let key_share: KeyShare<Ecdsa> = share(server, KEY)?;
            let params = key_share.session_params(label, ids)?;
            let signer = Signer::new(&params, &key_share, &own.states, own.log.as_ref(), 1)?;
            let request = Request::new(Prehash::new(digest), Child::ITSELF)?;
            let inputs = sign::Inputs::new(signer, request, Arc::clone(&own.log))?;
            Ok(Session::start(params, &server.identity, inputs, &mut UnwrapErr(SysRng))?)
        };
        let outcomes = relay.run(vec![start(signers[0])?, start(signers[1])?], |_| Ok(()))?;
        println!("{coin}: servers {} and {} have signed", ids[0], ids[1]);
        Ok(outcomes.into_values().next().ok_or("nobody signed")??)
    }

    /// One withdrawal for each coin, each checked with libsecp256k1 against the address.
    pub fn withdraw(&self, relay: &mut Net) -> Result<()> {
        let key = &self.public_key;
        let utxo = Utxo::new("9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b:1", 150_000_000)?;
        for (coin, to) in [
            (Coin::Bitcoin, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
            (Coin::Litecoin, "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9"),
            (Coin::Monacoin, "mona1qw508d6qejxtdg4y5r3zarvary0c5xw7kg5lnx5"),
        ] {
            let withdrawal = segwit::Withdrawal::new(coin, key, &utxo, to, 100_000_000, 500)?;
            let signed = self.sign(&format!("{coin:?}"), [0, 1], withdrawal.to_sign()?, relay)?;
            let raw = withdrawal.signed(&signed.signature.to_bytes().into())?;
            withdrawal.verify(&raw)?;
            println!("  from {} to {to}, checked with libsecp256k1:\n  {raw}", segwit::address(coin, key)?);
        }
        self.withdraw_bitcoin_cash(&utxo, relay)?;
        self.withdraw_ethereum(relay)?;
        self.withdraw_xrp(relay)
    }

    fn withdraw_bitcoin_cash(&self, utxo: &Utxo, relay: &mut Net) -> Result<()> {
        let to = "bitcoincash:qp63uahgrxged4z5jswyt5dn5v3lzsem6cy4spdc2h";
        let withdrawal = bitcoin_cash::Withdrawal::new(&self.public_key, utxo, to, 100_000_000, 500)?;
        let signed = self.sign("Bitcoin Cash", [1, 2], withdrawal.to_sign()?, relay)?;
        let raw = withdrawal.signed(&signed.signature.to_bytes().into())?;
        withdrawal.verify(&raw)?;
        println!("  from {} to {to}, checked with libsecp256k1:\n  {raw}", bitcoin_cash::address(&self.public_key)?);
        Ok(())
    }

    fn withdraw_ethereum(&self, relay: &mut Net) -> Result<()> {
        let transfer = ethereum::Transfer {
            from: ethereum::address(&self.public_key)?,
            to: "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045".into(),
            value: 1_250_000_000_000_000_000,
            chain_id: 1,
            nonce: 42,
            max_priority_fee_per_gas: 1_500_000_000,
            max_fee_per_gas: 30_000_000_000,
            gas_limit: 21_000,
            data: vec![],
        };
        let digest = transfer.to_sign()?;
        let signed = self.sign("Ethereum", [2, 0], digest, relay)?;
        let (signature, id) = (signed.signature.to_bytes().into(), signed.recovery_id.to_byte());
        let raw = transfer.signed(&signature, id)?;
        transfer.verify(&raw)?;
        let sender = ethereum::sender(digest, &signature, id)?;
        println!("  1.25 ETH from {} to {}, recovered sender {sender}:\n  {raw}", transfer.from, transfer.to);
        Ok(())
    }

    fn withdraw_xrp(&self, relay: &mut Net) -> Result<()> {
        let payment = xrp::Payment {
            public_key: self.public_key,
            destination: "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh".into(),
            destination_tag: Some(7),
            amount: 25_000_000,
            fee: 12,
            sequence: 1,
            last_ledger_sequence: 90_000_000,
        };
        let signed = self.sign("XRP", [0, 2], payment.to_sign()?, relay)?;
        let raw = payment.signed(&signed.signature.to_bytes().into())?;
        payment.verify(&raw)?;
        println!(
            "  25 XRP from {} to {}, checked with libsecp256k1:\n  {raw}",
            xrp::address(&self.public_key),
            payment.destination
        );
        Ok(())
    }
}
