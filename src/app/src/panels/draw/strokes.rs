//! From a drawing to what the networks see of it: the same treatment that the digits of the data set had.
//!
//! The lines are scaled, not a raster of them, so that the pen comes out as wide as in the data however large or small
//! the visitor draws. Nothing here touches the browser.

use retort_spec::{DataSet, Form, ink::draw_segment};

/// A place on the paper, from 0 to 1, rightwards and downwards.
pub type Point = [f32; 2];
/// The middle of a pen's trace; a single point is a dot.
pub type Line = Vec<Point>;

/// The side of the images of `strokes` and MNIST.
const SIDE: usize = 28;
/// The box that MNIST's digits were scaled to (LeCun et al. 1998, section III.A).
const MNIST_BOX: f32 = 20.0;
/// Where their centre of mass lies. Measured over 10,000 of them it is (14.50, 14.50), half a pixel beyond the middle:
/// the authors counted pixels from 0.
const MNIST_MASS: Point = [14.5, 14.5];
/// The mean box of the digits that `engine/data/strokes.rs` makes: measured over 2,000 of them, 19.3 rows have ink.
const STROKES_BOX: f32 = 19.3;
/// Half the pen's width in these images: the middle of the range in `engine/data/strokes.rs`. It is MNIST's too: with
/// it that module's lines, prepared as MNIST, have a mean ink of 102.9 pixels, and MNIST's digits have 102.7.
const PEN: f32 = 1.25;

/// The side of the bitmaps behind `digits8`, and of the blocks in which their pixels are counted (Alpaydin & Kaynak
/// 1998, Optical Recognition of Handwritten Digits, UCI).
const BITMAP: usize = 32;
const BLOCK: usize = 4;
/// The box that these digits are stretched to, as measured in the file: all eight rows have ink in each of the 1,797
/// digits, and the ink of every digit but the 1 is 18.4 to 21.1 pixels wide on average, about the middle.
const DIGIT: [f32; 2] = [20.0, 32.0];
/// Mean ink of the file, in pixels of the bitmap. It is 0.296 to 0.322 of the bitmap for each digit, even the 1: the
/// width of the lines was normalised too.
const DIGIT_INK: f32 = 0.305 * 1024.0;
/// How far lines may be thinned or thickened for that.
const DIGIT_PENS: [f32; 2] = [1.5, 5.5];
/// A drawing is stretched at most so much more along one axis than along the other, lest a plain 1 become a blot.
const MOST_STRETCH: f32 = 2.0;
/// The smallest side of a drawing that is enlarged to the whole box: less is a dot or a slip of the pen.
const SMALLEST: f32 = 0.1;

/// The classes of what can be drawn: digits.
pub const CLASSES: usize = 10;

/// Rows, and columns, of a data set's images; 0 for points.
pub fn side(data: DataSet) -> usize {
    match data.form() {
        Form::Image { side } => side,
        Form::Point | Form::Text | Form::Row => 0,
    }
}

/// Whether a data set shows what can be drawn here.
pub fn takes_drawings(data: DataSet) -> bool {
    matches!(data, DataSet::Digits8 | DataSet::Strokes | DataSet::Mnist)
}

/// What the networks of a data set see of a drawing: pixels from 0 to 1, row by row; `None` without ink, and for data
/// that cannot be drawn.
pub fn prepare(data: DataSet, lines: &[Line]) -> Option<Vec<f32>> {
    let bounds = Bounds::of(lines)?;
    let field = |scale: f32, centre: Point| ink(&placed(lines, centre, [scale; 2], SIDE), PEN, SIDE);
    match data {
        DataSet::Digits8 => Some(counted(&upright(lines, &bounds))),
        DataSet::Strokes => Some(field(bounds.scale_to(STROKES_BOX), bounds.centre())),
        DataSet::Mnist => {
            let (scale, [x, y]) = (bounds.scale_to(MNIST_BOX), bounds.centre());
            let mass = centre_of_mass(&field(scale, [x, y]), SIDE)?;
            Some(field(scale, [x + (mass[0] - MNIST_MASS[0]) / scale, y + (mass[1] - MNIST_MASS[1]) / scale]))
        }
        _ => None,
    }
}

