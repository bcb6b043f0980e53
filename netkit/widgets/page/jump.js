/* Types the number of the hop that was clicked into the player's field for it. */
const hop = event.target.closest('[data-hop]')?.dataset.hop;
if (hop !== undefined) {
  const field = this.closest('.netkit-player').querySelector('.netkit-jump input');
  field.value = hop;
  field.dispatchEvent(new Event('change', {bubbles: true}));
}
