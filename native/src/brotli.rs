//! A small Brotli encoder (RFC 7932) over the parts of the `brotli` crate: its commands, distances and prefix codes. The
//! crate's own encoder brings 600 KB of tables for qualities that nobody waits for in an answer; this one looks for
//! earlier occurrences as gzip does, in a window eight times as large, and writes each block with codes of its own.

use brotli::enc::StandardAlloc;
use brotli::enc::brotli_bit_stream::{
    BrotliBuildAndStoreHuffmanTreeFast, BrotliStoreHuffmanTree, BrotliStoreSyncMetaBlock,
    BrotliWriteEmptyLastMetaBlock, JumpToByteBoundary,
};
use brotli::enc::command::{
    BrotliDistanceParams, Command, ComputeDistanceCode, GetCopyLengthCode, GetInsertLengthCode,
};
use brotli::enc::constants::{kCopyBase, kCopyExtra, kInsBase, kInsExtra};
use brotli::enc::entropy_encode::{
    BrotliConvertBitDepthsToSymbols, BrotliCreateHuffmanTree, BrotliOptimizeHuffmanCountsForRle, HuffmanTree,
};

const WINDOW_BITS: u32 = 18;
const WINDOW: usize = 1 << WINDOW_BITS;

/// What a reader of this window can reach back (RFC 7932, 9.1).
const MAX_DISTANCE: usize = WINDOW - 16;

/// One block's codes fit what is near each other; their description costs about a hundred bytes.
const BLOCK: usize = 64 * 1024;

const HASH_BITS: u32 = 15;

/// Earlier places that are looked at for each position: as many as gzip's usual level.
const CANDIDATES: usize = 32;

const MIN_MATCH: usize = 4;

/// A match this long is taken without looking whether the next position has a better one.
const GOOD_MATCH: usize = 64;

const LITERALS: usize = 256;
const COMMANDS: usize = 704;
const DISTANCES: usize = 64;

const DISTANCE: BrotliDistanceParams = BrotliDistanceParams {
    distance_postfix_bits: 0,
    num_direct_distance_codes: 0,
    alphabet_size: DISTANCES as u32,
    max_distance: 0x03FF_FFFC,
};

pub struct Brotli {
    /// The window and what is to be written, from position `base` on.
    data: Vec<u8>,
    base: usize,
    /// For each hash the last position with it, for each position in the window the one before: plus one, 0 for none.
    heads: Vec<u32>,
    before: Vec<u32>,
    /// The last four distances.
    recent: [i32; 4],
    started: bool,
}

impl Brotli {
    pub fn new() -> Brotli {
        Brotli {
            data: Vec::new(),
            base: 0,
            heads: vec![0; 1 << HASH_BITS],
            before: vec![0; WINDOW],
            recent: [4, 11, 15, 16],
            started: false,
        }
    }

    /// The output for these bytes, complete: a reader can have all of them.
    pub fn write(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Bits::new(bytes.len());
        self.blocks(bytes, &mut out);
        BrotliStoreSyncMetaBlock(&mut out.at, &mut out.bytes);
        out.done()
    }

    /// `rest` and the end.
    pub fn end(mut self, rest: &[u8]) -> Vec<u8> {
        let mut out = Bits::new(rest.len());
        self.blocks(rest, &mut out);
        BrotliWriteEmptyLastMetaBlock(&mut out.at, &mut out.bytes);
        out.done()
    }

    fn blocks(&mut self, bytes: &[u8], out: &mut Bits) {
        if !self.started {
            self.started = true;
            // The window's size, in the form for 18 to 24 bits.
            out.write(4, u64::from((WINDOW_BITS - 17) << 1 | 1));
        }
        for block in bytes.chunks(BLOCK) {
            self.make_room();
            let start = self.data.len();
            self.data.extend_from_slice(block);
            self.block(start, out);
        }
    }

    /// Forgets what lies before the window. Positions begin anew long before they would not fit their type.
    fn make_room(&mut self) {
        if self.data.len() >= 2 * WINDOW {
            let gone = self.data.len() - WINDOW;
            self.data.drain(..gone);
            self.base += gone;
        }
        if self.base > 1 << 30 {
            self.base = 0;
            self.heads.fill(0);
            self.before.fill(0);
        }
    }

