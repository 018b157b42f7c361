"""Finding products by what people type: exact names first, then names that begin so, then words, then descriptions.

The words of names, categories and search words are kept in memory: a catalogue of ten thousand products has some
thousand different ones. So the beginning of a word is enough, a typo finds the word that was meant, and PostgreSQL is
asked for products by key. It searches the descriptions itself (full text), where the names tell little.

A size narrows what the other words found, where there is a pack of it. Words that no single product has together find
those that have some of them. A whole SKU finds its product.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from time import monotonic

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery
from django.db.models import BigIntegerField, BooleanField, Case, F, Func, IntegerField, Q, Value, When
from django.db.models.expressions import Combinable

from catalog.models import Category, Product, SearchWord, Variant
from catalog.models.products import IN_ENGLISH, IN_HINDI
from catalog.rules.sizes import in_base_units, is_size, sku_of, words_of_pack
from catalog.rules.words import LONGEST_SEARCH, SHORTEST_PREFIX, is_hindi, nearest, normal, prefixes, sound_of, words_of
from milkdelivery.core.edition import edition

FRESH_FOR = 60
"""Seconds that words are kept."""
REST = 5
"""Seconds at least between two readings, however often the edition changes."""
FEW = 5
"""Products by name; with fewer, descriptions are looked at too."""
MOST_SUGGESTIONS = 6


class _IsOneOf(Func):
    """Whether `id` is in a list: one parameter, however many keys. PostgreSQL joins them like a table; `= ANY(…)` as a
    condition would have it look through all of them at every row."""

    arg_joiner = " IN (SELECT unnest("
    template = "%(expressions)s::bigint[]))"
    output_field = BooleanField()


def _is_one_of(ids: Iterable[int]) -> _IsOneOf:
    return _IsOneOf(F("pk"), Value(list(ids), output_field=ArrayField(BigIntegerField())))


class _Matches(Func):
    """Full text: the words of the one in the other. The indexes are on the very same expressions."""

    arg_joiner = " @@ "
    template = "(%(expressions)s)"
    output_field = BooleanField()


def _described(text: str) -> _Matches:
    """Whether the description has all the words; the Hindi one where they are in its letters."""
    vector, language = (IN_HINDI, "hindi") if is_hindi(text) else (IN_ENGLISH, "english")
    return _Matches(vector, SearchQuery(text, config=language, search_type="plain"))


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found in names: keys by rank (exact, begins so, holds the words), and what it was taken for.

    `understood` differs from `typed` where typos were mended. `text` is searched in descriptions; "" where not.
    """

    typed: str
    understood: str
    ranks: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]] = ((), (), ())
    text: str = ""
    categories: tuple[str, ...] = ()
    """Slugs of categories that are called so."""
    is_any: bool = False
    """Nothing has all of the words: these have some of them."""

    @property
    def is_corrected(self) -> bool:
        return self.understood != self.typed

    @property
    def condition(self) -> Q:
        """Of products: that they were found."""
        named = Q(_is_one_of(key for rank in self.ranks for key in rank))
        return named | Q(_described(self.text)) if self.text else named

    @property
    def tier(self) -> Combinable:
        """0 for an exact name, up to 3 for a description."""
        cases = [When(_is_one_of(rank), then=Value(place)) for place, rank in enumerate(self.ranks) if rank]
        return Case(*cases, default=Value(3), output_field=IntegerField())


def search_for(typed: str) -> Search:
    """Find what was typed; where nothing is called so or described so, what was probably meant.

    No query, but one where a word is in no name.
    """
    words = normal(typed)
    lexicon = kept_lexicon()
    if (key := lexicon.by_sku.get(sku_of(typed))) is not None:
        return Search(words, words, ((key,), (), ()))
    wanted, sizes = _divided(typed)
    if not wanted and not sizes:
        return Search(words, words)
    unknown = [word for word in wanted if not lexicon.reading_of(word)]
    if not unknown:
        found = lexicon.search(words, wanted, sizes)
        if not found.is_any or not Product.objects.on_sale().filter(_described(words)).exists():
            return found
        return Search(words, words, text=words)
    if Product.objects.on_sale().filter(_described(words)).exists():
        return Search(words, words, text=words)
    meant = {word: lexicon.meant_by(word) for word in unknown}
    if not all(meant.values()):
        return Search(words, words)
    mended = [meant.get(word) or word for word in wanted]
    return lexicon.search(words, mended, sizes, understood=" ".join(mended + sizes))


def suggestions_for(typed: str) -> Search:
    """The same for the first letters of a search: names only, and no query at all."""
    words = normal(typed)
    lexicon = kept_lexicon()
    if (key := lexicon.by_sku.get(sku_of(typed))) is not None:
        return Search(words, words, ((key,), (), ()))
    wanted, sizes = _divided(typed)
    meant = [word if lexicon.reading_of(word) else lexicon.meant_by(word) for word in wanted]
    if not (wanted or sizes) or not all(meant):
        return Search(words, words)
    return lexicon.search(words, meant, sizes, understood="" if meant == wanted else " ".join(meant + sizes))


def _divided(typed: str) -> tuple[list[str], list[str]]:
    """The words of a search that name things, and the sizes among them."""
    words = words_of(normal(in_base_units(typed[: LONGEST_SEARCH * 4])))
    return [word for word in words if not is_size(word)], [word for word in words if is_size(word)]


# -- the words ---------------------------------------------------------------------------------------------------------


