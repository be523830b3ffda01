use super::server::{FakeClock, Reply, Server, reply};
use super::{Clock, FetchOptions, fetch};
use crate::error::Failure;
use crate::intake::{ArxivId, Error, Opened, PaperFormat, read_paper};
use std::time::Duration;

const HTML: &str = "<html><article class=\"ltx_document\"><h1 class=\"ltx_title ltx_title_document\">Small Nets</h1><p class=\"ltx_p\">We train a small net with a learning rate of 0.1 for long.</p></article></html>";
const TEX: &str = "\\documentclass{article}\\title{Small Nets}\\begin{document}We train a small net with a learning rate of 0.1 for long.\\end{document}";

fn abs(version: u32) -> Vec<Reply> {
    let page = format!(
        "<meta name=\"citation_title\" content=\"Small Nets\"/><meta name=\"citation_author\" content=\"Example, Ada\"/>\
         <a href=\"/pdf/x\">View PDF</a><div class=\"abs-license\"><a href=\"http://creativecommons.org/licenses/by/4.0/\" class=\"has_license\">x</a></div>\
         <strong>[v{version}]</strong> Mon (1 KB)"
    );
    vec![reply(200, "", page)]
}

fn ok(body: impl Into<Vec<u8>>) -> Vec<Reply> {
    vec![reply(200, "", body)]
}

struct Place {
    clock: std::sync::Arc<FakeClock>,
    server: Server,
    cache: tempfile::TempDir,
}

impl Place {
    fn new(pages: &[(&str, Vec<Reply>)]) -> Self {
        let clock = FakeClock::new();
        let server = Server::start(&clock, pages);
        Place { clock, server, cache: tempfile::tempdir().expect("a folder") }
    }

    fn options(&self) -> FetchOptions {
        let base_url = self.server.url.clone();
        let cache = Some(self.cache.path().to_path_buf());
        FetchOptions { base_url, clock: self.clock.clone(), timeout: Duration::from_secs(5), ..FetchOptions::new(cache) }
    }

    fn fetch(&self, id: &str) -> Result<Opened, Error> {
        fetch(&ArxivId::parse(id).expect("an id"), &self.options())
    }

    fn kept(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.cache.path())
            .expect("a folder")
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name != "arxiv.last")
            .collect();
        names.sort();
        names
    }
}

#[test]
fn the_rendering_is_taken_first_and_kept_with_its_version() {
    let place = Place::new(&[("/abs/2401.00001", abs(3)), ("/html/2401.00001v3", ok(HTML))]);
    let opened = place.fetch("2401.00001").expect("fetched");
    assert_eq!((opened.record.format, opened.record.name.as_str()), (PaperFormat::Html, "arXiv:2401.00001v3"));
    assert_eq!(place.server.asked(), ["/abs/2401.00001", "/html/2401.00001v3"]);
    assert_eq!(place.kept(), ["arxiv-2401.00001v3.html", "arxiv-2401.00001v3.json"]);
    // From now on nobody is asked: neither for the paper, nor for this version of it, nor without a network.
    for id in ["2401.00001", "2401.00001v3"] {
        assert_eq!(place.fetch(id).expect("cached"), opened);
    }
    let offline = FetchOptions { offline: true, ..place.options() };
    let id = ArxivId::parse("2401.00001").expect("an id");
    assert_eq!(fetch(&id, &offline).expect("cached"), opened);
    assert_eq!(place.server.asked().len(), 2);
    let other = fetch(&id.with_version(1), &offline).expect_err("not there");
    assert!(matches!(other, Error::Offline { .. }) && other.hint().is_some_and(|hint| hint.contains("give the file")));
}

#[test]
fn what_arxiv_says_completes_the_paper() {
    let place = Place::new(&[("/abs/2401.00001", abs(3)), ("/html/2401.00001v3", ok(HTML))]);
    let opened = place.fetch("2401.00001").expect("fetched");
    let mut paper = read_paper(&opened.bytes, opened.record.format, &opened.record.name).expect("read");
    opened.record.arxiv.as_ref().expect("a record").complete(&mut paper);
    assert_eq!((paper.licence.as_deref(), paper.arxiv_id.as_deref()), (Some("CC BY 4.0"), Some("2401.00001v3")));
    assert!(paper.authors.is_empty(), "the text does not name them");
}

#[test]
fn source_and_pdf_serve_where_there_is_no_rendering() {
    use std::io::Write;
    let pdf = crate::intake::EXAMPLE_PAPER;
    let gz = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("packed");
        encoder.finish().expect("packed")
    };
    let check = |html: Vec<Reply>, source: Vec<Reply>, expected: PaperFormat, asked: usize| {
        let place = Place::new(&[
            ("/abs/cs/0112017", abs(1)),
            ("/html/cs/0112017v1", html),
            ("/e-print/cs/0112017v1", source),
            ("/pdf/cs/0112017v1", ok(pdf)),
        ]);
        let opened = place.fetch("cs/0112017").expect("fetched");
        assert_eq!(opened.record.format, expected);
        assert_eq!(place.server.asked().len(), asked);
        read_paper(&opened.bytes, opened.record.format, "x").expect("it can be read");
        assert_eq!(place.kept().len(), 2);
        assert!(place.kept().contains(&format!("arxiv-cs_0112017v1.{}", expected.extension())));
    };
    let none = || vec![reply(404, "", "")];
    check(none(), ok(gz(TEX.as_bytes())), PaperFormat::Latex, 3);
    check(ok("<html>The conversion failed</html>"), ok(TEX), PaperFormat::Latex, 3);
    // A rendering with too little of the paper, or that broke off, is none.
    let empty = "<html><nav>Report an issue with the rendering of this page, or go back to the abstract</nav><article class=\"ltx_document\"><h1>Small Nets</h1></article></html>";
    check(ok(empty), ok(TEX), PaperFormat::Latex, 3);
    let broken = HTML.replace("<html>", "<html><p>Conversion to HTML had a Fatal error and exited abruptly.</p>");
    check(ok(broken), ok(TEX), PaperFormat::Latex, 3);
    check(ok(empty), none(), PaperFormat::Pdf, 4);
    check(none(), ok(pdf), PaperFormat::Pdf, 3);
    check(none(), ok(gz(b"%!PS-Adobe-2.0")), PaperFormat::Pdf, 4);
    check(none(), none(), PaperFormat::Pdf, 4);
}

