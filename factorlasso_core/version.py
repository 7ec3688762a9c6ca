"""The version of the core; it enters the digest of a fit, because numbers may change with it."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("factorlasso-workbench")
except PackageNotFoundError:  # a checkout that was never installed
    VERSION = "0+checkout"
