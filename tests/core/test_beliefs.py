"""Excluded, free and named factors are matched by label, and what cannot be meant is refused by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import (
    Beliefs,
    BeliefsError,
    FitSpec,
    LassoModel,
    LassoModelType,
    OptionError,
    Panel,
    PriorOptions,
    Rule,
    SignOptions,
    fit,
)

COOPERATIVE = LassoModelType.COOPERATIVE_CLUSTER_GROUP_LASSO
RNG = np.random.default_rng(0)
PANEL = Panel.from_frames(
    pd.DataFrame(RNG.standard_normal((40, 3)), columns=["a", "b", "c"]),
    pd.DataFrame(RNG.standard_normal((40, 2)), columns=["p", "q"]),
)


@pytest.mark.parametrize("entry", ["a", ["a"], ("a",)])
def test_one_factor_may_stand_for_a_list(entry):
    held = Beliefs.for_panel(PANEL, excluded={"p": entry, "stranger": "b"})
    np.testing.assert_array_equal(held.excluded, [[True, False, False], [False, False, False]])


@pytest.mark.parametrize("nobody", [{}, {"p": None}, {"p": np.nan}, {"p": []}])
def test_nobody_named_is_nobody(nobody):
    held = Beliefs.for_panel(PANEL, excluded=nobody, unsigned=[], named={"p": None})
    assert held.excluded is None and held.unsigned is None and held.named == ((), ())
    assert LassoModel(COOPERATIVE, excluded_factors=nobody or None, auto_sign_excluded_factors=[]) is not None


def test_labels_of_several_levels_are_matched_whole():
    factors = pd.MultiIndex.from_tuples([("eq", "us"), ("eq", "eu"), ("fi", "us")])
    panel = Panel(PANEL.x, PANEL.y, factors, PANEL.responses, PANEL.index)
    held = Beliefs.for_panel(panel, excluded={"p": [("fi", "us")]}, unsigned=[("eq", "eu")])
    assert held.excluded.tolist()[0] == [False, False, True] and held.unsigned.tolist() == [False, True, False]
    for part in ({"excluded": {"p": "eq"}}, {"named": {"p": "fi"}}, {"unsigned": ["eq"]}):
        with pytest.raises(BeliefsError, match="which the panel does not have"):
            Beliefs.for_panel(panel, **part)


def test_a_series_of_lists_is_read_too():
    held = Beliefs.for_panel(PANEL, named=pd.Series({"q": ["c", "a"]}))
    assert held.named == ((), (2, 0))


@pytest.mark.parametrize(
    ("beliefs", "words"),
    [
        ({"excluded": {"p": ["zz"]}}, "excluded_factors names the factor 'zz' for 'p'"),
        ({"unsigned": "a"}, "must be a list of factors, not 'a'"),
        ({"unsigned": ["a", "zz"]}, "names 'zz', which the panel does not have"),
        ({"clusters": ["x", "y"]}, "Groups must be a Series"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(beliefs, words):
    with pytest.raises(BeliefsError, match=words):
        Beliefs.for_panel(PANEL, **beliefs)


@pytest.mark.parametrize(
    ("beliefs", "error", "words"),
    [
        ({"excluded": ["a"]}, TypeError, "must map responses to factors, not be a list"),
        ({"excluded": {"p": iter(["a"])}}, OptionError, "the label of a factor, or a list"),
        ({"named": {"p": ["a", "a"]}}, OptionError, "no factor stands twice"),
        ({"named": {"p": ["a", "b", "c"]}}, OptionError, "at most 2 factors"),
    ],
)
def test_lists_of_another_kind_are_refused(beliefs, error, words):
    with pytest.raises(error, match=words):
        Beliefs.for_panel(PANEL, **beliefs)


def test_a_prior_where_the_loading_must_be_zero_is_refused():
    prior = pd.DataFrame(0.0, PANEL.responses, PANEL.factors)
    assert Beliefs.for_panel(PANEL, prior=prior, excluded={"p": "a"}).excluded.any()
    prior.loc["p", "a"] = 0.2
    with pytest.raises(BeliefsError, match="'a' is excluded for 'p' and has a prior"):
        Beliefs.for_panel(PANEL, prior=prior, excluded={"p": "a"})


def test_everything_held_has_its_own_digest():
    ones = pd.DataFrame(1.0, PANEL.responses, PANEL.factors)
    labels = pd.Series(1, PANEL.responses)
    kinds = [
        {},
        {"signs": ones},
        {"prior": ones},
        {"groups": labels},
        {"clusters": labels},
        {"excluded": {"p": "a"}},
        {"excluded": {"q": "a"}},
        {"unsigned": ["a"]},
        {"named": {"p": "a"}},
        {"named": {"p": ["a", "b"]}},
        {"named": {"p": ["b", "a"]}},
    ]
    assert len({Beliefs.for_panel(PANEL, **kind).key for kind in kinds}) == len(kinds)


@pytest.mark.parametrize(
    ("name", "shape"), [("signs", (2, 2)), ("excluded", (3, 2)), ("unsigned", (2,)), ("clusters", (3,))]
)
def test_beliefs_of_another_shape_are_refused(name, shape):
    with pytest.raises(BeliefsError, match=f"The {name} have shape"):
        fit(PANEL, Beliefs(**{name: np.zeros(shape, dtype=bool if name in ("excluded", "unsigned") else float)}))


def test_beliefs_do_not_change_with_the_array_they_were_made_from():
    mine = np.ones((2, 3))
    held = Beliefs(signs=mine)
    before = held.key
    mine[:] = -1.0
    assert held.key == before and held.signs.min() == 1.0


def test_names_for_another_number_of_responses_are_refused():
    with pytest.raises(BeliefsError, match="named for 1 responses, the panel has 2"):
        fit(PANEL, Beliefs(named=((0,),)))


def test_excluded_beats_typed_beats_derived_and_free_factors_are_left_alone():
    signs = pd.DataFrame(np.nan, PANEL.responses, PANEL.factors)
    signs.loc["p"] = 1.0
    held = Beliefs.for_panel(PANEL, signs=signs, excluded={"p": "a"}, unsigned=["c"])
    result = fit(PANEL, held, FitSpec(signs=SignOptions(derive=True, threshold_t=None)))
    assert result.box.rule.tolist() == [
        [Rule.EXCLUDED, Rule.USER, Rule.USER],
        [Rule.DERIVED, Rule.DERIVED, Rule.FREE],
    ]
    assert result.beta[0, 0] == 0


def test_what_is_typed_wins_over_the_prior_of_the_data_cell_by_cell():
    prior = pd.DataFrame(np.nan, PANEL.responses, PANEL.factors)
    prior.loc["p", "b"] = 0.7
    held = Beliefs.for_panel(PANEL, prior=prior, named={"p": "a", "q": "c"})
    result = fit(PANEL, held, FitSpec(prior=PriorOptions(ols=True)))
    slopes = result.ols.fits.slope
    np.testing.assert_allclose(result.prior, [[slopes[0, 0], 0.7, 0], [0, 0, slopes[1, 2]]])
    assert result.problem.prior is result.prior
