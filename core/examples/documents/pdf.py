"""Rendering with fpdf2, which is loaded when the first CV is made: it takes a quarter of a second.

PDF's own Helvetica knows Latin-1 only. A text that needs more is set in a TrueType font: the one in the setting
``pdf_font``, or one the system has. A character no font has is an error, never a box or a question mark.
"""

from collections.abc import Collection
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UserError
from core.examples.documents.content import CvContent, Section

if TYPE_CHECKING:
    from fpdf import FPDF

SYSTEM_FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
    "C:/Windows/Fonts/arial.ttf",
)
# Typographic signs outside Latin-1 that have a plain form; letters are never replaced.
_PLAIN = str.maketrans({"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "•": "·", "€": "EUR"})
_ACCENT, _TEXT, _MUTED = (11, 110, 153), (31, 41, 51), (82, 96, 109)


def cv_pdf(content: CvContent, font: Path | None = None) -> bytes:
    """The CV as PDF, A4.

    Raises:
        UserError: it holds characters that no font at hand has; the message names them and the setting.
    """
    pdf: FPDF = import_module("fpdf").FPDF(format="A4")
    pdf.set_title(content.title)
    pdf.set_author(content.name)
    pdf.set_margin(20)
    pdf.add_page()
    try:
        write = _Writer(pdf, _choose_font(pdf, content, font))
        write.line(content.name, size=22)
        write.line(content.headline, size=13)
        write.line(content.contact, color=_MUTED)
        for section in content.sections:
            write.section(section)
        return bytes(pdf.output())
    finally:
        for used in pdf.fonts.values():  # fpdf2 leaves the files of TrueType fonts open
            getattr(used, "close", lambda: None)()


class _Writer:
    def __init__(self, pdf: "FPDF", family: str) -> None:
        self._pdf = pdf
        self._family = family

    def section(self, section: Section) -> None:
        self._pdf.ln(4)
        self.line(section.title, size=13, color=_ACCENT)
        for entry in section.entries:
            self.line(entry.heading, size=11)
            self.line(entry.detail, size=9, color=_MUTED)
            self.line(entry.text)

    def line(self, text: str, *, size: int = 10, color: tuple[int, int, int] = _TEXT) -> None:
        if not text:
            return
        self._pdf.set_font(self._family, size=size)
        self._pdf.set_text_color(*color)
        shown = text.translate(_PLAIN) if self._family == "Helvetica" else text
        self._pdf.multi_cell(0, size * 0.55, shown, new_x="LMARGIN", new_y="NEXT", align="L")


def _choose_font(pdf: "FPDF", content: CvContent, font: Path | None) -> str:
    text = _all_text(content)
    if font is None and _is_latin1(text):
        return "Helvetica"
    path = font or next((Path(name) for name in SYSTEM_FONTS if Path(name).is_file()), None)
    if path is None:
        raise UserError(
            "the CV has characters beyond Latin-1: set JOBHUNTER_PDF_FONT to a TrueType font, as DejaVu Sans"
        )
    known = _characters(path)
    missing = sorted({char for char in text if char.isprintable() and ord(char) not in known})
    if missing:
        raise UserError(f"the font {path} lacks {' '.join(missing)}: set JOBHUNTER_PDF_FONT to one that has them")
    pdf.add_font("cv", fname=path)
    return "cv"


def _characters(path: Path) -> Collection[int]:
    try:
        return import_module("fontTools.ttLib").TTFont(BytesIO(path.read_bytes()), fontNumber=0).getBestCmap()
    except Exception as error:  # fontTools raises many kinds for a file that is no font
        raise UserError(f"JOBHUNTER_PDF_FONT: {path} is no TrueType font that can be used ({error})") from error


def _is_latin1(text: str) -> bool:
    try:
        text.translate(_PLAIN).encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _all_text(content: CvContent) -> str:
    entries = [entry for section in content.sections for entry in section.entries]
    parts = [content.title, content.name, content.headline, content.contact]
    parts += [section.title for section in content.sections]
    parts += [part for entry in entries for part in (entry.heading, entry.detail, entry.text)]
    return "\n".join(parts)
