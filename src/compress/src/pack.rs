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

mod file;
mod float;
mod matrix;
mod positions;
mod stream;

use retort_spec::{ByteBreakdown, Layout, NetworkKind};

pub use float::{pack_float, unpack_float};

use crate::{
    checksum::crc32,
    model::{Affine, Coding, LayerModel, Model},
    shapes::is_network,
};
use file::{ACCURACY, CHECKSUM, Head, MAGIC, Reader, VERSION, begin, budget, close, put_floats, put_size};

/// Why a file is not a packed network, or a network cannot be packed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// It begins with something else.
    #[error("not a packed network: it does not begin with RTRT")]
    NotPacked,
    /// It was written by another version.
    #[error("format version {0}; this version reads {VERSION}")]
    Version(u8),
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
    let mut reader = Reader::open(file)?;
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
mod tests {
    use super::*;
    use crate::{
        Layer,
        model::{Codes, Matrix, Values, groups},
        random,
        weights::{quantize, rounded_float},
    };
    use rand::RngExt;
    use rand_chacha::ChaCha8Rng;
    use retort_spec::{Architecture, Bits, Granularity, QuantScheme};

    const SILENT: Note = Note { link: String::new(), accuracy: None };
    const PLAIN: Packing = Packing { huffman: false, note: SILENT };
    const HUFFMAN: Packing = Packing { huffman: true, note: SILENT };

    /// Numbers as the weights of a trained network are: most of them small.
    fn normal(generator: &mut ChaCha8Rng) -> f32 {
        (0..12).map(|_| generator.random_range(-0.5..0.5_f32)).sum()
    }

    fn network(architecture: &str, features: usize) -> Model {
        let architecture: Architecture = architecture.parse().unwrap();
        let mut generator = random::stream(1, "network");
        let mut draw = |count: usize| (0..count).map(|_| normal(&mut generator)).collect::<Vec<f32>>();
        let layers: Vec<Layer> = architecture
            .layers(features, 10)
            .iter()
            .map(|shape| Layer {
                inputs: shape.inputs,
                outputs: shape.outputs,
                weight: draw(shape.inputs * shape.outputs),
                bias: draw(shape.outputs),
            })
            .collect();
        Model::new(architecture.kind, features, &layers)
    }

    fn quantized(model: &Model, scheme: &str) -> Model {
        let scheme: QuantScheme = scheme.parse().unwrap();
        let mut model = model.clone();
        for matrix in model.layers.iter_mut().flat_map(|part| &mut part.factors) {
            *matrix = quantize(matrix, &scheme, &mut random::stream(1, "test"));
        }
        model
    }

    /// A linear classifier of one matrix.
    fn linear(matrix: Matrix) -> Model {
        let bias = (0..matrix.columns).map(|column| column as f32 - 0.5).collect();
        let (kind, features) = (NetworkKind::Mlp, matrix.rows);
        Model { kind, features, layers: vec![LayerModel { bias, factors: vec![matrix] }], activations: Coding::Float }
    }

    /// All values that matrices of a size can have, with codes from the whole range of their formats.
    fn all_values(rows: usize, columns: usize) -> Vec<Values> {
        let (count, mut generator) = (rows * columns, random::stream(2, "values"));
        let mut all = Vec::new();
        for bits in [Bits::B32, Bits::B16, Bits::Bf16] {
            let values = (0..count).map(|_| rounded_float(normal(&mut generator), bits)).collect();
            all.push(Values::Float { bits, values });
        }
        for &bits in Bits::ALL.iter().filter(|bits| bits.is_integer()) {
            let codes: Vec<i32> = match bits {
                Bits::B1 => vec![-1, 1],
                Bits::Ternary => vec![-1, 0, 1],
                _ => (-(1 << (bits.width() - 1))..1 << (bits.width() - 1)).collect(),
            };
            for &granularity in Granularity::ALL {
                let groups = groups(granularity, rows, columns);
                for affine in [false, true] {
                    let mut draw =
                        |count| (0..count).map(|_| codes[generator.random_range(0..codes.len())]).collect::<Vec<i32>>();
                    // A group with another zero point than 0.
                    let zero_points = if affine && bits.has_zero_point() {
                        [vec![codes[0]], draw(groups - 1)].concat()
                    } else {
                        Vec::new()
                    };
                    let codes = draw(count);
                    let scales = (0..groups).map(|group| 0.25 + group as f32).collect();
                    all.push(Values::Codes(Codes { bits, granularity, scales, zero_points, codes }));
                }
            }
        }
        for length in [1, 2, 5, 32, 256] {
            let codebook = (0..length).map(|place| place as f32 - 3.5).collect();
            let indices = (0..count).map(|_| generator.random_range(0..length) as u8).collect();
            all.push(Values::Shared { codebook, indices });
        }
        all
    }

