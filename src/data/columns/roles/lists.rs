//! Words by which the parts of columns are told, in the languages that requests are read in.

/// Words that say that what they are beside is told.
#[rustfmt::skip]
pub(super) const LABELS: &[&str] = &[
    "label", "labels", "target", "targets", "class", "classes", "outcome", "response", "gold", "output", "outputs", "score", "scores",
    "dependent", "truth", "regressand", "predictand", "annotation", "annotations",
    "klasse", "klassen", "ziel", "zielspalte", "zielvariable", "zielgröße", "kategorie", "kategorien", "labelspalte",
    "étiquette", "étiquettes", "etiquette", "classe", "cible", "sortie",
    "etiqueta", "etiquetas", "clase", "clases", "objetivo", "salida", "rótulo", "rótulos", "rotulo", "alvo", "saída",
    "etichetta", "etichette", "classi", "obiettivo", "bersaglio", "uscita", "标签", "标签列", "目标", "目标列", "类别", "类别列", "ラベル",
];

/// Words that say that what they are beside is read.
#[rustfmt::skip]
pub(super) const INPUTS: &[&str] = &[
    "input", "inputs", "text", "texts", "feature", "features", "predictor", "predictors", "sentence", "sentences", "document", "documents",
    "eingabe", "eingaben", "eingabetext", "texte", "textspalte", "merkmal", "merkmale", "eingang",
    "entrée", "entrées", "entree", "texte", "caractéristiques", "entrada", "entradas", "texto", "textos", "mensaje", "mensajes", "características",
    "ingresso", "ingressi", "testo", "testi", "caratteristiche", "文本", "文本列", "输入", "输入列", "特征", "テキスト", "入力",
];

/// What stands before names that are left out, most of it in other languages than English, of which more is known elsewhere.
#[rustfmt::skip]
pub(super) const EXCLUDES: &[&str] = &[
    "without",
    "ohne", "ignoriere", "ignorieren", "ausgenommen", "außer", "sans", "ignorer", "ignorez", "exclure", "exclus", "excluez", "excepté", "sauf",
    "sin", "ignora", "ignorar", "excluye", "excluir", "excepto", "salvo", "senza", "escludi", "escludere", "escludendo", "ignorare", "tranne",
    "sem", "exclua", "exclui", "excluindo", "exceto", "排除", "忽略", "不用", "不使用", "不要", "不要用", "不要使用", "不能用", "不能使用", "去掉", "除了",
];

/// The same behind a name, where verbs stand last.
pub(super) const LEFT_OUT: &[&str] = &[
    "weglassen",
    "auslassen",
    "ignorieren",
    "ausschließen",
    "不要用",
    "不要使用",
    "不要",
    "不用",
    "不使用",
    "不能用",
    "不能使用",
];

/// How words for rows begin: what is said of some of them is said of no column.
pub(super) const ROWS: &[&str] =
    &["row", "zeile", "ligne", "fila", "riga", "righe", "linha", "beispiel", "exempl", "ejempl", "esemp", "行"];

/// Verbs of what is told, before its name.
#[rustfmt::skip]
pub(super) const PREDICTS: &[&str] = &[
    "predict", "predicting", "predicts", "says", "outputs", "returns", "guess", "guessing", "forecast", "forecasting", "estimate", "estimating", "regress",
    "prédire", "prédis", "prédit", "estimer", "pronostiquer", "predecir", "predice", "predecirá", "pronosticar", "pronostica", "pronostique", "estimar", "prever", "preveja",
    "prognosticar", "predire", "prevedere", "predici", "stimare", "预测", "判断", "识别",
];

/// The same behind its name, where verbs stand last.
pub(super) const PREDICTED: &[&str] = &[
    "vorhersagen",
    "vorherzusagen",
    "voraussagen",
    "vorauszusagen",
    "schätzen",
    "prognostizieren",
    "predicten",
    "vorhersagt",
    "erkennt",
    "erkennen",
    "bestimmt",
    "bestimmen",
    "ermittelt",
    "ermitteln",
];

/// Nouns of the same: `a prediction of rent`, `the risk of default`.
#[rustfmt::skip]
pub(super) const PREDICTIONS: &[&str] = &[
    "prediction", "predictions", "forecast", "forecasts", "estimation", "estimate", "estimates", "probability", "probabilities", "likelihood", "chance", "chances", "odds", "risk",
    "propensity", "rate", "vorhersage", "prognose", "wahrscheinlichkeit", "risiko", "prédiction", "prévision", "probabilité", "risque", "predicción", "pronóstico", "probabilidad",
    "riesgo", "previsione", "probabilità", "rischio", "previsão", "predição", "probabilidade", "risco",
];

/// Stands between such a noun and what it is of.
pub(super) const OF: &[&str] = &["of", "von", "der", "des", "de", "du", "d", "del", "di", "da", "do", "for", "that"];

/// What somebody wants to do with what is told: `what we want to know is rent`.
pub(super) const KNOWS: &[&str] = &[
    "know",
    "learn",
    "infer",
    "guess",
    "explain",
    "determine",
    "model",
    "tell",
    "find",
    "figure",
    "work",
    "predict",
    "estimate",
];
pub(super) const WANTS: &[&str] =
    &["want", "wants", "wish", "like", "need", "needs", "have", "try", "trying", "hope", "aim", "love", "d"];

