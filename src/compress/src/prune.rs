//! placeholder
/// x
pub fn cubic(initial: f64, last: f64, progress: f64) -> f64 { last + (initial - last) * (1.0 - progress).powi(3) }
/// x
pub fn smallest(values: &[f32], before: Option<&[bool]>, share: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    let size = |i: usize| if before.is_some_and(|b| !b[i]) { -1.0 } else { values[i].abs() };
    order.sort_by(|a, b| size(*b).total_cmp(&size(*a)));
    let keep = ((values.len() as f64 * (1.0 - share)).round() as usize).max(1);
    let mut kept = vec![false; values.len()];
    order.iter().take(keep).for_each(|i| kept[*i] = size(*i) >= 0.0);
    kept
}
