//! JSON text by its bytes: where values end, what strings say. Strict as `JSON.parse`, but for what is rare and left to
//! it (`None`): nesting beyond `MAX_DEPTH`, escaped names of members.

use std::borrow::Cow;
use std::ops::Range;

/// Far more than any event has, and nothing here recurses for it.
const MAX_DEPTH: u32 = 64;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// How many bytes from `from` on are neither a quote, a backslash nor a control character: eight at a time.
pub fn plain_length(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let mut at = 0;
    while let Some(&eight) = rest.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(eight);
        let zero_in = |word: u64| word.wrapping_sub(ONES) & !word;
        let quote = zero_in(word ^ (ONES * 0x22));
        let backslash = zero_in(word ^ (ONES * 0x5C));
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        // The lowest mark is exact; those above it may be borrowed.
        let marks = (quote | backslash | control) & HIGHS;
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while rest.get(at).is_some_and(|&byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        at += 1;
    }
    at
}

pub fn skip_space(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// Behind the string that begins at `from`; `None` when it is none.
fn string_end(text: &[u8], from: usize) -> Option<usize> {
    if text.get(from) != Some(&b'"') {
        return None;
    }
    let mut at = from + 1;
    loop {
        at += plain_length(text, at);
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => match text.get(at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                b'u' => {
                    text.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit).then_some(())?;
                    at += 6;
                }
                _ => return None,
            },
            _ => return None,
        }
    }
}

/// Behind the number that begins at `from`.
fn number_end(text: &[u8], from: usize) -> Option<usize> {
    let digits = |at: usize| {
        let count = text.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(at + count)
    };
    let mut at = from + usize::from(text.get(from) == Some(&b'-'));
    at = if text.get(at) == Some(&b'0') { at + 1 } else { digits(at)? };
    if text.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        at = digits(at + usize::from(matches!(text.get(at), Some(b'+' | b'-'))))?;
    }
    Some(at)
}

fn scalar_end(text: &[u8], from: usize) -> Option<usize> {
    let word = |word: &[u8]| text.get(from..)?.starts_with(word).then_some(from + word.len());
    match text.get(from)? {
        b'"' => string_end(text, from),
        b't' => word(b"true"),
        b'f' => word(b"false"),
        b'n' => word(b"null"),
        _ => number_end(text, from),
    }
}

/// Behind the name at `from`, its colon and the space around it.
fn name_end(text: &[u8], from: usize) -> Option<usize> {
    let at = skip_space(text, string_end(text, from)?);
    (text.get(at) == Some(&b':')).then(|| skip_space(text, at + 1))
}

/// Behind the value that begins at `from`; `None` when it is not valid.
pub fn value_end(text: &[u8], from: usize) -> Option<usize> {
    // One bit for each open bracket: whether it is an object's.
    let (mut objects, mut depth, mut at) = (0u64, 0u32, from);
    loop {
        let open = text.get(at)?;
        let is_object = *open == b'{';
        if is_object || *open == b'[' {
            if depth == MAX_DEPTH {
                return None;
            }
            at = skip_space(text, at + 1);
            if text.get(at) == Some(if is_object { &b'}' } else { &b']' }) {
                at += 1;
            } else {
                objects = objects << 1 | u64::from(is_object);
                depth += 1;
                if is_object {
                    at = name_end(text, at)?;
                }
                continue;
            }
        } else {
            at = scalar_end(text, at)?;
        }
        // A value has ended: so do all the brackets that close behind it.
        loop {
            if depth == 0 {
                return Some(at);
            }
            at = skip_space(text, at);
            let in_object = objects & 1 == 1;
            match text.get(at)? {
                b',' => {
                    at = skip_space(text, at + 1);
                    if in_object {
                        at = name_end(text, at)?;
                    }
                    break;
                }
                b'}' if in_object => {}
                b']' if !in_object => {}
                _ => return None,
            }
            objects >>= 1;
            depth -= 1;
            at += 1;
        }
    }
}

