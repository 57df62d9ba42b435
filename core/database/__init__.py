"""Connection to MongoDB, and the embedded server for when there is none.

Import from ``core.database.connection``; this package imports nothing, so that the embedded server's process starts
without pydantic and Beanie.
"""
