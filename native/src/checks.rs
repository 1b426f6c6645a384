//! What must hold of the byte primitives for any input. Tried by `cargo test` with the corpus and inputs made of it, and
//! for as long as asked by libFuzzer (`npm run fuzz:native`, `native/fuzz`).
//!
//! The first byte of an input chooses the primitive, so that all have one corpus. Each is compared with something slower
//! that is plainly right, or with its inverse. What does not hold panics.

use crate::bytes;
use crate::compression::Compressor;
use crate::http;
use crate::json;
use crate::messages::Names;
use crate::messages::answers::{AnswerRules, Shape, plain_answer};
use crate::messages::requests::{BodyForm, Given, Members, RequestRules, Target, plain_request};
use crate::messages::responses::whole_response;
use crate::messages::targets::{self, Places, TargetForm};
use crate::relay::Relay;
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
    values,
    sketches,
    responses,
    requests,
    answers,
    request_targets,
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

fn values(input: &[u8]) {
    let known = serde_json::from_slice::<serde_json::Value>(input);
    match (json::is_value(input), known) {
        (true, Err(error)) => {
            // What JavaScript takes and this reader does not.
            let told = error.to_string();
            let allowed = ["surrogate", "hex escape", "out of range", "unicode code point"];
            assert!(allowed.iter().any(|one| told.contains(one)), "{told}");
        }
        (false, Ok(_)) => {
            let deepest = input.iter().filter(|&&byte| byte == b'[' || byte == b'{').count();
            assert!(deepest > 64, "valid JSON was refused");
        }
        _ => {}
    }
    if let Ok(serde_json::Value::String(text)) = serde_json::from_slice(input) {
        let literal = input.trim_ascii();
        assert_eq!(json::string(literal).as_deref(), Some(text.as_bytes()));
    }
}

fn sketches(input: &[u8]) {
    let paths = ["a", "b", "requestContext.x", "requestContext"].map(json::Path::new);
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Some(sketch) = json::sketch(input, &paths, 3) else { return };
    assert!(json::is_value(&sketch.text) && json::is_value(input));
    let Ok(all) = serde_json::from_slice::<serde_json::Value>(input) else { return };
    let drawn = serde_json::from_slice::<serde_json::Value>(&sketch.text).unwrap();
    let pointers = ["/a", "/b", "/requestContext/x", "/requestContext"];
    for (pointer, range) in pointers.iter().zip(sketch.ranges) {
        let found = range.map(|range| serde_json::from_str::<serde_json::Value>(&text[range]).unwrap());
        assert_eq!(found.as_ref(), all.pointer(pointer), "{pointer}");
    }
    for (key, value) in all.as_object().unwrap() {
        if !["a", "b", "requestContext"].contains(&key.as_str()) {
            assert_eq!(drawn.get(key), Some(value));
        }
    }
}

fn responses(input: &[u8]) {
    relayed_responses(input);
    let mut bytes = input.to_vec();
    let Some(whole) = whole_response(&mut bytes, false, 200, 4) else {
        assert_eq!(bytes, input, "what is left to others is left as it was");
        return;
    };
    let head = http::plain_head(input, 200, 4).unwrap();
    assert_eq!(whole.status.to_string(), &head.first[9..12]);
    assert_eq!(whole.fields, head.first.len() + 2..head.end - 2);
    assert!(
        head.end <= whole.body.start && whole.body.start <= whole.body.end && whole.body.end <= input.len()
    );
    let named =
        |name: &str| head.fields.iter().find(|field| field.0.eq_ignore_ascii_case(name)).map(|field| field.1);
    if let (Some(length), false) = (named("content-length"), matches!(whole.status, 204 | 304)) {
        assert_eq!(whole.body.len(), length.parse::<usize>().unwrap());
    }
}

/// What a relay sees in them, beside what `whole_response` says.
fn relayed_responses(input: &[u8]) {
    let whole = |bytes: &[u8]| whole_response(&mut bytes.to_vec(), false, 64 * 1024, 100);
    let missing = Relay::missing(input);
    assert!(missing == 0 || whole(input).is_none());
    if let 1..=1000 = missing {
        let all = [input, &vec![b'x'; missing]].concat();
        assert!(Relay::missing(&all) == 0 && whole(&all).is_some());
    }
    let is_taken = whole(input).is_some_and(|whole| whole.reusable && (200..300).contains(&whole.status));
    assert_eq!(Relay::is_taken(input), is_taken);
}

