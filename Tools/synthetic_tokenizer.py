"""A synthetic XLM vocabulary and merge table for Tools/make-checkpoint.

Nothing here was learnt from text: words are random syllables of some thirty scripts. What is
real is the shape: the specials first, every character with and without its end-of-word mark,
the merges built so that both parts of each exist before it and its result is a token, the
empty-string token and the no-break-space lines that the published files carry.
"""

import json
import random
import unicodedata

END = "</w>"
SPECIALS = ["<s>", "</s>", "<pad>", "<unk>"] + [f"<special{i}>" for i in range(10)]
JUNK_MERGES = ["\u00a0 \u00a0", "\u00a0\u00a0 \u00a0\u00a0"]
VOWELS = set("aeiouyæøœαεηιουωаеиоуыэюяєіїאוי")
MARKS = ("Mn", "Mc")

# Ranges of one script each, first the larger communities of writers.
SCRIPTS = [
    [(0x61, 0x7A), (0xDF, 0xF6), (0xF8, 0xFF), (0x101, 0x17F), (0x1CD, 0x233), (0x1E01, 0x1EF9)],
    [(0x430, 0x45F), (0x461, 0x481), (0x48B, 0x52F)],
    [(0x4E00, 0x77FF)],
    [(0x620, 0x64A), (0x64B, 0x652), (0x671, 0x6D3)],
    [(0x905, 0x939), (0x93C, 0x94D), (0x958, 0x963)],
    [(0xAC00, 0xC1FF)],
    [(0x3041, 0x3096)], [(0x30A1, 0x30FA)], [(0x3AC, 0x3CE)], [(0x5D0, 0x5EA)],
    [(0xE01, 0xE4E)], [(0x980, 0x9CD)], [(0xB85, 0xBCD)], [(0xC05, 0xC4D)], [(0xC85, 0xCCD)],
    [(0xD05, 0xD4D)], [(0xA85, 0xACD)], [(0xA05, 0xA4D)], [(0xB05, 0xB4D)], [(0xD85, 0xDDF)],
    [(0x561, 0x587)], [(0x10D0, 0x10FA)], [(0x1000, 0x103E)], [(0x1780, 0x17D2)],
    [(0xE81, 0xECD)], [(0x1200, 0x135A)], [(0xF40, 0xF84)], [(0x1820, 0x1877)],
]
PUNCTUATION = ",.\"-()':;?!/%&*+=<>[]_@#$€£«»–—…·¿¡。、「」・،؛؟।。〈〉"


def characters(count):
    """The `count` characters of the vocabulary, and the scripts that they make up.

    ASCII letters, digits and punctuation are always there; then every script gives its next
    character in turn until there are enough, so that a small vocabulary is multilingual too.
    """
    scripts = []
    for ranges in SCRIPTS:
        points = (chr(p) for first, last in ranges for p in range(first, last + 1))
        scripts.append([c for c in points if unicodedata.category(c)[0] in "LM"])
    chosen = list(dict.fromkeys([chr(p) for p in range(0x21, 0x7F)] + list(PUNCTUATION)))
    kept, seen = [scripts[0][:26]] + [[] for _ in scripts[1:]], set(chosen)
    for turn in range(max(map(len, scripts))):
        for script, mine in zip(scripts, kept):
            if turn >= len(script) or len(chosen) >= count or script[turn] in seen:
                continue
            pair = dict.fromkeys((script[turn], script[turn].upper()))
            new = [c for c in pair if len(c) == 1 and c not in seen][: count - len(chosen)]
            mine.append(script[turn])
            chosen += new
            seen.update(new)
    if len(chosen) < count:
        raise ValueError(f"there are only {len(chosen)} characters, not {count}")
    return chosen, [mine for mine in kept if len(mine) >= 8], set(chosen)


