//! Reads CSV files: a header, then rows; commas, semicolons or tabs between values, quotation marks around what
//! contains them (RFC 4180, and what spreadsheets make of it).

use std::{borrow::Cow, collections::HashMap};

use super::table_error::{MOST_COLUMNS, TableError};

/// Different words of a column, at most, that are told apart.
pub const MOST_LISTED: usize = 1_000;
/// Stands for a word that is missing.
pub const MISSING: u16 = u16::MAX;

/// A column as it was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers; NaN where one is missing.
    Numbers(Vec<f32>),
    /// Words by their index in a list; [`MISSING`] where one is missing.
    Words(Vec<u16>, Vec<String>),
    /// More different words than are told apart.
    Varied {
        /// How many values are missing.
        missing: usize,
    },
}

/// Columns with their names, in the file's order, all of one length.
pub type Columns = Vec<(String, Column)>;

/// Reads the columns of a CSV file. A column whose values are all numbers or missing is one of numbers.
///
/// # Errors
/// What is wrong with the file, and where.
pub fn read(bytes: &[u8]) -> Result<Columns, TableError> {
    let mut rows = Rows::new(text(bytes)?);
    let mut values = Vec::new();
    rows.next_row(&mut values)?;
    let expected = values.len();
    if expected > MOST_COLUMNS {
        return Err(TableError::TooManyColumns { found: expected });
    }
    if values.iter().all(|value| rows.number(value).is_some()) && expected > 0 {
        return Err(TableError::NoHeader);
    }
    let name = |(index, name): (usize, &Cow<'_, str>)| match name.trim() {
        "" => format!("column {}", index + 1),
        name => name.to_owned(),
    };
    let names: Vec<String> = values.iter().enumerate().map(name).collect();
    let first = rows.at;
    let line = rows.line;
    let mut numbers: Vec<Option<Vec<f32>>> = vec![Some(Vec::new()); expected];
    let mut count = 0;
    while rows.next_row(&mut values)? {
        if values.len() != expected {
            return Err(TableError::Ragged { line: rows.started, found: values.len(), expected });
        }
        count += 1;
        for (column, value) in numbers.iter_mut().zip(&values) {
            let Some(read) = column else { continue };
            match rows.number(value) {
                _ if is_missing(value) => read.push(f32::NAN),
                Some(number) => read.push(number),
                None => *column = None,
            }
        }
    }
    if count == 0 {
        return Err(TableError::Empty);
    }
    // Columns with words in them are read once more, all together.
    let mut words: Vec<Words> = numbers.iter().filter(|column| column.is_none()).map(|_| Words::default()).collect();
    if !words.is_empty() {
        (rows.at, rows.line) = (first, line);
        while rows.next_row(&mut values)? {
            let of_words = values.iter().zip(&numbers).filter(|(_, numbers)| numbers.is_none());
            words.iter_mut().zip(of_words).for_each(|(words, (value, _))| words.push(value));
        }
    }
    let mut words = words.into_iter();
    let mut column = |read: Option<Vec<f32>>| match read {
        Some(numbers) => Column::Numbers(numbers),
        None => words.next().unwrap_or_default().finish(),
    };
    Ok(names.into_iter().zip(numbers).map(|(name, read)| (name, column(read))).collect())
}

/// The values of one line, with commas between them.
pub fn values(line: &str) -> Vec<String> {
    let mut rows = Rows { text: line, at: 0, line: 1, started: 1, separator: b',' };
    let mut values = Vec::new();
    let _ = rows.next_row(&mut values);
    values.into_iter().map(Cow::into_owned).collect()
}

/// A number as files write it.
pub fn number(value: &str) -> Option<f32> {
    value.parse().ok().filter(|number: &f32| number.is_finite())
}

/// What stands for a missing value.
pub fn is_missing(value: &str) -> bool {
    matches!(value, "" | "NA" | "N/A" | "n/a" | "NaN" | "nan" | "null" | "NULL" | "None" | "?")
}

/// A file as text.
fn text(bytes: &[u8]) -> Result<&str, TableError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(TableError::WideText);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let line_of = |at: usize| 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(TableError::NotText { line: line_of(at) });
    }
    std::str::from_utf8(bytes).map_err(|error| TableError::NotText { line: line_of(error.valid_up_to()) })
}

/// The words of a column while it is read.
#[derive(Default)]
struct Words {
    indices: Vec<u16>,
    list: Vec<String>,
    known: HashMap<String, u16>,
    is_varied: bool,
    missing: usize,
}

