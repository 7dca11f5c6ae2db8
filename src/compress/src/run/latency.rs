//! How long something takes, measured so that the answer can be "no difference".
//!
//! What is compared takes turns, so that a processor that warms up or slows down does so for all. A sample is as many
//! calls as the clock needs to tell them apart: browsers show time in steps of 5 µs to 1 ms. The caller brings the
//! clock.

use thiserror::Error;

/// Calls before anything is measured, and the share of the time for which they go on: caches are filled, and a browser
/// compiles anew what it finds to run often, up to twenty times faster.
const WARM_UP: (usize, f64) = (3, 0.1);

/// Samples of each contender: the least for an interval of 95 % that leaves the extremes out, and enough for any.
const SAMPLES: (usize, usize) = (15, 101);

/// Steps of the clock that a sample should last, and those it lasts even when time is short.
const STEPS: (f64, f64) = (50.0, 5.0);

/// How many times the time allowed may pass before fewer than the least samples will do.
const PATIENCE: f64 = 4.0;

/// Readings of the clock after which it is taken to stand still, and steps of it that are looked at.
const READINGS: usize = 20_000_000;
const STEPS_SEEN: usize = 15;

/// Calls in a sample, at most: more are needed by nothing that does something.
const MOST_REPEATS: usize = 1 << 24;

/// What is measured.
pub struct Contender<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Does it once.
    pub run: &'a mut dyn FnMut(),
}

/// How long one call takes, in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// What was measured.
    pub name: String,
    /// The median of the samples.
    pub median: f64,
    /// A quarter of the samples are below.
    pub low: f64,
    /// A quarter of the samples are above.
    pub high: f64,
    /// Milliseconds per call, in the order in which they were measured; those of all contenders are of the same rounds.
    pub samples: Vec<f64>,
    /// Calls in a sample.
    pub repeats: usize,
    /// A step of the clock, in milliseconds.
    pub resolution: f64,
}

impl Timing {
    /// What samples tell: milliseconds a call, so many calls in each, by a clock of such steps.
    pub fn of(name: &str, samples: Vec<f64>, repeats: usize, resolution: f64) -> Self {
        let quantile = |share| quantile(&samples, share);
        let (low, median, high) = (quantile(0.25), quantile(0.5), quantile(0.75));
        Self { name: name.to_owned(), median, low, high, samples, repeats, resolution }
    }
}

/// How many times as long one contender takes as another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The median of the rounds' ratios.
    pub value: f64,
    /// With a confidence of 95 % the ratio is at least this.
    pub low: f64,
    /// With a confidence of 95 % the ratio is at most this.
    pub high: f64,
}

/// A clock that shows the same time whenever it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the clock stands still, so nothing can be measured with it")]
pub struct StoppedClock;

