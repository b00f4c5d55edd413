//! Backups from outside: what a restored share can do, and what it cannot.

use std::sync::Arc;

use cosigil::curve::{Ed25519, random_scalar};
use cosigil::frost::{Ed25519Sha512, Signing, SigningInputs, SigningRequest};
use cosigil::key::backup::{BackupSecretKey, ShareBackup, recipient};
use cosigil::{Error, KeyShare, Label, Parties, Session, Threshold, Usage, hazmat};

use crate::keygen::{make, signs};
use crate::net::{id, identity, parties, rng};
use crate::records::{forge, record_body};

type S = Ed25519Sha512;

/// a key made by key generation, one share out of each kind of backup, and they sign.
#[test]
fn r_13_restored_shares_sign() {
    let shares = make::<S>(2, &[1, 2, 3], 70);
    let vault = BackupSecretKey::generate(&mut rng(71)).unwrap();
    let file = recipient::seal(&shares[0], &vault.public(), &identity(1), &mut rng(72)).unwrap();
    let backup = ShareBackup::make(&shares[1], &vault.public(), &identity(2), &mut rng(73)).unwrap();
    let first: KeyShare<S> = vault.open(&file, &identity(1).public()).unwrap();
    let second = backup.restore(&vault, &identity(2).public()).unwrap();
    signs(&[&first, &second], 74);
    signs(&[&first, &shares[2]], 75);
}

/// a restored share of an old sharing opens without a word; the peers' sessions name both sharings,
/// though the number is the same, and blame nobody.
#[test]
fn r_13_a_restored_share_of_an_old_sharing() {
    let set: Parties = parties(&[1, 2]);
    let secret = random_scalar::<Ed25519>(&mut rng(1));
    let split = |seed| hazmat::split::<S>(&secret, Threshold::new(2).unwrap(), &set, &mut rng(seed)).unwrap();
    let (old, new) = (split(2), split(3));
    // A later sharing of the same key: its own polynomial and its own name.
    let new: Vec<KeyShare<S>> = new
        .iter()
        .map(|share| {
            let bytes = share.to_bytes();
            let (at, name) = (record_body(&bytes), old[0].public().key_id());
            KeyShare::from_bytes(&forge(&bytes, |content| content[at..at + 32].copy_from_slice(name.as_bytes())))
                .unwrap()
        })
        .collect();
    let vault = BackupSecretKey::generate(&mut rng(4)).unwrap();
    let file = recipient::seal_anonymously(&old[0], &vault.public(), &mut rng(5)).unwrap();
    let restored: KeyShare<S> = vault.open_anonymous(&file).unwrap();
    let (ours, theirs) = (new[1].public().sharing(), restored.public().sharing());
    assert_eq!(restored.public().number(), new[1].public().number());

    let request = SigningRequest::<S>::new([9; 32]);
    let start = |share: &KeyShare<S>, seed| {
        let params = share.session_params(Label::from_bytes([1; 32]), [id(1), id(2)]).unwrap();
        let key_share = Arc::new(KeyShare::from_bytes(&share.to_bytes()).unwrap());
        let inputs = SigningInputs { key_share, request: request.clone() };
        Session::<Signing<S>>::start(params, &identity(share.me().get()), inputs, &mut rng(seed)).unwrap()
    };
    let (_, from_the_past) = start(&restored, 6);
    let (mut peer, _) = start(&new[1], 7);
    let answer = peer.receive(&from_the_past[0].bytes).map(drop);
    assert_eq!(answer, Err(Error::Usage(Usage::OtherSharing { ours, theirs })));
    assert_eq!(peer.awaiting(), [id(1)]);
}
