//! A link as it arrives: mail programs, chats, course editors and trackers bend it on its way.

use crate::number::read_number;

/// The page's own settings in a link, beside the knobs.
pub const PAGE_KEYS: &[&str] =
    &["lang", "theme", "hide", "lock", "view", "tab", "depth", "lesson", "sweep", "search", "class"];

/// Keys that trackers add to links on their way. They say nothing about the experiment.
const TRACKERS: [&str; 31] = [
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "dclid",
    "fbclid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "igsh",
    "igshid",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "mibextid",
    "mkt_tok",
    "msclkid",
    "oly_anon_id",
    "oly_enc_id",
    "ref",
    "ref_src",
    "share_id",
    "si",
    "spm",
    "srsltid",
    "ttclid",
    "twclid",
    "vero_id",
    "wbraid",
    "yclid",
];

/// An encoding is undone this often at most: each program on the way may have encoded the link again.
const ENCODED: usize = 8;

/// Whether a tracker added this key.
pub fn is_tracker(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.starts_with("utm_") || TRACKERS.contains(&key.as_str())
}

/// The pairs of a link in their order, those of trackers left out. Takes a whole address, the part behind its `#` or
/// `?`, or pairs alone. A key without `=` has an empty value.
///
/// No key and no value of an experiment contains `%`, `&` or `=`. So the text is decoded as often as it was encoded,
/// and `&amp;` is read as `&`, before it is split.
pub fn pairs(link: &str) -> Vec<(String, String)> {
    let text = straightened(link);
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in part(&text).split('&').flat_map(split_leniently).filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        if !is_tracker(key) {
            pairs.push((key.trim().to_owned(), value.to_owned()));
        }
    }
    pairs
}

/// The value of a page key in a link.
pub fn page_key(link: &str, key: &str) -> Option<String> {
    pairs(link).into_iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

/// What a text may have been meant as, likeliest first: as it stands, then as people type it and programs bend it.
pub fn readings(text: &str) -> Vec<String> {
    let plain = plain(text);
    let unpunctuated = unpunctuated(&plain).to_owned();
    let mut readings = vec![text.to_owned(), plain, unpunctuated];
    readings.dedup();
    readings
}

/// A text without the punctuation behind it: the sentence around a link ends there.
pub fn unpunctuated(text: &str) -> &str {
    text.trim_end_matches(|letter: char| ".,;:!?)]}>'\"»”’…。，、；：！？）】》".contains(letter))
}

/// A decimal comma as the point. `None` where there is not one comma, or where it may as well set off the thousands.
pub fn with_point(number: &str) -> Option<String> {
    let (whole, fraction) = number.split_once(',')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_digit());
    let is_zero = whole.trim_start_matches(['-', '+', '0']).is_empty();
    let is_decimal = digits(fraction.split(['e', 'E']).next().unwrap_or_default());
    (is_decimal && (fraction.len() != 3 || is_zero)).then(|| format!("{whole}.{fraction}"))
}

/// A list with commas between its items, whatever stood there.
pub fn with_commas(list: &str) -> String {
    let items = list.split([',', ';', ' ', '/']).filter(|item| !item.is_empty());
    items.collect::<Vec<_>>().join(",")
}

/// A number as people type it: `0,5`, `２０`, `20.`.
pub fn read_typed(text: &str) -> Option<f64> {
    readings(text).iter().find_map(|reading| read_number(reading).or_else(|| read_number(&with_point(reading)?)))
}

/// Without blanks around it, in half-width letters and lower case.
pub(crate) fn plain(text: &str) -> String {
    let narrow = |letter: char| match letter {
        // Full-width forms: the letters of ASCII, in the same order.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        '、' => ',',
        '。' => '.',
        '\u{2212}' => '-',
        '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{3000}' => ' ',
        letter => letter,
    };
    text.chars().map(|letter| narrow(letter).to_ascii_lowercase()).collect::<String>().trim().to_owned()
}

/// A link with its encodings undone, on one line.
fn straightened(link: &str) -> String {
    let mut text = link.to_owned();
    for _ in 0..ENCODED {
        let decoded = percent_decode(&text);
        if decoded == text {
            break;
        }
        text = decoded;
    }
    text.retain(|letter| !letter.is_control());
    for _ in 0..ENCODED {
        text = text.replace("&amp;", "&");
    }
    text.replace("&#38;", "&").replace("&#038;", "&").replace("&#x26;", "&")
}

