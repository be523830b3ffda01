"""Takes in PyTorch the very steps that a run of Tallow took: python pytorch_reference.py job.json

The job names three files beside it: the weights to begin with, the batches of every step and those of the held-out split, as
`src/trainer/train/lay_out.rs` writes them. Learning rates come step by step from the job. Prints one line of JSON.
"""

import inspect
import json
import math
import platform
import sys
import time
from pathlib import Path

NONE = 2**32 - 1


class Nothing(Exception):
    """There is no counterpart."""


def model_of(job, torch, transformers):
    """The library's own model of the same architecture."""
    family, public, task = job["config"]["model"]["family"], job["public_config"], job["config"]["task"]
    if family == "resnet_cifar":
        return resnet_cifar(job["config"]["model"], torch)
    if family == "mlp":
        return mlp(job["config"]["model"], torch)
    classes = {
        "text_classification": "SequenceClassification",
        "text_regression": "SequenceClassification",
        "token_classification": "TokenClassification",
        "image_classification": "ImageClassification",
        "masked_language_modelling": "MaskedLM",
        "language_modelling": "LMHeadModel" if family == "gpt2" else "CausalLM",
        "instruction_tuning": "LMHeadModel" if family == "gpt2" else "CausalLM",
    }
    names = {
        "bert": "Bert", "roberta": "Roberta", "distilbert": "DistilBert", "electra": "Electra", "gpt2": "GPT2", "vit": "ViT",
        "resnet": "ResNet",
    }
    kind = {"llama": {"llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2", "qwen3": "Qwen3"}.get(public.get("model_type"))}
    name = names.get(family) or kind.get(family)
    if name is None or task not in classes:
        raise Nothing(f"{family} for {task} has no counterpart yet")
    dropout = job["config"]["recipe"].get("dropout")
    if dropout is not None:
        for key in ("hidden_dropout_prob", "attention_probs_dropout_prob", "resid_pdrop", "embd_pdrop", "attn_pdrop", "dropout", "attention_dropout"):
            if key in public:
                public[key] = dropout
    config = getattr(transformers, name + "Config")(**{k: v for k, v in public.items() if k not in ("architectures", "model_type")})
    config.use_cache = False
    return getattr(transformers, f"{name}For{classes[task]}" if classes[task] != "LMHeadModel" else "GPT2LMHeadModel")(config)


