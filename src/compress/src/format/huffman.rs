//! Canonical Huffman codes (Huffman 1952; canonical as in RFC 1951, section 3.2.2) for small alphabets.
//!
//! A stream is its table and then its codes, bit after bit. The table gives the length of each symbol's code, symbol by
//! symbol, in 4 bits: 1 to [`MAX_LENGTH`], or 0 and in 4 more bits how many symbols without a code stand here, less
//! one. A symbol that is the only one has the length 1 in the table and takes no bits. Codes are written from their
//! highest bit.

use crate::format::bits::{BitReader, BitWriter};

/// The longest code: what 4 bits can say.
pub const MAX_LENGTH: usize = 15;
/// The longest run of symbols without a code.
const MAX_RUN: usize = 16;
/// Bits of an entry of the table.
const ENTRY: u32 = 4;

/// Why a stream cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It ends too soon.
    Ends,
    /// Its table is none of a prefix code.
    Table,
}

/// The length of each symbol's code; 0 for symbols that do not occur.
pub fn lengths(counts: &[u32]) -> Vec<u8> {
    let mut weights = counts.to_vec();
    loop {
        let lengths = depths(&weights);
        if lengths.iter().all(|&length| usize::from(length) <= MAX_LENGTH) {
            return lengths;
        }
        // Weights that differ less make a tree that is less deep; all alike they make one of depth 8.
        weights.iter_mut().for_each(|weight| *weight = weight.div_ceil(2));
    }
}

/// How deep each symbol lies in Huffman's tree.
fn depths(counts: &[u32]) -> Vec<u8> {
    let mut weights: Vec<u64> = counts.iter().map(|&count| count.into()).collect();
    let mut parents = vec![0; weights.len()];
    // Nodes of weight zero are in no tree any more, or never were.
    let smallest = |weights: &mut Vec<u64>| {
        let mut least: Option<usize> = None;
        for (node, &weight) in weights.iter().enumerate() {
            if weight > 0 && least.is_none_or(|least| weight < weights[least]) {
                least = Some(node);
            }
        }
        least.map(|node| (node, std::mem::take(&mut weights[node])))
    };
    let mut root = None;
    while let Some((left, first)) = smallest(&mut weights) {
        root = Some(left);
        let Some((right, second)) = smallest(&mut weights) else { break };
        (parents[left], parents[right]) = (weights.len(), weights.len());
        weights.push(first + second);
        parents.push(0);
    }
    let mut depths = vec![0_u8; weights.len()];
    for node in (0..weights.len()).rev() {
        // Parents come after their children, so theirs is known. No tree of a 32-bit count is deeper than 50.
        if parents[node] > node {
            depths[node] = depths[parents[node]] + 1;
        }
    }
    depths.truncate(counts.len());
    if let Some(depth) = root.and_then(|only| depths.get_mut(only)) {
        *depth = 1;
    }
    depths
}

/// How many codes have each length.
fn histogram(lengths: &[u8]) -> [u32; MAX_LENGTH + 1] {
    let mut histogram = [0; MAX_LENGTH + 1];
    lengths.iter().filter(|length| **length > 0).for_each(|&length| histogram[usize::from(length)] += 1);
    histogram
}

/// The code of each symbol.
fn codes(lengths: &[u8]) -> Vec<u32> {
    let histogram = histogram(lengths);
    let mut next = [0; MAX_LENGTH + 1];
    for length in 1..=MAX_LENGTH {
        next[length] = (next[length - 1] + histogram[length - 1]) << 1;
    }
    let mut code = |&length: &u8| {
        let next = &mut next[usize::from(length)];
        *next += 1;
        *next - 1
    };
    lengths.iter().map(|length| if *length > 0 { code(length) } else { 0 }).collect()
}

/// Writes symbols, each less than `alphabet`, which is at most 256.
pub fn encode(symbols: &[u8], alphabet: usize) -> Vec<u8> {
    let mut counts = vec![0; alphabet];
    symbols.iter().for_each(|&symbol| counts[usize::from(symbol)] += 1);
    let lengths = lengths(&counts);
    let mut writer = BitWriter::default();
    put_table(&mut writer, &lengths);
    if lengths.iter().filter(|length| **length > 0).count() > 1 {
        let codes = codes(&lengths);
        for &symbol in symbols {
            let (code, length) = (codes[usize::from(symbol)], lengths[usize::from(symbol)]);
            (0..length).rev().for_each(|place| writer.put(code >> place, 1));
        }
    }
    writer.into_bytes()
}

