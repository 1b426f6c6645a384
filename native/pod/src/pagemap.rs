//! CRIU's `pagemap-PID.img`: which pages of a process are in `pages-N.img`, one after the other. Two magic numbers, then
//! messages of protobuf, each behind its length (CRIU's `images/pagemap.proto`).

use crate::Failure;
use crate::protobuf::varint;

const MAGIC: [u8; 8] = [0x19, 0x43, 0x56, 0x54, 0x25, 0x40, 0x08, 0x56];
pub const PAGE: u64 = 4096;

/// Is in the file of pages.
pub const PRESENT: u32 = 4;
/// Is in the image before this one: we make none of these.
const PARENT: u32 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub address: u64,
    pub pages: u64,
    pub flags: u32,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Pagemap {
    /// Number of the file of pages.
    pub file: u32,
    /// By address. The present ones lie in the file of pages in this order.
    pub runs: Vec<Run>,
}

impl Pagemap {
    pub fn parse(bytes: &[u8]) -> Result<Pagemap, Failure> {
        let mut rest = bytes.strip_prefix(&MAGIC).ok_or("not a pagemap of CRIU")?;
        let head = next_message(&mut rest)?.ok_or("a pagemap without a head")?;
        let mut file = None;
        fields(head, |number, value| {
            if number == 1 {
                file = Some(value as u32);
            }
        })?;
        let mut runs = Vec::new();
        while let Some(message) = next_message(&mut rest)? {
            let mut run = Run { address: 0, pages: 0, flags: PRESENT };
            let mut short = 0;
            let mut in_parent = false;
            fields(message, |number, value| match number {
                1 => run.address = value,
                2 => short = value,
                3 => in_parent = value != 0,
                4 => run.flags = value as u32,
                5 => run.pages = value,
                _ => {}
            })?;
            if run.pages == 0 {
                run.pages = short;
            }
            if in_parent || run.flags & PARENT != 0 {
                return Err("a pagemap of an incremental image".into());
            }
            runs.push(run);
        }
        Ok(Pagemap { file: file.ok_or("a pagemap that names no file of pages")?, runs })
    }
}

fn next_message<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Failure> {
    if rest.is_empty() {
        return Ok(None);
    }
    let (length, more) = rest.split_at_checked(4).ok_or("a pagemap that is cut off")?;
    let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
    let (message, more) = more.split_at_checked(length).ok_or("a pagemap that is cut off")?;
    *rest = more;
    Ok(Some(message))
}

/// Every field of these messages is a number.
fn fields(mut message: &[u8], mut take: impl FnMut(u64, u64)) -> Result<(), Failure> {
    while !message.is_empty() {
        let key = varint(&mut message)?;
        if key & 7 != 0 {
            return Err("a pagemap with a field that is no number".into());
        }
        let value = varint(&mut message)?;
        take(key >> 3, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(message: &mut Vec<u8>, number: u64, mut value: u64) {
        message.push((number << 3) as u8);
        while value >= 0x80 {
            message.push(value as u8 | 0x80);
            value >>= 7;
        }
        message.push(value as u8);
    }

    /// As CRIU writes it.
    fn written(file: u64, runs: &[[u64; 3]]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let mut message = Vec::new();
        let mut append = |message: &mut Vec<u8>| {
            bytes.extend_from_slice(&(message.len() as u32).to_le_bytes());
            bytes.append(message);
        };
        field(&mut message, 1, file);
        append(&mut message);
        for &[address, pages, flags] in runs {
            for (number, value) in [(1, address), (2, pages & 0xffff_ffff), (4, flags), (5, pages)] {
                field(&mut message, number, value);
            }
            append(&mut message);
        }
        bytes
    }

    const RUNS: [[u64; 3]; 4] = [
        [0x400000, 2, PRESENT as u64],
        [0x7fff_0000_0000, 300, 6],
        [0x7fff_1000_0000, 0x1_0000_0001, 2],
        [u64::MAX - 4095, 1, 6],
    ];

    #[test]
    fn reads_what_criu_writes() {
        let pagemap = Pagemap::parse(&written(3, &RUNS)).unwrap();
        assert_eq!(pagemap.file, 3);
        let runs: Vec<[u64; 3]> =
            pagemap.runs.iter().map(|run| [run.address, run.pages, u64::from(run.flags)]).collect();
        assert_eq!(runs, RUNS);
    }

    #[test]
    fn reads_an_entry_of_old_without_flags() {
        let mut bytes = written(1, &[]);
        let mut message = Vec::new();
        field(&mut message, 1, 0x1000);
        field(&mut message, 2, 7);
        bytes.extend_from_slice(&(message.len() as u32).to_le_bytes());
        bytes.append(&mut message);
        let expected = Run { address: 0x1000, pages: 7, flags: PRESENT };
        assert_eq!(Pagemap::parse(&bytes).unwrap().runs, [expected]);
    }

    #[test]
    fn refuses_what_is_cut_off_or_incremental() {
        let bytes = written(3, &RUNS);
        for length in [0, 7, 9, bytes.len() - 1] {
            assert!(Pagemap::parse(&bytes[..length]).is_err());
        }
        assert!(Pagemap::parse(&written(3, &[[0x1000, 1, u64::from(PARENT)]])).is_err());
    }
}