def resnet_cifar(config, torch):
    """ResNet for small images (1512.03385, section 4.2), shortcuts of kind A, under the names of the weights."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, inner, out, stride):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(inner, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
            self.conv2, self.bn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
            self.stride, self.more = stride, out - inner

        def forward(self, x):
            y = torch.relu(self.bn1(self.conv1(x)))
            y = self.bn2(self.conv2(y))
            if self.stride > 1 or self.more:
                half = self.more // 2
                x = nn.functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, half, self.more - half))
            return torch.relu(y + x)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            width, depth = config["width"], (config["depth"] - 2) // 6
            self.conv1, self.bn1 = nn.Conv2d(config["num_channels"], width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
            inner = width
            for stage, out in enumerate((width, 2 * width, 4 * width)):
                blocks = []
                for i in range(depth):
                    blocks.append(Block(inner, out, 2 if stage and not i else 1))
                    inner = out
                setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            self.linear = nn.Linear(inner, len(config["head"]["classes"]))

        def forward(self, pixel_values):
            x = torch.relu(self.bn1(self.conv1(pixel_values)))
            x = self.layer3(self.layer2(self.layer1(x)))
            return self.linear(x.mean((2, 3)))

    return Net()


def mlp(config, torch):
    raise Nothing("a perceptron with embeddings has no counterpart in a library")


def with_lora(model, given, adapter, torch):
    """Linear layers with additions of low rank beside them, where the weights have such."""
    nn = torch.nn
    scale = adapter["alpha"] / (math.sqrt(adapter["rank"]) if adapter.get("use_rslora") else adapter["rank"])
    if adapter.get("use_dora"):
        raise Nothing("DoRA has no counterpart yet")

    class Lora(nn.Module):
        def __init__(self, base, rank):
            super().__init__()
            self.base = base
            self.lora_A, self.lora_B = nn.Linear(base.in_features, rank, bias=False), nn.Linear(rank, base.out_features, bias=False)
            self.dropout = nn.Dropout(adapter.get("dropout") or 0.0)

        def forward(self, x):
            return self.base(x) + scale * self.lora_B(self.lora_A(self.dropout(x)))

    for name in sorted(name for name in given if name.endswith(".lora_A.weight")):
        path = name[: -len(".lora_A.weight")].split(".")
        above = model.get_submodule(".".join(path[:-1]))
        setattr(above, path[-1], Lora(getattr(above, path[-1]), given[name].shape[0]))
    return {k: v for k, v in given.items()}


def load(model, job, given, torch):
    """Puts the weights in place; every tensor of the one has one of the other."""
    adapter = job["config"].get("adapter")
    if adapter:
        with_lora(model, given, adapter, torch)
    own = model.state_dict()
    found, missing = {}, []
    for name, value in own.items():
        plain = name.replace(".base.", ".")
        candidates = [name, plain] + [other for other in given if other.endswith("." + plain) or plain.endswith("." + other)]
        hit = next((other for other in candidates if other in given and given[other].shape == value.shape), None)
        if hit is not None:
            found[name] = given[hit].to(value.dtype)
        elif not name.endswith(("num_batches_tracked", "position_ids", "masked_bias", ".attn.bias")):
            missing.append(name)
    tied = {name for name in missing if name.endswith(("lm_head.weight", "decoder.weight", "decoder.bias", "predictions.bias"))}
    if set(missing) - tied:
        raise Nothing(f"weights have no place: {', '.join(sorted(set(missing) - tied)[:4])}")
    model.load_state_dict(found, strict=False)
    if hasattr(model, "tie_weights"):
        model.tie_weights()


def batches(path, torch):
    """Each step's parts, in order: name -> tensor."""
    from safetensors import safe_open

    steps = {}
    with safe_open(str(path), framework="pt") as file:
        for name in file.keys():
            step, part, what = name.split(".")
            steps.setdefault(int(step), {}).setdefault(int(part), {})[what] = file.get_tensor(name)
    return [[parts[i] for i in sorted(parts)] for _, parts in sorted(steps.items())]


def prepare(part, torch):
    """What the model is called with, made before any clock runs."""
    long = lambda tensor: tensor.view(torch.int32).to(torch.int64) if tensor.dtype == torch.uint32 else tensor.to(torch.int64)
    wanted = {}
    for what in ("classes", "words", "tags"):
        if what in part:
            values = long(part[what]) & 0xFFFFFFFF
            wanted[what] = torch.where(values == NONE, torch.full_like(values, -100), values)
    if "values" in part:
        wanted["values"] = part["values"].to(torch.float32)
    share = float(part["share"][0]) if "share" in part else 1.0
    if "pixels" in part:
        return {"pixel_values": part["pixels"]}, wanted, share
    if "documents" in part:
        documents, ids = long(part["documents"]), long(part["ids"])
        length = ids.shape[1]
        same = documents[:, :, None] == documents[:, None, :]
        mask = same & torch.ones(length, length, dtype=torch.bool).tril()
        added = torch.zeros(mask.shape).masked_fill(~mask, torch.finfo(torch.float32).min)[:, None]
        return {"input_ids": ids, "attention_mask": added, "position_ids": long(part["positions"])}, wanted, share
    if "ids" in part:
        ids, lengths = long(part["ids"]), long(part["lengths"])
        mask = (torch.arange(ids.shape[1])[None] < lengths[:, None]).to(torch.int64)
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": long(part["types"])}, wanted, share
    raise Nothing("batches of this kind have no counterpart yet")


def scores_of(model, inputs):
    out = model(**inputs)
    return getattr(out, "logits", out)


