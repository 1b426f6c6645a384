//! What a map of lists and a map of single values say together, as `pairsOfMaps` in `wire/src/front-doors/maps.ts` reads them:
//! all of the first, and of the second only names that the first lacks.

use super::is_index;
use crate::json;
use std::ops::Range;

/// Where the two stand in the text; `null` is as good as none.
pub struct Maps {
    pub lists: Option<Range<usize>>,
    pub singles: Option<Range<usize>>,
    /// More names in one of them are left to TypeScript.
    pub max_names: usize,
}

/// Calls `pair` with name and value of each pair. Within a map names are told apart exactly, between the two by `is_same`.
/// `None` where `pair` says so, a name is not one by `is_name`, or the pairs would come out in another order.
pub fn each_pair(
    text: &[u8],
    maps: &Maps,
    is_name: impl Fn(&[u8]) -> bool,
    is_same: impl Fn(&[u8], &[u8]) -> bool,
    mut pair: impl FnMut(&[u8], &[u8]) -> Option<()>,
) -> Option<()> {
    let add = |name: &Range<usize>, names: &mut Vec<Range<usize>>| {
        let is_new = names.iter().all(|known| text[known.clone()] != text[name.clone()]);
        let is_usable = is_name(&text[name.clone()]) && !is_index(&text[name.clone()]);
        (is_new && is_usable && names.len() < maps.max_names).then(|| names.push(name.clone()))
    };
    let mut listed: Vec<Range<usize>> = Vec::new();
    if let Some(range) = present(text, maps.lists.as_ref()) {
        json::each_member(text, range.start, |name, values| {
            add(&name, &mut listed)?;
            let mut count = 0;
            list_values(text, values, |value| {
                count += 1;
                pair(&text[name.clone()], value)
            })?;
            // A name without values may have some in the other map.
            (count > 0).then_some(())
        })?;
    }
    if let Some(range) = present(text, maps.singles.as_ref()) {
        let mut names = Vec::new();
        json::each_member(text, range.start, |name, value| {
            add(&name, &mut names)?;
            let name = &text[name];
            if listed.iter().any(|one| is_same(&text[one.clone()], name)) {
                return Some(());
            }
            match &text[value] {
                b"null" => Some(()),
                literal => pair(name, &json::string(literal)?),
            }
        })?;
    }
    Some(())
}

/// The strings of an array, of which there must be one.
pub fn list_values(
    text: &[u8],
    range: Range<usize>,
    mut value: impl FnMut(&[u8]) -> Option<()>,
) -> Option<()> {
    json::each_element(text, range.start, |element| value(&json::string(&text[element])?)).map(drop)
}

/// The member where it is there and not `null`.
pub fn present(text: &[u8], member: Option<&Range<usize>>) -> Option<Range<usize>> {
    member.filter(|range| &text[(*range).clone()] != b"null").cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(lists: &str, singles: &str) -> Option<Vec<String>> {
        let text = format!("{lists}{singles}");
        let maps = Maps { lists: Some(0..lists.len()), singles: Some(lists.len()..text.len()), max_names: 3 };
        let mut found = Vec::new();
        let is_same = |one: &[u8], other: &[u8]| one.eq_ignore_ascii_case(other);
        each_pair(
            text.as_bytes(),
            &maps,
            |name| name != b"-",
            is_same,
            |name, value| {
                found.push(format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
                (value != b"!").then_some(())
            },
        )?;
        Some(found)
    }

    #[test]
    fn a_map_completes_the_other() {
        assert_eq!(
            pairs(r#"{"a":["1","\u00e9"],"b":["2"]}"#, r#"{"A":"x","c":"3","n":null}"#).unwrap(),
            ["a=1", "a=é", "b=2", "c=3"]
        );
        assert_eq!(pairs("null", r#"{"a":"1"}"#).unwrap(), ["a=1"]);
        assert_eq!(pairs("null", "null").unwrap(), [""; 0]);
        assert_eq!(pairs("{}", "{}").unwrap(), [""; 0]);
    }

    #[test]
    fn odd_maps_are_left_to_typescript() {
        for (lists, singles) in [
            (r#"{"a":[]}"#, "{}"),
            (r#"{"a":"1"}"#, "{}"),
            (r#"{"a":[null]}"#, "{}"),
            (r#"{"a":[1]}"#, "{}"),
            (r#"{"a":["1"],"a":["2"]}"#, "{}"),
            (r#"{"1":["1"]}"#, "{}"),
            (r#"{"":["1"]}"#, "{}"),
            (r#"{"-":["1"]}"#, "{}"),
            (r#"{"a":["!"]}"#, "{}"),
            (r#"{"a":["1"],"b":["1"],"c":["1"],"d":["1"]}"#, "{}"),
            ("[]", "{}"),
            ("1", "{}"),
            ("{}", r#"{"a":1}"#),
            ("{}", r#"{"a":["1"]}"#),
            ("{}", r#"{"a":"1","a":"2"}"#),
            ("{}", r#"{"\u0061":"1"}"#),
            ("{}", r#"{"a":"!"}"#),
            ("{}", "[]"),
        ] {
            assert_eq!(pairs(lists, singles), None, "{lists} {singles}");
        }
    }
}
