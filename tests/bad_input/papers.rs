//! Papers that cannot be read.

use crate::program::{Place, Refusal};

/// A PDF of these objects, numbered from 1; the first is the catalog.
fn pdf(objects: &[String], trailer: &str) -> Vec<u8> {
    let mut file = "%PDF-1.4\n".to_string();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = file.len();
    file += &format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    file.extend(places.iter().map(|place| format!("{place:010} 00000 n \n")));
    file += &format!("trailer\n<< /Size {} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    file.into_bytes()
}

fn stream(dictionary: &str, content: &str) -> String {
    format!("<< {dictionary} /Length {} >>\nstream\n{content}\nendstream", content.len())
}

/// One page that draws `content` with a font `/F1` and an image `/Scan`.
fn page(content: &str) -> Vec<String> {
    vec![
        "<< /Type /Catalog /Pages 2 0 R >>".into(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".into(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> /XObject << /Scan 6 0 R >> >> >>"
            .into(),
        stream("", content),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".into(),
        stream("/Type /XObject /Subtype /Image /Width 4 /Height 2 /BitsPerComponent 8 /ColorSpace /DeviceGray", "scanned!"),
    ]
}

const WORDS: &str =
    "BT /F1 10 Tf 1 0 0 1 72 700 Tm (We fine-tune with a learning rate of 5e-5 and a batch size of 32 for 3 epochs.) Tj ET";

#[test]
fn files_that_are_no_readable_paper() {
    let place = Place::new();
    let check = |bytes: &[u8], words: &[&str], hint: &str| {
        let path = place.write("paper.pdf", bytes);
        let words: Vec<&str> = words.iter().copied().chain(["paper.pdf"]).collect();
        Refusal { code: 11, words: &words, hint }.check(&|| (place.tallow(["read".as_ref(), path.as_os_str()]), None));
    };
    check(&pdf(&page("q 612 0 0 792 0 0 cm /Scan Do Q"), ""), &["holds no text: 1 page(s), 0 letter(s)"], "OCR");
    let key = "00".repeat(32);
    let mut locked = page(WORDS);
    locked.push(format!("<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <{key}> /U <{key}> >>"));
    check(&pdf(&locked, "/Encrypt 7 0 R /ID [<00> <00>]"), &["is encrypted"], "without a password");
    let whole = pdf(&page(WORDS), "");
    check(&whole[..whole.len() / 2], &["is cut off", "the end mark `%%EOF` is missing"], "download the file again");
    check(
        b"We train a model.\n",
        &["is not a PDF", "expected it to start with `%PDF-`", "found text that starts with `We train"],
        "arXiv id",
    );
    check(b"", &["is not a PDF", "found an empty file"], "PDF");
}

#[test]
fn what_is_not_there_or_no_file() {
    let place = Place::new();
    let check = |given: &str, code: i32, words: &[&str], hint: &str| {
        Refusal { code, words, hint }.check(&|| (place.tallow(["read", given, "--offline"]), None));
    };
    let path = |name: &str| place.path(name).display().to_string();
    check(&path("absent.pdf"), 11, &["absent.pdf", "cannot be opened", "No such file"], "arXiv id (1810.04805)");
    std::fs::create_dir(place.path("folder.pdf")).expect("a folder");
    check(&path("folder.pdf"), 11, &["folder.pdf", "cannot be opened", "directory"], "a PDF file");
    check(
        "https://example.org/paper.pdf",
        2,
        &["`https://example.org/paper.pdf` is not a paper", "expected a PDF file, an arXiv id"],
        "",
    );
    check("1810.04805", 60, &["`1810.04805` is not in the cache, and the network must not be used"], "give the file");
}
