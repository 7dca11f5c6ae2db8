//! Rows of noisy votes, and of what their answers give away.

use retort_spec::NoiseLaw;

use super::{EpsilonRow, RowOutcome, RowResult, VoteResult, VoteRow};
use crate::privacy::{Accountant, Noise, counts, ln_flip, winner};

/// Largest relative difference that passes: the authors computed in double precision, as the engine does.
const RELATIVE: f64 = 1e-9;

/// Compares counts and winners with a row.
pub(super) fn check_votes(row: &VoteRow) -> RowResult {
    let counts = counts(row.votes.iter().copied(), row.noise.len());
    let mut noise = row.noise.iter().copied();
    let computed = VoteResult {
        label: winner(&counts, || noise.next().unwrap_or(0.0)),
        plurality: winner(&counts, || 0.0),
        noisy: counts.iter().zip(&row.noise).map(|(&count, noise)| f64::from(count) + noise).collect(),
        counts,
    };
    let result = match computed == row.expect {
        true => RowOutcome::Passed { value: 0.0, gradient: 0.0 },
        false => RowOutcome::Missed { reason: format!("{computed:?}") },
    };
    RowResult { name: row.id.clone(), result }
}

/// Compares the account of what votes give away with a row; `None` for noise that the engine does not have.
pub(super) fn check_epsilon(row: &EpsilonRow) -> Option<RowResult> {
    let law: NoiseLaw = row.law.parse().ok().filter(|_| row.objective == "pate-epsilon")?;
    let (scale, orders) = match law {
        NoiseLaw::Laplace => (1.0 / row.params.gamma?, (1..=row.params.moments?).map(f64::from).collect()),
        NoiseLaw::Gauss => (row.params.sigma?, row.params.orders.clone()),
    };
    let noise = Noise { law, scale };
    let mut accountant = Accountant::with_orders(noise, orders);
    row.counts.iter().for_each(|counts| accountant.add(counts, row.params.repeat));
    let epsilon = accountant.epsilon(row.params.delta);
    let ln_q: Vec<f64> = row.counts.iter().map(|counts| ln_flip(counts, noise)).collect();
    let (sums, q): (Vec<f64>, Vec<f64>) = (accountant.sums().collect(), ln_q.iter().map(|ln| ln.exp()).collect());
    let wanted = &row.expect;
    let (wanted_q, got_q, wanted_sums) = match law {
        NoiseLaw::Laplace => (&wanted.q, &q, &wanted.log_moments),
        NoiseLaw::Gauss => (&wanted.log_q, &ln_q, &wanted.rdp),
    };
    let whole = |wanted: f64, got: f64| (vec![wanted], vec![got]);
    let single = [
        whole(wanted.epsilon, epsilon.found),
        whole(wanted.epsilon_data_independent, epsilon.guaranteed),
        whole(wanted.order, epsilon.order),
    ];
    let lists = [(wanted_q.clone(), got_q.clone()), (wanted_sums.clone(), sums)];
    let mut worst = 0.0_f64;
    for (wanted, got) in single.iter().chain(&lists) {
        let error = |(wanted, got): (&f64, &f64)| ((got - wanted) / wanted.abs().max(f64::MIN_POSITIVE)).abs();
        let most = wanted.iter().zip(got).map(error).fold(0.0, f64::max);
        worst = if wanted.len() == got.len() && most.is_finite() { worst.max(most) } else { f64::INFINITY };
    }
    let result = match worst <= RELATIVE {
        true => RowOutcome::Passed { value: worst, gradient: 0.0 },
        false => RowOutcome::Missed { reason: format!("off by {worst:.1e}: {epsilon:?}") },
    };
    Some(RowResult { name: row.id.clone(), result })
}
