//! What a key means. Pure: where the focus is, the listener says.

use crate::controls::Control;

/// Where the focus is when a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a field whose text it belongs to.
    Text,
    /// On another control, which may have its own use for it.
    Control,
    /// On nothing.
    Free,
}

/// A key that was pressed.
#[derive(Debug, Clone, Copy)]
pub struct Press<'a> {
    /// The browser's name of it.
    pub key: &'a str,
    /// With Ctrl, or Cmd.
    pub command: bool,
    pub shift: bool,
    pub alt: bool,
}

/// The single keys, in the order in which they are listed.
pub const SINGLE: [(&str, Control); 5] = [
    (" ", Control::Play),
    (".", Control::StepBatch),
    (",", Control::StepEpoch),
    ("r", Control::Reset),
    ("n", Control::NewSeed),
];

/// What the key does; `single` says whether keys without Ctrl do anything (WCAG 2.1.4 asks for that switch).
pub fn meaning(press: Press<'_>, place: Place, single: bool) -> Option<Control> {
    // The keys that mean something are ASCII; tables of all other letters would weigh eleven kilobytes.
    let key = press.key.to_ascii_lowercase();
    match (press.command, press.alt, key.as_str()) {
        (true, false, _) if place == Place::Text => None,
        (true, false, "z") if press.shift => Some(Control::Redo),
        (true, false, "z") => Some(Control::Undo),
        (true, false, "y") if !press.shift => Some(Control::Redo),
        (false, false, key) if single && place == Place::Free && !press.shift => {
            SINGLE.iter().find(|(name, _)| *name == key).map(|(_, control)| *control)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(keys: &str) -> Press<'_> {
        let key = keys.rsplit('+').next().unwrap_or_default();
        Press { key, command: keys.contains("Ctrl"), shift: keys.contains("Shift"), alt: keys.contains("Alt") }
    }

    #[test]
    fn undo_and_redo_work_everywhere_but_in_text() {
        for place in [Place::Free, Place::Control] {
            assert_eq!(meaning(press("Ctrl+z"), place, false), Some(Control::Undo));
            assert_eq!(meaning(press("Ctrl+Shift+Z"), place, false), Some(Control::Redo));
            assert_eq!(meaning(press("Ctrl+y"), place, false), Some(Control::Redo));
        }
        assert_eq!(meaning(press("Ctrl+z"), Place::Text, true), None);
        assert_eq!(meaning(press("Ctrl+Alt+z"), Place::Free, true), None, "AltGr is no Ctrl");
    }

    #[test]
    fn single_keys_work_only_without_a_focus_and_only_switched_on() {
        assert_eq!(meaning(press(" "), Place::Free, true), Some(Control::Play));
        assert_eq!(meaning(press("."), Place::Free, true), Some(Control::StepBatch));
        assert_eq!(meaning(press(" "), Place::Control, true), None, "a button is pressed by it");
        assert_eq!(meaning(press("r"), Place::Text, true), None);
        assert_eq!(meaning(press(" "), Place::Free, false), None);
        assert_eq!(meaning(press("Ctrl+r"), Place::Free, true), None, "the browser reloads by it");
    }
}
