"""The order of characters in the root collation of CLDR, as MongoDB's ICU has it: https://www.unicode.org/charts/collation/

``…`` stands for the code points between its neighbours. Capital letters, and characters that Unicode decomposes, have
the places of those they are made of.
"""

from collections.abc import Iterator
from typing import Final

_PUNCTUATION: Final = (
    "\t…\r\x85\u2028\u2029 ‾_‗-֊‐‒…―⁓〜〰,՝،؍٫٬、;؛⁏:։؞!¡՜?¿՞؟‽.۔。·؝჻⁕⁖⁘…⁞'‹›\"«»()[]{}⁅⁆⌈…⌋❨…❵〈…】〔…〛‖§¶⁋@*⁎⁑٭/\\"
    "&⁊#%٪‰؉‱؊†…‣‧⁃⁌⁍′‵〃〽‸※‿⁔⁀⁐⁁⁂՚՛՟־׀׃׆"
)
_SYMBOLS: Final = (
    "`´˜^¯˘˙¨˚˝¸˛ʹ͵ʺ˂…ˏ˒…˗˞˟˥…˭˯…˿°҂֍֎؈؎؏۞۩©®℄℈℔℗℘℞℟℣℥℧℩℮℺⅁…⅄⅊⅌⅏←→↑↓…↙↜…↭↯…⇌⇐…∃∅…∈∊∋∍϶∎…∑+±÷×"
    "<=>¬|¦~−⁒∓∔∕⁄∖…∛؆∜؇∝…∣∥∧…∫∮∱…≀≂≃≅≆≈≊…≟≡≣…≬≲≳≶≷≺…≿⊂⊃⊆⊇⊊…⊫⊰…⊼⅋⊽…⋟⋤…⋩⋮…⌇⌌…⌨⌫…⏺─…☯☸…♬♰…⚉⚐…❧➔"
    "…➿⚊…⚏☰…☷♭♮♯🌀…🙏🚀…🛐〄〒〓〠〷〾〿ːˑ々〻〱〳〵"
)
_AMOUNTS: Final = "¤¢$£¥֏؋₠…₦₩…₾0…9"
_LATIN: Final = (
    "a⅍ɐɑɒbʙƀɓƃcȼƈɕdȸɖɗƌȡeɇǝəɛɘɚɜɝɞʚɤfƒⅎgɡɢǥɠʛɣƣhʜƕɦɧʻʽiıɪɨɩjȷɉʝɟʄkƙʞlʟƚɫɬɭȴɮƛʎmɱnɴɲƞɳȵŋoɶɔɵɷ"
    "ȣpƥɸqȹʠɋĸrʀɍɹ…ɿʁsʂȿʃƪʅʆtŧƫƭʈȶʇuʉɥʮʯɯɰʊvʋʌwʍxyʏɏƴȝzƍƶȥʐʑɀʒƹƺʓþƿƻƨƽƅʔɂˀʼˮʾʕʿˁʡʢʖǀ…ǃʗʘʬʭ"
)
_GREEK: Final = "α…εϝͷϛζͱηθιϳκϗλ…πϻϟϙρϼσͼͻͽτ…ωϡͳϸϣϥϧϩϫϭϯ"
_CYRILLIC: Final = (
    "аәӕбвгғӻҕӷдԁђԃҙеєжԫҗзԅԑѕӡԇиҋійјкқӄҡҟҝԟԛлӆԯԓԡљԉԕмӎнԩӊңӈԣҥњԋоөпԥҧҁрҏԗсԍҫтԏҭћуүұѹфхӽӿҳһԧѡѿѽ"
    "ѻцҵчԭҷӌҹҽҿџш…ьҍѣэюяԙѥѧѫѩѭѯѱѳѵҩԝӏ"
)
_CAUCASIAN: Final = "ა…ზჱთ…ნჲო…ტჳუ…ხჴჯჰჵ…ჺჽჾჿաՠբ…յֈն…ֆՙ"
_HEBREW: Final = "א…וװױז…יׯײכלמנסעפצ…ת"
_ARABIC: Final = (
    "ءآأٲٱؤإٳئاٮبٻپڀةتثٹٺټٽٿجڃڄچڿڇحخځڂڅدذڈ…ڐۮرزڑ…ڙۯسشښڛڜۺصضڝڞۻطظڟعغڠۼفڡ…ڦٯقڧڨكک…ڴػؼلڵ…ڸمنں…ڽڹهھہۃۿەوۄ…ۋۏىيیۍێېۑؽؾؿؠے"
)

OTHERS: Final = {"P": "\ufdd0", "Z": "\ufdd0", "S": "\ufdd1", "N": "\ufdd2", "": "\ufdd3"}
"""Places for characters that are not listed, by the first letter of their category: after the listed of their kind."""
MARKS: Final = (
    "\u0301\u0300\u0306\u0302\u030c\u030a\u0308\u030b\u0303\u0307\u0338\u0327\u0328\u0304\u0335\u0305\u0309\u030f\u0310\u0311"
    "\u031b\u0321\u0322\u0323\u0324\u0325\u0326\u032d\u032e\u0330\u0331\u0334\u0339"
)
"""Marks over and under letters: acute, grave, breve, circumflex, caron, ring, diaeresis …"""
VARIANTS: Final = {
    "đ": "d\u0335", "ħ": "h\u0335", "ł": "l\u0335", "ø": "o\u0338",
    "ð": "d\ufdd8", "ґ": "г\ufdd8", "ſ": "s\ufdd8", "ß": "s\ufdd8s", "æ": "a\ufdd8e", "œ": "o\ufdd8e",
    "‘": "'\ufdd8", "’": "'\ufdd9", "‚": "'\ufdda", "‛": "'\ufddb",
    "“": '"\ufdd8', "”": '"\ufdd9', "„": '"\ufdda', "‟": '"\ufddb',
}  # fmt: skip
"""Characters that are others with a mark, though Unicode does not decompose them; \ufdd8 and on are no characters."""


def order() -> Iterator[str]:
    """All places in their order."""
    yield from _spelled(_PUNCTUATION)
    yield OTHERS["P"]
    yield from _spelled(_SYMBOLS)
    yield OTHERS["S"]
    yield from _spelled(_AMOUNTS)
    yield OTHERS["N"]
    for letters in (_LATIN, _GREEK, _CYRILLIC, _CAUCASIAN, _HEBREW, _ARABIC):
        yield from _spelled(letters)
    yield OTHERS[""]


def _spelled(text: str) -> Iterator[str]:
    for place, character in enumerate(text):
        if character == "…":
            yield from map(chr, range(ord(text[place - 1]) + 1, ord(text[place + 1])))
        else:
            yield character
