//! An allocator that looks for secrets in what is freed, and in what is not.
//!
//! It watches one thread. Every block that the thread frees is searched for the secrets it was told of, before
//! the memory goes back; every block that is still there can be searched at any time. Secrets are kept masked, so
//! that the scanner does not find its own.

#![allow(unsafe_code)] // an allocator

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, MutexGuard};

/// The global allocator of this test binary.
pub struct Scanner;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    /// This thread is at the scanner's own state, whose blocks are none of its business.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Halves of 32 bytes are looked for each by itself: a part that is left is a leak too.
const WINDOW: usize = 16;
const MASK: u8 = 0x5a;
/// No more are reported.
const MOST: usize = 12;

#[derive(Default)]
struct State {
    /// Address and size.
    live: BTreeMap<usize, usize>,
    /// Masked window to names.
    secrets: HashMap<[u8; WINDOW], BTreeSet<String>>,
    /// The first two bytes of all windows.
    first: Vec<bool>,
    findings: Vec<String>,
}

static STATE: LazyLock<Mutex<State>> = LazyLock::new(|| Mutex::new(State::default()));

fn with_state<T>(run: impl FnOnce(&mut State) -> T) -> T {
    let before = INSIDE.replace(true);
    let mut state: MutexGuard<'static, State> = STATE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let result = run(&mut state);
    drop(state);
    INSIDE.set(before);
    result
}

/// Runs with the scanner off: what is allocated or freed in here is not looked at.
pub fn quietly<T>(run: impl FnOnce() -> T) -> T {
    let before = WATCHED.replace(false);
    let result = run();
    WATCHED.set(before);
    result
}

/// Runs with the scanner on.
pub fn watching<T>(run: impl FnOnce() -> T) -> T {
    WATCHED.set(true);
    let result = run();
    WATCHED.set(false);
    result
}

/// Looks for these bytes from now on, under this name.
pub fn look_for(name: &str, bytes: &[u8]) {
    with_state(|state| {
        state.first.resize(1 << 16, false);
        for window in bytes.chunks_exact(WINDOW) {
            if window.iter().all(|byte| *byte == window[0]) {
                continue;
            }
            state.first[usize::from(u16::from_le_bytes([window[0], window[1]]))] = true;
            let mut masked: [u8; WINDOW] = window.try_into().unwrap();
            masked.iter_mut().for_each(|byte| *byte ^= MASK);
            state.secrets.entry(masked).or_default().insert(name.to_owned());
        }
    });
}

/// Forgets everything.
pub fn forget() {
    with_state(|state| *state = State::default());
}

/// The names of the secrets that some block still holds, each with the number of blocks.
pub fn live() -> BTreeMap<String, usize> {
    with_state(|state| {
        let mut count = BTreeMap::new();
        for (address, size) in &state.live {
            // SAFETY: the block was allocated and not freed, by this thread alone, which is here.
            let names = unsafe { state.names_in(*address as *const u8, *size) };
            names.into_iter().for_each(|name| *count.entry(name).or_default() += 1);
        }
        count
    })
}

/// What was found in freed blocks since the last call.
pub fn findings() -> Vec<String> {
    with_state(|state| core::mem::take(&mut state.findings))
}

impl State {
    /// # Safety
    /// The block is allocated, and nobody writes to it.
    unsafe fn names_in(&self, block: *const u8, size: usize) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        if self.secrets.is_empty() || size < WINDOW {
            return names;
        }
        // Padding may never have been written; whatever is there is looked at byte by byte.
        // SAFETY: all offsets are inside the block.
        let byte = |offset: usize| unsafe { block.add(offset).read_volatile() };
        let mut low = byte(0);
        for offset in 0..=size - WINDOW {
            let high = byte(offset + 1);
            if self.first[usize::from(u16::from_le_bytes([low, high]))] {
                let window = core::array::from_fn(|k| byte(offset + k) ^ MASK);
                names.extend(self.secrets.get(&window).into_iter().flatten().cloned());
            }
            low = high;
        }
        names
    }
}

impl State {
    fn report(&mut self, names: &BTreeSet<String>, size: usize) {
        if names.is_empty() || self.findings.len() == MOST {
            return;
        }
        let trace = Backtrace::force_capture().to_string();
        let lines: Vec<&str> = trace.lines().map(str::trim).collect();
        let of_interest = |line: &&&str| {
            ["cosigil", "wiped", "curve25519", "k256", "p256", "crypto"].iter().any(|name| line.contains(name))
        };
        let place: Vec<&str> = lines.iter().filter(of_interest).copied().take(30).collect();
        self.findings.push(format!("{names:?} in a freed block of {size} bytes:\n  {}", place.join("\n  ")));
    }
}

// SAFETY: all memory is the system allocator's, by the same layouts; `realloc` is the default, which copies, so that
// what a growing buffer leaves behind is seen.
unsafe impl GlobalAlloc for Scanner {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's.
        let block = unsafe { System.alloc(layout) };
        if WATCHED.get() && !INSIDE.get() && !block.is_null() {
            with_state(|state| state.live.insert(block as usize, layout.size()));
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !INSIDE.get() {
            with_state(|state| {
                state.live.remove(&(block as usize));
                if WATCHED.get() {
                    // SAFETY: the caller frees it, so nobody else has it.
                    let names = unsafe { state.names_in(block, layout.size()) };
                    state.report(&names, layout.size());
                }
            });
        }
        // What is freed may come back in a block that is not written to at once: it must not bring old secrets, of
        // this scanner or of a run that was not watched. Volatile: the compiler knows that nobody reads what is freed.
        // SAFETY: the block is still ours, and goes back to where it came from.
        unsafe {
            (0..layout.size()).for_each(|offset| block.add(offset).write_volatile(0));
            System.dealloc(block, layout);
        }
    }
}
