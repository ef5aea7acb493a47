"""Words of scales: how much (degrees), which end (poles), the middle, how often, known lists, and no place at all.

Regular expressions over lower case words without accents, apostrophes and punctuation; English first, then Spanish,
French, German, Italian and Portuguese. Written by reading the options of five of OpinionQA's fifteen waves, of the
General Social Survey and of well-known scales; measured by ``benchmarks/option_order.py``.
"""

from __future__ import annotations

from collections.abc import Mapping

OFF_SCALE = r"""
(it |that )?(all |really )?depends?\b.*|other\b.*|some other\b.*|(some|any)(thing|one|body) else\b.*|another\b.*
not listed.*|mixed|(none|neither|nothing|all|both) of (these|the above|the two)\b.*|no preference
(do|does) not (apply|matter)\b.*|(does|do)nt apply\b.*|(i |im |i am )?(do not|no longer) (have|live|work)\b.*
(are |is )?not sure\b.*|(im|i am) (not sure|unsure|uncertain)\b.*|(i )?(have not|never) (heard|thought)\b.*
(i )?do not know (enough|what|about)\b.*|no opinion\b.*|can not (say|choose)\b.*|undecided|i am already\b.*
already\b.*|not applicable\b.*|(as many|whatever)\b.*|(would|will) not vote|did not vote|ineligible|varies|it varies
unspecified|specify|uncertain|unsure|otr[oa]s?\b.*|depende\b.*|ningun[oa] de .*|autres?\b.*|(ca )?depend\b.*
aucun(e)? (de|des) .*|(ein |eine )?andere[sr]?\b.*|sonstige[sr]?\b.*|kommt (darauf|drauf) an\b.*
(keine|keins|keiner) (davon|der)\b.*|altr[oiae]\b.*|dipende\b.*|nessun[oa] (di|dei) .*|outr[oa]s?\b.*|depende\b.*
nenhum(a)? d.*
"""
"""An option that has no place on the scale of the others; whole labels."""

MIDDLE = r"""
neither|neutral|in (the )?(middle|between)|about (the )?(same|right|equal|even|half|average|as (much|many|often))
(stay|stays|stayed|remain|kept|keep|spend)( about)?( the)? (same|as is)|the same|same|(about )?equal(ly)?
no (change|difference|impact|effect)|no (more|better|worse)( \w+)? (or|nor)|(about )?as (\w+|likely .*) as
about as \w+|maintained|both about equally
(not|never)( really)?( made| make)?( have)?( much)?( of)?( an?y?)? difference|not much (of a )?difference
(will|has|does|did) not (make|made|have|change)|just right|about where|both( equally| the same)?|unchanged
^(about )?average$|does not matter|not too much or too little|right (amount|number|balance|level)|ni .* ni
neutr[oa]l?|indifferent[e]?|ni|weder|teils teils|teils|mittel|maybe|perhaps|might or might not|vielleicht|quizas
tal vez|peut etre|forse|talvez|so so|unverandert|gleich|ne|egal|igual|lo mismo|ni lun ni lautre|nem .* nem
ne luno ne laltro|uguale|regular|mas o menos|mais ou menos|plus ou moins|mittelmassig|identique|la meme chose
il giusto
"""
"""Between two ends; anywhere in a label."""

POSITIVE = r"""
agree\w*|accept\w*|allow\w*|approv\w*|supports?|supported|favou?r\w*|in favou?r|satisf\w*|likely|good|better|best
positive\w*|more|greater|increas\w*|higher|stronger|improv\w*|rise|risen|grow\w*|gain\w*|up|fair|just|important\w*
like|likes|benefi\w*|help\w*|for|true|right|optimistic|happy|easy|easier|safe|safer|legal|conservatives?|republicans?
trust\w*|faster|sooner|longer|larger|bigger|older|hopeful|excited|comfortable|confident|interested|close|concerned
worried|worry|familiar|well|similar|same|too (much|many|\w+)|often|honest|able|willing|useful|effective|informed
clear|proud|serious|attached|responsib\w*|acceptable|necessary|wins?|strengthen\w*|expand\w*|yes|urban|above
attractive|correct|(?:stimme|stimmt) .*zu|zustimm\w*|dafur|zufrieden|gut|besser|trifft .*zu|wichtig|richtig|mehr|ja
einverstanden|(?:de )?acuerdo|a favor|satisfech\w*|buen[oa]?|mejor|probable|important\w*|si|aprueb\w*|mas|daccord
satisfait\w*|bon(ne)?|mieux|favorable|oui|plus|pour|probable|daccordo|soddisfatt\w*|buon[oa]|meglio|piu|favorevole
concord\w*|bo[ma]|melhor|mais|sim|confi\w*|vertrau\w*
"""
"""One pole; where a label has no word of the other, it speaks of this one."""

