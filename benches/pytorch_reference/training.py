"""The steps: rates, clipping and optimiser as the run had them."""

import time

import torch

from batches import Nothing


def refuse(recipe):
    """What the steps below do not do."""
    for key in ("ema", "focal_gamma", "groups", "early_stopping", "grad_clip_value", "layerwise_lr_decay"):
        if recipe.get(key):
            raise Nothing(f"`{key}` has no counterpart")
    if recipe.get("number_loss", {}).get("kind", "squared") != "squared":
        raise Nothing("another loss of numbers has no counterpart")
    if recipe.get("keep", "last") != "last":
        raise Nothing("keeping the best weights has no counterpart")


def train(model, objective, steps, job):
    """The loss of every step, and the seconds that all of them took: batches are there when the clock runs."""
    recipe = job["config"]["recipe"]
    optimizer, clip = optimizer_of(model, recipe["optimizer"]), recipe.get("grad_clip_norm")
    params = [p for p in model.parameters() if p.requires_grad]
    losses, secs = [], 0.0
    model.train()
    for parts, lr in zip(steps, job["lrs"], strict=True):
        begun = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.zero_grad()
        total = 0.0
        for part in parts:
            loss = objective.loss(part) * float(part["share"][0] if "share" in part else 1.0)
            loss.backward()
            total += loss.item()
        if clip:
            torch.nn.utils.clip_grad_norm_(params, clip)
        optimizer.step()
        secs += time.perf_counter() - begun
        losses.append(total)
    return losses, secs


def optimizer_of(model, kind):
    """With the decay that Tallow gives: none on vectors (biases, norms)."""
    params = [p for p in model.parameters() if p.requires_grad]
    decay = kind.get("weight_decay", 0.0)
    groups = [
        {"params": [p for p in params if p.dim() > 1], "weight_decay": decay},
        {"params": [p for p in params if p.dim() <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    adam = {"betas": (kind.get("beta1", 0.9), kind.get("beta2", 0.999)), "eps": kind.get("eps", 1e-8)}
    # The rate comes with the step. Fused is the fastest that there is on the CPU, too.
    match kind["kind"]:
        case "adamw":
            return torch.optim.AdamW(groups, 1.0, **adam, fused=True)
        case "adam":
            return torch.optim.Adam(groups, 1.0, **adam, fused=True)
        case "sgd":
            momentum, nesterov = kind.get("momentum", 0.0), kind.get("nesterov", False)
            return torch.optim.SGD(groups, 1.0, momentum=momentum, nesterov=nesterov, fused=True)
    raise Nothing(f"the optimiser {kind['kind']} has no counterpart")
