"""Background removal: a small net for what is the object, classic methods for where exactly it ends.

u2netp alone draws soft, sometimes doubtful masks. Where it doubts, it is asked again on changed copies;
GrabCut then finds the true border, a guided filter gives it back its fine detail, and the colour of the
old background is taken out of the half-transparent edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging import nets
from packshot.imaging.decode import Picture
from packshot.imaging.types import Bytes2D, Floats, Progress, f32, silent

WORK_SIDE = 640
"""Long side at which the object is found."""
EDGE_SIDE = 2048
"""Long side above which edge coefficients and edge colours are computed smaller and scaled up."""
CONFIDENT = 0.95
_MEAN = np.array((0.485, 0.456, 0.406), np.float32)
_STD = np.array((0.229, 0.224, 0.225), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """`rgba`: height x width x 4, straight alpha. `confidence` 0..1; below 0.9 a person should look."""

    rgba: Bytes2D
    confidence: float


def cut_out(picture: Picture, progress: Progress = silent) -> Cutout:
    """Separate the main object from its background; a picture that has real transparency keeps its own."""
    if picture.alpha is not None and _is_real(picture.alpha):
        return Cutout(np.dstack((picture.rgb, picture.alpha)), 1.0)
    mask, confidence = object_mask(picture.rgb, progress)
    alpha = _refine(picture.rgb, mask)
    progress(75)
    colour = _foreground(picture.rgb, alpha)
    alpha8 = np.rint(alpha * 255).astype(np.uint8)
    if picture.alpha is not None:
        alpha8 = np.minimum(alpha8, picture.alpha)
    progress(100)
    return Cutout(np.dstack((colour, alpha8)), round(float(np.clip(confidence, 0, 1)), 3))


def matte(picture: Picture) -> Floats:
    """How much of each pixel is the main object, 0..1, at full size."""
    if picture.alpha is not None and _is_real(picture.alpha):
        return picture.alpha.astype(np.float32) / 255
    mask, _ = object_mask(picture.rgb)
    return _refine(picture.rgb, mask)


def _is_real(alpha: Bytes2D) -> bool:
    """Transparency that cuts something out: some of the picture gone, some of it there."""
    gone = float((alpha < 16).mean())
    return 0.01 < gone < 0.999


def object_mask(rgb: Bytes2D, progress: Progress = silent) -> tuple[Floats, float]:
    """The object's coarse mask (0..1, long side at most WORK_SIDE) and the confidence in it."""
    small = _fit(rgb, WORK_SIDE)
    probability = _ask(small)
    confidence, area = _confidence(probability)
    progress(25)
    if confidence < CONFIDENT or area < 0.02:
        probability, confidence = _ask_again(small, probability)
    progress(45)
    mask = _without_islands(_grabcut(small, probability))
    progress(60)
    return mask, confidence


def _fit(image: Bytes2D, side: int) -> Bytes2D:
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _ask(rgb: Bytes2D) -> Floats:
    squashed = cv2.resize(rgb, (320, 320), interpolation=cv2.INTER_AREA).astype(np.float32)
    squashed /= max(float(squashed.max()), 1e-6)
    batch = np.ascontiguousarray(((squashed - _MEAN) / _STD).transpose(2, 0, 1)[None])
    fused = nets.run("u2netp.onnx", batch)[0, 0]
    low, high = float(fused.min()), float(fused.max())
    stretched = (fused - low) / max(high - low, 1e-6)
    return _resize(stretched, rgb.shape[1], rgb.shape[0])


def _resize(plane: Floats, width: int, height: int) -> Floats:
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _confidence(probability: Floats) -> tuple[float, float]:
    """(confidence, share of the picture that is object)."""
    inside = probability > 0.5
    area = float(inside.mean())
    if area < 0.01:
        return 0.0, area
    ambiguous = float(((probability > 0.15) & (probability < 0.85)).mean())
    return float(probability[inside].mean()) - 2 * max(0.0, ambiguous - 0.06), area


def _ask_again(rgb: Bytes2D, first: Floats) -> tuple[Floats, float]:
    """The median of the confident answers on copies with more contrast, other gamma, and mirrored."""
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(4, 4)).apply(lab[..., 0])
    contrast = np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), dtype=np.uint8)
    gamma = np.rint(255 * (rgb / 255.0) ** 2.2).astype(np.uint8)
    mirrored = np.ascontiguousarray(rgb[:, ::-1])
    answers = [first, _ask(contrast), _ask(gamma), np.ascontiguousarray(_ask(mirrored)[:, ::-1])]
    scores = [confidence if area > 0.02 else 0.0 for confidence, area in map(_confidence, answers)]
    best = max(scores)
    if best <= 0:
        return first, _confidence(first)[0]
    kept = [answer for answer, score in zip(answers, scores, strict=True) if score > 0.9 * best]
    return np.median(np.stack(kept), axis=0).astype(np.float32), best


