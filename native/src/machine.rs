//! What the host's functions and the loop share.

use crate::names::Names;
use crate::programs::Programs;
use crate::sockets::Sockets;
use crate::timers::Timers;
use mio::net::UnixStream;
use mio::{Interest, Poll, Registry, Token, Waker};
use rquickjs::{Function, Persistent};
use signal_hook::consts::SIGTERM;
use signal_hook::low_level::pipe;
use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Instant;

/// Sockets are numbered from zero; these two are none of them.
pub const WAKE: Token = Token(usize::MAX);
pub const TERMINATE: Token = Token(usize::MAX - 1);

pub struct Machine {
    pub sockets: RefCell<Sockets>,
    pub timers: RefCell<Timers>,
    pub names: Names,
    pub programs: Programs,
    /// Called with what happened.
    pub handler: RefCell<Option<Persistent<Function<'static>>>>,
    pub started: Instant,
    registry: Registry,
    signals: RefCell<Option<UnixStream>>,
}

impl Machine {
    pub fn new(poll: &Poll) -> io::Result<Machine> {
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        Ok(Machine {
            sockets: RefCell::new(Sockets::new(poll.registry().try_clone()?)),
            timers: RefCell::default(),
            names: Names::new(Arc::clone(&waker)),
            programs: Programs::new(waker),
            handler: RefCell::default(),
            started: Instant::now(),
            registry: poll.registry().try_clone()?,
            signals: RefCell::default(),
        })
    }

    /// From here on SIGTERM is an event. Until then it ends the process.
    pub fn catch_terminate(&self) -> io::Result<()> {
        if self.signals.borrow().is_some() {
            return Ok(());
        }
        let (mut ours, theirs) = UnixStream::pair()?;
        self.registry.register(&mut ours, TERMINATE, Interest::READABLE)?;
        pipe::register(SIGTERM, std::os::fd::OwnedFd::from(theirs))?;
        self.signals.replace(Some(ours));
        Ok(())
    }

    /// Takes the signal's bytes out of the pipe, so that the next one is an event again.
    pub fn terminated(&self) {
        if let Some(signals) = self.signals.borrow_mut().as_mut() {
            let mut bytes = [0; 64];
            while signals.read(&mut bytes).is_ok_and(|length| length > 0) {}
        }
    }

    /// Nothing can happen any more.
    pub fn is_idle(&self) -> bool {
        self.sockets.borrow().is_empty() && self.timers.borrow().is_empty() && self.programs.is_empty()
    }
}

/// One line in one write, so that lines of several processes do not mix.
pub fn print(line: &[u8]) {
    let mut whole = Vec::with_capacity(line.len() + 1);
    whole.extend_from_slice(line);
    whole.push(b'\n');
    let mut out = io::stdout().lock();
    // A log that nobody takes is no reason to end.
    let _ = out.write_all(&whole).and_then(|()| out.flush());
}
