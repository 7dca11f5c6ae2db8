//! Which of the files that were given make a data set: the contents tell images from labels, the names tell training
//! from test, and where they do not, the counts.

use retort_spec::{DataPart, EngineError, FileData, FileProblem, is_clutter, is_data_name, is_test_name};

use super::{
    Dataset, Examples,
    idx::{CLASSES, Content, SIDE, read},
};

/// What there is among some files.
#[derive(Debug, PartialEq)]
pub enum Choice {
    /// A whole data set.
    Whole(Dataset),
    /// Some parts of it, without these.
    Missing(Vec<DataPart>),
}

/// A file with a part of a data set.
struct Part<'a> {
    name: &'a str,
    /// To be tested on; `None` where the name does not say it.
    is_test: Option<bool>,
    content: Content,
}

/// Makes a data set of four files, and names those that are no part of it. Files of equal content count as one. A file
/// that is damaged or foreign is passed over where the others are a whole data set, or where its name is not that of
/// data.
///
/// # Errors
/// [`EngineError::BadFile`] names the first file that cannot be used, and what is wrong with it.
pub fn choose(files: &[FileData]) -> Result<(Choice, Vec<String>), EngineError> {
    let (mut parts, mut bad, mut passed_over) = (Vec::<Part<'_>>::new(), Vec::new(), Vec::new());
    for FileData { name, bytes } in files {
        match read(bytes) {
            _ if is_clutter(name) => passed_over.push(name.clone()),
            Ok(content) => add(&mut parts, Part { name, is_test: is_test_name(name), content }),
            Err(problem) if is_foreign(name, &problem) => passed_over.push(name.clone()),
            Err(problem) => bad.push((name.clone(), problem)),
        }
    }
    let slots = slots(&parts)?;
    if let [Some(train_images), Some(train_labels), Some(test_images), Some(test_labels)] = slots {
        passed_over.extend(bad.into_iter().map(|(name, _)| name));
        let train = pair(&parts[train_images], &parts[train_labels])?;
        let test = pair(&parts[test_images], &parts[test_labels])?;
        let whole = Dataset { own: 0, classes: CLASSES, shape: [SIDE, SIDE], train, test };
        return Ok((Choice::Whole(whole), passed_over));
    }
    match bad.into_iter().next() {
        Some((name, reason)) => Err(EngineError::BadFile { name, reason }),
        None => {
            let missing = DataPart::ALL.into_iter().zip(slots).filter(|(_, slot)| slot.is_none());
            Ok((Choice::Missing(missing.map(|(part, _)| part).collect()), passed_over))
        }
    }
}

/// Whether nobody meant this file as data: neither its name nor its content looks like it.
fn is_foreign(name: &str, problem: &FileProblem) -> bool {
    use FileProblem::{
        Foreign, GzipBehind, GzipChecksum, GzipCut, GzipDamaged, GzipHeader, GzipTooLarge, HeaderCut, NotIdx, Reversed,
    };
    let not_idx = matches!(problem, Foreign(_) | NotIdx { .. } | HeaderCut { .. } | Reversed);
    let not_unpacked =
        matches!(problem, GzipHeader | GzipCut | GzipDamaged | GzipChecksum | GzipBehind { .. } | GzipTooLarge { .. });
    (not_idx || not_unpacked) && !is_data_name(name)
}

/// Adds a part. One that is there already keeps its place, with the name that says more.
fn add<'a>(parts: &mut Vec<Part<'a>>, part: Part<'a>) {
    match parts.iter_mut().find(|other| other.content == part.content && agrees(other, &part)) {
        Some(other) if other.is_test.is_none() => *other = part,
        Some(_) => {}
        None => parts.push(part),
    }
}

/// Training and test labels may be equal; two names that contradict each other are two files.
fn agrees(a: &Part<'_>, b: &Part<'_>) -> bool {
    a.is_test.is_none() || b.is_test.is_none() || a.is_test == b.is_test
}

