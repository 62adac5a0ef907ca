"""Cut-outs of ours beside rembg with the same weights on the same pictures, in one run.

    python bench/cutout.py [--json] [--objects bottle,mug] [--backgrounds white,wood]

Needs rembg (requirements-bench.lock). The pictures are synthetic, their true alpha is known. IoU is of the
masks at half coverage, MAE the mean error of alpha in per cent, time is CPU-seconds of one picture on one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Before what reads it is imported, and so before all the imports below: CPU seconds are to be one thread's.
os.environ["OMP_NUM_THREADS"] = "1"
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from packshot.imaging.cutout import cut_out  # noqa: E402
from packshot.imaging.decode import Picture  # noqa: E402
from packshot.imaging.types import Bytes2D, Floats  # noqa: E402
from tests.imaging import synthetic  # noqa: E402

PLAIN = ("white", "grey", "gradient", "studio")
Method = Callable[[Bytes2D], Floats]


def ours(rgb: Bytes2D) -> Floats:
    """The recipe of packshot.imaging.cutout."""
    return cut_out(Picture(rgb, None, "image/png")).rgba[..., 3].astype(np.float32) / 255


def rembg_method(home: Path) -> Method:
    """rembg's own call with its u2netp session, reading the vendored weights so that nothing is downloaded."""
    weights = ROOT / "packshot" / "imaging" / "weights" / "u2netp.onnx"
    shutil.copy(weights, home / "u2netp.onnx")
    os.environ["U2NET_HOME"] = str(home)
    from rembg import new_session, remove

    session = new_session("u2netp")

    def run(rgb: Bytes2D) -> Floats:
        return np.asarray(remove(rgb, session=session))[..., 3].astype(np.float32) / 255

    return run


def measure(method: Method, photos: dict[tuple[str, str], synthetic.Photo]) -> list[dict[str, Any]]:
    """One row a picture; the networks are loaded before the clock runs."""
    method(next(iter(photos.values())).rgb)
    rows = []
    for (name, backdrop), photo in photos.items():
        began = time.process_time()
        alpha = method(photo.rgb)
        rows.append(
            {
                "object": name,
                "background": backdrop,
                "iou": round(synthetic.intersection_over_union(alpha, photo.alpha), 4),
                "mae_percent": round(100 * float(np.abs(alpha - photo.alpha).mean()), 3),
                "cpu_s": round(time.process_time() - began, 3),
            }
        )
    return rows


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The figures that a page of the docs may quote."""
    plain = [row["iou"] for row in rows if row["background"] in PLAIN]
    return {
        "iou_min_plain": min(plain, default=float("nan")),
        "iou_min": min(row["iou"] for row in rows),
        "iou_mean": round(statistics.fmean(row["iou"] for row in rows), 4),
        "mae_percent_mean": round(statistics.fmean(row["mae_percent"] for row in rows), 3),
        "cpu_s_median": statistics.median(row["cpu_s"] for row in rows),
    }


def main() -> int:
    """Print the comparison; 2 when rembg is not there to compare with."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--objects", default=",".join(synthetic.OBJECTS))
    parser.add_argument("--backgrounds", default=",".join(synthetic.BACKGROUNDS))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as home:
        try:
            theirs = rembg_method(Path(home))
        except ImportError as error:
            print(f"rembg is not installed ({error.name}): see requirements-bench.lock", file=sys.stderr)
            return 2
        photos = {
            (name, backdrop): synthetic.photo(name, backdrop)
            for name in options.objects.split(",")
            for backdrop in options.backgrounds.split(",")
        }
        results = {"packshot": measure(ours, photos), "rembg u2netp": measure(theirs, photos)}
    report = {
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version()},
        "pictures": len(photos),
        "summary": {name: summary(rows) for name, rows in results.items()},
        "rows": results,
    }
    print(json.dumps(report, indent=1) if options.json else _table(report))
    return 0


def _table(report: dict[str, Any]) -> str:
    lines = [f"{'':14}{'object':10}{'background':12}{'IoU':>8}{'MAE %':>8}{'CPU s':>8}"]
    for name, rows in report["rows"].items():
        lines += [
            f"{name:14}{row['object']:10}{row['background']:12}{row['iou']:8.4f}{row['mae_percent']:8.2f}{row['cpu_s']:8.2f}"
            for row in rows
        ]
    lines += [
        f"{name:14}" + "  ".join(f"{key} {value}" for key, value in row.items())
        for name, row in report["summary"].items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
