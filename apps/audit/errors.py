class AppendOnlyError(TypeError):
    """Code tried to change or remove an audit event; a mistake of ours, never of a caller."""

    def __init__(self) -> None:
        super().__init__("Audit events are only ever added.")
