//! Files in gzip (RFC 1952), natively: in the browser the page unpacks them. The deflated content is flate2's to read.

use std::io::{BufRead as _, Read as _};

use flate2::bufread::DeflateDecoder;

use crate::checksum::crc32;

/// The first member's content, if it is less than `limit` bytes long.
///
/// # Errors
/// What is wrong with the file, in English.
pub fn unpack(file: &[u8], limit: u64) -> Result<Vec<u8>, String> {
    let (flags, mut rest) = match file {
        [0x1f, 0x8b, 8, flags, _, _, _, _, _, _, rest @ ..] => (*flags, rest),
        _ => return Err("its gzip header is damaged".into()),
    };
    let is_set = |bit: u8| flags & (1 << bit) != 0;
    let cut = || String::from("it ends inside its gzip header");
    if is_set(2) {
        let (length, content) = rest.split_first_chunk().ok_or_else(cut)?;
        rest = content.get(usize::from(u16::from_le_bytes(*length))..).ok_or_else(cut)?;
    }
    // The name of the file, and a comment.
    for _ in [3, 4].into_iter().filter(|&bit| is_set(bit)) {
        rest.skip_until(0).map_err(|_| cut())?;
    }
    if is_set(1) {
        rest = rest.get(2..).ok_or_else(cut)?;
    }
    let mut content = Vec::new();
    let mut decoder = DeflateDecoder::new(rest);
    decoder.by_ref().take(limit).read_to_end(&mut content).map_err(|error| error.to_string())?;
    if content.len() as u64 >= limit {
        return Err(format!("it unpacks to {limit} bytes or more"));
    }
    let end = decoder.into_inner();
    match end.first_chunk::<4>() {
        None => Err("it ends before its checksum".into()),
        Some(&sum) if u32::from_le_bytes(sum) != crc32(&content) => Err("its checksum does not fit".into()),
        Some(_) => Ok(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, GzBuilder};
    use std::io::Write as _;

    fn packed(builder: GzBuilder) -> Vec<u8> {
        let mut encoder = builder.write(Vec::new(), Compression::best());
        encoder.write_all(b"1797 digits").unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_kind_of_header_is_read() {
        let full = GzBuilder::new().filename("digits").comment("eight by eight").extra([7; 300]);
        for file in [packed(GzBuilder::new()), packed(full)] {
            assert_eq!(unpack(&file, 12).as_deref(), Ok(&b"1797 digits"[..]));
            assert!(unpack(&file, 11).unwrap_err().contains("11 bytes or more"));
        }
    }

    #[test]
    fn no_cut_and_no_flipped_bit_of_the_content_passes() {
        let file = packed(GzBuilder::new().filename("digits"));
        for length in 0..file.len() - 4 {
            assert!(unpack(&file[..length], 100).is_err(), "cut to {length}");
        }
        let content = 10 + "digits\0".len();
        for index in content..file.len() - 4 {
            let mut damaged = file.clone();
            damaged[index] ^= 1;
            assert!(unpack(&damaged, 100).is_err(), "flipped at {index}");
        }
    }
}
