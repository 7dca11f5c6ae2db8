//! What an experiment trains, in which order, and who teaches whom: a value that its scheme computes from it. The
//! engine carries it out, the page draws it, the command line prints it.

use serde::{Deserialize, Serialize};

use crate::{
    network_id::{NetworkId, Role},
    values::{Architecture, Heads, Labels, NetworkKind, words},
};

/// What an experiment trains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// All networks, in the order in which the page shows them.
    pub networks: Vec<PlannedNetwork>,
    /// One after another; the networks of one phase learn side by side.
    pub phases: Vec<PlannedPhase>,
    /// What the verdict compares: the control with the treated network.
    pub control: NetworkId,
    /// The treated network; compression takes it unless the visitor picks another.
    pub product: NetworkId,
    /// In what the control differs from the product.
    pub contrast: Contrast,
}

words! {
    /// In what the control differs from the treated network; all else is the same, budget included.
    Contrast {
        /// It has no teacher.
        Alone = "alone",
        /// The first teacher teaches it directly, without assistants.
        Direct = "direct",
        /// The first teacher alone teaches it.
        OneTeacher = "one-teacher",
        /// Its teacher learned from hard labels.
        HardLabels = "hard-labels",
        /// Its teacher was trained for long.
        LongTrained = "long-trained",
        /// It starts from other weights.
        OtherStart = "other-start",
        /// It is one of the networks that the treated one is the mean of.
        Single = "single",
        /// No noise was added to the votes that it learned.
        Noiseless = "noiseless",
        /// What it knew before does not teach it.
        FineTuned = "fine-tuned",
        /// All its exits learn from labels alone.
        DeepSupervision = "deep-supervision",
        /// It starts from random weights, and not from those of a trained network.
        FreshStart = "fresh-start",
        /// Its teacher is asked about sparse noise.
        SparseNoise = "sparse-noise",
        /// It learns real examples, chosen at random.
        RealExamples = "real-examples",
    }
}

/// A network of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedNetwork {
    /// Which one.
    pub id: NetworkId,
    /// Its layers.
    pub architecture: Architecture,
    /// Where its first weights come from.
    pub origin: Origin,
    /// Outputs beside those of the classes, which mean nothing.
    pub extra_outputs: u32,
}

/// Where a network's first weights come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Origin {
    /// From the random stream of this name: networks of one stream start from the same weights.
    Drawn(String),
    /// From a network that is trained in an earlier phase.
    Copy(NetworkId),
    /// Near such a network of the same shape: `share · its weights + (1 − share) · weights drawn from the stream`, with
    /// a share above 0 and at most 1 (Stanton et al. 2021, section 6).
    Near {
        /// The trained network.
        network: NetworkId,
        /// The share of its weights.
        share: f64,
        /// The random stream of the others.
        stream: String,
    },
    /// They are the mean of these networks' trained weights; it learns nothing itself.
    Average(Vec<NetworkId>),
    /// It has none: its probabilities are the mean of these networks'.
    Ensemble(Vec<NetworkId>),
    /// It has none: its probabilities are the shares of these networks' votes.
    Votes(Vec<NetworkId>),
}

impl Origin {
    /// Whether the network learns, rather than being computed from others.
    pub fn is_trained(&self) -> bool {
        matches!(self, Self::Drawn(_) | Self::Copy(_) | Self::Near { .. })
    }

    /// The trained network that it starts from, or near.
    pub fn start(&self) -> Option<NetworkId> {
        match self {
            Self::Copy(network) | Self::Near { network, .. } => Some(*network),
            _ => None,
        }
    }

    /// The same with this one as the trained network that it starts from.
    pub fn with_start(self, network: NetworkId) -> Self {
        match self {
            Self::Copy(_) => Self::Copy(network),
            Self::Near { share, stream, .. } => Self::Near { network, share, stream },
            other => other,
        }
    }

    /// The networks that it is computed from.
    pub fn members(&self) -> &[NetworkId] {
        match self {
            Self::Average(members) | Self::Ensemble(members) | Self::Votes(members) => members,
            Self::Copy(member) | Self::Near { network: member, .. } => std::slice::from_ref(member),
            Self::Drawn(_) => &[],
        }
    }
}

/// Networks that learn side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedPhase {
    /// How long; an epoch is as many steps as one pass over the whole training set takes, however few labels there are.
    pub epochs: u32,
    /// What each of them learns from.
    pub learners: Vec<Supervision>,
}

