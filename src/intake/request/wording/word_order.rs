//! Words that stand elsewhere in English: verbs that end a clause, and what stands behind a name where English has it before.

use crate::intake::regex;
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The text with its words as English orders them, still in their own language.
pub(crate) fn in_english_order(text: &str) -> Cow<'_, str> {
    match from_behind(text) {
        Cow::Borrowed(text) => verb_first(text),
        Cow::Owned(turned) => Cow::Owned(verb_first(&turned).into_owned()),
    }
}

/// `Ich möchte die Miete aus a.csv vorhersagen`: a verb that ends its clause stands before what it is of, as in English.
fn verb_first(text: &str) -> Cow<'_, str> {
    static LAST: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?P<who>(?:ich|wir) (?:möchten?|will|wollen|würden? gerne?|soll(?:en)?|muss|müssen)|bitte|(?:modell|netz|es) soll)\s(?P<what>(?:[^.;:!?,\n]|\.\w){1,90}?)\s(?P<verb>vorhersagen|voraussagen|schätzen|klassifizieren)\b",
        )
    });
    LAST.replace_all(text, "${who} ${verb} ${what}")
}

/// `本文から評価を分類する`: what is told stands before what it is told from, and behind its verb.
fn from_behind(text: &str) -> Cow<'_, str> {
    static TOLD: LazyLock<Regex> = LazyLock::new(|| {
        let name = r"(?:[「『][^」』]{1,40}[」』]|[A-Za-z0-9_]+|[\u{30a1}-\u{30fa}ー\u{4e00}-\u{9fff}]+)";
        regex(&format!(r"(?P<from>{name})から(?P<told>{name})を(?P<verb>分類|予測|推定)(?:する|して)?"))
    });
    // `ゼロから`, `最初から`: from scratch.
    const NOTHING: [&str; 3] = ["ゼロ", "最初", "スクラッチ"];
    TOLD.replace_all(text, |found: &Captures<'_>| match NOTHING.contains(&&found["from"]) {
        true => found[0].to_string(),
        false => format!("{} {} から {} ", &found["verb"], &found["told"], &found["from"]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_stands_before_what_it_is_told_from() {
        for (text, turned) in [
            ("評論.csvの「本文」から「評価」を分類するモデル", "評論.csvの分類 「評価」 から 「本文」 モデル"),
            ("mails.csvのbodyからtopicを予測する", "mails.csvの予測 topic から body "),
            ("ゼロから画像を分類する", "ゼロから画像を分類する"),
            ("predict a from b", "predict a from b"),
        ] {
            assert_eq!(in_english_order(text), turned);
        }
        assert_eq!(in_english_order("Ich möchte die Miete aus a.csv vorhersagen"), "Ich möchte vorhersagen die Miete aus a.csv");
    }
}
