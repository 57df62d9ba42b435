"""The order of characters in the root collation of CLDR 29, which MongoDB's ICU 57.1 has.

``…`` stands for the code points between its neighbours. Capital letters, digits of other scripts and what Unicode
decomposes have the places of what they are made of. A chart of a later version:
https://www.unicode.org/charts/collation/
"""

from collections.abc import Iterator
from functools import cache
from typing import Final

from .collation_letters import CHINESE, CHINESE_ELSEWHERE, LETTERS

_PUNCTUATION: Final = (
    "\t…\r\x85\u2028\u2029 ‾_‗-֊᐀᭠᠆᠇‐‒…―⸺⸻⁓⸗⹀〜〰゠・,⸴⸲⹁՝،؍٫٬߸᠂᠈꓾꘍꛵、﹅﹆;؛⁏⸵꛶:։؞܃…܈࠰…࠾፡፣…፦᠄᠅༔៖᭝꧇᛫᛬᛭꛴!¡՜߹᥄?¿⸮՞؟܉፧᥅"
    "⳺⳻꘏꛷꫱𑅃‽⸘.᠁۔܁܂።᠃᠉᙮᭜⳹⳾⸰⸼꓿꘎꛳𖫵𛲟。·⸱⸳।॥꣎꣏᰻᰼꡶꡷᜵᜶꤯၊။។៕᪨…᪫᭞᭟꧈꧉꩝꩞꩟꫰꯫𐩖𐩗𑁇𑁈𑃀𑃁𑅁𑅂𑇅𑇆𑈸𑈹𑗂𑗃𑙁𑙂𑜼𑜽𖩮𖩯᱾᱿܀߷჻፠፨᨞᨟᭚᭛꧁…꧆꧊…꧍꛲꥟𐡗𐬺…𐬿𑂾𑂿𑅀𑇈𑇞𑇟𑊩𑜾"
    "⁕⁖⁘…⁞⸪…⸭⸽⳼⳿⸙𐤿𐄀𐄁𐄂𐎟𐏐𐤟𒑰…𒑴'‘…‛‹›\"“…‟⹂〝〞〟«»()[]{}༺…༽᚛᚜⁅⁆⌈…⌋⧼⧽⦃…⦘⟅⟆⟦…⟯❨…❵⸂…⸅⸉⸊⸌⸍⸜⸝⸠…⸩〈…】〔…〛﴾﴿‖⸾⧘…⧛§⸹¶⁋⸿@*⁎⁑٭"
    "꙳/\\&⁊#%٪‰؉‱؊†‡⸶⸷⸸•‣‧⁃⁌⁍′‵〃〽‸※‿⁔⁀⁐⁁⁂⸀⸁⸆⸇⸈⸋⸎…⸖⸚⸛⸞⸟꙾՚՛՟־׀׃׆׳״܊…܍࡞᠀॰꣸꣹꣺꣼૰෴๏๚๛꫞꫟༄…༊࿐࿑་།…༒྅࿒࿓࿔࿙࿚᰽᰾᰿၌…၏៘៙៚᪠…᪦᪬᪭᙭"
    "᳀…᳇⵰꡴꡵᯼…᯿꤮꧞꧟꩜𐕯𑁉…𑁍𐩐…𐩕𐩘𐬹𐫰…𐫶𐮙…𐮜𑂻𑂼𑅴𑅵𑇍𑇇\U000111c9𑇛𑇝𑈺…𑈽𑓆𑗁𑗄…𑗗𑙃𖬷…𖬻𖭄𝪇…𝪋𐩿"
)
_SYMBOLS: Final = (
    "`´˜^¯˘˙¨˚˝¸˛᾽῾῀゛゜ʹ͵ʺ˂…ˏ˒…˗˞˟˥…˭˯…˿᎐…᎙꜀…꜡ꞈ꞉꞊꭛°҂֍֎؈𞻰𞻱؎؏۞۩﷽﮲…﯁߶৺୰௳…௸௺౿൹꠨…꠫꠶꠷꠹༁༂༃༓༕༖༗༚…༟༴༶༸྾…࿅࿇…࿌࿎࿏࿕…࿘᥀႞႟꩷꩸꩹𑜿᧠…᧿"
    "᭡…᭪᭴…᭼©®℄℈℔℗℘℞℟℣℥℧℩℮℺⅁…⅄⅊⅌⅏↊↋←→↑↓…↙↜…↭↯…⇌⇐…∃∅…∈∊∋∍϶∎…∑+±÷×<=>¬|¦~−⁒∓∔∕⁄∖…∛؆∜؇∝…∣∥∧…∫∮∱…≀≂≃≅≆≈≊…≟≡≣…≬≲≳≶≷≺…≿⊂⊃⊆"
    "⊇⊊…⊫⊰…⊼⅋⊽…⋟⋤…⋩⋮…⌇⌌…⌨⌫…⏺␀…␦⑀…⑊─…☯☸…♬♰…⚉⚐…⛿🇦…🇿✀…❧➔…⟄⟇…⟥⟰…⟿⤀…⦂⦙…⧗⧜…⧻⧾…⨋⨍…⩳⩷…⫛⫝…⭳⭶…⮕⮘…⮹⮽…⯈⯊…⯑⯬…⯯⳥…⳪⠀…⣿⚊…⚏☰…☷䷀…䷿𝌀…𝍖"
    "꒐…꓆𐄷…𐄿𐅹…𐆉𐆌𐆐…𐆛𐆠𐇐…𐇼𐡷𐡸𖬼…𖬿𖭅𝀀…𝃵𝄀…𝄦♭♮♯𝄪…𝄹𝄩𝄺…𝅝𝅪𝅫𝅬𝆃𝆄𝆌…𝆩𝆮…𝆺𝇁…𝇨𝈀…𝉁𝉅𛲜🀀…🀫🀰…🂓🂠…🂮🂱…🂿🃁…🃏🃑…🃵🌀…🕹🕻…🖣🖥…🗿🤐…🤘🦀…🦄🧀😀…🛐"
    "🛠…🛬🛰…🛳🜀…🝳🞀…🟔🠀…🠋🠐…🡇🡐…🡙🡠…🢇🢐…🢭𝠀…𝧿𝨷…𝨺𝩭…𝩴𝩶…𝪃𝪅𝪆⿰…⿻㇀…㇣〄〒〓〠〷〾〿㆐㆑㉿￼ːˑॱๆໆៗᪧꧏꧦꩰꫝꫳꫴ𖭂𖭃々〻〱〳〵ゝーヽ¤¢"
)
_AMOUNTS: Final = (
    "$£¥֏؋৲৳৻૱꠸௹฿៛₠…₧₩…₾₨﷼৴…৹୲…୷꠰…꠵௰௱௲൰…൵፲…፼ↀↁↂↆↇↈ𐹩…𐹾⳽𐌢𐌣𐳼…𐳿𐄐…𐄳𐅀𐅁𐅄…𐅇𐅉…𐅎𐅐…𐅗𐅠…𐅲𐅴…𐅸𐆋𐋪…𐋻𐏓𐏔𐏕𐡾𐡿𐢭𐢮𐢯𐣽𐣾𐣿𐩾𐪞𐪟𐤗𐤘𐤙𐡛…𐡟𐫭𐫮𐫯𐭜…𐭟𐭼…𐭿𐮭𐮮𐮯"
    "𑜺𑜻𑁛…𑁥𐩄…𐩇𑇪…𑇴𑣪…𑣲𖭛…𖭡𐧉…𐧏𐧒…𐧵𐦽𐧶…𐧿𐦼𒐲𒐳𒑚…𒑨𝍩…𝍱0…9"
)
_MARKS: Final = (
    "\u0332[\u0313\u0486\u2cf1][\u0314\u0485\u2cf0][\u0301\u0954][\u0300\u0953]\u0306\u0302\u030c\u030a\u0342\u0308"
    "\u030b\u0303\u0307\u0338\u0327\u0328\u0304[\u030d\u030e\u0312\u0315\u031a\u033d\u033e\u033f\u0346\u034a\u034b"
    "\u034c\u0350\u0351\u0352\u0357\u035b\u035d\u035e\u0484\u0487\u0741\u0745\u17cb…\u17d1\u17dd\u1ab0…\u1ab4\u1abb"
    "\u1abc\u1dc0\u1dc1\u1dc3…\u1dc9\u1dcb…\u1dce\u1dd1\u1df5\u1dfe\u20f0\u2cef\ua67c\ua67d\U00010ae5\U0001bc9d]["
    "\u0316…\u0319\u031c…\u0320\u0329…\u032c\u032f\u0333\u033a\u033b\u033c\u0347\u0348\u0349\u034d\u034e\u0353…\u0356"
    "\u0359\u035a\u035c\u035f\u0362\u0742\u0746\u0859\u085a\u085b\u1ab5…\u1aba\u1abd\u1dc2\u1dcf\u1dd0\u1dfc\u1dfd"
    "\u1dff\u20ec…\u20ef\ufe27\U00010a0d\U00010ae6][\u0336\u0337\u20d8\u20d9\u20da\u20e5\u20ea\u20eb\U0001bc9e]["
    "\u1abe\u20dd…\u20e0\u20e2\u20e3\u20e4]\u3099\u309a\u0335\u0305\u0309\u030f\u0310\u0311\u031b\u0321…\u0326\u032d"
    "\u032e\u0330\u0331\u0334\u0339\u0345\u0358[\u0360\ufe22\ufe29][\u0361\ufe20][\u0483\ufe2e]\ua66f\u05b0…\u05b7["
    "\u05b8\u05c7][\u05b9\u05ba]\u05bb\u05c2\u05c1\u05bc\u05bf\ufb1e[\u081c\u081d][\u081e\u081f\u0820][\u0821\u0822"
    "\u0823][\u0824\u0825][\u0826\u0827][\u0828\u0829\u082a]\u082b\u082c\u0818\u0819\u082d\u064b\u08f0\u08e7\u064c"
    "\u08f1\u08e8\u064d\u08f2\u08e9\u064e\u08e4\u08f4\u08f5\u064f\u08e5\u08fe\u0650\u08e6\u08f6[\u0651\U00011237]"
    "\u0652…\u0655\u065f\u0656\u0657\u0658\u08ff\u0659…\u065e\u08e3\u08f7\u08f8\u08fd\u08fb\u08fc\u08f9\u08fa\u0670"
    "\u0711\u0730…\u073f\u07eb…\u07f3\u135f\u135e\u135d\ua6f0\ua6f1\U00016af0…\U00016af4[\u093c\u09bc\u0a3c\u0abc"
    "\u0b3c\u0cbc\u1b34\u1be6\u1c37\ua9b3\U000110ba\U00011173\U000111ca\U00011236\U000112e9\U0001133c\U000114c3"
    "\U000115c0\U000116b7][\u0900\u0901\u0981\u0a01\u0a81\u0b01\u0c00\u0c01\u0c81\u0d01\u1b00\u1b01\ua980\U00011000"
    "\U00011080\U00011100\U00011180\U00011301\U000114bf\U000115bc\U00011640][\u0902\u0982\u0a02\u0a82\u0b02\u0b82"
    "\u0c02\u0c82\u0d02\u0d82\u1036\u17c6\u1a74\u1b02\u1b80\u1ced\ua80b\ua880\ua981\U00010a0e\U00011001\U00011081"
    "\U00011101\U00011181\U00011234\U000112df\U00011300\U00011302\U000114c0\U000115bd\U0001163d\U000116ab][\u0903"
    "\u0983\u0a03\u0a83\u0b03\u0c03\u0c83\u0d03\u0d83\u1038\u17c7\u1b04\u1b82\u1cf2\u1cf3\ua881\ua983\U00010a0f"
    "\U00011002\U00011082\U00011102\U00011182\U00011303\U000114c1\U000115be\U0001163e\U000116ac]\u0a70\u0a71\u1b03"
    "\ua982\u1b81\uabec\U00010a38\U00010a39\U00010a3a\U000111cb\U000111cc\u0e4e\u0e47…\u0e4d\u0ec8…\u0ecd\uaabf\uaac1"
    "\ua92b\ua92c\ua92d\u1037\u17c8\u17c9\u17ca\u1a75…\u1a7c\u1939\u193a\u193b\U00016b30…\U00016b36\u302a…\u302f"
    "\u20d0\u20d1[\u20d2\u20d3]\u20d4…\u20d7\u20db\u20dc\u20e1\u20e6…\u20e9\U000101fd"
)
"""Over, under and through letters; equal ones are in brackets."""
_IGNORED: Final = (
    "\x00…\x08\x0e…\x1f\x7f…\x84\x86…\x9f\xad\u034f\u0488\u0489\u0591…\u05af\u05bd\u05c4\u05c5\u0600…\u0605"
    "\u0610…\u061a\u061cـ\u06d6…\u06dd\u06df…\u06e4\u06e7\u06e8\u06ea…\u06ed\u070f\u0740\u0743\u0744\u0747…\u074aߺ"
    "\u08ea…\u08ef\u08f3\u0951\u0952\u17b4\u17b5\u17d3᠊…\u180e\u1a7f\u1b6b…\u1b73\u1cd0…\u1ce8\u1cf4\u1cf8\u1cf9"
    "\u200b…\u200f\u202a…\u202e\u2060…\u2064\u2066…\u206f\u2d7f\ua670\ua671\ua672\ua8e0…\ua8f1\ufe00…\ufe0f\ufe21"
    "\ufe23…\ufe26\ufe28\ufe2a…\ufe2d\ufe2fﹳ\ufeff\ufff9\ufffa\ufffb\U000102e0\U000110bd\U00011366…\U0001136c"
    "\U00011370…\U00011374\U0001bca0…\U0001bca3\U0001d165…\U0001d169\U0001d16d…\U0001d182\U0001d185…\U0001d18b"
    "\U0001d1aa…\U0001d1ad\U0001d242\U0001d243\U0001d244\U0001da00…\U0001da36\U0001da3b…\U0001da6c\U0001da75"
    "\U0001da84\U0001da9b…\U0001da9f\U0001daa1…\U0001daaf\U0001e8d0…\U0001e8d6\U000e0001\U000e0020…\U000e007f"
    "\U000e0100…\U000e01ef"
)
"""Control characters, selectors of variants, accents of cantillation and the like."""
_LATER: Final = (
    "؝߾߿࢈৽੶౷಄൏\u1b4e\u1b4f᭽᭾\u1b7fᲐ…ᲺᲽᲾᲿ₿⃀⏻…⏿\u2427\u2428\u2429⮗⮺⮻⮼⯉⯒…⯫⯰…⯿⹃…⹝\u2ffc…\u2fff\u31e4\u31e5"
    "\u31ef㋿ꞮꟄꟅꟆ\ua7cb\ua7dcꟲꟳꟴꭩ꭪꭫﯂﵀…﵏﷏﷾﷿𐞁…𐞅𐞇…𐞰𐞲…𐞺\U0001e030…\U0001e06d\U0001f02c…\U0001f02f"
    "\U0001f094…\U0001f09f\U0001f0af\U0001f0b0\U0001f0c0\U0001f0d0\U0001f0f6…\U0001f0ff🄍🄎🄏🄯🅬…🅯"
    "🆛…\U0001f1e5\U0001f203…\U0001f20f🈻…\U0001f23f\U0001f249…\U0001f24f\U0001f252…\U0001f2ff🕺🖤🛑…🛟"
    "\U0001f6ed\U0001f6ee\U0001f6ef🛴…\U0001f6ff\U0001f774…\U0001f77f🟕…\U0001f7ff\U0001f80c…\U0001f80f"
    "\U0001f848…\U0001f84f\U0001f85a…\U0001f85f\U0001f888…\U0001f88f\U0001f8ae…🤏🤙…🥿🦅…🦿🧁…\U0001faff"
    "🯰…🯹"
)
"""Of Unicode 9 and later: emoji, symbols, and what Unicode decomposes into characters that are known."""

