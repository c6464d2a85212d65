"""The reference entry of what an exported cell defines: its signature, its docstring, and every parameter's comment.

nbdev's `show_doc` shows the comments inside the signature and knows no dataclass fields. Here they become a definition list below it,
read from the source as fastcore's docments are: the comment on a parameter's line, or the comment lines above it."""
import ast, copy, io, re, tokenize

SPECIAL = re.compile(r'([\\*_\[\]<>$|{}#~^])')


def safe(text: str, link) -> str:
    "Prose from a docstring or a comment as Markdown: code spans are kept (and linked by `link`), anything else is taken literally"
    parts = re.split(r'(`[^`\n]+`)', text)
    return ''.join(link(p) if n % 2 else SPECIAL.sub(r'\\\1', p) for n, p in enumerate(parts))


def comments(source: str) -> dict:
    "Line number -> the comment on it, and whether it stands there alone"
    lines = source.splitlines()
    return {t.start[0]: (t.string.lstrip('#').strip(), not lines[t.start[0] - 1][:t.start[1]].strip())
            for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type == tokenize.COMMENT and not t.string.startswith('#|')}


def remark(line: int, notes: dict, taken: set) -> str:
    "The comment that belongs to what stands on `line`"
    if line in notes: return notes[line][0]
    above = []
    while (line := line - 1) in notes and notes[line][1] and line not in taken: above.insert(0, notes[line][0])
    return ' '.join(above)


def default_of(value):
    "A field's default as a caller would write it; `field(default_factory=dict)` is `dict()`"
    if not (isinstance(value, ast.Call) and getattr(value.func, 'id', getattr(value.func, 'attr', '')) == 'field'): return value
    given = {k.arg: k.value for k in value.keywords}
    if 'default' in given: return given['default']
    if 'default_factory' in given: return ast.Call(given['default_factory'], [], [])


def parameters(f: ast.FunctionDef) -> list:
    "(name, annotation, default, line) of each parameter in the order of the signature, `self` and `cls` left out"
    a, none = f.args, object()
    plain = a.posonlyargs + a.args
    pairs = list(zip(plain, [none] * (len(plain) - len(a.defaults)) + a.defaults, strict=True))
    rows = [(p.arg, p.annotation, d, p.lineno) for p, d in pairs if p.arg not in ('self', 'cls')]
    if a.vararg: rows.append(('*' + a.vararg.arg, a.vararg.annotation, none, a.vararg.lineno))
    rows += [(p.arg, p.annotation, none if d is None else d, p.lineno) for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True)]
    if a.kwarg: rows.append(('**' + a.kwarg.arg, a.kwarg.annotation, none, a.kwarg.lineno))
    return [(n, t, None if d is none else d, line) for n, t, d, line in rows]


def fields(cls: ast.ClassDef) -> list:
    "The same of a dataclass's or named tuple's fields"
    return [(s.target.id, s.annotation, s.value and default_of(s.value), s.lineno) for s in cls.body
            if isinstance(s, ast.AnnAssign) and not s.target.id.startswith('_') and 'ClassVar' not in ast.unparse(s.annotation)]


def kind_of(annotation) -> str:
    "An annotation as text; a forward reference without its quotes"
    return annotation.value if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str) else ast.unparse(annotation)


def definitions(rows: list, returns, notes: dict, link) -> str:
    "The definition list; nothing where no parameter and no result has a comment"
    spots = {line: name for name, _, _, line in rows}
    if returns is not None: spots[returns.lineno] = 'return'
    out, told = [], False
    for name, kind, default, line in rows:
        text = remark(line, notes, set(spots)) if spots[line] == name else ''
        told |= bool(text)
        written = '`' + name.replace('`', '') + '`' + (f' `{kind_of(kind)}`' if kind is not None else '')
        if default is not None: written += f' = `{ast.unparse(default)}`'
        out.append(f'{written}\n: {safe(text, link) or "–"}')
    if returns is not None:
        text = remark(returns.lineno, notes, set(spots))
        told |= bool(text)
        if text: out.append(f'*returns* `{kind_of(returns)}`\n: {safe(text, link)}')
    return ':::{container} params\n' + '\n\n'.join(out) + '\n:::\n' if told else ''


