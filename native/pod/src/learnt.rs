//! What a copy asked for, in the order in which it did: what the next copy will want, and gets before it asks. A file of
//! numbers of 64 bits, three for each piece: process id, address, pages.

use std::fs;
use std::os::fd::RawFd;

use crate::Failure;
use crate::pagemap::PAGE;

const NAME: &str = "learnt";
/// A copy that goes on asking for days teaches nothing new.
const MOST: usize = 1 << 16;
/// A piece is put in without a pause, in which others wait for their pages.
const LARGEST: u64 = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub pid: i32,
    pub address: u64,
    pub pages: u64,
}

/// Bytes of one in the file.
const PIECE: usize = 24;

#[derive(Default)]
pub struct Learnt(Vec<Piece>);

impl Learnt {
    /// Pieces that follow each other become one.
    pub fn note(&mut self, piece: Piece) {
        if let Some(last) = self.0.last_mut()
            && last.pid == piece.pid
            && last.address + last.pages * PAGE == piece.address
            && last.pages + piece.pages <= LARGEST
        {
            last.pages += piece.pages;
        } else if self.0.len() < MOST {
            self.0.push(piece);
        }
    }

    /// How many pages.
    pub fn write(&self, directory: RawFd) -> Result<u64, Failure> {
        fs::write(path(directory), self.encode())?;
        Ok(self.0.iter().map(|piece| piece.pages).sum())
    }

    /// What lies there; nothing, when there is none or it is not to be understood.
    pub fn read(directory: RawFd) -> Vec<Piece> {
        fs::read(path(directory)).map(|bytes| decode(&bytes)).unwrap_or_default()
    }

    fn encode(&self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|piece| [piece.pid as u64, piece.address, piece.pages])
            .flat_map(u64::to_le_bytes)
            .collect()
    }
}

fn path(directory: RawFd) -> String {
    format!("/proc/self/fd/{directory}/{NAME}")
}

fn decode(bytes: &[u8]) -> Vec<Piece> {
    if !bytes.len().is_multiple_of(PIECE) {
        return Vec::new();
    }
    bytes
        .chunks(PIECE)
        .map(|piece| {
            let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| piece[at * 8 + byte]));
            Piece { pid: number(0) as i32, address: number(1), pages: number(2).min(LARGEST) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(pid: i32, address: u64, pages: u64) -> Piece {
        Piece { pid, address, pages }
    }

    #[test]
    fn keeps_the_order_and_joins_neighbours() {
        let mut learnt = Learnt::default();
        for (pid, page, pages) in [(1, 10, 4), (1, 14, 4), (2, 18, 1), (1, 18, 60), (1, 2, 1), (1, 78, 1)] {
            learnt.note(piece(pid, page * PAGE, pages));
        }
        let expected = [(1, 10, 8), (2, 18, 1), (1, 18, 60), (1, 2, 1), (1, 78, 1)];
        assert_eq!(
            decode(&learnt.encode()),
            expected.map(|(pid, page, pages)| piece(pid, page * PAGE, pages))
        );
    }

    #[test]
    fn takes_nothing_from_a_file_that_is_cut_off() {
        let mut learnt = Learnt::default();
        learnt.note(piece(1, PAGE, 1));
        assert_eq!(decode(&learnt.encode()[..20]), []);
    }
}
