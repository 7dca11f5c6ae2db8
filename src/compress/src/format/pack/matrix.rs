//! A matrix in a packed file.

use half::{bf16, f16};
use retort_spec::{Bits, ByteBreakdown, Granularity, Layout};

use super::{
    PackError,
    file::{Reader, put_floats},
    positions,
    stream::{self, Alphabet},
};
use crate::{
    format::bits::BitReader,
    network::model::{Codes, Matrix, Values, groups},
};

/// The formats of weights in the order of their numbers, and behind them [`SHARED`]; these never change.
const FORMATS: [Bits; 10] =
    [Bits::B32, Bits::B16, Bits::Bf16, Bits::B8, Bits::B6, Bits::B4, Bits::B3, Bits::B2, Bits::Ternary, Bits::B1];
const SHARED: usize = FORMATS.len();
/// In the order of their numbers, too.
const GRANULARITIES: [Granularity; 5] =
    [Granularity::Tensor, Granularity::Channel, Granularity::Group64, Granularity::Group32, Granularity::Group16];
const LAYOUTS: [Layout; 4] = [Layout::Dense, Layout::Bitmask, Layout::Csr, Layout::Gaps];
/// A flag beside the format and the layout: the weights are Huffman coded.
const WEIGHTS_CODED: u8 = 1 << 6;
/// Another: the gaps are Huffman coded.
const GAPS_CODED: u8 = 1 << 7;
/// A flag beside the granularity: there are zero points.
const ZERO_POINTS: u8 = 1 << 4;

fn number<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().position(|other| other == one).unwrap_or(0) as u8
}

/// Appends a matrix and counts its bytes; returns how it says which weights are there.
///
/// # Errors
/// [`PackError::Model`] if the matrix is not what it says that it is.
pub fn put(
    file: &mut Vec<u8>,
    breakdown: &mut ByteBreakdown,
    matrix: &Matrix,
    huffman: bool,
) -> Result<Layout, PackError> {
    let Matrix { rows, columns, values, mask } = matrix;
    let count = rows.saturating_mul(*columns);
    let (length, has_format) = match values {
        Values::Float { bits, values } => (values.len(), !bits.is_integer()),
        Values::Codes(codes) => (codes.codes.len(), codes.bits.is_integer()),
        Values::Shared { indices, .. } => (indices.len(), true),
    };
    if !has_format {
        return Err(PackError::Model("codes in floating point, or numbers in an integer format"));
    }
    if count == 0 || length != count || mask.as_ref().is_some_and(|mask| mask.len() != count) {
        return Err(PackError::Model("a matrix without weights, or of another size than its weights or its mask"));
    }
    let all = vec![true; count];
    let mask = mask.as_deref().unwrap_or(&all);
    let (layout, positions, gaps_coded) = positions::put(mask, *columns, huffman);
    let (format, (weights, weights_coded)) = match values {
        Values::Float { bits, values } => {
            let mut weights = Vec::new();
            kept(values, mask).for_each(|&weight| put_float(&mut weights, weight, *bits));
            (number(&FORMATS, bits), (weights, false))
        }
        Values::Codes(codes) => {
            let symbols: Option<Vec<u8>> = kept(&codes.codes, mask).map(|&code| symbol(code, codes.bits)).collect();
            let symbols = symbols.ok_or(PackError::Model("a code outside its format"))?;
            (number(&FORMATS, &codes.bits), stream::put(&symbols, alphabet(codes.bits), huffman))
        }
        Values::Shared { codebook, indices } => {
            let symbols: Vec<u8> = kept(indices, mask).copied().collect();
            let length = codebook.len();
            if !(1..=256).contains(&length) || symbols.iter().any(|&symbol| usize::from(symbol) >= length) {
                return Err(PackError::Model("a codebook of no or more than 256 values, or an index past its end"));
            }
            (SHARED as u8, stream::put(&symbols, Alphabet::Of(length), huffman))
        }
    };
    let flags = if weights_coded { WEIGHTS_CODED } else { 0 } | if gaps_coded { GAPS_CODED } else { 0 };
    file.push(format | number(&LAYOUTS, &layout) << 4 | flags);
    match values {
        Values::Float { .. } => {}
        Values::Codes(codes) => put_scales(file, breakdown, codes, groups(codes.granularity, *rows, *columns))?,
        Values::Shared { codebook, .. } => {
            file.push((codebook.len() - 1) as u8);
            breakdown.codebooks += 1 + put_floats(file, codebook);
        }
    }
    breakdown.masks += positions.len() as u32;
    breakdown.weights += weights.len() as u32;
    file.extend(positions);
    file.extend(weights);
    Ok(layout)
}