def written(rows: list) -> str:
    "Fields as a constructor's parameters"
    return ', '.join(n + (f': {kind_of(t)}' if t is not None else '') + (f' = {ast.unparse(d)}' if d is not None else '') for n, t, d, _ in rows)


def without_self(f: ast.FunctionDef) -> str:
    "The parameters as they were written, but for the first of a method"
    args = copy.deepcopy(f.args)
    for a in ast.walk(args):
        if isinstance(a, ast.arg) and a.annotation is not None: a.annotation = ast.Name(kind_of(a.annotation))
    first = (args.posonlyargs or args.args or [None])[0]
    if first is not None and first.arg in ('self', 'cls'): (args.posonlyargs or args.args).remove(first)
    return ast.unparse(args)


def tagged(node, *names) -> set:
    "Which of `names` decorate the definition"
    return {n for d in node.decorator_list for n in names if re.search(rf'\b{n}\b', ast.unparse(d))}


def doc_of(node, link) -> str:
    return '\n\n'.join(safe(p, link) for p in (ast.get_docstring(node) or '').split('\n\n'))


def directive(kind: str, signature: str, body: list, options: dict, colons: int) -> str:
    head = [f'{":" * colons}{{py:{kind}}} {signature}'] + [f':{k}: {v}'.rstrip() for k, v in options.items()]
    return '\n'.join(head) + '\n\n' + '\n\n'.join(b for b in body if b) + '\n' + ':' * colons + '\n'


def function_entry(f, notes, link, options=None, colons=5, kind='function') -> str:
    rows = parameters(f)
    options = dict(options or {})
    if kind == 'method':
        if tagged(f, 'property', 'cached_property'): kind = 'property'
        options |= {t: '' for t in tagged(f, 'staticmethod', 'classmethod')}
    if isinstance(f, ast.AsyncFunctionDef): options['async'] = ''
    if kind == 'property': signature, options['type'] = f.name, kind_of(f.returns) if f.returns else ''
    else: signature = f'{f.name}({without_self(f)})' + (f' -> {kind_of(f.returns)}' if f.returns else '')
    return directive(kind, signature, [doc_of(f, link), definitions(rows, f.returns, notes, link)], {k: v for k, v in options.items() if k != 'type' or v}, colons)


def class_entry(c, notes, link, options=None) -> str:
    methods = [m for m in c.body if isinstance(m, (ast.FunctionDef, ast.AsyncFunctionDef))]
    init = next((m for m in methods if m.name == '__init__'), None)
    rows = parameters(init) if init else fields(c)
    signature = f'{c.name}({without_self(init) if init else written(rows)})' if rows else c.name
    shown = [m for m in methods if not m.name.startswith('_') or (m.name == '__call__' and ast.get_docstring(m))]
    bases = ', '.join(f'`{ast.unparse(b)}`' for b in c.bases)
    body = [doc_of(c, link) or (init and doc_of(init, link)), bases and f'*a kind of* {bases}', definitions(rows, None, notes, link)]
    body += [function_entry(m, notes, link, {k: v for k, v in (options or {}).items() if k == 'no-index'}, 4, 'method') for m in shown]
    return directive('class', signature, body, options or {}, 5)


def public(source: str) -> list:
    "The functions and classes of a cell that the reference tells of"
    return [n for n in ast.parse(source).body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not n.name.startswith('_')]


def entries(source: str, # an exported cell
            module: str, # 'medmtl.paths'
            link, # code span -> Markdown, linked where it names something of ours
            index: bool=True, # False where this is told of a second time
            only: str|None=None, # one name of the cell
) -> list:
    "An entry for each public function and class"
    notes = comments(source)
    options = {'module': module} | ({} if index else {'no-index': ''})
    return [(class_entry if isinstance(n, ast.ClassDef) else function_entry)(n, notes, link, options)
            for n in public(source) if only in (None, n.name)]
