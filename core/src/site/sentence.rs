//! Words for people, in both languages of the product.

use serde::Serialize;

/// A sentence in both languages of the product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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

    /// The one of the two.
    pub fn in_language(self, russian: bool) -> String {
        if russian { self.ru } else { self.en }
    }
}