    /// None; all, half, one in twenty and none of the weights.
    fn masks(count: usize) -> [Option<Vec<bool>>; 5] {
        let mut generator = random::stream(3, "masks");
        let mut mask = |share: f64| Some((0..count).map(|_| generator.random::<f64>() < share).collect());
        [None, mask(1.0), mask(0.5), mask(0.05), mask(0.0)]
    }

    fn assert_same(back: &Model, model: &Model, what: &str) {
        assert_eq!((back.kind, back.features), (model.kind, model.features), "{what}");
        assert_eq!(back.activations, model.activations, "{what}");
        assert_eq!(back.layers.len(), model.layers.len(), "{what}");
        for (back, part) in back.layers.iter().zip(&model.layers) {
            assert_eq!((&back.bias, back.factors.len()), (&part.bias, part.factors.len()), "{what}");
            for (back, matrix) in back.factors.iter().zip(&part.factors) {
                let bits = |matrix: &Matrix| matrix.values().iter().map(|value| value.to_bits()).collect::<Vec<_>>();
                assert_eq!((back.rows, back.columns), (matrix.rows, matrix.columns), "{what}");
                assert_eq!(bits(back), bits(matrix), "{what}");
                assert_eq!(back.mask, matrix.mask.clone().filter(|mask| mask.contains(&false)), "{what}");
                if matrix.kept() == matrix.rows * matrix.columns {
                    assert_eq!(back.values, matrix.values, "{what}");
                }
            }
        }
    }

    fn assert_comes_back(model: &Model, options: &Packing, what: &str) -> Packed {
        let packed = pack(model, options).unwrap();
        assert_eq!((packed.breakdown.total() + packed.breakdown.link) as usize, packed.file.len(), "{what}");
        assert_eq!(packed.layouts.len(), model.layers.iter().map(|part| part.factors.len()).sum::<usize>());
        let (back, note) = unpack(&packed.file).unwrap();
        assert_same(&back, model, what);
        assert_eq!(note, options.note, "{what}");
        assert_eq!(pack(&back, options).unwrap(), packed, "{what}: packs to the same file");
        packed
    }

    /// A network with something of everything.
    fn everything() -> Model {
        let values = |rows, columns, place: usize| all_values(rows, columns).swap_remove(place);
        let mut masks = masks(15);
        let mut matrix = |rows, columns, place, mask: usize| Matrix {
            rows,
            columns,
            values: values(rows, columns, place),
            mask: if rows * columns == 15 { masks[mask].take() } else { None },
        };
        let factors = [
            vec![matrix(3, 2, 1, 0), matrix(2, 5, 6, 0)],
            vec![matrix(5, 3, 9, 2)],
            vec![matrix(3, 5, 75, 3)],
            vec![matrix(5, 3, 56, 1)],
            vec![matrix(3, 5, 0, 4)],
        ];
        let part = |factors: Vec<Matrix>| LayerModel { bias: vec![0.5; factors[factors.len() - 1].columns], factors };
        Model {
            kind: NetworkKind::Mlp,
            features: 3,
            layers: factors.into_iter().map(part).collect(),
            activations: Coding::Static(
                (0..6).map(|at| Affine { scale: at as f32, zero_point: 40 * at - 100 }).collect(),
            ),
        }
    }

    fn noted() -> Packing {
        Packing { huffman: true, note: Note { link: "v=2&temperature=4".into(), accuracy: Some(0.875) } }
    }

