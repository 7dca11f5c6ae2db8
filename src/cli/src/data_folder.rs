//! The files of a data set from a folder, or a table itself: `--data-dir`.

use std::{
    fs::{File, read_dir},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use clap::ArgMatches;
use retort_spec::{
    Command, DataSet, EngineError, Event, Experiment, FIRST_BYTES, FileData, FileProblem, is_clutter, is_data_name,
    is_table_name, largest_file_mb, may_be_data,
};

use crate::{Failure, local_driver::LocalDriver};

/// Gives the driver the files that the experiment's data set is read from.
///
/// # Errors
/// If the folder is missing or is not given, or its files are no whole data set.
pub fn give(matches: &ArgMatches, driver: &mut LocalDriver, experiment: &Experiment) -> Result<(), Failure> {
    let data = experiment.data;
    let folder = matches.get_one::<PathBuf>("data-dir");
    let folder = match (folder, data.needs_files()) {
        (Some(folder), true) => folder,
        (None, true) => return Err(Failure::NoDataDir { data }),
        (folder, false) => {
            if folder.is_some() {
                eprintln!("retort: --data-dir is not used: {data} needs no files");
            }
            return Ok(());
        }
    };
    for event in driver.handle(Command::Files { data, files: files(folder, data == DataSet::Table)? }) {
        match event {
            Event::Error(trouble) => return Err(Failure::EngineError(trouble)),
            Event::FilesMissing { missing, .. } => {
                let names: Vec<&str> = missing.iter().map(|part| part.file_name()).collect();
                return Err(Failure::FilesMissing { folder: folder.display().to_string(), names: names.join(", ") });
            }
            Event::FilesRead { passed_over, .. } => {
                let named: Vec<&str> =
                    passed_over.iter().map(String::as_str).filter(|name| !is_clutter(name)).collect();
                if !named.is_empty() {
                    eprintln!("retort: passed over in {}: {}", folder.display(), named.join(", "));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The files of a folder in the order of their names, and those of a folder that has the name of a data file; or the
/// file that was named instead of a folder. Of a file that cannot be data the first bytes are enough.
fn files(folder: &Path, is_table: bool) -> Result<Vec<FileData>, Failure> {
    if is_table && folder.is_file() {
        return Ok(vec![read(folder, is_table)?]);
    }
    let mut paths = paths(folder)?;
    let inner = paths.extract_if(.., |path| path.is_dir()).filter(|path| is_data_name(&name(path)));
    let inner = inner.map(|path| self::paths(&path)).collect::<Result<Vec<_>, _>>()?;
    paths.extend(inner.into_iter().flatten().filter(|path| path.is_file()));
    paths.iter().map(|path| read(path, is_table)).collect()
}

fn paths(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries =
        read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>());
    let mut paths: Vec<PathBuf> = entries.map_err(|error| failure(folder, &error))?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path, is_table: bool) -> Result<FileData, Failure> {
    let (name, mut first) = (name(path), vec![0; FIRST_BYTES]);
    let read = |first: &mut Vec<u8>| -> io::Result<u64> {
        let mut file = File::open(path)?;
        let mut length = 0;
        while length < first.len() {
            match file.read(&mut first[length..])? {
                0 => break,
                count => length += count,
            }
        }
        first.truncate(length);
        Ok(file.metadata()?.len())
    };
    let megabytes = read(&mut first).map_err(|error| failure(path, &error))? / 1_000_000;
    let most = largest_file_mb(is_table);
    let is_too_large = megabytes > most.into();
    let is_meant = if is_table { is_table_name(&name) } else { is_data_name(&name) };
    if !may_be_data(is_table, &name, &first) || (is_too_large && !is_meant) {
        return Ok(FileData { name, bytes: first });
    }
    if is_too_large {
        let reason = FileProblem::TooLarge { megabytes: megabytes as u32, most };
        return Err(Failure::EngineError(EngineError::BadFile { name, reason }));
    }
    let bytes = std::fs::read(path).map_err(|error| failure(path, &error))?;
    Ok(FileData { name, bytes })
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::File { path: path.display().to_string(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files, made anew.
    fn folder(name: &str, files: &[(&str, &[u8])]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("retort-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        for (name, bytes) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        folder
    }

    #[test]
    fn data_are_read_whole_and_other_files_by_their_first_bytes() {
        let (data, text) = ([[0, 0, 8, 3].as_slice(), &[7; 9000]].concat(), [b'a'; 9000]);
        let folder = folder(
            "reads",
            &[
                ("a.bin", &data),
                ("b.txt", &text),
                ("other/c.bin", &data),
                ("train-labels-idx1-ubyte/train-labels-idx1-ubyte", &data),
                ("train-labels-idx1-ubyte/deeper/d.bin", &data),
            ],
        );
        let read: Vec<(String, usize)> =
            files(&folder, false).unwrap().into_iter().map(|file| (file.name, file.bytes.len())).collect();
        let expected = [("a.bin", 9004), ("b.txt", FIRST_BYTES), ("train-labels-idx1-ubyte", 9004)];
        assert_eq!(read, expected.map(|(name, length)| (name.to_owned(), length)));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let message = files(Path::new("/no/such/folder"), false).unwrap_err().to_string();
        assert!(message.starts_with("/no/such/folder: "), "{message}");
    }
}
