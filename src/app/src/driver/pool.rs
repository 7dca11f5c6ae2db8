//! More workers beside the first: each trains its share of the runs, as many at once as the machine has cores less one.
//!
//! They are told whatever changes what is trained, and after it the new shares. What they say of a training before that is
//! dropped, since its numbers are another experiment's.

use gloo_timers::callback::Timeout;
use retort_spec::{Actor, Command, Event, Share, Trouble};

use super::{Driver, Inner, PATIENCE};
use crate::{
    engine::{Engine, Message},
    pool::{cores, memory, size},
    state::Action,
};

/// How long what helpers say waits for the first worker's next report: each reports ten times a second, and the page, which draws
/// all of it, shall draw as often with many as with one.
const HOLD_MILLIS: u32 = 100;

/// A worker beside the first.
pub(super) struct Helper {
    /// Names it in messages that come late.
    id: u32,
    engine: Engine,
    ready: bool,
    unanswered: u32,
    /// The share that it has begun; what it says belongs to that.
    era: u32,
    memory: f64,
}

/// The pool's part of the driver.
#[derive(Default)]
pub(super) struct Pool {
    helpers: Vec<Helper>,
    /// Rises with every change of what is trained.
    era: u32,
    /// Rises with every helper.
    hired: u32,
    /// Whether the first worker has a teacher from a file, of which a helper that starts later would know nothing.
    alone: bool,
    /// Whether training waits for the visitor.
    paused: bool,
    /// Whether the first worker waits for the others.
    pub(super) gathering: bool,
    /// The run whose progress is shown then.
    followed: Option<u32>,
    /// Runs of helpers that are done.
    done: Vec<u32>,
    /// Bytes of the first worker's memory.
    memory: f64,
    /// Bytes that were told the page.
    told: Vec<f64>,
    /// What helpers have said and the page has not been told yet.
    held: Vec<Event>,
    /// Whether it will be told without the first worker.
    timed: bool,
}

impl Pool {
    /// From now on the first worker trains every run.
    pub(super) fn keep_alone(&mut self) {
        self.alone = true;
    }

    /// Ends every helper.
    pub(super) fn dismiss(&mut self) {
        self.helpers.clear();
        self.held.clear();
    }

    /// What the others must know of a command to the first worker.
    pub(super) fn pass_on(&mut self, command: &Command, first: Option<&Engine>) {
        match command {
            Command::Pause | Command::StepBatch | Command::StepEpoch => self.paused = true,
            Command::Resume | Command::Reset => self.paused = false,
            _ => {}
        }
        if self.helpers.is_empty() || !command.is_for_all() {
            return;
        }
        for helper in self.helpers.iter().filter(|helper| helper.ready) {
            helper.engine.send(command);
        }
        let walks = matches!(
            command,
            Command::Pause
                | Command::Resume
                | Command::StepBatch
                | Command::StepEpoch
                | Command::Pace(_)
                | Command::Ping
        );
        if !walks {
            self.share(first);
        }
    }

    /// Tells everybody which runs are whose.
    fn share(&mut self, first: Option<&Engine>) {
        self.era = self.era.wrapping_add(1);
        self.followed = None;
        self.done.clear();
        let ready = self.helpers.iter().filter(|helper| helper.ready);
        let count = 1 + ready.clone().count() as u32;
        let engines = first.into_iter().chain(ready.map(|helper| &helper.engine));
        for (index, engine) in (0..).zip(engines) {
            engine.send(&Command::Share(Share { index, count, era: self.era }));
        }
    }

    /// The verdict is there, and what a helper may still train is of no use.
    pub(super) fn rest(&self) {
        for helper in self.helpers.iter().filter(|helper| helper.ready) {
            helper.engine.send(&Command::Share(Share { index: Share::NONE, count: 1, era: self.era }));
        }
    }
}

impl Driver {
    /// As many helpers as there is work for.
    pub(super) fn hire(&self) {
        let (wanted, module) = {
            let inner = &mut *self.inner.borrow_mut();
            let module = match (inner.ready, inner.gpu) {
                (true, Some(false)) if !inner.pool.alone => inner.modules[0].clone(),
                _ => None,
            };
            let wanted = if module.is_some() { size(&inner.experiment, cores(), memory()) as usize - 1 } else { 0 };
            if inner.pool.helpers.len() > wanted {
                inner.pool.helpers.truncate(wanted);
                inner.pool.share(inner.engine.as_ref());
            }
            (wanted, module)
        };
        let Some(module) = module else { return };
        while self.inner.borrow().pool.helpers.len() < wanted {
            let id = {
                let pool = &mut self.inner.borrow_mut().pool;
                pool.hired += 1;
                pool.hired
            };
            let (receiver, mourner) = (self.clone(), self.clone());
            let started = Engine::start(
                &module,
                move |message| receiver.receive_helper(id, message),
                move |_| mourner.helper_died(id),
            );
            // One worker less is slower and nothing worse.
            let Ok(engine) = started else { return };
            let helper = Helper { id, engine, ready: false, unanswered: 0, era: 0, memory: 0.0 };
            self.inner.borrow_mut().pool.helpers.push(helper);
        }
    }

    /// Asks the helpers whether they are alive.
    pub(super) fn watch_helpers(&self) {
        let dead: Vec<u32> = {
            let pool = &mut self.inner.borrow_mut().pool;
            for helper in &mut pool.helpers {
                helper.unanswered += 1;
            }
            pool.helpers.iter().filter(|helper| helper.unanswered > PATIENCE).map(|helper| helper.id).collect()
        };
        for id in dead {
            self.helper_died(id);
        }
    }

