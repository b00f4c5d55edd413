//! One-session keys: what a session puts before round 1, and the sealing of secret parts.
//!
//! Each party draws e_i and publishes E_i = e_i·B on ristretto255 in round 1, where there are
//! complaints with a proof that it knows e_i. Without the proof a corrupt dealer could publish another
//! dealer's E shifted by a known amount, and a complaint against it would open the key of two honest
//! parties. The key of one direction is K_{i→j} = H("seal"; view, i, j, e_i·E_j).

use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use curve25519_dalek::RistrettoPoint;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::curve::{Ristretto255, Scalar, Uncleared, random_scalar};
use crate::party::{Base, PartyId, View};
use crate::proof::{EqualityProof, Proof, ProofBatch, Weights};
use crate::round::Channels;
use crate::secret::Secret;
use crate::transcript::Transcript;
use crate::wire::{Element, Reader, Shape, Wire};

type Sealing = Ristretto255;

const NO_SHAPE: Shape = Shape { threshold: 0, parties: 0, batch: 0 };

/// This party's one-session secret e_i.
#[derive(Debug)]
pub(super) struct SealKey(Secret<Scalar<Sealing>>);

/// A DH value D = e_i·E_j, secret but when a complaint opens it.
#[derive(Debug)]
pub(super) struct SharedPoint(Zeroizing<RistrettoPoint>);

/// What a peer put before its round 1.
#[derive(Debug)]
pub(super) struct Hello {
    nonce: [u8; 32],
    key: Option<Element<Sealing>>,
    proof: Option<Proof<Sealing>>,
}

/// The length of a hello: nonce 32, key 32, proof 64.
pub(super) fn hello_len(channels: Channels) -> usize {
    match channels {
        Channels::Open => 32,
        Channels::Sealed => 64,
        Channels::Accountable => 128,
    }
}

/// Draws this party's hello and the secret that goes with it.
pub(super) fn say_hello(
    channels: Channels,
    base: &Base,
    me: PartyId,
    rng: &mut impl CryptoRng,
) -> (Vec<u8>, Option<SealKey>) {
    // 2.2
    let mut nonce = [0; 32];
    rng.fill_bytes(&mut nonce);
    let mut hello = nonce.to_vec();
    if channels == Channels::Open {
        return (hello, None);
    }
    let secret = random_scalar::<Sealing>(rng);
    let key = Element::<Sealing>::new(RistrettoPoint::mul_base(secret.expose()));
    key.write(&mut hello);
    if channels == Channels::Accountable {
        let transcript = knowledge(base, me, &nonce, &key);
        Proof::<Sealing>::prove(core::slice::from_ref(secret.expose()), transcript, rng).write(&mut hello);
    }
    (hello, Some(SealKey(secret)))
}

impl Hello {
    /// Decodes a hello of exactly the right length.
    pub(super) fn decode(channels: Channels, bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes);
        let nonce = input.array()?;
        let key = match channels {
            Channels::Open => None,
            Channels::Sealed | Channels::Accountable => Some(Element::read(&mut input, &NO_SHAPE)?),
        };
        let proof = match channels {
            Channels::Open | Channels::Sealed => None,
            Channels::Accountable => Some(Proof::read(&mut input, &NO_SHAPE)?),
        };
        input.finish()?;
        Some(Self { nonce, key, proof })
    }

    /// The one-session key E, where there is one.
    pub(super) fn key(&self) -> Option<&RistrettoPoint> {
        self.key.as_ref().map(Element::point)
    }

    /// Its encoding.
    pub(super) fn key_bytes(&self) -> Option<&[u8]> {
        self.key.as_ref().map(Element::as_bytes)
    }

    /// Whether the proof of knowledge verifies, if there must be one.
    pub(super) fn verify(&self, base: &Base, id: PartyId) -> bool {
        match (&self.key, &self.proof) {
            (Some(key), Some(proof)) => proof.verify(&[uncleared(key)], knowledge(base, id, &self.nonce, key)),
            (_, None) => true,
            (None, Some(_)) => false,
        }
    }
}

