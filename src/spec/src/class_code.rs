//! What one device of a class found, as a short code that can be spoken, typed or pasted.

use crate::{experiment::Experiment, sweep::Sweep};

/// The key of a class's sweep in a link.
pub const CLASS_KEY: &str = "class";

/// The symbols, without letters that are taken for digits (Crockford's base 32).
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many symbols of five bits carry what was found: 12 bits name the sweep, 10 the cell, 14 each score.
const DATA: usize = 10;
/// How many symbols check the others.
const CHECKS: usize = 2;
/// The largest cell number.
const MOST_CELL: u64 = (1 << 10) - 1;
/// A score of 1.
const WHOLE: u64 = (1 << 14) - 1;
/// The bits of a sweep's name.
const SWEEP_BITS: u32 = 12;

/// What a device found in its cell of a class's sweep. As a text it is 12 symbols in three groups: `2K7Q-0A9X-M3PD`.
///
/// The last two symbols check the others: a Reed–Solomon code over GF(32) of distance 3, so that one or two wrong
/// symbols, or two that changed places, are noticed always.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassCode {
    /// Which sweep, as [`ClassCode::name_of`] names it.
    pub sweep: u16,
    /// The cell's number, from 0, in the order of [`Sweep::cells`].
    pub cell: u16,
    /// The product's mean score over the seeds, 0 to 1.
    pub product: f64,
    /// The control's.
    pub control: f64,
}

/// Why a text is no code of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassCodeProblem {
    /// It has another number of symbols than [`ClassCode::LENGTH`].
    Length(usize),
    /// It holds what is no symbol.
    Symbol(char),
    /// Symbols are wrong or have changed places.
    Check,
    /// It is of another sweep, or of other settings.
    OtherSweep,
    /// The sweep has no such cell.
    NoCell(u16),
}

impl ClassCodeProblem {
    /// The words of the problems.
    pub const WORDS: [&str; 5] = ["length", "symbol", "check", "sweep", "cell"];

    /// The problem's word, by which it is named in messages.
    pub fn word(self) -> &'static str {
        Self::WORDS[match self {
            Self::Length(_) => 0,
            Self::Symbol(_) => 1,
            Self::Check => 2,
            Self::OtherSweep => 3,
            Self::NoCell(_) => 4,
        }]
    }
}

impl ClassCode {
    /// How many symbols a code has, without what separates its groups.
    pub const LENGTH: usize = DATA + CHECKS;

    /// A name of twelve bits for a sweep of an experiment: two of them have the same once in four thousand times. It is
    /// the same whichever of the sweep's cells `base` is.
    pub fn name_of(sweep: &Sweep, base: &Experiment) -> u16 {
        let first = sweep.cells(base).into_iter().find_map(|cell| cell.link()).unwrap_or_default();
        // FNV-1a (Fowler, Noll and Vo), folded.
        let mut sum = 0x811c_9dc5_u32;
        for byte in sweep.to_string().bytes().chain(*b"&").chain(first.bytes()) {
            sum = (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
        ((sum >> 20) ^ (sum >> SWEEP_BITS) ^ sum) as u16 & ((1 << SWEEP_BITS) - 1)
    }

    /// The code as a text.
    pub fn text(&self) -> String {
        let score = |share: f64| (share.clamp(0.0, 1.0) * WHOLE as f64).round() as u64;
        let bits = (u64::from(self.sweep) << 38)
            | ((u64::from(self.cell) & MOST_CELL) << 28)
            | (score(self.product) << 14)
            | score(self.control);
        let mut symbols = [0; Self::LENGTH];
        for (place, symbol) in symbols[..DATA].iter_mut().enumerate() {
            *symbol = (bits >> (5 * (DATA - 1 - place))) as u8 & 31;
        }
        check(&mut symbols);
        let mut text = String::new();
        for (place, symbol) in symbols.iter().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(SYMBOLS[usize::from(*symbol)]));
        }
        text
    }

    /// Reads a code, in capital or small letters, with any spaces and hyphens; I and L are read as 1, O as 0.
    ///
    /// # Errors
    /// What is wrong with it; a cell of `cells` or more is none of the sweep's.
    pub fn read(text: &str, sweep: u16, cells: usize) -> Result<Self, ClassCodeProblem> {
        let mut symbols = [0; Self::LENGTH];
        let mut count = 0;
        for letter in text.chars().filter(|letter| !letter.is_whitespace() && !"-–—_.".contains(*letter)) {
            let symbol = symbol(letter).ok_or(ClassCodeProblem::Symbol(letter))?;
            if let Some(place) = symbols.get_mut(count) {
                *place = symbol;
            }
            count += 1;
        }
        if count != Self::LENGTH {
            return Err(ClassCodeProblem::Length(count));
        }
        let given = symbols;
        check(&mut symbols);
        if given != symbols {
            return Err(ClassCodeProblem::Check);
        }
        let bits = symbols[..DATA].iter().fold(0, |bits, symbol| (bits << 5) | u64::from(*symbol));
        let code = Self {
            sweep: (bits >> 38) as u16,
            cell: ((bits >> 28) & MOST_CELL) as u16,
            product: ((bits >> 14) & WHOLE) as f64 / WHOLE as f64,
            control: (bits & WHOLE) as f64 / WHOLE as f64,
        };
        if code.sweep != sweep {
            return Err(ClassCodeProblem::OtherSweep);
        }
        if usize::from(code.cell) >= cells {
            return Err(ClassCodeProblem::NoCell(code.cell));
        }
        Ok(code)
    }
}

