//! Papers that a request names by their ids: it is planned without reading them, which is told.

use crate::intake::regex;
use crate::intake::request::Request;
use crate::intake::request::rest::Rest;
use regex::Regex;
use std::sync::LazyLock;

/// By an id of arXiv, with what is asked of it.
static WAYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let verb = r"(?:(?:reproduc|replicat|re-?implement|implement|follow|repeat|redo|check|verify)\w*\s)";
    let what = r"(?:(?:the\s)?(?:papers?|claims?|results?|experiments?|setup|numbers?|recipe)\s(?:of|in|from)?\s?)";
    let id = r"(?P<id>\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}(?:v\d{1,2})?)";
    [
        regex(&format!(
            r"(?i)\b{verb}?{what}?(?:https?://)?(?:www\.)?arxiv(?:\.org/(?:abs|pdf|html)/|\s?[:#]\s?|\s(?:id\s|paper\s|preprint\s)?){id}(?:\.pdf)?\b"
        )),
        // Without arXiv's name it may be a number, unless it has as many digits as ids have now.
        regex(&format!(r"(?i)(?:\b{verb})?\b{what}?{id}\b")),
    ]
});

/// Before names of data, for an address is one of those.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    for way in WAYS.iter() {
        while let Some(cut) = rest.cut_plain(way) {
            let id = cut.get("id").to_string();
            if !request.papers.contains(&id) {
                request.papers.push(id);
            }
        }
    }
    static VERB: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:reproduc|replicat)(?:e|es|ing)\b"));
    if !request.papers.is_empty() {
        rest.cut(&VERB);
    }
}

#[cfg(test)]
mod tests {
    use crate::intake::request::parse_request;

    #[test]
    fn papers_are_named_by_their_ids() {
        for (text, papers) in [
            ("Reproduce arXiv 1512.03385 (ResNet) on CIFAR-10 with ResNet-20, 2 epochs", &["1512.03385"][..]),
            ("What does 1810.04805 get on SST-2 with MiniLM? 1 epoch", &["1810.04805"]),
            ("replicate https://arxiv.org/abs/1603.05027v2 on CIFAR-10 with ResNet-20, 2 epochs", &["1603.05027v2"]),
            ("follow the recipe of arXiv:1706.03762 on CIFAR-10, ResNet-20", &["1706.03762"]),
            ("ResNet-20 on CIFAR-10, lr 0.0001, 1000.25 steps", &[]),
            ("ResNet-20 on CIFAR-10, mean 1999.99999", &[]),
        ] {
            let request = parse_request(text, |_| None);
            assert_eq!(request.papers, papers, "{text}");
            let left: Vec<&String> =
                request.not_understood.iter().filter(|words| papers.iter().any(|id| words.contains(id))).collect();
            assert!(
                left.is_empty() && !request.not_understood.iter().any(|words| words.contains("eproduce")),
                "{text}: {request:?}"
            );
        }
    }
}
