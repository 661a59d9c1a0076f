"""Names of countries and languages in the interface's three languages, and what goes with a place."""

from __future__ import annotations

LANGUAGE_NAMES = {"ar": "العربية", "fr": "Français", "en": "English", "zgh": "ⵜⴰⵎⴰⵣⵉⵖⵜ", "es": "Español"}
COUNTRIES: dict[str, tuple[str, str, str]] = {
    "MA": ("المغرب", "Maroc", "Morocco"),
    "DZ": ("الجزائر", "Algérie", "Algeria"),
    "TN": ("تونس", "Tunisie", "Tunisia"),
    "LY": ("ليبيا", "Libye", "Libya"),
    "MR": ("موريتانيا", "Mauritanie", "Mauritania"),
    "EG": ("مصر", "Égypte", "Egypt"),
    "SD": ("السودان", "Soudan", "Sudan"),
    "SA": ("السعودية", "Arabie saoudite", "Saudi Arabia"),
    "AE": ("الإمارات", "Émirats", "Emirates"),
    "QA": ("قطر", "Qatar", "Qatar"),
    "KW": ("الكويت", "Koweït", "Kuwait"),
    "BH": ("البحرين", "Bahreïn", "Bahrain"),
    "OM": ("عمان", "Oman", "Oman"),
    "YE": ("اليمن", "Yémen", "Yemen"),
    "JO": ("الأردن", "Jordanie", "Jordan"),
    "PS": ("فلسطين", "Palestine", "Palestine"),
    "LB": ("لبنان", "Liban", "Lebanon"),
    "SY": ("سوريا", "Syrie", "Syria"),
    "IQ": ("العراق", "Irak", "Iraq"),
    "GB": ("بريطانيا", "Royaume-Uni", "United Kingdom"),
    "US": ("الولايات المتحدة", "États-Unis", "United States"),
    "FR": ("فرنسا", "France", "France"),
    "DE": ("ألمانيا", "Allemagne", "Germany"),
    "RU": ("روسيا", "Russie", "Russia"),
    "TR": ("تركيا", "Turquie", "Turkey"),
    "IR": ("إيران", "Iran", "Iran"),
    "ES": ("إسبانيا", "Espagne", "Spain"),
    "CN": ("الصين", "Chine", "China"),
}
# whose month names a page's time zone asks for
ZONES = {
    "Africa/Casablanca": "MA",
    "Africa/El_Aaiun": "EH",
    "Africa/Nouakchott": "MR",
    "Africa/Algiers": "DZ",
    "Africa/Tunis": "TN",
    "Asia/Damascus": "SY",
    "Asia/Beirut": "LB",
    "Asia/Amman": "JO",
    "Asia/Gaza": "PS",
    "Asia/Hebron": "PS",
    "Asia/Baghdad": "IQ",
}
LEFT_TO_RIGHT, RIGHT_TO_LEFT = "ltr", "rtl"
_RIGHT = {"ar", "fa", "ur", "he", "ckb", "ps", "sd", "ug", "yi"}


def direction(language: str) -> str:
    """Give the direction in which a language is written; Arabic's where none is named.

    >>> [direction(each) for each in ("ar", "fr", "zgh", "")]
    ['rtl', 'ltr', 'ltr', 'rtl']
    """
    return RIGHT_TO_LEFT if not language or language.partition("-")[0] in _RIGHT else LEFT_TO_RIGHT
