//! Whole HTTP messages in one call: responses that arrived in one piece, requests and JSON answers made of members and
//! fields as they stand. For the plain kind only, which nearly all are; whatever is odd in any way is `None`, and
//! TypeScript goes the long way, which says what is wrong. Rules and names come from there: nothing here knows Lambda.

use crate::bytes;
use crate::http::{is_field_value, is_token, plain_head};
use crate::json;
use std::borrow::Cow;
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

/// Names of fields, kept in lower case.
pub struct Names(Vec<Vec<u8>>);

impl Names {
    pub fn new(names: impl IntoIterator<Item = String>) -> Names {
        Names(names.into_iter().map(|name| name.to_ascii_lowercase().into_bytes()).collect())
    }

    fn position(&self, name: &[u8]) -> Option<usize> {
        self.0.iter().position(|known| known.eq_ignore_ascii_case(name))
    }
}

/// The lines of `Whole::fields`; values trimmed.
fn fields(section: &[u8]) -> impl Iterator<Item = Option<(&[u8], &[u8])>> {
    section.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(|line| {
        let colon = line.iter().position(|&byte| byte == b':')?;
        let value = line[colon + 1..].trim_ascii();
        let is_plain = value.iter().all(|&byte| byte == b'\t' || (0x20..0x7F).contains(&byte));
        (is_plain && is_token(&line[..colon])).then_some((&line[..colon], value))
    })
}

/// See `fieldValues` in `quick.ts`: of each name the last value that is not empty.
pub fn field_values<'a>(section: &'a [u8], names: &Names) -> Option<Vec<Option<&'a str>>> {
    let mut values = vec![None; names.0.len()];
    for field in fields(section) {
        let (name, value) = field?;
        if let Some(index) = names.position(name)
            && !value.is_empty()
        {
            values[index] = Some(std::str::from_utf8(value).ok()?);
        }
    }
    Some(values)
}

/// Whether every option of a `connection` field names a field that is dropped anyway, or is none.
fn options_are_known(value: &[u8], dropped: &Names) -> bool {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).all(|option| {
        option.is_empty() || option.eq_ignore_ascii_case(b"close") || dropped.position(option).is_some()
    })
}

/// A name that an object of JavaScript would put before all others.
fn is_index(name: &[u8]) -> bool {
    name.iter().all(u8::is_ascii_digit)
}

/// What stays of a request the same from event to event. See `quickRequest` in `quick.ts`.
pub struct RequestRules {
    pub dropped: Names,
    pub dropped_prefix: Vec<u8>,
    /// The field whose values are joined in one line at the end.
    pub joined: Vec<u8>,
    /// The field that `Given::superseded` is about.
    pub superseded: Vec<u8>,
    /// Fields beyond this are left to TypeScript.
    pub max_fields: usize,
}

/// Where in the text the members stand.
#[derive(Default)]
pub struct Members {
    pub lists: Option<Range<usize>>,
    pub singles: Option<Range<usize>>,
    pub joined: Option<Range<usize>>,
    pub body: Option<Range<usize>>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum BodyForm {
    Text,
    Base64,
    /// The bytes themselves.
    Raw,
}

pub struct Given<'a> {
    pub method: &'a [u8],
    pub target: Cow<'a, [u8]>,
    pub form: BodyForm,
    /// The field of this name is left out when its value is this one, or goes on behind it with a semicolon. Empty when
    /// it is a field like any other.
    pub superseded: &'a [u8],
    /// Fields that follow, `name: value` with line ends.
    pub more: Vec<u8>,
    /// No body is no `content-length`.
    pub bodiless: bool,
}

/// A target of path and query as they stand in two strings; `None` where one of their characters would have to be
/// encoded. `encoded` when the path is encoded already, so that `%` and the like are meant.
pub fn verbatim_target(
    text: &[u8],
    path: Range<usize>,
    query: Option<Range<usize>>,
    encoded: bool,
) -> Option<Vec<u8>> {
    let plain = |range: Range<usize>| text[range].strip_prefix(b"\"")?.strip_suffix(b"\"");
    let (path, query) = (plain(path)?, query.map_or(Some(&b""[..]), plain)?);
    let in_path = |byte: &u8| match byte {
        b'!' | b'$' | b'&'..=b';' | b'=' | b'@'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'~' => true,
        b'%' | b'<' | b'>' | b'^' | b'`' | b'{'..=b'}' => encoded,
        _ => false,
    };
    let in_query = |byte: &u8| matches!(byte, b'!' | b'$'..=b'[' | b']'..=b'~');
    if !path.starts_with(b"/") || !path.iter().all(in_path) || !query.iter().all(in_query) {
        return None;
    }
    let mut target = path.to_vec();
    if !query.is_empty() {
        target.push(b'?');
        target.extend_from_slice(query);
    }
    Some(target)
}

