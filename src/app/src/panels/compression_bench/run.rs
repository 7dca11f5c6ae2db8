//! Carrying the pipeline out: the button, why it cannot be pressed, and how far it is.

use retort_spec::{CompressionStep, Pipeline, PipelineEnd, RunState};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{
        format::{bytes, number, signed},
        labels::{disorder_text, treatment_name},
    },
    state::{Engine, PipelineState, State},
};

/// Whether the workbench holds the network of a finished training.
pub fn is_student_there(state: &State) -> bool {
    !state.recorded && !state.outdated && state.float_file().is_some()
}

/// Why the pipeline cannot be carried out now.
fn obstacle(page: &AppContext, stages: &[CompressionStep]) -> Option<String> {
    let (texts, state) = (&page.texts, &page.state);
    let why = match () {
        () if page.locks("bench-run") => "locked",
        () if stages.is_empty() => "bench-no-stages",
        () if state.recorded || !matches!(state.engine, Engine::Ready(_)) => "bench-no-engine",
        () if state.run_state != RunState::Finished => "bench-not-trained",
        () if !is_student_there(state) => "bench-not-packed",
        () => return None,
    };
    Some(texts.get(why))
}

/// The button to run or to stop, with what is wrong with the pipeline, how far it is or what came of it beside it.
pub fn run(
    page: &AppContext,
    stages: &[CompressionStep],
    problem: Option<String>,
    discard: Option<Callback<()>>,
) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let under_way = state.bench.flow.as_deref().filter(|flow| flow.ended.is_none());
    let (driver, pipeline) = (page.driver.clone(), Pipeline(stages.to_vec()));
    let (button, said) = match under_way {
        Some(flow) => {
            let stop = Callback::from(move |_: MouseEvent| driver.cancel_pipeline());
            let (share, words) = progress(page, flow);
            let button = html! {
                <>
                    <button id="bench-stop" key="stop" class="primary" onclick={stop}>{ texts.get("bench-stop") }</button>
                    <progress max="1" value={share.to_string()} aria-label={texts.get("bench-run")} />
                    <span id="bench-progress">{ words }</span>
                </>
            };
            (button, String::new())
        }
        None => {
            let obstacle = obstacle(page, stages);
            let start = Callback::from(move |_: MouseEvent| driver.compress(pipeline.clone()));
            let disabled = problem.is_some() || obstacle.is_some();
            let button = html! { <button id="bench-run" key="run" class="primary" {disabled} onclick={start} aria-describedby="bench-said bench-problem">{ texts.get("bench-run") }</button> };
            let ending = || state.bench.flow.as_deref().and_then(|flow| ending(page, flow));
            (button, obstacle.filter(|_| problem.is_none()).or_else(ending).unwrap_or_default())
        }
    };
    html! {
        <div class="run">
            if page.shows("bench-run") {
                { button }
            }
            if let Some(discard) = discard {
                <button id="bench-discard" onclick={discard.reform(|_: MouseEvent| ())}>{ texts.get("bench-discard") }</button>
            }
            <span id="bench-problem">{ for &problem }</span>
            if problem.is_none() {
                <span id="bench-said">{ said }</span>
            }
        </div>
    }
}

/// The share of a pipeline that is done, and the stage under way in words.
fn progress(page: &AppContext, flow: &PipelineState) -> (f64, String) {
    let (texts, state) = (&page.texts, &page.state);
    let done = flow.stages.len().saturating_sub(1);
    let all = flow.pipeline.0.len();
    let progress = state.progress.filter(|progress| progress.phase.is_none() && state.run_state == RunState::Running);
    let Some(treatment) = flow.pipeline.0.get(done) else { return (1.0, String::new()) };
    let args =
        [("place", (done + 1).into()), ("count", all.into()), ("stage", treatment_name(texts, treatment).into())];
    let mut words = texts.with("bench-stage-of", &args);
    let mut within = state.bench.progress.map_or(0.0, |(_, share)| share);
    if let (true, Some(progress)) = (treatment.epochs() > 0, progress) {
        within = f64::from(progress.step) / f64::from(progress.steps.max(1));
        let args = [
            ("epoch", number(texts, progress.epoch.into(), 0).into()),
            ("epochs", number(texts, progress.epochs.into(), 0).into()),
        ];
        words = format!("{words} · {}", texts.with("bench-epoch", &args));
    }
    ((done as f64 + within) / all.max(1) as f64, words)
}

/// What came of a pipeline, in a sentence; nothing while it is under way, or where its student is another by now.
pub fn ending(page: &AppContext, flow: &PipelineState) -> Option<String> {
    let texts = &page.texts;
    if page.state.bench.is_flow_stale {
        return Some(texts.get("bench-stale"));
    }
    Some(match flow.ended.as_ref()? {
        None => {
            let (float, last) = (flow.stages.first()?, flow.stages.last()?);
            let args = [
                ("bytes", bytes(texts, last.bytes.into()).into()),
                ("float", bytes(texts, float.bytes.into()).into()),
                ("times", number(texts, times(float.bytes, last.bytes), 1).into()),
                ("change", signed(texts, 100.0 * (last.accuracy - float.accuracy), 1).into()),
            ];
            texts.with("bench-done", &args)
        }
        Some(PipelineEnd::PipelineError { place, error }) => disorder_text(&page.texts, *place as usize, *error),
        Some(PipelineEnd::NoStudent) => texts.get("bench-not-trained"),
        Some(PipelineEnd::Abandoned) => texts.get("bench-abandoned"),
        Some(PipelineEnd::Failed { reason }) => texts.with("bench-failed", &[("reason", reason.as_str().into())]),
    })
}

/// How many times as large the first file is.
pub fn times(float: u32, bytes: u32) -> f64 {
    f64::from(float) / f64::from(bytes.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::compression_bench::model::now;
    use crate::state::{
        Action, WorkbenchAction,
        fixture::{act, compressed, finish, measured_state},
    };
    use retort_spec::{Event, WorkbenchEvent};

    fn hear(state: State, report: WorkbenchEvent) -> State {
        act(state, Action::Events { events: vec![Event::Workbench(report)], recorded: false })
    }

    #[test]
    fn stages_are_done_one_after_the_other_until_the_students_are_others() {
        let pipeline: Pipeline = "prune:0.5,quantize:8".parse().unwrap();
        let state = act(measured_state(), Action::Bench(WorkbenchAction::Begin { id: 1, pipeline: pipeline.clone() }));
        let stage = |place| WorkbenchEvent::Stage { id: 1, place, done: Box::new(compressed()) };
        let state = hear(hear(state, stage(None)), stage(Some(0)));
        let standing = |state: &State| now(state, &pipeline.0).map(|now| [now.of(0), now.of(1)]);
        assert_eq!(standing(&state), Some([Some("done"), Some("now")]));
        assert_eq!(now(&state, &pipeline.0[..1]), None, "another pipeline");
        let state = hear(hear(state, stage(Some(1))), WorkbenchEvent::Ended { id: 1, reason: None });
        assert_eq!(standing(&state), Some([Some("done"), Some("done")]));
        let state = finish(state);
        assert_eq!(standing(&state), None, "trained anew");
        assert!(state.bench.is_flow_stale && state.bench.flow.as_deref().is_some_and(|flow| flow.stages.len() == 3));
    }
}
