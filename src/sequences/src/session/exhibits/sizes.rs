//! What a trained network weighs, packed in each format of weights, and what it is worth when it is read back.

use retort_compress::format::pack::Packed;
use retort_spec::{
    Bits, Block, Cell, CompressionStep, Event, Exhibit, ExhibitPlace, Phrase, Pipeline, QuantScheme, RowName,
};

use crate::{
    export::{ExportError, Signature, pack, to_onnx, to_safetensors, unpack},
    nets::Network,
    session::reports,
    tasks::Task,
    train::test,
};

/// The block of the files.
pub const FILES: u8 = 2;
/// Decides stochastic rounding, of which there is none here.
const SEED: u32 = 1;

/// A network in each format.
pub struct Sizes {
    /// The format, the length of the file, and the score of the network that is read from it.
    rows: Vec<(Bits, usize, f64)>,
    /// The lengths of the other files: safetensors, ONNX.
    others: [usize; 2],
}

/// A network packed with weights of this format.
///
/// # Errors
/// Why it cannot be packed.
pub fn packed(network: &Network, signature: &Signature, bits: Bits) -> Result<Packed, ExportError> {
    pack(network, signature, &Pipeline(vec![CompressionStep::Quantize(QuantScheme::of(bits))]), SEED)
}

impl Sizes {
    /// Packs a network in every format, reads it back and tests it.
    pub fn of(network: &Network, signature: &Signature, task: &Task) -> Self {
        let row = |bits: Bits| {
            let file = packed(network, signature, bits).ok()?.file;
            let (mut read, _) = unpack(&file).ok()?;
            Some((bits, file.len(), reports::score(&test(&mut read, task).metrics)))
        };
        let others = [to_safetensors(network, signature), to_onnx(network, signature)];
        let others = others.map(|file| file.map_or(0, |file| file.len()));
        Self { rows: Bits::ALL.iter().rev().filter_map(|&bits| row(bits)).collect(), others }
    }

    /// As a table, and files to take away; the packed one in this format.
    pub fn exhibit(&self, bits: Bits) -> Exhibit {
        let row = |&(bits, bytes, score): &(Bits, usize, f64)| {
            (RowName::Phrase(Phrase::new(&format!("bits-{bits}"))), vec![Cell::Bytes(bytes as f64), Cell::Share(score)])
        };
        let chosen = self.rows.iter().find(|(other, ..)| *other == bits).map_or(0, |(_, bytes, _)| *bytes);
        let sizes = [chosen, self.others[0], self.others[1]];
        let names = [
            ("packed", Phrase::new("task-file-packed")),
            ("safetensors", Phrase::new("task-file-safetensors")),
            ("onnx", Phrase::new("task-file-onnx")),
        ];
        let file = |((word, name), size): ((&str, Phrase), usize)| (word.to_owned(), name, size as f64);
        let blocks = vec![
            Block::Table {
                caption: Phrase::new("sizes-caption"),
                columns: vec![Phrase::new("column-size"), Phrase::new("column-score")],
                rows: self.rows.iter().map(row).collect(),
            },
            Block::Files {
                id: FILES,
                caption: Phrase::new("task-files"),
                files: names.into_iter().zip(sizes).map(file).collect(),
            },
        ];
        Exhibit { place: ExhibitPlace::Sizes, blocks }
    }
}

/// A file by its word.
pub fn file(word: &str, network: &Network, signature: &Signature, bits: Bits) -> Option<Event> {
    let (extension, file) = match word {
        "packed" => (format!("{bits}.retort"), packed(network, signature, bits).ok()?.file),
        "safetensors" => ("safetensors".to_owned(), to_safetensors(network, signature).ok()?),
        "onnx" => ("onnx".to_owned(), to_onnx(network, signature).ok()?),
        _ => return None,
    };
    Some(Event::File { extension, file })
}
