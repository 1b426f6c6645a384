//! Node's channel to a child process (`stdio: "ipc"`): one JSON document a line, and handles beside the line that names
//! them. Node acknowledges each handle, and wants the same; only one may be under way (lib/internal/child_process.js).
//! It is the only way by which a Node without an addon can be given a descriptor.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use serde_json::{Value, json};

use crate::{Failure, descriptors};

pub struct Channel {
    socket: OwnedFd,
    unread: Vec<u8>,
    /// Descriptors whose line has not been read.
    arrived: Vec<OwnedFd>,
    /// What waits for the acknowledgement of a handle sent before it.
    outgoing: VecDeque<(Value, Option<OwnedFd>)>,
    unacknowledged: bool,
}

/// A message, and what came beside it.
pub type Received = (Value, Option<OwnedFd>);

impl Channel {
    /// The channel that this process was started with.
    pub fn inherited() -> Result<Channel, Failure> {
        let number: RawFd = std::env::var("NODE_CHANNEL_FD")
            .map_err(|_| "it is started by Node, with a channel (stdio: \"ipc\")")?
            .parse()?;
        // SAFETY: Node opened it for us; nobody else here knows the number.
        let socket = unsafe { OwnedFd::from_raw_fd(number) };
        // SAFETY: plain flags of a descriptor that is ours.
        unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
        Ok(Channel {
            socket,
            unread: Vec::new(),
            arrived: Vec::new(),
            outgoing: VecDeque::new(),
            unacknowledged: false,
        })
    }

    pub fn raw(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// Sends a message, with or without a socket; now, or when Node has taken the sockets before it. Nothing overtakes.
    pub fn send(&mut self, message: Value, handle: Option<OwnedFd>) -> io::Result<()> {
        self.outgoing.push_back((message, handle));
        self.flush()
    }

    fn write(&self, message: &Value, handle: &[RawFd]) -> io::Result<()> {
        descriptors::send(self.socket.as_fd(), format!("{message}\n").as_bytes(), handle)
    }

    /// Nothing waits for Node any more.
    pub fn is_flushed(&self) -> bool {
        !self.unacknowledged && self.outgoing.is_empty()
    }

    /// Reads what is there. `None` when the other side is gone.
    pub fn receive(&mut self) -> Result<Option<Vec<Received>>, Failure> {
        let mut buffer = [0u8; 65536];
        let length = descriptors::receive(self.socket.as_fd(), &mut buffer, &mut self.arrived)?;
        if length == 0 {
            return Ok(None);
        }
        self.unread.extend_from_slice(&buffer[..length]);
        let mut messages = Vec::new();
        while let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
            let message: Value = serde_json::from_slice(&self.unread[..end])?;
            self.unread.drain(..=end);
            match message["cmd"].as_str() {
                Some("NODE_HANDLE_ACK") => {
                    self.unacknowledged = false;
                    self.flush()?;
                }
                Some("NODE_HANDLE") => {
                    if self.arrived.is_empty() {
                        return Err("a message names a handle that did not come with it".into());
                    }
                    let handle = self.arrived.remove(0);
                    self.write(&json!({ "cmd": "NODE_HANDLE_ACK" }), &[])?;
                    messages.push((message["msg"].clone(), Some(handle)));
                }
                _ => messages.push((message, None)),
            }
        }
        Ok(Some(messages))
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.unacknowledged {
            let Some((message, handle)) = self.outgoing.pop_front() else { break };
            let Some(handle) = handle else {
                self.write(&message, &[])?;
                continue;
            };
            // `net.Native`: Node's own thin handle, without a `net.Socket` or `net.Server` around it.
            let line = json!({ "cmd": "NODE_HANDLE", "type": "net.Native", "msg": message });
            self.write(&line, &[handle.as_raw_fd()])?;
            self.unacknowledged = true;
        }
        Ok(())
    }
}