#[derive(Default)]
struct RequestLines {
    /// Values of the lists so far.
    count: usize,
    host: Vec<u8>,
    lines: Vec<u8>,
    joined: Vec<u8>,
}

/// The request, head and body in one piece. `text` is UTF-8.
pub fn plain_request(
    text: &[u8],
    members: &Members,
    rules: &RequestRules,
    given: &Given<'_>,
) -> Option<Vec<u8>> {
    let is_visible =
        |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(|&byte| (0x21..0x7F).contains(&byte));
    let is_lines =
        |bytes: &[u8]| bytes.iter().all(|&byte| (0x20..0x7F).contains(&byte) || b"\t\r\n".contains(&byte));
    if !is_token(given.method) || !is_visible(&given.target) || !is_lines(&given.more) {
        return None;
    }
    let mut found = RequestLines { lines: Vec::with_capacity(1024), ..RequestLines::default() };
    map_fields(text, members, rules, given, &mut found)?;
    if found.joined.is_empty()
        && let Some(range) = present(text, members.joined.as_ref())
    {
        list_values(text, range, |value| append_joined(&mut found.joined, value))?;
    }
    if found.host.is_empty() && !given.more.starts_with(b"host: ") {
        return None;
    }
    let body = match members.body.clone().map(|range| &text[range]) {
        None | Some(b"null") => Cow::Borrowed(&b""[..]),
        Some(raw) if given.form == BodyForm::Raw => Cow::Borrowed(raw),
        Some(literal) => json::string(literal)?,
    };
    let decoded_length =
        if given.form == BodyForm::Base64 { bytes::base64_length(&body)? } else { body.len() };
    let mut request = Vec::with_capacity(
        given.target.len()
            + found.host.len()
            + found.lines.len()
            + found.joined.len()
            + given.more.len()
            + rules.joined.len()
            + decoded_length
            + 128,
    );
    for piece in [given.method, b" ", &given.target, b" HTTP/1.1\r\n", &found.host, &found.lines] {
        request.extend_from_slice(piece);
    }
    if !found.joined.is_empty() {
        append_field(&rules.joined, &found.joined, &mut request);
    }
    request.extend_from_slice(&given.more);
    if decoded_length > 0 || !given.bodiless {
        append_field(b"content-length", decoded_length.to_string().as_bytes(), &mut request);
    }
    request.extend_from_slice(b"\r\n");
    match given.form {
        BodyForm::Base64 => bytes::base64_append(&body, &mut request)?,
        _ => request.extend_from_slice(&body),
    }
    Some(request)
}

fn append_field(name: &[u8], value: &[u8], lines: &mut Vec<u8>) {
    for piece in [name, b": ", value, b"\r\n"] {
        lines.extend_from_slice(piece);
    }
}

/// `None` for what would not be told from no value at all.
fn append_joined(joined: &mut Vec<u8>, value: &[u8]) -> Option<()> {
    (!value.is_empty() && is_field_value(value)).then_some(())?;
    if !joined.is_empty() {
        joined.extend_from_slice(b"; ");
    }
    joined.extend_from_slice(value);
    Some(())
}

/// The strings of an array, of which there must be one; `null` is an array without any.
fn list_values(text: &[u8], range: Range<usize>, mut value: impl FnMut(&[u8]) -> Option<()>) -> Option<()> {
    json::each_element(text, range.start, |element| value(&json::string(&text[element])?)).map(drop)
}

/// The member where it is there and not `null`.
fn present(text: &[u8], member: Option<&Range<usize>>) -> Option<Range<usize>> {
    member.filter(|range| &text[(*range).clone()] != b"null").cloned()
}

/// Fields of both maps; of the single-valued one only names that the other lacks.
fn map_fields(
    text: &[u8],
    members: &Members,
    rules: &RequestRules,
    given: &Given<'_>,
    found: &mut RequestLines,
) -> Option<()> {
    let mut listed: Vec<Range<usize>> = Vec::new();
    if let Some(range) = present(text, members.lists.as_ref()) {
        json::each_member(text, range.start, |name, values| {
            add_name(text, name.clone(), &mut listed, rules.max_fields)?;
            let before = found.count;
            list_values(text, values, |value| {
                found.count += 1;
                field(&text[name.clone()], value, rules, given, found)
            })?;
            // A name without values may have some in the other map.
            (found.count > before).then_some(())
        })?;
    }
    if let Some(range) = present(text, members.singles.as_ref()) {
        let mut names = Vec::new();
        json::each_member(text, range.start, |name, value| {
            add_name(text, name.clone(), &mut names, rules.max_fields)?;
            let name = &text[name];
            // Names compare without regard to case where one map completes the other, exactly within a map.
            if listed.iter().any(|one| text[one.clone()].eq_ignore_ascii_case(name)) {
                return Some(());
            }
            match &text[value] {
                b"null" => Some(()),
                literal => field(name, &json::string(literal)?, rules, given, found),
            }
        })?;
    }
    Some(())
}

