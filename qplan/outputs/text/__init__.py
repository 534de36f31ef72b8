"""Words, numbers and tables that every output shares, and the summary for a terminal."""
