//! Between process 1 and the root of the dumped tree: one JSON document a packet, descriptors beside it. The socket has
//! an abstract name, so it belongs to the pod's network namespace and leaves nothing in the file system.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use serde_json::Value;

use crate::{Failure, checked, descriptors, failed};

const NAME: &[u8] = b"\0anylambda-pod";
/// Variables of a program are the largest part; Lambda takes 4 KB of them.
const LARGEST: usize = 160 * 1024;

pub struct Control {
    socket: OwnedFd,
}

impl Control {
    /// Waits for nobody: the root listens from its first moment on.
    pub fn connect() -> Result<Control, Failure> {
        let socket = new_socket()?;
        let (address, length) = address();
        // SAFETY: the address is as long as said.
        let result = unsafe { libc::connect(socket.as_raw_fd(), (&raw const address).cast(), length) };
        checked(result, "connect to the root of the tree")?;
        Ok(Control { socket })
    }

    pub fn raw(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    pub fn send(&self, message: &Value, beside: &[RawFd]) -> io::Result<()> {
        descriptors::send(self.socket.as_fd(), message.to_string().as_bytes(), beside)
    }

    /// `None` when the other side is gone.
    pub fn receive(&self) -> Result<Option<(Value, Vec<OwnedFd>)>, Failure> {
        let mut buffer = vec![0u8; LARGEST];
        let mut arrived = Vec::new();
        let length = descriptors::receive(self.socket.as_fd(), &mut buffer, &mut arrived)?;
        if length == 0 {
            return Ok(None);
        }
        Ok(Some((serde_json::from_slice(&buffer[..length])?, arrived)))
    }
}

/// The root's end.
pub struct ControlListener {
    socket: OwnedFd,
}

impl ControlListener {
    pub fn open() -> Result<ControlListener, Failure> {
        let socket = new_socket()?;
        let (address, length) = address();
        // SAFETY: the address is as long as said.
        let result = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
        checked(result, "bind the control socket")?;
        // SAFETY: a plain call on our socket.
        checked(unsafe { libc::listen(socket.as_raw_fd(), 4) }, "listen on the control socket")?;
        Ok(ControlListener { socket })
    }

    pub fn raw(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    pub fn accept(&self) -> Result<Control, Failure> {
        // SAFETY: no address is asked for; the descriptor is new and ours.
        unsafe {
            let fd = libc::accept4(
                self.socket.as_raw_fd(),
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                libc::SOCK_CLOEXEC,
            );
            if fd < 0 {
                return Err(failed("accept on the control socket"));
            }
            Ok(Control { socket: OwnedFd::from_raw_fd(fd) })
        }
    }
}

fn new_socket() -> Result<OwnedFd, Failure> {
    // SAFETY: the descriptor is new and ours.
    unsafe {
        let fd = libc::socket(libc::AF_UNIX, libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC, 0);
        Ok(OwnedFd::from_raw_fd(checked(fd, "make a control socket")?))
    }
}

fn address() -> (libc::sockaddr_un, libc::socklen_t) {
    // SAFETY: all zeros is a valid address.
    let mut address: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    address.sun_family = libc::AF_UNIX as _;
    for (to, &from) in address.sun_path.iter_mut().zip(NAME) {
        *to = from as _;
    }
    (address, (std::mem::offset_of!(libc::sockaddr_un, sun_path) + NAME.len()) as _)
}
