"""Tune: the view to tune by. Loadings and tree answer the sliders."""

from pages.shared import clustermap, feedback, layout, tune_view

inputs = layout.begin("Tune")
edits, fit = inputs.edits, feedback.need_fit(inputs.outcome)

tune_view.headline(inputs, fit)
limit = tune_view.colour_limit(edits, fit)
clustermap.loadings(fit, edits, limit)
tune_view.rescale(edits, fit)
rows = tune_view.bar(inputs, fit)
tune_view.path(inputs, fit, rows)
tune_view.sections(inputs, fit, rows)
feedback.notices(fit)
feedback.fit_id(inputs.outcome)
