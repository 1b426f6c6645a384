//! CRIU as a worker (`criu swrk`), that is asked for a restore before one is wanted: it reads the image and waits where it
//! would make the first process. Messages are those of CRIU's `images/rpc.proto`, one a packet.
//!
//!  (1) Nothing of the copy exists before `go`.
//!  (2) Whoever waits is answered once: by what CRIU says, or by its end.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use serde_json::Value;

use crate::protobuf::varint;
use crate::{Failure, checked, descriptors};

/// "Go on", in answer to a script that CRIU asks for: `CriuReq` with the type NOTIFY and `notify_success`.
const GO_ON: [u8; 4] = [8, 6, 0x18, 1];
const NOTIFY: u64 = 6;
const LARGEST: usize = 65536;

pub struct Restorer {
    pub pid: i32,
    socket: OwnedFd,
    stage: Stage,
    /// The order that waits.
    waiting: Option<Value>,
}

#[derive(PartialEq, Eq)]
enum Stage {
    Reading,
    Waiting,
    Restoring,
    Over,
}

/// What the order that waited is to be told.
pub struct Told {
    pub order: Value,
    pub success: bool,
}

impl Restorer {
    /// Asks for a restore. `order` waits until the image has been read.
    pub fn ask(pid: i32, socket: OwnedFd, request: &[u8], order: Value) -> Result<Restorer, Failure> {
        descriptors::send(socket.as_fd(), request, &[])?;
        Ok(Restorer { pid, socket, stage: Stage::Reading, waiting: Some(order) })
    }

    /// `order` waits until the copy runs.
    pub fn go(&mut self, order: Value) -> Result<(), Failure> {
        if self.stage != Stage::Waiting {
            return Err("CRIU does not wait for a restore".into());
        }
        self.stage = Stage::Restoring;
        self.waiting = Some(order);
        self.go_on()
    }

    pub fn is_restoring(&self) -> bool {
        self.stage == Stage::Restoring
    }

    /// What is to be watched.
    pub fn raw(&self) -> RawFd {
        if self.stage == Stage::Over { -1 } else { self.socket.as_raw_fd() }
    }

    /// CRIU has said something.
    pub fn hear(&mut self) -> Result<Option<Told>, Failure> {
        let mut buffer = [0u8; LARGEST];
        let length = descriptors::receive(self.socket.as_fd(), &mut buffer, &mut Vec::new()).unwrap_or(0);
        if length == 0 {
            // It ends, perhaps with a request unread: `end` tells.
            self.stage = Stage::Over;
            return Ok(None);
        }
        let response = Response::parse(&buffer[..length]).ok_or("CRIU said something unknown")?;
        if response.kind != NOTIFY {
            self.stage = Stage::Over;
            return Ok(self.tell(response.success));
        }
        if self.stage == Stage::Reading {
            // The first script is that before the first process.
            self.stage = Stage::Waiting;
            return Ok(self.tell(true));
        }
        self.go_on()?;
        Ok(None)
    }

    /// Its process has ended. If somebody still waits, it did not do what was wanted.
    pub fn end(&mut self) -> Option<Told> {
        self.stage = Stage::Over;
        self.tell(false)
    }

    /// Invariant 2.
    fn tell(&mut self, success: bool) -> Option<Told> {
        self.waiting.take().map(|order| Told { order, success })
    }

    fn go_on(&self) -> Result<(), Failure> {
        Ok(descriptors::send(self.socket.as_fd(), &GO_ON, &[])?)
    }
}

/// `CriuResp`, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
struct Response {
    kind: u64,
    success: bool,
}

impl Response {
    fn parse(mut bytes: &[u8]) -> Option<Response> {
        let mut response = Response { kind: 0, success: false };
        while !bytes.is_empty() {
            let key = varint(&mut bytes).ok()?;
            let value = varint(&mut bytes).ok()?;
            match (key >> 3, key & 7) {
                (1, 0) => response.kind = value,
                (2, 0) => response.success = value != 0,
                (_, 0) => {}
                (_, 2) => bytes = bytes.get(usize::try_from(value).ok()?..)?,
                _ => return None,
            }
        }
        Some(response)
    }
}