/// What one network learns from in a phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Supervision {
    /// Which network.
    pub learner: NetworkId,
    /// The labels it sees.
    pub labels: LabelAccess,
    /// How much of a label's weight is spread over all classes, 0 to 1 (Szegedy et al. 2016, section 7).
    pub smoothing: f64,
    /// Whom it imitates, with weights whose sum is 1. One that learns in the same phase is imitated as it is at that
    /// step.
    pub teachers: Vec<(NetworkId, f64)>,
    /// Whether teachers that learn in the same phase are imitated as they were when the epoch began.
    pub stale: bool,
    /// Which outputs carry what is taught.
    pub channel: Channel,
    /// How a language model learns from its teacher.
    #[serde(default, skip_serializing_if = "Manner::is_usual")]
    pub manner: Manner,
    /// From what exits behind its earlier stages learn, where it has any.
    #[serde(default, skip_serializing_if = "Exits::are_none")]
    pub exits: Exits,
    /// Whether its layers but the last keep the weights that it starts from.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frozen: bool,
    /// What it is shown in place of examples.
    #[serde(default, skip_serializing_if = "Shown::are_examples")]
    pub shown: Shown,
    /// Whether hidden units are dropped, and which stream of batches it sees: a teacher's or a student's.
    pub as_teacher: bool,
    /// The name of its stream of labelled batches: networks of one stream see the same batches.
    pub batches: String,
}

words! {
    /// How a language model learns from its teacher: from whose texts, and in which direction of the divergence.
    #[derive(Default)]
    Manner {
        /// As the experiment's knobs say.
        #[default]
        Usual = "usual",
        /// KL(teacher ‖ student) on texts of the data set.
        Forward = "forward",
        /// KL(student ‖ teacher) on texts of the data set.
        Reverse = "reverse",
        /// KL(teacher ‖ student) on texts that the student writes (Agarwal et al. 2024, section 3).
        OwnForward = "own-forward",
        /// KL(student ‖ teacher) on texts that the student writes (Gu et al. 2024, section 2).
        OwnReverse = "own-reverse",
        /// Texts that the teacher writes are learned by heart (Kim & Rush 2016, section 3.2).
        TeacherTexts = "texts",
    }
}

impl Supervision {
    /// Whether it learns what teachers answer, rather than labels, whoever gives those.
    pub fn imitates(&self) -> bool {
        !self.teachers.is_empty() && !matches!(self.channel, Channel::Votes(_) | Channel::Pictures)
    }
}

words! {
    /// From what a network's exits learn: a last layer behind each stage, beside the one behind all.
    #[derive(Default)]
    Exits {
        /// It has none.
        #[default]
        None = "none",
        /// From labels (deep supervision: Lee et al. 2015, section 2).
        Labels = "labels",
        /// From labels and from what the last one says (Zhang et al. 2019, section 3).
        Last = "last",
    }
}

words! {
    /// What a network is shown.
    #[derive(Default)]
    Shown {
        /// Examples, as its labels and the transfer set say.
        #[default]
        Examples = "examples",
        /// Uniform noise.
        Noise = "noise",
        /// Noise of which half the pixels are black and the rest uniform.
        Sparse = "sparse",
        /// What a generator draws that learns beside it.
        Generated = "generated",
        /// Pictures that are learned beside it, and by its gradients.
        Matching = "matching",
        /// The pictures that were learned beside its teacher.
        Distilled = "distilled",
        /// The means of classes.
        Means = "means",
    }
}

impl Shown {
    fn are_examples(&self) -> bool {
        *self == Self::Examples
    }
}

impl Exits {
    fn are_none(&self) -> bool {
        *self == Self::None
    }
}

impl Manner {
    fn is_usual(&self) -> bool {
        *self == Self::Usual
    }
}

/// Which outputs of a teacher are imitated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Channel {
    /// Those of the classes, softened.
    Classes,
    /// The outputs that mean nothing, by squared error; labels are not used.
    Extra,
    /// Those of the classes that came first, in the first of two tasks.
    Old,
    /// The class that most of its members vote for, once noise was added to the counts, as a label (Papernot et al.
    /// 2017, section 2.1). The noise is the experiment's, doubled so many times; `None` for no noise.
    Votes(Option<i8>),
    /// Pictures that were learned beside it, with their labels.
    Pictures,
}

impl Channel {
    /// Whether it carries classes, softened.
    pub fn is_of_classes(self) -> bool {
        matches!(self, Self::Classes | Self::Old)
    }
}

