//! `strokes`: digits of 28×28 pixels drawn by procedure, as many as asked for.
//!
//! Each digit is a few pen strokes. Every example draws them anew: the writer's variant of the digit, wobbling anchor
//! points, slant, proportions, position, pen width, and a smooth elastic distortion. Neighbours in shape stay
//! neighbours on paper (an open 4 and a 9, a 3 and an 8, a barless 7 and a 1), so that a teacher's soft targets have
//! something to say.

use std::f32::consts::TAU;

use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use retort_spec::ink::{Point, draw_segment};

use super::{Dataset, Examples};
use crate::random;

const SIDE: usize = 28;
const CLASSES: usize = 10;

type Stroke = Vec<Point>;

/// Draws `train` and `test` examples, balanced by class.
pub fn draw(train: usize, test: usize, seed: u32) -> Dataset {
    let mut generator = random::stream(seed, "strokes");
    let mut some = |count: usize| {
        let mut labels: Vec<u8> = (0..count).map(|index| (index % CLASSES) as u8).collect();
        labels.shuffle(&mut generator);
        let inputs = labels.iter().flat_map(|&label| draw_digit(label, &mut generator)).collect();
        Examples { inputs, labels }
    };
    let (train, test) = (some(train), some(test));
    Dataset { own: 0, classes: CLASSES, shape: [SIDE, SIDE], train, test }
}

/// Points along an ellipse's arc, angles in turns: 0 is right, a quarter is down.
fn arc(centre: Point, radii: Point, from: f32, to: f32) -> Stroke {
    const POINTS: usize = 20;
    (0..=POINTS)
        .map(|index| {
            let angle = TAU * (from + (to - from) * index as f32 / POINTS as f32);
            [centre[0] + radii[0] * angle.cos(), centre[1] + radii[1] * angle.sin()]
        })
        .collect()
}

/// The strokes of a digit in the unit square, y downwards.
fn strokes(digit: u8, generator: &mut ChaCha8Rng) -> Vec<Stroke> {
    let variant: f32 = generator.random();
    let mut wobble = |size: f32| size * (2.0 * generator.random::<f32>() - 1.0);
    let mut at = |x: f32, y: f32| [x + wobble(0.035), y + wobble(0.035)];
    match digit {
        0 => vec![arc(at(0.5, 0.5), at(0.29, 0.42), -0.25, 0.75)],
        1 => {
            let (top, foot) = (at(0.52, 0.08), at(0.5, 0.92));
            match variant {
                v if v < 0.45 => vec![vec![top, foot]],
                v if v < 0.85 => vec![vec![at(0.33, 0.27), top, foot]],
                _ => vec![vec![at(0.33, 0.27), top, foot], vec![at(0.3, 0.92), at(0.72, 0.92)]],
            }
        }
        2 => {
            let mut stroke = arc(at(0.49, 0.31), at(0.26, 0.22), -0.46, 0.1);
            stroke.extend([at(0.22, 0.9), at(0.8, 0.89)]);
            vec![stroke]
        }
        3 => {
            let mut stroke = arc(at(0.46, 0.29), at(0.25, 0.2), -0.42, 0.25);
            stroke.extend(arc(at(0.46, 0.7), at(0.28, 0.22), -0.25, 0.4));
            vec![stroke]
        }
        4 => match variant {
            v if v < 0.5 => {
                vec![vec![at(0.6, 0.08), at(0.18, 0.63), at(0.84, 0.63)], vec![at(0.62, 0.35), at(0.62, 0.94)]]
            }
            _ => vec![vec![at(0.28, 0.1), at(0.24, 0.52), at(0.74, 0.5)], vec![at(0.72, 0.08), at(0.68, 0.93)]],
        },
        5 => {
            let mut stroke = vec![at(0.74, 0.09), at(0.34, 0.1), at(0.29, 0.45)];
            stroke.extend(arc(at(0.46, 0.67), at(0.28, 0.24), -0.3, 0.38));
            vec![stroke]
        }
        6 => {
            let mut stroke = vec![at(0.68, 0.08), at(0.42, 0.3), at(0.27, 0.58)];
            stroke.extend(arc(at(0.5, 0.7), at(0.24, 0.21), 0.55, -0.5));
            vec![stroke]
        }
        7 => {
            let mut strokes = vec![vec![at(0.22, 0.11), at(0.78, 0.12), at(0.42, 0.93)]];
            if variant < 0.3 {
                strokes.push(vec![at(0.36, 0.52), at(0.74, 0.5)]);
            }
            strokes
        }
        8 => vec![arc(at(0.5, 0.29), at(0.2, 0.2), 0.25, 1.25), arc(at(0.5, 0.7), at(0.25, 0.22), -0.25, 0.75)],
        _ => {
            let mut stroke = arc(at(0.49, 0.31), at(0.23, 0.22), 0.05, 1.0);
            match variant {
                v if v < 0.6 => stroke.extend([at(0.7, 0.6), at(0.62, 0.93)]),
                _ => stroke.extend([at(0.72, 0.65), at(0.55, 0.9), at(0.3, 0.88)]),
            }
            vec![stroke]
        }
    }
}

