//! Numbers of a pool that stand somewhere for good: copied by hand into a page, a map, a print.
//! Many call them whom no visit explains.

use crate::time::Millis;

/// 30 days: what happened to a number earlier says nothing of the present page.
pub const PASTED_WITHIN: Millis = Millis::from_mins(30 * 24 * 60);

/// 3 callers: one may have noted the number, two may be a couple.
const CALLERS_MIN: u64 = 3;

/// The calls to one number within [`PASTED_WITHIN`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NumberCalls {
    /// All of them.
    pub calls: u64,
    /// Those that no lease explains.
    pub strange: u64,
    /// How many different callers made those.
    pub strange_callers: u64,
}

impl NumberCalls {
    /// Whether the number seems to be written somewhere for good: several callers whom no lease
    /// explains, and they are half of all.
    pub const fn is_pasted(self) -> bool {
        self.strange_callers >= CALLERS_MIN && self.strange * 2 >= self.calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_callers_without_leases() {
        let is_pasted = |calls, strange, strange_callers| {
            NumberCalls {
                calls,
                strange,
                strange_callers,
            }
            .is_pasted()
        };
        assert!(is_pasted(3, 3, 3));
        assert!(is_pasted(6, 3, 3));
        assert!(!is_pasted(7, 3, 3), "most calls come from visits");
        assert!(!is_pasted(9, 9, 2), "the same two again and again");
        assert!(!is_pasted(0, 0, 0));
    }
}
