"""Headings and cells as people write them: units, decimal commas, encodings, degrees, words in two languages."""

from __future__ import annotations

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from importer import outcome, written

from qplan.interchange.imports.fields import Unreadable, slug, value_of
from qplan.interchange.imports.headings import columns_of, kind_of, recognise
from qplan.interchange.imports.mapping import ImportMap, TableMap
from qplan.interchange.imports.numbers import decimal_mark, number
from qplan.interchange.imports.yaml_text import entry, flow
from qplan.inventory.source.yaml_source import parse_yaml


@pytest.mark.parametrize(
    ("kind", "heading", "field", "unit"),
    [
        ("fibres", "Länge [km]", "length", "km"),
        ("fibres", "LengthKM", "length", "km"),
        ("fibres", "length_m", "length", "m"),
        ("fibres", "Distance (miles)", "length", "mi"),
        ("fibres", "Calculated Length (km)", "length", "km"),
        ("fibres", "Dämpfung (dB/km)", "attenuation_db_per_km", ""),
        ("fibres", "Dämpfung [dB]", "loss_db", "db"),
        ("fibres", "Loss [dB] @1550nm", "loss_db", ""),
        ("fibres", "DÄMPFUNG 1310 NM", "loss_1310_db", ""),
        ("fibres", "Anzahl Fasern", "fibre_count", ""),
        ("fibres", "freie Fasern", "strands", ""),
        ("fibres", "Freie Faserpaare", "strands", "pairs"),
        ("fibres", "Fibre pairs", "fibre_count", "pairs"),
        ("fibres", "Connector pairs", "connectors", ""),
        ("fibres", "SRLG", "ducts", ""),
        ("sites", "Länge", "lon", ""),
        ("sites", "GPS-Breite", "lat", ""),
        ("sites", "lng", "lon", ""),
        ("corridors", "Schlüsselrate [kbit/s]", "key_rate_bps", "kbit s"),
        ("corridors", "rekey interval (min)", "interval_s", "min"),
        ("equipment", "Key rate curve", "key_rate_curve", ""),
        ("equipment", "Preis (chf)", "price", "CHF"),
        ("equipment", "Unit price [CZK]", "price", "CZK"),
        ("equipment", "List price in €", "price", "EUR"),
        ("equipment", "Support pro Jahr (%)", "support_per_year", "%"),
        ("fibres", "Jahresmiete $", "cost_per_strand_year", "$"),
    ],
)
def test_headings_are_known_with_their_units(kind, heading, field, unit):
    found = recognise(kind, heading)
    assert found is not None and found[:2] == (field, unit)


def test_what_a_table_holds_is_told_by_its_headings():
    assert kind_of(["Standort", "Breite", "Länge"]) == "sites"
    assert kind_of(["Strecke", "Von", "Nach", "Länge [km]"]) == "fibres"
    assert kind_of(["Von", "Nach", "Schlüsselrate"]) == kind_of(["from", "to"], "demands.csv") == "corridors"
    assert kind_of(["Hersteller", "Modell", "Kennlinie"]) == "equipment"
    assert kind_of(["Objekt", "Wert"]) is None
    assert {place: column.field for place, column in columns_of("sites", ["Site", "ID", "lat"]).items()} == {
        0: "name",
        1: "id",
        2: "lat",
    }


@given(st.floats(0.001, 99_999), st.sampled_from([",", "."]))
def test_numbers_read_back_in_either_convention(value, mark):
    text = f"{value:.4f}".replace(".", mark)
    assert number(text, mark).value == pytest.approx(value, abs=1e-4)
    grouped = f"{value:,.4f}".translate(str.maketrans(",.", "'" + mark))
    assert (
        number(f" {grouped} km", mark) == pytest.approx((value, 0, 0), abs=1e-4)
        or number(f"{grouped} km", mark).unit == "km"
    )