SPECIAL: Final = "\ufffd"
"""What stands for text that could not be read; it is after all else."""
MIDDLE_DOT: Final = "\ud800"
"""Stands for the dot of Catalan ``l·``, which is a mark: no text has this code point."""
VARIANTS: Final = (
    {"ð": "d", "ґ": "г", "ß": "ss", "æ": "ae", "œ": "oe"},
    {"ſ": "s"},
)
"""Letters that differ from their first as by a mark, the lesser difference first."""
_ALIKE: Final = {
    "đ": "d\u0335", "ħ": "h\u0335", "ł": "l\u0335", "ø": "o\u0338", "ŀ": "l" + MIDDLE_DOT, "Ŀ": "L" + MIDDLE_DOT,
    "™": "ᵗᵐ", "℠": "ˢᵐ", "🅪": "ᵐᶜ", "🅫": "ᵐᵈ", "〇": "0",
}  # fmt: skip
_FINAL: Final = {"ς": "σ", "ך": "כ", "ם": "מ", "ן": "נ", "ף": "פ", "ץ": "צ"}
_JOINED: Final = {
    "װ": "וו", "ױ": "וי", "ײ": "יי", "ৎ": "ত\u09cd", "ൺ": "ണ\u0d4d", "ൻ": "ന\u0d4d", "ർ": "ര\u0d4d", "ൽ": "ല\u0d4d",
    "ൾ": "ള\u0d4d", "ൿ": "ക\u0d4d", "ဿ": "သ\u1039သ", "\u102b": "\u102c",
    "ʣ": "dz", "ʤ": "dʒ", "ʥ": "dʑ", "ʦ": "ts", "ʧ": "tʃ", "ʨ": "tɕ", "ʩ": "fŋ", "ʪ": "ls", "ʫ": "lz",
}  # fmt: skip
_KANA: Final = {"〆": "しめ", "〼": "ます"}
_CIRCLED: Final = {
    "🄋": "0", "🄌": "0", "⓾": "10", "❿": "10", "➉": "10", "➓": "10",
    **{chr(0x24EB + number): f"{11 + number}" for number in range(10)},
    **{chr(0x1F150 + number): chr(65 + number) for number in range(26)},
}  # fmt: skip
_SQUARED: Final = {
    "🆋": "IC", "🆌": "PA", "🆍": "SA", "🆎": "AB", "🆏": "WC", "🆑": "CL", "🆒": "COOL", "🆓": "FREE", "🆔": "ID",
    "🆕": "NEW", "🆖": "NG", "🆗": "OK", "🆘": "SOS", "🆙": "UP!", "🆚": "VS",
    **{chr(0x1F170 + number): chr(65 + number) for number in range(26)},
}  # fmt: skip
DECOMPOSED: Final = {
    character: (tag, parts)
    for tag, rows in {
        "": _ALIKE, "<final>": _FINAL, "<compat>": _JOINED, "<kana>": _KANA, "<circle>": _CIRCLED, "<square>": _SQUARED
    }.items()
    for character, parts in rows.items()
}  # fmt: skip
"""What Unicode might have decomposed, by the tags of its decompositions."""
UNKNOWN: Final = frozenset("ͺ΄᾿῍῎῏ᵌℏꟸﬅﱞﱟﱠﱡﱢﱣﹰﹲﹴﹶﹸﹺﹼﹾ")
"""Characters that are not as what Unicode decomposes them into."""


