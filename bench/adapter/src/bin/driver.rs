//! Runtime API and app in one thread, for adapters that are compared: what they cost is theirs, not the bench's.
//!
//!   driver start ROUNDS SUBJECT...                    from spawn to the first `/next`, in turn
//!   driver SCENARIO ROUNDS PER_ROUND SUBJECT...       rounds in turn, the first of each not counted
//!
//! A SUBJECT is NAME=FILE[,ARGUMENT...]. The result is one JSON document on standard output; times are microseconds.

use adapter_bench::http::{Event, Reader};
use adapter_bench::scenario::{NAMES, Scenario, scenario};
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio, exit};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Longer than any answer takes on a loaded machine: what waits so long is broken.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    if let Err(error) = run(&env::args().skip(1).collect::<Vec<_>>()) {
        eprintln!("{error}");
        exit(1);
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let usage = format!("driver start|{} ROUNDS [PER_ROUND] NAME=FILE[,ARGUMENT...]...", NAMES.join("|"));
    let (what, rest) = arguments.split_first().ok_or(&usage)?;
    let (rounds, rest) = rest.split_first().ok_or(&usage)?;
    let rounds: usize = rounds.parse().map_err(|_| usage.clone())?;
    if what == "start" {
        return starts(rounds, &subjects(rest)?);
    }
    let (per_round, rest) = rest.split_first().ok_or(&usage)?;
    let per_round: usize = per_round.parse().map_err(|_| usage.clone())?;
    let scenario = scenario(what).ok_or(usage)?;
    invocations(&scenario, rounds, per_round, &subjects(rest)?)
}

struct Subject {
    name: String,
    file: String,
    arguments: Vec<String>,
}

fn subjects(given: &[String]) -> Result<Vec<Subject>, String> {
    given
        .iter()
        .map(|text| {
            let (name, command) = text.split_once('=').ok_or(format!("no NAME=FILE: {text}"))?;
            let mut words = command.split(',').map(str::to_owned);
            let file = words.next().unwrap_or_default();
            Ok(Subject { name: name.to_owned(), file, arguments: words.collect() })
        })
        .collect()
}

fn starts(rounds: usize, subjects: &[Subject]) -> Result<(), String> {
    let scenario = scenario("get").expect("get");
    let mut samples = vec![Vec::new(); subjects.len()];
    // One more: the first brings the files into memory.
    for round in 0..=rounds {
        for (subject, samples) in subjects.iter().zip(&mut samples) {
            let mut bench = Bench::new(&scenario)?;
            let begin = Instant::now();
            bench.spawn(subject)?;
            bench.until(|bench| !bench.parked.is_empty())?;
            if round > 0 {
                samples.push(begin.elapsed());
            }
        }
    }
    let rows = subjects
        .iter()
        .zip(&samples)
        .map(|(subject, samples)| format!("{{\"name\":\"{}\",\"us\":{}}}", subject.name, micros(samples)));
    println!("[{}]", rows.collect::<Vec<_>>().join(","));
    Ok(())
}

fn invocations(
    scenario: &Scenario,
    rounds: usize,
    per_round: usize,
    subjects: &[Subject],
) -> Result<(), String> {
    let mut benches = Vec::new();
    for subject in subjects {
        let mut bench = Bench::new(scenario)?;
        bench.spawn(subject)?;
        bench.until(|bench| bench.parked.len() == scenario.parallel)?;
        benches.push(bench);
    }
    for round in 0..=rounds {
        for bench in &mut benches {
            if round == 1 {
                bench.times.clear();
                bench.first_bytes.clear();
                bench.cpu_before = cpu(bench.pid());
            }
            for _ in 0..per_round {
                bench.invoke()?;
            }
        }
    }
    let count = (rounds * per_round * scenario.parallel) as f64;
    let rows = subjects.iter().zip(&benches).map(|(subject, bench)| {
        let cpu = (cpu(bench.pid()) - bench.cpu_before) as f64 / 1000.0 / count;
        format!(
            "{{\"name\":\"{}\",\"us\":{},\"firstByteUs\":{},\"cpuUs\":{cpu:.2},\"residentKb\":{},\"peakKb\":{}}}",
            subject.name,
            micros(&bench.times),
            micros(&bench.first_bytes),
            memory(bench.pid(), "VmRSS:"),
            memory(bench.pid(), "VmHWM:"),
        )
    });
    println!("[{}]", rows.collect::<Vec<_>>().join(","));
    Ok(())
}

fn micros(samples: &[Duration]) -> String {
    let mut text = String::from("[");
    for (i, sample) in samples.iter().enumerate() {
        let _ = write!(text, "{}{:.1}", if i > 0 { "," } else { "" }, sample.as_nanos() as f64 / 1000.0);
    }
    text + "]"
}

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Api,
    App,
}