/// Which part stands for each of [`DataPart::ALL`].
fn slots(parts: &[Part<'_>]) -> Result<[Option<usize>; 4], EngineError> {
    let of_kind = |images: bool| {
        let of = (0..parts.len()).filter(move |&at| matches!(parts[at].content, Content::Images(_)) == images);
        of.collect::<Vec<usize>>()
    };
    let images = train_and_test(parts, &of_kind(true))?;
    let labels = train_and_test(parts, &of_kind(false))?;
    Ok([images[0], labels[0], images[1], labels[1]])
}

/// The files of one kind to train on and to test on.
fn train_and_test(parts: &[Part<'_>], kind: &[usize]) -> Result<[Option<usize>; 2], EngineError> {
    let mut slots = [None::<usize>; 2];
    let bad = |at: usize, reason| Err(EngineError::BadFile { name: parts[at].name.into(), reason });
    for &at in kind {
        let Some(is_test) = parts[at].is_test else { continue };
        if let Some(other) = slots[usize::from(is_test)].replace(at) {
            return bad(at, FileProblem::SamePart { other: parts[other].name.into() });
        }
    }
    let unnamed: Vec<usize> = kind.iter().copied().filter(|&at| parts[at].is_test.is_none()).collect();
    match (unnamed[..].as_ref(), slots) {
        ([], _) => {}
        // More are trained on than tested on, in every data set of this form.
        (&[a, b], [None, None]) if parts[a].content.len() != parts[b].content.len() => {
            let a_is_train = parts[a].content.len() > parts[b].content.len();
            slots = if a_is_train { [Some(a), Some(b)] } else { [Some(b), Some(a)] };
        }
        (&[only], [Some(train), None]) => slots = [Some(train), Some(only)],
        (&[only], [None, _]) => slots[0] = Some(only),
        (&[first, ..], _) => return bad(first, FileProblem::NoRole),
    }
    Ok(slots)
}

fn pair(images: &Part<'_>, labels: &Part<'_>) -> Result<Examples, EngineError> {
    let counts = (images.content.len() as u32, labels.content.len() as u32);
    match (&images.content, &labels.content) {
        (Content::Images(pixels), Content::Labels(classes)) if counts.0 == counts.1 => Ok(Examples {
            inputs: pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect(),
            labels: classes.clone(),
        }),
        _ => Err(EngineError::BadFile {
            name: labels.name.into(),
            reason: FileProblem::LabelCount { labels: counts.1, images: counts.0 },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::idx::files::{gzip, images, labels};
    use retort_spec::Foreign;

    fn file(name: &str, bytes: Vec<u8>) -> FileData {
        FileData { name: name.into(), bytes }
    }

    fn four() -> Vec<FileData> {
        vec![
            file("train-images-idx3-ubyte.gz", gzip(&images(3))),
            file("train-labels-idx1-ubyte", labels(&[1, 2, 9])),
            file("t10k-images-idx3-ubyte", images(2)),
            file("t10k-labels-idx1-ubyte.gz", gzip(&labels(&[0, 4]))),
        ]
    }

    /// The data set, and what was passed over.
    fn whole(files: &[FileData]) -> (Dataset, Vec<String>) {
        match choose(files) {
            Ok((Choice::Whole(dataset), passed_over)) => (dataset, passed_over),
            other => panic!("{other:?}"),
        }
    }

    fn problem(files: &[FileData]) -> (String, FileProblem) {
        match choose(files) {
            Err(EngineError::BadFile { name, reason }) => (name, reason),
            other => panic!("{other:?}"),
        }
    }

    fn named(names: [&str; 4]) -> Vec<FileData> {
        four().into_iter().zip(names).map(|(one, name)| file(name, one.bytes)).collect()
    }

    #[test]
    fn four_files_in_any_order_make_a_data_set() {
        let mut files = four();
        files.reverse();
        let (set, passed_over) = whole(&files);
        assert_eq!((set.train.len(), set.test.len()), (3, 2));
        assert_eq!(set.train.labels, [1, 2, 9]);
        assert_eq!(set.train.inputs[1], 1.0 / 255.0);
        assert_eq!(passed_over, [""; 0]);
    }

    #[test]
    fn contents_tell_what_names_do_not() {
        let (expected, _) = whole(&four());
        for names in [
            ["TRAIN-IMAGES-IDX3-UBYTE.GZ", "TRAIN-LABELS-IDX1-UBYTE", "T10K-IMAGES-IDX3-UBYTE", "T10K-LABELS.GZ"],
            ["train-images.idx3-ubyte", "train-labels.idx1-ubyte", "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"],
            ["train.a (1)", "train.b (1)", "test.a", "test.b"],
            ["a.bin", "b.bin", "c.bin", "d.bin"],
            ["a.bin", "b.bin", "t10k.bin", "test.bin"],
            ["train.bin", "b.bin", "c.bin", "latest.bin"],
        ] {
            assert_eq!(whole(&named(names)), (expected.clone(), vec![]), "{names:?}");
        }
        let mut equal = named(["a", "b", "c", "d"]);
        equal[2].bytes = images(3).iter().map(|byte| byte.reverse_bits()).collect();
        equal[2].bytes[..16].copy_from_slice(&images(3)[..16]);
        assert_eq!(problem(&equal), ("a".into(), FileProblem::NoRole), "both hold three images");
    }

    #[test]
    fn equal_copies_are_one_and_different_ones_are_refused() {
        let (expected, _) = whole(&four());
        let mut twice = four();
        twice.extend([file("train-images-idx3-ubyte", images(3)), file("b.gz", gzip(&labels(&[0, 4])))]);
        assert_eq!(whole(&twice), (expected, vec![]));
        twice.push(file("train-images (2)", images(4)));
        let other = FileProblem::SamePart { other: "train-images-idx3-ubyte.gz".into() };
        assert_eq!(problem(&twice), ("train-images (2)".into(), other));
    }

    #[test]
    fn labels_of_training_and_test_may_be_equal() {
        let mut files = four();
        files[2].bytes = images(3);
        files[3].bytes = labels(&[1, 2, 9]);
        assert_eq!(whole(&files).0.test.labels, [1, 2, 9]);
    }

    #[test]
    fn what_is_no_data_is_passed_over_by_name() {
        let (expected, _) = whole(&four());
        let mut files = four();
        let foreign = [
            file("._train-images-idx3-ubyte", vec![0, 5, 0x16, 7]),
            file(".DS_Store", b"\0\0\0\x01Bud1".to_vec()),
            file("README.txt", b"MNIST".to_vec()),
            file("notes.gz", gzip(b"MNIST")),
            file("empty", Vec::new()),
        ];
        let names: Vec<String> = foreign.iter().map(|file| file.name.clone()).collect();
        files.splice(0..0, foreign);
        assert_eq!(whole(&files), (expected.clone(), names.clone()));
        // A copy that is damaged does no harm while the part is there.
        files.push(file("train-labels-idx1-ubyte.html", b"<html>".to_vec()));
        assert_eq!(whole(&files).1.last().map(String::as_str), Some("train-labels-idx1-ubyte.html"));
        files.remove(6);
        let web_page = FileProblem::Foreign(Foreign::WebPage);
        assert_eq!(problem(&files), ("train-labels-idx1-ubyte.html".into(), web_page));
    }

    #[test]
    fn what_is_missing_is_named() {
        use DataPart::{TestImages, TestLabels, TrainImages, TrainLabels};
        let missing = |files: &[FileData]| match choose(files) {
            Ok((Choice::Missing(missing), _)) => missing,
            other => panic!("{other:?}"),
        };
        assert_eq!(missing(&[]), [TrainImages, TrainLabels, TestImages, TestLabels]);
        assert_eq!(missing(&four()[..3]), [TestLabels]);
        assert_eq!(missing(&four()[2..]), [TrainImages, TrainLabels]);
        assert_eq!(missing(&[file("a.bin", images(2))]), [TrainLabels, TestImages, TestLabels]);
        assert_eq!(missing(&[file("photo.jpg", b"\xff\xd8\xff\xe0".to_vec())]).len(), 4);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let damage = |index: usize, bytes: Vec<u8>| {
            let mut files = four();
            files[index].bytes = bytes;
            problem(&files)
        };
        let count = FileProblem::LabelCount { labels: 2, images: 3 };
        assert_eq!(damage(1, labels(&[1, 2])), ("train-labels-idx1-ubyte".into(), count));
        let label = FileProblem::Label { index: 2, label: 20 };
        assert_eq!(damage(1, labels(&[1, 2, 20])), ("train-labels-idx1-ubyte".into(), label));
        let same = FileProblem::SamePart { other: "t10k-images-idx3-ubyte".into() };
        assert_eq!(damage(3, images(4)), ("t10k-labels-idx1-ubyte.gz".into(), same));
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
            .map(|path| file(&path.file_name().unwrap().to_string_lossy(), std::fs::read(&path).unwrap()))
            .collect();
        let (set, _) = whole(&files);
        assert_eq!((set.train.len(), set.test.len()), (8000, 2000));
        let mean = set.train.inputs.iter().map(|&x| f64::from(x)).sum::<f64>() / set.train.inputs.len() as f64;
        // MNIST's published mean pixel is 0.1307.
        assert!((mean - 0.1307).abs() < 0.005, "{mean}");
    }
}
