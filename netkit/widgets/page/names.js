/* Gives each slider the name that stands beside it, for those who hear the page. */
for (const slider of this.closest('.netkit-player').querySelectorAll('.widget-slider, .widget-hslider')) {
  const name = slider.querySelector('.widget-label')?.textContent.replace(/:\s*$/, '');
  slider.querySelector('[role=slider]')?.setAttribute('aria-label', name);
}
