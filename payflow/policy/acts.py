"""The statutes payflow knows, one by one. Sources stand beside each; the tables of rates in `payflow/policy/data`.

Common to all: interest runs from the day after the due date through the day of payment, on the total with tax (Directive
2011/7/EU art. 2(8); Pharos Offshore v Keynvor Morlift [2025] EWHC 2496 (TCC)). Interest and fixed sums bear no tax.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from msgspec.structs import replace

from payflow.policy.compensation import Band, FixedSum, flat
from payflow.policy.law import Fixing, Margin, Reference, Statute


def _points(text: str) -> Fraction:
    return Fraction(text) / 100


def _since(*margins: tuple[date, str]) -> tuple[Margin, ...]:
    return tuple(Margin(since, _points(text)) for since, text in margins)


_DIRECTIVE = "Directive 2011/7/EU art. 2(6)-(7), art. 6, https://www.legislation.gov.uk/eudr/2011/7/article/2"
#: From this day on contracts fall under Directive 2011/7/EU, before it under 2000/35/EC.
_RECAST = date(2013, 3, 16)
#: The first half-year of the European reference rate; tables begin here.
_FIRST = date(2002, 7, 1)
_HALF_POINT = Fraction(1, 200)
_EURO_40 = "40 EUR for each invoice"

UK = Statute(
    name="uk",
    title="Late Payment of Commercial Debts (Interest) Act 1998",
    country="GB",
    currency="GBP",
    sources=(
        "https://www.legislation.gov.uk/ukpga/1998/20",
        "SI 2002/1675 art. 4, https://www.legislation.gov.uk/uksi/2002/1675/article/4/made",
        "https://www.gov.uk/late-commercial-payments-interest-debt-recovery/charging-interest-commercial-debt",
    ),
    margins=_since((_FIRST, "8")),
    fixing=Fixing.START,
    table="uk_statutory_reference",
    compensation=FixedSum(
        "GBP",
        (Band(40_00, below=1_000_00), Band(70_00, below=10_000_00), Band(100_00)),
        "GBP",
        "Act s. 5A: 40 GBP below 1,000, 70 GBP below 10,000, else 100 GBP",
        each_instalment=True,
    ),
    notes=(
        (
            "The Bank Rate of the 30 June or 31 December before interest starts holds for good; calculators that split the time "
            "at later changes contradict the Order."
        ),
        (
            "Without an agreed day, the last day to pay is the last of 30 days beginning with the later of performance and "
            "notice of the amount (s. 4(5)): net-29 from that day."
        ),
        (
            "gov.uk's example rounds the interest of one day and multiplies; the Act does not ask for it. Take rounding = day "
            "to follow the example."
        ),
        "Reasonable costs of recovering the debt above the fixed sum may be claimed as well (s. 5A(2A)).",
        "A debt to pay a part of the price is a debt of its own (s. 3(1)): each late instalment has its sum.",
    ),
)

EU = Statute(
    name="eu",
    title="Directive 2011/7/EU: the least that every member state grants",
    country="EU",
    currency="EUR",
    sources=(_DIRECTIVE, "https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=LEGISSUM:mi0074"),
    margins=_since((_FIRST, "7"), (_RECAST, "8")),
    fixing=Fixing.FLOATING,
    table="eu_reference_rate_half_year",
    compensation=flat(40_00, "EUR", f"Directive 2011/7/EU art. 6: {_EURO_40}"),
    notes=("Contracts from before 16 March 2013 fall under Directive 2000/35/EC: 7 points.",),
    warnings=("The directive binds states, not debtors: claim under the law of the country; this is its floor.",),
)

DE = Statute(
    name="de",
    title="BGB § 288(2), between businesses",
    country="DE",
    currency="EUR",
    sources=(
        "BGB §§ 247, 286-289, https://www.gesetze-im-internet.de/bgb/__288.html",
        "https://github.com/bundestag/gesetze b/bgb/index.md @77abca2c",
        "https://github.com/digineo/verzugszinsen @a36bad5 (8 points for debts from before 29 July 2014; day count)",
    ),
    margins=_since((date(2002, 1, 1), "8"), (date(2014, 7, 29), "9")),
    fixing=Fixing.FLOATING,
    table="de_basiszinssatz",
    consumers="de-consumer",
    day_count="actual/actual",
    allocation="costs-first",
    allocation_by="BGB § 367(1)",
    moves_by="BGB § 193",
    compensation=flat(40_00, "EUR", f"BGB § 288(5): {_EURO_40}, also for an instalment", each_instalment=True),
    notes=(
        "Debts that arose before 29 July 2014 bear 8 points above the Basiszinssatz (EGBGB Art. 229 § 34).",
        "Days are counted in calendar years of 365 and 366, as the published example does; actual/365 is in use as well.",
        "No interest on interest (BGB § 289, § 248(1)).",
        "Part payments settle costs first, then interest, then principal, unless agreed otherwise (BGB § 367(1)).",
        "A due day on a Saturday, Sunday or holiday moves to the next working day (BGB § 193).",
    ),
    warnings=("The fixed sum is set off against costs of legal pursuit (BGB § 288(5) sentence 3).",),
)

DE_CONSUMER = replace(
    DE,
    name="de-consumer",
    title="BGB § 288(1), from consumers",
    margins=_since((date(2002, 1, 1), "5")),
    business_only=False,
    consumers="",
    compensation=None,
    notes=DE.notes[1:],
    warnings=(
        (
            "A consumer is in default 30 days after an invoice only if the invoice said so (BGB § 286(3)); else a reminder or an "
            "agreed day is needed."
        ),
    ),
)

FR = Statute(
    name="fr",
    title="Code de commerce L441-10, the rate where the contract names none",
    country="FR",
    currency="EUR",
    sources=(
        "Code de commerce L441-10 II, https://bpifrance-creation.fr/boiteaoutils/taux-penalites-retard",
        (
            "https://chemouli-dauzier.typepad.fr/le_blog_du_cabinet_chemou/2008/12/"
            "taux-conseille-pour-les-penalites-de-retard.html"
        ),
    ),
    margins=_since((date(2009, 1, 1), "10")),
    fixing=Fixing.FLOATING,
    table="eu_reference_rate_half_year",
    allocation="interest-first",
    allocation_by="Code civil art. 1343-1",
    compensation=flat(40_00, "EUR", f"Code de commerce D441-5: {_EURO_40}, in full even after a part payment"),
    notes=(
        "The main refinancing rate of 1 January counts for the first half-year, that of 1 July for the second.",
        "A contract may name another rate, not below three times the taux de l'intérêt légal.",
        "Penalties run on the amount with tax (TTC).",
        "Part payments settle interest before principal, unless agreed otherwise (Code civil art. 1343-1).",
    ),
    warnings=("Penalties do not add to legal interest for the same time.",),
)

NL = Statute(
    name="nl",
    title="BW 6:119a, handelsrente",
    country="NL",
    currency="EUR",
    sources=(
        "https://wetboekplus.nl/burgerlijk-wetboek-boek-6-artikel-119a-handelsrente",
        "https://github.com/Matthi-code/rentetool docs @4e0d98a (published test cases)",
    ),
    margins=_since((date(2004, 1, 1), "0")),
    fixing=Fixing.FLOATING,
    table="nl_handelsrente",
    reference=Reference.DAY,
    consumers="nl-consumer",
    allocation="costs-first",
    allocation_by="BW 6:44",
    compound="yearly",
    rounding="segment",
    compensation=flat(40_00, "EUR", f"BW 6:96(4): at least {_EURO_40}"),
    notes=(
        "The table is the whole rate: the ECB reference and 8 points, 7 before 16 March 2013.",
        (
            "After each year interest joins the principal (BW 6:119a(3)); the published example rounds each stretch to the cent, "
            "and each half-year is a stretch of its own."
        ),
        "A year has 365 days, as in the published example; 366 for a year that holds 29 February is in use too.",
        "Part payments settle costs first, then interest, then principal (BW 6:44).",
        "No interest on costs of collection (Hoge Raad, 28 June 2013).",
    ),
)

NL_CONSUMER = replace(
    NL,
    name="nl-consumer",
    title="BW 6:119, wettelijke rente",
    sources=("https://wetboekplus.nl/burgerlijk-wetboek-boek-6-artikel-119-wettelijke-rente", NL.sources[1]),
    table="nl_wettelijke_rente",
    business_only=False,
    consumers="",
    compensation=None,
    notes=("The table is the whole rate, fixed by decree.", *NL.notes[1:]),
    warnings=("Costs of collection from a consumer need a reminder that leaves 14 days (BW 6:96(6)).",),
)

IE = Statute(
    name="ie",
    title="European Communities (Late Payment in Commercial Transactions) Regulations 2012",
    country="IE",
    currency="EUR",
    sources=(
        "SI 580/2012, https://www.irishstatutebook.ie/eli/2012/si/580/made/en/print",
        "https://enterprise.gov.ie/en/What-We-Do/Supports-for-SMEs/Late-Payments/Late-Payment-Interest-Rate-",
        "https://irelandtogether.ie/running-your-business/late-payment-commercial-transactions-regulations/",
    ),
    margins=_since((_FIRST, "7"), (_RECAST, "8")),
    fixing=Fixing.FLOATING,
    table="eu_reference_rate_half_year",
    compensation=FixedSum(
        "EUR",
        (Band(40_00, through=1_000_00), Band(70_00, through=10_000_00), Band(100_00)),
        "EUR",
        "SI 580/2012: 40 EUR up to 1,000, 70 EUR up to 10,000, else 100 EUR",
    ),
    notes=(
        "The rate of a day is the yearly rate divided by 365.",
        "An older official page let the rate of the day of payment count for the whole time: that is ie-payment-date.",
    ),
)

IE_PAYMENT_DATE = replace(
    IE,
    name="ie-payment-date",
    title=f"{IE.title}, the rate of the day of payment throughout",
    sources=(*IE.sources, "https://www.djei.ie/enterprise/smes/latepay.htm (older official page)"),
    fixing=Fixing.END,
    notes=(IE.notes[0], "Read as an older official page read it; the present page dropped that: see ie."),
)

BE = Statute(
    name="be",
    title="Loi du 2 août 2002 on late payment in commercial transactions",
    country="BE",
    currency="EUR",
    sources=(
        "Loi du 2 août 2002 art. 5, https://www.schoups.com/fr/nieuws/21432?subid=2821",
        "http://www.jpfontaineleveque.be/archives/246",
        "https://embuild.be/fr/actualit%C3%A9s/le-retard-de-paiement-le-taux-dint%C3%A9r%C3%AAt-applicable-en-2026",
    ),
    margins=_since((_FIRST, "7"), (_RECAST, "8")),
    fixing=Fixing.FLOATING,
    table="eu_reference_rate_half_year",
    rounded_up_to=_HALF_POINT,
    compensation=flat(40_00, "EUR", f"Loi du 2 août 2002 art. 6: {_EURO_40}"),
    notes=(
        (
            "The rate is worked out: reference and margin, rounded up to the next half point. It agrees with all 17 published "
            "rates in the table be_handelstransacties_partial; the official notices stand in the Moniteur belge."
        ),
        "Contracts from before 16 March 2013 bear 7 points.",
    ),
)

IT = Statute(
    name="it",
    title="D.Lgs. 231/2002 art. 5",
    country="IT",
    currency="EUR",
    sources=(
        (
            "D.Lgs. 231/2002 art. 5, https://notiziedellascuola.it/legislazione-e-dottrina/indice-cronologico/2002/ottobre/"
            "DLGS_20021009_231/art5"
        ),
        (
            "8 points from 2013, 7 before: https://talentoeparita.it/"
            "ritardi-nei-pagamenti-per-imprese-e-professionisti-le-nuove-regole-dal-1-gennaio-2013/"
        ),
    ),
    margins=_since((_FIRST, "7"), (date(2013, 1, 1), "8")),
    fixing=Fixing.FLOATING,
    table="eu_reference_rate_half_year",
    compensation=flat(40_00, "EUR", f"D.Lgs. 231/2002 art. 6: {_EURO_40}"),
    notes=(
        "Days are divided by 36500, in leap years too.",
        "Perishable goods bear more; name the rate yourself for them.",
    ),
)

SE = Statute(
    name="se",
    title="Räntelagen (1975:635) § 6",
    country="SE",
    currency="SEK",
    sources=(
        "Räntelagen §§ 6 and 9, https://www.riksbank.se/sv/statistik/rantor-och-valutakurser/referensranta/",
        "https://lawline.se/answers/berakning-av-drojsmalsranta-3",
        (
            "Lag (1981:739) § 4a, http://www.riksdagen.se/sv/dokument-lagar/dokument/svensk-forfattningssamling/"
            "lag-1981739-om-ersattning-for-inkassokostnader_sfs-1981-739"
        ),
    ),
    margins=_since((_FIRST, "8")),
    fixing=Fixing.FLOATING,
    table="se_referensranta",
    rounded_up_to=_HALF_POINT,
    business_only=False,
    compensation=flat(450_00, "SEK", "Lag (1981:739) § 4a: 450 SEK, between businesses or from an authority"),
    notes=(
        "The Riksbank rounds its reference rate up to the next half point.",
        "The Enforcement Authority's calculator rounds to whole kronor.",
    ),
    warnings=(
        "Whether a half-year that is over keeps its rate is disputed (NJA 2007 s. 742); here each half-year has its own.",
        "The fixed sum is due from businesses and authorities only, never from a consumer.",
    ),
)

PL = Statute(
    name="pl",
    title="Ustawa z 8 marca 2013 o przeciwdziałaniu nadmiernym opóźnieniom w transakcjach handlowych",
    country="PL",
    currency="PLN",
    sources=(
        "https://prawodlabiznesu.eu/rekompensata-za-opoznienie-w-platnosciach/ (art. 10)",
        "10 and 8 points: https://www.podatki.biz/artykuly/odsetki-ustawowe-w-2022-r-525-725-975-czy-1175_34_49218.htm",
    ),
    margins=_since((date(2020, 1, 1), "10")),
    fixing=Fixing.FLOATING,
    table="pl_nbp_reference",
    compensation=FixedSum(
        "EUR",
        (Band(40_00, through=5_000_00), Band(70_00, below=50_000_00), Band(100_00)),
        "PLN",
        "Ustawa art. 10: 40 EUR up to 5,000 PLN, 70 EUR below 50,000 PLN, else 100 EUR",
    ),
    notes=(
        "The NBP reference rate of 1 January counts for the first half-year, that of 1 July for the second.",
        "The fixed sum is paid in PLN at the NBP's rate of the last working day of the month before the debt fell due.",
        "A public health body owes 8 points: that is pl-public-health.",
        "Written out for debts from 2020 on.",
    ),
)

PL_PUBLIC_HEALTH = replace(
    PL,
    name="pl-public-health",
    title=f"{PL.title}, from a public health body",
    margins=_since((date(2020, 1, 1), "8")),
    notes=(*PL.notes[:2], PL.notes[3]),
)

CH = Statute(
    name="ch",
    title="OR art. 104, Verzugszins",
    country="CH",
    currency="CHF",
    sources=(
        "OR art. 104-105, https://www.fedlex.admin.ch/eli/cc/27/317_321_377/de#art_104",
        "https://github.com/durchblick-nl/verzugszinsrechner @21750f9",
    ),
    margins=_since((date(1912, 1, 1), "5")),
    fixing=Fixing.FLAT,
    business_only=False,
    day_count="actual/actual",
    notes=(
        "The law does not fix how days are counted; actual/actual and actual/360 are both in use.",
        "No interest on interest (OR art. 105(3)).",
        "Between merchants a higher bank discount rate may be claimed (OR art. 104(3)); name the rate yourself.",
    ),
    warnings=("Default needs a reminder or an agreed day (OR art. 102).",),
)

US_PROMPT_PAYMENT = Statute(
    name="us-prompt-payment",
    title="Prompt Payment Act, 31 U.S.C. 3901-3907, from a federal agency",
    country="US",
    currency="USD",
    sources=(
        "5 CFR 1315.10, https://www.ecfr.gov/current/title-5/chapter-III/subchapter-B/part-1315/section-1315.10",
        "5 CFR 1315.17 (formulas); https://www.fiscal.treasury.gov/prompt-payment/monthly-interest.html",
        "FAR 52.232-25, https://www.acquisition.gov/far/52.232-25",
    ),
    margins=_since((date(1998, 7, 1), "0")),
    fixing=Fixing.START,
    table="us_prompt_payment",
    reference=Reference.DAY,
    day_count="actual/360",
    compound="30-days",
    floor=1_00,
    years=1,
    federal_days=True,
    notes=(
        "The Treasury's rate of the day after the due date holds throughout (5 CFR 1315.10), though some advise to split.",
        "After each 30 days unpaid interest joins the principal; interest stops after one year.",
        "Less than one dollar of interest is not paid.",
        (
            "When the due date is a Saturday, Sunday or federal holiday (5 U.S.C. 6103) and payment comes by the next working "
            "day, no interest is due; paid later, interest counts from the due date (5 CFR 1315.4(h), FAR 52.232-25(a)(4))."
        ),
    ),
    warnings=("For claims against federal agencies only.",),
)

#: In the order in which they are listed.
ALL = (
    UK, EU, DE, DE_CONSUMER, FR, NL, NL_CONSUMER, IE, IE_PAYMENT_DATE, BE, IT, SE, PL, PL_PUBLIC_HEALTH, CH, US_PROMPT_PAYMENT,
)  # fmt: skip