    /// Writes what stands from `start` on as one block.
    fn block(&mut self, start: usize, out: &mut Bits) {
        let recent = self.recent;
        let commands = self.commands(start);
        let bytes = &self.data[start..];
        let (before, length) = (out.at, bytes.len());
        out.reserve(length * 2 + 4096);
        out.write_length(length);
        out.write(1, 0);
        write_compressed(bytes, &commands, out);
        if out.at - before > length * 8 + 64 {
            // It has no structure: the bytes themselves are shorter.
            out.truncate(before);
            self.recent = recent;
            out.write_length(length);
            out.write(1, 1);
            JumpToByteBoundary(&mut out.at, &mut out.bytes);
            out.write_bytes(bytes);
        }
    }

    /// Copies of earlier bytes and the literals between them.
    fn commands(&mut self, start: usize) -> Vec<Command> {
        let end = self.data.len();
        let mut commands = Vec::with_capacity((end - start) / 16 + 4);
        let (mut at, mut literals) = (start, start);
        while at + MIN_MATCH <= end {
            let Some(mut found) = self.longest(at) else {
                // Where nothing has been found for long, little will be.
                at += 1 + ((at - literals) >> 9);
                continue;
            };
            while found.length < GOOD_MATCH && at + 1 + MIN_MATCH <= end {
                match self.longest(at + 1) {
                    Some(next) if next.score > found.score + 175 => {
                        found = next;
                        at += 1;
                    }
                    _ => break,
                }
            }
            let code = ComputeDistanceCode(found.distance, found.distance, &self.recent);
            if code > 0 {
                self.recent.rotate_right(1);
                self.recent[0] = found.distance as i32;
            }
            commands.push(Command::new(&DISTANCE, at - literals, found.length, found.length, code));
            // The first of them has been noted by the search, and the second by the look ahead.
            for inside in at + 2..(at + found.length).min(end.saturating_sub(MIN_MATCH)) {
                self.note(inside);
            }
            at += found.length;
            literals = at;
        }
        if literals < end {
            let mut last = Command::default();
            last.init_insert(end - literals);
            commands.push(last);
        }
        commands
    }

    fn hash(&self, at: usize) -> Option<usize> {
        let four = self.data.get(at..)?.first_chunk::<4>()?;
        Some((u32::from_le_bytes(*four).wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize)
    }

    /// Makes the position one that can be found; answers the one before with its hash.
    fn note(&mut self, at: usize) -> usize {
        let Some(hash) = self.hash(at) else {
            return 0;
        };
        let position = self.base + at;
        let earlier = self.heads[hash] as usize;
        if earlier == position + 1 {
            return self.before[position % WINDOW] as usize;
        }
        self.before[position % WINDOW] = earlier as u32;
        self.heads[hash] = (position + 1) as u32;
        earlier
    }

    fn longest(&mut self, at: usize) -> Option<Match> {
        let mut candidate = self.note(at);
        let position = self.base + at;
        let ahead = &self.data[at..];
        let mut best: Option<Match> = None;
        let mut consider = |distance: usize, bonus: usize| {
            let Some(from) = at.checked_sub(distance) else {
                return;
            };
            let length = ahead.iter().zip(&self.data[from..]).take_while(|(one, other)| one == other).count();
            // About what a literal costs, less what the distance does.
            let score = (length * 135 + bonus).saturating_sub(30 * (distance.ilog2() as usize));
            if length >= MIN_MATCH && best.as_ref().is_none_or(|best| score > best.score) {
                best = Some(Match { length, distance, score });
            }
        };
        for distance in self.recent {
            if distance as usize <= MAX_DISTANCE.min(position) && distance > 0 {
                consider(distance as usize, 15 + 30 * distance.ilog2() as usize);
            }
        }
        for _ in 0..CANDIDATES {
            let Some(distance) = (candidate > 0).then(|| position + 1 - candidate) else {
                break;
            };
            if distance > MAX_DISTANCE {
                break;
            }
            consider(distance, 0);
            let earlier = self.before[(candidate - 1) % WINDOW] as usize;
            if earlier >= candidate {
                break;
            }
            candidate = earlier;
        }
        best
    }
}

struct Match {
    length: usize,
    distance: usize,
    score: usize,
}

/// The block's three codes, and the commands in them.
fn write_compressed(bytes: &[u8], commands: &[Command], out: &mut Bits) {
    let mut literals = Code::<LITERALS>::new();
    let mut lengths = Code::<COMMANDS>::new();
    let mut distances = Code::<DISTANCES>::new();
    let mut at = 0;
    for command in commands {
        let inserted = command.insert_len_ as usize;
        lengths.count(command.cmd_prefix_.into());
        bytes[at..at + inserted].iter().for_each(|&byte| literals.count(byte.into()));
        at += inserted + command.copy_len() as usize;
        if has_distance(command) {
            distances.count(distance_symbol(command));
        }
    }
    // One type of block for each code, no postfix bits, no direct distances, one tree for all contexts.
    out.write(13, 0);
    literals.store(8, out);
    lengths.store(10, out);
    distances.store(6, out);
    at = 0;
    for command in commands {
        lengths.write(command.cmd_prefix_.into(), out);
        write_lengths(command, out);
        let inserted = command.insert_len_ as usize;
        for &byte in &bytes[at..at + inserted] {
            literals.write(byte.into(), out);
        }
        at += inserted + command.copy_len() as usize;
        if has_distance(command) {
            distances.write(distance_symbol(command), out);
            out.write((command.dist_prefix_ >> 10).into(), command.dist_extra_.into());
        }
    }
}

/// Commands below 128 imply the last distance.
fn has_distance(command: &Command) -> bool {
    command.copy_len() != 0 && command.cmd_prefix_ >= 128
}

fn distance_symbol(command: &Command) -> usize {
    usize::from(command.dist_prefix_ & 0x3FF)
}

/// What the codes of both lengths leave open.
fn write_lengths(command: &Command, out: &mut Bits) {
    // The last command of a block copies nothing; its code is that of four.
    let copied = if command.copy_len() == 0 { 4 } else { command.copy_len() };
    let insert = usize::from(GetInsertLengthCode(command.insert_len_ as usize));
    let copy = usize::from(GetCopyLengthCode(copied as usize));
    out.write(kInsExtra[insert], u64::from(command.insert_len_ - kInsBase[insert]));
    out.write(kCopyExtra[copy], u64::from(copied - kCopyBase[copy]));
}

/// A prefix code, made of how often each symbol occurs.
struct Code<const SYMBOLS: usize> {
    counts: [u32; SYMBOLS],
    depths: [u8; SYMBOLS],
    bits: [u16; SYMBOLS],
}

impl<const SYMBOLS: usize> Code<SYMBOLS> {
    fn new() -> Code<SYMBOLS> {
        Code { counts: [0; SYMBOLS], depths: [0; SYMBOLS], bits: [0; SYMBOLS] }
    }

