//! How deep an example need go: what each exit of a network gets right, what it costs, and what the whole network gets
//! right and costs where an example leaves at the first exit that is sure enough.

use retort_spec::{
    Architecture, Block, Cell, Event, Exhibit, ExhibitPlace, Floats, NetworkId, Phrase, RowName, Scheme,
    metrics::Answers,
    probability::{argmax, softmax},
};

use crate::{
    device::read,
    nets::Pass,
    objectives::exits,
    session::{Halt, job::Job},
    train::device_dataset::upload,
};

/// How sure an exit must be that an example leaves there: first all leave at the first one, at last none.
const SURE: [f64; 14] = [0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.999, 1.1];
/// The one of which a sentence tells.
const TOLD: f64 = 0.9;

/// Multiply–adds of an example's way to each exit and through its last layer, and through those of all exits before.
fn costs(architecture: &Architecture, inputs: usize, classes: usize) -> Vec<[usize; 2]> {
    let geometry = architecture.geometry(inputs, classes);
    let layers = architecture.layers(inputs, classes);
    let way = |layers: &[retort_spec::LayerShape]| {
        layers.iter().map(|layer| layer.inputs * layer.outputs * layer.places).sum::<usize>()
    };
    let Some((_, earlier)) = geometry.stages.split_last() else { return vec![[way(&layers); 2]] };
    let (mut costs, mut heads) = (Vec::new(), 0);
    for stage in earlier {
        let head = stage.channels * classes;
        heads += head;
        let way = way(&layers[..stage.layers]);
        costs.push([way + head, way + heads]);
    }
    costs.push([way(&layers), way(&layers) + heads]);
    costs
}

/// Accuracy and mean multiply–adds where an example leaves at the first exit whose likeliest class has at least this
/// probability.
///
/// # Shapes
/// `exits`: logits `[examples, classes]` of each, the last one's last; `costs`: one for each.
fn leaving(exits: &[&[f32]], labels: &[u8], classes: usize, costs: &[usize], sure: f64) -> [f64; 2] {
    let (mut right, mut cost) = (0.0, 0.0);
    for (example, &label) in labels.iter().enumerate() {
        let row = |exit: usize| &exits[exit][example * classes..][..classes];
        let is_sure = |exit: &usize| softmax(row(*exit), 1.0).iter().any(|share| *share >= sure);
        let left = (0..exits.len() - 1).find(is_sure).unwrap_or(exits.len() - 1);
        right += f64::from(argmax(row(left)) == Some(usize::from(label)));
        cost += costs[left] as f64;
    }
    [right, cost].map(|sum| sum / labels.len().max(1) as f64)
}

impl Job {
    /// A table of the exits, a curve of leaving early, and a sentence.
    pub(super) fn exits(&self) -> Vec<Block> {
        let (labels, classes) = (&self.data.dataset.test.labels, self.data.dataset.classes);
        let costs = costs(&self.experiment.student, self.data.dataset.features(), classes);
        let whole = costs.last().map_or(1.0, |[_, all]| *all as f64);
        let together: Vec<usize> = costs.iter().map(|[_, all]| *all).collect();
        let (columns, first) = heads(&costs);
        let mut rows = vec![first];
        let mut lines: Vec<(NetworkId, Floats)> = Vec::new();
        let mut notes = Vec::new();
        for id in self.plan.ids() {
            let (Some(last), Some(earlier)) = (self.test_logits(id), self.exit_logits(id)) else { continue };
            let exits: Vec<&[f32]> = earlier.iter().map(Vec::as_slice).chain([last]).collect();
            if exits.len() != costs.len() {
                continue;
            }
            let right = |logits: &&[f32]| Cell::Share(Answers { logits, labels, classes }.accuracy());
            rows.push((RowName::Network(id), exits.iter().map(right).collect()));
            let point = |sure: f64| {
                let [right, cost] = leaving(&exits, labels, classes, &together, sure);
                [100.0 * cost / whole, 100.0 * right]
            };
            lines.push((id, SURE.into_iter().flat_map(point).map(|number| number as f32).collect::<Vec<f32>>().into()));
            if id == self.plan.product {
                let ([cost, right], [_, all]) = (point(TOLD), point(f64::INFINITY));
                let note = Phrase::new("exits-early").with_number("sure", 100.0 * TOLD);
                notes.push(Block::Note(
                    note.with_number("cost", cost).with_number("right", right).with_number("all", all),
                ));
            }
        }
        if costs.len() < 2 {
            return vec![Block::Note(Phrase::new("exits-one-stage"))];
        }
        if lines.is_empty() {
            return Vec::new();
        }
        let ends = |at: usize| {
            let numbers = lines.iter().flat_map(|(_, pairs)| pairs.iter().skip(at).step_by(2)).copied().map(f64::from);
            numbers.fold([f64::INFINITY, 0.0], |[least, most]: [f64; 2], x| [least.min(x), most.max(x)])
        };
        let ([cheapest, _], [least, most]) = (ends(0), ends(1));
        // Curves that lie on a line still have room around them.
        let ranges = [[cheapest.floor().min(99.0), 100.0], [(least - 1.0).floor().max(0.0), (most + 1.0).ceil()]];
        let table = Block::Table { caption: Phrase::new("exits-picture"), columns, rows };
        let none = || Floats::from(Vec::new());
        let chart = Block::Chart {
            caption: Phrase::new("exits-curve"),
            axes: [Phrase::new("axis-cost"), Phrase::new("axis-right")],
            ranges,
            truth: none(),
            points: none(),
            moves: false,
            lines,
            clouds: Vec::new(),
        };
        [table, chart].into_iter().chain(notes).collect()
    }

