//! Waiting and trying again. The only loop that waits: [`poll_until`].

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// When something is tried again, and when the attempts end.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    pause: Pause,
    factor: u32,
    attempts: u32,
    window: Duration,
    reserve: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Pause {
    Growing,
    Fixed(Duration),
}

impl Schedule {
    /// Pauses of 0.1 s that double up to 3 s, with jitter, until the deadline.
    pub const fn backoff() -> Self {
        Self::with(Pause::Growing)
    }

    /// Pauses of the same length, until the deadline.
    pub const fn every(pause: Duration) -> Self {
        Self::with(Pause::Fixed(pause))
    }

    const fn with(pause: Pause) -> Self {
        Self { pause, factor: 1, attempts: u32::MAX, window: Duration::MAX, reserve: Duration::ZERO }
    }

    /// Multiplies all pauses by this factor.
    #[must_use]
    pub const fn slower(self, factor: u32) -> Self {
        Self { factor, ..self }
    }

    /// At most this number of attempts.
    #[must_use]
    pub const fn at_most(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    /// The last attempt begins at most this time after the first.
    #[must_use]
    pub const fn within(self, window: Duration) -> Self {
        Self { window, ..self }
    }

    /// No attempt begins when less than this is left until the deadline.
    #[must_use]
    pub const fn leaving(self, reserve: Duration) -> Self {
        Self { reserve, ..self }
    }

    fn pause_after(&self, attempt: u32) -> Duration {
        let pause = match self.pause {
            Pause::Growing => jittered_pause(attempt),
            Pause::Fixed(pause) => pause,
        };
        pause * self.factor
    }
}

/// One attempt of [`poll_until`].
#[derive(Debug)]
pub struct Attempt<Pending> {
    /// 1 for the first.
    pub number: u32,
    /// How long the pause after it will be.
    pub pause: Duration,
    /// What the attempt before continued with.
    pub previous: Option<Pending>,
}

impl<Pending> Attempt<Pending> {
    /// Whether the next attempt would begin before `moment`.
    pub fn repeats_before(&self, moment: Instant) -> bool {
        repeats_before(self.pause, moment)
    }
}

fn repeats_before(pause: Duration, moment: Instant) -> bool {
    Instant::now() + pause < moment
}

/// Makes attempts until one breaks with a result. When the schedule or `deadline` allows no further attempt, returns
/// what the last one continued with, as an error. The first attempt is always made, even after the deadline.
///
/// What an attempt continues with is given to the next one, so a closure needs no state of its own. (One that had would
/// have to be an `AsyncFnMut`, whose futures the compiler cannot prove to be `Send` yet.)
pub async fn poll_until<T, Pending, Attempted>(
    deadline: Instant,
    schedule: Schedule,
    mut attempt: impl FnMut(Attempt<Pending>) -> Attempted,
) -> Result<T, Pending>
where
    Attempted: Future<Output = ControlFlow<T, Pending>>,
{
    let window_ends = Instant::now().checked_add(schedule.window);
    let mut previous = None;
    let mut number = 1;
    loop {
        let pause = schedule.pause_after(number);
        let pending = match attempt(Attempt { number, pause, previous }).await {
            ControlFlow::Break(result) => return Ok(result),
            ControlFlow::Continue(pending) => pending,
        };
        let in_window = window_ends.is_none_or(|end| repeats_before(pause, end));
        let in_time = repeats_before(pause + schedule.reserve, deadline);
        if number >= schedule.attempts || !in_window || !in_time {
            return Err(pending);
        }
        sleep(pause).await;
        previous = Some(pending);
        number += 1;
    }
}

/// 0.1 s, doubling up to 3 s, with jitter on the upper half, so that many stacks do not return at once.
fn jittered_pause(attempt: u32) -> Duration {
    let longest = Duration::from_millis(100 << attempt.saturating_sub(1).min(5)).min(Duration::from_secs(3));
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The moments of all attempts, in seconds, when none succeeds.
    async fn moments(deadline: Duration, schedule: Schedule) -> Vec<u64> {
        let started = Instant::now();
        let result: Result<(), Vec<u64>> = poll_until(started + deadline, schedule, async |attempt| {
            let mut moments: Vec<_> = attempt.previous.unwrap_or_default();
            moments.push(started.elapsed().as_secs());
            ControlFlow::Continue(moments)
        })
        .await;
        result.expect_err("no attempt succeeds")
    }

    #[test]
    fn pauses_grow_up_to_a_bound() {
        let longest = [100, 200, 400, 800, 1600, 3000, 3000].map(Duration::from_millis);
        for (attempt, longest) in (1..).zip(longest) {
            let pause = jittered_pause(attempt);
            assert!(longest / 2 <= pause && pause <= longest, "{attempt}: {pause:?}");
            let slower = Schedule::backoff().slower(2).pause_after(attempt);
            assert!(longest <= slower && slower <= longest * 2, "{attempt}: {slower:?}");
        }
        assert!(jittered_pause(u32::MAX) <= Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_pending_value_is_returned_when_the_time_is_over() {
        let every_second = Schedule::every(SECOND);
        for (deadline, schedule, expected) in [
            (5, every_second, vec![0, 1, 2, 3, 4]),
            (5, every_second.at_most(3), vec![0, 1, 2]),
            (9, every_second.within(4 * SECOND), vec![0, 1, 2, 3]),
            (9, every_second.leaving(6 * SECOND), vec![0, 1, 2]),
            (0, every_second, vec![0]),
            (9, every_second.at_most(0), vec![0]),
        ] {
            assert_eq!(moments(deadline * SECOND, schedule).await, expected, "{schedule:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_attempt_that_breaks_is_the_last() {
        let started = Instant::now();
        let result = poll_until(started + 60 * SECOND, Schedule::every(SECOND), async |attempt| {
            if attempt.number == 3 { ControlFlow::Break("done") } else { ControlFlow::Continue(attempt.number) }
        })
        .await;
        assert_eq!((result, started.elapsed()), (Ok("done"), 2 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_knows_whether_the_next_one_is_in_time() {
        let started = Instant::now();
        let result = poll_until(started + 60 * SECOND, Schedule::every(SECOND), async |attempt| {
            if attempt.repeats_before(started + 3 * SECOND) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(attempt.number)
            }
        })
        .await;
        assert_eq!(result, Ok(3));
    }
}
