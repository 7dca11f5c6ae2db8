//! Finished cells in a folder, a file for each. So a sweep that was ended goes on where it was, a list that grows
//! trains only what is new, and machines that train different cells share a sweep by copying files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use retort_compress::format::checksum::crc32;
use retort_spec::{CompressionResult, Measured, Verdict, class_bias::Corrected, codec, sweep::Results};
use serde::{Deserialize, Serialize};

use crate::Failure;

/// What the files begin with: they are of this program's version, whose types have no names in them.
const HEAD: &str = concat!("retort cell 2, ", env!("CARGO_PKG_VERSION"), "\n");

/// How their names end.
const END: &str = "cell";

/// A finished cell.
#[derive(Serialize, Deserialize)]
struct Record {
    /// Its experiment.
    link: String,
    verdict: Verdict,
    measured: Vec<Measured>,
    packed: Vec<CompressionResult>,
    corrected: Vec<Corrected>,
    seconds: f64,
}

/// A folder of finished cells.
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The cells in a folder, which is made if there is none.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(|error| failure(folder, &error))?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn path(&self, link: &str) -> PathBuf {
        // Two links of the same name are told apart by the link in the file.
        self.folder.join(format!("{:08x}-{:x}.{END}", crc32(link.as_bytes()), link.len()))
    }

    /// What came of an experiment; `None` where it was not trained, or its file cannot be read.
    pub fn find(&self, link: &str) -> Option<Results> {
        let file = fs::read(self.path(link)).ok()?;
        let (checksum, bytes) = file.strip_prefix(HEAD.as_bytes())?.split_first_chunk::<4>()?;
        if u32::from_le_bytes(*checksum) != crc32(bytes) {
            return None;
        }
        let Record { link: found, verdict, measured, packed, corrected, seconds } = codec::decode(bytes).ok()?;
        (found == link).then_some(Results { verdict, measured, packed, corrected, seconds })
    }

    /// Keeps what came of an experiment. Whenever the program is ended, the file is whole or is not there.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep(&self, link: &str, results: &Results) -> Result<(), Failure> {
        // Answers to every test example are many, and no table reads them.
        let measured = results.measured.iter().cloned();
        let measured = measured.map(|one| Measured { logits: Vec::new().into(), ..one }).collect();
        let packed = results.packed.iter().cloned();
        let packed = packed.map(|one| CompressionResult { answers: Vec::new(), layers: Vec::new(), ..one }).collect();
        let (verdict, corrected, seconds) = (results.verdict.clone(), results.corrected.clone(), results.seconds);
        let record = Record { link: link.to_owned(), verdict, measured, packed, corrected, seconds };
        let path = self.path(link);
        let bytes = codec::encode(&record).map_err(|error| failure(&path, &io::Error::other(error.to_string())))?;
        let part = path.with_extension(format!("part-{}", std::process::id()));
        let file = [HEAD.as_bytes(), &crc32(&bytes).to_le_bytes(), &bytes].concat();
        let written = fs::write(&part, file).and_then(|()| fs::rename(&part, &path));
        written.map_err(|error| failure(&path, &error))
    }
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::File { path: path.display().to_string(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use retort_spec::{NetworkId, Outcome, Spread};

    use super::*;

    #[test]
    fn a_cell_is_found_by_its_link_alone_and_a_torn_file_is_none() {
        let folder = std::env::temp_dir().join(format!("retort-store-{}", std::process::id()));
        let store = Store::open(&folder).unwrap();
        let verdict = Verdict {
            outcome: Outcome::Helps,
            p_value: 0.25,
            edited_while_training: false,
            examples: 9,
            control: NetworkId::BASELINE,
            product: NetworkId::STUDENT,
            accuracies: vec![(NetworkId::STUDENT, Spread::of(vec![0.5, 0.75]))],
        };
        let results = Results {
            verdict: verdict.clone(),
            measured: Vec::new(),
            packed: Vec::new(),
            corrected: Vec::new(),
            seconds: 1.5,
        };
        assert!(store.find("v=1&seed=2").is_none());
        store.keep("v=1&seed=2", &results).unwrap();
        let found = store.find("v=1&seed=2").unwrap();
        assert_eq!((found.verdict, found.seconds), (verdict, 1.5));
        assert!(store.find("v=1&seed=3").is_none());
        let path = store.path("v=1&seed=2");
        // A file under the name of another link is not that link's.
        fs::copy(&path, store.path("v=1&seed=3")).unwrap();
        assert!(store.find("v=1&seed=3").is_none());
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(store.find("v=1&seed=2").is_none(), "{length} bytes");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
