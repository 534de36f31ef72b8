"""The report of a plan as a neutral document, as Markdown and as one HTML page."""
