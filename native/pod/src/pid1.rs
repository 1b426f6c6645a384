//! The box: namespaces, and process 1 in them. It obeys orders that come over Node's channel, each with an `id` that its
//! answer bears, and tells of exits without being asked.
//!
//!   start                              makes the root of the tree (root.rs)             {}
//!   connect                            takes control of the root                        {port} with each listening socket, {done}
//!   disconnect                         gives it up: a dump would find a stranger in it  {}
//!   spawn {argv env cwd out err}       a program under the root; outlets by number      {pid} or {error message}
//!   park {label} with a connection     puts it into the tree                            {}
//!   take                               all of them back                                 {label} with each, {done}
//!   dial {port}                        connects to 127.0.0.1:PORT inside                {} with the connection
//!   run {argv}                         a program beside the tree (criu)                 {status} or {signal}
//!   ready {argv request}               CRIU reads an image (restorer.rs); request: hex  {pid} or {status}
//!   restore                            a copy of it                                     {status}
//!   serve                              pages of directory 0, as they are asked for      {}
//!   learn                              what was asked for, into directory 1             {pages}
//!   outlets {ends}                     closes our ends: `reading`, or both              {}
//!
//! What is ordered while a copy is being made waits for it.
//!
//!  (1) When the channel ends, this process ends, and with it every process of the pod: the kernel sees to it.
//!  (2) The process that Node started is the parent of process 1; it ends after it, with nothing left in the pod.
//!  (3) Programs run beside the tree find outlet N's writing end at descriptor 100 + N, and directory N at 200 + N; the
//!      latter is its number here too, for whoever looks into `/proc/1/fd`.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::channel::{Channel, Received};
use crate::control::Control;
use crate::lazy::Asked;
use crate::outlet::{Outlet, outlets};
use crate::restorer::{Restorer, Told, bytes_of, packets};
use crate::root::{become_root, child_signals, clear, exit_of};
use crate::{Failure, breakpoints, checked, descriptors, lazy, namespaces};

/// Raised with every change of the orders or their answers; `box.ts` has the same number.
const ORDERS: u32 = 2;
const PR_SET_MEMORY_MERGE: i32 = 67;
const DIALLING: Duration = Duration::from_secs(1);
const OUTLETS_AT: RawFd = 100;
const REQUESTS_AT: RawFd = 199;
const DIRECTORIES_AT: RawFd = 200;

pub fn run(config: &str) -> Result<u8, Failure> {
    let config: Value = serde_json::from_str(config)?;
    let channel = Channel::inherited()?;
    // Before anything is hidden.
    let mut directories = Vec::new();
    for (path, number) in namespaces::strings(&config["directories"]).zip(DIRECTORIES_AT..) {
        directories.push(namespaces::open_directory(path, number)?);
    }
    namespaces::enter(&config)?;
    let (mut told, mut teller) = std::io::pipe()?;
    // SAFETY: one thread; without a stack of its own this is a fork.
    let pid = unsafe {
        let flags = libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::SIGCHLD;
        libc::syscall(libc::SYS_clone, flags, 0usize, 0usize, 0usize, 0usize)
    };
    match checked(pid as i32, "make namespaces for processes and mounts")? {
        0 => {
            drop(teller);
            // SAFETY: a plain call. The parent may be gone already: then nobody tells us a number below.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) };
            // Whatever runs in the pod may share pages that are equal with other copies, if the host looks for them.
            // SAFETY: a plain call; kernels before 6.4 do not know it.
            unsafe { libc::prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0) };
            let mut outside = String::new();
            told.read_to_string(&mut outside)?;
            let own: i32 = outside.parse().map_err(|_| "the outer process is gone")?;
            Pid1::new(&config, channel, directories)?.serve(own)
        }
        pid => {
            drop((channel, directories, told));
            write!(teller, "{pid}")?;
            drop(teller);
            wait_for(pid)
        }
    }
}

/// Invariant 2.
fn wait_for(pid: i32) -> Result<u8, Failure> {
    let mut status = 0;
    // SAFETY: the status is ours.
    while unsafe { libc::waitpid(pid, &mut status, 0) } < 0 {
        if std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted {
            return Ok(1);
        }
    }
    Ok(if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) as u8 } else { 0 })
}

struct Pid1 {
    channel: Channel,
    control: Option<Control>,
    outlets: Vec<Outlet>,
    directories: Vec<OwnedFd>,
    children: File,
    /// Programs beside the tree: process id, and the order that wants its end.
    running: Vec<(i32, Value)>,
    restorer: Option<Restorer>,
    /// Orders that wait for the copy.
    later: VecDeque<Received>,
    asked: Option<Asked>,
    program: String,
    /// Where the root listens.
    ports: Vec<u16>,
    last_pid: u64,
    unprivileged: bool,
    /// CRIU wants breakpoints, and soon.
    _breakpoints: Option<OwnedFd>,
}

