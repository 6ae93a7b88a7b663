//! Numbers as bytes: those of a configuration, and what snapshots have of a number. As those are
//! written now, see [`super::parted`].
//!
//! The snapshot of a large pool is some 20 MB as JSON, and a page view that finds its pool asleep
//! waits until it is read. Here every member stands at a fixed place with a fixed width, and most
//! of a holder as the pool keeps him ([`super::cold`]): a hundred thousand are copied and not
//! looked at. One byte names the form.
//!
//! Invariant: a form that was ever written is read for ever. An image whose members change, or
//! their order, needs another form; a test compares the bytes.

use super::cold::{COLD, Cold, ColdBytes, at};
use super::config::{NumberConfig, Region, Role, Source};
use super::holders::Hot;
use super::message::TabId;
use super::parted::{PARTED, take_parted};
use super::snapshot::holder_of;
use super::state::{Calls, HolderImage, Number, NumberImage, Phase, TabState, Tabs};
use super::unread::UnreadBytes;
use crate::id::{LeaseId, VisitId, VisitorId};
use crate::phone::E164;
use crate::time::UnixMillis;

/// Numbers with their holders in [postcard's wire format](https://postcard.jamesmunns.com), as they
/// were once written: half as long as JSON, but four times as slow to read as [`FIXED`].
const POSTCARD: u8 = 1;
/// The same with every member of a fixed width, holder by holder, as they were written next.
const FIXED: u8 = 2;
/// Numbers of a configuration.
const CONFIGURED: u8 = 3;
/// Numbers with their holders, of these first what selection reads of each, then the rest.
const COLUMNS: u8 = 4;

/// Bytes of a number, of a tab, of a call, of a holder, and of a number of a configuration.
pub(super) const NUMBER: usize = 40;
pub(super) const TAB: usize = 13;
const CALL: usize = 16;
const HOLDER: usize = 103;
pub(super) const HOT: usize = 14;
const CONFIG: usize = 13;

/// Why bytes are no list of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PackError {
    /// Their form is none that this program knows, or there are none.
    Form,
    /// What follows is not of that form.
    Content,
    /// There is more of something than the form has room for.
    Length,
}

impl core::fmt::Display for PackError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Form => "the packed numbers are of a form that is not known",
            Self::Content => "the packed numbers are broken",
            Self::Length => "a number has more tabs, calls or holders than can be packed",
        })
    }
}

impl core::error::Error for PackError {}

/// What bytes of this module hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Packed {
    /// Numbers of a snapshot.
    Images(Vec<NumberImage>),
    /// Numbers of a configuration.
    Config(Vec<NumberConfig>),
}

/// Adds a number that `holders` of it, which it does not have with it, are to follow.
///
/// # Errors
/// As [`super::pack_parted`].
pub(super) fn put_number(
    bytes: &mut Vec<u8>,
    number: &NumberImage,
    holders: usize,
) -> Result<(), PackError> {
    let count = |length: usize| u8::try_from(length).map_err(|_| PackError::Length);
    let holders = u16::try_from(holders).map_err(|_| PackError::Length)?;
    put_config(bytes, &number.config);
    bytes.push(u8::from(number.draining));
    bytes.extend(number.quarantined_until.0.to_le_bytes());
    bytes.extend(number.generation.to_le_bytes());
    bytes.push(phase_code(number.phase));
    bytes.extend(number.since.0.to_le_bytes());
    bytes.push(u8::from(number.confirmed));
    bytes.push(count(number.tabs.len())?);
    bytes.push(count(number.calls.len())?);
    bytes.extend(holders.to_le_bytes());
    for tab in &number.tabs {
        bytes.extend(tab.tab.0.to_le_bytes());
        bytes.push(u8::from(tab.active));
        bytes.extend(tab.sign_at.0.to_le_bytes());
    }
    for (call, until) in &number.calls {
        bytes.extend(call.to_le_bytes());
        bytes.extend(until.0.to_le_bytes());
    }
    Ok(())
}

