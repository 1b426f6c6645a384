//! CRIU stops each restored process at a breakpoint. The first breakpoint that anybody on the machine sets makes the kernel
//! switch on what counts events of tasks, and wait until no processor can have missed it: some ten milliseconds, in the
//! middle of a restore. As long as somebody counts, even if nothing, the next breakpoints cost nothing.

use std::os::fd::{FromRawFd, OwnedFd};

const SOFTWARE: u64 = 1;
const DUMMY: u64 = 9;
const DISABLED: u64 = 1;
const EXCLUDE_KERNEL: u64 = 1 << 5;
const CLOSE_ON_EXEC: libc::c_ulong = 8;

/// Waits now instead, until the descriptor is closed. `None` where it is not allowed: a restore waits then.
pub fn prepare() -> Option<OwnedFd> {
    // `struct perf_event_attr` of `linux/perf_event.h`, in its first and shortest form: type and size, config, then zeros
    // but for the flags.
    let mut attributes = [0u64; 8];
    attributes[0] = SOFTWARE | (size_of_val(&attributes) as u64) << 32;
    attributes[1] = DUMMY;
    attributes[5] = DISABLED | EXCLUDE_KERNEL;
    // SAFETY: the kernel reads as many bytes as the attributes say they are; the descriptor is new and ours.
    unsafe {
        let fd = libc::syscall(libc::SYS_perf_event_open, attributes.as_ptr(), 0, -1, -1, CLOSE_ON_EXEC);
        (fd >= 0).then(|| OwnedFd::from_raw_fd(fd as i32))
    }
}
