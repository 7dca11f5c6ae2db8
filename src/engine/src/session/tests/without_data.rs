//! Schemes that show a network pictures in place of examples.

use super::*;
use retort_spec::{GeneratorKind, GeneratorLoss};

/// The ink of the pictures under a caption, in each exhibit that has them.
fn pictures(events: &[Event], caption: &str) -> Vec<Vec<f32>> {
    let exhibits = events.iter().filter_map(|event| match event {
        Event::Exhibit(exhibit) => Some(&exhibit.blocks),
        _ => None,
    });
    let pictures = exhibits.flatten().filter_map(|block| match block {
        Block::Pictures { caption: own, ink, .. } if own.key == caption => Some(ink.to_vec()),
        _ => None,
    });
    pictures.collect()
}

fn file(events: &[Event], network_id: NetworkId) -> Vec<u8> {
    let of = |event: &Event| match event {
        Event::Network(file) if file.network_id == network_id => Some(file.file.clone()),
        _ => None,
    };
    events.iter().find_map(of).unwrap()
}

#[test]
fn drawn_pictures_change_and_no_label_reaches_their_student() {
    let of = [
        (GeneratorLoss::Unmistakable, GeneratorKind::Upsampling),
        (GeneratorLoss::Disagreement, GeneratorKind::Perceptron),
    ];
    for (generator, generator_kind) in of {
        let (scheme, labels) = (Scheme::Generator, Labels::Count(0));
        let drawn = Experiment { scheme, labels, soft_weight: 1.0, generator, generator_kind, ..small() };
        let events = finish(&mut session(), Command::Run(drawn.clone()));
        let [drawings, noise, sparse] =
            ["drawing-generated", "drawing-noise", "drawing-sparse"].map(|caption| pictures(&events, caption));
        let (first, last) = (drawings.first().unwrap(), drawings.last().unwrap());
        assert_eq!(first.len(), 16 * 64);
        assert!(drawings.iter().flatten().all(|ink| (0.0..=1.0).contains(ink)));
        let moved: f32 = first.iter().zip(last).map(|(one, other)| (one - other).abs()).sum();
        assert!(moved > 1.0, "the generator learns: {moved}");
        let mean = first.iter().sum::<f32>() / first.len() as f32;
        assert!((0.1..0.3).contains(&mean), "about as dark as digits before it learns: {mean}");
        assert!(noise.iter().all(|one| *one == noise[0]) && sparse.iter().all(|one| *one == sparse[0]));
        let black = |ink: &[f32]| ink.iter().filter(|ink| **ink == 0.0).count();
        assert!(black(&sparse[0]) > 300 && black(&noise[0]) < 10);
        let right = |id| vec![measured(&events, id).accuracy];
        let shares = last_shares(&events);
        assert_eq!(shares.len(), 3);
        assert_eq!(shares[0].1[..1], right(NetworkId::BASELINE));
        assert_eq!(shares[2].1[..1], right(NetworkId::STUDENT));
        // The same student, whatever labels there are.
        let labelled = Experiment { labels: Labels::All, ..drawn };
        let other = finish(&mut session(), Command::Run(labelled));
        assert_eq!(file(&other, NetworkId::STUDENT), file(&events, NetworkId::STUDENT), "{generator}");
    }
}

#[test]
fn a_data_set_is_distilled_into_pictures_that_teach() {
    let handful = Experiment { scheme: Scheme::Dataset, student_epochs: 4, teacher_epochs: 4, pictures: 2, ..small() };
    let mut session = session();
    let events = finish(&mut session, Command::Run(handful.clone()));
    let matched = pictures(&events, "drawing-matching");
    let (first, last) = (matched.first().unwrap(), matched.last().unwrap());
    assert_eq!(last.len(), 10 * 2 * 64);
    assert_ne!(first, last);
    let student = measured(&events, NetworkId::STUDENT);
    assert!(student.accuracy > 0.3, "they teach: {}", student.accuracy);
    let rows: Vec<RowName> = last_shares(&events).into_iter().map(|(name, _)| name).collect();
    assert_eq!(rows.len(), 4, "{rows:?}");
    // The pictures are found again with the network beside which they were learned.
    let longer = Experiment { student_epochs: 2, ..handful };
    assert_eq!(trained(&mut session, Command::Run(longer)), ["baseline", "student", "student-2"]);
}
