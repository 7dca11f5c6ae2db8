//! More workers beside the first: each trains its share of the runs, as many at once as the machine has cores less one.
//!
//! They are told whatever changes what is trained, and after it the new shares under a new number. What they say of a
//! training before that is dropped, since its numbers are another experiment's. A helper that comes or goes changes the
//! shares but not the number: what is trained stays as it was, and so does what was said of it.

use std::collections::HashSet;

use retort_spec::{Command, CurvePoint, EngineError, Event, NetworkId, ParcelLabel, RunAssignment};

use crate::{
    state::Action,
    transport::{
        machine::{Effect, Machine, Program, WorkerId, WorkerInput, engine::MAX_MISSED_PINGS},
        pool_size::size,
    },
};

/// How long what helpers say waits for the first worker's next report: each reports ten times a second, and the page,
/// which draws all of it, shall draw as often with many as with one.
const HOLD_MILLIS: u32 = 100;

/// A worker beside the first.
struct PoolWorker {
    id: WorkerId,
    /// Its place in the pool; `None` until it listens.
    index: Option<u32>,
    unanswered: u32,
    /// The number of the share that it has begun; what it says belongs to that.
    generation: Option<u32>,
    /// Whether it was told to wait because the first worker did.
    waits: bool,
    memory: f64,
}

/// The pool's part of the machine.
#[derive(Default)]
pub(super) struct Pool {
    helpers: Vec<PoolWorker>,
    /// Rises with every change of what is trained.
    generation: u32,
    /// Whether the first worker waits for the others.
    pub(super) gathering: bool,
    /// Whether the verdict is there: nobody is asked to train until something changes.
    rests: bool,
    /// The run whose progress is shown then.
    followed: Option<u32>,
    /// Runs of helpers that are done.
    done: Vec<u32>,
    /// Points that were told: run, network and step.
    points: HashSet<(u32, NetworkId, u32)>,
    /// The share that the first worker has begun.
    first_generation: Option<u32>,
    /// Bytes of the first worker's memory.
    memory: f64,
    /// Bytes that were told the page.
    told: Vec<f64>,
    /// What helpers have said and the page has not been told yet.
    held: Vec<Event>,
    /// Whether it will be told without the first worker.
    holds: bool,
    /// When it was last told, in seconds.
    drawn: f64,
}

impl Pool {
    pub(super) fn has(&self, id: WorkerId) -> bool {
        self.helpers.iter().any(|helper| helper.id == id)
    }

    fn helper(&mut self, id: WorkerId) -> Option<&mut PoolWorker> {
        self.helpers.iter_mut().find(|helper| helper.id == id)
    }

    fn listening(&self) -> impl Iterator<Item = (&PoolWorker, u32)> {
        self.helpers.iter().filter_map(|helper| Some((helper, helper.index?)))
    }

    /// Workers of the pool that listen, the first among them.
    fn count(&self) -> u32 {
        1 + self.listening().count() as u32
    }

    /// The first worker has begun a share; what it says from here on belongs to that.
    pub(super) fn first_begins(&mut self, generation: u32) {
        self.first_generation = Some(generation);
    }

    /// Whether the first worker speaks of what is trained now.
    pub(super) fn has_begun(&self) -> bool {
        self.is_now(self.first_generation)
    }

    /// Whether a point of the first worker is told for the first time; one of what was trained before counts as such.
    pub(super) fn is_new_of_first(&mut self, point: &CurvePoint) -> bool {
        !self.has_begun() || self.is_new(point)
    }

    /// Whether a worker that has begun this share speaks of what is trained now.
    fn is_now(&self, generation: Option<u32>) -> bool {
        generation == Some(self.generation)
    }

    /// Whether a point is told for the first time. Where shares have changed, two workers may train one run: what they
    /// say is the same, and each says it in order.
    fn is_new(&mut self, point: &CurvePoint) -> bool {
        self.points.insert((point.run, point.network_id, point.step))
    }

    /// Whether a helper's progress is what the page shows: once the first worker is done, the first run that is not.
    fn is_followed(&mut self, run: u32) -> bool {
        let is_next = self.followed.is_none_or(|followed| run <= followed || self.done.contains(&followed));
        if self.gathering && is_next {
            self.followed = Some(run);
        }
        self.gathering && is_next
    }
}

impl<P: Clone> Machine<P> {
    /// Ends every helper.
    pub(super) fn dismiss(&mut self) {
        for helper in std::mem::take(&mut self.pool.helpers) {
            self.end(Some(helper.id));
        }
        self.pool.held.clear();
        self.pool.points.clear();
        (self.pool.rests, self.pool.first_generation) = (false, None);
    }

