//! The table of routes: method, path, who may ask, how long a body may be.

use crate::limits;
use serde::{Deserialize, Serialize};

/// A method that some route serves. `HEAD` is answered as `GET` without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Do.
    Post,
    /// Replace.
    Put,
    /// Change in part.
    Patch,
    /// Remove.
    Delete,
}

impl Method {
    /// The name in the request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// A page of the site: the request's `Origin` is one of the site's.
    Page,
    /// A telephony provider: the secret in the path, and its signature if it signs.
    Provider,
    /// A telephone exchange: any key of the site, or the deployer.
    Telephony,
    /// Who may read the site, secrets aside: its viewer and admin keys, or the deployer.
    Viewer,
    /// Who may change the site: its admin keys, or the deployer.
    Admin,
    /// Who may read the stock: its viewer and admin keys, or the deployer.
    StockViewer,
    /// Who may change what is in the stock: its admin keys, or the deployer.
    StockAdmin,
    /// The deployer alone.
    Deployer,
}

impl Access {
    /// Whether the one who asks proves himself by a key, or the deployer's token.
    pub const fn takes_key(self) -> bool {
        !matches!(self, Self::Public | Self::Page | Self::Provider)
    }
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// The Worker is there.
    Health,
    /// The API's own description.
    OpenApi,
    /// What refusals mean.
    Problems,
    /// Loader and public configuration of a site.
    Script,
    /// A part of the agent.
    AgentPart,
    /// Begin or resume a visit.
    Visit,
    /// Something happened on the page.
    Beat,
    /// The page is going away.
    Leave,
    /// An AMP page asks for a number.
    Amp,
    /// A telephony provider reports a call.
    ProviderCall,
    /// List the sites.
    SiteList,
    /// Which sites came and went.
    SiteAudit,
    /// Create a site.
    SiteCreate,
    /// One site's summary.
    SiteRead,
    /// Delete a site.
    SiteDelete,
    /// The configuration in force.
    ConfigRead,
    /// Replace the configuration.
    ConfigWrite,
    /// Explain the faults of a configuration.
    ConfigCheck,
    /// Make a configuration of another system's.
    ConfigImport,
    /// List the versions of the configuration.
    VersionList,
    /// One version of the configuration.
    VersionRead,
    /// Make an older version the one in force.
    VersionRevert,
    /// What one version changed of another.
    VersionDiff,
    /// Change members of the configuration.
    ConfigPatch,
    /// List the scenarios.
    ScenarioList,
    /// One scenario as the configuration has it.
    ScenarioRead,
    /// Add or replace a scenario.
    ScenarioWrite,
    /// Change members of a scenario.
    ScenarioPatch,
    /// Remove a scenario.
    ScenarioDelete,
    /// List the numbers.
    NumberList,
    /// Act on numbers.
    NumberAct,
    /// List the calls.
    CallList,
    /// One call with all its candidates.
    CallRead,
    /// Say by hand whose call it was.
    CallCorrect,
    /// Judge a period of calls anew.
    Replay,
    /// Raw events of providers that could not be understood.
    KeptEventList,
    /// Read such an event again.
    KeptEventRetry,
    /// What is on its way to the site's receivers, and what they did not take.
    DeliveryList,
    /// Send again what was given up.
    DeliverySend,
    /// What happened to calls, in order.
    OutboxList,
    /// Calls by source, number, hour …
    ReportRead,
    /// Calls as a file for a spreadsheet or another system.
    CallFile,
    /// Who held a number at an instant.
    LeaseRead,
    /// What the pools do now.
    Live,
    /// A scenario's load and the numbers it should have.
    PoolRead,
    /// How long callers of a scenario's pool take to call.
    DelayRead,
    /// Have a pool begin with another table of delays.
    DelayWrite,
    /// List the keys.
    KeyList,
    /// Make a key.
    KeyCreate,
    /// Revoke a key.
    KeyRevoke,
    /// The audit log.
    AuditList,
    /// Everything of the site as JSON Lines.
    Export,
    /// Put a whole site back from its export.
    Import,
    /// Verify the stored state.
    Check,
    /// How many numbers a site needs.
    Sizing,
    /// Have a site's pools take and give back shared numbers now.
    StockKeep,
    /// One stock of shared numbers.
    StockRead,
    /// Change who shares a stock and what is in it.
    StockChange,
    /// The audit log of a stock.
    StockAudit,
    /// Compare a stock with its sites.
    StockCheck,
    /// List the keys of a stock.
    StockKeyList,
    /// Make a key of a stock.
    StockKeyCreate,
    /// Revoke a key of a stock.
    StockKeyRevoke,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct RouteSpec {
    /// The method.
    pub method: Method,
    /// The path; `{name}` stands for one segment.
    pub path: &'static str,
    /// What it does.
    pub route: Route,
    /// Who may ask.
    pub access: Access,
    /// The longest body, in bytes.
    pub body_bytes: usize,
}

impl RouteSpec {
    /// What a body may be; empty where every kind is read, or none.
    pub const fn media_types(&self) -> &'static [&'static str] {
        const JSON: &[&str] = &["application/json"];
        const PATCH: &[&str] = &["application/json", "application/merge-patch+json"];
        const LINES: &[&str] = &["application/x-ndjson", "application/jsonl"];
        match (self.body_bytes, self.access, self.route) {
            // A page's message is JSON as `text/plain`, a provider's what the provider sends.
            (0, ..) | (_, Access::Page | Access::Provider, _) => &[],
            (_, _, Route::Import) => LINES,
            _ if matches!(self.method, Method::Patch) => PATCH,
            _ => JSON,
        }
    }
}

