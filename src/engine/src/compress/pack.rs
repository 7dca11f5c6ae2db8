//! The packed file: what "bytes" means everywhere, and what a network is read back from before it is scored.
//!
//! Little-endian throughout:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | `RTRT` |
//! | 1 | version of the format, 1 |
//! | 1 | bits of a weight: 32, 16, 8, 4, 3, 2, 1 |
//! | 1 | granularity: 0 one scale a matrix, 1 one scale an output unit |
//! | 1 | number of layers |
//! | 2 + 2 each layer | inputs, outputs |
//! | each layer | scales (f32; none at 32 and 16 bits), weights, biases (f32) |
//! | 4 | CRC-32 of all before it |
//!
//! Weights stand input by input (row by row of the `[inputs, outputs]` matrix): f32 or f16, or two's-complement codes
//! in a stream of bits, the first code in the lowest bits of the first byte (at 4 and 2 bits this is ONNX's order),
//! each layer's stream filled up to a whole byte. At 1 bit a set bit is +1.

use half::f16;
use retort_spec::{Bits, Granularity, Parts};

use super::quantize::{Axis, Quantized, dequantize_linear, quantize};
use crate::{checksum::crc32, nets::Layer};

const MAGIC: &[u8; 4] = b"RTRT";
const VERSION: u8 = 1;
const CHECKSUM: usize = 4;
const FLOAT: usize = 4;

/// Why a file is not a packed network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// It begins with something else.
    #[error("not a packed network: it does not begin with RTRT")]
    NotPacked,
    /// It was written by another version.
    #[error("format version {0}; this version reads {VERSION}")]
    Version(u8),
    /// Its end is missing.
    #[error("cut short: {needed} bytes are needed, {found} are there")]
    CutShort {
        /// Bytes that the header announces up to here.
        needed: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// Its contents do not match its checksum.
    #[error("damaged: the checksum does not match")]
    Checksum,
    /// A field holds what cannot be.
    #[error("damaged: {0}")]
    Field(&'static str),
    /// A layer is too wide for the format.
    #[error("a layer of {0} units is wider than the format's 65,535")]
    TooWide(usize),
}

/// A packed network.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    /// The file.
    pub file: Vec<u8>,
    /// What its bytes are spent on.
    pub parts: Parts,
    /// Each layer's scales; none at 32 and 16 bits.
    pub scales: Vec<Vec<f32>>,
}

/// Packs a network.
///
/// # Errors
/// [`PackError::TooWide`] for a layer that the format cannot hold.
pub fn pack(layers: &[Layer], bits: Bits, granularity: Granularity) -> Result<Packed, PackError> {
    let count = u8::try_from(layers.len()).map_err(|_| PackError::Field("more than 255 layers"))?;
    let mut file = MAGIC.to_vec();
    file.extend([VERSION, bits.width() as u8, u8::from(granularity == Granularity::Channel), count]);
    for layer in layers {
        for size in [layer.inputs, layer.outputs] {
            file.extend(u16::try_from(size).map_err(|_| PackError::TooWide(size))?.to_le_bytes());
        }
    }
    let (mut parts, mut scales) = (Parts { header: (file.len() + CHECKSUM) as u32, ..Parts::default() }, Vec::new());
    for layer in layers {
        let start = file.len();
        let mut layer_scales = Vec::new();
        match bits {
            Bits::B32 => put_floats(&mut file, &layer.weight),
            Bits::B16 => file.extend(layer.weight.iter().flat_map(|&w| f16::from_f32(w).to_le_bytes())),
            _ => {
                let quantized = quantize(&layer.weight, layer.outputs, granularity.into(), bits);
                put_floats(&mut file, &quantized.scales);
                put_codes(&mut file, &quantized.codes, bits);
                layer_scales = quantized.scales;
            }
        }
        let scale_bytes = FLOAT * layer_scales.len();
        parts.scales += scale_bytes as u32;
        parts.weights += (file.len() - start - scale_bytes) as u32;
        parts.biases += (FLOAT * layer.bias.len()) as u32;
        put_floats(&mut file, &layer.bias);
        scales.push(layer_scales);
    }
    let checksum = crc32(&file);
    file.extend(checksum.to_le_bytes());
    Ok(Packed { file, parts, scales })
}

