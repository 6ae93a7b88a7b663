//! Token buckets by key, in a table of fixed size.
//!
//! A bucket is one instant: when it will be full again (GCRA, ITU-T I.371). A full bucket is the
//! same as none, so a table forgets the fullest first: memory stays as it is whatever keys come,
//! and a key can only be forgiven, never charged for another. Keys that meet in one hash are one.

use crate::time::{Millis, UnixMillis};

/// How many at once, and how soon one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Tokens of a full bucket.
    pub burst: u32,
    /// One token comes back in this time.
    pub every: Millis,
}

impl Rate {
    /// `burst` at once, then one in `every_ms`.
    pub const fn new(burst: u32, every_ms: u64) -> Self {
        Self {
            burst,
            every: Millis(every_ms),
        }
    }
}

/// Places in which one key may stand.
const WAYS: usize = 4;

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    key: u64,
    full_at: UnixMillis,
}

/// Buckets of one rate.
#[derive(Clone, Debug)]
pub struct Buckets {
    rate: Rate,
    buckets: Vec<Bucket>,
}

impl Buckets {
    /// An empty table for about `keys` busy keys: 16 bytes each, a power of two of them.
    pub fn new(rate: Rate, keys: usize) -> Self {
        let places = keys.max(WAYS).next_power_of_two();
        Self {
            rate,
            buckets: vec![Bucket::default(); places],
        }
    }

    /// Takes a token of `key`'s bucket.
    ///
    /// # Errors
    /// The bucket is empty: how long until it has one again. Nothing was taken.
    pub fn take(&mut self, key: u64, now: UnixMillis) -> Result<(), Millis> {
        let room = self.rate.every.0 * u64::from(self.rate.burst.saturating_sub(1));
        let place = self.place_of(key);
        let bucket = &mut self.buckets[place];
        let full_at = if bucket.key == key {
            bucket.full_at.max(now)
        } else {
            now
        };
        let short = full_at.since(now).0;
        if short > room {
            return Err(Millis(short - room));
        }
        *bucket = Bucket {
            key,
            full_at: full_at + self.rate.every,
        };
        Ok(())
    }

    /// The place of the key's bucket, or of the fullest one that may give way to it.
    fn place_of(&self, key: u64) -> usize {
        let sets = self.buckets.len() / WAYS;
        let set = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % sets * WAYS;
        let ways = &self.buckets[set..set + WAYS];
        let known = ways.iter().position(|bucket| bucket.key == key);
        let fullest = ways
            .iter()
            .enumerate()
            .min_by_key(|(_, bucket)| bucket.full_at)
            .map(|(way, _)| way);
        set + known.or(fullest).unwrap_or_default()
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<Bucket>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE: Rate = Rate::new(5, 1_000);

    #[test]
    fn a_burst_passes_and_one_more_waits() {
        let mut buckets = Buckets::new(RATE, 64);
        let now = UnixMillis(1_000_000);
        for _ in 0..5 {
            assert_eq!(buckets.take(7, now), Ok(()));
        }
        assert_eq!(buckets.take(7, now), Err(Millis(1_000)));
        assert_eq!(buckets.take(7, now + Millis(400)), Err(Millis(600)));
        assert_eq!(
            buckets.take(8, now),
            Ok(()),
            "another key is another bucket"
        );
        assert_eq!(buckets.take(7, now + Millis(1_000)), Ok(()));
        assert_eq!(buckets.take(7, now + Millis(1_000)), Err(Millis(1_000)));
    }

    #[test]
    fn memory_stays_as_it_is() {
        let mut buckets = Buckets::new(RATE, 1_024);
        let bytes = buckets.bytes();
        for key in 0..100_000 {
            assert_eq!(buckets.take(key, UnixMillis(1_000 + key)), Ok(()));
        }
        assert_eq!(buckets.bytes(), bytes);
        assert_eq!(bytes, 16 << 10);
    }

    proptest! {
        #[test]
        fn who_keeps_to_the_rate_is_never_refused(
            pauses in prop::collection::vec(1_000u64..9_000, 1..200),
            others in prop::collection::vec(0u64..50, 0..200),
        ) {
            let mut buckets = Buckets::new(RATE, 16);
            let mut now = UnixMillis(1_000_000);
            for (at, pause) in pauses.iter().enumerate() {
                now = now + Millis(*pause);
                prop_assert_eq!(buckets.take(1_000, now), Ok(()));
                for other in others.iter().skip(at % 7) {
                    let _ = buckets.take(*other, now);
                }
            }
        }

        #[test]
        fn nobody_gets_more_than_burst_and_rate(
            pauses in prop::collection::vec(0u64..700, 1..400),
        ) {
            let mut buckets = Buckets::new(RATE, 16);
            let begin = UnixMillis(1_000_000);
            let (mut now, mut passed) = (begin, 0u64);
            for pause in pauses {
                now = now + Millis(pause);
                passed += u64::from(buckets.take(3, now).is_ok());
                prop_assert!(passed <= 5 + now.since(begin).0 / 1_000);
            }
        }

        #[test]
        fn a_refusal_tells_when_to_come_back(pauses in prop::collection::vec(0u64..300, 1..60)) {
            let mut buckets = Buckets::new(RATE, 16);
            let mut now = UnixMillis(1_000_000);
            for pause in pauses {
                now = now + Millis(pause);
                if let Err(wait) = buckets.clone().take(3, now) {
                    prop_assert!(buckets.clone().take(3, now + Millis(wait.0 - 1)).is_err());
                    prop_assert!(buckets.clone().take(3, now + wait).is_ok());
                }
                let _ = buckets.take(3, now);
            }
        }
    }
}