/// Whether the whole text is one valid value.
pub fn is_value(text: &[u8]) -> bool {
    let end = value_end(text, skip_space(text, 0));
    end.is_some_and(|end| skip_space(text, end) == text.len())
}

/// Calls `member` with the ranges of name and value of each member of the object that begins at `from`; answers where
/// the object ends. `None` when it is no valid object, a name is written with escapes, or `member` says so.
pub fn each_member(
    text: &[u8],
    from: usize,
    mut member: impl FnMut(Range<usize>, Range<usize>) -> Option<()>,
) -> Option<usize> {
    each(text, from, b'{', b'}', |at| {
        let name = at + 1..string_end(text, at)? - 1;
        (!text[name.clone()].contains(&b'\\')).then_some(())?;
        let colon = skip_space(text, name.end + 1);
        (text.get(colon) == Some(&b':')).then_some(())?;
        let start = skip_space(text, colon + 1);
        let end = value_end(text, start)?;
        member(name, start..end)?;
        Some(end)
    })
}

/// As `each_member`, for the elements of an array.
pub fn each_element(
    text: &[u8],
    from: usize,
    mut element: impl FnMut(Range<usize>) -> Option<()>,
) -> Option<usize> {
    each(text, from, b'[', b']', |at| {
        let end = value_end(text, at)?;
        element(at..end)?;
        Some(end)
    })
}

fn each(
    text: &[u8],
    from: usize,
    open: u8,
    close: u8,
    mut one: impl FnMut(usize) -> Option<usize>,
) -> Option<usize> {
    if text.get(from) != Some(&open) {
        return None;
    }
    let mut at = skip_space(text, from + 1);
    if text.get(at) == Some(&close) {
        return Some(at + 1);
    }
    loop {
        at = skip_space(text, one(at)?);
        match text.get(at)? {
            b',' => at = skip_space(text, at + 1),
            byte if *byte == close => return Some(at + 1),
            _ => return None,
        }
    }
}

/// What a valid string literal says, as UTF-8; lone surrogates become U+FFFD. `None` when it is no string.
pub fn string(literal: &[u8]) -> Option<Cow<'_, [u8]>> {
    let inner = literal.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let plain = plain_length(inner, 0);
    if plain == inner.len() {
        return Some(Cow::Borrowed(inner));
    }
    let mut said = Vec::with_capacity(inner.len());
    unescape(inner, &mut said)?;
    Some(Cow::Owned(said))
}

/// Appends what the inside of a string literal says.
pub fn unescape(inner: &[u8], said: &mut Vec<u8>) -> Option<()> {
    let mut at = 0;
    loop {
        let plain = plain_length(inner, at);
        said.extend_from_slice(&inner[at..at + plain]);
        at += plain;
        let Some(&byte) = inner.get(at) else {
            return Some(());
        };
        if byte != b'\\' {
            return None;
        }
        let short = match inner.get(at + 1)? {
            b'b' => 0x08,
            b'f' => 0x0C,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let unit = unit(inner, at)?;
                at += 6;
                let mut code = u32::from(unit);
                if let 0xD800..0xDC00 = unit
                    && let Some(low @ 0xDC00..0xE000) = unit_at(inner, at)
                {
                    code = 0x10000 + ((code - 0xD800) << 10) + (u32::from(low) - 0xDC00);
                    at += 6;
                }
                let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                said.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            other => *other,
        };
        said.push(short);
        at += 2;
    }
}

fn unit_at(inner: &[u8], at: usize) -> Option<u16> {
    inner.get(at..)?.starts_with(b"\\u").then_some(())?;
    unit(inner, at)
}

/// The code unit of the escape `\uXXXX` at `at`.
fn unit(inner: &[u8], at: usize) -> Option<u16> {
    let digits = std::str::from_utf8(inner.get(at + 2..at + 6)?).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

/// Appends text as a string literal, as `JSON.stringify` writes it. `text` is printable ASCII with tabs.
pub fn write_ascii(text: &[u8], json: &mut Vec<u8>) {
    json.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => json.extend_from_slice(&[b'\\', byte]),
            b'\t' => json.extend_from_slice(b"\\t"),
            _ => json.push(byte),
        }
    }
    json.push(b'"');
}

