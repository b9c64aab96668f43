/** What a browser asks for, decoded by a protocol and carried out by core/operations. */
export type Command =
  | {
      readonly op: 'connect'
      readonly cookies: string
      /** The client's payload, JSON text. */
      readonly payload: string
    }
  | { readonly op: 'subscribe' | 'unsubscribe'; readonly channel: string }
  | { readonly op: 'publish'; readonly channel: string; readonly payload: string }
  | { readonly op: 'message'; readonly recipient: string; readonly payload: string }