    fn count(&mut self, symbol: usize) {
        self.counts[symbol] += 1;
    }

    fn write(&self, symbol: usize, out: &mut Bits) {
        out.write(self.depths[symbol].into(), self.bits[symbol].into());
    }

    /// `symbol_bits` is how a symbol is named where there are few.
    fn store(&mut self, symbol_bits: usize, out: &mut Bits) {
        if self.counts.iter().filter(|&&count| count > 0).count() <= 4 {
            let total = self.counts.iter().sum::<u32>() as usize;
            BrotliBuildAndStoreHuffmanTreeFast(
                &mut StandardAlloc::default(),
                &self.counts,
                total,
                symbol_bits,
                &mut self.depths,
                &mut self.bits,
                &mut out.at,
                &mut out.bytes,
            );
            return;
        }
        BrotliOptimizeHuffmanCountsForRle(SYMBOLS, &mut self.counts, &mut [0; COMMANDS]);
        let mut tree = [HuffmanTree::new(0, 0, 0); 2 * COMMANDS + 1];
        BrotliCreateHuffmanTree(&self.counts, SYMBOLS, 15, &mut tree, &mut self.depths);
        BrotliConvertBitDepthsToSymbols(&self.depths, SYMBOLS, &mut self.bits);
        BrotliStoreHuffmanTree(&self.depths, SYMBOLS, &mut tree, &mut out.at, &mut out.bytes);
    }
}

/// Bits, the lowest first. Behind `at` all are zero, and there is room for eight bytes.
struct Bits {
    bytes: Vec<u8>,
    at: usize,
}

impl Bits {
    fn new(expected: usize) -> Bits {
        Bits { bytes: vec![0; expected / 2 + 64], at: 0 }
    }

    fn reserve(&mut self, bytes: usize) {
        self.bytes.resize(self.bytes.len().max(self.at / 8 + bytes + 64), 0);
    }

    fn write(&mut self, count: u32, bits: u64) {
        let byte = self.at / 8;
        if let Some(eight) = self.bytes.get_mut(byte..).and_then(<[u8]>::first_chunk_mut::<8>) {
            let word = u64::from_le_bytes(*eight) | bits << (self.at % 8);
            *eight = word.to_le_bytes();
        }
        self.at += count as usize;
    }

