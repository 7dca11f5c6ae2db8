//! How the networks of a scheme differ from each other.

use super::words;

words! {
    /// Which labels the members of a scheme see.
    MemberLabels {
        /// All the same ones.
        Shared = "shared",
        /// Each its own: no two see the same label.
        Apart = "apart",
        /// Each all but those of two classes.
        Blind = "blind",
    }
}
