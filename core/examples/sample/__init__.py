"""Sample data, so that a first look at jobhunter is not an empty page."""

from core.examples.sample.seeding import seed, seed_if_empty

__all__ = ["seed", "seed_if_empty"]
