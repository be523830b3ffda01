//! The front matter of a README, and what of it is read.

use super::scalar::scalar;
use super::yaml::{is_item, split_key, without_comment};

/// Keys that are read. Under others may stand what no parser here knows.
const READ: [&str; 6] = ["license", "license_name", "license_link", "language", "configs", "dataset_info"];

/// Front matter without what nobody reads.
pub(super) struct Front {
    /// What stands under the keys that are read; other lines are empty, so that each keeps its number.
    pub(super) text: String,
    /// All keys, whether what stands under them is read or not.
    pub(super) keys: Vec<String>,
    /// The number of the first line in the README.
    pub(super) first_line: usize,
}

impl Front {
    /// That of a README; none where it has none.
    pub(super) fn of(readme: &str) -> Option<Self> {
        Front::under(readme, &READ)
    }

    /// What stands under some keys.
    pub(super) fn under(readme: &str, read: &[&str]) -> Option<Self> {
        let (front, first_line) = front_matter(readme)?;
        // All of it may be indented.
        let mut lines = front.lines().map(|line| (indent(line), without_comment(line.trim_start_matches(' '))));
        let margin = lines.find(|(_, content)| !content.is_empty()).map_or(0, |(indent, _)| indent);
        let (mut text, mut keys, mut is_read) = (String::with_capacity(front.len()), Vec::new(), false);
        for line in front.lines() {
            if let Some(key) = key_of(line, margin) {
                is_read = read.contains(&key.as_str());
                keys.push(key);
            }
            text.push_str(if is_read { line } else { "" });
            text.push('\n');
        }
        Some(Front { text, keys, first_line })
    }
}

/// The text between the first two lines `---`, and the number of its first line.
fn front_matter(readme: &str) -> Option<(&str, usize)> {
    let text = readme.trim_start_matches('\u{feff}');
    let body = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"))?;
    let mut end = 0;
    for line in body.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((&body[..end], 2));
        }
        end += line.len();
    }
    None
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The key that begins on a line, if there is one. Long ones begin with `?`, and none that is read is long.
fn key_of(line: &str, margin: usize) -> Option<String> {
    let content = without_comment(line.trim_start_matches(' '));
    if indent(line) != margin || is_item(content) {
        return None;
    }
    if content == "?" || content.starts_with("? ") {
        return Some(content.to_string());
    }
    let (key, _) = split_key(content)?;
    Some(scalar(key).unwrap_or_else(|_| key.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_reads_is_left_out_and_lines_keep_their_numbers() {
        let readme = "---\ntags: [never closed\n- \"nor\nlicense: mit # it is\nextra: &anchor |\n\tx\n? long\n  key\n\
                      : license: no\nconfigs:\n- config_name: a\n---\n";
        let front = Front::of(readme).expect("front matter");
        assert_eq!(front.keys, ["tags", "license", "extra", "? long", "", "configs"]);
        assert_eq!(front.text, "\n\nlicense: mit # it is\n\n\n\n\n\nconfigs:\n- config_name: a\n");
        let indented = Front::of("---\n\n  # all of it\n  'license': mit\n  x: y\n---\n").expect("front matter");
        assert_eq!((indented.keys.join(" "), indented.text.trim_end()), ("license x".into(), "\n\n  'license': mit"));
    }
}
