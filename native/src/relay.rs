//! Whole steps of a round of the plainest kind, in one call each: from the Runtime API's bytes to the app's request, from the
//! app's bytes to the call that answers. What the words are comes from TypeScript, which makes the first of a kind itself
//! and tells how (`learn`); nothing here knows Lambda.
//!
//! 1. Where anything is not as it was learnt the answer is `None`, and nothing has changed: TypeScript does it, from the
//!    same bytes.
//! 2. What is made is byte for byte what TypeScript makes (`native/quick.test.ts`).

use crate::json;
use crate::messages::{
    self, AnswerRules, BodyForm, Given, Members, Names, RequestRules, Whole, field_values, plain_answer,
    plain_request, verbatim_target,
};
use std::borrow::Cow;
use std::ops::Range;

/// What a head may have, and how many plans are kept: a function has few kinds of events.
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_FIELDS: usize = 100;
const MAX_PLANS: usize = 8;

/// A copy of more than that costs what the long way does.
const MAX_CHUNKED_BYTES: usize = 16 * 1024;

/// Members of the event in the order of their paths.
mod member {
    pub const LISTS: usize = 0;
    pub const SINGLES: usize = 1;
    pub const JOINED: usize = 2;
    pub const BODY: usize = 3;
    pub const PATH: usize = 4;
    pub const QUERY: usize = 5;
}

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
    fn fits(self, value: Option<&str>) -> bool {
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
    fn write(&self, values: &[Option<&str>], text: &mut Vec<u8>) {
        let mut fields = self.fields.iter();
        for literal in &self.literals {
            text.extend_from_slice(literal);
            if let Some(value) = fields.next().and_then(|&field| values.get(field).copied().flatten()) {
                text.extend_from_slice(value.as_bytes());
            }
        }
    }
}

pub struct Rules {
    /// Of the event: those that are emptied, then the one that is quoted.
    pub paths: Vec<json::Path>,
    /// Of the head that comes with the event.
    pub names: Names,
    /// The field whose value is a number that is asked for (`Relay::number`).
    pub number: usize,
    pub request: RequestRules,
}

pub enum Answer {
    /// An object: what stands before the status, and between it and the fields.
    Object { before: Vec<u8>, behind: Vec<u8>, rules: AnswerRules },
    /// The body itself, which must be JSON.
    Body,
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
    pub encoded: bool,
    pub method: Vec<u8>,
    /// Empty where it is taken from the event as it stands.
    pub target: Vec<u8>,
    /// The field whose value up to its first semicolon supersedes one of the event, and how it must begin.
    pub superseding: Option<(usize, Vec<u8>)>,
    /// Fields before the quoted member, and behind it.
    pub before: Template,
    pub behind: Template,
    /// The call that answers, up to the number of its bytes.
    pub call: Template,
    pub answer: Answer,
    /// Statuses that are answered so.
    pub statuses: Range<u16>,
    pub max_bytes: usize,
}

pub struct Relay {
    rules: Rules,
    /// With the sketch that each is for; the last used first.
    plans: Vec<(Vec<u8>, Plan)>,
    call: Vec<u8>,
    number: f64,
}

impl Relay {
    pub fn new(rules: Rules) -> Relay {
        Relay { rules, plans: Vec::new(), call: Vec::new(), number: 0.0 }
    }

    /// From here on events that look like this one are known.
    pub fn learn(&mut self, event: &[u8], plan: Plan) {
        let Some(sketch) = self.sketch(event) else { return };
        self.plans.retain(|(known, _)| *known != sketch.text);
        self.plans.truncate(MAX_PLANS - 1);
        self.plans.insert(0, (sketch.text, plan));
    }

    /// The value of the field `Rules::number` of the last request.
    pub fn number(&self) -> f64 {
        self.number
    }

    /// `Plan::tag` of the last request.
    pub fn tag(&self) -> u32 {
        self.plans.first().map_or(0, |(_, plan)| plan.tag)
    }

