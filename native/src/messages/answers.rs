//! Answers: a response's fields and body as a JSON object.

use super::{Names, fields, is_index, options_are_known};
use crate::bytes;
use crate::json;

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
    /// The field that is never joined: with `apart` its values have a list of their own; without, and where values are
    /// joined, a second one is left to TypeScript.
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
            Some(_) if is_separate && rules.shape == Shape::Joined => return None,
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
            answer("a: 1\r\nset-cookie: y\r\na: 2\r\n", b"", Shape::Joined, false).unwrap(),
            r#"{"h":{"a":"1, 2","set-cookie":"y"},"body":"","64":false}"#
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
        assert_eq!(answer("set-cookie: x\r\nSet-Cookie: y\r\n", b"", Shape::Joined, false), None);
    }
}
