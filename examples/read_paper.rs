//! Prints what a paper says as flat JSON: `read_paper PAPER.pdf`; `--text` prints the text that was read instead.

use tallow::intake;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: read_paper PAPER.pdf [--text]")?;
    let paper = intake::read_pdf(&std::fs::read(&path)?, &path)?;
    if arguments.next().as_deref() == Some("--text") {
        for section in &paper.sections {
            println!("{:?} {} {}", section.kind, section.number.as_deref().unwrap_or("-"), section.title);
        }
        for sentence in paper.sentences() {
            println!("[{}] {}", paper.section_title(sentence.section), sentence.text);
        }
        for table in &paper.tables {
            println!("\nTABLE page {} {}", table.page, table.caption.map_or("", |c| paper.passage(&paper.passages[c])));
            for row in &table.rows {
                println!("{}", row.cells.iter().map(|c| c.text.as_str()).collect::<Vec<_>>().join(" | "));
            }
        }
    } else {
        let spec = intake::extract(&paper);
        println!("{}", serde_json::to_string_pretty(&intake::FlatSpec::from(&spec))?);
    }
    Ok(())
}
