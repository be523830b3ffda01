"""make.py OUT: fresh random models of transformers, each in a folder with inputs and what the library says of them."""
import json
import os
import sys

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig, BertForQuestionAnswering, BertForSequenceClassification, BertForTokenClassification,
    PreTrainedTokenizerFast, ResNetConfig, ResNetForImageClassification, RobertaConfig,
    RobertaForSequenceClassification, ViTConfig, ViTForImageClassification, ViTImageProcessor,
)

torch.manual_seed(int.from_bytes(os.urandom(4), "little"))
out = sys.argv[1]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,!?"


def tokenizer():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocab = {t: i for i, t in enumerate(special + list(LETTERS) + ["##" + c for c in LETTERS])}
    raw = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    raw.normalizer = normalizers.BertNormalizer(lowercase=True)
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    raw.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
        model_max_length=64)


def scrambled(model):
    """Weights that differ in every place, running statistics too."""
    with torch.no_grad():
        for name, p in list(model.named_parameters()) + list(model.named_buffers()):
            if p.dtype.is_floating_point:
                p.copy_(torch.rand_like(p) + 0.5 if "running_var" in name else p + 0.2 * torch.randn_like(p))
    return model.eval()


def save(name, model, inputs, expected, extra=(), **more):
    folder = os.path.join(out, name)
    model.save_pretrained(folder)
    for part in extra:
        part.save_pretrained(folder)
    json.dump({"inputs": inputs, "expected": expected, **more}, open(os.path.join(folder, "asked.json"), "w"))


tok = tokenizer()
TEXTS = ["a fine film, and short!", "dull", "what is 2 and 2? it is 4. " * 2, "Bob Smith sings"]
bert = dict(vocab_size=len(tok), hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=48,
            max_position_embeddings=64)


def logits(model, *texts):
    with torch.no_grad():
        return model(**tok(*texts, return_tensors="pt", return_token_type_ids=model.config.model_type == "bert"))


model = scrambled(BertForSequenceClassification(BertConfig(**bert, num_labels=5)))
save("bert", model, TEXTS, [logits(model, t).logits[0].tolist() for t in TEXTS], [tok])
save("bert-pair", model, TEXTS, [logits(model, t, "and the other one").logits[0].tolist() for t in TEXTS], [tok],
     **{"with": "and the other one"})
model = scrambled(RobertaForSequenceClassification(RobertaConfig(
    **{**bert, "max_position_embeddings": 66}, num_labels=3, pad_token_id=0, type_vocab_size=2)))
save("roberta", model, TEXTS, [logits(model, t).logits[0].tolist() for t in TEXTS], [tok])
model = scrambled(BertForTokenClassification(BertConfig(**bert, num_labels=3)))
expected = []
for text in TEXTS:
    encoded, scores, last = tok(text, return_tensors="pt"), logits(model, text).logits[0], None
    rows = []
    for row, word in zip(scores, encoded.word_ids()):
        if word is not None and word != last:
            rows.append(row.tolist())
        last = word
    expected.append(rows)
save("bert-tags", model, TEXTS, expected, [tok])
model = scrambled(BertForQuestionAnswering(BertConfig(**bert)))
context, asked = "bob was in rome in may.", ["who?", "where was bob?"]
expected = [torch.stack([(o := logits(model, q, context)).start_logits[0], o.end_logits[0]], -1).tolist() for q in asked]
save("bert-answers", model, asked, expected, [tok], **{"with": context})
pictures = []
for i in range(3):
    pixels = np.random.randint(0, 256, (32, 32, 3), dtype=np.uint8)
    path = os.path.join(out, f"{i}.png")
    os.makedirs(out, exist_ok=True)
    Image.fromarray(pixels).save(path)
    pictures.append(path)
processor = ViTImageProcessor(size={"height": 32, "width": 32}, image_mean=[0.4, 0.5, 0.6], image_std=[0.2, 0.3, 0.4])


def seen(model):
    images = [Image.open(path) for path in pictures]
    with torch.no_grad():
        return model(**processor(images=images, return_tensors="pt")).logits.tolist()


model = scrambled(ViTForImageClassification(ViTConfig(
    hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, image_size=32, patch_size=8, num_labels=4)))
save("vit", model, pictures, seen(model), [processor])
for kind, depths in [("basic", [2, 2]), ("bottleneck", [1, 2])]:
    model = scrambled(ResNetForImageClassification(ResNetConfig(
        embedding_size=16, hidden_sizes=[16, 32], depths=depths, layer_type=kind, num_labels=4)))
    save(f"resnet-{kind}", model, pictures, seen(model), [processor])
