use super::*;
use crate::{Layer, format::safetensors::write, random::stream};
use rand::RngExt;
use retort_spec::Architecture;

/// A network of random weights.
fn model(architecture: &str, features: usize) -> Model {
    let architecture: Architecture = architecture.parse().unwrap();
    let mut generator = stream(1, "read");
    let mut layer = |inputs: usize, outputs: usize| Layer {
        inputs,
        outputs,
        weight: (0..inputs * outputs).map(|_| generator.random_range(-1.0..1.0_f32)).collect(),
        bias: (0..outputs).map(|_| generator.random_range(-1.0..1.0_f32)).collect(),
    };
    let layers: Vec<Layer> =
        architecture.layers(features, 3).iter().map(|shape| layer(shape.inputs, shape.outputs)).collect();
    Model::new(architecture.kind, features, &layers)
}

/// A file of tensors, all 32-bit ones that count up from 1.
fn foreign(tensors: &[(&str, &[usize])]) -> Vec<u8> {
    let (mut entries, mut numbers) = (Vec::new(), Vec::new());
    for (name, shape) in tensors {
        let start = numbers.len();
        (1..=shape.iter().product()).for_each(|number: usize| numbers.extend((number as f32).to_le_bytes()));
        let end = numbers.len();
        entries.push(format!(r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{end}]}}"#));
    }
    with_header(&format!("{{{}}}", entries.join(",")), &numbers)
}

fn with_header(header: &str, numbers: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), numbers].concat()
}

fn refused(file: &[u8]) -> String {
    read(file).unwrap_err().to_string()
}

#[test]
fn what_was_written_comes_back() {
    for (architecture, features) in [
        ("linear", 2),
        ("16,8", 64),
        ("conv:2,3", 64),
        ("conv:2", 784),
        ("residual:2,3,3", 49),
        ("residual:4", 9),
        ("separable:2,3,3", 64),
        ("separable:3,4", 49),
    ] {
        let model = model(architecture, features);
        let file = write(&model, &[("permalink", "v=1&\"".to_owned())], false).unwrap();
        let Opened { model: back, metadata, .. } = read(&file).unwrap();
        assert_eq!(back, model, "{architecture}");
        assert_eq!(metadata.last().unwrap(), &("permalink".to_owned(), "v=1&\"".to_owned()));
    }
}

#[test]
fn halves_and_factors_come_back() {
    let mut model = model("conv:4", 64);
    let halved = |values: Vec<f32>| {
        let values = values.into_iter().map(|value| half::f16::from_f32(value).to_f32()).collect();
        Values::Float { bits: Bits::B16, values }
    };
    for part in &mut model.layers {
        let matrix = &part.factors[0];
        let (rows, columns, mut left) = (matrix.rows, matrix.columns, matrix.values());
        left.truncate(rows * 2);
        let factor = |rows, columns, values| Matrix { values: halved(values), ..Matrix::float(rows, columns, vec![]) };
        part.factors = vec![factor(rows, 2, left), factor(2, columns, vec![0.3; 2 * columns])];
        part.bias = vec![0.5; columns];
    }
    assert_eq!(read(&write(&model, &[], true).unwrap()).unwrap().model, model);
}

#[test]
fn a_perceptron_of_pytorch_s_by_other_names() {
    for names in [["0", "2", "10"], ["fc1", "fc2", "fc10"], ["net.0", "net.2", "net.4"], ["hidden", "inner", "out"]] {
        let name = |layer: usize, leaf: &str| format!("{}.{leaf}", names[layer]);
        let all = [name(2, "bias"), name(2, "weight"), name(0, "weight"), name(0, "bias"), name(1, "weight")];
        let shapes: [&[usize]; 5] = [&[2], &[2, 4], &[3, 2], &[3], &[4, 3]];
        let tensors: Vec<(&str, &[usize])> = all.iter().map(String::as_str).zip(shapes).collect();
        let Opened { model, .. } = read(&foreign(&tensors)).unwrap();
        assert_eq!((model.kind, model.features), (NetworkKind::Mlp, 2));
        assert_eq!(model.shapes(), [(2, 3), (3, 4), (4, 2)]);
        assert_eq!(model.layers[0].weight(), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0], "transposed");
        assert_eq!(model.layers[1].bias, [0.0; 4], "none in the file");
    }
    let Opened { model, .. } = read(&foreign(&[("weight", &[2, 3]), ("bias", &[2])])).unwrap();
    assert_eq!(model.shapes(), [(3, 2)]);
}

#[test]
fn a_convolutional_network_of_pytorch_s() {
    let tensors: [(&str, &[usize]); 5] = [
        ("classifier.1.bias", &[10]),
        ("classifier.1.weight", &[10, 8 * 7 * 7]),
        ("features.0.weight", &[4, 1, 5, 5]),
        ("features.3.weight", &[8, 4, 3, 3]),
        ("features.3.bias", &[8]),
    ];
    let Opened { model, .. } = read(&foreign(&tensors)).unwrap();
    assert_eq!((model.kind, model.features), (NetworkKind::Conv, 784));
    assert_eq!(model.shapes(), [(25, 4), (36, 8), (392, 10)]);
    // The second input of the first output: row 0, column 0, channel 1, which is number 49 in PyTorch.
    assert_eq!(model.layers[2].weight()[10], 50.0);
}