impl Words {
    fn push(&mut self, value: &str) {
        if is_missing(value) {
            self.missing += 1;
            return self.indices.push(MISSING);
        }
        if self.is_varied {
            return;
        }
        let next = self.list.len();
        let index = self.known.get(value).copied().unwrap_or_else(|| {
            self.list.push(value.to_owned());
            self.known.insert(value.to_owned(), next as u16);
            next as u16
        });
        self.indices.push(index);
        if self.list.len() > MOST_LISTED {
            // Nothing can be made of it; what was read is let go.
            self.is_varied = true;
            (self.indices, self.list, self.known) = Default::default();
        }
    }

    fn finish(self) -> Column {
        match self.is_varied {
            true => Column::Varied { missing: self.missing },
            false => Column::Words(self.indices, self.list),
        }
    }
}

/// A CSV file, row by row.
struct Rows<'a> {
    text: &'a str,
    at: usize,
    /// The line of `at`, from 1.
    line: usize,
    /// The line in which the last row began.
    started: usize,
    separator: u8,
}

impl<'a> Rows<'a> {
    fn new(text: &'a str) -> Self {
        let mut rows = Self { text, at: 0, line: 1, started: 1, separator: b',' };
        rows.skip_empty();
        let header = text[rows.at..].split(['\n', '\r']).next().unwrap_or_default();
        // A spreadsheet's own mark.
        if let Some(&[separator]) = header.strip_prefix("sep=").map(str::as_bytes) {
            rows.separator = separator;
            rows.at += header.len();
            return rows;
        }
        let count = |separator: u8| {
            let mut is_quoted = false;
            let is_between = |byte: &u8| {
                is_quoted ^= *byte == b'"';
                *byte == separator && !is_quoted
            };
            header.bytes().filter(is_between).count()
        };
        let most = [b'\t', b';', b','].into_iter().max_by_key(|&separator| count(separator));
        rows.separator = most.unwrap_or(b',');
        rows
    }

    /// A number as this file writes it: where commas separate no values they may stand before decimals.
    fn number(&self, value: &str) -> Option<f32> {
        let plain = number(value);
        let has_decimal_comma = || self.separator != b',' && value.bytes().filter(|byte| *byte == b',').count() == 1;
        if plain.is_none() && has_decimal_comma() && !value.contains('.') {
            return number(&value.replace(',', "."));
        }
        plain
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_empty(&mut self) {
        while let Some(byte @ (b'\n' | b'\r')) = self.byte() {
            self.line += usize::from(byte == b'\n');
            self.at += 1;
        }
    }

    /// The values of the next row that is not empty; false at the end.
    fn next_row(&mut self, values: &mut Vec<Cow<'a, str>>) -> Result<bool, TableError> {
        values.clear();
        self.skip_empty();
        self.started = self.line;
        if self.byte().is_none() {
            return Ok(false);
        }
        loop {
            while self.byte() == Some(b' ') {
                self.at += 1;
            }
            let column = values.len() + 1;
            values.push(if self.byte() == Some(b'"') { self.quoted(column)? } else { self.plain() });
            match self.byte() {
                Some(byte) if byte == self.separator => self.at += 1,
                _ => return Ok(true),
            }
        }
    }

    fn plain(&mut self) -> Cow<'a, str> {
        let rest = &self.text.as_bytes()[self.at..];
        let ends = |byte: &u8| *byte == self.separator || matches!(byte, b'\n' | b'\r');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let value = self.text[self.at..self.at + length].trim();
        self.at += length;
        value.into()
    }

