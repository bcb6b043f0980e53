/* Keeps plain keys from the notebook, which would move to another cell; Ctrl+S still saves. */
if (event.ctrlKey || event.metaKey || event.altKey) return;
event.stopPropagation();
