//! Whole HTTP messages in one call: responses that arrived in one piece, requests and JSON answers made of members and
//! fields as they stand. For the plain kind only, which nearly all are; whatever is odd in any way is `None`, and
//! TypeScript goes the long way, which says what is wrong. Rules and names come from there: nothing here knows Lambda.

pub mod answers;
pub mod maps;
pub mod requests;
pub mod responses;
pub mod targets;

use crate::http::is_token;

/// Names of fields, kept in lower case.
pub struct Names(Vec<Vec<u8>>);

impl Names {
    pub fn new(names: impl IntoIterator<Item = String>) -> Names {
        Names(names.into_iter().map(|name| name.to_ascii_lowercase().into_bytes()).collect())
    }

    pub fn position(&self, name: &[u8]) -> Option<usize> {
        self.0.iter().position(|known| known.eq_ignore_ascii_case(name))
    }
}

/// The lines of `responses::Whole::fields`; values trimmed.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_values_are_the_last_that_are_not_empty() {
        let names = Names::new(["a".into(), "B-c".into(), "d".into()]);
        let values = field_values(b"A: 1\r\nb-C:\t2 \r\na: 3\r\na:\r\ne: 4\r\n", &names).unwrap();
        assert_eq!(values, [Some("3"), Some("2"), None]);
        assert_eq!(field_values(b"no colon\r\n", &names), None);
        assert_eq!(field_values(b"a: \xc3\xa9\r\n", &names), None);
    }
}
