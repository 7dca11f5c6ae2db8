//! IDX files, the form in which MNIST and Fashion-MNIST are distributed (Y. LeCun, "The MNIST database", file format),
//! plain or gzip.

use retort_spec::{EngineError, FileData};

#[cfg(not(target_family = "wasm"))]
use super::gzip;
use super::{Dataset, Examples};

/// The magic number of a file of images: bytes, three dimensions.
const IMAGES: u32 = 0x0803;
/// The magic number of a file of labels: bytes, one dimension.
const LABELS: u32 = 0x0801;
/// How a file in gzip begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const CLASSES: usize = 10;
const SIDE: usize = 28;
/// MNIST has 60,000; a file that claims much more would fill a laptop's memory before its end is reached.
const MOST_EXAMPLES: usize = 100_000;

/// One part of a data set, as read from a file.
enum Part {
    Images(Vec<f32>),
    Labels(Vec<u8>),
}

/// Reads the four files of a data set: images and labels, to train and to test on.
///
/// Which file is which is told by its magic number and, for training or test, by its name (`train…` or `t10k…`,
/// `test…`).
///
/// # Errors
/// [`EngineError::BadFile`] names the first file that is damaged, foreign, too large, twice there or missing, and what
/// is wrong with it.
pub fn read(files: &[FileData]) -> Result<Dataset, EngineError> {
    let mut slots: [Option<(String, Part)>; 4] = Default::default();
    for file in files {
        let test = is_test(&file.name)?;
        let part = read_part(file)?;
        let slot = 2 * usize::from(test) + usize::from(matches!(part, Part::Labels(_)));
        if let Some((other, _)) = &slots[slot] {
            return Err(bad(
                &file.name,
                format!("holds the same part of the data set as {other}; drop only one of them"),
            ));
        }
        slots[slot] = Some((file.name.clone(), part));
    }
    const WANTED: [&str; 4] =
        ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];
    if let Some(missing) = slots.iter().position(Option::is_none) {
        return Err(bad(WANTED[missing], "is missing: all four files are needed, plain or as .gz".into()));
    }
    let mut parts = slots.into_iter().flatten();
    Ok(Dataset {
        own: 0,
        classes: CLASSES,
        shape: [SIDE, SIDE],
        train: pair(parts.next(), parts.next())?,
        test: pair(parts.next(), parts.next())?,
    })
}

fn is_test(name: &str) -> Result<bool, EngineError> {
    let lower = name.to_ascii_lowercase();
    match (lower.contains("train"), lower.contains("t10k") || lower.contains("test")) {
        (true, false) => Ok(false),
        (false, true) => Ok(true),
        _ => Err(bad(name, "the name does not tell training from test; it should begin with train or t10k".into())),
    }
}

fn pair(images: Option<(String, Part)>, labels: Option<(String, Part)>) -> Result<Examples, EngineError> {
    let (Some((_, Part::Images(inputs))), Some((name, Part::Labels(labels)))) = (images, labels) else {
        return Err(bad("IDX files", "images and labels are mixed up".into()));
    };
    let images = inputs.len() / (SIDE * SIDE);
    match labels.len() == images {
        true => Ok(Examples { inputs, labels }),
        false => Err(bad(&name, format!("holds {} labels for {images} images", labels.len()))),
    }
}

fn read_part(file: &FileData) -> Result<Part, EngineError> {
    let bytes = unpack(file)?;
    let word = |index: usize| {
        let four = bytes.get(4 * index..4 * index + 4).and_then(|four| <[u8; 4]>::try_from(four).ok());
        four.map(u32::from_be_bytes)
            .ok_or_else(|| bad(&file.name, format!("ends after {} bytes, inside its header", bytes.len())))
    };
    let magic = word(0)?;
    let (header, size) = match magic {
        IMAGES => (16, SIDE * SIDE),
        LABELS => (8, 1),
        _ => {
            return Err(bad(
                &file.name,
                format!(
                    "is no IDX file of images or labels: it begins with {magic:#010x} instead of {IMAGES:#010x} or {LABELS:#010x}"
                ),
            ));
        }
    };
    let count = word(1)? as usize;
    if count == 0 || count > MOST_EXAMPLES {
        return Err(bad(&file.name, format!("claims {count} examples; 1 to {MOST_EXAMPLES} can be used")));
    }
    if magic == IMAGES && (word(2)?, word(3)?) != (SIDE as u32, SIDE as u32) {
        return Err(bad(
            &file.name,
            format!("holds images of {}×{} pixels instead of {SIDE}×{SIDE}", word(2)?, word(3)?),
        ));
    }
    let body = &bytes[header.min(bytes.len())..];
    if body.len() != count * size {
        let (is, should) = (body.len(), count * size);
        let what = if is < should { "is cut short" } else { "goes on past its end" };
        return Err(bad(&file.name, format!("{what}: {is} bytes of content, {should} announced for {count} examples")));
    }
    if magic == IMAGES {
        return Ok(Part::Images(body.iter().map(|&pixel| f32::from(pixel) / 255.0).collect()));
    }
    match body.iter().position(|&label| usize::from(label) >= CLASSES) {
        None => Ok(Part::Labels(body.to_vec())),
        Some(index) => Err(bad(&file.name, format!("label {index} is {}; labels run from 0 to 9", body[index]))),
    }
}

