"""Notebooks -> pages for Sphinx:  python docs/pages.py   (after nbdev's proc_nbs; see build.sh)

Takes nbs/ (what was written) with _proc/ (what nbdev made of it: hidden cells gone, links added) and the executed runs in outputs/, and
writes _docsrc/. Exported cells become reference entries, charts and records become HTML. Pages and their order come from the notebooks'
folders and numbers: there is no list to keep."""
import ast, hashlib, itertools, json, os, re, shutil, sys
from configparser import ConfigParser
from html import escape
from pathlib import Path
import nbformat
import api

root = Path(__file__).resolve().parent.parent
nbs, proc, out, runs = root/'nbs', root/'_proc', root/'_docsrc', root/'outputs'
ini = ConfigParser(delimiters=['=']); ini.read(root/'settings.ini', encoding='utf-8'); ini = ini['DEFAULT']
ROOMS = { # folder (or first digit) of notebooks -> title, and what is in it
    'phases': ('Phases', 'The notebooks that a run executes: parameters in, a record out.'),
    '0': ('Ground', 'Paths, parameters, progress, charts and the command line.'),
    'data': ('Data', 'Documents, questions and corpora: what everything else speaks of.'),
    'formats': ('File formats', 'A file format each, read and written without losing a line.'),
    'scoring': ('Scoring', "The shared tasks' own figures, with intervals; baselines without a model."),
    'clinic': ('Simulated clinic', 'Five tasks from one made-up world, in their official formats.'),
    'corpora': ('Corpora', 'Which corpora there are, how they are added, mapped, checked and loaded.'),
    'modeling': ('Modeling', 'Backbones, adapters, per-task gradients, heads and levels.'),
    'training': ('Training', 'The schedule, the loop, gradient surgery, sequential training.'),
    'evaluation': ('Evaluation', 'What a trained model predicts.'),
    'runs': ('Runs', 'Names, records, the runner and studies.'),
    'checks': ('Checks', 'What must hold across the whole repository.'),
    'benchmarks': ('Benchmarks', 'Ratios measured in one run, on one machine.')}
PHASE_TITLES = {'p2_single_task': 'phase 2, one task', 'p2_hp_search': 'phase 2, a search',
                'p3_multi_task': 'phase 3, several tasks', 'p0_contamination': 'phase 0, contamination',
                'p0_validation': 'phase 0, validation', 'p0_decontaminated': 'phase 0, results again', 'p1_baseline': 'phase 1, encoders', 'p4_inference': 'phase 4, inference',
                'p4_reference_llm': 'phase 4, a reference model', 'p5_probing': 'phase 5, probes'}
VEGA, RECORD = 'application/vnd.vegalite.v6+json', 'application/vnd.medmtl.record+json'
md, chart_ids, count, astray = nbformat.v4.new_markdown_cell, itertools.count(1), dict(charts=0, entries=0), []


def give_up(message: str): sys.exit(f'docs: {message}')


# ---- what a notebook says of itself

DIRECTIVE = re.compile(r'^[ \t]*#\|[ \t]*([\w-]+):?[ \t]*(.*)$', re.M)
def directives(cell) -> dict: return dict(DIRECTIVE.findall(cell.source)) if cell.cell_type == 'code' else {}
def stripped(source: str) -> str: return DIRECTIVE.sub('', source).strip('\n')
def exported(cell) -> bool: return bool({'export', 'exports', 'exporti'} & directives(cell).keys())


