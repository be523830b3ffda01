//! What the heads and labels of a table of results say: measures, spreads, sums, and what is no score at all.

use super::columns::is_unknown_data;
use crate::intake::extract::architecture;
use crate::intake::extract::heard::Heard;
use std::sync::LazyLock;

/// A label that cites somebody: `Foo (Ash, 2019)`, `Foo [7]`.
pub(super) static CITED: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\b(?:19|20)\d\d\b|\[[^\]]+\]"));

/// Whether a caption says that its table is on what others did: `Overview of earlier models`.
pub(super) fn is_of_earlier_work(caption: &str) -> bool {
    static EARLIER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:existing|previous(?:ly)?|prior|earlier|related|published|overview of (?:\w+ )?(?:models|methods|work|approaches|systems|studies))\b",
        )
    });
    static OWN: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:our|ours|we|proposed)\b"));
    EARLIER.is_match(caption) && !OWN.is_match(caption)
}

/// The header over that of a metric.
pub(super) fn group_of(headers: &[String], heard: &Heard) -> Option<String> {
    let (last, above) = headers.split_last()?;
    let group =
        above.last().filter(|group| is_unknown_data(group) && !is_no_score(group) && architecture::dimension(group).is_none())?;
    (measures(last, heard) && !measures(group, heard)).then(|| group.clone())
}

pub(super) fn measures(header: &str, heard: &Heard) -> bool {
    heard.metrics_in(header).iter().any(|m| m.name != "score")
}

/// `Trained on Foo data`: a name for the rows below it.
pub(super) fn names_training(text: &str) -> bool {
    static TRAINED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:(?:pre-?)?train(?:ed|ing)|fine-?tun(?:ed|ing)) (?:on|with|from|using|for)\b")
    });
    TRAINED.is_match(text)
}

/// `Total`: a sum over the rows above.
pub(super) fn is_sum(label: &str) -> bool {
    ["total", "sum", "in total", "overall total"].contains(&label.trim().to_lowercase().as_str())
}

/// A row that says how far runs lie apart, not what they reached.
pub(super) fn is_spread(label: &str) -> bool {
    static SPREAD: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:standard (?:deviation|error)|std\.?(?: dev\.?)?|variance|stdev)(?:\W|$)")
    });
    SPREAD.is_match(label)
}

/// A header over how far runs lie apart, or what one gains over another in proportion.
pub(super) fn is_spread_head(header: &str) -> bool {
    static SPREAD: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:(?:± ?|\+/?- ?)?(?:sd|s\.d\.|std\.?(?: ?dev\.?)?|stdev|sem)|±|range|variance|(?:95 ?% ?)?ci|p(?:[- ]values?)?|Δ.{0,20}|delta|diff(?:erence|\.)?(?: in .{1,30})?|(?:rel|abs)\w*\.? (?:gains?|improvements?|change))$",
        )
    });
    SPREAD.is_match(header.trim()) || is_spread(header)
}

/// A header of what is no score: `#params`, `throughput (image / s)`.
pub(super) fn is_no_score(header: &str) -> bool {
    static OTHER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)#|\bnum(?:ber|\.)? of\b|(?:\b|#)(?:params?|parameters|prop(?:ortion|\.)?s?|share|fraction|ratio|weight|tokens|disk|flops|macs|throughput|speed(?:-?up)?|time|latency|memory|size|epochs?|steps|layers|depth|width|year|resolution|hours|days|images?\s?/\s?s)\b",
        )
    });
    OTHER.is_match(header)
}

/// `Full test (978)` -> `Full test`: without how many there are.
pub(super) fn without_count(head: &str) -> &str {
    static COUNT: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r" ?\((?:[nN] ?= ?)?\d[\d,. ]*[kKM]?(?: [a-z]+)?\)$"));
    COUNT.find(head.trim_end()).map_or(head, |count| &head[..count.start()])
}

/// `Tuned Acc.` -> `Tuned`: what a head tells beside the measure.
pub(super) fn beside_measure(headers: &[String], heard: &Heard) -> String {
    let Some(head) = headers.last() else { return String::new() };
    let Some(measure) = heard.metrics_in(head).into_iter().find(|metric| metric.name != "score") else { return String::new() };
    let rest =
        format!("{} {}", head[..measure.at.start].trim(), head[measure.at.end..].trim_matches(|c: char| !c.is_alphanumeric()));
    let rest = rest.trim().to_string();
    // `Best Acc. (%)` tells no more.
    if rest.chars().filter(|c| c.is_alphabetic()).count() > 2 { rest } else { String::new() }
}

/// Whether the name of a data set is a part of a model's: `FooBERT-{Bar}-base`.
pub(super) fn is_of_a_model(text: &str, at: &std::ops::Range<usize>) -> bool {
    static MODEL: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?:BERT|BERTa|GPT|Net|[Ff]ormer|LM|ViT|T5|CLIP)$"));
    static SIZE: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(?:-\w+)*?-(?:x*large|base|small|tiny|medium|huge|XL|[SBLH])\b"));
    let Some(before) = text[..at.start].strip_suffix('-') else { return false };
    let word = before.rsplit(' ').next().unwrap_or_default();
    let first = word.split('-').next().unwrap_or_default();
    MODEL.is_match(first) || SIZE.is_match(&text[at.end..])
}
