"""Tables as people have them: factors, missing cells, formulas, other libraries, odd files."""

import pickle
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from priormap import Gaussian, Laplace, PriormapError, PriormapWarning, Regression, find_map

FRAME = pd.DataFrame(
    {
        "dose": [1.0, 2.0, 4.0, 8.0, 3.0, 5.0, 6.0, 7.0],
        "site": list("bacabcab"),
        "grade": pd.Categorical(
            ["lo", "hi", "mid", "lo", "hi", "lo", "mid", "hi"], ["lo", "mid", "hi", "top"]
        ),
        "smoker": [True, False, True, True, False, False, True, False],
        "y": [1.0, 3.0, 2.0, 5.0, 4.0, 4.5, 6.0, 5.5],
    }
)
NAMES = ("dose", "site[b]", "site[c]", "grade[mid]", "grade[hi]", "smoker")


def by_hand(frame):
    parts = [frame["dose"], frame.site == "b", frame.site == "c"]
    parts += [frame.grade == "mid", frame.grade == "hi", frame.smoker]
    return np.column_stack(parts).astype(float)


def said(call, *args, **options):
    with pytest.raises(PriormapError) as caught:
        call(*args, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value), caught.value.in_options


class TestFactors:
    def test_levels_but_the_first_are_indicators(self):
        data = Regression.from_frame(FRAME, "y", sigma=1.0)
        assert data.names == NAMES
        np.testing.assert_array_equal(data.X, by_hand(FRAME))
        assert data.coding.groups == {
            "site": ("site[b]", "site[c]"),
            "grade": ("grade[mid]", "grade[hi]"),
        }
        about_site, about_grade = data.coding.sentences
        assert "a is the reference" in about_site
        assert "lo is the reference" in about_grade
        assert "a is the reference" in str(data.blocks())

    def test_as_X_too(self):
        data = Regression(FRAME.drop(columns="y"), FRAME["y"], 1.0)
        assert data.names == NAMES

    def test_new_rows_are_coded_alike(self):
        mode = find_map(Regression.from_frame(FRAME, "y", sigma=1.0), Gaussian(1.0))
        new = FRAME.drop(columns="y").iloc[[2, 1]]
        expected = mode.intercept + by_hand(new) @ mode.coef
        for rows in (new, new[new.columns[::-1]], by_hand(new), new.astype({"grade": str})):
            np.testing.assert_allclose(mode.predict(rows), expected)

    def test_new_rows_that_do_not_fit(self):
        mode = find_map(Regression.from_frame(FRAME, "y", sigma=1.0), Gaussian(1.0))
        new = FRAME.drop(columns="y")
        sentence, _ = said(mode.predict, new.assign(site=["z", "q", *"abcabc"]))
        assert "'site' has the level 'q', which the rows of the fit have not" in sentence
        assert "(they have a, b, c)" in sentence
        assert "these 2 rows" in sentence
        assert "no column 'dose'" in said(mode.predict, new.drop(columns="dose"))[0]
        assert "did you mean Dose" in said(mode.predict, new.rename(columns={"dose": "Dose"}))[0]
        assert "a column 'y'" in said(mode.predict, FRAME)[0]
        assert "'dose' holds text" in said(mode.predict, new.assign(dose="much"))[0]

    @pytest.mark.parametrize(
        ("column", "words"),
        [
            (["a"] * 8, "only the level 'a'"),
            (list("abcdefgh"), "level of its own in each of the 8 rows"),
            (pd.date_range("2020", periods=8), "holds dates"),
            ([f"2020-01-0{k}" for k in range(1, 9)], "holds dates"),
            (["1", "2", "?", "4", "-", "6", "7", "8"], "2 entries that are no numbers among 6"),
            (["1,5", "2", "3,5", "4", "5", "6", "7", "8"], "decimal commas"),
            ([1j] * 8, "complex"),
            ([{}] * 8, "objects"),
        ],
    )
    def test_a_column_that_is_neither(self, column, words):
        sentence, options = said(Regression.from_frame, FRAME.assign(odd=column), "y")
        assert "'odd'" in sentence
        assert words in sentence
        assert "=[" not in options

    def test_the_first_slip_is_shown_with_its_row(self):
        column = ["1", "2", "?", "4", "-", "6", "7", "8"]
        sentence, options = said(Regression.from_frame, FRAME.assign(odd=column), "y")
        assert "the first '?' in row 3" in sentence
        assert options.endswith("--na '?'")

    def test_all_columns_that_cannot_be_used_are_named(self):
        frame = FRAME.assign(one="a", day=pd.date_range("2020", periods=8), two="b")
        sentence, _ = said(Regression.from_frame, frame, "y")
        assert "'one'" in sentence
        assert sentence.endswith("nor can 'day', 'two' be used")

    def test_numbers_in_objects_are_numbers(self):
        frame = FRAME[["y"]].assign(k=pd.Series([1, 2, 3, 4, 5, 6, 7, 9], dtype=object))
        np.testing.assert_array_equal(Regression.from_frame(frame, "y").X[:, 0], frame.k)

    def test_many_rows_and_levels(self):
        rng = np.random.default_rng(0)
        n = 50_000
        frame = pd.DataFrame(
            {
                "x": rng.normal(size=n),
                "shop": rng.choice([f"s{k:02d}" for k in range(30)], n),
                "kind": pd.Categorical(rng.choice(list("uvw"), n)),
            }
        )
        frame["y"] = frame.x + (frame.kind == "v") + rng.normal(size=n)
        frame.loc[::100, "x"] = np.nan
        data = Regression.from_frame(frame, "y", sigma=1.0, missing="drop")
        assert data.n_rows == n - 500
        assert data.notes == ("500 rows with a missing cell were dropped, 49500 are left",)
        mode = find_map(data, Laplace(1.0))
        assert mode.coef[data.names.index("kind[v]")] == pytest.approx(1.0, abs=0.05)

    def test_codings_pickle(self):
        for data in (
            Regression.from_frame(FRAME, "y", sigma=1.0),
            Regression.from_formula("y ~ scale(dose) + site", FRAME, sigma=1.0),
        ):
            again = pickle.loads(pickle.dumps(data))
            new = FRAME.drop(columns="y").head(2)
            pd.testing.assert_frame_equal(again.coding.code(new), data.coding.code(new))


