//! The adapter as bytecode, in two halves: reading all of it was a sixth of the start, and what handles events is not needed
//! before there is one.
//!
//! 1. Bytecode comes from this very build and from nowhere else: the engine does not verify it.
//! 2. What both halves import is loaded first, because the engine looks for it among what it has.

use rquickjs::{Ctx, Module, Object, Result};

/// What is run at once, what is read when JavaScript asks for it, and what both import. A program may have only the first.
static ADAPTER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/adapter.bytecode"));
static LATER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/later.bytecode"));
static SHARED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/shared.bytecode"));

/// Runs the adapter until it waits for something.
pub fn run(ctx: &Ctx<'_>) -> Result<()> {
    if !SHARED.is_empty() {
        load(ctx, SHARED)?;
    }
    load(ctx, ADAPTER)?.eval().map(drop)
}

/// What the second half exports.
pub fn read_later<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let (module, evaluated) = load(ctx, LATER)?.eval()?;
    // Nothing in it waits: it is done by now, or has failed.
    evaluated.finish::<()>()?;
    module.namespace()
}

fn load<'js>(ctx: &Ctx<'js>, bytecode: &'static [u8]) -> Result<Module<'js>> {
    // SAFETY: the bytes were written by this version of the engine in `build.rs` (1).
    unsafe { Module::load(ctx.clone(), bytecode) }
}
