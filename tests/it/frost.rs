//! FROST through its public surface: everybody signs, and everybody who spoils it is named.

use std::collections::BTreeMap;

use cosigil::curve::{Scalar, random_scalar};
use cosigil::frost::{self, CommitmentList, SignatureShare, SigningRequest, Suite};
use cosigil::key::KeyShare;
use cosigil::{Error, Parties, PartyId, Secret, Threshold, hazmat};

use crate::net::{id, rng};

/// Shares of this secret, for parties with these ids.
pub fn key_shares_of<S: Suite>(secret: Scalar<S::Curve>, t: u16, ids: &[u16], seed: u64) -> Vec<KeyShare<S>> {
    let parties = Parties::without_identities(ids.iter().map(|k| id(*k))).unwrap();
    hazmat::split(&Secret::new(secret), Threshold::new(t).unwrap(), &parties, &mut rng(seed)).unwrap()
}

/// Shares of a random key.
pub fn key_shares<S: Suite>(t: u16, ids: &[u16], seed: u64) -> Vec<KeyShare<S>> {
    key_shares_of(*random_scalar::<S::Curve>(&mut rng(!seed)).expose(), t, ids, seed)
}

/// The list and the shares of one signature.
pub struct Signed<S: Suite> {
    pub list: CommitmentList<S>,
    pub shares: BTreeMap<PartyId, SignatureShare<S>>,
}

pub fn shares_of<S: Suite>(signers: &[&KeyShare<S>], request: &SigningRequest<S>, seed: u64) -> Signed<S> {
    let mut rng = rng(seed);
    let (mut nonces, mut commitments) = (Vec::new(), Vec::new());
    for signer in signers {
        let (secret, public) = frost::commit(signer, &mut rng).unwrap();
        nonces.push(secret);
        commitments.push((signer.me(), public));
    }
    let list = CommitmentList::new(commitments).unwrap();
    let share =
        |(signer, nonces): (&&KeyShare<S>, _)| (signer.me(), frost::sign(signer, nonces, request, &list).unwrap());
    let shares = signers.iter().zip(nonces).map(share).collect();
    Signed { list, shares }
}

/// The signature of these signers.
pub fn sign_with<S: Suite>(
    signers: &[&KeyShare<S>],
    request: &SigningRequest<S>,
    seed: u64,
) -> Result<S::Signature, Error> {
    let signed = shares_of(signers, request, seed);
    frost::aggregate(signers[0].public(), request, &signed.list, signed.shares)
}