    /// What the others must know of a command to the first worker.
    pub(super) fn broadcast(&mut self, command: &Command) {
        if !command.is_for_all() {
            return;
        }
        let told = self.pool.listening().map(|(helper, _)| Effect::Send(helper.id, command.clone()));
        self.effects.extend(told);
        let walks = matches!(
            command,
            Command::Pause
                | Command::Resume
                | Command::StepBatch
                | Command::StepEpoch
                | Command::SetSpeedLimit(_)
                | Command::Ping
        );
        if !walks {
            self.pool.rests = false;
            self.pool.generation = self.pool.generation.wrapping_add(1);
            self.pool.held.clear();
            self.pool.followed = None;
            self.pool.done.clear();
            self.pool.points.clear();
            self.share();
        }
    }

    /// Tells everybody which runs are whose.
    pub(super) fn share(&mut self) {
        if self.pool.rests {
            return;
        }
        let (count, generation) = (self.pool.count(), self.pool.generation);
        let first = self.listening().map(|id| (id, 0));
        let others = self.pool.listening().map(|(helper, index)| (helper.id, index));
        let shares = first
            .into_iter()
            .chain(others)
            .map(|(id, index)| Effect::Send(id, Command::AssignRuns(RunAssignment { index, count, generation })));
        self.effects.extend(shares);
    }

    /// The verdict is there, and what a helper may still train is of no use.
    pub(super) fn rest(&mut self) {
        if !self.pool.has_begun() {
            // It is that of an earlier training.
            return;
        }
        self.pool.rests = true;
        let idle = RunAssignment { index: RunAssignment::IDLE, count: 1, generation: self.pool.generation };
        let told = self.pool.listening().map(|(helper, _)| Effect::Send(helper.id, Command::AssignRuns(idle)));
        self.effects.extend(told);
    }

    /// The first worker trains or is done: whoever waits because it did waits no more.
    pub(super) fn go_on(&mut self) {
        for helper in self.pool.helpers.iter_mut().filter(|helper| helper.waits) {
            helper.waits = false;
            self.effects.push(Effect::Send(helper.id, Command::Resume));
        }
    }

    /// As many helpers as there is work for.
    pub(super) fn spawn_helpers(&mut self) {
        // Those that share out runs, and run the first worker's program.
        let shares = |program: &Program| matches!(program, Program::Perceptrons | Program::Cpu);
        let program = self.engine.as_ref().filter(|engine| engine.ready).map(|engine| engine.program).filter(shares);
        let wanted = program.map_or(0, |_| size(&self.experiment, self.cores, self.memory) as usize - 1);
        let too_many: Vec<WorkerId> = self.pool.helpers.iter().skip(wanted).map(|helper| helper.id).collect();
        for id in too_many {
            self.end_helper(id);
        }
        while let Some(program) = program.filter(|_| self.pool.helpers.len() < wanted) {
            let id = self.start(program);
            self.pool.helpers.push(PoolWorker {
                id,
                index: None,
                unanswered: 0,
                generation: None,
                waits: false,
                memory: 0.0,
            });
        }
    }

    /// Asks whether the helpers are alive: whoever has not answered for long is not.
    pub(super) fn watch_helpers(&mut self) {
        for helper in self.pool.helpers.iter_mut().filter(|helper| helper.index.is_some()) {
            helper.unanswered += 1;
        }
        let dead = |helper: &&PoolWorker| helper.unanswered > MAX_MISSED_PINGS;
        let dead: Vec<WorkerId> = self.pool.helpers.iter().filter(dead).map(|helper| helper.id).collect();
        dead.into_iter().for_each(|id| self.end_helper(id));
    }

    /// Ends a helper; its runs become the others'.
    fn end_helper(&mut self, id: WorkerId) {
        let Some(place) = self.pool.helpers.iter().position(|helper| helper.id == id) else { return };
        let gone = self.pool.helpers.remove(place);
        self.end(Some(id));
        let Some(free) = gone.index else { return };
        // The last one takes its place: the others keep theirs, and with it the runs that they train.
        let last = self.pool.count();
        for helper in self.pool.helpers.iter_mut().filter(|helper| helper.index == Some(last)) {
            helper.index = Some(free);
        }
        self.share();
    }

