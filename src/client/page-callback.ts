/**
 * Runs a page's callback. What it throws goes to the page's own error handling (`window.onerror`), not into the
 * script: the frames that follow are still delivered.
 */
export function callPage(callback: () => void): void {
  try {
    callback()
  } catch (error) {
    setTimeout(() => {
      throw error
    })
  }
}
