"""The one way from rows to a network: a step per module, each a pure function from rows to rows and findings."""
