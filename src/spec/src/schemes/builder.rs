//! The few verbs with which schemes write their plans.

use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{
        Channel, Contrast, Exits, LabelAccess, Manner, Origin, Plan, PlannedNetwork, PlannedPhase, Shown, Supervision,
    },
    values::{Architecture, Labels, MemberLabels},
};

/// The stream of a student's first weights, and of its batches.
pub const STUDENT: &str = "student";

/// A plan in the making.
pub struct Builder {
    plan: Plan,
}

impl Builder {
    /// An empty plan.
    pub fn new() -> Self {
        let (networks, phases) = (Vec::new(), Vec::new());
        let (control, product) = (NetworkId::BASELINE, NetworkId::STUDENT);
        Self { plan: Plan { networks, phases, control, product, contrast: Contrast::Alone } }
    }

    /// A network, in the order of the page.
    pub fn network(mut self, id: NetworkId, architecture: &Architecture, origin: Origin) -> Self {
        self.plan.networks.push(PlannedNetwork { id, architecture: architecture.clone(), origin, extra_outputs: 0 });
        self
    }

    /// A network whose first weights are drawn from a stream.
    pub fn drawn(self, id: NetworkId, architecture: &Architecture, stream: &str) -> Self {
        self.network(id, architecture, Origin::Drawn(stream.to_owned()))
    }

    /// Networks that learn side by side.
    pub fn phase(mut self, epochs: u32, learners: Vec<Supervision>) -> Self {
        self.plan.phases.push(PlannedPhase { epochs, learners });
        self
    }

    /// The experiment's teacher, trained on labels.
    pub fn teacher(self, experiment: &Experiment) -> Self {
        let lesson = teaching(NetworkId::TEACHER, LabelAccess::Some(experiment.teacher_labels));
        let lesson = Supervision { smoothing: experiment.teacher_smoothing, ..lesson };
        self.drawn(NetworkId::TEACHER, &experiment.teacher, "teacher").phase(experiment.teacher_epochs, vec![lesson])
    }

    /// Control and student: same start, batches and steps, taught by these.
    pub fn students(
        self,
        experiment: &Experiment,
        contrast: Contrast,
        [of_control, of_student]: [Vec<(NetworkId, f64)>; 2],
    ) -> Self {
        let lessons = [(NetworkId::BASELINE, of_control), (NetworkId::STUDENT, of_student)]
            .map(|(id, teachers)| Supervision { teachers, ..learning(id, LabelAccess::Revealed) });
        self.drawn(NetworkId::BASELINE, &experiment.student, STUDENT)
            .drawn(NetworkId::STUDENT, &experiment.student, STUDENT)
            .phase(experiment.student_epochs, lessons.into())
            .contrast(contrast)
    }

    /// The mean answer of these networks beside them.
    pub fn ensemble(self, of: &Architecture, members: Vec<NetworkId>) -> Self {
        self.network(NetworkId::ENSEMBLE, of, Origin::Ensemble(members))
    }

    /// In what control and product differ.
    pub fn contrast(mut self, contrast: Contrast) -> Self {
        self.plan.contrast = contrast;
        self
    }

    /// The plan.
    pub fn build(self) -> Plan {
        self.plan
    }
}

/// What a teacher learns from: labels, its hidden units dropped at random.
pub fn teaching(learner: NetworkId, labels: LabelAccess) -> Supervision {
    let lesson = learning(learner, labels);
    Supervision { as_teacher: true, batches: learner.to_string(), ..lesson }
}

/// What a student learns from.
pub fn learning(learner: NetworkId, labels: LabelAccess) -> Supervision {
    Supervision {
        learner,
        labels,
        smoothing: 0.0,
        teachers: Vec::new(),
        stale: false,
        channel: Channel::Classes,
        manner: Manner::Usual,
        exits: Exits::None,
        frozen: false,
        shown: Shown::Examples,
        as_teacher: false,
        batches: STUDENT.to_owned(),
    }
}

/// One teacher for all.
pub fn only(teacher: NetworkId) -> Vec<(NetworkId, f64)> {
    vec![(teacher, 1.0)]
}

/// These teachers, all counting alike.
pub fn equally(teachers: impl IntoIterator<Item = NetworkId>) -> Vec<(NetworkId, f64)> {
    let teachers: Vec<NetworkId> = teachers.into_iter().collect();
    let weight = 1.0 / teachers.len() as f64;
    teachers.into_iter().map(|teacher| (teacher, weight)).collect()
}

/// The first ones of a role.
pub fn first(role: Role, count: u32) -> Vec<NetworkId> {
    (0..count).map(|index| NetworkId::new(role, index as u8)).collect()
}

/// Which of `labels` the `index`th member sees; `shared` is what it sees where all see the same.
pub fn member_labels(experiment: &Experiment, labels: Labels, index: usize, shared: LabelAccess) -> LabelAccess {
    let (index, of) = (index as u8, experiment.members as u8);
    match (experiment.member_labels, labels) {
        (MemberLabels::Shared, _) => shared,
        (MemberLabels::Apart, Labels::All) => LabelAccess::Apart { labels: u32::MAX, index, of },
        (MemberLabels::Apart, Labels::Count(labels)) => LabelAccess::Apart { labels, index, of },
        (MemberLabels::Blind, labels) => LabelAccess::Blind { labels, index },
    }
}
