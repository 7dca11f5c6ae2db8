//! What stands in a lesson's file.

use serde::Deserialize;

use crate::i18n::Language;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// English.
    pub en: String,
    /// 简体中文.
    #[serde(rename = "zh-CN")]
    pub zh: String,
}

impl Text {
    /// The text in this language.
    pub fn said(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Chinese => &self.zh,
        }
    }
}

/// A lesson.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the menu's fields are read by build.rs; here they keep a misspelt one from passing")]
pub struct Lesson {
    /// Its place among the lessons.
    pub order: u32,
    /// About how long it takes.
    pub minutes: u32,
    pub title: Text,
    pub summary: Text,
    /// What one learns, as the menu says it.
    pub learn: Text,
    /// Its picture in the list of lessons: two lines of 48 × 32 units, as an SVG path writes them, the first in the
    /// teacher's hue and the second in the student's.
    pub picture: Vec<String>,
    /// Knobs that it explains.
    pub knobs: Vec<String>,
    /// The experiment that it begins with, as a permalink.
    pub link: String,
    pub steps: Vec<Step>,
}

/// A step of a lesson.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Paragraphs with an empty line between; only `**bold**` is marked.
    pub text: Text,
    /// The panel that it speaks of.
    #[serde(default)]
    pub look: Option<String>,
    /// Knobs that it turns: when it begins, or when its prediction is made.
    #[serde(default)]
    pub set: Option<String>,
    /// Knobs that it turns at its beginning, before its question: the experiment that the question is compared with,
    /// where that is not the one of the step before. It is trained first.
    #[serde(default)]
    pub before: Option<String>,
    /// Its question is about another experiment altogether: what was measured before it says nothing of it.
    #[serde(default)]
    pub anew: bool,
    /// Quantities that it shows. `teacher.accuracy` and the like are of the first teacher, `student.…` of the network
    /// that the scheme is about, `baseline.…` of its control. Any other network of the scheme's plan may stand in their
    /// place: `teacher-2.accuracy`, `mean.assistant`, `ensemble.calibration`.
    #[serde(default)]
    pub show: Vec<String>,
    /// What the visitor is to do.
    #[serde(default)]
    pub task: Option<Text>,
    /// What the experiment has when that is done, as pairs of a permalink: for knobs that are words.
    #[serde(default)]
    pub goal: Option<String>,
    /// What holds when that is done.
    #[serde(default)]
    pub until: Vec<Condition>,
    /// What has to be measured before the prediction is looked at.
    #[serde(default)]
    pub wait: Wait,
    #[serde(default)]
    pub predict: Option<Predict>,
}

/// A question that is answered before it is measured.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predict {
    pub question: Text,
    pub choices: Vec<Choice>,
    /// Why it came as it came; shown after the measurement.
    pub explain: Text,
}

/// A possible answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub text: Text,
    /// What holds when it is what happened.
    pub when: Vec<Condition>,
}

/// What has to be measured, each including those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wait {
    /// Nothing.
    #[default]
    None,
    /// The teacher.
    Teacher,
    /// Baseline and student, and the student's packed files.
    Student,
    /// All seeds.
    Verdict,
}

/// A comparison of two quantities, the right one moved by an offset.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Written")]
pub struct Condition {
    pub left: Operand,
    pub comparison: Comparison,
    pub right: Operand,
    pub offset: f64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Plain(Operand, Comparison, Operand),
    Moved(Operand, Comparison, Operand, f64),
}

impl From<Written> for Condition {
    fn from(written: Written) -> Self {
        match written {
            Written::Plain(left, comparison, right) => Self { left, comparison, right, offset: 0.0 },
            Written::Moved(left, comparison, right, offset) => Self { left, comparison, right, offset },
        }
    }
}

/// A side of a condition.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Operand {
    Number(f64),
    Name(String),
}

/// How two numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Comparison {
    #[serde(rename = ">")]
    Above,
    #[serde(rename = ">=")]
    AtLeast,
    #[serde(rename = "<")]
    Below,
    #[serde(rename = "<=")]
    AtMost,
    #[serde(rename = "=")]
    Equal,
}