class Page:
    "A notebook and the place of its page"
    def __init__(self, path: Path):
        self.path, self.nb = path, nbformat.read(path, 4)
        rel = path.relative_to(nbs)
        self.room = rel.parts[0] if len(rel.parts) > 1 else (re.match(r'\d|', rel.name)[0])
        self.name = rel.with_name(re.sub(r'^\d+[a-z]?_', '', rel.stem)).as_posix()
        head = self.nb.cells[0].source if self.nb.cells and self.nb.cells[0].cell_type == 'markdown' else ''
        found = re.match(r'#\s+(.+)\n+>\s*(.+(?:\n(?:>\s?)?\S.*)*)', head)
        if not found: give_up(f'nbs/{rel}: the first cell must be Markdown: "# Title" and below it "> what it is about, in one line"')
        self.title, self.summary = found[1].strip(), ' '.join(found[2].replace('\n>', '\n').split())
        exp = [d['default_exp'] for c in self.nb.cells if 'default_exp' in (d := directives(c))]
        self.module = f"{ini['lib_path']}.{exp[0].strip()}" if exp else None


def found_pages() -> list:
    files = [p for p in nbs.rglob('*.ipynb') if not any(part[0] in '._' for part in p.relative_to(nbs).parts)]
    pages = [Page(p) for p in sorted(files, key=lambda p: (p.name != 'index.ipynb', p.as_posix()))]
    for page, twin in itertools.combinations(pages, 2):
        if page.name == twin.name: give_up(f'{page.path.relative_to(root)} and {twin.path.relative_to(root)} would both become {page.name}.html')
    return pages


def symbols(pages: list) -> dict:
    "Every name that the reference has -> its full names"
    known = {}
    for page in pages:
        if not page.module: continue
        known.setdefault(page.module, set()).add(page.module)
        for cell in page.nb.cells:
            for node in api.public(stripped(cell.source)) if exported(cell) else ():
                inner = [f'{node.name}.{m.name}' for m in getattr(node, 'body', []) if isinstance(node, ast.ClassDef)
                         and isinstance(m, (ast.FunctionDef, ast.AsyncFunctionDef)) and not m.name.startswith('_')]
                for name in [node.name, *inner]:
                    for key in (name, f'{page.module}.{name}', f'{page.module}.{name}'.removeprefix(ini['lib_path'] + '.')): known.setdefault(key, set()).add(f'{page.module}.{name}')
    return known


def linker(page: Page, known: dict):
    "Code span -> the same, linked to the entry that it names"
    def link(span: str) -> str:
        names = known.get(span.strip('`').removesuffix('()'), set())
        own = {n for n in names if page.module and n.startswith(page.module + '.')}
        target = (own or names) if len(own or names) == 1 else set()
        return f'{{py:obj}}`{span.strip("`")} <{target.pop()}>`' if target else span
    return link


# ---- cells

def prose(text: str, page: Page, link, names: dict) -> str:
    "A Markdown cell: our names linked (nbdev's links to the published site undone), links to notebooks and files made to work here"
    text = re.sub(r'\[(`[^`]+`)\]\(' + re.escape(ini['doc_host'] + ini['doc_baseurl']) + r'[^)]*\)', r'\1', text)
    blocks = re.split(r'(^```.*?^```[ \t]*$|^\$\$.*?\$\$[ \t]*$)', text, flags=re.M | re.S)
    one = re.compile(r'!?\[(?:[^\[\]]|\[[^\]]*\])*\]\([^)\s]*\)|(?<!`)`[^`\n]+`(?!`)')
    def change(m):
        if m[0][0] == '`': return link(m[0])
        return re.sub(r'\]\(([^)\s]+)\)$', lambda t: f']({local(t[1], page, names)})', m[0])
    return ''.join(b if n % 2 else one.sub(change, b) for n, b in enumerate(blocks))


def local(target: str, page: Page, names: dict) -> str:
    "Where a link of a notebook leads on the site: another page, a copy of a file of the repository, or out"
    if re.match(r'[a-z]+:|#', target): return target
    path, _, anchor = target.partition('#')
    file = (page.path.parent/path).resolve()
    up = '../' * page.name.count('/')
    if file in names: return f'{up}{names[file]}.ipynb' + (f'#{anchor}' if anchor else '')
    if file.parent == root/'docs'/'howto': return f'{up}howto/{guide_name(file)}.md' + (f'#{anchor}' if anchor else '')
    if not file.exists() or not file.is_relative_to(root):
        astray.append(f'{page.path.relative_to(root)} links to {target}, which is not there')
        return target
    rel = file.relative_to(root).as_posix()
    if file.is_dir() or file.suffix == '.ipynb': return f"{ini['git_url']}/blob/{ini['branch']}/{rel}"
    copy = out/'_files'/rel; copy.parent.mkdir(parents=True, exist_ok=True); shutil.copyfile(file, copy)
    return f'{up}_files/{rel}'


