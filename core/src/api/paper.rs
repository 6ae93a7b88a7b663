//! The page that every refusal names in `type`: what each code means and what to do, in English and
//! in Russian. Made from [`ProblemCode::ALL`], so that no code is without its paragraph.

use super::problem::ProblemCode;
use std::fmt::Write as _;

/// Where the page is served. A code's paragraph is at `#code`.
pub const PATH: &str = "/problems";

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Refusals · Ringlet</title>
  <link rel="icon" href="/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/base.css">
  <script src="/language.js"></script>
</head>
<body>
  <main class="wrap" id="main">
    <h1><span lang="en">Refusals</span><span lang="ru">Отказы</span></h1>
    <p><a href="?lang=en">English</a> · <a href="?lang=ru">Русский</a></p>
"#;

/// The whole page.
pub fn html() -> String {
    let mut page = HEAD.to_owned();
    for code in ProblemCode::ALL {
        let (id, status) = (code.as_str(), code.status());
        let (title, title_ru) = (code.title(), code.title_ru());
        let (help, help_ru) = help(code);
        let _ = write!(
            page,
            r#"    <section class="card" id="{id}">
      <h2><code>{id}</code> <small>{status}</small></h2>
      <p><strong><span lang="en">{title}.</span><span lang="ru">{title_ru}.</span></strong>
        <span lang="en">{help}</span><span lang="ru">{help_ru}</span></p>
    </section>
"#
        );
    }
    page.push_str("  </main>\n</body>\n</html>\n");
    page
}

/// What a code means and what to do, in English and Russian.
const fn help(code: ProblemCode) -> (&'static str, &'static str) {
    match code {
        ProblemCode::NotJson => (
            "The body lacks what it must have, is no JSON in UTF-8, or broke off on its way.",
            "В теле нет обязательного, это не JSON в UTF-8, или передача прервалась.",
        ),
        ProblemCode::BadParameter => (
            "A parameter of the address or a header is not what the route takes; detail names it.",
            "Параметр адреса или заголовок не тот; какой именно, сказано в detail.",
        ),
        ProblemCode::Unauthorized => (
            "No key, one of another site, a revoked one, or a wrong signature.",
            "Ключа нет, он от другого сайта или отозван, либо подпись неверна.",
        ),
        ProblemCode::Forbidden => (
            "The key’s role is for less. Ask with an admin key or the deployer’s token.",
            "Ключ верный, но роль даёт меньше. Нужен ключ admin или токен владельца установки.",
        ),
        ProblemCode::WrongOrigin => (
            "The page is none of the site’s origins. Add its address to origins.",
            "Адреса страницы нет среди origins сайта. Добавьте его.",
        ),
        ProblemCode::UnknownSite => (
            "Look at the site’s id. Keys of other sites are told 401 instead.",
            "Проверьте id сайта. Ключам других сайтов отвечают 401.",
        ),
        ProblemCode::NotFound => (
            "The site has no such thing, or the address is served by nothing.",
            "На сайте такого нет, либо такого адреса нет вовсе.",
        ),
        ProblemCode::MethodNotAllowed => (
            "The header Allow names the methods that the path has.",
            "Допустимые методы названы в заголовке Allow.",
        ),
        ProblemCode::Conflict => (
            "Or something else does the same, or an Idempotency-Key came with another request.",
            "Либо то же делает кто-то ещё, либо Idempotency-Key пришёл с другим запросом.",
        ),
        ProblemCode::Stale => (
            "Somebody changed it meanwhile. Read it again and repeat with the new ETag.",
            "Кто-то успел изменить. Прочтите снова и повторите с новым ETag.",
        ),
        ProblemCode::BodyTooLarge => (
            "More bytes than the route takes. A site’s import can be sent in parts.",
            "Больше байтов, чем принимает адрес. Импорт сайта можно слать частями.",
        ),
        ProblemCode::UnsupportedMediaType => (
            "Say what the body is: application/json, or what detail names.",
            "Укажите вид тела: application/json или названный в detail.",
        ),
        ProblemCode::ConfigFaults => (
            "All faults are listed, each with its place and what to do. Nothing was changed.",
            "Перечислены все ошибки, каждая с местом и советом. Ничего не изменено.",
        ),
        ProblemCode::Unprocessable => (
            "The request is well formed, but cannot be done; faults or detail say why.",
            "Запрос понятен, но выполнить его нельзя; причина в faults или detail.",
        ),
        ProblemCode::VersionNeeded => (
            "A whole configuration is replaced with If-Match only: read it first, send its ETag.",
            "Настройки целиком заменяют только с If-Match: сначала прочтите их и пришлите ETag.",
        ),
        ProblemCode::TooManyRequests => (
            "Wait as long as Retry-After says, in seconds.",
            "Подождите столько секунд, сколько сказано в Retry-After.",
        ),
        ProblemCode::Internal => (
            "Nothing was changed. The log of the edge has the reason.",
            "Ничего не изменено. Причина записана в журнале сервера.",
        ),
        ProblemCode::Unavailable => (
            "What answers is overloaded or out of reach. Repeat with the same Idempotency-Key.",
            "Узел перегружен или недоступен. Повторите с тем же Idempotency-Key.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::Problem;

    #[test]
    fn every_refusal_leads_to_its_paragraph() {
        let page = html();
        for code in ProblemCode::ALL {
            let problem: serde_json::Value =
                serde_json::from_str(&Problem::new(code).to_json(false)).expect("JSON");
            let (path, id) = problem["type"]
                .as_str()
                .and_then(|kind| kind.split_once('#'))
                .expect("a page and a place in it");
            assert_eq!(path, PATH);
            assert_eq!(problem["doc"], problem["type"]);
            assert!(page.contains(&format!("<section class=\"card\" id=\"{id}\">")));
        }
    }
}
