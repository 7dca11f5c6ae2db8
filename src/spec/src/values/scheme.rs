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
    /// What a generator draws for a student.
    GeneratorLoss {
        /// Pictures that the teacher is sure of, of all classes alike (Chen et al. 2019, eq. 7).
        Unmistakable = "unmistakable",
        /// Pictures on which the student does not yet say what the teacher says (Micaelli & Storkey 2019, eq. 2).
        Disagreement = "disagreement",
    }
}

/// How many numbers a generator makes a picture of, and its hidden units.
pub const GENERATOR_WIDTHS: [u32; 2] = [32, 64];

words! {
    /// What a generator of images is made of.
    GeneratorKind {
        /// Convolutions of an image that is made twice as large, twice (Chen et al. 2019).
        Upsampling = "upsampling",
        /// Dense layers.
        Perceptron = "perceptron",
    }
}

/// The channels of a generator of convolutions: of its first image, whose side is a quarter, and of the next.
pub const GENERATOR_CHANNELS: [u32; 2] = [8, 8];

/// With how many real examples of each class a step of gradient matching compares its pictures.
pub const MATCHED_EXAMPLES: u32 = 32;

impl GeneratorLoss {
    /// How many steps the student takes for one of the generator.
    pub fn every(self) -> u32 {
        match self {
            Self::Unmistakable => 1,
            Self::Disagreement => 5,
        }
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
