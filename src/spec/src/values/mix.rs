//! How several teachers' answers become one.

use super::words;

words! {
    /// How several teachers' answers become one.
    Mix {
        /// The mean of their probabilities at T.
        Probabilities = "probabilities",
        /// The mean of their logits, which is the geometric mean of their probabilities.
        Logits = "logits",
        /// The mean of their probabilities, for each example the surer ones counting more: by 1 − H / ΣH, where H is
        /// the entropy of an answer at T = 1. For two teachers this is 1 / H.
        Confidence = "confidence",
    }
}
