/* A click on the picture gives the player the keys. */
this.closest('.netkit-player').querySelector('.netkit-keys').focus({preventScroll: true});
