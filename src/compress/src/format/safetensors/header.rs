//! The header of a safetensors file: the part of JSON (RFC 8259) that it is made of, and where each tensor lies.

/// A tensor as the header describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The type of its numbers.
    pub dtype: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Where its numbers begin and end, in bytes behind the header.
    pub offsets: (usize, usize),
}

/// Texts by their keys, in the file's order.
pub type Metadata = Vec<(String, String)>;

/// A header that is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the header is damaged at byte {at}: {expected} should stand there")]
pub struct HeaderError {
    /// Bytes from the header's beginning.
    pub at: usize,
    /// What would be right.
    pub expected: &'static str,
}

/// Reads a header. It nests as deep as the format does and no deeper, so there is no recursion that a file could drive.
///
/// # Errors
/// At the first byte that is not what the format asks for.
pub fn parse(text: &str) -> Result<(Vec<Entry>, Metadata), HeaderError> {
    let mut json = Json { text, at: 0 };
    let (mut entries, mut metadata) = (Vec::new(), None);
    json.list('{', '}', |json| {
        let name = json.key()?;
        if name == "__metadata__" {
            return match metadata.replace(json.texts()?) {
                None => Ok(()),
                Some(_) => json.wrong("other metadata than before"),
            };
        }
        entries.push(json.entry(name)?);
        Ok(())
    })?;
    json.space();
    match json.at == text.len() {
        true => Ok((entries, metadata.unwrap_or_default())),
        false => json.wrong("the header's end"),
    }
}

/// Reads a JSON list of texts, as metadata may hold one.
///
/// # Errors
/// At the first byte that does not belong to one.
pub fn texts(text: &str) -> Result<Vec<String>, HeaderError> {
    let (mut json, mut texts) = (Json { text, at: 0 }, Vec::new());
    json.list('[', ']', |json| {
        texts.push(json.string()?);
        Ok(())
    })?;
    json.space();
    if json.at == text.len() { Ok(texts) } else { json.wrong("the list's end") }
}

struct Json<'a> {
    text: &'a str,
    at: usize,
}

