//! The hue of what is about the network that is compressed.

use retort_spec::Role;

use crate::state::State;

/// The style of a panel about the file that is shown: the style sheet gives it a student's hue, and this that of the
/// network's role.
pub fn hue(state: &State) -> Option<String> {
    let role = state.packed_network().role;
    (role != Role::Student).then(|| format!("--student: var(--{role})"))
}