/// Which labelled examples a network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LabelAccess {
    /// This many of all, balanced by class.
    Some(Labels),
    /// What the knobs `labels` and `omit` reveal to students.
    Revealed,
    /// This many of its own: the `index`th of `of` parts that share no example.
    Apart {
        /// How many of its own.
        labels: u32,
        /// Which part.
        index: u8,
        /// Parts.
        of: u8,
    },
    /// Those of its own classes and as many others, whose classes it does not tell apart: a specialist.
    Special {
        /// How many of all classes, before they are chosen from.
        labels: Labels,
        /// Which part of the classes.
        index: u8,
        /// Parts.
        of: u8,
    },
    /// None of the examples that are asked about, and of all others the `index`th of `of` parts.
    Private {
        /// How many are asked about.
        queries: u32,
        /// Which part.
        index: u8,
        /// Parts.
        of: u8,
    },
    /// As many examples as are asked about; their labels come from votes.
    Queries(u32),
    /// Those of the first half of the classes, or of the second; and so many of the other half.
    Task {
        /// How many of its classes.
        labels: Labels,
        /// Which half of the classes.
        index: u8,
        /// Examples that were kept of the other half.
        kept: u32,
        /// Which classes compete with each other.
        heads: Heads,
    },
    /// This many of another data set's.
    Elsewhere(Labels),
    /// This many of all, less those of two classes: of the `index`th pair.
    Blind {
        /// How many, before the two classes are taken out.
        labels: Labels,
        /// Which pair of classes.
        index: u8,
    },
}

/// What is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanFault {
    /// A network is named that the plan does not have.
    #[error("{0} is not in the plan")]
    Unknown(NetworkId),
    /// A network is trained not at all, or twice.
    #[error("{0} is not trained exactly once")]
    NotOnce(NetworkId),
    /// A network is needed before it is trained.
    #[error("{0} is needed before it is trained")]
    TooEarly(NetworkId),
    /// The weights of teachers do not add up to one.
    #[error("the teachers of {0} do not add up")]
    Weights(NetworkId),
    /// Nobody needs the network.
    #[error("nobody needs {0}")]
    Orphan(NetworkId),
    /// The control has another architecture, start, labels or budget than the treated network.
    #[error("control and treated network differ in {0}")]
    Unequal(&'static str),
    /// Something is trained after the product.
    #[error("the product is not the last")]
    NotLast,
}

impl PlannedNetwork {
    /// Whether only an autodiff graph finds its gradients: it is no perceptron, or has outputs of its own.
    pub fn needs_graph(&self) -> bool {
        self.architecture.kind != NetworkKind::Mlp || self.extra_outputs > 0
    }
}

impl Supervision {
    /// Whether only an autodiff graph finds the gradients of its loss: that is more than soft targets and labels.
    pub fn needs_graph(&self) -> bool {
        self.exits != Exits::None
            || matches!(self.labels, LabelAccess::Special { .. } | LabelAccess::Task { .. })
            || !matches!(self.shown, Shown::Examples | Shown::Noise | Shown::Sparse)
    }
}

impl Plan {
    /// Whether any of its networks needs an autodiff graph.
    pub fn needs_graph(&self) -> bool {
        let mut learners = self.phases.iter().flat_map(|phase| &phase.learners);
        // Another data set is at hand where the graph is.
        let needs_graph = |one: &Supervision| one.needs_graph() || matches!(one.labels, LabelAccess::Elsewhere(_));
        self.networks.iter().any(PlannedNetwork::needs_graph) || learners.any(needs_graph)
    }

    /// A network of the plan.
    pub fn network(&self, id: NetworkId) -> Option<&PlannedNetwork> {
        self.networks.iter().find(|network| network.id == id)
    }

    /// What a network learns from, and in which phase; `None` for one that learns nothing itself.
    pub fn supervision(&self, id: NetworkId) -> Option<(usize, &Supervision)> {
        self.phases.iter().enumerate().find_map(|(phase, planned)| {
            planned.learners.iter().find(|supervision| supervision.learner == id).map(|found| (phase, found))
        })
    }