    #[test]
    fn sizes_by_hand() {
        // 64·16 + 16·10 = 1,184 weights; 26 biases and 26 scales of 4 bytes. Head: magic 4, version 1, kind 1, features
        // 1, layers 1; a layer: two sizes, rank, format, and granularity with codes; checksum 4.
        let student = network("16", 64);
        let length = |scheme: &str| {
            let packed = assert_comes_back(&quantized(&student, scheme), &PLAIN, scheme);
            assert_eq!(packed.breakdown.metadata, 5);
            packed.file.len()
        };
        assert_eq!(length("32"), 8 + 5 + 2 * 4 + 4 + 1184 * 4 + 104);
        assert_eq!(length("bf16"), 25 + 1184 * 2 + 104);
        assert_eq!(length("8"), 27 + 1184 + 104 + 104);
        assert_eq!(length("6:tensor"), 27 + 888 + 8 + 104);
        assert_eq!(length("4:tensor"), 27 + 592 + 8 + 104);
        assert_eq!(length("4:affine"), 27 + 592 + 104 + 104 + 8 + 5);
        assert_eq!(length("3"), 27 + 384 + 60 + 104 + 104);
        assert_eq!(length("2:group-16"), 27 + 296 + 4 * (4 * 16 + 10) + 104);
        assert_eq!(length("ternary"), 27 + 205 + 32 + 104 + 104);
        assert_eq!(length("1"), 27 + 148 + 104 + 104);
    }

    #[test]
    fn a_file_by_hand() {
        let matrix = Matrix {
            rows: 2,
            columns: 3,
            values: Values::Shared { codebook: vec![1.0, -2.0], indices: vec![9, 1, 9, 0, 1, 9] },
            mask: Some(vec![false, true, false, true, true, false]),
        };
        let model = Model { activations: Coding::Dynamic, ..linear(matrix) };
        let file =
            pack(&model, &Packing { note: Note { link: "a=1".into(), accuracy: Some(0.5) }, ..PLAIN }).unwrap().file;
        let head = [b"RTRT\x02".as_slice(), &[0, 0, 0, 0x3f], &[0x10, 2, 1, 3], b"a=1"].concat();
        // Shared, bitmask; two values; the mask; the indices 1, 0, 1; biases -0.5, 0.5, 1.5.
        let matrix = [0x1a, 1, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0b01_1010, 0b101];
        let biases = [0, 0, 0, 0xbf, 0, 0, 0, 0x3f, 0, 0, 0xc0, 0x3f];
        assert_eq!(file[..file.len() - 4], [&head[..], &[2, 3, 0], &matrix, &biases].concat());
    }

    #[test]
    fn every_format_comes_back() {
        for (rows, columns) in [(1, 1), (3, 5), (17, 3), (64, 16)] {
            for (place, values) in all_values(rows, columns).into_iter().enumerate() {
                for mask in masks(rows * columns) {
                    let model = linear(Matrix { rows, columns, values: values.clone(), mask });
                    let plain = assert_comes_back(&model, &PLAIN, &format!("{rows} {columns} {place}"));
                    let coded = assert_comes_back(&model, &HUFFMAN, &format!("{rows} {columns} {place} huffman"));
                    assert!(coded.file.len() <= plain.file.len());
                }
            }
        }
    }

    #[test]
    fn every_network_comes_back() {
        for text in ["linear", "16", "7,5,3", "conv:3,4", "residual:2,3,3"] {
            let model = network(text, 64);
            for options in [PLAIN, HUFFMAN, noted()] {
                assert_comes_back(&model, &options, text);
                assert_comes_back(&Model { activations: Coding::Dynamic, ..quantized(&model, "4") }, &options, text);
            }
        }
        assert_eq!(assert_comes_back(&rows_of_few(), &PLAIN, "rows of few").layouts, [Layout::Csr]);
        let packed = assert_comes_back(&everything(), &noted(), "everything");
        assert_eq!(packed.breakdown.activations, 30);
        assert_eq!((packed.breakdown.metadata, packed.breakdown.link), (4 + 1, 17));
        assert!(packed.breakdown.masks > 0 && packed.breakdown.codebooks == 21 && packed.breakdown.zero_points > 0);
    }

