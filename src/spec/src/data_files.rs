//! Which files of a folder may belong to a data set, and the parts that make one. The page and the command line ask
//! before they read a file to its end.

use serde::{Deserialize, Serialize};

/// Bytes that tell what a file is.
pub const FIRST_BYTES: usize = 512;
/// The largest file of images or of a network that is read: all of MNIST unpacked is 47 MB, and a film would exhaust a
/// page's memory.
const LARGEST_FILE_MB: u32 = 100;
/// The largest table that is read: 100,000 rows of 100 columns with 18 digits each are 190 MB.
const LARGEST_TABLE_MB: u32 = 250;

/// How a file in gzip begins (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Files that systems put into folders by themselves.
const CLUTTER: [&str; 4] = [".ds_store", "thumbs.db", "desktop.ini", "icon\r"];

/// One of the four files of MNIST and of data sets like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataPart {
    /// Images to train on.
    TrainImages,
    /// Their classes.
    TrainLabels,
    /// Images to test on.
    TestImages,
    /// Their classes.
    TestLabels,
}

impl DataPart {
    /// All of them, as a data set lists them.
    pub const ALL: [Self; 4] = [Self::TrainImages, Self::TrainLabels, Self::TestImages, Self::TestLabels];

    /// The name under which MNIST and Fashion-MNIST distribute it.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::TrainImages => "train-images-idx3-ubyte",
            Self::TrainLabels => "train-labels-idx1-ubyte",
            Self::TestImages => "t10k-images-idx3-ubyte",
            Self::TestLabels => "t10k-labels-idx1-ubyte",
        }
    }
}

/// The largest file that is read, in megabytes.
pub fn largest_file_mb(is_table: bool) -> u32 {
    if is_table { LARGEST_TABLE_MB } else { LARGEST_FILE_MB }
}

/// Whether a system wrote this file for itself: resource forks of a Mac (`._name`), views of a folder.
pub fn is_clutter(name: &str) -> bool {
    name.starts_with("._") || CLUTTER.iter().any(|clutter| name.eq_ignore_ascii_case(clutter))
}

/// Whether a name says that its examples are there to be tested on (true) or trained on (false); `None` where it says
/// neither or both.
pub fn is_test_name(name: &str) -> Option<bool> {
    let name = name.to_ascii_lowercase();
    let says = |wanted: &[&str]| {
        let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| wanted.iter().any(|wanted| word.starts_with(wanted)))
    };
    match (says(&["train"]), says(&["t10k", "test"])) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

/// Whether a file has the name of a part of a data set. What is wrong with such a file is said; others are passed over.
pub fn is_data_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    !is_clutter(name)
        && (has(&["ubyte", "idx1", "idx2", "idx3"]) || (is_test_name(name).is_some() && has(&["image", "label"])))
}

/// Whether a name is usual for a table.
pub fn is_table_name(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    !is_clutter(name) && ["csv", "tsv"].iter().any(|usual| ending.eq_ignore_ascii_case(usual))
}

/// Whether a file that begins so may hold data: a table, or images and labels.
pub fn may_be_data(is_table: bool, name: &str, first: &[u8]) -> bool {
    if is_table {
        return is_table_name(name) || !is_clutter(name) && !first.contains(&0) && !first.starts_with(&GZIP);
    }
    let is_idx = matches!(first, [0, 0, 8..=14, 1..=4, ..]);
    !is_clutter(name) && (is_idx || first.starts_with(&GZIP) || is_data_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_data_from_clutter_and_training_from_test() {
        for (name, is_data, is_test) in [
            ("train-images-idx3-ubyte.gz", true, Some(false)),
            ("T10K-LABELS-IDX1-UBYTE", true, Some(true)),
            ("train-images.idx3-ubyte", true, Some(false)),
            ("test_labels (1).bin", true, Some(true)),
            ("latest-images-idx3-ubyte", true, None),
            ("._train-images-idx3-ubyte", false, Some(false)),
            (".DS_Store", false, None),
            ("README.txt", false, None),
            ("training-notes.txt", false, Some(false)),
            ("train-test-labels", false, None),
        ] {
            assert_eq!((is_data_name(name), is_test_name(name)), (is_data, is_test), "{name}");
        }
    }

    #[test]
    fn what_is_read_to_its_end_begins_or_is_called_like_data() {
        assert!(may_be_data(false, "a.bin", &[0, 0, 8, 3, 0]));
        assert!(may_be_data(false, "a.bin", &[0x1f, 0x8b, 8]));
        assert!(may_be_data(false, "train-images.bin", b"<html>"));
        assert!(!may_be_data(false, "README.txt", b"# MNIST"));
        assert!(!may_be_data(false, "._train-images-idx3-ubyte", &[0, 5, 0x16, 7]));
        assert!(!may_be_data(false, "film.mp4", &[0, 0, 0, 0x18]));
        assert!(may_be_data(true, "HOUSES.CSV", b"a,b"));
        assert!(may_be_data(true, "houses", b"a,b"));
        assert!(!may_be_data(true, "._houses.csv", b"a,b"));
        assert!(!may_be_data(true, "houses.xlsx", b"PK\x03\x04\x14\0"));
        assert!(!may_be_data(true, "houses.txt.gz", &[0x1f, 0x8b, 8]));
    }
}