    pub(super) fn on_helper(&mut self, id: WorkerId, input: WorkerInput<P>) {
        let Some(helper) = self.pool.helper(id) else { return };
        helper.unanswered = 0;
        let generation = helper.generation;
        match input {
            WorkerInput::Events(events) => self.on_helper_events(id, events),
            WorkerInput::Parcel(ParcelLabel::Result, parcel) => {
                self.effects.extend(self.listening().map(|first| Effect::Forward(first, parcel)));
            }
            WorkerInput::Parcel(label, parcel) if self.pool.is_now(generation) => self.take(label, parcel),
            // One worker less is slower and nothing worse.
            WorkerInput::Unavailable(_) | WorkerInput::Died(_) => self.end_helper(id),
            WorkerInput::Parcel(..)
            | WorkerInput::Loading { .. }
            | WorkerInput::Loaded
            | WorkerInput::WorkbenchEvents(_) => {}
        }
    }

    fn on_helper_events(&mut self, id: WorkerId, events: Vec<Event>) {
        let (mut told, mut diverged) = (Vec::new(), false);
        for event in events {
            match event {
                Event::Ready(_) => self.init_helper(id),
                Event::Pong { memory, .. } => {
                    if let Some(helper) = self.pool.helper(id) {
                        helper.memory = memory;
                    }
                    self.report_memory();
                }
                Event::AssignmentApplied { generation } => {
                    if let Some(helper) = self.pool.helper(id) {
                        helper.generation = Some(generation);
                    }
                }
                Event::Error(EngineError::Engine { .. } | EngineError::Device { .. }) => return self.end_helper(id),
                // An experiment ends where any of its runs does.
                Event::Error(EngineError::Diverged { .. }) if self.is_about_now(id) => {
                    self.send(&Command::Stop);
                    diverged = true;
                    told.push(event);
                }
                Event::Progress(progress) if self.is_about_now(id) && self.pool.is_followed(progress.run) => {
                    told.push(event);
                }
                Event::Point(ref point) if self.is_about_now(id) && self.pool.is_new(point) => told.push(event),
                Event::Measured(ref measured) if self.is_about_now(id) => {
                    // It is measured last.
                    if measured.network_id == self.product {
                        self.pool.done.push(measured.run);
                    }
                    told.push(event);
                }
                // What else it says the first worker says too.
                _ => {}
            }
        }
        if !told.is_empty() {
            self.pool.held.extend(told);
            if !std::mem::replace(&mut self.pool.holds, true) {
                self.effects.push(Effect::Hold(HOLD_MILLIS));
            }
        }
        if diverged {
            self.flush_held_events();
        }
    }

    /// Whether what a helper says is about what is trained now.
    fn is_about_now(&self, id: WorkerId) -> bool {
        self.pool.helpers.iter().any(|helper| helper.id == id && self.pool.is_now(helper.generation))
    }

    /// A page that has just been drawn is not drawn again for what helpers said since: the first worker's next report
    /// brings it, or this timer does.
    pub(super) fn flush_held_at_last(&mut self) {
        if !self.pool.held.is_empty() && self.now - self.pool.drawn < f64::from(HOLD_MILLIS) / 1_000.0 {
            return self.effects.push(Effect::Hold(HOLD_MILLIS));
        }
        self.pool.holds = false;
        self.flush_held_events();
    }

    /// Tells the page what helpers have said so far: not before the first worker has begun the same, since the page
    /// forgets all curves when that says that a training begins.
    pub(super) fn flush_held_events(&mut self) {
        if !self.pool.has_begun() {
            return;
        }
        let events = std::mem::take(&mut self.pool.held);
        self.pool.drawn = self.now;
        if !events.is_empty() {
            self.dispatch(Action::Events { events, recorded: false });
        }
    }

    /// Tells a fresh helper what the others know, and everybody the new shares.
    fn init_helper(&mut self, id: WorkerId) {
        let index = self.pool.count();
        let Some(helper) = self.pool.helper(id) else { return };
        helper.index = Some(index);
        helper.waits = self.paused;
        // It trains nothing before it knows its share.
        let idle = Command::AssignRuns(RunAssignment { index: RunAssignment::IDLE, count: 1, generation: 0 });
        let commands = [idle].into_iter().chain(self.replay_commands());
        self.effects.extend(commands.map(|command| Effect::Send(id, command)));
        self.share();
    }

    /// The first worker's memory, of which it has told.
    pub(super) fn set_first_memory(&mut self, memory: f64) {
        self.pool.memory = memory;
        self.report_memory();
    }

    fn report_memory(&mut self) {
        let helpers = self.pool.listening().map(|(helper, _)| helper.memory);
        let memory: Vec<f64> = [self.pool.memory].into_iter().chain(helpers).collect();
        if self.pool.told != memory {
            self.pool.told.clone_from(&memory);
            self.dispatch(Action::Memory(memory));
        }
    }
}
