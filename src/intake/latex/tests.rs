use super::files::tests::{gz, tar};
use super::{formula, read};
use crate::intake::{Paper, PassageKind};

fn paper(body: &str) -> Paper {
    read(format!("\\documentclass{{article}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n").as_bytes(), "x.tex")
        .expect("read")
}

/// All that a paper says, a line each passage, with the rows of its tables in order.
fn text(paper: &Paper) -> String {
    paper.pages[0].text.split('\n').filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn check(body: &str, expected: &str) {
    assert_eq!(text(&paper(body)), expected, "{body}");
}

#[test]
fn words_signs_and_comments() {
    check("a % b\nc", "a c");
    check("50\\% of R\\&D, item\\_1 -- 3--5 --- ``so''", "50% of R&D, item_1 – 3–5 — “so”");
    check("\\textbf{bold} \\emph{a \\texttt{b}} \\unknown[x]{kept}", "bold a b kept");
    check(
        "M\\\"uller, Erd\\H{o}s, \\L ukasz, na\\\"{\\i}ve, \\c{C}aglar, \\'{E}cole, \\o",
        "Müller, Erdős, Łukasz, naïve, Çaglar, École, ø",
    );
    check("a~b\\,c\\\\d", "a b c d");
    check("\\iffalse gone \\else kept \\fi \\iftrue yes\\else no\\fi", "kept yes");
    check("\\newif\\ifdraft \\draftfalse \\ifdraft a\\else b\\fi \\drafttrue \\ifdraft c\\fi", "bc");
    check("\\begin{comment}\nx \\end{y}\n\\end{comment}a\\vspace{-1em}\\hskip 3pt b", "ab");
    check("\\verb|a_b|", "a_b");
    check("a \\ding{51} b \\ding{55} $\\ding{55}$ \\ding{202}c", "a ✓ b ✗ ✗ c");
    check("\\SI{3}{days}, \\SI{5}{\\percent}, \\num{1e-4}", "3 days, 5%, 1e-4");
}

#[test]
fn macros_with_arguments() {
    check("\\newcommand{\\a}[2][x]{(#1,#2)}\\a{1} \\a[y]{2}", "(x,1) (y,2)");
    check("\\def\\pair#1/#2.{#2 then #1}\\pair one/two.", "two then one");
    check("\\newcommand\\ours{OurNet\\xspace}\\ours is; \\ours.", "OurNet is; OurNet.");
    check("\\DeclareMathOperator*{\\argmax}{arg\\,max}$\\argmax_x f$", "arg maxx f");
    check("\\NewDocumentCommand{\\f}{s O{d} m}{#1#2#3}\\f{a} \\f*[b]{c}", "da *bc");
    check("\\newenvironment{note}[1]{Note #1: }{ (end)}\\begin{note}{7}text\\end{note}", "Note 7: text (end)");
    check("\\let\\old\\textbf \\old{x} \\renewcommand{\\section}[1]{no}\\section{One}", "x\n1 One");
}

#[test]
fn formulas_read_like_printed_ones() {
    let check = |latex: &str, expected: &str| assert_eq!(formula(latex), expected, "{latex}");
    check("\\beta_1=0.9", "β₁ = 0.9");
    check("90.6_{1.2}", "90.6±1.2");
    check("x_{1.2}", "x1.2");
    check("\\epsilon=10^{-9}", "ϵ = 10⁻⁹");
    check("d_{\\text{model}}=512", "dmodel = 512");
    check("P_{drop}=0.1", "Pdrop = 0.1");
    check("3.3\\cdot10^{18}", "3.3 · 10¹⁸");
    check("10{,}000 + 20,000", "10,000 + 20,000");
    check("\\{1, 2, 4\\}", "{1, 2, 4}");
    check("\\{16, 32, 64, 128\\}", "{16, 32, 64, 128}");
    check("\\{128,256,512\\}, 50, 100", "{128, 256, 512}, 50, 100");
    check("\\frac{QK^T}{\\sqrt{d_k}}V", "QK^T/√dkV");
    check("-\\infty < x \\leq -1", "−∞ < x ≤ −1");
    check("\\mathrm{Attention}(Q,K)", "Attention(Q, K)");
    check("\\left( a+b \\right)/2", "(a + b)/2");
    check("x\\in\\mathbb{R}^{n\\times m}", "x ∈ R^(n × m)");
    check("\\begin{cases} 1 & a \\\\ 0 & b\\end{cases}", "{1 a; 0 b}");
    check("2e{-5}", "2e−5");
    check("n\\log n, 90^\\circ, 4^{th}", "n log n, 90°, 4th");
    check("5\\times10^{-5}", "5 × 10⁻⁵");
    check("\\pm 0.2", "±0.2");
}

#[test]
fn sections_references_and_citations() {
    let body = "\\title{A \\\\ Title\\thanks{Funded.}}\\author{Ann One\\thanks{Equal.} \\\\ Lab \\And Bo {\\'A}two$^{1,2}$ \\\\ x@y.z}\\maketitle
        \\begin{abstract}Short.\\end{abstract}
        \\section{First}\\label{s} See Section~\\ref{s}, \\autoref{t}, Eq.~\\eqref{e} and \\citep{b,a}. It goes
        \\begin{equation}\\label{e} x = 1 \\end{equation}
        on\\footnote{Aside.} here.
        \\begin{itemize}\\item one \\item two\\end{itemize}
        \\begin{enumerate}\\item one \\item[b)] two\\end{enumerate}
        \\begin{table}\\caption{Sizes}\\label{t}\\begin{tabular}{lc}a & 1\\\\\\end{tabular}\\end{table}
        \\subsection*{Free}\\paragraph{Run} in.
        \\appendix\\section{More}\\subsection{Deep} End.
        \\begin{thebibliography}{9}\\bibitem{a} A. Book.\\bibitem{b} B. \\newblock Paper.\\end{thebibliography}";
    let paper = paper(body);
    let words = text(&paper);
    let expected = "A Title\nAnn One\nBo Átwo¹,²\nFunded.\nEqual.\nAbstract\nShort.\n1 First\nSee Section 1, Table 1, Eq. (1) and [2, 1]. It goes\nx = 1\non¹ here.\n¹Aside.\n• one\n• two\n1. one\nb) two\nTable 1: Sizes\na 1\nFree\nRun in.\nA More\nA.1 Deep\nEnd.\nReferences\n[1] A. Book.\n[2] B. Paper.";
    assert_eq!(words, expected);
    let authors: Vec<&str> = paper.authors.iter().map(|a| paper.passage(a)).collect();
    assert_eq!(authors, ["Ann One", "Bo Átwo"]);
    assert_eq!(paper.passages.iter().filter(|p| p.kind == PassageKind::Note).count(), 3);
    assert_eq!(paper.sentences().iter().find(|s| s.text.contains("It goes")).map(|s| s.text.as_str()), Some("It goes on¹ here."));
    assert_eq!(paper.tables[0].caption.map(|c| paper.passage(&paper.passages[c])), Some("Table 1: Sizes"));
    assert_eq!(paper.references.len(), 2);
}

