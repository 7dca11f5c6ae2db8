//! Experiments of the literature: from their files to what the page fetches and to `docs/literature.md`, and their
//! measurement.

mod document;
mod measure;
mod texts;

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result, ensure};
use retort_spec::{Outcome, PAGE_KEYS, Preset, PublishedCell, Sweep, SweepCell, codec, decode};
use serde_json::Value;

use self::texts::{Language, both};
pub use self::{document::write, measure::measure};
use crate::tools::root;

/// Where the files lie: one for each experiment, and of the same name below `measured` what `retort sweep` said.
const FOLDER: &str = "assets/literature";

/// An experiment with what is known of it.
struct Source {
    /// Its file's name.
    id: String,
    /// Its file.
    file: Value,
    sweep: Sweep,
    cells: Vec<SweepCell>,
    /// What was measured of each cell, in the order of the cells; null where nothing was.
    measured: Vec<Value>,
    /// What a search found for each objective, if the file asks for one.
    found: Vec<Value>,
}

impl Source {
    /// A text of the file.
    fn text(&self, field: &str) -> Result<&str> {
        self.file[field].as_str().with_context(|| format!("{}: {field} is missing", self.id))
    }

    /// The link with the sweep, for a page or a terminal.
    fn link(&self) -> Result<String> {
        Ok(format!("{}&sweep={}", self.text("link")?, self.text("sweep")?))
    }

    /// Published figures, each behind what it is of.
    fn published(&self, language: Language) -> Result<Vec<(String, String)>> {
        let rows = self.file["published"].as_array().with_context(|| format!("{}: published", self.id))?;
        let row = |row: &Value| {
            let figure = row[1].as_str().with_context(|| format!("{}: {row}", self.id))?;
            Ok((language.of(&row[0]).with_context(|| format!("{}: {row}", self.id))?, figure.to_owned()))
        };
        rows.iter().map(row).collect()
    }

    /// Figures of ours that no picture of a sweep shows: of packed files, of classes left out, of a search.
    fn ours(&self, language: Language) -> Vec<(String, String)> {
        let percent = |number: &Value| number.as_f64().map_or("–".into(), |number| format!("{number:.1} %"));
        let rows = self.cells.iter().zip(&self.measured).filter_map(|(cell, measured)| {
            let figure = match self.file["ours"].as_str()? {
                "packed" => format!("{}, {} B", percent(&measured["packed_accuracy"]), measured["bytes"]),
                "omitted" => {
                    let [bias, all, corrected, before, after] =
                        ["bias", "accuracy", "corrected_accuracy", "omitted_accuracy", "corrected_omitted"]
                            .map(|field| measured[field].as_f64());
                    // A cell that leaves nothing out has no bias.
                    let (bias, [all, corrected, before, after]) =
                        (bias?, [all, corrected, before, after].map(Option::unwrap_or_default));
                    format!("{all:.1} → {corrected:.1}; {before:.1} → {after:.1}; {bias:+.1}")
                }
                _ => return None,
            };
            Some((language.cell(&self.sweep, cell), figure))
        });
        let mut found: Vec<(String, String)> = self
            .found
            .iter()
            .filter_map(|found| {
                let name = language.objective(found["objective"].as_str()?);
                Some((name, found["test"].as_str()?.to_owned() + " %"))
            })
            .collect();
        let accuracy = |figure: &str| figure.split(' ').next().and_then(|number| number.parse::<f64>().ok());
        found.sort_by(|(_, a), (_, b)| accuracy(b).partial_cmp(&accuracy(a)).unwrap_or(std::cmp::Ordering::Equal));
        rows.chain(found).collect()
    }

    fn preset(&self, language: Language) -> Result<Preset> {
        let text = |field: &str| {
            language.of(&self.file[field]).with_context(|| format!("{}: {field} in {language:?}", self.id))
        };
        let plain = |field: &str| self.text(field).map(str::to_owned);
        let cells: Result<Vec<Option<PublishedCell>>> = self.measured.iter().map(|cell| self.cell(cell)).collect();
        Ok(Preset {
            title: text("title")?,
            paper: plain("paper")?,
            address: plain("address")?,
            link: plain("link")?,
            sweep: self.sweep.to_string(),
            metric: plain("metric")?,
            claim: text("claim")?,
            published: self.published(language)?,
            head: language.of(&self.file["head"]).unwrap_or_default(),
            ours: self.ours(language),
            seen: text("seen")?,
            unseen: text("unseen")?,
            cells: cells?,
        })
    }

    /// What was measured of a cell; `None` for one that is impossible.
    fn cell(&self, measured: &Value) -> Result<Option<PublishedCell>> {
        if measured.is_null() || measured["problem"].is_string() {
            return Ok(None);
        }
        let share = |number: &Value| number.as_f64().map(|percent| percent / 100.0);
        let network = |field: &str| {
            let name = measured[field].as_str().with_context(|| format!("{}: {field}", self.id))?;
            let shares = measured["accuracies"][name].as_array().context("accuracies")?;
            let shares: Vec<f64> = shares.iter().filter_map(share).collect();
            let id = name.parse().ok().with_context(|| format!("{name} is no network"))?;
            anyhow::Ok((id, shares))
        };
        let ((product, of_product), (control, of_control)) = (network("product")?, network("control")?);
        Ok(Some(PublishedCell {
            product,
            control,
            accuracies: [of_product, of_control],
            outcome: match measured["outcome"].as_str() {
                Some("helps") => Outcome::Helps,
                Some("hurts") => Outcome::Hurts,
                _ => Outcome::NoDifference,
            },
            p_value: measured["p_value"].as_f64().with_context(|| format!("{}: p_value", self.id))?,
            agreement: share(&measured["agreement"]),
            calibration_error: share(&measured["calibration_error"]),
        }))
    }
}

