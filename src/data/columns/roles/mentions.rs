//! A request as names of columns, words and signs.

use super::prose;

/// A part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// The name of a column, as the table has it.
    Column(&'a str),
    /// In lower case.
    Word(String),
    Sign(char),
    /// Of a sentence.
    End,
}

/// Names that are words for parts of columns as well: only in quotes, or called columns, are they names.
const PARTS: [&str; 12] =
    ["text", "texts", "label", "labels", "target", "class", "input", "inputs", "output", "features", "sentence", "document"];

/// The pieces of a text, where columns of these names are.
pub(super) fn pieces<'a>(text: &str, names: &[&'a str]) -> Vec<Piece<'a>> {
    let mut names: Vec<&'a str> = names.iter().copied().filter(|name| !name.trim().is_empty()).collect();
    let mut alike = prose::alike(text, &names).into_iter().peekable();
    let in_order = names.clone();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let (mut pieces, mut at) = (Vec::new(), 0);
    while let Some(sign) = text[at..].chars().next() {
        while alike.next_if(|several| several.range.start < at).is_some() {}
        if let Some(several) = alike.next_if(|several| several.range.start == at) {
            push_several(&mut pieces, &several.names);
            at = several.range.end;
            continue;
        }
        let is_within = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let spoken = || if is_within { None } else { prose::called_at(&text[at..], &names) };
        if let Some((name, length)) = name_at(text, at, &names, &pieces).or_else(spoken) {
            pieces.push(Piece::Column(name));
            at += length;
            continue;
        }
        let length = word_length(&text[at..]);
        if length > 0 {
            pieces.push(Piece::Word(text[at..at + length].to_lowercase()));
            at += length;
            continue;
        }
        let behind = &text[at + sign.len_utf8()..];
        match sign {
            '-' if behind.starts_with('>') => {
                pieces.push(Piece::Sign('→'));
                at += 1;
            }
            '→' | '~' => pieces.push(Piece::Sign(sign)),
            '.' if behind.is_empty() || behind.starts_with(char::is_whitespace) => pieces.push(Piece::End),
            ';' | '!' | '?' | '\n' | '。' | '；' => pieces.push(Piece::End),
            // Quotes and what is no sign of a sentence say nothing.
            ',' | '/' | '+' | '&' | '、' | '，' | ':' | '：' | '=' | '(' | ')' | '（' | '）' | '[' | ']' => {
                pieces.push(Piece::Sign(sign))
            }
            _ => {}
        }
        at += sign.len_utf8();
    }
    spanned(without_asides(pieces), &in_order)
}

/// `Columns acc_x to gyro_z` are all from one to the other, as the table has them.
fn spanned<'a>(pieces: Vec<Piece<'a>>, in_order: &[&'a str]) -> Vec<Piece<'a>> {
    const TO: [&str; 6] = ["to", "through", "thru", "until", "bis", "hasta"];
    let mut out: Vec<Piece<'a>> = Vec::with_capacity(pieces.len());
    let mut rest = pieces.as_slice();
    while let [piece, behind @ ..] = rest {
        let is_called = matches!(out.last(), Some(Piece::Word(word)) if COLUMNS.contains(&word.as_str()));
        let place = |name: &str| in_order.iter().position(|own| *own == name);
        let span = match (piece, behind) {
            (Piece::Column(first), [Piece::Word(to), Piece::Column(last), ..]) if is_called && TO.contains(&to.as_str()) => {
                place(first).zip(place(last)).filter(|(first, last)| first < last)
            }
            _ => None,
        };
        match span {
            Some((first, last)) => {
                push_several(&mut out, &in_order[first..=last]);
                rest = &behind[2..];
            }
            None => {
                out.push(piece.clone());
                rest = behind;
            }
        }
    }
    out
}

/// Several that are said at once stand as a list of them.
fn push_several<'a>(pieces: &mut Vec<Piece<'a>>, names: &[&'a str]) {
    drop_articles(pieces);
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            pieces.push(Piece::Sign('&'));
        }
        pieces.push(Piece::Column(name));
    }
}

/// Of `all of the acc_ columns` the names are left.
fn drop_articles(pieces: &mut Vec<Piece<'_>>) {
    const ARTICLES: [&str; 6] = ["all", "every", "any", "the", "those", "of"];
    while matches!(pieces.last(), Some(Piece::Word(word)) if ARTICLES.contains(&word.as_str())) {
        pieces.pop();
    }
}