impl Json<'_> {
    fn wrong<T>(&self, expected: &'static str) -> Result<T, HeaderError> {
        Err(HeaderError { at: self.at, expected })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes a mark, spaces before it included, if it comes next.
    fn takes(&mut self, mark: char) -> bool {
        self.space();
        let next = self.peek() == Some(mark as u8);
        self.at += usize::from(next);
        next
    }

    /// Whatever stands between two marks, with commas between.
    fn list(
        &mut self,
        open: char,
        close: char,
        mut item: impl FnMut(&mut Self) -> Result<(), HeaderError>,
    ) -> Result<(), HeaderError> {
        if !self.takes(open) {
            return self.wrong("an opening brace or bracket");
        }
        if self.takes(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.takes(close) {
                return Ok(());
            }
            if !self.takes(',') {
                return self.wrong("a comma or a closing mark");
            }
        }
    }

    fn key(&mut self) -> Result<String, HeaderError> {
        let key = self.string()?;
        if self.takes(':') { Ok(key) } else { self.wrong("a colon") }
    }

    fn texts(&mut self) -> Result<Metadata, HeaderError> {
        let mut texts: Metadata = Vec::new();
        self.list('{', '}', |json| {
            let entry = (json.key()?, json.string()?);
            texts.push(entry);
            Ok(())
        })?;
        Ok(texts)
    }

    fn entry(&mut self, name: String) -> Result<Entry, HeaderError> {
        let (mut dtype, mut shape, mut offsets) = (None, None, None);
        self.list('{', '}', |json| match json.key()?.as_str() {
            "dtype" if dtype.is_none() => json.string().map(|text| dtype = Some(text)),
            "shape" if shape.is_none() => json.numbers().map(|numbers| shape = Some(numbers)),
            "data_offsets" if offsets.is_none() => json.numbers().map(|numbers| offsets = Some(numbers)),
            _ => json.wrong("dtype, shape or data_offsets, each once"),
        })?;
        match (dtype, shape, offsets.as_deref()) {
            (Some(dtype), Some(shape), Some(&[start, end])) => Ok(Entry { name, dtype, shape, offsets: (start, end) }),
            _ => self.wrong("a dtype, a shape and two data_offsets before"),
        }
    }

    fn numbers(&mut self) -> Result<Vec<usize>, HeaderError> {
        let mut numbers = Vec::new();
        self.list('[', ']', |json| {
            numbers.push(json.number()?);
            Ok(())
        })?;
        Ok(numbers)
    }

    fn number(&mut self) -> Result<usize, HeaderError> {
        self.space();
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        match self.text[start..self.at].parse() {
            Ok(number) => Ok(number),
            Err(_) => self.wrong("a whole number"),
        }
    }

    fn string(&mut self) -> Result<String, HeaderError> {
        if !self.takes('"') {
            return self.wrong("a quotation mark");
        }
        let mut string = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..0x20)) {
                self.at += 1;
            }
            string.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => {
                    self.at += 1;
                    string.push(self.escape()?);
                }
                _ => return self.wrong("a quotation mark"),
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<char, HeaderError> {
        let mark = self.peek();
        self.at += 1;
        let character = match mark {
            Some(mark @ (b'"' | b'\\' | b'/')) => mark,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode(),
            _ => {
                self.at -= 1;
                return self.wrong("an escape that JSON knows");
            }
        };
        Ok(char::from(character))
    }

    fn unicode(&mut self) -> Result<char, HeaderError> {
        let mut code = self.hexadecimal()?;
        if (0xd800..0xdc00).contains(&code) && self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            // A pair of surrogates; the lower one's absence leaves a code that is no character.
            let low = self.hexadecimal()?.wrapping_sub(0xdc00);
            code = if low < 0x400 { 0x10000 + ((code - 0xd800) << 10) + low } else { code };
        }
        match char::from_u32(code) {
            Some(character) => Ok(character),
            None => self.wrong("a character"),
        }
    }

    fn hexadecimal(&mut self) -> Result<u32, HeaderError> {
        let digits = self.text.get(self.at..self.at + 4).filter(|four| four.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.wrong("four hexadecimal digits"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_in_another_hand() {
        let text = " {\n\"a.weight\" : { \"data_offsets\":[ 0 ,24], \"shape\":[2,3],\"dtype\":\"F32\" },\
                    \"__metadata__\":{\"k\\u00e9y\":\"\\\"\\\\\\/\\n\\ud83d\\ude00\"}, \
                    \"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[24,28]} }  ";
        let (entries, metadata) = parse(text).unwrap();
        assert_eq!(metadata, [("k\u{e9}y".to_owned(), "\"\\/\n\u{1f600}".to_owned())]);
        let first = Entry { name: "a.weight".into(), dtype: "F32".into(), shape: vec![2, 3], offsets: (0, 24) };
        assert_eq!(entries[0], first);
        assert!(entries[1].shape.is_empty());
        assert_eq!(parse("{}").unwrap(), (Vec::new(), Vec::new()));
    }

    #[test]
    fn lists_of_texts_are_read() {
        assert_eq!(texts(r#" ["a", "b\u00e9\"" ] "#).unwrap(), ["a", "b\u{e9}\""]);
        assert_eq!(texts("[]").unwrap(), [""; 0]);
        for (text, at) in [("", 0), ("[1]", 1), (r#"["a"] b"#, 6), (r#"["a""#, 4), (r#"["a",]"#, 5)] {
            assert_eq!(texts(text).unwrap_err().at, at, "{text}");
        }
    }

    #[test]
    fn damage_is_found_and_named() {
        for (text, at, expected) in [
            ("", 0, "an opening brace or bracket"),
            ("{\"a\"", 4, "a colon"),
            ("{}{", 2, "the header's end"),
            ("{\"a\":{}}", 7, "a dtype, a shape and two data_offsets before"),
            ("{\"a\":{\"shape\":[-1]}}", 15, "a whole number"),
            ("{\"a\":{\"shape\":[99999999999999999999]}}", 35, "a whole number"),
            ("{\"a\":{\"shape\":[1],\"shape\":[1]}}", 26, "dtype, shape or data_offsets, each once"),
            ("{\"a\\x\":1}", 4, "an escape that JSON knows"),
            ("{\"\\ud83d\":1}", 8, "a character"),
            ("{\"\\ud83d\\u0041\":1}", 14, "a character"),
            ("{\"\\u00\u{e9}1\":1}", 4, "four hexadecimal digits"),
            ("{\"a\nb\":1}", 3, "a quotation mark"),
            ("{\"__metadata__\":{\"a\":1}}", 21, "a quotation mark"),
        ] {
            assert_eq!(parse(text), Err(HeaderError { at, expected }), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(parse(&deep).is_err() && parse(&format!("{{\"a\":{deep}")).is_err());
    }

    #[test]
    fn no_cut_and_no_changed_byte_makes_it_panic() {
        let text = concat!(
            r#"{"__metadata__":{"a":"\ud83d\ude00\n"},"#,
            r#""b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
        );
        assert!(parse(text).is_ok());
        for at in 0..text.len() {
            assert!(parse(&text[..at]).is_err());
            for mark in ["\"", "\\", "{", "}", "0", ",", "\u{e9}"] {
                let _ = parse(&format!("{}{mark}{}", &text[..at], &text[at + 1..]));
            }
        }
    }
}
