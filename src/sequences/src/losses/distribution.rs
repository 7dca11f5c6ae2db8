//! Distributions of a network over a vocabulary, and their logarithms.

use retort_kernels::softmax_rows;
use retort_spec::probability::argmax;

/// `softmax(logits / T)` of each row.
#[derive(Debug, Clone, Default)]
pub struct Distributions {
    shares: Vec<f32>,
    /// What is subtracted from a logit over T to make the logarithm of its share.
    offsets: Vec<f64>,
}

/// One distribution.
#[derive(Debug, Clone, Copy)]
pub struct Distribution<'a> {
    /// Probabilities.
    pub shares: &'a [f32],
    logits: &'a [f32],
    temperature: f64,
    offset: f64,
}

impl Distributions {
    /// Computes those of all rows.
    ///
    /// # Shapes
    /// `logits`: `[rows, outputs]`.
    pub fn compute(&mut self, logits: &[f32], outputs: usize, temperature: f32) {
        self.shares.clear();
        self.shares.extend_from_slice(logits);
        softmax_rows(&mut self.shares, outputs, temperature);
        let rows = logits.chunks_exact(outputs).zip(self.shares.chunks_exact(outputs));
        let offset = |(logits, shares): (&[f32], &[f32])| {
            let likeliest = argmax(logits)?;
            Some(f64::from(logits[likeliest]) / f64::from(temperature) - f64::from(shares[likeliest]).ln())
        };
        self.offsets.clear();
        self.offsets.extend(rows.map(|row| offset(row).unwrap_or(f64::NAN)));
    }

    /// That of a row of the same logits.
    pub fn row<'a>(&'a self, row: usize, logits: &'a [f32], outputs: usize, temperature: f32) -> Distribution<'a> {
        let range = row * outputs..(row + 1) * outputs;
        Distribution {
            shares: &self.shares[range.clone()],
            logits: &logits[range],
            temperature: f64::from(temperature),
            offset: self.offsets[row],
        }
    }
}

impl Distribution<'_> {
    /// The natural logarithm of a share, which is finite also where the share is too small for a number.
    pub fn ln(&self, index: usize) -> f64 {
        f64::from(self.logits[index]) / self.temperature - self.offset
    }
}
