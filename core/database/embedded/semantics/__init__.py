"""MongoDB's semantics over plain documents: filters, expressions, projections, updates, pipelines.

Nothing here knows of storage or of the wire.
"""
