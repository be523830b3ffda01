//! What Markdown is read as.

use super::*;
use crate::intake::{PassageKind, plain_text};

#[test]
fn markdown() {
    let source = "---\ntitle: \"On It\"\nauthors:\n  - Ada Example\n---\n\n## Abstract\n\nWe use **Adam** with $\\beta_1=0.9$\nand `lr` 0.1[^1].\n\n[^1]: A note.\n\n## 2 Data\n* one\n  more\n* two\n\nTable 1: Scores.\n\n| Model | A |\n|---|--:|\n| Ours | 10.5 |\n| a \\| b | 2 |\n\n$$\nx = 1\n$$\n\n```\ncode\n```\nSee [code](https://github.com/a/b) &amp; more.\n\n# References\n\n1. K. Adam.\n2. V. Net.\n";
    let paper = read(source.as_bytes(), "x").expect("read");
    let expected = "On It\nAda Example\nAbstract\nWe use Adam with β₁ = 0.9 and lr 0.1¹.\n¹A note.\n2 Data\n• one more\n• two\nTable 1: Scores.\nModel A\nOurs 10.5\na | b 2\nx = 1\ncode\nSee code (https://github.com/a/b) & more.\nReferences\n[1] K. Adam.\n[2] V. Net.";
    assert_eq!(text(&paper), expected);
    assert_eq!(paper.references.len(), 2);
    assert_eq!(paper.tables[0].caption.map(|c| paper.passage(&paper.passages[c])), Some("Table 1: Scores."));
    assert_eq!(paper.sections[1].number.as_deref(), Some("2"));
}

#[test]
fn marks_of_lines() {
    for (source, expected) in [
        ("10<sup>5</sup>, 32<br>64, \\$5", "10⁵, 32 64, $5"),
        ("costs \\$300 at a rate of 1e-4 and \\$20", "costs $300 at a rate of 1e-4 and $20"),
        ("from $5 to *all* of $10", "from $5 to all of $10"),
        ("at $5-$10 each", "at $5-$10 each"),
        ("<td>0.1</td><td>32</td>", "0.1 32 "),
        ("$x=1$ and `$HOME`", "x = 1 and $HOME"),
        ("of $ 10^{-4} $, as", "of 10⁻⁴, as"),
        ("_Leaves._ We take 1 _e_ _[−]_ [3], 5 _×_ 10 _[−]_[4]", "Leaves. We take 1 e⁻³, 5 × 10⁻⁴"),
        ("90.6 <sub>1.2</sub>, <b>9.5</b><sub>0.5</sub>, H<sub>2</sub>", "90.6 ±1.2, 9.5±0.5, H₂"),
        ("leaf_of_tree, as 10 [3] and [12] say", "leaf_of_tree, as 10 [3] and [12] say"),
        ("${L}_{1} + b_{2}$, <sup>0</sup>.5", "L₁ + b₂, 0.5"),
    ] {
        assert_eq!(inline(source), expected, "{source}");
    }
    let paper = read(b"# T\n\nTable 1: S.\n\n||A|B|\n|---|---|---|\n|Ours|1|2|\n", "x").expect("read");
    assert!(text(&paper).contains("A B\nOurs 1 2"), "{}", text(&paper));
    let columns: Vec<f32> = paper.tables[0].rows[0].cells.iter().map(|cell| cell.x0).collect();
    assert_eq!(columns, [100.0, 200.0]);
}

#[test]
fn lines_that_were_broken_for_print() {
    let source = "# On It\n\n## 1 Nets\n\nWe follow an ex-\nponential decay and fine-\ntune pre-\ntrained nets, as $x -\ny$ says.\n\n## 2 More\n\nWords.\n\nReferences\n\n1. K. Adam. Cutout of it.\n";
    let paper = read(source.as_bytes(), "x").expect("read");
    let expected = "On It\n1 Nets\nWe follow an exponential decay and fine-tune pre-trained nets, as x − y says.\n2 More\nWords.\nReferences\n[1] K. Adam. Cutout of it.";
    assert_eq!(text(&paper), expected);
    assert_eq!(paper.references.len(), 1);
    // A word in a sentence, and one before any section, head nothing.
    let source = "# On It\n\nReferences\n\n## 1 Nets\n\nWe name\nReferences\nhere.\n";
    assert_eq!(read(source.as_bytes(), "x").expect("read").references.len(), 0);
}

#[test]
fn captions_in_text_end() {
    let source = "On Things\n\nAda Oak\n\nAbstract\nWe look.\n\nTable 1: Scores of trees that are old and of trees that are\nyoung. Best in bold.\nThe oak is better than the elm, as we see here in the words\nbelow.\n";
    let paper = plain_text::read(source.as_bytes(), "x").expect("read");
    let caption = paper.passages.iter().find(|p| p.kind == PassageKind::Caption).map(|p| paper.passage(p));
    assert_eq!(caption, Some("Table 1: Scores of trees that are old and of trees that are young. Best in bold."));
}

#[test]
fn heads_over_several_columns() {
    let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_string()).collect::<Vec<_>>();
    let rows =
        [row(&["", "Plum", "", "Pear", ""]), row(&["Tree", "size", "age", "size", "age"]), row(&["Oak", "1", "2", "3", "4"])];
    assert_eq!((widths(&rows, 0), widths(&rows, 1)), (vec![1, 2, 1, 2, 1], vec![1; 5]));
    // Below it are values, or no more cells than above.
    assert_eq!(widths(&rows[1..], 0), vec![1; 5]);
    assert_eq!(widths(&[row(&["", "A", "", "B"]), row(&["x", "a", "", "b"])], 0), vec![1; 4]);
}

#[test]
fn other_scripts() {
    let source = "# 关于网络\n\n## 摘要\n\n我们使用学习率 0.1 训练模型。批量大小为 32。\n\n## Обучение\n\nМы обучаем модель 10 эпох.\n\nندرب النموذج بمعدل تعلم 0.1.\n";
    let paper = read(source.as_bytes(), "x").expect("read");
    assert_eq!(paper.title.as_ref().map(|t| paper.passage(t)), Some("关于网络"));
    assert_eq!(paper.sentences().len(), 4);
}

#[test]
fn odd_text_ends() {
    for text in [
        "",
        "|",
        "|\n|-|",
        "$$",
        "```",
        "[^",
        "#",
        "# ",
        "* ",
        "---\n",
        "---\ntitle:\n---",
        "\\[",
        "**",
        "[](",
        "a\n---",
        "\u{feff}",
    ] {
        read(text.as_bytes(), "x").expect("read");
        plain_text::read(text.as_bytes(), "x").expect("read");
    }
    read("[a](".repeat(20_000).as_bytes(), "x").expect("read");
    read("**a **b* ".repeat(20_000).as_bytes(), "x").expect("read");
}
