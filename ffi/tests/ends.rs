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

use calls::{SEEDS, bytes, flip, forge, ok, take};
use cosigil_ffi::*;

/// Key generation of parties 1 and 2, or 1 to 3.
struct Keygen {
    sessions: Vec<*mut cosigil_session>,
    queue: VecDeque<(usize, Vec<u8>)>,
}

impl Keygen {
    fn start(n: u16) -> Self {
        let mut directory = null_mut();
        ok(unsafe { cosigil_parties_new(&mut directory) });
        let identities = (1..=n).map(|party| {
            let (mut identity, seed) = (null_mut(), SEEDS[usize::from(party) - 1]);
            ok(unsafe { cosigil_identity_from_seed(&mut identity, seed.as_ptr(), 32) });
            let key = bytes!(cosigil_identity_public(identity));
            ok(unsafe { cosigil_parties_add(directory, party, key.as_ptr(), key.len()) });
            (party, identity)
        });
        let start = |(me, identity): (u16, *mut cosigil_identity)| {
            let (mut session, suite, label) = (null_mut(), COSIGIL_FROST_ED25519, [3u8; 32]);
            ok(unsafe { cosigil_keygen_start(identity, &mut session, directory, suite, me, 2, label.as_ptr(), 32) });
            ok(unsafe { cosigil_identity_free(identity) });
            session
        };
        let sessions = identities.collect::<Vec<_>>().into_iter().map(start).collect();
        ok(unsafe { cosigil_parties_free(directory) });
        Self { sessions, queue: VecDeque::new() }
    }

    fn progress(&self, me: usize) -> u32 {
        let mut progress = 0;
        ok(unsafe { cosigil_session_progress(self.sessions[me], &mut progress) });
        progress
    }

    /// The next message of a party, and for whom; or why there is none.
    fn message(&self, me: usize) -> Result<Option<(u16, Vec<u8>)>, i32> {
        let (mut to, mut message) = (0, cosigil_bytes::default());
        match unsafe { cosigil_session_take_message(self.sessions[me], &mut to, &mut message) } {
            COSIGIL_OK if message.data.is_null() => Ok(None),
            COSIGIL_OK => Ok(Some((to, take(message)))),
            status => Err(status),
        }
    }

    /// Does what a party asks for, unless it asks for a checkpoint to be deleted, and sends what it has through `cheat`.
    fn settle(&mut self, me: usize, cheat: &mut impl FnMut(usize, Vec<u8>) -> Option<Vec<u8>>) {
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
        while let Some((to, bytes)) = self.message(me).unwrap() {
            let others = (0..self.sessions.len()).filter(|k| *k != me && (to == 0 || usize::from(to) == k + 1));
            let sent = others.filter_map(|k| Some((k, cheat(me, bytes.clone())?))).collect::<Vec<_>>();
            self.queue.extend(sent);
        }
    }

    /// Gives a party a message: what it says to that.
    fn receive(&self, me: usize, bytes: &[u8]) -> i32 {
        let mut progress = 0;
        unsafe { cosigil_session_receive(self.sessions[me], &mut progress, bytes.as_ptr(), bytes.len()) }
    }

    /// Carries messages until nothing is under way; what a party sends to each of the others goes through `cheat`. What
    /// party 1 is told.
    fn run(&mut self, mut cheat: impl FnMut(usize, Vec<u8>) -> Option<Vec<u8>>) -> Vec<i32> {
        let mut told = Vec::new();
        (0..self.sessions.len()).for_each(|me| self.settle(me, &mut cheat));
        while let Some((to, bytes)) = self.queue.pop_front() {
            let status = self.receive(to, &bytes);
            if to == 0 {
                told.push(status);
            }
            self.settle(to, &mut cheat);
        }
        told
    }