pub struct Sketch {
    /// The object's text with empty values in the place of those that were looked for.
    pub text: Vec<u8>,
    /// Where those stand.
    pub ranges: Vec<Option<Range<usize>>>,
}

/// Names from the outermost member inwards.
pub struct Path(Vec<Vec<u8>>);

impl Path {
    /// `a.b` is the member `b` of the member `a`.
    pub fn new(text: &str) -> Path {
        Path(text.split('.').map(|name| name.as_bytes().to_vec()).collect())
    }
}

/// See `jsonSketch` in `packages/wire/src/quick.ts`: the values of the first `emptied` paths are left out, the others only
/// looked for. `text` is UTF-8.
pub fn sketch(text: &[u8], paths: &[Path], emptied: usize) -> Option<Sketch> {
    let start = skip_space(text, 0);
    let mut drawing = Drawing {
        text,
        emptied,
        copied: start,
        sketch: Vec::with_capacity(1024),
        ranges: vec![None; paths.len()],
    };
    let all: Vec<(usize, &[Vec<u8>])> = paths.iter().map(|path| &path.0[..]).enumerate().collect();
    let end = drawing.object(start, &all)?;
    if skip_space(text, end) != text.len() {
        return None;
    }
    drawing.copy_to(end);
    Some(Sketch { text: drawing.sketch, ranges: drawing.ranges })
}

struct Drawing<'a> {
    text: &'a [u8],
    emptied: usize,
    copied: usize,
    sketch: Vec<u8>,
    ranges: Vec<Option<Range<usize>>>,
}

