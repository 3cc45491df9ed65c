"""The graph: Strawberry types and their loaders."""

from strawberry_breadth.annotations import remember_unknown_names

remember_unknown_names()  # before any of the modules here makes its types
