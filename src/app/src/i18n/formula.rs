//! The markup of the registry's formulas, and how it is drawn: `_{…}` is a subscript, `^{…}` a superscript.

use yew::prelude::*;

/// Where a piece of a formula stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Line,
    Below,
    Above,
}

/// The pieces of a formula, in their order. A mark that is never closed is text.
pub fn pieces(formula: &str) -> Vec<(Level, &str)> {
    let (mut pieces, mut rest) = (Vec::new(), formula);
    while let Some(at) = [rest.find("_{"), rest.find("^{")].into_iter().flatten().min() {
        let Some(length) = rest[at..].find('}') else { break };
        let level = if rest[at..].starts_with('_') { Level::Below } else { Level::Above };
        pieces.push((Level::Line, &rest[..at]));
        pieces.push((level, &rest[at + 2..at + length]));
        rest = &rest[at + length + 1..];
    }
    pieces.push((Level::Line, rest));
    pieces.retain(|(_, text)| !text.is_empty());
    pieces
}

/// The formula as the page sets it.
pub fn typeset(formula: &str) -> Html {
    let piece = |(level, text): (Level, &str)| match level {
        Level::Line => html! { text },
        Level::Below => html! { <sub>{ text }</sub> },
        Level::Above => html! { <sup>{ text }</sup> },
    };
    pieces(formula).into_iter().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::Objective;

    #[test]
    fn a_formula_is_cut_at_its_marks() {
        use Level::{Above, Below, Line};
        assert_eq!(pieces("Σ_{n,c} z^{2}"), [(Line, "Σ"), (Below, "n,c"), (Line, " z"), (Above, "2")]);
        assert_eq!(pieces("‖x‖_{F}^{2}"), [(Line, "‖x‖"), (Below, "F"), (Above, "2")]);
        assert_eq!(pieces("exp(−γ d)"), [(Line, "exp(−γ d)")]);
        assert_eq!(pieces("a_{b"), [(Line, "a_{b")], "never closed");
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn no_mark_is_left_in_any_formula_of_the_registry() {
        for objective in Objective::ALL {
            for (_, text) in pieces(objective.info().formula) {
                assert!(!text.contains(['{', '}', '_', '^']), "{objective}: {text}");
            }
        }
    }
}
