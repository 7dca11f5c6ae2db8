use super::*;
use crate::{Layer as Plain, quantization::weights::quantize, random::stream, run::net};
use rand::RngExt;
use retort_spec::QuantScheme;

/// Inputs and outputs of a perceptron's or a convolutional network's layers.
pub(super) const NETWORKS: [(NetworkKind, usize, &[net::Shape]); 8] = [
    (NetworkKind::Mlp, 784, &[(784, 32), (32, 10)]),
    (NetworkKind::Mlp, 37, &[(37, 19), (19, 7), (7, 3)]),
    (NetworkKind::Mlp, 1, &[(1, 1)]),
    (NetworkKind::Conv, 144, &[(9, 8), (72, 16), (144, 10)]),
    (NetworkKind::Conv, 81, &[(25, 3), (27, 5), (20, 4)]),
    (NetworkKind::Conv, 4, &[(9, 2), (18, 3), (3, 2)]),
    (NetworkKind::Separable, 144, &[(9, 8), (9, 8), (8, 16), (144, 10)]),
    (NetworkKind::Separable, 81, &[(9, 3), (9, 3), (3, 5), (9, 5), (5, 2), (2, 4)]),
];

/// Images of which half is empty.
pub(super) fn inputs(examples: usize, features: usize) -> Vec<f32> {
    let mut generator = stream(5, "inputs");
    let number = |_| (generator.random_range(-255.0..256.0_f32).max(0.0)).floor() / 255.0;
    (0..examples * features).map(number).collect()
}

/// Codes of what was seen, as calibration sets them.
fn calibrated(mut model: Model, inputs: &[f32]) -> Model {
    let weights: Vec<Vec<f32>> = model.layers.iter().map(LayerModel::weight).collect();
    let mut codings = Vec::new();
    let logits = net::forward(model.kind, &model.shapes(), inputs, model.features, &mut |layer, rows| {
        codings.push(Affine::of(rows));
        net::affine(rows, &weights[layer], &model.layers[layer].bias)
    });
    codings.push(Affine::of(&logits));
    model.activations = Coding::Static(codings);
    model
}

pub(super) fn model(network: usize, scheme: &str, inputs: &[f32]) -> Model {
    let (kind, features, shapes) = NETWORKS[network];
    let mut generator = stream(7, "weights");
    let scheme: QuantScheme = scheme.parse().unwrap();
    let mut layer = |&(inputs, outputs): &net::Shape| {
        let bound = (3.0 / inputs as f32).sqrt();
        let mut draw = |count: usize| (0..count).map(|_| generator.random_range(-bound..bound)).collect();
        Plain { inputs, outputs, weight: draw(inputs * outputs), bias: draw(outputs) }
    };
    let mut model = Model::new(kind, features, &shapes.iter().map(&mut layer).collect::<Vec<_>>());
    for matrix in model.layers.iter_mut().flat_map(|part| &mut part.factors) {
        *matrix = quantize(matrix, &scheme, &mut stream(1, "test"));
    }
    calibrated(model, inputs)
}

/// How many logits there are, how many have another code, and how far the farthest is off, in codes.
fn disagreement(model: &Model, inputs: &[f32]) -> (usize, usize, f32) {
    let Coding::Static(codings) = &model.activations else { panic!() };
    let scale = codings[model.layers.len()].scale;
    let (exact, rounded) = (prepare(model).unwrap().logits(inputs), model.logits(inputs));
    assert_eq!(exact.len(), rounded.len());
    let off = exact.iter().zip(&rounded).map(|(a, b)| (a - b).abs() / scale);
    let other = off.clone().filter(|off| *off > 0.5 + 1e-6).count();
    (exact.len(), other, off.fold(0.0, f32::max))
}

const SCHEMES: [&str; 12] =
    ["8", "8:tensor", "8:affine", "6", "6:tensor:affine", "4", "4:tensor", "3", "2", "2:tensor", "ternary", "1"];

#[test]
fn rounding_as_if_gives_the_same_codes() {
    for (network, (kind, features, _)) in NETWORKS.into_iter().enumerate() {
        let inputs = inputs(200, features);
        let mut counts = (0, 0);
        for scheme in SCHEMES {
            let given = model(network, scheme, &inputs);
            let (_, _, farthest) = disagreement(&given, &inputs);
            // What 32-bit biases lose is little, most where the weights' scale is large.
            assert!(farthest < if scheme.starts_with('8') { 1.01 } else { 3.01 }, "{kind} {scheme} {farthest}");
            // With the same biases, single precision may meet a tie differently, and nothing else.
            let (all, other, farthest) = disagreement(&with_integer_biases(&given).unwrap(), &inputs);
            assert!(farthest < 1.01, "{kind} {scheme} {farthest}");
            counts = (counts.0 + all, counts.1 + other);
        }
        assert!(counts.1 * 1000 <= counts.0, "{kind}: {counts:?}");
    }
}

