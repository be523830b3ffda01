//! HTML -> a tree, as forgiving as browsers are where it matters: end tags that are missing, left over or in the wrong order.

/// An element or a text; `children` are indices into [`Tree::nodes`].
#[derive(Debug, Default)]
pub(super) struct Node {
    /// In small letters; empty for a text.
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) children: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

const MAX_NODES: usize = 1_500_000;
const MAX_DEPTH: usize = 200;
const MAX_ATTRIBUTES: usize = 40;
const VOID: [&str; 14] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

impl Node {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn has_class(&self, class: &str) -> bool {
        self.attribute("class").is_some_and(|classes| classes.split_ascii_whitespace().any(|own| own == class))
    }

    fn element(name: &str, attributes: Vec<(String, String)>) -> Self {
        Node { name: name.into(), attributes, ..Node::default() }
    }
}

impl Tree {
    pub(super) fn parse(text: &str) -> Self {
        let mut builder = Builder { tree: Tree { nodes: vec![Node::default()] }, open: vec![0] };
        let mut rest = text;
        while !rest.is_empty() && builder.tree.nodes.len() < MAX_NODES {
            let Some(at) = rest.find('<') else {
                builder.text(rest);
                break;
            };
            builder.text(&rest[..at]);
            rest = builder.tag(&rest[at..]);
        }
        builder.tree
    }

    /// The first element in the order of the text for which this holds.
    pub(super) fn find(&self, holds: &dyn Fn(&Node) -> bool) -> Option<usize> {
        // Nodes are made in the order of the text.
        self.nodes.iter().position(|node| !node.name.is_empty() && holds(node))
    }

    /// Whether this holds for an element or one within it.
    pub(super) fn within(&self, at: usize, holds: &dyn Fn(&Node) -> bool) -> Option<usize> {
        let mut left = vec![at];
        while let Some(at) = left.pop() {
            if holds(&self.nodes[at]) {
                return Some(at);
            }
            left.extend(self.nodes[at].children.iter().rev());
        }
        None
    }
}

struct Builder {
    tree: Tree,
    /// Elements that are open; the first is the root.
    open: Vec<usize>,
}

impl Builder {
    fn text(&mut self, text: &str) {
        if !text.is_empty() {
            let node = Node { text: decoded(text), ..Node::default() };
            self.add(node);
        }
    }

    fn add(&mut self, node: Node) -> usize {
        let at = self.tree.nodes.len();
        self.tree.nodes.push(node);
        let above = self.open.last().copied().unwrap_or(0);
        self.tree.nodes[above].children.push(at);
        at
    }

    /// Takes the tag at the start of `text`; gives back what follows it.
    fn tag<'t>(&mut self, text: &'t str) -> &'t str {
        let after = &text[1..];
        if let Some(comment) = after.strip_prefix("!--") {
            return comment.find("-->").map_or("", |end| &comment[end + 3..]);
        }
        if let Some(data) = after.strip_prefix("![CDATA[") {
            let end = data.find("]]>").unwrap_or(data.len());
            self.text(&data[..end]);
            return data.get(end + 3..).unwrap_or_default();
        }
        if after.starts_with(['!', '?']) {
            return after.find('>').map_or("", |end| &after[end + 1..]);
        }
        if let Some(close) = after.strip_prefix('/') {
            let end = close.find('>').unwrap_or(close.len());
            self.close(close[..end].trim().to_ascii_lowercase().as_str());
            return close.get(end + 1..).unwrap_or_default();
        }
        if !after.starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.text("<");
            return after;
        }
        let end = after.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(after.len());
        let name = after[..end].to_ascii_lowercase();
        let (attributes, closed, rest) = attributes(&after[end..]);
        self.begin(&name, attributes, closed);
        if matches!(name.as_str(), "script" | "style" | "template" | "textarea") && !closed {
            // What is in it is no HTML, up to its own end.
            let end = find_end(rest, &name);
            self.close(&name);
            return &rest[end..];
        }
        rest
    }

    fn begin(&mut self, name: &str, attributes: Vec<(String, String)>, closed: bool) {
        let (ended_by, kept_by): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ul", "ol"]),
            "tr" => (&["tr", "td", "th"], &["table"]),
            "td" | "th" => (&["td", "th"], &["table", "tr"]),
            "dt" | "dd" => (&["dt", "dd"], &["dl"]),
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "table" | "section" | "figure" | "blockquote" => {
                (&["p"], &["div", "td", "th", "li", "table", "section", "article", "figure", "span"])
            }
            _ => (&[], &[]),
        };
        let is = |at: &usize, names: &[&str]| names.contains(&self.tree.nodes[*at].name.as_str());
        let boundary = self.open.iter().rposition(|at| is(at, kept_by)).unwrap_or(0);
        let inner = self.open.iter().enumerate().skip(boundary + 1);
        if let Some((place, _)) = inner.into_iter().find(|(_, at)| is(at, ended_by)) {
            self.open.truncate(place);
        }
        let node = self.add(Node::element(name, attributes));
        if !closed && !VOID.contains(&name) && self.open.len() < MAX_DEPTH {
            self.open.push(node);
        }
    }

    fn close(&mut self, name: &str) {
        let found = self.open.iter().rposition(|at| self.tree.nodes[*at].name == name);
        if let Some(at) = found.filter(|at| *at > 0) {
            self.open.truncate(at);
        }
    }
}

