//! The run that the page shows until its own engine has something.

use serde::{Deserialize, Serialize};

use crate::{protocol::Event, workbench::WorkbenchEvent};

/// A recorded run, as the page fetches it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// What the engine reported, in its order.
    pub engine: Vec<Event>,
    /// What the workbench reported then.
    pub workbench: Vec<WorkbenchEvent>,
}

impl Recording {
    /// All of it, as the page's state takes it.
    pub fn into_events(self) -> Vec<Event> {
        self.engine.into_iter().chain(self.workbench.into_iter().map(Event::Workbench)).collect()
    }
}
