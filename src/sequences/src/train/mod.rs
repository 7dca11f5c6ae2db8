//! Training: plans, and studies that carry them out.

mod batches;
mod knobs;
mod learner;
mod lessons;
mod measures;
mod plan;
pub mod presets;
mod study;
mod writing;

#[cfg(test)]
mod tests;

pub use batches::chosen;
pub use knobs::{shape, steps_of_epoch};
pub use measures::{Metric, MetricKind, Tested, logits_of_test, test, tokens_per_call};
pub use plan::{Imitation, Lesson, Origin, Phase, PlanError, Signal, Source};
pub use study::{Study, StudyEvent, Trained};
pub use writing::write;
