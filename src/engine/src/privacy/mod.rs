//! Labels from votes that keep the voters' examples private, and what that privacy is worth (Papernot et al. 2017,
//! 2018).

mod accountant;
mod complementary_error;
mod votes;

#[cfg(feature = "graph")]
pub use accountant::ln_flip;
pub use accountant::{Accountant, Epsilon};
pub use votes::{Noise, VoteCounts, counts, winner};
