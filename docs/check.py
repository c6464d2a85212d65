"""Does the built site stand by itself?   python docs/check.py [folder]
No page may load a script, style, font or picture from elsewhere, and every link within the site must lead to a page, and to an anchor on it."""
import re, sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

site = Path(sys.argv[1] if sys.argv[1:] else Path(__file__).parent.parent/'_docs').resolve()


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.loads, self.links, self.ids = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        self.ids |= {a[k] for k in ('id', 'name') if a.get(k)}
        if tag == 'a' and a.get('href'): self.links.append(a['href'])
        elif tag == 'link' and a.get('rel') not in ('canonical',) and a.get('href'): self.loads.append(a['href'])
        elif tag in ('script', 'img', 'iframe', 'source', 'video', 'audio', 'embed') and a.get('src'): self.loads.append(a['src'])


def outside(url): return bool(re.match(r'(https?:)?//', url))


def faults() -> list:
    pages, found = {p: Links(p.read_text(encoding='utf-8')) for p in sorted(site.rglob('*.html'))}, []
    for page, seen in pages.items():
        name = page.relative_to(site)
        found += [f'{name} loads {u}' for u in seen.loads if outside(u)]
        for url in seen.links + [u for u in seen.loads if not outside(u)]:
            part = urlsplit(url)
            if part.scheme or part.netloc: continue
            target = (page.parent/unquote(part.path)).resolve() if part.path else page
            if target.is_dir(): target /= 'index.html'
            if not target.exists(): found.append(f'{name} links to {url}: no such file')
            elif part.fragment and target in pages and unquote(part.fragment) not in pages[target].ids: found.append(f'{name} links to {url}: no such place on that page')
    for css in site.rglob('*.css'):
        found += [f'{css.relative_to(site)} loads {u}' for u in re.findall(r'''(?:url\(|@import\s+)["']?((?:https?:)?//[^"')\s]+)''', css.read_text(encoding='utf-8'))]
    return found


if __name__ == '__main__':
    if not (site/'index.html').exists(): sys.exit(f'docs: {site.name}/index.html is missing: run bash docs/build.sh')
    bad = faults()
    for line in bad[:40]: print('docs:', line)
    if bad: sys.exit(f'docs: {len(bad)} broken or foreign links')
    print(f'docs: {sum(1 for _ in site.rglob("*.html"))} pages, every link within them leads somewhere, nothing is loaded from elsewhere')
