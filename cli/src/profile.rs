//! Where the edge is and which key opens it: flags, then the environment, then the profile file.
//!
//! The file is JSON, `{"default": "shop", "profiles": {"shop": {"url", "key", "site"}}}`, and is
//! written so that only its owner reads it. Its place: `--profiles`, `RINGLET_PROFILES`, else
//! `ringlet/profiles.json` in the user's configuration directory.

use crate::arguments::Connection;
use crate::failure::Failure;
use crate::words::{Reason, said};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One edge as an owner knows it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Profile {
    /// Where the Worker is: scheme and host.
    pub(crate) url: Option<String>,
    /// The deployer's token, or a key of the site.
    pub(crate) key: Option<String>,
    /// The site that is meant where none is named.
    pub(crate) site: Option<String>,
}

/// The profile file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Profiles {
    /// The profile that is meant where none is named.
    pub(crate) default: Option<String>,
    /// By name.
    pub(crate) profiles: BTreeMap<String, Profile>,
}

impl Profiles {
    /// Reads the file; without one there are no profiles.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(Failure::local(&path.display().to_string(), error)),
        };
        serde_json::from_str(&text)
            .map_err(|error| Failure::local(&path.display().to_string(), error))
    }

    /// Writes the file for nobody but its owner.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let failed = |error: &dyn Reason| Failure::local(&path.display().to_string(), error);
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(|error| failed(&error))?;
        }
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(&error))?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
            options.mode(0o600);
            if let Ok(known) = std::fs::metadata(path) {
                let mut permissions = known.permissions();
                permissions.set_mode(0o600);
                std::fs::set_permissions(path, permissions).map_err(|error| failed(&error))?;
            }
        }
        let mut file = options.open(path).map_err(|error| failed(&error))?;
        std::io::Write::write_all(&mut file, text.as_bytes()).map_err(|error| failed(&error))
    }
}

/// Whether others than its owner may read the file, and it has keys.
#[cfg(unix)]
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map(|known| known.permissions().mode());
    let keys =
        Profiles::read(path).map(|file| file.profiles.into_values().any(|of| of.key.is_some()));
    mode.is_ok_and(|mode| mode & 0o077 != 0) && keys.unwrap_or_default()
}

/// As far as this system has rights of files.
#[cfg(not(unix))]
pub(crate) fn is_open_to_others(_: &Path) -> bool {
    false
}

/// Where the profile file is.
pub(crate) fn path(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    let directory = std::env::var_os("XDG_CONFIG_HOME")
        .or_else(|| std::env::var_os("APPDATA"))
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".config")));
    directory
        .map(|directory| directory.join("ringlet/profiles.json"))
        .ok_or_else(|| {
            Failure::Usage(said!(
                "name the profile file with --profiles",
                "назовите файл профилей через --profiles"
            ))
        })
}

/// What the flags and the environment say, and the profile where they say nothing.
pub(crate) fn resolve(given: &Connection) -> Result<Profile, Failure> {
    // A variable that is set to nothing says nothing.
    let told = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let own = Profile {
        url: told(&given.url),
        key: told(&given.key),
        site: told(&given.site),
    };
    if given.profile.is_none() && own.url.is_some() && own.key.is_some() && own.site.is_some() {
        return Ok(own);
    }
    let path = path(given.profiles.as_deref())?;
    let file = Profiles::read(&path)?;
    let name = given.profile.as_ref().or(file.default.as_ref());
    let stored = match name {
        None => Profile::default(),
        Some(name) => file.profiles.get(name).cloned().ok_or_else(|| {
            Failure::Usage(said!(
                "{} has no profile {name:?}",
                "в {} нет профиля {name:?}",
                path.display()
            ))
        })?,
    };
    // A key belongs to the edge it is kept with: one from the file is not sent elsewhere.
    let same_edge = own.url.is_none() || own.url == stored.url;
    Ok(Profile {
        key: own.key.or(stored.key.filter(|_| same_edge)),
        url: own.url.or(stored.url),
        site: own.site.or(stored.site),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(url: Option<&str>, key: Option<&str>, path: &Path) -> Connection {
        Connection {
            url: url.map(str::to_owned),
            key: key.map(str::to_owned),
            profiles: Some(path.to_owned()),
            ..Connection::default()
        }
    }

    #[test]
    fn flags_come_before_the_file_and_a_stored_key_stays_with_its_edge() {
        let directory = std::env::temp_dir().join(format!("ringlet-cli-{}", std::process::id()));
        let path = directory.join("deeper/profiles.json");
        let mut file = Profiles::default();
        let profile = Profile {
            url: Some("https://a.example".to_owned()),
            key: Some("stored".to_owned()),
            site: Some("shop".to_owned()),
        };
        file.profiles.insert("a".to_owned(), profile);
        file.default = Some("a".to_owned());
        assert!(file.write(&path).is_ok());
        let said = |url, key| {
            let profile = resolve(&given(url, key, &path)).unwrap_or_default();
            let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            [text(profile.url), text(profile.key), text(profile.site)].join(" ")
        };
        assert_eq!(said(None, None), "https://a.example stored shop");
        assert_eq!(said(None, Some("own")), "https://a.example own shop");
        assert_eq!(
            said(Some("https://b.example"), None),
            "https://b.example - shop"
        );
        let mut unknown = given(None, None, &path);
        unknown.profile = Some("b".to_owned());
        assert!(matches!(resolve(&unknown), Err(Failure::Usage(_))));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).map(|known| known.permissions().mode() & 0o777);
            assert_eq!(mode.ok(), Some(0o600));
        }
        let _ = std::fs::remove_dir_all(directory);
    }
}
