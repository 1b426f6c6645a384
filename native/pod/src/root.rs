//! The root of the process tree that is dumped. It owns what must be inside the tree and yet is served from outside:
//! the listening sockets at 127.0.0.1:PORT, and, while a dump runs, the accepted connections, so that both ends of each
//! are frozen together. It starts the programs, as their parent, and tells how they end.
//!
//!  (1) It answers one controller at a time; the next one waits, and finds the exits that nobody was told of.
//!  (2) It never ends by itself: process 1 ends it with the pod.

use std::collections::VecDeque;
use std::ffi::CString;
use std::fs::File;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::control::{Control, ControlListener};
use crate::namespaces::strings;
use crate::{Failure, checked, descriptors, seccomp};

struct Root {
    listeners: Vec<(u16, TcpListener)>,
    parked: VecDeque<(String, OwnedFd)>,
    ended: VecDeque<Value>,
}

pub fn run(ports: &[&str], filtered: bool) -> Result<u8, Failure> {
    if filtered {
        seccomp::hide_io_uring()?;
    }
    let mut listeners = Vec::new();
    for port in ports {
        let port = port.parse::<u16>()?;
        let listener = TcpListener::bind(("127.0.0.1", port))
            .map_err(|error| format!("listen at 127.0.0.1:{port}: {error}"))?;
        listeners.push((port, listener));
    }
    let mut root = Root { listeners, parked: VecDeque::new(), ended: VecDeque::new() };
    let controls = ControlListener::open()?;
    let children = child_signals()?;
    let mut control: Option<Control> = None;
    loop {
        let second = control.as_ref().map_or(controls.raw(), Control::raw);
        let ready = descriptors::readable(&[children.as_raw_fd(), second])?;
        if ready[0] {
            clear(&children);
            root.reap();
        }
        if ready[1] {
            match &control {
                None => control = Some(controls.accept()?),
                Some(connected) => match connected.receive()? {
                    None => control = None,
                    Some((message, arrived)) => root.obey(connected, &message, arrived)?,
                },
            }
        }
        if let Some(connected) = &control {
            // Invariant 1: kept until somebody took it.
            while let Some(exit) = root.ended.front() {
                if connected.send(exit, &[]).is_err() {
                    break;
                }
                root.ended.pop_front();
            }
        }
    }
}

impl Root {
    fn obey(&mut self, control: &Control, message: &Value, mut arrived: Vec<OwnedFd>) -> Result<(), Failure> {
        let reply = |mut value: Value, beside: &[RawFd]| {
            value["id"] = message["id"].clone();
            control.send(&value, beside)
        };
        match message["do"].as_str() {
            Some("listeners") => {
                for (port, listener) in &self.listeners {
                    reply(json!({ "port": port }), &[listener.as_raw_fd()])?;
                }
                reply(json!({ "done": true }), &[])?;
            }
            Some("spawn") => match spawn(message, arrived) {
                Ok(pid) => reply(json!({ "pid": pid }), &[])?,
                Err(error) => {
                    reply(json!({ "error": error.raw_os_error(), "message": error.to_string() }), &[])?
                }
            },
            Some("park") => {
                let label = message["label"].as_str().unwrap_or_default().to_owned();
                if let Some(connection) = arrived.pop() {
                    self.parked.push_back((label, connection));
                }
                reply(json!({}), &[])?;
            }
            Some("take") => {
                // One packet each, then the last without: the receiver can tell them apart.
                while let Some((label, connection)) = self.parked.pop_front() {
                    reply(json!({ "label": label }), &[connection.as_raw_fd()])?;
                }
                reply(json!({ "done": true }), &[])?;
            }
            _ => reply(json!({ "message": "unknown order" }), &[])?,
        }
        Ok(())
    }

    fn reap(&mut self) {
        loop {
            let mut status = 0;
            // SAFETY: the status is ours.
            let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
            if pid <= 0 {
                return;
            }
            self.ended.push_back(exit_of(pid, status));
        }
    }
}

pub fn exit_of(pid: i32, status: i32) -> Value {
    if libc::WIFSIGNALED(status) {
        json!({ "exit": pid, "signal": libc::WTERMSIG(status) })
    } else {
        json!({ "exit": pid, "status": libc::WEXITSTATUS(status) })
    }
}

/// In a session of its own; stdout and stderr are what came beside the order.
fn spawn(message: &Value, arrived: Vec<OwnedFd>) -> std::io::Result<u32> {
    let mut words = strings(&message["argv"]);
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).env_clear().stdin(Stdio::null());
    for (name, value) in message["env"].as_object().into_iter().flatten() {
        command.env(name, value.as_str().unwrap_or_default());
    }
    if let Some(directory) = message["cwd"].as_str() {
        command.current_dir(directory);
    }
    let mut outputs = arrived.into_iter();
    command.stdout(outputs.next().map_or(Stdio::null(), Stdio::from));
    command.stderr(outputs.next().map_or(Stdio::null(), Stdio::from));
    // SAFETY: both calls are async-signal-safe.
    unsafe {
        command.pre_exec(|| {
            let none: libc::sigset_t = std::mem::zeroed();
            libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
            if libc::setsid() < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
        });
    }
    Ok(command.spawn()?.id())
}

/// SIGCHLD as something that can be read.
pub fn child_signals() -> Result<File, Failure> {
    // SAFETY: the set is ours; the descriptor is new and ours.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGCHLD);
        checked(libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()), "block SIGCHLD")?;
        let fd = libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
        Ok(File::from_raw_fd(checked(fd, "make a signalfd")?))
    }
}

pub fn clear(signals: &File) {
    let mut buffer = [0u8; 512];
    // One is all there is: a blocked signal is pending once.
    let _ = std::io::Read::read(&mut &*signals, &mut buffer);
}

/// Becomes the root: in a session of its own, nothing inherited but what it opens itself. For a freshly forked child.
pub fn become_root(
    program: &str,
    ports: &[u16],
    filtered: bool,
) -> Result<std::convert::Infallible, Failure> {
    let file = CString::new(program)?;
    let ports: Vec<CString> =
        ports.iter().map(|port| CString::new(port.to_string())).collect::<Result<_, _>>()?;
    let (name, word) = (c"anylambda-pod", if filtered { c"root" } else { c"plain-root" });
    // SAFETY: plain calls; the strings live; the lists end with a null pointer.
    unsafe {
        checked(libc::setsid(), "setsid")?;
        let nothing = checked(libc::open(c"/dev/null".as_ptr(), libc::O_RDWR), "open /dev/null")?;
        for standard in 0..3 {
            libc::dup2(nothing, standard);
        }
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0);
        let none: libc::sigset_t = std::mem::zeroed();
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
        let mut arguments = vec![name.as_ptr(), word.as_ptr()];
        arguments.extend(ports.iter().map(|port| port.as_ptr()));
        arguments.push(std::ptr::null());
        let variables = [std::ptr::null()];
        libc::execve(file.as_ptr(), arguments.as_ptr(), variables.as_ptr());
    }
    Err(crate::failed(&format!("exec {program}")))
}
