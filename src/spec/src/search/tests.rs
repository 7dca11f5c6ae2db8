use std::collections::BTreeSet;

use super::*;
use crate::permalink::decode;

fn search(link: &str, over: &str, plan: &str) -> Result<Search, SearchError> {
    Search::new(&decode(link, &[]).experiment, &over.parse().unwrap(), plan.parse().unwrap())
}

fn spread(mean: f64) -> Spread {
    Spread::of(vec![mean])
}

/// Asks until it has to wait, so many seconds after the beginning.
fn asked(search: &mut Search, seconds: f64) -> Vec<usize> {
    let mut asked = Vec::new();
    while let Next::Train(index) = search.next(seconds) {
        asked.push(index);
    }
    asked
}

/// Answers these trials: the hotter the better.
fn answer(search: &mut Search, asked: &[usize]) {
    for &index in asked {
        let mean = search.trials()[index].experiment.temperature / 100.0;
        search.tell(index, Ok(spread(mean)));
    }
}

const TEN: &str = "temperature:1,2,3,4,5,6,7,8,9,10";

#[test]
fn the_best_third_goes_on_for_three_times_as_long() {
    let mut search = search("student-epochs=45&seed=7", TEN, "halving:9").unwrap();
    let (first, all) = (asked(&mut search, 0.0), search.count());
    assert_eq!((first.len(), all), (10, 10 + 9 + 3 + 2));
    assert!(search.trials().iter().all(|trial| trial.experiment.student_epochs == 5));
    // Trials end in another order than they began.
    answer(&mut search, &first.iter().rev().copied().collect::<Vec<_>>());
    let second = asked(&mut search, 0.0);
    let hot = |search: &Search, trials: &[usize]| {
        trials.iter().map(|&index| search.trials()[index].experiment.temperature).collect::<Vec<f64>>()
    };
    assert_eq!(hot(&search, &second), [10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0]);
    answer(&mut search, &second);
    let third = asked(&mut search, 0.0);
    assert_eq!(hot(&search, &third), [10.0, 9.0, 8.0]);
    assert_eq!(search.trials()[third[0]].experiment.student_epochs, 45);
    assert!(!search.is_testing());
    answer(&mut search, &third);
    let tests = asked(&mut search, 0.0);
    assert_eq!((hot(&search, &tests), search.is_testing()), (vec![10.0, search.base().temperature], true));
    for &index in &tests {
        assert_eq!(search.trials()[index].experiment.seed, 1_000_007);
    }
    search.tell(tests[0], Ok(spread(0.04)));
    assert_eq!(search.next(0.0), Next::Wait);
    search.tell(tests[1], Ok(spread(0.03)));
    assert_eq!(search.next(0.0), Next::Done);
    assert!((search.overestimate().unwrap() - 0.06).abs() < 1e-12);
}

#[test]
fn nothing_asks_for_the_test_set_before_the_choice_is_made() {
    for plan in ["halving:9", "random:4", "halving:60s", "random:60s"] {
        let mut search = search("student-epochs=9", TEN, plan).unwrap();
        let mut chosen = None;
        for second in 0.. {
            let asked = match search.next(f64::from(second)) {
                Next::Train(index) => index,
                Next::Wait => unreachable!("every trial is answered at once"),
                Next::Done => break,
            };
            let trial = &search.trials()[asked];
            match (trial.rung, chosen) {
                (Some(_), _) => assert_eq!((trial.experiment.seed, chosen), (search.base().seed, None), "{plan}"),
                (None, None) => {
                    assert_eq!(trial.place, search.best().unwrap().place, "{plan}");
                    chosen = trial.place;
                }
                (None, Some(_)) => assert_eq!(trial.place, None, "{plan}"),
            }
            answer(&mut search, &[asked]);
        }
        assert!(chosen.is_some(), "{plan}");
    }
}

#[test]
fn seconds_are_shared_among_the_rungs() {
    let mut search = search("student-epochs=9", TEN, "halving:30s").unwrap();
    let mut seconds = 0.0;
    while let Next::Train(index) = search.next(seconds) {
        answer(&mut search, &[index]);
        // A trial takes two seconds, however long it is.
        seconds += 2.0;
    }
    let trials = |rung: usize| search.trials().iter().filter(|trial| trial.rung == Some(rung)).count();
    assert_eq!([trials(0), trials(1), trials(2), search.tests().count()], [5, 1, 1, 2]);
    // However late it is, something is found.
    let mut search = self::search("student-epochs=9", TEN, "halving:1s").unwrap();
    while let Next::Train(index) = search.next(1e6) {
        answer(&mut search, &[index]);
    }
    assert_eq!(search.trials().len(), 5);
}

#[test]
fn what_cannot_be_trained_falls_out() {
    let mut search = search("student-epochs=9", TEN, "halving:9").unwrap();
    let failed = |search: &mut Search, asked: &[usize]| {
        for &index in asked {
            search.tell(index, Err(EngineError::NothingToLearn));
        }
    };
    let first = asked(&mut search, 0.0);
    failed(&mut search, &first[1..]);
    answer(&mut search, &first[..1]);
    let second = asked(&mut search, 0.0);
    assert_eq!(second.len(), 1);
    failed(&mut search, &second);
    // The longer trial failed: what is known best is tested.
    assert_eq!(search.best().unwrap().rung, Some(0));
    assert_eq!(asked(&mut search, 0.0).len(), 2);
    let mut none = self::search("", "temperature:1,2", "random:2").unwrap();
    let all = asked(&mut none, 0.0);
    failed(&mut none, &all);
    assert_eq!((none.next(0.0), none.best()), (Next::Done, None));
}

#[test]
fn the_order_is_random_and_follows_from_the_seed() {
    let order = |seed: u32| {
        let mut search = search(&format!("seed={seed}"), TEN, "random:10").unwrap();
        let all = asked(&mut search, 0.0);
        all.iter().map(|&index| search.trials()[index].place.unwrap()).collect::<Vec<usize>>()
    };
    let orders: BTreeSet<Vec<usize>> = (0..20).map(order).collect();
    assert_eq!((orders.len(), order(3)), (20, order(3)));
    assert!(orders.iter().all(|order| order.iter().collect::<BTreeSet<_>>().len() == 10));
    // Each of three places comes first about as often.
    let first = (0..3000).map(|seed| {
        let mut places = [0, 1, 2];
        shuffle(&mut places, seed);
        places[0]
    });
    let mut counts = [0_i32; 3];
    first.for_each(|place| counts[place] += 1);
    // The standard deviation of each count is 26.
    assert!(counts.iter().all(|count| (count - 1000).abs() < 130), "{counts:?}");
}

#[test]
fn the_epochs_of_a_candidate_are_its_own() {
    let mut search = search("student-epochs=45", "student-epochs:9,90", "halving:9").unwrap();
    asked(&mut search, 0.0);
    let epochs: BTreeSet<u32> = search.trials().iter().map(|trial| trial.experiment.student_epochs).collect();
    assert_eq!(epochs, [1, 10].into());
}

#[test]
fn what_cannot_be_searched_says_why() {
    let why = |link: &str, over: &str| search(link, over, "random:2").unwrap_err();
    assert_eq!(why("data=names", "temperature:1,2"), SearchError::NoValidation { data: DataSet::Names });
    assert_eq!(why("data=moons", "data:moons,rings"), SearchError::OtherData { data: DataSet::Rings });
    assert_eq!(why("data=moons", "student:conv:4"), SearchError::NoCandidates);
}
