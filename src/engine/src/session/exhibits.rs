//! What a scheme shows of itself while its networks learn: blocks that the page draws without knowing the scheme.

#[cfg(feature = "graph")]
mod adversarial;
#[cfg(feature = "graph")]
mod dataset;
#[cfg(feature = "graph")]
mod exits;
#[cfg(feature = "graph")]
mod generator;
#[cfg(feature = "graph")]
mod lifelong;
mod private;
#[cfg(feature = "graph")]
mod transfer_learning;

use retort_spec::{Block, Cell, Exhibit, ExhibitPlace, NetworkId, Phrase, Role, RowName, Scheme};

use super::{job::Job, measure::answers};

impl Job {
    /// The exhibit of the experiment's scheme, where it has one, from the networks of the run under way as far as they
    /// are.
    pub(super) fn exhibit(&self) -> Option<Exhibit> {
        let blocks = match self.experiment.scheme {
            Scheme::Mutual | Scheme::Codistillation => self.agreements(),
            #[cfg(feature = "graph")]
            Scheme::Lifelong => self.forgetting(),
            Scheme::Private => self.secret(),
            #[cfg(feature = "graph")]
            Scheme::Exits => self.exits(),
            #[cfg(feature = "graph")]
            Scheme::TransferLearning => self.handed_on(),
            #[cfg(feature = "graph")]
            Scheme::Generator => self.drawings(),
            #[cfg(feature = "graph")]
            Scheme::Dataset => self.handful(),
            _ => Vec::new(),
        };
        #[cfg(feature = "graph")]
        let blocks = [blocks, self.judged()].concat();
        (!blocks.is_empty()).then_some(Exhibit { place: ExhibitPlace::Scheme, blocks })
    }

    /// How often peers say the same of a test example, beside a network that learns alone.
    fn agreements(&self) -> Vec<Block> {
        let said: Vec<(NetworkId, &[f32])> =
            self.plan.ids().filter_map(|id| Some((id, self.test_logits(id)?))).collect();
        let row = |&(id, logits): &(NetworkId, &[f32])| {
            let own = answers(&self.data, logits);
            let others = said.iter().filter(|(other, _)| other.role == Role::Student && *other != id);
            let shares: Vec<f64> = others.map(|(_, other)| own.agreement(other)).collect();
            let mean = shares.iter().sum::<f64>() / shares.len() as f64;
            (RowName::Network(id), vec![Cell::Share(own.accuracy()), Cell::Share(mean)])
        };
        let peers = said.iter().filter(|(id, _)| id.role == Role::Student).count();
        if peers < 2 {
            return Vec::new();
        }
        vec![Block::Table {
            caption: Phrase::new("peers-picture"),
            columns: vec![Phrase::new("peers-right"), Phrase::new("peers-agree")],
            rows: said.iter().filter(|(id, _)| id.role != Role::Ensemble).map(row).collect(),
        }]
    }
}