/// A name in brackets behind what people call it stands in its place: `the temperature (temp_c) and the trial`. A bare list is none.
fn without_asides(pieces: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
    let mut out: Vec<Piece<'_>> = Vec::with_capacity(pieces.len());
    let mut at = 0;
    while at < pieces.len() {
        let named = (pieces[at] == Piece::Sign('(')).then(|| within_brackets(&pieces[at + 1..])).flatten();
        // `The accelerometer columns (acc_*)`.
        let is_columns = |piece: &&Piece<'_>| matches!(piece, Piece::Word(word) if COLUMNS.contains(&word.as_str()));
        let nouns = out.len() - out.iter().rev().take_while(is_columns).count();
        let noun = nouns.checked_sub(1).filter(|at| is_noun(&out[*at]) || named.is_some_and(|names| names == [out[*at].clone()]));
        // `The age (age)`.
        let is_same = named.is_some_and(|names| names.len() == 1 && out.last() == names.first());
        match named.zip(noun) {
            Some((names, _)) if is_same => at += names.len() + 2,
            Some((names, noun)) => {
                out.truncate(noun);
                drop_articles(&mut out);
                out.extend_from_slice(names);
                at += names.len() + 2;
            }
            // `The operator (works council!) and the time`.
            None => match (pieces[at] == Piece::Sign('(') && matches!(out.last(), Some(Piece::Column(_))))
                .then(|| remark(&pieces[at..]))
                .flatten()
            {
                Some(length) => at += length,
                None => {
                    out.push(pieces[at].clone());
                    at += 1;
                }
            },
        }
    }
    out
}

/// How long a remark in brackets is that names no column and has no sign of a list.
fn remark(pieces: &[Piece<'_>]) -> Option<usize> {
    const MOST: usize = 8;
    let end = pieces.iter().take(MOST).position(|piece| *piece == Piece::Sign(')'))?;
    let is_word = |piece: &Piece<'_>| matches!(piece, Piece::Word(_) | Piece::End);
    (end > 1 && pieces[1..end].iter().all(is_word)).then_some(end + 1)
}

const COLUMNS: [&str; 9] =
    ["columns", "fields", "features", "variables", "readings", "values", "spalten", "columnas", "colonnes"];

/// Whether a word names a thing, for all that is known here.
fn is_noun(piece: &Piece<'_>) -> bool {
    matches!(piece, Piece::Word(word) if word.chars().all(char::is_alphabetic) && !super::is_known(word))
}

/// One column up to where the bracket closes, or several that were said at once.
fn within_brackets<'p, 'a>(pieces: &'p [Piece<'a>]) -> Option<&'p [Piece<'a>]> {
    let end = pieces.iter().position(|piece| *piece == Piece::Sign(')'))?;
    let is_one = |piece: &Piece<'_>| matches!(piece, Piece::Column(_) | Piece::Sign('&'));
    let names = &pieces[..end];
    (matches!(names.first(), Some(Piece::Column(_))) && names.iter().all(is_one)).then_some(names)
}

