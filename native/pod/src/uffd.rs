//! The kernel's userfaultfd, as `linux/userfaultfd.h` has it: it tells of pages that are missing in another process and of
//! changes to its mappings, and puts pages in.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use crate::pagemap::PAGE;

const COPY: u64 = 0xc028_aa03;
const ZERO: u64 = 0xc020_aa04;
const WAKE: u64 = 0x8010_aa02;
const API: u64 = 0xc018_aa3f;

/// The events of forks, moves, drops and ends of mappings: without each of them a page could appear in a wrong place.
const NEEDED: u64 = 2 | 4 | 8 | 64;

pub enum Event {
    /// A thread waits for the page.
    Fault(u64),
    /// A child with the same memory, and its own faults.
    Fork(OwnedFd),
    Remap {
        from: u64,
        to: u64,
        length: u64,
    },
    /// Emptied, or not there any more.
    Remove {
        start: u64,
        end: u64,
    },
}

/// What became of an attempt to put pages in.
#[derive(Debug, PartialEq, Eq)]
pub enum Put {
    /// The first is there, and whoever waited for it runs; so many were put in.
    Done(u64),
    /// The first was there already.
    Exists,
    /// The mappings are changing: an event says how, and is to be heard first.
    Changing,
    /// They are not all in one mapping.
    Nowhere,
    /// The process has ended.
    Gone,
}

/// `Err` says why there is none of use here.
pub fn probe() -> io::Result<()> {
    // SAFETY: a new descriptor, ours alone.
    let fd = unsafe {
        let fd = libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | libc::O_NONBLOCK) as RawFd;
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        OwnedFd::from_raw_fd(fd)
    };
    let mut api = [0xaau64, NEEDED, 0];
    request(&fd, API, &mut api)
}

/// `None` when there is nothing more to be heard now. One at a time: a fault is answered before the next change is heard,
/// else pages would be put where they have been dropped.
pub fn read(fd: &OwnedFd) -> io::Result<Option<Event>> {
    let mut message = [0u64; 4];
    // SAFETY: as long as said.
    let length = unsafe { libc::read(fd.as_raw_fd(), message.as_mut_ptr().cast(), size_of_val(&message)) };
    if length < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::WouldBlock { Ok(None) } else { Err(error) };
    }
    let [kind, first, second, third] = message;
    Ok(match kind as u8 {
        0x12 => Some(Event::Fault(second & !(PAGE - 1))),
        // SAFETY: the kernel has just opened it for us.
        0x13 => Some(Event::Fork(unsafe { OwnedFd::from_raw_fd(first as u32 as RawFd) })),
        0x14 => Some(Event::Remap { from: first, to: second, length: third }),
        0x15 | 0x16 => Some(Event::Remove { start: first, end: second }),
        other => return Err(io::Error::other(format!("userfaultfd told of something unknown, {other:#x}"))),
    })
}

/// Copies whole pages.
pub fn copy(fd: &OwnedFd, to: u64, pages: &[u8]) -> io::Result<Put> {
    // dst, src, len, mode, copied
    let mut words = [to, pages.as_ptr() as u64, pages.len() as u64, 0, 0];
    let result = request(fd, COPY, &mut words);
    put(result, words[4])
}

pub fn zero(fd: &OwnedFd, to: u64, length: u64) -> io::Result<Put> {
    // start, len, mode, zeroed
    let mut words = [to, length, 0, 0];
    let result = request(fd, ZERO, &mut words);
    put(result, words[3])
}

/// Whoever waits for the page tries again.
pub fn wake(fd: &OwnedFd, page: u64) -> io::Result<()> {
    request(fd, WAKE, &mut [page, PAGE])
}

/// Whether there is still a process behind it.
pub fn is_alive(fd: &OwnedFd) -> bool {
    // There is never a mapping of ours so low: the answer is about the process.
    !matches!(zero(fd, 16 * PAGE, PAGE), Ok(Put::Gone))
}

/// Linux: how much was done, or the negative error of the first page.
fn put(result: io::Result<()>, done: u64) -> io::Result<Put> {
    let Err(error) = result else { return Ok(Put::Done(done / PAGE)) };
    if (done as i64) > 0 {
        return Ok(Put::Done(done / PAGE));
    }
    match error.raw_os_error() {
        Some(libc::EEXIST) => Ok(Put::Exists),
        Some(libc::EAGAIN) => Ok(Put::Changing),
        // No memory: somebody is being killed for it, and then there is.
        Some(libc::ENOMEM) => Ok(Put::Changing),
        Some(libc::ENOENT | libc::EINVAL) => Ok(Put::Nowhere),
        Some(libc::ESRCH) => Ok(Put::Gone),
        _ => Err(error),
    }
}

fn request<const N: usize>(fd: &OwnedFd, what: u64, words: &mut [u64; N]) -> io::Result<()> {
    // SAFETY: each request's structure is made of as many words as its callers above give it.
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), what as _, words.as_mut_ptr()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
