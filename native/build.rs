//! Compiles the adapter's bundle to QuickJS bytecode: parsing it at every start would cost ten milliseconds.

use rquickjs::module::{WriteOptions, WriteOptionsEndianness};
use rquickjs::{CatchResultExt, Context, Module, Runtime};
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-env-changed=ANYLAMBDA_NATIVE_BUNDLE");
    let bundle = env::var_os("ANYLAMBDA_NATIVE_BUNDLE").map(PathBuf::from).unwrap_or_else(|| {
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../dist/native/adapter.js")
    });
    let positions = bundle.with_extension("positions");
    println!("cargo:rerun-if-changed={}", bundle.display());
    println!("cargo:rerun-if-changed={}", positions.display());
    let source = fs::read(&bundle)
        .map_err(|error| format!("{}: {error} (npm run build:native makes it)", bundle.display()))?;

    // Bytecode is little-endian on disk whoever writes it; what reads it must be little-endian too.
    assert_eq!(
        env::var("CARGO_CFG_TARGET_ENDIAN").as_deref(),
        Ok("little"),
        "bytecode is written for little-endian machines"
    );
    let runtime = Runtime::new()?;
    let context = Context::full(&runtime)?;
    let bytecode = context.with(|ctx| {
        let options = WriteOptions {
            endianness: WriteOptionsEndianness::Little,
            // The source text is not needed to run; lines and columns are, for stacks.
            strip_source: true,
            ..WriteOptions::default()
        };
        Module::declare(ctx.clone(), "adapter.js", source)
            .and_then(|module| module.write(options))
            .catch(&ctx)
            .map_err(|error| error.to_string())
    })?;
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("adapter.bytecode"), bytecode)?;
    fs::write(out.join("adapter.positions"), fs::read(&positions).unwrap_or_default())?;
    Ok(())
}
