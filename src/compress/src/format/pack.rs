//! The packed file: what "bytes" means everywhere, and what a network is read back from before it is scored.
//!
//! Little-endian throughout. A *size* is a whole number of at most 32 bits in LEB128: seven bits a byte, the lowest
//! first, the eighth bit set where another byte follows. A *stream* is read bit by bit, from the lowest bit of its
//! first byte on, the lowest bit of a number first, and is filled up to a whole byte.
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | `RTRT` |
//! | 1 | version of the format, 2 |
//! | 4 | accuracy of the network that is read back, 0 to 1, f32; NaN where it was not measured |
//! | 1 | bits 0-3: kind of network; bits 4-7: coding of the numbers between layers |
//! | size | numbers of an example |
//! | size | number of layers |
//! | size, bytes | length of the link; the link, UTF-8 |
//! | layers | each as below |
//! | 5 a layer, and 5 | coding 2 only: scale (f32) and zero point (i8) of each layer's inputs, and of the logits |
//! | 4 | CRC-32 (gzip's) of all before it |
//!
//! Kinds of network: 0 perceptron, 1 convolutional, 2 residual. Codings: 0 floating point; 1 codes of 8 bits whose
//! scale and zero point follow each batch; 2 codes of 8 bits with those that stand here. A layer:
//!
//! | bytes | what |
//! | --- | --- |
//! | size, size | inputs, outputs |
//! | size | rank: 0 for one matrix `[inputs, outputs]`; else the product of `[inputs, rank]` and `[rank, outputs]` |
//! | matrices | each as below |
//! | 4 an output | biases, f32 |
//!
//! A matrix, row by row:
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | bits 0-3: format; bits 4-5: layout; bit 6: weights are Huffman coded; bit 7: gaps are |
//! | 1 | formats 3-9 only; bits 0-3: granularity; bit 4: there are zero points |
//! | 4 a group | formats 3-9 only: scales, f32 |
//! | stream | where there are zero points: one a group, in two's complement, as wide as the codes |
//! | 1, 4 a value | format 10 only: length of the codebook less one; its values, f32 |
//! | positions | which weights are there, as below; the others are zero and not stored |
//! | weights | those that are there: numbers, or a stream |
//!
//! | format | weights |
//! | --- | --- |
//! | 0, 1, 2 | f32, f16, bf16 |
//! | 3, 4, 5, 6, 7 | codes of 8, 6, 4, 3, 2 bits in two's complement; a weight is (code − zero point) · scale |
//! | 8 | ternary codes, times the scale; each plus one is a base-3 digit, five to a byte, lowest first, the rest 0 |
//! | 9 | a bit each: set for the scale, clear for its negative |
//! | 10 | places in the codebook, ⌈log₂ of its length⌉ bits each |
//!
//! Granularity 0 is one scale a matrix, 1 one a column; 2, 3 and 4 are one for every 64, 32 and 16 rows of a column,
//! fewer at its end; the groups of a column stand together.
//!
//! | layout | positions |
//! | --- | --- |
//! | 0 dense | nothing: every weight is there |
//! | 1 bitmask | a stream: a bit for each weight, set where it is there |
//! | 2 CSR | a stream: how many weights are there in each row, ⌈log₂(columns + 1)⌉ bits each; then the columns of |
//! | | them all, rising in every row, ⌈log₂ columns⌉ bits each |
//! | 3 gaps | a byte: the width w of a gap, 3 to 8; a size: how many gaps; a stream of gaps: so many places are |
//! | | passed over, and a weight is there; but 2^w − 1 passes over so many places and none is there |
//!
//! A Huffman-coded stream is a table and then the codes, without a break. The table gives the length of each symbol's
//! code, symbol by symbol, in 4 bits; 0 is followed by 4 bits that say how many symbols without a code stand here, less
//! one. The codes are canonical (RFC 1951, section 3.2.2), at most 15 bits long, and written from their highest bit. A
//! symbol that is the only one has length 1 and takes no bits. The symbols are the numbers that would stand in the
//! stream otherwise, read without a sign, in ternary the digits; there are 2^w of them, 3 in ternary, or as many as the
//! codebook has values.
//!
//! A file holds at most 256 weights a byte and 2²⁰ beside, those that are not there among them, so that none makes its
//! reader ask for memory out of all proportion to its length.