fn unpack(file: &FileData) -> Result<Vec<u8>, EngineError> {
    if !file.bytes.starts_with(&GZIP) {
        return Ok(file.bytes.clone());
    }
    let reason = |reason| bad(&file.name, format!("cannot be unpacked: {reason}; was it downloaded to its end?"));
    gunzip(&file.bytes).map_err(reason)
}

#[cfg(not(target_family = "wasm"))]
fn gunzip(file: &[u8]) -> Result<Vec<u8>, String> {
    // One byte past the largest allowed file tells a bomb from a data set.
    gzip::unpack(file, (16 + MOST_EXAMPLES * SIDE * SIDE + 1) as u64)
}

/// In the browser the page unpacks files; what it could not unpack arrives as it was.
#[cfg(target_family = "wasm")]
fn gunzip(_: &[u8]) -> Result<Vec<u8>, String> {
    Err("the browser found its gzip damaged, or too large".into())
}

fn bad(name: &str, reason: String) -> EngineError {
    EngineError::BadFile { name: name.into(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn images(count: u32) -> Vec<u8> {
        let mut bytes: Vec<u8> = [IMAGES, count, 28, 28].iter().flat_map(|word| word.to_be_bytes()).collect();
        bytes.extend((0..count as usize * 784).map(|index| index as u8));
        bytes
    }

    fn labels(of: &[u8]) -> Vec<u8> {
        let mut bytes: Vec<u8> = [LABELS, of.len() as u32].iter().flat_map(|word| word.to_be_bytes()).collect();
        bytes.extend(of);
        bytes
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn four() -> Vec<FileData> {
        let file = |name: &str, bytes| FileData { name: name.into(), bytes };
        vec![
            file("train-images-idx3-ubyte.gz", gzip(&images(3))),
            file("train-labels-idx1-ubyte", labels(&[1, 2, 9])),
            file("t10k-images-idx3-ubyte", images(2)),
            file("t10k-labels-idx1-ubyte.gz", gzip(&labels(&[0, 4]))),
        ]
    }

    fn reason(files: &[FileData]) -> String {
        match read(files) {
            Err(EngineError::BadFile { name, reason }) => format!("{name} {reason}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn four_files_in_any_order_make_a_data_set() {
        let mut files = four();
        files.reverse();
        let set = read(&files).unwrap();
        assert_eq!((set.train.len(), set.test.len()), (3, 2));
        assert_eq!(set.train.labels, [1, 2, 9]);
        assert_eq!(set.train.inputs[1], 1.0 / 255.0);
    }

    #[test]
    fn every_kind_of_damage_is_named() {
        let damage = |index: usize, bytes: Vec<u8>| {
            let mut files = four();
            files[index].bytes = bytes;
            reason(&files)
        };
        assert!(damage(2, images(2)[..900].to_vec()).contains("cut short"));
        assert!(damage(2, [images(2), vec![0]].concat()).contains("past its end"));
        assert!(damage(0, gzip(&images(3))[..200].to_vec()).contains("cannot be unpacked"));
        assert!(damage(1, labels(&[1, 2, 10])).contains("label 2 is 10"));
        assert!(damage(1, labels(&[1, 2])).contains("2 labels for 3 images"));
        assert!(damage(1, b"GIF89a,,".to_vec()).contains("no IDX file"));
        assert!(damage(1, vec![0, 0]).contains("inside its header"));
        assert!(
            damage(2, [IMAGES, u32::MAX, 28, 28].iter().flat_map(|word| word.to_be_bytes()).collect())
                .contains("claims")
        );
        assert!(damage(2, [IMAGES, 1, 32, 32].iter().flat_map(|word| word.to_be_bytes()).collect()).contains("32×32"));
        assert!(damage(3, images(2)).contains("same part"));
        assert!(reason(&four()[..3]).contains("missing"));
        let mut unnamed = four();
        unnamed[0].name = "images.gz".into();
        assert!(reason(&unnamed).contains("does not tell"));
    }

    #[test]
    fn a_subset_of_mnist_is_read_where_it_is_there() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/mnist10k");
        let Ok(entries) = std::fs::read_dir(folder) else {
            eprintln!("skipped: {folder} is not there");
            return;
        };
        let files: Vec<FileData> = entries
            .map(|entry| entry.unwrap().path())
            .map(|path| FileData {
                name: path.file_name().unwrap().to_string_lossy().into_owned(),
                bytes: std::fs::read(&path).unwrap(),
            })
            .collect();
        let set = read(&files).unwrap();
        assert_eq!((set.train.len(), set.test.len()), (8000, 2000));
        let mean = set.train.inputs.iter().map(|&x| f64::from(x)).sum::<f64>() / set.train.inputs.len() as f64;
        // MNIST's published mean pixel is 0.1307.
        assert!((mean - 0.1307).abs() < 0.005, "{mean}");
    }
}