    /// What the aborts of party 1's session were about: the last fault, all culprits, all consequences.
    fn aborts(&self) -> (i32, Vec<u16>, Vec<(i32, u16)>) {
        let (session, mut fault, mut parties, mut count) = (self.sessions[0], 0, [0; 3], 0);
        ok(unsafe { cosigil_session_fault(session, &mut fault) });
        ok(unsafe { cosigil_session_culprits(session, parties.as_mut_ptr(), 3, &mut count) });
        let consequences = (0..).map_while(|number| {
            let (mut kind, mut party, mut pair) = (0, 0, cosigil_bytes::default());
            match unsafe { cosigil_session_consequence(session, &mut kind, &mut party, &mut pair, number) } {
                COSIGIL_NOT_THERE => None,
                status => {
                    ok(status);
                    assert!(pair.data.is_null());
                    Some((kind, party))
                }
            }
        });
        (fault, parties[..count].to_vec(), consequences.collect())
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
    let mut keygen = Keygen::start(2);
    assert!(keygen.run(|_, bytes| Some(bytes)).iter().all(|status| *status == COSIGIL_OK));
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
    let (mut keygen, pen) = (Keygen::start(2), flip(2, 3, 40));
    let told = keygen.run(|me, bytes| Some(if me == 1 { pen(bytes) } else { bytes }));
    assert_eq!(told.iter().find(|status| **status != COSIGIL_OK), Some(&COSIGIL_CHEATED), "{told:?}");
    assert_eq!(keygen.progress(0), COSIGIL_SEND | COSIGIL_ENDED | COSIGIL_DELETE);
    keygen.deletes();
    assert_eq!(keygen.progress(0), COSIGIL_SEND | COSIGIL_ENDED);
    let (_, complaint) = keygen.message(0).unwrap().unwrap();
    assert_eq!(keygen.progress(0), COSIGIL_ENDED);
    assert_eq!(keygen.aborts().1, [2]);
    let (mut parties, mut count) = ([0; 2], 0);
    ok(unsafe { cosigil_session_awaiting(keygen.sessions[0], parties.as_mut_ptr(), 2, &mut count) });
    assert_eq!(count, 0);
    assert_eq!(keygen.receive(0, &complaint), COSIGIL_OVER);
    // The other one can tell who it was: itself.
    assert_ne!(keygen.receive(1, &complaint), COSIGIL_OK);
    keygen.free();
}

/// 5.4: a session that has promised something outlives aborts, tells of all of them, and may still succeed.
#[test]
fn aborts_add_up() {
    let (mut keygen, mut confirms) = (Keygen::start(3), Vec::new());
    let told = keygen.run(|me, bytes| {
        let withheld = me > 0 && bytes[2] == 3;
        if withheld && !confirms.contains(&(me, bytes.clone())) {
            confirms.push((me, bytes.clone()));
        }
        (!withheld).then_some(bytes)
    });
    assert!(told.iter().all(|status| *status == COSIGIL_OK), "{told:?}");
    confirms.sort();
    let [(1, second), (2, third)] = &confirms[..] else { panic!("{}", confirms.len()) };
    let z = 32 + 32;
    // Party 2 proves nothing. Its confirm is forgotten.
    ok(keygen.receive(0, &forge(2, second, z)));
    assert_eq!(keygen.receive(0, third), COSIGIL_CHEATED);
    let banned = (COSIGIL_CONSEQUENCE_BANNED, 2);
    assert_eq!(keygen.aborts(), (COSIGIL_FAULT_BAD_CONFIRM_PROOF, vec![2], vec![banned]));
    assert_eq!(keygen.progress(0), 0);
    // Party 3 says two things, and is caught twice.
    let also = (COSIGIL_CONSEQUENCE_BANNED, 3);
    for _ in 0..2 {
        assert_eq!(keygen.receive(0, &forge(3, third, z)), COSIGIL_CHEATED);
        assert_eq!(keygen.aborts(), (COSIGIL_FAULT_EQUIVOCATION, vec![2, 3], vec![banned, also]));
        assert_eq!(keygen.progress(0), 0);
    }
    ok(keygen.receive(0, second));
    assert_ne!(keygen.progress(0) & COSIGIL_OUTPUT, 0);
    ok(keygen.receive(1, third));
    ok(keygen.receive(2, second));
    let told = keygen.run(|_, bytes| Some(bytes));
    assert!(told.iter().all(|status| *status == COSIGIL_OK), "{told:?}");
    assert_eq!(keygen.progress(0), COSIGIL_FINISHED | COSIGIL_DELETE);
    assert_eq!(keygen.aborts(), (COSIGIL_FAULT_EQUIVOCATION, vec![2, 3], vec![banned, also]));
    keygen.free();
}
