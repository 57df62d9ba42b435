"""jobhunter: a small real application on Core. Postings are scraped, matched to people and applied for.

``CORE_MODULES`` names ``core.examples.models`` and ``core.examples.operations`` by default; set it to serve another
application instead.
"""
