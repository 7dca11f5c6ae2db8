//! The checksum of gzip and of packed files.

use crc::{CRC_32_ISO_HDLC, Crc};

/// CRC-32 as in gzip (RFC 1952, section 8).
pub fn crc32(bytes: &[u8]) -> u32 {
    static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
    CRC.checksum(bytes)
}
