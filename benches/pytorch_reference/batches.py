"""The batches of a run as models of the libraries take them. Shapes: b examples, t tokens."""

import torch
from safetensors import safe_open

# A token that nothing is asked of, as the files have it, and as torch has it.
NONE, IGNORED = 2**32 - 1, -100


class Nothing(Exception):
    """There is no counterpart."""


def read(place, names):
    """Step by step its parts, each a dictionary of tensors; a file at a time is in memory."""
    for name in names:
        steps = {}
        with safe_open(str(place / name), framework="pt") as file:
            for key in file.keys():
                step, part, what = key.split(".", 2)
                steps.setdefault(int(step), {}).setdefault(int(part), {})[what] = signed(file.get_tensor(key))
        for _, parts in sorted(steps.items()):
            yield [part for _, part in sorted(parts.items())]


def signed(tensor):
    """Numbers as torch indexes with them; none of them is `IGNORED`."""
    if tensor.dtype != torch.uint32:
        return tensor
    values = tensor.view(torch.int32).to(torch.int64) & 0xFFFFFFFF
    return torch.where(values == NONE, IGNORED, values)


def mask_of(ids, lengths):
    """`[b, t]`: 1 for a real token."""
    return (torch.arange(ids.shape[1])[None] < lengths[:, None]).to(torch.int64)


def inputs_of(part, model):
    """What the model is called with."""
    if "pixels" in part:
        return {"pixel_values": part["pixels"]}
    if "numbers" in part:
        return {"numbers": part["numbers"], "categories": part["categories"]}
    if "documents" in part:
        return packed(part)
    if "source_ids" in part:
        mask = mask_of(part["source_ids"], part["source_lengths"])
        return {"input_ids": part["source_ids"], "attention_mask": mask, "decoder_input_ids": part["target_ids"]}
    if "features" in part:
        return {"input_features": part["features"], "decoder_input_ids": part["target_ids"]}
    if "ids" in part:
        return text(part["ids"], part["types"], part["lengths"], model)
    raise Nothing("batches of this kind have no counterpart")


def text(ids, types, lengths, model):
    inputs = {"input_ids": ids, "attention_mask": mask_of(ids, lengths)}
    # GPT-2 would add the embedding of a word for each type.
    if getattr(model.config, "type_vocab_size", 0) > 1:
        inputs["token_type_ids"] = types
    return inputs


def packed(part):
    """Several texts a row: each sees its own words alone, up to the one that it is at."""
    documents, ids = part["documents"], part["ids"]
    if (documents == documents[:, :1]).all():
        # One text a row: causal attention needs no mask, and goes faster without.
        return {"input_ids": ids, "position_ids": part["positions"]}
    length = ids.shape[1]
    same = documents[:, :, None] == documents[:, None, :]
    seen = same & torch.ones(length, length, dtype=torch.bool).tril()
    mask = torch.zeros(seen.shape).masked_fill(~seen, torch.finfo(torch.float32).min)[:, None]
    return {"input_ids": ids, "attention_mask": mask, "position_ids": part["positions"]}