/// What selection reads of a holder.
#[inline]
pub(super) fn hot_bytes(hot: &Hot) -> [u8; HOT] {
    let mut bytes = [0; HOT];
    bytes[..8].copy_from_slice(&hot.last_activity.0.to_le_bytes());
    bytes[8..12].copy_from_slice(&hot.region.0.to_le_bytes());
    [bytes[12], bytes[13]] = [hot.class, hot.flags];
    bytes
}

/// The numbers of a configuration as bytes: 13 for each.
pub fn pack_config(numbers: &[NumberConfig]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + numbers.len() * CONFIG);
    bytes.push(CONFIGURED);
    for number in numbers {
        put_config(&mut bytes, number);
    }
    bytes
}

/// What bytes of [`pack_config`] hold, or of numbers as a version before this one packed them.
///
/// # Errors
/// If they are anything else.
pub fn unpack(bytes: &[u8]) -> Result<Packed, PackError> {
    match bytes.split_first() {
        Some((&COLUMNS, list)) => read_images(list).map(Packed::Images),
        Some((&FIXED, list)) => read_fixed(list).map(Packed::Images),
        Some((&CONFIGURED, list)) => read_configs(list).map(Packed::Config),
        Some((&POSTCARD, list)) => match postcard::take_from_bytes(list) {
            Ok((numbers, [])) => Ok(Packed::Images(numbers)),
            Ok(_) | Err(_) => Err(PackError::Content),
        },
        _ => Err(PackError::Form),
    }
}

fn put_config(bytes: &mut Vec<u8>, config: &NumberConfig) {
    bytes.extend(config.number.as_u64().to_le_bytes());
    bytes.push(match config.role {
        Role::Dynamic => 0,
        Role::Reserve => 1,
        Role::Disabled => 2,
    });
    bytes.extend(config.source.0.to_le_bytes());
}

const fn phase_code(phase: Phase) -> u8 {
    match phase {
        Phase::None => 0,
        Phase::Provisional => 1,
        Phase::Active => 2,
        Phase::Idle => 3,
        Phase::Held => 4,
    }
}

/// One member after the other of bytes that are long enough for all.
pub(super) struct Members<'b>(pub(super) &'b [u8]);

impl Members<'_> {
    /// The next `N` bytes; zeros past the end, where nobody reads.
    #[inline]
    fn next<const N: usize>(&mut self) -> [u8; N] {
        let Some((bytes, rest)) = self.0.split_first_chunk() else {
            return [0; N];
        };
        self.0 = rest;
        *bytes
    }

    #[inline]
    fn byte(&mut self) -> u8 {
        let [byte] = self.next();
        byte
    }

    pub(super) fn short(&mut self) -> u16 {
        u16::from_le_bytes(self.next())
    }

    #[inline]
    fn word(&mut self) -> u32 {
        u32::from_le_bytes(self.next())
    }

    #[inline]
    pub(super) fn long(&mut self) -> u64 {
        u64::from_le_bytes(self.next())
    }

    #[inline]
    fn instant(&mut self) -> UnixMillis {
        UnixMillis(self.long())
    }

    fn flag(&mut self) -> Result<bool, PackError> {
        match self.byte() {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(PackError::Content),
        }
    }
}

/// Takes so many bytes off the front.
pub(super) fn take<'b>(bytes: &mut &'b [u8], count: usize) -> Result<&'b [u8], PackError> {
    let (taken, rest) = bytes.split_at_checked(count).ok_or(PackError::Content)?;
    *bytes = rest;
    Ok(taken)
}

fn read_configs(bytes: &[u8]) -> Result<Vec<NumberConfig>, PackError> {
    let (all, []) = bytes.as_chunks::<CONFIG>() else {
        return Err(PackError::Content);
    };
    all.iter()
        .map(|one| read_config(&mut Members(one)))
        .collect()
}

