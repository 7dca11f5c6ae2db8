//! The networks of the first run, kept to be asked: about a drawing, about every place of the plane, for a file.

use retort_spec::{Actor, Answer, Bits, Event, FileData, Granularity, REGION_REACH, REGION_SIDE};

use super::{Halt, job::Job};
use crate::{
    compress::pack::{pack, unpack},
    export::safetensors,
    nets::{Layer, Network},
};

/// The finished students of the first run.
#[derive(Default)]
pub struct Shown {
    students: Option<[Network; 2]>,
    layers: Vec<Layer>,
    /// The student read back from its file of this width and granularity.
    packed: Option<((Bits, Granularity), Network)>,
}

impl Shown {
    /// Keeps the students of a finished run.
    pub fn new(baseline: Network, student: Network, layers: Vec<Layer>) -> Self {
        Self { students: Some([baseline, student]), layers, packed: None }
    }

    /// The finished student.
    pub fn student(&self) -> Option<Network> {
        self.students.as_ref().map(|[_, student]| student.clone())
    }
}

impl Job {
    /// What every network of the first run says of some inputs, as far as it is.
    ///
    /// # Shapes
    /// `inputs`: `[inputs, features]`, row by row. Incomplete rows are cut off; without a whole row nobody answers.
    pub async fn ask(&mut self, inputs: &[f32]) -> Result<Vec<Answer>, Halt> {
        let features = self.bench.dataset.features();
        let whole = &inputs[..inputs.len() / features * features];
        let mut answers = Vec::new();
        if whole.is_empty() {
            return Ok(answers);
        }
        for (actor, packed, network) in self.asked()? {
            let logits = self.bench.answer(&network, whole.to_vec()).await?.into();
            answers.push(Answer { actor, packed, logits });
        }
        Ok(answers)
    }

    /// What they say of every place of the plane; nothing where the data are no points.
    pub async fn regions(&mut self) -> Result<Option<Event>, Halt> {
        if self.bench.dataset.is_image() {
            return Ok(None);
        }
        Ok(Some(Event::Regions(self.ask(&places()).await?)))
    }

    /// The student of the first run as a file to keep.
    pub fn export(&self, link: &str) -> Option<Event> {
        let bytes = safetensors::write(&self.shown.layers, link);
        let file = FileData { name: "retort-student.safetensors".into(), bytes };
        (!self.shown.layers.is_empty()).then_some(Event::File(file))
    }

    fn asked(&mut self) -> Result<Vec<(Actor, bool, Network)>, Halt> {
        let mut asked = Vec::new();
        asked.extend(self.first_teacher().map(|network| (Actor::Teacher, false, network)));
        let students = self.first_students().or_else(|| self.shown.students.clone());
        if let Some([baseline, student]) = students {
            asked.extend([(Actor::Baseline, false, baseline), (Actor::Student, false, student)]);
        }
        asked.extend(self.packed()?.map(|network| (Actor::Student, true, network)));
        Ok(asked)
    }

    fn packed(&mut self) -> Result<Option<Network>, Halt> {
        let wanted = (self.experiment.bits, self.experiment.granularity);
        let Shown { layers, packed, .. } = &mut self.shown;
        if !layers.is_empty() && packed.as_ref().is_none_or(|(scheme, _)| *scheme != wanted) {
            let back = unpack(&pack(layers, wanted.0, wanted.1)?.file)?;
            let network = Network::from_layers(self.experiment.student.kind, &back, &self.bench.device);
            *packed = Some((wanted, network));
        }
        Ok(packed.as_ref().map(|(_, network)| network.clone()))
    }
}

/// The centres of the cells of the square of [`Event::Regions`], row by row from the top left.
fn places() -> Vec<f32> {
    let at = |index: usize| REGION_REACH * ((2 * index + 1) as f32 / REGION_SIDE as f32 - 1.0);
    (0..REGION_SIDE).flat_map(|row| (0..REGION_SIDE).flat_map(move |column| [at(column), -at(row)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_run_from_the_top_left_to_the_bottom_right() {
        let places = places();
        let half = REGION_REACH / REGION_SIDE as f32;
        assert_eq!(places.len(), 2 * REGION_SIDE * REGION_SIDE);
        let near = |at: usize, want: [f32; 2]| {
            assert!((places[at] - want[0]).abs() < 1e-6 && (places[at + 1] - want[1]).abs() < 1e-6);
        };
        near(0, [half - REGION_REACH, REGION_REACH - half]);
        near(2, [3.0 * half - REGION_REACH, REGION_REACH - half]);
        near(places.len() - 2, [REGION_REACH - half, half - REGION_REACH]);
    }
}
