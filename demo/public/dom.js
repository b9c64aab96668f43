/** Small parts of the page. All text of users goes in by `textContent`: it can never become markup. */

export const byId = (id) => document.getElementById(id)

export function element(tag, className, text) {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

/** Changes only what is another: what a screen reader stands on stays. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text
}

/** One of eight colours, always the same one for the same name. */
function hueOf(name) {
  let sum = 0
  for (const character of name) sum = (sum * 17 + character.codePointAt(0)) % 9973
  return sum % 8
}

export function avatar(name) {
  const made = element('span', `avatar hue-${hueOf(name)}`, [...name][0].toUpperCase())
  made.setAttribute('aria-hidden', 'true')
  return made
}

/** A `<time>` that shows `text` of a Date, and all of it when one points at it. */
export function timeElement(at, text) {
  const made = element('time', '', text)
  made.dateTime = at.toISOString()
  made.title = at.toLocaleString()
  return made
}