fn read_config(members: &mut Members<'_>) -> Result<NumberConfig, PackError> {
    Ok(NumberConfig {
        number: E164::from_u64(members.long()).ok_or(PackError::Content)?,
        role: match members.byte() {
            0 => Role::Dynamic,
            1 => Role::Reserve,
            2 => Role::Disabled,
            _ => return Err(PackError::Content),
        },
        source: Source(members.word()),
    })
}

fn read_images(mut bytes: &[u8]) -> Result<Vec<NumberImage>, PackError> {
    let mut numbers = Vec::new();
    while !bytes.is_empty() {
        let (mut image, count) = read_number(&mut bytes)?;
        let (hot, cold) = take_holders(&mut bytes, count)?;
        let read = hot.iter().map(hot_of).zip(cold);
        image.holders = read
            .map(|(hot, cold)| holder_of(hot, Cold::read(cold)))
            .collect();
        numbers.push(image);
    }
    Ok(numbers)
}

/// The numbers of a snapshot that bytes hold, and what is to be read of each; nothing where they
/// are of a form before the last two.
///
/// # Errors
/// If anything of it cannot be read.
pub(super) fn numbers_of(
    bytes: &[u8],
) -> Result<Option<(Vec<E164>, PackedNumbers<'_>)>, PackError> {
    let (parted, list) = match bytes.split_first() {
        Some((&COLUMNS, list)) => (false, list),
        Some((&PARTED, list)) => (true, list),
        _ => return Ok(None),
    };
    let (mut rest, mut numbers) = (list, Vec::new());
    while !rest.is_empty() {
        numbers.push(pass_over(&mut rest, parted)?);
    }
    Ok(Some((numbers, PackedNumbers { list, parted })))
}

/// Takes a number off the front with all that follows it, of which nothing is kept.
#[inline]
fn pass_over(bytes: &mut &[u8], parted: bool) -> Result<E164, PackError> {
    let mut members = Members(take(bytes, NUMBER)?);
    let config = read_config(&mut members)?;
    members.flag()?;
    members.next::<12>();
    read_phase(members.byte())?;
    members.long();
    members.flag()?;
    let (tabs, calls) = (usize::from(members.byte()), usize::from(members.byte()));
    let holders = usize::from(members.short());
    let (tabs, _) = take(bytes, tabs * TAB)?.as_chunks::<TAB>();
    for tab in tabs {
        read_tab(tab)?;
    }
    take(bytes, calls * CALL)?;
    take_packed(bytes, holders, parted)?;
    Ok(config.number)
}

/// Numbers of a snapshot, one after the other: as the pool keeps them, with their holders as these
/// are packed. It ends after what cannot be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackedNumbers<'b> {
    list: &'b [u8],
    /// Most of their past holders is packed elsewhere.
    parted: bool,
}

impl PackedNumbers<'_> {
    /// Whether most of their past holders is packed elsewhere.
    pub(super) const fn is_parted(&self) -> bool {
        self.parted
    }
}

impl<'b> Iterator for PackedNumbers<'b> {
    type Item = Result<(Number, PackedHolders<'b>), PackError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.list.is_empty() {
            return None;
        }
        let read = read_kept(&mut self.list, self.parted);
        if read.is_err() {
            self.list = &[];
        }
        Some(read)
    }
}

/// Takes a number off the front with its holders.
#[inline]
fn read_kept<'b>(
    bytes: &mut &'b [u8],
    parted: bool,
) -> Result<(Number, PackedHolders<'b>), PackError> {
    let (mut number, counts) = read_head(bytes)?;
    let (tabs, _) = take(bytes, counts.tabs * TAB)?.as_chunks::<TAB>();
    let (calls, _) = take(bytes, counts.calls * CALL)?.as_chunks::<CALL>();
    for tab in tabs {
        read_tab(tab)?;
    }
    number.tabs = Tabs::from_each(tabs.iter().filter_map(|tab| read_tab(tab).ok()));
    number.calls = Calls::from_each(calls.iter().map(read_call));
    Ok((number, take_packed(bytes, counts.holders, parted)?))
}

