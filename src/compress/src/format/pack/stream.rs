//! Streams of symbols: all as wide as they need, or Huffman coded.

use super::{PackError, file::Reader};
use crate::format::{
    bits::{BitReader, BitWriter, width_of},
    huffman::{self, Fault},
};

/// Ternary codes that share a byte: 3⁵ is 243.
const FIVE: usize = 5;

/// What the symbols of a stream can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Alphabet {
    /// So many, each in as many bits as tell them apart.
    Of(usize),
    /// Three, five to a byte.
    Ternary,
}

impl Alphabet {
    fn size(self) -> usize {
        match self {
            Self::Of(size) => size,
            Self::Ternary => 3,
        }
    }
}

/// The stream of some symbols, the shorter one where `huffman` leaves a choice, and whether it is Huffman coded.
pub fn put(symbols: &[u8], alphabet: Alphabet, huffman: bool) -> (Vec<u8>, bool) {
    let plain = match alphabet {
        Alphabet::Of(size) => put_plain(symbols, width_of(size)),
        Alphabet::Ternary => {
            let byte = |five: &[u8]| five.iter().rev().fold(0, |byte, digit| 3 * byte + digit);
            symbols.chunks(FIVE).map(byte).collect()
        }
    };
    if huffman {
        let coded = huffman::encode(symbols, alphabet.size());
        if coded.len() < plain.len() {
            return (coded, true);
        }
    }
    (plain, false)
}

/// Symbols of a width.
pub fn put_plain(symbols: &[u8], width: u32) -> Vec<u8> {
    let mut writer = BitWriter::default();
    for &symbol in symbols {
        writer.put(symbol.into(), width);
    }
    writer.into_bytes()
}

/// Reads `count` symbols, each less than the alphabet's size.
pub fn get(reader: &mut Reader<'_>, count: usize, alphabet: Alphabet, coded: bool) -> Result<Vec<u8>, PackError> {
    let size = alphabet.size();
    let symbols = if coded {
        let mut bits = BitReader::new(reader.rest());
        let symbols = huffman::decode(&mut bits, count, size).map_err(|fault| match fault {
            Fault::Ends => reader.stream_ends(),
            Fault::Table => PackError::Field("a table that makes no Huffman code"),
        })?;
        reader.bytes(bits.bytes_read())?;
        symbols
    } else if alphabet == Alphabet::Ternary {
        let bytes = reader.bytes(count.div_ceil(FIVE))?;
        if bytes.iter().any(|&byte| byte >= 243) {
            return Err(PackError::Field("a byte that is not five ternary codes"));
        }
        (0..count).map(|index| bytes[index / FIVE] / [1, 3, 9, 27, 81][index % FIVE] % 3).collect()
    } else {
        get_plain(reader, count, width_of(size))?
    };
    match symbols.iter().all(|&symbol| usize::from(symbol) < size) {
        true => Ok(symbols),
        false => Err(PackError::Field("a code or index past the last one")),
    }
}

/// Reads `count` symbols of a width.
pub fn get_plain(reader: &mut Reader<'_>, count: usize, width: u32) -> Result<Vec<u8>, PackError> {
    let bytes = reader.bytes(count.saturating_mul(width as usize).div_ceil(8))?;
    let mut bits = BitReader::new(bytes);
    Ok((0..count).map(|_| bits.take(width).unwrap_or(0) as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ternary_digits_by_hand() {
        // 2 + 0·3 + 1·9 + 2·27 + 1·81 = 146, then 1.
        assert_eq!(put(&[2, 0, 1, 2, 1, 1], Alphabet::Ternary, false), (vec![146, 1], false));
        assert_eq!(put(&[2; 5], Alphabet::Ternary, false), (vec![242], false));
    }

    #[test]
    fn the_shorter_stream_is_taken() {
        assert_eq!(put(&[1; 100], Alphabet::Of(4), true), (vec![0x00, 0x01, 0x01], true));
        assert_eq!(put(&[0, 1, 2, 3], Alphabet::Of(4), true), (vec![0b11_10_01_00], false));
        assert_eq!(put(&[], Alphabet::Of(256), true), (vec![], false));
        assert_eq!(put(&[0; 9], Alphabet::Of(1), true), (vec![], false), "one thing needs no bits");
    }
}