class TestMissingCells:
    FRAME = FRAME.assign(dose=FRAME.dose.where(FRAME.dose != 4), site=FRAME.site.replace("c", None))

    def test_are_counted_and_refused(self):
        sentence, options = said(Regression.from_frame, self.FRAME, "y")
        assert "2 of 8 rows have missing values (2 in 'site', 1 in 'dose')" in sentence
        assert "missing='drop'" in sentence
        assert options.endswith("or add --missing drop")

    def test_are_dropped_on_request(self):
        data = Regression.from_frame(self.FRAME, "y", sigma=1.0, missing="drop")
        kept = FRAME.drop(index=[2, 5])
        np.testing.assert_array_equal(data.X[:, 0], kept.dose)
        np.testing.assert_array_equal(data.y, kept.y)
        assert data.notes == ("2 rows with a missing cell were dropped, 6 are left",)

    def test_only_in_the_columns_that_are_used(self):
        data = Regression.from_frame(self.FRAME, "y", sigma=1.0, drop=["dose", "site"])
        assert data.n_rows == 8

    def test_a_column_without_any_entry(self):
        frame = FRAME.assign(e=np.nan, f=None)
        for missing in ("refuse", "drop"):
            sentence, options = said(Regression.from_frame, frame, "y", missing=missing)
            assert "columns 'e', 'f' have no entry; drop them (drop=['e', 'f'])" in sentence
            assert "--drop 'e' --drop 'f'" in options

    def test_another_word(self):
        assert (
            "missing must be 'refuse' or 'drop'"
            in said(Regression.from_frame, FRAME, "y", missing="ignore")[0]
        )


class TestColumns:
    def test_features_and_drop(self):
        assert Regression.from_frame(FRAME, "y", features=["smoker", "dose"]).names == (
            "dose",
            "smoker",
        )
        assert Regression.from_frame(FRAME, "y", drop=["site", "grade"]).names == ("dose", "smoker")

    def test_unknown_names_meet_the_nearest(self):
        assert "did you mean y?" in said(Regression.from_frame, FRAME, "Y")[0]
        sentence, options = said(Regression.from_frame, FRAME, "y", drop=["sites"])
        assert sentence.startswith("drop 'sites' is not a column")
        assert sentence.endswith("did you mean site?")
        assert options.startswith("--drop 'sites'")
        assert "is not a column" in said(Regression.from_frame, FRAME, "y", features=["y"])[0]

    @pytest.mark.parametrize("name", ["Unnamed: 0", "rownames", "index"])
    @pytest.mark.parametrize("first", [0, 1])
    def test_a_column_that_counts_the_rows(self, name, first):
        frame = FRAME[["dose", "y"]]
        frame.insert(0, name, np.arange(first, first + 8))
        with pytest.warns(PriormapWarning, match=f"'{name}' counts the rows"):
            Regression.from_frame(frame, "y")

    def test_two_columns_of_one_name_after_coding(self):
        frame = FRAME[["site", "y"]].assign(**{"site[b]": FRAME["dose"]})
        assert "'site[b]'" in said(Regression.from_frame, frame, "y")[0]


