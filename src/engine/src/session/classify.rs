//! What the networks of the first run say: of a drawing, of every place of the plane.

use retort_spec::{Answer, Event, places};

use super::{Halt, job::Job};

impl Job {
    /// What every network of the first run says of some inputs, as far as it is.
    ///
    /// # Shapes
    /// `inputs`: `[inputs, features]`, row by row. Incomplete rows are cut off; without a whole row nobody answers.
    pub async fn classify(&mut self, inputs: &[f32]) -> Result<Vec<Answer>, Halt> {
        let features = self.data.dataset.features();
        let whole = &inputs[..inputs.len() / features * features];
        let mut answers = Vec::new();
        if whole.is_empty() {
            return Ok(answers);
        }
        for (network_id, network) in self.first_run_networks() {
            let logits = self.data.answer(&network, whole.to_vec()).await?.into();
            answers.push(Answer { network_id, packed: false, logits });
        }
        Ok(answers)
    }

    /// What they say of every place of the plane; nothing where the data are no points.
    pub async fn regions(&mut self) -> Result<Option<Event>, Halt> {
        if self.data.dataset.is_image() {
            return Ok(None);
        }
        Ok(Some(Event::Regions(self.classify(&places()).await?)))
    }
}
