//! Files in gzip (RFC 1952), a series of members. The deflated content is flate2's to read. The page and the command
//! line unpack with the same code, so that both say the same of a damaged file.

use std::io::BufRead as _;

use flate2::{Decompress, FlushDecompress, Status};
use retort_spec::FileProblem;

use crate::format::checksum::crc32;

/// How a file in gzip begins.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Bytes by which the content grows while it is unpacked: a header cannot make it larger than the content is.
const STEP: usize = 1 << 16;

/// The content of all members, one after the other, if it is at most `limit` bytes long. Zeros behind the last member
/// are passed over, as tapes and some archives fill up with them.
///
/// # Errors
/// What is wrong with the file.
pub fn unpack(file: &[u8], limit: usize) -> Result<Vec<u8>, FileProblem> {
    let (mut content, mut rest) = (Vec::new(), file);
    loop {
        rest = member(rest, limit, &mut content)?;
        if !rest.starts_with(&MAGIC) {
            break;
        }
    }
    match rest.iter().all(|&byte| byte == 0) {
        true => Ok(content),
        false => Err(FileProblem::GzipBehind { bytes: rest.len() as u32 }),
    }
}

/// Appends the content of the first member and returns what stands behind it.
fn member<'a>(file: &'a [u8], limit: usize, content: &mut Vec<u8>) -> Result<&'a [u8], FileProblem> {
    let (begin, packed) = (content.len(), header(file)?);
    let mut decoder = Decompress::new(false);
    loop {
        let left = packed.get(decoder.total_in() as usize..).unwrap_or_default();
        content.reserve(STEP);
        let before = (decoder.total_in(), content.len());
        let status = decoder.decompress_vec(left, content, FlushDecompress::None);
        if content.len() > limit {
            return Err(FileProblem::GzipTooLarge { most: (limit / 1_000_000) as u32 });
        }
        match status {
            Ok(Status::StreamEnd) => break,
            Ok(_) if (decoder.total_in(), content.len()) == before => return Err(FileProblem::GzipCut),
            Ok(_) => {}
            Err(_) => return Err(FileProblem::GzipDamaged),
        }
    }
    let end = packed.get(decoder.total_in() as usize..).unwrap_or_default();
    let Some((trailer, rest)) = end.split_first_chunk::<8>() else { return Err(FileProblem::GzipCut) };
    let word = |at: usize| u32::from_le_bytes([trailer[at], trailer[at + 1], trailer[at + 2], trailer[at + 3]]);
    let unpacked = &content[begin..];
    match (word(0), word(4)) == (crc32(unpacked), unpacked.len() as u32) {
        true => Ok(rest),
        false => Err(FileProblem::GzipChecksum),
    }
}

/// What stands behind a member's header.
fn header(file: &[u8]) -> Result<&[u8], FileProblem> {
    // Bits of the flags. The reserved ones are 0.
    const CHECKSUM: u8 = 1 << 1;
    const EXTRA: u8 = 1 << 2;
    const NAME: u8 = 1 << 3;
    const COMMENT: u8 = 1 << 4;
    const RESERVED: u8 = 7 << 5;
    let (flags, mut rest) = match file {
        [0x1f, 0x8b, 8, flags, _, _, _, _, _, _, rest @ ..] if flags & RESERVED == 0 => (*flags, rest),
        _ if file.len() < 10 => return Err(FileProblem::GzipCut),
        _ => return Err(FileProblem::GzipHeader),
    };
    if flags & EXTRA != 0 {
        let (length, fields) = rest.split_first_chunk().ok_or(FileProblem::GzipCut)?;
        rest = fields.get(usize::from(u16::from_le_bytes(*length))..).ok_or(FileProblem::GzipCut)?;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            rest.skip_until(0).map_err(|_| FileProblem::GzipCut)?;
        }
    }
    match flags & CHECKSUM != 0 {
        true => rest.get(2..).ok_or(FileProblem::GzipCut),
        false => Ok(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, GzBuilder};
    use std::io::Write as _;

    fn packed_as(builder: GzBuilder, content: &[u8]) -> Vec<u8> {
        let mut encoder = builder.write(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn packed(content: &[u8]) -> Vec<u8> {
        packed_as(GzBuilder::new(), content)
    }

    #[test]
    fn every_kind_of_header_is_read() {
        let full = || GzBuilder::new().filename("digits").comment("eight by eight").extra([7; 300]);
        for file in [packed(b"1797 digits"), packed_as(full(), b"1797 digits")] {
            assert_eq!(unpack(&file, 11).as_deref(), Ok(&b"1797 digits"[..]));
            assert_eq!(unpack(&file, 10), Err(FileProblem::GzipTooLarge { most: 0 }));
        }
        let long: Vec<u8> = (0..300_000_u32).map(|index| (index.wrapping_mul(index) >> 7) as u8).collect();
        assert!(unpack(&packed(&long), 300_000) == Ok(long));
    }

    #[test]
    fn members_follow_each_other_and_zeros_the_last() {
        let two = [packed(b"1797 "), packed(b""), packed(b"digits")].concat();
        assert_eq!(unpack(&two, 11).as_deref(), Ok(&b"1797 digits"[..]));
        assert_eq!(unpack(&two, 10), Err(FileProblem::GzipTooLarge { most: 0 }));
        assert_eq!(unpack(&[&two[..], &[0; 64]].concat(), 11).as_deref(), Ok(&b"1797 digits"[..]));
        assert_eq!(unpack(&[&two[..], b"rubbish"].concat(), 11), Err(FileProblem::GzipBehind { bytes: 7 }));
        let mut wrong = packed(b"digits");
        let at = wrong.len() - 8;
        wrong[at] ^= 1;
        assert_eq!(unpack(&wrong, 11), Err(FileProblem::GzipChecksum));
        let mut length = packed(b"digits");
        *length.last_mut().unwrap() = 1;
        assert_eq!(unpack(&length, 11), Err(FileProblem::GzipChecksum));
    }

    #[test]
    fn no_cut_and_no_flipped_bit_of_the_content_passes() {
        let file = packed_as(GzBuilder::new().filename("digits"), b"1797 digits");
        for length in 0..file.len() {
            assert_eq!(unpack(&file[..length], 100), Err(FileProblem::GzipCut), "cut to {length}");
        }
        let content = 10 + "digits\0".len();
        for index in content..file.len() {
            let mut damaged = file.clone();
            damaged[index] ^= 1;
            assert!(unpack(&damaged, 100).is_err(), "flipped at {index}");
        }
    }
}