def order() -> Iterator[str]:
    """All places of letters in their order, but for those of Chinese, which come after them."""
    for places in (_PUNCTUATION, _SYMBOLS, _AMOUNTS, *LETTERS.values()):
        yield from _spelled(places)


def chinese() -> Iterator[str]:
    """All places of Chinese letters in their order."""
    after = {group[0]: group[1:] for group in CHINESE_ELSEWHERE.split()}
    elsewhere = set("".join(after.values()))
    for character in map(chr, range(ord(CHINESE[0]), ord(CHINESE[1]) + 1)):
        if character not in elsewhere:
            yield character
            yield from after.get(character, "")


def marks() -> Iterator[str]:
    """All places of marks in their order; those of equal marks are together."""
    for part in _MARKS.split("["):
        equal, _, single = part.rpartition("]")
        if equal:
            yield "".join(_spelled(equal))
        yield from _spelled(single)
    yield MIDDLE_DOT


@cache
def ignored() -> frozenset[str]:
    """Characters that say nothing."""
    return frozenset(_spelled(_IGNORED))


@cache
def later() -> frozenset[str]:
    """Characters that ICU 57.1 does not know, which it orders by code point after all others."""
    return frozenset(_spelled(_LATER))


def _spelled(text: str) -> Iterator[str]:
    for place, character in enumerate(text):
        if character == "…":
            yield from map(chr, range(ord(text[place - 1]) + 1, ord(text[place + 1])))
        else:
            yield character
