"""Sphinx's settings for the documentation; tools/documentation.py lays the sources out and builds it."""

from importlib.metadata import version as version_of

project, author = "netkit", "The netkit authors"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name
release = version = version_of("netkit-lab")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["docs/site", "**/.ipynb_checkpoints"]

# The lessons are shown as they are committed: what is compared in tests is what is read here.
nb_execution_mode = "off"
nb_merge_streams = True
myst_heading_anchors = 4
myst_enable_extensions = ["html_image"]

# What stands in backticks is code in docstrings, too; quotes stay as they are typed, and only hyphens become dashes.
default_role = "code"
smartquotes_action = "D"

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True

html_theme = "furo"
html_title = "netkit"
html_show_sphinx = False
html_copy_source = False
html_static_path = ["static"]
html_css_files = ["site.css"]
pygments_style, pygments_dark_style = "a11y-high-contrast-light", "a11y-high-contrast-dark"