/// The rectangle around all points.
struct Bounds {
    low: Point,
    high: Point,
}

impl Bounds {
    fn of(lines: &[Line]) -> Option<Self> {
        let mut points = lines.iter().flatten();
        let &first = points.next()?;
        let around = |bounds: Self, point: &Point| Self {
            low: [bounds.low[0].min(point[0]), bounds.low[1].min(point[1])],
            high: [bounds.high[0].max(point[0]), bounds.high[1].max(point[1])],
        };
        Some(points.fold(Self { low: first, high: first }, around))
    }

    fn centre(&self) -> Point {
        [0, 1].map(|axis| (self.low[axis] + self.high[axis]) / 2.0)
    }

    fn side(&self, axis: usize) -> f32 {
        self.high[axis] - self.low[axis]
    }

    /// The factor that makes ink of the pen's width fill a box, aspect ratio kept.
    fn scale_to(&self, side: f32) -> f32 {
        (side - 2.0 * PEN) / self.side(0).max(self.side(1)).max(SMALLEST)
    }
}

/// Lines sheared until the leftmost ink at the top stands over the leftmost ink at the bottom, as the programs did that
/// made the bitmaps (Garris et al. 1994, NISTIR 5469). Measured: of 1,000 slanted drawings the nearest neighbours among
/// the data read 85 % with it and 78 % without.
fn upright(lines: &[Line], bounds: &Bounds) -> Vec<Line> {
    /// Slant beyond this is the digit's own shape.
    const MOST: f32 = 0.7;
    /// The share of the height that is the top, or the bottom.
    const EDGE: f32 = 0.06;
    let height = bounds.side(1);
    if height < SMALLEST {
        return lines.to_vec();
    }
    let leftmost = |near: f32| {
        let there = lines.iter().flatten().filter(|point| (point[1] - near).abs() <= EDGE * height);
        there.map(|point| point[0]).fold(f32::INFINITY, f32::min)
    };
    let slant = ((leftmost(bounds.high[1]) - leftmost(bounds.low[1])) / height).clamp(-MOST, MOST);
    let shear = |point: &Point| [point[0] - slant * (point[1] - bounds.low[1]), point[1]];
    lines.iter().map(|line| line.iter().map(shear).collect()).collect()
}

/// An image of 8×8 pixels, each the share of set pixels in a block of the 32×32 bitmap.
fn counted(lines: &[Line]) -> Vec<f32> {
    let Some(bounds) = Bounds::of(lines) else { return Vec::new() };
    let bitmap = |pen: f32| {
        let full = [0, 1].map(|axis| (DIGIT[axis] - 2.0 * pen) / bounds.side(axis).max(1e-6));
        let most = MOST_STRETCH * full[0].min(full[1]);
        let largest = (DIGIT[1] - 2.0 * pen) / SMALLEST;
        ink(&placed(lines, bounds.centre(), full.map(|scale| scale.min(most).min(largest)), BITMAP), pen, BITMAP)
    };
    let set = |image: &[f32]| image.iter().filter(|&&ink| ink >= 0.5).count();
    let [mut thin, mut thick] = DIGIT_PENS;
    // Eight halvings tell pens of a sixtieth of a pixel apart.
    for _ in 0..8 {
        let pen = (thin + thick) / 2.0;
        match (set(&bitmap(pen)) as f32) < DIGIT_INK {
            true => thin = pen,
            false => thick = pen,
        }
    }
    let image = bitmap((thin + thick) / 2.0);
    let blocks = BITMAP / BLOCK;
    let share = |block: usize| {
        let (row, column) = (block / blocks * BLOCK, block % blocks * BLOCK);
        let pixels = (0..BLOCK * BLOCK).map(|i| image[(row + i / BLOCK) * BITMAP + column + i % BLOCK]);
        pixels.filter(|&ink| ink >= 0.5).count() as f32 / (BLOCK * BLOCK) as f32
    };
    (0..blocks * blocks).map(share).collect()
}

