//! The heart: one example's distribution, from the teacher and from the student, at the slider's temperature and at 1.

use std::rc::Rc;

use retort_spec::{
    Actor, DataSet, DataSummary, Kind, Measured, knob,
    probability::{argmax, entropy_bits, softmax},
};
use yew::prelude::*;

use super::{
    data::class_name,
    knob::{place, text_of, value_at},
    picture::{Picture, Scatter},
};
use crate::{
    app::{Page, use_page},
    format::{number, percent, temperature},
    state::Action,
};

/// The small multiples.
const TEMPERATURES: [f64; 5] = [1.0, 2.0, 4.0, 8.0, 20.0];

/// The soft-target panel.
#[component]
pub fn SoftTargets() -> Html {
    let page = use_page();
    let texts = &page.texts;
    html! {
        <section id="soft-targets" class="panel" aria-labelledby="soft-title">
            <h2 id="soft-title">{ texts.get("soft-targets") } <small>{ texts.get("soft-targets-sub") }</small></h2>
            { slider(&page) }
            if let (Some(data), Some(teacher)) = (&page.state.data, page.state.network(Actor::Teacher)) {
                { example(&page, data, teacher) }
            } else {
                <p class="empty">{ texts.get("soft-targets-empty") }</p>
            }
        </section>
    }
}

fn slider(page: &Page) -> Html {
    let texts = &page.texts;
    let Some(Kind::Number { min, max, scale }) = knob("temperature").map(|knob| knob.kind) else {
        return Html::default();
    };
    let dispatch = page.state.dispatcher();
    let value = move |place: String| place.parse().ok().map(|place| value_at(scale, min, max, place));
    let preview = Callback::from(move |event: InputEvent| {
        let text = event.target_dyn_into::<web_sys::HtmlInputElement>().map(|input| input.value());
        if let Some(temperature) = text.and_then(value) {
            dispatch.dispatch(Action::Preview(temperature));
        }
    });
    let turn = page.turn("temperature");
    let commit = Callback::from(move |event: Event| {
        if let Some(temperature) = value(text_of(&event)) {
            turn.emit(temperature.to_string());
        }
    });
    let now = page.state.temperature();
    let shown = temperature(texts, now);
    html! {
        <div class="temperature" title={texts.help("knob-temperature")}>
            <label for="temperature">{ texts.get("knob-temperature") }</label>
            <output id="temperature-value" for="temperature">{ shown.clone() }</output>
            <input id="temperature" type="range" min="0" max="200" step="1" value={place(scale, min, max, now).to_string()}
                aria-valuetext={shown} oninput={preview} onchange={commit} />
        </div>
    }
}

fn example(page: &Page, data: &Rc<DataSummary>, teacher: &Measured) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let classes = data.classes as usize;
    let count = teacher.logits.len() / classes;
    if count == 0 {
        return Html::default();
    }
    let index = state.example.unwrap_or_else(|| most_telling(data, teacher)).min(count - 1);
    let row =
        |measured: &Rc<Measured>| measured.logits.get(index * classes..(index + 1) * classes).map(<[f32]>::to_vec);
    let teacher_row = teacher.logits[index * classes..(index + 1) * classes].to_vec();
    let student_row = state.network(Actor::Student).and_then(row);
    let at = |offset: usize| {
        let dispatch = state.dispatcher();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Inspect((index + offset) % count)))
    };
    let label = usize::from(data.test_labels.get(index).copied().unwrap_or(0));
    let distribution = softmax(&teacher_row, state.temperature());
    let entropy = number(texts, entropy_bits(&distribution), 2);
    html! {
        <>
        <div class="example">
            <figure>
                { picture(page, data, index, label) }
                <figcaption>
                    <span>{ texts.with("labelled-as", &[("label", class_name(page, data.data, label).into())]) }</span>
                    <span id="entropy">{ texts.with("entropy", &[("bits", entropy.into())]) }</span>
                </figcaption>
                <div class="pager">
                    <button onclick={at(count - 1)} aria-label={texts.get("previous-example")}>{ "←" }</button>
                    <button id="next-example" onclick={at(1)} aria-label={texts.get("next-example")}>{ "→" }</button>
                </div>
            </figure>
            { bars(page, data, &teacher_row, student_row.as_deref()) }
        </div>
        <p class="formula" aria-label={texts.get("softmax-formula")}>
            <i>{ "p" }</i><sub>{ "i" }</sub>{ " = exp(" }<i>{ "z" }</i><sub>{ "i" }</sub>{ " / " }<b>{ temperature(texts, state.temperature()) }</b>
            { ") ⁄ Σ" }<sub>{ "j" }</sub>{ " exp(" }<i>{ "z" }</i><sub>{ "j" }</sub>{ " / " }<b>{ temperature(texts, state.temperature()) }</b>{ ")" }
        </p>
        <div class="multiples">{ for TEMPERATURES.iter().map(|&t| multiple(page, &teacher_row, t)) }</div>
        </>
    }
}

