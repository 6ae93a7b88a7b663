//! Words for people, in both languages of the product.

use serde::{Deserialize, Serialize};

/// A sentence in both languages of the product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// English.
    pub en: String,
    /// Russian.
    pub ru: String,
}

impl Text {
    /// The same in both.
    pub fn of(en: impl Into<String>, ru: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            ru: ru.into(),
        }
    }

    /// With something after it.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self {
            en: self.en + &other.en,
            ru: self.ru + &other.ru,
        }
    }

    /// The one of the two.
    pub fn in_language(self, russian: bool) -> String {
        if russian { self.ru } else { self.en }
    }
}
