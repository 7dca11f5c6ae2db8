//! One experiment under way: run after run, first a teacher, then its students, then the verdict.

use std::{mem, time::Duration};

use burn::tensor::Device;
use retort_compress::Layer;
use retort_spec::{
    NetworkId, CurvePoint, EngineError, Event, Experiment, NetworkKind, Objective, ObjectiveTiming, Progress,
    RunAssignment, RunResult, Stage, Terms,
};
use web_time::Instant;

use super::{
    Halt,
    first_run::FirstRunNetworks,
    measure::{answers, measure, sample, train_accuracy},
    summary::summarize,
};
use crate::{
    data::{Dataset, batch::steps_per_epoch},
    nets::Network,
    objectives::{Source, method},
    schemes::{
        batch_source::labelled_rows,
        offline::{self, Students, Teacher},
        tuning::Tuning,
    },
    train::{device_dataset::DeviceDataset, fused::TermName, learner::Learner},
};

/// More points than this make a curve no clearer.
const CURVE_POINTS: u32 = 100;

/// A trained teacher.
#[derive(Clone)]
pub(super) struct TrainedTeacher {
    pub(super) run: u32,
    pub(super) network: Network,
    logits: Vec<f32>,
    accuracy: f64,
    /// The learning rate it was trained at, which may be turned later without training it anew.
    learning_rate: f64,
    /// A live knob was turned while it trained.
    edited_while_training: bool,
}

pub(super) enum Work {
    Teacher(Box<Teacher>),
    Students(Box<Students>),
    Tuning(Box<Tuning>),
    Finished,
}

/// An experiment under way.
pub struct Job {
    pub experiment: Experiment,
    pub(super) data: DeviceDataset,
    pub(super) run: u32,
    pub(super) work: Work,
    /// The first point of the stage's curves is still to be measured.
    fresh: bool,
    pub(super) seconds: f64,
    /// A live knob was turned while networks trained.
    pub(super) edited_while_training: bool,
    /// The same of the stage that is under way.
    stage_edited: bool,
    /// One for each run begun; kept when only the students change.
    pub(super) teachers: Vec<TrainedTeacher>,
    /// A teacher that was brought along, trained elsewhere.
    imported_teacher: Option<TrainedTeacher>,
    /// One for each run that is done.
    pub(super) results: Vec<RunResult>,
    /// The same of other workers.
    pub(super) gathered: Vec<RunResult>,
    /// Which runs are trained here.
    pub(super) share: RunAssignment,
    /// The finished students of the first run.
    pub(super) first_run: FirstRunNetworks,
    /// The labelled training examples on which teacher and students are measured while they train.
    samples: [Vec<u32>; 2],
}

impl Job {
    /// Puts the data on the device and begins.
    pub fn new(
        dataset: Dataset,
        experiment: Experiment,
        share: RunAssignment,
        device: &Device,
    ) -> Result<(Self, Vec<Event>), EngineError> {
        let data = DeviceDataset::new(dataset, device);
        let mut job = Self {
            experiment,
            data,
            run: 0,
            work: Work::Finished,
            fresh: true,
            seconds: 0.0,
            edited_while_training: false,
            stage_edited: false,
            teachers: Vec::new(),
            imported_teacher: None,
            results: Vec::new(),
            gathered: Vec::new(),
            share,
            first_run: FirstRunNetworks::default(),
            samples: Default::default(),
        };
        let events = job.restart_teacher()?;
        Ok((job, events))
    }

    /// Forgets every network and begins anew.
    pub fn restart_teacher(&mut self) -> Result<Vec<Event>, EngineError> {
        self.teachers.clear();
        self.imported_teacher = None;
        self.work = Work::Finished;
        self.restart_students()
    }

    /// Takes a network as the teacher of every run and trains the students anew.
    pub async fn adopt(&mut self, kind: NetworkKind, layers: &[Layer]) -> Result<Vec<Event>, Halt> {
        let network = Network::from_layers(kind, layers, &self.data.device);
        let (measured, file) = measure(&self.data, (0, NetworkId::TEACHER), (kind, &network), None, (0, 0.0)).await?;
        let (logits, accuracy) = (measured.logits.to_vec(), measured.accuracy);
        let learning_rate = self.experiment.learning_rate;
        let adopted = TrainedTeacher { run: 0, network, logits, accuracy, learning_rate, edited_while_training: false };
        self.teachers.clear();
        self.imported_teacher = Some(adopted);
        self.work = Work::Finished;
        let mut events = self.restart_students()?;
        events.extend([Event::Measured(measured), Event::Network(file)]);
        Ok(events)
    }

