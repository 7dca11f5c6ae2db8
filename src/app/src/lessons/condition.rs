//! How far a visitor is in a lesson, and what they said before they measured.

use std::rc::Rc;

use yew::Reducible;

use crate::lessons::{
    model::{Choice, Predict, Step, Wait},
    quantity::Quantity,
};

/// What a measurement said of a prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The choice that is what happened, if one of them is.
    pub happened: Option<usize>,
    /// The numbers it was judged by; they stay as they were when knobs are turned later.
    pub values: Vec<(String, Option<f64>)>,
}

impl Observed {
    /// Judges a step's prediction by what can be read now. The first choice that holds is what happened.
    pub fn judge(step: &Step, predict: &Predict, read: impl Fn(&str) -> Option<f64>) -> Self {
        let holds = |choice: &Choice| choice.when.iter().all(|condition| condition.holds(&read));
        let values = measured_names(step).into_iter().map(|name| (name.to_owned(), read(name)));
        Self { happened: predict.choices.iter().position(holds), values: values.collect() }
    }
}

/// The quantities that a step shows or judges by, knobs aside, each once.
fn measured_names(step: &Step) -> Vec<&str> {
    let judged = step.predict.iter().flat_map(|predict| &predict.choices).flat_map(|choice| &choice.when);
    let names = judged.flat_map(|condition| condition.names()).chain(step.show.iter().map(String::as_str));
    let mut once = Vec::new();
    for name in names {
        let is_knob = matches!(Quantity::named(name), Some(Quantity::Knob(_)));
        if !is_knob && !once.contains(&name) {
            once.push(name);
        }
    }
    once
}

/// All that has to be measured before a step's prediction can be judged: what it waits for, and what it reads.
pub fn awaited(step: &Step) -> Wait {
    let needed = measured_names(step).into_iter().filter_map(Quantity::named).map(Quantity::needs);
    needed.fold(step.wait, Wait::max)
}

/// All that has to be measured for what a step shows and for its task.
pub fn shown(step: &Step) -> Wait {
    let names = step.until.iter().flat_map(|condition| condition.names()).chain(step.show.iter().map(String::as_str));
    names.filter_map(Quantity::named).map(Quantity::needs).fold(Wait::None, Wait::max)
}

/// What a step's task is done with, where that is one control: a knob, or the slider of the bias.
pub fn control_of(step: &Step) -> Option<&str> {
    let is_control = |name: &&str| matches!(Quantity::named(name), Some(Quantity::Knob(_) | Quantity::Bias));
    let goal = step.goal.as_ref().and_then(|goal| goal.split_once('=')).map(|(key, _)| key);
    goal.or_else(|| step.until.iter().flat_map(|condition| condition.names()).find(is_control))
}

/// What happened in a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// The choice that the visitor made.
    pub picked: Option<usize>,
    /// It is made, and is measured.
    pub committed: bool,
    /// What came of it.
    pub seen: Option<Rc<Observed>>,
    /// The task has been done.
    pub done: bool,
}

impl Record {
    /// Its choice, and its flags: `2c` is a choice that stands. What came of it is measured anew.
    fn note(&self) -> String {
        let mut note = self.picked.map_or_else(String::new, |picked| picked.to_string());
        note.push_str(if self.committed { "c" } else { "" });
        note.push_str(if self.done { "d" } else { "" });
        note
    }

    fn of_note(note: &str) -> Self {
        let digits = note.bytes().take_while(u8::is_ascii_digit).count();
        let picked = note[..digits].parse().ok();
        Self { picked, committed: picked.is_some() && note.contains('c'), seen: None, done: note.contains('d') }
    }
}

/// The visitor's way through a lesson.
#[derive(Debug, Clone, PartialEq)]
pub struct LessonProgress {
    /// The step, from 0.
    pub step: usize,
    records: Vec<Record>,
}

/// What happens on the way; all but `Go` to the step that is shown.
#[derive(Debug, Clone)]
pub enum LessonAction {
    /// Another step is shown.
    Go(usize),
    /// A choice is picked.
    Pick(usize),
    /// The prediction stands.
    Commit,
    /// It has been measured.
    See(Observed),
    /// The task has been done.
    Done,
}

impl LessonProgress {
    /// The beginning of a lesson of so many steps, or a later step of it.
    pub fn new(steps: usize, step: usize) -> Self {
        Self { step: step.min(steps.saturating_sub(1)), records: vec![Record::default(); steps] }
    }

    /// What a reload must not lose, as a text.
    pub fn note(&self) -> String {
        self.records.iter().map(Record::note).collect::<Vec<_>>().join(",")
    }

    /// With the records that a text holds, as far as they can be read.
    pub fn with_note(mut self, note: &str) -> Self {
        self.records.iter_mut().zip(note.split(',')).for_each(|(record, note)| *record = Record::of_note(note));
        self
    }

