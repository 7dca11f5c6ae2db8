//! Which test examples look alike to teacher and student: the cosines between their embeddings, and how they differ.

use retort_spec::ActivationReport;
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{
        format::{number, signed as with_sign},
        labels::class_name,
    },
    panels::activations::Pair,
    widgets::pixel_grid::{Grid, grey, most, signed},
};

/// The second matrix less the first; nothing where they are of different examples.
fn difference(of: &ActivationReport, less: &ActivationReport) -> Vec<f32> {
    match of.compared == less.compared {
        true => of.similarities.iter().zip(&*less.similarities).map(|(a, b)| a - b).collect(),
        false => Vec::new(),
    }
}

/// The mean over the pairs of different examples whose classes are asked for; NaN without such pairs.
///
/// # Shapes
/// `values`: `[labels, labels]`.
fn mean(values: &[f32], labels: &[u8], is_asked: &dyn Fn(u8, u8) -> bool) -> f32 {
    let size = labels.len().max(1);
    let (mut sum, mut count) = (0.0, 0.0);
    for (index, value) in values.iter().enumerate().take(size * size) {
        let (a, b) = (index / size, index % size);
        if a != b && is_asked(labels[a], labels[b]) {
            sum += value;
            count += 1.0;
        }
    }
    sum / count
}

/// The matrices of teacher and student, their difference, and the means by classes folded below.
pub fn relations(page: &AppContext, pair: Pair<'_>) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let Some((data, first)) = state.data.as_ref().zip(pair.into_iter().flatten().next()) else {
        return Html::default();
    };
    let labels: Vec<u8> =
        first.compared.iter().filter_map(|&row| data.test_labels.get(row as usize).copied()).collect();
    if labels.len() != first.compared.len() || labels.is_empty() {
        return Html::default();
    }
    let written = |value: f32| if value.is_finite() { number(texts, value.into(), 2) } else { "–".into() };
    let figure = |class: &'static str, name: String, picture: Html| {
        html! { <figure class={class} data-matrix={class}>{ picture }<figcaption><b>{ name }</b></figcaption></figure> }
    };
    let network = |inside: &ActivationReport| {
        let name = page.short_name(inside.network_id);
        let values = &inside.similarities;
        let words = texts.with(
            "inside-matrix-words",
            &[
                ("name", name.clone().into()),
                ("count", labels.len().into()),
                ("same", written(mean(values, &labels, &|a, b| a == b)).into()),
                ("other", written(mean(values, &labels, &|a, b| a != b)).into()),
            ],
        );
        figure(
            inside.network_id.role_word(),
            name,
            Grid::matrix(values, &labels, &|value| grey(value, 1.0)).picture(words),
        )
    };
    let differences = match pair {
        [Some(teacher), Some(student)] => difference(student, teacher),
        _ => Vec::new(),
    };
    let apart: Vec<f32> = differences.iter().map(|value| value.abs()).collect();
    let summary =
        texts.with("inside-difference-words", &[("mean", written(mean(&apart, &labels, &|_, _| true)).into())]);
    html! {
        <>
            <div class="inside-columns">
                { for pair.into_iter().flatten().map(network) }
                if !differences.is_empty() {
                    { figure("difference", texts.get("inside-difference"), {
                        let most = most(&differences);
                        Grid::matrix(&differences, &labels, &|value| signed(value, most)).picture(summary.clone())
                    }) }
                }
            </div>
            if !differences.is_empty() {
                <p id="inside-difference">{ summary }</p>
            }
            { table(page, pair, &labels, &differences, &|class| class_name(&page.texts, data.data, class.into())) }
        </>
    }
}

/// Means by pairs of classes: a column for each network and one for their difference.
fn table(page: &AppContext, pair: Pair<'_>, labels: &[u8], differences: &[f32], name: &dyn Fn(u8) -> String) -> Html {
    let texts = &page.texts;
    let mut classes = labels.to_vec();
    classes.dedup();
    let caption = texts.get("inside-similarities");
    let row = |a: u8, b: u8| {
        let of = |values: &[f32]| mean(values, labels, &|one, other| (one, other) == (a, b));
        let cell = |inside: &ActivationReport| html! { <td>{ number(texts, of(&inside.similarities).into(), 2) }</td> };
        html! {
            <tr>
                <th scope="row">{ name(a) }{ " – " }{ name(b) }</th>
                { for pair.into_iter().flatten().map(cell) }
                if !differences.is_empty() { <td>{ with_sign(texts, of(differences).into(), 2) }</td> }
            </tr>
        }
    };
    let pairs = classes.iter().enumerate().flat_map(|(at, &a)| classes[at..].iter().map(move |&b| (a, b)));
    // A class of which only one example is compared has no pair of its own.
    let pairs = pairs.filter(|&(a, b)| a != b || labels.iter().filter(|&&label| label == a).count() > 1);
    html! {
        <details class="data">
            <summary>{ texts.get("table-of-data") }</summary>
            <div class="scroll" tabindex="0" role="region" aria-label={caption.clone()}><table>
                <caption>{ caption }</caption>
                <thead><tr>
                    <th scope="col">{ texts.get("inside-classes") }</th>
                    { for pair.into_iter().flatten().map(|inside| html! { <th scope="col">{ page.short_name(inside.network_id) }</th> }) }
                    if !differences.is_empty() { <th scope="col">{ texts.get("inside-difference") }</th> }
                </tr></thead>
                <tbody>{ for pairs.map(|(a, b)| row(a, b)) }</tbody>
            </table></div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::NetworkId;

    fn inside(compared: Vec<u32>, similarities: Vec<f32>) -> ActivationReport {
        let (stages, filters) = (vec![], vec![].into());
        ActivationReport {
            network_id: NetworkId::TEACHER,
            stages,
            filters,
            compared,
            similarities: similarities.into(),
        }
    }

    #[test]
    fn matrices_of_the_same_examples_have_a_difference() {
        let teacher = inside(vec![3, 7], vec![1.0, 0.25, 0.25, 1.0]);
        let student = inside(vec![3, 7], vec![1.0, 0.75, 0.75, 1.0]);
        assert_eq!(difference(&student, &teacher), [0.0, 0.5, 0.5, 0.0]);
        assert_eq!(difference(&inside(vec![3, 8], vec![0.0; 4]), &teacher), [0.0; 0]);
    }

    #[test]
    fn means_leave_out_what_an_example_has_with_itself() {
        let values = [1.0, 0.8, 0.2, 0.8, 1.0, 0.4, 0.2, 0.4, 1.0];
        let labels = [0, 0, 1];
        assert!((mean(&values, &labels, &|a, b| a == b) - 0.8).abs() < 1e-6);
        assert!((mean(&values, &labels, &|a, b| a != b) - 0.3).abs() < 1e-6);
        assert!((mean(&values, &labels, &|_, _| true) - 1.4 / 3.0).abs() < 1e-6);
        assert!(mean(&values, &labels, &|a, b| (a, b) == (1, 1)).is_nan());
    }
}
