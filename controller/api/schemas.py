#!/usr/bin/env python3
"""Writes components.schemas of openapi.json anew from proto/motley/v1, with the comments that stand there.

Run it after a change of messages that REST shows: python3 controller/api/schemas.py
Which messages: those that the paths refer to, and what these hold.
"""
import json
import pathlib
import re

root = pathlib.Path(__file__).resolve().parents[2]
document_path = root / "controller/api/openapi.json"
REFERENCE = "#/components/schemas/"
WIDTH = 120

NUMBERS = {
    "int32": {"type": "integer", "format": "int32"},
    "uint32": {"type": "integer", "format": "uint32", "minimum": 0},
    "int64": {"type": "string", "format": "int64"},
    "uint64": {"type": "string", "format": "uint64"},
    "double": {"type": "number", "format": "double"},
    "bool": {"type": "boolean"},
    "string": {"type": "string"},
    "bytes": {"type": "string", "format": "byte"},
}

messages = {}  # full name -> {"comment", "fields": [(name, type, label, comment, oneof)]}
enums = {}  # full name -> [(value, comment)]


def parse(text):
    """Fills messages and enums from one file in the style of this tree: one thing a line."""
    scopes = []  # (kind, name)
    comment = []
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("//"):
            comment.append(line[2:].strip())
            continue
        trailing = ""
        if "//" in line:
            line, trailing = (part.strip() for part in line.split("//", 1))
        said = " ".join(comment + ([trailing] if trailing else []))
        full = lambda name: ".".join([s for kind, s in scopes if kind == "message"] + [name])
        if opened := re.match(r"(message|enum|oneof) (\w+) \{(\})?", line):
            kind, name = opened[1], opened[2]
            if kind == "message":
                messages[full(name)] = {"comment": said, "fields": []}
            if kind == "enum":
                enums[full(name)] = []
            if not opened[3]:
                scopes.append((kind, name if kind != "enum" else full(name)))
        elif line == "}":
            scopes.pop()
        elif scopes and scopes[-1][0] == "enum" and (value := re.match(r"(\w+) = \d+;", line)):
            enums[scopes[-1][1]].append((value[1], said))
        elif scopes and (field := re.match(r"(repeated |optional )?(map<\w+, ?([\w.]+)>|[\w.]+) (\w+) = \d+;", line)):
            label = "map" if field[3] else "list" if field[1] == "repeated " else ""
            oneof = scopes[-1][1] if scopes[-1][0] == "oneof" else ""
            owner = ".".join(s for kind, s in scopes if kind == "message")
            messages[owner]["fields"].append((field[4], field[3] or field[2], label, said, oneof))
        comment = []


def resolve(type_name, owner):
    """The full name of a type that is named inside `owner`."""
    parts = owner.split(".")
    for depth in range(len(parts), -1, -1):
        candidate = ".".join(parts[:depth] + [type_name])
        if candidate in messages or candidate in enums:
            return candidate
    raise SystemExit(f"{owner}: unknown type {type_name}")


def schema_of(type_name, owner, used):
    if type_name in NUMBERS:
        return dict(NUMBERS[type_name]), ""
    if type_name == "google.protobuf.Timestamp":
        return {"type": "string", "format": "date-time"}, ""
    name = resolve(type_name, owner)
    if name in messages:
        used.append(name)
        return {"$ref": REFERENCE + name}, ""
    values = enums[name]
    said = "; ".join(f"{value}: {comment}" for value, comment in values if comment)
    return {"type": "string", "enum": [value for value, _ in values]}, said


def schema(name, used):
    message = messages[name]
    result = {"type": "object"}
    if message["comment"]:
        result["description"] = message["comment"]
    properties = {}
    for field, type_name, label, comment, oneof in message["fields"]:
        value, of_values = schema_of(type_name, name, used)
        if label == "list":
            value = {"type": "array", "items": value}
        if label == "map":
            value = {"type": "object", "additionalProperties": value}
        said = " ".join(part for part in [comment, of_values, f'One of "{oneof}".' if oneof else ""] if part)
        if said:
            value["description"] = said
        properties[field] = value
    result["properties"] = properties
    return result


def references(value):
    if isinstance(value, dict):
        if value.get("$ref", "").startswith(REFERENCE):
            yield value["$ref"][len(REFERENCE):]
        for child in value.values():
            yield from references(child)
    elif isinstance(value, list):
        for child in value:
            yield from references(child)


def write(value, indent):
    """JSON with short things on one line."""
    short = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or not value:
        return short
    nested = any(isinstance(child, (dict, list)) and child for child in (value.values() if isinstance(value, dict) else value))
    if not nested and len(short) + indent < WIDTH - 4:
        return "{ " + short[1:-1] + " }" if isinstance(value, dict) else "[ " + short[1:-1] + " ]"
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        lines = [f"{pad}{json.dumps(key)}: {write(child, indent + 2)}" for key, child in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(pad + write(child, indent + 2) for child in value) + "\n" + " " * indent + "]"


for path in sorted((root / "proto/motley/v1").glob("*.proto")):
    parse(path.read_text())
document = json.loads(document_path.read_text())
components = document["components"]
wanted = list(references({"paths": document["paths"], "responses": components.get("responses", {})}))
schemas = {}
while wanted:
    name = wanted.pop()
    if name not in schemas:
        schemas[name] = schema(name, wanted)
components["schemas"] = dict(sorted(schemas.items()))
document_path.write_text(write(document, 0) + "\n")
print(f"{len(schemas)} schemas")
