//! The byte primitives of the host under libFuzzer: see `native/src/checks.rs`.
#![no_main]

// The host is a program, not a library: its modules are taken by their files.
#[path = "../../src/brotli.rs"]
mod brotli;
#[path = "../../src/bytes.rs"]
mod bytes;
#[path = "../../src/checks.rs"]
mod checks;
#[path = "../../src/compression.rs"]
mod compression;
#[path = "../../src/http.rs"]
mod http;
#[path = "../../src/json.rs"]
mod json;
#[path = "../../src/messages/mod.rs"]
mod messages;
#[path = "../../src/relay/mod.rs"]
mod relay;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::check(input));
