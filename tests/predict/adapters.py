"""adapters.py OUT: language models with adapters that reach tables of words and output layers, and what peft says of them.
adapters.py OUT MERGED: whether transformers says the same of each as one model, in folders of the same names."""
import os
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

WORDS = 40
torch.manual_seed(int.from_bytes(os.urandom(4), "little"))


def scrambled(model, trained_alone):
    with torch.no_grad():
        for p in model.parameters():
            if p.requires_grad or not trained_alone:
                p.add_(0.2 * torch.randn_like(p))
    return model.eval()


def make(out):
    raw = Tokenizer(models.WordLevel({f"w{i}": i for i in range(WORDS)}, unk_token="w0"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, unk_token="w0", eos_token="w1")
    for name, tied, settings in [
        ("tied", True, dict(target_modules=["q_proj", "embed_tokens", "lm_head"], rank_pattern={"embed_tokens": 2})),
        ("table", True, dict(target_modules=["embed_tokens", "up_proj"], alpha_pattern={"model.embed_tokens": 7})),
        ("own", False, dict(target_modules=["lm_head", "v_proj"], use_dora=True, use_rslora=True, alpha_pattern={".*_head": 2})),
        ("saved", False, dict(target_modules=["q_proj"], modules_to_save=["embed_tokens", "lm_head"])),
    ]:
        base = out / "bases" / name
        scrambled(LlamaForCausalLM(LlamaConfig(
            vocab_size=WORDS, hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            max_position_embeddings=64, tie_word_embeddings=tied)), False).save_pretrained(base)
        tokenizer.save_pretrained(base)
        model = LlamaForCausalLM.from_pretrained(base)
        model = scrambled(get_peft_model(model, LoraConfig(r=3, lora_alpha=4, task_type="CAUSAL_LM", **settings)), True)
        ids = torch.randint(0, WORDS, (2, 11))
        with torch.no_grad():
            logits = model(input_ids=ids).logits
        model.save_pretrained(out / name)
        save_file({"ids": ids, "logits": logits}, out / name / "said.safetensors")


def check(out, merged):
    for folder in sorted(merged.iterdir()):
        said = load_file(out / folder.name / "said.safetensors")
        model = AutoModelForCausalLM.from_pretrained(folder).eval()
        with torch.no_grad():
            found = model(input_ids=said["ids"]).logits
        worst = ((found - said["logits"]).abs().max() / said["logits"].abs().max()).item()
        print(f"{folder.name}: off by {worst:.1e}")
        assert worst < 1e-5, folder.name


if __name__ == "__main__":
    if len(sys.argv) > 2:
        check(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        make(Path(sys.argv[1]))