    #[test]
    fn lenet_300_100_shrinks_as_in_the_paper() {
        // Han et al. 2016, table 4: 8, 9 and 26 % of the weights are kept and share 64 values; the file is 3.1 % of the
        // one of 32-bit weights, 2.5 % with Huffman codes.
        let mut model = network("300,100", 784);
        let float = pack(&model, &PLAIN).unwrap().file.len() as f64;
        for (part, kept) in model.layers.iter_mut().zip([0.08, 0.09, 0.26]) {
            let matrix = &mut part.factors[0];
            let weights = matrix.values();
            let mut sizes: Vec<f32> = weights.iter().map(|weight| weight.abs()).collect();
            sizes.sort_unstable_by(|a, b| b.total_cmp(a));
            let least = sizes[(kept * sizes.len() as f64) as usize];
            matrix.mask = Some(weights.iter().map(|weight| weight.abs() > least).collect());
            let codebook: Vec<f32> = (0..64).map(|place| sizes[0] * (place as f32 / 31.5 - 1.0)).collect();
            let index = |weight: &f32| ((weight / sizes[0] + 1.0) * 31.5).round() as u8;
            matrix.values = Values::Shared { codebook, indices: weights.iter().map(index).collect() };
        }
        let plain = assert_comes_back(&model, &PLAIN, "plain");
        let coded = assert_comes_back(&model, &HUFFMAN, "huffman");
        assert_eq!(plain.layouts[..2], [Layout::Gaps; 2]);
        assert!((0.029..0.034).contains(&(plain.file.len() as f64 / float)));
        assert!((0.023..0.028).contains(&(coded.file.len() as f64 / float)));
    }

    #[test]
    fn the_accuracy_is_written_afterwards() {
        let model = network("3", 4);
        let mut file = pack(&model, &PLAIN).unwrap().file;
        set_accuracy(&mut file, 0.625);
        let note = Note { accuracy: Some(0.625), ..Note::default() };
        assert_eq!(unpack(&file).unwrap(), (model.clone(), note.clone()));
        assert_eq!(pack(&model, &Packing { note, ..PLAIN }).unwrap().file, file);
        set_accuracy(&mut [], 1.0);
        set_accuracy(&mut b"RTRT\x02\0\0\0\0".to_owned(), 1.0);
    }

    /// Writes files for the reader of docs/packed-format.md, and beside each the numbers it should find: weights and
    /// then biases, layer by layer, f32.
    #[test]
    #[ignore = "writes into the folder RETORT_PACKED"]
    fn files_for_another_reader() {
        let folder = std::path::PathBuf::from(std::env::var("RETORT_PACKED").unwrap());
        let write = |name: String, model: &Model, options: &Packing| {
            let numbers = model.to_layers().into_iter().flat_map(|layer| [layer.weight, layer.bias]).flatten();
            let numbers: Vec<u8> = numbers.flat_map(f32::to_le_bytes).collect();
            std::fs::write(folder.join(format!("{name}.rtrt")), pack(model, options).unwrap().file).unwrap();
            std::fs::write(folder.join(format!("{name}.f32")), numbers).unwrap();
        };
        for (place, values) in all_values(37, 11).into_iter().enumerate() {
            for (share, mask) in masks(37 * 11).into_iter().enumerate() {
                let model = linear(Matrix { rows: 37, columns: 11, values: values.clone(), mask });
                write(format!("{place}-{share}"), &model, &PLAIN);
                write(format!("{place}-{share}-huffman"), &model, &noted());
            }
        }
        write("csr".into(), &rows_of_few(), &PLAIN);
        write("everything".into(), &everything(), &noted());
        write("residual".into(), &quantized(&network("residual:2,3", 64), "4:affine"), &HUFFMAN);
    }

    /// A network of which so few weights are there that their columns are the shortest way to say which.
    fn rows_of_few() -> Model {
        let mask = (0..8192).map(|place| place % 999 == 5).collect();
        let values = (0..8192).map(|place| place as f32).collect();
        linear(Matrix { mask: Some(mask), ..Matrix::float(8, 1024, values) })
    }

