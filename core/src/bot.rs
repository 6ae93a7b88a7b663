//! Robots by user agent. They get the page's own number, so that search engines index it and no
//! number is lent to nobody.
//!
//! A short list of what robots call themselves, after the patterns of the npm package `isbot`. It
//! is no defence: who wants to pass for a person does. `navigator.webdriver` and provisional leases
//! take care of the rest.

/// What stands in the user agents of robots, in small letters.
const SIGNS: &[&str] = &[
    "bot",
    "crawl",
    "spider",
    "slurp",
    "headless",
    "lighthouse",
    "pagespeed",
    "preview",
    "scan",
    "scrap",
    "archiv",
    "monitor",
    "uptime",
    "pingdom",
    "check",
    "fetch",
    "validator",
    "phantomjs",
    "selenium",
    "webdriver",
    "playwright",
    "puppeteer",
    "facebookexternalhit",
    "facebookcatalog",
    "whatsapp/",
    "telegram",
    "vkshare",
    "embedly",
    "mediapartners",
    "adsbot",
    "feed",
    "rss",
    "python",
    "java/",
    "okhttp",
    "curl/",
    "wget/",
    "libwww",
    "httpclient",
    "http-client",
    "axios/",
    "node-fetch",
    "go-http",
    "ruby",
    "perl",
    "php/",
    "apachebench",
    "postman",
    "insomnia",
    "yadirectfetcher",
    "yandeximages",
    "yandexmetrika",
    "google-",
    "googleother",
    "bingpreview",
    "ahrefs",
    "semrush",
    "dataprovider",
    "zgrab",
    "nmap",
    "sqlmap",
];

/// What looks like a sign and is none: a maker of telephones, and the browser inside Telegram.
const PEOPLE: &[&str] = &["cubot", "telegram-android", "telegram-ios"];

/// Whether `user_agent` is a robot's. No user agent at all is one.
pub fn is_bot(user_agent: &str) -> bool {
    let mut agent: String = user_agent
        .chars()
        .take(1_024)
        .collect::<String>()
        .to_lowercase();
    for word in PEOPLE {
        agent = agent.replace(word, "");
    }
    agent.trim().is_empty() || SIGNS.iter().any(|sign| agent.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::is_bot;

    #[test]
    fn robots() {
        for agent in [
            "",
            "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36",
            "TelegramBot (like TwitterBot)",
            "facebookexternalhit/1.1",
            "curl/8.5.0",
            "python-requests/2.31",
            "Mozilla/5.0 (compatible; YaDirectFetcher/1.0)",
            "WhatsApp/2.23",
            "Mozilla/5.0 Chrome-Lighthouse",
        ] {
            assert!(is_bot(agent), "{agent}");
        }
    }

    #[test]
    fn people() {
        for agent in [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/120.0.0.0 YaBrowser/24.1.0.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 \
             (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/119.0 Mobile \
             Safari/537.36",
            "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 Chrome/120 Mobile \
             Safari/537.36 Telegram-Android/10.6.1 (Samsung SM-S918B; Android 14; SDK 34)",
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 Instagram \
             312.0.0.19.117",
        ] {
            assert!(!is_bot(agent), "{agent}");
        }
    }
}