#[test]
fn what_is_wrong_is_named() {
    for (tensors, message) in [
        (
            &[("layers.1.weight", &[16_usize, 2][..]), ("layers.1.bias", &[10])][..],
            "layers.1.bias: 10 numbers, the weight has 16 outputs",
        ),
        (&[("fc1.weight", &[3, 2]), ("fc2.weight", &[4, 4])], "fc2.weight: 4 inputs, where 3 arrive"),
        (&[("bn.weight", &[3]), ("bn.running_mean", &[3])], "bn.running_mean: neither a weight nor a bias of a layer"),
        (&[("a.weight", &[3, 2]), ("b.bias", &[3])], "b.bias: there is no weight beside it"),
        (&[("a.weight", &[3, 2]), ("a.weight", &[3, 2])], "a.weight: there are two of this name"),
        (&[("c.weight", &[2, 1, 3, 3]), ("d.weight", &[4, 6])], "d.weight: 6 inputs, where 2 arrive"),
        (&[], "no weights are in it"),
        (&[("a.weight", &[0, 5])], "no weights are in it"),
    ] {
        assert_eq!(refused(&foreign(tensors)), message);
    }
    for shape in [&[3_usize][..], &[2, 1, 3, 5], &[2, 1, 2, 2], &[1, 1, 1]] {
        assert!(refused(&foreign(&[("a.weight", shape)])).starts_with("a.weight: its shape"), "{shape:?}");
    }
}

#[test]
fn layers_stand_in_the_order_of_shapes_then_names_then_the_file() {
    let sizes: [&[usize]; 3] = [&[5, 2], &[3, 5], &[2, 3]];
    for names in [["fc1", "fc2", "fc3"], ["stem", "body", "head"], ["features.0", "features.3", "classifier"]] {
        let name = |layer: usize| format!("{}.weight", names[layer]);
        let all = [2, 1, 0].map(|layer| (name(layer), sizes[layer]));
        let tensors: Vec<(&str, &[usize])> = all.iter().map(|(name, shape)| (name.as_str(), *shape)).collect();
        let opened = read(&foreign(&tensors)).unwrap();
        assert_eq!(opened.model.shapes(), [(2, 5), (5, 3), (3, 2)], "{names:?}");
        assert_eq!(opened.open_order, [""; 0]);
    }
    let open = read(&foreign(&[("b.weight", &[5, 2]), ("d.weight", &[5, 5]), ("c.weight", &[5, 5])])).unwrap();
    assert_eq!(open.open_order, ["b", "d", "c"]);
}

#[test]
fn what_no_layer_needs_is_passed_over_by_name() {
    let header = r#"{"a.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},
        "norm.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[8,16]},
        "scale":{"dtype":"F32","shape":[],"data_offsets":[16,20]},
        "unused.weight":{"dtype":"F32","shape":[0,2],"data_offsets":[20,20]}}"#;
    let opened = read(&with_header(header, &[0; 20])).unwrap();
    assert_eq!(opened.passed_over, ["norm.num_batches_tracked", "scale", "unused.weight"]);
    assert_eq!(opened.model.shapes(), [(1, 2)]);
    // A number for each channel changes what the network computes.
    let file = foreign(&[("a.weight", &[2, 1]), ("a.scale", &[2])]);
    assert_eq!(refused(&file), "a.scale: neither a weight nor a bias of a layer");
}

#[test]
fn damaged_files_are_refused() {
    let entry = |shape: &str, offsets: &str, dtype: &str| {
        let header = format!(r#"{{"a.weight":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#);
        read(&with_header(&header, &[0; 8]))
    };
    assert!(entry("[2,1]", "[0,8]", "F32").is_ok());
    assert!(entry("[2,2]", "[0,8]", "BF16").is_ok());
    for (shape, offsets, dtype) in [
        ("[2,1]", "[0,8]", "I32"),
        ("[1,1]", "[0,4]", "F32"),
        ("[1,1]", "[4,8]", "F32"),
        ("[2,2]", "[0,16]", "F32"),
        ("[2,1]", "[8,0]", "F32"),
        ("[3,1]", "[0,8]", "F32"),
        ("[4294967296,4294967296]", "[0,8]", "F32"),
        ("[18446744073709551615,18446744073709551615,0]", "[0,0]", "F32"),
    ] {
        assert!(entry(shape, offsets, dtype).is_err(), "{shape} {offsets} {dtype}");
    }
    let overlap = r#"{"a.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},
        "a.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    assert!(refused(&with_header(overlap, &[0; 8])).contains("bytes 0 to 8, where 8"));
    for bad in [f32::NAN, f32::INFINITY] {
        let mut file = foreign(&[("a.weight", &[2, 1])]);
        let at = file.len() - 4;
        file[at..].copy_from_slice(&bad.to_le_bytes());
        assert_eq!(refused(&file), "a.weight: a number in it is infinite or not a number");
    }
    assert!(read(b"").is_err() && read(&[0; 8]).is_err() && read(&[0xff; 16]).is_err());
}

#[test]
fn metadata_that_cannot_be_are_refused() {
    let file = |metadata: &str| {
        let header = format!(
            r#"{{"__metadata__":{{{metadata}}},"a.weight":{{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}}}"#
        );
        read(&with_header(&header, &[0; 8]))
    };
    assert!(file(r#""kind":"mlp","features":"1""#).is_ok());
    for bad in [
        r#""kind":"transformer""#,
        r#""features":"-1""#,
        r#""features":"2""#,
        r#""kind":"residual""#,
        r#""kind":"residual","features":"18446744073709551615""#,
        r#""kind":"conv","features":"4""#,
    ] {
        assert!(file(bad).is_err(), "{bad}");
    }
    assert_eq!(file(r#""kind":"residual""#).unwrap_err().to_string(), "metadata: features cannot be \"\"");
}

#[test]
fn no_changed_byte_makes_it_panic() {
    let good = write(&model("conv:1", 4), &[], false).unwrap();
    for at in 0..good.len() {
        for byte in [0, b'"', b'9', b'[', 0x80, 0xff] {
            let mut file = good.clone();
            file[at] = byte;
            let _ = read(&file);
        }
        assert!(read(&good[..at]).is_err());
    }
}
