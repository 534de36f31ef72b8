"""From text to values with their places: YAML, includes, overrides, shape, suppressions, and the words of messages."""