/// The peers whose proof of knowledge does not verify: all in one product, each alone if that fails.
pub(super) fn without_proof<'a>(
    base: &Base,
    hellos: impl Iterator<Item = (PartyId, &'a Hello)> + Clone,
    rng: &mut impl CryptoRng,
) -> Vec<PartyId> {
    let digest = hellos.clone().fold(Transcript::new("seal-batch").field(base.as_bytes()), |t, (id, hello)| {
        let response = hello.proof.as_ref().map(|proof| proof.encode(&NO_SHAPE));
        t.party(id).field(hello.key_bytes().unwrap_or(&[])).field(&response.unwrap_or_default())
    });
    let mut weights = Weights::new(&digest.digest(), rng);
    let mut batch = ProofBatch::new();
    for (id, hello) in hellos.clone() {
        if let (Some(key), Some(proof)) = (&hello.key, &hello.proof) {
            batch.add(weights.draw(), proof, &[uncleared(key)], knowledge(base, id, &hello.nonce, key));
        }
    }
    if batch.verify() {
        return Vec::new();
    }
    hellos.filter(|(id, hello)| !hello.verify(base, *id)).map(|(id, _)| id).collect()
}

/// The transcript of the proof that e_i is known.
fn knowledge(base: &Base, id: PartyId, nonce: &[u8; 32], key: &Element<Sealing>) -> Transcript {
    Transcript::new("seal-pok").field(base.as_bytes()).party(id).field(nonce).field(key.as_bytes())
}

fn uncleared(key: &Element<Sealing>) -> Uncleared<Sealing> {
    Uncleared::from_cleared(*key.point())
}

impl SealKey {
    /// D = e_i·E_j, in constant time.
    pub(super) fn shared_with(&self, theirs: &RistrettoPoint) -> SharedPoint {
        SharedPoint(Zeroizing::new(theirs * self.0.expose()))
    }

    /// A proof that D = e_i·E_j for the e_i of E_i.
    pub(super) fn prove_shared(
        &self,
        theirs: &RistrettoPoint,
        transcript: Transcript,
        rng: &mut impl CryptoRng,
    ) -> EqualityProof<Sealing> {
        EqualityProof::prove(&self.0, theirs, transcript, rng)
    }
}

impl SharedPoint {
    /// An opened one, out of a complaint.
    pub(super) fn opened(point: RistrettoPoint) -> Self {
        Self(Zeroizing::new(point))
    }

    /// Opens it: for a complaint.
    pub(super) fn open(&self) -> RistrettoPoint {
        *self.0
    }

    /// Seals a body from one party to another, in one round. One body for each round and direction.
    pub(super) fn seal(
        &self,
        view: &View,
        way: (PartyId, PartyId),
        round: u8,
        header: &[u8],
        body: &[u8],
    ) -> Option<Vec<u8>> {
        self.cipher(view, way).encrypt(&nonce(round), Payload { msg: body, aad: header }).ok()
    }

    /// Opens a sealed body; `None` if it does not open.
    pub(super) fn unseal(
        &self,
        view: &View,
        way: (PartyId, PartyId),
        round: u8,
        header: &[u8],
        body: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        self.cipher(view, way).decrypt(&nonce(round), Payload { msg: body, aad: header }).ok().map(Zeroizing::new)
    }

    /// The cipher of one direction.
    fn cipher(&self, view: &View, (from, to): (PartyId, PartyId)) -> ChaCha20Poly1305 {
        // 3.4
        let key =
            Transcript::new("seal").field(view.as_bytes()).party(from).party(to).point::<Sealing>(&self.0).secret();
        ChaCha20Poly1305::new(&Key::from(*key.expose()))
    }
}

/// The key is of one session and direction, so the round alone makes the nonce.
fn nonce(round: u8) -> Nonce {
    let mut nonce = Nonce::default();
    if let Some(first) = nonce.first_mut() {
        *first = round;
    }
    nonce
}