#[test]
fn fronts_as_classes_have_them() {
    let check = |front: &str, expected: &[&str]| {
        let paper = paper(&format!("{front}\\maketitle Words."));
        let authors: Vec<&str> = paper.authors.iter().map(|a| paper.passage(a)).collect();
        assert_eq!(authors, expected, "{front}");
    };
    check("\\author{\\IEEEauthorblockN{Ann One, Bo Two}\\IEEEauthorblockA{University of X}}", &["Ann One", "Bo Two"]);
    check("\\author{Ann One\\inst{1} \\and Bo Two\\inst{2}}\\institute{X \\and Y}", &["Ann One", "Bo Two"]);
    check("\\author[1]{Ann One}\\author[2]{Bo Two}\\affil[1]{X}", &["Ann One", "Bo Two"]);
    check("\\icmlauthor{Ann One}{x}\\icmlauthor{Bo Two}{y}\\icmlaffiliation{x}{University}", &["Ann One", "Bo Two"]);
    check("\\author{Ann One$^{1,2}$, Bo Two$^*$ \\& Cy Three\\\\ Institute of X}", &["Ann One", "Bo Two", "Cy Three"]);
    check("\\author{\\name Ann One \\email a@y.z \\AND \\name Bo Two \\email b@y.z \\addr Lab}", &["Ann One", "Bo Two"]);
    let paper = paper("\\abstract{Short.}\\section{One} Words.");
    assert_eq!(paper.abstract_passages().map(|p| paper.passage(p)).collect::<Vec<_>>(), ["Short."]);
}

#[test]
fn names_and_years() {
    let body = "\\citet{k} and \\citep[see][p.~3]{k,v}; \\cite{none}.
        \\begin{thebibliography}{}\\bibitem[Kingma and Ba(2015)]{k} K.\\bibitem[Vaswani et~al.(2017)Vaswani, X]{v} V.\\end{thebibliography}";
    assert!(
        text(&paper(body)).starts_with("Kingma and Ba (2015) and (Kingma and Ba, 2015; Vaswani et al., 2017, p. 3); (none)."),
        "{}",
        text(&paper(body))
    );
}

#[test]
fn tables() {
    let body = "\\begin{table*}[t]\\centering\\resizebox{\\textwidth}{!}{\\begin{tabular}{@{}l|cc@{}}\\toprule
        \\multirow{2}{*}{Model} & \\multicolumn{2}{c}{Score}\\\\ \\cmidrule(lr){2-3}
        & \\textbf{A} & B\\\\[1pt]\\midrule Ours & $10.5_{\\pm 0.2}$ & \\makecell{1\\\\2}\\\\ \\hline\\end{tabular}}\\caption{Results.}\\end{table*}";
    let paper = paper(body);
    let rows: Vec<Vec<(&str, f32, f32)>> =
        paper.tables[0].rows.iter().map(|r| r.cells.iter().map(|c| (c.text.as_str(), c.x0, c.x1)).collect()).collect();
    assert_eq!(rows[0], [("Model", 0.0, 90.0), ("Score", 100.0, 290.0)]);
    assert_eq!(rows[1], [("Model", 0.0, 90.0), ("A", 100.0, 190.0), ("B", 200.0, 290.0)]);
    assert_eq!(rows[2], [("Ours", 0.0, 90.0), ("10.5±0.2", 100.0, 190.0), ("1 2", 200.0, 290.0)]);
    assert_eq!(paper.tables[0].caption.map(|c| paper.passage(&paper.passages[c])), Some("Table 1: Results."));
}

