FILTERS: dict[str, str] = {}
