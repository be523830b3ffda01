"""Scores of the held-out split, by the libraries that are known for them."""

import collections
import math
import re
import string
import unicodedata

import numpy as np
import torch

from batches import IGNORED, Nothing, inputs_of


def score(model, objective, steps, job):
    """Every metric that the job names and that is known here."""
    model.eval()
    kind, found = None, collections.defaultdict(list)
    with torch.no_grad():
        for part in (part for parts in steps for part in parts):
            kind = kind or next((kind for kind in KINDS if kind in part), None)
            if kind is None:
                raise Nothing("what this split asks has no counterpart")
            if kind == "words" and job["told"] and "texts" in job["told"]:
                kind = "texts"
            KINDS[kind][0](model, objective, part, job, found)
    scores = KINDS[kind][1](found, job, set(job["metrics"]))
    return {name: float(value) for name, value in scores.items() if name in job["metrics"] and math.isfinite(value)}


# Classes: one of several.


def add_classes(model, objective, part, job, found):
    found["scores"].append(objective.scores(part).double().numpy())
    found["right"].append(part["classes"].numpy())


def of_classes(found, job, wanted):
    from sklearn import metrics

    scores, right = np.concatenate(found["scores"]), np.concatenate(found["right"])
    guess, all_classes = scores.argmax(-1), list(range(scores.shape[1]))
    shares = np.exp(scores - scores.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    of = {
        "accuracy": lambda: metrics.accuracy_score(right, guess),
        "f1": lambda: metrics.f1_score(right, guess, zero_division=0) if len(all_classes) == 2 else math.nan,
        "macro_f1": lambda: metrics.f1_score(right, guess, average="macro", zero_division=0),
        "micro_f1": lambda: metrics.f1_score(right, guess, labels=all_classes, average="micro", zero_division=0),
        "matthews": lambda: metrics.matthews_corrcoef(right, guess),
        "log_loss": lambda: metrics.log_loss(right, shares, labels=all_classes),
        "auroc": lambda: metrics.roc_auc_score(right, shares[:, 1]) if len(all_classes) == 2 else math.nan,
        "top5_accuracy": lambda: metrics.top_k_accuracy_score(right, scores, k=5, labels=all_classes) if len(all_classes) > 5 else math.nan,
    }
    return {name: make() for name, make in of.items() if name in wanted}


# Labels: any of several.


def add_labels(model, objective, part, job, found):
    found["scores"].append(objective.scores(part).numpy())
    found["right"].append(part["labels"].numpy())


def of_labels(found, job, wanted):
    from sklearn import metrics

    scores, right = np.concatenate(found["scores"]), np.concatenate(found["right"])
    guess = (scores > 0).astype(int)
    of = {
        "micro_f1": lambda: metrics.f1_score(right, guess, average="micro", zero_division=0),
        "macro_f1": lambda: metrics.f1_score(right, guess, average="macro", zero_division=0),
        "subset_accuracy": lambda: (guess == right).all(1).mean(),
    }
    return {name: make() for name, make in of.items() if name in wanted}


# Numbers, in their own unit.


def add_values(model, objective, part, job, found):
    found["said"].append(objective.scores(part).squeeze(-1).double().numpy())
    found["right"].append(part["values"].numpy())


def of_values(found, job, wanted):
    mean, std = job["scale"] or (0.0, 1.0)
    said, right = (np.concatenate(found[what]) for what in ("said", "right"))
    # The file has them as they are learnt.
    return regression(said * std + mean, right * std + mean)


def regression(said, right):
    from scipy import stats

    errors = said - right
    return {
        "rmse": math.sqrt((errors**2).mean()),
        "mae": np.abs(errors).mean(),
        "r2": 1 - (errors**2).sum() / ((right - right.mean()) ** 2).sum(),
        "pearson": stats.pearsonr(said, right).statistic,
        "spearman": stats.spearmanr(said, right).statistic,
    }


# Words of streams and of answers.


def add_words(model, objective, part, job, found):
    scores, asked = objective.scores(part).flatten(0, 1), part["words"].flatten()
    found["loss"].append(torch.nn.functional.cross_entropy(scores, asked, ignore_index=IGNORED, reduction="sum").item())
    found["count"].append(int((asked != IGNORED).sum()))
    found["right"].append(int((scores.argmax(-1) == asked).sum()))
    found["bytes"].append(float(part["bytes"][0]) if "bytes" in part else 0.0)


def of_words(found, job, wanted):
    loss, count, size = sum(found["loss"]), sum(found["count"]), sum(found["bytes"])
    return {
        "perplexity": math.exp(loss / count),
        "masked_accuracy": sum(found["right"]) / count,
        "bits_per_byte": loss / math.log(2) / size if size else math.nan,
    }


# Tags of words.


def add_tags(model, objective, part, job, found):
    names = job["config"]["model"]["head"]["tags"]
    for said, right in zip(objective.scores(part).argmax(-1), part["tags"], strict=True):
        seen = right != IGNORED
        found["right"].append([names[tag] for tag in right[seen].tolist()])
        found["said"].append([names[tag] for tag in said[seen].tolist()])


def of_tags(found, job, wanted):
    from seqeval import metrics

    right, said = found["right"], found["said"]
    return {
        "entity_f1": metrics.f1_score(right, said),
        "entity_precision": metrics.precision_score(right, said),
        "entity_recall": metrics.recall_score(right, said),
    }


# Answers that stand in a text, as the public scripts of SQuAD decode and score them.

BEST, LONGEST, NOT_SEEN = 20, 30, IGNORED


def add_spans(model, objective, part, job, found):
    first, last = objective.span_scores(part)
    begin = 0
    for row, (length, question) in enumerate(zip(part["lengths"].tolist(), part["questions"].tolist(), strict=True)):
        characters = part["characters"][begin : begin + length].tolist()
        begin += length
        found["windows"].append((question, *window(first[row, :length].tolist(), last[row, :length].tolist(), characters)))


def window(first, last, characters):
    """(score, characters) of the best answer, and the score of there being none."""
    ranked = lambda scores: sorted(range(len(scores)), key=lambda i: -scores[i])[:BEST]
    best = None
    for i in ranked(first):
        for j in ranked(last):
            if characters[i][0] != NOT_SEEN and characters[j][0] != NOT_SEEN and i <= j < i + LONGEST:
                if best is None or first[i] + last[j] > best[0]:
                    best = (first[i] + last[j], characters[i][0], characters[j][1])
    return best, first[0] + last[0]


def of_spans(found, job, wanted):
    answers, f1, exact = {}, [], []
    for question, best, none in found["windows"]:
        known, least = answers.get(question, (None, math.inf))
        answers[question] = (best if known is None or (best and best[0] > known[0]) else known, min(least, none))
    for question, (best, none) in answers.items():
        text, right = job["told"]["questions"][str(question)]
        kept = best if best and not (job["told"]["some_unanswered"] and none > best[0]) else None
        said = text[kept[1] : kept[2]] if kept else ""
        f1.append(max((overlap(said, one) for one in right), default=float(not said)))
        exact.append(float(any(words_of(said) == words_of(one) for one in right) if right else not said))
    return {"answer_f1": np.mean(f1), "exact_match": np.mean(exact)}


def words_of(text):
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def overlap(said, right):
    said, right = words_of(said), words_of(right)
    common = sum((collections.Counter(said) & collections.Counter(right)).values())
    if not said or not right:
        return float(said == right)
    return 2 * common / (len(said) + len(right))


# Preferences.


def add_pairs(model, objective, part, job, found):
    found["margins"] += objective.margins(part, "held_out").tolist()


def of_pairs(found, job, wanted):
    margins = np.array(found["margins"])
    return {"preference_accuracy": ((margins > 0) + 0.5 * (margins == 0)).mean(), "preference_margin": margins.mean()}


# Vectors of texts.


def add_order(model, objective, part, job, found):
    found["said"].append(objective.cosines(part).double().numpy())
    found["right"].append(part["order"].numpy())


def of_order(found, job, wanted):
    scores = regression(np.concatenate(found["said"]), np.concatenate(found["right"]))
    return {name: scores[name] for name in ("pearson", "spearman")}


def add_own(model, objective, part, job, found):
    for role, vectors in enumerate(objective.vectors(part)):
        found["vectors"] += [(number, vector) for number, vector in zip(part["texts"][:, role].tolist(), vectors, strict=True)]
    found["rows"] += part["texts"].tolist()


def of_own(found, job, wanted):
    """Each distinct first text looks for its own among all other distinct texts; itself is none, unless it belongs to it."""
    vectors = dict(found["vectors"])
    candidates = sorted({number for row in found["rows"] for number in row[1:]})
    matrix, own = torch.stack([vectors[number] for number in candidates]), collections.defaultdict(set)
    for first, second, *_ in found["rows"]:
        own[first].add(second)
    sums = collections.Counter()
    for first, right in own.items():
        order = (matrix @ vectors[first]).argsort(descending=True, stable=True).tolist()
        ranked = [candidates[i] for i in order if candidates[i] != first or first in right]
        places = [place for place, number in enumerate(ranked[:10], 1) if number in right]
        best = sum(1 / math.log2(place + 1) for place in range(1, min(len(right), 10) + 1))
        sums["accuracy_at_1"] += ranked[0] in right
        sums["mrr_at_10"] += 1 / places[0] if places else 0
        sums["recall_at_10"] += len(places) / len(right)
        sums["ndcg_at_10"] += sum(1 / math.log2(place + 1) for place in places) / best
    return {name: value / len(own) for name, value in sums.items()}


# Texts that are written.


def add_texts(model, objective, part, job, found):
    add_words(model, objective, part, job, found)
    writing, told = job["writing"], job["told"]
    if not writing:
        return
    import tokenizers

    if not found["tokenizer"]:
        found["tokenizer"].append(tokenizers.Tokenizer.from_file(writing["tokenizer"]))
    inputs = inputs_of(part, model)
    begin = inputs.pop("decoder_input_ids")
    start = torch.tensor(told["start"]).repeat(len(begin), 1)
    for row in write(model, inputs, start, told["end"], writing)[:, start.shape[1] :].tolist():
        ids = row[: row.index(told["end"])] if told["end"] in row else row
        found["said"].append(found["tokenizer"][0].decode(ids).strip())
    found["wanted"] += [told["texts"][example][1] for example in part["examples"].tolist()]


def write(model, inputs, start, end, writing):
    """`[b, t]`: the likeliest words, or those of a beam."""
    from transformers import GenerationConfig, GenerationMixin

    config = GenerationConfig(
        max_new_tokens=writing["max_new_tokens"], num_beams=max(writing["num_beams"], 1), do_sample=False,
        length_penalty=writing["length_penalty"], early_stopping=False, eos_token_id=end, pad_token_id=end, use_cache=True,
        decoder_start_token_id=int(start[0, 0]), suppress_tokens=writing.get("suppress_tokens") or None,
        begin_suppress_tokens=writing.get("begin_suppress_tokens") or None,
    )
    model.config.use_cache = True
    # Not the model's own, which may know of things that none of these has (of Whisper's languages, say).
    return GenerationMixin.generate(model, generation_config=config, decoder_input_ids=start, **inputs)


def plain(text):
    """Small letters, apostrophes within words taken out, other marks and signs as if they were spaces."""
    text = re.sub(r"(?<=[^\W\d_])['’ʼ](?=[^\W\d_])", "", text.lower())
    return " ".join("".join(" " if unicodedata.category(c)[0] in "PSC" else c for c in text).split())


def of_texts(found, job, wanted):
    scores = {"perplexity": of_words(found, job, wanted)["perplexity"]}
    said, right = found["said"], found["wanted"]
    if not said:
        return scores
    if job["writing"]["compared"] != "raw":
        said, right = ([plain(text) for text in texts] for texts in (said, right))
    if wanted & {"bleu", "chrf"}:
        import sacrebleu

        scores |= {"bleu": sacrebleu.corpus_bleu(said, [right]).score, "chrf": sacrebleu.corpus_chrf(said, [right]).score}
    if wanted & {"rouge1", "rouge2", "rouge_l"}:
        from rouge_score.rouge_scorer import RougeScorer

        scorer = RougeScorer(["rouge1", "rouge2", "rougeL"])
        each = [scorer.score(one, other) for one, other in zip(right, said, strict=True)]
        for name, own in (("rouge1", "rouge1"), ("rouge2", "rouge2"), ("rouge_l", "rougeL")):
            scores[name] = np.mean([found[own].fmeasure for found in each])
    if wanted & {"wer", "cer"}:
        import jiwer

        scores |= {"wer": jiwer.wer(right, said), "cer": jiwer.cer(right, said)}
    scores["exact_match"] = np.mean([one == other for one, other in zip(said, right, strict=True)])
    return scores


# What a batch asks -> what is kept of it, and what all of that is worth.
KINDS = {
    "pairs": (add_pairs, of_pairs),
    "spans": (add_spans, of_spans),
    "classes": (add_classes, of_classes),
    "labels": (add_labels, of_labels),
    "values": (add_values, of_values),
    "tags": (add_tags, of_tags),
    "words": (add_words, of_words),
    "order": (add_order, of_order),
    "hidden": (add_own, of_own),
    "texts": (add_texts, of_texts),
}