/// The test example that shows best what soft targets are: the one whose answer is right and least certain.
pub fn most_telling(data: &DataSummary, teacher: &Measured) -> usize {
    let rows = teacher.logits.chunks_exact(data.classes as usize).zip(&data.test_labels).enumerate();
    let right = rows.filter(|(_, (row, label))| argmax(row) == Some(usize::from(**label)));
    let doubt = right.map(|(index, (row, _))| (index, entropy_bits(&softmax(row, 1.0))));
    doubt.max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(index, _)| index)
}

fn picture(page: &Page, data: &Rc<DataSummary>, index: usize, label: usize) -> Html {
    let words = page.texts.with("test-example", &[("label", class_name(page, data.data, label).into())]);
    if data.data.is_plane() {
        let points = data
            .test_points
            .chunks_exact(2)
            .zip(&data.test_labels)
            .map(|(point, &label)| ([point[0], point[1]], label, false));
        let chosen = data.test_points.get(2 * index..2 * index + 2).map(|point| [point[0], point[1]]);
        return html! { <Scatter points={points.collect::<Vec<_>>()} label={words} {chosen} /> };
    }
    let size = (data.shape[0] * data.shape[1]) as usize;
    let pixels = data.test_pixels.get(index * size..(index + 1) * size).unwrap_or_default().to_vec();
    html! { <Picture shape={data.shape} {pixels} label={words} /> }
}

/// The distributions as a table with bars: at T = 1 and at the slider's T, teacher over student.
fn bars(page: &Page, data: &DataSummary, teacher: &[f32], student: Option<&[f32]>) -> Html {
    let texts = &page.texts;
    let now = page.state.temperature();
    let spread = |row: &[f32]| (softmax(row, 1.0), softmax(row, now));
    let (teacher_one, teacher_now) = spread(teacher);
    let student = student.map(spread);
    let bar = |class: &'static str, share: f64| {
        html! { <i class={classes!("bar", class)} style={format!("width:{:.2}%", 100.0 * share)} /> }
    };
    let cell = |teacher: f64, student: Option<f64>| {
        html! {
            <td>
                { bar("teacher", teacher) }
                { for student.map(|share| bar("student", share)) }
            </td>
        }
    };
    let row = |class: usize| {
        html! {
            <tr>
                <th scope="row">{ class_name(page, data.data, class) }</th>
                { cell(teacher_one[class], student.as_ref().map(|(one, _)| one[class])) }
                { cell(teacher_now[class], student.as_ref().map(|(_, now)| now[class])) }
                <td class="number teacher">{ percent(texts, teacher_now[class]) }</td>
                <td class="number student">{ student.as_ref().map_or_else(|| "–".into(), |(_, now)| percent(texts, now[class])) }</td>
            </tr>
        }
    };
    html! {
        <table class={classes!("bars", (data.data == DataSet::Fashion).then_some("names"))}>
            <caption class="hidden">{ texts.get("bars-caption") }</caption>
            <thead><tr>
                <td></td>
                <th scope="col">{ "T = 1" }</th>
                <th scope="col">{ "T = " }{ temperature(texts, now) }</th>
                <th scope="col" class="teacher">{ texts.get("teacher-percent") }</th>
                <th scope="col" class="student">{ texts.get("student-percent") }</th>
            </tr></thead>
            <tbody>{ for (0..data.classes as usize).map(row) }</tbody>
        </table>
    }
}

/// The teacher's distribution at one temperature; a click takes that temperature.
fn multiple(page: &Page, logits: &[f32], at: f64) -> Html {
    let distribution = softmax(logits, at);
    let width = 100.0 / distribution.len() as f64;
    let take = page.turn("temperature").reform(move |_: MouseEvent| at.to_string());
    let chosen = (page.state.temperature() - at).abs() < 1e-9;
    html! {
        <button class="multiple" onclick={take} aria-pressed={chosen.to_string()}>
            <svg viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">
                { for distribution.iter().enumerate().map(|(class, p)| html! {
                    <rect x={format!("{:.1}", width * class as f64 + 0.1 * width)} width={format!("{:.1}", 0.8 * width)}
                        y={format!("{:.2}", 40.0 - 40.0 * p)} height={format!("{:.2}", 40.0 * p)} />
                }) }
            </svg>
            <span>{ "T = " }{ temperature(&page.texts, at) }</span>
        </button>
    }
}
