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
const LATEXML: &str = r##"
<header class="desktop_header"><a id="license-tr" href="https://creativecommons.org/licenses/by/4.0/">License: CC BY 4.0</a>
<div id="watermark-tr">arXiv:2401.00001v2 [cs.CL] 01 Jan 2024</div></header>
<nav class="ltx_page_navbar">Table of contents</nav>
<article class="ltx_document ltx_authors_1line">
<h1 class="ltx_title ltx_title_document">Small Nets</h1>
<div class="ltx_authors"><span class="ltx_creator ltx_role_author"><span class="ltx_personname">Ada Example<br class="ltx_break">University of X<br>ada@x.org
</span></span><span class="ltx_creator"><span class="ltx_personname">Bo Sample<sup class="ltx_sup">2</sup></span></span></div>
<div class="ltx_abstract"><h6 class="ltx_title ltx_title_abstract">Abstract</h6><p class="ltx_p">We do it.</p></div>
<section class="ltx_section" id="S1"><h2 class="ltx_title ltx_title_section"><span class="ltx_tag ltx_tag_section">1 </span>Training</h2>
<div class="ltx_para"><p class="ltx_p">We use Adam with <math alttext="\beta_{1}=0.9" class="ltx_Math" display="inline"><semantics><mi>x</mi></semantics></math>
and <cite class="ltx_cite ltx_citemacro_cite">[<a href="#bib.bib1" class="ltx_ref">1</a>]</cite> code<span id="footnote1" class="ltx_note ltx_role_footnote"><sup class="ltx_note_mark">1</sup><span class="ltx_note_outer"><span class="ltx_note_content"><sup class="ltx_note_mark">1</sup><span class="ltx_tag ltx_tag_note">1</span>At <a href="https://github.com/a/b">https://github.com/a/b</a>.</span></span></span> as</p>
<table class="ltx_equation ltx_eqn_table"><tbody><tr class="ltx_equation ltx_eqn_row"><td class="ltx_eqn_cell"><math alttext="lr=10^{-4}" display="block"></math></td><td><span class="ltx_tag ltx_tag_equation">(1)</span></td></tr></tbody></table>
<p class="ltx_p">says.</p></div>
<ul class="ltx_itemize"><li class="ltx_item"><span class="ltx_tag ltx_tag_item">•</span><div class="ltx_para"><p class="ltx_p">one</p></div></li></ul>
<section class="ltx_paragraph"><h4 class="ltx_title ltx_title_paragraph">Batch</h4><div class="ltx_para"><p class="ltx_p">of 32.</p></div></section>
<figure class="ltx_table" id="S1.T1"><figcaption class="ltx_caption"><span class="ltx_tag ltx_tag_table">Table 1: </span>Scores.</figcaption>
<table class="ltx_tabular"><thead><tr class="ltx_tr"><th class="ltx_td" rowspan="2">Model</th><th class="ltx_td" colspan="2">Score</th></tr><tr class="ltx_tr"><th class="ltx_td">A</th><th class="ltx_td">B</th></tr></thead>
<tbody><tr class="ltx_tr"><td class="ltx_td">Ours</td><td class="ltx_td"><math alttext="10.5"></math></td><td class="ltx_td">11</td></tr></tbody></table></figure>
</section>
<section class="ltx_appendix"><h2 class="ltx_title ltx_title_appendix"><span class="ltx_tag ltx_tag_appendix">Appendix A </span>More</h2><div class="ltx_para"><p class="ltx_p">End.</p></div></section>
<section class="ltx_bibliography"><h2 class="ltx_title ltx_title_bibliography">References</h2><ul class="ltx_biblist"><li class="ltx_bibitem"><span class="ltx_tag ltx_role_refnum ltx_tag_bibitem">[1]</span><span class="ltx_bibblock">K. and B.</span><span class="ltx_bibblock">Adam.</span></li></ul></section>
</article><footer>Report</footer>"##;

#[test]
fn latexml_as_arxiv_gives_it() {
    let paper = paper(LATEXML);
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
fn hostile_pages_end() {
    paper(&"<table><tr><td>".repeat(20_000));
    paper(&"<li><p><math alttext='\\frac{'>".repeat(5_000));
    paper(&format!("<table><tr><td colspan=99999999 rowspan=99999999>{}", "<td colspan=200>x".repeat(5000)));
    paper("<figure><figcaption><figure><caption></table></figcaption><td></figure></h1>");
}
