use proptest::prelude::*;

use super::*;
use crate::{
    knobs::{KNOBS, Kind, knob},
    network_id::NetworkId,
    plan::{Origin, PlanFault},
};

/// Every scheme on every data set, with the knobs that mean something in it turned at random.
fn experiments() -> impl Strategy<Value = Experiment> {
    let picks = proptest::collection::vec(any::<prop::sample::Index>(), SCHEME_KNOBS.len());
    (prop::sample::select(Scheme::ALL), prop::sample::select(DataSet::ALL), 0_u32..=10, picks).prop_map(
        |(scheme, data, members, picks)| {
            let mut experiment = Experiment::usual(data, scheme);
            for (key, pick) in SCHEME_KNOBS.iter().zip(picks) {
                let knob = knob(key).unwrap();
                if let Kind::Choice(words) = knob.kind {
                    knob.set(&mut experiment, words[pick.index(words.len())]).unwrap();
                }
            }
            experiment.members = members;
            experiment.sanitize();
            experiment
        },
    )
}

proptest! {
    #[test]
    fn every_plan_is_sound(experiment in experiments()) {
        let plan = experiment.plan();
        prop_assert_eq!(plan.check(), Ok(()), "{:?}", plan);
        let read: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        prop_assert_eq!(read, plan);
    }
}

#[test]
fn a_control_with_another_start_is_caught() {
    for &scheme in Scheme::ALL {
        let mut plan = Experiment::usual(DataSet::Digits8, scheme).plan();
        let control = plan.control;
        let network = plan.networks.iter_mut().find(|network| network.id == control).unwrap();
        network.origin = Origin::Drawn("elsewhere".into());
        let is_caught = plan.check() == Err(PlanFault::Unequal("start"));
        // There another start is the contrast, and ingredients may have any.
        let may_differ = matches!(scheme, Scheme::Subliminal | Scheme::TransferLearning | Scheme::Soup);
        assert_eq!(is_caught, !may_differ, "{scheme}");
    }
}

#[test]
fn a_step_costs_what_the_largest_network_of_the_plan_does() {
    let wide = Experiment { teacher: "512".parse().unwrap(), ..Experiment::default() };
    // Three passes of 64 · 512 + 512 · 10 for each of 32 examples.
    assert_eq!(wide.step_multiply_adds(), 3.0 * 32.0 * 37_888.0);
    let peers = Experiment { scheme: Scheme::Mutual, members: 2, ..wide };
    assert_eq!(peers.step_multiply_adds(), 3.0 * 32.0 * 1184.0, "there is no teacher");
}

#[test]
fn other_faults_are_caught() {
    let sound = Experiment::default().plan();
    let mut early = sound.clone();
    early.phases.swap(0, 1);
    assert_eq!(early.check(), Err(PlanFault::TooEarly(NetworkId::TEACHER)));
    let mut longer = sound.clone();
    let control = longer.phases[1].learners.remove(0);
    longer.phases.push(crate::plan::PlannedPhase { epochs: 99, learners: vec![control] });
    assert_eq!(longer.check(), Err(PlanFault::Unequal("budget")));
    let mut orphan = sound.clone();
    orphan.phases[1].learners[1].teachers.clear();
    assert_eq!(orphan.check(), Err(PlanFault::Orphan(NetworkId::TEACHER)));
    let mut weights = sound;
    weights.phases[1].learners[1].teachers[0].1 = 0.5;
    assert_eq!(weights.check(), Err(PlanFault::Weights(NetworkId::STUDENT)));
}

#[test]
fn a_student_begins_near_a_teacher_of_its_shape_alone() {
    let usual = Experiment::default();
    let alike = Experiment { teacher: usual.student.clone(), ..usual.clone() };
    let near = Experiment { near: 0.4, ..alike.clone() };
    let plan = near.plan();
    assert_eq!(plan.check(), Ok(()));
    let start = Origin::Near { network: NetworkId::TEACHER, share: 0.4, stream: "student".into() };
    assert!([plan.control, plan.product].iter().all(|id| plan.network(*id).unwrap().origin == start));
    assert!(near.applies("near") && !usual.applies("near"));
    assert_eq!(Experiment { near: 0.4, ..usual.clone() }.plan(), usual.plan());
    assert!(alike.plan().networks.iter().all(|one| matches!(one.origin, Origin::Drawn(_))));
    // Its teacher is paid for, whoever imitates it.
    let [near, alike] = [near, alike].map(|one| Experiment { soft_weight: 0.0, ..one }.training_cost(100));
    assert!(near > alike);
}

#[test]
fn defaults_of_schemes_are_valid_and_come_back_from_their_links() {
    for &scheme in Scheme::ALL {
        for &data in DataSet::ALL.iter().filter(|data| scheme.fits(**data)) {
            let mut experiment = Experiment::usual(data, scheme);
            let link = crate::encode(&experiment);
            assert_eq!(crate::decode(&link, &[]).experiment, experiment, "{link}");
            assert!(experiment.sanitize().is_empty(), "{scheme} on {data}");
        }
        assert!(KNOBS.iter().any(|knob| knob.key == "scheme"));
        for key in scheme.entry().knobs {
            assert!(SCHEME_KNOBS.contains(key), "{key}");
        }
    }
}

#[test]
fn a_picture_costs_what_its_generator_multiplies() {
    let of = |data, generator_kind| Experiment { generator_kind, ..Experiment::for_data(data) }.generator_cost();
    // 32 · 64 and 64 · 64; 32 numbers become 2 × 2 places of 8 channels, and each of the 4 × 4 and 8 × 8 places behind
    // them sees a window of 9.
    assert_eq!(of(DataSet::Digits8, GeneratorKind::Perceptron), 6144.0);
    assert_eq!(of(DataSet::Digits8, GeneratorKind::Upsampling), f64::from(4 * 32 * 8 + 16 * 9 * 8 * 8 + 64 * 9 * 8));
    // Points have no windows.
    assert_eq!(of(DataSet::Moons, GeneratorKind::Upsampling), f64::from(32 * 64 + 64 * 2));
}
