"""What can go wrong with the embedded server."""


class EmbeddedError(Exception):
    """The embedded server cannot be used; `message` says why and what to do next."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
