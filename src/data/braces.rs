//! `{a,b}` in a pattern of names.

/// A pattern for each way to choose from the `{a,b}` of one. Where there are more than `most` ways, or they are not closed, braces are
/// letters.
pub(super) fn choices(pattern: &str, most: usize) -> Vec<String> {
    let (mut left, mut plain) = (vec![pattern.to_string()], Vec::new());
    while let Some(next) = left.pop() {
        match braced(&next) {
            Some((before, within, after)) => {
                left.extend(parted(within).into_iter().map(|choice| format!("{before}{choice}{after}")));
            }
            None => plain.push(next),
        }
        if left.len() + plain.len() > most {
            return vec![pattern.to_string()];
        }
    }
    plain
}

/// What stands before, in and behind the first braces of a pattern.
fn braced(pattern: &str) -> Option<(&str, &str, &str)> {
    let open = pattern.find('{')?;
    let mut depth = 0;
    for (at, c) in pattern[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&pattern[..open], &pattern[open + 1..open + at], &pattern[open + at + 1..]));
        }
    }
    None
}

/// The choices within braces.
fn parted(within: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut depth) = (Vec::new(), 0, 0);
    for (at, c) in within.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&within[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&within[begin..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_choices() {
        let check = |pattern: &str, expected: &[&str]| {
            let mut found = choices(pattern, 1024);
            found.sort();
            assert_eq!(found, expected, "{pattern}");
        };
        check("a*.csv", &["a*.csv"]);
        check("{home/u/a.csv,mnt/b.csv}", &["home/u/a.csv", "mnt/b.csv"]);
        check("{a,b}/{1,2}", &["a/1", "a/2", "b/1", "b/2"]);
        check("x{1,{2,3}y}", &["x1", "x2y", "x3y"]);
        check("{a,b", &["{a,b"]);
        let many = "{a,b}".repeat(60);
        check(&many, &[&many]);
    }
}
