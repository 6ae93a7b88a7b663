//! Where a visitor is, as the network tells.

use crate::http::ask::Ask;
use ringlet_core::condition::Geo;
use serde::Deserialize;
use worker::Env;

/// Overrides the network's word in development: `country=RU;region=Moscow;city=Moscow`.
const OVERRIDE: &str = "x-ringlet-geo";

/// Reads the request's place; empty where nothing is known.
pub(crate) fn of(ask: &Ask, env: &Env) -> Geo {
    if crate::env::is_development(env)
        && let Some(text) = ask.header(OVERRIDE)
    {
        return read(&text);
    }
    let Some(cf) = ask.connection() else {
        return Geo::default();
    };
    // What the network does not know is absent or null.
    let place: Place = serde_wasm_bindgen::from_value(cf).unwrap_or_default();
    Geo {
        country: place.country.unwrap_or_default(),
        region: place.region.unwrap_or_default(),
        region_code: place.region_code.unwrap_or_default(),
        city: place.city.unwrap_or_default(),
    }
}

/// Of the request's `cf` object, what is used.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Place {
    country: Option<String>,
    region: Option<String>,
    region_code: Option<String>,
    city: Option<String>,
}

fn read(text: &str) -> Geo {
    let mut geo = Geo::default();
    for part in text.split(';') {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim().to_owned();
        match name.trim() {
            "country" => geo.country = value,
            "region" => geo.region = value,
            "region_code" => geo.region_code = value,
            "city" => geo.city = value,
            _ => {}
        }
    }
    geo
}
