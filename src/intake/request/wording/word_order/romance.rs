//! French, Spanish, Italian and Portuguese: what qualifies a noun stands behind it, and so does a verb that forbids.

use super::{and_then, replaced, turned};
use crate::intake::regex;
use regex::{Captures, Regex};
use std::sync::LazyLock;

pub(super) fn in_order(text: &str) -> Option<String> {
    let out = turned(text, &*WAYS);
    let out = and_then(text, out, |text| turned(text, &*WISHES));
    let out = and_then(text, out, |text| turned(text, &*STOPPING));
    let out = and_then(text, out, |text| turned(text, &*LIMITS));
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

/// What must or should be done is done: `hay que clasificar`, `quiero que entrenes`, `pas de`.
static WISHES: LazyLock<[(Regex, &str); 27]> = LazyLock::new(|| {
    [
        // Not in two parts, whose negation holds the verb.
        (
            regex(concat!(
                r"(?i)\b(?:hay que|hace falta|tienes? que|bisogna|occorre|il faut|il faudra(?:it)?|on doit|on veut|nous voulons|é preciso|é necessário|tem que|tem de|precisa-se|precisamos|vogliamo|queremos)\s",
                r"(?P<verb>\p{L}+(?:ar|er|ir|are|ere|ire|re))\b",
            )),
            "${verb}",
        ),
        (
            regex(
                r"(?i)\b(?:debería|debe|deberá|tiene que|dovrebbe|deve|dovrà|devrait|doit|deveria|tem que)\s(?P<verb>alcanzar|llegar a|superar|lograr|raggiungere|arrivare a|superare|ottenere|atteindre|dépasser|obtenir|atingir|chegar a|ultrapassar|alcançar)\b",
            ),
            "${verb}",
        ),
        (
            regex(
                r"(?i)\b(?P<who>quiero|necesito|quisiera|me gustaría|quero|preciso|gostaria) que (?:me |se |você |tu )?(?P<stem>\p{L}{3,}?)ques?\b",
            ),
            "${who} ${stem}car",
        ),
        (
            regex(
                r"(?i)\b(?P<who>quiero|necesito|quisiera|me gustaría|quero|preciso|gostaria) que (?:me |se |você |tu )?(?P<stem>\p{L}{3,}?)es?\b",
            ),
            "${who} ${stem}ar",
        ),
        (
            regex(r"(?i)\b(?P<who>je (?:veux|voudrais|souhaite)|j['’]aimerais) que (?:tu|vous) (?P<stem>\p{L}{3,}?)(?:es|iez)\b"),
            "${who} ${stem}er",
        ),
        (regex(r"(?i)\b(?P<who>voglio|vorrei) che (?:tu )?(?P<stem>\p{L}{3,}?)(?:i|assi)\b"), "${who} ${stem}are"),
        (regex(r"(?i)\bj['’]ai besoin (?:de\s|d['’])"), "je veux "),
        // `El texto está en a y la etiqueta en b`.
        (regex(r"(?i)\b(?P<what>etiqueta)\s(?:está\s)?en\s(?:la columna\s)?(?P<name>[\p{L}_])"), "${what} está en ${name}"),
        (regex(r"(?i)\b(?P<what>rótulo)\s(?:está\s)?em\s(?:a coluna\s)?(?P<name>[\p{L}_])"), "${what} está em ${name}"),
        (regex(r"(?i)\b(?P<seeds>graines|semillas|sementes)\s(?:aléatoires|aleatorias|aleatórias)\b"), "${seeds}"),
        (regex(r"(?i)\ble tout (?P<next>en|dans)\b"), "${next}"),
        // What one wants to see is told.
        (
            regex(r"(?i)\b(?:quiero|quisiera|me gustaría|necesito)\s(?:ver|saber|conocer)\s(?P<what>el|la|los|las)\b"),
            "muestra ${what}",
        ),
        (regex(r"(?i)\b(?:quero|gostaria de|preciso)\s(?:ver|saber|conhecer)\s(?P<what>os?|as?)\b"), "mostre ${what}"),
        (regex(r"(?i)\b(?:voglio|vorrei)\s(?:vedere|sapere|conoscere)\s(?P<what>l['’]|(?:il|la|lo|i|le)\b)"), "mostra ${what}"),
        (regex(r"(?i)\bje (?:veux|voudrais) (?:voir|savoir|connaître)\s(?P<what>l['’]|(?:le|la|les)\b)"), "affiche ${what}"),
        (regex(r"(?i)\bn['’](?:utilis|emploi|employ)\p{L}*\sque\s(?P<what>les?|la)\b"), "utilise seulement ${what}"),
        // `Classe a à partir de b`.
        (regex(r"(?i)(?P<start>^|[.;:!?,\n]\s*)classez?\s(?P<next>\p{L})"), "${start}classer ${next}"),
        // What is told `by` a column is told from it.
        (
            regex(r"(?i)\b(?P<told>(?:clasific|predec|predi)\p{L}+\s\S+)\s(?:según|en función de|con base en)\s"),
            "${told} a partir de ",
        ),
        (
            regex(r"(?i)\b(?P<told>(?:classific|prever|prevej|prediz)\p{L}*\s\S+)\s(?:segundo|em função de|com base em)\s"),
            "${told} a partir de ",
        ),
        (
            regex(
                r"(?i)\b(?P<told>(?:classific|prevede|prevedi|predi)\p{L}*\s\S+)\s(?:secondo|in base a|in funzione di|sulla base di)\s",
            ),
            "${told} a partire da ",
        ),
        (
            regex(r"(?i)\b(?P<told>(?:class|prédi)\p{L}*\s\S+)\s(?:selon|d['’]après|en fonction de|sur la base de)\s"),
            "${told} à partir de ",
        ),
        (regex(r"(?i)(?P<start>^|[.;:!?,\n]\s*|\bet\s)pas (?:de\s|d['’])"), "${start}sans "),
        (regex(r"(?i)(?P<start>^|[.;:!?,\n]\s*|\be\s)niente\s"), "${start}senza "),
        (regex(r"(?i)(?P<start>^|[.;:!?,\n]\s*|\by\s)nada de\s(?P<next>\p{L})"), "${start}sin ${next}"),
        (
            regex(r"(?i)\bne (?:te|vous|se) (?:sers|servez|sert) (?:surtout )?pas (?:de la |de l['’]|du |des |de |d['’])"),
            "n'utilise pas ",
        ),
        (regex(r"(?i)\b(?:dime|dame|muéstrame|indícame|enséñame)\s(?P<what>el|la|los|las)\b"), "muestra ${what}"),
        // The share stands before what it is for.
        (
            regex(
                r"(?i)\b(?P<verb>(?:reserv|apart|separ|tien|gard|mett?|rés)\p{L}*(?: da parte)?)\s(?P<for>para (?:el |o )?test[e]?|para prueba|per il test|pour le test)\s(?P<what>(?:(?:el|il|les?|os?|un)\s)?[^.;:!?,\n]{0,30}?[0-9]\s?%[^.;:!?,\n]{0,50})",
            ),
            "${verb} ${what} ${for}",
        ),
    ]
});

/// `Para si no mejora durante 5 épocas`: after how many that do not help it stops.
static STOPPING: LazyLock<[(Regex, &str); 4]> = LazyLock::new(|| {
    const COUNT: &str = r"(?P<n>[\p{L}\d]+)\s(?P<of>[ée]po[cq]\p{L}+|epochs?|[ée]?valua\p{L}+|évaluations?)(?:\s(?:seguid|consecutiv|consécutiv)\p{L}*)?";
    let way = |stop: &str, unless: &str, better: &str, during: &str| {
        regex(&format!(
            r"(?i)\b(?:{stop})\b[^.;:!?,\n]{{0,25}}?\b(?:{unless})[^.;:!?\n]{{0,30}}?{better}\p{{L}}*\s[^.;:!?,\n]{{0,12}}?(?:{during})\s{COUNT}"
        ))
    };
    [
        (
            way(
                r"arrêt(?:e[rz]?|ons)(?:[ -](?:toi|vous))?|stoppe[rz]?",
                "si|s['’]|quand|lorsque|dès que",
                "(?:amélior|progress)",
                "pendant|durant|après|depuis|au bout de|sur",
            ),
            "arrêt anticipé après ${n} ${of} sans amélioration",
        ),
        (
            way("para|parar|det[eé]n(?:te|lo|er|erse)?|termina", "(?:si|cuando) no ", "mejor", "durante|en|tras|después de|por"),
            "parada temprana tras ${n} ${of} sin mejora",
        ),
        (
            way("ferma(?:ti|re|lo)?|interromp(?:i|ere|ilo)", "(?:se|quando) non ", "miglior", "per|in|dopo|durante"),
            "arresto anticipato dopo ${n} ${of} senza miglioramenti",
        ),
        (
            way("pare|parar|interromp(?:a|er)", "(?:se|quando) não ", "melhor", "por|durante|em|após|depois de"),
            "parada antecipada após ${n} ${of} sem melhora",
        ),
    ]
});

/// `Non deve durare più di 20 minuti`.
static LIMITS: LazyLock<[(Regex, &str); 5]> = LazyLock::new(|| {
    [
        (
            regex(
                r"(?i)\b(?:(?:ça|cela|le tout|l['’]entraînement)\s)?ne (?:doit|devrait|peut) pas (?:durer|prendre|dépasser|excéder)(?: plus (?:de\s|d['’]))?\s?(?P<n>[\p{L}\d])",
            ),
            "au plus ${n}",
        ),
        (
            regex(r"(?i)\bno (?:debe|debería|puede) (?:durar|tardar|superar|pasar de|llevar)(?: más de)?\s(?P<n>[\p{L}\d])"),
            "como máximo ${n}",
        ),
        (
            regex(
                r"(?i)\bnon (?:deve|dovrebbe|può) (?:durare|richiedere|superare|impiegare)(?: più di| oltre)?\s(?P<n>[\p{L}\d])",
            ),
            "al massimo ${n}",
        ),
        (
            regex(
                r"(?i)\bnão (?:deve|deveria|pode) (?:durar|demorar|levar|passar de|ultrapassar)(?: mais (?:de|que|do que))?\s(?P<n>[\p{L}\d])",
            ),
            "no máximo ${n}",
        ),
        (regex(r"(?i)\b(?P<n>due|tre|quattro|cinque|sei|dieci|[2-9]|1[0-9])\sseed\b"), "${n} seeds"),
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
        for (text, said) in [
            ("hay que clasificar nota según texto", "clasificar nota a partir de texto"),
            ("quiero que ajustes MiniLM", "quiero ajustar MiniLM"),
            ("quiero que clasifiques nota", "quiero clasificar nota"),
            ("vorrei che tu addestrassi un MLP", "vorrei addestrare un MLP"),
            ("bisogna prevedere a in base a b", "prevedere a a partire da b"),
            ("quiero ver el F1 macro", "muestra el F1 macro"),
            ("n'utilise que les 50 premières lignes", "utilise seulement les 50 premières lignes"),
            ("dovrebbe raggiungere l'80%", "raggiungere l'80%"),
            ("arrête-toi s'il n'y a pas d'amélioration pendant 5 époques", "arrêt anticipé après 5 époques sans amélioration"),
            ("para si no mejora durante 5 épocas", "parada temprana tras 5 épocas sin mejora"),
            ("fermati se non migliora per 5 epoche", "arresto anticipato dopo 5 epoche senza miglioramenti"),
            ("pare se não melhorar por 5 épocas", "parada antecipada após 5 épocas sem melhora"),
            ("reserva para test el 20 % de los datos", "reserva el 20 % de los datos para test"),
            ("non deve durare più di 20 minuti", "al massimo 20 minuti"),
        ] {
            assert_eq!(in_order(text).as_deref(), Some(said));
        }
        for text in ["el modelo más pequeño", "n'utilise pas la colonne a", "yo tampoco"] {
            assert_eq!(in_order(text), None, "{text}");
        }
    }
}
