"""The libraries' own models of the same architectures, with the weights that a run began with.

Networks for small images and perceptrons for tables are in no library; those here have the names of the usual implementations.
"""

import json
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F
from transformers.activations import ACT2FN

from batches import Nothing


def build(job, weights):
    """The model in training form: every weight of the run has its place in it, and each of its own is given."""
    config, adapter = job["config"]["model"], job["config"].get("adapter")
    own = {"resnet_cifar": ResNetCifar, "wide_resnet": WideResNet, "mlp": Mlp}
    if config["family"] in own:
        # The public configuration has the dropout of the recipe.
        config = {**config, "dropout": job["public_config"].get("dropout", 0.0)}
        model = own[config["family"]](config, width_of(config["head"]))
        load(model, load_file(str(weights)), list(model.state_dict()))
        return model
    model = of_library(job, weights)
    if adapter:
        given = {name: value for name, value in load_file(str(weights)).items() if is_addition(name)}
        add_low_rank(model, given, adapter)
        load(model, given, [name for name in model.state_dict() if is_addition(name)])
        for name, param in model.named_parameters():
            param.requires_grad_(any(same(plain(name), trained) for trained in job["trainable"]))
    return model


def of_library(job, weights):
    """As `transformers` reads a model's folder."""
    public = {key: value for key, value in job["public_config"].items() if key != "torch_dtype"}
    name = public["architectures"][0]
    if public.get("stem_type", "imagenet") != "imagenet" or public.get("width_factor", 1) != 1:
        raise Nothing(f"the library's {name} has neither a stem for small images nor wider blocks")
    # A vector is made of the last states: what a library makes of the first word besides is nobody's.
    more = {"add_pooling_layer": False} if "vector" in job["config"]["model"]["head"] else {}
    with tempfile.TemporaryDirectory(dir=weights.parent) as folder:
        (Path(folder) / "config.json").write_text(json.dumps(public))
        (Path(folder) / "model.safetensors").symlink_to(weights.resolve())
        try:
            of = getattr(transformers, name)
            model, told = of.from_pretrained(folder, output_loading_info=True, dtype=torch.float32, local_files_only=True, **more)
        except (AttributeError, TypeError) as error:
            raise Nothing(f"the library has no {name} of this kind: {error}") from None
    complain([*told["missing_keys"], *(name for name in told["unexpected_keys"] if not is_addition(name))])
    model.config.use_cache = False
    return model


def is_addition(name):
    return ".lora_" in name


def complain(names):
    """Tables that a formula gives, and counts, need no weights."""
    names = [name for name in names if not name.endswith(("embed_positions.weight", "num_batches_tracked"))]
    if names:
        raise Nothing(f"weights have no place: {', '.join(sorted(names)[:4])}")


def width_of(head):
    """Scores of a head, as the configuration has it."""
    return 1 if head == "value" else len(next(iter(head.values())))


def same(name, other):
    """Public names may have the model's own in front of them, or lack it."""
    return name == other or name.endswith("." + other) or other.endswith("." + name)


def plain(name):
    """A parameter's name without what `peft` puts around it."""
    for word in (".base_layer", ".default"):
        name = name.replace(word, "")
    return name.removesuffix(".weight") if name.endswith("lora_magnitude_vector.weight") else name


def load(model, given, names):
    """Puts weights into these places: each has one, and each is given one."""
    own, places = model.state_dict(), {}
    for name in names:
        short = plain(name)
        candidates = [short] if short in given else [other for other in given if same(short, other)]
        hit = next((other for other in candidates if given[other].shape == own[name].shape), None)
        if hit is not None:
            places[name] = hit
    complain([*(name for name in names if name not in places), *(set(given) - set(places.values()))])
    model.load_state_dict({name: given[hit] for name, hit in places.items()}, strict=False)


def add_low_rank(model, given, adapter):
    """Additions of low rank beside the layers that have some among the weights, by `peft`."""
    try:
        import peft
    except ImportError:
        raise Nothing("peft is not installed for this Python") from None
    behind = ".lora_A.weight"
    config = peft.LoraConfig(
        r=adapter["r"], lora_alpha=adapter["lora_alpha"], lora_dropout=adapter["lora_dropout"],
        use_rslora=adapter.get("use_rslora", False), use_dora=adapter.get("use_dora", False),
        target_modules=[name.removesuffix(behind) for name in given if name.endswith(behind)],
    )
    peft.inject_adapter_in_model(config, model)


