"""MongoDB's commands: a module a group, and ``table`` with one row a command."""
