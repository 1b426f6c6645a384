//! The address space of a restored process, or of a child of one, while it has pages to come.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::Failure;
use crate::lazy::Asked;
use crate::learnt::Piece;
use crate::memory::Memory;
use crate::pagemap::PAGE;
use crate::ranges::{Range, Ranges};
use crate::uffd::{self, Put};

const LEAST_ZEROS: u64 = 8 * PAGE;
const MOST_ZEROS: u64 = 512 * PAGE;

pub struct Space {
    pub uffd: OwnedFd,
    pub memory: Arc<Memory>,
    /// CRIU made it; the others are its children.
    pub is_first: bool,
    /// Faults that are not answered yet.
    pub waiting: VecDeque<u64>,
    /// Where the pages of the image belong by now: shared with children until one changes something.
    ranges: Arc<Ranges>,
    /// Where the zeros ended that were put in last, and how many bytes that were.
    zeros: (u64, u64),
}

#[derive(Clone, Copy)]
pub enum Answer {
    Given,
    /// The mappings are changing.
    Later,
    /// The process has ended.
    Gone,
}

impl Space {
    pub fn new(uffd: OwnedFd, memory: Arc<Memory>) -> Space {
        let ranges = Arc::new(memory.origin.clone());
        Space { uffd, memory, is_first: true, waiting: VecDeque::new(), ranges, zeros: (0, 0) }
    }

    pub fn child(&self, uffd: OwnedFd) -> Space {
        Space {
            uffd,
            memory: self.memory.clone(),
            is_first: false,
            waiting: VecDeque::new(),
            ranges: self.ranges.clone(),
            zeros: (0, 0),
        }
    }

    pub fn is_behind(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub fn ranges_mut(&mut self) -> &mut Ranges {
        Arc::make_mut(&mut self.ranges)
    }

    /// Each fault that waits, once. `batch`: how much comes with a page, bytes.
    pub fn answer_all(&mut self, batch: u64, asked: &Asked) -> Result<Answer, Failure> {
        for _ in 0..self.waiting.len() {
            let Some(page) = self.waiting.pop_front() else { break };
            match self.answer(page, batch, asked)? {
                Answer::Given => {}
                Answer::Later => self.waiting.push_back(page),
                Answer::Gone => return Ok(Answer::Gone),
            }
        }
        Ok(Answer::Given)
    }

    /// Puts in what is expected to be asked for, unless it is not where it was when the process was frozen.
    pub fn put(&mut self, piece: Piece) -> Result<Answer, Failure> {
        let (mut page, end) = (piece.address, piece.address + piece.pages * PAGE);
        let mut largest = u64::MAX;
        while page < end {
            let now = self.ranges.from(page);
            let Some(range) =
                now.filter(|now| self.memory.origin.from(page).map(|then| then.offset) == Some(now.offset))
            else {
                page += PAGE;
                continue;
            };
            let range = Range { end: range.end.min(end).min(page.saturating_add(largest)), ..range };
            match uffd::copy(&self.uffd, page, self.memory.pages(range)?)? {
                Put::Done(count) => page += count * PAGE,
                // By the end of a mapping, or there is none any more.
                Put::Nowhere if range.end - page > PAGE => {
                    largest = PAGE;
                    continue;
                }
                Put::Exists | Put::Nowhere => page += PAGE,
                Put::Changing => return Ok(Answer::Later),
                Put::Gone => return Ok(Answer::Gone),
            }
            largest = u64::MAX;
        }
        Ok(Answer::Given)
    }

    fn answer(&mut self, page: u64, batch: u64, asked: &Asked) -> Result<Answer, Failure> {
        let put = match self.ranges.from(page) {
            Some(range) => self.copy(Range { end: range.end.min(page + batch), ..range }, asked)?,
            None => self.zero(page)?,
        };
        Ok(match put {
            Put::Done(_) => Answer::Given,
            // Another thread has asked for it too; or the mapping has gone meanwhile, and whoever asked finds that out.
            Put::Exists | Put::Nowhere => {
                uffd::wake(&self.uffd, page)?;
                Answer::Given
            }
            Put::Changing => Answer::Later,
            Put::Gone => Answer::Gone,
        })
    }

    fn copy(&self, range: Range, asked: &Asked) -> Result<Put, Failure> {
        let pages = self.memory.pages(range)?;
        let mut put = uffd::copy(&self.uffd, range.start, pages)?;
        if put == Put::Nowhere && pages.len() as u64 > PAGE {
            // The mapping ends in between.
            put = uffd::copy(&self.uffd, range.start, &pages[..PAGE as usize])?;
        }
        if let Put::Done(count) = put {
            let is_in_place =
                self.memory.origin.from(range.start).map(|then| then.offset) == Some(range.offset);
            if is_in_place {
                asked.note(Piece { pid: self.memory.pid, address: range.start, pages: count });
            }
        }
        Ok(put)
    }

    /// The more in a row are wanted, the more come: new memory is often filled from one end to the other.
    fn zero(&mut self, page: u64) -> Result<Put, Failure> {
        let (end, last) = self.zeros;
        let mut length = if page == end { (last * 2).min(MOST_ZEROS) } else { LEAST_ZEROS };
        if let Some(next) = self.ranges.next_start(page) {
            length = length.min(next - page);
        }
        let mut put = uffd::zero(&self.uffd, page, length)?;
        while put == Put::Nowhere && length > PAGE {
            length = (length / 2 / PAGE).max(1) * PAGE;
            put = uffd::zero(&self.uffd, page, length)?;
        }
        self.zeros = (page + length, length);
        Ok(put)
    }
}
