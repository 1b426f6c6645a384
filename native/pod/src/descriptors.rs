//! Bytes with descriptors beside them, over Unix sockets.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// More than anybody here sends at once.
const MOST: usize = 16;
const CONTROL_BYTES: usize = 128;

/// Sends all bytes; the descriptor travels with the first of them.
pub fn send(socket: BorrowedFd<'_>, mut bytes: &[u8], descriptors: &[RawFd]) -> io::Result<()> {
    let mut beside = descriptors;
    while !bytes.is_empty() {
        let sent = match send_once(socket, bytes, beside) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                writable(socket)?;
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        beside = &[];
        bytes = &bytes[sent..];
    }
    Ok(())
}

fn send_once(socket: BorrowedFd<'_>, bytes: &[u8], descriptors: &[RawFd]) -> io::Result<usize> {
    let mut part = libc::iovec { iov_base: bytes.as_ptr() as *mut _, iov_len: bytes.len() };
    let mut control = [0u64; CONTROL_BYTES / 8];
    // SAFETY: the message points to locals that outlive the call; the control buffer has room for MOST descriptors.
    let sent = unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut part;
        message.msg_iovlen = 1;
        if !descriptors.is_empty() {
            assert!(descriptors.len() <= MOST, "too many descriptors at once");
            let length = size_of_val(descriptors) as u32;
            message.msg_control = control.as_mut_ptr().cast();
            message.msg_controllen = libc::CMSG_SPACE(length) as _;
            let head = libc::CMSG_FIRSTHDR(&message);
            (*head).cmsg_level = libc::SOL_SOCKET;
            (*head).cmsg_type = libc::SCM_RIGHTS;
            (*head).cmsg_len = libc::CMSG_LEN(length) as _;
            std::ptr::copy_nonoverlapping(
                descriptors.as_ptr().cast::<u8>(),
                libc::CMSG_DATA(head),
                length as usize,
            );
        }
        libc::sendmsg(socket.as_raw_fd(), &message, libc::MSG_NOSIGNAL)
    };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(sent as usize) }
}

/// Reads once; 0 bytes is the end. What came beside the bytes is appended to `descriptors`.
pub fn receive(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    descriptors: &mut Vec<OwnedFd>,
) -> io::Result<usize> {
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let mut control = [0u64; CONTROL_BYTES / 8];
    // SAFETY: as above; every descriptor in the control messages is new and ours alone.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = CONTROL_BYTES as _;
        let received = libc::recvmsg(socket.as_raw_fd(), &mut message, libc::MSG_CMSG_CLOEXEC);
        if received < 0 {
            return Err(io::Error::last_os_error());
        }
        let mut head = libc::CMSG_FIRSTHDR(&message);
        while !head.is_null() {
            if (*head).cmsg_level == libc::SOL_SOCKET && (*head).cmsg_type == libc::SCM_RIGHTS {
                let bytes = (*head).cmsg_len as usize - libc::CMSG_LEN(0) as usize;
                for index in 0..bytes / size_of::<RawFd>() {
                    let at = libc::CMSG_DATA(head).cast::<RawFd>().add(index);
                    descriptors.push(OwnedFd::from_raw_fd(std::ptr::read_unaligned(at)));
                }
            }
            head = libc::CMSG_NXTHDR(&message, head);
        }
        Ok(received as usize)
    }
}

fn writable(socket: BorrowedFd<'_>) -> io::Result<()> {
    let mut poll = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    // SAFETY: one element, which lives.
    if unsafe { libc::poll(&mut poll, 1, -1) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(())
}

/// Waits until one of them can be read or has ended; tells which.
pub fn readable(sockets: &[RawFd]) -> io::Result<Vec<bool>> {
    readable_within(sockets, -1)
}

/// The same, but at most so many milliseconds.
pub fn readable_within(sockets: &[RawFd], milliseconds: i32) -> io::Result<Vec<bool>> {
    let mut polls: Vec<libc::pollfd> =
        sockets.iter().map(|&fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 }).collect();
    // SAFETY: the vector lives through the call and has as many elements as said.
    while unsafe { libc::poll(polls.as_mut_ptr(), polls.len() as _, milliseconds) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(polls.iter().map(|poll| poll.revents != 0).collect())
}
