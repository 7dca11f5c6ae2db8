//! A network that does not get beyond guessing, and what to do about it.

use retort_spec::{Contrast, CurvePoint, Labels, NetworkId};
use yew::prelude::*;

use crate::context::AppContext;

/// So many points in a row are no accident.
const POINTS: usize = 5;
/// This near to guessing is guessing: two points of a percentage.
const NEAR: f64 = 0.02;

/// Those networks of the first run whose last points are no better than guessing among `classes`.
fn stuck(ids: impl Iterator<Item = NetworkId>, points: &[CurvePoint], classes: u32) -> Vec<NetworkId> {
    let guessing = 1.0 / f64::from(classes);
    let is_stuck = |network_id: &NetworkId| {
        let mine = points.iter().rev().filter(|point| point.network_id == *network_id && point.run == 0);
        let last: Vec<f64> = mine.take(POINTS).map(|point| point.test_accuracy).collect();
        // A hair more than the two points, since 0.12 - 0.1 is no round number.
        last.len() == POINTS && last.iter().all(|accuracy| (accuracy - guessing).abs() < NEAR + 1e-9)
    };
    ids.filter(is_stuck).collect()
}

/// What is said of such networks, below the curves.
pub fn advice(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let Some(data) = &state.data else { return Html::default() };
    // Without labels the network alone can only guess, and should.
    let unlabelled = state.experiment.labels == Labels::Count(0) && state.plan.contrast == Contrast::Alone;
    let ids = state.networks().filter(|id| !(unlabelled && *id == state.plan.control));
    let found = stuck(ids, &state.curves, data.classes);
    let names: Vec<String> = found.into_iter().map(|id| page.name(id)).collect();
    if names.is_empty() {
        return Html::default();
    }
    html! { <p id="no-progress" class="advice">{ texts.with("no-progress", &[("networks", names.join(" · ").into())]) }</p> }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stuck(points: &[CurvePoint], classes: u32) -> Vec<NetworkId> {
        super::stuck([NetworkId::TEACHER, NetworkId::STUDENT].into_iter(), points, classes)
    }

    fn curve(network_id: NetworkId, accuracies: &[f64]) -> Vec<CurvePoint> {
        let point = |(step, &test_accuracy): (usize, &f64)| CurvePoint {
            run: 0,
            network_id,
            epoch: step as u32,
            step: step as u32,
            train_loss: None,
            train_accuracy: None,
            test_loss: 2.3,
            test_accuracy,
        };
        accuracies.iter().enumerate().map(point).collect()
    }

    #[test]
    fn five_points_at_guessing_are_no_progress() {
        let flat = curve(NetworkId::TEACHER, &[0.3, 0.10, 0.11, 0.09, 0.12, 0.08]);
        assert_eq!(stuck(&flat, 10), [NetworkId::TEACHER], "what was before counts no more");
        assert_eq!(stuck(&flat[..5], 10), [], "one of these five is better");
        assert_eq!(stuck(&curve(NetworkId::TEACHER, &[0.1; 4]), 10), [], "too early to tell");
        assert_eq!(stuck(&flat, 2), [], "among two classes this is worse than guessing, and no standstill");
    }

    #[test]
    fn each_network_is_judged_by_its_own_curve() {
        let mut points = curve(NetworkId::TEACHER, &[0.5, 0.7, 0.8, 0.9, 0.95]);
        points.extend(curve(NetworkId::STUDENT, &[0.5, 0.51, 0.49, 0.5, 0.5]));
        assert_eq!(stuck(&points, 2), [NetworkId::STUDENT]);
        points.iter_mut().for_each(|point| point.run = 1);
        assert_eq!(stuck(&points, 2), [], "only the first run is drawn in full");
    }
}