    /// The record of the step that is shown.
    pub fn record(&self) -> Record {
        self.record_of(self.step)
    }

    /// The record of any step.
    pub fn record_of(&self, step: usize) -> Record {
        self.records.get(step).cloned().unwrap_or_default()
    }
}

impl Reducible for LessonProgress {
    type Action = LessonAction;

    fn reduce(self: Rc<Self>, action: LessonAction) -> Rc<Self> {
        let mut progress = (*self).clone();
        if let LessonAction::Go(step) = action {
            progress.step = step.min(progress.records.len().saturating_sub(1));
            return Rc::new(progress);
        }
        let Some(record) = progress.records.get_mut(progress.step) else { return self };
        match action {
            LessonAction::Pick(choice) if !record.committed => record.picked = Some(choice),
            LessonAction::Commit => record.committed = record.picked.is_some(),
            // What was seen first stays: the visitor answered for that measurement.
            LessonAction::See(seen) if record.committed && record.seen.is_none() => record.seen = Some(Rc::new(seen)),
            LessonAction::Done => record.done = true,
            _ => return self,
        }
        Rc::new(progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step() -> Step {
        let text = r#"{"en":"a","zh-CN":"b"}"#;
        let choice = |when: &str| format!(r#"{{"text":{text},"when":{when}}}"#);
        let choices = [
            choice(r#"[["student.accuracy",">","baseline.accuracy",1],["temperature",">",1]]"#),
            choice(r#"[["student.accuracy","<=","baseline.accuracy",1]]"#),
        ];
        let predict = format!(r#"{{"question":{text},"choices":[{}],"explain":{text}}}"#, choices.join(","));
        serde_json::from_str(&format!(r#"{{"text":{text},"show":["entropy"],"wait":"teacher","predict":{predict}}}"#))
            .unwrap()
    }

    fn go(progress: LessonProgress, moves: impl IntoIterator<Item = LessonAction>) -> LessonProgress {
        moves.into_iter().fold(progress, |progress, action| (*Rc::new(progress).reduce(action)).clone())
    }

    #[test]
    fn a_note_holds_what_was_answered() {
        let moves = [LessonAction::Pick(12), LessonAction::Commit, LessonAction::Go(1), LessonAction::Done];
        let progress = go(LessonProgress::new(3, 0), moves);
        assert_eq!(progress.note(), "12c,d,");
        assert_eq!(LessonProgress::new(3, 1).with_note(&progress.note()), progress);
        for broken in ["", ",,,,,,,", "é,c,99999999999999999999999c"] {
            let read = LessonProgress::new(3, 1).with_note(broken);
            assert_eq!(read, LessonProgress::new(3, 1), "{broken:?}");
        }
    }

    #[test]
    fn the_first_choice_that_holds_is_what_happened() {
        let step = step();
        let judge = |student: f64| {
            let read = move |name: &str| match name {
                "student.accuracy" => Some(student),
                "baseline.accuracy" => Some(80.0),
                "temperature" => Some(4.0),
                _ => None,
            };
            Observed::judge(&step, step.predict.as_ref().unwrap(), read)
        };
        assert_eq!(judge(82.0).happened, Some(0));
        assert_eq!(judge(81.0).happened, Some(1));
        assert_eq!(judge(f64::NAN).happened, None);
        let values = [("student.accuracy", Some(82.0)), ("baseline.accuracy", Some(80.0)), ("entropy", None)];
        assert_eq!(judge(82.0).values, values.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(awaited(&step), Wait::Student, "it reads more than it waits for");
        assert_eq!(shown(&step), Wait::Teacher, "entropy alone");
    }

    #[test]
    fn a_prediction_stands_once_made_and_what_was_seen_stays() {
        let seen = |happened| Observed { happened, values: vec![] };
        let progress = go(LessonProgress::new(2, 0), [LessonAction::Commit, LessonAction::See(seen(Some(0)))]);
        assert_eq!(progress.record(), Record::default(), "nothing was picked");
        let progress = go(
            progress,
            [LessonAction::Pick(1), LessonAction::Commit, LessonAction::Pick(0), LessonAction::See(seen(Some(0)))],
        );
        let progress = go(progress, [LessonAction::See(seen(None)), LessonAction::Go(1)]);
        assert_eq!(progress.record(), Record::default(), "another step, another record");
        let record = go(progress, [LessonAction::Go(0)]).record();
        assert_eq!((record.picked, record.seen.unwrap().happened), (Some(1), Some(0)));
    }

    #[test]
    fn no_step_lies_beyond_the_last() {
        assert_eq!(LessonProgress::new(3, 9).step, 2);
        assert_eq!(go(LessonProgress::new(3, 0), [LessonAction::Go(7)]).step, 2);
        assert_eq!(go(LessonProgress::new(0, 0), [LessonAction::Done]).step, 0);
    }
}
