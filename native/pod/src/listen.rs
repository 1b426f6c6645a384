//! A listening socket in the network namespace of another process, handed to Node: for isolation that others made
//! (bubblewrap, say), where a server outside is to be found at a fixed address inside.

use std::fs::File;
use std::net::TcpListener;
use std::os::fd::AsRawFd;

use serde_json::json;

use crate::channel::Channel;
use crate::{Failure, checked};

pub fn run(pid: &str, port: &str) -> Result<u8, Failure> {
    let mut channel = Channel::inherited()?;
    let pid: u32 = pid.parse()?;
    // The rights over a network namespace come from the user namespace that made it.
    let user = File::open(format!("/proc/{pid}/ns/user"))?;
    let network = File::open(format!("/proc/{pid}/ns/net"))?;
    // SAFETY: one thread. It fails when the user namespace is ours already, which is as good.
    unsafe { libc::setns(user.as_raw_fd(), libc::CLONE_NEWUSER) };
    // SAFETY: one thread.
    checked(unsafe { libc::setns(network.as_raw_fd(), libc::CLONE_NEWNET) }, "enter the network namespace")?;
    let listener = TcpListener::bind(("127.0.0.1", port.parse::<u16>()?))
        .map_err(|error| format!("listen at 127.0.0.1:{port}: {error}"))?;
    channel.send(json!({ "listener": true }), Some(listener.into()))?;
    // Until Node has taken it, or is gone.
    while !channel.is_flushed() && channel.receive()?.is_some() {}
    Ok(0)
}
