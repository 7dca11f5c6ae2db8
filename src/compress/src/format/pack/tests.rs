use super::*;
use crate::{
    Layer,
    network::model::{Codes, Matrix, Values, groups},
    quantization::weights::{quantize, rounded_float},
    random,
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
        activations: Coding::Static((0..6).map(|at| Affine { scale: at as f32, zero_point: 40 * at - 100 }).collect()),
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
    let file = pack(&model, &Packing { note: Note { link: "a=1".into(), accuracy: Some(0.5) }, ..PLAIN }).unwrap().file;
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
    for text in ["linear", "16", "7,5,3", "conv:3,4", "residual:2,3,3", "separable:3,4"] {
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
    refused(&|model| model.layers[3].factors[0].values = Values::Shared { codebook: vec![1.0], indices: vec![1; 15] });
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
    assert_eq!(unpack(b"RTRT\x01 and more"), Err(PackError::Version { found: 1, read: 2 }));
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
                assert!(is_network(kind, features, &layers.iter().map(|l| (l.inputs, l.outputs)).collect::<Vec<_>>()));
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
