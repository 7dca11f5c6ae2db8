//! Where a learning curve's points stand on the chart, and which of them is read. Pure: no drawing here.

use retort_spec::{CurvePoint, NetworkId};

use crate::state::order::sorted;

/// Left of the first epoch there is room for the values' names.
pub const LEFT: f64 = 44.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 18.0;

/// The axes of a chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    pub width: f64,
    pub height: f64,
    /// The last epoch of the axis.
    pub last: u32,
    /// The value at its upper end.
    pub top: f64,
    /// The value at its lower end.
    pub bottom: f64,
}

impl Frame {
    /// The place of an epoch.
    pub fn x(&self, epoch: u32) -> f64 {
        LEFT + (self.width - LEFT - RIGHT) * f64::from(epoch) / f64::from(self.last.max(1))
    }

    /// The place of a value; what is beyond the axis stands at its end.
    pub fn y(&self, value: f64) -> f64 {
        let share = (value.clamp(self.bottom, self.top) - self.bottom) / (self.top - self.bottom);
        TOP + (self.height - TOP - BOTTOM) * (1.0 - share)
    }

    /// The epoch, not rounded, at a share of the chart's whole width.
    pub fn epoch_at(&self, share: f64) -> f64 {
        (share * self.width - LEFT) / (self.width - LEFT - RIGHT) * f64::from(self.last)
    }

    /// A line through the values, as an SVG path writes it.
    pub fn path(&self, values: &[(u32, f64)]) -> String {
        let step = |(i, (epoch, value)): (usize, &(u32, f64))| {
            format!("{}{:.1},{:.1}", if i == 0 { "M" } else { "L" }, self.x(*epoch), self.y(*value))
        };
        values.iter().enumerate().map(step).collect()
    }
}

/// The points of one network's curve.
pub fn curve(points: &[CurvePoint], run: u32, network_id: NetworkId) -> impl Iterator<Item = &CurvePoint> {
    points.iter().filter(move |point| (point.run, point.network_id) == (run, network_id))
}

/// The mean curve of each network over the first run and every other whose curve is as long, as the first run's; and
/// over how many runs.
pub fn means(points: &[CurvePoint]) -> (Vec<CurvePoint>, u32) {
    let first = points.iter().filter(|point| point.run == 0);
    let last = |run: u32, id| curve(points, run, id).last().map(|point| point.epoch);
    let ids: Vec<NetworkId> = first.clone().fold(Vec::new(), |mut ids, point| {
        if !ids.contains(&point.network_id) {
            ids.push(point.network_id);
        }
        ids
    });
    let runs = points.iter().map(|point| point.run).max().unwrap_or(0);
    let is_whole = |run: &u32| ids.iter().all(|&id| last(*run, id) >= last(0, id));
    let whole: Vec<u32> = (0..=runs).filter(is_whole).collect();
    let mean = |point: &CurvePoint| {
        let same = |run: &u32| curve(points, *run, point.network_id).find(|other| other.epoch == point.epoch);
        let others: Vec<&CurvePoint> = whole.iter().filter_map(same).collect();
        let of = |value: &dyn Fn(&CurvePoint) -> Option<f64>| {
            let values: Option<Vec<f64>> = others.iter().map(|point| value(point)).collect();
            values.map(|values| values.iter().sum::<f64>() / values.len() as f64)
        };
        CurvePoint {
            train_loss: of(&|point| point.train_loss),
            train_accuracy: of(&|point| point.train_accuracy),
            test_loss: of(&|point| Some(point.test_loss)).unwrap_or(point.test_loss),
            test_accuracy: of(&|point| Some(point.test_accuracy)).unwrap_or(point.test_accuracy),
            ..*point
        }
    };
    (first.map(mean).collect(), whole.len() as u32)
}

/// The point of a curve that is read at an epoch: the newest one measured by then, none after the curve's end. Without
/// an epoch its last.
pub fn reading(points: &[CurvePoint], run: u32, network_id: NetworkId, epoch: Option<u32>) -> Option<CurvePoint> {
    let last = curve(points, run, network_id).last()?;
    match epoch {
        None => Some(*last),
        Some(epoch) if epoch > last.epoch => None,
        Some(epoch) => curve(points, run, network_id).take_while(|point| point.epoch <= epoch).last().copied(),
    }
}

/// The epochs at which anything was measured, each once, rising.
pub fn epochs<'a>(points: impl Iterator<Item = &'a CurvePoint>) -> Vec<u32> {
    let epochs: Vec<u32> = points.map(|point| point.epoch).collect();
    let order = sorted(epochs.len(), &|a, b| epochs[a].cmp(&epochs[b]));
    let mut rising: Vec<u32> = order.into_iter().map(|place| epochs[place]).collect();
    rising.dedup();
    rising
}