fn put_table(writer: &mut BitWriter, lengths: &[u8]) {
    let mut symbol = 0;
    while symbol < lengths.len() {
        let run = lengths[symbol..].iter().take(MAX_RUN).take_while(|length| **length == 0).count();
        writer.put(lengths[symbol].into(), ENTRY);
        if run > 0 {
            writer.put(run as u32 - 1, ENTRY);
        }
        symbol += run.max(1);
    }
}

/// Reads `count` symbols.
///
/// # Errors
/// [`Fault`] says what is wrong with the stream.
pub fn decode(reader: &mut BitReader<'_>, count: usize, alphabet: usize) -> Result<Vec<u8>, Fault> {
    let lengths = get_table(reader, alphabet)?;
    let histogram = histogram(&lengths);
    // By length, then by symbol, which is the order of their codes.
    let mut ordered = Vec::with_capacity(alphabet);
    for length in 1..=MAX_LENGTH {
        ordered.extend((0..alphabet).filter(|&symbol| usize::from(lengths[symbol]) == length).map(|s| s as u8));
    }
    let space: u32 = (1..=MAX_LENGTH).map(|length| histogram[length] << (MAX_LENGTH - length)).sum();
    match ordered[..] {
        [] if count == 0 => Ok(Vec::new()),
        [only] if lengths[usize::from(only)] == 1 => Ok(vec![only; count]),
        [_, _, ..] if space == 1 << MAX_LENGTH => {
            let mut symbols = Vec::new();
            for _ in 0..count {
                symbols.push(ordered[place(reader, &histogram)?]);
            }
            Ok(symbols)
        }
        _ => Err(Fault::Table),
    }
}

fn get_table(reader: &mut BitReader<'_>, alphabet: usize) -> Result<Vec<u8>, Fault> {
    let mut lengths = Vec::with_capacity(alphabet);
    while lengths.len() < alphabet {
        match reader.take(ENTRY).ok_or(Fault::Ends)? {
            0 => {
                let run = reader.take(ENTRY).ok_or(Fault::Ends)? as usize + 1;
                lengths.resize(lengths.len() + run, 0);
            }
            length => lengths.push(length as u8),
        }
    }
    if lengths.len() == alphabet { Ok(lengths) } else { Err(Fault::Table) }
}

