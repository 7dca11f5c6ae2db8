//! A lesson's little markup: paragraphs, and bold.

/// A stretch of text, and whether it is bold.
pub type Stretch<'a> = (bool, &'a str);

/// The paragraphs of a text, each as its stretches: an empty line parts paragraphs, `**` begins and ends bold.
pub fn paragraphs(text: &str) -> Vec<Vec<Stretch<'_>>> {
    let paragraph = |text| {
        let stretches = str::split(text, "**").enumerate().map(|(index, part)| (index % 2 == 1, part));
        stretches.filter(|(_, part)| !part.is_empty()).collect()
    };
    text.split("\n\n").map(str::trim).filter(|text| !text.is_empty()).map(paragraph).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bold_and_paragraphs() {
        assert_eq!(
            paragraphs("one **two** three\n\n**four**\n\n"),
            [vec![(false, "one "), (true, "two"), (false, " three")], vec![(true, "four")]]
        );
        assert!(paragraphs(" \n\n").is_empty());
    }
}