def loss_of(scores, wanted, smoothing, torch):
    nn = torch.nn.functional
    if "values" in wanted:
        return nn.mse_loss(scores.squeeze(-1), wanted["values"])
    targets = next(iter(wanted.values()))
    if scores.dim() == 3:
        return nn.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=-100, label_smoothing=smoothing)
    return nn.cross_entropy(scores, targets, label_smoothing=smoothing)


def optimizer_of(model, recipe, torch):
    """With the decay that Tallow gives: none on vectors (biases, norms)."""
    kind = recipe["optimizer"]
    params = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    decay = kind.get("weight_decay", 0.0)
    groups = [
        {"params": [p for _, p in params if p.dim() > 1], "weight_decay": decay},
        {"params": [p for _, p in params if p.dim() <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if kind["kind"] == "adamw":
        return torch.optim.AdamW(groups, 1.0, betas=(kind.get("beta1", 0.9), kind.get("beta2", 0.999)), eps=kind.get("eps", 1e-8))
    if kind["kind"] == "adam" and not decay:
        return torch.optim.Adam(groups, 1.0, betas=(kind.get("beta1", 0.9), kind.get("beta2", 0.999)), eps=kind.get("eps", 1e-8))
    if kind["kind"] == "sgd":
        return torch.optim.SGD(groups, 1.0, momentum=kind.get("momentum", 0.0), nesterov=kind.get("nesterov", False))
    raise Nothing(f"the optimiser {kind['kind']} has no counterpart here")


def refuse(recipe, config):
    """What the loop below does not do."""
    for key in ("ema", "class_weights", "focal_gamma", "groups", "early_stopping", "grad_clip_value", "layerwise_lr_decay"):
        if recipe.get(key):
            raise Nothing(f"`{key}` has no counterpart here")
    if (recipe.get("keep") or "last") not in ("last", {"kind": "last"}):
        raise Nothing("keeping the best weights has no counterpart here")


def metrics(said, wanted_all, job, np):
    """Scores by their names, of all predictions."""
    wanted, found = set(job["metrics"]), {}
    put = lambda name, value: found.__setitem__(name, float(value)) if name in wanted else None
    kind = said["kind"]
    if kind == "classes":
        scores, truth = np.concatenate(said["scores"]), np.concatenate(wanted_all)
        guess = scores.argmax(-1)
        put("accuracy", (guess == truth).mean())
        counts = np.zeros((scores.shape[1], scores.shape[1]))
        np.add.at(counts, (truth, guess), 1)
        hits, of, said_of = np.diag(counts), counts.sum(1), counts.sum(0)
        f1 = np.divide(2 * hits, of + said_of, out=np.zeros_like(hits), where=(of + said_of) > 0)
        put("macro_f1", f1.mean())
        if scores.shape[1] == 2:
            put("f1", f1[1])
        total, right = counts.sum(), hits.sum()
        below = math.sqrt((total**2 - (said_of**2).sum()) * (total**2 - (of**2).sum()))
        put("matthews", (right * total - (of * said_of).sum()) / below if below else 0.0)
    elif kind == "words":
        put("perplexity", math.exp(said["loss"] / said["count"]))
        put("masked_accuracy", said["right"] / said["count"])
    elif kind == "values":
        guess, truth = np.concatenate(said["scores"]), np.concatenate(wanted_all)
        mean, std = job["scale"] or (0.0, 1.0)
        guess, truth = guess * std + mean, truth * std + mean
        put("rmse", math.sqrt(((guess - truth) ** 2).mean()))
        put("mae", np.abs(guess - truth).mean())
        put("r2", 1 - ((guess - truth) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())
        put("pearson", np.corrcoef(guess, truth)[0, 1])
        ranks = lambda values: np.argsort(np.argsort(values))
        put("spearman", np.corrcoef(ranks(guess), ranks(truth))[0, 1])
    elif kind == "tags":
        try:
            from seqeval.metrics import f1_score, precision_score, recall_score
        except ImportError:
            raise Nothing("entities are counted by seqeval, which is not installed") from None
        names = job["config"]["model"]["head"]["tags"]
        rows = lambda part: [[names[t] for t in row] for row in part]
        truth, guess = rows(said["truth"]), rows(said["guess"])
        put("entity_f1", f1_score(truth, guess))
        put("entity_precision", precision_score(truth, guess))
        put("entity_recall", recall_score(truth, guess))
    return found


def evaluate(model, parts, job, torch, np):
    model.eval()
    said, truth = {"kind": None, "scores": [], "loss": 0.0, "count": 0, "right": 0, "truth": [], "guess": []}, []
    with torch.no_grad():
        for inputs, wanted, _ in parts:
            scores = scores_of(model, inputs)
            said["kind"], targets = next(iter(wanted.items()))
            if said["kind"] == "classes":
                said["scores"].append(scores.numpy())
                truth.append(targets.numpy())
            elif said["kind"] == "values":
                said["scores"].append(scores.squeeze(-1).numpy())
                truth.append(targets.numpy())
            elif said["kind"] == "tags":
                for row, wanted_row in zip(scores.argmax(-1), targets):
                    keep = wanted_row != -100
                    said["truth"].append(wanted_row[keep].tolist())
                    said["guess"].append(row[keep].tolist())
            else:
                flat, asked = scores.flatten(0, 1), targets.flatten()
                said["loss"] += torch.nn.functional.cross_entropy(flat, asked, ignore_index=-100, reduction="sum").item()
                said["count"] += int((asked != -100).sum())
                said["right"] += int((flat.argmax(-1) == asked).sum())
    return metrics(said, truth, job, np)


def run(path):
    try:
        import numpy as np
        import torch
        import transformers
        from safetensors.torch import load_file
    except ImportError as error:
        raise Nothing(f"{error.name or error} is not installed for this Python") from None
    job = json.loads(Path(path).read_text())
    place, config = Path(path).parent, job["config"]
    recipe = config["recipe"]
    refuse(recipe, config)
    torch.set_num_threads(config["threads"])
    torch.manual_seed(config["seed"])
    model = model_of(job, torch, transformers)
    load(model, job, load_file(str(place / job["init"])), torch)
    if config.get("adapter"):
        for name, param in model.named_parameters():
            param.requires_grad_("lora_" in name)
    takes = set(inspect.signature(model.forward).parameters)
    fit = lambda part: ({k: v for k, v in part[0].items() if k in takes}, part[1], part[2])
    steps = [[fit(prepare(part, torch)) for part in step] for step in batches(place / job["train"], torch)]
    held_out = [fit(prepare(part, torch)) for step in batches(place / job["held_out"], torch) for part in step]
    optimizer = optimizer_of(model, recipe, torch)
    smoothing, clip = recipe.get("label_smoothing") or 0.0, recipe.get("grad_clip_norm")
    params = [p for p in model.parameters() if p.requires_grad]
    model.train()
    losses, start = [], time.perf_counter()
    for step, lr in zip(steps, job["lrs"]):
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.zero_grad()
        total = 0.0
        for inputs, wanted, share in step:
            loss = loss_of(scores_of(model, inputs), wanted, smoothing, torch) * share
            loss.backward()
            total += loss.item()
        if clip:
            torch.nn.utils.clip_grad_norm_(params, clip)
        optimizer.step()
        losses.append(total)
    trained = time.perf_counter()
    scores = evaluate(model, held_out, job, torch, np)
    done = time.perf_counter()
    versions = {"python": platform.python_version(), "torch": torch.__version__, "transformers": transformers.__version__}
    return {
        "nothing": None, "versions": versions, "train_secs": trained - start, "evaluate_secs": done - trained, "steps": len(steps),
        "scores": scores, "losses": [losses[0], losses[-1]],
    }


if __name__ == "__main__":
    try:
        print(json.dumps(run(sys.argv[1])))
    except Nothing as why:
        print(json.dumps({"nothing": str(why)}))
