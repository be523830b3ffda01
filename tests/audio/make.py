"""Makes `features.safetensors`, what transformers' `WhisperFeatureExtractor` hears of a few recordings, and `formats.json` with the files
that it names: one sound as WAV, FLAC, MP3 and Ogg Vorbis of all kinds, and what libsndfile reads of them.

    python make.py

Last run with Python 3.11, numpy, transformers 5.24.0 and soundfile 0.13 on a CPU. Features are computed in float64 (the extractor's path
without PyTorch) and rounded to float32.
"""

import json
from pathlib import Path

import numpy as np
import soundfile
from safetensors.numpy import save_file
from transformers import WhisperFeatureExtractor

HERE = Path(__file__).parent
RATE = 16000


def sound(seconds, seed, rate=RATE):
    """Tones that come and go, and noise."""
    random = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate)) / rate
    tones = sum(np.sin(2 * np.pi * f * t + p) * np.exp(-((t - c) * 8) ** 2) for f, p, c in zip([220, 700, 1900, 3500], range(4), [0.1, 0.3, 0.5, 0.2]))
    return np.clip(0.2 * tones + 0.003 * random.standard_normal(len(t)), -1, 1).astype(np.float32)


def features(samples, mel_bins, frames):
    extractor = WhisperFeatureExtractor(feature_size=mel_bins, chunk_length=1)
    window = frames * 160
    padded = np.zeros(window)
    padded[: len(samples)] = samples[:window]
    return extractor._np_extract_fbank_features(padded[None], "cpu")[0].astype(np.float32)


def main():
    cases = {
        "short": (sound(0.2, 1), 80, 40),
        "whole": (sound(0.4, 2), 80, 40),
        "long": (sound(0.5, 3), 20, 40),
        "almost_whole": (sound(0.395, 4), 16, 40),
        "large": (sound(0.2, 5), 128, 40),
        "silent": (np.zeros(1000, np.float32), 8, 20),
    }
    tensors = {}
    for name, (samples, mel_bins, frames) in cases.items():
        tensors |= {f"{name}.samples": samples, f"{name}.features": features(samples, mel_bins, frames)}
    # The public way, with PyTorch in float32, says the same.
    whole = sound(1.0, 6)
    usual = WhisperFeatureExtractor(chunk_length=1)(whole, sampling_rate=RATE, return_tensors="np").input_features[0]
    off = np.abs(usual - features(whole, 80, 100))
    print(f"float32 is off by at most {off.max():.1e}, {off.mean():.1e} in the mean")
    assert off.max() < 1e-4
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, HERE / "features.safetensors")

    write_formats()


def write_formats():
    told = []
    for name, rate, channels, container, subtype in [
        ("unsigned8", 16000, 1, "WAV", "PCM_U8"), ("signed16", 44100, 2, "WAV", "PCM_16"), ("signed24", 48000, 1, "WAV", "PCM_24"),
        ("signed32", 8000, 3, "WAV", "PCM_32"), ("float32", 22050, 2, "WAV", "FLOAT"), ("float64", 16000, 1, "WAV", "DOUBLE"),
        ("extensible", 16000, 2, "WAVEX", "PCM_24"), ("flac16", 16000, 1, "FLAC", "PCM_16"), ("flac24", 44100, 2, "FLAC", "PCM_24"),
        ("mp3mono", 16000, 1, "MP3", "MPEG_LAYER_III"), ("mp3stereo", 44100, 2, "MP3", "MPEG_LAYER_III"), ("vorbis", 22050, 2, "OGG", "VORBIS"),
    ]:
        path = HERE / f"{name}.{ {'FLAC': 'flac', 'MP3': 'mp3', 'OGG': 'ogg'}.get(container, 'wav') }"
        # Of what loses something a few frames.
        seconds = 0.05 if container in ("MP3", "OGG") else 0.01
        parts = [sound(seconds, seed, rate) for seed in range(channels)]
        soundfile.write(path, np.stack(parts, axis=1), rate, format=container, subtype=subtype)
        samples, found = soundfile.read(path, dtype="float64", always_2d=True)
        assert found == rate
        told.append({"file": path.name, "rate": rate, "samples": [float(np.float32(x)) for x in samples.mean(axis=1)]})
    (HERE / "formats.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in told) + "\n]\n")


if __name__ == "__main__":
    main()
