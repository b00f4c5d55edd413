//! Reading what C gives, and writing what it gets.

use std::slice;

use cosigil::{Label, PartyId, Secret};
use zeroize::Zeroizing;

use crate::bytes::{cosigil_bytes, lend};
use crate::handle::{Handle, open};
use crate::status::*;

/// What an output is until there is something in it.
pub(crate) trait Blank: Copy {
    const BLANK: Self;
}

macro_rules! blank {
    ($($type:ty = $blank:expr),+) => { $(impl Blank for $type { const BLANK: Self = $blank; })+ };
}

blank!(u8 = 0, u16 = 0, u32 = 0, i32 = 0, u64 = 0, usize = 0);
blank!(cosigil_bytes = cosigil_bytes { data: std::ptr::null_mut(), len: 0, serial: 0 });

impl<H> Blank for *mut H {
    const BLANK: Self = std::ptr::null_mut();
}

/// An output: not null, blank, to be written once, at the end.
#[must_use = "an output is there to be written"]
pub(crate) struct Out<T>(*mut T);

impl<T: Blank> Out<T> {
    /// Blanks an output.
    ///
    /// # Safety
    /// Null, or valid for writes during the call, which nobody else does.
    pub(crate) unsafe fn clear(place: *mut T) -> Result<Self> {
        check(place)?;
        // SAFETY: valid for writes by contract, aligned as was checked.
        unsafe { place.write(T::BLANK) };
        Ok(Self(place))
    }

    /// What is at a place that is read and written.
    ///
    /// # Safety
    /// Null, or valid for reads during the call.
    pub(crate) unsafe fn read(place: *mut T) -> Result<T> {
        check(place)?;
        // SAFETY: valid for reads by contract, aligned as was checked.
        Ok(unsafe { place.read() })
    }

    pub(crate) fn put(self, value: T) {
        // SAFETY: `clear` has promised that the place is valid for writes during the call; an `Out` does not outlive it.
        unsafe { self.0.write(value) };
    }
}

impl Out<cosigil_bytes> {
    pub(crate) fn lend(self, bytes: impl Into<Zeroizing<Vec<u8>>>) {
        self.put(lend(bytes.into()));
    }
}

impl<H: Handle> Out<*mut H> {
    /// A handle for the object.
    pub(crate) fn open(self, object: H::Object) -> Result {
        self.put(open(object)?);
        Ok(())
    }
}

/// Blanks all outputs, then refuses those that are null.
macro_rules! outs {
    ($($name:ident),+) => {
        // SAFETY: by contract each is null or valid for writes, by nobody else, during the call.
        $(let $name = unsafe { crate::input::Out::clear($name) };)+
        $(let $name = $name?;)+
    };
}
pub(crate) use outs;

fn check<T>(pointer: *const T) -> Result {
    if pointer.is_null() {
        return Err(Failure::NULL);
    }
    if !pointer.is_aligned() {
        return Err(Failure::new(COSIGIL_MISALIGNED, "a pointer is not aligned"));
    }
    Ok(())
}

fn check_slice<T>(data: *const T, len: usize) -> Result {
    check(data)?;
    let fits = len.checked_mul(size_of::<T>()).is_some_and(|size| isize::try_from(size).is_ok());
    if len == 0 || !fits { Err(Failure::LENGTH) } else { Ok(()) }
}

/// Bytes, or ids, that the caller lends: at least one.
///
/// # Safety
/// Null, or `len` elements that nobody writes during the call.
pub(crate) unsafe fn given<'a, T>(data: *const T, len: usize) -> Result<&'a [T]> {
    check_slice(data, len)?;
    // SAFETY: `len` elements by contract; not null, aligned and not too long as was checked.
    Ok(unsafe { slice::from_raw_parts(data, len) })
}

/// Room that the caller lends, zeroed.
///
/// # Safety
/// Null, or `capacity` elements that nobody else touches during the call.
pub(crate) unsafe fn room<'a, T: Blank>(data: *mut T, capacity: usize) -> Result<&'a mut [T]> {
    check_slice(data, capacity)?;
    // SAFETY: as many elements by contract, aligned; writing zeros first, since they may be uninitialised.
    unsafe { data.write_bytes(0, capacity) };
    // SAFETY: `capacity` elements by contract, initialised now; not null, aligned and not too long as was checked.
    Ok(unsafe { slice::from_raw_parts_mut(data, capacity) })
}

/// Exactly so many bytes.
pub(crate) fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| Failure::LENGTH)
}

/// 32 bytes that are secret.
pub(crate) fn secret(bytes: &[u8]) -> Result<Secret<[u8; 32]>> {
    let mut secret = Secret::new([0; 32]);
    if bytes.len() != 32 {
        return Err(Failure::LENGTH);
    }
    secret.expose_mut().copy_from_slice(bytes);
    Ok(secret)
}

pub(crate) fn label(bytes: &[u8]) -> Result<Label> {
    Ok(Label::from_bytes(array(bytes)?))
}

pub(crate) fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| Failure::new(COSIGIL_TEXT, "a text is not UTF-8"))
}

/// Ids of parties.
pub(crate) fn ids(numbers: &[u16]) -> Result<Vec<PartyId>> {
    numbers.iter().map(|number| Ok(PartyId::new(*number)?)).collect()
}

/// Who runs a session, and its label.
///
/// # Safety
/// Each is null or as long as its number says, and nobody writes to it during the call.
pub(crate) unsafe fn crew(members: (*const u16, usize), name: (*const u8, usize)) -> Result<(Vec<PartyId>, Label)> {
    // SAFETY: the same contract.
    let members = ids(unsafe { given(members.0, members.1) }?)?;
    // SAFETY: the same contract.
    Ok((members, label(unsafe { given(name.0, name.1) }?)?))
}

/// Room for ids of parties.
pub(crate) struct Ids<'a>(&'a mut [u16]);

impl<'a> Ids<'a> {
    /// # Safety
    /// Null, or room for `capacity` ids that nobody else touches during the call.
    pub(crate) unsafe fn of(ids: *mut u16, capacity: usize) -> Result<Self> {
        // SAFETY: the same contract.
        Ok(Self(unsafe { room(ids, capacity) }?))
    }

    pub(crate) fn put(self, count: Out<usize>, ids: impl IntoIterator<Item = PartyId>) -> Result {
        let mut n = 0;
        let mut places = self.0.iter_mut();
        for id in ids {
            n += 1;
            if let Some(place) = places.next() {
                *place = id.get();
            }
        }
        let fits = n <= self.0.len();
        count.put(n);
        if fits { Ok(()) } else { Err(Failure::new(COSIGIL_TOO_SMALL, "there is more than the room given")) }
    }
}