/// What is there.
fn kept<'a, T>(all: &'a [T], mask: &'a [bool]) -> impl Iterator<Item = &'a T> {
    all.iter().zip(mask).filter(|(_, kept)| **kept).map(|(one, _)| one)
}

fn put_float(weights: &mut Vec<u8>, weight: f32, bits: Bits) {
    match bits {
        Bits::B16 => weights.extend(f16::from_f32(weight).to_le_bytes()),
        Bits::Bf16 => weights.extend(bf16::from_f32(weight).to_le_bytes()),
        _ => weights.extend(weight.to_le_bytes()),
    }
}

fn put_scales(
    file: &mut Vec<u8>,
    breakdown: &mut ByteBreakdown,
    codes: &Codes,
    groups: usize,
) -> Result<(), PackError> {
    let Codes { bits, granularity, scales, zero_points, .. } = codes;
    if scales.len() != groups || !(zero_points.is_empty() || zero_points.len() == groups) {
        return Err(PackError::Model("integer codes need a scale for each group, and as many zero points or none"));
    }
    let affine = zero_points.iter().any(|zero_point| *zero_point != 0);
    file.push(number(&GRANULARITIES, granularity) | if affine { ZERO_POINTS } else { 0 });
    breakdown.scales += put_floats(file, scales);
    if affine {
        let symbols: Option<Vec<u8>> = zero_points.iter().map(|&zero_point| symbol(zero_point, *bits)).collect();
        let symbols = symbols.filter(|_| bits.has_zero_point());
        let symbols = symbols.ok_or(PackError::Model("a zero point outside its format"))?;
        let stream = stream::put_plain(&symbols, bits.width());
        breakdown.zero_points += stream.len() as u32;
        file.extend(stream);
    }
    Ok(())
}

fn alphabet(bits: Bits) -> Alphabet {
    if bits == Bits::Ternary { Alphabet::Ternary } else { Alphabet::Of(1 << bits.width()) }
}

/// The number that stands for a code in its stream; `None` for a code that the format does not have.
fn symbol(code: i32, bits: Bits) -> Option<u8> {
    let mask = ((1_u32 << bits.width()) - 1) as u8;
    let symbol = match bits {
        Bits::B1 => u8::from(code > 0),
        Bits::Ternary => (code.clamp(-1, 1) + 1) as u8,
        _ => code as u8 & mask,
    };
    Some(symbol).filter(|&symbol| self::code(symbol, bits) == code)
}

/// The code of a number in the stream.
fn code(symbol: u8, bits: Bits) -> i32 {
    let (number, width) = (i32::from(symbol), bits.width());
    match bits {
        Bits::B1 => 2 * number - 1,
        Bits::Ternary => number - 1,
        // Two's complement: the highest bit counts negative.
        _ => number - (number >> (width - 1) << width),
    }
}

