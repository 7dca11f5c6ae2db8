//! How networks are trained.

use super::words;

words! {
    /// The rule that turns gradients into steps.
    OptimizerKind {
        /// Stochastic gradient descent with momentum 0.9.
        Sgd = "sgd",
        /// Adam (Kingma & Ba 2015).
        Adam = "adam",
        /// Adam with decoupled weight decay (Loshchilov & Hutter 2019).
        AdamW = "adamw",
    }
}

words! {
    /// How the learning rate changes over a training.
    Schedule {
        /// The same from the first step to the last.
        Constant = "constant",
        /// Half a cosine from the full rate down to zero.
        Cosine = "cosine",
        /// A tenth after half of the steps, a hundredth after three quarters.
        Step = "step",
    }
}

words! {
    /// Which stage of the networks a feature objective looks at.
    HintLayer {
        /// The one its authors chose: the middle for hints, the last for factors, every one for the others.
        Usual = "usual",
        /// The first one.
        First = "first",
        /// The one in the middle.
        Middle = "middle",
        /// The last one before the classifier.
        Last = "last",
    }
}

words! {
    /// What the discriminator of an adversarial objective sees of teacher and student.
    Judged {
        /// Their answers at the temperature.
        Probabilities = "probabilities",
        /// Their logits.
        Logits = "logits",
        /// What their last layers read.
        Features = "features",
    }
}

words! {
    /// What a student does about a discriminator.
    Reversal {
        /// It lowers −ln D, so that its outputs are taken for the teacher's.
        Fool = "fool",
        /// It raises the discriminator's loss: that one's gradient, reversed (Ganin & Lempitsky 2015, section 3).
        Reverse = "reverse",
        /// It lowers the discriminator's loss with it, as code does that forgets to reverse the gradient.
        None = "none",
    }
}

words! {
    /// On or off.
    OnOff {
        /// On.
        On = "on",
        /// Off.
        Off = "off",
    }
}

impl OnOff {
    /// `true` for on.
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

words! {
    /// Where the networks are trained.
    DeviceChoice {
        /// Whatever is faster for this experiment on this machine.
        Auto = "auto",
        /// The processor, with SIMD.
        Cpu = "cpu",
        /// The GPU, by WebGPU.
        Gpu = "gpu",
    }
}
