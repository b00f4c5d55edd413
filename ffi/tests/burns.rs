//! A peer cheats on pair states: what is on record when, over the C functions, in a log of the integrator's.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block,
    reason = "every argument is a live local or a handle"
)]

mod calls;

use std::collections::{BTreeSet, VecDeque};
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Mutex;

use calls::{SEEDS, bytes, flip, ok, take};
use cosigil_ffi::*;

/// What happened, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// The log's function has returned: with success, or not.
    Burn([u8; 32], u16, bool),
    Strike(u16, bool),
    Forgive(u16),
    Released,
    /// Receiving a message has returned this, and neither COSIGIL_OK nor, later, COSIGIL_OVER.
    Status(i32),
    /// A message was given out.
    Sent,
}

/// A log of ours.
#[derive(Default)]
struct Book {
    events: Vec<Event>,
    burned: BTreeSet<[u8; 32]>,
    total: u32,
    forgiven: u32,
    fails: bool,
}

type Log = Mutex<Book>;

unsafe fn on(context: *mut c_void, work: impl FnOnce(&mut Book) -> bool) -> i32 {
    i32::from(!work(&mut unsafe { &*context.cast::<Log>() }.lock().unwrap()))
}

unsafe extern "C" fn burn(context: *mut c_void, pair: *const u8, peer: *const cosigil_peer) -> i32 {
    let (pair, party) = unsafe { (*pair.cast::<[u8; 32]>(), (*peer).party) };
    let work = |book: &mut Book| {
        book.events.push(Event::Burn(pair, party, !book.fails));
        if !book.fails {
            book.total += 1;
            book.burned.insert(pair);
        }
        !book.fails
    };
    unsafe { on(context, work) }
}

unsafe extern "C" fn is_burned(context: *mut c_void, pair: *const u8, burned: *mut u8) -> i32 {
    let work = |book: &mut Book| {
        unsafe { *burned = u8::from(book.burned.contains(&*pair.cast::<[u8; 32]>())) };
        true
    };
    unsafe { on(context, work) }
}

unsafe extern "C" fn strike(context: *mut c_void, peer: *const cosigil_peer) -> i32 {
    let party = unsafe { (*peer).party };
    let work = |book: &mut Book| {
        book.events.push(Event::Strike(party, !book.fails));
        book.total += u32::from(!book.fails);
        !book.fails
    };
    unsafe { on(context, work) }
}

unsafe extern "C" fn strikes(
    context: *mut c_void,
    peer: *const cosigil_peer,
    total: *mut u32,
    forgiven: *mut u32,
) -> i32 {
    assert_eq!(unsafe { (*peer).party }, 2);
    let work = |book: &mut Book| {
        unsafe { (*total, *forgiven) = (book.total, book.forgiven) };
        true
    };
    unsafe { on(context, work) }
}

unsafe extern "C" fn forgive(context: *mut c_void, peer: *const cosigil_peer) -> i32 {
    let party = unsafe { (*peer).party };
    let work = |book: &mut Book| {
        book.events.push(Event::Forgive(party));
        book.forgiven = book.total;
        true
    };
    unsafe { on(context, work) }
}

unsafe extern "C" fn release(context: *mut c_void) {
    let work = |book: &mut Book| {
        book.events.push(Event::Released);
        true
    };
    unsafe { on(context, work) };
}

const SIGNERS: [u16; 2] = [1, 2];

/// Party 1, which is honest and has a log of ours, and party 2, which is not.
struct Pair {
    book: Box<Log>,
    identities: [*mut cosigil_identity; 2],
    shares: [*mut cosigil_key_share; 2],
    pairs: [*mut cosigil_pairs; 2],
    logs: [*mut cosigil_burn_log; 2],
    request: *mut cosigil_request,
    labels: u8,
}

