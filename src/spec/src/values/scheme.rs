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

words! {
    /// Which classes compete with each other where they arrive in two steps.
    Heads {
        /// Those of one task, which is told of every example: a last layer for each task.
        Apart = "apart",
        /// All of them: one softmax.
        One = "one",
        /// None: each class is answered by itself, by a sigmoid.
        Sigmoid = "sigmoid",
    }
}

words! {
    /// How the noise is distributed that is added to counts of votes.
    NoiseLaw {
        /// Normally; the scale is the standard deviation.
        Gauss = "gauss",
        /// Exponentially to both sides; the scale is the mean distance from 0.
        Laplace = "laplace",
    }
}
