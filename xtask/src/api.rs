//! The administrator's requests to a running Worker.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

/// A running Worker with the token of its administrator.
pub(crate) struct Api<'a> {
    pub(crate) base: &'a str,
    pub(crate) token: &'a str,
}

/// A site's configuration as stored, with the tag that a change must name.
pub(crate) struct Stored {
    pub(crate) configuration: Value,
    pub(crate) etag: Option<String>,
}

impl Api<'_> {
    /// The configuration of `site`, or nothing when there is no such site.
    pub(crate) fn configuration(&self, site: &str) -> Result<Option<Stored>> {
        let answer = agent()
            .get(self.address(site))
            .header("authorization", format!("Bearer {}", self.token))
            .call()
            .context("cannot read a site's configuration")?;
        if answer.status() == 404 {
            return Ok(None);
        }
        let etag = answer
            .headers()
            .get("etag")
            .and_then(|tag| tag.to_str().ok());
        let etag = etag.map(str::to_owned);
        let text = accepted(answer)?;
        Ok(Some(Stored {
            configuration: serde_json::from_str(&text)?,
            etag,
        }))
    }

    /// Puts the whole configuration of a site; `etag` names the one it replaces.
    pub(crate) fn put_configuration(
        &self,
        site: &str,
        configuration: &Value,
        etag: Option<&str>,
    ) -> Result<()> {
        let mut request = agent()
            .put(self.address(site))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json");
        if let Some(etag) = etag {
            request = request.header("if-match", etag);
        }
        let answer = request
            .send(configuration.to_string())
            .context("cannot put a site")?;
        accepted(answer)
            .map(drop)
            .with_context(|| format!("the Worker refused the site {site}"))
    }

    fn address(&self, site: &str) -> String {
        format!("{}/api/v1/sites/{site}/config", self.base)
    }
}

/// A client that takes any status for an answer.
pub(crate) fn agent() -> Agent {
    Agent::new_with_config(Agent::config_builder().http_status_as_error(false).build())
}

/// The text of a successful answer.
///
/// # Errors
/// Any other status, with what the Worker says of it.
pub(crate) fn accepted(answer: Response<Body>) -> Result<String> {
    let status = answer.status();
    let text = answer.into_body().read_to_string()?;
    if !status.is_success() {
        bail!("{status}: {text}");
    }
    Ok(text)
}