const fn row(
    method: Method,
    path: &'static str,
    route: Route,
    access: Access,
    body_bytes: usize,
) -> RouteSpec {
    RouteSpec {
        method,
        path,
        route,
        access,
        body_bytes,
    }
}

use Access::{Admin, Deployer, Page, Provider, Public, StockAdmin, StockViewer, Telephony, Viewer};
use Method::{Delete, Get, Patch, Post, Put};

/// Every route that is served, files aside.
pub const ROUTES: &[RouteSpec] = &[
    row(Get, "/healthz", Route::Health, Public, 0),
    row(Get, "/openapi.json", Route::OpenApi, Public, 0),
    row(Get, super::paper::PATH, Route::Problems, Public, 0),
    row(Get, "/s/{script}", Route::Script, Public, 0),
    row(Get, "/a/{part}", Route::AgentPart, Public, 0),
    row(
        Post,
        "/v1/sites/{site}/visit",
        Route::Visit,
        Page,
        limits::VISIT_BODY_BYTES,
    ),
    row(
        Post,
        "/v1/sites/{site}/beat",
        Route::Beat,
        Page,
        limits::VISIT_BODY_BYTES,
    ),
    row(
        Post,
        "/v1/sites/{site}/leave",
        Route::Leave,
        Page,
        limits::VISIT_BODY_BYTES,
    ),
    row(Get, "/v1/sites/{site}/amp/{scenario}", Route::Amp, Page, 0),
    row(
        Post,
        "/v1/sites/{site}/calls/{provider}/{secret}",
        Route::ProviderCall,
        Provider,
        limits::WEBHOOK_BODY_BYTES,
    ),
    // Mango Office appends what happened to the address it was given: `…/events/call`, `…/ping`.
    row(
        Post,
        "/v1/sites/{site}/calls/{provider}/{secret}/{event}",
        Route::ProviderCall,
        Provider,
        limits::WEBHOOK_BODY_BYTES,
    ),
    row(
        Post,
        "/v1/sites/{site}/calls/{provider}/{secret}/{group}/{event}",
        Route::ProviderCall,
        Provider,
        limits::WEBHOOK_BODY_BYTES,
    ),
    row(
        Post,
        "/v1/sites/{site}/calls/{provider}/{secret}/{group}/{event}/{part}",
        Route::ProviderCall,
        Provider,
        limits::WEBHOOK_BODY_BYTES,
    ),
    row(
        Post,
        "/v1/sites/{site}/calls/{provider}",
        Route::ProviderCall,
        Provider,
        limits::WEBHOOK_BODY_BYTES,
    ),
    row(
        Get,
        "/v1/sites/{site}/calls/{provider}/{secret}",
        Route::ProviderCall,
        Provider,
        0,
    ),
    row(
        Post,
        "/api/v1/sizing",
        Route::Sizing,
        Public,
        limits::SIZING_BODY_BYTES,
    ),
    row(Get, "/api/v1/sites", Route::SiteList, Deployer, 0),
    row(Get, "/api/v1/audit", Route::SiteAudit, Deployer, 0),
    row(
        Post,
        "/api/v1/sites",
        Route::SiteCreate,
        Deployer,
        limits::CONFIG_BYTES,
    ),
    row(Get, "/api/v1/sites/{site}", Route::SiteRead, Viewer, 0),
    row(
        Delete,
        "/api/v1/sites/{site}",
        Route::SiteDelete,
        Deployer,
        0,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/config",
        Route::ConfigRead,
        Viewer,
        0,
    ),
    row(
        Put,
        "/api/v1/sites/{site}/config",
        Route::ConfigWrite,
        Admin,
        limits::CONFIG_BYTES,
    ),
    row(
        Post,
        "/api/v1/sites/{site}/config/check",
        Route::ConfigCheck,
        Admin,
        limits::CONFIG_BYTES,
    ),
    row(
        Post,
        "/api/v1/sites/{site}/config/import",
        Route::ConfigImport,
        Admin,
        limits::CONFIG_BYTES,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/versions",
        Route::VersionList,
        Viewer,
        0,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/versions/{version}",
        Route::VersionRead,
        Viewer,
        0,
    ),
    row(
        Post,
        "/api/v1/sites/{site}/versions/{version}/revert",
        Route::VersionRevert,
        Admin,
        0,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/versions/{version}/diff",
        Route::VersionDiff,
        Viewer,
        0,
    ),
    row(
        Patch,
        "/api/v1/sites/{site}/config",
        Route::ConfigPatch,
        Admin,
        limits::CONFIG_BYTES,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/scenarios",
        Route::ScenarioList,
        Viewer,
        0,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/scenarios/{scenario}",
        Route::ScenarioRead,
        Viewer,
        0,
    ),
    row(
        Put,
        "/api/v1/sites/{site}/scenarios/{scenario}",
        Route::ScenarioWrite,
        Admin,
        limits::CONFIG_BYTES,
    ),
    row(
        Patch,
        "/api/v1/sites/{site}/scenarios/{scenario}",
        Route::ScenarioPatch,
        Admin,
        limits::CONFIG_BYTES,
    ),
    row(
        Delete,
        "/api/v1/sites/{site}/scenarios/{scenario}",
        Route::ScenarioDelete,
        Admin,
        0,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/numbers",
        Route::NumberList,
        Viewer,
        0,
    ),
    row(
        Post,
        "/api/v1/sites/{site}/numbers",
        Route::NumberAct,
        Admin,
        limits::NUMBER_ACTION_BODY_BYTES,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/calls",
        Route::CallList,
        Viewer,
        0,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/reports/{dimension}",
        Route::ReportRead,
        Viewer,
        0,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/files/{file}",
        Route::CallFile,
        Viewer,
        0,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/kept-events",
        Route::KeptEventList,
        Admin,
        0,
    ),
    row(
        Post,
        "/api/v1/sites/{site}/kept-events/{event}/retry",
        Route::KeptEventRetry,
        Admin,
        0,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/deliveries",
        Route::DeliveryList,
        Admin,
        0,
    ),
    row(
        Post,
        "/api/v1/sites/{site}/deliveries/{receiver}/{delivery}/send",
        Route::DeliverySend,
        Admin,
        0,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/outbox",
        Route::OutboxList,
        Viewer,
        0,
    ),
    row(
        Post,
        "/api/v1/sites/{site}/replay",
        Route::Replay,
        Admin,
        limits::CORRECTION_BODY_BYTES,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/calls/{call}",
        Route::CallRead,
        Viewer,
        0,
    ),
    row(
        Post,
        "/api/v1/sites/{site}/calls/{call}/attribution",
        Route::CallCorrect,
        Admin,
        limits::CORRECTION_BODY_BYTES,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/leases",
        Route::LeaseRead,
        Telephony,
        0,
    ),
    row(Get, "/api/v1/sites/{site}/live", Route::Live, Viewer, 0),
    row(
        Get,
        "/api/v1/sites/{site}/pools/{scenario}",
        Route::PoolRead,
        Viewer,
        0,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/pools/{scenario}/delays",
        Route::DelayRead,
        Viewer,
        0,
    ),
    row(
        Put,
        "/api/v1/sites/{site}/pools/{scenario}/delays",
        Route::DelayWrite,
        Admin,
        limits::DELAYS_BODY_BYTES,
    ),
    row(Get, "/api/v1/sites/{site}/keys", Route::KeyList, Admin, 0),
    row(
        Post,
        "/api/v1/sites/{site}/keys",
        Route::KeyCreate,
        Admin,
        limits::KEY_BODY_BYTES,
    ),
    row(
        Delete,
        "/api/v1/sites/{site}/keys/{key}",
        Route::KeyRevoke,
        Admin,
        0,
    ),
    row(
        Get,
        "/api/v1/sites/{site}/audit",
        Route::AuditList,
        Admin,
        0,
    ),
    row(Get, "/api/v1/sites/{site}/export", Route::Export, Admin, 0),
    row(
        Post,
        "/api/v1/sites/{site}/import",
        Route::Import,
        Deployer,
        limits::IMPORT_BODY_BYTES,
    ),
    row(Get, "/api/v1/sites/{site}/check", Route::Check, Admin, 0),
    row(
        Post,
        "/api/v1/sites/{site}/stock",
        Route::StockKeep,
        Admin,
        0,
    ),
    row(
        Get,
        "/api/v1/stocks/{stock}",
        Route::StockRead,
        StockViewer,
        0,
    ),
    row(
        Post,
        "/api/v1/stocks/{stock}",
        Route::StockChange,
        StockAdmin,
        limits::NUMBER_ACTION_BODY_BYTES,
    ),
    row(
        Get,
        "/api/v1/stocks/{stock}/audit",
        Route::StockAudit,
        StockAdmin,
        0,
    ),
    row(
        Get,
        "/api/v1/stocks/{stock}/check",
        Route::StockCheck,
        StockAdmin,
        0,
    ),
    row(
        Get,
        "/api/v1/stocks/{stock}/keys",
        Route::StockKeyList,
        StockAdmin,
        0,
    ),
    row(
        Post,
        "/api/v1/stocks/{stock}/keys",
        Route::StockKeyCreate,
        StockAdmin,
        limits::KEY_BODY_BYTES,
    ),
    row(
        Delete,
        "/api/v1/stocks/{stock}/keys/{key}",
        Route::StockKeyRevoke,
        StockAdmin,
        0,
    ),
];

mod find;

pub use find::{Found, allow, find};

#[cfg(test)]
mod tests;