/// A letter's symbol.
fn symbol(letter: char) -> Option<u8> {
    // Some keyboards of Chinese, Japanese and Korean write letters and digits of full width.
    let letter = match u32::from(letter) {
        wide @ 0xFF01..=0xFF5E => char::from(u8::try_from(wide - 0xFEE0).ok()?),
        _ => letter,
    };
    let letter = match letter.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        letter => letter,
    };
    SYMBOLS.iter().position(|symbol| char::from(*symbol) == letter).map(|place| place as u8)
}

/// The product of two numbers of GF(32), whose polynomial is x⁵ + x² + 1.
fn times(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b > 0 {
        if b & 1 == 1 {
            product ^= a;
        }
        a = if a & 16 == 0 { a << 1 } else { (a << 1) ^ 0b10_0101 };
        b >>= 1;
    }
    product
}

/// Sets the last two symbols so that the word, a polynomial with its first symbol in front, is zero at 1 and at x.
fn check(symbols: &mut [u8; ClassCode::LENGTH]) {
    // The remainder of division by (z + 1)(z + x) = z² + (1 + x) z + x, with x = 2.
    let mut rest = [0; CHECKS];
    for symbol in &symbols[..DATA] {
        let lead = rest[0] ^ symbol;
        rest = [rest[1] ^ times(3, lead), times(2, lead)];
    }
    symbols[DATA..].copy_from_slice(&rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWEEP: u16 = 0xABC;
    const CELLS: usize = 20;

    fn code() -> ClassCode {
        ClassCode { sweep: SWEEP, cell: 13, product: 0.974, control: 0.815 }
    }

    #[test]
    fn a_code_is_read_back_however_it_is_typed() {
        let text = code().text();
        assert_eq!((text.len(), text.matches('-').count()), (14, 2), "{text}");
        let full: String = text.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c)).collect();
        let typed = [
            text.clone(),
            text.to_lowercase(),
            text.replace('-', " "),
            format!("  {} ", text.replace('-', "")),
            text.replace('0', "O").replace('1', "l"),
            full.replace('－', "-"),
        ];
        for typed in typed {
            let read = ClassCode::read(&typed, SWEEP, CELLS).unwrap();
            assert_eq!((read.sweep, read.cell), (SWEEP, 13), "{typed}");
            assert!((read.product - 0.974).abs() < 1e-4 && (read.control - 0.815).abs() < 1e-4, "{read:?}");
        }
    }

    #[test]
    fn one_or_two_wrong_symbols_and_those_that_changed_places_are_noticed() {
        let text: Vec<u8> = code().text().bytes().filter(|byte| *byte != b'-').collect();
        let refused = |changed: &[u8]| {
            let changed = String::from_utf8(changed.to_vec()).unwrap();
            assert_eq!(ClassCode::read(&changed, SWEEP, CELLS), Err(ClassCodeProblem::Check), "{changed}");
        };
        for first in 0..text.len() {
            for second in first..text.len() {
                let mut changed = text.clone();
                changed.swap(first, second);
                if changed != text {
                    refused(&changed);
                }
                for (one, two) in [(1, 1), (7, 30), (31, 2)] {
                    let mut changed = text.clone();
                    for (place, by) in [(first, one), (second, two)] {
                        let now = symbol(char::from(text[place])).unwrap();
                        changed[place] = SYMBOLS[usize::from((now + by) % 32)];
                    }
                    refused(&changed);
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_code_is_said() {
        let text = code().text();
        assert_eq!(ClassCode::read("", SWEEP, CELLS), Err(ClassCodeProblem::Length(0)));
        assert_eq!(ClassCode::read(&text[..9], SWEEP, CELLS), Err(ClassCodeProblem::Length(8)));
        assert_eq!(ClassCode::read(&format!("{text}7"), SWEEP, CELLS), Err(ClassCodeProblem::Length(13)));
        assert_eq!(ClassCode::read(&text.replacen('-', "U", 1), SWEEP, CELLS), Err(ClassCodeProblem::Symbol('U')));
        assert_eq!(ClassCode::read(&text, 1, CELLS), Err(ClassCodeProblem::OtherSweep));
        assert_eq!(ClassCode::read(&text, SWEEP, 13), Err(ClassCodeProblem::NoCell(13)));
    }

    #[test]
    fn the_ends_of_the_scale_are_kept() {
        let code = ClassCode { sweep: 0xFFF, cell: 1023, product: 1.0, control: 0.0 };
        assert_eq!(ClassCode::read(&code.text(), 0xFFF, 1024), Ok(code));
        let code = ClassCode { product: f64::INFINITY, ..code };
        assert_eq!(ClassCode::read(&code.text(), 0xFFF, 1024).map(|code| code.product), Ok(1.0));
    }

    #[test]
    fn the_field_has_an_inverse_for_all_but_zero() {
        for a in 1..32 {
            assert_eq!((1..32).filter(|b| times(a, *b) == 1).count(), 1, "{a}");
        }
    }

    #[test]
    fn another_sweep_or_other_settings_have_another_name() {
        let base = Experiment::default();
        let sweep: Sweep = "temperature:1,2;student:4,16".parse().unwrap();
        let other: Sweep = "temperature:1,2;student:4,8".parse().unwrap();
        let name = ClassCode::name_of(&sweep, &base);
        assert!(name < 1 << SWEEP_BITS);
        assert_ne!(name, ClassCode::name_of(&other, &base));
        for cell in sweep.cells(&base) {
            assert_eq!(ClassCode::name_of(&sweep, &cell.experiment.unwrap()), name, "{:?}", cell.values);
        }
        assert_ne!(name, ClassCode::name_of(&sweep, &Experiment { seed: 2, ..base }));
    }
}
