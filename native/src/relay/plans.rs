//! How events of one sketch become requests, and their responses answers.

use crate::json;
use crate::messages::answers::{AnswerRules, plain_answer};
use crate::messages::requests::{
    BodyForm, Given, Members, RequestRules, Target, plain_request, up_to_semicolon,
};
use crate::messages::targets::TargetForm;
use std::ops::Range;

/// What the value of a field must be for a plan to know what becomes of it.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Absent,
    /// Of unreserved characters (RFC 3986, 2.3): it stands in a path as it is.
    Word,
    /// A whole number as JavaScript would write it.
    Number,
    /// Stands in a JSON string as it is.
    Text,
}

impl Kind {
    pub fn fits(self, value: Option<&str>) -> bool {
        let Some(value) = value else {
            return self == Kind::Absent;
        };
        let bytes = value.as_bytes();
        match self {
            Kind::Absent => false,
            Kind::Word => bytes.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)),
            Kind::Number => {
                bytes.len() < 16 && bytes[0] != b'0' && bytes.iter().all(|byte| byte.is_ascii_digit())
            }
            Kind::Text => {
                bytes.iter().all(|&byte| (0x20..0x7F).contains(&byte) && byte != b'"' && byte != b'\\')
            }
        }
    }
}

/// Text with the values of fields in it: each literal is followed by the field of that number.
pub struct Template {
    pub literals: Vec<Vec<u8>>,
    pub fields: Vec<usize>,
}

impl Template {
    pub fn write(&self, values: &[Option<&str>], text: &mut Vec<u8>) {
        let mut fields = self.fields.iter();
        for literal in &self.literals {
            text.extend_from_slice(literal);
            if let Some(value) = fields.next().and_then(|&field| values.get(field).copied().flatten()) {
                text.extend_from_slice(value.as_bytes());
            }
        }
    }
}

/// Texts of statuses, which JSON carries as they stand: lines that begin with the status and a space.
pub struct Descriptions {
    pub before: Vec<u8>,
    pub lines: Vec<u8>,
}

impl Descriptions {
    fn of(&self, status: &[u8]) -> Option<&[u8]> {
        self.lines
            .split(|&byte| byte == b'\n')
            .find(|line| line.strip_prefix(status).is_some_and(|rest| rest.starts_with(b" ")))
    }
}

/// An object: what stands before the status, between it and its description where that is wanted, and between them and the
/// fields.
pub struct Answer {
    pub before: Vec<u8>,
    pub descriptions: Option<Descriptions>,
    pub behind: Vec<u8>,
    pub rules: AnswerRules,
}

/// How events of one sketch become requests, and their responses answers.
pub struct Plan {
    /// Whatever the maker wants to know again.
    pub tag: u32,
    pub kinds: Vec<Kind>,
    /// Members that are taken for absent.
    pub cleared: Vec<usize>,
    /// The body is the event itself.
    pub is_whole: bool,
    pub form: BodyForm,
    pub bodiless: bool,
    pub max_quoted: usize,
    pub method: Vec<u8>,
    /// `None` where it is taken from the event.
    pub target: Option<Vec<u8>>,
    pub target_form: TargetForm,
    /// The field whose value up to its first semicolon supersedes one of the event.
    pub superseding: Option<usize>,
    /// Fields before the quoted member, and behind it.
    pub before: Template,
    pub behind: Template,
    /// The call that answers, up to the number of its bytes.
    pub call: Template,
    /// `None` where the body itself is the answer, and must be JSON.
    pub answer: Option<Answer>,
    /// Statuses that are answered so.
    pub statuses: Range<u16>,
    pub max_bytes: usize,
}

impl Plan {
    pub fn request(
        &self,
        event: &[u8],
        ranges: &[Option<Range<usize>>],
        values: &[Option<&str>],
        rules: &RequestRules,
    ) -> Option<Vec<u8>> {
        let member = |index: usize| match ranges.get(index) {
            Some(Some(range)) if !self.cleared.contains(&index) => Some(range.clone()),
            _ => None,
        };
        let quoted = ranges.last()?.clone().map_or(&b"null"[..], |range| &event[range]);
        if quoted.len() > self.max_quoted || !quoted.iter().all(|byte| (0x20..0x7F).contains(byte)) {
            return None;
        }
        let mut more = Vec::with_capacity(quoted.len() + 1024);
        self.before.write(values, &mut more);
        more.extend_from_slice(quoted);
        self.behind.write(values, &mut more);
        let superseded = match self.superseding {
            Some(field) => {
                let value = up_to_semicolon(values.get(field).copied().flatten()?.as_bytes());
                let says = value.starts_with(&rules.beginning) && value.len() > rules.beginning.len();
                says.then_some(value)?
            }
            None => b"",
        };
        let given = Given {
            method: &self.method,
            target: match &self.target {
                Some(target) => Target::Given(target),
                None => Target::InPlace(self.target_form),
            },
            form: self.form,
            superseded,
            more,
            bodiless: self.bodiless,
        };
        let mut members = Members::of(member);
        if self.is_whole {
            members.body = Some(trimmed(event));
        }
        plain_request(event, &members, rules, &given)
    }

    /// The answer of a response's status, its fields and its body.
    pub fn answer(&self, status: u16, section: &[u8], body: &[u8]) -> Option<Vec<u8>> {
        let Some(Answer { before, descriptions, behind, rules }) = &self.answer else {
            return (json::is_value(body) && std::str::from_utf8(body).is_ok()).then(|| body.to_vec());
        };
        let status = status.to_string();
        let mut head = [before, status.as_bytes()].concat();
        if let Some(descriptions) = descriptions {
            head.extend_from_slice(&descriptions.before);
            head.extend_from_slice(descriptions.of(status.as_bytes())?);
        }
        head.extend_from_slice(behind);
        plain_answer(&head, section, body, rules)
    }
}

/// Without the space around it.
fn trimmed(text: &[u8]) -> Range<usize> {
    let start = json::skip_space(text, 0);
    let end = text.iter().rposition(|byte| !b" \t\r\n".contains(byte)).map_or(start, |last| last + 1);
    start..end
}
