// Draw the page's charts with the bundled Vega. It is 0.9 MB, so only pages with charts load it; until then, and without scripts, the SVG shows.
(() => {
  const vega = new URL('vega.js', document.currentScript.src)
  addEventListener('DOMContentLoaded', () => {
    const charts = document.querySelectorAll('.chart')
    if (!charts.length) return
    const script = document.createElement('script')
    script.src = vega
    script.onload = () => charts.forEach(async chart => {
      const live = document.createElement('div')
      const spec = JSON.parse(chart.querySelector('script').textContent)
      try {
        await vegaEmbed(live, spec, {mode: 'vega-lite', renderer: 'svg', actions: false})
        chart.querySelector('.picture').replaceWith(live)
        chart.classList.add('drawn')
      } catch (e) { console.error(e) }
    })
    document.head.append(script)
  })
})()
