"""The free field of MT940, `:86:`, in the forms that banks give it.

Germany and Poland: a three-digit code and sub-fields after a mark (`166?00GUTSCHRIFT?20EREF+...?32KARL`), SEPA tags inside. The
Netherlands and SWIFT: words between slashes (`/EREF/.../NAME/.../REMI/...`). All others: text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from payflow.connector import LineKind
from payflow_bank.statement import FEE, REVERSAL, TRANSFER, one_line

#: A line of the field holds so many characters; a shorter one ended with a word.
_FULL_LINE = 64
#: A German sub-field holds so many characters of the purpose.
_FULL_PART = 27
_CODED = re.compile(r"^\s*(?P<code>[0-9]{3})(?P<mark>[^\w\s+/.,:;()-])(?=[0-9]{2})")
_TAGS = re.compile(
    r"(EREF\+|KREF\+|MREF\+|CRED\+|DEBT\+|COAM\+|OAMT\+|SVWZ\+|ABWA\+|ABWE\+|IBAN\+|BIC\+|PURP\+|SDAT\+|MTLG:)"
)
_WORDS = re.compile(
    r"/(EREF|KREF|MREF|PREF|RREF|REMI|NAME|IBAN|BIC|BENM|ORDP|CNTP|CSID|MARF|TRTP|TRCD|ISDT|RTRN|PURP|BUSP|ULTD|ULTB|ULTC|ACCW|"
    r"SVCL|SWOC|CHGS|OCMT|EXCH|ADDR|ID)/"
)
#: What banks write where the payer gave no reference.
_NONE = frozenset(("", "NONREF", "NOTPROVIDED", "NOT PROVIDED", "NOTAVAILABLE", "NOREF", "KREF", "EREF", "-", "0"))
#: Codes of German business transactions: money of ours, or of a client, that came back.
_RETURNED = frozenset({"108", "109", "159", "184"})
_CHARGED = frozenset({"805", "808"})
_IBAN = re.compile(r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}$")


class Remittance(Struct, frozen=True):
    """What the field says of a line."""

    text: str = ""
    reference: str = ""
    payer: str = ""
    payer_account: str = ""
    kind: LineKind = TRANSFER


def read(lines: Sequence[str]) -> Remittance:
    """What a field of these lines says."""
    match = _CODED.match(lines[0]) if lines else None
    if match:
        return _coded(match["code"], "".join(line.rstrip("\r\n") for line in lines)[match.end() :], match["mark"])
    text = _joined([line.rstrip("\r\n") for line in lines], _FULL_LINE)
    return _slashed(text) if len(_WORDS.findall(text)) >= 2 else Remittance(text=one_line(text))


def stated(reference: str) -> str:
    """A reference, empty where it only says that there is none."""
    text = one_line(reference)
    return "" if text.upper().rstrip("+") in _NONE else text


def is_iban(text: str) -> bool:
    """Whether a text looks like an IBAN."""
    return bool(_IBAN.match(text.replace(" ", "")))


def _joined(parts: Sequence[str], full: int) -> str:
    """Parts of a text that was cut at a fixed width: a full part goes on in the next, a shorter one ended."""
    text = ""
    for part in parts:
        text += part if len(part) >= full else f"{part} "
    return text.strip()


def _coded(code: str, field: str, mark: str) -> Remittance:
    parts = [(part[:2], part[2:]) for part in field.split(mark) if part[:2].isdigit()]
    purpose = [value for number, value in parts if "20" <= number <= "29" or "60" <= number <= "63"]
    booking = one_line(*(value for number, value in parts if number == "00"))
    text = _joined(purpose, _FULL_PART)
    tags = _tagged(text, _TAGS)
    name = _joined([value for number, value in parts if number in ("32", "33")], _FULL_PART)
    account = next((value for number, value in parts if number == "38"), "") or next(
        (value for number, value in parts if number == "31"), ""
    )
    written = one_line(*(tags.get(tag, "") for tag in ("", "SVWZ", "MTLG"))) if tags.keys() - {""} else one_line(text)
    reference = stated(tags.get("EREF", "")) or stated(tags.get("KREF", ""))
    return Remittance(
        text=written or booking,
        reference=reference,
        payer=one_line(name) or one_line(tags.get("ABWA", "")),
        payer_account=account.strip() or tags.get("IBAN", "").strip(),
        kind=REVERSAL if code in _RETURNED else FEE if code in _CHARGED else TRANSFER,
    )


def _slashed(text: str) -> Remittance:
    words = _tagged(text, _WORDS)
    kind = REVERSAL if "RTRN" in words else FEE if "CHGS" in words and "REMI" not in words else TRANSFER
    payer, account = words.get("NAME", ""), words.get("IBAN", "")
    if counterpart := words.get("CNTP", ""):  # account/bank/name/town
        pieces = [*counterpart.split("/"), "", "", ""]
        account, payer = account or pieces[0], payer or pieces[2]
    remitted, structured = words.get("REMI", ""), ""
    if remitted.startswith("STRD/"):
        structured, remitted = remitted.rstrip("/").rpartition("/")[2], ""
    remitted = remitted.removeprefix("USTD/").strip("/")
    return Remittance(
        text=one_line(words.get("", "").strip("/ "), remitted),
        reference=stated(structured) or stated(words.get("EREF", "").strip("/")),
        payer=one_line(payer.strip("/")),
        payer_account=account.strip("/ "),
        kind=kind,
    )


def _tagged(text: str, tags: re.Pattern[str]) -> dict[str, str]:
    """Tag -> what follows it, the first of each; under "" what stands before them all."""
    pieces = tags.split(text)
    found = {"": pieces[0].strip()}
    for tag, value in zip(pieces[1::2], pieces[2::2], strict=True):
        found.setdefault(tag.rstrip("+:"), value.strip())
    return found
