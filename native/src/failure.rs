//! Failures of the operating system, with the names that `errno.h` gives them.

use std::io;

pub struct Failure {
    pub code: String,
    pub message: String,
}

impl Failure {
    pub fn new(what: &str, error: &io::Error) -> Failure {
        let code = code_of(error);
        Failure { message: format!("{what} {code}"), code }
    }

    pub fn with_code(code: &str, message: String) -> Failure {
        Failure { code: code.into(), message }
    }
}

fn code_of(error: &io::Error) -> String {
    let Some(number) = error.raw_os_error() else {
        return "EIO".into();
    };
    NAMES
        .iter()
        .find(|(known, _)| *known == number)
        .map_or_else(|| format!("E{number}"), |(_, name)| (*name).into())
}

/// What sockets and programs answer with.
const NAMES: &[(i32, &str)] = &[
    (libc::ECONNREFUSED, "ECONNREFUSED"),
    (libc::ECONNRESET, "ECONNRESET"),
    (libc::EPIPE, "EPIPE"),
    (libc::ETIMEDOUT, "ETIMEDOUT"),
    (libc::EHOSTUNREACH, "EHOSTUNREACH"),
    (libc::ENETUNREACH, "ENETUNREACH"),
    (libc::ENETDOWN, "ENETDOWN"),
    (libc::EADDRNOTAVAIL, "EADDRNOTAVAIL"),
    (libc::EAFNOSUPPORT, "EAFNOSUPPORT"),
    (libc::ECONNABORTED, "ECONNABORTED"),
    (libc::ENOTCONN, "ENOTCONN"),
    (libc::EMFILE, "EMFILE"),
    (libc::ENFILE, "ENFILE"),
    (libc::ENOBUFS, "ENOBUFS"),
    (libc::ENOMEM, "ENOMEM"),
    (libc::EACCES, "EACCES"),
    (libc::EPERM, "EPERM"),
    (libc::EINVAL, "EINVAL"),
    (libc::ENOENT, "ENOENT"),
    (libc::ENOEXEC, "ENOEXEC"),
    (libc::ENOTDIR, "ENOTDIR"),
    (libc::E2BIG, "E2BIG"),
    (libc::EAGAIN, "EAGAIN"),
];
