"""The migrations of a later version: ours, and one more."""

from quotaloom import migrations

__path__ = [*__path__, *migrations.__path__]