NEGATIVE = r"""
disagree\w*|reject\w*|disapprov\w*|oppos\w*|against|dissatisf\w*|unsatisf\w*|unlikely|bad|worse|worst|poor\w*
negative\w*|less|fewer|lesser|decreas\w*|lower|weaker|worsen\w*|fall|fell|declin\w*|los[ets]\w*|down|unfair|unjust
unimportant|dislikes?|harm\w*|hurt\w*|false|wrong|pessimistic|unhappy|sad|difficult|hard|harder|unsafe|danger\w*
illegal|liberals?|democrats?|distrust\w*|mistrust\w*|slower|later|shorter|smaller|younger|uncomfortable|unfavou?r\w*
too (little|few|low|small)|not (gone far|far|strict|harsh\w*|tough)? ?enough|different|dishonest|unable|unwilling
unacceptable|unnecessary|unsuccessful|weaken\w*|reduc\w*|cut|cuts|no|rural|terrible|awful|unfamiliar|ineffective
below|incorrect|un(?!der|i|til|less|cl|sure|decided|changed)\w{3,}|(?:stimme|stimmt) .*nicht|lehne\b.*|ablehn\w*
dagegen|unzufrieden|schlecht\w*|trifft .*nicht|unwichtig|falsch|weniger|nein|(?:en )?desacuerdo|en contra
insatisfech\w*|mal[oa]?|peor|improbable|no|desaprueb\w*|menos|pas daccord|desaccord|insatisfait\w*|mauvais\w*|pire
defavorable|non|moins|contre|improbable|in disaccordo|disaccordo|insoddisfatt\w*|cattiv[oa]|peggio|meno|contrari[oa]
discord\w*|ruim|pessim\w*|pior|menos|nao|improvavel|insatisfeit\w*|desconfi\w*|misstrau\w*
"""
"""The other pole."""

DEGREES: tuple[tuple[float, str], ...] = (
    (
        0.0,
        r"^(no|not|nicht|pas|none|nobody|nothing|not one|zero|never|nowhere)$|not? at all|"
        r"(no|nothing|none|not) .*\bat all|not an?\b(?! lot)|none of|"
        r"^no (one|priority|confidence|trust|interest|influence|risk|difference|effect|chance)|in no way|"
        r"almost none|nichts?$|"
        r"uberhaupt (nicht|kein\w*)|gar (nicht|kein\w*|nichts)|(pas|rien|aucunement) du tout|nada|para nada|"
        r"en absoluto|^(ningun\w*|nunca|rien|nulla|per niente|per nulla|niente|keine?)\b|de (jeito|forma|modo) nenhum|"
        r"nenhum\w*|affatto|totally not|absolutely not",
    ),
    (
        0.12,
        r"hardly (any|at all)|almost no(ne|body|thing)?|barely|scarcely|kaum|apenas|a peine|a malapena",
    ),
    (
        0.25,
        r"not (too|very|that|so|much|particularly|especially|really|many|quite|overly|strongly)( (much|many))?|"
        r"closer to|lean\w*( to| toward\w*)?|"
        r"only (a )?(little|few|slightly)|(very|too) (little|few)|a little|little|slight(ly)?|small|minor|mild(ly)?|"
        r"a few|few|low|weak(ly)?|poc[oa]s?|pouc[oa]s?|un peu|peu|pas tres|pas (beaucoup|vraiment)|wenig(er)?|"
        r"eher (nicht|kein\w*)|nicht (sehr|so|besonders)|etwas weniger|no muy|non molto|nao muito|gering",
    ),
    (
        0.5,
        r"somewhat|mid(dle)?|(only )?some(thing)?|moderate(ly)?|medium|midsize|average|partly|partially|sort of|"
        r"kind of|a bit|rather|mehr oder weniger|etwas|teilweise|algo|moyen(nement)?|assez peu|abbastanza poco|"
        r"qualche|em parte|en parte|mittel|massig",
    ),
    (
        0.6,
        r"severe(ly)?|fair(ly)? (amount|well|\w+ly)?|fairly|probably|pretty|quite|reasonably|eher|ziemlich|bastante|"
        r"assez|plutot|abbastanza|piuttosto|probablemente|probablement|wahrscheinlich|probabilmente|provavelmente|"
        r"more or less|good deal|quite a bit",
    ),
    (
        0.85,
        r"very|far|mostly|most|generally|usually|many|a lot|lots|(great|good) deal|much|highly|strong(ly)?|major|big|"
        r"large|high|greatly|deeply|serious(ly)?|heavily|sehr|stark|viel|muy|much[oa]s?|muchisimo|tres|beaucoup|"
        r"fort(ement)?|molto|tanto|muito|multo|gross",
    ),
    (
        1.0,
        r"extremely|top|complete(ly)?|total(ly)?|absolute(ly)?|entire(ly)?|full(y)?|essential|always|all|every\w*|"
        r"definite(ly)?|certain(ly)?|exceptional(ly)?|exclusive(ly)?|enormous(ly)?|tremendous(ly)?|voll( und ganz)?|"
        r"vollig|ganz|absolut|bestimmt|completamente|totalmente|absolutamente|tout a fait|totalement|entierement|"
        r"completement|absolument|completamente|del tutto|plenamente|definitivamente|certainement|sicher|"
        r"auf jeden fall|sin duda|critical|vital|crucial",
    ),
)
"""How much, the first row that is found counting."""