/// The lines in pixels of an image, `centre` in its middle.
fn placed(lines: &[Line], centre: Point, scale: [f32; 2], side: usize) -> Vec<Line> {
    let place = |point: &Point| [0, 1].map(|axis| (point[axis] - centre[axis]) * scale[axis] + side as f32 / 2.0);
    lines.iter().map(|line| line.iter().map(place).collect()).collect()
}

/// The ink of a round pen along lines, as the engine draws its digits.
fn ink(lines: &[Line], pen: f32, side: usize) -> Vec<f32> {
    let mut image = vec![0.0_f32; side * side];
    for line in lines {
        // A dot is a line of one point.
        let ends = line.windows(2).map(|ends| (ends[0], ends[1]));
        let dot = line.first().filter(|_| line.len() == 1).map(|&point| (point, point));
        ends.chain(dot).for_each(|(from, to)| draw_segment(&mut image, side, from, to, pen));
    }
    image
}

/// Where the ink of an image is on average, in pixels; `None` without ink.
fn centre_of_mass(image: &[f32], side: usize) -> Option<Point> {
    let mass: f32 = image.iter().sum();
    let along = |place: fn(usize, usize) -> usize| {
        let moment = image.iter().enumerate().map(|(index, ink)| ink * (place(index, side) as f32 + 0.5));
        moment.sum::<f32>() / mass
    };
    (mass > 0.0).then(|| [along(|index, side| index % side), along(|index, side| index / side)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWN: [DataSet; 3] = [DataSet::Digits8, DataSet::Strokes, DataSet::Mnist];

    /// Rows and columns that have ink: first and last of each.
    fn extent(image: &[f32], side: usize) -> [usize; 4] {
        let on = |index: &usize| image[*index] > 0.3;
        let rows: Vec<usize> = (0..side * side).filter(on).map(|index| index / side).collect();
        let columns: Vec<usize> = (0..side * side).filter(on).map(|index| index % side).collect();
        let ends = |places: &[usize]| [*places.iter().min().unwrap(), *places.iter().max().unwrap()];
        let ([top, bottom], [left, right]) = (ends(&rows), ends(&columns));
        [top, bottom, left, right]
    }

    fn ring(centre: Point, radii: Point) -> Line {
        let at = |step: usize| (step as f32 / 40.0 * std::f32::consts::TAU).sin_cos();
        (0..=40).map(at).map(|(sin, cos)| [centre[0] + radii[0] * cos, centre[1] + radii[1] * sin]).collect()
    }

    #[test]
    fn without_ink_there_is_nothing_to_see_and_a_garment_cannot_be_drawn() {
        for data in DRAWN {
            assert_eq!(prepare(data, &[]), None);
            assert_eq!(prepare(data, &[vec![]]), None);
        }
        for data in [DataSet::Fashion, DataSet::Moons] {
            assert!(prepare(data, &[vec![[0.5, 0.5]]]).is_none() && !takes_drawings(data));
        }
    }

    #[test]
    fn a_bar_in_a_corner_lands_upright_in_the_middle() {
        let bar = [vec![[0.1, 0.1], [0.1, 0.35]]];
        let mnist = prepare(DataSet::Mnist, &bar).unwrap();
        // 20 rows about 14.5, and a pen 2.5 wide about 14.5.
        assert_eq!(extent(&mnist, SIDE), [4, 24, 13, 15]);
        let [x, y] = centre_of_mass(&mnist, SIDE).unwrap();
        assert!((x - 14.5).abs() < 0.1 && (y - 14.5).abs() < 0.1, "({x}, {y})");
        let strokes = prepare(DataSet::Strokes, &bar).unwrap();
        let [x, y] = centre_of_mass(&strokes, SIDE).unwrap();
        assert!((x - 14.0).abs() < 0.1 && (y - 14.0).abs() < 0.1, "({x}, {y})");
        let digit = prepare(DataSet::Digits8, &bar).unwrap();
        // 312 pixels of ink in 32 rows are ten a row: columns 11 to 21, a quarter of the third block and of the sixth.
        assert_eq!(digit[32..40], [0.0, 0.0, 0.25, 1.0, 1.0, 0.25, 0.0, 0.0]);
        for row in digit.chunks(8) {
            assert!(row.iter().zip(row.iter().rev()).all(|(a, b)| (a - b).abs() < 1e-6), "{row:?}");
        }
    }

    #[test]
    fn where_and_how_large_it_is_drawn_does_not_matter() {
        for data in DRAWN {
            let large = prepare(data, &[ring([0.5, 0.5], [0.25, 0.4])]).unwrap();
            let small = prepare(data, &[ring([0.3, 0.7], [0.125, 0.2])]).unwrap();
            let difference: f32 = large.iter().zip(&small).map(|(a, b)| (a - b).abs()).sum();
            assert!(difference < 0.01 * large.iter().sum::<f32>() + 0.3, "{data}: {difference}");
        }
    }

    #[test]
    fn the_aspect_ratio_is_kept_except_where_the_data_are_stretched() {
        let narrow = [ring([0.5, 0.5], [0.2, 0.4])];
        let mnist = prepare(DataSet::Mnist, &narrow).unwrap();
        let [top, bottom, left, right] = extent(&mnist, SIDE);
        // The path is 17.5 by 8.75 pixels, and the pen adds 2.5 to each.
        assert!((bottom - top).abs_diff(19) <= 1 && (right - left).abs_diff(10) <= 1, "{:?}", extent(&mnist, SIDE));
        // 20 of 32 pixels about the middle are columns 1.5 to 6.5 of 8.
        assert_eq!(extent(&prepare(DataSet::Digits8, &narrow).unwrap(), 8), [0, 7, 1, 6]);
    }

    #[test]
    fn ink_is_as_much_as_in_the_data() {
        // A bar's ink is its length times the pen's width, with half circles at its ends.
        let bar = prepare(DataSet::Mnist, &[vec![[0.5, 0.1], [0.5, 0.9]]]).unwrap();
        let expected = 17.5 * 2.5 + std::f32::consts::PI * 1.25 * 1.25;
        assert!((bar.iter().sum::<f32>() - expected).abs() < 2.0, "{} for {expected}", bar.iter().sum::<f32>());
        // In the 8×8 digits a 1 and a 0 have the same share of ink.
        for line in [vec![[0.5, 0.1], [0.5, 0.9]], ring([0.5, 0.5], [0.25, 0.4])] {
            let share = prepare(DataSet::Digits8, &[line]).unwrap().iter().sum::<f32>() / 64.0;
            assert!((0.285..0.325).contains(&share), "{share}");
        }
    }

    #[test]
    fn a_dot_stays_a_dot_and_every_pixel_is_a_share() {
        for data in DRAWN {
            let dot = prepare(data, &[vec![[0.9, 0.9]]]).unwrap();
            assert!(dot.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
            let ink: f32 = dot.iter().sum();
            assert!(ink > 1.0 && ink < 0.12 * dot.len() as f32, "{data}: {ink}");
        }
    }

    #[test]
    fn a_slanted_one_stands_upright_among_the_8_by_8_digits() {
        let slanted = prepare(DataSet::Digits8, &[vec![[0.7, 0.1], [0.4, 0.9]]]).unwrap();
        let upright = prepare(DataSet::Digits8, &[vec![[0.5, 0.1], [0.5, 0.9]]]).unwrap();
        let difference: f32 = slanted.iter().zip(&upright).map(|(a, b)| (a - b).abs()).sum();
        assert!(difference < 0.5, "{difference}");
    }
}
