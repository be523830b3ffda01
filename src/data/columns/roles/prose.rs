//! Columns as people speak of them: `the seller's phone`, `the phone of the seller` and `the listing number` where the table has
//! `seller_phone` and `listing_id`; and several by how their names begin or end: `everything that starts with acc_`, `gyro_*`, `the _raw
//! columns`.

use super::super::naming::words;
use super::pattern;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// What the last word of a name may be, and how the same is said: that a row has a number of its own.
const NUMBERS: [&str; 8] = ["id", "ids", "no", "nr", "num", "number", "numbers", "identifier"];

/// The column that the words at the beginning of `text` call in prose, and how long they are: the only one of its length.
pub(super) fn called_at<'a>(text: &str, names: &[&'a str]) -> Option<(&'a str, usize)> {
    let said = leading(text);
    let mut best: Option<(&'a str, usize)> = None;
    let mut is_only = true;
    for name in names.iter().copied() {
        let own = words(name);
        let Some(length) = (own.len() > 1).then(|| spoken(&own, &said).or_else(|| turned(&own, &said))).flatten() else {
            continue;
        };
        match best {
            Some((_, longest)) if longest > length => {}
            Some((_, longest)) if longest == length => is_only = false,
            _ => (best, is_only) = (Some((name, length)), true),
        }
    }
    best.filter(|_| is_only)
}

/// A word of the text, and where it ends.
type Said = (String, usize);

/// The first words of a text that only blanks, lines and the sign of a genitive stand between.
fn leading(text: &str) -> Vec<Said> {
    const MOST: usize = 7;
    let (mut all, mut at) = (Vec::new(), 0);
    while all.len() < MOST {
        let rest = &text[at..];
        let gap = ["'s ", "’s ", " ", "_", "-"].into_iter().find(|gap| at > 0 && rest.starts_with(gap)).map_or(0, str::len);
        let length = rest[gap..].find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len() - gap);
        if length == 0 || at > 0 && gap == 0 {
            break;
        }
        at += gap + length;
        all.push((rest[gap..gap + length].to_lowercase(), at));
    }
    all
}

/// How long the words of a name are in their own order, the last perhaps another word for a number.
fn spoken(own: &[String], said: &[Said]) -> Option<usize> {
    let (last, first) = own.split_last()?;
    let end = said.get(own.len() - 1)?;
    let are_same = first.iter().zip(said).all(|(own, (said, _))| is_short_for(own, said)) && is_last(last, &end.0);
    // One of them at least stands as it is, and is no abbreviation alone.
    let is_sure = own.iter().zip(said).any(|(own, (said, _))| own == said) || NUMBERS.contains(&last.as_str());
    (are_same && is_sure).then_some(end.1)
}

/// The same where what it is of stands behind: `phone of the dealer`.
fn turned(own: &[String], said: &[Said]) -> Option<usize> {
    const ARTICLES: [&str; 12] = ["the", "a", "an", "each", "every", "our", "their", "my", "its", "all", "that", "this"];
    let (last, first) = own.split_last()?;
    let (head, behind) = said.split_first()?;
    let (of, behind) = behind.split_first()?;
    let article = usize::from(behind.first().is_some_and(|(word, _)| ARTICLES.contains(&word.as_str())));
    let owner = behind.get(article..article + first.len())?;
    let are_same = first.iter().zip(owner).all(|(own, (said, _))| own == said);
    (of.0 == "of" && *last == head.0 && are_same).then(|| owner.last().map(|(_, end)| *end)).flatten()
}

fn is_last(own: &str, said: &str) -> bool {
    is_short_for(own, said) || [own, said].iter().all(|word| NUMBERS.contains(word))
}

/// `Ref` of a name is `reference`.
fn is_short_for(own: &str, said: &str) -> bool {
    const SHORTEST: usize = 3;
    own == said || own.chars().count() >= SHORTEST && said.starts_with(own) && said.len() > own.len() + 1
}

/// Several columns by how their names begin or end, where the text says so.
pub(super) struct Alike<'a> {
    pub(super) range: Range<usize>,
    pub(super) names: Vec<&'a str>,
}

