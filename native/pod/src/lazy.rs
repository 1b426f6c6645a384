//! Pages that come when they are asked for. CRIU hands over a userfaultfd of every process it restores (`--lazy-pages`,
//! its `uffd.c`); from then on the pages that it has not read itself are put in from here, out of the mapped image, which
//! all copies share. What an earlier copy asked for is put in before it is asked for (`learnt.rs`).
//!
//!  (1) Every page of the image is served, whether its pagemap calls it lazy or not.
//!  (2) One event at a time, each wholly: see `uffd::read`. A fault that meets a change of the mappings is tried again
//!      after the change has been heard.
//!  (3) A page that was dropped, or never was, reads as zeros.
//!  (4) Whoever serves is a thread of process 1, and process 1 ends with it, and the pod with that: never does a process
//!      live on without its memory.
//!  (5) Nothing is put in but what somebody asked for, here or in an earlier copy, and a few neighbours: the image stays
//!      the only copy of the rest.
//!
//! The kernel tells of no mapping that becomes a guard (`MADV_GUARD_INSTALL`): if a page of the image becomes one and
//! then memory again, it has its old contents, not zeros. Nobody does that with memory in use.

use std::collections::{HashMap, VecDeque};
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::exit;
use std::sync::{Arc, Mutex};

use crate::learnt::{Learnt, Piece};
use crate::memory::{self, Memory};
use crate::pagemap::PAGE;
use crate::space::{Answer, Space};
use crate::uffd::{self, Event};
use crate::{Failure, descriptors};

/// CRIU's name for it, in its work directory.
const SOCKET: &str = "lazy-pages.socket";
const FINISHED: i32 = 0x5253_5446;
/// Neighbours that come with a page.
const BATCH: u64 = 16 * PAGE;
/// As long as nobody has learnt what is needed: what comes unasked is not known to be needed.
const LEARNING_BATCH: u64 = PAGE;

/// What is asked for of pages that are served.
#[derive(Default, Clone)]
pub struct Asked(Arc<Mutex<Learnt>>);

impl Asked {
    pub fn write(&self, directory: RawFd) -> Result<u64, Failure> {
        self.0.lock().map_err(|_| "the server of pages has failed")?.write(directory)
    }

    pub fn note(&self, piece: Piece) {
        // Poisoned: the process is about to end.
        if let Ok(mut learnt) = self.0.lock() {
            learnt.note(piece);
        }
    }
}

/// Begins to serve what CRIU, started from now on with this work directory, restores from the images. What was learnt lies
/// in `image`, if anything was.
pub fn serve(images: RawFd, work: RawFd, image: RawFd) -> Result<Asked, Failure> {
    uffd::probe().map_err(|error| format!("userfaultfd: {error}"))?;
    let listener = UnixListener::bind(format!("/proc/self/fd/{work}/{SOCKET}"))?;
    let asked = Asked::default();
    let mut server = Server {
        asked: asked.clone(),
        images,
        image,
        memories: HashMap::new(),
        batch: LEARNING_BATCH,
        wanted: VecDeque::new(),
        may_put: false,
        criu: None,
        spaces: Vec::new(),
        spaces_worth_a_look: 64,
    };
    std::thread::Builder::new().name("pages".into()).spawn(move || {
        if let Err(error) = server.run(&listener) {
            eprintln!("anylambda-pod: pages can not be served any more: {error}");
        }
        // Invariant 4.
        exit(70);
    })?;
    Ok(asked)
}

struct Server {
    asked: Asked,
    images: RawFd,
    image: RawFd,
    /// Of processes that CRIU has not made yet.
    memories: HashMap<i32, Memory>,
    batch: u64,
    /// What was learnt, and is not put in yet.
    wanted: VecDeque<Piece>,
    /// The mappings are where they belong.
    may_put: bool,
    criu: Option<UnixStream>,
    spaces: Vec<Space>,
    spaces_worth_a_look: usize,
}

