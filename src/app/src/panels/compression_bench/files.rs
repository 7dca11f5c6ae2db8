//! Compressed networks as files to keep.

use retort_spec::{CompressionStep, FileFormat, Pipeline, WorkbenchCommand};
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    i18n::{
        format::bytes,
        labels::{made, treatment_name},
    },
    panels::compression_bench::run::is_student_there,
    state::record,
    widgets::{dom::text_of, framed::framed_hint},
};

/// A network that can be had as files: its stage, its name, the length of its packed file, and what was done to it.
type Source = (Option<u32>, String, u32, Pipeline);

/// Which network, and the kinds of file.
#[hook]
pub fn use_bench_files() -> Html {
    let page = use_page();
    // The last one that is there, until the visitor chooses.
    let chosen = use_state_eq(|| None::<Option<u32>>);
    let texts = &page.texts;
    let sources = sources(&page);
    let source = sources.iter().find(|(stage, ..)| *chosen == Some(*stage)).or(sources.last());
    let choose = Callback::from(move |event: Event| chosen.set(Some(text_of(&event).parse().ok())));
    {
        let driver = page.driver.clone();
        // The same network may become another one of another length.
        let asked = source.map(|(stage, _, length, _)| (*stage, *length));
        use_effect_with(asked, move |asked| {
            if let Some((stage, _)) = *asked {
                driver.send_workbench(WorkbenchCommand::MeasureFiles { stage });
            }
        });
    }
    let sizes =
        page.state.bench.file_sizes.as_deref().filter(|(stage, bytes)| {
            source.is_some_and(|(of, _, length, _)| of == stage && bytes.first() == Some(length))
        });
    let stem = record::packed_stem(&page.state.experiment);
    let file = |(place, &format): (usize, &FileFormat)| {
        let (page, stem) = (page.clone(), stem.clone());
        let stage = source.and_then(|(stage, ..)| *stage);
        let save = Callback::from(move |_: MouseEvent| {
            let name = stage.map_or(stem.clone(), |stage| format!("{stem}-stage-{}", stage + 1));
            page.driver.send_workbench(WorkbenchCommand::Export { format, stage, name });
        });
        let id = format!("file-{}", format.word());
        let size = sizes.and_then(|(_, bytes)| bytes.get(place)).filter(|length| **length > 0);
        let size = size.map_or_else(|| "\u{a0}".to_owned(), |&length| bytes(texts, length.into()));
        html! {
            <button id={id.clone()} disabled={source.is_none()} onclick={save} title={texts.help(&id)}>
                { texts.get(&id) }<small>{ size }</small>
            </button>
        }
    };
    html! {
        <div id="bench-files">
            <h3>{ texts.get("bench-files") }</h3>
            <select id="bench-source" disabled={sources.len() < 2} onchange={choose} aria-label={texts.get("bench-source")}>
                if sources.is_empty() {
                    <option>{ texts.get("download-no-student") }</option>
                }
                { for sources.iter().map(|of| html! {
                    <option value={of.0.map_or_else(String::new, |stage| stage.to_string())} selected={Some(of) == source}>{ &of.1 }</option>
                }) }
            </select>
            <div class="buttons">{ for FileFormat::ALL.iter().enumerate().map(file) }</div>
            if let Some(hint) = source.and_then(|(.., made)| onnx_hint(made)) {
                <p id="onnx-hint" class="hint">{ texts.get(hint) }</p>
            }
            { framed_hint(texts) }
            <p class="hint">{ texts.get("bench-files-hint") }{ texts.language.gap() }<a href="docs/load.html" target="_blank" rel="noopener">{ texts.get("bench-files-how") }</a></p>
        </div>
    }
}

/// What to know of the ONNX file with integers of a network to which this was done: a program that runs it must be new
/// enough for its types (`compress/format/onnx.rs`), or there are no integers in it.
fn onnx_hint(made: &Pipeline) -> Option<&'static str> {
    let scheme = made.0.iter().find_map(|step| match step {
        CompressionStep::Quantize(scheme) | CompressionStep::QuantizationAware { scheme, .. } => Some(scheme),
        _ => None,
    });
    match scheme.filter(|scheme| scheme.bits.is_integer()) {
        None => Some("onnx-no-integers"),
        Some(scheme) => (scheme.bits.width() <= 4 || scheme.granularity.group().is_some()).then_some("onnx-new-types"),
    }
}

/// What can be had: the network last looked at, and what each stage left.
fn sources(page: &AppContext) -> Vec<Source> {
    let (texts, state) = (&page.texts, &page.state);
    if !is_student_there(state) {
        return Vec::new();
    }
    let looked = state.bench.current.as_deref().map(|looked| {
        let args = [("made", made(texts, &looked.pipeline).into())];
        (None, texts.with("bench-looked", &args), looked.bytes, looked.pipeline.clone())
    });
    let flow = state.bench.flow.as_deref().filter(|_| !state.bench.is_flow_stale);
    let stages = flow.into_iter().flat_map(|flow| {
        flow.stages.iter().skip(1).zip(&flow.pipeline.0).enumerate().map(|(place, (done, treatment))| {
            let args = [("place", (place + 1).into()), ("stage", treatment_name(texts, treatment).into())];
            (Some(place as u32), texts.with("bench-after", &args), done.bytes, done.pipeline.clone())
        })
    });
    looked.into_iter().chain(stages).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_runs_the_file_must_be_new_enough_for_its_types() {
        for (made, hint) in [
            ("none", Some("onnx-no-integers")),
            ("quantize:32", Some("onnx-no-integers")),
            ("quantize:16", Some("onnx-no-integers")),
            ("share:4,finetune:5", Some("onnx-no-integers")),
            ("quantize:8", None),
            ("prune:0.5,quantize:6,huffman", None),
            ("quantize:4", Some("onnx-new-types")),
            ("quantize:ternary", Some("onnx-new-types")),
            ("quantize:8:group-16", Some("onnx-new-types")),
            ("qat:2:5", Some("onnx-new-types")),
        ] {
            assert_eq!(onnx_hint(&made.parse().unwrap()), hint, "{made}");
        }
    }
}