pub mod file;
mod float;
pub mod matrix;
mod positions;
mod stream;

use retort_spec::{ByteBreakdown, Layout, NetworkKind};

pub use float::{pack_float, unpack_float};

use crate::{
    format::checksum::crc32,
    network::{
        model::{Affine, Coding, LayerModel, Model},
        shapes::is_network,
    },
};
use file::{ACCURACY, CHECKSUM, Head, MAGIC, Reader, VERSION, begin, budget, close, put_floats, put_size};

/// Why a file is not a packed network, or a network cannot be packed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// It begins with something else.
    #[error("not a packed network: it does not begin with RTRT")]
    NotPacked,
    /// It was written by another version, or holds another sort of network.
    #[error("format version {found}; {read} can be read here")]
    Version {
        /// The file's.
        found: u8,
        /// The one that was asked for.
        read: u8,
    },
    /// Its end is missing.
    #[error("cut short: at least {needed} bytes are needed, {found} are there")]
    CutShort {
        /// Bytes that the file announces up to where it ends.
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
    /// The network cannot be packed.
    #[error("cannot be packed: {0}")]
    Model(&'static str),
    /// A size is too large for the format.
    #[error("a size of {0} is more than the format's 4,294,967,295")]
    TooWide(usize),
}

/// What is said about a network in its file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Note {
    /// The permalink of the experiment.
    pub link: String,
    /// Share of the test set that the network read back from the file has right, 0 to 1, in single precision; `None`
    /// where it was not measured.
    pub accuracy: Option<f64>,
}

/// How to pack.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Packing {
    /// Whether to give codes, indices and gaps Huffman codes where that is shorter.
    pub huffman: bool,
    /// What to say about the network.
    pub note: Note,
}

/// A packed network.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    /// The file.
    pub file: Vec<u8>,
    /// What its bytes are spent on.
    pub breakdown: ByteBreakdown,
    /// How each matrix says which weights are there: layer by layer, both of two factors.
    pub layouts: Vec<Layout>,
}

/// Packs a network.
///
/// # Errors
/// [`PackError::Model`] and [`PackError::TooWide`] for a network that is none, or that the format cannot hold.
pub fn pack(model: &Model, options: &Packing) -> Result<Packed, PackError> {
    let too_wide = |size: usize| u32::try_from(size).is_err();
    let shapes = model.shapes();
    if let Some(&size) = [model.features, options.note.link.len()].iter().find(|size| too_wide(**size)) {
        return Err(PackError::TooWide(size));
    }
    if !is_network(model.kind, model.features, &shapes) {
        return Err(PackError::Model("its layers make no network of its kind"));
    }
    let (mut breakdown, mut layouts, mut places) = (ByteBreakdown::default(), Vec::new(), 0);
    let coding = match model.activations {
        Coding::Float => 0,
        Coding::Dynamic => 1,
        Coding::Static(_) => 2,
    };
    let mut file = begin(model.kind, coding, model.features, model.layers.len());
    if let Some(accuracy) = options.note.accuracy {
        file[ACCURACY].copy_from_slice(&(accuracy as f32).to_le_bytes());
    }
    let before = file.len();
    put_size(&mut file, options.note.link.len());
    file.extend(options.note.link.bytes());
    // The size of a link of no letters takes a byte, too.
    breakdown.metadata = ACCURACY.len() as u32 + 1;
    breakdown.link = (file.len() - before) as u32 - 1;
    for part in &model.layers {
        put_size(&mut file, part.inputs());
        put_size(&mut file, part.outputs());
        put_size(&mut file, rank(part)?);
        for matrix in &part.factors {
            layouts.push(matrix::put(&mut file, &mut breakdown, matrix, options.huffman)?);
            places += matrix.rows * matrix.columns;
        }
        breakdown.biases += put_floats(&mut file, &part.bias);
    }
    if let Coding::Static(codings) = &model.activations {
        breakdown.activations = put_codings(&mut file, codings, model.layers.len())?;
    }
    close(&mut file);
    if places > budget(file.len()) {
        return Err(PackError::Model("more than 256 weights a byte"));
    }
    breakdown.header = file.len() as u32 - breakdown.link - breakdown.total();
    Ok(Packed { file, breakdown, layouts })
}

