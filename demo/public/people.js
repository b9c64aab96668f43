import { avatar, byId, element } from './dom.js'

let shown = ''

/** Shows who is here, of how many members. */
export function showPeople(names, { me, members }) {
  const key = JSON.stringify([names, members])
  if (key === shown) return
  shown = key
  for (const id of ['people-count', 'people-count-short']) byId(id).textContent = String(names.length)
  byId('members').textContent = members > 0 ? `of ${members} member${members === 1 ? '' : 's'}` : ''
  byId('people').replaceChildren(
    ...names.map((name) => {
      const item = element('li')
      item.append(avatar(name), element('span', 'name', name))
      if (name === me) item.append(element('span', 'you', 'you'))
      return item
    }),
  )
}
