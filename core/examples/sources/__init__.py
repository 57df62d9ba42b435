"""Where postings come from. ``reading.postings`` reads any source; ``store.store`` keeps what it found."""

from core.examples.sources.posting import Posting, SourceError
from core.examples.sources.reading import postings
from core.examples.sources.sites import SITES, Search, Site, extend_ui
from core.examples.sources.store import Stored, store

__all__ = ["SITES", "Posting", "Search", "Site", "SourceError", "Stored", "extend_ui", "postings", "store"]