    /// Keeps the teachers that are this experiment's own, forgets the students and begins anew.
    pub fn restart_students(&mut self) -> Result<Vec<Event>, EngineError> {
        self.results.clear();
        self.gathered.clear();
        self.first_run = FirstRunNetworks::default();
        self.edited_while_training = false;
        let summary = summarize(&self.data, &self.experiment, self.experiment.seed);
        let used = || self.experiment.weights.used().map(|(objective, _)| objective);
        // After a first stage that asks the teacher alone nothing is learned by it.
        let lasts =
            |of: Objective| method(of).from == Source::Teacher && of.info().timing != ObjectiveTiming::FirstStage;
        let asks_teacher = self.experiment.soft_weight > 0.0 || used().any(lasts);
        let asks_labels = self.experiment.soft_weight < 1.0 || used().any(|of| method(of).from == Source::Labels);
        if !((asks_teacher && summary.transfer > 0) || (asks_labels && summary.labelled > 0)) {
            return Err(EngineError::NothingToLearn);
        }
        offline::check(&self.data, &self.experiment)?;
        let rate = self.experiment.learning_rate;
        self.teachers.retain(|teacher| !teacher.edited_while_training && teacher.learning_rate == rate);
        // A first teacher that is still learning goes on.
        let first = self.next_run() == Some(self.run);
        let learning = matches!(self.work, Work::Teacher(_)) && first && !self.stage_edited;
        if !learning {
            self.start_next_run()?;
        }
        Ok(vec![Event::Data(summary)])
    }

    /// A live knob was turned: if networks had begun to train, no single experiment gives this result again.
    pub fn mark_edited(&mut self) {
        self.stage_edited |= self.steps_done() > 0;
        self.edited_while_training |= self.stage_edited || !(self.results.is_empty() && self.gathered.is_empty());
    }

    /// Whether there is nothing left to train here.
    pub fn is_at_rest(&self) -> bool {
        matches!(self.work, Work::Finished)
    }

    pub fn steps_done(&self) -> u32 {
        self.learner().map_or(0, |(_, learner)| learner.steps_done())
    }

    /// Waits for the device and stops where a loss is no number.
    pub async fn check_losses(&mut self) -> Result<(), Halt> {
        let start = Instant::now();
        if let Work::Tuning(tuning) = &self.work {
            tuning.learner.mean_loss().await?;
        }
        for (network_id, learner) in self.learners() {
            self.check_loss(network_id, learner.steps_done(), learner.mean_loss().await?)?;
        }
        self.seconds += start.elapsed().as_secs_f64();
        Ok(())
    }

    fn check_loss(&self, network_id: NetworkId, step: u32, loss: Option<f64>) -> Result<(), Halt> {
        match loss {
            Some(loss) if !loss.is_finite() => {
                Err(EngineError::Diverged { network_id, step, learning_rate: self.experiment.learning_rate }.into())
            }
            _ => Ok(()),
        }
    }

    /// The teacher of the first run, as far as it is.
    pub(super) fn first_teacher(&self) -> Option<Network> {
        match (&self.work, self.teacher_of(0)) {
            (_, Some(teacher)) => Some(teacher.network.clone()),
            (Work::Teacher(teacher), None) if self.run == 0 => Some(teacher.learner.network()),
            _ => None,
        }
    }

    /// Baseline and student of the first run while they are trained.
    pub(super) fn first_students(&self) -> Option<[Network; 2]> {
        match &self.work {
            Work::Students(students) if self.run == 0 => {
                Some([students.baseline.network(), students.student.network()])
            }
            _ => None,
        }
    }

    fn learners(&self) -> Vec<(NetworkId, &Learner)> {
        match &self.work {
            Work::Teacher(teacher) => vec![(NetworkId::TEACHER, &teacher.learner)],
            Work::Students(students) => {
                vec![(NetworkId::BASELINE, &students.baseline), (NetworkId::STUDENT, &students.student)]
            }
            // It has no curve: what it leaves is measured where it is packed.
            Work::Tuning(_) | Work::Finished => Vec::new(),
        }
    }

