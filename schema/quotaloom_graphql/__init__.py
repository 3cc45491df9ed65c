"""The graph: Strawberry types and their loaders."""

from strawberry_breadth.annotations import remember_names

remember_names()  # before any of the modules here makes its types
