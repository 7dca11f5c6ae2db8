//! The left factor of a product, as [tiles](crate::tiles) read it: all of it, or without what is zero. Most of an image of a
//! handwritten digit is, and a product with it then takes half as long; what is added up is the same, in the same order.

use crate::shape::COLUMNS;

/// Entries of left panels, spread over all, that are looked at to see whether gathering pays.
const LOOKED_AT: usize = 64;
/// How many of them are zeros where it does: an entry that is kept costs a tenth more than one that was not gathered.
const MANY: usize = 16;

/// Bytes between rows of a right panel.
pub const STEP: usize = COLUMNS * size_of::<f32>();

/// Whether an input is zero in all rows of a tile, of whatever sign.
fn is_zero<const ROWS: usize>(entry: &[f32; ROWS]) -> bool {
    // Two at a time, which a processor loads as one.
    let both = |[a, b]: &[f32; 2]| u64::from(a.to_bits()) | u64::from(b.to_bits()) << 32;
    let (pairs, rest) = entry.as_chunks::<2>();
    let bits = pairs
        .iter()
        .map(both)
        .chain(rest.iter().map(|number| number.to_bits().into()))
        .fold(0, |bits, pair| bits | pair);
    bits & 0x7fff_ffff_7fff_ffff == 0
}

/// Left panels without the inputs that are zero in all rows of a tile: of handwritten digits those are most.
#[derive(Debug, Default)]
pub struct Gathered {
    numbers: Vec<f32>,
    places: Vec<u32>,
}

impl Gathered {
    /// The panels `[tiles, depth, ROWS]` in the form in which they are multiplied sooner.
    pub fn or_all<'a, const ROWS: usize>(&'a mut self, panels: &'a [f32], depth: usize) -> Panels<'a> {
        let entries = panels.as_chunks::<ROWS>().0;
        let tiles = entries.len() / depth.max(1);
        let apart = (entries.len() / LOOKED_AT) | 1;
        let zeros = entries.iter().step_by(apart).take(LOOKED_AT).filter(|entry| is_zero(entry)).count();
        if zeros < MANY {
            return Panels { numbers: panels, places: None, tiles, depth };
        }
        self.gather(entries, tiles, depth)
    }

    /// The panels without what is zero.
    pub fn gather<const ROWS: usize>(&mut self, entries: &[[f32; ROWS]], tiles: usize, depth: usize) -> Panels<'_> {
        self.numbers.resize(entries.len() * ROWS, 0.0);
        self.places.resize(tiles * (depth + 1), 0);
        let (mut numbers, mut places) = (self.numbers.as_chunks_mut::<ROWS>().0, &mut self.places[..]);
        for entries in entries.chunks_exact(depth.max(1)) {
            let Some((count, offsets)) = places.split_first_mut() else { break };
            let mut kept = 0;
            for (input, entry) in entries.iter().enumerate() {
                // Written in any case: what is zero is overwritten by the next one.
                numbers[kept] = *entry;
                offsets[kept] = (input * STEP) as u32;
                kept += usize::from(!is_zero(entry));
            }
            let kept = kept.max(1);
            *count = kept as u32;
            (numbers, places) = (&mut numbers[kept..], &mut offsets[kept..]);
        }
        Panels { numbers: &self.numbers, places: Some(&self.places), tiles, depth }
    }
}

/// Left panels, one tile after the other.
#[derive(Debug, Clone, Copy)]
pub struct Panels<'a> {
    /// For each input of a tile a number for each row.
    pub numbers: &'a [f32],
    /// Of gathered ones: for each tile how many inputs it has, and for each of them where its row of the right panel begins, in
    /// bytes.
    pub places: Option<&'a [u32]>,
    /// How many tiles.
    pub tiles: usize,
    /// Inputs of a tile before it was gathered.
    pub depth: usize,
}

impl<'a> Panels<'a> {
    /// The first tiles, and the others.
    pub fn split<const ROWS: usize>(self, tiles: usize) -> (Self, Self) {
        let tiles = tiles.min(self.tiles);
        let mut rest = self;
        for _ in 0..tiles {
            rest = rest.first::<ROWS>().1;
        }
        (Self { tiles, ..self }, rest)
    }

    /// The inputs of the first tile, where their rows of the right panel begin if they were gathered, and the other tiles.
    #[allow(clippy::type_complexity, reason = "it is taken apart at once")]
    pub fn first<const ROWS: usize>(self) -> ((&'a [[f32; ROWS]], Option<&'a [u32]>), Self) {
        let entries = self.numbers.as_chunks::<ROWS>().0;
        let tiles = self.tiles.saturating_sub(1);
        let (count, offsets, places) = match self.places.and_then(<[u32]>::split_first) {
            None => (self.depth, None, None),
            Some((count, places)) => {
                let (offsets, places) = places.split_at(*count as usize);
                (*count as usize, Some(offsets), Some(places))
            }
        };
        let (own, others) = entries.split_at(count);
        ((own, offsets), Self { numbers: others.as_flattened(), places, tiles, ..self })
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn wave(count: usize, pace: f32) -> Vec<f32> {
        (0..count).map(|i| (i as f32 * pace).sin()).collect()
    }

    /// Panels `[tiles, depth, ROWS]` whose tiles but the last are zero at their first inputs.
    pub fn panels<const ROWS: usize>(tiles: usize, depth: usize, zeros: usize) -> Vec<f32> {
        let mut panels = wave(tiles * depth * ROWS, 0.7);
        let most = &mut panels[..(tiles - 1) * depth * ROWS];
        most.chunks_exact_mut(depth * ROWS).for_each(|panel| panel[..zeros * ROWS].fill(-0.0));
        panels
    }

    #[test]
    fn inputs_that_are_zero_in_a_tile_are_left_out_of_it() {
        // Two tiles of two rows and three inputs.
        let panels = [[0.0, -0.0], [1.0, 0.0], [0.0, 2.0], [0.0, 0.0], [0.0, 0.0], [-0.0, 0.0]];
        let mut gathered = Gathered::default();
        let (first, rest) = gathered.gather(&panels, 2, 3).split::<2>(1);
        assert_eq!((first.tiles, rest.tiles), (1, 1));
        assert_eq!(first.first::<2>().0, (&[[1.0, 0.0], [0.0, 2.0]][..], Some(&[32, 64][..])));
        // One is left where nothing is.
        assert_eq!(rest.first::<2>().0, (&[[-0.0, 0.0]][..], Some(&[64][..])));
    }

    #[test]
    fn panels_are_gathered_where_many_inputs_are_zero() {
        let mut gathered = Gathered::default();
        let mut is_gathered = |zeros| {
            let panels = panels::<6>(20, 50, zeros);
            gathered.or_all::<6>(&panels, 50).places.is_some()
        };
        assert!(is_gathered(30) && !is_gathered(5) && !is_gathered(0));
    }
}
