//! Messages of Protocol Buffers, as far as ONNX needs them (protobuf.dev, "Encoding"): numbers and what has a length.

/// A message under construction: its fields in the order in which they are put.
#[derive(Debug, Clone, Default)]
pub struct Message(Vec<u8>);

/// A field that is a number.
const VARINT: u64 = 0;
/// A field that is a 32-bit number.
const FIXED: u64 = 5;
/// A field that begins with its length.
const LENGTH: u64 = 2;

impl Message {
    /// A message of these texts, in the fields from 1 on.
    pub fn of_texts(texts: &[&str]) -> Self {
        let mut message = Self::default();
        for (field, text) in (1..).zip(texts) {
            message.bytes(field, text.as_bytes());
        }
        message
    }

    /// Puts a number; negative ones take ten bytes.
    pub fn int(&mut self, field: u64, value: i64) {
        self.varint(field << 3 | VARINT);
        self.varint(value as u64);
    }

    /// Puts a 32-bit number with a fraction.
    pub fn float(&mut self, field: u64, value: f32) {
        self.varint(field << 3 | FIXED);
        self.0.extend(value.to_le_bytes());
    }

    /// Puts bytes, or a text in UTF-8.
    pub fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | LENGTH);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// Puts a message.
    pub fn message(&mut self, field: u64, message: &Self) {
        self.bytes(field, &message.0);
    }

    /// Puts all fields of another message of the same type behind its own, which merges them.
    pub fn append(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// Its bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification() {
        // "A Simple Message", "Length-Delimited Records" and "Submessages" of protobuf.dev/programming-guides/encoding.
        let mut number = Message::default();
        number.int(1, 150);
        assert_eq!(number.0, [0x08, 0x96, 0x01]);
        let mut text = Message::default();
        text.bytes(2, b"testing");
        assert_eq!(text.0, [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
        let mut outer = Message::default();
        outer.message(3, &number);
        assert_eq!(outer.into_bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        // "Non-varint Numbers": wire type 5, four bytes in little-endian order.
        let mut float = Message::default();
        float.float(2, 1.0);
        assert_eq!(float.into_bytes(), [0x15, 0x00, 0x00, 0x80, 0x3f]);
        // "Signed Integers": -2 as ten bytes.
        let mut negative = Message::default();
        negative.int(1, -2);
        assert_eq!(negative.0[1..], [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    }
}