/// Reads a packed network back, its weights de-quantized.
///
/// # Errors
/// [`PackError`] says what is wrong with the file; no file makes it panic.
pub fn unpack(file: &[u8]) -> Result<Vec<Layer>, PackError> {
    if !file.starts_with(MAGIC) {
        return Err(PackError::NotPacked);
    }
    let mut reader = Reader { file, at: MAGIC.len() };
    let [version, width, granularity, count] = reader.array()?;
    if version != VERSION {
        return Err(PackError::Version(version));
    }
    let bits = Bits::ALL.iter().find(|bits| bits.width() == u32::from(width));
    let bits = *bits.ok_or(PackError::Field("no such width"))?;
    let axis = match granularity {
        0 => Axis::Tensor,
        1 => Axis::Columns,
        _ => return Err(PackError::Field("no such granularity")),
    };
    let mut sizes = Vec::new();
    for _ in 0..count {
        let (inputs, outputs) = (u16::from_le_bytes(reader.array()?), u16::from_le_bytes(reader.array()?));
        if inputs == 0 || outputs == 0 {
            return Err(PackError::Field("a layer without units"));
        }
        sizes.push((usize::from(inputs), usize::from(outputs)));
    }
    let mut layers = Vec::new();
    for (inputs, outputs) in sizes {
        let weight = match bits {
            Bits::B32 => reader.floats(inputs.saturating_mul(outputs))?,
            Bits::B16 => {
                let (halves, _) = reader.bytes(inputs.saturating_mul(outputs).saturating_mul(2))?.as_chunks::<2>();
                halves.iter().map(|&half| f16::from_le_bytes(half).to_f32()).collect()
            }
            _ => {
                let scales = reader.floats(if axis == Axis::Tensor { 1 } else { outputs })?;
                let codes =
                    get_codes(reader.bytes(code_bytes(inputs.saturating_mul(outputs), bits))?, inputs * outputs, bits);
                let quantized = Quantized { scales, codes };
                let zeros = vec![0; quantized.scales.len()];
                dequantize_linear(&quantized.codes, outputs, axis, &quantized.scales, &zeros)
            }
        };
        layers.push(Layer { inputs, outputs, weight, bias: reader.floats(outputs)? });
    }
    let body = reader.at;
    let checksum = u32::from_le_bytes(reader.array()?);
    match (reader.at == file.len(), checksum == crc32(&file[..body])) {
        (true, true) => Ok(layers),
        (false, _) => Err(PackError::Field("it goes on past its end")),
        (_, false) => Err(PackError::Checksum),
    }
}

