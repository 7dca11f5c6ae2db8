//! What a network says of an input.

use serde::{Deserialize, Serialize};

use crate::{floats::Floats, network_id::NetworkId};

/// Places along each side of the square that [`Event::Regions`] covers.
pub const REGION_SIDE: usize = 48;

/// Half the side of that square, in the data's units: places lie at the centres of its cells.
pub const REGION_REACH: f32 = 1.5;

/// What one network says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Whose answer.
    #[serde(rename = "network")]
    pub network_id: NetworkId,
    /// Whether it is the network that was read back from the packed file of the chosen width and granularity.
    pub packed: bool,
    /// Row by row.
    pub logits: Floats,
}

/// A file's name and contents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileData {
    /// Its name, for messages to the visitor.
    pub name: String,
    /// Its bytes.
    #[serde(with = "crate::floats::bytes")]
    pub bytes: Vec<u8>,
}

/// The places of [`Event::Regions`](crate::Event::Regions): the centres of the cells of its square, row by row from the
/// top left, two coordinates each.
pub fn places() -> Vec<f32> {
    let at = |index: usize| REGION_REACH * ((2 * index + 1) as f32 / REGION_SIDE as f32 - 1.0);
    (0..REGION_SIDE).flat_map(|row| (0..REGION_SIDE).flat_map(move |column| [at(column), -at(row)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_run_from_the_top_left_to_the_bottom_right() {
        let places = places();
        let half = REGION_REACH / REGION_SIDE as f32;
        assert_eq!(places.len(), 2 * REGION_SIDE * REGION_SIDE);
        let near = |at: usize, want: [f32; 2]| {
            assert!((places[at] - want[0]).abs() < 1e-6 && (places[at + 1] - want[1]).abs() < 1e-6);
        };
        near(0, [half - REGION_REACH, REGION_REACH - half]);
        near(2, [3.0 * half - REGION_REACH, REGION_REACH - half]);
        near(places.len() - 2, [REGION_REACH - half, half - REGION_REACH]);
    }
}