/// The event is the input; its body, with the text it is written in, must be the end of the request.
fn requests(input: &[u8]) {
    let paths = ["m", "h", "c", "b"].map(json::Path::new);
    if std::str::from_utf8(input).is_err() {
        return;
    }
    let Some(sketch) = json::sketch(input, &paths, 4) else { return };
    let members = Members::of(|index| sketch.ranges.get(index).cloned().flatten());
    let rules = RequestRules {
        dropped: Names::new(["connection".into(), "te".into(), "content-length".into()]),
        dropped_prefix: b"x-ours-".to_vec(),
        joined: b"cookie".to_vec(),
        superseded: b"trace".to_vec(),
        beginning: b"R=".to_vec(),
        aside: b"old-trace".to_vec(),
        base_path: Vec::new(),
        max_fields: 8,
    };
    let given = Given {
        method: b"POST",
        target: Target::Given(b"/x"),
        form: BodyForm::Text,
        superseded: b"",
        more: b"x: y\r\n".to_vec(),
        bodiless: false,
    };
    let Some(request) = plain_request(input, &members, &rules, &given) else { return };
    let head = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let (lines, body) = (std::str::from_utf8(&request[..head]).unwrap(), &request[head + 4..]);
    assert!(lines.starts_with("POST /x HTTP/1.1\r\n"));
    assert!(lines.ends_with(&format!("content-length: {}", body.len())), "{lines}");
    for line in lines.split("\r\n").skip(1) {
        let (name, value) = line.split_once(": ").unwrap();
        assert!(http::is_token(name.as_bytes()) && http::is_field_value(value.as_bytes()), "{line}");
        assert!(!name.to_ascii_lowercase().starts_with("x-ours-"), "{line}");
    }
    if let Ok(all) = serde_json::from_slice::<serde_json::Value>(input) {
        assert_eq!(all.get("b").and_then(|body| body.as_str()).unwrap_or_default().as_bytes(), body);
    }
}

/// The event is the input; whatever its maps hold, the query says the same.
fn request_targets(input: &[u8]) {
    let paths = ["p", "m", "s"].map(json::Path::new);
    if std::str::from_utf8(input).is_err() {
        return;
    }
    let Some(sketch) = json::sketch(input, &paths, 3) else { return };
    let place = |index: usize| sketch.ranges[index].clone();
    let places =
        Places { path: place(0), parameter_lists: place(1), parameters: place(2), ..Places::default() };
    let Some(target) = targets::target(input, TargetForm::DecodedParameters, &places, b"", 8) else {
        return;
    };
    let text = std::str::from_utf8(&target).unwrap();
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    assert!(path.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
    let Ok(event) = serde_json::from_slice::<serde_json::Value>(input) else { return };
    assert_eq!(event["p"].as_str(), Some(path));
    let said: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (unescaped(name), unescaped(value)))
        .collect();
    // In the order of names, which is all that this reader of JSON keeps of the maps'.
    let mut pairs = Vec::new();
    let (lists, singles) = (event["m"].as_object(), event["s"].as_object());
    for (name, values) in lists.into_iter().flatten() {
        pairs.extend(values.as_array().unwrap().iter().map(|value| (name.clone(), value.as_str().unwrap())));
    }
    for (name, value) in singles.into_iter().flatten() {
        let is_listed = lists.is_some_and(|lists| lists.contains_key(name));
        pairs.extend(value.as_str().filter(|_| !is_listed).map(|value| (name.clone(), value)));
    }
    let mut said_sorted: Vec<_> = said.iter().map(|(name, value)| (name.clone(), value.as_str())).collect();
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    said_sorted.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(said_sorted, pairs);
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        if first == b'%' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&behind[..2]).unwrap(), 16).unwrap());
            rest = &behind[2..];
        } else {
            bytes.push(first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// The first byte says how many of the others are the fields; the rest is the body.
fn answers(input: &[u8]) {
    let Some((&length, rest)) = input.split_first() else { return };
    let (section, body) = rest.split_at(usize::from(length).min(rest.len()));
    for (shape, apart) in [(Shape::Joined, true), (Shape::Joined, false), (Shape::Lists, false)] {
        let rules = AnswerRules {
            dropped: Names::new(["connection".into(), "content-length".into()]),
            shape,
            separate: b"set-cookie".to_vec(),
            body: b",\"body\":".to_vec(),
            flag: b",\"base64\":".to_vec(),
            apart: apart.then(|| b",\"cookies\":".to_vec()),
            max_fields: 4,
        };
        let Some(answer) = plain_answer(b"{\"headers\":", section, body, &rules) else { continue };
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        let text = answer["body"].as_str().unwrap();
        let sent = match answer["base64"].as_bool() {
            Some(true) => bytes::base64_decode(text.as_bytes()).unwrap(),
            _ => text.as_bytes().to_vec(),
        };
        assert_eq!(sent, body);
        assert!(answer["headers"].as_object().unwrap().len() <= 4);
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
        b"\x08 [1.5e+3,{\"a\":[true,null]},\"\\u00e9\"] ",
        b"\x09{\"a\":[1],\"b\":\"c\",\"requestContext\":{\"x\":-1,\"y\":{}}}",
        b"\x0AHTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"\x0AHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"\x0B{\"h\":{\"Host\":\"h\",\"a\":\"1\"},\"m\":{\"b\":[\"2\"]},\"c\":[\"d\"],\"b\":\"\\u00e9\"}",
        b"\x0C\x13A: 1\r\nSet-Cookie: x\r\nbody \xff",
        b"\x0D{\"p\":\"/a\",\"m\":{\"a b\":[\"1\",\"\\u00e9\"]},\"s\":{\"c\":\"&=\"}}",
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
