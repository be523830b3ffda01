//! Code of other libraries that stands in a request: calls of scikit-learn, Keras, torchvision and `transformers`, each put as everybody
//! says it. A class that only says what is done anyway asks for nothing, and what is in no table stays as it is.

mod calls;
mod frames;

use self::calls::{CALLS, Call, Key};
use super::number::number;
use crate::intake::regex;
use crate::words::plain;
use regex::Regex;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

/// The text with its calls in words.
pub(crate) fn in_words(text: &str) -> Cow<'_, str> {
    let is_code = text.contains('(') || BY_NAME.keys().any(|name| is_own_word(name) && text.contains(name));
    if !is_code {
        return Cow::Borrowed(text);
    }
    let out = without_names(&said(&frames::in_words(&unprinted(text))));
    // `Do the equivalent of this Keras code` says nothing more then.
    static SPOKEN_OF: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:(?:please\s)?(?:do|make|run|train)\s)?(?:(?:the|an?)\s)?(?:(?:equivalent|same)\s(?:of|as|like)\s)?(?:(?:this|the|my|our)\s)?(?:keras|scikit-learn|sklearn|pytorch|torch|tensorflow)\s(?:code|snippet|script|model|example)\b|\b(?:the )?(?:equivalent|same)\s(?:of|as)\s*;",
        )
    });
    match out == text {
        true => Cow::Borrowed(text),
        false => Cow::Owned(settled(&spoken_of(&SPOKEN_OF.replace_all(&without_imports(&out), ";")))),
    }
}

/// What is said of a program that follows: `please run the equivalent of this:`.
pub(super) fn spoken_of(text: &str) -> Cow<'_, str> {
    static WAY: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:(?:please|can you|could you|now)\s)*(?:do|run|make|train|reproduce|replicate|translate|port|repeat)\s(?:(?:(?:the|an?)\s)?(?:equivalent|same)(?:\s(?:of|as|like|thing))*\s)?(?:this|that|it|the following|what follows)(?:\s(?:in|with|using|on|here)(?:\s(?:your|the|this)\s(?:tool|system|program|format|framework))?)?\s*(?P<end>[:;\n])",
        )
    });
    WAY.replace_all(text, "${end}")
}

/// Without `print(...)` around what is printed.
fn unprinted(text: &str) -> Cow<'_, str> {
    static PRINT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)(?P<start>^|[;\n])[ \t]*print\("));
    let mut out = Cow::Borrowed(text);
    let mut at = 0;
    while let Some(found) =
        PRINT.captures_at(&out, at).and_then(|found| Some((found.get(0)?.range(), found.name("start")?.end())))
    {
        let (all, start) = found;
        at = all.end;
        let Some(within) = within(&out, all.end) else { continue };
        let printed = format!("{}\n{}{}", &out[..start], &out[within.clone()], &out[within.end + 1..]);
        out = Cow::Owned(printed);
    }
    out
}

static BY_NAME: LazyLock<std::collections::BTreeMap<&str, &Call>> =
    LazyLock::new(|| CALLS.iter().flat_map(|call| call.names.split(' ').map(move |name| (name, call))).collect());

/// Whether a name is none of ordinary words: `EarlyStopping`, `train_test_split`.
fn is_own_word(name: &str) -> bool {
    let letters: Vec<char> = name.chars().collect();
    let is_camel = letters.windows(2).any(|two| two[0].is_lowercase() && two[1].is_uppercase());
    let begins_large = letters.iter().take(3).all(|c| c.is_uppercase()) && letters.iter().any(|c| c.is_lowercase());
    name.len() > 6 && (is_camel || begins_large || name.contains('_') && !name.starts_with("get_"))
}

