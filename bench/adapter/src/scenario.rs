//! What is asked of an adapter: the event it gets, the request that the app then sees, and the answer that it owes.

pub const MIB: usize = 1 << 20;

/// Events as Lambda hands them out; answers of the app; both the same at every invocation.
pub struct Scenario {
    pub name: &'static str,
    /// Variables of the adapter beyond those that all have.
    pub variables: &'static [(&'static str, &'static str)],
    /// Events in flight at once.
    pub parallel: usize,
    pub event: Vec<u8>,
    /// First line of the request that the app gets, and its body.
    pub request_line: &'static str,
    pub request_body: Vec<u8>,
    /// The app's response: lines of its head, and its body.
    pub response_head: String,
    pub response_body: Vec<u8>,
    /// Bytes of the answer at least: less is no answer to this event.
    pub answer_bytes: usize,
    pub streamed: bool,
}

pub const NAMES: [&str; 9] =
    ["get", "rest", "alb", "alb-lists", "post-100k", "answer-1m", "sqs", "stream-8m", "parallel-16"];

pub fn scenario(name: &str) -> Option<Scenario> {
    let plain = Scenario {
        name: "get",
        variables: &[],
        parallel: 1,
        event: url_event("GET", "/", None),
        request_line: "GET / HTTP/1.1",
        request_body: Vec::new(),
        response_head: head("text/plain", HELLO.len()),
        response_body: HELLO.to_vec(),
        answer_bytes: HELLO.len(),
        streamed: false,
    };
    Some(match name {
        "get" => plain,
        "rest" => Scenario {
            name: "rest",
            event: rest_event(),
            request_line: "GET /items?page=2&q=blue%20shoes HTTP/1.1",
            ..plain
        },
        "alb" => Scenario {
            name: "alb",
            event: alb_event(false),
            request_line: "GET /items?page=2&q=blue%20shoes HTTP/1.1",
            ..plain
        },
        "alb-lists" => Scenario {
            name: "alb-lists",
            event: alb_event(true),
            request_line: "GET /items?page=2&q=blue%20shoes HTTP/1.1",
            ..plain
        },
        "post-100k" => {
            let body = noise(100 * 1024);
            Scenario {
                name: "post-100k",
                event: url_event("POST", "/upload", Some(&body)),
                request_line: "POST /upload HTTP/1.1",
                request_body: body,
                ..plain
            }
        }
        "answer-1m" => Scenario {
            name: "answer-1m",
            event: url_event("GET", "/file", None),
            request_line: "GET /file HTTP/1.1",
            response_head: head("application/octet-stream", MIB),
            response_body: noise(MIB),
            answer_bytes: MIB * 4 / 3,
            ..plain
        },
        "sqs" => {
            let event = sqs_event();
            Scenario {
                name: "sqs",
                request_line: "POST /events HTTP/1.1",
                request_body: event.clone(),
                event,
                response_head: head("application/json", 2),
                response_body: b"{}".to_vec(),
                answer_bytes: 2,
                ..plain
            }
        }
        "stream-8m" => Scenario {
            name: "stream-8m",
            variables: &[("AWS_LWA_INVOKE_MODE", "response_stream")],
            event: url_event("GET", "/stream", None),
            request_line: "GET /stream HTTP/1.1",
            response_head: head("application/octet-stream", 8 * MIB),
            response_body: noise(8 * MIB),
            answer_bytes: 8 * MIB,
            streamed: true,
            ..plain
        },
        "parallel-16" => Scenario {
            name: "parallel-16",
            variables: &[
                ("AWS_LAMBDA_MAX_CONCURRENCY", "16"),
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances"),
            ],
            parallel: 16,
            ..plain
        },
        _ => return None,
    })
}

const HELLO: &[u8] = b"Hello from the app\n";

fn head(content_type: &str, length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n")
}