/// The measured epoch that is nearest to a place of the axis.
pub fn nearest(epochs: &[u32], at: f64) -> Option<u32> {
    let distance = |epoch: &u32| (f64::from(*epoch) - at).abs();
    epochs.iter().copied().min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// Where a key moves the reading, as on any slider; `None` for other keys.
pub fn moved(epochs: &[u32], now: Option<u32>, key: &str) -> Option<u32> {
    /// Page up and page down cross a chart in ten strides.
    const STRIDES: usize = 10;
    let end = epochs.len().checked_sub(1)?;
    let at = now.and_then(|now| epochs.iter().position(|epoch| *epoch >= now)).unwrap_or(end);
    let stride = (epochs.len() / STRIDES).max(1);
    let to = match key {
        "ArrowLeft" | "ArrowDown" => at.saturating_sub(1),
        "ArrowRight" | "ArrowUp" => (at + 1).min(end),
        "PageDown" => at.saturating_sub(stride),
        "PageUp" => (at + stride).min(end),
        "Home" => 0,
        "End" => end,
        _ => return None,
    };
    epochs.get(to).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(network_id: NetworkId, epoch: u32) -> CurvePoint {
        CurvePoint {
            run: 0,
            network_id,
            epoch,
            step: epoch,
            train_loss: None,
            train_accuracy: None,
            test_loss: 1.0,
            test_accuracy: 0.5,
        }
    }

    #[test]
    fn a_path_runs_from_corner_to_corner() {
        let frame = Frame { width: 152.0, height: 126.0, last: 4, top: 2.0, bottom: 0.0 };
        // 100 × 100 units between the margins.
        assert_eq!(frame.path(&[(0, 0.0), (1, 1.0), (4, 7.0)]), "M44.0,108.0L69.0,58.0L144.0,8.0");
        assert_eq!(frame.epoch_at(frame.x(3) / frame.width), 3.0);
        let below = Frame { bottom: -2.0, ..frame };
        assert_eq!(below.path(&[(0, 0.0), (4, -9.0)]), "M44.0,58.0L144.0,108.0");
    }

    #[test]
    fn a_reading_is_the_newest_measured_and_ends_with_the_curve() {
        let points = [0, 2, 4].map(|epoch| point(NetworkId::TEACHER, epoch));
        let read = |epoch| reading(&points, 0, NetworkId::TEACHER, epoch).map(|point| point.epoch);
        assert_eq!([read(None), read(Some(0)), read(Some(3)), read(Some(5))], [Some(4), Some(0), Some(2), None]);
        assert_eq!(reading(&points, 0, NetworkId::STUDENT, None), None);
    }

    #[test]
    fn keys_and_pointer_stop_at_measured_epochs() {
        let points = [point(NetworkId::TEACHER, 0), point(NetworkId::STUDENT, 5), point(NetworkId::TEACHER, 5)];
        let epochs = epochs(points.iter().chain(&[point(NetworkId::STUDENT, 8)]));
        assert_eq!(epochs, [0, 5, 8]);
        assert_eq!(nearest(&epochs, 6.4), Some(5));
        assert_eq!(nearest(&epochs, -3.0), Some(0));
        assert_eq!(moved(&epochs, None, "ArrowLeft"), Some(5), "before the first reading it stands at the end");
        assert_eq!(moved(&epochs, Some(5), "ArrowRight"), Some(8));
        assert_eq!(moved(&epochs, Some(8), "ArrowRight"), Some(8));
        assert_eq!(moved(&epochs, Some(5), "Home"), Some(0));
        assert_eq!(moved(&epochs, Some(5), "a"), None);
        assert_eq!(moved(&[], None, "End"), None);
    }

    #[test]
    fn only_runs_that_are_as_long_count_for_the_mean() {
        let point = |run, epoch, test_accuracy| CurvePoint {
            run,
            network_id: NetworkId::STUDENT,
            epoch,
            step: epoch,
            train_loss: (epoch > 0).then_some(1.0),
            train_accuracy: None,
            test_loss: 2.0,
            test_accuracy,
        };
        let mut points = vec![point(0, 0, 0.1), point(0, 1, 0.5), point(1, 0, 0.3), point(2, 0, 0.9)];
        let (first, runs) = means(&points);
        assert_eq!((first[0].test_accuracy, first[1].test_accuracy, runs), (0.1, 0.5, 1));
        points.push(point(1, 1, 0.7));
        let (both, runs) = means(&points);
        assert_eq!(runs, 2);
        assert!((both[0].test_accuracy - 0.2).abs() < 1e-12 && (both[1].test_accuracy - 0.6).abs() < 1e-12);
        assert_eq!((both[0].train_loss, both[1].train_loss, both[1].train_accuracy), (None, Some(1.0), None));
    }
}