    #[test]
    fn plain_networks_are_the_same_file() {
        for text in ["linear", "16", "130,5,3", "conv:3,4", "residual:2,3,3"] {
            let model = network(text, 64);
            let layers = model.to_layers();
            let file = pack_float(model.kind, 64, &layers);
            assert_eq!(file, pack(&model, &PLAIN).unwrap().file, "{text}");
            assert_eq!(unpack_float(&file), Ok((model.kind, 64, layers)), "{text}");
            let linked = pack(&model, &noted()).unwrap().file;
            assert!(unpack_float(&linked).is_ok(), "{text}");
        }
        for model in [quantized(&network("3", 4), "8"), Model { activations: Coding::Dynamic, ..network("3", 4) }] {
            let file = pack(&model, &PLAIN).unwrap().file;
            assert_eq!(unpack_float(&file), Err(PackError::Field("not plain 32-bit weights")));
        }
    }

    #[test]
    fn what_cannot_be_packed_is_told() {
        let good = everything();
        let refused = |change: &dyn Fn(&mut Model)| {
            let mut model = good.clone();
            change(&mut model);
            assert!(matches!(pack(&model, &PLAIN), Err(PackError::Model(_))));
        };
        refused(&|model| model.features = 4);
        refused(&|model| model.layers[1].bias.push(0.0));
        refused(&|model| model.layers[0].factors.clear());
        refused(&|model| model.layers[0].factors = vec![Matrix::float(0, 0, Vec::new())]);
        refused(&|model| model.layers[0].factors[1].rows = 3);
        refused(&|model| model.layers[1].factors[0].mask = Some(vec![true]));
        refused(&|model| model.layers[3].factors[0].values = Values::Float { bits: Bits::B32, values: vec![1.0] });
        refused(&|model| model.layers[3].factors[0].values = Values::Float { bits: Bits::B8, values: vec![1.0; 15] });
        refused(&|model| model.layers[3].factors[0].values = Values::Shared { codebook: vec![], indices: vec![0; 15] });
        refused(&|model| {
            model.layers[3].factors[0].values = Values::Shared { codebook: vec![1.0], indices: vec![1; 15] }
        });
        refused(&|model| model.activations = Coding::Static(vec![Affine { scale: 1.0, zero_point: 0 }; 5]));
        refused(&|model| model.activations = Coding::Static(vec![Affine { scale: 1.0, zero_point: 128 }; 6]));
        for (bits, code, scales, zero_points) in [
            (Bits::B4, 8, 3, vec![]),
            (Bits::B4, 1, 2, vec![]),
            (Bits::B4, 1, 3, vec![1]),
            (Bits::B4, 1, 3, vec![1, 2, 8]),
            (Bits::B1, 1, 3, vec![1, 1, 1]),
            (Bits::B32, 1, 3, vec![]),
        ] {
            let codes = Codes {
                bits,
                granularity: Granularity::Channel,
                scales: vec![1.0; scales],
                zero_points,
                codes: vec![code; 15],
            };
            refused(&|model| model.layers[3].factors[0].values = Values::Codes(codes.clone()));
        }
        let nothing = Matrix { mask: Some(vec![false; 1 << 21]), ..Matrix::float(1 << 21, 1, vec![0.0; 1 << 21]) };
        assert_eq!(pack(&linear(nothing), &PLAIN), Err(PackError::Model("more than 256 weights a byte")));
    }

    fn damaged_files() -> [Vec<u8>; 4] {
        [
            pack(&everything(), &PLAIN).unwrap().file,
            pack(&everything(), &noted()).unwrap().file,
            pack(&quantized(&network("residual:2,3", 16), "3:affine"), &HUFFMAN).unwrap().file,
            pack(&network("conv:2", 9), &PLAIN).unwrap().file,
        ]
    }