/// The part of an address that holds the pairs: behind `#` where anything stands there, else behind `?`.
fn part(text: &str) -> &str {
    let (before, behind) = text.split_once('#').unwrap_or((text, ""));
    if !behind.trim_matches(['#', '?', '&']).is_empty() {
        return behind.trim_start_matches(['#', '?', '!', '/']);
    }
    match before.split_once('?') {
        Some((_, query)) => query,
        None if before.contains("://") => "",
        None => before,
    }
}

/// Splits at semicolons and blanks behind which another pair begins.
fn split_leniently(part: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = part;
    let begins_pair = |text: &str| {
        let key = text.split('=').next().unwrap_or_default();
        key.len() < text.len()
            && !key.is_empty()
            && key.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
    };
    let mut from = 0;
    while let Some(at) = rest[from..].find([';', ' ']).map(|at| from + at) {
        if begins_pair(rest[at + 1..].trim_start()) {
            pieces.push(&rest[..at]);
            rest = rest[at + 1..].trim_start();
            from = 0;
        } else {
            from = at + 1;
        }
    }
    pieces.push(rest);
    pieces
}

/// Decodes `%2C` and the like; anything malformed stays as it is.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let hex = (bytes[index] == b'%')
            .then(|| bytes.get(index + 1..index + 3))
            .flatten()
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match hex {
            Some(byte) => {
                decoded.push(byte);
                index += 3;
            }
            None => {
                decoded.push(bytes[index]);
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bent_link_says_what_it_said() {
        let straight = [("v", "1"), ("data", "moons"), ("teacher", "16,16")];
        for link in [
            "v=1&data=moons&teacher=16,16",
            "#v=1&data=moons&teacher=16%2C16",
            "#v=1&data=moons&teacher=16%252C16",
            "#v=1&amp;data=moons&amp;amp;teacher=16,16",
            "#v=1&#38;data=moons&#38;teacher=16,16",
            "#v%3D1%26data%3Dmoons%26teacher%3D16%2C16",
            "#v=1%26data%3Dmoons%26teacher%3D16,16",
            "#v=1;data=moons; teacher=16,16",
            "#v=1&data=mo\r\nons&teacher=16,16",
            "?v=1&data=moons&teacher=16,16",
            "?v=1&data=moons&teacher=16,16#",
            "?lang=de#v=1&data=moons&teacher=16,16",
            "#/?v=1&data=moons&teacher=16,16",
            "https://example.org/retort/#v=1&data=moons&teacher=16,16",
            "https://example.org/retort/?fbclid=a#v=1&utm_source=b&data=moons&teacher=16,16&Fbclid=c",
            "https%3A%2F%2Fexample.org%2F%23v%3D1%26data%3Dmoons%26teacher%3D16%2C16",
        ] {
            let read = pairs(link);
            let read: Vec<(&str, &str)> = read.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            assert_eq!(read, straight, "{link}");
        }
        assert_eq!(pairs("https://example.org/retort/"), []);
        assert_eq!(pairs("#v=1&student=64 32;16"), [("v", "1"), ("student", "64 32;16")].map(owned));
        assert_eq!(page_key("#v=1&lang=zh-CN", "lang").as_deref(), Some("zh-CN"));
    }

    fn owned((key, value): (&str, &str)) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn a_decimal_comma_is_a_point_where_it_is_no_group_of_thousands() {
        for (typed, read) in [("0,01", "0.01"), ("2,5", "2.5"), ("-0,125", "-0.125"), ("1,5e-3", "1.5e-3")] {
            assert_eq!(with_point(typed).as_deref(), Some(read), "{typed}");
        }
        for typed in ["1,000", "12,345", "1,2,3", "5", ",", "1,", "a,b"] {
            assert_eq!(with_point(typed), None, "{typed}");
        }
    }

    #[test]
    fn texts_are_read_as_people_type_them() {
        assert!(readings(" ２０ ").contains(&"20".to_owned()));
        assert!(readings("All").contains(&"all".to_owned()));
        assert_eq!(
            ["０，５", "0,5", " 2.5 ", "1,000", "x"].map(read_typed),
            [Some(0.5), Some(0.5), Some(2.5), None, None]
        );
        assert!(readings("20.").contains(&"20".to_owned()));
        for list in ["64，32", "64、32", "64 32", "64;32", "64, 32"] {
            assert_eq!(with_commas(&plain(list)), "64,32", "{list}");
        }
    }
}
