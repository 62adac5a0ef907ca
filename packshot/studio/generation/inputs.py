"""What a model takes, as a JSON Schema: for forms and programs that do not know it."""

from __future__ import annotations

from typing import Any

from packshot.studio.generation.catalogue import MAX_NEGATIVE, Model, Parameter

_TYPES = {"integer": "integer", "text": "string", "boolean": "boolean", "object": "object"}
_ID = {"type": "string", "format": "uuid"}


def input_schema(model: Model) -> dict[str, Any]:
    """JSON Schema (2020-12) of an order for this model. What it does not name, the model does not take."""
    fields: dict[str, Any] = {
        "model": {"const": model.id},
        "operation": {"const": model.operation},
        "variants": {"type": "integer", "minimum": 1, "maximum": model.max_variants, "default": 1},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2**53 - 1},
        "board": _ID,
    }
    required = ["model"]
    if model.max_prompt or model.needs_prompt:
        fields["prompt"] = {"type": "string"} | ({"maxLength": model.max_prompt} if model.max_prompt else {})
    if model.needs_prompt:
        required.append("prompt")
    if model.ratios:
        fields["ratio"] = {"enum": list(model.ratios), "default": model.ratios[0]}
        fields["size"] = {"enum": list(model.sizes), "description": "Pixels of the longer side."}
    if model.references.max:
        bounds = {"minItems": model.references.min, "maxItems": model.references.max}
        fields["references"] = {"type": "array", "items": _ID, **bounds}
    if model.references.min:
        required.append("references")
    if model.styles.max:
        fields["styles"] = {"type": "array", "items": _ID, "maxItems": model.styles.max}
    if model.negative:
        fields["negative"] = {"type": "string", "maxLength": MAX_NEGATIVE}
    if model.parameters:
        fields["parameters"] = {
            "type": "object",
            "properties": {name: _choice(each) for name, each in model.parameters.items()},
            "additionalProperties": False,
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": model.title,
        "type": "object",
        "properties": fields,
        "required": required,
    }


def _choice(parameter: Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {"type": _TYPES[parameter.type]}
    if parameter.type == "text":
        found["maxLength"] = parameter.max_length
    if parameter.choices:
        found |= {"enum": list(parameter.choices), "default": parameter.choices[0]}
    return found
