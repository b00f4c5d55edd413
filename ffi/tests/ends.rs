//! How sessions end that can be taken up again: by success, by an abort; and what must be deleted before it is told.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block,
    reason = "every argument is a live local or a handle"
)]

mod calls;

use std::collections::VecDeque;
use std::ptr::null_mut;

use calls::{SEEDS, bytes, flip, ok, take};
use cosigil_ffi::*;

/// Key generation of parties 1 and 2.
struct Keygen {
    sessions: [*mut cosigil_session; 2],
    queue: VecDeque<(usize, Vec<u8>)>,
}

impl Keygen {
    fn start() -> Self {
        let mut directory = null_mut();
        ok(unsafe { cosigil_parties_new(&mut directory) });
        let identities = [1u16, 2].map(|party| {
            let (mut identity, seed) = (null_mut(), SEEDS[usize::from(party) - 1]);
            ok(unsafe { cosigil_identity_from_seed(&mut identity, seed.as_ptr(), 32) });
            let key = bytes!(cosigil_identity_public(identity));
            ok(unsafe { cosigil_parties_add(directory, party, key.as_ptr(), key.len()) });
            (party, identity)
        });
        let sessions = identities.map(|(me, identity)| {
            let (mut session, suite, label) = (null_mut(), COSIGIL_FROST_ED25519, [3u8; 32]);
            ok(unsafe { cosigil_keygen_start(identity, &mut session, directory, suite, me, 2, label.as_ptr(), 32) });
            ok(unsafe { cosigil_identity_free(identity) });
            session
        });
        ok(unsafe { cosigil_parties_free(directory) });
        Self { sessions, queue: VecDeque::new() }
    }

    fn progress(&self, me: usize) -> u32 {
        let mut progress = 0;
        ok(unsafe { cosigil_session_progress(self.sessions[me], &mut progress) });
        progress
    }

    /// The next message of a party, or why there is none.
    fn message(&self, me: usize) -> Result<Option<Vec<u8>>, i32> {
        let (mut to, mut message) = (0, cosigil_bytes::default());
        match unsafe { cosigil_session_take_message(self.sessions[me], &mut to, &mut message) } {
            COSIGIL_OK if message.data.is_null() => Ok(None),
            COSIGIL_OK => Ok(Some(take(message))),
            status => Err(status),
        }
    }

    /// Does what a party asks for, unless it asks for a checkpoint to be deleted, and sends what it has through `cheat`.
    fn settle(&mut self, me: usize, cheat: impl Fn(Vec<u8>) -> Vec<u8>) {
        let (session, progress) = (self.sessions[me], self.progress(me));
        if progress & COSIGIL_DELETE != 0 {
            return;
        }
        if progress & COSIGIL_OUTPUT != 0 {
            let mut share = null_mut();
            ok(unsafe { cosigil_session_take_key_share(session, &mut share) });
            ok(unsafe { cosigil_key_share_free(share) });
        }
        if progress & COSIGIL_STORE != 0 {
            bytes!(cosigil_session_checkpoint(session));
            ok(unsafe { cosigil_session_stored(session) });
        }
        while let Some(bytes) = self.message(me).unwrap() {
            self.queue.push_back((1 - me, cheat(bytes)));
        }
    }

    /// Carries messages until nothing is under way; what party 2 sends goes through `cheat`. What party 1 is told.
    fn run(&mut self, cheat: impl Fn(Vec<u8>) -> Vec<u8>) -> Vec<i32> {
        let mut told = Vec::new();
        self.settle(0, |bytes| bytes);
        self.settle(1, &cheat);
        while let Some((to, bytes)) = self.queue.pop_front() {
            let mut progress = 0;
            let session = self.sessions[to];
            let status = unsafe { cosigil_session_receive(session, &mut progress, bytes.as_ptr(), bytes.len()) };
            if to == 0 {
                told.push(status);
                self.settle(0, |bytes| bytes);
            } else {
                self.settle(1, &cheat);
            }
        }
        told
    }

    /// That the checkpoint of party 1 has to go, and nothing leaves before.
    fn deletes(&self) {
        assert_eq!(self.message(0), Err(COSIGIL_STORE_FIRST));
        let mut none = cosigil_bytes::default();
        assert_eq!(unsafe { cosigil_session_checkpoint(self.sessions[0], &mut none) }, COSIGIL_OVER);
        ok(unsafe { cosigil_session_stored(self.sessions[0]) });
    }

    fn free(self) {
        self.sessions.into_iter().for_each(|one| ok(unsafe { cosigil_session_free(one) }));
    }
}

/// 6.5 of docs/session.md: when the session has come to its end its checkpoints go.
#[test]
fn a_finished_session_has_its_checkpoint_deleted() {
    let mut keygen = Keygen::start();
    assert!(keygen.run(|bytes| bytes).iter().all(|status| *status == COSIGIL_OK));
    assert_eq!(keygen.progress(0), COSIGIL_FINISHED | COSIGIL_DELETE);
    keygen.deletes();
    assert_eq!(keygen.progress(0), COSIGIL_FINISHED);
    assert_eq!(keygen.message(0), Ok(None));
    ok(unsafe { cosigil_session_send_again(keygen.sessions[0]) });
    assert_eq!(keygen.progress(0), COSIGIL_FINISHED | COSIGIL_SEND);
    keygen.free();
}

/// 6.5: a complaint leaves when no checkpoint is left that knows nothing of it. What ended by it is not finished.
#[test]
fn a_complaint_waits_for_the_checkpoint_to_be_deleted() {
    let mut keygen = Keygen::start();
    let told = keygen.run(flip(2, 3, 40));
    assert_eq!(told.iter().find(|status| **status != COSIGIL_OK), Some(&COSIGIL_CHEATED), "{told:?}");
    assert_eq!(keygen.progress(0), COSIGIL_SEND | COSIGIL_ENDED | COSIGIL_DELETE);
    keygen.deletes();
    assert_eq!(keygen.progress(0), COSIGIL_SEND | COSIGIL_ENDED);
    let complaint = keygen.message(0).unwrap().unwrap();
    assert_eq!(keygen.progress(0), COSIGIL_ENDED);
    let (mut parties, mut count) = ([0; 2], 0);
    ok(unsafe { cosigil_session_culprits(keygen.sessions[0], parties.as_mut_ptr(), 2, &mut count) });
    assert_eq!(parties[..count], [2]);
    ok(unsafe { cosigil_session_awaiting(keygen.sessions[0], parties.as_mut_ptr(), 2, &mut count) });
    assert_eq!(count, 0);
    let mut progress = 0;
    let receive = |me: usize, progress: &mut u32| unsafe {
        cosigil_session_receive(keygen.sessions[me], progress, complaint.as_ptr(), complaint.len())
    };
    assert_eq!(receive(0, &mut progress), COSIGIL_OVER);
    // The other one can tell who it was: itself.
    assert_ne!(receive(1, &mut progress), COSIGIL_OK);
    keygen.free();
}
