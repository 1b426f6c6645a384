//! Responses that are all there.

use crate::http::plain_head;
use std::ops::Range;

/// A response that is all there. Ranges are of the bytes it was found in.
#[derive(Debug, PartialEq)]
pub struct Whole {
    pub status: u16,
    /// The fields' lines with their ends, without the empty line.
    pub fields: Range<usize>,
    pub body: Range<usize>,
    pub reusable: bool,
}

/// See `wholeResponse` in `packages/wire/src/quick.ts`. A chunked body is moved together in place.
pub fn whole_response(
    bytes: &mut [u8],
    bodiless: bool,
    head_bytes: usize,
    max_fields: usize,
) -> Option<Whole> {
    let found = response_head(bytes, head_bytes, max_fields)?;
    if found.chunked && !bodiless && ![204, 304].contains(&found.status) {
        if found.length.is_some() {
            return None;
        }
        let (status, fields, start, reusable) = (found.status, found.fields, found.end, found.keep_alive);
        return Some(Whole { status, fields, body: unchunk(bytes, start)?, reusable });
    }
    found.unchunked(bytes.len(), bodiless)
}

/// As `whole_response`, of a body that is not chunked.
pub fn response_with_length(bytes: &[u8], head_bytes: usize, max_fields: usize) -> Option<Whole> {
    response_head(bytes, head_bytes, max_fields)?.unchunked(bytes.len(), false)
}

/// How many bytes are missing for a response with a length whose head is there.
pub fn missing(bytes: &[u8], head_bytes: usize, max_fields: usize) -> Option<usize> {
    let head = response_head(bytes, head_bytes, max_fields)?;
    let has_body = !head.chunked && head.status != 204 && head.status != 304;
    head.end.checked_add(head.length.filter(|_| has_body)?)?.checked_sub(bytes.len())
}

struct ResponseHead {
    status: u16,
    fields: Range<usize>,
    /// Where the body begins.
    end: usize,
    length: Option<usize>,
    chunked: bool,
    keep_alive: bool,
}

impl ResponseHead {
    /// What follows the response is no answer to anything, and with less than `bytes` it is not whole.
    fn unchunked(self, bytes: usize, bodiless: bool) -> Option<Whole> {
        if self.chunked {
            return None;
        }
        let has_none = bodiless || self.status == 204 || self.status == 304;
        let end = if has_none { self.end } else { self.end.checked_add(self.length?)? };
        (end == bytes).then_some(Whole {
            status: self.status,
            fields: self.fields,
            body: self.end..end,
            reusable: self.keep_alive,
        })
    }
}

fn response_head(bytes: &[u8], head_bytes: usize, max_fields: usize) -> Option<ResponseHead> {
    let head = plain_head(bytes, head_bytes, max_fields)?;
    let line = head.first.as_bytes();
    let keep_alive_by_default = match line.get(..9)? {
        b"HTTP/1.1 " => true,
        b"HTTP/1.0 " => false,
        _ => return None,
    };
    let digits = line.get(9..12)?;
    if !digits.iter().all(u8::is_ascii_digit) || line.get(12).is_some_and(|&byte| byte != b' ') {
        return None;
    }
    let status = digits.iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
    if status < 200 {
        return None;
    }
    let (mut length, mut chunked, mut keep_alive) = (None, false, keep_alive_by_default);
    for &(name, value) in &head.fields {
        match name.len() {
            10 if name.eq_ignore_ascii_case("connection") => {
                if value.eq_ignore_ascii_case("close") {
                    keep_alive = false;
                } else if value.eq_ignore_ascii_case("keep-alive") {
                    keep_alive |= true;
                } else {
                    return None;
                }
            }
            14 if name.eq_ignore_ascii_case("content-length") => {
                if length.is_some()
                    || value.is_empty()
                    || value.len() > 15
                    || !value.bytes().all(|b| b.is_ascii_digit())
                {
                    return None;
                }
                length = Some(value.parse::<usize>().ok()?);
            }
            17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                if chunked || !value.eq_ignore_ascii_case("chunked") || !keep_alive_by_default {
                    return None;
                }
                chunked = true;
            }
            _ => {}
        }
    }
    let fields = head.first.len() + 2..head.end - 2;
    Some(ResponseHead { status, fields, end: head.end, length, chunked, keep_alive })
}

/// Where the chunks' data stand, moved together, when they and the last chunk are all there is from `start` on.
fn unchunk(bytes: &mut [u8], start: usize) -> Option<Range<usize>> {
    // Nothing may be moved before all of it is known to be right.
    let mut at = start;
    loop {
        let (data, next) = chunk(bytes, at)?;
        at = next;
        if data.is_empty() {
            break;
        }
    }
    if at != bytes.len() {
        return None;
    }
    let (mut at, mut end) = (start, start);
    loop {
        let (data, next) = chunk(bytes, at)?;
        at = next;
        if data.is_empty() {
            return Some(start..end);
        }
        let length = data.len();
        bytes.copy_within(data, end);
        end += length;
    }
}

/// The data of the chunk at `at`, and where the next one begins.
fn chunk(bytes: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    let digits = bytes.get(at..)?.iter().take(8).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let text = std::str::from_utf8(bytes.get(at..at + digits)?).ok()?;
    let size = usize::from_str_radix(text, 16).ok()?;
    let start = at + digits + 2;
    let end = start.checked_add(size)?;
    let ends_line = |at: usize| bytes.get(at..).is_some_and(|rest| rest.starts_with(b"\r\n"));
    (ends_line(start - 2) && ends_line(end)).then_some((start..end, end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Option<(u16, String, String, bool)> {
        let mut bytes = text.as_bytes().to_vec();
        let whole = whole_response(&mut bytes, false, 1000, 10)?;
        let text = |range: Range<usize>| String::from_utf8_lossy(&bytes[range]).into_owned();
        Some((whole.status, text(whole.fields), text(whole.body), whole.reusable))
    }

    #[test]
    fn responses_that_are_all_there_are_found() {
        let found =
            |status, fields: &str, body: &str, reusable| Some((status, fields.into(), body.into(), reusable));
        assert_eq!(
            whole("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\n\r\nok"),
            found(200, "Content-Length: 2\r\nA: b\r\n", "ok", true)
        );
        assert_eq!(
            whole("HTTP/1.1 204\r\nConnection: close\r\n\r\n"),
            found(204, "Connection: close\r\n", "", false)
        );
        assert_eq!(
            whole("HTTP/1.0 304 \r\nContent-Length: 9\r\n\r\n"),
            found(304, "Content-Length: 9\r\n", "", false)
        );
        assert_eq!(
            whole(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"
            ),
            found(200, "Transfer-Encoding: chunked\r\n", "abc0123456789", true)
        );
    }

    #[test]
    fn other_responses_are_left_to_typescript_and_untouched() {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
            "HTTP/1.1 200 OK\r\n\r\nuntil close",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 2xx OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/2 200\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nConnection: keep-alive, x\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nabc\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nx",
        ] {
            let mut bytes = text.as_bytes().to_vec();
            assert_eq!(whole_response(&mut bytes, false, 1000, 10), None, "{text}");
            assert_eq!(bytes, text.as_bytes(), "{text}");
        }
    }
}
