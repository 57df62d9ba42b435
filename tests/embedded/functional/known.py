"""The tests that fail here, each with its reason. Keys are beginnings of ``path::name`` below the suite's folder."""

FAILING: dict[str, str] = {}
