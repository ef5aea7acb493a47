"""Phrases of ten languages that mean a refusal, no answer, or an answer that some surveys offer as a way not to answer.

Each line holds regular expressions of whole phrases, in lower case, without accents, apostrophes and punctuation.
"""

# ruff: noqa: RUF001  (Cyrillic letters look like Latin ones)

from __future__ import annotations

from collections.abc import Mapping

from personaspace.survey.readers.coding import MISSING, REFUSED

REFUSALS: Mapping[str, str] = {
    "English": r"""
        (he |she |they |r |respondent |i )?refus(ed|al|als|es|e)( to)?( answer| say| respond| state| reply)?( all)?
        (i |id |i would )?(prefer|prefers|preferred|rather|choose|wish|want|would prefer) not( to)?\
( (answer|say|respond|state|disclose|tell|share|reply))?( this)?( question)?
        (i )?(do not|dont) (want|wish) to (answer|say|respond|tell)
        declin(ed|es|e)( to)?( (answer|say|respond|state|disclose))?
        no (answer|response|reply)( (given|provided|at all))?|(item )?non ?response|non ?answer|no comment
        (did not|didnt|does not|doesnt|not|never) (answer|answered|respond|say)|unanswered
        seen but (unanswered|not answered)|(i )?(would not|wouldnt|will not|wont) (say|answer|tell)
        (web |left )?blank
        """,
    "Spanish": r"""
        no (contesta|contesto|responde|respondio|contestada|contestado|contesto nada|respuesta)|sin respuesta|rechazado
        (se )?(rehusa|rehuso|rehuse|niega|nego|negaron|rechaza|rechazo)( a)?( contestar| responder)?
        prefier[eo] no (contestar|responder|decir|decirlo)|no (quiere|quiero|desea) (contestar|responder|decir)
        """,
    "French": r"""
        refus( de repondre| de reponse| de donner une reponse)?|(a )?refuse( de repondre)?|ne repond pas
        (je )?ne souhaite pas (repondre|me prononcer)|(je )?prefere ne pas (repondre|dire|le dire)
        ne (veut|veux) pas repondre|sans reponse|pas de reponse|non reponse|aucune reponse
        """,
    "German": r"""
        keine (angabe|antwort)(en)?( gemacht)?|ohne angabe|(antwort |angabe |auskunft )?verweiger(t|ung|n)
        (mochte|will) (ich )?(keine angabe machen|nicht (sagen|antworten|beantworten))|antwortverweigerung
        nicht beantwortet
        """,
    "Italian": r"""
        non (risponde|rispondo|risposto|ha risposto)|rifiut(o|a|ato)( di rispondere)?|(nessuna|senza) risposta
        prefer(isco|isce) non (rispondere|dirlo|dire)|non (vuole|voglio|intende) rispondere|mancata risposta
        """,
    "Portuguese": r"""
        nao (respondeu|responde|respondo|resposta)|nao (quis|quer|deseja) responder|sem resposta
        recus(a|ou|ado|ou se|ou se a responder|a responder|o responder)|prefir[oe] nao (responder|dizer|informar)
        """,
    "Dutch": r"""
        (geen|zonder) (antwoord|opgave|respons)|weiger(t|de|ing)( te antwoorden)?|geweigerd|niet beantwoord
        (wil|wenst) (ik )?niet (te )?(zeggen|antwoorden)|(ik )?(wil|zeg) (dat|het|dit) (liever )?niet( zeggen)?
        """,
    "Polish": r"""
        odmow(a|il|ila|iono)( odpowiedzi| udzielenia odpowiedzi)?|odmawiam?( odpowiedzi)?|(brak|bez) odpowiedzi
        (nie chce|wole nie|woli nie) (odpowiadac|odpowiedziec|mowic)|nie odpowiedzia[lł]a?
        """,
    "Russian": r"""
        отказ(ался|алась|ались|ываюсь|ывается)?( отвечать| от ответа)?|(нет|без) ответа
        (не хочу|предпочитаю не|не желаю) (отвечать|говорить)|не ответил(а|и)?
        """,
    "Chinese": r"""
        拒(绝|絕)(回答|作答)?|拒答|(无|無)(回答|应答)|不(愿|願)(意)?(回答|说|說|透露)|未(回答|作答|答)|(没|沒)有回答
        """,
}

