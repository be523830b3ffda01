//! Commands of classes and packages: those that hold text in an order of their own, and those whose arguments are no text.

use super::macros::{self, argument, optional, star};
use super::reader::Reader;
use super::tokens::Token;

impl Reader<'_> {
    /// Commands of classes and packages that hold text in an order of their own.
    pub(super) fn conference(&mut self, name: &str) -> bool {
        match name {
            "icmltitle" | "Title" | "papertitle" => {
                let title = self.argument_text();
                self.title.get_or_insert(title);
            }
            "icmlauthor" | "addauthor" | "Author" => {
                let author = self.argument_text();
                argument(&mut self.input);
                self.authors.push(author);
            }
            "name" if !self.begun => {
                let name = self.argument_text();
                self.authors.push(name);
            }
            "IEEEauthorblockA"
            | "IEEEauthorrefmark"
            | "pdfbookmark"
            | "subtitle"
            | "affiliation"
            | "affil"
            | "institution"
            | "institute"
            | "address"
            | "email"
            | "emails"
            | "orcid"
            | "date"
            | "icmlaffiliation"
            | "icmlcorrespondingauthor"
            | "keywords"
            | "icmlkeywords"
            | "ccsdesc"
            | "acmConference"
            | "orcidID"
            | "authorrunning"
            | "titlerunning"
            | "runningtitle"
            | "shorttitle"
            | "shortauthors"
            | "markboth"
            | "icmltitlerunning"
            | "editor"
            | "received"
            | "thispagestyle"
            | "pagestyle"
            | "country"
            | "city"
            | "state" => {
                optional(&mut self.input);
                argument(&mut self.input);
                if matches!(name, "icmlaffiliation" | "icmlcorrespondingauthor" | "markboth" | "pdfbookmark") {
                    argument(&mut self.input);
                }
            }
            "twocolumn" => {
                if let Some(tokens) = optional(&mut self.input) {
                    self.input.push(tokens.into());
                }
            }
            _ => return false,
        }
        true
    }

    /// Commands whose arguments are no text: `d` is dropped, `o` is optional and dropped, `k` is kept, `s` may be a star.
    pub(super) fn dropped(&mut self, name: &str) -> bool {
        let shape = match name {
            "vskip" | "hskip" | "kern" | "parindent" | "parskip" | "baselineskip" | "itemsep" | "tabcolsep" | "topsep"
            | "penalty" | "hangindent" | "leftskip" | "rightskip" | "hsize" | "vsize" | "looseness" => {
                self.skip_dimension();
                return true;
            }
            "vspace" | "hspace" | "addvspace" => "sd",
            "textcolor" | "colorbox" | "scalebox" | "rotatebox" | "raisebox" | "parbox" | "hyperlink" | "hypertarget"
            | "fontfamily" => "odok",
            "resizebox" | "fcolorbox" => "sddk",
            "adjustbox" | "makebox" | "framebox" | "href" => "ook",
            "color" | "pagecolor" | "includegraphics" | "bibliographystyle" | "pagenumbering" | "graphicspath" | "epsfig"
            | "psfig" | "hypersetup" | "usetikzlibrary" | "captionsetup" | "lstset" | "geometry" | "sisetup" | "pgfplotsset"
            | "tikzset" | "hyphenation" | "titlespacing" | "setlist" | "phantom" | "hphantom" | "vphantom" | "cmidrule"
            | "cline" | "thanksref" | "rowcolor" | "cellcolor" | "columncolor" | "arrayrulecolor" | "index" | "glsadd"
            | "bibinfo" | "providecolor" | "fontsize" | "selectlanguage" | "setstretch" | "linespread" | "input@path"
            | "nolinenumbers" | "todo" | "marginpar" | "textheight" | "stepcounter" | "refstepcounter" | "usecounter"
            | "value" | "arabic" | "ensuremath@" => "sod",
            "definecolor" | "colorlet" | "newcolumntype" => "oddd",
            "setlength"
            | "addtolength"
            | "setcounter"
            | "addtocounter"
            | "addcontentsline"
            | "settowidth"
            | "newcounter"
            | "newlength"
            | "theoremstyle"
            | "DeclareGraphicsExtensions"
            | "AtBeginDocument"
            | "addtocontents"
            | "renewcommand@"
            | "SetKwInput"
            | "titleformat"
            | "crefname"
            | "Crefname"
            | "floatname"
            | "rule" => {
                if matches!(name, "newcounter" | "newlength" | "theoremstyle" | "DeclareGraphicsExtensions" | "AtBeginDocument") {
                    "d"
                } else {
                    "odd"
                }
            }
            _ => return false,
        };
        for part in shape.chars() {
            match part {
                's' => drop(star(&mut self.input)),
                'o' => drop(optional(&mut self.input)),
                'd' => drop(argument(&mut self.input)),
                _ => {
                    let tokens = argument(&mut self.input);
                    self.input.push(tokens.into());
                }
            }
        }
        true
    }

    /// `= -1.5em`.
    fn skip_dimension(&mut self) {
        macros::skip_spaces(&mut self.input);
        while let Some(token) = self.input.next() {
            match token {
                Token::Char(c) if c.is_ascii_alphanumeric() || "=-.+".contains(c) => {}
                Token::Command(name) if name.ends_with("width") || name.ends_with("height") || name.ends_with("skip") => {}
                // The space that ends it belongs to it.
                Token::Space => return,
                other => return self.input.unread(other),
            }
        }
    }
}
