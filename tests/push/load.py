"""load.py ID WANTED.json: downloads a model from the Hub that HF_ENDPOINT names, loads it, and compares what it says with Tallow's."""
import json
import os
import sys

import torch
from huggingface_hub import ModelCard, snapshot_download
from transformers import AutoModelForSequenceClassification, AutoTokenizer

repo, wanted = sys.argv[1], json.load(open(sys.argv[2]))
folder = snapshot_download(repo)
card = ModelCard.load(f"{folder}/README.md")
results = card.data.eval_results
assert "tallow" in card.data.tags and results and all(r.metric_value is not None for r in results), card.data
if os.path.exists(f"{folder}/adapter_config.json"):
    from peft import PeftConfig, PeftModel

    base = PeftConfig.from_pretrained(repo).base_model_name_or_path
    model = PeftModel.from_pretrained(AutoModelForSequenceClassification.from_pretrained(base), repo).eval()
else:
    model = AutoModelForSequenceClassification.from_pretrained(repo).eval()
tokenizer = AutoTokenizer.from_pretrained(repo)
assert tokenizer.model_max_length == wanted.get("longest", tokenizer.model_max_length), tokenizer.model_max_length
worst = 0.0
for text, answer in zip(wanted["texts"], wanted["answers"]):
    with torch.no_grad():
        # A text, or a pair of them.
        texts = text if isinstance(text, list) else [text]
        logits = model(**tokenizer(*texts, return_tensors="pt")).logits[0]
    worst = max(worst, (logits - torch.tensor(answer["logits"])).abs().max().item())
assert worst < 1e-4, worst
print(f"{len(wanted['texts'])} texts, logits off by {worst:.1e}")
