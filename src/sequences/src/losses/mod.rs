//! Losses with their gradients by what the student says.

mod bytes;
mod direction;
mod distribution;
mod imitation;
mod labels;
mod regression;
mod sampled_token;

#[cfg(test)]
mod vectors;

pub use bytes::{shown_bytes, token_bytes};
pub use direction::{Direction, FORWARD, REVERSE};
pub use distribution::{Distribution, Distributions};
pub use imitation::{Comparison, ImitationRoom, imitation, total_variation};
pub use labels::{cross_entropy, surprises};
pub use regression::{Bounded, bounded_regression, mean_squared_error};
pub use sampled_token::sampled_token;
