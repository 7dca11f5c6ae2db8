//! IDX files, the form in which MNIST and Fashion-MNIST are distributed (Y. LeCun, "The MNIST database", file format),
//! plain or gzip.

use retort_compress::format::gzip;
use retort_spec::{FileProblem, Foreign};

/// The magic number of a file of images: bytes, three dimensions.
const IMAGES: u32 = 0x0803;
/// The magic number of a file of labels: bytes, one dimension.
const LABELS: u32 = 0x0801;
/// Rows and columns of an image.
pub const SIDE: usize = 28;
/// The labels are digits, or as many kinds of clothing.
pub const CLASSES: usize = 10;
/// MNIST has 60,000; a file that claims much more would fill a laptop's memory before its end is reached.
const MOST_EXAMPLES: usize = 100_000;
/// The longest file, unpacked.
const MOST_BYTES: usize = 16 + MOST_EXAMPLES * SIDE * SIDE;
/// A file that was packed twice by mistake is unpacked twice.
const MOST_PACKINGS: usize = 2;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Pixels, `[images, 28, 28]`.
    Images(Vec<u8>),
    /// Classes, `[images]`.
    Labels(Vec<u8>),
}

impl Content {
    /// How many examples.
    pub fn len(&self) -> usize {
        match self {
            Self::Images(pixels) => pixels.len() / (SIDE * SIDE),
            Self::Labels(labels) => labels.len(),
        }
    }
}

/// Reads a file.
///
/// # Errors
/// What is wrong with it.
pub fn read(file: &[u8]) -> Result<Content, FileProblem> {
    let mut unpacked = None::<Vec<u8>>;
    for _ in 0..MOST_PACKINGS {
        let packed = unpacked.as_deref().unwrap_or(file);
        if packed.starts_with(&gzip::MAGIC) {
            unpacked = Some(gzip::unpack(packed, MOST_BYTES)?);
        }
    }
    content(unpacked.as_deref().unwrap_or(file))
}

fn content(bytes: &[u8]) -> Result<Content, FileProblem> {
    let word = |index: usize| {
        let four = bytes.get(4 * index..4 * index + 4).and_then(|four| <[u8; 4]>::try_from(four).ok());
        four.map(u32::from_be_bytes).ok_or(FileProblem::HeaderCut { bytes: bytes.len() as u32 })
    };
    let (header, size) = match word(0) {
        Ok(IMAGES) => (16, SIDE * SIDE),
        Ok(LABELS) => (8, 1),
        _ => return Err(foreign(bytes)),
    };
    let claimed = word(1)?;
    let count = claimed as usize;
    if count == 0 || count > MOST_EXAMPLES {
        return Err(FileProblem::ExampleCount { claimed, most: MOST_EXAMPLES as u32 });
    }
    let side = SIDE as u32;
    if word(0)? == IMAGES && (word(2)?, word(3)?) != (side, side) {
        return Err(FileProblem::ImageSize { height: word(2)?, width: word(3)?, side });
    }
    let body = &bytes[header.min(bytes.len())..];
    let (is, announced) = (body.len(), count * size);
    if is != announced {
        let (bytes, announced) = (is as u32, announced as u32);
        return Err(match bytes < announced {
            true => FileProblem::Cut { bytes, announced },
            false => FileProblem::TooLong { bytes, announced },
        });
    }
    if word(0)? == IMAGES {
        return Ok(Content::Images(body.to_vec()));
    }
    match body.iter().position(|&label| usize::from(label) >= CLASSES) {
        None => Ok(Content::Labels(body.to_vec())),
        Some(index) => Err(FileProblem::Label { index: index as u32, label: body[index].into() }),
    }
}

/// What a file is that begins like neither images nor labels.
fn foreign(bytes: &[u8]) -> FileProblem {
    // Two zeros, the type of the numbers, the number of dimensions.
    match *bytes {
        [0, 0, 8, dimensions @ 1..=4, ..] => FileProblem::Dimensions { dimensions: dimensions.into() },
        [0, 0, 0x0b, dimensions @ 1..=4, ..] => FileProblem::Integers { bits: 16, dimensions: dimensions.into() },
        [0, 0, 0x0c, dimensions @ 1..=4, ..] => FileProblem::Integers { bits: 32, dimensions: dimensions.into() },
        [0, 0, 0x0d, 1..=4, ..] => FileProblem::Floats { bits: 32 },
        [0, 0, 0x0e, 1..=4, ..] => FileProblem::Floats { bits: 64 },
        [1..=4, 8..=14, 0, 0, ..] => FileProblem::Reversed,
        _ => match (Foreign::of(bytes), bytes.first_chunk::<4>()) {
            (Some(foreign), _) if foreign != Foreign::Idx => FileProblem::Foreign(foreign),
            (_, Some(first)) => FileProblem::NotIdx { first: format!("{:08x}", u32::from_be_bytes(*first)) },
            _ => FileProblem::HeaderCut { bytes: bytes.len() as u32 },
        },
    }
}