/// Each call in turn, those within others with them.
fn said(text: &str) -> String {
    static NEXT: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?P<start>^|[^\w.])(?P<path>(?:[A-Za-z_]\w*\.)*)(?P<name>[A-Za-z_]\w*)\s?\("));
    static SET: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:\b[A-Za-z_]\w*(?:\s?,\s?[A-Za-z_]\w*)*\s?=\s?[\[(]?\s?)+$"));
    let (mut out, mut from) = (String::new(), 0);
    let mut at = 0;
    while let Some(found) = NEXT.captures_at(text, at) {
        let (Some(all), Some(name), Some(start)) = (found.get(0), found.name("name"), found.name("start")) else { break };
        at = name.end();
        // A deed is one of something: `model.fit(...)`.
        let is_method = matches!(
            name.as_str(),
            "fit" | "compile" | "add" | "from_pretrained" | "predict" | "predict_proba" | "score" | "transform"
        );
        let call = BY_NAME.get(name.as_str()).filter(|_| !is_method || !found["path"].is_empty());
        let (Some(call), Some(within)) = (call, within(text, all.end())) else { continue };
        let own = words_of(call, &found["path"], &text[within.clone()]);
        let before = &text[from..start.end()];
        let set = SET.find(before).map_or(before.len(), |set| set.start());
        out.push_str(&before[..set]);
        out.push_str(&if own.is_empty() { ";".to_string() } else { format!("; {own};") });
        from = within.end + 1;
        at = from;
    }
    out.push_str(&text[from..]);
    out
}

/// What stands between the bracket that opens before a place, and the one that closes it.
fn within(text: &str, start: usize) -> Option<Range<usize>> {
    let (mut depth, mut quote) = (1, None);
    for (at, c) in text[start..].char_indices() {
        match (quote, c) {
            (Some(sign), c) if c == sign => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, _) => {}
        }
        if depth == 0 {
            return Some(start..start + at);
        }
    }
    None
}

/// The arguments of a call, each with its name where it has one.
fn arguments(text: &str) -> Vec<(Option<&str>, &str)> {
    static KEY: LazyLock<Regex> = LazyLock::new(|| regex(r"^\s*(?P<key>[A-Za-z_]\w*)\s?=(?P<next>[^=])"));
    let (mut all, mut from, mut depth, mut quote) = (Vec::new(), 0, 0, None);
    let ends = text.char_indices().chain([(text.len(), ',')]);
    for (at, c) in ends {
        match (quote, c) {
            (Some(sign), c) if c == sign => quote = None,
            (Some(_), _) if at < text.len() => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (_, ',') if depth == 0 || at == text.len() => {
                let one = &text[from..at];
                from = (at + 1).min(text.len());
                let key = KEY.captures(one).and_then(|found| Some((found.name("key")?.as_str(), found.name("next")?.start())));
                let (key, value) = key.map_or((None, one), |(key, next)| (Some(key), &one[next..]));
                if !value.trim().is_empty() {
                    all.push((key, value.trim()));
                }
            }
            (None, _) | (Some(_), _) => {}
        }
    }
    all
}

/// A call in words.
fn words_of(call: &Call, path: &str, text: &str) -> String {
    // Such values are read where a rate falls.
    let arguments = arguments(text);
    let (mut said, mut bare): (Vec<String>, _) = (Vec::new(), call.bare.iter());
    if let Some(betas) = betas(call, &arguments) {
        return format!("{}; {betas}", call.says);
    }
    let is_off = |name: &str| arguments.iter().any(|(key, value)| *key == Some(name) && is_false(value));
    for (key, value) in &arguments {
        let meaning = match key {
            Some(name) => call.keys.iter().find(|(names, _)| names.split(' ').any(|own| own == *name)).map(|(_, key)| key),
            None => bare.next(),
        };
        let is_idle = matches!(*key, Some("n_iter_no_change" | "validation_fraction")) && is_off("early_stopping")
            || *key == Some("early_stopping") && arguments.iter().any(|(key, _)| *key == Some("n_iter_no_change"))
            || path.contains("Tokenizer")
            || path.contains("Processor");
        match (meaning, key) {
            _ if is_idle => {}
            // `AdamW (lr 3e-5, weight decay 0.1)` is no code.
            (_, None) if is_prose(value) => said.push((*value).to_string()),
            (Some(meaning), _) => said.extend(with_value(*meaning, value)),
            // What a table of options may know.
            (None, Some(name)) if call.names.contains("TrainingArguments") || call.names.contains("DPOConfig") => {
                said.push(format!("--{name} {}", bare_value(value)));
            }
            (None, Some(name)) => said.push(format!("{name}={value}")),
            (None, None) => {}
        }
    }
    // `Report macro F1` says `report F1` and more.
    let is_said = said.iter().any(|own| call.says.split(' ').all(|word| own.split([' ', ';']).any(|own| own == word)));
    let own = (!call.says.is_empty() && !is_said).then(|| call.says.to_string());
    own.into_iter().chain(said).filter(|own| !own.is_empty()).collect::<Vec<_>>().join("; ")
}

