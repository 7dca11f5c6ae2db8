//! The curves of the networks that learn, and what is known of a network of the run under way: now, or as it ended.

use retort_spec::{CurvePoint, Event, NetworkId, Role, Terms};

#[cfg(feature = "graph")]
use super::discriminator_curve::DiscriminatorCurve;
use super::{
    Halt,
    cache::{Left, NetworkKey},
    job::{Curve, Job, Work, learns_other_data},
    measure::{answers, sample, test_answers, train_accuracy},
};
#[cfg(feature = "graph")]
use crate::distill::phase::Pictures;
use crate::{
    distill::phase::{PhaseRun, Trainee},
    train::{fused::TermName, learner::Learner},
};

impl Job {
    pub(super) fn begin_curves(&mut self, phase: &PhaseRun, keys: Vec<Option<NetworkKey>>) {
        let curve = |(trainee, key): (&Trainee, _)| Curve {
            network_id: trainee.id(),
            key,
            points: Vec::new(),
            terms: Vec::new(),
            logits: Vec::new(),
            left: Left::default(),
            sample: sample(phase.labelled_rows(trainee)),
        };
        self.curves = phase.trainees().iter().zip(keys).map(curve).collect();
        (self.fresh, self.phase_edited, self.seconds) = (true, false, 0.0);
    }

    /// Measures a point of each curve.
    pub(super) async fn points(&mut self, events: &mut Vec<Event>) -> Result<(), Halt> {
        self.check_losses().await?;
        let epoch_steps = self.epoch_steps();
        let (run, is_told) = (self.run, self.is_task_told());
        let learned = match &self.elsewhere {
            Some((_, elsewhere)) if learns_other_data(&self.plan, self.phase) => elsewhere,
            _ => &self.data,
        };
        match &mut self.work {
            Work::Phase(phase) => {
                for (trainee, curve) in phase.trainees().iter().zip(&mut self.curves) {
                    let (learner, network_id) = (&trainee.learner, trainee.id());
                    if network_id.role == Role::Voter {
                        continue;
                    }
                    let train_loss = learner.mean_loss().await?;
                    let (step, epoch) = (learner.steps_done(), learner.steps_done() / epoch_steps);
                    let network = learner.network();
                    let logits = test_answers(&self.data, &network, is_told).await?;
                    let answered = answers(&self.data, &logits);
                    let point = CurvePoint {
                        run,
                        network_id,
                        epoch,
                        step,
                        train_loss,
                        train_accuracy: train_accuracy(learned, &network, &curve.sample).await?,
                        test_loss: answered.loss(),
                        test_accuracy: answered.accuracy(),
                    };
                    curve.points.push(point);
                    (curve.logits, curve.left.exits) = (logits, trainee.exits(&self.data).await?);
                    #[cfg(feature = "graph")]
                    if let Some(scores) = phase.judged(&self.data, &self.experiment, trainee).await? {
                        curve.left.discriminator.get_or_insert_default().add(epoch, scores);
                    }
                    curve.left.pictures = phase.pictures(&self.data, trainee).await?;
                    events.push(Event::Point(point));
                    let values = if trainee.is_taught() { learner.mean_terms().await? } else { Vec::new() };
                    let name =
                        |(word, part): TermName| if part.is_empty() { word.into() } else { format!("{word}:{part}") };
                    let values: Vec<_> = values.into_iter().map(|(term, value)| (name(term), value)).collect();
                    if !values.is_empty() {
                        let terms = Terms { run, network_id, epoch, step, values };
                        curve.terms.push(terms.clone());
                        events.push(Event::Terms(terms));
                    }
                }
                phase.learners_mut().for_each(Learner::reset_loss);
                if run == 0 {
                    events.extend(self.exhibit().map(Event::Exhibit));
                }
            }
            Work::Tuning(tuning) => tuning.reset_loss(),
            Work::Finished => {}
        }
        Ok(())
    }

    /// What a network of the run under way says of the test set, now or when its last point was measured.
    pub(super) fn test_logits(&self, id: NetworkId) -> Option<&[f32]> {
        let trained = self.trained.iter().find(|(other, _)| *other == id);
        let learning = || self.curves.iter().find(|curve| curve.network_id == id && !curve.logits.is_empty());
        trained.map(|(_, trained)| &trained.measured.logits[..]).or_else(|| learning().map(|curve| &curve.logits[..]))
    }

    /// The same of its exits but the last.
    #[cfg(feature = "graph")]
    pub(super) fn exit_logits(&self, id: NetworkId) -> Option<&[Vec<f32>]> {
        let trained = self.trained.iter().find(|(other, _)| *other == id);
        let learning = || self.curves.iter().find(|curve| curve.network_id == id);
        trained.map(|(_, trained)| &trained.left.exits[..]).or_else(|| learning().map(|curve| &curve.left.exits[..]))
    }

    /// What a discriminator said of a network of the run under way; nothing where there was none.
    #[cfg(feature = "graph")]
    pub(super) fn discriminator(&self, id: NetworkId) -> Option<&DiscriminatorCurve> {
        let trained = self.trained.iter().find(|(other, _)| *other == id);
        let learning = || self.curves.iter().find(|curve| curve.network_id == id);
        match trained {
            Some((_, trained)) => trained.left.discriminator.as_ref(),
            None => learning()?.left.discriminator.as_ref(),
        }
    }

    /// What a network of the run under way was shown in place of examples.
    #[cfg(feature = "graph")]
    pub(super) fn pictures(&self, id: NetworkId) -> Option<&Pictures> {
        let trained = self.trained.iter().find(|(other, _)| *other == id);
        let learning = || self.curves.iter().find(|curve| curve.network_id == id)?.left.pictures.as_ref();
        trained.map_or_else(learning, |(_, trained)| trained.left.pictures.as_ref())
    }
}
