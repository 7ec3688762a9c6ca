"""Results as Plotly figures: pure functions, the only place of the core that knows Plotly."""