#[inline]
fn take_packed<'b>(
    bytes: &mut &'b [u8],
    count: usize,
    parted: bool,
) -> Result<PackedHolders<'b>, PackError> {
    if parted {
        return take_parted(bytes, count);
    }
    let (hot, cold) = take_holders(bytes, count)?;
    let past = PackedPast::Whole(cold);
    Ok(PackedHolders { hot, past })
}

type Columns<'b> = (&'b [[u8; HOT]], &'b [ColdBytes]);

#[inline]
fn take_holders<'b>(bytes: &mut &'b [u8], count: usize) -> Result<Columns<'b>, PackError> {
    let (hot, _) = take(bytes, count * HOT)?.as_chunks();
    let (cold, _) = take(bytes, count * COLD)?.as_chunks();
    Ok((hot, cold))
}

/// As numbers were packed before.
fn read_fixed(mut bytes: &[u8]) -> Result<Vec<NumberImage>, PackError> {
    let mut numbers = Vec::new();
    while !bytes.is_empty() {
        let (mut image, holders) = read_number(&mut bytes)?;
        let (holders, _) = take(&mut bytes, holders * HOLDER)?.as_chunks::<HOLDER>();
        image.holders = holders.iter().map(read_holder).collect();
        numbers.push(image);
    }
    Ok(numbers)
}

/// How many of each follow a number.
struct Counts {
    tabs: usize,
    calls: usize,
    holders: usize,
}

/// Takes what is of a fixed width of a number off the front, and how many of what follow.
#[inline]
fn read_head(bytes: &mut &[u8]) -> Result<(Number, Counts), PackError> {
    let mut members = Members(take(bytes, NUMBER)?);
    let mut number = Number::new(read_config(&mut members)?);
    number.draining = members.flag()?;
    number.quarantined_until = members.instant();
    number.generation = members.word();
    number.phase = read_phase(members.byte())?;
    number.since = members.instant();
    number.confirmed = members.flag()?;
    let counts = Counts {
        tabs: usize::from(members.byte()),
        calls: usize::from(members.byte()),
        holders: usize::from(members.short()),
    };
    Ok((number, counts))
}

/// Takes a number off the front, and how many holders of it follow.
pub(super) fn read_number(bytes: &mut &[u8]) -> Result<(NumberImage, usize), PackError> {
    let (number, counts) = read_head(bytes)?;
    let mut image = number.image();
    let (tabs, _) = take(bytes, counts.tabs * TAB)?.as_chunks::<TAB>();
    image.tabs = tabs.iter().map(read_tab).collect::<Result<_, _>>()?;
    let (calls, _) = take(bytes, counts.calls * CALL)?.as_chunks::<CALL>();
    image.calls = calls.iter().map(read_call).collect();
    Ok((image, counts.holders))
}

fn read_phase(code: u8) -> Result<Phase, PackError> {
    Ok(match code {
        0 => Phase::None,
        1 => Phase::Provisional,
        2 => Phase::Active,
        3 => Phase::Idle,
        4 => Phase::Held,
        _ => return Err(PackError::Content),
    })
}

fn read_tab(one: &[u8; TAB]) -> Result<TabState, PackError> {
    let mut members = Members(one);
    Ok(TabState {
        tab: TabId(members.word()),
        active: members.flag()?,
        sign_at: members.instant(),
    })
}

fn read_call(one: &[u8; CALL]) -> (u64, UnixMillis) {
    let mut members = Members(one);
    (members.long(), members.instant())
}

/// The holders of a number as they are packed, oldest first.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackedHolders<'b> {
    pub(super) hot: &'b [[u8; HOT]],
    pub(super) past: PackedPast<'b>,
}

/// What is read of each of them.
#[derive(Clone, Copy, Debug)]
pub(super) enum PackedPast<'b> {
    /// All of it.
    Whole(&'b [ColdBytes]),
    /// Of all but the latest the rest is read later.
    Later(&'b [UnreadBytes], &'b ColdBytes),
}

