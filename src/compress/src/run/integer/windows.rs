//! The windows around each place of an image, which a convolution multiplies.

/// What a layer multiplies: the windows around each place of an image, or one window that is all of it.
#[derive(Debug, Clone, Copy)]
pub struct Windows {
    /// Places in a row or a column.
    pub side: usize,
    /// Numbers of a place.
    pub channels: usize,
    /// Places in a row or a column of a window.
    pub window: usize,
}

impl Windows {
    /// Numbers of a window's row, which stand together.
    pub fn run(self) -> usize {
        self.window * self.channels
    }

    /// The same, made even: what is one too many meets a weight of zero.
    pub fn padded_run(self) -> usize {
        self.run().next_multiple_of(2)
    }

    /// The side of the image with what its outermost windows reach beyond it.
    pub fn framed_side(self) -> usize {
        self.side + self.window - 1
    }

    /// Puts the image into a frame of zeros.
    pub fn frame(self, image: &[i16], framed: &mut Vec<i16>) {
        let (line, margin) = (self.side * self.channels, self.window / 2);
        framed.clear();
        // One more number for the last run that was made even.
        framed.resize(self.framed_side().pow(2) * self.channels + 1, 0);
        for (y, numbers) in image.chunks_exact(line).enumerate() {
            let at = ((y + margin) * self.framed_side() + margin) * self.channels;
            framed[at..at + line].copy_from_slice(numbers);
        }
    }
}
