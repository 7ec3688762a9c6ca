"""What the sheets and columns of a cross-validation's workbook mean."""

from __future__ import annotations

from factorlasso_core.tuning import BEST, COLUMNS, ERROR, R2, SPARSE, SPHERICITY, part_score
from factorlasso_core.workbook import words
from factorlasso_core.workbook.words import UNIT_SQUARED, Option

SCORES = {
    R2: Option("share of the variance", "R² of a response on the test rows about its mean there; higher is better"),
    ERROR: Option(
        "variances in training",
        "mean squared error of a response on the test rows over its variance on the training rows; lower is better",
    ),
    SPHERICITY: Option(
        "chi-squared statistic",
        "sum of squared correlations of all held-out residuals times their degrees of freedom; lower is better",
    ),
}
RULES = {
    BEST: "best mean over the compared folds",
    SPARSE: "largest λ whose mean lies within one standard error of the best",
}
OWN_RULE = "largest λ that passes the test of residual correlation; where none does, the least correlated one"

SHEETS = {
    "selection": "what was compared, how, and what came out",
    "curve": "the score of every λ",
    "folds": "the windows in time, and which of them are compared",
    "responses": "every response at the chosen λ, worst first",
    "clusters": "every cluster or group at the chosen λ, worst first",
    "map": "the best score over λ at every α and cutoff",
    "parameters": "every option of the fit on screen; λ is varied here, and on the sheet map α and cutoff too",
    "dictionary": "every column of every sheet, with its unit",
}
SPREAD = Option("as the score", "standard error over the compared folds; blank with a single one")
FIXED = {
    "selection": {"item": Option("", "what is told"), "value": Option("", "its value")},
    "curve": {
        "reg_lambda": Option(UNIT_SQUARED, "penalty λ"),
        "standard_error": SPREAD,
        "threshold": Option("chi-squared statistic", "mean limit of the sphericity when residuals share nothing"),
        "nonzero": Option("loadings", "number of non-zero loadings, mean over the compared folds"),
        "relative_gap": Option("share of the objective", "largest relative duality gap over folds and responses"),
    },
    "folds": {
        "fold": Option("", "number, oldest first"),
        "compared": Option("", "whether the means are over this fold too"),
        "train_first": Option("", "first training row"),
        "train_last": Option("", "last training row"),
        "train_rows": Option("rows", "number of training rows"),
        "gap_rows": Option("rows", "rows left out between training and test"),
        "test_first": Option("", "first test row"),
        "test_last": Option("", "last test row"),
        "test_rows": Option("rows", "number of test rows"),
    },
    "responses": {
        "response": Option("", "name of the response"),
        "cluster": Option("", "its cluster or group in the fit on screen; blank in warm-up"),
    },
    "clusters": {
        "cluster": Option("", "cluster or group of the fit on screen"),
        "size": Option("responses", "number of responses"),
    },
    "map": {
        "l1_weight": Option("share", "L1 share α"),
        "cutoff_fraction": Option("share of the largest distance", "height at which the tree is cut"),
        "standard_error": SPREAD,
        "reg_lambda": Option(UNIT_SQUARED, "λ the score is reached at"),
    },
    "parameters": words.COLUMNS["parameters"],
    "dictionary": words.COLUMNS["dictionary"],
}
OF_FOLD = "the same on one fold, numbered from 1; a fold that is not compared is in no mean"


def columns(score: str) -> dict[str, dict[str, Option]]:
    """Return unit and meaning of the columns of every sheet, those of the score under its own name."""
    whole, part = SCORES[score], SCORES[part_score(score)]
    name, own = COLUMNS[score], COLUMNS[part_score(score)]
    over = "" if score == SPHERICITY else "; mean over responses"
    found = {
        "curve": {
            name: Option(whole.unit, f"{whole.meaning}{over}, then over the compared folds"),
            f"{name}_fold_(number)": Option(whole.unit, OF_FOLD),
        },
        "responses": {
            own: Option(part.unit, f"{part.meaning}; mean over the compared folds it is scored on"),
            f"{own}_fold_(number)": Option(part.unit, OF_FOLD),
        },
        "clusters": {own: Option(part.unit, "mean over its responses of their means on the sheet responses")},
        "map": {own: Option(part.unit, f"{part.meaning}; mean over responses, then over the compared folds")},
    }
    return {sheet: fixed | found.get(sheet, {}) for sheet, fixed in FIXED.items()}
