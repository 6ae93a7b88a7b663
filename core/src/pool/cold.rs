//! What is read of one past holder, as bytes: in memory as in a snapshot, so that a pool that wakes
//! copies its holders and looks at none.
//!
//! Invariant: every member stands at a fixed place with a fixed width, whatever machine wrote it.
//! Bytes of a snapshot are read for ever, so another layout needs another form there
//! ([`super::packed`]).

use super::state::HolderImage;
use crate::id::{LeaseId, VisitId, VisitorId};
use crate::time::UnixMillis;

/// What is read of one holder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cold {
    pub(super) visitor: VisitorId,
    pub(super) visit: VisitId,
    pub(super) lease: LeaseId,
    pub(super) granted_at: UnixMillis,
    /// When he last tapped; zero is never.
    pub(super) tap_at: UnixMillis,
    /// When the number was taken from him or he got another; zero while it was not.
    pub(super) ended_at: UnixMillis,
    /// The journal row of his grant.
    pub(super) row: u64,
    pub(super) generation: u32,
    /// Seconds he was active, for his engagement.
    pub(super) active_s: u16,
    /// Pages seen since the grant.
    pub(super) pages: u16,
    /// Spells of activity.
    pub(super) spells: u8,
}

/// Bytes of it.
pub(super) const COLD: usize = 89;
/// It as it is kept.
pub(super) type ColdBytes = [u8; COLD];

/// The `N` bytes at place `AT`. Both are known when this is compiled, so it is a load. (Not by
/// `copy_from_slice`: code that is made small calls it.)
#[inline(always)]
pub(super) fn at<const AT: usize, const N: usize, const ALL: usize>(bytes: &[u8; ALL]) -> [u8; N] {
    match bytes[AT..].first_chunk() {
        Some(member) => *member,
        None => [0; N],
    }
}

/// The visitor and the lease of a holder: who looks for one of many reads no more of the others.
#[inline(always)]
pub(super) fn visitor_in(bytes: &ColdBytes) -> VisitorId {
    VisitorId(u128::from_le_bytes(at::<0, 16, COLD>(bytes)))
}

/// See [`visitor_in`].
#[inline(always)]
pub(super) fn lease_in(bytes: &ColdBytes) -> LeaseId {
    LeaseId(u128::from_le_bytes(at::<32, 16, COLD>(bytes)))
}

impl Cold {
    /// That of an image.
    pub(super) fn of(image: &HolderImage) -> Self {
        Self {
            visitor: image.visitor,
            visit: image.visit,
            lease: image.lease,
            granted_at: image.granted_at,
            tap_at: image.tap_at,
            ended_at: image.ended_at,
            row: image.row,
            generation: image.generation,
            active_s: image.active_s,
            pages: image.pages,
            spells: image.spells,
        }
    }

    /// What bytes of [`Self::write`] say. What is not used of it is not read.
    #[inline(always)]
    pub(super) fn read(bytes: &ColdBytes) -> Self {
        let instant = |bytes| UnixMillis(u64::from_le_bytes(bytes));
        let [spells] = at::<88, 1, COLD>(bytes);
        Self {
            visitor: visitor_in(bytes),
            visit: VisitId(u128::from_le_bytes(at::<16, 16, COLD>(bytes))),
            lease: lease_in(bytes),
            granted_at: instant(at::<48, 8, COLD>(bytes)),
            tap_at: instant(at::<56, 8, COLD>(bytes)),
            ended_at: instant(at::<64, 8, COLD>(bytes)),
            row: u64::from_le_bytes(at::<72, 8, COLD>(bytes)),
            generation: u32::from_le_bytes(at::<80, 4, COLD>(bytes)),
            active_s: u16::from_le_bytes(at::<84, 2, COLD>(bytes)),
            pages: u16::from_le_bytes(at::<86, 2, COLD>(bytes)),
            spells,
        }
    }

    /// It as it is kept.
    #[inline]
    pub(super) fn write(&self) -> ColdBytes {
        let mut bytes = [0; COLD];
        let mut rest = bytes.as_mut_slice();
        let mut put = |member: &[u8]| {
            let (place, after) = core::mem::take(&mut rest).split_at_mut(member.len());
            place.copy_from_slice(member);
            rest = after;
        };
        put(&self.visitor.0.to_le_bytes());
        put(&self.visit.0.to_le_bytes());
        put(&self.lease.0.to_le_bytes());
        put(&self.granted_at.0.to_le_bytes());
        put(&self.tap_at.0.to_le_bytes());
        put(&self.ended_at.0.to_le_bytes());
        put(&self.row.to_le_bytes());
        put(&self.generation.to_le_bytes());
        put(&self.active_s.to_le_bytes());
        put(&self.pages.to_le_bytes());
        put(&[self.spells]);
        bytes
    }
}
