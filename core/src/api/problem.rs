//! Refusals, as `application/problem+json` (RFC 9457) with the members of this API.

use super::detail::Detail;
use crate::site::Text;
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// Every reason for which a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemCode {
    /// The body is no JSON, or lacks what every such body has.
    NotJson,
    /// A parameter of the address is not what the route takes.
    BadParameter,
    /// No credential, an unknown one, or a wrong signature.
    Unauthorized,
    /// The credential does not allow this.
    Forbidden,
    /// The page's origin is none of the site's.
    WrongOrigin,
    /// There is no such site.
    UnknownSite,
    /// There is no such thing.
    NotFound,
    /// The address is served, but not with this method.
    MethodNotAllowed,
    /// It exists already, or another request is doing the same.
    Conflict,
    /// The thing was changed since it was read.
    Stale,
    /// The body is longer than the route takes.
    BodyTooLarge,
    /// The body is of a kind that the route does not read.
    UnsupportedMediaType,
    /// The configuration has faults; all are listed.
    ConfigFaults,
    /// What is asked for cannot be done; the faults say why.
    Unprocessable,
    /// A change needs `If-Match`.
    VersionNeeded,
    /// Too many requests.
    TooManyRequests,
    /// The edge failed; nothing was changed.
    Internal,
    /// The object that answers is overloaded or out of reach.
    Unavailable,
}

impl ProblemCode {
    /// All codes, for the papers.
    pub const ALL: [Self; 18] = [
        Self::NotJson,
        Self::BadParameter,
        Self::Unauthorized,
        Self::Forbidden,
        Self::WrongOrigin,
        Self::UnknownSite,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::Stale,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::ConfigFaults,
        Self::Unprocessable,
        Self::VersionNeeded,
        Self::TooManyRequests,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The HTTP status, the word in `code`, and the title in English and Russian.
    const fn facts(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Self::NotJson => (
                400,
                "not_json",
                "The body is not JSON",
                "Тело запроса не JSON",
            ),
            Self::BadParameter => (
                400,
                "bad_parameter",
                "A parameter is wrong",
                "Неверный параметр",
            ),
            Self::Unauthorized => (
                401,
                "unauthorized",
                "Credentials needed",
                "Нужен ключ доступа",
            ),
            Self::Forbidden => (403, "forbidden", "Not allowed", "Недостаточно прав"),
            Self::WrongOrigin => (
                403,
                "wrong_origin",
                "Not a page of this site",
                "Страница не этого сайта",
            ),
            Self::UnknownSite => (404, "unknown_site", "No such site", "Такого сайта нет"),
            Self::NotFound => (404, "not_found", "Nothing here", "Здесь ничего нет"),
            Self::MethodNotAllowed => (
                405,
                "method_not_allowed",
                "Not with this method",
                "Метод не поддерживается",
            ),
            Self::Conflict => (409, "conflict", "It exists already", "Уже существует"),
            Self::Stale => (
                412,
                "stale",
                "Changed since it was read",
                "Изменено после прочтения",
            ),
            Self::BodyTooLarge => (
                413,
                "body_too_large",
                "The body is too long",
                "Тело слишком длинное",
            ),
            Self::UnsupportedMediaType => (
                415,
                "unsupported_media_type",
                "Not this kind of body",
                "Не тот вид тела",
            ),
            Self::ConfigFaults => (
                422,
                "config_faults",
                "The configuration has faults",
                "В настройках есть ошибки",
            ),
            Self::Unprocessable => (
                422,
                "unprocessable",
                "This cannot be done",
                "Это невозможно",
            ),
            Self::VersionNeeded => (
                428,
                "version_needed",
                "If-Match is needed",
                "Нужен заголовок If-Match",
            ),
            Self::TooManyRequests => (
                429,
                "too_many_requests",
                "Too many requests",
                "Слишком много запросов",
            ),
            Self::Internal => (500, "internal", "The edge failed", "Сбой сервера"),
            Self::Unavailable => (503, "unavailable", "Try again soon", "Повторите позже"),
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        self.facts().0
    }

    /// The word that names the reason for programs.
    pub const fn as_str(self) -> &'static str {
        self.facts().1
    }

    /// The reason for people, in English.
    pub const fn title(self) -> &'static str {
        self.facts().2
    }

    /// The reason for people, in Russian.
    pub const fn title_ru(self) -> &'static str {
        self.facts().3
    }
}

/// One fault of a refused document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultAt {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong, as a word for programs.
    pub code: String,
    /// What is wrong and what to do, in a sentence.
    pub detail: String,
}

/// One refusal.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Why.
    pub code: ProblemCode,
    /// What exactly; empty if the title says all.
    pub detail: Text,
    /// Faults by JSON pointer, where a document was refused.
    pub faults: Vec<FaultAt>,
    /// How long to wait before asking again, where that is known.
    pub retry_after: Option<Millis>,
}

impl Problem {
    /// A refusal whose title says all.
    pub fn new(code: ProblemCode) -> Self {
        Self {
            code,
            detail: Text::default(),
            faults: Vec::new(),
            retry_after: None,
        }
    }

    /// A refusal with what exactly is wrong.
    pub fn with_detail(code: ProblemCode, detail: impl Into<Text>) -> Self {
        Self {
            code,
            detail: detail.into(),
            faults: Vec::new(),
            retry_after: None,
        }
    }

    /// A refused document with everything that is wrong with it.
    pub fn with_faults(code: ProblemCode, faults: Vec<FaultAt>) -> Self {
        Self {
            code,
            detail: Text::default(),
            faults,
            retry_after: None,
        }
    }

    /// Asked too often: come back after `wait`.
    pub fn too_many(wait: Millis) -> Self {
        let mut problem = Self::with_detail(ProblemCode::TooManyRequests, Detail::AskAgain(wait));
        problem.retry_after = Some(wait);
        problem
    }

    /// The value of `Retry-After`: whole seconds (RFC 9110), at least one.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.retry_after.map(|wait| wait.0.div_ceil(1_000).max(1))
    }

    /// A refusal from its body; nothing if it is none of this version. What exactly is wrong it
    /// tells in the language it was told in, whatever is asked for then.
    pub fn from_json(text: &str) -> Option<Self> {
        let read: Read = serde_json::from_str(text).ok()?;
        let mut codes = ProblemCode::ALL.into_iter();
        Some(Self {
            code: codes.find(|code| code.as_str() == read.code)?,
            detail: Text {
                en: read.detail.clone(),
                ru: read.detail,
            },
            faults: read.faults,
            retry_after: None,
        })
    }

    /// The body, `application/problem+json`, in Russian if `russian`. What is wrong with the edge
    /// itself is for its log.
    pub fn to_json(&self, russian: bool) -> String {
        let code = self.code;
        let detail = match (code, russian) {
            (ProblemCode::Internal, _) => "",
            (_, true) => &self.detail.ru,
            (_, false) => &self.detail.en,
        };
        let doc = format!("{}#{}", super::paper::PATH, code.as_str());
        let body = Body {
            kind: &doc,
            title: if russian {
                code.title_ru()
            } else {
                code.title()
            },
            status: code.status(),
            code: code.as_str(),
            detail,
            doc: &doc,
            faults: &self.faults,
        };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

/// A refusal that another part of the edge wrote, read again; the title follows from the code.
#[derive(Deserialize)]
struct Read {
    code: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    faults: Vec<FaultAt>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    title: &'a str,
    status: u16,
    code: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    doc: &'a str,
    #[serde(skip_serializing_if = "<[FaultAt]>::is_empty")]
    faults: &'a [FaultAt],
}
