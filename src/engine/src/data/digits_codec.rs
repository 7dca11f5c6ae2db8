//! Small grey images and their labels, packed by mixing contexts (M. Mahoney, "Adaptive weighing of context models for
//! lossless data compression", 2005): each number is a few yes-or-no questions, several tables guess each answer from
//! what came before, a row of weights mixes the guesses, and an arithmetic coder spends as much as the answer
//! surprises. All is done in integers, so that every machine unpacks the same bytes.
//!
//! | bytes | |
//! |---|---|
//! | 4 | CRC-32 of all that is unpacked, least byte first |
//! | the rest | answers |

use crate::checksum::crc32;

/// An image's side.
const SIDE: usize = 8;
/// Numbers of an image: pixels of 0 to [`BRIGHTEST`] row by row, and the label, which is told first.
pub const NUMBERS: usize = SIDE * SIDE + 1;
const BRIGHTEST: u8 = 16;
/// Tables that guess.
const TABLES: usize = 8;
/// Each has two to the power of this many places.
const TABLE_BITS: u32 = 16;
/// Where the questions about a label begin, after those about a pixel.
const LABEL_QUESTIONS: u32 = 17;
const QUESTIONS: usize = 33;
/// A table's guess stops getting slower after this many answers.
const SLOWEST: u16 = 127;
/// How fast weights learn.
const WEIGHT_RATE: i32 = 10;

/// What is between the questions and the file.
trait Coder {
    /// Tells the file `answer`, or the answer from the file. `yes` is the probability of "yes" in 4096ths.
    fn code(&mut self, yes: u32, answer: bool) -> bool;
}

/// The part of the number line that the answers so far have left.
struct Interval {
    low: u32,
    high: u32,
}

impl Interval {
    const ALL: Self = Self { low: 0, high: u32::MAX };

    /// Where "yes" ends and "no" begins.
    fn middle(&self, yes: u32) -> u32 {
        self.low + ((u64::from(self.high - self.low) * u64::from(yes)) >> 12) as u32
    }

    fn narrow(&mut self, middle: u32, answer: bool) {
        match answer {
            true => self.high = middle,
            false => self.low = middle + 1,
        }
    }

    /// Drops the first byte, if it is settled.
    fn shift(&mut self) -> Option<u8> {
        let first = (self.high >> 24) as u8;
        ((self.low ^ self.high) >> 24 == 0).then(|| {
            self.low <<= 8;
            self.high = self.high << 8 | 0xff;
            first
        })
    }
}

struct Decoder<'a> {
    interval: Interval,
    /// The next four bytes.
    window: u32,
    rest: std::slice::Iter<'a, u8>,
}

impl<'a> Decoder<'a> {
    fn new(file: &'a [u8]) -> Self {
        let mut decoder = Self { interval: Interval::ALL, window: 0, rest: file.iter() };
        (0..4).for_each(|_| decoder.read());
        decoder
    }

    /// Past its end a file goes on with zeros.
    fn read(&mut self) {
        self.window = self.window << 8 | self.rest.next().map_or(0, |&byte| byte.into());
    }
}

impl Coder for Decoder<'_> {
    fn code(&mut self, yes: u32, _: bool) -> bool {
        let middle = self.interval.middle(yes);
        let answer = self.window <= middle;
        self.interval.narrow(middle, answer);
        while self.interval.shift().is_some() {
            self.read();
        }
        answer
    }
}

/// 4096 / (1 + e^(-x / 256)).
fn squash(x: i32) -> i32 {
    /// At every 128 from -2048 on.
    const POINTS: [i32; 33] = [
        1, 2, 3, 6, 10, 16, 27, 45, 73, 120, 194, 310, 488, 747, 1101, 1546, 2047, 2549, 2994, 3348, 3607, 3785, 3901,
        3975, 4022, 4050, 4068, 4079, 4085, 4089, 4092, 4093, 4094,
    ];
    let x = x.clamp(-2047, 2047) + 2048;
    let (point, part) = ((x >> 7) as usize, x & 127);
    (POINTS[point] * (128 - part) + POINTS[point + 1] * part + 64) >> 7
}

/// What a table holds for one context.
#[derive(Clone, Copy)]
struct Guess {
    /// The probability of "yes" in 65536ths.
    yes: u16,
    /// Answers seen, at most [`SLOWEST`].
    seen: u16,
}

struct Model {
    /// The inverse of [`squash`].
    stretch: Vec<i32>,
    tables: Vec<Guess>,
    weights: Vec<[i32; TABLES]>,
}

