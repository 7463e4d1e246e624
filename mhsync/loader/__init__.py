"""YAML text to values: positions, the schema, many files. The only room that knows yaml and jsonschema."""
