//! The context of the page: what every panel reads, below all panels so that no file imports the root.

use std::rc::Rc;

use retort_spec::{Command, NetworkId};
use yew::prelude::*;

use crate::{
    i18n::{
        Language, Texts,
        labels::{class_name, network_name, short_name},
    },
    platform::{place::Place, view::View},
    state::{Action, State},
    transport::Driver,
};

/// What every panel needs.
#[derive(Clone)]
pub struct AppContext {
    pub state: UseReducerHandle<State>,
    pub texts: Texts,
    pub driver: Driver,
    /// Changes the language.
    pub set_language: Callback<Language>,
    pub theme: String,
    /// Changes between light and dark.
    pub set_theme: Callback<String>,
    /// What the link hides and locks.
    pub view: Rc<View>,
    /// Which part of the page is shown.
    pub place: Place,
    /// Shows another part, as a step that Back undoes.
    pub go: Callback<Place>,
    /// Shows the part of the page in which a panel stands.
    pub show: Callback<String>,
}

impl PartialEq for AppContext {
    /// Every panel asks this of every report of an engine. A state is the same one, or it is taken as another: to
    /// compare all curves took a tenth of the page's time.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(&raw const *self.state, &raw const *other.state)
            && self.texts == other.texts
            && self.driver == other.driver
            && self.set_language == other.set_language
            && self.theme == other.theme
            && self.set_theme == other.set_theme
            && self.view == other.view
            && self.place == other.place
            && self.go == other.go
            && self.show == other.show
    }
}

impl AppContext {
    /// Whether a panel or a control is shown.
    pub fn shows(&self, name: &str) -> bool {
        self.view.shows(name)
    }

    /// Whether a knob is shown where its panel is: the link does not hide it, and it means something in the scheme.
    pub fn shows_knob(&self, key: &str) -> bool {
        self.view.shows_knob(key) && self.state.experiment.applies(key)
    }

    /// What a network is called.
    pub fn name(&self, network_id: NetworkId) -> String {
        network_name(&self.texts, &self.state.plan, network_id)
    }

    /// The same in a word.
    pub fn short_name(&self, network_id: NetworkId) -> String {
        short_name(&self.texts, &self.state.plan, network_id)
    }

    /// What a class is called: by the data, where they say it.
    pub fn class_name(&self, class: usize) -> String {
        let data = self.state.data.as_ref();
        let named = data.and_then(|data| data.class_names.get(class)).cloned();
        let of = data.map_or(self.state.experiment.data, |data| data.data);
        named.unwrap_or_else(|| class_name(&self.texts, of, class))
    }

    /// What was made of a network, with its name in front; where all is about the product, nobody asks whose it is.
    pub fn made_of(&self, network_id: NetworkId, made: String) -> String {
        let product = self.state.plan.product;
        if [network_id, self.state.packed_network()] == [product, product] {
            return made;
        }
        self.texts.with("network-made", &[("network", self.name(network_id).into()), ("made", made.into())])
    }

    /// A message, and of which seed it speaks where there are several.
    pub fn of_first_seed(&self, id: &str) -> String {
        let (texts, experiment) = (&self.texts, &self.state.experiment);
        match experiment.runs > 1 {
            true => {
                let seed = texts.with("seed-number", &[("seed", experiment.seed.to_string().into())]);
                [texts.get(id), seed].join(" · ")
            }
            false => texts.get(id),
        }
    }

    /// Whether the link locked a knob or a control.
    pub fn locks(&self, key: &str) -> bool {
        self.view.locks(key)
    }

    /// A callback that turns a knob, unless the link locked it.
    pub fn turn(&self, key: &'static str) -> Callback<String> {
        if self.locks(key) {
            return Callback::noop();
        }
        let dispatch = self.state.dispatcher();
        Callback::from(move |value| dispatch.dispatch(Action::Turn { key, value }))
    }

    /// A callback that sends a command.
    pub fn command<T>(&self, command: Command) -> Callback<T> {
        let driver = self.driver.clone();
        Callback::from(move |_| driver.send(&command))
    }
}

/// The page of the nearest context.
#[hook]
pub fn use_page() -> AppContext {
    // The root provides it to all; without it there is nothing to draw.
    match use_context::<AppContext>() {
        Some(page) => page,
        None => unreachable!("panels are drawn inside the app"),
    }
}
