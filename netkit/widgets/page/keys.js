/* A key presses the player's button of that name. */
const names = {
  ArrowRight: 'step', ArrowLeft: 'back', Home: 'first', End: 'last', ' ': 'play', ArrowDown: 'next', ArrowUp: 'previous'
};
const name = names[event.key];
if (name) {
  event.preventDefault();
  this.closest('.netkit-player').querySelector('.netkit-' + name).click();
}
