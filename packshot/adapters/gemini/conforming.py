"""Whether a JSON value conforms to a JSON Schema, as far as schemas of this kind go.

Looked at: type, enum, const, properties, required, additionalProperties (false), items, anyOf, $ref to `#/$defs/...`,
and the limits of lengths and numbers. What else a schema says (titles, descriptions, formats) is for the model to read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]

_DEEPEST = 40
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool))
        or (isinstance(value, float) and value.is_integer())
    ),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}


def conforms(value: Any, schema: Schema) -> bool:
    """Raises ValueError for a schema that names a type or a definition which does not exist."""
    return _fits(value, schema, schema.get("$defs", {}), 0)


def _fits(value: Any, schema: Schema, definitions: Mapping[str, Schema], depth: int) -> bool:
    if depth > _DEEPEST:
        raise ValueError("the schema goes round in circles")
    if "$ref" in schema:
        return _fits(value, _definition(str(schema["$ref"]), definitions), definitions, depth + 1)
    if "anyOf" in schema and not any(_fits(value, each, definitions, depth + 1) for each in schema["anyOf"]):
        return False
    if not _is_of_type(value, schema.get("type")) or not _is_among(value, schema):
        return False
    if isinstance(value, dict):
        return _object_fits(value, schema, definitions, depth)
    if isinstance(value, list):
        within = _between(len(value), schema, "minItems", "maxItems")
        items = schema.get("items")
        return within and (items is None or all(_fits(each, items, definitions, depth + 1) for each in value))
    if isinstance(value, str):
        return _between(len(value), schema, "minLength", "maxLength")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _between(value, schema, "minimum", "maximum")
    return True


def _object_fits(
    value: Mapping[str, Any], schema: Schema, definitions: Mapping[str, Schema], depth: int
) -> bool:
    known = schema.get("properties", {})
    if any(name not in value for name in schema.get("required", ())):
        return False
    if schema.get("additionalProperties") is False and not value.keys() <= known.keys():
        return False
    return all(
        _fits(value[name], each, definitions, depth + 1) for name, each in known.items() if name in value
    )


def _is_of_type(value: Any, named: Any) -> bool:
    names = [] if named is None else named if isinstance(named, list) else [named]
    if any(name not in _TYPES for name in names):
        raise ValueError(f"no such type: {named}")
    return not names or any(_TYPES[name](value) for name in names)


def _is_among(value: Any, schema: Schema) -> bool:
    return ("enum" not in schema or value in schema["enum"]) and (
        "const" not in schema or value == schema["const"]
    )


def _between(size: float, schema: Schema, least: str, most: str) -> bool:
    low, high = schema.get(least), schema.get(most)
    return (low is None or low <= size) and (high is None or size <= high)


def _definition(ref: str, definitions: Mapping[str, Schema]) -> Schema:
    found = definitions.get(ref.removeprefix("#/$defs/"))
    if found is None:
        raise ValueError(f"no such definition: {ref}")
    return found