/// Both ends of a socket for whole messages.
pub fn packets() -> Result<(OwnedFd, OwnedFd), Failure> {
    let mut ends: [RawFd; 2] = [-1; 2];
    // SAFETY: room for two; both are new and ours.
    unsafe {
        let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
        checked(libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()), "make a pair of sockets")?;
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

pub fn bytes_of(hex: &str) -> Result<Vec<u8>, Failure> {
    let pairs = (0..hex.len()).step_by(2).map(|at| hex.get(at..at + 2).unwrap_or(""));
    Ok(pairs.map(|pair| u8::from_str_radix(pair, 16)).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A script that CRIU asks for: type NOTIFY, success, and a `CriuNotify` with its name.
    fn script(name: &str) -> Vec<u8> {
        let mut notify = vec![0x0a, name.len() as u8];
        notify.extend(name.bytes());
        [&[8, 6, 0x10, 1, 0x2a, notify.len() as u8], notify.as_slice()].concat()
    }

    fn response(success: u8) -> [u8; 4] {
        [8, 2, 0x10, success]
    }

    fn asked() -> (Restorer, OwnedFd) {
        let (ours, theirs) = packets().expect("a pair");
        (Restorer::ask(7, ours, b"request", json!(1)).expect("asked"), theirs)
    }

    fn say(criu: &OwnedFd, message: &[u8]) {
        descriptors::send(criu.as_fd(), message, &[]).expect("sent");
    }

    fn heard(criu: &OwnedFd) -> Vec<u8> {
        let mut buffer = [0u8; 100];
        let length = descriptors::receive(criu.as_fd(), &mut buffer, &mut Vec::new()).expect("received");
        buffer[..length].to_vec()
    }

    fn told(told: Option<Told>) -> Option<(Value, bool)> {
        told.map(|told| (told.order, told.success))
    }

    #[test]
    fn waits_before_the_first_process_then_lets_every_script_pass() {
        let (mut restorer, criu) = asked();
        assert_eq!(heard(&criu), b"request");
        assert!(restorer.go(json!(2)).is_err());
        say(&criu, &script("pre-restore"));
        assert_eq!(told(restorer.hear().expect("heard")), Some((json!(1), true)));
        restorer.go(json!(2)).expect("gone");
        assert_eq!(heard(&criu), GO_ON);
        for name in ["post-restore", "pre-resume"] {
            say(&criu, &script(name));
            assert_eq!(told(restorer.hear().expect("heard")), None);
            assert_eq!(heard(&criu), GO_ON);
        }
        say(&criu, &response(1));
        assert_eq!(told(restorer.hear().expect("heard")), Some((json!(2), true)));
        assert_eq!(told(restorer.end()), None);
    }

    #[test]
    fn tells_of_a_failure_once() {
        let (mut restorer, criu) = asked();
        say(&criu, &response(0));
        assert_eq!(told(restorer.hear().expect("heard")), Some((json!(1), false)));
        assert_eq!(told(restorer.end()), None);
    }

    #[test]
    fn tells_of_an_end_without_a_word() {
        let (mut restorer, criu) = asked();
        drop(criu);
        assert_eq!(told(restorer.hear().expect("heard")), None);
        assert_eq!(restorer.raw(), -1);
        assert_eq!(told(restorer.end()), Some((json!(1), false)));
    }

    #[test]
    fn refuses_what_is_cut_off() {
        assert_eq!(Response::parse(&[8]), None);
        assert_eq!(Response::parse(&[0x2a, 5, 1]), None);
        assert_eq!(Response::parse(&[8, 2, 0x10, 1]), Some(Response { kind: 2, success: true }));
    }
}
