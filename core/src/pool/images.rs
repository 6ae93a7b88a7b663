//! Numbers of a snapshot put in the places they had.

use super::Pool;
use super::holders::Hot;
#[cfg(feature = "edge")]
use super::packed::{self, PackedPast};
use super::state::{HolderImage, Number};
use crate::phone::E164;

/// The holders of a number of a snapshot, oldest first.
#[derive(Clone, Copy, Debug)]
pub(super) enum PartHolders<'h> {
    Images(&'h [HolderImage]),
    #[cfg(feature = "edge")]
    Packed(packed::PackedHolders<'h>, u16),
}

/// What selection reads of a holder of an image.
#[inline]
pub(super) fn hot_of(image: &HolderImage) -> Hot {
    known(Hot {
        last_activity: image.last_activity,
        region: image.region,
        class: image.class,
        flags: image.flags,
    })
}

/// It with a class that there is.
#[inline]
fn known(hot: Hot) -> Hot {
    Hot {
        class: hot.class.min(crate::delay::CLASSES as u8 - 1),
        ..hot
    }
}

impl Pool {
    /// Takes numbers as they were when the part was written; `told` are the same in order.
    pub(super) fn put_images<'p>(
        &mut self,
        told: &[E164],
        numbers: impl Iterator<Item = (Number, PartHolders<'p>)>,
    ) {
        let mut near = 0;
        let mut unknown = Vec::new();
        for number in told {
            match self.number_near(near, *number) {
                Some(at) => near = at + 1,
                None => unknown.push(*number),
            }
        }
        if !unknown.is_empty() {
            self.adopt(&unknown);
        }
        near = 0;
        for (number, holders) in numbers {
            if let Some(at) = self.number_near(near, number.config.number) {
                self.put_image(at, number, holders);
                near = at + 1;
                // Something may be due that was not settled when the image was made; whoever
                // settles what is due before the last part finds it.
                self.timed = false;
            }
        }
    }

    /// Puts a number's image in place of what is known of it.
    fn put_image(&mut self, at: usize, image: Number, holders: PartHolders<'_>) {
        if self.numbers[at].phase.is_leased() {
            self.unstand(at);
        }
        self.holders.clear(at);
        let number = &mut self.numbers[at];
        *number = Number {
            dirty: number.dirty,
            counted_active: number.counted_active,
            ..image
        };
        match holders {
            PartHolders::Images(holders) => self.put_holders(at, holders),
            #[cfg(feature = "edge")]
            PartHolders::Packed(holders, part) => self.put_packed(at, &holders, part),
        }
        if self.numbers[at].phase.is_leased() {
            self.stand(at);
        }
    }

    /// Puts the holders of a number that has none, of a part of a snapshot.
    #[cfg(feature = "edge")]
    fn put_packed(&mut self, at: usize, holders: &packed::PackedHolders<'_>, part: u16) {
        let hot = holders.hot().map(known);
        let fits = hot.len() <= self.holders.per_number;
        match holders.past {
            PackedPast::Whole(cold) if fits => self.holders.fill(at, hot, cold),
            PackedPast::Later(unread, latest) if fits => {
                self.holders.fill_unread(at, part, hot, (unread, latest));
            }
            PackedPast::Whole(cold) => {
                for (hot, cold) in hot.zip(cold) {
                    self.put_holder(at, hot, cold);
                }
            }
            PackedPast::Later(unread, latest) => {
                let mut hot = hot;
                for (bytes, hot) in unread.iter().zip(hot.by_ref()) {
                    self.count_forgotten(at);
                    self.holders.push_unread(at, part, hot, bytes);
                }
                for hot in hot {
                    self.put_holder(at, hot, latest);
                }
            }
        }
    }
}
