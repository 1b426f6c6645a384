//! What a relay does with what it was taught.

use super::*;
use crate::messages::answers::{AnswerRules, Shape};
use crate::messages::requests::BodyForm;
use crate::messages::targets::TargetForm;

fn template(literals: &[&str], fields: &[usize]) -> Template {
    Template {
        literals: literals.iter().map(|text| text.as_bytes().to_vec()).collect(),
        fields: fields.to_vec(),
    }
}

fn relay() -> Relay {
    let paths = ["lists", "singles", "joined", "body", "path", "query", "p", "many", "one", "quoted"];
    Relay::new(Rules {
        paths: paths.map(json::Path::new).into(),
        names: Names::new(["id", "until", "trace"].map(Into::into)),
        number: 1,
        request: RequestRules {
            dropped: Names::new(["content-length".into(), "connection".into()]),
            dropped_prefix: b"x-ours-".to_vec(),
            joined: b"cookie".to_vec(),
            superseded: b"trace".to_vec(),
            beginning: b"R=".to_vec(),
            aside: b"old-trace".to_vec(),
            base_path: Vec::new(),
            max_fields: 10,
        },
    })
}

fn plan() -> Plan {
    Plan {
        tag: 7,
        kinds: vec![Kind::Word, Kind::Number, Kind::Text],
        cleared: vec![0],
        is_whole: false,
        form: BodyForm::Text,
        bodiless: false,
        max_quoted: 100,
        method: b"PUT".to_vec(),
        target: None,
        target_form: TargetForm::EncodedPath,
        superseding: Some(2),
        before: template(&["trace: ", "\r\nq: "], &[2]),
        behind: template(&["\r\nid: ", "\r\n"], &[0]),
        call: template(&["POST /", " HTTP/1.1\r\ncontent-length: "], &[0]),
        answer: Some(Answer {
            before: b"{\"s\":".to_vec(),
            descriptions: None,
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
        }),
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
    let framed = ["content-length: 2\r\n\r\nok", "transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"];
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
        (HEAD, EVENT.replace("R=1;P", "P=1;R")),
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
        answer: None,
        is_whole: true,
        form: BodyForm::Raw,
        target: Some(b"/events".to_vec()),
        cleared: vec![0, 1, 2],
        superseding: None,
        before: template(&["host: h\r\nq: "], &[]),
        ..plan()
    };
    relay.learn(EVENT.as_bytes(), whole);
    let request = requested(&mut relay, &brought(HEAD, &format!(" {EVENT}\n"))).unwrap();
    assert!(request.starts_with("PUT /events HTTP/1.1\r\nhost: h\r\nq: {\"k\":[1]}\r\n"), "{request}");
    assert!(request.ends_with(&format!("content-length: {}\r\n\r\n{EVENT}", EVENT.len())), "{request}");
    let response = |body: &str| format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    assert!(relay.answer(response("{}").as_bytes()).unwrap() == b"{}");
    for body in ["", "no", "\"\u{0}\""] {
        assert_eq!(relay.answer(response(body).as_bytes()), None, "{body}");
    }
    assert!(relay.call().ends_with(b"content-length: 2\r\n\r\n"));
    assert_eq!(Relay::missing(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsome"), 5);
    for known in
        ["content-length: 0\r\n\r\n", "content-length: 9\r\n", "\r\n", "transfer-encoding: chunked\r\n\r\n"]
    {
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
        assert!(kind == 0 || kind == MAX_PLANS || requested(&mut relay, &brought(HEAD, &event(0))).is_some());
    }
    assert_eq!(requested(&mut relay, &brought(HEAD, &event(1))), None);
    assert!(requested(&mut relay, &brought(HEAD, &event(0))).is_some());
    assert_eq!(relay.plans.len(), MAX_PLANS);
}

#[test]
fn queries_in_maps_and_descriptions_of_statuses_are_written() {
    let mut relay = relay();
    let mut mapped = Plan { target_form: TargetForm::EncodedParameters, cleared: vec![2], ..plan() };
    let answer = mapped.answer.as_mut().unwrap();
    answer.descriptions =
        Some(Descriptions { before: b",\"d\":\"".to_vec(), lines: b"200 OK\n201 Made".to_vec() });
    answer.behind = b"\",\"h\":".to_vec();
    let event = EVENT
        .replace("\"path\"", "\"many\":{\"a\":[\"1\",\"2\"]},\"one\":{\"b c\":\"%\"},\"p\":\"/x\",\"path\"");
    relay.learn(event.as_bytes(), mapped);
    let request = requested(&mut relay, &brought(HEAD, &event.replace("R=1;P", "R=2;P"))).unwrap();
    let begins = "PUT /x?a=1&a=2&b%20c=% HTTP/1.1\r\nhost: h\r\nold-trace: R=2;P=2\r\ntrace: R=1;S=0\r\n";
    assert!(request.starts_with(begins), "{request}");
    let mut answer = |status: &str| {
        let response = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        relay.answer(response.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    };
    assert_eq!(
        answer("201 Other").unwrap(),
        "{\"s\":201,\"d\":\"201 Made\",\"h\":{},\"b\":\"\",\"64\":false}"
    );
    assert_eq!(answer("202 OK"), None);
}
