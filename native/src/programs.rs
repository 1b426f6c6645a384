//! Programs that the adapter starts and waits for.
//!
//! 1. A thread of its own waits for each, because the kernel's wait blocks; its end comes through `ended`, and the poll
//!    is woken.
//! 2. A program that was started counts as something that can still happen until its end was taken.

use crate::failure::Failure;
use mio::Waker;
use std::cell::Cell;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

pub struct Programs {
    waker: Arc<Waker>,
    sender: Sender<(u32, i32)>,
    receiver: Receiver<(u32, i32)>,
    last: Cell<u32>,
    running: Cell<usize>,
}

impl Programs {
    pub fn new(waker: Arc<Waker>) -> Programs {
        let (sender, receiver) = channel();
        Programs { waker, sender, receiver, last: Cell::new(0), running: Cell::new(0) }
    }

    /// Starts a program with this process's output and variables; its number.
    pub fn start(&self, file: &str, arguments: &[String]) -> Result<u32, Failure> {
        let mut child = Command::new(file).args(arguments).stdin(Stdio::null()).spawn().map_err(|error| {
            let mut failure = Failure::new("spawn", &error);
            failure.message = format!("{} {file}", failure.message);
            failure
        })?;
        let id = self.last.get().wrapping_add(1);
        self.last.set(id);
        let (sender, waker) = (self.sender.clone(), Arc::clone(&self.waker));
        let waiting = thread::Builder::new().stack_size(64 * 1024).spawn(move || {
            let status = child.wait().map_or(-1, number_of);
            let _ = sender.send((id, status));
            let _ = waker.wake();
        });
        waiting.map_err(|error| Failure::new("thread", &error))?;
        self.running.set(self.running.get() + 1);
        Ok(id)
    }

    /// A program that ended: its number and its status.
    pub fn ended(&self) -> Option<(u32, i32)> {
        let ended = self.receiver.try_recv().ok()?;
        self.running.set(self.running.get() - 1);
        Some(ended)
    }

    pub fn is_empty(&self) -> bool {
        self.running.get() == 0
    }
}

/// Its exit status; the number of its signal and 128 more, as shells have it.
fn number_of(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}