impl Drawing<'_> {
    /// The object at `from`, in which `paths` begin, each with its number. As deep as the longest of them.
    fn object(&mut self, from: usize, paths: &[(usize, &[Vec<u8>])]) -> Option<usize> {
        let text = self.text;
        each(text, from, b'{', b'}', |at| {
            let name = at + 1..string_end(text, at)? - 1;
            (!text[name.clone()].contains(&b'\\')).then_some(())?;
            let start = name_end(text, at)?;
            let mut inner: Vec<(usize, &[Vec<u8>])> = Vec::new();
            let mut leaf = None;
            for &(index, path) in paths.iter().filter(|(_, path)| path[0] == text[name.clone()]) {
                match &path[1..] {
                    [] => leaf = Some(index),
                    rest => inner.push((index, rest)),
                }
            }
            let is_inner = !inner.is_empty() && text.get(start) == Some(&b'{');
            let end = if is_inner { self.object(start, &inner)? } else { value_end(text, start)? };
            if let Some(index) = leaf {
                // Of two members with one name the last one counts.
                self.ranges[index].is_none().then_some(())?;
                self.ranges[index] = Some(start..end);
                if index < self.emptied {
                    self.empty(start..end);
                }
            }
            Some(end)
        })
    }

    fn copy_to(&mut self, end: usize) {
        self.sketch.extend_from_slice(&self.text[self.copied..end]);
        self.copied = end;
    }

    fn empty(&mut self, range: Range<usize>) {
        self.copy_to(range.start);
        self.sketch.extend_from_slice(match self.text[range.start] {
            b'{' => b"{}",
            b'[' => b"[]",
            b'"' => b"\"\"",
            b'-' | b'0'..=b'9' => b"0",
            _ => &self.text[range.clone()],
        });
        self.copied = range.end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_json_says() {
        for valid in [
            "0",
            "-0",
            "1.5e+3",
            "\"\"",
            r#""a\"\\\u00e9""#,
            "true",
            "null",
            "[]",
            "{}",
            "[1,[2,{}],\"]\"]",
            r#"{"a":{"b":[]},"c":1}"#,
            "[ 1 , { \"a\" : null } ]",
            "\"é\u{7f}\"",
            "[[[[]]]]",
        ] {
            assert_eq!(value_end(valid.as_bytes(), 0), Some(valid.len()), "{valid}");
            assert!(is_value(format!(" {valid}\n").as_bytes()), "{valid}");
            for end in 1..valid.len() {
                // A number may well end earlier; nothing else may.
                assert!(value_end(&valid.as_bytes()[..end], 0).is_none_or(|at| at <= end), "{valid} {end}");
            }
        }
        for invalid in [
            "",
            "01",
            "-",
            "1.",
            "1e",
            ".5",
            "+1",
            "tru",
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"a\nb\"",
            "[1,]",
            "[,]",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":1,}"#,
            "{a:1}",
            "[1}",
            "{\"a\":1]",
            "[1 2]",
            "nul",
            "1 2",
            "[] []",
            "\u{feff}1",
            "\u{a0}1",
        ] {
            assert!(!is_value(invalid.as_bytes()), "{invalid}");
        }
    }

    #[test]
    fn deep_nesting_is_left_to_the_engine() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(is_value(deep(64).as_bytes()));
        assert!(!is_value(deep(66).as_bytes()));
        assert!(!is_value("[".repeat(100_000).as_bytes()));
    }

    #[test]
    fn plain_lengths_are_exact_at_every_distance() {
        for special in [b'"', b'\\', 0x1F, 0, b'\n'] {
            for before in 0..40 {
                for other in [b'a', 0x7F, 0x80, 0xFF, b' ', b'!', b'#', b'[', b']'] {
                    let mut text = vec![other; before];
                    text.push(special);
                    text.extend_from_slice(&[b'x'; 9]);
                    assert_eq!(plain_length(&text, 0), before);
                    assert_eq!(plain_length(&text[..before], 0), before);
                }
            }
        }
        assert_eq!(plain_length(b"ab", 3), 0);
    }

    #[test]
    fn strings_say_what_they_say() {
        let said = |literal: &str| {
            string(literal.as_bytes()).map(|text| String::from_utf8_lossy(&text).into_owned())
        };
        assert_eq!(said(r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#).unwrap(), "a\"\\/\u{8}\u{c}\n\r\té😀é");
        assert_eq!(said(r#""\ud83d\ud83d\ude00\ude00x""#).unwrap(), "\u{FFFD}😀\u{FFFD}x");
        assert_eq!(said("1"), None);
        assert_eq!(said("\""), None);
        assert_eq!(said(r#""\u12""#), None);
        assert_eq!(said(r#""\""#), None);
    }

    #[test]
    fn sketches_leave_out_what_was_asked_for() {
        let text = r#" { "a" : {"x":1} , "b":"long","c":[1], "d":null, "n":{"p":-1.5,"q":{"r":"s","t":true}},"o":{"p":1} } "#;
        let paths = ["a", "b", "d", "e", "n.p", "n.q.r", "n.q.u", "n.q.t", "o.p.x", "c"].map(Path::new);
        let sketch = sketch(text.as_bytes(), &paths, 9).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&sketch.text),
            r#"{ "a" : {} , "b":"","c":[1], "d":null, "n":{"p":0,"q":{"r":"","t":true}},"o":{"p":1} }"#
        );
        let members: Vec<_> =
            sketch.ranges.iter().map(|range| range.clone().map(|range| &text[range])).collect();
        assert_eq!(
            members,
            [
                Some(r#"{"x":1}"#),
                Some("\"long\""),
                Some("null"),
                None,
                Some("-1.5"),
                Some("\"s\""),
                None,
                Some("true"),
                None,
                Some("[1]")
            ]
        );
    }

    #[test]
    fn odd_texts_have_no_sketch() {
        let paths = ["a", "n.p"].map(Path::new);
        for text in [
            "[1]",
            "{\"a\":1,\"a\":2}",
            "{\"n\":{\"p\":1},\"n\":{\"p\":2}}",
            "{\"\\u0061\":1}",
            "{\"a\":1} x",
            "{\"a\":01}",
            "{\"a\":{\"b\":}}",
            "",
            "{\"b\":tru}",
            "{",
        ] {
            assert!(sketch(text.as_bytes(), &paths, 1).is_none(), "{text}");
        }
    }
}