#[test]
fn parts_bibliographies_and_packages_of_an_archive() {
    let main = b"\\documentclass{article}\\usepackage{own}\\begin{document}\\input sec/one \\include{two}\\subfile{sub}\\bibliography{refs}\\end{document}";
    let archive = tar(&[
        ("main.tex", b'0', main),
        ("own.sty", b'0', b"\\newcommand\\@x{inner}\\newcommand{\\ours}{Net \\@x}\\renewcommand{\\section}[1]{}text"),
        ("sec/one.tex", b'0', b"\\ours\\ one \\cite{a}.\n\\input{near}"),
        ("sec/near.tex", b'0', b" near"),
        ("two.tex", b'0', b"two."),
        ("sub.tex", b'0', b"\\documentclass[main]{subfiles}\\begin{document}sub.\\end{document} gone"),
        ("refs.bib", b'0', b"@article{a, author={B, A}, title={T}, year={2001}}"),
        ("main.bbl", b'0', b"\\begin{thebibliography}{1}\\bibitem{a} A. B. T. 2001.\\end{thebibliography}"),
    ]);
    let paper = read(&gz(&archive), "x.tar.gz").expect("read");
    assert_eq!(text(&paper), "Net inner one [1]. near two.sub.\nReferences\n[1] A. B. T. 2001.");
    assert!(paper.left_out.is_empty(), "{:?}", paper.left_out);
}

#[test]
fn a_bib_file_serves_where_there_is_nothing_better() {
    let archive = tar(&[
        ("m.tex", b'0', b"\\documentclass{article}\\begin{document}\\cite{a}\\bibliography{r}\\end{document}"),
        (
            "r.bib",
            b'0',
            b"@article{a, author={Ba, Jimmy and Kingma, Diederik}, title={{A}dam}, year={2015}} @misc{z, title={No}}",
        ),
    ]);
    assert_eq!(
        text(&read(&archive, "x").expect("read")),
        "(Ba and Kingma, 2015)\nReferences\nJimmy Ba, Diederik Kingma. Adam. 2015"
    );
}

#[test]
fn hostile_sources_end_and_say_what_was_left_out() {
    let left_out = |body: &str, expected: &str| {
        let paper = paper(&format!("Words before. {body} Words after."));
        assert!(paper.left_out.iter().any(|note| note.contains(expected)), "{body}: {:?}", paper.left_out);
        assert!(!text(&paper).contains("root:"), "{body}");
        assert!(text(&paper).contains("Words before."), "{body}");
    };
    left_out("\\input{/etc/passwd}", "`/etc/passwd` is left out");
    left_out("\\input{../../../etc/passwd}", "`../../../etc/passwd` is left out");
    left_out("\\input{|ls}", "`|ls` is left out");
    left_out("\\input{main.tex}", "it is read within itself");
    left_out("\\def\\a{\\a}\\a", "`\\a` has no end");
    left_out("\\def\\a{x\\a y}\\a", "`\\a` has no end");
    left_out("\\def\\a{\\b}\\def\\b{\\a}\\a", "has no end");
    left_out("\\def\\a#1{\\a{#1#1}}\\a{xx}", "");
    let doubled: String =
        (b'a'..=b'y').map(|c| format!("\\def\\m{}{{\\m{}\\m{}}}", c as char, (c + 1) as char, (c + 1) as char)).collect();
    let paper = paper(&format!("Words. {doubled}\\def\\mz{{0123456789}}\\ma"));
    assert!(!paper.left_out.is_empty() && paper.pages[0].text.len() < 100 << 20);
}

#[test]
fn what_is_not_closed_ends_with_the_file() {
    for body in [
        "{{{{",
        "\\begin{table}\\begin{tabular}{c}a & b",
        "$x + ",
        "\\footnote{a",
        "\\begin{equation} x",
        "\\title{",
        "\\[ a",
        "}}}",
        "\\end{x}",
        "\\item",
        "&",
        "\\newcommand",
        "\\def",
        "\\begin",
        "\\cite{",
        "\\multirow{",
        "\\frac",
        "$\\frac$",
        "\\verb|",
        "\\'",
    ] {
        paper(&format!("Words. {body}"));
    }
    let deep = "{\\footnote".repeat(5000) + &"\\begin{tabular}{c}".repeat(3000) + &"$\\sqrt{".repeat(3000);
    paper(&deep);
    assert!(formula(&"\\frac{".repeat(3000)).len() < 100_000);
}
