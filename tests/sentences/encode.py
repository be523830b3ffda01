"""Loads a folder by sentence-transformers and compares its vectors: `python encode.py FOLDER SAID`, SAID holding `texts` and `vectors`."""

import json
import sys

import numpy
import transformers
from sentence_transformers import SentenceTransformer

transformers.logging.set_verbosity_error()
model = SentenceTransformer(sys.argv[1], device="cpu")
said = json.load(open(sys.argv[2]))
found, expected = numpy.array(model.encode(said["texts"]), dtype=float), numpy.array(said["vectors"], dtype=float)
assert found.shape == expected.shape, (found.shape, expected.shape)
off = numpy.linalg.norm(found - expected, axis=1) / numpy.linalg.norm(expected, axis=1)
assert off.max() < 1e-5, off
print(f"{len(off)} vectors are off by at most {off.max():.1e}")
