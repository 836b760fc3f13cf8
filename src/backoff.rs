//! How long to wait before trying again.

use std::time::Duration;

/// 0.1 s, doubling up to 3 s, with jitter on the upper half, so that many stacks do not return at once.
pub fn pause_after(attempt: u32) -> Duration {
    let longest = Duration::from_millis(100 << attempt.saturating_sub(1).min(5)).min(Duration::from_secs(3));
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound() {
        let longest = [100, 200, 400, 800, 1600, 3000, 3000].map(Duration::from_millis);
        for (attempt, longest) in (1..).zip(longest) {
            let pause = pause_after(attempt);
            assert!(longest / 2 <= pause && pause <= longest, "{attempt}: {pause:?}");
        }
        assert!(pause_after(u32::MAX) <= Duration::from_secs(3));
    }
}
