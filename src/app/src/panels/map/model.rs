//! What a map consists of: nodes, edges, and what is said of them, each in its place.

use retort_spec::{Experiment, LabelAccess, Labels, NetworkId, Supervision};

use crate::panels::map::geometry::Area;

/// The widths for which maps are laid out: of a window of 1280 pixels, a tablet and a phone.
pub const WIDTHS: [f64; 3] = [1240.0, 900.0, 360.0];

/// Room for the scheme's name.
pub const TITLE: Area = Area { left: 0.0, top: 0.0, width: 150.0, height: 25.0 };

/// What a node stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Data,
    Network(NetworkId),
    Packed,
}

/// How large a node is, and so its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Large,
    Small,
    /// In a group.
    Tiny,
}

/// A node in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub part: Part,
    pub area: Area,
    pub size: Size,
}

/// What passes along an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Labels,
    /// What a teacher says.
    Soft,
    /// What peers say to each other.
    Peers,
    /// Answers or weights of which another is the mean.
    Mean,
    /// First weights.
    Copy,
    /// The product's weights, packed.
    Bits,
}

/// An edge in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    pub flow: Flow,
    /// Where it begins; the first of a group that is meant as a whole.
    pub from: Part,
    pub to: Part,
    /// Its corners, from beginning to end.
    pub way: Vec<[f64; 2]>,
    /// What the teacher counts among all teachers, 0 to 1.
    pub share: f64,
}

/// What is said in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Say {
    /// How many labels a network sees.
    Labels(NetworkId),
    /// What a label counts for the product.
    LabelWeight,
    /// Temperature and weight of soft targets.
    Soft,
    Temperature,
    SoftWeight,
    /// On which inputs the teacher is asked.
    Transfer,
    /// In what control and product are alike.
    Twins,
    Bits,
    /// The packed file's seed.
    Seed,
}

/// A text's place: the point at which it begins, ends or has its middle.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    pub say: Say,
    pub at: [f64; 2],
    /// The word of SVG's `text-anchor`.
    pub anchor: &'static str,
    /// How wide it may be.
    pub room: f64,
}

/// A map.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    pub width: f64,
    pub height: f64,
    pub nodes: Vec<Node>,
    /// The box around the nodes that count as one.
    pub group: Option<Area>,
    pub edges: Vec<Edge>,
    pub words: Vec<Words>,
    /// Where the distribution of a network stands on its edge.
    pub glyphs: Vec<(NetworkId, Area)>,
    /// Where an edge of soft targets can be pressed, and the node after it.
    pub spots: Vec<(Area, Part)>,
}

impl Layout {
    /// Whether it says apart from the packed file's node of which seed that is.
    pub fn says_seed(&self) -> bool {
        self.words.iter().any(|words| words.say == Say::Seed)
    }
}

/// Whether anybody listens to soft targets; otherwise their edges are a hint.
pub fn is_heard(experiment: &Experiment) -> bool {
    experiment.soft_weight > 0.0 || experiment.weights.used().next().is_some()
}

/// What a label counts for a network; `None` where it sees none.
pub fn label_weight(experiment: &Experiment, lesson: &Supervision) -> Option<f64> {
    let none = Labels::Count(0);
    let is_blank = match lesson.labels {
        LabelAccess::Revealed => experiment.labels == none,
        LabelAccess::Some(labels)
        | LabelAccess::Special { labels, .. }
        | LabelAccess::Task { labels, .. }
        | LabelAccess::Blind { labels, .. } => labels == none,
        LabelAccess::Apart { labels, .. } => labels == 0,
        // No labels of this data set are.
        LabelAccess::Elsewhere(_) => true,
        LabelAccess::Private { .. } | LabelAccess::Queries(_) => false,
    };
    let weight = if lesson.teachers.is_empty() { 1.0 } else { 1.0 - experiment.soft_weight };
    (!is_blank && lesson.channel.is_of_classes() && weight > 1e-9).then_some(weight)
}
