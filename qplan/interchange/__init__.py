"""What other tools read and write: foreign files to inventories, plans to foreign files; one module per format."""