def source_block(source: str, fold: bool) -> str:
    code = f'```python\n{source}\n```'
    return f'<details class="source"><summary>Source</summary>\n\n{code}\n\n</details>' if fold else code


def reference(cell, page: Page, link) -> list:
    "An exported cell: its entries, then its source; source alone where it defines nothing public; nothing where it only imports"
    source = stripped(cell.source)
    if all(isinstance(n, (ast.Import, ast.ImportFrom)) for n in ast.parse(source).body): return []
    told = api.entries(source, page.module, link)
    count['entries'] += len(told)
    return [md(t) for t in [*told, source_block(source, fold=bool(told))]]


def shown_again(cell, pages: list, link) -> list:
    "A `show_doc(name)` that was written by hand, in a tour"
    names = re.findall(r'^show_doc\((?:\w+\.)*(\w+)', cell.source, re.M)
    return [md(t) for name in names for p in pages if p.module for c in p.nb.cells if exported(c)
            for t in api.entries(stripped(c.source), p.module, link, index=False, only=name)]


def chart(spec: dict, svg: str) -> str:
    "The specification for the bundled Vega, and the picture for where no script runs"
    count['charts'] += 1
    data = json.dumps(spec).replace('</', '<\\/')
    return f'<div class="chart" id="chart-{next(chart_ids)}"><script type="application/json">{data}</script><div class="picture">{svg}</div></div>'


def record(value: dict) -> str:
    "A record that came without its readable table"
    def rows(prefix, v):
        if isinstance(v, dict) and v: return [r for k in v for r in rows(f'{prefix}.{k}' if prefix else k, v[k])]
        return [(prefix, json.dumps(v, ensure_ascii=False))]
    return '<table>' + ''.join(f'<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>' for k, v in rows('', value)) + '</table>'


def whole_numbers(html: str) -> str:
    "A table's counts as counts: pandas makes 593.0 of 593 where another row of the column has none"
    rows = [re.findall(r'<td>(.*?)</td>', row) for row in re.findall(r'<tr>(.*?)</tr>', html, re.S)]
    columns, counts = itertools.zip_longest(*filter(None, rows), fillvalue=''), set()
    for n, column in enumerate(columns):
        figures = [v for v in column if v != 'NaN']
        whole = all(re.fullmatch(r'\d+\.0', v) for v in figures)
        if whole and any(float(v) > 1 for v in figures): counts.add(n) # else it may be a score
    def row(m):
        cells = itertools.count()
        def cell(t):
            if next(cells) not in counts: return t[0]
            return f'<td>{"–" if t[1] == "NaN" else t[1].removesuffix(".0")}</td>'
        return re.sub(r'<td>(.*?)</td>', cell, m[0])
    return re.sub(r'<tr>.*?</tr>', row, html, flags=re.S)


def output(o):
    "One form of each output, or None for what is noise on a page"
    if o.output_type == 'stream' and o.name == 'stderr': return None
    if 'execution_count' in o: o.execution_count = None
    data = o.get('data')
    if data is None: return o
    svg = ''.join(data.get('image/svg+xml', ''))
    if VEGA in data: data = {'text/html': chart(data[VEGA], svg)}
    elif RECORD in data: data = {'text/html': ''.join(data.get('text/html', '')) or record(data[RECORD])}
    else: data = {k: v for k, v in data.items() if k.split('/')[0] in ('text', 'image')}
    table = ''.join(data.get('text/html', ''))
    if 'dataframe' in table: data = data | {'text/html': whole_numbers(table)}
    o.data = nbformat.from_dict(data)
    return o if data else None


