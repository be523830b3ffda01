//! Commands that stand for a sign, and accents.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The sign or word that a command stands for.
pub(super) fn symbol(name: &str) -> Option<&'static str> {
    static SYMBOLS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
        let line = |text: &'static str| text.split_whitespace().collect::<Vec<_>>();
        line(SIGNS).chunks_exact(2).map(|pair| (pair[0], pair[1])).chain(OTHERS.iter().copied()).collect()
    });
    SYMBOLS.get(name).copied()
}

/// Pairs of command and sign.
const SIGNS: &str = "
alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ nu ν xi ξ
omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω
Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω digamma ϝ
times × cdot · div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ wedge ∧ land ∧ vee ∨ lor ∨ cap ∩ cup ∪
setminus \\ sqcap ⊓ sqcup ⊔ uplus ⊎ dagger † ddagger ‡ amalg ⨿ wr ≀ diamond ⋄ triangle △ boxtimes ⊠ boxplus ⊞
leq ≤ le ≤ leqslant ≤ geq ≥ ge ≥ geqslant ≥ neq ≠ ne ≠ approx ≈ sim ∼ simeq ≃ cong ≅ equiv ≡ propto ∝ ll ≪ gg ≫ prec ≺ succ ≻ preceq ⪯
succeq ⪰ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ in ∈ notin ∉ ni ∋ mid | parallel ∥ perp ⊥ vdash ⊢ models ⊨ triangleq ≜ doteq ≐ asymp ≍
lesssim ≲ gtrsim ≳ coloneqq ≔ approxeq ≊ lll ⋘ ggg ⋙
to → rightarrow → longrightarrow → leftarrow ← gets ← longleftarrow ← leftrightarrow ↔ Rightarrow ⇒ implies ⇒ Longrightarrow ⇒ Leftarrow ⇐
Leftrightarrow ⇔ iff ⇔ mapsto ↦ longmapsto ↦ uparrow ↑ downarrow ↓ Uparrow ⇑ Downarrow ⇓ updownarrow ↕ hookrightarrow ↪ rightharpoonup ⇀
leftharpoonup ↼ rightleftharpoons ⇌ nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖ leadsto ⇝ rightsquigarrow ⇝ xrightarrow →
sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ bigvee ⋁ bigwedge ⋀ bigsqcup ⨆
infty ∞ partial ∂ nabla ∇ forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ emptyset ∅ varnothing ∅ aleph ℵ hbar ℏ ell ℓ Re ℜ Im ℑ wp ℘ prime ′
angle ∠ top ⊤ bot ⊥ surd √ flat ♭ sharp ♯ natural ♮ clubsuit ♣ diamondsuit ♢ heartsuit ♡ spadesuit ♠ square □ Box □ blacksquare ■ lozenge ◊
bigstar ★ checkmark ✓ Checkmark ✓ cmark ✓ xmark ✗ XSolidBrush ✗ complement ∁ because ∵ therefore ∴ imath ı jmath ȷ degree ° textdegree °
langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lbrace { rbrace } lbrack [ rbrack ] lvert | rvert | vert | lVert ∥ rVert ∥ Vert ∥ backslash \\
llbracket ⟦ rrbracket ⟧
ldots ... cdots ··· dots ... dotsc ... dotsb ··· dotsm ··· dotsi ··· textellipsis ... vdots ⋮ ddots ⋱ colon :
% % & & $ $ # # _ _ { { } } | ∥
S § P ¶ copyright © textcopyright © textregistered ® texttrademark ™ pounds £ textsterling £ euro € texteuro € yen ¥ dag † ddag ‡
textdagger † textdaggerdbl ‡ textbullet • textperiodcentered · textasteriskcentered ∗ textbar | textbackslash \\ textless < textgreater >
textasciitilde ~ textasciicircum ^ textunderscore _ textbraceleft { textbraceright } textquoteleft ‘ textquoteright ’ textquotedblleft “
textquotedblright ” quotedblbase „ glqq „ grqq “ guillemotleft « guillemotright » textendash – textemdash — textmu µ textpm ± texttimes ×
textonehalf ½ textrightarrow → textleftarrow ← textsection § textparagraph ¶ textordfeminine ª textordmasculine º textexclamdown ¡
textquestiondown ¿ textminus − textonesuperior ¹ texttwosuperior ² textthreesuperior ³ slash / lq ‘ rq ’ lbrack [ rbrack ]
ss ß SS ẞ ae æ AE Æ oe œ OE Œ o ø O Ø aa å AA Å l ł L Ł i ı j ȷ dh ð DH Ð th þ TH Þ dj đ DJ Đ ng ŋ NG Ŋ
TeX TeX LaTeX LaTeX LaTeXe LaTeX2e BibTeX BibTeX XeTeX XeTeX
eg e.g. ie i.e. percent %
";

