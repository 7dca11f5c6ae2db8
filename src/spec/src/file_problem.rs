//! What can be wrong with a file that the visitor gives: data, or a network.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is wrong with a file. Each reads on after the file's name and a colon.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FileProblem {
    /// It is a file of another kind.
    #[error("{0}")]
    Foreign(Foreign),
    /// It begins like no file of a network that can be opened.
    #[error("it is no network that can be opened: neither a packed file nor safetensors (its first bytes are {first})")]
    NotNetwork {
        /// The first four bytes, in hexadecimal digits.
        first: String,
    },
    /// It cannot be read from the disk.
    #[error("it cannot be read ({reason}); if it is a folder, open it and give the files inside")]
    Unreadable {
        /// What the system says.
        reason: String,
    },
    /// It is larger than any file that can be used.
    #[error("it is too large: {megabytes} MB, at most {most} MB can be read")]
    TooLarge {
        /// Its length.
        megabytes: u32,
        /// The largest length.
        most: u32,
    },
    /// Its first bytes are those of no IDX file.
    #[error("it is no IDX file of images or labels: its first bytes are {first}")]
    NotIdx {
        /// The first four bytes, in hexadecimal digits.
        first: String,
    },
    /// An IDX file whose numbers stand in the other byte order.
    #[error("its bytes are in reverse order: an IDX file begins with its most significant byte")]
    Reversed,
    /// An IDX file of floating-point numbers.
    #[error("it holds floating-point numbers of {bits} bits; one byte for each pixel or label is needed")]
    Floats {
        /// Bits of a number.
        bits: u32,
    },
    /// An IDX file of other integers than bytes.
    #[error("it holds integers of {bits} bits, in {dimensions} dimensions; one byte for each pixel or label is needed")]
    Integers {
        /// Bits of a number.
        bits: u32,
        /// Dimensions of the array.
        dimensions: u32,
    },
    /// An IDX file of bytes that are neither images nor labels.
    #[error("it holds bytes in {dimensions} dimensions; images have 3 dimensions, labels have 1")]
    Dimensions {
        /// Dimensions of the array.
        dimensions: u32,
    },
    /// It ends before its header does.
    #[error("it ends after {bytes} bytes, inside its header; download it again")]
    HeaderCut {
        /// Its length.
        bytes: u32,
    },
    /// It claims more examples than can be used, or none.
    #[error("it claims {claimed} examples; 1 to {most} can be used")]
    ExampleCount {
        /// As its header says.
        claimed: u32,
        /// The most that can be used.
        most: u32,
    },
    /// Its images are of another size.
    #[error("it holds images of {width}×{height} pixels; {side}×{side} are needed")]
    ImageSize {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// Rows and columns that are needed.
        side: u32,
    },
    /// It ends too early.
    #[error("it is cut short: {bytes} bytes of content, {announced} announced; download it again")]
    Cut {
        /// Bytes behind its header.
        bytes: u32,
        /// Bytes that its header announces.
        announced: u32,
    },
    /// It goes on behind its last example.
    #[error("it goes on behind its end: {bytes} bytes of content, {announced} announced")]
    TooLong {
        /// Bytes behind its header.
        bytes: u32,
        /// Bytes that its header announces.
        announced: u32,
    },
    /// A label is none of the classes.
    #[error("label {index} is {label}; labels run from 0 to 9")]
    Label {
        /// Its place, from 0.
        index: u32,
        /// What stands there.
        label: u32,
    },
    /// There are more labels than images, or fewer.
    #[error("it holds {labels} labels for {images} images")]
    LabelCount {
        /// Labels.
        labels: u32,
        /// Images of the file that belongs to it.
        images: u32,
    },
    /// Another file, with other content, is the same part of the data set.
    #[error("it is the same part of the data set as {other}, with other content; give only one of them")]
    SamePart {
        /// The other file's name.
        other: String,
    },
    /// Neither name nor counts tell training from test.
    #[error("its name does not tell training from test; it should begin with train or t10k")]
    NoRole,
    /// The header of a gzip file is damaged.
    #[error("its gzip header is damaged; download it again")]
    GzipHeader,
    /// A gzip file ends too early.
    #[error("the gzip file is cut short; download it again")]
    GzipCut,
    /// What a gzip file holds cannot be unpacked.
    #[error("its gzip content is damaged; download it again")]
    GzipDamaged,
    /// What was unpacked is not what was packed.
    #[error("the checksum of the gzip file does not fit its content; download it again")]
    GzipChecksum,
    /// A gzip file is followed by other bytes than zeros.
    #[error("something stands behind the end of the gzip file: {bytes} bytes")]
    GzipBehind {
        /// How many bytes.
        bytes: u32,
    },
    /// A gzip file unpacks to more than can be used.
    #[error("the gzip file unpacks to more than {most} MB")]
    GzipTooLarge {
        /// The most that can be used.
        most: u32,
    },
    /// A network that the data do not fit.
    #[error("it was made for {inputs} inputs and {classes} classes; these data have {data_inputs} and {data_classes}")]
    OtherData {
        /// Inputs of the network.
        inputs: u32,
        /// Classes of the network.
        classes: u32,
        /// Inputs of the data set.
        data_inputs: u32,
        /// Classes of the data set.
        data_classes: u32,
    },
    /// A table that cannot be used; the engine that reads tables knows why.
    #[error("{text}")]
    Table {
        /// Its word.
        word: &'static str,
        /// The names and values of its sentence.
        values: Vec<(&'static str, String)>,
        /// The sentence in English.
        text: String,
    },
    /// What has no wording in other languages, in English.
    #[error("{0}")]
    Other(String),
    /// One that came in a message.
    #[error("{word}")]
    Received {
        /// Its word.
        word: String,
        /// The names and values of its sentence.
        values: Vec<(String, String)>,
    },
}

