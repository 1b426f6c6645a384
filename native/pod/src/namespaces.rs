//! What a pod has of its own: process ids, mounts, network, IPC, host name, and, when asked for, its monotonic clock.

use std::ffi::CString;
use std::fs;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::{Failure, checked, failed};

/// Namespaces that a process can enter itself. Those of process ids and clocks begin with its next child.
pub fn enter(config: &Value) -> Result<(), Failure> {
    if config["userNamespace"].as_bool() == Some(true) {
        enter_user_namespace()?;
    }
    let clock = &config["clock"];
    let time = if clock.is_null() { 0 } else { CLONE_NEWTIME };
    let flags = libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS | time;
    // SAFETY: one thread.
    checked(unsafe { libc::unshare(flags) }, "make namespaces")?;
    if time != 0 {
        shift_clocks(clock)?;
    }
    raise_loopback()?;
    // Go listens with MPTCP where it can, and such a socket cannot be dumped. Absent on kernels without it.
    let _ = fs::write("/proc/sys/net/mptcp/enabled", "0");
    if let Some(name) = config["hostname"].as_str() {
        // SAFETY: pointer and length belong to the same string.
        checked(unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) }, "set the host name")?;
    }
    Ok(())
}

/// Not in the libc crate for every target.
const CLONE_NEWTIME: i32 = 0x80;

/// Root inside is the caller outside; whoever may not be root can then make the other namespaces.
fn enter_user_namespace() -> Result<(), Failure> {
    // SAFETY: plain calls.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    // SAFETY: one thread.
    checked(unsafe { libc::unshare(libc::CLONE_NEWUSER) }, "make a user namespace")?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1\n"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1\n"))?;
    // Else its owner may not look into /proc/PID/fd, where the pipes are.
    // SAFETY: a plain call.
    checked(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) }, "become dumpable")?;
    Ok(())
}

/// `{monotonic: "NS", boottime: "NS"}`: what the clocks are to say at this moment.
fn shift_clocks(clock: &Value) -> Result<(), Failure> {
    let mut text = String::new();
    for (name, id) in [("monotonic", libc::CLOCK_MONOTONIC), ("boottime", libc::CLOCK_BOOTTIME)] {
        let Some(wanted) = clock[name].as_str() else { continue };
        // SAFETY: the result is ours.
        let now = unsafe {
            let mut now: libc::timespec = std::mem::zeroed();
            libc::clock_gettime(id, &mut now);
            i128::from(now.tv_sec) * 1_000_000_000 + i128::from(now.tv_nsec)
        };
        let offset = wanted.parse::<i128>()? - now;
        let (seconds, nanoseconds) = (offset.div_euclid(1_000_000_000), offset.rem_euclid(1_000_000_000));
        text += &format!("{name} {seconds} {nanoseconds}\n");
    }
    fs::write("/proc/self/timens_offsets", text).map_err(|error| format!("shift the clocks: {error}"))?;
    Ok(())
}

fn raise_loopback() -> Result<(), Failure> {
    // SAFETY: the socket is new and ours; the request is a local of the right type.
    unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        let socket = OwnedFd::from_raw_fd(checked(fd, "make a socket")?);
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_name[0] = b'l' as _;
        request.ifr_name[1] = b'o' as _;
        request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as _;
        checked(libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &request), "bring up lo")?;
    }
    Ok(())
}

/// The mounts, from inside: private directories in the place of shared ones, and a `/proc` of the pod's own processes.
pub fn arrange_mounts(config: &Value) -> Result<(), Failure> {
    mount(None, "/", None, libc::MS_REC | libc::MS_PRIVATE)?;
    // The directory that this was started in may be one of those that are hidden.
    std::env::set_current_dir("/")?;
    // What is to stay visible below a directory that is about to be hidden.
    let mut kept = Vec::new();
    for path in strings(&config["keep"]) {
        if let Some(open) = open_path(path) {
            kept.push((path, open, fs::metadata(path)?.is_dir()));
        }
    }
    let mut privates = Vec::new();
    for private in config["private"].as_array().into_iter().flatten() {
        let (Some(path), Some(from)) = (private["path"].as_str(), private["from"].as_str()) else {
            return Err("private wants {path, from}".into());
        };
        privates.push((path, open_path(from).ok_or_else(|| format!("there is no {from}"))?));
    }
    for (path, open) in privates {
        mount(Some(&format!("/proc/self/fd/{}", open.as_raw_fd())), path, None, libc::MS_BIND)?;
    }
    for (path, open, is_directory) in kept {
        make_place(path, is_directory)?;
        mount(
            Some(&format!("/proc/self/fd/{}", open.as_raw_fd())),
            path,
            None,
            libc::MS_BIND | libc::MS_REC,
        )?;
    }
    mount(Some("proc"), "/proc", Some("proc"), libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC)
}

/// The next process gets the id after this one.
pub fn skip_pids(last: u64) -> Result<(), Failure> {
    fs::write("/proc/sys/kernel/ns_last_pid", last.to_string())
        .map_err(|error| format!("set ns_last_pid: {error}").into())
}

fn make_place(path: &str, is_directory: bool) -> Result<(), Failure> {
    if fs::symlink_metadata(path).is_ok() {
        return Ok(());
    }
    let parents = if is_directory { Some(path) } else { path.rsplit_once('/').map(|(parent, _)| parent) };
    if let Some(parents) = parents {
        fs::create_dir_all(parents)?;
    }
    if !is_directory {
        fs::File::create(path)?.flush()?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// `None` when there is nothing of that name.
fn open_path(path: &str) -> Option<OwnedFd> {
    let name = CString::new(path).ok()?;
    // SAFETY: the name lives; the descriptor is new and ours.
    unsafe {
        let fd = libc::open(name.as_ptr(), libc::O_PATH | libc::O_CLOEXEC);
        (fd >= 0).then(|| OwnedFd::from_raw_fd(fd))
    }
}

/// At this number, or the next that is free.
pub fn open_directory(path: &str, number: RawFd) -> Result<OwnedFd, Failure> {
    let name = CString::new(path)?;
    // SAFETY: the name lives; both descriptors are new and ours.
    unsafe {
        let fd = libc::open(name.as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC);
        if fd < 0 {
            return Err(failed(&format!("open {path}")));
        }
        let opened = OwnedFd::from_raw_fd(fd);
        let numbered = libc::fcntl(opened.as_raw_fd(), libc::F_DUPFD_CLOEXEC, number);
        Ok(OwnedFd::from_raw_fd(checked(numbered, "number a directory")?))
    }
}

fn mount(
    source: Option<&str>,
    target: &str,
    kind: Option<&str>,
    flags: libc::c_ulong,
) -> Result<(), Failure> {
    let text = |value: Option<&str>| value.map(CString::new).transpose();
    let (from, to, kind) = (text(source)?, CString::new(target)?, text(kind)?);
    let pointer = |value: &Option<CString>| value.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
    // SAFETY: the strings live through the call.
    let result = unsafe { libc::mount(pointer(&from), to.as_ptr(), pointer(&kind), flags, std::ptr::null()) };
    checked(result, &format!("mount {} on {target}", source.unwrap_or("nothing")))?;
    Ok(())
}

pub fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}