/// `AdamW(0.9, 0.95)`, as papers write it: no rate is as great.
fn betas(call: &Call, arguments: &[(Option<&str>, &str)]) -> Option<String> {
    const GREATEST_RATE: f64 = 0.5;
    let is_beta = |value: &str| value.parse().is_ok_and(|value: f64| (GREATEST_RATE..1.0).contains(&value));
    match arguments {
        [(None, first), (None, second)] if call.names.starts_with("Adam") && is_beta(first) && is_beta(second) => {
            Some(format!("betas ({first}, {second})"))
        }
        _ => None,
    }
}

/// Whether an argument is words with a number, as one speaks.
fn is_prose(value: &str) -> bool {
    static SAID: LazyLock<Regex> = LazyLock::new(|| regex(r"^[A-Za-z][A-Za-z _-]* (?:of )?[0-9.][0-9.e%-]*$"));
    SAID.is_match(value)
}

fn is_false(value: &str) -> bool {
    matches!(value, "False" | "false" | "None" | "0")
}

/// Without quotes and brackets around it.
fn bare_value(value: &str) -> String {
    let one = value.trim().trim_matches(['[', ']', '(', ')']).replace(['\'', '"'], "");
    one.trim().trim_end_matches(',').to_string()
}

/// An argument in words; none where it says nothing.
fn with_value(key: Key, value: &str) -> Option<String> {
    let is_none = value == "None";
    match key {
        Key::Nothing => None,
        Key::On(words) => (!is_false(value)).then(|| words.to_string()),
        _ if is_none => None,
        Key::Said(words) if words.contains("{%}") => {
            let share = number(value)?;
            let of_rows = || words.replace("{%}", &format!("{} rows", plain(share)));
            Some(if share < 1.0 { words.replace("{%}", &format!("{}%", plain((share * 1e8).round() / 1e6))) } else { of_rows() })
        }
        Key::Said(words) if words.contains("{x}") => {
            let sides: Vec<String> = bare_value(value).split(',').map(|side| side.trim().to_string()).collect();
            let [first, .., last] = sides.as_slice() else { return Some(words.replace("{x}", &format!("{0}x{0}", sides[0]))) };
            Some(words.replace("{x}", &format!("{first}x{last}")))
        }
        Key::Said(words) => Some(words.replace("{}", value)),
        Key::Within(words) => {
            let within = said(value.trim_matches(['[', ']', '(']));
            if within.contains(';') {
                return Some(within.trim_matches([';', ' ', '[', ']', ',']).to_string());
            }
            let name = bare_value(value);
            let is_number = name.parse::<f64>().is_ok();
            let is_own = |name: &str| !is_number && name.chars().next().is_some_and(char::is_alphabetic) || words != "{}";
            // `optimizer=optimizer` is named elsewhere.
            let is_variable =
                !is_number && !value.contains(['\'', '"']) && words != "lr {}" && words != "{} loss" && words != "report {}";
            let is_rate = words != "lr {}" || is_number;
            (is_own(&name) && !is_variable && is_rate).then(|| words.replace("{}", &called(&name)))
        }
    }
}

/// Names of losses and values of arguments as everybody says them.
fn called(name: &str) -> String {
    match name.to_lowercase().as_str() {
        "mean_squared_error" => "mse".into(),
        "mean_absolute_error" => "mae".into(),
        "sparse_categorical_crossentropy" | "categorical_crossentropy" | "binary_crossentropy" => "cross-entropy".into(),
        "most_frequent" => "most frequent value".into(),
        "adaptive" => "plateau".into(),
        _ => name.to_string(),
    }
}