HIDES = {('echo', 'false'): 'remove-input', ('code-fold', 'true'): 'hide-input', ('output', 'false'): 'remove-output', ('include', 'false'): 'remove-cell'}
def code(cell):
    "A code cell as myst-nb takes it"
    tags = {HIDES.get((k, v.strip().lower())) for k, v in directives(cell).items()} - {None} | set(cell.metadata.get('tags', []))
    cell.source, cell.execution_count, cell.metadata = stripped(cell.source), None, nbformat.from_dict({'tags': sorted(tags)} if tags else {})
    cell.outputs = [o for o in map(output, cell.outputs) if o]
    return cell


def cells(page: Page, pages: list, known: dict, names: dict) -> list:
    "In the order in which they were written: what nbdev kept, and entries where it took exported cells out"
    twin = proc/page.path.relative_to(nbs)
    if not twin.exists(): give_up(f'{twin.relative_to(root)} is missing: run nbdev\'s proc_nbs first (bash docs/build.sh does)')
    kept, link, done = {c.id: c for c in nbformat.read(twin, 4).cells}, linker(page, known), []
    for n, cell in enumerate(page.nb.cells):
        if exported(cell):
            if 'hide' not in directives(cell): done += reference(cell, page, link)
        elif cell.source.startswith('show_doc('): done += shown_again(cell, pages, link)
        elif n == 0 or cell.id in kept:
            new = cell if n == 0 else kept[cell.id]
            if new.cell_type == 'markdown': done.append(md(prose(new.source, page, link, names)))
            elif new.cell_type == 'code': done.append(code(new))
    origin = page.path.relative_to(root).as_posix()
    where = f'{{download}}`{origin} <{"../" * page.name.count("/")}_files/{origin}>`' + (f' → {{py:mod}}`{page.module}`' if page.module else '')
    copy = out/'_files'/origin; copy.parent.mkdir(parents=True, exist_ok=True); shutil.copyfile(page.path, copy)
    module = [f':::{{py:module}} {page.module}\n:::'] if page.module else []
    done.insert(1, md('\n\n'.join([*module, ':::{container} origin\n' + where + '\n:::'])))
    return done


def write(name: str, cells: list, **metadata):
    nb = nbformat.v4.new_notebook(cells=cells, metadata={'kernelspec': {'display_name': 'python3', 'language': 'python', 'name': 'python3'},
                                                         'language_info': {'name': 'python'}} | metadata)
    for n, c in enumerate(nb.cells): c['id'] = hashlib.sha256(f'{name} {n}'.encode()).hexdigest()[:8]
    file = out/f'{name}.ipynb'; file.parent.mkdir(parents=True, exist_ok=True); nbformat.write(nb, file)


# ---- the experiment record

def executed() -> dict:
    "Phase -> its executed notebooks; not what is unfinished, failed or beside them"
    files = [p for p in sorted(runs.rglob('*.ipynb')) if not any(q.startswith('.') for q in p.relative_to(runs).parts)
             and not p.name.endswith(('.part.ipynb', '.failed.ipynb'))]
    return {phase: list(group) for phase, group in itertools.groupby(files, key=lambda p: p.relative_to(runs).parent.as_posix())}


def record_in(nb) -> dict:
    "The record that an executed notebook displays; {} where there is none"
    found = [o.data[RECORD] for c in nb.cells for o in c.get('outputs', []) if RECORD in o.get('data', {})]
    return found[-1] if found else {}


def run_title(about: dict, file: Path) -> str: # such as 'S3b: all on open (smollm2, seed 0)'
    "What a run is about, in words that a reader can tell apart"
    if not about: return file.stem
    p = about['params']
    strategy = p['strategy']['id'].split('_')[0].upper().replace('S3A', 'S3a').replace('S3B', 'S3b')
    arm = f", {(p['experiment'] or {}).get('id')}" if p.get('experiment') else ''
    masks = '' if p['model'].get('unmask') in (None, 'all') else f", unmasked {p['model']['unmask']}"
    return f"{strategy}: {p['task']['id']} on {p['corpus']['id']} ({p['model']['id']}{masks}, seed {p['seed']}{arm})"


