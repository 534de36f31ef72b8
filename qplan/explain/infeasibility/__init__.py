"""Why required corridors cannot be served, and remedies that were tried."""