/// Notes a name of a map; `None` when it was there already, is none for a field, or would come out in another place.
fn add_name(text: &[u8], name: Range<usize>, names: &mut Vec<Range<usize>>, max: usize) -> Option<()> {
    let is_new = names.iter().all(|known| text[known.clone()] != text[name.clone()]);
    let is_usable = is_token(&text[name.clone()]) && !is_index(&text[name.clone()]);
    (is_new && is_usable && names.len() < max).then(|| names.push(name))
}

fn field(
    name: &[u8],
    value: &[u8],
    rules: &RequestRules,
    given: &Given<'_>,
    found: &mut RequestLines,
) -> Option<()> {
    is_field_value(value).then_some(())?;
    if rules.dropped.position(name).is_some() {
        let says_more = name.eq_ignore_ascii_case(b"connection") && !options_are_known(value, &rules.dropped);
        return (!says_more).then_some(());
    }
    if name
        .get(..rules.dropped_prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(&rules.dropped_prefix))
    {
        return Some(());
    }
    if name.eq_ignore_ascii_case(&rules.joined) {
        return append_joined(&mut found.joined, value);
    }
    if name.eq_ignore_ascii_case(b"host") {
        if found.host.is_empty() {
            append_field(name, value, &mut found.host);
        }
        return Some(());
    }
    if !given.superseded.is_empty() && name.eq_ignore_ascii_case(&rules.superseded) {
        let behind = value.strip_prefix(given.superseded)?;
        return (behind.is_empty() || behind[0] == b';').then_some(());
    }
    append_field(name, value, &mut found.lines);
    Some(())
}

/// How the fields of a response stand in an object.
#[derive(Clone, Copy, PartialEq)]
pub enum Shape {
    /// Values of one name joined with a comma.
    Joined,
    /// A list of values for each name.
    Lists,
}

/// See `quickAnswer` in `quick.ts`.
pub struct AnswerRules {
    pub dropped: Names,
    pub shape: Shape,
    /// The field that is never joined: with `apart` its values have a list of their own, else the last one stays.
    pub separate: Vec<u8>,
    /// Names of members with comma and colon: of the body, of the flag that it is base64, of the list apart.
    pub body: Vec<u8>,
    pub flag: Vec<u8>,
    pub apart: Option<Vec<u8>>,
    pub max_fields: usize,
}

/// An object that begins with `before`: the fields of `section`, then the body and what belongs to it.
pub fn plain_answer(before: &[u8], section: &[u8], body: &[u8], rules: &AnswerRules) -> Option<Vec<u8>> {
    let mut map: Vec<(Vec<u8>, Vec<&[u8]>)> = Vec::with_capacity(16);
    let mut apart: Vec<&[u8]> = Vec::new();
    for field in fields(section) {
        let (name, value) = field?;
        if rules.dropped.position(name).is_some() {
            if name.eq_ignore_ascii_case(b"connection") && !options_are_known(value, &rules.dropped) {
                return None;
            }
            continue;
        }
        let is_separate = name.eq_ignore_ascii_case(&rules.separate);
        if is_separate && rules.apart.is_some() {
            apart.push(value);
            continue;
        }
        let name = name.to_ascii_lowercase();
        match map.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) if is_separate && rules.shape == Shape::Joined => *values = vec![value],
            Some((_, values)) => values.push(value),
            None => {
                (!is_index(&name) && map.len() < rules.max_fields).then_some(())?;
                map.push((name, vec![value]));
            }
        }
    }
    let is_text = bytes::is_json_text(body);
    let body_length = if is_text { body.len() + body.len() / 16 } else { body.len().div_ceil(3) * 4 };
    let mut answer = Vec::with_capacity(before.len() + section.len() * 2 + body_length + 160);
    answer.extend_from_slice(before);
    for (index, (name, values)) in map.iter().enumerate() {
        answer.push(if index == 0 { b'{' } else { b',' });
        json::write_ascii(name, &mut answer);
        answer.push(b':');
        match rules.shape {
            Shape::Joined => json::write_ascii(&values.join(&b", "[..]), &mut answer),
            Shape::Lists => write_list(values, &mut answer),
        }
    }
    answer.extend_from_slice(if map.is_empty() { b"{}" } else { b"}" });
    answer.extend_from_slice(&rules.body);
    answer.push(b'"');
    if is_text {
        bytes::json_append(body, &mut answer);
    } else {
        bytes::base64_encode_append(body, &mut answer);
    }
    answer.push(b'"');
    answer.extend_from_slice(&rules.flag);
    answer.extend_from_slice(if is_text { b"false" } else { b"true" });
    if let Some(name) = &rules.apart {
        answer.extend_from_slice(name);
        write_list(&apart, &mut answer);
    }
    answer.push(b'}');
    Some(answer)
}

