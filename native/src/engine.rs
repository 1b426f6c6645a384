//! The JavaScript engine with the adapter inside.
//!
//! 1. After every call into JavaScript all its promises' jobs have run.
//! 2. What a circle holds is collected after so many bytes of bodies as well, which the engine does not see: else a body or
//!    two more of garbage would now and then make the process larger, for ever.
//! 3. An exception that nobody caught, a rejected promise that nobody handles, ends the process with one line.

use crate::bundles;
use crate::host;
use crate::machine::Machine;
use crate::positions;
use rquickjs::context::intrinsic::{Date, Json, MapSet, Promise, RegExp, TypedArrays};
use rquickjs::{CaughtError, Coerced, Context, Ctx, Error, Persistent, Result, Runtime, Value};
use std::cell::RefCell;
use std::env;
use std::process::exit;
use std::rc::Rc;

/// EX_SOFTWARE of sysexits.h.
const EXIT_INTERNAL: i32 = 70;

const MEMORY_LIMIT: &str = "ANYLAMBDA_MEMORY_LIMIT_MB";

/// More than any function's bodies need, and less than an endless loop takes.
const DEFAULT_MEMORY_LIMIT_MB: usize = 512;

/// The engine's own 256 KiB overflow in deeply nested JSON; the main thread's stack has 8 MiB.
const STACK_BYTES: usize = 1024 * 1024;

/// Until then nothing is collected: what is there when the adapter is ready, some 500 KB, is no garbage, and looking
/// through it twice was a twelfth of the start.
const GC_THRESHOLD_BYTES: usize = 768 * 1024;

/// Bytes read and written after which the circles are looked for (2): some hundred microseconds.
const GC_AFTER_BYTES: usize = 8 * 1024 * 1024;

pub struct Engine {
    runtime: Runtime,
    context: Context,
    machine: Rc<Machine>,
    rejections: Rc<RefCell<Vec<Rejection>>>,
}

struct Rejection {
    promise: Persistent<Value<'static>>,
    reason: Persistent<Value<'static>>,
}

impl Engine {
    pub fn new(machine: Rc<Machine>) -> Result<Engine> {
        let runtime = Runtime::new()?;
        runtime.set_memory_limit(memory_limit_mb() * 1024 * 1024);
        runtime.set_max_stack_size(STACK_BYTES);
        runtime.set_gc_threshold(GC_THRESHOLD_BYTES);
        // No Eval and no compiler of regular expressions: with bytecode nothing needs the parsers.
        let context = Context::builder()
            .with::<(Date, RegExp, Json, MapSet, TypedArrays, Promise)>()
            .build(&runtime)?;
        let rejections: Rc<RefCell<Vec<Rejection>>> = Rc::default();
        let noted = Rc::clone(&rejections);
        runtime.set_host_promise_rejection_tracker(Some(Box::new(move |ctx, promise, reason, handled| {
            let mut noted = noted.borrow_mut();
            if handled {
                noted.retain(|one| one.promise.clone().restore(&ctx).is_ok_and(|known| known != promise));
            } else {
                let promise = Persistent::save(&ctx, promise);
                noted.push(Rejection { promise, reason: Persistent::save(&ctx, reason) });
            }
        })));
        Ok(Engine { runtime, context, machine, rejections })
    }

    /// Runs the adapter until it waits for something.
    pub fn start(&self) {
        self.call(|ctx| {
            host::install(&ctx, &self.machine)?;
            bundles::run(&ctx)
        });
    }

    /// Tells JavaScript what happened.
    pub fn tell(&self, kind: u32, id: usize) {
        self.tell_of(kind, id, 0);
    }

    /// As `tell`, with the number that belongs to it.
    pub fn tell_of(&self, kind: u32, id: usize, value: i32) {
        self.call(|ctx| {
            let handler = self.machine.handler.borrow().clone();
            match handler {
                Some(handler) => handler.restore(&ctx)?.call((kind, id, value)),
                None => Ok(()),
            }
        });
    }

    fn call(&self, work: impl FnOnce(Ctx<'_>) -> Result<()>) {
        self.context.with(|ctx| {
            if let Err(error) = work(ctx.clone()) {
                die(&ctx, error);
            }
        });
        loop {
            match self.runtime.execute_pending_job() {
                Ok(true) => {}
                Ok(false) => break,
                Err(job) => job.0.with(|ctx| die(&ctx, Error::Exception)),
            }
        }
        if self.machine.sockets.borrow_mut().has_moved(GC_AFTER_BYTES) {
            self.runtime.run_gc();
        }
        let rejection = self.rejections.borrow_mut().pop();
        if let Some(rejection) = rejection {
            self.context.with(|ctx| match rejection.reason.restore(&ctx) {
                Ok(reason) => {
                    let error = ctx.throw(reason);
                    die(&ctx, error);
                }
                Err(error) => die(&ctx, error),
            });
        }
    }
}

fn memory_limit_mb() -> usize {
    let Ok(text) = env::var(MEMORY_LIMIT) else {
        return DEFAULT_MEMORY_LIMIT_MB;
    };
    match text.parse() {
        Ok(mb @ 1..=1_048_576) => mb,
        _ => {
            crate::machine::print(
                format!("{MEMORY_LIMIT} is ignored: \"{text}\" is no number of megabytes; {DEFAULT_MEMORY_LIMIT_MB} is used")
                    .as_bytes(),
            );
            DEFAULT_MEMORY_LIMIT_MB
        }
    }
}

/// The last line (3). On one line, because each line is an entry of its own in the log.
fn die(ctx: &Ctx<'_>, error: Error) -> ! {
    let text = match CaughtError::from_error(ctx, error) {
        CaughtError::Exception(exception) => {
            let name = exception.get::<_, Coerced<String>>("name").map_or("Error".into(), |name| name.0);
            let message = exception.message().unwrap_or_default();
            format!("{name}: {message}{}", positions::on_one_line(&exception.stack().unwrap_or_default()))
        }
        CaughtError::Value(value) => {
            value.get::<Coerced<String>>().map_or("a value without text".into(), |text| text.0)
        }
        CaughtError::Error(error) => error.to_string(),
    };
    crate::machine::print(
        format!("ERROR The adapter has a fault and ends: {}", text.replace('\n', " ")).as_bytes(),
    );
    exit(EXIT_INTERNAL)
}
