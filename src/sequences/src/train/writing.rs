//! Texts that a language model writes.

use retort_kernels::softmax_rows;

use crate::{
    nets::{Network, WriterState},
    random::Stream,
    tasks::{BEGIN, END},
    tokens::Token,
};

/// Writes so many texts at once, of at most `length` tokens, the first of which begins the text. Each token is drawn
/// with a number of the host's stream, at a temperature. The end is the last token where the network came to it.
pub fn write(
    network: &mut Network,
    count: usize,
    length: usize,
    temperature: f32,
    stream: &mut Stream,
) -> Vec<Vec<Token>> {
    let mut texts = vec![vec![BEGIN]; count];
    let mut open: Vec<usize> = (0..count).collect();
    let mut state = WriterState::default();
    let outputs = network.outputs();
    while !open.is_empty() && texts[open[0]].len() < length {
        let last: Vec<Token> = open.iter().map(|&text| texts[text][texts[text].len() - 1]).collect();
        let mut shares = network.advance(&mut state, &last);
        if shares.is_empty() {
            return texts;
        }
        softmax_rows(&mut shares, outputs, temperature);
        let mut kept = Vec::with_capacity(open.len());
        for (index, (&text, shares)) in open.iter().zip(shares.chunks_exact(outputs)).enumerate() {
            let token = draw(shares, stream.uniform());
            texts[text].push(token);
            if token != END {
                kept.push(index);
            }
        }
        if kept.len() < open.len() {
            state.retain(&kept);
            open = kept.iter().map(|&index| open[index]).collect();
        }
    }
    texts
}

/// The outcome at which the shares before it and its own first exceed a uniform number.
fn draw(shares: &[f32], uniform: f32) -> Token {
    let mut sum = 0.0;
    for (token, share) in (0..).zip(shares) {
        sum += share;
        if uniform < sum {
            return token;
        }
    }
    // Rounding left the sum below the number: the last outcome that can be.
    shares.iter().rposition(|&share| share > 0.0).unwrap_or(0) as Token
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        nets::{Head, LstmShape, Shape},
        random::stream,
    };

    #[test]
    fn outcomes_are_drawn_by_their_shares() {
        assert_eq!([0.0, 0.19, 0.2, 0.99].map(|uniform| draw(&[0.2, 0.0, 0.8], uniform)), [0, 0, 2, 2]);
        assert_eq!(draw(&[0.5, 0.4999, 0.0], 0.99999), 1);
    }

    #[test]
    fn texts_end_or_are_as_long_as_may_be() {
        let shape = Shape::Lstm(LstmShape { embedding: 4, hidden: 5, bidirectional: false }, 6, Head::EachToken(6));
        let mut network = Network::new(&shape, &mut stream(1, "weights"));
        let texts = write(&mut network, 40, 9, 1.0, &mut stream(1, "texts"));
        assert!(texts.iter().all(|text| text[0] == BEGIN && text.len() >= 2 && text.len() <= 9));
        assert!(texts.iter().all(|text| text.len() == 9 || text[text.len() - 1] == END));
        assert!(texts.iter().all(|text| !text[1..text.len() - 1].contains(&END)));
        assert_eq!(texts, write(&mut network, 40, 9, 1.0, &mut stream(1, "texts")));
        assert!(write(&mut network, 0, 9, 1.0, &mut stream(1, "texts")).is_empty());
    }
}
