//! The visitor's own training examples: how many there are, and how to be rid of them.

use retort_spec::{DataSet, UserExample};
use yew::prelude::*;

use crate::{context::AppContext, i18n::labels::class_name, state::Action};

/// The list of the visitor's own examples for the data set that is shown.
pub fn own_examples(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let data = state.experiment.data;
    let mine: Vec<&UserExample> = state.own.iter().filter(|example| example.data == data).collect();
    let becomes = |own: Vec<UserExample>| {
        let dispatch = state.dispatcher();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Own(own.clone())))
    };
    let last = mine.last().map(|example| class_name(&page.texts, data, example.label.into()));
    let last = last.map_or_else(
        || texts.get("own-remove-last"),
        |label| texts.with("own-remove-last-of", &[("label", label.into())]),
    );
    html! {
        <div id="own" class="own" role="group" aria-labelledby="own-count">
            <p id="own-count" data-count={mine.len().to_string()}>{ texts.with("own-count", &[("count", mine.len().into())]) }</p>
            <div class="tools">
                <button id="own-remove-last" onclick={becomes(without_last(&state.own, data))} disabled={mine.is_empty()}
                    aria-describedby="own-restarts">{ last }</button>
                <button id="own-remove-all" onclick={becomes(without_all(&state.own, data))} disabled={mine.is_empty()}
                    aria-describedby="own-restarts">{ texts.get("own-remove-all") }</button>
            </div>
            <p id="own-restarts" class="hint">{ texts.get("own-restarts") }</p>
        </div>
    }
}

/// The examples without the last one of a data set.
fn without_last(own: &[UserExample], data: DataSet) -> Vec<UserExample> {
    let last = own.iter().rposition(|example| example.data == data);
    let kept = own.iter().enumerate().filter(|(index, _)| Some(*index) != last);
    kept.map(|(_, example)| example.clone()).collect()
}

/// The examples without those of a data set.
fn without_all(own: &[UserExample], data: DataSet) -> Vec<UserExample> {
    own.iter().filter(|example| example.data != data).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removing_touches_only_the_data_set_that_is_shown() {
        let example = |data, label| UserExample { data, label, input: vec![0.0].into() };
        let own = [example(DataSet::Moons, 1), example(DataSet::Digits8, 2), example(DataSet::Moons, 0)];
        let [first, digit, last] = own.clone();
        assert_eq!(without_last(&own, DataSet::Digits8), [first.clone(), last]);
        assert_eq!(without_last(&own, DataSet::Moons), [first, digit.clone()]);
        assert_eq!(without_all(&own, DataSet::Moons), [digit]);
        assert_eq!(without_last(&own, DataSet::Rings), own, "there is none to remove");
    }
}
