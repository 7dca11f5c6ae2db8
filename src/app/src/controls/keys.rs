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
    /// The letter that it writes, or its name.
    pub key: &'a str,
    /// Its place on the keyboard, such as `KeyZ`.
    pub code: &'a str,
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

/// The Latin letter of a key, in lower case. Where a keyboard writes other letters, or an input method takes the key,
/// the key's place says which letter is meant (UI Events, section 5.1.2). On a Latin keyboard the letter itself says
/// it: the German `z` stands where the English `y` does.
pub fn latin(key: &str, code: &str) -> String {
    let is_other = key == "Process" || key == "Unidentified" || (!key.is_ascii() && key.chars().count() == 1);
    match code.strip_prefix("Key").filter(|letter| is_other && letter.len() == 1) {
        Some(letter) => letter.to_ascii_lowercase(),
        None => key.to_ascii_lowercase(),
    }
}

/// What the key does; `single` says whether keys without Ctrl do anything (WCAG 2.1.4 asks for that switch).
pub fn meaning(press: Press<'_>, place: Place, single: bool) -> Option<Control> {
    let key = latin(press.key, press.code);
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
        Press {
            key,
            code: "",
            command: keys.contains("Ctrl"),
            shift: keys.contains("Shift"),
            alt: keys.contains("Alt"),
        }
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
    fn keyboards_of_other_letters_undo_and_redo() {
        let command = |key, code| {
            let press = Press { key, code, command: true, shift: false, alt: false };
            meaning(press, Place::Free, true)
        };
        for key in ["я", "ζ", "ئ", "ㅋ", "ז", "Process"] {
            assert_eq!(command(key, "KeyZ"), Some(Control::Undo), "{key}");
        }
        assert_eq!(command("н", "KeyY"), Some(Control::Redo));
        assert_eq!(command("z", "KeyY"), Some(Control::Undo), "German");
        assert_eq!(command("y", "KeyZ"), Some(Control::Redo), "German");
        assert_eq!(command("z", "KeyW"), Some(Control::Undo), "French");
        let single =
            |key, code| meaning(Press { key, code, command: false, shift: false, alt: false }, Place::Free, true);
        assert_eq!(single("к", "KeyR"), Some(Control::Reset));
        assert_eq!(single("т", "KeyN"), Some(Control::NewSeed));
        assert_eq!(single("é", "Digit2"), None);
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