impl Model {
    fn new() -> Self {
        let mut stretch = Vec::with_capacity(4096);
        for x in -2047..=2047 {
            // All that has not been reached before.
            stretch.resize(stretch.len().max(squash(x) as usize + 1), x);
        }
        stretch.resize(4096, 2047);
        Self {
            stretch,
            tables: vec![Guess { yes: 1 << 15, seen: 0 }; TABLES << TABLE_BITS],
            weights: vec![[(1 << 16) / 5; TABLES]; QUESTIONS * SIDE * SIDE],
        }
    }

    /// One question about the number at `place`, in these contexts.
    fn ask(
        &mut self,
        coder: &mut impl Coder,
        place: usize,
        question: u32,
        contexts: &[u32; TABLES],
        answer: bool,
    ) -> bool {
        let mut slots = [0; TABLES];
        let mut guesses = [0; TABLES];
        for (table, context) in contexts.iter().enumerate() {
            slots[table] = table << TABLE_BITS | (hash(*context, question) >> (32 - TABLE_BITS)) as usize;
            guesses[table] = self.stretch[usize::from(self.tables[slots[table]].yes >> 4)];
        }
        let weights = &mut self.weights[question as usize * SIDE * SIDE + place];
        let sum: i64 = weights.iter().zip(guesses).map(|(&weight, guess)| i64::from(weight) * i64::from(guess)).sum();
        let mixed = squash((sum >> 16).clamp(-2047, 2047) as i32);
        let answer = coder.code(mixed as u32, answer);
        let miss = ((i32::from(answer) << 12) - mixed) * WEIGHT_RATE;
        for ((weight, guess), slot) in weights.iter_mut().zip(guesses).zip(slots) {
            *weight += (guess * miss + 0x8000) >> 16;
            let Guess { yes, seen } = &mut self.tables[slot];
            let target = if answer { 0xffff } else { 0 };
            let (before, pace) = (i32::from(*yes), 2 * i32::from(*seen) + 3);
            *yes = (before + (target - before) * 2 / pace) as u16;
            *seen = SLOWEST.min(*seen + 1);
        }
        answer
    }

    /// Four questions, one for each bit of a number.
    fn bits(&mut self, coder: &mut impl Coder, place: usize, first: u32, contexts: &[u32; TABLES], number: u8) -> u8 {
        let mut node = 1;
        for bit in (0..4).rev() {
            let answer = self.ask(coder, place, first + node - 1, contexts, number >> bit & 1 == 1);
            node = 2 * node + u32::from(answer);
        }
        node as u8 - 16
    }

    fn pixel(&mut self, coder: &mut impl Coder, place: usize, contexts: &[u32; TABLES], pixel: u8) -> u8 {
        if self.ask(coder, place, 0, contexts, pixel == 0) {
            0
        } else if self.ask(coder, place, 1, contexts, pixel == BRIGHTEST) {
            BRIGHTEST
        } else {
            1 + self.bits(coder, place, 2, contexts, pixel.wrapping_sub(1))
        }
    }

    /// Appends an image to those before it.
    fn image(&mut self, coder: &mut impl Coder, image: &[u8; NUMBERS], all: &mut Vec<u8>) {
        let start = all.len();
        let label = self.bits(coder, 0, LABEL_QUESTIONS, &label_contexts(all), image[NUMBERS - 1]);
        for (place, &pixel) in image[..NUMBERS - 1].iter().enumerate() {
            let contexts = pixel_contexts(&all[start..], place, label.into());
            let pixel = self.pixel(coder, place, &contexts, pixel);
            all.push(pixel);
        }
        all.push(label);
    }
}

fn hash(before: u32, number: u32) -> u32 {
    (before ^ number).wrapping_add(1).wrapping_mul(0x9e37_79b1).rotate_left(15).wrapping_mul(0x85eb_ca6b)
}

/// The labels before, more of them for each table: each writer was asked for the same digits in the same order.
fn label_contexts(all: &[u8]) -> [u32; TABLES] {
    let mut labels = all.chunks_exact(NUMBERS).rev().map(|image| u32::from(image[NUMBERS - 1]));
    let mut context = 0;
    std::array::from_fn(|_| {
        let shorter = context;
        context = hash(context, labels.next().unwrap_or_default());
        shorter
    })
}

