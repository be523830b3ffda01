"""What a model is trained against. Shapes: b examples, t tokens, v words, d numbers of a vector."""

import torch
from torch.nn import functional as F

from batches import IGNORED, Nothing, inputs_of, mask_of, text


class Objective:
    """The loss of a part of a step, and what scoring needs of the same forward pass."""

    def __init__(self, model, job):
        self.model, self.config = model, job["config"]
        self.smoothing = self.config["recipe"].get("label_smoothing") or 0.0
        weights = job["class_weights"]
        self.class_weights = None if weights is None else torch.tensor(weights)
        # By split and example: how much likelier the better answer was before training.
        self.reference = {}

    def loss(self, part):
        """The mean over what is asked, a scalar."""
        for what, of in (
            ("pairs", self.of_preferences), ("spans", self.of_spans), ("values", self.of_values), ("labels", self.of_labels),
            ("other_classes", self.of_mixed), ("classes", self.of_classes), ("words", self.of_tokens), ("tags", self.of_tokens),
            ("cosines", self.of_cosines), ("order", self.of_order), ("hidden", self.of_own),
        ):
            if what in part:
                return of(part)
        raise Nothing("what these batches ask has no counterpart")

    def scores(self, part):
        out = self.model(**inputs_of(part, self.model))
        return getattr(out, "logits", out)

    def cross_entropy(self, scores, classes):
        return F.cross_entropy(scores, classes, self.class_weights, label_smoothing=self.smoothing)

    def of_classes(self, part):
        return self.cross_entropy(self.scores(part), part["classes"])

    def of_mixed(self, part):
        scores, own = self.scores(part), float(part["own_share"][0])
        return own * self.cross_entropy(scores, part["classes"]) + (1 - own) * self.cross_entropy(scores, part["other_classes"])

    def of_labels(self, part):
        return F.binary_cross_entropy_with_logits(self.scores(part), part["labels"].to(torch.float32))

    def of_values(self, part):
        return F.mse_loss(self.scores(part).squeeze(-1), part["values"].to(torch.float32))

    def of_tokens(self, part):
        asked = part["words"] if "words" in part else part["tags"]
        scores = self.scores(part).flatten(0, 1)
        return F.cross_entropy(scores, asked.flatten(), ignore_index=IGNORED, label_smoothing=self.smoothing)

    # Answers that stand in a text.

    def span_scores(self, part):
        """`[b, t]` each: that a token is the first of the answer, and that it is the last; padding has no share."""
        out = self.model(**inputs_of(part, self.model))
        padding = mask_of(part["ids"], part["lengths"]) == 0
        return [scores.masked_fill(padding, -1e9) for scores in (out.start_logits, out.end_logits)]

    def of_spans(self, part):
        first, last = self.span_scores(part)
        return (F.cross_entropy(first, part["spans"][:, 0]) + F.cross_entropy(last, part["spans"][:, 1])) / 2

    # Preferences (2305.18290).

    def ratios(self, part):
        """Of each pair the log-probability of the better answer less that of the other."""
        scores, words = self.scores(part).flatten(0, 1), part["words"].flatten()
        lost = F.cross_entropy(scores, words, ignore_index=IGNORED, reduction="none")
        return torch.stack([lost[c:d].sum() - lost[a:b].sum() for a, b, c, d in part["pairs"].tolist()])

    @torch.no_grad()
    def refer(self, steps, split):
        """Takes the ratios of the model as it is; an example that comes again is known."""
        self.model.eval()
        for part in (part for parts in steps for part in parts):
            examples = [(split, example) for example in part["examples"].tolist()]
            if any(example not in self.reference for example in examples):
                self.reference.update(zip(examples, self.ratios(part).tolist(), strict=True))

    def margins(self, part, split):
        known = torch.tensor([self.reference[(split, example)] for example in part["examples"].tolist()])
        return (self.config.get("preference") or {}).get("beta", 0.1) * (self.ratios(part) - known)

    def of_preferences(self, part):
        margins = self.margins(part, "train")
        wrong = (self.config.get("preference") or {}).get("label_smoothing", 0.0)
        return F.binary_cross_entropy_with_logits(margins, torch.full_like(margins, 1 - wrong))

    # Vectors of texts.

    def vectors(self, part):
        """`[b, d]` of length 1, of the texts in each place of an example."""
        pooling, found = self.config["model"]["head"]["vector"], []
        while f"ids_{len(found)}" in part:
            ids, types, lengths = (part[f"{what}_{len(found)}"] for what in ("ids", "types", "lengths"))
            states = self.model(**text(ids, types, lengths, self.model)).last_hidden_state
            mask = mask_of(ids, lengths)[..., None]
            pooled = states[:, 0] if pooling["of"] == "first" else (states * mask).sum(1) / mask.sum(1)
            found.append(F.normalize(pooled, dim=-1, eps=1e-12))
        return found

    def cosines(self, part):
        first, second = self.vectors(part)
        return (first * second).sum(-1)

    def of_cosines(self, part):
        return F.mse_loss(self.cosines(part), part["cosines"].to(torch.float32))

    def of_order(self, part):
        """CoSENT: of each two pairs the nearer is to have the greater cosine."""
        cosines, scores = self.cosines(part) * float(part["scale"][0]), part["order"]
        above = (cosines[:, None] - cosines[None, :])[scores[:, None] < scores[None, :]]
        return torch.cat([torch.zeros(1), above]).logsumexp(0)

    def of_own(self, part):
        """Of all texts of the step that are not hidden the first is to choose its own."""
        first, *others = self.vectors(part)
        scores = float(part["scale"][0]) * first @ torch.cat(others).T
        return F.cross_entropy(scores.masked_fill(part["hidden"] != 0, -1e9), torch.arange(len(first)))