QUALITIES: tuple[tuple[float, str], ...] = (
    (
        1.0,
        r"excellent|outstanding|ausgezeichnet|hervorragend|excelente|eccellente|otim[oa]|best possible",
    ),
    (
        0.6,
        r"good|gut|buen[oa]|bon(ne)?|buon[oa]|bo[ma]",
    ),
    (
        0.1,
        r"(only )?fair|acceptable|regular|passable|discret[oa]|befriedigend|mittelmassig|average|ok|okay|satisfactory",
    ),
    (
        -0.7,
        r"poor|bad|schlecht|mal[oa]|mauvais(e)?|cattiv[oa]|ruim|scarso",
    ),
    (
        -1.0,
        r"very (poor|bad)|terrible|awful|failing|sehr schlecht|muy mal[oa]|tres mauvais(e)?|pessim[oa]|worst possible",
    ),
)
"""Marks, as whole labels: excellent, good, fair, poor."""

FREQUENCIES: tuple[tuple[float, str], ...] = (
    (
        0,
        r"(almost )?never|not at all|none( or almost none)? of the time|nunca|jamais|nie(mals)?|mai",
    ),
    (
        0.5,
        r"less (often|frequently)|less frequently",
    ),
    (
        2,
        r"(hardly|scarcely|barely) (ever|at all)|(only )?rarely|seldom|almost never|casi nunca|quase nunca|selten|"
        r"rara(mente| vez)|rarement",
    ),
    (
        4,
        r"less than half( of)? the time",
    ),
    (
        20,
        r"(only )?(sometimes|occasionally|now and then|once in a while|some( of the time| days)|from time to time)|"
        r"manchmal|gelegentlich|a veces|algunas veces|parfois|quelquefois|talvolta|qualche volta|as vezes|"
        r"de vez em quando",
    ),
    (
        40,
        r"(about )?half( of)? the time",
    ),
    (
        60,
        r"(frequently|fairly often|often|regularly|more than half( of)? the time)|oft|haufig|a menudo|frecuentemente|"
        r"souvent|spesso|frequentemente|muitas vezes",
    ),
    (
        150,
        r"usually|most( of the time)?|(very|quite) often|meistens|sehr oft|la mayoria .*|muy a menudo|tres souvent|"
        r"molto spesso",
    ),
    (
        400,
        r"(almost|nearly) always|casi siempre|presque toujours|quase sempre|quasi sempre|fast immer",
    ),
    (
        2000,
        r"always|all( or (almost all|most))?( of the time)?|(almost )?constantly|immer|siempre|toujours|sempre",
    ),
)
"""How often, as whole labels, in times a year."""

