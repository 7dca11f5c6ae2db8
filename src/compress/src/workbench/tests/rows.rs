//! Every student in every plain scheme.

use super::*;

fn rows(reports: &[WorkbenchEvent]) -> Vec<(u32, Vec<CompressionResult>)> {
    let of = |report: &WorkbenchEvent| match report {
        WorkbenchEvent::Compressed { run, rows } => Some((*run, rows.iter().cloned().map(timeless).collect())),
        _ => None,
    };
    reports.iter().filter_map(of).collect()
}

#[test]
fn every_plain_scheme_has_a_row_whose_bytes_are_accounted_for() {
    for text in KINDS {
        let model = network(text);
        let examples = images(&model, 40);
        let (said, labels) = (classes_of(&model, &examples.test), examples.labels.clone());
        let mut bench = Workbench::new(clock);
        finish(&mut bench, WorkbenchCommand::EvaluationData(Box::new(examples)));
        let reports = finish(&mut bench, student(0, &model));
        let rows = rows(&reports);
        let [(0, rows)] = &rows[..] else { panic!("{rows:?}") };
        let schemes: Vec<QuantScheme> = rows.iter().map(|row| row.quant_scheme().unwrap()).collect();
        assert_eq!(schemes, plain_schemes().collect::<Vec<_>>());
        for row in rows {
            assert_eq!(row.bytes, row.breakdown.total(), "{text} {}", row.pipeline);
            let right = row.answers.iter().zip(&labels).filter(|(said, label)| said == label).count();
            assert_eq!((row.accuracy, row.answers.len()), (right as f64 / 40.0, 40));
            assert_eq!(
                (row.sparsity, row.layers.len(), row.layouts.len()),
                (0.0, model.layers.len(), model.layers.len())
            );
            assert!(row.layouts.iter().all(|layout| *layout == Layout::Dense));
        }
        assert_eq!((&rows[0].answers, rows[0].accuracy), (&said, 0.8));
        assert!(rows[0].layers.iter().all(|layer| layer.sqnr.is_none() && layer.levels.is_empty()));
        let shares: Vec<f64> = reports
            .iter()
            .filter_map(|report| match report {
                WorkbenchEvent::Progress { task: Task::Schemes, share } => Some(*share),
                _ => None,
            })
            .collect();
        assert!(shares.len() == schemes.len() - 1 && shares.is_sorted() && shares.iter().all(|share| *share < 1.0));
    }
}

#[test]
fn each_run_has_rows_of_its_own_and_a_new_student_takes_the_place_of_an_old_one() {
    let [model, other] = ["12,8", "5"].map(network);
    let examples = images(&model, 10);
    let alone = |model: &Model| {
        let mut bench = workbench(model, examples.clone());
        rows(&finish(&mut bench, student(0, model))).remove(0).1
    };
    let mut bench = workbench(&model, examples.clone());
    tell(&mut bench, student(0, &model));
    tell(&mut bench, student(1, &model));
    for _ in 0..7 {
        bench.work(&mut |_| {});
    }
    let got = rows(&finish(&mut bench, student(0, &other)));
    assert_eq!(
        got.iter().map(|(run, rows)| (*run, rows.len())).collect::<Vec<_>>(),
        [1, 0].map(|run| (run, alone(&model).len()))
    );
    assert_eq!(got, [(1, alone(&model)), (0, alone(&other))]);
}

#[test]
fn only_networks_that_fit_the_examples_are_taken() {
    let model = network("12,8");
    let mut bench = Workbench::new(clock);
    assert!(finish(&mut bench, student(0, &model)).is_empty(), "no examples yet");
    tell(&mut bench, WorkbenchCommand::EvaluationData(Box::new(images(&model, 5))));
    let WorkbenchCommand::Network(good) = student(0, &model) else { panic!() };
    let mut damaged = good.clone();
    damaged.file[30] ^= 1;
    assert!(matches!(&finish(&mut bench, WorkbenchCommand::Network(damaged))[..], [WorkbenchEvent::Refused { .. }]));
    assert!(!finish(&mut bench, WorkbenchCommand::Network(good)).is_empty());
    // The same examples once more change nothing; others make all that is known worthless.
    tell(&mut bench, WorkbenchCommand::EvaluationData(Box::new(images(&model, 5))));
    assert_eq!(looked(&mut bench, "8").answers.len(), 5);
    tell(&mut bench, WorkbenchCommand::EvaluationData(Box::new(images(&model, 6))));
    assert!(finish(&mut bench, quantize_first_run("8")).is_empty());
}