fn write_list(values: &[&[u8]], json: &mut Vec<u8>) {
    json.push(b'[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        json::write_ascii(value, json);
    }
    json.push(b']');
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

    #[test]
    fn field_values_are_the_last_that_are_not_empty() {
        let names = Names::new(["a".into(), "B-c".into(), "d".into()]);
        let values = field_values(b"A: 1\r\nb-C:\t2 \r\na: 3\r\na:\r\ne: 4\r\n", &names).unwrap();
        assert_eq!(values, [Some("3"), Some("2"), None]);
        assert_eq!(field_values(b"no colon\r\n", &names), None);
        assert_eq!(field_values(b"a: \xc3\xa9\r\n", &names), None);
    }

    fn rules() -> RequestRules {
        RequestRules {
            dropped: Names::new(["connection".into(), "te".into(), "content-length".into()]),
            dropped_prefix: b"x-ours-".to_vec(),
            joined: b"cookie".to_vec(),
            superseded: b"trace".to_vec(),
            max_fields: 8,
        }
    }

    /// The request of an event with members `m` (lists), `h` (singles), `c` (joined), `b` (body).
    fn request(event: &str, form: BodyForm, superseded: &str) -> Option<String> {
        let paths = ["m", "h", "c", "b"].map(json::Path::new);
        let mut ranges = json::sketch(event.as_bytes(), &paths, 4)?.ranges.into_iter();
        let mut next = || ranges.next().flatten();
        let members = Members { lists: next(), singles: next(), joined: next(), body: next() };
        let given = Given {
            method: b"POST",
            target: Cow::Borrowed(b"/x"),
            form,
            superseded: superseded.as_bytes(),
            more: b"x: y\r\n".to_vec(),
            bodiless: false,
        };
        plain_request(event.as_bytes(), &members, &rules(), &given)
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn requests_are_made_of_members() {
        assert_eq!(
            request(
                r#"{"h":{"A":"1","Host":"h","x-ours-b":"2","connection":"close, te","trace":"R=1;P=2","q":"\"\u00e9"},
                    "c":["a=1","b=2"],"b":"é\n"}"#,
                BodyForm::Text,
                "R=1"
            )
            .unwrap(),
            "POST /x HTTP/1.1\r\nHost: h\r\nA: 1\r\nq: \"é\r\ncookie: a=1; b=2\r\nx: y\r\ncontent-length: 3\r\n\r\né\n"
        );
        assert_eq!(
            request(
                r#"{"m":{"host":["h"],"a":["1","2"],"Cookie":["c=1"]},"h":{"A":"2","b":"3","n":null},"c":["d"],"b":"QUI="}"#,
                BodyForm::Base64,
                ""
            )
            .unwrap(),
            "POST /x HTTP/1.1\r\nhost: h\r\na: 1\r\na: 2\r\nb: 3\r\ncookie: c=1\r\nx: y\r\ncontent-length: 2\r\n\r\nAB"
        );
        assert_eq!(
            request(r#"{"h":{"host":"h"},"c":null,"b":{"a": 1}}"#, BodyForm::Raw, "").unwrap(),
            "POST /x HTTP/1.1\r\nhost: h\r\nx: y\r\ncontent-length: 8\r\n\r\n{\"a\": 1}"
        );
    }

    #[test]
    fn odd_members_are_left_to_typescript() {
        for members in [
            r#""h":{"a":"1"}"#,
            r#""h":{"host":"h","a":1}"#,
            r#""h":{"host":"h","a b":"1"}"#,
            r#""h":{"host":"h","a":"1\n"}"#,
            r#""h":{"host":"h","a":"1","a":"2"}"#,
            r#""h":{"host":"h","1":"1"}"#,
            r#""h":{"host":"h","connection":"a"}"#,
            r#""h":{"host":"h","trace":"R=2"}"#,
            r#""h":{"host":"h","cookie":""}"#,
            r#""h":{"host":"h","a":["1"]}"#,
            r#""h":{"host":"h"},"m":{"a":[]}"#,
            r#""h":{"host":"h"},"m":{"a":[null]}"#,
            r#""h":{"host":"h"},"m":1"#,
            r#""h":{"host":"h"},"c":[1]"#,
            r#""h":{"host":"h"},"c":"a""#,
            r#""h":[]"#,
            r#""h":{"host":"h"},"b":1"#,
            r#""h":{"host":"h","1a":"","2a":"","3a":"","4a":"","5a":"","6a":"","7a":"","8a":""}"#,
        ] {
            assert_eq!(request(&format!("{{{members}}}"), BodyForm::Text, "R=1"), None, "{members}");
        }
        for body in ["QQ", "Q Q==", "Q_==", "QUJD=", "é==="] {
            let event = format!(r#"{{"h":{{"host":"h"}},"b":"{body}"}}"#);
            assert_eq!(request(&event, BodyForm::Base64, ""), None, "{body}");
        }
    }

    #[test]
    fn targets_are_taken_as_they_stand_where_they_may() {
        let target = |path: &str, query: &str, encoded| {
            let text = format!("\"{path}\"\"{query}\"");
            let end = path.len() + 2;
            verbatim_target(text.as_bytes(), 0..end, Some(end..text.len()), encoded)
                .map(|target| String::from_utf8(target).unwrap())
        };
        assert_eq!(target("/a/b", "x=1&y=%20", false).unwrap(), "/a/b?x=1&y=%20");
        assert_eq!(target("/", "", false).unwrap(), "/");
        assert_eq!(target("/%41", "", true).unwrap(), "/%41");
        for (path, query, encoded) in [
            ("", "", true),
            ("a", "", true),
            ("/%41", "", false),
            ("/a b", "", true),
            ("/a?b", "", true),
            ("/a#b", "", true),
            ("/\u{e9}", "", true),
            ("/a\\\\", "", true),
            ("/", "a b", true),
            ("/", "a#b", true),
            ("/", "\\\"", true),
        ] {
            assert_eq!(target(path, query, encoded), None, "{path}?{query}");
        }
        assert_eq!(verbatim_target(b"1", 0..1, None, true), None);
        assert_eq!(verbatim_target(b"\"/\"null", 0..3, Some(3..7), true), None);
    }

    fn answer(section: &str, body: &[u8], shape: Shape, apart: bool) -> Option<String> {
        let rules = AnswerRules {
            dropped: Names::new(["connection".into(), "content-length".into()]),
            shape,
            separate: b"set-cookie".to_vec(),
            body: b",\"body\":".to_vec(),
            flag: b",\"64\":".to_vec(),
            apart: apart.then(|| b",\"cookies\":".to_vec()),
            max_fields: 4,
        };
        let before = b"{\"h\":";
        plain_answer(before, section.as_bytes(), body, &rules).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn answers_are_json() {
        let section = "A: 1\r\nContent-Length: 2\r\na: \"2\\\r\nSet-Cookie: x\r\nset-cookie: y\r\n";
        assert_eq!(
            answer(section, b"a\"\n", Shape::Joined, true).unwrap(),
            r#"{"h":{"a":"1, \"2\\"},"body":"a\"\n","64":false,"cookies":["x","y"]}"#
        );
        assert_eq!(
            answer(section, b"\xff", Shape::Lists, false).unwrap(),
            r#"{"h":{"a":["1","\"2\\"],"set-cookie":["x","y"]},"body":"/w==","64":true}"#
        );
        assert_eq!(
            answer(section, b"", Shape::Joined, false).unwrap(),
            r#"{"h":{"a":"1, \"2\\","set-cookie":"y"},"body":"","64":false}"#
        );
        assert_eq!(
            answer("", b"", Shape::Joined, true).unwrap(),
            r#"{"h":{},"body":"","64":false,"cookies":[]}"#
        );
    }

    #[test]
    fn odd_sections_are_left_to_typescript() {
        for section in [
            "connection: a\r\n",
            "1: a\r\n",
            "a\r\n",
            "a b: c\r\n",
            "a: \u{e9}\r\n",
            "a:\r\nb:\r\nc:\r\nd:\r\ne:\r\n",
        ] {
            assert_eq!(answer(section, b"", Shape::Joined, true), None, "{section}");
        }
    }
}
