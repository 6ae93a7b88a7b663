//! Numbers of a snapshot as bytes in two pieces: what a pool lends them by, and beside it what is
//! read of their past holders later ([`super::unread`]).
//!
//! The first is [`super::packed`]'s with less of all holders but the latest, some 430 bytes a
//! number with ten holders instead of 1,080: as long as it is, a page view waits that finds its
//! pool asleep. The second names each number and has its past holders whole.
//!
//! Invariant: as of [`super::packed`], forms are read for ever.

use super::cold::{COLD, Cold, ColdBytes};
use super::holders::Hot;
use super::packed::{
    HOT, Members, NUMBER, PackError, PackedHolders, PackedPast, TAB, hot_bytes, hot_of, put_number,
    read_number, take,
};
use super::rest::unread_of;
use super::snapshot::holder_of;
use super::state::{HolderImage, NumberImage};
use super::unread::UNREAD;
use crate::phone::E164;

/// Numbers whose past holders are packed by themselves.
pub(super) const PARTED: u8 = 5;
/// Those holders.
const PAST: u8 = 6;

/// Bytes of a number before its past holders.
const NAMED: usize = 10;

/// The two pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// The numbers, with what a pool lends them by.
    pub numbers: Vec<u8>,
    /// What is read of their past holders later.
    pub past: Vec<u8>,
}

impl Pieces {
    /// Of so many numbers with so many holders, before the first.
    pub(super) fn begin(numbers: usize, holders: usize) -> Self {
        let brief = numbers * (NUMBER + TAB + COLD) + holders * (HOT + UNREAD);
        let mut pieces = Self {
            numbers: Vec::with_capacity(brief),
            past: Vec::with_capacity(numbers * NAMED + holders * COLD),
        };
        pieces.numbers.push(PARTED);
        pieces.past.push(PAST);
        pieces
    }

    /// Adds a number with its holders, oldest first, each in two: what selection reads of all of
    /// them, then the rest of each.
    ///
    /// # Errors
    /// As [`pack_parted`].
    pub(super) fn put(
        &mut self,
        number: &NumberImage,
        hot: impl ExactSizeIterator<Item = [u8; HOT]>,
        cold: impl Iterator<Item = ColdBytes>,
    ) -> Result<(), PackError> {
        let past = hot.len().saturating_sub(1);
        put_number(&mut self.numbers, number, hot.len())?;
        hot.for_each(|hot| self.numbers.extend(hot));
        if past > 0 {
            self.past
                .extend(number.config.number.as_u64().to_le_bytes());
            self.past.extend((past as u16).to_le_bytes());
        }
        for (nth, cold) in cold.enumerate() {
            if nth < past {
                self.numbers.extend(unread_of(&cold));
                self.past.extend(cold);
            } else {
                self.numbers.extend(cold);
            }
        }
        Ok(())
    }
}

/// The numbers as bytes in two pieces.
///
/// # Errors
/// [`PackError::Length`], which no number of a pool comes near.
pub fn pack_parted(numbers: &[NumberImage]) -> Result<Pieces, PackError> {
    let holders = numbers.iter().map(|number| number.holders.len()).sum();
    let mut pieces = Pieces::begin(numbers.len(), holders);
    for number in numbers {
        let hot = number.holders.iter().map(|of| hot_bytes(&hot_in(of)));
        let cold = number.holders.iter().map(|of| Cold::of(of).write());
        pieces.put(number, hot, cold)?;
    }
    Ok(pieces)
}

/// What selection reads of a holder of an image.
fn hot_in(image: &HolderImage) -> Hot {
    Hot {
        last_activity: image.last_activity,
        region: image.region,
        class: image.class,
        flags: image.flags,
    }
}

/// Takes the holders of a number of the first piece off the front.
pub(super) fn take_parted<'b>(
    bytes: &mut &'b [u8],
    count: usize,
) -> Result<PackedHolders<'b>, PackError> {
    let (hot, _) = take(bytes, count * HOT)?.as_chunks();
    let Some(past) = count.checked_sub(1) else {
        return Ok(PackedHolders::NONE);
    };
    let (past, _) = take(bytes, past * UNREAD)?.as_chunks();
    let (latest, _) = take(bytes, COLD)?.as_chunks();
    let latest = latest.first().ok_or(PackError::Content)?;
    Ok(PackedHolders {
        hot,
        past: PackedPast::Later(past, latest),
    })
}

/// The numbers of the second piece, each with its past holders, oldest first.
///
/// # Errors
/// If it is none.
pub(super) fn past_of(bytes: &[u8]) -> Result<Vec<(E164, &[ColdBytes])>, PackError> {
    let Some((&PAST, mut rest)) = bytes.split_first() else {
        return Err(PackError::Form);
    };
    let mut past = Vec::new();
    while !rest.is_empty() {
        let mut members = Members(take(&mut rest, NAMED)?);
        let number = E164::from_u64(members.long()).ok_or(PackError::Content)?;
        let count = usize::from(members.short());
        let (all, _) = take(&mut rest, count * COLD)?.as_chunks();
        past.push((number, all));
    }
    Ok(past)
}

/// Whether the numbers are the first of two pieces.
pub fn is_parted(numbers: &[u8]) -> bool {
    numbers.first() == Some(&PARTED)
}

