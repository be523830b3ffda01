"""make.py OUT: fresh random models of transformers, each in a folder with inputs and what the library says of them."""
import json
import os
import sys

import numpy as np
import torch
from PIL import Image
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig, BertForQuestionAnswering, BertForSequenceClassification, BertForTokenClassification,
    PreTrainedTokenizerFast, ResNetConfig, ResNetForImageClassification, RobertaConfig, RobertaForQuestionAnswering,
    RobertaForSequenceClassification, ViTConfig, ViTForImageClassification, ViTImageProcessor, XLMRobertaConfig,
    XLMRobertaForQuestionAnswering,
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


def adapted(name, model, **more):
    """An adapter beside a base in a folder of its own, whose numbers are no zeros."""
    base = os.path.join(out + "-bases", name)
    model.save_pretrained(base)
    tok.save_pretrained(base)
    model = get_peft_model(type(model).from_pretrained(base), LoraConfig(r=3, lora_alpha=5, **more))
    with torch.no_grad():
        for part, p in model.named_parameters():
            if p.requires_grad:
                p.add_(0.2 * torch.randn_like(p))
    return model.eval()


# Ranks and alphas by layer, and additions to a table of words and to a head.
model = adapted("bert-adapter", scrambled(BertForSequenceClassification(BertConfig(**bert, num_labels=4))),
                target_modules=["query", "output.dense", "word_embeddings", "classifier"],
                rank_pattern={"layer.1.*query": 5, "word_embeddings": 2}, alpha_pattern={"classifier|layer\\.2\\..*": 9})
save("bert-adapter", model, TEXTS, [logits(model, t).logits[0].tolist() for t in TEXTS], [tok])

# Texts of more than letters of one byte, of tokenizers that keep blanks within words.
ACCENTS = "Zoë née Müller was in Łódź in may, and 你好 in São Paulo by \U0001f682."
QUESTIONS = ["who was in Łódź?", "where in may?", "  what by \U0001f682 ?"]


def best_span(scores, offsets, sequence, text):
    """As the library's own scripts decode it (`utils_qa.py`): the 20 likeliest of each side, at most 30 tokens."""
    first, last = [np.argsort(-side, kind="stable")[:20] for side in scores.T]
    pairs = [(scores[i, 0] + scores[j, 1], offsets[i][0], offsets[j][1]) for i in first for j in last
             if sequence[i] == sequence[j] == 1 and i <= j < i + 30]
    score, start, end = max(pairs, key=lambda pair: pair[0])
    # As its pipeline counts: the first token times the last, among those of the text and the very first.
    allowed = [0] + [i for i, of in enumerate(sequence) if of == 1]
    total = sum(np.log(np.exp(side[allowed]).sum()) for side in scores.T)
    return {"start": start, "end": end, "text": text[start:end], "probability": float(np.exp(score - total))}


def asked_of(name, model, reader):
    expected, answers = [], []
    for question in QUESTIONS:
        # Blanks in front of a question are none of it, as the library's scripts have it.
        encoded = reader(question.lstrip(), ACCENTS, return_tensors="pt", return_offsets_mapping=True)
        offsets, sequence = encoded.pop("offset_mapping")[0].tolist(), encoded.sequence_ids(0)
        with torch.no_grad():
            told = model(input_ids=encoded["input_ids"])
        scores = torch.stack([told.start_logits[0], told.end_logits[0]], -1).double().numpy()
        expected.append(scores.tolist())
        answers.append(best_span(scores, offsets, sequence, ACCENTS))
    save(name, model, QUESTIONS, expected, [reader], answers=answers, **{"with": ACCENTS})


SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
NAMED = dict(bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>", mask_token="<mask>", cls_token="<s>", sep_token="</s>")
raw = Tokenizer(models.BPE())
raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
raw.train_from_iterator([ACCENTS] * 3 + QUESTIONS, trainers.BpeTrainer(
    vocab_size=300, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
raw.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
reader = PreTrainedTokenizerFast(tokenizer_object=raw, model_max_length=96, **NAMED)
small = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, max_position_embeddings=200, pad_token_id=1)
asked_of("roberta-answers", scrambled(RobertaForQuestionAnswering(RobertaConfig(vocab_size=len(reader), **small))), reader)
raw = Tokenizer(models.Unigram())
raw.pre_tokenizer = pre_tokenizers.Metaspace()
raw.train_from_iterator([ACCENTS] * 3 + QUESTIONS, trainers.UnigramTrainer(vocab_size=80, special_tokens=SPECIAL, unk_token="<unk>"))
raw.post_processor = processors.TemplateProcessing(
    single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
reader = PreTrainedTokenizerFast(tokenizer_object=raw, model_max_length=96, **NAMED)
asked_of("xlm-roberta-answers", scrambled(XLMRobertaForQuestionAnswering(XLMRobertaConfig(vocab_size=len(reader), **small))), reader)
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
