"""Times in PyTorch what step.rs times in Tallow: whole training steps on random batches, float32.

python benches/pytorch_step.py MODEL [--steps N] [--threads N] [--compile]   needs torch and transformers
"""

import argparse
import resource
import time

import torch
import transformers
from torch import nn


class Lora(nn.Module):
    """A frozen linear layer and a trained update of rank 8."""

    def __init__(self, base, rank=8):
        super().__init__()
        self.base = base
        self.a = nn.Linear(base.in_features, rank, bias=False)
        self.b = nn.Linear(rank, base.out_features, bias=False)
        nn.init.zeros_(self.b.weight)

    def forward(self, x):
        return self.base(x) + 2.0 * self.b(self.a(x))


class Block(nn.Module):
    def __init__(self, inner, width, stride, bottleneck):
        super().__init__()
        shapes = [(1, 1), (3, stride), (1, 1)] if bottleneck else [(3, stride), (3, 1)]
        out = width * (4 if bottleneck else 1)
        layers, channels = [], inner
        for i, (kernel, step) in enumerate(shapes):
            last = i + 1 == len(shapes)
            layers += [nn.Conv2d(channels, out if last else width, kernel, step, kernel // 2, bias=False)]
            layers += [nn.BatchNorm2d(out if last else width)] + ([] if last else [nn.ReLU(True)])
            channels = width
        self.body = nn.Sequential(*layers)
        project = stride > 1 or inner != out
        self.shortcut = nn.Sequential(nn.Conv2d(inner, out, 1, stride, bias=False), nn.BatchNorm2d(out)) if project else nn.Identity()

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


def bert(layers, hidden, batch, length):
    config = transformers.BertConfig(
        num_hidden_layers=layers, hidden_size=hidden, num_attention_heads=12, intermediate_size=4 * hidden, num_labels=2
    )
    model = transformers.BertForSequenceClassification(config)
    ids, labels = torch.randint(0, config.vocab_size, (batch, length)), torch.randint(0, 2, (batch,))
    return model, lambda: model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels).loss


def language_model(model, batch, length):
    ids = torch.randint(0, model.config.vocab_size, (batch, length))
    return model, lambda: model(input_ids=ids, labels=ids, use_cache=False).loss


def smollm2(batch, length):
    config = transformers.LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, tie_word_embeddings=True, max_position_embeddings=2048,
    )
    model = transformers.LlamaForCausalLM(config)
    model.requires_grad_(False)
    for layer in model.model.layers:
        layer.self_attn.q_proj = Lora(layer.self_attn.q_proj)
        layer.self_attn.v_proj = Lora(layer.self_attn.v_proj)
    return language_model(model, batch, length)


def resnet(depths, bottleneck, batch, widths=(64, 128, 256, 512)):
    channels = widths[0]
    layers = [nn.Conv2d(3, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(True)]
    for stage, (depth, width) in enumerate(zip(depths, widths)):
        for i in range(depth):
            layers.append(Block(channels, width, 2 if stage and not i else 1, bottleneck))
            channels = width * (4 if bottleneck else 1)
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
    pixels, labels = torch.randn(batch, 3, 32, 32), torch.randint(0, 10, (batch,))
    return model, lambda: nn.functional.cross_entropy(model(pixels), labels)


def t5_small(batch, length):
    config = transformers.T5Config(vocab_size=32128, d_model=512, d_kv=64, d_ff=2048, num_layers=6, num_heads=8, decoder_start_token_id=0)
    model = transformers.T5ForConditionalGeneration(config)
    ids, labels = torch.randint(0, config.vocab_size, (2, batch, length))
    return model, lambda: model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels).loss


def vit_tiny(batch):
    config = transformers.ViTConfig(hidden_size=192, num_hidden_layers=12, num_attention_heads=3, intermediate_size=768, num_labels=10)
    model = transformers.ViTForImageClassification(config)
    pixels, labels = torch.randn(batch, 3, 224, 224), torch.randint(0, 10, (batch,))
    return model, lambda: model(pixel_values=pixels, labels=labels).loss


WORKS = {
    "bert-base": lambda: bert(12, 768, 8, 128),
    "minilm": lambda: bert(6, 384, 32, 64),
    "gpt2": lambda: language_model(transformers.GPT2LMHeadModel(transformers.GPT2Config()), 2, 256),
    "smollm2": lambda: smollm2(2, 256),
    "t5-small": lambda: t5_small(8, 128),
    "vit-tiny": lambda: vit_tiny(8),
    "resnet18": lambda: resnet((2, 2, 2, 2), False, 32),
    "resnet50": lambda: resnet((3, 4, 6, 3), True, 32),
    "resnet20": lambda: resnet((3, 3, 3), False, 128, (16, 32, 64)),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=WORKS)
    parser.add_argument("--steps", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    model, loss_of = WORKS[args.model]()
    model.train()
    params = [p for p in model.parameters() if p.requires_grad]
    images = args.model.startswith("resnet")
    optimizer = torch.optim.SGD(params, 0.01, momentum=0.9, weight_decay=1e-4) if images else torch.optim.AdamW(params, 1e-4)
    loss_of = torch.compile(loss_of) if args.compile else loss_of
    times = []
    for _ in range(args.steps + 2):
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        if not images:
            nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        times.append(1e3 * (time.perf_counter() - start))
    times = sorted(times[2:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    compiled = ", compiled" if args.compile else ""
    print(f"{args.model}{compiled}: median {times[len(times) // 2]:.1f} ms, least {times[0]:.1f} ms, peak {peak} kB, loss {loss.item():.4f}")


main()