/// A message holds a problem's word and values, which is all that its sentence needs. What serde derives for all cases
/// would weigh four kilobytes in each program.
impl Serialize for FileProblem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.word().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FileProblem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Deserialize::deserialize(deserializer).map(|(word, values)| Self::Received { word, values })
    }
}

impl FileProblem {
    /// A word for each, and the names and values of the numbers and texts in its sentence.
    pub fn word(&self) -> (&str, Vec<(&str, String)>) {
        fn numbers<const N: usize>(numbers: [(&'static str, u32); N]) -> Vec<(&'static str, String)> {
            numbers.into_iter().map(|(name, number)| (name, number.to_string())).collect()
        }
        match self {
            Self::Foreign(foreign) => (foreign.word(), vec![]),
            Self::NotNetwork { first } => ("not-network", vec![("first", first.clone())]),
            Self::Unreadable { reason } => ("unreadable", vec![("reason", reason.clone())]),
            Self::TooLarge { megabytes, most } => ("too-large", numbers([("megabytes", *megabytes), ("most", *most)])),
            Self::NotIdx { first } => ("not-idx", vec![("first", first.clone())]),
            Self::Reversed => ("reversed", vec![]),
            Self::Floats { bits } => ("floats", numbers([("bits", *bits)])),
            Self::Integers { bits, dimensions } => {
                ("integers", numbers([("bits", *bits), ("dimensions", *dimensions)]))
            }
            Self::Dimensions { dimensions } => ("dimensions", numbers([("dimensions", *dimensions)])),
            Self::HeaderCut { bytes } => ("header-cut", numbers([("bytes", *bytes)])),
            Self::ExampleCount { claimed, most } => {
                ("example-count", numbers([("claimed", *claimed), ("most", *most)]))
            }
            Self::ImageSize { width, height, side } => {
                ("image-size", numbers([("width", *width), ("height", *height), ("side", *side)]))
            }
            Self::Cut { bytes, announced } => ("cut", numbers([("bytes", *bytes), ("announced", *announced)])),
            Self::TooLong { bytes, announced } => ("too-long", numbers([("bytes", *bytes), ("announced", *announced)])),
            Self::Label { index, label } => ("label", numbers([("index", *index), ("label", *label)])),
            Self::LabelCount { labels, images } => ("label-count", numbers([("labels", *labels), ("images", *images)])),
            Self::SamePart { other } => ("same-part", vec![("other", other.clone())]),
            Self::NoRole => ("no-role", vec![]),
            Self::GzipHeader => ("gzip-header", vec![]),
            Self::GzipCut => ("gzip-cut", vec![]),
            Self::GzipDamaged => ("gzip-damaged", vec![]),
            Self::GzipChecksum => ("gzip-checksum", vec![]),
            Self::GzipBehind { bytes } => ("gzip-behind", numbers([("bytes", *bytes)])),
            Self::GzipTooLarge { most } => ("gzip-too-large", numbers([("most", *most)])),
            Self::OtherData { inputs, classes, data_inputs, data_classes } => (
                "other-data",
                numbers([
                    ("inputs", *inputs),
                    ("classes", *classes),
                    ("data_inputs", *data_inputs),
                    ("data_classes", *data_classes),
                ]),
            ),
            Self::Table { word, values, .. } => (word, values.clone()),
            Self::Other(reason) => ("other", vec![("reason", reason.clone())]),
            Self::Received { word, values } => {
                (word, values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect())
            }
        }
    }

    /// The words of all of them.
    pub const WORDS: [&'static str; 56] = [
        "empty",
        "web-page",
        "pointer",
        "zip",
        "pickle",
        "hdf5",
        "gguf",
        "tflite",
        "onnx",
        "numpy",
        "safetensors",
        "retort",
        "idx",
        "not-network",
        "unreadable",
        "too-large",
        "not-idx",
        "reversed",
        "floats",
        "integers",
        "dimensions",
        "header-cut",
        "example-count",
        "image-size",
        "cut",
        "too-long",
        "label",
        "label-count",
        "same-part",
        "no-role",
        "gzip-header",
        "gzip-cut",
        "gzip-damaged",
        "gzip-checksum",
        "gzip-behind",
        "gzip-too-large",
        "other-data",
        "other",
        "table-empty",
        "table-wide-text",
        "table-not-text",
        "table-spreadsheet",
        "table-gzip",
        "table-several",
        "table-no-header",
        "table-many-columns",
        "table-ragged",
        "table-open-quote",
        "table-after-quote",
        "table-no-column",
        "table-many-classes",
        "table-not-numbers",
        "table-one-value",
        "table-few-rows",
        "table-no-inputs",
        "table-too-large",
    ];
}

/// A kind of file that is often given in place of another, told by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// No byte is in it.
    #[error("it is empty")]
    Empty,
    /// HTML, as a server sends in place of a file that it does not give.
    #[error("it is a web page; download the file itself")]
    WebPage,
    /// A text that stands for a file of Git's large-file store.
    #[error("it is a pointer of Git LFS that stands for the file; download the file itself")]
    Pointer,
    /// A zip archive: PyTorch, Keras and NumPy write some.
    #[error("it is a zip archive, such as a PyTorch checkpoint (.pt); save the weights as safetensors")]
    Zip,
    /// Python's own format, of older PyTorch checkpoints too.
    #[error("it is a Python pickle, such as an older PyTorch checkpoint; save the weights as safetensors")]
    Pickle,
    /// HDF5: Keras, MATLAB.
    #[error("it is an HDF5 file, such as a Keras model (.h5); save the weights as safetensors")]
    Hdf5,
    /// llama.cpp's format.
    #[error("it is a GGUF file; save the weights as safetensors")]
    Gguf,
    /// TensorFlow Lite.
    #[error("it is a TensorFlow Lite model; save the weights as safetensors")]
    TfLite,
    /// ONNX.
    #[error("it is an ONNX graph, which can be saved here but not opened; open the packed file or safetensors")]
    Onnx,
    /// NumPy.
    #[error("it is a NumPy array; save the weights as safetensors")]
    NumPy,
    /// Weights, where data are wanted.
    #[error("it is a safetensors file of weights; open it in the compression bench")]
    Safetensors,
    /// A packed network, where data are wanted.
    #[error("it is a packed network of Retort; open it in the compression bench")]
    Retort,
    /// Data, where a network is wanted.
    #[error("it is an IDX file of data, no network; give it in the data panel")]
    Idx,
}

impl Foreign {
    /// What a file that begins so is, if it is one of these.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        /// Hugging Face writes its header's length, and then the header.
        const SAFETENSORS_BRACE: usize = 8;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        match bytes {
            [] => Some(Self::Empty),
            _ if bytes.get(SAFETENSORS_BRACE) == Some(&b'{') => Some(Self::Safetensors),
            _ if bytes.starts_with(b"version https://git-lfs") => Some(Self::Pointer),
            _ if matches!(text, [b'<', b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z', ..]) => Some(Self::WebPage),
            _ if bytes.starts_with(b"PK\x03\x04") => Some(Self::Zip),
            [0x80, 2..=5, ..] => Some(Self::Pickle),
            _ if bytes.starts_with(b"\x89HDF\r\n\x1a\n") => Some(Self::Hdf5),
            _ if bytes.starts_with(b"GGUF") => Some(Self::Gguf),
            [_, _, _, _, b'T', b'F', b'L', _, ..] => Some(Self::TfLite),
            _ if bytes.starts_with(b"\x93NUMPY") => Some(Self::NumPy),
            _ if bytes.starts_with(b"RTRT") => Some(Self::Retort),
            [0, 0, 8..=14, 1..=4, ..] => Some(Self::Idx),
            // A message of Protocol Buffers: first the version of the intermediate representation, then the producer.
            [0x08, 1..=20, 0x12 | 0x1a | 0x22 | 0x2a | 0x32 | 0x3a, ..] => Some(Self::Onnx),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::WebPage => "web-page",
            Self::Pointer => "pointer",
            Self::Zip => "zip",
            Self::Pickle => "pickle",
            Self::Hdf5 => "hdf5",
            Self::Gguf => "gguf",
            Self::TfLite => "tflite",
            Self::Onnx => "onnx",
            Self::NumPy => "numpy",
            Self::Safetensors => "safetensors",
            Self::Retort => "retort",
            Self::Idx => "idx",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_a_problem_s_sentence() {
        for problem in [
            FileProblem::Foreign(Foreign::WebPage),
            FileProblem::Label { index: 1, label: 20 },
            FileProblem::SamePart { other: "train-images".into() },
            FileProblem::GzipCut,
        ] {
            let message = serde_json::to_string(&problem).unwrap();
            let received: FileProblem = serde_json::from_str(&message).unwrap();
            assert_eq!(received.word(), problem.word());
            assert_eq!(serde_json::to_string(&received).unwrap(), message, "handed on once more");
        }
    }

    #[test]
    fn files_are_told_by_their_first_bytes() {
        for (bytes, foreign) in [
            (&b""[..], Some(Foreign::Empty)),
            (b"<!DOCTYPE html>\n<html>", Some(Foreign::WebPage)),
            (b"\xef\xbb\xbf\r\n  <HTML lang=en>", Some(Foreign::WebPage)),
            (b"version https://git-lfs.github.com/spec/v1\n", Some(Foreign::Pointer)),
            (b"PK\x03\x04\0\0archive/data.pkl", Some(Foreign::Zip)),
            (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", Some(Foreign::Pickle)),
            (b"\x89HDF\r\n\x1a\n\0\0", Some(Foreign::Hdf5)),
            (b"GGUF\x03\0\0\0\0", Some(Foreign::Gguf)),
            (b"\x1c\0\0\0TFL3\0\0", Some(Foreign::TfLite)),
            (b"\x08\x07\x12\x04made", Some(Foreign::Onnx)),
            (b"\x93NUMPY\x01\0", Some(Foreign::NumPy)),
            (b"\x88\x01\0\0\0\0\0\0{\"a.weight\"", Some(Foreign::Safetensors)),
            (b"RTRT\x01", Some(Foreign::Retort)),
            (b"\0\0\x08\x03\0\0\0\x14", Some(Foreign::Idx)),
            (b"GIF89a,,", None),
            (b"\x1f\x8b\x08\0", None),
            (b"a < b", None),
        ] {
            assert_eq!(Foreign::of(bytes), foreign, "{bytes:?}");
        }
    }
}