/// What a pixel is guessed from, given those before it in its image: neighbours, where it is, and the label.
fn pixel_contexts(before: &[u8], place: usize, label: u32) -> [u32; TABLES] {
    let (row, column) = (place / SIDE, place % SIDE);
    let at = |up: usize, left: isize| {
        let column = column.checked_add_signed(-left).filter(|&column| column < SIDE);
        let index = row.checked_sub(up).zip(column).map(|(row, column)| row * SIDE + column);
        index.and_then(|index| before.get(index)).map_or(0, |&pixel| u32::from(pixel))
    };
    let (left, up, up_left, up_right) = (at(0, 1), at(1, 0), at(1, 1), at(1, -1));
    let (left_left, up_up) = (at(0, 2), at(2, 0));
    let third = |pixel: u32| pixel.div_ceil(3);
    let here = place as u32 * 10 + label;
    let all = |numbers: &[u32]| numbers.iter().fold(0, |before, &number| hash(before, number));
    [
        all(&[here]),
        all(&[left, up]),
        all(&[left / 4, up / 4, up_left / 4, up_right / 4]),
        all(&[third(up), third(left), here]),
        all(&[left, up_left, up]),
        all(&[left, left_left, label]),
        all(&[up, up_up, label]),
        all(&[third(left), third(up), third(up_right), label]),
    ]
}

/// The content of a packed file of so many images, [`NUMBERS`] bytes for each.
///
/// # Errors
/// What is wrong with the file, in English.
pub fn unpack(file: &[u8], images: usize) -> Result<Vec<u8>, String> {
    let (sum, answers) = file.split_first_chunk().ok_or("it is cut short")?;
    let (mut model, mut decoder) = (Model::new(), Decoder::new(answers));
    let mut all = Vec::with_capacity(images * NUMBERS);
    for _ in 0..images {
        model.image(&mut decoder, &[0; NUMBERS], &mut all);
    }
    match crc32(&all) == u32::from_le_bytes(*sum) {
        true => Ok(all),
        false => Err("its checksum does not fit".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that are settled, and what is not.
    struct Encoder {
        interval: Interval,
        file: Vec<u8>,
    }

    impl Coder for Encoder {
        fn code(&mut self, yes: u32, answer: bool) -> bool {
            let middle = self.interval.middle(yes);
            self.interval.narrow(middle, answer);
            self.file.extend(std::iter::from_fn(|| self.interval.shift()));
            answer
        }
    }

    /// The inverse of [`unpack`].
    fn pack(images: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder { interval: Interval::ALL, file: crc32(images).to_le_bytes().into() };
        let (mut model, mut all) = (Model::new(), Vec::new());
        for image in images.as_chunks().0 {
            model.image(&mut encoder, image, &mut all);
        }
        // The ends differ in their first byte: the upper one's, with the zeros that follow it, lies between them.
        encoder.file.push((encoder.interval.high >> 24) as u8);
        encoder.file
    }

    /// Every pixel and label there can be, without any order.
    fn images() -> Vec<u8> {
        let number = |index: usize| hash(7, index as u32) >> 8;
        let limit = |index: usize| if index % NUMBERS == NUMBERS - 1 { 10 } else { 17 };
        (0..20 * NUMBERS).map(|index| (number(index) % limit(index)) as u8).collect()
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        assert_eq!(unpack(&pack(&images()), 20), Ok(images()));
        assert_eq!(unpack(&pack(&[]), 0), Ok(Vec::new()));
    }

    #[test]
    fn damage_is_told_and_stops_nothing() {
        let file = pack(&images());
        for length in (0..file.len() - 8).step_by(29) {
            assert!(unpack(&file[..length], 20).is_err(), "cut to {length}");
        }
        for index in (0..file.len() - 1).step_by(29) {
            let mut damaged = file.clone();
            damaged[index] ^= 0x10;
            assert!(unpack(&damaged, 20).is_err(), "flipped at {index}");
        }
        assert!(unpack(&file, 19).is_err() && unpack(&file, 21).is_err());
    }

    /// `RETORT_PACK=1 cargo test -p retort-engine --lib mixed` writes the packed digits anew.
    #[test]
    fn the_packed_digits_are_those_of_the_source() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/digits8");
        let source = std::fs::read(format!("{folder}/digits.gz")).unwrap();
        let digits = retort_compress::format::gzip::unpack(&source, 1 << 20).unwrap();
        let packed = pack(&digits);
        if std::env::var_os("RETORT_PACK").is_some() {
            std::fs::write(format!("{folder}/digits.mix"), &packed).unwrap();
        }
        assert!(std::fs::read(format!("{folder}/digits.mix")).unwrap() == packed);
        assert!(unpack(&packed, digits.len() / NUMBERS) == Ok(digits));
    }
}