/// The place of the next code among all, in their order.
fn place(reader: &mut BitReader<'_>, histogram: &[u32; MAX_LENGTH + 1]) -> Result<usize, Fault> {
    let (mut code, mut first, mut before) = (0, 0, 0);
    for &count in &histogram[1..] {
        code = code << 1 | reader.take(1).ok_or(Fault::Ends)?;
        first <<= 1;
        // Codes shorter than this one are prefixes of lesser numbers, so the code is never below the first.
        if code - first < count {
            return Ok((before + code - first) as usize);
        }
        first += count;
        before += count;
    }
    Err(Fault::Table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;
    use rand::RngExt;

    fn counts_of(symbols: &[u8], alphabet: usize) -> Vec<u32> {
        (0..alphabet).map(|a| symbols.iter().filter(|s| usize::from(**s) == a).count() as u32).collect()
    }

    /// Draws symbols of which small ones are frequent; the larger the power, the more so.
    fn draw(count: usize, alphabet: usize, power: i32) -> Vec<u8> {
        let mut generator = random::stream(7, "symbols");
        let mut draw = || (alphabet as f64 * generator.random::<f64>().powi(power)) as u8;
        (0..count).map(|_| draw()).collect()
    }

    #[test]
    fn lengths_and_codes_by_hand() {
        // Huffman's own procedure on 5, 2, 1, 1: 1+1 = 2, 2+2 = 4, 4+5.
        assert_eq!(lengths(&[5, 2, 1, 1, 0]), [1, 2, 3, 3, 0]);
        // RFC 1951, section 3.2.2: lengths (3,3,3,3,3,2,4,4) have the codes 010 … 110, 00, 1110, 1111.
        assert_eq!(codes(&[3, 3, 3, 3, 3, 2, 4, 4]), [0b010, 0b011, 0b100, 0b101, 0b110, 0b00, 0b1110, 0b1111]);
        // Lengths 1, 2, 2 in half bytes; 0, 10, 0, 11, 0.
        assert_eq!(encode(&[0, 1, 0, 2, 0], 3), [0x21, 0b0010_0010, 0b011]);
    }

    #[test]
    fn everything_comes_back() {
        for alphabet in [1, 2, 3, 5, 16, 31, 256] {
            for (count, power) in [(0, 1), (1, 1), (2, 1), (9, 2), (500, 1), (500, 9), (5000, 3)] {
                let symbols = draw(count, alphabet, power);
                let file = encode(&symbols, alphabet);
                let mut reader = BitReader::new(&file);
                assert_eq!(decode(&mut reader, count, alphabet), Ok(symbols), "{alphabet} {count} {power}");
                assert_eq!(reader.bytes_read(), file.len());
            }
        }
    }

    #[test]
    fn the_mean_length_is_within_a_bit_of_the_entropy_and_the_code_is_full() {
        for (alphabet, power) in [(2, 1), (3, 4), (16, 1), (16, 3), (64, 2), (256, 1), (256, 6)] {
            let counts = counts_of(&draw(4000, alphabet, power), alphabet);
            let lengths = lengths(&counts);
            let share = |count: u32| f64::from(count) / 4000.0;
            let used = || counts.iter().zip(&lengths).filter(|(count, _)| **count > 0);
            let mean: f64 = used().map(|(&count, &length)| share(count) * f64::from(length)).sum();
            let entropy: f64 = used().map(|(&count, _)| -share(count) * share(count).log2()).sum();
            assert!(entropy <= mean + 1e-9 && mean < entropy + 1.0, "{entropy} {mean}");
            let kraft: f64 = used().map(|(_, &length)| 0.5_f64.powi(length.into())).sum();
            assert_eq!(kraft, 1.0);
            assert!(counts.iter().zip(&lengths).all(|(count, length)| (*count > 0) == (*length > 0)));
        }
    }

    #[test]
    fn no_code_is_longer_than_fifteen() {
        // Fibonacci's numbers make the deepest tree.
        let mut counts = vec![1, 1];
        (2..40).for_each(|i| counts.push(counts[i - 1] + counts[i - 2]));
        assert!(depths(&counts).contains(&39));
        let lengths = lengths(&counts);
        assert!(lengths.iter().all(|length| (1..=15).contains(length)));
        let kraft: f64 = lengths.iter().map(|&length| 0.5_f64.powi(length.into())).sum();
        assert_eq!(kraft, 1.0);
    }

    #[test]
    fn few_symbols_take_few_bytes() {
        assert_eq!(encode(&[], 0), [0; 0]);
        assert_eq!(encode(&[], 16), [0xf0], "sixteen without a code");
        assert_eq!(encode(&[0; 1000], 1), [0x01], "no bits for what is known");
        assert_eq!(encode(&[255; 1000], 256).len(), 17, "16 runs of a byte, and a length");
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let decode = |bytes: &[u8], count| decode(&mut BitReader::new(bytes), count, 3);
        assert_eq!(decode(&[0x11, 0x01], 1), Err(Fault::Table), "three codes of one bit");
        assert_eq!(decode(&[0x22, 0x02], 1), Err(Fault::Table), "a fourth is missing");
        assert_eq!(decode(&[0x02, 0x11], 1), Err(Fault::Table), "a single code of two bits, then none");
        assert_eq!(decode(&[0xf0], 0), Err(Fault::Table), "more symbols than there are");
        assert_eq!(decode(&[0x20], 1), Err(Fault::Table), "symbols without a table");
        assert_eq!(decode(&[0x21], 1), Err(Fault::Ends));
        assert_eq!(decode(&[0x21, 0x02], 5), Err(Fault::Ends));
    }
}
