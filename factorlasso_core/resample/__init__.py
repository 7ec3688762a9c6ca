"""How far loadings move when the noise is drawn again: a dependent wild bootstrap of whole fits.

Factors stay as they are. A draw gives every date one Gaussian number ξ_t, shared by all responses, so that
what they have in common stays in common (Shao 2010, doi:10.1198/jasa.2009.tm08744):

    y*_tk = ŷ_tk + (e_tk - ē_k) ξ_t,    cov(ξ_t, ξ_s) = max(0, 1 - |t - s| / bandwidth)

with ŷ the prediction of the fit, e what it left over and ē its mean in the weights of the loss. Missing
cells stay missing.
"""

from factorlasso_core.resample.bootstrap import bootstrap_factor_betas
from factorlasso_core.resample.result import FactorBootstrapResult

__all__ = ["FactorBootstrapResult", "bootstrap_factor_betas"]
