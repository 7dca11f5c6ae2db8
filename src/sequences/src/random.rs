//! All randomness, drawn on the host from one seeded generator, so that every device sees the same numbers.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of random numbers, as the engine's: it depends on the seed and on its purpose, and on nothing else.
pub struct Stream(ChaCha8Rng);

/// The stream of a seed and a purpose.
pub fn stream(seed: u32, purpose: &str) -> Stream {
    let mut generator = ChaCha8Rng::seed_from_u64(u64::from(seed));
    generator.set_stream(fnv1a(purpose.bytes()));
    Stream(generator)
}

/// FNV-1a, a published hash of 64 bits that will never change.
pub fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Stream {
    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 up to 1, of 24 random bits.
    pub fn uniform(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1 << 24) as f32
    }

    /// Whether something of this probability happens.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.uniform() < probability
    }

    /// A whole number below `end`, which is at least 1.
    pub fn below(&mut self, end: usize) -> usize {
        ((u64::from(self.0.next_u32()) * end as u64) >> 32) as usize
    }

    /// One of some things; of nothing, the program's error.
    pub fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// A number of the standard normal distribution (Box & Muller 1958).
    pub fn normal(&mut self) -> f32 {
        let (radius, angle) = (1.0 - self.uniform(), std::f32::consts::TAU * self.uniform());
        (-2.0 * radius.ln()).sqrt() * angle.cos()
    }

    /// Puts things into a random order (Durstenfeld 1964, algorithm 235).
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for end in (1..things.len()).rev() {
            things.swap(end, self.below(end + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_and_purpose_and_repeat() {
        let draw = |seed, purpose| stream(seed, purpose).bits();
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
    }

    #[test]
    fn numbers_are_distributed_as_their_names_say() {
        let mut stream = stream(3, "test");
        let normal: Vec<f32> = (0..20_000).map(|_| stream.normal()).collect();
        let mean = normal.iter().sum::<f32>() / 20_000.0;
        let variance = normal.iter().map(|number| number * number).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05);
        let mut counts = [0; 7];
        (0..7_000).for_each(|_| counts[stream.below(7)] += 1);
        assert!(counts.iter().all(|count| (850..1150).contains(count)));
        let mut order: Vec<usize> = (0..100).collect();
        stream.shuffle(&mut order);
        assert_ne!(order, (0..100).collect::<Vec<usize>>());
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<usize>>());
    }
}
