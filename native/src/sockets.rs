//! Connections by number, over TCP and Unix sockets.
//!
//! 1. Every socket is registered once, edge-triggered: `readable` and `writable` say what the kernel told last, and
//!    are cleared only by an operation that would block or took all there was.
//! 2. Nothing is read unless it is asked for, and nothing is kept: a peer that sends too much fills the kernel's
//!    buffer and waits. Nothing written is kept either: what the kernel does not take stays with the caller.
//! 3. A socket is connected before it is read or written: `progress` says so.
//! 4. A number is free again after `close`; an event that is still on its way for it does no harm, because every
//!    operation that it causes asks the kernel.

use crate::failure::Failure;
use crate::stream::{Address, Stream};
use mio::event::Event;
use mio::{Interest, Registry, Token};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What one read takes at first: more than nearly all events and answers have. Each page of it counts as memory.
const READ_BYTES: usize = 16 * 1024;

/// What one read takes once a peer has filled less than that.
const MAX_READ_BYTES: usize = 256 * 1024;

/// A peer that has sent as much in one go has more to send.
const LARGE_BYTES: usize = 32 * 1024;

/// The pieces handed over in one call; more of them than an answer ever has.
const MAX_SLICES: usize = 64;

struct Socket {
    /// `None` while the name is looked up.
    stream: Option<Stream>,
    /// Where it leads, for what is said when it fails.
    address: Option<Address>,
    /// Addresses of the name that have not been tried.
    addresses: VecDeque<Address>,
    /// Told apart from earlier users of the number by the look-up of its name.
    serial: u64,
    /// Why the name or its last address led nowhere.
    failure: Option<Failure>,
    connected: bool,
    readable: bool,
    writable: bool,
    /// The peer will send no more, or the connection is broken: no further edge comes, so reads must not wait for one.
    closed: bool,
}

pub struct Sockets {
    registry: Registry,
    sockets: Vec<Option<Socket>>,
    buffer: Vec<u8>,
    /// Whether the last read left something behind.
    was_filled: bool,
    open: usize,
    serials: u64,
    /// Bytes read and written since they were last asked for.
    moved: usize,
}

/// What a read found.
pub enum Arrived<'a> {
    Bytes(&'a [u8]),
    End,
    /// Nothing yet: there will be an event.
    Nothing,
}

