//! A sweep that a class shares out: which cell a device has taken, and what the class has answered. Pure.

use std::rc::Rc;

use retort_spec::{
    CLASS_KEY, ClassCode, ClassCodeProblem, Experiment, Outcome, Spread, Sweep, SweepCell, Verdict, sweep::Results,
};

use crate::state::{
    State,
    sweep::{SweepRun, SweepState},
};

/// What the key says where each device is to take a cell.
pub const DEAL: &str = "deal";

/// What a device has to do with a class's sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// It is to take a cell.
    Deal,
    /// It has taken this cell of the sweep of this name.
    Cell { sweep: u16, cell: u16 },
}

impl Share {
    /// Reads the value of the link's key.
    pub fn read(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case(DEAL) {
            return Some(Self::Deal);
        }
        let mut parts = text.split('.');
        let mut number = || parts.next()?.parse().ok();
        Some(Self::Cell { sweep: number()?, cell: number()? })
    }
}

/// The text of a cell in a link, with a code once there is one.
pub fn cell_text(sweep: u16, cell: usize, code: Option<&str>) -> String {
    let text = format!("{sweep}.{cell}");
    code.map_or(text.clone(), |code| [&text, ".", code].concat())
}

/// The possible cell that a pupil's number stands for; numbers past the last begin again.
pub fn cell_of(cells: &[SweepCell], number: usize) -> Option<usize> {
    let possible: Vec<usize> = (0..cells.len()).filter(|&cell| cells[cell].experiment.is_ok()).collect();
    possible.get(number.checked_sub(1)? % possible.len().max(1)).copied()
}

/// What a class has answered.
#[derive(Debug, Default, PartialEq)]
pub struct Gathered {
    /// The codes of each cell, each code once.
    pub cells: Vec<Vec<ClassCode>>,
    /// What is no code of this sweep, and why.
    pub refused: Vec<(String, ClassCodeProblem)>,
}

impl Gathered {
    /// Reads codes, one to a line or separated by commas or semicolons, with names in front or not, or as links.
    pub fn read(text: &str, sweep: u16, cells: usize) -> Self {
        let mut gathered = Self { cells: vec![Vec::new(); cells], refused: Vec::new() };
        for piece in text.lines().flat_map(pieces) {
            match ClassCode::read(piece, sweep, cells) {
                Ok(code) => gathered.add(code),
                // Several in a line.
                Err(ClassCodeProblem::Length(count)) if count > ClassCode::LENGTH => {
                    for part in piece.split_whitespace() {
                        match ClassCode::read(part, sweep, cells) {
                            Ok(code) => gathered.add(code),
                            Err(problem) => gathered.refused.push((part.to_owned(), problem)),
                        }
                    }
                }
                Err(problem) => gathered.refused.push((piece.to_owned(), problem)),
            }
        }
        gathered
    }

    fn add(&mut self, code: ClassCode) {
        let cell = &mut self.cells[usize::from(code.cell)];
        if !cell.contains(&code) {
            cell.push(code);
        }
    }

    /// The cells of which two codes say something else.
    pub fn disagreeing(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.cells.len()).filter(|&cell| self.cells[cell].len() > 1)
    }

    /// The possible cells without a code.
    pub fn missing<'a>(&'a self, cells: &'a [SweepCell]) -> impl Iterator<Item = usize> + 'a {
        (0..self.cells.len()).filter(|&cell| self.cells[cell].is_empty() && cells[cell].experiment.is_ok())
    }

    /// The same as a sweep that was trained, to be drawn as one: a code stands for a run.
    pub fn as_sweep(&self, base: &Experiment, sweep: &Sweep, cells: &[SweepCell]) -> SweepState {
        let results = |place: usize| {
            let codes = &self.cells[place];
            let plan = cells[place].experiment.as_deref().ok()?.plan();
            let spread = |of: fn(&ClassCode) -> f64| Spread::of(codes.iter().map(of).collect());
            let (product, control) = (spread(|code| code.product), spread(|code| code.control));
            let accuracies = vec![(plan.product, product), (plan.control, control)];
            let verdict = Verdict {
                // Codes do not say which examples were right, so that nothing is tested.
                outcome: Outcome::NoDifference,
                p_value: f64::NAN,
                edited_while_training: false,
                examples: 0,
                control: plan.control,
                product: plan.product,
                accuracies,
            };
            let (measured, packed, corrected) = Default::default();
            let results = Results { verdict, measured, packed, corrected, seconds: 0.0 };
            (!codes.is_empty()).then(|| Ok(Rc::new(results)))
        };
        let run = SweepRun { base: base.clone(), sweep: sweep.clone(), cells: cells.to_vec() };
        SweepState::done(Rc::new(run), (0..cells.len()).map(results).collect())
    }
}

/// The codes in a line: in links, or separated by commas or semicolons, behind names and colons or not.
fn pieces(line: &str) -> Vec<&str> {
    let key = [CLASS_KEY, "="].concat();
    let in_link = |word: &'_ str| word.split_once(&key).map(|(before, _)| before.len() + key.len());
    let links: Vec<&str> = line
        .split_whitespace()
        .filter_map(|word| word.get(in_link(word)?..)?.split('&').next()?.rsplit('.').next())
        .collect();
    if !links.is_empty() {
        return links;
    }
    let parts = line.split([',', ';', '，', '；', '、']);
    let code = |part: &'_ str| {
        part.rfind([':', '：', '\t']).map_or(0, |at| at + part[at..].chars().next().map_or(0, char::len_utf8))
    };
    parts.map(|part| part[code(part)..].trim()).filter(|part| !part.is_empty()).collect()
}

