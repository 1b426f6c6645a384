//! When to wake. A list without order: there are about three timers an invocation, and taking one off, which is what
//! happens to nearly all of them, must leave nothing behind.

use std::time::{Duration, Instant};

/// Longer than this nobody waits; it also keeps sums of times in range.
const FOREVER_MS: f64 = 1e12;

#[derive(Default)]
pub struct Timers {
    pending: Vec<(Instant, u32)>,
    last: u32,
}

impl Timers {
    pub fn add(&mut self, ms: f64, now: Instant) -> u32 {
        // NaN counts as none at all; `max` and `min` would let it through otherwise.
        let ms = if ms > 0.0 { ms.min(FOREVER_MS) } else { 0.0 };
        self.last = self.last.wrapping_add(1);
        self.pending.push((now + Duration::from_secs_f64(ms / 1000.0), self.last));
        self.last
    }

    pub fn cancel(&mut self, id: u32) {
        self.pending.retain(|&(_, pending)| pending != id);
    }

    /// How long until the next one is due.
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        let (due, _) = self.pending.iter().min()?;
        Some(due.saturating_duration_since(now))
    }

    /// The one that has been due for longest.
    pub fn take_due(&mut self, now: Instant) -> Option<u32> {
        let (at, &(due, id)) = self.pending.iter().enumerate().min_by_key(|&(_, timer)| timer)?;
        if due > now {
            return None;
        }
        self.pending.swap_remove(at);
        Some(id)
    }

    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_out_what_is_due_in_order_and_never_what_was_taken_off() {
        let now = Instant::now();
        let mut timers = Timers::default();
        let late = timers.add(30.0, now);
        let soon = timers.add(10.0, now);
        let gone = timers.add(20.0, now);
        let again = timers.add(10.0, now);
        timers.cancel(gone);
        timers.cancel(gone);
        assert_eq!(timers.wait(now), Some(Duration::from_millis(10)));
        assert_eq!(timers.take_due(now), None);
        let then = now + Duration::from_millis(40);
        assert_eq!(timers.take_due(then), Some(soon));
        assert_eq!(timers.take_due(then), Some(again));
        assert_eq!(timers.take_due(then), Some(late));
        assert!(timers.is_empty());
    }

    #[test]
    fn takes_any_number_for_a_time() {
        let now = Instant::now();
        let mut timers = Timers::default();
        for ms in [f64::NAN, -1.0, f64::NEG_INFINITY] {
            let id = timers.add(ms, now);
            assert_eq!(timers.take_due(now), Some(id));
        }
        for ms in [f64::INFINITY, f64::MAX, 9_007_199_254_740_991.0] {
            timers.add(ms, now);
            assert_eq!(timers.take_due(now + Duration::from_secs(1_000_000)), None);
        }
    }
}
