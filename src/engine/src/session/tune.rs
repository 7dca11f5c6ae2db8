//! Compressed networks of a finished experiment: what they are measured with, and their training.

use retort_spec::{EvaluationData, Event, FineTuneRequest as Request, FineTuneResult, NetworkId, PipelineEnd};

use super::{
    Halt,
    job::{Job, Work},
};
use crate::{
    distill::{examples::old_classes, tuning::Tuning},
    nets::Network,
};

/// Training examples that ranges and repairs are calibrated with.
const CALIBRATION: usize = 512;

impl Job {
    /// The examples that compressed networks are measured and calibrated with.
    pub fn examples(&self) -> Event {
        let dataset = &self.data.dataset;
        let (features, count) = (dataset.features(), dataset.train.len());
        let every = count.div_ceil(CALIBRATION).max(1);
        let rows = (0..count as u32).step_by(every);
        let calibration = rows.flat_map(|row| dataset.train.input(row, features).to_vec()).collect::<Vec<f32>>();
        Event::EvaluationData(Box::new(EvaluationData {
            features: features as u32,
            classes: dataset.classes as u32,
            image: dataset.is_image(),
            test: dataset.test.inputs.clone().into(),
            labels: dataset.test.labels.clone(),
            calibration: calibration.into(),
            told: if self.is_task_told() { old_classes(dataset.classes) as u32 } else { 0 },
        }))
    }

    /// Begins to train a compressed network; or says why not.
    pub async fn tune(&mut self, request: Request) -> Result<Option<Event>, Halt> {
        let id = request.id;
        let imitated = self.plan.lesson(request.network_id).map_or(&[][..], |lesson| &lesson.teachers);
        let taught = self.teachers.iter().find(|(run, _)| *run == request.run).filter(|_| self.is_at_rest());
        // All networks of the first run are kept, since another one may be picked at any time.
        let kept = taught.map(|(run, teachers)| if *run == 0 { &self.first_run } else { teachers });
        let is_imitated = |id: &NetworkId| imitated.iter().any(|(teacher, _)| teacher == id);
        let frozen: Option<Vec<(NetworkId, Network)>> =
            kept.map(|kept| kept.iter().filter(|(id, _)| is_imitated(id)).cloned().collect());
        let Some(frozen) = frozen.filter(|frozen| frozen.len() == imitated.len()) else {
            return Ok(Some(without_student(id)));
        };
        let seed = self.experiment.seed.wrapping_add(request.run);
        #[cfg_attr(not(feature = "graph"), expect(unused_mut, reason = "there are no specialists"))]
        let mut tuning = match Tuning::new(request, &self.data, &self.experiment, (&self.plan, frozen), seed) {
            Ok(tuning) => tuning,
            Err(error) => {
                let reason = error.to_string();
                return Ok(Some(Event::FineTuned(unfinished(id, PipelineEnd::Failed { reason }))));
            }
        };
        #[cfg(feature = "graph")]
        {
            let specialties = self.specialties();
            if !specialties.is_empty() {
                tuning.fuse_specialists(&self.data, &specialties).await?;
            }
        }
        self.seconds = 0.0;
        self.work = Work::Tuning(Box::new(tuning));
        Ok(None)
    }

    /// Stops training a compressed network, if one is trained.
    pub fn abandon(&mut self) -> Option<Event> {
        let Work::Tuning(tuning) = &self.work else { return None };
        let ended = unfinished(tuning.request().id, PipelineEnd::Abandoned);
        self.work = Work::Finished;
        Some(Event::FineTuned(ended))
    }

    /// What came of it.
    pub(super) async fn tuned(&self, tuning: &Tuning) -> Result<Event, Halt> {
        let id = tuning.request().id;
        let layers = tuning.layers().await?;
        let numbers = layers.iter().flat_map(|layer| {
            let matrices = layer.factors.iter().flat_map(|matrix| matrix.values.iter().chain(matrix.codebook.iter()));
            layer.bias.iter().chain(matrices)
        });
        if !numbers.into_iter().all(|number| number.is_finite()) {
            let rate = self.experiment.learning_rate;
            let reason = format!("its weights are no numbers any more; lower learning-rate (now {rate})");
            return Ok(Event::FineTuned(unfinished(id, PipelineEnd::Failed { reason })));
        }
        let ranges = tuning.ranges().await?.into();
        Ok(Event::FineTuned(FineTuneResult { id, layers: Ok(layers), ranges, seconds: self.seconds }))
    }
}

/// The answer where there is no such network to train on, or not all that taught it.
pub(super) fn without_student(id: u32) -> Event {
    Event::FineTuned(unfinished(id, PipelineEnd::NoStudent))
}

fn unfinished(id: u32, why: PipelineEnd) -> FineTuneResult {
    FineTuneResult { id, layers: Err(why), ranges: Vec::new().into(), seconds: 0.0 }
}