UNITS: Mapping[str, float] = {
    r"da(y|ily|ys)|tag|taglich|dia|jour|giorno": 365,
    r"week(ly|s)?|woche|wochentlich|semana|semaine|settimana": 52,
    r"month(ly|s)?|monat(lich)?|mes|mois|mese": 12,
    r"year(ly|s)?|annual(ly)?|jahr(lich)?|ano|an|anno": 1,
}
"""Units of time, and how many there are in a year."""

COUNTS: Mapping[str, float] = {
    r"once or twice": 1.5,
    r"once|one time|einmal|una vez|une fois|una volta|uma vez": 1,
    r"twice": 2,
    r"several|multiple|many|mehrmals|varias|plusieurs": 4,
    r"(a )?few": 3,
    r"(a )?couple": 2,
    r"(nearly|almost) every|almost daily": 0.95,
    r"every|each|daily|weekly|monthly|yearly|annually|taglich|todos|cada|chaque|ogni": 1,
}
"""How many times in a unit, the first that is found counting."""

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

LISTS: tuple[tuple[str, ...], ...] = (
    (
        r"(no|none|no formal|never attended)( \w+)?( schooling| education| school)?.*",
        r"(some )?(primary|elementary|grade).*",
        r"(less than|did not (finish|complete)|some|no) high ?school.*",
        r"(completed |finished )?(high ?school|ged|secondary).*",
        r"(some|vocational|technical|trade) (college|school|university|post).*",
        r"(2 year|associate).*",
        r"(4 year|bachelor|college graduate|university|college degree|undergraduate|tertiary).*",
        r"(some )?(post ?graduate|graduate|master|professional|advanced|doctor|phd).*",
    ),
    (
        r"lower class",
        r"working class",
        r"lower middle.*",
        r"middle class",
        r"upper middle.*",
        r"upper class",
    ),
    (
        r"rural.*|(a )?(farm|country village|village|countryside).*",
        r"(a )?(small (city|town)|town).*",
        r"suburb\w*.*",
        r"mid ?size.*",
        r"(urban|(a )?(large|big) (city|town)).*",
    ),
    (
        r"not (employed|working)|unemployed",
        r"part ?time",
        r"full ?time",
    ),
    (
        r"none.*|(do|did) not .* any.*",
        r"(only |just )?(a )?few\b.*",
        r"(only )?some\b.*",
        r"(about )?half\b.*|about half\b.*",
        r"most\b.*|(a )?majority\b.*",
        r"all\b.*|(almost|nearly) all.*",
    ),
    (
        r"not (at all )?(an? )?(problem|reason|threat|concern|factor|issue|priority).*",
        r"(an? )?(very )?(minor|small|little)\b.*",
        r"(an? )?moderate\w*\b.*|somewhat of an?\b.*",
        r"(an? )?(fairly |pretty )?(major|big|serious|significant|large|top)\b.*",
        r"(an? )?(very (big|major|serious|large)|crisis|critical)\b.*",
    ),
    (
        r"(should )?not( be done)?|should never.*",
        r"not (too )?important.*",
        r"important,? but not essential|important",
        r"essential|most important",
    ),
    (
        r"no\b.*",
        r"yes\b.*\b(but|past|some|partly|sometimes|occasion\w*|with|probably|maybe)\b.*",
        r"yes\b.*",
    ),
    (
        r"last|least\b.*|fifth",
        r"fourth",
        r"third",
        r"second",
        r"first|most\b.*",
    ),
    (
        r"strong(ly)? dem(ocrat)?",
        r"(not (very|so) strong|weak|not strong) dem(ocrat)?",
        r"(lean\w*|ind(ependent)?,?( closer?( to)?| lean\w*)?) (to )?(the )?dem(ocrat\w*)?.*",
        r"ind(ependent.*)?",
        r"(lean\w*|ind(ependent)?,?( closer?( to)?| lean\w*)?) (to )?(the )?rep(ublican)?.*",
        r"(not (very|so) strong|weak|not strong) rep(ublican)?",
        r"strong(ly)? rep(ublican)?",
    ),
    (
        r"(extremely|very) liberal",
        r"(somewhat )?liberal",
        r"slightly liberal",
        r"moderate.*|middle of the road",
        r"slightly conservative",
        r"(somewhat )?conservative",
        r"(extremely|very) conservative",
    ),
)
"""Orders of their own, from the lowest, as whole labels."""
