# ruff: noqa: RUF001
"""Characters that look like a Latin letter, after case, compatibility forms and marks are folded.

Taken from the facts of Unicode's confusables (UTS 39) for the scripts that are used to dodge word
lists. Within the alphabet of one language a Latin letter is the image of one letter at most, so
that words of that language stay apart; Cherokee, which few lists are in and whose letters are used
for their looks, is read by looks alone. Letters whose small and capital form resemble different
Latin letters are read as the form that misleads more often.
"""

_CYRILLIC = "аa вb гr еe іi кk мm нh оo пn рp сc тt уy хx јj ѕs ԁd ԛq ԝw һh ӏl ԍg ҽe"
_GREEK = "αa βb γy εe ηn ιi κk νv οo ρp τt υu χx ωw ζz μm ϲc ϳj"
_ARMENIAN = "օo սu հh ոn ցg զq յj"
_CHEROKEE = (
    "Ꭰd Ꭱr Ꭲt Ꭵi Ꭹy Ꭺa Ꭻj Ꭼe Ꮃw Ꮇm Ꮋh Ꮍy Ꮎo Ꮐg Ꮒh Ꮓz Ꮞ4 Ꮟb Ꮢr Ꮤw Ꮥs Ꮩv Ꮪs Ꮮl Ꮯc Ꮲp Ꮶk Ꮷd Ᏻg Ᏼb Ꮾ6"
)
_LATIN = (
    "ıi ȷj ɑa ɡg ɩi ɪi øo đd ħh łl ŧt ƀb ɓb ɗd ɛe ɵo ʋv ƒf ɨi ʉu ɐa ɯm ɾr ʀr ɴn ʟl ʜh ɢg ʙb ᴀa "
    "ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ᴏo ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz ꜰf ꜱs ʏy ǀ| ǃ!"
)
_MARKS = "‘' ’' ‚' ‛' ʼ' ʹ' ′' “\" ”\" „\" ‐- ‑- ‒- –- —- ―- −- ⁃- ․. ·. •. ∙. ⋅. 。. ،, ⁄/ ∕/ ∣|"
_DARK_CIRCLES_AND_SQUARES = (0x1F150, 0x1F170)


def _table() -> dict[str, str]:
    scripts = (_CYRILLIC, _GREEK, _ARMENIAN, _CHEROKEE, _LATIN, _MARKS)
    table = {pair[0]: pair[1] for script in scripts for pair in script.split()}
    boxed = ((start, at) for start in _DARK_CIRCLES_AND_SQUARES for at in range(26))
    return table | {chr(start + at): chr(ord("a") + at) for start, at in boxed}


LOOKALIKES = _table()