impl Sockets {
    pub fn new(registry: Registry) -> Sockets {
        Sockets {
            registry,
            sockets: Vec::new(),
            buffer: vec![0; READ_BYTES],
            was_filled: false,
            open: 0,
            serials: 0,
            moved: 0,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.open == 0
    }

    /// A socket without a connection, and its serial number; `resolved` gives it one.
    pub fn add(&mut self) -> (usize, u64) {
        self.serials += 1;
        let serial = self.serials;
        let socket = Socket {
            serial,
            stream: None,
            address: None,
            addresses: VecDeque::new(),
            failure: None,
            connected: false,
            readable: false,
            writable: false,
            closed: false,
        };
        self.open += 1;
        if let Some(free) = self.sockets.iter().position(Option::is_none) {
            self.sockets[free] = Some(socket);
            return (free, serial);
        }
        self.sockets.push(Some(socket));
        (self.sockets.len() - 1, serial)
    }

    /// The addresses to try, in order.
    pub fn resolved(&mut self, id: usize, serial: u64, addresses: Result<Vec<SocketAddr>, Failure>) {
        let Some(socket) = self.sockets.get_mut(id).and_then(Option::as_mut) else {
            return;
        };
        if socket.serial != serial {
            return;
        }
        match addresses {
            Ok(addresses) => socket.addresses = addresses.into_iter().map(Address::Inet).collect(),
            Err(failure) => socket.failure = Some(failure),
        }
        self.try_next(id);
    }

    /// Begins with a Unix socket, which needs no look-up.
    pub fn lead(&mut self, id: usize, path: PathBuf) {
        if let Some(socket) = self.sockets.get_mut(id).and_then(Option::as_mut) {
            socket.addresses.push_back(Address::Unix(path));
        }
        self.try_next(id);
    }

    /// Whether the socket is connected by now. The failure is that of the last address.
    pub fn progress(&mut self, id: usize) -> Result<bool, Failure> {
        loop {
            let socket = self.at(id)?;
            if socket.connected {
                return Ok(true);
            }
            let Some(stream) = &socket.stream else {
                return match socket.failure.take() {
                    Some(failure) => Err(failure),
                    // The name is still being looked up.
                    None => Ok(false),
                };
            };
            let outcome = match stream.take_error() {
                Ok(None) => stream.has_peer(),
                Ok(Some(error)) | Err(error) => Err(error),
            };
            match outcome {
                Ok(()) => {
                    stream.send_at_once();
                    socket.connected = true;
                    socket.writable = true;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(false),
                Err(error) => {
                    socket.failure = Some(cannot_connect(&error, socket.address.as_ref()));
                    socket.stream = None;
                    self.try_next(id);
                }
            }
        }
    }

    /// Notes what the kernel tells. Whether the number is in use.
    pub fn note(&mut self, id: usize, event: &Event) -> bool {
        let Some(socket) = self.sockets.get_mut(id).and_then(Option::as_mut) else {
            return false;
        };
        socket.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        socket.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
        socket.closed |= event.is_read_closed() || event.is_error();
        true
    }

    pub fn read(&mut self, id: usize) -> Result<Arrived<'_>, Failure> {
        let Some(socket) = self.sockets.get_mut(id).and_then(Option::as_mut) else {
            return Ok(Arrived::End);
        };
        let Some(stream) = socket.stream.as_mut().filter(|_| socket.readable) else {
            return Ok(Arrived::Nothing);
        };
        if self.was_filled && self.buffer.len() < MAX_READ_BYTES {
            self.buffer.resize(MAX_READ_BYTES, 0);
        }
        loop {
            match stream.read(&mut self.buffer) {
                Ok(0) => return Ok(Arrived::End),
                Ok(length) => {
                    self.was_filled = length == self.buffer.len();
                    // A read that was not filled has emptied the socket (epoll(7), question 9).
                    socket.readable = self.was_filled || socket.closed;
                    self.moved += length;
                    if length >= LARGE_BYTES && !self.was_filled {
                        stream.acknowledge();
                    }
                    return Ok(Arrived::Bytes(&self.buffer[..length]));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    socket.readable = false;
                    return Ok(Arrived::Nothing);
                }
                Err(error) => return Err(Failure::new("read", &error)),
            }
        }
    }

    /// Reads what there is into `bytes`, until they are full or there will be an event; how many came. `None` at the end.
    pub fn read_into(&mut self, id: usize, bytes: &mut [u8]) -> Result<Option<usize>, Failure> {
        let Some(socket) = self.sockets.get_mut(id).and_then(Option::as_mut) else {
            return Ok(None);
        };
        let Some(stream) = socket.stream.as_mut().filter(|_| socket.readable) else {
            return Ok(Some(0));
        };
        let mut filled = 0;
        while filled < bytes.len() {
            match stream.read(&mut bytes[filled..]) {
                // What came before the end counts first: the next call finds the end again.
                Ok(0) => return Ok((filled > 0).then_some(filled)),
                Ok(length) => {
                    filled += length;
                    self.moved += length;
                    // As in `read`. Where it was filled the kernel may have more, for whoever reads next.
                    if filled < bytes.len() && !socket.closed {
                        socket.readable = false;
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    socket.readable = false;
                    break;
                }
                Err(error) => return Err(Failure::new("read", &error)),
            }
        }
        if filled > 0 && filled < bytes.len() {
            stream.acknowledge();
        }
        Ok(Some(filled))
    }

    /// Hands over `pieces` without their first `skip` bytes; how many bytes the kernel took. When it did not take all
    /// there will be an event.
    pub fn write(&mut self, id: usize, pieces: &[&[u8]], skip: usize) -> Result<usize, Failure> {
        let Some(socket) = self.sockets.get_mut(id).and_then(Option::as_mut) else {
            return Err(closed());
        };
        let Some(stream) = socket.stream.as_mut().filter(|_| socket.writable) else {
            return Ok(0);
        };
        let mut taken = 0;
        loop {
            let (slices, count) = rest_of(pieces, skip + taken);
            if count == 0 {
                return Ok(taken);
            }
            match stream.write_vectored(&slices[..count]) {
                Ok(length) => {
                    taken += length;
                    self.moved += length;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    socket.writable = false;
                    return Ok(taken);
                }
                Err(error) => return Err(Failure::new("write", &error)),
            }
        }
    }

    /// Closes both directions at once. May be called again.
    pub fn close(&mut self, id: usize) {
        if let Some(slot) = self.sockets.get_mut(id)
            && let Some(mut socket) = slot.take()
        {
            self.open -= 1;
            if let Some(stream) = &mut socket.stream {
                let _ = self.registry.deregister(stream);
            }
        }
    }

    fn at(&mut self, id: usize) -> Result<&mut Socket, Failure> {
        self.sockets.get_mut(id).and_then(Option::as_mut).ok_or_else(closed)
    }

    /// Whether `bytes` have been read and written since it last said so.
    pub fn has_moved(&mut self, bytes: usize) -> bool {
        let has = self.moved >= bytes;
        if has {
            self.moved = 0;
        }
        has
    }

    /// Begins with the next address that can be begun with, if there is one.
    fn try_next(&mut self, id: usize) {
        let Some(socket) = self.sockets.get_mut(id).and_then(Option::as_mut) else {
            return;
        };
        while let Some(address) = socket.addresses.pop_front() {
            match begin(&self.registry, id, &address) {
                Ok(stream) => {
                    socket.stream = Some(stream);
                    socket.address = Some(address);
                    return;
                }
                Err(error) => socket.failure = Some(cannot_connect(&error, Some(&address))),
            }
        }
        if socket.failure.is_none() {
            socket.failure = Some(Failure::with_code("ENOTFOUND", "the name has no address".into()));
        }
    }
}

fn closed() -> Failure {
    Failure::with_code("EBADF", "the connection is closed".into())
}

fn cannot_connect(error: &io::Error, address: Option<&Address>) -> Failure {
    let mut failure = Failure::new("connect", error);
    if let Some(address) = address {
        failure.message = format!("{} {address}", failure.message);
    }
    failure
}

fn begin(registry: &Registry, id: usize, address: &Address) -> io::Result<Stream> {
    let mut stream = Stream::connect(address)?;
    registry.register(&mut stream, Token(id), Interest::READABLE | Interest::WRITABLE)?;
    Ok(stream)
}

/// The pieces behind the first `skip` bytes, without the empty ones, as many as go in one call.
fn rest_of<'a>(pieces: &[&'a [u8]], mut skip: usize) -> ([IoSlice<'a>; MAX_SLICES], usize) {
    let mut slices = [IoSlice::new(&[]); MAX_SLICES];
    let mut count = 0;
    for &piece in pieces {
        if skip >= piece.len() {
            skip -= piece.len();
            continue;
        }
        if count == MAX_SLICES {
            break;
        }
        slices[count] = IoSlice::new(&piece[skip..]);
        skip = 0;
        count += 1;
    }
    (slices, count)
}
