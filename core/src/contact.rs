//! Whether a page is one where people look for how to get in touch: who opens it calls more often.
//!
//! What is here: a short list of the names that such pages have in their addresses. What is not:
//! any look at the page itself. A page that is missed, or taken for one, costs little: what such
//! visitors do is learnt per site ([`crate::delay`]).

use percent_encoding::percent_decode_str;

/// Names of pages, as they stand between slashes; `_` and `-` are the same.
const NAMES: [&str; 22] = [
    "contact",
    "contacts",
    "contact-us",
    "contactus",
    "contacto",
    "contactos",
    "contatti",
    "contato",
    "kontakt",
    "kontakte",
    "kontakti",
    "kontakty",
    "контакт",
    "контакты",
    "callback",
    "call-back",
    "obratnaya-svyaz",
    "обратная-связь",
    "obratnyy-zvonok",
    "обратный-звонок",
    "zakazat-zvonok",
    "заказать-звонок",
];

/// Whether `url`, whole or a path, leads to such a page, or to such a place in a page
/// (`#contacts`). Nonsense leads nowhere.
pub fn is_contact_page(url: &str) -> bool {
    let from_host = url.split_once("://").map_or(url, |(_, rest)| {
        rest.find(['/', '#']).map_or("", |path| &rest[path..])
    });
    let (path, place) = from_host.split_once('#').unwrap_or((from_host, ""));
    let parts = [path, place].map(|of| of.split('?').next().unwrap_or_default());
    parts.iter().flat_map(|of| of.split('/')).any(is_name)
}

fn is_name(part: &str) -> bool {
    // Most parts are shorter or longer than every name, also when they are encoded.
    if part.len() < 7 || part.len() > 120 {
        return false;
    }
    let text = percent_decode_str(part).decode_utf8_lossy();
    let stem = text.split('.').next().unwrap_or_default();
    let name = stem.trim().to_lowercase().replace(['_', ' '], "-");
    NAMES.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pages_of_contacts() {
        for url in [
            "https://shop.example/contacts",
            "https://shop.example/about/Contact_Us.html?from=menu",
            "https://shop.example/ru/kontakty/",
            "https://xn--80aswg.example/%D0%BA%D0%BE%D0%BD%D1%82%D0%B0%D0%BA%D1%82%D1%8B/",
            "https://shop.example/контакты",
            "https://shop.example/#contacts",
            "https://shop.example#callback",
            "https://shop.example/app/#/contacts?tab=1",
            "/kontakt",
        ] {
            assert!(is_contact_page(url), "{url}");
        }
        for url in [
            "",
            "https://contacts/",
            "https://contact.example/",
            "https://shop.example/contact-lenses/",
            "https://shop.example/catalogue/contactless-taps",
            "https://shop.example/?page=contacts",
            "https://shop.example/%FF%FE%00contacts",
        ] {
            assert!(!is_contact_page(url), "{url}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(url in ".{0,80}", part in "[%a-f0-9ж/#?:.]{0,60}") {
            is_contact_page(&url);
            is_contact_page(&part);
        }
    }
}
