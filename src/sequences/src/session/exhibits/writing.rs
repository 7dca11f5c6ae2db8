//! Language models: texts that they write, coloured by the teacher's surprise, and what becomes of them.

use retort_kernels::softmax_rows;
use retort_spec::{Block, Cell, DataSet, Exhibit, ExhibitPlace, Floats, NetworkId, Phrase, Piece, Plan, RowName};

use super::{Scene, Shown};
use crate::{
    losses::{shown_bytes, token_bytes},
    nets::Batch,
    random::stream,
    tasks::{BEGIN, END, Input, Task},
    tokens::{Token, TokenBatch},
    train::{MetricKind, tokens_per_call, write},
};

/// Texts of each network that are shown.
const LINES: usize = 7;
/// The first network's block; the others' follow.
const FIRST: u8 = 10;
/// Outcomes that are shown of a distribution.
const OUTCOMES: usize = 8;
/// A surprise of so many nats is coloured fully.
const SURPRISED: f64 = 6.0;
/// Tokens that a student drafts before its teacher looks.
const DRAFTS: i32 = 4;

/// A letter that is asked about: whose text, which one, which letter.
struct Letter {
    block: u8,
    at: [u32; 2],
}

/// Texts of all networks, the outcomes at one letter, and the table of methods.
pub fn exhibits(scene: &Scene<'_>, shown: &mut Shown) -> Vec<Exhibit> {
    let (experiment, plan, task) = (scene.experiment, scene.plan, scene.task());
    // The last letter that was pressed, of whichever network.
    let letter = scene.asked.iter().rev().find(|(block, _)| *block >= FIRST);
    let letter = letter.and_then(|(block, _)| Some(Letter { block: *block, at: scene.pressed(*block)? }));
    let ids: Vec<NetworkId> = plan.ids().collect();
    let (mut texts, mut outcomes) = (Vec::new(), None);
    for (block, &id) in (FIRST..).zip(&ids) {
        let length = match &task.input {
            Input::Tokens { length, .. } => *length,
            Input::Numbers(_) => 0,
        };
        let temperature = experiment.temperature as f32;
        // The same numbers for all: networks that agree write the same.
        let Some(network) = shown.network(id) else { continue };
        let written = write(network, LINES, length, temperature, &mut stream(experiment.seed, "texts shown"));
        let lines = lines(task, shown, &written);
        let here = match &letter {
            Some(letter) => Some(letter.at).filter(|_| letter.block == block),
            // Until one is pressed, the second letter of the first text.
            None => Some([0, 1]).filter(|_| block == FIRST),
        };
        let here = here
            .filter(|[line, piece]| lines.get(*line as usize).is_some_and(|pieces| (*piece as usize) < pieces.len()));
        if let Some([line, piece]) = here {
            outcomes = Some(next_letters(plan, task, shown, &written[line as usize][..=piece as usize]));
        }
        texts.push(Block::Texts { id: block, network: id, caption: None, lines, chosen: here });
    }
    let mut blocks = outcomes.unwrap_or_default();
    blocks.push(Block::Note(Phrase::new("texts-caption").with_number("temperature", experiment.temperature)));
    blocks.append(&mut texts);
    blocks.extend([table(scene), shown_of_teacher(scene)]);
    vec![Exhibit { place: ExhibitPlace::Hero, blocks }]
}

/// Texts as letters, coloured by how little the teacher expected them; the end is a mark.
fn lines(task: &Task, shown: &mut Shown, texts: &[Vec<Token>]) -> Vec<Vec<Piece>> {
    let outputs = task.outputs();
    let mut shares = Vec::new();
    let batch = TokenBatch::new(texts.iter().map(|text| &text[..text.len() - 1]));
    if let Some(teacher) = shown.network(NetworkId::TEACHER) {
        shares = teacher.forward(Batch::Tokens(&batch), None).to_vec();
        softmax_rows(&mut shares, outputs, 1.0);
    }
    let mut row = 0;
    let mut line = |text: &Vec<Token>| {
        let piece = |&token: &Token| {
            let share = shares.get(row * outputs + usize::from(token)).copied();
            row += 1;
            let surprise = share.map_or(0.0, |share| -f64::from(share.max(f32::MIN_POSITIVE)).ln());
            Piece { text: letter(task, token), shade: (surprise / SURPRISED).clamp(0.0, 1.0) }
        };
        text[1..].iter().map(piece).collect()
    };
    texts.iter().map(&mut line).collect()
}

fn letter(task: &Task, token: Token) -> String {
    match token {
        BEGIN => "·".to_owned(),
        END => "⏎".to_owned(),
        token => task.text(&[token], ""),
    }
}

