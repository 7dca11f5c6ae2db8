//! Boxes of the map and lines between them, as SVG paths write them.

use crate::i18n::format::tenth;

/// A box.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Area {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Area {
    /// The box of this size around a point.
    pub fn around([x, y]: [f64; 2], [width, height]: [f64; 2]) -> Self {
        Self { left: x - width / 2.0, top: y - height / 2.0, width, height }
    }

    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub fn middle(&self) -> [f64; 2] {
        [self.left + self.width / 2.0, self.top + self.height / 2.0]
    }

    /// Its outline with round corners.
    pub fn outline(&self, radius: f64) -> String {
        let Self { left, top, .. } = *self;
        let (right, bottom) = (self.right(), self.bottom());
        let begin = [left + radius, top];
        line(&[begin, [right, top], [right, bottom], [left, bottom], [left, top], begin], radius) + "Z"
    }
}

fn point(command: char, [x, y]: [f64; 2]) -> String {
    [command.to_string(), tenth(x), ",".into(), tenth(y)].concat()
}

fn quadratic(corner: [f64; 2], end: [f64; 2]) -> String {
    point('Q', corner) + " " + &point(' ', end)
}

/// The point so far from `from` on the way to `to`; at most there.
pub fn toward(from: [f64; 2], to: [f64; 2], distance: f64) -> [f64; 2] {
    let (x, y) = (to[0] - from[0], to[1] - from[1]);
    // All lines are level or upright.
    let length = x.abs() + y.abs();
    let share = if length > 0.0 { (distance / length).min(1.0) } else { 0.0 };
    [from[0] + share * x, from[1] + share * y]
}

/// A line along these corners, which are rounded.
pub fn line(way: &[[f64; 2]], radius: f64) -> String {
    let mut path = String::new();
    for (i, &corner) in way.iter().enumerate() {
        match (i, way.get(i + 1)) {
            (0, _) => path += &point('M', corner),
            (_, None) => path += &point('L', corner),
            (_, Some(&next)) => {
                path += &point('L', toward(corner, way[i - 1], radius));
                path += &quadratic(corner, toward(corner, next, radius));
            }
        }
    }
    path
}

/// An arrow's head of this length, which comes from `from`.
pub fn head(tip: [f64; 2], from: [f64; 2], length: f64) -> String {
    let [x, y] = [tip[0] - from[0], tip[1] - from[1]].map(|step| if step == 0.0 { 0.0 } else { step.signum() });
    let half = 0.62 * length;
    let corner = |side: f64| [tip[0] - length * x - side * half * y, tip[1] - length * y + side * half * x];
    point('M', tip) + &point('L', corner(1.0)) + &point('L', corner(-1.0)) + "Z"
}
