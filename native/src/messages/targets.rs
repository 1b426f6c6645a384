//! Request targets of what stands in an event: a path, and a query in one piece or in two maps.

use super::maps::{Maps, each_pair};
use std::borrow::Cow;
use std::ops::Range;

/// How the front door writes path and query. See `targetForms` in `wire/src/quick.ts`.
#[derive(Clone, Copy, PartialEq)]
pub enum TargetForm {
    /// A path whose escapes are decoded, and the query as it was sent.
    DecodedPath,
    /// Path and query as they were sent.
    EncodedPath,
    /// The path as it was sent, and the query in maps, decoded.
    DecodedParameters,
    /// The path as it was sent, and the query in maps, not decoded.
    EncodedParameters,
}

/// Where the parts stand in the text.
#[derive(Default)]
pub struct Places {
    /// Of the first two forms.
    pub raw_path: Option<Range<usize>>,
    pub raw_query: Option<Range<usize>>,
    /// Of the others.
    pub path: Option<Range<usize>>,
    pub parameter_lists: Option<Range<usize>>,
    pub parameters: Option<Range<usize>>,
}

/// The target without `base_path`; `None` where the path must be changed in any other way, or the query is odd. `text` is
/// UTF-8.
pub fn target(
    text: &[u8],
    form: TargetForm,
    places: &Places,
    base_path: &[u8],
    max_names: usize,
) -> Option<Vec<u8>> {
    let is_raw = matches!(form, TargetForm::DecodedPath | TargetForm::EncodedPath);
    let path = plain(text, if is_raw { &places.raw_path } else { &places.path })?;
    let is_decoded = form == TargetForm::DecodedPath;
    if !path.starts_with(b"/") || !path.iter().all(|byte| stands_in_path(*byte, is_decoded)) {
        return None;
    }
    let query = if is_raw {
        Cow::Borrowed(
            plain(text, &places.raw_query).filter(|query| query.iter().copied().all(stands_in_query))?,
        )
    } else {
        let maps =
            Maps { lists: places.parameter_lists.clone(), singles: places.parameters.clone(), max_names };
        let stands = if form == TargetForm::DecodedParameters { is_unreserved } else { is_fit_for_query };
        Cow::Owned(query_of(text, &maps, stands)?)
    };
    let mut target = Vec::with_capacity(path.len() + query.len() + 2);
    target.extend_from_slice(path);
    if !query.is_empty() {
        target.push(b'?');
        target.extend_from_slice(&query);
    }
    Some(without_base(target, base_path))
}

/// The inside of a string that is written without escapes.
fn plain<'a>(text: &'a [u8], place: &Option<Range<usize>>) -> Option<&'a [u8]> {
    text[place.clone()?].strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// Where the path is decoded, `%` and the like would have to be encoded. Never a backslash, which begins an escape of JSON.
fn stands_in_path(byte: u8, is_decoded: bool) -> bool {
    match byte {
        b'!' | b'$' | b'&'..=b';' | b'=' | b'@'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'~' => true,
        b'%' | b'<' | b'>' | b'^' | b'`' | b'{'..=b'}' => !is_decoded,
        _ => false,
    }
}

fn stands_in_query(byte: u8) -> bool {
    matches!(byte, b'!' | b'$'..=b'[' | b']'..=b'~')
}

/// As `encodeRawQuery` in `wire/src/percent.ts` leaves it.
fn is_fit_for_query(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x22 | 0x24..0x7F)
}

/// As `encodeURIComponent` leaves it.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte)
}

/// `name=value` of each pair, with `&` between them; what does not stand as it is, as `%XX`.
fn query_of(text: &[u8], maps: &Maps, stands: fn(u8) -> bool) -> Option<Vec<u8>> {
    let mut query = Vec::new();
    let is_same = |one: &[u8], other: &[u8]| one == other;
    each_pair(
        text,
        maps,
        |_| true,
        is_same,
        |name, value| {
            if !query.is_empty() {
                query.push(b'&');
            }
            append_encoded(name, stands, &mut query);
            query.push(b'=');
            append_encoded(value, stands, &mut query);
            Some(())
        },
    )?;
    Some(query)
}

