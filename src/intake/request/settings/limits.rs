//! What a run may take of memory, disk, money and attempts: `at most 2 GB of RAM`, `spend no more than 2 dollars`.

use super::first;
use crate::intake::regex;
use crate::intake::request::Request;
use crate::intake::request::pattern::patterns;
use crate::intake::request::rest::{Cut, Found, Judged, Rest, taken_if};
use crate::intake::request::wording::number::number;
use regex::Regex;
use std::sync::LazyLock;

patterns! {
    memory: [
        r"^#\s?(?P<unit>[kmgt]i?b)(?: of)? (?:ram|(?:main )?memory)\b",
        r"\b(?:(?:keep|limit|hold)(?:ing)? )?(?:(?:the|its) )?(?:ram|memory)(?: (?:use|usage|limit|budget|footprint))?(?: (?:is|be|must|should|stay|stays|to|of|under|below|within|at most|up to|less than|limited|limit))*\s?[:=<≤]*\s?#\s?(?P<unit>[kmgt]i?b)\b",
    ],
    disk: [
        r"^#\s?(?P<unit>[kmgt]i?b)(?: of)?(?: (?:the|my))? (?:disk|disc|storage)(?: space)?\b",
        r"\b(?:(?:keep|limit|hold)(?:ing)? )?(?:(?:the|its) )?(?:disk|disc|storage)(?: (?:space|use|usage|limit|budget))*(?: (?:is|be|must|should|stay|stays|to|of|under|below|within|at most|up to|less than|limited|limit))*\s?[:=<≤]*\s?#\s?(?P<unit>[kmgt]i?b)\b",
    ],
    usd: [
        r"\b(?:(?:it )?(?:may|can|should|must) )?(?:spend(?:ing)?|cost(?:s|ing)?|pay(?:ing)?|budget)(?: (?:is|of|at most|up to|under|below|less than|max|maximum|only|within|not|it|should|must|me))*\s?[:=<≤]?\s?(?:\$\s?|usd\s)?#(?:\s?(?P<unit>dollars?|usd|us\$|\$|cents?))?",
        r"\b(?:at most|up to|max(?:imum)?(?: of)?|under|below|within|less than|for)\s(?:\$\s?|usd\s)#",
        r"\b(?:at most|up to|max(?:imum)?(?: of)?|under|below|within|less than)\s@(?P<unit>dollars?|usd|us\$|\$|cents?)",
    ],
    attempts: [
        r"^@(?:attempts?|tries)\b",
        r"\bmax(?:imum)?[ _-]attempts\s?[:=]?\s?#",
        r"\btry (?:it )?(?:at most |only |up to )@times\b",
    ],
}

pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    // That of a GPU is none of the program's.
    static GPU: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:gpus?|vram|graphics|cuda)\b[^.,;]*$"));
    let is_own = |found: &Found<'_>| if GPU.is_match(found.before) { Judged::Passed } else { Judged::Taken };
    let cut = p.memory.iter().find_map(|way| rest.cut_as(way, is_own));
    request.max_memory_bytes = request.value(cut, "an amount of memory, such as 2 GB", bytes);
    let cut = first(rest, &p.disk);
    request.max_disk_bytes = request.value(cut, "an amount of disk, such as 500 MB", bytes);
    let is_money = |cut: &Cut| cut.words.contains('$') || cut.words.to_lowercase().contains("usd") || !cut.get("unit").is_empty();
    // `A budget of 2 hours` is none of money; and what things cost is what is to be told of them.
    static TOLD: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:whether|if|that|which|into)\b[^.;]*$"));
    // What things of the data cost, and what one of them does.
    static OF_DATA: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(
                r"(?i)\b(?:(?:houses?|homes?|flats?|items?|products?|orders?|transactions?|loans?|cars?|prices?|salar(?:y|ies)|incomes?|rents?)(?:\s(?:is|are|that|which|sold|priced))*\s(?:under|above|over|below|within|up to|less than|more than|at most|for|costs?|costing)|(?:each|every)\s[\w-]+\s(?:costs?|pays?))\s(?:of\s)?(?:\$|usd)?\s?$",
            ),
            regex(r"(?i)^\s?(?:(?:per|each|an?)\b|/)"),
        ]
    });
    let is_of_data = |found: &Found<'_>| OF_DATA[0].is_match(found.before) || OF_DATA[1].is_match(found.behind);
    let is_meant = |found: &Found<'_>| taken_if(is_money(found.cut) && !TOLD.is_match(found.before) && !is_of_data(found));
    let cut = p.usd.iter().find_map(|way| rest.cut_as(way, is_meant));
    request.max_usd = request.value(cut, "an amount of US dollars", |cut| {
        let cents = if cut.get("unit").to_lowercase().starts_with("cent") { 0.01 } else { 1.0 };
        cut.number().map(|usd| usd * cents).filter(|usd| (0.0..=1e9).contains(usd))
    });
    let cut = first(rest, &p.attempts);
    request.max_attempts = request.value(cut, "1 to 5 attempts", |cut| cut.whole(1, 5).map(|attempts| attempts as usize));
}

fn bytes(cut: &Cut) -> Option<u64> {
    let unit = cut.get("unit").to_lowercase();
    let base: f64 = if unit.contains('i') { 1024.0 } else { 1000.0 };
    let power = ["k", "m", "g", "t"].iter().position(|start| unit.starts_with(start))? as i32 + 1;
    number(cut.get("v"))
        .map(|count| count * base.powi(power))
        .filter(|bytes| (1.0..=1e18).contains(bytes))
        .map(|bytes| bytes as u64)
}

impl Request {
    /// What it says of budgets, as keys of the experiment file.
    pub fn budget(&self) -> Vec<(String, String)> {
        let said = [
            ("budget.max_memory_bytes", self.max_memory_bytes.map(|bytes| bytes.to_string())),
            ("budget.max_disk_bytes", self.max_disk_bytes.map(|bytes| bytes.to_string())),
            ("budget.max_attempts", self.max_attempts.map(|attempts| attempts.to_string())),
            ("budget.max_usd", self.max_usd.map(|usd| format!("{usd:?}"))),
        ];
        said.into_iter().filter_map(|(key, value)| Some((key.to_string(), value?))).collect()
    }
}
