import { byId } from './dom.js'

/** Where the window is too narrow for all columns, the lists beside the messages are drawers (popovers). */

const drawers = [
  [byId('rooms-panel'), matchMedia('(min-width: 720px)')],
  [byId('details-panel'), matchMedia('(min-width: 1080px)')],
]

/** One that has become a column is no drawer any more. */
export function startDrawers() {
  for (const [panel, isColumn] of drawers)
    isColumn.addEventListener('change', () => isColumn.matches && close(panel))
}

export function closeDrawers() {
  for (const [panel] of drawers) close(panel)
}

function close(panel) {
  if (panel.matches(':popover-open')) panel.hidePopover()
}
