"""The ONNX networks: checked, loaded once per process and run on one thread."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib import resources

import numpy as np
import onnxruntime as ort

from packshot.imaging.types import Floats

WEIGHTS = {
    "u2netp.onnx": "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
    "w2x_photo_scale2.0x_model.onnx": "761fe7a1e16671a5813381f0b2e84bb716d65e920aee1f2025d092af3b56e2c0",
    "w2x_photo_noise1_scale2.0x_model.onnx": "67366c7e0fbdabe4ca1b963db9475e3a54719232be0455e91113d8c8fcfbb16b",
}


class BadWeights(RuntimeError):
    """A weights file in the package is not the one that was measured and licensed."""


def weights(name: str) -> bytes:
    """The bytes of a vendored file; raises BadWeights when its checksum differs."""
    data = resources.files("packshot.imaging.weights").joinpath(name).read_bytes()
    if sha256(data).hexdigest() != WEIGHTS[name]:
        raise BadWeights(f"{name} is damaged: its checksum is not the expected one. Reinstall the package.")
    return data


@cache
def _session(name: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    # The pool runs one process per core; threads of our own would only fight each other.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # The arena keeps the largest tensor ever seen for the life of the process.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return ort.InferenceSession(weights(name), options, providers=["CPUExecutionProvider"])


def run(name: str, batch: Floats) -> Floats:
    """The first output of the network `name` for one NCHW float32 batch."""
    session = _session(name)
    first = session.get_outputs()[0].name
    (answer,) = session.run([first], {session.get_inputs()[0].name: batch})
    return np.asarray(answer, dtype=np.float32)