class ResNetCifar(nn.Module):
    """ResNet for small images (1512.03385, section 4.2), shortcuts of kind A."""

    class Block(nn.Module):
        def __init__(self, inner, out, stride):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(inner, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
            self.conv2, self.bn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
            self.stride, self.more = stride, out - inner

        def forward(self, x):
            y = F.relu(self.bn1(self.conv1(x)))
            y = self.bn2(self.conv2(y))
            if self.stride > 1 or self.more:
                half = self.more // 2
                x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, half, self.more - half))
            return F.relu(y + x)

    def __init__(self, config, classes):
        super().__init__()
        width, blocks = config["width"], (config["depth"] - 2) // 6
        self.conv1, self.bn1 = nn.Conv2d(config["num_channels"], width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        inner = width
        for stage in range(3):
            out, layer = width << stage, []
            for i in range(blocks):
                layer.append(self.Block(inner, out, 2 if stage and not i else 1))
                inner = out
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layer))
        self.linear = nn.Linear(inner, classes)

    def forward(self, pixel_values):
        x = F.relu(self.bn1(self.conv1(pixel_values)))
        return self.linear(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class WideResNet(nn.Module):
    """Wide residual networks for small images (1605.07146), norms before convolutions."""

    class Block(nn.Module):
        def __init__(self, inner, out, stride, dropout):
            super().__init__()
            self.bn1, self.conv1 = nn.BatchNorm2d(inner), nn.Conv2d(inner, out, 3, stride, 1, bias=False)
            self.bn2, self.conv2 = nn.BatchNorm2d(out), nn.Conv2d(out, out, 3, 1, 1, bias=False)
            self.dropout = nn.Dropout(dropout)
            self.convShortcut = nn.Conv2d(inner, out, 1, stride, bias=False) if inner != out else None

        def forward(self, x):
            n = F.relu(self.bn1(x))
            y = self.conv2(self.dropout(F.relu(self.bn2(self.conv1(n)))))
            return y + (self.convShortcut(n) if self.convShortcut else x)

    class Stage(nn.Module):
        def __init__(self, blocks):
            super().__init__()
            self.layer = nn.Sequential(*blocks)

        def forward(self, x):
            return self.layer(x)

    def __init__(self, config, classes):
        super().__init__()
        inner, each = config["width"], (config["depth"] - 4) // 6
        self.conv1 = nn.Conv2d(config["num_channels"], inner, 3, 1, 1, bias=False)
        for stage in range(3):
            out, blocks = (config["width"] << stage) * config["widen_factor"], []
            for i in range(each):
                blocks.append(self.Block(inner, out, 2 if stage and not i else 1, config["dropout"]))
                inner = out
            setattr(self, f"block{stage + 1}", self.Stage(blocks))
        self.bn1, self.fc = nn.BatchNorm2d(inner), nn.Linear(inner, classes)

    def forward(self, pixel_values):
        x = self.block3(self.block2(self.block1(self.conv1(pixel_values))))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))


class Mlp(nn.Module):
    """Numbers and an embedding of each category side by side, then linear, norm, activation, dropout (2106.11959, section 3.1)."""

    class Layer(nn.Module):
        def __init__(self, inner, out, norm):
            super().__init__()
            self.linear = nn.Linear(inner, out)
            self.norm = {"none": nn.Identity, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm}[norm](out)

        def forward(self, x):
            return self.norm(self.linear(x))

    def __init__(self, config, classes):
        super().__init__()
        columns = config["categorical_columns"]
        self.embeddings = nn.ModuleList(nn.Embedding(len(c["values"]) + 1, c["embedding_size"]) for c in columns)
        inner = sum(1 + c["indicator"] for c in config["numeric_columns"]) + sum(c["embedding_size"] for c in columns)
        self.layers = nn.ModuleList()
        for out in config["hidden_sizes"]:
            self.layers.append(self.Layer(inner, out, config["norm"]))
            inner = out
        self.act, self.dropout, self.head = ACT2FN[config["hidden_act"]], nn.Dropout(config["dropout"]), nn.Linear(inner, classes)

    def forward(self, numbers, categories):
        x = torch.cat([numbers, *(table(categories[:, i]) for i, table in enumerate(self.embeddings))], 1)
        for layer in self.layers:
            x = self.dropout(self.act(layer(x)))
        return self.head(x)
