//! Pipes for the output of the pod's programs. Whoever started the pod opens the reading ends by way of `/proc/PID/fd`:
//! a pipe, unlike a socket pair, can be given to a restored copy in the place of the one that was dumped.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use crate::{Failure, checked};

pub struct Outlet {
    pub reading: Option<OwnedFd>,
    pub writing: Option<OwnedFd>,
}

pub fn outlets(count: usize) -> Result<Vec<Outlet>, Failure> {
    (0..count).map(|_| outlet()).collect()
}

fn outlet() -> Result<Outlet, Failure> {
    let mut ends: [RawFd; 2] = [-1; 2];
    // SAFETY: room for two; both are new and ours.
    unsafe {
        checked(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), "make a pipe")?;
        Ok(Outlet {
            reading: Some(OwnedFd::from_raw_fd(ends[0])),
            writing: Some(OwnedFd::from_raw_fd(ends[1])),
        })
    }
}

impl Outlet {
    /// As `/proc/PID/fd/N` names the pipe.
    pub fn name(&self) -> String {
        let Some(writing) = &self.writing else { return String::new() };
        // SAFETY: all zeros is a valid result to be filled.
        let mut stat: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: the descriptor is open, the result ours.
        unsafe { libc::fstat(writing.as_raw_fd(), &mut stat) };
        format!("pipe:[{}]", stat.st_ino)
    }
}
