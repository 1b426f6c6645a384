//! Conversions between bytes and text: what `Codec` (`packages/wire/src/codec.ts`) promises, without the engine.

use crate::json;
use base64_simd::STANDARD;

/// UTF-8 as the engine hands it out, where each lone surrogate stands as the three bytes of its code point.
/// They become U+FFFD.
pub fn well_formed(mut bytes: Vec<u8>) -> Vec<u8> {
    if std::str::from_utf8(&bytes).is_err() {
        for at in 0..bytes.len().saturating_sub(2) {
            if bytes[at] == 0xED && bytes[at + 1] >= 0xA0 {
                bytes[at..at + 3].copy_from_slice("\u{FFFD}".as_bytes());
            }
        }
    }
    bytes
}

pub fn latin1_decode(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

pub fn base64_encode(bytes: &[u8]) -> Vec<u8> {
    STANDARD.encode_type(bytes)
}

/// Standard or URL-safe alphabet, padded or not, white space ignored; `None` when anything else stands in the text.
pub fn base64_decode(text: &[u8]) -> Option<Vec<u8>> {
    // What Lambda itself sends is standard and padded; all the rest goes the slow way.
    STANDARD.decode_type::<Vec<u8>>(text).ok().or_else(|| base64_decode_leniently(text))
}

fn base64_decode_leniently(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut digits, mut padding) = (0u32, 0usize, 0usize);
    for &byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            b'=' if padding < 2 => {
                padding += 1;
                continue;
            }
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        bits = bits << 6 | u32::from(value);
        digits += 1;
        if digits % 4 == 0 {
            bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
            bits = 0;
        }
    }
    match digits % 4 {
        // Six bits are no byte: something was cut off.
        1 => return None,
        2 => bytes.push((bits >> 4) as u8),
        3 => bytes.extend_from_slice(&((bits >> 2) as u16).to_be_bytes()),
        _ => {}
    }
    Some(bytes)
}

/// How many bytes the standard, padded base64 text stands for; `None` for any other text.
pub fn base64_length(text: &[u8]) -> Option<usize> {
    let padding = text.iter().rev().take(2).take_while(|&&byte| byte == b'=').count();
    text.len().is_multiple_of(4).then(|| (text.len() / 4 * 3).saturating_sub(padding))
}

/// Appends what standard, padded base64 text stands for; `None` when it is none.
pub fn base64_append(text: &[u8], bytes: &mut Vec<u8>) -> Option<()> {
    STANDARD.decode_append(text, bytes).ok()
}

pub fn base64_encode_append(bytes: &[u8], text: &mut Vec<u8>) {
    STANDARD.encode_append(bytes, text);
}

/// The bytes as a JSON string literal as `JSON.stringify` writes it, when they are text that JSON carries without
/// loss; `None` for all else.
pub fn json_string(bytes: &[u8]) -> Option<Vec<u8>> {
    if !is_json_text(bytes) {
        return None;
    }
    let mut literal = Vec::with_capacity(bytes.len() + bytes.len() / 16 + 2);
    literal.push(b'"');
    json_append(bytes, &mut literal);
    literal.push(b'"');
    Some(literal)
}

/// Whether a JSON string carries the bytes without loss.
pub fn is_json_text(bytes: &[u8]) -> bool {
    let mut at = 0;
    loop {
        at += json::plain_length(bytes, at);
        match bytes.get(at) {
            None => break,
            Some(b'\t' | b'\n' | 0x0C | b'\r' | b'"' | b'\\') => at += 1,
            Some(_) => return false,
        }
    }
    !bytes.contains(&0x7F) && std::str::from_utf8(bytes).is_ok()
}

/// Appends the inside of the literal of what `is_json_text`.
pub fn json_append(bytes: &[u8], literal: &mut Vec<u8>) {
    let mut at = 0;
    loop {
        let plain = json::plain_length(bytes, at);
        literal.extend_from_slice(&bytes[at..at + plain]);
        at += plain;
        let Some(&byte) = bytes.get(at) else {
            return;
        };
        let letter = match byte {
            b'\t' => b't',
            b'\n' => b'n',
            0x0C => b'f',
            b'\r' => b'r',
            other => other,
        };
        literal.extend_from_slice(&[b'\\', letter]);
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_takes_both_alphabets_padding_or_none_and_white_space() {
        for text in ["+/+/", "-_-_", "-/+_", " +/\r\n+/\t"] {
            assert_eq!(base64_decode(text.as_bytes()), Some(vec![0xFB, 0xFF, 0xBF]), "{text}");
        }
        for text in ["QQ==", "QQ", "QQ=", "QR", "Q Q = ="] {
            assert_eq!(base64_decode(text.as_bytes()), Some(vec![b'A']), "{text}");
        }
        assert_eq!(base64_decode(b"QUI"), Some(b"AB".to_vec()));
        assert_eq!(base64_decode(b""), Some(vec![]));
    }

    #[test]
    fn base64_refuses_what_is_cut_off_and_foreign_characters() {
        for text in ["Q", "QUJDR", "QQ==QQ==", "QQ===", "Q=Q", "QU%D", "QUJ\u{e9}", "QUJ\0", "QUJ\x0c"] {
            assert_eq!(base64_decode(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn base64_there_and_back_and_both_ways_of_reading_agree() {
        let mut seed = 1u32;
        for length in 0..300 {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (seed >> 24) as u8
                })
                .collect();
            let text = base64_encode(&bytes);
            assert_eq!(base64_decode(&text), Some(bytes.clone()));
            assert_eq!(base64_decode_leniently(&text), Some(bytes));
        }
    }

    #[test]
    fn json_strings_escape_what_json_stringify_escapes() {
        assert_eq!(
            json_string("a\"b\\c\n\r\t\x0c/\u{2028}é\u{FEFF}".as_bytes()),
            Some("\"a\\\"b\\\\c\\n\\r\\t\\f/\u{2028}é\u{FEFF}\"".as_bytes().to_vec())
        );
        assert_eq!(json_string(b""), Some(b"\"\"".to_vec()));
    }

    #[test]
    fn json_strings_refuse_control_characters_and_what_is_no_utf8() {
        for bytes in [&b"\x00"[..], b"a\x08", b"\x0b", b"\x1f", b"\x7f", b"\xff", b"\xed\xa0\x80", b"\xc3"] {
            assert_eq!(json_string(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn lone_surrogates_become_one_replacement_each() {
        assert_eq!(well_formed(b"a\xed\xa0\x80b\xed\xbf\xbf".to_vec()), "a\u{FFFD}b\u{FFFD}".as_bytes());
        assert_eq!(well_formed("\u{D7FF}é".as_bytes().to_vec()), "\u{D7FF}é".as_bytes());
    }

    #[test]
    fn latin1_is_one_character_a_byte() {
        assert_eq!(latin1_decode(&[0, 0x41, 0x80, 0xE9, 0xFF]), "\0A\u{80}éÿ");
    }
}