    /// The app's request for the event that `bytes`, a whole response, bring.
    pub fn request(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.plans.is_empty() {
            return None;
        }
        let (bytes, whole) = whole_response(bytes).filter(|(_, whole)| whole.status == 200)?;
        let values = field_values(&bytes[whole.fields], &self.rules.names)?;
        let event = &bytes[whole.body];
        let sketch = self.sketch(event)?;
        let at = self.plans.iter().position(|(known, _)| *known == sketch.text)?;
        self.plans[..=at].rotate_right(1);
        let plan = &self.plans[0].1;
        if values.len() != plan.kinds.len()
            || !values.iter().zip(&plan.kinds).all(|(value, kind)| kind.fits(*value))
        {
            return None;
        }
        let request = plan.request(event, &sketch.ranges, &values, &self.rules.request)?;
        let number = values.get(self.rules.number).copied().flatten();
        self.number = number.and_then(|number| number.parse().ok()).unwrap_or(f64::NAN);
        self.call.clear();
        plan.call.write(&values, &mut self.call);
        Some(request)
    }

    /// How many bytes are missing behind `bytes` for a whole response; none where that is not known, or nothing is missing.
    pub fn missing(bytes: &[u8]) -> usize {
        messages::missing(bytes, MAX_HEAD_BYTES, MAX_FIELDS).unwrap_or(0)
    }

    /// The head of the call that brings the last `answer`.
    pub fn call(&self) -> &[u8] {
        &self.call
    }

    /// The answer to the last request's event that is made of the response that `bytes` are.
    pub fn answer(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let plan = &self.plans.first()?.1;
        let (bytes, whole) =
            whole_response(bytes).filter(|(_, whole)| plan.statuses.contains(&whole.status))?;
        // These have no body, whatever the app says.
        if [204, 205, 304].contains(&whole.status) {
            return None;
        }
        let body = &bytes[whole.body];
        let answer = match &plan.answer {
            Answer::Object { before, behind, rules } => {
                let before = [before, whole.status.to_string().as_bytes(), behind].concat();
                Cow::Owned(plain_answer(&before, &bytes[whole.fields], body, rules)?)
            }
            Answer::Body => {
                (json::is_value(body) && std::str::from_utf8(body).is_ok()).then_some(Cow::Borrowed(body))?
            }
        };
        if answer.len() > plan.max_bytes {
            return None;
        }
        let end = self.call.iter().rposition(|&byte| byte == b' ').map_or(0, |space| space + 1);
        self.call.truncate(end);
        self.call.extend_from_slice(answer.len().to_string().as_bytes());
        self.call.extend_from_slice(b"\r\n\r\n");
        Some(answer.into_owned())
    }

    /// Whether `bytes`, a whole response, say that the call was taken.
    pub fn is_taken(bytes: &[u8]) -> bool {
        whole_response(bytes).is_some_and(|(_, whole)| (200..300).contains(&whole.status))
    }

    fn sketch(&self, event: &[u8]) -> Option<json::Sketch> {
        std::str::from_utf8(event).ok()?;
        json::sketch(event, &self.rules.paths, self.rules.paths.len() - 1)
    }
}

/// As `messages::whole_response`, with other bytes for those in chunks: what was given stays as it is. The response's
/// connection may be kept.
fn whole_response(bytes: &[u8]) -> Option<(Cow<'_, [u8]>, Whole)> {
    let found = match messages::response_with_length(bytes, MAX_HEAD_BYTES, MAX_FIELDS) {
        Some(whole) => (Cow::Borrowed(bytes), whole),
        None if bytes.len() <= MAX_CHUNKED_BYTES && bytes.ends_with(b"0\r\n\r\n") => {
            let mut copy = bytes.to_vec();
            let whole = messages::whole_response(&mut copy, false, MAX_HEAD_BYTES, MAX_FIELDS)?;
            (Cow::Owned(copy), whole)
        }
        None => return None,
    };
    found.1.reusable.then_some(found)
}

impl Plan {
    fn request(
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
        let target = match &self.target[..] {
            b"" => {
                let (path, query) = (member(member::PATH)?, member(member::QUERY)?);
                Cow::Owned(verbatim_target(event, path, Some(query), self.encoded)?)
            }
            target => Cow::Borrowed(target),
        };
        let superseded = match &self.superseding {
            Some((field, beginning)) => {
                let value = values.get(*field).copied().flatten()?.as_bytes();
                let end = value.iter().position(|&byte| byte == b';').unwrap_or(value.len());
                let superseded = &value[..end];
                (superseded.starts_with(beginning) && value.len() > beginning.len()).then_some(superseded)?
            }
            None => b"",
        };
        let given = Given {
            method: &self.method,
            target,
            form: self.form,
            superseded,
            more,
            bodiless: self.bodiless,
        };
        let body = if self.is_whole { Some(trimmed(event)) } else { member(member::BODY) };
        let members = Members {
            lists: member(member::LISTS),
            singles: member(member::SINGLES),
            joined: member(member::JOINED),
            body,
        };
        plain_request(event, &members, rules, &given)
    }
}