impl State {
    /// The code of this device's result, once its cell is trained as it was dealt.
    pub fn class_code(&self, share: Share) -> Option<ClassCode> {
        let Share::Cell { sweep, cell } = share else { return None };
        let verdict = self.verdict.as_ref().filter(|verdict| !verdict.edited_while_training && !self.recorded)?;
        let is_whole = verdict.runs() == self.experiment.runs as usize;
        (self.is_dealt(share) && is_whole).then(|| ClassCode {
            sweep,
            cell,
            product: verdict.mean(verdict.product),
            control: verdict.mean(verdict.control),
        })
    }

    /// Whether the experiment is the cell that was taken.
    pub fn is_dealt(&self, share: Share) -> bool {
        let (Share::Cell { sweep, cell }, Ok(asked)) = (share, self.sweep_text.parse::<Sweep>()) else { return false };
        let cells = asked.cells(&self.experiment);
        let taken = cells.get(usize::from(cell)).and_then(|cell| cell.experiment.as_deref().ok());
        taken == Some(&self.experiment) && ClassCode::name_of(&asked, &self.experiment) == sweep
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWEEP: &str = "temperature:1,2,4;student:4,16";

    fn dealt() -> (Sweep, Experiment, Vec<SweepCell>, u16) {
        let (sweep, base): (Sweep, _) = (SWEEP.parse().unwrap(), Experiment::default());
        let (cells, name) = (sweep.cells(&base), ClassCode::name_of(&sweep, &base));
        (sweep, base, cells, name)
    }

    #[test]
    fn codes_are_gathered_from_what_a_class_sends() {
        let (sweep, base, cells, name) = dealt();
        let code = |cell, product| ClassCode { sweep: name, cell, product, control: 0.5 }.text();
        let link = format!("https://example.org/#v=1&sweep={SWEEP}&class={name}.2.{}&lang=en", code(2, 0.9));
        let text = format!(
            "{}\nTable 4: {}\n{}; {}\n{link}\n\nhello\n{} {}",
            code(0, 0.8),
            code(1, 0.7),
            code(0, 0.8),
            code(0, 0.6),
            code(4, 0.95),
            code(5, 0.85)
        );
        let gathered = Gathered::read(&text, name, cells.len());
        assert_eq!(gathered.refused, [("hello".to_owned(), ClassCodeProblem::Length(5))]);
        assert_eq!(gathered.cells.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1, 0, 1, 1]);
        assert_eq!(gathered.disagreeing().collect::<Vec<_>>(), [0], "the same code twice is one answer");
        assert_eq!(gathered.missing(&cells).collect::<Vec<_>>(), [3]);
        let drawn = gathered.as_sweep(&base, &sweep, &cells);
        let mean = |place: usize| {
            drawn.outcomes[place].as_ref()?.as_ref().ok().map(|one| one.verdict.mean(one.verdict.product))
        };
        assert!((mean(0).unwrap() - 0.7).abs() < 1e-3 && (mean(2).unwrap() - 0.9).abs() < 1e-3);
        assert_eq!(mean(3), None);
        let other = Gathered::read(&code(0, 0.8), name ^ 1, cells.len());
        assert_eq!(other.refused[0].1, ClassCodeProblem::OtherSweep);
    }

    #[test]
    fn numbers_begin_again_and_impossible_cells_are_not_dealt() {
        let (_, _, mut cells, _) = dealt();
        assert_eq!(cell_of(&cells, 1), Some(0));
        assert_eq!((cell_of(&cells, 6), cell_of(&cells, 7), cell_of(&cells, 0)), (Some(5), Some(0), None));
        let problem = "student=0".parse::<Sweep>().err();
        assert!(problem.is_some());
        let bad: Sweep = "members:1,2".parse().unwrap();
        cells.extend(bad.cells(&Experiment::default()));
        let possible = cells.iter().filter(|cell| cell.experiment.is_ok()).count();
        assert_eq!(cell_of(&cells, possible + 1), Some(0));
        assert_eq!(cell_of(&[], 3), None);
    }

    #[test]
    fn a_link_says_what_a_device_has_to_do() {
        assert_eq!(Share::read("deal"), Some(Share::Deal));
        let text = cell_text(2748, 13, None);
        assert_eq!((text.as_str(), Share::read(&text)), ("2748.13", Some(Share::Cell { sweep: 2748, cell: 13 })));
        assert_eq!(Share::read(&cell_text(2748, 13, Some("2K7Q-0A9X-M3PD"))), Share::read(&text));
        assert_eq!((Share::read(""), Share::read("13"), Share::read("a.b")), (None, None, None));
    }

    #[test]
    fn a_cell_is_one_until_a_setting_is_turned() {
        let (_, _, cells, name) = dealt();
        let share = Share::Cell { sweep: name, cell: 3 };
        let mut state = State::open(&format!("#{}&sweep={SWEEP}&class={name}.3", cells[3].link().unwrap()));
        assert_eq!(Share::read(&state.class_text), Some(share));
        assert!(state.is_dealt(share) && state.class_code(share).is_none(), "nothing is trained yet");
        state.experiment.seed += 1;
        assert!(!state.is_dealt(share));
        state.experiment.seed -= 1;
        state.experiment.temperature = 3.0;
        assert!(!state.is_dealt(share));
    }
}
