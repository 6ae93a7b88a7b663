//! What is read of one holder, for all rings: bytes as [`super::cold`] has them.
//!
//! Each ring has its own, made when its number is lent first. Of a ring most of whose holders are
//! unread it is no more than what is known of them, so a pool that wakes touches a quarter of the
//! memory; it is widened by the next holder, or when they are read.

use super::cold::{COLD, ColdBytes, at};
use super::unread::{UNREAD, UnreadBytes};

/// Where the tag of the visitor and the end of the lease stand among the bytes of a holder.
const TAG: core::ops::Range<usize> = 0..8;
const ENDED: core::ops::Range<usize> = 64..72;

/// What of a holder is known where he is to be read later.
#[inline]
pub(super) fn unread_of(cold: &ColdBytes) -> UnreadBytes {
    let mut bytes = [0; UNREAD];
    bytes[..8].copy_from_slice(&cold[TAG]);
    bytes[8..].copy_from_slice(&cold[ENDED]);
    bytes
}

/// That of one ring.
#[derive(Clone, Debug, Default)]
enum Rest {
    /// Its number was never lent.
    #[default]
    Nobody,
    /// [`COLD`] bytes for each place.
    Whole(Box<[u8]>),
    /// Those of the latest holder, then [`UNREAD`] bytes for each before him: the first places are
    /// theirs, and his the one after.
    Brief(Box<[u8]>),
}

/// That of all rings.
#[derive(Clone, Debug)]
pub(super) struct Rests {
    per_number: usize,
    rings: Vec<Rest>,
}

impl Rests {
    /// Of so many rings that nobody has had.
    pub(super) fn new(rings: usize, per_number: usize) -> Self {
        Self {
            per_number,
            rings: vec![Rest::Nobody; rings],
        }
    }

    /// Has so many rings.
    pub(super) fn grow(&mut self, rings: usize) {
        self.rings.resize(rings, Rest::Nobody);
    }

    /// The bytes of a holder who is read.
    #[inline]
    pub(super) fn bytes(&self, place: usize) -> &ColdBytes {
        let of = place % self.per_number;
        let bytes = match &self.rings[place / self.per_number] {
            Rest::Whole(bytes) => bytes[of * COLD..].first_chunk(),
            Rest::Brief(bytes) => bytes.first_chunk(),
            Rest::Nobody => None,
        };
        bytes.expect("every holder has his bytes")
    }

    /// What is known of a holder, read or not.
    #[inline]
    pub(super) fn known(&self, place: usize) -> UnreadBytes {
        let of = place % self.per_number;
        match &self.rings[place / self.per_number] {
            Rest::Brief(bytes) if of < before_latest(bytes) => {
                at_place(&bytes[COLD + of * UNREAD..])
            }
            Rest::Nobody => [0; UNREAD],
            _ => unread_of(self.bytes(place)),
        }
    }

    /// Notes when a holder's lease ended.
    pub(super) fn end(&mut self, place: usize, ended: [u8; 8]) {
        let of = place % self.per_number;
        let bytes = match &mut self.rings[place / self.per_number] {
            Rest::Brief(bytes) if of < before_latest(bytes) => {
                &mut bytes[COLD + of * UNREAD..][8..UNREAD]
            }
            Rest::Brief(bytes) => &mut bytes[ENDED],
            Rest::Whole(bytes) => &mut bytes[of * COLD..][ENDED],
            Rest::Nobody => return,
        };
        bytes.copy_from_slice(&ended);
    }

    /// Puts a holder in a place.
    #[inline]
    pub(super) fn put(&mut self, place: usize, cold: &ColdBytes) {
        let of = place % self.per_number;
        match &mut self.rings[place / self.per_number] {
            Rest::Brief(bytes) if of == before_latest(bytes) => {
                bytes[..COLD].copy_from_slice(cold);
            }
            _ => self.widened(place)[..COLD].copy_from_slice(cold),
        }
    }

    /// Puts what is known of an unread holder in a place.
    pub(super) fn put_known(&mut self, place: usize, known: &UnreadBytes) {
        let bytes = self.widened(place);
        bytes[TAG].copy_from_slice(&known[..8]);
        bytes[ENDED].copy_from_slice(&known[8..]);
    }

    /// The bytes from a place on, of a ring that has all of them.
    fn widened(&mut self, place: usize) -> &mut [u8] {
        let per_number = self.per_number;
        let ring = &mut self.rings[place / per_number];
        if !matches!(ring, Rest::Whole(_)) {
            let mut whole = vec![0; per_number * COLD].into_boxed_slice();
            if let Rest::Brief(brief) = ring {
                let (latest, known) = brief.split_at(COLD);
                let (places, _) = whole.as_chunks_mut::<COLD>();
                let (known, _) = known.as_chunks::<UNREAD>();
                for (place, known) in places.iter_mut().zip(known) {
                    place[TAG].copy_from_slice(&known[..8]);
                    place[ENDED].copy_from_slice(&known[8..]);
                }
                places[known.len()].copy_from_slice(latest);
            }
            *ring = Rest::Whole(whole);
        }
        match ring {
            Rest::Whole(bytes) => &mut bytes[place % per_number * COLD..],
            Rest::Nobody | Rest::Brief(_) => &mut [],
        }
    }

    /// Puts holders in the first places of a ring.
    #[cfg(feature = "edge")]
    pub(super) fn fill(&mut self, ring: usize, cold: &[ColdBytes]) {
        let mut whole = Vec::with_capacity(self.per_number * COLD);
        whole.extend_from_slice(cold.as_flattened());
        whole.resize(self.per_number * COLD, 0);
        self.rings[ring] = Rest::Whole(whole.into_boxed_slice());
    }

    /// Puts holders in the first places of a ring of whom but the latest is read.
    #[cfg(feature = "edge")]
    pub(super) fn fill_brief(&mut self, ring: usize, known: &[UnreadBytes], latest: &ColdBytes) {
        let mut brief = Vec::with_capacity(COLD + known.len() * UNREAD);
        brief.extend_from_slice(latest);
        brief.extend_from_slice(known.as_flattened());
        self.rings[ring] = Rest::Brief(brief.into_boxed_slice());
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        let of = |ring: &Rest| match ring {
            Rest::Whole(bytes) | Rest::Brief(bytes) => bytes.len() + ALLOCATED,
            Rest::Nobody => 0,
        };
        self.rings.capacity() * size_of::<Rest>() + self.rings.iter().map(of).sum::<usize>()
    }
}

/// What the allocator keeps beside each piece.
const ALLOCATED: usize = 16;

/// The place of the latest holder of a brief ring: so many are before him.
#[inline]
const fn before_latest(brief: &[u8]) -> usize {
    (brief.len() - COLD) / UNREAD
}

#[inline]
fn at_place(bytes: &[u8]) -> UnreadBytes {
    bytes.first_chunk().copied().unwrap_or([0; UNREAD])
}

/// The tag of what is known of a holder.
#[inline]
pub(super) fn tag_in(known: &UnreadBytes) -> u64 {
    u64::from_le_bytes(at::<0, 8, UNREAD>(known))
}

/// When his lease ended.
#[inline]
pub(super) fn ended_in(known: &UnreadBytes) -> u64 {
    u64::from_le_bytes(at::<8, 8, UNREAD>(known))
}
