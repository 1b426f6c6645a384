//! The machine the adapter runs on where there is no Node. It knows bytes, sockets and time, not Lambda: that is the
//! TypeScript inside (`packages/adapter`), which meets it as the global object `host`.

mod brotli;
mod bundles;
mod bytes;
#[cfg(test)]
mod checks;
mod compression;
mod engine;
mod failure;
mod host;
mod http;
mod json;
mod machine;
mod messages;
mod names;
mod positions;
mod programs;
mod relay;
mod sockets;
mod stream;
mod timers;

use engine::Engine;
use machine::{Machine, TERMINATE, WAKE};
use mio::{Events, Poll};
use std::error::Error;
use std::io::ErrorKind;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// The kinds of what happens, as `host.ts` numbers them.
const SOCKET: u32 = 0;
const TIMER: u32 = 1;
const SIGTERM: u32 = 2;
const PROGRAM: u32 = 3;

/// The kernel's own limit for a wait lies at 24 days; nothing is lost by waking once an hour.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            machine::print(format!("ERROR The adapter cannot start: {error}").as_bytes());
            ExitCode::from(70)
        }
    }
}

/// What the engine with the adapter in it takes up to the first call, a little less: each page of it is touched.
const FIRST_BYTES: usize = 640 * 1024;

/// Asks the kernel once for pages that would be a fault each, which is a tenth of the start.
fn take_first_pages() {
    let mut bytes: Vec<u8> = Vec::with_capacity(FIRST_BYTES);
    let start = bytes.as_mut_ptr();
    let whole_pages = start.align_offset(PAGE_BYTES);
    // SAFETY: whole pages of a block that is ours and holds nothing yet; a kernel before 5.14 says no, and faults come.
    unsafe {
        libc::madvise(
            start.add(whole_pages).cast(),
            (FIRST_BYTES - whole_pages) & !(PAGE_BYTES - 1),
            libc::MADV_POPULATE_WRITE,
        )
    };
}

const PAGE_BYTES: usize = 4096;

fn run() -> Result<(), Box<dyn Error>> {
    take_first_pages();
    let mut poll = Poll::new()?;
    let machine = Rc::new(Machine::new(&poll)?);
    let engine = Engine::new(Rc::clone(&machine))?;
    engine.start();

    let mut events = Events::with_capacity(128);
    while !machine.is_idle() {
        let wait = machine.timers.borrow().wait(Instant::now()).map(|wait| wait.min(LONGEST_WAIT));
        match poll.poll(&mut events, wait) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
        for event in &events {
            match event.token() {
                WAKE => {
                    hear_names(&machine, &engine);
                    while let Some((id, status)) = machine.programs.ended() {
                        engine.tell_of(PROGRAM, id as usize, status);
                    }
                }
                TERMINATE => {
                    machine.terminated();
                    engine.tell(SIGTERM, 0);
                }
                token => {
                    let known = machine.sockets.borrow_mut().note(token.0, event);
                    if known {
                        engine.tell(SOCKET, token.0);
                    }
                }
            }
        }
        let now = Instant::now();
        loop {
            let due = machine.timers.borrow_mut().take_due(now);
            let Some(id) = due else { break };
            engine.tell(TIMER, id as usize);
        }
    }
    Ok(())
}

fn hear_names(machine: &Machine, engine: &Engine) {
    while let Some((id, serial, addresses)) = machine.names.answer() {
        machine.sockets.borrow_mut().resolved(id, serial, addresses);
        engine.tell(SOCKET, id);
    }
}
