//! Files out and files in.

use super::*;

#[test]
fn the_packed_file_is_what_was_measured() {
    for text in KINDS {
        let model = network(text);
        let examples = images(&model, 70);
        let mut bench = workbench(&model, examples.clone());
        for scheme in ["32", "bf16", "8:static-min-max", "4:affine:group-16", "1:tensor", "ternary:dynamic"] {
            let done = looked(&mut bench, scheme);
            let FileData { name, bytes } = file(&mut bench, FileFormat::Packed, None);
            assert_eq!((name.as_str(), bytes.len() as u32), ("net.retort", done.bytes + done.breakdown.link));
            assert_eq!(done.breakdown.link as usize, "v=1".len());
            let (back, note) = unpack(&bytes).unwrap();
            assert_eq!(note, Note { link: "v=1".into(), accuracy: Some(f64::from(done.accuracy as f32)) });
            let said: Vec<u8> = examples.test.chunks(64 * 64).flat_map(|inputs| classes_of(&back, inputs)).collect();
            assert_eq!(said, done.answers, "{text} {scheme}");
        }
    }
}

#[test]
fn every_format_of_what_was_looked_at_and_of_every_stage() {
    for text in KINDS {
        let model = network(text);
        let mut bench = workbench(&model, images(&model, 8));
        looked(&mut bench, "4:group-16");
        let reports =
            with(&mut bench, compress(1, "low-rank:3,prune:0.5,qat:3:1:affine:static-mse,huffman"), &mut trained);
        assert_eq!(ended(&reports), [(1, None)]);
        for stage in [None, Some(0), Some(1), Some(2), Some(3)] {
            let sizes = match &tell(&mut bench, WorkbenchCommand::MeasureFiles { stage })[..] {
                [WorkbenchEvent::FileSizes { stage: of, bytes }] if *of == stage => bytes.clone(),
                other => panic!("{other:?}"),
            };
            for (format, size) in FileFormat::ALL.into_iter().zip(sizes) {
                let FileData { name, bytes } = file(&mut bench, format, stage);
                // safetensors fills its header up to a multiple of eight bytes.
                let link = bytes.len() - size as usize;
                assert!(link == "v=1".len() || (format.ending().ends_with("safetensors") && link <= 8), "{format:?}");
                assert_eq!(name, format!("net.{}", format.ending()));
                let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
                assert!(holds("v=1"), "the permalink travels along: {format:?}");
            }
        }
        let refused =
            tell(&mut bench, WorkbenchCommand::Export { format: FileFormat::Onnx, stage: Some(4), name: "net".into() });
        assert!(matches!(&refused[..], [WorkbenchEvent::Refused { name, .. }] if name == "net.onnx"));
        assert!(tell(&mut bench, WorkbenchCommand::MeasureFiles { stage: Some(4) }).is_empty());
    }
}

fn imported(bench: &mut Workbench, name: &str, bytes: Vec<u8>) -> Imported {
    match &finish(bench, WorkbenchCommand::Import(FileData { name: name.into(), bytes }))[..] {
        [WorkbenchEvent::Imported(imported)] => (**imported).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_taken_away_can_be_brought_back() {
    for (text, widths) in KINDS.into_iter().zip([[12, 8], [4, 8], [4, 8]]) {
        let model = network(text);
        let mut bench = workbench(&model, images(&model, 40));
        let done = looked(&mut bench, "32");
        for format in [FileFormat::Packed, FileFormat::Safetensors] {
            let FileData { name, bytes } = file(&mut bench, format, None);
            let got = imported(&mut bench, &name, bytes);
            let same = Imported {
                name,
                kind: model.kind,
                widths: widths.to_vec(),
                link: Some("v=1".into()),
                accuracy: Some(done.accuracy),
                file: pack_float(model.kind, 64, &model.to_layers()),
                open_order: Vec::new(),
                passed_over: Vec::new(),
            };
            assert_eq!(got, same, "{text}");
        }
        // What is smaller gives its numbers, multiplied out, without what was lost.
        with(&mut bench, compress(1, "prune:0.5:units,low-rank:2,quantize:8"), &mut trained);
        let small = model_of(&mut bench, Some(2));
        let packed = file(&mut bench, FileFormat::Packed, Some(2)).bytes;
        let got = imported(&mut bench, "small.retort", packed);
        let (back, _) = unpack(&got.file).unwrap();
        assert_eq!(back.to_layers(), small.to_layers(), "{text}");
        match model.kind {
            NetworkKind::Residual => {}
            // Channels that a layer sees alone stay.
            NetworkKind::Separable => assert_eq!(got.widths, [widths[0], widths[1] / 2]),
            _ => assert_eq!(got.widths, widths.map(|width| width / 2)),
        }
    }
}

#[test]
fn damaged_files_are_refused_by_name() {
    let model = network("12,8");
    let mut bench = workbench(&model, images(&model, 5));
    looked(&mut bench, "8");
    for format in [FileFormat::Packed, FileFormat::Safetensors, FileFormat::Onnx] {
        let good = file(&mut bench, format, None).bytes;
        let mut flipped = good.clone();
        flipped[6] ^= 0x40;
        for bytes in [good[..good.len() / 2].to_vec(), good[..3].to_vec(), Vec::new(), flipped, b"PK\x03\x04".to_vec()]
        {
            let got = tell(&mut bench, WorkbenchCommand::Import(FileData { name: "bad".into(), bytes }));
            assert!(
                matches!(&got[..], [WorkbenchEvent::Refused { name, reason }] if name == "bad" && !reason.to_string().is_empty())
            );
        }
    }
}

#[test]
fn what_is_no_network_is_called_what_it_is() {
    let model = network("12,8");
    let mut bench = workbench(&model, images(&model, 5));
    looked(&mut bench, "8");
    let whole = file(&mut bench, FileFormat::Safetensors, None).bytes;
    for (bytes, problem) in [
        (&b""[..], FileProblem::Foreign(Foreign::Empty)),
        (b"PK\x03\x04archive/data.pkl", FileProblem::Foreign(Foreign::Zip)),
        (b"<!DOCTYPE html><html>", FileProblem::Foreign(Foreign::WebPage)),
        (b"\x88\x01\0\0\0\0\0", FileProblem::HeaderCut { bytes: 7 }),
        (b"no network at all", FileProblem::NotNetwork { first: "6e6f206e".into() }),
        (&whole[..100], FileProblem::HeaderCut { bytes: 100 }),
    ] {
        let got = tell(&mut bench, WorkbenchCommand::Import(FileData { name: "bad".into(), bytes: bytes.to_vec() }));
        assert_eq!(got, [WorkbenchEvent::Refused { name: "bad".into(), reason: problem }]);
    }
    let cut = whole[..whole.len() - 4].to_vec();
    let got = tell(&mut bench, WorkbenchCommand::Import(FileData { name: "bad".into(), bytes: cut }));
    assert!(matches!(&got[..], [WorkbenchEvent::Refused { reason: FileProblem::Cut { .. }, .. }]), "{got:?}");
}

#[test]
fn a_network_of_other_examples_has_no_accuracy() {
    let (model, other) = (
        network("12,8"),
        Model::new(NetworkKind::Mlp, 2, &[Layer { inputs: 2, outputs: 3, weight: vec![1.0; 6], bias: vec![0.0; 3] }]),
    );
    let mut bench = workbench(&model, images(&model, 5));
    let got = imported(&mut bench, "plane", pack_float(other.kind, 2, &other.to_layers()));
    assert_eq!((got.accuracy, got.widths, got.link), (None, Vec::new(), None));
}