    fn quoted(&mut self, column: usize) -> Result<Cow<'a, str>, TableError> {
        let line = self.line;
        let mut value = Cow::Borrowed("");
        loop {
            self.at += 1;
            let rest = &self.text[self.at..];
            let length = rest.find('"').ok_or(TableError::OpenQuote { line, column })?;
            self.line += rest[..length].bytes().filter(|byte| *byte == b'\n').count();
            if value.is_empty() {
                value = Cow::Borrowed(&rest[..length]);
            } else {
                value.to_mut().push_str(&rest[..length]);
            }
            self.at += length + 1;
            // Two quotation marks are one.
            if self.byte() != Some(b'"') {
                break;
            }
            value.to_mut().push('"');
        }
        while self.byte() == Some(b' ') {
            self.at += 1;
        }
        match self.byte() {
            None | Some(b'\n' | b'\r') => Ok(value),
            Some(byte) if byte == self.separator => Ok(value),
            Some(_) => Err(TableError::AfterQuote { line: self.line, column }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The columns of a file, each by its name and what it holds.
    fn shown(text: &str) -> Vec<String> {
        let shown = |(name, column): (String, Column)| match column {
            Column::Numbers(numbers) => format!("{name}: {numbers:?}"),
            Column::Words(indices, list) => {
                let word = |index: &u16| list.get(usize::from(*index)).map_or("-", String::as_str);
                format!("{name}: {}", indices.iter().map(word).collect::<Vec<&str>>().join("|"))
            }
            Column::Varied { missing } => format!("{name}: varied, {missing} missing"),
        };
        read(text.as_bytes()).unwrap().into_iter().map(shown).collect()
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        for text in [
            "a,b\n1,x\n2.5,y\n",
            "\u{feff}a,b\r\n1,x\r\n2.5,y",
            "a,b\r1,x\r2.5,y\r",
            "\n\na , b\n\n 1 ,x \n2.5, y\n\n",
            "a;b\n1;x\n2,5;y\n",
            "a\tb\n1\tx\n2,5\ty\n",
            "sep=;\r\na;b\r\n1;x\r\n2.5;y\r\n",
            "\"a\",\"b\"\n\"1\",\"x\"\n \"2.5\" , \"y\" \n",
        ] {
            assert_eq!(shown(text), ["a: [1.0, 2.5]", "b: x|y"], "{text:?}");
        }
        // Quotation marks keep separators, line ends and other quotation marks.
        assert_eq!(shown("\"a,b\";c\n1;\"x;\n\"\"y\"\"\"\n"), ["a,b: [1.0]", "c: x;\n\"y\""]);
        assert_eq!(shown("城市,价格\n北京,1\n"), ["城市: 北京", "价格: [1.0]"]);
    }

    #[test]
    fn values_may_be_missing_and_columns_without_a_name() {
        assert_eq!(shown("a,,c\nNA,,x\n1,?,\n"), ["a: [NaN, 1.0]", "column 2: [NaN, NaN]", "c: x|-"]);
        // A word late in a column makes words of all that stand before it, as they were written.
        assert_eq!(shown("a\n1.50\n\"\"\n2\nw\n"), ["a: 1.50|-|2|w"]);
        assert_eq!(shown("a,b\ninf,1\n1e999,1\n"), ["a: inf|1e999", "b: [1.0, 1.0]"]);
        let rows: String = (0..=MOST_LISTED).map(|row| format!("w{row},1\n")).collect();
        assert_eq!(shown(&format!("id,b\nNA,1\n{rows}"))[0], "id: varied, 1 missing");
        assert_eq!(values("1, \"a, b\" ,c"), ["1", "a, b", "c"]);
        assert!(values("").is_empty());
    }

    #[test]
    fn faults_are_named_with_their_places() {
        let of = |text: &[u8]| read(text).unwrap_err();
        assert_eq!(of(b""), TableError::Empty);
        assert_eq!(of(b"\n\n \n"), TableError::Empty);
        assert_eq!(of(b"a,b\n"), TableError::Empty);
        assert_eq!(of(b"a,b\n1,2\n\n1\n"), TableError::Ragged { line: 4, found: 1, expected: 2 });
        assert_eq!(of(b"a,b\n1,\"x\ny\"\n1,2,3\n"), TableError::Ragged { line: 4, found: 3, expected: 2 });
        // The line in which the row begins, not the one in which it ends.
        assert_eq!(of(b"a,b\n\"x\ny\"\n"), TableError::Ragged { line: 2, found: 1, expected: 2 });
        assert_eq!(of(b"a,b\n1,\"2\n"), TableError::OpenQuote { line: 2, column: 2 });
        assert_eq!(of(b"a,b\n1,\"2\"x\n"), TableError::AfterQuote { line: 2, column: 2 });
        assert_eq!(of(b"1,2\n3,4\n"), TableError::NoHeader);
        assert_eq!(of(b"a,b\n1,\xb0C\n"), TableError::NotText { line: 2 });
        assert_eq!(of(b"a,b\n1,2\n\0\0"), TableError::NotText { line: 3 });
        assert_eq!(of(b"\xff\xfea\0,\0"), TableError::WideText);
        let wide = vec!["a"; MOST_COLUMNS + 1].join(",");
        assert_eq!(of(wide.as_bytes()), TableError::TooManyColumns { found: MOST_COLUMNS + 1 });
    }

    #[test]
    fn no_beginning_of_a_file_panics() {
        let file = "sep=;\n\"a\";\"b, \"\"c\"\"\"\n1,5;\u{e9}\n;\"x\ny\" \n".as_bytes();
        for end in 0..file.len() {
            let _ = read(&file[..end]);
        }
    }
}