/// Class names that stand by themselves: `MLPClassifier with early stopping`.
fn without_names(text: &str) -> String {
    static WORD: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?P<start>^|[^\w./'`])(?P<path>(?:[a-z]\w*\.)*)(?P<name>[A-Za-z]\w{6,})(?P<behind>$|[^\w(./'`]|\.(?:\s|$))")
    });
    let mut out = text.to_string();
    // Neighbours share the sign between them.
    for _ in 0..2 {
        out = WORD
            .replace_all(&out, |found: &regex::Captures<'_>| {
                let name = &found["name"];
                match BY_NAME.get(name).filter(|_| is_own_word(name)) {
                    Some(call) => format!("{}{}{}", &found["start"], call.says, &found["behind"]),
                    None => found[0].to_string(),
                }
            })
            .into_owned();
    }
    out
}

/// `from sklearn.model_selection import train_test_split`.
fn without_imports(text: &str) -> Cow<'_, str> {
    static IMPORT: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?m)(?P<start>^|[;\n])[ \t]*(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+[\w.;, ]+?(?:[ \t]+as[ \t]+\w+)?[ \t]*(?P<end>$|[;\n])",
        )
    });
    IMPORT.replace_all(text, "${start}${end}")
}

/// Layers one by one as the widths of a perceptron, the last of which says the answer; nothing twice, and seeds of a split only where
/// there are no others.
fn settled(text: &str) -> String {
    static LAYER: LazyLock<Regex> = LazyLock::new(|| regex(r";?\s?dense layer (?P<v>[0-9]+)(?P<own>(?:[;\s]*activation \w+)?)"));
    static ACTIVATION: LazyLock<Regex> = LazyLock::new(|| regex(r"activation (?P<v>\w+)|(?P<w>\w+) activation\b"));
    static SEED: LazyLock<Regex> = LazyLock::new(|| regex(r"split seed (?P<v>[0-9]+)"));
    let is_hidden = |own: &str| ["relu", "gelu", "tanh", "elu", "selu", "swish", "silu"].iter().any(|name| own.contains(name));
    let layers: Vec<(usize, bool)> = LAYER
        .captures_iter(text)
        .filter_map(|found| Some((found["v"].parse().ok()?, is_hidden(&found["own"].to_lowercase()))))
        .collect();
    let says_hidden = layers.iter().any(|(_, hidden)| *hidden);
    let ends_hidden = layers.last().is_some_and(|(units, hidden)| *units > 1 && (*hidden || !says_hidden));
    let count = if ends_hidden { layers.len() } else { layers.len().saturating_sub(1) };
    let units: Vec<String> = layers[..count].iter().map(|(units, _)| units.to_string()).collect();
    let low = text.to_lowercase();
    let name = if low.contains("mlp") || low.contains("perceptron") { "" } else { "MLP with " };
    let all = match units.as_slice() {
        [] => String::new(),
        [one] => format!("; {name}hidden_layer_sizes=({one},);"),
        _ => format!("; {name}hidden layers ({});", units.join(", ")),
    };
    let mut first = Some(all);
    let out = LAYER.replace_all(text, |_: &regex::Captures<'_>| first.take().unwrap_or_default()).into_owned();
    // Each perceptron here has it, and what the last layer says goes by the task.
    let out = ACTIVATION.replace_all(&out, |found: &regex::Captures<'_>| {
        let name = found.name("v").or_else(|| found.name("w")).map_or("", |name| name.as_str());
        let is_so = ["relu", "softmax", "sigmoid", "linear", "identity", "none"].contains(&name.to_lowercase().as_str());
        if is_so { String::new() } else { format!("{name} activation") }
    });
    let has_seed = text.matches("seed").count() > 1;
    let out = SEED
        .replace_all(&out, |found: &regex::Captures<'_>| if has_seed { String::new() } else { format!("seed {}", &found["v"]) });
    once(&out)
}

/// Each item that a call has in words once.
fn once(text: &str) -> String {
    let mut known = BTreeSet::new();
    let items = text.split(';').filter(|item| {
        let own = item.trim().to_lowercase();
        let is_call = ["dropout", "activation", "optimizer", "cross-entropy", "keep the best", "batch norm", "layer norm"]
            .iter()
            .any(|word| own.starts_with(word) || own.ends_with(word));
        !own.is_empty() && (!is_call || known.insert(own))
    });
    items.collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::OptimizerKind;
    use crate::intake::request::{Request, parse_request};
    use crate::spec::Augment;

    fn parse(text: &str) -> Request {
        parse_request(text, |_| None)
    }

    #[test]
    fn each_name_stands_once() {
        assert_eq!(CALLS.iter().flat_map(|call| call.names.split(' ')).count(), BY_NAME.len());
    }

    #[test]
    fn layers_one_by_one_are_a_perceptron() {
        for (code, units) in [
            (
                "Sequential([Dense(64, activation='relu'), Dropout(0.2), Dense(32, activation='relu'), Dropout(0.2), Dense(1)])",
                &[64, 32][..],
            ),
            ("model.add(Dense(96, activation=\"relu\")); model.add(Dense(3, activation=\"softmax\"))", &[96]),
            ("nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU(), nn.Linear(24, 1))", &[48, 24]),
            ("an MLP with Dense(64), Dense(32)", &[64, 32]),
        ] {
            let request = parse(&format!("{code} on a.csv, 5 epochs"));
            assert_eq!(request.units, units, "{code}: {request:?}");
            assert_eq!(request.model, Some(crate::intake::ModelName::Called { name: "mlp".into() }), "{code}");
            assert_eq!(request.refused, [], "{code}");
        }
    }

    #[test]
    fn calls_are_settings() {
        let request = parse(
            "MLPClassifier(hidden_layer_sizes=(48, 24), alpha=1e-3, learning_rate_init=0.002, batch_size=16, max_iter=120, \
             early_stopping=True, n_iter_no_change=7, random_state=5) on a.csv, train_test_split(X, y, test_size=0.25, random_state=5)",
        );
        assert_eq!((&request.units[..], request.weight_decay, request.lr), (&[48, 24][..], Some(1e-3), Some(0.002)));
        assert_eq!((request.batch_size, request.epochs, request.patience), (Some(16), Some(120.0), Some(7)));
        assert_eq!((request.seeds, request.refused), (vec![5], vec![]));
        assert!(request.tested.is_some());
        assert_eq!(request.not_understood, Vec::<String>::new());
        let request = parse(
            "model.compile(optimizer=SGD(learning_rate=0.05, momentum=0.8), loss='mse')\nmodel.fit(X, y, epochs=12, batch_size=8, \
             callbacks=[EarlyStopping(monitor='val_loss', patience=4, restore_best_weights=True)], verbose=0) on a.csv with an MLP",
        );
        assert_eq!((request.optimizer, request.lr, request.momentum), (Some(OptimizerKind::Sgd), Some(0.05), Some(0.8)));
        assert_eq!((request.epochs, request.patience, request.keep_best), (Some(12.0), Some(4), true));
        let request = parse("ResNet-20 on CIFAR-10, Compose([RandomCrop(32, padding=2), RandomHorizontalFlip(), ToTensor()])");
        assert_eq!(request.augment, [Augment::PadCrop { padding: 2 }, Augment::HorizontalFlip]);
        assert_eq!(request.not_understood, Vec::<String>::new());
    }

    #[test]
    fn scores_are_reported() {
        use crate::spec::Metric;
        for (call, metric) in [
            ("f1_score(y, p)", Some(Metric::F1)),
            ("f1_score(y, p, average='macro')", Some(Metric::MacroF1)),
            ("print(f1_score(y, p, average=None))", Some(Metric::F1)),
            ("confusion_matrix(y, p)", None),
            ("classification_report(y, p)", None),
        ] {
            let request = parse(&format!("MLP on a.csv, predict b\n{call}"));
            assert_eq!((request.metric, request.lacking, request.not_understood), (metric, vec![], vec![]), "{call}");
        }
        let request = parse("MLP on a.csv, predict b, show the confusion matrix and a classification report");
        assert_eq!((request.metric, request.lacking, request.not_understood), (None, vec![], vec![]));
    }

    #[test]
    fn words_beside_brackets_are_no_calls() {
        for text in ["fit (a model) on a.csv", "Adam (the first man)", "predict price (EUR) from area", "Dense forests on a.csv"]
        {
            assert!(!in_words(text).contains("epochs"), "{text}: {}", in_words(text));
        }
        assert_eq!(in_words("predict price (EUR) from area"), "predict price (EUR) from area");
    }
}
