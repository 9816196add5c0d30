use super::*;
use crate::limit::Smoothing;

const SCENE: Scene = Scene { wall: 1_700_000_000.0, lag: 0.001, chance: 0 };

fn play(limit: &Limit, behaviour: &Behaviour, times: &[(f64, usize)]) -> Vec<bool> {
    let mut limiter = limiter(limit, behaviour, SCENE);
    times.iter().map(|(at, gateway)| limiter.admits(*at, *gateway)).collect()
}

fn even(count: u32, spacing: f64) -> Vec<(f64, usize)> {
    (0..count).map(|index| (f64::from(index) * spacing, 0)).collect()
}

fn passed(verdicts: &[bool]) -> usize {
    verdicts.iter().filter(|passes| **passes).count()
}

#[test]
fn a_bucket_is_full_again_when_its_window_is_over() {
    let (limit, bucket) = (Limit::new(4.0, 2.0), Behaviour::of(Algorithm::Bucket, 1));
    // Six in the first window, two of them too many, and six in the next.
    let times: Vec<(f64, usize)> = even(6, 0.1).into_iter().chain([(2.01, 0), (2.02, 0)]).collect();
    assert_eq!(play(&limit, &bucket, &times), [true, true, true, true, false, false, true, true]);
}

#[test]
fn several_gateways_have_a_part_of_the_bucket_each() {
    let limit = Limit::new(9.0, 2.0);
    for (gateways, one, all) in [(1, 9, 9), (2, 4, 8), (3, 3, 9), (20, 1, 16)] {
        let bucket = Behaviour::of(Algorithm::Bucket, gateways);
        assert_eq!(passed(&play(&limit, &bucket, &even(16, 0.01))), one, "{gateways}, all to one");
        let spread: Vec<(f64, usize)> = (0..16).map(|index| (0.0, index % gateways)).collect();
        assert_eq!(passed(&play(&limit, &bucket, &spread)), all, "{gateways}, spread");
    }
}

#[test]
fn the_log_counts_what_it_refuses() {
    let (limit, log) = (Limit::new(4.0, 2.0), Behaviour::of(Algorithm::RedisLog, 2));
    // Faster than allowed without end: after the first four, none.
    assert_eq!(passed(&play(&limit, &log, &even(30, 0.4))), 4);
    // As fast as allowed: all.
    assert_eq!(passed(&play(&limit, &log, &even(30, 0.501))), 30);
    let short = Behaviour { is_short: true, ..log };
    assert_eq!(passed(&play(&limit, &short, &even(30, 0.01))), 3);
}

#[test]
fn a_sentinel_refuses_for_a_window_but_its_last_half_second() {
    let (limit, sentinel) = (Limit::new(4.0, 2.0), Behaviour::of(Algorithm::Sentinel, 1));
    let times = even(5, 0.1).into_iter().chain([(1.7, 0), (1.85, 0)]).collect::<Vec<_>>();
    assert_eq!(play(&limit, &sentinel, &times), [true, true, true, true, false, false, true]);
}

#[test]
fn a_fixed_window_goes_by_the_clock() {
    let (limit, fixed) = (Limit::new(4.0, 2.0), Behaviour::of(Algorithm::FixedWindow, 1));
    // 1,700,000,000 is the beginning of a window of two seconds.
    let times: Vec<(f64, usize)> = [1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.1].map(|at| (at, 0)).to_vec();
    assert_eq!(play(&limit, &fixed, &times), [true, true, true, true, false, true, true]);
}

#[test]
fn smoothing_begins_low_and_grows_with_demand() {
    let smoothing = Smoothing { threshold: 2.0, trigger: 0.5, step: 2.0, delay: 1.0 };
    let limit = Limit { smoothing: Some(smoothing), ..Limit::new(6.0, 2.0) };
    let smoothed = Behaviour { is_smoothed: true, ..Behaviour::of(Algorithm::RedisLog, 1) };
    assert_eq!(passed(&play(&limit, &smoothed, &even(6, 0.01))), 2);
    // Two at once, then one whenever the log has room: the allowance is 4 after a second, 6 after
    // two.
    let times: Vec<(f64, usize)> = [0.0, 0.1, 1.2, 1.3].map(|at| (at, 0)).to_vec();
    assert_eq!(play(&limit, &smoothed, &times), [true, true, true, true]);
}

#[test]
fn gateways_apart_have_all_of_it_each() {
    let apart = Behaviour { is_apart: true, ..Behaviour::of(Algorithm::RedisLog, 2) };
    let spread: Vec<(f64, usize)> = (0..16).map(|index| (0.0, index % 2)).collect();
    assert_eq!(passed(&play(&Limit::new(4.0, 2.0), &apart, &spread)), 8);
}

#[test]
fn a_window_of_less_than_a_second_holds_nothing_back() {
    let limit = Limit::new(2.0, 0.5);
    for algorithm in [Algorithm::Bucket, Algorithm::RedisLog] {
        assert_eq!(
            passed(&play(&limit, &Behaviour::of(algorithm, 1), &even(9, 0.01))),
            9,
            "{algorithm:?}"
        );
    }
}
