//! Experiments of the literature: which one is shown, and its cells as a sweep that was trained elsewhere. Pure.

use std::rc::Rc;

use retort_spec::{Experiment, PAGE_KEYS, Preset, Sweep, decode};

use crate::state::{
    State,
    sweep::{SweepRun, SweepState},
};

/// The experiment of a preset.
pub fn base(preset: &Preset) -> Experiment {
    decode(&preset.link, PAGE_KEYS).experiment
}

/// The address of a preset, behind `#`.
pub fn query(preset: &Preset) -> String {
    [&preset.link, "&sweep=", &preset.sweep].concat()
}

/// What was measured of a preset, to be drawn as a sweep.
pub fn as_sweep(preset: &Preset) -> Option<SweepState> {
    let (base, sweep): (Experiment, Sweep) = (base(preset), preset.sweep.parse().ok()?);
    let cells = sweep.cells(&base);
    let outcomes: Vec<_> =
        preset.cells.iter().map(|cell| cell.as_ref().map(|cell| Ok(Rc::new(cell.results())))).collect();
    (outcomes.len() == cells.len()).then(|| SweepState::done(Rc::new(SweepRun { base, sweep, cells }), outcomes))
}

impl State {
    /// The preset whose sweep is shown: the one that was started, else the one that is written.
    pub fn preset(&self) -> Option<&Preset> {
        let (text, experiment) = match &self.sweep {
            Some(sweep) => (sweep.run.sweep.to_string(), &sweep.run.base),
            None => (self.sweep_text.clone(), &self.experiment),
        };
        self.literature.iter().find(|preset| preset.sweep == text && base(preset) == *experiment)
    }
}

#[cfg(test)]
mod tests {
    use retort_spec::{NetworkId, Outcome, PublishedCell, sweep::Metric};

    use super::*;

    fn preset() -> Preset {
        let cell = |accuracies: [f64; 2]| PublishedCell {
            product: NetworkId::STUDENT,
            control: NetworkId::BASELINE,
            accuracies: [accuracies.into(), vec![0.5, 0.5]],
            outcome: Outcome::Helps,
            p_value: 0.01,
            agreement: Some(0.9),
            calibration_error: None,
        };
        let cells = vec![Some(cell([0.8, 0.9])), None];
        let text = String::new;
        Preset {
            title: text(),
            paper: text(),
            address: text(),
            link: "runs=2".into(),
            sweep: "temperature:1,4".into(),
            metric: "gain".into(),
            claim: text(),
            published: Vec::new(),
            head: text(),
            ours: Vec::new(),
            seen: text(),
            unseen: text(),
            cells,
        }
    }

    #[test]
    fn a_preset_is_known_by_its_experiment_and_its_sweep() {
        let mut state = State::open(&["#", &query(&preset())].concat());
        assert_eq!(state.preset(), None);
        state.literature = Rc::new(vec![preset()]);
        assert_eq!(state.preset(), Some(&preset()));
        state.experiment.seed += 1;
        assert_eq!(state.preset(), None);
    }

    #[test]
    fn what_was_measured_is_a_sweep() {
        let sweep = as_sweep(&preset()).unwrap();
        let results = sweep.outcomes[0].as_ref().unwrap().as_ref().unwrap();
        let mean = |metric: Metric| metric.value(results).map(|spread| (spread.mean * 1e6).round() / 1e6);
        let metrics = [Metric::Accuracy, Metric::Control, Metric::Gain, Metric::Agreement, Metric::Calibration];
        assert_eq!(metrics.map(mean), [Some(0.85), Some(0.5), Some(0.35), Some(0.9), None]);
        assert!(sweep.outcomes[1].is_none() && sweep.is_whole(0));
        assert_eq!(as_sweep(&Preset { cells: Vec::new(), ..preset() }), None);
    }
}
