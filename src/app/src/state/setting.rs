//! What a lesson turns: pairs of a permalink, laid over the experiment that is there.

use retort_spec::{Experiment, PAGE_KEYS, Phase, changed, decode, knob};

/// The experiment with the pairs of `set` turned. A pair that is no knob's value changes nothing; a test forbids it.
pub fn turned(experiment: &Experiment, set: &str) -> Experiment {
    let mut after = experiment.clone();
    for (key, value) in pairs(set) {
        match moved(&after, key, value) {
            Some(moved) => after = moved,
            None => {
                let _ = knob(key).map(|knob| knob.set(&mut after, value));
            }
        }
    }
    after.sanitize();
    after
}

/// The experiment moved to another data set or scheme, which bring their own defaults; `None` for other knobs, and for
/// words that they do not have.
pub fn moved(experiment: &Experiment, key: &str, value: &str) -> Option<Experiment> {
    match key {
        "data" => value.parse().ok().map(|data| experiment.with_data(data)),
        "scheme" => value.parse().ok().map(|scheme| experiment.with_scheme(scheme)),
        _ => None,
    }
}

/// The knobs that mean something before and after a move, and that it changed: the visitor saw their values.
pub fn brought<'a>(before: &'a Experiment, after: &'a Experiment) -> impl Iterator<Item = &'static str> + 'a {
    changed(before, after).map(|knob| knob.key).filter(|key| before.applies(key) && after.applies(key))
}

/// Whether the experiment has every pair of `set`.
pub fn is_turned(experiment: &Experiment, set: &str) -> bool {
    let wanted = turned(experiment, set);
    changed(experiment, &wanted).next().is_none()
}

/// The experiment that a lesson begins with. The device is the machine's affair, not the lesson's.
pub fn opening(now: &Experiment, link: &str) -> Experiment {
    let mut experiment = decode(link, PAGE_KEYS).experiment;
    if !pairs(link).any(|(key, _)| key == "device") {
        experiment.device = now.device;
    }
    experiment
}

/// Whether going from one experiment to the other in the middle of a training has to begin it anew: a live knob alone
/// would go on with networks that learned under both values, and what is measured of them belongs to neither.
pub fn mixes(before: &Experiment, after: &Experiment) -> bool {
    let live = changed(before, after).any(|knob| knob.live);
    let restarts = changed(before, after).any(|knob| !knob.live && knob.phase <= Phase::Student);
    live && !restarts
}

fn pairs(set: &str) -> impl Iterator<Item = (&str, &str)> {
    set.trim_start_matches(['?', '#']).split('&').filter_map(|pair| pair.split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::{DataSet, DeviceChoice, Labels, Scheme};

    #[test]
    fn a_set_changes_what_it_names_and_nothing_else() {
        let before = Experiment { seed: 9, ..Experiment::default() };
        let after = turned(&before, "temperature=20&labels=all");
        assert_eq!(after, Experiment { seed: 9, temperature: 20.0, labels: Labels::All, ..Experiment::default() });
        assert!(is_turned(&after, "temperature=20") && !is_turned(&before, "temperature=20"));
        assert_eq!(turned(&before, "data=moons").data, DataSet::Moons);
        let peers = turned(&before, "scheme=mutual");
        assert_eq!((peers.scheme, peers.members, peers.seed), (Scheme::Mutual, 2, 9));
        assert_eq!(turned(&peers, "scheme=offline"), before);
        assert_eq!(turned(&before, "temperature=1e9&no=1"), before);
    }

    #[test]
    fn a_lesson_begins_with_its_own_experiment_on_the_visitor_s_device() {
        let now = Experiment { seed: 9, device: DeviceChoice::Cpu, ..Experiment::default() };
        let start = opening(&now, "temperature=1");
        assert_eq!((start.seed, start.temperature, start.device), (1, 1.0, DeviceChoice::Cpu));
        assert_eq!(opening(&now, "device=gpu").device, DeviceChoice::Gpu);
    }

    #[test]
    fn only_a_live_knob_alone_mixes_two_experiments() {
        let before = Experiment::default();
        let warm = turned(&before, "temperature=20");
        assert!(mixes(&before, &warm));
        assert!(!mixes(&before, &turned(&warm, "labels=all")), "the students begin anew by themselves");
        assert!(!mixes(&before, &turned(&before, "bits=2")));
        assert!(mixes(&before, &turned(&warm, "runs=1")), "another number of seeds restarts nothing");
    }
}
