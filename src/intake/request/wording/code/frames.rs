//! Tables of pandas in a request: which file is read, what of it is told, what is read and what is dropped.

use crate::intake::regex;
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// A column in quotes, or several in brackets.
const NAMES: &str = r#"(?:\[\s*)?['"][^'"\[\]]+['"](?:\s*,\s*['"][^'"\[\]]+['"])*\s*,?\s*\]?"#;

/// The text with what it does to tables in words.
pub(super) fn in_words(text: &str) -> Cow<'_, str> {
    static TOLD: LazyLock<Regex> = LazyLock::new(|| {
        // `y = df["price"]`, `y = df.price`, `y = df.pop("price")`, with what makes an array of it.
        regex(
            r#"(?m)(?P<start>^|[;\n])[ \t]*(?:y|Y|targets?|labels?)\s?=\s?(?P<frame>[A-Za-z_]\w*)(?:\[\s?\[?\s?['"](?P<a>[^'"\]]+)['"]\s?\]?\s?\]|\.pop\(\s?['"](?P<b>[^'"]+)['"]\s?\)|\.(?P<c>[A-Za-z_]\w*))(?:\.(?:values|to_numpy\(\)|astype\([^()]*\)))*[ \t]*(?P<end>$|[;\n])"#,
        )
    });
    if !text.contains('=') || !(text.contains("read_") || TOLD.is_match(text)) {
        return Cow::Borrowed(text);
    }
    let label = TOLD.captures(text).map(|found| name_of(&found)).unwrap_or_default();
    let told = TOLD.replace_all(text, |found: &Captures<'_>| {
        format!("{}; label column: `{}`;{}", &found["start"], name_of(found), &found["end"])
    });
    let dropped = DROPPED.replace_all(&told, |found: &Captures<'_>| {
        let names: Vec<String> = listed(&found["names"]).into_iter().filter(|name| *name != label).collect();
        match names.as_slice() {
            [] => ";".to_string(),
            [one] => format!("; ignore the column `{one}`;"),
            _ => format!("; ignore the columns {};", quoted(&names)),
        }
    });
    let read = READ.replace_all(&dropped, |found: &Captures<'_>| {
        let names = listed(&found["names"]);
        let is_one = names.len() == 1;
        if is_one {
            format!("; column {} is the input;", quoted(&names))
        } else {
            format!("; columns {} are the input;", quoted(&names))
        }
    });
    Cow::Owned(FILE.replace_all(&read, "; data ${path};").into_owned())
}

/// `X = df.drop(columns=["id", "price"])`, `df.drop("id", axis=1, inplace=True)`.
static DROPPED: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?:\b[A-Za-z_]\w*\s?=\s?)?\b[A-Za-z_]\w*\.drop\(\s?(?:(?:columns|labels)\s?=\s?)?(?P<names>{NAMES})\s?(?:,\s?(?:axis\s?=\s?(?:1|'columns'|\x22columns\x22)|inplace\s?=\s?True|errors\s?=\s?['\x22]\w+['\x22])\s?)*\)"
    ))
});

/// `X = df[["area", "rooms"]]`.
static READ: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r"\b(?:X|x|features|inputs|data)\s?=\s?[A-Za-z_]\w*\[\s?(?P<names>{NAMES})\s?\]")));

/// How a file is laid out it says itself.
static FILE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:\b[A-Za-z_]\w*\s?=\s?)?\b(?:pd|pandas|pl|polars)\.read_(?:csv|table|parquet|json|excel|feather)\(\s?(?:filepath_or_buffer\s?=\s?)?r?['"](?P<path>[^'"]+)['"](?:\s?,\s?(?:sep|delimiter|encoding|header|engine|lines|low_memory|orient|decimal|quotechar)\s?=\s?(?:'[^']*'|"[^"]*"|[^\s,()'"]+))*\s?\)"#,
    )
});

fn name_of(found: &Captures<'_>) -> String {
    ["a", "b", "c"].iter().find_map(|name| found.name(name)).map_or(String::new(), |name| name.as_str().to_string())
}

fn listed(names: &str) -> Vec<String> {
    static ONE: LazyLock<Regex> = LazyLock::new(|| regex(r#"['"](?P<v>[^'"]+)['"]"#));
    ONE.captures_iter(names).map(|found| found["v"].to_string()).collect()
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;
    use crate::intake::request::{Request, parse_request};

    fn parse(text: &str) -> Request {
        parse_request(text, |_| None)
    }

    #[test]
    fn what_is_done_to_tables_is_said() {
        let request = parse(
            "df = pd.read_csv(\"a.csv\", sep=';')\nX = df.drop(columns=['key', 'paid'])\ny = df['paid'].astype(int)\n\
             clf = MLPClassifier(hidden_layer_sizes=(32, 16), max_iter=40)",
        );
        assert_eq!((request.label.as_deref(), &request.exclude[..]), (Some("paid"), &["key".to_string()][..]), "{request:?}");
        assert_eq!((&request.units[..], request.epochs), (&[32, 16][..], Some(40.0)));
        assert_eq!(request.not_understood, Vec::<String>::new());
        let request = parse("data = pd.read_csv('a.csv')\nX = data[['area', 'rooms']]\ny = data.rent\nan MLP, 5 epochs");
        assert_eq!((request.label.as_deref(), &request.input[..]), (Some("rent"), &["area".to_string(), "rooms".into()][..]));
        assert_eq!(request.not_understood, Vec::<String>::new());
    }

    #[test]
    fn what_is_no_table_stays() {
        for text in ["y = a + b", "lr = 0.1, epochs = 5", "predict y = price from a.csv"] {
            assert_eq!(in_words(text), text);
        }
    }
}
