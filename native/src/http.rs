//! Twins of three small modules of `packages/wire`, for which the engine would need a tenth of a millisecond an
//! invocation. They know syntax, not Lambda; what they do not know they leave to TypeScript (`None`).

use std::ops::Range;

/// `token` of RFC 9110, 5.6.2.
pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| TOKEN[usize::from(byte)])
}

const TOKEN: [bool; 256] = {
    let mut token = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        token[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"!#$%&'*+.^_`|~-";
    let mut index = 0;
    while index < others.len() {
        token[others[index] as usize] = true;
        index += 1;
    }
    token
};

/// Anything but control characters, tab excepted.
pub fn is_field_value(text: &[u8]) -> bool {
    text.iter().all(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7F))
}

pub struct PlainHead<'a> {
    pub first: &'a str,
    pub fields: Vec<(&'a str, &'a str)>,
    /// Behind the empty line.
    pub end: usize,
}

/// See `packages/wire/src/http1/plain-head.ts`.
pub fn plain_head(bytes: &[u8], head_bytes: usize, max_fields: usize) -> Option<PlainHead<'_>> {
    let (first, mut at) = plain_line(bytes, 0)?;
    if first.is_empty() {
        return None;
    }
    let mut fields = Vec::with_capacity(16);
    loop {
        let (line, next) = plain_line(bytes, at)?;
        if next > head_bytes {
            return None;
        }
        if line.is_empty() {
            return Some(PlainHead { first, fields, end: next });
        }
        let (name, value) = line.split_once(':')?;
        if fields.len() == max_fields || !is_token(name.as_bytes()) {
            return None;
        }
        fields.push((name, value.trim_matches([' ', '\t'])));
        at = next;
    }
}

/// A line of printable ASCII and tabs up to its CR LF, and where the next one begins.
fn plain_line(bytes: &[u8], from: usize) -> Option<(&str, usize)> {
    let rest = bytes.get(from..)?;
    let length = rest.iter().position(|&byte| !(0x20..0x7F).contains(&byte) && byte != b'\t')?;
    if !rest[length..].starts_with(b"\r\n") {
        return None;
    }
    Some((std::str::from_utf8(&rest[..length]).ok()?, from + length + 2))
}

/// See `packages/wire/src/slice-member.ts`. `text` is valid JSON; of any other the answer is some range or none.
pub fn slice_member(text: &[u8], key: &[u8]) -> Option<Range<usize>> {
    let mut found = None;
    let mut at = skip_space(text, 0);
    if text.get(at) != Some(&b'{') {
        return None;
    }
    at = skip_space(text, at + 1);
    while text.get(at) == Some(&b'"') {
        let name_start = at + 1;
        at = skip_string(text, at);
        let name = text.get(name_start..at.saturating_sub(1)).unwrap_or_default();
        // Not behind the end of a text that is cut off there.
        let start = skip_space(text, skip_space(text, at) + 1).min(text.len());
        at = skip_value(text, start);
        if name == key || unescaped(name).is_some_and(|name| name == key) {
            found = Some(start..at);
        }
        at = skip_space(text, at);
        if text.get(at) == Some(&b',') {
            at = skip_space(text, at + 1);
        }
    }
    found
}

/// A name that is written with escapes; `None` for one that is not, or that is no text.
fn unescaped(name: &[u8]) -> Option<Vec<u8>> {
    if !name.contains(&b'\\') {
        return None;
    }
    let mut units = Vec::with_capacity(name.len());
    let mut chars = std::str::from_utf8(name).ok()?.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            units.extend_from_slice(char.encode_utf16(&mut [0; 2]));
            continue;
        }
        units.push(match chars.next()? {
            'b' => 0x08,
            'f' => 0x0C,
            'n' => 0x0A,
            'r' => 0x0D,
            't' => 0x09,
            'u' => {
                let unit = u16::from_str_radix(chars.as_str().get(..4)?, 16).ok()?;
                chars.nth(3);
                unit
            }
            other => u16::try_from(u32::from(other)).ok()?,
        });
    }
    String::from_utf16(&units).ok().map(String::into_bytes)
}

fn skip_space(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while text.get(at).is_some_and(|&byte| byte <= 0x20) {
        at += 1;
    }
    at
}

/// From the opening quote to behind the closing one.
fn skip_string(text: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

fn skip_value(text: &[u8], from: usize) -> usize {
    let mut at = from;
    let mut depth = 0usize;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => at = skip_string(text, at),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
                continue;
            }
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                at += 1;
            }
            _ if depth == 0 && (byte == b',' || byte <= 0x20) => return at,
            _ => {
                at += 1;
                continue;
            }
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member<'a>(text: &'a str, key: &str) -> Option<&'a str> {
        slice_member(text.as_bytes(), key.as_bytes()).map(|range| &text[range])
    }

    #[test]
    fn members_are_sliced_as_they_stand() {
        let text = r#" { "a" : 1.50 , "b":{"a":[1,"}"]},"c":"x\"y\\" , "d":null,"b": [ 2 ] }"#;
        assert_eq!(member(text, "a"), Some("1.50"));
        assert_eq!(member(text, "b"), Some("[ 2 ]"));
        assert_eq!(member(text, "c"), Some(r#""x\"y\\""#));
        assert_eq!(member(text, "d"), Some("null"));
        assert_eq!(member(text, "e"), None);
        assert_eq!(member("[1]", "a"), None);
        assert_eq!(member("{}", "a"), None);
        assert_eq!(member(r#"{"\u0061\n\ud83d\ude00\/":1}"#, "a\n\u{1F600}/"), Some("1"));
    }

    #[test]
    fn members_of_broken_text_do_no_harm() {
        let text = br#"{"a":{"b":"c\"#;
        for end in 0..=text.len() {
            let _ = slice_member(&text[..end], b"a");
        }
        let _ = slice_member(br#"{"a"}"#, b"a");
    }

    #[test]
    fn plain_heads_are_read_in_one_pass() {
        let head = plain_head(b"HTTP/1.1 200 OK\r\nA: 1\r\nb:\t x: y \r\nc:\r\n\r\nrest", 100, 10).unwrap();
        assert_eq!(head.first, "HTTP/1.1 200 OK");
        assert_eq!(head.fields, [("A", "1"), ("b", "x: y"), ("c", "")]);
        assert_eq!(head.end, 40);
    }

    #[test]
    fn other_heads_are_left_to_typescript() {
        for bytes in [
            &b"HTTP/1.1 200 OK\r\nA: 1\r\n"[..],
            b"\r\nHTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\nA: 1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: 1\r\n folded\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA : 1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: \xc3\xa9\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nnothing\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n",
            b"",
        ] {
            assert!(plain_head(bytes, 100, 2).is_none(), "{bytes:?}");
        }
        assert!(plain_head(b"HTTP/1.1 200 OK\r\n\r\n", 18, 2).is_none());
    }

    #[test]
    fn tokens_and_values() {
        assert!(is_token(b"x-A_1!") && !is_token(b"") && !is_token(b"a b") && !is_token("\u{e9}".as_bytes()));
        assert!(is_field_value(b"") && is_field_value("a\t\u{e9}".as_bytes()));
        assert!(!is_field_value(b"a\r") && !is_field_value(b"\x7f") && !is_field_value(b"\0"));
    }
}
