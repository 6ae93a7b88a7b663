//! The part of a configuration that a browser may know.
//!
//! Neither the numbers of a pool nor the conditions are in it: whoever could read them could dial
//! or forge his way around them.

use super::{ConsentMode, PageConfig, PrivacySignals, SiteConfig};
use crate::id::ScenarioId;
use crate::mask::Mask;
use crate::scenario::{Scenario, Selector, Target};
use serde::Serialize;

/// What the loader of a site carries. Field by field as in [`SiteConfig`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublicConfig {
    /// Version of this form.
    pub v: u32,
    /// The site's id.
    pub site: String,
    /// Version of the configuration it was made from.
    pub config_version: u64,
    /// Country its numbers without `+` are of.
    pub country_code: String,
    /// Area its local numbers are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area_code: Option<String>,
    /// Domain of the visitor's cookies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie_domain: Option<String>,
    /// What the agent may do before the visitor agreed.
    pub consent: ConsentMode,
    /// What the browser's signals of privacy mean.
    #[serde(skip_serializing_if = "PrivacySignals::is_default")]
    pub privacy_signals: PrivacySignals,
    /// What the page's own scripts get.
    pub page: PageConfig,
    /// What the names of cookies begin with that are sent with a visit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<&'static str>,
    /// Pages need the agent's second part from the beginning.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// Enabled scenarios, best first: an element belongs to the first that claims it.
    pub scenarios: Vec<PublicScenario>,
}

/// A scenario, as far as a browser may know it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublicScenario {
    /// Its id.
    pub id: ScenarioId,
    /// Where its numbers are shown.
    pub targets: Vec<Target>,
    /// Elements that are left alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<Selector>,
    /// How its numbers are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
}

impl PublicConfig {
    /// The public part of `config`, which is the version `config_version` of its site.
    pub fn new(config: &SiteConfig, config_version: u64) -> Self {
        let mut scenarios: Vec<_> = config
            .scenarios
            .iter()
            .filter(|scenario| scenario.enabled && !scenario.targets.is_empty())
            .collect();
        scenarios.sort_by_key(|scenario| std::cmp::Reverse(scenario.priority));
        Self {
            v: super::CONFIG_VERSION,
            site: config.site.to_string(),
            config_version,
            country_code: config.country_code.as_u16().to_string(),
            area_code: config.area_code.clone(),
            cookie_domain: config.cookie_domain.clone(),
            consent: config.consent,
            privacy_signals: config.privacy_signals,
            page: config.page.clone(),
            cookies: config
                .page
                .analytics
                .iter()
                .flat_map(|system| system.cookies().iter().copied())
                .collect(),
            more: config.page.needs_more() || scenarios.iter().any(|scenario| has_parts(scenario)),
            scenarios: scenarios
                .into_iter()
                .map(|scenario| PublicScenario {
                    id: scenario.id.clone(),
                    targets: scenario.targets.clone(),
                    exclusions: scenario.exclusions.clone(),
                    mask: scenario.mask.clone(),
                })
                .collect(),
        }
    }

    /// Whether numbers are looked for by their text.
    pub fn searches(&self) -> bool {
        let mut targets = self.scenarios.iter().flat_map(|scenario| &scenario.targets);
        targets.any(|target| matches!(target.selector, Selector::Number(_)))
    }

    /// As JSON, safe inside a script: no `<` and no line separators.
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        json.replace('<', "\\u003c")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029")
    }
}

fn has_parts(scenario: &Scenario) -> bool {
    let mut targets = scenario.targets.iter();
    targets.any(|target| matches!(target.selector, Selector::Parts(_)))
}
