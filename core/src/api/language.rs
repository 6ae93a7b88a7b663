//! In which of the product's two languages a reader wants words.

/// Whether an `Accept-Language` (RFC 9110, section 12.5.4) would rather have Russian than English.
/// Whoever names neither gets English.
pub fn prefers_russian(accept_language: &str) -> bool {
    let weight_of = |wanted: &str| {
        let ranges = accept_language.split(',').enumerate();
        let weights = ranges.filter_map(|(place, range)| {
            let mut parts = range.split(';').map(str::trim);
            let primary = parts.next()?.split('-').next()?;
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let weight: f32 = weight.map_or(Some(1.0), |weight| weight.parse().ok())?;
            // Of two that weigh the same the first is meant.
            (primary.eq_ignore_ascii_case(wanted) && weight > 0.0)
                .then_some((weight, usize::MAX - place))
        });
        weights.max_by(|a, b| a.partial_cmp(b).unwrap_or(core::cmp::Ordering::Equal))
    };
    match (weight_of("ru"), weight_of("en")) {
        (Some(ru), Some(en)) => ru > en,
        (ru, _) => ru.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_weighs_more_is_told() {
        for russian in [
            "ru",
            "ru-RU,ru",
            "RU",
            "uk,ru;q=0.9,en;q=0.8",
            "en;q=0.1, ru",
            "ru,en",
            "*,ru;q=0.1",
        ] {
            assert!(prefers_russian(russian), "{russian}");
        }
        for english in [
            "",
            "en",
            "en-GB,en;q=0.9,ru;q=0.8",
            "en,ru",
            "ru;q=0",
            "rue",
            "ru;q=x",
            "*",
            "de",
        ] {
            assert!(!prefers_russian(english), "{english}");
        }
    }
}