/// The numbers of a snapshot that both pieces hold.
///
/// # Errors
/// If they are not the two pieces of one part.
pub fn unpack_parted(numbers: &[u8], past: &[u8]) -> Result<Vec<NumberImage>, PackError> {
    let Some((&PARTED, mut rest)) = numbers.split_first() else {
        return Err(PackError::Form);
    };
    let mut past = past_of(past)?.into_iter().peekable();
    let mut images = Vec::new();
    while !rest.is_empty() {
        let (mut image, count) = read_number(&mut rest)?;
        let holders = take_parted(&mut rest, count)?;
        if let PackedPast::Later(unread, latest) = holders.past {
            let own = past.next_if(|(number, _)| *number == image.config.number);
            let cold = own.map_or(&[][..], |(_, cold)| cold);
            if cold.len() != unread.len() {
                return Err(PackError::Content);
            }
            let all = holders.hot.iter().zip(cold.iter().chain([latest]));
            image.holders = all
                .map(|(hot, cold)| holder_of(hot_of(hot), Cold::read(cold)))
                .collect();
        }
        images.push(image);
    }
    match past.next() {
        Some(_) => Err(PackError::Content),
        None => Ok(images),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{LeaseId, VisitId, VisitorId};
    use crate::pool::Region;
    use crate::pool::message::TabId;
    use crate::pool::packed::tests::{config, numbers};
    use crate::pool::state::{Phase, TabState};
    use crate::time::UnixMillis;
    use expect_test::expect;
    use proptest::prelude::*;

    fn holder() -> impl Strategy<Value = HolderImage> {
        let ids = any::<(u128, u128, u128)>();
        let times = any::<(u64, u64, u64, u64)>();
        let rest = any::<(u32, u64, u8, u8, u32, u16, u8, u16)>();
        (ids, times, rest).prop_map(|(ids, times, rest)| HolderImage {
            visitor: VisitorId(ids.0),
            visit: VisitId(ids.1),
            lease: LeaseId(ids.2),
            generation: rest.0,
            granted_at: UnixMillis(times.0),
            last_activity: UnixMillis(times.1),
            tap_at: UnixMillis(times.2),
            ended_at: UnixMillis(times.3),
            row: rest.1,
            class: rest.2,
            flags: rest.3,
            region: Region(rest.4),
            active_s: rest.5,
            spells: rest.6,
            pages: rest.7,
        })
    }

    fn image() -> impl Strategy<Value = NumberImage> {
        let phase = prop_oneof![
            Just(Phase::None),
            Just(Phase::Provisional),
            Just(Phase::Active),
            Just(Phase::Idle),
            Just(Phase::Held),
        ];
        let tab = any::<(u32, bool, u64)>().prop_map(|(tab, active, at)| TabState {
            tab: TabId(tab),
            active,
            sign_at: UnixMillis(at),
        });
        let call = any::<(u64, u64)>().prop_map(|(call, until)| (call, UnixMillis(until)));
        (
            (config(), phase),
            any::<(bool, u64, u32, u64, bool)>(),
            prop::collection::vec(tab, 0..5),
            prop::collection::vec(call, 0..5),
            prop::collection::vec(holder(), 0..12),
        )
            .prop_map(|(of, state, tabs, calls, holders)| NumberImage {
                config: of.0,
                draining: state.0,
                quarantined_until: UnixMillis(state.1),
                generation: state.2,
                phase: of.1,
                since: UnixMillis(state.3),
                confirmed: state.4,
                tabs,
                calls,
                holders,
            })
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(numbers in prop::collection::vec(image(), 0..4)) {
            let Pieces { numbers: first, past } = pack_parted(&numbers).unwrap();
            prop_assert!(is_parted(&first));
            prop_assert_eq!(unpack_parted(&first, &past), Ok(numbers));
        }

        #[test]
        fn other_bytes_are_refused(
            bytes in prop::collection::vec(any::<u8>(), 1..200),
            numbers in prop::collection::vec(image(), 1..3),
        ) {
            let Pieces { numbers: first, past } = pack_parted(&numbers).unwrap();
            let with = |all: &[u8]| [all, &bytes].concat();
            prop_assert!(unpack_parted(&with(&first), &past).is_err());
            prop_assert!(unpack_parted(&first, &with(&past)).is_err());
            prop_assert!(unpack_parted(&past, &first).is_err());
            prop_assert!(unpack_parted(&[], &past).is_err());
            let _ = unpack_parted(&bytes, &bytes);
        }
    }

    #[test]
    fn the_form_is_the_one_that_is_stored_everywhere() {
        let mut numbers = numbers();
        let earlier = HolderImage {
            visitor: VisitorId(0x3132),
            ended_at: UnixMillis(10),
            ..numbers[0].holders[0].clone()
        };
        numbers[0].holders.insert(0, earlier);
        let Pieces {
            numbers: first,
            past,
        } = pack_parted(&numbers).unwrap();
        let text = |bytes: &[u8]| -> String {
            let lines = bytes.chunks(40).map(|bytes| {
                let bytes = bytes.iter().map(|byte| format!("{byte:02x}"));
                bytes.collect::<String>() + "\n"
            });
            lines.collect()
        };
        expect![[r#"
            05813d5e731100000001070000000101000000000000002c010000040b3ddc00a201000001010102
            0003000000010400000000000000050000000000000006000000000000000c000000000000001100
            000010010c0000000000000011000000100132310000000000000a00000000000000100f0e0d0c0b
            0a090807060504030201121100000000000000000000000000002221000000000000000000000000
            00000b0000000000000000000000000000000e000000000000000f000000000000002c0100001200
            140013
        "#]]
        .assert_eq(&text(&first));
        expect![[r#"
            06813d5e731100000001003231000000000000000000000000000012110000000000000000000000
            000000222100000000000000000000000000000b0000000000000000000000000000000a00000000
            0000000f000000000000002c0100001200140013
        "#]]
        .assert_eq(&text(&past));
        assert_eq!(unpack_parted(&first, &past), Ok(numbers));
    }
}
