// Draw the page's charts with the bundled Vega, in the reader's colours, and again when these change. Vega is 0.9 MB, so only pages with
// charts load it; until then, and without scripts, the SVG shows on its white card. The colours of marks are chosen for both (medmtl.charts).
(() => {
  const vega = new URL('vega.js', document.currentScript.src)

  function inReadersColours(config = {}) {
    const style = getComputedStyle(document.body), of = name => style.getPropertyValue(name).trim()
    const ink = of('--color-foreground-primary'), line = of('--color-background-border')
    const labels = {labelColor: ink, titleColor: ink}
    const part = (name, more) => ({[name]: {...config[name], ...more}})
    return {...config, background: 'transparent', ...part('axis', {...labels, domainColor: ink, tickColor: ink, gridColor: line}),
            ...part('legend', labels), ...part('header', labels), ...part('title', {color: ink, subtitleColor: ink}),
            ...part('view', {stroke: line}), ...part('text', {color: ink}), ...part('rule', {color: ink})}
  }

  async function draw(chart) {
    const spec = JSON.parse(chart.querySelector('script').textContent), live = document.createElement('div')
    spec.config = inReadersColours(spec.config)
    try {
      await vegaEmbed(live, spec, {mode: 'vega-lite', renderer: 'svg', actions: false})
      chart.querySelector('.picture, .live').replaceWith(live)
      live.classList.add('live')
      chart.classList.add('drawn')
    } catch (e) { console.error(e) }
  }

  addEventListener('DOMContentLoaded', () => {
    const charts = document.querySelectorAll('.chart')
    if (!charts.length) return
    const script = document.createElement('script'), all = () => charts.forEach(draw)
    script.src = vega
    script.onload = () => {
      all()
      new MutationObserver(all).observe(document.body, {attributeFilter: ['data-theme']})
      matchMedia('(prefers-color-scheme: dark)').addEventListener('change', all)
    }
    document.head.append(script)
  })
})()
