//! What comes of trained networks: what is told of them, networks that are computed from others, the result of a run.

use std::sync::Arc;

use retort_compress::Layer;
use retort_spec::{Channel, Event, Mix, NetworkId, Origin, Role, RunResult};

use super::{
    Halt,
    cache::{Left, TrainedNetwork, behind},
    job::Job,
    measure::{answers, measure, test_answers},
    votes::VoteReport,
};
use crate::{
    distill::{
        examples::rows_of,
        private::{Ballot, shares},
    },
    mixture::mix_rows,
    nets::Network,
};

impl Job {
    /// Layers without outputs that are no classes: no file holds those.
    pub(super) fn of_classes(&self, mut layers: Vec<Layer>) -> Vec<Layer> {
        let classes = self.data.dataset.classes;
        if let Some(last) = layers.last_mut().filter(|last| last.outputs > classes) {
            last.weight = last.weight.chunks_exact(last.outputs).flat_map(|row| row[..classes].to_vec()).collect();
            last.bias.truncate(classes);
            last.outputs = classes;
        }
        layers
    }

    /// Takes a trained network into the run, and tells what was measured of it.
    pub(super) fn take(&mut self, id: NetworkId, trained: Arc<TrainedNetwork>, events: &mut Vec<Event>) {
        self.trained.push((id, trained.clone()));
        if id.role == Role::Voter {
            return;
        }
        let mut measured = trained.measured.clone();
        (measured.run, measured.network_id) = (self.run, id);
        measured.agreement = self.agreement(id, &measured.logits);
        events.push(Event::Measured(measured));
        let is_packed = [self.plan.product, self.experiment.pack].contains(&id);
        if let Some(file) = trained.file.as_ref().filter(|_| self.run == 0 || is_packed) {
            let mut file = file.clone();
            (file.run, file.network_id) = (self.run, id);
            events.push(Event::Network(file));
        }
        if self.run == 0
            && let Some(network) = &trained.network
        {
            self.first_run.push((id, network.clone()));
            #[cfg(feature = "graph")]
            if trained.left.exit_layers.count() > 0 {
                self.first_exits.push((id, trained.left.exit_layers.clone()));
            }
        }
    }

    /// Share of the test set on which a network says what the product's teachers say together; `None` where those are
    /// itself, or not all there.
    fn agreement(&self, id: NetworkId, logits: &[f32]) -> Option<f64> {
        let teachers: Vec<NetworkId> = self
            .plan
            .teachers(self.plan.product)
            .iter()
            .map(|(teacher, _)| *teacher)
            .filter(|other| *other != id)
            .collect();
        if teachers.is_empty() || (teachers.len() < self.plan.teachers(self.plan.product).len() && teachers.len() < 2) {
            return None;
        }
        let said = self.together(&teachers)?;
        Some(answers(&self.data, logits).agreement(&said))
    }

    /// The mean answer of networks of the run to the test set, as logits.
    fn together(&self, members: &[NetworkId]) -> Option<Vec<f32>> {
        let logits = |id: &NetworkId| {
            let (_, trained) = self.trained.iter().find(|(other, _)| other == id)?;
            Some((&trained.measured.logits[..], 1.0 / members.len() as f64))
        };
        let all: Vec<(&[f32], f64)> = members.iter().map(logits).collect::<Option<_>>()?;
        if let [(only, _)] = all[..] {
            return Some(only.to_vec());
        }
        let mut mean = Vec::new();
        mix_rows(Mix::Probabilities, &all, self.data.dataset.classes, 1.0, &mut mean);
        Some(mean)
    }