    /// The networks that learn in a phase.
    pub fn learners(&self, phase: u32) -> impl Iterator<Item = NetworkId> + '_ {
        self.phases.get(phase as usize).into_iter().flat_map(|phase| &phase.learners).map(|lesson| lesson.learner)
    }

    /// The networks in the plan's order, without those of whom only votes are heard.
    pub fn ids(&self) -> impl Iterator<Item = NetworkId> + '_ {
        self.networks.iter().map(|network| network.id).filter(|id| id.role != Role::Voter)
    }

    /// The phase at whose end a network is finished: it has learned, or those have that it is computed from.
    pub fn last_phase(&self, id: NetworkId) -> Option<usize> {
        let learned = |id| self.supervision(id).map(|(phase, _)| phase);
        learned(id).or_else(|| self.network(id)?.origin.members().iter().map(|member| learned(*member)).max()?)
    }

    /// The networks that have weights of their own, and can therefore be compressed.
    pub fn weighted(&self) -> impl Iterator<Item = NetworkId> + '_ {
        let has_weights = |id: &NetworkId| {
            self.network(*id).is_some_and(|one| !matches!(one.origin, Origin::Ensemble(_) | Origin::Votes(_)))
        };
        self.ids().filter(has_weights)
    }

    /// The same as text.
    pub fn weighted_words(&self) -> String {
        self.weighted().map(|id| id.to_string()).collect::<Vec<_>>().join(", ")
    }

    /// What a network learns from; of one that is computed from others, what the first of them learns from.
    pub fn lesson(&self, id: NetworkId) -> Option<&Supervision> {
        let own = |id| self.supervision(id).map(|(_, supervision)| supervision);
        own(id).or_else(|| own(*self.network(id)?.origin.members().first()?))
    }

    /// The networks that a picture of few must show: who teaches first, the control, the product.
    pub fn leading(&self) -> Vec<NetworkId> {
        let teacher = self.ids().find(|id| id.role == Role::Teacher);
        teacher.into_iter().chain([self.control, self.product]).collect()
    }

    /// Whom a network imitates.
    pub fn teachers(&self, id: NetworkId) -> &[(NetworkId, f64)] {
        self.supervision(id).map_or(&[], |(_, supervision)| &supervision.teachers)
    }

    /// Whether every network is trained once and before it is needed, and the control is the product's equal but for
    /// the contrast.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), PlanFault> {
        let learns: Vec<&Supervision> = self.phases.iter().flat_map(|phase| &phase.learners).collect();
        let phase_of = |id| self.supervision(id).map(|(phase, _)| phase);
        for network in &self.networks {
            let times = learns.iter().filter(|supervision| supervision.learner == network.id).count();
            if times != usize::from(network.origin.is_trained()) {
                return Err(PlanFault::NotOnce(network.id));
            }
            for &member in network.origin.members() {
                self.network(member).ok_or(PlanFault::Unknown(member))?;
                if network.origin.start().is_some() && phase_of(member) >= phase_of(network.id) {
                    return Err(PlanFault::TooEarly(member));
                }
            }
            let needed = learns.iter().flat_map(|supervision| &supervision.teachers).any(|(id, _)| *id == network.id)
                || self.networks.iter().any(|other| other.origin.members().contains(&network.id));
            // Further students are there to be compared.
            let is_compared = matches!(network.id.role, Role::Student | Role::Ensemble);
            let is_shown = is_compared || [self.control, self.product].contains(&network.id);
            if !needed && !is_shown {
                return Err(PlanFault::Orphan(network.id));
            }
        }
        for (phase, supervision) in self
            .phases
            .iter()
            .enumerate()
            .flat_map(|(phase, planned)| planned.learners.iter().map(move |one| (phase, one)))
        {
            self.network(supervision.learner).ok_or(PlanFault::Unknown(supervision.learner))?;
            for (teacher, _) in &supervision.teachers {
                self.network(*teacher).ok_or(PlanFault::Unknown(*teacher))?;
                if *teacher == supervision.learner || self.last_phase(*teacher).is_none_or(|other| other > phase) {
                    return Err(PlanFault::TooEarly(*teacher));
                }
            }
            let sum: f64 = supervision.teachers.iter().map(|(_, weight)| weight).sum();
            if !supervision.teachers.is_empty() && (sum - 1.0).abs() > 1e-9 {
                return Err(PlanFault::Weights(supervision.learner));
            }
        }
        self.check_contrast()
    }

    fn check_contrast(&self) -> Result<(), PlanFault> {
        let of = |id| self.network(id).ok_or(PlanFault::Unknown(id));
        let (control, product) = (of(self.control)?, of(self.product)?);
        if control.architecture != product.architecture {
            return Err(PlanFault::Unequal("architecture"));
        }
        if let Origin::Average(members) = &product.origin {
            return if members.contains(&control.id) { Ok(()) } else { Err(PlanFault::Unequal("start")) };
        }
        let is_start = matches!(self.contrast, Contrast::OtherStart | Contrast::FreshStart);
        if (control.origin == product.origin) == is_start {
            return Err(PlanFault::Unequal("start"));
        }
        let learns = |id| self.supervision(id).ok_or(PlanFault::NotOnce(id));
        let ((control_phase, control), (product_phase, product)) = (learns(control.id)?, learns(product.id)?);
        if (control.labels, &control.batches, control.smoothing)
            != (product.labels, &product.batches, product.smoothing)
        {
            return Err(PlanFault::Unequal("labels"));
        }
        if self.phases[control_phase].epochs != self.phases[product_phase].epochs {
            return Err(PlanFault::Unequal("budget"));
        }
        if self.contrast == Contrast::Alone && !control.teachers.is_empty() {
            return Err(PlanFault::Unequal("contrast"));
        }
        if product_phase + 1 == self.phases.len() { Ok(()) } else { Err(PlanFault::NotLast) }
    }
}