/// What is the label only where it is said to be: `y is rent`, `the goal: rent`.
pub(super) const STATED: &[&str] = &["y", "goal", "aim", "objective", "dv", "interest", "answer"];

/// What is written of something else, and is the label where it is said to be in a place: `the transcript is in wording`.
pub(super) const WRITTEN: &[&str] =
    &["translation", "translations", "transcript", "transcripts", "transcription", "transcriptions", "summary", "summaries"];

/// Stands before what alone is not read, of all that there is.
pub(super) const EXCEPTS: &[&str] = &["except", "excepting", "excluding"];
/// The same of `but`, behind these.
pub(super) const ALL: &[&str] = &["everything", "anything", "all", "columns", "features", "fields"];

/// What is made for what is told: `a classifier for queue`, `un regressore per quality`.
pub(super) const MAKERS: [&str; 15] = [
    "classif",
    "klassifi",
    "clasific",
    "regress",
    "régress",
    "regres",
    "predictor",
    "detector",
    "mod",
    "mlp",
    "perceptron",
    "network",
    "netz",
    "réseau",
    "baseline",
];

/// Stands before where something comes from.
pub(super) const SOURCES: &[&str] =
    &["from", "using", "aus", "anhand", "partir", "dal", "desde", "usando", "partire", "après", "根据", "基于", "从"];

/// What a column may be called behind its name: `the esi level`, `the risk class`.
pub(super) const OF_VALUES: &[&str] =
    &["level", "levels", "class", "classes", "value", "values", "score", "category", "grade", "status"];

/// Verbs of whoever has columns read, before their names.
pub(super) const READS: &[&str] =
    &["use", "uses", "read", "reads", "sees", "feed", "take", "combine", "concatenate", "join", "使用", "用"];

/// What may follow the names behind such a verb: `use weight decay` and `use size for the groups` name no column to be read.
pub(super) const READ_ON: &[&str] =
    &["and", "but", "then", "with", "without", "only", "alone", "together", "please", "columns", "fields"];

/// How verbs begin that put each thing in its place: `route each mail to the right team`.
pub(super) const PLACES: &[&str] = &[
    "rout",
    "assign",
    "triag",
    "dispatch",
    "forward",
    "send",
    "sort",
    "pick",
    "find",
    "guess",
    "identif",
    "suggest",
    "recommend",
    "tell",
    "choos",
    "classif",
    "map",
];

/// What is said of the one place among all.
pub(super) const FITTING: &[&str] =
    &["right", "correct", "proper", "appropriate", "matching", "responsible", "suitable", "fitting"];

/// How words begin that part rows.
pub(super) const OF_A_SPLIT: &[&str] =
    &["split", "sort", "order", "group", "stratif", "sampl", "filter", "teil", "aufteil", "sépar", "divi", "agrup", "ragg"];

/// What may stand between a part and a name.
#[rustfmt::skip]
pub(super) const LITTLE: &[&str] = &[
    "the", "a", "an", "my", "our", "its", "only", "just", "both", "together", "alone", "each", "please",
    "column", "columns", "field", "fields", "called", "named", "in", "of", "to", "under", "is", "are", "be", "being", "equals", "=", "values", "value", "stands", "comes", "found", "stored",
    "variable", "namely",
    "der", "die", "das", "den", "dem", "des", "spalte", "spalten", "feld", "steht", "stehen", "liegt", "ist", "sind", "heißt", "heißen", "namens", "im", "nur", "zusammen", "findet", "sich",
    "le", "la", "les", "l", "colonne", "colonnes", "champ", "est", "sont", "dans", "se", "trouve", "seulement", "ensemble", "d", "de", "du",
    "el", "los", "las", "lo", "columna", "columnas", "campo", "está", "están", "en", "es", "son", "del", "juntos", "llamada",
    "o", "os", "as", "coluna", "colunas", "é", "são", "em", "no", "na", "nos", "nas", "juntos", "chamada",
    "il", "i", "gli", "colonna", "colonne", "campo", "è", "sono", "nella", "nel", "sta", "insieme", "列", "是", "为", "在", "的", "は", "の",
];

/// What states of a name, with its part behind: `queue is the label`, `body enthält den Text`, `評論 as input`.
#[rustfmt::skip]
pub(super) const STATES: &[&str] = &[
    "as", "is", "are", "holds", "hold", "contains", "contain", "has", "being", "for", "equals",
    "als", "ist", "sind", "enthält", "enthalten", "steht", "stehen", "comme", "est", "sont", "contient", "contiennent",
    "como", "es", "son", "contiene", "contienen", "é", "são", "contém", "contêm", "come", "è", "sono", "contengono", "作为", "是", "为",
];

/// What joins the names of a list.
pub(super) const JOINS: &[&str] = &["and", "vs", "versus", "und", "et", "y", "e", "ed", "plus", "和", "与", "及"];

/// What may follow a name that is told: behind any other word it may be a part of a longer one, `the age group`.
#[rustfmt::skip]
pub(super) const GO_ON: &[&str] = &[
    "from", "using", "with", "in", "on", "as", "by", "based", "given", "for", "and", "column", "but", "without", "at", "then", "over", "via", "of", "when", "if", "please",
    "aus", "anhand", "mit", "auf", "in", "ohne", "à", "a", "avec", "dans", "sur", "sans", "et", "con", "en", "sin", "y", "desde", "de", "com", "em", "sem", "e", "no", "na", "da", "do", "su", "dalla", "dal", "di", "per", "para", "pour", "从", "を",
];
