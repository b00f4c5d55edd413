//! A key generation of three with a hostile relay, and with a party 3 that signs whatever it likes: any bytes, in any
//! order. Nothing panics, and nobody but party 3 is ever named.
#![no_main]

use cosigil::frost::Ed25519Sha512;
use cosigil::keygen::Keygen;
use cosigil::{
    Error, Identity, Label, Parcel, Parties, PartyId, Secret, Session, SessionParams, Threshold, Transcript,
};
use ed25519_dalek::{Signer, SigningKey};
use libfuzzer_sys::fuzz_target;

type Key = Keygen<Ed25519Sha512>;
const SIGNATURE: usize = 64;

fn id(n: u16) -> PartyId {
    PartyId::new(n).unwrap()
}

fn seed(n: u16) -> [u8; 32] {
    [n as u8; 32]
}

fn start(me: u16) -> (Session<Key>, Vec<Parcel>) {
    let identity = |n| Identity::from_seed(&Secret::new(seed(n)));
    let parties = Parties::new((1..=3).map(|n| (id(n), identity(n).public()))).unwrap();
    let label = Label::from_bytes([0; 32]);
    let params = SessionParams::new(label, id(me), Threshold::new(2).unwrap(), parties).unwrap();
    let mut rng = Transcript::new("fuzz").number(me.into()).rng();
    Session::start(params, &identity(me), (), &mut rng).unwrap()
}

/// Signs an envelope as party 3.
fn sign(content: &[u8]) -> Vec<u8> {
    // version, kind, round, sender, recipient, length of the protocol's name, name, four fields of 32: the header.
    let name = content.get(7).map_or(0, |length| usize::from(*length));
    let header = (8 + name + 128).min(content.len());
    let digest = Transcript::new("envelope").field(&content[..header]).field(&content[header..]).digest();
    let signature = SigningKey::from_bytes(&seed(3)).sign(&digest);
    [content, &signature.to_bytes()].concat()
}

fuzz_target!(|data: &[u8]| {
    let mut sessions: Vec<Session<Key>> = Vec::new();
    let mut messages: Vec<(u16, Vec<u8>)> = Vec::new();
    for me in 1..=3u16 {
        let (session, parcels) = start(me);
        messages.extend(parcels.into_iter().map(|parcel| (me, parcel.bytes)));
        sessions.push(session);
    }
    let mut input = data.iter().copied();
    let mut steps = 0;
    // Each step: to whom, which of the messages so far, what is done to it.
    while let (Some(to), Some(pick), Some(what)) = (input.next(), input.next(), input.next()) {
        steps += 1;
        if steps > 60 {
            break;
        }
        let to = usize::from(to % 3);
        let (from, mut bytes) = messages[usize::from(pick) % messages.len()].clone();
        match what % 4 {
            0 | 1 => {}
            2 => {
                let at = usize::from(input.next().unwrap_or(0)) * bytes.len() / 256;
                bytes[at] ^= input.next().unwrap_or(1);
            }
            _ => {
                // Party 3 signs a changed message: its own, or somebody else's words.
                let content = bytes.len().saturating_sub(SIGNATURE);
                bytes.truncate(content);
                for _ in 0..1 + what / 64 {
                    let at = usize::from(u16::from_le_bytes([input.next().unwrap_or(0), input.next().unwrap_or(0)]));
                    if content > 0 {
                        bytes[at % content] ^= input.next().unwrap_or(1);
                    }
                }
                if what & 8 != 0 {
                    bytes.truncate(content * usize::from(what) / 256);
                }
                bytes = sign(&bytes);
                messages.push((3, bytes.clone()));
            }
        }
        let _ = from;
        match sessions[to].receive(&bytes) {
            Ok(progress) => {
                if let Some(abort) = progress.abort.filter(|_| to != 2) {
                    assert!(abort.culprits().iter().all(|culprit| *culprit == id(3)), "{abort}");
                }
                let me = to as u16 + 1;
                messages.extend(progress.send.into_iter().map(|parcel| (me, parcel.bytes)));
            }
            Err(Error::Abort(abort)) => {
                // Party 3 may think what it likes; honest parties name nobody but party 3.
                if to != 2 {
                    assert!(abort.culprits().iter().all(|culprit| *culprit == id(3)), "{abort}");
                }
                messages.extend(abort.to_send().iter().map(|parcel| (to as u16 + 1, parcel.bytes.clone())));
            }
            Err(_) => {}
        }
    }
});
