//! Many cases on all cores.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Cases that a thread takes at once.
const CHUNK: u64 = 500;

/// Differences after which a run ends: one is enough to begin with.
const DIFFERENCES_MAX: usize = 3;

/// How a run ended.
pub struct Tally {
    pub cases: u64,
    /// Numbers of cases, with what was wrong.
    pub differences: Vec<(u64, String)>,
    /// For each kind of thing, in how many cases it was seen.
    pub seen: [u64; 32],
    pub took: Duration,
}

/// Judges the first `cases` cases. `check` says what was seen in one, as bits, or what is wrong.
pub fn judge(
    name: &str,
    cases: u64,
    is_loud: bool,
    check: impl Fn(u64) -> Result<u32, String> + Sync,
) -> Tally {
    let began = Instant::now();
    let next = AtomicU64::new(0);
    let done = AtomicU64::new(0);
    let found = Mutex::new((Vec::<(u64, String)>::new(), [0_u64; 32]));
    let work = || {
        let mut seen = [0; 32];
        loop {
            let from = next.fetch_add(CHUNK, Ordering::Relaxed);
            let until = (from + CHUNK).min(cases);
            if until <= from {
                break;
            }
            for number in from..until {
                match check(number) {
                    Ok(bits) => {
                        for (bit, count) in seen.iter_mut().enumerate() {
                            *count += u64::from(bits >> bit & 1);
                        }
                    }
                    Err(wrong) => {
                        let mut found = found.lock().expect("no thread panics with the lock");
                        found.0.push((number, wrong));
                        if DIFFERENCES_MAX <= found.0.len() {
                            next.store(cases, Ordering::Relaxed);
                        }
                    }
                }
            }
            let before = done.fetch_add(until - from, Ordering::Relaxed);
            let tenth = |count: u64| 10 * count / cases;
            if is_loud && tenth(before) < tenth(before + until - from) {
                let seconds = began.elapsed().as_secs();
                println!(
                    "  {name}: {} of {cases} cases, {seconds} s",
                    before + until - from
                );
            }
        }
        let mut found = found.lock().expect("no thread panics with the lock");
        for (sum, count) in found.1.iter_mut().zip(seen) {
            *sum += count;
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let (mut differences, seen) = found.into_inner().expect("no thread panics with the lock");
    differences.sort();
    Tally {
        cases,
        differences,
        seen,
        took: began.elapsed(),
    }
}
