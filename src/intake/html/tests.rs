use super::read;
use crate::intake::{Paper, PassageKind, SectionKind};

fn paper(body: &str) -> Paper {
    read(
        format!("<!DOCTYPE html><html><head><title>T</title><style>p{{}}</style></head><body>{body}</body></html>").as_bytes(),
        "x",
    )
    .expect("read")
}

fn text(paper: &Paper) -> String {
    paper.pages[0].text.split('\n').filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// As arXiv gives its papers: LaTeXML's markup within a page of its own.
const LATEXML: &str = include_str!("../../../tests/loaders/paper.html");

#[test]
fn latexml_as_arxiv_gives_it() {
    let paper = read(LATEXML.as_bytes(), "x").expect("read");
    let expected = "Small Nets\nAda Example\nBo Sample²\nAbstract\nWe do it.\n1 Training\nWe use Adam with β₁ = 0.9 and [1] code¹ as\n¹At https://github.com/a/b.\nlr = 10⁻⁴\nsays.\n• one\nBatch of 32.\nTable 1: Scores.\nModel Score\nA B\nOurs 10.5 11\nA More\nEnd.\nReferences\n[1] K. and B. Adam.";
    assert_eq!(text(&paper), expected);
    assert_eq!(paper.authors.iter().map(|a| paper.passage(a)).collect::<Vec<_>>(), ["Ada Example", "Bo Sample"]);
    assert_eq!((paper.licence.as_deref(), paper.arxiv_id.as_deref()), (Some("CC BY 4.0"), Some("2401.00001v2")));
    let header: Vec<(&str, f32)> = paper.tables[0].rows[1].cells.iter().map(|c| (c.text.as_str(), c.x0)).collect();
    assert_eq!(header, [("Model", 0.0), ("A", 100.0), ("B", 200.0)]);
    assert!(paper.tables[0].caption.is_some());
    assert_eq!(
        paper.sections.iter().map(|s| s.kind).collect::<Vec<_>>(),
        [SectionKind::Abstract, SectionKind::Body, SectionKind::Appendix, SectionKind::References]
    );
    assert!(paper.sentences().iter().any(|s| s.text.ends_with("code¹ as says.")), "{:#?}", paper.sentences());
    assert!(paper.links.iter().any(|link| link.code && link.url == "https://github.com/a/b"));
}

#[test]
fn plain_html() {
    let paper = paper(
        "<h1>On It</h1><p class=authors>Ada Example, Bo Sample</p><h2>2.1 Setup</h2><p>We train &amp; test; see <a href='https://github.com/a/b'>code</a>.<ul><li>one<li>two</ul><script>evil()</script><table><caption>Table 1: X</caption><tr><th>a<th>b<tr><td>1<td>2</table>",
    );
    let expected = "On It\nAda Example, Bo Sample\n2.1 Setup\nWe train & test; see code (https://github.com/a/b).\n• one\n• two\nTable 1: X\na b\n1 2";
    assert_eq!(text(&paper), expected);
    assert_eq!(paper.sections[0].number.as_deref(), Some("2.1"));
    assert_eq!(paper.passages.iter().filter(|p| p.kind == PassageKind::Item).count(), 2);
    assert!(paper.tables[0].caption.is_some());
}

#[test]
fn formulas_that_are_drawn_twice_are_read_once() {
    let katex = "<p>A batch size of <span class=\"katex\"><span class=\"katex-mathml\"><math><semantics><mn>32</mn><annotation \
        encoding=\"application/x-tex\">32</annotation></semantics></math></span><span class=\"katex-html\" aria-hidden=\"true\">32</span></span>.</p>";
    let drawn = "<p>A batch size of <span class=katex><span class=katex-html aria-hidden=true>32</span></span>.</p>";
    for formula in [katex, drawn] {
        let read = paper(&format!("<h1>On It</h1>{formula}"));
        assert!(text(&read).contains("A batch size of 32."), "{}", text(&read));
    }
}

#[test]
fn a_licence_of_data_is_not_the_papers() {
    let linked = "<p>The data are under <a href='https://creativecommons.org/licenses/by/4.0/'>CC BY</a>.</p>";
    assert_eq!(paper(&format!("<h1>On It</h1>{linked}")).licence, None);
}

#[test]
fn hostile_pages_end() {
    paper(&"<table><tr><td>".repeat(20_000));
    paper(&"<li><p><math alttext='\\frac{'>".repeat(5_000));
    paper(&format!("<table><tr><td colspan=99999999 rowspan=99999999>{}", "<td colspan=200>x".repeat(5000)));
    paper("<figure><figcaption><figure><caption></table></figcaption><td></figure></h1>");
}
