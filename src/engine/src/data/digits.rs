//! `digits8`: 1,797 handwritten digits of 8×8 pixels, in the page itself.
//!
//! Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits" (test set), UCI Machine Learning
//! Repository, CC BY 4.0. See `assets/digits8/README.md`.

use retort_spec::EngineError;

use super::{Dataset, Examples, digits_codec, split};

const FILE: &[u8] = include_bytes!("../../../../assets/digits8/digits.mix");
const DIGITS: usize = 1797;
const PIXELS: usize = 64;
const CLASSES: usize = 10;
/// The file counts the set pixels of 4×4 blocks: 0 to 16.
const BRIGHTEST: f32 = 16.0;
/// 50 of each class are tested on, 1,297 are trained on.
const TEST: usize = 500;

/// The digits with their fixed split.
///
/// # Errors
/// [`EngineError::Engine`] if the embedded file is damaged.
pub fn load() -> Result<Dataset, EngineError> {
    let damaged = |reason: String| EngineError::Engine { reason: format!("the embedded digits are damaged: {reason}") };
    let bytes = digits_codec::unpack(FILE, DIGITS).map_err(damaged)?;
    let mut all = Examples::default();
    for digit in bytes.chunks(digits_codec::NUMBERS) {
        match digit.split_last() {
            Some((&label, pixels)) if pixels.len() == PIXELS && usize::from(label) < CLASSES => {
                all.inputs.extend(pixels.iter().map(|&pixel| f32::from(pixel) / BRIGHTEST));
                all.labels.push(label);
            }
            _ => return Err(damaged(format!("a digit of {} numbers", digit.len()))),
        }
    }
    let (train, test) = split::balanced(&all.labels, TEST, CLASSES);
    Ok(Dataset {
        own: 0,
        classes: CLASSES,
        shape: [8, 8],
        train: all.select(&train, PIXELS),
        test: all.select(&test, PIXELS),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_are_all_there() {
        let set = load().unwrap();
        assert_eq!((set.train.len(), set.test.len()), (1297, 500));
        // The UCI documentation counts 178, 182, 177, 183, 181, 182, 181, 179, 174, 180 of each class.
        let mut counts = [0; 10];
        for &label in set.train.labels.iter().chain(&set.test.labels) {
            counts[usize::from(label)] += 1;
        }
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    }
}