    /// What each exit of the first run's networks says of one input, `[features]`: how deep it need go. Nothing in
    /// another scheme, of a network with one exit, or of several inputs.
    pub(in crate::session) async fn exits_asked(&mut self, input: &[f32]) -> Result<Option<Event>, Halt> {
        let (features, classes) = (self.data.dataset.features(), self.data.dataset.classes);
        if self.experiment.scheme != Scheme::Exits || input.len() != features {
            return Ok(None);
        }
        let costs = costs(&self.experiment.student, features, classes);
        let (columns, first) = heads(&costs);
        let (mut rows, mut notes) = (vec![first], Vec::new());
        for (id, network) in self.first_run_networks() {
            let Some(layers) = self.first_run_exits(id) else { continue };
            let trace = network.forward(upload(input.to_vec(), features, &self.data.device), Pass::Test);
            let mut said = Vec::new();
            for logits in exits::answers(&trace, &layers).into_iter().chain([trace.logits]) {
                said.push(read(logits).await?);
            }
            let of = |logits: &Vec<f32>| {
                let class = argmax(logits).unwrap_or(0);
                (class as u8, softmax(logits, 1.0).get(class).copied().unwrap_or(0.0))
            };
            let said: Vec<(u8, f64)> = said.iter().map(of).collect();
            if id == self.plan.product && said.len() == costs.len() {
                let left = said.iter().position(|(_, sure)| *sure >= TOLD).unwrap_or(costs.len() - 1);
                let share = costs[left][1] as f64 / costs[costs.len() - 1][1] as f64;
                let note = Phrase::new("exits-leaves").with_number("sure", 100.0 * TOLD);
                let note = note.with_number("exit", (left + 1) as f64).with_number("cost", 100.0 * share);
                notes.push(Block::Note(note.with_number("exits", costs.len() as f64)));
            }
            rows.push((
                RowName::Network(id),
                said.into_iter().map(|(class, sure)| Cell::Answer(class, sure)).collect(),
            ));
        }
        if rows.len() < 2 {
            return Ok(None);
        }
        let table = Block::Table { caption: Phrase::new("exits-example"), columns, rows };
        let blocks = [table].into_iter().chain(notes).collect();
        Ok(Some(Event::Exhibit(Exhibit { place: ExhibitPlace::Example, blocks })))
    }
}

/// The heads of a table's columns, an exit each, and its first row: multiply–adds up to each.
fn heads(costs: &[[usize; 2]]) -> (Vec<Phrase>, (RowName, Vec<Cell>)) {
    let columns = (1..=costs.len()).map(|exit| Phrase::new("exit-number").with_number("number", exit as f64));
    let alone = costs.iter().map(|[alone, _]| Cell::Number(*alone as f64, 0)).collect();
    (columns.collect(), (RowName::Phrase(Phrase::new("exit-cost")), alone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_by_hand() {
        let of = |text: &str, inputs| costs(&text.parse().unwrap(), inputs, 10);
        // 64·24, then a head of 24·10; 24·24 more, and a head again, or both; the last layer is the network's own.
        assert_eq!(of("24,24,8", 64), [[1776, 1776], [2352, 2592], [2384, 2864]]);
        // A 3×3 convolution of all 64 places, and a head on the mean.
        assert_eq!(of("conv:4,8", 64)[0], [64 * 9 * 4 + 40, 64 * 9 * 4 + 40]);
        // A stem and a block of two convolutions come before the first exit.
        assert_eq!(of("residual:2,4", 16)[0][0], 16 * (9 * 2 + 2 * 18 * 2) + 20);
        assert_eq!(of("16", 64), [[64 * 16 + 160; 2]]);
        assert_eq!(of("linear", 64), [[640; 2]]);
    }

    #[test]
    fn examples_leave_where_an_exit_is_sure() {
        // Odds of 9 and of 1.5 for the first class, then the other way round; the second class is right of the second.
        let first = [9.0_f32.ln(), 0.0, 1.5_f32.ln(), 0.0];
        let last = [0.0, 1.0, 0.0, 1.0];
        let of = |sure| leaving(&[&first, &last], &[0, 1], 2, &[10, 30], sure);
        assert_eq!(of(0.0), [0.5, 10.0], "all leave, and one of them is wrong");
        assert_eq!(of(0.8), [1.0, 20.0], "who is not sure goes on");
        assert_eq!(of(1.1), [0.5, 30.0], "none leave");
    }
}
