"""onnx_run.py ASKED.json: checks exported files, runs them with onnxruntime, and compares what they say with Tallow's own numbers."""
import json
import sys

import numpy as np
import onnx
import onnxruntime as ort

asked = json.load(open(sys.argv[1]))
array = lambda told: np.array(told["values"], np.float32).reshape(told["shape"])


def session(file):
    onnx.checker.check_model(file, full_check=True)
    return ort.InferenceSession(file, providers=["CPUExecutionProvider"])


for model in asked.get("texts", []):
    run, worst = session(model["file"]), 0.0
    for told in model["runs"]:
        of = lambda name: np.array(told[name], np.int64).reshape(told["shape"])
        found = run.run(None, {"input_ids": of("ids"), "attention_mask": of("mask"), "token_type_ids": of("types")})
        found = np.stack(found, -1) if len(found) == 2 else found[0]
        expected = array(told["expected"])
        assert found.shape == expected.shape, (found.shape, expected.shape)
        # Of padding nothing is said.
        for row, length in enumerate(told["lengths"]):
            part = slice(0, length) if told["per_token"] else slice(None)
            worst = max(worst, float(np.abs(found[row][part] - expected[row][part]).max()))
    print(f"{model['name']}: off by {worst:.1e}")
    assert worst < 1e-4, worst
for model in asked.get("images", []):
    run, worst = session(model["file"]), 0.0
    for told in model["runs"]:
        found, expected = run.run(None, {"pixel_values": array(told["pixels"])})[0], array(told["expected"])
        worst = max(worst, float((np.abs(found - expected) / np.maximum(1, np.abs(expected).max())).max()))
    print(f"{model['name']}: off by {worst:.1e}")
    assert worst < 1e-4, worst
for model in asked.get("tables", []):
    run = session(model["file"])
    column = lambda cells: np.array(cells, object if isinstance(cells[0], str) else np.float64).reshape(-1, 1)
    found = run.run(None, {name: column(cells) for name, cells in model["columns"].items()})[0]
    expected = array(model["expected"])
    assert found.shape == expected.shape, (found.shape, expected.shape)
    worst = float((np.abs(found - expected) / np.maximum(1, np.abs(expected).max())).max())
    print(f"{model['name']}: off by {worst:.1e}")
    assert worst < 1e-4, worst
