//! What a teacher shows of itself, in bytes.

/// Bytes of a probability, in single precision.
const SHARE: usize = 4;

/// Bytes of a token's number in a vocabulary.
pub fn token_bytes(vocabulary: usize) -> usize {
    if vocabulary <= 256 { 1 } else { 2 }
}

/// Bytes that leave a teacher for each token: all its probabilities, or those of its `top` likeliest tokens with their
/// numbers.
pub fn shown_bytes(vocabulary: usize, top: Option<usize>) -> usize {
    match top.filter(|&top| top < vocabulary) {
        None => vocabulary * SHARE,
        Some(top) => top * (SHARE + token_bytes(vocabulary)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_outcomes_take_few_bytes() {
        assert_eq!([shown_bytes(29, None), shown_bytes(29, Some(3)), shown_bytes(29, Some(40))], [116, 15, 116]);
        assert_eq!(shown_bytes(1_000, Some(1)), 6);
    }
}