def test_decimal_mark_is_that_of_the_numbers_which_leave_no_doubt():
    assert decimal_mark(["1.250", "12,5", "7,25"]) == ","
    assert decimal_mark(["1,250", "12.5"]) == "."
    assert decimal_mark(["1.234.567", "3"]) == ","
    assert decimal_mark(["1.250"]) == "." and decimal_mark(["1.250"], semicolons=True) == ","
    assert number("1.250", ",") == (1250.0, "", True) and number("12.5", ",") == (12.5, "", False)
    assert number("1.234,5", ".").value == number("1,234.5", ",").value == 1234.5
    assert number("12-13", ".") is None and number("1,2,3.4.5", ".") is None


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("lat", "47° 22′ 12″ N", 47.37),
        ("lon", "8°32'24\"W", -8.54),
        ("lat", "S 33.86", -33.86),
        ("lat", 47.4, 47.4),
        ("lat", "47.352", 47.352),  # in a table of decimal commas, too
        ("country", "Schweiz", "CH"),
        ("country", "UK", "GB"),
        ("country", "de", "DE"),
        ("country", "United States", "US"),
        ("trusted_node", "nein", "forbidden"),
        ("trusted_node", "vorhanden", "existing"),
        ("amplified", "x", True),
        ("strands", 4.0, 4),
        ("strands", "4", 4),
        ("key_rate_bps", "2 kbit/s", 2000.0),
        ("interval_s", "5 min", 300.0),
        ("ducts", "K 12; K 13,K14", ["K 12", "K 13", "K14"]),
        ("deployment", "Freileitung", "aerial"),
        ("key_rate_curve", "2:2,6e6; 14,5:3e5", [[2, 2.6e6], [14.5, 3e5]]),
        ("loss_db", "6,1 dB", 6.1),
        ("loss_db", "n/a", None),
    ],
)
def test_cells_are_values(field, cell, value):
    read = value_of(field, cell, "", ",")
    assert (read and read.value) == value


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("loss_db", "about 6"),
        ("loss_db", "-3"),
        ("loss_db", "#N/A"),
        ("strands", "2,5"),
        ("lat", "47° 72'"),
        ("lat", "north"),
        ("country", "Ruritania"),
        ("length", "5 parsecs"),
        ("amplified", "perhaps"),
        ("key_rate_curve", "2=3"),
        ("loss_db", "1e999"),
        ("loss_db", "5 %"),
        ("loss_db", "5 EUR"),
        ("price", "4500 CHF"),
        ("price", "CHF 4500"),
        ("price", "EUR 4500 CHF"),
        ("price", "4500 kEUR"),
        ("price", "$ 4500"),
        ("price", "12,5 %"),
        ("price", "4500 km"),
        ("price", "EUR -5"),
    ],
)
def test_cells_that_say_nothing_are_refused_with_what_was_expected(field, cell):
    with pytest.raises(Unreadable, match=r"\w+"):
        value_of(field, cell, "", ",", "EUR")


@pytest.mark.parametrize(
    "cell", ["4500", "4500 EUR", "EUR 4500", "€4500", "4.500,00 eur", "4'500.– Euro", "EUR 4500,-", 4500.0, "4.5e3 €"]
)
def test_an_amount_may_have_its_currency_before_or_behind_it(cell):
    for unit in ("", "EUR"):
        assert value_of("price", cell, unit, ",", "EUR") == (4500, "", False)
        for others in ("CHF", "%"):
            with pytest.raises(Unreadable, match="an amount in EUR"):
                value_of("price", cell, others, ",", "EUR")


LEASES = "von;nach;km;Jahresmiete\na;b;10;1200 CHF\nb;c;10;5 %\nc;d;10;€ 900\nd;e;10;CHF 800\n"


@pytest.mark.parametrize(
    ("currency", "mapped", "leases", "refused"),
    [
        ("", {}, {"c--d": 900}, {2: "'1200 CHF' cannot be read (and in 1 more row)", 3: "'5 %'"}),
        ("EUR", {}, {"c--d": 900}, {2: "'1200 CHF' cannot be read (and in 1 more row)", 3: "'5 %'"}),
        ("CHF", {}, {"a--b": 1200, "d--e": 800}, {3: "'5 %'", 4: "'€ 900'"}),
        (
            "EUR",
            {"Jahresmiete": "Miete netto in CHF"},
            {},
            {2: "'1200 CHF' cannot be read (and in 2 more rows)", 3: "'5 %'"},
        ),
    ],
)
def test_amounts_of_another_currency_than_the_inventorys_are_left_out(tmp_path, currency, mapped, leases, refused):
    text, mapping = LEASES, ImportMap()
    for heading, other in mapped.items():
        text = text.replace(heading, other)
        columns = {"from": "von", "to": "nach", "length_km": "km", "cost_per_strand_year": other}
        mapping = ImportMap(tables=[TableMap(table="*", kind="fibres", columns=columns)])
    sites = written(tmp_path, "sites.yaml", f"qplan: 1\neconomics: {{currency: {currency}}}\n") if currency else None
    made = outcome("csv", written(tmp_path, "fibres.csv", text), mapping=mapping, existing=sites)
    stated = {key: fibre.get("cost_per_strand_year") for key, fibre in made.draft.fibres.items()}
    assert {key: amount for key, amount in stated.items() if amount is not None} == leases
    found = {item.line: item for item in made.findings if item.code == "QP611"}
    assert found.keys() == refused.keys() and all(words in found[line].message for line, words in refused.items())
    other = {"CHF": "EUR"}.get(currency, "CHF")
    assert all((f"currency: {other}" in item.hint) == ("%" not in item.message) for item in found.values())


