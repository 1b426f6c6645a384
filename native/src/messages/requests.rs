//! Requests: of an event's members as they stand, and of fields that are given.

use super::maps::{Maps, each_pair, list_values, present};
use super::targets::{self, Places, TargetForm};
use super::{Names, options_are_known};
use crate::bytes;
use crate::http::{is_field_value, is_token};
use crate::json;
use std::borrow::Cow;
use std::ops::Range;

/// What stays of a request the same from event to event. See `quickRequest` in `quick.ts`.
pub struct RequestRules {
    pub dropped: Names,
    pub dropped_prefix: Vec<u8>,
    /// The field whose values are joined in one line at the end.
    pub joined: Vec<u8>,
    /// The field that `Given::superseded` is about; how its value must begin, and its name where it says something else.
    pub superseded: Vec<u8>,
    pub beginning: Vec<u8>,
    pub aside: Vec<u8>,
    /// What a target loses at its beginning.
    pub base_path: Vec<u8>,
    /// Names beyond this are left to TypeScript.
    pub max_fields: usize,
}

/// Where in the text the members stand.
#[derive(Default)]
pub struct Members {
    pub lists: Option<Range<usize>>,
    pub singles: Option<Range<usize>>,
    pub joined: Option<Range<usize>>,
    pub body: Option<Range<usize>>,
    pub target: Places,
}

impl Members {
    /// By their numbers: the order of `QuickRequestNumbers` in `quick.ts`.
    pub fn of(range: impl Fn(usize) -> Option<Range<usize>>) -> Members {
        Members {
            lists: range(0),
            singles: range(1),
            joined: range(2),
            body: range(3),
            target: Places {
                raw_path: range(4),
                raw_query: range(5),
                path: range(6),
                parameter_lists: range(7),
                parameters: range(8),
            },
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum BodyForm {
    Text,
    Base64,
    /// The bytes themselves.
    Raw,
}

pub enum Target<'a> {
    Given(&'a [u8]),
    /// Of the members.
    InPlace(TargetForm),
}

pub struct Given<'a> {
    pub method: &'a [u8],
    pub target: Target<'a>,
    pub form: BodyForm,
    /// What the field of this name says up to its first semicolon when it is left out; where it says something else it goes
    /// by another name. Empty when it is a field like any other.
    pub superseded: &'a [u8],
    /// Fields that follow, `name: value` with line ends.
    pub more: Vec<u8>,
    /// No body is no `content-length`.
    pub bodiless: bool,
}

#[derive(Default)]
struct RequestLines {
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
    let target = match given.target {
        Target::Given(target) => Cow::Borrowed(target),
        Target::InPlace(form) => {
            Cow::Owned(targets::target(text, form, &members.target, &rules.base_path, rules.max_fields)?)
        }
    };
    if !is_token(given.method) || !is_visible(&target) || !is_lines(&given.more) {
        return None;
    }
    let mut found = RequestLines { lines: Vec::with_capacity(1024), ..RequestLines::default() };
    let maps =
        Maps { lists: members.lists.clone(), singles: members.singles.clone(), max_names: rules.max_fields };
    each_pair(text, &maps, is_token, <[u8]>::eq_ignore_ascii_case, |name, value| {
        field(name, value, rules, given, &mut found)
    })?;
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
        target.len()
            + found.host.len()
            + found.lines.len()
            + found.joined.len()
            + given.more.len()
            + rules.joined.len()
            + decoded_length
            + 128,
    );
    for piece in [given.method, b" ", &target, b" HTTP/1.1\r\n", &found.host, &found.lines] {
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
    let prefix = &rules.dropped_prefix;
    if name.len() > prefix.len() && name[..prefix.len()].eq_ignore_ascii_case(prefix) {
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
        let own = up_to_semicolon(value);
        // What begins in another way may say it further behind.
        (own.starts_with(&rules.beginning) && own.len() > rules.beginning.len()).then_some(())?;
        if own != given.superseded {
            append_field(&rules.aside, value, &mut found.lines);
        }
        return Some(());
    }
    append_field(name, value, &mut found.lines);
    Some(())
}

pub fn up_to_semicolon(value: &[u8]) -> &[u8] {
    value.split(|&byte| byte == b';').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> RequestRules {
        RequestRules {
            dropped: Names::new(["connection".into(), "te".into(), "content-length".into()]),
            dropped_prefix: b"x-ours-".to_vec(),
            joined: b"cookie".to_vec(),
            superseded: b"trace".to_vec(),
            beginning: b"R=".to_vec(),
            aside: b"old-trace".to_vec(),
            base_path: b"/base".to_vec(),
            max_fields: 8,
        }
    }

    /// The request of an event with members `m` (lists), `h` (singles), `c` (joined), `b` (body).
    fn request(event: &str, form: BodyForm, superseded: &str) -> Option<String> {
        let paths = ["m", "h", "c", "b", "p", "q"].map(json::Path::new);
        let ranges = json::sketch(event.as_bytes(), &paths, 4)?.ranges;
        let members = Members::of(|index| ranges.get(index).cloned().flatten());
        let given = Given {
            method: b"POST",
            target: match members.target.raw_path {
                None => Target::Given(b"/x"),
                Some(_) => Target::InPlace(TargetForm::EncodedPath),
            },
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
            request(
                r#"{"h":{"host":"h","trace":"R=2;P=3","x-ours-":"1"},"p":"/base/%41","q":"a"}"#,
                BodyForm::Text,
                "R=1"
            )
            .unwrap(),
            "POST /%41?a HTTP/1.1\r\nhost: h\r\nold-trace: R=2;P=3\r\nx-ours-: 1\r\nx: y\r\ncontent-length: 0\r\n\r\n"
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
            r#""h":{"host":"h","trace":"R="}"#,
            r#""h":{"host":"h","trace":"P=1;R=2"}"#,
            r#""h":{"host":"h"},"p":"base","q":"""#,
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
}