/// The rank of a factored layer, 0 for one of a single matrix; an error where its shapes do not match.
fn rank(part: &LayerModel) -> Result<usize, PackError> {
    match &part.factors[..] {
        [whole] if whole.columns == part.bias.len() => Ok(0),
        [left, right] if left.columns == right.rows && right.columns == part.bias.len() => Ok(left.columns),
        _ => Err(PackError::Model("a layer's matrices do not match")),
    }
}

fn put_codings(file: &mut Vec<u8>, codings: &[Affine], layers: usize) -> Result<u32, PackError> {
    if codings.len() != layers + 1 {
        return Err(PackError::Model("one coding goes before each layer, and one behind the last"));
    }
    for coding in codings {
        let zero_point =
            i8::try_from(coding.zero_point).map_err(|_| PackError::Model("a zero point of more than 8 bits"))?;
        file.extend(coding.scale.to_le_bytes());
        file.extend(zero_point.to_le_bytes());
    }
    Ok(5 * codings.len() as u32)
}

/// Reads a packed network back, and what is said about it. Where a weight is not there, its code, index or value is 0.
///
/// # Errors
/// [`PackError`] says what is wrong with the file; no file makes it panic.
pub fn unpack(file: &[u8]) -> Result<(Model, Note), PackError> {
    let mut reader = Reader::open(file, VERSION)?;
    let Head { accuracy, kind, coding, features, layers: count, link } = reader.head()?;
    let link = std::str::from_utf8(link).map_err(|_| PackError::Field("a link that is not UTF-8"))?;
    let note = Note { link: link.into(), accuracy: Some(f64::from(accuracy)).filter(|accuracy| !accuracy.is_nan()) };
    let mut layers = Vec::new();
    for _ in 0..count {
        layers.push(get_layer(&mut reader)?);
    }
    let activations = match coding {
        0 => Coding::Float,
        1 => Coding::Dynamic,
        2 => Coding::Static(get_codings(&mut reader, count)?),
        _ => return Err(PackError::Field("no such coding of the numbers between layers")),
    };
    reader.close()?;
    let model = Model { kind, features, layers, activations };
    checked(kind, features, &model.shapes())?;
    Ok((model, note))
}

fn checked(kind: NetworkKind, features: usize, shapes: &[(usize, usize)]) -> Result<(), PackError> {
    if is_network(kind, features, shapes) {
        Ok(())
    } else {
        Err(PackError::Field("layers that make no network of its kind"))
    }
}

fn get_layer(reader: &mut Reader<'_>) -> Result<LayerModel, PackError> {
    let [inputs, outputs, rank] = [reader.size()?, reader.size()?, reader.size()?];
    let factors = match rank {
        0 => vec![matrix::get(reader, inputs, outputs)?],
        _ => vec![matrix::get(reader, inputs, rank)?, matrix::get(reader, rank, outputs)?],
    };
    Ok(LayerModel { bias: reader.floats(outputs)?, factors })
}

fn get_codings(reader: &mut Reader<'_>, layers: usize) -> Result<Vec<Affine>, PackError> {
    let mut codings = Vec::new();
    for _ in 0..=layers {
        let scale = f32::from_le_bytes(reader.array()?);
        codings.push(Affine { scale, zero_point: i8::from_le_bytes(reader.array()?).into() });
    }
    Ok(codings)
}

/// Writes the measured accuracy, 0 to 1, into a packed file: it is measured on the network that is read back from it.
/// Does nothing to other files.
pub fn set_accuracy(file: &mut [u8], accuracy: f64) {
    if !file.starts_with(MAGIC) || file.len() < ACCURACY.end + CHECKSUM {
        return;
    }
    let end = file.len() - CHECKSUM;
    file[ACCURACY].copy_from_slice(&(accuracy as f32).to_le_bytes());
    let checksum = crc32(&file[..end]);
    file[end..].copy_from_slice(&checksum.to_le_bytes());
}

#[cfg(test)]
mod tests;