impl Pair {
    fn new() -> Self {
        let (mut directory, mut dealt, mut request) = (null_mut(), null_mut(), null_mut());
        ok(unsafe { cosigil_parties_new(&mut directory) });
        let identities = [0, 1].map(|k: usize| {
            let mut identity = null_mut();
            ok(unsafe { cosigil_identity_from_seed(&mut identity, SEEDS[k].as_ptr(), 32) });
            let key = bytes!(cosigil_identity_public(identity));
            ok(unsafe { cosigil_parties_add(directory, SIGNERS[k], key.as_ptr(), key.len()) });
            identity
        });
        let suite = COSIGIL_ECDSA_SECP256K1;
        ok(unsafe { cosigil_hazmat_split(directory, &mut dealt, suite, 2, [7u8; 32].as_ptr(), 32) });
        let shares = SIGNERS.map(|party| {
            let (mut out, mut share) = (cosigil_bytes::default(), null_mut());
            ok(unsafe { cosigil_collection_get(dealt, &mut out, party) });
            let record = take(out);
            ok(unsafe { cosigil_key_share_from_bytes(&mut share, record.as_ptr(), record.len()) });
            share
        });
        ok(unsafe { cosigil_collection_free(dealt) });
        ok(unsafe { cosigil_parties_free(directory) });
        let pairs = shares.map(|share| {
            let mut pairs = null_mut();
            ok(unsafe { cosigil_pairs_new(share, &mut pairs) });
            pairs
        });
        let book = Box::<Log>::default();
        let calls = cosigil_burn_log_calls {
            size: size_of::<cosigil_burn_log_calls>(),
            context: (&raw const *book).cast_mut().cast(),
            burn: Some(burn),
            is_burned: Some(is_burned),
            strike: Some(strike),
            strikes: Some(strikes),
            forgive: Some(forgive),
            release: Some(release),
        };
        let mut logs = [null_mut(); 2];
        ok(unsafe { cosigil_burn_log_callbacks(&mut logs[0], &calls) });
        ok(unsafe { cosigil_burn_log_memory(&mut logs[1]) });
        ok(unsafe { cosigil_request_digest(&mut request, [9u8; 32].as_ptr(), 32) });
        Self { book, identities, shares, pairs, logs, request, labels: 0 }
    }

    fn events(&self) -> Vec<Event> {
        std::mem::take(&mut self.book.lock().unwrap().events)
    }

    fn label(&mut self) -> [u8; 32] {
        self.labels += 1;
        [self.labels; 32]
    }

    fn start_setup(&mut self) -> Sessions {
        let label = self.label();
        Sessions([0, 1].map(|me: usize| {
            let (mut session, peer) = (null_mut(), SIGNERS[1 - me]);
            let (identity, share, log) = (self.identities[me], self.shares[me], self.logs[me]);
            ok(unsafe { cosigil_setup_start(identity, &mut session, share, log, peer, label.as_ptr(), 32) });
            session
        }))
    }

    fn start_signing_at(&self, me: usize, label: &[u8; 32], session: &mut *mut cosigil_session) -> i32 {
        let (identity, share, pairs) = (self.identities[me], self.shares[me], self.pairs[me]);
        let (log, request, name) = (self.logs[me], self.request, label.as_ptr());
        unsafe {
            cosigil_ecdsa_sign_start(identity, session, share, pairs, log, request, SIGNERS.as_ptr(), 2, name, 32)
        }
    }

    fn start_signing(&mut self) -> Sessions {
        let label = self.label();
        Sessions([0, 1].map(|me| {
            let mut session = null_mut();
            ok(self.start_signing_at(me, &label, &mut session));
            session
        }))
    }

    /// Carries messages until nothing is under way; what party 2 sends goes through `cheat`. Notes what becomes of it.
    fn run(&self, sessions: &Sessions, cheat: impl Fn(Vec<u8>) -> Vec<u8>) {
        let mut queue: VecDeque<(usize, Vec<u8>)> = VecDeque::new();
        let note = |event| self.book.lock().unwrap().events.push(event);
        let settle = |me: usize, queue: &mut VecDeque<(usize, Vec<u8>)>| {
            let (session, mut output) = (sessions.0[me], 0);
            ok(unsafe { cosigil_session_output(session, &mut output) });
            if output == COSIGIL_OUTPUT_PAIR {
                ok(unsafe { cosigil_pairs_take(self.pairs[me], session) });
            }
            ok(unsafe { cosigil_session_stored(session) });
            loop {
                let (mut to, mut message) = (0, cosigil_bytes::default());
                ok(unsafe { cosigil_session_take_message(session, &mut to, &mut message) });
                if message.data.is_null() {
                    return;
                }
                if me == 0 {
                    note(Event::Sent);
                }
                let bytes = take(message);
                queue.push_back((1 - me, if me == 1 { cheat(bytes) } else { bytes }));
            }
        };
        settle(0, &mut queue);
        settle(1, &mut queue);
        while let Some((to, bytes)) = queue.pop_front() {
            let mut progress = 0;
            let status = unsafe { cosigil_session_receive(sessions.0[to], &mut progress, bytes.as_ptr(), bytes.len()) };
            if to == 0 && ![COSIGIL_OK, COSIGIL_OVER].contains(&status) {
                note(Event::Status(status));
            }
            settle(to, &mut queue);
        }
    }

    /// An honest setup.
    fn set_up(&mut self) {
        let sessions = self.start_setup();
        self.run(&sessions, |bytes| bytes);
        assert_eq!([sessions.progress(0), sessions.progress(1)], [COSIGIL_FINISHED; 2]);
        sessions.free();
        self.events();
    }