    /// How far the stage is.
    pub fn progress(&self, steps: u32, elapsed: Duration) -> Option<Progress> {
        let (stage, learner) = self.learner()?;
        let epoch = self.epoch_steps();
        let run = if let Work::Tuning(tuning) = &self.work { tuning.request().run } else { self.run };
        Some(Progress {
            run,
            runs: self.experiment.runs,
            stage,
            step: learner.steps_done(),
            steps: learner.steps(),
            epoch: learner.steps_done() / epoch,
            epochs: learner.steps() / epoch,
            examples_per_second: f64::from(steps * self.experiment.batch) / elapsed.as_secs_f64().max(1e-9),
        })
    }

    /// Trains one batch and reports what is due. Says whether an epoch ended.
    pub async fn step(&mut self, events: &mut Vec<Event>) -> Result<bool, Halt> {
        if mem::take(&mut self.fresh) {
            self.points(events).await?;
        }
        let start = Instant::now();
        self.work = match mem::replace(&mut self.work, Work::Finished) {
            Work::Teacher(teacher) => Work::Teacher(Box::new(teacher.step(&self.data, &self.experiment))),
            Work::Students(students) => Work::Students(Box::new(students.step(&self.data, &self.experiment))),
            Work::Tuning(tuning) => Work::Tuning(Box::new(tuning.step(&self.data, &self.experiment).await?)),
            Work::Finished => return Ok(true),
        };
        // On a GPU this is the time of asking; the time of waiting is added where losses are read.
        self.seconds += start.elapsed().as_secs_f64();
        let Some((_, learner)) = self.learner() else { return Ok(true) };
        let (done, steps, finished) = (learner.steps_done(), learner.steps(), learner.is_done());
        let epoch_ended = done.is_multiple_of(self.epoch_steps());
        let stride = (steps / self.epoch_steps()).div_ceil(CURVE_POINTS).max(1);
        if finished || (epoch_ended && (done / self.epoch_steps()).is_multiple_of(stride)) {
            self.points(events).await?;
        }
        if finished {
            self.finish_stage(events).await?;
        }
        Ok(epoch_ended)
    }

    pub(super) fn begin(&mut self, run: u32) -> Result<(), EngineError> {
        self.run = run;
        self.fresh = true;
        self.stage_edited = false;
        self.seconds = 0.0;
        let seed = self.seed();
        if let Some(adopted) = &self.imported_teacher {
            self.teachers.retain(|teacher| teacher.run != run);
            self.teachers.push(TrainedTeacher { run, ..adopted.clone() });
        }
        let all: Vec<u32> = (0..self.data.dataset.train.len() as u32).collect();
        self.samples = [sample(&all), sample(&labelled_rows(&self.data, &self.experiment, seed))];
        self.work = match self.teacher_of(run) {
            Some(teacher) => {
                let students = Students::new(&self.data, &self.experiment, teacher.network.clone(), seed)?;
                Work::Students(Box::new(students))
            }
            None => Work::Teacher(Box::new(Teacher::new(&self.data, &self.experiment, seed))),
        };
        Ok(())
    }

    fn seed(&self) -> u32 {
        self.experiment.seed.wrapping_add(self.run)
    }

    /// A run's teacher, once it is trained.
    pub(super) fn teacher_of(&self, run: u32) -> Option<&TrainedTeacher> {
        self.teachers.iter().find(|teacher| teacher.run == run)
    }

    pub(super) fn epoch_steps(&self) -> u32 {
        steps_per_epoch(self.data.dataset.train.len(), self.experiment.batch)
    }

    pub(super) fn learner(&self) -> Option<(Stage, &Learner)> {
        match &self.work {
            Work::Teacher(teacher) => Some((Stage::Teacher, &teacher.learner)),
            Work::Students(students) => Some((Stage::Students, &students.student)),
            Work::Tuning(tuning) => Some((Stage::Tuning, &tuning.learner)),
            Work::Finished => None,
        }
    }