impl Server {
    fn run(&mut self, listener: &UnixListener) -> Result<(), Failure> {
        loop {
            // While CRIU is at it, its socket is the first of them; before, the listening one.
            let first = match &self.criu {
                Some(criu) => criu.as_raw_fd(),
                None if self.spaces.is_empty() => listener.as_raw_fd(),
                None => -1,
            };
            let watched: Vec<RawFd> = std::iter::once(first)
                .chain(self.spaces.iter().map(|space| space.uffd.as_raw_fd()))
                .collect();
            let is_behind = self.spaces.iter().any(Space::is_behind);
            let is_idle = !is_behind && (!self.may_put || self.wanted.is_empty());
            if is_behind {
                // The thread that changes its mappings is about to be done.
                std::thread::yield_now();
            }
            let ready = descriptors::readable_within(&watched, if is_idle { -1 } else { 0 })?;
            if ready[0] {
                self.hear_criu(listener)?;
            }
            // From the last to the first: one that has ended makes room for one that was heard, or is new.
            for index in (0..ready.len() - 1).rev() {
                if ready[index + 1] || self.spaces[index].is_behind() {
                    self.hear(index)?;
                }
            }
            if self.may_put {
                self.put_next()?;
            }
            self.forget_the_dead();
        }
    }

    fn hear_criu(&mut self, listener: &UnixListener) -> Result<(), Failure> {
        let Some(criu) = &mut self.criu else {
            // It has read the image, and waits until a copy is wanted.
            self.criu = Some(listener.accept()?.0);
            return self.prepare();
        };
        let mut number = [0u8; 4];
        if criu.read_exact(&mut number).is_err() {
            // It has failed; whoever started it ends the pod.
            self.criu = None;
            return Ok(());
        }
        match i32::from_ne_bytes(number) {
            FINISHED => {
                self.criu = None;
                self.may_put = true;
            }
            // A process that had ended and is not reaped.
            pid if pid < 0 => {}
            pid => {
                let mut beside = Vec::new();
                descriptors::receive(criu.as_fd(), &mut [0u8; 1], &mut beside)?;
                let uffd = beside.pop().ok_or("CRIU sent no userfaultfd")?;
                // What has been learnt by now: this may have stood ready for long.
                self.recall();
                let memory = match self.memories.remove(&pid) {
                    Some(memory) => memory,
                    None => Memory::open(self.images, pid)?,
                };
                self.spaces.push(Space::new(uffd, Arc::new(memory)));
            }
        }
        Ok(())
    }

    /// What can be done before there is a process.
    fn prepare(&mut self) -> Result<(), Failure> {
        self.memories = memory::open_all(self.images)?;
        self.recall();
        for piece in &self.wanted {
            if let Some(memory) = self.memories.get(&piece.pid) {
                memory.look_up(piece.address, piece.pages);
            }
        }
        Ok(())
    }

    /// What was learnt stays as it is: once read, it is not read again.
    fn recall(&mut self) {
        if self.wanted.is_empty() {
            self.wanted = Learnt::read(self.image).into();
            self.batch = if self.wanted.is_empty() { LEARNING_BATCH } else { BATCH };
        }
    }

    /// Invariant 2.
    fn hear(&mut self, index: usize) -> Result<(), Failure> {
        loop {
            let space = &mut self.spaces[index];
            let event = uffd::read(&space.uffd)?;
            let is_all = event.is_none();
            match event {
                Some(Event::Fault(page)) => space.waiting.push_back(page),
                Some(Event::Remap { from, to, length }) => space.ranges_mut().shift(from, to, length),
                Some(Event::Remove { start, end }) => space.ranges_mut().remove(start, end),
                Some(Event::Fork(uffd)) => {
                    let child = space.child(uffd);
                    self.spaces.push(child);
                }
                None => {}
            }
            if let Answer::Gone = self.spaces[index].answer_all(self.batch, &self.asked)? {
                self.spaces.swap_remove(index);
                return Ok(());
            }
            if is_all {
                return Ok(());
            }
        }
    }

    /// A piece of what was learnt.
    fn put_next(&mut self) -> Result<(), Failure> {
        let Some(&piece) = self.wanted.front() else { return Ok(()) };
        let space = self.spaces.iter_mut().find(|space| space.is_first && space.memory.pid == piece.pid);
        match space.map(|space| space.put(piece)).transpose()? {
            // Its event is heard first.
            Some(Answer::Later) => {}
            _ => drop(self.wanted.pop_front()),
        }
        Ok(())
    }

    /// The kernel tells nobody when a process ends: looked for when there are twice as many as after the last look.
    fn forget_the_dead(&mut self) {
        if self.spaces.len() < self.spaces_worth_a_look {
            return;
        }
        self.spaces.retain(|space| uffd::is_alive(&space.uffd));
        self.spaces_worth_a_look = (self.spaces.len() * 2).max(64);
    }
}