def _grabcut(rgb: Bytes2D, probability: Floats) -> Floats:
    radius = max(3, round(0.008 * rgb.shape[1]))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    sure = cv2.erode((probability > 0.9).astype(np.uint8), kernel)
    possible = cv2.dilate((probability > 0.1).astype(np.uint8), kernel)
    if int(sure.sum()) < 50 or int((possible == 0).sum()) < 50:
        return probability
    # What is far from anything doubtful teaches nothing: only the object's box is looked at.
    box = _box(possible > 0, 4 * radius)
    rgb, sure, possible = rgb[box], sure[box], possible[box]
    whole, probability = probability, probability[box]
    marks = np.where(probability > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    marks[sure > 0] = cv2.GC_FGD
    marks[possible == 0] = cv2.GC_BGD
    cv2.setRNGSeed(0)  # its k-means draws from OpenCV's global generator
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    cv2.grabCut(bgr, marks, (0, 0, 0, 0), background, foreground, 3, cv2.GC_INIT_WITH_MASK)
    cut: Floats = ((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)).astype(np.float32)
    if float(cut.sum()) < 0.6 * int((probability > 0.5).sum()):
        return whole
    found = np.zeros_like(whole)
    found[box] = cut
    return found


def _box(there: npt.NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """The bounds of what is there and `margin` pixels around it; everything where nothing is."""
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    if rows.size == 0:
        return slice(None), slice(None)
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


def _without_islands(mask: Floats) -> Floats:
    count, labels, stats, _ = cv2.connectedComponentsWithStats((mask > 0.5).astype(np.uint8), connectivity=8)
    if count <= 2:
        return mask
    areas = stats[1:, cv2.CC_STAT_AREA]
    islands = 1 + np.flatnonzero(areas < 0.01 * areas.max())
    return f32(np.where(np.isin(labels, islands), np.float32(0), mask))


def _refine(rgb: Bytes2D, mask: Floats) -> Floats:
    """Full-size alpha: a guided filter whose coefficients are computed at most EDGE_SIDE large."""
    height, width = rgb.shape[:2]
    edge = _fit(rgb, EDGE_SIDE)
    edge_height, edge_width = edge.shape[:2]
    guide = cv2.cvtColor(edge, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    slope, offset = _guided(guide, _resize(mask, edge_width, edge_height), 1e-4)
    if (edge_height, edge_width) != (height, width):
        guide = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
        slope, offset = _resize(slope, width, height), _resize(offset, width, height)
    return np.clip((slope * guide + offset - 0.05) / 0.9, 0, 1).astype(np.float32)


def _guided(guide: Floats, mask: Floats, eps: float) -> tuple[Floats, Floats]:
    radius = max(3, round(0.006 * max(guide.shape)))
    window = (2 * radius + 1, 2 * radius + 1)

    def mean(plane: Floats) -> Floats:
        return np.asarray(cv2.boxFilter(plane, -1, window), dtype=np.float32)

    mean_guide, mean_mask = mean(guide), mean(mask)
    covariance = mean(guide * mask) - mean_guide * mean_mask
    variance = mean(guide * guide) - mean_guide * mean_guide
    slope = covariance / (variance + eps)
    return mean(slope), mean(mean_mask - slope * mean_guide)


def _foreground(rgb: Bytes2D, alpha: Floats) -> Bytes2D:
    """The object's own colour also where the old background shines through its edge."""
    height, width = rgb.shape[:2]
    small = _fit(rgb, EDGE_SIDE)
    if small.shape == rgb.shape:
        return _blur_fusion(rgb, alpha)
    colour = _blur_fusion(small, _resize(alpha, small.shape[1], small.shape[0]))
    result = np.asarray(cv2.resize(colour, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    solid = alpha > 0.98
    result[solid] = rgb[solid]
    return result


def _blur_fusion(rgb: Bytes2D, alpha: Floats) -> Bytes2D:
    """Foreground estimation by blur fusion (Forte and Pitie 2021), two passes, wide then narrow.

    Only around the object: what is invisible needs no colour.
    """
    wide = 180 if max(rgb.shape[:2]) > 1100 else 90
    box = _box(alpha > 0.004, wide // 2)
    result = rgb.copy()
    result[box] = _fused(rgb[box], alpha[box], wide)
    return result


def _fused(rgb: Bytes2D, alpha: Floats, wide: int) -> Bytes2D:
    image = rgb.astype(np.float32) / 255
    height, width = alpha.shape
    # The wide pass knows no detail, so a quarter of the size is enough for it.
    small = (max(1, width // 4), max(1, height // 4))
    coarse = f32(cv2.resize(image, small, interpolation=cv2.INTER_AREA))
    blurred, behind = _blurred(
        coarse, coarse, f32(cv2.resize(alpha, small, interpolation=cv2.INTER_AREA)), max(1, wide // 4)
    )
    blurred, behind = (
        f32(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)) for plane in (blurred, behind)
    )
    mask = alpha[..., None]
    colour = _estimate(image, mask, blurred, behind)
    colour = _estimate(image, mask, *_blurred(colour, behind, alpha, wide // 15))
    solid = alpha > 0.995
    result = np.rint(colour * 255).astype(np.uint8)
    result[solid] = rgb[solid]
    return result


def _blurred(colour: Floats, background: Floats, alpha: Floats, size: int) -> tuple[Floats, Floats]:
    """(foreground, background), each averaged over a window where it is seen."""
    window, mask = (size, size), alpha[..., None]
    weight = cv2.blur(alpha, window)[..., None]
    blurred = cv2.blur(colour * mask, window) / (weight + 1e-5)
    behind = cv2.blur(background * (1 - mask), window) / ((1 - weight) + 1e-5)
    return f32(blurred), f32(behind)


def _estimate(image: Floats, mask: Floats, blurred: Floats, behind: Floats) -> Floats:
    return f32(np.clip(blurred + mask * (image - mask * blurred - (1 - mask) * behind), 0, 1))