/// The name that stands there whole, and how long it is in the text.
fn name_at<'a>(text: &str, at: usize, names: &[&'a str], before: &[Piece<'a>]) -> Option<(&'a str, usize)> {
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`' | '“' | '”' | '‘' | '’' | '「' | '」' | '«' | '»' | '„');
    let left = text[..at].chars().next_back();
    let find = |name: &&'a str| {
        let length = length_of(&text[at..], name)?;
        let right = text[at + length..].chars().next();
        // A path or a file is none: `data/body.csv`.
        let is_file = matches!(right, Some('.' | '/' | '-')) && text[at + length + 1..].starts_with(char::is_alphanumeric)
            || matches!(left, Some('.' | '/' | '-' | '@'))
                && text[..at - 1].ends_with(char::is_alphanumeric)
                && left != Some('/');
        let (first, last) = (name.chars().next()?, name.chars().next_back()?);
        let is_whole = !joins(left, Some(first)) && !joins(Some(last), right) && !is_file;
        let is_quoted = left.is_some_and(is_quote) && right.is_some_and(is_quote);
        // A single letter, and what is a word for a part, is a name where it is shown as one.
        let is_shown = is_quoted || is_called(before);
        let is_plain = name.chars().count() > 1 && !PARTS.contains(&name.to_lowercase().as_str());
        // Of a script without spaces a name is a word among others unless it is shown.
        let is_alone = |sign: Option<char>| sign.is_none_or(|sign| !sign.is_alphanumeric() && sign != '_');
        // Between blanks, signs and words that are known it stands by itself: `根据标题预测类别`.
        let follows = matches!(before.last(), Some(Piece::Word(word)) if SIGNS.contains(&word.as_str()));
        let is_followed = || SIGNS.iter().any(|sign| text[at + length..].starts_with(*sign));
        // `标签列` says a part, whatever column is called `标签`.
        let is_sign = SIGNS.iter().any(|sign| sign.len() >= length && text[at..].starts_with(*sign));
        let is_listed = || goes_on(before) || (is_alone(left) || follows) && (is_alone(right) || is_followed() && !is_sign);
        let is_apart = name.is_ascii() || first.is_alphabetic() && !is_unspaced(first) || is_shown || is_listed();
        (is_whole && is_apart && (is_plain || is_shown)).then_some((*name, length))
    };
    names.iter().find_map(find)
}

/// Whether the words before say that a name follows.
fn is_called(before: &[Piece<'_>]) -> bool {
    const COLUMN: [&str; 8] = ["column", "columns", "spalte", "colonne", "columna", "coluna", "colonna", "field"];
    const IS: [&str; 10] = ["is", "called", "named", "ist", "est", "es", "è", "é", "是", "为"];
    let is_between = |piece: &&Piece<'_>| match piece {
        Piece::Sign(':' | '：') => true,
        Piece::Word(word) => IS.contains(&word.as_str()),
        Piece::Column(_) | Piece::Sign(_) | Piece::End => false,
    };
    let last = before.iter().rev().find(|piece| !is_between(piece));
    // Of scripts without spaces a word for a part and what states it: `标签是`.
    let is_stated = matches!(before.last(), Some(Piece::Word(word)) if ["是", "为"].contains(&word.as_str()));
    let of_part = |word: &str| is_stated && !word.is_ascii() && super::of_part(word).is_some();
    matches!(last, Some(Piece::Word(word)) if COLUMN.contains(&word.as_str()) || word.ends_with('列') || of_part(word))
}

/// Whether a name is the next of a list: `标题和正文`.
fn goes_on(before: &[Piece<'_>]) -> bool {
    let joins = |piece: &&Piece<'_>| match piece {
        Piece::Word(word) => ["和", "与", "及"].contains(&word.as_str()),
        Piece::Sign(sign) => *sign == '、',
        Piece::Column(_) | Piece::End => false,
    };
    matches!(before, [.., Piece::Column(_), join] if joins(&join))
}

/// How much of the text is the name: in its own letters, large or small, or with spaces for its lines.
fn length_of(text: &str, name: &str) -> Option<usize> {
    let mut rest = text.char_indices();
    for own in name.chars() {
        let (_, other) = rest.next()?;
        let is_same = own == other || own.to_lowercase().eq(other.to_lowercase()) || own == '_' && other == ' ';
        if !is_same {
            return None;
        }
    }
    Some(rest.next().map_or(text.len(), |(at, _)| at))
}

/// Signs that are written without spaces between words.
fn is_unspaced(c: char) -> bool {
    ('\u{2e80}'..='\u{9fff}').contains(&c)
}

/// Whether two signs are of one word.
fn joins(one: Option<char>, other: Option<char>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    is_of_word(one) && is_of_word(other) && is_unspaced(one) == is_unspaced(other) && !is_unspaced(one)
}

/// Words of scripts without spaces that are known here, the longest first.
#[rustfmt::skip]
const SIGNS: [&str; 57] = [
    "不要使用", "不能使用", "文本列", "标签列", "目标列", "类别列", "输入列", "テキスト", "ラベル", "不使用", "不要用", "不能用", "文本", "标签", "目标", "类别", "输入", "特征", "预测", "判断", "识别", "作为", "排除", "忽略",
    "不用", "不要", "根据", "基于", "分类", "划分", "分组", "使用", "训练", "评估", "予測", "分類", "推定", "から", "入力", "除了", "去掉", "列", "是", "为", "用", "和", "与", "及", "从", "按", "以", "把", "对", "来", "的",
    "を", "は",
];

/// The length of the word that begins there. Of scripts without spaces words that are known here are parted.
fn word_length(text: &str) -> usize {
    if let Some(sign) = SIGNS.iter().find(|sign| text.starts_with(*sign)) {
        return sign.len();
    }
    let mut length = 0;
    for c in text.chars() {
        let is_of_word = c.is_alphanumeric() || c == '_';
        if !is_of_word || is_unspaced(c) {
            break;
        }
        length += c.len_utf8();
    }
    match text.chars().next() {
        Some(c) if length == 0 && is_unspaced(c) && c.is_alphabetic() => c.len_utf8(),
        _ => length,
    }
}
