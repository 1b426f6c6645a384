//! As much of protobuf's encoding as CRIU's messages need here.

use crate::Failure;

/// A number at the beginning of `bytes`, which begin behind it afterwards: seven bits a byte, the lowest first.
pub fn varint(bytes: &mut &[u8]) -> Result<u64, Failure> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or("a number that is cut off")?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("a number of more than 64 bits".into())
}
