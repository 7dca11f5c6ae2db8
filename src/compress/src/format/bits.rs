//! Streams of bits: the first bit is the lowest of the first byte, and a number's lowest bit comes first, which at 4
//! and 2 bits is ONNX's order.

/// Bits of the narrowest number that tells `count` things apart: `⌈log2 count⌉`, none for a single thing.
pub fn width_of(count: usize) -> u32 {
    usize::BITS - count.saturating_sub(1).leading_zeros()
}

/// Writes bits.
#[derive(Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    length: usize,
}

impl BitWriter {
    /// Appends the lowest `width` bits of a number.
    pub fn put(&mut self, number: u32, width: u32) {
        for place in 0..width {
            if self.length.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((number >> place & 1) as u8) << (self.length % 8);
            }
            self.length += 1;
        }
    }

    /// The bytes, the last one filled up with zeros.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads bits.
#[derive(Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    /// From the first bit on.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next number of `width` bits; `None` where the stream ends before.
    pub fn take(&mut self, width: u32) -> Option<u32> {
        let mut number = 0;
        for place in 0..width {
            let byte = *self.bytes.get(self.at / 8)?;
            number |= u32::from(byte >> (self.at % 8) & 1) << place;
            self.at += 1;
        }
        Some(number)
    }

    /// Bytes that were begun.
    pub fn bytes_read(&self) -> usize {
        self.at.div_ceil(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_bits_come_first() {
        let stream = |numbers: &[u32], width| {
            let mut writer = BitWriter::default();
            numbers.iter().for_each(|&number| writer.put(number, width));
            let bytes = writer.into_bytes();
            let mut reader = BitReader::new(&bytes);
            numbers.iter().for_each(|&number| assert_eq!(reader.take(width), Some(number)));
            assert_eq!(reader.bytes_read(), bytes.len());
            bytes
        };
        assert_eq!(stream(&[0x1, 0xf, 0x7], 4), [0xf1, 0x07]);
        assert_eq!(stream(&[1, 3, 0, 1], 2), [0b01_00_11_01]);
        assert_eq!(stream(&[3, 5, 1], 3), [0b01_101_011, 0]);
        assert_eq!(stream(&[0, 0, 0], 0), [0_u8; 0]);
        assert_eq!(BitReader::new(&[0xff]).take(9), None);
    }

    #[test]
    fn widths_by_hand() {
        assert_eq!([0, 1, 2, 3, 4, 5, 32, 33, 256].map(width_of), [0, 0, 1, 2, 2, 3, 5, 6, 8]);
    }
}
