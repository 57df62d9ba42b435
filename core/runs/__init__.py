"""The life of a run: its record, its execution, what it touched."""
