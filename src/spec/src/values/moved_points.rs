//! Points of a curve that the visitor moved.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{ParseError, read_list, write_list};

/// A labelled point, and where it was moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedPoint {
    /// Which of a run's labelled points, counted from 1.
    pub number: u8,
    /// Its new x and y, in hundredths.
    pub place: [i16; 2],
}

impl MovedPoint {
    /// How far a point may lie from the origin, along each axis.
    pub const REACH: [i16; 2] = [200, 400];
}

/// Moved points, each number once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedPoints(Vec<MovedPoint>);

impl MovedPoints {
    /// The same with a point at another place, or where it was at first if none is given.
    pub fn with(&self, number: u8, place: Option<[i16; 2]>) -> Self {
        let others = self.0.iter().copied().filter(|point| point.number != number);
        Self(others.chain(place.map(|place| MovedPoint { number, place })).collect())
    }

    /// Where a point was moved to.
    pub fn get(&self, number: u8) -> Option<[i16; 2]> {
        self.iter().find(|point| point.number == number).map(|point| point.place)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = MovedPoint> + '_ {
        self.0.iter().copied()
    }

    /// Whether no point was moved.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for MovedPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, place: [x, y] } = self;
        write!(f, "{number}:{x}:{y}")
    }
}

impl FromStr for MovedPoint {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut parts = text.split(':');
        let mut next = || parts.next()?.trim().parse::<i16>().ok();
        let (number, x, y) = (next().ok_or(ParseError)?, next().ok_or(ParseError)?, next().ok_or(ParseError)?);
        let is_near = [x, y].iter().zip(Self::REACH).all(|(at, reach)| (-reach..=reach).contains(at));
        let number = u8::try_from(number).ok().filter(|number| *number > 0 && is_near).ok_or(ParseError)?;
        if parts.next().is_some() { Err(ParseError) } else { Ok(Self { number, place: [x, y] }) }
    }
}

impl fmt::Display for MovedPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("none") } else { write_list(f, &self.0) }
    }
}

impl FromStr for MovedPoints {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        if matches!(text, "" | "none") {
            return Ok(Self::default());
        }
        let points: Vec<MovedPoint> = read_list(text)?;
        Ok(points.iter().fold(Self::default(), |all, point| all.with(point.number, Some(point.place))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_written_and_read() {
        let points: MovedPoints = "3:-150:230, 7:0:-5,3:10:20".parse().unwrap();
        assert_eq!(points.to_string(), "7:0:-5,3:10:20");
        assert_eq!((points.get(3), points.get(4)), (Some([10, 20]), None));
        assert_eq!(points.with(7, None).to_string(), "3:10:20");
        assert!("none".parse::<MovedPoints>().unwrap().is_empty());
        for wrong in ["3", "3:1", "3:1:2:4", "0:1:2", "256:1:2", "3:201:0", "3:0:-401", "3:1.5:2", "3:-32768:0", "x"] {
            assert!(wrong.parse::<MovedPoints>().is_err(), "{wrong}");
        }
    }
}
