//! How far the workbench is with a long task.

use retort_spec::Task;

use crate::{context::AppContext, i18n::format::number};

/// The task in words with its share, if it is one of these.
pub fn progress(page: &AppContext, tasks: &[Task]) -> Option<String> {
    let (task, share) = page.state.bench.progress.filter(|(task, _)| tasks.contains(task))?;
    let id = match task {
        Task::Schemes => "task-schemes",
        Task::PtqMethod => "task-repair",
        Task::Sensitivity => "task-sensitivity",
        Task::Latency => "task-latency",
    };
    Some(page.texts.with(id, &[("percent", number(&page.texts, 100.0 * share, 0).into())]))
}