fn put_floats(file: &mut Vec<u8>, numbers: &[f32]) {
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

/// Bytes of a layer's stream of codes.
fn code_bytes(count: usize, bits: Bits) -> usize {
    count.saturating_mul(bits.width() as usize).div_ceil(8)
}

fn put_codes(file: &mut Vec<u8>, codes: &[i32], bits: Bits) {
    let width = bits.width();
    let (mut pending, mut filled) = (0_u32, 0);
    for &code in codes {
        let stored = if bits == Bits::B1 { u32::from(code > 0) } else { code as u32 & ((1 << width) - 1) };
        pending |= stored << filled;
        filled += width;
        while filled >= 8 {
            file.push(pending as u8);
            pending >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        file.push(pending as u8);
    }
}

fn get_codes(stream: &[u8], count: usize, bits: Bits) -> Vec<i32> {
    let width = bits.width() as usize;
    let bit = |at: usize| i32::from(stream[at / 8] >> (at % 8) & 1);
    let code = |index: usize| {
        let stored = (0..width).map(|place| bit(index * width + place) << place).sum::<i32>();
        match bits {
            Bits::B1 => 2 * stored - 1,
            // Two's complement: the highest bit counts negative.
            _ => stored - (stored >> (width - 1) << width),
        }
    };
    (0..count).map(code).collect()
}

/// Reads a file from front to back without ever reaching past its end.
struct Reader<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], PackError> {
        // A header may announce more than this machine can count.
        let end = self.at.saturating_add(count);
        let cut = PackError::CutShort { needed: end.saturating_add(CHECKSUM), found: self.file.len() };
        let bytes = self.file.get(self.at..end).ok_or(cut)?;
        self.at = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PackError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f32>, PackError> {
        let (numbers, _) = self.bytes(count.saturating_mul(4))?.as_chunks::<4>();
        Ok(numbers.iter().map(|&number| f32::from_le_bytes(number)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compress::schemes, nets::Network, random};
    use rand::RngExt;
    use retort_spec::Architecture;

    fn student() -> Vec<Layer> {
        Network::draw(&Architecture::mlp([16]), 64, 10, 1, "student")
    }

    #[test]
    fn sizes_by_hand() {
        // 64·16 + 16·10 = 1,184 weights; 26 biases and 26 scales of 4 bytes; header 8 + 2·4; checksum 4.
        let length = |bits, granularity| pack(&student(), bits, granularity).unwrap().file.len();
        assert_eq!(length(Bits::B32, Granularity::Channel), 1184 * 4 + 104 + 20);
        assert_eq!(length(Bits::B16, Granularity::Channel), 1184 * 2 + 104 + 20);
        assert_eq!(length(Bits::B8, Granularity::Channel), 1184 + 104 + 104 + 20);
        assert_eq!(length(Bits::B4, Granularity::Tensor), 592 + 8 + 104 + 20);
        assert_eq!(length(Bits::B3, Granularity::Channel), 384 + 60 + 104 + 104 + 20);
        assert_eq!(length(Bits::B1, Granularity::Channel), 148 + 104 + 104 + 20);
    }

    #[test]
    fn every_scheme_comes_back_and_packs_to_the_same_file() {
        for (bits, granularity) in schemes() {
            let Packed { file, parts, scales } = pack(&student(), bits, granularity).unwrap();
            assert_eq!((parts.header + parts.scales + parts.weights + parts.biases) as usize, file.len());
            assert_eq!(parts.biases, 4 * 26);
            assert_eq!(parts.scales as usize, 4 * scales.iter().map(Vec::len).sum::<usize>());
            let back = unpack(&file).unwrap();
            assert_eq!(back.len(), 2);
            for (there, here) in back.iter().zip(student()) {
                assert_eq!(there.bias, here.bias);
                let bound = here.weight.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
                for (a, b) in there.weight.iter().zip(&here.weight) {
                    assert!((a - b).abs() <= bound, "{bits} {granularity}");
                }
            }
            if !bits.is_integer() || bits == Bits::B8 {
                assert_eq!(pack(&back, bits, granularity).unwrap().file, file, "{bits} {granularity}");
            }
        }
        assert_eq!(unpack(&pack(&student(), Bits::B32, Granularity::Channel).unwrap().file).unwrap(), student());
    }

    #[test]
    fn codes_stand_low_bits_first() {
        // ONNX: the first int4 in the low nibble; int2 as x0 | x1<<2 | x2<<4 | x3<<6.
        let stream = |codes: &[i32], bits| {
            let mut file = Vec::new();
            put_codes(&mut file, codes, bits);
            assert_eq!(get_codes(&file, codes.len(), bits), codes);
            file
        };
        assert_eq!(stream(&[1, -1, 7], Bits::B4), [0xf1, 0x07]);
        assert_eq!(stream(&[1, -1, 0, 1], Bits::B2), [0b01_00_11_01]);
        assert_eq!(stream(&[3, -3, 1], Bits::B3), [0b01_101_011, 0b0]);
        assert_eq!(stream(&[1, -1, -1, 1, 1, 1, -1, -1, 1], Bits::B1), [0b0011_1001, 1]);
    }

    #[test]
    fn no_damage_panics_and_each_is_named() {
        let file = pack(&student(), Bits::B4, Granularity::Channel).unwrap().file;
        assert_eq!(unpack(b"PK\x03\x04"), Err(PackError::NotPacked));
        for length in 4..file.len() {
            assert!(matches!(unpack(&file[..length]), Err(PackError::CutShort { .. })), "{length}");
        }
        let mut flipped = file.clone();
        flipped[100] ^= 1;
        assert_eq!(unpack(&flipped), Err(PackError::Checksum));
        let mut newer = file.clone();
        newer[4] = 9;
        assert_eq!(unpack(&newer), Err(PackError::Version(9)));
        let mut generator = random::stream(1, "damage");
        for _ in 0..2000 {
            let mut noise = file.clone();
            let at = generator.random_range(0..noise.len());
            noise[at] = generator.random();
            let _ = unpack(&noise);
        }
    }
}
