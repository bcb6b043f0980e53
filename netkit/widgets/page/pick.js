/* Types the number of the chosen journey into the player's field for it. */
const field = this.closest('.netkit-player').querySelector('.netkit-picked input');
field.value = event.target.value;
field.dispatchEvent(new Event('change', {bubbles: true}));