impl<'b> PackedHolders<'b> {
    /// Of a number that nobody had.
    pub(super) const NONE: Self = Self {
        hot: &[],
        past: PackedPast::Whole(&[]),
    };

    /// What selection reads of each.
    pub(super) fn hot(&self) -> impl ExactSizeIterator<Item = Hot> + use<'b> {
        self.hot.iter().map(hot_of)
    }
}

/// What selection reads of a holder.
#[inline]
pub(super) fn hot_of(bytes: &[u8; HOT]) -> Hot {
    let [class, flags] = at::<12, 2, HOT>(bytes);
    Hot {
        last_activity: UnixMillis(u64::from_le_bytes(at::<0, 8, HOT>(bytes))),
        region: Region(u32::from_le_bytes(at::<8, 4, HOT>(bytes))),
        class,
        flags,
    }
}

/// A holder of a pool as he was packed before.
fn read_holder(holder: &[u8; HOLDER]) -> HolderImage {
    let instant = |bytes| UnixMillis(u64::from_le_bytes(bytes));
    let [class, flags, spells] = at::<100, 3, HOLDER>(holder);
    HolderImage {
        visitor: VisitorId(u128::from_le_bytes(at::<0, 16, HOLDER>(holder))),
        visit: VisitId(u128::from_le_bytes(at::<16, 16, HOLDER>(holder))),
        lease: LeaseId(u128::from_le_bytes(at::<32, 16, HOLDER>(holder))),
        granted_at: instant(at::<48, 8, HOLDER>(holder)),
        last_activity: instant(at::<56, 8, HOLDER>(holder)),
        tap_at: instant(at::<64, 8, HOLDER>(holder)),
        ended_at: instant(at::<72, 8, HOLDER>(holder)),
        row: u64::from_le_bytes(at::<80, 8, HOLDER>(holder)),
        generation: u32::from_le_bytes(at::<88, 4, HOLDER>(holder)),
        region: Region(u32::from_le_bytes(at::<92, 4, HOLDER>(holder))),
        active_s: u16::from_le_bytes(at::<96, 2, HOLDER>(holder)),
        pages: u16::from_le_bytes(at::<98, 2, HOLDER>(holder)),
        class,
        flags,
        spells,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = E164> {
        (100u64..1_000_000_000_000_000)
            .prop_filter_map("no number", |digits| E164::parse(&digits.to_string()).ok())
    }

    /// A number of a configuration.
    pub(in crate::pool) fn config() -> impl Strategy<Value = NumberConfig> {
        let role = prop_oneof![
            Just(Role::Dynamic),
            Just(Role::Reserve),
            Just(Role::Disabled)
        ];
        (number(), role, any::<u32>()).prop_map(|(number, role, source)| NumberConfig {
            number,
            role,
            source: Source(source),
        })
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(all in prop::collection::vec(config(), 0..4)) {
            prop_assert_eq!(unpack(&pack_config(&all)), Ok(Packed::Config(all)));
        }

        #[test]
        fn other_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
            // Whatever it says, it does not panic and takes no memory that is not there.
            let _ = unpack(&bytes);
            for before in [POSTCARD_BEFORE, FIXED_BEFORE, COLUMNS_BEFORE] {
                prop_assert!(unpack(&[before, &bytes].concat()).is_err());
            }
        }
    }

    /// One number of everything.
    pub(in crate::pool) fn numbers() -> Vec<NumberImage> {
        vec![NumberImage {
            config: NumberConfig {
                number: E164::parse("74950000001").unwrap(),
                role: Role::Reserve,
                source: Source(7),
            },
            draining: true,
            quarantined_until: UnixMillis(1),
            generation: 300,
            phase: Phase::Held,
            since: UnixMillis(1_795_310_763_275),
            confirmed: true,
            tabs: vec![TabState {
                tab: TabId(3),
                active: true,
                sign_at: UnixMillis(4),
            }],
            calls: vec![(5, UnixMillis(6))],
            holders: vec![HolderImage {
                visitor: VisitorId(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10),
                visit: VisitId(0x1112),
                lease: LeaseId(0x2122),
                generation: 300,
                granted_at: UnixMillis(11),
                last_activity: UnixMillis(12),
                tap_at: UnixMillis(0),
                ended_at: UnixMillis(14),
                row: 15,
                class: 16,
                flags: 1,
                region: Region(17),
                active_s: 18,
                spells: 19,
                pages: 20,
            }],
        }]
    }

    #[test]
    fn forms_of_earlier_versions_are_read() {
        assert_eq!(unpack(&[]), Err(PackError::Form));
        assert_eq!(unpack(&[0, 0]), Err(PackError::Form));
        for before in [POSTCARD_BEFORE, FIXED_BEFORE, COLUMNS_BEFORE] {
            assert_eq!(unpack(before), Ok(Packed::Images(numbers())));
            let broken = &before[..before.len() - 1];
            assert_eq!(unpack(broken), Err(PackError::Content));
        }
    }

    /// The same numbers, packed by an earlier version.
    const POSTCARD_BEFORE: &[u8] = &[
        0x01, 0x01, 0x81, 0xfb, 0xf8, 0x9a, 0x97, 0x02, 0x01, 0x07, 0x01, 0x01, 0xac, 0x02, 0x04,
        0x8b, 0xfa, 0xf0, 0x86, 0xa0, 0x34, 0x01, 0x01, 0x03, 0x01, 0x04, 0x01, 0x05, 0x06, 0x01,
        0x10, 0x10, 0x0f, 0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 0x09, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03,
        0x02, 0x01, 0x10, 0x12, 0x11, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x10, 0x22, 0x21, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xac, 0x02, 0x0b, 0x0c, 0x00, 0x0e, 0x0f, 0x10, 0x01,
        0x11, 0x12, 0x13, 0x14,
    ];

    /// The same by the version after that.
    const FIXED_BEFORE: &[u8] = &[
        0x02, 0x81, 0x3d, 0x5e, 0x73, 0x11, 0x00, 0x00, 0x00, 0x01, 0x07, 0x00, 0x00, 0x00, 0x01,
        0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x2c, 0x01, 0x00, 0x00, 0x04, 0x0b, 0x3d,
        0xdc, 0x00, 0xa2, 0x01, 0x00, 0x00, 0x01, 0x01, 0x01, 0x01, 0x00, 0x03, 0x00, 0x00, 0x00,
        0x01, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0f, 0x0e, 0x0d, 0x0c,
        0x0b, 0x0a, 0x09, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, 0x12, 0x11, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x22, 0x21, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0b, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x0f, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x2c, 0x01, 0x00, 0x00, 0x11, 0x00, 0x00,
        0x00, 0x12, 0x00, 0x14, 0x00, 0x10, 0x01, 0x13,
    ];

    /// The same by the version after that.
    const COLUMNS_BEFORE: &[u8] = &[
        0x04, 0x81, 0x3d, 0x5e, 0x73, 0x11, 0x00, 0x00, 0x00, 0x01, 0x07, 0x00, 0x00, 0x00, 0x01,
        0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x2c, 0x01, 0x00, 0x00, 0x04, 0x0b, 0x3d,
        0xdc, 0x00, 0xa2, 0x01, 0x00, 0x00, 0x01, 0x01, 0x01, 0x01, 0x00, 0x03, 0x00, 0x00, 0x00,
        0x01, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x11, 0x00, 0x00, 0x00, 0x10, 0x01, 0x10, 0x0f, 0x0e, 0x0d, 0x0c, 0x0b,
        0x0a, 0x09, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, 0x12, 0x11, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x22, 0x21, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0b, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0e, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0f, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x2c,
        0x01, 0x00, 0x00, 0x12, 0x00, 0x14, 0x00, 0x13,
    ];
}