class TestFormula:
    def test_terms(self):
        data = Regression.from_formula("y ~ dose*site + np.log(dose)", FRAME, sigma=1.0)
        assert data.names[:1] == ("dose",)
        assert set(data.names) == {
            *("dose", "site[b]", "site[c]", "np.log(dose)", "dose:site[b]", "dose:site[c]")
        }
        np.testing.assert_allclose(data.X[:, data.names.index("np.log(dose)")], np.log(FRAME.dose))
        assert data.coding.groups["dose:site"] == ("dose:site[b]", "dose:site[c]")
        assert "the reference of site is its first level, a" in data.coding.sentences

    def test_new_rows_keep_what_the_first_taught(self):
        data = Regression.from_formula("y ~ scale(dose) + bs(dose, 4) + site", FRAME, sigma=1.0)
        mode = find_map(data, Gaussian(1.0))
        new = FRAME.iloc[[3, 4]]
        np.testing.assert_allclose(mode.predict(new), mode.predict(data.X[[3, 4]]))
        assert "'q'" in said(mode.predict, new.assign(site="q"))[0]
        assert "'dose'" in said(mode.predict, new.drop(columns="dose"))[0]

    def test_no_intercept(self):
        data = Regression.from_formula("y ~ 0 + dose", FRAME, sigma=1.0)
        assert not data.intercept
        assert data.names == ("dose",)

    def test_missing_cells_of_the_formula_only(self):
        data = Regression.from_formula("y ~ dose", TestMissingCells.FRAME, missing="drop")
        assert data.n_rows == 7
        assert Regression.from_formula("y ~ grade", TestMissingCells.FRAME).n_rows == 8

    @pytest.mark.parametrize(
        ("formula", "words"),
        [
            ("y ~ dosis", "names 'dosis', which is no column; did you mean dose?"),
            ("y ~ f(dose)", "names 'f'"),
            ("y ~ dose +", "cannot be used"),
            ("~ dose", "name the response"),
            ("y ~ 1", "no column right of ~"),
            ("site ~ dose", "3 columns left of ~"),
            (3, "must be a text"),
        ],
    )
    def test_bad_formulas(self, formula, words):
        assert words in said(Regression.from_formula, formula, FRAME)[0]


class TestOtherLibraries:
    @pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
    def test_frames(self, make):
        text = FRAME.astype({"grade": str})
        frame = make(text)
        expected = Regression.from_frame(text, "y", sigma=1.0)
        data = Regression.from_frame(frame, "y", sigma=1.0)
        assert data.names == expected.names
        np.testing.assert_array_equal(data.X, expected.X)
        mode = find_map(data, Gaussian(1.0))
        columns = ["smoker", "site", "grade", "dose"]
        np.testing.assert_allclose(mode.predict(frame.select(columns)), mode.predict(text[columns]))

    def test_polars_as_X_keeps_names(self):
        frame = pl.from_pandas(FRAME)
        data = Regression(frame.select("dose", "smoker"), frame["y"], 1.0)
        assert data.names == ("dose", "smoker")
        grades = pl.Enum(["lo", "mid", "hi", "top"])
        lazy = Regression.from_frame(frame.lazy().cast({"grade": grades}), "y", sigma=1.0)
        assert lazy.names == NAMES

    def test_missing_cells(self):
        frame = pl.DataFrame(
            {"x": [1, None, 3, 5, 4], "g": ["a", "b", None, "b", "b"], "y": [1, 2, 3, 4, 5]}
        )
        assert "1 in" in said(Regression.from_frame, frame, "y")[0]
        data = Regression.from_frame(frame, "y", missing="drop")
        np.testing.assert_array_equal(data.X, [[1.0, 0.0], [5.0, 1.0], [4.0, 1.0]])

    def test_dates(self):
        frame = pl.from_pandas(FRAME.assign(day=pd.date_range("2020", periods=8)))
        assert "'day' of X holds dates" in said(Regression.from_frame, frame, "y")[0]


def read(tmp_path, text, name="rows.csv", encoding="utf-8", **options):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return Regression.from_csv(path, "y", sigma=1.0, **options)