def run_row(about: dict, title: str, name: str) -> str:
    "A row of the table of runs: the run, its scores, tokens, minutes and day"
    if not about: return f'| [{title}](/runs/{name}) | – | – | – | – |'
    test, streams = about['metrics'].get('test', {}), about['params']['task']['streams']
    value = lambda s: (v['value'] if isinstance(v := test[s][streams[s]['metric']], dict) else v)
    known = [s for s in streams if s in test and test[s].get(streams[s]['metric']) is not None]
    scores = '<br>'.join(f'{s} {value(s):.3f}' for s in known) or '–'
    tokens = about.get('tokens') or {}
    total = sum(tokens.values()) if isinstance(tokens, dict) else tokens
    return f"| [{title}](/runs/{name}) | {scores} | {total:,} | {about['seconds'] / 60:.0f} | {about['started'][:10]} |"


def run_page(file: Path) -> tuple[str, str, str]: # name, title, row of the table
    "An executed notebook as a page with the run's title; not in the sidebar, which would have hundreds of them, on each page of the site"
    nb, name = nbformat.read(file, 4), file.relative_to(runs).with_suffix('').as_posix()
    about = record_in(nb)
    title, done = run_title(about, file), []
    up = 'index.md' if '/' in name else 'other/index.md'
    for cell in nb.cells:
        if {'hide', 'default_exp'} & directives(cell).keys(): continue
        if cell.cell_type == 'markdown':
            text = re.sub(r'\[([^\]]*)\]\((?![a-z]+:|#)[^)\s]*\)', r'\1', cell.source) # where it lies, its links lead nowhere
            if not done: text = re.sub(r'^#\s+(.+)', rf'# {title}\n\n`{file.stem}` · [all runs of this phase]({up})\n\n**\1**', text, count=1)
            done.append(md(text))
        elif cell.cell_type == 'code': done.append(code(cell))
    if not done or not done[0].source.startswith('# '): done.insert(0, md(f'# {title}'))
    write(f'runs/{name}', done, orphan=True)
    return f'runs/{name}', title, run_row(about, title, name)


def run_pages() -> list:
    "A page for each run, one for each phase that lists them; returns the phases' pages"
    made = []
    for phase, files in executed().items():
        if phase == '.': phase = 'other'
        pages = [run_page(f) for f in files]
        table = ['| run | test | tokens | minutes | day |', '|---|---|--:|--:|---|', *(row for *_, row in pages)]
        body = f'# Runs: {PHASE_TITLES.get(phase, phase)}\n\nExecuted notebooks, as they stand in `outputs/{phase}`: what each was, and ' \
               'its primary figures on the test set. Minutes are of the machine that each was run on.\n\n' + '\n'.join(table)
        put(f'runs/{phase}/index', body)
        made.append((f'Runs: {PHASE_TITLES.get(phase, phase)}', f'runs/{phase}/index', f'{len(pages)} executed runs'))
    return made


# ---- pages that are no notebooks

def put(name: str, text: str):
    file = out/f'{name}.md'; file.parent.mkdir(parents=True, exist_ok=True); file.write_text(text, encoding='utf-8')


def toctree(rows: list[tuple[str, str]], caption: str='') -> str: # title, name
    head = f':caption: {caption}\n' if caption else ''
    return f'\n\n```{{toctree}}\n:hidden:\n{head}\n' + '\n'.join(f'{t} </{n}>' for t, n in rows) + '\n```\n'


def guide_name(file: Path) -> str: return re.sub(r'^\d+_', '', file.stem)