NO_ANSWERS: Mapping[str, str] = {
    "English": r"""
        (i |r |he |she |respondent )?(do|does|did|don|doesn) ?(not|nt|t) know( this| enough to (say|answer))?
        (i )?(have )?no idea|no data|no lean|no code|no (post election |post )?interview|(interview )?break ?off
        (question )?not (asked|administered|presented|shown|fielded|included|collected)\
( (in|of|to) (this )?(the )?(survey|country|respondent|year|wave|sample|form|version))*
        (not|non) ?applicable|inapplicable|inap|(legitimate |valid |logical )?skip(ped)?( (on|by) (web|design|logic))?
        (system |user |data )?missing( (value|values|data))?|(data )?not available( in (this )?(year|release|country))?
        not (ascertained|stated|reported|recorded|coded|determined|specified|reached|codeable|codable)
        not in (universe|sample|the sample|survey|this survey)|uncode?able|invalid( response| answer)?|illegible
        unknown|undetermined
        """,
    "Spanish": r"""
        no (lo )?(sabe|se)|no sabe no responde|no (aplica|aplicable|procede|preguntada|preguntado|se pregunto)
        no (le )?corresponde|(valor(es)? )?perdido(s)?( por el sistema)?|no disponible|desconocido|sin datos?
        """,
    "French": r"""
        (je )?(ne )?(sait|sais) pas|non (concerne|applicable|posee|pose|disponible|demande)e?|sans objet
        (valeurs? |donnees? )?manquant(e|es|s)?|inconnue?
        """,
    "German": r"""
        (ich )?weis(s)? (es )?(ich )?nicht|nicht (erhoben|gefragt|erfasst|anwendbar|ermittelbar|zutreffend|bestimmbar)
        (frage )?nicht gestellt|(systembedingt )?fehlend(er|e)?( wert| werte)?|fehlt|entfallt|unbekannt|interviewabbruch
        """,
    "Italian": r"""
        non (lo )?(sa|so)|non (applicabile|pertinente|richiesto|chiesto|previsto)|(valore |dato |dati )?mancant[ei]
        """,
    "Portuguese": r"""
        nao (sabe|sei)|nao (se aplica|aplicavel|aplica|perguntad[oa]|disponivel)|(valor |dado )?(omisso|ausente)
        sem informacao|ignorado|desconhecido
        """,
    "Dutch": r"""
        (ik )?weet (ik |het )?(ik )?niet|niet (van toepassing|gevraagd|beschikbaar|gesteld)|ontbre(ekt|kend)|onbekend
        """,
    "Polish": r"""
        nie (wiem|wie)|nie (dotyczy|pytano|zadano|zadawano)|brak danych|nieznan[ye]
        """,
    "Russian": r"""
        (я )?не зна(ю|ет)|затрудн(яюсь|яется|ился|илась)( (с )?ответ(ить|ом))?|нет данных|пропуск|неизвестно
        не (применимо|относится|задавал(ся|ось)|спрашивал(и|ось))
        """,
    "Chinese": r"""
        不知道|不(晓|曉)得|不(适|適)用|缺失(值)?|未(问|問|提问)|系统缺失|(遗|遺)漏|不(详|詳)|没有数据
        """,
}

UNDECIDED: Mapping[str, str] = {
    "English": r"""
        (i am |im |am )?(not (so |completely |entirely |really |too )?(sure|certain)|unsure|uncertain|undecided)( yet)?
        (i )?((do not|dont|havent) )?(have |hold )?(no|any|an) (opinion|view|preference)( (either way|on this|at all))?
        (i )?(cant|cannot|can not|could not|couldnt|unable to|hard to|difficult to) (say|choose|choose an answer|tell|\
answer|rate|judge|remember|recall|decide)
        (i )?(havent|have not|never|not) heard( (of|about))?( (enough|it|this|them|him|her|of them))*( to say)?
        (i )?(dont|do not) (remember|recall)|(does|do) ?(not|nt) apply( to me)?|not (yet )?decided
        not enough information|not familiar( with it)?|havent thought( (much )?about (it|this))?( enough)?
        """,
    "Spanish": "no (estoy|esta) seguro|indeciso|sin opinion|no tiene opinion|no opina|no (me acuerdo|recuerd[ao])",
    "French": "ne se prononce pas|sans opinion|pas d ?opinion|indecis|(je ne suis )?pas sur",
    "German": r"""
        (bin |ich bin )?(mir )?(nicht sicher|unsicher)|unentschieden|unentschlossen|keine meinung
        kann ich nicht (sagen|beurteilen)|kann mich nicht erinnern
        """,
    "Italian": "non sono sicuro|indeciso|(nessuna|senza) opinione|non ricord[oa]",
    "Portuguese": "nao (tem|tenho) certeza|indeciso|sem opiniao|nao (tem|tenho) opiniao|nao lembra",
    "Dutch": "(weet )?niet zeker|geen mening|kan niet kiezen|onbeslist",
    "Polish": "trudno powiedziec|nie mam zdania|nie jestem pewien|nie pamietam",
    "Russian": "трудно сказать|не уверен(а)?|нет мнения|не помню|не определился",
    "Chinese": "(说|說)不清(楚)?|很?(难|難)(说|說)|不(确|確)定|不清楚|(无|無|没)意(见|見)|不好说",
}

ABBREVIATIONS: Mapping[str, int] = {
    **dict.fromkeys(["ref", "rf", "refd", "rfsd", "nr", "nc", "ka", "dkref", "dkrf", "nsnc", "nsnr", "nspnr"], REFUSED),
    **dict.fromkeys(["dk", "dkn", "dnk", "dkna", "na", "nap", "iap", "inap", "inapp", "niu", "sysmis"], MISSING),
    **dict.fromkeys(["ns", "nsp", "wn", "kwn", "tnz", "nvt", "nd", "bd"], MISSING),
}  # fmt: skip

OF_NEGATIVE_CODES = (
    r"\b(?:missing|error|interview|breakoff|incomplete|restricted|deleted|suppressed|skip\w*|inap\w*|refus\w*|fehlend|"
    r"not (?:asked|included|in)|version|questionnaire|fragebogen|split|trifft nicht zu)\b"
)
"""What the label of a negative code contains if it is no answer: "-5. Interview breakoff", "-1 Inap, no children"."""

MARKS = (
    r"\b(?:vol|volunteer(?:ed)?|dnr|(?:do not|dont) read(?: out)?|spontan\w*|ne pas lire|non leggere|no leer|nao ler|"
    r"nicht vorlesen|niet voorlezen|nie czytac|не (?:за)?читать)\b"
)
"""What an interviewer is told beside a label, and no part of it."""

JOINED = (
    r"[/,;|+&:\u3001\uff0c\u2013\u2014-]|或者?|和|"
    r"\b(?:or|and|o|y|u|e|ou|et|oder|und|bzw|of|en|lub|albo|i|или|либо|и)\b"
)
"""What stands between the parts of a label."""