fn draw_digit(digit: u8, generator: &mut ChaCha8Rng) -> Vec<f32> {
    /// The digit fills a box of about 20 pixels, as MNIST's do.
    const BOX: f32 = 20.0;
    let strokes = strokes(digit, generator);
    let mut between = |low: f32, high: f32| low + (high - low) * generator.random::<f32>();
    let (slant, rotation) = (between(-0.05, 0.4), between(-0.16, 0.16));
    let (width, height) = (BOX * between(0.75, 1.1), BOX * between(0.88, 1.08));
    let shift = [between(-1.6, 1.6), between(-1.6, 1.6)];
    let pen = between(0.75, 1.75);
    // The elastic distortion: two waves that bend the paper in each direction.
    let waves: Vec<[f32; 5]> = (0..4)
        .map(|index| [between(0.0, 0.9), between(-1.0, 1.0), between(-1.0, 1.0), between(0.0, TAU), (index % 2) as f32])
        .collect();
    let (sin, cos) = rotation.sin_cos();
    let place = |[x, y]: Point| -> Point {
        let (u, v) = ((x - 0.5) * width - slant * (y - 0.5) * height, (y - 0.5) * height);
        let mut placed = [u * cos - v * sin, u * sin + v * cos];
        for [size, along, across, phase, axis] in &waves {
            placed[*axis as usize] += size * (TAU / BOX * (along * u + across * v) + phase).sin();
        }
        [placed[0] + shift[0] + SIDE as f32 / 2.0, placed[1] + shift[1] + SIDE as f32 / 2.0]
    };
    let mut image = vec![0.0; SIDE * SIDE];
    for stroke in strokes {
        let stroke: Stroke = stroke.into_iter().map(place).collect();
        for ends in stroke.windows(2) {
            draw_segment(&mut image, SIDE, ends[0], ends[1], pen);
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_have_ink_and_stay_on_the_paper() {
        let set = draw(300, 10, 1);
        for image in set.train.inputs.chunks(SIDE * SIDE) {
            let ink: f32 = image.iter().sum();
            assert!((20.0..320.0).contains(&ink), "{ink} pixels of ink");
            let edge: f32 = (0..SIDE).map(|i| image[i] + image[(SIDE - 1) * SIDE + i]).sum();
            assert!(edge < 8.0, "{edge} on the edge");
        }
    }

    /// Other writing, same digits: a nearest-neighbour reader trained on one seed reads another's.
    #[test]
    fn digits_can_be_told_apart() {
        let set = draw(1000, 200, 2);
        let right = set
            .test
            .inputs
            .chunks(SIDE * SIDE)
            .zip(&set.test.labels)
            .filter(|(image, label)| {
                let distance = |other: &[f32]| image.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
                let nearest = set
                    .train
                    .inputs
                    .chunks(SIDE * SIDE)
                    .zip(&set.train.labels)
                    .min_by(|(a, _), (b, _)| distance(a).total_cmp(&distance(b)));
                nearest.is_some_and(|(_, found)| found == *label)
            })
            .count();
        assert!((160..200).contains(&right), "{right} of 200: too hard, or too easy to teach anything");
    }
}
