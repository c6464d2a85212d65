"""Sphinx's configuration. docs/build.sh writes the pages to _docsrc and calls `sphinx-build -c docs _docsrc _docs`."""
import copy, posixpath
from configparser import ConfigParser
from pathlib import Path
from bs4 import BeautifulSoup

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


WHOLE = dict(collapse=False, titles_only=True, maxdepth=-1, includehidden=True) # as furo asks for its sidebar

def shared_sidebar(app, page, template, context, doctree):
    "Make the sidebar's tree once and point it at each page: Sphinx makes it anew for every page, which took 43 % of the build"
    if 'toctree' not in context: return
    here, make = app.builder.get_target_uri(page), context['toctree']
    if not hasattr(app, 'sidebar'):
        app.sidebar = BeautifulSoup(make(**WHOLE), 'html.parser')
        for a in app.sidebar.find_all('a'): a['to'] = posixpath.normpath(posixpath.join(posixpath.dirname(here), a['href'])) if a['href'] != '#' else here
        for e in app.sidebar.find_all(class_='current'): e['class'].remove('current')
    def pointed(**how):
        if how != WHOLE: return make(**how)
        tree = copy.copy(app.sidebar)
        for a in tree.find_all('a'):
            to = a.attrs.pop('to')
            a['href'] = '#' if to == here else posixpath.relpath(to, posixpath.dirname(here) or '.')
            if to == here:
                for li in a.find_parents('li'): li['class'] = [*li['class'], 'current']
        return str(tree)
    context['toctree'] = pointed


def setup(app):
    app.add_html_math_renderer('mathml', mathml('inline'), mathml('block'))
    app.connect('html-page-context', shared_sidebar, priority=400) # before furo's, 500
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