/// As a Function URL makes it for a browser: some twenty headers.
fn url_event(method: &str, path: &str, body: Option<&[u8]>) -> Vec<u8> {
    let domain = "abcdefghijklmnop.lambda-url.us-east-1.on.aws";
    let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
    let mut event = format!(
        r#"{{"version":"2.0","routeKey":"$default","rawPath":"{path}","rawQueryString":"","cookies":["session=0123456789abcdef","theme=dark"],"headers":{{"sec-fetch-mode":"navigate","x-amzn-tls-version":"TLSv1.3","sec-fetch-site":"none","accept-language":"en-GB,en;q=0.9","x-forwarded-proto":"https","x-forwarded-port":"443","x-forwarded-for":"203.0.113.7","sec-fetch-user":"?1","accept":"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8","x-amzn-tls-cipher-suite":"TLS_AES_128_GCM_SHA256","sec-ch-ua":"\"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"","x-amzn-trace-id":"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700","sec-ch-ua-platform":"\"Linux\"","host":"{domain}","upgrade-insecure-requests":"1","accept-encoding":"gzip, deflate, br","sec-fetch-dest":"document","user-agent":"{agent}"}},"requestContext":{{"accountId":"anonymous","apiId":"abcdefghijklmnop","domainName":"{domain}","domainPrefix":"abcdefghijklmnop","http":{{"method":"{method}","path":"{path}","protocol":"HTTP/1.1","sourceIp":"203.0.113.7","userAgent":"{agent}"}},"requestId":"8476a536-e9f4-11e8-9739-2dfe598c3fcd","routeKey":"$default","stage":"$default","time":"01/Jan/2026:00:00:00 +0000","timeEpoch":1767225600000}}"#
    );
    if let Some(body) = body {
        event += &format!(r#","body":"{}","isBase64Encoded":true}}"#, base64(body));
    } else {
        event += r#","isBase64Encoded":false}"#;
    }
    event.into_bytes()
}

/// A browser's headers as a door with maps of single values or of lists sends them on.
fn browser_fields(host: &str) -> Vec<(&'static str, String)> {
    let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
    [
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
        ("accept-encoding", "gzip, deflate, br"),
        ("accept-language", "en-GB,en;q=0.9"),
        ("cookie", "session=0123456789abcdef; theme=dark"),
        ("host", host),
        ("sec-ch-ua", r#"\"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\""#),
        ("sec-ch-ua-platform", r#"\"Linux\""#),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "none"),
        ("sec-fetch-user", "?1"),
        ("upgrade-insecure-requests", "1"),
        ("user-agent", agent),
        ("x-amzn-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

fn map_of(fields: &[(&str, String)], lists: bool) -> String {
    let (open, close) = if lists { ("[", "]") } else { ("", "") };
    let members: Vec<String> =
        fields.iter().map(|(name, value)| format!(r#""{name}":{open}"{value}"{close}"#)).collect();
    format!("{{{}}}", members.join(","))
}

/// As a REST API makes it for a browser: headers and parameters twice, in a map of single values and in one of lists.
fn rest_event() -> Vec<u8> {
    let domain = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com";
    let fields = browser_fields(domain);
    let query = [("page", "2".to_owned()), ("q", "blue shoes".to_owned())];
    let (headers, header_lists) = (map_of(&fields, false), map_of(&fields, true));
    let (parameters, parameter_lists) = (map_of(&query, false), map_of(&query, true));
    format!(
        r#"{{"resource":"/{{proxy+}}","path":"/items","httpMethod":"GET","headers":{headers},"multiValueHeaders":{header_lists},"queryStringParameters":{parameters},"multiValueQueryStringParameters":{parameter_lists},"pathParameters":{{"proxy":"items"}},"stageVariables":null,"requestContext":{{"resourceId":"abc123","resourcePath":"/{{proxy+}}","httpMethod":"GET","extendedRequestId":"AbCdEfGhIjKlMno=","requestTime":"01/Jan/2026:00:00:00 +0000","path":"/prod/items","accountId":"123456789012","protocol":"HTTP/1.1","stage":"prod","domainPrefix":"a1b2c3d4e5","requestTimeEpoch":1767225600000,"requestId":"8476a536-e9f4-11e8-9739-2dfe598c3fcd","identity":{{"cognitoIdentityPoolId":null,"accountId":null,"cognitoIdentityId":null,"caller":null,"sourceIp":"203.0.113.7","principalOrgId":null,"accessKey":null,"cognitoAuthenticationType":null,"cognitoAuthenticationProvider":null,"userArn":null,"userAgent":"Mozilla/5.0","user":null}},"domainName":"{domain}","deploymentId":"d1e2f3","apiId":"a1b2c3d4e5"}},"body":null,"isBase64Encoded":false}}"#
    )
    .into_bytes()
}

/// As a load balancer makes it for a browser, with the maps that its target group is set to: parameters as they were sent.
fn alb_event(lists: bool) -> Vec<u8> {
    let headers = map_of(&browser_fields("lb-1.us-east-1.elb.amazonaws.com"), lists);
    let query = [("page", "2".to_owned()), ("q", "blue%20shoes".to_owned())];
    let parameters = map_of(&query, lists);
    let (of_headers, of_parameters) = if lists {
        ("multiValueHeaders", "multiValueQueryStringParameters")
    } else {
        ("headers", "queryStringParameters")
    };
    format!(
        r#"{{"requestContext":{{"elb":{{"targetGroupArn":"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop/6d0ecf831eec9f09"}}}},"httpMethod":"GET","path":"/items","{of_parameters}":{parameters},"{of_headers}":{headers},"body":"","isBase64Encoded":false}}"#
    )
    .into_bytes()
}

/// Ten messages of some hundred bytes, as a queue's poller batches them.
fn sqs_event() -> Vec<u8> {
    let records: Vec<String> = (0..10)
        .map(|i| {
            format!(
                r#"{{"messageId":"059f36b4-87a3-44ab-83d2-66197597{i:04}","receiptHandle":"AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a","body":"{{\"order\":{i},\"customer\":\"c-4711\",\"lines\":[{{\"sku\":\"A-1\",\"count\":2}},{{\"sku\":\"B-7\",\"count\":1}}],\"note\":\"leave it at the door\"}}","attributes":{{"ApproximateReceiveCount":"1","SentTimestamp":"1545082649183","SenderId":"AIDAIENQZJOLO23YVJ4VO","ApproximateFirstReceiveTimestamp":"1545082649185"}},"messageAttributes":{{}},"md5OfBody":"e4e68fb7bd0e697a0ae8f1bb342846b3","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:123456789012:orders","awsRegion":"us-east-1"}}"#
            )
        })
        .collect();
    format!(r#"{{"Records":[{}]}}"#, records.join(",")).into_bytes()
}

/// Bytes that are no text, the same every time.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 8) as u8
        })
        .collect()
}

pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word =
            group.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for i in 0..4 {
            let letter = ALPHABET[(word >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn every_name_has_a_scenario() {
        for name in NAMES {
            assert_eq!(scenario(name).expect(name).name, name);
        }
    }
}
