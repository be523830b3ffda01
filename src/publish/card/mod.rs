//! The model card: YAML front matter that the Hub reads, then a page for people. Every number is the report's.

mod front;
mod using;

use super::places::{is_id, without_places};
use crate::plan::{self, Plan};
use crate::report::{Report, markdown, prose_line};
use crate::spec::ModelSpec;
use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// The README.md of a model folder.
pub fn card(plan: &Plan, report: &Report) -> String {
    let mut out = front::matter(plan, report);
    // The page's own title becomes the card's.
    out.push_str(&markdown(report));
    out.push_str(&using::plots(report));
    out.push_str(&using::uses(plan));
    out.push_str(&using::limits(plan, report));
    out.push_str(&format!("## Licence\n\n{}\n\n", license_note(plan)));
    out.push_str(&using::verification(plan, report));
    out.push_str(&format!("## Files\n\n{}\n", using::files(plan)));
    without_homes(&without_places(&out, plan, &report.folder)).into_owned()
}

/// The README.md of a model that was made of a run's adapter and its base.
pub(super) fn merged_card(plan: &Plan, report: &Report) -> String {
    let (mut plan, mut report) = (plan.clone(), report.clone());
    plan.spec.adapter = None;
    // That was the adapter's.
    report.model.weights_sha256 = None;
    let note = "Its weights are those of the base with the adapter that `training.toml` trains, merged by `tallow merge`; the scores are those \
                of the two beside each other, which are the same but for rounding.";
    format!("{}\n{note}\n", card(&plan, &report))
}

/// What of a path says whose machine it was.
const HOMES: &str = r#"(?:/home/[^/\s`"]+|/Users/[^/\s`"]+|/root|[A-Za-z]:\\+Users\\+[^\\\s`"]+)([/\\])"#;

static HOME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(HOMES).ok());

/// A page that others see does not name somebody's home.
fn without_homes(text: &str) -> Cow<'_, str> {
    HOME.as_ref().map_or(Cow::Borrowed(text), |home| home.replace_all(text, "~$1"))
}

