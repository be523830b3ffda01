//! The cells of an HTML table, each in its column, with what it spans.

use super::tree::{Node, Tree};
use crate::intake::structure::GridCell;

/// The outermost elements below a node for which this holds.
pub(super) fn outermost(tree: &Tree, at: usize, holds: &dyn Fn(&Node) -> bool) -> Vec<usize> {
    let mut found = Vec::new();
    for child in &tree.nodes[at].children {
        if holds(&tree.nodes[*child]) {
            found.push(*child);
        } else {
            found.extend(outermost(tree, *child, holds));
        }
    }
    found
}

/// The rows of the table at a node, not of those in its cells; `words` gives what a cell says.
pub(super) fn grid(tree: &Tree, table: usize, words: &mut dyn FnMut(usize) -> String) -> Vec<Vec<GridCell>> {
    let rows_at = outermost(tree, table, &|node| node.name == "tr" || node.has_class("ltx_tr"));
    let mut rows: Vec<Vec<GridCell>> = Vec::new();
    // How many rows each column is still taken.
    let mut taken: Vec<usize> = Vec::new();
    for row in rows_at.into_iter().take(2000) {
        let mut cells = Vec::new();
        let mut column = 0;
        let is_cell = |node: &Node| matches!(node.name.as_str(), "td" | "th") || node.has_class("ltx_td");
        for cell in outermost(tree, row, &is_cell).into_iter().take(200) {
            while taken.get(column).is_some_and(|left| *left > 0) {
                column += 1;
            }
            let span =
                |name: &str| tree.nodes[cell].attribute(name).and_then(|n| n.parse::<usize>().ok()).unwrap_or(1).clamp(1, 200);
            let (width, height) = (span("colspan"), span("rowspan"));
            let text = words(cell);
            if taken.len() < column + width {
                taken.resize(column + width, 0);
            }
            taken[column..column + width].fill(height);
            if !text.is_empty() {
                cells.push(GridCell { text, column, width, height });
            }
            column += width;
            if column > 400 {
                break;
            }
        }
        taken.iter_mut().for_each(|left| *left = left.saturating_sub(1));
        rows.push(cells);
    }
    rows
}

/// The first table that stands in a piece of HTML, as Markdown may hold it; `written` turns what a cell holds into words.
pub(in crate::intake) fn table_in(html: &str, written: &dyn Fn(&str) -> String) -> Option<Vec<Vec<GridCell>>> {
    let tree = Tree::parse(html);
    let table = tree.find(&|node| node.name == "table")?;
    let rows = grid(&tree, table, &mut |cell| written(text_of(&tree, cell).trim()));
    rows.iter().any(|row| row.len() > 1).then_some(rows)
}

fn text_of(tree: &Tree, at: usize) -> String {
    let node = &tree.nodes[at];
    let within: String = node.children.iter().map(|child| text_of(tree, *child)).collect();
    let gap = if matches!(node.name.as_str(), "br" | "p" | "div" | "li") { " " } else { "" };
    format!("{}{within}{gap}", node.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_in_markdown() {
        let html = "<table><tr><td rowspan=\"2\">A</td><td colspan=\"2\">B</td></tr><tr><td>1<br>2</td><td>3</td></tr></table>";
        let rows = table_in(html, &str::to_string).expect("a table");
        let cells: Vec<_> = rows.iter().flatten().map(|c| (c.text.as_str(), c.column, c.width, c.height)).collect();
        assert_eq!(cells, [("A", 0, 1, 2), ("B", 1, 2, 1), ("1 2", 1, 1, 1), ("3", 2, 1, 1)]);
        assert!(table_in("<p>no table</p>", &str::to_string).is_none());
        assert!(table_in("<table><tr><td>alone</td></tr></table>", &str::to_string).is_none());
    }
}
