//! French, Spanish, Italian and Portuguese: what qualifies a noun stands behind it, and so does a verb that forbids.

use super::{and_then, replaced, turned};
use crate::intake::regex;
use regex::{Captures, Regex};
use std::sync::LazyLock;

pub(super) fn in_order(text: &str) -> Option<String> {
    let out = turned(text, &*WAYS);
    let out = and_then(text, out, small);
    and_then(text, out, forbidden)
}

static WAYS: LazyLock<[(Regex, &str); 11]> = LazyLock::new(|| {
    [
        (regex("[¿¡]"), ""),
        (regex(r"(?i)\bà partir d['’]"), "à partir de "),
        (regex(r"(?i)\b(?:oui\s?/\s?non|s[íì]\s?/\s?no|sim\s?/\s?não)\b"), "yes/no"),
        // Octets.
        (regex(r"(?P<n>[0-9])\s?(?P<unit>[GM])o\b"), "${n} ${unit}B"),
        // Steps, and no negation.
        (regex(r"(?P<n>[0-9])\spas\b"), "${n} étapes"),
        // `Les 20 % les plus récents`.
        (
            regex(
                r"(?i)\b(?:les?|el|los|las|il|gli|os|o)\s(?P<share>[0-9]+(?:[.,][0-9]+)?\s?%)\s(?P<latest>les plus récent(?:e?s)|más recientes?|più recent[ei]|mais recentes?)",
            ),
            "${latest} ${share}",
        ),
        // `Garder 20 % de côté`, `deixe o código de fora`.
        (regex(r"(?i)\b(?:gard|laiss|mett?)\p{L}*\s(?P<share>[0-9][^.;:!?\n]{0,40}?)\sde côté\b"), "mets ${share}"),
        (regex(r"(?i)\blaiss\p{L}*\s(?P<what>[^.;:!?\n]{1,60}?)\sde côté\b"), "exclus ${what}"),
        (regex(r"(?i)\bdeix\p{L}*\s(?P<what>[^.;:!?\n]{1,60}?)\sde fora\b"), "exclua ${what}"),
        (regex(r"(?i)\bdej\p{L}*\s(?P<what>[^.;:!?\n]{1,60}?)\sfuera\b"), "excluye ${what}"),
        (regex(r"(?i)(?P<latest>mais recentes? [0-9.,]+\s?%)\spor\b"), "${latest} segundo"),
    ]
});

/// `Un modelo pequeño`.
fn small(text: &str) -> Option<String> {
    static BEHIND: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\b(?P<noun>\p{L}[\p{L}\d-]*)\s(?P<how>pequeñ[oa]|pequen[oa]|piccol[oa])\b"));
    const DEGREES: [&str; 8] = ["más", "mais", "più", "muy", "muito", "molto", "tan", "um"];
    let said = |found: &Captures<'_>| {
        let noun = found["noun"].to_lowercase();
        match DEGREES.contains(&noun.as_str()) || ["un", "una", "uno", "uma", "el", "il", "o", "a"].contains(&noun.as_str()) {
            true => found[0].to_string(),
            false => format!("{} {}", &found["how"], &found["noun"]),
        }
    };
    replaced(text, &BEHIND, said)
}

/// `Nombre no se debe usar, código tampoco`: with the words of each language for it.
fn forbidden(text: &str) -> Option<String> {
    static BANS: LazyLock<[(Regex, &str); 5]> = LazyLock::new(|| {
        [
            (
                regex(
                    r"(?i)\bne (?:doi(?:t|vent)|peu(?:t|vent))\s(?:(?:surtout|absolument)\s)?(?:pas|jamais|en aucun cas)\s(?:être\s)?(?:utilisé|employé|exploité|pris en compte)(?:e?s?)\b",
                ),
                "ne pas être utilisé",
            ),
            // Before what it is of, and behind it.
            (
                regex(r"(?i)(?P<start>^|[.;:!?,\n]\s)no\sse\s(?:deben?|pueden?)\s(?:usar|utilizar|emplear|incluir)\b"),
                "${start}no usar",
            ),
            (
                regex(
                    r"(?i)\bno\s(?:se\s)?(?:deben?|pueden?)\s(?:ser\s)?(?:(?:us|utiliz|emple)ar(?:se)?|inclu(?:ir(?:se)?|id[oa]s?)|(?:us|utiliz|emple)ad[oa]s?)\b",
                ),
                "no se debe usar",
            ),
            (
                regex(
                    r"(?i)\bnon\s(?:deve|devono|può|possono|va|vanno)\s(?:(?:mai|assolutamente)\s)?(?:essere\s)?(?:usat|utilizzat|impiegat|inclus)[oaei]\b",
                ),
                "non deve essere usato",
            ),
            (regex(r"(?i)\bnão\s(?:deve|devem|pode|podem)\sser\s(?:usad|utilizad|incluíd)[oa]s?\b"), "não deve ser usado"),
        ]
    });
    static TOO: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)(?P<name>[\p{L}_][\p{L}\d_]*)\s(?P<too>non plus|tampoco|neanche|nemmeno|também não)(?P<end>\s?(?:[.,;!\n]|$))",
        )
    });
    let banned = turned(text, &*BANS)?;
    let said = |found: &Captures<'_>| {
        let ban = match found["too"].to_lowercase().as_str() {
            "non plus" => BANS[0].1,
            "tampoco" => BANS[2].1,
            "também não" => BANS[4].1,
            _ => BANS[3].1,
        };
        format!("{} {ban}{}", &found["name"], &found["end"])
    };
    Some(TOO.replace_all(&banned, said).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_qualifies_stands_before() {
        for (text, said) in [
            ("4 Go de mémoire, 2000 pas", "4 GB de mémoire, 2000 étapes"),
            ("les 20 % les plus récents selon date", "les plus récents 20 % selon date"),
            ("os 20% mais recentes por data", "mais recentes 20% segundo data"),
            ("un modelo pequeño con a.csv", "un pequeño modelo con a.csv"),
            ("clave no debe ser usada, código tampoco.", "clave no se debe usar, código no se debe usar."),
            ("les colonnes a et b ne doivent pas être utilisées", "les colonnes a et b ne pas être utilisé"),
        ] {
            assert_eq!(in_order(text).as_deref(), Some(said));
        }
        for text in ["el modelo más pequeño", "n'utilise pas la colonne a", "yo tampoco"] {
            assert_eq!(in_order(text), None, "{text}");
        }
    }
}