    /// Measures a point of each curve.
    async fn points(&mut self, events: &mut Vec<Event>) -> Result<(), Halt> {
        self.check_losses().await?;
        for (network_id, learner) in self.learners() {
            let train_loss = learner.mean_loss().await?;
            let step = learner.steps_done();
            let network = learner.network();
            let logits = self.data.test_logits(&network).await?;
            let answered = answers(&self.data, &logits);
            let sample = &self.samples[usize::from(network_id != NetworkId::TEACHER)];
            events.push(Event::Point(CurvePoint {
                run: self.run,
                network_id,
                epoch: step / self.epoch_steps(),
                step,
                train_loss,
                train_accuracy: train_accuracy(&self.data, &network, sample).await?,
                test_loss: answered.loss(),
                test_accuracy: answered.accuracy(),
            }));
        }
        if let Work::Students(students) = &self.work {
            let values = students.student.mean_terms().await?;
            let (step, epoch) = (students.student.steps_done(), students.student.steps_done() / self.epoch_steps());
            let name = |(word, part): TermName| if part.is_empty() { word.into() } else { format!("{word}:{part}") };
            let values: Vec<_> = values.into_iter().map(|(term, value)| (name(term), value)).collect();
            if !values.is_empty() {
                events.push(Event::Terms(Terms { run: self.run, epoch, step, values }));
            }
        }
        match &mut self.work {
            Work::Teacher(teacher) => teacher.learner.reset_loss(),
            Work::Students(students) => {
                students.baseline.reset_loss();
                students.student.reset_loss();
            }
            Work::Tuning(tuning) => tuning.learner.reset_loss(),
            Work::Finished => {}
        }
        Ok(())
    }

    async fn finish_stage(&mut self, events: &mut Vec<Event>) -> Result<(), Halt> {
        match mem::replace(&mut self.work, Work::Finished) {
            Work::Teacher(teacher) => {
                let network = teacher.learner.network();
                let (of, kind) = ((self.run, NetworkId::TEACHER), self.experiment.teacher.kind);
                let (measured, file) = measure(&self.data, of, (kind, &network), None, (0, self.seconds)).await?;
                let (logits, accuracy) = (measured.logits.to_vec(), measured.accuracy);
                events.push(Event::Measured(measured));
                events.extend((self.run == 0).then_some(Event::Network(file)));
                let (learning_rate, edited_while_training) = (self.experiment.learning_rate, self.stage_edited);
                self.teachers.push(TrainedTeacher {
                    run: self.run,
                    network,
                    logits,
                    accuracy,
                    learning_rate,
                    edited_while_training,
                });
                self.begin(self.run)?;
            }
            Work::Students(students) => self.finish_run(&students, events).await?,
            Work::Tuning(tuning) => events.push(self.tuned(&tuning).await?),
            Work::Finished => {}
        }
        Ok(())
    }

    async fn finish_run(&mut self, students: &Students, events: &mut Vec<Event>) -> Result<(), Halt> {
        let teacher = self.teacher_of(self.run).map(|teacher| teacher.logits.clone());
        let (of, kind) = (|network_id| (self.run, network_id), self.experiment.student.kind);
        let alone = students.baseline.network();
        let (baseline, _) =
            measure(&self.data, of(NetworkId::BASELINE), (kind, &alone), teacher.as_deref(), (0, self.seconds)).await?;
        let network = students.student.network();
        let spent = (students.student.extra_parameters(), self.seconds);
        let (student, file) =
            measure(&self.data, of(NetworkId::STUDENT), (kind, &network), teacher.as_deref(), spent).await?;
        let right = |logits| answers(&self.data, logits).correct().into_iter().map(u8::from).collect();
        let result = RunResult {
            generation: self.share.generation,
            run: self.run,
            edited_while_training: self.edited_while_training || self.stage_edited,
            teacher: self.teacher_of(self.run).map_or(f64::NAN, |teacher| teacher.accuracy),
            baseline: baseline.accuracy,
            student: student.accuracy,
            baseline_right: right(&baseline.logits),
            student_right: right(&student.logits),
        };
        events.extend([Event::Measured(baseline), Event::Measured(student), Event::Network(file)]);
        if self.run == 0 {
            self.first_run = FirstRunNetworks::new(alone, network);
            events.extend(self.regions().await?);
        }
        events.extend(self.record_result(result)?);
        Ok(())
    }
}