impl Condition {
    /// Whether it holds; it does not where a quantity is unknown.
    pub fn holds(&self, read: impl Fn(&str) -> Option<f64>) -> bool {
        /// Numbers that have been through a percentage differ in their last digits.
        const CLOSE: f64 = 1e-9;
        let number = |operand: &Operand| match operand {
            Operand::Number(number) => Some(*number),
            Operand::Name(name) => read(name),
        };
        let (Some(left), Some(right)) = (number(&self.left), number(&self.right)) else { return false };
        let right = right + self.offset;
        let equal = left == right || (left - right).abs() < CLOSE;
        match self.comparison {
            Comparison::Above => left > right && !equal,
            Comparison::AtLeast => left > right || equal,
            Comparison::Below => left < right && !equal,
            Comparison::AtMost => left < right || equal,
            Comparison::Equal => equal,
        }
    }

    /// The quantities that it names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [&self.left, &self.right].into_iter().filter_map(|operand| match operand {
            Operand::Name(name) => Some(name.as_str()),
            Operand::Number(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(json: &str) -> Condition {
        serde_json::from_str(json).unwrap()
    }

    fn read(name: &str) -> Option<f64> {
        match name {
            "a" => Some(3.0),
            "b" => Some(2.0),
            "all" => Some(f64::INFINITY),
            _ => None,
        }
    }

    #[test]
    fn conditions_compare_numbers_quantities_and_offsets() {
        for holds in [r#"["a",">","b"]"#, r#"["a","=",3]"#, r#"["a","<=","b",1]"#, r#"["all","=","all"]"#] {
            assert!(condition(holds).holds(read), "{holds}");
        }
        for fails in [r#"["a",">","b",1]"#, r#"["a","<",3]"#, r#"["none",">=",0]"#, r#"["a",">","all"]"#] {
            assert!(!condition(fails).holds(read), "{fails}");
        }
        assert_eq!(condition(r#"["a",">","b",1]"#).names().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_lesson_is_read_with_all_its_parts() {
        let lesson: Lesson = serde_json::from_str(
            r#"{
                "order": 1, "minutes": 6, "title": {"en": "Heat", "zh-CN": "温度"}, "summary": {"en": "a", "zh-CN": "甲"},
                "learn": {"en": "b", "zh-CN": "乙"},
                "picture": ["M4 4h9", "M4 9h9"], "knobs": ["temperature"], "link": "data=digits8&temperature=1",
                "steps": [
                    {"text": {"en": "Look.", "zh-CN": "看。"}, "look": "soft-targets", "show": ["entropy"],
                     "task": {"en": "Turn it.", "zh-CN": "调。"}, "until": [["temperature", ">=", 20]]},
                    {"text": {"en": "Guess.", "zh-CN": "猜。"}, "set": "temperature=20", "wait": "student",
                     "predict": {"question": {"en": "More?", "zh-CN": "更多？"},
                         "choices": [{"text": {"en": "Yes", "zh-CN": "是"}, "when": [["top", "<", 50]]}],
                         "explain": {"en": "So.", "zh-CN": "因此。"}}}
                ]
            }"#,
        )
        .unwrap();
        let [first, second] = &lesson.steps[..] else { panic!("two steps") };
        assert_eq!(lesson.title.said(Language::Chinese), "温度");
        assert_eq!((first.wait, first.until.len(), first.look.as_deref()), (Wait::None, 1, Some("soft-targets")));
        assert_eq!((second.wait, second.set.as_deref()), (Wait::Student, Some("temperature=20")));
        assert!(Wait::None < Wait::Teacher && Wait::Teacher < Wait::Student && Wait::Student < Wait::Verdict);
    }

    #[test]
    fn what_is_misspelt_is_refused() {
        assert!(serde_json::from_str::<Condition>(r#"["a","~","b"]"#).is_err());
        assert!(serde_json::from_str::<Text>(r#"{"en":"a"}"#).is_err());
        assert!(serde_json::from_str::<Step>(r#"{"text":{"en":"a","zh-CN":"b"},"lok":"data"}"#).is_err());
    }
}
