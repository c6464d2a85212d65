"""README.md is the start page's notebook, for readers of the repository.

    python docs/readme.py            write README.md (and README_files/, if the notebook has pictures) from nbs/index.ipynb
    python docs/readme.py --check    fail where they differ from what would be written"""
import os, re, shutil, sys
from pathlib import Path
import nbformat
from pages import VEGA, directives, root, stripped

source, readme, pictures = root/'nbs'/'index.ipynb', root/'README.md', root/'README_files'


def local(target: str) -> str:
    "A link of the notebook, told from the repository's root"
    if re.match(r'[a-z]+:|#|attachment:', target): return target
    path, hash_, anchor = target.partition('#')
    file = (source.parent/path).resolve()
    if not file.exists(): sys.exit(f'readme: nbs/index.ipynb links to {target}, which is not there')
    return Path(os.path.relpath(file, root)).as_posix() + hash_ + anchor


def relinked(text: str) -> str:
    "Markdown with its links told from the root; code is left alone"
    blocks = re.split(r'(^```.*?^```[ \t]*$|`[^`\n]+`)', text, flags=re.M | re.S)
    return ''.join(b if n % 2 else re.sub(r'(\]\()([^)\s]+)(?=\))', lambda m: m[1] + local(m[2]), b) for n, b in enumerate(blocks))


def shown(cell) -> bool: return not {'hide', 'default_exp', 'export', 'exporti'} & directives(cell).keys()


def rendered() -> tuple:
    "The text, and the bytes of each picture by name"
    from nbconvert import MarkdownExporter
    from traitlets.config import Config
    nb = nbformat.read(source, 4)
    nb.cells = [c for c in nb.cells if shown(c)]
    nb.metadata['language_info'] = {'name': 'python'}
    for cell in nb.cells:
        if cell.cell_type == 'markdown': cell.source = relinked(cell.source)
        if cell.cell_type != 'code': continue
        if directives(cell).get('echo') == 'false': cell.metadata['tags'] = ['remove-input']
        cell.source, cell.execution_count = stripped(cell.source), None
        cell.outputs = [o for o in cell.outputs if not (o.output_type == 'stream' and o.name == 'stderr')]
        for o in cell.outputs:
            if VEGA in o.get('data', {}): o.data = nbformat.from_dict({'image/svg+xml': o.data.get('image/svg+xml', '')})
    without = Config(TagRemovePreprocessor={'enabled': True, 'remove_input_tags': {'remove-input'}})
    text, found = MarkdownExporter(config=without).from_notebook_node(nb, resources={'output_files_dir': pictures.name})
    files = {Path(k).name: v for k, v in (found.get('outputs') or {}).items()}
    return '<!-- written by docs/readme.py from nbs/index.ipynb: edit that -->\n\n' + re.sub(r'\n{3,}', '\n\n', text).strip() + '\n', files


def stored() -> tuple:
    text = readme.read_text(encoding='utf-8') if readme.exists() else None
    return text, {p.name: p.read_bytes() for p in pictures.iterdir()} if pictures.is_dir() else {}


def main():
    if not source.exists(): sys.exit('readme: nbs/index.ipynb is missing')
    text, files = rendered()
    if '--check' in sys.argv[1:]:
        if stored() != (text, files): sys.exit('readme: README.md is not what nbs/index.ipynb says: run `python docs/readme.py` and commit it')
        return print('readme: up to date')
    shutil.rmtree(pictures, ignore_errors=True)
    if files: pictures.mkdir()
    for name, data in files.items(): (pictures/name).write_bytes(data)
    readme.write_text(text, encoding='utf-8', newline='\n')
    print(f'readme: {len(text.splitlines())} lines' + (f', {len(files)} pictures' if files else ''))


if __name__ == '__main__': main()
