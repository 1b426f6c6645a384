//! What a copy asked for, about in the order in which it did: what the next copy will want, and gets before it asks. A file
//! of numbers of 64 bits, three for each piece: process id, address, pages.

use std::fs;
use std::os::fd::RawFd;

use crate::Failure;
use crate::pagemap::PAGE;

const NAME: &str = "learnt";
/// A copy that goes on asking for days teaches nothing new.
const MOST: usize = 1 << 16;
/// While a piece is put in, others wait for their pages.
const LARGEST: u64 = 64;
/// So many requests that followed each other are put into the order of addresses, to make longer pieces of them.
const WINDOW: usize = 512;
/// Longest gap that is put in with what is around it, pages: about what a piece of its own costs.
const GAP: u64 = 1;

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
        let arranged = self.arranged();
        fs::write(path(directory), encode(&arranged))?;
        Ok(arranged.iter().map(|piece| piece.pages).sum())
    }

    fn arranged(&self) -> Vec<Piece> {
        let mut arranged: Vec<Piece> = Vec::new();
        for window in self.0.chunks(WINDOW) {
            let mut window = window.to_vec();
            window.sort_by_key(|piece| (piece.pid, piece.address));
            let first = arranged.len();
            for piece in window {
                match arranged[first..].last_mut() {
                    Some(last) if last.joins(&piece) => {
                        let pages = (piece.address - last.address) / PAGE + piece.pages;
                        last.pages = last.pages.max(pages);
                    }
                    _ => arranged.push(piece),
                }
            }
        }
        arranged
    }

    /// What lies there; nothing, when there is none or it is not to be understood.
    pub fn read(directory: RawFd) -> Vec<Piece> {
        fs::read(path(directory)).map(|bytes| decode(&bytes)).unwrap_or_default()
    }
}

impl Piece {
    /// Whether `next`, which begins behind, makes one with it.
    fn joins(&self, next: &Piece) -> bool {
        let distance = next.address.saturating_sub(self.address) / PAGE;
        self.pid == next.pid && distance <= self.pages + GAP && distance + next.pages <= LARGEST
    }
}

fn encode(pieces: &[Piece]) -> Vec<u8> {
    pieces
        .iter()
        .flat_map(|piece| [piece.pid as u64, piece.address, piece.pages])
        .flat_map(u64::to_le_bytes)
        .collect()
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

    fn noted(pieces: &[(i32, u64, u64)]) -> Learnt {
        let mut learnt = Learnt::default();
        for &(pid, page, pages) in pieces {
            learnt.note(piece(pid, page * PAGE, pages));
        }
        learnt
    }

    fn all(pieces: &[(i32, u64, u64)]) -> Vec<Piece> {
        pieces.iter().map(|&(pid, page, pages)| piece(pid, page * PAGE, pages)).collect()
    }

    #[test]
    fn joins_what_lies_together() {
        let learnt =
            noted(&[(1, 30, 1), (1, 10, 4), (1, 15, 4), (2, 18, 1), (1, 31, 60), (1, 2, 1), (1, 91, 9)]);
        let expected = all(&[(1, 2, 1), (1, 10, 9), (1, 30, 61), (1, 91, 9), (2, 18, 1)]);
        assert_eq!(learnt.arranged(), expected);
        assert_eq!(decode(&encode(&expected)), expected);
    }

    #[test]
    fn keeps_the_order_of_what_lies_far_apart_in_time() {
        let early: Vec<(i32, u64, u64)> = (0..WINDOW as u64).map(|n| (1, 100_000 - n * 10, 1)).collect();
        let mut learnt = noted(&early);
        learnt.note(piece(1, 0, 1));
        assert_eq!(learnt.arranged().last(), Some(&piece(1, 0, 1)));
        assert_eq!(learnt.arranged().len(), WINDOW + 1);
    }

    #[test]
    fn takes_nothing_from_a_file_that_is_cut_off() {
        assert_eq!(decode(&encode(&[piece(1, PAGE, 1)])[..20]), []);
    }
}
