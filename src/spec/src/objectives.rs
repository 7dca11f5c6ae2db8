//! The registry of objectives: what can be asked of a student besides its labels and the teacher's soft targets.
//!
//! Each entry names the engine's file, which holds its `METHOD`, the type's variant, the word in permalinks, what is
//! transferred, when it has its say, the weight it is used with, its formula, its source and where that can be read. In
//! a formula `_{…}` and `^{…}` stand for subscripts and superscripts; z are the student's logits, v the teacher's, f
//! and g their embeddings, F and G their maps, y the label, T the temperature, N examples and C classes; other letters
//! are explained in it or in the help. The order is that of the menu.

/// Calls a macro with every entry of the registry: the knobs, the page's menu and the engine's files follow from it.
#[macro_export]
macro_rules! for_each_objective {
    ($register:ident) => {
        $register! {
            logit_mse LogitMse "logit-mse" Responses Always 1.0
                "(1/NC) Σ_{n,c} (z_{nc} − v_{nc})^{2}"
                "Ba & Caruana 2014, eq. 1" "https://arxiv.org/abs/1312.6184";
            standardized_logits StandardizedLogits "standardized-logits" Responses Always 9.0
                "T^{2} KL(softmax(𝒵(v)/T) ‖ softmax(𝒵(z)/T)),  𝒵(x) = (x − mean x) / std x"
                "Sun et al. 2024, eq. 11" "https://arxiv.org/abs/2403.01427";
            decoupled Decoupled "decoupled" Responses Always 1.0
                "T^{2} (α KL(b^{v} ‖ b^{z}) + β KL(p̂^{v} ‖ p̂^{z}))"
                "Zhao et al. 2022, eq. 7" "https://arxiv.org/abs/2203.08679";
            dist Dist "dist" Responses Always 2.0
                "T^{2} (1 − mean_{n} ρ(p_{n}, q_{n}) + 1 − mean_{c} ρ(p_{·c}, q_{·c}))"
                "Huang et al. 2022, eq. 10" "https://arxiv.org/abs/2205.10536";
            reverse_kl ReverseKl "reverse-kl" Responses Always 1.0
                "T^{2} KL(softmax(z/T) ‖ softmax(v/T))"
                "Gu et al. 2024, eq. 1" "https://arxiv.org/abs/2306.08543";
            jensen_shannon JensenShannon "jensen-shannon" Responses Always 4.0
                "T^{2} (½ KL(p ‖ m) + ½ KL(q ‖ m)),  m = ½ (p + q)"
                "Agarwal et al. 2024, eq. 1" "https://arxiv.org/abs/2306.13649";
            label_smoothing LabelSmoothing "label-smoothing" Responses Always 1.0
                "−Σ_{c} ((1 − ε) y_{c} + ε/C) ln softmax(z)_{c},  ε = 0.1"
                "Szegedy et al. 2016, section 7" "https://arxiv.org/abs/1512.00567";
            virtual_teacher VirtualTeacher "virtual-teacher" Responses Always 1.0
                "T^{2} KL(softmax(ln u/T) ‖ softmax(z/T)),  u_{y} = 0.99"
                "Yuan et al. 2020, eq. 8" "https://arxiv.org/abs/1909.11723";
            hint Hint "hint" Features FirstStage 100.0
                "mean (r(F) − G)^{2}"
                "Romero et al. 2015, eq. 3" "https://arxiv.org/abs/1412.6550";
            attention Attention "attention" Features Always 1000.0
                "Σ_{l} mean (A(F_{l}) − A(G_{l}))^{2},  A(F) = vec Σ_{c} F_{c}^{2} / ‖vec Σ_{c} F_{c}^{2}‖"
                "Zagoruyko & Komodakis 2017, eq. 2" "https://arxiv.org/abs/1612.03928";
            factor Factor "factor" Features WarmUp 500.0
                "mean |t(F)/‖t(F)‖ − p(G)/‖p(G)‖|"
                "Kim et al. 2018, eq. 3" "https://arxiv.org/abs/1802.04977";
            activation_boundary ActivationBoundary "activation-boundary" Features FirstStage 0.003
                "(1/N) Σ_{l} 2^{l−L+1} Σ ((F_{l} + m)^{2} [F_{l} > −m, G_{l} ≤ 0] + (F_{l} − m)^{2} [F_{l} ≤ m, G_{l} > 0])"
                "Heo et al. 2019, eq. 5" "https://arxiv.org/abs/1811.03233";
            nst NeuronSelectivity "nst" Features Always 50.0
                "mean k(G, G) + mean k(F, F) − 2 mean k(F, G),  k(x, y) = (xᵀy)^{2}"
                "Huang & Wang 2017, eq. 6" "https://arxiv.org/abs/1707.01219";
            vid Vid "vid" Features Always 1.0
                "mean ½ ((μ(F) − G)^{2}/σ^{2} + ln σ^{2})"
                "Ahn et al. 2019, eq. 6" "https://arxiv.org/abs/1904.05835";
            fsp Fsp "fsp" Features FirstStage 50.0
                "mean (Φ(F) − Φ(G))^{2},  Φ_{ij} = (1/HW) Σ_{hw} F_{l,i} F_{l+1,j}"
                "Yim et al. 2017, eq. 2"
                "https://openaccess.thecvf.com/content_cvpr_2017/html/Yim_A_Gift_From_CVPR_2017_paper.html";
            similarity Similarity "similarity" Relations Always 3000.0
                "‖S(f) − S(g)‖_{F}^{2} / N^{2},  S(f)_{i} = (f fᵀ)_{i} / ‖(f fᵀ)_{i}‖"
                "Tung & Mori 2019, eq. 4" "https://arxiv.org/abs/1907.09682";
            correlation Correlation "correlation" Relations Always 1.0
                "‖K(f) − K(g)‖_{F}^{2} / N^{2},  K_{ij} ≈ exp(−γ ‖f_{i} − f_{j}‖^{2})"
                "Peng et al. 2019, eq. 7" "https://arxiv.org/abs/1904.01802";
            rkd_distance RkdDistance "rkd-distance" Relations Always 25.0
                "mean_{ij} h(‖f_{i} − f_{j}‖/μ_{f} − ‖g_{i} − g_{j}‖/μ_{g})"
                "Park et al. 2019, eq. 5" "https://arxiv.org/abs/1904.05068";
            rkd_angle RkdAngle "rkd-angle" Relations Always 50.0
                "mean_{ijk} h(cos∠f_{i}f_{j}f_{k} − cos∠g_{i}g_{j}g_{k})"
                "Park et al. 2019, eq. 8" "https://arxiv.org/abs/1904.05068";
            pkt Pkt "pkt" Relations Always 30000.0
                "mean_{ij} P_{ij} ln(P_{ij}/Q_{ij}),  P_{ij} ∝ (1 + cos(g_{i}, g_{j}))/2"
                "Passalis & Tefas 2018, eq. 7" "https://arxiv.org/abs/1803.10837";
            contrastive Contrastive "contrastive" Relations Always 0.8
                "−mean_{n} (ln D(f_{n}, g_{n}) + Σ_{k} ln(1 − D(f_{n}, g_{k})))"
                "Tian et al. 2020, eq. 18" "https://arxiv.org/abs/1910.10699";
            adversarial Adversarial "adversarial" Responses Always 1.0
                "−mean_{n} ln D(q_{n}),  D: min −mean_{n} (ln D(p_{n}) + ln(1 − D(q_{n})))"
                "Belagiannis et al. 2018, section 3" "https://arxiv.org/abs/1803.10750";
        }
    };
}