#[test]
fn what_is_not_there_withdrawn_or_without_a_form() {
    let gone = "<td class=\"tablecell comments\">Withdrawn: a gap in the proof</td><strong>[v2]</strong> Mon (0 KB)";
    let place = Place::new(&[("/abs/2401.00001", ok(gone)), ("/abs/2401.00002", abs(1))]);
    let check = |id: &str, expected: &str, hint: &str| {
        let error = place.fetch(id).expect_err("refused");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.hint().is_some_and(|own| own.contains(hint)), "{:?}", error.hint());
    };
    check("2401.99999", "arXiv has no paper `2401.99999`", "check the id");
    check("2401.00001", "`2401.00001v2` is withdrawn: \"Withdrawn: a gap in the proof\"", "`2401.00001v1`");
    check("2401.00002", "neither HTML, LaTeX nor PDF", "give the file");
    assert!(place.kept().is_empty());
    place.server.asked();
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let busy = |wait: &str| reply(503, &format!("Retry-After: {wait}\r\n"), "busy");
    let place = Place::new(&[
        ("/abs/2401.00001", vec![busy("30"), reply(429, "", ""), abs(1).remove(0)]),
        ("/html/2401.00001v1", ok(HTML)),
        ("/abs/2401.00002", vec![busy("7200")]),
        ("/abs/2401.00003", vec![reply(500, "", "")]),
        ("/abs/2401.00004", vec![reply(403, "", "")]),
    ]);
    let begun = place.clock.now();
    place.fetch("2401.00001").expect("fetched");
    assert!(place.clock.now() - begun >= Duration::from_secs(36), "{:?}", place.clock.now() - begun);
    let error = place.fetch("2401.00002").expect_err("busy").to_string();
    assert!(error.contains("asks to wait 7200 s"), "{error}");
    assert!(place.fetch("2401.00003").expect_err("broken").to_string().contains("answered 500"));
    assert!(place.fetch("2401.00004").expect_err("refused").to_string().contains("answered 403"));
    assert_eq!(place.server.asked().len(), 3 + 1 + 1 + 4 + 1);
}

#[test]
fn redirections_are_requests_and_lead_to_no_other_host() {
    let to = |place: &str| vec![reply(301, &format!("Location: {place}\r\n"), "")];
    let place = Place::new(&[
        ("/abs/math.GT/0309136", to("/abs/math/0309136")),
        ("/abs/math/0309136", abs(1)),
        ("/html/math.GT/0309136v1", ok(HTML)),
        ("/abs/2401.00001", to("http://elsewhere.example/x")),
        ("/abs/2401.00002", to("/abs/2401.00002")),
    ]);
    place.fetch("math.GT/0309136").expect("fetched");
    let error = place.fetch("2401.00001").expect_err("refused").to_string();
    assert!(error.contains("elsewhere.example"), "{error}");
    assert!(place.fetch("2401.00002").expect_err("a loop").to_string().contains("answered 310"));
    place.server.asked();
}

#[test]
fn what_is_too_large_or_nobody_answers() {
    let place = Place::new(&[("/abs/2401.00001", abs(1)), ("/html/2401.00001v1", ok(vec![b'x'; 5000]))]);
    let id = ArxivId::parse("2401.00001").expect("an id");
    let error = fetch(&id, &FetchOptions { max_bytes: 4000, ..place.options() }).expect_err("too large").to_string();
    assert!(error.contains("at most 4000 are read"), "{error}");
    assert!(place.kept().is_empty());
    let nobody = FetchOptions { base_url: "http://127.0.0.1:1".into(), ..place.options() };
    let error = fetch(&id, &nobody).expect_err("nobody");
    assert!(matches!(error, Error::Unreachable { .. }) && error.hint().is_some(), "{error}");
    let odd = FetchOptions { base_url: "file:///etc".into(), ..place.options() };
    assert!(matches!(fetch(&id, &odd).expect_err("odd"), Error::BadSource { .. }));
}

#[test]
fn two_at_once_wait_for_each_other() {
    let place = Place::new(&[
        ("/abs/2401.00001", abs(1)),
        ("/html/2401.00001v1", ok(HTML)),
        ("/abs/2401.00002", abs(1)),
        ("/html/2401.00002v1", ok(HTML)),
    ]);
    std::thread::scope(|scope| {
        for id in ["2401.00001", "2401.00002"] {
            scope.spawn(|| place.fetch(id).expect("fetched"));
        }
    });
    assert_eq!(place.server.asked().len(), 4);
}