#[test]
fn to_be_forgotten_in_the_midst_leaves_nothing_to_do() {
    let model = network("12,8");
    let mut bench = workbench(&model, images(&model, 5));
    tell(&mut bench, student(0, &model));
    bench.work(&mut |_| {});
    tell(&mut bench, compress(4, "finetune:1"));
    assert_eq!(ended(&finish(&mut bench, WorkbenchCommand::Forget)), [(4, Some(PipelineEnd::Abandoned))]);
    assert!(!bench.is_busy());
    assert!(
        finish(
            &mut bench,
            WorkbenchCommand::FineTuned(FineTuneResult {
                id: 4,
                layers: Ok(vec![]),
                ranges: vec![].into(),
                seconds: 0.0
            })
        )
        .is_empty()
    );
    let refused =
        finish(&mut bench, WorkbenchCommand::Export { format: FileFormat::Packed, stage: Some(0), name: "x".into() });
    assert!(matches!(&refused[..], [WorkbenchEvent::Refused { name, .. }] if name == "x.retort"));
    let again = finish(&mut bench, student(0, &model));
    assert_eq!(rows(&again)[0].1.len(), plain_schemes().count());
}

#[test]
fn whatever_network_comes_is_compressed_under_its_own_name() {
    let (teacher, small) = (network("12,8"), network("conv:4,8"));
    let examples = images(&teacher, 20);
    let mut bench = Workbench::new(clock);
    finish(&mut bench, WorkbenchCommand::EvaluationData(Box::new(examples)));
    for (id, model) in [(NetworkId::TEACHER, &teacher), (NetworkId::STUDENT, &small), (NetworkId::TEACHER, &teacher)] {
        finish(&mut bench, WorkbenchCommand::Forget);
        let all = rows(&finish(&mut bench, trained_network(0, id, model)));
        let [(0, all)] = &all[..] else { panic!("{all:?}") };
        assert!(all.iter().all(|row| row.network_id == id));
        let float = pack_float(model.kind, model.features, &model.to_layers()).len() as u32;
        assert_eq!(all[0].bytes, float, "its own file, not the one before's");
        assert_eq!(looked(&mut bench, "4").network_id, id);
        let answered = finish(&mut bench, WorkbenchCommand::Classify { id: 1, inputs: vec![0.5; 64].into() });
        let [WorkbenchEvent::Answers { answer, .. }] = &answered[..] else { panic!("{answered:?}") };
        assert_eq!(answer.network_id, id);
        // The engine is told which network learns on.
        let asked = with(&mut bench, compress(1, "finetune:1"), &mut |tuning| {
            assert_eq!(tuning.network_id, id);
            trained(tuning)
        });
        assert!(stages(&asked).iter().all(|(_, done)| done.network_id == id));
    }
}

#[test]
fn where_the_task_is_told_the_other_ones_classes_do_not_compete() {
    let model = network(KINDS[0]);
    let examples = EvaluationData { told: 2, ..images(&model, 40) };
    let labels = examples.labels.clone();
    let mut bench = Workbench::new(clock);
    finish(&mut bench, WorkbenchCommand::EvaluationData(Box::new(examples)));
    let reports = finish(&mut bench, student(0, &model));
    let rows = rows(&reports);
    let [(0, rows)] = &rows[..] else { panic!("{rows:?}") };
    for row in rows {
        assert!(row.answers.iter().zip(&labels).all(|(said, label)| (*said < 2) == (*label < 2)));
    }
}
