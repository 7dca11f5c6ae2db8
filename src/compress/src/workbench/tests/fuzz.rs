//! Every short pipeline that makes sense, on every kind of network.

use super::*;

const STAGES: [&str; 16] = [
    "prune:0.6",
    "prune:0.5:units",
    "gradual:0.7:1",
    "finetune:1",
    "low-rank:3",
    "low-rank:0.9",
    "share:3",
    "quantize:8:static-min-max",
    "quantize:4:affine:gptq",
    "quantize:1:group-16",
    "quantize:16:dynamic",
    "qat:1:1:tensor",
    "qat:4:1:lsq:static-average",
    "qat:ternary:1:dynamic",
    "qat:3:1:affine:group-32:fresh",
    "huffman",
];

#[test]
fn two_and_three_stages_in_every_order_that_makes_sense() {
    let longer = |texts: &[String]| -> Vec<String> {
        texts.iter().flat_map(|text| STAGES.iter().map(move |stage| format!("{text},{stage}"))).collect()
    };
    let two = longer(&STAGES.map(str::to_owned));
    let texts: Vec<String> = [two.clone(), longer(&two)]
        .concat()
        .into_iter()
        .filter(|text| text.parse::<Pipeline>().unwrap().check().is_ok())
        .collect();
    assert!(texts.len() > 400, "{}", texts.len());
    for kind in KINDS {
        let model = network(kind);
        let examples = images(&model, 3);
        let mut bench = workbench(&model, examples.clone());
        for text in &texts {
            let reports = with(&mut bench, compress(1, text), &mut trained);
            assert_eq!(ended(&reports), [(1, None)], "{kind} {text}");
            let stages = stages(&reports);
            assert_eq!(stages.len(), text.split(',').count() + 1);
            for (place, done) in &stages {
                assert_eq!(done.bytes, done.breakdown.total(), "{kind} {text}");
                let Some(place) = place else { continue };
                let packed = file(&mut bench, FileFormat::Packed, Some(*place)).bytes;
                let (back, _) = unpack(&packed).unwrap();
                let logits = back.logits(&examples.test);
                assert!(logits.iter().all(|logit| logit.is_finite()), "{kind} {text} {place}");
                assert_eq!((packed.len() as u32, logits.len()), (done.bytes + done.breakdown.link, 3 * 4));
                let said: Vec<u8> = logits.chunks(4).map(|logits| argmax(logits).unwrap() as u8).collect();
                assert_eq!(said, done.answers, "{kind} {text} {place}");
            }
        }
    }
}
