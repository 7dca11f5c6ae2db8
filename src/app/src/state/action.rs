//! What can happen to the page.

use retort_spec::{Event, Preset, Problem, UserExample};

use crate::state::{
    CustomExample, Engine, Fetching, Notice, SweepAction, WorkbenchAction,
    device::{DeviceReason, Timed},
};

/// What happens to the page.
#[derive(Debug, Clone)]
pub enum Action {
    /// A knob was turned.
    Turn { key: &'static str, value: String },
    /// The temperature slider moves; nothing is trained yet.
    Preview(f64),
    /// The address changed: back, forward, or by hand.
    Navigate(String),
    /// Another example's soft targets are asked for.
    Inspect(usize),
    /// The same of an example that is no test example; `None` goes back to the test examples.
    Give(Option<CustomExample>),
    /// The visitor's own training examples, all of them.
    Own(Vec<UserExample>),
    /// The curves that are shown are kept under a name.
    Keep(String),
    /// A kept run gets another name.
    Rename { index: usize, name: String },
    /// A kept run is not kept any more.
    Forget(usize),
    /// The last change of the experiment is undone.
    Undo,
    /// What was undone is done again.
    Redo,
    /// No knob was turned for a moment: the next turn is a step of its own.
    Settle,
    /// Training is slowed down to so many steps a second, or not.
    Pace(Option<u32>),
    /// The bias of the classes left out.
    Bias(f64),
    /// The workbench's files were saved.
    Saved,
    /// The device was chosen.
    Device(DeviceReason),
    /// Both devices were timed, or not.
    Timed(Option<Timed>),
    /// The engine's wasm arrives.
    Engine(Engine),
    /// The engine reports.
    Events { events: Vec<Event>, recorded: bool },
    /// Bytes of memory of each worker that trains.
    Memory(Vec<f64>),
    /// Data arrive.
    Fetching(Fetching),
    /// The visitor is told something.
    Notify(Notice),
    /// The page's own keys of a link could not be used as they stood.
    ReportPage(Vec<Problem>),
    /// Something happens on the page's side of the workbench.
    Bench(WorkbenchAction),
    /// Experiments of the literature are here.
    Literature(Vec<Preset>),
    /// Something happens to the sweep.
    Sweep(SweepAction),
    /// The device takes a cell of a class's sweep, or leaves the class.
    Class(String),
    /// A notice was read.
    Dismiss(usize),
}
