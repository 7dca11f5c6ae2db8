//! What a task shows of itself, while its networks learn and when they are asked: a task's pictures, one file each.

mod numbers;
mod reading;
mod rows;
pub mod sizes;
mod table;
mod writing;

use retort_spec::{Exhibit, ExhibitPlace, Experiment, NetworkId, Output, Plan};

use sizes::Sizes;

use super::{lessons::Subject, reports::Scored};
use crate::{nets::Network, tasks::Task};

/// What exhibits are made of.
#[derive(Default)]
pub struct Shown {
    /// The networks of the first run as they are now.
    networks: Vec<(NetworkId, Network)>,
    /// The sizes of the product's files, once it is trained.
    pub sizes: Option<Sizes>,
}

impl Shown {
    /// A network as it is now, in the place of what it was before.
    pub fn put(&mut self, id: NetworkId, network: Network) {
        self.networks.retain(|(other, _)| *other != id);
        self.networks.push((id, network));
    }

    /// A network, where it has begun to learn.
    pub fn network(&mut self, id: NetworkId) -> Option<&mut Network> {
        self.networks.iter_mut().find(|(other, _)| *other == id).map(|(_, network)| network)
    }
}

/// What is shown, and what the visitor asked of it.
pub struct Scene<'a> {
    /// The experiment.
    pub experiment: &'a Experiment,
    /// Its plan.
    pub plan: &'a Plan,
    /// What it learns.
    pub subject: &'a Subject,
    /// What was measured of each network in each run.
    pub scored: &'a [(u32, NetworkId, Scored)],
    /// What was asked of each block.
    pub asked: &'a [(u8, String)],
}

impl<'a> Scene<'a> {
    /// The task.
    fn task(&self) -> &'a Task {
        &self.subject.task
    }

    /// What was asked of a block.
    fn question(&self, block: u8) -> Option<&'a str> {
        self.asked.iter().find(|(id, _)| *id == block).map(|(_, text)| text.as_str())
    }

    /// The line and the piece that were asked about.
    fn pressed(&self, block: u8) -> Option<[u32; 2]> {
        let (line, piece) = self.question(block)?.split_once(',')?;
        Some([line.parse().ok()?, piece.parse().ok()?])
    }
}

/// All exhibits of a task.
pub fn all(scene: &Scene<'_>, shown: &mut Shown) -> Vec<Exhibit> {
    let mut exhibits = match (scene.experiment.output(), &scene.subject.facts) {
        (Output::Classes, Some(facts)) => {
            vec![Exhibit { place: ExhibitPlace::Hero, blocks: rows::blocks(scene, facts, shown) }]
        }
        (Output::Classes, None) => reading::exhibits(scene, shown),
        (Output::NextToken, _) => writing::exhibits(scene, shown),
        (Output::Number, _) => numbers::exhibits(scene, shown),
    };
    exhibits.extend(table::exhibit(scene));
    exhibits.extend(shown.sizes.as_ref().map(|sizes| sizes.exhibit(scene.experiment.bits)));
    exhibits
}
