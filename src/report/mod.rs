//! Typed report -> Markdown, HTML, plots. Pure.
