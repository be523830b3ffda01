//! German: verbs end their clauses, and what stands apart of a verb ends them, too.

use super::{and_then, replaced, turned};
use crate::intake::regex;
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// Words of one clause; a comma within it parts the names of a list.
const WHAT: &str = r"(?:[^.;:!?,\n]|\.\w|,\s[\p{L}_][\p{L}\d_]*(?:,\s|\s(?:und|oder)\s))";
const VERB: &str = "(?P<verb>vorhersagen|voraussagen|prognostizieren|schätzen|klassifizieren)";
const START: &str = r"(?P<start>^|[.;:!?,]\s+|\n\s*)";

pub(super) fn in_order(text: &str) -> Option<String> {
    let out = turned(text, &*WAYS);
    let out = and_then(text, out, verb_first);
    and_then(text, out, forbidden)
}

static WAYS: LazyLock<[(Regex, &str); 20]> = LazyLock::new(|| {
    [
        // `Ich möchte die Miete aus a.csv vorhersagen`.
        (
            regex(&format!(
                r"(?i)\b(?P<who>(?:ich|wir) (?:möchten?|will|wollen|würden? gerne?|soll(?:en)?|muss|müssen)|bitte|(?:modell|netz|es) soll)\s(?P<what>{WHAT}{{1,90}}?)\s{VERB}\b"
            )),
            "${who} ${verb} ${what}",
        ),
        // `Ein Modell, das die Miete aus der Fläche vorhersagt`.
        (
            regex(&format!(
                r"(?i),\s(?:das|der|die|welche[rs]?)\s(?P<what>{WHAT}{{1,90}}?)\s(?P<verb>vorhersagt|voraussagt|prognostiziert|schätzt|klassifiziert)\b"
            )),
            ", das ${verb} ${what}",
        ),
        (
            regex(&format!(
                r"(?i)\bum\s(?P<what>{WHAT}{{1,90}}?)\s(?P<verb>vorherzusagen|vorauszusagen|zu schätzen|zu klassifizieren)\b"
            )),
            "um ${verb} ${what}",
        ),
        // `Sagen Sie mit a.csv die Miete voraus`.
        (
            regex(&format!(
                r"(?i)\b(?P<verb>sagen sie|sage?)\s(?:mir\s|uns\s)?(?P<with>(?:mit|auf|in|anhand von)\s\S+\.\w+)\s(?P<what>{WHAT}{{1,60}}?)\s(?:voraus|vorher)\b"
            )),
            "${verb} ${what} ${with}",
        ),
        (regex(&format!(r"(?i)\bsage?\s(?:mir|uns)\s(?P<what>{WHAT}{{1,90}}?)\s(?:voraus|vorher)\b")), "vorhersagen ${what}"),
        // `Vom Spanischen ins Deutsche`.
        (
            regex(
                r"(?i)\b(?:vom|von|aus dem)\s(?P<from>\p{L}+isch|deutsch)(?:en)?\s(?:ins|nach|in das|zu)\s(?P<to>\p{L}+isch|deutsch)e?\b",
            ),
            "aus ${from} hin zu ${to}",
        ),
        // `Abbrechen, wenn sich 5 Epochen lang nichts verbessert`.
        (
            regex(
                r"(?i)\b(?:abbrechen|aufhören|stoppen|stoppe?|brich(?: das training)? ab|hör(?:e|en sie)? auf|abgebrochen werden),?\s(?:wenn|falls|sobald)\s[^.;:!?,\n]{0,40}?\b(?P<n>\w+)\s(?P<of>epochen|auswertungen|durchläufe)\s(?:lang|hintereinander)\s[^.;:!?,\n]{0,30}?(?:(?:ver)?besser\w*|verbesserung\w*)(?:\s(?:wird|werden|gibt|eintritt|hat))?\b",
            ),
            "frühes stoppen geduld ${n} ${of}",
        ),
        // `Darf nicht länger als 20 Minuten dauern`.
        (
            regex(
                r"(?i)\b(?:(?:das ganze|alles|es|das training|der lauf)\s)?(?:darf|soll|sollte|kann)\s(?:(?:dabei|insgesamt|aber|bitte)\s)?(?P<most>(?:nicht (?:länger|mehr) als|höchstens|maximal)\s[^.;:!?,\n]{1,30}?)\s(?:dauern|brauchen|benötigen|laufen|in anspruch nehmen)\b",
            ),
            "${most}",
        ),
        (
            regex(r"(?i)\bmehr als (?P<what>[^.;:!?,\n]{1,30}?)\s(?:habe?|haben) (?:ich|wir)(?: dafür| leider)? nicht\b"),
            "nicht mehr als ${what}",
        ),
        // `20 % für den Test zurückhalten`.
        (
            regex(&format!(
                r"(?i){START}(?P<what>[^.;:!?,\n]{{0,40}}?[0-9]\s?(?:%|prozent)[^.;:!?,\n]{{0,60}}?)\s(?:zurückhalten|zurücklegen|zurückbehalten|zurückstellen|aufheben|reservieren|abtrennen|abzweigen|beiseite ?legen|beiseite ?lassen)\b"
            )),
            "${start}halte ${what}",
        ),
        (
            regex(
                r"(?i)\bnur (?:de[rnm]|die) (?P<what>\w*kopf|letzten? schicht(?:en)?)\s(?:(?:soll|wird)\s)?(?:trainiert(?: werden)?|trainieren|zu trainieren)\b",
            ),
            "trainiere nur den ${what}",
        ),
        (regex(r"(?i)\bbatch(?:es|s)?\s(?:zu(?: je)?|mit je|mit|à|von(?: je)?|der größe)\s(?P<n>[0-9])"), "Batchgröße ${n}"),
        (regex(r"(?i)\bja\s?/\s?nein\b"), "yes/no"),
        (regex(r"(?i)\btrainieren?\s(?P<what>(?:[^.;:!?,\n]|\.\w){1,80}?)\sweiter\b"), "trainiere weiter ${what}"),
        // `Mit MiniLM soll die Note aus dem Aufsatz vorhergesagt werden`.
        (
            regex(&format!(
                r"(?i){START}(?P<with>(?:mit|mithilfe von|auf|aus|anhand von|auf basis von|basierend auf)\s{WHAT}{{1,60}}?)\s(?:soll(?:en)?|wird|werden)\s(?P<what>{WHAT}{{1,90}}?)\s(?:vorher|voraus)gesagt(?: werden)?\b"
            )),
            "${start}vorhersagen ${what} ${with}",
        ),
        // `Die Miete soll aus der Fläche vorhergesagt werden`, `die Miete wird aus der Fläche vorhergesagt`.
        (
            regex(&format!(
                r"(?i){START}(?P<what>[^.;:!?,\n]{{1,60}}?)\s(?:soll(?:en)?|wird|werden)\s(?P<rest>{WHAT}{{0,90}}?)\s?(?:vorher|voraus)gesagt(?: werden)?\b"
            )),
            "${start}vorhersagen ${what} ${rest}",
        ),
        // `Stimme MiniLM auf a.csv fein ab`.
        (regex(&format!(r"(?i)\bstimmen?\s(?:sie\s)?(?P<what>{WHAT}{{1,90}}?)\sfein\s?ab\b")), "feinabstimmen ${what}"),
        // `Gib die Genauigkeit an`.
        (
            regex(r"(?i)\b(?P<verb>gib|geben sie)\s(?P<what>[^.;:!?\n]{1,60}?)\s(?:an|aus)(?P<end>\s?(?:[.;,:!)\n]|$))"),
            "${verb} ${what}${end}",
        ),
        // `Weder Nummer noch Name verwenden`.
        (regex(r"(?i)\bweder\s(?P<one>[^.;:!?,\n]{1,40}?)\snoch\b"), "weder ${one} auch nicht"),
        (
            regex(r"(?i)\b(?P<n>zwei|drei|vier|fünf|\d+) (?P<of>(?:ver(?:steckt|borgen|deckt)en\s)?\p{L}+) zu (?P<units>\d+)"),
            "${n} ${of} zu je ${units}",
        ),
    ]
});

