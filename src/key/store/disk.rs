//! Files that are whole or not there, and durable when a call returns.

extern crate std;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::StoreError;

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::AlreadyExists => StoreError::Absent,
            _ => StoreError::Failed,
        }
    }
}

/// The content of a file; `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err(StoreError::Failed),
    };
    // At its length at once: a growing buffer would leave copies behind.
    let length = file.metadata()?.len();
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1));
    file.read_to_end(&mut content).map_err(|_| StoreError::Failed)?;
    Ok(Some(content))
}

/// How a file or folder is flushed to the disk.
pub(crate) type Flush = fn(&File) -> std::io::Result<()>;

/// Makes a file that is not there yet, for this user alone. Its content is on the disk afterwards; its name is when the
/// folder is.
pub(crate) fn create(path: &Path, content: &[u8], flush: Flush) -> std::io::Result<()> {
    write(&mut options().create_new(true).open(path)?, content, flush)
}

/// Writes, and has what was written on the disk.
pub(crate) fn write(file: &mut File, content: &[u8], flush: Flush) -> std::io::Result<()> {
    file.write_all(content)?;
    flush(file)
}

/// Puts other content in the place of a file, all of it or nothing.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    fs::rename(write_draft(path, content)?, path)?;
    sync_folder(path)
}

/// A synced file beside `path`, for this user alone.
pub(crate) fn write_draft(path: &Path, content: &[u8]) -> Result<PathBuf, StoreError> {
    let draft = beside(path, ".draft");
    // What is there may be readable by others, or a link to somewhere else.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    create(&draft, content, File::sync_all)?;
    Ok(draft)
}

/// The path with something at its end.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Makes a new name in the folder of `path` durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok(sync(folder.unwrap_or(Path::new(".")), File::sync_all)?)
}

/// Makes the names in a folder durable. Not every system lets a folder be opened for that.
pub(crate) fn sync(folder: &Path, flush: Flush) -> std::io::Result<()> {
    if cfg!(unix) { flush(&File::open(folder)?) } else { Ok(()) }
}

/// Writes zeros over a file that is open for writing, from its start. It may still be named or not.
pub(crate) fn wipe(file: &mut File) -> Result<(), StoreError> {
    use std::io::Seek;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
    file.rewind()?;
    Ok(write(file, &alloc::vec![0; length], File::sync_all)?)
}

/// To write a file that only this user can read.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Bytes as lowercase digits, for the names of files and for lines of text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 32 bytes from 64 lowercase digits.
pub(crate) fn unhex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    (hex(&bytes) == digits).then_some(bytes)
}
