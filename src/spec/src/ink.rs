//! The ink of a pen: digits drawn by procedure and digits drawn by the visitor look alike.

/// A point of an image, in pixels from the top left: right, then down.
pub type Point = [f32; 2];

/// Darkens the pixels of a square image within `pen` of a segment, with a soft edge of one pixel.
///
/// # Shapes
/// `image`: `[side, side]`, 0 for paper and 1 for ink.
pub fn draw_segment(image: &mut [f32], side: usize, from: Point, to: Point, pen: f32) {
    let reach = pen + 1.0;
    let span = |axis: usize| {
        let (low, high) = (from[axis].min(to[axis]) - reach, from[axis].max(to[axis]) + reach);
        (low.floor().max(0.0) as usize)..(high.ceil().clamp(0.0, side as f32) as usize)
    };
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let length = (dx * dx + dy * dy).max(1e-6);
    for row in span(1) {
        for column in span(0) {
            let (x, y) = (column as f32 + 0.5 - from[0], row as f32 + 0.5 - from[1]);
            let along = ((x * dx + y * dy) / length).clamp(0.0, 1.0);
            let distance = (x - along * dx).hypot(y - along * dy);
            let pixel = &mut image[row * side + column];
            *pixel = pixel.max((pen + 0.5 - distance).clamp(0.0, 1.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_by_hand() {
        // Along the middle of the second row of 3×3, from the left edge to the middle.
        let mut image = vec![0.0; 9];
        draw_segment(&mut image, 3, [0.0, 1.5], [1.5, 1.5], 0.5);
        // Pixels are measured at their middles: 0 and 0 away, then 1; the rows beside are 1 away.
        assert_eq!(image, [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        draw_segment(&mut image, 3, [0.5, 0.0], [0.5, 0.0], 0.75);
        assert_eq!(image[0], 0.75, "half a pixel away");
    }
}
