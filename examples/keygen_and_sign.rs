//! The smallest honest use: three parties make a key that none of them has, two of them sign with it.
//!
//! All three run in this one process, and a queue carries their messages; on three machines each runs one `Session`, and
//! any channel carries the bytes.
#![allow(clippy::indexing_slicing, reason = "three parties, two signers")]

use std::collections::{BTreeMap, VecDeque};

use cosigil::frost::{self, CommitmentList, Ed25519Sha512, SigningRequest};
use cosigil::{Identity, KeyShare, Keygen, Label, Parties, PartyId, Session, SessionParams, Threshold};
use getrandom::SysRng;
use rand_core::UnwrapErr;

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let mut rng = UnwrapErr(SysRng);

    // Each party makes an identity and gives its public half to the others' operators.
    let ids = [1, 2, 3].map(PartyId::new).into_iter().collect::<Result<Vec<_>, _>>()?;
    let identities = ids.iter().map(|_| Identity::generate(&mut rng)).collect::<Result<Vec<_>, _>>()?;
    let parties = Parties::new(ids.iter().copied().zip(identities.iter().map(Identity::public)))?;

    // Key generation: one session a party. What `receive` gives to send goes to the queue.
    let (mut sessions, mut queue, mut shares) = (BTreeMap::new(), VecDeque::new(), BTreeMap::new());
    for (me, identity) in ids.iter().zip(&identities) {
        let params = SessionParams::new(Label::from_bytes([1; 32]), *me, Threshold::new(2)?, parties.clone())?;
        let (session, first) = Session::<Keygen<Ed25519Sha512>>::start(params, identity, (), &mut rng)?;
        sessions.insert(*me, session);
        queue.extend(first.into_iter().map(|parcel| (*me, parcel)));
    }
    while let Some((from, parcel)) = queue.pop_front() {
        for (me, session) in sessions.iter_mut().filter(|(me, _)| **me != from && parcel.to.is_none_or(|to| to == **me))
        {
            let progress = session.receive(&parcel.bytes)?;
            queue.extend(progress.send.into_iter().map(|parcel| (*me, parcel)));
            shares.extend(progress.output.map(|share| (*me, share)));
        }
    }
    assert!(sessions.values().all(Session::is_finished), "now the key may be used");

    // Signing: parties 1 and 3, each with what its own application has approved.
    let request = SigningRequest::new(b"pay 1 to Alice");
    let signers: Vec<&KeyShare<_>> = [&ids[0], &ids[2]].iter().map(|id| &shares[id]).collect();
    let (nonces, commitments): (Vec<_>, Vec<_>) =
        signers.iter().map(|share| frost::commit(share, &mut rng)).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let list = CommitmentList::new(signers.iter().map(|share| share.me()).zip(commitments))?;
    let parts = signers
        .iter()
        .zip(nonces)
        .map(|(share, nonces)| Ok((share.me(), frost::sign(share, nonces, &request, &list)?)));
    let signature = frost::aggregate(signers[0].public(), &request, &list, parts.collect::<Result<Vec<_>, Error>>()?)?;

    let key = signers[0].public().verifying_key()?;
    key.verify_strict(b"pay 1 to Alice", &signature)?;
    println!("an ordinary Ed25519 signature under {}:\n{signature}", hex::encode(key.as_bytes()));
    Ok(())
}