class Words:
    """An endless supply of random words, the scripts in turn with falling frequency."""

    def __init__(self, scripts, allowed, rng):
        self.rng, self.allowed, self.parts, self.weights = rng, allowed, [], []
        for rank, letters in enumerate(scripts):
            heads = [c for c in letters if unicodedata.category(c) not in MARKS]
            tails = [c for c in letters if unicodedata.category(c) in MARKS]
            if not tails:  # No vowel signs: the vowels themselves, or any letter at all.
                vowels = [c for c in letters if unicodedata.normalize("NFD", c)[0] in VOWELS]
                tails = vowels or letters
                heads = [c for c in letters if c not in vowels] or letters
            self.parts.append((heads, tails))
            self.weights.append(1 / (rank + 1) ** 2)

    def pick(self, letters):
        """A letter; the first of a script are the common ones (an exponential fall)."""
        mean = len(letters) / 4 if len(letters) > 400 else min(len(letters) / 4, 8)
        return letters[min(int(self.rng.expovariate(1 / mean)), len(letters) - 1)]

    def next(self):
        (heads, tails), = self.rng.choices(self.parts, self.weights)
        if len(heads) > 400:  # Ideographs and syllable blocks: one character is a syllable.
            return [self.pick(heads) for _ in range(self.rng.choice((1, 2, 2, 2, 3, 4)))]
        word = []
        for _ in range(self.rng.choice((1, 2, 2, 3, 3, 4))):
            word.append(self.pick(heads) + self.pick(tails))
            if self.rng.random() < 0.3:
                word[-1] += self.pick(heads)
        capital = word[0][0].upper()
        if capital in self.allowed and self.rng.random() < 0.12:
            word[0] = capital + word[0][1:]
        return word


def build(size, seed):
    """`size` tokens in the order of their ids, and the merges in the order of their ranks."""
    rng = random.Random(seed)
    chars, scripts, allowed = characters(max(size // 16, 160))
    singles = chars + [c + END for c in chars]
    wanted = size - len(SPECIALS) - 1 - len(singles)
    if wanted < 1:
        raise ValueError(f"a vocabulary of {size} entries is too small; use 1,000 or more")
    tokens, merged, merges, words = set(singles), [], [], Words(scripts, allowed, rng)

    def join(left, right):
        """Merges two pieces (once only) into a piece that is a token from now on."""
        if left + right not in tokens and len(merged) < wanted:
            tokens.add(left + right)
            merged.append(left + right)
            merges.append(f"{left} {right}")
        return left + right

    while len(merged) < wanted:
        syllables = words.next()
        syllables[-1] += END
        pieces = []
        for syllable in syllables:
            letters = list(syllable.removesuffix(END))
            if syllable.endswith(END):
                letters[-1] += END
            piece = letters[0]
            for letter in letters[1:]:
                piece = join(piece, letter)
            pieces.append(piece)
        while len(pieces) > 1:  # Neighbours from the right: stems stay free for other endings.
            pieces[-2:] = [join(pieces[-2], pieces[-1])]

    # The common characters stand at the head of the table, the rest anywhere among the merges.
    head = [c + END for c in PUNCTUATION if c.isascii()] + [chr(p) + END for p in range(0x61, 0x7B)]
    tail = [t for t in singles if t not in set(head)]
    order = sorted(
        [(i, t) for i, t in enumerate(merged)] + [(rng.random() * wanted, t) for t in tail])
    vocabulary = SPECIALS + head + [t for _, t in order]
    vocabulary.insert(size * 3 // 4, "")
    for line, at in zip(JUNK_MERGES, (len(merges) // 4, len(merges) // 2)):
        merges.insert(at, line)
    return vocabulary, merges


def write(folder, size, seed):
    """Writes vocab.json and merges.txt as the Hub has them; gives the number of merges."""
    vocabulary, merges = build(size, seed)
    assert len(set(vocabulary)) == len(vocabulary) == size
    with open(f"{folder}/vocab.json", "w", encoding="ascii") as file:
        file.write(json.dumps({t: i for i, t in enumerate(vocabulary)}, indent=2) + "\n")
    with open(f"{folder}/merges.txt", "w", encoding="utf-8", newline="\n") as file:
        for rank, pair in enumerate(merges):  # Counts fall with the rank, as frequencies do.
            file.write(f"{pair} {round(4e7 / (rank + 1.1) ** 0.88)}\n")
    return len(merges)
