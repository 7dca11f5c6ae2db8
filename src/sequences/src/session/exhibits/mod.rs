//! What a task shows of itself, while its networks learn and when they are asked: a task's pictures, one file each.

mod numbers;
mod reading;
pub mod sizes;
mod writing;

use retort_spec::{Exhibit, Experiment, NetworkId, Output, Plan};

use sizes::Sizes;

use super::reports::Scored;
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

/// What was asked of a block.
fn question(asked: &[(u8, String)], block: u8) -> Option<&str> {
    asked.iter().find(|(id, _)| *id == block).map(|(_, text)| text.as_str())
}

/// The line and the piece that were asked about.
fn pressed(asked: &[(u8, String)], block: u8) -> Option<[u32; 2]> {
    let (line, piece) = question(asked, block)?.split_once(',')?;
    Some([line.parse().ok()?, piece.parse().ok()?])
}

/// All exhibits of a task.
pub fn all(
    experiment: &Experiment,
    plan: &Plan,
    task: &Task,
    shown: &mut Shown,
    scored: &[(u32, NetworkId, Scored)],
    asked: &[(u8, String)],
) -> Vec<Exhibit> {
    let mut exhibits = match experiment.data.output() {
        Output::Classes => reading::exhibits(experiment, plan, task, shown, asked),
        Output::NextToken => writing::exhibits(experiment, plan, task, shown, scored, asked),
        Output::Number => numbers::exhibits(experiment, plan, task, shown),
    };
    exhibits.extend(shown.sizes.as_ref().map(|sizes| sizes.exhibit(experiment.bits)));
    exhibits
}