/// Measures each contender 15 times or more, in turns, for about `milliseconds` in all: no shorter sample than the
/// clock can tell from another, and no more than 101. Where calls are so slow that 15 samples take four times as long,
/// there are fewer, and at least one.
///
/// # Errors
/// If the clock, which shows milliseconds, stands still.
pub fn measure(
    clock: &mut dyn FnMut() -> f64,
    contenders: &mut [Contender<'_>],
    milliseconds: f64,
) -> Result<Vec<Timing>, StoppedClock> {
    let resolution = resolution(clock)?;
    let share = milliseconds / (SAMPLES.0 * contenders.len().max(1)) as f64;
    let long_enough = share.clamp(STEPS.1 * resolution, STEPS.0 * resolution);
    let start = clock();
    contenders.iter_mut().for_each(|contender| warm_up(clock, contender, WARM_UP.1 * milliseconds));
    let repeats: Vec<usize> = contenders.iter_mut().map(|contender| repeats(clock, contender, long_enough)).collect();
    let mut samples = vec![Vec::new(); contenders.len()];
    for round in 0..SAMPLES.1 {
        let spent = clock() - start;
        let patience = if round < SAMPLES.0 { PATIENCE } else { 1.0 };
        if round > 0 && spent >= patience * milliseconds {
            break;
        }
        for ((contender, &repeats), samples) in contenders.iter_mut().zip(&repeats).zip(&mut samples) {
            samples.push(sample(clock, contender, repeats) / repeats as f64);
        }
    }
    let timing = |((contender, repeats), samples): ((&Contender<'_>, usize), Vec<f64>)| {
        Timing::of(contender.name, samples, repeats, resolution)
    };
    Ok(contenders.iter().zip(repeats).zip(samples).map(timing).collect())
}

/// How many times as long the first takes as the second; both of one measurement.
///
/// The interval is that of the sign test for the rounds' ratios, which supposes nothing of how times are distributed,
/// widened by a step of the clock in each sample.
pub fn ratio(first: &Timing, second: &Timing) -> Ratio {
    let mut ratios: Vec<f64> = first.samples.iter().zip(&second.samples).map(|(a, b)| a / b).collect();
    ratios.sort_by(f64::total_cmp);
    let step = |timing: &Timing| timing.resolution / (timing.median * timing.repeats as f64);
    let unsure = step(first) + step(second);
    let (low, high) = match outer(ratios.len()) {
        Some(outer) => (ratios[outer], ratios[ratios.len() - 1 - outer]),
        None => (0.0, f64::INFINITY),
    };
    Ratio { value: quantile(&ratios, 0.5), low: low * (1.0 - unsure).max(0.0), high: high * (1.0 + unsure) }
}

impl Ratio {
    /// Whether a difference was measured: the interval leaves out 1.
    pub fn differs(self) -> bool {
        self.low > 1.0 || self.high < 1.0
    }
}

/// The median of some of the clock's steps.
///
/// # Errors
/// If it stands still.
pub fn resolution(clock: &mut dyn FnMut() -> f64) -> Result<f64, StoppedClock> {
    let mut steps = Vec::with_capacity(STEPS_SEEN);
    let mut last = clock();
    for _ in 0..READINGS {
        let now = clock();
        if now > last {
            steps.push(now - last);
            last = now;
        }
        if steps.len() == STEPS_SEEN {
            return Ok(quantile(&steps, 0.5));
        }
    }
    Err(StoppedClock)
}

fn warm_up(clock: &mut dyn FnMut() -> f64, contender: &mut Contender<'_>, milliseconds: f64) {
    let start = clock();
    for call in 0..MOST_REPEATS {
        if call >= WARM_UP.0 && clock() - start >= milliseconds {
            break;
        }
        (contender.run)();
    }
}

/// Doubles the calls of a sample until it lasts long enough.
fn repeats(clock: &mut dyn FnMut() -> f64, contender: &mut Contender<'_>, long_enough: f64) -> usize {
    let mut repeats = 1;
    while repeats < MOST_REPEATS && sample(clock, contender, repeats) < long_enough {
        repeats *= 2;
    }
    repeats
}

/// Milliseconds of so many calls.
fn sample(clock: &mut dyn FnMut() -> f64, contender: &mut Contender<'_>, repeats: usize) -> f64 {
    let start = clock();
    (0..repeats).for_each(|_| (contender.run)());
    clock() - start
}

/// The quantile of some numbers, between two of them in proportion; not a number where there are none.
fn quantile(numbers: &[f64], share: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share * last as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

/// How many of so many sorted numbers lie on either side of an interval that holds the median with a confidence of 95
/// %: the most for which no more than 2.5 % of fair coins show fewer or as many heads. `None` if not even the extremes
/// will do.
fn outer(count: usize) -> Option<usize> {
    let mut heads = 0.5_f64.powi(count as i32);
    let mut chance = heads;
    let mut outer = None;
    for k in 0..count {
        if chance > 0.025 {
            break;
        }
        outer = Some(k);
        heads *= (count - k) as f64 / (k + 1) as f64;
        chance += heads;
    }
    outer
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// Time that only what is measured and reading the clock take, shown in steps.
    struct World {
        time: Cell<f64>,
        step: f64,
    }

    impl World {
        fn new(step: f64) -> Self {
            Self { time: Cell::new(0.0), step }
        }

        fn pass(&self, milliseconds: f64) {
            self.time.set(self.time.get() + milliseconds);
        }

        fn read(&self) -> f64 {
            self.pass(1e-4);
            (self.time.get() / self.step).floor() * self.step
        }

        fn race(&self, costs: [f64; 2], budget: f64) -> Vec<Timing> {
            let (mut a, mut b) = (|| self.pass(costs[0]), || self.pass(costs[1]));
            let mut both = [Contender { name: "a", run: &mut a }, Contender { name: "b", run: &mut b }];
            measure(&mut || self.read(), &mut both, budget).unwrap()
        }
    }

    #[test]
    fn times_are_found_with_a_coarse_clock() {
        for step in [0.005, 0.1, 1.0] {
            let times = World::new(step).race([0.013, 0.026], 3000.0);
            for (timing, cost) in times.iter().zip([0.013, 0.026]) {
                assert!((timing.resolution - step).abs() < 1e-9 && timing.samples.len() >= SAMPLES.0, "{timing:?}");
                assert!((timing.median / cost - 1.0).abs() < 0.03, "{timing:?}");
                assert!(timing.low <= timing.median && timing.median <= timing.high);
                assert!(timing.repeats as f64 * cost > 48.0 * step);
            }
            let slower = ratio(&times[1], &times[0]);
            assert!(slower.low < 2.0 && 2.0 < slower.high && slower.differs(), "{slower:?}");
        }
    }

    #[test]
    fn equals_do_not_differ_and_what_the_clock_cannot_tell_is_not_told() {
        let times = World::new(0.1).race([0.3, 0.3], 500.0);
        assert!(!ratio(&times[0], &times[1]).differs());
        let times = World::new(1.0).race([0.300, 0.303], 500.0);
        assert!(!ratio(&times[0], &times[1]).differs());
    }

    #[test]
    fn contenders_take_turns() {
        let world = World::new(0.01);
        let turns = RefCell::new(String::new());
        let turn = |name: char| {
            world.pass(10.0);
            turns.borrow_mut().push(name);
        };
        let (mut a, mut b) = (|| turn('a'), || turn('b'));
        let mut both = [Contender { name: "a", run: &mut a }, Contender { name: "b", run: &mut b }];
        measure(&mut || world.read(), &mut both, 100.0).unwrap();
        // Three to warm up and one to find the repeats, then in turns.
        assert_eq!(*turns.borrow(), format!("aaabbbab{}", "ab".repeat(SAMPLES.0)));
    }

    #[test]
    fn time_is_bounded() {
        let world = World::new(0.1);
        let times = world.race([500.0, 700.0], 1000.0);
        assert!((1..SAMPLES.0).contains(&times[0].samples.len()), "{}", times[0].samples.len());
        assert!(world.time.get() < 12_000.0);
        let (world, nothing) = (World::new(0.1), 0.0);
        world.race([nothing, 1e-3], 200.0);
        assert!(world.time.get() < 1000.0);
    }

    #[test]
    fn a_clock_that_stands_still_is_said_to() {
        assert_eq!(measure(&mut || 7.0, &mut [], 10.0), Err(StoppedClock));
    }

    #[test]
    fn intervals_of_the_sign_test() {
        // Tables of the sign test at 5 %, two-sided: 3 of 15, 5 of 20, 39 of 100; no interval below 6.
        assert_eq!([5, 6, 15, 20, 100].map(outer), [None, Some(0), Some(3), Some(5), Some(39)]);
    }

    #[test]
    fn quantiles_by_hand() {
        assert_eq!([0.25, 0.5, 1.0].map(|share| quantile(&[4.0, 1.0, 2.0, 3.0], share)), [1.75, 2.5, 4.0]);
    }
}
