//! What must hold of the byte primitives for any input. Tried by `cargo test` with the corpus and inputs made of it, and
//! for as long as asked by libFuzzer (`npm run fuzz:native`, `native/fuzz`).
//!
//! The first byte of an input chooses the primitive, so that all have one corpus. Each is compared with something slower
//! that is plainly right, or with its inverse. What does not hold panics.

use crate::bytes;
use crate::compression::Compressor;
use crate::http;
use std::io::Read;

const CHECKS: &[fn(&[u8])] = &[
    base64,
    texts,
    json_strings,
    fields,
    heads,
    members,
    |input| compression("gzip", input),
    |input| compression("br", input),
];

pub fn check(input: &[u8]) {
    if let Some((&first, rest)) = input.split_first() {
        CHECKS[usize::from(first) % CHECKS.len()](rest);
    }
}

fn base64(input: &[u8]) {
    let text = bytes::base64_encode(input);
    assert_eq!(text.len(), input.len().div_ceil(3) * 4);
    assert_eq!(bytes::base64_decode(&text).as_deref(), Some(input));

    assert_eq!(bytes::base64_decode(input), slow_base64_decode(input));
}

/// By the words of the contract: digits of either alphabet, white space anywhere, at the end up to two `=`.
fn slow_base64_decode(text: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !b" \t\r\n".contains(byte)).collect();
    let digits = text.iter().position(|&byte| byte == b'=').unwrap_or(text.len());
    let padding = &text[digits..];
    if padding.len() > 2 || padding.iter().any(|&byte| byte != b'=') || digits % 4 == 1 {
        return None;
    }
    let mut bits = Vec::new();
    for byte in &text[..digits] {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let standard = match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        };
        let value = alphabet.iter().position(|&one| one == standard)?;
        bits.extend((0..6).rev().map(|shift| value >> shift & 1));
    }
    Some(bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | *bit as u8)).collect())
}

/// The input as UTF-16 code units, which is what a JavaScript text is; lone surrogates among them.
fn texts(input: &[u8]) {
    let units: Vec<u16> = input.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let mut engine = Vec::new();
    for one in char::decode_utf16(units.iter().copied()) {
        match one {
            Ok(char) => engine.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(lone) => {
                let unit = lone.unpaired_surrogate();
                engine.extend([0xED, 0x80 | (unit >> 6 & 0x3F) as u8, 0x80 | (unit & 0x3F) as u8]);
            }
        }
    }
    assert_eq!(bytes::well_formed(engine), String::from_utf16_lossy(&units).into_bytes());
    let latin1: String = input.iter().map(|&byte| byte as char).collect();
    assert_eq!(bytes::latin1_decode(input), latin1);
}

fn json_strings(input: &[u8]) {
    let is_foreign = |char: char| char.is_ascii_control() && !"\t\n\u{c}\r".contains(char);
    let text = std::str::from_utf8(input).ok().filter(|text| !text.contains(is_foreign));
    assert_eq!(bytes::json_string(input), text.map(|text| serde_json::to_vec(text).unwrap()));
}

fn fields(input: &[u8]) {
    let is_token = |byte: &u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(byte);
    assert_eq!(http::is_token(input), !input.is_empty() && input.iter().all(is_token));
    assert_eq!(
        http::is_field_value(input),
        !input.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t')
    );
}

fn heads(input: &[u8]) {
    const LIMIT: usize = 200;
    const FIELDS: usize = 4;
    let found = http::plain_head(input, LIMIT, FIELDS).map(|head| {
        let fields = head.fields.iter().map(|&(name, value)| (name.to_string(), value.to_string())).collect();
        (head.first.to_string(), fields, head.end)
    });
    assert_eq!(found, slow_plain_head(input, LIMIT, FIELDS));
}

type SlowHead = (String, Vec<(String, String)>, usize);

fn slow_plain_head(input: &[u8], limit: usize, most: usize) -> Option<SlowHead> {
    let end = input.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&input[..end - 4]).ok()?;
    let is_plain = |char: char| char == '\t' || char == ' ' || char.is_ascii_graphic();
    let mut lines = text.split("\r\n");
    let first = lines.next().filter(|line| !line.is_empty() && line.chars().all(is_plain))?;
    let mut fields = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').filter(|_| line.chars().all(is_plain))?;
        if !http::is_token(name.as_bytes()) {
            return None;
        }
        fields.push((name.to_string(), value.trim_matches([' ', '\t']).to_string()));
    }
    (end <= limit && fields.len() <= most).then(|| (first.to_string(), fields, end))
}

