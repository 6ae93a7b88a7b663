//! Numbers with their recent holders as bytes: how the numbers of a snapshot are kept.
//!
//! The snapshot of a large pool is some 20 MB as JSON, and a page view that finds its pool asleep
//! waits until it is read. Here it is half as long and read several times as fast. One byte names
//! the form; the list follows in [postcard's wire format](https://postcard.jamesmunns.com).
//!
//! Invariant: a form that was ever written is read for ever. An image whose members change, or
//! their order, needs another form; a test compares the bytes.

use super::state::NumberImage;

/// The form that is written.
const FORM: u8 = 1;

/// Why bytes are no list of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PackError {
    /// Their form is none that this program knows, or there are none.
    Form,
    /// What follows is not of that form.
    Content(postcard::Error),
}

impl core::fmt::Display for PackError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Form => f.write_str("the packed numbers are of a form that is not known"),
            Self::Content(error) => write!(f, "the packed numbers are broken: {error}"),
        }
    }
}

impl core::error::Error for PackError {}

/// The numbers as bytes: some 90 for each holder, some 40 for a number.
///
/// # Errors
/// None that happens: memory takes any length.
pub fn pack(numbers: &[NumberImage]) -> Result<Vec<u8>, PackError> {
    postcard::to_extend(numbers, vec![FORM]).map_err(PackError::Content)
}

/// The numbers that bytes of [`pack`] are.
///
/// # Errors
/// If they are anything else.
pub fn unpack(bytes: &[u8]) -> Result<Vec<NumberImage>, PackError> {
    match bytes.split_first() {
        Some((&FORM, list)) => match postcard::take_from_bytes(list) {
            Ok((numbers, [])) => Ok(numbers),
            Ok(_) => Err(PackError::Content(postcard::Error::SerdeDeCustom)),
            Err(error) => Err(PackError::Content(error)),
        },
        _ => Err(PackError::Form),
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::{HolderImage, Phase, TabState};
    use super::super::{NumberConfig, Region, Role, Source, TabId};
    use super::*;
    use crate::id::{LeaseId, VisitId, VisitorId};
    use crate::phone::E164;
    use crate::time::UnixMillis;
    use expect_test::expect;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = E164> {
        (100u64..1_000_000_000_000_000)
            .prop_filter_map("no number", |digits| E164::parse(&digits.to_string()).ok())
    }

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
        let role = prop_oneof![
            Just(Role::Dynamic),
            Just(Role::Reserve),
            Just(Role::Disabled)
        ];
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
            (number(), role, any::<u32>(), phase),
            any::<(bool, u64, u32, u64, bool)>(),
            prop::collection::vec(tab, 0..5),
            prop::collection::vec(call, 0..5),
            prop::collection::vec(holder(), 0..12),
        )
            .prop_map(|(of, state, tabs, calls, holders)| NumberImage {
                config: NumberConfig {
                    number: of.0,
                    role: of.1,
                    source: Source(of.2),
                },
                draining: state.0,
                quarantined_until: UnixMillis(state.1),
                generation: state.2,
                phase: of.3,
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
            prop_assert_eq!(unpack(&pack(&numbers).unwrap()), Ok(numbers));
        }

        #[test]
        fn other_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            // Whatever it says, it does not panic and takes no memory that is not there.
            let _ = unpack(&bytes);
            let mut packed = pack(&[]).unwrap();
            packed.extend(bytes);
            prop_assert_eq!(unpack(&packed).is_ok(), packed.len() == pack(&[]).unwrap().len());
        }
    }

    #[test]
    fn the_form_is_the_one_that_is_stored_everywhere() {
        let numbers = [NumberImage {
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
        }];
        let packed = pack(&numbers).unwrap();
        let lines = packed.chunks(40).map(|bytes| {
            let bytes = bytes.iter().map(|byte| format!("{byte:02x}"));
            bytes.collect::<String>() + "\n"
        });
        let text: String = lines.collect();
        expect![[r#"
            010181fbf89a970201070101ac02048bfaf086a03401010301040105060110100f0e0d0c0b0a0908
            07060504030201101211000000000000000000000000000010222100000000000000000000000000
            00ac020b0c000e0f100111121314
        "#]]
        .assert_eq(&text);
        assert_eq!(unpack(&packed).unwrap(), numbers);
        assert_eq!(unpack(&[]), Err(PackError::Form));
        assert_eq!(unpack(&[0, 0]), Err(PackError::Form));
    }
}