def guides() -> list: # title, name, summary
    "The how-to pages of docs/howto, and the command line's help"
    made = []
    for file in sorted((root/'docs'/'howto').glob('*.md')):
        text, name = file.read_text(encoding='utf-8'), f'howto/{guide_name(file)}'
        found = re.match(r'# (.+)\n+> (.+)\n', text)
        if not found: give_up(f'docs/howto/{file.name}: it must begin with "# Title" and "> what it answers, in one line"')
        put(name, text); made.append((found[1], name, found[2]))
    put('howto/commands', commands())
    return [*made, ('The command line', 'howto/commands', 'every command with its options')]


def commands() -> str:
    "The help texts, as the commands print them"
    import argparse
    sys.path.insert(0, str(root)); os.environ['COLUMNS'] = '96'
    from medmtl.cli import _parser
    def texts(parser):
        yield parser.prog, parser.format_help()
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for p in action.choices.values(): yield from texts(p)
    blocks = [f'## {prog}\n\n```text\n{text.rstrip()}\n```\n' for prog, text in texts(_parser())]
    return '# The command line\n\n> Every command with its options, as `--help` prints it.\n\n' + '\n'.join(blocks)


def room_pages(pages: list) -> list: # title, name, summary
    "A page for each room of notebooks, which holds them in the navigation"
    made = []
    for room, (title, about) in ROOMS.items():
        rows = [p for p in pages if p.room == room]
        if not rows: continue
        lines = '\n'.join(f'- [{p.title}](/{p.name}): ' + api.safe(p.summary, str) for p in rows)
        put(f'rooms/{title.lower().replace(" ", "_")}', f'# {title}\n\n> {about}\n\n{lines}' + toctree([(p.title, p.name) for p in rows]))
        made.append((title, f'rooms/{title.lower().replace(" ", "_")}', about, room))
    return made


# ---- the start page

def contents(pages: list, phases: list) -> str:
    "The navigation, from the first minute to the last check, and the same to read: every page with its one-line summary"
    of = lambda room: [(p.title, p.name, p.summary) for p in pages if p.room == room and p.name != 'index']
    rooms = room_pages(pages)
    groups = [('Get started', of('')), ('How to', guides()), ('Results', of('analyses') + phases),
              ('Notebooks', [r[:3] for r in rooms if r[3] not in ('checks', 'benchmarks')]),
              ('Checks and benchmarks', [r[:3] for r in rooms if r[3] in ('checks', 'benchmarks')])]
    groups = [(caption, rows) for caption, rows in groups if rows]
    strays = {p.room for p in pages} - {'', 'analyses', *ROOMS}
    if strays: give_up(f'nbs/{min(strays)} is no room that docs/pages.py knows: enter it in ROOMS')
    trees = ''.join(toctree([(t, n) for t, n, _ in rows], caption) for caption, rows in groups)
    lists = ''.join(f'\n### {caption}\n\n' + '\n'.join(f'- [{t}](/{n})' + ': ' + api.safe(s, str) for t, n, s in rows) + '\n' for caption, rows in groups)
    return f'## What is where\n{lists}\nEvery name: {{ref}}`genindex`.\n{trees}'


def main():
    shutil.rmtree(out, ignore_errors=True)
    (out/'_static').mkdir(parents=True)
    pages = found_pages()
    known, names = symbols(pages), {p.path.resolve(): p.name for p in pages}
    phases = run_pages()
    toc = md(contents(pages, phases))
    for page in pages: write(page.name, cells(page, pages, known, names) + ([toc] if page.name == 'index' else []))
    if 'index' not in (p.name for p in pages): write('index', [md(f"# {ini['title']}\n\n> {ini['description']}"), toc])
    if astray: give_up('\n      '.join(astray))
    if count['charts']:
        import vl_convert
        (out/'_static'/'vega.js').write_text('(()=>{' + vl_convert.javascript_bundle(vl_version=vl_convert.get_vegalite_versions()[-1]) + '})();', encoding='utf-8')
    print(f"docs: {len(pages)} notebooks, {sum(map(len, executed().values()))} runs, {count['entries']} reference entries, {count['charts']} charts")


if __name__ == '__main__':
    os.chdir(root)
    main()
