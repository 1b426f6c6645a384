//! Compiles the adapter's bundles to QuickJS bytecode: parsing them at every start would cost ten milliseconds.

use rquickjs::module::{WriteOptions, WriteOptionsEndianness};
use rquickjs::{CatchResultExt, Context, Module, Runtime};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed=ANYLAMBDA_NATIVE_BUNDLE");
    let bundle = env::var_os("ANYLAMBDA_NATIVE_BUNDLE").map(PathBuf::from).unwrap_or_else(|| {
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../dist/native/adapter.js")
    });
    let positions = bundle.with_extension("positions");
    println!("cargo:rerun-if-changed={}", positions.display());

    // Bytecode is little-endian on disk whoever writes it; what reads it must be little-endian too.
    assert_eq!(
        env::var("CARGO_CFG_TARGET_ENDIAN").as_deref(),
        Ok("little"),
        "bytecode is written for little-endian machines"
    );
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let stem = bundle.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let runtime = Runtime::new()?;
    let context = Context::full(&runtime)?;
    // In this order, because the others import the first, and the engine looks among those it has.
    for (part, suffix) in [("shared", "-shared"), ("adapter", ""), ("later", "-later")] {
        let file = bundle.with_file_name(format!("{stem}{suffix}.js"));
        println!("cargo:rerun-if-changed={}", file.display());
        // Only the program itself must be there.
        let bytecode =
            if suffix.is_empty() || file.exists() { compile(&context, &file)? } else { Vec::new() };
        fs::write(out.join(format!("{part}.bytecode")), bytecode)?;
    }
    fs::write(out.join("adapter.positions"), fs::read(&positions).unwrap_or_default())?;
    Ok(())
}

/// The module's name is that of the file, as its importers have it.
fn compile(context: &Context, file: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = fs::read(file)
        .map_err(|error| format!("{}: {error} (npm run build:native makes it)", file.display()))?;
    Ok(context.with(|ctx| {
        let options = WriteOptions {
            endianness: WriteOptionsEndianness::Little,
            // The source text is not needed to run; lines and columns are, for stacks.
            strip_source: true,
            ..WriteOptions::default()
        };
        Module::declare(ctx.clone(), name, source)
            .and_then(|module| module.write(options))
            .catch(&ctx)
            .map_err(|error| error.to_string())
    })?)
}