fn append_encoded(text: &[u8], stands: fn(u8) -> bool, encoded: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text {
        if stands(byte) {
            encoded.push(byte);
        } else {
            encoded.extend([b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
}

/// As `removeBasePath` in `adapter/src/request-edits.ts`.
fn without_base(target: Vec<u8>, base_path: &[u8]) -> Vec<u8> {
    let Some(rest) = target.strip_prefix(base_path).filter(|_| !base_path.is_empty()) else {
        return target;
    };
    match rest.first() {
        None | Some(b'?') => [b"/", rest].concat(),
        Some(b'/') => rest.to_vec(),
        Some(_) => target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TargetForm::{DecodedParameters, DecodedPath, EncodedParameters, EncodedPath};

    fn raw(path: &str, query: &str, form: TargetForm) -> Option<String> {
        let text = format!("\"{path}\"\"{query}\"");
        let end = path.len() + 2;
        let places = Places { raw_path: Some(0..end), raw_query: Some(end..text.len()), ..Places::default() };
        target(text.as_bytes(), form, &places, b"", 8).map(|target| String::from_utf8(target).unwrap())
    }

    #[test]
    fn targets_are_taken_as_they_stand_where_they_may() {
        assert_eq!(raw("/a/b", "x=1&y=%20", DecodedPath).unwrap(), "/a/b?x=1&y=%20");
        assert_eq!(raw("/", "", DecodedPath).unwrap(), "/");
        assert_eq!(raw("/%41", "", EncodedPath).unwrap(), "/%41");
        for (path, query, form) in [
            ("", "", EncodedPath),
            ("a", "", EncodedPath),
            ("/%41", "", DecodedPath),
            ("/a b", "", EncodedPath),
            ("/a?b", "", EncodedPath),
            ("/a#b", "", EncodedPath),
            ("/\u{e9}", "", EncodedPath),
            ("/a\\\\", "", EncodedPath),
            ("/", "a b", EncodedPath),
            ("/", "a#b", EncodedPath),
            ("/", "\\\"", EncodedPath),
        ] {
            assert_eq!(raw(path, query, form), None, "{path}?{query}");
        }
        let none = Places { raw_path: Some(0..3), raw_query: Some(3..7), ..Places::default() };
        assert_eq!(target(b"\"/\"null", EncodedPath, &none, b"", 8), None);
        assert_eq!(target(b"\"/\"null", EncodedPath, &Places { raw_query: None, ..none }, b"", 8), None);
        assert_eq!(target(b"\"/\"null", EncodedParameters, &Places::default(), b"", 8), None);
    }

    fn mapped(path: &str, lists: &str, singles: &str, form: TargetForm) -> Option<String> {
        let text = format!("{path}{lists}{singles}");
        let (first, second) = (path.len(), path.len() + lists.len());
        let places = Places {
            path: Some(0..first),
            parameter_lists: Some(first..second),
            parameters: Some(second..text.len()),
            ..Places::default()
        };
        target(text.as_bytes(), form, &places, b"", 8).map(|target| String::from_utf8(target).unwrap())
    }

    #[test]
    fn queries_are_made_of_parameters() {
        let lists = r#"{"a b":["1","\u00e9&="],"A":["%41+"],"é":["\ud800"]}"#;
        let singles = r#"{"A":"x","a":"~'()*!","n":null}"#;
        assert_eq!(
            mapped("\"/%41\"", lists, singles, DecodedParameters).unwrap(),
            "/%41?a%20b=1&a%20b=%C3%A9%26%3D&A=%2541%2B&%C3%A9=%EF%BF%BD&a=~'()*!"
        );
        assert_eq!(
            mapped("\"/\"", lists, singles, EncodedParameters).unwrap(),
            "/?a%20b=1&a%20b=%C3%A9&=&A=%41+&%C3%A9=%EF%BF%BD&a=~'()*!"
        );
        assert_eq!(mapped("\"/\"", "null", r##"{"a":"\"#\\"}"##, EncodedParameters).unwrap(), "/?a=\"%23\\");
        assert_eq!(mapped("\"/\"", "null", "null", EncodedParameters).unwrap(), "/");
        assert_eq!(mapped("\"/\"", "null", "{}", DecodedParameters).unwrap(), "/");
        for (path, lists, singles) in [
            ("\"/ \"", "null", "null"),
            ("null", "null", "null"),
            ("\"/\"", r#"{"a":[]}"#, "null"),
            ("\"/\"", "null", r#"{"1":"a"}"#),
            ("\"/\"", "null", "[]"),
        ] {
            assert_eq!(mapped(path, lists, singles, DecodedParameters), None, "{path} {lists} {singles}");
        }
    }

    #[test]
    fn base_paths_are_removed_where_a_segment_ends() {
        for (target, base, left) in [
            ("/api/api/x", "/api", "/api/x"),
            ("/api", "/api", "/"),
            ("/api?a=1", "/api", "/?a=1"),
            ("/apix", "/api", "/apix"),
            ("/x/api", "/api", "/x/api"),
            ("/api", "", "/api"),
        ] {
            assert_eq!(without_base(target.into(), base.as_bytes()), left.as_bytes(), "{target} {base}");
        }
    }
}
