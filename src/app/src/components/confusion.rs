//! What is taken for what: each network's answers against the labels; a cell opens onto its examples.

use std::rc::Rc;

use retort_spec::{Actor, DataSummary, Measured, probability::argmax};
use yew::prelude::*;

use super::{data::class_name, picture::Picture};
use crate::{
    app::{Page, use_page},
    format::{number, percent},
    state::Action,
};

/// Examples of a cell that are drawn.
const SHOWN: usize = 24;

/// The test examples of each cell: `[label][answer]`.
fn cells(data: &DataSummary, network: &Measured) -> Vec<Vec<Vec<usize>>> {
    let classes = data.classes as usize;
    let mut cells = vec![vec![Vec::new(); classes]; classes];
    for (index, (row, &label)) in network.logits.chunks_exact(classes).zip(&data.test_labels).enumerate() {
        if let Some(answer) = argmax(row) {
            cells[usize::from(label)][answer].push(index);
        }
    }
    cells
}

/// The confusion panel.
#[component]
pub fn Confusion() -> Html {
    let page = use_page();
    let actor = use_state(|| Actor::Student);
    let cell = use_state(|| None::<(usize, usize)>);
    let (texts, state) = (&page.texts, &page.state);
    let choose = |of: Actor| {
        let (actor, cell) = (actor.clone(), cell.clone());
        Callback::from(move |_: MouseEvent| {
            actor.set(of);
            cell.set(None);
        })
    };
    let known = state.data.as_ref().zip(state.network(*actor));
    let matrix = known.map(|(data, network)| {
        let cells = cells(data, network);
        let name = |class: usize| class_name(&page, data.data, class);
        let most = cells.iter().enumerate().flat_map(|(i, row)| row.iter().enumerate().filter(move |&(j, _)| i != j));
        let most = most.map(|(_, members)| members.len()).max().unwrap_or(0).max(1);
        let square = |i: usize, j: usize, members: &[usize]| {
            let open = {
                let cell = cell.clone();
                Callback::from(move |_: MouseEvent| cell.set(Some((i, j))))
            };
            let shade = if i == j { 0.0 } else { 100.0 * members.len() as f64 / most as f64 };
            let count = members.len();
            let label = texts.with("confusion-cell", &[("label", name(i).into()), ("answer", name(j).into()), ("count", count.into())]);
            let content = match count {
                0 => html! { <span class="none">{ "·" }</span> },
                _ => html! { <button onclick={open} aria-label={label} aria-pressed={(*cell == Some((i, j))).to_string()}>{ number(texts, count as f64, 0) }</button> },
            };
            html! { <td class={classes!((i == j).then_some("same"))} style={format!("--shade:{shade:.0}%")}>{ content }</td> }
        };
        html! {
            <>
                <div class="scroll"><table class={classes!("matrix", "counts", actor.word())}>
                    <caption>{ texts.get("confusion-caption") }</caption>
                    <thead><tr><td></td>{ for (0..cells.len()).map(|class| html! { <th scope="col">{ name(class) }</th> }) }<th scope="col">{ texts.get("right") }</th></tr></thead>
                    <tbody>{ for cells.iter().enumerate().map(|(i, row)| html! {
                        <tr><th scope="row">{ name(i) }</th>{ for row.iter().enumerate().map(|(j, members)| square(i, j, members)) }
                            <td class="right">{ network.per_class_accuracy.get(i).map(|&share| percent(texts, share)) }</td></tr>
                    }) }</tbody>
                </table></div>
                if let Some((i, j)) = *cell && let Some(members) = cells.get(i).and_then(|row| row.get(j)) {
                    { examples(&page, data, (name(i), name(j)), members) }
                }
            </>
        }
    });
    html! {
        <section id="confusion" class="panel" aria-labelledby="confusion-title">
            <h2 id="confusion-title">{ texts.get("confusion") }</h2>
            <div class="segments" role="group" aria-label={texts.get("confusion")}>
                { for Actor::ALL.map(|of| html! {
                    <button aria-pressed={(*actor == of).to_string()} onclick={choose(of)}>{ texts.get(&format!("short-{}", of.word())) }</button>
                }) }
            </div>
            { matrix.unwrap_or_else(|| html! { <p class="empty">{ texts.get("confusion-empty") }</p> }) }
        </section>
    }
}

/// The examples of a cell; one that is clicked is inspected among the soft targets.
fn examples(page: &Page, data: &Rc<DataSummary>, (label, answer): (String, String), members: &[usize]) -> Html {
    let texts = &page.texts;
    let title = texts
        .with("confusion-cell", &[("label", label.into()), ("answer", answer.into()), ("count", members.len().into())]);
    let size = (data.shape[0] * data.shape[1]) as usize;
    let example = |&index: &usize| {
        let dispatch = page.state.dispatcher();
        let inspect = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Inspect(index)));
        let words = texts.with("inspect-example", &[("index", index.to_string().into())]);
        let picture = data.test_pixels.get(index * size..(index + 1) * size).map(<[u8]>::to_vec);
        html! {
            <button class="thumbnail" onclick={inspect} title={words.clone()}>
                if let Some(pixels) = picture {
                    <Picture shape={data.shape} {pixels} label={words} />
                } else {
                    { index }
                }
            </button>
        }
    };
    html! {
        <div class="members" aria-live="polite">
            <p>{ title }</p>
            <div class="thumbnails">{ for members.iter().take(SHOWN).map(example) }</div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::{DataSet, Floats};

    #[test]
    fn every_example_stands_in_the_cell_of_its_label_and_its_answer() {
        let data = DataSummary {
            data: DataSet::Moons,
            classes: 2,
            shape: [1, 2],
            train: 0,
            test: 3,
            labelled: 0,
            transfer: 0,
            own: 0,
            gallery: vec![],
            test_pixels: vec![],
            test_points: Floats::default(),
            test_labels: vec![0, 1, 1],
        };
        let network = Measured {
            run: 0,
            actor: Actor::Student,
            accuracy: 0.0,
            per_class_accuracy: vec![],
            agreement: None,
            calibration_error: 0.0,
            parameters: 0,
            bytes: 0,
            logits: vec![2.0, 1.0, 5.0, 0.0, 0.0, 1.0].into(),
            seconds: 0.0,
        };
        assert_eq!(cells(&data, &network), [[vec![0], vec![]], [vec![1], vec![2]]]);
    }
}
