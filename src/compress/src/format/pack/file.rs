//! The frame of a packed file: its head, its sizes and its checksum.

use std::ops::Range;

use retort_spec::NetworkKind;

use super::PackError;
use crate::format::checksum::crc32;

/// What every packed file begins with.
pub const MAGIC: &[u8; 4] = b"RTRT";
/// The version of files of networks for images and points.
pub const VERSION: u8 = 2;
/// Length of the checksum.
pub const CHECKSUM: usize = 4;
/// Where the accuracy stands.
pub const ACCURACY: Range<usize> = 5..9;
/// The kinds of network in the order of their numbers; these never change.
const KINDS: [NetworkKind; 4] = [NetworkKind::Mlp, NetworkKind::Conv, NetworkKind::Residual, NetworkKind::Separable];

/// How many weights a file may hold that is as long as this.
pub fn budget(length: usize) -> usize {
    // Weights that are not there, or are all the same, take no bytes. Layers of 2,048 units fit at every sparsity that
    // leaves something to compute with, and a file of nothing cannot ask for more than a few megabytes.
    length.saturating_mul(256).saturating_add(1 << 20)
}

/// A file's head up to its link, without accuracy.
pub fn begin(kind: NetworkKind, coding: u8, features: usize, layers: usize) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    file.push(VERSION);
    file.extend(f32::NAN.to_le_bytes());
    let kind = match kind {
        NetworkKind::Mlp => 0,
        NetworkKind::Conv => 1,
        NetworkKind::Residual => 2,
        NetworkKind::Separable => 3,
        // No network of layers is of these kinds, so that none of them is ever written.
        NetworkKind::Transformer | NetworkKind::Lstm => 15,
    };
    file.push(kind | coding << 4);
    put_size(&mut file, features);
    put_size(&mut file, layers);
    file
}

/// Appends the checksum of all before it.
pub fn close(file: &mut Vec<u8>) {
    let checksum = crc32(file);
    file.extend(checksum.to_le_bytes());
}

/// Appends a size.
pub fn put_size(file: &mut Vec<u8>, mut size: usize) {
    while size > 127 {
        file.push(size as u8 | 128);
        size >>= 7;
    }
    file.push(size as u8);
}

/// Appends numbers; returns how many bytes they take.
pub fn put_floats(file: &mut Vec<u8>, numbers: &[f32]) -> u32 {
    for number in numbers {
        file.extend(number.to_le_bytes());
    }
    4 * numbers.len() as u32
}

/// What stands in front of the layers.
pub struct Head<'a> {
    /// Not a number where it was not measured.
    pub accuracy: f32,
    /// The kind of network.
    pub kind: NetworkKind,
    /// The coding of the numbers between layers.
    pub coding: u8,
    /// Numbers of an example.
    pub features: usize,
    /// How many layers follow.
    pub layers: usize,
    /// The experiment's permalink.
    pub link: &'a [u8],
}

/// Reads a file from front to back without ever reaching past its end.
pub struct Reader<'a> {
    /// All but the checksum.
    body: &'a [u8],
    at: usize,
    checksum: &'a [u8],
    /// Weights that the file may still hold.
    weights_left: usize,
}

impl<'a> Reader<'a> {
    /// A file of a version, read up to behind that.
    ///
    /// # Errors
    /// If it is no packed file, or one of another version.
    pub fn open(file: &'a [u8], version: u8) -> Result<Self, PackError> {
        if !file.starts_with(MAGIC) {
            return Err(PackError::NotPacked);
        }
        let body = file.len().saturating_sub(CHECKSUM).max(MAGIC.len());
        let (body, checksum) = file.split_at(body);
        let mut reader = Self { body, at: MAGIC.len(), checksum, weights_left: budget(file.len()) };
        let [found] = reader.array()?;
        if found == version { Ok(reader) } else { Err(PackError::Version { found, read: version }) }
    }

    /// What stands in front of the layers.
    ///
    /// # Errors
    /// If it is cut short or names no kind of network.
    pub fn head(&mut self) -> Result<Head<'a>, PackError> {
        let accuracy = f32::from_le_bytes(self.array()?);
        let [kinds] = self.array()?;
        let kind = *KINDS.get(usize::from(kinds & 15)).ok_or(PackError::Field("no such kind of network"))?;
        let [features, layers, link] = [self.size()?, self.size()?, self.size()?];
        Ok(Head { accuracy, kind, coding: kinds >> 4, features, layers, link: self.bytes(link)? })
    }

    /// The next bytes.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], PackError> {
        // A header may announce more than this machine can count.
        let end = self.at.saturating_add(count);
        let bytes = self.body.get(self.at..end).ok_or(self.cut_short(end))?;
        self.at = end;
        Ok(bytes)
    }

    /// The next bytes as an array.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], PackError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    /// The next numbers.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn floats(&mut self, count: usize) -> Result<Vec<f32>, PackError> {
        let (numbers, _) = self.bytes(count.saturating_mul(4))?.as_chunks::<4>();
        Ok(numbers.iter().map(|&number| f32::from_le_bytes(number)).collect())
    }

    /// The next size.
    ///
    /// # Errors
    /// If it has more than 32 bits, or is cut short.
    pub fn size(&mut self) -> Result<usize, PackError> {
        let mut size = 0_u64;
        for place in 0..5 {
            let [byte] = self.array()?;
            size |= u64::from(byte & 127) << (7 * place);
            if byte < 128 {
                break;
            }
        }
        // The fifth byte ends a size whatever it says: with more to come it would be more than 32 bits.
        u32::try_from(size).map(|size| size as usize).map_err(|_| PackError::Field("a size of more than 32 bits"))
    }

    /// How many weights a matrix has that the file is long enough to hold.
    ///
    /// # Errors
    /// If it has more, or none.
    pub fn weights(&mut self, rows: usize, columns: usize) -> Result<usize, PackError> {
        let count = rows.checked_mul(columns).filter(|count| *count <= self.weights_left);
        let count = count.ok_or(PackError::Field("more weights than a file of this length may hold"))?;
        self.weights_left -= count;
        if count == 0 { Err(PackError::Field("a layer without units")) } else { Ok(count) }
    }

    /// All that has not been read.
    pub fn rest(&self) -> &'a [u8] {
        &self.body[self.at..]
    }

    /// The error of a file that ends although it announces bytes up to `end`.
    pub fn cut_short(&self, end: usize) -> PackError {
        let found = self.body.len() + self.checksum.len();
        PackError::CutShort { needed: end.saturating_add(CHECKSUM), found }
    }

    /// The error of a stream that goes on past the end.
    pub fn stream_ends(&self) -> PackError {
        self.cut_short(self.body.len() + 1)
    }

    /// Checks that the file ends here, and its checksum.
    ///
    /// # Errors
    /// If it goes on, or was changed.
    pub fn close(self) -> Result<(), PackError> {
        match (self.rest().is_empty(), self.checksum == crc32(self.body).to_le_bytes()) {
            (true, true) => Ok(()),
            (false, _) => Err(PackError::Field("it goes on past its end")),
            (_, false) => Err(PackError::Checksum),
        }
    }
}