impl Pid1 {
    fn new(config: &Value, channel: Channel, directories: Vec<OwnedFd>) -> Result<Pid1, Failure> {
        namespaces::arrange_mounts(config)?;
        Ok(Pid1 {
            channel,
            control: None,
            outlets: outlets(config["outlets"].as_u64().unwrap_or(0) as usize)?,
            directories,
            children: child_signals()?,
            running: Vec::new(),
            restorer: None,
            later: VecDeque::new(),
            asked: None,
            program: config["program"].as_str().unwrap_or_default().to_owned(),
            ports: config["ports"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|port| Some(port.as_u64()? as u16))
                .collect(),
            unprivileged: config["userNamespace"].as_bool() == Some(true),
            last_pid: config["lastPid"].as_u64().unwrap_or(1000),
            _breakpoints: breakpoints::prepare(),
        })
    }

    fn serve(mut self, own: i32) -> Result<u8, Failure> {
        let reading: Vec<Option<RawFd>> =
            self.outlets.iter().map(|outlet| outlet.reading.as_ref().map(AsRawFd::as_raw_fd)).collect();
        let pipes: Vec<String> = self.outlets.iter().map(Outlet::name).collect();
        self.channel
            .send(json!({ "ready": own, "orders": ORDERS, "outlets": reading, "pipes": pipes }), None)?;
        loop {
            let control = self.control.as_ref().map_or(-1, Control::raw);
            let restorer = self.restorer.as_ref().map_or(-1, Restorer::raw);
            let ready =
                descriptors::readable(&[self.children.as_raw_fd(), self.channel.raw(), control, restorer])?;
            // What the root has to say of an end comes before the end of the root.
            if ready[2] {
                self.hear()?;
            }
            // And what CRIU has to say comes before its end.
            if ready[3] {
                let told = self.restorer.as_mut().map(Restorer::hear).transpose()?;
                self.tell(told.flatten())?;
            }
            while !self.is_restoring()
                && let Some((message, handle)) = self.later.pop_front()
            {
                self.take(message, handle)?;
            }
            if ready[0] {
                clear(&self.children);
                self.reap()?;
            }
            if ready[1] {
                // Invariant 1.
                let Some(messages) = self.channel.receive()? else { return Ok(0) };
                for (message, handle) in messages {
                    if self.is_restoring() {
                        self.later.push_back((message, handle));
                    } else {
                        self.take(message, handle)?;
                    }
                }
            }
        }
    }

    fn is_restoring(&self) -> bool {
        self.restorer.as_ref().is_some_and(Restorer::is_restoring)
    }

    fn take(&mut self, message: Value, handle: Option<OwnedFd>) -> Result<(), Failure> {
        match self.obey(&message, handle) {
            Ok(()) => Ok(()),
            Err(error) => self.answer(&message["id"], json!({ "message": error.to_string() })),
        }
    }

