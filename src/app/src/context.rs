//! The context of the page: what every panel reads, below all panels so that no file imports the root.

use std::rc::Rc;

use retort_spec::Command;
use yew::prelude::*;

use crate::{
    i18n::{Language, Texts},
    state::{Action, State},
    transport::Driver,
    view::View,
};

/// What every panel needs.
#[derive(Clone, PartialEq)]
pub struct Page {
    pub state: UseReducerHandle<State>,
    pub texts: Texts,
    pub driver: Driver,
    /// Changes the language.
    pub speak: Callback<Language>,
    pub theme: String,
    /// Changes between light and dark.
    pub paint: Callback<String>,
    /// What the link hides and locks.
    pub view: Rc<View>,
}

impl Page {
    /// Whether a panel or a control is shown.
    pub fn shows(&self, name: &str) -> bool {
        self.view.shows(name)
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
pub fn use_page() -> Page {
    // The root provides it to all; without it there is nothing to draw.
    match use_context::<Page>() {
        Some(page) => page,
        None => unreachable!("panels are drawn inside the app"),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    fn files(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => files(&path, found),
                false => found.push((path.display().to_string(), fs::read_to_string(&path).unwrap())),
            }
        }
    }

    #[test]
    fn only_main_imports_the_root() {
        let mut found = Vec::new();
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.len() > 100);
        // The patterns are built from two parts, so that this file does not match itself.
        let patterns = ["crate::", "crate::{", ","].map(|before| [before, "app::"].concat());
        let upward = |text: &str| {
            let flat: String = text.split_whitespace().collect();
            patterns.iter().any(|pattern| flat.contains(pattern))
        };
        let planted = ["use crate::@", "use crate::{\n    @", "use crate::{\n    answers::answers,\n    @"];
        assert!(planted.iter().all(|import| upward(&import.replace('@', "app::Page"))));
        for (path, text) in found {
            assert!(!upward(&text), "{path} imports the root");
        }
    }
}
