"""The embedded MongoDB server: a process of its own on a unix socket in the data directory, over SQLite."""