    /// The peers with whom party 1 lacks a pair.
    fn missing(&self, pairs: *mut cosigil_pairs) -> Vec<u16> {
        let (mut parties, mut count) = ([0; 2], 0);
        ok(unsafe { cosigil_pairs_missing(pairs, parties.as_mut_ptr(), 2, &mut count, self.shares[0]) });
        parties[..count].to_vec()
    }

    fn free(self) -> Vec<Event> {
        self.identities.into_iter().for_each(|one| ok(unsafe { cosigil_identity_free(one) }));
        self.shares.into_iter().for_each(|one| ok(unsafe { cosigil_key_share_free(one) }));
        self.pairs.into_iter().for_each(|one| ok(unsafe { cosigil_pairs_free(one) }));
        self.logs.into_iter().for_each(|one| ok(unsafe { cosigil_burn_log_free(one) }));
        ok(unsafe { cosigil_request_free(self.request) });
        self.events()
    }
}

/// A session of party 1, and one of party 2.
struct Sessions([*mut cosigil_session; 2]);

impl Sessions {
    fn progress(&self, me: usize) -> u32 {
        let mut progress = 0;
        ok(unsafe { cosigil_session_progress(self.0[me], &mut progress) });
        progress
    }

    /// Fault and culprits, at party 1.
    fn abort(&self) -> (i32, Vec<u16>) {
        let (mut fault, mut parties, mut count) = (0, [0; 2], 0);
        ok(unsafe { cosigil_session_fault(self.0[0], &mut fault) });
        ok(unsafe { cosigil_session_culprits(self.0[0], parties.as_mut_ptr(), 2, &mut count) });
        (fault, parties[..count].to_vec())
    }

    /// Kind, party and pair of each consequence, at party 1.
    fn consequences(&self) -> Vec<(i32, u16, Option<[u8; 32]>)> {
        let nth = |number| {
            let (mut kind, mut party, mut pair) = (0, 0, cosigil_bytes::default());
            let status = unsafe { cosigil_session_consequence(self.0[0], &mut kind, &mut party, &mut pair, number) };
            if status == COSIGIL_NOT_THERE {
                return None;
            }
            ok(status);
            let pair = if pair.data.is_null() { None } else { Some(take(pair).try_into().unwrap()) };
            Some((kind, party, pair))
        };
        (0..).map_while(nth).collect()
    }

    fn free(self) {
        self.0.into_iter().for_each(|one| ok(unsafe { cosigil_session_free(one) }));
    }
}

/// An extension of OT that is wrong in one bit: its check fails at party 1.
fn wrong_extension() -> impl Fn(Vec<u8>) -> Vec<u8> {
    flip(1, 2, 100)
}

/// All-but-one OTs that are wrong in one bit: the check of the setup fails at party 1.
fn wrong_setup() -> impl Fn(Vec<u8>) -> Vec<u8> {
    flip(2, 1, 97)
}

/// O-24: the burn is on record before anybody hears of it, nothing leaves after the check, and the pair is dead for ever.
#[test]
fn o_24_a_burn_is_on_record_before_it_is_told() {
    let mut team = Pair::new();
    team.set_up();
    let former = bytes_of(&team);
    let other = team.start_signing();
    let sessions = team.start_signing();
    team.run(&sessions, wrong_extension());
    let events = team.events();
    let [Event::Sent, Event::Sent, Event::Burn(pair, 2, true), Event::Status(COSIGIL_BURNED)] = events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(sessions.progress(0), COSIGIL_ENDED);
    assert_eq!(sessions.abort(), (COSIGIL_FAULT_BAD_EXTENSION, vec![2]));
    assert_eq!(sessions.consequences(), [(COSIGIL_CONSEQUENCE_BURNED, 2, Some(pair))]);
    let mut progress = 0;
    let again = unsafe { cosigil_session_receive(sessions.0[0], &mut progress, [0u8; 9].as_ptr(), 9) };
    assert_eq!((again, sessions.progress(0)), (COSIGIL_OVER, COSIGIL_ENDED));

    // Another session on the pair lets nothing more out, and blames nobody.
    team.run(&other, |bytes| bytes);
    assert_eq!(team.events(), [Event::Sent, Event::Sent, Event::Status(COSIGIL_PAIR_BURNED)]);
    assert_eq!(other.abort(), (COSIGIL_FAULT_PAIR_BURNED, Vec::new()));
    assert_eq!(other.consequences(), []);
    assert_eq!(other.progress(0), COSIGIL_ENDED);

    // No session starts, and what was stored before the burn does not bring the pair back.
    let (label, mut none, mut old) = (team.label(), null_mut(), null_mut());
    assert_eq!(team.start_signing_at(0, &label, &mut none), COSIGIL_SETUP_NEEDED);
    assert_eq!(team.missing(team.pairs[0]), [2]);
    let (share, log) = (team.shares[0], team.logs[0]);
    ok(unsafe { cosigil_pairs_from_bytes(share, &mut old, log, 1, former.as_ptr(), former.len()) });
    assert_eq!(team.missing(old), [2]);
    ok(unsafe { cosigil_pairs_free(old) });
    let status = unsafe { cosigil_pairs_from_bytes(share, &mut old, log, 2, former.as_ptr(), former.len()) };
    assert_eq!(status, COSIGIL_OLDER_GENERATION);

    // The strike goes into the share; an operator may forgive it; after a new setup the two sign.
    let (mut noted, mut count) = (null_mut(), 0);
    ok(unsafe { cosigil_key_share_with_strikes(share, &mut noted, log) });
    ok(unsafe { cosigil_key_share_strikes(noted, &mut count, 2) });
    assert_eq!(count, 1);
    ok(unsafe { cosigil_key_share_free(noted) });
    ok(unsafe { cosigil_hazmat_forgive(log, share, 2) });
    assert_eq!(team.events(), [Event::Forgive(2)]);
    team.set_up();
    let third = team.start_signing();
    team.run(&third, |bytes| bytes);
    assert_eq!(third.progress(0), COSIGIL_FINISHED | COSIGIL_OUTPUT);
    [sessions, other, third].into_iter().for_each(Sessions::free);
    assert!(team.free().ends_with(&[Event::Released]));
}