@dataclass
class Lexicon:
    """The words of the catalogue, and which products they stand for (by place in `keys`, the order of the shelf)."""

    keys: list[int] = field(default_factory=list)
    names: list[tuple[str, ...]] = field(default_factory=list)
    by_word: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    categories: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    meanings: dict[str, str] = field(default_factory=dict)
    by_size: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    by_sku: dict[str, int] = field(default_factory=dict)

    def add(self, key: int, names: Iterable[str], categories: Iterable[str]) -> None:
        place = len(self.keys)
        self.keys.append(key)
        normals = tuple(found for name in names if (found := normal(name)))
        self.names.append(normals)
        for text in (*normals, *map(normal, categories)):
            for word in text.split():
                self.by_word[word].add(place)

    @cached_property
    def vocabulary(self) -> list[str]:
        return sorted({*self.by_word, *self.meanings})

    @cached_property
    def _beginnings(self) -> Mapping[str, list[str]]:
        return prefixes(self.vocabulary)

    @cached_property
    def _sounds(self) -> Mapping[str, list[str]]:
        sounds: dict[str, list[str]] = defaultdict(list)
        for word in self.vocabulary:
            sounds[sound_of(word)].append(word)
        return sounds

    def reading_of(self, word: str) -> Set[int]:
        """Places of the products that a word stands for: it, a word that begins so, or what one of those means."""
        found = set(self.by_word.get(word, ()))
        if len(word) >= SHORTEST_PREFIX:
            known = [each for each in self._beginnings.get(word[:SHORTEST_PREFIX], ()) if each.startswith(word)]
        else:
            known = [word] if word in self.meanings else []
        for each in known:
            found |= self.by_word.get(each, set())
            if each in self.meanings:
                found |= self._meant(self.meanings[each])
        return found

    def _meant(self, meaning: str) -> Set[int]:
        places = [self.by_word.get(word, set()) for word in meaning.split()]
        return set.intersection(*places) if places else set()

    def meant_by(self, word: str) -> str:
        """The word that was probably meant: one that sounds the same, or has few other letters; "" for none."""
        alike = self._sounds.get(sound_of(word)) or nearest(word, self.vocabulary)
        return max(alike, key=lambda each: (len(self.reading_of(each)), each), default="")

    def search(self, typed: str, words: Sequence[str], sizes: Sequence[str], *, understood: str = "") -> Search:
        """What the words stand for, narrowed by the sizes. `understood` is "" where it is what was typed."""
        name = " ".join(words)
        places, is_any = self._named(words)
        if sizes and (sized := self._of_size(sizes, places if words else None)):
            places = sized
        ranks: tuple[list[int], list[int], list[int]] = ([], [], [])
        for place in places:
            names = self.names[place]
            rank = 0 if name in names else 1 if any(each.startswith(name) for each in names) else 2
            ranks[rank if words else 2].append(self.keys[place])
        exact, begins, holds = (tuple(rank) for rank in ranks)
        named = {slug for word in words for slug in self.categories.get(self.meanings.get(word, word), ())}
        text = name if len(places) < FEW and not is_any and not sizes else ""
        return Search(typed, understood or typed, (exact, begins, holds), text, tuple(sorted(named)), is_any)

    def _named(self, words: Sequence[str]) -> tuple[list[int], bool]:
        """Places of what has all of the words, in order; else of what has some, and True."""
        found = [self.reading_of(word) for word in words]
        if both := set.intersection(*map(set, found)) if found else set():
            return sorted(both), False
        return sorted(set().union(*found)), len(found) > 1

    def _of_size(self, sizes: Sequence[str], among: Sequence[int] | None) -> list[int]:
        """Those of them (of all, for None) that have a pack of each size."""
        found = set.intersection(*(self.by_size.get(size, set()) for size in sizes))
        return sorted(found if among is None else found.intersection(among))


def read_lexicon() -> Lexicon:
    """The words as they are now. Four queries."""
    lexicon = Lexicon()
    rows = Product.objects.on_sale().order_by("category__position", "position", "pk")
    fields = ("pk", "name", "name_hi", "category__name", "category__name_hi")
    for key, name, name_hi, *category in rows.values_list(*fields):
        lexicon.add(key, (name, name_hi), category)
    places = {key: place for place, key in enumerate(lexicon.keys)}
    packs = Variant.objects.on_sale().values_list("product_id", "sku", "name", "size", "unit")
    for key, sku, name, size, unit in packs:
        if key in places:  # a product that was put on sale between the two queries waits for the next reading
            lexicon.by_sku[sku_of(sku)] = key
            for word in words_of_pack(name, size, unit):
                lexicon.by_size[word].add(places[key])
    for slug, *names in Category.objects.filter(is_active=True).values_list("slug", "name", "name_hi"):
        for name in filter(None, names):
            lexicon.categories[normal(name)].add(slug)
    lexicon.meanings.update(SearchWord.objects.filter(is_active=True).values_list("word", "meaning"))
    return lexicon


class _Shelf:
    """Where this process keeps its words."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[float, str, Lexicon] | None = None

    def lexicon(self) -> Lexicon:
        kept = self._kept
        if kept is None or self._is_old(kept):
            with self._lock:
                kept = self._kept
                if kept is None or self._is_old(kept):
                    now = edition()
                    kept = self._kept = (monotonic(), now, read_lexicon())
        return kept[2]

    @staticmethod
    def _is_old(kept: tuple[float, str, Lexicon]) -> bool:
        age = monotonic() - kept[0]
        return age > FRESH_FOR or (age > REST and kept[1] != edition())

    def clear(self) -> None:
        self._kept = None


_shelf = _Shelf()


def kept_lexicon() -> Lexicon:
    return _shelf.lexicon()


def forget_words() -> None:
    """Read them anew at the next search."""
    _shelf.clear()