/// All experiments in their order.
///
/// # Errors
/// If a file is not what it should be, or was not measured as it is.
fn sources() -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(root().join(FOLDER))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            sources.push(source(path)?);
        }
    }
    sources.sort_by_key(|source| source.file["order"].as_u64());
    Ok(sources)
}

fn source(path: PathBuf) -> Result<Source> {
    let name = path.display().to_string();
    let file: Value = serde_json::from_slice(&fs::read(&path)?).with_context(|| name.clone())?;
    let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let link = file["link"].as_str().with_context(|| format!("{name}: no link"))?;
    let decoded = decode(link, PAGE_KEYS);
    ensure!(decoded.problems.is_empty(), "{name}: {}", decoded.problems[0]);
    let sweep: Sweep = file["sweep"].as_str().with_context(|| format!("{name}: no sweep"))?.parse()?;
    let cells = sweep.cells(&decoded.experiment);
    let path = root().join(FOLDER).join("measured").join(format!("{id}.json"));
    let measured: Value = fs::read(&path).map_or(Ok(Value::Null), |bytes| serde_json::from_slice(&bytes))?;
    let found = measured["found"].as_array().cloned().unwrap_or_default();
    let of = |cell: &SweepCell| {
        let cells = measured["cells"].as_array()?;
        cells.iter().find(|measured| measured["link"].as_str() == cell.link().as_deref()).cloned()
    };
    let measured = cells.iter().map(|cell| cell.link().and_then(|_| of(cell)).unwrap_or_default()).collect();
    Ok(Source { id, file, sweep, cells, measured, found })
}

/// What the page fetches, for each language with its tag.
pub fn messages() -> Result<Vec<(&'static str, Vec<u8>)>> {
    let sources = sources()?;
    let message = |language: Language| {
        let presets: Result<Vec<Preset>> = sources.iter().map(|source| source.preset(language)).collect();
        Ok((language.tag(), codec::encode(&presets?)?))
    };
    both().map(message).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_possible_cell_was_measured_as_it_stands() {
        for source in sources().unwrap() {
            for (cell, measured) in source.cells.iter().zip(&source.measured) {
                let is_same = measured.is_null() == cell.experiment.is_err();
                assert!(is_same, "{}: {:?}: cargo xtask literature --measure {}", source.id, cell.values, source.id);
            }
        }
    }

    #[test]
    fn both_languages_say_the_same_figures() {
        let numbers = |text: &str| {
            let pieces = text.split(|c: char| !c.is_ascii_digit() && !".,".contains(c));
            let mut numbers: Vec<String> = pieces.map(|piece| piece.trim_matches(['.', ',']).to_owned()).collect();
            numbers.retain(|number| !number.is_empty());
            numbers.sort();
            numbers.dedup();
            numbers
        };
        for source in sources().unwrap() {
            let [english, chinese] = [Language::English, Language::Chinese].map(|one| source.preset(one).unwrap());
            let is_chinese = |text: &str| text.contains(|c: char| ('\u{4e00}'..='\u{9fff}').contains(&c));
            for (en, zh) in [
                (&english.title, &chinese.title),
                (&english.claim, &chinese.claim),
                (&english.seen, &chinese.seen),
                (&english.unseen, &chinese.unseen),
            ] {
                assert!(is_chinese(zh) && !is_chinese(en), "{}: {zh}", source.id);
            }
            for field in ["claim", "seen", "unseen"] {
                let of = |language: Language| numbers(&language.of(&source.file[field]).unwrap());
                assert_eq!(of(Language::English), of(Language::Chinese), "{}: {field}", source.id);
            }
            assert_eq!(english.cells, chinese.cells);
            assert!(retort_spec::sweep::Metric::of(&english.metric).is_some(), "{}", source.id);
            assert!(english.address.starts_with("https://"), "{}", source.id);
        }
    }

    #[test]
    fn a_message_is_read_back() {
        let read = |bytes: &[u8]| codec::decode::<Vec<Preset>>(bytes).unwrap();
        let messages = messages().unwrap();
        let [(_, english), (_, chinese)] = &messages[..] else { panic!("two languages") };
        let (english, chinese) = (read(english), read(chinese));
        assert!(!english.is_empty() && english.len() == chinese.len());
        let results = english[0].cells.iter().flatten().next().unwrap().results();
        assert_eq!(results.verdict.runs(), results.verdict.spread(results.verdict.product).unwrap().values.len());
    }

    #[test]
    fn the_document_is_as_it_is_written() {
        let written = fs::read_to_string(root().join(document::PATH)).unwrap();
        assert!(written == document::text(&sources().unwrap()).unwrap(), "cargo xtask literature writes it anew");
    }
}
