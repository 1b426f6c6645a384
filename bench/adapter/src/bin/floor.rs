//! The floor: what an adapter cannot save. It makes the socket calls that every adapter makes, with fixed bytes, and
//! looks at nothing but where a message ends. Blocking, one thread an invocation at a time.

use adapter_bench::http::{Event, Reader};
use adapter_bench::scenario::{Scenario, base64, scenario};
use std::env;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

fn main() -> io::Result<()> {
    let api = env::var("AWS_LAMBDA_RUNTIME_API").expect("AWS_LAMBDA_RUNTIME_API");
    let app = format!("127.0.0.1:{}", env::var("PORT").expect("PORT"));
    let name = env::var("BENCH_SCENARIO").expect("BENCH_SCENARIO");
    let scenario = Arc::new(scenario(&name).expect("a known scenario"));

    let mut extension = connect(&api)?;
    let register = "POST /2020-01-01/extension/register HTTP/1.1\r\nhost: x\r\nlambda-extension-name: floor\r\ncontent-length: 13\r\n\r\n{\"events\":[]}";
    extension.write_all(register.as_bytes())?;
    extension.read_message(&mut |_| Ok(()))?;
    extension.write_all(b"GET /2020-01-01/extension/event/next HTTP/1.1\r\nhost: x\r\nlambda-extension-identifier: bench\r\n\r\n")?;
    let mut probe = connect(&app)?;
    probe.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")?;
    probe.read_message(&mut |_| Ok(()))?;

    let workers: Vec<_> = (1..scenario.parallel)
        .map(|_| {
            let (api, app, scenario) = (api.clone(), app.clone(), Arc::clone(&scenario));
            thread::spawn(move || serve(&api, &app, &scenario))
        })
        .collect();
    serve(&api, &app, &scenario)?;
    for worker in workers {
        worker.join().expect("a worker")?;
    }
    Ok(())
}

fn serve(api: &str, app: &str, scenario: &Scenario) -> io::Result<()> {
    let mut api = connect(api)?;
    let mut app = connect(app)?;
    let mut request = format!(
        "{}\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        scenario.request_line,
        scenario.request_body.len()
    )
    .into_bytes();
    request.extend(&scenario.request_body);
    let answer = if scenario.response_body.len() > 1000 {
        format!(
            r#"{{"statusCode":200,"headers":{{}},"body":"{}","isBase64Encoded":true}}"#,
            base64(&scenario.response_body)
        )
    } else {
        r#"{"statusCode":200,"headers":{"content-type":"text/plain"},"body":"Hello from the app\n","isBase64Encoded":false}"#.to_owned()
    };
    let post = "POST /2018-06-01/runtime/invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/response HTTP/1.1\r\nhost: x\r\n";
    let whole = format!("{post}content-length: {}\r\n\r\n{answer}", answer.len());
    let prelude = "{\"statusCode\":200,\"headers\":{}}\0\0\0\0\0\0\0\0";
    let begun = format!(
        "{post}lambda-runtime-function-response-mode: streaming\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{prelude}\r\n",
        prelude.len()
    );
    loop {
        api.write_all(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n")?;
        api.read_message(&mut |_| Ok(()))?;
        app.write_all(&request)?;
        if scenario.streamed {
            let mut begun = Some(begun.as_bytes());
            app.read_message(&mut |piece| {
                if let Some(begun) = begun.take() {
                    api.write_all(begun)?;
                }
                api.write_all(format!("{:x}\r\n", piece.len()).as_bytes())?;
                api.write_all(piece)?;
                api.write_all(b"\r\n")
            })?;
            api.write_all(b"0\r\n\r\n")?;
        } else {
            app.read_message(&mut |_| Ok(()))?;
            api.write_all(whole.as_bytes())?;
        }
        api.read_message(&mut |_| Ok(()))?;
    }
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

fn connect(address: &str) -> io::Result<Connection> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    Ok(Connection { stream, buffer: vec![0; 256 * 1024] })
}

impl Connection {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads one response to its end; `take` gets what is in its body.
    fn read_message(&mut self, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut reader = Reader::of_responses();
        loop {
            let length = self.stream.read(&mut self.buffer)?;
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let mut ended = false;
            let mut outcome = Ok(());
            reader.feed(&self.buffer[..length], |event| match event {
                Event::Head(_) => {}
                Event::Body(piece) if outcome.is_ok() => outcome = take(piece),
                Event::Body(_) => {}
                Event::End => ended = true,
            });
            outcome?;
            if ended {
                return Ok(());
            }
        }
    }
}
