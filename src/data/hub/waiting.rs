//! How long a server asks to be left alone, by what its answer says.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::time::Duration;

/// The Hub's own words: `"api";r=0;t=55` is a limit with nothing left, and seconds until there is some again.
const RATE_LIMIT: &str = "ratelimit";

/// By `Retry-After`; of a server that is asked too often also by its limits.
pub(super) fn asked_for(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let said = text(RETRY_AFTER.as_str()).and_then(|value| wait_of(value, jiff::Timestamp::now()));
    said.or_else(|| text(RATE_LIMIT).filter(|_| is_limit(status.as_u16())).and_then(until_reset))
}

/// Whether a server says that it is asked too often.
pub(super) fn is_limit(status: u16) -> bool {
    status == 429
}

/// A wait as `Retry-After` has it: seconds, or a time of day.
pub(crate) fn wait_of(value: &str, now: jiff::Timestamp) -> Option<Duration> {
    let seconds = value.trim().parse::<f64>().ok().and_then(|secs| Duration::try_from_secs_f64(secs).ok());
    seconds.or_else(|| {
        let until = jiff::fmt::rfc2822::parse(value.trim()).ok()?.timestamp();
        Some(until.duration_since(now).try_into().unwrap_or(Duration::ZERO))
    })
}

/// Of several limits the longest wait of those that are used up; where none is said to be, of all.
fn until_reset(value: &str) -> Option<Duration> {
    let number = |limit: &str, name: &str| {
        limit.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')?.trim().parse::<u64>().ok())
    };
    let limits: Vec<(Option<u64>, u64)> =
        value.split(',').filter_map(|limit| Some((number(limit, "r"), number(limit, "t")?))).collect();
    let used_up = limits.iter().filter(|(left, _)| *left == Some(0)).map(|(_, secs)| *secs).max();
    used_up.or_else(|| limits.iter().map(|(_, secs)| *secs).max()).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_say_how_long_to_wait() {
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let check =
            |value: &str, secs: Option<f64>| assert_eq!(wait_of(value, now).map(|wait| wait.as_secs_f64()), secs, "{value}");
        check("3", Some(3.0));
        check(" 0.5 ", Some(0.5));
        check("Thu, 01 Jan 2026 00:00:20 GMT", Some(20.0));
        // Already over.
        check("Wed, 31 Dec 2025 23:59:00 GMT", Some(0.0));
        check("-1", None);
        check("soon", None);
        check("inf", None);
    }

    #[test]
    fn limits_say_when_they_end() {
        let check = |value: &str, secs: Option<u64>| assert_eq!(until_reset(value), secs.map(Duration::from_secs), "{value}");
        check("\"api\";r=0;t=55", Some(55));
        check("\"pages\";r=12;t=200, \"api\";r=0;t=7", Some(7));
        check("\"api\"; t=9", Some(9));
        check("\"api\";r=0", None);
        check("", None);
    }

    #[test]
    fn a_limit_is_read_where_it_is_the_reason() {
        let asked = |status: u16, pairs: &[(&'static str, &'static str)]| {
            let headers: HeaderMap =
                pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect();
            asked_for(StatusCode::from_u16(status).expect("a status"), &headers).map(|wait| wait.as_secs())
        };
        let limit = ("ratelimit", "\"api\";r=0;t=55");
        assert_eq!((asked(429, &[limit]), asked(503, &[limit])), (Some(55), None));
        assert_eq!(asked(429, &[limit, ("retry-after", "7")]), Some(7));
        assert_eq!(asked(503, &[("retry-after", "Thu, 01 Jan 2015 00:00:20 GMT")]), Some(0));
    }
}