/// Bytes up to `</name`, whatever its letters' case.
fn find_end(text: &str, name: &str) -> usize {
    let mut from = 0;
    while let Some(at) = text[from..].find("</") {
        let at = from + at;
        if text.get(at + 2..at + 2 + name.len()).is_some_and(|own| own.eq_ignore_ascii_case(name)) {
            return at;
        }
        from = at + 2;
    }
    text.len()
}

/// Attributes up to `>`; whether the tag closes itself; what follows.
fn attributes(text: &str) -> (Vec<(String, String)>, bool, &str) {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>") {
            return (found, true, after);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (found, false, after);
        }
        if rest.is_empty() {
            return (found, false, rest);
        }
        if let Some(after) = rest.strip_prefix('/') {
            rest = after;
            continue;
        }
        let ends = |(_, c): &(usize, char)| c.is_whitespace() || "=>/".contains(*c);
        let end = rest.char_indices().skip(1).find(ends).map_or(rest.len(), |(at, _)| at);
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let (raw, next) = match after.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let end = after[1..].find(quote).map_or(after.len(), |end| end + 1);
                    (&after[1..end], after.get(end + 1..).unwrap_or_default())
                }
                _ => {
                    let end = after.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(after.len());
                    (&after[..end], &after[end..])
                }
            };
            value = decoded(raw);
            rest = next;
        }
        if found.len() < MAX_ATTRIBUTES {
            found.push((name, value));
        }
    }
}

/// With `&amp;`, `&#955;`, `&#x3bb;` as what they stand for.
pub(in crate::intake) fn decoded(text: &str) -> String {
    const NAMED: [(&str, &str); 44] = [
        ("amp", "&"),
        ("lt", "<"),
        ("gt", ">"),
        ("quot", "\""),
        ("apos", "'"),
        ("nbsp", " "),
        ("ensp", " "),
        ("emsp", " "),
        ("thinsp", " "),
        ("shy", ""),
        ("ndash", "–"),
        ("mdash", "—"),
        ("hellip", "..."),
        ("lsquo", "‘"),
        ("rsquo", "’"),
        ("ldquo", "“"),
        ("rdquo", "”"),
        ("times", "×"),
        ("minus", "−"),
        ("plusmn", "±"),
        ("le", "≤"),
        ("ge", "≥"),
        ("ne", "≠"),
        ("asymp", "≈"),
        ("sim", "∼"),
        ("infin", "∞"),
        ("middot", "·"),
        ("sdot", "⋅"),
        ("bull", "•"),
        ("deg", "°"),
        ("copy", "©"),
        ("reg", "®"),
        ("alpha", "α"),
        ("beta", "β"),
        ("gamma", "γ"),
        ("delta", "δ"),
        ("epsilon", "ε"),
        ("lambda", "λ"),
        ("mu", "μ"),
        ("sigma", "σ"),
        ("theta", "θ"),
        ("eta", "η"),
        ("uuml", "ü"),
        ("eacute", "é"),
    ];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let stands = rest[1..].find(';').filter(|end| *end < 12 && rest.is_char_boundary(end + 1)).and_then(|end| {
            let name = &rest[1..=end];
            let sign = match name.strip_prefix('#') {
                Some(number) => {
                    let code = match number.strip_prefix(['x', 'X']) {
                        Some(hex) => u32::from_str_radix(hex, 16).ok(),
                        None => number.parse().ok(),
                    };
                    code.and_then(char::from_u32).filter(|c| !c.is_control() || c.is_whitespace()).map(String::from)
                }
                None => NAMED.iter().find(|(own, _)| *own == name).map(|(_, sign)| (*sign).to_string()),
            };
            sign.map(|sign| (sign, end + 2))
        });
        let (sign, length) = stands.unwrap_or(("&".into(), 1));
        out.push_str(&sign);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(tree: &Tree, at: usize) -> String {
        let node = &tree.nodes[at];
        let inner: String = node.children.iter().map(|child| shown(tree, *child)).collect();
        if node.name.is_empty() { format!("{}{inner}", node.text) } else { format!("<{}>{inner}</>", node.name) }
    }

    #[test]
    fn trees() {
        let check = |text: &str, expected: &str| assert_eq!(shown(&Tree::parse(text), 0), expected, "{text}");
        check("<p>a<p>b &amp; &#x3bb;&unknown;", "<p>a</><p>b & λ&unknown;</>");
        check("<ul><li>a<ul><li>b</ul><li>c</ul>d", "<ul><li>a<ul><li>b</></></><li>c</></>d");
        check("<table><tr><td>a<td>b<tr><td>c</table>", "<table><tr><td>a</><td>b</></><tr><td>c</></></>");
        check("<b>x</i></b></p>y<br/>z", "<b>x</>y<br></>z");
        check("<script>if (a < b) '</p>'</SCRIPT><!-- gone -->1 < 2", "<script></>1 < 2");
        check("<a href='x' class=\"one two\" checked>t", "<a>t</>");
        check("<", "<");
        check("<é a<b ü=\"", "<é a<b></>");
    }

    #[test]
    fn attributes_and_depth() {
        let tree = Tree::parse("<a href='x&amp;y' class=\"one two\">");
        assert_eq!((tree.nodes[1].attribute("href"), tree.nodes[1].has_class("two")), (Some("x&y"), true));
        assert_eq!(Tree::parse(&"<div>".repeat(5000)).nodes.len(), 5001);
    }
}