/// All of them in a text, in their order; what no column is alike is none.
pub(super) fn alike<'a>(text: &str, names: &[&'a str]) -> Vec<Alike<'a>> {
    const SIGNS: [&str; 6] = ["*", "_", "start", "begin", "end", "fix"];
    if !SIGNS.iter().any(|sign| text.contains(sign)) {
        return vec![];
    }
    let find = |found: regex::Captures<'_>| {
        let at = |name: &str| found.name(name).map_or("", |part| part.as_str());
        let start = ["s", "star", "line"].map(at).concat();
        let end = ["e", "rats", "enil", "tail"].map(at).concat();
        // `Columns that start with a capital`.
        let is_one = start.chars().count().max(end.chars().count()) > 1;
        let is_start = |word: &&str| word.len() > 1 && word.ends_with('_');
        let more = ["more", "other"].into_iter().flat_map(|list| at(list).split(|c: char| !c.is_alphanumeric() && c != '_'));
        let firsts: Vec<String> = std::iter::once(start.as_str()).chain(more.filter(is_start)).map(str::to_lowercase).collect();
        let end = end.to_lowercase();
        let is_alike = |name: &&&str| {
            let low = name.to_lowercase();
            firsts
                .iter()
                .any(|first| low.starts_with(first.as_str()) && low.ends_with(&end) && low.len() > first.len() + end.len())
        };
        let names: Vec<&'a str> = names.iter().filter(is_alike).copied().collect();
        let range = found.get(0)?.range();
        (is_one && !names.is_empty()).then_some(Alike { range, names })
    };
    ALIKE.iter().flat_map(|way| way.captures_iter(text)).filter_map(find).collect()
}

/// `Everything that starts with acc_ or gyro_`, `all columns ending in _raw`, `acc_*`, `the acc_ and gyro_ columns`.
static ALIKE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let quote = r"[`'\x22“”‘’]?";
    let columns = r"(?:columns?|fields?|features?|variables|inputs?|channels?|sensors?|values|readings|measurements|names)";
    let which = r"(?:(?:that|which|whose|with|names?|called|is|are|an?|the|header|prefix|suffix)\s+)*";
    let several = format!(r"(?:{columns}|everything|anything|whatever|all|those|ones|what)\s+{which}");
    let begins = r"(?:start(?:s|ing)?|begin(?:s|ning)?|prefixed|prefix)\s+(?:with\s+|by\s+|in\s+|of\s+)?(?:the\s+prefix\s+)?";
    let ends = r"(?:end(?:s|ing)?|suffixed|suffix)\s+(?:with\s+|by\s+|in\s+|on\s+|of\s+)?(?:the\s+suffix\s+)?";
    let more = format!(r"(?P<more>(?:\s*(?:,|,?\s(?:or|and)(?:\s(?:with|by|in))?)\s+{quote}\w*_\*?{quote}\b)*)");
    pattern(&format!(
        r"(?i)\b{several}(?:{begins}{quote}(?P<s>[\w.]*\w)\*?{quote}{more}|{ends}{quote}\*?(?P<e>\w(?:[\w.]*\w)?){quote})|\b(?P<star>\w+)\*(?P<rats>\w*)|\b(?P<other>(?:\p{{L}}\w*_{quote}(?:,\s*|,?\s(?:and|or|&)\s){quote})*)(?:(?P<line>\p{{L}}\w*_)|(?P<tail>_\w+)){quote}\s+{columns}\b|\B?\*(?P<enil>\w+)"
    ))
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_call_columns_otherwise_than_tables_do() {
        let names = ["seller_phone", "listing_id", "ref_no", "AskingPrice", "price", "phone_model"];
        for (text, expected) in [
            ("seller's phone says nothing", Some(("seller_phone", 14))),
            ("phone of the seller, please", Some(("seller_phone", 19))),
            ("listing number", Some(("listing_id", 14))),
            ("reference number of it", Some(("ref_no", 16))),
            ("asking price", Some(("AskingPrice", 12))),
            ("phone of a friend", None),
            ("seller and phone", None),
            ("price of it", None),
            ("number of listings", None),
        ] {
            assert_eq!(called_at(text, &names), expected, "{text}");
        }
        assert_eq!(called_at("sale price", &["sale_price", "SalePrice"]), None, "one of two");
    }

    #[test]
    fn several_are_said_by_how_their_names_begin() {
        let names = ["acc_x", "acc_y", "gyro_x", "speed_raw", "age", "account"];
        let found = |text: &str| alike(text, &names).into_iter().map(|one| one.names).collect::<Vec<_>>();
        for text in
            ["from everything that starts with acc_", "acc_*, please", "the acc_ columns", "all columns with the prefix acc_"]
        {
            assert_eq!(found(text), [["acc_x", "acc_y"]], "{text}");
        }
        assert_eq!(found("columns beginning with acc_ or gyro_"), [vec!["acc_x", "acc_y", "gyro_x"]]);
        assert_eq!(found("inputs are the acc_ and gyro_ columns only"), [vec!["acc_x", "acc_y", "gyro_x"]]);
        assert_eq!(found("without the _raw columns"), [["speed_raw"]]);
        assert_eq!(found("whatever ends with _raw, and *_x"), [vec!["speed_raw"], vec!["acc_x", "gyro_x"]]);
        for text in ["start with a warm-up", "columns that start with tmp_", "ends in a day", "everything that starts with a"] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