struct Peer {
    role: Role,
    stream: TcpStream,
    reader: Reader,
    /// Head of the request that is being read, and how many bytes of its body have come.
    head: String,
    body_bytes: usize,
    /// Bytes at the start of a streamed answer, until the end of its prelude was seen.
    opening: Option<Vec<u8>>,
    out: Vec<u8>,
    /// The app's body is written from where it lies.
    shared: Option<usize>,
    written: usize,
}

/// One adapter with a Runtime API and an app of its own.
struct Bench<'a> {
    scenario: &'a Scenario,
    api: TcpListener,
    app: TcpListener,
    peers: Vec<Option<Peer>>,
    /// Peers that wait for an event.
    parked: Vec<usize>,
    answers: usize,
    handed_out: Instant,
    times: Vec<Duration>,
    first_bytes: Vec<Duration>,
    child: Option<Child>,
    cpu_before: u64,
    buffer: Vec<u8>,
    fault: Option<String>,
    invocations: usize,
}

impl Drop for Bench<'_> {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl<'a> Bench<'a> {
    fn new(scenario: &'a Scenario) -> Result<Bench<'a>, String> {
        Ok(Bench {
            scenario,
            api: listen().map_err(|error| error.to_string())?,
            app: listen().map_err(|error| error.to_string())?,
            peers: Vec::new(),
            parked: Vec::new(),
            answers: 0,
            handed_out: Instant::now(),
            times: Vec::new(),
            first_bytes: Vec::new(),
            child: None,
            cpu_before: 0,
            buffer: vec![0; 1 << 20],
            fault: None,
            invocations: 0,
        })
    }

    fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    fn spawn(&mut self, subject: &Subject) -> Result<(), String> {
        let port = |listener: &TcpListener| listener.local_addr().map_or(0, |address| address.port());
        let child = Command::new(&subject.file)
            .args(&subject.arguments)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{}", port(&self.api)))
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_REGION", "us-east-1")
            .env("PORT", port(&self.app).to_string())
            .env("BENCH_SCENARIO", self.scenario.name)
            .envs(self.scenario.variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", subject.file))?;
        self.child = Some(child);
        Ok(())
    }

    /// One event, or as many as go at once, to their answers.
    fn invoke(&mut self) -> Result<(), String> {
        let parallel = self.scenario.parallel;
        self.until(|bench| bench.parked.len() == parallel)?;
        self.answers = 0;
        self.handed_out = Instant::now();
        for id in std::mem::take(&mut self.parked) {
            self.invocations += 1;
            let deadline =
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis()) + 60_000;
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                 lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-{:012}\r\n\
                 lambda-runtime-deadline-ms: {deadline}\r\n\
                 lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n\
                 lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n\
                 date: Thu, 01 Jan 2026 00:00:00 GMT\r\ncontent-length: {}\r\n\r\n",
                self.invocations,
                self.scenario.event.len()
            );
            let peer = self.peers[id].as_mut().expect("a parked peer");
            peer.out.extend(head.as_bytes());
            peer.out.extend(&self.scenario.event);
            self.write(id);
        }
        self.until(|bench| bench.answers == parallel)
    }

    /// Serves both sides until `met` holds.
    fn until(&mut self, met: impl Fn(&Bench) -> bool) -> Result<(), String> {
        while !met(self) {
            self.poll()?;
            if let Some(fault) = self.fault.take() {
                return Err(fault);
            }
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<(), String> {
        let entry = |fd: i32, events: i16| libc::pollfd { fd, events, revents: 0 };
        let mut fds =
            vec![entry(self.api.as_raw_fd(), libc::POLLIN), entry(self.app.as_raw_fd(), libc::POLLIN)];
        let mut ids = Vec::new();
        for (id, peer) in self.peers.iter().enumerate() {
            let Some(peer) = peer else { continue };
            let writing = if peer.has_output(self.scenario) { libc::POLLOUT } else { 0 };
            fds.push(entry(peer.stream.as_raw_fd(), libc::POLLIN | writing));
            ids.push(id);
        }
        // SAFETY: pointer and length are those of the vector, which lives through the call.
        let ready =
            unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, PATIENCE.as_millis() as i32) };
        if ready == 0 {
            return Err(format!("{}: nothing happened for {PATIENCE:?}", self.scenario.name));
        }
        for (index, role) in [(0, Role::Api), (1, Role::App)] {
            if fds[index].revents != 0 {
                self.accept(role)?;
            }
        }
        for (fd, id) in fds[2..].iter().zip(ids) {
            if fd.revents & libc::POLLOUT != 0 {
                self.write(id);
            }
            if fd.revents & !libc::POLLOUT != 0 {
                self.read(id);
            }
        }
        Ok(())
    }

    fn accept(&mut self, role: Role) -> Result<(), String> {
        let listener = if role == Role::Api { &self.api } else { &self.app };
        let (stream, _) = listener.accept().map_err(|error| error.to_string())?;
        let ready = stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true));
        ready.map_err(|error| error.to_string())?;
        let peer = Peer {
            role,
            stream,
            reader: Reader::of_requests(),
            head: String::new(),
            body_bytes: 0,
            opening: None,
            out: Vec::new(),
            shared: None,
            written: 0,
        };
        match self.peers.iter().position(Option::is_none) {
            Some(free) => self.peers[free] = Some(peer),
            None => self.peers.push(Some(peer)),
        }
        Ok(())
    }

    fn read(&mut self, id: usize) {
        let Some(mut peer) = self.peers[id].take() else { return };
        let mut buffer = std::mem::take(&mut self.buffer);
        match peer.stream.read(&mut buffer) {
            Ok(0) => self.parked.retain(|&parked| parked != id),
            Ok(length) => {
                let mut reader = std::mem::replace(&mut peer.reader, Reader::of_requests());
                reader.feed(&buffer[..length], |event| match event {
                    Event::Head(head) => {
                        peer.opening = (self.scenario.streamed && head.contains("/response ")).then(Vec::new);
                        peer.head = head;
                        peer.body_bytes = 0;
                    }
                    Event::Body(piece) => {
                        peer.body_bytes += piece.len();
                        if peer.passes_prelude(piece) {
                            self.first_bytes.push(self.handed_out.elapsed());
                        }
                    }
                    Event::End => self.answer(id, &mut peer),
                });
                peer.reader = reader;
                self.peers[id] = Some(peer);
                self.write(id);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.peers[id] = Some(peer),
            Err(_) => self.parked.retain(|&parked| parked != id),
        }
        self.buffer = buffer;
    }

    /// A request is complete.
    fn answer(&mut self, id: usize, peer: &mut Peer) {
        let line = peer.head.lines().next().unwrap_or_default().to_owned();
        if peer.role == Role::App {
            if line != self.scenario.request_line {
                // The probe of readiness, before the first event.
                peer.out.extend(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
                return;
            }
            if peer.body_bytes != self.scenario.request_body.len() {
                self.fault = Some(format!("the app got {} bytes", peer.body_bytes));
            }
            peer.out.extend(self.scenario.response_head.as_bytes());
            peer.shared = Some(0);
        } else if line.contains("/invocation/next") {
            self.parked.push(id);
        } else if line.contains("/event/next") {
            // Never answered: there is nothing to tell.
        } else if line.contains("/response ") {
            self.times.push(self.handed_out.elapsed());
            self.answers += 1;
            if peer.body_bytes < self.scenario.answer_bytes {
                self.fault = Some(format!("an answer of {} bytes", peer.body_bytes));
            }
            peer.out.extend(b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{\"status\":\"OK\"}\n");
        } else if line.contains("/register") {
            let body = r#"{"functionName":"bench","functionVersion":"$LATEST","handler":"bootstrap"}"#;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nlambda-extension-identifier: 7a2bd3f1-93ab-4d0a-9b6d-000000000001";
            peer.out.extend(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes());
        } else {
            self.fault = Some(format!("the adapter sent {line}"));
        }
    }

    fn write(&mut self, id: usize) {
        if let Some(peer) = &mut self.peers[id]
            && let Err(error) = peer.write(&self.scenario.response_body)
            && error.kind() != ErrorKind::WouldBlock
        {
            self.fault = Some(format!("a write failed: {error}"));
        }
    }
}

impl Peer {
    fn has_output(&self, scenario: &Scenario) -> bool {
        self.written < self.out.len() || self.shared.is_some_and(|at| at < scenario.response_body.len())
    }

    fn write(&mut self, body: &[u8]) -> io::Result<()> {
        // Head and a small body leave in one write, as from any server.
        if self.shared == Some(0) && body.len() < 16_384 {
            self.out.extend(body);
            self.shared = None;
        }
        while self.written < self.out.len() {
            self.written += self.stream.write(&self.out[self.written..])?;
        }
        self.out.clear();
        self.written = 0;
        while let Some(at) = self.shared {
            if at == body.len() {
                self.shared = None;
                break;
            }
            // As a server does that sends a file: 64 KB at a time.
            let end = body.len().min(at + 65_536);
            self.shared = Some(at + self.stream.write(&body[at..end])?);
        }
        Ok(())
    }

    /// Whether `piece` brings the first bytes beyond the prelude of a streamed answer.
    fn passes_prelude(&mut self, piece: &[u8]) -> bool {
        let Some(opening) = &mut self.opening else { return false };
        opening.extend(&piece[..piece.len().min(65_536)]);
        let end = opening.windows(8).position(|window| window == [0; 8]);
        let passed = end.is_some_and(|end| opening.len() > end + 8);
        if passed {
            self.opening = None;
        }
        passed
    }
}

fn listen() -> io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// CPU time of a process and all its threads, ns.
fn cpu(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
        .sum()
}

fn memory(pid: u32, what: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_default();
    line.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or_default()
}