/// What has spaces, or none.
const OTHERS: [(&str, &str); 42] = [
    (" ", " "),
    (",", " "),
    (";", " "),
    (":", " "),
    (">", " "),
    ("!", ""),
    ("/", ""),
    ("-", ""),
    ("@", ""),
    ("enspace", " "),
    ("enskip", " "),
    ("thinspace", " "),
    ("quad", "  "),
    ("qquad", "  "),
    ("space", " "),
    ("nobreakspace", " "),
    ("etal", "et al."),
    ("sin", "sin"),
    ("cos", "cos"),
    ("tan", "tan"),
    ("log", "log"),
    ("ln", "ln"),
    ("lg", "lg"),
    ("exp", "exp"),
    ("max", "max"),
    ("min", "min"),
    ("sup", "sup"),
    ("inf", "inf"),
    ("lim", "lim"),
    ("arg", "arg"),
    ("det", "det"),
    ("dim", "dim"),
    ("deg", "deg"),
    ("ker", "ker"),
    ("gcd", "gcd"),
    ("Pr", "Pr"),
    ("tanh", "tanh"),
    ("cosh", "cosh"),
    ("sinh", "sinh"),
    ("arctan", "arctan"),
    ("limsup", "lim sup"),
    ("liminf", "lim inf"),
];

/// Names of functions: words among formulas.
pub(super) fn is_function(name: &str) -> bool {
    let known = OTHERS.iter().any(|(own, _)| *own == name);
    known
        && name.len() > 1
        && !["etal", "enspace", "enskip", "thinspace", "quad", "qquad", "space", "nobreakspace"].contains(&name)
}

/// Accents: the command, the plain letters and what they become.
const ACCENTS: [(&str, &str, &str); 13] = [
    ("'", "aeiouyAEIOUYcnslrzgCNSLRZGık", "áéíóúýÁÉÍÓÚÝćńśĺŕźǵĆŃŚĹŔŹǴíḱ"),
    ("`", "aeiouAEIOUnNı", "àèìòùÀÈÌÒÙǹǸì"),
    ("^", "aeiouAEIOUcghjswyCGHJSWYı", "âêîôûÂÊÎÔÛĉĝĥĵŝŵŷĈĜĤĴŜŴŶî"),
    ("\"", "aeiouyAEIOUYı", "äëïöüÿÄËÏÖÜŸï"),
    ("~", "anoiuANOIUeEyYvVı", "ãñõĩũÃÑÕĨŨẽẼỹỸṽṼĩ"),
    ("=", "aeiouAEIOUyYgGı", "āēīōūĀĒĪŌŪȳȲḡḠī"),
    (".", "zcegZCEGIabdfhmnprstwxy", "żċėġŻĊĖĠİȧḃḋḟḣṁṅṗṙṡṫẇẋẏ"),
    ("c", "cstkglnrCSTKGLNRe", "çşţķģļņŗÇŞŢĶĢĻŅŖȩ"),
    ("v", "cdeghklnrstzaiouCDEGHKLNRSTZAIOUj", "čďěǧȟǩľňřšťžǎǐǒǔČĎĚǦȞǨĽŇŘŠŤŽǍǏǑǓǰ"),
    ("u", "aegiouAEGIOU", "ăĕğĭŏŭĂĔĞĬŎŬ"),
    ("H", "ouOU", "őűŐŰ"),
    ("k", "aeiouAEIOU", "ąęįǫųĄĘĮǪŲ"),
    ("r", "auAU", "åůÅŮ"),
];

pub(super) fn is_accent(name: &str) -> bool {
    matches!(name, "d" | "b") || ACCENTS.iter().any(|(own, ..)| *own == name)
}

/// A letter with its accent; with the accent's own sign after it where the two have no common one.
pub(super) fn accented(name: &str, letter: char) -> String {
    let precomposed = ACCENTS.iter().filter(|(own, ..)| *own == name).find_map(|(_, plain, made)| {
        let at = plain.chars().position(|c| c == letter)?;
        made.chars().nth(at)
    });
    if let Some(made) = precomposed {
        return made.to_string();
    }
    let mark = match name {
        "'" => '\u{301}',
        "`" => '\u{300}',
        "^" => '\u{302}',
        "\"" => '\u{308}',
        "~" => '\u{303}',
        "=" => '\u{304}',
        "." => '\u{307}',
        "c" => '\u{327}',
        "v" => '\u{30c}',
        "u" => '\u{306}',
        "H" => '\u{30b}',
        "k" => '\u{328}',
        "r" => '\u{30a}',
        "d" => '\u{323}',
        _ => '\u{331}',
    };
    format!("{letter}{mark}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_accent_has_as_many_letters_as_results() {
        for (name, plain, made) in ACCENTS {
            assert_eq!(plain.chars().count(), made.chars().count(), "{name}");
        }
        assert_eq!(
            (accented("\"", 'u').as_str(), accented("v", 'c').as_str(), accented("'", 'x').as_str()),
            ("ü", "č", "x\u{301}")
        );
    }

    #[test]
    fn signs_come_in_pairs() {
        assert_eq!(SIGNS.split_whitespace().count() % 2, 0);
        assert_eq!(
            (symbol("beta"), symbol("leq"), symbol("LaTeX"), symbol("nothing")),
            (Some("β"), Some("≤"), Some("LaTeX"), None)
        );
    }
}
