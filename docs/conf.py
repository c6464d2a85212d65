"""Sphinx's configuration. docs/build.sh writes the pages to _docsrc and calls `sphinx-build -c docs _docsrc _docs`."""
from configparser import ConfigParser
from pathlib import Path

root = Path(__file__).resolve().parent.parent
ini = ConfigParser(delimiters=['=']); ini.read(root/'settings.ini', encoding='utf-8'); ini = ini['DEFAULT']

project, author, copyright, version = ini['title'], ini['author'], ini['copyright'], ini['version']
extensions = ['myst_nb', 'sphinx_copybutton']
copybutton_prompt_text, copybutton_prompt_is_regexp = r'\$ |>>> |\.\.\. ', True
exclude_patterns = ['_files']
nb_execution_mode = 'off'                # notebooks carry their outputs
nb_render_markdown_format = "myst" # the default knows no tables, and outputs of notebooks have some
nb_merge_streams = True
myst_enable_extensions = ['dollarmath', 'amsmath', 'colon_fence', 'deflist', 'attrs_inline']
myst_heading_anchors = 3
suppress_warnings = ['myst.header', 'misc.highlighting_failure']
highlight_language = 'python'
smartquotes = False                      # 'Drug' in a comment is a string, not speech
add_module_names = False
toc_object_entries_show_parents = 'hide'
python_maximum_signature_line_length = 72
modindex_common_prefix = [ini['lib_path'] + '.']

html_theme = 'furo'
html_title = f'{project} {version}'
html_static_path = ['static', '../_docsrc/_static']
html_search_scorer = str(Path(__file__).resolve().parent/'scorer.js')
html_css_files, html_js_files = ['site.css'], ['charts.js', 'wide.js']
html_show_sourcelink, html_copy_source, html_show_sphinx = False, False, False
html_math_renderer = 'mathml'


def mathml(display):
    "A docutils visitor that writes a formula as MathML, so that no page loads a script for it"
    def visit(self, node):
        from docutils import nodes
        from latex2mathml.converter import convert
        from sphinx.util import logging
        try: formula = convert(node.astext().strip(), display=display)
        except Exception as e:
            logging.getLogger(__name__).warning('not a formula that latex2mathml knows: %s (%r)', node.astext(), e, location=node)
            raise nodes.SkipNode from e
        self.body.append(f'<div class="math">{formula}</div>' if display == 'block' else formula)
        raise nodes.SkipNode
    return visit, None


def setup(app):
    app.add_html_math_renderer('mathml', mathml('inline'), mathml('block'))
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