#[test]
fn an_example_of_onnx() {
    // test_qlinearmatmul_2D_uint8_float32 of the ONNX backend tests, all codes and zero points less 128.
    let matrix = Matrix {
        rows: 4,
        columns: 3,
        values: Values::Codes(Codes {
            bits: retort_spec::Bits::B8,
            granularity: retort_spec::Granularity::Tensor,
            scales: vec![0.00705],
            zero_points: vec![114 - 128],
            codes: [152, 51, 244, 60, 26, 255, 0, 127, 246, 127, 254, 247].map(|code| code - 128).to_vec(),
        }),
        mask: None,
    };
    let input = Affine { scale: 0.0066, zero_point: 113 - 128 };
    let inputs = [208, 236, 0, 238, 3, 214, 255, 29].map(|code| input.value(code - 128));
    let output = Affine { scale: 0.0107, zero_point: 118 - 128 };
    let model = Model {
        kind: NetworkKind::Mlp,
        features: 4,
        layers: vec![LayerModel { bias: vec![0.0; 3], factors: vec![matrix] }],
        activations: Coding::Static(vec![input, output]),
    };
    let codes = prepare(&model).unwrap().codes(&inputs);
    let expected = [168, 115, 255, 1, 66, 151].map(|code| code - 128);
    assert_eq!(codes.into_iter().map(i32::from).collect::<Vec<_>>(), expected);
}

#[test]
fn ties_go_to_even_codes_before_the_zero_point_is_added() {
    let all = (-131.0, 124.0);
    assert_eq!(codes_of(f32x4::new([0.5, -0.5, 1.5, -1.5]), all), [0, 0, 2, -2]);
    assert_eq!(codes_of(f32x4::new([2.5, 2.500_001, 200.0, -200.0]), all), [2, 3, 124, -131]);
    assert_eq!(codes_of(f32x4::new([123.5, -130.5, f32::INFINITY, f32::NEG_INFINITY]), all), [124, -130, 124, -131]);
}

#[test]
fn a_convolution_by_hand() {
    // Every window of a 2×2 image holds all of it: 10 - 3 = 7; then 14 and -12.
    let layers = [
        Plain { inputs: 9, outputs: 1, weight: vec![1.0; 9], bias: vec![-3.0] },
        Plain { inputs: 1, outputs: 2, weight: vec![2.0, -2.0], bias: vec![0.0, 2.0] },
    ];
    let mut model = Model::new(NetworkKind::Conv, 4, &layers);
    for matrix in model.layers.iter_mut().flat_map(|part| &mut part.factors) {
        *matrix = quantize(matrix, &"1".parse().unwrap(), &mut stream(1, "test"));
    }
    let whole = |zero_point| Affine { scale: 1.0, zero_point };
    model.activations = Coding::Static(vec![whole(-100), whole(-128), whole(5)]);
    assert_eq!(prepare(&model).unwrap().codes(&[1.0, 2.0, 3.0, 4.0]), [19, -7]);
}

#[test]
fn an_output_without_weights_is_its_bias() {
    let mut layer = Plain { inputs: 2, outputs: 2, weight: vec![0.0, 1.0, 0.0, 1.0], bias: vec![0.33, 0.0] };
    for scheme in ["8", "1", "ternary"] {
        layer.bias[0] += 1.0;
        let mut model = Model::new(NetworkKind::Mlp, 2, std::slice::from_ref(&layer));
        let matrix = &mut model.layers[0].factors[0];
        *matrix = quantize(matrix, &scheme.parse().unwrap(), &mut stream(1, "test"));
        let model = calibrated(model, &[1.0, 1.0]);
        assert_eq!(prepare(&model).unwrap().logits(&[1.0, 1.0]), model.logits(&[1.0, 1.0]), "{scheme}");
    }
}

#[test]
fn what_is_not_integer_is_said() {
    let inputs = inputs(2, 37);
    let good = model(1, "8", &inputs);
    let refused = |change: &dyn Fn(&mut Model)| {
        let mut model = good.clone();
        change(&mut model);
        prepare(&model).map(|_| ())
    };
    assert_eq!(refused(&|_| ()), Ok(()));
    assert_eq!(refused(&|model| model.activations = Coding::Dynamic), Err(NotInteger::Activations));
    assert_eq!(refused(&|model| model.kind = NetworkKind::Residual), Err(NotInteger::Residual));
    assert_eq!(refused(&|model| model.features = 36), Err(NotInteger::Shape(0)));
    assert_eq!(refused(&|model| model.layers[0].bias[3] = 1e9), Err(NotInteger::Bias(0)));
    let float = Matrix::float(19, 7, vec![0.5; 19 * 7]);
    assert_eq!(refused(&|model| model.layers[1].factors[0] = float.clone()), Err(NotInteger::Weights(1)));
    assert_eq!(refused(&|model| model.layers[1].factors.push(float.clone())), Err(NotInteger::Factored(1)));
    let groups = model(1, "4:group-16", &inputs);
    assert_eq!(prepare(&groups).map(|_| ()), Err(NotInteger::Groups(0)));
}
