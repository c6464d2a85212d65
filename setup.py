"""Packaging: everything comes from settings.ini; no import of this file needs more than setuptools."""
from configparser import ConfigParser
from pathlib import Path
import shlex

import setuptools

root = Path(__file__).parent
config = ConfigParser(delimiters=['='])
config.read(root / 'settings.ini', encoding='utf-8')
cfg = config['DEFAULT']
readme = root / 'README.md'

def words(key): return shlex.split(cfg.get(key, ''))

setuptools.setup(
    name=cfg['lib_name'], version=cfg['version'], description=cfg['description'],
    keywords=cfg['keywords'].split(), license='Apache-2.0', url=cfg['git_url'],
    author=cfg['author'], author_email=cfg['author_email'],
    packages=setuptools.find_packages(include=['medmtl', 'medmtl.*']), package_data={'medmtl': ['clinic/words/*.txt']},
    install_requires=words('requirements'), extras_require={extra: words(f'{extra}_requirements') for extra in ('dev', 'slurm', 'aggregators')},
    classifiers=['Development Status :: 3 - Alpha', f"Intended Audience :: {cfg['audience']}", 'Framework :: Jupyter',
                 'Programming Language :: Python :: 3', f"Natural Language :: {cfg['language']}"],
    python_requires='>=' + cfg['min_python'],
    long_description=readme.read_text(encoding='utf-8') if readme.exists() else '',
    long_description_content_type='text/markdown',
    entry_points={'console_scripts': [line.strip() for line in cfg['console_scripts'].splitlines() if line.strip()],
                  'nbdev': [f"{cfg['lib_name']}={cfg['lib_path']}._modidx:d"]},
    zip_safe=False)
