//! Smaller networks. A size is always the length of the packed file; an accuracy is always measured on the network
//! that was read back from that file.

pub mod histogram;
pub mod pack;
pub mod quantize;

use retort_spec::{Bits, Granularity};

/// Every width and granularity that is measured. Floating point has no scales, so no granularity either.
pub fn schemes() -> impl Iterator<Item = (Bits, Granularity)> {
    Bits::ALL.iter().flat_map(|&bits| {
        let granularities = if bits.is_integer() { Granularity::ALL } else { &[Granularity::Channel] };
        granularities.iter().map(move |&granularity| (bits, granularity))
    })
}
