"""load.py ID WANTED.json: downloads a model from the Hub that HF_ENDPOINT names, loads it, and compares what it says with Tallow's."""
import json
import sys

import torch
from huggingface_hub import ModelCard, snapshot_download
from transformers import AutoModelForSequenceClassification, AutoTokenizer

repo, wanted = sys.argv[1], json.load(open(sys.argv[2]))
folder = snapshot_download(repo)
card = ModelCard.load(f"{folder}/README.md")
assert card.data.tags, card.data
model = AutoModelForSequenceClassification.from_pretrained(repo).eval()
tokenizer = AutoTokenizer.from_pretrained(repo)
worst = 0.0
for text, answer in zip(wanted["texts"], wanted["answers"]):
    with torch.no_grad():
        logits = model(**tokenizer(text, return_tensors="pt")).logits[0]
    worst = max(worst, (logits - torch.tensor(answer["logits"])).abs().max().item())
assert worst < 1e-4, worst
print(f"{len(wanted['texts'])} texts, logits off by {worst:.1e}")
