//! One file, three programs, told apart by the first argument:
//!
//! - `box CONFIG` makes the namespaces of a pod and is its process 1; obeys whoever started it over Node's own channel.
//! - `root PORT ...` is the root of the process tree that is dumped: holds the sockets, starts the programs.
//!   `plain-root` is the same without the filter of system calls, which only root can dump.
//! - `listen PID PORT` opens a listening socket in the network namespace of another process, and hands it out.

mod breakpoints;
mod channel;
mod control;
mod descriptors;
mod lazy;
mod learnt;
mod listen;
mod memory;
mod namespaces;
mod outlet;
mod pagemap;
mod pid1;
mod protobuf;
mod ranges;
mod restorer;
mod root;
mod seccomp;
mod space;
mod uffd;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    let ended = match words.as_slice() {
        ["box", config] => pid1::run(config),
        ["root", ports @ ..] => root::run(ports, true),
        ["plain-root", ports @ ..] => root::run(ports, false),
        ["listen", pid, port] => listen::run(pid, port),
        _ => {
            Err("usage: anylambda-pod box CONFIG | root PORT ... | plain-root PORT ... | listen PID PORT"
                .into())
        }
    };
    match ended {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("anylambda-pod: {error}");
            ExitCode::from(70)
        }
    }
}

/// What went wrong, as a sentence.
pub type Failure = Box<dyn std::error::Error>;

/// The last error of the system, with what was tried.
pub fn failed(what: &str) -> Failure {
    format!("{what}: {}", std::io::Error::last_os_error()).into()
}

/// The result of a system call, or the system's error with what was tried.
pub fn checked(result: i32, what: &str) -> Result<i32, Failure> {
    if result < 0 { Err(failed(what)) } else { Ok(result) }
}
