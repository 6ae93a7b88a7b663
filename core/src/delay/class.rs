//! What is observable of a visitor and tells how likely and how soon he calls.

/// The number of classes.
pub const CLASSES: usize = 48;

/// What he holds in his hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Device {
    /// A telephone: he calls by tapping.
    Mobile,
    /// Anything else: he reads the number and dials it. Also the unknown.
    #[default]
    Desktop,
}

/// How much he did on the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Engagement {
    /// Less than 20 s in one go.
    #[default]
    Bounce,
    /// More than a bounce, less than deep.
    Engaged,
    /// Two minutes of activity, or came back to the page.
    Deep,
}

impl Engagement {
    /// What so many spells of activity, of so many seconds together, amount to.
    pub const fn of(spells: u8, active_s: u16) -> Self {
        if spells > 1 || active_s >= 120 {
            Self::Deep
        } else if active_s >= 20 {
            Self::Engaged
        } else {
            Self::Bounce
        }
    }
}

/// Whether a page of the site is still open before him.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Tab {
    /// A tab is open, shown or hidden.
    #[default]
    Open,
    /// The last tab said that it goes.
    Closed,
}

/// The class of a visitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Class {
    /// His device.
    pub device: Device,
    /// How much he did.
    pub engagement: Engagement,
    /// He showed that he wants to get in touch (contact page, form begun, number copied).
    pub intent: bool,
    /// Whether a tab is open.
    pub tab: Tab,
    /// He tapped the `tel:` link in his latest spell of activity.
    pub tapped: bool,
}

impl Class {
    /// The class's row, 0 to [`CLASSES`] − 1.
    #[inline]
    pub const fn index(self) -> usize {
        let mut index = self.engagement as usize;
        index = index * 2 + self.device as usize;
        index = index * 2 + self.intent as usize;
        index = index * 2 + self.tab as usize;
        index * 2 + self.tapped as usize
    }

    /// The class of a row; rows past the last are the last.
    pub const fn from_index(index: usize) -> Self {
        Self {
            tapped: index & 1 == 1,
            tab: if index & 2 == 0 {
                Tab::Open
            } else {
                Tab::Closed
            },
            intent: index & 4 != 0,
            device: if index & 8 == 0 {
                Device::Mobile
            } else {
                Device::Desktop
            },
            engagement: match index >> 4 {
                0 => Engagement::Bounce,
                1 => Engagement::Engaged,
                _ => Engagement::Deep,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_is_one_to_one() {
        for index in 0..CLASSES {
            assert_eq!(Class::from_index(index).index(), index);
        }
    }
}
