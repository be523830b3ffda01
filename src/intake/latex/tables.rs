//! `tabular` and its like -> rows of cells with their columns.

use super::macros::{argument, digits, optional, spelled, star};
use super::reader::{Open, Reader};
use super::tokens::Token;
use crate::intake::structure::{Block, GridCell};

/// A table that is being written.
#[derive(Default)]
pub(super) struct Grid {
    pub(super) cell: String,
    column: usize,
    /// Columns and rows of the cell being written.
    width: usize,
    height: usize,
    row: Vec<GridCell>,
    rows: Vec<Vec<GridCell>>,
    /// In a cell of another table, or in an argument: it is text there.
    nested: bool,
}

const MAX_COLUMNS: usize = 200;
const MAX_ROWS: usize = 2000;

impl Grid {
    pub(super) fn new(nested: bool) -> Self {
        Grid { width: 1, height: 1, nested, ..Grid::default() }
    }

    pub(super) fn end_cell(&mut self) {
        let text = std::mem::take(&mut self.cell);
        let text = text.trim();
        if !text.is_empty() && self.column < MAX_COLUMNS {
            self.row.push(GridCell { text: text.to_string(), column: self.column, width: self.width, height: self.height });
        }
        self.column += self.width;
        (self.width, self.height) = (1, 1);
    }

    pub(super) fn end_row(&mut self) {
        self.end_cell();
        self.column = 0;
        let row = std::mem::take(&mut self.row);
        if self.rows.len() < MAX_ROWS {
            self.rows.push(row);
        }
    }
}

impl Reader<'_> {
    /// Commands of tables; true if `name` is one.
    pub(super) fn table_command(&mut self, name: &str) -> bool {
        match name {
            "multicolumn" => {
                let width = digits(&argument(&mut self.input)).clamp(1, MAX_COLUMNS);
                argument(&mut self.input);
                if let Some(grid) = self.grid() {
                    grid.width = width;
                }
                self.keep_argument();
            }
            "multirow" | "multirowcell" => {
                optional(&mut self.input);
                let rows = spelled(&argument(&mut self.input));
                let rows: usize = rows.trim_start_matches('-').parse().unwrap_or(1);
                optional(&mut self.input);
                if name == "multirow" {
                    argument(&mut self.input);
                    optional(&mut self.input);
                }
                if let Some(grid) = self.grid() {
                    grid.height = rows.clamp(1, 200);
                }
                self.keep_argument();
            }
            "makecell" | "shortstack" | "thead" | "specialcell" | "tabincell" if self.macros.get(name).is_none() => {
                star(&mut self.input);
                optional(&mut self.input);
                if name == "tabincell" {
                    argument(&mut self.input);
                }
                let text = self.argument_text();
                self.write(&text);
            }
            "hline" | "toprule" | "midrule" | "bottomrule" | "hhline" | "cmidrule" | "cline" | "specialrule" | "addlinespace"
            | "morecmidrules" | "Xhline" | "thickhline" | "endhead" | "endfirsthead" | "endfoot" | "endlastfoot"
            | "cdashline" | "hdashline" | "noalign" | "tabletail" => self.rule(name),
            "halign" | "valign" => {
                argument(&mut self.input);
            }
            _ => return false,
        }
        true
    }

    fn keep_argument(&mut self) {
        let tokens = argument(&mut self.input);
        self.input.push(tokens.into());
    }

    fn rule(&mut self, name: &str) {
        optional(&mut self.input);
        match self.input.next() {
            // How far it is cut; behind other rules it is a cell's text: `\midrule (base) & 1`.
            Some(Token::Char('(')) if name == "cmidrule" => {
                while let Some(token) = self.input.next() {
                    if token == Token::Char(')') {
                        break;
                    }
                }
            }
            other => other.into_iter().for_each(|token| self.input.unread(token)),
        }
        let arguments = match name {
            "cmidrule" | "cline" | "hhline" | "Xhline" | "cdashline" | "noalign" => 1,
            "specialrule" => 3,
            _ => 0,
        };
        for _ in 0..arguments {
            argument(&mut self.input);
        }
        optional(&mut self.input);
    }

    pub(super) fn end_table(&mut self) {
        let Some((_, Open::Table(mut grid))) = self.open.pop() else { return };
        grid.end_row();
        let rows: Vec<Vec<GridCell>> = grid.rows;
        if grid.nested {
            let words: Vec<String> = rows.into_iter().flatten().map(|cell| cell.text).collect();
            self.space();
            return self.write(&words.join(" "));
        }
        let cells: usize = rows.iter().map(Vec::len).sum();
        if cells == 0 {
            return;
        }
        // One cell a row is a box, no table.
        let block = if rows.iter().all(|row| row.len() < 2) {
            Block::Fragment(rows.into_iter().flatten().map(|cell| cell.text).collect::<Vec<_>>().join(" "))
        } else {
            Block::Table { rows, caption: None }
        };
        self.float_block(block);
    }
}
