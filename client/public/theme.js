// Before the first paint, so that the page does not flash in the other theme; app/settings.svelte.ts goes on from here.
try {
  const theme = localStorage.getItem('hepscope.theme')
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme
} catch {
  // Storage may be forbidden; the system's theme is used then.
}
