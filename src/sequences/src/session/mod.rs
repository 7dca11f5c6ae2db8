//! A session: commands in, events out, an experiment trained a little at a time in between. It speaks the protocol of
//! the engine for images and points, so that the page and the command line drive both alike.

mod exhibits;
mod job;
mod lessons;
mod reports;
mod table;
mod teacher_file;

use std::{rc::Rc, time::Duration};

use retort_spec::{Command, DataSet, EngineError, EngineInfo, Event, Experiment, FileData, Phase, RunMode, changed};
use web_time::Instant;

use job::{Job, KeptNetworks};
use table::TableFile;
use teacher_file::TeacherFile;

/// An engine at work on one experiment at a time.
pub struct Session {
    job: Option<Job>,
    mode: RunMode,
    /// Steps a second at most.
    pace: Option<u32>,
    /// When the next step is due at that pace.
    due: Option<Instant>,
    /// What was asked of each exhibit's block.
    asked: Vec<(u8, String)>,
    /// The visitor's table.
    table: Option<Rc<TableFile>>,
    /// Whether no experiment has seen the table yet.
    is_table_new: bool,
    /// Whether every experiment is adapted to the table, rather than the first.
    adapts_always: bool,
    /// The teacher, where it came from a file.
    teacher: Option<Rc<TeacherFile>>,
    /// How many files of teachers there were.
    teachers: u32,
    /// What was trained before an experiment that cannot be trained.
    salvaged: KeptNetworks,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            job: None,
            mode: RunMode::Run,
            pace: None,
            due: None,
            asked: Vec::new(),
            table: None,
            is_table_new: false,
            teacher: None,
            teachers: 0,
            adapts_always: false,
            salvaged: KeptNetworks::default(),
        }
    }
}

impl Session {
    /// A session that adapts every experiment to the visitor's table, so that each gives what it would give alone. On a
    /// page only the first one is: after it the visitor knows the table.
    pub fn adapting() -> Self {
        Self { adapts_always: true, ..Self::default() }
    }

    /// What the engine is.
    pub fn info() -> EngineInfo {
        EngineInfo { gpu: false, adapter: None, self_test: None }
    }

    /// Whether [`advance`](Self::advance) has anything to do.
    pub fn is_running(&self) -> bool {
        self.mode != RunMode::Pause && self.job.as_ref().is_some_and(|job| !job.is_finished())
    }

    /// How long to wait before the next [`advance`](Self::advance), at the pace that was asked for.
    pub fn rest(&self) -> Duration {
        self.due.map_or(Duration::ZERO, |due| due.saturating_duration_since(Instant::now()))
    }

    /// Carries out a command. All but a question is answered by a state.
    pub fn handle(&mut self, command: Command) -> Vec<Event> {
        let asks = command.is_question();
        let mut events = self.carry_out(command);
        if !asks {
            events.push(self.state());
        }
        events
    }

    fn carry_out(&mut self, command: Command) -> Vec<Event> {
        match command {
            Command::Run(experiment) => self.run(experiment),
            Command::UseTeacherFile { file } => self.adopt(&file),
            Command::Reset => match self.job.take() {
                Some(job) => {
                    self.teacher = None;
                    self.start(job.experiment().clone(), None)
                }
                None => Vec::new(),
            },
            Command::Pause | Command::Resume | Command::StepBatch | Command::StepEpoch => {
                self.mode = RunMode::of(&command).unwrap_or(self.mode);
                Vec::new()
            }
            Command::Files { data: DataSet::Table, files } => self.take_table(files),
            Command::Stop => {
                self.job = None;
                Vec::new()
            }
            Command::Validate => {
                self.job = None;
                vec![Event::Error(EngineError::Engine { reason: "nothing is held out here".into() })]
            }
            Command::SetSpeedLimit(pace) => {
                (self.pace, self.due) = (pace, None);
                Vec::new()
            }
            Command::Ask { id, text } => {
                if id == exhibits::sizes::FILES {
                    return self.job.as_mut().and_then(|job| job.file(&text)).into_iter().collect();
                }
                self.asked.retain(|(other, _)| *other != id);
                self.asked.push((id, text));
                self.job.as_mut().map_or_else(Vec::new, |job| job.exhibits(&self.asked))
            }
            // All runs are trained here.
            Command::AssignRuns(share) => vec![Event::AssignmentApplied { generation: share.generation }],
            Command::Ping => {
                let networks = self.job.as_ref().map_or(0, Job::networks_kept) as u32;
                vec![Event::Pong { memory: 0.0, networks }]
            }
            // What only images and points can be asked, or what is another worker's.
            _ => Vec::new(),
        }
    }

