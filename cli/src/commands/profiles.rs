//! Profiles: addresses and keys kept on this machine.

use crate::arguments::{Connection, Profiles as Verb};
use crate::failure::Failure;
use crate::output::Output;
use crate::profile::{self, Profile, Profiles};
use crate::tables;
use crate::words::said;
use serde_json::json;

pub(super) fn run(verb: &Verb, given: &Connection, output: &Output) -> Result<(), Failure> {
    let path = profile::path(given.profiles.as_deref())?;
    let mut file = Profiles::read(&path)?;
    match verb {
        Verb::List => {
            let default = file.default.as_deref();
            let profiles: Vec<_> = file
                .profiles
                .iter()
                .map(|(name, profile)| {
                    json!({
                        "name": name, "url": profile.url, "site": profile.site,
                        "has_key": profile.key.is_some(),
                        "default": default == Some(name.as_str()),
                    })
                })
                .collect();
            output.show(&tables::PROFILES, &json!({ "profiles": profiles }))
        }
        Verb::Set { name, default } => {
            if given.url.is_none() {
                return Err(Failure::Usage(said!(
                    "a profile needs --url",
                    "профилю нужен --url"
                )));
            }
            let profile = Profile {
                url: given.url.clone(),
                key: given.key.clone(),
                site: given.site.clone(),
            };
            file.profiles.insert(name.clone(), profile);
            if *default || file.default.is_none() {
                file.default = Some(name.clone());
            }
            file.write(&path)?;
            output.done(
                &said!("{name} kept in {}", "{name} записан в {}", path.display()),
                &json!({ "kept": name }),
            )
        }
        Verb::Forget { name } => {
            if file.profiles.remove(name).is_none() {
                return Err(Failure::Usage(said!(
                    "there is no profile {name:?}",
                    "профиля {name:?} нет"
                )));
            }
            if file.default.as_ref() == Some(name) {
                file.default = None;
            }
            file.write(&path)?;
            output.done(
                &said!("{name} forgotten", "{name} забыт"),
                &json!({ "forgotten": name }),
            )
        }
    }
}
