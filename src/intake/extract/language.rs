//! The language that a paper is written in, as far as it matters: the rules are for English.

use crate::intake::{Paper, PassageKind};

/// Small words that texts of a language are full of.
const SMALL: &[(&str, &[&str])] = &[
    ("en", &["the", "of", "and", "to", "in", "is", "for", "we", "with", "that", "on", "as", "are", "by"]),
    ("de", &["der", "die", "und", "das", "ist", "mit", "von", "wir", "den", "ein", "eine", "für", "auf", "werden", "nicht"]),
    ("fr", &["le", "la", "les", "des", "et", "est", "nous", "pour", "une", "dans", "que", "sur", "par", "du", "avec"]),
    ("es", &["el", "los", "las", "y", "en", "que", "es", "para", "con", "una", "por", "del", "se", "como", "más"]),
    ("it", &["il", "che", "di", "per", "con", "una", "della", "sono", "gli", "nel", "dei", "più", "è", "questo", "si"]),
    ("pt", &["o", "os", "que", "para", "com", "uma", "não", "por", "dos", "na", "são", "em", "do", "da", "mais"]),
    ("nl", &["het", "een", "van", "en", "is", "dat", "voor", "met", "op", "zijn", "niet", "wordt", "deze", "bij", "ook"]),
    ("pl", &["i", "w", "na", "z", "do", "jest", "się", "nie", "dla", "oraz", "przez", "od", "są", "tym", "jak"]),
    ("sv", &["och", "att", "det", "som", "en", "är", "för", "med", "av", "på", "inte", "den", "till", "ett", "vi"]),
    ("tr", &["ve", "bir", "bu", "için", "ile", "olarak", "da", "de", "olan", "daha", "çok", "gibi", "ise", "veya", "göre"]),
];

/// Scripts by their first and last sign, and the language that is written in them most.
const SCRIPTS: &[(&str, char, char)] = &[
    ("ja", '\u{3040}', '\u{30ff}'),
    ("ko", '\u{ac00}', '\u{d7a3}'),
    ("zh", '\u{4e00}', '\u{9fff}'),
    ("ru", '\u{0400}', '\u{04ff}'),
    ("ar", '\u{0600}', '\u{06ff}'),
    ("he", '\u{0590}', '\u{05ff}'),
    ("hi", '\u{0900}', '\u{097f}'),
    ("th", '\u{0e00}', '\u{0e7f}'),
];

/// The language's code (`en`, `de`, `zh`); none where the text is too short to tell.
pub(super) fn of(paper: &Paper) -> Option<&'static str> {
    const ENOUGH: usize = 30_000;
    let mut text = String::new();
    for passage in
        paper.passages.iter().filter(|p| matches!(p.kind, PassageKind::Prose | PassageKind::Item | PassageKind::Caption))
    {
        text.push_str(paper.passage(passage));
        text.push(' ');
        if text.len() > ENOUGH {
            break;
        }
    }
    of_text(&text)
}

fn of_text(text: &str) -> Option<&'static str> {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    for (language, first, last) in SCRIPTS {
        let share = if *language == "ja" { 0.1 } else { 0.3 };
        let written = text.chars().filter(|c| (*first..=*last).contains(c)).count();
        if letters > 20 && written as f32 > share * letters as f32 {
            return Some(language);
        }
    }
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let counts = SMALL.iter().map(|(language, small)| (*language, words.iter().filter(|word| small.contains(word)).count()));
    let (language, count) = counts.rev().max_by_key(|(_, count)| *count)?;
    // A text has a small word in ten; names and formulas have none.
    (words.len() >= 15 && 12 * count >= words.len()).then_some(language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages() {
        for (text, expected) in [
            (
                "We train the model with a batch size of 32 and the learning rate is set to 1e-4 for all of the tasks in the suite.",
                Some("en"),
            ),
            (
                "Wir trainieren das Modell mit einer Batchgröße von 32, und die Lernrate ist für alle Aufgaben auf 1e-4 gesetzt.",
                Some("de"),
            ),
            (
                "Nous entraînons le modèle avec une taille de lot de 32, et le taux est fixé à 1e-4 pour toutes les tâches de la suite.",
                Some("fr"),
            ),
            (
                "Entrenamos el modelo con un tamaño de lote de 32 y la tasa de aprendizaje es de 1e-4 para todas las tareas que se usan.",
                Some("es"),
            ),
            ("我们使用批大小为32的AdamW优化器训练模型，学习率设为1e-4，共训练三个周期，并在测试集上报告准确率。", Some("zh")),
            ("本研究では、バッチサイズ32でモデルを学習し、学習率は1e-4とした。評価には正解率を用いる。", Some("ja")),
            ("Мы обучаем модель с размером пакета 32, а скорость обучения равна 1e-4 для всех задач.", Some("ru")),
            ("ResNet-50 ImageNet 76.1 93.0", None),
            ("", None),
        ] {
            assert_eq!(of_text(text), expected, "{text}");
        }
    }
}
