// What is larger than its place scrolls within itself (site.css), says so, and can be scrolled with the keyboard.
addEventListener('DOMContentLoaded', () => {
  for (const place of document.querySelectorAll('.chart, .cell_output .output.text_html, article .table-wrapper')) {
    const hint = document.createElement('p')
    hint.className = 'more'
    hint.setAttribute('aria-hidden', 'true')
    place.before(hint)
    const look = () => {
      const wide = place.scrollWidth > place.clientWidth + 1, long = place.scrollHeight > place.clientHeight + 1
      const said = [wide && 'scroll →', long && 'scroll ↓'].filter(Boolean).join('  ')
      if (hint.textContent !== said) hint.textContent = said
      if (said) place.tabIndex = 0
      else place.removeAttribute('tabindex')
    }
    const watch = new ResizeObserver(look)
    watch.observe(place)
    for (const inner of place.children) watch.observe(inner)
    new MutationObserver(look).observe(place, {childList: true, subtree: true})
  }
})
