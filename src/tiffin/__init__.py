"""Tiffin: a self-hosted food-delivery platform in which everything live is pushed.

The packages stand on floors (see ARCHITECTURE.md); a file imports only from floors below its own.
"""

__version__ = "0.1.0"
