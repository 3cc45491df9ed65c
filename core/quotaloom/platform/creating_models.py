"""Creating the tables of many models in one operation of a migration."""

from __future__ import annotations

from collections.abc import Sequence

from tortoise.migrations.operations import CreateModel, TortoiseOperation
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import ModelState, State


class CreateModels(TortoiseOperation):
    """Many `CreateModel` at once, for models without relations between them, in their order.

    Tortoise copies and renders all models that are known so far before each operation: one by one the tables of a
    first start took seven seconds, nearly all of them for that.
    """

    def __init__(self, models: Sequence[CreateModel]) -> None:
        self.models = models

    def describe(self) -> str:
        """What the operation does, for a listing."""
        return f"Create {len(self.models)} models"

    def state_forward(self, app_label: str, state: State) -> None:
        """Enter the models into the state that later migrations start from."""
        for one in self.models:
            state.models[app_label, one.name] = ModelState.make_from_model(app_label, one.model)
        state.reload_models((app_label, one.name) for one in self.models)

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        """Create the tables."""
        for one in self.models:
            await one.database_forward(app_label, old_state, new_state, state_editor)

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        """Drop the tables, the last first."""
        for one in reversed(self.models):
            await one.database_backward(app_label, old_state, new_state, state_editor)
