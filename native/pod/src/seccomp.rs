//! io_uring answers ENOSYS, as on old kernels: a ring cannot be dumped, and libuv and others then use epoll.

use crate::{Failure, checked};

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

/// `io_uring_setup`: the same number on every architecture. Without it the other two calls have nothing to work on.
const IO_URING_SETUP: u32 = 425;

/// For this process and all it starts from now on.
pub fn hide_io_uring() -> Result<(), Failure> {
    let load = |offset: u32| statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset);
    let skip_unless = |value: u32, past: u8| libc::sock_filter {
        code: (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16,
        jt: 0,
        jf: past,
        k: value,
    };
    let answer = |value: u32| statement(libc::BPF_RET | libc::BPF_K, value);
    let mut filter = [
        load(4),
        skip_unless(ARCHITECTURE, 3),
        load(0),
        skip_unless(IO_URING_SETUP, 1),
        answer(libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
        answer(libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the program lives through the call, which copies it.
    let result =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) };
    checked(result as i32, "install the filter of system calls")?;
    Ok(())
}

fn statement(code: u32, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt: 0, jf: 0, k }
}
