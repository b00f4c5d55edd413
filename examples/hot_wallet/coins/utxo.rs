//! The transaction that Bitcoin and its relatives share: it spends one coin, pays the recipient and
//! returns the change.

use bitcoin::absolute::LockTime;
use bitcoin::transaction::Version;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};

use super::Result;

/// An unspent output that belongs to the wallet.
#[derive(Debug)]
pub struct Utxo {
    outpoint: OutPoint,
    /// What it is worth, in the coin's smallest unit.
    pub value: Amount,
}

impl Utxo {
    /// `outpoint` is written `txid:index`.
    pub fn new(outpoint: &str, value: u64) -> Result<Self> {
        Ok(Self { outpoint: outpoint.parse()?, value: Amount::from_sat(value) })
    }
}

/// Spends `utxo`: `amount` to `recipient`, `fee` to the miner, the rest to `change`.
pub fn unsigned(
    utxo: &Utxo,
    sequence: Sequence,
    recipient: ScriptBuf,
    amount: u64,
    change: ScriptBuf,
    fee: u64,
) -> Result<Transaction> {
    let rest = amount
        .checked_add(fee)
        .and_then(|spent| utxo.value.to_sat().checked_sub(spent))
        .ok_or("the coin is smaller than amount and fee")?;
    let output = |script_pubkey, value| TxOut { script_pubkey, value: Amount::from_sat(value) };
    Ok(Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: utxo.outpoint,
            script_sig: ScriptBuf::new(),
            sequence,
            witness: Witness::new(),
        }],
        output: vec![output(recipient, amount), output(change, rest)],
    })
}
