//! Which weights of a matrix are there, written in whatever way is shortest.

use retort_spec::Layout;

use super::{
    PackError,
    file::{Reader, put_size},
    stream::{self, Alphabet},
};
use crate::format::bits::{BitReader, BitWriter, width_of};

/// The widths of gaps that are tried: Deep Compression's are 5 and 8 (Han et al. 2016, section 3).
const WIDTHS: std::ops::RangeInclusive<u32> = 3..=8;

/// The shortest way to say where a mask is set; whether its gaps are Huffman coded.
pub fn put(mask: &[bool], columns: usize, huffman: bool) -> (Layout, Vec<u8>, bool) {
    if mask.iter().all(|kept| *kept) {
        return (Layout::Dense, Vec::new(), false);
    }
    let mut best = (Layout::Bitmask, bitmask(mask), false);
    let csr = csr(mask, columns);
    if csr.len() < best.1.len() {
        best = (Layout::Csr, csr, false);
    }
    for width in WIDTHS {
        let gaps = gaps(mask, width);
        let (stream, coded) = stream::put(&gaps, Alphabet::Of(1 << width), huffman);
        let mut bytes = vec![width as u8];
        put_size(&mut bytes, gaps.len());
        bytes.extend(stream);
        if bytes.len() < best.1.len() {
            best = (Layout::Gaps, bytes, coded);
        }
    }
    best
}

fn bitmask(mask: &[bool]) -> Vec<u8> {
    let mut writer = BitWriter::default();
    mask.iter().for_each(|&kept| writer.put(kept.into(), 1));
    writer.into_bytes()
}

fn csr(mask: &[bool], columns: usize) -> Vec<u8> {
    let mut writer = BitWriter::default();
    for row in mask.chunks(columns) {
        writer.put(row.iter().filter(|kept| **kept).count() as u32, width_of(columns + 1));
    }
    for (place, _) in mask.iter().enumerate().filter(|(_, kept)| **kept) {
        writer.put((place % columns) as u32, width_of(columns));
    }
    writer.into_bytes()
}

fn gaps(mask: &[bool], width: u32) -> Vec<u8> {
    let most = (1 << width) - 1;
    let (mut gaps, mut gap) = (Vec::new(), 0);
    for &kept in mask {
        // Places are passed over only where a weight follows, so that there is no gap at the end.
        if kept {
            while gap >= most {
                gaps.push(most as u8);
                gap -= most;
            }
            gaps.push(gap as u8);
            gap = 0;
        } else {
            gap += 1;
        }
    }
    gaps
}

/// Reads which of a matrix's weights are there; `None` for all.
pub fn get(
    reader: &mut Reader<'_>,
    layout: Layout,
    coded: bool,
    rows: usize,
    columns: usize,
) -> Result<Option<Vec<bool>>, PackError> {
    if layout == Layout::Dense {
        return Ok(None);
    }
    let mut mask = vec![false; rows * columns];
    match layout {
        Layout::Dense => {}
        Layout::Bitmask => {
            let bits = stream::get_plain(reader, rows * columns, 1)?;
            mask.iter_mut().zip(bits).for_each(|(kept, bit)| *kept = bit == 1);
        }
        Layout::Csr => get_csr(reader, &mut mask, columns)?,
        Layout::Gaps => get_gaps(reader, &mut mask, coded)?,
    }
    Ok(Some(mask))
}

fn get_csr(reader: &mut Reader<'_>, mask: &mut [bool], columns: usize) -> Result<(), PackError> {
    let mut bits = BitReader::new(reader.rest());
    let mut take = |width| bits.take(width).map(|number| number as usize).ok_or(reader.stream_ends());
    let mut counts = Vec::new();
    for _ in mask.chunks(columns) {
        counts.push(take(width_of(columns + 1))?);
    }
    for (row, count) in mask.chunks_mut(columns).zip(counts) {
        let mut least = 0;
        for _ in 0..count {
            let column = take(width_of(columns))?;
            let kept = row.get_mut(column).filter(|_| column >= least);
            *kept.ok_or(PackError::Field("columns that do not rise"))? = true;
            least = column + 1;
        }
    }
    reader.bytes(bits.bytes_read())?;
    Ok(())
}

fn get_gaps(reader: &mut Reader<'_>, mask: &mut [bool], coded: bool) -> Result<(), PackError> {
    let [width] = reader.array()?;
    if !WIDTHS.contains(&width.into()) {
        return Err(PackError::Field("no such width of gaps"));
    }
    const PAST: PackError = PackError::Field("a gap that ends outside its matrix");
    // A gap leads on by a place at least.
    let count = reader.size()?;
    if count > mask.len() {
        return Err(PAST);
    }
    let most = (1 << width) - 1;
    let mut place = 0;
    for gap in stream::get(reader, count, Alphabet::Of(most + 1), coded)? {
        let gap = usize::from(gap);
        place += gap;
        if gap < most {
            *mask.get_mut(place).ok_or(PAST)? = true;
            place += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_by_hand() {
        let mask = |places: &[usize], length| (0..length).map(|place| places.contains(&place)).collect::<Vec<_>>();
        assert_eq!(bitmask(&mask(&[0, 2, 9], 10)), [0b101, 0b10]);
        // Two rows of three: one weight and two, in 2 bits each; columns 2, 0 and 1, too.
        assert_eq!(csr(&mask(&[2, 3, 4], 6), 3), [0b00_10_10_01, 0b01]);
        assert_eq!(gaps(&mask(&[0, 1, 8, 16, 30], 40), 3), [0, 0, 6, 7, 0, 7, 6]);
        assert_eq!(gaps(&mask(&[], 40), 3), [0; 0]);
    }

    #[test]
    fn the_shortest_is_taken() {
        let mask = |every: usize| (0..40_960).map(|place| place % every == 1).collect::<Vec<_>>();
        let put = |mask: &[bool]| put(mask, 4096, false);
        let length = |mask: &[bool]| put(mask).1.len();
        assert_eq!(put(&[true; 4096]), (Layout::Dense, Vec::new(), false));
        assert_eq!(put(&mask(2)).0, Layout::Bitmask, "a gap takes 3 bits, two places 2");
        assert_eq!(length(&mask(2)), 40_960 / 8);
        assert_eq!(put(&mask(15)).0, Layout::Gaps);
        // 2,731 gaps of 4 bits; their width and their number before.
        assert_eq!(length(&mask(15)), 1366 + 3);
        assert_eq!(put(&mask(1000)).0, Layout::Csr, "a gap would take 4 bytes");
        // 10 rows, 13 bits each; 41 columns of 12 bits.
        assert_eq!(length(&mask(1000)), (130_usize + 41 * 12).div_ceil(8));
        assert_eq!(put(&[false; 40_960]), (Layout::Gaps, vec![3, 0], false));
    }
}