/// `Miete in a.csv vorhersagen`: a verb that ends its clause stands before what it is of. A clause with another verb stays as it is.
fn verb_first(text: &str) -> Option<String> {
    static LAST: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?i){START}(?P<what>{WHAT}{{1,100}}?)\s{VERB}\b")));
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:trainier\w*|fein\w*|nimm|nehme\w*|(?:ver|be)?nutz\w*|verwend\w*|\w*modell|netz|möchte\w*|will|wollen|soll\w*|muss|müssen|kann\w*|können|könn\w*|sie|ich|wir|um|das|bitte|zu|lass|predict\w*|train)\b",
        )
    });
    let said = |found: &Captures<'_>| match OTHER.is_match(&found["what"]) {
        true => found[0].to_string(),
        false => format!("{}{} {}", &found["start"], &found["verb"], &found["what"]),
    };
    replaced(text, &LAST, said)
}

/// `Nummer darf auf keinen Fall verwendet werden, Name auch nicht`.
fn forbidden(text: &str) -> Option<String> {
    static BAN: LazyLock<[(Regex, &str); 2]> = LazyLock::new(|| {
        [
            (regex(r"(?i)\b(?:bitte\s)?nicht\s(?:mit\s)?(?:einbeziehen|heranziehen|berücksichtigen)\b"), "bitte nicht verwenden"),
            (
                regex(concat!(
                    r"(?i)\b(?:darf|dürfen|soll(?:en)?|sollten?|kann|können)\s(?:(?:dabei|hier|aber|bitte|jedoch)\s)?(?:auf keinen fall|in keinem fall|keinesfalls|nicht|nie(?:mals)?)\s",
                    r"(?:(?:mit|als (?:eingabe|merkmal|feature|input)|ins modell|in das modell)\s)?(?:verwendet|benutzt|genutzt|gebraucht|einbezogen|herangezogen|berücksichtigt|eingesetzt|einfließen|eingehen)(?:\swerden)?\b",
                )),
                "bitte nicht verwenden",
            ),
        ]
    });
    static TOO: LazyLock<[(Regex, &str); 1]> = LazyLock::new(|| {
        [(
            regex(
                r"(?i)(?P<name>[\p{L}_][\p{L}\d_]*)\s(?:auch nicht|ebenfalls nicht|ebenso ?wenig|genauso ?wenig)(?P<end>\s?(?:[.,;!\n]|$))",
            ),
            "${name} bitte nicht verwenden${end}",
        )]
    });
    turned(text, &*BAN).map(|banned| turned(&banned, &*TOO).unwrap_or(banned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_stand_before_what_they_are_of() {
        for (text, said) in [
            ("Ich möchte die Miete aus a.csv vorhersagen", "Ich möchte vorhersagen die Miete aus a.csv"),
            (
                "Miete in a.csv aus Lage, Alter und Fläche vorhersagen, 3 Epochen",
                "vorhersagen Miete in a.csv aus Lage, Alter und Fläche, 3 Epochen",
            ),
            ("ein Modell, das Miete aus Lage und Alter vorhersagt", "ein Modell, das vorhersagt Miete aus Lage und Alter"),
            ("MiniLM trainieren, um Note aus Aufsatz vorherzusagen", "MiniLM trainieren, um vorherzusagen Note aus Aufsatz"),
            ("Note soll aus Aufsatz vorhergesagt werden", "vorhersagen Note aus Aufsatz"),
            (
                "Aus Lage und Alter in a.csv soll Note vorhergesagt werden, 3 Epochen",
                "vorhersagen Note Aus Lage und Alter in a.csv, 3 Epochen",
            ),
            ("Stimme MiniLM auf a.csv fein ab, 2 Epochen", "feinabstimmen MiniLM auf a.csv, 2 Epochen"),
            ("Gib die Genauigkeit an.", "Gib die Genauigkeit."),
            ("15 % für den Test zurücklegen, dann los", "halte 15 % für den Test, dann los"),
            ("Sag uns Note in a.csv mit einem MLP voraus", "vorhersagen Note in a.csv mit einem MLP"),
            ("Brich ab, wenn es 3 Epochen lang nicht besser wird.", "frühes stoppen geduld 3 Epochen."),
            ("Das Ganze darf höchstens 2 Stunden dauern", "höchstens 2 Stunden"),
            ("Mehr als 1 Stunde haben wir nicht", "nicht mehr als 1 Stunde"),
            ("und nur der Kopf soll trainiert werden, Batches zu 64", "und trainiere nur den Kopf, Batchgröße 64"),
            (
                "Lage darf auf keinen Fall verwendet werden, Alter auch nicht.",
                "Lage bitte nicht verwenden, Alter bitte nicht verwenden.",
            ),
        ] {
            assert_eq!(in_order(text).as_deref(), Some(said));
        }
        for text in ["Trainiere MiniLM auf a.csv", "Das ist auch nicht.", "MiniLM trainieren und Note vorhersagen"] {
            assert_eq!(in_order(text), None, "{text}");
        }
    }
}
