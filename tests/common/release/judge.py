#!/usr/bin/env python3
"""Prints a line for each file: what the schema says about it, "good" or "bad". Usage: judge.py SCHEMA FILE..."""
import json
import sys

import jsonschema
import yaml

with open(sys.argv[1]) as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for name in sys.argv[2:]:
    with open(name) as file:
        error = jsonschema.exceptions.best_match(validator.iter_errors(yaml.safe_load(file)))
    print("good" if error is None else f"bad {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