/// Files for tests.
#[cfg(test)]
pub mod files {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write as _;

    /// Images of pixels that count up.
    pub fn images(count: u32) -> Vec<u8> {
        let mut bytes: Vec<u8> = [IMAGES, count, 28, 28].iter().flat_map(|word| word.to_be_bytes()).collect();
        bytes.extend((0..count as usize * 784).map(|index| index as u8));
        bytes
    }

    /// These labels.
    pub fn labels(of: &[u8]) -> Vec<u8> {
        let mut bytes: Vec<u8> = [LABELS, of.len() as u32].iter().flat_map(|word| word.to_be_bytes()).collect();
        bytes.extend(of);
        bytes
    }

    /// A file in gzip.
    pub fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        files::{gzip, images, labels},
        *,
    };

    fn header(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn plain_files_and_files_packed_once_or_twice_are_read() {
        for packings in 0..3 {
            let pack = |file| (0..packings).fold(file, |file: Vec<u8>, _| gzip(&file));
            assert_eq!(read(&pack(labels(&[1, 2, 9]))), Ok(Content::Labels(vec![1, 2, 9])));
            let Ok(Content::Images(pixels)) = read(&pack(images(3))) else { panic!("no images") };
            assert_eq!((pixels.len(), pixels[785]), (3 * 784, 17), "byte 785 of those that count up");
        }
    }

    #[test]
    fn every_kind_of_damage_is_named() {
        let cut = |bytes, announced| FileProblem::Cut { bytes, announced };
        for (file, problem) in [
            (images(2)[..900].to_vec(), cut(884, 1568)),
            ([images(2), vec![0]].concat(), FileProblem::TooLong { bytes: 1569, announced: 1568 }),
            (gzip(&images(3))[..200].to_vec(), FileProblem::GzipCut),
            (labels(&[1, 2, 10]), FileProblem::Label { index: 2, label: 10 }),
            (vec![0, 0], FileProblem::HeaderCut { bytes: 2 }),
            (header(&[IMAGES, 3, 28]), FileProblem::HeaderCut { bytes: 12 }),
            (header(&[IMAGES, u32::MAX, 28, 28]), FileProblem::ExampleCount { claimed: u32::MAX, most: 100_000 }),
            (header(&[LABELS, 0]), FileProblem::ExampleCount { claimed: 0, most: 100_000 }),
            (header(&[IMAGES, 1, 20, 32]), FileProblem::ImageSize { width: 32, height: 20, side: 28 }),
        ] {
            assert_eq!(read(&file), Err(problem));
        }
    }

    #[test]
    fn what_is_no_idx_file_of_bytes_is_called_what_it_is() {
        let mut reversed = images(2);
        reversed[..16].as_chunks_mut::<4>().0.iter_mut().for_each(|word| word.reverse());
        for (file, problem) in [
            (Vec::new(), FileProblem::Foreign(Foreign::Empty)),
            (b"<!DOCTYPE html>\n".to_vec(), FileProblem::Foreign(Foreign::WebPage)),
            (gzip(b"<html>"), FileProblem::Foreign(Foreign::WebPage)),
            (b"version https://git-lfs.github.com/spec/v1".to_vec(), FileProblem::Foreign(Foreign::Pointer)),
            (header(&[0x0d03, 4, 28, 28]), FileProblem::Floats { bits: 32 }),
            (header(&[0x0e03, 4, 28, 28]), FileProblem::Floats { bits: 64 }),
            (header(&[0x0c02, 20, 8]), FileProblem::Integers { bits: 32, dimensions: 2 }),
            (header(&[0x0804, 2, 3, 4]), FileProblem::Dimensions { dimensions: 4 }),
            (reversed, FileProblem::Reversed),
            (b"GIF89a,,".to_vec(), FileProblem::NotIdx { first: "47494638".into() }),
        ] {
            assert_eq!(read(&file), Err(problem));
        }
    }
}
