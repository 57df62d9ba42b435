"""The contract between Core and a surface: what a surface may use, and what it must provide."""

from core.renderers.surface import Services, Surface

__all__ = ["Services", "Surface"]
