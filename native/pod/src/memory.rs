//! The memory of one process of an image, mapped from its file: all copies look at the same pages.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::{AsRawFd, RawFd};

use crate::pagemap::{PAGE, PRESENT, Pagemap};
use crate::ranges::{Range, Ranges};
use crate::{Failure, failed};

/// Linux 5.14; older ones refuse it, and the pages are looked up when they are wanted.
const MADV_POPULATE_READ: i32 = 22;

/// Of every process of an image.
pub fn open_all(images: RawFd) -> Result<HashMap<i32, Memory>, Failure> {
    let mut memories = HashMap::new();
    for entry in std::fs::read_dir(format!("/proc/self/fd/{images}"))? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let pid = name.strip_prefix("pagemap-").and_then(|rest| rest.strip_suffix(".img"));
        // Others are of memory that is shared.
        let Some(pid) = pid.and_then(|pid| pid.parse().ok()) else { continue };
        memories.insert(pid, Memory::open(images, pid)?);
    }
    Ok(memories)
}

pub struct Memory {
    /// Its process id inside.
    pub pid: i32,
    /// Where its pages were when it was frozen, lazy or not.
    pub origin: Ranges,
    file: MappedFile,
}

impl Memory {
    /// From the directory of CRIU's files.
    pub fn open(images: RawFd, pid: i32) -> Result<Memory, Failure> {
        let path = |name: String| format!("/proc/self/fd/{images}/{name}");
        let pagemap = Pagemap::parse(&std::fs::read(path(format!("pagemap-{pid}.img")))?)?;
        let file = MappedFile::open(&path(format!("pages-{}.img", pagemap.file)))?;
        Ok(Memory { pid, origin: ranges_of(&pagemap), file })
    }

    /// Has the kernel find pages that will be wanted.
    pub fn look_up(&self, address: u64, pages: u64) {
        if let Some(range) = self.origin.from(address) {
            self.file.look_up(range.offset, (range.end - address).min(pages * PAGE));
        }
    }

    /// The pages of a range.
    pub fn pages(&self, range: Range) -> Result<&[u8], Failure> {
        self.file.part(range.offset, range.end - range.start)
    }
}

fn ranges_of(pagemap: &Pagemap) -> Ranges {
    let mut offset = 0;
    let mut ranges: Vec<Range> = Vec::new();
    for run in pagemap.runs.iter().filter(|run| run.flags & PRESENT != 0) {
        let length = run.pages * PAGE;
        let (start, end) = (run.address, run.address + length);
        match ranges.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => ranges.push(Range { start, end, offset }),
        }
        offset += length;
    }
    Ranges::new(ranges)
}

/// A file that nobody changes any more, in memory that is the system's own.
struct MappedFile {
    start: *const u8,
    length: u64,
}

// SAFETY: it is only read, and stays until it is dropped.
unsafe impl Send for MappedFile {}
// SAFETY: as above.
unsafe impl Sync for MappedFile {}

impl MappedFile {
    fn open(path: &str) -> Result<MappedFile, Failure> {
        let file = File::open(path).map_err(|error| format!("open {path}: {error}"))?;
        let length = file.metadata()?.len();
        // SAFETY: a new mapping; the file is open.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length.max(PAGE) as usize,
                libc::PROT_READ,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(failed(&format!("map {path}")));
        }
        Ok(MappedFile { start: start.cast(), length })
    }

    fn look_up(&self, offset: u64, length: u64) {
        if offset.checked_add(length).is_some_and(|end| end <= self.length) {
            // SAFETY: inside the mapping; nothing is changed.
            unsafe {
                libc::madvise(self.start.add(offset as usize) as *mut _, length as usize, MADV_POPULATE_READ)
            };
        }
    }

    fn part(&self, offset: u64, length: u64) -> Result<&[u8], Failure> {
        if offset.checked_add(length).is_none_or(|end| end > self.length) {
            return Err("the file of pages is shorter than its pagemap says".into());
        }
        // SAFETY: inside the mapping, by the check above.
        let bytes = unsafe { std::slice::from_raw_parts(self.start.add(offset as usize), length as usize) };
        // The kernel copies with page faults switched off, and begins anew when one is missing here.
        for page in bytes.chunks(PAGE as usize) {
            // SAFETY: a byte of the slice.
            unsafe { std::ptr::read_volatile(&page[0]) };
        }
        Ok(bytes)
    }
}

impl Drop for MappedFile {
    fn drop(&mut self) {
        // SAFETY: our own mapping, of this length.
        unsafe { libc::munmap(self.start as *mut _, self.length.max(PAGE) as usize) };
    }
}
