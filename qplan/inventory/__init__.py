"""What the user declared: models, reader and checks of the inventory."""