class TestFiles:
    @pytest.mark.parametrize(
        ("text", "words", "option", "remedy"),
        [
            (
                "x;y\n1,5;2\n2,5;3\n3,5;5\n",
                "separated by semicolons with decimal commas",
                "--sep ';' --decimal ','",
                {"sep": ";", "decimal": ","},
            ),
            (
                "x\ty\n1.5\t2\n2.5\t3\n3.5\t5\n",
                "separated by tabs",
                "--sep TAB",
                {"sep": "\t"},
            ),
            ("x|y\n1.5|2\n2.5|3\n3.5|5\n", "separated by bars", "--sep '|'", {"sep": "|"}),
            (
                '"x" "y"\n"1" 1.5 2\n"2" 2.5 3\n"3" 3.5 5\n',
                "separated by blanks",
                "--sep ' '",
                {"sep": " "},
            ),
            (
                "Doses of 2020\nx,y\n1.5,2\n2.5,3\n3.5,5\n",
                "a line above its header ('Doses of 2020')",
                "--skip 1",
                {"skip": 1},
            ),
            (
                "Doses of 2020,\nx,y\n1.5,2\n2.5,3\n3.5,5\n",
                "a line above its header ('Doses of 2020')",
                "--skip 1",
                {"skip": 1},
            ),
            (
                "Doses\n\nof the year\nx,y\n1.5,2\n2.5,3\n3.5,5\n",
                "a line above its header ('Doses')",
                "--skip 3",
                {"skip": 3},
            ),
            (
                'x,y\n"1,5",2\n"2,5",3\n"3,5",5\n',
                "decimal commas",
                "--decimal ','",
                {"decimal": ","},
            ),
        ],
    )
    def test_the_sentence_reads_the_file(self, text, words, option, remedy, tmp_path):
        sentence, options = said(read, tmp_path, text)
        assert words in sentence
        assert options.endswith(option)
        np.testing.assert_array_equal(read(tmp_path, text, **remedy).X[:, 0], [1.5, 2.5, 3.5])

    @pytest.mark.parametrize(
        "entries",
        [
            ["1,200", "1,300", "2,000", "900"],
            ["1,200,000.5", "2,300,000.5", "3", "4"],
            ["1.200,5", "1.300,5", "2.000,5", "900"],
            ["5%", "6.5 %", "7%", "8%"],
            ["$5.50", "$-6", "7", "$8"],
            ["5.50 €", "6 €", "7 €", "8 €"],
            ["1\u00a0200", "1\u00a0300", "2", "3"],
            ["\u22121.5", "2", "\u22123", "4"],
        ],
    )
    def test_numbers_with_other_signs_are_called_so(self, entries, tmp_path):
        text = "x,y\n" + "".join(f'"{one}",{k}\n' for k, one in enumerate([*entries, *entries]))
        sentence, _ = said(read, tmp_path, text)
        assert "holds numbers with signs beside the digits" in sentence
        assert "write them plainly" in sentence

    @pytest.mark.parametrize(
        "form",
        [
            "2020/01/{:02}",
            "Jan {} 2020",
            "{} Jan 2020",
            "{:02}-Jan-2020",
            "10:{:02}",
            "{:02}-01-2020",
        ],
    )
    def test_dates_in_other_forms_are_no_factors(self, form, tmp_path):
        rows = "".join(f"{form.format(k // 2 + 1)},{k}\n" for k in range(8))
        assert "x' of X holds dates" in said(read, tmp_path, "x,y\n" + rows)[0]

    @pytest.mark.parametrize(
        "levels", [["Q1", "Q2"], ["10-19", "20-29"], ["1 child", "2"], ["a%", "b"]]
    )
    def test_factors_stay_factors(self, levels, tmp_path):
        rows = "".join(f"{levels[k % 2]},{k * k}\n" for k in range(8))
        assert read(tmp_path, "x,y\n" + rows).names == (f"x[{sorted(levels)[1]}]",)

    def test_rows_of_separators_at_the_end_are_no_rows(self, tmp_path):
        assert read(tmp_path, "x,z,y,,\n1,2,3,,\n2,5,5,,\n4,4,6,,\n,,,,\n,,,,\n").n_rows == 3

    def test_a_header_alone_and_an_open_quote_are_called_so(self, tmp_path):
        assert "has a header line and no row below it" in said(read, tmp_path, "x,y\n")[0]
        sentence, _ = said(read, tmp_path, 'x,y\n1,2\n"2,3\n4,5\n')
        assert "has a quote in line 3 that is not closed" in sentence

    @pytest.mark.parametrize(
        "text",
        [
            "x , y \n1.5,2\n2.5,3\n3.5,5\n",
            "# made by a logger, on Monday\n#\nx,y\n1.5,2\n2.5,3\n3.5,5\n",
            "x,y\n1.5,2,\n2.5,3,\n3.5,5,\n",
            "x,y,\n1.5,2,\n2.5,3,\n3.5,5,\n",
            ",x,y\n0,1.5,2\n1,2.5,3\n2,3.5,5\n",
            '"","x","y"\n"Mazda",1.5,2\n"Fiat",2.5,3\n"VW",3.5,5\n',
            '"x","y"\n"Mazda",1.5,2\n"Fiat",2.5,3\n"VW",3.5,5\n',
            "\n\nx,y\n1.5,2\n2.5,3\n3.5,5\n\n",
        ],
    )
    def test_read_as_they_are(self, text, tmp_path):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            data = read(tmp_path, text)
        assert data.names == ("x",)
        np.testing.assert_array_equal(data.X[:, 0], [1.5, 2.5, 3.5])
        np.testing.assert_array_equal(data.y, [2, 3, 5])

    def test_compressed_and_other_encodings(self, tmp_path):
        import gzip

        text = "größe,y\n1.5,2\n2.5,3\n3.5,5\n"
        assert read(tmp_path, gzip.compress(text.encode()), "rows.csv.gz").names == ("größe",)
        assert read(tmp_path, text, encoding="utf-16").names == ("größe",)
        latin = text.encode("latin-1")
        assert "byte 0xf6" in said(read, tmp_path, latin)[0]
        path = tmp_path / "rows.csv"
        path.write_bytes(latin)
        assert Regression.from_csv(path, "y", encoding="latin-1").names == ("größe",)
        sentence, options = said(Regression.from_csv, path, "y", encoding="klingon")
        assert "encoding 'klingon' is unknown" in sentence
        assert options.startswith("--encoding")

    @pytest.mark.parametrize(
        ("start", "words"),
        [(b"PK\x03\x04", "workbook"), (b"\xd0\xcf\x11\xe0", "workbook"), (b"PAR1", "Parquet")],
    )
    def test_other_files(self, start, words, tmp_path):
        assert words in said(read, tmp_path, start + bytes(50))[0]

    def test_missing_cells_by_any_mark(self, tmp_path):
        text = "x,y\n1,2\n?,3\n4,5\n6,8\n-,1\n"
        assert "the first '?' in row 2" in said(read, tmp_path, text)[0]
        data = read(tmp_path, text, na_values=["?", "-"], missing="drop")
        np.testing.assert_array_equal(data.X[:, 0], [1, 4, 6])

    def test_true_and_false(self, tmp_path):
        text = "b,y\nTrue,2\nFalse,3\n,4\nTrue,5\n"
        assert "1 missing value" in said(read, tmp_path, text)[0]
        np.testing.assert_array_equal(read(tmp_path, text, missing="drop").X[:, 0], [1, 0, 1])

    def test_labels_of_rows(self, tmp_path):
        text = "car,x,y\nMazda,1.5,2\nFiat,2.5,3\nVW,3.5,5\n"
        for place in ("car", 0, "0"):
            assert read(tmp_path, text, index_col=place).names == ("x",)
        assert "is not a column" in said(read, tmp_path, text, index_col="cars")[0]

    def test_a_long_row_by_its_line(self, tmp_path):
        text = "x,y\n" + "1,2\n" * 100 + "1,2,3\n" + "1,2\n" * 100
        assert "3 entries in line 102, where its header has 2" in said(read, tmp_path, text)[0]
        after = "# a\n# b\n" + text
        assert "in line 104" in said(read, tmp_path, after)[0]

    def test_bad_options(self, tmp_path):
        text = "x,y\n1,2\n2,3\n"
        assert "sep must be one character" in said(read, tmp_path, text, sep=", ")[0]
        assert "decimal must be" in said(read, tmp_path, text, decimal=";")[0]
        assert "skip must be" in said(read, tmp_path, text, skip=-1)[0]

    def test_a_wide_spectrum(self, tmp_path):
        rng = np.random.default_rng(0)
        names = [f"{400 + k} nm" for k in range(400)]
        frame = pd.DataFrame(rng.normal(size=(60, 400)), columns=names)
        frame["y"] = frame.iloc[:, 3] + rng.normal(size=60)
        data = read(tmp_path, frame.to_csv())
        assert data.n_features == 400
        np.testing.assert_allclose(data.X, frame.drop(columns="y"))


def test_decimals_are_numbers_and_a_formula_of_parts_is_refused():
    frame = FRAME.assign(price=[Decimal(k * k) for k in range(len(FRAME))])
    assert "price" in Regression.from_frame(frame, "y", sigma=1.0).names
    with pytest.raises(PriormapError, match=r"several parts right of ~; write \+ in place of \|"):
        Regression.from_formula("y ~ price | price", frame, sigma=1.0)
