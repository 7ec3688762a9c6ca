"""Tune: the view to tune by. Loadings and tree answer the sliders."""

from pages.shared import feedback, layout, live_map, tune_view

inputs = layout.begin("Tune")
fit = feedback.need_fit(inputs.outcome)

tune_view.headline(inputs, fit)
live_map.draw(inputs, fit)
rows = tune_view.bar(inputs, fit)
tune_view.path(inputs, fit, rows)
tune_view.sections(inputs, fit, rows)
feedback.notices(fit)
feedback.fit_id(inputs.outcome)
