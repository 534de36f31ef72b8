"""qplan: infrastructure as code for quantum key distribution (QKD) networks."""

__version__ = "0.1.0"
