"""Schemathesis against a really served board: every answer is what its OpenAPI document says.

`schemathesis.toml` says which checks, `checks` what no schema can say; `python -m tests.kit.fuzz`
(`make fuzz`) runs it for long.
"""
