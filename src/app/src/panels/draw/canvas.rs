//! The sheet that the visitor draws on: lines, what can be undone, and the cursor of those who draw by keyboard. Pure.

use std::rc::Rc;

use yew::Reducible;

use crate::panels::draw::strokes::{Line, Point};

/// Rows and columns of the keyboard's grid: fine enough for an 8, coarse enough to cross in a few keystrokes.
pub const GRID: usize = 12;
/// Steps that can be undone.
const MOST_UNDONE: usize = 50;
/// The sheet's side in a note: finer than anybody draws.
const NOTED: f32 = 1000.0;
/// Points closer than this add nothing that can be seen.
const NEAR: f32 = 0.004;

/// What a hand does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pen {
    /// A pointer comes down.
    Begin(Point),
    /// It moves while it is down.
    Extend(Point),
    /// The cursor moves by so many columns and rows; while the keyboard's pen is down, it draws.
    Step([i8; 2]),
    /// The keyboard's pen goes down, or up.
    Toggle,
    /// The keyboard's pen goes up.
    Lift,
    /// The ink in the cursor's cell goes.
    Erase,
    /// The last stroke, or whatever else was done to the ink, is undone.
    Undo,
    /// All ink goes.
    Clear,
}

/// The sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Paper {
    lines: Rc<Vec<Line>>,
    undo: Vec<Rc<Vec<Line>>>,
    /// Column and row of the keyboard's cursor.
    pub cursor: [usize; 2],
    /// Whether the keyboard's pen is down.
    pub down: bool,
    /// Rises with every change of the ink.
    pub revision: u32,
}

impl Default for Paper {
    fn default() -> Self {
        Self { lines: Rc::default(), undo: Vec::new(), cursor: [GRID / 2; 2], down: false, revision: 0 }
    }
}

impl Paper {
    /// The ink that a text holds, as far as it can be read.
    pub fn of_note(note: &str) -> Self {
        let line = |text: &str| {
            let numbers: Vec<u32> = text.split(' ').map_while(|number| number.parse().ok()).collect();
            let (points, _) = numbers.as_chunks::<2>();
            points.iter().map(|point| point.map(|number| (number as f32 / NOTED).min(1.0))).collect::<Line>()
        };
        let lines: Vec<Line> = note.split(';').map(line).filter(|line| !line.is_empty()).collect();
        Self { lines: Rc::new(lines), ..Self::default() }
    }

    /// The ink as a text, which a reload must not lose.
    pub fn note(&self) -> String {
        let mut note = String::new();
        for line in self.lines.iter() {
            for number in line.iter().flatten() {
                note.push_str(&((number * NOTED).round() as u32).to_string());
                note.push(' ');
            }
            note.push(';');
        }
        note
    }

    /// Whether nothing is drawn.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// The lines, smooth.
    pub fn lines(&self) -> Vec<Line> {
        self.lines.iter().map(|line| smooth(line)).collect()
    }

    /// The middle of the cursor's cell.
    fn here(&self) -> Point {
        self.cursor.map(|cell| (cell as f32 + 0.5) / GRID as f32)
    }

    fn change(&mut self, lines: Vec<Line>) {
        self.undo.push(std::mem::replace(&mut self.lines, Rc::new(lines)));
        self.undo.drain(..self.undo.len().saturating_sub(MOST_UNDONE));
        self.revision = self.revision.wrapping_add(1);
    }

    fn begin(&mut self, point: Point) {
        let mut lines = (*self.lines).clone();
        lines.push(vec![point.map(|x| x.clamp(0.0, 1.0))]);
        self.change(lines);
    }

    fn extend(&mut self, point: Point) {
        let point = point.map(|x| x.clamp(0.0, 1.0));
        let Some(&last) = self.lines.last().and_then(|line| line.last()) else { return };
        if (point[0] - last[0]).hypot(point[1] - last[1]) >= NEAR {
            if let Some(line) = Rc::make_mut(&mut self.lines).last_mut() {
                line.push(point);
            }
            self.revision = self.revision.wrapping_add(1);
        }
    }

