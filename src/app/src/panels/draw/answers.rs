//! What each network says of the drawing, at temperature 1.

use retort_spec::{
    Answer, NetworkId,
    probability::{argmax, softmax},
};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::format::{percent, percentage, tenth},
    panels::draw::strokes::CLASSES,
};

/// The table of answers.
pub fn draw_answers(page: &AppContext, answers: &[Answer], waiting: bool) -> Html {
    let texts = &page.texts;
    // The last was read back from its packed file.
    let networks = page.state.networks().map(|id| (id, false)).chain([(page.state.answering_network(), true)]);
    let rows = networks.map(|(network_id, packed)| (network_id, packed, distribution(answers, network_id, packed)));
    let rows: Vec<(NetworkId, bool, Option<Vec<f64>>)> = rows.collect();
    let row = |(network_id, packed, distribution): &(NetworkId, bool, Option<Vec<f64>>)| {
        let name = name(page, *network_id, *packed);
        let best = distribution.as_ref().and_then(|shares| best(shares));
        html! {
            <tr class={classes!(network_id.role_word(), packed.then_some("packed"))} data-network={network_id.to_string()} data-packed={packed.to_string()}>
                <th scope="row">{ name.clone() }</th>
                <td class="answer">{ best.map_or_else(|| "—".into(), |(class, _)| class.to_string()) }</td>
                <td class="number probability">{ best.map_or_else(|| "—".into(), |(_, share)| percentage(texts, share)) }</td>
                <td>{ chart(page, &name, distribution.as_deref()) }</td>
            </tr>
        }
    };
    html! {
        <>
            <table id="draw-answers" class={classes!("answers", waiting.then_some("waiting"))} data-waiting={waiting.to_string()}>
                <caption class="hidden">{ texts.get("draw-answers") }</caption>
                <thead><tr>
                    <th scope="col"><span class="hidden">{ texts.get("draw-network") }</span></th>
                    <th scope="col">{ texts.get("draw-answer") }</th>
                    <th scope="col">{ texts.get("draw-share") }</th>
                    <th scope="col">
                        <span class="hidden">{ texts.get("draw-classes") }</span>
                        <span class="classes" aria-hidden="true">{ for (0..CLASSES).map(|class| html! { <i>{ class }</i> }) }</span>
                    </th>
                </tr></thead>
                <tbody>{ for rows.iter().map(row) }</tbody>
            </table>
            { data_table(page, &rows) }
        </>
    }
}

/// A network's distribution at temperature 1, where it has answered about one digit.
fn distribution(answers: &[Answer], network_id: NetworkId, packed: bool) -> Option<Vec<f64>> {
    let answer = answers.iter().find(|answer| (answer.network_id, answer.packed) == (network_id, packed))?;
    (answer.logits.len() == CLASSES).then(|| softmax(&answer.logits, 1.0))
}

/// The likeliest class and its probability.
fn best(distribution: &[f64]) -> Option<(usize, f64)> {
    let shares: Vec<f32> = distribution.iter().map(|&share| share as f32).collect();
    argmax(&shares).and_then(|class| Some((class, *distribution.get(class)?)))
}

fn name(page: &AppContext, network_id: NetworkId, packed: bool) -> String {
    match packed {
        true => {
            let format = page.texts.get(&format!("bits-{}", page.state.experiment.bits));
            let words = page.texts.with("draw-packed", &[("format", format.into())]);
            page.made_of(network_id, words)
        }
        false => page.name(network_id),
    }
}

/// A bar for each class.
fn chart(page: &AppContext, name: &str, distribution: Option<&[f64]>) -> Html {
    const HEIGHT: f64 = 30.0;
    let texts = &page.texts;
    let best = distribution.and_then(best);
    let words = match best {
        Some((class, share)) => texts.with(
            "draw-chart",
            &[("name", name.into()), ("class", class.to_string().into()), ("share", percent(texts, share).into())],
        ),
        None => texts.with("draw-chart-empty", &[("name", name.into())]),
    };
    let width = 100.0 / CLASSES as f64;
    let bar = |(class, share): (usize, &f64)| {
        html! {
            <rect x={tenth(width * (class as f64 + 0.15))} width={tenth(0.7 * width)}
                y={tenth(HEIGHT * (1.0 - share))} height={tenth(HEIGHT * share)} />
        }
    };
    html! {
        <svg viewBox={format!("0 0 100 {HEIGHT}")} preserveAspectRatio="none" role="img" aria-label={words}>
            { for distribution.unwrap_or_default().iter().enumerate().map(bar) }
            <line x1="0" x2="100" y1={HEIGHT.to_string()} y2={HEIGHT.to_string()} />
        </svg>
    }
}

fn data_table(page: &AppContext, rows: &[(NetworkId, bool, Option<Vec<f64>>)]) -> Html {
    let texts = &page.texts;
    let cell = |class: usize, distribution: &Option<Vec<f64>>| {
        let share = distribution.as_ref().and_then(|shares| shares.get(class));
        html! { <td class="number">{ share.map_or_else(|| "—".into(), |&share| percent(texts, share)) }</td> }
    };
    html! {
        <details>
            <summary>{ texts.get("table-of-data") }</summary>
            <div class="scroll" tabindex="0" role="region" aria-label={texts.get("draw-table")}><table class="data">
                <caption>{ texts.get("draw-table") }</caption>
                <thead><tr><td></td>{ for rows.iter().map(|(network_id, packed, _)| html! {
                    <th scope="col">{ name(page, *network_id, *packed) }</th>
                }) }</tr></thead>
                <tbody>{ for (0..CLASSES).map(|class| html! {
                    <tr><th scope="row">{ class }</th>{ for rows.iter().map(|(.., distribution)| cell(class, distribution)) }</tr>
                }) }</tbody>
            </table></div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_where_it_is_about_one_digit() {
        let answer =
            |packed: bool, logits: Vec<f32>| Answer { network_id: NetworkId::STUDENT, packed, logits: logits.into() };
        let mut logits = vec![0.0; CLASSES];
        // exp(ln 9) = 9, and nine others of 1: a half.
        logits[7] = 9.0_f32.ln();
        let answers = [answer(false, logits), answer(true, vec![0.0; 2 * CLASSES])];
        let shares = distribution(&answers, NetworkId::STUDENT, false).unwrap();
        let (class, share) = best(&shares).unwrap();
        assert!(class == 7 && (share - 0.5).abs() < 1e-6, "{class}: {share}");
        assert_eq!(distribution(&answers, NetworkId::STUDENT, true), None, "an answer about two digits");
        assert_eq!(distribution(&answers, NetworkId::TEACHER, false), None, "no answer yet");
    }
}