    /// Its runs become the others'.
    fn helper_died(&self, id: u32) {
        let inner = &mut *self.inner.borrow_mut();
        if inner.pool.helpers.iter().any(|helper| helper.id == id) {
            inner.pool.helpers.retain(|helper| helper.id != id);
            inner.pool.share(inner.engine.as_ref());
        }
    }

    fn receive_helper(&self, id: u32, message: Message<Event>) {
        let events = {
            let inner = &mut *self.inner.borrow_mut();
            let Pool { helpers, era, .. } = &mut inner.pool;
            let Some(helper) = helpers.iter_mut().find(|helper| helper.id == id) else { return };
            helper.unanswered = 0;
            match message {
                Message::Events(events) => events,
                Message::Parcel(parcel) if parcel.contents("Result").is_some() => {
                    return inner.engine.iter().for_each(|first| first.hand_on(&parcel));
                }
                Message::Parcel(parcel) if helper.era == *era => return inner.bench.take(parcel, &inner.experiment),
                Message::Parcel(_) => return,
            }
        };
        let (mut told, mut diverged) = (Vec::new(), false);
        for event in events {
            match event {
                Event::Ready(_) => self.greet_helper(id),
                Event::Pong { memory } => {
                    self.with_helper(id, |helper| helper.memory = memory);
                    self.tell_memory();
                }
                Event::Shared { era } => self.with_helper(id, |helper| helper.era = era),
                Event::Trouble(Trouble::Engine { .. } | Trouble::Device { .. }) => return self.helper_died(id),
                event if self.is_news(id) => match event {
                    // An experiment ends where any of its runs does.
                    Event::Trouble(Trouble::Diverged { .. }) => {
                        self.send(&Command::Stop);
                        diverged = true;
                        told.push(event);
                    }
                    Event::Progress(tally) if self.is_followed(tally.run) => told.push(event),
                    Event::Point(_) => told.push(event),
                    Event::Measured(ref measured) => {
                        if measured.actor == Actor::Student {
                            self.inner.borrow_mut().pool.done.push(measured.run);
                        }
                        told.push(event);
                    }
                    // What else it says the first worker says too.
                    _ => {}
                },
                _ => {}
            }
        }
        if !told.is_empty() {
            let pool = &mut self.inner.borrow_mut().pool;
            pool.held.extend(told);
            if !std::mem::replace(&mut pool.timed, true) {
                let driver = self.clone();
                let tell = move || {
                    driver.inner.borrow_mut().pool.timed = false;
                    driver.tell_held();
                };
                Timeout::new(HOLD_MILLIS, tell).forget();
            }
        }
        if diverged {
            self.tell_held();
        }
    }

    /// Tells the page what helpers have said so far.
    #[inline(never)]
    pub(super) fn tell_held(&self) {
        let events = std::mem::take(&mut self.inner.borrow_mut().pool.held);
        if !events.is_empty() {
            self.dispatch.dispatch(Action::Events { events, recorded: false });
        }
    }

    fn with_helper(&self, id: u32, change: impl FnOnce(&mut Helper)) {
        let pool = &mut self.inner.borrow_mut().pool;
        if let Some(helper) = pool.helpers.iter_mut().find(|helper| helper.id == id) {
            change(helper);
        }
    }

    /// Whether a helper's progress is what the page shows: once the first worker is done, the first run that is not.
    fn is_followed(&self, run: u32) -> bool {
        let pool = &mut self.inner.borrow_mut().pool;
        let is_next = pool.followed.is_none_or(|followed| run <= followed || pool.done.contains(&followed));
        if pool.gathering && is_next {
            pool.followed = Some(run);
        }
        pool.gathering && is_next
    }

    /// Whether what a helper says is about what is trained now.
    fn is_news(&self, id: u32) -> bool {
        let pool = &self.inner.borrow().pool;
        pool.helpers.iter().any(|helper| helper.id == id && helper.era == pool.era)
    }

    /// Tells a fresh helper what the others know, and everybody the new shares.
    fn greet_helper(&self, id: u32) {
        let inner = &mut *self.inner.borrow_mut();
        let commands = inner.knowledge();
        let Inner { pool, engine, .. } = inner;
        let paused = pool.paused;
        let Some(helper) = pool.helpers.iter_mut().find(|helper| helper.id == id) else { return };
        helper.ready = true;
        // It trains nothing before it knows its share.
        let idle = Command::Share(Share { index: Share::NONE, count: 1, era: 0 });
        for command in [idle].into_iter().chain(commands).chain(paused.then_some(Command::Pause)) {
            helper.engine.send(&command);
        }
        pool.share(engine.as_ref());
    }

    /// The first worker's memory, of which it has told.
    pub(super) fn first_memory(&self, memory: f64) {
        self.inner.borrow_mut().pool.memory = memory;
        self.tell_memory();
    }

    fn tell_memory(&self) {
        let told = {
            let pool = &mut self.inner.borrow_mut().pool;
            let helpers = pool.helpers.iter().filter(|helper| helper.ready).map(|helper| helper.memory);
            let memory: Vec<f64> = [pool.memory].into_iter().chain(helpers).collect();
            (pool.told != memory).then(|| {
                pool.told = memory.clone();
                memory
            })
        };
        if let Some(memory) = told {
            self.dispatch.dispatch(Action::Memory(memory));
        }
    }
}