@pytest.mark.parametrize(
    ("currency", "heading", "number_format", "refused"),
    [
        ("EUR", "Jahresmiete", "[$$-409]#,##0.00", "'1200', by its format in '$', cannot be read"),
        ("EUR", "Jahresmiete EUR", '#,##0 "CHF"', "'1200', by its format in 'CHF', cannot be read"),
        ("EUR", "Jahresmiete", '#,##0.00 "€"', ""),
        ("USD", "Jahresmiete", "[$$-409]#,##0.00", ""),
        ("CAD", "Jahresmiete in $", "$#,##0", ""),
        ("EUR", "Jahresmiete", '"SFr." 0', "'1200', by its format in 'SFr.', cannot be read"),
        ("EUR", "Jahresmiete", '"kr" 0', "'1200', by its format in 'kr', cannot be read"),
        ("SEK", "Jahresmiete", "[$kr-41D] 0", ""),
        ("EUR", "Jahresmiete", '0;;;"USD"@', ""),
        ("EUR", "Jahresmiete", '0 "Paare"', ""),
    ],
)
def test_a_currency_that_a_number_format_shows_counts_as_typed(tmp_path, currency, heading, number_format, refused):
    book = openpyxl.Workbook()
    for row in (["von", "nach", "km", heading], ["a", "b", 10, 1200]):
        book.active.append(row)
    book.active["D2"].number_format = number_format
    book.save(tmp_path / "fibres.xlsx")
    sites = written(tmp_path, "sites.yaml", f"qplan: 1\neconomics: {{currency: {currency}}}\n")
    columns = {"from": "von", "to": "nach", "length_km": "km", "cost_per_strand_year": heading}
    mapping = ImportMap(tables=[TableMap(table="*", kind="fibres", columns=columns)])
    made = outcome("xlsx", tmp_path / "fibres.xlsx", mapping=mapping, existing=sites)
    found = [item.message for item in made.findings if item.code == "QP611"]
    assert [refused in message for message in found] == [True] * bool(refused)
    assert made.draft.fibres["a--b"].get("cost_per_strand_year") == (None if refused else 1200)


@given(st.text(max_size=40))
def test_slugs_are_ids_or_nothing(text):
    made = slug(text)
    assert made == "" or (made[0].isalnum() and set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_"))


plain = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\u2028\u2029\ufeff\ufffe\uffff\x85"),
    max_size=60,
)
values = st.recursive(
    plain | st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(-(2**50), 2**50) | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain.filter(bool), inner, max_size=4),
    max_leaves=8,
)


@given(
    st.dictionaries(
        plain.filter(lambda text: text and not text.startswith(("x-", "<<"))), values, min_size=1, max_size=5
    )
)
def test_what_is_written_reads_back(mapping):
    parsed = parse_yaml("x", ("\n".join(entry("entry", mapping, 0)) + "\n").encode())
    assert not parsed.findings and parsed.value == {"entry": mapping}
    assert parse_yaml("x", f"entry: {flow(mapping)}\n".encode()).value == {"entry": mapping}


def test_glass_fibres_may_be_counted_in_pairs(tmp_path):
    table = written(tmp_path, "f.csv", "from,to,free fibre pairs\na,b,2\n")
    assert outcome("csv", table).draft.fibres["a--b"]["strands"] == 4
    columns = {"from": "from", "to": "to", "strands": "free fibre pairs"}
    mapping = ImportMap(tables=[TableMap(table="*", kind="fibres", columns=columns)])
    assert outcome("csv", table, mapping=mapping).draft.fibres["a--b"]["strands"] == 4


@pytest.mark.parametrize(
    ("countries", "read", "default"),
    [
        (("UK", "gb", "Switzerland"), " ('Switzerland' is CH, 'UK' is GB)", ""),
        (("GB", "GB", ""), "", "country: GB, "),
        (("", "", ""), "", ""),
    ],
)
def test_countries_are_told_and_offered_as_the_source_has_them(tmp_path, countries, read, default):
    rows = "".join(f"s{number},{country}\n" for number, country in enumerate(countries))
    made = outcome("csv", written(tmp_path, "s.csv", "id,country\n" + rows))
    assert made.draft.read == (f"s.csv: 3 sites{read}",)
    assert f"#   site: {{{default}security_tier" in made.text


TABLE = "Standort{0}Breite{0}Länge\nZürich{0}{1}{0}{2}\nGenève{0}{3}{0}{4}\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_csv_of_any_make_is_the_same_inventory(tmp_path, encoding, delimiter, ends):
    comma = delimiter != ","
    texts = [text.replace(".", ",") if comma else text for text in ("47.38", "8.54", "46.21", "6.14")]
    text = TABLE.format(delimiter, *texts).replace("\n", ends)
    made = outcome("csv", written(tmp_path, "s.csv", text, encoding))
    assert {key: (site["lat"], site["lon"], site["name"]) for key, site in made.draft.sites.items()} == {
        "zuerich": (47.38, 8.54, "Zürich"),
        "geneve": (46.21, 6.14, "Genève"),
    }


def test_excels_line_about_the_delimiter_titles_and_remarks_are_no_rows(tmp_path):
    text = 'sep=;\nListe;;\n;;\nid;lat;lon\n"a;1";47,5;8,5\n# to do;;\nb;;\n'
    made = outcome("csv", written(tmp_path, "s.csv", text))
    assert list(made.draft.sites) == ["a-1", "b"]