    /// Trains for about `budget`, or to the end of what was asked for, and reports.
    pub fn advance(&mut self, budget: Duration) -> Vec<Event> {
        let mut events = Vec::new();
        let Some(job) = self.job.as_mut().filter(|_| self.mode != RunMode::Pause) else { return events };
        let start = Instant::now();
        let most = RunMode::burst(self.pace);
        let mut steps = 0;
        loop {
            let stepped = job.step(&self.asked, &mut events);
            steps += u32::from(stepped.is_some());
            if let Some(epoch_ended) = stepped {
                self.mode.stepped(epoch_ended);
            }
            if job.is_finished() || self.mode == RunMode::Pause || start.elapsed() >= budget || steps >= most {
                break;
            }
        }
        events.extend(job.progress(steps, start.elapsed()).map(Event::Progress));
        if job.has_diverged() {
            self.job = None;
        }
        self.due = self.pace.map(|pace| start + Duration::from_secs(1) * steps / pace.max(1));
        if !self.is_running() {
            events.push(self.state());
        }
        events
    }

    fn state(&self) -> Event {
        Event::State(self.mode.state(self.job.as_ref().map(|job| (job.is_finished(), false))))
    }

    /// Reads the visitor's table. One that cannot be read changes nothing.
    fn take_table(&mut self, files: Vec<FileData>) -> Vec<Event> {
        let number = self.table.as_ref().map_or(0, |table| table.number) + 1;
        let (file, passed_over) = match table::choose(files, number) {
            Ok(read) => read,
            Err(error) => return vec![Event::Error(error)],
        };
        // What was trained on the table before is not this one's.
        if let Some(job) = self.job.take_if(|job| job.experiment().data == DataSet::Table) {
            self.salvaged = job.into_kept();
        }
        let test = file.held_out() as u32;
        let train = file.rows() as u32 - test;
        (self.table, self.is_table_new) = (Some(Rc::new(file)), true);
        vec![Event::FilesRead { data: DataSet::Table, train, test, passed_over }]
    }

    /// Makes this the experiment. Networks that were trained by the same phase before are not trained again.
    fn run(&mut self, experiment: Experiment) -> Vec<Event> {
        let Some(job) = &mut self.job else { return self.start(experiment, None) };
        let decides = |knob: &&retort_spec::Knob| knob.phase != Phase::Show && experiment.applies(knob.key);
        let before = job.experiment().clone();
        // A knob that was turned, but means nothing here, retrains nothing.
        if before.data == experiment.data && changed(&before, &experiment).find(decides).is_none() {
            job.show(experiment);
            return Vec::new();
        }
        // Another teacher is asked for, or one of other data.
        if changed(&before, &experiment).filter(decides).any(|knob| knob.phase <= Phase::Teacher) {
            self.teacher = None;
        }
        let job = self.job.take();
        self.start(experiment, job)
    }

    /// Takes a file as the teacher of every run. One that does not fit changes nothing.
    fn adopt(&mut self, file: &[u8]) -> Vec<Event> {
        let Some(job) = &self.job else { return Vec::new() };
        let (network, architecture) = match teacher_file::read(file, job.experiment(), job.subject()) {
            Ok(read) => read,
            Err(reason) => return vec![Event::Error(EngineError::BadFile { name: "teacher".into(), reason })],
        };
        self.teachers += 1;
        self.teacher = Some(Rc::new(TeacherFile { network, number: self.teachers }));
        let mut events = Vec::new();
        if architecture != job.experiment().teacher {
            events.push(Event::Adapted(format!("teacher={architecture}")));
        }
        let experiment = Experiment { teacher: architecture, ..job.experiment().clone() };
        let job = self.job.take();
        events.extend(self.start(experiment, job));
        events
    }

    fn start(&mut self, experiment: Experiment, before: Option<Job>) -> Vec<Event> {
        if before.as_ref().is_none_or(|job| job.experiment().data != experiment.data) {
            // What was asked about other data means nothing here.
            self.asked.clear();
        }
        self.mode = RunMode::Run;
        let mut events = Vec::new();
        let mut experiment = experiment;
        if let (DataSet::Table, Some(table), true) =
            (experiment.data, &self.table, self.is_table_new || self.adapts_always)
        {
            self.is_table_new = false;
            let knobs = table.adapt(&experiment);
            if !knobs.is_empty() {
                experiment = experiment.adapted(&knobs);
                events.push(Event::Adapted(knobs));
            }
        }
        let (subject, mut kept) = match before {
            Some(job) => (job.subject_for(&experiment, self.table.as_ref()), job.into_kept()),
            None => (None, std::mem::take(&mut self.salvaged)),
        };
        let subject = match subject {
            Some(subject) => Ok(subject),
            None => lessons::subject(&experiment, self.table.as_ref()).map(Rc::new),
        };
        match subject.and_then(|subject| Job::new(experiment, subject, &mut kept, self.teacher.clone())) {
            Ok(mut job) => {
                events.push(job.data());
                events.extend(job.exhibits(&self.asked));
                self.job = Some(job);
            }
            Err(error) => {
                self.salvaged = kept;
                events.push(Event::Error(error));
            }
        }
        events
    }
}

#[cfg(test)]
mod tests;
