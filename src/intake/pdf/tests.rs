use crate::error::{Class, Failure};
use crate::intake::{EXAMPLE_PAPER, Error, Paper, PaperFormat, read_paper};

/// A PDF of these objects, numbered from 1; the first is the catalog.
fn pdf(objects: &[&str], trailer: &str) -> Vec<u8> {
    let mut file = "%PDF-1.4\n".to_string();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = file.len();
    file += &format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        file += &format!("{place:010} 00000 n \n");
    }
    file += &format!("trailer\n<< /Size {} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    file.into_bytes()
}

fn stream(dictionary: &str, content: &str) -> String {
    format!("<< {dictionary} /Length {} >>\nstream\n{content}\nendstream", content.len())
}

const CATALOG: &str = "<< /Type /Catalog /Pages 2 0 R >>";
const PAGES: &str = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>";
const PAGE: &str =
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>";
const FONT: &str = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
const WORDS: &str =
    "BT /F1 10 Tf 1 0 0 1 72 700 Tm (We train with a learning rate of 0.1 and a batch size of 64 for 9 epochs.) Tj ET";

fn read(bytes: &[u8]) -> Result<Paper, Error> {
    read_paper(bytes, PaperFormat::Pdf, "p.pdf")
}

fn refused(bytes: &[u8], expected: &str, hint: &str) {
    let error = read(bytes).expect_err("refused");
    assert!(error.to_string().contains(expected), "{error}");
    assert!(error.to_string().contains("`p.pdf`"), "{error}");
    assert!(error.hint().is_some_and(|h| h.contains(hint)) || hint.is_empty(), "{:?}", error.hint());
    assert_eq!(error.class(), Class::Paper);
}

#[test]
fn files_that_are_no_pdf_say_what_they_are() {
    refused(b"", "found an empty file", "PDF");
    refused(b"A plain text\nnamed .pdf", "found text that starts with `A plain text named .pdf`", "arXiv");
    refused(b"<!DOCTYPE html><html>", "found a web page", "PDF");
    refused(b"PK\x03\x04....", "found a ZIP archive", "PDF");
    refused(&[0, 1, 2, 3], "found unknown bytes", "PDF");
}

#[test]
fn files_that_are_cut_off() {
    refused(&EXAMPLE_PAPER[..EXAMPLE_PAPER.len() / 2], "is cut off", "download the file again");
    refused(&EXAMPLE_PAPER[..20], "is cut off: 20 bytes", "download the file again");
}

#[test]
fn a_pdf_without_text_hints_at_ocr() {
    let objects = [CATALOG, PAGES, PAGE, &stream("", "0 0 100 100 re f"), FONT];
    refused(&pdf(&objects, ""), "holds no text: 1 page, 0 letters", "OCR");
}

#[test]
fn an_encrypted_pdf_is_not_read() {
    let key = "00".repeat(32);
    let encrypt = format!("<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <{key}> /U <{key}> >>");
    let objects = [CATALOG, PAGES, PAGE, &stream("", WORDS), FONT, &encrypt];
    refused(&pdf(&objects, "/Encrypt 6 0 R /ID [<00> <00>]"), "is encrypted", "password");
}

#[test]
fn a_pdf_without_pages_is_damaged() {
    refused(&pdf(&[CATALOG, "<< /Type /Pages /Kids [] /Count 0 >>"], ""), "it has no pages", "");
}

#[test]
fn too_many_pages_and_bytes_are_refused() {
    let kids: String = (0..600).map(|i| format!("{} 0 R ", i + 5)).collect();
    let pages = format!("<< /Type /Pages /Kids [{kids}] /Count 600 >>");
    let words = stream("", WORDS);
    let mut objects = vec![CATALOG, pages.as_str(), FONT, words.as_str()];
    objects.resize(604, PAGE);
    refused(&pdf(&objects, ""), "600 pages, at most 500", "");
    let mut big = EXAMPLE_PAPER.to_vec();
    big.resize((64 << 20) + 1, b' ');
    refused(&big, "67108865 bytes, at most 67108864", "");
}

fn text_of(bytes: &[u8]) -> String {
    read(bytes).expect("read").pages.into_iter().map(|p| p.text).collect()
}

#[test]
fn a_small_pdf_is_read() {
    let objects = [CATALOG, PAGES, PAGE, &stream("", WORDS), FONT];
    assert_eq!(text_of(&pdf(&objects, "")).trim(), "We train with a learning rate of 0.1 and a batch size of 64 for 9 epochs.");
}

#[test]
fn what_contains_itself_ends() {
    // A form that draws itself, and a page whose parent is itself.
    let page = PAGE.replace("/Font <<", "/XObject << /X 6 0 R >> /Font <<");
    let looped = stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>", "/X Do");
    let objects = [CATALOG, PAGES, &page, &stream("", &format!("{WORDS} /X Do")), FONT, &looped];
    assert!(text_of(&pdf(&objects, "")).contains("learning rate"));
    let own_parent = PAGE.replace("/Parent 2 0 R /MediaBox [0 0 612 792]", "/Parent 3 0 R");
    assert!(text_of(&pdf(&[CATALOG, PAGES, &own_parent, &stream("", WORDS), FONT], "")).contains("learning rate"));
}

#[test]
fn what_breaks_the_library_loses_no_more_than_the_rest_of_a_page() {
    // An unknown colour space, then a font that does not exist.
    let content = stream("", &format!("/Nowhere cs 1 scn {WORDS} BT /F9 10 Tf (lost) Tj ET"));
    let paper = read(&pdf(&[CATALOG, PAGES, PAGE, &content, FONT], "")).expect("read");
    assert!(paper.pages[0].text.contains("learning rate"));
    assert!(!paper.pages[0].whole);
}

#[test]
fn fonts_of_bitmaps_are_read_by_the_encoding_of_tex() {
    let text = text_of(include_bytes!("../../../tests/papers/cyrillic.pdf"));
    assert!(text.contains("Об обучении малых сетей") && text.contains("Мы обучаем модель с помощью Adam"), "{text}");
    assert!(text.contains("1 Введение"), "{text}");
    let text = text_of(include_bytes!("../../../tests/papers/sideways.pdf"));
    for words in ["The efficient offices", "fluffily differ", "Größe."] {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_table_on_its_side_and_notes_are_kept_apart() {
    let paper = read(include_bytes!("../../../tests/papers/sideways.pdf")).expect("read");
    let rows: Vec<Vec<&str>> = paper.tables[0].rows.iter().map(|r| r.cells.iter().map(|c| c.text.as_str()).collect()).collect();
    assert_eq!(rows, [["Model", "STS-B", "QNLI"], ["Ours", "85.1", "90.2"], ["Base", "84.0", "89.9"]]);
    assert_eq!(paper.tables[0].caption.map(|c| paper.passage(&paper.passages[c])), Some("Table 1: Offline scores."));
    let notes: Vec<&str> =
        paper.passages.iter().map(|p| paper.passage(p)).filter(|text| text.contains('f') && text.len() < 20).collect();
    assert!(
        notes.iter().any(|note| note.ends_with("First find.")) && notes.iter().any(|note| note.ends_with("Second flow.")),
        "{notes:?}"
    );
}
