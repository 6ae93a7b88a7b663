//! Where a visitor is, as the network tells.

use crate::http::ask::Ask;
use ringlet_core::condition::Geo;
use wasm_bindgen::JsValue;
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
    let field = |name: &str| {
        let value = js_sys::Reflect::get(&cf, &JsValue::from_str(name)).ok();
        value
            .and_then(|value| value.as_string())
            .unwrap_or_default()
    };
    Geo {
        country: field("country"),
        region: field("region"),
        region_code: field("regionCode"),
        city: field("city"),
    }
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
