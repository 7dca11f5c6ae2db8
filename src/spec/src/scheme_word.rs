//! The words of the schemes, and what is known of each without computing its plan.

use crate::values::words;

/// Calls a macro with every entry of the registry of schemes ([`crate::schemes`] says what its columns are).
macro_rules! for_each_scheme {
    ($register:ident) => {
        $register! {
            offline Offline "offline" Offline
                "Hinton et al. 2015, section 2" "https://arxiv.org/abs/1503.02531";
            assistant Assistant "assistant" Offline
                "Mirzadeh et al. 2020, section 3" "https://arxiv.org/abs/1902.03393";
            early_stopped EarlyStopped "early-stopped" Offline
                "Cho & Hariharan 2019, section 5" "https://arxiv.org/abs/1910.01348";
            smoothed_teacher SmoothedTeacher "smoothed-teacher" Offline
                "Müller et al. 2019, section 4" "https://arxiv.org/abs/1906.02629";
            wrong_labels WrongLabels "wrong-labels" Offline
                "Li et al. 2017, section 3" "https://arxiv.org/abs/1703.02391";
            weak_to_strong WeakToStrong "weak-to-strong" Offline
                "Burns et al. 2023, section 3" "https://arxiv.org/abs/2312.09390";
            adversarial Adversarial "adversarial" Offline
                "Belagiannis et al. 2018, section 3" "https://arxiv.org/abs/1803.10750";
            mutual Mutual "mutual" Online
                "Zhang et al. 2018, eq. 8" "https://arxiv.org/abs/1706.00384";
            codistillation Codistillation "codistillation" Online
                "Anil et al. 2018, algorithm 1" "https://arxiv.org/abs/1804.03235";
            born_again BornAgain "born-again" OneAnother
                "Furlanello et al. 2018, section 3" "https://arxiv.org/abs/1805.04770";
            exits Exits "exits" OneAnother
                "Zhang et al. 2019, section 3" "https://arxiv.org/abs/1905.08094";
            several_teachers SeveralTeachers "several-teachers" Several
                "You et al. 2017, section 3" "https://doi.org/10.1145/3097983.3098135";
            specialists Specialists "specialists" Several
                "Hinton et al. 2015, section 5" "https://arxiv.org/abs/1503.02531";
            soup Soup "soup" Several
                "Wortsman et al. 2022, section 2" "https://arxiv.org/abs/2203.05482";
            private Private "private" Several
                "Papernot et al. 2017, section 2" "https://arxiv.org/abs/1610.05755";
            methods Methods "methods" Offline
                "Agarwal et al. 2024, section 3" "https://arxiv.org/abs/2306.13649";
            lifelong Lifelong "lifelong" OneAnother
                "Li & Hoiem 2016, section 3" "https://arxiv.org/abs/1606.09282";
            transfer_learning TransferLearning "transfer-learning" OneAnother
                "Yosinski et al. 2014, section 2" "https://arxiv.org/abs/1411.1792";
            noise Noise "noise" WithoutData
                "Nayak et al. 2021, section 3" "https://arxiv.org/abs/2011.09113";
            generator Generator "generator" WithoutData
                "Chen et al. 2019, section 3" "https://arxiv.org/abs/1904.01186";
            dataset Dataset "dataset" WithoutData
                "Zhao et al. 2021, section 3" "https://arxiv.org/abs/2006.05929";
            subliminal Subliminal "subliminal" WithoutData
                "Cloud et al. 2025, section 6" "https://arxiv.org/abs/2507.14805";
        }
    };
}

pub(crate) use for_each_scheme;

words! {
    /// The groups of the menu.
    SchemeGroup {
        /// The teacher is finished before its students begin.
        Offline = "offline",
        /// Networks teach each other while they learn.
        Online = "online",
        /// A network's equal teaches it.
        OneAnother = "self",
        /// Several teachers, one student.
        Several = "several",
        /// The student sees no example of the data set.
        WithoutData = "without-data",
    }
}

/// What is known of a scheme without computing its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemeInfo {
    /// Its group in the menu.
    pub group: SchemeGroup,
    /// The paper and the place in it.
    pub source: &'static str,
    /// Where the paper can be read.
    pub url: &'static str,
}

macro_rules! declare {
    ($($file:ident $variant:ident $id:literal $group:ident $source:literal $url:literal;)*) => {
        words! {
            /// Who teaches whom, and when.
            Scheme { $(#[doc = $source] $variant = $id),* }
        }

        impl Scheme {
            /// What is known of it.
            pub fn info(self) -> SchemeInfo {
                match self {
                    $(Self::$variant => SchemeInfo { group: SchemeGroup::$group, source: $source, url: $url }),*
                }
            }
        }
    };
}

for_each_scheme!(declare);