    fn step(&mut self, by: [i8; 2]) {
        let moved = [0, 1].map(|axis| self.cursor[axis].saturating_add_signed(by[axis].into()).min(GRID - 1));
        if moved != self.cursor {
            self.cursor = moved;
            if self.down {
                self.extend(self.here());
            }
        }
    }

    fn toggle(&mut self) {
        self.down = !self.down;
        if self.down {
            self.begin(self.here());
        }
    }

    fn erase(&mut self) {
        let rest = without(&self.lines(), self.here());
        self.down = false;
        if rest != self.lines() {
            self.change(rest);
        }
    }
}

impl Reducible for Paper {
    type Action = Pen;

    fn reduce(self: Rc<Self>, pen: Pen) -> Rc<Self> {
        let mut paper = (*self).clone();
        match pen {
            Pen::Begin(point) => {
                paper.down = false;
                paper.begin(point);
            }
            Pen::Extend(point) => paper.extend(point),
            Pen::Step(by) => paper.step(by),
            Pen::Toggle => paper.toggle(),
            Pen::Lift => paper.down = false,
            Pen::Erase => paper.erase(),
            Pen::Undo => {
                paper.down = false;
                if let Some(lines) = paper.undo.pop() {
                    paper.lines = lines;
                    paper.revision = paper.revision.wrapping_add(1);
                }
            }
            Pen::Clear => {
                paper.down = false;
                if !paper.is_empty() {
                    paper.change(Vec::new());
                }
            }
        }
        Rc::new(paper)
    }
}

/// A line through the middles of a hand's steps, bent at its points: quadratic curves as short straight pieces.
fn smooth(line: &[Point]) -> Line {
    const PIECES: usize = 6;
    let middle = |a: Point, b: Point| [0, 1].map(|axis| (a[axis] + b[axis]) / 2.0);
    let (Some(&first), Some(&last)) = (line.first(), line.last()) else { return Vec::new() };
    let mut curve = vec![first];
    for window in line.windows(3) {
        let (from, bend, to) = (middle(window[0], window[1]), window[1], middle(window[1], window[2]));
        curve.extend((0..=PIECES).map(|piece| {
            let t = piece as f32 / PIECES as f32;
            [0, 1].map(|axis| (1.0 - t) * (1.0 - t) * from[axis] + 2.0 * t * (1.0 - t) * bend[axis] + t * t * to[axis])
        }));
    }
    if line.len() > 1 {
        curve.push(last);
    }
    curve
}