    /// Makes the networks that are computed from others, once those are trained: averages of weights, ensembles, votes.
    pub(super) async fn compose(&mut self, events: &mut Vec<Event>) -> Result<(), Halt> {
        for planned in self.plan.networks.clone() {
            let is_there = |id: &NetworkId| self.trained.iter().any(|(other, _)| other == id);
            if planned.origin.is_trained() || is_there(&planned.id) || !planned.origin.members().iter().all(is_there) {
                continue;
            }
            let (kind, of) = (planned.architecture.kind, (self.run, planned.id));
            let made = match &planned.origin {
                Origin::Average(members) => {
                    let mut all = Vec::new();
                    for (_, network) in self.frozen(|id| members.contains(&id)) {
                        all.push(network.to_layers().await?);
                    }
                    let layers = average(all);
                    let network = Network::from_layers(kind, &layers, &self.data.device);
                    let logits = test_answers(&self.data, &network, self.is_task_told()).await?;
                    let (measured, file) = measure(&self.data, of, (kind, &layers), logits, (0, 0.0));
                    (Some(network), measured, Some(file))
                }
                Origin::Ensemble(members) => {
                    let Some(logits) = self.together(members) else { continue };
                    let (mut measured, _) = measure(&self.data, of, (kind, &[]), logits, (0, 0.0));
                    let of_members = self.trained.iter().filter(|(id, _)| members.contains(id));
                    measured.parameters = of_members.clone().map(|(_, member)| member.measured.parameters).sum();
                    measured.bytes = of_members.map(|(_, member)| member.measured.bytes).sum();
                    (None, measured, None)
                }
                Origin::Votes(members) => {
                    let voters = self.frozen(|id| members.contains(&id));
                    let voters = voters.iter().map(|(_, voter)| voter);
                    let logits = shares(&self.data, voters).await?;
                    let (mut measured, _) = measure(&self.data, of, (kind, &[]), logits, (0, 0.0));
                    let of_members = self.trained.iter().filter(|(id, _)| members.contains(id));
                    measured.parameters = of_members.clone().map(|(_, member)| member.measured.parameters).sum();
                    measured.bytes = of_members.map(|(_, member)| member.measured.bytes).sum();
                    self.votes = self.count_votes(planned.id).await?;
                    (None, measured, None)
                }
                Origin::Drawn(_) | Origin::Copy(_) | Origin::Near { .. } => continue,
            };
            let (network, measured, file) = made;
            let (points, terms) = (Vec::new(), Vec::new());
            let left = Left::default();
            let made = TrainedNetwork { key: None, network, measured, points, terms, file, left };
            self.take(planned.id, Arc::new(made), events);
        }
        Ok(())
    }

    /// What the run's voters say of the examples that they are asked about; `None` where nobody asks.
    async fn count_votes(&self, teacher: NetworkId) -> Result<Option<VoteReport>, Halt> {
        let mut learners = self.plan.phases.iter().flat_map(|phase| &phase.learners);
        let Some(lesson) = learners.find(|lesson| matches!(lesson.channel, Channel::Votes(_))) else { return Ok(None) };
        let ids = behind(&self.plan, teacher);
        let voters = self.frozen(|id| ids.contains(&id));
        let rows = rows_of(&self.data, &self.experiment, lesson, self.seed());
        let ballot = Ballot::new(&self.data, voters.iter().map(|(_, network)| network), rows).await?;
        let of_voters = self.trained.iter().filter(|(id, _)| ids.contains(id));
        let right: Vec<f64> = of_voters.map(|(_, voter)| voter.measured.accuracy).collect();
        let Self { data, experiment, plan, .. } = self;
        Ok(Some(VoteReport::new(data, experiment, plan, self.seed(), ballot, &right)))
    }

    /// The run that is done, as far as the verdict asks.
    pub(super) fn result(&self) -> RunResult {
        let find = |id: NetworkId| self.trained.iter().find(|(other, _)| *other == id).map(|(_, trained)| trained);
        let right = |id: NetworkId| {
            let marks = find(id).map(|trained| answers(&self.data, &trained.measured.logits).correct());
            marks.into_iter().flatten().map(u8::from).collect()
        };
        let accuracies = self.plan.ids().filter_map(|id| Some((id, find(id)?.measured.accuracy))).collect();
        RunResult {
            generation: self.share.generation,
            run: self.run,
            edited_while_training: self.edited_while_training || self.phase_edited,
            accuracies,
            control_right: right(self.plan.control),
            product_right: right(self.plan.product),
        }
    }
}

/// The mean of networks' weights, layer by layer.
fn average(mut all: Vec<Vec<Layer>>) -> Vec<Layer> {
    let count = all.len() as f32;
    let Some(mut mean) = all.pop() else { return Vec::new() };
    for other in all {
        for (to, from) in mean.iter_mut().zip(other) {
            to.weight.iter_mut().zip(from.weight).for_each(|(to, from)| *to += from);
            to.bias.iter_mut().zip(from.bias).for_each(|(to, from)| *to += from);
        }
    }
    for layer in &mut mean {
        layer.weight.iter_mut().chain(&mut layer.bias).for_each(|number| *number /= count);
    }
    mean
}
