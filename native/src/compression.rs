//! gzip and brotli, whole and piece by piece. The levels are those of the Node platform.

use brotli::CompressorWriter;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};

/// Brotli's own default is meant for files that are compressed once; 4 is fast enough for every answer.
const BROTLI_QUALITY: u32 = 4;
const BROTLI_WINDOW: u32 = 22;
const BUFFER_BYTES: usize = 4096;

pub enum Compressor {
    Gzip(GzEncoder<Vec<u8>>),
    Brotli(Box<CompressorWriter<Vec<u8>>>),
}

impl Compressor {
    /// `None` when there is no such coding.
    pub fn of(coding: &str) -> Option<Compressor> {
        match coding {
            "gzip" => Some(Compressor::Gzip(GzEncoder::new(Vec::new(), Compression::default()))),
            "br" => Some(Compressor::Brotli(Box::new(CompressorWriter::new(
                Vec::new(),
                BUFFER_BYTES,
                BROTLI_QUALITY,
                BROTLI_WINDOW,
            )))),
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
            Compressor::Brotli(encoder) => {
                encoder.write_all(bytes)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
        }
    }

    /// The last bytes, and with `rest` all that is still to come.
    pub fn end(self, rest: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Compressor::Gzip(mut encoder) => {
                encoder.write_all(rest)?;
                encoder.finish()
            }
            Compressor::Brotli(mut encoder) => {
                encoder.write_all(rest)?;
                Ok(encoder.into_inner())
            }
        }
    }
}
