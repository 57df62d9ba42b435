"""PCRE2 itself, where the machine has the release that MongoDB 8 is built with."""

from ctypes import CDLL, POINTER, byref, c_char_p, c_int, c_size_t, c_uint32, c_void_p, create_string_buffer
from ctypes.util import find_library

RELEASE = b"10.42"
_OPTIONS = {"i": 0x8, "m": 0x400, "s": 0x20, "x": 0x80}
_UTF, _VERSION, _NO_MATCH = 0x80000, 11, -1


class Refused(Exception):
    """PCRE does not take the pattern."""


def _load():
    name = find_library("pcre2-8")
    library = CDLL(name) if name else None
    if library is None:
        return None
    version = create_string_buffer(64)
    library.pcre2_config_8(c_uint32(_VERSION), version)
    return library if version.value.startswith(RELEASE) else None


LIBRARY = _load()


def search(pattern, options, texts):
    """For each text the spans of the first match and its groups (None for a group without), or None."""
    flags = sum((_OPTIONS[letter] for letter in options), _UTF)
    body, error, place = pattern.encode(), c_int(), c_size_t()
    LIBRARY.pcre2_compile_8.restype = LIBRARY.pcre2_match_data_create_from_pattern_8.restype = c_void_p
    LIBRARY.pcre2_get_ovector_pointer_8.restype = POINTER(c_size_t)
    code = LIBRARY.pcre2_compile_8(
        c_char_p(body), c_size_t(len(body)), c_uint32(flags), byref(error), byref(place), None
    )
    if not code:
        raise Refused(error.value)
    data = LIBRARY.pcre2_match_data_create_from_pattern_8(c_void_p(code), None)
    try:
        return [_match(code, data, text.encode()) for text in texts]
    finally:
        LIBRARY.pcre2_match_data_free_8(c_void_p(data))
        LIBRARY.pcre2_code_free_8(c_void_p(code))


def _match(code, data, text):
    found = LIBRARY.pcre2_match_8(
        c_void_p(code), c_char_p(text), c_size_t(len(text)), c_size_t(0), c_uint32(0), c_void_p(data), None
    )
    if found == _NO_MATCH:
        return None
    assert found > 0
    places = LIBRARY.pcre2_get_ovector_pointer_8(c_void_p(data))
    count = LIBRARY.pcre2_get_ovector_count_8(c_void_p(data))
    spans = [(places[2 * group], places[2 * group + 1]) for group in range(count)]
    return tuple(
        (len(text[:begin].decode()), len(text[:end].decode())) if group < found and begin <= len(text) else None
        for group, (begin, end) in enumerate(spans)
    )
