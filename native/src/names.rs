//! From a host's name to its addresses.
//!
//! 1. An address that is written as one, and `localhost`, are known at once.
//! 2. Every other name is asked for in a thread of its own, because the system's look-up blocks for seconds; the
//!    answer comes through `answers`, and the poll is woken.

use crate::failure::Failure;
use mio::Waker;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// Number and serial number of the socket that asked, and what it is told.
type Answer = (usize, u64, Result<Vec<SocketAddr>, Failure>);

pub struct Names {
    waker: Arc<Waker>,
    sender: Sender<Answer>,
    receiver: Receiver<Answer>,
}

impl Names {
    pub fn new(waker: Arc<Waker>) -> Names {
        let (sender, receiver) = channel();
        Names { waker, sender, receiver }
    }

    /// The addresses where they are known at once (1).
    pub fn known(host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        if host == "localhost" {
            // RFC 6761, 6.3. IPv4 first: nearly every app listens there.
            let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            return Some(loopback.map(|address| SocketAddr::new(address, port)).into());
        }
        let address: IpAddr = host.parse().ok()?;
        Some(vec![SocketAddr::new(address, port)])
    }

    /// Asks for any other name on behalf of a socket (2).
    pub fn ask(&self, (id, serial): (usize, u64), host: String, port: u16) {
        let (sender, waker) = (self.sender.clone(), Arc::clone(&self.waker));
        let asked = thread::Builder::new().stack_size(256 * 1024).spawn(move || {
            let addresses = (host.as_str(), port)
                .to_socket_addrs()
                .map(Iterator::collect)
                .map_err(|_| Failure::with_code("ENOTFOUND", format!("getaddrinfo ENOTFOUND {host}")));
            // Nobody listens any more when the process ends.
            let _ = sender.send((id, serial, addresses));
            let _ = waker.wake();
        });
        if let Err(error) = asked {
            let _ = self.sender.send((id, serial, Err(Failure::new("thread", &error))));
            let _ = self.waker.wake();
        }
    }

    pub fn answer(&self) -> Option<Answer> {
        self.receiver.try_recv().ok()
    }
}
