//! Sentences of this program in both languages, and which of them is wanted.

pub(crate) use ringlet_core::site::Text;
use std::io::ErrorKind;

/// A sentence in English and in Russian, each a format with the same arguments.
macro_rules! said {
    ($en:literal, $ru:literal $(, $argument:expr)* $(,)?) => {
        $crate::words::Text {
            en: format!($en $(, $argument)*),
            ru: format!($ru $(, $argument)*),
        }
    };
}
pub(crate) use said;

/// Words that are the same in both languages.
pub(crate) fn same(text: impl Into<String>) -> Text {
    let en = text.into();
    Text { ru: en.clone(), en }
}

/// The one that is wanted.
pub(crate) fn chosen(text: &Text, russian: bool) -> &str {
    if russian { &text.ru } else { &text.en }
}

/// Whether the owner's locale is Russian.
pub(crate) fn russian() -> bool {
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let told = names
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    told.is_some_and(|locale| locale.starts_with("ru"))
}

/// Something of this machine that went wrong, in words.
pub(crate) trait Reason {
    /// In both languages.
    fn words(&self) -> Text;
}

impl Reason for std::io::Error {
    fn words(&self) -> Text {
        let en = self.to_string();
        let ru = match self.kind() {
            ErrorKind::NotFound => "такого файла или папки нет",
            ErrorKind::PermissionDenied => "нет прав доступа",
            ErrorKind::IsADirectory => "это папка, а не файл",
            ErrorKind::NotADirectory => "это не папка",
            ErrorKind::StorageFull => "на диске нет места",
            ErrorKind::InvalidData => "это не текст в UTF-8",
            _ => &en,
        };
        Text {
            ru: ru.to_owned(),
            en,
        }
    }
}

impl Reason for serde_json::Error {
    fn words(&self) -> Text {
        ringlet_core::api::unread::Unread::from(self).into()
    }
}

impl Reason for getrandom::Error {
    fn words(&self) -> Text {
        same(self.to_string())
    }
}

impl<T: Reason + ?Sized> Reason for &T {
    fn words(&self) -> Text {
        (**self).words()
    }
}
