"""States of India as its tax law counts them, and which of them a PIN code may lie in."""

from collections.abc import Mapping

STATES: Mapping[str, str] = {
    "01": "Jammu and Kashmir",
    "02": "Himachal Pradesh",
    "03": "Punjab",
    "04": "Chandigarh",
    "05": "Uttarakhand",
    "06": "Haryana",
    "07": "Delhi",
    "08": "Rajasthan",
    "09": "Uttar Pradesh",
    "10": "Bihar",
    "11": "Sikkim",
    "12": "Arunachal Pradesh",
    "13": "Nagaland",
    "14": "Manipur",
    "15": "Mizoram",
    "16": "Tripura",
    "17": "Meghalaya",
    "18": "Assam",
    "19": "West Bengal",
    "20": "Jharkhand",
    "21": "Odisha",
    "22": "Chhattisgarh",
    "23": "Madhya Pradesh",
    "24": "Gujarat",
    "26": "Dadra and Nagar Haveli and Daman and Diu",
    "27": "Maharashtra",
    "29": "Karnataka",
    "30": "Goa",
    "31": "Lakshadweep",
    "32": "Kerala",
    "33": "Tamil Nadu",
    "34": "Puducherry",
    "35": "Andaman and Nicobar Islands",
    "36": "Telangana",
    "37": "Andhra Pradesh",
    "38": "Ladakh",
}
"""By the code that a GSTIN begins with."""

WITHOUT_LEGISLATURE = frozenset({"04", "26", "31", "35", "38"})
"""Union territories, where the state's half of the tax is UTGST."""

# By the first two digits of the PIN code, the most likely first. Sorting districts cross borders.
_BY_PIN: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("12", "13"), ("06",)),
    **dict.fromkeys(("14", "15"), ("03",)),
    **dict.fromkeys(("20", "21", "22", "23", "25", "27", "28"), ("09",)),
    **dict.fromkeys(("24", "26"), ("09", "05")),
    **dict.fromkeys(("30", "31", "32", "33", "34"), ("08",)),
    **dict.fromkeys(("36", "37", "38"), ("24", "26")),
    **dict.fromkeys(("41", "42", "43", "44"), ("27",)),
    **dict.fromkeys(("45", "46", "47", "48"), ("23",)),
    **dict.fromkeys(("51", "52"), ("37",)),
    **dict.fromkeys(("56", "57", "58", "59"), ("29",)),
    **dict.fromkeys(("60", "61", "62", "63", "64"), ("33", "34")),
    **dict.fromkeys(("70", "71", "72"), ("19",)),
    **dict.fromkeys(("75", "76", "77"), ("21",)),
    **dict.fromkeys(("80", "81", "82", "83", "84", "85"), ("10", "20")),
    "11": ("07",),
    "16": ("03", "04"),
    "17": ("02",),
    "18": ("01",),
    "19": ("01", "38"),
    "39": ("24", "26"),
    "40": ("27", "30"),
    "49": ("22",),
    "50": ("36", "37"),
    "53": ("37", "34"),
    "67": ("32", "34"),
    "68": ("32", "31"),
    "69": ("32",),
    "73": ("19", "11"),
    "74": ("19", "35"),
    "78": ("18",),
    "79": ("17", "12", "13", "14", "15", "16"),
}

_BY_NAME = {"".join(name.lower().split()): code for code, name in STATES.items()}


def state_of(pincode: str, *, named: str, home: str) -> str:
    """The code of the state in which a delivery ends: the one `named` where the PIN code may lie there, else the
    seller's own (`home`), else the most likely one. Empty where nothing is known."""
    possible = _BY_PIN.get(pincode[:2], ())
    wanted = _BY_NAME.get("".join(named.lower().split()), "")
    if not possible:
        return wanted or home
    return next((code for code in (wanted, home) if code in possible), possible[0])


def state_label(code: str) -> str:
    """For people and the tax office: 29 Karnataka."""
    return f"{code} {STATES[code]}" if code in STATES else ""