    #[test]
    fn every_damage_is_named() {
        assert_eq!(unpack(b"PK\x03\x04"), Err(PackError::NotPacked));
        assert_eq!(unpack(b"RTRT\x01 and more"), Err(PackError::Version(1)));
        for file in damaged_files() {
            for length in 0..file.len() {
                let cut = unpack(&file[..length]).unwrap_err();
                assert_eq!(cut == PackError::NotPacked, length < 4, "{length}");
                assert!(
                    length < 4 || matches!(cut, PackError::CutShort { found, .. } if found == length),
                    "{length}: {cut}"
                );
                assert!(unpack_float(&file[..length]).is_err(), "{length}");
            }
            for at in 0..file.len() {
                for bit in 0..8 {
                    let mut flipped = file.clone();
                    flipped[at] ^= 1 << bit;
                    assert!(unpack(&flipped).is_err() && unpack_float(&flipped).is_err(), "{at} {bit}");
                }
            }
            let longer = [&file[..], &[0]].concat();
            assert_eq!(unpack(&longer), Err(PackError::Field("it goes on past its end")));
        }
        let mut file = pack_float(NetworkKind::Mlp, 1, &network("linear", 1).to_layers());
        let last = file.len() - 9;
        file[last] ^= 1;
        assert_eq!(unpack(&file), Err(PackError::Checksum));
    }

    /// What others write may have a right checksum and be wrong otherwise.
    #[test]
    fn no_foreign_file_panics_and_what_is_read_runs() {
        let mut generator = random::stream(1, "damage");
        let mut read = 0;
        for file in damaged_files() {
            for round in 0..4000 {
                let mut noise = file.clone();
                for _ in 0..1 + round % 3 {
                    let at = generator.random_range(0..noise.len());
                    noise[at] = if round % 2 == 0 { generator.random() } else { noise[at] ^ 1 << (round / 2 % 8) };
                }
                noise.truncate(noise.len() - CHECKSUM);
                close(&mut noise);
                if let Ok((kind, features, layers)) = unpack_float(&noise) {
                    assert!(is_network(
                        kind,
                        features,
                        &layers.iter().map(|l| (l.inputs, l.outputs)).collect::<Vec<_>>()
                    ));
                }
                let Ok((model, note)) = unpack(&noise) else { continue };
                read += 1;
                let logits = model.logits(&vec![0.5; 2 * model.features]);
                assert_eq!(logits.len(), 2 * model.layers[model.layers.len() - 1].outputs());
                assert!(pack(&model, &Packing { huffman: true, note }).is_ok());
            }
        }
        assert!(read > 1000, "most bytes are weights, and any will do: {read}");
    }

    #[test]
    fn announced_gigabytes_are_not_asked_for() {
        let gigabytes = [0xff, 0xff, 0xff, 0xff, 0x0f];
        let file = |fields: &[&[u8]]| {
            let mut file = [&b"RTRT\x02\0\0\0\0"[..], &fields.concat()].concat();
            file.extend([0; 40]);
            close(&mut file);
            unpack(&file).unwrap_err()
        };
        let cut = |error| matches!(error, PackError::CutShort { .. });
        let weights = PackError::Field("more weights than a file of this length may hold");
        assert!(cut(file(&[&[0, 1, 1], &gigabytes])), "link");
        assert_eq!(file(&[&[0, 1], &gigabytes, &[0]]), PackError::Field("a layer without units"), "layers of nothing");
        assert_eq!(file(&[&[0, 1, 1, 0], &gigabytes, &gigabytes]), weights);
        assert_eq!(file(&[&[0, 1, 1, 0], &gigabytes, &[1, 0]]), weights);
        assert_eq!(file(&[&[0, 1, 1, 0, 1, 1], &gigabytes]), weights, "rank");
        assert!(cut(file(&[&[0, 1, 1, 0, 0x80, 0x80, 0x04, 8, 0]])), "dense");
        // 65,536 × 8 gaps, a scale for each of 32,768 groups, and shared values without an index: the file is over.
        assert!(cut(file(&[&[0, 1, 1, 0, 0x80, 0x80, 0x04, 8, 0, 0x30, 8, 0x80, 0x80, 0x04]])), "gaps");
        assert!(cut(file(&[&[0, 1, 1, 0, 0x80, 0x80, 0x04, 8, 0, 0x03, 4]])), "scales");
        assert!(cut(file(&[&[0, 1, 1, 0, 1, 0x80, 0x80, 0x04, 0, 0x0a, 0]])), "biases");
        assert_eq!(file(&[&[0, 0xff, 0xff, 0xff, 0xff, 0x1f]]), PackError::Field("a size of more than 32 bits"));
    }
}