    /// The beginning of a block that is not the last: how many bytes it stands for.
    fn write_length(&mut self, length: usize) {
        let nibbles = if length > 1 << 16 { 5 } else { 4 };
        self.reserve(64);
        self.write(1, 0);
        self.write(2, nibbles - 4);
        self.write(4 * nibbles as u32, (length - 1) as u64);
    }

    /// At the boundary of a byte.
    fn write_bytes(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        let start = self.at / 8;
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len() * 8;
    }

    fn truncate(&mut self, at: usize) {
        let byte = at / 8;
        self.bytes[byte] &= (1 << (at % 8)) - 1;
        self.bytes[byte + 1..].fill(0);
        self.at = at;
    }

    /// The bytes; whoever ended them has filled the last one.
    fn done(mut self) -> Vec<u8> {
        self.bytes.truncate(self.at.div_ceil(8));
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn decoded(compressed: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        brotli::Decompressor::new(compressed, 4096).read_to_end(&mut bytes).unwrap();
        bytes
    }

    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % bound
        }

        /// Bytes of any structure: noise, runs, words, copies from far and near.
        fn bytes(&mut self, length: usize) -> Vec<u8> {
            let mut bytes: Vec<u8> = Vec::with_capacity(length);
            while bytes.len() < length {
                let count = 1 + self.below(400);
                match self.below(5) {
                    0 => (0..count).for_each(|_| bytes.push(self.below(256) as u8)),
                    1 => bytes.resize(bytes.len() + count, self.below(256) as u8),
                    2 => (0..count).for_each(|_| bytes.push(b"etaoin shrdlu"[self.below(13)])),
                    _ if !bytes.is_empty() => {
                        let from = bytes.len() - 1 - self.below(bytes.len());
                        (from..from + count).for_each(|at| bytes.push(bytes[at]));
                    }
                    _ => {}
                }
            }
            bytes.truncate(length);
            bytes
        }
    }

    #[test]
    fn whole_bodies_come_back() {
        let mut random = Random(1);
        for length in (0..70).chain([100, 1000, 65_535, 65_536, 65_537, 300_000]) {
            for _ in 0..3 {
                let bytes = random.bytes(length);
                assert_eq!(decoded(&Brotli::new().end(&bytes)), bytes, "{length}");
            }
        }
    }

    #[test]
    fn one_byte_repeated_and_noise_come_back() {
        let mut random = Random(2);
        let noise: Vec<u8> = (0..200_000).map(|_| random.below(256) as u8).collect();
        let compressed = Brotli::new().end(&noise);
        assert!(compressed.len() < noise.len() + 100);
        assert_eq!(decoded(&compressed), noise);
        let same = vec![7; 1_000_000];
        let compressed = Brotli::new().end(&same);
        assert!(compressed.len() < 600, "{}", compressed.len());
        assert_eq!(decoded(&compressed), same);
    }

    #[test]
    fn pieces_come_back_over_several_windows_and_each_can_be_read_at_once() {
        let mut random = Random(3);
        let bytes = random.bytes(3 * WINDOW + 12_345);
        let mut encoder = Brotli::new();
        let (mut compressed, mut at) = (Vec::new(), 0);
        let mut reader = None;
        while at < bytes.len() {
            let end = bytes.len().min(at + 1 + random.below(50_000));
            compressed.extend(encoder.write(&bytes[at..end]));
            at = end;
            if at > 100_000 && reader.is_none() {
                let mut so_far = vec![0; at];
                brotli::Decompressor::new(&compressed[..], 4096).read_exact(&mut so_far).unwrap();
                assert_eq!(so_far, bytes[..at]);
                reader = Some(());
            }
        }
        compressed.extend(encoder.end(&[]));
        assert_eq!(decoded(&compressed), bytes);
    }

    #[test]
    fn nothing_at_all_is_a_stream_too() {
        assert!(decoded(&Brotli::new().end(&[])).is_empty());
        let mut encoder = Brotli::new();
        let mut compressed = encoder.write(&[]);
        compressed.extend(encoder.end(&[]));
        assert!(decoded(&compressed).is_empty());
    }

    #[test]
    fn text_is_smaller_than_with_gzip() {
        use std::io::Write;
        // The largest text at hand.
        let text = include_bytes!("sockets.rs").repeat(1);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&text).unwrap();
        let (ours, theirs) = (Brotli::new().end(&text).len(), gzip.finish().unwrap().len());
        assert!(ours < theirs, "{ours} {theirs}");
    }
}