fn bytes_of(team: &Pair) -> Vec<u8> {
    let (mut out, mut generation) = (cosigil_bytes::default(), 0);
    ok(unsafe { cosigil_pairs_to_bytes(team.pairs[0], &mut out, &mut generation) });
    assert_eq!(generation, 1);
    take(out)
}

/// O-24: a log that cannot write: the pair is dead all the same, and it is said that it is not on record.
#[test]
fn o_24_a_burn_that_is_not_recorded() {
    let mut team = Pair::new();
    team.set_up();
    let sessions = team.start_signing();
    team.book.lock().unwrap().fails = true;
    team.run(&sessions, wrong_extension());
    let events = team.events();
    let [.., Event::Burn(_, 2, false), Event::Status(status)] = events[..] else { panic!("{events:?}") };
    assert_eq!((status, sessions.progress(0)), (COSIGIL_NOT_RECORDED, COSIGIL_ENDED));
    assert_eq!(sessions.abort(), (COSIGIL_FAULT_BAD_EXTENSION, vec![2]));
    assert_eq!(sessions.consequences(), [(COSIGIL_CONSEQUENCE_NOT_RECORDED, 2, None)]);
    let (label, mut none) = (team.label(), null_mut());
    assert_eq!(team.start_signing_at(0, &label, &mut none), COSIGIL_SETUP_NEEDED);
    sessions.free();
    team.free();
}

/// O-25: a failed setup costs a strike, on record before it is told; after three an operator decides.
#[test]
fn o_25_strikes_are_on_record_before_they_are_told() {
    let mut team = Pair::new();
    for _ in 0..3 {
        let sessions = team.start_setup();
        team.run(&sessions, wrong_setup());
        let events = team.events();
        let [.., Event::Strike(2, true), Event::Status(COSIGIL_STRUCK)] = events[..] else { panic!("{events:?}") };
        assert_eq!(sessions.progress(0), COSIGIL_ENDED);
        assert_eq!(sessions.abort(), (COSIGIL_FAULT_SETUP_FAILED, vec![2]));
        assert_eq!(sessions.consequences(), [(COSIGIL_CONSEQUENCE_STRIKE, 2, None)]);
        sessions.free();
    }
    let (label, mut none) = (team.label(), null_mut());
    let (identity, share, log) = (team.identities[0], team.shares[0], team.logs[0]);
    let status = unsafe { cosigil_setup_start(identity, &mut none, share, log, 2, label.as_ptr(), 32) };
    assert_eq!(status, COSIGIL_OPERATOR_NEEDED);
    ok(unsafe { cosigil_hazmat_forgive(log, share, 2) });
    let sessions = team.start_setup();
    team.book.lock().unwrap().fails = true;
    team.run(&sessions, wrong_setup());
    let events = team.events();
    let [.., Event::Strike(2, false), Event::Status(COSIGIL_NOT_RECORDED)] = events[..] else { panic!("{events:?}") };
    assert_eq!(sessions.consequences(), [(COSIGIL_CONSEQUENCE_NOT_RECORDED, 2, None)]);
    sessions.free();
    team.free();
}