/// Reads a matrix of a size.
///
/// # Errors
/// [`PackError`] says what is wrong with the file.
pub fn get(reader: &mut Reader<'_>, rows: usize, columns: usize) -> Result<Matrix, PackError> {
    let count = reader.weights(rows, columns)?;
    let [flags] = reader.array()?;
    let layout = LAYOUTS[usize::from(flags >> 4 & 3)];
    let (weights_coded, gaps_coded) = (flags & WEIGHTS_CODED != 0, flags & GAPS_CODED != 0);
    let format = FORMATS.get(usize::from(flags & 15)).copied();
    let floating = format.is_some_and(|bits| !bits.is_integer());
    if floating && weights_coded || gaps_coded && layout != Layout::Gaps {
        return Err(PackError::Field("Huffman codes of what has none"));
    }
    let mut values = match format {
        Some(bits) if floating => Values::Float { bits, values: Vec::new() },
        Some(bits) => Values::Codes(get_scales(reader, bits, rows, columns)?),
        None if usize::from(flags & 15) == SHARED => {
            let [length] = reader.array()?;
            Values::Shared { codebook: reader.floats(usize::from(length) + 1)?, indices: Vec::new() }
        }
        None => return Err(PackError::Field("no such format of weights")),
    };
    let mask = positions::get(reader, layout, gaps_coded, rows, columns)?;
    let there = mask.as_ref().map_or(count, |mask| mask.iter().filter(|kept| **kept).count());
    match &mut values {
        Values::Float { bits, values } => *values = spread(get_floats(reader, there, *bits)?, &mask),
        Values::Codes(codes) => {
            let symbols = stream::get(reader, there, alphabet(codes.bits), weights_coded)?;
            codes.codes = spread(symbols.into_iter().map(|symbol| code(symbol, codes.bits)), &mask);
        }
        Values::Shared { codebook, indices } => {
            *indices = spread(stream::get(reader, there, Alphabet::Of(codebook.len()), weights_coded)?, &mask);
        }
    }
    Ok(Matrix { rows, columns, values, mask })
}

fn get_scales(reader: &mut Reader<'_>, bits: Bits, rows: usize, columns: usize) -> Result<Codes, PackError> {
    let [flags] = reader.array()?;
    let affine = flags & ZERO_POINTS != 0;
    let granularity = GRANULARITIES.get(usize::from(flags & !ZERO_POINTS)).copied();
    let granularity = granularity.ok_or(PackError::Field("no such granularity"))?;
    let groups = groups(granularity, rows, columns);
    let scales = reader.floats(groups)?;
    let mut zero_points = Vec::new();
    if affine {
        if !bits.has_zero_point() {
            return Err(PackError::Field("zero points of a format without them"));
        }
        let width = bits.width();
        let mut stream = BitReader::new(reader.bytes((groups * width as usize).div_ceil(8))?);
        zero_points = (0..groups).map(|_| code(stream.take(width).unwrap_or(0) as u8, bits)).collect();
    }
    Ok(Codes { bits, granularity, scales, zero_points, codes: Vec::new() })
}

fn get_floats(reader: &mut Reader<'_>, count: usize, bits: Bits) -> Result<Vec<f32>, PackError> {
    if bits == Bits::B32 {
        return reader.floats(count);
    }
    let (halves, _) = reader.bytes(count.saturating_mul(2))?.as_chunks::<2>();
    let float = |&half: &[u8; 2]| match bits {
        Bits::B16 => f16::from_le_bytes(half).to_f32(),
        _ => bf16::from_le_bytes(half).to_f32(),
    };
    Ok(halves.iter().map(float).collect())
}

/// Puts what is there in its places.
fn spread<T: Default>(there: impl IntoIterator<Item = T>, mask: &Option<Vec<bool>>) -> Vec<T> {
    let mut there = there.into_iter();
    let Some(mask) = mask else { return there.collect() };
    mask.iter().map(|kept| if *kept { there.next().unwrap_or_default() } else { T::default() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_by_hand() {
        assert_eq!([-8, -1, 0, 7].map(|code| symbol(code, Bits::B4)), [8, 15, 0, 7].map(Some));
        assert_eq!([-1, 0, 1].map(|code| symbol(code, Bits::Ternary)), [0, 1, 2].map(Some));
        assert_eq!([-1, 1].map(|code| symbol(code, Bits::B1)), [0, 1].map(Some));
        let outside = [(128, Bits::B8), (-129, Bits::B8), (2, Bits::B2), (2, Bits::Ternary), (-2, Bits::Ternary)];
        for (code, bits) in
            outside.into_iter().chain([(0, Bits::B1), (2, Bits::B1), (i32::MAX, Bits::Ternary), (i32::MAX, Bits::B8)])
        {
            assert_eq!(symbol(code, bits), None, "{code} {bits}");
        }
    }
}
