"""`python -m local.unicode_data`: makes the product's tables of Unicode anew, for a newer version of Unicode.

The source is an npm package, which needs `npm` and `node`. What is made names the source and its version.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

UNICODE = "18.0.0"
_PACKAGE = f"@unicode/unicode-{UNICODE}"
_EMOJI_MODULE = Path("chalicelib/features/messages/emoji_data.py")
_EMOJI_LIST = Path("tests/unit/emoji.txt")
_WIDTH = 112

_READ = """
const at = process.argv[1];
const read = async (name) => [...(await import(`${at}/${name}`)).default];
const property = (name) => read(`Binary_Property/${name}/code-points.mjs`);
console.log(JSON.stringify({
    pictures: await property('Extended_Pictographic'),
    emoji: await property('Emoji'),
    coloured: await property('Emoji_Presentation'),
    toned: await property('Emoji_Modifier_Base'),
    sequences: await read('Sequence_Property/RGI_Emoji/index.mjs'),
    version: JSON.parse((await import('node:fs')).readFileSync(`${at}/package.json`)).version,
}));
"""


def _read() -> dict[str, list[int]]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "install", "--silent", "--prefix", folder, _PACKAGE], check=True)
        package = Path(folder) / "node_modules" / _PACKAGE
        read = ["node", "--input-type=module", "--eval", _READ, str(package)]
        answer: dict[str, list[int]] = json.loads(subprocess.run(read, check=True, capture_output=True).stdout)
        return answer


def _ranges(code_points: Iterable[int]) -> Iterator[tuple[int, int]]:
    start = end = -2
    for point in sorted(code_points):
        if point != end + 1:
            if start >= 0:
                yield start, end
            start = point
        end = point
    yield start, end


def _escaped(point: int) -> str:
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _class(name: str, comment: str, code_points: Iterable[int]) -> str:
    """The inside of a character class of a regular expression, as a line of Python."""
    lines = [""]
    for start, end in _ranges(code_points):
        piece = _escaped(start) + (f"-{_escaped(end)}" if end > start else "")
        if len(lines[-1]) + len(piece) > _WIDTH - 6:
            lines.append("")
        lines[-1] += piece
    inner = "\n".join(f'    "{line}"' for line in lines)
    return f"# {comment}\n{name} = (\n{inner}\n)\n"


def main() -> None:
    """Writes the module of the product and the list that tests compare it with."""
    data = _read()
    pictures, toned = set(data["pictures"]), set(data["toned"])
    free = pictures - set(data["emoji"])
    text_style = (set(data["emoji"]) - set(data["coloured"])) & pictures
    source = f"Unicode {UNICODE}, npm package {_PACKAGE} {data['version']}"
    _EMOJI_MODULE.write_text(
        f'"""Which characters are emoji: the insides of character classes of regular expressions.\n\n'
        f"Made by `python -m local.unicode_data` from {source}.\n"
        f'"""\n\n'
        + _class("PICTURES", "Emoji, and what Unicode keeps free for the emoji of the coming years.", pictures)
        + "\n"
        + _class("TONED", "What a skin tone can follow, of these.", toned | free)
        + "\n"
        + _class("TEXT_STYLE", "Shown as text unless U+FE0F follows.", text_style),
        encoding="utf-8",
    )
    tones = {chr(point) for point in range(0x1F3FB, 0x1F400)}
    sequences = [str(sequence) for sequence in data["sequences"] if str(sequence) not in tones]
    _EMOJI_LIST.write_text(f"# The emoji of {source}.\n" + "\n".join(sorted(sequences)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