    fn obey(&mut self, message: &Value, handle: Option<OwnedFd>) -> Result<(), Failure> {
        let id = &message["id"];
        match message["do"].as_str().unwrap_or_default() {
            "start" => {
                namespaces::skip_pids(self.last_pid)?;
                // SAFETY: one thread.
                if checked(unsafe { libc::fork() }, "fork")? == 0 {
                    let Err(error) = become_root(&self.program, &self.ports, !self.unprivileged);
                    eprintln!("anylambda-pod: {error}");
                    // SAFETY: a plain call; nothing of the parent's is to be run.
                    unsafe { libc::_exit(70) };
                }
                self.answer(id, json!({}))
            }
            "connect" => {
                let control = Control::connect()?;
                control.send(&json!({ "do": "listeners", "id": id }), &[])?;
                self.control = Some(control);
                Ok(())
            }
            "disconnect" => {
                self.control = None;
                self.answer(id, json!({}))
            }
            "spawn" => {
                let number = |name: &str| message[name].as_u64().map(|index| index as usize);
                let beside: Vec<RawFd> = [number("out"), number("err")]
                    .into_iter()
                    .filter_map(|index| self.outlets.get(index?)?.writing.as_ref().map(AsRawFd::as_raw_fd))
                    .collect();
                Ok(self.root()?.send(message, &beside)?)
            }
            "park" => {
                let connection = handle.ok_or("park wants a connection beside it")?;
                Ok(self.root()?.send(message, &[connection.as_raw_fd()])?)
            }
            "take" => Ok(self.root()?.send(message, &[])?),
            "dial" => {
                let port = message["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
                // Refused or taken at once, unless a listener does not take what it was given: nobody waits for it long.
                let connection = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), DIALLING)
                    .map_err(|error| format!("connect to 127.0.0.1:{port}: {error}"))?;
                Ok(self.channel.send(json!({ "id": id }), Some(connection.into()))?)
            }
            "run" => {
                let pid = self.run_beside(message, None)?;
                self.running.push((pid, id.clone()));
                Ok(())
            }
            "ready" => {
                let request = bytes_of(message["request"].as_str().unwrap_or_default())?;
                let (ours, theirs) = packets()?;
                let pid = self.run_beside(message, Some(theirs.as_raw_fd()))?;
                self.restorer = Some(Restorer::ask(pid, ours, &request, id.clone())?);
                Ok(())
            }
            "restore" => self.restorer.as_mut().ok_or("no CRIU was started")?.go(id.clone()),
            "serve" => {
                let [pages, work, image] = self.directories()?;
                self.asked = Some(lazy::serve(pages, work, image)?);
                self.answer(id, json!({}))
            }
            "learn" => {
                let [_, work, _] = self.directories()?;
                let pages = self.asked.as_ref().ok_or("no pages are served here")?.write(work)?;
                self.answer(id, json!({ "pages": pages }))
            }
            "outlets" => {
                // As long as somebody holds a writing end, whoever reads sees no end.
                let writing = message["ends"].as_str() == Some("writing");
                for outlet in &mut self.outlets {
                    outlet.reading = None;
                    if writing {
                        outlet.writing = None;
                    }
                }
                self.answer(id, json!({}))
            }
            other => Err(format!("unknown order {other}").into()),
        }
    }

    /// CRIU's files, what is written meanwhile, and the whole image.
    fn directories(&self) -> Result<[RawFd; 3], Failure> {
        match self.directories.as_slice() {
            [pages, work, image] => Ok([pages, work, image].map(AsRawFd::as_raw_fd)),
            _ => Err("three directories are wanted".into()),
        }
    }

    fn root(&self) -> Result<&Control, Failure> {
        self.control.as_ref().ok_or_else(|| "the root of the tree is not connected".into())
    }

    /// Passes on what the root says.
    fn hear(&mut self) -> Result<(), Failure> {
        let Some(control) = &self.control else { return Ok(()) };
        match control.receive() {
            Ok(Some((message, mut beside))) => self.channel.send(message, beside.pop())?,
            // Its end is told by `reap`.
            _ => self.control = None,
        }
        Ok(())
    }

    fn run_beside(&self, message: &Value, requests: Option<RawFd>) -> Result<i32, Failure> {
        let mut words = namespaces::strings(&message["argv"]);
        let mut command = Command::new(words.next().ok_or("run wants a program")?);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null());
        let outlets = self.outlets.iter().filter_map(|outlet| Some(outlet.writing.as_ref()?.as_raw_fd()));
        let directories = self.directories.iter().map(AsRawFd::as_raw_fd);
        let given: Vec<(RawFd, RawFd)> =
            outlets.zip(OUTLETS_AT..).chain(directories.zip(DIRECTORIES_AT..)).collect();
        let given: Vec<(RawFd, RawFd)> =
            given.into_iter().chain(requests.map(|fd| (fd, REQUESTS_AT))).collect();
        let is_lazy = self.asked.is_some();
        // SAFETY: dup2, fcntl, prctl and sigprocmask are async-signal-safe.
        unsafe {
            command.pre_exec(move || {
                // A huge page, made for pages that are read at once, would hold zeros in the place of lazy ones. CRIU gives
                // each process its own setting back when the lazy ones are known to the kernel.
                if is_lazy {
                    libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0);
                }
                let none: libc::sigset_t = std::mem::zeroed();
                libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
                for &(from, to) in &given {
                    // To itself it would change nothing, and be closed.
                    let result =
                        if from == to { libc::fcntl(to, libc::F_SETFD, 0) } else { libc::dup2(from, to) };
                    if result < 0 {
                        return Err(std::io::Error::last_os_error());
                    }
                }
                Ok(())
            });
        }
        Ok(command.spawn()?.id() as i32)
    }

    fn reap(&mut self) -> Result<(), Failure> {
        loop {
            let mut status = 0;
            // SAFETY: the status is ours.
            let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
            if pid <= 0 {
                return Ok(());
            }
            if let Some(restorer) = self.restorer.as_mut().filter(|restorer| restorer.pid == pid) {
                let told = restorer.end();
                self.tell(told)?;
                continue;
            }
            match self.running.iter().position(|(running, _)| *running == pid) {
                Some(index) => {
                    let (_, id) = self.running.swap_remove(index);
                    self.answer(&id, exit_of(pid, status))?;
                }
                // Orphans are of no interest; the root of the tree is.
                None if pid as u64 == self.last_pid + 1 => {
                    self.channel.send(json!({ "root": exit_of(pid, status) }), None)?;
                }
                None => {}
            }
        }
    }

    fn tell(&mut self, told: Option<Told>) -> Result<(), Failure> {
        let Some(Told { order, success }) = told else { return Ok(()) };
        let pid = self.restorer.as_ref().map(|restorer| restorer.pid);
        self.answer(&order, json!({ "pid": pid, "status": u8::from(!success) }))
    }

    fn answer(&mut self, id: &Value, mut answer: Value) -> Result<(), Failure> {
        answer["id"] = id.clone();
        Ok(self.channel.send(answer, None)?)
    }
}