enum License {
    /// The base model's, by the Hub's name for it.
    Known(&'static str),
    /// One of the base model's own: what it is called, and where it stands.
    Other { name: Option<String>, link: Option<String> },
    /// The base model states none.
    Unknown,
    /// Trained from scratch.
    NoBase,
}

fn license(plan: &Plan) -> License {
    let stated = plan.facts.model.license.as_deref().map(str::trim).filter(|stated| !stated.is_empty());
    let terms = plan.facts.model.terms.as_ref();
    let is_other = stated.is_some_and(|stated| stated.eq_ignore_ascii_case("other"));
    match (&plan.spec.model, stated, terms) {
        (ModelSpec::Scratch { .. }, ..) => License::NoBase,
        (_, None, None) => License::Unknown,
        (_, _, Some(terms)) if is_other || stated.is_none() => {
            License::Other { name: terms.name.clone(), link: terms.link.as_deref().and_then(|link| address(plan, link)) }
        }
        (_, stated, _) => {
            let stated = stated.unwrap_or_default();
            let own = || License::Other { name: Some(stated.to_string()).filter(|_| !is_other), link: None };
            plan::hub_name(stated).map_or_else(own, License::Known)
        }
    }
}

/// Where the base's licence stands: a file of its repository is named from there, where that is on the Hub.
fn address(plan: &Plan, link: &str) -> Option<String> {
    match link.contains("://") {
        true => Some(link.to_string()),
        false => base_model(plan).map(|id| format!("https://huggingface.co/{id}/blob/main/{}", link.trim_start_matches("./"))),
    }
}

/// On which terms others gave what the model is made from.
fn license_note(plan: &Plan) -> String {
    let own = match license(plan) {
        License::NoBase => "Trained from scratch; whoever publishes it chooses a licence.\n",
        License::Known(_) | License::Other { .. } | License::Unknown => {
            "This model is derived from its base, whose licence holds for it.\n"
        }
    };
    let terms = plan::licensed(&plan.spec, &plan.facts);
    // What a card calls its terms is anybody's text.
    terms.iter().fold(own.to_string(), |out, licensed| format!("{out}\n- {}", prose_line(&licensed.in_words())))
}

/// The base model's id on the Hub; a local folder has none.
fn base_model(plan: &Plan) -> Option<&str> {
    match &plan.spec.model {
        // Every run's own `RUN/model` looks like an id, and would be somebody else's.
        ModelSpec::Pretrained { .. } if plan.facts.model.is_local => None,
        ModelSpec::Pretrained { id, .. } => Some(id.as_str()).filter(|id| id.contains('/') && is_id(id)),
        ModelSpec::Scratch { .. } => None,
    }
}

/// A card with that licence, as the Hub names it, in place of the one that it has.
pub fn licensed_card(card: &str, license: &str) -> String {
    let (head, page) = front_matter(card).unwrap_or(("", card));
    // What stands in deeper lines belongs to the key above them.
    let mut is_of_license = false;
    let kept = head.lines().filter(|line| {
        if !line.starts_with([' ', '\t', '-']) {
            is_of_license = ["license:", "license_name:", "license_link:"].iter().any(|key| line.starts_with(key));
        }
        !is_of_license
    });
    let kept: String = kept.map(|line| format!("{line}\n")).collect();
    format!("---\nlicense: {license}\n{kept}---\n{page}")
}

/// The lines between the first line `---` and the next one, and what follows; none where the card does not begin so. Lines may end as
/// Windows ends them.
fn front_matter(card: &str) -> Option<(&str, &str)> {
    let card = card.trim_start_matches('\u{feff}');
    let is_mark = |line: &str| line.trim_end() == "---";
    let first = card.split_inclusive('\n').next().filter(|line| is_mark(line))?;
    let rest = card.get(first.len()..)?;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        let after = at + line.len();
        if is_mark(line) {
            return rest.get(..at).zip(rest.get(after..));
        }
        at = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_given_a_licence() {
        for (card, expected) in [
            ("# A model\n", "---\nlicense: mit\n---\n# A model\n"),
            ("---\ntags:\n- a\n---\n\n# A\n\n---\n", "---\nlicense: mit\ntags:\n- a\n---\n\n# A\n\n---\n"),
            ("---\nlicense: other\nlicense_name: \"x\"\nlanguage:\n- en\n---\n", "---\nlicense: mit\nlanguage:\n- en\n---\n"),
            ("---\r\nlicense: other\r\ntags:\r\n- a\r\n---\r\n# A\r\n", "---\nlicense: mit\ntags:\n- a\n---\n# A\r\n"),
            ("---\nlicense: a\nname: a ---\ntags:\n- a\n---\n# A\n", "---\nlicense: mit\nname: a ---\ntags:\n- a\n---\n# A\n"),
            ("\u{feff}---\nlicense: a\n---\n", "---\nlicense: mit\n---\n"),
            ("---\nlicense: a\n---", "---\nlicense: mit\n---\n"),
            ("---\nno end\n", "---\nlicense: mit\n---\n---\nno end\n"),
            ("---\nlicense:\n- a\n- b\nlanguage:\n- en\n---\n", "---\nlicense: mit\nlanguage:\n- en\n---\n"),
        ] {
            assert_eq!(licensed_card(card, "mit"), expected);
        }
    }

    #[test]
    fn nobodys_home_is_named() {
        for (text, expected) in [
            ("`tallow train /home/ada/x.toml --out /root/runs/1`", "`tallow train ~/x.toml --out ~/runs/1`"),
            ("C:\\Users\\ada\\x", "~\\x"),
            ("see /home and /rooted/x, /usr/share", "see /home and /rooted/x, /usr/share"),
        ] {
            assert_eq!(without_homes(text), expected);
        }
    }
}
