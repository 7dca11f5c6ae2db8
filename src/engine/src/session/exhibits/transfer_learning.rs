//! What becomes of weights that were learned on another data set.

use retort_compress::Layer;
use retort_spec::{Block, Cell, LabelAccess, NetworkId, Origin, Phrase, RowName, Supervision};

use crate::{
    nets::Network,
    session::{
        Halt,
        handed_on::{HandedOn, moved},
        job::Job,
        measure::{answers, test_answers},
    },
};

impl Job {
    /// What was handed on to a network that is trained, or what one of another data set knows of its own.
    pub(in crate::session) async fn handed_on_to(
        &self,
        supervision: &Supervision,
        network: &Network,
        layers: &[Layer],
    ) -> Result<HandedOn, Halt> {
        let mut known = HandedOn::default();
        if let (LabelAccess::Elsewhere(_), Some((_, elsewhere))) = (supervision.labels, &self.elsewhere) {
            let logits = test_answers(elsewhere, network, false).await?;
            known.home = Some(answers(elsewhere, &logits).accuracy());
        }
        if let Some(Origin::Copy(_)) = self.plan.network(supervision.learner).map(|planned| &planned.origin) {
            known.moved = Some(moved(layers, &self.first_layers(supervision.learner).await?));
        }
        Ok(known)
    }

    /// What each network gets right, and how far from the source's weights it ended.
    pub(super) fn handed_on(&self) -> Vec<Block> {
        let known = |id: NetworkId| {
            let trained = self.trained.iter().find(|(other, _)| *other == id);
            trained.map_or_else(HandedOn::default, |(_, trained)| trained.left.handed_on)
        };
        let row = |id: NetworkId| {
            let right = Cell::Share(answers(&self.data, self.test_logits(id)?).accuracy());
            let HandedOn { home, moved } = known(id);
            let [before, last] = moved.map_or([Cell::None; 2], |moved| moved.map(Cell::Share));
            Some((RowName::Network(id), vec![right, home.map_or(Cell::None, Cell::Share), before, last]))
        };
        let rows: Vec<_> = self.plan.ids().filter_map(row).collect();
        if rows.is_empty() {
            return Vec::new();
        }
        let columns = ["handed-here", "handed-home", "handed-before", "handed-last"].map(Phrase::new);
        vec![Block::Table { caption: Phrase::new("handed-table"), columns: columns.into(), rows }]
    }
}
