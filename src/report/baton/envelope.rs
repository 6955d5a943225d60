//! The outermost layer: the magic bytes of version 1, then one zstd frame of raw blocks.
//!
//! A frame may hold its content uncompressed (RFC 8878 section 3.1.1.2). The file is larger, but needs no
//! dependency, and its bytes do not depend on the version of a compressor.

use std::io::{self, Write};

const MAGIC: &[u8] = b"C1ZF\0";

/// Little-endian 0xFD2FB528 (RFC 8878 section 3.1.1).
const FRAME: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// The content's size follows in 8 bytes; no checksum, no dictionary, not a single segment: the window
/// would then be as large as the content, and readers refuse windows above 128 MiB.
const DESCRIPTOR: u8 = 0xC0;

/// 2^(10 + 7) bytes, exponent in the upper five bits.
const WINDOW: u8 = 7 << 3;

/// The largest block that is legal, and no larger than the window.
const LARGEST_BLOCK: usize = 128 << 10;

pub(super) fn write(content: &[u8], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(MAGIC)?;
    out.write_all(&FRAME)?;
    out.write_all(&[DESCRIPTOR, WINDOW])?;
    out.write_all(&(content.len() as u64).to_le_bytes())?;
    let mut blocks = content.chunks(LARGEST_BLOCK).peekable();
    if blocks.peek().is_none() {
        return out.write_all(&header(0, true));
    }
    while let Some(block) = blocks.next() {
        out.write_all(&header(block.len(), blocks.peek().is_none()))?;
        out.write_all(block)?;
    }
    Ok(())
}

/// Three bytes: whether it is the last block, type 0 (raw), size.
fn header(size: usize, last: bool) -> [u8; 3] {
    let bits = (size as u32) << 3 | u32::from(last);
    let [a, b, c, _] = bits.to_le_bytes();
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frame's content, read by the letter of RFC 8878.
    fn content(file: &[u8]) -> Vec<u8> {
        let frame =
            file.strip_prefix(b"C1ZF\0\x28\xB5\x2F\xFD\xC0\x38").expect("magic words and descriptors");
        let (size, mut rest) = frame.split_at(8);
        let mut content = Vec::new();
        loop {
            let bits = u32::from_le_bytes([rest[0], rest[1], rest[2], 0]);
            assert_eq!(bits >> 1 & 3, 0, "a raw block");
            let (block, after) = rest[3..].split_at((bits >> 3) as usize);
            assert!(block.len() <= 131_072);
            content.extend_from_slice(block);
            rest = after;
            if bits & 1 == 1 {
                break;
            }
        }
        assert!(rest.is_empty(), "nothing follows the last block");
        assert_eq!(size, (content.len() as u64).to_le_bytes());
        content
    }

    #[test]
    fn content_of_every_length_comes_back() {
        for length in [0, 1, 4096, 131_071, 131_072, 131_073, 3 * 131_072, 400_000] {
            let bytes: Vec<u8> = (0..length).map(|n: u32| (n % 251) as u8).collect();
            let mut file = Vec::new();
            write(&bytes, &mut file).expect("memory");
            assert!(content(&file) == bytes, "{length}");
        }
    }
}