/// Without the space around it.
fn trimmed(text: &[u8]) -> Range<usize> {
    let start = json::skip_space(text, 0);
    let end = text.iter().rposition(|byte| !b" \t\r\n".contains(byte)).map_or(start, |last| last + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Shape;

    fn template(literals: &[&str], fields: &[usize]) -> Template {
        Template {
            literals: literals.iter().map(|text| text.as_bytes().to_vec()).collect(),
            fields: fields.to_vec(),
        }
    }

    fn relay() -> Relay {
        let paths = ["lists", "singles", "joined", "body", "path", "query", "quoted"];
        Relay::new(Rules {
            paths: paths.map(json::Path::new).into(),
            names: Names::new(["id", "until", "trace"].map(Into::into)),
            number: 1,
            request: RequestRules {
                dropped: Names::new(["content-length".into(), "connection".into()]),
                dropped_prefix: b"x-ours-".to_vec(),
                joined: b"cookie".to_vec(),
                superseded: b"trace".to_vec(),
                max_fields: 10,
            },
        })
    }

    fn plan() -> Plan {
        Plan {
            tag: 7,
            kinds: vec![Kind::Word, Kind::Number, Kind::Text],
            cleared: vec![member::LISTS],
            is_whole: false,
            form: BodyForm::Text,
            bodiless: false,
            max_quoted: 100,
            encoded: true,
            method: b"PUT".to_vec(),
            target: Vec::new(),
            superseding: Some((2, b"R=".to_vec())),
            before: template(&["trace: ", "\r\nq: "], &[2]),
            behind: template(&["\r\nid: ", "\r\n"], &[0]),
            call: template(&["POST /", " HTTP/1.1\r\ncontent-length: "], &[0]),
            answer: Answer::Object {
                before: b"{\"s\":".to_vec(),
                behind: b",\"h\":".to_vec(),
                rules: AnswerRules {
                    dropped: Names::new([
                        "content-length".into(),
                        "transfer-encoding".into(),
                        "connection".into(),
                    ]),
                    shape: Shape::Joined,
                    separate: b"set-cookie".to_vec(),
                    body: b",\"b\":".to_vec(),
                    flag: b",\"64\":".to_vec(),
                    apart: None,
                    max_fields: 10,
                },
            },
            statuses: 200..300,
            max_bytes: 100,
        }
    }

    const EVENT: &str = r#"{"kind":1,"path":"/a","query":"b=c","singles":{"host":"h","trace":"R=1;P=2"},"body":"x","quoted":{"k":[1]}}"#;

    fn brought(head: &str, event: &str) -> String {
        format!("HTTP/1.1 200 OK\r\n{head}content-length: {}\r\n\r\n{event}", event.len())
    }

    const HEAD: &str = "id: i-1\r\nuntil: 1700000000000\r\ntrace: R=1;S=0\r\n";

    fn requested(relay: &mut Relay, bytes: &str) -> Option<String> {
        relay.request(bytes.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn what_was_learnt_is_done() {
        let mut relay = relay();
        assert_eq!(requested(&mut relay, &brought(HEAD, EVENT)), None);
        relay.learn(EVENT.as_bytes(), plan());
        let other = EVENT.replace("/a", "/other").replace("\"x\"", "\"more\"");
        assert_eq!(
            requested(&mut relay, &brought(&HEAD.replace("i-1", "i-2"), &other)).unwrap(),
            "PUT /other?b=c HTTP/1.1\r\nhost: h\r\ntrace: R=1;S=0\r\nq: {\"k\":[1]}\r\nid: i-2\r\ncontent-length: 4\r\n\r\nmore"
        );
        assert_eq!((relay.tag(), relay.number()), (7, 1_700_000_000_000.0));
        let call = "POST /i-2 HTTP/1.1\r\ncontent-length: 43\r\n\r\n{\"s\":201,\"h\":{\"a\":\"1\"},\"b\":\"ok\",\"64\":false}";
        let framed =
            ["content-length: 2\r\n\r\nok", "transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"];
        for response in framed.map(|rest| format!("HTTP/1.1 201 Made\r\na: 1\r\n{rest}")) {
            let answer = relay.answer(response.as_bytes()).unwrap();
            let answer = [relay.call(), &answer].concat();
            assert_eq!(String::from_utf8(answer).unwrap(), call);
        }
    }

    #[test]
    fn whatever_is_otherwise_is_left_to_typescript() {
        let mut relay = relay();
        relay.learn(EVENT.as_bytes(), plan());
        for (head, event) in [
            (HEAD, EVENT.replace("\"kind\":1", "\"kind\":2")),
            (HEAD, EVENT.replace("R=1;P", "R=2;P")),
            (HEAD, EVENT.replace("\"query\":\"b=c\",", "")),
            (HEAD, EVENT.replace("[1]", "[\"\u{e9}\"]")),
            (HEAD, EVENT.replace("[1]", &format!("[{}]", "1".repeat(100)))),
            ("id: i/1\r\nuntil: 1\r\ntrace: R=1;\r\n", EVENT.into()),
            ("id: i\r\nuntil: 01\r\ntrace: R=1;\r\n", EVENT.into()),
            ("id: i\r\nuntil: 1.5\r\ntrace: R=1;\r\n", EVENT.into()),
            ("id: i\r\nuntil: 1\r\ntrace: R=1;\"\r\n", EVENT.into()),
            ("id: i\r\nuntil: 1\r\ntrace: S=1;\r\n", EVENT.into()),
            ("id: i\r\nuntil: 1\r\n", EVENT.into()),
            ("id: i\r\nuntil: 1\r\ntrace: R=1;\r\nconnection: close\r\n", EVENT.into()),
        ] {
            assert_eq!(requested(&mut relay, &brought(head, &event)), None, "{head} {event}");
        }
        assert_eq!(requested(&mut relay, &brought(HEAD, EVENT).replace("200 OK", "500 No")), None);
        assert!(requested(&mut relay, &brought(HEAD, EVENT)).is_some());
        for response in [
            "HTTP/1.1 300 Choice\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 204 None\r\n\r\n",
            "HTTP/1.1 205 Reset\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
            &format!("HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{}", "x".repeat(90)),
        ] {
            assert_eq!(relay.answer(response.as_bytes()), None, "{response}");
        }
    }

    #[test]
    fn other_answers_are_the_body_when_that_is_json() {
        let mut relay = relay();
        let whole = Plan {
            answer: Answer::Body,
            is_whole: true,
            form: BodyForm::Raw,
            target: b"/events".to_vec(),
            cleared: vec![0, 1, 2],
            superseding: None,
            before: template(&["host: h\r\nq: "], &[]),
            ..plan()
        };
        relay.learn(EVENT.as_bytes(), whole);
        let request = requested(&mut relay, &brought(HEAD, &format!(" {EVENT}\n"))).unwrap();
        assert!(request.starts_with("PUT /events HTTP/1.1\r\nhost: h\r\nq: {\"k\":[1]}\r\n"), "{request}");
        assert!(request.ends_with(&format!("content-length: {}\r\n\r\n{EVENT}", EVENT.len())), "{request}");
        let response =
            |body: &str| format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        assert!(relay.answer(response("{}").as_bytes()).unwrap() == b"{}");
        for body in ["", "no", "\"\u{0}\""] {
            assert_eq!(relay.answer(response(body).as_bytes()), None, "{body}");
        }
        assert!(relay.call().ends_with(b"content-length: 2\r\n\r\n"));
        assert_eq!(Relay::missing(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsome"), 5);
        for known in [
            "content-length: 0\r\n\r\n",
            "content-length: 9\r\n",
            "\r\n",
            "transfer-encoding: chunked\r\n\r\n",
        ] {
            assert_eq!(Relay::missing(format!("HTTP/1.1 200 OK\r\n{known}").as_bytes()), 0, "{known}");
        }
        assert!(Relay::is_taken(
            b"HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
        ));
        assert!(!Relay::is_taken(b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"));
    }

    #[test]
    fn a_few_plans_are_kept_the_last_used_the_longest() {
        let mut relay = relay();
        let event = |kind: usize| EVENT.replace("\"kind\":1", &format!("\"kind\":{kind}"));
        for kind in 0..MAX_PLANS + 1 {
            relay.learn(event(kind).as_bytes(), plan());
            assert!(
                kind == 0 || kind == MAX_PLANS || requested(&mut relay, &brought(HEAD, &event(0))).is_some()
            );
        }
        assert_eq!(requested(&mut relay, &brought(HEAD, &event(1))), None);
        assert!(requested(&mut relay, &brought(HEAD, &event(0))).is_some());
        assert_eq!(relay.plans.len(), MAX_PLANS);
    }
}