fn members(input: &[u8]) {
    for key in ["", "a", "b\"", "requestContext", "\u{e9}"] {
        let found = http::slice_member(input, key.as_bytes());
        if let Some(range) = &found {
            assert!(range.start <= range.end && range.end <= input.len(), "{range:?} of {}", input.len());
        }
        // Of what is no JSON nothing else is promised.
        let Ok(serde_json::Value::Object(members)) = serde_json::from_slice(input) else { continue };
        let sliced = found.map(|range| serde_json::from_slice::<serde_json::Value>(&input[range]).unwrap());
        assert_eq!(sliced.as_ref(), members.get(key), "{key:?}");
    }
}

/// The first byte says how the rest is cut into pieces.
fn compression(coding: &str, input: &[u8]) {
    let Some((&size, body)) = input.split_first() else { return };
    let whole = Compressor::of(coding).unwrap().end(body).unwrap();
    assert_eq!(decompressed(coding, &whole), body);

    let mut compressor = Compressor::of(coding).unwrap();
    let mut sent = Vec::new();
    let mut given = 0;
    for piece in body.chunks(usize::from(size) + 1).take(20) {
        sent.extend(compressor.write(piece).unwrap());
        given += piece.len();
        assert_eq!(decompressed(coding, &sent), body[..given], "what was written can be read at once");
    }
    sent.extend(compressor.end(&body[given..]).unwrap());
    assert_eq!(decompressed(coding, &sent), body);
}

/// All that can be read of it, though its end may be missing.
fn decompressed(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut reader: Box<dyn Read + '_> = match coding {
        "gzip" => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
        _ => Box::new(brotli::Decompressor::new(bytes, 4096)),
    };
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = reader.read(&mut piece) {
        all.extend_from_slice(&piece[..length]);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Enough to begin with: one input for each primitive, and words of their formats.
    const SEEDS: &[&[u8]] = &[
        b"\x00QUJD+/-_\r\n==",
        b"\x01a\x00\x3d\xd8\x00\xde\x00\xd8b\x00",
        b"\x02say \"so\"\t\\ \xc3\xa9\xe2\x80\xa8\r\n\x0c\x7f",
        b"\x03x-token_1!\tvalue \xe9",
        b"\x04HTTP/1.1 200 OK\r\nA: 1\r\nb:\t x: y \r\n\r\nrest",
        b"\x05{\"a\":[1,{\"b\":null}],\"requestContext\":{\"x\":\"\\\"}\"},\"\\u00e9\":1.50,\"b\\\"\":\"c\"}",
        b"\x06\x05compress me, compress me, and compress me again",
        b"\x07\x05compress me, compress me, and compress me again",
    ];
    const WORDS: &[&[u8]] = &[
        b"\r\n",
        b"\r\n\r\n",
        b": ",
        b"=",
        b"==",
        b"\\u00e9",
        b"\\\"",
        b"\"a\":",
        b"{}",
        b",",
        b"\xed\xa0\x80",
        b"\xff",
    ];

    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % limit.max(1) as u64) as usize
        }
    }

    fn corpus() -> Vec<Vec<u8>> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus");
        let mut files: Vec<_> =
            fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        files.sort();
        let kept = files.iter().map(|file| fs::read(file).unwrap());
        SEEDS.iter().map(|seed| seed.to_vec()).chain(kept).collect()
    }

    fn changed(inputs: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
        let mut input = inputs[random.below(inputs.len())].clone();
        for _ in 0..=random.below(4) {
            let at = random.below(input.len() + 1);
            let word = match random.below(6) {
                0 => WORDS[random.below(WORDS.len())].to_vec(),
                1 => vec![random.below(256) as u8],
                2 => inputs[random.below(inputs.len())].clone(),
                3 => input[random.below(input.len() + 1).min(at)..at].to_vec(),
                _ => vec![],
            };
            let until = (at + random.below(4)).min(input.len());
            input.splice(at..until, word);
            input.truncate(4000);
        }
        input
    }

    #[test]
    fn hold_for_the_corpus_and_what_is_made_of_it() {
        let inputs = corpus();
        for input in &inputs {
            check(input);
        }
        // The same inputs each time, unless told otherwise.
        let seed = std::env::var("FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_126);
        let mut random = Random(seed);
        for at in 0..10_000 {
            let input = changed(&inputs, &mut random);
            let held = std::panic::catch_unwind(|| check(&input));
            assert!(held.is_ok(), "input {at} of seed {seed}: {:?}", String::from_utf8_lossy(&input));
        }
    }
}
