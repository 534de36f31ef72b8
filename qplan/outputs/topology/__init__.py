"""Pictures of a plan's topology: one neutral diagram, and a writer for each format."""