use crate::values::words;

/// Hidden units of the discriminator of an adversarial objective.
pub const DISCRIMINATOR_UNITS: usize = 32;

words! {
    /// What an objective transfers (Gou et al. 2021, section 3).
    Knowledge {
        /// What the last layer says.
        Responses = "responses",
        /// What happens in between.
        Features = "features",
        /// How examples relate to each other.
        Relations = "relations",
    }
}

/// When an objective has its say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectiveTiming {
    /// In every step.
    Always,
    /// In every step, in the first stage only to prepare what it learns beside the student.
    WarmUp,
    /// Alone in the first stage, and never after it, as its authors train it.
    FirstStage,
}

/// What is known of an objective without computing it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ObjectiveInfo {
    /// What it transfers.
    pub knowledge: Knowledge,
    /// When it has its say.
    pub timing: ObjectiveTiming,
    /// The weight it is used with unless told otherwise; `why-<word>` among the messages says where it comes from.
    pub weight: f64,
    /// Its formula.
    pub formula: &'static str,
    /// The paper and the place in it.
    pub source: &'static str,
    /// Where the paper can be read.
    pub url: &'static str,
}

macro_rules! declare {
    ($($file:ident $variant:ident $id:literal $knowledge:ident $timing:ident $weight:literal $formula:literal $source:literal $url:literal;)*) => {
        words! {
            /// What can be asked of a student besides its labels and the teacher's soft targets.
            Objective { $(#[doc = $source] $variant = $id),* }
        }

        impl Objective {
            /// What is known of it.
            pub fn info(self) -> ObjectiveInfo {
                match self {
                    $(Self::$variant => ObjectiveInfo {
                        knowledge: Knowledge::$knowledge,
                        timing: ObjectiveTiming::$timing,
                        weight: $weight,
                        formula: $formula,
                        source: $source,
                        url: $url,
                    }),*
                }
            }
        }
    };
}

for_each_objective!(declare);

use serde::{Deserialize, Serialize};

/// The weights of the objectives in the student's loss; what is not in it weighs nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Weights(Vec<(Objective, f64)>);

impl Weights {
    /// The weight of an objective; 0 where it is not used.
    pub fn get(&self, objective: Objective) -> f64 {
        self.0.iter().find(|(other, _)| *other == objective).map_or(0.0, |(_, weight)| *weight)
    }

    /// Sets a weight; 0 takes the objective out.
    pub fn set(&mut self, objective: Objective, weight: f64) {
        self.0.retain(|(other, _)| *other != objective);
        if weight != 0.0 {
            // Equal sums are equal values, in whatever order they were put together.
            let place = self.0.partition_point(|(other, _)| *other < objective);
            self.0.insert(place, (objective, weight));
        }
    }

    /// This with one more objective at its usual weight.
    pub fn with(mut self, objective: Objective) -> Self {
        self.set(objective, objective.info().weight);
        self
    }

    /// The objectives that weigh something, in the order of the registry.
    pub fn used(&self) -> impl Iterator<Item = (Objective, f64)> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_kept_in_order_and_zero_takes_out() {
        let mut weights = Weights::default();
        weights.set(Objective::Pkt, 3.0);
        weights.set(Objective::Hint, 1.0);
        assert_eq!(weights.used().collect::<Vec<_>>(), [(Objective::Hint, 1.0), (Objective::Pkt, 3.0)]);
        weights.set(Objective::Pkt, 0.0);
        assert_eq!((weights.get(Objective::Pkt), weights.used().count()), (0.0, 1));
    }
}
