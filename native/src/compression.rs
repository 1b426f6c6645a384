//! gzip and brotli, whole and piece by piece. gzip has the level of the Node platform, brotli comes near its own.

use crate::brotli::Brotli;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};

pub enum Compressor {
    Gzip(GzEncoder<Vec<u8>>),
    Brotli(Brotli),
}

impl Compressor {
    /// `None` when there is no such coding.
    pub fn of(coding: &str) -> Option<Compressor> {
        match coding {
            "gzip" => Some(Compressor::Gzip(GzEncoder::new(Vec::new(), Compression::default()))),
            "br" => Some(Compressor::Brotli(Brotli::new())),
            _ => None,
        }
    }

    /// The output for these bytes, complete: flushed, so that a reader can have all of them.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Compressor::Gzip(encoder) => {
                encoder.write_all(bytes)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
            Compressor::Brotli(encoder) => Ok(encoder.write(bytes)),
        }
    }

    /// The last bytes, and with `rest` all that is still to come.
    pub fn end(self, rest: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Compressor::Gzip(mut encoder) => {
                encoder.write_all(rest)?;
                encoder.finish()
            }
            Compressor::Brotli(encoder) => Ok(encoder.end(rest)),
        }
    }
}
