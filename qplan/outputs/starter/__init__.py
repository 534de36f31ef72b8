"""What a new project begins with: the files that `qplan init` writes, as they are in `files/`."""