/// What each network expects behind a beginning: the teacher's likeliest outcomes.
fn next_letters(plan: &Plan, task: &Task, shown: &mut Shown, before: &[Token]) -> Vec<Block> {
    let batch = TokenBatch::new([before]);
    let outputs = task.outputs();
    let mut said: Vec<(NetworkId, Vec<f32>)> = Vec::new();
    for id in plan.ids() {
        if let Some(network) = shown.network(id) {
            let all = network.forward(Batch::Tokens(&batch), None);
            said.push((id, all[all.len() - outputs..].to_vec()));
        }
    }
    let Some((_, judge)) = said.first() else { return Vec::new() };
    let mut order: Vec<usize> = (0..outputs).collect();
    order.sort_by(|&a, &b| judge[b].total_cmp(&judge[a]));
    let (first, rest) = order.split_at(OUTCOMES.min(outputs));
    let names: Vec<String> = first.iter().map(|&token| letter(task, token as Token)).collect();
    // All others as one outcome, whose logit is the logarithm of their sum; at other temperatures than 1 the page says
    // what the networks would say of these outcomes alone.
    let pick = |logits: &[f32]| {
        let others = rest.iter().map(|&at| f64::from(logits[at]).exp()).sum::<f64>().ln() as f32;
        let shown = first.iter().map(|&at| logits[at]);
        Floats::from(shown.chain((!rest.is_empty()).then_some(others)).collect::<Vec<f32>>())
    };
    let more = if rest.is_empty() { Vec::new() } else { vec!["…".to_owned()] };
    let written: String = before[1..].iter().map(|&token| letter(task, token)).collect();
    vec![Block::Bars {
        caption: Phrase::new("next-letter").with("before", if written.is_empty() { "·".into() } else { written }),
        names: names.into_iter().chain(more).collect(),
        right: None,
        rows: said.iter().map(|(id, logits)| (*id, pick(logits))).collect(),
    }]
}

/// The methods beside each other: the means over all runs that are done.
fn table(scene: &Scene<'_>) -> Block {
    let Scene { experiment, plan, scored, .. } = *scene;
    let mean = |id: NetworkId, kind: MetricKind| {
        let values: Vec<f64> =
            scored.iter().filter(|(_, other, _)| *other == id).filter_map(|(.., scored)| scored.metric(kind)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let number = |value: Option<f64>, decimals| value.map_or(Cell::None, |value| Cell::Number(value, decimals));
    let is_brackets = experiment.data == DataSet::Brackets;
    let row = |id: NetworkId| {
        let of = |kind| mean(id, kind);
        let mut cells = vec![number(of(MetricKind::HeldOutLoss), 3), number(of(MetricKind::TeacherLoss), 3)];
        if is_brackets {
            cells.push(of(MetricKind::Valid).map_or(Cell::None, Cell::Share));
        } else {
            cells.push(number(of(MetricKind::PairEntropy), 2));
        }
        cells.push(number(of(MetricKind::MeanLength), 1));
        let acceptance = of(MetricKind::Acceptance).filter(|_| id != NetworkId::TEACHER);
        cells.push(acceptance.map_or(Cell::None, Cell::Share));
        cells.push(number(acceptance.map(|share| tokens_per_call(share, DRAFTS)), 2));
        (RowName::Network(id), cells)
    };
    let runs = scored.iter().filter(|(_, id, _)| *id == plan.product).count();
    let variety = if is_brackets { "column-valid" } else { "column-variety" };
    let keys = ["column-held-out", "column-teacher-loss", variety, "column-length", "column-accepted", "column-call"];
    Block::Table {
        caption: Phrase::new("methods-caption").with_number("runs", runs.max(1) as f64),
        columns: keys.iter().map(|key| Phrase::new(key)).collect(),
        rows: plan.ids().map(row).collect(),
    }
}

/// What leaves the teacher for each letter, by what it shows.
fn shown_of_teacher(scene: &Scene<'_>) -> Block {
    let vocabulary = scene.task().vocabulary();
    let top = Some(scene.experiment.shown as usize).filter(|&top| top > 0 && top < vocabulary);
    let row = |key: &str, bytes: usize| {
        let phrase = Phrase::new(key).with_number("count", top.unwrap_or(3) as f64);
        (RowName::Phrase(phrase), vec![Cell::Bytes(bytes as f64)])
    };
    Block::Table {
        caption: Phrase::new("shown-caption"),
        columns: vec![Phrase::new("column-size")],
        rows: vec![
            row("shown-letter", token_bytes(vocabulary)),
            row("shown-top", shown_bytes(vocabulary, Some(top.unwrap_or(3)))),
            row("shown-all", shown_bytes(vocabulary, None)),
        ],
    }
}