/// What is left of lines when the ink of the cell about `centre` goes: of those that cross it the pieces outside, cut
/// finely; the others as they are.
fn without(lines: &[Line], centre: Point) -> Vec<Line> {
    const STEP: f32 = 0.01;
    let half = 0.5 / GRID as f32;
    let inside = |point: &Point| (0..2).all(|axis| (point[axis] - centre[axis]).abs() <= half);
    let mut rest = Vec::new();
    for line in lines {
        let mut fine: Line = line.first().copied().into_iter().collect();
        for ends in line.windows(2) {
            let delta = [ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]];
            let pieces = (delta[0].hypot(delta[1]) / STEP).ceil().max(1.0) as usize;
            let at = |piece: usize| [0, 1].map(|axis| ends[0][axis] + delta[axis] * piece as f32 / pieces as f32);
            fine.extend((1..=pieces).map(at));
        }
        if !fine.iter().any(inside) {
            rest.push(line.clone());
            continue;
        }
        rest.extend(fine.split(inside).filter(|piece| !piece.is_empty()).map(<[Point]>::to_vec));
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pens: &[Pen]) -> Paper {
        (*pens.iter().fold(Rc::new(Paper::default()), |paper, &pen| paper.reduce(pen))).clone()
    }

    #[test]
    fn the_keyboard_draws_a_line_through_its_cells_and_stops_at_the_edge() {
        let paper = after(&[Pen::Toggle, Pen::Step([1, 0]), Pen::Step([1, 0]), Pen::Toggle, Pen::Step([0, 1])]);
        let lines = paper.lines();
        assert_eq!((lines.len(), paper.cursor, paper.down), (1, [8, 7], false));
        assert_eq!((lines[0].first(), lines[0].last()), (Some(&[6.5 / 12.0; 2]), Some(&[8.5 / 12.0, 6.5 / 12.0])));
        let far = after(&[Pen::Step([1, 0]); 20]);
        assert_eq!(far.cursor, [11, 6]);
        assert!(far.is_empty(), "the pen was up");
    }

    #[test]
    fn a_stroke_is_one_step_to_undo_and_clearing_another() {
        let stroke = [Pen::Begin([0.1, 0.1]), Pen::Extend([0.5, 0.1]), Pen::Extend([0.5, 0.9])];
        let drawn = after(&stroke);
        let twice = after(&[&stroke[..], &stroke[..], &[Pen::Undo]].concat());
        assert_eq!(twice.lines(), drawn.lines());
        let back = after(&[&stroke[..], &[Pen::Clear, Pen::Undo]].concat());
        assert_eq!(back.lines(), drawn.lines());
        assert!(after(&[&stroke[..], &[Pen::Undo]].concat()).is_empty());
        assert!(!after(&[Pen::Clear]).can_undo(), "there was nothing to clear");
    }

    #[test]
    fn erasing_a_cell_cuts_the_line_in_two() {
        let row = 6.5 / 12.0;
        let paper = after(&[Pen::Begin([0.0, row]), Pen::Extend([1.0, row]), Pen::Erase]);
        let lines = paper.lines();
        assert_eq!(lines.len(), 2);
        // The cursor's cell is the seventh of twelve: from a half to 7/12.
        let [left, right] = [&lines[0], &lines[1]];
        assert!(left.iter().all(|point| point[0] < 0.5 + 1e-6) && left.last().unwrap()[0] > 0.48);
        assert!(right.iter().all(|point| point[0] > 7.0 / 12.0 - 1e-6) && right[0][0] < 0.6);
        let elsewhere = after(&[Pen::Begin([0.1, 0.1]), Pen::Erase]);
        assert_eq!(elsewhere.undo.len(), 1, "nothing was erased, so there is only the stroke to undo");
    }

    #[test]
    fn a_note_holds_the_ink() {
        let lines = vec![vec![[0.25, 0.5], [0.125, 1.0]], vec![[0.0, 0.875]]];
        let paper = Paper { lines: Rc::new(lines), ..Paper::default() };
        assert_eq!(paper.note(), "250 500 125 1000 ;0 875 ;");
        assert_eq!(Paper::of_note(&paper.note()), paper);
        assert!(Paper::of_note("").is_empty() && Paper::of_note(";;x 1;5").is_empty());
        assert_eq!(Paper::of_note("500 9000 -1 1 7").note(), "500 1000 ;", "what cannot be read ends a line");
    }

    #[test]
    fn a_hand_cannot_leave_the_paper_and_a_trembling_one_adds_nothing() {
        let paper = after(&[Pen::Begin([0.5, 0.5]), Pen::Extend([0.501, 0.5]), Pen::Extend([3.0, -1.0])]);
        assert_eq!(paper.lines(), [[[0.5, 0.5], [1.0, 0.0]]]);
        assert_eq!(paper.revision, 2);
    }

    #[test]
    fn a_smooth_line_keeps_its_ends_and_rounds_its_corner() {
        let curve = smooth(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]);
        assert_eq!((curve[0], curve[curve.len() - 1]), ([0.0, 0.0], [1.0, 1.0]));
        // The middle of the quadratic curve from (½, 0) over (1, 0) to (1, ½) is (⅞, ⅛).
        assert!(curve.iter().any(|point| (point[0] - 0.875).hypot(point[1] - 0.125) < 1e-6));
    }
}
